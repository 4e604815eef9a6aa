//! `likeness`: the window, or a subcommand.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use likeness::app::engine::cli::Global;
use likeness::app::engine::home::Home;
use likeness::app::{compare, demo, evaluate, models, people, scan, settings, train};
use likeness::types::error_chain;

/// Finds the people in a photo library and learns faces on your own GPU. Nothing leaves this computer.
#[derive(Debug, Parser)]
#[command(name = "likeness", version)]
struct Cli {
    #[command(flatten)]
    global: Global,
    /// Without a subcommand the window opens.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Scan(scan::cli::ScanArgs),
    Bench(evaluate::cli::bench::BenchArgs),
    Compare(compare::cli::compare::CompareArgs),
    Embed(compare::cli::embed::EmbedArgs),
    Models(models::cli::models::ModelsArgs),
    Nets(models::cli::nets::NetsArgs),
    Devices(settings::cli::DevicesArgs),
    Eval(evaluate::cli::EvalArgs),
    People(people::cli::PeopleArgs),
    Train(train::cli::TrainArgs),
    Demo(demo::cli::demo::DemoArgs),
    Synth(demo::cli::synth::SynthArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => window(&cli.global, None),
        Some(Command::Demo(demo)) if demo.in_window().is_some() => window(&cli.global, demo.in_window()),
        Some(command) => run(&cli.global, command),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("likeness: {}", error_chain(&error));
        ExitCode::FAILURE
    })
}

fn run(global: &Global, command: Command) -> Result<ExitCode> {
    let home = Home::open(global.home.as_deref())?;
    match command {
        Command::Bench(args) => evaluate::cli::bench::run(&home, global, args),
        Command::Scan(args) => scan::cli::run(&home, global, args),
        Command::Compare(args) => compare::cli::compare::run(&home, global, args),
        Command::Embed(args) => compare::cli::embed::run(&home, global, args),
        Command::Models(args) => models::cli::models::run(&home, args),
        Command::Nets(args) => models::cli::nets::run(args),
        Command::Devices(args) => settings::cli::run(&home, args),
        Command::Eval(args) => evaluate::cli::run(&home, global, args),
        Command::People(args) => people::cli::run(&home, args),
        Command::Train(args) => train::cli::run(&home, global, args),
        Command::Demo(args) => demo::cli::demo::run(&home, global, args),
        Command::Synth(args) => demo::cli::synth::run(args),
    }
}

/// `demonstration` is the seed and the steps of one that begins at once.
#[cfg(feature = "gui")]
fn window(global: &Global, demonstration: Option<(u64, u64)>) -> Result<ExitCode> {
    use likeness::app::engine::networks::EngineOptions;
    use likeness::app::shell::message::Message;
    use likeness::app::shell::threads::Threads;
    use likeness::app::shell::window;
    use likeness::app::train::state::message::{DemoChoice, Message as TrainMessage};
    use likeness::app::ui::action::Action;
    use likeness::app::ui::view::View;

    let home = Home::open(global.home.as_deref())?;
    let options = EngineOptions { device: global.device()?, ..Default::default() };
    let folder = home.root().to_owned();
    let demonstrate = |(seed, steps)| {
        let which = DemoChoice { seed, steps };
        [Message::Act(Action::Show(View::Train)), Message::Train(TrainMessage::Demonstrate(which))]
    };
    let first = demonstration.into_iter().flat_map(demonstrate).collect();
    window::open(
        &folder,
        first,
        Box::new(move |wake| Ok(Box::new(Threads::open(home, options, std::sync::Arc::from(wake))?))),
    )?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "gui"))]
fn window(_: &Global, _: Option<(u64, u64)>) -> Result<ExitCode> {
    anyhow::bail!("this build has no window: name a subcommand (see likeness --help); demo needs --headless")
}
