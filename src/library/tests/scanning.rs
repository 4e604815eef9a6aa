use super::*;

#[test]
fn knows_what_it_recorded() {
    let mut fixture = LibraryFixture::new();
    fixture.add_turned("a.jpg", &[0.0, 90.0]);
    let path = fixture.at("a.jpg");
    let known = fixture.library.known(&path).unwrap().unwrap();
    assert!(known.is_unchanged(&file(&path, 9)) && known.is_settled(&ModelId("boxes".into())));
    assert!(!known.is_unchanged(&FileFacts { size: 5, ..file(&path, b'a') }));
    assert_eq!((known.state, known.detector), (PhotoState::Done, Some(ModelId("boxes".into()))));
    assert_eq!(known.sha256, Some([b'a'; 32]));
    let faces = fixture.library.faces_to_group(&model()).unwrap().faces;
    assert_eq!(faces.len(), 2);
    assert!(faces[1].embedding.squared_distance(&direction(90.0)).0 < 1e-9);
    let detail = fixture.library.face(faces[0].face_id).unwrap().unwrap();
    assert_eq!(detail.detection, face(0.0, 0.0).detection);
    assert_eq!(fixture.library.crop_jpeg(faces[0].face_id).unwrap(), Some(vec![1, 2, 3]));
}

#[test]
fn a_failed_file_is_there_once_with_its_reason() {
    let mut fixture = LibraryFixture::new();
    let path = fixture.at("broken.jpg");
    for reason in ["cut short", "still cut short"] {
        fixture.library.record_skip(fixture.scan, &file(&path, 1), reason).unwrap();
    }
    let failed = fixture.library.photos(PhotoFilter::Failed, ListPage::ALL).unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].state, PhotoState::Failed { reason: "still cut short".into() });
    assert!(fixture.library.photos(PhotoFilter::All, ListPage::ALL).unwrap().is_empty());
    // Readable at last.
    fixture.add_turned("broken.jpg", &[0.0]);
    assert_eq!(fixture.library.counts().unwrap().failed, 0);
    assert_eq!(fixture.library.known(&path).unwrap().unwrap().state, PhotoState::Done);
}

/// A checksum is no part of the picture: of two files that show the same one, only one may be damaged.
#[test]
fn a_damaged_twin_spoils_no_sound_file() {
    let with_bytes = |path: &Path, bytes: u8| {
        let hashes = Some(FileHashes { file: [bytes; 32], ..hashes(1) });
        FileFacts { hashes, ..file(path, 1) }
    };
    for damaged_first in [true, false] {
        let mut fixture = LibraryFixture::new();
        let (broken, sound) = (fixture.at("broken.png"), fixture.at("sound.png"));
        let spoil = |fixture: &mut LibraryFixture| {
            fixture.library.record_skip(fixture.scan, &with_bytes(&broken, 7), "a checksum is wrong").unwrap();
        };
        let detector = ModelId("boxes".into());
        if damaged_first {
            spoil(&mut fixture);
            let placed = fixture.library.place(fixture.scan, &with_bytes(&sound, 8), &detector).unwrap();
            assert_eq!(placed, Placed::New, "it is to be looked at");
            let again = fixture.library.place(fixture.scan, &with_bytes(&broken, 7), &detector).unwrap();
            assert_eq!(again, Placed::Failed { reason: "a checksum is wrong".into() });
        }
        let record = PhotoRecord { file: with_bytes(&sound, 8), ..photo(&sound, 1, vec![face(0.0, 0.0)]) };
        fixture.library.record_photos(fixture.scan, &[record]).unwrap();
        if !damaged_first {
            spoil(&mut fixture);
        }
        assert_eq!(fixture.library.known(&sound).unwrap().unwrap().state, PhotoState::Done);
        assert_eq!(fixture.library.counts().unwrap().failed, 0);
    }
}

