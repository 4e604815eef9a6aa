//! Changes to training pictures that leave the person the same. Each is switched on by its own setting; each picture
//! draws from its own stream, so a batch is the same whoever makes it and in whatever order.
//!
//! The order is that of davidsandberg/facenet (rotate, crop, flip), then light, blur, occlusion, and JPEG last, as a
//! camera would.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops;
use image::{ImageFormat, Rgb, RgbImage};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct AugmentConfig {
    /// Turns by up to so many degrees either way; davidsandberg uses 10.
    pub rotation_deg: Option<f32>,
    /// Cuts out a window whose sides are at least this share of the picture's, and enlarges it again.
    pub crop_share: Option<f32>,
    /// Mirrors every second picture.
    pub flip: bool,
    /// Adds up to so many grey levels either way.
    pub brightness: Option<f32>,
    /// Multiplies the distance from the mean by 1 ± up to this.
    pub contrast: Option<f32>,
    /// Gaussian blur of up to so many pixels, of every fourth picture.
    pub blur_sigma_px: Option<f32>,
    /// Covers up to this share of each side with a flat patch, in every fourth picture.
    pub occlusion_share: Option<f32>,
    /// Compresses every second picture with a quality between this and 95.
    pub jpeg_quality: Option<u8>,
}

impl AugmentConfig {
    pub const NONE: Self = Self {
        rotation_deg: None,
        crop_share: None,
        flip: false,
        brightness: None,
        contrast: None,
        blur_sigma_px: None,
        occlusion_share: None,
        jpeg_quality: None,
    };
    /// What suits aligned faces: small turns and windows, mirrored, under other light.
    pub const GENTLE: Self = Self {
        rotation_deg: Some(5.0),
        crop_share: Some(0.9),
        flip: true,
        brightness: Some(20.0),
        contrast: Some(0.2),
        ..Self::NONE
    };
    pub const STRONG: Self = Self {
        rotation_deg: Some(10.0),
        crop_share: Some(0.8),
        flip: true,
        brightness: Some(30.0),
        contrast: Some(0.3),
        blur_sigma_px: Some(1.5),
        occlusion_share: Some(0.4),
        jpeg_quality: Some(30),
    };
    /// As the command line calls them.
    pub(crate) const NAMED: [(&str, Self); 3] =
        [("none", Self::NONE), ("gentle", Self::GENTLE), ("strong", Self::STRONG)];
}

impl AugmentConfig {
    /// Whether a picture can become nothing but itself and its mirror image.
    pub fn mirrors_at_most(&self) -> bool {
        Self { flip: false, ..*self } == Self::NONE
    }

    /// Nothing but what makes mirror images.
    pub fn mirrors_alone(&self) -> Self {
        Self { flip: self.flip, ..Self::NONE }
    }

    /// Whether [`augment`], about to draw from `rng`, will mirror the picture and do nothing else; None where it may do
    /// more.
    pub fn will_mirror(&self, rng: &ChaCha8Rng) -> Option<bool> {
        self.mirrors_at_most().then(|| self.draws_mirror(&mut rng.clone()))
    }

    fn draws_mirror(&self, rng: &mut ChaCha8Rng) -> bool {
        self.flip && rng.random_bool(0.5)
    }
}

/// A changed copy of the same size.
pub(crate) fn augment(picture: RgbImage, config: &AugmentConfig, rng: &mut ChaCha8Rng) -> RgbImage {
    let mut picture = picture;
    if let Some(limit) = config.rotation_deg {
        picture = rotated(&picture, rng.random_range(-limit..=limit));
    }
    if let Some(share) = config.crop_share {
        picture = window(&picture, share.clamp(0.1, 1.0), rng);
    }
    if config.draws_mirror(rng) {
        imageops::flip_horizontal_in_place(&mut picture);
    }
    let shift = config.brightness.map_or(0.0, |limit| rng.random_range(-limit..=limit));
    let stretch = config.contrast.map_or(1.0, |limit| 1.0 + rng.random_range(-limit..=limit));
    if shift != 0.0 || stretch != 1.0 {
        relight(&mut picture, shift, stretch);
    }
    if let Some(sigma) = config.blur_sigma_px
        && rng.random_bool(0.25)
    {
        picture = imageops::blur(&picture, rng.random_range(0.1..=sigma.max(0.2)));
    }
    if let Some(share) = config.occlusion_share
        && rng.random_bool(0.25)
    {
        cover(&mut picture, share.clamp(0.05, 1.0), rng);
    }
    if let Some(quality) = config.jpeg_quality
        && rng.random_bool(0.5)
    {
        picture = recompressed(picture, rng.random_range(quality.clamp(1, 95)..=95));
    }
    picture
}

/// Turned about its centre; what comes in from outside repeats the edge.
fn rotated(picture: &RgbImage, degrees: f32) -> RgbImage {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = picture.dimensions();
    let (middle_x, middle_y) = (width as f32 / 2.0, height as f32 / 2.0);
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (x as f32 + 0.5 - middle_x, y as f32 + 0.5 - middle_y);
        bilinear(picture, middle_x + cos * dx + sin * dy - 0.5, middle_y - sin * dx + cos * dy - 0.5)
    })
}

