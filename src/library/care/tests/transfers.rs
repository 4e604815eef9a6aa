use super::*;
use crate::library::{Carried, Replaced};

/// Ada with two faces, one of them confirmed; Ben, hidden; two Cleos told apart; a rejection, a stranger, a group.
fn told() -> Shelf {
    let mut shelf = Shelf::new();
    let a = shelf.add("a.jpg", 1, 4);
    let b = shelf.add("b.jpg", 2, 4);
    shelf.group(&[&[a[0], b[0]], &[a[1]], &[b[1]], &[a[2], b[2]], &[a[3]], &[b[3]]]);
    let ada = shelf.state(a[0]).person().unwrap();
    shelf.library.name_person(ada, "Ada").unwrap();
    shelf.library.confirm(&[a[0]]).unwrap();
    shelf.library.set_cover(ada, b[0]).unwrap();
    let one = shelf.name(&[a[1]], "Cleo");
    let other = shelf.name(&[b[1]], "Cleo");
    shelf.library.mark_different(one, other).unwrap();
    let group = shelf.state(a[2]).person().unwrap();
    shelf.library.hide_person(group).unwrap();
    shelf.library.set_aside(&[a[3]], SetAside::Stranger).unwrap();
    shelf.group(&[&[a[0], b[0], b[3]]]);
    shelf.library.reject(&[b[3]]).unwrap();
    shelf.library.set_setting("grouping.linkage", "\"average\"").unwrap();
    shelf
}

fn exported(shelf: &Shelf) -> Vec<u8> {
    let mut out = Vec::new();
    shelf.library.export(&mut out).unwrap();
    out
}

fn import(shelf: &mut Shelf, from: &[u8]) -> ImportReport {
    let report = shelf.library.import(from, ImportMode::Apply).unwrap();
    assert!(shelf.library.check().unwrap().is_sound(), "{:?}", shelf.library.check());
    report
}

/// The same pictures, at other places.
fn scan_elsewhere(shelf: &mut Shelf) {
    shelf.add("elsewhere/one.jpg", 1, 4);
    shelf.add("elsewhere/two.jpg", 2, 4);
}

#[test]
fn everything_comes_back_in_an_empty_library_and_the_scan_finds_the_faces() {
    let from = told();
    let mut shelf = Shelf::new();
    let report = import(&mut shelf, &exported(&from));
    assert_eq!((report.photos_made, report.faces_made, report.people_made), (2, 8, 5));
    assert_eq!((report.contradictions.len(), report.backup), (0, None));
    assert_eq!(shelf.told(), from.told());
    assert_eq!(shelf.library.counts().unwrap().missing, 2);
    let path = shelf.at("elsewhere/one.jpg");
    let facts = photo(&path, 1, 0).file;
    let placed = shelf.library.place(shelf.scan, &facts, &ModelId("boxes".into())).unwrap();
    assert_eq!(placed, crate::library::Placed::New, "it has to be looked through");
    scan_elsewhere(&mut shelf);
    assert_eq!(shelf.told(), from.told());
    assert_eq!(shelf.library.counts().unwrap().missing, 0);
    assert_eq!(shelf.library.setting("grouping.linkage").unwrap().as_deref(), Some("\"average\""));
    let cover = "SELECT name, cast(x AS INTEGER) FROM person JOIN face ON face.id = cover_face";
    assert_eq!(rows(&shelf.library, cover, 2), rows(&from.library, cover, 2));
    let lines = |shelf: &Shelf| {
        let text = String::from_utf8(exported(shelf)).unwrap();
        // The folder that is on this computer was added to the library's own.
        text.lines().filter(|line| !line.contains("\"kind\":\"folder\"")).count()
    };
    assert_eq!(lines(&shelf), lines(&from));
}

