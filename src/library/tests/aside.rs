//! What was set aside or said against, and how much that is.

use super::*;

/// The number beside the link is that of all lists behind it together.
#[test]
fn the_count_of_what_is_set_aside_is_that_of_all_its_lists() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
    let listed = |fixture: &LibraryFixture| {
        let library = &fixture.library;
        let hidden = PeopleFilter { kind: PeopleKind::Hidden, min_faces: 0 };
        library.lost_faces().unwrap().len()
            + library.people(hidden, ListPage::ALL).unwrap().len()
            + library.faces_set_aside().unwrap().len()
            + library.told_apart().unwrap().len()
            + library.rejections().unwrap().len()
    };
    let is_counted = |fixture: &LibraryFixture, so_many: usize| {
        assert_eq!((fixture.library.count_set_aside().unwrap(), listed(fixture)), (so_many, so_many));
    };
    let name = |fixture: &mut LibraryFixture, face: usize, name: &str| {
        fixture.library.move_faces(&[faces[face]], &Destination::NewPerson { name: name.into() }).unwrap()
    };
    let (ada, ben) = (name(&mut fixture, 0, "Ada"), name(&mut fixture, 1, "Ben"));
    is_counted(&fixture, 0);
    // A rejection alone.
    fixture.group(&[&[faces[0], faces[2]]]);
    assert_eq!(fixture.state(faces[2]).person(), Some(ada));
    fixture.library.reject(&[faces[2]]).unwrap();
    is_counted(&fixture, 1);
    fixture.library.mark_different(ada, ben).unwrap();
    is_counted(&fixture, 2);
    fixture.library.set_aside(&[faces[3]], SetAside::Stranger).unwrap();
    fixture.library.set_aside(&[faces[4]], SetAside::NotAFace).unwrap();
    fixture.library.hide_person(ben).unwrap();
    is_counted(&fixture, 5);
    // The picture is replaced, and what was said of its faces is not found there.
    let record = photo(&fixture.at("a.jpg"), 200, Vec::new());
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    fixture.library.record_photos(scan, &[record]).unwrap();
    for pair in fixture.library.replaced_photos().unwrap() {
        fixture.library.carry_over(pair, &[]).unwrap();
    }
    assert_eq!(fixture.library.count_lost_faces().unwrap(), 4);
    is_counted(&fixture, 9);
}
