//! `likeness`: the window, or a subcommand.

use std::process::ExitCode;

use clap::Parser;
use likeness::cli::{self, Cli};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Some(command) => cli::run(&cli.global, command),
        None => window(),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("likeness: {error:#}");
        ExitCode::FAILURE
    })
}

fn window() -> anyhow::Result<ExitCode> {
    anyhow::bail!("the window is not built yet")
}
