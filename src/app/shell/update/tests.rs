use super::*;
use crate::app::engine::facts::{People, TouchedFacts, Watching};
use crate::app::engine::progress::Progress;
use crate::app::engine::report::Matter;
use crate::app::photos::state::{Month, PhotoTile, Request as PhotosRequest, Timeline};
use crate::app::scan::job::{SCANNING, ScanSummary, Withheld};
use crate::app::shell::notices::NoticeKind;
use crate::app::train::state::Request as TrainRequest;
use crate::app::train::state::live::{LiveRun, RunStart};
use crate::app::ui::locale::Language;
use crate::app::{people, photos, scan};
use crate::library::PhotoFilter;
use crate::types::{PersonId, PhotoId, Revision};

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
    let tile = |id: &i64| PhotoTile { photo: PhotoId(*id), size: (4, 3), faces: Vec::new(), offline: None };
    let month = Month { year: 2024, month: 5, photos: photos.iter().map(tile).collect() };
    Timeline { months: vec![month], skipped: Vec::new() }
}

fn timeline_of(filter: PhotoFilter, timeline: Timeline) -> Event {
    Report::Own(Answer::Photos(photos::state::Event::Timeline(filter, timeline)))
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

/// Several answers are read beside each other, and the one that was asked for first may come last.
#[test]
fn a_page_of_before_a_change_does_not_take_the_place_of_one_of_after_it() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    let page = |seen, name: &str| people::job::PersonPage {
        seen: Revision(seen),
        person: PersonId(1),
        name: Some(name.into()),
        is_hidden: false,
        cover: None,
        is_cover_chosen: false,
        held: Vec::new(),
        suggested: Vec::new(),
        missing: Vec::new(),
        rejected: Vec::new(),
        apart: Vec::new(),
    };
    update.run(&mut state, &text, Message::Act(Action::Open(Page::Person(PersonId(1)))));
    for (seen, name, shown) in [(5, "Ada", "Ada"), (4, "Bo", "Ada"), (6, "Cleo", "Cleo")] {
        let event = people::state::Event::Person(page(seen, name));
        update.receive(&mut state, &text, Report::Own(Answer::People(event)));
        assert_eq!(state.people.person.ready().unwrap().name.as_deref(), Some(shown));
    }
    // Its user has put an older file in the library's place.
    update.receive(&mut state, &text, Report::ChangedElsewhere(Touched::everything()));
    let event = people::state::Event::Person(page(2, "Ada"));
    update.receive(&mut state, &text, Report::Own(Answer::People(event)));
    assert_eq!(state.people.person.ready().unwrap().name.as_deref(), Some("Ada"));
}

#[test]
fn people_of_before_a_change_are_asked_for_again() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    let people =
        |seen| Report::Own(Answer::Facts(Loaded::People(People { seen: Revision(seen), ..People::default() })));
    let touched = |seen, person: i64| {
        let people = vec![(PersonId(person), None)];
        let touched = TouchedFacts { seen: Revision(seen), people, ..TouchedFacts::default() };
        Report::Own(Answer::Facts(Loaded::Touched(touched)))
    };
    update.receive(&mut state, &text, people(5));
    update.receive(&mut state, &text, touched(7, 1));
    assert_eq!(sent(&mut update), [], "both are as new as can be");
    update.receive(&mut state, &text, touched(6, 2));
    let again = Touched { people: vec![PersonId(2)], ..Touched::default() };
    assert_eq!(sent(&mut update), [Request::LoadTouched(again)]);
    update.receive(&mut state, &text, people(6));
    assert_eq!(sent(&mut update), [Request::LoadPeople]);
    assert_eq!(state.facts.people.ready().unwrap().seen, Revision(5));
}

#[test]
fn arrows_stop_at_both_ends_of_the_timeline() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    update.receive(&mut state, &text, timeline_of(PhotoFilter::All, timeline(&[1, 2])));
    update.run(&mut state, &text, Message::Act(Action::Open(Page::Photo(PhotoId(1)))));
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
        update.tick(&mut state, &text, 100.0 + f64::from(tenth) / 10.0);
        let report = JobReport {
            job: JobId(1),
            kind: JobKind::SCAN,
            progress: Progress::at(SCANNING, tenth as u64, None, None),
        };
        update.receive(&mut state, &text, Report::Job(report));
        if tenth % 50 == 0 {
            assert_eq!(
                sent(&mut update),
                [Request::LoadOverview, Request::Photos(PhotosRequest::LoadGrowingTimeline(PhotoFilter::All))]
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
        update.run(&mut state, &text, Message::Train(crate::app::train::state::Message::Pause(paused)));
    }
    let pause = |paused| Request::Train(TrainRequest::Pause(paused));
    assert_eq!(sent(&mut update), [pause(false), pause(true)]);
}

