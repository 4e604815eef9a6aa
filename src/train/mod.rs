//! Triplet loss: sampling, mining, optimising, checkpoints, runs.

pub mod data;
pub mod ema;
pub mod frozen;
pub mod gradients;
pub mod loss;
pub mod mining;
pub mod optimiser;
pub mod rng;
pub mod sampler;
pub mod schedule;
#[cfg(test)]
mod testing;
