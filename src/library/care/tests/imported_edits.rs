//! Pictures that were edited since an export, and faces that were lost before it.

use super::transfers::{exported, import, told, waits};
use super::*;
use crate::library::{Carried, Replaced};

#[test]
fn faces_of_a_picture_that_was_edited_since_the_export_are_looked_for_in_the_edit_and_told() {
    let from = told();
    let text = exported(&from);
    let mut fixture = LibraryFixture::new();
    // Scanned anew: a.jpg shows an edit, b.jpg what it showed.
    let records = [photo(&from.at("a.jpg"), 9, 4), photo(&from.at("b.jpg"), 2, 4)];
    let edit = fixture.library.record_photos(fixture.scan, &records).unwrap()[0].photo_id;
    let report = import(&mut fixture, &text);
    assert_eq!((report.photos_found, report.photos_made), (1, 1));
    let on_a = report.not_placed.len();
    assert!(on_a > 0 && waits(&report, WaitsFor::Comparison) == on_a, "{:?}", report.not_placed);
    assert!(report.not_placed.iter().all(|face| face.path == from.at("a.jpg")));
    let listed = fixture.library.lost_faces().unwrap();
    assert!(
        !listed.is_empty() && listed.iter().all(|face| face.is_sought),
        "at once, not after the next scan: {listed:?}"
    );
    let before = fixture.dump();
    assert_eq!(import(&mut fixture, &text).not_placed, report.not_placed);
    assert_eq!(fixture.dump(), before, "a second import changes nothing");
    // What the next scan does.
    let pairs = fixture.library.replaced_photos().unwrap();
    let [pair] = pairs[..] else { panic!("{pairs:?}") };
    assert_eq!((pair.new, pair.lives_on), (edit, false));
    fixture.library.carry_over(pair, &[]).unwrap();
    let lost = fixture.library.lost_faces().unwrap();
    assert_eq!(lost.iter().filter(|face| face.name.as_deref() == Some("Ada")).count(), 1, "{lost:?}");
    assert!(lost.iter().all(|face| face.path == from.at("a.jpg") && face.replaced_by == Some(edit)));
}

/// The same where the import comes first, and the scan after it.
#[test]
fn faces_of_an_edit_that_is_scanned_after_the_import_are_looked_for_there() {
    let from = told();
    let mut fixture = LibraryFixture::new();
    import(&mut fixture, &exported(&from));
    let records = [photo(&from.at("a.jpg"), 9, 4), photo(&from.at("b.jpg"), 2, 4)];
    let edit = fixture.library.record_photos(fixture.scan, &records).unwrap()[0].photo_id;
    let pairs = fixture.library.replaced_photos().unwrap();
    let [pair] = pairs[..] else { panic!("{pairs:?}") };
    assert_eq!(pair.new, edit);
    fixture.library.carry_over(pair, &[]).unwrap();
    let lost = fixture.library.lost_faces().unwrap();
    assert_eq!(lost.iter().filter(|face| face.name.as_deref() == Some("Ada")).count(), 1, "{lost:?}");
    // Found elsewhere after all, it is lost no more.
    fixture.add("elsewhere/original.jpg", 1, 4);
    assert_eq!(fixture.library.lost_faces().unwrap(), []);
    assert!(fixture.library.check().unwrap().is_sound());
}

