use std::collections::BTreeSet;

use super::super::{file, restore};
use super::*;
use crate::library::{Decision, migrate};

/// A library with Ada, a backup of it, and Ben since.
pub(super) fn with_backup() -> (LibraryFixture, PathBuf) {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    fixture.name(&faces[..1], "Ada");
    let backup = fixture.library.back_up(BackupReason::Asked).unwrap();
    fixture.name(&faces[1..], "Ben");
    (fixture, backup)
}

#[test]
fn a_restore_brings_names_back_and_keeps_what_was_there() {
    let (mut fixture, backup) = with_backup();
    let reader = Library::open_read_only(&fixture.file()).unwrap();
    let seen = reader.revision().unwrap();
    let restored = fixture.library.restore_backup(&backup).unwrap();
    assert_eq!((fixture.names(), restored.people), (vec!["Ada".to_owned()], 1));
    assert_eq!(reader.everyone().unwrap().len(), 1, "who has it open sees it");
    assert!(reader.revision().unwrap() > seen, "nobody decides about what they saw before");
    assert!(backup.exists());
    // And back again.
    let before = restored.kept.unwrap();
    fixture.library.restore_backup(&before).unwrap();
    assert_eq!(fixture.names(), ["Ada", "Ben"]);
    assert!(check(&fixture.file()).is_sound());
    let reasons: Vec<_> = backups(&fixture.file()).unwrap().iter().map(|backup| backup.reason).collect();
    assert_eq!(reasons, [BackupReason::BeforeRestore, BackupReason::Asked], "what was there then is kept already");
}

/// Twice the library is room for two backups here.
#[test]
fn what_a_restore_put_aside_outlives_restores_and_backups_after_which_nothing_was_decided() {
    let (mut fixture, backup) = with_backup();
    let aside = fixture.library.restore_backup(&backup).unwrap().kept.unwrap();
    for _ in 0..3 {
        assert_eq!(fixture.library.restore_backup(&backup).unwrap().kept.as_ref(), Some(&backup));
        assert!(aside.exists() && backup.exists());
    }
    for _ in 0..3 {
        fixture.library.back_up(BackupReason::Asked).unwrap();
        assert!(aside.exists());
    }
    fixture.library.restore_backup(&aside).unwrap();
    assert_eq!(fixture.names(), ["Ada", "Ben"]);
}

/// What was put aside before goes when there is no room for it: nobody looks for it in vain.
#[test]
fn a_restore_tells_which_backups_had_to_go() {
    let (mut fixture, _) = with_backup();
    let there = |fixture: &LibraryFixture| {
        backups(&fixture.file()).unwrap().into_iter().map(|backup| backup.path).collect::<BTreeSet<PathBuf>>()
    };
    let mut told = 0;
    for round in 0..4 {
        let face = fixture.add(&format!("{round}.jpg"), 10 + round, 1)[0];
        fixture.name(&[face], &format!("Number {round}"));
        let before = there(&fixture);
        // The newest: any other one may have had to go.
        let newest = backups(&fixture.file()).unwrap().remove(0).path;
        let removed = fixture.library.restore_backup(&newest).unwrap().removed;
        let after = there(&fixture);
        assert_eq!(removed.iter().cloned().collect::<BTreeSet<_>>(), before.difference(&after).cloned().collect());
        told += removed.len();
    }
    assert!(told > 0, "there is room for two");
}

/// An open window keeps the pictures of faces by their numbers: another face must not come to one of these.
#[test]
fn a_restore_gives_no_number_a_second_time() {
    let (mut fixture, backup) = with_backup();
    let later = fixture.add("b.jpg", 2, 3);
    let person = fixture.library.faces_to_group(&fixture::model()).unwrap().faces[1].state.person().unwrap();
    fixture.library.restore_backup(&backup).unwrap();
    let scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    fixture.scan = scan;
    let new = fixture.add("c.jpg", 3, 3);
    assert!(new.iter().all(|face| later.iter().all(|before| face > before)), "{later:?} {new:?}");
    fixture.name(&new[..1], "Cy");
    assert!(fixture.library.face(new[0]).unwrap().unwrap().state.person().unwrap() > person);
}

