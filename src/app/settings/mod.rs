//! TODO

pub mod cli;
#[cfg(feature = "gui")]
pub mod view;
#[cfg(feature = "gui")]
pub mod state;
