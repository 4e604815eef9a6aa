//! One scan of a library at a time, whoever runs it: the second waits and says for whom. Who puts a backup in the
//! library's place waits as well, so that no scan goes on in another library than it began in.

use std::time::Duration;

use anyhow::{Context, Result};

use super::home::Home;
use super::progress::{JobEvent, Meter, Stage};
use crate::types::file_lock::{FileLock, Holder};
use crate::types::{Advised, Cancel};

/// How often a waiting scan looks whether it may begin.
const PAUSE: Duration = Duration::from_millis(200);

/// Held while a scan runs.
#[derive(Debug)]
pub(crate) struct ScanLock {
    _lock: FileLock,
}

impl ScanLock {
    /// Waits until no other process scans the library. None: cancelled while waiting.
    ///
    /// # Errors
    /// When the lock's file cannot be made.
    pub fn wait(home: &Home, cancel: &Cancel, events: &mut dyn FnMut(JobEvent)) -> Result<Option<Self>> {
        let mut waiting = Meter::start(Stage::WAITING_FOR_SCAN, None);
        let mut announced = false;
        loop {
            let holder = match take(home)? {
                Ok(lock) => return Ok(Some(Self { _lock: lock })),
                Err(holder) => holder,
            };
            if cancel.is_cancelled() {
                return Ok(None);
            }
            if !std::mem::replace(&mut announced, true) {
                events(JobEvent::Note(format!("process {holder} scans this library; waiting for it to end")));
            }
            events(JobEvent::Progress(waiting.set(0, None)));
            std::thread::sleep(PAUSE);
        }
    }

    /// Takes the lock where nobody scans.
    ///
    /// # Errors
    /// [`ScanRuns`] where somebody does; and when the lock's file cannot be made.
    pub fn take(home: &Home) -> Result<Self> {
        let lock = take(home)?.map_err(|process| ScanRuns { process })?;
        Ok(Self { _lock: lock })
    }
}

/// Somebody scans the library.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("process {process} scans this library; nothing was changed: cancel the scan or wait for its end")]
pub(crate) struct ScanRuns {
    process: Holder,
}

fn take(home: &Home) -> Result<Result<FileLock, Holder>> {
    let path = home.scan_lock();
    FileLock::take(&path).with_context(|| match path.is_dir() {
        true => format!(
            "a folder is in the way where the library keeps a file: move it elsewhere, or let {} move it aside: {}",
            Advised("library restore"),
            path.display()
        ),
        false => format!("cannot lock the library for a scan: {}", path.display()),
    })
}
