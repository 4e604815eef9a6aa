//! The page by its labels: what a user presses, and what is asked for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Ui};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};

use super::*;
use crate::app::engine::facts::{Facts, Loadable, NamedPerson, People};
use crate::app::metadata::job::{NameOfPhoto, OfferedNames};
use crate::app::metadata::state::{ConflictAnswer, Event, Follow};
use crate::app::ui::action::{Outbox, Tickets};
use crate::app::ui::appearance::Appearance;
use crate::app::ui::feature::Feature;
use crate::app::ui::fonts::{self, FontSource};
use crate::app::ui::locale::{Language, Locale};
use crate::app::ui::thumbnails::Thumbnails;
use crate::metadata::found::{NameKind, NameSource};
use crate::metadata::name_key::NameKey;
use crate::metadata::places::UnplacedWhy;
use crate::metadata::region_box::RegionBox;
use crate::metadata::review::answers::{AnsweredName, NameDecision, WithdrawnName};
use crate::metadata::review::{
    DisputedFace, FaceProposal, HandProposal, NameConflict, NameOfFace, NamesReview, NamesakeQuestion, OpenName,
    OpenWhy, OwnName, SharedName,
};
use crate::types::{FaceId, PersonId, PhotoId};

/// What a test sees of a page.
struct ShownPage {
    state: State,
    text: Locale,
    facts: Facts,
    images: Thumbnails,
    tickets: Tickets,
    messages: Vec<Message>,
    sent: Vec<Message>,
    actions: Vec<Action>,
    has_fonts: bool,
}

impl ShownPage {
    fn of(review: NamesReview) -> Self {
        let mut shown = Self {
            state: State::default(),
            text: Locale::new(Language::English),
            facts: Facts::default(),
            images: Thumbnails::default(),
            tickets: Tickets::default(),
            messages: Vec::new(),
            sent: Vec::new(),
            actions: Vec::new(),
            has_fonts: false,
        };
        let mut out = Outbox::new(&shown.text, &shown.facts, &mut shown.tickets);
        shown.state.receive(Event::Offered(Arc::new(OfferedNames::made_up(review))), &mut out);
        shown
    }

    fn draw(&mut self, ui: &mut Ui, draw: impl FnOnce(&mut Ui, &mut Context<'_>)) {
        // Fonts are there with the next frame.
        if !std::mem::replace(&mut self.has_fonts, true) {
            fonts::install(ui.ctx(), FontSource::Carried, Language::English);
            Appearance::default().apply(ui.ctx());
            return ui.ctx().request_repaint();
        }
        self.images.begin_frame();
        let (images, messages, actions) = (&mut self.images, &mut self.messages, &mut self.actions);
        let mut ctx = Context::new(&self.state, &self.facts, &self.text, images, messages, actions);
        draw(ui, &mut ctx);
        for message in std::mem::take(&mut self.messages) {
            self.sent.push(message.clone());
            self.state.update(message, &mut Outbox::new(&self.text, &self.facts, &mut self.tickets));
        }
    }
}

fn page(review: NamesReview) -> Harness<'static, ShownPage> {
    page_of(ShownPage::of(review))
}

fn page_of(shown: ShownPage) -> Harness<'static, ShownPage> {
    let draw = |ui: &mut Ui, shown: &mut ShownPage| shown.draw(ui, super::page::page_ui);
    let mut harness = Harness::builder()
        .with_size([1100.0, 760.0])
        .allow_missing_glyphs()
        .with_max_steps(30)
        .build_ui_state(draw, shown);
    harness.run();
    harness
}

fn of(photo: i64, name: &str) -> NameOfPhoto {
    NameOfPhoto { photo: PhotoId(photo), name: NameKey::of(name).unwrap(), at: None }
}

fn area() -> RegionBox {
    RegionBox { x: 0.4, y: 0.3, width: 0.1, height: 0.15 }
}

#[test]
fn a_line_above_people_leads_to_the_page_while_there_is_something_to_review() {
    let review = OfferedNames::of(&["Ada", "Bo"]).review;
    for (review, words) in [(review, Some("2 names of 2 people found in your photos")), (NamesReview::default(), None)]
    {
        let draw = |ui: &mut Ui, shown: &mut ShownPage| {
            shown.draw(ui, |ui, ctx| Views::default().head_ui(ui, ctx, View::PEOPLE));
        };
        let mut harness = Harness::builder().allow_missing_glyphs().build_ui_state(draw, ShownPage::of(review));
        harness.run();
        let Some(words) = words else {
            assert!(harness.query_by_label("Review…").is_none());
            continue;
        };
        harness.get_by_label(words);
        harness.get_by_label("Review…").click();
        harness.run();
        assert_eq!(harness.state().actions, [Action::Open(NAMES_PAGE)]);
    }
}

