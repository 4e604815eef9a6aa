//! What messages and events do to the state. No drawing: this runs while the window is hidden, too.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;

use super::backend::{Answer, Backend, Event, Loaded, Request};
use super::features::for_features;
use super::message::Message;
use super::state::{Page, State};
use crate::app::engine::facts::{Loadable, Newest};
use crate::app::engine::report::{Failed, Failure, JobEnd, JobId, JobKind, JobReport, Report, Ticket};
use crate::app::ui::action::{Action, Outbox, Tickets};
use crate::app::ui::feature::{Ended, Feature, Offer, Question};
use crate::app::ui::locale::Locale;
use crate::app::ui::view::View;
use crate::figures::Saving;
use crate::library::Decision;
use crate::types::{StepId, Touched};

/// A running scan is shown in the library this often.
const REFRESH_SECS: f64 = 5.0;

/// Events taken in one call, so that a burst cannot hold a frame up.
pub(crate) const EVENTS_A_CALL: usize = 64;

/// What the window sends and what it waits for.
#[derive(Default)]
pub(crate) struct Update {
    outbox: VecDeque<Request>,
    tickets: Tickets,
    now_secs: f64,
    /// When a running scan was last looked at in the library.
    refreshed_secs: f64,
    /// People were asked for and have not come yet; they are to be asked for again then.
    people_asked: bool,
    people_again: bool,
    /// Of what is shown of people.
    people_seen: Newest,
    /// What was said of each step of the history that was made here, so that Undo can name it.
    steps: HashMap<StepId, String>,
}

/// Lets a feature's state do something, then passes on what it asks for. The state's parts are borrowed side by side.
macro_rules! with_outbox {
    ($update:ident, $state:ident, $text:ident, $feature:ident, $wrap:expr, |$part:ident, $out:ident| $work:expr) => {{
        let mut outbox = Outbox::new($text, &$state.facts, &mut $update.tickets);
        {
            let ($part, $out) = (&mut $state.$feature, &mut outbox);
            $work;
        }
        let (requests, actions) = (outbox.requests, outbox.actions);
        requests.into_iter().for_each(|request| $update.ask($wrap(request)));
        actions.into_iter().for_each(|action| $update.act($state, $text, action));
    }};
}

/// Lets each feature's state do something.
macro_rules! with_each {
    (
        [$update:ident, $state:ident, $text:ident, |$part:ident, $out:ident| $work:expr]
        $($feature:ident: $Feature:ident,)*
    ) => {
        $(with_outbox!($update, $state, $text, $feature, Request::$Feature, |$part, $out| $work);)*
    };
}

macro_rules! tell_facts {
    ([$state:ident] $($feature:ident: $Feature:ident,)*) => {
        $($state.$feature.facts_loaded(&$state.facts);)*
    };
}

macro_rules! tell_ended {
    ([$state:ident, $job:ident] $($feature:ident: $Feature:ident,)*) => {
        $($state.$feature.job_ended($job);)*
    };
}

macro_rules! questions_of {
    ([] $($feature:ident: $Feature:ident,)*) => {
        /// What the features ask in passing.
        fn questions(state: &mut State, text: &Locale) -> Vec<Question> {
            let asked = [$(state.$feature.question(text),)*];
            asked.into_iter().flatten().collect()
        }
    };
}

for_features!(questions_of);

/// What goes to one feature alone.
macro_rules! routes_of {
    ([] $($feature:ident: $Feature:ident,)*) => {
        impl Update {
            /// Does what a message says. Dialogs, fonts and textures are the window's: `app` does these.
            pub fn run(&mut self, state: &mut State, text: &Locale, message: Message) {
                match message {
                    $(Message::$Feature(message) => {
                        with_outbox!(self, state, text, $feature, Request::$Feature, |part, out| {
                            part.update(message, out)
                        });
                    })*
                    Message::Act(action) => self.act(state, text, action),
                    // A dialog.
                    Message::TypePath(_) | Message::NoPath(_) => {}
                    Message::Dismiss(id) => {
                        let matter = state.notices.dismiss(id);
                        matter.iter().for_each(|matter| { $(state.$feature.question_closed(matter);)* });
                    }
                }
            }

            fn answered(&mut self, state: &mut State, text: &Locale, answer: Answer) {
                match answer {
                    Answer::Facts(fact) => self.know(state, fact),
                    $(Answer::$Feature(event) => {
                        with_outbox!(self, state, text, $feature, Request::$Feature, |part, out| {
                            part.receive(event, out)
                        });
                    })*
                }
            }
        }

        fn ended(state: &mut State, kind: JobKind, text: &Locale) -> Option<Ended> {
            None$(.or_else(|| state.$feature.ended(kind, text)))*
        }
    };
}

