//! Scans that the window asks for, and what it does without being asked: folders watched, a scan that goes on.

use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::Result;

use super::interrupted::{InterruptedScan, interrupted, note_begun, note_ended, note_going_on};
use super::over::OpenQuestions;
use super::presence::real_path;
use super::touched::{folders_around, worth_a_scan};
use super::watch::{FolderWatch, WatchNews};
use super::{BrokenScan, ScanChoices, ScanContext, ScanSummary, run};
use crate::app::engine::facts::Watching;
use crate::app::engine::progress::JobEvent;
use crate::app::engine::report::{Failed, JobId, JobKind, Matter, Report};
use crate::app::engine::scan_lock::{ScanLock, ScanRuns};
use crate::app::engine::shared::{FeatureJob, Shared, Sink, Tasks, lock};
use crate::app::engine::unasked::Ran;
use crate::app::engine::workers::LoadedNetworks;
use crate::app::jobs::by_itself;
use crate::library::LibraryError;
use crate::types::{Cancel, Touched};

#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Adds the folders to the library and looks for what is new in them; no folder means all known ones.
    Scan(Vec<PathBuf>),
    /// Looks at these paths in folders of the library, where something was noticed.
    ScanTouched(Vec<PathBuf>),
    /// Tries these files again, which were left out.
    TryAgain(Vec<PathBuf>),
    /// Watches the folders of the library, if its user wants that; again where these are others now.
    Watch,
    /// Looks for a scan that did not come to its end.
    FindInterrupted,
    /// Looks whether what is being asked about these is over.
    CheckQuestions(Vec<Matter>),
}

#[derive(Debug, Clone)]
pub enum Event {
    /// What a scan did, before its job ends.
    Scanned(Box<ScanSummary>),
    /// The same of one that nobody has asked for.
    ScannedTouched(Box<ScanSummary>),
    /// What a scan had done before it broke off, and before its job fails.
    BrokeOff(Box<ScanSummary>),
    Watching(Watching),
    /// Something was noticed at these paths.
    Touched(Vec<PathBuf>),
    /// Files beside photos may name other people by now.
    NamesTouched,
    /// A scan of these paths, which nobody has asked for, gave way: it is to be done later.
    GaveWay {
        paths: Vec<PathBuf>,
        /// What it had recorded, also where it broke off; the later one does not find that again.
        summary: Box<ScanSummary>,
    },
    Interrupted {
        scan: InterruptedScan,
        goes_on: bool,
    },
    /// Some time has gone by since it was looked whether what is being asked about is over.
    MayBeOver,
    /// Nothing is to be asked about these any more.
    Over(Vec<Matter>),
}

/// Scans on the device's thread. The watch ends with the window.
#[derive(Default)]
pub struct Job {
    watch: Mutex<Option<FolderWatch>>,
    questions: OpenQuestions,
}

impl FeatureJob for Job {
    type Request = Request;
    type Event = Event;

    fn handle(&self, tasks: &mut Tasks<'_, Event>, request: Request) {
        match request {
            Request::Scan(folders) => {
                // It looks at what was noticed, too.
                tasks.shared.unasked.give_way();
                start_scan(tasks, move |shared, scan| scan_asked(shared, scan, folders));
            }
            Request::ScanTouched(touched) => start_scan(tasks, move |shared, scan| {
                let gave_way = |summary| Event::GaveWay { paths: touched.clone(), summary: Box::new(summary) };
                match shared.unasked.run(scan.cancel, || scan_touched(shared, scan, touched.clone())) {
                    Ran::Done(outcome) => Ok(Event::ScannedTouched(Box::new(outcome?))),
                    // The later scan meets what broke it, too.
                    Ran::GaveWay(outcome) => Ok(gave_way(outcome.unwrap_or_else(|broken| broken.done))),
                    Ran::NotBegun => Ok(gave_way(ScanSummary::default())),
                }
            }),
            Request::TryAgain(files) => start_scan(tasks, move |shared, scan| {
                let folders = folders_of(shared, &files)?;
                let choices = ScanChoices { again: true, ..part_of_library(&files) };
                Ok(Event::Scanned(Box::new(scan_part(shared, scan, &folders, choices)?)))
            }),
            Request::Watch => self.watch(tasks),
            Request::FindInterrupted => tasks.at_length(|shared, sink| match find_interrupted(shared) {
                Ok(Some((scan, goes_on))) => sink.send(Event::Interrupted { scan, goes_on }),
                Ok(None) => {}
                Err(error) => sink.fail(Failed::Load, &error),
            }),
            Request::CheckQuestions(matters) => {
                lock(&self.watch).iter().for_each(|watch| watch.tell_time(!matters.is_empty()));
                let questions = self.questions.clone();
                tasks.at_length(move |shared, sink| sink.send(Event::Over(questions.over(matters, &shared.library))));
            }
        }
    }
}

