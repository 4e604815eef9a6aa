use super::super::file;
use super::super::forget_backups::contains;
use super::failing_disk::{Fault, failing};
use super::transfers::{exported, import};
use super::*;
use crate::library::migrate;

impl Library {
    /// Whoever the person is now.
    pub(super) fn forget_now(&mut self, person: PersonId, may_find_again: bool) -> Result<Forgotten, LibraryError> {
        let shown = self.person_to_forget(person)?;
        self.forget_person(&shown, may_find_again)
    }
}

/// Found nowhere by chance.
const NAME: &str = "Xanthippe Quärz";
const FIRST_NAME: &str = "Xanthippe Müller-Quärz";

/// What must not be left: names, a vector, a crop.
pub(super) struct Traces(pub Vec<(&'static str, Vec<u8>)>);

impl Traces {
    pub fn in_folder(&self, folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                found.extend(self.in_folder(&entry.path()));
                continue;
            }
            for (what, bytes) in &self.0 {
                if contains(&entry.path(), bytes).unwrap() {
                    found.push(format!("{what} in {}", entry.file_name().to_string_lossy()));
                }
            }
        }
        found
    }
}

/// A face that nothing else in a file looks like.
fn distinctive(place: usize) -> (FaceRecord, Vec<u8>) {
    let values: Vec<f32> = (0..64).map(|i| ((i * 37 + place * 11) % 101) as f32 - 50.5).collect();
    let embedding = Embedding::normalise(values).unwrap();
    let bytes = embedding.as_slice().iter().flat_map(|value| value.to_le_bytes()).collect();
    let crop_jpeg = format!("crop of the person {place} ").repeat(20).into_bytes();
    (FaceRecord { embedding: Some(embedding), crop_jpeg, ..face(place) }, bytes)
}

/// A person named, renamed, moved, merged and rejected; a friend beside them in each photo.
pub(super) fn with_person() -> (LibraryFixture, PersonId, Traces) {
    let mut fixture = LibraryFixture::new();
    let (first, first_bytes) = distinctive(0);
    let (second, second_bytes) = distinctive(1);
    let crop = first.crop_jpeg.clone();
    let mut friend = distinctive(2).0;
    friend.crop_jpeg = vec![9; 40];
    let mut records = [photo(&fixture.at("a.jpg"), 1, 0), photo(&fixture.at("b.jpg"), 2, 0)];
    records[0].faces = vec![first, friend.clone()];
    records[1].faces = vec![second, friend];
    let recorded = fixture.library.record_photos(fixture.scan, &records).unwrap();
    let faces: Vec<FaceId> = recorded
        .iter()
        .flat_map(|recorded| {
            let mut faces = fixture.library.faces_of_photo(recorded.photo_id).unwrap();
            faces.sort_by_key(|face| face.face_id);
            faces.into_iter().map(|face| face.face_id)
        })
        .collect();
    let earlier = fixture.name(&faces[..1], FIRST_NAME);
    let person = fixture.name(&faces[2..3], NAME);
    fixture.library.merge(earlier, person).unwrap();
    let friend = fixture.name(&[faces[1], faces[3]], "Friend");
    fixture.library.mark_different(person, friend).unwrap();
    fixture.library.name_person(person, "Somebody").unwrap();
    fixture.library.name_person(person, NAME).unwrap();
    let traces = Traces(vec![
        ("name", NAME.as_bytes().to_vec()),
        ("earlier name", FIRST_NAME.as_bytes().to_vec()),
        ("vector", first_bytes),
        ("vector", second_bytes),
        ("crop", crop),
    ]);
    (fixture, person, traces)
}

