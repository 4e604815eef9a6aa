mod shown;

use std::fs;
use std::path::PathBuf;

use super::answer::answer;
use super::*;
use crate::app::engine::networks::EngineOptions;
use crate::library::fixture;
use crate::library::{
    Decision, Destination, FaceRecord, FileFacts, FileHashes, MissingPolicy, PhotoRecord, ScanOutcome,
};
use crate::types::{Detection, FaceBox, FaceId, Landmarks, Revision};

/// A folder of two JPEGs of 64 × 48 with a face each, and their library.
struct Album {
    folder: tempfile::TempDir,
    library: Library,
    faces: Vec<FaceId>,
}

const NAMES: [&str; 2] = ["a.jpg", "b.jpg"];

impl Album {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let photos = fs::canonicalize(folder.path()).unwrap().join("photos");
        fs::create_dir(&photos).unwrap();
        let mut library = Library::open(&folder.path().join("library.sqlite")).unwrap();
        let scan = library.begin_scan(&photos).unwrap();
        let mut faces = Vec::new();
        for (name, number) in NAMES.iter().zip(1..) {
            let path = photos.join(name);
            image::RgbImage::from_pixel(64, 48, image::Rgb([90 * number, 120, 40])).save(&path).unwrap();
            let recorded = library.record_photos(scan, &[photo(&path, number)]).unwrap();
            faces.extend(library.faces_of_photo(recorded[0].photo_id).unwrap().iter().map(|face| face.face_id));
        }
        library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap();
        Self { folder, library, faces }
    }

    fn photos(&self) -> PathBuf {
        fs::canonicalize(self.folder.path()).unwrap().join("photos")
    }

    fn name(&mut self, face: usize, name: &str) {
        let to = Destination::NewPerson { name: name.into() };
        let of = self.library.face(self.faces[face]).unwrap().unwrap().state.person();
        let decision = Decision::Move { of, faces: vec![self.faces[face]], to };
        self.library.decide(&decision, Revision::NOW).unwrap();
    }

    /// Another photo with a face.
    fn add(&mut self, name: &str) -> usize {
        let (path, number) = (self.photos().join(name), self.faces.len() as u8 + 1);
        image::RgbImage::from_pixel(64, 48, image::Rgb([20 * number, 20, 90])).save(&path).unwrap();
        let scan = self.library.begin_scan(&self.photos()).unwrap();
        let recorded = self.library.record_photos(scan, &[photo(&path, number)]).unwrap();
        self.library.finish_scan(scan, ScanOutcome::Cancelled, MissingPolicy::Accept).unwrap();
        self.faces.extend(self.library.faces_of_photo(recorded[0].photo_id).unwrap().iter().map(|face| face.face_id));
        self.faces.len() - 1
    }

    fn write(&mut self, place: WritePlace) -> WriteSummary {
        let folder = self.photos();
        write(&mut self.library, &folder, &choices(place), &Cancel::default(), &mut |_| {}).unwrap()
    }

    fn undo(&mut self) -> Option<UndoSummary> {
        undo(&mut self.library, &Cancel::default(), &mut |_| {}).unwrap()
    }

    /// Every file by its name.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let paths = crate::app::jobs::walk::sorted(&self.photos()).unwrap();
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        paths.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
    }

    /// Names of regions as another program would find them.
    fn regions(&self, photo: &str) -> Vec<String> {
        let people = xmp::read(&self.photos().join(photo)).unwrap();
        let regions = people.packets.into_iter().flat_map(|packet| packet.regions);
        regions.filter_map(|region| region.name).collect()
    }
}

fn photo(path: &Path, number: u8) -> PhotoRecord {
    let face_box = FaceBox { x: 16.0, y: 12.0, width: 16.0, height: 24.0 };
    let face = FaceRecord {
        detection: Detection { face_box, score: 0.9, landmarks: Landmarks([[20.0, 20.0]; 5]) },
        embedding: None,
        crop_jpeg: vec![1],
    };
    let hashes = Some(FileHashes { file: [number; 32], picture: [number; 32] });
    PhotoRecord {
        file: FileFacts { hashes, ..fixture::file(path, number) },
        width: 64,
        height: 48,
        ..fixture::photo(path, number, vec![face])
    }
}

