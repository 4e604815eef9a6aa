//! Who is forgotten for good comes back by no scan, no import and no restore.

use super::super::file;
use super::forgetting::{NAME, distinctive, with_person};
use super::transfers::{exported, import};
use super::*;

#[test]
fn a_scan_finds_a_forgotten_person_again_only_where_it_may() {
    for may_find_again in [true, false] {
        let (mut fixture, person, _) = with_person();
        fixture.library.forget_now(person, may_find_again).unwrap();
        let known = fixture.library.known(&fixture.at("a.jpg")).unwrap().unwrap();
        assert_eq!(known.is_settled(&ModelId("boxes".into())), !may_find_again);
        let mut record = photo(&fixture.at("a.jpg"), 1, 0);
        record.faces = vec![distinctive(0).0, distinctive(2).0];
        let recorded = fixture.library.record_photos(fixture.scan, &[record]).unwrap();
        let faces = fixture.library.faces_of_photo(recorded[0].photo_id).unwrap();
        assert_eq!(faces.len(), if may_find_again { 2 } else { 1 });
        assert!(faces.iter().all(|face| face.name.is_none() || face.name.as_deref() == Some("Friend")));
        // Nor does an import bring the face back.
        if !may_find_again {
            let (other, ..) = with_person();
            let mut text = Vec::new();
            other.library.export(&mut text).unwrap();
            let report = fixture.library.import(&text[..], ImportMode::Apply).unwrap();
            assert_eq!(report.faces_made, 0, "{report:?}");
            assert!(
                report
                    .contradictions
                    .iter()
                    .all(|c| matches!(c, Contradiction::Face { here: FaceDecision::Forgotten, .. }))
            );
            assert_eq!(report.contradictions.len(), 2);
        }
    }
}

/// Forgotten for good is forgotten on the other computer, too, whose scan has found the faces by then.
#[test]
fn an_import_takes_out_faces_that_are_forgotten_for_good() {
    let mut from = LibraryFixture::new();
    let faces = from.add("a.jpg", 1, 2);
    let ada = from.name(&faces[..1], "Ada");
    from.library.forget_now(ada, false).unwrap();
    let text = exported(&from);

    let mut fixture = LibraryFixture::new();
    let here = fixture.add("x.jpg", 1, 2);
    fixture.group(&[&here[..1], &here[1..]]);
    let before = fixture.dump();
    let report = fixture.library.import(&text[..], ImportMode::DryRun).unwrap();
    assert_eq!((report.faces_forgotten, fixture.dump()), (1, before));
    let report = import(&mut fixture, &text);
    assert_eq!((report.faces_forgotten, report.contradictions.len()), (1, 0));
    assert!(fixture.library.face(here[0]).unwrap().is_none());
    for table in ["embedding", "face_crop"] {
        let of = rows(&fixture.library, &format!("SELECT face_id FROM {table}"), 1);
        assert_eq!(of, [format!("Integer({})", here[1].0)], "{table}");
    }
    assert_eq!(fixture.library.everyone().unwrap().len(), 1, "its group is gone, too");
    let after = fixture.dump();
    assert_eq!(import(&mut fixture, &text).faces_forgotten, 0);
    assert_eq!(fixture.dump(), after);
}

#[test]
fn what_was_said_here_of_a_face_that_an_import_has_forgotten_stays_and_is_told() {
    let mut from = LibraryFixture::new();
    let faces = from.add("a.jpg", 1, 1);
    let ada = from.name(&faces, "Ada");
    from.library.forget_now(ada, false).unwrap();
    let text = exported(&from);
    let said: [(fn(&mut LibraryFixture, &[FaceId]), FaceDecision); 3] = [
        (|fixture, face| _ = fixture.name(face, "Eve"), FaceDecision::Is(Some("Eve".into()))),
        (
            |fixture, face| _ = fixture.library.set_aside(face, SetAside::Stranger).unwrap(),
            FaceDecision::SetAside(SetAside::Stranger),
        ),
        (
            |fixture, face| {
                let person = fixture.name(face, "Eve");
                let no = Decision::Reject { person, faces: face.to_vec() };
                fixture.library.decide(&no, Revision::NOW).unwrap();
            },
            FaceDecision::IsNot(Some("Eve".into())),
        ),
    ];
    for (say, here) in said {
        let mut fixture = LibraryFixture::new();
        let face = fixture.add("x.jpg", 1, 1);
        say(&mut fixture, &face);
        let (before, path) = (fixture.told(), fixture.at("x.jpg"));
        let report = import(&mut fixture, &text);
        let face_box = fixture.library.face(face[0]).unwrap().unwrap().detection.face_box;
        let import = FaceDecision::Forgotten;
        assert_eq!(report.contradictions, [Contradiction::Face { path, face_box, here, import }]);
        assert_eq!((report.faces_forgotten, fixture.told()), (0, before));
    }
}

/// One backup is from before the person's photos were there, the other one lay where no forgetting reaches.
#[test]
fn no_restore_brings_back_who_was_forgotten_for_good() {
    for damage in [None, Some("DROP TABLE clock")] {
        let mut fixture = LibraryFixture::new();
        let early = fixture.library.back_up(BackupReason::Asked).unwrap();
        let faces = fixture.add("a.jpg", 1, 2);
        let person = fixture.name(&faces[..1], NAME);
        fixture.name(&faces[1..], "Friend");
        let outside = fixture.at("outside.sqlite");
        std::fs::copy(fixture.library.back_up(BackupReason::Asked).unwrap(), &outside).unwrap();
        fixture.library.forget_now(person, false).unwrap();
        for (backup, names) in [(&early, &[][..]), (&outside, &["Friend"])] {
            if let Some(damage) = damage {
                fixture.library.connection.execute_batch(damage).unwrap();
            }
            let restored = fixture.library.restore_backup(backup).unwrap();
            assert_eq!(
                (fixture.names(), restored.people),
                (names.iter().map(|name| (*name).to_owned()).collect(), names.len())
            );
            fixture.scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
            assert_eq!(fixture.add("a.jpg", 1, 2).len(), 1, "{damage:?}: a scan finds the friend alone");
            for file in [fixture.file(), file::with_suffix(&fixture.file(), "-wal")] {
                let bytes = std::fs::read(&file).unwrap_or_default();
                assert!(!bytes.windows(NAME.len()).any(|part| part == NAME.as_bytes()), "{}", file.display());
            }
            assert_eq!(forget_count(&fixture), 1, "{damage:?}");
        }
    }
}

fn forget_count(fixture: &LibraryFixture) -> i64 {
    fixture.library.read(super::super::forget::count).unwrap()
}
