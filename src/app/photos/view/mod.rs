//! TODO

pub mod library;
pub mod photo;
