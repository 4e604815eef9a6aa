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
    /// Names that other programs gave.
    Names,
    /// Names into photos' metadata.
    WriteNames,
}

impl Page {
    /// Its title, where it has another than the view.
    pub(crate) fn title_key(self) -> Option<&'static str> {
        match self {
            Self::SetAside => Some("set_aside"),
            Self::Names => Some("settings_names"),
            Self::WriteNames => Some("write_names"),
            Self::None | Self::Photo(_) | Self::Person(_) => None,
        }
    }
}
