//! `likeness synth`: albums of synthetic people for tests and demonstrations.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use crate::app::engine::cli::console::{Console, cancel_on_ctrl_c};
use crate::synth::{AlbumPlan, Layout, write_album};

/// Draw an album of synthetic people, with the truth about every face in truth.json.
#[derive(Debug, clap::Args)]
pub struct SynthArgs {
    /// Folder to write to; new, empty, or an album to replace
    out: PathBuf,
    /// How many people there are
    #[arg(long, default_value_t = 50, value_name = "N")]
    people: u32,
    /// How many pictures to draw
    #[arg(long, default_value_t = 2000, value_name = "N")]
    photos: u32,
    /// The same seed gives the same album
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Instead of photos: a folder a person with aligned face crops
    #[arg(long)]
    folders: bool,
    /// Width and height of the crops in pixels
    #[arg(long, default_value_t = 112, value_name = "PIXELS", requires = "folders",
          value_parser = clap::value_parser!(u32).range(16..=1024))]
    size: u32,
}

pub fn run(args: SynthArgs) -> Result<ExitCode> {
    let layout = if args.folders { Layout::FolderAPerson { crop_size: args.size } } else { Layout::Photos };
    let plan = AlbumPlan { people: args.people, photos: args.photos, seed: args.seed, layout };
    let cancel = cancel_on_ctrl_c()?;
    let mut console = Console::new();
    let truth = write_album(&args.out, &plan, &cancel, &mut |done, total| {
        console.progress(format!("Drawing {done} of {total}"));
    })?;
    console.close();
    let faces: usize = truth.photos.iter().map(|photo| photo.faces.len()).sum();
    println!("{} pictures with {faces} faces of {} people: {}", truth.photos.len(), truth.people, args.out.display());
    Ok(ExitCode::SUCCESS)
}
