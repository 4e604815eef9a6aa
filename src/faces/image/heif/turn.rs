//! What the container does to a decoded picture: cut, turn, mirror (ISO/IEC 23008-12, 6.5.10 and 6.5.12; the clean
//! aperture: ISO/IEC 14496-12, 12.1.4).

use ::image::{ImageBuffer, Pixel, imageops};

use crate::types::reader::Reader;

pub(super) type Raster<P> = ImageBuffer<P, Vec<u8>>;

/// Applies a property; those that do something else leave the pixels as they are.
///
/// # Errors
/// What is wrong with the property.
pub(super) fn apply<P>(pixels: Raster<P>, kind: &[u8], content: &[u8]) -> Result<Raster<P>, &'static str>
where
    P: Pixel<Subpixel = u8> + 'static,
{
    let first = || content.first().copied();
    match kind {
        b"irot" => Ok(turn(pixels, first().ok_or("a rotation without an angle")?)),
        b"imir" => Ok(mirror(pixels, first().ok_or("a mirror without an axis")?)),
        b"clap" => cut(pixels, content),
        _ => Ok(pixels),
    }
}

/// By quarters, against the clock.
fn turn<P: Pixel<Subpixel = u8> + 'static>(pixels: Raster<P>, quarters: u8) -> Raster<P> {
    match quarters & 3 {
        1 => imageops::rotate270(&pixels),
        2 => imageops::rotate180(&pixels),
        3 => imageops::rotate90(&pixels),
        _ => pixels,
    }
}

/// 0 exchanges top and bottom, 1 left and right.
fn mirror<P: Pixel<Subpixel = u8> + 'static>(mut pixels: Raster<P>, axis: u8) -> Raster<P> {
    match axis & 1 {
        0 => imageops::flip_vertical_in_place(&mut pixels),
        _ => imageops::flip_horizontal_in_place(&mut pixels),
    }
    pixels
}

/// The clean aperture: its size, and its centre counted from the picture's.
fn cut<P: Pixel<Subpixel = u8> + 'static>(pixels: Raster<P>, content: &[u8]) -> Result<Raster<P>, &'static str> {
    let mut reader = Reader(content);
    let mut fraction = || {
        let (above, below) = (reader.big(4)? as u32 as i32, reader.big(4)? as u32 as i32);
        (below > 0).then(|| f64::from(above) / f64::from(below))
    };
    let (Some(width), Some(height), Some(x), Some(y)) = (fraction(), fraction(), fraction(), fraction()) else {
        return Err("a clean aperture without a size");
    };
    let (left, width) = span(pixels.width(), width, x).ok_or("a clean aperture outside of the picture")?;
    let (top, height) = span(pixels.height(), height, y).ok_or("a clean aperture outside of the picture")?;
    if (width, height) == pixels.dimensions() {
        return Ok(pixels);
    }
    Ok(imageops::crop_imm(&pixels, left, top, width, height).to_image())
}

/// First pixel and number of pixels, within the picture.
fn span(whole: u32, length: f64, offset: f64) -> Option<(u32, u32)> {
    let first = offset + (f64::from(whole) - length) / 2.0;
    let (first, end) = (first.round().max(0.0), (first + length).round().min(f64::from(whole)));
    (first < end).then_some((first as u32, (end - first) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_aperture_is_counted_from_the_middle() {
        let check = |whole, length, offset, expect| assert_eq!(span(whole, length, offset), expect, "{whole} {length}");
        check(10, 10.0, 0.0, Some((0, 10)));
        check(10, 4.0, 0.0, Some((3, 4)));
        // What a coder does to odd sizes: the last column is cut off.
        check(162, 161.0, -0.5, Some((0, 161)));
        check(10, 4.0, 3.0, Some((6, 4)));
        check(10, 4.0, 5.0, Some((8, 2)));
        check(10, 4.0, 50.0, None);
        check(10, 0.0, 0.0, None);
        check(10, 1e9, 0.0, Some((0, 10)));
    }
}
