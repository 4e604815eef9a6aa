//! Why a picture takes no part in a run any more, beside what its file and the networks say.

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PictureLost {
    #[error("it has changed since the run began, and takes no part any more")]
    HasChanged,
    #[error("it cannot be read any more")]
    Gone,
    #[error("it could not be read before the run was left")]
    WasUnreadable,
    #[error("the picture was left out")]
    NotListed,
}

impl PictureLost {
    /// What each window says in its language.
    #[cfg(test)]
    pub const ALL: [Self; 4] = [Self::HasChanged, Self::Gone, Self::WasUnreadable, Self::NotListed];
}