/// Takes no long work.
struct Busy(Vec<Request>);

impl Backend for Busy {
    fn send(&mut self, request: Request) -> Result<(), Request> {
        if request.is_long() {
            return Err(request);
        }
        self.0.push(request);
        Ok(())
    }

    fn poll(&mut self) -> Option<Event> {
        None
    }
}

#[test]
fn reading_and_reviewing_go_on_while_long_jobs_wait() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    update.run(&mut state, &text, Message::Act(Action::Rescan));
    update.run(&mut state, &text, Message::Act(Action::Open(Page::Person(PersonId(1)))));
    update.run(&mut state, &text, Message::Act(Action::CancelJob(JobId(3))));
    update.run(&mut state, &text, Message::Act(Action::undo(&Default::default())));
    let mut busy = Busy(Vec::new());
    assert!(update.flush(&mut busy), "the scan waits");
    let load = Request::People(people::state::Request::LoadPerson(PersonId(1)));
    assert_eq!(busy.0[..2], [Request::Cancel(JobId(3)), load]);
    assert_eq!(busy.0.len(), 3, "and the decision was made");
    assert_eq!(sent(&mut update), [Request::Scan(crate::app::scan::state::Request::Scan(Vec::new()))]);
}

#[test]
fn people_are_read_once_for_many_changes() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    let loads = |update: &mut Update| sent(update).iter().filter(|r| **r == Request::LoadPeople).count();
    update.start(&mut state, &text);
    assert_eq!(loads(&mut update), 1);
    for _ in 0..5 {
        update.receive(&mut state, &text, Report::ChangedElsewhere(Touched::everything()));
    }
    assert_eq!(loads(&mut update), 0, "the first answer has not come yet");
    update.receive(&mut state, &text, Report::Own(Answer::Facts(Loaded::People(Default::default()))));
    assert_eq!(loads(&mut update), 1, "then they are read once more");
    update.receive(&mut state, &text, Report::Own(Answer::Facts(Loaded::People(Default::default()))));
    assert_eq!(loads(&mut update), 0);
}

/// A scan of folders that are not there tells nothing before its end; its question must not be lost.
#[test]
fn a_scan_that_told_nothing_before_its_end_asks_about_missing_photos() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    let withheld = Withheld { folder: "/photos".into(), gone: 9, of: 10 };
    let summary = ScanSummary { withheld: vec![withheld], ..ScanSummary::default() };
    let scanned = crate::app::scan::state::Event::Scanned(Box::new(summary));
    update.receive(&mut state, &text, Report::Own(Answer::Scan(scanned)));
    update.receive(&mut state, &text, Report::JobEnded(JobId(1), JobEnd::Done(JobKind::SCAN)));
    let accept = Action::AcceptMissing { folder: "/photos".into(), gone: 9 };
    let answers = state.notices.shown().iter().flat_map(|notice| &notice.actions);
    assert!(answers.into_iter().any(|offer| offer.action.as_ref() == Some(&accept)), "{:?}", state.notices.shown());
}

/// Settled on the command line, by a drive that is back, by a later scan: nobody is asked about what is over.
#[test]
fn a_question_goes_with_its_matter_and_gives_way_to_a_newer_one_about_the_same() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    let missing = |folder: &str| Matter::MissingPhotos(folder.into());
    for gone in [9, 8] {
        let withheld = ["/a", "/b"].map(|folder| Withheld { folder: folder.into(), gone, of: 10 }).to_vec();
        let summary = ScanSummary { withheld, ..ScanSummary::default() };
        update.receive(&mut state, &text, of_scan(scan::state::Event::Scanned(Box::new(summary))));
        update.receive(&mut state, &text, Report::JobEnded(JobId(1), JobEnd::Done(JobKind::SCAN)));
    }
    let asked = |state: &State| {
        let notices = state.notices.shown().iter().filter(|notice| notice.kind == NoticeKind::Asked);
        notices.map(|notice| (notice.id, notice.matter.clone().unwrap())).collect::<Vec<_>>()
    };
    let matters = |state: &State| asked(state).into_iter().map(|(_, matter)| matter).collect::<Vec<_>>();
    assert_eq!(matters(&state), [missing("/a"), missing("/b")], "as the last scan has found it");
    let checked = |update: &mut Update, state: &mut State, over: Vec<Matter>| {
        update.tick(state, &text, 1.0);
        let check = |asked| match asked {
            scan::state::Request::CheckQuestions(matters) => Some(matters),
            _ => None,
        };
        let checked = scan_asked(update).into_iter().filter_map(check).collect::<Vec<_>>();
        update.receive(state, &text, of_scan(scan::state::Event::Over(over)));
        checked
    };
    assert_eq!(checked(&mut update, &mut state, vec![missing("/a")]), [[missing("/a"), missing("/b")]]);
    assert_eq!(matters(&state), [missing("/b")]);
    let text = Locale::new(Language::English);
    update.receive(&mut state, &text, Report::ChangedElsewhere(Touched::everything()));
    assert_eq!(checked(&mut update, &mut state, Vec::new()), [[missing("/b")]], "something has changed");
    let (notice, _) = asked(&state)[0];
    update.run(&mut state, &text, Message::Dismiss(notice));
    update.receive(&mut state, &text, Report::ChangedElsewhere(Touched::everything()));
    assert_eq!(checked(&mut update, &mut state, Vec::new()), Vec::<Vec<Matter>>::new(), "it was left as it is");
}

