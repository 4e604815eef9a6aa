//! Colours that a file's profile describes, brought to sRGB.
//!
//! An embedded ICC profile or the four numbers of ITU-T H.273 say what a file's values mean; Display P3 and Adobe RGB
//! taken for sRGB make every face too pale. The computing is `moxcms`', on all processors at once. A profile that is
//! sRGB by another name (no value moves by more than one) changes nothing, to the last bit. A profile that is broken, or
//! does not fit the picture, is ignored and said to be so: [`ProfileUse`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::image::{RgbImage, RgbaImage};
use moxcms::{
    CicpColorPrimaries, CicpProfile, ColorProfile, DataColorSpace, Layout, MatrixCoefficients, TransferCharacteristics,
    Transform8BitExecutor, TransformOptions,
};
use rayon::prelude::*;

/// How a file says which colours its values mean.
#[derive(Debug, Clone, Copy)]
pub(crate) enum FileColours<'a> {
    /// The bytes of a profile.
    Icc(&'a [u8]),
    /// Code points of H.273: PNG's `cICP`, HEIF's `nclx`.
    Codes { primaries: u8, transfer: u8 },
}

/// What became of a file's profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ProfileUse {
    #[default]
    None,
    /// It says what was assumed anyway.
    Srgb,
    Converted,
    /// It cannot be read, or is one for other pixels; they are taken for sRGB.
    Broken,
}

/// Brings the pixels to sRGB. A picture of one channel comes with three equal ones.
pub(crate) fn to_srgb(pixels: &mut RgbImage, colours: FileColours<'_>) -> ProfileUse {
    match conversion(colours, Layout::Rgb) {
        Conversion::None(used) => used,
        Conversion::Grey(table) => grey_to_srgb(pixels.as_chunks_mut::<3>().0, &table),
        Conversion::FileColours(transform) => apply::<3>(pixels, &*transform),
    }
}

/// The same for pixels with alpha, which stays as it is.
pub(crate) fn rgba_to_srgb(pixels: &mut RgbaImage, colours: FileColours<'_>) -> ProfileUse {
    match conversion(colours, Layout::Rgba) {
        Conversion::None(used) => used,
        Conversion::Grey(table) => grey_to_srgb(pixels.as_chunks_mut::<4>().0, &table),
        Conversion::FileColours(transform) => apply::<4>(pixels, &*transform),
    }
}

/// Four inks a pixel, 255 for a full one; None where the profile is none for them.
pub(crate) fn inks_to_srgb(inks: &[u8], width: u32, height: u32, profile: &[u8]) -> Option<RgbImage> {
    let transform = guarded(|| {
        let profile = ColorProfile::new_from_slice(profile).ok().filter(|p| p.color_space == DataColorSpace::Cmyk)?;
        transform(&profile, Layout::Rgba, Layout::Rgb)
    })?;
    let mut pixels = RgbImage::new(width, height);
    let parts = pixels.par_chunks_mut(3 * PART_PIXELS).zip(inks.par_chunks(4 * PART_PIXELS));
    parts.map(|(to, from)| transform.transform(from, to).ok()).collect::<Option<()>>()?;
    Some(pixels)
}

#[derive(Clone)]
enum Conversion {
    None(ProfileUse),
    Grey(Arc<[[u8; 3]; 256]>),
    FileColours(Arc<Transform8BitExecutor>),
}

/// The profiles met last with what came of them, the latest at the end: a camera writes the same one into every photo,
/// and preparing it takes longer than using it.
static PREPARED: Mutex<Vec<(Vec<u8>, Layout, Conversion)>> = Mutex::new(Vec::new());
const MOST_PREPARED: usize = 8;
/// Those of printing presses are seldom met twice, and large.
const LONGEST_PREPARED: usize = 1 << 16;

