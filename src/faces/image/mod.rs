//! From a file to upright RGB pixels, and from pixels to the values a network takes.
//!
//! `decode` reads JPEG, PNG, WebP, TIFF, BMP, GIF (first frame), HEIC and AVIF (the primary picture), JPEG XL, PNM, and
//! the JPEG inside camera raw files. `kind` tells what a file is by its content, never by its name. What every caller
//! may rely on:
//! * JPEGs have the pixels that libjpeg gives, to the last bit, wherever they are decoded whole; see `jpeg`.
//! * The orientation is applied exactly once, a container's own or EXIF's: `Photo::pixels` is what a person sees, `Photo::full_size` too.
//! * A photo above the pixel budget is refused by its header, before memory is asked for.
//! * A picture whose data end too early, or are rubbish, is an error: a face may be missing from it, and the next scan
//!   finds the file again once it is whole. [`decode_what_there_is`] shows it, as a type that cannot be searched.
//! * Colour profiles are brought to sRGB. Alpha is composed over white; 16-bit, grey and CMYK become 8-bit RGB.
//!
//! Left out: developing raw data, further frames and pages (they are counted), moving pictures.

mod about;
mod colour;
mod cut;
mod damaged;
mod decode;
mod decoder;
mod error;
mod exif;
mod header;
mod heif;
mod ifd;
mod jpeg;
mod jxl;
mod kind;
mod memory;
mod picture_hash;
mod pnm;
mod profile;
mod raw;
mod raw_pairs;
mod resize;
mod scaling;
mod tiff;
mod turned;

pub(crate) use crate::faces::image::colour::ProfileUse;
pub(crate) use crate::faces::image::cut::{Region, cut};
pub(crate) use crate::faces::image::damaged::decode_what_there_is;
pub use crate::faces::image::decode::Photo;
pub(crate) use crate::faces::image::decode::{
    PhotoFile, begins_like_photo, check_beginning, decode, decoding_takes, is_photo_name, orientation_of_file,
};
pub(crate) use crate::faces::image::decoder::{DecodeLimits, DecodeScale};
pub(crate) use crate::faces::image::error::DecodeError;
pub(crate) use crate::faces::image::exif::PhotoMeta;
pub(crate) use crate::faces::image::kind::{FileKind, OtherKind, kind_of_file};
pub(crate) use crate::faces::image::picture_hash::{PictureHash, picture_hash_of_file};
pub(crate) use crate::faces::image::raw_pairs::pictures_of_raws;
pub use crate::faces::image::resize::{resize, thumbnail};
pub use crate::faces::image::scaling::scale_pixels;
pub(crate) use crate::faces::image::turned::turned;
