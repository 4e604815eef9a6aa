//! `likeness eval sensitivity`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::app::engine::cli::{Global, at_least_one, rate, usage};
use crate::app::evaluate::cli::options::{Pictures, refuse_beside_embeddings, refuse_images_beside_embeddings};
use crate::app::evaluate::cli::{Terminal, percent, print_outcome};
use crate::app::evaluate::job::evaluation::StudyFrom;
use crate::app::evaluate::job::sensitivity::SensitivityConfig;
use crate::eval::sensitivity::{Study, StudyRow};
use crate::types::FaceCrop;

#[derive(Debug, Args)]
pub(crate) struct SensitivityArgs {
    /// What varies.
    #[arg(value_enum)]
    study: Study,
    /// LFW's list of pairs.
    #[arg(long, value_name = "FILE", required_unless_present = "train_run")]
    pairs: Option<PathBuf>,
    /// For dimensions: ready embeddings instead of images.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["images", "train_run"])]
    embeddings: Option<PathBuf>,
    /// For training-images and dimensions: a finished training run that is repeated at each level.
    #[arg(long, value_name = "RUN", requires = "levels")]
    train_run: Option<PathBuf>,
    /// With --train-run: pictures of each person, or dimensions.
    #[arg(long, value_name = "N,N", value_delimiter = ',', value_parser = at_least_one::<usize>)]
    levels: Vec<usize>,
    #[command(flatten)]
    pictures: Pictures,
    /// The false accept rate at which VAL is given, if not 0.001.
    #[arg(long, value_name = "RATE", value_parser = rate::<f64>)]
    far: Option<f64>,
    /// Only so many pairs of each kind in each fold.
    #[arg(long, value_name = "COUNT", value_parser = at_least_one::<usize>)]
    pairs_a_fold: Option<usize>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

const FAR: f64 = 1e-3;

impl SensitivityArgs {
    fn refuse_idle(&self, global: &Global) -> Result<()> {
        self.pictures.refuse_idle()?;
        let of_dimensions = self.embeddings.is_none() || self.study == Study::Dimensions;
        usage(of_dimensions, "--embeddings have an effect on the study of dimensions alone")?;
        refuse_beside_embeddings(self.embeddings.is_some(), &self.pictures, global)?;
        refuse_images_beside_embeddings(self.embeddings.is_some(), &self.pictures)?;
        let may_train = matches!(self.study, Study::Dimensions | Study::TrainingImages);
        usage(
            self.train_run.is_none() || may_train,
            "--train-run has an effect on dimensions and training-images alone",
        )?;
        usage(self.levels.is_empty() || self.train_run.is_some(), "--levels has no effect without --train-run")?;
        let says_what_to_judge = self.pairs.is_some()
            || self.embeddings.is_some()
            || self.pictures.images.is_some()
            || self.pictures.says_how_to_embed()
            || self.far.is_some()
            || self.pairs_a_fold.is_some();
        usage(
            self.train_run.is_none() || !says_what_to_judge,
            "a run that --train-run repeats is judged as it was: --pairs, --embeddings, --images, --far and options of \
             pictures have no effect on it",
        )
    }
}

pub(crate) fn run(terminal: &mut Terminal, args: SensitivityArgs) -> Result<()> {
    args.refuse_idle(terminal.global)?;
    let config = SensitivityConfig {
        study: args.study,
        list: args.pairs.unwrap_or_default(),
        crop: args.pictures.crop_or(FaceCrop::Central),
        images: args.pictures.images.clone().unwrap_or_default(),
        far_target: args.far.unwrap_or(FAR),
        pairs_a_fold: args.pairs_a_fold,
    };
    let from = match (args.train_run, args.embeddings) {
        (Some(run), _) => StudyFrom::TrainingRun { run, levels: args.levels, repeat: terminal.repeat },
        (None, Some(file)) => StudyFrom::Embeddings(file),
        (None, None) => StudyFrom::Pictures,
    };
    let outcome = terminal.evaluate(&args.pictures, |on| on.study(&config, &from))?;
    print_outcome(args.json, &outcome, &outcome.run, || {
        let row = |row: &StudyRow| {
            let name = row.name.as_deref().unwrap_or_default();
            format!("{:>8}  VAL {}  {name}", row.level, percent(row.measured.val)).trim_end().to_owned()
        };
        let rows: Vec<String> = outcome.rows.iter().map(row).collect();
        format!("{}\n{}", config.study.label(), rows.join("\n"))
    })
}
