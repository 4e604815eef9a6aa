//! The pages that open over the views: features lead to them by actions, and each is drawn by the feature it is of.

use crate::types::{PersonId, PhotoId};

/// The page opened over a view.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Page {
    #[default]
    None,
    Photo(PhotoId),
    Person(PersonId),
    /// What was set aside.
    SetAside,
}

impl Page {
    /// Its title, where it has another than the view.
    pub(crate) fn title_key(self) -> Option<&'static str> {
        (self == Self::SetAside).then_some("set_aside")
    }
}
