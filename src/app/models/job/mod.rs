//! TODO

#[cfg(feature = "gui")]
pub mod layers;
