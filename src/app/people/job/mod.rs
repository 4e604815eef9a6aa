//! TODO

#[cfg(feature = "gui")]
pub mod decide;
#[cfg(feature = "gui")]
pub mod preview;
