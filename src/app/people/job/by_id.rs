//! What is decided about people and faces by their numbers, without a window: the library is opened, and the daily backup
//! made after a decision.

use std::cmp::Reverse;

use anyhow::{Context, Result, bail, ensure};

use crate::app::engine::home::Home;
use crate::app::jobs::forget::{Forgetting, preview};
use crate::library::{Decision, FaceDetail, Library, LibraryError, LibraryReader, PersonListing};
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
    let people = match *decision {
        Decision::Name { person, .. } => vec![person],
        Decision::Merge { from, into, .. } => vec![from, into],
        _ => Vec::new(),
    };
    people.into_iter().try_for_each(|person| is_there(&library, person, seen))?;
    library.decide(decision, seen)?;
    if let Decision::Name { person, .. } = decision {
        namesakes(&library, *person)?.into_iter().for_each(&mut *note);
    }
    back_up(&mut library, note);
    Ok(())
}

/// Of who saw nobody it is not said that a person has gone since.
fn is_there(library: &LibraryReader, person: PersonId, seen: Revision) -> Result<()> {
    let is_there = seen != Revision::NOW || library.person(person)?.is_some();
    ensure!(is_there, "there is no person {}: {} lists those that there are", person.0, Advised("people"));
    Ok(())
}

/// Who else has the name of a person, and how they become one.
fn namesakes(library: &LibraryReader, person: PersonId) -> Result<Option<String>> {
    let named = library.named_people()?;
    let Some((_, name)) = named.iter().find(|(known, _)| *known == person) else { return Ok(None) };
    let of_one_name =
        named.iter().filter(|(other, theirs)| *other != person && theirs.to_lowercase() == name.to_lowercase());
    let others: Vec<String> = of_one_name.map(|(other, _)| other.0.to_string()).collect();
    let Some(first) = others.first() else { return Ok(None) };
    let merge = format!("people --merge {} {first}", person.0);
    Ok(Some(match others.len() {
        1 => format!("Person {first} has the same name; where they are one, {} says so", Advised(&merge)),
        _ => format!("People {} have the same name; where two are one, {} says so", others.join(", "), Advised(&merge)),
    }))
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
    is_there(&library, person, seen)?;
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
    use crate::library::{AgainstMerge, Destination, FaceRecord, ScanId};

    /// A picture of one face at a path; which face that is.
    fn record(library: &mut Library, scan: ScanId, path: &Path, hash: u8) -> FaceId {
        let face = FaceRecord { embedding: None, ..face(10.0, 0.0) };
        let photo = library.record_photos(scan, &[photo(path, hash, vec![face])]).unwrap()[0].photo_id;
        library.faces_of_photo(photo).unwrap()[0].face_id
    }

    #[test]
    fn of_who_never_was_it_is_not_said_that_they_have_gone() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let mut library = Library::open(&home.library()).unwrap();
        let made = library.move_faces(&[], &Destination::NewPerson { name: "Ada".into() }).unwrap();
        let (nobody, name) = (PersonId(99), "Bo".to_owned());
        let merge = |from, into| Decision::Merge { from, into, against: AgainstMerge::default() };
        let said = |decision, seen| decide(&home, &decision, seen, &mut |_| {}).unwrap_err().to_string();
        let told = [
            said(Decision::Name { person: nobody, name: name.clone() }, Revision::NOW),
            said(merge(nobody, made), Revision::NOW),
            said(merge(made, nobody), Revision::NOW),
            to_forget(&home, nobody, Revision::NOW, true).map(drop).unwrap_err().to_string(),
        ];
        told.iter().for_each(|told| assert!(told.starts_with("there is no person 99: "), "{told}"));
        let since = said(Decision::Name { person: nobody, name }, library.revision().unwrap());
        assert!(since.contains("has gone since"), "{since}");
    }

    #[test]
    fn who_has_the_name_of_another_one_is_told_with_their_number() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let mut library = Library::open(&home.library()).unwrap();
        let mut made = |name: &str| library.move_faces(&[], &Destination::NewPerson { name: name.into() }).unwrap();
        let (ada, bo, third) = (made("Ada"), made("Bo"), made("Carl"));
        let told = |person, name: &str| {
            let mut notes = Vec::new();
            let decision = Decision::Name { person, name: name.to_owned() };
            decide(&home, &decision, Revision::NOW, &mut |note| notes.push(note)).unwrap();
            notes.join("\n")
        };
        let alike = told(bo, "ada");
        let merge = format!("people --merge {} {}", bo.0, ada.0);
        assert!(alike.starts_with(&format!("Person {} has the same name", ada.0)) && alike.contains(&merge), "{alike}");
        let all = told(third, "Ada");
        assert!(all.starts_with(&format!("People {}, {} have the same name", ada.0, bo.0)), "{all}");
        assert_eq!(told(third, "Carl"), "");
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
