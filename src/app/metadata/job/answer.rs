//! What its user says to the names that are offered: which are taken, which are not wanted, which other programs' word is
//! followed where they took a name back.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use anyhow::Result;

use super::offer::OfferedNames;
use crate::library::{Decision, Destination, FaceByHand, Library, NameAnswer, TakenName};
use crate::metadata::found::{NameKind, NameSource};
use crate::metadata::fraction_box::FractionBox;
use crate::metadata::name_key::NameKey;
use crate::metadata::review::answers::{AnsweredName, NameDecision, WithdrawnName};
use crate::metadata::review::{NameConflict, NameOfFace, PersonFound};
use crate::types::{FaceId, PhotoId, Touched};

/// A name of a photo: it is offered once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameOfPhoto {
    pub(crate) photo: PhotoId,
    pub(crate) name: NameKey,
}

impl NameOfPhoto {
    pub(crate) fn of_withdrawn(name: &WithdrawnName) -> Self {
        Self { photo: name.answer.photo, name: name.answer.name.clone() }
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
    pub at: FractionBox,
    pub kind: NameKind,
}

/// One answer to any of the names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NameChoices {
    pub(crate) taken: Vec<PlacedName>,
    pub(crate) refused: Vec<NameOfPhoto>,
    /// Also of a face of which its user has said something else: this is what they say now.
    pub(crate) corrects: bool,
}

impl NameChoices {
    /// Whether faces are cut out for it.
    pub(crate) fn makes_faces(&self) -> bool {
        self.taken.iter().any(|name| name.place == NamePlace::Region)
    }
}

