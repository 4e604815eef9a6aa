//! Tables of a report: the same rows as CSV and HTML.

use super::escape;

/// Cells as text; numbers come formatted, since only the caller knows their digits and units.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(|&cell| cell.to_owned()).collect(), rows: Vec::new() }
    }

    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    pub fn to_csv(&self) -> String {
        let line = |cells: &Vec<String>| cells.iter().map(|cell| csv_field(cell)).collect::<Vec<_>>().join(",") + "\n";
        line(&self.head) + &self.rows.iter().map(line).collect::<String>()
    }

    fn holds_words(&self, column: usize) -> bool {
        let number = |cell: &String| cell.starts_with(|c: char| c.is_ascii_digit() || "+-−–".contains(c));
        let cells: Vec<&String> =
            self.rows.iter().filter_map(|row| row.get(column)).filter(|c| !c.is_empty()).collect();
        !cells.is_empty() && !cells.into_iter().all(number)
    }

    pub(super) fn to_html(&self) -> String {
        // Columns of words are read from the left, columns of numbers from the right.
        let words: Vec<bool> = (0..self.head.len()).map(|column| self.holds_words(column)).collect();
        let cells = |cells: &[String], tag: &str| -> String {
            let cell = |(cell, words): (&String, &bool)| {
                let class = if *words { " class=\"w\"" } else { "" };
                format!("<{tag}{class}>{}</{tag}>", escape(cell))
            };
            cells.iter().zip(&words).map(cell).collect()
        };
        let rows: String = self.rows.iter().map(|row| format!("<tr>{}</tr>\n", cells(row, "td"))).collect();
        format!("<table>\n<thead><tr>{}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n", cells(&self.head, "th"))
    }
}

/// Quoted when it holds a comma, a quote or a line end; a leading sign that a spreadsheet would run is disarmed.
pub(super) fn csv_field(text: &str) -> String {
    let risky = text.starts_with(['=', '@', '\t']) || (text.starts_with(['+', '-']) && text.parse::<f64>().is_err());
    let text = if risky { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_needed() {
        let mut table = Table::new(&["Name", "VAL"]);
        table.push(vec!["Lee, \"Ann\"".into(), "0.5".into()]);
        table.push(vec!["=cmd".into(), "-0.5".into()]);
        assert_eq!(table.to_csv(), "Name,VAL\n\"Lee, \"\"Ann\"\"\",0.5\n'=cmd,-0.5\n");
        let html = table.to_html();
        assert!(html.contains("<td class=\"w\">Lee, &quot;Ann&quot;</td><td>0.5</td>"), "{html}");
    }
}
