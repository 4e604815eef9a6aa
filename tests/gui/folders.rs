//! Folders, what scans of them tell and ask, and what comes from outside.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use likeness::app::engine::facts::{ByItself, WatchHindrance, Watching};
use likeness::app::engine::report::{Failed, Failure, JobEnd, JobId, JobKind, Report};
use likeness::app::scan::job::{ScanSummary, Withheld};
use likeness::app::scan::state::Event as ScanEvent;
use likeness::app::settings::state as settings_view;
use likeness::app::shell::app::App;
use likeness::app::shell::backend::{Answer, Request};
use likeness::app::shell::message::Message;
use likeness::app::shell::state::Page;
use likeness::app::ui::view::View;
use likeness::library::FacesOfFolder;
use likeness::types::Touched;

use super::demo::album_world;
use super::{open, scan_report, send};

#[test]
fn small_faces_are_looked_for_when_their_user_says_so_and_the_cost_is_told() {
    let (wire, mut harness) = open(album_world(), View::SETTINGS);
    harness.get_by_label_contains("times as long");
    harness.get_by_label("Look for small faces, too").click_accesskit();
    harness.run();
    let change = wire.last_change().unwrap().1;
    let wanted = matches!(change, Request::Settings(settings_view::Request::FindSmallFaces(_, true)));
    assert!(wanted, "{change:?}");
}

#[test]
fn watching_and_going_on_are_switched_each_by_itself_and_said_once_they_are() {
    let (wire, mut harness) = open(album_world(), View::SETTINGS);
    let watches = ByItself { watches_folders: true, goes_on: false };
    let goes_on = ByItself { watches_folders: true, goes_on: true };
    for (label, wanted, said) in [
        ("Notice new photos while the window is open", watches, "New photos are noticed from now on"),
        (
            "Go on with an interrupted scan when the window is opened",
            goes_on,
            "An interrupted scan goes on when the window is opened",
        ),
        (
            "Notice new photos while the window is open",
            ByItself { watches_folders: false, ..goes_on },
            "Folders are not watched any more",
        ),
    ] {
        harness.get_by_label(label).click_accesskit();
        harness.run();
        let (ticket, change) = wire.last_change().unwrap();
        let is_wanted = matches!(&change, Request::Settings(settings_view::Request::DoByItself(_, by_itself))
            if *by_itself == wanted);
        assert!(is_wanted, "{change:?}");
        assert!(harness.query_by_label(said).is_none(), "not before it is so");
        wire.world.borrow_mut().overview.by_itself = wanted;
        wire.push(Report::Changed(ticket, Touched { settings: true, ..Touched::default() }));
        harness.run_steps(4);
        harness.get_by_label(said);
    }
}

#[test]
fn the_rails_foot_says_what_is_watched_and_why_not() {
    let (wire, mut harness) = open(album_world(), View::LIBRARY);
    let shown = |harness: &Harness<'static, App>, words: &str| harness.query_by_label_contains(words).is_some();
    assert!(!shown(&harness, "Watching") && !shown(&harness, "watched"), "before anything is known");
    let full = WatchHindrance::LimitReached;
    let cases = [
        (Watching { folders: vec![("/a".into(), None), ("/b".into(), None)], on_battery: false }, "Watching 2 folders"),
        (Watching { folders: vec![("/a".into(), None), ("/b".into(), None)], on_battery: true }, "on battery"),
        (
            Watching { folders: vec![("/a".into(), None), ("/b".into(), Some(full.clone()))], on_battery: false },
            "Watching 1 folder",
        ),
        (Watching { folders: vec![("/b".into(), Some(full))], on_battery: false }, "No folder is watched"),
    ];
    for (watching, words) in cases {
        wire.push(Report::Own(Answer::Scan(ScanEvent::Watching(watching))));
        harness.run_steps(4);
        assert!(shown(&harness, words), "{words}");
    }
    wire.push(Report::Own(Answer::Scan(ScanEvent::Watching(Watching::default()))));
    harness.run_steps(4);
    assert!(!shown(&harness, "Watching") && !shown(&harness, "watched"), "its user does not want it");
}

#[test]
fn a_folder_is_removed_after_a_question() {
    let (wire, mut harness) = open(album_world(), View::SETTINGS);
    harness.get_by_label_contains("not there now");
    harness.get_by_label("Remove… /media/maria/Travels").click_accesskit();
    harness.run();
    assert!(wire.last_change().is_none());
    harness.get_by_label("Forget its faces");
    harness.get_by_label("Keep its faces").click();
    harness.run();
    let removed = wire.last_change().unwrap().1;
    let wanted = |request: &Request| {
        matches!(request, Request::Settings(settings_view::Request::RemoveFolder(_, path, FacesOfFolder::Keep))
            if path.ends_with("Travels"))
    };
    assert!(wanted(&removed), "{removed:?}");
}

#[test]
fn a_folder_that_moved_is_scanned_where_it_is_now() {
    let (wire, mut harness) = open(album_world(), View::SETTINGS);
    let (from, to) = ("/media/maria/Travels".into(), "/home/maria/Travels".into());
    send(&mut harness, Message::Settings(settings_view::Message::MoveFolder { from, to }));
    let asked = wire.actions();
    let [Request::Settings(settings_view::Request::MoveFolder { ticket, .. })] = &asked[..] else {
        panic!("nothing is scanned before the library knows: {asked:?}")
    };
    wire.push(Report::Changed(*ticket, Touched::everything()));
    harness.run_steps(4);
    let scan = likeness::app::scan::state::Request::Scan(vec!["/home/maria/Travels".into()]);
    assert_eq!(wire.actions().last(), Some(&Request::Scan(scan)));
}

