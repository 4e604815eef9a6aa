//! The networks and weights that a run can start from, for choosing among them.

use std::path::Path;

use anyhow::{Context, Result};

use crate::networks::models::{ModelEntry, Task};
use crate::networks::nets::catalogue::VARIANTS;
use crate::train::schedule::Schedule;

/// A network that can be trained from random weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkChoice {
    pub name: String,
    pub parameters: u64,
    /// Width and height of its input.
    pub input: (u32, u32),
    pub dimensions: usize,
    pub source: String,
}

/// Every network of the catalogue, in its order.
pub fn networks() -> Vec<NetworkChoice> {
    let choice = |variant: &crate::networks::nets::catalogue::Variant| NetworkChoice {
        name: variant.name.to_owned(),
        parameters: variant.table().params(),
        input: (variant.input[1] as u32, variant.input[0] as u32),
        dimensions: variant.embedding_size,
        source: variant.source.to_owned(),
    };
    VARIANTS.iter().map(choice).collect()
}

/// Learning rates by epoch, in davidsandberg's format.
pub fn read_schedule(path: &Path) -> Result<Schedule> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Schedule::parse(&text)?)
}

/// Whether a run can begin at the weights of this model.
pub fn can_start_from(entry: &ModelEntry) -> bool {
    entry.task == Task::Embed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_of_the_catalogue_can_be_chosen() {
        let networks = networks();
        assert_eq!(networks.len(), VARIANTS.len());
        let small = networks.iter().find(|network| network.name == "likeness-small").unwrap();
        assert_eq!((small.input, small.dimensions, small.parameters), ((48, 48), 64, 135_632));
    }
}
