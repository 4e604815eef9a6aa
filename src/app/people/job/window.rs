//! What the People view asks.

use std::sync::Arc;

use anyhow::Result;

use super::aside::{Aside, aside};
use super::preview::{GroupingPreview, Preview};
use crate::app::engine::report::{Failed, Ticket};
use crate::app::engine::shared::{FeatureJob, Shared, Sink, Tasks};
use crate::app::jobs::regroup::{Grouping, split_group};
use crate::cluster::Linkage;
use crate::library::{AgainstMerge, Belongs, Decision, FaceOfPerson, LibraryError};
use crate::types::{FaceId, PersonId, PhotoId, Revision, SquaredDistance};

const PREVIEW_FAILED: Failed = Failed::Own("failed_preview");

/// What is asked of the jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    LoadPerson(PersonId),
    /// What was set aside, told apart and rejected.
    LoadAside,
    /// What grouping at this threshold would change, without changing anything.
    Preview {
        squared_distance: f32,
        linkage: Linkage,
    },
    /// Nobody looks at it any more.
    StopPreview,
    ApplyGrouping {
        ticket: Ticket,
        grouping: Grouping,
        /// As in the preview that its user looked at.
        seen: Revision,
    },
    /// This group holds different people: group its faces again, more cautiously.
    Split(Ticket, PersonId, Revision),
    Decide(Ticket, Decision, Revision),
    /// What was said against merging two people. With a revision they were given one name: they are merged where nothing
    /// was.
    LoadAgainst {
        from: PersonId,
        into: PersonId,
        named: Option<Revision>,
    },
}

#[derive(Debug, Clone)]
pub enum Event {
    Person(PersonPage),
    /// This person is not in the library any more.
    Gone(PersonId),
    Aside(Aside),
    Preview(GroupingPreview),
    Against {
        from: PersonId,
        into: PersonId,
        named: Option<Revision>,
        against: AgainstMerge,
    },
}

/// One person with all faces, nearest to the confirmed ones first.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonPage {
    /// The library when this was read: what a decision made here has seen.
    pub seen: Revision,
    pub person: PersonId,
    /// None for an unnamed group.
    pub name: Option<String>,
    pub is_hidden: bool,
    /// None where all faces were set aside or given to others.
    pub cover: Option<FaceId>,
    /// Their user chose it.
    pub is_cover_chosen: bool,
    /// Confirmed one by one, named with the group, or grouped.
    pub held: Vec<FaceOfPerson>,
    pub suggested: Vec<FaceOfPerson>,
    /// Faces held so far, in photos that are missing, with their photos.
    pub missing: Vec<(FaceId, PhotoId)>,
    /// Faces of which the user said that they are not this person.
    pub rejected: Vec<(FaceId, PhotoId)>,
    /// People who are somebody else, with their names.
    pub apart: Vec<(PersonId, Option<String>)>,
}

impl PersonPage {
    /// How many faces are held so.
    pub fn count(&self, belongs: Belongs) -> u64 {
        self.held.iter().filter(|face| face.belongs == belongs).count() as u64
    }
}

/// Decisions go one after the other, pages are read on the quick threads.
#[derive(Default)]
pub struct Job {
    preview: Arc<Preview>,
}

impl FeatureJob for Job {
    type Request = Request;
    type Event = Event;

    fn handle(&self, tasks: &mut Tasks<'_, Event>, request: Request) {
        let preview = self.preview.clone();
        // At once, whatever waits on the threads: only the latest question is worked on.
        let question = match request {
            Request::Preview { squared_distance, linkage } => {
                Some(preview.ask(Grouping { linkage, threshold: SquaredDistance(squared_distance) }))
            }
            Request::StopPreview => return preview.stop(),
            _ => None,
        };
        // One decision after the other, as they were made: none overtakes another while the library is busy.
        let is_decision = matches!(request, Request::Decide(..) | Request::ApplyGrouping { .. });
        // A large group takes long to part: what is decided meanwhile about its faces refuses it.
        let is_computed = matches!(request, Request::Preview { .. } | Request::Split(..));
        let work = move |shared: &Shared, sink: &Sink<Event>| match request {
            Request::LoadPerson(person) => {
                sink.loaded(person_page(shared, person), |page| page.map_or(Event::Gone(person), Event::Person));
            }
            Request::LoadAside => sink.loaded(aside(shared), Event::Aside),
            Request::Preview { .. } | Request::StopPreview => {
                let Some(question) = question else { return };
                match preview.at(shared, &question) {
                    Ok(Some(shown)) => sink.send(Event::Preview(shown)),
                    Ok(None) => {}
                    Err(error) => sink.fail(PREVIEW_FAILED, &error),
                }
            }
            Request::ApplyGrouping { ticket, grouping, seen } => {
                let applied = preview.apply(shared, grouping, seen);
                shared.library_changed();
                sink.changed_as(ticket, what_failed, applied);
            }
            Request::Split(ticket, person, seen) => {
                let split = split_group(&shared.library, &shared.options().model_id(), person, seen);
                shared.library_changed();
                sink.changed_as(ticket, what_failed, split);
            }
            Request::LoadAgainst { from, into, named } => {
                let against = shared.library.ask(|library| library.against_merge(from, into));
                sink.loaded(against, |against| Event::Against { from, into, named, against });
            }
            Request::Decide(ticket, decision, seen) => {
                let touched = shared.library.call(move |library| library.decide(&decision, seen));
                shared.library_changed();
                sink.changed_as(ticket, what_failed, touched);
            }
        };
        if is_decision {
            tasks.in_order(work)
        } else if is_computed {
            tasks.at_length(work)
        } else {
            tasks.in_background(work)
        }
    }
}

