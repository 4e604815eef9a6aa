//! Names that other programs gave, offered for the faces of a folder's photos, and taken as one step.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::sources::{CollectedNames, MoreSources, collect};
use crate::app::engine::home::Home;
use crate::app::engine::networks::EngineOptions;
use crate::app::engine::progress::{JobEvent, Skipped};
use crate::faces::image::orientation_of_file;
use crate::library::{
    Decision, Destination, FaceState, FaceWithOwner, Library, LibraryReader, NameAnswer, PhotoWithFaces, SetAside,
    TakenName,
};
use crate::metadata::faces::{FaceOwner, FaceToName, PhotoToName};
use crate::metadata::found::{NameFound, NameKind, NameSource, PhotoPath};
use crate::metadata::fraction_box::{ExifTurn, FractionBox};
use crate::metadata::name_key::NameKey;
use crate::metadata::review::answers::{AnsweredName, AnsweredNames, NameDecision};
use crate::metadata::review::{FaceProposal, NamesReview, NamesToReview, PersonFound};
use crate::networks::models::Store;
use crate::types::{Cancel, ModelId, PersonId, PhotoId, Revision, Touched};

/// What was found, and the state of the library for which it is offered.
#[derive(Debug, PartialEq)]
pub struct OfferedNames {
    pub(crate) review: NamesReview,
    pub(crate) skipped: Vec<Skipped>,
    /// Names that are not offered since they were refused.
    pub(crate) refused: usize,
    revision: Revision,
}

/// What the library holds of a folder's photos.
#[derive(Debug)]
pub(crate) struct KnownFaces {
    revision: Revision,
    photos: Vec<PhotoWithFaces>,
    people: Vec<(PersonId, String)>,
    answered: Vec<AnsweredName>,
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
            answered: answered.iter().map(|answer| serde_json::from_str(answer)).collect::<Result<_, _>>()?,
        })
    }
}

/// Looks for names with these photos. None: cancelled.
pub(crate) fn offer(
    home: &Home,
    known: KnownFaces,
    options: &EngineOptions,
    more: &MoreSources,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<Option<OfferedNames>> {
    let same_person = options.thresholds(&Store::open(home.models())?)?.grouping;
    let paths: Vec<_> = known.photos.iter().map(|photo| photo.path.clone()).collect();
    let names: Vec<String> = known.people.iter().map(|(_, name)| name.clone()).collect();
    let CollectedNames { found, read, skipped } = collect(&paths, &names, more, &home.cache(), cancel, events);
    if cancel.is_cancelled() {
        return Ok(None);
    }
    let refused = known.answered.iter().filter(|answer| answer.decision == NameDecision::Refused).count();
    let turned = TurnedPhotos::of(&found);
    let photos: Vec<PhotoToName> = known.photos.iter().map(|photo| photo_to_name(photo, &turned)).collect();
    let review = NamesReview::of(&NamesToReview {
        found: &found,
        read: &read,
        photos: &photos,
        people: &known.people,
        answered: &AnsweredNames::from_iter(known.answered),
        same_person,
    });
    Ok(Some(OfferedNames { review, skipped, refused, revision: known.revision }))
}

/// Names the faces that are offered without a contradiction, as one step of the history, and notes what was taken: of
/// everybody, or of those who are named. What other programs only guessed is taken of who is named alone.
///
/// # Errors
/// A name that nobody has who was found; [`LibraryError::Stale`](crate::library::LibraryError::Stale) where others have
/// decided about one of the faces since.
pub(crate) fn take(library: &mut Library, offered: &OfferedNames, only: &[String]) -> Result<Touched> {
    let people = meant(offered, only)?;
    let wanted = |person: &'_ PersonFound| -> Vec<FaceProposal> {
        let is_wanted = |face: &&FaceProposal| !only.is_empty() || face.kind == NameKind::Confirmed;
        person.faces.iter().filter(is_wanted).cloned().collect()
    };
    let people: Vec<(&PersonFound, Vec<FaceProposal>)> =
        people.into_iter().map(|person| (person, wanted(person))).filter(|(_, faces)| !faces.is_empty()).collect();
    let taken = people.iter().map(|(person, faces)| TakenName {
        to: match person.person {
            Some(known) => Destination::Person(known),
            None => Destination::NewPerson { name: person.name.clone() },
        },
        faces: faces.iter().map(|proposal| proposal.face).collect(),
    });
    let touched = library.decide(&Decision::TakeNames(taken.collect()), offered.revision)?;
    let of_faces =
        people.iter().flat_map(|(person, faces)| faces.iter().map(|face| (*person, face.photo, &face.sources[..])));
    library.note_name_answers(&answers(of_faces, NameDecision::Taken)?, touched.step)?;
    Ok(touched)
}

