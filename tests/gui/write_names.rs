//! Names for other programs: the offer, the choices, what would change, and what is written then.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::Key;
use eframe::egui::accesskit::{Role, Toggled};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use likeness::app::engine::facts::NamedPerson;
use likeness::app::engine::progress::Progress;
use likeness::app::engine::report::{JobEnd, JobId, JobKind, JobReport, Report};
use likeness::app::metadata::state::write::{
    ChangeKind, DiffLine, FileFate, FilePreview, LeftName, NameList, Refusal, SkipWhy, SkippedFile, UndoSummary,
    WRITE_NAMES_PAGE, WriteChoices, WriteEvent, WriteMessage, WritePlace, WritePreview, WriteRequest, WriteSummary,
    WritingKept, WritingSettings,
};
use likeness::app::metadata::state::{Event, Message as Metadata, Request as MetadataRequest};
use likeness::app::scan::job::SCANNING;
use likeness::app::shell::app::App;
use likeness::app::shell::backend::{Answer, Request};
use likeness::app::shell::message::Message;
use likeness::app::shell::state::Page;
use likeness::app::ui::action::Action;
use likeness::app::ui::view::View;
use likeness::types::{FaceId, PersonId, Touched};

use super::demo::{World, album_world};
use super::wire::Wire;
use super::{open, send};

/// Files as a preview shows them: new, changed and removed ones, and two that are left out.
pub fn many_files(count: usize) -> WritePreview {
    let line = |kind, name: &str, lists: &[NameList]| DiffLine {
        kind,
        name: Some(name.to_owned()),
        lists: lists.to_vec(),
        instead: (kind == ChangeKind::Withheld).then(|| "Mother".to_owned()),
    };
    let file = |number: usize| {
        let (fate, lines) = match number % 3 {
            0 => (FileFate::Made, vec![line(ChangeKind::Added, "Maria Silva", &NameList::ALL)]),
            1 => (
                FileFate::Changed,
                vec![
                    line(ChangeKind::Removed, "Jonas", &NameList::ALL),
                    line(ChangeKind::Added, "Jonas Weber", &NameList::ALL),
                    line(ChangeKind::Withheld, "Grandma", &[NameList::MwgRegions]),
                ],
            ),
            _ => (FileFate::Removed, vec![line(ChangeKind::Removed, "Amélie Dubois", &[NameList::Subject])]),
        };
        let photo = PathBuf::from(format!("/home/maria/Photos/2024/Summer/IMG_{number:04}.jpg"));
        let file = PathBuf::from(format!("{}.xmp", photo.display()));
        let kept = if fate == FileFate::Changed { 7 } else { 0 };
        FilePreview { photo, place: WritePlace::Sidecar, file, fate, lines, kept, digest: [number as u8; 32] }
    };
    let skipped = |name: &str, why| SkippedFile { path: PathBuf::from("/home/maria/Photos").join(name), why };
    let mut preview = WritePreview::default();
    preview.files = (0..count).map(file).collect();
    preview.unchanged = 3100;
    preview.left = (0..count.min(1)).map(|_| left_name()).collect();
    preview.skipped = vec![
        skipped("cropped.jpg", SkipWhy::Refused(Refusal::StaleRegions)),
        skipped("locked.jpg", SkipWhy::CannotOpen("cannot write the file: permission denied".into())),
    ];
    preview
}

fn left_name() -> LeftName {
    let file = PathBuf::from("/home/maria/Photos/2024/Summer/IMG_0001.jpg.xmp");
    LeftName { file, name: "Ada".into(), instead: "Berta".into() }
}

pub fn previewed(preview: WritePreview) -> Answer {
    Answer::Metadata(Event::Writing(WriteEvent::Previewed(Arc::new(preview))))
}

/// The page, with the lines of these files.
pub fn opened(files: &[usize]) -> Vec<Message> {
    let toggle = |file: &usize| Message::Metadata(Metadata::Writing(WriteMessage::Toggle(*file)));
    let mut messages = vec![Message::Act(Action::Open(WRITE_NAMES_PAGE))];
    messages.extend(files.iter().map(toggle));
    messages
}

fn tell(wire: &Wire, harness: &mut Harness<'static, App>, event: WriteEvent) {
    wire.push(Report::Own(Answer::Metadata(Event::Writing(event))));
    harness.run_steps(4);
}

fn end(wire: &Wire, harness: &mut Harness<'static, App>, job: u64, end: JobEnd) {
    wire.push(Report::JobEnded(JobId(job), end));
    harness.run_steps(4);
}

