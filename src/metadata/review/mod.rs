//! What is offered: the people found elsewhere, each with pictures and counts, what contradicts, what stayed open.
//!
//! A name counts once a photo, whatever the number of its sources. What was answered before is left out, and what a
//! source no longer says of a photo is told ([`answers`]). Nothing here decides: the caller shows the review, and what
//! is taken becomes one step of the library that can be undone.

pub(crate) mod answers;
mod combine;
mod conflicts;
mod fate;
mod known;
mod people;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::deduce::UndecidedWhy;
use super::faces::PhotoToName;
use super::found::{NameFound, NameKind, NameSource};
use super::name_key::NameKey;
use super::places::{UnplacedWhy, WriterReading};
use super::region_box::{RegionBox, RegionSpot};
use crate::types::{Cancel, FaceId, PersonId, PhotoId, SquaredDistance};
use answers::{AnsweredNames, WithdrawnName};

/// Everything that is read before.
pub(crate) struct NamesToReview<'a> {
    pub found: &'a [NameFound],
    /// The sources that could be read this time, in all photos.
    pub read: &'a HashSet<NameSource>,
    pub photos: &'a [PhotoToName<'a>],
    /// The library's named people.
    pub people: &'a [(PersonId, String)],
    pub answered: &'a AnsweredNames,
    /// The threshold of the grouping.
    pub same_person: SquaredDistance,
    /// What was worked out until then is of no use.
    pub cancel: &'a Cancel,
}

/// The step that is offered.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct NamesReview {
    /// Those with the most names first.
    pub people: Vec<PersonFound>,
    pub conflicts: Vec<NameConflict>,
    pub withdrawn: Vec<WithdrawnName>,
    /// Names in photos that are not in the library, or could be several.
    pub elsewhere: usize,
    pub readings: Vec<WriterReading>,
    /// Names that several of the questions and proposals of a photo are about, or were: each is answered by itself.
    pub apart: HashSet<(PhotoId, NameKey)>,
    /// Where each name stands that has a place.
    pub stands_at: HashMap<(PhotoId, NameKey), BTreeSet<RegionSpot>>,
}

/// One person, by whatever spelling.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PersonFound {
    pub key: NameKey,
    /// The most frequent spelling.
    pub name: String,
    /// All spellings, the most frequent first.
    pub spellings: Vec<(String, usize)>,
    /// The library's people of that name. Which of several is meant nobody but the user knows.
    pub people: Vec<PersonId>,
    /// Photos that name the person, each once, and how many of them each source names.
    pub names: usize,
    pub by_source: BTreeMap<NameSource, usize>,
    pub faces: Vec<FaceProposal>,
    pub by_hand: Vec<HandProposal>,
    pub open: Vec<OpenName>,
    /// Faces that are the person's already.
    pub settled: usize,
    /// Faces to show, the surest first.
    pub examples: Vec<FaceId>,
}

/// Faces to show of a person.
const EXAMPLES: usize = 8;

impl PersonFound {
    fn choose_examples(&mut self) {
        let sureness = |face: &FaceProposal| match (face.kind, face.by) {
            (NameKind::Confirmed, ProposedBy::Region { fit }) => 2.0 + fit,
            (_, ProposedBy::Region { fit }) => fit,
            (_, ProposedBy::Deduced { confidence }) => 1.0 + confidence,
        };
        let mut faces: Vec<&FaceProposal> = self.faces.iter().collect();
        faces.sort_by(|a, b| sureness(b).total_cmp(&sureness(a)).then(a.face.cmp(&b.face)));
        self.examples = faces.iter().take(EXAMPLES).map(|face| face.face).collect();
    }
}

/// A face that would become the person's.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FaceProposal {
    pub photo: PhotoId,
    pub face: FaceId,
    /// In the upright picture.
    pub at: RegionBox,
    pub by: ProposedBy,
    /// [`NameKind::Suggested`] where every program only guessed.
    pub kind: NameKind,
    pub sources: Vec<NameSource>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ProposedBy {
    /// A region that the face lies in, 0 to 1.
    Region { fit: f32 },
    /// Worked out from many photos; the probability that it is right.
    Deduced { confidence: f32 },
}

/// A face to be made from a region.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HandProposal {
    pub photo: PhotoId,
    /// In the upright picture.
    pub at: RegionBox,
    /// As of a face.
    pub kind: NameKind,
    pub sources: Vec<NameSource>,
}

/// A name that came to no face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenName {
    pub photo: PhotoId,
    pub why: OpenWhy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OpenWhy {
    Unplaced(UnplacedWhy),
    Undecided(UndecidedWhy),
    /// Another name contradicts, or several people have this one: see the conflicts.
    Contradicted,
    /// Something surer stands in its place: for the face, or for the name.
    Outdone,
    /// The user had whoever is there forgotten.
    Forgotten,
}

