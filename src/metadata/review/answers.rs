//! What was offered before and what the user answered, so that the next scan offers the difference.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Deserializer, Serialize};

use super::NamesToReview;
use crate::metadata::faces::{FaceOwner, PhotoToName};
use crate::metadata::found::NameSource;
use crate::metadata::name_key::NameKey;
use crate::metadata::photo_index::{PathMeaning, PhotoIndex};
use crate::metadata::places;
use crate::metadata::region_box::{RegionBox, RegionSpot};
use crate::types::{FaceId, PersonId, PhotoId};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NameDecision {
    Taken,
    Refused,
}

/// One answer, as the caller stores it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AnsweredName {
    pub photo: PhotoId,
    pub name: NameKey,
    /// Where the face or the region is, if the name stands at several places of the photo: then each is answered by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<RegionSpot>,
    /// Where the name stood then, of an answer for the photo: a place that it comes to later is a question of its own. None
    /// of a name without a place, and of notes of earlier versions: these answer it wherever it comes to stand.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub stood_at: BTreeSet<RegionSpot>,
    /// Who gave the name then; nobody where that is not known.
    #[serde(deserialize_with = "known_sources")]
    pub sources: BTreeSet<NameSource>,
    pub decision: NameDecision,
}

/// A newer program, or a file that was brought in, may name a source that is not known here: then nothing can be said of
/// whether all who gave the name have taken it back.
fn known_sources<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeSet<NameSource>, D::Error> {
    let words: Vec<serde_json::Value> = Deserialize::deserialize(from)?;
    let sources: Result<_, _> = words.into_iter().map(serde_json::from_value).collect();
    Ok(sources.unwrap_or_default())
}

/// All answers. A name of a photo is answered once, whoever gave it: who refused Picasa's name is not asked again
/// because digiKam has it, too. Only where it stands at several places is each of them answered, and a place that comes
/// later is asked about.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct AnsweredNames(BTreeMap<(PhotoId, NameKey), Vec<AnsweredName>>);

/// A name that was taken, and that its sources no longer give.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WithdrawnName {
    pub answer: AnsweredName,
    /// The face that bears it.
    pub face: FaceId,
    /// In the upright picture.
    pub at: RegionBox,
    pub person: PersonId,
    /// Of that person.
    pub name: String,
    /// Names that the same sources give in the photo now and did not have when they were answered: one of them may
    /// stand in its place.
    pub instead: Vec<NameKey>,
}

impl FromIterator<AnsweredName> for AnsweredNames {
    fn from_iter<T: IntoIterator<Item = AnsweredName>>(answers: T) -> Self {
        let mut all: BTreeMap<_, Vec<AnsweredName>> = BTreeMap::new();
        for answer in answers {
            all.entry((answer.photo, answer.key())).or_default().push(answer);
        }
        Self(all)
    }
}

impl AnsweredNames {
    /// Names that were answered at some place: whatever is asked of them now is about another one.
    pub(super) fn of_places(&self) -> impl Iterator<Item = &(PhotoId, NameKey)> {
        let is_of_place = |answer: &AnsweredName| answer.at.is_some() || !answer.stood_at.is_empty();
        self.0.iter().filter(move |(_, answers)| answers.iter().any(is_of_place)).map(|(name, _)| name)
    }

    /// A name without a place may be any that was answered.
    pub(super) fn has(&self, photo: &PhotoToName, name: &NameKey, at: Option<RegionBox>) -> bool {
        let answers = self.0.get(&(photo.id, name.clone())).map_or(&[][..], Vec::as_slice);
        answers.iter().any(|answer| at.is_none_or(|at| answer.is_there(at, photo.aspect())))
    }
}

impl AnsweredName {
    /// Of its name as it is told today: an answer may be of a version for which other spellings were one name.
    fn key(&self) -> NameKey {
        NameKey::of(self.name.as_str()).unwrap_or_else(|| self.name.clone())
    }

    /// Whether it answers the name at this place.
    fn is_there(&self, at: RegionBox, aspect: f32) -> bool {
        let mut answered = self.at.iter().chain(&self.stood_at).peekable();
        answered.peek().is_none() || answered.any(|place| places::fit(at, (*place).into(), aspect).is_some())
    }
}

