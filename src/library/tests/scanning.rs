use super::*;

#[test]
fn knows_what_it_recorded() {
    let mut shelf = Shelf::new();
    shelf.add("a.jpg", &[0.0, 90.0]);
    let path = shelf.path("a.jpg");
    let known = shelf.library.known(&path).unwrap().unwrap();
    assert!(known.is_unchanged(&file(&path, 9)));
    assert!(!known.is_unchanged(&FileFacts { size: 5, ..file(&path, b'a') }));
    assert_eq!((known.state, known.detector), (PhotoState::Done, Some(ModelId("boxes".into()))));
    assert_eq!(known.sha256, Some([b'a'; 32]));
    let faces = shelf.library.faces_to_group(&model()).unwrap().faces;
    assert_eq!(faces.len(), 2);
    assert!(faces[1].embedding.squared_distance(&direction(90.0)).0 < 1e-9);
    let detail = shelf.library.face(faces[0].face_id).unwrap().unwrap();
    assert_eq!(detail.detection, face(0.0, 0.0).detection);
    assert_eq!(shelf.library.crop_jpeg(faces[0].face_id).unwrap(), Some(vec![1, 2, 3]));
}

#[test]
fn a_failed_file_is_there_once_with_its_reason() {
    let mut shelf = Shelf::new();
    let path = shelf.path("broken.jpg");
    for reason in ["cut short", "still cut short"] {
        shelf.library.record_skip(shelf.scan, &file(&path, 1), reason).unwrap();
    }
    let failed = shelf.library.photos(PhotoFilter::Failed, Page::ALL).unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].state, PhotoState::Failed { reason: "still cut short".into() });
    assert_eq!(shelf.library.count_photos(PhotoFilter::All).unwrap(), 0);
    // Readable at last.
    shelf.add("broken.jpg", &[0.0]);
    assert_eq!(shelf.library.counts().unwrap().failed, 0);
    assert_eq!(shelf.library.known(&path).unwrap().unwrap().state, PhotoState::Done);
}

#[test]
fn names_survive_a_photo_that_cannot_be_read_for_a_while() {
    let mut shelf = Shelf::new();
    let faces = shelf.add("a.jpg", &[0.0]);
    shelf.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let path = shelf.path("a.jpg");
    shelf.library.record_skip(shelf.scan, &file(&path, 2), "cut short").unwrap();
    assert_eq!(shelf.add("a.jpg", &[1.0]), faces);
    assert!(shelf.state(faces[0]).is_confirmed());
}

#[test]
fn any_name_a_disk_allows_comes_back() {
    let mut shelf = Shelf::new();
    let mut names: Vec<std::ffi::OsString> = vec!["line\nbreak.jpg".into(), "李.jpg".into(), "a'b\"c%_.jpg".into()];
    #[cfg(unix)]
    names.push(std::os::unix::ffi::OsStringExt::from_vec(b"not \xff\xfe text.jpg".to_vec()));
    for (i, name) in names.iter().enumerate() {
        let path = shelf.folder.path().join(name);
        shelf.library.record_photos(shelf.scan, &[photo(&path, i as u8, vec![face(0.0, 0.0)])]).unwrap();
        assert!(shelf.library.known(&path).unwrap().is_some());
    }
    let mut listed: Vec<_> =
        shelf.library.photos(PhotoFilter::All, Page::ALL).unwrap().into_iter().map(|p| p.path).collect();
    let mut expected: Vec<_> = names.iter().map(|name| shelf.folder.path().join(name)).collect();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
}

#[test]
fn a_moved_file_keeps_its_names() {
    let mut shelf = Shelf::new();
    std::fs::write(shelf.path("old.jpg"), b"x").unwrap();
    let faces = shelf.add("old.jpg", &[0.0]);
    shelf.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let moved = file(&shelf.path("sub/new.jpg"), b'o');
    assert_eq!(shelf.library.adopt_moved(shelf.scan, &moved).unwrap(), None, "the old file is still there: a copy");
    std::fs::remove_file(shelf.path("old.jpg")).unwrap();
    let other = FileFacts { sha256: Some([77; 32]), ..moved.clone() };
    assert_eq!(shelf.library.adopt_moved(shelf.scan, &other).unwrap(), None, "another content");
    let photo = shelf.library.adopt_moved(shelf.scan, &moved).unwrap().unwrap();
    assert_eq!(shelf.library.face(faces[0]).unwrap().unwrap().path, moved.path);
    assert_eq!(shelf.library.face(faces[0]).unwrap().unwrap().name.as_deref(), Some("Ada"));
    assert_eq!(shelf.library.known(&moved.path).unwrap().unwrap().photo_id, photo);
    assert!(shelf.library.known(&shelf.path("old.jpg")).unwrap().is_none());
}

