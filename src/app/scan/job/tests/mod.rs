//! Scans with a stand-in for the networks: every photo has one face whose embedding is its colour.

mod edits;
mod failures;
mod grouped;
mod several_folders;
mod unchanged;
#[cfg(feature = "gui")]
mod watched;

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use anyhow::{Result, bail};
use image::{Rgb, RgbImage};
use sha2::Digest;
use tempfile::TempDir;

use super::*;
use crate::app::engine::networks::DeviceFailed;
use crate::app::engine::portrait::portrait_jpeg;
use crate::app::engine::progress::Progress;
use crate::app::jobs::regroup::{PreparedGrouping, regroup, split_group};
use crate::faces::edits::{Edit, Orientation};
use crate::faces::image::{DecodeError, Photo};
use crate::library::care::ImportMode;
use crate::library::{
    AgainstMerge, Decision, FaceRecord, FacesOfFolder, Library, ListPage, PeopleFilter, PeopleKind, PhotoFilter,
    ScanOutcome, with_small_faces,
};
use crate::types::{Cancel, Detection, Embedding, FaceBox, Landmarks, ModelId, Revision, SquaredDistance};

struct ColourFaces {
    detector: ModelId,
    model: ModelId,
    looked_at: Cell<usize>,
    /// Panics like a broken driver after so many photos.
    breaks_after: usize,
    /// Finds no faces any more.
    is_blind: bool,
    /// Finds twelve faces in each photo.
    collage: bool,
    /// How it fails over every photo.
    failing: Option<fn() -> anyhow::Error>,
}

impl ColourFaces {
    fn new() -> Self {
        let id = |name: &str| ModelId(name.to_owned());
        Self {
            detector: id("detector"),
            model: id("model"),
            looked_at: Cell::new(0),
            breaks_after: usize::MAX,
            is_blind: false,
            collage: false,
            failing: None,
        }
    }
}

impl FindFaces for ColourFaces {
    fn detector_id(&self) -> &ModelId {
        &self.detector
    }

    fn model_id(&self) -> &ModelId {
        &self.model
    }

    fn find_faces(&self, photos: &[(&Path, &Photo)]) -> Vec<Result<Vec<FaceRecord>>> {
        self.looked_at.set(self.looked_at.get() + photos.len());
        assert!(self.looked_at.get() <= self.breaks_after, "the driver broke down");
        let faces = |(_, photo): &(&Path, &Photo)| {
            if let Some(fails) = self.failing {
                return Err(fails());
            }
            if self.collage {
                return Ok(collage(self, &photo.pixels));
            }
            let face = face_of(&photo.pixels)?;
            Ok(if self.is_blind { Vec::new() } else { vec![face] })
        };
        photos.iter().map(faces).collect()
    }

    fn embed_faces(&self, picture: &RgbImage, places: &[Detection]) -> Result<Vec<Option<Embedding>>> {
        if let Some(fails) = self.failing {
            return Err(fails());
        }
        let embedding = |place: &Detection| {
            let [x, y] = place.face_box.centre().map(|at| at as u32);
            Embedding::normalise(picture.get_pixel(x, y).0.map(f32::from).to_vec()).ok()
        };
        Ok(places.iter().map(embedding).collect())
    }
}

fn face_of(pixels: &RgbImage) -> Result<FaceRecord> {
    let colour = pixels.get_pixel(0, 0).0;
    if colour == [0; 3] {
        bail!("too dark");
    }
    let face_box = FaceBox { x: 2.0, y: 2.0, width: 10.0, height: 10.0 };
    let detection = Detection { face_box, score: 0.9, landmarks: Landmarks([[5.0, 5.0]; 5]) };
    let embedding = Embedding::normalise(colour.map(f32::from).to_vec()).ok();
    Ok(FaceRecord { detection, embedding, crop_jpeg: portrait_jpeg(pixels, &detection)? })
}

/// What registration says of any two pictures.
struct FixedEdit(Option<Edit>);

impl carry_over::FindEdit for FixedEdit {
    fn edit(&self, _: &[u8; 32], _: &[u8; 32]) -> Option<Edit> {
        self.0
    }
}

