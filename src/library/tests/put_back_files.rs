//! Edits whose file is put back as it was: of two words about one face the last one holds.

use super::replacing::{detector, show};
use super::*;

/// Ada's face, its edit to which the name was carried over, and the pictures of both.
struct Edited {
    fixture: LibraryFixture,
    ada: PersonId,
    original: FaceId,
    edit: FaceId,
    scan: ScanId,
}

fn edited() -> Edited {
    let mut fixture = LibraryFixture::new();
    let original = fixture.add_turned("a.jpg", &[0.0])[0];
    let ada = fixture.library.move_faces(&[original], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let (_, edit) = show(&mut fixture, scan, "a.jpg", 200);
    let pair = fixture.library.replaced_photos().unwrap()[0];
    fixture.library.carry_over(pair, &[Carried::Onto { old: original, new: edit }]).unwrap();
    assert_eq!(fixture.state(edit).person(), Some(ada));
    Edited { fixture, ada, original, edit, scan }
}

impl Edited {
    /// The file is as it was before the edit. The two faces are compared and found to be one, or not.
    fn put_file_back(&mut self, are_one: bool) {
        self.fixture.library.place(self.scan, &file(&self.fixture.at("a.jpg"), b'a'), &detector()).unwrap();
        let pair = self.fixture.library.replaced_photos().unwrap()[0];
        assert!(!pair.lives_on);
        let carried = Carried::Onto { old: self.edit, new: self.original };
        let carried = are_one.then_some(carried).into_iter().collect::<Vec<_>>();
        self.fixture.library.carry_over(pair, &carried).unwrap();
    }

    /// All pictures are compared, and the two faces found to be one.
    fn compared(&mut self, old: FaceId, new: FaceId) {
        let picture = |of: &Self, face| of.fixture.library.face(face).unwrap().unwrap().photo_id;
        let them = (picture(self, old), picture(self, new));
        for pair in self.fixture.library.replaced_photos().unwrap() {
            let is_theirs = (pair.old, pair.new) == them;
            let carried = is_theirs.then_some(Carried::Onto { old, new }).into_iter().collect::<Vec<_>>();
            self.fixture.library.carry_over(pair, &carried).unwrap();
        }
    }

    fn lost(&self) -> Vec<FaceId> {
        self.fixture.library.lost_faces().unwrap().iter().map(|lost| lost.face_id).collect()
    }
}

#[test]
fn what_was_said_of_an_edit_last_holds_when_the_file_is_put_back() {
    let mut at = edited();
    let bo = at.fixture.library.move_faces(&[at.edit], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    at.put_file_back(true);
    assert_eq!(at.fixture.state(at.original).person(), Some(bo));
    assert_eq!(at.lost(), [], "nothing waits: it is said where the face is");
    // The way back is the one of every decision.
    at.fixture.library.undo().unwrap();
    assert_eq!(at.fixture.state(at.original).person(), Some(at.ada));
    at.fixture.library.redo().unwrap();
    assert_eq!(at.fixture.state(at.original).person(), Some(bo));
    // Edited the same way again: whatever is said of the original by then.
    let cleo = at.fixture.library.move_faces(&[at.original], &Destination::NewPerson { name: "Cleo".into() }).unwrap();
    let (edit, onto) = (at.edit, at.original);
    at.fixture.library.place(at.scan, &file(&at.fixture.at("a.jpg"), 200), &detector()).unwrap();
    let pair = at.fixture.library.replaced_photos().unwrap()[0];
    at.fixture.library.carry_over(pair, &[Carried::Onto { old: onto, new: edit }]).unwrap();
    assert_eq!(at.fixture.state(edit).person(), Some(cleo));
    assert_eq!(at.lost(), []);
}

#[test]
fn a_face_that_was_set_aside_or_rejected_in_an_edit_is_so_when_the_file_is_put_back() {
    let mut at = edited();
    at.fixture.library.set_aside(&[at.edit], SetAside::Stranger).unwrap();
    at.put_file_back(true);
    assert_eq!(at.fixture.state(at.original), FaceState::SetAside(SetAside::Stranger));
    let aside = at.fixture.library.faces_set_aside().unwrap();
    assert_eq!(aside.iter().map(|face| (face.face_id, face.person)).collect::<Vec<_>>(), [(at.original, Some(at.ada))]);
    at.fixture.library.undo().unwrap();
    assert_eq!(at.fixture.state(at.original).person(), Some(at.ada));

    let mut at = edited();
    at.fixture.library.reject(&[at.edit]).unwrap();
    at.put_file_back(true);
    assert_ne!(at.fixture.state(at.original).person(), Some(at.ada));
    let said: Vec<_> = at.fixture.library.rejections().unwrap().iter().map(|no| (no.face_id, no.person)).collect();
    assert_eq!(said, [(at.original, at.ada)], "once, where the face is");
    let taken_back = Decision::TakeBackReject { person: at.ada, face: at.original };
    at.fixture.library.decide(&taken_back, Revision::NOW).unwrap();
    assert_eq!(at.fixture.state(at.original).person(), Some(at.ada));
    assert!(at.fixture.library.rejections().unwrap().is_empty(), "and of the edit as well");
}

/// A face that was put back by hand onto a wrong one is no edit's: only what the pictures show to be one follows.
#[test]
fn what_was_said_of_another_face_moves_no_name_when_the_file_is_put_back() {
    let mut at = edited();
    let bo = at.fixture.library.move_faces(&[at.edit], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    at.put_file_back(false);
    assert_eq!(at.fixture.state(at.original).person(), Some(at.ada));
    assert_eq!(at.lost(), [at.edit]);
    assert_eq!(at.fixture.state(at.edit).person(), Some(bo));
}

/// The original was somewhere else all the time, in sight with its name.
#[test]
fn a_face_that_was_never_gone_keeps_its_name_when_a_copy_is_put_back() {
    let mut at = edited();
    at.fixture.library.place(at.scan, &file(&at.fixture.at("b.jpg"), b'a'), &detector()).unwrap();
    at.fixture.library.move_faces(&[at.edit], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    at.put_file_back(true);
    assert_eq!(at.fixture.state(at.original).person(), Some(at.ada));
    assert_eq!(at.lost(), [at.edit]);
}

/// A picture with Ada's face at two paths, one of which shows an edit of it now, to which the face was carried over.
fn edited_copy() -> Edited {
    let mut fixture = LibraryFixture::new();
    let original = fixture.add_turned("a.jpg", &[0.0])[0];
    let ada = fixture.library.move_faces(&[original], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    fixture.library.place(scan, &file(&fixture.at("b.jpg"), b'a'), &detector()).unwrap();
    let (_, edit) = show(&mut fixture, scan, "a.jpg", 200);
    let mut at = Edited { fixture, ada, original, edit, scan };
    at.compared(original, edit);
    assert_eq!(at.fixture.state(edit).person(), Some(ada));
    at
}

/// The two were different decisions of the user's, on two pictures in sight.
#[test]
fn a_name_in_sight_is_not_taken_by_a_picture_that_lived_on_beside_its_edit() {
    let mut at = edited_copy();
    let carl = at.fixture.library.move_faces(&[at.edit], &Destination::NewPerson { name: "Carl".into() }).unwrap();
    at.fixture.library.move_faces(&[at.original], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    let scan = at.fixture.library.begin_scan(at.fixture.folder.path()).unwrap();
    assert_eq!(show(&mut at.fixture, scan, "b.jpg", 200).1, at.edit);
    at.compared(at.original, at.edit);
    assert_eq!((at.fixture.state(at.edit).person(), at.lost()), (Some(carl), vec![at.original]));
}

#[test]
fn a_copy_that_was_edited_and_put_back_is_lost_when_it_is_nowhere() {
    let mut at = edited_copy();
    at.fixture.library.place(at.scan, &file(&at.fixture.at("a.jpg"), b'a'), &detector()).unwrap();
    at.compared(at.edit, at.original);
    let scan = at.fixture.library.begin_scan(at.fixture.folder.path()).unwrap();
    for name in ["a.jpg", "b.jpg"] {
        show(&mut at.fixture, scan, name, 201);
    }
    for pair in at.fixture.library.replaced_photos().unwrap() {
        at.fixture.library.carry_over(pair, &[]).unwrap();
    }
    assert_eq!(at.lost(), [at.original], "what is said of it is said of nothing that is there");
}

#[test]
fn what_was_said_last_is_known_after_a_backup_is_restored() {
    let mut at = edited();
    let bo = at.fixture.library.move_faces(&[at.edit], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    let backup = at.fixture.library.back_up(care::BackupReason::Asked).unwrap();
    let seen = at.fixture.library.revision().unwrap();
    at.fixture.library.restore_backup(&backup).unwrap();
    let stale = Decision::Confirm { person: bo, faces: vec![at.edit] };
    assert!(at.fixture.library.decide(&stale, seen).is_err(), "it was seen before the restore");
    at.put_file_back(true);
    assert_eq!(at.fixture.state(at.original).person(), Some(bo));
}
