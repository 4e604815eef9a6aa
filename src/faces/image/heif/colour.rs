//! From samples of brightness and colour to RGB and grey (ITU-T H.273, 8.3), and what a file says about its colours.
//!
//! Colours that are stored for every second pixel only are interpolated between the centres of their pixels, as libheif
//! does; the place of the sample inside of its two columns, a quarter of a pixel, is not looked at.

use rayon::prelude::*;

use super::code_points::CodePoints;
use super::planes::{Planes, SamplePlane};
use crate::faces::image::colour::FileColours;

/// What a file says about its colours, for whoever manages them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ColourProfile {
    /// An ICC profile; where it is there, it counts.
    pub icc: Option<Vec<u8>>,
    pub code_points: Option<CodePoints>,
}

impl ColourProfile {
    /// What is to be brought to sRGB; none where nothing is said.
    pub fn colours(&self) -> Option<FileColours<'_>> {
        let codes = |points: CodePoints| {
            let (primaries, transfer) = (u8::try_from(points.primaries).ok()?, u8::try_from(points.transfer).ok()?);
            Some(FileColours::Codes { primaries, transfer })
        };
        self.icc.as_deref().map(FileColours::Icc).or_else(|| self.code_points.and_then(codes))
    }
}

/// Raster of one kind out of planes.
pub(super) trait FromPlanes: ::image::Pixel<Subpixel = u8> + Send + Sync {
    /// What a tile that cannot be read is filled with.
    const MISSING: u8;

    /// Rows of pixels.
    ///
    /// # Errors
    /// The name of a kind of colour that is not known.
    fn rows(planes: &Planes, coding: CodePoints) -> Result<Vec<u8>, String>;
}

impl FromPlanes for ::image::Luma<u8> {
    const MISSING: u8 = 255;

    /// Opacity: always stored over the full range.
    fn rows(planes: &Planes, _: CodePoints) -> Result<Vec<u8>, String> {
        Ok(grey(&planes.luma, SampleScale::of(planes.luma.depth, true)))
    }
}

impl FromPlanes for ::image::Rgb<u8> {
    const MISSING: u8 = 128;

    fn rows(planes: &Planes, coding: CodePoints) -> Result<Vec<u8>, String> {
        let luma = SampleScale::of(planes.luma.depth, coding.full_range);
        let Some(chroma) = &planes.chroma else {
            let greys = grey(&planes.luma, luma);
            return Ok(greys.into_iter().flat_map(|grey| [grey; 3]).collect());
        };
        const IDENTITY: u16 = 0;
        if coding.matrix == IDENTITY {
            return match planes.halved {
                (false, false) => Ok(identity(&planes.luma, chroma, coding.full_range)),
                _ => Err("colours without a matrix that are stored for every second pixel".to_owned()),
            };
        }
        let (red, blue) = weights(coding.matrix).ok_or_else(|| format!("matrix coefficients {}", coding.matrix))?;
        let matrix = ColourMatrix::new(luma, planes, coding.full_range, red, blue);
        Ok(mix(planes, chroma, &matrix))
    }
}

/// How much red and blue there is in brightness (ITU-T H.273, table 4).
fn weights(matrix: u16) -> Option<(f64, f64)> {
    match matrix {
        1 => Some((0.2126, 0.0722)),
        4 => Some((0.30, 0.11)),
        // Not said: what JPEG has, as in libheif.
        2 | 5 | 6 => Some((0.299, 0.114)),
        7 => Some((0.212, 0.087)),
        9 => Some((0.2627, 0.0593)),
        _ => None,
    }
}

/// Fixed-point numbers have this many binary places.
const PLACES: u32 = 16;
/// Interpolated colours come as sums of sixteen.
const SIXTEENTHS: u32 = 16;

/// From samples to 0…255.
#[derive(Clone, Copy)]
struct SampleScale {
    black: i32,
    step: i32,
}

impl SampleScale {
    fn of(depth: u8, full_range: bool) -> Self {
        let unit = 1 << (depth - 8);
        let (black, range) = if full_range { (0, (1 << depth) - 1) } else { (16 * unit, 219 * unit) };
        Self { black, step: fixed(255.0 / f64::from(range)) }
    }

    /// Rounded to a whole number once the binary places are cut off.
    fn at(self, sample: u16) -> i32 {
        (i32::from(sample) - self.black) * self.step + (1 << (PLACES - 1))
    }