#[test]
fn names_survive_a_photo_that_cannot_be_read_for_a_while() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0]);
    fixture.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let path = fixture.at("a.jpg");
    fixture.library.record_skip(fixture.scan, &file(&path, 2), "cut short").unwrap();
    assert_eq!(fixture.add_turned("a.jpg", &[1.0]), faces);
    assert!(fixture.state(faces[0]).is_decided());
}

#[test]
fn any_name_a_disk_allows_comes_back() {
    let mut fixture = LibraryFixture::new();
    let mut names: Vec<std::ffi::OsString> = vec!["line\nbreak.jpg".into(), "李.jpg".into(), "a'b\"c%_.jpg".into()];
    #[cfg(unix)]
    names.push(std::os::unix::ffi::OsStringExt::from_vec(b"not \xff\xfe text.jpg".to_vec()));
    for (i, name) in names.iter().enumerate() {
        let path = fixture.folder.path().join(name);
        fixture.library.record_photos(fixture.scan, &[photo(&path, i as u8, vec![face(0.0, 0.0)])]).unwrap();
        assert!(fixture.library.known(&path).unwrap().is_some());
    }
    let mut listed: Vec<_> =
        fixture.library.photos(PhotoFilter::All, ListPage::ALL).unwrap().into_iter().map(|p| p.path).collect();
    let mut expected: Vec<_> = names.iter().map(|name| fixture.folder.path().join(name)).collect();
    listed.sort();
    expected.sort();
    assert_eq!(listed, expected);
}

#[test]
fn a_picture_keeps_its_names_wherever_its_files_go() {
    let mut fixture = LibraryFixture::new();
    let detector = ModelId("boxes".into());
    let faces = fixture.add_turned("old.jpg", &[0.0]);
    fixture.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let photo = fixture.library.face(faces[0]).unwrap().unwrap().photo_id;
    let copy = file(&fixture.at("sub/copy.jpg"), b'o');
    let placed = fixture.library.place(fixture.scan, &copy, &detector).unwrap();
    assert_eq!(placed, Placed::Known { is_new_path: true });
    assert_eq!(fixture.library.paths_of(photo).unwrap(), [fixture.at("old.jpg"), copy.path.clone()]);
    assert_eq!(fixture.library.known(&copy.path).unwrap().unwrap().photo_id, photo);

    let other = FileFacts { hashes: Some(hashes(77)), ..copy.clone() };
    assert_eq!(fixture.library.place(fixture.scan, &other, &detector).unwrap(), Placed::New, "another picture");
    // The old file is gone: the photo is shown by the other one.
    std::fs::create_dir(fixture.at("sub")).unwrap();
    std::fs::write(&copy.path, b"x").unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    fixture.library.mark_seen(scan, std::slice::from_ref(&copy)).unwrap();
    let end = fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    assert_eq!(end, ScanEnd::default(), "no photo is missing");
    let face = fixture.library.face(faces[0]).unwrap().unwrap();
    assert_eq!((face.path, face.name.as_deref()), (copy.path, Some("Ada")));
}

