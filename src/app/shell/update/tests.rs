use super::*;
use crate::app::engine::report::{JobId, JobReport, JobStage};
use crate::app::photos::state::{Month, PhotoTile, Timeline};
use crate::app::ui::locale::Language;
use crate::types::PhotoId;

struct Sent(Vec<Request>);

impl Backend for Sent {
    fn send(&mut self, request: Request) -> Result<(), Request> {
        self.0.push(request);
        Ok(())
    }

    fn poll(&mut self) -> Option<Event> {
        None
    }
}

fn sent(logic: &mut Logic) -> Vec<Request> {
    let mut backend = Sent(Vec::new());
    assert!(!logic.flush(&mut backend));
    backend.0
}

fn timeline(photos: &[i64]) -> Timeline {
    let tile = |id: &i64| PhotoTile { photo: PhotoId(*id), size: (4, 3), faces: Vec::new() };
    let month = Month { year: 2024, month: 5, photos: photos.iter().map(tile).collect() };
    Timeline { months: vec![month], skipped: Vec::new() }
}

#[test]
fn an_answer_to_an_old_question_is_dropped() {
    let (mut logic, mut state, text) = (Logic::default(), State::default(), Locale::new(Language::English));
    logic.run(&mut state, &text, Command::Filter(PhotoFilter::NoFaces));
    logic.receive(&mut state, &text, Event::Timeline(PhotoFilter::All, timeline(&[1])));
    assert_eq!(state.timeline, Loadable::Loading);
    logic.receive(&mut state, &text, Event::Timeline(PhotoFilter::NoFaces, timeline(&[2])));
    assert_eq!(state.timeline.ready(), Some(&timeline(&[2])));
}

#[test]
fn arrows_stop_at_both_ends_of_the_timeline() {
    let (mut logic, mut state, text) = (Logic::default(), State::default(), Locale::new(Language::English));
    logic.receive(&mut state, &text, Event::Timeline(PhotoFilter::All, timeline(&[1, 2])));
    logic.run(&mut state, &text, Command::OpenPhoto(PhotoId(1)));
    logic.run(&mut state, &text, Command::PreviousPhoto);
    assert_eq!(state.page, Page::Photo(PhotoId(1)));
    logic.run(&mut state, &text, Command::NextPhoto);
    logic.run(&mut state, &text, Command::NextPhoto);
    assert_eq!(state.page, Page::Photo(PhotoId(2)));
    logic.run(&mut state, &text, Command::Back);
    assert_eq!(state.page, Page::None);
}

#[test]
fn only_the_latest_preview_is_asked_for() {
    let (mut logic, mut state, text) = (Logic::default(), State::default(), Locale::new(Language::English));
    for step in 0..50 {
        let squared_distance = 0.8 + 0.01 * step as f32;
        let linkage = Default::default();
        logic.run(&mut state, &text, Command::PreviewGrouping { squared_distance, linkage });
    }
    assert_eq!(sent(&mut logic).len(), 1);
}

#[test]
fn a_running_scan_refreshes_the_library_now_and_then() {
    let (mut logic, mut state, text) = (Logic::default(), State::default(), Locale::new(Language::English));
    for tenth in 0..200 {
        logic.tick(100.0 + f64::from(tenth) / 10.0);
        let report = JobReport {
            job: JobId(1),
            kind: JobKind::Scan,
            stage: JobStage::FindFaces,
            done: tenth as u64,
            total: None,
            per_sec: None,
            left_secs: None,
        };
        logic.receive(&mut state, &text, Event::Job(report));
        if tenth % 50 == 0 {
            assert_eq!(sent(&mut logic), [Request::LoadOverview, Request::LoadTimeline(PhotoFilter::All)]);
        }
    }
    assert_eq!(sent(&mut logic), []);
}
