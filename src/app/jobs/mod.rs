//! What several features run: regrouping, re-embedding, imports, the demonstration, and the facts that views share.

pub mod demonstration;
#[cfg(feature = "gui")]
pub mod facts;
pub mod import;
#[cfg(feature = "gui")]
pub mod options;
pub mod reembed;
pub mod regroup;
pub mod run_event;
pub mod walk;
pub mod working_copy;