#[test]
fn no_byte_of_a_forgotten_person_is_left_in_the_library_or_its_backups() {
    let (mut fixture, person, traces) = with_person();
    fixture.library.back_up(BackupReason::Asked).unwrap();
    // A backup of the time when the person had the earlier name and only one face.
    fixture.library.undo().unwrap();
    fixture.library.undo().unwrap();
    fixture.library.undo().unwrap();
    fixture.library.undo().unwrap();
    fixture.library.undo().unwrap();
    fixture.library.back_up_only(BackupReason::Daily).unwrap();
    while fixture.library.redo().unwrap().is_some() {}
    std::fs::write(fixture.at("backups/library-20260101T000000.000Z-daily.sqlite.partial"), NAME).unwrap();
    std::fs::write(fixture.at("library.sqlite.restoring"), NAME).unwrap();
    let found = traces.in_folder(fixture.folder.path());
    for what in ["name", "earlier name", "vector", "crop"] {
        assert!(found.iter().any(|trace| trace.starts_with(what)), "{what} is not there before: {found:?}");
    }

    let forgotten = fixture.library.forget_now(person, true).unwrap();
    assert!(forgotten.is_complete);
    assert_eq!((forgotten.person.faces.len(), forgotten.person.vectors), (2, 2));
    assert_eq!((forgotten.backups_cleaned, forgotten.backups_deleted.len()), (2, 0));
    assert_eq!(traces.in_folder(fixture.folder.path()), Vec::<String>::new());
    assert!(fixture.library.check().unwrap().is_sound());
    assert_eq!(fixture.names(), ["Friend"]);
    assert_eq!(fixture.library.counts().unwrap().faces, 2);
    let all = backups(&fixture.file()).unwrap();
    assert!(all.len() == 2 && all.iter().all(Backup::is_sound), "{all:?}");
    fixture.restore_each(|fixture| assert!(!fixture.names().contains(&NAME.to_owned())));
    assert_eq!(traces.in_folder(fixture.folder.path()), Vec::<String>::new());
}

#[test]
fn a_forgotten_person_is_gone_from_backups_of_an_older_format() {
    let (mut fixture, person, traces) = with_person();
    let old = fixture.at("library.sqlite.v3.backup");
    let older = Library::open_with(&old, &migrate::STEPS[..3]).unwrap();
    older
        .connection
        .execute_batch(&format!(
            "INSERT INTO folder VALUES (1, x'2F', 0); \
             INSERT INTO photo (folder_id, seen_in_scan, path, name_key, size, mtime_ns, sha256, state, sort_at) \
             VALUES (1, 1, CAST('{}' AS BLOB), 'a.jpg', 1, 1, x'{}', 'done', ''); \
             INSERT INTO person (id, name, created_at) VALUES (77, '{FIRST_NAME}', 0), (78, 'Friend', 0); \
             INSERT INTO face (photo_id, x, y, width, height, score, landmarks, quality, person_id, belongs) \
             VALUES (1, 2, 12, 60, 80, 1, zeroblob(40), 1, 77, 'confirmed'), (1, 200, 10, 60, 80, 1, zeroblob(40), 1, 78, 'confirmed');",
            fixture.at("a.jpg").display(),
            "01".repeat(32),
        ))
        .unwrap();
    drop(older);
    let forgotten = fixture.library.forget_now(person, false).unwrap();
    assert_eq!((forgotten.backups_cleaned, forgotten.backups_deleted.len()), (1, 0));
    assert_eq!(traces.in_folder(fixture.folder.path()), Vec::<String>::new());
    fixture.library.restore_backup(&old).unwrap();
    assert_eq!(fixture.names(), ["Friend"]);
}

#[test]
fn a_backup_that_cannot_be_cleaned_surely_is_deleted() {
    let (mut fixture, person, traces) = with_person();
    let torn = fixture.library.back_up(BackupReason::Asked).unwrap();
    let whole = std::fs::read(&torn).unwrap();
    std::fs::write(&torn, &whole[..whole.len() - 5000]).unwrap();
    // Another person of that name, of whom this library knows nothing.
    let strange = fixture.library.back_up_only(BackupReason::Asked).unwrap();
    let other = rusqlite::Connection::open(&strange).unwrap();
    other.execute("INSERT INTO person (name, created_at) VALUES (?1, 0)", [NAME]).unwrap();
    let face = "INSERT INTO face (photo_id, x, y, width, height, score, landmarks, quality, person_id, belongs) \
        SELECT photo_id, x + 500, y, width, height, score, landmarks, quality, (SELECT max(id) FROM person), 'confirmed' \
        FROM face LIMIT 1";
    other.execute(face, []).unwrap();
    other.close().unwrap();
    let mut deleted = fixture.library.forget_now(person, true).unwrap().backups_deleted;
    deleted.sort();
    let mut expected = vec![torn, strange];
    expected.sort();
    assert_eq!(deleted, expected);
    assert!(expected.iter().all(|path| !path.exists()));
    assert_eq!(traces.in_folder(fixture.folder.path()), Vec::<String>::new());
}

