//! What the People view shows, and what a user decides there.

use crate::app::engine::facts::Loadable;
use crate::app::engine::report::Ticket;
use crate::app::ui::action::{Action, Outbox};
use crate::cluster::Linkage;
use crate::library::{Decision, Destination};
use crate::types::{FaceId, PersonId, PhotoId, SquaredDistance};

/// What a user can do here.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Of names: one that another person has merges the two.
    Decide(Decision),
    /// Says that a group holds different people.
    Split(PersonId),
    /// Opens the preview of merging two people.
    AskMerge { from: PersonId, into: PersonId },
    /// Closes that preview.
    CloseMerge,
    /// Opens or closes the grouping panel.
    ToggleGrouping,
    /// Shows what another threshold or linkage would change.
    PreviewGrouping { squared_distance: f32, linkage: Linkage },
    /// Groups anew as previewed.
    ApplyGrouping,
}

/// What is asked of the jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    LoadPerson(PersonId),
    /// What grouping at this threshold would change, without changing anything.
    Preview {
        squared_distance: f32,
        linkage: Linkage,
    },
    ApplyGrouping {
        ticket: Ticket,
        squared_distance: f32,
        linkage: Linkage,
    },
    /// This group holds different people: group its faces again, more cautiously.
    Split(Ticket, PersonId),
    Decide(Ticket, Decision),
}

#[derive(Debug, Clone)]
pub enum Event {
    Person(PersonPage),
    Preview(GroupingPreview),
}

#[derive(Debug, Default)]
pub struct State {
    /// The person whose page is open.
    pub open: Option<PersonId>,
    pub person: Loadable<PersonPage>,
    pub grouping: Grouping,
    /// Two people whose merging is being previewed: from, into.
    pub merging: Option<(PersonId, PersonId)>,
}

impl State {
    pub fn update(&mut self, message: Message, out: &mut Outbox<'_, Request>) {
        match message {
            Message::Decide(Decision::Name { person, name }) => self.name(person, name, out),
            Message::Decide(decision) => self.decide(decision, out),
            Message::Split(person) => {
                let ticket = out.ticket(out.text.s("said_split").into(), true);
                out.ask(Request::Split(ticket, person));
            }
            Message::AskMerge { from, into } => self.merging = Some((from, into)),
            Message::CloseMerge => self.merging = None,
            Message::ToggleGrouping => self.toggle_grouping(out),
            Message::PreviewGrouping { squared_distance, linkage } => {
                self.grouping.asked = Some((squared_distance, linkage));
                out.ask(Request::Preview { squared_distance, linkage });
            }
            Message::ApplyGrouping => {
                if let Some((squared_distance, linkage)) = self.grouping.asked.take() {
                    self.grouping = Grouping::default();
                    let ticket = out.ticket(out.text.s("said_grouped").into(), true);
                    out.ask(Request::ApplyGrouping { ticket, squared_distance, linkage });
                }
            }
        }
    }

    pub fn receive(&mut self, event: Event) {
        match event {
            Event::Person(page) if self.open == Some(page.person) => self.person = Loadable::Ready(page),
            Event::Preview(preview) if self.grouping.asked == Some((preview.squared_distance, preview.linkage)) => {
                self.grouping.preview = Some(preview);
            }
            // Answers to questions that are not asked any more.
            Event::Person(_) | Event::Preview(_) => {}
        }
    }

    /// Opens the page of a person, or reads it again.
    pub fn show(&mut self, person: PersonId, out: &mut Outbox<'_, Request>) {
        self.open = Some(person);
        if self.person.ready().is_none_or(|page| page.person != person) {
            self.person = Loadable::Loading;
        }
        out.ask(Request::LoadPerson(person));
    }

    fn name(&mut self, person: PersonId, name: String, out: &mut Outbox<'_, Request>) {
        let name = name.trim().to_owned();
        if name.is_empty() || out.facts.name_of(person) == Some(name.as_str()) {
            return;
        }
        match out.facts.person_named(&name) {
            Some(same) if same != person => {
                let words = out.text.f("said_added_to", &[("name", &name)]);
                if self.open == Some(person) {
                    out.act(Action::Leave(person));
                    out.act(Action::OpenPerson(same));
                }
                self.request(Decision::Merge { from: person, into: same }, words, true, out);
            }
            _ => {
                let words = out.text.f("said_named", &[("name", &name)]);
                self.request(Decision::Name { person, name }, words, true, out);
            }
        }
    }

