//! Everything a user can do: what the features name, and what leads from one to another.

use std::path::PathBuf;

use super::features::for_features;
use super::notices::NoticeId;
use crate::app::ui::action::Action;
use crate::app::ui::feature::Feature;
use crate::app::ui::path_question::PathQuestion;

macro_rules! messages_of {
    ([] $($feature:ident: $Feature:ident,)*) => {
        #[derive(Debug, Clone, PartialEq)]
        pub enum Message {
            $($Feature(<crate::app::$feature::state::State as Feature>::Message),)*
            /// What concerns more than one feature.
            Act(Action),
            /// Lets the path that this message asks for be typed, where the platform has no dialog for it.
            TypePath(Box<Message>),
            /// No dialog gave the path that this message asks for: says so, and offers to type it.
            NoPath(Box<Message>),
            /// Takes a notice away.
            Dismiss(NoticeId),
        }

        impl Message {
            /// The path that it asks for.
            pub(crate) fn path_question(&self) -> Option<PathQuestion> {
                match self {
                    $(Self::$Feature(message) => crate::app::$feature::state::State::path_question(message),)*
                    Self::Act(action) => action.path_question(),
                    Self::TypePath(_) | Self::NoPath(_) | Self::Dismiss(_) => None,
                }
            }

            /// What follows when the paths are known.
            pub(crate) fn with_paths(self, paths: Vec<PathBuf>) -> Option<Self> {
                match self {
                    $(Self::$Feature(message) => {
                        crate::app::$feature::state::State::with_paths(message, paths).map(Self::$Feature)
                    })*
                    Self::Act(action) => action.with_paths(paths).map(Self::Act),
                    Self::TypePath(_) | Self::NoPath(_) | Self::Dismiss(_) => None,
                }
            }
        }
    };
}

for_features!(messages_of);
