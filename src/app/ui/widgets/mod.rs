//! Drawn things that more than one view uses. Functions that draw end in `_ui`; all of them give what they draw a
//! name for screen readers.

pub mod buttons;
pub mod dialog;
pub mod distance_scale;
pub mod face_strip;
pub mod face_tile;
pub mod matrix;
pub mod name_field;
pub mod picker;
pub mod picture;
pub mod progress;
pub mod rows;
pub mod section;
pub mod side_panel;
pub mod status;
pub mod suggestions;
pub mod table;
pub mod verification;
pub mod words;