#[test]
fn all_some_or_none_are_taken() {
    let mut harness = page(OfferedNames::of(&["Ada", "Bo"]).review);
    harness.get_by_label("Tick none").click();
    harness.run();
    harness.get_by_label("Show the faces of Bo").click();
    harness.run();
    harness.get_by_role_and_label(Role::CheckBox, "Bo on this face").click();
    harness.run();
    harness.get_by_label("Use 1 name").click();
    harness.run();
    let sent = &harness.state().sent;
    assert_eq!(sent[0], Message::TickAll { who: None, ticked: false });
    assert_eq!(sent[2..], [Message::Tick(of(2, "Bo")), Message::TakeTicked]);
    assert!(harness.query_by_label("Show the faces of Bo").is_none(), "it is answered");
    harness.get_by_label("Not wanted: Ada").click();
    harness.run();
    harness.get_by_label("No names were found that are not taken or answered yet");
}

#[test]
fn a_face_is_taken_refused_and_looked_at_with_the_keyboard() {
    let mut review = OfferedNames::of(&["Ada"]).review;
    let sources = vec![NameSource::Mwg];
    for photo in [5, 6] {
        let (photo, sources) = (PhotoId(photo), sources.clone());
        review.people[0].by_hand.push(HandProposal { photo, at: area(), kind: NameKind::Confirmed, sources });
    }
    let mut harness = page(review);
    harness.get_by_label("Show the faces of Ada").click();
    harness.run();
    let press = |harness: &mut Harness<'_, ShownPage>, key: Key| {
        harness.get_by_role_and_label(Role::CheckBox, "Ada on this face").focus();
        harness.run();
        harness.key_press(key);
        harness.run();
    };
    press(&mut harness, Key::Space);
    assert_eq!(harness.state().actions, [Action::Open(Page::Photo(PhotoId(1)))]);
    press(&mut harness, Key::X);
    assert_eq!(harness.state().sent.last(), Some(&Message::RefuseOne(of(1, "Ada"))));
    let cut = "Ada, where no face was found: one is cut out here";
    assert_eq!(harness.get_all_by_label(cut).count(), 2);
    harness.get_all_by_label("This is Ada").next().unwrap().click();
    harness.run();
    assert_eq!(harness.state().sent.last(), Some(&Message::TakeOne(of(5, "Ada"))));
    assert_eq!(harness.get_all_by_label(cut).count(), 1);
}

#[test]
fn contradictions_are_decided_one_by_one() {
    let name =
        |name| NameOfFace { key: NameKey::of(name).unwrap(), people: Vec::new(), sources: vec![NameSource::Mwg] };
    let mut review = OfferedNames::of(&["Ada", "Bo"]).review;
    for face in [70, 71] {
        let (photo, names) = (PhotoId(face), vec![name("Ada"), name("Bo")]);
        let disputed = DisputedFace { photo, face: Some(FaceId(face)), at: area(), ours: None, denied: false, names };
        review.conflicts.push(NameConflict::TwoNames(disputed));
    }
    let mut harness = page(review);
    harness.get_all_by_label("It is Bo").next().unwrap().click();
    harness.run();
    let answer = ConflictAnswer::Is(NameKey::of("Bo").unwrap());
    assert_eq!(harness.state().sent, [Message::Decide { conflict: 0, answer }]);
    harness.get_by_label("Neither").click();
    harness.run();
    assert_eq!(harness.state().sent[1], Message::Decide { conflict: 1, answer: ConflictAnswer::Neither });
    assert!(harness.query_by_label("Contradictions").is_none());
}

#[test]
fn of_two_people_of_one_name_each_is_an_answer() {
    let mut review = OfferedNames::of(&["Ada"]).review;
    let (key, faces) = (NameKey::of("Ada").unwrap(), std::mem::take(&mut review.people[0].faces));
    let people = vec![PersonId(4), PersonId(7)];
    review.conflicts.push(NameConflict::Namesakes(NamesakeQuestion { key: key.clone(), people, faces, by_hand: None }));
    let mut shown = ShownPage::of(review);
    let person = |id, faces| {
        let (person, name) = (PersonId(id), "Ada".to_owned());
        NamedPerson { person, name, cover: None, faces, suggested: 0 }
    };
    let named = vec![person(4, 12), person(7, 1)];
    shown.facts.people = Loadable::Ready(People { named, ..People::default() });
    let mut harness = page_of(shown);
    harness.get_by_label("It is Ada · 12 faces");
    harness.get_by_label("It is Ada · 1 face").click();
    harness.run();
    let answer = ConflictAnswer::Of(key, PersonId(7));
    assert_eq!(harness.state().sent, [Message::Decide { conflict: 0, answer }]);
}

