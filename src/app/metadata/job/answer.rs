//! What its user says to the names that are offered: which are taken, which are not wanted, which other programs' word is
//! followed where they took a name back.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use anyhow::Result;

use super::access::LibraryAccess;
use super::offer::OfferedNames;
use crate::library::{
    Belongs, CorrectedFace, Decision, Destination, FaceByHand, Library, NameAnswer, NameAnswers, TakenName,
};
use crate::metadata::found::{NameKind, NameSource};
use crate::metadata::name_key::NameKey;
use crate::metadata::region_box::{RegionBox, RegionSpot};
use crate::metadata::review::answers::{AnsweredName, NameDecision, WithdrawnName};
use crate::metadata::review::{NameConflict, NamesReview, PersonFound};
use crate::types::{FaceId, PersonId, PhotoId, Revision, Touched};

/// A name of a photo: it is offered once, or where it stands at several places once at each.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameOfPhoto {
    pub(crate) photo: PhotoId,
    pub(crate) name: NameKey,
    /// The place that is meant; none where it is the only one, or all are.
    pub(crate) at: Option<RegionSpot>,
}

impl NameOfPhoto {
    pub(crate) fn of_withdrawn(name: &WithdrawnName) -> Self {
        Self { photo: name.answer.photo, name: name.answer.name.clone(), at: name.answer.at }
    }
}

/// What would bear a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum NamePlace {
    Face(FaceId),
    /// No face was found there: one is made by hand.
    Region,
}

/// A name, and what would bear it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlacedName {
    pub of: NameOfPhoto,
    pub place: NamePlace,
    /// In the upright picture.
    pub at: RegionBox,
    pub kind: NameKind,
}

/// One answer to any of the names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NameChoices {
    /// What its user said of a face stays.
    pub(crate) taken: Vec<PlacedName>,
    /// Faces of which this is what their user says now, whatever they said before.
    pub(crate) corrected: Vec<(FaceId, NameOfPhoto)>,
    /// Which of several people of a name is meant.
    pub(crate) whose: BTreeMap<NameOfPhoto, PersonId>,
    /// Whether its user looked at each of these.
    pub(crate) looked_at: bool,
    pub(crate) refused: Vec<NameOfPhoto>,
    /// Names that other programs took back: their faces are these people no more.
    pub(crate) taken_off: Vec<NameOfPhoto>,
    /// Names that other programs took back, too: they are the user's own, or another one stands in their place.
    pub(crate) settled: Vec<NameOfPhoto>,
}

impl NameChoices {
    /// Whether faces are cut out for it.
    pub(crate) fn makes_faces(&self) -> bool {
        self.taken.iter().any(|name| name.place == NamePlace::Region)
    }

    /// How many faces get a name.
    pub(crate) fn named(&self) -> usize {
        self.taken.len() + self.corrected.len()
    }

    /// Every name that is answered with it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &NameOfPhoto> {
        let given = self.taken.iter().map(|name| &name.of).chain(self.corrected.iter().map(|(_, of)| of));
        given.chain(&self.refused).chain(&self.taken_off).chain(&self.settled)
    }

    /// This and that at once.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.taken.extend(other.taken);
        self.corrected.extend(other.corrected);
        self.whose.extend(other.whose);
        self.looked_at &= other.looked_at;
        self.refused.extend(other.refused);
        self.taken_off.extend(other.taken_off);
        self.settled.extend(other.settled);
        self
    }
}

/// A name at a place of a photo, as an answer is about it.
pub(crate) fn name_at(review: &NamesReview, photo: PhotoId, name: &NameKey, at: RegionBox) -> NameOfPhoto {
    NameOfPhoto { photo, name: name.clone(), at: review.spot(photo, name, at) }
}

/// Everything that could bear the person's name, faces that were found first.
pub(crate) fn placed_names<'r>(review: &'r NamesReview, person: &'r PersonFound) -> impl Iterator<Item = PlacedName> {
    let of = |photo, at| name_at(review, photo, &person.key, at);
    let faces = person.faces.iter().map(move |face| PlacedName {
        of: of(face.photo, face.at),
        place: NamePlace::Face(face.face),
        at: face.at,
        kind: face.kind,
    });
    let of = |photo, at| name_at(review, photo, &person.key, at);
    let regions = person.by_hand.iter().map(move |region| PlacedName {
        of: of(region.photo, region.at),
        place: NamePlace::Region,
        at: region.at,
        kind: region.kind,
    });
    faces.chain(regions)
}

impl OfferedNames {
    /// Everybody's names, or those of the people who are named, in whatever spelling. What other programs only guessed is
    /// taken of who is named alone.
    ///
    /// # Errors
    /// A name that nobody has who was found.
    pub fn to_take(&self, only: &[String]) -> Result<NameChoices> {
        let is_wanted = |name: &PlacedName| !only.is_empty() || name.kind == NameKind::Confirmed;
        let taken = self
            .meant(only)?
            .into_iter()
            .flat_map(|person| placed_names(&self.review, person))
            .filter(is_wanted)
            .collect();
        Ok(NameChoices { taken, ..NameChoices::default() })
    }

