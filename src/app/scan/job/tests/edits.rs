//! Names in pictures that were edited, replaced, lost and found again.

use super::*;

/// Its vector is of a model that is not in use any more: its portrait shows it still.
#[test]
fn a_lost_face_is_found_again_after_a_change_of_the_model() {
    let mut world = World::new();
    world.photo("a.png", [200, 10, 10]);
    world.scan();
    world.name("a.png", "Ada");
    world.edits.0 = None;
    world.photo("a.png", [10, 10, 200]);
    assert_eq!(world.scan_and_find().lost_faces, 1);
    world.faces.model = ModelId("another model".to_owned());
    world.edits.0 = Some(Edit::turn(Orientation::Same));
    world.photo("edit.png", [200, 10, 20]);
    assert_eq!(world.scan_and_find().carried_faces, 1);
    assert_eq!(world.names("edit.png"), [Some("Ada".to_owned())]);
}

/// Too small for the detector after the edit, or the like: who is at the place decides.
#[test]
fn a_face_that_is_not_found_any_more_is_carried_over_only_if_it_is_there() {
    let mut world = World::new();
    world.photo("a.png", [250, 0, 0]);
    world.photo("b.png", [0, 250, 0]);
    world.scan();
    world.name("a.png", "Ana");
    world.name("b.png", "Bo");
    world.faces.is_blind = true;
    world.photo("a.png", [240, 0, 0]);
    world.photo("b.png", [0, 0, 250]);
    let summary = world.scan();
    assert_eq!((summary.faces, summary.carried_faces, summary.lost_faces), (1, 1, 1));
    assert_eq!(world.names("a.png"), [Some("Ana".to_owned())]);
    assert!(world.names("b.png").is_empty(), "somebody else is where Bo was");
    assert_eq!(world.scan().lost_faces, 0, "and is told once");
}

/// Edited several times and restored: one face is back, whatever it left behind in the edits.
#[test]
fn a_face_that_is_back_counts_once_after_any_number_of_edits() {
    let world = World::new();
    let original = [250, 0, 0];
    world.photo("a.png", original);
    world.scan();
    world.name("a.png", "Ana");
    for edit in [[240, 0, 0], [245, 0, 0], [235, 0, 0]] {
        for colour in [edit, original] {
            let absent = world.library.call(|library| library.absent_faces()).unwrap();
            world.photo("a.png", colour);
            let mut summary = world.scan();
            count_returned(absent, &world.library, &mut summary).unwrap();
            assert!(summary.returned_faces <= 1, "{colour:?}: {summary:?}");
            assert_eq!(world.names("a.png"), [Some("Ana".to_owned())]);
        }
    }
}

/// Two shots of one framing: nothing would be lost, so a name goes only where the one was surely made from the other.
#[test]
fn a_shot_in_the_place_of_a_renamed_one_takes_its_name_only_as_its_edit() {
    for (edits, expected) in [(None, None), (Some(Edit::turn(Orientation::Same)), Some("Ana".to_owned()))] {
        let mut world = World::new();
        world.edits = FixedEdit(edits);
        world.photo("a.png", [250, 0, 0]);
        world.scan();
        world.name("a.png", "Ana");
        fs::rename(world.photos.join("a.png"), world.photos.join("a_original.png")).unwrap();
        world.photo("a.png", [240, 0, 0]);
        let summary = world.scan();
        assert_eq!((summary.moved_photos, summary.new_photos, summary.lost_faces), (1, 1, 0));
        assert_eq!(
            (world.names("a_original.png"), world.names("a.png")),
            (vec![Some("Ana".to_owned())], vec![expected])
        );
    }
}

