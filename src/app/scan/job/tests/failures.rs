//! Disks and devices that fail, files that change under a scan, and photos that ended the program.

use super::*;

#[test]
fn a_scan_that_breaks_down_keeps_what_was_recorded_and_tells_of_it() {
    let mut world = World::new();
    (0..40).for_each(|i| world.photo(&format!("{i}.png"), [9, i, 200]));
    world.faces.breaks_after = 20;
    let thumbnails = ThumbnailCache::new(world.folder.path().join("cache"));
    let (folders, tools) = ([world.photos.clone()], world.tools(&thumbnails, &[]));
    let broken = scan_folders(&folders, &tools, &Cancel::default(), &mut |_| {}).unwrap_err();
    let kept = world.paths().len();
    assert!((1..=20).contains(&kept), "{kept} photos were kept");
    assert_eq!((broken.done.new_photos, broken.done.new_faces), (kept, kept));
    world.faces = ColourFaces::new();
    let after = world.scan();
    assert_eq!((after.photos, after.unchanged_photos), (40, kept));
    assert_eq!(world.faces.looked_at.get(), 40 - kept);
}

/// The disk or the device failed, not the picture: it is looked through once they are well again, and so are its copies.
#[test]
fn a_picture_is_not_to_blame_for_a_disk_or_a_device_that_fails() {
    let disk: fn() -> anyhow::Error = || DecodeError::Unreadable(io::Error::other("Input/output error")).into();
    let device: fn() -> anyhow::Error = || DeviceFailed("out of memory".into()).into();
    for failing in [disk, device] {
        let mut world = World::new();
        (0..2).for_each(|i| world.photo(&format!("{i}.png"), [200, 10, i]));
        world.faces.failing = Some(failing);
        let failed = world.scan();
        assert_eq!((failed.photos, failed.skipped.len()), (0, 2), "{:?}", failed.skipped);
        world.faces.failing = None;
        fs::copy(world.photos.join("0.png"), world.photos.join("copy.png")).unwrap();
        let well = world.scan();
        assert_eq!((well.photos, well.faces, well.skipped.len()), (2, 2, 0), "{:?}", well.skipped);
    }
}

/// A driver that breaks down over everything ends the scan, and no photo is blamed.
#[test]
fn a_device_that_fails_over_every_photo_ends_the_scan() {
    let mut world = World::new();
    (0..6).for_each(|i| world.photo(&format!("{i}.png"), [200, 10, i]));
    world.faces.failing = Some(|| DeviceFailed("out of memory".into()).into());
    let thumbnails = ThumbnailCache::new(world.folder.path().join("cache"));
    assert!(
        scan_folders(&[world.photos.clone()], &world.tools(&thumbnails, &[]), &Cancel::default(), &mut |_| {}).is_err()
    );
    world.faces.failing = None;
    assert_eq!(world.scan().faces, 6);
}

/// Does something before one of the calls of the library from now on.
struct BeforeCall {
    calls_left: Arc<AtomicUsize>,
    todo: Arc<Mutex<Option<Box<dyn FnOnce() + Send>>>>,
}

impl BeforeCall {
    fn watching(world: &mut World) -> Self {
        let before = Self { calls_left: Arc::new(AtomicUsize::new(0)), todo: Arc::default() };
        let (calls_left, todo) = (before.calls_left.clone(), before.todo.clone());
        let watch = move || {
            if calls_left.load(SeqCst) > 0 && calls_left.fetch_sub(1, SeqCst) == 1 {
                todo.lock().unwrap().take().into_iter().for_each(|todo| todo());
            }
        };
        world.library = LibraryHandle::open_watched(&world.folder.path().join("watched.sqlite"), watch).unwrap();
        before
    }

    fn set(&self, call: usize, todo: impl FnOnce() + Send + 'static) {
        *self.todo.lock().unwrap() = Some(Box::new(todo));
        self.calls_left.store(call, SeqCst);
    }

    fn has_run(&self) -> bool {
        self.todo.lock().unwrap().take().is_none()
    }
}

const CALLS_OF_A_SCAN: std::ops::Range<usize> = 1..12;