impl Job {
    fn watch(&self, tasks: &Tasks<'_, Event>) {
        let mut watch = lock(&self.watch);
        if watch.is_none() {
            let sink = tasks.sink.clone();
            let tell = move |news| match news {
                WatchNews::Watching(watching) => sink.send(Event::Watching(watching)),
                WatchNews::Touched(paths) => sink.send(Event::Touched(paths)),
                WatchNews::NamesTouched => sink.send(Event::NamesTouched),
                WatchNews::TimePassed => sink.send(Event::MayBeOver),
                WatchNews::DriveGone => sink.report(Report::ChangedElsewhere(Touched::everything())),
            };
            match FolderWatch::start(tasks.shared, tell) {
                Ok(started) => *watch = Some(started),
                Err(error) => return tasks.sink.fail(Failed::Internal, &error),
            }
        }
        watch.iter().for_each(FolderWatch::check_again);
    }
}

/// A scan on the device's thread, as a job of the window.
struct WindowScan<'a> {
    shared: &'a Shared,
    networks: &'a mut LoadedNetworks,
    sink: &'a Sink<Event>,
    job: JobId,
    cancel: &'a Cancel,
}

/// Work that gave way was not cancelled by its user.
fn start_scan(
    tasks: &mut Tasks<'_, Event>,
    work: impl FnOnce(&Shared, WindowScan<'_>) -> Result<Event, BrokenScan> + Send + 'static,
) {
    let (job, cancel) = tasks.begin_job();
    tasks.run_job(job, move |shared, networks, sink| {
        let outcome = work(shared, WindowScan { shared, networks, sink, job, cancel: &cancel });
        shared.library_changed();
        let cancel = if matches!(outcome, Ok(Event::GaveWay { .. })) { Cancel::default() } else { cancel };
        let outcome = outcome.map(|event| sink.send(event)).map_err(|broken| {
            sink.send(Event::BrokeOff(Box::new(broken.done)));
            broken.error
        });
        sink.end(job, JobKind::SCAN, &cancel, outcome);
    });
}

impl WindowScan<'_> {
    fn of_folders(self, folders: &[PathBuf], choices: ScanChoices<'_>) -> Result<ScanSummary, BrokenScan> {
        let Self { shared, networks, sink, job, cancel } = self;
        let mut report = sink.reporter(job, JobKind::SCAN);
        let mut events = |event: JobEvent| {
            if matches!(event, JobEvent::Grouped) {
                shared.library_changed();
                sink.report(Report::ChangedElsewhere(Touched::everything()));
            }
            report(event);
        };
        let options = shared.options();
        let engine = networks.engine(&options, cancel, &mut events)?;
        shared.set_device(Some(engine.device().name.clone()));
        let (home, library, thumbnails) = (&shared.home, &shared.library, &shared.thumbnails);
        let context = ScanContext { home, options: &options, engine, library, thumbnails };
        let before = library.ask(|library| library.before_scan())?;
        let may_have_left_anything = |broken: BrokenScan| BrokenScan {
            done: ScanSummary { touched: Touched::everything(), ..broken.done },
            ..broken
        };
        let (mut summary, _) = run(folders, &choices, &context, cancel, &mut events).map_err(may_have_left_anything)?;
        match library.ask(|library| library.touched_since(&before)) {
            Ok(touched) => summary.note_touched(touched),
            Err(error) => return Err(may_have_left_anything(BrokenScan { done: summary, error })),
        }
        Ok(summary)
    }
}