/// Notes that these people's names are not wanted: they are not offered again in these photos. Returns how many names.
///
/// # Errors
/// A name that nobody has who was found.
pub(crate) fn refuse(library: &mut Library, offered: &OfferedNames, who: &[String]) -> Result<usize> {
    let everywhere = meant(offered, who)?.into_iter().flat_map(|person| {
        let faces = person.faces.iter().map(|face| (face.photo, &face.sources[..]));
        let by_hand = person.by_hand.iter().map(|face| (face.photo, &face.sources[..]));
        let open = person.open.iter().map(|open| (open.photo, &[][..]));
        faces.chain(by_hand).chain(open).map(move |(photo, sources)| (person, photo, sources))
    });
    let answers = answers(everywhere, NameDecision::Refused)?;
    library.note_name_answers(&answers, None)?;
    Ok(answers.len())
}

/// The people of these names, in whatever spelling; everybody where none is given.
fn meant<'o>(offered: &'o OfferedNames, names: &[String]) -> Result<Vec<&'o PersonFound>> {
    let people = &offered.review.people;
    for name in names {
        let is_found = people.iter().any(|person| NameKey::of(name).as_ref() == Some(&person.key));
        anyhow::ensure!(is_found, "nobody of this name was found: {name}");
    }
    let keys: Vec<NameKey> = names.iter().filter_map(|name| NameKey::of(name)).collect();
    Ok(people.iter().filter(|person| names.is_empty() || keys.contains(&person.key)).collect())
}

fn answers<'o>(
    names: impl Iterator<Item = (&'o PersonFound, PhotoId, &'o [NameSource])>,
    decision: NameDecision,
) -> Result<Vec<NameAnswer>> {
    let answer = |(person, photo, sources): (&PersonFound, PhotoId, &[NameSource])| {
        let (name, sources) = (person.key.clone(), sources.iter().copied().collect());
        let answer = AnsweredName { photo, name, sources, decision };
        let (name, answer) = (serde_json::to_string(&person.key)?, serde_json::to_string(&answer)?);
        Ok(NameAnswer { photo, name, answer })
    };
    names.map(answer).collect()
}

/// The photos whose orientation is asked for, which means opening them: those with a region.
enum TurnedPhotos {
    /// Some source names photos by parts of their paths only.
    All,
    These(HashSet<PathBuf>),
}

impl TurnedPhotos {
    fn of(found: &[NameFound]) -> Self {
        let mut photos = HashSet::new();
        for name in found.iter().filter(|name| name.region.is_some()) {
            match &name.photo {
                PhotoPath::Whole(path) if name.source != NameSource::DigikamDatabase => photos.insert(path.clone()),
                _ => return Self::All,
            };
        }
        Self::These(photos)
    }

    fn has(&self, path: &Path) -> bool {
        match self {
            Self::All => true,
            Self::These(photos) => photos.contains(path),
        }
    }
}

fn photo_to_name<'p>(photo: &'p PhotoWithFaces, turned: &TurnedPhotos) -> PhotoToName<'p> {
    // A file that cannot be read has said so already.
    let orientation = if turned.has(&photo.path) { orientation_of_file(&photo.path).unwrap_or(1) } else { 1 };
    let turn = ExifTurn::new(orientation);
    let faces = photo.faces.iter().map(|face| face_to_name(face, photo.size)).collect();
    PhotoToName { id: photo.id, path: photo.path.clone(), size: photo.size, turn, faces }
}

fn face_to_name(face: &FaceWithOwner, (width, height): (u32, u32)) -> FaceToName<'_> {
    let (b, width, height) = (face.face_box, width.max(1) as f32, height.max(1) as f32);
    let at = FractionBox { x: b.x / width, y: b.y / height, width: b.width / width, height: b.height / height };
    let of = match (face.state, face.name.as_deref()) {
        (FaceState::Of { person, belongs }, Some(name)) if belongs.is_decided() => {
            FaceOwner::Person { id: person, name }
        }
        (FaceState::Of { person, .. }, _) => FaceOwner::Group(person),
        (FaceState::SetAside(SetAside::Stranger | SetAside::NotAFace), _) => FaceOwner::SetAside,
        (FaceState::Unassigned, _) => FaceOwner::Nobody,
    };
    FaceToName { id: face.id, at, of, embedding: face.embedding.as_ref() }
}

#[cfg(test)]
impl OfferedNames {
    /// A face each.
    pub fn of(names: &[&str]) -> Self {
        use crate::metadata::review::ProposedBy;
        use crate::types::FaceId;

        let person = |(number, name): (i64, &&str)| PersonFound {
            key: NameKey::of(name).unwrap(),
            name: (*name).to_owned(),
            spellings: Vec::new(),
            person: None,
            names: 1,
            by_source: std::iter::once((NameSource::Picasa, 1)).collect(),
            faces: vec![FaceProposal {
                photo: PhotoId(number),
                face: FaceId(number),
                by: ProposedBy::Region { fit: 1.0 },
                kind: NameKind::Confirmed,
                sources: vec![NameSource::Picasa],
            }],
            by_hand: Vec::new(),
            open: Vec::new(),
            settled: 0,
            examples: vec![FaceId(number)],
        };
        let review = NamesReview { people: (1..).zip(names).map(person).collect(), ..NamesReview::default() };
        Self { review, skipped: Vec::new(), refused: 0, revision: Revision::NOW }
    }
}
