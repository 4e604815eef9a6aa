//! What `likeness metadata names` tells: people, contradictions, names that other programs took back.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::{box_json, skipped_json, tell_skipped};
use crate::app::engine::cli::console::{counted, printable, printable_text};
use crate::app::engine::cli::output;
use crate::app::engine::progress::Skipped;
use crate::app::metadata::job::{AnsweredHere, NameChoices, NameOfPhoto, NamePlace, OfferedNames, PlacedName};
use crate::metadata::deduce::UndecidedWhy;
use crate::metadata::name_key::NameKey;
use crate::metadata::places::UnplacedWhy;
use crate::metadata::review::answers::WithdrawnName;
use crate::metadata::review::{
    FaceProposal, NameConflict, NamesakeQuestion, OpenWhy, OwnName, PersonFound, SharedName,
};
use crate::types::{PathText, PhotoId};

/// What became of the names, or what would.
pub(super) enum Outcome<'a> {
    Is(&'a AnsweredHere, &'a NameChoices),
    WouldBe(&'a NameChoices),
}

pub(super) fn tell_offered(offered: &OfferedNames, outcome: &Outcome<'_>, json: bool) -> Result<()> {
    if json {
        return all_json(offered, outcome).iter().try_for_each(output::json);
    }
    all_words(offered, outcome).iter().try_for_each(output::line)?;
    tell_skipped(&skipped(offered, outcome))
}

fn all_json(offered: &OfferedNames, outcome: &Outcome<'_>) -> Vec<Value> {
    let review = &offered.review;
    let mut all: Vec<Value> = review.people.iter().map(person_json).collect();
    all.extend(review.conflicts.iter().map(|conflict| conflict_json(offered, conflict)));
    all.extend(review.withdrawn.iter().map(|name| withdrawn_json(offered, name)));
    if let Outcome::WouldBe(chosen) = outcome {
        all.extend(chosen.taken.iter().map(|name| would_take_json(offered, name)));
        all.extend(chosen.refused.iter().map(|name| would_refuse_json(offered, name)));
    }
    let (names, people) = review.counts();
    let NamesCount { taken, by_hand, refused } = outcome.counts();
    all.push(json!({
        "names": names, "people": people, "conflicts": review.conflicts.len(), "withdrawn": review.withdrawn.len(),
        "elsewhere": review.elsewhere, "taken": taken, "by_hand": by_hand, "refused": refused,
        "dry_run": matches!(outcome, Outcome::WouldBe(_)), "skipped": skipped_json(&skipped(offered, outcome)),
    }));
    all
}

fn all_words(offered: &OfferedNames, outcome: &Outcome<'_>) -> Vec<String> {
    let review = &offered.review;
    let mut lines: Vec<String> = review.people.iter().map(person_words).collect();
    let conflicts = review.conflicts.iter().map(|conflict| conflict_words(offered, conflict));
    lines.extend(conflicts.map(|conflict| format!("contradiction: {conflict}")));
    for name in &review.withdrawn {
        let (photo, name) = (printable(offered.path(name.answer.photo)), quoted(&name.name));
        lines.push(format!("withdrawn: {photo} says {name} no more"));
    }
    if let Outcome::WouldBe(chosen) = outcome {
        lines.extend(chosen.taken.iter().map(|name| would_take_words(offered, name)));
        lines.extend(chosen.refused.iter().map(|name| would_refuse_words(offered, name)));
    }
    let (names, people) = review.counts();
    let people = counted(people, "person", "people");
    lines.push(format!("{} of {people} found in the photos", counted(names, "name", "names")));
    lines.extend(outcome.words(names));
    lines
}

/// How many names were taken, or would be; of them those that a face is cut out for; and those that are refused.
struct NamesCount {
    taken: usize,
    by_hand: usize,
    refused: usize,
}

impl Outcome<'_> {
    fn counts(&self) -> NamesCount {
        match self {
            Self::Is(answered, chosen) => NamesCount {
                taken: answered.touched.faces.len(),
                by_hand: answered.by_hand,
                refused: chosen.refused.len(),
            },
            Self::WouldBe(chosen) => NamesCount {
                taken: chosen.named(),
                by_hand: chosen.taken.iter().filter(|name| name.place == NamePlace::Region).count(),
                refused: chosen.refused.len(),
            },
        }
    }

    fn words(&self, found: usize) -> Option<String> {
        let NamesCount { taken, by_hand, refused } = self.counts();
        Some(match (self, taken, refused) {
            (Self::WouldBe(_), taken, 0) => format!(
                "{} would be named so, {by_hand} of them cut out where no face was found; nothing was changed",
                counted(taken, "face", "faces")
            ),
            (Self::WouldBe(_), ..) => {
                format!(
                    "{} offered again; nothing was changed",
                    counted(refused, "name would not be", "names would not be")
                )
            }
            (Self::Is(_, chosen), 0, 0) if found > 0 && chosen.taken.is_empty() => {
                "Nothing was changed; --take names the faces so".to_owned()
            }
            (Self::Is(..), 0, 0) => return None,
            (Self::Is(..), _, 0) => {
                let cut = counted(by_hand, "of them was cut out", "of them were cut out");
                format!("{} named so; {cut} where no face had been found", counted(taken, "face", "faces"))
            }
            (Self::Is(..), ..) => format!("{} not offered again", counted(refused, "name is", "names are")),
        })
    }
}