/// No edit has lost its face: it is back with the whole file.
#[test]
fn a_photo_that_is_damaged_in_its_place_is_told_as_that() {
    let world = World::new();
    world.photo("a.png", [250, 0, 0]);
    world.photo("b.png", [0, 250, 0]);
    world.scan();
    world.name("a.png", "Ana");
    let scan = || {
        let absent = world.library.call(|library| library.absent_faces()).unwrap();
        let mut summary = world.scan();
        count_returned(absent, &world.library, &mut summary).unwrap();
        (summary.lost_faces, summary.unread_faces, summary.returned_faces)
    };
    let path = world.photos.join("a.png");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..16]).unwrap();
    assert_eq!(scan(), (1, 1, 0));
    fs::write(&path, whole).unwrap();
    assert_eq!(scan(), (0, 0, 1));
    assert_eq!(world.names("a.png"), [Some("Ana".to_owned())]);
    world.photo("a.png", [0, 0, 250]);
    assert_eq!(scan(), (1, 0, 0));
}

/// Nothing but the pictures themselves says that they have to do with each other.
#[test]
fn the_face_of_a_photo_that_was_edited_and_renamed_between_two_scans_keeps_its_name() {
    let same = Some(Edit::turn(Orientation::Same));
    for (edit, colour, is_it) in [(same, [249, 0, 0], true), (None, [249, 0, 0], false), (same, [0, 0, 250], false)] {
        let mut world = World::new();
        let original = [250, 0, 0];
        world.photo("a.png", original);
        world.photo("other.png", [0, 250, 0]);
        world.scan();
        world.name("a.png", "Ana");
        world.edits.0 = edit;
        fs::remove_file(world.photos.join("a.png")).unwrap();
        world.photo("renamed.png", colour);
        let summary = world.scan_and_find();
        assert_eq!((summary.missing_photos, summary.carried_faces, summary.lost_faces), (1, usize::from(is_it), 0));
        assert_eq!(world.names("renamed.png"), [is_it.then(|| "Ana".to_owned())], "{edit:?} {colour:?}");
        world.photo("a.png", original);
        assert_eq!(world.scan_and_find().lost_faces, 0);
        assert_eq!(world.names("a.png"), [Some("Ana".to_owned())], "it is back");
    }
}

/// Of a photo that was there long before, nobody takes a name.
#[test]
fn a_face_of_a_photo_that_went_is_looked_for_in_what_came_with_that_alone() {
    let world = World::new();
    let photos = [("a.png", [250, 0, 0]), ("alike.png", [249, 0, 0]), ("other.png", [0, 250, 0])];
    photos.iter().for_each(|(name, colour)| world.photo(name, *colour));
    world.scan();
    world.name("other.png", "Bo");
    let path = world.paths().into_iter().find(|path| path.ends_with("a.png")).unwrap();
    let face = world.library.call(move |library| {
        let photo = library.known(&path)?.unwrap().photo_id;
        let face = library.faces_of_photo(photo)?[0].face_id;
        library.move_faces(&[face], &crate::library::Destination::NewPerson { name: "Ana".into() }).map(|_| face)
    });
    face.unwrap();
    fs::remove_file(world.photos.join("a.png")).unwrap();
    world.photo("new.png", [0, 0, 250]);
    let summary = world.scan_and_find();
    assert_eq!((summary.missing_photos, summary.carried_faces), (1, 0));
    let ana = Some("Ana".to_owned());
    assert!(!world.names("alike.png").contains(&ana));
}

