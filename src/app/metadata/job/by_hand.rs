//! Faces by hand: where another program drew a region and no face was found, one is cut out there. A detector looks at the
//! region once more, at a larger scale; where it sees nothing, the region is the face.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, ensure};
use image::{RgbImage, imageops};

use super::access::LibraryAccess;
use super::answer::{NameChoices, NamePlace, answer};
use super::offer::OfferedNames;
use super::skipped::{SkipWhy, SkippedFile};
use crate::app::engine::home::Home;
use crate::app::engine::networks::{EngineOptions, FindFaces};
use crate::app::engine::portrait::portrait_jpeg;
use crate::app::engine::progress::{JobEvent, Meter, Stage};
use crate::app::jobs::reembed;
use crate::faces::image::{Photo, PhotoMeta, resize};
use crate::library::{self, FaceByHand, FaceRecord, LibraryReader, PictureFaces};
use crate::metadata::places;
use crate::metadata::region_box::RegionBox;
use crate::types::{Cancel, Detection, Embedding, FaceBox, Landmarks, ModelId, PhotoId, Touched, error_chain};

const MAKING: Stage = Stage::new("stage_make_faces", "Cutting faces out");

/// A region with fewer pixels to a side shows nobody.
const LEAST_SIDE: f32 = 8.0;
/// What is looked through about a region, in its longer sides, and how many pixels these have then.
const AROUND: f32 = 2.0;
const REGION_SIDE: f32 = 200.0;
/// Enlarged more, a picture shows a detector nothing new.
const MOST_ENLARGED: f32 = 4.0;
/// A face that overlaps a known one so much is that one.
const IS_KNOWN: f32 = 0.3;

/// What became of the names that were chosen.
#[derive(Debug, Default)]
pub(crate) struct AnsweredHere {
    pub touched: Touched,
    /// Faces that were cut out where none was found.
    pub by_hand: usize,
    pub skipped: Vec<SkippedFile>,
}

/// Answers the names. Where faces are cut out for it, `load` is asked for the networks that are on this computer; without
/// any the next scan embeds the faces. None: cancelled, and nothing was taken.
pub(crate) fn answer_here<'e>(
    library: &mut impl LibraryAccess,
    (home, options): (&Home, &EngineOptions),
    (offered, chosen): (&OfferedNames, &NameChoices),
    load: impl FnOnce(&mut dyn FnMut(JobEvent)) -> Result<Option<&'e dyn FindFaces>>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<Option<AnsweredHere>> {
    let pictures = library.ask(|library| pictures_to_cut(library, chosen, &options.model_id()))?;
    let engine = match !pictures.is_empty() && options.installed(home)? {
        true => load(events)?,
        false => None,
    };
    let MadeFaces { faces, skipped, cancelled } = make_faces(&pictures, engine, cancel, events);
    if cancelled {
        return Ok(None);
    }
    let by_hand = faces.len();
    let touched = answer(library, offered, chosen, faces)?;
    Ok(Some(AnsweredHere { touched, by_hand, skipped }))
}

/// A picture with regions that a face is made from, each with its name's place among those chosen.
struct PictureToCut {
    photo: PhotoId,
    picture: PictureFaces,
    regions: Vec<(usize, RegionBox)>,
}

/// What was made.
#[derive(Debug, Default)]
struct MadeFaces {
    faces: Vec<(usize, FaceByHand)>,
    /// Photos of whose regions no face could be made.
    skipped: Vec<SkippedFile>,
    cancelled: bool,
}

/// The pictures of the regions that were chosen.
fn pictures_to_cut(
    library: &LibraryReader,
    chosen: &NameChoices,
    model: &ModelId,
) -> library::Result<Vec<PictureToCut>> {
    let mut regions: BTreeMap<PhotoId, Vec<(usize, RegionBox)>> = BTreeMap::new();
    for (place, name) in chosen.taken.iter().enumerate().filter(|(_, name)| name.place == NamePlace::Region) {
        regions.entry(name.of.photo).or_default().push((place, name.at));
    }
    let picture = |(photo, regions)| {
        let picture = library.picture_faces(photo, model)?;
        Ok(PictureToCut { photo, picture, regions })
    };
    regions.into_iter().map(picture).collect()
}

