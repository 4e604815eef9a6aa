//! `likeness`: the window, or a subcommand.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use likeness::app;
use likeness::app::engine::cli::console::{INTERRUPTED, printable_text, was_interrupted};
use likeness::app::engine::cli::output;
use likeness::app::engine::cli::{Global, WrongUsage};
use likeness::app::engine::home::Home;
use likeness::app::engine::memory::share_one_heap;
use likeness::types::VERSION;

/// Finds the people in a photo library and learns faces on your own GPU. Nothing leaves this computer.
#[derive(Debug, Parser)]
#[command(name = "likeness", version = VERSION)]
struct Cli {
    #[command(flatten)]
    global: Global,
    /// Without a subcommand the window opens; with a folder, on that folder's photos.
    #[command(subcommand)]
    command: Option<Command>,
    /// A folder of photos to open the window on. One that is named like a subcommand is given as ./scan.
    folder: Option<PathBuf>,
}

/// What the window does first.
enum First {
    Nothing,
    /// Scans this folder and shows it.
    Open(PathBuf),
    /// Demonstrates training.
    Demonstrate(app::jobs::demonstration::DemoOptions),
}

/// What a subcommand asks of the program before it runs.
#[derive(Clone, Copy)]
struct Needs {
    /// A network may run in it. Of one that knows better itself it is said there.
    networks: bool,
    /// A home is made for it where there is none; who only reads makes it when there is something to keep after all.
    home: bool,
}

impl Needs {
    const ALL: Self = Self { networks: true, home: true };
    const HOME: Self = Self { networks: false, ..Self::ALL };
    const NETWORKS: Self = Self { home: false, ..Self::ALL };
    const NOTHING: Self = Self { networks: false, home: false };
}

/// The subcommands: one line each, its arguments, what it needs and what runs it.
macro_rules! commands {
    ($($name:ident($args:ty, $needs:expr) => $run:expr,)*) => {
        #[derive(Debug, Subcommand)]
        enum Command {
            $($name($args),)*
        }

        impl Command {
            fn needs(&self) -> Needs {
                match self {
                    $(Self::$name(args) => {
                        let needs: fn(&$args) -> Needs = $needs;
                        needs(args)
                    })*
                }
            }

            fn run(self, home: &Home, global: &Global) -> Result<ExitCode> {
                match self {
                    $(Self::$name(args) => {
                        let run: fn(&Home, &Global, $args) -> Result<ExitCode> = $run;
                        run(home, global, args)
                    })*
                }
            }
        }
    };
}

commands! {
    Scan(app::scan::cli::ScanArgs, |_| Needs::ALL) => app::scan::cli::run,
    Bench(app::evaluate::cli::bench::BenchArgs, |_| Needs::ALL) => app::evaluate::cli::bench::run,
    Compare(app::compare::cli::compare::CompareArgs, |_| Needs::ALL) => app::compare::cli::compare::run,
    Embed(app::compare::cli::embed::EmbedArgs, |_| Needs::ALL) => app::compare::cli::embed::run,
    Models(app::models::cli::models::ModelsArgs, |args| Needs { home: !args.only_reads(), ..Needs::NOTHING })
        => |home, _, args| app::models::cli::models::run(home, args),
    Nets(app::models::cli::nets::NetsArgs, |_| Needs::NOTHING) => |_, _, args| app::models::cli::nets::run(args),
    Devices(app::settings::cli::DevicesArgs, |_| Needs::NOTHING) => |home, _, args| app::settings::cli::run(home, args),
    Eval(app::evaluate::cli::EvalArgs, |_| Needs::NETWORKS)
        => |home, global, args| app::evaluate::cli::run(home, global, args, app::train::job::repeat::repeat),
    People(app::people::cli::PeopleArgs, |_| Needs::NOTHING) => |home, _, args| app::people::cli::run(home, args),
    Metadata(app::metadata::cli::MetadataArgs, |args| Needs { networks: args.runs_networks(), ..Needs::NOTHING })
        => app::metadata::cli::run,
    Library(app::care::cli::LibraryArgs, |args| Needs { home: !args.needs_library(), ..Needs::NOTHING })
        => |home, _, args| app::care::cli::run(home, args),
    Train(app::train::cli::TrainArgs, |_| Needs::ALL) => app::train::cli::run,
    Demo(app::demo::cli::demo::DemoArgs, |_| Needs::ALL) => app::demo::cli::demo::run,
    Synth(app::demo::cli::synth::SynthArgs, |_| Needs::HOME) => |home, _, args| app::demo::cli::synth::run(home, args),
}