    /// All names of these people, also those without a place.
    ///
    /// # Errors
    /// A name that nobody has who was found.
    pub(crate) fn to_refuse(&self, who: &[String]) -> Result<NameChoices> {
        let refused: BTreeSet<NameOfPhoto> =
            self.meant(who)?.into_iter().flat_map(|person| names_of(&self.review, person)).collect();
        Ok(NameChoices { refused: refused.into_iter().collect(), ..NameChoices::default() })
    }

    /// The people of these names, in whatever spelling; everybody where none is given.
    fn meant(&self, names: &[String]) -> Result<Vec<&PersonFound>> {
        for name in names {
            let is_found = self.review.people.iter().any(|person| NameKey::of(name).as_ref() == Some(&person.key));
            anyhow::ensure!(is_found, "nobody of this name was found: {name}");
        }
        let keys: Vec<NameKey> = names.iter().filter_map(|name| NameKey::of(name)).collect();
        let people = self.review.people.iter();
        Ok(people.filter(|person| names.is_empty() || keys.contains(&person.key)).collect())
    }

    /// Who gives each name.
    fn sources(&self) -> HashMap<NameOfPhoto, BTreeSet<NameSource>> {
        let mut sources: HashMap<NameOfPhoto, BTreeSet<NameSource>> = HashMap::new();
        let mut add = |photo: PhotoId, name: &NameKey, at: RegionBox, by: &[NameSource]| {
            sources.entry(name_at(&self.review, photo, name, at)).or_default().extend(by);
        };
        for person in &self.review.people {
            person.faces.iter().for_each(|face| add(face.photo, &person.key, face.at, &face.sources));
            person.by_hand.iter().for_each(|region| add(region.photo, &person.key, region.at, &region.sources));
        }
        for conflict in &self.review.conflicts {
            match conflict {
                NameConflict::TwoNames(face) => {
                    face.names.iter().for_each(|name| add(face.photo, &name.key, face.at, &name.sources));
                }
                NameConflict::TwoPeople(shared) => {
                    let faces = shared.sides.iter().flatten();
                    faces.for_each(|face| add(face.photo, &shared.key, face.at, &face.sources));
                }
                NameConflict::Namesakes(asked) => {
                    asked.faces.iter().for_each(|face| add(face.photo, &asked.key, face.at, &face.sources));
                    asked.by_hand.iter().for_each(|region| add(region.photo, &asked.key, region.at, &region.sources));
                }
            }
        }
        sources
    }
}

/// Every name of the person that is offered, with a place or without.
pub(crate) fn names_of<'r>(review: &'r NamesReview, person: &'r PersonFound) -> impl Iterator<Item = NameOfPhoto> {
    let open = person.open.iter().map(|open| NameOfPhoto { photo: open.photo, name: person.key.clone(), at: None });
    placed_names(review, person).map(|name| name.of).chain(open)
}

/// Does what was chosen, as one step of the history, and notes with it what was answered. `made` are faces by hand, by
/// their names' places among those taken; without one, such a name stays offered.
///
/// # Errors
/// [`LibraryError::Stale`](crate::library::LibraryError::Stale) where others have decided about one of the faces since.
pub(crate) fn answer(
    library: &mut impl LibraryAccess,
    offered: &OfferedNames,
    chosen: &NameChoices,
    made: Vec<(usize, FaceByHand)>,
) -> Result<Touched> {
    let mut noted: BTreeMap<&NameOfPhoto, Option<NameDecision>> = BTreeMap::new();
    noted.extend(chosen.refused.iter().map(|name| (name, Some(NameDecision::Refused))));
    noted.extend(chosen.taken_off.iter().chain(&chosen.settled).map(|name| (name, None)));
    let (people, taken) = named(offered, chosen, made);
    // Of one photo a name may be right on one face and wrong on another.
    noted.extend(taken.into_iter().map(|name| (name, Some(NameDecision::Taken))));
    let sources = offered.sources();
    let answers = NameAnswers {
        taken: people.into_values().filter(|taken| !taken.is_empty()).collect(),
        taken_off: offered.taken_off(&chosen.taken_off),
        noted: noted
            .into_iter()
            .map(|(of, decision)| note(of, decision, &sources, &offered.review))
            .collect::<Result<_>>()?,
    };
    let (decision, seen) = (Decision::AnswerNames(answers), offered.revision);
    library.change(move |library| library.decide(&decision, seen))
}

/// By name, and by whose it is of several people.
type TakenNames<'c> = BTreeMap<(&'c NameKey, Option<PersonId>), TakenName>;

