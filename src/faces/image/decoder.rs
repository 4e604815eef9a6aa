//! What a decoder of one format is given, and what it gives.

use ::image::{DynamicImage, RgbImage};

use super::DecodeError;
use super::colour::{self, FileColours, ProfileUse};

/// What a decoder may ask of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DecodeLimits {
    /// Width × height of the stored picture.
    pub max_pixels: u64,
}

impl Default for DecodeLimits {
    /// 200 megapixels: the largest phone sensors, 600 MB as RGB.
    fn default() -> Self {
        Self { max_pixels: 200_000_000 }
    }
}

impl DecodeLimits {
    pub(super) fn check(&self, width: u32, height: u32) -> Result<(), DecodeError> {
        if u64::from(width) * u64::from(height) > self.max_pixels {
            return Err(DecodeError::TooManyPixels { width, height, max_pixels: self.max_pixels });
        }
        Ok(())
    }

    /// A compressed picture is never much longer than its pixels; a longer file is something else.
    pub(crate) fn max_bytes(&self) -> u64 {
        self.max_pixels.saturating_mul(3).saturating_add(64 << 20)
    }
}

/// How large the pixels have to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DecodeScale {
    Full,
    /// A half, a quarter or an eighth where that is cheap (JPEG) and the longer side stays at least this long.
    /// Other formats come at full scale.
    LongSideAtLeast(u32),
}

/// Pixels as stored in the file, in sRGB.
pub(super) struct Stored {
    pub pixels: RgbImage,
    /// Width and height in the file's header.
    pub size: (u32, u32),
    pub profile: ProfileUse,
    /// Share of the picture that is missing, in strips that keep their place.
    pub lost: f32,
}

impl Stored {
    /// A whole picture at full scale.
    pub fn whole(pixels: RgbImage, profile: ProfileUse) -> Self {
        let size = pixels.dimensions();
        Self { pixels, size, profile, lost: 0.0 }
    }
}

/// 8-bit RGB in sRGB, over white, and what became of the profile.
pub(super) fn in_srgb(picture: DynamicImage, colours: Option<FileColours<'_>>) -> (RgbImage, ProfileUse) {
    let Some(colours) = colours else { return (over_white(picture), ProfileUse::None) };
    // Before it is laid over white, because transparent colours have the profile, too.
    if picture.color().has_alpha() {
        let mut picture = picture.into_rgba8();
        let used = colour::rgba_to_srgb(&mut picture, colours);
        return (over_white(picture.into()), used);
    }
    let mut picture = picture.into_rgb8();
    let used = colour::to_srgb(&mut picture, colours);
    (picture, used)
}

/// 8-bit RGB. What is transparent is shown on white paper.
pub(super) fn over_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    let mut rgb = RgbImage::new(picture.width(), picture.height());
    for (to, from) in rgb.pixels_mut().zip(picture.pixels()) {
        let alpha = u32::from(from[3]);
        for channel in 0..3 {
            to[channel] = ((u32::from(from[channel]) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
    }
    rgb
}
