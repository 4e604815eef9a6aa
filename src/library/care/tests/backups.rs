use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::library::migrate;

#[test]
fn a_backup_is_one_whole_file_for_its_owner_only() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    fixture.name(&faces[..1], "Ada");
    let path = fixture.library.back_up(BackupReason::Asked).unwrap();
    let all = backups(&fixture.file()).unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0].path, all[0].reason), (&path, BackupReason::Asked));
    assert_eq!(all[0].state, BackupState::Sound { people: 1, faces: 2 });
    assert!((jiff::Timestamp::now().as_second() - all[0].at_secs).abs() < 60);
    assert_eq!(std::fs::read_dir(backups_folder(&fixture.file())).unwrap().count(), 1, "nothing lies beside it");
    #[cfg(unix)]
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
}

#[test]
fn what_a_killed_program_left_of_a_backup_is_none() {
    let mut fixture = LibraryFixture::new();
    fixture.add("a.jpg", 1, 1);
    let path = fixture.library.back_up(BackupReason::Asked).unwrap();
    let half = std::fs::read(&path).unwrap();
    std::fs::write(super::super::file::with_suffix(&path, ".partial"), &half[..half.len() / 2]).unwrap();
    assert_eq!(backups(&fixture.file()).unwrap().len(), 1);
    fixture.library.back_up(BackupReason::Asked).unwrap();
    assert_eq!(backups(&fixture.file()).unwrap().len(), 2);
}

#[test]
fn a_torn_backup_is_listed_as_damaged() {
    let mut fixture = LibraryFixture::new();
    fixture.add("a.jpg", 1, 1);
    let path = fixture.library.back_up(BackupReason::Asked).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for bytes in [&whole[..whole.len() / 2], &whole[..10], &[][..], &b"my holiday notes"[..]] {
        std::fs::write(&path, bytes).unwrap();
        let state = backups(&fixture.file()).unwrap().remove(0).state;
        // An empty file is an empty database, which is no library.
        assert!(matches!(state, BackupState::Damaged(_)), "{} bytes: {state:?}", bytes.len());
    }
}

#[test]
fn a_backup_of_a_damaged_library_is_not_kept() {
    let mut fixture = LibraryFixture::new();
    for hash in 0..100 {
        fixture.add(&format!("{hash}.jpg"), hash, 3);
    }
    let file = fixture.file();
    drop(fixture.library);
    damage(&file);
    if let Ok(library) = Library::open(&file) {
        let error = library.back_up(BackupReason::Asked).unwrap_err();
        assert!(matches!(error, LibraryError::Damaged { .. }), "{error}");
    }
    assert!(backups(&file).unwrap().is_empty());
    assert!(!check(&file).is_sound());
}

#[test]
fn the_newest_ten_are_kept_and_together_at_most_twice_the_library() {
    let mut fixture = LibraryFixture::new();
    fixture.add("a.jpg", 1, 1);
    let first = fixture.library.back_up(BackupReason::Asked).unwrap();
    for _ in 0..12 {
        fixture.library.back_up(BackupReason::Daily).unwrap();
    }
    let all = backups(&fixture.file()).unwrap();
    let limit = 2 * super::super::backup::bytes_of(&fixture.file());
    assert!(all.len() <= 10 && !all.is_empty() && !first.exists());
    assert!(all.iter().map(|backup| backup.bytes).sum::<u64>() <= limit.max(all[0].bytes));

    // Ten small ones beside a large library.
    let large = vec![0; 20 * all[0].bytes as usize];
    fixture.library.connection.execute("CREATE TABLE padding (bytes BLOB)", []).unwrap();
    for _ in 0..12 {
        fixture.library.back_up(BackupReason::Daily).unwrap();
    }
    fixture.library.connection.execute("INSERT INTO padding VALUES (?1)", [large]).unwrap();
    fixture.library.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    assert!(backups(&fixture.file()).unwrap().len() <= 10);
    fixture.library.back_up(BackupReason::Asked).unwrap();
    let newest = backups(&fixture.file()).unwrap().remove(0);
    assert_eq!((newest.reason, newest.is_sound()), (BackupReason::Asked, true));
}

