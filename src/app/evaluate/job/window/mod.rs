//! The Evaluate view's requests over the evaluation jobs: starting them, reading runs back, marks.

mod check;
mod pictures;
mod sample;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};

use crate::app::engine::networks::EngineOptions;
use crate::app::engine::progress::JobEvent;
use crate::app::engine::report::{Failed, JobSummary, Report};
use crate::app::engine::shared::{FeatureJob, Shared, Tasks, failure, lock};
use crate::app::engine::workers::LoadedNetworks;
use crate::app::evaluate::job::count::PairCounter;
use crate::app::evaluate::job::errata_file::{ErrataFile, mislabelled};
use crate::app::evaluate::job::folder::eval_folder;
use crate::app::evaluate::job::images::{embed_plain, labelled_images};
use crate::app::evaluate::job::inputs::{Faces, ListFormat, read_embeddings};
use crate::app::evaluate::job::library_faces::library_faces;
use crate::app::evaluate::job::pairs::{PairsConfig, eval_images, eval_pairs};
use crate::app::evaluate::job::runs;
use crate::app::evaluate::state::setup::{Setup, Subject};
use crate::app::evaluate::state::{CHECK, EVALUATE, Event, Request};
use crate::eval::figures::Arithmetic;
use crate::eval::lfw::{Centring, Options as Protocol};
use crate::eval::{FarRule, Run};
use crate::types::{Cancel, error_chain};

/// Runs whose pictures can be asked for; older ones are forgotten when others are opened.
const KEPT_OPEN: usize = 8;

/// Runs on show by their number, so that pictures of their pairs can be asked for.
#[derive(Default)]
pub struct OpenRuns {
    next: u32,
    runs: BTreeMap<u32, Arc<Run>>,
}

impl OpenRuns {
    fn add(&mut self, run: Run) -> Arc<Run> {
        let number = self.next;
        self.next += 1;
        let run = Arc::new(Run { number, ..run });
        self.runs.insert(number, run.clone());
        while self.runs.len() > KEPT_OPEN {
            self.runs.pop_first();
        }
        run
    }

    fn get(&self, number: u32) -> Option<Arc<Run>> {
        self.runs.get(&number).cloned()
    }
}

/// Starts evaluations on the device's thread; answers all else on a quick one.
#[derive(Default)]
pub struct Job {
    /// Evaluations on show, for their pictures.
    open: Arc<Mutex<OpenRuns>>,
}

impl FeatureJob for Job {
    type Request = Request;
    type Event = Event;

    fn handle(&self, tasks: &mut Tasks<'_, Event>, request: Request) {
        match request {
            Request::Start(setup) => start(tasks, setup),
            Request::Check(run) => start_check(tasks, run),
            Request::LoadImage(key) => {
                let open = self.open.clone();
                tasks.in_background(move |shared, sink| {
                    let picture = pictures::load(shared, &open, key).map_err(|error| error_chain(&error));
                    sink.report(Report::Image(key, picture));
                });
            }
            quick => {
                let open = self.open.clone();
                tasks.in_background(move |shared, sink| match answer(shared, &open, quick) {
                    Ok(event) => sink.send(event),
                    Err(error) => sink.fail(Failed::Evaluation, &error),
                });
            }
        }
    }
}

fn start(tasks: &mut Tasks<'_, Event>, setup: Setup) {
    let (job, cancel) = tasks.begin_job();
    tasks.run_job(job, move |shared, networks, sink| {
        let mut finished = Finished::default();
        let mut events = sink.reporter(job, EVALUATE);
        let outcome = run(shared, networks, &setup, &mut finished, &cancel, &mut events);
        // What was judged before a failure or a Cancel is a whole run.
        if !finished.runs.is_empty() {
            sink.send(Event::Finished(finished.runs));
        }
        sink.end(job, &cancel, outcome.map(|()| finished.summary));
    });
}

fn start_check(tasks: &mut Tasks<'_, Event>, run: PathBuf) {
    let (job, cancel) = tasks.begin_job();
    tasks.run_job(job, move |shared, networks, sink| {
        let found = check::run(shared, networks, &run, &cancel, &mut sink.reporter(job, CHECK));
        sink.send(Event::Checked(run, found.map_err(|error| failure(Failed::Evaluation, &error))));
        sink.end(job, &cancel, Ok(JobSummary::default()));
    });
}

