//! The Evaluate view's requests over the evaluation jobs: starting them, reading runs back, marks.

pub mod check;
pub mod convert;
pub mod past;
#[cfg(feature = "gui")]
pub mod pictures;
pub mod sample;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};

use crate::app::engine::networks::EngineOptions;
use crate::app::engine::progress::JobEvent;
use crate::app::engine::report::{Failed, JobKind, JobSummary, Report};
use crate::app::engine::shared::{Shared, Tasks, failure, lock};
use crate::app::engine::workers::LoadedNetworks;
use crate::app::evaluate::job::count::PairCounter;
use crate::app::evaluate::job::errata_file::{ErrataFile, mislabelled};
use crate::app::evaluate::job::folder::eval_folder;
use crate::app::evaluate::job::images::{ImageVariant, embed_images, labelled_images};
use crate::app::evaluate::job::inputs::{Faces, read_embeddings};
use crate::app::evaluate::job::library_faces::library_faces;
use crate::app::evaluate::job::pairs::{Arithmetic, ListFormat, PairsConfig, eval_images, eval_pairs};
use crate::app::evaluate::state::message::{EvaluateEvent, EvaluateRequest};
use crate::app::evaluate::state::rows::EvalRun;
use crate::app::evaluate::state::setup::{Setup, Subject};
use crate::eval::FarRule;
use crate::eval::lfw::{Centring, Options as Protocol};
use crate::types::{Cancel, error_chain};
use convert::Opened;

/// Runs whose pictures can be asked for; older ones are forgotten when others are opened.
const KEPT_OPEN: usize = 8;

/// Runs on show by their number, so that pictures of their pairs can be asked for.
#[derive(Default)]
pub struct OpenRuns {
    next: u32,
    runs: BTreeMap<u32, Arc<Opened>>,
}

impl OpenRuns {
    fn add(&mut self, opened: impl FnOnce(u32) -> Opened) -> Arc<Opened> {
        let number = self.next;
        self.next += 1;
        let opened = Arc::new(opened(number));
        self.runs.insert(number, opened.clone());
        while self.runs.len() > KEPT_OPEN {
            self.runs.pop_first();
        }
        opened
    }

    pub fn get(&self, number: u32) -> Option<Arc<Opened>> {
        self.runs.get(&number).cloned()
    }
}

/// Starts evaluations on the device's thread; answers all else on a quick one.
pub fn handle(tasks: &mut Tasks<'_, EvaluateEvent>, open: &Arc<Mutex<OpenRuns>>, request: EvaluateRequest) {
    match request {
        EvaluateRequest::Start(setup) => start(tasks, setup),
        EvaluateRequest::Check(run) => start_check(tasks, run),
        EvaluateRequest::LoadImage(key) => {
            let open = open.clone();
            tasks.in_background(move |shared, sink| {
                let picture = pictures::load(shared, &open, key).map_err(|error| error_chain(&error));
                sink.report(Report::Image(key, picture));
            });
        }
        quick => {
            let open = open.clone();
            tasks.in_background(move |shared, sink| match answer(shared, &open, quick) {
                Ok(event) => sink.send(event),
                Err(error) => sink.fail(Failed::Evaluation, &error),
            });
        }
    }
}

fn start(tasks: &mut Tasks<'_, EvaluateEvent>, setup: Setup) {
    let (job, cancel) = tasks.begin_job();
    tasks.run_job(job, move |shared, networks, sink| {
        let mut finished = Finished::default();
        let mut events = sink.reporter(job, JobKind::Evaluate);
        let outcome = run(shared, networks, &setup, &mut finished, &cancel, &mut events);
        // What was judged before a failure or a Cancel is a whole run.
        if !finished.runs.is_empty() {
            sink.send(EvaluateEvent::Finished(finished.runs));
        }
        sink.end(job, &cancel, outcome.map(|()| finished.summary));
    });
}

fn start_check(tasks: &mut Tasks<'_, EvaluateEvent>, run: PathBuf) {
    let (job, cancel) = tasks.begin_job();
    tasks.run_job(job, move |shared, networks, sink| {
        let found = check::run(shared, networks, &run, &cancel, &mut sink.reporter(job, JobKind::Check));
        sink.send(EvaluateEvent::Checked(run, found.map_err(|error| failure(Failed::Evaluation, &error))));
        sink.end(job, &cancel, Ok(JobSummary::default()));
    });
}

