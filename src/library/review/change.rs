//! What a step of the history keeps of each row that it changed.

use serde::{Deserialize, Serialize};

use super::rows::{Belongs, FaceState, PersonRow};
use crate::types::{FaceId, PersonId};

/// One row's change. `None` on a side: the row was not there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::library) enum Change {
    Face {
        id: i64,
        before: FaceState,
        after: FaceState,
    },
    Person {
        id: i64,
        before: Option<PersonRow>,
        after: Option<PersonRow>,
    },
    Rejected {
        face: i64,
        person: i64,
        before: bool,
        after: bool,
    },
    Different {
        a: i64,
        b: i64,
        before: bool,
        after: bool,
    },
    /// Whose the face was when it was set aside, or said not to be theirs.
    WasOf {
        face: i64,
        person: i64,
        before: Option<Belongs>,
        after: Option<Belongs>,
    },
    /// A face by hand that is made, or was.
    Made {
        face: i64,
        photo: i64,
        before: bool,
        after: bool,
    },
    /// The same face in two pictures, one in place of the other.
    Carried {
        face: i64,
        into: i64,
        before: bool,
        after: bool,
    },
    /// What was answered to a name that other programs gave to a photo.
    Answer {
        photo: i64,
        name: String,
        before: Option<String>,
        after: Option<String>,
    },
    /// Whether a merge was taken back by itself.
    Parted {
        step: i64,
        before: bool,
        after: bool,
    },
    /// How faces are grouped: with the groups it comes and goes.
    Setting {
        key: String,
        before: Option<String>,
        after: Option<String>,
    },
}

impl Change {
    /// The face of which it says something that holds for the same face in an edit, too.
    pub fn face(&self) -> Option<FaceId> {
        match *self {
            Self::Face { id: face, .. } | Self::Rejected { face, .. } | Self::WasOf { face, .. } => Some(FaceId(face)),
            Self::Person { .. }
            | Self::Different { .. }
            | Self::Made { .. }
            | Self::Carried { .. }
            | Self::Answer { .. }
            | Self::Parted { .. }
            | Self::Setting { .. } => None,
        }
    }

    /// The same of another face.
    pub fn of(&self, other: FaceId) -> Self {
        let mut change = self.clone();
        if let Self::Face { id: face, .. } | Self::Rejected { face, .. } | Self::WasOf { face, .. } = &mut change {
            *face = other.0;
        }
        change
    }

    /// The same of whom somebody has become part of since; none of what tells of themself alone.
    pub fn of_successor(mut self, person: PersonId, successor: PersonId) -> Option<Self> {
        let moved = |id: &mut i64| {
            if *id == person.0 {
                *id = successor.0;
            }
        };
        match &mut self {
            Self::Face { before, after, .. } => {
                for state in [before, after] {
                    if let FaceState::Of { person: PersonId(id), .. } = state {
                        moved(id);
                    }
                }
            }
            Self::Rejected { person, .. } | Self::WasOf { person, .. } => moved(person),
            Self::Different { a, b, .. } => {
                moved(a);
                moved(b);
                (*a, *b) = ((*a).min(*b), (*a).max(*b));
                if a == b {
                    return None;
                }
            }
            Self::Person { id, .. } if *id == person.0 => return None,
            Self::Person { .. }
            | Self::Made { .. }
            | Self::Carried { .. }
            | Self::Answer { .. }
            | Self::Parted { .. }
            | Self::Setting { .. } => {}
        }
        Some(self)
    }

    pub fn reversed(self) -> Self {
        match self {
            Self::Face { id, before, after } => Self::Face { id, before: after, after: before },
            Self::Person { id, before, after } => Self::Person { id, before: after, after: before },
            Self::Rejected { face, person, before, after } => {
                Self::Rejected { face, person, before: after, after: before }
            }
            Self::WasOf { face, person, before, after } => Self::WasOf { face, person, before: after, after: before },
            Self::Different { a, b, before, after } => Self::Different { a, b, before: after, after: before },
            Self::Made { face, photo, before, after } => Self::Made { face, photo, before: after, after: before },
            Self::Carried { face, into, before, after } => Self::Carried { face, into, before: after, after: before },
            Self::Answer { photo, name, before, after } => Self::Answer { photo, name, before: after, after: before },
            Self::Parted { step, before, after } => Self::Parted { step, before: after, after: before },
            Self::Setting { key, before, after } => Self::Setting { key, before: after, after: before },
        }
    }
}
