//! TODO

pub mod compare;
pub mod embed_files;
