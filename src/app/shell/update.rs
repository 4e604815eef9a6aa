//! What commands and events do to the state. No drawing: this runs while the window is hidden, too.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;

use crate::app::compare::state::CompareSource;
use crate::app::engine::facts::Loadable;
use crate::app::engine::report::{Failed, Failure, JobEnd, JobKind, JobSummary, Ticket};
use crate::app::evaluate::state::message::EvaluateRequest;
use crate::app::models::state::importing::Step;
use crate::app::people::state::MoveTarget;
use crate::app::photos::state::PhotoFilter;
use crate::app::shell::backend::{Backend, Change, Event, Request};
use crate::app::shell::message::Command;
use crate::app::shell::notices::NoticeAction;
use crate::app::shell::state::{Page, State};
use crate::app::train::state as train;
use crate::app::train::state::message::TrainNews;
use crate::app::ui::view::View;
use crate::app::ui::locale::{Locale, grouped};
use crate::figures::Saving;
use crate::types::PersonId;

/// A running scan is shown in the library this often.
const REFRESH_SECS: f64 = 5.0;

/// Events taken in one call, so that a burst cannot hold a frame up.
pub const EVENTS_A_CALL: usize = 64;

/// What the window sends and what it waits for.
#[derive(Default)]
pub struct Logic {
    outbox: VecDeque<Request>,
    /// What to say when a change has been made.
    said: HashMap<Ticket, Words>,
    next_ticket: Ticket,
    now_secs: f64,
    /// When a running scan was last looked at in the library.
    refreshed_secs: f64,
}

/// Words for a change that succeeds.
struct Words {
    text: String,
    undoable: bool,
}

impl Logic {
    pub fn set_now(&mut self, now_secs: f64) {
        self.now_secs = now_secs;
    }

    /// Asks for what every view needs.
    pub fn start(&mut self, state: &State) {
        self.ask(Request::LoadOverview);
        self.ask(Request::LoadPeople);
        self.ask(Request::LoadTimeline(state.filter.clone()));
        self.ask(Request::LoadModels);
        self.ask(Request::LoadNetworks);
        self.ask(Request::LoadDevices);
        self.ask_evaluate(EvaluateRequest::LoadSample);
        if state.settings.view == View::Evaluate {
            self.ask_evaluate(EvaluateRequest::LoadRuns);
        }
        if state.settings.view == View::Train {
            train::logic::open(&state.train, &mut |ask| self.ask(Request::Train(ask)));
        }
    }

    /// Hands over what the backend has room for; the rest waits. True while something waits.
    pub fn flush(&mut self, backend: &mut dyn Backend) -> bool {
        while let Some(request) = self.outbox.pop_front() {
            if let Err(request) = backend.send(request) {
                self.outbox.push_front(request);
                return true;
            }
        }
        false
    }

    #[cfg(test)]
    pub(crate) fn take_outbox(&mut self) -> Vec<Request> {
        self.outbox.drain(..).collect()
    }

    /// A load that already waits is not asked for twice, so the outbox stays small.
    pub(crate) fn ask(&mut self, request: Request) {
        let is_change = matches!(request, Request::Change(..));
        if is_change || !self.outbox.contains(&request) {
            self.outbox.push_back(request);
        }
    }

    fn change(&mut self, change: Change, text: String, undoable: bool) {
        self.change_with_ticket(change, text, undoable);
    }

    pub(crate) fn change_with_ticket(&mut self, change: Change, text: String, undoable: bool) -> Ticket {
        self.next_ticket += 1;
        self.said.insert(self.next_ticket, Words { text, undoable });
        self.ask(Request::Change(self.next_ticket, change));
        self.next_ticket
    }

