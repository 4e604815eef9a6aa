//! The networks and weights that a run can start from, for choosing among them.

use crate::models::{Architecture, ModelEntry, Task};
use crate::nets::catalogue;
use crate::train::start;

/// A network that can be trained from random weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkChoice {
    pub name: String,
    /// None where the catalogue has no table of the network's layers.
    pub parameters: Option<u64>,
    /// Width and height of its input.
    pub input: (u32, u32),
    pub dimensions: usize,
}

/// Every network that can be trained, in the catalogue's order.
pub fn networks() -> Vec<NetworkChoice> {
    let choice = |name: &str| {
        let card = start::card(name).ok()?;
        let parameters = catalogue::find(name).ok().map(|variant| variant.table().params());
        let input = (card.input.width, card.input.height);
        Some(NetworkChoice { name: name.to_owned(), parameters, input, dimensions: card.dimensions })
    };
    start::names().into_iter().filter_map(choice).collect()
}

/// Whether a run can begin at the weights of this model.
pub fn can_start_from(entry: &ModelEntry) -> bool {
    entry.task == Task::Embed && entry.architecture == Architecture::Sface
}
