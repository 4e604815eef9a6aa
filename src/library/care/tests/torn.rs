//! Each of the library's files torn at random places: it opens with the names that were given, or says that it is damaged
//! and has a sound backup to offer.

use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// How often each file is torn, unless `LIKENESS_TEARS` says it.
const TEARS: usize = 24;

fn tears() -> usize {
    std::env::var("LIKENESS_TEARS").ok().and_then(|tears| tears.parse().ok()).unwrap_or(TEARS)
}

/// A library as a killed program leaves it: names stand in the file, later ones in its log alone, and a backup of those
/// before is there. With what was said of each face, after each change.
struct Killed {
    folder: tempfile::TempDir,
    told: Vec<BTreeSet<(i64, String)>>,
}

fn killed() -> Killed {
    let mut fixture = LibraryFixture::new();
    let faces: Vec<FaceId> = (1..40).flat_map(|hash| fixture.add(&format!("{hash}.jpg"), hash, 3)).collect();
    let mut told = Vec::new();
    for (number, faces) in faces.chunks(6).take(8).enumerate() {
        fixture.name(faces, &format!("Person {number}"));
        told.push(names_of_faces(&fixture.library).unwrap());
        if number == 3 {
            fixture.library.back_up(BackupReason::Asked).unwrap();
            fixture.library.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    copy_files(fixture.folder.path(), folder.path());
    Killed { folder, told }
}

fn copy_files(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type().is_dir() {
            true => std::fs::create_dir(target).unwrap(),
            false => _ = std::fs::copy(entry.path(), target).unwrap(),
        }
    }
}

fn names_of_faces(library: &Library) -> Result<BTreeSet<(i64, String)>, LibraryError> {
    let people = library.everyone()?;
    let named = people.into_iter().filter_map(|person| Some((person.name?, person.faces)));
    Ok(named.flat_map(|(name, faces)| faces.into_iter().map(move |face| (face.face_id.0, name.clone()))).collect())
}

#[derive(Debug, Clone, Copy)]
enum Tear {
    CutOff,
    Garbled,
    /// A sector of the disk was never written.
    Zeroed,
    Overwritten,
}

const SECTOR: usize = 512;

fn tear(file: &Path, how: Tear, rng: &mut ChaCha8Rng) {
    let mut bytes = std::fs::read(file).unwrap();
    let at = rng.random_range(0..bytes.len());
    let sector = at / SECTOR * SECTOR..(at / SECTOR * SECTOR + SECTOR).min(bytes.len());
    match how {
        Tear::CutOff => bytes.truncate(at),
        Tear::Garbled => bytes[at] ^= rng.random_range(1..=255),
        Tear::Zeroed => bytes[sector].fill(0),
        Tear::Overwritten => rng.fill(&mut bytes[sector]),
    }
    std::fs::write(file, bytes).unwrap();
}

/// What is left of a library whose file was torn.
enum Left {
    /// As after so many changes.
    Opens(usize),
    /// Some names cannot be read, and the check says so.
    Less,
    Damaged,
}

fn opened(killed: &Killed, file: &Path, at: &str) -> Left {
    let asked = Library::open(file).and_then(|library| names_of_faces(&library));
    let is_told = !check(file).is_sound();
    match asked {
        Ok(names) => match killed.told.iter().position(|told| *told == names) {
            Some(changes) => Left::Opens(changes + 1),
            None => {
                assert!(names.iter().all(|name| killed.told.iter().any(|told| told.contains(name))), "{at}: {names:?}");
                assert!(is_told, "{at}: names are gone without a word");
                Left::Less
            }
        },
        Err(error) => {
            assert!(error.is_damage(), "{at}: {error}");
            let sound: Vec<_> = backups(file).unwrap().into_iter().filter(Backup::is_sound).collect();
            assert!(!sound.is_empty(), "{at}: {error}");
            restore(file, &sound[0].path).unwrap();
            let names = names_of_faces(&Library::open(file).unwrap()).unwrap();
            assert!(killed.told.contains(&names), "{at}");
            Left::Damaged
        }
    }
}

/// Tears a file of the library, and says what is left each time.
fn tear_all(killed: &Killed, name: impl Fn(&Path) -> PathBuf, mut judge: impl FnMut(Tear, Left, &str)) {
    for seed in 0..tears() {
        let how = EVERY[seed % EVERY.len()];
        let here = tempfile::tempdir().unwrap();
        copy_files(killed.folder.path(), here.path());
        tear(&name(here.path()), how, &mut ChaCha8Rng::seed_from_u64(seed as u64));
        let at = format!("{how:?}, seed {seed}");
        let left = opened(killed, &here.path().join("library.sqlite"), &at);
        judge(how, left, &at);
    }
}

const EVERY: [Tear; 4] = [Tear::CutOff, Tear::Garbled, Tear::Zeroed, Tear::Overwritten];

#[test]
fn a_garbled_log_is_told_and_never_rolled_back_in_silence() {
    let killed = killed();
    let mut told = 0;
    tear_all(
        &killed,
        |folder| folder.join("library.sqlite-wal"),
        |how, left, at| match left {
            Left::Damaged => told += 1,
            Left::Less => panic!("{at}: names are gone"),
            Left::Opens(changes) => {
                assert!(
                    changes == killed.told.len() || matches!(how, Tear::CutOff),
                    "{at}: {changes} changes are left"
                );
            }
        },
    );
    assert!(told > tears() / 2, "only {told}");
}

/// SQLite makes this one anew.
#[test]
fn a_torn_index_of_the_log_costs_nothing() {
    let killed = killed();
    tear_all(
        &killed,
        |folder| folder.join("library.sqlite-shm"),
        |_, left, at| {
            assert!(matches!(left, Left::Opens(changes) if changes == killed.told.len()), "{at}");
        },
    );
}

#[test]
fn a_torn_library_is_right_or_damaged() {
    let killed = killed();
    tear_all(&killed, |folder| folder.join("library.sqlite"), |_, _, _| {});
    // Closed, without a log that would mend it.
    drop(Library::open(&killed.folder.path().join("library.sqlite")).unwrap());
    tear_all(&killed, |folder| folder.join("library.sqlite"), |_, _, _| {});
}

#[test]
fn a_torn_backup_costs_the_library_nothing() {
    let killed = killed();
    let backup = |folder: &Path| backups(&folder.join("library.sqlite")).unwrap().remove(0).path;
    tear_all(&killed, backup, |_, left, at| {
        assert!(matches!(left, Left::Opens(changes) if changes == killed.told.len()), "{at}");
    });
}

#[test]
fn what_was_kept_before_a_garbled_place_is_offered_once_and_brings_its_names_back() {
    let killed = killed();
    let file = killed.folder.path().join("library.sqlite");
    let log = killed.folder.path().join("library.sqlite-wal");
    let mut bytes = std::fs::read(&log).unwrap();
    let last = bytes.len() - 100;
    bytes[last] ^= 1;
    std::fs::write(&log, &bytes).unwrap();
    for _ in 0..2 {
        for outcome in [Library::open(&file).map(drop), Library::open_read_only(&file).map(drop)] {
            let error = outcome.unwrap_err();
            assert!(matches!(error, LibraryError::Damaged { .. }) && error.to_string().contains("the log"), "{error}");
        }
    }
    assert_eq!(std::fs::read(&log).unwrap(), bytes, "it was left as it is");
    let report = check(&file);
    assert!(matches!(&report.problems[..], [Problem::Structure(reason)] if reason.contains("log")), "{report:?}");
    let all = backups(&file).unwrap();
    assert_eq!(
        all.iter().map(|backup| backup.reason).collect::<Vec<_>>(),
        [BackupReason::Rescued, BackupReason::Asked]
    );
    let kept = restore(&file, &all[0].path).unwrap().kept.unwrap();
    assert_eq!(std::fs::read(super::super::file::with_suffix(&kept, "-wal")).unwrap(), bytes);
    let names = names_of_faces(&Library::open(&file).unwrap()).unwrap();
    assert_eq!(names, killed.told[killed.told.len() - 2], "all but the last change");
    assert!(!backups(&file).unwrap().iter().any(|backup| backup.path == kept && backup.is_sound()));
}

#[test]
fn a_log_that_came_into_the_file_in_part_is_no_earlier_state() {
    let killed = killed();
    let file = killed.folder.path().join("library.sqlite");
    let log = killed.folder.path().join("library.sqlite-wal");
    let bytes = std::fs::read(&log).unwrap();
    // Its last page has come into the file, as when a program is killed while it closes the library.
    let frame = &bytes[bytes.len() - 4096 - 24..];
    let page = u32::from_be_bytes(frame[..4].try_into().unwrap()) as usize;
    let mut whole = std::fs::read(&file).unwrap();
    whole.resize(whole.len().max(page * 4096), 0);
    whole[(page - 1) * 4096..page * 4096].copy_from_slice(&frame[24..]);
    std::fs::write(&file, whole).unwrap();
    assert_eq!(names_of_faces(&Library::open(&file).unwrap()).unwrap(), *killed.told.last().unwrap());
}

/// The library's file and log, as a kill leaves them now.
fn left_now(library: &Library) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy_files(library.path().parent().unwrap(), folder.path());
    folder
}

