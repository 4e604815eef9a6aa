//! Results out: figures (SVG, PNG), tables (CSV, JSON), reports (HTML).

pub mod plot;
pub mod report;
mod saving;
pub mod table;

pub use crate::figures::saving::Saving;
pub use crate::figures::table::Table;
