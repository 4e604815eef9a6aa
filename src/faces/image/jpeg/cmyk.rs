//! JPEGs in printing inks that say by their profile how the paper looks.
//!
//! Their numbers say how much paper is left, as Adobe's programs write them; so other viewers take them also where
//! Adobe's marker is missing.

use ::image::RgbImage;

use super::super::colour;

/// None where the profile is none for four inks. Without a profile the `image` crate guesses.
pub(crate) fn decode(bytes: &[u8], profile: &[u8]) -> Option<RgbImage> {
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    let inks = decoder.decode().ok()?;
    let info = decoder.info()?;
    if info.pixel_format != jpeg_decoder::PixelFormat::CMYK32 {
        return None;
    }
    colour::inks_to_srgb(&inks, info.width.into(), info.height.into(), profile)
}