fn conversion(colours: FileColours<'_>, layout: Layout) -> Conversion {
    let FileColours::Icc(profile) = colours else { return prepare(colours, layout) };
    let is_it = |(known, known_layout, _): &(Vec<u8>, Layout, _)| known == profile && *known_layout == layout;
    if let Some((.., conversion)) = lock(&PREPARED).iter().find(|prepared| is_it(prepared)) {
        return conversion.clone();
    }
    let conversion = prepare(colours, layout);
    if profile.len() <= LONGEST_PREPARED {
        let mut prepared = lock(&PREPARED);
        prepared.retain(|known| !is_it(known));
        let too_many = (prepared.len() + 1).saturating_sub(MOST_PREPARED);
        prepared.drain(..too_many);
        prepared.push((profile.to_vec(), layout, conversion.clone()));
    }
    conversion
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn prepare(colours: FileColours<'_>, layout: Layout) -> Conversion {
    guarded(|| {
        let Some(profile) = profile(colours)? else { return Some(Conversion::None(ProfileUse::Srgb)) };
        match profile.color_space {
            DataColorSpace::Gray => grey_conversion(&profile),
            DataColorSpace::Rgb => colour_conversion(&profile, layout),
            _ => None,
        }
    })
    .unwrap_or(Conversion::None(ProfileUse::Broken))
}

/// Whatever goes wrong inside of a profile concerns nobody outside.
fn guarded<T>(work: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok().flatten()
}

/// The outer None is a profile that cannot be read, the inner one is sRGB.
fn profile(colours: FileColours<'_>) -> Option<Option<ColorProfile>> {
    match colours {
        FileColours::Icc(bytes) => ColorProfile::new_from_slice(bytes).ok().map(Some),
        FileColours::Codes { primaries, transfer } => codes(primaries, transfer),
    }
}

/// Video's curves are shown like sRGB's everywhere, and so are PQ and HLG here: they would need a screen of their own.
fn codes(primaries: u8, transfer: u8) -> Option<Option<ColorProfile>> {
    const UNSPECIFIED: u8 = 2;
    let color_primaries = match primaries {
        1 | UNSPECIFIED => CicpColorPrimaries::Bt709,
        4 => CicpColorPrimaries::Bt470M,
        5 => CicpColorPrimaries::Bt470Bg,
        6 => CicpColorPrimaries::Bt601,
        7 => CicpColorPrimaries::Smpte240,
        8 => CicpColorPrimaries::GenericFilm,
        9 => CicpColorPrimaries::Bt2020,
        11 => CicpColorPrimaries::Smpte431,
        12 => CicpColorPrimaries::Smpte432,
        _ => return None,
    };
    let transfer_characteristics = match transfer {
        1 | UNSPECIFIED | 6 | 13..=16 | 18 => TransferCharacteristics::Srgb,
        4 => TransferCharacteristics::Bt470M,
        5 => TransferCharacteristics::Bt470Bg,
        8 => TransferCharacteristics::Linear,
        _ => return None,
    };
    if color_primaries == CicpColorPrimaries::Bt709 && transfer_characteristics == TransferCharacteristics::Srgb {
        return Some(None);
    }
    let matrix_coefficients = MatrixCoefficients::Identity;
    let codes = CicpProfile { color_primaries, transfer_characteristics, matrix_coefficients, full_range: true };
    Some(Some(ColorProfile::new_from_cicp(codes)))
}

fn transform(profile: &ColorProfile, from: Layout, to: Layout) -> Option<Arc<Transform8BitExecutor>> {
    let options = TransformOptions::default();
    profile.create_transform_8bit(from, &ColorProfile::new_srgb(), to, options).ok()
}

fn grey_conversion(profile: &ColorProfile) -> Option<Conversion> {
    let values: [u8; 256] = std::array::from_fn(|value| value as u8);
    let mut table = [0; 3 * 256];
    transform(profile, Layout::Gray, Layout::Rgb)?.transform(&values, &mut table).ok()?;
    let unchanged = (0_u8..=255).zip(table.as_chunks::<3>().0).all(|(value, to)| is_near(&[value; 3], to));
    let table = std::array::from_fn(|value| [table[3 * value], table[3 * value + 1], table[3 * value + 2]]);
    Some(if unchanged { Conversion::None(ProfileUse::Srgb) } else { Conversion::Grey(Arc::new(table)) })
}

fn colour_conversion(profile: &ColorProfile, layout: Layout) -> Option<Conversion> {
    let probes = probes();
    let mut converted = vec![0; probes.len()];
    transform(profile, Layout::Rgb, Layout::Rgb)?.transform(&probes, &mut converted).ok()?;
    let unchanged = probes.as_chunks::<3>().0.iter().zip(converted.as_chunks::<3>().0).all(|(a, b)| is_near(a, b));
    if unchanged {
        return Some(Conversion::None(ProfileUse::Srgb));
    }
    Some(Conversion::FileColours(transform(profile, layout, layout)?))
}

/// Colours all over the cube, and every grey.
fn probes() -> Vec<u8> {
    const STEPS: u32 = 7;
    let level = |step: u32| (255 * step / (STEPS - 1)) as u8;
    let cube = (0..STEPS.pow(3)).flat_map(|at| [at, at / STEPS, at / STEPS.pow(2)].map(|step| level(step % STEPS)));
    cube.chain((0_u8..=255).flat_map(|grey| [grey; 3])).collect()
}

fn is_near(a: &[u8; 3], b: &[u8; 3]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= 1)
}

/// Few enough for the nearest cache, enough for a thread to be worth it.
const PART_PIXELS: usize = 1 << 14;

fn apply<const CHANNELS: usize>(samples: &mut [u8], transform: &Transform8BitExecutor) -> ProfileUse {
    let parts = samples.par_chunks_mut(CHANNELS * PART_PIXELS);
    // Lengths always match, so that all parts fare alike.
    let done = parts.map(|part| converted(transform, part)).collect::<Option<()>>();
    if done.is_some() { ProfileUse::Converted } else { ProfileUse::Broken }
}

fn converted(transform: &Transform8BitExecutor, part: &mut [u8]) -> Option<()> {
    let before = part.to_vec();
    transform.transform(&before, part).ok()
}

/// Coloured pixels show that the profile is another picture's.
fn grey_to_srgb<const CHANNELS: usize>(pixels: &mut [[u8; CHANNELS]], table: &[[u8; 3]; 256]) -> ProfileUse {
    if !pixels.iter().all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]) {
        return ProfileUse::Broken;
    }
    pixels.par_iter_mut().for_each(|pixel| {
        let grey = usize::from(pixel[0]);
        pixel[..3].copy_from_slice(&table[grey]);
    });
    ProfileUse::Converted
}

#[cfg(test)]
mod tests;
