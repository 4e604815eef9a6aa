//! What all subcommands share: the global options, progress on the terminal, and text that a terminal can show.
//! Results go to standard output, progress and problems to standard error.

pub mod console;

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Result, bail};

use crate::app::engine::home::Home;
use crate::library::care;
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

/// Refuses where nothing was scanned yet. A library that is gone can be restored, and is no reason.
pub(crate) fn there_is_a_library(home: &Home) -> Result<()> {
    let path = home.library();
    if !path.exists() && care::backups(&path)?.is_empty() {
        bail!("there is no library yet: run `likeness scan FOLDER` first: {}", path.display());
    }
    Ok(())
}

/// A distance or a rate as a user writes it: of a number below 0, or of none at all, nothing sensible follows.
pub(crate) fn not_negative<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    let number = text.parse().ok().filter(|number: &T| (*number).into().is_finite() && (*number).into() >= 0.0);
    number.ok_or_else(|| "a number of 0 or more is needed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::not_negative;

    #[test]
    fn only_a_number_of_which_something_follows_is_a_distance_or_a_rate() {
        for text in ["nan", "NaN", "inf", "-inf", "-0.5", "", "far", "1e400"] {
            assert!(not_negative::<f32>(text).is_err() && not_negative::<f64>(text).is_err(), "{text}");
        }
        assert_eq!((not_negative::<f32>("1.25"), not_negative::<f64>("0")), (Ok(1.25), Ok(0.0)));
    }
}
