//! The program: the only place where the parts meet.
//!
//! * One room a feature: [`scan`], [`photos`], [`people`], [`compare`], [`evaluate`], [`train`], [`demo`], [`models`],
//!   [`metadata`], [`care`], [`settings`]. Each has at most four members: `job` is what it does, `cli` its subcommands, `state` its
//!   messages and what they change, `view` its drawing.
//! * [`engine`] is what every job stands on; [`jobs`] are jobs that several features run.
//! * `ui` is what all views are made of; `shell` is the window around them. Both exist with the feature `gui` only.
//!
//! A feature knows neither another feature nor the shell. What one asks of another goes through the shell, as an action
//! of `ui::action`. So a feature can be read, changed and taken out alone.

pub mod care;
pub mod compare;
pub mod demo;
pub mod engine;
pub mod evaluate;
pub mod jobs;
pub mod metadata;
pub mod models;
pub mod people;
pub mod photos;
pub mod scan;
pub mod settings;
#[cfg(feature = "gui")]
pub mod shell;
pub mod train;
#[cfg(feature = "gui")]
pub mod ui;