    fn byte(self, sample: u16) -> u8 {
        clamped(self.at(sample))
    }
}

fn fixed(value: f64) -> i32 {
    (value * f64::from(1 << PLACES)).round() as i32
}

fn clamped(value: i32) -> u8 {
    (value >> PLACES).clamp(0, 255) as u8
}

fn grey(luma: &SamplePlane, scale: SampleScale) -> Vec<u8> {
    luma.samples.par_iter().with_min_len(1 << 16).map(|sample| scale.byte(*sample)).collect()
}

/// Green, blue and red are stored as they are.
fn identity(green: &SamplePlane, [blue, red]: &[SamplePlane; 2], full_range: bool) -> Vec<u8> {
    let scales = [red, green, blue].map(|plane| SampleScale::of(plane.depth, full_range));
    let samples = red.samples.iter().zip(&green.samples).zip(&blue.samples);
    samples.flat_map(|((r, g), b)| [scales[0].byte(*r), scales[1].byte(*g), scales[2].byte(*b)]).collect()
}

/// What sixteenths of colour, counted from grey, add to brightness.
struct ColourMatrix {
    luma: SampleScale,
    grey: [i32; 2],
    red_of_cr: i32,
    green_of_cb: i32,
    green_of_cr: i32,
    blue_of_cb: i32,
}

impl ColourMatrix {
    fn new(luma: SampleScale, planes: &Planes, full_range: bool, red: f64, blue: f64) -> Self {
        let depths = planes.chroma.as_ref().map_or([8, 8], |[cb, cr]| [cb.depth, cr.depth]);
        let step = |depth: u8| {
            let range = if full_range { (1 << depth) - 1 } else { 224 << (depth - 8) };
            255.0 / f64::from(range) / f64::from(SIXTEENTHS)
        };
        let [cb, cr] = depths.map(step);
        let green = 1.0 - red - blue;
        Self {
            luma,
            grey: depths.map(|depth| (SIXTEENTHS as i32) << (depth - 1)),
            red_of_cr: fixed(2.0 * (1.0 - red) * cr),
            green_of_cb: fixed(-2.0 * (1.0 - blue) * blue / green * cb),
            green_of_cr: fixed(-2.0 * (1.0 - red) * red / green * cr),
            blue_of_cb: fixed(2.0 * (1.0 - blue) * cb),
        }
    }

    fn pixel(&self, luma: u16, cb: i32, cr: i32) -> [u8; 3] {
        let (light, cb, cr) = (self.luma.at(luma), cb - self.grey[0], cr - self.grey[1]);
        let red = light + self.red_of_cr * cr;
        let green = light + self.green_of_cb * cb + self.green_of_cr * cr;
        let blue = light + self.blue_of_cb * cb;
        [clamped(red), clamped(green), clamped(blue)]
    }
}

fn mix(planes: &Planes, [cb, cr]: &[SamplePlane; 2], matrix: &ColourMatrix) -> Vec<u8> {
    let width = planes.luma.width;
    let mut rgb = vec![0; width * planes.luma.height * 3];
    let lines = || [vec![0; width], vec![0; width], vec![0; cb.width]];
    rgb.par_chunks_mut(width * 3).enumerate().with_min_len(32).for_each_init(lines, |[cbs, crs, sums], (y, pixels)| {
        interpolate(cb, y, planes.halved, sums, cbs);
        interpolate(cr, y, planes.halved, sums, crs);
        let samples = planes.luma.row(y).iter().zip(&*cbs).zip(&*crs);
        for (pixel, ((luma, cb), cr)) in pixels.as_chunks_mut().0.iter_mut().zip(samples) {
            *pixel = matrix.pixel(*luma, *cb, *cr);
        }
    });
    rgb
}

