//! Tables of a report: the same rows as CSV and HTML.

use maud::{Markup, Render, html};

/// Cells as text; numbers come formatted, since only the caller knows their digits and units.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn of(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        Self { head: head.iter().map(|&cell| cell.to_owned()).collect(), rows: rows.into_iter().collect() }
    }

    pub(crate) fn to_csv(&self) -> String {
        let line = |cells: &Vec<String>| cells.iter().map(|cell| csv_field(cell)).collect::<Vec<_>>().join(",") + "\n";
        line(&self.head) + &self.rows.iter().map(line).collect::<String>()
    }

    fn holds_words(&self, column: usize) -> bool {
        let number = |cell: &String| cell.starts_with(|c: char| c.is_ascii_digit() || "+-−–".contains(c));
        let cells: Vec<&String> =
            self.rows.iter().filter_map(|row| row.get(column)).filter(|c| !c.is_empty()).collect();
        !cells.is_empty() && !cells.into_iter().all(number)
    }
}

impl Render for Table {
    fn render(&self) -> Markup {
        // Columns of words are read from the left, columns of numbers from the right.
        let classes: Vec<Option<&str>> =
            (0..self.head.len()).map(|column| self.holds_words(column).then_some("w")).collect();
        html! {
            table {
                thead { tr { @for (cell, class) in self.head.iter().zip(&classes) { th class=[class] { (cell) } } } }
                tbody {
                    @for row in &self.rows {
                        tr { @for (cell, class) in row.iter().zip(&classes) { td class=[class] { (cell) } } }
                    }
                }
            }
        }
    }
}

/// Quoted when it holds a comma, a quote or a line end; a leading sign that a spreadsheet would run is disarmed.
fn csv_field(text: &str) -> String {
    let risky = text.starts_with(['=', '@', '\t']) || (text.starts_with(['+', '-']) && text.parse::<f64>().is_err());
    let text = if risky { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_needed() {
        let rows = [["Lee, \"Ann\"", "0.5"], ["=cmd", "-0.5"]];
        let table = Table::of(&["Name", "VAL"], rows.map(|row| row.map(str::to_owned).to_vec()));
        assert_eq!(table.to_csv(), "Name,VAL\n\"Lee, \"\"Ann\"\"\",0.5\n'=cmd,-0.5\n");
        let html = table.render().into_string();
        assert!(html.contains("<td class=\"w\">Lee, &quot;Ann&quot;</td><td>0.5</td>"), "{html}");
    }
}
