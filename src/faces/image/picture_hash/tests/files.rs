//! Files taken apart and put together by hand.

/// An EXIF block with an orientation and the camera's name.
pub(crate) fn exif_block(orientation: u16, camera: &str) -> Vec<u8> {
    let mut block = b"II*\0\x08\0\0\0\x02\0".to_vec();
    block.extend(b"\x0f\x01\x02\0");
    block.extend((camera.len() as u32 + 9).to_le_bytes());
    block.extend(38_u32.to_le_bytes());
    block.extend(b"\x12\x01\x03\0\x01\0\0\0");
    block.extend(u32::from(orientation).to_le_bytes());
    block.extend([0; 4]);
    block.extend(camera.bytes());
    block.extend(b" camera \0");
    block
}

pub(crate) fn exif_segment(orientation: u16, camera: &str) -> Vec<u8> {
    [&b"Exif\0\0"[..], &exif_block(orientation, camera)].concat()
}

/// Behind a JPEG's start marker.
pub(crate) fn with_segment(jpeg: &[u8], marker: u8, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, marker], &length, content, &jpeg[2..]].concat()
}

pub(crate) fn without_segment(jpeg: &[u8], marker: u8) -> Vec<u8> {
    let at = find(jpeg, &[0xff, marker]);
    let length = usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
    [&jpeg[..at], &jpeg[at + 2 + length..]].concat()
}

/// Behind a PNG's header. Nobody looks at the checksum.
pub(crate) fn with_chunk(png: &[u8], kind: &[u8], content: &[u8]) -> Vec<u8> {
    const HEADER_END: usize = 33;
    [&png[..HEADER_END], &png_chunk(kind, content), &png[HEADER_END..]].concat()
}

/// A PNG with its data in chunks of `length` bytes.
pub(crate) fn rechunked(png: &[u8], length: usize) -> Vec<u8> {
    let at = find(png, b"IDAT") - 4;
    let old = u32::from_be_bytes(png[at..at + 4].try_into().unwrap()) as usize;
    let data = &png[at + 8..at + 8 + old];
    let chunks: Vec<u8> = data.chunks(length).flat_map(|part| png_chunk(b"IDAT", part)).collect();
    [&png[..at], &chunks, &png[at + 12 + old..]].concat()
}

fn png_chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32).to_be_bytes(), kind, content, &[0; 4]].concat()
}

/// A WebP file of these chunks.
pub(crate) fn riff(chunks: &[(&[u8], &[u8])]) -> Vec<u8> {
    let body: Vec<u8> = chunks.iter().flat_map(|(kind, content)| chunk(kind, content)).collect();
    [b"RIFF", &(body.len() as u32 + 4).to_le_bytes()[..], b"WEBP", &body].concat()
}

pub(crate) fn chunk(kind: &[u8], content: &[u8]) -> Vec<u8> {
    let fill = &[0][..content.len() % 2];
    [kind, &(content.len() as u32).to_le_bytes(), content, fill].concat()
}

pub(crate) fn little(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |value, byte| value << 8 | u32::from(*byte))
}

pub fn find(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).position(|window| window == wanted).unwrap()
}

pub(crate) fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}
