//! Folders that are removed, and what becomes of the faces found in them.

use super::*;
use crate::library::care::{self, BackupReason};

const ADA: &str = "Ada";

/// A shelf whose own folder is not scanned: no folder lies inside another that is.
pub(super) fn apart() -> Shelf {
    let mut shelf = Shelf::new();
    let own = shelf.folder.path().to_owned();
    shelf.library.remove_folder(&own, FacesOfFolder::Keep).unwrap();
    shelf
}

/// A folder of the shelf, scanned.
pub(super) fn scanned(shelf: &mut Shelf, name: &str) -> (PathBuf, ScanId) {
    let folder = shelf.at(name);
    let scan = shelf.library.begin_scan(&folder).unwrap();
    (folder, scan)
}

pub(super) fn show(shelf: &mut Shelf, scan: ScanId, path: &Path, hash: u8) -> (PhotoId, FaceId) {
    let recorded = shelf.library.record_photos(scan, &[photo(path, hash, vec![face(0.0, 0.0)])]).unwrap();
    (recorded[0].photo_id, shelf.library.faces_of_photo(recorded[0].photo_id).unwrap()[0].face_id)
}

/// A face named Ada whose picture another one has replaced, and that was not found there.
fn lose(shelf: &mut Shelf, scan: ScanId, path: &Path, hashes: [u8; 2]) -> (FaceId, PhotoId) {
    let (_, lost) = show(shelf, scan, path, hashes[0]);
    shelf.library.move_faces(&[lost], &Destination::NewPerson { name: ADA.into() }).unwrap();
    let (by, _) = show(shelf, scan, path, hashes[1]);
    for pair in shelf.library.replaced_photos().unwrap() {
        shelf.library.carry_over(pair, &[]).unwrap();
    }
    (lost, by)
}

pub(super) fn lost(shelf: &Shelf) -> Vec<FaceId> {
    shelf.library.lost_faces().unwrap().into_iter().map(|face| face.face_id).collect()
}

#[test]
fn forgetting_a_folders_faces_takes_those_of_pictures_that_were_replaced_there_and_leaves_a_backup() {
    let mut shelf = apart();
    let ((here, in_here), (other, in_other)) = (scanned(&mut shelf, "here"), scanned(&mut shelf, "other"));
    let (gone, by) = lose(&mut shelf, in_here, &here.join("a.jpg"), [1, 2]);
    let (stays, _) = lose(&mut shelf, in_other, &other.join("b.jpg"), [3, 4]);
    // A folder whose name only begins alike is another one.
    let (alike, in_alike) = scanned(&mut shelf, "here too");
    let (also_stays, _) = lose(&mut shelf, in_alike, &alike.join("c.jpg"), [5, 6]);
    assert_eq!(lost(&shelf), [gone, stays, also_stays]);
    let file = shelf.file();
    assert!(care::backups(&file).unwrap().is_empty());
    assert_eq!(shelf.library.remove_folder(&here, FacesOfFolder::Forget).unwrap(), 2);
    assert_eq!(shelf.library.face(gone).unwrap(), None, "neither named nor listed any more");
    assert!(shelf.library.faces_of_photo(by).unwrap().is_empty());
    assert_eq!(lost(&shelf), [stays, also_stays]);
    // The way back.
    let backups = care::backups(&file).unwrap();
    assert_eq!(backups.iter().map(|backup| backup.reason).collect::<Vec<_>>(), [BackupReason::BeforeRemoval]);
    shelf.library.restore_backup(&backups[0].path).unwrap();
    assert_eq!(lost(&shelf), [gone, stays, also_stays]);
}

#[test]
fn keeping_a_folders_faces_keeps_its_lost_ones_listed() {
    let mut shelf = apart();
    let (here, scan) = scanned(&mut shelf, "here");
    let (waits, by) = lose(&mut shelf, scan, &here.join("a.jpg"), [1, 2]);
    shelf.library.remove_folder(&here, FacesOfFolder::Keep).unwrap();
    assert_eq!((lost(&shelf), shelf.library.faces_of_photo(by).unwrap().len()), (vec![waits], 1));
    assert!(care::backups(&shelf.file()).unwrap().is_empty());
}

/// The picture that took the other one's place moved on to the folder that is forgotten.
#[test]
fn a_lost_face_stays_listed_when_the_picture_that_took_its_place_is_forgotten() {
    for is_replaced_again in [false, true] {
        let mut shelf = apart();
        let ((here, in_here), (other, in_other)) = (scanned(&mut shelf, "here"), scanned(&mut shelf, "other"));
        let (waits, by) = lose(&mut shelf, in_other, &other.join("a.jpg"), [1, 2]);
        let detector = ModelId("boxes".into());
        shelf.library.place(in_here, &file(&here.join("moved.jpg"), 2), &detector).unwrap();
        let next = match is_replaced_again {
            true => Some(show(&mut shelf, in_other, &other.join("a.jpg"), 9).0),
            false => {
                let scan = shelf.library.begin_scan(&other).unwrap();
                shelf.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap();
                None
            }
        };
        assert_eq!(lost(&shelf), [waits]);
        shelf.library.remove_folder(&here, FacesOfFolder::Forget).unwrap();
        assert!(shelf.library.faces_of_photo(by).unwrap().is_empty(), "it was nowhere else");
        let listed = shelf.library.lost_faces().unwrap();
        assert_eq!((listed.len(), listed[0].face_id, listed[0].name.as_deref()), (1, waits, Some(ADA)));
        assert_eq!((listed[0].path.as_path(), listed[0].replaced_by), (other.join("a.jpg").as_path(), next));
        assert!(shelf.library.check().unwrap().is_sound());
    }
}