/// A drive that is pulled while a scan is anywhere in its work is not the picture's fault.
#[test]
fn a_file_that_goes_during_the_scan_is_looked_through_when_it_is_back() {
    let mut times = 0;
    for call in CALLS_OF_A_SCAN {
        let mut world = World::new();
        let before = BeforeCall::watching(&mut world);
        world.photo("a.bmp", [250, 0, 0]);
        let (photo, away) = (world.photos.join("a.bmp"), world.folder.path().join("away.bmp"));
        let (from, to) = (photo.clone(), away.clone());
        before.set(call, move || fs::rename(from, to).unwrap());
        world.scan();
        if before.has_run() {
            times += 1;
            fs::rename(away, photo).unwrap();
        }
        let after = world.scan();
        assert_eq!((after.photos, after.faces, after.skipped.len()), (1, 1, 0), "before call {call}: {after:?}");
    }
    assert!(times > 5, "{times} calls");
}

/// Their drive was pulled: of none of its files it is said that it changed.
#[test]
fn a_folder_that_goes_during_the_scan_is_told_as_one_that_is_not_there() {
    let mut told = 0;
    for call in CALLS_OF_A_SCAN {
        let mut world = World::new();
        let before = BeforeCall::watching(&mut world);
        world.photo("known.bmp", [0, 0, 250]);
        world.scan();
        world.name("known.bmp", "Cleo");
        (0..3).for_each(|i| world.photo(&format!("{i}.bmp"), [250, i, 0]));
        let (photos, away) = (world.photos.clone(), world.folder.path().join("away"));
        let (from, to) = (photos.clone(), away.clone());
        before.set(call, move || fs::rename(from, to).unwrap());
        let summary = world.scan();
        if before.has_run() {
            told += summary.offline_folders.len();
            assert_eq!((summary.skipped.len(), summary.missing_photos), (0, 0), "before call {call}: {summary:?}");
            fs::rename(away, photos).unwrap();
        }
        let after = world.scan();
        assert_eq!((after.photos, after.faces, after.skipped.len()), (4, 4, 0), "before call {call}: {after:?}");
        assert_eq!(world.names("known.bmp"), [Some("Cleo".to_owned())]);
    }
    assert!(told > 5, "{told} times");
}

/// A file that its user deletes meanwhile has not changed, and is missing as any other.
#[test]
fn a_known_photo_that_goes_during_the_scan_is_missing() {
    let mut world = World::new();
    let before = BeforeCall::watching(&mut world);
    (0..5).for_each(|i| world.photo(&format!("{i}.bmp"), [250, i, 0]));
    world.scan();
    world.photo("0.bmp", [240, 0, 0]);
    let photo = world.photos.join("0.bmp");
    before.set(5, move || fs::remove_file(photo).unwrap());
    let summary = world.scan();
    assert!(before.has_run());
    let told: Vec<_> = summary.skipped.iter().map(|skipped| skipped.reason.as_str()).collect();
    assert_eq!((told, summary.missing_photos), (vec!["it went away while the folder was looked through"], 1));
}

/// No picture gets the faces of another one that came to its place while a scan was anywhere in its work.
#[test]
fn a_file_that_is_exchanged_during_the_scan_is_not_taken_for_the_one_before() {
    let hash = |path: &Path| <[u8; 32]>::from(sha2::Sha256::digest(fs::read(path).unwrap()));
    for call in CALLS_OF_A_SCAN {
        let mut world = World::new();
        let before = BeforeCall::watching(&mut world);
        world.photo("other.bmp", [0, 0, 250]);
        let (photo, other) = (world.photos.join("a.bmp"), world.folder.path().join("other.bmp"));
        fs::rename(world.photos.join("other.bmp"), &other).unwrap();
        world.photo("a.bmp", [250, 0, 0]);
        let truth = [(hash(&photo), [250.0, 0.0, 0.0]), (hash(&other), [0.0, 0.0, 250.0])];
        before.set(call, move || fs::rename(other, photo).unwrap());
        world.scan();
        let mut tiles = Vec::new();
        for filter in [PhotoFilter::All, PhotoFilter::Missing] {
            tiles.extend(world.library.call(move |library| library.photos(filter, ListPage::ALL)).unwrap());
        }
        for tile in tiles {
            let sha256 = world.library.call(move |library| library.photo(tile.id)).unwrap().unwrap().sha256;
            let (_, colour) = truth.iter().find(|(hash, _)| Some(*hash) == sha256).unwrap();
            let faces = world.library.call(move |library| library.faces_of_photo(tile.id)).unwrap();
            let (model, face) = (world.faces.model.clone(), faces[0].face_id);
            let vector = world.library.call(move |library| library.embedding(&model, face)).unwrap().unwrap();
            let expected = Embedding::normalise(colour.to_vec()).unwrap();
            assert!(vector.squared_distance(&expected).0 < 0.01, "before call {call}");
        }
        let after = world.scan();
        assert_eq!((after.photos, after.faces, after.skipped.len()), (1, 1, 0), "before call {call}: {after:?}");
    }
}

