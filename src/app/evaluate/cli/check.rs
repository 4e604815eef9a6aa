//! `likeness eval check`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::app::engine::cli::{WrongUsage, at_least_one, seed};
use crate::app::evaluate::cli::options::Pictures;
use crate::app::evaluate::cli::{Terminal, print_outcome};
use crate::app::evaluate::job::check::{CheckConfig, CheckOutcome};
use crate::app::evaluate::job::evaluation::EmbeddingsFile;
use crate::types::{ChannelOrder, CropRule, PixelScaling, Preprocessing, counted};

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// A list of pairs: LFW's, or a CSV.
    #[arg(long, value_name = "FILE")]
    pairs: PathBuf,
    #[command(flatten)]
    pictures: Pictures,
    /// Embeddings of the same images from elsewhere: find out how they were made.
    #[arg(long, value_name = "FILE")]
    embeddings: Option<PathBuf>,
    /// How many pairs of each kind to look at, if not 120.
    #[arg(long, value_name = "COUNT", value_parser = at_least_one::<usize>)]
    sample: Option<usize>,
    /// How pixels were scaled, if not as the model says: raw, unit (divided by 255), per-image, fixed or
    /// fixed:MEAN,DIVISOR.
    #[arg(long, value_name = "HOW")]
    used_scaling: Option<PixelScaling>,
    /// The order of colours that was used, if not as the model says.
    #[arg(long, value_enum, value_name = "ORDER")]
    used_channels: Option<ChannelOrder>,
    /// How faces were cut, such as square:1.2, if not as the model says.
    #[arg(long, value_name = "RULE")]
    used_crop: Option<CropRule>,
    #[arg(long, value_parser = seed)]
    seed: Option<u64>,
    /// Print one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(terminal: &mut Terminal, args: CheckArgs) -> Result<()> {
    let config = config(&args)?;
    let ready = args.embeddings.clone().map(EmbeddingsFile::at);
    let outcome =
        terminal.evaluate(&args.pictures, |on| on.check_pairs(ready.as_ref(), &config, |own| used(&args, own)))?;
    print_outcome(args.json, &outcome, &outcome.run, || text_of(&outcome))
}

fn config(args: &CheckArgs) -> Result<CheckConfig> {
    args.pictures.refuse_idle()?;
    let images = args.pictures.images.clone().ok_or(WrongUsage("a check needs --images"))?;
    let usual = CheckConfig::of(args.pairs.clone(), images);
    Ok(CheckConfig {
        crop: args.pictures.crop_or(usual.crop),
        pairs_a_kind: args.sample.unwrap_or(usual.pairs_a_kind),
        seed: args.seed.unwrap_or(usual.seed),
        ..usual
    })
}

fn text_of(outcome: &CheckOutcome) -> String {
    let pairs = counted(outcome.pairs, "pair", "pairs");
    let first = format!("{pairs}, {} skipped, d′ {:.2}", outcome.skipped, outcome.separation);
    if outcome.findings.is_empty() {
        return format!("{first}: nothing was found, no other way of preparing pictures does better");
    }
    let lines: Vec<String> =
        outcome.findings.iter().map(|finding| format!("{}\n  {}", finding.sentence, finding.fix)).collect();
    format!("{first}\n{}\nAs advised: d′ {:.2}", lines.join("\n"), outcome.separation_advised)
}

fn used(args: &CheckArgs, model: &Preprocessing) -> Preprocessing {
    let scaling = args.used_scaling.unwrap_or(model.scaling);
    let (channels, crop) = (args.used_channels.unwrap_or(model.channels), args.used_crop.unwrap_or(model.crop));
    Preprocessing { scaling, channels, crop, ..*model }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::types::FaceCrop;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        args: CheckArgs,
    }

    fn asked(options: &str) -> CheckConfig {
        let line = format!("check {options}");
        config(&Alone::try_parse_from(line.split_whitespace()).unwrap().args).unwrap()
    }

    #[test]
    fn a_check_of_which_nothing_else_is_said_is_the_windows() {
        for list in ["pairs.txt", "pairs.csv"] {
            let usual = CheckConfig::of(list.into(), "faces".into());
            assert_eq!(asked(&format!("--pairs {list} --images faces")), usual);
            let wanted = CheckConfig { pairs_a_kind: 7, seed: 3, crop: FaceCrop::Largest, ..usual };
            assert_eq!(asked(&format!("--pairs {list} --images faces --sample 7 --seed 3 --crop largest")), wanted);
        }
    }
}
