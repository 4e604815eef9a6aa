//! A program that is killed while it writes leaves a whole file, the old one or the new one.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::matching::OthersNames;
use super::super::plan::plan;
use super::super::write::Modified;
use super::samples::{DIGIKAM, WritePlace, anna, jpeg, names, nothing, packet, packet_segment, put};

/// Says to the second program which photo it is to write into, without end.
const PHOTO: &str = "LIKENESS_TEST_PHOTO";
/// A file that says that the second program has written for the first time.
const BEGUN: &str = "LIKENESS_TEST_BEGUN";
const ROUNDS: u64 = 25;

/// What the killed program does; nothing where it is not asked for.
#[test]
fn writes_until_it_is_killed() {
    let Some(photo) = std::env::var_os(PHOTO).map(PathBuf::from) else { return };
    let others = OthersNames::default();
    loop {
        for place in [WritePlace::Embedded, WritePlace::Sidecar] {
            let (faces, ours) = ([anna()], nothing());
            let first = plan(&photo, place, &names(&faces, &ours, &others)).unwrap();
            let undo = first.undo().unwrap();
            first.write(Modified::Kept).unwrap();
            undo.apply().unwrap();
        }
        put(Path::new(&std::env::var_os(BEGUN).unwrap()), b"");
    }
}

#[test]
fn a_killed_writer_breaks_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    let old = jpeg(&[
        packet_segment(&packet(DIGIKAM)),
        vec![0xff, 0xfe, 0xff, 0xff].into_iter().chain([5; 65_533]).collect(),
    ]);
    put(&photo, &old);
    let (faces, ours, others) = ([anna()], nothing(), OthersNames::default());
    let result = |place| {
        let first = plan(&photo, place, &names(&faces, &ours, &others)).unwrap();
        (first.path.clone(), first.file.result(std::fs::read(&first.path).ok().as_deref()).unwrap().unwrap())
    };
    let (_, new) = result(WritePlace::Embedded);
    let (sidecar, new_sidecar) = result(WritePlace::Sidecar);
    let outside = tempfile::tempdir().unwrap();
    let begun = outside.path().join("begun");
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut seen = [0; 3];
    for round in 0..ROUNDS {
        let name = "metadata::xmp::tests::killed::writes_until_it_is_killed";
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args([name, "--exact"])
            .env(PHOTO, &photo)
            .env(BEGUN, &begun)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let patience = Instant::now();
        let wait_for = |is_time: &mut dyn FnMut() -> bool| {
            while !is_time() && patience.elapsed() < Duration::from_secs(60) {
                std::thread::yield_now();
            }
        };
        wait_for(&mut || begun.exists());
        // In the middle of a write, between two, or whenever.
        match round % 4 {
            0 => wait_for(&mut || has_partial(folder.path())),
            1 => wait_for(&mut || std::fs::metadata(&photo).unwrap().len() == new.len() as u64),
            2 => wait_for(&mut || sidecar.exists()),
            _ => std::thread::sleep(Duration::from_micros(rng.random_range(0..50_000))),
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        std::fs::remove_file(&begun).expect("the second program wrote before it was killed");
        let found = std::fs::read(&photo).unwrap();
        assert!(found == old || found == new, "round {round}: the photo is broken");
        let beside = std::fs::read(&sidecar).ok();
        assert!(beside.is_none() || beside.as_ref() == Some(&new_sidecar), "round {round}: the sidecar is broken");
        seen[0] += u32::from(found == new);
        seen[1] += u32::from(beside.is_some());
        seen[2] += u32::from(has_partial(folder.path()));
        // What an interrupted write leaves is one short file for each photo, and the next write takes it away.
        put(&photo, &old);
        let _ = std::fs::remove_file(&sidecar);
    }
    plan(&photo, WritePlace::Sidecar, &names(&faces, &ours, &others)).unwrap().write(Modified::Now).unwrap();
    plan(&photo, WritePlace::Embedded, &names(&faces, &ours, &others)).unwrap().write(Modified::Now).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "something is left over");
    assert!(seen.iter().all(|times| *times > 0), "no kill came in time: {seen:?}");
    println!("killed {ROUNDS} times: photo new {}, sidecar there {}, in a write {}", seen[0], seen[1], seen[2]);
}

/// Whether a write has begun there that is not finished.
fn has_partial(folder: &Path) -> bool {
    let mut names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.any(|name| name.as_encoded_bytes().starts_with(b".likeness-"))
}
