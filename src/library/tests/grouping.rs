use super::*;

/// "Not this group" is not "not Ada", as long as nobody has said that the group is Ada.
#[test]
fn what_was_said_of_a_group_is_not_said_of_whom_its_faces_are_only_suggested_for() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0, 1.0, 2.0, 3.0]);
    let ada = fixture.library.move_faces(&faces[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.group(&[&faces[1..]]);
    let group = fixture.person_of(faces[1]);
    fixture.library.reject(&faces[3..]).unwrap();
    fixture.group(&[&faces[..3], &faces[3..]]);
    assert_eq!(fixture.state(faces[1]), FaceState::Of { person: ada, belongs: Belongs::Suggested });
    let said: Vec<_> = fixture.library.rejections().unwrap().iter().map(|no| (no.face_id, no.person)).collect();
    assert_eq!(said, [(faces[3], group)]);
}

#[test]
fn names_survive_and_new_faces_are_only_suggested() {
    let mut fixture = LibraryFixture::new();
    let a = fixture.add_turned("a.jpg", &[0.0, 90.0]);
    let b = fixture.add_turned("b.jpg", &[1.0, 91.0]);
    let outcome = fixture.group(&[&[a[0], b[0]], &[a[1], b[1]]]);
    assert_eq!((outcome.groups, outcome.new_groups, outcome.suggested), (2, 2, 0));
    let ada = fixture.person_of(a[0]);
    fixture.library.name_person(ada, "Ada").unwrap();
    let c = fixture.add_turned("c.jpg", &[2.0, 92.0]);
    let outcome = fixture.group(&[&[a[0], b[0], c[0]], &[a[1], b[1], c[1]]]);
    assert_eq!((outcome.groups, outcome.new_groups, outcome.suggested), (1, 0, 1));
    assert_eq!(fixture.state(c[0]), FaceState::Of { person: ada, belongs: Belongs::Suggested });
    assert!(fixture.state(a[0]).is_decided() && fixture.state(b[0]).is_decided());
    // A grouping gone wrong cannot take a confirmed face away.
    fixture.group(&[&[a[0]], &[b[0], a[1], b[1], c[1], c[0]]]);
    assert_eq!(fixture.person_of(b[0]), ada);
    assert!(fixture.library.history(9).unwrap().len() == 1, "a scan's grouping is no step of the history");
}

#[test]
fn groups_keep_their_ids_where_most_faces_stay() {
    let mut fixture = LibraryFixture::new();
    let f = fixture.add_turned("a.jpg", &[0.0, 1.0, 2.0, 3.0, 4.0]);
    fixture.group(&[&f[..3], &f[3..]]);
    let (large, small) = (fixture.person_of(f[0]), fixture.person_of(f[3]));
    let outcome = fixture.group(&[&f[2..], &f[..2]]);
    assert_eq!(outcome.new_groups, 0);
    assert_eq!((fixture.person_of(f[0]), fixture.person_of(f[4])), (large, small));
    // All in one: the larger part's id stays, the other is gone.
    fixture.group(&[&f]);
    let only = fixture.person_of(f[0]);
    assert_eq!(only, small);
    assert_eq!(fixture.library.person(large).unwrap(), None);
}

#[test]
fn what_was_rejected_from_a_group_stays_rejected_when_the_group_is_absorbed() {
    let mut fixture = LibraryFixture::new();
    let f = fixture.add_turned("a.jpg", &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    fixture.group(&[&f[..3], &f[3..]]);
    let (first, second) = (fixture.person_of(f[0]), fixture.person_of(f[3]));
    fixture.library.take_out(&f[..1]).unwrap();
    fixture.group(&[&f[..1], &f[1..]]);
    assert_eq!(fixture.person_of(f[1]), second, "{first:?} had two faces left, the other three");
    let input = fixture.library.faces_to_group(&model()).unwrap();
    assert_eq!(input.faces[0].rejected, vec![second]);
    // A clustering that ignores it is corrected.
    fixture.group(&[&f]);
    assert_ne!(fixture.person_of(f[0]), second);
}

#[test]
fn hidden_people_take_their_like_out_of_sight() {
    let mut fixture = LibraryFixture::new();
    let f = fixture.add_turned("a.jpg", &[0.0, 1.0]);
    fixture.group(&[&f[..1]]);
    let stranger = fixture.person_of(f[0]);
    fixture.library.hide_person(stranger).unwrap();
    fixture.group(&[&f]);
    assert_eq!(fixture.state(f[1]), FaceState::Of { person: stranger, belongs: Belongs::Suggested });
    assert_eq!(fixture.library.counts().unwrap().nameless_people, 0);
}

#[test]
fn a_curated_group_without_a_name_grows_without_asking() {
    let mut fixture = LibraryFixture::new();
    let f = fixture.add_turned("a.jpg", &[0.0, 1.0, 2.0]);
    fixture.group(&[&f[..1], &f[1..2]]);
    let (from, into) = (fixture.person_of(f[0]), fixture.person_of(f[1]));
    fixture.library.merge(from, into).unwrap();
    let outcome = fixture.group(&[&f]);
    assert_eq!(outcome.suggested, 0);
    assert_eq!(fixture.state(f[2]), FaceState::Of { person: into, belongs: Belongs::Grouped });
    assert!(fixture.state(f[0]).is_decided());
}

#[test]
fn a_group_of_two_known_people_is_counted_not_obeyed() {
    let mut fixture = LibraryFixture::new();
    let f = fixture.add_turned("a.jpg", &[0.0, 1.0, 2.0, 3.0]);
    let ada = fixture.library.move_faces(&f[..2], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let bo = fixture.library.move_faces(&f[2..3], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    let outcome = fixture.group(&[&f]);
    assert_eq!((outcome.kept_apart, outcome.suggested), (1, 1));
    assert_eq!((fixture.person_of(f[2]), fixture.person_of(f[3])), (bo, ada));
}

#[test]
fn what_was_said_of_people_and_groups_goes_into_a_grouping() {
    let mut fixture = LibraryFixture::new();
    let f = fixture.add_turned("a.jpg", &[0.0, 1.0, 2.0, 3.0, 4.0]);
    let ada = fixture.library.move_faces(&f[..2], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.group(&[&f[2..4]]);
    let group = fixture.person_of(f[2]);
    fixture.library.mark_different(group, ada).unwrap();
    let input = fixture.library.faces_to_group(&model()).unwrap();
    assert_eq!(input.confirmed(), vec![Some(ada), Some(ada), None, None, None]);
    assert_eq!(input.groups(), vec![Some(ada), Some(ada), Some(group), Some(group), None]);
    assert_eq!(input.different, vec![(ada.min(group), ada.max(group))]);
}

#[test]
fn faces_that_are_set_aside_stay_aside() {
    let mut fixture = LibraryFixture::new();
    let f = fixture.add_turned("a.jpg", &[0.0, 1.0]);
    fixture.library.set_aside(&f[..1], SetAside::NotAFace).unwrap();
    fixture.group(&[&f]);
    assert_eq!(fixture.state(f[0]), FaceState::SetAside(SetAside::NotAFace));
}

/// Its picture is looked through anew, and the face is elsewhere now, without a vector.
#[test]
fn a_face_without_a_vector_has_none_in_the_file_of_all_vectors_either() {
    let mut fixture = LibraryFixture::new();
    fixture.add_turned("a.jpg", &[0.0, 90.0]);
    let before = fixture.library.faces_to_group(&model()).unwrap();
    let path = fixture.at("vectors");
    let vectors = before.faces.iter().map(|face| (face.face_id, &face.embedding));
    KeptVectors::write(&path, before.vectors.unwrap(), vectors).unwrap();
    let kept = KeptVectors::open(&path).unwrap();
    fixture.library.note_kept_vectors(&model(), before.vectors.unwrap()).unwrap();
    let file = |fixture: &LibraryFixture| fixture.library.kept_vectors(&model(), Some(&kept)).unwrap().is_some();
    assert!(file(&fixture));
    let mut found = vec![face(2.0, 0.0), face(100.0, 90.0)];
    found[0].embedding = None;
    // The other one is as it was, and nothing is written of it.
    found[1].embedding = None;
    let detector = ModelId("other boxes".into());
    let record = PhotoRecord { detector, ..photo(&fixture.at("a.jpg"), b'a', found) };
    assert_eq!(fixture.library.record_photos(fixture.scan, &[record]).unwrap()[0].faces_kept, 2);
    let after = fixture.library.faces_to_group_from(&model(), Some(&kept)).unwrap();
    assert!(after.vectors != before.vectors && !file(&fixture));
    assert_eq!(after.faces, before.faces[1..]);
}
