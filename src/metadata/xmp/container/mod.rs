//! Where files keep XMP: each container is walked by its own rules, from the disk, and only the packets are read.
//! Nothing is searched for in a file's bytes: what a film or a thumbnail inside of it carries is not the photo's.

mod bmff;
mod gif;
mod jpeg;
mod png;
mod tiff;
mod webp;
mod window;

use std::io;

use super::error::PacketError;

pub(crate) use jpeg::{JpegSegment, SEGMENT_NAME, segments};
pub(crate) use window::FileWindow;

/// A packet's bytes as they lie in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RawPacket {
    pub bytes: Vec<u8>,
    /// By which name a JPEG's first packet asks for this one, which continues it.
    pub extends: Option<String>,
}

impl RawPacket {
    fn whole(bytes: Vec<u8>) -> Self {
        Self { bytes, extends: None }
    }
}

/// Why a container gives no packets.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContainerError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Packet(#[from] PacketError),
}

/// All packets of XMP in a file; none in a file of a kind that keeps none here.
pub(crate) fn packets(file: &mut FileWindow) -> Result<Vec<RawPacket>, ContainerError> {
    let start = file.bytes(0, file.length().min(16))?;
    match start.as_slice() {
        [0xff, 0xd8, 0xff, ..] => jpeg::packets(file),
        [0x89, b'P', b'N', b'G', ..] => png::packets(file),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => webp::packets(file),
        [b'G', b'I', b'F', b'8', ..] => gif::packets(file),
        // Olympus and Panasonic have numbers of their own where TIFF has 42, and BigTIFF has 43.
        [b'I', b'I', 42 | 43 | b'U', 0, ..] | [b'M', b'M', 0, 42 | 43, ..] => tiff::packets(file),
        [b'I', b'I', b'R', b'O' | b'S', ..] | [b'M', b'M', b'O', b'R', ..] => tiff::packets(file),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => bmff::packets(file),
        _ => Ok(Vec::new()),
    }
}

fn damaged(format: &'static str, what: &'static str) -> ContainerError {
    PacketError::Container { format, what }.into()
}

fn too_long() -> ContainerError {
    PacketError::TooLong { limit: super::encoding::MAX_BYTES }.into()
}
