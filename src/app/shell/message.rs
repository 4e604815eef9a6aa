//! Everything a user can do: what the features name, and what leads from one to another.

use std::path::PathBuf;

use super::dialogs::Question;
use super::notices::NoticeId;
use crate::app::ui::action::Action;
use crate::app::{care, compare, evaluate, models, people, photos, settings, train};
use crate::figures::Saving;

#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    Photos(photos::state::Message),
    People(people::state::Message),
    Compare(compare::state::Message),
    Evaluate(evaluate::state::Message),
    Train(train::state::message::Message),
    Models(models::state::Message),
    Settings(settings::state::Message),
    Care(care::state::Message),
    /// What concerns more than one feature.
    Act(Action),
    /// Writes a figure or a table to this file.
    SaveTo(PathBuf, Box<Saving>),
    /// Lets a path be typed, where the platform has no dialog to ask for it.
    TypePath(Question),
    /// Takes a notice away.
    Dismiss(NoticeId),
}
