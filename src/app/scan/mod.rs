//! Scan: a folder of photos into the library, then its faces into people.
//!
//! `job` walks, decodes, finds faces, embeds and records, then regroups; the window and `likeness scan` run the same
//! one. What was recorded stays, so a stopped scan goes on where it ended.

pub mod cli;
pub mod job;
#[cfg(feature = "gui")]
pub mod state;
#[cfg(feature = "gui")]
pub mod view;