/// As an import leaves it after a folder's faces were forgotten and found anew.
#[test]
fn who_bears_the_name_in_a_backup_and_has_no_face_is_forgotten_too() {
    let (mut fixture, person, traces) = with_person();
    let backup = fixture.library.back_up_only(BackupReason::Asked).unwrap();
    let other = rusqlite::Connection::open(&backup).unwrap();
    other.execute("INSERT INTO person (name, created_at) VALUES (?1, 0)", [NAME]).unwrap();
    other.close().unwrap();
    fixture.library.name_person(person, "Xaverius Quux").unwrap();
    let forgotten = fixture.library.forget_now(person, true).unwrap();
    assert_eq!((forgotten.backups_deleted.len(), backup.exists()), (0, true), "it could be cleaned surely");
    assert_eq!(traces.in_folder(fixture.folder.path()), Vec::<String>::new());
}

/// As a backup holds them that was made after a folder's faces were forgotten, and before they were found anew.
#[test]
fn who_had_another_name_and_no_face_in_a_backup_is_forgotten_too() {
    let (mut shelf, person, traces) = with_person();
    let backup = shelf.library.back_up_only(BackupReason::Asked).unwrap();
    let other = rusqlite::Connection::open(&backup).unwrap();
    other.execute("UPDATE face SET person_id = NULL, belongs = NULL WHERE person_id = ?1", [person.0]).unwrap();
    other.close().unwrap();
    shelf.library.name_person(person, "Xaverius Quux").unwrap();
    shelf.library.forget_now(person, true).unwrap();
    assert_eq!(traces.in_folder(shelf.folder.path()), Vec::<String>::new());
}

/// All their faces were said to be somebody else's since; in the backup they are theirs, under the name of before.
#[test]
fn who_was_renamed_and_has_no_face_any_more_is_forgotten_in_backups_where_they_have_faces() {
    let (mut fixture, person, _) = with_person();
    let early = fixture.library.back_up_only(BackupReason::Asked).unwrap();
    fixture.library.name_person(person, "Xaverius Quux").unwrap();
    fixture.library.back_up_only(BackupReason::Asked).unwrap();
    let faces: Vec<FaceId> =
        fixture.library.person_to_forget(person).unwrap().faces.iter().map(|face| face.face_id).collect();
    fixture.library.move_faces(&faces, &Destination::NewPerson { name: "Friend's friend".into() }).unwrap();
    // A backup of whom only the history tells.
    let told = fixture.library.back_up_only(BackupReason::Asked).unwrap();
    let other = rusqlite::Connection::open(&told).unwrap();
    other
        .execute_batch(&format!(
            "DELETE FROM rejected WHERE person_id = {0}; DELETE FROM was_of WHERE person_id = {0}; \
         DELETE FROM different WHERE person_a = {0} OR person_b = {0}; DELETE FROM person WHERE id = {0}",
            person.0
        ))
        .unwrap();
    other.close().unwrap();
    fixture.library.connection.execute("DELETE FROM journal", []).unwrap();
    let traces = Traces(vec![("name", NAME.as_bytes().to_vec()), ("later name", b"Xaverius Quux".to_vec())]);
    assert!(traces.in_folder(&fixture.at("backups")).len() >= 4, "{:?}", traces.in_folder(&fixture.at("backups")));
    grow(&fixture);
    let forgotten = fixture.library.forget_now(person, true).unwrap();
    assert_eq!((forgotten.person.faces.len(), forgotten.backups_deleted.len()), (0, 0));
    assert_eq!(traces.in_folder(fixture.folder.path()), Vec::<String>::new());
    fixture.library.restore_backup(&early).unwrap();
    assert_eq!(fixture.names(), ["Friend"]);
}

