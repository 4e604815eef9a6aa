//! `likeness compare`: how far apart the faces of two or more photos are.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use serde_json::json;

use crate::app::compare::job::compare::{CompareResult, compare_files};
use crate::app::engine::cli::console::{Console, end_on_ctrl_c, printable};
use crate::app::engine::cli::{Global, output, squared_distance};
use crate::app::engine::home::Home;
use crate::app::engine::networks::EngineOptions;
use crate::app::jobs::options::resolve;
use crate::types::{ModelId, SquaredDistance};

/// Compare the largest faces of photos: squared distances (0 to 4) and the verdict at a threshold.
#[derive(Debug, clap::Args)]
pub struct CompareArgs {
    /// Two photos or more.
    #[arg(num_args = 2.., required = true)]
    files: Vec<PathBuf>,
    /// Squared distance up to which two faces count as the same person; the model's own where not given.
    #[arg(long, value_name = "D", value_parser = squared_distance)]
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
    let cancel = end_on_ctrl_c()?;
    let mut console = Console::new();
    let given = EngineOptions {
        device: global.device()?,
        model: args.model.clone(),
        small_faces: Some(false),
        offline: args.offline,
        ..EngineOptions::default()
    };
    let options = resolve(home, given)?;
    let compared = compare_files(home, &options, &args.files, &cancel, &mut |event| console.show(event))?;
    console.close();
    if cancel.is_cancelled() {
        return Ok(ExitCode::FAILURE);
    }
    let threshold = args.threshold.map_or(compared.same_person, SquaredDistance);
    let distances = complete(&args.files, &compared.result)?;
    match args.json {
        true => print_json(&args.files, &compared.model, threshold, &distances)?,
        false => print_table(&args.files, threshold, &distances)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The distances of all files; the first that shows no face to compare is an error.
fn complete(files: &[PathBuf], result: &CompareResult) -> Result<Vec<Vec<SquaredDistance>>> {
    for (path, slot) in files.iter().zip(&result.slots) {
        if let Err(reason) = slot {
            bail!("cannot compare {}: {reason}", printable(path));
        }
    }
    Ok(result.distances.iter().map(|row| row.iter().copied().flatten().collect()).collect())
}

fn print_json(
    files: &[PathBuf],
    model: &ModelId,
    threshold: SquaredDistance,
    distances: &[Vec<SquaredDistance>],
) -> Result<()> {
    let same: Vec<Vec<bool>> = distances.iter().map(|row| row.iter().map(|&d| d <= threshold).collect()).collect();
    let paths: Vec<_> = files.iter().map(|file| output::path_json(file)).collect();
    output::json(&json!({
        "paths": paths,
        "model": model,
        "threshold": threshold,
        "squared_distances": distances,
        "same_person": same,
    }))
}

fn print_table(files: &[PathBuf], threshold: SquaredDistance, distances: &[Vec<SquaredDistance>]) -> Result<()> {
    for (i, row) in distances.iter().enumerate() {
        for (j, &distance) in row.iter().enumerate().skip(i + 1) {
            let verdict = if distance <= threshold { "same person" } else { "different people" };
            let [a, b] = [i, j].map(|file| printable(&files[file]));
            output::line(format!("{:.3}\t{verdict}\t{a}\t{b}", distance.0))?;
        }
    }
    output::note(format!("Squared distance from 0 to 4; up to {:.3} counts as the same person", threshold.0));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::compare::job::compare::with_a_bad_file;

    #[test]
    fn a_bad_file_is_an_error_and_the_others_have_their_distances() {
        let mut result = with_a_bad_file();
        let mut files: Vec<PathBuf> = ["a.jpg", "wall.jpg", "b.jpg"].map(PathBuf::from).to_vec();
        let error = complete(&files, &result).unwrap_err().to_string();
        assert_eq!(error, "cannot compare wall.jpg: no face found");
        // The same without the bad one.
        files.remove(1);
        _ = result.slots.remove(1);
        result.distances.remove(1);
        result.distances.iter_mut().for_each(|row| _ = row.remove(1));
        let (zero, two) = (SquaredDistance(0.0), SquaredDistance(2.0));
        assert_eq!(complete(&files, &result).unwrap(), [[zero, two], [two, zero]]);
    }
}
