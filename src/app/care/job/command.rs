//! What the command line asks for: the same as the window, of the home's library.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use crate::app::engine::home::Home;
use crate::library::Library;
use crate::library::care::{BackupReason, ExportCounts, ImportMode, ImportReport, MadeBackup};

pub(crate) fn back_up(home: &Home) -> Result<MadeBackup> {
    open(home)?.back_up_and_tell(BackupReason::Asked).context("no backup was made")
}

pub(crate) fn export(home: &Home, to: &Path) -> Result<ExportCounts> {
    let library = open(home)?;
    super::export(&library, to)
}

/// To standard output, by what writes there.
pub(crate) fn export_to_stdout(home: &Home, mut stdout: impl Write) -> Result<()> {
    let refused = "cannot write to standard output";
    open(home)?.export(&mut stdout).context(refused)?;
    stdout.flush().context(refused)
}

pub(crate) fn import(home: &Home, from: &Path, mode: ImportMode) -> Result<ImportReport> {
    super::import(&mut open(home)?, from, mode)
}

fn open(home: &Home) -> Result<Library> {
    Ok(Library::open(&home.library())?)
}
