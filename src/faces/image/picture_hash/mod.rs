//! What makes two files one picture: SHA-256 over the coded picture data, without what is written about it.
//!
//! Writing, changing or removing EXIF, XMP, IPTC, comments, thumbnails or trailing bytes leaves the hash as it is. What
//! changes the picture that is seen changes it: coded data and its tables, size, palette, colour profile, and the
//! orientation that is in effect (for HEIC, AVIF and JPEG XL the container's own; EXIF's where a HEIC or AVIF states none).
//!
//! Each format's file walks the container and names the parts that count; a part enters with its name and its length,
//! so that no two lists of parts run together. A file of another kind, one whose structure cannot be followed, and one
//! above [`LONGEST_FOLLOWED`] is hashed whole; so are camera raw files, which programs leave as they are. Every length is
//! checked against the file, every item is visited once: rubbish costs at most a few passes over its bytes.
//!
//! The hashes are kept in libraries: a change of what enters makes each photo a new one. Left out: further pages, frames
//! and depth or gain maps; they are not decoded either.

mod gif;
mod heif;
mod jpeg;
mod jxl;
mod png;
#[cfg(test)]
mod tests;
mod tiff;
mod webp;

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use ::image::ImageFormat;
use sha2::{Digest, Sha256};

use super::exif;

/// Identity of a picture: files with equal hashes show the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PictureHash(pub [u8; 32]);

/// Longer files are hashed whole, without being held in memory.
const LONGEST_FOLLOWED: u64 = 512 << 20;

/// The hash of the picture in `bytes`, a whole file. Always the same answer as [`picture_hash_of_file`]'s.
pub(crate) fn picture_hash(bytes: &[u8]) -> PictureHash {
    let short = bytes.len() as u64 <= LONGEST_FOLLOWED;
    let followed = if short { recognise(bytes).and_then(|format| follow(bytes, format)) } else { None };
    followed.unwrap_or_else(|| {
        let mut whole = whole();
        whole.update(bytes);
        PictureHash(whole.finalize().into())
    })
}

/// SHA-256 of the file, and the hash of its picture, from one reading. Only files that begin like pictures are held in
/// memory.
///
/// # Errors
/// A path that is no file, or a file that cannot be read to its end.
pub(crate) fn picture_hash_of_file(path: &Path) -> io::Result<([u8; 32], PictureHash)> {
    // Opening a pipe would wait for somebody to write into it.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is not a file"));
    }
    let mut file = File::open(path)?;
    let mut bytes = Vec::new();
    file.by_ref().take(START_BYTES).read_to_end(&mut bytes)?;
    if recognise(&bytes).is_some() && file.metadata()?.len() <= LONGEST_FOLLOWED {
        // One byte more tells a file that has grown meanwhile.
        file.by_ref().take(LONGEST_FOLLOWED + 1 - bytes.len() as u64).read_to_end(&mut bytes)?;
        if bytes.len() as u64 <= LONGEST_FOLLOWED {
            return Ok((Sha256::digest(&bytes).into(), picture_hash(&bytes)));
        }
    }
    stream(bytes, file)
}

/// Enough for the brands of a HEIC file.
const START_BYTES: u64 = 4096;
const STREAMED_BYTES: usize = 1 << 20;

/// Hashes what was read and the rest of the file, both whole.
fn stream(mut bytes: Vec<u8>, mut rest: File) -> io::Result<([u8; 32], PictureHash)> {
    let (mut file, mut picture) = (Sha256::new(), whole());
    while !bytes.is_empty() {
        file.update(&bytes);
        picture.update(&bytes);
        bytes.clear();
        rest.by_ref().take(STREAMED_BYTES as u64).read_to_end(&mut bytes)?;
    }
    Ok((file.finalize().into(), PictureHash(picture.finalize().into())))
}

/// The beginning of a hash of everything.
fn whole() -> Sha256 {
    Sha256::new().chain_update([0])
}

