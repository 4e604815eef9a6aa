use super::*;
use crate::library::Carried;

/// Ada with two faces, one of them confirmed; Ben, hidden; two Cleos told apart; a rejection, a stranger, a group.
pub(super) fn told() -> LibraryFixture {
    let mut fixture = LibraryFixture::new();
    let a = fixture.add("a.jpg", 1, 4);
    let b = fixture.add("b.jpg", 2, 4);
    fixture.group(&[&[a[0], b[0]], &[a[1]], &[b[1]], &[a[2], b[2]], &[a[3]], &[b[3]]]);
    let ada = fixture.state(a[0]).person().unwrap();
    fixture.library.name_person(ada, "Ada").unwrap();
    fixture.library.confirm(&[a[0]]).unwrap();
    fixture.library.set_cover(ada, b[0]).unwrap();
    let one = fixture.name(&[a[1]], "Cleo");
    let other = fixture.name(&[b[1]], "Cleo");
    fixture.library.mark_different(one, other).unwrap();
    let group = fixture.state(a[2]).person().unwrap();
    fixture.library.hide_person(group).unwrap();
    fixture.library.set_aside(&[a[3]], SetAside::Stranger).unwrap();
    fixture.group(&[&[a[0], b[0], b[3]]]);
    fixture.library.reject(&[b[3]]).unwrap();
    fixture.library.set_setting("grouping.linkage", "\"average\"").unwrap();
    fixture
}

pub(super) fn exported(fixture: &LibraryFixture) -> Vec<u8> {
    let mut out = Vec::new();
    fixture.library.export(&mut out).unwrap();
    out
}

pub(super) fn import(fixture: &mut LibraryFixture, from: &[u8]) -> ImportReport {
    let report = fixture.library.import(from, ImportMode::Apply).unwrap();
    assert!(fixture.library.check().unwrap().is_sound(), "{:?}", fixture.library.check());
    report
}

/// The same pictures, at other places.
fn scan_elsewhere(fixture: &mut LibraryFixture) {
    fixture.add("elsewhere/one.jpg", 1, 4);
    fixture.add("elsewhere/two.jpg", 2, 4);
}

#[test]
fn everything_comes_back_in_an_empty_library_and_the_scan_finds_the_faces() {
    let from = told();
    let mut fixture = LibraryFixture::new();
    let report = import(&mut fixture, &exported(&from));
    assert_eq!((report.photos_made, report.faces_made, report.people_made), (2, 8, 5));
    assert_eq!((report.contradictions.len(), report.backup), (0, None));
    assert_eq!(fixture.told(), from.told());
    assert_eq!(fixture.library.counts().unwrap().missing, 2);
    let path = fixture.at("elsewhere/one.jpg");
    let facts = photo(&path, 1, 0).file;
    let placed = fixture.library.place(fixture.scan, &facts, &ModelId("boxes".into())).unwrap();
    assert_eq!(placed, crate::library::Placed::New, "it has to be looked through");
    scan_elsewhere(&mut fixture);
    assert_eq!(fixture.told(), from.told());
    assert_eq!(fixture.library.counts().unwrap().missing, 0);
    assert_eq!(fixture.library.setting("grouping.linkage").unwrap().as_deref(), Some("\"average\""));
    let cover = "SELECT name, cast(x AS INTEGER) FROM person JOIN face ON face.id = cover_face";
    assert_eq!(rows(&fixture.library, cover, 2), rows(&from.library, cover, 2));
    let lines = |fixture: &LibraryFixture| {
        let text = String::from_utf8(exported(fixture)).unwrap();
        // The folder that is on this computer was added to the library's own.
        text.lines().filter(|line| !line.contains("\"kind\":\"folder\"")).count()
    };
    assert_eq!(lines(&fixture), lines(&from));
}

