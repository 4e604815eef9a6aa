//! What a user marked on the failure wall, kept beside the library.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::app::engine::home::Home;
use crate::app::engine::unfinished_file::unfinished;
use crate::eval::errata::{Errata, TrueLabel};
use crate::types::files;

/// A side file of marks; every change is on disk when the call returns.
#[derive(Debug, Clone)]
pub(crate) struct ErrataFile {
    path: PathBuf,
    marks: Errata,
}

impl ErrataFile {
    /// The marks of `home`; none yet where there is no file.
    pub fn open(home: &Home) -> Result<Self> {
        Self::at(&home.label_errata())
    }

    /// The marks of a file that may not exist yet.
    pub fn at(path: &Path) -> Result<Self> {
        let text = match files::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("cannot read the marks in {}", path.display())),
        };
        let marks = Errata::parse(&text).with_context(|| format!("cannot use the marks in {}", path.display()))?;
        Ok(Self { path: path.to_owned(), marks })
    }

    pub fn marks(&self) -> &Errata {
        &self.marks
    }

    /// Says what a pair really is. The wrong label's opposite is the usual one: [`mislabelled`].
    pub fn mark(&mut self, a: &str, b: &str, really: TrueLabel, note: &str) -> Result<()> {
        let mut marks = self.marks.clone();
        marks.mark(a, b, really, note);
        self.save(marks)
    }

    /// Takes the mark of a pair back.
    pub fn unmark(&mut self, a: &str, b: &str) -> Result<()> {
        let mut marks = self.marks.clone();
        marks.unmark(a, b);
        self.save(marks)
    }

    /// The old file stays whole until the new one is written.
    fn save(&mut self, marks: Errata) -> Result<()> {
        let context = || format!("the mark could not be saved; the file is as before: {}", self.path.display());
        let mut file = unfinished(&self.path).with_context(context)?;
        file.write_all(marks.to_text().as_bytes()).with_context(context)?;
        file.persist(&self.path).with_context(context)?;
        self.marks = marks;
        Ok(())
    }
}

/// What a pair is to someone who calls its label wrong.
pub(crate) fn mislabelled(same: bool) -> TrueLabel {
    if same { TrueLabel::Different } else { TrueLabel::Same }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_outlive_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let [a, b] = ["A/A_0001.jpg", "B/B_0001.jpg"];
        let mut file = ErrataFile::open(&home).unwrap();
        file.mark(a, b, mislabelled(false), "twins").unwrap();
        let mut again = ErrataFile::open(&home).unwrap();
        assert_eq!(again.marks().doubt(a, b, false), Some("twins"));
        again.unmark(a, b).unwrap();
        assert_eq!(ErrataFile::open(&home).unwrap().marks(), &Errata::default());
    }

    #[test]
    fn a_file_that_is_no_side_file_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(&path, "dear diary").unwrap();
        assert!(ErrataFile::at(&path).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "dear diary");
    }
}
