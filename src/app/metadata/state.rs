//! Names that other programs gave to faces: what was found, and what its user says to it; and names for other programs
//! ([`mod@write`]).

pub mod write;

mod conflicts;
mod lists;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub use self::conflicts::{ConflictAnswer, Follow};
pub(crate) use self::lists::{NameWithoutFace, PersonToReview, ReviewLists, TickedName};
use self::write::{WRITE_NAMES_PAGE, WriteMessage, WritingState};
use crate::app::engine::facts::Facts;
use crate::app::engine::report::{JobId, JobKind, Ticket};
pub use crate::app::metadata::job::{Event, Request};
use crate::app::metadata::job::{FIND_NAMES, NameChoices, OfferedNames, PlacedName, TAKE_NAMES, names_of};
pub(crate) use crate::app::metadata::job::{NameOfPhoto, NamePlace, SkipWhy, SkippedFile};
use crate::app::ui::action::{Action, Outbox};
use crate::app::ui::feature::{Ended, Feature, Question};
use crate::app::ui::locale::Locale;
use crate::app::ui::page::{OwnPage, Page};
use crate::app::ui::view::View;
use crate::metadata::name_key::NameKey;
use crate::metadata::review::answers::WithdrawnName;
use crate::metadata::review::{NameConflict, PersonFound};
use crate::types::Touched;

/// The page of the names that other programs gave.
pub const NAMES_PAGE: Page = Page::Own(OwnPage { title_key: "settings_names", over: None });

/// What a user can do here.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Looks for names with the library's photos.
    Find,
    /// Shows a person's faces, or hides them.
    Unfold(NameKey),
    /// Takes this name with the others, or not.
    Tick(NameOfPhoto),
    /// All names of this person, or of everybody, are taken with the others, or none.
    TickAll {
        who: Option<NameKey>,
        ticked: bool,
    },
    /// Names all faces so whose names are ticked.
    TakeTicked,
    /// Those of this person alone.
    Take(NameKey),
    TakeOne(NameOfPhoto),
    /// This name is not wanted in these photos.
    Refuse(NameKey),
    RefuseOne(NameOfPhoto),
    /// Decides a contradiction, by its place among those found.
    Decide {
        conflict: usize,
        answer: ConflictAnswer,
    },
    /// Decides all contradictions at once that can be decided so.
    DecideAll(Follow),
    /// These names stand in the photos no more: so they are taken off the faces, or kept as the user's own.
    SettleWithdrawn {
        names: Vec<NameOfPhoto>,
        follow: bool,
    },
    /// Offers what was refused again.
    OfferAgain,
    Writing(WriteMessage),
}

#[derive(Debug, Default)]
pub struct State {
    offered: Option<Arc<OfferedNames>>,
    /// Names that were answered since, and those whose answers are on their way.
    answered: HashSet<NameOfPhoto>,
    asked: HashMap<Ticket, Vec<NameOfPhoto>>,
    /// Names that are taken with the others although they were guessed, or not although they were not.
    toggled: HashSet<NameOfPhoto>,
    unfolded: HashSet<NameKey>,
    lists: ReviewLists,
    /// What is offered may be other than it was: after a scan, after an undo, or since an answer came too late.
    find_next: bool,
    /// Names were looked for since the window was opened.
    has_asked: bool,
    /// Since names were looked for.
    refused_since: bool,
    on_show: View,
    /// Names for other programs.
    pub writing: WritingState,
}

impl State {
    /// Whether anything was looked for yet.
    pub(crate) fn has_looked(&self) -> bool {
        self.offered.is_some()
    }

    /// What is not answered yet.
    pub(crate) fn lists(&self) -> &ReviewLists {
        &self.lists
    }

    pub(crate) fn found(&self, person: &PersonToReview) -> Option<&PersonFound> {
        self.offered.as_ref()?.review.people.get(person.found)
    }

    /// How a name is spelled most often.
    pub(crate) fn spelled<'s>(&'s self, name: &'s NameKey) -> &'s str {
        self.offered.as_ref().map_or(name.as_str(), |offered| offered.review.spelled(name))
    }

