//! What a change touched, so that only this is loaded again.

use super::{FaceId, PersonId, PhotoId, StepId};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    pub faces: Vec<FaceId>,
    /// Named people and unnamed groups, also those that are gone now.
    pub people: Vec<PersonId>,
    pub photos: Vec<PhotoId>,
    /// Which photos there are.
    pub which_photos: bool,
    /// Which folders are scanned, or when they were looked through.
    pub folders: bool,
    /// More of the library than can be listed.
    pub everything: bool,
    /// What was answered to names that other programs gave.
    pub name_answers: bool,
    /// The installed models, or which of them is used.
    pub models: bool,
    /// What the networks run on.
    pub settings: bool,
    /// The step of the history that a decision made, and that takes it back.
    pub step: Option<StepId>,
    /// The step that was taken back, or done again.
    pub reverted: Option<StepId>,
}

impl Touched {
    /// Whether it names faces or people.
    pub(crate) fn names_people(&self) -> bool {
        !self.people.is_empty() || !self.faces.is_empty()
    }

    pub fn everything() -> Self {
        Self { everything: true, ..Self::default() }
    }

    pub fn models() -> Self {
        Self { models: true, ..Self::default() }
    }
}