struct World {
    folder: TempDir,
    photos: PathBuf,
    library: LibraryHandle,
    faces: ColourFaces,
    edits: FixedEdit,
    missing: MissingPolicy,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let photos = folder.path().join("photos");
        fs::create_dir(&photos).unwrap();
        let library = LibraryHandle::open(&folder.path().join("library.sqlite")).unwrap();
        let edits = FixedEdit(Some(Edit::turn(Orientation::Same)));
        Self { photos, library, folder, faces: ColourFaces::new(), edits, missing: MissingPolicy::Ask }
    }

    fn photo(&self, name: &str, colour: [u8; 3]) {
        // A mark of its own, so that no two files have the same content.
        let mut pixels = RgbImage::from_pixel(32, 32, Rgb(colour));
        pixels.put_pixel(31, 31, Rgb([name.len() as u8, name.bytes().fold(0, u8::wrapping_add), 0]));
        pixels.save(self.photos.join(name)).unwrap();
    }

    fn scan(&self) -> ScanSummary {
        self.scan_until(&Cancel::default(), &mut |_| {})
    }

    /// Names whoever is in the photo.
    fn name(&self, photo: &str, name: &'static str) {
        let grouping = Grouping { threshold: SquaredDistance(0.5), linkage: Linkage::Average };
        regroup(&self.library, &self.faces.model, &grouping, &Cancel::default(), &mut |_| {}).unwrap();
        let path = self.paths().into_iter().find(|path| path.ends_with(photo)).unwrap();
        let person = person_in(self, &path);
        self.library.call(move |library| library.name_person(person, name)).unwrap();
    }

    /// The names of the faces in the photo.
    fn names(&self, photo: &str) -> Vec<Option<String>> {
        let path = self.paths().into_iter().find(|path| path.ends_with(photo)).unwrap();
        let known = self.library.call(move |library| library.known(&path)).unwrap().unwrap();
        let faces = self.library.call(move |library| library.faces_of_photo(known.photo_id)).unwrap();
        faces.into_iter().map(|face| face.name).collect()
    }

    fn tools<'a>(&'a self, thumbnails: &'a ThumbnailCache, suspects: &'a [Suspect]) -> ScanTools<'a> {
        ScanTools {
            engine: &self.faces,
            library: &self.library,
            thumbnails,
            edits: &self.edits,
            same_person: SquaredDistance(0.5),
            missing: self.missing,
            touched: None,
            of_library: false,
            suspects,
            hash: picture_hash_of_file,
            own: &[],
            meanwhile: None,
        }
    }

    /// The program dies twice with this photo alone, as it begins to look through it.
    fn die_over(&self, photo: &str) {
        let file = pipeline::file_facts(&fs::canonicalize(self.photos.join(photo)).unwrap()).unwrap();
        for _ in 0..2 {
            let file = file.clone();
            self.library.call(move |library| library.begin_attempt(&file, true)).unwrap();
            self.library.call(|library| library.suspects()).unwrap();
        }
    }

    fn scan_until(&self, cancel: &Cancel, events: &mut dyn FnMut(JobEvent)) -> ScanSummary {
        self.scan_with(|tools| scan_folders(std::slice::from_ref(&self.photos), tools, cancel, events).unwrap())
    }

    /// Looks for lost faces, too.
    fn scan_and_find(&self) -> ScanSummary {
        self.scan_with(|tools| {
            let cancel = Cancel::default();
            let mut summary = scan_folders(std::slice::from_ref(&self.photos), tools, &cancel, &mut |_| {}).unwrap();
            lost::find_again(tools, &mut summary, &cancel, &mut |_| {}).unwrap();
            summary
        })
    }

    fn scan_with(&self, scan: impl FnOnce(&ScanTools<'_>) -> ScanSummary) -> ScanSummary {
        let thumbnails = ThumbnailCache::new(self.folder.path().join("cache"));
        let suspects = self.library.call(|library| library.suspects()).unwrap();
        scan(&self.tools(&thumbnails, &suspects))
    }

    fn paths(&self) -> Vec<PathBuf> {
        let tiles = self.library.call(|library| library.photos(PhotoFilter::All, ListPage::ALL)).unwrap();
        tiles.into_iter().map(|tile| tile.path).collect()
    }
}