#[test]
fn another_picture_under_a_known_path_takes_no_name_along() {
    let mut fixture = LibraryFixture::new();
    let ada = fixture.add_turned("a.jpg", &[0.0]);
    let person = fixture.library.move_faces(&ada, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    // The same framing, box for box.
    let record = photo(&fixture.at("a.jpg"), 200, vec![face(0.0, 90.0)]);
    let new = fixture.library.record_photos(fixture.scan, &[record]).unwrap()[0].photo_id;
    let faces = fixture.library.faces_of_photo(new).unwrap();
    assert_eq!(faces[0].state, FaceState::Unassigned);
    assert_eq!(fixture.state(ada[0]).person(), Some(person), "and Ada keeps her face");

    // Nothing matches: her face waits as a lost one until the picture is back, here under another name.
    let replaced = fixture.library.replaced_photos().unwrap();
    assert_eq!((replaced.len(), replaced[0].new), (1, new));
    fixture.library.carry_over(replaced[0], &[]).unwrap();
    let lost = fixture.library.lost_faces().unwrap();
    assert_eq!((lost.len(), lost[0].face_id, lost[0].name.as_deref()), (1, ada[0], Some("Ada")));
    let back = file(&fixture.at("found.jpg"), b'a');
    fixture.library.place(fixture.scan, &back, &ModelId("boxes".into())).unwrap();
    assert!(fixture.library.lost_faces().unwrap().is_empty());
}

#[test]
fn files_renamed_in_a_chain_keep_their_own_names() {
    let mut fixture = LibraryFixture::new();
    let (a, b) = (fixture.add_turned("a.jpg", &[0.0]), fixture.add_turned("b.jpg", &[90.0]));
    fixture.library.move_faces(&a, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.library.move_faces(&b, &Destination::NewPerson { name: "Bo".into() }).unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    // a → b → c: what was a is at b, what was b is at c.
    for (name, hash) in [("b.jpg", b'a'), ("c.jpg", b'b')] {
        let moved = file(&fixture.at(name), hash);
        fixture.library.place(scan, &moved, &ModelId("boxes".into())).unwrap();
    }
    fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    assert!(fixture.library.replaced_photos().unwrap().is_empty(), "moved, not edited");
    let of = |face: FaceId| {
        let face = fixture.library.face(face).unwrap().unwrap();
        (face.path.file_name().unwrap().to_owned(), face.name.unwrap())
    };
    assert_eq!((of(a[0]), of(b[0])), (("b.jpg".into(), "Ada".to_owned()), ("c.jpg".into(), "Bo".to_owned())));
}

#[test]
fn an_edited_picture_takes_over_what_was_said_and_undo_reaches_it() {
    let mut fixture = LibraryFixture::new();
    let old = fixture.add_turned("a.jpg", &[0.0, 40.0]);
    fixture.library.move_faces(&old[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.library.set_aside(&old[1..], SetAside::NotAFace).unwrap();
    let record = photo(&fixture.at("a.jpg"), 200, vec![face(0.0, 1.0)]);
    let new = fixture.library.record_photos(fixture.scan, &[record]).unwrap()[0].photo_id;
    let new_face = fixture.library.faces_of_photo(new).unwrap()[0].face_id;
    let replaced = fixture.library.replaced_photos().unwrap().remove(0);
    let place = face(100.0, 0.0).detection;
    let carried = [Carried::Onto { old: old[0], new: new_face }, Carried::Place { old: old[1], detection: place }];
    fixture.library.carry_over(replaced, &carried).unwrap();
    let states = |fixture: &LibraryFixture| {
        let mut faces = fixture.library.faces_of_photo(new).unwrap();
        faces.sort_by_key(|face| face.face_id);
        faces.into_iter().map(|face| face.state).collect::<Vec<_>>()
    };
    assert_eq!(states(&fixture), [fixture.state(old[0]), FaceState::SetAside(SetAside::NotAFace)]);
    assert!(fixture.library.lost_faces().unwrap().is_empty());
    assert!(fixture.library.replaced_photos().unwrap().is_empty(), "once is enough");
    fixture.library.undo().unwrap();
    assert_eq!(states(&fixture)[1], FaceState::Unassigned);
}

#[test]
fn what_another_scan_could_not_read_keeps_its_hash() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0]);
    fixture.library.record_unreadable(fixture.scan, &file(&fixture.at("a.jpg"), 0), "cannot be read").unwrap();
    let known = fixture.library.known(&fixture.at("a.jpg")).unwrap().unwrap();
    assert_eq!((known.sha256, known.problem.as_deref()), (Some([b'a'; 32]), Some("cannot be read")));
    assert!(!known.is_settled(&ModelId("boxes".into())), "it is tried again");
    let moved = file(&fixture.at("b.jpg"), b'a');
    fixture.library.place(fixture.scan, &moved, &ModelId("boxes".into())).unwrap();
    assert_eq!(
        fixture.library.known(&moved.path).unwrap().unwrap().photo_id,
        fixture.library.face(faces[0]).unwrap().unwrap().photo_id
    );
}

#[test]
fn another_detector_does_not_cost_a_name() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0, 40.0, 80.0]);
    fixture.library.move_faces(&faces[..1], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.library.set_aside(&faces[1..2], SetAside::NotAFace).unwrap();
    let mut record = photo(&fixture.at("a.jpg"), b'a', vec![]);
    record.detector = ModelId("other".into());
    let recorded = fixture.library.record_photos(fixture.scan, &[record]).unwrap()[0];
    assert_eq!((recorded.faces_kept, recorded.faces_lost), (2, 1));
    assert!(fixture.state(faces[0]).is_decided());
}

