//! Resampling that averages what it shrinks, so that fine patterns do not turn into coarse ones: what detectors and
//! people look at. Crops for networks go through [`cut`](super::cut()).

use ::image::RgbImage;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer, pixels::U8x3};

/// Another size with a triangle filter as wide as the reduction: Pillow's `BILINEAR` to a grey level.
pub fn resize(pixels: &RgbImage, width: u32, height: u32) -> RgbImage {
    if pixels.dimensions() == (width, height) {
        return pixels.clone();
    }
    resample(pixels, None, width, height, FilterType::Bilinear)
}

/// Fits the picture into a square of `long_side`; a smaller one stays as it is. A sharper filter than [`resize`]'s,
/// because people look at it.
pub fn thumbnail(pixels: &RgbImage, long_side: u32) -> RgbImage {
    let longest = pixels.width().max(pixels.height());
    if longest <= long_side || long_side == 0 {
        return pixels.clone();
    }
    let shrunk = |side: u32| {
        let side = (f64::from(side) * f64::from(long_side) / f64::from(longest)).round() as u32;
        side.clamp(1, long_side)
    };
    let (width, height) = (shrunk(pixels.width()), shrunk(pixels.height()));
    resample(pixels, None, width, height, FilterType::CatmullRom)
}

/// [`resize`] of a part: left, top, width and height in pixels, fractions allowed, inside the picture.
pub(super) fn resize_region(pixels: &RgbImage, region: [f64; 4], width: u32, height: u32) -> RgbImage {
    resample(pixels, Some(region), width, height, FilterType::Bilinear)
}

/// # Panics
/// When the picture, the region or the wanted size is empty: callers decide what an empty picture means.
fn resample(pixels: &RgbImage, region: Option<[f64; 4]>, width: u32, height: u32, filter: FilterType) -> RgbImage {
    // The typed interface, because the other one builds the resizer for thirteen kinds of pixels.
    let source = TypedImageRef::<U8x3>::from_buffer(pixels.width(), pixels.height(), pixels.as_raw())
        .expect("an RGB buffer has three bytes a pixel");
    let mut resized = RgbImage::new(width, height);
    let mut target =
        TypedImage::<U8x3>::from_buffer(width, height, &mut resized).expect("an RGB buffer has three bytes a pixel");
    let mut options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    if let Some([left, top, region_width, region_height]) = region {
        options = options.crop(left, top, region_width, region_height);
    }
    Resizer::new().resize_typed(&source, &mut target, &options).expect("the region lies inside the picture");
    resized
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::image::Rgb;

    #[test]
    fn halving_averages() {
        let board = RgbImage::from_fn(8, 8, |x, y| if (x + y) % 2 == 0 { Rgb([255; 3]) } else { Rgb([0; 3]) });
        for pixel in resize(&board, 4, 4).pixels() {
            assert!((120..=135).contains(&pixel[0]), "a chessboard of single pixels is grey from afar: {pixel:?}");
        }
    }

    #[test]
    fn a_ramp_keeps_its_place() {
        // Pixel x of the ramp covers [x, x + 1) with the value 10 x, so its centre x + 0.5 has 10 x.
        let ramp = RgbImage::from_fn(16, 4, |x, _| Rgb([(10 * x) as u8; 3]));
        let half = resize(&ramp, 8, 2);
        for x in 2..6 {
            // Centre of the new pixel: 2 x + 1, that is 10 (2 x + 0.5).
            assert!((i32::from(half.get_pixel(x, 0)[0]) - (20 * x as i32 + 5)).abs() <= 1);
        }
    }

    #[test]
    fn thumbnails_fit_and_never_grow() {
        assert_eq!(thumbnail(&RgbImage::new(400, 100), 200).dimensions(), (200, 50));
        assert_eq!(thumbnail(&RgbImage::new(100, 4000), 200).dimensions(), (5, 200));
        assert_eq!(thumbnail(&RgbImage::new(4000, 1), 200).dimensions(), (200, 1));
        assert_eq!(thumbnail(&RgbImage::new(40, 30), 200).dimensions(), (40, 30));
    }
}