fn choices(place: WritePlace) -> WriteChoices {
    WriteChoices {
        place,
        lists: NameList::ALL.to_vec(),
        with_suggested: false,
        at_one_place: false,
        keep_time: false,
        others: OthersNames::default(),
    }
}

#[test]
fn what_is_written_is_read_and_taken_back_byte_for_byte() {
    for place in [WritePlace::Sidecar, WritePlace::Embedded] {
        let mut album = Album::new();
        album.name(0, "Ada");
        let before = album.files();
        let summary = album.write(place);
        assert_eq!((summary.files, summary.unchanged, summary.skipped.len()), (1, 0, 0), "{place:?}");
        // Once as MWG has it, once as Microsoft.
        assert_eq!(album.regions("a.jpg"), ["Ada", "Ada"]);
        assert!(album.regions("b.jpg").is_empty(), "nobody is named there");
        assert_eq!(album.write(place).files, 0, "it stands there already");
        assert_eq!(album.undo().unwrap().restored, 1);
        assert_eq!(album.files(), before);
        assert!(album.undo().is_none());
    }
}

/// Two steps, taken back one after the other; what was ours before is ours again.
#[test]
fn another_name_takes_the_place_of_ours_and_the_way_back_leads_through_both() {
    let mut album = Album::new();
    album.name(0, "Ada");
    album.write(WritePlace::Sidecar);
    let first = album.files();
    album.name(0, "Bo");
    assert_eq!(album.write(WritePlace::Sidecar).files, 1);
    assert_eq!(album.regions("a.jpg"), ["Bo", "Bo"]);
    album.undo().unwrap();
    assert_eq!(album.files(), first);
    assert_eq!(album.write(WritePlace::Sidecar).files, 1);
    assert_eq!(album.regions("a.jpg"), ["Bo", "Bo"], "Ada's was ours to take away");
}

#[test]
fn nobody_named_any_more_leaves_no_file_of_ours() {
    let mut album = Album::new();
    let before = album.files();
    album.name(0, "Ada");
    album.write(WritePlace::Sidecar);
    let person = album.library.face(album.faces[0]).unwrap().unwrap().state.person().unwrap();
    let decision = Decision::Reject { person, faces: vec![album.faces[0]] };
    album.library.decide(&decision, Revision::NOW).unwrap();
    assert_eq!(album.write(WritePlace::Sidecar).files, 1);
    assert_eq!(album.files(), before);
}

/// As with somebody forgotten, or a backup from before: the marks in the file still say what is ours.
#[test]
fn names_of_ours_are_taken_away_though_nothing_is_noted_of_them() {
    for place in [WritePlace::Sidecar, WritePlace::Embedded] {
        let mut album = Album::new();
        album.name(0, "Ada");
        album.name(1, "Bo");
        album.write(place);
        let person = album.library.face(album.faces[0]).unwrap().unwrap().state.person().unwrap();
        let known = album.library.person_to_forget(person).unwrap();
        album.library.forget_person(&known, false).unwrap();
        album.name(1, "Cy");
        assert_eq!(album.write(place).files, 1);
        assert_eq!(
            (album.regions("a.jpg"), album.regions("b.jpg")),
            (vec!["Ada".to_owned(); 2], vec!["Cy".to_owned(); 2])
        );
    }
}

