//! `demo` and `synth`: synthetic people, learned from and drawn.

pub mod cli;
pub mod job;
