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
#[path = "gui/judged.rs"]
mod judged;
#[path = "gui/layout.rs"]
mod layout;
#[path = "gui/pictures.rs"]
mod pictures;
#[path = "gui/slips.rs"]
mod slips;
#[path = "gui/synthetic.rs"]
mod synthetic;
#[path = "gui/train.rs"]
mod train;
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

use demo::{Wire, World, album_world, fresh_world};

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
fn a_fresh_library_offers_the_models_and_installs_them() {
    let (wire, mut harness) = open(fresh_world(), View::LIBRARY);
    harness.get_by_label("Find the people in your photos");
    harness.get_by_label("Install (39 MB)").click();
    harness.run();
    let pack = ["yunet-2023mar", "sface-2021dec"].map(|id| ModelId(id.into())).to_vec();
    assert_eq!(wire.actions(), [Request::Models(models::Request::Install(pack))]);
}

#[test]
fn only_what_is_being_installed_shows_its_progress() {
    let (wire, mut harness) = open(fresh_world(), View::MODELS);
    let before = harness.get_all_by_label("Install").count();
    let installing = models::Event::Installing(JobId(7), vec![ModelId("sface-2021dec".into())]);
    wire.push(Report::Own(Answer::Models(installing)));
    let scan = scan_report();
    let progress = Progress { stage: Stage::INSTALLING, ..scan.progress };
    wire.push(Report::Job(JobReport { kind: JobKind::INSTALL, progress, ..scan }));
    harness.run_steps(3);
    assert_eq!(harness.get_all_by_label("Install").count(), before - 1);
    wire.push(Report::JobEnded(JobId(7), JobEnd::Cancelled));
    harness.run_steps(3);
    assert_eq!(harness.get_all_by_label("Install").count(), before);
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
fn a_network_shows_its_layers_and_leads_back() {
    let (_, mut harness) = open(album_world(), View::MODELS);
    harness.get_by_label("nn1").click_accesskit();
    harness.run();
    harness.get_by_label("110 × 110 × 64");
    harness.get_by_label("Its source prints 140M parameters");
    harness.get_by_label("All networks").click();
    harness.run();
    harness.get_by_label("140,025,664");
}

#[test]
fn what_a_model_file_leaves_open_is_asked() {
    let (wire, mut harness) = open(album_world(), View::MODELS);
    let files = ["doubtful.pt", "plain.safetensors"].map(PathBuf::from);
    harness.state_mut().send(Message::Models(models::Message::Import(files.to_vec())));
    harness.run();
    harness.get_by_label("How is doubtful.pt to be used?");
    harness.get_by_label("Import").click();
    harness.run();
    assert!(wire.last_change().is_none(), "nothing is written before the network is chosen");
    harness.get_by_role_and_label(Role::ComboBox, "Network").click();
    harness.run();
    harness.get_by_label("nn3").click();
    harness.run();
    harness.get_by_role_and_label(Role::ComboBox, "Crop").click();
    harness.run();
    harness.get_by_label("Turned and scaled by five landmarks").click();
    harness.run();
    harness.get_by_label("Import").click();
    harness.run_steps(3);
    let answered = ImportRequest {
        path: files[0].clone(),
        net: Some("nn3".into()),
        crop: Some(CropRule::FivePoints),
        scaling: Some(PixelScaling::Unit),
        channels: Some(ChannelOrder::Rgb),
        ..ImportRequest::default()
    };
    let (ticket, request) = wire.last_import();
    assert_eq!(request, answered);
    harness.get_by_label("Importing doubtful.pt…");

    wire.push(Report::Changed(ticket, Touched::models()));
    harness.run_steps(5);
    let plain = ImportRequest { path: files[1].clone(), ..ImportRequest::default() };
    assert_eq!(wire.last_import().1, plain);
}

/// As the platform hands it over.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("the window reads no files".into())
    }
}