#[test]
fn a_file_that_others_changed_since_is_left_and_told() {
    let mut album = Album::new();
    album.name(0, "Ada");
    album.name(1, "Bo");
    album.write(WritePlace::Sidecar);
    let sidecar = album.photos().join("a.jpg.xmp");
    let theirs = fs::read_to_string(&sidecar).unwrap().replace("Ada", "Eve");
    fs::write(&sidecar, &theirs).unwrap();
    let undone = album.undo().unwrap();
    assert_eq!((undone.restored, undone.skipped.len()), (1, 1));
    assert_eq!(fs::read_to_string(&sidecar).unwrap(), theirs);
    assert!(!album.photos().join("b.jpg.xmp").exists());
}

/// A program that dies between the note of the way back and the writing leaves a way back with nothing to do.
#[test]
fn taking_back_blames_no_file_that_was_never_written() {
    let mut album = Album::new();
    let before = album.files();
    album.name(0, "Ada");
    album.name(1, "Bo");
    album.write(WritePlace::Sidecar);
    fs::remove_file(album.photos().join("b.jpg.xmp")).unwrap();
    let undone = album.undo().unwrap();
    assert_eq!((undone.restored, undone.skipped), (1, vec![]));
    assert_eq!(album.files(), before);
    assert!(album.undo().is_none());
}

/// As another program names the face of a photo.
fn berta() -> String {
    let spaces = "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' \
        xmlns:m='http://www.metadataworkinggroup.com/schemas/regions/' xmlns:a='http://ns.adobe.com/xmp/sType/Area#'";
    format!(
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF {spaces}><rdf:Description rdf:about=''>\
         <m:Regions rdf:parseType='Resource'><m:RegionList><rdf:Bag><rdf:li rdf:parseType='Resource'>\
         <m:Name>Berta</m:Name><m:Type>Face</m:Type><m:Area a:x='0.375' a:y='0.5' a:w='0.25' a:h='0.5' \
         a:unit='normalized'/></rdf:li></rdf:Bag></m:RegionList></m:Regions></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
}

#[test]
fn a_face_that_another_program_names_is_left_to_it_and_told() {
    let mut album = Album::new();
    album.name(0, "Ada");
    album.name(1, "Bo");
    let sidecar = album.photos().join("a.jpg.xmp");
    fs::write(&sidecar, berta()).unwrap();
    let left = [LeftName { file: sidecar.clone(), name: "Ada".into(), instead: "Berta".into() }];
    let (folder, cancel, mut told) = (album.photos(), Cancel::default(), Vec::new());
    let mut tell = |_: &Path, _: WritePlace, plan: &MetadataPlan| {
        told.extend(plan.changes.iter().map(ToString::to_string));
        Ok(())
    };
    let what = choices(WritePlace::Sidecar);
    let shown = diff(&mut album.library, &folder, &what, &cancel, &mut |_| {}, &mut tell).unwrap();
    assert_eq!((shown.files, &shown.left[..], shown.skipped.len()), (1, &left[..], 0));
    assert!(told.iter().any(|line| line == "! keyword: Ada (not written: this face is named Berta there)"), "{told:?}");
    let written = album.write(WritePlace::Sidecar);
    assert_eq!((written.files, &written.left[..], written.skipped.len()), (1, &left[..], 0));
    assert_eq!(fs::read_to_string(&sidecar).unwrap(), berta());
    let replace = OthersNames { replace_differing: true, ..OthersNames::default() };
    let what = WriteChoices { others: replace, ..what };
    let replaced = write(&mut album.library, &folder, &what, &cancel, &mut |_| {}).unwrap();
    assert_eq!((replaced.files, replaced.left.len()), (1, 0));
    assert_eq!(album.regions("a.jpg"), ["Ada", "Ada"]);
}

#[cfg(unix)]
#[test]
fn what_may_not_be_written_into_gets_a_sidecar_or_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let mut album = Album::new();
    album.name(0, "Ada");
    let photo = album.photos().join("a.jpg");
    let bytes = fs::read(&photo).unwrap();
    fs::set_permissions(&photo, fs::Permissions::from_mode(0o444)).unwrap();
    let written = album.write(WritePlace::Embedded);
    let told: Vec<_> = written.skipped.iter().map(|skipped| (&skipped.path, &skipped.why)).collect();
    assert_eq!((written.files, &told[..]), (0, &[(&photo, &SkipWhy::Refused(xmp::Refusal::ReadOnly))][..]));
    let (folder, what) = (album.photos(), WriteChoices { at_one_place: true, ..choices(WritePlace::Embedded) });
    let written = write(&mut album.library, &folder, &what, &Cancel::default(), &mut |_| {}).unwrap();
    assert_eq!((written.files, written.skipped.len()), (1, 0));
    assert_eq!(fs::read(&photo).unwrap(), bytes);
    assert!(album.photos().join("a.jpg.xmp").exists());
}

