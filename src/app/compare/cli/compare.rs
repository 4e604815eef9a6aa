//! `likeness compare`: how far apart the faces of two or more photos are.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::json;

use crate::app::compare::job::compare::compare_file;
use crate::app::engine::cli::Global;
use crate::app::engine::cli::console::{Console, cancel_on_ctrl_c, printable};
use crate::app::engine::home::Home;
use crate::app::engine::networks::{Engine, EngineOptions, FindFaces};
use crate::app::jobs::options::resolve;
use crate::networks::models::Store;
use crate::types::{Embedding, SquaredDistance};

/// Compare the largest faces of photos: squared distances (0 to 4) and the verdict at a threshold.
#[derive(Debug, clap::Args)]
pub struct CompareArgs {
    /// Two photos or more.
    #[arg(num_args = 2.., required = true)]
    files: Vec<PathBuf>,
    /// Squared distance up to which two faces count as the same person; the model's own where not given.
    #[arg(long, value_name = "D")]
    threshold: Option<f32>,
    /// The embedding network.
    #[arg(long, value_name = "ID")]
    model: Option<String>,
    /// Do not install missing models.
    #[arg(long)]
    offline: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub fn run(home: &Home, global: &Global, args: CompareArgs) -> Result<ExitCode> {
    let cancel = cancel_on_ctrl_c()?;
    let mut console = Console::new();
    let said = EngineOptions {
        device: global.device()?,
        model: args.model.clone(),
        offline: args.offline,
        ..EngineOptions::default()
    };
    let options = resolve(home, said)?;
    let engine = Engine::load(home, &options, &cancel, &mut |event| console.show(event))?;
    let mut faces: Vec<Embedding> = Vec::new();
    for path in args.files.iter().take_while(|_| !cancel.is_cancelled()) {
        let compared = compare_file(&engine, path);
        faces.push(compared.with_context(|| format!("cannot compare {}", printable(path)))?.1);
    }
    console.close();
    if cancel.is_cancelled() {
        return Ok(ExitCode::from(130));
    }
    let threshold =
        args.threshold.map_or(options.thresholds(&Store::open(home.models())?)?.same_person, SquaredDistance);
    let distances: Vec<Vec<SquaredDistance>> =
        faces.iter().map(|a| faces.iter().map(|b| a.squared_distance(b)).collect()).collect();
    match args.json {
        true => print_json(&args.files, &engine, threshold, &distances),
        false => print_table(&args.files, threshold, &distances),
    }
    Ok(ExitCode::SUCCESS)
}

fn print_json(files: &[PathBuf], engine: &Engine, threshold: SquaredDistance, distances: &[Vec<SquaredDistance>]) {
    let same: Vec<Vec<bool>> = distances.iter().map(|row| row.iter().map(|&d| d <= threshold).collect()).collect();
    let paths: Vec<_> = files.iter().map(|file| file.to_string_lossy()).collect();
    println!(
        "{}",
        json!({
            "paths": paths,
            "model": engine.model_id(),
            "threshold": threshold,
            "squared_distances": distances,
            "same_person": same,
        })
    );
}

fn print_table(files: &[PathBuf], threshold: SquaredDistance, distances: &[Vec<SquaredDistance>]) {
    for (i, row) in distances.iter().enumerate() {
        for (j, &distance) in row.iter().enumerate().skip(i + 1) {
            let verdict = if distance <= threshold { "same person" } else { "different people" };
            println!("{:.3}\t{verdict}\t{}\t{}", distance.0, printable(&files[i]), printable(&files[j]));
        }
    }
    eprintln!("Squared distance from 0 to 4; up to {:.3} counts as the same person", threshold.0);
}
