//! People in XMP, read and written.

mod containers;
mod embedding;
mod killed;
mod merging;
mod mutated;
mod read_by_others;
mod reading;
mod samples;
mod sidecars;
mod writing;