/// The file that the program died of has gone, and a known or a new picture has come to its path.
#[test]
fn a_picture_that_comes_to_the_path_of_one_that_ended_the_program_is_not_to_blame() {
    for is_known in [true, false] {
        let world = World::new();
        world.photo("good.png", [250, 0, 0]);
        world.photo("bad.png", [0, 250, 0]);
        let (good, bad) = (world.photos.join("good.png"), fs::canonicalize(world.photos.join("bad.png")).unwrap());
        if is_known {
            fs::rename(&bad, world.folder.path().join("bad.png")).unwrap();
            world.scan();
            world.name("good.png", "Ana");
            fs::rename(world.folder.path().join("bad.png"), &bad).unwrap();
        }
        world.die_over("bad.png");
        let skipped = world.scan().skipped;
        assert!(skipped.len() == 1 && skipped[0].path == bad, "{skipped:?}");
        let skipped = world.scan().skipped;
        assert!(skipped.len() == 1 && skipped[0].path == bad, "it is left out from now on: {skipped:?}");
        fs::rename(&good, &bad).unwrap();
        let summary = world.scan();
        assert_eq!((summary.photos, summary.skipped.len()), (1, 0), "{:?}", summary.skipped);
        if is_known {
            assert_eq!(world.names("bad.png"), [Some("Ana".to_owned())]);
        }
    }
}

/// Twice while its content was not even known: what is known of the path stays.
#[test]
fn a_file_that_ends_the_program_while_it_is_hashed_is_not_read_again() {
    let world = World::new();
    world.photo("bad.png", [0, 250, 0]);
    world.scan();
    world.name("bad.png", "Bo");
    let path = world.photos.join("bad.png");
    fs::File::options().write(true).open(&path).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    world.die_over("bad.png");
    let summary = world.scan();
    assert_eq!(summary.skipped.len(), 1, "{summary:?}");
    assert_eq!(world.names("bad.png"), [Some("Bo".to_owned())]);
    assert_eq!(world.scan().skipped.len(), 1);
    world.photo("bad.png", [0, 240, 0]);
    assert_eq!(world.scan().skipped, [], "another file is read");
}

/// Beside others first, then alone: the third scan goes past it, and the second has recorded what is new before.
#[test]
fn a_file_that_ended_the_program_waits_behind_what_is_new_and_is_tried_alone_once() {
    let world = World::new();
    world.photo("a-bad.png", [0, 250, 0]);
    world.photo("good.png", [250, 0, 0]);
    let bad = fs::canonicalize(world.photos.join("a-bad.png")).unwrap();
    let file = pipeline::file_facts(&bad).unwrap();
    let dies = |is_alone: bool| {
        let file = file.clone();
        world.library.call(move |library| library.begin_attempt(&file, is_alone)).unwrap();
    };
    dies(false);
    // The program would end here: what is in the library by then, stays.
    let stop = Cancel::default();
    let asked = stop.clone();
    world.scan_until(&stop, &mut |event| {
        if matches!(event, JobEvent::Progress(Progress { stage: SCANNING, done: 1, .. })) {
            asked.cancel();
        }
    });
    assert!(world.paths().iter().all(|path| path.ends_with("good.png")), "{:?}", world.paths());
    assert_eq!(world.paths().len(), 1);
    dies(true);
    let skipped = world.scan().skipped;
    assert!(skipped.len() == 1 && skipped[0].path == bad, "{skipped:?}");
}

