//! Watched folders: what happens in a real one is told, and a scan of just that brings it into the library.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};

use super::*;
use crate::app::engine::facts::{ByItself, WatchHindrance, Watching};
use crate::app::engine::shared::Shared;
use crate::app::jobs::walk::find_photos_at;
use crate::app::jobs::{by_itself, not_looked_at};
use crate::app::scan::job::touched::{folders_around, worth_a_scan};
use crate::app::scan::job::watch::{FolderWatch, Pace, Patience, WatchNews};
use crate::library::Gone;
use crate::metadata::xmp::Sidecars;

const PACE: Pace = Pace {
    patience: Patience {
        quiet: Duration::from_millis(60),
        written: Duration::from_secs(20),
        longest: Duration::from_secs(2),
    },
    every: Duration::from_millis(100),
    is_on_battery: || false,
    has_networks: |_| true,
};
/// After so long without news none comes.
const STILL: Duration = Duration::from_millis(700);
const SOON: Duration = Duration::from_secs(30);

struct WatchedWorld {
    world: World,
    shared: Arc<Shared>,
    watch: FolderWatch,
    news: Receiver<WatchNews>,
}

impl WatchedWorld {
    /// A window over a library of so many photos.
    fn open(photos: u8, pace: Pace) -> Self {
        let world = World::new();
        (0..photos).for_each(|i| world.photo(&format!("old{i}.png"), [200, 10, i]));
        world.scan();
        let home = Home::open(Some(world.folder.path())).unwrap();
        let shared = Arc::new(Shared::new(home, world.library.clone(), EngineOptions::default()));
        let (send, news) = bounded(256);
        let watch = FolderWatch::start_at(pace, &shared, move |told| _ = send.send(told)).unwrap();
        watch.check_again();
        let watched = Self { world, shared, watch, news };
        watched.hear(|told| match told {
            WatchNews::Watching(Watching { folders, .. }) if !folders.is_empty() => {
                (folders[0].1.is_none()).then_some(())
            }
            _ => None,
        });
        watched
    }

    fn hear<T>(&self, mut wanted: impl FnMut(WatchNews) -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            let told = self.news.recv_timeout(SOON.saturating_sub(begun.elapsed())).expect("it is told");
            if let Some(heard) = wanted(told) {
                return heard;
            }
        }
    }

    fn hear_touched(&self) -> Vec<PathBuf> {
        self.hear(|told| match told {
            WatchNews::Touched(paths) => Some(paths),
            _ => None,
        })
    }

    fn is_still(&self) -> bool {
        let begun = Instant::now();
        while let Ok(told) = self.news.recv_timeout(STILL.saturating_sub(begun.elapsed())) {
            if matches!(told, WatchNews::Touched(_)) {
                return false;
            }
        }
        true
    }

    /// Scans what is told until nothing is told any more.
    fn follow(&self) -> ScanSummary {
        let mut summary = self.scan(self.hear_touched());
        let mut last = Instant::now();
        while last.elapsed() < STILL {
            if let Ok(WatchNews::Touched(paths)) = self.news.recv_timeout(STILL) {
                summary.add(self.scan(paths));
                last = Instant::now();
            }
        }
        summary
    }

    /// As the window's job does.
    fn scan(&self, touched: Vec<PathBuf>) -> ScanSummary {
        let touched = worth_a_scan(&self.world.library, touched, &[]).unwrap();
        let folders = folders_around(&self.world.library, &touched, &[]).unwrap();
        self.world.scan_with(|tools| {
            let tools = ScanTools { touched: Some(&touched), of_library: true, ..*tools };
            scan_folders(&folders, &tools, &Cancel::default(), &mut |_| {}).unwrap()
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.world.photos.join(name)
    }
}

#[test]
fn what_comes_changes_moves_and_goes_is_followed_and_nothing_else_is_opened() {
    let watched = WatchedWorld::open(5, PACE);
    let world = &watched.world;
    world.photo("new.png", [10, 200, 10]);
    let come = watched.follow();
    assert_eq!((come.new_photos, come.new_faces, come.unchanged_photos), (1, 1, 0));
    assert_eq!(world.faces.looked_at.get(), 6);
    world.photo("new.png", [10, 10, 200]);
    assert_eq!(watched.follow().new_photos, 1);
    world.name("new.png", "Ana");
    fs::create_dir(watched.path("sub")).unwrap();
    fs::rename(watched.path("new.png"), watched.path("sub/named.png")).unwrap();
    let moved = watched.follow();
    assert_eq!((moved.moved_photos, moved.new_photos, moved.missing_photos), (1, 0, 0));
    assert_eq!(world.names("named.png"), [Some("Ana".to_owned())]);
    fs::rename(watched.path("sub"), watched.path("other")).unwrap();
    assert_eq!(watched.follow().missing_photos, 0);
    assert!(world.paths().iter().any(|path| path.ends_with("other/named.png")), "{:?}", world.paths());
    fs::remove_file(watched.path("old0.png")).unwrap();
    assert_eq!(watched.follow().missing_photos, 1);
    let folders = world.library.call(|library| library.folders()).unwrap();
    assert_eq!(folders[0].outcome, Some(ScanOutcome::Complete), "a part says nothing of the folder's last scan");
}

#[test]
fn a_burst_of_photos_is_looked_at_in_few_scans() {
    let watched = WatchedWorld::open(1, PACE);
    for i in 0..500_u32 {
        let mut pixels = RgbImage::from_pixel(16, 16, Rgb([(i / 250) as u8 + 100, (i % 250) as u8, 7]));
        pixels.put_pixel(15, 15, Rgb([(i / 250) as u8, (i % 250) as u8, 0]));
        pixels.save(watched.path(&format!("{i}.bmp"))).unwrap();
    }
    let first = watched.hear_touched();
    let mut summary = watched.scan(first);
    let mut scans = 1;
    while summary.new_photos < 500 {
        summary.add(watched.scan(watched.hear_touched()));
        scans += 1;
    }
    assert!(scans <= 10, "{scans}");
    assert_eq!((summary.new_photos, summary.skipped.len()), (500, 0));
}

/// Its writer rests longer than anything else is waited for.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_still_being_copied_is_not_scanned_by_halves() {
    use std::io::Write;
    let watched = WatchedWorld::open(1, PACE);
    let whole = {
        watched.world.photo("whole.png", [10, 200, 10]);
        watched.follow();
        let bytes = fs::read(watched.path("whole.png")).unwrap();
        fs::remove_file(watched.path("whole.png")).unwrap();
        watched.follow();
        bytes
    };
    let mut file = fs::File::create(watched.path("copy.png")).unwrap();
    file.write_all(&whole[..whole.len() / 2]).unwrap();
    assert!(watched.is_still());
    file.write_all(&whole[whole.len() / 2..]).unwrap();
    drop(file);
    let summary = watched.follow();
    assert_eq!((summary.moved_photos, summary.skipped.len()), (1, 0), "{:?}", summary.skipped);
}

