//! TODO

pub mod buttons;
pub mod distance_scale;
pub mod face_strip;
pub mod face_tile;
pub mod matrix;
pub mod name_field;
pub mod picker;
pub mod picture;
pub mod rows;
pub mod status;
pub mod table;
pub mod verification;
