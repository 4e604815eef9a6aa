//! The figures behind the threshold, on portraits that are not part of this repository.

use std::path::{Path, PathBuf};
use std::time::Instant;

use ::image::{DynamicImage, RgbImage, imageops};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::tests::{changed, cropped, recompressed, turned};
use super::*;
use crate::faces::image::resize;

const WRONG_PAIRS: u64 = 2000;
const EDITS: u64 = 500;
/// LFW has two prints of one photo of her.
const ONE_PHOTO_TWICE: &str = "Leslie_Ann_Woodward";

/// Prints how well wrong pairs (half of them of one person), edits, and portraits with somebody else's face agree.
#[test]
#[ignore = "needs LIKENESS_LFW, a folder of folders of portraits, and minutes"]
fn registration_is_measured() {
    let people = people(Path::new(&std::env::var_os("LIKENESS_LFW").expect("LIKENESS_LFW is not set")));
    let several: Vec<_> = people.iter().filter(|person| person.len() > 1).collect();
    let all: Vec<_> = people.iter().flatten().collect();
    let one_person = measure(WRONG_PAIRS / 2, 1, |rng| {
        let person = several[rng.random_range(0..several.len())];
        let [a, b] = two(rng, person.len()).map(|index| Thumbnail::new(&open(&person[index])));
        (a, b, None)
    });
    report("two pictures of one person", &one_person);
    let two_people = measure(WRONG_PAIRS / 2, 2, |rng| {
        let [a, b] = two(rng, people.len()).map(|index| Thumbnail::new(&open(&people[index][0])));
        (a, b, None)
    });
    report("pictures of two people", &two_people);
    for side in [110, 70] {
        let pasted = measure(EDITS / 2, side.into(), |rng| {
            let [old, mut new] = two(rng, all.len()).map(|index| open(all[index]));
            let at = (old.width() - side) / 2;
            let face = imageops::crop_imm(&new, at, at, side, side).to_image();
            new = old.clone();
            imageops::replace(&mut new, &face, at.into(), at.into());
            (Thumbnail::new(&old), Thumbnail::new(&recompressed(&new, 80)), None)
        });
        report(&format!("another face of {side} pixels put in"), &pasted);
    }
    let edited = measure(EDITS, 3, |rng| {
        let old = open(all[rng.random_range(0..all.len())]);
        let (new, edit) = edited(&old, rng);
        (Thumbnail::new(&old), Thumbnail::new(&new), Some(edit))
    });
    report("edited pictures", &edited);
    assert!([one_person, two_people].concat().iter().all(|measured| measured.score < LEAST_AGREEMENT));
    assert!(edited.iter().filter(|measured| measured.score >= LEAST_AGREEMENT).all(|measured| measured.error < 0.02));
}

#[derive(Debug, Clone, Copy)]
struct Measured {
    score: f32,
    /// Farthest edge from where it is, in sides of the picture; 1 for another turn.
    error: f32,
    elapsed_secs: f32,
}

type Pair = (Thumbnail, Thumbnail, Option<Edit>);

fn measure(count: u64, seed: u64, pair: impl Fn(&mut ChaCha8Rng) -> Pair + Sync) -> Vec<Measured> {
    let one = |index| {
        let (old, new, truth) = pair(&mut ChaCha8Rng::seed_from_u64(seed << 32 | index));
        let start = Instant::now();
        let places = best_places(&old.0, &new.0);
        let elapsed_secs = start.elapsed().as_secs_f32();
        let (edit, score) = places.first().copied().unwrap_or((Edit::turn(Orientation::Same), 0.0));
        let error = truth.map_or(0.0, |truth| {
            if truth.orientation == edit.orientation { distance(truth.crop, edit.crop) } else { 1.0 }
        });
        Measured { score, error, elapsed_secs }
    };
    (0..count).into_par_iter().map(one).collect()
}

fn report(name: &str, measured: &[Measured]) {
    let sorted = |value: fn(&Measured) -> f32| {
        let mut values: Vec<_> = measured.iter().map(value).collect();
        values.sort_by(f32::total_cmp);
        move |share: f32| values[((share * values.len() as f32) as usize).min(values.len() - 1)]
    };
    let (score, error, secs) = (sorted(|m| m.score), sorted(|m| m.error), sorted(|m| m.elapsed_secs));
    let quantiles = [0.0, 0.01, 0.05, 0.5, 0.95, 0.99, 1.0].map(|share| format!("{:.3}", score(share))).join(" ");
    let registered = measured.iter().filter(|measured| measured.score >= LEAST_AGREEMENT).count();
    println!("{name}: {registered} of {} registered; score at 0, 1, 5, 50, 95, 99, 100 %: {quantiles}", measured.len());
    println!("  error at most {:.4}; {:.1} ms, at most {:.1} ms", error(1.0), 1e3 * secs(0.5), 1e3 * secs(1.0));
}

fn people(folder: &Path) -> Vec<Vec<PathBuf>> {
    let list = |folder: &Path| {
        let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    list(folder).iter().filter(|person| !person.ends_with(ONE_PHOTO_TWICE)).map(|person| list(person)).collect()
}

fn open(path: &Path) -> RgbImage {
    ::image::open(path).unwrap().into_rgb8()
}

/// Two different numbers.
fn two(rng: &mut ChaCha8Rng, below: usize) -> [usize; 2] {
    let first = rng.random_range(0..below);
    [first, (first + rng.random_range(1..below)) % below]
}

/// Turned, cropped, halved, brighter or darker, grey, each or not; a JPEG of quality 40 in the end.
fn edited(old: &RgbImage, rng: &mut ChaCha8Rng) -> (RgbImage, Edit) {
    let may = |rng: &mut ChaCha8Rng| rng.random_range(0..2) == 0;
    let orientation = if may(rng) { Orientation::Same } else { Orientation::ALL[rng.random_range(0..8)] };
    let mut new = turned(old, orientation);
    let mut crop = RelativeRect::WHOLE;
    if may(rng) {
        let [width, height] = [0, 1].map(|_| rng.random_range(0.6..0.9_f32));
        let (x, y) = (rng.random_range(0.0..1.0 - width), rng.random_range(0.0..1.0 - height));
        (new, crop) = cropped(&new, RelativeRect { x, y, width, height });
    }
    if may(rng) {
        new = resize(&new, new.width() / 2, new.height() / 2);
    }
    let change: f32 = rng.random_range(-0.3..0.3);
    new = match rng.random_range(0..3) {
        0 => changed(&new, |value| value * (1.0 + change)),
        1 => changed(&new, |value| value + 255.0 * change),
        _ => new,
    };
    if may(rng) {
        new = DynamicImage::from(imageops::grayscale(&new)).into_rgb8();
    }
    (recompressed(&new, 40), Edit { orientation, crop })
}