/// What was asked about writing, without what was kept.
fn jobs(wire: &Wire) -> Vec<WriteRequest> {
    let own = |request: &Request| match request {
        Request::Metadata(MetadataRequest::Writing(request)) => Some(request.clone()),
        _ => None,
    };
    let is_job = |request: &WriteRequest| !matches!(request, WriteRequest::Keep(_));
    wire.sent.borrow().iter().filter_map(own).filter(is_job).collect()
}

fn kept(wire: &Wire) -> Option<WritingSettings> {
    let settings = |request: &Request| match request {
        Request::Metadata(MetadataRequest::Writing(WriteRequest::Keep(settings))) => Some(settings.clone()),
        _ => None,
    };
    wire.sent.borrow().iter().rev().find_map(settings)
}

/// The page with what was asked for on it.
fn shown(preview: WritePreview) -> (Wire, Harness<'static, App>) {
    let (wire, mut harness) = open(album_world(), View::SETTINGS);
    harness.get_by_label("Write names…").click_accesskit();
    harness.run();
    harness.get_by_label("Look at the changes").click_accesskit();
    harness.run_steps(4);
    tell(&wire, &mut harness, WriteEvent::Began(JobId(3)));
    tell(&wire, &mut harness, WriteEvent::Previewed(Arc::new(preview)));
    end(&wire, &mut harness, 3, JobEnd::Done(JobKind("preview names")));
    (wire, harness)
}

fn world_of(named: i64) -> World {
    let mut world = album_world();
    let person = |id| NamedPerson {
        person: PersonId(id),
        name: format!("Person {id}"),
        cover: Some(FaceId(id)),
        faces: 3,
        suggested: 0,
    };
    world.people.named = (1..=named).map(person).collect();
    world
}

#[test]
fn it_is_offered_once_after_ten_names() {
    const WORDS: &str = "can be written for digiKam";
    let (wire, harness) = open(world_of(9), View::PEOPLE);
    assert!(harness.query_by_label_contains(WORDS).is_none() && kept(&wire).is_none());
    let (wire, mut harness) = open(world_of(10), View::PEOPLE);
    harness.run_steps(4);
    harness.get_by_label_contains(WORDS);
    assert_eq!(kept(&wire), Some(WritingSettings { was_offered: true, ..WritingSettings::default() }));
    harness.get_by_label("Not now").click();
    harness.run();
    assert!(harness.query_by_label_contains(WORDS).is_none());
    assert_eq!(harness.state().state().page, Page::None);
    let mut world = world_of(12);
    world.writing.settings = kept(&wire).unwrap();
    let (_, harness) = open(world, View::PEOPLE);
    assert!(harness.query_by_label_contains(WORDS).is_none(), "never again");
}

#[test]
fn the_offer_leads_to_the_page_and_writes_nothing() {
    let (wire, mut harness) = open(world_of(10), View::PEOPLE);
    harness.run_steps(4);
    harness.get_by_label("See what it does").click();
    harness.run();
    assert_eq!(harness.state().state().page, WRITE_NAMES_PAGE);
    harness.get_by_label("Nothing is written yet");
    assert!(jobs(&wire).is_empty());
}

#[test]
fn the_choices_come_first_and_are_kept() {
    let (wire, mut harness) = open(album_world(), View::SETTINGS);
    harness.get_by_label("Write names…").click_accesskit();
    harness.run();
    let is_on = |harness: &Harness<'static, App>, label: &str| {
        harness.get_by_label(label).accesskit_node().toggled() == Some(Toggled::True)
    };
    assert!(is_on(&harness, "Beside each photo"), "no photo is touched unless its user says so");
    assert!(!is_on(&harness, "Also names that are only suggested"));
    for label in
        ["Into JPEG photos, beside all others", "Keywords without levels", "Also names that are only suggested"]
    {
        harness.get_by_label(label).click_accesskit();
        harness.run();
    }
    let lists = NameList::ALL.into_iter().filter(|list| *list != NameList::Subject).collect();
    let choices = WriteChoices { place: WritePlace::Embedded, lists, with_suggested: true, ..WriteChoices::default() };
    assert_eq!(kept(&wire).unwrap().choices, choices);
    harness.get_by_label("Look at the changes").click_accesskit();
    harness.run_steps(4);
    assert_eq!(jobs(&wire), [WriteRequest::Preview(choices)]);
}

