//! Smaller pictures straight from the DCT: made while the coded data are read, or, of rarer kinds and of enormous ones,
//! through `jpeg-decoder`.

use ::image::RgbImage;

use super::super::resize::resize_region;
use super::coefficients::Coefficients;
use super::samples::to_rgb;
use super::survey::FrameHeader;
use super::whole::is_ycbcr;

/// The largest of 2, 4 and 8 that keeps the longer side at `side` or above.
pub(crate) fn divisor(frame: FrameHeader, side: u32) -> Option<usize> {
    let long_side = u32::from(frame.width.max(frame.height));
    [8_u16, 4, 2].into_iter().find(|&divisor| long_side.div_ceil(divisor.into()) >= side.max(1)).map(usize::from)
}

/// From what was read with this divisor; None of a kind that has to be made otherwise.
pub(crate) fn picture(from: &Coefficients, frame: FrameHeader, divisor: usize) -> Option<RgbImage> {
    let planes = from.components.iter().map(|component| component.small.as_ref()).collect::<Option<Vec<_>>>()?;
    let (width, height) = (from.width.div_ceil(divisor), from.height.div_ceil(divisor));
    let mut pixels = RgbImage::new(width as u32, height as u32);
    for (y, out) in pixels.chunks_exact_mut(3 * width).enumerate() {
        match &planes[..] {
            [grey] => {
                let row = grey.row(y, width)?;
                out.as_chunks_mut::<3>().0.iter_mut().zip(row).for_each(|(pixel, &value)| *pixel = [value; 3]);
            }
            [luma, blue, red] if is_ycbcr(from) => {
                to_rgb(luma.row(y, width)?, blue.row(y, width)?, red.row(y, width)?, out);
            }
            _ => return None,
        }
    }
    Some(exact_cover(pixels, frame, divisor as u16))
}

/// Through `jpeg-decoder`: the smallest of full size, half, quarter and eighth that keeps the longer side at `side` or above.
///
/// None where the DCT cannot be scaled: the decoder for whole pictures then has the last word, also about damage.
pub(crate) fn decode(bytes: &[u8], frame: FrameHeader, side: u32) -> Option<RgbImage> {
    if frame.components == 4 {
        return None;
    }
    let side = u16::try_from(side.max(1)).ok()?;
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    let (width, height) = decoder.scale(side, side).ok()?;
    let pixels = decoder.decode().ok()?;
    let format = decoder.info()?.pixel_format;
    let (columns, rows) = (u32::from(width), u32::from(height));
    let picture = match format {
        jpeg_decoder::PixelFormat::RGB24 => RgbImage::from_raw(columns, rows, pixels)?,
        jpeg_decoder::PixelFormat::L8 => {
            RgbImage::from_raw(columns, rows, pixels.iter().flat_map(|&grey| [grey; 3]).collect())?
        }
        _ => return None,
    };
    let divisor = [8, 4, 2, 1].into_iter().find(|&divisor| frame.width.div_ceil(divisor) == width)?;
    Some(exact_cover(picture, frame, divisor))
}

/// A size that is no multiple of the divisor leaves a last column and row that lie partly outside the photo. They are
/// resampled away, so that `pixels` covers exactly the photo. Coordinates then scale by the ratio of the widths; on the
/// other axis that is off by less than half a pixel of the smaller picture.
fn exact_cover(picture: RgbImage, frame: FrameHeader, divisor: u16) -> RgbImage {
    if frame.width.is_multiple_of(divisor) && frame.height.is_multiple_of(divisor) {
        return picture;
    }
    let (full_width, full_height) = (f64::from(frame.width), f64::from(frame.height));
    let region = [0.0, 0.0, full_width / f64::from(divisor), full_height / f64::from(divisor)];
    // Upwards, so that the promise about the longer side holds.
    let long_side = full_width.max(full_height);
    let scale = (long_side / f64::from(divisor)).ceil() / long_side;
    let length = |full: f64| ((full * scale).round() as u32).max(1);
    resize_region(&picture, region, length(full_width), length(full_height))
}