fn opens_like(library: &Library, at: &str) {
    let left = left_now(library);
    let file = left.path().join("library.sqlite");
    assert!(check(&file).is_sound(), "{at}: {:?}", check(&file));
    assert_eq!(names_of_faces(&Library::open(&file).unwrap()).unwrap(), names_of_faces(library).unwrap(), "{at}");
}

#[test]
fn what_kills_and_earlier_rounds_leave_in_the_log_is_no_damage() {
    let killed = killed();
    let file = killed.folder.path().join("library.sqlite");
    let log = killed.folder.path().join("library.sqlite-wal");
    // Killed before the commit of the last change: its other pages stay behind those of the next, smaller change.
    let whole = std::fs::read(&log).unwrap();
    std::fs::write(&log, &whole[..whole.len() - 4096 - 24]).unwrap();
    let mut library = Library::open(&file).unwrap();
    assert_eq!(names_of_faces(&library).unwrap(), killed.told[killed.told.len() - 2]);
    opens_like(&library, "before the commit");
    library.set_setting("a", "b").unwrap();
    opens_like(&library, "over what was left of it");
    // The log begins anew, over the frames of its earlier rounds.
    for round in 0..3 {
        library.connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(())).unwrap();
        for number in 0..=round {
            library.set_setting("a", &format!("{round} {number}")).unwrap();
            opens_like(&library, &format!("round {round}, change {number}"));
        }
    }
}

