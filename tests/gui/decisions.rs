//! Decisions and their ways back: what is refused, what is asked first, and how everything set aside comes back.

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use likeness::app::engine::facts::NamedPerson;
use likeness::app::engine::report::{Failed, Failure, Report};
use likeness::app::people::state as people;
use likeness::app::shell::app::App;
use likeness::app::shell::backend::Request;
use likeness::app::shell::message::Message;
use likeness::app::shell::state::Page;
use likeness::app::ui::action::Action;
use likeness::app::ui::view::View;
use likeness::library::{AgainstMerge, Decision, Destination, SetAside, Stale};
use likeness::types::{FaceId, PersonId, PhotoId, Revision, StepId, Touched};

use super::demo::{SEEN, STEPS, World, album_world};
use super::wire::Wire;
use super::{open, send};

fn sent(wire: &Wire, request: &Request) -> usize {
    wire.sent.borrow().iter().filter(|sent| *sent == request).count()
}

fn load_person(person: i64) -> Request {
    Request::People(people::Request::LoadPerson(PersonId(person)))
}

/// The album with a second Grandma.
fn two_grandmas() -> World {
    let mut world = album_world();
    let cover = Some(FaceId(70));
    world.people.named.push(NamedPerson { person: PersonId(7), name: "Grandma".into(), cover, faces: 2, suggested: 0 });
    world
}

fn type_name(harness: &mut Harness<'static, App>, name: &str) {
    harness.get_by_label("Name of this group of 31 faces").type_text(name);
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
}

#[test]
fn a_stale_tick_is_refused_and_told() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(1)))));
    harness.get_all_by_label("Confirm").next().unwrap().click();
    harness.run();
    assert_eq!(wire.last_seen(), SEEN, "the tick says what its user saw");
    let (ticket, _) = wire.last_decision();
    let before = sent(&wire, &load_person(1));
    let failure = Failure { what: Failed::Stale(Stale::FaceMoved), details: "face 1011".into() };
    wire.push(Report::Failed(Some(ticket), failure));
    harness.run_steps(4);
    harness.get_by_label_contains("This face has come to somebody else since it was shown; nothing was done");
    assert_eq!(sent(&wire, &load_person(1)), before + 1, "the page is read again");
    assert!(sent(&wire, &Request::LoadPeople) >= 2);
}

#[test]
fn undo_names_the_step_that_was_shown() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    harness.get_by_label("Undo (Ctrl Z)").click();
    harness.run();
    let (ticket, decision) = wire.last_decision();
    assert_eq!(decision, Decision::Undo(STEPS.undo));
    let loads = sent(&wire, &Request::LoadPeople);
    wire.world.borrow_mut().people.steps.undo = StepId(12);
    wire.push(Report::Failed(Some(ticket), Failure { what: Failed::Stale(Stale::OtherStep), details: String::new() }));
    harness.run_steps(4);
    harness.get_by_label_contains("Something else has been decided since this was shown; nothing was done");
    assert_eq!(sent(&wire, &Request::LoadPeople), loads + 1, "what is shown is read again");
    harness.get_by_label("Undo (Ctrl Z)").click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::Undo(StepId(12)));
}

#[test]
fn the_page_of_somebody_who_is_gone_is_left() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(1)))));
    wire.world.borrow_mut().gone.push(PersonId(1));
    wire.push(Report::ChangedElsewhere(Touched::everything()));
    harness.run_steps(4);
    assert_eq!(harness.state().state().page, Page::None);
}

#[test]
fn a_name_that_is_there_is_asked_about_first() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    type_name(&mut harness, "grandma");
    harness.get_by_label("grandma is there already");
    assert!(wire.last_change().is_none(), "nothing is merged before the answer");
    harness.get_by_label("The same Grandma (35 faces)").click();
    harness.run();
    assert_eq!(
        wire.last_decision().1,
        Decision::Merge { from: PersonId(100), into: PersonId(6), against: AgainstMerge::default() }
    );
    assert_eq!(wire.last_seen(), SEEN);
    assert!(harness.get_by_label("Name of this group of 26 faces").is_focused(), "naming goes on");
}

