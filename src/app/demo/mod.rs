//! The demonstration on the command line: synthetic people, learned from (`demo`) or drawn into files (`synth`).
//!
//! The demonstration itself is [`crate::app::jobs::demonstration`], because the Train view runs it too.

pub mod cli;
pub mod job;