    pub(crate) fn conflict(&self, place: usize) -> Option<&NameConflict> {
        self.offered.as_ref()?.review.conflicts.get(place)
    }

    pub(crate) fn withdrawn(&self, place: usize) -> Option<&WithdrawnName> {
        self.offered.as_ref()?.review.withdrawn.get(place)
    }

    /// Files that could not be read.
    pub(crate) fn skipped(&self) -> &[SkippedFile] {
        self.offered.as_ref().map_or(&[][..], |offered| &offered.skipped)
    }

    pub(crate) fn is_unfolded(&self, name: &NameKey) -> bool {
        self.unfolded.contains(name)
    }

    /// Whether names were refused that can be offered again.
    pub(crate) fn has_refused(&self) -> bool {
        let now = self.offered.as_ref().is_some_and(|offered| offered.refused > 0);
        now || self.refused_since
    }

    /// "4,312 names of 57 people found in your photos · 3 contradictions between names in your photos · 2 names are no
    /// longer in your photos". None where there is nothing to review.
    pub(crate) fn found_words(&self, text: &Locale) -> Option<String> {
        let mut words = Vec::new();
        let (names, people) = self.lists.counts();
        if names > 0 {
            let (names, people) = (text.n("names_count", names as u64), text.n("names_people", people as u64));
            words.push(text.f("said_names_found", &[("names", &names), ("people", &people)]));
        }
        let more = [("names_conflicts", &self.lists.conflicts), ("names_withdrawn", &self.lists.withdrawn)];
        words.extend(more.iter().filter(|(_, places)| !places.is_empty()).map(|(key, p)| text.n(key, p.len() as u64)));
        (!words.is_empty()).then(|| words.join(" · "))
    }

    /// Whether any contradiction can be decided so.
    pub(crate) fn can_follow(&self, follow: Follow) -> bool {
        self.open_conflicts().any(|conflict| follow.answer(conflict).is_some())
    }

    fn open_conflicts(&self) -> impl Iterator<Item = &NameConflict> {
        self.lists.conflicts.iter().filter_map(move |place| self.conflict(*place))
    }

    fn list_again(&mut self) {
        let Some(offered) = &self.offered else { return };
        let mut answered = self.answered.clone();
        answered.extend(self.asked.values().flatten().cloned());
        self.lists = ReviewLists::of(offered, &answered, &self.toggled);
    }

    fn named(&self, name: &NameKey) -> Option<&PersonToReview> {
        self.lists.people.iter().find(|person| self.found(person).is_some_and(|found| found.key == *name))
    }

    /// The ticked names of these people; everybody's where none is given.
    fn ticked(&self, who: Option<&NameKey>) -> Vec<PlacedName> {
        let is_meant =
            |person: &&PersonToReview| who.is_none_or(|who| self.found(person).is_some_and(|found| found.key == *who));
        let names = self.lists.people.iter().filter(is_meant).flat_map(|person| &person.names);
        names.filter(|name| name.ticked).map(|name| name.name.clone()).collect()
    }

    /// A person's name is taken of nobody else than was ticked.
    fn take(&mut self, taken: Vec<PlacedName>, out: &mut Outbox<'_, Request>) {
        if !taken.is_empty() {
            let words = out.text.n("said_names_taken", taken.len() as u64);
            self.answer(NameChoices { taken, ..NameChoices::default() }, words, out);
        }
    }

    fn refuse(&mut self, refused: Vec<NameOfPhoto>, out: &mut Outbox<'_, Request>) {
        let Some(first) = refused.first() else { return };
        let words = out.text.f("said_name_refused", &[("name", self.spelled(&first.name))]);
        self.answer(NameChoices { refused, ..NameChoices::default() }, words, out);
    }

    fn answer(&mut self, chosen: NameChoices, words: String, out: &mut Outbox<'_, Request>) {
        let Some(offered) = self.offered.clone() else { return };
        self.refused_since |= !chosen.refused.is_empty();
        let ticket = out.ticket(words, true);
        self.asked.insert(ticket, chosen.names().cloned().collect());
        self.list_again();
        out.ask(Request::Answer { ticket, offered, chosen });
    }

