//! What the search field finds: each feature names what of its own fits what was typed.

use super::action::Action;
use super::icons::Icon;

/// Something the search found, and what leads to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub(crate) kind: HitKind,
    pub words: String,
    pub action: Action,
}

impl Hit {
    /// A command, where its words hold what was typed.
    pub(crate) fn command(words: &str, action: Action, typed: &str) -> Option<Self> {
        let fits = words.to_lowercase().contains(&typed.trim().to_lowercase());
        fits.then(|| Self { kind: HitKind::Command, words: words.to_owned(), action })
    }
}

/// Told apart by an icon. They are listed in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HitKind {
    Person,
    /// The photos of a person, listed after the person.
    PhotosOf,
    Photo,
    Command,
}

impl HitKind {
    pub fn icon(self) -> Icon {
        match self {
            Self::Person => Icon::UserRound,
            Self::PhotosOf | Self::Photo => Icon::Images,
            Self::Command => Icon::ArrowRight,
        }
    }

    pub fn rank(self) -> u8 {
        match self {
            Self::Person | Self::PhotosOf => 0,
            Self::Photo => 1,
            Self::Command => 2,
        }
    }
}