#[test]
fn missing_photos_keep_faces_out_of_sight_until_they_return() {
    let mut fixture = LibraryFixture::new();
    for name in ["a.jpg", "b.jpg"] {
        std::fs::write(fixture.at(name), b"x").unwrap();
    }
    let a = fixture.add_turned("a.jpg", &[0.0]);
    let b = fixture.add_turned("b.jpg", &[0.0]);
    let ada = fixture.library.move_faces(&[a[0], b[0]], &Destination::NewPerson { name: "Ada".into() }).unwrap();
    std::fs::remove_file(fixture.at("b.jpg")).unwrap();

    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let end = fixture.library.finish_scan(scan, ScanOutcome::Cancelled, MissingPolicy::Ask).unwrap();
    assert_eq!(end, ScanEnd::default(), "a cancelled scan saw too little");
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    fixture.library.mark_seen(scan, &[file(&fixture.at("a.jpg"), b'a')]).unwrap();
    assert_eq!(fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap().missing, 1);
    assert_eq!(fixture.library.counts().unwrap().missing, 1);
    assert_eq!(fixture.library.person(ada).unwrap().unwrap().faces, 1);
    assert_eq!(fixture.library.faces_to_group(&model()).unwrap().faces.len(), 2, "Ada is known by it still");

    fixture.library.mark_seen(scan, &[file(&fixture.at("b.jpg"), b'b')]).unwrap();
    assert_eq!(fixture.library.person(ada).unwrap().unwrap().faces, 2);
}

#[test]
fn a_scan_of_one_folder_says_nothing_about_another() {
    let mut fixture = LibraryFixture::new();
    let inner = fixture.at("inner");
    let path = fixture.at("inner2/a.jpg");
    fixture.library.record_photos(fixture.scan, &[photo(&path, 1, vec![])]).unwrap();
    let scan = fixture.library.begin_scan(&inner).unwrap();
    assert_eq!(
        fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap(),
        ScanEnd::default()
    );
}

#[test]
fn more_than_half_of_a_folder_goes_missing_only_at_its_users_word() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0]);
    let person = fixture.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    fixture.add_turned("b.jpg", &[0.0]);
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let end = fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    assert_eq!(end, ScanEnd { missing: 0, withheld: Some((2, 2)) });
    assert_eq!(fixture.library.person(person).unwrap().unwrap().faces, 1);
    let folder = fixture.folder.path().to_owned();
    let one = fixture.library.accept_missing_now(&folder, 1);
    assert!(matches!(one, Err(LibraryError::Stale(Stale::MoreGone))), "more are gone than were shown: {one:?}");
    assert_eq!(fixture.library.person(person).unwrap().unwrap().faces, 1, "and nothing was marked");
    assert_eq!(fixture.library.accept_missing_now(&folder, 2).unwrap(), 2);
    let card = fixture.library.person(person).unwrap().unwrap();
    assert_eq!((card.faces, card.cover), (0, Some(faces[0])), "her name and her face stay");
}

