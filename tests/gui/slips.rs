//! What a quick or careless hand does: types on, presses Esc once more, opens a menu again, takes something back.

use eframe::egui::accesskit::Role;
use eframe::egui::{Event, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use likeness::app::engine::facts::NamedPerson;
use likeness::app::engine::report::Report;
use likeness::app::people::state as people;
use likeness::app::shell::app::App;
use likeness::app::shell::backend::Request;
use likeness::app::shell::message::Message;
use likeness::app::shell::state::Page;
use likeness::app::ui::action::Action;
use likeness::app::ui::view::View;
use likeness::library::{AgainstMerge, Belongs, Decision, FaceOfPerson, FaceSetAside, SetAside};
use likeness::types::{FaceId, PersonId, PhotoId, Revision, StepId, Touched};

use super::demo::{SEEN, STEPS, album_world};
use super::wire::Wire;
use super::{open, send};

fn enter() -> [Event; 2] {
    let key = |pressed| Event::Key {
        key: Key::Enter,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: Modifiers::NONE,
    };
    [key(true), key(false)]
}

fn typed(text: &str) -> impl Iterator<Item = Event> {
    text.chars().map(|letter| Event::Text(letter.into()))
}

fn names_given(wire: &Wire) -> Vec<(i64, String)> {
    let named = |request: &Request| match request {
        Request::People(people::Request::Decide(_, Decision::Name { person, name }, _)) => {
            Some((person.0, name.clone()))
        }
        _ => None,
    };
    wire.sent.borrow().iter().filter_map(named).collect()
}

fn person_page(wire_world: super::World) -> (Wire, Harness<'static, App>) {
    let (wire, mut harness) = open(wire_world, View::PEOPLE);
    send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(1)))));
    (wire, harness)
}

/// As a slow computer gets what a fast hand types: many letters between two frames.
#[test]
fn what_is_typed_on_after_enter_is_the_next_name_and_no_other() {
    let names = ["Jacques", "Jennifer", "Laura", "Lleyton"];
    let keys: Vec<Event> = names.iter().flat_map(|name| typed(name).chain(enter())).collect();
    for at_once in [1, 3, 7, keys.len()] {
        let (wire, mut harness) = open(album_world(), View::PEOPLE);
        for some in keys.chunks(at_once) {
            harness.input_mut().events.extend(some.iter().cloned());
            harness.step();
        }
        harness.run_steps(12);
        let groups = (100..104).zip(names.map(str::to_owned)).collect::<Vec<_>>();
        assert_eq!(names_given(&wire), groups, "{at_once} keys a frame");
    }
}

/// The name of somebody who is there is asked about; what came after it was typed blindly.
#[test]
fn what_is_typed_on_over_a_question_names_nobody() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    let keys: Vec<Event> = typed("Jonas").chain(enter()).chain(typed("Zoe")).chain(enter()).collect();
    harness.input_mut().events.extend(keys);
    harness.run_steps(8);
    harness.get_by_label("Jonas is there already");
    harness.key_press(Key::Escape);
    harness.run_steps(6);
    assert!(wire.last_change().is_none());
    let field = harness.get_by_label("Name of this group of 31 faces");
    assert_eq!((field.value().as_deref(), field.is_focused()), (Some("Jonas"), true), "the name is in its field again");
}

#[test]
fn the_field_that_is_typed_in_next_lies_under_no_notice() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    for step in 0..5 {
        harness.input_mut().events.extend(typed("Zoe").chain(enter()));
        harness.run_steps(3);
        let ticket = wire.last_decision().0;
        wire.push(Report::Changed(ticket, Touched::default()));
        harness.run_steps(3);
        if step < 4 {
            let next = format!("Name of this group of {} faces", 26 - 5 * step);
            let field = harness.get_by_label(&next);
            assert!(field.is_focused(), "{next}");
            let below = 820.0 - field.rect().bottom();
            assert!(below > 220.0, "{next} is {below} above the lower edge, where four notices stand");
        }
    }
}