for_features!(routes_of);

impl Update {
    /// Takes the window's clock, and asks for what has come into sight.
    pub fn tick(&mut self, state: &mut State, text: &Locale, now_secs: f64) {
        self.now_secs = now_secs;
        let (view, page) = (state.view, state.page);
        for_features!(with_each self, state, text, |part, out| part.on_show(view, page, out));
        for question in questions(state, text) {
            state.notices.ask(question);
        }
    }

    /// Says why there is no path, and offers to type it.
    pub fn offer_to_type(&mut self, state: &mut State, why: String) {
        let offer = Offer { label_key: "type_path", action: Some(Action::TypePath) };
        state.notices.offer(why, offer, self.now_secs);
    }

    /// Asks for what every view needs.
    pub fn start(&mut self, state: &mut State, text: &Locale) {
        self.load_library();
        self.ask(Request::LoadModels);
        for_features!(with_each self, state, text, |part, out| part.opened(out));
        self.load_view(state, text);
    }

    /// Hands over what the backend has room for; the rest waits. True while something waits.
    ///
    /// Each of the two queues, for long work and for quick, is filled in order, and neither waits for the other.
    pub fn flush(&mut self, backend: &mut dyn Backend) -> bool {
        let (mut long_is_full, mut quick_is_full) = (false, false);
        for request in std::mem::take(&mut self.outbox) {
            let is_full = if request.is_long() { &mut long_is_full } else { &mut quick_is_full };
            let sent = if *is_full { Err(request) } else { backend.send(request) };
            if let Err(request) = sent {
                *is_full = true;
                self.outbox.push_back(request);
            }
        }
        !self.outbox.is_empty()
    }

    /// Of equal requests, and of questions that replace each other, only the latest waits, so the outbox stays small.
    /// It waits at the end: what was asked for between the two must not come after it.
    fn ask(&mut self, request: Request) {
        // Cancel and Pause wait behind nothing.
        if matches!(request, Request::Cancel(_) | Request::Pause(..)) {
            return self.outbox.push_front(request);
        }
        self.outbox.retain(|waiting| !request.replaces(waiting));
        self.outbox.push_back(request);
    }

    /// What leads from one feature to another: where the user is, and what is done to it there.
    fn act(&mut self, state: &mut State, text: &Locale, action: Action) {
        match &action {
            Action::Show(view) => self.show(state, text, *view),
            Action::Open(page) => self.open(state, text, *page),
            Action::TurnTo(page) => {
                state.page = *page;
                self.load_page(state, text);
            }
            Action::Back => self.back(state, text),
            Action::BackTo(page) => self.back_to(state, text, *page),
            Action::Leave(page) => self.leave(state, text, *page),
            Action::CancelJob(job) => self.ask(Request::Cancel(*job)),
            Action::PauseJob(job, pause) => {
                match pause {
                    true => state.facts.paused.insert(*job),
                    false => state.facts.paused.remove(job),
                };
                self.ask(Request::Pause(*job, *pause));
            }
            Action::Decide(Decision::Undo(_), _) => state.notices.withdraw_undo(),
            Action::PutBack(putting) => state.facts.putting_back.clone_from(putting),
            Action::KeepSample(sample) => state.facts.sample.clone_from(sample),
            Action::LoadModels => self.ask(Request::LoadModels),
            Action::Watching(watching) => state.facts.watching.clone_from(watching),
            Action::Reload(touched) => self.load_touched(state, text, touched),
            Action::SaveTo(path, saving) => self.save(text, path.clone(), saving.clone()),
            Action::Settled(matter) => state.notices.settle(matter),
            Action::Fail(failure) => self.failed(state, text, None, failure.clone()),
            // A feature's, or the window's own.
            _ => {}
        }
        if let Some(view) = action.shown_in() {
            state.view = view;
            state.page = Page::None;
            state.trail.clear();
        }
        for_features!(with_each self, state, text, |part, out| part.act(&action, out));
    }

    fn save(&mut self, text: &Locale, path: PathBuf, saving: Box<Saving>) {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let ticket = self.tickets.new_ticket(text.f("said_saved", &[("name", &name)]), false);
        self.ask(Request::Save(ticket, path, saving));
    }

    fn show(&mut self, state: &mut State, text: &Locale, view: View) {
        state.facts.putting_back = None;
        state.view = view;
        state.page = Page::None;
        state.trail.clear();
        self.load_view(state, text);
    }

