//! The stand-ins for detector and embedder, which know people by their colour, and for the registration of thumbnails.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

use anyhow::Result;
use image::RgbImage;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

use super::pictures::{LEAST_FACE, PEOPLE, Picture};
use crate::app::engine::networks::FindFaces;
use crate::app::engine::portrait::portrait_jpeg;
use crate::app::engine::thumbnail_files::ThumbnailCache;
use crate::app::scan::job::carry_over::FindEdit;
use crate::faces::edits::Edit;
use crate::faces::image::Photo;
use crate::library::FaceRecord;
use crate::types::{Detection, Embedding, FaceBox, Landmarks, ModelId};

/// The versions of both networks.
pub(crate) struct Finder {
    detector: ModelId,
    model: ModelId,
    version: usize,
}

impl Finder {
    pub fn new(detector: usize, model: usize) -> Self {
        let id = |what: &str, version: usize| ModelId(format!("{what}-{version}"));
        Self { detector: id("detector", detector), model: id("model", model), version: model }
    }

    /// The vector of whoever is around a place.
    pub fn embed_at(&self, pixels: &RgbImage, place: FaceBox) -> Option<Embedding> {
        let [x, y] = place.centre();
        let inside =
            |face: &FaceBox| (face.x..face.x + face.width).contains(&x) && (face.y..face.y + face.height).contains(&y);
        let (person, _) = coloured(pixels).into_iter().find(|(_, face)| inside(face))?;
        self.embedding(pixels, person)
    }

    /// A direction of each person's own, and a little noise of each picture. Each model has other directions.
    fn embedding(&self, pixels: &RgbImage, person: usize) -> Option<Embedding> {
        let sum = pixels.as_raw().iter().fold(0_u64, |sum, &value| sum.wrapping_mul(31).wrapping_add(value.into()));
        let mut rng = ChaCha8Rng::seed_from_u64(sum);
        let mut values: Vec<f32> = (0..8).map(|_| rng.random_range(-0.06..0.06)).collect();
        values[(person + 3 * self.version) % 8] += 1.0;
        Embedding::normalise(values).ok()
    }
}

impl FindFaces for Finder {
    fn detector_id(&self) -> &ModelId {
        &self.detector
    }

    fn model_id(&self) -> &ModelId {
        &self.model
    }

    /// The histories show few pictures again and again: each is looked through once.
    fn find_faces(&self, photos: &[(&Path, &Photo)]) -> Vec<Result<Vec<FaceRecord>>> {
        static FOUND: LazyLock<Mutex<HashMap<([u8; 32], usize), Vec<FaceRecord>>>> = LazyLock::new(Mutex::default);
        let known = || FOUND.lock().unwrap_or_else(PoisonError::into_inner);
        let is_found = |face: &FaceBox| face.width.min(face.height) >= LEAST_FACE;
        let of = |pixels: &RgbImage| {
            let key = (Sha256::digest(pixels.as_raw()).into(), self.version);
            if let Some(faces) = known().get(&key) {
                return Ok(faces.clone());
            }
            let faces = coloured(pixels).into_iter().filter(|(_, face)| is_found(face));
            let faces = faces.map(|(person, face_box)| found(pixels, face_box, self.embedding(pixels, person)));
            let faces = faces.collect::<Result<Vec<_>>>()?;
            known().insert(key, faces.clone());
            Ok(faces)
        };
        photos.iter().map(|(_, photo)| of(&photo.pixels)).collect()
    }

    fn embed_faces(&self, picture: &RgbImage, places: &[Detection]) -> Result<Vec<Option<Embedding>>> {
        Ok(places.iter().map(|place| self.embed_at(picture, place.face_box)).collect())
    }
}

fn found(pixels: &RgbImage, face_box: FaceBox, embedding: Option<Embedding>) -> Result<FaceRecord> {
    let FaceBox { x, y, width, height } = face_box;
    let point = |across: f32, down: f32| [x + across * width, y + down * height];
    let landmarks = Landmarks([point(0.3, 0.4), point(0.7, 0.4), point(0.5, 0.6), point(0.35, 0.8), point(0.65, 0.8)]);
    let detection = Detection { face_box, score: 0.9, landmarks };
    Ok(FaceRecord { detection, embedding, crop_jpeg: portrait_jpeg(pixels, &detection)? })
}

/// Each colour that is somewhere, and where; everything else is grey.
fn coloured(pixels: &RgbImage) -> Vec<(usize, FaceBox)> {
    let mut edges: HashMap<usize, [u32; 4]> = HashMap::new();
    for (x, y, pixel) in pixels.enumerate_pixels() {
        if let Some(person) = person_of(pixel.0) {
            let [left, top, right, bottom] = edges.entry(person).or_insert([x, y, x, y]);
            (*left, *top) = ((*left).min(x), (*top).min(y));
            (*right, *bottom) = ((*right).max(x), (*bottom).max(y));
        }
    }
    let face = |[left, top, right, bottom]: [u32; 4]| FaceBox {
        x: left as f32,
        y: top as f32,
        width: (right - left + 1) as f32,
        height: (bottom - top + 1) as f32,
    };
    let mut faces: Vec<_> = edges.into_iter().map(|(person, edges)| (person, face(edges))).collect();
    faces.sort_by(|(_, a), (_, b)| b.area().total_cmp(&a.area()));
    faces
}

