//! The window, driven through its accessibility tree: what a user presses, and what is asked of the jobs for it.
//!
//! No test needs a GPU. `pictures` draws each view where an adapter exists and says when it skips.
#![cfg(feature = "gui")]

#[path = "gui/care.rs"]
mod care;
#[path = "gui/decisions.rs"]
mod decisions;
#[path = "gui/demo.rs"]
mod demo;
#[path = "gui/evaluate.rs"]
mod evaluate;
#[path = "gui/folders.rs"]
mod folders;
#[path = "gui/judged.rs"]
mod judged;
#[path = "gui/layout.rs"]
mod layout;
#[path = "gui/model_files.rs"]
mod model_files;
#[path = "gui/names.rs"]
mod names;
#[path = "gui/painted.rs"]
mod painted;
#[path = "gui/pictures.rs"]
mod pictures;
#[path = "gui/set_aside.rs"]
mod set_aside;
#[path = "gui/slips.rs"]
mod slips;
#[path = "gui/synthetic.rs"]
mod synthetic;
#[path = "gui/train.rs"]
mod train;
#[path = "gui/training.rs"]
mod training;
#[path = "gui/wire.rs"]
mod wire;
#[path = "gui/write_names.rs"]
mod write_names;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use eframe::egui::accesskit::Role;
use eframe::egui::{self, Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use likeness::app::compare::state::{self as compare, CompareSource};
use likeness::app::engine::picture::ImageKey;
use likeness::app::engine::progress::{Progress, Skipped, Stage};
use likeness::app::engine::report::{Failed, Failure, JobEnd, JobId, JobKind, JobReport, Report};
use likeness::app::jobs::import::ImportRequest;
use likeness::app::models::state as models;
use likeness::app::people::state as people;
use likeness::app::photos::state as photos;
use likeness::app::scan::job::{SCANNING, ScanSummary};
use likeness::app::settings::state::{self as settings_view, Appearance};
use likeness::app::shell::app::App;
use likeness::app::shell::backend::{Answer, Request};
use likeness::app::shell::message::Message;
use likeness::app::shell::state::{Page, Settings};
use likeness::app::train::job::{DataFrom, StartFrom};
use likeness::app::train::state::DataSource;
use likeness::app::train::state::{Event as TrainEvent, Request as TrainRequest};
use likeness::app::ui::action::Action;
use likeness::app::ui::fonts::FontSource;
use likeness::app::ui::locale::Language;
use likeness::app::ui::view::View;
use likeness::library::{AgainstMerge, Decision, Destination, PhotoFilter, PhotoState, SetAside};
use likeness::types::{ChannelOrder, CropRule, FaceId, ModelId, PersonId, PhotoId, PixelScaling, StepId, Touched};

use demo::{World, album_world, fresh_world};
use wire::Wire;

fn settings(view: View) -> Settings {
    let appearance = Appearance { language: Some(Language::English), reduced_motion: true, ..Appearance::default() };
    Settings { view, appearance, ..Settings::default() }
}

fn open_with(wire: &Wire, settings: Settings) -> Harness<'static, App> {
    let backend = Box::new(wire.clone());
    let mut harness = Harness::builder()
        .with_size([1280.0, 820.0])
        .allow_missing_glyphs()
        .with_max_steps(30)
        .build_eframe(move |cc| App::with_settings(&cc.egui_ctx, backend, FontSource::Carried, settings));
    harness.run();
    harness
}

fn open(world: World, view: View) -> (Wire, Harness<'static, App>) {
    let wire = Wire::new(world);
    let harness = open_with(&wire, settings(view));
    (wire, harness)
}

fn scan_report() -> JobReport {
    JobReport {
        job: JobId(7),
        kind: JobKind::SCAN,
        progress: Progress { stage: SCANNING, done: 1204, total: Some(8310), rate_per_s: 14.2, left_secs: Some(500.0) },
    }
}

#[test]
fn the_rail_leads_to_every_view() {
    let (_, mut harness) = open(album_world(), View::LIBRARY);
    for (label, view) in [
        ("People", View::PEOPLE),
        ("Compare", View::COMPARE),
        ("Evaluate", View::EVALUATE),
        ("Train", View::TRAIN),
        ("Models", View::MODELS),
        ("Settings", View::SETTINGS),
        ("Library", View::LIBRARY),
    ] {
        harness.get_by_role_and_label(egui::accesskit::Role::Tab, label).click();
        harness.run();
        assert_eq!(harness.state().state().view, view);
    }
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num2);
    harness.run();
    assert_eq!(harness.state().state().view, View::PEOPLE);
}

