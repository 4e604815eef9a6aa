//! `likeness models import`: any weight file into the store; what the file leaves open is asked on a terminal.

use std::io::{BufRead, IsTerminal, stderr, stdin};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use crate::app::engine::cli::console::{Console, printable};
use crate::app::engine::cli::{output, squared_distance, usage};
use crate::app::jobs::import::{self, ImportRequest, ModelImport, OpenQuestion, what_is_open};
use crate::networks::models::Store;
use crate::types::{ChannelOrder, CropRule, PixelScaling, error_chain};

/// Files of known models are recognised by their SHA-256. Any other is recognised by its tensors, converted to
/// SafeTensors, tried on a built-in face and installed under an id of its own.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The network of `likeness nets` that the weights belong to, where their tensors do not tell
    #[arg(long, value_name = "NAME")]
    net: Option<String>,
    /// How faces were cut: five-points, square:1.2, margin:32, output-margin:32, greater-margin:32,
    /// centre:0.5 or as-stored
    #[arg(long, value_name = "RULE")]
    crop: Option<CropRule>,
    /// How pixel values were scaled: raw, unit, per-image or fixed:127.5,128
    #[arg(long, value_name = "RULE")]
    scaling: Option<PixelScaling>,
    #[arg(long, value_enum)]
    channels: Option<ChannelOrder>,
    /// What the model is called from now on; by default after its file
    #[arg(long)]
    id: Option<String>,
    /// Its name in lists
    #[arg(long, value_name = "TITLE")]
    name: Option<String>,
    /// Licence of the weights
    #[arg(long, value_name = "LICENCE")]
    licence: Option<String>,
    /// Squared distance up to which two faces are called the same person
    #[arg(long, value_name = "DISTANCE", value_parser = squared_distance)]
    same_person: Option<f32>,
    /// Squared distance at which average linkage stops joining groups
    #[arg(long, value_name = "DISTANCE", value_parser = squared_distance)]
    grouping: Option<f32>,
    /// Print one JSON object a file, with `error` where it was not imported, and of several files the counts last
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(store: &Store, args: ImportArgs) -> Result<ExitCode> {
    usage(args.id.is_none() || args.files.len() == 1, "one --id is for one file")?;
    let mut failed = 0;
    for path in &args.files {
        match import_asking(store, request(&args, path.clone())) {
            Ok(report) if args.json => output::json(&report)?,
            Ok(report) => print_report(&report)?,
            Err(error) => {
                failed += 1;
                if args.json {
                    output::json(&output::with_path(path, json!({ "error": error_chain(&error) })))?;
                }
                // One file's failure is the command's; of several, each is told and the others are still tried.
                if args.files.len() == 1 {
                    return Err(error);
                }
                output::error(&error);
            }
        }
    }
    let (files, imported) = (args.files.len(), args.files.len() - failed);
    match (files, args.json) {
        (1, _) => {}
        (_, true) => output::json(&json!({ "files": files, "imported": imported, "failed": failed }))?,
        (_, false) => output::line(format!("{imported} of {files} files imported"))?,
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn request(args: &ImportArgs, path: PathBuf) -> ImportRequest {
    ImportRequest {
        path,
        id: args.id.clone(),
        title: args.name.clone(),
        net: args.net.clone(),
        crop: args.crop,
        scaling: args.scaling,
        channels: args.channels,
        licence: args.licence.clone(),
        same_person: args.same_person,
        grouping: args.grouping,
    }
}

/// Where somebody sits at a terminal, asks for what the file leaves open.
fn import_asking(store: &Store, mut request: ImportRequest) -> Result<ModelImport> {
    if stdin().is_terminal()
        && stderr().is_terminal()
        && let Some(open) = what_is_open(store, &request)?
    {
        answer(&mut request, &open)?;
    }
    let mut console = Console::new();
    import::import(store, &request, &mut |event| console.show(event))
}

fn answer(request: &mut ImportRequest, open: &OpenQuestion) -> Result<()> {
    output::note(format!("{}: {}", printable(&request.path), open.why));
    let input = match &open.networks[..] {
        [(_, input)] => input,
        several => {
            let names = several.iter().map(|(name, _)| *name).collect::<Vec<_>>();
            output::note(format!("Networks: {}", names.join(", ")));
            let find = |answer: &str| {
                let found = several.iter().find(|(name, _)| *name == answer);
                found.ok_or_else(|| format!("{answer} is none of them"))
            };
            let (name, input) = ask("Network", find)?.context("no network was named")?;
            request.net = Some((*name).to_owned());
            input
        }
    };
    if request.crop.is_none() {
        let question = format!("Crop, such as five-points or square:1.2 (empty: {})", input.crop);
        request.crop = ask(&question, str::parse)?.or(Some(input.crop));
    }
    if request.scaling.is_none() {
        let question = format!("Scaling, such as per-image or fixed:127.5,128 (empty: {})", input.scaling);
        request.scaling = ask(&question, str::parse)?.or(Some(input.scaling));
    }
    Ok(())
}

/// Until the answer can be read; none for an empty one.
fn ask<T>(question: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>> {
    loop {
        output::ask(format!("{question}: "));
        let mut answer = String::new();
        stdin().lock().read_line(&mut answer).context("cannot read the answer")?;
        match answer.trim() {
            "" => return Ok(None),
            answer => match read(answer) {
                Ok(read) => return Ok(Some(read)),
                Err(problem) => output::note(problem),
            },
        }
    }
}

/// Three decimals, or a power of ten where they would all be zero.
fn distance(value: f32) -> String {
    if value < 1e-3 { format!("{value:.0e}") } else { format!("{value:.3}") }
}

fn print_report(report: &ModelImport) -> Result<()> {
    let rest = if report.complete { "" } else { ", other files of it are still missing" };
    output::line(format!("{}: imported{rest}", report.id))?;
    if let Some(tried) = &report.tried {
        let input = tried.input;
        let (network, parameters, dimensions) = (&tried.network, tried.parameters, tried.dimensions);
        output::line(format!("    {network} with {parameters} parameters, {dimensions} numbers a face"))?;
        let (width, height, crop, scaling) = (input.width, input.height, input.crop, input.scaling);
        output::line(format!("    {width}×{height} pictures, crop {crop}, scaling {scaling}"))?;
        output::line(format!("    Two built-in faces are {} apart", distance(tried.distance.0)))?;
    }
    Ok(())
}
