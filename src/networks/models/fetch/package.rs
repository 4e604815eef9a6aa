//! Fetches a package's archive with its registry's own client, which knows the user's mirrors, proxies and
//! certificates. The client only downloads: no dependencies, no build, no scripts of the package.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread::{Builder, JoinHandle, sleep};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use walkdir::WalkDir;

use super::{ByteProgress, Clients};
use crate::networks::models::{Client, FetchError, Package};
use crate::types::Cancel;

const POLL: Duration = Duration::from_millis(100);
/// The clients have their own network timeouts (below); this one catches a client that hangs.
const STALL_TIMEOUT: Duration = Duration::from_secs(90);

/// Of a client's messages the last ones are kept.
const MAX_LOG_BYTES: usize = 1 << 16;

/// Wheels only: a source archive would be built to learn its metadata.
const PIP_ARGUMENTS: &str = "download --no-deps --only-binary=:all: --ignore-requires-python --no-input --no-cache-dir \
    --disable-pip-version-check --quiet --retries=1 --timeout=15 --dest";
const NPM_ARGUMENTS: &str =
    "pack --ignore-scripts --loglevel=error --fetch-retries=1 --fetch-timeout=15000 --pack-destination";

/// An archive in a folder that vanishes with this value.
pub(crate) struct Fetched {
    pub archive: PathBuf,
    _folder: TempDir,
}

/// Fetches `package` into a new folder below `parent`.
pub(crate) fn fetch_package(
    package: &Package,
    parent: &Path,
    clients: &Clients,
    cancel: &Cancel,
    progress: ByteProgress<'_>,
) -> Result<Fetched, FetchError> {
    let (name, commands) = match package.client {
        Client::Pip => ("pip", &clients.pip),
        Client::Npm => ("npm", &clients.npm),
    };
    for command in commands {
        let folder = TempDir::new_in(parent).map_err(FetchError::io("create a temporary folder in", parent))?;
        let run = InstallRun { package, command, folder: folder.path() };
        let Some(child) = run.start()? else { continue };
        if run.wait(child, cancel, progress)? {
            let archive = run.archive()?;
            return Ok(Fetched { archive, _folder: folder });
        }
    }
    let tried = commands.iter().map(|command| command.join(" ")).collect::<Vec<_>>().join(", ");
    Err(FetchError::MissingClient { client: name, tried })
}

/// One run of a client: the archive goes to `out/`, the client's own temporary files to `tmp/`.
struct InstallRun<'a> {
    package: &'a Package,
    command: &'a [String],
    folder: &'a Path,
}

impl InstallRun<'_> {
    /// None where no such program exists.
    fn start(&self) -> Result<Option<Child>, FetchError> {
        let Some((program, arguments)) = self.command.split_first() else { return Ok(None) };
        let (out, tmp) = (self.folder.join("out"), self.folder.join("tmp"));
        for folder in [&out, &tmp] {
            fs::create_dir(folder).map_err(FetchError::io("create", folder))?;
        }
        let (fetch, what) = match self.package.client {
            Client::Pip => (PIP_ARGUMENTS, format!("{}=={}", self.package.name, self.package.version)),
            Client::Npm => (NPM_ARGUMENTS, format!("{}@{}", self.package.name, self.package.version)),
        };
        let child = Command::new(program)
            .args(arguments)
            .args(fetch.split(' '))
            .arg(&out)
            .arg(what)
            .envs(["TMPDIR", "TEMP", "TMP"].map(|name| (name, &tmp)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        match child {
            Ok(child) => Ok(Some(child)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(error.to_string())),
        }
    }

    /// True when the client ended well, false when it turned out not to be installed (`python3 -m pip`).
    fn wait(&self, mut child: Child, cancel: &Cancel, progress: ByteProgress<'_>) -> Result<bool, FetchError> {
        let log = child.stderr.take().map(listen).transpose().map_err(|error| self.failed(error.to_string()))?;
        let mut grown = (Instant::now(), 0);
        loop {
            if let Some(status) = child.try_wait().map_err(|error| self.failed(error.to_string()))? {
                if status.success() {
                    return Ok(true);
                }
                let log = log.and_then(|log| log.join().ok()).unwrap_or_default();
                return self.explain(&log);
            }
            let bytes = folder_bytes(self.folder);
            if bytes != grown.1 {
                grown = (Instant::now(), bytes);
                progress(bytes.min(self.package.archive_bytes), self.package.archive_bytes);
            }
            let stalled = grown.0.elapsed() > STALL_TIMEOUT;
            if stalled || cancel.is_cancelled() {
                // It may have ended in this very moment, which is as good.
                let _ = child.kill();
                let _ = child.wait();
                return Err(match stalled {
                    true => FetchError::ClientStalled { command: self.name(), seconds: STALL_TIMEOUT.as_secs() },
                    false => FetchError::Cancelled,
                });
            }
            sleep(POLL);
        }
    }

    fn archive(&self) -> Result<PathBuf, FetchError> {
        let out = self.folder.join("out");
        let extension = match self.package.client {
            Client::Pip => "whl",
            Client::Npm => "tgz",
        };
        fs::read_dir(&out)
            .map_err(FetchError::io("read", &out))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .find(|path| path.extension().is_some_and(|found| found == extension))
            .ok_or_else(|| self.failed(format!("it left no .{extension} file")))
    }

    fn name(&self) -> String {
        self.command.join(" ")
    }

    fn failed(&self, message: String) -> FetchError {
        FetchError::ClientFailed { command: self.name(), message }
    }

    /// What a client that failed meant.
    fn explain(&self, log: &str) -> Result<bool, FetchError> {
        if log.contains("No module named pip") {
            return Ok(false);
        }
        if log.contains("No space left on device") || log.contains("ENOSPC") {
            return Err(FetchError::DiskFull);
        }
        let said = log.lines().rev().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("[notice]"));
        let reason = said.map_or("it gave no reason", |line| line.trim_start_matches("ERROR: "));
        Err(self.failed(reason.to_owned()))
    }
}

/// Collects what a client says; a file for it would be empty when the disk is full.
fn listen(mut stderr: ChildStderr) -> std::io::Result<JoinHandle<String>> {
    Builder::new().name("package client's messages".into()).spawn(move || {
        let mut log = Vec::new();
        let mut buffer = [0; 4096];
        // An error here ends the message where it is.
        while let Ok(count @ 1..) = stderr.read(&mut buffer) {
            log.extend_from_slice(&buffer[..count]);
            log.drain(..log.len().saturating_sub(MAX_LOG_BYTES));
        }
        String::from_utf8_lossy(&log).into_owned()
    })
}

/// What lies below a folder; files that vanish meanwhile count nothing.
fn folder_bytes(folder: &Path) -> u64 {
    let files = WalkDir::new(folder).into_iter().flatten().filter(|entry| !entry.file_type().is_dir());
    files.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}
