//! The Evaluate view, driven as a user drives it.

use std::path::PathBuf;
use std::sync::Arc;

use eframe::egui::{Key, accesskit::Role};
use egui_kittest::kittest::Queryable;
use likeness::app::engine::picture::ImageKey;
use likeness::app::engine::report::Report;
use likeness::app::evaluate::job::setup::EvaluationPath;
use likeness::app::evaluate::state::{
    Event as EvaluateEvent, Message as EvaluateMessage, Request as EvaluateRequest, Tab, words,
};
use likeness::app::shell::backend::{Answer, Request};
use likeness::app::shell::message::Message;
use likeness::app::ui::action::Action;
use likeness::app::ui::view::View;
use likeness::figures::Saving;
use likeness::types::Touched;

use super::demo::{album_world, fresh_world};
use super::judged::{folders, run};
use super::wire::Wire;
use super::{App, Harness, open, send};

fn asked(wire: &Wire) -> Vec<EvaluateRequest> {
    let only = |request: &Request| match request {
        Request::Evaluate(request) => Some(request.clone()),
        _ => None,
    };
    wire.sent.borrow().iter().filter_map(only).collect()
}

fn show_three() -> (Wire, Harness<'static, App>) {
    let (wire, mut harness) = open(album_world(), View::EVALUATE);
    send(&mut harness, Message::Evaluate(EvaluateMessage::Open(folders())));
    harness.run_steps(4);
    (wire, harness)
}

#[test]
fn what_is_missing_is_named_until_an_evaluation_can_start() {
    let (wire, mut harness) = open(fresh_world(), View::EVALUATE);
    harness.get_by_label("Choose the list of pairs");
    harness.get_by_label("Evaluations are listed here when they are done");
    let path = |which, path: &str| Message::Evaluate(EvaluateMessage::SetPath(which, vec![PathBuf::from(path)]));
    send(&mut harness, path(EvaluationPath::Pairs, "/lfw/pairs.txt"));
    send(&mut harness, path(EvaluationPath::Images, "/lfw/images"));
    harness.get_by_label("Choose at least one model");

    let (wire_with_models, mut harness) = open(album_world(), View::EVALUATE);
    send(&mut harness, path(EvaluationPath::Pairs, "/lfw/pairs.txt"));
    send(&mut harness, path(EvaluationPath::Images, "/lfw/images"));
    harness.get_by_role_and_label(Role::Button, "Evaluate").click();
    harness.run_steps(3);
    let started = |wire: &Wire| asked(wire).iter().any(|request| matches!(request, EvaluateRequest::Start(_)));
    assert!(!started(&wire) && started(&wire_with_models));
}

#[test]
fn past_evaluations_are_ticked_and_shown_together() {
    let (wire, mut harness) = open(album_world(), View::EVALUATE);
    for model in ["sface-2021dec", "facenet-casia-512", "facenet-keras-128"] {
        harness.get_by_label_contains(&format!("Show {model} of 2024-05-01")).click();
        harness.run_steps(2);
    }
    harness.get_by_label("Show 3 together").click();
    harness.run_steps(6);
    assert!(asked(&wire).contains(&EvaluateRequest::OpenRuns(folders())));
    assert_eq!(harness.state().state().evaluate.opened.len(), 3);
    harness.get_by_label("All evaluations").click();
    harness.run_steps(3);
    harness.get_by_label("Show 3 together");
}

#[test]
fn the_threshold_is_told_in_words_and_obeys_the_keyboard() {
    let (_, mut harness) = show_three();
    let words = |harness: &Harness<'_, App>| {
        let evaluate = &harness.state().state().evaluate;
        let text = likeness::app::ui::locale::Locale::new(super::Language::English);
        words::threshold(&text, &evaluate.focus().unwrap().roc, evaluate.threshold)
    };
    let before = words(&harness);
    harness.get_by_label(&before);
    harness.get_by_role_and_label(Role::Slider, "Threshold").focus();
    harness.run_steps(2);
    for _ in 0..40 {
        harness.key_press(Key::ArrowLeft);
        harness.run_steps(1);
    }
    harness.run_steps(2);
    let after = words(&harness);
    assert_ne!(before, after);
    harness.get_by_label(&after);
    harness.get_by_label("Back to the protocol's").click();
    harness.run_steps(3);
    harness.get_by_label(&before);
}

#[test]
fn a_wrong_pair_opens_and_its_label_can_be_marked() {
    let (wire, mut harness) = show_three();
    send(&mut harness, Message::Evaluate(EvaluateMessage::ShowTab(Tab::Wall)));
    harness.get_all_by_label_contains("taken for").next().unwrap().click();
    harness.run_steps(4);
    let pair = harness.state().state().evaluate.pair.expect("a pair is open");
    harness.get_by_label("Mark as mislabelled").click();
    harness.run_steps(3);
    let judged = &harness.state().state().evaluate.focus().unwrap().pairs[pair];
    let marked = |request: &EvaluateRequest| matches!(request, EvaluateRequest::Mark { same, mislabelled: true, .. } if *same == judged.same);
    assert!(asked(&wire).iter().any(marked));
    harness.key_press(Key::ArrowRight);
    harness.run_steps(3);
    assert_ne!(harness.state().state().evaluate.pair, Some(pair), "arrows go along the wall");
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert_eq!(harness.state().state().evaluate.pair, None);
}

#[test]
fn only_the_visible_part_of_a_large_wall_is_laid_out() {
    let (wire, mut harness) = open(album_world(), View::EVALUATE);
    send(&mut harness, Message::Evaluate(EvaluateMessage::Open(folders()[..1].to_vec())));
    let large = run(0, 200_000);
    wire.push(Report::Own(Answer::Evaluate(EvaluateEvent::Changed(Arc::new(large)))));
    harness.run_steps(3);
    // Everything is accepted: every pair of different people is wrong.
    send(&mut harness, Message::Evaluate(EvaluateMessage::SetThreshold(9.0)));
    send(&mut harness, Message::Evaluate(EvaluateMessage::ShowTab(Tab::Wall)));
    harness.get_by_label("Wrong pairs  100,000");
    assert!(harness.get_all_by_label_contains("taken for one").count() < 60);
    let crops = wire
        .sent
        .borrow()
        .iter()
        .filter(|r| matches!(r, Request::Evaluate(EvaluateRequest::LoadImage(ImageKey::Seen { .. }))))
        .count();
    assert!((4..120).contains(&crops), "{crops} crops for one window");
}

#[test]
fn a_saved_table_is_said() {
    let (wire, mut harness) = show_three();
    let table = likeness::figures::Table::of(&["a"], []);
    let saving = Box::new(Saving::table("figures", table));
    let file = PathBuf::from("figures.csv");
    send(&mut harness, Message::Act(Action::SaveTo(file.clone(), saving.clone())));
    let sent = wire.sent.borrow().iter().rev().find_map(|request| match request {
        Request::Save(ticket, path, what) => Some((*ticket, path.clone(), what.clone())),
        _ => None,
    });
    let (ticket, path, what) = sent.expect("it is written");
    assert_eq!((path, what), (file, saving));
    wire.push(Report::Changed(ticket, Touched::default()));
    harness.run_steps(4);
    harness.get_by_label("Saved figures.csv");
}