#[test]
fn rubbish_is_told_once_each_and_the_scan_ends() {
    let world = World::new();
    world.photo("good.png", [1, 2, 3]);
    world.photo("dark.png", [0, 0, 0]);
    fs::write(world.photos.join("empty.jpg"), b"").unwrap();
    fs::write(world.photos.join("text.jpg"), b"Dear diary").unwrap();
    fs::write(world.photos.join("名字\n.jpg"), b"\xff\xd8\xff\xe0 truncated").unwrap();
    let mut told = Vec::new();
    let summary = world.scan_until(&Cancel::default(), &mut |event| {
        if let JobEvent::Skipped(skipped) = event {
            told.push(skipped);
        }
    });
    assert_eq!(summary.photos, 1);
    assert_eq!(summary.skipped.len(), 4);
    assert_eq!(told, summary.skipped);
    assert!(summary.skipped.iter().any(|skipped| skipped.reason == "too dark"));
    assert_eq!(world.scan().skipped.len(), 4, "the second scan tells them again");
    let failed = world.library.call(|library| library.photos(PhotoFilter::Failed, ListPage::ALL)).unwrap();
    assert_eq!(failed.len(), 4, "and the library holds each once");
}

#[test]
fn a_cancelled_scan_goes_on_where_it_stopped() {
    let world = World::new();
    (0..60).for_each(|i| world.photo(&format!("{i}.png"), [9, 200, i]));
    let cancel = Cancel::default();
    let asked = cancel.clone();
    let first = world.scan_until(&cancel, &mut |event| {
        if matches!(event, JobEvent::Progress(Progress { stage: SCANNING, .. })) {
            asked.cancel();
        }
    });
    assert!(first.cancelled);
    assert!((1..60).contains(&first.new_photos), "{} photos before the cancel took hold", first.new_photos);
    let second = world.scan();
    assert_eq!(second.unchanged_photos, first.new_photos);
    assert_eq!(second.photos, 60);
    assert_eq!(world.paths().len(), 60);
}

/// Files too large to be photos are told as they are sorted, before any is opened.
#[test]
fn a_scan_is_cancelled_while_files_are_sorted() {
    let world = World::new();
    let too_large = crate::faces::image::DecodeLimits::default().max_bytes() + 1;
    let files = 2 * pipeline::ASKED_AT_ONCE;
    (0..files)
        .for_each(|i| fs::File::create(world.photos.join(format!("{i}.jpg"))).unwrap().set_len(too_large).unwrap());
    let cancel = Cancel::default();
    let asked = cancel.clone();
    let first = world.scan_until(&cancel, &mut |event| {
        if matches!(event, JobEvent::Skipped(_)) {
            asked.cancel();
        }
    });
    assert!(first.cancelled && (1..files).contains(&first.skipped.len()), "{}", first.skipped.len());
    let second = world.scan();
    assert_eq!((second.skipped.len(), second.missing_photos), (files, 0));
}

#[test]
fn a_moved_photo_keeps_its_name_and_a_deleted_one_is_missed() {
    let world = World::new();
    world.photo("a.png", [255, 0, 0]);
    world.photo("b.png", [0, 255, 0]);
    world.scan();
    world.name("a.png", "Ana");
    let a = world.photos.join("a.png");
    fs::create_dir(world.photos.join("sub")).unwrap();
    fs::rename(&a, world.photos.join("sub/renamed.png")).unwrap();
    fs::remove_file(world.photos.join("b.png")).unwrap();
    let summary = world.scan();
    assert_eq!((summary.moved_photos, summary.new_photos, summary.missing_photos), (1, 0, 1));
    let everyone = world.library.call(|library| library.everyone()).unwrap();
    let ana = everyone.iter().find(|person| person.name.as_deref() == Some("Ana")).unwrap();
    assert!(ana.faces[0].path.ends_with("sub/renamed.png"));
}

/// Whether a path is new to the library or only to the picture.
#[test]
fn photos_that_change_places_are_told_as_moved() {
    let world = World::new();
    let [a, b, c] = ["a.png", "b.png", "c.png"].map(|name| world.photos.join(name));
    [("a.png", 250), ("b.png", 200), ("c.png", 150)].iter().for_each(|(name, red)| world.photo(name, [*red, 0, 0]));
    world.scan();
    let other = world.photos.join("other.png");
    for (from, to) in [(&a, &other), (&b, &a), (&other, &b)] {
        fs::rename(from, to).unwrap();
    }
    let swapped = world.scan();
    assert_eq!((swapped.moved_photos, swapped.unchanged_photos, swapped.new_photos), (2, 1, 0));
    fs::rename(&c, &a).unwrap();
    let onto = world.scan();
    assert_eq!((onto.moved_photos, onto.unchanged_photos, onto.new_photos), (1, 1, 0));
    assert_eq!(world.scan().unchanged_photos, 2);
}

