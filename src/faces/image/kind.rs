//! What a file is, by how it begins: a picture that is read, something known that is not, or no picture.
//!
//! Only the first bytes are looked at, so that a folder of a million files is told quickly; nothing goes by names. The
//! marks are those that each format's own description gives, as collected by the freedesktop.org MIME database and by
//! `file`. TGA has none; its header is taken for one where all its numbers make sense.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ::image::ImageFormat;

use super::{heif, jxl, pnm, raw};

/// What [`decode`](super::decode()) will make of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind {
    Read(PictureFormat),
    /// Known by its name, and left alone.
    NotRead(OtherKind),
    NotAPicture,
}

/// A format that is read. TIFF also stands for camera raw files that only a look at the whole file tells from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PictureFormat {
    Jpeg,
    Png,
    WebP,
    Tiff,
    Bmp,
    Gif,
    /// With its name: HEIC or AVIF.
    Heif(&'static str),
    JpegXl,
    /// PBM, PGM, PPM and PAM.
    Pnm,
    /// With its name.
    Raw(&'static str),
}

/// A kind of file that is known and not read, with its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OtherKind {
    Video(&'static str),
    /// A picture, or a document that may hold some.
    Picture(&'static str),
}

impl PictureFormat {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::WebP => "WebP",
            Self::Tiff => "TIFF",
            Self::Bmp => "BMP",
            Self::Gif => "GIF",
            Self::JpegXl => "JPEG XL",
            Self::Pnm => "PNM",
            Self::Heif(name) | Self::Raw(name) => name,
        }
    }
}

/// Enough for the brands of a HEIC file, and for three packets of a video stream.
pub(super) const START_BYTES: u64 = 4096;

/// # Errors
/// A file that cannot be read. What is no file is no picture.
pub(crate) fn kind_of_file(path: &Path) -> io::Result<FileKind> {
    // Opening a pipe would wait for somebody to write into it.
    if !std::fs::metadata(path)?.is_file() {
        return Ok(FileKind::NotAPicture);
    }
    let mut start = Vec::new();
    File::open(path)?.take(START_BYTES).read_to_end(&mut start)?;
    Ok(kind_of(&start))
}

/// By the first bytes of a file, [`START_BYTES`] where it has so many.
pub(super) fn kind_of(start: &[u8]) -> FileKind {
    let start = &start[..start.len().min(START_BYTES as usize)];
    if let Some(format) = picture(start) {
        return FileKind::Read(format);
    }
    let video = || video(start).map(OtherKind::Video);
    let other = || other(start).map(OtherKind::Picture);
    video().or_else(other).map_or(FileKind::NotAPicture, FileKind::NotRead)
}

fn picture(start: &[u8]) -> Option<PictureFormat> {
    let own = heif::recognise(start).map(PictureFormat::Heif);
    let own = own.or_else(|| raw::recognise(start).map(PictureFormat::Raw));
    let own = own.or_else(|| jxl::recognise(start).then_some(PictureFormat::JpegXl));
    let own = own.or_else(|| pnm::recognise(start).then_some(PictureFormat::Pnm));
    let big_tiff = start.starts_with(b"II\x2b\0\x08\0\0\0") || start.starts_with(b"MM\0\x2b\0\x08\0\0");
    let own = own.or_else(|| big_tiff.then_some(PictureFormat::Tiff));
    let own = own.or_else(|| is_spoilt_jpeg(start).then_some(PictureFormat::Jpeg));
    own.or_else(|| match ::image::guess_format(start).ok()? {
        ImageFormat::Jpeg => Some(PictureFormat::Jpeg),
        ImageFormat::Png => Some(PictureFormat::Png),
        ImageFormat::WebP => Some(PictureFormat::WebP),
        ImageFormat::Tiff => Some(PictureFormat::Tiff),
        ImageFormat::Bmp => Some(PictureFormat::Bmp),
        ImageFormat::Gif => Some(PictureFormat::Gif),
        _ => None,
    })
}

/// Rubbish between the start marker and the first segment, which libjpeg skips as it does between others.
fn is_spoilt_jpeg(start: &[u8]) -> bool {
    const LONGEST_RUBBISH: usize = 256;
    let Some(rest) = start.strip_prefix(&[0xff, 0xd8]) else { return false };
    let begins_segment = |four: &[u8]| matches!(four, [0xff, 0xdb | 0xc0..=0xc4 | 0xe0..=0xef | 0xfe, 0..=0x7f, _]);
    rest.windows(4).take(LONGEST_RUBBISH).any(begins_segment)
}

fn video(start: &[u8]) -> Option<&'static str> {
    const STARTS: [(&[u8], &str); 9] = [
        (b"\x1a\x45\xdf\xa3", "Matroska or WebM"),
        (b"FLV\x01", "FLV"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMV"),
        (b"\0\0\x01\xba", "MPEG"),
        (b"\0\0\x01\xb3", "MPEG"),
        (b"OggS", "Ogg"),
        (b"\x06\x0e\x2b\x34\x02\x05\x01\x01", "MXF"),
        (b".RMF", "RealMedia"),
        (b"\x8aMNG\r\n\x1a\n", "MNG"),
    ];
    let by_start = STARTS.iter().find(|(mark, _)| start.starts_with(mark)).map(|(_, name)| *name);
    by_start.or_else(|| riff(start, b"AVI ").then_some("AVI")).or_else(|| boxes(start)).or_else(|| packets(start))
}

fn riff(start: &[u8], kind: &[u8; 4]) -> bool {
    start.starts_with(b"RIFF") && start.get(8..12).is_some_and(|found| found == kind)
}

