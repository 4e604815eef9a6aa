//! `likeness synth`: albums of synthetic people, or a library of made faces, for tests and demonstrations.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::app::demo::job::{draw_album, fill_home};
use crate::app::engine::cli::console::{Console, cancel_on_ctrl_c, counted, printable};
use crate::app::engine::cli::{at_least_one, count_between, output, seed};
use crate::app::engine::home::Home;
use crate::synth::{AlbumPlan, Layout};
use crate::types::Cancel;

/// Draw an album of synthetic people, with the truth about every face in truth.json.
#[derive(Debug, clap::Args)]
pub struct SynthArgs {
    /// Folder to write to; new, empty, or an album to replace
    #[arg(required_unless_present = "library")]
    out: Option<PathBuf>,
    /// Draw nothing; fill the library of --home, which must be empty, with N made faces of people of very different
    /// sizes, ungrouped, in photos without files
    #[arg(long, value_name = "N", conflicts_with_all = ["out", "people", "photos", "folders", "size"],
          value_parser = at_least_one::<u32>)]
    library: Option<u32>,
    /// How many people there are
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = at_least_one::<u32>)]
    people: u32,
    /// How many pictures to draw
    #[arg(long, default_value_t = 2000, value_name = "N", value_parser = at_least_one::<u32>)]
    photos: u32,
    /// The same seed gives the same album, and the same library
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = seed)]
    seed: u64,
    /// Instead of photos: a folder a person with aligned face crops
    #[arg(long)]
    folders: bool,
    /// Width and height of the crops in pixels
    #[arg(long, default_value_t = 112, value_name = "PIXELS", requires = "folders",
          value_parser = count_between::<u32, 16, 1024>)]
    size: u32,
}

pub fn run(home: &Home, args: SynthArgs) -> Result<ExitCode> {
    let cancel = cancel_on_ctrl_c()?;
    match args.library {
        Some(faces) => fill_library(home, faces as usize, args.seed, &cancel)?,
        None => draw(args, &cancel)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn fill_library(home: &Home, faces: usize, seed: u64, cancel: &Cancel) -> Result<()> {
    let mut console = Console::new();
    let made = fill_home(home, faces, seed, cancel, &mut |done, total| {
        console.progress(format!("Making face {done} of {total}"));
    })?;
    console.close();
    output::line(format!(
        "{} of {} (the largest has {}) in {} without files: {}",
        counted(made.faces(), "face", "faces"),
        counted(made.people.len(), "person", "people"),
        made.people.first().map_or(0, Vec::len),
        counted(made.photos, "photo", "photos"),
        printable(&home.library())
    ))
}

fn draw(args: SynthArgs, cancel: &Cancel) -> Result<()> {
    let out = args.out.context("name a folder to write to")?;
    let layout = if args.folders { Layout::FolderAPerson { crop_size: args.size } } else { Layout::Photos };
    let plan = AlbumPlan { people: args.people, photos: args.photos, seed: args.seed, layout };
    let mut console = Console::new();
    let truth = draw_album(&out, &plan, cancel, &mut |done, total| {
        console.progress(format!("Drawing {done} of {total}"));
    })?;
    console.close();
    let faces: usize = truth.photos.iter().map(|photo| photo.faces.len()).sum();
    let pictures = counted(truth.photos.len(), "picture", "pictures");
    let (faces, people) = (counted(faces, "face", "faces"), counted(truth.people_drawn(), "person", "people"));
    output::line(format!("{pictures} with {faces} of {people}: {}", printable(&out)))
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;
    use crate::app::engine::cli::idle;

    #[test]
    fn what_has_no_effect_on_a_made_library_is_refused() {
        let synth = SynthArgs::augment_args(clap::Command::new("synth"));
        idle::refuses_all_but(&synth, &["--library", "9"], &["seed"]);
    }
}
