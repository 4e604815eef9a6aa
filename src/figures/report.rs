//! A whole report as one HTML file that needs nothing else: figures and pictures are inside it.

use base64::prelude::{BASE64_STANDARD, Engine};
use maud::{DOCTYPE, Markup, PreEscaped, Render, html};

use super::table::Table;

/// A report, top to bottom.
#[derive(Debug, Clone, Default)]
pub(crate) struct HtmlReport {
    pub title: String,
    pub(crate) parts: Vec<ReportPart>,
}

#[derive(Debug, Clone)]
pub(crate) enum ReportPart {
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
pub(crate) struct Card {
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

impl HtmlReport {
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), parts: Vec::new() }
    }

    pub(crate) fn push(&mut self, part: ReportPart) {
        self.parts.push(part);
    }

    pub(crate) fn to_html(&self) -> String {
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width";
                    title { (self.title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    h1 { (self.title) }
                    @for part in &self.parts { (part) "\n" }
                }
            }
        };
        page.into_string()
    }
}

impl Render for ReportPart {
    fn render(&self) -> Markup {
        html! {
            @match self {
                Self::Heading(text) => h2 { (text) },
                Self::Text(text) => p { (text) },
                Self::Numbers(numbers) => div.numbers {
                    @for (value, name, note) in numbers {
                        div { b { (value) } (name) span { (note) } }
                    }
                },
                Self::Table(table) => (table),
                Self::Figure(svg) => (PreEscaped(svg)),
                Self::Cards(cards) => div.cards { @for card in cards { (card) } },
            }
        }
    }
}

impl Render for Card {
    fn render(&self) -> Markup {
        html! {
            div.card {
                div { @for picture in &self.pictures { (picture_html(picture.as_deref())) } }
                b { (self.title) }
                @for line in &self.lines { span { (line) } }
            }
        }
    }
}

fn picture_html(picture: Option<&[u8]>) -> Markup {
    let Some(bytes) = picture else { return html! { i title="The picture could not be read" {} } };
    let kind = if bytes.starts_with(b"\x89PNG") { "png" } else { "jpeg" };
    html! { img alt="" src={ "data:image/" (kind) ";base64," (BASE64_STANDARD.encode(bytes)) }; }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_needs_nothing_else_and_escapes_names() {
        let mut report = HtmlReport::new("SFace on <LFW>");
        report.push(ReportPart::Numbers(vec![("99.4%".into(), "accuracy".into(), "± 0.1 (s.e.)".into())]));
        let pictures = [Some(b"\x89PNG..".to_vec()), None];
        report.push(ReportPart::Cards(vec![Card { pictures, title: "A & B".into(), lines: vec!["1.31".into()] }]));
        let html = report.to_html();
        assert!(html.contains("SFace on &lt;LFW&gt;") && html.contains("A &amp; B"));
        assert!(html.contains("src=\"data:image/png;base64,iVBORy4u\""));
        assert!(!html.contains("http"), "a report must open without a connection");
    }
}
