//! What was set aside or said against, and how much that is.

use super::*;

/// The number beside the link is that of all lists behind it together.
#[test]
fn the_count_of_what_is_set_aside_is_that_of_all_its_lists() {
    let mut shelf = Shelf::new();
    let faces = shelf.add_turned("a.jpg", &[0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
    let listed = |shelf: &Shelf| {
        let library = &shelf.library;
        let hidden = PeopleFilter { kind: PeopleKind::Hidden, min_faces: 0 };
        library.lost_faces().unwrap().len()
            + library.people(hidden, ListPage::ALL).unwrap().len()
            + library.faces_set_aside().unwrap().len()
            + library.told_apart().unwrap().len()
            + library.rejections().unwrap().len()
    };
    let is_counted = |shelf: &Shelf, so_many: usize| {
        assert_eq!((shelf.library.count_set_aside().unwrap(), listed(shelf)), (so_many, so_many));
    };
    let name = |shelf: &mut Shelf, face: usize, name: &str| {
        shelf.library.move_faces(&[faces[face]], &Destination::NewPerson { name: name.into() }).unwrap()
    };
    let (ada, ben) = (name(&mut shelf, 0, "Ada"), name(&mut shelf, 1, "Ben"));
    is_counted(&shelf, 0);
    // A rejection alone.
    shelf.group(&[&[faces[0], faces[2]]]);
    assert_eq!(shelf.state(faces[2]).person(), Some(ada));
    shelf.library.reject(&[faces[2]]).unwrap();
    is_counted(&shelf, 1);
    shelf.library.mark_different(ada, ben).unwrap();
    is_counted(&shelf, 2);
    shelf.library.set_aside(&[faces[3]], SetAside::Stranger).unwrap();
    shelf.library.set_aside(&[faces[4]], SetAside::NotAFace).unwrap();
    shelf.library.hide_person(ben).unwrap();
    is_counted(&shelf, 5);
    // The picture is replaced, and what was said of its faces is not found there.
    let record = photo(&shelf.at("a.jpg"), 200, Vec::new());
    let scan = shelf.library.begin_scan(shelf.folder.path()).unwrap();
    shelf.library.record_photos(scan, &[record]).unwrap();
    for pair in shelf.library.replaced_photos().unwrap() {
        shelf.library.carry_over(pair, &[]).unwrap();
    }
    assert_eq!(shelf.library.count_lost_faces().unwrap(), 4);
    is_counted(&shelf, 9);
}
