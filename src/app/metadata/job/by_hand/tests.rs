//! Faces by hand end to end: found, taken, undone, done again, scanned again.

mod answering;

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::app::metadata::job::{KnownFaces, MoreSources, NameOfPhoto, PlacedName, offer, offer_again};
use crate::faces::image::picture_hash_of_file;
use crate::library::fixture;
use crate::library::{
    Decision, FaceDetail, FileFacts, FileHashes, Library, MissingPolicy, NamesRead, PhotoRecord, ScanOutcome,
};
use crate::metadata::found::NameKind;
use crate::metadata::name_key::NameKey;
use crate::metadata::review::{DisputedFace, NameConflict};
use crate::types::{FaceId, Revision, StepId};

/// Fractions: left, top, right, bottom.
type Corners = [f32; 4];

const FOUND: Corners = [0.1, 0.2, 0.25, 0.45];
const UNSEEN: Corners = [0.6, 0.3, 0.8, 0.6];

/// Two photos with a face each, beside a `.picasa.ini`.
struct Album {
    folder: tempfile::TempDir,
    library: Library,
    home: Home,
    photos: Vec<PathBuf>,
}

/// Networks that see a face in the middle of what they are shown closer, or none.
struct MadeUpNetworks {
    sees: bool,
    model: ModelId,
}

impl FindFaces for MadeUpNetworks {
    fn detector_id(&self) -> &ModelId {
        &self.model
    }

    fn model_id(&self) -> &ModelId {
        &self.model
    }

    fn find_faces(&self, photos: &[(&Path, &Photo)]) -> Vec<Result<Vec<FaceRecord>>> {
        let face = |photo: &Photo| {
            let (width, height) = (photo.pixels.width() as f32, photo.pixels.height() as f32);
            let face_box = FaceBox { x: width * 0.4, y: height * 0.4, width: width * 0.2, height: height * 0.2 };
            let landmarks = Landmarks([[0.42, 0.45], [0.58, 0.45], [0.5, 0.5], [0.44, 0.55], [0.56, 0.55]])
                .0
                .map(|[x, y]: [f32; 2]| [x * width, y * height]);
            let detection = Detection { face_box, score: 0.9, landmarks: Landmarks(landmarks) };
            FaceRecord { detection, embedding: Embedding::normalise(vec![1.0, 0.0]).ok(), crop_jpeg: Vec::new() }
        };
        photos.iter().map(|(_, photo)| Ok(if self.sees { vec![face(photo)] } else { Vec::new() })).collect()
    }

    fn embed_faces(&self, _: &RgbImage, places: &[Detection]) -> Result<Vec<Option<Embedding>>> {
        Ok(places.iter().map(|_| Embedding::normalise(vec![0.0, 1.0]).ok()).collect())
    }
}