#[test]
fn another_person_of_the_same_name_is_made_by_keyboard() {
    let (wire, mut harness) = open(two_grandmas(), View::PEOPLE);
    type_name(&mut harness, "Grandma");
    harness.get_by_label("The same Grandma (35 faces)");
    harness.get_by_label("The same Grandma (2 faces)");
    for _ in 0..3 {
        harness.key_press(Key::Tab);
        harness.run();
    }
    assert!(harness.get_by_label("Another person named Grandma").is_focused());
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::Name { person: PersonId(100), name: "Grandma".into() });
}

/// Who types fast presses Enter twice, before the question is drawn or just after.
#[test]
fn enter_answers_no_question_about_a_name() {
    for frames in 0..4 {
        let (wire, mut harness) = open(album_world(), View::PEOPLE);
        harness.get_by_label("Name of this group of 31 faces").type_text("Grandma");
        harness.run();
        harness.key_press(Key::Enter);
        harness.run_steps(frames);
        for _ in 0..3 {
            harness.key_press(Key::Enter);
            harness.run();
        }
        harness.get_by_label("Grandma is there already");
        assert!(wire.last_change().is_none(), "after {frames} frames");
    }
}

#[test]
fn esc_gives_the_question_up_and_the_name_back() {
    let (wire, mut harness) = open(two_grandmas(), View::PEOPLE);
    type_name(&mut harness, "Grandma");
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.query_by_label("Grandma is there already").is_none());
    assert!(wire.last_change().is_none());
    let field = harness.get_by_label("Name of this group of 31 faces");
    assert!(field.is_focused(), "the same group is being named");
    assert_eq!(field.value().as_deref(), Some("Grandma"));
    harness.get_by_label("Name of this group of 31 faces").type_text(" Ada");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::Name { person: PersonId(100), name: "Grandma Ada".into() });
    assert!(harness.get_by_label("Name of this group of 26 faces").is_focused(), "and then the next");
}

#[test]
fn the_name_of_a_person_and_of_a_face_in_a_photo_are_given_back_too() {
    let (_, mut harness) = open(album_world(), View::PEOPLE);
    send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(1)))));
    harness.key_press(Key::N);
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.get_by_role_and_label(Role::TextInput, "Name").type_text("Jonas");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    harness.get_by_label("Cancel").click();
    harness.run();
    let field = harness.get_by_role_and_label(Role::TextInput, "Name");
    assert_eq!((field.value().as_deref(), field.is_focused()), (Some("Jonas"), true));
    let (_, mut harness) = open(album_world(), View::LIBRARY);
    send(&mut harness, Message::Act(Action::Open(Page::Photo(PhotoId(1)))));
    harness.get_by_label("Name").focus();
    harness.run();
    harness.get_by_label("Name").type_text("Jonas");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    harness.key_press(Key::Escape);
    harness.run();
    let field = harness.get_by_label("Name");
    assert_eq!((field.value().as_deref(), field.is_focused()), (Some("Jonas"), true));
    assert_eq!(harness.state().state().page, Page::Photo(PhotoId(1)));
}

/// The list of names that was chosen from may be older than the photo.
#[test]
fn a_face_of_a_photo_is_asked_about_too_and_has_seen_what_the_list_of_names_showed() {
    let mut world = album_world();
    world.people.seen = Revision(SEEN.0 - 3);
    let (wire, mut harness) = open(world, View::LIBRARY);
    send(&mut harness, Message::Act(Action::Open(Page::Photo(PhotoId(1)))));
    harness.get_by_label("Name").focus();
    harness.run();
    harness.get_by_label("Name").type_text("Jonas");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert!(wire.last_change().is_none());
    harness.get_by_label_contains("The same Jonas").click();
    harness.run();
    let to = Destination::Person(PersonId(2));
    assert_eq!(wire.last_decision().1, Decision::Move { of: Some(PersonId(10)), faces: vec![FaceId(105)], to });
    assert_eq!(wire.last_seen(), Revision(SEEN.0 - 3));
}

