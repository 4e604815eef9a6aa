//! What the People view shows, and what a user decides there.

mod aside;
mod words;

pub use aside::AsideTab;

use crate::app::engine::facts::{Facts, Loadable, Newest};
use crate::app::jobs::regroup::Grouping;
pub use crate::app::people::job::{
    ApartRow, Aside, Event, GroupChange, GroupChangeKind, GroupingPreview, PersonPage, Request,
};
use crate::app::ui::action::{Action, Outbox, SuccessWords};
use crate::app::ui::feature::Feature;
use crate::app::ui::locale::Locale;
use crate::app::ui::page::Page;
use crate::app::ui::search::Hit;
use crate::app::ui::view::View;
use crate::cluster::Linkage;
use crate::library::{AgainstMerge, Decision, Destination};
use crate::types::{PersonId, Revision, SquaredDistance, Touched};

/// What a user can do here.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// What was decided, and the revision that its user looked at. A name that another person has is asked about first.
    Decide(Decision, Revision),
    /// Gives a person or group the name of somebody who is there, and so joins them.
    NameAs {
        person: PersonId,
        same: PersonId,
        seen: Revision,
    },
    /// Answers whether the name that was typed is that of this person.
    SameAs(PersonId),
    /// It is that of another one.
    AnotherOfThisName,
    /// Neither.
    CloseSameName,
    /// Says that a group holds different people.
    Split(PersonId, Revision),
    /// Opens the preview of merging two people, with what was said against it.
    AskMerge {
        from: PersonId,
        into: PersonId,
    },
    /// Closes that preview.
    CloseMerge,
    /// Opens or closes the grouping panel.
    ToggleGrouping,
    /// Shows what another threshold or linkage would change.
    PreviewGrouping {
        squared_distance: f32,
        linkage: Linkage,
    },
    /// Groups anew as previewed.
    ApplyGrouping,
    ShowAside(AsideTab),
}

/// A name that somebody else has already: are they the same person?
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SameName {
    pub name: String,
    /// What was decided: a name for a person, or for faces that go to somebody new.
    pub decision: Decision,
    pub seen: Revision,
}

/// The grouping panel.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct GroupingPanel {
    pub open: bool,
    /// What the user looks at; none until the slider is moved.
    pub asked: Option<(f32, Linkage)>,
    pub preview: Option<GroupingPreview>,
}

impl GroupingPanel {
    /// What can be applied: the preview on the screen, once it is of what was asked last.
    pub fn previewed(&self) -> Option<(Grouping, Revision)> {
        let preview = self.preview.as_ref()?;
        let shown = (preview.squared_distance, preview.linkage);
        let grouping = Grouping { linkage: shown.1, threshold: SquaredDistance(shown.0) };
        (self.asked == Some(shown)).then_some((grouping, preview.seen))
    }
}

#[derive(Debug, Default)]
pub struct State {
    /// The person whose page is open.
    pub open: Option<PersonId>,
    pub(crate) person: Loadable<PersonPage>,
    person_seen: Newest,
    pub(crate) grouping: GroupingPanel,
    /// Two people whose merging is being previewed: from, into.
    pub merging: Option<(PersonId, PersonId)>,
    /// What was said against that; none while it is not known.
    pub against: Option<AgainstMerge>,
    pub(crate) same_name: Option<SameName>,
    pub(crate) aside: Loadable<Aside>,
    aside_seen: Newest,
    pub aside_tab: AsideTab,
}

impl Feature for State {
    type Message = Message;
    type Request = Request;
    type Event = Event;

    const VIEW: Option<View> = Some(View::PEOPLE);

