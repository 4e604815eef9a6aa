//! Compare: how far apart faces are, of photos in the library or of any files.
//!
//! `likeness compare` says it in numbers; `likeness embed` writes the vectors, so that other programs can check them.

pub mod cli;
pub mod job;
#[cfg(feature = "gui")]
pub mod state;
#[cfg(feature = "gui")]
pub mod view;