/// An older program gave a number again: whoever has it in a backup is somebody else.
#[test]
fn who_has_the_number_in_a_backup_and_nothing_else_of_the_person_stays() {
    let (mut fixture, person, _) = with_person();
    let backup = fixture.library.back_up_only(BackupReason::Asked).unwrap();
    let other = rusqlite::Connection::open(&backup).unwrap();
    other
        .execute("UPDATE person SET name = 'Theodora', created_at = created_at - 900 WHERE id = ?1", [person.0])
        .unwrap();
    other.execute("UPDATE face SET x = x + 250 WHERE person_id = ?1", [person.0]).unwrap();
    other.execute("DELETE FROM journal", []).unwrap();
    other.close().unwrap();
    fixture.library.forget_now(person, true).unwrap();
    fixture.library.restore_backup(&backup).unwrap();
    assert!(fixture.names().contains(&"Theodora".to_owned()), "{:?}", fixture.names());
}

/// What a window reads again is theirs: nobody else's rows have changed.
/// The library takes five times the room from now on.
fn grow(fixture: &LibraryFixture) {
    let padding = "CREATE TABLE padding AS SELECT zeroblob(4 * page_count * page_size) AS bytes \
        FROM pragma_page_count, pragma_page_size";
    fixture.library.connection.execute_batch(padding).unwrap();
}

/// The library is smaller then, and so is the room for backups.
#[test]
fn forgetting_leaves_no_more_backups_than_there_is_room_for() {
    let (mut fixture, person, _) = with_person();
    grow(&fixture);
    for _ in 0..4 {
        fixture.library.back_up_only(BackupReason::Daily).unwrap();
    }
    fixture.library.connection.execute("DROP TABLE padding", []).unwrap();
    let before: Vec<PathBuf> = backups(&fixture.file()).unwrap().into_iter().map(|backup| backup.path).collect();
    let forgotten = fixture.library.forget_now(person, true).unwrap();
    let left: Vec<PathBuf> = before.iter().filter(|path| path.exists()).cloned().collect();
    assert_eq!((before.len(), left.len(), forgotten.backups_cleaned), (4, 1, 4), "{forgotten:?}");
    let mut told = forgotten.backups_removed;
    told.sort();
    let mut gone: Vec<PathBuf> = before.into_iter().filter(|path| !left.contains(path)).collect();
    gone.sort();
    assert_eq!(told, gone);
}

#[test]
fn forgetting_touches_the_person_and_what_was_said_of_them() {
    let (mut fixture, person, _) = with_person();
    let shown = fixture.library.person_to_forget(person).unwrap();
    let friend = fixture.library.everyone().unwrap().into_iter().find(|other| other.id != person).unwrap();
    let faces: Vec<FaceId> = shown.faces.iter().map(|face| face.face_id).collect();
    let photos: Vec<_> = faces.iter().map(|face| fixture.library.face(*face).unwrap().unwrap().photo_id).collect();
    let last = fixture.library.next_steps().unwrap().undo;
    let touched = fixture.library.forget_person(&shown, true).unwrap().touched;
    assert_eq!(touched.people, [person, friend.id], "the friend was told apart from them");
    assert_eq!((touched.faces, touched.photos, touched.everything), (faces, photos, false));
    assert_ne!(fixture.library.next_steps().unwrap().undo, last);
    // Whoever decided through this library goes on with what they look at.
    fixture.library.decide(&Decision::Undo(last), Revision::NOW).unwrap();
}

