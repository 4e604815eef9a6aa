//! `likeness`: the window, or a subcommand.

use std::process::ExitCode;

use clap::Parser;
use likeness::cli::{self, Cli};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Some(command) => cli::run(&cli.global, command),
        None => window(&cli.global),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("likeness: {error:#}");
        ExitCode::FAILURE
    })
}

#[cfg(feature = "gui")]
fn window(global: &cli::Global) -> anyhow::Result<ExitCode> {
    use likeness::gui;
    use likeness::jobs::{EngineOptions, Home};

    let home = Home::open(global.home.as_deref())?;
    let options = EngineOptions { device: global.device()?, ..Default::default() };
    let folder = home.root().to_owned();
    gui::open(
        &folder,
        Box::new(move |wake| Ok(Box::new(gui::desk::Desk::open(home, options, std::sync::Arc::from(wake))?))),
    )?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "gui"))]
fn window(_: &cli::Global) -> anyhow::Result<ExitCode> {
    anyhow::bail!("this build has no window: name a subcommand (see likeness --help)")
}
