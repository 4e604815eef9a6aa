//! What a user saves from a plot or a table, and as what.

use std::path::{Path, PathBuf};

use crate::export::Table;
use crate::export::figures::Figure;

/// Something that can be written to a file of the user's choice; the file's ending says how.
#[derive(Debug, Clone, PartialEq)]
pub struct Saving {
    /// The name that is offered, without its ending.
    pub stem: String,
    pub content: Content,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Figure(Figure),
    Table(Table),
    /// A file that is there already: a report.
    Copy(PathBuf),
}

impl Saving {
    pub fn figure(stem: &str, figure: &Figure) -> Self {
        Self { stem: stem.to_owned(), content: Content::Figure(figure.clone()) }
    }

    pub fn table(stem: &str, table: Table) -> Self {
        Self { stem: stem.to_owned(), content: Content::Table(table) }
    }

    pub fn copy(stem: &str, file: PathBuf) -> Self {
        Self { stem: stem.to_owned(), content: Content::Copy(file) }
    }

    /// The endings on offer, the usual one first.
    pub fn endings(&self) -> &'static [&'static str] {
        match self.content {
            Content::Figure(_) => &["svg", "png"],
            Content::Table(_) => &["csv", "json"],
            Content::Copy(_) => &["html"],
        }
    }

    /// How `path` asks to be written; the usual ending where it has none of those on offer.
    pub fn ending(&self, path: &Path) -> &'static str {
        let asked = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let known = self.endings().iter().find(|known| asked.as_deref() == Some(**known));
        known.copied().unwrap_or(self.endings()[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_how_to_write() {
        let table = Saving::table("folds", Table::new(&["a"]));
        assert_eq!(table.ending(Path::new("x.JSON")), "json");
        assert_eq!(table.ending(Path::new("x")), "csv");
        assert_eq!(table.ending(Path::new("x.txt")), "csv");
    }
}
