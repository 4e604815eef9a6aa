//! From a file to upright RGB pixels, and from pixels to the values a network takes.
//!
//! `decode` reads JPEG, PNG, WebP, TIFF, BMP and GIF (first frame), and HEIC/AVIF in a build with the feature `heif`.
//! The format is told by the content, never by the name. What every caller may rely on:
//! * JPEGs have the pixels that libjpeg gives, to the last bit, wherever they are decoded whole; see `jpeg`.
//! * The EXIF orientation is applied exactly once: `Photo::pixels` is what a person sees, `Photo::full_size` too.
//! * A photo above the pixel budget is refused by its header, before memory is asked for.
//! * A file that ends in the middle of the picture is an error, also where a viewer would show the part that is there:
//!   a face may be missing from it, and the next scan finds the file again once it is whole.
//! * Alpha is composed over white; 16-bit, grey and CMYK pictures become 8-bit RGB.
//!
//! Left out: colour profiles (pixels are taken for sRGB), camera raw files, further frames and pages.

mod cut;
mod decode;
mod decoder;
mod error;
mod exif;
mod header;
mod heif;
mod jpeg;
mod picture_hash;
mod resize;
mod scaling;

pub(crate) use crate::faces::image::cut::{Region, cut};
pub use crate::faces::image::decode::Photo;
pub(crate) use crate::faces::image::decode::{begins_like_photo, decode, is_photo_name, orientation_of_file};
pub(crate) use crate::faces::image::decoder::{DecodeLimits, DecodeScale};
pub(crate) use crate::faces::image::error::DecodeError;
pub(crate) use crate::faces::image::picture_hash::{PictureHash, picture_hash_of_file};
pub use crate::faces::image::resize::{resize, thumbnail};
pub use crate::faces::image::scaling::scale_pixels;