/// The same where nobody can read which numbers and revisions there were: the file is rubbish, and its log is gone.
#[test]
fn a_restore_over_rubbish_gives_no_number_and_no_revision_a_second_time() {
    let mut fixture = LibraryFixture::new();
    let backup = fixture.library.back_up(BackupReason::Asked).unwrap();
    let before = fixture.add("a.jpg", 1, 3);
    let ada = fixture.name(&before, "Ada");
    let seen = fixture.library.revision().unwrap();
    let file = fixture.file();
    // Closed, as a program that ended.
    fixture.library = Library::open(&fixture.at("other.sqlite")).unwrap();
    std::fs::write(&file, vec![0xA5; 1 << 16]).unwrap();
    restore::restore(&file, &backup).unwrap();
    fixture.library = Library::open(&file).unwrap();
    assert!(fixture.library.revision().unwrap() > seen);
    fixture.scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    let new = fixture.add("c.jpg", 3, 3);
    assert!(new.iter().all(|face| !before.contains(face)), "{before:?} {new:?}");
    assert_ne!(fixture.name(&new[..1], "Cy"), ada);
    assert!(check(&file).is_sound());
}

/// The same backup, over rubbish again and again: what was given in between is known to somebody, too.
#[test]
fn no_restore_over_rubbish_begins_where_another_did() {
    let mut fixture = LibraryFixture::new();
    let backup = fixture.library.back_up(BackupReason::Asked).unwrap();
    let file = fixture.file();
    let (mut faces, mut people) = (Vec::new(), Vec::new());
    for round in 1..=5 {
        let new = fixture.add("a.jpg", round, 3);
        assert!(new.iter().all(|face| !faces.contains(face)), "round {round}: {new:?} after {faces:?}");
        let person = fixture.name(&new, "Ada");
        assert!(!people.contains(&person), "round {round}: {person:?} after {people:?}");
        faces.extend(new);
        people.push(person);
        let seen = fixture.library.revision().unwrap();
        fixture.library = Library::open(&fixture.at("other.sqlite")).unwrap();
        std::fs::write(&file, vec![0xA5; 1 << 16]).unwrap();
        if round == 4 {
            std::fs::write(fixture.at("backups/library-numbers"), b"rubbish, too").unwrap();
        }
        restore::restore(&file, &backup).unwrap();
        fixture.library = Library::open(&file).unwrap();
        assert!(fixture.library.revision().unwrap() > seen, "round {round}");
        fixture.scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    }
    assert!(check(&file).is_sound());
}

/// Of a damaged library that was put aside, the numbers can often still be read.
#[test]
fn a_restore_goes_on_after_the_numbers_of_a_damaged_library() {
    let (mut fixture, backup) = with_backup();
    let given = 1 << 40;
    let set = "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'face'";
    fixture.library.connection.execute(set, [given]).unwrap();
    fixture.library.connection.execute_batch("PRAGMA user_version = -5").unwrap();
    let file = fixture.file();
    fixture.library = Library::open(&fixture.at("other.sqlite")).unwrap();
    restore::restore(&file, &backup).unwrap();
    fixture.library = Library::open(&file).unwrap();
    fixture.scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
    assert!(fixture.add("c.jpg", 3, 1)[0] > FaceId(given));
}

/// Otherwise revisions would double with each restore, and JSON holds no more than 2^53.
#[test]
fn a_restore_adds_no_more_revisions_than_there_are_rows() {
    let (mut fixture, mut backup) = with_backup();
    for _ in 0..4 {
        let before = fixture.library.revision().unwrap().0;
        backup = fixture.library.restore_backup(&backup).unwrap().kept.unwrap();
        let all = rows(&fixture.library, "SELECT revision FROM face UNION ALL SELECT revision FROM person", 1);
        let added = fixture.library.revision().unwrap().0 - before;
        assert!(added > 0 && added <= 1 + all.len() as i64, "{added}");
    }
}

