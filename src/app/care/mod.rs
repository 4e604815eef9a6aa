//! Library care: backups and the way back, a check, taking people and decisions to another computer; on the command line
//! `likeness library`.
//!
//! All of it is the library's own (`library::care`); here it gets its words, its files and its place in Settings.
//! Forgetting a person is in `app::jobs::forget`, since `likeness people` does it too.

pub mod cli;
pub mod job;
#[cfg(feature = "gui")]
pub mod state;
#[cfg(feature = "gui")]
pub mod view;