#[test]
fn where_no_backup_can_be_written_it_says_so_and_the_library_goes_on() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 1);
    std::fs::write(backups_folder(&fixture.file()), b"in the way").unwrap();
    let error = fixture.library.back_up(BackupReason::Asked).unwrap_err();
    assert!(matches!(error, LibraryError::NotWritten { .. }), "{error}");
    fixture.name(&faces, "Ada");
    assert_eq!(fixture.names(), ["Ada"]);
}

#[test]
fn a_daily_backup_is_made_when_something_was_decided_and_a_day_has_passed() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    assert_eq!(fixture.library.back_up_if_due().unwrap(), None, "nothing was decided");
    fixture.name(&faces[..1], "Ada");
    assert!(fixture.library.back_up_if_due().unwrap().is_some());
    fixture.name(&faces[1..], "Ben");
    assert_eq!(fixture.library.back_up_if_due().unwrap(), None, "the last one is of today");
    let age = |fixture: &mut LibraryFixture, secs: i64| {
        let text = fixture.library.setting("backup.daily").unwrap().unwrap();
        let mut daily: serde_json::Value = serde_json::from_str(&text).unwrap();
        daily["at_secs"] = (daily["at_secs"].as_i64().unwrap() - secs).into();
        fixture.library.set_setting("backup.daily", &daily.to_string()).unwrap();
    };
    age(&mut fixture, 25 * 60 * 60);
    assert!(fixture.library.back_up_if_due().unwrap().is_some());
    age(&mut fixture, 25 * 60 * 60);
    assert_eq!(fixture.library.back_up_if_due().unwrap(), None, "nothing was decided since");
    fixture.library.reject(&faces[1..]).unwrap();
    age(&mut fixture, -50 * 60 * 60);
    assert!(fixture.library.back_up_if_due().unwrap().is_some(), "a clock that was set back stops nothing");
}

#[test]
fn a_grouping_that_moves_many_faces_of_named_people_is_backed_up_before() {
    let mut fixture = LibraryFixture::new();
    let ada = fixture.add("a.jpg", 1, 3);
    let new = fixture.add("b.jpg", 2, 2);
    fixture.name(&ada, "Ada");
    let with: Vec<FaceId> = ada.iter().chain(&new).copied().collect();
    fixture.library.back_up_if_due().unwrap();
    assert_eq!(
        fixture.library.before_grouping(std::slice::from_ref(&with)).unwrap(),
        None,
        "new suggestions move nobody"
    );
    fixture.group(&[&with]);
    assert_eq!(fixture.library.before_grouping(&[with]).unwrap(), None, "nothing changes");
    let made = fixture.library.before_grouping(&[ada, new]).unwrap().expect("two of five would leave Ada");
    let backup = backups(&fixture.file()).unwrap().remove(0);
    assert_eq!((backup.path, backup.reason), (made, BackupReason::Grouping));
}

#[test]
fn a_migration_is_backed_up_before_and_older_copies_stay_listed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("library.sqlite");
    drop(Library::open_with(&path, &migrate::STEPS[..3]).unwrap());
    let older = folder.path().join("library.sqlite.v2.backup");
    drop(Library::open_with(&older, &migrate::STEPS[..2]).unwrap());
    std::fs::write(folder.path().join("library.sqlite.vx.backup"), b"not ours").unwrap();
    drop(Library::open(&path).unwrap());
    let all = backups(&path).unwrap();
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|backup| backup.reason == BackupReason::Migration && backup.is_sound()), "{all:?}");
    assert!(all.iter().any(|backup| backup.path == older));
}

/// Each backup with whether it can be restored.
fn soundness(library: &Path) -> BTreeMap<PathBuf, bool> {
    backups(library).unwrap().into_iter().map(|backup| (backup.path.clone(), backup.is_sound())).collect()
}

fn harm(path: &Path, rng: &mut ChaCha8Rng) {
    let bytes = std::fs::read(path).unwrap();
    match rng.random_range(0..4) {
        0 => std::fs::write(path, &bytes[..bytes.len() / 3]).unwrap(),
        1 => std::fs::write(path, b"").unwrap(),
        2 => std::fs::write(path, [&[0; 200][..], &bytes[200.min(bytes.len())..]].concat()).unwrap(),
        _ if bytes.len() > 8192 => damage(path),
        _ => std::fs::write(path, b"something else").unwrap(),
    }
}

