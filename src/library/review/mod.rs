//! What a user decides about faces and people. Every command is one transaction and one step of the history, and says
//! what it touched.

mod apply;
pub(in crate::library) mod by_hand;
pub(in crate::library) mod change;
mod commands;
mod decision;
pub(in crate::library) mod journal;
mod merges;
pub(in crate::library) mod rows;
pub(in crate::library) mod stale;
pub(in crate::library) mod steps;
#[cfg(test)]
mod testing;
pub(in crate::library) mod touched;

pub use by_hand::FaceByHand;
pub(in crate::library) use commands::{cleaned, hand_over, inherit};
pub use decision::{CorrectedFace, Decision, NameAnswers, TakenName};
pub(crate) use journal::ReviewAction;
pub use merges::MergedPerson;
pub use rows::{Belongs, FaceState, SetAside};
pub use steps::NextSteps;

use crate::types::PersonId;

/// Where moved faces go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    Person(PersonId),
    NewPerson { name: String },
}