#[test]
fn what_is_no_photo_is_not_looked_at() {
    let watched = WatchedWorld::open(1, PACE);
    fs::create_dir(watched.path(".trash")).unwrap();
    fs::copy(watched.path("old0.png"), watched.path(".trash/old0.png")).unwrap();
    fs::write(watched.path("notes.txt"), "x").unwrap();
    fs::rename(watched.path("notes.txt"), watched.path("notes.md")).unwrap();
    fs::create_dir(watched.path("empty")).unwrap();
    // A look of another program's, and of our own.
    fs::read(watched.path("old0.png")).unwrap();
    assert!(watched.is_still());
}

#[test]
fn a_folder_that_is_unplugged_is_told_and_one_that_is_back_is_looked_through() {
    let watched = WatchedWorld::open(3, PACE);
    let away = watched.world.folder.path().join("away");
    fs::rename(&watched.world.photos, &away).unwrap();
    watched.hear(|told| (told == WatchNews::DriveGone).then_some(()));
    let hindered = watched.hear(|told| match told {
        WatchNews::Watching(watching) => watching.folders[0].1.clone(),
        _ => None,
    });
    assert_eq!(hindered, WatchHindrance::Offline);
    assert!(watched.world.library.call(|library| library.folders()).unwrap()[0].is_offline);
    fs::write(away.join("new.bmp"), fs::read(away.join("old0.png")).unwrap()).unwrap();
    fs::rename(&away, &watched.world.photos).unwrap();
    let back = watched.follow();
    assert_eq!((back.unchanged_photos, back.moved_photos, back.missing_photos), (3, 1, 0));
    assert!(!watched.world.library.call(|library| library.folders()).unwrap()[0].is_offline);
    watched.world.photo("again.png", [10, 200, 10]);
    assert_eq!(watched.follow().new_photos, 1, "it is watched again");
}

/// A scan of the outer folder does not look into it.
#[test]
fn a_hidden_folder_that_is_scanned_by_itself_is_watched_inside_another_one() {
    let watched = WatchedWorld::open(1, PACE);
    let hidden = watched.path(".phone");
    fs::create_dir(&hidden).unwrap();
    let scanned = fs::canonicalize(&hidden).unwrap();
    watched.world.library.call(move |library| library.begin_scan(&scanned)).unwrap();
    watched.watch.check_again();
    watched.hear(|told| match told {
        WatchNews::Watching(Watching { folders, .. }) => (folders.len() == 2).then_some(()),
        _ => None,
    });
    (0..3).for_each(|i| watched.world.photo(&format!(".phone/{i}.png"), [10, 200, i]));
    assert_eq!(watched.follow().new_photos, 3);
    fs::remove_file(hidden.join("0.png")).unwrap();
    assert_eq!(watched.follow().missing_photos, 1);
}