fn skipped(offered: &OfferedNames, outcome: &Outcome<'_>) -> Vec<Skipped> {
    let of_answer = match outcome {
        Outcome::Is(answered, _) => &answered.skipped[..],
        Outcome::WouldBe(_) => &[],
    };
    offered.skipped.iter().chain(of_answer).cloned().map(Skipped::from).collect()
}

fn would_take_json(offered: &OfferedNames, name: &PlacedName) -> Value {
    let would = match name.place {
        NamePlace::Face(_) => "name",
        NamePlace::Region => "cut_out_and_name",
    };
    let said = json!({ "would": would, "name": offered.review.spelled(&name.of.name), "box": box_json(name.at) });
    with_photo(offered, name.of.photo, said)
}

fn would_refuse_json(offered: &OfferedNames, name: &NameOfPhoto) -> Value {
    with_photo(offered, name.photo, json!({ "would": "refuse", "name": offered.review.spelled(&name.name) }))
}

fn with_photo(offered: &OfferedNames, photo: PhotoId, mut said: Value) -> Value {
    said["photo"] = output::path_json(offered.path(photo));
    said
}

fn would_take_words(offered: &OfferedNames, name: &PlacedName) -> String {
    let (spelled, photo) = (quoted(offered.review.spelled(&name.of.name)), printable(offered.path(name.of.photo)));
    match name.place {
        NamePlace::Face(_) => format!("would name a face {spelled}: {photo}"),
        NamePlace::Region => format!("would cut a face out and name it {spelled}: {photo}"),
    }
}

fn would_refuse_words(offered: &OfferedNames, name: &NameOfPhoto) -> String {
    let (spelled, photo) = (quoted(offered.review.spelled(&name.name)), printable(offered.path(name.photo)));
    format!("would not offer {spelled} again: {photo}")
}

fn person_json(person: &PersonFound) -> Value {
    json!({
        "name": person.name, "spellings": person.spellings, "people": person.people.iter().map(|id| id.0).collect::<Vec<_>>(),
        "names": person.names, "by_source": person.by_source, "settled": person.settled,
        "faces": person.faces.iter().map(|face| face.face.0).collect::<Vec<_>>(),
        "by_hand": person.by_hand.len(), "open": person.open.len(),
        "open_why": why_open(person).into_iter().map(|(why, count)| (words_of(why).0, count)).collect::<BTreeMap<_, _>>(),
    })
}

fn person_words(person: &PersonFound) -> String {
    let sources: Vec<String> =
        person.by_source.iter().map(|(source, count)| format!("{} {count}", source.words())).collect();
    let faces = counted(person.faces.len(), "face to be named", "faces to be named");
    let open: Vec<String> =
        why_open(person).into_iter().map(|(why, count)| format!("{count} open: {}", words_of(why).1)).collect();
    let open = if open.is_empty() { "none open".to_owned() } else { open.join(", ") };
    format!(
        "{}: {} ({}); {faces}, {} named already, {} without a face that was found, {open}",
        printable_text(&person.name),
        counted(person.names, "photo", "photos"),
        sources.join(", "),
        person.settled,
        person.by_hand.len(),
    )
}

fn why_open(person: &PersonFound) -> BTreeMap<OpenWhy, usize> {
    let mut reasons = BTreeMap::new();
    person.open.iter().for_each(|open| *reasons.entry(open.why).or_default() += 1);
    reasons
}

