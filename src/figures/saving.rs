//! Figures, tables and reports, saved where the user wants them and as the file's ending says.

use std::io;
use std::path::{Path, PathBuf};

use super::Table;
use super::plot::{Figure, PNG_SCALE, PngError, to_png};

/// Something that can be written to a file of the user's choice; the file's ending says how.
#[derive(Debug, Clone, PartialEq)]
pub struct Saving {
    /// The name that is offered, without its ending.
    pub stem: String,
    pub(crate) content: Content,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    Figure(Figure),
    Table(Table),
    /// A file that is there already: a report.
    Copy(PathBuf),
}

/// Why nothing was saved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SaveError {
    #[error("the figure could not be drawn: {0}")]
    Png(#[from] PngError),
    #[error("the table could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot read the report: {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

impl Saving {
    pub(crate) fn figure(stem: &str, figure: &Figure) -> Self {
        Self { stem: stem.to_owned(), content: Content::Figure(figure.clone()) }
    }

    pub fn table(stem: &str, table: Table) -> Self {
        Self { stem: stem.to_owned(), content: Content::Table(table) }
    }

    pub fn copy(stem: &str, file: PathBuf) -> Self {
        Self { stem: stem.to_owned(), content: Content::Copy(file) }
    }

    /// The endings on offer, the usual one first.
    pub(crate) fn endings(&self) -> &'static [&'static str] {
        match self.content {
            Content::Figure(_) => &["svg", "png"],
            Content::Table(_) => &["csv", "json"],
            Content::Copy(_) => &["html"],
        }
    }

    /// How `path` asks to be written; the usual ending where it has none of those on offer.
    pub(crate) fn ending(&self, path: &Path) -> &'static str {
        let asked = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let known = self.endings().iter().find(|known| asked.as_deref() == Some(**known));
        known.copied().unwrap_or(self.endings()[0])
    }

    /// Writes to `path` as its ending says.
    pub(crate) fn write(&self, path: &Path) -> Result<(), SaveError> {
        let bytes = match (&self.content, self.ending(path)) {
            (Content::Figure(figure), "png") => to_png(&figure.to_svg(), PNG_SCALE)?,
            (Content::Figure(figure), _) => figure.to_svg().into_bytes(),
            (Content::Table(table), "json") => serde_json::to_vec_pretty(table)?,
            (Content::Table(table), _) => table.to_csv().into_bytes(),
            (Content::Copy(file), _) => {
                std::fs::read(file).map_err(|source| SaveError::Read { path: file.clone(), source })?
            }
        };
        std::fs::write(path, bytes).map_err(|source| SaveError::Write { path: path.to_owned(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::plot::{Axis, Scale};

    #[test]
    fn the_ending_says_how_to_write() {
        let table = Saving::table("folds", Table::of(&["a"], []));
        assert_eq!(table.ending(Path::new("x.JSON")), "json");
        assert_eq!(table.ending(Path::new("x")), "csv");
        assert_eq!(table.ending(Path::new("x.txt")), "csv");
    }

    #[test]
    fn what_is_saved_follows_the_ending() {
        let folder = tempfile::tempdir().unwrap();
        let axis = || Axis::new("x", Scale::Linear, 0.0, 1.0);
        let figure = Saving::figure("roc", &Figure::new("ROC", axis(), axis()));
        let svg = folder.path().join("roc.svg");
        figure.write(&svg).unwrap();
        assert!(std::fs::read_to_string(&svg).unwrap().starts_with("<svg"));
        let table = Table::of(&["a"], [vec!["1".to_owned()]]);
        let json = folder.path().join("t.json");
        Saving::table("t", table).write(&json).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
        assert_eq!(value["rows"][0][0], "1");
        let missing = Saving::copy("r", folder.path().join("no.html")).write(&folder.path().join("r.html"));
        assert!(missing.unwrap_err().to_string().contains("cannot read the report"));
    }
}
