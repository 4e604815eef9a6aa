//! The views of the window, by name: the rail lists them, actions lead to them, the last one is remembered.

use serde::Deserialize;
use serde::Serialize;

/// The views of the rail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    #[default]
    Library,
    People,
    Compare,
    Evaluate,
    Train,
    Models,
    Settings,
}

impl View {
    pub const ALL: [Self; 7] =
        [Self::Library, Self::People, Self::Compare, Self::Evaluate, Self::Train, Self::Models, Self::Settings];

    pub fn label_key(self) -> &'static str {
        match self {
            Self::Library => "view_library",
            Self::People => "view_people",
            Self::Compare => "view_compare",
            Self::Evaluate => "view_evaluate",
            Self::Train => "view_train",
            Self::Models => "view_models",
            Self::Settings => "view_settings",
        }
    }
}
