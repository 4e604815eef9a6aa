//! Names as other programs write them: found with photos and offered for their faces, and written where those programs
//! look; on the command line `likeness metadata`.
//!
//! What the formats are is `crate::metadata`'s to know.

pub mod cli;
pub mod job;
#[cfg(feature = "gui")]
pub mod state;
#[cfg(feature = "gui")]
pub mod view;
