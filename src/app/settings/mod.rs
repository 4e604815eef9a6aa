//! Settings: the device that networks run on, language, theme, motion; on the command line `likeness devices`.
//!
//! The device is remembered with the library; a job that begins afterwards loads its networks there.

pub mod cli;
pub mod job;
#[cfg(feature = "gui")]
pub mod state;
#[cfg(feature = "gui")]
pub mod view;