/// As of programs that write them, or put another file in their place.
#[test]
fn who_a_sidecar_names_is_looked_at_again_and_no_photo_is() {
    let watched = WatchedWorld::open(3, PACE);
    let photos = fs::canonicalize(&watched.world.photos).unwrap();
    // Names have been looked for once.
    watched.shared.names_changed().take();
    let hear_names = || watched.hear(|told| (told == WatchNews::NamesTouched).then_some(()));
    let changed = || {
        let changed = watched.shared.names_changed().take();
        let has = |name: &str| Sidecars::as_owner(&photos.join(name)).iter().any(|owner| changed.has(owner));
        ["old0.png", "old1.png", "old2.png"].map(has)
    };
    fs::write(watched.path("old0.png.xmp"), "<xmp/>").unwrap();
    hear_names();
    assert_eq!(changed(), [true, false, false]);
    fs::write(watched.path("digikam-1.tmp"), "<xmp/>").unwrap();
    fs::rename(watched.path("digikam-1.tmp"), watched.path("old1.xmp")).unwrap();
    hear_names();
    assert_eq!(changed(), [false, true, false]);
    fs::remove_file(watched.path("old0.png.xmp")).unwrap();
    hear_names();
    assert_eq!(changed(), [true, false, false], "what it said counts no more");
    // These are read with each look.
    fs::write(watched.path(".picasa.ini"), "[old2.png]").unwrap();
    hear_names();
    assert!(watched.is_still(), "nothing is worth a scan");
}

/// Nobody opens them; the window lists them.
#[test]
fn a_video_that_comes_or_goes_is_listed_as_it_is() {
    let watched = WatchedWorld::open(1, PACE);
    let listed = || watched.world.library.ask(|library| not_looked_at::kept(library)).unwrap().len();
    fs::create_dir(watched.path("videos")).unwrap();
    fs::write(watched.path("videos/a.mp4"), b"\0\0\0\x18ftypmp42").unwrap();
    watched.follow();
    assert_eq!(listed(), 1);
    assert!(watched.is_still(), "it is known by now");
    fs::remove_file(watched.path("videos/a.mp4")).unwrap();
    watched.follow();
    assert_eq!(listed(), 0);
}

/// As where a drive's folder stays and is empty.
#[test]
fn where_more_than_half_is_gone_its_user_is_asked() {
    let watched = WatchedWorld::open(5, PACE);
    (0..4).for_each(|i| fs::remove_file(watched.path(&format!("old{i}.png"))).unwrap());
    let summary = watched.follow();
    assert_eq!((summary.missing_photos, summary.withheld.len()), (0, 1));
    assert_eq!((summary.withheld[0].gone, summary.withheld[0].of), (4, 5));
    let withheld = &summary.withheld[0];
    assert_eq!(accept_missing(&watched.world.library, &withheld.folder, withheld.gone), 4);
}

/// As the window's job does.
fn accept_missing(library: &LibraryHandle, folder: &Path, shown: u64) -> usize {
    let (gone, folder) = (Gone::in_folder(folder, |question| library.ask(question)).unwrap(), folder.to_owned());
    library.call(move |library| library.accept_missing(&folder, shown, &gone)).unwrap()
}

#[test]
fn on_battery_what_is_noticed_waits_and_a_switch_ends_the_watch() {
    let watched = WatchedWorld::open(1, Pace { is_on_battery: || true, ..PACE });
    watched.world.photo("new.png", [10, 200, 10]);
    assert!(watched.is_still());
    let plugged_in = WatchedWorld::open(1, PACE);
    let off = ByItself { watches_folders: false, goes_on: false };
    by_itself::choose(&plugged_in.shared.library, off).unwrap();
    plugged_in.watch.check_again();
    plugged_in.hear(|told| (told == WatchNews::Watching(Watching::default())).then_some(()));
    plugged_in.world.photo("new.png", [10, 200, 10]);
    assert!(plugged_in.is_still());
}

