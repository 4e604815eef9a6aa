//! `likeness models`, with `import` as a part of it, and `likeness nets`.

pub mod import;
pub mod models;
pub mod nets;