    fn decide(&mut self, conflict: usize, answer: &ConflictAnswer, out: &mut Outbox<'_, Request>) {
        let Some((offered, found)) = self.offered.as_deref().zip(self.conflict(conflict)) else { return };
        let chosen = conflicts::choices(&offered.review, found, answer);
        let words = match chosen.named() {
            0 => out.text.s("said_conflict_left").to_owned(),
            faces => out.text.n("said_names_taken", faces as u64),
        };
        self.answer(chosen, words, out);
    }

    fn decide_all(&mut self, follow: Follow, out: &mut Outbox<'_, Request>) {
        let Some(offered) = self.offered.clone() else { return };
        let choices = |found: &NameConflict| Some(conflicts::choices(&offered.review, found, &follow.answer(found)?));
        let answered = self.open_conflicts().filter_map(choices);
        let chosen = answered.fold(NameChoices::default(), NameChoices::and);
        let words = match (follow, chosen.named()) {
            (_, 0) if chosen.refused.is_empty() => return,
            (Follow::Theirs, faces) => out.text.n("said_names_taken", faces as u64),
            (Follow::Mine, _) => out.text.s("said_conflicts_left").to_owned(),
        };
        self.answer(chosen, words, out);
    }

    fn tick_all(&mut self, who: Option<&NameKey>, ticked: bool) {
        let people = self.lists.people.iter();
        let found = |person: &PersonToReview| self.found(person).map(|found| &found.key);
        let meant = people.filter(|person| who.is_none() || found(person) == who);
        let other: Vec<NameOfPhoto> =
            meant.flat_map(|person| &person.names).filter(|n| n.ticked != ticked).map(|n| n.name.of.clone()).collect();
        other.into_iter().for_each(|name| self.toggle(name));
        self.list_again();
    }

    fn toggle(&mut self, name: NameOfPhoto) {
        if !self.toggled.remove(&name) {
            self.toggled.insert(name);
        }
    }

    fn settle(&mut self, names: Vec<NameOfPhoto>, follow: bool, out: &mut Outbox<'_, Request>) {
        if names.is_empty() {
            return;
        }
        let words = out.text.n(if follow { "said_names_removed" } else { "said_names_kept" }, names.len() as u64);
        let (taken_off, settled) = if follow { (names, Vec::new()) } else { (Vec::new(), names) };
        self.answer(NameChoices { taken_off, settled, ..NameChoices::default() }, words, out);
    }

    /// A name with a place, by which photo and whose it is.
    fn placed(&self, name: &NameOfPhoto) -> Option<PlacedName> {
        let names = self.named(&name.name).into_iter().flat_map(|person| &person.names);
        names.map(|ticked| &ticked.name).find(|placed| placed.of == *name).cloned()
    }

    fn find(&mut self, how: Request, out: &mut Outbox<'_, Request>) {
        self.has_asked = true;
        out.ask(how);
    }
}

impl Feature for State {
    type Message = Message;
    type Request = Request;
    type Event = Event;

    const VIEW: Option<View> = Some(View::SETTINGS);

    fn update(&mut self, message: Message, out: &mut Outbox<'_, Request>) {
        match message {
            Message::Find => self.find(Request::Find, out),
            Message::Writing(message) => self.writing.update(message, out),
            Message::Unfold(name) => {
                if !self.unfolded.remove(&name) {
                    self.unfolded.insert(name);
                }
            }
            Message::Tick(name) => {
                self.toggle(name);
                self.list_again();
            }
            Message::TickAll { who, ticked } => self.tick_all(who.as_ref(), ticked),
            Message::TakeTicked => self.take(self.ticked(None), out),
            Message::Take(name) => self.take(self.ticked(Some(&name)), out),
            Message::TakeOne(name) => self.take(self.placed(&name).into_iter().collect(), out),
            Message::Refuse(name) => {
                let Some(offered) = self.offered.clone() else { return };
                let people = offered.review.people.iter().filter(|person| person.key == name);
                let of_person = people.flat_map(|person| names_of(&offered.review, person));
                self.refuse(of_person.filter(|name| !self.answered.contains(name)).collect(), out);
            }
            Message::RefuseOne(name) => self.refuse(vec![name], out),
            Message::Decide { conflict, answer } => self.decide(conflict, &answer, out),
            Message::DecideAll(follow) => self.decide_all(follow, out),
            Message::SettleWithdrawn { names, follow } => self.settle(names, follow, out),
            Message::OfferAgain => {
                let ticket = out.ticket(out.text.s("said_refusals_taken_back").to_owned(), true);
                self.asked.insert(ticket, Vec::new());
                out.ask(Request::OfferAgain(ticket));
            }
        }
    }

