//! TODO

pub mod compare;
pub mod demo;
pub mod engine;
pub mod evaluate;
pub mod jobs;
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
