//! What a scan opens and searches again, and what it leaves as it was.

use super::*;

#[test]
fn a_second_scan_opens_nothing_again() {
    let world = World::new();
    (0..20).for_each(|i| world.photo(&format!("{i}.png"), [200, 10, i]));
    let first = world.scan();
    assert_eq!((first.photos, first.faces, first.new_photos, first.unchanged_photos), (20, 20, 20, 0));
    assert!(first.photos_per_s > 0.0 && first.faces_per_s > 0.0);
    let second = world.scan();
    assert_eq!((second.photos, second.faces, second.new_photos, second.unchanged_photos), (20, 20, 0, 20));
    assert_eq!(world.faces.looked_at.get(), 20);
}

#[test]
fn a_copy_is_told_as_one_and_nobody_searched_it_before() {
    let mut world = World::new();
    world.photo("a.png", [250, 0, 0]);
    for copy in ["b.png", "c.png"] {
        std::fs::copy(world.photos.join("a.png"), world.photos.join(copy)).unwrap();
    }
    let first = world.scan();
    assert_eq!((first.photos, first.new_photos, first.moved_photos, first.searched_again), (1, 1, 2, 0));
    let second = world.scan();
    assert_eq!((second.new_photos, second.moved_photos, second.searched_again, second.unchanged_photos), (0, 0, 0, 3));
    // Nor has a copy that was known before moved anywhere because its picture is looked through again.
    world.faces.detector = with_small_faces(&world.faces.detector);
    let third = world.scan();
    assert_eq!((third.new_photos, third.moved_photos, third.searched_again, third.unchanged_photos), (0, 0, 1, 2));
}

/// No other detector was there: the reason that is told is the true one.
#[test]
fn photos_of_an_import_are_new_and_those_of_somebody_forgotten_are_searched_again_for_that() {
    let [from, to] = [World::new(), World::new()];
    [&from, &to].iter().for_each(|world| world.photo("a.png", [250, 0, 0]));
    from.scan();
    from.name("a.png", "Ana");
    let mut text = Vec::new();
    from.library.ask(|library| library.export(&mut text)).unwrap();
    to.library.call(move |library| library.import(&text[..], ImportMode::Apply)).unwrap();
    let counts = |summary: ScanSummary| {
        (summary.new_photos, summary.imported_photos, summary.searched_again, summary.searched_after_forgetting)
    };
    assert_eq!(counts(to.scan()), (1, 1, 0, 0));
    assert_eq!(to.names("a.png"), [Some("Ana".to_owned())]);
    let forget = |library: &mut Library| {
        let (person, _) = library.named_people()?[0];
        let shown = library.person_to_forget(person)?;
        library.forget_person(&shown, true)
    };
    to.library.call(forget).unwrap();
    assert_eq!(counts(to.scan()), (0, 0, 1, 1));
    assert_eq!(counts(to.scan()), (0, 0, 0, 0));
}

/// Looking for small faces, too, looks through every photo once more; not to look for them any more loses none.
#[test]
fn photos_are_searched_again_for_small_faces_and_not_once_more_without() {
    let mut world = World::new();
    (0..3).for_each(|i| world.photo(&format!("{i}.png"), [250, i, 0]));
    world.scan();
    let plain = world.faces.detector.clone();
    world.faces.detector = with_small_faces(&plain);
    let small = world.scan();
    assert_eq!((small.searched_again, small.searched_for_small), (3, 3));
    assert_eq!(world.scan().unchanged_photos, 3);
    world.faces.detector = ModelId("another".into());
    let other = world.scan();
    assert_eq!((other.searched_again, other.searched_for_small), (3, 0));
    world.faces.detector = with_small_faces(&plain);
    world.scan();
    world.faces.detector = plain;
    let last = world.scan();
    assert_eq!((last.unchanged_photos, last.faces), (3, 3));
}