/// Nor do both have to happen between the same two scans: one may ask about the photos that went, having recorded what came.
#[test]
fn an_edit_takes_the_names_of_a_photo_that_went_a_scan_before_it_or_that_is_accepted_as_missing_after_it() {
    for is_asked in [false, true] {
        let mut world = World::new();
        world.photo("a.png", [250, 0, 0]);
        if !is_asked {
            world.photo("other.png", [0, 250, 0]);
        }
        world.scan();
        world.name("a.png", "Ana");
        world.edits.0 = Some(Edit::turn(Orientation::Same));
        fs::remove_file(world.photos.join("a.png")).unwrap();
        if is_asked {
            world.photo("renamed.png", [249, 0, 0]);
        }
        let asked = world.scan_and_find();
        assert_eq!((asked.withheld_photos, asked.missing_photos), if is_asked { (1, 0) } else { (0, 1) });
        if !is_asked {
            world.photo("renamed.png", [249, 0, 0]);
        }
        world.missing = MissingPolicy::Accept;
        let summary = world.scan_and_find();
        assert_eq!((summary.carried_faces, summary.lost_faces), (1, 0), "{is_asked}");
        assert_eq!(world.names("renamed.png"), [Some("Ana".to_owned())], "{is_asked}");
    }
}

/// The drive was pulled before who is at the place could be seen: that says nothing of who it is.
#[test]
fn a_pair_whose_picture_cannot_be_read_waits_until_it_can() {
    let mut world = World::new();
    world.photo("a.png", [250, 0, 0]);
    world.scan();
    world.name("a.png", "Ana");
    world.photo("a.png", [240, 0, 0]);
    world.faces.is_blind = true;
    let cancel = Cancel::default();
    let asked = cancel.clone();
    world.scan_until(&cancel, &mut |event| {
        if matches!(event, JobEvent::Progress(Progress { stage: SCANNING, .. })) {
            asked.cancel();
        }
    });
    let away = world.folder.path().join("away");
    fs::rename(&world.photos, &away).unwrap();
    let summary = world.scan();
    assert_eq!((summary.carried_faces, summary.lost_faces, summary.offline_folders.len()), (0, 0, 1));
    fs::rename(&away, &world.photos).unwrap();
    assert_eq!(world.scan().carried_faces, 1);
    assert_eq!(world.names("a.png"), [Some("Ana".to_owned())]);
}

/// What a cancel leaves is neither carried over nor told as lost; the next scan goes on from there.
#[test]
fn names_wait_for_the_scan_after_a_cancelled_one() {
    let world = World::new();
    world.photo("a.png", [250, 0, 0]);
    world.scan();
    world.name("a.png", "Ana");
    world.photo("a.png", [240, 0, 0]);
    let cancel = Cancel::default();
    let asked = cancel.clone();
    let first = world.scan_until(&cancel, &mut |event| {
        if matches!(event, JobEvent::Progress(Progress { stage: SCANNING, .. })) {
            asked.cancel();
        }
    });
    assert_eq!((first.new_photos, first.carried_faces, first.lost_faces), (1, 0, 0));
    let second = world.scan();
    assert_eq!((second.carried_faces, second.lost_faces), (1, 0));
    assert_eq!(world.names("a.png"), [Some("Ana".to_owned())]);
}

/// A pair of pictures that cannot be compared is told, and waits for the next scan; the others are compared.
#[test]
fn a_pair_that_cannot_be_compared_does_not_end_the_scan() {
    let mut world = World::new();
    world.photo("a.png", [250, 0, 0]);
    world.scan();
    world.name("a.png", "Ana");
    world.photo("a.png", [240, 0, 0]);
    world.faces.is_blind = true;
    let cancel = Cancel::default();
    let asked = cancel.clone();
    // The picture is recorded, the comparison left.
    world.scan_until(&cancel, &mut |event| {
        if matches!(event, JobEvent::Progress(Progress { stage: SCANNING, .. })) {
            asked.cancel();
        }
    });
    world.faces.failing = Some(|| anyhow::anyhow!("the device is gone"));
    let summary = world.scan();
    assert_eq!((summary.carried_faces, summary.lost_faces, summary.skipped.len()), (0, 0, 1), "{:?}", summary.skipped);
    assert!(summary.skipped[0].path.ends_with("a.png"));
    world.faces.failing = None;
    assert_eq!(world.scan().carried_faces, 1, "the next one makes good");
    assert_eq!(world.names("a.png"), [Some("Ana".to_owned())]);
}