fn answer(shared: &Shared, open_runs: &Mutex<OpenRuns>, request: EvaluateRequest) -> Result<EvaluateEvent> {
    Ok(match request {
        EvaluateRequest::LoadRuns => EvaluateEvent::Runs(past::list(&shared.home)?),
        EvaluateRequest::LoadSample => EvaluateEvent::Sample(sample::load(shared)?),
        EvaluateRequest::OpenRuns(runs) => {
            let opened = runs.iter().map(|run| open(shared, open_runs, run)).collect::<Result<_>>()?;
            EvaluateEvent::Opened(runs, opened)
        }
        EvaluateRequest::Mark { run, a, b, same, mislabelled: wrong } => {
            let mut marks = ErrataFile::open(&shared.home)?;
            if wrong {
                marks.mark(&a, &b, mislabelled(same), "")?
            } else {
                marks.unmark(&a, &b)?
            }
            EvaluateEvent::Changed(open(shared, open_runs, &run)?)
        }
        EvaluateRequest::Start(_) | EvaluateRequest::Check(_) | EvaluateRequest::LoadImage(_) => {
            unreachable!("handled before")
        }
    })
}

/// Reads a run back and remembers it for its pictures.
fn open(shared: &Shared, open_runs: &Mutex<OpenRuns>, run: &Path) -> Result<Arc<EvalRun>> {
    let read = convert::read(&shared.home, run)?;
    let opened = lock(open_runs).add(|number| read.numbered(number));
    Ok(opened.shown.clone())
}

#[derive(Default)]
struct Finished {
    runs: Vec<PathBuf>,
    summary: JobSummary,
}

impl Finished {
    fn add(&mut self, run: PathBuf, pairs: u64, skipped: u64) {
        self.runs.push(run);
        self.summary.pairs += pairs;
        self.summary.skipped += skipped;
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
            let config = pairs_config(shared, setup)?;
            let run = eval_pairs(&shared.home, faces, None, &PairsConfig { crop: None, ..config }, &mut |text| {
                events(JobEvent::Note(text));
            })?;
            finished.add(run.outcome.run.clone(), run.outcome.pairs as u64, run.outcome.skipped as u64);
        }
        return Ok(());
    }
    for model in &setup.models {
        let options = EngineOptions { model: Some(model.0.clone()), ..shared.options() };
        match setup.subject {
            Subject::PairList => {
                let engine = networks.engine(&options, cancel, events)?;
                let run = eval_images(&shared.home, engine, &pairs_config(shared, setup)?, cancel, events)?;
                finished.add(run.outcome.run.clone(), run.outcome.pairs as u64, run.outcome.skipped as u64);
            }
            Subject::Folder => {
                let folder = setup.images.as_deref().context("no folder of images was chosen")?;
                let paths = labelled_images(folder)?;
                let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
                let engine = networks.engine(&options, cancel, events)?;
                let crop = setup.options.crop;
                let sets =
                    embed_images(&shared.home, engine, (folder, &paths), crop, &[ImageVariant::Plain], cancel, events)?;
                let faces = sets.into_iter().next().context("no image was embedded")?;
                every_pair(shared, &faces, setup, finished, cancel, events)?;
            }
            Subject::Library => {
                let faces = library_faces(&shared.home, model)?;
                every_pair(shared, &faces, setup, finished, cancel, events)?;
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
    finished: &mut Finished,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<()> {
    let note = &mut |text| events(JobEvent::Note(text));
    let counter = PairCounter::choose(&shared.options().device, faces.images.vectors.len(), note)?;
    let judged = eval_folder(&shared.home, faces, setup.options.far_target, &counter, cancel, note)?;
    finished.add(judged.run, judged.same_pairs + judged.different_pairs, judged.skipped as u64);
    Ok(())
}

fn pairs_config(shared: &Shared, setup: &Setup) -> Result<PairsConfig> {
    let list = setup.pairs.clone().context("no list of pairs was chosen")?;
    let is_csv = list.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    let options = &setup.options;
    Ok(PairsConfig {
        kind: if is_csv { "pairs" } else { "lfw" },
        format: if is_csv { ListFormat::Csv } else { ListFormat::Lfw },
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