#[test]
fn everything_comes_back_in_a_library_that_was_scanned_again() {
    let from = told();
    let mut fixture = LibraryFixture::new();
    scan_elsewhere(&mut fixture);
    let faces = fixture.library.faces_to_group(&ModelId("toy".into())).unwrap().faces;
    let alone: Vec<Vec<FaceId>> = faces.iter().map(|face| vec![face.face_id]).collect();
    fixture.library.apply_grouping(&alone, GroupedBy::Scan, Revision::NOW).unwrap();
    let report = import(&mut fixture, &exported(&from));
    assert_eq!((report.photos_found, report.faces_found, report.faces_made), (2, 8, 0));
    assert!(report.backup.unwrap().exists());
    let only_decided = |told: String| {
        let kept = |line: &&str| !line.contains("grouped") && !line.ends_with("- - -") && !line.contains("None");
        told.lines().filter(kept).map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(only_decided(fixture.told()), only_decided(from.told()));
}

#[test]
fn a_second_import_changes_nothing() {
    let text = exported(&told());
    for is_scanned in [false, true] {
        let mut fixture = LibraryFixture::new();
        if is_scanned {
            scan_elsewhere(&mut fixture);
        }
        import(&mut fixture, &text);
        let before = fixture.dump();
        let report = import(&mut fixture, &text);
        assert_eq!((report.decisions, report.people_made, report.faces_made, report.photos_made), (0, 0, 0, 0));
        // What only the first import has told of is not here.
        let here = if is_scanned { (2, 0, 8) } else { (0, 2, 0) };
        assert_eq!((report.photos_found, report.photos_missing, report.faces_found), here);
        assert_eq!(report.contradictions, []);
        assert_eq!(fixture.dump(), before, "scanned: {is_scanned}");
    }
}

#[test]
fn what_was_decided_here_holds_and_each_contradiction_is_told() {
    let text = exported(&told());
    let mut fixture = LibraryFixture::new();
    let a = fixture.add("x.jpg", 1, 4);
    let b = fixture.add("y.jpg", 2, 4);
    fixture.name(&[a[0]], "Somebody else");
    fixture.library.set_aside(&[a[1]], SetAside::NotAFace).unwrap();
    fixture.name(&[a[3]], "No stranger");
    let report = import(&mut fixture, &text);
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
    assert_eq!(fixture.library.face(a[0]).unwrap().unwrap().name.as_deref(), Some("Somebody else"));
    assert_eq!(fixture.library.face(b[0]).unwrap().unwrap().name.as_deref(), Some("Ada"), "the rest is brought in");
    let before = fixture.dump();
    let again = import(&mut fixture, &text);
    assert_eq!(again.contradictions, report.contradictions);
    assert_eq!(fixture.dump(), before);
}

#[test]
fn a_person_who_is_here_already_is_not_made_twice() {
    let from = told();
    let mut fixture = LibraryFixture::new();
    let a = fixture.add("x.jpg", 1, 4);
    fixture.add("y.jpg", 2, 4);
    let ada = fixture.name(&[a[0]], "Ada");
    let namesake = fixture.name(&[a[2]], "Cleo");
    let report = import(&mut fixture, &exported(&from));
    assert_eq!(fixture.names(), ["Ada", "Cleo", "Cleo", "Cleo"], "a Cleo of another face is another Cleo");
    assert_eq!(report.people_found, 1);
    let faces: Vec<_> =
        fixture.library.everyone().unwrap().into_iter().filter(|p| p.id == ada).flat_map(|p| p.faces).collect();
    assert_eq!(faces.len(), 2);
    assert_eq!(fixture.library.person(namesake).unwrap().unwrap().faces, 1);
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
        (with(0, &lines[0].replace("\"version\":4", "\"version\":5")), 1),
        (with(0, &lines[0].replace("likeness-library", "recipes")), 1),
        (with(person + 1, lines[person]), person + 2),
        (with(person, "{\"kind\":\"person\",\"id\":1,\"name\":\"A\\u001b[31mda\"}"), person + 1),
        (with(person, "{\"kind\":\"person\",\"id\":1,\"name\":\"Ada\\nBen\"}"), person + 1),
        (with(person, "{\"kind\":\"person\",\"id\":1,\"name\":\" \"}"), person + 1),
        (with(face, &lines[face].replace("\"photo\":1", "\"photo\":77")), face + 1),
        (with(face, &lines[face].replace("\"box\":[", "\"box\":[1,")), face + 1),
        (with(rejected, r#"{"kind":"taken_name","photo":1,"name":"Ada","sources":["No word"]}"#), rejected + 1),
        (lines[..lines.len() - 1].join("\n"), lines.len()),
        (lines[..face].join("\n") + "\n" + &lines[face][..20], face + 1),
        ([&lines[..rejected], &lines[rejected + 1..]].concat().join("\n"), lines.len() - 1),
        (String::new(), 1),
    ];
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("x.jpg", 1, 2);
    fixture.name(&faces, "Ada");
    let before = fixture.dump();
    for (text, expected) in broken {
        match fixture.library.import(text.as_bytes(), ImportMode::Apply) {
            Err(LibraryError::BadLine { line, .. }) => assert_eq!(line, expected, "{text}"),
            other => panic!("{other:?}: {text}"),
        }
    }
    assert_eq!(fixture.dump(), before);
    assert!(backups(&fixture.file()).unwrap().is_empty());
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let text = exported(&told());
    let mut fixture = LibraryFixture::new();
    fixture.add("x.jpg", 1, 4);
    let before = fixture.dump();
    let would = fixture.library.import(&text[..], ImportMode::DryRun).unwrap();
    assert_eq!((fixture.dump(), would.backup.is_none()), (before, true));
    let report = import(&mut fixture, &text);
    assert_eq!(ImportReport { backup: None, ..report }, would);
}

#[test]
fn an_export_holds_hashes_paths_and_no_pictures() {
    let fixture = told();
    let text = String::from_utf8(exported(&fixture)).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["kind"], &lines[0]["format"]), (&"header".into(), &"likeness-library".into()));
    let photo = lines.iter().find(|line| line["kind"] == "photo").unwrap();
    assert_eq!(photo["picture"], "81".repeat(32));
    assert_eq!(photo["paths"][0]["path"], fixture.at("a.jpg").to_str().unwrap());
    let face = lines.iter().find(|line| line["kind"] == "face").unwrap();
    assert_eq!(face["box"], serde_json::json!([0.0, 10.0, 60.0, 80.0]));
    assert!(!text.contains("vector") && !text.contains("crop"));
}