/// The colours of row `y` in sixteenths, one for each pixel.
fn interpolate(plane: &SamplePlane, y: usize, halved: (bool, bool), sums: &mut [i32], line: &mut [i32]) {
    if halved.1 {
        let other = neighbour(y, plane.height);
        let rows = plane.row(y / 2).iter().zip(plane.row(other));
        sums.iter_mut().zip(rows).for_each(|(sum, (near, far))| *sum = 3 * i32::from(*near) + i32::from(*far));
    } else {
        sums.iter_mut().zip(plane.row(y)).for_each(|(sum, sample)| *sum = 4 * i32::from(*sample));
    }
    if !halved.0 {
        line.iter_mut().zip(sums).for_each(|(value, sum)| *value = 4 * *sum);
        return;
    }
    let last = sums.len() - 1;
    for (x, values) in line.chunks_mut(2).enumerate() {
        let (left, here, right) = (sums[x.saturating_sub(1)], 3 * sums[x], sums[(x + 1).min(last)]);
        values[0] = here + left;
        if let Some(value) = values.get_mut(1) {
            *value = here + right;
        }
    }
}

/// The second nearest of `count` samples to `place`, of which there are two a sample.
fn neighbour(place: usize, count: usize) -> usize {
    if place.is_multiple_of(2) { (place / 2).saturating_sub(1) } else { (place / 2 + 1).min(count - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(width: usize, depth: u8, samples: &[u16]) -> SamplePlane {
        SamplePlane { width, height: samples.len() / width, samples: samples.to_vec(), depth }
    }

    /// One pixel of these samples.
    fn pixel(depth: u8, [y, cb, cr]: [u16; 3], matrix: u16, full_range: bool) -> Vec<u8> {
        let [luma, cb, cr] = [y, cb, cr].map(|sample| plane(1, depth, &[sample]));
        let planes = Planes { luma, chroma: Some([cb, cr]), halved: (false, false), signalled: None };
        ::image::Rgb::rows(&planes, CodePoints { matrix, full_range, ..CodePoints::UNSAID }).unwrap()
    }

    /// Primary colours by the equations of H.273, computed by hand.
    #[test]
    fn colours_of_known_samples() {
        assert_eq!(pixel(8, [255, 128, 128], 6, true), [255, 255, 255]);
        assert_eq!(pixel(8, [76, 85, 255], 6, true), [254, 0, 0]);
        assert_eq!(pixel(8, [235, 128, 128], 6, false), [255, 255, 255]);
        assert_eq!(pixel(8, [16, 128, 128], 1, false), [0, 0, 0]);
        assert_eq!(pixel(8, [81, 90, 240], 6, false), [254, 0, 0]);
        assert_eq!(pixel(8, [63, 102, 240], 1, false), [255, 1, 0]);
        assert_eq!(pixel(10, [940, 512, 512], 9, false), [255, 255, 255]);
        assert_eq!(pixel(10, [512, 512, 512], 9, true), [128, 128, 128]);
        assert_eq!(pixel(12, [4095, 2048, 2048], 6, true), [255, 255, 255]);
        assert_eq!(pixel(8, [10, 20, 30], 0, true), [30, 10, 20], "green, blue and red as they are");
    }

    #[test]
    fn an_unknown_matrix_is_named() {
        let grey = || plane(1, 8, &[128]);
        let planes = Planes { luma: grey(), chroma: Some([grey(), grey()]), halved: (false, false), signalled: None };
        let rows = ::image::Rgb::rows(&planes, CodePoints { matrix: 14, ..CodePoints::UNSAID });
        assert_eq!(rows, Err("matrix coefficients 14".to_owned()));
    }

    /// Between two colours lie three quarters of the one and a quarter of the other.
    #[test]
    fn colours_lie_between_their_pixels() {
        let colours = plane(2, 8, &[0, 16, 64, 80]);
        let (mut sums, mut line) = ([0; 2], [0; 4]);
        let mut row = |y| {
            interpolate(&colours, y, (true, true), &mut sums, &mut line);
            line
        };
        assert_eq!(row(0), [0, 64, 192, 256]);
        assert_eq!(row(1), [256, 320, 448, 512]);
        assert_eq!(row(2), [768, 832, 960, 1024]);
        assert_eq!(row(3), [1024, 1088, 1216, 1280]);
        let mut odd = [0; 3];
        interpolate(&colours, 0, (true, false), &mut sums, &mut odd);
        assert_eq!(odd, [0, 64, 192]);
    }

    #[test]
    fn code_points_of_a_box() {
        let read = CodePoints::read(&[0, 9, 0, 16, 0, 9, 0x80]);
        assert_eq!(read, Some(CodePoints { primaries: 9, transfer: 16, matrix: 9, full_range: true }));
        assert_eq!(CodePoints::read(&[0, 9, 0, 16, 0, 9]), None);
    }
}