/// Formats whose files are followed. The number is the first byte that is hashed; never give it to another format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HashedFormat {
    Jpeg = 1,
    Png = 2,
    WebP = 3,
    Tiff = 4,
    Gif = 5,
    Heif = 6,
    JpegXl = 7,
}

/// By the first bytes, and for TIFF by more. A BMP has no metadata and is hashed whole, as what is no picture is, and as
/// a PNM, whose comments hardly anybody writes.
fn recognise(bytes: &[u8]) -> Option<HashedFormat> {
    let start = &bytes[..bytes.len().min(START_BYTES as usize)];
    if super::heif::recognise(start).is_some() {
        return Some(HashedFormat::Heif);
    }
    if super::raw::recognise(start).is_some() {
        return None;
    }
    if super::jxl::recognise(start) {
        return Some(HashedFormat::JpegXl);
    }
    let is_tiff = tiff::is_big(start) || ::image::guess_format(start).is_ok_and(|format| format == ImageFormat::Tiff);
    if is_tiff {
        // What the beginning of a file shows of this, the whole of it shows, too.
        return super::raw::name_of_tiff(bytes).is_none().then_some(HashedFormat::Tiff);
    }
    match ::image::guess_format(start).ok()? {
        ImageFormat::Jpeg => Some(HashedFormat::Jpeg),
        ImageFormat::Png => Some(HashedFormat::Png),
        ImageFormat::WebP => Some(HashedFormat::WebP),
        ImageFormat::Gif => Some(HashedFormat::Gif),
        _ => None,
    }
}

/// None where the structure cannot be followed.
fn follow(bytes: &[u8], format: HashedFormat) -> Option<PictureHash> {
    let mut seen = PartHasher(Sha256::new().chain_update([format as u8]));
    match format {
        HashedFormat::Jpeg => jpeg::follow(bytes, &mut seen),
        HashedFormat::Png => png::follow(bytes, &mut seen),
        HashedFormat::WebP => webp::follow(bytes, &mut seen),
        HashedFormat::Tiff => tiff::follow(bytes, &mut seen),
        HashedFormat::Gif => gif::follow(bytes, &mut seen),
        HashedFormat::Heif => heif::follow(bytes, &mut seen),
        HashedFormat::JpegXl => jxl::follow(bytes, &mut seen),
    }?;
    Some(PictureHash(seen.0.finalize().into()))
}

/// Takes the parts that are seen.
struct PartHasher(Sha256);

impl PartHasher {
    fn part(&mut self, name: &[u8], bytes: &[u8]) {
        self.joined(name, &[bytes]);
    }

    /// One part that the file keeps in pieces; where it is cut does not matter.
    fn joined(&mut self, name: &[u8], pieces: &[&[u8]]) {
        self.begin(name, pieces.iter().map(|piece| piece.len() as u64).sum());
        pieces.iter().for_each(|piece| self.0.update(piece));
    }

    fn number(&mut self, name: &[u8], value: u64) {
        self.part(name, &value.to_le_bytes());
    }

    fn begin(&mut self, name: &[u8], bytes: u64) {
        self.0.update((name.len() as u64).to_le_bytes());
        self.0.update(name);
        self.0.update(bytes.to_le_bytes());
    }

    /// The orientation 1…8 that EXIF states, as [`decode`](super::decode()) applies it: out of a file, or a bare block.
    fn exif_orientation(&mut self, bytes: &[u8]) {
        self.number(b"orientation", exif::read(&mut Cursor::new(bytes), "").1.into());
    }

    /// The same, but that upright says nothing: for a format whose hashes are older than EXIF's say in it.
    fn exif_turn(&mut self, bytes: &[u8]) {
        let orientation = exif::read(&mut Cursor::new(bytes), "").1;
        if orientation != 1 {
            self.number(b"orientation", orientation.into());
        }
    }
}
