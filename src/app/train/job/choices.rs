//! The networks and weights that a run can start from, for choosing among them.

use std::path::Path;

use anyhow::{Context, Result};

use crate::networks::nets::catalogue::{VARIANTS, Variant};
use crate::train::schedule::Schedule;

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

/// Every network of the catalogue, in its order.
pub fn networks() -> Vec<NetworkChoice> {
    VARIANTS.iter().map(NetworkChoice::of).collect()
}

/// Learning rates by epoch, in davidsandberg's format.
pub(crate) fn read_schedule(path: &Path) -> Result<Schedule> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
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
