//! A made library: faces of people of very different sizes, in photos that are only rows. For measuring and trying out
//! what a library of 100,000 faces asks of the program, without 40,000 photos.
//!
//! * The k-th largest person has about L / k^0.8 faces, where L grows with the number of all faces: a few have thousands,
//!   many have one.
//! * A vector is its person's direction and noise: two faces of one person are mostly 0.5 to 1.1 apart (squared), two
//!   people 2 ± 0.2, as SFace puts photographs.
//! * The same seed makes the same library on the same kind of machine.

use std::path::Path;

use anyhow::{Result, ensure};
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::app::engine::memory::hold;
use crate::library::{FaceRecord, FileFacts, FileHashes, Library, MissingPolicy, PhotoRecord, ScanOutcome};
use crate::types::{Cancel, Detection, Embedding, FaceBox, FaceId, Landmarks, ModelId, counted};

/// What to make.
#[derive(Debug, Clone)]
pub struct MadeLibraryPlan {
    pub faces: usize,
    pub seed: u64,
    /// Whose vectors the faces are said to have.
    pub model: ModelId,
    pub detector: ModelId,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeLibrary {
    pub photos: usize,
    /// The truth: each person's faces, the person with the most first.
    pub people: Vec<Vec<FaceId>>,
}

impl MadeLibrary {
    pub fn faces(&self) -> usize {
        self.people.iter().map(Vec::len).sum()
    }
}

const DIMENSIONS: usize = 128;
/// Photos a transaction.
const BATCH: usize = 2000;
/// How fast people get smaller: the k-th has a share of 1 / k^0.8.
const FALL: f64 = 0.8;
const FACES_OF_PHOTO_AT_MOST: usize = 6;
/// The first photo: 1 January 2009, in seconds since 1970.
const FIRST_PHOTO_SECS: i64 = 1_230_768_000;
/// On average between two photos: 40,000 photos are 16 years.
const BETWEEN_PHOTOS_SECS: f64 = 12_600.0;

/// Fills an empty library with made faces, ungrouped. The photos are said to lie in `folder`, which is not made.
/// `progress` gets faces done and faces in all. Where it is cancelled, the photos written until then stay.
///
/// # Errors
/// When the library has photos already, or cannot be written.
pub fn fill(
    library: &mut Library,
    folder: &Path,
    plan: &MadeLibraryPlan,
    cancel: &Cancel,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<MadeLibrary> {
    let counts = library.counts()?;
    ensure!(
        counts.photos + counts.failed + counts.missing == 0,
        "this library has photos already, and made faces do not belong among them: choose another folder with --home"
    );
    // Each has an owner before, and is among its owner's after.
    hold(&counted(plan.faces, "face", "faces"), (plan.faces * 2 * size_of::<FaceId>()) as u64)?;
    let sizes = sizes(plan.faces);
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let appearances = appearances(sizes.len(), &mut rng, cancel)?;
    let mut owners = owners(&sizes);
    owners.shuffle(&mut rng);

    let scan = library.begin_scan(folder)?;
    let mut made = MadeLibrary { photos: 0, people: vec![Vec::new(); sizes.len()] };
    let mut secs = FIRST_PHOTO_SECS;
    let mut left = owners.as_slice();
    while !left.is_empty() && !cancel.is_cancelled() {
        let (mut batch, mut in_photo) = (Vec::new(), Vec::new());
        while batch.len() < BATCH && !left.is_empty() {
            let (people, rest) = left.split_at(faces_in_one_photo(left, &mut rng));
            left = rest;
            secs += 1 + (rng.random_range(0.0..2.0) * BETWEEN_PHOTOS_SECS) as i64;
            batch.push(photo(folder, made.photos + batch.len(), secs, people, &appearances, plan, &mut rng)?);
            in_photo.push(people);
        }
        for (recorded, people) in library.record_photos(scan, &batch)?.iter().zip(in_photo) {
            let mut faces: Vec<FaceId> =
                library.faces_of_photo(recorded.photo_id)?.iter().map(|face| face.face_id).collect();
            faces.sort();
            people.iter().zip(faces).for_each(|(&person, face)| made.people[person].push(face));
        }
        made.photos += batch.len();
        progress(owners.len() - left.len(), owners.len());
    }
    let outcome = if left.is_empty() { ScanOutcome::Complete } else { ScanOutcome::Cancelled };
    library.finish_scan(scan, outcome, MissingPolicy::Accept)?;
    made.people.retain(|faces| !faces.is_empty());
    made.people.sort_by_key(|faces| std::cmp::Reverse(faces.len()));
    Ok(made)
}

/// Adds faces of the people of a library that was filled as planned, each in a photo of its own that is later than all
/// others. Whoever has many faces gets most of them.
///
/// # Errors
/// When the library cannot be written.
pub fn add(library: &mut Library, folder: &Path, plan: &MadeLibraryPlan, faces: usize) -> Result<()> {
    let sizes = sizes(plan.faces);
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let appearances = appearances(sizes.len(), &mut rng, &Cancel::default())?;
    let owners = owners(&sizes);
    // No face of before is made again.
    let mut rng = ChaCha8Rng::seed_from_u64(!plan.seed);
    let before = library.counts()?.photos;
    let first_secs = FIRST_PHOTO_SECS + (before as f64 * 2.0 * BETWEEN_PHOTOS_SECS) as i64;
    let photos = (0..faces).map(|place| {
        let person = owners[rng.random_range(0..owners.len())];
        let secs = first_secs + place as i64;
        photo(folder, before + place, secs, &[person], &appearances, plan, &mut rng)
    });
    let photos = photos.collect::<Result<Vec<_>>>()?;
    let scan = library.begin_scan(folder)?;
    library.record_photos(scan, &photos)?;
    library.finish_scan(scan, ScanOutcome::Cancelled, MissingPolicy::Ask)?;
    Ok(())
}

fn appearances(people: usize, rng: &mut impl Rng, cancel: &Cancel) -> Result<Vec<MadePerson>> {
    (0..people).take_while(|_| !cancel.is_cancelled()).map(|_| MadePerson::draw(rng)).collect()
}

/// For each face its person.
fn owners(sizes: &[usize]) -> Vec<usize> {
    sizes.iter().enumerate().flat_map(|(person, &size)| std::iter::repeat_n(person, size)).collect()
}

/// How many faces each person has, the largest first; `faces` in all.
fn sizes(faces: usize) -> Vec<usize> {
    let largest = largest(faces);
    let mut sizes = Vec::new();
    let mut left = faces;
    while left > 0 {
        let wanted = largest / ((sizes.len() + 1) as f64).powf(FALL);
        let size = (wanted.round() as usize).clamp(1, left);
        sizes.push(size);
        left -= size;
    }
    sizes
}

/// L, for which the sum of L / k^0.8 down to one face is about `faces`: L (5 L^0.25 - 4.44), as Euler and Maclaurin add
/// it up.
fn largest(faces: usize) -> f64 {
    let (mut low, mut high) = (1.0, faces.max(1) as f64);
    for _ in 0..60 {
        let middle: f64 = (low + high) / 2.0;
        match middle * (5.0 * middle.powf(0.25) - 4.44) < faces as f64 {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

/// How many of the next faces stand in one photo: nobody is there twice.
fn faces_in_one_photo(next: &[usize], rng: &mut impl Rng) -> usize {
    let most = [1, 1, 1, 2, 2, 2, 3, 3, 4, 5, FACES_OF_PHOTO_AT_MOST][rng.random_range(0..11)].min(next.len());
    (1..most).find(|&at| next[..at].contains(&next[at])).unwrap_or(most)
}

/// What all faces of a person share.
struct MadePerson {
    direction: Vec<f32>,
    /// A flat JPEG in the person's colour, in place of a cut face.
    crop_jpeg: Vec<u8>,
}

impl MadePerson {
    fn draw(rng: &mut impl Rng) -> Result<Self> {
        let direction = Embedding::normalise(noise(rng))?.as_slice().to_vec();
        let colour = [rng.random_range(70..240), rng.random_range(70..240), rng.random_range(70..240)];
        let mut crop_jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut crop_jpeg, 80).encode_image(&RgbImage::from_pixel(16, 16, colour.into()))?;
        Ok(Self { direction, crop_jpeg })
    }

    /// The person's direction and noise, which is 0.4 to 1 times as long; of one face in thirty, a bad picture, 1.5
    /// times.
    fn face(&self, rng: &mut impl Rng) -> Result<Embedding> {
        let length = if rng.random_range(0..30) == 0 { 1.5 } else { rng.random_range(0.4..1.0_f32) };
        let scale = length / (DIMENSIONS as f32).sqrt();
        let noise = noise(rng);
        let values = self.direction.iter().zip(noise).map(|(value, noise)| value + scale * noise);
        Ok(Embedding::normalise(values.collect())?)
    }
}

/// Normally distributed with variance 1 (Box and Muller 1958): any direction is as likely as any other.
fn noise(rng: &mut impl Rng) -> Vec<f32> {
    let pairs = (0..DIMENSIONS / 2).flat_map(|_| {
        let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
        let (sin, cos) = (std::f32::consts::TAU * rng.random::<f32>()).sin_cos();
        [radius * cos, radius * sin]
    });
    pairs.collect()
}

fn photo(
    folder: &Path,
    number: usize,
    secs: i64,
    people: &[usize],
    appearances: &[MadePerson],
    plan: &MadeLibraryPlan,
    rng: &mut impl Rng,
) -> Result<PhotoRecord> {
    let (width, height) = [(4000, 3000), (4032, 3024), (6000, 4000), (3024, 4032)][rng.random_range(0..4)];
    let mut sha256 = [0; 32];
    rng.fill_bytes(&mut sha256);
    let time = jiff::Timestamp::from_second(secs)?.to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let column = width as f32 / people.len() as f32;
    let faces = people.iter().enumerate().map(|(place, &person)| {
        Ok(FaceRecord {
            detection: detection(column * place as f32, column, height as f32, rng),
            embedding: Some(appearances[person].face(rng)?),
            crop_jpeg: appearances[person].crop_jpeg.clone(),
        })
    });
    Ok(PhotoRecord {
        faces: faces.collect::<Result<_>>()?,
        file: FileFacts {
            path: folder.join(format!("{:04}-{:02}", time.year(), time.month())).join(format!("IMG_{number:06}.jpg")),
            size: rng.random_range(1_500_000..9_000_000),
            mtime_ns: secs * 1_000_000_000,
            ctime_ns: None,
            hashes: Some(FileHashes { file: sha256, picture: sha256 }),
        },
        width,
        height,
        format: "jpeg".to_owned(),
        captured_at: Some(time.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
        camera: Some("Likeness made library".to_owned()),
        gps: None,
        detector: plan.detector.clone(),
        model: plan.model.clone(),
    })
}

/// A face somewhere in a column of the photo that begins at `left`.
fn detection(left: f32, column: f32, height: f32, rng: &mut impl Rng) -> Detection {
    let side = rng.random_range(60.0..(column * 0.8).min(700.0));
    let (x, y) = (left + rng.random_range(0.0..column - side), rng.random_range(0.0..height - 1.25 * side));
    let turned = rng.random_range(-0.15..0.15);
    // Right eye, left eye, nose, the mouth's right and left corner, as shares of the box.
    let places = [[0.3, 0.4], [0.7, 0.4], [0.5 + turned, 0.6], [0.35, 0.8], [0.65, 0.8]];
    Detection {
        face_box: FaceBox { x, y, width: side, height: 1.25 * side },
        score: rng.random_range(0.75..0.99),
        landmarks: Landmarks(places.map(|[dx, dy]| [x + dx * side, y + dy * 1.25 * side])),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const FACES: usize = 1000;

    fn made(seed: u64) -> (tempfile::TempDir, Library, MadeLibrary) {
        let home = tempfile::tempdir().unwrap();
        let mut library = Library::open(&home.path().join("library.sqlite")).unwrap();
        let plan = MadeLibraryPlan { faces: FACES, seed, model: ModelId("m".into()), detector: ModelId("d".into()) };
        let made = fill(&mut library, &home.path().join("made"), &plan, &Cancel::default(), &mut |_, _| {}).unwrap();
        (home, library, made)
    }

    #[test]
    fn a_made_library_is_what_it_says_and_refuses_to_be_mixed() {
        let (home, mut library, made) = made(1);
        let counts = library.counts().unwrap();
        assert_eq!((counts.photos, counts.faces, made.faces()), (made.photos, FACES, FACES));
        assert_eq!(counts.named_people + counts.nameless_people, 0, "ungrouped");
        let sizes: Vec<usize> = made.people.iter().map(Vec::len).collect();
        assert!(sizes[0] > 50 && sizes.is_sorted_by(|a, b| a >= b), "{sizes:?}");
        assert!(sizes.iter().filter(|&&size| size == 1).count() > 50, "{sizes:?}");
        let again = MadeLibraryPlan { faces: 1, seed: 1, model: ModelId("m".into()), detector: ModelId("d".into()) };
        assert!(fill(&mut library, home.path(), &again, &Cancel::default(), &mut |_, _| {}).is_err());
        assert_eq!(library.counts().unwrap(), counts);
    }

    #[test]
    fn faces_of_one_person_are_near_and_of_two_people_far() {
        let (_home, library, made) = made(2);
        let input = library.faces_to_group(&ModelId("m".into())).unwrap();
        let owner: HashMap<FaceId, usize> = made
            .people
            .iter()
            .enumerate()
            .flat_map(|(person, faces)| faces.iter().map(move |&f| (f, person)))
            .collect();
        let (mut near, mut same, mut far, mut different) = (0, 0, 0, 0);
        for (index, a) in input.faces.iter().enumerate().step_by(7) {
            for b in &input.faces[..index] {
                // SFace's threshold for one person.
                let is_near = a.embedding.squared_distance(&b.embedding).0 <= 1.27;
                match owner[&a.face_id] == owner[&b.face_id] {
                    true => (near, same) = (near + u64::from(is_near), same + 1),
                    false => (far, different) = (far + u64::from(!is_near), different + 1),
                }
                assert!(a.photo_id != b.photo_id || owner[&a.face_id] != owner[&b.face_id], "nobody twice in a photo");
            }
        }
        assert!(near as f64 > 0.95 * f64::from(same as u32) && far as f64 > 0.999 * f64::from(different as u32));
    }

    #[test]
    fn the_same_seed_makes_the_same_library() {
        let vectors = |seed| {
            let (_home, library, _) = made(seed);
            let faces = library.faces_to_group(&ModelId("m".into())).unwrap().faces;
            faces.into_iter().map(|face| (face.face_id, face.embedding)).collect::<Vec<_>>()
        };
        assert_eq!(vectors(3), vectors(3));
        assert_ne!(vectors(3), vectors(4));
    }
}