#[test]
fn esc_closes_the_topmost_thing_only() {
    let (_, mut harness) = person_page(album_world());
    harness.get_by_label("Face at squared distance 0.50, confirmed").click();
    harness.run();
    for menu in ["More", "Merge…", "More for the selected faces", "Move to…"] {
        harness.get_by_label(menu).click();
        harness.run();
        harness.key_press(Key::Escape);
        harness.run();
        assert_eq!(harness.state().state().page, Page::Person(PersonId(1)), "{menu}");
        harness.get_by_label("1 face selected");
    }
    assert!(harness.query_by_label("Hide Maria Silva").is_none(), "the menus are closed");
}

#[test]
fn a_menu_that_is_opened_again_begins_anew_and_has_the_keyboard() {
    let (wire, mut harness) = person_page(album_world());
    harness.get_by_label("Face at squared distance 0.50, confirmed").click();
    harness.run();
    let field = |harness: &Harness<'static, App>| {
        let field = harness.get_by_role_and_label(Role::TextInput, "Name");
        (field.value().unwrap_or_default(), field.is_focused())
    };
    for _ in 0..2 {
        harness.get_by_label("Merge…").click();
        harness.run();
        assert_eq!(field(&harness), (String::new(), true));
        harness.get_by_role_and_label(Role::TextInput, "Name").type_text("Zx");
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        harness.get_by_label("Nobody to choose is called Zx");
        // A click beside it.
        harness.get_by_label("1 face selected").click();
        harness.run();
        assert!(harness.query_by_label("Nobody to choose is called Zx").is_none());
    }
    assert!(wire.last_change().is_none(), "no key reached the page");
}

/// Where the menu is open and the keyboard is nowhere, X is none to the page below.
#[test]
fn no_key_reaches_the_page_under_a_menu_or_a_question() {
    let (wire, mut harness) = person_page(album_world());
    harness.get_by_label("Face at squared distance 0.50, confirmed").click();
    harness.run();
    harness.get_by_label("More").click();
    harness.run();
    harness.key_press(Key::X);
    harness.run();
    harness.key_press(Key::Escape);
    harness.run();
    send(&mut harness, Message::People(people::Message::AskMerge { from: PersonId(1), into: PersonId(5) }));
    harness.key_press(Key::X);
    harness.run();
    assert!(wire.last_change().is_none());
}

#[test]
fn after_a_merge_the_page_is_that_of_who_stays() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(2)))));
    send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(1)))));
    send(&mut harness, Message::People(people::Message::AskMerge { from: PersonId(1), into: PersonId(5) }));
    harness.run_steps(3);
    harness.get_by_label("Merge").click();
    harness.run();
    assert_eq!(wire.last_decision().1, merge(1, 5));
    assert_eq!(harness.state().state().page, Page::Person(PersonId(5)));
}

#[test]
fn undo_says_what_it_undid() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    let people = vec![PersonId(100)];
    let mut say = |decision: Decision, touched: Touched, words: &str| {
        send(&mut harness, Message::People(people::Message::Decide(decision, super::demo::SEEN)));
        let ticket = wire.last_decision().0;
        wire.push(Report::Changed(ticket, Touched { people: people.clone(), ..touched }));
        harness.run_steps(4);
        assert!(harness.query_all_by_label(words).next().is_some(), "{words}");
    };
    let (step, default) = (Some(StepId(9)), Touched::default());
    let named = Decision::Name { person: PersonId(100), name: "Noor".into() };
    say(named, Touched { step, ..default.clone() }, "Named Noor");
    say(Decision::Undo(StepId(9)), Touched { reverted: step, ..default.clone() }, "Undone: Named Noor");
    say(Decision::Redo(StepId(9)), Touched { step, reverted: step, ..default.clone() }, "Redone: Named Noor");
    say(Decision::Undo(StepId(9)), Touched { reverted: step, ..default.clone() }, "Undone: Named Noor");
    // Of a step of before nobody knows the words.
    say(Decision::Undo(STEPS.undo), Touched { reverted: Some(STEPS.undo), ..default }, "Undone");
    // What it was about has gone.
    send(&mut harness, Message::People(people::Message::Decide(Decision::Undo(StepId(7)), super::demo::SEEN)));
    wire.push(Report::Changed(wire.last_decision().0, Touched { reverted: Some(StepId(7)), ..Touched::default() }));
    harness.run_steps(4);
    harness.get_by_label("What that step was about is not there any more; nothing was changed");
}

