use super::*;

fn named(min_faces: usize) -> PeopleFilter {
    PeopleFilter { kind: PeopleKind::Named, min_faces }
}

#[test]
fn people_come_by_size_in_pages() {
    let mut fixture = LibraryFixture::new();
    for (i, name) in ["Ada", "Bo", "Cleo"].into_iter().enumerate() {
        let degrees: Vec<f32> = (0..=i).map(|d| d as f32).collect();
        let faces = fixture.add_turned(&format!("{name}.jpg"), &degrees);
        fixture.library.move_faces(&faces, &Destination::NewPerson { name: name.into() }).unwrap();
    }
    let all = fixture.library.people(named(0), ListPage::ALL).unwrap();
    let names: Vec<_> = all.iter().map(|p| (p.name.as_deref().unwrap(), p.faces)).collect();
    assert_eq!(names, vec![("Cleo", 3), ("Bo", 2), ("Ada", 1)]);
    assert!(all.iter().all(|p| p.cover.is_some()));
    let page = fixture.library.people(named(0), ListPage { offset: 1, limit: 1 }).unwrap();
    assert_eq!(page, all[1..2]);
    assert_eq!(fixture.library.person(all[1].id).unwrap().as_ref(), Some(&all[1]));
    assert_eq!(fixture.library.people(named(2), ListPage::ALL).unwrap().len(), 2);
}

