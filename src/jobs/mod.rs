//! The only place where parts meet: runner, cancel, progress, one file a job.

mod home;

pub use home::Home;
