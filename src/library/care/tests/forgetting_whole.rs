//! What goes with somebody beside the faces that are theirs today.

use super::forgetting::{NAME, Traces, with_person};
use super::*;

fn forgotten_places(fixture: &LibraryFixture) -> usize {
    rows(&fixture.library, "SELECT x FROM forgotten", 1).len()
}

/// Renamed before they were merged, one by way of the other; one with a face that is a friend's since.
#[test]
fn who_was_merged_into_somebody_is_forgotten_with_all_their_names() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 5);
    let person = fixture.name(&faces[..1], "Anna");
    let friend = fixture.name(&faces[3..4], "Friend");
    let one = fixture.name(&[faces[1], faces[4]], "Xanthippe M");
    fixture.library.name_person(one, "Xanthippe Mueller").unwrap();
    let other = fixture.name(&faces[2..3], "Zenobia Q");
    fixture.library.name_person(other, "Zenobia Quux").unwrap();
    // By mistake: the friend's name is the friend's.
    fixture.library.name_person(person, "Friend").unwrap();
    fixture.library.name_person(person, "Anna").unwrap();
    fixture.library.back_up_only(BackupReason::Asked).unwrap();
    fixture.library.move_faces(&faces[4..], &Destination::Person(friend)).unwrap();
    fixture.library.merge(other, one).unwrap();
    fixture.library.merge(one, person).unwrap();
    fixture.library.back_up_only(BackupReason::Asked).unwrap();

    let forgotten = fixture.library.forget_now(person, true).unwrap();
    assert_eq!(forgotten.person.merged, [one, other]);
    assert_eq!((forgotten.backups_cleaned, forgotten.backups_deleted.len()), (2, 0));
    let names = ["Xanthippe M", "Zenobia Q"].map(|name| ("name", name.as_bytes().to_vec()));
    assert_eq!(Traces(names.to_vec()).in_folder(fixture.folder.path()), Vec::<String>::new());
    let history = fixture.library.history(9).unwrap();
    assert_eq!(history.len(), 1, "the friend's naming: {history:?}");
    fixture.restore_each(|fixture| assert_eq!(fixture.names(), ["Friend"]));
}

/// However long ago it was, and whatever took the name of whom they went into since.
#[test]
fn who_was_merged_into_somebody_whom_a_group_took_over_is_forgotten_with_them() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 3);
    fixture.group(&[&faces[2..]]);
    let (one, other) = (fixture.name(&faces[..1], "Xanthippe M"), fixture.name(&faces[1..2], "Bert"));
    let group = fixture.person_of(faces[2]);
    fixture.library.merge(one, other).unwrap();
    fixture.library.merge(other, group).unwrap();
    for number in 0..250 {
        fixture.library.name_person(group, &format!("Bert {number}")).unwrap();
    }
    let forgotten = fixture.library.forget_now(group, true).unwrap();
    assert_eq!(forgotten.person.merged, [one, other]);
    let traces = Traces(vec![("name", b"Xanthippe M".to_vec())]);
    assert_eq!(traces.in_folder(fixture.folder.path()), Vec::<String>::new());
}

/// Two people again: with the one it is only forgotten that they were taken for the other.
#[test]
fn who_was_parted_from_somebody_is_not_forgotten_with_them() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    let (one, other) = (fixture.name(&faces[..1], "Xanthippe M"), fixture.name(&faces[1..], "Bert"));
    fixture.library.merge(one, other).unwrap();
    let merged = fixture.library.merged_people().unwrap().remove(0);
    fixture.library.decide(&Decision::Part { step: merged.step, into: merged.into }, Revision::NOW).unwrap();
    let forgotten = fixture.library.forget_now(other, true).unwrap();
    assert_eq!((forgotten.person.merged.len(), fixture.names()), (0, vec!["Xanthippe M".to_owned()]));
    assert_eq!(fixture.library.merged_people().unwrap(), []);
}

