//! The markers of a JPEG (ITU-T T.81, annex B), up to the frame header: how large the picture is and how it is coded.
//!
//! What stands between segments is skipped, as libjpeg does it.

use super::super::DecodeError;
use super::damaged;

pub(crate) const MARKER_BYTES: usize = 2;

/// The frame header, as far as it is needed before decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub width: u16,
    pub height: u16,
    pub components: u8,
    pub progressive: bool,
}

/// Finds the frame header.
///
/// # Errors
/// No frame header, or one of a sound picture that no decoder here reads.
pub(crate) fn survey(bytes: &[u8]) -> Result<FrameHeader, DecodeError> {
    let mut at = MARKER_BYTES;
    loop {
        let (marker, after) = next_marker(bytes, at).ok_or(DecodeError::Truncated)?;
        match marker {
            0xd9 | 0xda => return Err(damaged("no picture before the end marker")),
            // TEM, RST and a repeated SOI stand alone.
            0x01 | 0xd0..=0xd8 => at = after,
            _ => {
                let segment = segment(bytes, after).ok_or(DecodeError::Truncated)?;
                if is_frame_header(marker) {
                    return frame_of(marker, segment);
                }
                at = after + 2 + segment.len();
            }
        }
    }
}

/// The next marker code at or after `at`, and where its segment begins. Entropy-coded data is jumped over: there 0xff
/// is followed by 0 (a stuffed byte) or by a restart marker.
pub(crate) fn next_marker(bytes: &[u8], mut at: usize) -> Option<(u8, usize)> {
    loop {
        at += bytes.get(at..)?.iter().position(|&byte| byte == 0xff)?;
        match *bytes.get(at + 1)? {
            0xff => at += 1,
            0x00 => at += 2,
            marker => return Some((marker, at + MARKER_BYTES)),
        }
    }
}

/// The content of the segment whose length stands at `at`.
pub(crate) fn segment(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
    bytes.get(at + 2..at + length.max(2))
}

/// SOF0…SOF15 without DHT, JPG and DAC; and that of JPEG-LS.
fn is_frame_header(marker: u8) -> bool {
    matches!(marker, 0xc0..=0xcf | JPEG_LS) && !matches!(marker, 0xc4 | 0xc8 | 0xcc)
}

const JPEG_LS: u8 = 0xf7;

fn frame_of(marker: u8, segment: &[u8]) -> Result<FrameHeader, DecodeError> {
    let &[precision, h1, h0, w1, w0, components, ..] = segment else {
        return Err(damaged("the frame header is too short"));
    };
    let unread = match (marker, precision) {
        (JPEG_LS, _) => Some("it is a JPEG-LS"),
        (0xc3 | 0xcb, _) => Some("it is coded without loss"),
        (0xc5..=0xc7 | 0xcd..=0xcf, _) => Some("it has a hierarchy of frames"),
        (0xc9..=0xca, _) => Some("it is coded arithmetically"),
        (_, 12) => Some("its samples have 12 bits"),
        _ => None,
    };
    if let Some(reason) = unread {
        return Err(DecodeError::Unsupported { format: "JPEG", reason: reason.to_owned() });
    }
    let (width, height) = (u16::from_be_bytes([w1, w0]), u16::from_be_bytes([h1, h0]));
    if width == 0 || precision != 8 {
        return Err(damaged("the frame header is none"));
    }
    if height == 0 {
        let reason = "its height stands behind the picture".to_owned();
        return Err(DecodeError::Unsupported { format: "JPEG", reason });
    }
    Ok(FrameHeader { width, height, components, progressive: marker == 0xc2 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Start, rubbish between segments, frame of 3 × 2 pixels.
    const START: &[u8] =
        &[0xff, 0xd8, 9, 8, 0xff, 0, 7, 0xff, 0xff, 0xc0, 0, 17, 8, 0, 2, 0, 3, 3, 1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1];

    #[test]
    fn finds_the_frame() {
        let frame = FrameHeader { width: 3, height: 2, components: 3, progressive: false };
        assert_eq!(survey(START).unwrap(), frame);
        for length in 2..START.len() {
            assert!(matches!(survey(&START[..length]), Err(DecodeError::Truncated)), "cut after {length}");
        }
        assert!(matches!(survey(&[0xff, 0xd8, 0xff, 0xd9]), Err(DecodeError::Damaged { .. })));
    }

    #[test]
    fn sound_kinds_that_are_not_read_are_named() {
        let with = |at: usize, value: u8| {
            let mut bytes = START.to_vec();
            bytes[at] = value;
            survey(&bytes)
        };
        for (marker, reason) in [
            (0xc3, "it is coded without loss"),
            (0xc6, "it has a hierarchy of frames"),
            (0xc9, "it is coded arithmetically"),
            (0xca, "it is coded arithmetically"),
            (0xf7, "it is a JPEG-LS"),
        ] {
            assert_eq!(
                with(9, marker).unwrap_err().to_string(),
                format!("this kind of JPEG is not supported: {reason}")
            );
        }
        assert!(with(12, 12).unwrap_err().to_string().ends_with("12 bits"));
        assert!(matches!(with(12, 7), Err(DecodeError::Damaged { .. })));
    }
}