/// Two of six files are gone; the others show edits.
#[test]
fn photos_that_were_edited_in_place_are_not_gone_from_the_folder() {
    let mut fixture = LibraryFixture::new();
    for hash in 1..=4 {
        fixture.add(&format!("{hash}.jpg"), hash, 1);
    }
    for hash in 1..=2 {
        fixture.add(&format!("copies/{hash}.jpg"), hash, 1);
    }
    fixture.scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    for hash in 1..=4 {
        fixture.add(&format!("{hash}.jpg"), 10 + hash, 1);
    }
    let end = fixture.library.finish_scan(fixture.scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    assert_eq!(end, ScanEnd { missing: 2, withheld: None });
}

#[test]
fn what_a_refused_scan_brought_along_does_not_outvote_what_is_gone() {
    let mut fixture = LibraryFixture::new();
    let gone: Vec<_> = (0..3).map(|i| fixture.add_turned(&format!("{i}.jpg"), &[0.0])).collect();
    for _ in 0..3 {
        // Another drive at the same place, scanned again and again.
        fixture.scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
        for name in ["x.jpg", "y.jpg", "z.jpg", "w.jpg"] {
            std::fs::write(fixture.at(name), b"x").unwrap();
            fixture.add_turned(name, &[0.0]);
        }
        let end = fixture.library.finish_scan(fixture.scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
        assert_eq!(end, ScanEnd { missing: 0, withheld: Some((3, 3)) });
    }
    assert!(gone.iter().flatten().all(|face| fixture.library.face(*face).unwrap().is_some()));
    let end = fixture.library.finish_scan(fixture.scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap();
    assert_eq!(end.missing, 3);
}

#[test]
fn a_folder_can_be_offline_moved_and_removed() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0]);
    let person = fixture.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let (here, there) = (fixture.folder.path().to_owned(), PathBuf::from("/elsewhere"));
    fixture.library.mark_offline(&here).unwrap();
    assert!(fixture.library.folders().unwrap()[0].is_offline);
    assert_eq!(fixture.library.person(person).unwrap().unwrap().faces, 1, "offline is not missing");
    fixture.library.move_folder(&here, &there).unwrap();
    assert_eq!(fixture.library.face(faces[0]).unwrap().unwrap().path, there.join("a.jpg"));
    assert!(fixture.library.known(&there.join("a.jpg")).unwrap().is_some());
    assert_eq!(fixture.library.remove_folder(&there, FacesOfFolder::Keep).unwrap(), 1);
    assert!(fixture.library.folders().unwrap().is_empty());
    assert_eq!(fixture.state(faces[0]).person(), Some(person));
    let scan = fixture.library.begin_scan(&here).unwrap();
    fixture.library.place(scan, &file(&here.join("a.jpg"), b'a'), &ModelId("boxes".into())).unwrap();
    assert_eq!(fixture.library.person(person).unwrap().unwrap().faces, 1);
    assert_eq!(fixture.library.remove_folder(&here, FacesOfFolder::Forget).unwrap(), 1);
    assert_eq!(fixture.library.face(faces[0]).unwrap(), None);
}

#[test]
fn a_file_that_ends_the_program_beside_others_and_then_alone_is_set_aside() {
    let mut fixture = LibraryFixture::new();
    let (bad, good) = (fixture.at("bad.jpg"), fixture.at("good.jpg"));
    for (path, hash) in [(&bad, 1), (&good, 2)] {
        fixture.library.begin_attempt(&file(path, hash), false).unwrap();
    }
    assert_eq!(fixture.library.suspects().unwrap().len(), 2, "either may have ended it");
    fixture.library.begin_attempt(&file(&good, 2), true).unwrap();
    fixture.library.end_attempts(std::slice::from_ref(&good)).unwrap();
    fixture.library.begin_attempt(&file(&bad, 1), true).unwrap();
    let suspects = fixture.library.suspects().unwrap();
    assert_eq!(suspects.iter().map(|one| (one.path.as_path(), one.is_guilty)).collect::<Vec<_>>(), [(&*bad, true)]);
}

