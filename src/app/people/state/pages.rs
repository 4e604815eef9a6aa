//! One person's page, and the preview of another grouping.

use crate::cluster::Linkage;
use crate::library::{Belongs, FaceOfPerson};
use crate::types::{FaceId, PersonId, PhotoId, Revision};

/// One person with all faces, nearest to the confirmed ones first.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonPage {
    /// The library when this was read: what a decision made here has seen.
    pub seen: Revision,
    pub person: PersonId,
    /// None for an unnamed group.
    pub name: Option<String>,
    pub is_hidden: bool,
    /// None where all faces were set aside or given to others.
    pub cover: Option<FaceId>,
    /// Confirmed one by one, named with the group, or grouped.
    pub held: Vec<FaceOfPerson>,
    pub suggested: Vec<FaceOfPerson>,
    /// Faces held so far, in photos that are missing, with their photos.
    pub missing: Vec<(FaceId, PhotoId)>,
    /// Faces of which the user said that they are not this person.
    pub rejected: Vec<(FaceId, PhotoId)>,
    /// People who are somebody else, with their names.
    pub apart: Vec<(PersonId, Option<String>)>,
}

impl PersonPage {
    /// How many faces are held so.
    pub fn count(&self, belongs: Belongs) -> u64 {
        self.held.iter().filter(|face| face.belongs == belongs).count() as u64
    }
}

/// What a grouping would change.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupingPreview {
    pub squared_distance: f32,
    pub linkage: Linkage,
    pub groups_before: u64,
    pub groups_after: u64,
    pub faces_moved: u64,
    /// Among the user's confirmed faces; none where too few are confirmed to say.
    pub wrong_merges_per_1000: Option<f32>,
    /// The largest changes first.
    pub changes: Vec<GroupChange>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct GroupChange {
    pub kind: GroupChangeKind,
    /// A few faces of each part.
    pub parts: Vec<Vec<FaceId>>,
    /// The name of a part that has one.
    pub name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupChangeKind {
    /// The parts become one group.
    Joins,
    /// One group falls into the parts.
    Splits,
}

/// The grouping panel.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct GroupingPanel {
    pub open: bool,
    /// What the user looks at; none until the slider is moved.
    pub asked: Option<(f32, Linkage)>,
    pub preview: Option<GroupingPreview>,
}
