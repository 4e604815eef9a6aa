//! The library's count of changes to faces and people: what somebody has seen, and what has changed since.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub i64);

impl Revision {
    /// For who decides about the library as it is, whatever that may be.
    pub const NOW: Self = Self(i64::MAX);
}

/// One step of the history of decisions. No later step ever has its number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepId(pub i64);

impl StepId {
    /// Who saw no step.
    pub const NONE: Self = Self(0);
    /// For who takes back whatever came last.
    pub const LATEST: Self = Self(i64::MAX);
}