#[test]
fn naming_a_group_goes_on_to_the_next() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    let field = harness.get_by_label("Name of this group of 31 faces");
    assert!(field.is_focused(), "the first field has the keyboard");
    field.type_text("Noor");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    let (_, decision) = wire.last_decision();
    assert_eq!(decision, Decision::Name { person: PersonId(100), name: "Noor".into() });
    assert!(harness.get_by_label("Name of this group of 26 faces").is_focused());
}

#[test]
fn a_completed_name_adds_the_group_to_that_person() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    harness.get_by_label("Name of this group of 31 faces").type_text("mar");
    harness.run();
    harness.key_press(Key::ArrowDown);
    harness.run();
    harness.key_press(Key::ArrowDown);
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    let (ticket, decision) = wire.last_decision();
    assert_eq!(decision, Decision::Merge { from: PersonId(100), into: PersonId(5), against: AgainstMerge::default() });
    let people = vec![PersonId(100), PersonId(5)];
    wire.push(Report::Changed(ticket, Touched { people, step: Some(StepId(9)), ..Touched::default() }));
    harness.step();
    harness.run_steps(3);
    harness.get_by_label("Added to Mario Rossi");
    harness.get_by_label("Undo").click();
    harness.run_steps(3);
    assert_eq!(wire.last_decision().1, Decision::Undo(StepId(9)));
}

#[test]
fn a_completion_can_be_clicked() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    harness.get_by_label("Name of this group of 31 faces").type_text("gra");
    harness.run();
    harness.get_by_role_and_label(egui::accesskit::Role::ListBoxOption, "Grandma, 35 faces").click();
    harness.run();
    let (_, decision) = wire.last_decision();
    assert_eq!(decision, Decision::Merge { from: PersonId(100), into: PersonId(6), against: AgainstMerge::default() });
}

#[test]
fn suggestions_are_confirmed_and_rejected() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    harness.get_by_label_contains("Maria Silva, ").click();
    harness.run();
    assert_eq!(harness.state().state().page, Page::Person(PersonId(1)));
    harness.get_all_by_label("Confirm").next().unwrap().click();
    harness.run();
    let person = PersonId(1);
    assert_eq!(wire.last_decision().1, Decision::Confirm { person, faces: vec![FaceId(1011)] });
    harness.get_all_by_label("Reject").next().unwrap().click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::Reject { person, faces: vec![FaceId(1011)] });
    harness.get_by_label("Confirm all").click();
    harness.run();
    assert_eq!(wire.last_decision().1, Decision::ConfirmAll { person, shown: (1011..1016).map(FaceId).collect() });
}

#[test]
fn selected_faces_obey_the_keyboard() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    harness.get_by_label_contains("Maria Silva, ").click();
    harness.run();
    let nearest = "Face at squared distance 0.50, confirmed";
    harness.get_by_label(nearest).click();
    harness.run();
    harness.get_by_label("1 face selected");
    harness.key_press(Key::X);
    harness.run();
    let (_, decision) = wire.last_decision();
    assert_eq!(decision, Decision::Reject { person: PersonId(1), faces: vec![FaceId(10)] });
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.query_by_label("1 face selected").is_none(), "Esc clears the selection first");
    harness.key_press(Key::Escape);
    harness.run();
    assert_eq!(harness.state().state().page, Page::None);
}

#[test]
fn one_selected_face_becomes_the_cover_or_is_set_aside() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    harness.get_by_label_contains("Maria Silva, ").click();
    harness.run();
    harness.get_by_label("Face at squared distance 0.50, confirmed").click();
    harness.run();
    let faces = vec![FaceId(10)];
    for (entry, decision) in [
        ("Use as cover", Decision::Cover { person: PersonId(1), face: FaceId(10) }),
        ("Undecided again", Decision::TakeBackYes { person: PersonId(1), faces: faces.clone() }),
        ("Not a face", Decision::SetAside { of: Some(PersonId(1)), faces: faces.clone(), why: SetAside::NotAFace }),
        ("Strangers", Decision::SetAside { of: Some(PersonId(1)), faces, why: SetAside::Stranger }),
    ] {
        harness.get_by_label("More for the selected faces").click();
        harness.run();
        harness.get_by_label(entry).click();
        harness.run();
        assert_eq!(wire.last_decision().1, decision);
    }
}

#[test]
fn a_merge_is_previewed_before_it_is_made() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    harness.get_by_label("Looks like Jonas").click();
    harness.run();
    harness.get_by_label("Merge this group into Jonas");
    assert!(wire.last_change().is_none(), "nothing is changed yet");
    harness.get_by_label("Merge").click();
    harness.run();
    let (_, decision) = wire.last_decision();
    assert_eq!(decision, Decision::Merge { from: PersonId(101), into: PersonId(2), against: AgainstMerge::default() });
}

