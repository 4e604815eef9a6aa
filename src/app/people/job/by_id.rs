//! What is decided about people and faces by their numbers, without a window: the library is opened, and the daily backup
//! made after a decision.

use std::cmp::Reverse;

use anyhow::{Context, Result, bail, ensure};

use crate::app::engine::home::Home;
use crate::app::jobs::forget::{Forgetting, preview};
use crate::library::{Decision, FaceDetail, Library, LibraryError, PersonListing};
use crate::types::{Advised, FaceId, PersonId, Revision};

/// A lost face, and the faces of the picture that is in the place of its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LostListing {
    pub lost: FaceDetail,
    /// A scan has yet to look for it there.
    pub is_sought: bool,
    pub there: Vec<FaceDetail>,
}

/// Decides as of what was seen. `note` hears what hindered the daily backup: the decision was kept all the same.
pub(crate) fn decide(home: &Home, decision: &Decision, seen: Revision, note: &mut dyn FnMut(String)) -> Result<()> {
    let mut library = Library::open(&home.library())?;
    library.decide(decision, seen)?;
    back_up(&mut library, note);
    Ok(())
}

/// Everybody who has a name or a face, who has the most first; and as of when.
pub(crate) fn everyone(home: &Home) -> Result<(Vec<PersonListing>, Revision)> {
    // Opened for writing, so that a library of an older program is brought up to date.
    let library = Library::open(&home.library())?;
    let (mut people, now) =
        library.at_once(|library| Ok::<_, LibraryError>((library.everyone()?, library.revision()?)))?;
    people.retain(|person| person.name.is_some() || !person.faces.is_empty());
    people.sort_by_key(|person| (Reverse(person.faces.len()), person.id));
    Ok((people, now))
}

/// A revision that this library cannot have printed yet would refuse nothing.
pub(crate) fn printed_before(home: &Home, seen: i64) -> Result<Revision> {
    let now = Library::open(&home.library())?.revision()?;
    ensure!((0..=now.0).contains(&seen), "this library is at revision {}, and was never at {seen}", now.0);
    Ok(Revision(seen))
}

/// What forgetting a person would take, and the library that is asked. What is refused then is refused now.
pub(crate) fn to_forget(
    home: &Home,
    person: PersonId,
    seen: Revision,
    may_find_again: bool,
) -> Result<(Library, Forgetting)> {
    let mut library = Library::open(&home.library())?;
    let forgetting = preview(home, &library, person)?;
    library.person_as_seen(person, seen)?;
    library.still_to_forget(&forgetting.person, may_find_again)?;
    Ok((library, forgetting))
}

pub(crate) fn lost_faces(home: &Home) -> Result<Vec<LostListing>> {
    let library = Library::open(&home.library())?;
    let mut listed = Vec::new();
    for face in library.lost_faces()? {
        let Some(lost) = library.face(face.face_id)? else { continue };
        let there = face.replaced_by.map_or_else(|| Ok(Vec::new()), |photo| library.faces_of_photo(photo))?;
        listed.push(LostListing { lost, is_sought: face.is_sought, there });
    }
    Ok(listed)
}

/// What was said of the lost face is said of the other from now on, which is returned as it is then.
pub(crate) fn put_back(
    home: &Home,
    (lost, onto): (FaceId, FaceId),
    seen: Revision,
    note: &mut dyn FnMut(String),
) -> Result<FaceDetail> {
    let mut library = Library::open(&home.library())?;
    let Some(face) = library.lost_faces()?.into_iter().find(|face| face.face_id == lost) else {
        bail!("face {} is not lost: {} lists those that are", lost.0, Advised("people --lost"));
    };
    ensure!(lost != onto, "a lost face is put back onto another one");
    let known =
        |library: &Library| library.face(onto)?.with_context(|| format!("face {} is not in the library", onto.0));
    known(&library)?;
    library.decide(&Decision::PutBack { of: face.state.person(), lost, onto }, seen)?;
    back_up(&mut library, note);
    known(&library)
}

fn back_up(library: &mut Library, note: &mut dyn FnMut(String)) {
    if let Err(error) = library.back_up_if_due() {
        note(format!("The daily backup could not be made: {error}"));
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::library::fixture::{face, photo};
    use crate::library::{Destination, FaceRecord, ScanId};

    /// A picture of one face at a path; which face that is.
    fn record(library: &mut Library, scan: ScanId, path: &Path, hash: u8) -> FaceId {
        let face = FaceRecord { embedding: None, ..face(10.0, 0.0) };
        let photo = library.record_photos(scan, &[photo(path, hash, vec![face])]).unwrap()[0].photo_id;
        library.faces_of_photo(photo).unwrap()[0].face_id
    }

    #[test]
    fn a_lost_face_is_put_back_and_no_other_one() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let mut library = Library::open(&home.library()).unwrap();
        let put_back = |faces| put_back(&home, faces, Revision::NOW, &mut |_| {});
        let scan = library.begin_scan(folder.path()).unwrap();
        let lost = record(&mut library, scan, &folder.path().join("a.jpg"), 1);
        let ada = Destination::NewPerson { name: "Ada".into() };
        let ada = library.move_faces(&[lost], &ada).unwrap();
        let onto = record(&mut library, scan, &folder.path().join("a.jpg"), 2);
        let pair = library.replaced_photos().unwrap()[0];
        let is_sought = || lost_faces(&home).unwrap()[0].is_sought;
        assert!(is_sought(), "from the moment on when another picture is there");
        library.carry_over(pair, &[]).unwrap();
        assert!(!is_sought());
        for (lost, onto) in [(onto, lost), (lost, lost), (lost, FaceId(99)), (FaceId(99), onto)] {
            assert!(put_back((lost, onto)).is_err());
        }
        assert_eq!(library.lost_faces().unwrap().len(), 1, "nothing was done");
        assert_eq!(put_back((lost, onto)).unwrap().state.person(), Some(ada));
        assert!(library.lost_faces().unwrap().is_empty());
        library.undo().unwrap();
        assert_eq!(library.lost_faces().unwrap()[0].face_id, lost, "there is a way back");
    }
}