#[test]
fn more_people_than_fit_are_scrolled_and_laid_out_where_they_are_seen() {
    let names: Vec<String> = (0..200).map(|number| format!("Person {number:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut harness = page(OfferedNames::of(&names).review);
    let seen = harness.get_all_by_label_contains("Show the faces of").count();
    assert!((5..40).contains(&seen), "{seen}");
    harness.get_by_label("Show the faces of Person 005").focus();
    for _ in 0..60 {
        harness.key_press(Key::Tab);
        harness.run();
    }
    assert!(harness.query_by_label("Show the faces of Person 000").is_none(), "the keyboard has scrolled on");
}

/// One of each kind of question.
fn questions() -> NamesReview {
    let name =
        |name| NameOfFace { key: NameKey::of(name).unwrap(), people: Vec::new(), sources: vec![NameSource::Mwg] };
    let mut review = OfferedNames::of(&["Ada", "Bo"]).review;
    let disputed = |photo: i64, ours: Option<OwnName>, names| {
        let (photo, face, denied) = (PhotoId(photo), Some(FaceId(photo * 10)), false);
        NameConflict::TwoNames(DisputedFace { photo, face, at: area(), ours, denied, names })
    };
    let ours = OwnName { person: PersonId(3), name: "Cleo".into(), taken: None };
    let side = |face: i64| vec![FaceProposal { face: FaceId(face), ..review.people[0].faces[0].clone() }];
    let shared = SharedName { key: NameKey::of("Ada").unwrap(), sides: vec![side(91), side(92)] };
    review.conflicts = vec![
        disputed(7, None, vec![name("Ada"), name("Bo")]),
        disputed(8, Some(ours), vec![name("Bo")]),
        NameConflict::TwoPeople(shared),
    ];
    let (photo, sources) = (PhotoId(5), [NameSource::Mwg].into());
    let (name, stood_at, decision) = (NameKey::of("Dora").unwrap(), BTreeSet::new(), NameDecision::Taken);
    let answer = AnsweredName { photo, name, at: None, stood_at, sources, decision };
    let (person, name, instead) = (PersonId(4), "Dora".to_owned(), Vec::new());
    review.withdrawn.push(WithdrawnName { answer, face: FaceId(50), at: area(), person, name, instead });
    review.people[1].open.push(OpenName { photo: PhotoId(6), why: OpenWhy::Unplaced(UnplacedWhy::NoRegion) });
    review
}

#[test]
fn every_answer_is_reached_with_the_keyboard() {
    let mut harness = page(questions());
    let mut reached = BTreeSet::new();
    for _ in 0..50 {
        harness.key_press(Key::Tab);
        harness.run();
        let focused = harness.query_all_by(|node| node.is_focused());
        reached.extend(focused.filter_map(|node| node.accesskit_node().label()));
    }
    for answer in [
        "Use 1 name: Ada",
        "Not wanted: Ada",
        "Keep all mine",
        "Take all theirs",
        "It is Ada",
        "It is Bo",
        "Neither",
        "It stays Cleo",
        "Only this face",
        "All are Ada",
        "Take all off",
        "Keep all",
        "Take Dora off",
        "Keep Dora",
        "Name a face…",
        "Not Bo",
    ] {
        assert!(reached.contains(answer), "{answer} of {reached:?}");
    }
}

#[test]
fn the_answers_of_a_row_have_numbers_and_the_next_question_has_the_keyboard_then() {
    let mut harness = page(questions());
    harness.get_all_by_label("It is Ada").next().unwrap().focus();
    harness.run();
    for key in [Key::Num2, Key::Num9, Key::Num1] {
        harness.key_press(key);
        harness.run();
    }
    let is = |name| ConflictAnswer::Is(NameKey::of(name).unwrap());
    let decided = [0, 1].map(|conflict| Message::Decide { conflict, answer: is("Bo") });
    assert_eq!(harness.state().sent, decided);
}

#[test]
fn all_contradictions_are_decided_at_their_heading() {
    let mut harness = page(questions());
    harness.get_by_label("Take all theirs").click();
    harness.run();
    assert!(harness.query_all_by_label("One face, several names: Ada, Bo").next().is_some(), "who is right is asked");
    harness.get_by_label("Keep all mine").click();
    harness.run();
    assert_eq!(harness.state().sent, [Follow::Theirs, Follow::Mine].map(Message::DecideAll));
    assert!(harness.query_by_label("Contradictions").is_none());
}
