//! What stands where a file of the library belongs.

use super::super::{file, restore};
use super::restoring::with_backup;
use super::*;

const IN_THE_WAY: [(&str, fn(&Path)); 4] = [
    ("a folder", |path| {
        std::fs::create_dir(path).unwrap();
        std::fs::write(path.join("letter.txt"), b"not the library's").unwrap();
    }),
    ("a socket", |path| drop(std::os::unix::net::UnixListener::bind(path).unwrap())),
    ("a pipe", |path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success())),
    ("a device", |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap()),
];

#[test]
fn what_is_in_the_way_of_the_library_is_named_and_a_restore_steps_over_it() {
    for (what, put) in IN_THE_WAY {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let (fixture, backup) = with_backup();
            let file = fixture.file();
            let LibraryFixture { folder: _folder, library, .. } = fixture;
            drop(library);
            if suffix.is_empty() {
                file::remove(&file).unwrap();
            }
            let place = file::with_suffix(&file, suffix);
            put(&place);
            let at = format!("{what} as library.sqlite{suffix}");
            for outcome in [Library::open(&file).map(drop), Library::open_read_only(&file).map(drop)] {
                let error = outcome.unwrap_err();
                let sentence = error.to_string();
                let names_it = sentence.starts_with(what) && sentence.contains(&place.display().to_string());
                assert!(names_it && error.is_damage(), "{at}: {sentence}");
            }
            assert!(matches!(&check(&file).problems[..], [Problem::NotNow(told)] if told.starts_with(what)), "{at}");
            let restored = restore(&file, &backup).unwrap();
            assert_eq!(names(&Library::open(&file).unwrap()), ["Ada"], "{at}");
            assert!(check(&file).is_sound(), "{at}");
            let [aside] = &restored.moved_aside[..] else { panic!("{at}: {restored:?}") };
            assert!(std::fs::symlink_metadata(aside).is_ok(), "{at}: it is gone");
            assert!(what != "a folder" || aside.join("letter.txt").exists(), "{at}");
            // What the library held is kept.
            assert_eq!(restored.kept.is_some(), !suffix.is_empty(), "{at}");
            if let Some(kept) = restored.kept {
                restore(&file, &kept).unwrap();
                assert_eq!(names(&Library::open(&file).unwrap()), ["Ada", "Ben"], "{at}");
            }
        }
    }
}

#[test]
fn nothing_is_moved_aside_for_a_backup_that_cannot_be_restored() {
    let (fixture, backup) = with_backup();
    let file = fixture.file();
    let LibraryFixture { folder: _folder, library, .. } = fixture;
    drop(library);
    file::remove(&file).unwrap();
    IN_THE_WAY[0].1(&file);
    std::fs::write(&backup, b"torn").unwrap();
    let error = restore(&file, &backup).unwrap_err();
    assert!(matches!(error, LibraryError::UnsoundBackup { .. }), "{error}");
    assert!(file.join("letter.txt").exists());
}

#[test]
fn what_is_in_the_way_of_a_restores_own_copy_is_moved_aside() {
    for (what, put) in IN_THE_WAY {
        for suffix in
            [".restoring", ".restoring-wal", ".restoring-journal", ".restoring.partial", ".restoring.partial-journal"]
        {
            for is_damaged in [false, true] {
                let (fixture, backup) = with_backup();
                let file = fixture.file();
                let LibraryFixture { folder: _folder, library, .. } = fixture;
                drop(library);
                if is_damaged {
                    std::fs::write(&file, b"overwritten").unwrap();
                }
                put(&file::with_suffix(&file, suffix));
                let restored = restore(&file, &backup).unwrap();
                let at = format!("{what} as library.sqlite{suffix}, damaged: {is_damaged}");
                assert_eq!(names(&Library::open(&file).unwrap()), ["Ada"], "{at}");
                assert_eq!(restored.moved_aside.len(), 1, "{at}");
            }
        }
    }
}
