use super::*;

#[test]
fn knows_what_it_recorded() {
    let mut shelf = Shelf::new();
    shelf.add_turned("a.jpg", &[0.0, 90.0]);
    let path = shelf.at("a.jpg");
    let known = shelf.library.known(&path).unwrap().unwrap();
    assert!(known.is_unchanged(&file(&path, 9)) && known.is_settled(&ModelId("boxes".into())));
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
    let path = shelf.at("broken.jpg");
    for reason in ["cut short", "still cut short"] {
        shelf.library.record_skip(shelf.scan, &file(&path, 1), reason).unwrap();
    }
    let failed = shelf.library.photos(PhotoFilter::Failed, ListPage::ALL).unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].state, PhotoState::Failed { reason: "still cut short".into() });
    assert!(shelf.library.photos(PhotoFilter::All, ListPage::ALL).unwrap().is_empty());
    // Readable at last.
    shelf.add_turned("broken.jpg", &[0.0]);
    assert_eq!(shelf.library.counts().unwrap().failed, 0);
    assert_eq!(shelf.library.known(&path).unwrap().unwrap().state, PhotoState::Done);
}

#[test]
fn names_survive_a_photo_that_cannot_be_read_for_a_while() {
    let mut shelf = Shelf::new();
    let faces = shelf.add_turned("a.jpg", &[0.0]);
    shelf.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let path = shelf.at("a.jpg");
    shelf.library.record_skip(shelf.scan, &file(&path, 2), "cut short").unwrap();
    assert_eq!(shelf.add_turned("a.jpg", &[1.0]), faces);
    assert!(shelf.state(faces[0]).is_said());
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
        shelf.library.photos(PhotoFilter::All, ListPage::ALL).unwrap().into_iter().map(|p| p.path).collect();
    let mut expected: Vec<_> = names.iter().map(|name| shelf.folder.path().join(name)).collect();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
}

#[test]
fn a_picture_keeps_its_names_wherever_its_files_go() {
    let mut shelf = Shelf::new();
    let detector = ModelId("boxes".into());
    let faces = shelf.add_turned("old.jpg", &[0.0]);
    shelf.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let photo = shelf.library.face(faces[0]).unwrap().unwrap().photo_id;
    let copy = file(&shelf.at("sub/copy.jpg"), b'o');
    let placed = shelf.library.place(shelf.scan, &copy, &detector).unwrap();
    assert_eq!(placed, Placed::Known { is_new_path: true });
    assert_eq!(shelf.library.paths_of(photo).unwrap(), [shelf.at("old.jpg"), copy.path.clone()]);
    assert_eq!(shelf.library.known(&copy.path).unwrap().unwrap().photo_id, photo);

    let other = FileFacts { hashes: Some(hashes(77)), ..copy.clone() };
    assert_eq!(shelf.library.place(shelf.scan, &other, &detector).unwrap(), Placed::New, "another picture");
    // The old file is gone: the photo is shown by the other one.
    std::fs::create_dir(shelf.at("sub")).unwrap();
    std::fs::write(&copy.path, b"x").unwrap();
    let scan = shelf.library.begin_scan(shelf.folder.path()).unwrap();
    shelf.library.mark_seen(scan, std::slice::from_ref(&copy)).unwrap();
    let end = shelf.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    assert_eq!(end, ScanEnd::default(), "no photo is missing");
    let face = shelf.library.face(faces[0]).unwrap().unwrap();
    assert_eq!((face.path, face.name.as_deref()), (copy.path, Some("Ada")));
}