impl Album {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir(root.join("photos")).unwrap();
        let home = Home::open(Some(&root.join("home"))).unwrap();
        let photos: Vec<PathBuf> = ["a.jpg", "b.jpg"].map(|name| root.join("photos").join(name)).to_vec();
        for (number, path) in photos.iter().enumerate() {
            let shade = |x: u32, y: u32| image::Rgb([(x / 3) as u8, (y / 2) as u8, 40 * number as u8]);
            RgbImage::from_fn(400, 300, shade).save(path).unwrap();
        }
        let library = Library::open(&home.library()).unwrap();
        let mut album = Self { folder, library, home, photos };
        album.scan(&[FOUND]);
        album
    }

    /// As a detector does that finds faces there, in every photo.
    fn scan(&mut self, faces: &[Corners]) {
        let scan = self.library.begin_scan(self.photos[0].parent().unwrap()).unwrap();
        for path in &self.photos {
            let (file, picture) = picture_hash_of_file(path).unwrap();
            let hashes = Some(FileHashes { file, picture: picture.0 });
            let record = PhotoRecord {
                file: FileFacts { hashes, ..fixture::file(path, 0) },
                width: 400,
                height: 300,
                ..fixture::photo(path, 0, faces.iter().map(|area| record(*area)).collect())
            };
            self.library.record_photos(scan, &[record]).unwrap();
        }
        self.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap();
    }

    /// Says of the first photo whom Picasa has found where.
    fn picasa(&self, faces: &[(&str, Corners)]) {
        let part = |value: f32| format!("{:04x}", (value * 65535.0).round() as u32);
        let rect = |area: Corners| area.map(part).concat();
        let (mut list, mut contacts) = (Vec::new(), String::new());
        for (number, (name, area)) in faces.iter().enumerate() {
            list.push(format!("rect64({}),{}", rect(*area), number + 1000));
            contacts += &format!("{}={name};;\n", number + 1000);
        }
        let text = format!("[a.jpg]\nfaces={}\n[Contacts2]\n{contacts}", list.join(";"));
        fs::write(self.photos[0].with_file_name(".picasa.ini"), text).unwrap();
    }

    fn offered(&mut self) -> OfferedNames {
        let (options, cancel) = (EngineOptions::default(), Cancel::default());
        let known = KnownFaces::read(&self.library, self.photos[0].parent().unwrap(), &model()).unwrap();
        let library = &mut self.library;
        let mut keep = |read: Vec<NamesRead>, gone: Vec<PathBuf>| library.note_names_read(&read, &gone).unwrap();
        let more = MoreSources::default();
        offer(&self.home, known, &options, &more, &mut keep, &cancel, &mut |_| {}).unwrap().unwrap()
    }

    /// Takes what is chosen, and returns how many faces were cut out and skipped.
    fn answer(&mut self, offered: &OfferedNames, chosen: &NameChoices, sees: bool) -> (usize, usize) {
        let pictures = pictures_to_cut(&self.library, chosen, &model()).unwrap();
        let eyes = MadeUpNetworks { sees, model: model() };
        let made = make_faces(&pictures, Some(&eyes), &Cancel::default(), &mut |_| {});
        let counts = (made.faces.len(), made.skipped.len());
        answer(&mut self.library, offered, chosen, made.faces).unwrap();
        counts
    }

    fn decide(&mut self, decision: Decision) {
        self.library.decide(&decision, Revision::NOW).unwrap();
    }

    /// The first photo's, named ones by name.
    fn faces(&self) -> Vec<FaceDetail> {
        let mut faces = self.library.faces_of_photo(PhotoId(1)).unwrap();
        faces.sort_by(|a, b| b.name.cmp(&a.name));
        faces
    }

    fn names(&self) -> Vec<Option<String>> {
        self.faces().into_iter().map(|face| face.name).collect()
    }
}

fn model() -> ModelId {
    ModelId("toy".into())
}

fn record([left, top, right, bottom]: Corners) -> FaceRecord {
    let (x, y) = (left * 400.0, top * 300.0);
    let face_box = FaceBox { x, y, width: (right - left) * 400.0, height: (bottom - top) * 300.0 };
    let detection = Detection { face_box, score: 0.9, landmarks: Landmarks([face_box.centre(); 5]) };
    FaceRecord { detection, embedding: Embedding::normalise(vec![0.7, 0.7]).ok(), crop_jpeg: vec![1] }
}

fn found_names(offered: &OfferedNames) -> Vec<&str> {
    offered.review.people.iter().map(|person| person.name.as_str()).collect()
}

/// What its user says to names that other programs took back.
fn settling(names: Vec<NameOfPhoto>, follow: bool) -> NameChoices {
    let (taken_off, settled) = if follow { (names, Vec::new()) } else { (Vec::new(), names) };
    NameChoices { taken_off, settled, ..NameChoices::default() }
}

fn some(name: &str) -> Option<String> {
    Some(name.to_owned())
}

#[test]
fn a_name_where_no_face_was_found_makes_one_that_undo_redo_and_scans_keep() {
    for sees in [true, false] {
        let mut album = Album::new();
        album.picasa(&[("Anna", UNSEEN), ("Bert", FOUND)]);
        let offered = album.offered();
        let chosen = offered.to_take(&[]).unwrap();
        assert_eq!(album.answer(&offered, &chosen, sees), (1, 0));
        assert_eq!(album.names(), [some("Bert"), some("Anna")]);
        let anna = album.faces()[1].clone();
        let vector = album.library.embedding(&model(), anna.face_id).unwrap().unwrap();
        let expected = if sees { [1.0, 0.0] } else { [0.0, 1.0] };
        assert_eq!(vector.as_slice(), expected, "it is embedded as it is seen");
        let place = FaceBox { x: 240.0, y: 90.0, width: 80.0, height: 90.0 };
        let at = anna.detection.face_box;
        assert!(places::fit(share(place), share(at), 4.0 / 3.0).is_some(), "{at:?}");
        assert!(!album.library.crop_jpeg(anna.face_id).unwrap().unwrap().is_empty());
        album.decide(Decision::Undo(StepId::LATEST));
        assert_eq!(album.names(), [None]);
        assert_eq!(found_names(&album.offered()).len(), 2, "both are offered again");
        album.decide(Decision::Redo(StepId::LATEST));
        assert_eq!(album.faces()[1], anna);
        album.scan(&[FOUND]);
        assert_eq!(album.names(), [some("Bert"), some("Anna")]);
        // Another detector sees the face in the head.
        album.scan(&[FOUND, [0.63, 0.37, 0.77, 0.57]]);
        assert_eq!(album.names(), [some("Bert"), some("Anna")]);
        assert_eq!(album.faces()[1].face_id, anna.face_id);
        assert!(found_names(&album.offered()).is_empty(), "nothing is left to say");
    }
}

