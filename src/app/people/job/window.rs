//! What the People view asks.

use std::sync::Arc;

use anyhow::{Context, Result};

use super::preview::Preview;
use crate::app::engine::report::Failed;
use crate::app::engine::shared::{Shared, Tasks};
use crate::app::jobs::regroup::split_group;
use crate::app::people::state::{Event, PersonFace, PersonPage, Request};
use crate::library::{self, Belongs};
use crate::types::{PersonId, SquaredDistance, Touched};

/// Answers a request on one of the quick threads.
pub fn handle(tasks: &Tasks<'_, Event>, preview: &Arc<Preview>, request: Request) {
    let preview = preview.clone();
    tasks.in_background(move |shared, sink| match request {
        Request::LoadPerson(person) => match person_page(shared, person) {
            Ok(page) => sink.send(Event::Person(page)),
            Err(error) => sink.fail(Failed::Load, &error),
        },
        Request::Preview { squared_distance, linkage } => match preview.at(shared, squared_distance, linkage) {
            Ok(shown) => sink.send(Event::Preview(shown)),
            Err(error) => sink.fail(Failed::Preview, &error),
        },
        Request::ApplyGrouping { ticket, squared_distance, linkage } => {
            let applied = preview.apply(shared, SquaredDistance(squared_distance), linkage);
            shared.library_changed();
            sink.changed(ticket, Failed::Change, applied.map(|()| Touched::everything()));
        }
        Request::Split(ticket, person) => {
            let split = split_group(&shared.library, &shared.options().model_id(), person);
            shared.library_changed();
            sink.changed(ticket, Failed::Change, split);
        }
        Request::Decide(ticket, decision) => {
            let touched = shared.library.call(move |library| library.decide(&decision));
            shared.library_changed();
            sink.changed(ticket, Failed::Change, touched);
        }
    });
}

fn person_page(shared: &Shared, person: PersonId) -> Result<PersonPage> {
    let model = shared.options().model_id();
    let (card, faces) = shared.library.call(move |library| {
        Ok::<_, library::LibraryError>((library.person(person)?, library.faces_of_person(person, &model)?))
    })?;
    let card = card.context("this person is gone from the library")?;
    let (suggested, confirmed): (Vec<_>, Vec<_>) =
        faces.into_iter().partition(|face| face.belongs == Belongs::Suggested);
    let rows = |faces: Vec<library::FaceOfPerson>| faces.into_iter().map(person_face).collect();
    Ok(PersonPage {
        person,
        name: card.name,
        cover: card.cover.context("this person has no faces left")?,
        confirmed: rows(confirmed),
        suggested: rows(suggested),
    })
}

fn person_face(face: library::FaceOfPerson) -> PersonFace {
    // A face that this model has not embedded stands at the far end.
    let distance = face.distance.unwrap_or(SquaredDistance(4.0));
    PersonFace { face: face.face_id, photo: face.photo_id, distance }
}
