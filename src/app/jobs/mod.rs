//! TODO

pub mod import;
pub mod reembed;
pub mod regroup;
pub mod walk;