/// Mesa's layer that orders Vulkan's adapters asks Wayland for the preferred one, whichever command lists adapters and also
/// under X11, and complains on standard error where no folder is named in which Wayland could be. There, and where there is
/// no display at all, it has nothing to say, so it is left out.
#[expect(clippy::disallowed_methods, reason = "drivers read the environment alone, and no other thread runs yet")]
fn without_a_display() {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let has_display = is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    let may_be_wayland = std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|folder| Path::new(&folder).is_absolute());
    if cfg!(unix) && !(has_display && may_be_wayland) {
        // SAFETY: called first in `main`, before any other thread is started.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}

fn main() -> ExitCode {
    without_a_display();
    share_one_heap();
    let cli = match parsed() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    if let Some(home) = &cli.global.home {
        output::advise_for(home);
    }
    let outcome = match (cli.command, cli.folder) {
        (Some(_), Some(folder)) => {
            usage_error(&format!("the window opens on {}, or a subcommand runs, but not both", folder.display()))
        }
        (None, Some(folder)) if !folder.is_dir() => {
            usage_error(&format!("there is no folder {0}, and no subcommand is named so", folder.display()))
        }
        (None, folder) => window(&cli.global, folder.map_or(First::Nothing, First::Open)),
        (Some(Command::Demo(demo)), _) if demo.in_window() => window(&cli.global, First::Demonstrate(demo.options())),
        (Some(command), None) if cli.global.device.is_some() && !command.needs().networks => {
            usage_error("--device has no effect on this command: no network runs in it")
        }
        (Some(command), None) => run(&cli.global, command),
    };
    let code = outcome.unwrap_or_else(|error| {
        output::error(&error);
        if error.is::<WrongUsage>() { ExitCode::from(2) } else { ExitCode::FAILURE }
    });
    if was_interrupted() { ExitCode::from(INTERRUPTED) } else { code }
}

/// The arguments; help and version are printed here, and a wrong call is told with what may stand raw in an argument.
fn parsed() -> Result<Cli, ExitCode> {
    let matches = with_negative_numbers(without_idle_device(Cli::command())).try_get_matches();
    let error = match matches.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => return Ok(cli),
        Err(error) => error.format(&mut without_idle_device(Cli::command())),
    };
    if !error.use_stderr() {
        return Err(match output::line(error.render().to_string().trim_end()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                output::error(&error);
                ExitCode::FAILURE
            }
        });
    }
    output::notes(error.render().to_string().trim_end());
    Err(ExitCode::from(2))
}

/// Subcommands in which no network ever runs. Of the others some do without one at times, and then refuse a device.
const WITHOUT_NETWORKS: [&str; 6] = ["models", "nets", "devices", "people", "library", "synth"];

/// Where no network runs, help lists no device to run it on.
fn without_idle_device(command: clap::Command) -> clap::Command {
    let Some(device) = command.get_arguments().find(|arg| arg.get_id() == "device").cloned() else { return command };
    WITHOUT_NETWORKS.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |subcommand| subcommand.arg(device.clone().hide(true)))
    })
}

/// A number below zero is the value of the option before it, which says what it takes.
fn with_negative_numbers(command: clap::Command) -> clap::Command {
    let takes = |arg: clap::Arg| match arg.get_action().takes_values() {
        true => arg.allow_negative_numbers(true),
        false => arg,
    };
    command.mut_args(takes).mut_subcommands(with_negative_numbers)
}

/// Says how the program is called, and ends it with code 2, as clap does.
fn usage_error(why: &str) -> ! {
    let why = printable_text(why);
    output::notes(Cli::command().error(ErrorKind::ValueValidation, why).render().to_string().trim_end());
    std::process::exit(2)
}

fn run(global: &Global, command: Command) -> Result<ExitCode> {
    let chosen = global.home.as_deref();
    let home = if command.needs().home { Home::open(chosen)? } else { Home::named(chosen)? };
    command.run(&home, global)
}

#[cfg(feature = "gui")]
fn window(global: &Global, first: First) -> Result<ExitCode> {
    use likeness::app::engine::networks::EngineOptions;
    use likeness::app::shell::message::Message;
    use likeness::app::shell::threads::Threads;
    use likeness::app::shell::window;
    use likeness::app::train::state::Message as TrainMessage;
    use likeness::app::ui::action::Action;
    use likeness::app::ui::view::View;

    let home = Home::open(global.home.as_deref())?;
    let options = EngineOptions { device: global.device()?, ..Default::default() };
    let first = match first {
        First::Nothing => Vec::new(),
        First::Open(photos) => {
            vec![Message::Act(Action::Show(View::LIBRARY)), Message::Act(Action::Scan(vec![photos]))]
        }
        First::Demonstrate(options) => {
            vec![Message::Act(Action::Show(View::TRAIN)), Message::Train(TrainMessage::Demonstrate(options))]
        }
    };
    let at = home.clone();
    window::open(
        home,
        first,
        Box::new(move |wake| Ok(Box::new(Threads::open(at.clone(), options.clone(), std::sync::Arc::from(wake))?))),
    )?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "gui"))]
fn window(_: &Global, _: First) -> Result<ExitCode> {
    anyhow::bail!("this build has no window: name a subcommand (see likeness --help); demo needs --headless")
}
