//! TODO

pub mod importing;
pub mod networks;