/// ISO/IEC 14496-12 and QuickTime: a file type box, or one of those that old cameras begin with.
fn boxes(start: &[u8]) -> Option<&'static str> {
    match (start.get(4..8)?, start.get(8..12)?) {
        (b"ftyp", b"qt  ") => Some("MOV"),
        (b"ftyp", b"jp2 " | b"jpx " | b"jpm " | b"mif1" | b"msf1" | b"miaf" | b"crx ") => None,
        (b"ftyp", _) => Some("MP4"),
        (b"moov" | b"mdat" | b"wide" | b"skip" | b"free" | b"pnot", _) => Some("MOV"),
        _ => None,
    }
}

/// A transport stream: packets of 188 bytes that begin with 0x47; with a time before each on cameras' cards (M2TS).
fn packets(start: &[u8]) -> Option<&'static str> {
    const SYNC: u8 = 0x47;
    let all = |first: usize, length: usize| (0..3).all(|at| start.get(first + at * length) == Some(&SYNC));
    (all(0, 188) || all(4, 192)).then_some("MTS")
}

fn other(start: &[u8]) -> Option<&'static str> {
    const STARTS: [(&[u8], &str); 33] = [
        (b"8BPS\0\x01", "PSD"),
        (b"8BPS\0\x02", "PSB"),
        (b"%PDF-", "PDF"),
        (b"%!PS-Adobe", "PostScript"),
        (b"\xc5\xd0\xd3\xc6", "EPS"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51", "JPEG 2000"),
        (b"II\xbc\x01", "JPEG XR"),
        (b"\x76\x2f\x31\x01", "OpenEXR"),
        (b"#?RADIANCE", "Radiance HDR"),
        (b"#?RGBE", "Radiance HDR"),
        (b"DDS ", "DDS"),
        (b"gimp xcf ", "XCF"),
        (b"qoif", "QOI"),
        (b"farbfeld", "farbfeld"),
        (b"BPG\xfb", "BPG"),
        (b"AT&TFORM", "DjVu"),
        (b"FOVb", "Sigma raw (X3F)"),
        (b"\0MRM", "Minolta raw (MRW)"),
        (b"II\x1a\0\0\0HEAPCCDR", "Canon raw (CRW)"),
        (b"\xd7\xcd\xc6\x9a", "WMF"),
        (b"\x59\xa6\x6a\x95", "Sun raster"),
        (b"\x01\xda\0\x01", "SGI"),
        (b"\x01\xda\x01\x01", "SGI"),
        (b"SIMPLE  =", "FITS"),
        (b"/* XPM */", "XPM"),
        (b"\x8bJNG\r\n\x1a\n", "JNG"),
        (b"PF\n", "PFM"),
        (b"Pf\n", "PFM"),
        (b"\x0a\x05\x01\x08", "PCX"),
        (b"KCMS", "colour profile"),
        (b"icns", "Apple icon"),
        (b"\x97JB2\r\n\x1a\n", "JBIG2"),
    ];
    let by_start = STARTS.iter().find(|(mark, _)| start.starts_with(mark)).map(|(_, name)| *name);
    let form = |kind: &[u8]| start.starts_with(b"FORM") && start.get(8..12) == Some(kind);
    by_start
        .or_else(|| icon(start))
        .or_else(|| form(b"ILBM").then_some("ILBM"))
        .or_else(|| (start.get(128..132) == Some(&b"DICM"[..])).then_some("DICOM"))
        .or_else(|| is_svg(start).then_some("SVG"))
        .or_else(|| is_other_heif(start).then_some("HEIF of another coding"))
        .or_else(|| is_targa(start).then_some("TGA"))
}

/// The count of its pictures tells it from a TGA, which has zeros there.
fn icon(start: &[u8]) -> Option<&'static str> {
    match start {
        [0, 0, 1, 0, 1..=255, ..] => Some("ICO"),
        [0, 0, 2, 0, 1..=255, ..] => Some("CUR"),
        _ => None,
    }
}

/// Brands of ISO/IEC 23008-12 without one of the codings that are read.
fn is_other_heif(start: &[u8]) -> bool {
    start.get(4..8) == Some(&b"ftyp"[..]) && matches!(start.get(8..12), Some(b"mif1" | b"msf1" | b"miaf"))
}

/// The element may stand behind a declaration, comments and a document type.
fn is_svg(start: &[u8]) -> bool {
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let named = |mark: &[u8]| text.windows(mark.len()).any(|window| window == mark);
    text.starts_with(b"<") && (text.starts_with(b"<svg") || named(b"<svg ") || named(b"<svg\n") || named(b"<svg:svg"))
}

/// Truevision's specification 2.0: the header has no mark, but few values that it may hold.
fn is_targa(start: &[u8]) -> bool {
    let Some(&[_, palette, kind, m0, m1, n0, n1, entry, _, _, _, _, w0, w1, h0, h1, depth, flags]) =
        start.first_chunk()
    else {
        return false;
    };
    let palette_fits = match palette {
        0 => [m0, m1, n0, n1, entry] == [0; 5] && matches!(kind, 2 | 3 | 10 | 11),
        1 => matches!(kind, 1 | 9) && matches!(entry, 15 | 16 | 24 | 32) && depth == 8 && (n0, n1) != (0, 0),
        _ => false,
    };
    let depth_fits = match kind {
        2 | 10 => matches!((depth, flags & 15), (15 | 16, 0 | 1) | (24, 0) | (32, 0 | 8)),
        _ => depth == 8 && flags & 15 == 0,
    };
    palette_fits && depth_fits && flags >> 6 == 0 && (w0, w1) != (0, 0) && (h0, h1) != (0, 0)
}

#[cfg(test)]
mod tests;