/// A source that was not read this time has withdrawn nothing, nor has one whose photo is not among those passed. A name
/// that no face there bears any more is none of ours to take back.
pub(super) fn withdrawn(input: &NamesToReview) -> Vec<WithdrawnName> {
    let given = given_now(input);
    let bearers = bearers(input);
    let mut withdrawn = Vec::new();
    let taken = |answer: &&AnsweredName| answer.decision == NameDecision::Taken;
    for answer in input.answered.0.values().flatten().filter(taken) {
        let key = answer.key();
        let is_read = |source: &NameSource| input.read.contains(source);
        let could_be_read = !answer.sources.is_empty() && answer.sources.iter().all(is_read);
        let mut there = bearers.get(&(answer.photo, key.clone())).into_iter().flatten();
        let Some((bearer, _)) = there.find(|(bearer, aspect)| answer.is_there(bearer.at, *aspect)) else {
            continue;
        };
        let names = given.get(&answer.photo);
        let is_said = names.is_some_and(|names| names.contains_key(&key));
        if !could_be_read || is_said {
            continue;
        }
        let new = names.into_iter().flatten().filter(|(name, sources)| {
            !input.answered.0.contains_key(&(answer.photo, (*name).clone())) && !answer.sources.is_disjoint(sources)
        });
        let instead = new.map(|(name, _)| name.clone()).collect();
        withdrawn.push(WithdrawnName { answer: answer.clone(), instead, ..bearer.clone() });
    }
    withdrawn.sort_by(|a, b| (a.answer.photo, &a.answer.name).cmp(&(b.answer.photo, &b.answer.name)));
    withdrawn
}

/// The faces of each photo that each name stands on, with the picture's aspect.
fn bearers(input: &NamesToReview) -> HashMap<(PhotoId, NameKey), Vec<(WithdrawnName, f32)>> {
    let mut bearers: HashMap<_, Vec<(WithdrawnName, f32)>> = HashMap::new();
    for photo in input.photos {
        for face in &photo.faces {
            let FaceOwner::Person { id, name } = face.of else { continue };
            let Some(key) = NameKey::of(name) else { continue };
            let decision = NameDecision::Taken;
            let (stood_at, sources) = (BTreeSet::new(), BTreeSet::new());
            let answer = AnsweredName { photo: photo.id, name: key.clone(), at: None, stood_at, sources, decision };
            let (name, instead) = (name.to_owned(), Vec::new());
            let bearer = WithdrawnName { answer, face: face.id, at: face.at, person: id, name, instead };
            bearers.entry((photo.id, key)).or_default().push((bearer, photo.aspect()));
        }
    }
    bearers
}

fn given_now(input: &NamesToReview) -> BTreeMap<PhotoId, BTreeMap<NameKey, BTreeSet<NameSource>>> {
    let index = PhotoIndex::new(input.photos.iter().map(|photo| photo.path.as_path()));
    let mut given: BTreeMap<PhotoId, BTreeMap<NameKey, BTreeSet<NameSource>>> = BTreeMap::new();
    for found in input.found.iter().filter(|found| found.names_somebody()) {
        let key = found.name.as_deref().and_then(NameKey::of);
        if let (Some(key), PathMeaning::Photo(at)) = (key, index.find(&found.photo)) {
            given.entry(input.photos[at].id).or_default().entry(key).or_default().insert(found.source);
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stored by a version for which a slash and a hyphen were two spellings.
    #[test]
    fn an_answer_holds_where_spellings_have_become_one_name() {
        let text = r#"{"photo":1,"name":"jo o|hare/mills","sources":["mwg"],"decision":"refused"}"#;
        let answer: AnsweredName = serde_json::from_str(text).unwrap();
        let answered: AnsweredNames = [answer.clone()].into_iter().collect();
        let today = NameKey::of("Jo O|Hare/Mills").unwrap();
        assert_ne!(today, answer.name);
        assert!(answered.0.contains_key(&(PhotoId(1), today)));
    }
}