#[test]
fn somebody_with_a_name_is_not_set_aside_by_one_key() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(1)))));
    for key in [Key::I, Key::S, Key::F] {
        harness.key_press(key);
        harness.run();
    }
    assert!(wire.last_change().is_none());
    harness.get_by_label("More").click();
    harness.run();
    harness.get_by_label("Hide Maria Silva").click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::Hide(PersonId(1)));
}

#[test]
fn a_name_and_a_chosen_cover_are_taken_back_in_the_menu_of_a_person() {
    let mut world = album_world();
    world.page.is_cover_chosen = true;
    for (entry, decision) in [
        ("Take the name Maria Silva back", Decision::TakeBackName(PersonId(1))),
        ("Choose the cover automatically", Decision::AutomaticCover(PersonId(1))),
    ] {
        let (wire, mut harness) = open(world.clone(), View::PEOPLE);
        send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(1)))));
        harness.get_by_label("More").click();
        harness.run();
        harness.get_by_label(entry).click();
        harness.run();
        assert_eq!(wire.last_decision().1, decision);
    }
}

#[test]
fn a_group_is_set_aside_by_one_key() {
    let mut world = album_world();
    world.page.name = None;
    for (key, decision) in [
        (Key::I, Decision::Hide(PersonId(100))),
        (Key::S, Decision::SetAsideAll { person: PersonId(100), why: SetAside::Stranger }),
        (Key::F, Decision::SetAsideAll { person: PersonId(100), why: SetAside::NotAFace }),
    ] {
        let (wire, mut harness) = open(world.clone(), View::PEOPLE);
        send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(100)))));
        harness.key_press(key);
        harness.run();
        assert_eq!(wire.last_decision().1, decision);
    }
}

#[test]
fn only_what_was_shown_is_confirmed_together() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(1)))));
    harness.get_by_label("5 confirmed, 4 named with the group");
    harness.get_by_label("Confirm the 4 shown").click();
    harness.run();
    let faces = (15..19).map(FaceId).collect();
    assert_eq!(wire.last_decision().1, Decision::Confirm { person: PersonId(1), faces });
}

#[test]
fn two_people_are_told_apart_in_the_preview_and_at_a_group() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    harness.get_by_label("Not Jonas").click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::Different(PersonId(101), PersonId(2)));
    send(&mut harness, Message::People(people::Message::AskMerge { from: PersonId(1), into: PersonId(5) }));
    harness.get_by_label("They are different people").click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::Different(PersonId(1), PersonId(5)));
    assert!(harness.query_by_label("They are different people").is_none(), "the preview closes");
}

/// A second click where Undo was undoes once more, or does nothing; it never redoes.
#[test]
fn undo_and_redo_keep_their_places_on_every_page() {
    let people = [PersonId(1), PersonId(200)].map(|id| Action::Open(Page::Person(id)));
    let pages = [None].into_iter().chain(people.map(Some)).chain([Some(Action::Open(Page::SET_ASIDE))]);
    for page in pages {
        let places = |can_undo: bool, can_redo: bool| {
            let mut world = album_world();
            (world.overview.can_undo, world.overview.can_redo) = (can_undo, can_redo);
            let (wire, mut harness) = open(world, View::PEOPLE);
            if let Some(page) = &page {
                send(&mut harness, Message::Act(page.clone()));
            }
            for (label, enabled, decision) in [
                ("Undo (Ctrl Z)", can_undo, Decision::Undo(STEPS.undo)),
                ("Redo (Ctrl Shift Z)", can_redo, Decision::Redo(STEPS.redo)),
            ] {
                let before = wire.changes();
                let arrow = harness.get_by_label(label);
                assert_eq!(!arrow.accesskit_node().is_disabled(), enabled, "{label} on {page:?}");
                arrow.click();
                harness.run();
                assert_eq!(wire.changes() > before, enabled, "{label} on {page:?}");
                assert!(!enabled || wire.last_decision().1 == decision);
            }
            ["Undo (Ctrl Z)", "Redo (Ctrl Shift Z)"].map(|label| harness.get_by_label(label).rect())
        };
        let [undo, redo] = places(true, false);
        assert!(undo.max.x <= redo.min.x && undo.center().y == redo.center().y, "{undo:?} {redo:?} on {page:?}");
        for can in [(false, true), (true, true), (false, false)] {
            assert_eq!(places(can.0, can.1), [undo, redo], "on {page:?}");
        }
    }
}

