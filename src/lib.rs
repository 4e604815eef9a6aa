//! Likeness finds the people in a photo library and learns faces on its user's own GPU. Nothing leaves the computer.
//!
//! This page is the map: which rooms there are, who may know whom, and where a thing is found.
//!
//! ```text
//!                      main
//! app      shell                           the window; routes messages
//!          scan  photos  people  compare  evaluate  train  demo  models  metadata  care  settings
//!          jobs  ui                        what features share: jobs; widgets, words, theme
//!          engine                          home folder, loaded networks, library's writer and readers, threads, progress
//! parts    faces   library   metadata   cluster   eval   train   synth   figures
//! below    networks                        device  kernels  nets  weights  models
//!          types                           the vocabulary
//! ```
//!
//! Arrows go down. Parts do not import each other, except `train → eval`, `train → faces::image` and `metadata →
//! library`; only [`app`] brings them together. A feature knows no other feature and not the shell; it has at most four
//! members: `job` (what it does, what it is asked and answers), `cli` (its subcommands), `state` (its messages and what
//! they change), `view` (its drawing). The view reads the state, the state knows the job's answers, the job knows
//! neither.
//!
//! # How a photo becomes a person
//! [`faces::image`] decodes it upright, [`faces::detect`] finds boxes and landmarks, [`faces::align`] cuts crops,
//! [`faces::embed`] turns a crop into a unit vector, [`library`] stores it under the model that made it, [`cluster`] says
//! who belongs together, and in [`app::people`] a person says yes, no, or a name. [`app::scan`] composes these steps.
//! [`metadata`] reads the names that other programs gave, and writes ours where they look; [`app::metadata`] asks it to.
//!
//! # How a network becomes better
//! [`train`] learns by triplet loss, [`eval`] measures, [`figures`] draws; [`app::train`] and [`app::evaluate`] compose
//! them. [`synth`] makes people with a known truth, so that both can be shown and tested without anybody's photos.
//!
//! # What is nowhere else
//! `tests/architecture.rs` fails when one of these stops being true.
//! * No egui outside `app::ui`, `app::shell` and `view`; so all else works without a window (`--no-default-features`).
//! * No clap outside `cli` and `main`, but for enums of the domain that derive `ValueEnum`.
//! * No SQL outside [`library`], but for digiKam's database, which [`metadata`] reads. No connection outside
//!   [`networks::models`], which fetches models.
//! * No Burn outside [`networks`], [`faces::detect`], [`faces::embed`] and [`train`]: [`eval`], [`cluster`] and
//!   [`faces::align`] take plain slices and need no device.
//! * No disk in `state`, `view` and `ui`: drawing never waits.
//! * No feature in `app::engine`, and none in `app::shell` but in its list of features: neither its room nor its views and
//!   pages. A view sees of a job what the state shows of it.
//! * No name of a type, known to other files, that stands for two things, but for what each feature has (`State`,
//!   `Message` and the like).
//! * No work put together in `cli`, `state` or `view`: they call a job, and none of them opens the library or loads
//!   networks. "Everything was touched" is said only where the test lists it; nothing is decided by the text of an error
//!   or the name of a device.
//! * Nothing is public that nothing outside the library uses, neither function nor type, and no attribute keeps code that
//!   nobody calls.
//! * No circle of imports between rooms, nor inside one but [`library`], and no exception that nothing uses.
//! * No printing past `app::engine::cli`, no photo decoded past [`faces::image`], no file of more than 500 lines.

// The pages are for who works in the house: they lead to what is private, too.
#![allow(rustdoc::private_intra_doc_links)]
// Outside tests, what cannot fail says why by `expect`, and all else is an error.
#![warn(clippy::unwrap_used)]
// Without the window, what only it calls has no caller.
#![cfg_attr(not(feature = "gui"), allow(dead_code, unused_imports))]

pub mod app;
pub mod cluster;
pub mod eval;
pub mod faces;
pub mod figures;
pub mod library;
pub mod metadata;
pub mod networks;
pub mod synth;
pub mod train;
pub mod types;
