//! What computes: devices, kernels, the networks, their weights, the model store.

pub mod device;
pub mod kernels;
pub mod models;
pub mod nets;
pub mod weights;
