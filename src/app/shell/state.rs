//! What the window knows: the facts that every view reads, each feature's own state, and where the user is.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::features::{self, for_features};
use super::message::Message;
use super::notices::Notices;
use crate::app::engine::facts::Facts;
use crate::app::ui::action::Action;
use crate::app::ui::appearance::Appearance;
use crate::app::ui::context::ViewContext;
use crate::app::ui::feature::{Feature, Remembered};
use crate::app::ui::locale::Locale;
pub use crate::app::ui::page::Page;
use crate::app::ui::search::Hit;
use crate::app::ui::view::View;

/// What is remembered from one run to the next.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    #[serde(serialize_with = "name_of_view", deserialize_with = "view_named")]
    pub view: View,
    #[serde(flatten)]
    pub appearance: Appearance,
    #[serde(flatten)]
    pub kept: Remembered,
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
pub(crate) type Context<'a> = ViewContext<'a, State, Message>;

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
            pub(crate) notices: Notices,
            $(pub $feature: crate::app::$feature::state::State,)*
        }

        impl State {
            /// Whether a question is open, which takes Esc for itself.
            pub fn is_asking(&self) -> bool {
                false $(|| self.$feature.is_asking())*
            }

            /// What Esc means where no page is open.
            pub(super) fn on_escape(&self) -> Option<Action> {
                None $(.or_else(|| self.$feature.on_escape()))*
            }

            /// What the features find for what was typed.
            pub(super) fn hits(&self, typed: &str, text: &Locale) -> Vec<Hit> {
                let mut hits = Vec::new();
                $(hits.extend(self.$feature.hits(typed, &self.facts, text));)*
                hits
            }

            /// What the features say at the foot of the rail, and their views.
            pub(super) fn foot(&self, text: &Locale) -> Vec<(String, View)> {
                let said = [$((self.$feature.foot(&self.facts, text), crate::app::$feature::state::State::VIEW),)*];
                let lines = said.into_iter().filter_map(|(words, view)| Some((words, view?)));
                lines.flat_map(|(words, view)| words.into_iter().map(move |words| (words, view))).collect()
            }

            /// How the window shall look.
            pub(super) fn appearance(&self) -> Appearance {
                None $(.or_else(|| self.$feature.appearance()))* .cloned().unwrap_or_default()
            }

            fn set_appearance(&mut self, appearance: &Appearance) {
                $(self.$feature.set_appearance(appearance);)*
            }

            fn kept(&self) -> Remembered {
                let mut kept = Remembered::new();
                $(self.$feature.remember(&mut kept);)*
                kept
            }

            fn recall(&mut self, kept: &Remembered) {
                $(self.$feature.recall(kept);)*
            }
        }
    };
}

for_features!(state_of);

impl State {
    /// As the window was left.
    pub(crate) fn remembered(settings: Settings) -> Self {
        let mut state = Self { view: settings.view, ..Self::default() };
        state.set_appearance(&settings.appearance);
        state.recall(&settings.kept);
        state
    }

    /// What is to be remembered.
    pub(crate) fn to_remember(&self) -> Settings {
        Settings { view: self.view, appearance: self.appearance(), kept: self.kept() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::ui::theme::ThemeChoice;

    #[test]
    fn what_was_remembered_comes_back() {
        let mut state = State { view: View::TRAIN, ..State::default() };
        state.settings.appearance.theme = ThemeChoice::Dark;
        state.photos.tile_size = 220.0;
        state.evaluate.setup.pairs = Some("/lfw/pairs.txt".into());
        let text = serde_json::to_string(&state.to_remember()).unwrap();
        let again = State::remembered(serde_json::from_str(&text).unwrap());
        assert_eq!(again.to_remember(), state.to_remember());
        assert_eq!(again.photos.tile_size, 220.0);
    }

    #[test]
    fn what_version_0_1_remembered_is_read() {
        let text = r#"{"view":"people","theme":"dark","language":null,"reduced_motion":true,"tile_size":200.0,
            "chosen":{"pairs":"/p.txt","images":null,"people":"/people","held_out_pairs":null,"pair_pictures":null}}"#;
        let state = State::remembered(serde_json::from_str(text).unwrap());
        assert_eq!((state.view, state.photos.tile_size), (View::PEOPLE, 200.0));
        assert!(state.settings.appearance.reduced_motion);
        assert_eq!(state.evaluate.setup.pairs, Some("/p.txt".into()));
        assert!(state.train.form.data.is_some());
    }

    #[test]
    fn a_view_of_another_version_is_as_good_as_none() {
        let settings: Settings = serde_json::from_str(r#"{"view":"map","tile_size":90.0}"#).unwrap();
        let state = State::remembered(settings);
        assert_eq!((state.view, state.photos.tile_size), (View::LIBRARY, 90.0));
    }
}
