//! Scans with a stand-in for the networks: every photo has one face whose embedding is its colour.

mod edits;
mod failures;
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
    with_small_faces,
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
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let photos = folder.path().join("photos");
        fs::create_dir(&photos).unwrap();
        let library = LibraryHandle::open(&folder.path().join("library.sqlite")).unwrap();
        let edits = FixedEdit(Some(Edit::turn(Orientation::Same)));
        Self { photos, library, folder, faces: ColourFaces::new(), edits }
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
            missing: MissingPolicy::Ask,
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
fn a_second_scan_opens_nothing_again() {
    let world = World::new();
    (0..20).for_each(|i| world.photo(&format!("{i}.png"), [200, 10, i]));
    let first = world.scan();
    assert_eq!((first.photos, first.faces, first.new_photos, first.unchanged_photos), (20, 20, 20, 0));
    assert!(first.photos_per_s > 0.0 && first.faces_per_s > 0.0);
    let second = world.scan();
    assert_eq!((second.photos, second.faces, second.new_photos, second.unchanged_photos), (20, 20, 0, 20));
    assert_eq!(world.faces.looked_at.get(), 20);
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

fn person_in(world: &World, path: &Path) -> crate::types::PersonId {
    let everyone = world.library.call(|library| library.everyone()).unwrap();
    everyone.into_iter().find(|person| person.faces.iter().any(|face| face.path == path)).unwrap().id
}

#[test]
fn photos_are_grouped_by_who_is_on_them() {
    let world = World::new();
    (0..6).for_each(|i| world.photo(&format!("red{i}.png"), [250, i, 0]));
    (0..3).for_each(|i| world.photo(&format!("blue{i}.png"), [0, i, 250]));
    world.scan();
    let grouping = Grouping { threshold: SquaredDistance(0.5), linkage: Linkage::Average };
    let summary = regroup(&world.library, &world.faces.model, &grouping, &Cancel::default(), &mut |_| {}).unwrap();
    assert_eq!((summary.people, summary.named), (2, 0));
    let filter = PeopleFilter { kind: PeopleKind::Nameless, min_faces: 1 };
    let cards = world.library.call(move |library| library.people(filter, ListPage::ALL)).unwrap();
    assert_eq!(cards.iter().map(|card| card.faces).collect::<Vec<_>>(), [6, 3]);
    let prepared =
        PreparedGrouping::prepare(&world.library, &world.faces.model, &grouping, &Cancel::default(), &mut |_| {})
            .unwrap();
    assert_eq!(prepared.groups(SquaredDistance(4.0)).len(), 1);
    assert_eq!(prepared.groups_now().len(), 2);
    assert_eq!(prepared.wrong_matches(SquaredDistance(4.0)), None);
}

/// Its user names somebody as soon as they are in a group; what is found later is theirs, too.
#[test]
fn while_a_first_scan_runs_people_appear_and_can_be_named() {
    let world = World::new();
    for i in 0..30 {
        world.photo(&format!("{i}.png"), if i % 3 == 0 { [0, i, 250] } else { [250, i, 0] });
    }
    let grouping = Grouping { threshold: SquaredDistance(0.5), linkage: Linkage::Average };
    let (mut grouped, mut named) = (0, None);
    let mut events = |event: JobEvent| {
        if matches!(event, JobEvent::Grouped) {
            grouped += 1;
            let everyone = world.library.call(|library| library.everyone()).unwrap();
            let largest = everyone.into_iter().max_by_key(|person| person.faces.len()).unwrap();
            if named.is_none() {
                let person = largest.id;
                world.library.call(move |library| library.name_person(person, "Ada")).unwrap();
                named = Some((person, largest.faces.len()));
            }
        }
    };
    let summary = world.scan_with(|tools| {
        let tools = ScanTools { meanwhile: Some(GroupMeanwhile { grouping: &grouping, faces: 8 }), ..*tools };
        scan_folders(std::slice::from_ref(&world.photos), &tools, &Cancel::default(), &mut events).unwrap()
    });
    assert_eq!(summary.new_faces, 30);
    let (ada, first) = named.expect("groups before the scan has ended");
    assert!(first < 20, "{first}");
    regroup(&world.library, &world.faces.model, &grouping, &Cancel::default(), &mut |_| {}).unwrap();
    let card = world.library.call(move |library| library.person(ada)).unwrap().unwrap();
    assert_eq!((card.name.as_deref(), card.faces + card.suggested), (Some("Ada"), 20));
}

/// No backup can be made before it; who groups in the end says so.
#[test]
fn a_grouping_that_fails_meanwhile_ends_no_first_scan() {
    let world = World::new();
    (0..30).for_each(|i| world.photo(&format!("{i}.png"), [250, i, 0]));
    let to = crate::library::Destination::NewPerson { name: "Ada".to_owned() };
    let named = Decision::Move { of: None, faces: Vec::new(), to };
    world.library.call(move |library| library.decide(&named, Revision::NOW)).unwrap();
    fs::write(world.library.path().with_file_name("backups"), b"in the way").unwrap();
    let grouping = Grouping { threshold: SquaredDistance(0.5), linkage: Linkage::Average };
    let mut grouped = 0;
    let mut events = |event: JobEvent| grouped += usize::from(matches!(event, JobEvent::Grouped));
    let summary = world.scan_with(|tools| {
        let tools = ScanTools { meanwhile: Some(GroupMeanwhile { grouping: &grouping, faces: 4 }), ..*tools };
        scan_folders(std::slice::from_ref(&world.photos), &tools, &Cancel::default(), &mut events).unwrap()
    });
    assert_eq!((summary.new_faces, summary.cancelled, grouped), (30, false, 0));
    regroup(&world.library, &world.faces.model, &grouping, &Cancel::default(), &mut |_| {}).unwrap_err();
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

fn collage_of(colours: &[[u8; 3]]) -> RgbImage {
    RgbImage::from_fn(32, 32, |x, y| {
        let cell = (x / 8 + 4 * (y / 10).min(2)) as usize;
        Rgb(*colours.get(cell).unwrap_or(&[0; 3]))
    })
}

#[test]
fn a_collage_of_one_face_is_one_person_and_one_of_people_is_several_until_their_user_says_so() {
    let mut world = World::new();
    world.faces.collage = true;
    let equal: Vec<[u8; 3]> = (0..12).map(|copy| [200, 5 * copy, 3 * (copy % 3)]).collect();
    collage_of(&equal).save(world.photos.join("one.png")).unwrap();
    collage_of(&[[0, 250, 0], [0, 0, 250], [0, 200, 200]]).save(world.photos.join("people.png")).unwrap();
    world.scan();
    let all_in_one = Grouping { threshold: SquaredDistance(0.59), linkage: Linkage::Single };
    let groups = |world: &World| {
        regroup(&world.library, &world.faces.model, &all_in_one, &Cancel::default(), &mut |_| {}).unwrap();
        let mut people = world.library.call(|library| library.everyone()).unwrap();
        people.sort_by_key(|person| (std::cmp::Reverse(person.faces.len()), person.id));
        people.iter().map(|person| (person.id, person.faces.len())).collect::<Vec<_>>()
    };
    let found = groups(&world);
    assert_eq!(found.iter().map(|group| group.1).collect::<Vec<_>>(), [12, 1, 1, 1]);
    // Somebody and their mirror image, for which the distances are no proof.
    let (from, into) = (found[2].0, found[1].0);
    let merge = Decision::Merge { from, into, against: AgainstMerge::default() };
    world.library.call(move |library| library.decide(&merge, Revision::NOW)).unwrap();
    assert_eq!(groups(&world).iter().map(|group| group.1).collect::<Vec<_>>(), [12, 2, 1]);
    assert!(groups(&world).iter().any(|group| *group == (into, 2)));
}

#[test]
fn a_copy_is_told_as_one_and_nobody_searched_it_before() {
    let mut world = World::new();
    world.photo("a.png", [250, 0, 0]);
    for copy in ["b.png", "c.png"] {
        std::fs::copy(world.photos.join("a.png"), world.photos.join(copy)).unwrap();
    }
    let first = world.scan();
    assert_eq!((first.photos, first.new_photos, first.moved_photos, first.searched_again), (1, 1, 2, 0));
    let second = world.scan();
    assert_eq!((second.new_photos, second.moved_photos, second.searched_again, second.unchanged_photos), (0, 0, 0, 3));
    // Nor has a copy that was known before moved anywhere because its picture is looked through again.
    world.faces.detector = with_small_faces(&world.faces.detector);
    let third = world.scan();
    assert_eq!((third.new_photos, third.moved_photos, third.searched_again, third.unchanged_photos), (0, 0, 1, 2));
}

/// No other detector was there: the reason that is told is the true one.
#[test]
fn photos_of_an_import_are_new_and_those_of_somebody_forgotten_are_searched_again_for_that() {
    let [from, to] = [World::new(), World::new()];
    [&from, &to].iter().for_each(|world| world.photo("a.png", [250, 0, 0]));
    from.scan();
    from.name("a.png", "Ana");
    let mut text = Vec::new();
    from.library.ask(|library| library.export(&mut text)).unwrap();
    to.library.call(move |library| library.import(&text[..], ImportMode::Apply)).unwrap();
    let counts = |summary: ScanSummary| {
        (summary.new_photos, summary.imported_photos, summary.searched_again, summary.searched_after_forgetting)
    };
    assert_eq!(counts(to.scan()), (1, 1, 0, 0));
    assert_eq!(to.names("a.png"), [Some("Ana".to_owned())]);
    let forget = |library: &mut Library| {
        let (person, _) = library.named_people()?[0];
        let shown = library.person_to_forget(person)?;
        library.forget_person(&shown, true)
    };
    to.library.call(forget).unwrap();
    assert_eq!(counts(to.scan()), (0, 0, 1, 1));
    assert_eq!(counts(to.scan()), (0, 0, 0, 0));
}

/// Looking for small faces, too, looks through every photo once more; not to look for them any more loses none.
#[test]
fn photos_are_searched_again_for_small_faces_and_not_once_more_without() {
    let mut world = World::new();
    (0..3).for_each(|i| world.photo(&format!("{i}.png"), [250, i, 0]));
    world.scan();
    let plain = world.faces.detector.clone();
    world.faces.detector = with_small_faces(&plain);
    let small = world.scan();
    assert_eq!((small.searched_again, small.searched_for_small), (3, 3));
    assert_eq!(world.scan().unchanged_photos, 3);
    world.faces.detector = ModelId("another".into());
    let other = world.scan();
    assert_eq!((other.searched_again, other.searched_for_small), (3, 0));
    world.faces.detector = with_small_faces(&plain);
    world.scan();
    world.faces.detector = plain;
    let last = world.scan();
    assert_eq!((last.unchanged_photos, last.faces), (3, 3));
}

#[test]
fn a_split_group_stays_apart() {
    let world = World::new();
    (0..4).for_each(|i| world.photo(&format!("red{i}.png"), [250, i, 0]));
    (0..2).for_each(|i| world.photo(&format!("blue{i}.png"), [0, i, 250]));
    world.scan();
    let all_in_one = Grouping { threshold: SquaredDistance(4.0), linkage: Linkage::Average };
    let model = world.faces.model.clone();
    regroup(&world.library, &model, &all_in_one, &Cancel::default(), &mut |_| {}).unwrap();
    let person = person_in(&world, &world.paths()[0]);
    split_group(&world.library, &model, person, Revision::NOW).unwrap();
    let sizes = |world: &World| {
        let everyone = world.library.call(|library| library.everyone()).unwrap();
        let mut sizes: Vec<_> = everyone.iter().map(|person| person.faces.len()).collect();
        sizes.sort();
        sizes
    };
    assert_eq!(sizes(&world), [2, 4]);
    regroup(&world.library, &model, &all_in_one, &Cancel::default(), &mut |_| {}).unwrap();
    assert_eq!(sizes(&world), [2, 4], "the next grouping remembers that they are two people");
}

/// A copy that keeps the time, put in the place of a file of the same size.
#[cfg(unix)]
#[test]
fn another_picture_of_the_same_size_and_time_is_noticed() {
    let world = World::new();
    world.photo("a.bmp", [250, 0, 0]);
    world.photo("b.bmp", [0, 250, 0]);
    world.scan();
    world.name("a.bmp", "Ana");
    change_keeping_time(&world.photos.join("a.bmp"), || world.photo("a.bmp", [0, 0, 250]));
    let summary = world.scan();
    assert_eq!((summary.new_photos, summary.unchanged_photos, summary.lost_faces), (1, 1, 1));
    assert_eq!(world.names("a.bmp"), [None], "somebody else is in it");
}

/// Other rights, a rename and back: the file is read once, and nothing else happens.
#[cfg(unix)]
#[test]
fn a_file_whose_bytes_are_as_they_were_is_not_decoded_again() {
    let world = World::new();
    world.photo("a.bmp", [250, 0, 0]);
    world.scan();
    let path = world.photos.join("a.bmp");
    change_keeping_time(&path, || fs::write(&path, fs::read(&path).unwrap()).unwrap());
    let known = || {
        let path = fs::canonicalize(&path).unwrap();
        world.library.call(move |library| library.known(&path)).unwrap().unwrap()
    };
    let before = known();
    for _ in 0..2 {
        let summary = world.scan();
        assert_eq!((summary.new_photos, summary.unchanged_photos, summary.faces), (0, 1, 1));
    }
    assert_eq!(world.faces.looked_at.get(), 1);
    assert_ne!(known().ctime_ns, before.ctime_ns, "it is not read again and again");
}

/// Until the inode's time is another one: its clock may be slow.
#[cfg(unix)]
fn change_keeping_time(path: &Path, mut change: impl FnMut()) {
    use std::os::unix::fs::MetadataExt;
    let state = || {
        let file = fs::metadata(path).unwrap();
        (file.len(), file.modified().unwrap(), (file.ctime(), file.ctime_nsec()))
    };
    let (size, time, inode) = state();
    while state().2 == inode {
        change();
        fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
    assert_eq!((state().0, state().1), (size, time));
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

/// `LIKENESS_RESCAN=500000`: how long so many unchanged files take that the library knows.
#[test]
#[ignore = "measures"]
fn a_rescan_is_measured() {
    let files: usize = std::env::var("LIKENESS_RESCAN").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let world = World::new();
    let root = fs::canonicalize(&world.photos).unwrap();
    let mut records = Vec::with_capacity(files);
    for n in 0..files {
        let folder = root.join(format!("{:04}", n / 500));
        let path = folder.join(format!("IMG_{n:07}.jpg"));
        if n % 500 == 0 {
            fs::create_dir(folder).unwrap();
        }
        fs::write(&path, []).unwrap();
        let hash: [u8; 32] = sha2::Sha256::digest(n.to_le_bytes()).into();
        let hashes = Some(crate::library::FileHashes { file: hash, picture: hash });
        records.push(crate::library::PhotoRecord {
            file: crate::library::FileFacts { hashes, ..pipeline::file_facts(&path).unwrap() },
            width: 32,
            height: 32,
            format: "JPEG".to_owned(),
            captured_at: None,
            camera: None,
            gps: None,
            detector: world.faces.detector.clone(),
            model: world.faces.model.clone(),
            faces: Vec::new(),
        });
    }
    let recorded = world.library.call(move |library| {
        let scan = library.begin_scan(&root)?;
        records.chunks(2048).try_for_each(|chunk| library.record_photos(scan, chunk).map(drop))?;
        library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask)
    });
    recorded.unwrap();
    let begun = std::time::Instant::now();
    let summary = world.scan();
    assert_eq!((summary.unchanged_photos, summary.missing_photos), (files, 0));
    let secs = begun.elapsed().as_secs_f64();
    crate::app::engine::cli::output::note(format!("{files} unchanged files: {secs:.2} s"));
}