    fn receive(&mut self, event: Event, out: &mut Outbox<'_, Request>) {
        match event {
            Event::Offered(offered) => {
                (self.offered, self.answered) = (Some(offered), HashSet::new());
                self.refused_since = false;
                self.list_again();
            }
            Event::Writing(event) => self.writing.receive(event, out),
        }
    }

    fn is_long(request: &Request) -> bool {
        matches!(request, Request::Answer { chosen, .. } if chosen.makes_faces())
    }

    fn opened(&self, out: &mut Outbox<'_, Request>) {
        out.ask(Request::LoadWriting);
    }

    fn shown(&self, view: View, out: &mut Outbox<'_, Request>) {
        if Self::VIEW == Some(view) {
            out.ask(Request::LoadWriting);
        }
    }

    fn facts_loaded(&mut self, facts: &Facts) {
        self.writing.facts_loaded(facts);
    }

    fn question(&mut self, text: &Locale) -> Option<Question> {
        self.writing.question(text)
    }

    fn job_ended(&mut self, job: JobId) {
        self.writing.job_ended(job);
    }

    fn answered(&mut self, ticket: Ticket, made: bool, _out: &mut Outbox<'_, Request>) {
        match self.asked.remove(&ticket) {
            // What was refused is not among what was offered.
            Some(names) if made && !names.is_empty() => {
                self.answered.extend(names);
            }
            Some(_) => self.find_next = true,
            None => return,
        }
        self.list_again();
    }

    /// What was taken is offered again once it is taken back.
    fn touched(&mut self, touched: &Touched, _on_show: View, _out: &mut Outbox<'_, Request>) {
        self.find_next |= touched.reverted.is_some() && touched.name_answers;
        self.writing.touched(touched);
    }

    /// Names that nobody has looked for yet are looked for when they are first shown.
    fn act(&mut self, action: &Action, _out: &mut Outbox<'_, Request>) {
        self.find_next |= self.has_asked && *action == Action::FindNamesAgain;
    }

    fn on_show(&mut self, view: View, page: Page, out: &mut Outbox<'_, Request>) {
        self.on_show = view;
        self.writing.on_show(Self::VIEW == Some(view), page == WRITE_NAMES_PAGE, out);
        let has_photos = out.facts.overview.ready().is_some_and(|overview| overview.photos > 0);
        // Both say what was found.
        let is_told = [View::PEOPLE, View::SETTINGS].contains(&view);
        let is_first = is_told && has_photos && !self.has_asked;
        if std::mem::take(&mut self.find_next) || is_first {
            self.find(Request::FindChanged, out);
        }
    }

    fn ended(&mut self, kind: JobKind, text: &Locale) -> Option<Ended> {
        // A scan's end is another feature's to tell.
        self.find_next |= kind == JobKind::SCAN;
        if let Some(ended) = self.writing.ended(kind, text) {
            return Some(ended);
        }
        let words = match kind {
            // People says it at its top; a library without any is told nothing after each scan.
            FIND_NAMES if [View::PEOPLE, View::SETTINGS].contains(&self.on_show) => String::new(),
            FIND_NAMES => self.found_words(text).unwrap_or_default(),
            // Said with the change itself.
            TAKE_NAMES => String::new(),
            _ => return None,
        };
        Some(Ended {
            show: Some(Action::Open(NAMES_PAGE)).filter(|_| !words.is_empty()),
            words,
            questions: Vec::new(),
            touched: Touched::default(),
            shown_in: None,
        })
    }
}
