//! Worse pictures, for sensitivity studies: each level applied to the crop that the network would see, so that the
//! detector and the alignment stay as they were.

use std::io::Cursor;

use anyhow::{Context, Result};
use image::codecs::jpeg::JpegEncoder;
use image::{ImageFormat, Rgb, RgbImage};

use crate::eval::sensitivity::Study;
use crate::faces::image::resize;

/// The studies that worsen pictures; the others vary networks.
pub(crate) fn worsens_pictures(study: Study) -> bool {
    matches!(
        study,
        Study::JpegQuality | Study::ImagePixels | Study::BlurSigma | Study::OccludedShare | Study::RotationDegrees
    )
}

/// `crop` at `level` of `study`; unchanged for studies that do not touch pictures.
pub(crate) fn degrade(crop: &RgbImage, study: Study, level: f64) -> Result<RgbImage> {
    Ok(match study {
        Study::JpegQuality => jpeg(crop, level.clamp(1.0, 100.0) as u8)?,
        Study::ImagePixels => fewer_pixels(crop, level),
        Study::BlurSigma if level > 0.0 => image::imageops::blur(crop, level as f32),
        Study::OccludedShare => occluded(crop, level),
        Study::RotationDegrees => rotated(crop, level),
        _ => crop.clone(),
    })
}

fn jpeg(crop: &RgbImage, quality: u8) -> Result<RgbImage> {
    let mut bytes = Vec::new();
    crop.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality)).context("a crop cannot be encoded")?;
    let reader = image::ImageReader::with_format(Cursor::new(bytes), ImageFormat::Jpeg);
    Ok(reader.decode().context("an encoded crop cannot be read back")?.to_rgb8())
}

/// Shrunk to `pixels` in all and enlarged again; a crop that has no more than that stays as it is.
fn fewer_pixels(crop: &RgbImage, pixels: f64) -> RgbImage {
    let (width, height) = crop.dimensions();
    let factor = (pixels / (f64::from(width) * f64::from(height))).sqrt();
    if factor >= 1.0 {
        return crop.clone();
    }
    let side = |side: u32| ((f64::from(side) * factor).round() as u32).max(1);
    resize(&resize(crop, side(width), side(height)), width, height)
}

/// A grey bar from the lower edge upwards, as a scarf or a mask would hide it.
fn occluded(crop: &RgbImage, share: f64) -> RgbImage {
    let mut crop = crop.clone();
    let first = (f64::from(crop.height()) * (1.0 - share)).round() as u32;
    for y in first..crop.height() {
        for x in 0..crop.width() {
            crop.put_pixel(x, y, Rgb([128; 3]));
        }
    }
    crop
}

/// Turned about the centre, bilinear; what lies outside repeats the edge.
fn rotated(crop: &RgbImage, degrees: f64) -> RgbImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = crop.dimensions();
    let (cx, cy) = (f64::from(width) / 2.0, f64::from(height) / 2.0);
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (f64::from(x) + 0.5 - cx, f64::from(y) + 0.5 - cy);
        sample(crop, cx + cos * dx + sin * dy - 0.5, cy - sin * dx + cos * dy - 0.5)
    })
}

fn sample(picture: &RgbImage, x: f64, y: f64) -> Rgb<u8> {
    let at = |x: f64, y: f64| {
        let clamp = |v: f64, side: u32| v.clamp(0.0, f64::from(side - 1)) as u32;
        picture.get_pixel(clamp(x, picture.width()), clamp(y, picture.height())).0
    };
    let (left, top) = (x.floor(), y.floor());
    let (right_part, lower_part) = (x - left, y - top);
    let corners = [at(left, top), at(left + 1.0, top), at(left, top + 1.0), at(left + 1.0, top + 1.0)];
    Rgb(std::array::from_fn(|c| {
        let [a, b, c, d] = corners.map(|corner| f64::from(corner[c]));
        let (upper, lower) = (a + (b - a) * right_part, c + (d - c) * right_part);
        (upper + (lower - upper) * lower_part).round() as u8
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crop() -> RgbImage {
        RgbImage::from_fn(32, 32, |x, y| Rgb([(x * 8) as u8, (y * 8) as u8, ((x ^ y) * 8) as u8]))
    }

    fn difference(a: &RgbImage, b: &RgbImage) -> f64 {
        let sum: u64 = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        sum as f64 / a.as_raw().len() as f64
    }

    #[test]
    fn worse_levels_change_more() {
        let check = |study, mild: f64, strong: f64| {
            let [mild, strong] =
                [mild, strong].map(|level| difference(&crop(), &degrade(&crop(), study, level).unwrap()));
            assert!(strong > mild && worsens_pictures(study), "{study:?}: {mild} then {strong}");
        };
        check(Study::JpegQuality, 90.0, 10.0);
        check(Study::ImagePixels, 600.0, 16.0);
        check(Study::BlurSigma, 0.5, 4.0);
        check(Study::OccludedShare, 0.1, 0.5);
        check(Study::RotationDegrees, 5.0, 45.0);
    }

    #[test]
    fn levels_of_no_effect_have_none() {
        for (study, level) in [
            (Study::ImagePixels, 65_536.0),
            (Study::BlurSigma, 0.0),
            (Study::OccludedShare, 0.0),
            (Study::RotationDegrees, 0.0),
        ] {
            assert_eq!(degrade(&crop(), study, level).unwrap(), crop(), "{study:?}");
        }
    }

    #[test]
    fn a_quarter_turn_moves_the_right_edge_to_the_bottom() {
        let mut picture = RgbImage::new(9, 9);
        picture.put_pixel(8, 4, Rgb([200; 3]));
        assert_eq!(rotated(&picture, 90.0).get_pixel(4, 8).0, [200; 3]);
    }
}
