//! Learning by triplet loss, or from another network: sampling, mining, optimising, checkpoints, runs.
//!
//! Reading order: [`data`] says what is trained on, [`sampler`] draws mini-batches, [`mining`] chooses triplets,
//! [`loss`] measures them ([`teacher`] how far a network is from another), [`step`] turns a batch into gradients
//! whatever its size, [`optimiser`] moves the weights, [`run`] is the loop around it, [`checkpoint`] what stays on disk.
//! Definitions are those of Schroff et al. 2015, sections 3 and 7; where a file departs from them, its page says so.
//!
//! The trainer knows no window and no terminal: it reports [`events::TrainEvent`]s to a closure and looks at
//! [`events::Control`] between two steps.

pub mod alarms;
pub mod augment;
pub mod checkpoint;
pub mod comparison;
pub mod config;
pub mod data;
pub mod ema;
mod error;
pub mod events;
pub mod frozen;
pub mod gradients;
pub mod loader;
pub mod loss;
pub mod mining;
pub mod optimiser;
pub mod presets;
pub mod rng;
mod rows;
pub mod run;
pub mod sampler;
pub mod schedule;
pub mod snapshot;
pub mod start;
pub mod step;
pub mod teacher;
#[cfg(test)]
mod testing;
pub mod times;
pub mod trunk;
pub mod validate;

pub(crate) use config::TrainConfig;
