//! TODO

pub mod job;
#[cfg(feature = "gui")]
pub mod view;
#[cfg(feature = "gui")]
pub mod state;