/// On another computer the folder has another place, and a photo was edited on the way: known by its name alone, whether
/// the import or the scan came first.
#[test]
fn faces_of_a_picture_that_was_edited_on_the_way_to_another_place_wait_among_the_lost() {
    for is_scanned_first in [false, true] {
        let from = told();
        let text = exported(&from);
        let mut fixture = LibraryFixture::new();
        if !is_scanned_first {
            import(&mut fixture, &text);
        }
        fixture.scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
        let records = [photo(&fixture.at("elsewhere/A.JPG"), 9, 4), photo(&fixture.at("elsewhere/b.jpg"), 2, 4)];
        let edit = fixture.library.record_photos(fixture.scan, &records).unwrap()[0].photo_id;
        if is_scanned_first {
            let report = import(&mut fixture, &text);
            assert!(waits(&report, WaitsFor::Comparison) == report.not_placed.len(), "{:?}", report.not_placed);
            let before = fixture.dump();
            import(&mut fixture, &text);
            assert_eq!(fixture.dump(), before, "a second import changes nothing");
        }
        for pair in fixture.library.replaced_photos().unwrap() {
            fixture.library.carry_over(pair, &[]).unwrap();
        }
        let lost = fixture.library.lost_faces().unwrap();
        assert_eq!(lost.iter().filter(|face| face.name.as_deref() == Some("Ada")).count(), 1, "{lost:?}");
        assert!(lost.iter().all(|face| face.replaced_by == Some(edit)), "{lost:?}");
        fixture.add("further/original.jpg", 1, 4);
        assert_eq!(fixture.library.lost_faces().unwrap(), [], "found after all");
    }
}

/// Something else at its old path is no edit where the picture itself is found.
#[test]
fn an_imported_picture_that_lies_elsewhere_now_loses_nothing_to_what_is_at_its_old_path() {
    for is_found_first in [false, true] {
        let from = told();
        let mut fixture = LibraryFixture::new();
        import(&mut fixture, &exported(&from));
        let mut records = [photo(&from.at("a.jpg"), 9, 4), photo(&fixture.at("elsewhere/a.jpg"), 1, 4)];
        if is_found_first {
            records.reverse();
        }
        fixture.library.record_photos(fixture.scan, &records).unwrap();
        fixture.add("elsewhere/two.jpg", 2, 4);
        assert_eq!(fixture.library.replaced_photos().unwrap(), []);
        assert_eq!(fixture.library.lost_faces().unwrap(), []);
        assert_eq!(fixture.names(), from.names());
    }
}

/// This library has seen the picture and two edits of it before anybody was named: the names go along them.
#[test]
fn names_that_an_import_brings_follow_the_edits_that_this_library_has_seen() {
    let from = told();
    let text = exported(&from);
    let mut fixture = LibraryFixture::new();
    let path = from.at("a.jpg");
    let mut faces: Vec<Vec<FaceId>> = Vec::new();
    for hash in [1, 9, 10] {
        let recorded = fixture.library.record_photos(fixture.scan, &[photo(&path, hash, 4)]).unwrap();
        let mut found = fixture.library.faces_of_photo(recorded[0].photo_id).unwrap();
        found.sort_by_key(|face| face.face_id);
        faces.push(found.iter().map(|face| face.face_id).collect());
        for pair in fixture.library.replaced_photos().unwrap() {
            fixture.library.carry_over(pair, &[]).unwrap();
        }
    }
    fixture.library.record_photos(fixture.scan, &[photo(&from.at("b.jpg"), 2, 4)]).unwrap();
    let report = import(&mut fixture, &text);
    assert_eq!((report.photos_found, report.photos_missing, report.photos_made), (1, 1, 0));
    assert!(waits(&report, WaitsFor::Comparison) > 0, "{:?}", report.not_placed);
    assert_eq!(waits(&report, WaitsFor::Picture), 0);
    let pairs: Vec<Replaced> = fixture.library.replaced_photos().unwrap();
    assert_eq!(pairs.len(), 2, "{pairs:?}");
    for (step, pair) in pairs.into_iter().enumerate() {
        let onto = |(&old, &new)| Carried::Onto { old, new };
        let carried: Vec<Carried> = faces[step].iter().zip(&faces[step + 1]).map(onto).collect();
        fixture.library.carry_over(pair, &carried).unwrap();
    }
    assert_eq!(fixture.library.face(faces[2][0]).unwrap().unwrap().name.as_deref(), Some("Ada"));
    assert_eq!(fixture.library.lost_faces().unwrap(), []);
    assert_eq!(import(&mut fixture, &text).not_placed, []);
}

