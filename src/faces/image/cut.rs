//! A rectangle of whole pixels cut out of a photo and brought to another size, to the last bit as Pillow's
//! `photo.crop((left, top, right, bottom)).resize((width, height), Image.BILINEAR)` does it.
//!
//! Published face networks were trained on crops that Pillow (or SciPy's `imresize`, which calls it) had resized, and
//! one grey level here and there is enough to move a number of an embedding by 0.002 to 0.005. So the arithmetic is that
//! of Pillow 13 (`Resample.c`): a triangle filter, as wide as the reduction; weights in 2⁻²² of a whole; columns first,
//! rounded to bytes, then rows, or the other way round where that is less work. Older versions never turn the order
//! round, and OpenCV's `INTER_LINEAR` and `INTER_AREA` give other grey levels.

use std::ops::Range;

use ::image::RgbImage;

/// Edges in whole pixels; they may lie outside the photo, where everything is black.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Region {
    pub left: i64,
    pub top: i64,
    pub right: i64,
    pub bottom: i64,
}

impl Region {
    pub fn width(&self) -> i64 {
        self.right.saturating_sub(self.left)
    }

    pub fn height(&self) -> i64 {
        self.bottom.saturating_sub(self.top)
    }
}

/// The region of the photo at `width` × `height`. A region without pixels, or an absurd one, is black.
pub(crate) fn cut(photo: &RgbImage, region: Region, width: u32, height: u32) -> RgbImage {
    let (columns, rows) = (region.width(), region.height());
    if columns < 1 || rows < 1 || columns.max(rows) > LONGEST_SIDE || width == 0 || height == 0 {
        return RgbImage::new(width, height);
    }
    let part = PicturePart { pixels: photo.as_raw(), size: photo.dimensions(), region };
    let shorter = rows - i64::from(height);
    let rows_first = shorter > 0 && shorter > 2 * (columns - i64::from(width));
    let pixels = match rows_first {
        true => squeeze_columns(PicturePart::whole(&squeeze_rows(part, height), columns as u32, height), width),
        false => squeeze_rows(PicturePart::whole(&squeeze_columns(part, width), width, rows as u32), height),
    };
    RgbImage::from_raw(width, height, pixels).expect("three bytes a pixel")
}

/// No photo within the pixel budget has faces this wide; a wilder box would only cost memory.
const LONGEST_SIDE: i64 = 32_768;

/// Bits of a weight after the point: 32 less 8 of the pixel and 2 against overflow.
const WEIGHT_BITS: u32 = 22;

/// A region of a picture of RGB bytes.
#[derive(Clone, Copy)]
struct PicturePart<'a> {
    pixels: &'a [u8],
    size: (u32, u32),
    region: Region,
}

impl<'a> PicturePart<'a> {
    fn whole(pixels: &'a [u8], width: u32, height: u32) -> Self {
        let region = Region { left: 0, top: 0, right: width.into(), bottom: height.into() };
        Self { pixels, size: (width, height), region }
    }

    /// Columns of the region that lie in the picture.
    fn columns(&self) -> Range<usize> {
        let inside = |x: i64| (x - self.region.left).clamp(0, self.region.width()) as usize;
        inside(0)..inside(self.size.0.into())
    }

    /// The bytes of those columns in a row of the region; None where it lies outside the picture.
    fn row(&self, y: usize) -> Option<&'a [u8]> {
        let y = usize::try_from(self.region.top + y as i64).ok().filter(|&y| y < self.size.1 as usize)?;
        let first = y * self.size.0 as usize + self.region.left.max(0) as usize;
        Some(&self.pixels[3 * first..3 * (first + self.columns().len())])
    }
}

/// Which pixels of a line make one of the new line, and their shares.
struct Taps {
    start: usize,
    weights: Vec<i32>,
}

/// For each of `wanted` new pixels of a line of `length`.
fn taps(length: usize, wanted: usize) -> Vec<Taps> {
    let scale = length as f64 / wanted as f64;
    let support = scale.max(1.0);
    // Pillow multiplies by this; a division would round differently.
    let narrowing = 1.0 / support;
    let tap = |at: usize| {
        let centre = (at as f64 + 0.5) * scale;
        let start = (centre - support + 0.5).max(0.0) as usize;
        let end = ((centre + support + 0.5) as usize).min(length);
        let share = |x: usize| (1.0 - ((x as f64 - centre + 0.5) * narrowing).abs()).max(0.0);
        let shares: Vec<f64> = (start..end).map(share).collect();
        let sum: f64 = shares.iter().sum();
        let fixed = |share: &f64| (share / sum * f64::from(1 << WEIGHT_BITS) + 0.5) as i32;
        Taps { start, weights: shares.iter().map(fixed).collect() }
    };
    (0..wanted).map(tap).collect()
}