/// A copy that keeps the time, put in the place of a file of the same size.
#[cfg(unix)]
#[test]
fn another_picture_of_the_same_size_and_time_is_noticed() {
    let world = World::new();
    world.photo("a.bmp", [250, 0, 0]);
    world.photo("b.bmp", [0, 250, 0]);
    world.scan();
    world.name("a.bmp", "Ana");
    change_keeping_time(&world.photos.join("a.bmp"), || world.photo("a.bmp", [0, 0, 250]));
    let summary = world.scan();
    assert_eq!((summary.new_photos, summary.unchanged_photos, summary.lost_faces), (1, 1, 1));
    assert_eq!(world.names("a.bmp"), [None], "somebody else is in it");
}

/// Other rights, a rename and back: the file is read once, and nothing else happens.
#[cfg(unix)]
#[test]
fn a_file_whose_bytes_are_as_they_were_is_not_decoded_again() {
    let world = World::new();
    world.photo("a.bmp", [250, 0, 0]);
    world.scan();
    let path = world.photos.join("a.bmp");
    change_keeping_time(&path, || fs::write(&path, fs::read(&path).unwrap()).unwrap());
    let known = || {
        let path = fs::canonicalize(&path).unwrap();
        world.library.call(move |library| library.known(&path)).unwrap().unwrap()
    };
    let before = known();
    for _ in 0..2 {
        let summary = world.scan();
        assert_eq!((summary.new_photos, summary.unchanged_photos, summary.faces), (0, 1, 1));
    }
    assert_eq!(world.faces.looked_at.get(), 1);
    assert_ne!(known().ctime_ns, before.ctime_ns, "it is not read again and again");
}

/// Until the inode's time is another one: its clock may be slow.
#[cfg(unix)]
fn change_keeping_time(path: &Path, mut change: impl FnMut()) {
    use std::os::unix::fs::MetadataExt;
    let state = || {
        let file = fs::metadata(path).unwrap();
        (file.len(), file.modified().unwrap(), (file.ctime(), file.ctime_nsec()))
    };
    let (size, time, inode) = state();
    while state().2 == inode {
        change();
        fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
    assert_eq!((state().0, state().1), (size, time));
}

/// `LIKENESS_RESCAN=500000`: how long so many unchanged files take that the library knows.
#[test]
#[ignore = "measures"]
fn a_rescan_is_measured() {
    let files: usize = std::env::var("LIKENESS_RESCAN").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let world = World::new();
    let root = fs::canonicalize(&world.photos).unwrap();
    let mut records = Vec::with_capacity(files);
    for n in 0..files {
        let folder = root.join(format!("{:04}", n / 500));
        let path = folder.join(format!("IMG_{n:07}.jpg"));
        if n % 500 == 0 {
            fs::create_dir(folder).unwrap();
        }
        fs::write(&path, []).unwrap();
        let hash: [u8; 32] = sha2::Sha256::digest(n.to_le_bytes()).into();
        let hashes = Some(crate::library::FileHashes { file: hash, picture: hash });
        records.push(crate::library::PhotoRecord {
            file: crate::library::FileFacts { hashes, ..pipeline::file_facts(&path).unwrap() },
            width: 32,
            height: 32,
            format: "JPEG".to_owned(),
            captured_at: None,
            camera: None,
            gps: None,
            detector: world.faces.detector.clone(),
            model: world.faces.model.clone(),
            faces: Vec::new(),
        });
    }
    let recorded = world.library.call(move |library| {
        let scan = library.begin_scan(&root)?;
        records.chunks(2048).try_for_each(|chunk| library.record_photos(scan, chunk).map(drop))?;
        library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask)
    });
    recorded.unwrap();
    let begun = std::time::Instant::now();
    let summary = world.scan();
    assert_eq!((summary.unchanged_photos, summary.missing_photos), (files, 0));
    let secs = begun.elapsed().as_secs_f64();
    crate::app::engine::cli::output::note(format!("{files} unchanged files: {secs:.2} s"));
}
