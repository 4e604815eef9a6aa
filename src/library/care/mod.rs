//! Looking after the library's file: copies and the way back, a check, a form to take elsewhere, and forgetting.
//!
//! * Backups lie in `backups/` beside the library ([`backups`], [`LibraryReader::back_up`]): before a migration, a large
//!   regrouping, a restore, an import or the removal of a folder's faces, daily when something was decided, and when
//!   asked for. Which of them stay is said at `pruning`.
//! * `restore` puts one back. What was in its place is kept among the backups, damaged or not; who was forgotten for good
//!   since that backup is taken out of it.
//! * [`check`] reads the whole file with every index and row, and says what is wrong in sentences. What it cannot find is a
//!   value that was changed into another one that Likeness might have written.
//! * A library whose log was garbled is refused before SQLite drops what stands in it; what can be had of it becomes a
//!   backup, of which it is said what it may lack.
//! * [`LibraryReader::export`] and [`Library::import`] carry people and decisions to another computer as JSON Lines.
//! * [`Library::forget_person`] removes a person from the library and all its backups, so that no byte of them is left.
//!
//! Listing, checking and restoring need no library that opens.
//!
//! [`Library::forget_person`]: crate::library::Library::forget_person
//! [`Library::import`]: crate::library::Library::import
//! [`LibraryReader::back_up`]: crate::library::LibraryReader::back_up
//! [`LibraryReader::export`]: crate::library::LibraryReader::export

mod backup;
mod check;
mod due;
mod file;
mod forget;
mod forget_again;
mod forget_backups;
mod forget_pending;
mod forget_theirs;
mod forget_written;
mod holdings;
mod import;
mod import_answers;
mod import_edits;
mod import_forgotten;
mod import_people;
mod import_photos;
mod lines;
mod log;
mod numbers;
mod pruning;
mod remains;
mod restore;
mod rules;
#[cfg(test)]
mod tests;
mod transfer;

use super::reason::Reason;
pub use backup::{Backup, BackupReason, BackupState, MadeBackup, backups};
pub(super) use backup::{back_up_to_migrate, bytes_of, has_backups};
pub(crate) use backup::{backups_folder, count_backups, reason_of, revision_in};
pub use check::{CheckReport, Problem, check};
#[cfg(test)]
pub(super) use file::quick_check;
pub(crate) use file::step_over as move_aside;
pub(super) use file::{open_after, open_protected, refuse_obstructed};
#[cfg(test)]
pub(crate) use forget::FaceToForget;
pub use forget::{Forgotten, PersonToForget};
pub use import::ImportReport;
pub(crate) use import::{Contradiction, FaceDecision, ImportMode};
pub(crate) use import_edits::{NotPlaced, WaitsFor};
pub(crate) use lines::{begins_like_an_export, names_somebody};
pub(super) use log::refuse_garbled;
pub(crate) use log::rescue_garbled;
pub(super) use remains::clear as clear_remains;
pub(crate) use remains::copies_by_hand;
pub use restore::Restored;
pub(crate) use restore::restore;
pub use transfer::ExportCounts;

/// What the system says of a file, in the library's words.
pub(crate) fn in_words(error: std::io::Error) -> Reason {
    Reason::of_system(&error)
}
