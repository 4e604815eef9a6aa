//! Evaluate: how well a network tells faces apart, by the protocols of the literature, and why a score is low.
//!
//! `job` judges and leaves a folder for each run; `state` holds opened runs; `view` draws their curves, folds and wrong
//! pairs. The measures themselves are in [`crate::eval`], figures and tables in [`crate::figures`]. `likeness bench`
//! stands here too: how fast this machine is at each step.

pub mod cli;
pub mod job;
#[cfg(feature = "gui")]
pub mod state;
#[cfg(feature = "gui")]
pub mod view;