#[test]
fn no_sound_backup_goes_while_an_unsound_one_stays() {
    for seed in 0..8 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut fixture = LibraryFixture::new();
        let faces = fixture.add("a.jpg", 1, 4);
        fixture.name(&faces[..2], "Ada");
        for step in 0..14_u8 {
            let before = soundness(&fixture.file());
            match rng.random_range(0..5) {
                0 | 1 if !before.is_empty() => {
                    let one = before.keys().nth(rng.random_range(0..before.len())).unwrap();
                    harm(one, &mut rng);
                    continue;
                }
                // A library that grows leaves room for more small ones, and one that was put back for fewer.
                2 => _ = fixture.add(&format!("{step}.jpg"), 10 + step, 3),
                _ => {}
            }
            // Of those that hold the same only the newest is worth anything.
            fixture.name(&faces[2..3], &format!("After {step}"));
            // What a restore put aside is kept for itself: another test's matter.
            let reason = [BackupReason::Daily, BackupReason::Grouping, BackupReason::Asked][step as usize % 3];
            let made = fixture.library.back_up(reason).unwrap();
            let after = soundness(&fixture.file());
            let at = format!("seed {seed}, step {step}: {before:?}, then {after:?}");
            assert_eq!(after.get(&made), Some(&true), "{at}");
            let is_dropped = before.iter().any(|(path, is_sound)| *is_sound && !after.contains_key(path));
            assert!(!is_dropped || after.values().all(|is_sound| *is_sound), "{at}");
            let newest_before = before.iter().rev().find(|(_, is_sound)| **is_sound);
            assert!(newest_before.is_none_or(|(path, _)| after.contains_key(path)), "{at}");
        }
    }
}

#[test]
fn a_clock_that_was_set_back_costs_no_sound_backup() {
    let mut fixture = LibraryFixture::new();
    fixture.add("a.jpg", 1, 4);
    let sound = fixture.library.back_up(BackupReason::Asked).unwrap();
    for year in 2097..2100 {
        let of_the_future =
            backups_folder(&fixture.file()).join(format!("library-{year}0101T000000.000Z-daily.sqlite"));
        let bytes = std::fs::read(&sound).unwrap();
        std::fs::write(of_the_future, &bytes[..bytes.len() / 2]).unwrap();
    }
    let made = fixture.library.back_up(BackupReason::Daily).unwrap();
    assert!(made.exists() && sound.exists());
}

#[test]
fn a_backup_whose_rows_break_a_promise_is_not_offered_as_sound() {
    let mut fixture = LibraryFixture::new();
    fixture.add("a.jpg", 1, 2);
    let path = fixture.library.back_up(BackupReason::Asked).unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("PRAGMA foreign_keys = off; UPDATE face SET photo_id = 99").unwrap();
    other.close().unwrap();
    let state = backups(&fixture.file()).unwrap().remove(0).state;
    assert!(matches!(state, BackupState::Damaged(_)), "a restore would refuse it: {state:?}");
}

/// A wrong restore of a small early backup, and its user goes on backing up what came of it.
#[test]
fn the_copy_with_most_names_outlives_smaller_ones_made_after_it() {
    let mut fixture = LibraryFixture::new();
    let early = fixture.library.back_up(BackupReason::Asked).unwrap();
    for photo in 0..60 {
        let faces = fixture.add(&format!("{photo}.jpg"), photo, 4);
        if photo < 5 {
            fixture.name(&faces, ["Ada", "Ben", "Cy", "Dee", "Eve"][photo as usize]);
        }
    }
    let kept = fixture.library.restore_backup(&early).unwrap().kept.unwrap();
    assert!(fixture.names().is_empty());
    for _ in 0..24 {
        fixture.library.back_up(BackupReason::Asked).unwrap();
    }
    // More people than before, and fewer faces.
    fixture.scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    for (place, face) in fixture.add("new.jpg", 200, 6).into_iter().enumerate() {
        fixture.name(&[face], &format!("Other {place}"));
    }
    for _ in 0..24 {
        fixture.library.back_up(BackupReason::Daily).unwrap();
    }
    assert!(backups(&fixture.file()).unwrap().len() <= 10);
    fixture.library.restore_backup(&kept).unwrap();
    assert_eq!(fixture.names(), ["Ada", "Ben", "Cy", "Dee", "Eve"]);
}