#[test]
fn a_persons_page_says_why_faces_are_not_there_and_lets_them_be_taken_back() {
    let mut world = album_world();
    world.page.held.clear();
    world.page.suggested.clear();
    world.page.missing = vec![(FaceId(31), PhotoId(31))];
    let (wire, mut harness) = open(world, View::PEOPLE);
    send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(1)))));
    harness.get_by_label("0 faces, 1 in a photo that is missing");
    harness.get_by_label("In photos that are missing");
    harness.get_by_label_contains("they are back as soon as a scan finds their photos again");
    harness.get_by_label("A face in a photo that is missing");
    harness.get_by_label("Reject").click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::Reject { person: PersonId(1), faces: vec![FaceId(31)] });
}

#[test]
fn what_was_said_against_a_merge_is_told_before_it() {
    let mut world = album_world();
    let against = AgainstMerge { told_apart: true, from_not_into: 5, into_not_from: 0 };
    world.against = against;
    let (wire, mut harness) = open(world, View::PEOPLE);
    let told = |harness: &Harness<'static, App>| {
        harness.get_by_label("You said that they are different people.");
        harness.get_by_label_contains("5 faces of ");
    };
    send(&mut harness, Message::People(people::Message::AskMerge { from: PersonId(1), into: PersonId(5) }));
    harness.run_steps(3);
    told(&harness);
    harness.get_by_label("Cancel").click();
    harness.run();
    // A name that is completed joins a group with somebody, too.
    let (person, same) = (PersonId(100), PersonId(6));
    send(&mut harness, Message::People(people::Message::NameAs { person, same, seen: SEEN }));
    harness.run_steps(3);
    assert!(wire.last_change().is_none(), "nothing is merged before the answer");
    told(&harness);
    harness.get_by_label("Merge").click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::Merge { from: person, into: same, against });
}

#[test]
fn a_name_in_the_merge_menu_is_completed_or_told_to_be_nobodys() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(1)))));
    let enter = |harness: &mut Harness<'static, App>, text: &str| {
        harness.get_by_role_and_label(Role::TextInput, "Name").type_text(text);
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
    };
    harness.get_by_label("Merge…").click();
    harness.run();
    enter(&mut harness, "Ottokar");
    harness.get_by_label("Nobody to choose is called Ottokar");
    let field = harness.get_by_role_and_label(Role::TextInput, "Name");
    assert_eq!((field.value().as_deref(), field.is_focused()), (Some("Ottokar"), true));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    enter(&mut harness, "Maria S");
    harness.get_by_label("Nobody to choose is called Maria S");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    enter(&mut harness, "jon");
    harness.get_by_label("Merge Maria Silva into Jonas");
    assert!(wire.last_change().is_none(), "nothing is merged before the answer");
}

#[test]
fn what_is_said_of_a_group_gives_it_no_name() {
    let mut world = album_world();
    world.page.name = None;
    let (wire, mut harness) = open(world, View::PEOPLE);
    send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(100)))));
    for (decision, words) in [
        (Decision::Reject { person: PersonId(100), faces: vec![FaceId(1)] }, "1 face is not of this group"),
        (Decision::Confirm { person: PersonId(100), faces: vec![FaceId(1)] }, "1 face confirmed in this group"),
        (Decision::Cover { person: PersonId(100), face: FaceId(1) }, "On the card of this group now"),
    ] {
        send(&mut harness, Message::People(people::Message::Decide(decision, SEEN)));
        let (ticket, _) = wire.last_decision();
        wire.push(Report::Changed(ticket, Touched::default()));
        harness.run_steps(4);
        harness.get_by_label(words);
    }
}
