//! Names that other programs gave, offered for the faces of a folder's photos.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::files_read::{FilesRead, KeepRead};
use super::skipped::SkippedFile;
use super::sources::{CollectedNames, MoreSources, OwnNames, collect};
use crate::app::engine::changed_places::ChangedPlaces;
use crate::app::engine::home::Home;
use crate::app::engine::networks::EngineOptions;
use crate::app::engine::progress::JobEvent;
use crate::faces::image::orientation_of_file;
use crate::library::{FaceState, FaceWithOwner, LibraryReader, NamesRead, PhotoWithFaces, SetAside};
use crate::metadata::faces::{FaceOwner, FaceToName, PhotoToName};
use crate::metadata::found::{NameFound, NameSource, PhotoPath};
use crate::metadata::region_box::{ExifTurn, RegionBox};
use crate::metadata::review::answers::{AnsweredName, AnsweredNames, NameDecision};
use crate::metadata::review::{NamesReview, NamesToReview};
use crate::networks::models::Store;
use crate::types::{Cancel, FaceBox, ModelId, PersonId, PhotoId, Revision};

/// What was found, and the state of the library for which it is offered.
#[derive(Debug, PartialEq)]
pub struct OfferedNames {
    pub(crate) review: NamesReview,
    pub(crate) skipped: Vec<SkippedFile>,
    /// Names that are not offered since they were refused.
    pub(crate) refused: usize,
    /// Where the photos are; one path each.
    pub(super) paths: HashMap<PhotoId, PathBuf>,
    pub(super) revision: Revision,
}

/// What the library holds of a folder's photos.
#[derive(Debug)]
pub(crate) struct KnownFaces {
    revision: Revision,
    photos: Vec<PhotoWithFaces>,
    people: Vec<(PersonId, String)>,
    /// What marks in files call the library.
    own: Option<String>,
    answered: Vec<AnsweredName>,
    /// What their files said when they were read last.
    read: Vec<NamesRead>,
    /// Where they may say something else by now.
    changed: ChangedPlaces,
}

impl KnownFaces {
    /// Of the photos below a folder, with the vectors of a model.
    pub fn read(library: &LibraryReader, folder: &Path, model: &ModelId) -> Result<Self> {
        // As the library has its paths.
        let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let answered = library.name_answers()?;
        Ok(Self {
            revision: library.revision()?,
            photos: library.photos_with_faces(&folder, model)?,
            people: library.named_people()?,
            own: library.known_in_files_as()?,
            read: library.names_read(&folder)?,
            changed: ChangedPlaces::Anywhere,
            answered: answered.iter().map(|answer| serde_json::from_str(answer)).collect::<Result<_, _>>()?,
        })
    }
}

impl KnownFaces {
    /// What else was read is taken as it was.
    #[cfg(feature = "gui")]
    pub fn changed_at(self, changed: ChangedPlaces) -> Self {
        Self { changed, ..self }
    }
}

/// Looks for names with these photos. `keep` is given what was read of files, for the next look. None: cancelled.
pub(crate) fn offer(
    home: &Home,
    known: KnownFaces,
    options: &EngineOptions,
    more: &MoreSources,
    keep: &mut KeepRead<'_>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<Option<OfferedNames>> {
    let same_person = options.thresholds(&Store::open(home.models())?)?.grouping;
    let paths: Vec<_> = known.photos.iter().map(|photo| photo.path.clone()).collect();
    let names: Vec<String> = known.people.iter().map(|(_, name)| name.clone()).collect();
    let own = OwnNames { people: &names, marked: known.own.as_deref() };
    let mut files = FilesRead::new(known.read, known.changed, keep);
    let collected = collect(&paths, &own, more, &home.cache(), &mut files, cancel, events)?;
    files.finish(cancel);
    let CollectedNames { found, read, skipped, turns } = collected;
    if cancel.is_cancelled() {
        return Ok(None);
    }
    let refused = known.answered.iter().filter(|answer| answer.decision == NameDecision::Refused).count();
    let turned = TurnedPhotos::of(&found, turns);
    let photos: Vec<PhotoToName> = known.photos.iter().map(|photo| photo_to_name(photo, &turned)).collect();
    let review = NamesReview::of(&NamesToReview {
        found: &found,
        read: &read,
        photos: &photos,
        people: &known.people,
        answered: &AnsweredNames::from_iter(known.answered),
        same_person,
        cancel,
    });
    if cancel.is_cancelled() {
        return Ok(None);
    }
    let mut paths = HashMap::new();
    known.photos.into_iter().for_each(|photo| _ = paths.entry(photo.id).or_insert(photo.path));
    Ok(Some(OfferedNames { review, skipped, refused, paths, revision: known.revision }))
}

