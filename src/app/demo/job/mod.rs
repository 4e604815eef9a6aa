//! TODO

pub mod demo;
#[cfg(feature = "gui")]
pub mod window;
