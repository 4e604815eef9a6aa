//! What was set aside and can be brought back: lost and carried faces, hidden people, strangers, no faces, who is not whom,
//! and people who were joined.

use super::Aside;
use crate::library::{FaceSetAside, Rejection, SetAside};
use crate::types::PersonId;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AsideTab {
    #[default]
    Lost,
    /// Faces that scans have found in edited pictures, or that their user has put back.
    Carried,
    Hidden,
    Strangers,
    NotAFace,
    /// People told apart, and faces that are not somebody.
    Different,
    /// People who were said to be somebody else.
    Merged,
}

impl AsideTab {
    pub const ALL: [Self; 7] =
        [Self::Lost, Self::Carried, Self::Hidden, Self::Strangers, Self::NotAFace, Self::Different, Self::Merged];

    pub(crate) fn label_key(self) -> &'static str {
        match self {
            Self::Lost => "aside_lost",
            Self::Carried => "aside_carried",
            Self::Hidden => "aside_hidden",
            Self::Strangers => "aside_strangers",
            Self::NotAFace => "aside_not_a_face",
            Self::Different => "aside_different",
            Self::Merged => "aside_merged",
        }
    }

    /// What belongs here, in a sentence.
    pub(crate) fn what_key(self) -> &'static str {
        match self {
            Self::Lost => "aside_lost_what",
            Self::Carried => "aside_carried_what",
            Self::Hidden => "aside_hidden_what",
            Self::Strangers => "aside_strangers_what",
            Self::NotAFace => "aside_not_a_face_what",
            Self::Different => "aside_different_what",
            Self::Merged => "aside_merged_what",
        }
    }

    /// What is said while nothing is here.
    pub(crate) fn empty_key(self) -> &'static str {
        match self {
            Self::Lost => "aside_lost_none",
            Self::Carried => "aside_carried_none",
            Self::Hidden => "aside_hidden_none",
            Self::Strangers => "aside_strangers_none",
            Self::NotAFace => "aside_not_a_face_none",
            Self::Different => "aside_different_none",
            Self::Merged => "aside_merged_none",
        }
    }
}

impl Aside {
    pub fn count(&self, tab: AsideTab) -> usize {
        match tab {
            AsideTab::Lost => self.lost.len(),
            AsideTab::Carried => self.carried.len(),
            AsideTab::Hidden => self.hidden.len(),
            AsideTab::Strangers => self.faces_for(SetAside::Stranger).count(),
            AsideTab::NotAFace => self.faces_for(SetAside::NotAFace).count(),
            AsideTab::Different => self.apart.len() + self.rejections.len(),
            AsideTab::Merged => self.merged.len(),
        }
    }

    pub fn is_empty(&self, tab: AsideTab) -> bool {
        self.count(tab) == 0 && (tab != AsideTab::Lost || self.let_go.is_empty())
    }

    pub(crate) fn faces_for(&self, why: SetAside) -> impl Iterator<Item = &FaceSetAside> {
        self.faces.iter().filter(move |face| face.why == why)
    }

    /// The rejections, person by person.
    pub fn rejected(&self) -> impl Iterator<Item = (PersonId, Option<&str>, &[Rejection])> {
        self.rejections
            .chunk_by(|a, b| a.person == b.person)
            .map(|faces| (faces[0].person, faces[0].name.as_deref(), faces))
    }
}
