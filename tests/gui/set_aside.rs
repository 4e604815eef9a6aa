//! How everything set aside comes back: lost and carried faces, hidden people, strangers, and who is not whom.

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use likeness::app::engine::report::Report;
use likeness::app::scan::state::Request as ScanRequest;
use likeness::app::shell::app::App;
use likeness::app::shell::backend::Request;
use likeness::app::shell::message::Message;
use likeness::app::shell::state::Page;
use likeness::app::ui::action::Action;
use likeness::app::ui::view::View;
use likeness::library::{CarriedFace, Decision, MergedPerson, PhotoFilter};
use likeness::types::{FaceId, PersonId, PhotoId, StepId, Touched};

use super::demo::{World, album_world};
use super::wire::Wire;
use super::{open, send};

fn open_aside(wire_world: World) -> (Wire, Harness<'static, App>) {
    let (wire, mut harness) = open(wire_world, View::PEOPLE);
    send(&mut harness, Message::Act(Action::Open(Page::SET_ASIDE)));
    (wire, harness)
}

#[test]
fn a_lost_face_is_put_back_onto_a_face_of_a_photo() {
    let (wire, mut harness) = open_aside(album_world());
    harness.get_by_label("Lost faces 1");
    harness.get_by_label("/home/maria/Photos/2019/IMG_0001.jpg");
    harness.get_by_label("Put back…").click();
    harness.run();
    assert_eq!(harness.state().state().page, Page::Photo(PhotoId(1)), "the picture that is there now");
    harness.get_all_by_label("It is this face").nth(1).unwrap().click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::PutBack { of: Some(PersonId(1)), lost: FaceId(19), onto: FaceId(20) });
    assert_eq!(harness.state().state().page, Page::SET_ASIDE, "the next one waits there");
    harness.get_by_label("Let go").click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::LetGo { of: Some(PersonId(1)), faces: vec![FaceId(19)] });
    {
        let mut world = wire.world.borrow_mut();
        world.aside.let_go = std::mem::take(&mut world.aside.lost);
    }
    wire.push(Report::ChangedElsewhere(Touched::everything()));
    harness.run_steps(4);
    harness.get_by_label("Lost faces 0");
    harness.get_by_label("/home/maria/Photos/2019/IMG_0001.jpg");
    harness.get_by_label("Look for it again").click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::TakeBackLetGo { of: Some(PersonId(1)), faces: vec![FaceId(19)] });
}

/// By hand or by a scan.
#[test]
fn a_face_that_was_carried_over_is_listed_and_taken_back() {
    let mut world = album_world();
    let of_maria = world.aside.lost[0].clone();
    world.aside.carried = vec![CarriedFace { was: of_maria, into: FaceId(30), into_photo: PhotoId(3) }];
    let (wire, mut harness) = open_aside(world);
    harness.get_by_label("Carried over 1").click();
    harness.run();
    harness.get_by_label("Not Maria Silva").click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::Reject { person: PersonId(1), faces: vec![FaceId(30)] });
}

#[test]
fn hidden_people_are_shown_again() {
    let (wire, mut harness) = open_aside(album_world());
    harness.get_by_label("Hidden people 1").click();
    harness.run();
    harness.get_by_role_and_label(Role::Button, "Show").click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::Show(PersonId(200)));
}

#[test]
fn what_was_set_aside_is_restored() {
    for (tab, face) in [("Strangers 1", 210), ("Not a face 1", 220)] {
        let (wire, mut harness) = open_aside(album_world());
        harness.get_by_label(tab).click();
        harness.run();
        harness.get_by_label("Restore").click();
        harness.run();
        assert_eq!(wire.last_decision().1, Decision::Restore { of: None, faces: vec![FaceId(face)] });
    }
}

#[test]
fn who_is_not_whom_is_listed_and_taken_back() {
    let (wire, mut harness) = open_aside(album_world());
    harness.get_by_label("Not the same 4").click();
    harness.run();
    harness.get_by_label("May be the same").click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::MayBeSame(PersonId(1), PersonId(5)));
    harness.get_by_label("2 faces");
    harness.get_all_by_label("Take back").last().unwrap().click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::TakeBackReject { person: PersonId(2), face: FaceId(27) });
    send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(1)))));
    harness.get_by_label("Take back").click_accesskit();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::TakeBackReject { person: PersonId(1), face: FaceId(25) });
}

/// However long ago it was: undo reaches only so far.
#[test]
fn people_who_were_joined_are_two_again() {
    let mut world = album_world();
    let into = Some(PersonId(1));
    let joined = MergedPerson { step: StepId(7), name: "Ada".into(), into, into_name: Some("Maria".into()), faces: 3 };
    world.aside.merged.push(joined);
    let (wire, mut harness) = open_aside(world);
    harness.get_by_label("Joined people 1").click();
    harness.run();
    harness.get_by_label("They are two people").click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::Part { step: StepId(7), into });
}

/// One of the files that cannot be read, and all; a video is none of them.
#[test]
fn files_that_were_left_out_are_tried_again() {
    let (wire, mut harness) = open(album_world(), View::LIBRARY);
    send(&mut harness, Message::Act(Action::FilterPhotos(PhotoFilter::Failed)));
    harness.run_steps(4);
    let again = |wire: &Wire| match wire.actions().pop() {
        Some(Request::Scan(ScanRequest::TryAgain(files))) => files.len(),
        other => panic!("{other:?}"),
    };
    assert_eq!(harness.get_all_by_label("Try again").count(), 2);
    harness.get_all_by_label("Try again").next().unwrap().click();
    harness.run();
    assert_eq!(again(&wire), 1);
    harness.get_by_label("Try all again").click();
    harness.run();
    assert_eq!(again(&wire), 2);
}

#[test]
fn the_page_is_reached_from_the_foot_of_people_and_by_search() {
    let (_, mut harness) = open(album_world(), View::PEOPLE);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run();
    harness.get_by_role_and_label(Role::TextInput, "Search").type_text("set as");
    harness.run_steps(4);
    harness.get_by_role_and_label(Role::ListBoxOption, "Set aside").click();
    harness.run();
    assert_eq!(harness.state().state().page, Page::SET_ASIDE);
    harness.key_press(Key::Escape);
    harness.run();
    assert_eq!(harness.state().state().page, Page::None);
    let mut world = album_world();
    world.people = Default::default();
    let (_, mut harness) = open(world, View::PEOPLE);
    harness.get_by_label("Set aside: 7").click();
    harness.run();
    assert_eq!(harness.state().state().page, Page::SET_ASIDE, "also where everybody is set aside");
}
