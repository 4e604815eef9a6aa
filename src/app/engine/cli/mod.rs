//! What all subcommands share: the global options, progress on the terminal, and text that a terminal can show.
//! Results go to standard output, progress and problems to standard error.

pub mod console;

use std::path::PathBuf;

use anyhow::Result;

use crate::networks::device::DeviceChoice;

/// Options that every subcommand understands.
#[derive(Debug, clap::Args)]
pub struct Global {
    /// Folder of library, models and runs.
    #[arg(long, env = "LIKENESS_HOME", global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Where the networks run: auto, cpu, gpu, or a part of an adapter's name; where the window was told to, if not given.
    #[arg(long, global = true, value_name = "NAME")]
    pub device: Option<String>,
}

impl Global {
    /// The device that `--device` names.
    pub fn device(&self) -> Result<Option<DeviceChoice>> {
        Ok(self.device.as_deref().map(str::parse).transpose()?)
    }
}