/// Whose names are taken, and which names these are.
fn named<'c>(
    offered: &OfferedNames,
    chosen: &'c NameChoices,
    made: Vec<(usize, FaceByHand)>,
) -> (TakenNames<'c>, Vec<&'c NameOfPhoto>) {
    let mut made: HashMap<usize, FaceByHand> = made.into_iter().collect();
    let (mut people, mut taken): (TakenNames, Vec<&NameOfPhoto>) = Default::default();
    for (place, name) in chosen.taken.iter().enumerate() {
        let by_hand = made.remove(&place);
        let Some(person) = offered.whom(&name.of, chosen, &mut people) else { continue };
        match (name.place, by_hand) {
            (NamePlace::Face(face), _) => person.faces.push(face),
            (NamePlace::Region, Some(by_hand)) => person.by_hand.push(by_hand),
            (NamePlace::Region, None) => continue,
        }
        taken.push(&name.of);
    }
    let belongs = if chosen.looked_at { Belongs::Confirmed } else { Belongs::Named };
    for (face, of) in &chosen.corrected {
        let Some(person) = offered.whom(of, chosen, &mut people) else { continue };
        person.corrected.push(CorrectedFace { face: *face, of: offered.owner_shown(*face), belongs });
        taken.push(of);
    }
    (people, taken)
}

impl OfferedNames {
    /// Where a name belongs that is taken. None of several people is it unless the user said so.
    fn whom<'c, 't>(
        &self,
        of: &'c NameOfPhoto,
        chosen: &NameChoices,
        people: &'t mut TakenNames<'c>,
    ) -> Option<&'t mut TakenName> {
        let found = self.review.people.iter().find(|person| person.key == of.name)?;
        let person = match (chosen.whose.get(of), &found.people[..]) {
            (Some(said), _) => Some(*said),
            (None, []) => None,
            (None, [known]) => Some(*known),
            (None, _) => return None,
        };
        let new = || Destination::NewPerson { name: found.name.clone() };
        let to = || person.map_or_else(new, Destination::Person);
        Some(people.entry((&of.name, person)).or_insert_with(|| TakenName::none(to())))
    }

    /// Whose a disputed face is, as its user saw it.
    fn owner_shown(&self, face: FaceId) -> Option<PersonId> {
        self.review.conflicts.iter().find_map(|conflict| match conflict {
            NameConflict::TwoNames(disputed) if disputed.face == Some(face) => {
                disputed.ours.as_ref().map(|own| own.person)
            }
            _ => None,
        })
    }

    /// The faces that bear these names, by their people.
    fn taken_off(&self, names: &[NameOfPhoto]) -> Vec<(PersonId, Vec<FaceId>)> {
        let names: HashSet<&NameOfPhoto> = names.iter().collect();
        let mut people: BTreeMap<PersonId, Vec<FaceId>> = BTreeMap::new();
        for name in self.review.withdrawn.iter().filter(|name| names.contains(&NameOfPhoto::of_withdrawn(name))) {
            people.entry(name.person).or_default().push(name.face);
        }
        people.into_iter().collect()
    }
}

fn note(
    of: &NameOfPhoto,
    decision: Option<NameDecision>,
    sources: &HashMap<NameOfPhoto, BTreeSet<NameSource>>,
    review: &NamesReview,
) -> Result<NameAnswer> {
    let NameOfPhoto { photo, name, at } = of.clone();
    let noted_as = noted_under(&name, at)?;
    let answer = |decision| {
        let stands_at = review.stands_at.get(&(photo, name.clone())).filter(|_| at.is_none());
        let (stood_at, sources) =
            (stands_at.cloned().unwrap_or_default(), sources.get(of).cloned().unwrap_or_default());
        serde_json::to_string(&AnsweredName { photo, name, at, stood_at, sources, decision })
    };
    Ok(NameAnswer { photo, name: noted_as, answer: decision.map(answer).transpose()? })
}

fn noted_under(name: &NameKey, at: Option<RegionSpot>) -> Result<String> {
    Ok(match at {
        None => serde_json::to_string(name)?,
        Some(at) => serde_json::to_string(&(name, at))?,
    })
}

/// Offers everything again that was refused.
pub(crate) fn offer_again(library: &mut Library) -> Result<Touched> {
    let mut noted = Vec::new();
    for answer in library.name_answers()? {
        let AnsweredName { photo, name, at, decision, .. } = serde_json::from_str(&answer)?;
        if decision == NameDecision::Refused {
            noted.push(NameAnswer { photo, name: noted_under(&name, at)?, answer: None });
        }
    }
    let answers = NameAnswers { noted, ..NameAnswers::default() };
    Ok(library.decide(&Decision::AnswerNames(answers), Revision::NOW)?)
}
