//! `likeness eval check`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::app::evaluate::cli::options::Pictures;
use crate::app::evaluate::cli::{Terminal, tell};
use crate::app::evaluate::job::check::{CheckConfig, CheckOutcome, eval_check};
use crate::app::evaluate::job::inputs::read_embeddings;
use crate::app::jobs::input_file::ListFormat;
use crate::types::{ChannelOrder, CropRule, FaceCrop, PixelScaling, Preprocessing};

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// LFW's list of pairs.
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    #[command(flatten)]
    pictures: Pictures,
    /// Embeddings of the same images from elsewhere: find out how they were made.
    #[arg(long, value_name = "FILE")]
    embeddings: Option<PathBuf>,
    /// How many pairs of each kind to look at.
    #[arg(long, default_value_t = 60, value_name = "COUNT")]
    sample: usize,
    /// How pixels were scaled, if not as the model says.
    #[arg(long, value_enum, value_name = "HOW")]
    used_scaling: Option<ScalingName>,
    /// The order of colours that was used, if not as the model says.
    #[arg(long, value_enum, value_name = "ORDER")]
    used_channels: Option<ChannelOrder>,
    /// How faces were cut, such as square:1.2, if not as the model says.
    #[arg(long, value_name = "RULE")]
    used_crop: Option<CropRule>,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScalingName {
    /// 0 to 255
    Raw,
    /// Divided by 255
    Unit,
    /// Less 127.5, divided by 128
    Fixed,
    /// Less the picture's mean, divided by its standard deviation
    PerImage,
}

pub fn run(terminal: &mut Terminal, args: CheckArgs) -> Result<()> {
    let outcome = terminal.evaluate(&args.pictures, |on| {
        let (home, cancel) = (on.home, on.cancel);
        let (engine, events) = on.engine()?;
        let given = args.embeddings.as_deref().map(|file| read_embeddings(file, None)).transpose()?;
        let config = CheckConfig {
            list: args.pairs.clone(),
            format: ListFormat::Lfw,
            crop: args.pictures.crop_or(FaceCrop::Central),
            images: args.pictures.images.clone().context("a check needs --images")?,
            pairs_a_kind: args.sample,
            seed: args.seed,
            used: Some(used(&args, engine.preprocessing())),
        };
        eval_check(home, engine, &config, given.as_ref(), cancel, events)
    })?;
    tell(args.json, &outcome, &outcome.run, || told(&outcome))
}

fn told(outcome: &CheckOutcome) -> String {
    let first = format!("{} pairs, {} skipped, d′ {:.2}", outcome.pairs, outcome.skipped, outcome.separation);
    if outcome.findings.is_empty() {
        return format!("{first}: nothing was found, no other way of preparing pictures does better");
    }
    let lines: Vec<String> =
        outcome.findings.iter().map(|finding| format!("{}\n  {}", finding.said, finding.fix)).collect();
    format!("{first}\n{}\nAs advised: d′ {:.2}", lines.join("\n"), outcome.separation_advised)
}

fn used(args: &CheckArgs, model: &Preprocessing) -> Preprocessing {
    let scaling = args.used_scaling.map_or(model.scaling, |name| match name {
        ScalingName::Raw => PixelScaling::Raw,
        ScalingName::Unit => PixelScaling::Unit,
        ScalingName::Fixed => PixelScaling::Fixed { mean: 127.5, divisor: 128.0 },
        ScalingName::PerImage => PixelScaling::PerImage,
    });
    let (channels, crop) = (args.used_channels.unwrap_or(model.channels), args.used_crop.unwrap_or(model.crop));
    Preprocessing { scaling, channels, crop, ..*model }
}