#[test]
fn where_nothing_is_left_to_undo_it_is_said() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    for (decision, words, wrong) in [
        (Decision::Undo(STEPS.undo), "There is nothing left to undo", "Undone"),
        (Decision::Redo(STEPS.redo), "There is nothing left to redo", "Redone"),
    ] {
        send(&mut harness, Message::People(people::Message::Decide(decision, super::demo::SEEN)));
        wire.push(Report::Changed(wire.last_decision().0, Touched::default()));
        harness.run_steps(4);
        harness.get_by_label(words);
        assert!(harness.query_by_label(wrong).is_none());
    }
}

#[test]
fn a_person_who_was_set_aside_is_listed_by_name_and_restored_at_once() {
    let mut world = album_world();
    let of_jonas = |face| FaceSetAside {
        face_id: FaceId(face),
        photo_id: PhotoId(face),
        why: SetAside::Stranger,
        person: Some(PersonId(2)),
        name: Some("Jonas".into()),
    };
    world.aside.faces.splice(0..0, (230..233).map(of_jonas));
    let (wire, mut harness) = open(world, View::PEOPLE);
    send(&mut harness, Message::Act(Action::Open(Page::SET_ASIDE)));
    harness.get_by_label("Strangers 4").click();
    harness.run();
    harness.get_by_label("Jonas");
    harness.get_by_label("Unnamed");
    harness.get_by_label("Restore all of Jonas").click();
    harness.run();
    assert_eq!(
        wire.last_decision().1,
        Decision::Restore { of: Some(PersonId(2)), faces: (230..233).map(FaceId).collect() }
    );
}

#[test]
fn what_was_set_aside_is_reached_from_the_head_of_people() {
    let (_, mut harness) = open(album_world(), View::PEOPLE);
    let links: Vec<f32> = harness.get_all_by_label("Set aside: 7").map(|link| link.rect().top()).collect();
    assert!(links.iter().any(|top| *top < 150.0), "{links:?}");
    harness.get_all_by_label("Set aside: 7").next().unwrap().click();
    harness.run();
    assert_eq!(harness.state().state().page, Page::SET_ASIDE);
}

#[test]
fn whoever_looks_for_the_hidden_or_the_lost_finds_what_was_set_aside() {
    for typed in ["lost", "hidden", "stranger", "rejected"] {
        let (_, mut harness) = open(album_world(), View::PEOPLE);
        harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
        harness.run();
        harness.get_by_role_and_label(Role::TextInput, "Search").type_text(typed);
        harness.run_steps(4);
        harness.get_by_role_and_label(Role::ListBoxOption, "Set aside").click();
        harness.run();
        assert_eq!(harness.state().state().page, Page::SET_ASIDE, "{typed}");
    }
}

#[test]
fn esc_empties_the_search() {
    let (_, mut harness) = open(album_world(), View::PEOPLE);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run();
    harness.get_by_role_and_label(Role::TextInput, "Search").type_text("Maria");
    harness.run();
    harness.key_press(Key::Escape);
    harness.run();
    assert_eq!(harness.get_by_role_and_label(Role::TextInput, "Search").value().unwrap_or_default(), "");
}

#[test]
fn only_a_group_of_several_faces_without_a_name_may_be_different_people() {
    let menu_has_it = |name: Option<&str>, faces: i64| {
        let mut world = album_world();
        world.page.name = name.map(Into::into);
        world.page.suggested.clear();
        world.page.held.truncate(faces as usize);
        let (_, mut harness) = person_page(world);
        harness.get_by_label("More").click();
        harness.run();
        harness.query_by_role_and_label(Role::MenuItem, "Different people").is_some()
    };
    assert!(menu_has_it(None, 2));
    assert!(!menu_has_it(None, 1), "there is nothing to part");
    assert!(!menu_has_it(Some("Maria Silva"), 9), "nobody with a name is parted by one click");
}

