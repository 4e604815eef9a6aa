//! What a message asks of the job, and what is left to be answered then.

use std::collections::BTreeSet;

use super::*;
use crate::app::engine::facts::{Facts, Loadable, Overview};
use crate::app::metadata::job::NamePlace;
use crate::app::ui::action;
use crate::app::ui::locale::Language;
use crate::metadata::found::{NameKind, NameSource};
use crate::metadata::region_box::RegionBox;
use crate::metadata::review::answers::{AnsweredName, NameDecision, WithdrawnName};
use crate::metadata::review::{
    DisputedFace, HandProposal, NameOfFace, NamesReview, NamesakeQuestion, OwnName, SharedName,
};
use crate::types::{FaceId, PersonId, PhotoId, StepId};

/// What a state asks when `act` is done to it.
fn asked(state: &mut State, act: impl FnOnce(&mut State, &mut Outbox<'_, Request>)) -> Vec<Request> {
    let overview = Loadable::Ready(Overview { photos: 2, ..Overview::default() });
    action::asked(&Facts { overview, ..Facts::default() }, |out| act(state, out))
}

fn given(offered: OfferedNames) -> State {
    let mut state = State { has_asked: true, ..State::default() };
    asked(&mut state, |state, out| state.receive(Event::Offered(Arc::new(offered)), out));
    state
}

fn offered() -> State {
    given(OfferedNames::of(&["Ada", "Bo"]))
}

fn key(name: &str) -> NameKey {
    NameKey::of(name).unwrap()
}

fn of(photo: i64, name: &str) -> NameOfPhoto {
    NameOfPhoto { photo: PhotoId(photo), name: key(name), at: None }
}

fn names(state: &State) -> Vec<&str> {
    state.lists().people.iter().map(|person| state.found(person).unwrap().name.as_str()).collect()
}

/// Sends a message, and answers what it asks of the job.
fn sent(state: &mut State, message: Message, made: bool) -> NameChoices {
    let requests = asked(state, |state, out| state.update(message, out));
    let [Request::Answer { ticket, chosen, .. }] = &requests[..] else { panic!("{requests:?}") };
    asked(state, |state, out| state.answered(*ticket, made, out));
    chosen.clone()
}

fn on_show(state: &mut State) -> Vec<Request> {
    asked(state, |state, out| state.on_show(View::PEOPLE, Page::None, out))
}

#[test]
fn names_are_looked_for_wherever_it_is_told_what_was_found() {
    for view in [View::PEOPLE, View::SETTINGS] {
        let mut state = State::default();
        let mut found_at = |view| asked(&mut state, |state, out| state.on_show(view, Page::None, out));
        assert_eq!(found_at(View::LIBRARY), []);
        assert_eq!(found_at(view), [Request::FindChanged], "{view:?}");
        assert_eq!(found_at(view), [], "once");
    }
}

#[test]
fn a_name_that_was_answered_is_gone_and_one_whose_answer_failed_is_not() {
    let mut state = offered();
    sent(&mut state, Message::Take(key("Ada")), true);
    sent(&mut state, Message::Refuse(key("Bo")), false);
    assert_eq!(names(&state), ["Bo"]);
    assert_eq!(on_show(&mut state), [Request::FindChanged], "what came too late is looked for again");
}

#[test]
fn a_refused_name_can_be_offered_again() {
    let mut state = offered();
    assert!(!state.has_refused());
    sent(&mut state, Message::Refuse(key("Bo")), true);
    assert!(state.has_refused());
    let requests = asked(&mut state, |state, out| state.update(Message::OfferAgain, out));
    let Request::OfferAgain(ticket) = requests[0] else { panic!() };
    asked(&mut state, |state, out| state.answered(ticket, true, out));
    assert_eq!(on_show(&mut state), [Request::FindChanged]);
}

#[test]
fn names_are_looked_for_when_people_are_first_shown_after_each_scan_and_after_they_were_taken_back() {
    let mut state = State::default();
    assert_eq!(on_show(&mut state), [Request::FindChanged]);
    assert!(on_show(&mut state).is_empty(), "once");
    let mut state = offered();
    assert!(on_show(&mut state).is_empty());
    assert!(state.ended(JobKind::SCAN, &Locale::new(Language::English)).is_none());
    assert_eq!(on_show(&mut state), [Request::FindChanged]);
    assert_eq!(sent(&mut state, Message::TakeTicked, true).taken.len(), 2);
    assert!(names(&state).is_empty() && on_show(&mut state).is_empty());
    asked(&mut state, |state, out| state.act(&Action::FindNamesAgain, out));
    assert_eq!(on_show(&mut state), [Request::FindChanged], "files beside photos say something else");
    let mut back = Touched { reverted: Some(StepId(1)), ..Touched::default() };
    asked(&mut state, |state, out| state.touched(&back, View::PEOPLE, out));
    assert!(on_show(&mut state).is_empty(), "another step, which answered no name");
    back.name_answers = true;
    asked(&mut state, |state, out| state.touched(&back, View::PEOPLE, out));
    assert_eq!(on_show(&mut state), [Request::FindChanged]);
}

#[test]
fn what_was_found_is_told_and_nothing_is_not() {
    let text = Locale::new(Language::English);
    let told = |state: &mut State| state.ended(FIND_NAMES, &text).unwrap().words;
    assert_eq!(told(&mut offered()), "2 names of 2 people found in your photos");
    assert_eq!(told(&mut State::default()), "");
    let mut review = two_names();
    review.withdrawn = vec![withdrawn(1, "Cleo")];
    let all = "2 names of 2 people found in your photos · 2 contradictions between names in your photos · \
               1 name is no longer in your photos";
    assert_eq!(told(&mut given(OfferedNames::made_up(review))), all);
}

#[test]
fn only_what_is_ticked_is_taken_and_a_guess_is_ticked_by_its_user_alone() {
    let mut review = OfferedNames::of(&["Ada", "Bo"]).review;
    review.people[1].faces[0].kind = NameKind::Suggested;
    let mut state = given(OfferedNames::made_up(review));
    assert_eq!(state.lists().ticked(), 1);
    asked(&mut state, |state, out| state.update(Message::Tick(of(2, "Bo")), out));
    asked(&mut state, |state, out| state.update(Message::Tick(of(1, "Ada")), out));
    let chosen = sent(&mut state, Message::TakeTicked, true);
    assert_eq!(chosen.taken.iter().map(|name| name.of.clone()).collect::<Vec<_>>(), [of(2, "Bo")]);
    assert_eq!(names(&state), ["Ada"], "what was not ticked is still offered");
    asked(&mut state, |state, out| state.update(Message::TickAll { who: None, ticked: true }, out));
    assert_eq!(state.lists().ticked(), 1);
    asked(&mut state, |state, out| state.update(Message::TickAll { who: Some(key("Ada")), ticked: false }, out));
    assert_eq!(state.lists().ticked(), 0);
    assert!(asked(&mut state, |state, out| state.update(Message::TakeTicked, out)).is_empty(), "nothing is ticked");
}

#[test]
fn single_names_are_taken_and_refused() {
    let mut review = OfferedNames::of(&["Ada"]).review;
    let at = RegionBox { x: 0.1, y: 0.1, width: 0.1, height: 0.1 };
    let sources = vec![NameSource::Mwg];
    review.people[0].by_hand = vec![HandProposal { photo: PhotoId(5), at, kind: NameKind::Confirmed, sources }];
    let mut state = given(OfferedNames::made_up(review));
    let chosen = sent(&mut state, Message::RefuseOne(of(1, "Ada")), true);
    assert_eq!((chosen.taken.len(), chosen.refused), (0, vec![of(1, "Ada")]));
    let requests = asked(&mut state, |state, out| state.update(Message::TakeOne(of(5, "Ada")), out));
    assert!(State::is_long(&requests[0]), "a face is cut out by the networks");
    assert!(names(&state).is_empty(), "what is asked for is not asked for twice");
}

fn two_names() -> NamesReview {
    let name = |name| NameOfFace { key: key(name), people: Vec::new(), sources: vec![NameSource::Mwg] };
    let at = RegionBox { x: 0.1, y: 0.1, width: 0.1, height: 0.1 };
    let mut review = OfferedNames::of(&["Ada", "Bo"]).review;
    let ours = OwnName { person: PersonId(3), name: "Cleo".into(), taken: None };
    let disputed = |photo, ours, names| {
        let (photo, face) = (PhotoId(photo), Some(FaceId(photo * 10)));
        NameConflict::TwoNames(DisputedFace { photo, face, at, ours, denied: false, names })
    };
    let both = vec![name("Ada"), name("Bo")];
    review.conflicts = vec![disputed(7, None, both), disputed(8, Some(ours), vec![name("Bo")])];
    review
}

#[test]
fn a_contradiction_is_decided_for_one_name_or_for_none() {
    let mut state = given(OfferedNames::made_up(two_names()));
    let decide = |conflict, answer| Message::Decide { conflict, answer };
    let chosen = sent(&mut state, decide(0, ConflictAnswer::Is(key("Bo"))), true);
    assert_eq!((chosen.corrected, chosen.looked_at), (vec![(FaceId(70), of(7, "Bo"))], true));
    assert_eq!(chosen.refused, [of(7, "Ada")]);
    assert_eq!(state.lists().conflicts, [1], "it is decided");
    let chosen = sent(&mut state, decide(1, ConflictAnswer::Neither), true);
    assert_eq!((chosen.taken.len(), chosen.refused), (0, vec![of(8, "Bo")]), "what its user said stays");
    assert!(state.lists().conflicts.is_empty());
}

#[test]
fn who_of_several_people_of_one_name_is_meant_goes_with_the_answer() {
    let mut review = two_names();
    let face = review.people[0].faces[0].clone();
    let people = vec![PersonId(4), PersonId(5)];
    let asked = NamesakeQuestion { key: key("Ada"), people, faces: vec![face.clone()], by_hand: None };
    review.conflicts.push(NameConflict::Namesakes(asked));
    let mut state = given(OfferedNames::made_up(review));
    assert!(ConflictAnswer::Neither == Follow::Mine.answer(state.conflict(2).unwrap()).unwrap());
    assert!(Follow::Theirs.answer(state.conflict(2).unwrap()).is_none(), "nobody but the user knows");
    let decide = |conflict, person| Message::Decide { conflict, answer: ConflictAnswer::Of(key("Ada"), person) };
    let chosen = sent(&mut state, decide(2, PersonId(5)), true);
    assert_eq!(chosen.taken[0].place, NamePlace::Face(face.face));
    assert_eq!(chosen.whose, [(of(1, "Ada"), PersonId(5))].into());
    let chosen = sent(&mut state, decide(0, PersonId(4)), true);
    assert_eq!(
        (chosen.corrected, chosen.whose),
        (vec![(FaceId(70), of(7, "Ada"))], [(of(7, "Ada"), PersonId(4))].into())
    );
}

/// A face in each of these photos.
fn shared(photos: &[i64]) -> NameConflict {
    let face = |photo: &i64| {
        let mut face = OfferedNames::of(&["Ada"]).review.people[0].faces[0].clone();
        (face.photo, face.face) = (PhotoId(*photo), FaceId(*photo));
        vec![face]
    };
    NameConflict::TwoPeople(SharedName { key: key("Ada"), sides: photos.iter().map(face).collect() })
}

#[test]
fn of_two_people_of_one_name_one_has_it() {
    let mut review = OfferedNames::of(&["Ada"]).review;
    review.conflicts = vec![shared(&[5, 6])];
    let mut state = given(OfferedNames::made_up(review));
    let answer = ConflictAnswer::Only(1);
    let chosen = sent(&mut state, Message::Decide { conflict: 0, answer }, true);
    assert_eq!((chosen.taken[0].of.clone(), chosen.refused), (of(6, "Ada"), vec![of(5, "Ada")]));
    assert!(state.lists().conflicts.is_empty());
    assert_eq!(names(&state), ["Ada"], "her other faces are offered as before");
}

#[test]
fn all_contradictions_are_decided_at_once_where_one_answer_fits() {
    let mut review = two_names();
    review.conflicts.push(shared(&[5, 6]));
    for (follow, left) in [(Follow::Theirs, vec![0]), (Follow::Mine, vec![])] {
        let mut state = given(OfferedNames::made_up(review.clone()));
        let chosen = sent(&mut state, Message::DecideAll(follow), true);
        assert_eq!(state.lists().conflicts, left, "{follow:?}");
        match follow {
            Follow::Theirs => {
                assert_eq!(chosen.corrected, [(FaceId(80), of(8, "Bo"))]);
                assert_eq!((chosen.taken.len(), chosen.refused.len(), chosen.looked_at), (2, 0, false));
            }
            Follow::Mine => assert_eq!((chosen.named(), chosen.refused.len()), (0, 5)),
        }
        assert!(!state.can_follow(Follow::Theirs));
    }
}

fn withdrawn(photo: i64, name: &str) -> WithdrawnName {
    let (photo, key) = (PhotoId(photo), key(name));
    let (stood_at, sources, decision) = (BTreeSet::new(), [NameSource::Mwg].into(), NameDecision::Taken);
    WithdrawnName {
        answer: AnsweredName { photo, name: key, at: None, stood_at, sources, decision },
        face: FaceId(photo.0 * 10),
        at: RegionBox { x: 0.1, y: 0.1, width: 0.1, height: 0.1 },
        person: PersonId(3),
        name: name.to_owned(),
        instead: Vec::new(),
    }
}

#[test]
fn names_that_were_taken_back_are_taken_off_or_kept_and_settled_with_a_new_name() {
    let mut review = two_names();
    review.withdrawn = vec![withdrawn(1, "Cleo"), withdrawn(2, "Cleo")];
    let NameConflict::TwoNames(DisputedFace { ours: Some(ours), .. }) = &mut review.conflicts[1] else { panic!() };
    ours.taken = Some((key("Cleo"), None));
    let mut state = given(OfferedNames::made_up(review));
    let settle = |follow, photo| Message::SettleWithdrawn { names: vec![of(photo, "Cleo")], follow };
    let chosen = sent(&mut state, settle(true, 1), true);
    assert_eq!((chosen.taken_off, chosen.settled), (vec![of(1, "Cleo")], Vec::new()));
    let chosen = sent(&mut state, settle(false, 2), true);
    assert_eq!((chosen.taken_off, chosen.settled), (Vec::new(), vec![of(2, "Cleo")]));
    assert!(state.lists().withdrawn.is_empty());
    let chosen = sent(&mut state, Message::Decide { conflict: 1, answer: ConflictAnswer::Is(key("Bo")) }, true);
    assert_eq!((chosen.corrected, chosen.settled), (vec![(FaceId(80), of(8, "Bo"))], vec![of(8, "Cleo")]));
}
