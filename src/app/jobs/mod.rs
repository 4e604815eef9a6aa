//! Jobs that several features run: regrouping, re-embedding, imports, the demonstration, made libraries, the facts
//! that all views share.
//!
//! A job that only one feature runs is that feature's `job`. It moves here when a second one needs it, because features
//! do not import each other.

pub(crate) mod by_itself;
pub mod demonstration;
pub mod facts;
pub mod forget;
pub mod import;
pub mod input_file;
pub mod made_library;
pub(crate) mod not_looked_at;
pub mod options;
pub mod reembed;
pub mod regroup;
pub mod repeat;
pub mod run_event;
pub mod walk;
pub mod working_copy;
