//! The Evaluate view's requests over the evaluation jobs: starting them, reading runs back, marks.

mod check;
mod pictures;
mod sample;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};

use crate::app::engine::facts::DistanceSample;
use crate::app::engine::picture::ImageKey;
use crate::app::engine::progress::JobEvent;
use crate::app::engine::report::{Failed, Failure, JobKind, Report};
use crate::app::engine::shared::{FeatureJob, Shared, Tasks, failure, lock};
use crate::app::engine::workers::LoadedNetworks;
use crate::app::evaluate::job::checked::Checked;
use crate::app::evaluate::job::errata_file::{ErrataFile, mislabelled};
use crate::app::evaluate::job::evaluation::{EmbeddingsFile, EvaluationContext, FacesFrom};
use crate::app::evaluate::job::pairs_config::PairsConfig;
use crate::app::evaluate::job::runs;
use crate::app::evaluate::job::setup::{EvaluationSetup, Subject};
use crate::app::jobs::input_file::ListFormat;
use crate::eval::Run;
use crate::eval::lfw::{Centring, LfwOptions};
use crate::eval::run::RunRow;
use crate::types::{Cancel, error_chain};

const EVALUATION_FAILED: Failed = Failed::Own("failed_evaluation");

pub const EVALUATE: JobKind = JobKind("evaluate");
/// Finding out why a score is low.
pub(crate) const CHECK: JobKind = JobKind("check");

/// Whole runs of one evaluation.
#[derive(Debug, Clone, Default)]
pub struct FinishedRuns {
    pub runs: Vec<Arc<Run>>,
    /// Pairs that were judged, and that were left out.
    pub pairs: u64,
    pub skipped: u64,
}

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

/// What is asked of the jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    LoadRuns,
    /// A picture of an opened run.
    LoadImage(ImageKey),
    /// Distances of known pairs under the model in use, for the scale of the Compare view.
    LoadSample,
    OpenRuns(Vec<PathBuf>),
    Start(EvaluationSetup),
    Check(PathBuf),
    Mark {
        run: PathBuf,
        a: String,
        b: String,
        same: bool,
        mislabelled: bool,
    },
}

/// What came back.
#[derive(Debug, Clone)]
pub enum Event {
    Runs(Vec<RunRow>),
    Sample(Option<DistanceSample>),
    /// For the folders that were asked for.
    Opened(Vec<PathBuf>, Vec<Arc<Run>>),
    /// What an evaluation judged, before its job ends.
    Finished(FinishedRuns),
    /// A run was read again, because marks changed.
    Changed(Arc<Run>),
    Checked(PathBuf, Result<Checked, Failure>),
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
            Request::Start(setup) => start(tasks, self.open.clone(), setup),
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
                    Err(error) => sink.fail(EVALUATION_FAILED, &error),
                });
            }
        }
    }
}

fn start(tasks: &mut Tasks<'_, Event>, open: Arc<Mutex<OpenRuns>>, setup: EvaluationSetup) {
    let (job, cancel) = tasks.begin_job();
    tasks.run_job(job, move |shared, networks, sink| {
        let mut finished = FinishedRuns::default();
        let mut events = sink.reporter(job, EVALUATE);
        let outcome = run(shared, networks, &setup, &mut |run| finished.add(run, &open), &cancel, &mut events);
        // What was judged before a failure or a Cancel is a whole run.
        if !finished.runs.is_empty() {
            sink.send(Event::Finished(finished));
        }
        sink.end(job, EVALUATE, &cancel, outcome);
    });
}

fn start_check(tasks: &mut Tasks<'_, Event>, run: PathBuf) {
    let (job, cancel) = tasks.begin_job();
    tasks.run_job(job, move |shared, networks, sink| {
        let found = check::run(shared, networks, &run, &cancel, &mut sink.reporter(job, CHECK));
        sink.send(Event::Checked(run, found.map_err(|error| failure(EVALUATION_FAILED, &error))));
        sink.end(job, CHECK, &cancel, Ok(()));
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

impl FinishedRuns {
    fn add(&mut self, run: Run, open: &Mutex<OpenRuns>) {
        self.pairs += run.row.pairs;
        self.skipped += run.row.skipped;
        self.runs.push(lock(open).add(run));
    }
}

fn run(
    shared: &Shared,
    networks: &mut LoadedNetworks,
    setup: &EvaluationSetup,
    finished: &mut dyn FnMut(Run),
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<()> {
    let mut on = EvaluationContext { home: &shared.home, networks, options: shared.options(), cancel, events };
    if setup.subject == Subject::Embeddings {
        for path in &setup.embeddings {
            let file = EmbeddingsFile::at(path.clone());
            finished(on.judge_pairs(Some(&file), &pairs_config(shared, setup)?)?);
        }
        return Ok(());
    }
    for model in &setup.models {
        on.options.model = Some(model.0.clone());
        let from = match setup.subject {
            Subject::PairList => {
                finished(on.judge_pairs(None, &pairs_config(shared, setup)?)?);
                continue;
            }
            Subject::Folder => {
                let folder = setup.images.clone().context("no folder of images was chosen")?;
                FacesFrom::Images { folder, crop: setup.options.crop }
            }
            Subject::Library => FacesFrom::Library,
            Subject::Embeddings => unreachable!("ready embeddings need no model"),
        };
        let faces = on.faces(&from)?;
        finished(on.judge_every_pair(&faces, setup.options.far_target)?);
    }
    Ok(())
}

fn pairs_config(shared: &Shared, setup: &EvaluationSetup) -> Result<PairsConfig> {
    let list = setup.pairs.clone().context("no list of pairs was chosen")?;
    let format = ListFormat::of(&list);
    let options = &setup.options;
    Ok(PairsConfig {
        threshold_from: setup.threshold_from.clone(),
        crop: Some(options.crop),
        images: setup.images.clone(),
        mirror: options.mirror,
        options: LfwOptions {
            metric: options.metric,
            centring: Centring::of_other_folds(options.subtract_mean),
            far_target: options.far_target,
            ..LfwOptions::default()
        },
        ..PairsConfig::of(list, format, &shared.home)
    })
}
