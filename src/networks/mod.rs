//! What computes: where, with which networks, with whose weights.
//!
//! [`device`] chooses an adapter or the CPU and tests it; [`nets`] are the networks, each after its source; [`weights`]
//! reads other tools' files without running code from them; [`models`] is the store, and the only place that opens a
//! connection, at the user's word; [`kernels`] are our own, shaders and for the CPU, each with a plain reference.

pub mod device;
pub mod kernels;
pub mod models;
pub mod nets;
pub mod weights;
