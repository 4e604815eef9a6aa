//! TODO

pub mod demo;
pub mod synth;
