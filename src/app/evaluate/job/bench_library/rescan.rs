//! The program's own scan of made files, in a process of its own.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail, ensure};

use crate::app::engine::home::Home;
use crate::app::engine::networks::EngineOptions;
use crate::networks::models::Store;
use crate::types::Cancel;

/// Seconds of the program's own scan, which must find all photos as they were.
pub(super) fn scan(home: &Home, folder: &Path, photos: usize, cancel: &Cancel) -> Result<f64> {
    let said = home.root().join("said.json");
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--home").arg(home.root()).arg("scan").arg(folder);
    command.args(["--json", "--offline", "--device", "cpu"]);
    command.stdin(Stdio::null()).stdout(File::create(&said)?).stderr(Stdio::null());
    let begun = Instant::now();
    let mut scan = command.spawn().context("cannot start a scan")?;
    let status = loop {
        if let Some(status) = scan.try_wait()? {
            break status;
        }
        if cancel.is_cancelled() {
            scan.kill()?;
            scan.wait()?;
            bail!("cancelled");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let secs = begun.elapsed().as_secs_f64();
    let said: serde_json::Value = serde_json::from_str(fs::read_to_string(&said)?.lines().last().unwrap_or("{}"))?;
    ensure!(
        status.success() && said["unchanged_photos"] == photos,
        "the scan of the made files did not find them as they were"
    );
    Ok(secs)
}

/// Copies the networks of a scan into another home; false where they are not installed.
pub(super) fn lend_models(from: &Home, to: &Home, options: &EngineOptions) -> Result<bool> {
    if !options.installed(from)? {
        return Ok(false);
    }
    let (from, to) = (Store::open(from.models())?, Store::open(to.models())?);
    for id in [options.detector_id(), options.model_id()] {
        for file in &from.entry(&id)?.files {
            to.import(&from.path(&id).join(&file.name))?;
        }
    }
    Ok(true)
}

/// A file of this size without contents.
pub(super) fn make_file(path: &Path, size: u64, time: SystemTime) -> Result<()> {
    fs::create_dir_all(path.parent().context("a made file lies in a folder")?)?;
    let file = File::create(path)?;
    file.set_len(size)?;
    file.set_modified(time)?;
    Ok(())
}