/// The folders, or all of the library's where there are none.
fn scan_asked(shared: &Shared, scan: WindowScan<'_>, mut folders: Vec<PathBuf>) -> Result<Event, BrokenScan> {
    let of_library = folders.is_empty();
    if of_library {
        folders = shared.library.ask(|library| library.folder_places())?.into_iter().map(|(at, _)| at).collect();
    }
    note_begun(&shared.library, folders.clone())?;
    let outcome = scan.of_folders(&folders, ScanChoices { of_library, ..ScanChoices::default() });
    shared.names_changed().add(folders.iter().map(|folder| real_path(folder).unwrap_or(folder.clone())));
    // Cancelled by the window's end, it is to go on.
    if !shared.is_closing() {
        note_ended(&shared.library, folders)?;
    }
    Ok(Event::Scanned(Box::new(outcome?)))
}

/// Another scan may have been there since it was noticed: then there is nothing to do, unless one gave way before what it
/// had found was grouped.
fn scan_touched(shared: &Shared, scan: WindowScan<'_>, touched: Vec<PathBuf>) -> Result<ScanSummary, BrokenScan> {
    let (own, model) = (shared.home.own_folders(), shared.options().model_id());
    let touched = worth_a_scan(&shared.library, touched, &own)?;
    let folders = folders_around(&shared.library, &touched, &own)?;
    if folders.is_empty() && !shared.library.ask(|library| library.has_ungrouped_faces(&model))? {
        return Ok(ScanSummary::default());
    }
    scan_part(shared, scan, &folders, part_of_library(&touched))
}

/// The folders from which scans come to these files.
fn folders_of(shared: &Shared, files: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let own = shared.home.own_folders();
    let folders = folders_around(&shared.library, files, &own)?;
    match files.first() {
        Some(file) if folders.is_empty() => {
            Err(LibraryError::NoSuchFolder(file.parent().unwrap_or(file).to_owned()).into())
        }
        _ => Ok(folders),
    }
}

fn part_of_library(touched: &[PathBuf]) -> ScanChoices<'_> {
    ScanChoices { touched: Some(touched), of_library: true, ..ScanChoices::default() }
}

fn scan_part(
    shared: &Shared,
    scan: WindowScan<'_>,
    folders: &[PathBuf],
    choices: ScanChoices<'_>,
) -> Result<ScanSummary, BrokenScan> {
    let touched = choices.touched.unwrap_or_default().iter();
    let touched: Vec<PathBuf> = touched.map(|path| real_path(path).unwrap_or(path.clone())).collect();
    let noted = note_begun(&shared.library, folders.to_vec())?;
    let outcome = scan.of_folders(folders, choices);
    shared.names_changed().add(touched);
    if !shared.is_closing() {
        note_ended(&shared.library, noted)?;
    }
    outcome
}

/// What was interrupted, and whether it goes on by itself: if its user wants that, if there are networks to go on with, and
/// if it came further since it did so last.
fn find_interrupted(shared: &Shared) -> Result<Option<(InterruptedScan, bool)>> {
    // What another process is scanning was not interrupted.
    if ScanLock::take(&shared.home).is_err_and(|error| error.is::<ScanRuns>()) {
        return Ok(None);
    }
    let Some(scan) = interrupted(&shared.library)? else { return Ok(None) };
    let by_itself = shared.library.ask(by_itself::of_library)?;
    let goes_on = by_itself.goes_on && scan.came_further && shared.options().installed(&shared.home)?;
    if goes_on {
        note_going_on(&shared.library)?;
    }
    Ok(Some((scan, goes_on)))
}
