//! JPEGs in printing inks that say by their profile how the paper looks.

use ::image::RgbImage;

use super::super::colour;

/// None where the profile is none for four inks. Without a profile the `image` crate guesses.
pub(crate) fn decode(bytes: &[u8], profile: &[u8]) -> Option<RgbImage> {
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    let mut inks = decoder.decode().ok()?;
    let info = decoder.info()?;
    if info.pixel_format != jpeg_decoder::PixelFormat::CMYK32 {
        return None;
    }
    // The decoder takes Adobe's marker for granted: with it, the file's numbers say how much paper is left.
    if !super::application_segments(bytes, 14).any(|segment| segment.starts_with(b"Adobe")) {
        inks.iter_mut().for_each(|ink| *ink = 255 - *ink);
    }
    colour::inks_to_srgb(&inks, info.width.into(), info.height.into(), profile)
}
