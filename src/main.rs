//! `likeness`: the window, or a subcommand.

use std::process::ExitCode;

use clap::Parser;
use likeness::cli::{self, Cli, Command};
use likeness::types::with_causes;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => window(&cli.global, None),
        Some(Command::Demo(demo)) if demo.in_window().is_some() => window(&cli.global, demo.in_window()),
        Some(command) => cli::run(&cli.global, command),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("likeness: {}", with_causes(&error));
        ExitCode::FAILURE
    })
}

/// `demonstration` is the seed and the steps of one that begins at once.
#[cfg(feature = "gui")]
fn window(global: &cli::Global, demonstration: Option<(u64, u64)>) -> anyhow::Result<ExitCode> {
    use likeness::gui::{self, train::messages::DemoChoice};
    use likeness::jobs::{EngineOptions, Home};

    let home = Home::open(global.home.as_deref())?;
    let options = EngineOptions { device: global.device()?, ..Default::default() };
    let folder = home.root().to_owned();
    let demonstration = demonstration.map(|(seed, steps)| DemoChoice { seed, steps });
    gui::open(
        &folder,
        demonstration,
        Box::new(move |wake| Ok(Box::new(gui::desk::Desk::open(home, options, std::sync::Arc::from(wake))?))),
    )?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "gui"))]
fn window(_: &cli::Global, _: Option<(u64, u64)>) -> anyhow::Result<ExitCode> {
    anyhow::bail!("this build has no window: name a subcommand (see likeness --help); demo needs --headless")
}