    fn update(&mut self, message: Message, out: &mut Outbox<'_, Request>) {
        match message {
            // Everybody decides so: who takes a decision back takes its notice along.
            Message::Decide(decision, seen) => out.act(Action::Decide(decision, seen)),
            Message::NameAs { person, same, seen } => self.name_as(person, same, seen, out),
            Message::SameAs(same) => self.same_as(same, out),
            Message::AnotherOfThisName => {
                if let Some(SameName { decision, seen, .. }) = self.same_name.take() {
                    self.decide(decision, seen, out);
                }
            }
            Message::CloseSameName => self.same_name = None,
            Message::Split(person, seen) => {
                let ticket = out.ticket(out.text.s("said_split").into(), true);
                out.ask(Request::Split(ticket, person, seen));
            }
            Message::AskMerge { from, into } => {
                (self.merging, self.against) = (Some((from, into)), None);
                out.ask(Request::LoadAgainst { from, into, named: None });
            }
            Message::CloseMerge => self.merging = None,
            Message::ToggleGrouping => self.toggle_grouping(out),
            Message::PreviewGrouping { squared_distance, linkage } => {
                self.grouping.asked = Some((squared_distance, linkage));
                out.ask(Request::Preview { squared_distance, linkage });
            }
            Message::ApplyGrouping => {
                if let Some((grouping, seen)) = self.grouping.previewed() {
                    self.grouping = GroupingPanel::default();
                    let ticket = out.ticket(out.text.s("said_grouped").into(), true);
                    out.ask(Request::ApplyGrouping { ticket, grouping, seen });
                }
            }
            Message::ShowAside(tab) => self.aside_tab = tab,
        }
    }

    fn receive(&mut self, event: Event, out: &mut Outbox<'_, Request>) {
        match event {
            Event::Person(page) if self.open == Some(page.person) => {
                if !self.person_seen.is_late(page.seen) {
                    self.person = Loadable::Ready(page);
                }
            }
            Event::Aside(aside) => {
                if !self.aside_seen.is_late(aside.seen) {
                    self.aside = Loadable::Ready(aside);
                }
            }
            Event::Preview(preview) if self.grouping.asked == Some((preview.squared_distance, preview.linkage)) => {
                self.grouping.preview = Some(preview);
            }
            Event::Against { from, into, named: Some(seen), against } if against.is_nothing() => {
                self.merge_named(from, into, seen, out);
            }
            // Asked about before it is done, as other merges are.
            Event::Against { from, into, named: Some(_), against } => {
                (self.merging, self.against) = (Some((from, into)), Some(against));
            }
            Event::Against { from, into, named: None, against } => {
                self.against = Some(against).filter(|_| self.merging == Some((from, into))).or(self.against);
            }
            Event::Gone(person) => out.act(Action::Leave(Page::Person(person))),
            // Answers to questions that are not asked any more.
            Event::Person(_) | Event::Preview(_) => {}
        }
    }

    fn act(&mut self, action: &Action, out: &mut Outbox<'_, Request>) {
        match action {
            Action::Decide(decision, seen) => self.decide_or_ask(decision.clone(), *seen, out),
            // Found or given up: back to the others that are lost.
            Action::PutBack(None) => out.act(Action::BackTo(Page::SET_ASIDE)),
            Action::OpenGrouping if self.grouping.open => {}
            Action::OpenGrouping | Action::ToggleGrouping => self.toggle_grouping(out),
            _ => {}
        }
    }

    fn page_opened(&mut self, page: Page, out: &mut Outbox<'_, Request>) {
        self.open = None;
        match page {
            Page::Person(person) => self.show(person, out),
            page if page == Page::SET_ASIDE => {
                out.ask(Request::LoadAside);
                // Back among the lost faces, no search goes on.
                if out.facts.putting_back.is_some() {
                    out.act(Action::PutBack(None));
                }
            }
            _ => {}
        }
    }

    fn page_touched(&self, page: Page, out: &mut Outbox<'_, Request>) {
        match page {
            Page::Person(person) => out.ask(Request::LoadPerson(person)),
            page if page == Page::SET_ASIDE => out.ask(Request::LoadAside),
            _ => {}
        }
    }

    fn touched(&mut self, touched: &Touched, _on_show: View, _out: &mut Outbox<'_, Request>) {
        if touched.everything {
            self.person_seen.forget();
            self.aside_seen.forget();
        }
    }

    fn hits(&self, typed: &str, facts: &Facts, text: &Locale) -> Vec<Hit> {
        words::hits(typed, facts, text)
    }

    fn on_escape(&self) -> Option<Action> {
        self.grouping.open.then_some(Action::ToggleGrouping)
    }

    fn replaces(newer: &Request, older: &Request) -> bool {
        matches!((newer, older), (Request::Preview { .. } | Request::StopPreview, Request::Preview { .. }))
    }