/// Who looked at the library as it was, in another program, decides about nothing of what was restored.
#[test]
fn a_restore_makes_every_older_view_stale() {
    let (mut fixture, backup) = with_backup();
    let face = fixture.library.faces_to_group(&fixture::model()).unwrap().faces[0].clone();
    let person = face.state.person().unwrap();
    let mut other = Library::open(&fixture.file()).unwrap();
    let seen = other.revision().unwrap();
    fixture.library.restore_backup(&backup).unwrap();
    for decision in [
        Decision::Name { person, name: "Cy".into() },
        Decision::Hide(person),
        Decision::Confirm { person, faces: vec![face.face_id] },
        Decision::SetAside { of: Some(person), faces: vec![face.face_id], why: SetAside::Stranger },
    ] {
        let refused = other.decide(&decision, seen);
        assert!(matches!(refused, Err(LibraryError::Stale(_))), "{decision:?}: {refused:?}");
    }
    assert!(check(&fixture.file()).is_sound());
}

#[test]
fn a_damaged_library_is_restored_and_never_thrown_away() {
    let harms: [fn(&Path); 5] = [
        damage,
        |path| std::fs::write(path, b"overwritten by something else entirely").unwrap(),
        |path| {
            let whole = std::fs::read(path).unwrap();
            std::fs::write(path, &whole[..whole.len() / 3]).unwrap();
        },
        |path| {
            let mut bytes = std::fs::read(path).unwrap();
            bytes[..100].fill(0);
            std::fs::write(path, bytes).unwrap();
        },
        |path| std::fs::write(path, b"").unwrap(),
    ];
    for (place, harm) in harms.into_iter().enumerate() {
        let (fixture, backup) = with_backup();
        let file = fixture.file();
        drop(fixture.library);
        harm(&file);
        let harmed = std::fs::read(&file).unwrap();
        let restored = restore::restore(&file, &backup).unwrap();
        let library = Library::open(&file).unwrap();
        assert_eq!(names(&library), ["Ada"], "harm {place}");
        library.check_integrity().unwrap();
        let kept = restored.kept.unwrap();
        if !harmed.is_empty() {
            assert_eq!(std::fs::read(&kept).unwrap(), harmed, "harm {place}");
        }
        #[cfg(unix)]
        assert_eq!((mode(&file), mode(&kept)), (0o600, 0o600));
    }
}

/// It holds Ben, whom no backup knows.
#[test]
fn a_damaged_library_that_a_restore_put_aside_outlives_many_backups_and_not_for_ever() {
    let (fixture, backup) = with_backup();
    let file = fixture.file();
    drop(fixture.library);
    damage(&file);
    let harmed = std::fs::read(&file).unwrap();
    let kept = restore::restore(&file, &backup).unwrap().kept.unwrap();
    let library = Library::open(&file).unwrap();
    let back_up = |times: usize| (0..times).for_each(|_| _ = library.back_up(BackupReason::Daily).unwrap());
    back_up(25);
    assert_eq!(std::fs::read(&kept).unwrap(), harmed);
    let all = backups(&file).unwrap();
    let sound = all.iter().filter(|backup| backup.is_sound()).count();
    assert!(sound == all.len() - 1 && all.len() <= 10, "all others are sound: {all:?}");
    // The same file, put aside long ago.
    let name = kept.file_name().unwrap().to_str().unwrap();
    let old = kept.with_file_name(name.replacen("library-2", "library-1", 1));
    std::fs::rename(&kept, &old).unwrap();
    back_up(12);
    assert!(!old.exists());
}

/// As long as anything of it is there, its log is, too: without it it might open as something older, without a word.
#[cfg(target_os = "linux")]
#[test]
fn a_damaged_library_loses_its_log_after_its_file() {
    let (fixture, backup) = with_backup();
    let file = fixture.file();
    let log = std::fs::read(file::with_suffix(&file, "-wal")).unwrap();
    drop(fixture.library);
    std::fs::write(&file, b"overwritten").unwrap();
    std::fs::write(file::with_suffix(&file, "-wal"), &log).unwrap();
    // What cannot be removed stops it half way: the file is gone by then, and comes back.
    let stuck = file::with_suffix(&file, "-wal-wal");
    std::fs::create_dir_all(stuck.join("full")).unwrap();
    let staged = restore::Staged::copy(&file, &backup).unwrap();
    assert!(staged.replace(&file).is_err());
    assert_eq!(std::fs::read(&file).unwrap(), b"overwritten");
    assert_eq!(std::fs::read(file::with_suffix(&file, "-wal")).unwrap(), log);
    // Killed in between: the file is gone, and that is said.
    std::fs::remove_dir_all(&stuck).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(Library::open(&file), Err(LibraryError::Damaged { .. })));
}

