//! What every job stands on: the home folder, the loaded networks, the library's one writer and its readers, worker
//! threads, progress.

pub mod beside;
pub mod budget;
pub(crate) mod changed_places;
pub mod cli;
pub mod daily;
pub mod facts;
pub mod home;
pub mod install;
pub mod library_thread;
pub mod memory;
pub mod networks;
pub mod picture;
pub mod portrait;
pub mod progress;
pub mod report;
pub mod resemblance;
pub mod scan_lock;
pub mod shared;
pub mod thumbnail_files;
pub mod unasked;
pub(crate) mod unfinished_file;
pub mod watch;
pub mod workers;
