use super::*;
use crate::app::engine::progress::{Progress, Stage};
use crate::app::photos::state::{Month, PhotoTile, Request as PhotosRequest, Timeline};
use crate::app::train::state::live::{LiveRun, RunStart};
use crate::app::train::state::message::Request as TrainRequest;
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

fn sent(update: &mut Update) -> Vec<Request> {
    let mut backend = Sent(Vec::new());
    assert!(!update.flush(&mut backend));
    backend.0
}

fn timeline(photos: &[i64]) -> Timeline {
    let tile = |id: &i64| PhotoTile { photo: PhotoId(*id), size: (4, 3), faces: Vec::new() };
    let month = Month { year: 2024, month: 5, photos: photos.iter().map(tile).collect() };
    Timeline { months: vec![month], skipped: Vec::new() }
}

fn timeline_of(filter: PhotoFilter, timeline: Timeline) -> Event {
    Report::Own(Answer::OfPhotos(photos::state::Event::Timeline(filter, timeline)))
}

#[test]
fn an_answer_to_an_old_question_is_dropped() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    update.run(&mut state, &text, Message::Act(Action::FilterPhotos(PhotoFilter::NoFaces)));
    update.receive(&mut state, &text, timeline_of(PhotoFilter::All, timeline(&[1])));
    assert_eq!(state.photos.timeline, Loadable::Loading);
    update.receive(&mut state, &text, timeline_of(PhotoFilter::NoFaces, timeline(&[2])));
    assert_eq!(state.photos.timeline.ready(), Some(&timeline(&[2])));
}

#[test]
fn arrows_stop_at_both_ends_of_the_timeline() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    update.receive(&mut state, &text, timeline_of(PhotoFilter::All, timeline(&[1, 2])));
    update.run(&mut state, &text, Message::Act(Action::OpenPhoto(PhotoId(1))));
    update.run(&mut state, &text, Message::Photos(photos::state::Message::Previous));
    assert_eq!(state.page, Page::Photo(PhotoId(1)));
    update.run(&mut state, &text, Message::Photos(photos::state::Message::Next));
    update.run(&mut state, &text, Message::Photos(photos::state::Message::Next));
    assert_eq!(state.page, Page::Photo(PhotoId(2)));
    update.run(&mut state, &text, Message::Act(Action::Back));
    assert_eq!(state.page, Page::None);
}

#[test]
fn only_the_latest_preview_is_asked_for() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    for step in 0..50 {
        let squared_distance = 0.8 + 0.01 * step as f32;
        let linkage = Default::default();
        let message = people::state::Message::PreviewGrouping { squared_distance, linkage };
        update.run(&mut state, &text, Message::People(message));
    }
    assert_eq!(sent(&mut update).len(), 1);
}

#[test]
fn a_running_scan_refreshes_the_library_now_and_then() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    for tenth in 0..200 {
        update.tick(100.0 + f64::from(tenth) / 10.0);
        let report = JobReport {
            job: JobId(1),
            kind: JobKind::Scan,
            progress: Progress::at(Stage::Scanning, tenth as u64, None, None),
        };
        update.receive(&mut state, &text, Report::Job(report));
        if tenth % 50 == 0 {
            assert_eq!(
                sent(&mut update),
                [Request::LoadOverview, Request::Photos(PhotosRequest::LoadTimeline(PhotoFilter::All))]
            );
        }
    }
    assert_eq!(sent(&mut update), []);
}

#[test]
fn of_requests_that_wait_the_last_word_holds() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    state.train.run = Some(LiveRun::new(RunStart::default()));
    for paused in [true, false, true] {
        update.run(&mut state, &text, Message::Train(TrainMessage::Pause(paused)));
    }
    let pause = |paused| Request::Train(TrainRequest::Pause(paused));
    assert_eq!(sent(&mut update), [pause(false), pause(true)]);
}
