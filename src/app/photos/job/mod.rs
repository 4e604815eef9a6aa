//! TODO

#[cfg(feature = "gui")]
pub mod pictures;
