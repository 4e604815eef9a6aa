//! Whole JPEGs with the very pixels that libjpeg's default settings give.
//!
//! Published networks were trained, and published figures measured, on what libjpeg decodes. Other decoders round
//! differently by one or two grey levels, which is nothing to the eye, but a cascade such as MTCNN's rounds to whole
//! pixels again and again: with the `image` crate's pixels many boxes in group photos lay more than a pixel beside
//! facenet-pytorch's. The arithmetic is in `samples`.
//!
//! Made here: grey and YCbCr with the colours at full size or at a whole share of it. For everything else, where the data
//! are sound, the `image` crate makes them.

use ::image::RgbImage;

use super::coefficients::{Coefficients, Component};
use super::samples::{blend, inverse_dct, repeat, to_rgb, widen, widen_between};
use super::scan::DctBlock;

/// None where this decoder is not the right one.
pub(crate) fn picture(mut from: Coefficients) -> Option<RgbImage> {
    let most = from.components.iter().map(|component| (component.across, component.down)).next()?;
    let is_ycbcr = is_ycbcr(&from);
    if !matches!(from.components.len(), 1 | 3)
        || !from.components.iter().all(|component| is_whole_share(component, most))
    {
        return None;
    }
    let planes: Vec<Plane> = from.components.iter_mut().map(|component| Plane::of(component, most)).collect();
    let mut pixels = RgbImage::new(from.width as u32, from.height as u32);
    match &planes[..] {
        [grey] => {
            for (y, row) in pixels.chunks_exact_mut(3 * from.width).enumerate() {
                let pixels = row.as_chunks_mut::<3>().0.iter_mut().zip(grey.row(y));
                pixels.for_each(|(pixel, &value)| *pixel = [value; 3]);
            }
        }
        [luma, blue, red] if is_ycbcr => simd::paint([luma, blue, red], from.width, &mut pixels),
        _ => return None,
    }
    Some(pixels)
}

/// Whether each of its samples stands for a whole number of the first component's.
fn is_whole_share(component: &Component, most: (usize, usize)) -> bool {
    most.0.is_multiple_of(component.across) && most.1.is_multiple_of(component.down)
}

/// As libjpeg guesses: JFIF is YCbCr; then Adobe's marker says; then the components' names.
pub(crate) fn is_ycbcr(from: &Coefficients) -> bool {
    let names = from.components.iter().map(|component| component.id);
    from.jfif || from.adobe.map_or(!names.eq(*b"RGB"), |transform| transform == 1)
}

/// A row of the narrowest component, enlarged, ends so many samples behind the picture.
const MOST_WIDER: usize = 3;

/// The samples of a component.
struct Plane {
    samples: Vec<u8>,
    stride: usize,
    width: usize,
    height: usize,
    /// How many times as wide and as high the picture is.
    share: (usize, usize),
}

impl Plane {
    /// The coefficients are given up. A component that no scan brought is grey.
    fn of(component: &mut Component, most: (usize, usize)) -> Self {
        let quantisers = component.quantisers.unwrap_or([1; 64]);
        let blocks = std::mem::take(&mut component.blocks);
        let stride = 8 * component.stride;
        let mut samples = vec![0; 64 * blocks.len()];
        simd::fill(&blocks, &quantisers, &mut samples, stride);
        let &mut Component { width, height, across, down, .. } = component;
        Self { samples, stride, width, height, share: (most.0 / across, most.1 / down) }
    }

    fn row(&self, y: usize) -> &[u8] {
        &self.samples[y * self.stride..][..self.width]
    }

    /// Row `y` of the picture, at its width or a few samples wider.
    #[inline(always)]
    fn enlarged(&self, y: usize, out: &mut [u8], scratch: &mut Vec<u16>) {
        // The upper of two rows is nearer to the one above; beyond the picture the last row counts again.
        let near = y / self.share.1;
        let far = || {
            let far = if y.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(self.height - 1) };
            self.row(far)
        };
        match self.share {
            (1, 1) => out[..self.width].copy_from_slice(self.row(near)),
            (2, 1) => widen(self.row(near), out, scratch),
            (1, 2) => blend(self.row(near), far(), !y.is_multiple_of(2), out),
            (2, 2) => widen_between(self.row(near), far(), out, scratch),
            (times, _) => repeat(self.row(near), times, out),
        }
    }
}

/// The loops over all samples, for what every processor of this architecture has and for those with AVX2, which take
/// half the time. Both give the same numbers.
mod simd {
    use super::{DctBlock, MOST_WIDER, Plane, RgbImage, inverse_dct, to_rgb};

    /// The samples of all blocks.
    pub fn fill(blocks: &[DctBlock], quantisers: &[u16; 64], samples: &mut [u8], stride: usize) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has it; nothing else in the function is unsafe.
            return unsafe { fill_avx2(blocks, quantisers, samples, stride) };
        }
        fill_plain(blocks, quantisers, samples, stride);
    }

    /// The pixels of brightness, blue and red.
    pub fn paint(planes: [&Plane; 3], width: usize, pixels: &mut RgbImage) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: as above.
            return unsafe { paint_avx2(planes, width, pixels) };
        }
        paint_plain(planes, width, pixels);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn fill_avx2(blocks: &[DctBlock], quantisers: &[u16; 64], samples: &mut [u8], stride: usize) {
        fill_plain(blocks, quantisers, samples, stride);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn paint_avx2(planes: [&Plane; 3], width: usize, pixels: &mut RgbImage) {
        paint_plain(planes, width, pixels);
    }

    #[inline(always)]
    fn fill_plain(blocks: &[DctBlock], quantisers: &[u16; 64], samples: &mut [u8], stride: usize) {
        for (band, row) in samples.chunks_mut(8 * stride).zip(blocks.chunks(stride / 8)) {
            for (column, block) in row.iter().enumerate() {
                inverse_dct(block, quantisers, &mut band[8 * column..], stride);
            }
        }
    }

    #[inline(always)]
    fn paint_plain([luma, blue, red]: [&Plane; 3], width: usize, pixels: &mut RgbImage) {
        let (mut wide_blue, mut wide_red) = (vec![0; width + MOST_WIDER], vec![0; width + MOST_WIDER]);
        let mut scratch = Vec::with_capacity(width + 2);
        for (y, row) in pixels.chunks_exact_mut(3 * width).enumerate() {
            blue.enlarged(y, &mut wide_blue, &mut scratch);
            red.enlarged(y, &mut wide_red, &mut scratch);
            to_rgb(luma.row(y), &wide_blue, &wide_red, row);
        }
    }
}

#[cfg(test)]
mod tests;
