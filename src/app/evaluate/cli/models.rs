//! `likeness eval compat` and `report`: several models beside each other.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::app::engine::cli::rate;
use crate::app::evaluate::cli::{Terminal, percent, print_outcome};
use crate::app::evaluate::job::compat::eval_compat;
use crate::app::evaluate::job::errata_file::ErrataFile;
use crate::app::evaluate::job::inputs::read_embeddings;
use crate::app::evaluate::job::overlay::eval_overlay;
use crate::app::evaluate::job::runs;
use crate::app::jobs::input_file::{ListFormat, read_pairs};
use crate::eval::Run;
use crate::eval::figures::PairFigures;

#[derive(Debug, Args)]
pub(crate) struct CompatArgs {
    /// LFW's list of pairs.
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    /// Embeddings of the old model.
    #[arg(long, value_name = "FILE")]
    old: PathBuf,
    /// Embeddings of the new model.
    #[arg(long, value_name = "FILE")]
    new: PathBuf,
    /// The false accept rate at which VAL is given.
    #[arg(long, default_value_t = 1e-3, value_name = "RATE", value_parser = rate::<f64>)]
    far: f64,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// Folders of finished runs of `eval lfw` or `eval pairs`.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

pub(crate) fn compat(terminal: &mut Terminal, args: &CompatArgs) -> Result<()> {
    // The list first: to read all embeddings takes longer.
    let list = read_pairs(&args.pairs, ListFormat::Lfw)?;
    let (old, new) = (read_embeddings(&args.old, None)?, read_embeddings(&args.new, None)?);
    let outcome = eval_compat(terminal.home, &old, &new, list, args.far, &mut |text| terminal.note(text))?;
    print_outcome(args.json, &outcome, &outcome.run, || {
        let [old, new, crossed] =
            [&outcome.old, &outcome.new, &outcome.new_against_old].map(|curve| percent(curve.val));
        format!("VAL at FAR {}: old {old}, new {new}, new against old {crossed}", args.far)
    })
}

pub(crate) fn report(terminal: &mut Terminal, args: &ReportArgs) -> Result<()> {
    let marks = ErrataFile::open(terminal.home)?;
    let runs: Vec<Run> = args.runs.iter().map(|run| runs::open(run, marks.marks())).collect::<Result<_>>()?;
    let outcome = eval_overlay(terminal.home, &runs, &mut |text| terminal.note(text))?;
    print_outcome(args.json, &outcome, &outcome.run, || {
        let line = |model: &PairFigures| {
            let (mean, se) = (percent(model.accuracy_mean), percent(model.accuracy_se));
            format!("{}: accuracy {mean} ± {se}, VAL {}", model.model, percent(model.val_mean))
        };
        let lines: Vec<String> = outcome.models.iter().map(line).collect();
        format!("{}\nPairs that all get wrong: {}", lines.join("\n"), outcome.wrong_by_all)
    })
}