fn what_failed(error: &anyhow::Error) -> Failed {
    Failed::of(error, Failed::Change)
}

/// None of a person who is gone.
fn person_page(shared: &Shared, person: PersonId) -> Result<Option<PersonPage>> {
    let model = shared.options().model_id();
    shared.library.ask(|library| {
        let Some(card) = library.person(person)? else { return Ok(None) };
        let faces = library.faces_of_person(person, &model)?.into_iter();
        let (suggested, held) = faces.partition(|face| face.belongs == Belongs::Suggested);
        Ok::<_, LibraryError>(Some(PersonPage {
            seen: library.revision()?,
            person,
            name: card.name,
            is_hidden: card.is_hidden,
            cover: card.cover,
            is_cover_chosen: card.is_cover_chosen,
            held,
            suggested,
            missing: library.missing_faces_of(person)?,
            rejected: library.rejected_for(person)?,
            apart: library.told_apart_from(person)?,
        }))
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use crossbeam_channel::unbounded;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::app::engine::home::Home;
    use crate::app::engine::report::Report;
    use crate::app::engine::shared::Running;
    use crate::app::engine::workers::Workers;
    use crate::library::{Destination, FaceRecord, GroupedBy, PhotoRecord, fixture};
    use crate::types::{Embedding, ModelId};

    fn photo(path: &Path, model: &ModelId, faces: usize) -> PhotoRecord {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut face = |place: usize| FaceRecord {
            embedding: Embedding::normalise((0..64).map(|_| random.random_range(-1.0..1.0)).collect()).ok(),
            ..fixture::face(100.0 * place as f32, 0.0)
        };
        let faces = (0..faces).map(&mut face).collect();
        PhotoRecord { model: model.clone(), ..fixture::photo(path, 1, faces) }
    }

    #[test]
    fn decisions_are_answered_while_a_large_group_is_split() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let shared = Shared::of_home(&home);
        let workers = Workers::start(home, || ()).unwrap();
        let (path, model) = (folder.path().to_owned(), shared.options().model_id());
        let group = shared.library.call(move |library| {
            let scan = library.begin_scan(&path)?;
            let recorded = library.record_photos(scan, &[photo(&path.join("a.jpg"), &model, 1500)])?;
            let faces: Vec<FaceId> =
                library.faces_of_photo(recorded[0].photo_id)?.iter().map(|face| face.face_id).collect();
            library.apply_grouping(&[faces.clone()], GroupedBy::Scan, Revision::NOW)?;
            Ok::<_, LibraryError>(library.face(faces[0])?.and_then(|face| face.state.person()))
        });
        let (send, told) = unbounded();
        let sink = Sink::new(move |report| _ = send.send(report));
        let mut tasks = Tasks { shared: &shared, workers: &workers, sink, running: &mut Running::default() };
        let job = Job::default();
        job.handle(&mut tasks, Request::Split(1, group.unwrap().unwrap(), Revision::NOW));
        let to = Destination::NewPerson { name: "Ada".to_owned() };
        let named = Decision::Move { of: None, faces: Vec::new(), to };
        job.handle(&mut tasks, Request::Decide(2, named, Revision::NOW));
        for ticket in [2, 1] {
            let report = told.recv_timeout(Duration::from_secs(60)).unwrap();
            assert!(matches!(&report, Report::Changed(of, _) if *of == ticket), "{ticket}: {report:?}");
        }
    }
}