    /// Does what a command says. Commands about settings, dialogs and notices are done by `app`.
    pub fn run(&mut self, state: &mut State, text: &Locale, command: Command) {
        match command {
            Command::Show(view) => self.show(state, view),
            Command::OpenPerson(person) => self.open(state, Page::Person(person)),
            Command::OpenPhoto(photo) => self.open(state, Page::Photo(photo)),
            Command::Back => self.back(state),
            Command::NextPhoto => self.step(state, 1),
            Command::PreviousPhoto => self.step(state, -1),
            Command::Filter(filter) => self.filter(state, filter),
            Command::ScanFolders(folders) => self.ask(Request::Scan(folders)),
            Command::Rescan => self.ask(Request::Scan(Vec::new())),
            Command::CancelJob(job) => self.ask(Request::Cancel(job)),
            Command::ToggleGrouping => self.toggle_grouping(state),
            Command::PreviewGrouping { squared_distance, linkage } => {
                state.grouping.asked = Some((squared_distance, linkage));
                self.outbox.retain(|request| !matches!(request, Request::PreviewGrouping { .. }));
                self.ask(Request::PreviewGrouping { squared_distance, linkage });
            }
            Command::FindPhotos(typed) => {
                self.outbox.retain(|request| !matches!(request, Request::FindPhotos(_)));
                self.ask(Request::FindPhotos(typed));
            }
            Command::AskMerge { from, into } => state.merging = Some((from, into)),
            Command::CloseMerge => state.merging = None,
            Command::Compare(sources) => self.compare(state, |all| all.extend(sources)),
            Command::RemoveCompared(slot) => self.compare(state, |all| {
                if slot < all.len() {
                    all.remove(slot);
                }
            }),
            Command::ClearCompared => self.compare(state, Vec::clear),
            Command::OpenNetwork(name) => state.network = name,
            Command::InstallModels(models) => self.ask(Request::InstallModels(models)),
            Command::Evaluate(command) => self.run_evaluate(state, command),
            Command::SaveTo(path, saving) => self.save(text, path, saving),
            Command::Train(command) => {
                train::logic::run(&mut state.train, command, &mut |ask| self.ask(Request::Train(ask)));
            }
            other => self.run_change(state, text, other),
        }
    }

    fn run_change(&mut self, state: &mut State, text: &Locale, command: Command) {
        let name_of = |person: PersonId| state.name_of(person).unwrap_or_else(|| text.s("unnamed")).to_owned();
        match command {
            Command::Name { person, name } => self.name(state, text, person, name),
            Command::Confirm { person, faces } => {
                let words = text.nf("said_confirmed", faces.len() as u64, &[("name", &name_of(person))]);
                self.change(Change::Confirm { person, faces }, words, true);
            }
            Command::ConfirmAll(person) => {
                let words = text.f("said_confirmed_all", &[("name", &name_of(person))]);
                self.change(Change::ConfirmAll(person), words, true);
            }
            Command::Reject { person, faces } => {
                let words = text.nf("said_rejected", faces.len() as u64, &[("name", &name_of(person))]);
                self.change(Change::Reject { person, faces }, words, true);
            }
            Command::Move { faces, to } => {
                let name = match &to {
                    MoveTarget::Person(person) => name_of(*person),
                    MoveTarget::NewPerson(name) => name.clone(),
                };
                let words = text.nf("said_moved", faces.len() as u64, &[("name", &name)]);
                self.change(Change::Move { faces, to }, words, true);
            }
            Command::TakeOut(faces) => {
                let words = text.n("said_taken_out", faces.len() as u64);
                self.change(Change::TakeOut(faces), words, true);
            }
            Command::Merge { from, into } => {
                let words = text.f("said_merged", &[("from", &name_of(from)), ("into", &name_of(into))]);
                state.merging = None;
                self.leave(state, from);
                self.change(Change::Merge { from, into }, words, true);
            }
            Command::Split(person) => self.change(Change::Split(person), text.s("said_split").into(), true),
            Command::Ignore(person) => {
                self.leave(state, person);
                self.change(Change::Ignore(person), text.s("said_ignored").into(), true);
            }
            Command::NotAPerson(person) => {
                self.leave(state, person);
                self.change(Change::NotAPerson(person), text.s("said_not_a_person").into(), true);
            }
            Command::Undo => {
                state.notices.withdraw_undo();
                self.change(Change::Undo, text.s("said_undone").into(), false);
            }
            Command::Redo => self.change(Change::Redo, text.s("said_redone").into(), true),
            Command::ApplyGrouping => {
                if let Some((squared_distance, linkage)) = state.grouping.asked.take() {
                    state.grouping = Default::default();
                    let change = Change::ApplyGrouping { squared_distance, linkage };
                    self.change(change, text.s("said_grouped").into(), true);
                }
            }
            Command::ImportModels(paths) => self.import(state, paths),
            Command::AnswerImport(form) => state.imports.step = Some(Step::Asking(*form)),
            Command::ConfirmImport => self.confirm_import(state, text),
            Command::SkipImport => self.next_import(state),
            other => self.run_model_change(text, other),
        }
    }

