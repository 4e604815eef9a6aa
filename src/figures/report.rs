//! A whole report as one HTML file that needs nothing else: figures and pictures are inside it.

use super::table::Table;
use super::{base64, escape};

/// A report, top to bottom.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub title: String,
    pub parts: Vec<Part>,
}

#[derive(Debug, Clone)]
pub enum Part {
    Heading(String),
    Text(String),
    /// Figures of their own weight: value, what it is, and what to know about it.
    Numbers(Vec<(String, String, String)>),
    Table(Table),
    /// SVG written by this program; it is not escaped.
    Figure(String),
    Cards(Vec<Card>),
}

/// Two faces beside each other.
#[derive(Debug, Clone)]
pub struct Card {
    /// JPEG or PNG files; None where a picture could not be read.
    pub pictures: [Option<Vec<u8>>; 2],
    pub title: String,
    pub lines: Vec<String>,
}

const STYLE: &str = "
body{font:15px/1.5 Inter,Helvetica,Arial,sans-serif;color:#1b1c1e;background:#fff;max-width:1040px;margin:48px auto;padding:0 24px}
h1{font-size:28px;font-weight:600;margin:0 0 8px}h2{font-size:20px;font-weight:600;margin:48px 0 12px}
p{color:#6a6d72;margin:8px 0;max-width:80ch}
.numbers{display:flex;flex-wrap:wrap;gap:16px 48px;margin:24px 0}.numbers b{display:block;font-size:28px;font-weight:600}
.numbers span{display:block;color:#6a6d72;font-size:13px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:12px 0}
th,td{text-align:right;padding:4px 0 4px 24px;border-bottom:1px solid #e2e2de}
th:first-child,td:first-child{padding-left:0}th.w,td.w{text-align:left;overflow-wrap:anywhere}th.w:first-child,td.w:first-child{white-space:nowrap}
th{font-weight:600;font-size:13px;color:#6a6d72}
svg{width:100%;max-width:880px;height:auto;display:block;margin:16px 0 16px -16px}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:24px}
.card div{display:flex;gap:4px}.card img,.card i{width:108px;height:108px;object-fit:cover;border-radius:6px;background:#f1f1ee}
.card b{display:block;margin-top:8px;font-weight:600}.card span{display:block;font-size:13px;color:#6a6d72;overflow-wrap:anywhere}
";

impl Report {
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), parts: Vec::new() }
    }

    pub fn push(&mut self, part: Part) {
        self.parts.push(part);
    }

    pub fn to_html(&self) -> String {
        let title = escape(&self.title);
        let parts: String = self.parts.iter().map(part).collect();
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
             content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <h1>{title}</h1>\n{parts}</body>\n</html>\n"
        )
    }
}

fn part(part: &Part) -> String {
    match part {
        Part::Heading(text) => format!("<h2>{}</h2>\n", escape(text)),
        Part::Text(text) => format!("<p>{}</p>\n", escape(text)),
        Part::Numbers(numbers) => {
            let number = |(value, name, note): &(String, String, String)| {
                format!("<div><b>{}</b>{}<span>{}</span></div>\n", escape(value), escape(name), escape(note))
            };
            format!("<div class=\"numbers\">\n{}</div>\n", numbers.iter().map(number).collect::<String>())
        }
        Part::Table(table) => table.to_html(),
        Part::Figure(svg) => svg.clone(),
        Part::Cards(cards) => {
            format!("<div class=\"cards\">\n{}</div>\n", cards.iter().map(card).collect::<String>())
        }
    }
}

fn card(card: &Card) -> String {
    let picture = |picture: &Option<Vec<u8>>| match picture {
        None => "<i title=\"The picture could not be read\"></i>".to_owned(),
        Some(bytes) => {
            let kind = if bytes.starts_with(b"\x89PNG") { "png" } else { "jpeg" };
            format!("<img alt=\"\" src=\"data:image/{kind};base64,{}\">", base64(bytes))
        }
    };
    let lines: String = card.lines.iter().map(|line| format!("<span>{}</span>", escape(line))).collect();
    let pictures: String = card.pictures.iter().map(picture).collect();
    format!("<div class=\"card\"><div>{pictures}</div><b>{}</b>{lines}</div>\n", escape(&card.title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_needs_nothing_else_and_escapes_names() {
        let mut report = Report::new("SFace on <LFW>");
        report.push(Part::Numbers(vec![("99.4%".into(), "accuracy".into(), "± 0.1 (s.e.)".into())]));
        let pictures = [Some(b"\x89PNG..".to_vec()), None];
        report.push(Part::Cards(vec![Card { pictures, title: "A & B".into(), lines: vec!["1.31".into()] }]));
        let html = report.to_html();
        assert!(html.contains("SFace on &lt;LFW&gt;") && html.contains("A &amp; B"));
        assert!(html.contains("src=\"data:image/png;base64,iVBORy4u\""));
        assert!(!html.contains("http"), "a report must open without a connection");
    }
}
