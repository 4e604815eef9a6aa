//! People: who was found, their names, and what a user says about their faces.
//!
//! Every decision is one step of the library's journal and can be taken back. What another grouping would change is
//! shown before it changes anything (`job::preview`).

pub mod cli;
pub mod job;
#[cfg(feature = "gui")]
pub mod state;
#[cfg(feature = "gui")]
pub mod view;
