//! To which folder a file belongs: met through a link, in a folder inside another, in one that moves or comes back.

use super::folders::{apart, lost, scanned, show};
use super::*;

const BOTH: [FacesOfFolder; 2] = [FacesOfFolder::Keep, FacesOfFolder::Forget];

fn on_the_disk(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, b"x").unwrap();
}

fn is_missing(fixture: &LibraryFixture, photo: PhotoId) -> bool {
    fixture.library.photo(photo).unwrap().unwrap().is_missing
}

fn is_tidy(fixture: &LibraryFixture) -> bool {
    let report = fixture.library.check().unwrap();
    report.is_sound()
}

/// A scan follows links; what it met outside its folder belongs to it all the same.
#[test]
fn photos_met_through_a_link_go_with_the_folder_that_met_them() {
    for faces in BOTH {
        let mut fixture = apart();
        let (here, scan) = scanned(&mut fixture, "here");
        let at = fixture.at("elsewhere/a.jpg");
        let (linked, _) = show(&mut fixture, scan, &at, 1);
        assert_eq!(fixture.library.remove_folder(&here, faces).unwrap(), 1, "{faces:?}");
        assert!(is_tidy(&fixture), "{faces:?}");
        let left = fixture.library.photo(linked).unwrap();
        match faces {
            FacesOfFolder::Keep => assert!(left.unwrap().is_missing),
            FacesOfFolder::Forget => assert_eq!(left, None),
        }
    }
}

#[test]
fn a_photo_that_was_met_through_a_link_is_missing_once_it_is_gone() {
    for is_accepted_later in [false, true] {
        let mut fixture = apart();
        let (here, scan) = scanned(&mut fixture, "here");
        let at = fixture.at("elsewhere/a.jpg");
        let (linked, _) = show(&mut fixture, scan, &at, 1);
        let again = fixture.library.begin_scan(&here).unwrap();
        let policy = if is_accepted_later { MissingPolicy::Ask } else { MissingPolicy::Accept };
        let end = fixture.library.finish_scan(again, ScanOutcome::Complete, policy).unwrap();
        if is_accepted_later {
            assert_eq!(end.withheld, Some((1, 1)));
            assert_eq!(fixture.library.accept_missing_now(&here, u64::MAX).unwrap(), 1);
        }
        assert!(is_missing(&fixture, linked) && is_tidy(&fixture), "{is_accepted_later}");
    }
}

/// The new place was scanned already: nothing that is only there may be lost from sight, or shown for ever.
#[test]
fn a_folder_is_moved_to_one_that_was_scanned_and_no_photo_is_a_ghost() {
    let mut fixture = apart();
    let ((from, in_from), (to, in_to)) = (scanned(&mut fixture, "from"), scanned(&mut fixture, "to"));
    let (moved, _) = show(&mut fixture, in_from, &from.join("a.jpg"), 1);
    let (displaced, _) = show(&mut fixture, in_to, &to.join("a.jpg"), 2);
    let (only_there, _) = show(&mut fixture, in_to, &to.join("b.jpg"), 3);
    fixture.library.move_folder(&from, &to).unwrap();
    assert!(is_tidy(&fixture));
    assert_eq!(fixture.library.paths_of(moved).unwrap(), [to.join("a.jpg")]);
    assert_eq!(fixture.library.paths_of(only_there).unwrap(), [to.join("b.jpg")]);
    assert!(is_missing(&fixture, displaced), "the next scan says where it is");
}

/// As when a drive is mounted one folder deeper, and later where it was.
#[test]
fn a_folder_moves_into_itself_and_out_again_with_every_photo() {
    let mut fixture = apart();
    let (here, scan) = scanned(&mut fixture, "here");
    let files = ["a.jpg", "in/a.jpg", "in/in/a.jpg"];
    let photos: Vec<_> =
        (1..).zip(files).map(|(hash, file)| show(&mut fixture, scan, &here.join(file), hash).0).collect();
    let (inner, _) = scanned(&mut fixture, "here/in");
    for (from, to) in [(&here, &inner), (&inner, &here)] {
        fixture.library.move_folder(from, to).unwrap();
        for (&photo, file) in photos.iter().zip(files) {
            assert_eq!(fixture.library.paths_of(photo).unwrap(), [to.join(file)], "{from:?} to {to:?}");
            assert!(!is_missing(&fixture, photo));
        }
        assert!(is_tidy(&fixture));
    }
}

/// Whichever of the two was scanned last.
#[test]
fn what_lies_in_two_scanned_folders_stays_with_the_one_that_stays() {
    for (faces, is_inner_gone) in [(BOTH[0], false), (BOTH[1], false), (BOTH[0], true), (BOTH[1], true)] {
        let mut fixture = apart();
        let (inner, in_inner) = scanned(&mut fixture, "outer/inner");
        let at = inner.join("a.jpg");
        let (photo, named) = show(&mut fixture, in_inner, &at, 1);
        let ada = fixture.library.move_faces(&[named], &Destination::NewPerson { name: "Ada".into() }).unwrap();
        let (outer, in_outer) = scanned(&mut fixture, "outer");
        let (beside, _) = show(&mut fixture, in_outer, &outer.join("b.jpg"), 2);
        fixture.library.mark_seen(in_outer, &[file(&at, 1)]).unwrap();
        let goes = if is_inner_gone { &inner } else { &outer };
        assert_eq!(fixture.library.remove_folder(goes, faces).unwrap(), usize::from(!is_inner_gone), "{faces:?}");
        assert!(is_tidy(&fixture) && !is_missing(&fixture, photo), "{faces:?}, inner: {is_inner_gone}");
        assert_eq!(fixture.library.person(ada).unwrap().unwrap().faces, 1);
        let has_gone = fixture.library.photo(beside).unwrap().is_none_or(|photo| photo.is_missing);
        assert_eq!(has_gone, !is_inner_gone, "{faces:?}, inner: {is_inner_gone}");
    }
}