/// A file system that had made the log longer when the power went: SQLite takes the zeros for its end, and nothing that
/// was forced to the disk is lost.
#[test]
fn zeros_behind_the_last_frame_are_the_end_of_the_log() {
    let killed = killed_after_a_checkpoint();
    let whole = std::fs::read(killed.folder.path().join("library.sqlite-wal")).unwrap();
    let (frame, all) = (4096 + 24, killed.told.len());
    let last = whole.len() - frame;
    let with_zeros = |written: &[u8], zeros: usize| [written, &vec![0; zeros][..]].concat();
    // Behind all frames, by the frame and by the block; from the middle of the last one on, which is no change then.
    let logs = [
        (with_zeros(&whole, frame), all),
        (with_zeros(&whole, 40_000), all),
        (with_zeros(&whole[..last + 24 + 1000], 3 * frame), all - 1),
        (with_zeros(&whole[..last], 5 * frame), all - 1),
    ];
    for (number, (log, changes)) in logs.into_iter().enumerate() {
        let here = tempfile::tempdir().unwrap();
        copy_files(killed.folder.path(), here.path());
        let file = here.path().join("library.sqlite");
        std::fs::write(here.path().join("library.sqlite-wal"), log).unwrap();
        let left = opened(&killed, &file, &format!("log {number}"));
        assert!(matches!(left, Left::Opens(found) if found == changes), "log {number}");
    }
    // A whole change that stands behind zeros was kept once, and is lost.
    let hole = [&with_zeros(&whole[..last - 3 * frame], 3 * frame)[..], &whole[last..]].concat();
    let file = killed.folder.path().join("library.sqlite");
    std::fs::write(killed.folder.path().join("library.sqlite-wal"), hole).unwrap();
    assert!(refused(&file).contains("the log"), "{}", refused(&file));
}