#[test]
fn what_would_change_is_a_line_a_file_that_opens() {
    let (wire, mut harness) = shown(many_files(3));
    harness
        .get_by_label_contains("3 files would change · 3,100 stay as they are · 2 files are left out · 1 face keeps");
    let file = "IMG_0001.jpg.xmp · changed · + Jonas Weber  − Jonas  ! Grandma";
    assert!(harness.query_by_label_contains("not written: this face is called Mother there").is_none());
    harness.get_by_label(file).click_accesskit();
    harness.run();
    harness.get_by_label("+ Jonas Weber");
    harness.get_by_label_contains("not written: this face is called Mother there");
    harness.get_by_label("= 7 entries stay as they are");
    harness.get_by_label(file).click_accesskit();
    harness.run();
    assert!(harness.query_by_label("+ Jonas Weber").is_none());
    harness.get_by_label("locked.jpg");
    harness.get_by_label("It cannot be read or written");
    assert_eq!(jobs(&wire).len(), 1, "nothing is written by looking");
}

#[test]
fn what_was_shown_is_written_and_taken_back() {
    let (wire, mut harness) = shown(many_files(3));
    let write = harness.get_by_label("Write 3 files");
    assert!(!write.is_focused(), "never by an Enter that was meant for something else");
    write.click_accesskit();
    harness.run_steps(4);
    assert_eq!(jobs(&wire).last(), Some(&WriteRequest::Write(Arc::new(many_files(3)))));
    tell(&wire, &mut harness, WriteEvent::Began(JobId(4)));
    harness.get_by_label("Working…");
    assert!(harness.get_by_label("Write 3 files").accesskit_node().is_disabled());
    wire.world.borrow_mut().writing.way_back = 2;
    let summary = WriteSummary {
        files: 2,
        skipped: vec![SkippedFile { path: "/home/maria/Photos/a.jpg.xmp".into(), why: SkipWhy::ChangedSinceRead }],
        ..WriteSummary::default()
    };
    tell(&wire, &mut harness, WriteEvent::Written(summary));
    end(&wire, &mut harness, 4, JobEnd::Done(JobKind("write names")));
    harness.get_by_label("Names were written into 2 files · 1 file is left out");
    harness.get_by_label("It has changed since it was looked at");
    assert!(kept(&wire).unwrap().is_on, "from now on it is said when names change");
    harness.get_by_label("Take back from 2 files").click_accesskit();
    harness.run_steps(4);
    assert_eq!(jobs(&wire).last(), Some(&WriteRequest::TakeBack));
    tell(&wire, &mut harness, WriteEvent::Began(JobId(5)));
    wire.world.borrow_mut().writing.way_back = 0;
    let undone = UndoSummary { restored: 2, ..UndoSummary::default() };
    tell(&wire, &mut harness, WriteEvent::TakenBack(undone));
    end(&wire, &mut harness, 5, JobEnd::Done(JobKind("take names back")));
    harness.get_by_label("2 files are as they were before");
    assert!(harness.query_by_label_contains("Take back").is_none());
}

/// An impatient second click, where the first one was, takes nothing more back and writes nothing away.
#[test]
fn a_second_click_takes_no_earlier_writing_back() {
    let (wire, mut harness) = shown(many_files(3));
    let place = |harness: &Harness<'static, App>, label: &str| harness.get_by_label(label).rect();
    let write = place(&harness, "Write 3 files");
    harness.get_by_label("Write 3 files").click_accesskit();
    harness.run_steps(4);
    tell(&wire, &mut harness, WriteEvent::Began(JobId(4)));
    wire.world.borrow_mut().writing.way_back = 3;
    tell(&wire, &mut harness, WriteEvent::Written(WriteSummary { files: 3, ..WriteSummary::default() }));
    end(&wire, &mut harness, 4, JobEnd::Done(JobKind("write names")));
    let take_back = place(&harness, "Take back from 3 files");
    assert!(!take_back.intersects(write), "{take_back:?} {write:?}");
    harness.get_by_label("Take back from 3 files").click();
    harness.run_steps(4);
    tell(&wire, &mut harness, WriteEvent::Began(JobId(5)));
    wire.world.borrow_mut().writing.way_back = 8;
    tell(&wire, &mut harness, WriteEvent::TakenBack(UndoSummary { restored: 3, ..UndoSummary::default() }));
    end(&wire, &mut harness, 5, JobEnd::Done(JobKind("take names back")));
    let asked = jobs(&wire).len();
    // Again at the same place.
    for _ in 0..2 {
        harness.hover_at(take_back.center());
        harness.drag_at(take_back.center());
        harness.drop_at(take_back.center());
        harness.run_steps(4);
        assert_eq!(jobs(&wire).len(), asked);
    }
    // Whoever means it finds it.
    if harness.query_by_label("Take back from 8 files").is_none() {
        harness.get_by_label("Earlier writing…").click_accesskit();
        harness.run_steps(4);
    }
    assert!(!place(&harness, "Take back from 8 files").contains(take_back.center()));
    harness.get_by_label("Take back from 8 files").click_accesskit();
    harness.run_steps(4);
    assert_eq!(jobs(&wire).last(), Some(&WriteRequest::TakeBack));
}