    fn is_asking(&self) -> bool {
        self.merging.is_some() || self.same_name.is_some()
    }
}

impl State {
    /// Opens the page of a person, or reads it again.
    fn show(&mut self, person: PersonId, out: &mut Outbox<'_, Request>) {
        self.open = Some(person);
        if self.person.ready().is_none_or(|page| page.person != person) {
            self.person = Loadable::Loading;
        }
        out.ask(Request::LoadPerson(person));
    }

    fn decide_or_ask(&mut self, decision: Decision, seen: Revision, out: &mut Outbox<'_, Request>) {
        let decision = match decision {
            Decision::Name { person, name } => Decision::Name { person, name: name.trim().to_owned() },
            other => other,
        };
        let (name, named) = match &decision {
            Decision::Name { person, name } => (name, Some(*person)),
            Decision::Move { to: Destination::NewPerson { name }, .. } => (name, None),
            _ => return self.decide(decision, seen, out),
        };
        if name.is_empty() || named.is_some_and(|person| out.facts.name_of(person) == Some(name.as_str())) {
            return;
        }
        if out.facts.people_named(name).iter().any(|row| Some(row.person) != named) {
            let seen = seen.min(out.facts.people_seen());
            self.same_name = Some(SameName { name: name.clone(), decision, seen });
            return;
        }
        self.decide(decision, seen, out);
    }

    /// The typed name is that of somebody who is there.
    fn same_as(&mut self, same: PersonId, out: &mut Outbox<'_, Request>) {
        let Some(SameName { decision, seen, .. }) = self.same_name.take() else { return };
        match decision {
            Decision::Name { person, .. } => self.name_as(person, same, seen, out),
            Decision::Move { of, faces, .. } => {
                self.decide(Decision::Move { of, faces, to: Destination::Person(same) }, seen, out);
            }
            _ => {}
        }
    }

    fn name_as(&mut self, person: PersonId, same: PersonId, seen: Revision, out: &mut Outbox<'_, Request>) {
        if person != same {
            out.ask(Request::LoadAgainst { from: person, into: same, named: Some(seen) });
        }
    }

    /// Nothing was said against it.
    fn merge_named(&mut self, person: PersonId, same: PersonId, seen: Revision, out: &mut Outbox<'_, Request>) {
        let text = out.text.f("said_added_to", &[("name", &words::name_of(same, out))]);
        self.follow_merge(person, same, out);
        let merge = Decision::Merge { from: person, into: same, against: AgainstMerge::default() };
        self.request(merge, seen, SuccessWords { text, undoable: true, no_step: None }, out);
    }

    /// The page of who goes into somebody else gives way to theirs.
    fn follow_merge(&self, from: PersonId, into: PersonId, out: &mut Outbox<'_, Request>) {
        out.act(Action::Leave(Page::Person(from)));
        if self.open == Some(from) {
            out.act(Action::Open(Page::Person(into)));
        }
    }

    fn decide(&mut self, decision: Decision, seen: Revision, out: &mut Outbox<'_, Request>) {
        let words = words::success_words(&decision, out);
        match decision {
            Decision::Merge { from, into, .. } => {
                self.merging = None;
                self.follow_merge(from, into, out);
            }
            Decision::Different(..) => self.merging = None,
            Decision::Hide(person) | Decision::SetAsideAll { person, .. } => {
                out.act(Action::Leave(Page::Person(person)));
            }
            Decision::PutBack { .. } => out.act(Action::PutBack(None)),
            _ => {}
        }
        self.request(decision, seen, words, out);
    }

    fn request(&self, decision: Decision, seen: Revision, words: SuccessWords, out: &mut Outbox<'_, Request>) {
        let ticket = out.ticket_for(words);
        out.ask(Request::Decide(ticket, decision, seen));
    }

    fn toggle_grouping(&mut self, out: &mut Outbox<'_, Request>) {
        let open = !self.grouping.open;
        self.grouping = GroupingPanel { open, ..GroupingPanel::default() };
        if open {
            let (squared_distance, linkage) = out.facts.grouped_with();
            self.grouping.asked = Some((squared_distance, linkage));
            out.ask(Request::Preview { squared_distance, linkage });
        } else {
            out.ask(Request::StopPreview);
        }
    }
}
