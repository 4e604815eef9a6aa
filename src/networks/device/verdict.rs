//! What self-tests found, remembered between runs.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Adapter, Phase};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// `largest_difference` from the CPU's numbers, relative to the largest number of the same tensor.
    Passed { largest_difference: f32, seconds: f32 },
    Failed {
        /// The cause as a sentence, for scripts and the command line.
        reason: String,
        cause: TestFailure,
    },
}

/// Why a self-test failed. What a system or a driver says stands in `details`, as it says it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum TestFailure {
    #[error("this program cannot find itself: {details}")]
    NoProgram { details: String },
    #[error("its process could not be started: {details}")]
    NotStarted { details: String },
    #[error("{} did not end within {limit_secs} s", phase.name())]
    Hung { phase: Phase, limit_secs: u64 },
    #[error("the process died in {} ({details})", phase.name())]
    Died { phase: Phase, details: String },
    #[error("{}: {details}", phase.name())]
    Wrong { phase: Phase, details: String },
}

impl Verdict {
    pub(crate) fn failed(cause: TestFailure) -> Self {
        Self::Failed { reason: cause.to_string(), cause }
    }
}

/// A file of verdicts. Another driver, another version of this program or another way of building it asks anew.
#[derive(Debug, Clone)]
pub(crate) struct VerdictCache {
    path: PathBuf,
}

impl VerdictCache {
    /// The file need not exist yet.
    pub fn open(path: PathBuf) -> Self {
        Self { path }
    }

    pub fn get(&self, adapter: &Adapter) -> Option<Verdict> {
        self.read().remove(&key(adapter))
    }

    pub fn record(&self, adapter: &Adapter, verdict: &Verdict) -> io::Result<()> {
        let mut all = self.read();
        all.insert(key(adapter), verdict.clone());
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec_pretty(&all)?)?;
        file.persist(&self.path)?;
        Ok(())
    }

    /// A file that is missing or unreadable only means that adapters are tested again.
    fn read(&self) -> BTreeMap<String, Verdict> {
        let text = fs::read(&self.path).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }
}

/// Autotuning runs other kernels, so a build without it, or another level of it, needs its own verdict.
fn key(adapter: &Adapter) -> String {
    let level = std::env::var("CUBECL_AUTOTUNE_LEVEL");
    let build = match &level {
        _ if !cfg!(feature = "autotune") => "plain",
        Ok(level) => level,
        Err(_) => "autotuned",
    };
    let Adapter { name, backend, driver, driver_info, .. } = adapter;
    format!("{name} | {backend} | {driver} | {driver_info} | {} {build}", env!("LIKENESS_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::device::AdapterKind;

    fn adapter(driver_info: &str) -> Adapter {
        Adapter {
            index: 0,
            name: "GeForce".into(),
            kind: AdapterKind::Discrete,
            nth_of_kind: 0,
            backend: "Vulkan".into(),
            driver: "NVIDIA".into(),
            driver_info: driver_info.into(),
            largest_buffer: 1 << 30,
        }
    }

    #[test]
    fn remembers_until_the_driver_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache").join("adapters.json");
        let cache = VerdictCache::open(path.clone());
        assert_eq!(cache.get(&adapter("550")), None);
        let passed = Verdict::Passed { largest_difference: 1e-6, seconds: 2.0 };
        let failed = Verdict::failed(TestFailure::Died { phase: Phase::Forward, details: "signal 11".into() });
        cache.record(&adapter("550"), &passed).unwrap();
        cache.record(&adapter("551"), &failed).unwrap();
        assert_eq!(VerdictCache::open(path.clone()).get(&adapter("550")), Some(passed));
        assert_eq!(cache.get(&adapter("551")), Some(failed));
        assert_eq!(cache.get(&adapter("552")), None);
        fs::write(&path, b"{ half").unwrap();
        assert_eq!(cache.get(&adapter("550")), None);
    }
}