/// What the program died of is a file's content: another file at its path is not to blame, whatever is known of both.
#[test]
fn what_ended_the_program_is_the_content_of_a_file_and_not_its_path() {
    let mut fixture = LibraryFixture::new();
    let (bad, detector) = (file(&fixture.at("a.jpg"), 1), ModelId("boxes".into()));
    let later = FileFacts { mtime_ns: bad.mtime_ns + 1, ..file(&bad.path, 2) };
    let die = |fixture: &mut LibraryFixture, file: &FileFacts, is_hashed: bool| {
        fixture.library.begin_attempt(file, true).unwrap();
        if is_hashed {
            fixture.library.place(fixture.scan, file, &detector).unwrap();
        }
        fixture.library.suspects().unwrap().remove(0)
    };
    for _ in 0..2 {
        die(&mut fixture, &bad, false);
    }
    let unread = die(&mut fixture, &bad, false);
    assert!(unread.is_unreadable(&bad) && !unread.is_unreadable(&later));
    for _ in 0..2 {
        die(&mut fixture, &bad, true);
    }
    let hashed = die(&mut fixture, &bad, true);
    assert!(hashed.is_guilty_of(&[1; 32]) && !hashed.is_guilty_of(&[2; 32]) && !hashed.is_unreadable(&bad));
    let other = die(&mut fixture, &later, true);
    assert!(!other.is_guilty, "it is tried");
    let same_time = FileFacts { mtime_ns: later.mtime_ns, ..file(&bad.path, 3) };
    die(&mut fixture, &later, true);
    assert!(!die(&mut fixture, &same_time, true).is_guilty, "it is tried, too");
}

#[test]
fn an_interrupted_scan_is_told_from_a_finished_one() {
    let mut fixture = LibraryFixture::new();
    assert_eq!(fixture.library.folders().unwrap()[0].outcome, None);
    fixture.library.finish_scan(fixture.scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    let folders = fixture.library.folders().unwrap();
    assert_eq!(folders.len(), 1);
    assert_eq!((folders[0].outcome, folders[0].path.as_path()), (Some(ScanOutcome::Complete), fixture.folder.path()));
}

#[test]
fn two_models_embeddings_stay_apart() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0, 40.0]);
    let other = ModelId("other".into());
    let todo = fixture.library.faces_without_embedding(&other, FaceId(0), 1).unwrap();
    assert_eq!((todo.len(), todo[0].face_id), (1, faces[0]));
    let todo = fixture.library.faces_without_embedding(&other, faces[0], 10).unwrap();
    assert_eq!(todo[0].path, fixture.at("a.jpg"));
    let vector = Embedding::normalise(vec![0.0, 0.0, 1.0]).unwrap();
    fixture.library.add_embeddings(&other, &[(faces[1], vector.clone())]).unwrap();
    let group = fixture.library.faces_to_group(&other).unwrap().faces;
    assert_eq!((group.len(), &group[0].embedding), (1, &vector));
    assert_eq!(fixture.library.faces_to_group(&model()).unwrap().faces.len(), 2);
    assert_eq!(fixture.library.models().unwrap(), vec![(model(), 2), (other, 1)]);
    assert!(fixture.library.faces_to_group(&ModelId("never".into())).unwrap().faces.is_empty());
}

#[test]
fn other_weights_under_a_models_name_are_not_compared_with_the_old_vectors() {
    let mut fixture = LibraryFixture::new();
    fixture.add_turned("a.jpg", &[0.0, 40.0]);
    let embedded = |fixture: &LibraryFixture| fixture.library.faces_to_group(&model()).unwrap().faces.len();
    fixture.library.use_weights(&model(), "1111").unwrap();
    assert_eq!(embedded(&fixture), 2, "an older program's vectors count as made by these");
    fixture.library.use_weights(&model(), "2222").unwrap();
    assert_eq!(embedded(&fixture), 0);
    let faces = fixture.library.faces_without_embedding(&model(), FaceId(0), 9).unwrap();
    let vector = Embedding::normalise(vec![0.0, 0.0, 1.0]).unwrap();
    fixture.library.add_embeddings(&model(), &[(faces[0].face_id, vector)]).unwrap();
    fixture.library.use_weights(&model(), "1111").unwrap();
    assert_eq!(embedded(&fixture), 2);
    fixture.library.use_weights(&model(), "2222").unwrap();
    assert_eq!(embedded(&fixture), 1);
}