/// What nobody but the user can decide. Nothing of it is proposed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NameConflict {
    /// Names for one face, or for one region without a face, that differ from each other or from what the user said.
    TwoNames(DisputedFace),
    /// One name for faces that are hardly of one person.
    TwoPeople(SharedName),
    /// A name that several people of the library have.
    Namesakes(NamesakeQuestion),
}

impl NameConflict {
    /// What it is about, each once.
    fn names(&self) -> HashSet<(PhotoId, &NameKey)> {
        match self {
            Self::TwoNames(face) => face.names.iter().map(|name| (face.photo, &name.key)).collect(),
            Self::TwoPeople(shared) => shared.sides.iter().flatten().map(|face| (face.photo, &shared.key)).collect(),
            Self::Namesakes(asked) => {
                let photos = asked.faces.iter().map(|face| face.photo);
                photos.chain(asked.by_hand.iter().map(|region| region.photo)).map(|photo| (photo, &asked.key)).collect()
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DisputedFace {
    pub photo: PhotoId,
    pub face: Option<FaceId>,
    /// In the upright picture.
    pub at: RegionBox,
    /// What the user said, if anything.
    pub ours: Option<OwnName>,
    /// Whether the user said that the face is not somebody whom others call it.
    pub denied: bool,
    /// What others say.
    pub names: Vec<NameOfFace>,
}

/// The person to whom the user gave a face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnName {
    pub person: PersonId,
    pub name: String,
    /// It was taken from a program that has another name there by now: which answer is settled with the question.
    pub taken: Option<(NameKey, Option<RegionSpot>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NameOfFace {
    pub key: NameKey,
    /// As of a person who was found.
    pub people: Vec<PersonId>,
    pub sources: Vec<NameSource>,
}

/// Faces, or a region, of one of these people.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NamesakeQuestion {
    pub key: NameKey,
    /// Whom the grouping takes them for stands first.
    pub people: Vec<PersonId>,
    /// Of one group.
    pub faces: Vec<FaceProposal>,
    pub by_hand: Option<HandProposal>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SharedName {
    pub key: NameKey,
    /// Each of one person: groups unlike each other, or the faces of one photo.
    pub sides: Vec<Vec<FaceProposal>>,
}

impl SharedName {
    /// The photo whose faces bear the name. None: they are in different photos, and do not look like one person.
    pub(crate) fn in_one_photo(&self) -> Option<PhotoId> {
        let mut photos = self.sides.iter().flatten().map(|face| face.photo);
        let first = photos.next()?;
        photos.all(|photo| photo == first).then_some(first)
    }
}

impl NamesReview {
    pub(crate) fn of(input: &NamesToReview) -> Self {
        let combined = combine::combine(input);
        let mut review = Self { readings: combined.readings.clone(), ..Self::default() };
        review.elsewhere = combined.elsewhere;
        for (photo, key, at) in &combined.stands_at {
            review.stands_at.entry((input.photos[*photo].id, key.clone())).or_default().insert((*at).into());
        }
        review.people = people::people(input, &combined);
        review.withdrawn = answers::withdrawn(input);
        review.conflicts = conflicts::conflicts(input, &combined, &mut review.people);
        conflicts::join_withdrawn(&mut review.conflicts, &mut review.withdrawn);
        review.apart = review.names_apart(input.answered);
        review
    }

    /// The place that an answer to a name of a photo is about; none where it is about the photo.
    pub(crate) fn spot(&self, photo: PhotoId, name: &NameKey, at: RegionBox) -> Option<RegionSpot> {
        self.apart.contains(&(photo, name.clone())).then(|| at.into())
    }

    fn names_apart(&self, answered: &AnsweredNames) -> HashSet<(PhotoId, NameKey)> {
        let mut count: HashMap<(PhotoId, &NameKey), usize> = HashMap::new();
        let mut add = |names: HashSet<_>| names.into_iter().for_each(|name| *count.entry(name).or_default() += 1);
        for person in &self.people {
            person.faces.iter().for_each(|face| add([(face.photo, &person.key)].into()));
            person.by_hand.iter().for_each(|region| add([(region.photo, &person.key)].into()));
        }
        self.conflicts.iter().for_each(|conflict| add(conflict.names()));
        let several = count.into_iter().filter(|(_, count)| *count > 1);
        let several = several.map(|((photo, name), _)| (photo, name.clone()));
        several.chain(answered.of_places().cloned()).collect()
    }

    /// How a name is written most often.
    pub(crate) fn spelled<'r>(&'r self, key: &'r NameKey) -> &'r str {
        self.people.iter().find(|person| person.key == *key).map_or(key.as_str(), |person| &person.name)
    }

    /// All names offered, and the people they are of: "4,312 names of 57 people".
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.people.iter().map(|person| person.names).sum(), self.people.len())
    }
}
