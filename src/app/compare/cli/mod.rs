//! `likeness compare` and `likeness embed`: distances between the faces of files, and their vectors.

pub mod compare;
pub mod embed;
