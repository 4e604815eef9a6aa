//! TODO

pub mod grouping;
pub mod merge;
pub mod people;
pub mod person;