#[test]
fn another_picture_under_a_known_path_takes_no_name_along() {
    let mut shelf = Shelf::new();
    let ada = shelf.add_turned("a.jpg", &[0.0]);
    let person = shelf.library.move_faces(&ada, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    // The same framing, box for box.
    let record = photo(&shelf.at("a.jpg"), 200, vec![face(0.0, 90.0)]);
    let new = shelf.library.record_photos(shelf.scan, &[record]).unwrap()[0].photo_id;
    let faces = shelf.library.faces_of_photo(new).unwrap();
    assert_eq!(faces[0].state, FaceState::Unassigned);
    assert_eq!(shelf.state(ada[0]).person(), Some(person), "and Ada keeps her face");

    // Nothing matches: her face waits as a lost one until the picture is back, here under another name.
    let replaced = shelf.library.replaced_photos().unwrap();
    assert_eq!((replaced.len(), replaced[0].new), (1, new));
    shelf.library.carry_over(replaced[0], &[]).unwrap();
    let lost = shelf.library.lost_faces().unwrap();
    assert_eq!((lost.len(), lost[0].face_id, lost[0].name.as_deref()), (1, ada[0], Some("Ada")));
    let back = file(&shelf.at("found.jpg"), b'a');
    shelf.library.place(shelf.scan, &back, &ModelId("boxes".into())).unwrap();
    assert!(shelf.library.lost_faces().unwrap().is_empty());
}

#[test]
fn files_renamed_in_a_chain_keep_their_own_names() {
    let mut shelf = Shelf::new();
    let (a, b) = (shelf.add_turned("a.jpg", &[0.0]), shelf.add_turned("b.jpg", &[90.0]));
    shelf.library.move_faces(&a, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    shelf.library.move_faces(&b, &Destination::NewPerson { name: "Bo".into() }).unwrap();
    let scan = shelf.library.begin_scan(shelf.folder.path()).unwrap();
    // a → b → c: what was a is at b, what was b is at c.
    for (name, hash) in [("b.jpg", b'a'), ("c.jpg", b'b')] {
        let moved = file(&shelf.at(name), hash);
        shelf.library.place(scan, &moved, &ModelId("boxes".into())).unwrap();
    }
    shelf.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    assert!(shelf.library.replaced_photos().unwrap().is_empty(), "moved, not edited");
    let of = |face: FaceId| {
        let face = shelf.library.face(face).unwrap().unwrap();
        (face.path.file_name().unwrap().to_owned(), face.name.unwrap())
    };
    assert_eq!((of(a[0]), of(b[0])), (("b.jpg".into(), "Ada".to_owned()), ("c.jpg".into(), "Bo".to_owned())));
}

#[test]
fn an_edited_picture_takes_over_what_was_said_and_undo_reaches_it() {
    let mut shelf = Shelf::new();
    let old = shelf.add_turned("a.jpg", &[0.0, 40.0]);
    shelf.library.move_faces(&old[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    shelf.library.set_aside(&old[1..], SetAside::NotAFace).unwrap();
    let record = photo(&shelf.at("a.jpg"), 200, vec![face(0.0, 1.0)]);
    let new = shelf.library.record_photos(shelf.scan, &[record]).unwrap()[0].photo_id;
    let new_face = shelf.library.faces_of_photo(new).unwrap()[0].face_id;
    let replaced = shelf.library.replaced_photos().unwrap().remove(0);
    let place = face(100.0, 0.0).detection;
    let carried = [Carried::Onto { old: old[0], new: new_face }, Carried::Place { old: old[1], detection: place }];
    shelf.library.carry_over(replaced, &carried).unwrap();
    let states = |shelf: &Shelf| {
        let mut faces = shelf.library.faces_of_photo(new).unwrap();
        faces.sort_by_key(|face| face.face_id);
        faces.into_iter().map(|face| face.state).collect::<Vec<_>>()
    };
    assert_eq!(states(&shelf), [shelf.state(old[0]), FaceState::SetAside(SetAside::NotAFace)]);
    assert!(shelf.library.lost_faces().unwrap().is_empty());
    assert!(shelf.library.replaced_photos().unwrap().is_empty(), "once is enough");
    shelf.library.undo().unwrap();
    assert_eq!(states(&shelf)[1], FaceState::Unassigned);
}

#[test]
fn what_another_scan_could_not_read_keeps_its_hash() {
    let mut shelf = Shelf::new();
    let faces = shelf.add_turned("a.jpg", &[0.0]);
    shelf.library.record_unreadable(shelf.scan, &file(&shelf.at("a.jpg"), 0), "cannot be read").unwrap();
    let known = shelf.library.known(&shelf.at("a.jpg")).unwrap().unwrap();
    assert_eq!((known.sha256, known.problem.as_deref()), (Some([b'a'; 32]), Some("cannot be read")));
    assert!(!known.is_settled(&ModelId("boxes".into())), "it is tried again");
    let moved = file(&shelf.at("b.jpg"), b'a');
    shelf.library.place(shelf.scan, &moved, &ModelId("boxes".into())).unwrap();
    assert_eq!(
        shelf.library.known(&moved.path).unwrap().unwrap().photo_id,
        shelf.library.face(faces[0]).unwrap().unwrap().photo_id
    );
}

#[test]
fn another_detector_does_not_cost_a_name() {
    let mut shelf = Shelf::new();
    let faces = shelf.add_turned("a.jpg", &[0.0, 40.0, 80.0]);
    shelf.library.move_faces(&faces[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    shelf.library.set_aside(&faces[1..2], SetAside::NotAFace).unwrap();
    let mut record = photo(&shelf.at("a.jpg"), b'a', vec![]);
    record.detector = ModelId("other".into());
    let recorded = shelf.library.record_photos(shelf.scan, &[record]).unwrap()[0];
    assert_eq!((recorded.faces_kept, recorded.faces_lost), (2, 1));
    assert!(shelf.state(faces[0]).is_said());
}

#[test]
fn missing_photos_keep_faces_out_of_sight_until_they_return() {
    let mut shelf = Shelf::new();
    for name in ["a.jpg", "b.jpg"] {
        std::fs::write(shelf.at(name), b"x").unwrap();
    }
    let a = shelf.add_turned("a.jpg", &[0.0]);
    let b = shelf.add_turned("b.jpg", &[0.0]);
    let ada = shelf.library.move_faces(&[a[0], b[0]], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    std::fs::remove_file(shelf.at("b.jpg")).unwrap();

    let scan = shelf.library.begin_scan(shelf.folder.path()).unwrap();
    let end = shelf.library.finish_scan(scan, ScanOutcome::Cancelled, MissingPolicy::Ask).unwrap();
    assert_eq!(end, ScanEnd::default(), "a cancelled scan saw too little");
    let scan = shelf.library.begin_scan(shelf.folder.path()).unwrap();
    shelf.library.mark_seen(scan, &[file(&shelf.at("a.jpg"), b'a')]).unwrap();
    assert_eq!(shelf.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap().missing, 1);
    assert_eq!(shelf.library.counts().unwrap().missing, 1);
    assert_eq!(shelf.library.person(ada).unwrap().unwrap().faces, 1);
    assert_eq!(shelf.library.faces_to_group(&model()).unwrap().faces.len(), 2, "Ada is known by it still");

    shelf.library.mark_seen(scan, &[file(&shelf.at("b.jpg"), b'b')]).unwrap();
    assert_eq!(shelf.library.person(ada).unwrap().unwrap().faces, 2);
}

#[test]
fn a_scan_of_one_folder_says_nothing_about_another() {
    let mut shelf = Shelf::new();
    let inner = shelf.at("inner");
    let path = shelf.at("inner2/a.jpg");
    shelf.library.record_photos(shelf.scan, &[photo(&path, 1, vec![])]).unwrap();
    let scan = shelf.library.begin_scan(&inner).unwrap();
    assert_eq!(
        shelf.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap(),
        ScanEnd::default()
    );
}

#[test]
fn more_than_half_of_a_folder_goes_missing_only_at_its_users_word() {
    let mut shelf = Shelf::new();
    let faces = shelf.add_turned("a.jpg", &[0.0]);
    let person = shelf.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    shelf.add_turned("b.jpg", &[0.0]);
    let scan = shelf.library.begin_scan(shelf.folder.path()).unwrap();
    let end = shelf.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    assert_eq!(end, ScanEnd { missing: 0, withheld: Some((2, 2)) });
    assert_eq!(shelf.library.person(person).unwrap().unwrap().faces, 1);
    let folder = shelf.folder.path().to_owned();
    let one = shelf.library.accept_missing(&folder, 1);
    assert!(matches!(one, Err(LibraryError::Stale(Stale::MoreGone))), "more are gone than were shown: {one:?}");
    assert_eq!(shelf.library.person(person).unwrap().unwrap().faces, 1, "and nothing was marked");
    assert_eq!(shelf.library.accept_missing(&folder, 2).unwrap(), 2);
    let card = shelf.library.person(person).unwrap().unwrap();
    assert_eq!((card.faces, card.cover), (0, Some(faces[0])), "her name and her face stay");
}

#[test]
fn what_a_refused_scan_brought_along_does_not_outvote_what_is_gone() {
    let mut shelf = Shelf::new();
    let gone: Vec<_> = (0..3).map(|i| shelf.add_turned(&format!("{i}.jpg"), &[0.0])).collect();
    for _ in 0..3 {
        // Another drive at the same place, scanned again and again.
        shelf.scan = shelf.library.begin_scan(shelf.folder.path()).unwrap();
        for name in ["x.jpg", "y.jpg", "z.jpg", "w.jpg"] {
            std::fs::write(shelf.at(name), b"x").unwrap();
            shelf.add_turned(name, &[0.0]);
        }
        let end = shelf.library.finish_scan(shelf.scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
        assert_eq!(end, ScanEnd { missing: 0, withheld: Some((3, 3)) });
    }
    assert!(gone.iter().flatten().all(|face| shelf.library.face(*face).unwrap().is_some()));
    let end = shelf.library.finish_scan(shelf.scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap();
    assert_eq!(end.missing, 3);
}

#[test]
fn a_folder_can_be_offline_moved_and_removed() {
    let mut shelf = Shelf::new();
    let faces = shelf.add_turned("a.jpg", &[0.0]);
    let person = shelf.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let (here, there) = (shelf.folder.path().to_owned(), PathBuf::from("/elsewhere"));
    shelf.library.mark_offline(&here).unwrap();
    assert!(shelf.library.folders().unwrap()[0].is_offline);
    assert_eq!(shelf.library.person(person).unwrap().unwrap().faces, 1, "offline is not missing");
    shelf.library.move_folder(&here, &there).unwrap();
    assert_eq!(shelf.library.face(faces[0]).unwrap().unwrap().path, there.join("a.jpg"));
    assert!(shelf.library.known(&there.join("a.jpg")).unwrap().is_some());
    assert_eq!(shelf.library.remove_folder(&there, FacesOfFolder::Keep).unwrap(), 1);
    assert!(shelf.library.folders().unwrap().is_empty());
    assert_eq!(shelf.state(faces[0]).person(), Some(person));
    let scan = shelf.library.begin_scan(&here).unwrap();
    shelf.library.place(scan, &file(&here.join("a.jpg"), b'a'), &ModelId("boxes".into())).unwrap();
    assert_eq!(shelf.library.person(person).unwrap().unwrap().faces, 1);
    assert_eq!(shelf.library.remove_folder(&here, FacesOfFolder::Forget).unwrap(), 1);
    assert_eq!(shelf.library.face(faces[0]).unwrap(), None);
}

#[test]
fn a_file_that_ends_the_program_alone_and_again_is_set_aside() {
    let mut shelf = Shelf::new();
    let (bad, good) = (shelf.at("bad.jpg"), shelf.at("good.jpg"));
    for path in [&bad, &good] {
        shelf.library.begin_attempt(path, false).unwrap();
    }
    assert_eq!(shelf.library.suspects().unwrap().len(), 2, "either may have ended it");
    shelf.library.begin_attempt(&good, true).unwrap();
    shelf.library.end_attempts(std::slice::from_ref(&good)).unwrap();
    for guilty in [false, true] {
        shelf.library.begin_attempt(&bad, true).unwrap();
        assert_eq!(shelf.library.suspects().unwrap(), [Suspect { path: bad.clone(), is_guilty: guilty }]);
    }
}

#[test]
fn an_interrupted_scan_is_told_from_a_finished_one() {
    let mut shelf = Shelf::new();
    assert_eq!(shelf.library.folders().unwrap()[0].outcome, None);
    shelf.library.finish_scan(shelf.scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    let folders = shelf.library.folders().unwrap();
    assert_eq!(folders.len(), 1);
    assert_eq!((folders[0].outcome, folders[0].path.as_path()), (Some(ScanOutcome::Complete), shelf.folder.path()));
}

#[test]
fn two_models_embeddings_stay_apart() {
    let mut shelf = Shelf::new();
    let faces = shelf.add_turned("a.jpg", &[0.0, 40.0]);
    let other = ModelId("other".into());
    let todo = shelf.library.faces_without_embedding(&other, FaceId(0), 1).unwrap();
    assert_eq!((todo.len(), todo[0].face_id), (1, faces[0]));
    let todo = shelf.library.faces_without_embedding(&other, faces[0], 10).unwrap();
    assert_eq!(todo[0].path, shelf.at("a.jpg"));
    let vector = Embedding::normalise(vec![0.0, 0.0, 1.0]).unwrap();
    shelf.library.add_embeddings(&other, &[(faces[1], vector.clone())]).unwrap();
    let group = shelf.library.faces_to_group(&other).unwrap().faces;
    assert_eq!((group.len(), &group[0].embedding), (1, &vector));
    assert_eq!(shelf.library.faces_to_group(&model()).unwrap().faces.len(), 2);
    assert_eq!(shelf.library.models().unwrap(), vec![(model(), 2), (other, 1)]);
    assert!(shelf.library.faces_to_group(&ModelId("never".into())).unwrap().faces.is_empty());
}

#[test]
fn other_weights_under_a_models_name_are_not_compared_with_the_old_vectors() {
    let mut shelf = Shelf::new();
    shelf.add_turned("a.jpg", &[0.0, 40.0]);
    let embedded = |shelf: &Shelf| shelf.library.faces_to_group(&model()).unwrap().faces.len();
    shelf.library.use_weights(&model(), "1111").unwrap();
    assert_eq!(embedded(&shelf), 2, "an older program's vectors count as made by these");
    shelf.library.use_weights(&model(), "2222").unwrap();
    assert_eq!(embedded(&shelf), 0);
    let faces = shelf.library.faces_without_embedding(&model(), FaceId(0), 9).unwrap();
    let vector = Embedding::normalise(vec![0.0, 0.0, 1.0]).unwrap();
    shelf.library.add_embeddings(&model(), &[(faces[0].face_id, vector)]).unwrap();
    shelf.library.use_weights(&model(), "1111").unwrap();
    assert_eq!(embedded(&shelf), 2);
    shelf.library.use_weights(&model(), "2222").unwrap();
    assert_eq!(embedded(&shelf), 1);
}

#[test]
fn another_drive_at_the_same_place_does_not_make_the_first_one_missing() {
    let mut shelf = Shelf::new();
    (0..4).for_each(|i| _ = shelf.add_turned(&format!("{i}.jpg"), &[0.0]));
    let scan = shelf.library.begin_scan(shelf.folder.path()).unwrap();
    let other: Vec<PhotoRecord> = (0..9).map(|i| photo(&shelf.at(&format!("n{i}.jpg")), 100 + i, vec![])).collect();
    shelf.library.record_photos(scan, &other).unwrap();
    let end = shelf.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    assert_eq!(end, ScanEnd { missing: 0, withheld: Some((4, 4)) });
}

#[test]
fn a_copy_on_a_drive_that_is_there_shows_the_photo() {
    let mut shelf = Shelf::new();
    let faces = shelf.add_turned("a.jpg", &[0.0]);
    let (here, there) = (shelf.folder.path().to_owned(), PathBuf::from("/elsewhere"));
    let scan = shelf.library.begin_scan(&there).unwrap();
    let copy = file(&there.join("z.jpg"), b'a');
    shelf.library.place(scan, &copy, &ModelId("boxes".into())).unwrap();
    let path = |shelf: &Shelf| shelf.library.face(faces[0]).unwrap().unwrap().path;
    assert_eq!(path(&shelf), here.join("a.jpg"));
    shelf.library.mark_offline(&here).unwrap();
    assert_eq!(path(&shelf), copy.path);
}
