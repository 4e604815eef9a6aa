//! Train: a network that learns from folders of people, from the library's named faces, or from synthetic people.
//!
//! `job` prepares pictures, runs [`crate::train`], and compares before and after; `state` is what was chosen and the
//! run as it is watched; `view` draws both. A finished network replaces the one in use at the user's word only.

pub mod cli;
pub mod job;
#[cfg(feature = "gui")]
pub mod state;
#[cfg(feature = "gui")]
pub mod view;
