//! From 8-bit pixels to the planes of numbers a network was trained on.

use ::image::RgbImage;

use crate::types::{ChannelOrder, PixelScaling};

/// Writes the picture as three planes (channel, row, column), each value scaled.
///
/// `PerImage` is prewhitening as FaceNet's 2017 weights want it: (x − mean) / max(standard deviation, 1/√N) over all
/// N = 3 · width · height values of the picture, in f64 and with the population's standard deviation
/// (davidsandberg/facenet, `facenet.prewhiten`).
///
/// # Panics
/// When `out` does not hold exactly 3 · width · height values.
pub fn scale_pixels(pixels: &RgbImage, scaling: PixelScaling, channels: ChannelOrder, out: &mut [f32]) {
    let plane = pixels.width() as usize * pixels.height() as usize;
    assert_eq!(out.len(), 3 * plane, "the network's input and the picture differ in size");
    let table = value_table(pixels, scaling);
    for channel in 0..3 {
        let source = match channels {
            ChannelOrder::Rgb => channel,
            ChannelOrder::Bgr => 2 - channel,
        };
        let target = &mut out[channel * plane..(channel + 1) * plane];
        for (to, from) in target.iter_mut().zip(pixels.as_raw().chunks_exact(3)) {
            *to = table[usize::from(from[source])];
        }
    }
}

/// What each of the 256 pixel values becomes.
fn value_table(pixels: &RgbImage, scaling: PixelScaling) -> [f32; 256] {
    let (mean, divisor) = match scaling {
        PixelScaling::Raw => (0.0, 1.0),
        PixelScaling::Unit => (0.0, 255.0),
        PixelScaling::Fixed { mean, divisor } => (f64::from(mean), f64::from(divisor)),
        PixelScaling::PerImage => mean_and_deviation(pixels.as_raw()),
    };
    std::array::from_fn(|value| ((value as f64 - mean) / divisor) as f32)
}

fn mean_and_deviation(values: &[u8]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
    let variance = values.iter().map(|&value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt().max(1.0 / count.sqrt()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(scaling: PixelScaling, channels: ChannelOrder, expect: [f32; 6]) {
        let pixels = RgbImage::from_raw(2, 1, vec![0, 51, 102, 153, 204, 255]).unwrap();
        let mut out = [f32::NAN; 6];
        scale_pixels(&pixels, scaling, channels, &mut out);
        for (got, want) in out.iter().zip(expect) {
            assert!((got - want).abs() < 1e-6, "{scaling:?} {channels:?}: {out:?}, expected {expect:?}");
        }
    }

    #[test]
    fn each_scaling_by_hand() {
        use ChannelOrder::{Bgr, Rgb};
        check(PixelScaling::Raw, Rgb, [0.0, 153.0, 51.0, 204.0, 102.0, 255.0]);
        check(PixelScaling::Raw, Bgr, [102.0, 255.0, 51.0, 204.0, 0.0, 153.0]);
        check(PixelScaling::Unit, Rgb, [0.0, 0.6, 0.2, 0.8, 0.4, 1.0]);
        let fixed = PixelScaling::Fixed { mean: 127.5, divisor: 128.0 };
        check(fixed, Rgb, [-0.99609375, 0.19921875, -0.59765625, 0.59765625, -0.19921875, 0.99609375]);
        // Mean 127.5, variance 51² · 35 / 12.
        let deviation = 51.0 * (35.0_f32 / 12.0).sqrt();
        let steps = [-2.5, 0.5, -1.5, 1.5, -0.5, 2.5].map(|step| 51.0 * step / deviation);
        check(PixelScaling::PerImage, Rgb, steps);
    }

    #[test]
    fn a_flat_picture_stays_finite() {
        let mut out = [f32::NAN; 12];
        scale_pixels(&RgbImage::new(2, 2), PixelScaling::PerImage, ChannelOrder::Rgb, &mut out);
        assert_eq!(out, [0.0; 12]);
    }
}
