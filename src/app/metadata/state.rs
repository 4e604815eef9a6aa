//! Names that other programs gave to faces: what was found, and what its user says to it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::app::engine::report::{JobKind, Ticket};
pub use crate::app::metadata::job::{Event, Request};
use crate::app::metadata::job::{LOOK_FOR_NAMES, OfferedNames};
use crate::app::ui::action::{Action, Outbox};
use crate::app::ui::feature::{Ended, Feature};
use crate::app::ui::locale::Locale;
use crate::app::ui::page::Page;
use crate::app::ui::view::View;
use crate::metadata::found::NameKind;
use crate::metadata::review::PersonFound;
use crate::types::Touched;

/// What a user can do here.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Looks for names with the library's photos.
    Find,
    TakeAll,
    /// Names this person's faces so.
    Take(String),
    /// This name is not wanted in these photos.
    Refuse(String),
    /// Offers what was refused again.
    TakeBackRefusals,
}

#[derive(Debug, Default)]
pub struct State {
    offered: Option<Arc<OfferedNames>>,
    /// Names that were answered since.
    answered: HashSet<String>,
    /// Answers that are on their way.
    asked: HashMap<Ticket, Vec<String>>,
    /// What is offered may be other than it was: after a scan, after an undo, or since an answer came too late.
    find_next: bool,
    /// Since names were looked for.
    refused_since: bool,
}

impl State {
    /// Whether anything was looked for yet.
    pub(crate) fn has_looked(&self) -> bool {
        self.offered.is_some()
    }

    /// The people who are offered and not answered yet.
    pub(crate) fn people(&self) -> impl Iterator<Item = &PersonFound> {
        let people = self.offered.iter().flat_map(|offered| &offered.review.people);
        people.filter(|person| !self.answered.contains(&person.name))
    }

    /// Whether names were refused that can be offered again.
    pub(crate) fn has_refused(&self) -> bool {
        let now = self.offered.as_ref().is_some_and(|offered| offered.refused > 0);
        now || self.refused_since
    }

    /// How many contradictions there are, and files that could not be read.
    pub(crate) fn left(&self) -> (usize, usize) {
        self.offered.as_ref().map_or((0, 0), |offered| (offered.review.conflicts.len(), offered.skipped.len()))
    }

    /// "4,312 names of 57 people found in your photos".
    pub(crate) fn found_words(&self, text: &Locale) -> String {
        let (names, people) = self.people().fold((0, 0), |(names, people), found| (names + found.names, people + 1));
        let (names, people) = (text.n("names_count", names as u64), text.n("names_people", people));
        text.f("said_names_found", &[("names", &names), ("people", &people)])
    }

    /// `answered` are those of whom nothing is left to say then.
    fn take(&mut self, only: Vec<String>, answered: Vec<String>, faces: usize, out: &mut Outbox<'_, Request>) {
        let Some(offered) = self.offered.clone() else { return };
        let ticket = out.ticket(out.text.n("said_names_taken", faces as u64), true);
        self.asked.insert(ticket, answered);
        out.ask(Request::Take { ticket, offered, only });
    }
}

/// Faces whose name is no guess of a program.
pub(crate) fn known_faces(person: &PersonFound) -> usize {
    person.faces.iter().filter(|face| face.kind == NameKind::Confirmed).count()
}

impl Feature for State {
    type Message = Message;
    type Request = Request;
    type Event = Event;

    const VIEW: Option<View> = Some(View::SETTINGS);

    fn update(&mut self, message: Message, out: &mut Outbox<'_, Request>) {
        match message {
            Message::Find => out.ask(Request::Find),
            Message::TakeAll => {
                let is_known = |person: &&PersonFound| {
                    !person.faces.is_empty() && person.faces.iter().all(|face| face.kind == NameKind::Confirmed)
                };
                let faces: usize = self.people().map(known_faces).sum();
                let everybody = self.people().filter(is_known).map(|person| person.name.clone()).collect();
                self.take(Vec::new(), everybody, faces, out);
            }
            Message::Take(name) => {
                let faces = self.people().filter(|person| person.name == name).map(|person| person.faces.len()).sum();
                self.take(vec![name.clone()], vec![name], faces, out);
            }
            Message::Refuse(name) => {
                let Some(offered) = self.offered.clone() else { return };
                let ticket = out.ticket(out.text.f("said_name_refused", &[("name", &name)]), false);
                self.asked.insert(ticket, vec![name.clone()]);
                self.refused_since = true;
                out.ask(Request::Refuse { ticket, offered, who: vec![name] });
            }
            Message::TakeBackRefusals => {
                let ticket = out.ticket(out.text.s("said_refusals_taken_back").to_owned(), false);
                self.asked.insert(ticket, Vec::new());
                out.ask(Request::TakeBackRefusals(ticket));
            }
        }
    }

    fn receive(&mut self, event: Event, _out: &mut Outbox<'_, Request>) {
        let Event::Offered(offered) = event;
        (self.offered, self.answered) = (Some(offered), HashSet::new());
        self.refused_since = false;
    }

