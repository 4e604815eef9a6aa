//! The networks and weights that a run can start from, for choosing among them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::app::train::job::runs::UnfinishedRun;
use crate::networks::nets::catalogue::{VARIANTS, Variant};
use crate::train::schedule::Schedule;
use crate::types::{ModelId, files};

/// A network that can be trained from random weights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkChoice {
    pub(crate) variant: &'static Variant,
    pub parameters: u64,
}

impl NetworkChoice {
    pub fn of(variant: &'static Variant) -> Self {
        Self { variant, parameters: variant.table().params() }
    }
}

/// What there is to start from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choices {
    pub networks: Vec<NetworkChoice>,
    pub models: Vec<ModelChoice>,
    pub unfinished: Vec<UnfinishedRun>,
    /// Names of all runs, unfinished or not: a new one needs another.
    pub taken: Vec<String>,
    /// Where runs are kept.
    pub runs: PathBuf,
}

/// An installed network that tells faces apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelChoice {
    pub model: ModelId,
    pub name: String,
    pub dimensions: usize,
    pub in_use: bool,
}

impl ModelChoice {
    /// Name and length of its vectors.
    pub fn label(&self) -> String {
        format!("{}  ·  {}-D", self.name, self.dimensions)
    }
}

/// Every network of the catalogue, in its order.
pub fn networks() -> Vec<NetworkChoice> {
    VARIANTS.iter().map(NetworkChoice::of).collect()
}

/// Learning rates by epoch, in davidsandberg's format.
pub(crate) fn read_schedule(path: &Path) -> Result<Schedule> {
    let text = files::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Schedule::parse(&text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_of_the_catalogue_can_be_chosen() {
        let networks = networks();
        assert_eq!(networks.len(), VARIANTS.len());
        let small = networks.iter().find(|network| network.variant.name == "likeness-small").unwrap();
        assert_eq!((small.variant.input, small.variant.embedding_size, small.parameters), ([48, 48], 64, 135_632));
    }
}
