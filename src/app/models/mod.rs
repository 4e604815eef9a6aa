//! Models: which networks there are, installed or known, and how they come into the store and out of it.
//!
//! The store is [`crate::networks::models`]; importing any weight file is [`crate::app::jobs::import`]. `likeness nets`
//! and the catalogue in the window show the layers of every network, computed from sizes alone.

pub mod cli;
pub mod job;
#[cfg(feature = "gui")]
pub mod state;
#[cfg(feature = "gui")]
pub mod view;