/// As [`killed`], with names that came into the file after the backup and before those that stand in the log alone: the
/// backup holds four of them, the file six, the log two more.
fn killed_after_a_checkpoint() -> Killed {
    let mut fixture = LibraryFixture::new();
    let faces: Vec<FaceId> = (1..40).flat_map(|hash| fixture.add(&format!("{hash}.jpg"), hash, 3)).collect();
    let mut told = Vec::new();
    for (number, faces) in faces.chunks(6).take(8).enumerate() {
        fixture.name(faces, &format!("Person {number}"));
        told.push(names_of_faces(&fixture.library).unwrap());
        match number {
            3 => _ = fixture.library.back_up(BackupReason::Asked).unwrap(),
            5 => fixture.library.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap(),
            _ => {}
        }
    }
    let folder = tempfile::tempdir().unwrap();
    copy_files(fixture.folder.path(), folder.path());
    Killed { folder, told }
}

fn refused(file: &Path) -> String {
    let error = Library::open(file).map(drop).unwrap_err();
    assert!(matches!(error, LibraryError::Damaged { .. }), "{error}");
    error.to_string()
}

#[test]
fn of_a_log_whose_header_alone_is_garbled_nothing_is_lost() {
    let killed = killed_after_a_checkpoint();
    let whole = std::fs::read(killed.folder.path().join("library.sqlite-wal")).unwrap();
    let harms: [fn(&mut [u8]); 6] = [
        |header| header[0] ^= 0xFF,
        |header| header[9] ^= 1,
        |header| header[13] = 0xA5,
        |header| header[16..24].fill(0),
        |header| header[24..32].fill(0x5A),
        |header| header.fill(0),
    ];
    for (number, harm) in harms.into_iter().enumerate() {
        let here = tempfile::tempdir().unwrap();
        copy_files(killed.folder.path(), here.path());
        let file = here.path().join("library.sqlite");
        let mut bytes = whole.clone();
        harm(&mut bytes[..32]);
        std::fs::write(here.path().join("library.sqlite-wal"), &bytes).unwrap();
        assert!(refused(&file).contains("among the backups"), "harm {number}");
        let best = backups(&file).unwrap().remove(0);
        assert_eq!((best.reason, best.is_sound()), (BackupReason::Rescued, true), "harm {number}");
        let kept = restore(&file, &best.path).unwrap().kept.unwrap();
        assert_eq!(names_of_faces(&Library::open(&file).unwrap()).unwrap(), killed.told[7], "harm {number}");
        assert_eq!(std::fs::read(file::with_suffix(&kept, "-wal")).unwrap(), bytes, "harm {number}");
    }
}