/// A reason for programs, and for people.
fn words_of(why: OpenWhy) -> (&'static str, &'static str) {
    match why {
        OpenWhy::Undecided(UndecidedWhy::NoFace) => ("no_face", "no face in the photo is left"),
        OpenWhy::Undecided(UndecidedWhy::SeveralFaces) => ("several_faces", "several faces could be meant"),
        OpenWhy::Undecided(UndecidedWhy::Unsure) => ("unsure", "no face in the photo is surely theirs"),
        OpenWhy::Unplaced(UnplacedWhy::PictureCropped) => {
            ("cropped", "the photo was cropped after the place was drawn")
        }
        OpenWhy::Unplaced(UnplacedWhy::ReadingUnclear) => {
            ("reading_unclear", "nothing tells which way up it was drawn")
        }
        OpenWhy::Unplaced(UnplacedWhy::NoRegion) => ("outside", "the place is outside of the photo, or too small"),
        OpenWhy::Unplaced(UnplacedWhy::GuessWithoutFace) => ("guess", "only guessed there, and no face was found"),
        OpenWhy::Unplaced(UnplacedWhy::TooMany) => ("too_many", "the photo holds too many names"),
        OpenWhy::Outdone => ("outdone", "something surer stands in its place"),
        OpenWhy::Forgotten => ("forgotten", "who is at this place was forgotten"),
        OpenWhy::Unplaced(
            UnplacedWhy::PhotoNotInLibrary | UnplacedWhy::PhotoUnclear | UnplacedWhy::FaceTaken { .. },
        )
        | OpenWhy::Contradicted => ("contradicted", "see the contradictions"),
    }
}

fn conflict_words(offered: &OfferedNames, conflict: &NameConflict) -> String {
    let quoted_key = |key: &NameKey| quoted(offered.review.spelled(key));
    match conflict {
        NameConflict::TwoNames(face) => {
            let names: Vec<String> = face.names.iter().map(|name| quoted_key(&name.key)).collect();
            let (names, photo) = (names.join(" and "), printable(offered.path(face.photo)));
            match &face.ours {
                None if face.denied => format!("a face in {photo} is not {names} here, and is so there"),
                None => format!("one face in {photo} is called {names}"),
                Some(OwnName { name, taken: None, .. }) => {
                    format!("a face in {photo} is {} here, and {names} there", quoted(name))
                }
                Some(OwnName { name, taken: Some(_), .. }) => {
                    format!("a face in {photo} was {} there, too, and is {names} by now", quoted(name))
                }
            }
        }
        NameConflict::TwoPeople(shared) => {
            let (name, sides) = (quoted_key(&shared.key), shared.sides.len());
            match shared.in_one_photo() {
                Some(photo) => format!("{name} is the name of {sides} faces in {}", printable(offered.path(photo))),
                None => {
                    let examples: Vec<String> = examples(offered, shared).into_iter().map(printable).collect();
                    let examples = examples.join(", ");
                    format!("{name} is the name of {sides} groups of faces unlike each other, as in {examples}")
                }
            }
        }
        NameConflict::Namesakes(asked) => {
            let (name, people) = (quoted_key(&asked.key), asked.people.len());
            let photos: Vec<String> = photos_of(asked).map(|photo| printable(offered.path(photo))).collect();
            format!("{people} people here are called {name}; the window asks which of them is in {}", photos.join(", "))
        }
    }
}

/// Where the faces and regions of a question are.
fn photos_of(asked: &NamesakeQuestion) -> impl Iterator<Item = PhotoId> {
    asked.faces.iter().map(|face| face.photo).chain(asked.by_hand.iter().map(|region| region.photo))
}

/// A photo of each side.
fn examples<'o>(offered: &'o OfferedNames, shared: &SharedName) -> Vec<&'o Path> {
    shared.sides.iter().filter_map(|side| Some(offered.path(side.first()?.photo))).collect()
}

fn conflict_json(offered: &OfferedNames, conflict: &NameConflict) -> Value {
    let spelled = |key: &NameKey| offered.review.spelled(key).to_owned();
    let photo = |photo| PathText::of(offered.path(photo)).path;
    match conflict {
        NameConflict::TwoNames(face) => {
            let ours = face.ours.as_ref();
            json!({
                "conflict": "two_names", "photo": photo(face.photo), "box": box_json(face.at),
                "here": ours.map(|ours| &ours.name), "was_theirs": ours.is_some_and(|ours| ours.taken.is_some()),
                "denied": face.denied, "names": face.names.iter().map(|name| spelled(&name.key)).collect::<Vec<_>>(),
            })
        }
        NameConflict::TwoPeople(shared) => {
            let side = |faces: &Vec<FaceProposal>| faces.iter().map(|face| photo(face.photo)).collect::<Vec<_>>();
            json!({
                "conflict": "two_people", "name": spelled(&shared.key),
                "photos": shared.sides.iter().map(side).collect::<Vec<_>>(),
            })
        }
        NameConflict::Namesakes(asked) => json!({
            "conflict": "namesakes", "name": spelled(&asked.key),
            "people": asked.people.iter().map(|id| id.0).collect::<Vec<_>>(),
            "photos": photos_of(asked).map(photo).collect::<Vec<_>>(),
        }),
    }
}