/// The value between pixel centres; `x` = 0 is the centre of the leftmost pixel.
fn bilinear(picture: &RgbImage, x: f32, y: f32) -> Rgb<u8> {
    let (right, bottom) = (picture.width() - 1, picture.height() - 1);
    let (x, y) = (x.clamp(0.0, right as f32), y.clamp(0.0, bottom as f32));
    let (left, top) = (x as u32, y as u32);
    let (fx, fy) = (x - left as f32, y - top as f32);
    let at = |x: u32, y: u32, channel: usize| f32::from(picture.get_pixel(x.min(right), y.min(bottom))[channel]);
    Rgb(std::array::from_fn(|channel| {
        let above = at(left, top, channel) * (1.0 - fx) + at(left + 1, top, channel) * fx;
        let below = at(left, top + 1, channel) * (1.0 - fx) + at(left + 1, top + 1, channel) * fx;
        (above * (1.0 - fy) + below * fy).round() as u8
    }))
}

fn window(picture: &RgbImage, least_share: f32, rng: &mut ChaCha8Rng) -> RgbImage {
    let (width, height) = picture.dimensions();
    let share = rng.random_range(least_share..=1.0);
    let side = |length: u32| ((length as f32 * share).round() as u32).clamp(1, length);
    let (inner_width, inner_height) = (side(width), side(height));
    let left = rng.random_range(0..=width - inner_width);
    let top = rng.random_range(0..=height - inner_height);
    let cut = imageops::crop_imm(picture, left, top, inner_width, inner_height).to_image();
    crate::faces::image::resize(&cut, width, height)
}

fn relight(picture: &mut RgbImage, shift: f32, stretch: f32) {
    let values = picture.as_raw().len().max(1) as f32;
    let mean = picture.as_raw().iter().map(|&value| f32::from(value)).sum::<f32>() / values;
    let table: [u8; 256] =
        std::array::from_fn(|value| ((value as f32 - mean) * stretch + mean + shift).round().clamp(0.0, 255.0) as u8);
    picture.iter_mut().for_each(|value| *value = table[usize::from(*value)]);
}

fn cover(picture: &mut RgbImage, share: f32, rng: &mut ChaCha8Rng) {
    let (width, height) = picture.dimensions();
    let mut side = |length: u32| ((length as f32 * rng.random_range(0.05..=share)) as u32).clamp(1, length);
    let (patch_width, patch_height) = (side(width), side(height));
    let left = rng.random_range(0..=width - patch_width);
    let top = rng.random_range(0..=height - patch_height);
    let colour = Rgb(rng.random::<[u8; 3]>());
    for y in top..top + patch_height {
        for x in left..left + patch_width {
            picture.put_pixel(x, y, colour);
        }
    }
}

/// The picture as it comes back from a JPEG file; unchanged in the one case that the codec refuses it.
fn recompressed(picture: RgbImage, quality: u8) -> RgbImage {
    let mut file = Vec::new();
    let written = JpegEncoder::new_with_quality(&mut file, quality).encode_image(&picture);
    let read = written.and_then(|()| image::ImageReader::with_format(Cursor::new(&file), ImageFormat::Jpeg).decode());
    read.map_or(picture, |read| read.into_rgb8())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::SeedableRng;

    fn gradient() -> RgbImage {
        RgbImage::from_fn(32, 24, |x, y| Rgb([(x * 8) as u8, (y * 10) as u8, 128]))
    }

    fn with(config: AugmentConfig, seed: u64) -> RgbImage {
        augment(gradient(), &config, &mut ChaCha8Rng::seed_from_u64(seed))
    }

    #[test]
    fn each_switch_changes_something_and_keeps_the_size() {
        let none = AugmentConfig::NONE;
        for config in [
            AugmentConfig { rotation_deg: Some(8.0), ..none },
            AugmentConfig { crop_share: Some(0.7), ..none },
            AugmentConfig { flip: true, ..none },
            AugmentConfig { brightness: Some(30.0), ..none },
            AugmentConfig { contrast: Some(0.4), ..none },
            AugmentConfig { blur_sigma_px: Some(2.0), ..none },
            AugmentConfig { occlusion_share: Some(0.5), ..none },
            AugmentConfig { jpeg_quality: Some(20), ..none },
        ] {
            assert!((0..12).any(|seed| with(config, seed) != gradient()), "{config:?}");
            assert!((0..12).all(|seed| with(config, seed).dimensions() == (32, 24)));
            assert_eq!(with(config, 3), with(config, 3));
        }
        assert_eq!(with(none, 1), gradient());
    }

    #[test]
    fn a_mirrored_picture_is_foretold() {
        let config = AugmentConfig { flip: true, ..AugmentConfig::NONE };
        let mirrored = imageops::flip_horizontal(&gradient());
        let foretold: Vec<bool> = (0..12)
            .map(|seed| {
                let mirrors = config.will_mirror(&ChaCha8Rng::seed_from_u64(seed)).unwrap();
                assert_eq!(with(config, seed), if mirrors { mirrored.clone() } else { gradient() });
                mirrors
            })
            .collect();
        assert!(foretold.contains(&true) && foretold.contains(&false));
        assert_eq!(AugmentConfig::NONE.will_mirror(&ChaCha8Rng::seed_from_u64(1)), Some(false));
        assert_eq!(AugmentConfig::GENTLE.will_mirror(&ChaCha8Rng::seed_from_u64(1)), None);
    }

    #[test]
    fn a_turn_by_nothing_changes_nothing_and_by_ninety_moves_the_sides() {
        let square = RgbImage::from_fn(9, 9, |x, _| Rgb([(x * 20) as u8; 3]));
        assert_eq!(rotated(&square, 0.0), square);
        let turned = rotated(&square, 90.0);
        assert_eq!(turned.get_pixel(4, 0)[0].abs_diff(turned.get_pixel(4, 8)[0]), 160);
        assert_eq!(turned.get_pixel(0, 4), turned.get_pixel(8, 4));
    }
}