#[test]
fn a_scan_finds_a_forgotten_person_again_only_where_it_may() {
    for may_find_again in [true, false] {
        let (mut fixture, person, _) = with_person();
        fixture.library.forget_now(person, may_find_again).unwrap();
        let known = fixture.library.known(&fixture.at("a.jpg")).unwrap().unwrap();
        assert_eq!(known.is_settled(&ModelId("boxes".into())), !may_find_again);
        let mut record = photo(&fixture.at("a.jpg"), 1, 0);
        record.faces = vec![distinctive(0).0, distinctive(2).0];
        let recorded = fixture.library.record_photos(fixture.scan, &[record]).unwrap();
        let faces = fixture.library.faces_of_photo(recorded[0].photo_id).unwrap();
        assert_eq!(faces.len(), if may_find_again { 2 } else { 1 });
        assert!(faces.iter().all(|face| face.name.is_none() || face.name.as_deref() == Some("Friend")));
        // Nor does an import bring the face back.
        if !may_find_again {
            let (other, ..) = with_person();
            let mut text = Vec::new();
            other.library.export(&mut text).unwrap();
            let report = fixture.library.import(&text[..], ImportMode::Apply).unwrap();
            assert_eq!(report.faces_made, 0, "{report:?}");
            assert!(
                report
                    .contradictions
                    .iter()
                    .all(|c| matches!(c, Contradiction::Face { here: FaceDecision::Forgotten, .. }))
            );
            assert_eq!(report.contradictions.len(), 2);
        }
    }
}

#[test]
fn a_namesake_and_their_history_stay() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    let one = fixture.name(&faces[..1], NAME);
    let other = fixture.name(&faces[1..], NAME);
    let backup = fixture.library.back_up(BackupReason::Asked).unwrap();
    let forgotten = fixture.library.forget_now(one, true).unwrap();
    assert_eq!((forgotten.person.namesakes, forgotten.backups_cleaned), (1, 1));
    assert_eq!((fixture.names(), fixture.library.history(9).unwrap().len()), (vec![NAME.to_owned()], 1));
    assert_eq!(fixture.library.person(other).unwrap().unwrap().confirmed, 1);
    fixture.library.restore_backup(&backup).unwrap();
    assert_eq!(fixture.library.person(other).unwrap().unwrap().confirmed, 1);
    assert!(fixture.library.person(one).unwrap().is_none());
}

#[test]
fn a_name_that_stands_in_a_photos_path_costs_no_backup() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("Xanthippe/a.jpg", 1, 2);
    let person = fixture.name(&faces[..1], "Xanthippe");
    fixture.name(&faces[1..], "Friend");
    fixture.library.back_up(BackupReason::Asked).unwrap();
    let forgotten = fixture.library.forget_now(person, true).unwrap();
    assert_eq!((forgotten.backups_cleaned, forgotten.backups_deleted.len()), (1, 0));
}

#[test]
fn forgetting_while_another_program_reads_is_finished_later() {
    let (mut fixture, person, traces) = with_person();
    fixture.library.connection.busy_timeout(std::time::Duration::from_millis(50)).unwrap();
    let reader = Library::open_read_only(&fixture.file()).unwrap();
    let reading = reader.connection.unchecked_transaction().unwrap();
    reader.counts().unwrap();
    let forgotten = fixture.library.forget_now(person, true).unwrap();
    assert!(!forgotten.is_complete);
    drop(reading);
    fixture.library.back_up_if_due().unwrap();
    assert_eq!(traces.in_folder(fixture.folder.path()), Vec::<String>::new());
}

#[test]
fn what_killed_copies_left_behind_goes_and_spoils_no_other() {
    let (mut fixture, person, traces) = with_person();
    let backup = fixture.library.back_up(BackupReason::Asked).unwrap();
    let left = [".forgetting", ".forgetting-journal", ".partial-journal", ".partial-wal"];
    for end in left {
        std::fs::write(file::with_suffix(&backup, end), NAME).unwrap();
    }
    std::fs::write(fixture.at("library.sqlite.restoring-journal"), NAME).unwrap();
    fixture.library.forget_now(person, true).unwrap();
    drop(fixture.library);
    assert_eq!(traces.in_folder(fixture.folder.path()), Vec::<String>::new());
    assert!(backup.exists(), "it was cleaned");
}

#[test]
fn a_forgetting_that_was_killed_is_finished_at_the_next_opening() {
    let (mut fixture, person, traces) = with_person();
    let reader = Library::open_read_only(&fixture.file()).unwrap();
    let held = reader.connection.unchecked_transaction().unwrap();
    held.query_row("SELECT count(*) FROM person", [], |row| row.get::<_, i64>(0)).unwrap();
    assert!(!fixture.library.forget_now(person, true).unwrap().is_complete, "somebody is reading");
    drop(held);
    drop(reader);
    let path = fixture.file();
    drop(fixture.library);
    drop(Library::open(&path).unwrap());
    assert_eq!(traces.in_folder(fixture.folder.path()), Vec::<String>::new());
}

