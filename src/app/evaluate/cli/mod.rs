//! `likeness eval`: judge embeddings by the protocols of the literature.

pub mod bench;
pub mod check;
pub mod models;
pub mod options;
pub mod pairs;
pub mod sensitivity;
pub mod sets;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::app::engine::cli::Global;
use crate::app::engine::cli::console::{Console, end_on_ctrl_c, printable};
use crate::app::engine::cli::output;
use crate::app::engine::home::Home;
use crate::app::engine::networks::EngineOptions;
use crate::app::engine::progress::JobEvent;
use crate::app::engine::workers::LoadedNetworks;
use crate::app::evaluate::cli::options::Pictures;
use crate::app::evaluate::job::evaluation::EvaluationContext;
use crate::app::evaluate::job::present::{one_in_words, percent};
use crate::app::jobs::input_file::ListFormat;
use crate::app::jobs::options::resolve;
use crate::app::jobs::repeat::Repeat;
use crate::eval::figures::{PairFigures, SetFigures};
use crate::eval::{Figures, Run};
use crate::types::{Cancel, counted};

/// Judge a network: accuracy, VAL at a FAR, ROC, failures; each run leaves a folder with figures and a report
#[derive(Debug, Args)]
pub struct EvalArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// LFW's pairs.txt: the threshold for each fold comes from the others.
    Lfw(pairs::PairArgs),
    /// Any list of pairs, as CSV: first path, second path, 1 or 0, and optionally a fold.
    Pairs(pairs::PairArgs),
    /// Every pair of a folder with one sub-folder a person, or of the library's named faces.
    Folder(sets::FolderArgs),
    /// Pairs of videos, each a folder of frames (YouTube Faces protocol).
    Video(sets::VideoArgs),
    /// Whether a new model's embeddings can be compared with an old one's.
    Compat(models::CompatArgs),
    /// How well clustering finds the people of a folder, at every threshold.
    Clusters(sets::ClusterArgs),
    /// VAL while one thing varies: JPEG, size, blur, occlusion, rotation, dimensions, networks.
    Sensitivity(sensitivity::SensitivityArgs),
    /// Why a score is low: crop margin, pixel scaling, channel order, alignment, skipped pairs, each by measuring.
    Check(check::CheckArgs),
    /// Several finished runs on one page.
    Report(models::ReportArgs),
}

/// `repeat` trains, for studies that need it.
pub fn run(home: &Home, global: &Global, args: EvalArgs, repeat: Repeat) -> Result<ExitCode> {
    let (cancel, console, networks) = (end_on_ctrl_c()?, Console::new(), LoadedNetworks::new(home.clone()));
    let mut terminal = Terminal { home, global, cancel, console, networks, repeat };
    match args.what {
        What::Lfw(args) => pairs::run(&mut terminal, args, ListFormat::Lfw)?,
        What::Pairs(args) => pairs::run(&mut terminal, args, ListFormat::Csv)?,
        What::Folder(args) => sets::folder(&mut terminal, &args)?,
        What::Video(args) => sets::video(&mut terminal, args)?,
        What::Compat(args) => models::compat(&mut terminal, &args)?,
        What::Clusters(args) => sets::clusters(&mut terminal, &args)?,
        What::Sensitivity(args) => sensitivity::run(&mut terminal, args)?,
        What::Check(args) => check::run(&mut terminal, args)?,
        What::Report(args) => models::report(&mut terminal, &args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What every evaluation needs beside its own options.
pub(crate) struct Terminal<'a> {
    home: &'a Home,
    global: &'a Global,
    cancel: Cancel,
    console: Console,
    networks: LoadedNetworks,
    repeat: Repeat,
}

impl Terminal<'_> {
    /// Does what a subcommand composes, and ends the progress line.
    fn evaluate<T>(
        &mut self,
        pictures: &Pictures,
        work: impl FnOnce(&mut EvaluationContext<'_>) -> Result<T>,
    ) -> Result<T> {
        let options = self.options(pictures)?;
        let console = &mut self.console;
        let events = &mut |event| console.show(event);
        let (home, networks, cancel) = (self.home, &mut self.networks, &self.cancel);
        let outcome = work(&mut EvaluationContext { home, networks, options, cancel, events });
        self.console.close();
        outcome
    }

    fn options(&self, pictures: &Pictures) -> Result<EngineOptions> {
        resolve(self.home, pictures.engine_options(self.global.device()?))
    }

    fn note(&mut self, text: String) {
        self.console.show(JobEvent::Note(text));
    }
}

fn print_outcome<T: Serialize>(json: bool, outcome: &T, run: &Path, text: impl FnOnce() -> String) -> Result<()> {
    if json {
        return output::pretty_json(outcome);
    }
    output::line(format!("{}\nReport: {}", text(), printable(&run.join("report.html"))))
}

/// The figures of a run: as an object with `--json`, else in words.
fn print_run(json: bool, run: &Run) -> Result<()> {
    print_outcome(json, &run.figures, &run.row.run, || match &run.figures {
        Figures::Pairs(figures) => format!("{}\n{}", pairs_text(figures), plainly(run, figures)),
        Figures::EveryPair(figures) => set_text(figures),
    })
}

fn pairs_text(figures: &PairFigures) -> String {
    format!(
        "Accuracy {} ± {} (s.e., {} s.d.), VAL {} ± {} at FAR {} (measured {}), AUC {:.5}; {}, {} skipped",
        percent(figures.accuracy_mean),
        percent(figures.accuracy_se),
        percent(figures.accuracy_sd),
        percent(figures.val_mean),
        percent(figures.val_se),
        figures.far_target,
        percent(figures.far_mean),
        figures.auc,
        counted(figures.pairs, "pair", "pairs"),
        figures.skipped
    )
}

fn plainly(run: &Run, figures: &PairFigures) -> String {
    let point = run.roc.at(run.threshold());
    let words = |share, of| one_in_words(share).unwrap_or_else(|| format!("none in {of}"));
    let doubted = figures.without_errata.as_ref().map_or(String::new(), |without| {
        let (mean, se) = (percent(without.accuracy_mean), percent(without.accuracy_se));
        let pairs = counted(without.doubted_pairs, "pair", "pairs");
        format!("\nWithout {pairs} whose label is doubted: accuracy {mean} ± {se}")
    });
    let (wrong, misses) = (words(point.far, run.roc.different), words(1.0 - point.val, run.roc.same));
    format!("At threshold {:.3}: wrong matches {wrong}; misses {misses}{doubted}", point.threshold)
}

fn set_text(figures: &SetFigures) -> String {
    let spread = figures.val_se.map_or(String::new(), |se| format!(" ± {} (s.e. over splits)", percent(se)));
    format!(
        "VAL {}{spread} at FAR {} over {} of one person and {} of different people, AUC {:.5}; {} skipped",
        percent(figures.val_mean.unwrap_or(figures.val.val)),
        figures.far_target,
        counted(figures.same_pairs as usize, "pair", "pairs"),
        figures.different_pairs,
        figures.auc,
        figures.skipped
    )
}
