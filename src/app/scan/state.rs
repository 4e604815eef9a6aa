//! What is asked of a scan. What it found is loaded by the views that show it.

use std::path::PathBuf;

#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Adds the folders to the library and looks for what is new in them; no folder means all known ones.
    Scan(Vec<PathBuf>),
}

/// What the first-run page shows beside the facts.
#[derive(Debug, Default)]
pub struct FirstRun {
    /// The model file that is being read or written.
    pub importing: Option<PathBuf>,
}
