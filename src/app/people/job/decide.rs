//! What the user decides, written through the library's journal or into the model store.

use anyhow::Result;

use crate::app::engine::report::{Failed, Ticket};
use crate::app::jobs::import;
use crate::app::jobs::regroup::split_group;
use crate::app::people::job::preview;
use crate::app::people::state::MoveTarget;
use crate::app::shell::backend::{Change, Event};
use crate::app::engine::shared::{failure, lock};
use crate::app::shell::threads::Shared;
use crate::library::{Belongs, Destination, Library, LibraryError, SetAside};
use crate::networks::models::{Store, Verdict};
use crate::types::{FaceId, ModelId, PersonId, SquaredDistance};

pub fn answer(shared: &Shared, ticket: Ticket, change: Change) -> Event {
    let what = if matches!(change, Change::ImportModel(_)) { Failed::Import } else { Failed::Change };
    let outcome = apply(shared, change);
    // Whatever changed, the next preview starts from the library as it is then.
    *lock(&shared.preview) = None;
    match outcome {
        Ok(()) => Event::Changed(ticket),
        Err(error) => Event::Failed(Some(ticket), failure(what, &error)),
    }
}

fn apply(shared: &Shared, change: Change) -> Result<()> {
    let model = shared.options().model_id();
    match change {
        Change::ImportModel(request) => import(&Store::open(shared.home.models())?, &request, &mut |_| {}).map(drop),
        Change::VerifyModel(id) => match Store::open(shared.home.models())?.verify(&id)? {
            Verdict::Sound => Ok(()),
            Verdict::Missing => anyhow::bail!("{id} is not installed"),
            Verdict::Damaged { path, .. } => {
                anyhow::bail!("a file of {id} is damaged; remove the model and install it again: {}", path.display())
            }
        },
        Change::ApplyGrouping { squared_distance, linkage } => {
            preview::apply(shared, SquaredDistance(squared_distance), linkage)
        }
        Change::Split(person) => split_group(&shared.library, &model, person),
        review => shared.library.call(move |library| decide(library, &model, review)),
    }
}

fn decide(library: &mut Library, model: &ModelId, change: Change) -> Result<(), LibraryError> {
    match change {
        Change::Name { person, name } => library.name_person(person, &name),
        Change::Confirm { faces, .. } => library.confirm(&faces),
        Change::ConfirmAll(person) => {
            let faces = faces_of(library, model, person, |belongs| belongs == Belongs::Suggested)?;
            library.confirm(&faces)
        }
        Change::Reject { faces, .. } => library.reject(&faces),
        Change::Move { faces, to: MoveTarget::Person(to) } => {
            library.move_faces(&faces, &Destination::Person(to)).map(drop)
        }
        Change::Move { faces, to: MoveTarget::NewPerson(name) } => {
            library.move_faces(&faces, &Destination::NewPerson { name }).map(drop)
        }
        Change::TakeOut(faces) => library.take_out(&faces).map(drop),
        Change::Merge { from, into } => library.merge(from, into),
        Change::Ignore(person) => library.hide_person(person),
        Change::NotAPerson(person) => {
            let faces = faces_of(library, model, person, |_| true)?;
            library.set_aside(&faces, SetAside::NotAFace)
        }
        Change::Undo => library.undo().map(drop),
        Change::Redo => library.redo().map(drop),
        other => unreachable!("{other:?} is no review decision"),
    }
}

fn faces_of(
    library: &Library,
    model: &ModelId,
    person: PersonId,
    wanted: impl Fn(Belongs) -> bool,
) -> Result<Vec<FaceId>, LibraryError> {
    let faces = library.faces_of_person(person, model)?.into_iter();
    Ok(faces.filter(|face| wanted(face.belongs)).map(|face| face.face_id).collect())
}
