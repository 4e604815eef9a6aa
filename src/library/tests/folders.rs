//! Folders that are removed, and what becomes of the faces found in them.

use super::*;
use crate::library::care::{self, BackupReason};
use crate::types::Cancel;

const ADA: &str = "Ada";

/// A fixture whose own folder is not scanned: no folder lies inside another that is.
pub(super) fn apart() -> LibraryFixture {
    let mut fixture = LibraryFixture::new();
    let own = fixture.folder.path().to_owned();
    fixture.library.remove_folder(&own, FacesOfFolder::Keep).unwrap();
    fixture
}

/// A folder of the fixture, scanned.
pub(super) fn scanned(fixture: &mut LibraryFixture, name: &str) -> (PathBuf, ScanId) {
    let folder = fixture.at(name);
    let scan = fixture.library.begin_scan(&folder).unwrap();
    (folder, scan)
}

pub(super) fn show(fixture: &mut LibraryFixture, scan: ScanId, path: &Path, hash: u8) -> (PhotoId, FaceId) {
    let recorded = fixture.library.record_photos(scan, &[photo(path, hash, vec![face(0.0, 0.0)])]).unwrap();
    (recorded[0].photo_id, fixture.library.faces_of_photo(recorded[0].photo_id).unwrap()[0].face_id)
}

/// A face named Ada whose picture another one has replaced, and that was not found there.
fn lose(fixture: &mut LibraryFixture, scan: ScanId, path: &Path, hashes: [u8; 2]) -> (FaceId, PhotoId) {
    let (_, lost) = show(fixture, scan, path, hashes[0]);
    fixture.library.move_faces(&[lost], &Destination::NewPerson { name: ADA.into() }).unwrap();
    let (by, _) = show(fixture, scan, path, hashes[1]);
    for pair in fixture.library.replaced_photos().unwrap() {
        fixture.library.carry_over(pair, &[]).unwrap();
    }
    (lost, by)
}

pub(super) fn lost(fixture: &LibraryFixture) -> Vec<FaceId> {
    fixture.library.lost_faces().unwrap().into_iter().map(|face| face.face_id).collect()
}

#[test]
fn forgetting_a_folders_faces_takes_those_of_pictures_that_were_replaced_there_and_leaves_a_backup() {
    let mut fixture = apart();
    let ((here, in_here), (other, in_other)) = (scanned(&mut fixture, "here"), scanned(&mut fixture, "other"));
    let (gone, by) = lose(&mut fixture, in_here, &here.join("a.jpg"), [1, 2]);
    let (stays, _) = lose(&mut fixture, in_other, &other.join("b.jpg"), [3, 4]);
    // A folder whose name only begins alike is another one.
    let (alike, in_alike) = scanned(&mut fixture, "here too");
    let (also_stays, _) = lose(&mut fixture, in_alike, &alike.join("c.jpg"), [5, 6]);
    assert_eq!(lost(&fixture), [gone, stays, also_stays]);
    let file = fixture.file();
    assert!(care::backups(&file).unwrap().is_empty());
    assert_eq!(fixture.library.remove_folder(&here, FacesOfFolder::Forget).unwrap(), 2);
    assert_eq!(fixture.library.face(gone).unwrap(), None, "neither named nor listed any more");
    assert!(fixture.library.faces_of_photo(by).unwrap().is_empty());
    assert_eq!(lost(&fixture), [stays, also_stays]);
    // The way back.
    let backups = care::backups(&file).unwrap();
    assert_eq!(backups.iter().map(|backup| backup.reason).collect::<Vec<_>>(), [BackupReason::BeforeRemoval]);
    fixture.library.restore_backup(&backups[0].path).unwrap();
    assert_eq!(lost(&fixture), [gone, stays, also_stays]);
}

#[test]
fn keeping_a_folders_faces_keeps_its_lost_ones_listed() {
    let mut fixture = apart();
    let (here, scan) = scanned(&mut fixture, "here");
    let (waits, by) = lose(&mut fixture, scan, &here.join("a.jpg"), [1, 2]);
    fixture.library.remove_folder(&here, FacesOfFolder::Keep).unwrap();
    assert_eq!((lost(&fixture), fixture.library.faces_of_photo(by).unwrap().len()), (vec![waits], 1));
    assert!(care::backups(&fixture.file()).unwrap().is_empty());
}

/// The picture that took the other one's place moved on to the folder that is forgotten.
#[test]
fn a_lost_face_stays_listed_when_the_picture_that_took_its_place_is_forgotten() {
    for is_replaced_again in [false, true] {
        let mut fixture = apart();
        let ((here, in_here), (other, in_other)) = (scanned(&mut fixture, "here"), scanned(&mut fixture, "other"));
        let (waits, by) = lose(&mut fixture, in_other, &other.join("a.jpg"), [1, 2]);
        let detector = ModelId("boxes".into());
        fixture.library.place(in_here, &file(&here.join("moved.jpg"), 2), &detector).unwrap();
        let next = match is_replaced_again {
            true => Some(show(&mut fixture, in_other, &other.join("a.jpg"), 9).0),
            false => {
                let scan = fixture.library.begin_scan(&other).unwrap();
                fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap();
                None
            }
        };
        assert_eq!(lost(&fixture), [waits]);
        fixture.library.remove_folder(&here, FacesOfFolder::Forget).unwrap();
        assert!(fixture.library.faces_of_photo(by).unwrap().is_empty(), "it was nowhere else");
        let listed = fixture.library.lost_faces().unwrap();
        assert_eq!((listed.len(), listed[0].face_id, listed[0].name.as_deref()), (1, waits, Some(ADA)));
        assert_eq!((listed[0].path.as_path(), listed[0].replaced_by), (other.join("a.jpg").as_path(), next));
        assert!(fixture.library.check().unwrap().is_sound());
    }
}