#[test]
fn another_threshold_is_previewed_before_it_is_applied() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    harness.get_by_label("Grouping").click();
    harness.run();
    harness.get_by_label("42 groups become 37");
    assert!(wire.last_change().is_none());
    harness.get_by_label("Apply").click();
    harness.run();
    assert!(matches!(wire.last_change().unwrap().1, Request::People(people::Request::ApplyGrouping { .. })));
}

#[test]
fn a_running_scan_is_shown_rests_and_can_be_cancelled() {
    let (wire, mut harness) = open(album_world(), View::LIBRARY);
    wire.push(Report::Job(scan_report()));
    harness.run();
    harness.get_by_label("1,204 of 8,310");
    harness.get_by_label("8 min left");
    harness.key_press(Key::Escape);
    harness.run();
    assert!(wire.actions().is_empty(), "Esc never cancels a job");
    for (label, pause) in [("Pause", true), ("Go on", false)] {
        harness.get_by_label(label).click();
        harness.run();
        assert_eq!(wire.actions().last(), Some(&Request::Pause(JobId(7), pause)));
        assert_eq!(harness.query_by_label("Paused").is_some(), pause);
    }
    harness.get_by_label("Cancel").click();
    harness.run();
    assert_eq!(wire.actions().last(), Some(&Request::Cancel(JobId(7))));
    let skipped = vec![Skipped { path: "/photos/a.jpg".into(), reason: "truncated".into() }];
    let summary = ScanSummary { new_photos: 1300, new_faces: 2100, skipped, ..ScanSummary::default() };
    let scanned = likeness::app::scan::state::Event::Scanned(Box::new(summary));
    wire.push(Report::Own(Answer::Scan(scanned)));
    wire.push(Report::JobEnded(JobId(7), JobEnd::Done(JobKind::SCAN)));
    harness.run_steps(4);
    harness.get_by_label("1,300 new photos, 2,100 new faces, 1 file skipped");
}

#[test]
fn two_faces_get_a_verdict_in_words() {
    let (wire, mut harness) = open(album_world(), View::COMPARE);
    let files: Vec<PathBuf> = ["a.jpg", "b.jpg"].map(PathBuf::from).to_vec();
    let sources: Vec<_> = files.into_iter().map(CompareSource::File).collect();
    send(&mut harness, Message::Compare(compare::Message::Add(sources.clone())));
    assert_eq!(wire.actions(), [Request::Compare(compare::Request::Compare(sources))]);
    harness.get_by_label("Same person");
    harness.get_by_label("Squared distance 0.412; up to 1.13 counts as the same person");
    wire.world.borrow_mut().distances = vec![1.7];
    send(&mut harness, Message::Compare(compare::Message::Add(Vec::new())));
    harness.get_by_label("Different people");
}

#[test]
fn more_faces_become_a_matrix() {
    let (wire, mut harness) = open(album_world(), View::COMPARE);
    wire.world.borrow_mut().distances = vec![0.4, 1.6, 1.5];
    let sources = (1..=3).map(|id| CompareSource::Face(FaceId(id))).collect();
    send(&mut harness, Message::Compare(compare::Message::Add(sources)));
    assert_eq!(harness.get_all_by_label("Face 1 and Face 2: same person, 0.400").count(), 1);
    assert_eq!(harness.get_all_by_label("Face 3 and Face 1: different people, 1.600").count(), 1);
}

#[test]
fn only_visible_photos_are_laid_out_and_asked_for() {
    let mut world = album_world();
    world.timeline = demo::timeline(20_000);
    let (wire, mut harness) = open(world, View::LIBRARY);
    harness.run();
    let asked = wire
        .sent
        .borrow()
        .iter()
        .filter(|r| matches!(r, Request::Photos(photos::Request::LoadImage(ImageKey::Thumbnail(_)))))
        .count();
    assert!((20..120).contains(&asked), "{asked} thumbnails for one window");
    assert!(harness.get_all_by_label_contains("Photo with").count() < 120);
}

#[test]
fn filters_ask_for_another_timeline() {
    let (wire, mut harness) = open(album_world(), View::LIBRARY);
    harness.get_by_label("Unnamed faces").click();
    harness.run();
    assert!(wire.sent.borrow().contains(&Request::Photos(photos::Request::LoadTimeline(PhotoFilter::UnnamedFaces))));
    harness.get_by_label("Skipped files").click();
    harness.run();
    harness.get_by_label("This is no picture");
}