/// By this a backup that was begun before knows that it does not count.
#[test]
fn each_forgetting_is_counted() {
    let (mut fixture, person, _) = with_person();
    let reader = Library::open_read_only(&fixture.file()).unwrap();
    let count = || reader.read(super::super::forget::count).unwrap();
    let before = count();
    fixture.library.forget_now(person, true).unwrap();
    assert_ne!(count(), before);
}

/// Another program was copying the library when the person was forgotten, and its copy came into its place while the disk
/// failed.
#[test]
fn a_backup_made_while_somebody_was_forgotten_on_a_failing_disk_is_cleaned_at_the_next_opening() {
    // Some of the writes each, for they are hundreds.
    for (fault, first) in [(Fault::Full, 1), (Fault::Once, 4)] {
        let mut unfinished = 0;
        for nth in (first..).step_by(7) {
            let (mut fixture, person, traces) = with_person();
            fixture.library.back_up_only(BackupReason::Asked).unwrap();
            let late = fixture.library.back_up_only(BackupReason::Daily).unwrap();
            let copied = std::fs::read(&late).unwrap();
            std::fs::remove_file(&late).unwrap();
            let (outcome, failures) = failing(fault, nth, || fixture.library.forget_now(person, true));
            if failures == 0 {
                break;
            }
            let at = format!("{fault:?} at write {nth}: {outcome:?}");
            let file = fixture.file();
            let folder = fixture.folder;
            match outcome {
                Ok(forgotten) if forgotten.is_complete => {}
                Ok(_) => {
                    // Once the backups were done, no copy that was begun before comes into its place any more.
                    let pending = fixture.library.read(super::super::forget_pending::read).unwrap();
                    if pending.is_some_and(|pending| !pending.is_empty()) {
                        std::fs::write(&late, &copied).unwrap();
                        unfinished += 1;
                    }
                }
                // They are still there, and can be forgotten again.
                Err(_) => {
                    drop(fixture.library);
                    assert!(names(&Library::open(&file).unwrap()).contains(&NAME.to_owned()), "{at}");
                    continue;
                }
            }
            drop(fixture.library);
            let library = Library::open(&file).unwrap();
            assert_eq!(names(&library), ["Friend"], "{at}");
            drop(library);
            assert_eq!(traces.in_folder(folder.path()), Vec::<String>::new(), "{at}");
            assert!(check(&file).is_sound(), "{at}");
            let all = backups(&file).unwrap();
            assert!(!all.is_empty() && all.iter().all(Backup::is_sound), "{at}: {all:?}");
        }
        assert!(unfinished > 0, "{fault:?}");
    }
}

/// Until it is done the library itself holds the name; a backup made meanwhile does not.
#[test]
fn a_backup_made_before_a_forgetting_is_finished_holds_nothing_of_the_person() {
    let (mut fixture, person, traces) = with_person();
    let reader = Library::open_read_only(&fixture.file()).unwrap();
    let held = reader.connection.unchecked_transaction().unwrap();
    held.query_row("SELECT count(*) FROM person", [], |row| row.get::<_, i64>(0)).unwrap();
    fixture.library.connection.busy_timeout(std::time::Duration::from_millis(50)).unwrap();
    let known = fixture.library.person_to_forget(person).unwrap();
    assert!(!fixture.library.forget_now(person, true).unwrap().is_complete);
    // As where the backups could not be cleaned either.
    let pending = super::super::forget_pending::Pending::new(&known, true, 1);
    fixture.library.write(|t| super::super::forget_pending::add(t, pending)).unwrap();
    let made = Library::open_read_only(&fixture.file()).unwrap().back_up_only(BackupReason::Asked).unwrap();
    for (what, bytes) in &traces.0 {
        assert!(!contains(&made, bytes).unwrap(), "{what}");
    }
    drop(held);
    fixture.library.restore_backup(&made).unwrap();
    drop(reader);
    let file = fixture.file();
    drop(fixture.library);
    drop(Library::open(&file).unwrap());
    assert_eq!(traces.in_folder(fixture.folder.path()), Vec::<String>::new());
}