#[test]
fn a_changed_photo_keeps_names_where_boxes_overlap() {
    let mut shelf = Shelf::new();
    let faces = shelf.add("a.jpg", &[0.0, 40.0]);
    let ada = shelf.library.move_faces(&faces[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    shelf.library.move_faces(&faces[1..], &Destination::NewPerson { name: "Bo".into() }).unwrap();
    // Ada's box moves by a tenth; where Bo was there is nobody; somebody new stands far right.
    let record = photo(&shelf.path("a.jpg"), 200, vec![face(6.0, 5.0), face(400.0, 80.0)]);
    let recorded = shelf.library.record_photos(shelf.scan, &[record]).unwrap()[0];
    assert_eq!((recorded.faces_kept, recorded.faces_new, recorded.faces_lost), (1, 1, 1));
    let kept = shelf.library.face(faces[0]).unwrap().unwrap();
    assert_eq!((kept.state.person(), kept.detection.face_box.x), (Some(ada), 6.0));
    assert_eq!(shelf.library.face(faces[1]).unwrap(), None);
    let vector = shelf.library.embedding(&model(), faces[0]).unwrap().unwrap();
    assert!(vector.squared_distance(&direction(5.0)).0 < 1e-9, "the new picture's embedding");
}

#[test]
fn another_detector_does_not_cost_a_name() {
    let mut shelf = Shelf::new();
    let faces = shelf.add("a.jpg", &[0.0, 40.0, 80.0]);
    shelf.library.move_faces(&faces[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    shelf.library.set_aside(&faces[1..2], SetAside::NotAFace).unwrap();
    let record = photo(&shelf.path("a.jpg"), b'a', vec![]);
    let recorded = shelf.library.record_photos(shelf.scan, &[record]).unwrap()[0];
    assert_eq!((recorded.faces_kept, recorded.faces_lost), (2, 1));
    assert!(shelf.state(faces[0]).is_confirmed());
}

#[test]
fn missing_photos_keep_faces_out_of_sight_until_they_return() {
    let mut shelf = Shelf::new();
    for name in ["a.jpg", "b.jpg"] {
        std::fs::write(shelf.path(name), b"x").unwrap();
    }
    let a = shelf.add("a.jpg", &[0.0]);
    let b = shelf.add("b.jpg", &[0.0]);
    let ada = shelf.library.move_faces(&[a[0], b[0]], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    std::fs::remove_file(shelf.path("b.jpg")).unwrap();

    let scan = shelf.library.begin_scan(shelf.folder.path()).unwrap();
    assert_eq!(shelf.library.finish_scan(scan, ScanOutcome::Cancelled).unwrap(), 0, "a cancelled scan saw too little");
    let scan = shelf.library.begin_scan(shelf.folder.path()).unwrap();
    let a_id = shelf.library.known(&shelf.path("a.jpg")).unwrap().unwrap().photo_id;
    shelf.library.mark_seen(scan, &[a_id]).unwrap();
    assert_eq!(shelf.library.finish_scan(scan, ScanOutcome::Complete).unwrap(), 1);
    assert_eq!(shelf.library.counts().unwrap().missing, 1);
    assert_eq!(shelf.library.person(ada).unwrap().unwrap().faces, 1);
    assert_eq!(shelf.library.faces_to_group(&model()).unwrap().faces.len(), 1);

    let b_id = shelf.library.known(&shelf.path("b.jpg")).unwrap().unwrap().photo_id;
    shelf.library.mark_seen(scan, &[b_id]).unwrap();
    assert_eq!(shelf.library.person(ada).unwrap().unwrap().faces, 2);
}

#[test]
fn a_scan_of_one_folder_says_nothing_about_another() {
    let mut shelf = Shelf::new();
    let inner = shelf.path("inner");
    let path = shelf.path("inner2/a.jpg");
    shelf.library.record_photos(shelf.scan, &[photo(&path, 1, vec![])]).unwrap();
    let scan = shelf.library.begin_scan(&inner).unwrap();
    assert_eq!(shelf.library.finish_scan(scan, ScanOutcome::Complete).unwrap(), 0);
}

#[test]
fn an_interrupted_scan_is_told_from_a_finished_one() {
    let mut shelf = Shelf::new();
    assert_eq!(shelf.library.folders().unwrap()[0].outcome, None);
    shelf.library.finish_scan(shelf.scan, ScanOutcome::Complete).unwrap();
    let folders = shelf.library.folders().unwrap();
    assert_eq!(folders.len(), 1);
    assert_eq!((folders[0].outcome, folders[0].path.as_path()), (Some(ScanOutcome::Complete), shelf.folder.path()));
}

#[test]
fn two_models_embeddings_stay_apart() {
    let mut shelf = Shelf::new();
    let faces = shelf.add("a.jpg", &[0.0, 40.0]);
    let other = ModelId("other".into());
    let todo = shelf.library.faces_without_embedding(&other, FaceId(0), 1).unwrap();
    assert_eq!((todo.len(), todo[0].face_id), (1, faces[0]));
    let todo = shelf.library.faces_without_embedding(&other, faces[0], 10).unwrap();
    assert_eq!(todo[0].path, shelf.path("a.jpg"));
    let vector = Embedding::normalise(vec![0.0, 0.0, 1.0]).unwrap();
    shelf.library.add_embeddings(&other, &[(faces[1], vector.clone())]).unwrap();
    let group = shelf.library.faces_to_group(&other).unwrap().faces;
    assert_eq!((group.len(), &group[0].embedding), (1, &vector));
    assert_eq!(shelf.library.faces_to_group(&model()).unwrap().faces.len(), 2);
    assert_eq!(shelf.library.models().unwrap(), vec![(model(), 2), (other, 1)]);
    assert!(shelf.library.faces_to_group(&ModelId("never".into())).unwrap().faces.is_empty());
}