/// Everything that could bear the person's name, faces that were found first.
pub(crate) fn placed_names(person: &PersonFound) -> impl Iterator<Item = PlacedName> {
    let of = move |photo| NameOfPhoto { photo, name: person.key.clone() };
    let faces = person.faces.iter().map(move |face| PlacedName {
        of: of(face.photo),
        place: NamePlace::Face(face.face),
        at: face.at,
        kind: face.kind,
    });
    let of = move |photo| NameOfPhoto { photo, name: person.key.clone() };
    let regions = person.by_hand.iter().map(move |region| PlacedName {
        of: of(region.photo),
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
    pub(crate) fn to_take(&self, only: &[String]) -> Result<NameChoices> {
        let is_wanted = |name: &PlacedName| !only.is_empty() || name.kind == NameKind::Confirmed;
        let taken = self.meant(only)?.into_iter().flat_map(placed_names).filter(is_wanted).collect();
        Ok(NameChoices { taken, ..NameChoices::default() })
    }

    /// All names of these people, also those without a place.
    ///
    /// # Errors
    /// A name that nobody has who was found.
    pub(crate) fn to_refuse(&self, who: &[String]) -> Result<NameChoices> {
        let refused: BTreeSet<NameOfPhoto> = self.meant(who)?.into_iter().flat_map(names_of).collect();
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
        let mut add = |photo: PhotoId, name: &NameKey, by: &[NameSource]| {
            sources.entry(NameOfPhoto { photo, name: name.clone() }).or_default().extend(by);
        };
        for person in &self.review.people {
            person.faces.iter().for_each(|face| add(face.photo, &person.key, &face.sources));
            person.by_hand.iter().for_each(|region| add(region.photo, &person.key, &region.sources));
        }
        for conflict in &self.review.conflicts {
            let (photo, names): (&PhotoId, &[NameOfFace]) = match conflict {
                NameConflict::TwoNames { photo, names, .. } => (photo, names),
                NameConflict::OtherPerson { photo, name, .. } => (photo, std::slice::from_ref(name)),
                NameConflict::TwoPeople { .. } => continue,
            };
            names.iter().for_each(|name| add(*photo, &name.key, &name.sources));
        }
        sources
    }
}

/// Every name of the person that is offered, with a place or without.
pub(crate) fn names_of(person: &PersonFound) -> impl Iterator<Item = NameOfPhoto> {
    let photos = placed_names(person).map(|name| name.of.photo).chain(person.open.iter().map(|open| open.photo));
    photos.map(move |photo| NameOfPhoto { photo, name: person.key.clone() })
}

/// Names the faces that were chosen, as one step of the history, and notes what was answered. `made` are faces by hand, by
/// their names' places among those taken; without one, such a name stays offered.
///
/// # Errors
/// [`LibraryError::Stale`](crate::library::LibraryError::Stale) where others have decided about one of the faces since.
pub(crate) fn answer(
    library: &mut Library,
    offered: &OfferedNames,
    chosen: &NameChoices,
    made: Vec<(usize, FaceByHand)>,
) -> Result<Touched> {
    let mut made: HashMap<usize, FaceByHand> = made.into_iter().collect();
    let (mut people, mut taken): (BTreeMap<&NameKey, TakenName>, Vec<&NameOfPhoto>) = Default::default();
    for (place, name) in chosen.taken.iter().enumerate() {
        let by_hand = made.remove(&place);
        let Some(to) = offered.whom(&name.of.name) else { continue };
        let person = people.entry(&name.of.name);
        let person = person.or_insert_with(|| TakenName { to, faces: Vec::new(), by_hand: Vec::new() });
        match (name.place, by_hand) {
            (NamePlace::Face(face), _) => person.faces.push(face),
            (NamePlace::Region, Some(by_hand)) => person.by_hand.push(by_hand),
            (NamePlace::Region, None) => continue,
        }
        taken.push(&name.of);
    }
    let people: Vec<TakenName> = people.into_values().filter(|taken| !taken.is_empty()).collect();
    let touched = match decision(people, chosen.corrects) {
        Some(decision) => library.decide(&decision, offered.revision)?,
        None => Touched::default(),
    };
    if taken.is_empty() && chosen.refused.is_empty() {
        return Ok(touched);
    }
    let sources = offered.sources();
    let mut answers = noted(taken.into_iter(), NameDecision::Taken, &sources)?;
    answers.extend(noted(chosen.refused.iter(), NameDecision::Refused, &sources)?);
    // What was refused with something taken is asked again with it.
    library.note_name_answers(&answers, touched.step)?;
    Ok(touched)
}

/// None where there is nothing to decide. What its user says of one face holds against what they said of it before.
fn decision(mut people: Vec<TakenName>, corrects: bool) -> Option<Decision> {
    let is_one_face = people.len() == 1 && people[0].by_hand.is_empty();
    if corrects && is_one_face {
        return people.pop().map(|TakenName { to, faces, .. }| Decision::Move { faces, to });
    }
    (!people.is_empty()).then_some(Decision::TakeNames(people))
}

impl OfferedNames {
    fn whom(&self, name: &NameKey) -> Option<Destination> {
        let person = self.review.people.iter().find(|person| person.key == *name)?;
        Some(match person.person {
            Some(known) => Destination::Person(known),
            None => Destination::NewPerson { name: person.name.clone() },
        })
    }
}

fn noted<'n>(
    names: impl Iterator<Item = &'n NameOfPhoto>,
    decision: NameDecision,
    sources: &HashMap<NameOfPhoto, BTreeSet<NameSource>>,
) -> Result<Vec<NameAnswer>> {
    let answer = |of: &NameOfPhoto| {
        let sources = sources.get(of).cloned().unwrap_or_default();
        let answer = AnsweredName { photo: of.photo, name: of.name.clone(), sources, decision };
        Ok(NameAnswer {
            photo: of.photo,
            name: serde_json::to_string(&of.name)?,
            answer: serde_json::to_string(&answer)?,
        })
    };
    names.map(answer).collect()
}

/// Offers everything again that was refused.
pub(crate) fn offer_again(library: &mut Library) -> Result<()> {
    let mut refused = Vec::new();
    for answer in library.name_answers()? {
        let answer: AnsweredName = serde_json::from_str(&answer)?;
        if answer.decision == NameDecision::Refused {
            refused.push((answer.photo, serde_json::to_string(&answer.name)?));
        }
    }
    Ok(library.drop_name_answers(&refused)?)
}

/// Names that other programs took back: the faces are that person no more where they are followed, and else are the
/// user's own. All of them are one step of the history.
///
/// # Errors
/// [`LibraryError::Stale`](crate::library::LibraryError::Stale) where others have decided about one of the faces since.
pub(crate) fn settle_withdrawn(
    library: &mut Library,
    offered: &OfferedNames,
    names: &[NameOfPhoto],
    follow: bool,
) -> Result<Touched> {
    let names: HashSet<&NameOfPhoto> = names.iter().collect();
    let is_meant = |name: &&WithdrawnName| names.contains(&NameOfPhoto::of_withdrawn(name));
    let mut people: BTreeMap<_, Vec<&WithdrawnName>> = BTreeMap::new();
    for name in offered.review.withdrawn.iter().filter(is_meant) {
        people.entry(name.person).or_default().push(name);
    }
    let faces_of = |names: &Vec<&WithdrawnName>| names.iter().map(|name| name.face).collect();
    let taken_off = Decision::RejectEach(people.iter().map(|(person, names)| (*person, faces_of(names))).collect());
    let touched = match follow {
        true => library.decide(&taken_off, offered.revision)?,
        false => Touched::default(),
    };
    let answered = people.values().flatten();
    let answered = answered.map(|name| Ok((name.answer.photo, serde_json::to_string(&name.answer.name)?)));
    library.drop_name_answers(&answered.collect::<Result<Vec<_>>>()?)?;
    Ok(touched)
}