    /// What a view needs when it is opened.
    fn load_view(&mut self, state: &mut State, text: &Locale) {
        let view = state.view;
        for_features!(with_each self, state, text, |part, out| part.shown(view, out));
    }

    fn open(&mut self, state: &mut State, text: &Locale, page: Page) {
        if let Some(view) = page.view().filter(|view| *view != state.view) {
            self.show(state, text, view);
        }
        if state.page != page {
            state.trail.push(std::mem::replace(&mut state.page, page));
            self.load_page(state, text);
        }
    }

    fn back(&mut self, state: &mut State, text: &Locale) {
        state.page = state.trail.pop().unwrap_or_default();
        self.load_page(state, text);
    }

    fn back_to(&mut self, state: &mut State, text: &Locale, page: Page) {
        if state.page != page && state.trail.contains(&page) {
            while state.page != page {
                state.page = state.trail.pop().unwrap_or_default();
            }
            self.load_page(state, text);
        }
    }

    /// What goes away takes its page along.
    fn leave(&mut self, state: &mut State, text: &Locale, page: Page) {
        if state.page == page {
            self.back(state, text);
        }
        state.trail.retain(|other| *other != page);
    }

    fn load_page(&mut self, state: &mut State, text: &Locale) {
        let page = state.page;
        for_features!(with_each self, state, text, |part, out| part.page_opened(page, out));
    }

    /// Takes an event in; pictures have gone to the thumbnails before.
    pub fn receive(&mut self, state: &mut State, text: &Locale, event: Event) {
        match event {
            Report::Own(answer) => self.answered(state, text, answer),
            Report::Job(report) => self.job_goes_on(state, text, report),
            Report::JobEnded(job, end) => self.job_ended(state, text, job, end),
            Report::Changed(ticket, touched) => self.changed(state, text, ticket, &touched),
            Report::ChangedElsewhere(touched) => self.load_touched(state, text, &touched),
            Report::Failed(ticket, failure) => self.failed(state, text, ticket, failure),
            Report::Image(..) => {}
        }
    }

    /// Takes in what every view may show.
    fn know(&mut self, state: &mut State, fact: Loaded) {
        match fact {
            Loaded::Overview(overview) => state.facts.overview = Loadable::Ready(overview),
            Loaded::People(people) => {
                match self.people_seen.is_late(people.seen) {
                    true => self.people_again = true,
                    false => state.facts.people = Loadable::Ready(people),
                }
                self.people_loaded();
            }
            Loaded::Models(models) => state.facts.models = Loadable::Ready(models),
            // Older rows of these people, and of others the newer ones say nothing.
            Loaded::Touched(touched) if self.people_seen.is_late(touched.seen) => {
                let people = touched.people.into_iter().map(|(person, _)| person).collect();
                self.ask(Request::LoadTouched(Touched { people, ..Touched::default() }));
            }
            Loaded::Touched(touched) => {
                if let Loadable::Ready(overview) = &mut state.facts.overview {
                    overview.put(&touched);
                }
                if let Loadable::Ready(people) = &mut state.facts.people {
                    people.put(&touched);
                }
            }
        }
        for_features!(tell_facts state);
    }

    fn job_goes_on(&mut self, state: &mut State, text: &Locale, report: JobReport) {
        if report.kind == JobKind::SCAN && self.now_secs - self.refreshed_secs >= REFRESH_SECS {
            self.refreshed_secs = self.now_secs;
            self.ask(Request::LoadOverview);
            for_features!(with_each self, state, text, |part, out| part.library_grew(out));
        }
        state.facts.jobs.insert(report.job, report);
    }

    fn changed(&mut self, state: &mut State, text: &Locale, ticket: Ticket, touched: &Touched) {
        if let Some(words) = self.tickets.answered(ticket) {
            // What changed nothing has nothing to take back.
            let offer = touched.step.filter(|_| words.undoable).map(Offer::undo);
            let is_empty = touched.faces.is_empty() && touched.people.is_empty() && !touched.everything;
            let said = match touched.reverted.map(|step| self.steps.get(&step)) {
                Some(_) if is_empty => {
                    self.ask(Request::LoadOverview);
                    text.s("said_nothing_left").to_owned()
                }
                None if words.no_step.is_some() => {
                    self.ask(Request::LoadOverview);
                    words.no_step.unwrap_or_default()
                }
                Some(Some(what)) => text.f("said_again", &[("said", &words.text), ("what", what)]),
                Some(None) => words.text,
                None => {
                    self.steps.extend(touched.step.map(|step| (step, words.text.clone())));
                    words.text
                }
            };
            state.notices.say(said, offer, self.now_secs);
        }
        for_features!(with_each self, state, text, |part, out| part.answered(ticket, true, out));
        self.load_touched(state, text, touched);
    }

