//! Likeness learns faces on its user's own GPU.
//!
//! This page is the map. A photo becomes a person in this order:
//! [`image`] decodes it upright, [`detect`] finds boxes and landmarks, [`align`] cuts crops, [`embed`] turns a crop
//! into a unit vector, [`library`] stores it with the model's id, [`cluster`] says who belongs together, a person
//! reviews that in the window, [`export`] carries it out.
//!
//! ```text
//!             main
//!         gui      cli
//!            jobs
//! library  export  models  eval  cluster  train  detect  align  embed  synth
//!        weights   nets   kernels   device   image
//!                     types
//! ```
//!
//! Arrows go down only; parts on one line do not import each other, except `train -> eval`, `models -> weights`,
//! `export -> library` and `nets -> weights` (a network's file also says where each of its tensors comes from).
//! `tests/architecture.rs` fails when an import breaks this.
//!
//! Invariants, stated as absences:
//! * Only `gui` and `main` know egui. Only [`library`] knows SQL.
//! * Only [`device`], [`nets`], [`weights`], [`kernels`], [`detect`], [`embed`] and [`train`] know Burn.
//! * [`eval`], [`cluster`], [`align`] and `detect::boxes` take plain slices and need no device.
//! * Nothing here opens a connection except [`models`] when its user installs a model.

pub mod app;
pub mod cluster;
pub mod eval;
pub mod faces;
pub mod figures;
pub mod library;
pub mod networks;
pub mod synth;
pub mod train;
pub mod types;
