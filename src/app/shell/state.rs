//! What the window knows: the facts that every view reads, each feature's own state, and where the user is.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::features::{self, for_features};
use super::message::Message;
use super::notices::Notices;
use super::remembered_paths::RememberedPaths;
use crate::app::engine::facts::Facts;
use crate::app::photos;
use crate::app::settings::state::Appearance;
use crate::app::ui::context::ViewContext;
use crate::app::ui::feature::Feature;
use crate::app::ui::view::View;
use crate::types::{PersonId, PhotoId};

/// What is remembered from one run to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    #[serde(serialize_with = "name_of_view", deserialize_with = "view_named")]
    pub view: View,
    #[serde(flatten)]
    pub appearance: Appearance,
    /// Side of a photo in the grid, in points.
    pub tile_size: f32,
    #[serde(rename = "chosen")]
    pub paths: RememberedPaths,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            view: View::default(),
            appearance: Appearance::default(),
            tile_size: photos::state::State::default().tile_size,
            paths: RememberedPaths::default(),
        }
    }
}

fn name_of_view<S: Serializer>(view: &View, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(view.name)
}

/// A view that this version does not have is as good as none.
fn view_named<'de, D: Deserializer<'de>>(from: D) -> Result<View, D::Error> {
    let name = String::deserialize(from)?;
    Ok(features::views().find(|view| view.name == name).unwrap_or_default())
}

/// What the window's own parts see while they draw.
pub type Context<'a> = ViewContext<'a, State, Message>;

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

macro_rules! state_of {
    ([] $($feature:ident: $Feature:ident,)*) => {
        #[derive(Debug, Default)]
        pub struct State {
            /// What is wrong with the library's file: another page is to take this window's place.
            pub damage: Option<String>,
            pub view: View,
            pub page: Page,
            /// Pages to go back to.
            pub trail: Vec<Page>,
            pub facts: Facts,
            pub notices: Notices,
            $(pub $feature: crate::app::$feature::state::State,)*
        }

        impl State {
            /// Whether a question is open, which takes Esc for itself.
            pub fn is_asking(&self) -> bool {
                false $(|| self.$feature.is_asking())*
            }
        }
    };
}

for_features!(state_of);

impl State {
    /// As the window was left.
    pub fn remembered(settings: Settings) -> Self {
        let mut state = Self { view: settings.view, ..Self::default() };
        state.settings.appearance = settings.appearance;
        state.photos.tile_size = settings.tile_size;
        settings.paths.put_back(&mut state.evaluate.setup, &mut state.train.form);
        state
    }

    /// What is to be remembered.
    pub fn to_remember(&self) -> Settings {
        Settings {
            view: self.view,
            appearance: self.settings.appearance.clone(),
            tile_size: self.photos.tile_size,
            paths: RememberedPaths::of(&self.evaluate.setup, &self.train.form),
        }
    }
}