#[test]
fn who_forgets_waits_for_a_backup_that_is_being_written() {
    let (mut fixture, person, _) = with_person();
    let file = fixture.file();
    let writing = super::super::remains::Writing::begin(&file);
    std::thread::scope(|scope| {
        let backup = scope.spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(300));
            drop(writing);
            std::time::Instant::now()
        });
        assert!(fixture.library.forget_now(person, true).unwrap().is_complete);
        let forgotten = std::time::Instant::now();
        assert!(backup.join().unwrap() < forgotten);
    });
}

#[test]
fn nobody_is_forgotten_who_is_not_any_more_whom_the_question_showed() {
    let (mut fixture, person, _) = with_person();
    let backup = fixture.library.back_up(BackupReason::Asked).unwrap();
    let refused = |fixture: &mut LibraryFixture, shown: &PersonToForget| {
        let backup_before = std::fs::read(&backup).unwrap();
        match fixture.library.forget_person(shown, true).unwrap_err() {
            LibraryError::Stale(stale) => {
                assert_eq!(std::fs::read(&backup).unwrap(), backup_before, "nothing was changed");
                stale
            }
            other => panic!("{other}"),
        }
    };
    let shown = fixture.library.person_to_forget(person).unwrap();
    fixture.library.name_person(person, "Socrates").unwrap();
    assert_eq!(refused(&mut fixture, &shown), Stale::PersonChanged, "another name");
    let shown = fixture.library.person_to_forget(person).unwrap();
    let friend = fixture.library.everyone().unwrap().into_iter().find(|other| other.id != person).unwrap();
    let more = [friend.faces[0].face_id];
    fixture.library.move_faces(&more, &Destination::Person(person)).unwrap();
    assert_eq!(refused(&mut fixture, &shown), Stale::PersonChanged, "a face that the question did not count");
    let other = fixture.library.take_out(&more).unwrap();
    fixture.library.merge(person, other).unwrap();
    assert_eq!(refused(&mut fixture, &shown), Stale::PersonGone, "somebody else's by now");
    let shown = fixture.library.person_to_forget(other).unwrap();
    fixture.library.forget_person(&shown, true).unwrap();
}

/// Forgotten for good is forgotten on the other computer, too, whose scan has found the faces by then.
#[test]
fn an_import_takes_out_faces_that_are_forgotten_for_good() {
    let mut from = LibraryFixture::new();
    let faces = from.add("a.jpg", 1, 2);
    let ada = from.name(&faces[..1], "Ada");
    from.library.forget_now(ada, false).unwrap();
    let text = exported(&from);

    let mut fixture = LibraryFixture::new();
    let here = fixture.add("x.jpg", 1, 2);
    fixture.group(&[&here[..1], &here[1..]]);
    let before = fixture.dump();
    let report = fixture.library.import(&text[..], ImportMode::DryRun).unwrap();
    assert_eq!((report.faces_forgotten, fixture.dump()), (1, before));
    let report = import(&mut fixture, &text);
    assert_eq!((report.faces_forgotten, report.contradictions.len()), (1, 0));
    assert!(fixture.library.face(here[0]).unwrap().is_none());
    for table in ["embedding", "face_crop"] {
        let of = rows(&fixture.library, &format!("SELECT face_id FROM {table}"), 1);
        assert_eq!(of, [format!("Integer({})", here[1].0)], "{table}");
    }
    assert_eq!(fixture.library.everyone().unwrap().len(), 1, "its group is gone, too");
    let after = fixture.dump();
    assert_eq!(import(&mut fixture, &text).faces_forgotten, 0);
    assert_eq!(fixture.dump(), after);
}