#[test]
fn the_name_of_somebody_hidden_or_without_a_face_is_asked_about() {
    let mut world = album_world();
    let person = |person, name: &str, faces| NamedPerson {
        person: PersonId(person),
        name: name.into(),
        cover: None,
        faces,
        suggested: 0,
    };
    world.people.hidden.push(person(8, "Waiter", 10));
    world.people.named.push(person(9, "Barack", 0));
    for (name, answer, into) in
        [("waiter", "The same Waiter (hidden, 10 faces)", 8), ("Barack", "The same Barack (0 faces)", 9)]
    {
        let (wire, mut harness) = open(world.clone(), View::PEOPLE);
        harness.get_by_label("Name of this group of 31 faces").type_text(name);
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        assert!(wire.last_change().is_none());
        harness.get_by_label(answer).click();
        harness.run();
        assert_eq!(wire.last_decision().1, merge(100, into));
    }
}

#[test]
fn a_person_without_a_face_is_listed_and_has_a_page() {
    let mut world = album_world();
    let (person, name) = (PersonId(9), "Barack".to_owned());
    world.people.named.push(NamedPerson { person, name, cover: None, faces: 0, suggested: 0 });
    world.page.name = Some("Barack".into());
    (world.page.held, world.page.suggested, world.page.cover) = (Vec::new(), Vec::new(), None);
    let (_, mut harness) = open(world, View::PEOPLE);
    harness.get_by_label("Barack, 0 faces").click_accesskit();
    harness.run();
    assert_eq!(harness.state().state().page, Page::Person(person));
    assert!(harness.query_all_by_label("Not Barack").next().is_some());
}

/// Ctrl+A takes in what lies far below: nobody looked at these one by one.
#[test]
fn faces_that_were_not_on_the_screen_are_not_confirmed_one_by_one() {
    let mut world = album_world();
    let face = |id: i64| FaceOfPerson {
        face_id: FaceId(id),
        photo_id: PhotoId(id),
        belongs: Belongs::Suggested,
        distance: None,
    };
    world.page.suggested = (2000..2400).map(face).collect();
    let (wire, mut harness) = person_page(world);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    harness.key_press(Key::C);
    harness.run();
    let Decision::ConfirmSome { person: PersonId(1), shown, others } = wire.last_decision().1 else {
        panic!("{:?}", wire.last_decision().1)
    };
    assert!(shown.contains(&FaceId(10)) && others.contains(&FaceId(2399)), "{shown:?}");
    assert_eq!(shown.len() + others.len(), 409);
    harness.get_by_label("Confirm all").click_accesskit();
    harness.run();
    let Decision::ConfirmAll { shown, .. } = wire.last_decision().1 else { panic!("{:?}", wire.last_decision().1) };
    assert!(shown.len() < 400 && !shown.contains(&FaceId(2399)) && !shown.contains(&FaceId(10)), "{shown:?}");
}

#[test]
fn a_search_for_the_place_of_a_lost_face_ends_where_its_user_turns_away() {
    let turns: [fn(&mut Harness<'static, App>); 4] = [
        |harness| harness.key_press(Key::Escape),
        |harness| harness.get_by_label("Back").click(),
        |harness| harness.get_by_role_and_label(Role::Tab, "Library").click(),
        |harness| harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3),
    ];
    for turn in turns {
        let (_, mut harness) = open(album_world(), View::PEOPLE);
        send(&mut harness, Message::Act(Action::Open(Page::SET_ASIDE)));
        harness.get_by_label("Put back…").click();
        harness.run();
        assert!(harness.query_all_by_label("It is this face").next().is_some());
        turn(&mut harness);
        harness.run();
        send(&mut harness, Message::Act(Action::Open(Page::Photo(PhotoId(3)))));
        assert!(harness.query_all_by_label("It is this face").next().is_none(), "the photo is shown as ever");
    }
}

/// It begins also where nothing says which photo it is to be looked for in.
#[test]
fn a_lost_face_whose_picture_is_unknown_is_looked_for_in_the_library() {
    let mut world = album_world();
    world.aside.lost[0].replaced_by = None;
    let (_, mut harness) = open(world, View::PEOPLE);
    send(&mut harness, Message::Act(Action::Open(Page::SET_ASIDE)));
    harness.get_by_label("Put back…").click();
    harness.run();
    assert_eq!((harness.state().state().view, harness.state().state().page), (View::LIBRARY, Page::None));
    send(&mut harness, Message::Act(Action::Open(Page::Photo(PhotoId(3)))));
    assert!(harness.query_all_by_label("It is this face").next().is_some());
}

