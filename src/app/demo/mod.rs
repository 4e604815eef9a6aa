//! The demonstration on the command line: synthetic people, learned from (`demo`), drawn into files (`synth`), or as the
//! rows of a made library without files (`synth --library`, [`crate::app::jobs::made_library`]), to measure with.
//!
//! The demonstration itself is [`crate::app::jobs::demonstration`], because the Train view runs it too.

pub mod cli;
pub mod job;
