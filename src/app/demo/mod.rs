//! TODO

pub mod cli;
pub mod job;
