//! What `likeness metadata names` tells: people, contradictions, names that other programs took back.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::{box_json, skipped_json, tell_skipped};
use crate::app::engine::cli::console::{counted, printable, printable_text};
use crate::app::engine::cli::output;
use crate::app::engine::progress::Skipped;
use crate::app::metadata::job::{AnsweredHere, NameChoices, OfferedNames};
use crate::metadata::name_key::NameKey;
use crate::metadata::review::answers::WithdrawnName;
use crate::metadata::review::{FaceProposal, NameConflict, OwnName, PersonFound, SharedName};
use crate::types::PathText;

pub(super) fn tell_offered(
    offered: &OfferedNames,
    answered: &AnsweredHere,
    chosen: &NameChoices,
    json: bool,
) -> Result<()> {
    let review = &offered.review;
    let (names, people) = review.counts();
    let (taken, refused) = (answered.touched.faces.len(), chosen.refused.len());
    let skipped: Vec<Skipped> = offered.skipped.iter().chain(&answered.skipped).cloned().collect();
    if json {
        let conflicts = review.conflicts.iter().map(|conflict| conflict_json(offered, conflict));
        let withdrawn = review.withdrawn.iter().map(|name| withdrawn_json(offered, name));
        for found in review.people.iter().map(person_json).chain(conflicts).chain(withdrawn) {
            output::json(&found)?;
        }
        return output::json(&json!({
            "names": names, "people": people, "conflicts": review.conflicts.len(),
            "withdrawn": review.withdrawn.len(), "elsewhere": review.elsewhere, "taken": taken,
            "by_hand": answered.by_hand, "refused": refused, "skipped": skipped_json(&skipped),
        }));
    }
    for person in &review.people {
        output::line(person_words(person))?;
    }
    for conflict in &review.conflicts {
        output::line(format!("contradiction: {}", conflict_words(offered, conflict)))?;
    }
    for name in &review.withdrawn {
        let (photo, name) = (printable(offered.path(name.answer.photo)), quoted(&name.name));
        output::line(format!("withdrawn: {photo} says {name} no more"))?;
    }
    let people = counted(people, "person", "people");
    output::line(format!("{} of {people} found in the photos", counted(names, "name", "names")))?;
    match (taken, refused) {
        (0, 0) if names > 0 && chosen.taken.is_empty() => {
            output::line("Nothing was changed; --take names the faces so")?;
        }
        (0, 0) => {}
        (_, 0) => {
            let cut = counted(answered.by_hand, "of them was cut out", "of them were cut out");
            let taken = counted(taken, "face", "faces");
            output::line(format!("{taken} named so; {cut} where no face had been found"))?;
        }
        _ => output::line(format!("{} not offered again", counted(refused, "name is", "names are")))?,
    }
    tell_skipped(&skipped)
}

fn person_json(person: &PersonFound) -> Value {
    json!({
        "name": person.name, "spellings": person.spellings, "person": person.person.map(|id| id.0),
        "names": person.names, "by_source": person.by_source, "settled": person.settled,
        "faces": person.faces.iter().map(|face| face.face.0).collect::<Vec<_>>(),
        "by_hand": person.by_hand.len(), "open": person.open.len(),
    })
}

fn person_words(person: &PersonFound) -> String {
    let sources: Vec<String> =
        person.by_source.iter().map(|(source, count)| format!("{} {count}", source.words())).collect();
    let faces = counted(person.faces.len(), "face to be named", "faces to be named");
    format!(
        "{}: {} ({}); {faces}, {} named already, {} without a face that was found, {} open",
        printable_text(&person.name),
        counted(person.names, "photo", "photos"),
        sources.join(", "),
        person.settled,
        person.by_hand.len(),
        person.open.len()
    )
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
    }
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
