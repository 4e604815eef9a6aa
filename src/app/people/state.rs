//! TODO

use crate::app::people::state::GroupingPreview;

use crate::app::engine::facts::Linkage;
use crate::types::{FaceId, PersonId, PhotoId, SquaredDistance};

/// One person with all faces, nearest to the confirmed ones first.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonPage {
    pub person: PersonId,
    /// None for an unnamed group.
    pub name: Option<String>,
    pub cover: FaceId,
    pub confirmed: Vec<PersonFace>,
    pub suggested: Vec<PersonFace>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PersonFace {
    pub face: FaceId,
    pub photo: PhotoId,
    /// To the person's centre.
    pub distance: SquaredDistance,
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
pub struct Grouping {
    pub open: bool,
    /// What the user looks at; none until the slider is moved.
    pub asked: Option<(f32, Linkage)>,
    pub preview: Option<GroupingPreview>,
}

/// Where moved faces go.
#[derive(Debug, Clone, PartialEq)]
pub enum MoveTarget {
    Person(PersonId),
    NewPerson(String),
}