#[test]
fn another_drive_at_the_same_place_does_not_make_the_first_one_missing() {
    let mut fixture = LibraryFixture::new();
    (0..4).for_each(|i| _ = fixture.add_turned(&format!("{i}.jpg"), &[0.0]));
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let other: Vec<PhotoRecord> = (0..9).map(|i| photo(&fixture.at(&format!("n{i}.jpg")), 100 + i, vec![])).collect();
    fixture.library.record_photos(scan, &other).unwrap();
    let end = fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    assert_eq!(end, ScanEnd { missing: 0, withheld: Some((4, 4)) });
}

#[test]
fn a_copy_on_a_drive_that_is_there_shows_the_photo() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0]);
    let (here, there) = (fixture.folder.path().to_owned(), PathBuf::from("/elsewhere"));
    let scan = fixture.library.begin_scan(&there).unwrap();
    let copy = file(&there.join("z.jpg"), b'a');
    fixture.library.place(scan, &copy, &ModelId("boxes".into())).unwrap();
    let path = |fixture: &LibraryFixture| fixture.library.face(faces[0]).unwrap().unwrap().path;
    assert_eq!(path(&fixture), here.join("a.jpg"));
    fixture.library.mark_offline(&here).unwrap();
    assert_eq!(path(&fixture), copy.path);
}

/// Back at its place, where its drive errs or its rights are gone: it is not missing, and the library and its backups are
/// as sound as they were.
#[test]
fn a_missing_photo_that_is_back_and_cannot_be_read_leaves_the_library_and_its_backups_sound() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 1);
    let (path, folder) = (fixture.at("a.jpg"), fixture.folder.path().to_owned());
    let scan = fixture.library.begin_scan(&folder).unwrap();
    fixture.library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Accept).unwrap();
    assert_eq!(fixture.library.counts().unwrap().missing, 1);
    let scan = fixture.library.begin_scan(&folder).unwrap();
    let unread = FileFacts { hashes: None, ..file(&path, 1) };
    fixture.library.record_unreadable(scan, &unread, "permission denied").unwrap();
    assert_eq!(fixture.library.counts().unwrap().missing, 0, "it is there");
    let report = fixture.library.check().unwrap();
    assert!(report.is_sound(), "{report:?}");
    let backup = fixture.library.back_up(care::BackupReason::Asked).unwrap();
    assert!(care::backups(&fixture.file()).unwrap()[0].is_sound());
    fixture.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
    let kept = fixture.library.restore_backup(&backup).unwrap().kept.unwrap();
    fixture.library.restore_backup(&kept).unwrap();
    assert_eq!(fixture.library.face(faces[0]).unwrap().unwrap().name.as_deref(), Some("Ada"), "there is a way back");
}

/// Forgotten, or a step taken back, while it was embedded.
#[test]
fn what_was_found_of_a_face_that_has_gone_meanwhile_is_not_kept() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add_turned("a.jpg", &[0.0, 90.0]);
    let vector = Embedding::normalise(vec![1.0, 0.0]).unwrap();
    let gone = FaceId(9_999);
    let found = [(gone, vector.clone()), (faces[0], vector)];
    fixture.library.add_embeddings(&ModelId("another".into()), &found).unwrap();
    fixture.library.add_portraits(&[(gone, vec![1]), (faces[1], vec![2])]).unwrap();
    fixture.library.check_integrity().unwrap();
    assert!(fixture.library.embedding(&ModelId("another".into()), faces[0]).unwrap().is_some());
}