/// Whether its own scan has noticed that or not.
#[test]
fn a_drive_inside_a_scanned_folder_is_offline_and_not_missing_with_it() {
    for is_noticed in [true, false] {
        let mut fixture = apart();
        let (outer, in_outer) = scanned(&mut fixture, "outer");
        for (name, hash) in [("a.jpg", 1), ("b.jpg", 2), ("c.jpg", 3)] {
            on_the_disk(&outer.join(name));
            show(&mut fixture, in_outer, &outer.join(name), hash);
        }
        let (drive, in_drive) = scanned(&mut fixture, "outer/drive");
        let (photo, _) = show(&mut fixture, in_drive, &drive.join("d.jpg"), 4);
        if is_noticed {
            fixture.library.mark_offline(&drive).unwrap();
        }
        let again = fixture.library.begin_scan(&outer).unwrap();
        let met: Vec<FileFacts> =
            [("a.jpg", 1), ("b.jpg", 2), ("c.jpg", 3)].map(|(name, hash)| file(&outer.join(name), hash)).into();
        fixture.library.mark_seen(again, &met).unwrap();
        let end = fixture.library.finish_scan(again, ScanOutcome::Complete, MissingPolicy::Accept).unwrap();
        assert_eq!((end.missing, end.withheld), (0, None), "{is_noticed}");
        assert_eq!(fixture.library.accept_missing_now(&outer, u64::MAX).unwrap(), 0, "{is_noticed}");
        assert!(!is_missing(&fixture, photo), "{is_noticed}");
    }
}

/// A mount point that is there and empty: few of all, and all of its own.
#[test]
fn that_most_are_gone_is_asked_of_each_folder_by_itself() {
    let mut fixture = apart();
    let (outer, in_outer) = scanned(&mut fixture, "outer");
    let names = [("a.jpg", 1), ("b.jpg", 2), ("c.jpg", 3), ("d.jpg", 4)];
    for (name, hash) in names {
        show(&mut fixture, in_outer, &outer.join(name), hash);
    }
    names[1..].iter().for_each(|(name, _)| on_the_disk(&outer.join(name)));
    let (drive, in_drive) = scanned(&mut fixture, "outer/drive");
    let (photo, _) = show(&mut fixture, in_drive, &drive.join("e.jpg"), 5);
    std::fs::create_dir_all(&drive).unwrap();
    let again = fixture.library.begin_scan(&outer).unwrap();
    let end = fixture.library.finish_scan(again, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    assert_eq!((end.missing, end.withheld), (1, Some((1, 1))));
    assert!(!is_missing(&fixture, photo));
}

/// Also where its user asked for it and the program died over it; and what is left out without a look was not tried.
#[test]
fn what_is_left_out_tells_when_it_was_tried_last() {
    let mut fixture = LibraryFixture::new();
    let path = fixture.at("a.jpg");
    let facts = file(&path, b'a');
    let tried = |fixture: &LibraryFixture| fixture.library.left_out_tried().unwrap().get(&path).copied();
    let long_ago = |fixture: &LibraryFixture| {
        fixture.library.connection.execute("UPDATE file SET tried_at = 1", []).unwrap();
    };
    fixture.library.record_skip(fixture.scan, &facts, "cut").unwrap();
    assert!(tried(&fixture) > Some(1));
    long_ago(&fixture);
    assert_eq!(fixture.library.try_left_out_again(std::slice::from_ref(&path)).unwrap(), 1);
    assert_eq!(tried(&fixture), Some(1), "asked for, and not tried yet");
    fixture.library.begin_attempt(&facts, true).unwrap();
    assert!(fixture.library.suspects().unwrap()[0].is_guilty);
    assert!(tried(&fixture) > Some(1));
    long_ago(&fixture);
    fixture.library.record_unreadable(fixture.scan, &facts, "it ended the program").unwrap();
    assert_eq!(tried(&fixture), Some(1), "nobody has looked");
    fixture.library.record_photos(fixture.scan, &[photo(&path, b'a', vec![face(0.0, 0.0)])]).unwrap();
    assert_eq!(tried(&fixture), None, "it is read");
}

/// Its folder was not scanned meanwhile: the names are looked for in the edit, and lost where they are not in it.
#[test]
fn a_photo_that_was_edited_while_its_folder_was_not_scanned_is_compared_with_its_edit() {
    let mut fixture = apart();
    let (here, scan) = scanned(&mut fixture, "here");
    let (old, named) = show(&mut fixture, scan, &here.join("a.jpg"), 1);
    fixture.library.move_faces(&[named], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.library.remove_folder(&here, FacesOfFolder::Keep).unwrap();
    let (_, again) = scanned(&mut fixture, "here");
    let (new, _) = show(&mut fixture, again, &here.join("a.jpg"), 2);
    let pairs = fixture.library.replaced_photos().unwrap();
    assert_eq!(pairs.iter().map(|pair| (pair.old, pair.new)).collect::<Vec<_>>(), [(old, new)]);
    fixture.library.carry_over(pairs[0], &[]).unwrap();
    assert_eq!(lost(&fixture), [named]);
}