/// A file that could never be read is a photo neither while it is there nor once it is gone, and nobody is asked about it.
#[test]
fn what_never_was_a_photo_is_not_missing_once_it_is_gone() {
    let world = World::new();
    world.photo("a.png", [250, 0, 0]);
    let texts = ["b.jpg", "c.jpg", "d.jpg"].map(|name| world.photos.join(name));
    texts.iter().for_each(|text| fs::write(text, text.as_os_str().as_encoded_bytes()).unwrap());
    let counts = |summary: &ScanSummary| {
        let checked = world.library.call(|library| library.check()).unwrap();
        let seen = world.library.call(|library| library.counts()).unwrap();
        assert_eq!((checked.photos, checked.missing, checked.failed), (seen.photos, seen.missing, seen.failed));
        assert_eq!(summary.photos, checked.photos);
        (summary.photos, summary.missing_photos, summary.withheld_photos, checked.missing, checked.failed)
    };
    assert_eq!(counts(&world.scan()), (1, 0, 0, 0, 3));
    assert_eq!(world.scan().faces, world.library.call(|library| library.check()).unwrap().faces);
    texts.iter().for_each(|text| fs::remove_file(text).unwrap());
    assert_eq!(counts(&world.scan()), (1, 0, 0, 0, 0));
    world.photo("e.png", [0, 250, 0]);
    world.photo("f.png", [0, 0, 250]);
    world.scan();
    fs::remove_file(world.photos.join("e.png")).unwrap();
    assert_eq!(counts(&world.scan()).1, 1);
}

fn person_in(world: &World, path: &Path) -> crate::types::PersonId {
    let everyone = world.library.call(|library| library.everyone()).unwrap();
    everyone.into_iter().find(|person| person.faces.iter().any(|face| face.path == path)).unwrap().id
}

/// Each photo a collage: in each of twelve cells the face of somebody, or nobody.
fn collage(faces: &ColourFaces, pixels: &RgbImage) -> Vec<FaceRecord> {
    let cells = (0..12).map(|cell| (8 * (cell % 4), 10 * (cell / 4)));
    let shown = cells.filter_map(|(x, y)| {
        let face_box = FaceBox { x: x as f32 + 1.0, y: y as f32 + 1.0, width: 6.0, height: 8.0 };
        let detection = Detection { face_box, score: 0.9, landmarks: Landmarks([[x as f32 + 4.0, y as f32 + 5.0]; 5]) };
        let embedding = faces.embed_faces(pixels, &[detection]).unwrap().remove(0)?;
        Some(FaceRecord {
            detection,
            embedding: Some(embedding),
            crop_jpeg: portrait_jpeg(pixels, &detection).unwrap(),
        })
    });
    shown.collect()
}

/// What the grouping after a scan changed is all that is named, also whom it has left nobody of.
#[cfg(feature = "gui")]
#[test]
fn a_scan_names_whom_it_and_its_grouping_touched() {
    let world = World::new();
    (0..3).for_each(|i| world.photo(&format!("red{i}.png"), [250, i, 0]));
    world.photo("blue.png", [0, 0, 250]);
    let grouping = Grouping { threshold: SquaredDistance(0.5), linkage: Linkage::Average };
    let scan = || {
        let before = world.library.ask(|library| library.before_scan()).unwrap();
        let mut summary = world.scan();
        regroup(&world.library, &world.faces.model, &grouping, &Cancel::default(), &mut |_| {}).unwrap();
        summary.note_touched(world.library.ask(|library| library.touched_since(&before)).unwrap());
        summary.touched
    };
    let first = scan();
    assert_eq!((first.people.len(), first.which_photos, first.everything), (2, true, false));
    assert_eq!(scan(), Touched { folders: true, ..Touched::default() }, "nothing is new");
    world.photo("red3.png", [250, 3, 0]);
    let red = person_in(&world, &fs::canonicalize(world.photos.join("red0.png")).unwrap());
    let third = scan();
    assert_eq!((third.people, third.which_photos), (vec![red], true));
    fs::remove_file(world.photos.join("blue.png")).unwrap();
    assert!(scan().everything, "of whom a photo is gone no row tells");
    world.photo("red3.png", [0, 0, 0]);
    let dark = scan();
    assert!(dark.which_photos && dark.people.contains(&red), "one that shows something else is gone, too");
}