#[test]
fn photos_that_are_gone_are_asked_about() {
    let (wire, mut harness) = open(album_world(), View::LIBRARY);
    let withheld = || Withheld { folder: "/mnt/usb".into(), gone: 412, of: 500 };
    let summary = || ScanSummary { withheld: vec![withheld()], ..ScanSummary::default() };
    wire.push(Report::Job(scan_report()));
    wire.push(Report::Own(Answer::Scan(ScanEvent::Scanned(Box::new(summary())))));
    wire.push(Report::JobEnded(JobId(7), JobEnd::Done(JobKind::SCAN)));
    harness.run_steps(4);
    let question = "412 of 500 photos of /mnt/usb are not there. Is its drive unplugged?";
    harness.get_by_label(question);
    harness.get_by_label("Keep them").click();
    harness.run_steps(3);
    assert!(harness.query_by_label(question).is_none());
    assert!(wire.last_change().is_none(), "nothing is marked as missing");
    wire.push(Report::Job(scan_report()));
    wire.push(Report::Own(Answer::Scan(ScanEvent::Scanned(Box::new(summary())))));
    wire.push(Report::JobEnded(JobId(7), JobEnd::Done(JobKind::SCAN)));
    harness.run_steps(4);
    harness.get_by_label("They are gone").click();
    harness.run_steps(3);
    let accepted = wire.last_change().unwrap().1;
    assert!(
        matches!(&accepted, Request::Settings(settings_view::Request::AcceptMissing { folder, gone: 412, .. })
            if folder == std::path::Path::new("/mnt/usb")),
        "{accepted:?}"
    );
}

#[test]
fn what_a_scan_has_brought_back_is_counted() {
    let (wire, mut harness) = open(album_world(), View::LIBRARY);
    let summary = ScanSummary { returned_faces: 3, ..ScanSummary::default() };
    wire.push(Report::Job(scan_report()));
    wire.push(Report::Own(Answer::Scan(ScanEvent::Scanned(Box::new(summary)))));
    wire.push(Report::JobEnded(JobId(7), JobEnd::Done(JobKind::SCAN)));
    harness.run_steps(4);
    harness.get_by_label_contains("3 faces are back");
}

#[test]
fn a_question_stays_under_the_pointer_while_notices_come_and_go() {
    let (wire, mut harness) = open(album_world(), View::LIBRARY);
    let withheld = vec![Withheld { folder: "/mnt/usb".into(), gone: 412, of: 500 }];
    let summary = ScanSummary { withheld, ..ScanSummary::default() };
    wire.push(Report::Job(scan_report()));
    wire.push(Report::Own(Answer::Scan(ScanEvent::Scanned(Box::new(summary)))));
    wire.push(Report::JobEnded(JobId(7), JobEnd::Done(JobKind::SCAN)));
    harness.run_steps(4);
    let place = |harness: &Harness<'static, App>| harness.get_by_label("They are gone").rect();
    let first = place(&harness);
    harness.get_by_label_contains("0 new photos");
    // Another change is said, and another scan begins.
    wire.push(Report::Job(scan_report()));
    wire.push(Report::Failed(None, Failure { what: Failed::Load, details: "read error".into() }));
    harness.run_steps(4);
    assert_eq!(place(&harness), first);
    // What was said goes by itself, and what failed is put away.
    let later = harness.input().time.unwrap_or_default() + 60.0;
    harness.input_mut().time = Some(later);
    harness.run_steps(4);
    assert!(harness.query_by_label_contains("0 new photos").is_none());
    assert_eq!(place(&harness), first);
    harness.get_all_by_label("Dismiss").last().unwrap().click();
    harness.run_steps(4);
    assert_eq!(place(&harness), first);
}

#[test]
fn a_scan_tells_of_names_in_edited_photos_and_of_folders_that_are_not_there() {
    let (wire, mut harness) = open(album_world(), View::LIBRARY);
    let summary = ScanSummary {
        carried_faces: 3,
        lost_faces: 1,
        offline_folders: vec!["/mnt/usb".into()],
        ..ScanSummary::default()
    };
    wire.push(Report::Job(scan_report()));
    wire.push(Report::Own(Answer::Scan(ScanEvent::Scanned(Box::new(summary)))));
    wire.push(Report::JobEnded(JobId(7), JobEnd::Done(JobKind::SCAN)));
    harness.run_steps(4);
    harness.get_by_label(
        "0 new photos, 0 new faces, 3 names carried over to edited photos, 1 lost face waits to be put back, \
         /mnt/usb is not there",
    );
    harness.get_by_label("Show").click();
    harness.run_steps(3);
    assert_eq!(harness.state().state().page, Page::SET_ASIDE);
}

#[test]
fn what_another_program_writes_is_shown() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    wire.world.borrow_mut().people.named[0].name = "Maria Sánchez".into();
    wire.push(Report::ChangedElsewhere(Touched::everything()));
    harness.run_steps(4);
    harness.get_by_label_contains("Maria Sánchez, ");
}
