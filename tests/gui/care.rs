//! The library's file in Settings: backups, the questions before a restore and before a person is forgotten.

use egui_kittest::kittest::Queryable;
use likeness::app::care::state::{Event, Message as Care, Request as CareRequest};
use likeness::app::engine::report::{Failed, Failure, Report};
use likeness::app::jobs::forget::Forgetting;
use likeness::app::shell::backend::{Answer, Request};
use likeness::app::shell::message::Message;
use likeness::app::shell::state::Page;
use likeness::app::ui::action::Action;
use likeness::app::ui::view::View;
use likeness::library::Stale;
use likeness::library::care::{CheckReport, Forgotten, ImportReport, PersonToForget, Problem, Restored};
use likeness::types::{PersonId, Touched};

use super::demo::album_world;
use super::{open, send};

#[test]
fn a_backup_is_made_and_restored_after_a_question() {
    let (wire, mut harness) = open(album_world(), View::SETTINGS);
    harness.get_by_label_contains("not sound");
    harness.get_by_label("Back up now").click_accesskit();
    harness.run();
    assert!(matches!(wire.last_change(), Some((_, Request::Care(CareRequest::BackUp(_))))));
    harness.get_all_by_label_contains("12 people with a name").next().unwrap();
    let restore = harness.get_all_by_label_contains("Restore… ").next().unwrap();
    restore.click_accesskit();
    harness.run();
    assert!(matches!(wire.last_change(), Some((_, Request::Care(CareRequest::BackUp(_))))), "nothing is done yet");
    harness.get_by_label_contains("What is in it now is kept as a backup");
    harness.get_by_label("Restore").click_accesskit();
    harness.run();
    match wire.last_change() {
        Some((ticket, Request::Care(CareRequest::Restore(_, path)))) => {
            assert!(path.ends_with("daily.sqlite"));
            let moved_aside = vec!["/home/aside-1".into()];
            let removed = vec!["/home/backups/library-1-daily.sqlite".into()];
            let restored = Restored { kept: Some("/home/kept.sqlite".into()), people: 3, moved_aside, removed };
            wire.push(Report::Own(Answer::Care(Event::Restored(ticket, restored))));
            wire.push(Report::Changed(ticket, Touched::everything()));
        }
        other => panic!("{other:?}"),
    }
    harness.run_steps(4);
    assert!(harness.query_by_label_contains("What is in it now").is_none(), "the question closes");
    let said = "Restored: 3 people with a name, what was there is kept as a backup, 1 older backup had to make room: \
                library-1-daily.sqlite, what was in the way was moved to ";
    harness.get_by_label_contains(&format!("{said}/home/aside-1"));
}

#[test]
fn what_a_check_and_an_import_found_is_told() {
    let (wire, mut harness) = open(album_world(), View::SETTINGS);
    harness.get_by_label("Check").click_accesskit();
    harness.run();
    let mut report = CheckReport { photos: 3, faces: 4, ..CheckReport::default() };
    wire.push(Report::Own(Answer::Care(Event::Checked(report.clone()))));
    harness.run_steps(4);
    harness.get_by_label_contains("The library is sound: 3 photos, 4 faces");
    report.problems.push(Problem::Structure("page 7 is torn".into()));
    wire.push(Report::Own(Answer::Care(Event::Checked(report))));
    harness.run_steps(4);
    harness.get_by_label_contains("page 7 is torn");
    let report =
        ImportReport { decisions: 12, folders_not_here: vec!["/media/otto/Photos".into()], ..ImportReport::default() };
    wire.push(Report::Own(Answer::Care(Event::Imported(report))));
    harness.run_steps(4);
    harness.get_by_label_contains("12 decisions came in");
    harness.get_by_label("/media/otto/Photos");
    harness.get_by_label("Close").click_accesskit();
    harness.run();
    assert!(harness.query_by_label_contains("12 decisions").is_none());
}

fn stale_person() -> Failure {
    Failure { what: Failed::Stale(Stale::PersonChanged), details: String::new() }
}

pub fn grandma() -> PersonToForget {
    PersonToForget {
        person: PersonId(1),
        name: Some("Grandma".into()),
        earlier_names: Vec::new(),
        merged: Vec::new(),
        made_at_secs: 0,
        faces: Vec::new(),
        vectors: 0,
        rejections: 0,
        steps: 0,
        namesakes: 0,
    }
}