    fn failed(&mut self, state: &mut State, text: &Locale, ticket: Option<Ticket>, failure: Failure) {
        if let Some(ticket) = ticket {
            self.tickets.answered(ticket);
            for_features!(with_each self, state, text, |part, out| part.answered(ticket, false, out));
        } else if matches!(failure.what, Failed::Internal | Failed::Load) {
            self.people_loaded();
        }
        if ticket.is_none() && failure.what == Failed::Internal {
            for_features!(with_each self, state, text, |part, out| part.broke_down(out));
        }
        if failure.what == Failed::Damaged {
            state.damage = Some(failure.details);
            return;
        }
        if state.facts.overview.ready().is_none() {
            state.facts.overview = Loadable::Failed(failure.clone());
        }
        if let Failed::Stale(_) = failure.what {
            // The sentence says it all; what is shown is read again.
            state.notices.fail(text.s(failure.what.words_key()).to_owned(), String::new());
            self.load_touched(state, text, &Touched::everything());
        } else {
            state.notices.fail(text.s(failure.what.words_key()).to_owned(), failure.details);
        }
    }

    fn job_ended(&mut self, state: &mut State, text: &Locale, job: JobId, end: JobEnd) {
        for_features!(tell_ended state, job);
        state.facts.paused.remove(&job);
        let shown = state.facts.jobs.remove(&job).map(|report| report.kind);
        let kind = match &end {
            JobEnd::Done(kind) => Some(*kind),
            JobEnd::Cancelled | JobEnd::Failed(_) => shown,
        };
        let ended = kind.and_then(|kind| ended(state, kind, text));
        let shown_in_view = ended.as_ref().is_some_and(|ended| ended.shown_in == Some(state.view));
        // One that broke off before it told anything may have left anything.
        let touched = ended.as_ref().map_or_else(Touched::everything, |ended| ended.touched.clone());
        match (end, ended) {
            _ if shown_in_view => {}
            (JobEnd::Done(_), ended) => self.say_ended(state, ended),
            (JobEnd::Cancelled, _) => state.notices.say(text.s("said_cancelled").into(), None, self.now_secs),
            (JobEnd::Failed(failure), ended) => {
                self.say_ended(state, ended);
                self.failed(state, text, None, failure);
            }
        }
        self.load_touched(state, text, &touched);
    }

    /// What a job did, also where it failed after that, and what is to be asked about it.
    fn say_ended(&self, state: &mut State, ended: Option<Ended>) {
        let Some(Ended { words, show, questions, .. }) = ended else { return };
        if !words.is_empty() {
            state.notices.say(words, show.map(Offer::show), self.now_secs);
        }
        questions.into_iter().for_each(|question| state.notices.ask(question));
    }

    /// Loads what a change touched, and nothing else.
    fn load_touched(&mut self, state: &mut State, text: &Locale, touched: &Touched) {
        if touched.models {
            self.ask(Request::LoadModels);
        }
        if touched.models || touched.settings {
            self.ask(Request::LoadOverview);
            self.load_view(state, text);
        }
        if touched.everything {
            self.load_library();
        } else {
            if touched.which_photos {
                self.ask(Request::LoadOverview);
            }
            if touched.names_people() {
                self.ask(Request::LoadTouched(touched.clone()));
            }
        }
        if touched.everything || touched.which_photos || touched.names_people() {
            let page = state.page;
            for_features!(with_each self, state, text, |part, out| part.page_touched(page, out));
        }
        let view = state.view;
        for_features!(with_each self, state, text, |part, out| part.touched(touched, view, out));
    }

    fn load_library(&mut self) {
        self.people_seen.forget();
        self.ask(Request::LoadOverview);
        self.ask_people();
    }

    /// People take the longest to read: a change that comes meanwhile waits for them, and is then read once.
    fn ask_people(&mut self) {
        if std::mem::replace(&mut self.people_asked, true) {
            self.people_again = true;
        } else {
            self.ask(Request::LoadPeople);
        }
    }

    fn people_loaded(&mut self) {
        self.people_asked = false;
        if std::mem::take(&mut self.people_again) {
            self.ask_people();
        }
    }
}

#[cfg(test)]
mod tests;
