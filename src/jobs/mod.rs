//! The only place where parts meet: runner, cancel, progress, one file a job.

pub mod eval;
mod home;

pub use home::Home;