#[test]
fn a_file_dropped_on_the_models_is_imported() {
    let (wire, mut harness) = open(album_world(), View::MODELS);
    harness.input_mut().dropped_files.push(Arc::new(Dropped("net.pt".into())));
    harness.run_steps(4);
    let request = ImportRequest { path: "net.pt".into(), ..ImportRequest::default() };
    assert_eq!(wire.last_import().1, request);
}

#[test]
fn a_file_that_is_not_to_be_imported_is_left_out() {
    let (wire, mut harness) = open(album_world(), View::MODELS);
    harness.state_mut().send(Message::Models(models::Message::Import(vec!["doubtful.pt".into()])));
    harness.run();
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.query_by_label("How is doubtful.pt to be used?").is_none());
    assert!(wire.last_change().is_none());
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

/// Tells the window what the jobs would.
fn tell(wire: &Wire, harness: &mut Harness<'static, App>, news: Vec<TrainEvent>) {
    for news in news {
        wire.push(Report::Own(Answer::Train(news)));
    }
    harness.run_steps(20);
}

#[test]
fn training_is_set_up_counted_and_started() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    harness.get_by_label("Choose whose faces to learn from");
    harness.get_by_label("Start training").click();
    harness.run_steps(3);
    assert!(wire.actions().is_empty(), "nothing starts before data are chosen");
    send(&mut harness, Message::Train(train::choose_folder()));
    harness.get_by_label("412");
    harness.get_by_label("38 people have one picture and serve as negatives only");
    harness.get_by_label("4 left out").click();
    harness.run_steps(10);
    harness.get_by_label("3 files that are no pictures");
    harness.get_by_label("Start training").click();
    harness.run_steps(3);
    let [Request::Train(TrainRequest::Start { request, name })] = &wire.actions()[..] else {
        panic!("{:?}", wire.actions())
    };
    let DataFrom::Folder { path } = &request.data else { panic!("{:?}", request.data) };
    assert_eq!((DataSource::Folder(path.clone()), name.as_str()), (train::folder(), "sface-2021dec-Faces"));
    assert_eq!(request.config, likeness::train::presets::Preset::Finetune.config());
    harness.get_by_label("Getting the device ready");
}

#[test]
fn a_network_learns_from_a_teacher_without_names() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    send(&mut harness, Message::Train(train::choose_folder()));
    harness.get_by_label("From a teacher").click();
    harness.run_steps(10);
    harness.get_by_label("A folder of pictures. Sub-folders can be people, but need not be");
    harness.get_all_by_label_contains("Teacher, whose vectors are learned").next().unwrap();
    assert!(harness.query_by_label_contains("serve as negatives only").is_none());
    harness.get_by_label("Start training").click();
    harness.run_steps(3);
    let [Request::Train(TrainRequest::Start { request, .. })] = &wire.actions()[..] else {
        panic!("{:?}", wire.actions())
    };
    let installed = |id: &str| StartFrom::Installed { id: ModelId(id.into()) };
    assert_eq!(request.teacher, Some(installed("sface-2021dec")), "the one in use");
    assert!(matches!(request.start, StartFrom::Scratch { .. }));
    assert_eq!(request.config, likeness::train::presets::Preset::Teacher.config());
}

#[test]
fn a_preset_says_where_its_values_come_from() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    let mut line = |preset: &str, starts: &str| {
        harness.get_by_label(preset).click();
        harness.run_steps(10);
        if harness.query_by_label_contains(starts).is_none() {
            harness.get_by_label("Where its values come from").click();
            harness.run_steps(20);
        }
        assert!(harness.query_by_label_contains(starts).is_some(), "{preset}: {starts}");
    };
    line("Paper", "Batches of 1,800 pictures, 40 people with 40 each: section 3.2");
    line("davidsandberg", "Each update learns from 30 triplets, 90 pictures");
    line("Harmonic upgrade", "The last layer is drawn anew and learns alone for 1,000 steps");
    line("Quick fine-tune", "The values follow no publication");
    assert!(wire.actions().is_empty());
}