/// Its user has removed it while the scan waited.
#[test]
fn a_folder_that_was_removed_does_not_come_back_with_a_scan_of_what_was_touched() {
    let world = World::new();
    world.photo("a.png", [200, 10, 10]);
    world.scan();
    let root = fs::canonicalize(&world.photos).unwrap();
    let removed = root.clone();
    world.library.call(move |library| library.remove_folder(&removed, FacesOfFolder::Keep)).unwrap();
    world.photo("b.png", [10, 200, 10]);
    for touched in [root.join("b.png"), root.clone()] {
        let summary = world.scan_with(|tools| {
            let tools = ScanTools { touched: Some(std::slice::from_ref(&touched)), of_library: true, ..*tools };
            scan_folders(std::slice::from_ref(&root), &tools, &Cancel::default(), &mut |_| {}).unwrap()
        });
        assert_eq!(summary.new_photos, 0);
        assert_eq!(world.library.ask(|library| library.folder_places()).unwrap(), []);
        assert_eq!(world.library.call(|library| library.folders()).unwrap(), []);
    }
}

#[cfg(unix)]
#[test]
fn a_photo_that_is_deleted_behind_a_link_is_missed() {
    let watched = WatchedWorld::open(3, PACE);
    let elsewhere = watched.world.folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    watched.world.photo("far.png", [10, 200, 10]);
    fs::rename(watched.path("far.png"), elsewhere.join("far.png")).unwrap();
    std::os::unix::fs::symlink(&elsewhere, watched.path("link")).unwrap();
    watched.world.scan();
    fs::remove_file(elsewhere.join("far.png")).unwrap();
    assert_eq!(watched.scan(vec![watched.path("link/far.png")]).missing_photos, 1);
}

#[cfg(unix)]
#[test]
fn a_photo_to_which_a_link_leads_is_looked_at_again_where_it_lies() {
    let watched = WatchedWorld::open(3, PACE);
    let elsewhere = watched.world.folder.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let place = |colour| {
        watched.world.photo("far.png", colour);
        fs::rename(watched.path("far.png"), elsewhere.join("far.png")).unwrap();
    };
    place([0, 0, 0]);
    std::os::unix::fs::symlink(elsewhere.join("far.png"), watched.path("near.png")).unwrap();
    assert_eq!(watched.world.scan().skipped.len(), 1, "too dark");
    place([10, 200, 10]);
    let real = fs::canonicalize(elsewhere.join("far.png")).unwrap();
    assert_eq!(watched.scan(vec![real]).new_photos, 1);
}

/// The program's own thumbnails, seen through a link.
#[cfg(unix)]
#[test]
fn what_a_link_leads_to_in_a_folder_of_the_programs_own_is_no_photo() {
    let world = World::new();
    let root = fs::canonicalize(&world.photos).unwrap();
    let own = world.folder.path().join("thumbnails");
    fs::create_dir(&own).unwrap();
    world.photo("a.png", [200, 10, 10]);
    fs::rename(root.join("a.png"), own.join("a.png")).unwrap();
    std::os::unix::fs::symlink(&own, root.join("link")).unwrap();
    for touched in [root.join("link"), root.join("link/a.png")] {
        let found = find_photos_at(&root, &[touched], std::slice::from_ref(&own), &Cancel::default(), |_| {});
        assert_eq!(found.photos, Vec::<PathBuf>::new());
    }
}

/// Whose drive went away and whose photos were deleted one by one are not told apart.
#[test]
fn more_than_half_is_asked_for_also_where_it_goes_little_by_little() {
    let watched = WatchedWorld::open(5, PACE);
    let gone = |i: u8| {
        fs::remove_file(watched.path(&format!("old{i}.png"))).unwrap();
        let summary = watched.scan(vec![watched.path(&format!("old{i}.png"))]);
        (summary.missing_photos, summary.withheld.first().map(|withheld| (withheld.gone, withheld.of)))
    };
    assert_eq!((gone(0), gone(1)), ((1, None), (1, None)));
    assert_eq!(gone(2), (0, Some((1, 5))));
    let folder = fs::canonicalize(&watched.world.photos).unwrap();
    assert_eq!(accept_missing(&watched.world.library, &folder, 1), 1);
    assert_eq!(gone(3), (1, None), "what was answered is not asked again");
}

#[test]
fn a_folder_in_whose_place_another_one_comes_at_once_is_watched() {
    let watched = WatchedWorld::open(3, Pace { every: Duration::from_millis(1500), ..PACE });
    let away = watched.world.folder.path().join("away");
    fs::rename(&watched.world.photos, &away).unwrap();
    fs::create_dir(&watched.world.photos).unwrap();
    fs::remove_dir(&watched.world.photos).unwrap();
    // The same one: nothing tells it from that of before.
    fs::rename(&away, &watched.world.photos).unwrap();
    watched.follow();
    watched.world.photo("new.png", [10, 200, 10]);
    assert_eq!(watched.follow().new_photos, 1);
}
