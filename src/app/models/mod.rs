//! TODO

pub mod cli;
#[cfg(feature = "gui")]
pub mod job;
#[cfg(feature = "gui")]
pub mod state;
#[cfg(feature = "gui")]
pub mod view;