#[test]
fn a_library_whose_photos_are_all_gone_is_no_fresh_one() {
    let mut world = album_world();
    (world.overview.photos, world.overview.skipped) = (0, 0);
    world.timeline = Default::default();
    let (wire, mut harness) = open(world, View::LIBRARY);
    assert!(harness.query_by_label("Find the people in your photos").is_none());
    harness.get_by_label("No photos are there");
    harness.get_all_by_label("Look for new photos").last().unwrap().click();
    harness.run();
    assert!(matches!(wire.actions().last(), Some(Request::Scan(_))));
    send(&mut harness, Message::Act(Action::Show(View::PEOPLE)));
    harness.get_by_label_contains("Maria Silva, ");
}

#[test]
fn faces_that_no_scan_has_grouped_yet_are_told_of() {
    let mut world = album_world();
    (world.people.named, world.people.groups) = (Vec::new(), Vec::new());
    let (_, harness) = open(world, View::PEOPLE);
    harness.get_by_label("Not grouped yet");
    harness.get_by_label("12,044 faces were found. People appear here once a scan has grouped them");
    harness.get_by_label("Look for new photos");
}

/// The field covers what has become of the old name meanwhile.
#[test]
fn a_name_has_seen_what_was_there_when_its_typing_began() {
    let (wire, mut harness) = person_page(album_world());
    harness.key_press(Key::N);
    harness.run();
    {
        let mut world = wire.world.borrow_mut();
        (world.page.seen, world.page.name) = (Revision(SEEN.0 + 5), Some("Governor".into()));
    }
    wire.push(Report::ChangedElsewhere(Touched::everything()));
    harness.run_steps(4);
    harness.get_by_role_and_label(Role::TextInput, "Name").type_text("x");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(wire.last_seen(), SEEN);
}

#[test]
fn what_confirms_the_faces_shown_stays_in_sight() {
    let mut world = album_world();
    let face =
        |id: i64| FaceOfPerson { face_id: FaceId(id), photo_id: PhotoId(id), belongs: Belongs::Named, distance: None };
    (world.page.held, world.page.suggested) = ((2000..2200).map(face).collect(), Vec::new());
    let (_, harness) = person_page(world);
    let button = harness.get_by_label_contains("Confirm the ").rect();
    let portrait = harness.get_all_by_label("Maria Silva").map(|node| node.rect().top()).fold(f32::MAX, f32::min);
    assert!(button.bottom() < portrait, "{button:?} is above what scrolls, which begins at {portrait}");
}

#[test]
fn a_face_is_taken_from_its_person_and_set_aside_at_its_photo() {
    let (wire, mut harness) = open(album_world(), View::LIBRARY);
    send(&mut harness, Message::Act(Action::Open(Page::Photo(PhotoId(1)))));
    let faces = vec![FaceId(10)];
    for (entry, decision) in [
        ("Not Maria Silva", Decision::Reject { person: PersonId(1), faces: faces.clone() }),
        ("Strangers", Decision::SetAside { of: Some(PersonId(1)), faces: faces.clone(), why: SetAside::Stranger }),
        ("Not a face", Decision::SetAside { of: Some(PersonId(1)), faces, why: SetAside::NotAFace }),
    ] {
        harness.get_all_by_label("More").next().unwrap().click();
        harness.run();
        harness.get_by_role_and_label(Role::MenuItem, entry).click();
        harness.run();
        assert_eq!(wire.last_decision().1, decision);
    }
}

#[test]
fn what_has_the_keyboard_is_in_sight() {
    let (_, mut harness) = open(album_world(), View::SETTINGS);
    harness.set_size([1000.0, 600.0].into());
    harness.run();
    let mut places = Vec::new();
    for _ in 0..60 {
        harness.key_press(Key::Tab);
        harness.run();
        let focused = harness.ctx.memory(|memory| memory.focused());
        let rect = focused.and_then(|id| harness.ctx.read_response(id)).map(|response| response.rect);
        places.extend(rect);
    }
    assert!(places.len() > 30);
    let hidden: Vec<_> = places.iter().filter(|rect| rect.top() < -1.0 || rect.bottom() > 601.0).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

/// Of two people of whom nothing speaks against it.
fn merge(from: i64, into: i64) -> Decision {
    Decision::Merge { from: PersonId(from), into: PersonId(into), against: AgainstMerge::default() }
}