#[test]
fn what_was_said_here_of_a_face_that_an_import_has_forgotten_stays_and_is_told() {
    let mut from = LibraryFixture::new();
    let faces = from.add("a.jpg", 1, 1);
    let ada = from.name(&faces, "Ada");
    from.library.forget_now(ada, false).unwrap();
    let text = exported(&from);
    let said: [(fn(&mut LibraryFixture, &[FaceId]), FaceDecision); 3] = [
        (|fixture, face| _ = fixture.name(face, "Eve"), FaceDecision::Is(Some("Eve".into()))),
        (
            |fixture, face| _ = fixture.library.set_aside(face, SetAside::Stranger).unwrap(),
            FaceDecision::SetAside(SetAside::Stranger),
        ),
        (
            |fixture, face| {
                let person = fixture.name(face, "Eve");
                let no = Decision::Reject { person, faces: face.to_vec() };
                fixture.library.decide(&no, Revision::NOW).unwrap();
            },
            FaceDecision::IsNot(Some("Eve".into())),
        ),
    ];
    for (say, here) in said {
        let mut fixture = LibraryFixture::new();
        let face = fixture.add("x.jpg", 1, 1);
        say(&mut fixture, &face);
        let (before, path) = (fixture.told(), fixture.at("x.jpg"));
        let report = import(&mut fixture, &text);
        let face_box = fixture.library.face(face[0]).unwrap().unwrap().detection.face_box;
        let import = FaceDecision::Forgotten;
        assert_eq!(report.contradictions, [Contradiction::Face { path, face_box, here, import }]);
        assert_eq!((report.faces_forgotten, fixture.told()), (0, before));
    }
}

/// One backup is from before the person's photos were there, the other one lay where no forgetting reaches.
#[test]
fn no_restore_brings_back_who_was_forgotten_for_good() {
    for damage in [None, Some("DROP TABLE clock")] {
        let mut fixture = LibraryFixture::new();
        let early = fixture.library.back_up(BackupReason::Asked).unwrap();
        let faces = fixture.add("a.jpg", 1, 2);
        let person = fixture.name(&faces[..1], NAME);
        fixture.name(&faces[1..], "Friend");
        let outside = fixture.at("outside.sqlite");
        std::fs::copy(fixture.library.back_up(BackupReason::Asked).unwrap(), &outside).unwrap();
        fixture.library.forget_now(person, false).unwrap();
        for (backup, names) in [(&early, &[][..]), (&outside, &["Friend"])] {
            if let Some(damage) = damage {
                fixture.library.connection.execute_batch(damage).unwrap();
            }
            let restored = fixture.library.restore_backup(backup).unwrap();
            assert_eq!(
                (fixture.names(), restored.people),
                (names.iter().map(|name| (*name).to_owned()).collect(), names.len())
            );
            fixture.scan = fixture.library.begin_scan(fixture.folder.path()).unwrap();
            assert_eq!(fixture.add("a.jpg", 1, 2).len(), 1, "{damage:?}: a scan finds the friend alone");
            for file in [fixture.file(), file::with_suffix(&fixture.file(), "-wal")] {
                let bytes = std::fs::read(&file).unwrap_or_default();
                assert!(!bytes.windows(NAME.len()).any(|part| part == NAME.as_bytes()), "{}", file.display());
            }
            assert_eq!(forget_count(&fixture), 1, "{damage:?}");
        }
    }
}

fn forget_count(fixture: &LibraryFixture) -> i64 {
    fixture.library.read(super::super::forget::count).unwrap()
}

/// Nobody looks through them, so the question names them.
#[test]
fn copies_that_their_user_made_are_told_before_somebody_is_forgotten() {
    let fixture = LibraryFixture::new();
    let backup = fixture.library.back_up(BackupReason::Asked).unwrap();
    assert_eq!(copies_by_hand(&fixture.file()).unwrap(), [] as [PathBuf; 0]);
    let copies = [fixture.at("old.sqlite"), backups_folder(&fixture.file()).join("my copy.sqlite")];
    copies.iter().for_each(|copy| _ = std::fs::copy(&backup, copy).unwrap());
    std::fs::write(fixture.at("notes.txt"), b"no database").unwrap();
    assert_eq!(copies_by_hand(&fixture.file()).unwrap(), copies);
}