#[test]
fn the_log_of_a_damaged_library_is_kept_with_it_and_not_read_into_the_restored_one() {
    let (fixture, backup) = with_backup();
    let file = fixture.file();
    // What a killed process leaves: the log is still there.
    let mut log = std::fs::read(file::with_suffix(&file, "-wal")).unwrap();
    assert!(!log.is_empty());
    log[0] ^= 0xFF;
    drop(fixture.library);
    std::fs::write(&file, b"overwritten").unwrap();
    std::fs::write(file::with_suffix(&file, "-wal"), &log).unwrap();
    let kept = restore::restore(&file, &backup).unwrap().kept.unwrap();
    assert_eq!(names(&Library::open(&file).unwrap()), ["Ada"]);
    assert_eq!(std::fs::read(file::with_suffix(&kept, "-wal")).unwrap(), log);
}

#[test]
fn a_library_that_is_gone_is_restored() {
    let (fixture, backup) = with_backup();
    let file = fixture.file();
    drop(fixture.library);
    file::remove(&file).unwrap();
    assert_eq!(restore::restore(&file, &backup).unwrap().kept, None);
    assert_eq!(names(&Library::open(&file).unwrap()), ["Ada"]);
}

#[test]
fn a_restore_killed_midway_leaves_the_library_as_it_was() {
    let (mut fixture, backup) = with_backup();
    // While the copy is staged.
    std::fs::write(fixture.at("library.sqlite.restoring.partial"), b"half").unwrap();
    std::fs::write(fixture.at("library.sqlite.restoring"), b"half").unwrap();
    assert_eq!(fixture.names(), ["Ada", "Ben"]);
    // While it is taken in: the change is not complete, and so none.
    {
        let from = file::open_still(&backup).unwrap();
        let half = rusqlite::backup::Backup::new(&from, &mut fixture.library.reader.connection).unwrap();
        half.step(3).unwrap();
    }
    let file = fixture.file();
    drop(fixture.library);
    let mut library = Library::open(&file).unwrap();
    assert_eq!(names(&library), ["Ada", "Ben"]);
    assert!(check(&file).is_sound());
    library.restore_backup(&backup).unwrap();
    assert_eq!(names(&library), ["Ada"]);
}

#[test]
fn an_unsound_or_newer_backup_is_refused_and_changes_nothing() {
    let (mut fixture, backup) = with_backup();
    let whole = std::fs::read(&backup).unwrap();
    let before = fixture.dump();
    let cut = fixture.at("cut.sqlite");
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let foreign = fixture.at("foreign.sqlite");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE recipe (text TEXT)").unwrap();
    for path in [cut, foreign, fixture.at("not there.sqlite")] {
        let error = fixture.library.restore_backup(&path).unwrap_err();
        assert!(matches!(error, LibraryError::UnsoundBackup { .. }), "{error}");
    }
    let newer = rusqlite::Connection::open(&backup).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    newer.close().unwrap();
    let error = fixture.library.restore_backup(&backup).unwrap_err();
    assert!(matches!(error, LibraryError::Newer { found: 99, .. }), "{error}");
    assert_eq!(backups(&fixture.file()).unwrap().remove(0).state, BackupState::Newer);
    assert_eq!(fixture.dump(), before);
}

#[test]
fn a_backup_of_an_older_format_is_brought_up_to_date() {
    let (mut fixture, _) = with_backup();
    let older = fixture.at("older.sqlite");
    let old = Library::open_with(&older, &migrate::STEPS[..3]).unwrap();
    old.connection.execute("INSERT INTO person (name, created_at) VALUES ('Old Ada', 0)", []).unwrap();
    drop(old);
    let before = std::fs::read(&older).unwrap();
    fixture.library.restore_backup(&older).unwrap();
    assert_eq!(fixture.names(), ["Old Ada"]);
    assert_eq!(std::fs::read(&older).unwrap(), before, "the backup itself stays as it is");
}

