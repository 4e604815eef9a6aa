//! `likeness demo` and `likeness synth`.

pub mod demo;
pub mod synth;
