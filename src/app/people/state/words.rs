//! What is said when a decision has been carried out, and whom the search finds.

use super::{AsideTab, Request};
use crate::app::engine::facts::Facts;
use crate::app::ui::action::{Action, Outbox, SuccessWords};
use crate::app::ui::locale::Locale;
use crate::app::ui::page::Page;
use crate::app::ui::search::{Hit, HitKind};
use crate::app::ui::widgets::name_field::completions;
use crate::library::{Decision, Destination, PhotoFilter, SetAside};
use crate::types::PersonId;

/// A group is called as the question before calls it.
pub(crate) fn name_of(person: PersonId, out: &Outbox<'_, Request>) -> String {
    out.facts.name_of(person).unwrap_or_else(|| out.text.s("this_group")).to_owned()
}

/// Of faces and whom they are of: a group is not called by a name that it does not have.
fn of_person(key: &str, of_group_key: &str, faces: usize, person: PersonId, out: &Outbox<'_, Request>) -> String {
    match out.facts.name_of(person) {
        Some(name) => out.text.nf(key, faces as u64, &[("name", name)]),
        None => out.text.n(of_group_key, faces as u64),
    }
}

/// What a decision is answered with.
pub(super) fn success_words(decision: &Decision, out: &Outbox<'_, Request>) -> SuccessWords {
    let no_step = match decision {
        Decision::Undo(_) => Some("said_nothing_to_undo"),
        Decision::Redo(_) => Some("said_nothing_to_redo"),
        _ => None,
    };
    SuccessWords {
        text: words(decision, out),
        undoable: !matches!(decision, Decision::Undo(_)),
        no_step: no_step.map(|key| out.text.s(key).to_owned()),
    }
}

fn words(decision: &Decision, out: &Outbox<'_, Request>) -> String {
    let text = out.text;
    let name = |person: &PersonId| name_of(*person, out);
    match decision {
        Decision::Name { name, .. } => text.f("said_named", &[("name", name)]),
        Decision::TakeBackName(person) => text.f("said_name_taken_back", &[("name", &name(person))]),
        Decision::Confirm { person, faces } => {
            of_person("said_confirmed", "said_confirmed_group", faces.len(), *person, out)
        }
        Decision::ConfirmSome { person, shown, others } => {
            of_person("said_confirmed", "said_confirmed_group", shown.len() + others.len(), *person, out)
        }
        Decision::ConfirmAll { person, .. } => text.f("said_confirmed_all", &[("name", &name(person))]),
        Decision::Reject { person, faces } => {
            of_person("said_rejected", "said_rejected_group", faces.len(), *person, out)
        }
        Decision::TakeBackYes { faces, .. } => text.n("said_open", faces.len() as u64),
        Decision::TakeBackReject { .. } => text.s("said_may_be_them").into(),
        Decision::Move { faces, to, .. } => {
            let name = match to {
                Destination::Person(person) => name(person),
                Destination::NewPerson { name } => name.clone(),
            };
            text.nf("said_moved", faces.len() as u64, &[("name", &name)])
        }
        Decision::AnswerNames(answers) => {
            let named = answers.taken.iter().map(|taken| taken.faces.len() + taken.corrected.len()).sum::<usize>();
            let removed = answers.taken_off.iter().map(|(_, faces)| faces.len()).sum::<usize>();
            match (named, removed) {
                (0, 0) => text.n("said_names_kept", answers.noted.len() as u64),
                (0, removed) => text.n("said_names_removed", removed as u64),
                (named, _) => text.n("said_names_taken", named as u64),
            }
        }
        Decision::TakeOut { faces, .. } => text.n("said_taken_out", faces.len() as u64),
        Decision::Merge { from, into, .. } => text.f("said_merged", &[("from", &name(from)), ("into", &name(into))]),
        Decision::Part { into, .. } => match into.and_then(|into| out.facts.name_of(into)) {
            Some(name) => text.f("said_parted", &[("name", name)]),
            None => text.s("said_parted_group").into(),
        },
        Decision::Different(..) => text.s("said_different").into(),
        Decision::MayBeSame(..) => text.s("said_may_be_same").into(),
        Decision::Hide(person) => match out.facts.name_of(*person) {
            Some(name) => text.f("said_hidden", &[("name", name)]),
            None => text.s("said_ignored").into(),
        },
        Decision::Show(_) => text.s("said_shown").into(),
        Decision::SetAside { faces, why, .. } => text.n(set_aside_key(*why), faces.len() as u64),
        Decision::SetAsideAll { why: SetAside::Stranger, .. } => text.s("said_strangers").into(),
        Decision::SetAsideAll { why: SetAside::NotAFace, .. } => text.s("said_not_a_person").into(),
        Decision::Cover { person, .. } => text.f("said_cover", &[("name", &name(person))]),
        Decision::AutomaticCover(person) => text.f("said_automatic_cover", &[("name", &name(person))]),
        Decision::Restore { faces, .. } => text.n("said_restored", faces.len() as u64),
        Decision::PutBack { .. } => text.s("said_put_back").into(),
        Decision::LetGo { faces, .. } => text.n("said_let_go", faces.len() as u64),
        Decision::TakeBackLetGo { faces, .. } => text.n("said_lost_again", faces.len() as u64),
        Decision::Undo(_) => text.s("said_undone").into(),
        Decision::Redo(_) => text.s("said_redone").into(),
    }
}

fn set_aside_key(why: SetAside) -> &'static str {
    match why {
        SetAside::Stranger => "said_set_aside_strangers",
        SetAside::NotAFace => "said_set_aside_no_faces",
    }
}

/// People by their name, and the photos of each; and what was set aside.
pub(super) fn hits(typed: &str, facts: &Facts, text: &Locale) -> Vec<Hit> {
    let named = facts.people.ready().map_or(&[][..], |people| &people.named);
    let mut hits = Vec::new();
    for person in completions(named, typed) {
        // Two people of one name are told apart by their faces.
        let words = match facts.people_named(&person.name).len() {
            0 | 1 => person.name.clone(),
            _ => {
                let count = text.n("faces", person.faces);
                text.f("person_card", &[("name", &person.name), ("count", &count)])
            }
        };
        hits.push(Hit { kind: HitKind::Person, words, action: Action::Open(Page::Person(person.person)) });
        let words = text.f("photos_of", &[("name", &person.name)]);
        let action = Action::FilterPhotos(PhotoFilter::Person(person.person));
        hits.push(Hit { kind: HitKind::PhotosOf, words, action });
    }
    // Whoever looks for somebody hidden need not know what that page is called.
    let known_as = ["set_aside", "set_aside_also"].into_iter().chain(AsideTab::ALL.map(AsideTab::label_key));
    let set_aside = |key| Hit::command(text.s(key), Action::Open(Page::SET_ASIDE), typed);
    let words = text.s("set_aside").to_owned();
    hits.extend(known_as.filter_map(set_aside).next().map(|hit| Hit { words, ..hit }));
    hits
}
