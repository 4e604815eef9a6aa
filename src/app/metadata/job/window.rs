//! Names that the window looks for, takes and refuses.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Result, anyhow};

use super::write_window::{self, WriteEvent, WriteRequest};
use super::{AnsweredHere, KnownFaces, MoreSources, NameChoices, OfferedNames, answer_here, offer, offer_again};
use crate::app::engine::changed_places::ChangedPlaces;
use crate::app::engine::networks::FindFaces;
use crate::app::engine::progress::JobEvent;
use crate::app::engine::report::{Failed, Failure, JobKind, Report, Ticket};
use crate::app::engine::shared::{FeatureJob, Shared, Sink, Tasks};
use crate::library::NamesRead;
use crate::types::{Cancel, Touched};

pub(crate) const FIND_NAMES: JobKind = JobKind("names");
pub(crate) const TAKE_NAMES: JobKind = JobKind("take names");
const TAKING_FAILED: Failed = Failed::Own("failed_take_names");
const TAKING_STOPPED: Failed = Failed::Own("names_not_taken");
const MAKING_FAILED: Failed = Failed::Own("failed_make_faces");

#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Looks for names with all photos of the library.
    Find,
    /// The same, where files may have changed since names were last looked for: what else says was read then.
    FindChanged,
    /// What its user says to some of the names.
    Answer {
        ticket: Ticket,
        offered: Arc<OfferedNames>,
        chosen: NameChoices,
    },
    /// Offers what was refused again.
    OfferAgain(Ticket),
    /// What the library keeps about writing names.
    LoadWriting,
    Writing(WriteRequest),
}

#[derive(Debug, Clone)]
pub enum Event {
    /// Before its job ends.
    Offered(Arc<OfferedNames>),
    Writing(WriteEvent),
}

/// Reads beside the device's thread; only where faces are cut out the networks look at them.
#[derive(Debug, Default)]
pub struct Job;

impl FeatureJob for Job {
    type Request = Request;
    type Event = Event;

    fn handle(&self, tasks: &mut Tasks<'_, Event>, request: Request) {
        match request {
            Request::Find => find(tasks, |_| ChangedPlaces::Anywhere),
            Request::FindChanged => find(tasks, ChangedPlaces::take),
            Request::LoadWriting => write_window::load(tasks, Event::Writing),
            Request::Writing(request) => write_window::handle(tasks, request, Event::Writing),
            Request::Answer { ticket, offered, chosen } if chosen.makes_faces() => {
                make_and_answer(tasks, ticket, (offered, chosen));
            }
            Request::Answer { ticket, offered, chosen } => tasks.at_length(move |shared, sink| {
                let nobody = |_: &mut dyn FnMut(JobEvent)| Ok(None);
                take(shared, sink, ticket, (offered, chosen), nobody, &Cancel::default(), &mut |_| {});
            }),
            Request::OfferAgain(ticket) => tasks.at_length(move |shared, sink| {
                let offered = shared.library.call(offer_again);
                changed(shared, sink, ticket, offered);
            }),
        }
    }
}

fn find(tasks: &mut Tasks<'_, Event>, where_changed: fn(&mut ChangedPlaces) -> ChangedPlaces) {
    let (job, cancel) = tasks.begin_job();
    tasks.run_job_in_background(job, move |shared, sink| {
        let mut events = sink.reporter(job, FIND_NAMES);
        let options = shared.options();
        let model = options.model_id();
        // Every path begins with nothing.
        let known = shared.library.ask(move |library| KnownFaces::read(library, Path::new(""), &model));
        let changed = where_changed(&mut shared.names_changed());
        let known = known.map(|known| known.changed_at(changed));
        let more = MoreSources::default();
        // What cannot be kept is read again the next time.
        let mut keep = |read: Vec<NamesRead>, gone: Vec<PathBuf>| {
            _ = shared.library.call(move |library| library.note_names_read(&read, &gone));
        };
        let offered =
            known.and_then(|known| offer(&shared.home, known, &options, &more, &mut keep, &cancel, &mut events));
        let outcome = offered.map(|offered| offered.map(|offered| sink.send(Event::Offered(Arc::new(offered)))));
        if !matches!(outcome, Ok(Some(()))) {
            // Not all was looked at.
            *shared.names_changed() = ChangedPlaces::Anywhere;
        }
        sink.end(job, FIND_NAMES, &cancel, outcome.map(drop));
    });
}

fn make_and_answer(tasks: &mut Tasks<'_, Event>, ticket: Ticket, names: (Arc<OfferedNames>, NameChoices)) {
    let (job, cancel) = tasks.begin_job();
    tasks.run_job(job, move |shared, networks, sink| {
        let mut events = sink.reporter(job, TAKE_NAMES);
        let (options, stop) = (shared.options(), &cancel);
        // Where they cannot be loaded faces are cut out all the same.
        let load = move |events: &mut dyn FnMut(JobEvent)| {
            Ok({ networks }.engine(&options, stop, events).ok().map(|engine| engine as &dyn FindFaces))
        };
        take(shared, sink, ticket, names, load, &cancel, &mut events);
        sink.end(job, TAKE_NAMES, &Cancel::default(), Ok(()));
    });
}

/// Nothing is taken where its user stops it while faces are cut out.
fn take<'e>(
    shared: &Shared,
    sink: &Sink<Event>,
    ticket: Ticket,
    names: (Arc<OfferedNames>, NameChoices),
    load: impl FnOnce(&mut dyn FnMut(JobEvent)) -> Result<Option<&'e dyn FindFaces>>,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) {
    let options = shared.options();
    match answer_here(&mut shared.library.clone(), (&shared.home, &options), (&names.0, &names.1), load, cancel, events)
    {
        Ok(None) => {
            let failure = Failure { what: TAKING_STOPPED, details: String::new() };
            sink.report(Report::Failed(Some(ticket), failure));
        }
        Ok(Some(AnsweredHere { touched, skipped, .. })) => {
            changed(shared, sink, ticket, Ok(touched));
            if !skipped.is_empty() {
                let lines = skipped.iter().map(|file| format!("{}: {}", file.path.display(), file.why));
                sink.fail(MAKING_FAILED, &anyhow!(lines.collect::<Vec<_>>().join("\n")));
            }
        }
        Err(error) => changed(shared, sink, ticket, Err(error)),
    }
}

fn changed(shared: &Shared, sink: &Sink<Event>, ticket: Ticket, outcome: Result<Touched>) {
    shared.library_changed();
    let failed = outcome.as_ref().err().map_or(TAKING_FAILED, |error| Failed::of(error, TAKING_FAILED));
    sink.changed(ticket, failed, outcome);
}
