//! Photos: the timeline, one photo with its faces, and their pictures.
//!
//! It has no subcommand: looking at photos is what the window is for.

#[cfg(feature = "gui")]
pub mod job;
#[cfg(feature = "gui")]
pub mod state;
#[cfg(feature = "gui")]
pub mod view;