    fn run_model_change(&mut self, text: &Locale, command: Command) {
        match command {
            Command::VerifyModel(model) => {
                let words = text.f("said_verified", &[("name", &model.0)]);
                self.change(Change::VerifyModel(model), words, false);
            }
            Command::RemoveModel(model) => {
                let words = text.f("said_removed", &[("name", &model.0)]);
                self.change(Change::RemoveModel(model), words, false);
            }
            Command::UseModel(model) => {
                let words = text.f("said_uses_model", &[("name", &model.0)]);
                self.change(Change::UseModel(model), words, false);
            }
            Command::UseDevice(device) => {
                let name = device.clone().unwrap_or_else(|| text.s("device_automatic").to_owned());
                self.change(Change::UseDevice(device), text.f("said_uses_device", &[("name", &name)]), false);
            }
            // Dialogs, settings and notices: `app` does these.
            _ => {}
        }
    }

    fn save(&mut self, text: &Locale, path: PathBuf, saving: Box<Saving>) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.next_ticket += 1;
        let words = Words { text: text.f("said_saved", &[("name", &name)]), undoable: false };
        self.said.insert(self.next_ticket, words);
        self.ask(Request::Save(self.next_ticket, path, saving));
    }

    fn name(&mut self, state: &mut State, text: &Locale, person: PersonId, name: String) {
        let name = name.trim().to_owned();
        if name.is_empty() || state.name_of(person) == Some(name.as_str()) {
            return;
        }
        match state.person_named(&name) {
            Some(same) if same != person => {
                let words = text.f("said_added_to", &[("name", &name)]);
                if state.page == Page::Person(person) {
                    state.page = Page::Person(same);
                    self.load_page(state);
                }
                self.change(Change::Merge { from: person, into: same }, words, true);
            }
            _ => {
                let words = text.f("said_named", &[("name", &name)]);
                self.change(Change::Name { person, name }, words, true);
            }
        }
    }

    fn show(&mut self, state: &mut State, view: View) {
        state.settings.view = view;
        state.page = Page::None;
        state.trail.clear();
        match view {
            View::Evaluate => self.ask_evaluate(EvaluateRequest::LoadRuns),
            View::Models => self.ask(Request::LoadModels),
            View::Settings => self.ask(Request::LoadDevices),
            View::Compare => self.ask_evaluate(EvaluateRequest::LoadSample),
            View::Train => train::logic::open(&state.train, &mut |ask| self.ask(Request::Train(ask))),
            View::Library | View::People => {}
        }
    }

    fn open(&mut self, state: &mut State, page: Page) {
        if state.page != page {
            state.trail.push(std::mem::replace(&mut state.page, page));
            self.load_page(state);
        }
    }

    fn back(&mut self, state: &mut State) {
        state.page = state.trail.pop().unwrap_or_default();
        self.load_page(state);
    }

    /// A person who goes away takes the open page along.
    fn leave(&mut self, state: &mut State, person: PersonId) {
        if state.page == Page::Person(person) {
            self.back(state);
        }
        state.trail.retain(|page| *page != Page::Person(person));
    }

    fn load_page(&mut self, state: &mut State) {
        match state.page {
            Page::None => {}
            Page::Photo(photo) => {
                state.photo = Loadable::Loading;
                self.ask(Request::LoadPhoto(photo));
            }
            Page::Person(person) => {
                if state.person.ready().is_none_or(|page| page.person != person) {
                    state.person = Loadable::Loading;
                }
                self.ask(Request::LoadPerson(person));
            }
        }
    }

    fn step(&mut self, state: &mut State, step: isize) {
        if let Page::Photo(photo) = state.page
            && let Some(neighbour) = state.neighbour(photo, step)
        {
            state.page = Page::Photo(neighbour);
            self.load_page(state);
        }
    }

    fn filter(&mut self, state: &mut State, filter: PhotoFilter) {
        state.settings.view = View::Library;
        state.page = Page::None;
        state.trail.clear();
        if state.filter != filter {
            state.filter = filter.clone();
            state.timeline = Loadable::Loading;
            self.ask(Request::LoadTimeline(filter));
        }
    }

    fn toggle_grouping(&mut self, state: &mut State) {
        let open = !state.grouping.open;
        state.grouping = Default::default();
        state.grouping.open = open;
        if open {
            let (squared_distance, linkage) = state.grouped_with();
            state.grouping.asked = Some((squared_distance, linkage));
            self.ask(Request::PreviewGrouping { squared_distance, linkage });
        }
    }

    fn compare(&mut self, state: &mut State, edit: impl FnOnce(&mut Vec<CompareSource>)) {
        edit(&mut state.compared.sources);
        state.compared.result = None;
        if !state.compared.sources.is_empty() {
            self.outbox.retain(|request| !matches!(request, Request::Compare(_)));
            self.ask(Request::Compare(state.compared.sources.clone()));
        }
    }

    /// Takes an event in; pictures have gone to the thumbnails before.
    pub fn receive(&mut self, state: &mut State, text: &Locale, event: Event) {
        match event {
            Event::Overview(overview) => state.overview = Loadable::Ready(overview),
            Event::People(people) => state.people = Loadable::Ready(people),
            Event::Timeline(filter, timeline) if filter == state.filter => {
                state.timeline = Loadable::Ready(timeline);
                state.timeline_revision += 1;
            }
            Event::Photo(photo) if state.page == Page::Photo(photo.photo) => state.photo = Loadable::Ready(photo),
            Event::Person(page) if state.page == Page::Person(page.person) => state.person = Loadable::Ready(page),
            Event::Networks(networks) => state.networks = networks,
            Event::Models(models) => {
                state.models = Loadable::Ready(models);
                state.evaluate.choose_model(&state.models);
            }
            Event::ModelLookedAt(path, outcome) => self.looked_at_model(state, text, path, outcome),
            Event::Devices(devices) => state.devices = Loadable::Ready(devices),
            Event::GroupingPreview(preview)
                if state.grouping.asked == Some((preview.squared_distance, preview.linkage)) =>
            {
                state.grouping.preview = Some(preview);
            }
            Event::Compared(result) if result.sources == state.compared.sources => {
                state.compared.result = Some(result);
            }
            Event::Evaluate(event) => self.receive_evaluate(state, event),
            Event::Saved(ticket) => self.saved(state, ticket),
            Event::Train(news) => {
                let another_model = matches!(news, TrainNews::InUse { .. });
                train::logic::receive(&mut state.train, news, &mut |ask| self.ask(Request::Train(ask)));
                if another_model {
                    self.reload(state);
                }
            }
            Event::PhotosFound(typed, photos) => state.found_photos = (typed, photos),
            Event::Installing(job, models) => _ = state.installing.insert(job, models),
            Event::Job(report) => {
                if report.kind == JobKind::Scan && self.now_secs - self.refreshed_secs >= REFRESH_SECS {
                    self.refreshed_secs = self.now_secs;
                    self.ask(Request::LoadOverview);
                    self.ask(Request::LoadTimeline(state.filter.clone()));
                }
                state.jobs.insert(report.job, report);
            }
            Event::JobEnded(job, end) => {
                state.installing.remove(&job);
                let kind = state.jobs.remove(&job).map(|report| report.kind);
                self.job_ended(state, text, kind, end);
            }
            Event::Changed(ticket) => self.changed(state, ticket),
            Event::Failed(ticket, failure) => self.failed(state, text, ticket, failure),
            // Answers to questions that are not asked any more.
            Event::Timeline(..)
            | Event::Photo(_)
            | Event::Person(_)
            | Event::GroupingPreview(_)
            | Event::Compared(_)
            | Event::Image(..) => {}
        }
    }

    fn changed(&mut self, state: &mut State, ticket: Ticket) {
        if let Some(words) = self.said.remove(&ticket) {
            let action = words.undoable.then_some(NoticeAction::Undo);
            state.notices.say(words.text, action, self.now_secs);
        }
        self.go_on_importing(state, ticket);
        self.reload(state);
    }

    /// Nothing in the library is other than before.
    fn saved(&mut self, state: &mut State, ticket: Ticket) {
        if let Some(words) = self.said.remove(&ticket) {
            state.notices.say(words.text, None, self.now_secs);
        }
    }

    pub(crate) fn failed(&mut self, state: &mut State, text: &Locale, ticket: Option<Ticket>, failure: Failure) {
        if let Some(ticket) = ticket {
            self.said.remove(&ticket);
            self.go_on_importing(state, ticket);
        } else if failure.what == Failed::Internal && state.imports.busy_with().is_some() {
            // It may have been the import that broke down; then no other answer comes.
            self.next_import(state);
        }
        let loading = state.overview.ready().is_none();
        if loading {
            state.overview = Loadable::Failed(failure.clone());
        }
        state.notices.fail(text.s(failure.what.words_key()).to_owned(), failure.details);
    }

    fn job_ended(&mut self, state: &mut State, text: &Locale, kind: Option<JobKind>, end: JobEnd) {
        // The Train view says itself how a run ended.
        let said_in_view =
            state.settings.view == View::Train && matches!(kind, Some(JobKind::Train | JobKind::Demonstrate));
        match end {
            _ if said_in_view => {}
            JobEnd::Done(summary) => {
                let (words, action) = done_words(text, kind, summary);
                state.notices.say(words, action, self.now_secs);
            }
            JobEnd::Cancelled(_) => state.notices.say(text.s("said_cancelled").into(), None, self.now_secs),
            JobEnd::Failed(failure) => self.failed(state, text, None, failure),
        }
        self.reload(state);
    }

    /// Everything that a change may have touched.
    pub fn reload(&mut self, state: &State) {
        self.start(state);
        match state.page {
            Page::None => {}
            Page::Photo(photo) => self.ask(Request::LoadPhoto(photo)),
            Page::Person(person) => self.ask(Request::LoadPerson(person)),
        }
    }
}