/// Cuts faces out. Without networks they are embedded by the next scan.
fn make_faces(
    pictures: &[PictureToCut],
    engine: Option<&dyn FindFaces>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> MadeFaces {
    let mut meter = Meter::start(MAKING, Some(pictures.len() as u64));
    let mut made = MadeFaces::default();
    for cut in pictures {
        if cancel.is_cancelled() {
            made.cancelled = true;
            break;
        }
        let skip = |error: anyhow::Error| SkippedFile::new(&cut.picture.path, SkipWhy::NoFace(error_chain(&error)));
        match reembed::open(&cut.picture.path, cut.picture.picture.as_ref()) {
            Err(error) => made.skipped.push(skip(error)),
            Ok(photo) => {
                for (place, region) in &cut.regions {
                    match make_face(cut, &photo, *region, engine) {
                        Ok(face) => made.faces.push((*place, face)),
                        Err(error) => made.skipped.push(skip(error)),
                    }
                }
            }
        }
        events(JobEvent::Progress(meter.advance(1)));
    }
    made
}

fn make_face(
    cut: &PictureToCut,
    photo: &Photo,
    region: RegionBox,
    engine: Option<&dyn FindFaces>,
) -> Result<FaceByHand> {
    let place = place_of(region, photo.pixels.dimensions())?;
    let seen = engine.and_then(|engine| seen_in(cut, photo, place, engine).map(|face| (face, engine)));
    let (detection, embedding) = match (seen, engine) {
        (Some((face, engine)), _) => (face.detection, face.embedding.map(|vector| (engine.model_id().clone(), vector))),
        (None, Some(engine)) => (unseen(place), embedded(photo, &unseen(place), engine)),
        (None, None) => (unseen(place), None),
    };
    let crop_jpeg = portrait_jpeg(&photo.pixels, &detection)?;
    Ok(FaceByHand { photo: cut.photo, detection: Detection { score: 0.0, ..detection }, crop_jpeg, embedding })
}

/// A region in pixels, as far as it is within the picture.
fn place_of(region: RegionBox, (width, height): (u32, u32)) -> Result<FaceBox> {
    let Some(within) = region.within_picture() else { anyhow::bail!("a region lies outside of the picture") };
    let (width, height) = (width as f32, height as f32);
    let place = FaceBox {
        x: within.x * width,
        y: within.y * height,
        width: within.width * width,
        height: within.height * height,
    };
    ensure!(place.width >= LEAST_SIDE && place.height >= LEAST_SIDE, "a region is too small to show a face");
    Ok(place)
}

/// Without landmarks the crop is the box, centred.
fn unseen(place: FaceBox) -> Detection {
    Detection { face_box: place, score: 0.0, landmarks: Landmarks([place.centre(); 5]) }
}

/// None where the device failed, too: the next scan embeds what is not.
fn embedded(photo: &Photo, place: &Detection, engine: &dyn FindFaces) -> Option<(ModelId, Embedding)> {
    let embedding = engine.embed_faces(&photo.pixels, std::slice::from_ref(place)).ok()?.into_iter().next()??;
    Some((engine.model_id().clone(), embedding))
}

/// The face that a detector sees in a region at a larger scale, in pixels of the photo.
fn seen_in(cut: &PictureToCut, photo: &Photo, place: FaceBox, engine: &dyn FindFaces) -> Option<FaceRecord> {
    let view = CloserView::around(place, photo.pixels.dimensions());
    let closer = view.closer(photo);
    let faces = engine.find_faces(&[(Path::new(&cut.picture.path), &closer)]).pop()?.ok()?;
    let (width, height) = photo.pixels.dimensions();
    let share = |b: FaceBox| RegionBox {
        x: b.x / width as f32,
        y: b.y / height as f32,
        width: b.width / width as f32,
        height: b.height / height as f32,
    };
    let is_known = |b: FaceBox| cut.picture.faces.iter().any(|face| face.detection.face_box.overlap(b) >= IS_KNOWN);
    let in_photo = faces.into_iter().map(|face| FaceRecord { detection: view.in_photo(&face.detection), ..face });
    let fitting = in_photo.filter(|face| !is_known(face.detection.face_box)).filter_map(|face| {
        let fit = places::fit(share(place), share(face.detection.face_box), width as f32 / height as f32)?;
        Some((fit, face))
    });
    fitting.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, face)| face)
}

/// A part of a photo, larger.
struct CloserView {
    left: u32,
    top: u32,
    width: u32,
    height: u32,
    /// Its pixels a pixel of the photo.
    scale: f32,
}

impl CloserView {
    fn around(place: FaceBox, (width, height): (u32, u32)) -> Self {
        let side = place.width.max(place.height);
        let [x, y] = place.centre();
        let edge = |at: f32, length: u32| at.round().clamp(0.0, length as f32) as u32;
        let (left, top) = (edge(x - side * AROUND / 2.0, width), edge(y - side * AROUND / 2.0, height));
        let (right, bottom) = (edge(x + side * AROUND / 2.0, width), edge(y + side * AROUND / 2.0, height));
        let scale = (REGION_SIDE / side).min(MOST_ENLARGED);
        Self { left, top, width: (right - left).max(1), height: (bottom - top).max(1), scale }
    }

    fn closer(&self, photo: &Photo) -> Photo {
        let part = imageops::crop_imm(&photo.pixels, self.left, self.top, self.width, self.height).to_image();
        let side = |length: u32| ((length as f32 * self.scale).round() as u32).max(1);
        let pixels: RgbImage = resize(&part, side(self.width), side(self.height));
        Photo { full_size: pixels.dimensions(), pixels, meta: PhotoMeta::default() }
    }

    fn in_photo(&self, face: &Detection) -> Detection {
        let face = face.scaled(1.0 / self.scale);
        let (left, top) = (self.left as f32, self.top as f32);
        let b = face.face_box;
        let face_box = FaceBox { x: b.x + left, y: b.y + top, ..b };
        Detection { face_box, landmarks: Landmarks(face.landmarks.0.map(|[x, y]| [x + left, y + top])), ..face }
    }
}

#[cfg(test)]
mod tests;