/// As one file, without a log.
fn size(fixture: &LibraryFixture) -> u64 {
    let sql = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
    fixture.library.connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as u64
}

fn most_people(backups: &[Backup]) -> usize {
    let people = |backup: &Backup| match backup.state {
        BackupState::Sound { people, .. } => people,
        _ => 0,
    };
    backups.iter().map(people).max().unwrap_or(0)
}

/// The library is named in, grows, is restored, also over its own ruins, and imports: whatever happens, its backups keep to
/// the limits, the newest sound one is there, and so is what holds most names.
#[test]
fn backups_keep_to_the_limits_whatever_happens() {
    for seed in 0..4 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut fixture = LibraryFixture::new();
        let mut number = 0;
        for step in 0..18 {
            number += 1;
            let faces = fixture.add(&format!("{number}.jpg"), number, 3);
            if rng.random_range(0..3) == 0 {
                fixture.name(&faces[..1], &format!("P{number}"));
            }
            if rng.random_range(0..3) == 0 {
                let long = "x".repeat(rng.random_range(1..400_000));
                fixture.library.set_setting("padding", &long).unwrap();
            }
            let before = backups(&fixture.file()).unwrap();
            let one = (!before.is_empty()).then(|| &before[rng.random_range(0..before.len())]);
            match (rng.random_range(0..6), one.filter(|backup| backup.is_sound())) {
                (0 | 1, Some(backup)) => _ = fixture.library.restore_backup(&backup.path).unwrap(),
                (2, Some(backup)) => {
                    let file = fixture.file();
                    fixture.library = Library::open(&fixture.at("other.sqlite")).unwrap();
                    damage(&file);
                    super::super::restore(&file, &backup.path).unwrap();
                    fixture.library = Library::open(&file).unwrap();
                }
                (3, _) => {
                    let text = super::transfers::exported(&fixture);
                    fixture.library.import(&text[..], ImportMode::Apply).unwrap();
                }
                _ => _ = fixture.library.back_up(BackupReason::Daily).unwrap(),
            }
            fixture.scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
            let (all, now) = (backups(&fixture.file()).unwrap(), size(&fixture));
            let sum = all.iter().map(|backup| backup.bytes).sum::<u64>();
            let largest = all.iter().map(|backup| backup.bytes).max().unwrap();
            let at = format!("seed {seed}, step {step}: {now} bytes, {all:?}");
            assert!(all.len() <= 10 && sum <= 2 * now.max(largest), "{at}");
            assert!(sum <= 2 * now || all.len() <= 5, "those that are spared, and no other: {at}");
            assert!(all.iter().any(Backup::is_sound), "{at}");
            assert!(most_people(&all) >= most_people(&before), "{at}, before {before:?}");
        }
    }
}

#[test]
fn a_restored_backup_stays_where_it_fits() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    fixture.name(&faces[..1], "Ada");
    let early = fixture.library.back_up(BackupReason::Asked).unwrap();
    fixture.name(&faces[1..], "Ben");
    fixture.library.restore_backup(&early).unwrap();
    let all = backups(&fixture.file()).unwrap();
    assert!(early.exists() && most_people(&all) == 2, "{all:?}");
}

#[test]
fn a_damaged_library_that_was_put_aside_counts_as_one_of_ten() {
    let mut fixture = LibraryFixture::new();
    fixture.add("a.jpg", 1, 1);
    let first = fixture.library.back_up(BackupReason::Asked).unwrap();
    let put_aside = super::super::backup::new_path(&fixture.file(), BackupReason::BeforeRestore).unwrap();
    std::fs::write(&put_aside, b"torn").unwrap();
    // A log that is large for a while leaves room for ten.
    let padding = format!(
        "CREATE TABLE padding (bytes BLOB); INSERT INTO padding VALUES (zeroblob({})); DROP TABLE padding; VACUUM",
        20 * bytes_of(&first)
    );
    fixture.library.connection.execute_batch(&padding).unwrap();
    for _ in 0..12 {
        fixture.library.back_up(BackupReason::Daily).unwrap();
    }
    let all = backups(&fixture.file()).unwrap();
    assert!(put_aside.exists() && all.len() <= 10, "{all:?}");
}