    fn answered(&mut self, ticket: Ticket, made: bool, _out: &mut Outbox<'_, Request>) {
        match self.asked.remove(&ticket) {
            // What was refused is not among what was offered.
            Some(names) if made && !names.is_empty() => self.answered.extend(names),
            Some(_) => self.find_next = true,
            None => {}
        }
    }

    /// What was taken is offered again once it is taken back.
    fn touched(&mut self, touched: &Touched, _on_show: View, _out: &mut Outbox<'_, Request>) {
        self.find_next |= touched.reverted.is_some() && !self.answered.is_empty();
    }

    fn on_show(&mut self, _view: View, _page: Page, out: &mut Outbox<'_, Request>) {
        if std::mem::take(&mut self.find_next) {
            out.ask(Request::Find);
        }
    }

    fn ended(&mut self, kind: JobKind, text: &Locale) -> Option<Ended> {
        // A scan's end is another feature's to tell.
        self.find_next |= kind == JobKind::SCAN;
        if kind != LOOK_FOR_NAMES {
            return None;
        }
        let found = self.people().next().is_some();
        Some(Ended {
            // A library without any is told nothing after each scan.
            words: if found { self.found_words(text) } else { String::new() },
            show: Some(Action::Show(View::SETTINGS)),
            questions: Vec::new(),
            touched: Touched::default(),
            shown_in: Self::VIEW,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::facts::Facts;
    use crate::app::ui::action::Tickets;
    use crate::app::ui::locale::Language;
    use crate::types::StepId;

    /// A state to which these people were offered, and what it asks when `act` is done to it.
    fn asked(state: &mut State, act: impl FnOnce(&mut State, &mut Outbox<'_, Request>)) -> Vec<Request> {
        let (text, facts, mut tickets) = (Locale::new(Language::English), Facts::default(), Tickets::default());
        let mut out = Outbox::new(&text, &facts, &mut tickets);
        act(state, &mut out);
        out.requests
    }

    fn offered() -> State {
        let mut state = State::default();
        let offered = Event::Offered(Arc::new(OfferedNames::of(&["Ada", "Bo"])));
        asked(&mut state, |state, out| state.receive(offered, out));
        state
    }

    fn names(state: &State) -> Vec<&str> {
        state.people().map(|person| person.name.as_str()).collect()
    }

    #[test]
    fn a_name_that_was_answered_is_gone_and_one_whose_answer_failed_is_not() {
        let mut state = offered();
        for (message, made) in [(Message::Take("Ada".into()), true), (Message::Refuse("Bo".into()), false)] {
            let requests = asked(&mut state, |state, out| state.update(message, out));
            let (Request::Take { ticket, .. } | Request::Refuse { ticket, .. }) = requests[0] else { panic!() };
            asked(&mut state, |state, out| state.answered(ticket, made, out));
        }
        assert_eq!(names(&state), ["Bo"]);
        let asked_next = asked(&mut state, |state, out| state.on_show(View::PEOPLE, Page::None, out));
        assert_eq!(asked_next, [Request::Find], "what came too late is looked for again");
    }

    #[test]
    fn a_refused_name_can_be_offered_again() {
        let mut state = offered();
        assert!(!state.has_refused());
        asked(&mut state, |state, out| state.update(Message::Refuse("Bo".into()), out));
        assert!(state.has_refused());
        let requests = asked(&mut state, |state, out| state.update(Message::TakeBackRefusals, out));
        let Request::TakeBackRefusals(ticket) = requests[0] else { panic!() };
        asked(&mut state, |state, out| state.answered(ticket, true, out));
        assert_eq!(asked(&mut state, |state, out| state.on_show(View::PEOPLE, Page::None, out)), [Request::Find]);
    }

    #[test]
    fn names_are_looked_for_after_each_scan_and_after_they_were_taken_back() {
        let mut state = offered();
        let on_show = |state: &mut State| asked(state, |state, out| state.on_show(View::PEOPLE, Page::None, out));
        assert!(on_show(&mut state).is_empty());
        assert!(state.ended(JobKind::SCAN, &Locale::new(Language::English)).is_none());
        assert_eq!(on_show(&mut state), [Request::Find]);
        let requests = asked(&mut state, |state, out| state.update(Message::TakeAll, out));
        let Request::Take { ticket, ref only, .. } = requests[0] else { panic!() };
        assert!(only.is_empty(), "everybody is meant, without guesses");
        asked(&mut state, |state, out| state.answered(ticket, true, out));
        assert!(names(&state).is_empty() && on_show(&mut state).is_empty());
        let back = Touched { reverted: Some(StepId(1)), ..Touched::default() };
        asked(&mut state, |state, out| state.touched(&back, View::PEOPLE, out));
        assert_eq!(on_show(&mut state), [Request::Find]);
    }

    #[test]
    fn what_was_found_is_told_and_nothing_is_not() {
        let text = Locale::new(Language::English);
        let told = |state: &mut State| state.ended(LOOK_FOR_NAMES, &text).unwrap().words;
        assert_eq!(told(&mut offered()), "2 names of 2 people found in your photos");
        assert_eq!(told(&mut State::default()), "");
    }
}
