//! Each change of the library on a disk that fails at each of its writes in turn: the library is sound afterwards, the
//! change is there as a whole or not at all, and what went wrong is a sentence for its user.

use super::failing_disk::{Fault, failing};
use super::*;

/// A folder with a closed library: Ada named, two suggested for her, Ben, a group, a step to undo, a backup without Ben.
struct Before {
    folder: tempfile::TempDir,
    ada: PersonId,
    faces: Vec<FaceId>,
    backup: PathBuf,
}

fn before() -> Before {
    let mut fixture = LibraryFixture::new();
    let faces: Vec<FaceId> = (1..8).flat_map(|hash| fixture.add(&format!("{hash}.jpg"), hash, 2)).collect();
    let ada = fixture.name(&faces[..2], "Ada Lovelace");
    fixture.group(&[&[faces[0], faces[4], faces[5]], &[faces[6], faces[7]], &[faces[8], faces[9]]]);
    let backup = fixture.library.back_up(BackupReason::Asked).unwrap();
    fixture.name(&faces[2..4], "Ben");
    fixture.library.set_aside(&faces[10..11], SetAside::Stranger).unwrap();
    let backup = PathBuf::from("backups").join(backup.file_name().unwrap());
    let LibraryFixture { folder, library, .. } = fixture;
    drop(library);
    Before { folder, ada, faces, backup }
}

fn copied(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry.unwrap();
        let target = to.path().join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type().is_dir() {
            true => std::fs::create_dir(target).unwrap(),
            false => _ = std::fs::copy(entry.path(), target).unwrap(),
        }
    }
    to
}

/// All that a user would miss.
fn state(file: &Path) -> String {
    let library = Library::open(file).unwrap();
    let steps: Vec<_> = library.history(99).unwrap().iter().map(|step| (step.action, step.is_undone)).collect();
    let photos = library.counts().unwrap().photos;
    format!("{photos} photos\n{steps:?}\n{}", told(&library))
}

/// Whether the sentence is about the disk, and says in its own words what became of the change.
fn is_clear(error: &LibraryError) -> bool {
    matches!(
        error,
        LibraryError::DiskFull { .. }
            | LibraryError::DiskFailed { .. }
            | LibraryError::NotWritten { .. }
            | LibraryError::CannotOpen { .. }
            | LibraryError::MigrationFailed { .. }
    )
}

fn at_every_write(folder: &Path, before: &str, change: impl Fn(&Path) -> Result<(), LibraryError>) {
    let whole = copied(folder);
    change(&whole.path().join("library.sqlite")).unwrap();
    let after = state(&whole.path().join("library.sqlite"));
    for fault in [Fault::Full, Fault::Once] {
        // Some changes write hundreds of times: the first writes each, then those of a stride, others for either fault.
        let late = if fault == Fault::Full { 24 } else { 26 };
        for nth in (1..late).chain((late..).step_by(5)) {
            let here = copied(folder);
            let file = here.path().join("library.sqlite");
            let (outcome, failures) = failing(fault, nth, || change(&file));
            let at = format!("{fault:?} at write {nth}: {outcome:?}");
            let report = check(&file);
            assert!(report.is_sound(), "{at}: {report:?}");
            let now = state(&file);
            match &outcome {
                Ok(()) => assert_eq!(now, after, "{at}"),
                Err(error) => {
                    assert!(is_clear(error), "{at}: {error}");
                    assert!(fault != Fault::Full || error.to_string().contains("disk is full"), "{at}: {error}");
                    assert_eq!(now, before, "{at}");
                }
            }
            let unsound = backups(&file).unwrap().into_iter().find(|backup| !backup.is_sound());
            assert_eq!(unsound, None, "{at}");
            assert!(here.path().join("backups").read_dir().unwrap().count() > 0, "{at}: a backup is gone");
            if failures == 0 {
                assert!(nth > 3, "nothing was written");
                break;
            }
        }
    }
}

fn decided_at_every_write(decide: impl Fn(&mut Library, &Before) -> Result<(), LibraryError>) {
    let world = before();
    let told = state(&copied(world.folder.path()).path().join("library.sqlite"));
    at_every_write(world.folder.path(), &told, |file| decide(&mut Library::open(file)?, &world));
}

#[test]
fn naming_on_a_failing_disk() {
    decided_at_every_write(|library, world| library.name_person(world.ada, "Ada King").map(drop));
}

#[test]
fn confirming_on_a_failing_disk() {
    decided_at_every_write(|library, world| library.confirm(&world.faces[4..6]).map(drop));
}

#[test]
fn undoing_on_a_failing_disk() {
    decided_at_every_write(|library, _| library.undo().map(drop));
}

#[test]
fn a_batch_of_a_scan_on_a_failing_disk() {
    decided_at_every_write(|library, _| {
        let scan = library.begin_scan(Path::new("/photos"))?;
        let batch = [20, 21].map(|hash| photo(Path::new(&format!("/photos/{hash}.jpg")), hash, 3));
        library.record_photos(scan, &batch).map(drop)
    });
}

#[test]
fn a_grouping_on_a_failing_disk() {
    decided_at_every_write(|library, world| {
        let groups = [vec![world.faces[6], world.faces[8]], vec![world.faces[7], world.faces[9], world.faces[12]]];
        library.apply_grouping(&groups, GroupedBy::User(&[]), Revision::NOW).map(drop)
    });
}

#[test]
fn a_backup_on_a_failing_disk() {
    decided_at_every_write(|library, _| library.back_up(BackupReason::Asked).map(drop));
}

#[test]
fn a_restore_on_a_failing_disk() {
    let world = before();
    let told = state(&copied(world.folder.path()).path().join("library.sqlite"));
    at_every_write(world.folder.path(), &told, |file| {
        restore(file, &file.parent().unwrap().join(&world.backup)).map(drop)
    });
}

#[test]
fn forgetting_on_a_failing_disk() {
    decided_at_every_write(|library, world| library.forget_now(world.ada, true).map(drop));
}

#[test]
fn an_import_on_a_failing_disk() {
    let mut other = LibraryFixture::new();
    let faces = other.add("elsewhere.jpg", 3, 2);
    other.name(&faces[..1], "Cleo");
    other.add("new.jpg", 30, 3);
    let mut text = Vec::new();
    other.library.export(&mut text).unwrap();
    decided_at_every_write(|library, _| library.import(&text[..], ImportMode::Apply).map(drop));
}

#[test]
fn a_migration_on_a_failing_disk() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("library.sqlite");
    crate::library::tests::of_version_0_1(&file);
    std::fs::create_dir(folder.path().join("backups")).unwrap();
    std::fs::copy(&file, folder.path().join("backups/library-20260101T000000.000Z-asked.sqlite")).unwrap();
    // Opening it is the change: so it is there once it is asked for again.
    let migrated = state(&copied(folder.path()).path().join("library.sqlite"));
    at_every_write(folder.path(), &migrated, |file| Library::open(file).map(drop));
}
