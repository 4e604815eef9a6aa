use super::*;
use crate::app::engine::facts::{Loadable, NamedPerson, People};
use crate::app::ui::action;
use crate::app::ui::locale::Language;
use crate::types::PersonId;

/// What a state asks when `act` is done to it.
fn asked(state: &mut WritingState, act: impl FnOnce(&mut WritingState, &mut Outbox<'_, Request>)) -> Vec<WriteRequest> {
    let own = |request| match request {
        Request::Writing(request) => Some(request),
        _ => None,
    };
    action::asked(&Facts::default(), |out| act(state, out)).into_iter().filter_map(own).collect()
}

fn send(state: &mut WritingState, message: WriteMessage) -> Vec<WriteRequest> {
    asked(state, |state, out| state.update(message, out))
}

fn hear(state: &mut WritingState, event: WriteEvent) -> Vec<WriteRequest> {
    asked(state, |state, out| state.receive(event, out))
}

fn loaded(settings: WritingSettings) -> WritingState {
    let mut state = WritingState::default();
    hear(&mut state, WriteEvent::Kept(WritingKept { settings, ..WritingKept::default() }));
    state
}

fn preview(files: usize) -> Arc<WritePreview> {
    let file = FilePreview {
        photo: "a.jpg".into(),
        place: WritePlace::Sidecar,
        file: "a.jpg.xmp".into(),
        fate: FileFate::Made,
        lines: Vec::new(),
        kept: 0,
        digest: [0; 32],
    };
    Arc::new(WritePreview { files: vec![file; files], ..WritePreview::default() })
}

/// Looked at, and the job has ended.
fn shown() -> WritingState {
    let mut state = loaded(WritingSettings::default());
    send(&mut state, WriteMessage::Preview);
    hear(&mut state, WriteEvent::Began(JobId(1)));
    hear(&mut state, WriteEvent::Previewed(preview(2)));
    state.job_ended(JobId(1));
    state
}

fn named(count: i64) -> Facts {
    let person = |id| NamedPerson { person: PersonId(id), name: id.to_string(), cover: None, faces: 1, suggested: 0 };
    let people = People { named: (0..count).map(person).collect(), ..People::default() };
    Facts { people: Loadable::Ready(people), ..Facts::default() }
}

/// Whether it is offered, and what is kept of that.
fn offered(state: &mut WritingState) -> (bool, Vec<WriteRequest>) {
    let kept = asked(state, |state, out| state.on_show(false, false, out));
    (state.question(&Locale::new(Language::English)).is_some(), kept)
}

#[test]
fn writing_is_off_and_offered_once_after_ten_names() {
    let mut state = loaded(WritingSettings::default());
    assert!(!state.kept().unwrap().settings.is_on);
    state.facts_loaded(&named(9));
    assert_eq!(offered(&mut state), (false, Vec::new()));
    state.facts_loaded(&named(10));
    let (is_offered, kept) = offered(&mut state);
    let [WriteRequest::Keep(settings)] = &kept[..] else { panic!("{kept:?}") };
    assert!(is_offered && settings.was_offered && !settings.is_on);
    assert_eq!(offered(&mut state), (false, Vec::new()));
    let mut again = loaded(settings.clone());
    again.facts_loaded(&named(11));
    assert_eq!(offered(&mut again), (false, Vec::new()), "nor at the next start");
}

#[test]
fn nothing_is_offered_before_it_is_known_what_was_said() {
    let mut state = WritingState::default();
    state.facts_loaded(&named(10));
    assert_eq!(offered(&mut state), (false, Vec::new()));
}

#[test]
fn what_was_shown_is_written_and_nothing_before() {
    let mut state = loaded(WritingSettings::default());
    assert!(send(&mut state, WriteMessage::Write).is_empty());
    assert_eq!(send(&mut state, WriteMessage::Preview), [WriteRequest::Preview(WriteChoices::default())]);
    assert!(send(&mut state, WriteMessage::Preview).is_empty(), "one job at a time");
    let mut state = shown();
    assert!(state.can_write());
    assert_eq!(send(&mut state, WriteMessage::Write), [WriteRequest::Write(preview(2))]);
    assert!(!state.can_write());
}

#[test]
fn another_choice_makes_what_was_shown_stale_and_the_same_one_fresh_again() {
    let mut state = shown();
    let others = WriteChoices { place: WritePlace::Embedded, ..WriteChoices::default() };
    let kept = send(&mut state, WriteMessage::Choose(others.clone()));
    assert_eq!(kept, [WriteRequest::Keep(WritingSettings { choices: others, ..WritingSettings::default() })]);
    assert!(state.is_stale() && !state.can_write());
    assert!(send(&mut state, WriteMessage::Write).is_empty());
    send(&mut state, WriteMessage::Choose(WriteChoices::default()));
    assert!(!state.is_stale() && state.can_write());
}

#[test]
fn what_was_written_turns_it_on_and_has_to_be_looked_at_anew() {
    let mut state = shown();
    send(&mut state, WriteMessage::Write);
    hear(&mut state, WriteEvent::Began(JobId(2)));
    let kept = hear(&mut state, WriteEvent::Written(WriteSummary { files: 2, ..WriteSummary::default() }));
    assert!(matches!(&kept[..], [WriteRequest::Keep(settings)] if settings.is_on), "{kept:?}");
    state.job_ended(JobId(2));
    assert!(state.preview().is_none() && state.job().is_none());
    assert_eq!(send(&mut state, WriteMessage::TakeBack), [WriteRequest::TakeBack]);
}

#[test]
fn where_nothing_could_be_written_it_stays_off() {
    let mut state = shown();
    send(&mut state, WriteMessage::Write);
    assert!(hear(&mut state, WriteEvent::Written(WriteSummary::default())).is_empty());
}

#[test]
fn a_result_that_was_seen_is_gone_when_the_page_is_opened_again() {
    let mut state = shown();
    let on_page = |state: &mut WritingState, is_open| _ = asked(state, |state, out| state.on_show(true, is_open, out));
    on_page(&mut state, true);
    send(&mut state, WriteMessage::Write);
    on_page(&mut state, false);
    hear(&mut state, WriteEvent::Written(WriteSummary { files: 2, ..WriteSummary::default() }));
    on_page(&mut state, false);
    assert!(state.outcome().is_some(), "it came while nobody looked");
    on_page(&mut state, true);
    on_page(&mut state, false);
    assert!(state.outcome().is_none());
}

#[test]
fn where_nothing_was_to_be_done_nothing_is_said_to_be_done() {
    let text = Locale::new(Language::English);
    assert_eq!(WriteOutcome::Written(WriteSummary::default()).words(&text), "No file was changed");
    assert_eq!(WriteOutcome::TakenBack(UndoSummary::default()).words(&text), "There was nothing to take back");
}

#[test]
fn a_cancelled_job_leaves_what_was_shown_before() {
    let mut state = shown();
    send(&mut state, WriteMessage::Preview);
    hear(&mut state, WriteEvent::Began(JobId(2)));
    state.job_ended(JobId(1));
    assert!(state.job().is_some(), "another one's end");
    state.job_ended(JobId(2));
    assert!(state.can_write());
}

/// What is read was asked for before it was said.
#[test]
fn an_answer_that_is_late_does_not_take_back_what_was_said() {
    let mut state = loaded(WritingSettings::default());
    send(&mut state, WriteMessage::TurnOn(true));
    hear(&mut state, WriteEvent::Kept(WritingKept { way_back: 3, ..WritingKept::default() }));
    let kept = state.kept().unwrap();
    assert_eq!((kept.settings.is_on, kept.way_back), (true, 3));
    hear(&mut state, WriteEvent::Saved);
    hear(&mut state, WriteEvent::Kept(WritingKept::default()));
    assert!(!state.kept().unwrap().settings.is_on, "as after a backup was restored");
}

#[test]
fn names_that_change_after_the_preview_are_told() {
    let mut state = shown();
    assert!(!state.names_changed());
    state.touched(&Touched { people: vec![PersonId(1)], ..Touched::default() });
    assert!(state.names_changed() && state.can_write(), "what would differ is left out");
}
