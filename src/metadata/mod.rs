//! Names of people that other programs gave, and how they come to the faces that Likeness found.
//!
//! ```text
//! picasa  takeout  keywords  digikam     what each program left, read into one type: found::NameFound
//!     └──────┴────┬────┴────────┘
//! photo_index           which photo of the library a path means
//! places                regions to faces: reading of the orientation, overlap and centre, one region a face
//! deduce                names without a region: who is whom over the whole library
//! review                what is offered: a person's names, faces, conflicts; what is new since the last answer
//! ```
//!
//! The caller passes photos and faces and gets proposals back; nothing of this changes anything. It touches the disk in
//! [`digikam`] and [`files`] only, and both only read, beside one copy of a database in a folder of ours.
//!
//! [`xmp`] reads photos and sidecars, and writes names into them when it is asked to: it creates, replaces and removes
//! files.

pub(crate) mod beside;
pub(crate) mod deduce;
pub(crate) mod digikam;
pub(crate) mod faces;
pub(crate) mod files;
pub(crate) mod found;
pub(crate) mod from_xmp;
pub(crate) mod keywords;
pub mod name_key;
pub(crate) mod photo_index;
pub(crate) mod picasa;
pub(crate) mod places;
pub(crate) mod region_box;
pub(crate) mod review;
pub(crate) mod takeout;
mod text;
pub(crate) mod xmp;

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod test_album;