#[test]
fn a_face_that_was_found_in_an_edit_before_the_export_is_placed_by_it() {
    let mut from = told();
    let path = from.at("a.jpg");
    let recorded = from.library.record_photos(from.scan, &[photo(&path, 9, 4)]).unwrap();
    let new: Vec<FaceId> =
        from.library.faces_of_photo(recorded[0].photo_id).unwrap().iter().map(|f| f.face_id).collect();
    let [pair] = from.library.replaced_photos().unwrap()[..] else { panic!("it was replaced") };
    let old: Vec<FaceId> = from.library.faces_of_photo(pair.old).unwrap().iter().map(|face| face.face_id).collect();
    let carried: Vec<Carried> = old.iter().zip(&new).map(|(&old, &new)| Carried::Onto { old, new }).collect();
    from.library.carry_over(pair, &carried).unwrap();
    let mut fixture = LibraryFixture::new();
    fixture.add("elsewhere/edit.jpg", 9, 4);
    fixture.add("elsewhere/two.jpg", 2, 4);
    let report = import(&mut fixture, &exported(&from));
    assert_eq!(report.not_placed, [], "each is in sight");
}

/// A face of Ada that the picture in its place does not show; the picture there now may be an edit of an edit.
fn with_a_lost_face(edits: u8) -> LibraryFixture {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 1);
    fixture.name(&faces, "Ada");
    for edit in 0..edits {
        fixture.add("a.jpg", 2 + edit, 0);
        for pair in fixture.library.replaced_photos().unwrap() {
            fixture.library.carry_over(pair, &[]).unwrap();
        }
    }
    assert_eq!(fixture.library.count_lost_faces().unwrap(), 1);
    fixture
}

#[test]
fn a_lost_face_is_a_lost_face_after_an_import_into_an_empty_library() {
    for edits in [1, 2] {
        let from = with_a_lost_face(edits);
        for place in ["a.jpg", "elsewhere/renamed.jpg"] {
            let mut fixture = LibraryFixture::new();
            import(&mut fixture, &exported(&from));
            let is_lost = |fixture: &LibraryFixture| {
                let lost = fixture.library.lost_faces().unwrap();
                assert_eq!(lost.len(), 1, "{edits} {place}");
                assert_eq!((lost[0].name.as_deref(), &lost[0].path), (Some("Ada"), &from.at("a.jpg")));
                lost[0].replaced_by
            };
            is_lost(&fixture);
            // The picture that took the place, where it was or on another computer.
            let path = if place == "a.jpg" { from.at(place) } else { fixture.at(place) };
            let record = photo(&path, 1 + edits, 0);
            let there = fixture.library.record_photos(fixture.scan, &[record]).unwrap()[0].photo_id;
            for pair in fixture.library.replaced_photos().unwrap() {
                fixture.library.carry_over(pair, &[]).unwrap();
            }
            let by = is_lost(&fixture);
            assert!(edits > 1 || by == Some(there), "{by:?}");
            let before = fixture.dump();
            import(&mut fixture, &exported(&from));
            let after = fixture.dump();
            assert_eq!(after, before, "a second import changes nothing");
        }
    }
}

/// Those that the detector finds with their picture, the others by themselves.
#[test]
fn imported_faces_are_embedded_once_their_pictures_are_there() {
    let from = told();
    let mut fixture = LibraryFixture::new();
    fixture.add("elsewhere/one.jpg", 1, 2);
    import(&mut fixture, &exported(&from));
    fixture.add("elsewhere/two.jpg", 2, 4);
    let left = fixture.library.faces_without_embedding(&ModelId("toy".into()), FaceId(0), 99).unwrap();
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.iter().all(|face| face.path == fixture.at("elsewhere/one.jpg") && !face.has_portrait));
    let portraits: Vec<_> = left.iter().map(|face| (face.face_id, vec![1, 2, 3])).collect();
    fixture.library.add_portraits(&portraits).unwrap();
    assert_eq!(fixture.library.crop_jpeg(left[0].face_id).unwrap(), Some(vec![1, 2, 3]));
}