#[test]
fn a_persons_faces_come_by_distance_suggestions_last() {
    let mut fixture = LibraryFixture::new();
    let f = fixture.add_turned("a.jpg", &[0.0, 10.0, -20.0, 3.0, 1.0]);
    let ada = fixture.library.move_faces(&f[..3], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.group(&[&[f[0], f[3], f[4]]]);
    let faces = fixture.library.faces_of_person(ada, &model()).unwrap();
    // The mean of 0°, 10° and −20° points to about −3°.
    let order: Vec<FaceId> = faces.iter().map(|x| x.face_id).collect();
    assert_eq!(order, vec![f[0], f[1], f[2], f[4], f[3]]);
    assert!(faces[0].distance.unwrap().0 < faces[1].distance.unwrap().0);
    let unknown = fixture.library.faces_of_person(ada, &ModelId("other".into())).unwrap();
    assert!(unknown.iter().all(|x| x.distance.is_none()));
    assert_eq!(fixture.library.best_faces(ada, 2).unwrap().len(), 2);
}

#[test]
fn the_cover_is_the_best_face_or_the_chosen_one() {
    let mut fixture = LibraryFixture::new();
    let mut small = face(0.0, 0.0);
    small.detection.face_box.width = 10.0;
    let record = photo(&fixture.at("a.jpg"), 1, vec![small, face(200.0, 1.0)]);
    let id = fixture.library.record_photos(fixture.scan, &[record]).unwrap()[0].photo_id;
    let large_first: Vec<FaceId> = fixture.library.faces_of_photo(id).unwrap().iter().map(|f| f.face_id).collect();
    let ada = fixture.library.move_faces(&large_first, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    assert_eq!(fixture.library.person(ada).unwrap().unwrap().cover, Some(large_first[0]));
    fixture.library.set_cover(ada, large_first[1]).unwrap();
    assert_eq!(fixture.library.people(named(0), ListPage::ALL).unwrap()[0].cover, Some(large_first[1]));
}

#[test]
fn photos_come_by_time_and_filter() {
    let mut fixture = LibraryFixture::new();
    let mut add = |name: &str, time: Option<&str>, faces: Vec<FaceRecord>| {
        let mut record = photo(&fixture.folder.path().join(name), name.as_bytes()[0], faces);
        record.captured_at = time.map(str::to_owned);
        record.gps = Some([48.5, -2.25]);
        fixture.library.record_photos(fixture.scan, &[record]).unwrap()[0].photo_id
    };
    let may = add("may.jpg", Some("2024-05-02T10:00:00"), vec![face(0.0, 0.0)]);
    let june = add("june.jpg", Some("2024-06-02T10:00:00"), vec![]);
    let undated = add("undated.jpg", None, vec![face(0.0, 90.0)]);
    let ids = |filter| -> Vec<_> {
        let tiles = fixture.library.photos(filter, ListPage::ALL).unwrap();
        tiles.iter().map(|tile| tile.id).collect()
    };
    assert_eq!(ids(PhotoFilter::All), vec![june, may, undated]);
    assert_eq!(ids(PhotoFilter::NoFaces), vec![june]);
    assert_eq!(ids(PhotoFilter::UnnamedFaces), vec![may, undated]);
    assert_eq!(fixture.library.photos(PhotoFilter::All, ListPage { offset: 1, limit: 1 }).unwrap()[0].id, may);
    let detail = fixture.library.photo(may).unwrap().unwrap();
    assert_eq!((detail.gps, detail.captured_at.as_deref()), (Some([48.5, -2.25]), Some("2024-05-02T10:00:00")));
    assert_eq!(fixture.library.search_photos("UNDA", 9).unwrap()[0].0, undated);

    let face_id = fixture.library.faces_of_photo(may).unwrap()[0].face_id;
    let ada = fixture.library.move_faces(&[face_id], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let tiles = fixture.library.photos(PhotoFilter::Person(ada), ListPage::ALL).unwrap();
    assert_eq!((tiles.len(), tiles[0].id, tiles[0].faces), (1, may, 1));
}

#[test]
fn confirmed_faces_are_listed_for_learning_and_others_are_not() {
    let mut fixture = LibraryFixture::new();
    let f = fixture.add_turned("a.jpg", &[0.0, 1.0, 2.0]);
    let ada = fixture.library.move_faces(&f[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.group(&[&f]);
    let listed = fixture.library.confirmed_faces().unwrap();
    assert_eq!(listed.len(), 1);
    let (face, known) = (&listed[0], fixture.library.face(f[0]).unwrap().unwrap());
    assert_eq!((face.person_id, face.name.as_deref(), &face.path), (ada, Some("Ada"), &known.path));
    assert_eq!(face.detection.face_box, known.detection.face_box);
    assert_eq!(face.picture, Some(hashes(b'a').picture));
    // Another picture lies there now, whose faces nobody has named.
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    fixture.library.record_photos(scan, &[photo(&fixture.at("a.jpg"), 200, vec![])]).unwrap();
    assert_eq!(fixture.library.confirmed_faces().unwrap().len(), 0);
}

#[test]
fn everyone_is_listed_with_boxes() {
    let mut fixture = LibraryFixture::new();
    let f = fixture.add_turned("a.jpg", &[0.0, 1.0]);
    let ada = fixture.library.move_faces(&f[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.group(&[&f]);
    let people = fixture.library.everyone().unwrap();
    assert_eq!((people.len(), people[0].id, people[0].faces.len()), (1, ada, 2));
    assert_eq!(people[0].faces[1].belongs, Belongs::Suggested);
    assert_eq!(people[0].faces[1].face_box.x, 100.0);
}

/// The questions that the window asks again and again must not read whole tables, whatever the library's size.
#[test]
fn frequent_questions_use_an_index() {
    let fixture = LibraryFixture::new();
    let plan = |sql: &str| -> String {
        let mut query = fixture.library.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let steps = query.query_map([], |row| row.get::<_, String>(3)).unwrap();
        steps.map(|step| step.unwrap() + "\n").collect()
    };
    let check = |sql: &str, forbidden: &str| {
        let plan = plan(sql);
        assert!(!plan.contains(forbidden), "{sql}: {plan}");
    };
    check("SELECT photo_id FROM file WHERE path = x'00'", "SCAN");
    check("SELECT id FROM photo WHERE picture = x'00'", "SCAN");
    check("UPDATE photo SET path = x'01' WHERE path = x'00'", "SCAN");
    check("SELECT id FROM photo WHERE sha256 = x'00' AND state = 'done'", "SCAN");
    check("SELECT id FROM face WHERE photo_id = 1", "SCAN");
    check("SELECT id, person_id, belongs, set_aside FROM face WHERE person_id = 1", "SCAN");
    check(
        "SELECT vector FROM embedding WHERE face_id = 1 AND model_id = (SELECT id FROM model WHERE name = 'm')",
        "SCAN",
    );
    check("DELETE FROM face WHERE id = 1", "SCAN");
    // The grid reads its page in index order instead of sorting everything.
    check("SELECT id FROM photo WHERE state = 'done' AND missing = 0 ORDER BY sort_at DESC, id LIMIT 9", "TEMP B-TREE");
    check(
        "SELECT id FROM photo WHERE state = 'failed' AND missing = 0 ORDER BY sort_at DESC, id LIMIT 9",
        "TEMP B-TREE",
    );
    check("SELECT 1 FROM journal WHERE undone = 0", "SCAN");
    // A person's faces and the best of them: one range of one index, no row of a face.
    let best = "SELECT id FROM face WHERE person_id = 1 AND photo_id NOT IN (SELECT id FROM photo WHERE missing = 1) \
        ORDER BY belongs = 'suggested', quality DESC, id LIMIT 6";
    check(best, "SCAN face");
    assert!(plan(best).contains("face USING COVERING INDEX face_by_person"), "{}", plan(best));
    let vectors = "SELECT face.id, vector FROM face LEFT JOIN embedding ON face_id = face.id AND model_id = 1 \
        WHERE person_id = 1";
    check(vectors, "SCAN");
    // Few faces are set aside.
    let aside = plan("SELECT count(*) FROM face WHERE set_aside IS NOT NULL");
    assert!(aside.contains("INDEX face_set_aside"), "{aside}");
    // Counting people's faces reads one index, not the faces.
    let counting = plan(
        "SELECT person_id, sum(belongs = 'confirmed') FROM face WHERE person_id IS NOT NULL \
         AND photo_id NOT IN (SELECT id FROM photo WHERE missing = 1) GROUP BY person_id",
    );
    assert!(counting.contains("face USING COVERING INDEX face_by_person"), "{counting}");
    assert!(counting.contains("photo USING COVERING INDEX photo_missing"), "{counting}");
}