impl OfferedNames {
    /// Where a photo is that a name was found for.
    pub(crate) fn path(&self, photo: PhotoId) -> &Path {
        self.paths.get(&photo).map_or(Path::new(""), PathBuf::as_path)
    }
}

/// The photos whose orientation is asked for, which means opening them: those with a region.
struct TurnedPhotos {
    /// None: some source names photos by parts of their paths only, so that each may be one.
    these: Option<HashSet<PathBuf>>,
    known: HashMap<PathBuf, u32>,
}

impl TurnedPhotos {
    fn of(found: &[NameFound], known: HashMap<PathBuf, u32>) -> Self {
        let mut these = HashSet::new();
        for name in found.iter().filter(|name| name.region.is_some()) {
            match &name.photo {
                PhotoPath::Whole(path) if name.source != NameSource::DigikamDatabase => these.insert(path.clone()),
                _ => return Self { these: None, known },
            };
        }
        Self { these: Some(these), known }
    }

    fn turn(&self, path: &Path) -> ExifTurn {
        let is_asked = self.these.as_ref().is_none_or(|these| these.contains(path));
        let known = self.known.get(path).copied().filter(|_| is_asked);
        // A file that cannot be read has said so already.
        let read = || if is_asked { orientation_of_file(path).unwrap_or(1) } else { 1 };
        ExifTurn::new(known.unwrap_or_else(read))
    }
}

fn photo_to_name<'p>(photo: &'p PhotoWithFaces, turned: &TurnedPhotos) -> PhotoToName<'p> {
    PhotoToName {
        id: photo.id,
        path: photo.path.clone(),
        size: photo.size,
        turn: turned.turn(&photo.path),
        faces: photo.faces.iter().map(|face| face_to_name(face, photo.size)).collect(),
        forgotten: photo.forgotten.iter().map(|place| shares(*place, photo.size)).collect(),
    }
}

fn shares(b: FaceBox, (width, height): (u32, u32)) -> RegionBox {
    let (width, height) = (width.max(1) as f32, height.max(1) as f32);
    RegionBox { x: b.x / width, y: b.y / height, width: b.width / width, height: b.height / height }
}

fn face_to_name(face: &FaceWithOwner, size: (u32, u32)) -> FaceToName<'_> {
    let at = shares(face.face_box, size);
    let of = match (face.state, face.name.as_deref()) {
        (FaceState::Of { person, belongs }, Some(name)) if belongs.is_decided() => {
            FaceOwner::Person { id: person, name }
        }
        (FaceState::Of { person, .. }, _) => FaceOwner::Group(person),
        (FaceState::SetAside(SetAside::Stranger | SetAside::NotAFace), _) => FaceOwner::SetAside,
        (FaceState::Unassigned, _) => FaceOwner::Nobody,
    };
    FaceToName { id: face.id, at, of, denied: &face.denied, embedding: face.embedding.as_ref() }
}

#[cfg(test)]
impl OfferedNames {
    /// Of a review, of a library of a few photos that nobody else changes.
    pub(crate) fn made_up(review: NamesReview) -> Self {
        let paths = (1..10).map(|number| (PhotoId(number), format!("/p/{number}.jpg").into())).collect();
        Self { review, skipped: Vec::new(), refused: 0, paths, revision: Revision::NOW }
    }

    /// A face each.
    pub(crate) fn of(names: &[&str]) -> Self {
        use crate::metadata::found::NameKind;
        use crate::metadata::name_key::NameKey;
        use crate::metadata::review::{FaceProposal, PersonFound, ProposedBy};
        use crate::types::FaceId;

        let person = |(number, name): (i64, &&str)| PersonFound {
            key: NameKey::of(name).unwrap(),
            name: (*name).to_owned(),
            spellings: Vec::new(),
            people: Vec::new(),
            names: 1,
            by_source: std::iter::once((NameSource::Picasa, 1)).collect(),
            faces: vec![FaceProposal {
                photo: PhotoId(number),
                face: FaceId(number),
                at: RegionBox { x: 0.4, y: 0.3, width: 0.1, height: 0.15 },
                by: ProposedBy::Region { fit: 1.0 },
                kind: NameKind::Confirmed,
                sources: vec![NameSource::Picasa],
            }],
            by_hand: Vec::new(),
            open: Vec::new(),
            settled: 0,
            examples: vec![FaceId(number)],
        };
        Self::made_up(NamesReview { people: (1..).zip(names).map(person).collect(), ..NamesReview::default() })
    }
}