    fn decide(&mut self, decision: Decision, out: &mut Outbox<'_, Request>) {
        let words = words(&decision, out);
        match decision {
            Decision::Merge { from, .. } => {
                self.merging = None;
                out.act(Action::Leave(from));
            }
            Decision::Hide(person) | Decision::NotAPerson(person) => out.act(Action::Leave(person)),
            _ => {}
        }
        let undoable = decision != Decision::Undo;
        self.request(decision, words, undoable, out);
    }

    fn request(&self, decision: Decision, words: String, undoable: bool, out: &mut Outbox<'_, Request>) {
        let ticket = out.ticket(words, undoable);
        out.ask(Request::Decide(ticket, decision));
    }

    fn toggle_grouping(&mut self, out: &mut Outbox<'_, Request>) {
        let open = !self.grouping.open;
        self.grouping = Grouping { open, ..Grouping::default() };
        if open {
            let (squared_distance, linkage) = out.facts.grouped_with();
            self.grouping.asked = Some((squared_distance, linkage));
            out.ask(Request::Preview { squared_distance, linkage });
        }
    }
}

/// What is said when the decision has been carried out.
fn words(decision: &Decision, out: &Outbox<'_, Request>) -> String {
    let text = out.text;
    let name_of = |person: &PersonId| out.facts.name_of(*person).unwrap_or_else(|| text.s("unnamed")).to_owned();
    match decision {
        Decision::Name { name, .. } => text.f("said_named", &[("name", name)]),
        Decision::Confirm { person, faces } => {
            text.nf("said_confirmed", faces.len() as u64, &[("name", &name_of(person))])
        }
        Decision::ConfirmAll(person) => text.f("said_confirmed_all", &[("name", &name_of(person))]),
        Decision::Reject { person, faces } => {
            text.nf("said_rejected", faces.len() as u64, &[("name", &name_of(person))])
        }
        Decision::Move { faces, to } => {
            let name = match to {
                Destination::Person(person) => name_of(person),
                Destination::NewPerson { name } => name.clone(),
            };
            text.nf("said_moved", faces.len() as u64, &[("name", &name)])
        }
        Decision::TakeOut(faces) => text.n("said_taken_out", faces.len() as u64),
        Decision::Merge { from, into } => text.f("said_merged", &[("from", &name_of(from)), ("into", &name_of(into))]),
        Decision::Hide(_) => text.s("said_ignored").into(),
        Decision::NotAPerson(_) => text.s("said_not_a_person").into(),
        Decision::Undo => text.s("said_undone").into(),
        Decision::Redo => text.s("said_redone").into(),
    }
}

/// One person with all faces, nearest to the confirmed ones first.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonPage {
    pub person: PersonId,
    /// None for an unnamed group.
    pub name: Option<String>,
    pub cover: FaceId,
    pub confirmed: Vec<PersonFace>,
    pub suggested: Vec<PersonFace>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PersonFace {
    pub face: FaceId,
    pub photo: PhotoId,
    /// To the person's centre.
    pub distance: SquaredDistance,
}

/// What a grouping would change.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupingPreview {
    pub squared_distance: f32,
    pub linkage: Linkage,
    pub groups_before: u64,
    pub groups_after: u64,
    pub faces_moved: u64,
    /// Among the user's confirmed faces; none where too few are confirmed to say.
    pub wrong_merges_per_1000: Option<f32>,
    /// The largest changes first.
    pub changes: Vec<GroupChange>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct GroupChange {
    pub kind: GroupChangeKind,
    /// A few faces of each part.
    pub parts: Vec<Vec<FaceId>>,
    /// The name of a part that has one.
    pub name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupChangeKind {
    /// The parts become one group.
    Joins,
    /// One group falls into the parts.
    Splits,
}

/// The grouping panel.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Grouping {
    pub open: bool,
    /// What the user looks at; none until the slider is moved.
    pub asked: Option<(f32, Linkage)>,
    pub preview: Option<GroupingPreview>,
}