#[test]
fn of_a_log_that_is_garbage_from_its_first_byte_the_file_alone_is_offered_and_said_to_lack_something() {
    let killed = killed_after_a_checkpoint();
    let whole = std::fs::read(killed.folder.path().join("library.sqlite-wal")).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut garbage = whole.clone();
    rng.fill(&mut garbage[..]);
    let mut first_sector = whole.clone();
    rng.fill(&mut first_sector[..SECTOR]);
    for log in [garbage, first_sector, vec![0; whole.len()], b"holiday notes ".repeat(1000)] {
        let here = tempfile::tempdir().unwrap();
        copy_files(killed.folder.path(), here.path());
        let file = here.path().join("library.sqlite");
        std::fs::write(here.path().join("library.sqlite-wal"), &log).unwrap();
        for _ in 0..2 {
            assert!(refused(&file).contains("may lack what was decided last"), "{}", refused(&file));
        }
        let all = backups(&file).unwrap();
        let reasons: Vec<_> = all.iter().map(|backup| (backup.reason, backup.is_sound())).collect();
        assert_eq!(reasons, [(BackupReason::FileAlone, true), (BackupReason::Asked, true)], "offered once");
        assert!(revision_in(&all[0].path) > revision_in(&all[1].path));
        let kept = restore(&file, &all[0].path).unwrap().kept.unwrap();
        assert_eq!(names_of_faces(&Library::open(&file).unwrap()).unwrap(), killed.told[5], "all that was in the file");
        assert_eq!(std::fs::read(file::with_suffix(&kept, "-wal")).unwrap(), log, "the damaged files are kept");
    }
}

/// A checkpoint that was broken off leaves some pages as they are now, and others as they were: without its log that is
/// no state of the library.
#[test]
fn a_file_of_two_states_is_not_offered_without_its_log() {
    let killed = killed_after_a_checkpoint();
    let before = std::fs::read(killed.folder.path().join("library.sqlite")).unwrap();
    let after = {
        let here = tempfile::tempdir().unwrap();
        copy_files(killed.folder.path(), here.path());
        drop(Library::open(&here.path().join("library.sqlite")).unwrap());
        std::fs::read(here.path().join("library.sqlite")).unwrap()
    };
    let pages: Vec<usize> = (0..after.len() / 4096)
        .filter(|page| before.get(page * 4096..(page + 1) * 4096) != Some(&after[page * 4096..(page + 1) * 4096]))
        .collect();
    assert!(pages.len() > 4, "{pages:?}");
    // Pages come into the file in their order.
    for done in 1..pages.len() {
        let here = tempfile::tempdir().unwrap();
        copy_files(killed.folder.path(), here.path());
        let file = here.path().join("library.sqlite");
        let mut mixed = before.clone();
        for page in &pages[..done] {
            let place = page * 4096..(page + 1) * 4096;
            mixed.resize(mixed.len().max(place.end), 0);
            mixed[place.clone()].copy_from_slice(&after[place]);
        }
        std::fs::write(&file, mixed).unwrap();
        std::fs::write(here.path().join("library.sqlite-wal"), vec![0xA5; 20_000]).unwrap();
        refused(&file);
        for backup in backups(&file).unwrap().into_iter().filter(|backup| backup.reason == BackupReason::FileAlone) {
            restore(&file, &backup.path).unwrap();
            let names = names_of_faces(&Library::open(&file).unwrap()).unwrap();
            assert!(killed.told.contains(&names), "{done} of {} pages: a mixture was offered", pages.len());
        }
    }
}

/// Nobody has opened the library since: what can be had of it is saved before another backup takes its place.
#[test]
fn a_restore_of_an_older_backup_saves_what_a_garbled_log_left_first() {
    let killed = killed_after_a_checkpoint();
    let file = killed.folder.path().join("library.sqlite");
    let log = killed.folder.path().join("library.sqlite-wal");
    let length = std::fs::metadata(&log).unwrap().len() as usize;
    std::fs::write(&log, vec![0xA5; length]).unwrap();
    let older = backups(&file).unwrap().remove(0).path;
    restore(&file, &older).unwrap();
    assert_eq!(names_of_faces(&Library::open(&file).unwrap()).unwrap(), killed.told[3]);
    let saved = backups(&file).unwrap().into_iter().find(|backup| backup.reason == BackupReason::FileAlone).unwrap();
    restore(&file, &saved.path).unwrap();
    assert_eq!(names_of_faces(&Library::open(&file).unwrap()).unwrap(), killed.told[5]);
}