fn to_byte(sum: i32) -> u8 {
    (sum >> WEIGHT_BITS).clamp(0, 255) as u8
}

const HALF: i32 = 1 << (WEIGHT_BITS - 1);

/// All rows of the region, at the new width.
fn squeeze_columns(part: PicturePart<'_>, width: u32) -> Vec<u8> {
    let taps = taps(part.region.width() as usize, width as usize);
    let stride = 3 * width as usize;
    let mut narrow = vec![0; part.region.height() as usize * stride];
    let inside = part.columns();
    if inside.is_empty() {
        return narrow;
    }
    for (y, out) in narrow.chunks_exact_mut(stride).enumerate() {
        let Some(row) = part.row(y) else { continue };
        let row = row.as_chunks::<3>().0;
        for (pixel, taps) in out.as_chunks_mut::<3>().0.iter_mut().zip(&taps) {
            let first = taps.start.max(inside.start);
            let end = (taps.start + taps.weights.len()).min(inside.end).max(first);
            let weights = taps.weights.get(first - taps.start..end - taps.start).unwrap_or(&[]);
            let from = row.get(first - inside.start..end - inside.start).unwrap_or(&[]);
            let mut sums = [HALF; 3];
            for (&weight, from) in weights.iter().zip(from) {
                for (sum, &value) in sums.iter_mut().zip(from) {
                    *sum += weight * i32::from(value);
                }
            }
            *pixel = sums.map(to_byte);
        }
    }
    narrow
}

/// All columns of the region, at the new height.
fn squeeze_rows(part: PicturePart<'_>, height: u32) -> Vec<u8> {
    let stride = 3 * part.region.width() as usize;
    let inside = part.columns();
    let mut low = vec![0; height as usize * stride];
    if inside.is_empty() {
        return low;
    }
    let mut sums = vec![0; 3 * inside.len()];
    for (out, taps) in low.chunks_exact_mut(stride).zip(taps(part.region.height() as usize, height as usize)) {
        sums.fill(HALF);
        for (&weight, y) in taps.weights.iter().zip(taps.start..) {
            let Some(row) = part.row(y) else { continue };
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += weight * i32::from(value);
            }
        }
        for (value, &sum) in out[3 * inside.start..].iter_mut().zip(&sums) {
            *value = to_byte(sum);
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::image::Rgb;

    /// `tests/fixtures/align/pillow.py` wrote the crops, all 40 × 32.
    #[test]
    fn crops_are_pillows_to_the_last_bit() {
        let picture = |bytes| ::image::load_from_memory(bytes).unwrap().into_rgb8();
        let photo = picture(include_bytes!("../../../tests/fixtures/align/photo.png"));
        let expected = picture(include_bytes!("../../../tests/fixtures/align/pillow.png"));
        let regions: Vec<[i64; 4]> =
            serde_json::from_str(include_str!("../../../tests/fixtures/align/pillow.json")).unwrap();
        for (at, &[left, top, right, bottom]) in (0..).zip(&regions) {
            let found = cut(&photo, Region { left, top, right, bottom }, 40, 32);
            let wanted = ::image::imageops::crop_imm(&expected, 0, 32 * at, 40, 32).to_image();
            assert!(found == wanted, "region {:?} differs", regions[at as usize]);
        }
        assert_eq!(expected.height() as usize, 32 * regions.len());
    }

    #[test]
    fn regions_without_pixels_are_black() {
        let photo = RgbImage::from_pixel(9, 9, Rgb([200; 3]));
        let black = |left, top, right, bottom| {
            cut(&photo, Region { left, top, right, bottom }, 5, 5).as_raw().iter().all(|&value| value == 0)
        };
        assert!(black(3, 3, 3, 8) && black(4, 8, 6, 2), "nothing between the edges");
        assert!(black(50, 0, 60, 9) && black(-60, 0, -50, 9) && black(0, 90, 9, 99), "outside the photo");
        assert!(black(-1_000_000, -1_000_000, 1_000_000, 1_000_000), "absurd");
        assert!(!black(-3, -3, 3, 3));
    }
}
