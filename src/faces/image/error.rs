//! Why a file is not a photo, in words for its owner. The caller adds the path.

use crate::types::plain;

/// The reason a photo was skipped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DecodeError {
    #[error("the file cannot be read: {}", plain(.0))]
    Unreadable(#[from] std::io::Error),
    #[error("this is not a file")]
    NotAFile,
    #[error("the file is empty")]
    Empty,
    #[error("the content is not a picture of a known format")]
    NotAPicture,
    #[error("this is a video ({kind}), which is not looked at")]
    Video { kind: &'static str },
    #[error("{kind} is known, but not read; save the picture as JPEG or PNG to have it read")]
    NotRead { kind: &'static str },
    #[error("the {format} holds no preview large enough to look at; develop it to JPEG to have it read")]
    NoPreview { format: &'static str },
    #[error("{width} × {height} pixels are more than the limit of {} megapixels", max_pixels / 1_000_000)]
    TooManyPixels { width: u32, height: u32, max_pixels: u64 },
    #[error("the file is longer than {max_bytes} bytes, too long for a picture of this format")]
    TooLong { max_bytes: u64 },
    #[error("the {format} needs too much memory: {reason}")]
    TooMuchMemory { format: &'static str, reason: String },
    #[error("the file ends in the middle of the picture")]
    Truncated,
    #[error("the {format} data is damaged: {reason}")]
    Damaged { format: &'static str, reason: String },
    #[error("this kind of {format} is not supported: {reason}")]
    Unsupported { format: &'static str, reason: String },
}

impl DecodeError {
    /// Sorts an error of the `image` crate into the reasons above.
    pub(super) fn from_image(error: ::image::ImageError, format: &'static str) -> Self {
        use ::image::ImageError;
        match error {
            ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Self::Truncated,
            ImageError::IoError(error) => Self::Unreadable(error),
            ImageError::Limits(error) => Self::TooMuchMemory { format, reason: one_line(&error) },
            ImageError::Unsupported(error) => Self::Unsupported { format, reason: one_line(&error) },
            error if ends_early(&error) => Self::Truncated,
            error => Self::Damaged { format, reason: one_line(&error) },
        }
    }
}

/// Whether the root of the error is a reader that met the end of the file.
fn ends_early(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::UnexpectedEof) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Decoders may quote whole structures, and say again that they are decoding; a list of skipped files needs one short line.
fn one_line(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let line = text.split(['\n', '\r', '{']).next().unwrap_or_default();
    let line = line
        .split_once("Format error decoding ")
        .and_then(|(_, rest)| rest.split_once(": "))
        .map_or(line, |(_, rest)| rest);
    let line = line.split(" while decoding ").next().unwrap_or_default();
    line.trim_matches(['"', ' ']).chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_decoder_says_becomes_a_short_line() {
        let check = |said: &str, expect: &str| assert_eq!(one_line(&said), expect);
        check(
            "Format error decoding Png: CRC error: expected 1 have 2 while decoding ChunkType { type: IDAT",
            "CRC error: expected 1 have 2",
        );
        check("Format error decoding Jpeg: \"no such table\"", "no such table");
        check("two\nlines", "two");
    }
}
