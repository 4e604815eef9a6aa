//! Light on heads, then the camera: white balance, contrast, blur, noise and JPEG.

use ::image::RgbImage;
use ::image::codecs::jpeg::JpegEncoder;
use resvg::tiny_skia::{Pixmap, PremultipliedColorU8};

use super::head::Head;
use super::variation::Shot;

/// Lights a head as if it were an egg.
pub(super) fn light(head_picture: &mut Pixmap, head: &Head, shot: &Shot) {
    let flat = head.flat_from_picture();
    let [a, b, u, v] = [flat.a, flat.b, flat.u, flat.v].map(|value| value as f32);
    let width = head_picture.width() as usize;
    for (row, pixels) in head_picture.pixels_mut().chunks_mut(width).enumerate() {
        let picture_y = row as f32 + 0.5;
        for (column, pixel) in pixels.iter_mut().enumerate().filter(|(_, pixel)| pixel.alpha() > 0) {
            let picture_x = column as f32 + 0.5;
            let (x, y) = (a * picture_x - b * picture_y + u, b * picture_x + a * picture_y + v);
            let normal = [(x / 1.15).clamp(-1.1, 1.1), ((y - 0.1) / 1.6).clamp(-1.1, 1.1)];
            let towards = normal[0] * shot.light[0] + normal[1] * shot.light[1];
            *pixel = scaled(*pixel, (1.0 + shot.light_strength * towards).clamp(0.3, 1.6));
        }
    }
}

fn scaled(pixel: PremultipliedColorU8, factor: f32) -> PremultipliedColorU8 {
    let alpha = pixel.alpha();
    // A premultiplied part is never above its alpha.
    let part = |value: u8| ((f32::from(value) * factor + 0.5) as u8).min(alpha);
    PremultipliedColorU8::from_rgba(part(pixel.red()), part(pixel.green()), part(pixel.blue()), alpha).unwrap_or(pixel)
}

/// What the camera makes of an opaque picture.
pub(super) fn expose(picture: &Pixmap, shot: &Shot) -> RgbImage {
    let curves = shot.gains.map(|gain| curve(gain, shot));
    let mut rgb = RgbImage::new(picture.width(), picture.height());
    for (to, from) in rgb.pixels_mut().zip(picture.pixels()) {
        let parts = [from.red(), from.green(), from.blue()];
        to.0 = std::array::from_fn(|channel| curves[channel][usize::from(parts[channel])]);
    }
    for _ in 0..shot.blur {
        blur(&mut rgb);
    }
    add_noise(&mut rgb, shot);
    rgb
}

fn curve(gain: f32, shot: &Shot) -> [u8; 256] {
    std::array::from_fn(|value| {
        let bright = (value as f32 / 255.0 * gain).powf(shot.gamma);
        let spread = (bright - 0.5) * shot.contrast + 0.5;
        (spread * 255.0 + 0.5) as u8
    })
}

/// One pass of the 1-2-1 filter along rows and columns.
fn blur(picture: &mut RgbImage) {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let pixels: &mut [u8] = picture;
    filter(pixels, height, width, width * 3, 3);
    filter(pixels, width, height, 3, width * 3);
}

/// `lines` lines of `length` pixels each.
fn filter(pixels: &mut [u8], lines: usize, length: usize, line_step: usize, step: usize) {
    for line in 0..lines {
        for channel in 0..3 {
            let start = line * line_step + channel;
            let mut before = u16::from(pixels[start]);
            for place in 0..length {
                let at = start + place * step;
                let here = u16::from(pixels[at]);
                let after = if place + 1 < length { u16::from(pixels[at + step]) } else { here };
                pixels[at] = ((before + 2 * here + after + 2) / 4) as u8;
                before = here;
            }
        }
    }
}

/// Bell-shaped noise out of one 64-bit generator step a value (SplitMix64, Steele et al. 2014): a cryptographic one
/// would take longer than all the drawing.
fn add_noise(picture: &mut RgbImage, shot: &Shot) {
    if shot.noise < 0.5 {
        return;
    }
    let mut state = shot.seed;
    for value in picture.iter_mut() {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        // Four bytes' sum: mean 510, standard deviation 148.
        let sum: u32 = mixed.to_le_bytes()[..4].iter().map(|&byte| u32::from(byte)).sum();
        let bell = (sum as f32 - 510.0) / 147.8;
        *value = (f32::from(*value) + bell * shot.noise + 0.5) as u8;
    }
}

/// JPEG bytes in the shot's quality.
pub(super) fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(picture)
        .expect("memory takes every picture within JPEG's 65,535 pixels a side");
    bytes
}