/// What an inner folder's own scan met stays with the outer one, and the other way round.
#[test]
fn a_folder_inside_another_keeps_what_was_replaced_in_it() {
    let mut shelf = apart();
    let ((outer, in_outer), (inner, in_inner)) = (scanned(&mut shelf, "outer"), scanned(&mut shelf, "outer/inner"));
    let (of_inner, _) = lose(&mut shelf, in_inner, &inner.join("a.jpg"), [1, 2]);
    let (of_outer, _) = lose(&mut shelf, in_outer, &outer.join("b.jpg"), [3, 4]);
    shelf.library.remove_folder(&outer, FacesOfFolder::Forget).unwrap();
    assert_eq!(lost(&shelf), [of_inner]);
    assert_eq!(shelf.library.face(of_outer).unwrap(), None);
}

/// A photo that was deleted, and not replaced by another one.
#[test]
fn named_faces_of_a_deleted_photo_are_listed_with_their_person_until_the_photo_is_back() {
    let mut shelf = Shelf::new();
    let faces = shelf.add_turned("a.jpg", &[0.0]);
    let ada = shelf.library.move_faces(&faces, &Destination::NewPerson { name: ADA.into() }).unwrap();
    assert_eq!(shelf.library.missing_faces_of(ada).unwrap(), []);
    let photo = shelf.library.face(faces[0]).unwrap().unwrap().photo_id;
    let scan = shelf.library.begin_scan(shelf.folder.path()).unwrap();
    shelf.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap();
    assert_eq!(shelf.library.person(ada).unwrap().unwrap().faces, 0);
    assert_eq!(shelf.library.missing_faces_of(ada).unwrap(), [(faces[0], photo)]);
    // What was said can be taken back where it is seen, and that again.
    let seen = shelf.library.revision().unwrap();
    shelf.library.decide(&Decision::Reject { person: ada, faces: faces.clone() }, seen).unwrap();
    assert_eq!(shelf.library.missing_faces_of(ada).unwrap(), []);
    assert_eq!(shelf.library.rejected_for(ada).unwrap(), [(faces[0], photo)]);
    shelf.library.undo().unwrap();
    assert_eq!(shelf.library.missing_faces_of(ada).unwrap(), [(faces[0], photo)]);
    let detector = ModelId("boxes".into());
    shelf.library.place(scan, &file(&shelf.at("b.jpg"), b'a'), &detector).unwrap();
    assert_eq!(shelf.library.missing_faces_of(ada).unwrap(), []);
    assert_eq!(shelf.library.person(ada).unwrap().unwrap().faces, 1);
}

/// Two folders are easily taken for each other in a dialog.
#[test]
fn a_folder_is_not_moved_to_one_that_holds_nothing_of_it() {
    let mut shelf = apart();
    let (from, scan) = scanned(&mut shelf, "from");
    let (to, other) = (shelf.at("to"), shelf.at("other"));
    for folder in [to.join("2024"), other.join("2024")] {
        std::fs::create_dir_all(folder).unwrap();
    }
    shelf.library.check_moved(&from, &other).unwrap();
    for (name, hash) in [("2024/a.jpg", 1), ("2024/b.jpg", 2), ("c.jpg", 3)] {
        show(&mut shelf, scan, &from.join(name), hash);
    }
    // A name alone tells nothing: cameras number their photos alike.
    std::fs::write(other.join("2024/a.jpg"), [0; 999]).unwrap();
    std::fs::write(to.join("2024/b.jpg"), [0; 1000]).unwrap();
    let refused = shelf.library.check_moved(&from, &other).unwrap_err();
    assert!(matches!(&refused, LibraryError::OtherFolder { to, .. } if *to == other), "{refused}");
    shelf.library.check_moved(&from, &to).unwrap();
}

/// Buttons of a row stay with their folder, whatever is scanned meanwhile.
#[test]
fn folders_stay_in_the_order_in_which_they_were_added() {
    let mut shelf = Shelf::new();
    let (one, _) = scanned(&mut shelf, "z");
    let (two, _) = scanned(&mut shelf, "a");
    let listed = |shelf: &Shelf| -> Vec<PathBuf> {
        shelf.library.folders().unwrap().into_iter().map(|folder| folder.path).collect()
    };
    let order = [shelf.folder.path().to_owned(), one.clone(), two];
    assert_eq!(listed(&shelf), order);
    let again = shelf.library.begin_scan(&one).unwrap();
    assert_eq!(listed(&shelf), order);
    shelf.library.finish_scan(again, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    assert_eq!(listed(&shelf), order);
}
