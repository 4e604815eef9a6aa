//! Asking for a path: a dialog of the platform answers, or what is typed where there is none.

/// A question that a path answers.
#[derive(Debug, Clone, PartialEq)]
pub struct PathQuestion {
    pub title_key: &'static str,
    pub(crate) wanted: Wanted,
    /// Whether several paths may be given.
    pub many: bool,
    /// For a file to be written: the name to begin with and the endings on offer, where there are such.
    pub name: String,
    pub endings: &'static [&'static str],
}

/// What a path must lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Folder,
    File,
    /// A file to be written, which need not be there.
    NewFile,
}

impl PathQuestion {
    /// Asks for one path.
    pub(crate) fn one(title_key: &'static str, wanted: Wanted) -> Self {
        Self { title_key, wanted, many: false, name: String::new(), endings: &[] }
    }

    /// Asks for one path or several.
    pub(crate) fn many(title_key: &'static str, wanted: Wanted) -> Self {
        Self { many: true, ..Self::one(title_key, wanted) }
    }
}