/// Where a face is lost too, it need not be looked for here either; where its picture is there, it never was lost.
#[test]
fn a_face_that_was_let_go_is_let_go_after_an_import_where_it_is_lost() {
    let mut from = with_a_lost_face(1);
    let lost = from.library.lost_faces().unwrap().remove(0);
    from.library
        .decide(&Decision::LetGo { of: lost.state.person(), faces: vec![lost.face_id] }, Revision::NOW)
        .unwrap();
    let text = exported(&from);
    let lists = |fixture: &LibraryFixture| {
        (fixture.library.count_lost_faces().unwrap(), fixture.library.count_faces_let_go().unwrap())
    };
    // In an empty library, and in one that lost the same face.
    let mut lost_too = with_a_lost_face(1);
    for fixture in [&mut LibraryFixture::new(), &mut lost_too] {
        import(fixture, &text);
        assert_eq!(lists(fixture), (0, 1));
        let before = fixture.dump();
        assert_eq!(import(fixture, &text).decisions, 0);
        assert_eq!(fixture.dump(), before, "a second import changes nothing");
    }
    // Where the picture is, with that face or without it; then another one takes its place.
    for faces in [0, 1] {
        let mut fixture = LibraryFixture::new();
        fixture.add("a.jpg", 1, faces);
        import(&mut fixture, &text);
        assert_eq!(lists(&fixture), (0, 0));
        fixture.add("a.jpg", 7, 0);
        for pair in fixture.library.replaced_photos().unwrap() {
            fixture.library.carry_over(pair, &[]).unwrap();
        }
        assert_eq!(lists(&fixture), (1, 0), "nobody has let it go here");
    }
}

/// The file in its place cannot be read at first.
#[test]
fn an_imported_face_is_looked_for_in_what_an_unreadable_file_turns_out_to_show() {
    for is_compared_before in [false, true] {
        let from = told();
        let mut fixture = LibraryFixture::new();
        import(&mut fixture, &exported(&from));
        let path = from.at("a.jpg");
        let facts = crate::library::FileFacts { hashes: None, ..photo(&path, 9, 0).file };
        fixture.library.record_unreadable(fixture.scan, &facts, "cannot be read").unwrap();
        if is_compared_before {
            for pair in fixture.library.replaced_photos().unwrap() {
                fixture.library.carry_over(pair, &[]).unwrap();
            }
        }
        let edit = fixture.library.record_photos(fixture.scan, &[photo(&path, 9, 4)]).unwrap()[0].photo_id;
        let pairs = fixture.library.replaced_photos().unwrap();
        assert_eq!(pairs.iter().map(|pair| pair.new).collect::<Vec<_>>(), [edit], "{is_compared_before}");
        fixture.library.carry_over(pairs[0], &[]).unwrap();
        let lost = fixture.library.lost_faces().unwrap();
        assert_eq!(lost.iter().filter(|face| face.name.as_deref() == Some("Ada")).count(), 1, "{lost:?}");
        assert!(lost.iter().all(|face| face.replaced_by == Some(edit)));
        assert!(fixture.library.check().unwrap().is_sound());
    }
}

/// The path shows another edit by now: the face is looked for in that one.
#[test]
fn a_lost_face_that_was_imported_is_looked_for_in_a_later_edit() {
    let from = with_a_lost_face(1);
    let mut fixture = LibraryFixture::new();
    import(&mut fixture, &exported(&from));
    let later = photo(&from.at("a.jpg"), 7, 1);
    let later = fixture.library.record_photos(fixture.scan, &[later]).unwrap()[0].photo_id;
    let pairs = fixture.library.replaced_photos().unwrap();
    assert_eq!(pairs.iter().map(|pair| pair.new).collect::<Vec<_>>(), [later]);
    fixture.library.carry_over(pairs[0], &[]).unwrap();
    assert_eq!(fixture.library.lost_faces().unwrap()[0].replaced_by, Some(later));
}

#[test]
fn a_lost_face_whose_successor_left_the_library_is_exported_as_lost() {
    let from = with_a_lost_face(1);
    from.library.connection.execute("UPDATE photo SET replaced_by = id WHERE replaced_by IS NOT NULL", []).unwrap();
    let mut fixture = LibraryFixture::new();
    import(&mut fixture, &exported(&from));
    let lost = fixture.library.lost_faces().unwrap();
    assert_eq!((lost.len(), lost[0].name.as_deref(), lost[0].replaced_by), (1, Some("Ada"), None));
}