/// Linux takes any bytes for a name.
#[cfg(target_os = "linux")]
#[test]
fn a_photo_whose_name_is_no_text_is_written_and_taken_back_like_others() {
    use std::os::unix::ffi::OsStrExt;
    let mut album = Album::new();
    let face = album.add("0 is first.jpg");
    let odd = album.photos().join(std::ffi::OsStr::from_bytes(b"0\xff\xfe.jpg"));
    fs::rename(album.photos().join("0 is first.jpg"), &odd).unwrap();
    let scan = album.library.begin_scan(&album.photos()).unwrap();
    album.library.record_photos(scan, &[photo(&odd, album.faces.len() as u8)]).unwrap();
    album.library.finish_scan(scan, ScanOutcome::Cancelled, MissingPolicy::Accept).unwrap();
    for (face, name) in [(face, "Ada"), (0, "Bo"), (1, "Cy")] {
        album.name(face, name);
    }
    let before = fs::read_dir(album.photos()).unwrap().count();
    let written = album.write(WritePlace::Sidecar);
    // Its former name, too, which leads nowhere now.
    assert!(written.files >= 3, "{written:?}");
    assert!(fs::read_dir(album.photos()).unwrap().count() >= before + 3);
    let undone = album.undo().unwrap();
    assert_eq!((undone.restored, undone.skipped), (written.files, vec![]));
    assert_eq!(fs::read_dir(album.photos()).unwrap().count(), before);
}

#[test]
fn one_note_that_cannot_be_read_keeps_no_other_photo_from_its_names() {
    let mut album = Album::new();
    album.name(0, "Ada");
    album.name(1, "Bo");
    album.write(WritePlace::Sidecar);
    let step = album.library.begin_writing().unwrap();
    let photo = album.photos().join("a.jpg");
    let note = WrittenFile { photo, place: WritePlace::Sidecar, undo: "{}".to_owned(), names_before: None };
    album.library.note_writing(step, &note, "[").unwrap();
    album.name(0, "Eve");
    album.name(1, "Cy");
    let written = album.write(WritePlace::Sidecar);
    assert_eq!((written.files, written.skipped.len()), (1, 1), "{written:?}");
    assert!(written.skipped[0].path.ends_with("a.jpg"));
    assert!(fs::read_to_string(album.photos().join("b.jpg.xmp")).unwrap().contains("Cy"));
}

#[test]
fn a_diff_writes_nothing() {
    let mut album = Album::new();
    album.name(0, "Ada");
    let before = album.files();
    let mut told = Vec::new();
    let (folder, cancel) = (album.photos(), Cancel::default());
    let mut tell = |photo: &Path, _: WritePlace, plan: &MetadataPlan| {
        told.push((photo.to_owned(), plan.changes.clone()));
        Ok(())
    };
    let what = choices(WritePlace::Sidecar);
    let summary = diff(&mut album.library, &folder, &what, &cancel, &mut |_| {}, &mut tell).unwrap();
    assert_eq!((summary.files, told.len()), (1, 1));
    assert!(told[0].1.iter().any(|change| change.name() == Some("Ada")), "{:?}", told[0].1);
    assert_eq!(album.files(), before);
    assert!(album.undo().is_none(), "there is nothing to take back");
}