fn scan_asked(update: &mut Update) -> Vec<scan::state::Request> {
    let of_scan = |request| match request {
        Request::Scan(request) => Some(request),
        _ => None,
    };
    sent(update).into_iter().filter_map(of_scan).collect()
}

fn of_scan(event: scan::state::Event) -> Event {
    Report::Own(Answer::Scan(event))
}

#[test]
fn what_is_noticed_waits_until_no_scan_runs_and_is_then_scanned_once() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    let progress = Progress::at(SCANNING, 1, None, None);
    let running = Report::Job(JobReport { job: JobId(1), kind: JobKind::SCAN, progress });
    update.receive(&mut state, &text, running);
    for path in ["/p/a.jpg", "/p/b.jpg", "/p/a.jpg"] {
        update.receive(&mut state, &text, of_scan(scan::state::Event::Touched(vec![path.into()])));
        update.tick(&mut state, &text, 1.0);
    }
    assert_eq!(scan_asked(&mut update), []);
    update.receive(&mut state, &text, Report::JobEnded(JobId(1), JobEnd::Cancelled));
    (0..3).for_each(|_| update.tick(&mut state, &text, 2.0));
    let touched = vec!["/p/a.jpg".into(), "/p/b.jpg".into()];
    let asked: Vec<_> =
        scan_asked(&mut update).into_iter().filter(|asked| *asked != scan::state::Request::Watch).collect();
    assert_eq!(asked, [scan::state::Request::ScanTouched(touched)]);
}

#[test]
fn where_a_scan_of_what_was_noticed_broke_off_is_looked_at_with_what_is_noticed_next() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    let mut noticed = |path: Option<&str>, ends: Option<JobEnd>| {
        if let Some(path) = path {
            update.receive(&mut state, &text, of_scan(scan::state::Event::Touched(vec![path.into()])));
        }
        update.tick(&mut state, &text, 1.0);
        if let Some(end) = ends {
            if matches!(end, JobEnd::Done(_)) {
                update.receive(&mut state, &text, of_scan(scan::state::Event::ScannedTouched(Box::default())));
            }
            update.receive(&mut state, &text, Report::JobEnded(JobId(1), end));
        }
        scan_asked(&mut update).into_iter().filter(|asked| *asked != scan::state::Request::Watch).collect::<Vec<_>>()
    };
    let asked = |paths: &[&str]| vec![scan::state::Request::ScanTouched(paths.iter().map(Into::into).collect())];
    assert_eq!(noticed(Some("/p/a.jpg"), Some(JobEnd::Cancelled)), asked(&["/p/a.jpg"]));
    assert_eq!(noticed(None, None), [], "who has cancelled it is not asked for it at once");
    assert_eq!(noticed(Some("/p/b.jpg"), Some(JobEnd::Done(JobKind::SCAN))), asked(&["/p/a.jpg", "/p/b.jpg"]));
    assert_eq!(noticed(Some("/p/c.jpg"), None), asked(&["/p/c.jpg"]));
}

/// A scan of what was noticed gives way to its user, and to a battery until the computer is plugged in.
#[test]
fn what_gave_way_is_scanned_later_and_not_on_battery() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    let watching = |on_battery| scan::state::Event::Watching(Watching { on_battery, ..Watching::default() });
    let mut after = |events: Vec<scan::state::Event>| {
        let has_ended = events.iter().any(|event| matches!(event, scan::state::Event::GaveWay { .. }));
        events.into_iter().for_each(|event| update.receive(&mut state, &text, of_scan(event)));
        if has_ended {
            update.receive(&mut state, &text, Report::JobEnded(JobId(1), JobEnd::Done(JobKind::SCAN)));
        }
        update.tick(&mut state, &text, 1.0);
        assert_eq!(state.notices.shown().len(), 0, "nobody has asked for it");
        scan_asked(&mut update).into_iter().filter(|asked| *asked != scan::state::Request::Watch).collect::<Vec<_>>()
    };
    let touched = || vec!["/p/a.jpg".into()];
    // Also where it broke off before it had done anything.
    let nothing = || ScanSummary { touched: Touched::everything(), ..ScanSummary::default() };
    let gave_way = || scan::state::Event::GaveWay { paths: touched(), summary: Box::new(nothing()) };
    let asked = [scan::state::Request::ScanTouched(touched())];
    assert_eq!(after(vec![scan::state::Event::Touched(touched())]), asked);
    assert_eq!(after(vec![gave_way()]), asked, "its user's act is done");
    assert_eq!(after(vec![watching(true), gave_way()]), []);
    assert_eq!(after(vec![watching(false)]), asked);
}