fn person_of(colour: [u8; 3]) -> Option<usize> {
    let [low, high] = [colour.iter().min()?, colour.iter().max()?].map(|value| i32::from(*value));
    if high - low < 90 {
        return None;
    }
    let distance = |person: &usize| -> i32 {
        PEOPLE[*person].iter().zip(colour).map(|(a, b)| (i32::from(*a) - i32::from(b)).pow(2)).sum()
    };
    (0..PEOPLE.len()).min_by_key(distance)
}

/// How one picture was made from another: as it is known, or by registering the thumbnails, each pair once.
pub(crate) enum Edits<'a> {
    Known,
    Registered(&'a ThumbnailCache),
}

impl FindEdit for Edits<'_> {
    fn edit(&self, old: &[u8; 32], new: &[u8; 32]) -> Option<Edit> {
        static FOUND: LazyLock<Mutex<HashMap<[Picture; 2], Option<Edit>>>> = LazyLock::new(Mutex::default);
        let pictures = [Picture::of_file(old)?, Picture::of_file(new)?];
        match self {
            Self::Known => pictures[1].edit_of(pictures[0]),
            Self::Registered(thumbnails) => {
                let found = || FOUND.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(edit) = found().get(&pictures) {
                    return *edit;
                }
                let edit = thumbnails.edit(old, new);
                found().insert(pictures, edit);
                edit
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pictures::{Change, SHOTS};
    use super::*;
    use crate::app::engine::portrait::thumbnail_jpeg;

    /// The stand-ins tell the truth: who is where, in every edit.
    #[test]
    fn faces_are_found_where_they_are() {
        for scene in 0..SHOTS {
            for change in Change::ALL {
                for picture in [Picture::shot(scene), Picture::shot(scene).edited(change)] {
                    let pixels = image::load_from_memory(&picture.bytes(0)).unwrap().to_rgb8();
                    let found = coloured(&pixels);
                    for slot in 0..picture.slots() {
                        let (place, inside) = picture.place(slot);
                        let face = found.iter().find(|(person, _)| *person == picture.person(slot));
                        let is_near = |face: &FaceBox| {
                            let [[ax, ay], [bx, by]] = [place.centre(), face.centre()];
                            (ax - bx).abs() < 2.5 && (ay - by).abs() < 2.5
                        };
                        match inside > 0.95 {
                            true => assert!(is_near(&face.unwrap().1), "{picture:?} {place:?} {face:?}"),
                            false => assert!(inside < 0.1 && face.is_none(), "{picture:?} {face:?}"),
                        }
                    }
                }
            }
        }
    }

    /// What the model does not ask for registration does not give, and what is like it, it gives.
    #[test]
    fn registration_finds_all_but_what_the_model_leaves_out() {
        let folder = tempfile::tempdir().unwrap();
        let thumbnails = ThumbnailCache::new(folder.path().to_owned());
        let left_out = Picture::RECOMPRESSED_AND_CROPPED;
        let shot = Picture::shot(left_out.scene);
        let (cropped, half) = (shot.edited(Change::Cropped), shot.edited(Change::Half));
        for (new, is_found) in [(left_out, false), (cropped, true), (half, true)] {
            let found = thumbnails.edit(&stored(shot, &thumbnails), &stored(new, &thumbnails));
            assert_eq!((found.is_some(), new.is_surely_edit_of(shot)), (is_found, is_found), "{new:?}");
        }
    }

    fn stored(picture: Picture, thumbnails: &ThumbnailCache) -> [u8; 32] {
        let bytes = picture.bytes(0);
        let hash = <[u8; 32]>::from(<sha2::Sha256 as sha2::Digest>::digest(bytes.as_slice()));
        if thumbnails.get(&hash).is_none() {
            let pixels = image::load_from_memory(&bytes).unwrap().to_rgb8();
            thumbnails.put(&hash, &thumbnail_jpeg(&pixels).unwrap()).unwrap();
        }
        hash
    }

    /// So that the short run may take an edit for known.
    #[test]
    fn known_edits_are_those_that_registration_finds() {
        let folder = tempfile::tempdir().unwrap();
        let thumbnails = ThumbnailCache::new(folder.path().to_owned());
        let shot = Picture::shot(3);
        let old = stored(shot, &thumbnails);
        for change in [Change::Half, Change::Cropped, Change::Turned] {
            let new = stored(shot.edited(change), &thumbnails);
            let (known, found) = (Edits::Known.edit(&old, &new).unwrap(), thumbnails.edit(&old, &new).unwrap());
            assert_eq!(known.orientation, found.orientation, "{change:?}");
            let edges = |edit: Edit| [edit.crop.x, edit.crop.y, edit.crop.width, edit.crop.height];
            let far = edges(known).into_iter().zip(edges(found)).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(far < 0.02, "{change:?}: {known:?} {found:?}");
        }
    }
}