fn withdrawn_json(offered: &OfferedNames, name: &WithdrawnName) -> Value {
    let instead: Vec<&str> = name.instead.iter().map(|key| offered.review.spelled(key)).collect();
    json!({
        "withdrawn": name.name, "photo": PathText::of(offered.path(name.answer.photo)).path, "instead": instead,
    })
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", printable_text(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::found::{NameKind, NameSource};
    use crate::metadata::region_box::RegionBox;
    use crate::metadata::review::{HandProposal, NamesReview, OpenName};
    use crate::types::PersonId;

    /// Ada's face, a place of Bo's without one, and a name of Cleo's that came to nobody.
    fn offered() -> OfferedNames {
        let mut review = OfferedNames::of(&["Ada", "Bo", "Cleo"]).review;
        let at = RegionBox { x: 0.25, y: 0.5, width: 0.125, height: 0.25 };
        let (kind, sources) = (NameKind::Confirmed, vec![NameSource::Mwg]);
        review.people[1].faces = Vec::new();
        review.people[1].by_hand = vec![HandProposal { photo: PhotoId(2), at, kind, sources }];
        review.people[2].faces = Vec::new();
        review.people[2].open = vec![OpenName { photo: PhotoId(3), why: OpenWhy::Outdone }];
        OfferedNames::made_up(review)
    }

    #[test]
    fn a_dry_run_says_of_each_name_what_taking_would_do() {
        let offered = offered();
        let chosen = offered.to_take(&["ada".to_owned(), "Bo".to_owned()]).unwrap();
        let outcome = Outcome::WouldBe(&chosen);
        let words = all_words(&offered, &outcome);
        assert_eq!(
            words[3..],
            [
                "would name a face \"Ada\": /p/1.jpg",
                "would cut a face out and name it \"Bo\": /p/2.jpg",
                "3 names of 3 people found in the photos",
                "2 faces would be named so, 1 of them cut out where no face was found; nothing was changed",
            ]
        );
        let json = all_json(&offered, &outcome);
        let would =
            json!({ "would": "cut_out_and_name", "name": "Bo", "photo": "/p/2.jpg", "box": [0.25, 0.5, 0.125, 0.25] });
        assert!(json.contains(&would), "{json:?}");
        let counts = json.last().unwrap();
        assert_eq!((&counts["taken"], &counts["by_hand"], &counts["dry_run"]), (&json!(2), &json!(1), &json!(true)));
        let only = offered.to_take(&["Bo".to_owned()]).unwrap();
        assert!(!all_words(&offered, &Outcome::WouldBe(&only)).iter().any(|line| line.contains("would name")));
    }

    #[test]
    fn a_dry_run_says_what_would_not_be_offered_again() {
        let offered = offered();
        let chosen = offered.to_refuse(&["Cleo".to_owned()]).unwrap();
        let words = all_words(&offered, &Outcome::WouldBe(&chosen));
        assert_eq!(words[3], "would not offer \"Cleo\" again: /p/3.jpg");
        assert_eq!(words.last().unwrap(), "1 name would not be offered again; nothing was changed");
    }

    #[test]
    fn a_name_that_is_not_offered_says_why() {
        let (offered, answered, chosen) = (offered(), AnsweredHere::default(), NameChoices::default());
        let outcome = Outcome::Is(&answered, &chosen);
        assert!(all_words(&offered, &outcome)[2].ends_with("1 open: something surer stands in its place"));
        assert_eq!(all_json(&offered, &outcome)[2]["open_why"], json!({ "outdone": 1 }));
        assert!(all_words(&offered, &outcome).last().unwrap().contains("--take"), "how to go on");
    }

    #[test]
    fn namesakes_are_asked_about_in_both_forms() {
        let faces = OfferedNames::of(&["Ada"]).review.people[0].faces.clone();
        let people = vec![PersonId(4), PersonId(7)];
        let asked = NamesakeQuestion { key: NameKey::of("Ada").unwrap(), people, faces, by_hand: None };
        let conflicts = vec![NameConflict::Namesakes(asked)];
        let offered = OfferedNames::made_up(NamesReview { conflicts, ..NamesReview::default() });
        let conflict = &offered.review.conflicts[0];
        assert!(conflict_words(&offered, conflict).starts_with("2 people here are called \"ada\""));
        let json = conflict_json(&offered, conflict);
        assert_eq!((&json["conflict"], &json["people"]), (&json!("namesakes"), &json!([4, 7])));
    }
}