#[test]
fn names_of_a_folder_are_read_with_what_cannot_be() {
    let mut album = Album::new();
    album.name(0, "Ada");
    album.write(WritePlace::Sidecar);
    fs::write(album.photos().join("b.jpg.xmp"), "<x:xmpmeta").unwrap();
    let names = read(&album.photos(), &[], &Cancel::default(), &mut |_| {}).unwrap();
    assert_eq!((names.looked_at, names.photos.len(), names.skipped.len()), (2, 1, 1));
    assert_eq!((names.counts().regions, names.counts().names), (2, 1));
}

/// The names that one library wrote are offered to another one of the same photos, which knows nobody; to itself they are
/// no other program's, also once somebody was forgotten.
#[test]
fn names_from_elsewhere_are_offered_taken_undone_and_refused() {
    let mut album = Album::new();
    album.name(0, "Ada");
    album.name(1, "Bo");
    album.write(WritePlace::Sidecar);
    let home = crate::app::engine::home::Home::open(Some(&album.folder.path().join("home"))).unwrap();
    let people: Vec<_> = album.faces.iter().map(|face| album.library.face(*face).unwrap().unwrap().state).collect();
    for person in people.iter().filter_map(|state| state.person()) {
        let known = album.library.person_to_forget(person).unwrap();
        album.library.forget_person(&known, true).unwrap();
    }
    // Found anew by the next scan.
    let scan = album.library.begin_scan(&album.photos()).unwrap();
    for (name, number) in NAMES.iter().zip(1..) {
        album.library.record_photos(scan, &[photo(&album.photos().join(name), number)]).unwrap();
    }
    album.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap();
    let offered = |library: &LibraryReader, folder: &Path| {
        let (more, cancel) = (MoreSources::default(), Cancel::default());
        let options = EngineOptions::default();
        let known = KnownFaces::read(library, folder, &options.model_id()).unwrap();
        let mut keep = |_: Vec<_>, _: Vec<_>| {};
        offer(&home, known, &options, &more, &mut keep, &cancel, &mut |_| {}).unwrap().unwrap()
    };
    let take = |library: &mut Library, offered: &OfferedNames, name: &str| {
        answer(library, offered, &offered.to_take(&[name.to_owned()])?, Vec::new())
    };
    let folder = album.photos();
    let names = |offered: &OfferedNames| -> Vec<String> {
        let mut names: Vec<_> = offered.review.people.iter().map(|person| person.name.clone()).collect();
        names.sort();
        names
    };
    let of_itself = offered(&album.library, &folder);
    assert_eq!((names(&of_itself), of_itself.review.conflicts.len()), (Vec::new(), 0));
    album.library.set_setting("metadata.library", "0123456789abcdef").unwrap();
    let found = offered(&album.library, &folder);
    assert_eq!((names(&found), found.skipped.len()), (vec!["Ada".to_owned(), "Bo".to_owned()], 0));
    assert!(take(&mut album.library, &found, "Eve").is_err(), "nobody of that name");
    let touched = take(&mut album.library, &found, "ADA").unwrap();
    assert_eq!(touched.faces.len(), 1);
    assert_eq!(names(&offered(&album.library, &folder)), ["Bo"]);
    album.library.decide(&Decision::Undo(touched.step.unwrap()), Revision::NOW).unwrap();
    assert_eq!(names(&offered(&album.library, &folder)), ["Ada", "Bo"], "undone, it is offered again");
    let refused = found.to_refuse(&["Bo".to_owned()]).unwrap();
    answer(&mut album.library, &found, &refused, Vec::new()).unwrap();
    assert_eq!(names(&offered(&album.library, &folder)), ["Ada"]);
    assert_eq!(offered(&album.library, &folder).refused, 1);
    offer_again(&mut album.library).unwrap();
    assert_eq!(names(&offered(&album.library, &folder)), ["Ada", "Bo"], "a refusal has a way back");
}