/// The scan that is done later finds it recorded.
#[test]
fn what_a_scan_has_recorded_before_it_gave_way_is_told() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    let summary = ScanSummary { lost_faces: 2, touched: Touched::everything(), ..ScanSummary::default() };
    let gave_way = scan::state::Event::GaveWay { paths: vec!["/p/a.jpg".into()], summary: Box::new(summary) };
    update.receive(&mut state, &text, of_scan(gave_way));
    update.receive(&mut state, &text, Report::JobEnded(JobId(1), JobEnd::Done(JobKind::SCAN)));
    let said: Vec<_> = state.notices.shown().iter().map(|notice| notice.text.clone()).collect();
    assert!(said.iter().any(|words| words.contains(&text.n("said_lost", 2))), "{said:?}");
}

/// What it recorded stays, and the next scan does not tell it again.
#[test]
fn what_a_scan_did_before_it_failed_is_told_beside_the_failure() {
    for (lost_faces, told) in [(2, 2), (0, 1)] {
        let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
        let progress = Progress::at(SCANNING, 1, None, None);
        let report = JobReport { job: JobId(1), kind: JobKind::SCAN, progress };
        update.receive(&mut state, &text, Report::Job(report));
        let summary = ScanSummary { lost_faces, ..ScanSummary::default() };
        update.receive(&mut state, &text, of_scan(scan::state::Event::BrokeOff(Box::new(summary))));
        let failure = Failure { what: Failed::Job, details: "the disk is full".to_owned() };
        update.receive(&mut state, &text, Report::JobEnded(JobId(1), JobEnd::Failed(failure)));
        let shown = state.notices.shown();
        assert_eq!(shown.len(), told, "{shown:?}");
        assert!(shown.iter().any(|notice| notice.kind == NoticeKind::Failed));
        let says = shown.iter().any(|notice| notice.text.contains(&text.n("said_lost", 2)));
        assert_eq!(says, lost_faces > 0, "{shown:?}");
    }
}

#[test]
fn an_interrupted_scan_goes_on_or_is_offered() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    let interrupted = |goes_on| {
        let scan = scan::job::InterruptedScan { folders: vec!["/photos".into()], came_further: goes_on };
        of_scan(scan::state::Event::Interrupted { scan, goes_on })
    };
    update.receive(&mut state, &text, interrupted(true));
    assert_eq!(scan_asked(&mut update), [scan::state::Request::Scan(vec!["/photos".into()])]);
    update.receive(&mut state, &text, interrupted(false));
    update.tick(&mut state, &text, 1.0);
    assert_eq!(scan_asked(&mut update), []);
    let offers = state.notices.shown().iter().flat_map(|notice| &notice.actions);
    let go_on = Action::Scan(vec!["/photos".into()]);
    assert!(offers.into_iter().any(|offer| offer.action.as_ref() == Some(&go_on)), "{:?}", state.notices.shown());
}

/// A scan that found nothing new leaves everything as it is shown, and one that grouped anew names whom.
#[test]
fn after_a_scan_only_what_it_touched_is_loaded_again() {
    let (mut update, mut state, text) = (Update::default(), State::default(), Locale::new(Language::English));
    let mut after = |touched: Touched| {
        let summary = ScanSummary { touched, ..ScanSummary::default() };
        update.receive(&mut state, &text, of_scan(scan::state::Event::Scanned(Box::new(summary))));
        update.receive(&mut state, &text, Report::JobEnded(JobId(1), JobEnd::Done(JobKind::SCAN)));
        let loads = |request: &Request| !matches!(request, Request::Scan(_));
        sent(&mut update).into_iter().filter(loads).collect::<Vec<_>>()
    };
    assert_eq!(after(Touched { folders: true, ..Touched::default() }), []);
    let people = Touched { people: vec![PersonId(3)], folders: true, ..Touched::default() };
    assert_eq!(after(people.clone()), [Request::LoadTouched(people)]);
    let photos = after(Touched { which_photos: true, ..Touched::default() });
    let timeline = Request::Photos(PhotosRequest::LoadTimeline(PhotoFilter::All));
    assert!(photos.contains(&Request::LoadOverview) && photos.contains(&timeline), "{photos:?}");
    assert!(!photos.contains(&Request::LoadPeople), "{photos:?}");
}
