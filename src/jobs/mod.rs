//! The only place where parts meet: runner, cancel, progress, one file a job.

pub mod demo;
mod home;
pub mod train;

pub use home::Home;
