//! Folders that are scanned together: what goes from one to another is gone from neither.

use super::*;

struct TwoFolders {
    world: World,
    folders: [PathBuf; 2],
}

impl TwoFolders {
    /// Four photos in the first one.
    fn new() -> Self {
        let world = World::new();
        let folders = ["a", "b"].map(|name| world.photos.join(name));
        folders.iter().for_each(|folder| fs::create_dir(folder).unwrap());
        (0..4).for_each(|i| world.photo(&format!("a/{i}.png"), [200, 10, i]));
        let two = Self { world, folders };
        two.scan(&Cancel::default(), &mut |_| {});
        two
    }

    fn scan(&self, cancel: &Cancel, events: &mut dyn FnMut(JobEvent)) -> ScanSummary {
        self.world.scan_with(|tools| scan_folders(&self.folders, tools, cancel, events).unwrap())
    }

    /// To the second one, which is looked through last.
    fn move_all(&self) {
        (0..4).for_each(|i| {
            let [from, to] = self.folders.each_ref().map(|folder| folder.join(format!("{i}.png")));
            fs::rename(from, to).unwrap();
        });
    }
}

#[test]
fn photos_that_went_to_another_scanned_folder_are_not_asked_about() {
    let two = TwoFolders::new();
    two.move_all();
    let summary = two.scan(&Cancel::default(), &mut |_| {});
    assert_eq!((summary.moved_photos, summary.missing_photos, summary.withheld), (4, 0, Vec::new()));
    let gone = two.scan(&Cancel::default(), &mut |_| {});
    assert_eq!((gone.unchanged_photos, gone.missing_photos, gone.withheld_photos), (4, 0, 0));
}

/// Where it was cancelled nobody has looked at all the places that they may have gone to.
#[test]
fn a_scan_that_is_cancelled_between_two_folders_asks_nothing() {
    let two = TwoFolders::new();
    two.move_all();
    two.world.photo("a/new.png", [10, 200, 10]);
    let cancel = Cancel::default();
    let summary = two.scan(&cancel, &mut |event| {
        if matches!(event, JobEvent::Progress(Progress { stage: SCANNING, .. })) {
            cancel.cancel();
        }
    });
    assert!(summary.cancelled);
    assert_eq!((summary.new_photos, summary.missing_photos, summary.withheld), (1, 0, Vec::new()));
    assert_eq!(two.scan(&Cancel::default(), &mut |_| {}).moved_photos, 4);
}

/// What is gone from the first may lie in one to which nobody has come.
#[test]
fn where_a_folder_breaks_off_nothing_is_gone_from_the_ones_before_it() {
    let mut two = TwoFolders::new();
    let [first, second] = two.folders.clone();
    let third = two.world.photos.join("c");
    fs::create_dir(&third).unwrap();
    fs::rename(first.join("0.png"), third.join("0.png")).unwrap();
    (0..4).for_each(|i| two.world.photo(&format!("b/{i}.png"), [10, 200, i]));
    two.world.faces.failing = Some(|| DeviceFailed("out of memory".into()).into());
    let folders = [first, second, third];
    let scan = |world: &World| {
        let thumbnails = ThumbnailCache::new(world.folder.path().join("cache"));
        scan_folders(&folders, &world.tools(&thumbnails, &[]), &Cancel::default(), &mut |_| {})
    };
    assert!(scan(&two.world).is_err());
    let known = two.world.library.call(|library| library.folders()).unwrap();
    assert_eq!((known[0].files, known[0].outcome), (4, Some(ScanOutcome::Cancelled)));
    two.world.faces.failing = None;
    let summary = scan(&two.world).unwrap();
    assert_eq!((summary.moved_photos, summary.missing_photos), (1, 0));
}
