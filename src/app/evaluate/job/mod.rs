//! Evaluations from files to run folders: what is asked, on which pictures, with which network, and what came out.
//!
//! * [`evaluation`] puts one together; command line and window both come there. [`setup`] is what is chosen in the
//!   window, [`checked`] what it is told of a check.
//! * [`inputs`] and [`images`] get vectors, from files or by embedding pictures; [`folder`], [`pairs`], [`video`],
//!   [`clusters`], [`compat`] and [`sensitivity`] are the protocols; [`check`] finds out why a score is low.
//! * [`evaluation_folder`] is what an evaluation leaves on the disk, [`runs`] writes and reads a [`Run`](crate::eval::Run)
//!   there, [`figures`] draws it, [`present`] tells it in a report.
//! * [`mod@bench`] measures how fast each step is here, [`bench_networks`] a network by itself, [`bench_library`] what a
//!   large library costs.
//!
//! The measures are in [`crate::eval`], on plain slices; here is everything around them that needs files or a device.

pub mod bench;
pub mod bench_library;
pub mod bench_networks;
pub mod bench_pairs;
pub mod bench_photos;
pub mod check;
#[cfg(feature = "gui")]
pub mod checked;
pub mod clusters;
pub mod compat;
pub mod count;
pub mod degrade;
pub mod distances;
pub mod errata_file;
pub mod evaluation;
pub mod evaluation_folder;
pub mod figures;
pub mod folder;
pub mod images;
pub mod inputs;
pub mod library_faces;
pub mod overlay;
pub mod pairs;
pub mod pairs_config;
pub mod present;
pub mod runs;
pub mod seen;
pub mod sensitivity;
#[cfg(feature = "gui")]
pub mod setup;
#[cfg(test)]
mod tests;
pub mod training;
pub mod variants;
pub mod video;
#[cfg(feature = "gui")]
mod window;

#[cfg(feature = "gui")]
pub(crate) use self::window::CHECK;
#[cfg(feature = "gui")]
pub use self::window::{EVALUATE, Event, FinishedRuns, Job, Request};
