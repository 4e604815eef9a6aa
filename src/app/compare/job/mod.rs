//! Faces of files and of the library beside each other.

pub mod compare;
pub mod embed_files;

#[cfg(feature = "gui")]
mod window;

#[cfg(feature = "gui")]
pub use self::window::{Event, Job, Request};
