//! `likeness people --forget`: one clear question, then a person is gone for good.

use std::io::{BufRead, IsTerminal};

use anyhow::{Result, bail};
use serde_json::json;

use crate::app::engine::cli::console::{counted, printable, printable_text};
use crate::app::engine::cli::listed_number;
use crate::app::engine::cli::output;
use crate::app::engine::home::Home;
use crate::app::jobs::forget::{Forgetting, forget};
use crate::app::people::job::by_id::to_forget;
use crate::library::care::Forgotten;
use crate::types::{PersonId, Revision};

#[derive(Debug, clap::Args)]
pub(crate) struct ForgetArgs {
    /// Forget a person for good: faces, crops, vectors, history and name, in the library and all its backups
    #[arg(long, value_name = "ID", group = "decision", conflicts_with_all = ["merge", "lost", "put_back"],
          value_parser = listed_number)]
    forget: Option<i64>,
    /// Leave these faces out of later scans too: of each, the picture's hash and the place stay
    #[arg(long, requires = "forget", conflicts_with_all = ["name", "merge", "lost", "put_back"])]
    not_again: bool,
    /// Do not ask
    #[arg(long, requires = "forget", conflicts_with_all = ["name", "merge", "lost", "put_back"])]
    yes: bool,
}

impl ForgetArgs {
    /// False: nobody is to be forgotten.
    pub fn run(&self, home: &Home, seen: Revision, json: bool) -> Result<bool> {
        let Some(id) = self.forget else { return Ok(false) };
        // Nobody is asked about what is refused then.
        let (mut library, forgetting) = to_forget(home, PersonId(id), seen, !self.not_again)?;
        if !self.yes {
            output::notes(question(&forgetting, self.not_again));
            if !std::io::stdin().is_terminal() {
                bail!("nothing was done: --yes says that it is meant");
            }
            output::ask("Forget for good? [y/N] ");
            let mut answer = String::new();
            std::io::stdin().lock().read_line(&mut answer)?;
            if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
                bail!("nothing was done");
            }
        }
        let forgotten = forget(home, &mut library, &forgetting.person, !self.not_again)?;
        match json {
            true => output::json(&as_json(&forgetting, &forgotten))?,
            false => output::line(as_words(&forgetting, &forgotten))?,
        }
        Ok(true)
    }
}

fn name(forgetting: &Forgetting) -> String {
    let person = &forgetting.person;
    person.name.as_deref().map_or_else(|| format!("Group {}", person.person.0), printable_text)
}

fn question(forgetting: &Forgetting, not_again: bool) -> String {
    let person = &forgetting.person;
    let suggested = person.faces.iter().filter(|face| !face.is_decided && !face.is_set_aside).count();
    let set_aside = person.faces.iter().filter(|face| face.is_set_aside).count();
    let mut words = format!(
        "{} would be forgotten: {} with crop and {}, {suggested} of them only suggested or grouped, {set_aside} set \
         aside as theirs; {}, {} of the history; and the same in {}. The photos stay. There is no way back.",
        name(forgetting),
        counted(person.faces.len(), "face", "faces"),
        counted(person.vectors, "vector", "vectors"),
        counted(person.rejections, "rejection", "rejections"),
        counted(person.steps, "step", "steps"),
        counted(forgetting.backups, "backup", "backups")
    );
    words += match not_again {
        true => "\nLater scans leave these faces out; the picture's hash and the place of each stay for that.",
        false => "\nLater scans may find these faces again, without a name.",
    };
    words + &left(forgetting) + &ways_back(forgetting)
}

/// What goes beside the person.
fn ways_back(forgetting: &Forgetting) -> String {
    match forgetting.written {
        0 => String::new(),
        files => format!(
            "\nNames that were written into {} stay there, and can't be taken back in one step any more.",
            counted(files, "file", "files")
        ),
    }
}

/// What Likeness can't take back.
fn left(forgetting: &Forgetting) -> String {
    let mut words =
        "\nLikeness can't take back what was exported or written into photos; training runs that lie in another \
                     folder than the home's runs are not looked through."
            .to_owned();
    for copy in &forgetting.copies {
        words += &format!("\nNor what this copy of a library holds, which Likeness has not made: {}", printable(copy));
    }
    for run in &forgetting.runs {
        words += &format!("\nNor what a training run has learned from these faces: {}", printable(run));
    }
    for model in &forgetting.models {
        words += &format!("\nNor what this model has learned from them: {model}");
    }
    words
}

fn as_words(forgetting: &Forgetting, forgotten: &Forgotten) -> String {
    let mut words = format!(
        "Forgot {}: {}; {} cleaned",
        name(forgetting),
        counted(forgotten.person.faces.len(), "face", "faces"),
        counted(forgotten.backups_cleaned, "backup", "backups")
    );
    for backup in &forgotten.backups_deleted {
        words += &format!("\nDeleted, since the person could not surely be taken out of it: {}", printable(backup));
    }
    for backup in &forgotten.backups_removed {
        words += &format!(
            "\nRemoved, since all backups together are at most twice as large as the library: {}",
            printable(backup)
        );
    }
    if !forgotten.is_complete {
        words += "\nThe library's file could not be written anew yet, or a backup not be cleaned: the next start or scan \
                  removes the last traces.";
    }
    words + &left(forgetting)
}

fn as_json(forgetting: &Forgetting, forgotten: &Forgotten) -> serde_json::Value {
    let paths = |paths: &[std::path::PathBuf]| paths.iter().map(|path| output::path_json(path)).collect::<Vec<_>>();
    json!({
        "id": forgotten.person.person,
        "faces": forgotten.person.faces.len(),
        "set_aside": forgotten.person.faces.iter().filter(|face| face.is_set_aside).count(),
        "vectors": forgotten.person.vectors,
        "rejections": forgotten.person.rejections,
        "history": forgotten.person.steps,
        "backups_cleaned": forgotten.backups_cleaned,
        "backups_deleted": paths(&forgotten.backups_deleted),
        "backups_removed": paths(&forgotten.backups_removed),
        "complete": forgotten.is_complete,
        "runs": paths(&forgetting.runs),
        "models": forgetting.models,
    })
}
