//! The views of the window: the rail lists them, actions lead to them, the last one is remembered by its name.
//!
//! All are named here, so that a feature can lead to another's without knowing it.

use super::icons::Icon;

/// A view of the rail. Its name is what it is known by.
#[derive(Debug, Clone, Copy)]
pub struct View {
    pub name: &'static str,
    pub(crate) label_key: &'static str,
    pub(crate) icon: Icon,
}

impl View {
    pub const LIBRARY: Self = Self { name: "library", label_key: "view_library", icon: Icon::Images };
    pub const PEOPLE: Self = Self { name: "people", label_key: "view_people", icon: Icon::UsersRound };
    pub const COMPARE: Self = Self { name: "compare", label_key: "view_compare", icon: Icon::Scale };
    pub const EVALUATE: Self = Self { name: "evaluate", label_key: "view_evaluate", icon: Icon::ChartSpline };
    pub const TRAIN: Self = Self { name: "train", label_key: "view_train", icon: Icon::GraduationCap };
    pub const MODELS: Self = Self { name: "models", label_key: "view_models", icon: Icon::Box };
    pub const SETTINGS: Self = Self { name: "settings", label_key: "view_settings", icon: Icon::Settings };
}

impl PartialEq for View {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for View {}

impl Default for View {
    fn default() -> Self {
        Self::LIBRARY
    }
}
