//! One file a subcommand. Results go to standard output, progress and problems to standard error.

mod bench;
mod compare;
mod console;
mod demo;
mod devices;
mod embed;
mod eval;
mod models;
mod names;
mod nets;
mod people;
mod scan;
mod synth;
mod train;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::device::DeviceChoice;
use crate::jobs::Home;

/// Finds the people in a photo library and learns faces on your own GPU. Nothing leaves this computer.
#[derive(Debug, Parser)]
#[command(name = "likeness", version)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    /// Without a subcommand the window opens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Options that every subcommand understands.
#[derive(Debug, Args)]
pub struct Global {
    /// Folder of library, models and runs.
    #[arg(long, env = "LIKENESS_HOME", global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Where the networks run: auto, cpu, gpu, or a part of an adapter's name.
    #[arg(long, default_value = "auto", global = true, value_name = "NAME")]
    pub device: String,
}

impl Global {
    /// The device that `--device` names.
    pub fn device(&self) -> Result<DeviceChoice> {
        Ok(self.device.parse()?)
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Scan(scan::ScanArgs),
    Bench(bench::BenchArgs),
    Compare(compare::CompareArgs),
    Embed(embed::EmbedArgs),
    Models(models::ModelsArgs),
    Nets(nets::NetsArgs),
    Devices(devices::DevicesArgs),
    Eval(eval::EvalArgs),
    People(people::PeopleArgs),
    Train(train::TrainArgs),
    Demo(demo::DemoArgs),
    Synth(synth::SynthArgs),
}

/// Runs a subcommand. Errors are printed once, by `main`.
pub fn run(global: &Global, command: Command) -> Result<ExitCode> {
    let home = Home::open(global.home.as_deref())?;
    match command {
        Command::Bench(args) => bench::run(&home, global, args),
        Command::Scan(args) => scan::run(&home, global, args),
        Command::Compare(args) => compare::run(&home, global, args),
        Command::Embed(args) => embed::run(&home, global, args),
        Command::Models(args) => models::run(&home, args),
        Command::Nets(args) => nets::run(args),
        Command::Devices(args) => devices::run(&home, args),
        Command::Eval(args) => eval::run(&home, global, args),
        Command::People(args) => people::run(&home, args),
        Command::Train(args) => train::run(&home, global, args),
        Command::Demo(args) => demo::run(&home, global, args),
        Command::Synth(args) => synth::run(args),
    }
}