#[test]
fn what_there_is_of_a_damaged_picture_opens_with_a_mark() {
    let mut world = album_world();
    world.photo.faces.clear();
    world.photo.photo.state = PhotoState::Failed { reason: "the file ends in the middle of the picture".into() };
    let (_wire, mut harness) = open(world, View::LIBRARY);
    harness.get_by_label("Skipped files").click();
    harness.run();
    harness.get_by_label("a video (MP4)");
    harness.get_by_label("broken.jpg").click();
    harness.run();
    assert!(harness.state().state().page == Page::Photo(PhotoId(9001)));
    harness.get_by_label_contains("the file ends in the middle of the picture");
    harness.key_press(Key::ArrowRight);
    harness.run();
    assert!(harness.state().state().page == Page::Photo(PhotoId(9002)), "the next one that was left out");
}

#[test]
fn a_photo_opens_and_its_faces_are_linked_to_people() {
    let (wire, mut harness) = open(album_world(), View::LIBRARY);
    harness.get_all_by_label("Photo with 1 face").next().unwrap().click();
    harness.run();
    let Page::Photo(photo) = harness.state().state().page else { panic!("no photo is open") };
    harness.key_press(Key::ArrowRight);
    harness.run();
    let Page::Photo(next) = harness.state().state().page else { panic!("no photo is open") };
    assert_eq!(next.0, photo.0 + 1);
    harness.get_by_label("Name").focus();
    harness.run();
    harness.get_by_label("Name").type_text("Noor");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    let to = Destination::NewPerson { name: "Noor".into() };
    assert_eq!(wire.last_decision().1, Decision::Move { of: Some(PersonId(10)), faces: vec![FaceId(105)], to });
}

#[test]
fn the_search_field_jumps_to_a_person() {
    let (_, mut harness) = open(album_world(), View::LIBRARY);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run();
    let field = harness.get_by_role_and_label(egui::accesskit::Role::TextInput, "Search");
    assert!(field.is_focused());
    field.type_text("jon");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().state().page, Page::Person(PersonId(2)));
}

#[test]
fn the_search_field_finds_a_photo_by_its_file_name() {
    let (_, mut harness) = open(album_world(), View::PEOPLE);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run();
    harness.get_by_role_and_label(egui::accesskit::Role::TextInput, "Search").type_text("img_00");
    harness.run_steps(4);
    harness.get_by_label("IMG_0007.jpg").click();
    harness.run_steps(3);
    assert_eq!(harness.state().state().page, Page::Photo(PhotoId(7)));
}

#[test]
fn a_full_queue_loses_nothing() {
    let wire = Wire::new(album_world());
    *wire.full.borrow_mut() = true;
    let mut harness = Harness::builder().with_size([900.0, 600.0]).allow_missing_glyphs().build_eframe({
        let backend = Box::new(wire.clone());
        move |cc| App::with_settings(&cc.egui_ctx, backend, FontSource::Carried, settings(View::LIBRARY))
    });
    harness.run_steps(3);
    assert!(wire.sent.borrow().is_empty());
    *wire.full.borrow_mut() = false;
    harness.run_steps(3);
    assert!(wire.sent.borrow().contains(&Request::LoadOverview));
    assert!(wire.sent.borrow().contains(&Request::Settings(settings_view::Request::LoadDevices)));
}

#[test]
fn a_failure_says_what_and_keeps_the_details_folded() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    let failure = Failure { what: Failed::Change, details: "disk I/O error".into() };
    wire.push(Report::Failed(None, failure));
    harness.run();
    harness.get_by_label("This change could not be made; everything is as it was before");
    assert!(harness.query_by_label("disk I/O error").is_none());
    harness.get_by_label("Details").click();
    harness.run_steps(10);
    harness.get_by_label("disk I/O error");
}

/// Every view, empty and full, in both languages: nothing panics, and every control has a name (the harness checks).
#[test]
fn every_view_is_drawn_in_every_language() {
    for language in Language::ALL {
        for view in likeness::app::shell::features::views() {
            for world in [album_world(), fresh_world()] {
                let wire = Wire::new(world);
                let mut settings = settings(view);
                settings.appearance.language = Some(language);
                let harness = open_with(&wire, settings);
                assert_eq!(harness.unnamed_widgets(), Vec::<String>::new());
            }
        }
    }
}

/// As if a view had sent it.
fn send(harness: &mut Harness<'static, App>, message: Message) {
    harness.state_mut().send(message);
    harness.run_steps(3);
}