/// Somebody without a face leaves nothing in whom they are merged into.
#[test]
fn a_name_without_a_face_that_was_merged_leaves_no_trace() {
    let mut fixture = LibraryFixture::new();
    let faces = fixture.add("a.jpg", 1, 2);
    let person = fixture.name(&faces[..1], "Anna");
    fixture.library.set_cover(person, faces[0]).unwrap();
    let empty = fixture.name(&faces[1..], "Xanthippe M");
    fixture.library.move_faces(&faces[1..], &Destination::Person(person)).unwrap();
    fixture.library.name_person(empty, "Xanthippe Mueller").unwrap();
    fixture.library.merge(empty, person).unwrap();
    fixture.library.forget_now(person, true).unwrap();
    let traces = Traces(vec![("name", b"Xanthippe M".to_vec())]);
    assert_eq!(traces.in_folder(fixture.folder.path()), Vec::<String>::new());
}

#[test]
fn faces_that_were_set_aside_as_somebodys_are_forgotten_with_them() {
    for may_find_again in [true, false] {
        let (mut fixture, person, traces) = with_person();
        let shown = fixture.library.person_to_forget(person).unwrap();
        let faces: Vec<FaceId> = shown.faces.iter().map(|face| face.face_id).collect();
        fixture.library.set_aside(&faces, SetAside::Stranger).unwrap();
        fixture.library.back_up_only(BackupReason::Asked).unwrap();
        let known = fixture.library.person_to_forget(person).unwrap();
        assert_eq!((known.faces.len(), known.vectors), (2, 2), "the question counts them");
        assert!(known.faces.iter().all(|face| face.is_set_aside && face.is_decided));
        let refused = fixture.library.forget_person(&shown, may_find_again).unwrap_err();
        assert!(
            matches!(refused, LibraryError::Stale(Stale::PersonChanged)),
            "{refused}: they were not set aside then"
        );
        let forgotten = fixture.library.forget_person(&known, may_find_again).unwrap();
        assert_eq!((forgotten.backups_cleaned, forgotten.backups_deleted.len()), (1, 0));
        assert_eq!(traces.in_folder(fixture.folder.path()), Vec::<String>::new());
        assert_eq!(forgotten_places(&fixture), if may_find_again { 0 } else { 2 });
        assert_eq!(fixture.library.counts().unwrap().faces, 2, "the friend's");
    }
}

#[test]
fn faces_in_pictures_that_no_scan_would_know_again_cannot_be_left_out_for_good() {
    let (mut fixture, person, _) = with_person();
    let backup = fixture.library.back_up_only(BackupReason::Asked).unwrap();
    let copied = std::fs::read(&backup).unwrap();
    fixture.library.connection.execute("UPDATE photo SET picture = NULL WHERE name_key = 'a.jpg'", []).unwrap();
    let before = fixture.dump();
    let refused = fixture.library.forget_now(person, false).unwrap_err();
    assert!(matches!(refused, LibraryError::PicturesUnknown { faces: 1 }), "{refused}");
    assert!(fixture.dump() == before && std::fs::read(&backup).unwrap() == copied, "nothing was done");
    fixture.library.forget_now(person, true).unwrap();
    assert_eq!(fixture.names(), ["Friend"]);
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
    // Room for all three.
    pad(&fixture.library);
    let traces = Traces(vec![("name", NAME.as_bytes().to_vec()), ("later name", b"Xaverius Quux".to_vec())]);
    assert!(traces.in_folder(&fixture.at("backups")).len() >= 4, "{:?}", traces.in_folder(&fixture.at("backups")));
    let forgotten = fixture.library.forget_now(person, true).unwrap();
    assert_eq!((forgotten.person.faces.len(), forgotten.backups_deleted.len()), (0, 0));
    assert_eq!(traces.in_folder(fixture.folder.path()), Vec::<String>::new());
    fixture.library.restore_backup(&early).unwrap();
    assert_eq!(fixture.names(), ["Friend"]);
}

/// Makes the library five times as large.
fn pad(library: &Library) {
    let padding = "CREATE TABLE padding AS SELECT zeroblob(4 * page_count * page_size) AS bytes \
                   FROM pragma_page_count, pragma_page_size";
    library.connection.execute_batch(padding).unwrap();
}

/// The library is smaller then, and so is the room for backups.
#[test]
fn forgetting_leaves_no_more_backups_than_there_is_room_for() {
    let (mut fixture, person, _) = with_person();
    pad(&fixture.library);
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