#[test]
fn a_box_that_no_picture_has_is_refused_with_its_line() {
    let text = String::from_utf8(exported(&told())).unwrap();
    for rubbish in ["[1e308,10.0,60.0,80.0]", "[0.0,0.0,0.0,0.0]", "[0.0,0.0,-5.0,-5.0]", "[-1e9,0.0,1.0,1.0]"] {
        let mut other = LibraryFixture::new();
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
    let mut fixture = LibraryFixture::new();
    let path = fixture.folder.path().join(std::ffi::OsString::from_vec(b"not \xff\xfe text.jpg".to_vec()));
    let recorded = fixture.library.record_photos(fixture.scan, &[photo(&path, 1, 1)]).unwrap();
    let face = fixture.library.faces_of_photo(recorded[0].photo_id).unwrap()[0].face_id;
    fixture.name(&[face], "Ada");
    let mut other = LibraryFixture::new();
    import(&mut other, &exported(&fixture));
    let photos = other.library.photos(crate::library::PhotoFilter::Missing, crate::library::ListPage::ALL).unwrap();
    assert_eq!(photos[0].path, path);
}

#[cfg(target_os = "linux")]
#[test]
fn an_export_to_a_full_disk_says_so() {
    let fixture = told();
    let mut full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let error = fixture.library.export(&mut full).unwrap_err();
    assert!(matches!(error, LibraryError::NotExported(_)), "{error}");
}

pub(super) fn waits(report: &ImportReport, what: WaitsFor) -> usize {
    report.not_placed.iter().filter(|face| face.waits_for == what).count()
}

/// Decided in [`told`]: of all eight faces something was said.
const DECIDED: usize = 8;

#[test]
fn faces_whose_pictures_are_not_here_are_counted_and_listed_until_a_scan_finds_them() {
    let from = told();
    let text = exported(&from);
    let mut fixture = LibraryFixture::new();
    let would = fixture.library.import(&text[..], ImportMode::DryRun).unwrap();
    let report = import(&mut fixture, &text);
    assert_eq!(report.not_placed, would.not_placed);
    assert_eq!(waits(&report, WaitsFor::Picture), DECIDED, "{:?}", report.not_placed);
    let ada = |face: &&NotPlaced| face.import == FaceDecision::Is(Some("Ada".into()));
    assert!(report.not_placed.iter().find(ada).is_some_and(|face| face.path == from.at("a.jpg")));
    assert!(report.not_placed.iter().any(|face| face.import == FaceDecision::IsNot(Some("Ada".into()))));
    scan_elsewhere(&mut fixture);
    assert_eq!(import(&mut fixture, &text).not_placed, []);
}

/// A face that only the import knows has no small picture until it is cut; its photo is edited before that.
#[test]
fn an_imported_face_without_a_small_picture_is_carried_over_to_its_edit() {
    let mut from = LibraryFixture::new();
    let faces = from.add("a.jpg", 1, 1);
    from.name(&faces, "Ada");
    let mut fixture = LibraryFixture::new();
    import(&mut fixture, &exported(&from));
    // A detector that does not find it looks through its photo; then through an edit of it.
    for hash in [1, 2] {
        let record = photo(&from.at("a.jpg"), hash, 0);
        fixture.library.record_photos(fixture.scan, &[record]).unwrap();
    }
    let [pair] = fixture.library.replaced_photos().unwrap()[..] else { panic!("it was replaced") };
    let old = fixture.library.faces_of_photo(pair.old).unwrap()[0].clone();
    let place = Carried::Place { old: old.face_id, detection: old.detection };
    assert_eq!(fixture.library.carry_over(pair, &[place]).unwrap(), 1);
    let carried = fixture.library.faces_of_photo(pair.new).unwrap();
    assert_eq!(carried[0].name.as_deref(), Some("Ada"));
    assert_eq!(fixture.library.crop_jpeg(carried[0].face_id).unwrap(), None);
}

/// Hidden is a decision; the group here was found by a scan, and nobody has said anything of it.
#[test]
fn a_group_that_was_hidden_is_hidden_after_an_import_into_a_library_that_was_scanned() {
    let mut from = LibraryFixture::new();
    let there = from.add("a.jpg", 1, 2);
    from.group(&[&there[..1], &there[1..]]);
    let group = from.person_of(there[0]);
    from.library.hide_person(group).unwrap();
    let text = exported(&from);
    let mut fixture = LibraryFixture::new();
    let here = fixture.add("x.jpg", 1, 2);
    fixture.group(&[&here[..1], &here[1..]]);
    let report = import(&mut fixture, &text);
    let is_hidden = |fixture: &LibraryFixture, face: FaceId| {
        let sql = "SELECT hidden FROM person WHERE id = ?1";
        fixture.library.connection.query_row(sql, [fixture.person_of(face).0], |row| row.get::<_, bool>(0)).unwrap()
    };
    assert_eq!([is_hidden(&fixture, here[0]), is_hidden(&fixture, here[1])], [true, false]);
    assert_eq!(report.contradictions, []);
    let before = fixture.dump();
    assert_eq!(import(&mut fixture, &text).decisions, 0);
    assert_eq!(fixture.dump(), before);
}

/// Somebody of whom this library says something stays in sight, and that is told.
#[test]
fn somebody_known_whom_an_import_hides_stays_in_sight_and_is_listed() {
    let mut from = LibraryFixture::new();
    let there = from.add("a.jpg", 1, 1);
    let hidden = from.name(&there, "Ada");
    from.library.hide_person(hidden).unwrap();
    let mut fixture = LibraryFixture::new();
    let here = fixture.add("x.jpg", 1, 1);
    fixture.name(&here, "Ada");
    let report = import(&mut fixture, &exported(&from));
    assert_eq!(report.contradictions, [Contradiction::InSight(Some("Ada".into()))]);
}

fn hidden(fixture: &LibraryFixture, faces: &[FaceId]) -> Vec<bool> {
    let sql = "SELECT hidden FROM person JOIN face ON person_id = person.id WHERE face.id = ?1";
    let is_hidden = |face: &FaceId| fixture.library.connection.query_row(sql, [face.0], |row| row.get(0)).unwrap();
    faces.iter().map(is_hidden).collect()
}

/// Of its faces a grouping has said that they are its own, or may be: nobody has held any of them.
#[test]
fn a_hidden_group_of_which_no_face_is_held_stays_hidden_in_an_empty_library_and_after_its_scan() {
    for belongs in ["grouped", "suggested"] {
        let mut from = LibraryFixture::new();
        let there = from.add("a.jpg", 1, 3);
        from.group(&[&there[..2], &there[2..]]);
        let group = from.person_of(there[0]);
        from.library.hide_person(group).unwrap();
        let sql = "UPDATE face SET belongs = ?2 WHERE person_id = ?1";
        from.library.connection.execute(sql, rusqlite::params![group.0, belongs]).unwrap();
        from.group(&[&there[..2], &there[2..]]);
        assert_eq!(hidden(&from, &there), [true, true, false], "{belongs}: here, after a grouping");

        let mut fixture = LibraryFixture::new();
        let report = import(&mut fixture, &exported(&from));
        assert_eq!(report.not_placed.len(), 2, "{belongs}: they wait for their picture, and are listed");
        let here = fixture.add("elsewhere/x.jpg", 1, 3);
        fixture.group(&[&here[..2], &here[2..]]);
        assert_eq!(hidden(&fixture, &here), [true, true, false], "{belongs}: brought in, scanned and grouped");
        assert_eq!(fixture.hidden_people(), 1);
    }
}

/// Taking them back on the other computer makes them whose they were, as they were.
#[test]
fn whose_a_face_was_that_was_set_aside_or_rejected_comes_along() {
    let mut from = LibraryFixture::new();
    let there = from.add("a.jpg", 1, 3);
    let ada = from.name(&there, "Ada");
    from.library.set_aside(&there[..1], SetAside::Stranger).unwrap();
    from.library.reject(&there[1..2]).unwrap();
    let text = exported(&from);
    for is_scanned in [false, true] {
        let mut fixture = LibraryFixture::new();
        if is_scanned {
            fixture.add("x.jpg", 1, 3);
        }
        import(&mut fixture, &text);
        let here = fixture.add("x.jpg", 1, 3);
        let before = fixture.dump();
        import(&mut fixture, &text);
        assert_eq!(fixture.dump(), before, "once more changes nothing");
        let own = fixture.person_of(here[2]);
        fixture.library.restore(&here[..1]).unwrap();
        fixture.library.decide(&Decision::TakeBackReject { person: own, face: here[1] }, Revision::NOW).unwrap();
        let was = from.state(there[2]).belongs();
        let states = [here[0], here[1]].map(|face| (fixture.person_of(face), fixture.state(face).belongs()));
        assert_eq!(states, [(own, was), (own, was)], "scanned: {is_scanned}, of {ada:?}");
    }
    // What an earlier program exported says nothing of it, and comes in.
    let earlier: Vec<&str> =
        std::str::from_utf8(&text).unwrap().lines().filter(|line| !line.contains("was_of")).collect();
    let count = earlier.len() - 1;
    let earlier = earlier.join("\n").replace("\"version\":4", "\"version\":1");
    let (whole, _) = earlier.rsplit_once('\n').unwrap();
    let mut fixture = LibraryFixture::new();
    let report = import(&mut fixture, format!("{whole}\n{{\"kind\":\"end\",\"lines\":{count}}}").as_bytes());
    assert_eq!((report.faces_made, report.people_made), (3, 2), "Ada, and the group of the rejected face");
}

/// As a library of an earlier program has them that could not read the file at its last scan.
#[test]
fn a_named_face_whose_photo_was_never_hashed_is_exported_and_found_at_its_path() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    fixture.name(&faces[..1], "Ada");
    fixture.library.connection.execute("UPDATE photo SET picture = NULL, sha256 = NULL", []).unwrap();
    let mut text = Vec::new();
    let counts = fixture.library.export(&mut text).unwrap();
    assert_eq!((counts.photos, counts.photos_by_path, counts.faces), (1, 1, 2));
    // Scanned again since, nothing was said.
    fixture.library.connection.execute("UPDATE photo SET picture = zeroblob(32), sha256 = zeroblob(32)", []).unwrap();
    fixture.library.connection.execute("UPDATE face SET person_id = NULL, belongs = NULL", []).unwrap();
    let report = import(&mut fixture, &text);
    assert_eq!((report.photos_found, report.faces_found, report.decisions), (1, 2, 1));
    assert_eq!(fixture.library.face(faces[0]).unwrap().unwrap().name.as_deref(), Some("Ada"));
    // Another picture in its place is not taken for it, and neither name nor face is lost.
    fixture.library.connection.execute("UPDATE photo SET size = size + 1", []).unwrap();
    fixture.library.connection.execute("UPDATE face SET person_id = NULL, belongs = NULL", []).unwrap();
    let report = import(&mut fixture, &text);
    assert_eq!((report.photos_found, report.photos_made, report.not_placed.len()), (0, 1, 1));
    assert_eq!(fixture.library.face(faces[0]).unwrap().unwrap().name, None);
}
