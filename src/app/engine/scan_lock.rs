//! One scan of a library at a time, whoever runs it: the second waits and says for whom. Who puts a backup in the
//! library's place waits as well, so that no scan goes on in another library than it began in.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::time::Duration;

use anyhow::{Context, Result};

use super::home::Home;
use super::progress::{JobEvent, Meter, Stage};
use crate::types::{Advised, Cancel};

/// How often a waiting scan looks whether it may begin.
const PAUSE: Duration = Duration::from_millis(200);

/// Held while a scan runs; the operating system lets it go when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct ScanLock {
    _file: File,
}

impl ScanLock {
    /// Waits until no other process scans the library. None: cancelled while waiting.
    ///
    /// # Errors
    /// When the lock's file cannot be made.
    pub fn wait(home: &Home, cancel: &Cancel, events: &mut dyn FnMut(JobEvent)) -> Result<Option<Self>> {
        let mut file = open(home)?;
        let mut waiting = Meter::start(Stage::WAITING_FOR_SCAN, None);
        let mut announced = false;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the library for a scan"),
            }
            if cancel.is_cancelled() {
                return Ok(None);
            }
            if !std::mem::replace(&mut announced, true) {
                events(JobEvent::Note(format!(
                    "process {} scans this library; waiting for it to end",
                    holder(&mut file)
                )));
            }
            events(JobEvent::Progress(waiting.set(0, None)));
            std::thread::sleep(PAUSE);
        }
        Ok(Some(Self::held(file)))
    }

    /// Takes the lock where nobody scans.
    ///
    /// # Errors
    /// [`ScanRuns`] where somebody does; and when the lock's file cannot be made.
    pub fn take(home: &Home) -> Result<Self> {
        let mut file = open(home)?;
        match file.try_lock() {
            Ok(()) => Ok(Self::held(file)),
            Err(TryLockError::WouldBlock) => Err(ScanRuns { process: holder(&mut file) }.into()),
            Err(TryLockError::Error(error)) => Err(error).context("cannot lock the library for a scan"),
        }
    }

    /// The lock holds whether or not there is room for whose it is, which only tells others for whom they wait.
    fn held(mut file: File) -> Self {
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        Self { _file: file }
    }
}

/// Somebody scans the library.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("process {process} scans this library; nothing was changed: cancel the scan or wait for its end")]
pub(crate) struct ScanRuns {
    process: String,
}

fn open(home: &Home) -> Result<File> {
    let path = home.scan_lock();
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).with_context(|| {
        match path.is_dir() {
            true => format!(
                "a folder is in the way where the library keeps a file: move it elsewhere, or let {} move it aside: {}",
                Advised("library restore"),
                path.display()
            ),
            false => format!("cannot open {}", path.display()),
        }
    })
}

/// The process that scans, as it named itself.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    // It may be torn.
    let process = read.ok().and_then(|_| text.trim().parse::<u32>().ok());
    process.map_or_else(|| "?".to_owned(), |process| process.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_lock_keeps_nobody_out_and_says_nothing_of_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        for torn in [&b""[..], b"12\x1b[31m", b"\xFF\xFE\x00"] {
            std::fs::write(home.scan_lock(), torn).unwrap();
            assert_eq!(holder(&mut File::open(home.scan_lock()).unwrap()), "?");
            let lock = ScanLock::wait(&home, &Cancel::default(), &mut |_| {}).unwrap();
            assert!(lock.is_some());
            drop(lock);
            assert_eq!(holder(&mut File::open(home.scan_lock()).unwrap()), std::process::id().to_string());
        }
    }
}
