//! What all subcommands share: the global options, progress on the terminal, and text that a terminal can show.
//! Results go to standard output, progress and problems to standard error.

pub mod console;
#[cfg(test)]
pub(crate) mod idle;
mod named;
mod numbers;
pub mod output;
pub mod text;

use std::path::PathBuf;

use anyhow::{Result, bail};

pub(crate) use self::named::named;
pub(crate) use self::numbers::{
    any_number, at_least_one, at_least_two, between, count_between, factor_up_to, listed_number, not_negative, part,
    positive, rate, seed, share, share_below_one, squared_distance,
};

use crate::app::engine::home::Home;
use crate::library::care;
use crate::networks::device::DeviceChoice;
use crate::types::Advised;

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

/// What was asked makes no sense as it was asked: ends with code 2, as what the parser refuses.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongUsage(pub(crate) &'static str);

/// Refuses what makes no sense.
pub(crate) fn usage(makes_sense: bool, why_not: &'static str) -> Result<()> {
    if makes_sense { Ok(()) } else { Err(WrongUsage(why_not).into()) }
}

/// Refuses where nothing was scanned yet. A library that is gone can be restored, and is no reason.
pub(crate) fn there_is_a_library(home: &Home) -> Result<()> {
    let path = home.library();
    if !path.exists() && care::backups(&path)?.is_empty() {
        bail!("there is no library yet: run {} first: {}", Advised("scan FOLDER"), path.display());
    }
    Ok(())
}
