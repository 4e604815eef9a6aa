//! TODO

pub mod import;
pub mod models;
pub mod networks;
