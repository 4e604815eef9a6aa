//! From a photo to unit vectors, in four steps.
//!
//! [`image`] decodes a photo upright; [`detect`] finds boxes and landmarks; [`align`] cuts each face out as its network
//! wants it; [`embed`] turns the crops into unit vectors. Squared distances between these say who is who (Schroff et
//! al. 2015). [`edits`] finds a face again after its picture was edited. `align`, `edits` and `image` take and give plain
//! pixels and need no device; `detect` and `embed` run networks.

pub mod align;
pub mod detect;
pub mod edits;
pub mod embed;
pub mod image;