fn share(b: FaceBox) -> RegionBox {
    RegionBox { x: b.x / 400.0, y: b.y / 300.0, width: b.width / 400.0, height: b.height / 300.0 }
}

#[test]
fn regions_outside_of_the_picture_and_too_small_ones_make_no_face_and_hinder_no_other() {
    let mut album = Album::new();
    album.picasa(&[("Anna", UNSEEN), ("Cleo", [0.9, 0.9, 0.902, 0.902])]);
    let offered = album.offered();
    let mut chosen = offered.to_take(&[]).unwrap();
    assert_eq!(chosen.taken.len(), 1, "a speck is no place of a face");
    for (number, at) in [
        RegionBox { x: 1.2, y: 0.2, width: 0.2, height: 0.2 },
        RegionBox { x: 0.5, y: 0.5, width: 0.001, height: 0.2 },
        RegionBox { x: f32::NAN, y: 0.5, width: 0.1, height: 0.2 },
    ]
    .into_iter()
    .enumerate()
    {
        let of = NameOfPhoto { photo: PhotoId(1), name: NameKey::of(&format!("nobody {number}")).unwrap(), at: None };
        chosen.taken.push(PlacedName { of, place: NamePlace::Region, at, kind: NameKind::Confirmed });
    }
    assert_eq!(album.answer(&offered, &chosen, false), (1, 3));
    assert_eq!(album.names(), [some("Anna"), None]);
    // One that juts out is cut, and a whole picture is a face as well.
    for at in [[-0.2, 0.1, 0.5, 0.9], [0.0, 0.0, 1.0, 1.0]] {
        let [left, top, right, bottom] = at;
        let region = RegionBox { x: left, y: top, width: right - left, height: bottom - top };
        let place = place_of(region, (400, 300)).unwrap();
        assert!(place.x >= 0.0 && place.x + place.width <= 400.0, "{place:?}");
    }
}

#[test]
fn a_photo_that_shows_another_picture_by_now_is_told_and_its_name_stays_offered() {
    let mut album = Album::new();
    album.picasa(&[("Anna", UNSEEN)]);
    let offered = album.offered();
    RgbImage::new(400, 300).save(&album.photos[0]).unwrap();
    let chosen = offered.to_take(&[]).unwrap();
    assert_eq!(album.answer(&offered, &chosen, true), (0, 1));
    assert_eq!(album.names(), [None]);
    assert_eq!(found_names(&album.offered()), ["Anna"]);
}

#[test]
fn nothing_is_cut_out_any_more_once_it_is_cancelled() {
    let mut album = Album::new();
    album.picasa(&[("Anna", UNSEEN)]);
    let offered = album.offered();
    let pictures = pictures_to_cut(&album.library, &offered.to_take(&[]).unwrap(), &model()).unwrap();
    let cancel = Cancel::default();
    cancel.cancel();
    let made = make_faces(&pictures, None, &cancel, &mut |_| {});
    assert!(made.cancelled && made.faces.is_empty());
}

#[test]
fn without_networks_a_face_is_cut_out_and_waits_to_be_embedded() {
    let mut album = Album::new();
    album.picasa(&[("Anna", UNSEEN)]);
    let offered = album.offered();
    let chosen = offered.to_take(&[]).unwrap();
    let (options, cancel) = (EngineOptions::default(), Cancel::default());
    let (home, names) = ((&album.home, &options), (&offered, &chosen));
    let none = |_: &mut dyn FnMut(JobEvent)| panic!("there are no networks to load");
    let answered = answer_here(&mut album.library, home, names, none, &cancel, &mut |_| {}).unwrap();
    assert_eq!(answered.unwrap().by_hand, 1);
    let anna = album.faces()[0].face_id;
    assert_eq!(album.library.embedding(&model(), anna).unwrap(), None);
    let waiting = album.library.faces_without_embedding(&model(), FaceId(0), 9).unwrap();
    assert!(waiting.iter().any(|face| face.face_id == anna), "the next scan embeds it");
}