#[test]
fn everything_comes_back_in_a_library_that_was_scanned_again() {
    let from = told();
    let mut shelf = Shelf::new();
    scan_elsewhere(&mut shelf);
    let faces = shelf.library.faces_to_group(&ModelId("toy".into())).unwrap().faces;
    let alone: Vec<Vec<FaceId>> = faces.iter().map(|face| vec![face.face_id]).collect();
    shelf.library.apply_grouping(&alone, GroupedBy::Scan, Revision::NOW).unwrap();
    let report = import(&mut shelf, &exported(&from));
    assert_eq!((report.photos_found, report.faces_found, report.faces_made), (2, 8, 0));
    assert!(report.backup.unwrap().exists());
    let only_decided = |told: String| {
        let kept = |line: &&str| !line.contains("grouped") && !line.ends_with("- - -") && !line.contains("None");
        told.lines().filter(kept).map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(only_decided(shelf.told()), only_decided(from.told()));
}

#[test]
fn a_second_import_changes_nothing() {
    let text = exported(&told());
    for is_scanned in [false, true] {
        let mut shelf = Shelf::new();
        if is_scanned {
            scan_elsewhere(&mut shelf);
        }
        import(&mut shelf, &text);
        let before = shelf.dump();
        let report = import(&mut shelf, &text);
        assert_eq!((report.decisions, report.people_made, report.faces_made, report.photos_made), (0, 0, 0, 0));
        assert_eq!(report.contradictions, []);
        assert_eq!(shelf.dump(), before, "scanned: {is_scanned}");
    }
}

#[test]
fn what_was_decided_here_holds_and_each_contradiction_is_told() {
    let text = exported(&told());
    let mut shelf = Shelf::new();
    let a = shelf.add("x.jpg", 1, 4);
    let b = shelf.add("y.jpg", 2, 4);
    shelf.name(&[a[0]], "Somebody else");
    shelf.library.set_aside(&[a[1]], SetAside::NotAFace).unwrap();
    shelf.name(&[a[3]], "No stranger");
    let report = import(&mut shelf, &text);
    assert_eq!(report.contradictions.len(), 3, "{:?}", report.contradictions);
    let told: Vec<(FaceDecision, FaceDecision)> = report
        .contradictions
        .iter()
        .map(|contradiction| match contradiction {
            Contradiction::Face { here, import, .. } => (here.clone(), import.clone()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(told.contains(&(FaceDecision::Is(Some("Somebody else".into())), FaceDecision::Is(Some("Ada".into())))));
    assert!(told.contains(&(FaceDecision::SetAside(SetAside::NotAFace), FaceDecision::Is(Some("Cleo".into())))));
    assert!(told.contains(&(FaceDecision::Is(Some("No stranger".into())), FaceDecision::SetAside(SetAside::Stranger))));
    assert_eq!(shelf.library.face(a[0]).unwrap().unwrap().name.as_deref(), Some("Somebody else"));
    assert_eq!(shelf.library.face(b[0]).unwrap().unwrap().name.as_deref(), Some("Ada"), "the rest is brought in");
    let before = shelf.dump();
    let again = import(&mut shelf, &text);
    assert_eq!(again.contradictions, report.contradictions);
    assert_eq!(shelf.dump(), before);
}

#[test]
fn a_person_who_is_here_already_is_not_made_twice() {
    let from = told();
    let mut shelf = Shelf::new();
    let a = shelf.add("x.jpg", 1, 4);
    shelf.add("y.jpg", 2, 4);
    let ada = shelf.name(&[a[0]], "Ada");
    let namesake = shelf.name(&[a[2]], "Cleo");
    let report = import(&mut shelf, &exported(&from));
    assert_eq!(shelf.names(), ["Ada", "Cleo", "Cleo", "Cleo"], "a Cleo of another face is another Cleo");
    assert_eq!(report.people_found, 1);
    let faces: Vec<_> =
        shelf.library.everyone().unwrap().into_iter().filter(|p| p.id == ada).flat_map(|p| p.faces).collect();
    assert_eq!(faces.len(), 2);
    assert_eq!(shelf.library.person(namesake).unwrap().unwrap().faces, 1);
}

#[test]
fn a_line_that_cannot_be_read_is_named_and_nothing_changes() {
    let text = String::from_utf8(exported(&told())).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let with = |at: usize, line: &str| {
        let mut lines = lines.clone();
        lines[at] = line;
        lines.join("\n")
    };
    let person = lines.iter().position(|line| line.contains("\"kind\":\"person\"")).unwrap();
    let face = lines.iter().position(|line| line.contains("\"kind\":\"face\"")).unwrap();
    let rejected = lines.iter().position(|line| line.contains("\"kind\":\"rejected\"")).unwrap();
    let broken = [
        (with(3, "{not json"), 4),
        (with(0, "{\"kind\":\"person\",\"id\":1,\"name\":null}"), 1),
        (with(0, &lines[0].replace("\"version\":1", "\"version\":2")), 1),
        (with(0, &lines[0].replace("likeness-library", "recipes")), 1),
        (with(person + 1, lines[person]), person + 2),
        (with(person, "{\"kind\":\"person\",\"id\":1,\"name\":\"A\\u001b[31mda\"}"), person + 1),
        (with(person, "{\"kind\":\"person\",\"id\":1,\"name\":\"Ada\\nBen\"}"), person + 1),
        (with(person, "{\"kind\":\"person\",\"id\":1,\"name\":\" \"}"), person + 1),
        (with(face, &lines[face].replace("\"photo\":1", "\"photo\":77")), face + 1),
        (with(face, &lines[face].replace("\"box\":[", "\"box\":[1,")), face + 1),
        (lines[..lines.len() - 1].join("\n"), lines.len()),
        (lines[..face].join("\n") + "\n" + &lines[face][..20], face + 1),
        ([&lines[..rejected], &lines[rejected + 1..]].concat().join("\n"), lines.len() - 1),
        (String::new(), 1),
    ];
    let mut shelf = Shelf::new();
    let faces = shelf.add("x.jpg", 1, 2);
    shelf.name(&faces, "Ada");
    let before = shelf.dump();
    for (text, expected) in broken {
        match shelf.library.import(text.as_bytes(), ImportMode::Apply) {
            Err(LibraryError::BadLine { line, .. }) => assert_eq!(line, expected, "{text}"),
            other => panic!("{other:?}: {text}"),
        }
    }
    assert_eq!(shelf.dump(), before);
    assert!(backups(&shelf.file()).unwrap().is_empty());
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let text = exported(&told());
    let mut shelf = Shelf::new();
    shelf.add("x.jpg", 1, 4);
    let before = shelf.dump();
    let would = shelf.library.import(&text[..], ImportMode::DryRun).unwrap();
    assert_eq!((shelf.dump(), would.backup.is_none()), (before, true));
    let report = import(&mut shelf, &text);
    assert_eq!(ImportReport { backup: None, ..report }, would);
}

#[test]
fn an_export_holds_hashes_paths_and_no_pictures() {
    let shelf = told();
    let text = String::from_utf8(exported(&shelf)).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["kind"], &lines[0]["format"]), (&"header".into(), &"likeness-library".into()));
    let photo = lines.iter().find(|line| line["kind"] == "photo").unwrap();
    assert_eq!(photo["picture"], "81".repeat(32));
    assert_eq!(photo["paths"][0]["path"], shelf.at("a.jpg").to_str().unwrap());
    let face = lines.iter().find(|line| line["kind"] == "face").unwrap();
    assert_eq!(face["box"], serde_json::json!([0.0, 10.0, 60.0, 80.0]));
    assert!(!text.contains("vector") && !text.contains("crop"));
}

#[test]
fn a_box_that_no_picture_has_is_refused_with_its_line() {
    let text = String::from_utf8(exported(&told())).unwrap();
    for rubbish in ["[1e308,10.0,60.0,80.0]", "[0.0,0.0,0.0,0.0]", "[0.0,0.0,-5.0,-5.0]", "[-1e9,0.0,1.0,1.0]"] {
        let mut other = Shelf::new();
        let spoiled = text.replacen("[0.0,10.0,60.0,80.0]", rubbish, 1);
        assert_ne!(spoiled, text);
        let error = other.library.import(spoiled.as_bytes(), ImportMode::Apply).unwrap_err().to_string();
        assert!(error.contains("line "), "{error}");
        assert!(other.names().is_empty());
    }
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_text_comes_back() {
    use std::os::unix::ffi::OsStringExt;
    let mut shelf = Shelf::new();
    let path = shelf.folder.path().join(std::ffi::OsString::from_vec(b"not \xff\xfe text.jpg".to_vec()));
    let recorded = shelf.library.record_photos(shelf.scan, &[photo(&path, 1, 1)]).unwrap();
    let face = shelf.library.faces_of_photo(recorded[0].photo_id).unwrap()[0].face_id;
    shelf.name(&[face], "Ada");
    let mut other = Shelf::new();
    import(&mut other, &exported(&shelf));
    let photos = other.library.photos(crate::library::PhotoFilter::Missing, crate::library::ListPage::ALL).unwrap();
    assert_eq!(photos[0].path, path);
}

#[cfg(target_os = "linux")]
#[test]
fn an_export_to_a_full_disk_says_so() {
    let shelf = told();
    let mut full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let error = shelf.library.export(&mut full).unwrap_err();
    assert!(matches!(error, LibraryError::NotWritten { .. }), "{error}");
}

fn waits(report: &ImportReport, what: WaitsFor) -> usize {
    report.not_placed.iter().filter(|face| face.waits_for == what).count()
}

/// Decided in [`told`]: of all eight faces something was said.
const DECIDED: usize = 8;

#[test]
fn faces_whose_pictures_are_not_here_are_counted_and_listed_until_a_scan_finds_them() {
    let from = told();
    let text = exported(&from);
    let mut shelf = Shelf::new();
    let would = shelf.library.import(&text[..], ImportMode::DryRun).unwrap();
    let report = import(&mut shelf, &text);
    assert_eq!(report.not_placed, would.not_placed);
    assert_eq!(waits(&report, WaitsFor::Picture), DECIDED, "{:?}", report.not_placed);
    let ada = |face: &&NotPlaced| face.import == FaceDecision::Is(Some("Ada".into()));
    assert!(report.not_placed.iter().find(ada).is_some_and(|face| face.path == from.at("a.jpg")));
    assert!(report.not_placed.iter().any(|face| face.import == FaceDecision::IsNot(Some("Ada".into()))));
    scan_elsewhere(&mut shelf);
    assert_eq!(import(&mut shelf, &text).not_placed, []);
}

#[test]
fn faces_of_a_picture_that_was_edited_since_the_export_are_looked_for_in_the_edit_and_told() {
    let from = told();
    let text = exported(&from);
    let mut shelf = Shelf::new();
    // Scanned anew: a.jpg shows an edit, b.jpg what it showed.
    let records = [photo(&from.at("a.jpg"), 9, 4), photo(&from.at("b.jpg"), 2, 4)];
    let edit = shelf.library.record_photos(shelf.scan, &records).unwrap()[0].photo_id;
    let report = import(&mut shelf, &text);
    assert_eq!((report.photos_found, report.photos_made), (1, 1));
    let on_a = report.not_placed.len();
    assert!(on_a > 0 && waits(&report, WaitsFor::Comparison) == on_a, "{:?}", report.not_placed);
    assert!(report.not_placed.iter().all(|face| face.path == from.at("a.jpg")));
    let before = shelf.dump();
    assert_eq!(import(&mut shelf, &text).not_placed, report.not_placed);
    assert_eq!(shelf.dump(), before, "a second import changes nothing");
    // What the next scan does.
    let pairs = shelf.library.replaced_photos().unwrap();
    let [pair] = pairs[..] else { panic!("{pairs:?}") };
    assert_eq!((pair.new, pair.lives_on), (edit, false));
    shelf.library.carry_over(pair, &[]).unwrap();
    let lost = shelf.library.lost_faces().unwrap();
    assert_eq!(lost.iter().filter(|face| face.name.as_deref() == Some("Ada")).count(), 1, "{lost:?}");
    assert!(lost.iter().all(|face| face.path == from.at("a.jpg") && face.replaced_by == Some(edit)));
}

/// The same where the import comes first, and the scan after it.
#[test]
fn faces_of_an_edit_that_is_scanned_after_the_import_are_looked_for_there() {
    let from = told();
    let mut shelf = Shelf::new();
    import(&mut shelf, &exported(&from));
    let records = [photo(&from.at("a.jpg"), 9, 4), photo(&from.at("b.jpg"), 2, 4)];
    let edit = shelf.library.record_photos(shelf.scan, &records).unwrap()[0].photo_id;
    let pairs = shelf.library.replaced_photos().unwrap();
    let [pair] = pairs[..] else { panic!("{pairs:?}") };
    assert_eq!(pair.new, edit);
    shelf.library.carry_over(pair, &[]).unwrap();
    let lost = shelf.library.lost_faces().unwrap();
    assert_eq!(lost.iter().filter(|face| face.name.as_deref() == Some("Ada")).count(), 1, "{lost:?}");
    // Found elsewhere after all, it is lost no more.
    shelf.add("elsewhere/original.jpg", 1, 4);
    assert_eq!(shelf.library.lost_faces().unwrap(), []);
    assert!(shelf.library.check().unwrap().is_sound());
}

/// Something else at its old path is no edit where the picture itself is found.
#[test]
fn an_imported_picture_that_lies_elsewhere_now_loses_nothing_to_what_is_at_its_old_path() {
    for is_found_first in [false, true] {
        let from = told();
        let mut shelf = Shelf::new();
        import(&mut shelf, &exported(&from));
        let mut records = [photo(&from.at("a.jpg"), 9, 4), photo(&shelf.at("elsewhere/a.jpg"), 1, 4)];
        if is_found_first {
            records.reverse();
        }
        shelf.library.record_photos(shelf.scan, &records).unwrap();
        shelf.add("elsewhere/two.jpg", 2, 4);
        assert_eq!(shelf.library.replaced_photos().unwrap(), []);
        assert_eq!(shelf.library.lost_faces().unwrap(), []);
        assert_eq!(shelf.names(), from.names());
    }
}

/// This library has seen the picture and two edits of it before anybody was named: the names go along them.
#[test]
fn names_that_an_import_brings_follow_the_edits_that_this_library_has_seen() {
    let from = told();
    let text = exported(&from);
    let mut shelf = Shelf::new();
    let path = from.at("a.jpg");
    let mut faces: Vec<Vec<FaceId>> = Vec::new();
    for hash in [1, 9, 10] {
        let recorded = shelf.library.record_photos(shelf.scan, &[photo(&path, hash, 4)]).unwrap();
        let mut found = shelf.library.faces_of_photo(recorded[0].photo_id).unwrap();
        found.sort_by_key(|face| face.face_id);
        faces.push(found.iter().map(|face| face.face_id).collect());
        for pair in shelf.library.replaced_photos().unwrap() {
            shelf.library.carry_over(pair, &[]).unwrap();
        }
    }
    shelf.library.record_photos(shelf.scan, &[photo(&from.at("b.jpg"), 2, 4)]).unwrap();
    let report = import(&mut shelf, &text);
    assert_eq!((report.photos_found, report.photos_made), (2, 0));
    assert!(waits(&report, WaitsFor::Comparison) > 0, "{:?}", report.not_placed);
    assert_eq!(waits(&report, WaitsFor::Picture), 0);
    let pairs: Vec<Replaced> = shelf.library.replaced_photos().unwrap();
    assert_eq!(pairs.len(), 2, "{pairs:?}");
    for (step, pair) in pairs.into_iter().enumerate() {
        let onto = |(&old, &new)| Carried::Onto { old, new };
        let carried: Vec<Carried> = faces[step].iter().zip(&faces[step + 1]).map(onto).collect();
        shelf.library.carry_over(pair, &carried).unwrap();
    }
    assert_eq!(shelf.library.face(faces[2][0]).unwrap().unwrap().name.as_deref(), Some("Ada"));
    assert_eq!(shelf.library.lost_faces().unwrap(), []);
    assert_eq!(import(&mut shelf, &text).not_placed, []);
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
    let mut shelf = Shelf::new();
    shelf.add("elsewhere/edit.jpg", 9, 4);
    shelf.add("elsewhere/two.jpg", 2, 4);
    let report = import(&mut shelf, &exported(&from));
    assert_eq!(report.not_placed, [], "each is in sight");
}

/// A face of Ada that the picture in its place does not show; the picture there now may be an edit of an edit.
fn with_a_lost_face(edits: u8) -> Shelf {
    let mut shelf = Shelf::new();
    let faces = shelf.add("a.jpg", 1, 1);
    shelf.name(&faces, "Ada");
    for edit in 0..edits {
        shelf.add("a.jpg", 2 + edit, 0);
        for pair in shelf.library.replaced_photos().unwrap() {
            shelf.library.carry_over(pair, &[]).unwrap();
        }
    }
    assert_eq!(shelf.library.count_lost_faces().unwrap(), 1);
    shelf
}

#[test]
fn a_lost_face_is_a_lost_face_after_an_import_into_an_empty_library() {
    for edits in [1, 2] {
        let from = with_a_lost_face(edits);
        for place in ["a.jpg", "elsewhere/renamed.jpg"] {
            let mut shelf = Shelf::new();
            import(&mut shelf, &exported(&from));
            let is_lost = |shelf: &Shelf| {
                let lost = shelf.library.lost_faces().unwrap();
                assert_eq!(lost.len(), 1, "{edits} {place}");
                assert_eq!((lost[0].name.as_deref(), &lost[0].path), (Some("Ada"), &from.at("a.jpg")));
                lost[0].replaced_by
            };
            is_lost(&shelf);
            // The picture that took the place, where it was or on another computer.
            let path = if place == "a.jpg" { from.at(place) } else { shelf.at(place) };
            let record = photo(&path, 1 + edits, 0);
            let there = shelf.library.record_photos(shelf.scan, &[record]).unwrap()[0].photo_id;
            for pair in shelf.library.replaced_photos().unwrap() {
                shelf.library.carry_over(pair, &[]).unwrap();
            }
            let by = is_lost(&shelf);
            assert!(edits > 1 || by == Some(there), "{by:?}");
            let before = shelf.dump();
            import(&mut shelf, &exported(&from));
            let after = shelf.dump();
            assert_eq!(after, before, "a second import changes nothing");
        }
    }
}

/// The path shows another edit by now: the face is looked for in that one.
#[test]
fn a_lost_face_that_was_imported_is_looked_for_in_a_later_edit() {
    let from = with_a_lost_face(1);
    let mut shelf = Shelf::new();
    import(&mut shelf, &exported(&from));
    let later = photo(&from.at("a.jpg"), 7, 1);
    let later = shelf.library.record_photos(shelf.scan, &[later]).unwrap()[0].photo_id;
    let pairs = shelf.library.replaced_photos().unwrap();
    assert_eq!(pairs.iter().map(|pair| pair.new).collect::<Vec<_>>(), [later]);
    shelf.library.carry_over(pairs[0], &[]).unwrap();
    assert_eq!(shelf.library.lost_faces().unwrap()[0].replaced_by, Some(later));
}

#[test]
fn a_lost_face_whose_successor_left_the_library_is_exported_as_lost() {
    let from = with_a_lost_face(1);
    from.library.connection.execute("UPDATE photo SET replaced_by = id WHERE replaced_by IS NOT NULL", []).unwrap();
    let mut shelf = Shelf::new();
    import(&mut shelf, &exported(&from));
    let lost = shelf.library.lost_faces().unwrap();
    assert_eq!((lost.len(), lost[0].name.as_deref(), lost[0].replaced_by), (1, Some("Ada"), None));
}
