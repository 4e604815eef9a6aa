//! The pages that open over the views: actions lead to them, and each is drawn by the feature it is of.
//!
//! A page that is about nobody's photo or person is declared by its feature, and here only where others lead to it.

use super::view::View;
use crate::types::{PersonId, PhotoId};

/// The page opened over a view.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum Page {
    #[default]
    None,
    Photo(PhotoId),
    Person(PersonId),
    Own(OwnPage),
}

/// A page that there is once. Its title is what it is known by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OwnPage {
    pub title_key: &'static str,
    /// The view that it belongs over; none: whichever is on show.
    pub over: Option<View>,
}

impl Page {
    /// What was set aside.
    pub const SET_ASIDE: Self = Self::Own(OwnPage { title_key: "set_aside", over: Some(View::PEOPLE) });

    /// Its title, where it has another than the view.
    pub(crate) fn title_key(self) -> Option<&'static str> {
        self.own().map(|page| page.title_key)
    }

    /// The view that it belongs over.
    pub(crate) fn view(self) -> Option<View> {
        self.own()?.over
    }

    fn own(self) -> Option<OwnPage> {
        match self {
            Self::Own(page) => Some(page),
            Self::None | Self::Photo(_) | Self::Person(_) => None,
        }
    }
}
