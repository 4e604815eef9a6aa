//! `likeness devices`: where networks can run, and what the self-tests say.

use std::io::stdout;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::app::engine::cli::output;
use crate::app::engine::home::Home;
use crate::app::settings::job::{Testing, devices};
use crate::networks::device::{self, DeviceKind, ListedDevice};

/// List where the networks can run. Hardware that is new to this program is tested first.
#[derive(Debug, Args)]
pub struct DevicesArgs {
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
    /// Test all adapters again, software rasterisers too.
    #[arg(long)]
    retest: bool,
    /// Be the process that tests this adapter.
    #[arg(long, value_name = "INDEX", hide = true)]
    self_test: Option<usize>,
}

pub fn run(home: &Home, args: DevicesArgs) -> Result<ExitCode> {
    if let Some(index) = args.self_test {
        device::answer_trial(index, &mut stdout())?;
        return Ok(ExitCode::SUCCESS);
    }
    let testing = if args.retest { Testing::Everything } else { Testing::NewHardware };
    let listed = devices(home, testing, &mut |note| output::note(note));
    match args.json {
        true => output::pretty_json(&listed)?,
        false => listed.iter().try_for_each(print)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print(entry: &ListedDevice) -> Result<()> {
    output::line(&entry.name)?;
    if let Some(adapter) = &entry.adapter {
        let kind = match entry.kind {
            DeviceKind::Software => "software rasteriser",
            DeviceKind::Hardware | DeviceKind::Cpu => "GPU",
        };
        output::line(format!("    {kind}, {}, {} {}", adapter.backend, adapter.driver, adapter.driver_info))?;
    }
    output::line(format!("    {}", entry.verdict_words()))
}