/// Nobody has looked into the edit: what was in it waits where it is seen, and is found once it can be read.
#[test]
fn the_face_of_an_edit_that_was_left_out_and_renamed_is_lost_and_not_only_missing() {
    let world = World::new();
    world.photo("a.png", [250, 10, 10]);
    world.photo("other.png", [10, 10, 250]);
    world.scan();
    world.name("a.png", "Ada");
    world.photo("a.png", [249, 10, 10]);
    world.die_over("a.png");
    assert_eq!(world.scan().skipped.len(), 1, "it is left out");
    let [from, to] = ["a.png", "b.png"].map(|name| world.photos.join(name));
    fs::rename(&from, &to).unwrap();
    let scanned = world.scan();
    assert_eq!((scanned.missing_photos, scanned.lost_faces), (1, 1));
    let lost = world.library.ask(|library| library.lost_faces()).unwrap();
    assert_eq!((lost[0].name.as_deref(), lost[0].path.file_name()), (Some("Ada"), from.file_name()));
    world.scan_and_find();
    assert_eq!(world.library.ask(|library| library.count_lost_faces()).unwrap(), 0);
    assert_eq!(world.names("b.png"), [Some("Ada".to_owned())]);
}

/// A drive that was worn out, or a user who ended the program each time for another reason: what was left out has a way
/// back, as long as it does not end the program once more.
#[test]
fn what_was_left_out_is_tried_again_on_demand_and_ends_the_program_at_most_once_more() {
    let world = World::new();
    world.photo("good.png", [250, 0, 0]);
    world.photo("dark.png", [0, 0, 0]);
    world.photo("ended.png", [0, 250, 0]);
    world.die_over("ended.png");
    let left_out = |summary: ScanSummary| {
        let names = summary.skipped.iter().filter_map(|skipped| skipped.path.file_name().map(|name| name.to_owned()));
        names.map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
    };
    let again = |at: &Path| {
        let suspects = suspects(&world.library, &[at.to_owned()], true).unwrap();
        let thumbnails = ThumbnailCache::new(world.folder.path().join("cache"));
        let (tools, cancel) = (world.tools(&thumbnails, &suspects), Cancel::default());
        scan_folders(std::slice::from_ref(&world.photos), &tools, &cancel, &mut |_| {}).unwrap()
    };
    assert_eq!(left_out(world.scan()).len(), 2);
    assert_eq!(world.scan().left_out, 2, "who scans is told that there is a way back");
    let looked_at = world.faces.looked_at.get();
    assert_eq!((left_out(world.scan()).len(), world.faces.looked_at.get()), (2, looked_at));
    assert_eq!(left_out(again(&world.photos.join("ended.png"))), ["dark.png"], "one of them");
    assert_eq!((world.paths().len(), world.faces.looked_at.get()), (2, looked_at + 1));
    assert_eq!(left_out(again(&world.photos)), ["dark.png"], "all, but this one cannot be read");
    assert_eq!(world.faces.looked_at.get(), looked_at + 2);

    world.photo("ended.png", [0, 240, 0]);
    world.die_over("ended.png");
    assert_eq!(left_out(world.scan()), ["dark.png", "ended.png"]);
    let listed = world.library.ask(|library| library.unread_files()).unwrap();
    assert_eq!(listed.len(), 1, "a photo that was known before is listed, too: {listed:?}");
    suspects(&world.library, std::slice::from_ref(&world.photos), true).unwrap();
    let file = pipeline::file_facts(&fs::canonicalize(world.photos.join("ended.png")).unwrap()).unwrap();
    world.library.call(move |library| library.begin_attempt(&file, true)).unwrap();
    assert_eq!(left_out(world.scan()), ["dark.png", "ended.png"], "once more was enough");
}
