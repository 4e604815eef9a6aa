//! Names that the window looks for, takes and refuses.

use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use super::{KnownFaces, MoreSources, OfferedNames, offer, refuse, take};
use crate::app::engine::report::{Failed, JobKind, Ticket};
use crate::app::engine::shared::{FeatureJob, Shared, Sink, Tasks};
use crate::types::Touched;

pub(crate) const LOOK_FOR_NAMES: JobKind = JobKind("names");
const TAKING_FAILED: Failed = Failed::Own("failed_take_names");

#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Looks for names with all photos of the library.
    Find,
    /// Names the faces of these people so; of everybody where none is named.
    Take { ticket: Ticket, offered: Arc<OfferedNames>, only: Vec<String> },
    /// Offers these people's names no more.
    Refuse { ticket: Ticket, offered: Arc<OfferedNames>, who: Vec<String> },
    /// Offers what was refused again.
    TakeBackRefusals(Ticket),
}

#[derive(Debug, Clone)]
pub enum Event {
    /// Before its job ends.
    Offered(Arc<OfferedNames>),
}

/// Reads beside the device's thread: no network is needed.
#[derive(Debug, Default)]
pub struct Job;

impl FeatureJob for Job {
    type Request = Request;
    type Event = Event;

    fn handle(&self, tasks: &mut Tasks<'_, Event>, request: Request) {
        match request {
            Request::Find => find(tasks),
            Request::Take { ticket, offered, only } => tasks.at_length(move |shared, sink| {
                let taken = shared.library.call(move |library| take(library, &offered, &only));
                changed(shared, sink, ticket, taken);
            }),
            Request::Refuse { ticket, offered, who } => tasks.at_length(move |shared, sink| {
                let refused = shared.library.call(move |library| refuse(library, &offered, &who));
                changed(shared, sink, ticket, refused.map(|_| Touched::default()));
            }),
            Request::TakeBackRefusals(ticket) => tasks.at_length(move |shared, sink| {
                let taken_back = shared.library.call(|library| library.take_back_refusals());
                changed(shared, sink, ticket, taken_back.map(|()| Touched::default()));
            }),
        }
    }
}

fn find(tasks: &mut Tasks<'_, Event>) {
    let (job, cancel) = tasks.begin_job();
    tasks.run_job_in_background(job, move |shared, sink| {
        let mut events = sink.reporter(job, LOOK_FOR_NAMES);
        let options = shared.options();
        let model = options.model_id();
        // Every path begins with nothing.
        let known = shared.library.ask(move |library| KnownFaces::read(library, Path::new(""), &model));
        let more = MoreSources::default();
        let offered = known.and_then(|known| offer(&shared.home, known, &options, &more, &cancel, &mut events));
        let outcome = offered.map(|offered| {
            offered.into_iter().for_each(|offered| sink.send(Event::Offered(Arc::new(offered))));
        });
        sink.end(job, LOOK_FOR_NAMES, &cancel, outcome);
    });
}

fn changed(shared: &Shared, sink: &Sink<Event>, ticket: Ticket, outcome: Result<Touched>) {
    shared.library_changed();
    let failed = outcome.as_ref().err().map_or(TAKING_FAILED, |error| Failed::of(error, TAKING_FAILED));
    sink.changed(ticket, failed, outcome);
}