#[test]
fn a_single_name_that_was_refused_is_not_offered_again() {
    let mut album = Album::new();
    album.picasa(&[("Anna", UNSEEN), ("Bert", FOUND)]);
    let offered = album.offered();
    let refused = vec![NameOfPhoto { photo: PhotoId(1), name: NameKey::of("Anna").unwrap(), at: None }];
    album.answer(&offered, &NameChoices { refused, ..NameChoices::default() }, true);
    assert_eq!(found_names(&album.offered()), ["Bert"]);
}

/// Picasa gives the place two names; one is chosen, and the other one is not asked about again.
#[test]
fn a_contradiction_that_was_decided_is_none_any_more_until_it_is_undone() {
    let mut album = Album::new();
    album.picasa(&[("Anna", UNSEEN), ("Cleo", [0.61, 0.31, 0.81, 0.61])]);
    let offered = album.offered();
    let [NameConflict::TwoNames(DisputedFace { photo, face: None, at, .. })] = &offered.review.conflicts[..] else {
        panic!("{:?}", offered.review)
    };
    let of = |name| NameOfPhoto { photo: *photo, name: NameKey::of(name).unwrap(), at: None };
    let anna = PlacedName { of: of("Anna"), place: NamePlace::Region, at: *at, kind: NameKind::Confirmed };
    let chosen = NameChoices { taken: vec![anna], refused: vec![of("Cleo")], ..NameChoices::default() };
    assert_eq!(album.answer(&offered, &chosen, false), (1, 0));
    assert_eq!(album.names(), [some("Anna"), None]);
    let again = album.offered();
    assert!(again.review.conflicts.is_empty() && found_names(&again).is_empty());
    album.decide(Decision::Undo(StepId::LATEST));
    assert_eq!(album.offered().review.conflicts.len(), 1, "it is asked again");
}

/// Picasa says Bert where its user said Anna, and its user follows Picasa.
#[test]
fn who_follows_another_program_against_their_own_word_names_the_face_anew() {
    let mut album = Album::new();
    album.picasa(&[("Bert", FOUND)]);
    let (face, of) = (album.faces()[0].face_id, album.faces()[0].state.person());
    let to = crate::library::Destination::NewPerson { name: "Anna".into() };
    album.decide(Decision::Move { of, faces: vec![face], to });
    let offered = album.offered();
    let [NameConflict::TwoNames(DisputedFace { photo, ours: Some(_), .. })] = &offered.review.conflicts[..] else {
        panic!("{:?}", offered.review)
    };
    let of = NameOfPhoto { photo: *photo, name: NameKey::of("Bert").unwrap(), at: None };
    let chosen = NameChoices { corrected: vec![(face, of)], looked_at: true, ..NameChoices::default() };
    album.answer(&offered, &chosen, false);
    assert_eq!(album.names(), [some("Bert")]);
    album.decide(Decision::Undo(StepId::LATEST));
    assert_eq!(album.names(), [some("Anna")]);
}

#[test]
fn a_name_that_was_taken_back_elsewhere_is_told_and_taken_off_or_kept() {
    for follow in [true, false] {
        let mut album = Album::new();
        album.picasa(&[("Bert", FOUND)]);
        let offered = album.offered();
        album.answer(&offered, &offered.to_take(&[]).unwrap(), false);
        album.picasa(&[]);
        let offered = album.offered();
        let [withdrawn] = &offered.review.withdrawn[..] else { panic!("{:?}", offered.review) };
        assert_eq!((withdrawn.name.as_str(), withdrawn.face), ("Bert", album.faces()[0].face_id));
        let names = vec![NameOfPhoto::of_withdrawn(withdrawn)];
        album.answer(&offered, &settling(names, follow), false);
        assert_eq!(album.names(), [some("Bert").filter(|_| !follow)]);
        assert!(album.offered().review.withdrawn.is_empty(), "it is not told again");
    }
}

/// Only what changed is read again, so a damaged file that is told once is told with every look.
#[test]
fn what_was_read_is_kept_and_says_the_same_again() {
    let mut album = Album::new();
    fs::write(album.photos[1].with_file_name("b.jpg.xmp"), "<x:xmpmeta").unwrap();
    album.picasa(&[("Anna", UNSEEN)]);
    let (first, second) = (album.offered(), album.offered());
    assert_eq!(first.skipped.len(), 1);
    assert_eq!((first.review, first.skipped), (second.review, second.skipped));
    let root = fs::canonicalize(album.folder.path()).unwrap();
    assert_eq!(album.library.names_read(&root).unwrap().len(), 2);
}
