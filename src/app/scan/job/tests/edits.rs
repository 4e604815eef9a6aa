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
