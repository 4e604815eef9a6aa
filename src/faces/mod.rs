//! From a photo to unit vectors.

pub mod align;
pub mod detect;
pub mod embed;
pub mod image;
