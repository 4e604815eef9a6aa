//! What somebody sees of a library, read as the window reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::Key;
use crate::app::scan::job::histories::pictures::{Picture, Slot};
use crate::library::{FaceState, LibraryError, LibraryReader, ListPage, PeopleFilter, PeopleKind, PhotoFilter};
use crate::types::{FaceId, ModelId, PersonId, PhotoId};

/// A face as the window shows it, and what the library says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub face: FaceId,
    pub key: Key,
    pub state: FaceState,
    pub was_of: Option<PersonId>,
    pub is_missing: bool,
    pub has_vector: bool,
}

/// All that somebody can see of a library.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct VisibleLibrary {
    pub faces: Vec<Shown>,
    /// The pictures that are somewhere, and where.
    pub paths: BTreeMap<Picture, BTreeSet<PathBuf>>,
    /// Name, and whether hidden.
    pub people: BTreeMap<PersonId, (Option<String>, bool)>,
    /// Of every face …
    pub rejected: BTreeSet<(Key, PersonId)>,
    /// … and those that are listed, each with the face to take it back from.
    pub listed: BTreeSet<(Key, PersonId)>,
    pub apart: BTreeSet<(PersonId, PersonId)>,
    pub lost: BTreeSet<Key>,
    pub let_go: BTreeSet<Key>,
    /// The folders that are scanned.
    pub folders: BTreeSet<PathBuf>,
    /// What `library check` says against it.
    pub unsound: Option<String>,
    /// Faces without suggestions, and those confirmed one by one, of each named person.
    pub cards: BTreeMap<PersonId, (usize, usize)>,
}

pub(super) fn read(library: &LibraryReader, model: &ModelId) -> Result<VisibleLibrary, LibraryError> {
    let mut view = VisibleLibrary::default();
    let mut keys: BTreeMap<FaceId, Key> = BTreeMap::new();
    let mut photos = Vec::new();
    for filter in [PhotoFilter::All, PhotoFilter::Failed, PhotoFilter::Missing] {
        photos.extend(library.photos(filter, ListPage::ALL)?.into_iter().map(|photo| photo.id));
    }
    photos.sort();
    photos.dedup();
    for photo in photos {
        let Some((picture, is_missing)) = picture_of(library, photo)? else { continue };
        let paths = library.paths_of(photo)?;
        let is_new = view.paths.insert(picture, paths.into_iter().collect()).is_none();
        assert!(is_new, "{picture:?} is two photos");
        for face in library.faces_of_photo(photo)? {
            let centre = face.detection.face_box.centre();
            let slot = (0..picture.slots()).find(|slot| is_at(centre, picture, *slot));
            let Some(slot) = slot else { panic!("a face of {picture:?} is where none is: {:?}", face.detection) };
            let has_vector = library.embedding(model, face.face_id)?.is_some();
            let key = (picture, slot);
            keys.insert(face.face_id, key);
            let (face, state, was_of) = (face.face_id, face.state, face.was_of);
            view.faces.push(Shown { face, key, state, was_of, is_missing, has_vector });
        }
    }
    let hidden = PeopleFilter { kind: PeopleKind::Hidden, min_faces: 0 };
    let hidden: BTreeSet<PersonId> = library.people(hidden, ListPage::ALL)?.into_iter().map(|card| card.id).collect();
    for person in library.everyone()? {
        view.people.insert(person.id, (person.name, hidden.contains(&person.id)));
    }
    let named = PeopleFilter { kind: PeopleKind::Named, min_faces: 0 };
    for card in library.people(named, ListPage::ALL)? {
        view.cards.insert(card.id, (card.faces, card.confirmed));
    }
    // In an order that does not hang on which photo was decoded first.
    view.faces.sort_by_key(|shown| shown.key);
    view.rejected = library.all_rejections()?.iter().map(|(face, person)| (keys[face], *person)).collect();
    view.listed = library.rejections()?.iter().map(|no| (keys[&no.face_id], no.person)).collect();
    view.apart = library.told_apart()?.iter().map(|pair| pair.people).collect();
    view.lost = library.lost_faces()?.iter().map(|lost| keys[&lost.face_id]).collect();
    view.let_go = library.faces_let_go()?.iter().map(|face| keys[&face.face_id]).collect();
    view.folders = library.folders()?.into_iter().map(|folder| folder.path).collect();
    Ok(view)
}

fn picture_of(library: &LibraryReader, photo: PhotoId) -> Result<Option<(Picture, bool)>, LibraryError> {
    let Some(detail) = library.photo(photo)? else { return Ok(None) };
    Ok(detail.sha256.and_then(|hash| Picture::of_file(&hash)).map(|picture| (picture, detail.is_missing)))
}

fn is_at([x, y]: [f32; 2], picture: Picture, slot: Slot) -> bool {
    let (place, _) = picture.place(slot);
    let [cx, cy] = place.centre();
    (x - cx).abs() < place.width / 2.0 + 1.0 && (y - cy).abs() < place.height / 2.0 + 1.0
}