#[test]
fn an_interrupted_run_is_gone_on_with_or_thrown_away() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    harness.get_by_label("Go on with sface-choir");
    harness.get_by_label("Discard").click();
    harness.run_steps(3);
    assert!(wire.actions().is_empty(), "asked first");
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    harness.get_by_label("Go on").click();
    harness.run_steps(3);
    assert!(matches!(&wire.actions()[..], [Request::Train(TrainRequest::GoOn(path))] if path.ends_with("sface-choir")));
}

#[test]
fn a_run_is_watched_paused_and_stopped() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    tell(&wire, &mut harness, train::training());
    harness.get_by_label("38 people have only one picture");
    harness.get_all_by_label_contains("Hard: squared distance 0.45 to the positive").next().unwrap();
    assert_eq!(harness.unnamed_widgets(), Vec::<String>::new());
    let times = "Time of a step: Waiting for pictures 1.4%, Embedding 25.4%, Choosing triplets, loss 3.9%, \
                 Learning, forwards and backwards 61.4%";
    harness.get_by_label_contains(times);
    harness.get_by_label("0.172 s");
    tell(&wire, &mut harness, vec![train::judging(120, 720)]);
    harness.get_all_by_label_contains("Judging 120 of 720").next().unwrap();
    tell(&wire, &mut harness, vec![train::judging(720, 720)]);
    harness.get_by_label("Pause").click();
    harness.run_steps(3);
    harness.get_by_label("Stop and keep").click();
    harness.run_steps(3);
    let asked = [TrainRequest::Pause(true), TrainRequest::Stop { discard: false }].map(Request::Train);
    assert_eq!(wire.actions(), asked);
    // The view can be left and come back to.
    send(&mut harness, Message::Act(Action::Show(View::PEOPLE)));
    send(&mut harness, Message::Act(Action::Show(View::TRAIN)));
    harness.get_all_by_label_contains("judging and saving").next().unwrap();
}

#[test]
fn a_run_is_thrown_away_only_at_the_second_word() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    tell(&wire, &mut harness, train::training());
    harness.get_by_label("Stop and discard…").click();
    harness.run_steps(4);
    assert!(wire.actions().is_empty());
    harness.get_by_label("Discard").click();
    harness.run_steps(3);
    assert_eq!(wire.actions(), [Request::Train(TrainRequest::Stop { discard: true })]);
}

#[test]
fn the_new_network_is_used_at_the_user_s_word() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    tell(&wire, &mut harness, train::trained());
    harness.get_by_label("The new network is better");
    assert!(wire.actions().is_empty());
    harness.get_by_label("Use the new network").click();
    harness.run_steps(3);
    assert_eq!(wire.actions(), [Request::Train(TrainRequest::Use(Box::new(train::summary())))]);
    tell(&wire, &mut harness, vec![TrainEvent::InUse { model: "sface-2021dec-Faces".into(), faces: 12_044 }]);
    harness.get_by_label("12,044 faces of the library wait to be embedded by it; names stay");
    harness.get_by_label("Embed the library again").click();
    harness.run_steps(3);
    assert_eq!(wire.actions().last(), Some(&Request::Train(TrainRequest::Reembed)));
}

#[test]
fn the_demonstration_ends_with_groups_in_plain_words() {
    let (wire, mut harness) = open(fresh_world(), View::LIBRARY);
    harness.get_by_label("Try the demonstration").click();
    harness.run_steps(4);
    assert_eq!(wire.actions(), [Request::Train(TrainRequest::Demonstrate(Default::default()))]);
    assert_eq!(harness.state().state().view, View::TRAIN);
    tell(&wire, &mut harness, train::demonstrated());
    harness.get_by_label("94.3%");
    harness.get_by_label("2 people in one group, 24 faces");
    assert_eq!(harness.get_all_by_label("One person, 12 faces").count(), 11);
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