#[test]
fn a_forgetting_that_is_not_complete_is_told_as_such_with_the_backups_that_went() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    let person = grandma();
    let forgetting = Forgetting {
        person: person.clone(),
        backups: 3,
        runs: Vec::new(),
        models: Vec::new(),
        written: 0,
        copies: Vec::new(),
    };
    wire.push(Report::Own(Answer::Care(Event::Forgetting(forgetting))));
    harness.run_steps(4);
    harness.get_by_label("Forget for good").click_accesskit();
    harness.run();
    let Some((ticket, Request::Care(CareRequest::Forget { .. }))) = wire.last_change() else { panic!("not asked") };
    let forgotten = Forgotten {
        person,
        touched: Touched::default(),
        backups_cleaned: 1,
        backups_deleted: vec!["/backups/torn.sqlite".into()],
        backups_removed: Vec::new(),
        is_complete: false,
    };
    wire.push(Report::Own(Answer::Care(Event::Forgotten(ticket, forgotten))));
    wire.push(Report::Changed(ticket, Touched::default()));
    harness.run_steps(4);
    assert!(harness.query_by_label("Forgotten").is_none(), "it is not said to be done");
    assert!(harness.get_all_by_label("Not forgotten everywhere yet").count() == 2, "at once, and with why");
    harness.get_by_label_contains("traces may be left in its files");
    harness.get_by_label_contains("torn.sqlite");
    harness.get_by_label("Close").click_accesskit();
    harness.run();
    assert!(harness.query_by_label_contains("torn.sqlite").is_none());
}

#[test]
fn a_person_is_forgotten_after_one_question_that_says_what_stays() {
    let (wire, mut harness) = open(album_world(), View::PEOPLE);
    send(&mut harness, Message::Act(Action::Open(Page::Person(PersonId(1)))));
    harness.get_by_label("More").click_accesskit();
    harness.run();
    harness.get_by_label_contains("Forget ").click_accesskit();
    harness.run();
    assert!(wire.sent.borrow().contains(&Request::Care(CareRequest::PreviewForget(PersonId(1)))));
    let person = grandma();
    let nothing_learned = Forgetting {
        person: person.clone(),
        backups: 3,
        runs: Vec::new(),
        models: Vec::new(),
        written: 0,
        copies: Vec::new(),
    };
    wire.push(Report::Own(Answer::Care(Event::Forgetting(nothing_learned))));
    harness.run_steps(4);
    harness.get_by_label_contains("nor what a network has learned from these faces.");
    assert!(harness.query_by_label("Networks that learned from them:").is_none(), "nothing is announced and left out");
    let runs = vec!["/home/maria/.local/share/likeness/runs/family".into()];
    let forgetting = Forgetting {
        person: person.clone(),
        backups: 3,
        runs,
        models: vec!["family".into()],
        written: 37,
        copies: Vec::new(),
    };
    wire.push(Report::Own(Answer::Care(Event::Forgetting(forgetting))));
    harness.run_steps(4);
    harness.get_by_label("Forget Grandma for good?");
    harness.get_by_label("Networks that learned from them:");
    harness.get_by_label_contains("runs/family");
    harness.get_by_label_contains("Names that were written into 37 files stay there");
    send(&mut harness, Message::Care(Care::MayFindAgain(false)));
    harness.get_by_label("Forget for good").click_accesskit();
    harness.run();
    match wire.last_change() {
        Some((ticket, Request::Care(CareRequest::Forget { shown, may_find_again, .. }))) => {
            assert_eq!((&shown, may_find_again), (&person, false), "whom the question showed");
            wire.push(Report::Failed(Some(ticket), stale_person()));
        }
        other => panic!("{other:?}"),
    }
    // They have changed meanwhile: it is asked anew about who they are now.
    let person = PersonToForget { name: Some("Granny".into()), ..person };
    let forgetting =
        Forgetting { person, backups: 3, runs: Vec::new(), models: Vec::new(), written: 0, copies: Vec::new() };
    wire.push(Report::Own(Answer::Care(Event::Forgetting(forgetting))));
    harness.run_steps(4);
    harness.get_by_label_contains("This person has changed since they were shown");
    harness.get_by_label("Forget Granny for good?");
    assert_eq!(harness.state().state().page, Page::Person(PersonId(1)), "who is still there");
}