#[test]
fn names_that_are_left_to_other_programs_are_told() {
    let mut preview = many_files(0);
    preview.left = many_files(1).left;
    let (_, harness) = shown(preview);
    harness.get_by_label("1 face keeps the name that another program gave it");
    harness.get_by_label_contains("Ada · not written: this face is called Berta there");
}

#[test]
fn a_choice_that_changes_makes_what_was_shown_stale() {
    let (wire, mut harness) = shown(many_files(3));
    harness.get_by_label("Change what is written").click_accesskit();
    harness.run();
    harness.get_by_label("Keywords without levels").click_accesskit();
    harness.run();
    harness.get_by_label_contains("The choices have changed since");
    let write = harness.get_by_label("Write 3 files");
    assert!(write.accesskit_node().is_disabled());
    write.click_accesskit();
    harness.run_steps(4);
    assert_eq!(jobs(&wire).len(), 1);
    harness.get_by_label("Keywords without levels").click_accesskit();
    harness.run();
    assert!(!harness.get_by_label("Write 3 files").accesskit_node().is_disabled(), "as they were");
}

#[test]
fn names_that_change_meanwhile_are_told() {
    let (wire, mut harness) = shown(many_files(3));
    wire.push(Report::ChangedElsewhere(Touched { people: vec![PersonId(1)], ..Touched::default() }));
    harness.run_steps(4);
    harness.get_by_label_contains("names have changed since: what would differ is left out");
}

#[test]
fn of_many_files_only_those_in_sight_are_drawn() {
    let (_, harness) = shown(many_files(20_000));
    harness.get_by_label("Write 20,000 files");
    let drawn = harness.get_all_by_label_contains("IMG_").count();
    assert!((5..60).contains(&drawn), "{drawn} rows");
}

#[test]
fn the_keyboard_opens_a_file() {
    let (_, mut harness) = shown(many_files(3));
    harness.get_by_label_contains("IMG_0000.jpg.xmp").focus();
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    harness.get_by_label("+ Maria Silva");
    harness.key_press(Key::Escape);
    harness.run();
    assert_eq!(harness.state().state().page, Page::None);
}

#[test]
fn a_cancelled_or_failed_look_can_be_made_again() {
    let (wire, mut harness) = open(album_world(), View::SETTINGS);
    send(&mut harness, Message::Act(Action::Open(WRITE_NAMES_PAGE)));
    harness.get_by_label("Look at the changes").click_accesskit();
    harness.run_steps(4);
    tell(&wire, &mut harness, WriteEvent::Began(JobId(3)));
    let progress = Progress { stage: SCANNING, done: 4, total: Some(12), rate_per_s: 2.0, left_secs: Some(4.0) };
    wire.push(Report::Job(JobReport { job: JobId(3), kind: JobKind("preview names"), progress }));
    harness.run_steps(4);
    harness.get_by_label("4 of 12");
    harness.get_by_role_and_label(Role::Button, "Cancel").click_accesskit();
    harness.run_steps(4);
    assert!(wire.sent.borrow().contains(&Request::Cancel(JobId(3))));
    end(&wire, &mut harness, 3, JobEnd::Cancelled);
    harness.get_by_label("Look at the changes").click_accesskit();
    harness.run_steps(4);
    assert_eq!(jobs(&wire).len(), 2);
}

#[test]
fn settings_say_that_names_are_not_written_once_it_is_on() {
    let mut world = album_world();
    let (_, harness) = open(world.clone(), View::SETTINGS);
    assert!(harness.query_by_label_contains("not in their files:").is_none(), "off, nothing is said");
    let settings = WritingSettings { is_on: true, was_offered: true, ..WritingSettings::default() };
    world.writing = WritingKept { settings, way_back: 3, pending: Some(37) };
    let (wire, mut harness) = open(world, View::SETTINGS);
    harness.get_by_label_contains("The names of 37 photos are not in their files");
    harness.get_by_label("Take back from 3 files");
    assert!(jobs(&wire).is_empty(), "nothing is written by itself");
    harness.get_by_label("Say here when names are not in their files yet").click_accesskit();
    harness.run();
    assert!(!kept(&wire).unwrap().is_on);
}