fn done_words(text: &Locale, kind: Option<JobKind>, summary: JobSummary) -> (String, Option<NoticeAction>) {
    match kind {
        Some(JobKind::Scan) | None => {
            let values = [("photos", grouped(summary.photos)), ("faces", grouped(summary.faces))];
            let values: Vec<(&str, &str)> = values.iter().map(|(key, value)| (*key, value.as_str())).collect();
            let mut words = text.f("said_scanned", &values);
            if summary.skipped > 0 {
                words.push_str(text.s("list_separator"));
                words.push_str(&text.n("said_skipped", summary.skipped));
            }
            (words, Some(NoticeAction::Show(View::People)))
        }
        Some(JobKind::Group) => (text.s("said_grouped").into(), Some(NoticeAction::Show(View::People))),
        Some(JobKind::Install) => (text.s("said_installed").into(), None),
        Some(JobKind::Check) => (text.s("said_checked").into(), Some(NoticeAction::Show(View::Evaluate))),
        Some(JobKind::Evaluate) => {
            let words = Logic::evaluated_words(text, summary.pairs, summary.skipped);
            (words, Some(NoticeAction::Show(View::Evaluate)))
        }
        Some(JobKind::Train) => (text.s("said_trained").into(), Some(NoticeAction::Show(View::Train))),
        Some(JobKind::Demonstrate) => (text.s("said_demonstrated").into(), Some(NoticeAction::Show(View::Train))),
        Some(JobKind::Reembed) => {
            let mut words = text.n("said_reembedded", summary.faces);
            if summary.skipped > 0 {
                words.push_str(text.s("list_separator"));
                words.push_str(&text.n("said_skipped", summary.skipped));
            }
            (words, Some(NoticeAction::Show(View::People)))
        }
    }
}

#[cfg(test)]
mod tests;