#[test]
fn an_emptied_or_removed_library_is_told_and_its_backup_outlives_what_comes_after() {
    for is_removed in [false, true] {
        let mut fixture = LibraryFixture::new();
        let faces: Vec<FaceId> = (0..40).flat_map(|i| fixture.add(&format!("{i}.jpg"), i, 3)).collect();
        fixture.library.move_faces(&faces, &Destination::NewPerson { name: "Ada".into() }).unwrap();
        let backup = fixture.library.back_up(BackupReason::Asked).unwrap();
        let LibraryFixture { folder, library, .. } = fixture;
        drop(library);
        let path = folder.path().join("library.sqlite");
        match is_removed {
            true => std::fs::remove_file(&path).unwrap(),
            false => std::fs::write(&path, b"").unwrap(),
        }
        let error = Library::open(&path).map(drop).unwrap_err();
        assert!(matches!(error, LibraryError::Damaged { .. }), "{error}");
        restore(&path, &backup).unwrap();
        let library = Library::open(&path).unwrap();
        assert_eq!(library.counts().unwrap().named_people, 1);
        drop(library);
        // Begun anew all the same, elsewhere, beside the old backups: they are larger than twice the new library.
        std::fs::remove_file(&path).unwrap();
        let aside = folder.path().join("aside");
        std::fs::rename(folder.path().join("backups"), &aside).unwrap();
        let new = Library::open(&path).unwrap();
        std::fs::rename(&aside, folder.path().join("backups")).unwrap();
        new.back_up(BackupReason::Asked).unwrap();
        assert!(backup.exists(), "the only copy of Ada");
    }
}

/// What belongs to no whole copy, as killed programs leave it.
fn leave_remains(fixture: &LibraryFixture, backup: &Path) -> Vec<PathBuf> {
    let beside = [".restoring", ".restoring-journal", ".restoring.partial", ".restoring.partial-wal", ".rescuing"];
    let of_backup = [".partial", ".partial-journal", ".forgetting", ".forgetting-wal", ".forgetting.partial"];
    let beside = beside.into_iter().map(|end| file::with_suffix(&fixture.file(), end));
    let remains: Vec<PathBuf> = beside.chain(of_backup.into_iter().map(|end| file::with_suffix(backup, end))).collect();
    remains.iter().for_each(|path| std::fs::write(path, b"half a copy").unwrap());
    remains
}

#[test]
fn what_killed_programs_left_goes_at_the_next_opening_unless_somebody_is_writing() {
    let (fixture, backup) = with_backup();
    let remains = leave_remains(&fixture, &backup);
    let not_ours =
        [fixture.at("backups/other-20260101T000000.000Z-daily.sqlite.partial"), fixture.at("letter.partial")];
    not_ours.iter().for_each(|path| std::fs::write(path, b"of another library").unwrap());
    let file = fixture.file();
    drop(fixture.library);
    let writing = remains::Writing::begin(&file);
    drop(Library::open(&file).unwrap());
    assert!(remains.iter().all(|path| path.exists()), "another program may be writing them now");
    drop(writing);
    drop(Library::open(&file).unwrap());
    let left: Vec<_> = remains.iter().filter(|path| path.exists()).collect();
    assert_eq!(left, Vec::<&PathBuf>::new());
    assert!(backup.exists() && not_ours.iter().all(|path| path.exists()));
    assert_eq!(names(&Library::open(&file).unwrap()), ["Ada", "Ben"]);
}

/// Another program's page of before the restore: whatever it decides was not about what is there now.
#[test]
fn who_looked_before_a_restore_decides_nothing_of_what_it_brought() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    let ada = fixture.name(&faces[..1], "Ada");
    let backup = fixture.library.back_up(BackupReason::Asked).unwrap();
    let seen = fixture.library.revision().unwrap();
    fixture.library.restore_backup(&backup).unwrap();
    let mut other = Library::open(&fixture.file()).unwrap();
    let of = other.face(faces[1]).unwrap().unwrap().state.person();
    let decisions = [
        Decision::Name { person: ada, name: "Bob".into() },
        Decision::Hide(ada),
        Decision::Move { of, faces: faces[1..].to_vec(), to: Destination::NewPerson { name: "Eve".into() } },
        Decision::SetAside { of, faces: faces[1..].to_vec(), why: SetAside::Stranger },
    ];
    for decision in decisions {
        let refused = other.decide(&decision, seen);
        assert!(matches!(refused, Err(LibraryError::Stale(_))), "{decision:?}: {refused:?}");
    }
    other.decide(&Decision::Name { person: ada, name: "Bob".into() }, other.revision().unwrap()).unwrap();
}