/// What an inner folder's own scan met stays with the outer one, and the other way round.
#[test]
fn a_folder_inside_another_keeps_what_was_replaced_in_it() {
    let mut fixture = apart();
    let ((outer, in_outer), (inner, in_inner)) = (scanned(&mut fixture, "outer"), scanned(&mut fixture, "outer/inner"));
    let (of_inner, _) = lose(&mut fixture, in_inner, &inner.join("a.jpg"), [1, 2]);
    let (of_outer, _) = lose(&mut fixture, in_outer, &outer.join("b.jpg"), [3, 4]);
    fixture.library.remove_folder(&outer, FacesOfFolder::Forget).unwrap();
    assert_eq!(lost(&fixture), [of_inner]);
    assert_eq!(fixture.library.face(of_outer).unwrap(), None);
}

/// A photo that was deleted, and not replaced by another one.
#[test]
fn named_faces_of_a_deleted_photo_are_listed_with_their_person_until_the_photo_is_back() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0]);
    let ada = fixture.library.move_faces(&faces, &Destination::NewPerson { name: ADA.into() }).unwrap();
    assert_eq!(fixture.library.missing_faces_of(ada).unwrap(), []);
    let photo = fixture.library.face(faces[0]).unwrap().unwrap().photo_id;
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap();
    assert_eq!(fixture.library.person(ada).unwrap().unwrap().faces, 0);
    assert_eq!(fixture.library.missing_faces_of(ada).unwrap(), [(faces[0], photo)]);
    // What was said can be taken back where it is seen, and that again.
    let seen = fixture.library.revision().unwrap();
    fixture.library.decide(&Decision::Reject { person: ada, faces: faces.clone() }, seen).unwrap();
    assert_eq!(fixture.library.missing_faces_of(ada).unwrap(), []);
    assert_eq!(fixture.library.rejected_for(ada).unwrap(), [(faces[0], photo)]);
    fixture.library.undo().unwrap();
    assert_eq!(fixture.library.missing_faces_of(ada).unwrap(), [(faces[0], photo)]);
    let detector = ModelId("boxes".into());
    fixture.library.place(scan, &file(&fixture.at("b.jpg"), b'a'), &detector).unwrap();
    assert_eq!(fixture.library.missing_faces_of(ada).unwrap(), []);
    assert_eq!(fixture.library.person(ada).unwrap().unwrap().faces, 1);
}

/// Two folders are easily taken for each other in a dialog.
#[test]
fn a_folder_is_not_moved_to_one_that_holds_nothing_of_it() {
    let mut fixture = apart();
    let (from, scan) = scanned(&mut fixture, "from");
    let (to, other) = (fixture.at("to"), fixture.at("other"));
    for folder in [to.join("2024"), other.join("2024")] {
        std::fs::create_dir_all(folder).unwrap();
    }
    fixture.library.sample(&from).unwrap().find_at(&other).unwrap();
    for (name, hash) in [("2024/a.jpg", 1), ("2024/b.jpg", 2), ("c.jpg", 3)] {
        show(&mut fixture, scan, &from.join(name), hash);
    }
    // A name alone tells nothing: cameras number their photos alike.
    std::fs::write(other.join("2024/a.jpg"), [0; 999]).unwrap();
    std::fs::write(to.join("2024/b.jpg"), [0; 1000]).unwrap();
    let refused = fixture.library.sample(&from).unwrap().find_at(&other).unwrap_err();
    assert!(matches!(&refused, LibraryError::OtherFolder { to, .. } if *to == other), "{refused}");
    fixture.library.sample(&from).unwrap().find_at(&to).unwrap();
}

/// Buttons of a row stay with their folder, whatever is scanned meanwhile.
#[test]
fn folders_stay_in_the_order_in_which_they_were_added() {
    let mut fixture = LibraryFixture::new();
    let (one, _) = scanned(&mut fixture, "z");
    let (two, _) = scanned(&mut fixture, "a");
    let listed = |fixture: &LibraryFixture| -> Vec<PathBuf> {
        fixture.library.folders().unwrap().into_iter().map(|folder| folder.path).collect()
    };
    let order = [fixture.folder.path().to_owned(), one.clone(), two];
    assert_eq!(listed(&fixture), order);
    let again = fixture.library.begin_scan(&one).unwrap();
    assert_eq!(listed(&fixture), order);
    fixture.library.finish_scan(again, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    assert_eq!(listed(&fixture), order);
}

/// Its files are asked for while it goes: they seem gone, and are not.
#[test]
fn a_drive_that_is_pulled_while_its_files_are_looked_for_has_lost_none() {
    for is_pulled in [false, true] {
        let mut fixture = apart();
        std::fs::create_dir(fixture.at("drive")).unwrap();
        let (drive, first) = scanned(&mut fixture, "drive");
        show(&mut fixture, first, &drive.join("a.jpg"), 1);
        fixture.library.finish_scan(first, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
        let (_, scan) = scanned(&mut fixture, "drive");
        let asked = std::cell::Cell::new(0);
        let gone = Gone::after(scan, None, MissingPolicy::Ask, &Cancel::default(), |question| {
            asked.set(asked.get() + 1);
            let files = question(&fixture.library)?;
            if is_pulled && asked.get() == 2 {
                std::fs::remove_dir_all(&drive).unwrap();
            }
            Ok::<_, LibraryError>(files)
        });
        assert_eq!(gone.unwrap().is_none(), is_pulled);
    }
}