fn answer(shared: &Shared, open_runs: &Mutex<OpenRuns>, request: Request) -> Result<Event> {
    Ok(match request {
        Request::LoadRuns => Event::Runs(runs::list(&shared.home)?),
        Request::LoadSample => Event::Sample(sample::load(shared)?),
        Request::OpenRuns(runs) => {
            let opened = runs.iter().map(|run| open(shared, open_runs, run)).collect::<Result<_>>()?;
            Event::Opened(runs, opened)
        }
        Request::Mark { run, a, b, same, mislabelled: wrong } => {
            let mut marks = ErrataFile::open(&shared.home)?;
            if wrong {
                marks.mark(&a, &b, mislabelled(same), "")?
            } else {
                marks.unmark(&a, &b)?
            }
            Event::Changed(open(shared, open_runs, &run)?)
        }
        Request::Start(_) | Request::Check(_) | Request::LoadImage(_) => {
            unreachable!("handled before")
        }
    })
}

/// Reads a run back and remembers it for its pictures.
fn open(shared: &Shared, open_runs: &Mutex<OpenRuns>, run: &Path) -> Result<Arc<Run>> {
    let run = runs::open(run, ErrataFile::open(&shared.home)?.marks())?;
    Ok(lock(open_runs).add(run))
}

#[derive(Default)]
struct Finished {
    runs: Vec<PathBuf>,
    summary: JobSummary,
}

impl Finished {
    fn add(&mut self, run: Run) {
        self.runs.push(run.row.run);
        self.summary.pairs += run.row.pairs;
        self.summary.skipped += run.row.skipped;
    }
}

fn run(
    shared: &Shared,
    networks: &mut LoadedNetworks,
    setup: &Setup,
    finished: &mut Finished,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<()> {
    if setup.subject == Subject::Embeddings {
        for file in &setup.embeddings {
            let faces = read_embeddings(file, path_list(file).as_deref())?;
            let config = PairsConfig { crop: None, ..pairs_config(shared, setup)? };
            finished.add(eval_pairs(&shared.home, faces, None, &config, &mut |text| events(JobEvent::Note(text)))?);
        }
        return Ok(());
    }
    for model in &setup.models {
        let options = EngineOptions { model: Some(model.0.clone()), ..shared.options() };
        match setup.subject {
            Subject::PairList => {
                let engine = networks.engine(&options, cancel, events)?;
                finished.add(eval_images(&shared.home, engine, &pairs_config(shared, setup)?, cancel, events)?);
            }
            Subject::Folder => {
                let folder = setup.images.as_deref().context("no folder of images was chosen")?;
                let engine = networks.engine(&options, cancel, events)?;
                let images = (folder, &labelled_images(folder)?[..]);
                let faces = embed_plain(&shared.home, engine, images, setup.options.crop, cancel, events)?;
                finished.add(every_pair(shared, &faces, setup, cancel, events)?);
            }
            Subject::Library => {
                let faces = library_faces(&shared.home, model)?;
                finished.add(every_pair(shared, &faces, setup, cancel, events)?);
            }
            Subject::Embeddings => unreachable!("ready embeddings need no model"),
        }
    }
    Ok(())
}

fn every_pair(
    shared: &Shared,
    faces: &Faces,
    setup: &Setup,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<Run> {
    let note = &mut |text| events(JobEvent::Note(text));
    let counter = PairCounter::choose(&shared.options().device, faces.images.vectors.len(), note)?;
    eval_folder(&shared.home, faces, setup.options.far_target, &counter, cancel, note)
}

fn pairs_config(shared: &Shared, setup: &Setup) -> Result<PairsConfig> {
    let list = setup.pairs.clone().context("no list of pairs was chosen")?;
    let format = ListFormat::of(&list);
    let options = &setup.options;
    Ok(PairsConfig {
        kind: if format == ListFormat::Csv { "pairs" } else { "lfw" },
        format,
        list,
        threshold_from: setup.threshold_from.clone(),
        errata: shared.home.label_errata(),
        crop: Some(options.crop),
        images: setup.images.clone(),
        mirror: options.mirror,
        arithmetic: Arithmetic::Exact,
        options: Protocol {
            metric: options.metric,
            centring: if options.subtract_mean { Centring::OtherFolds } else { Centring::None },
            far_target: options.far_target,
            far_rule: FarRule::Interpolated,
        },
    })
}

/// The list of paths that belongs to a NumPy array: a text file of the same name beside it.
fn path_list(file: &Path) -> Option<PathBuf> {
    Some(file.with_extension("txt")).filter(|list| list.is_file())
}
