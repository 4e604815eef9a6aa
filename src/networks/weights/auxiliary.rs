//! What training scripts keep beside the weights, by the names that they give it.

/// Whole names.
const NAMES: [&str; 27] = [
    "opt",
    "scaler",
    "grad_scaler",
    "amp",
    "rng",
    "rng_state",
    "rng_states",
    "callbacks",
    "loops",
    "args",
    "hparams",
    "hyper_parameters",
    "config",
    "cfg",
    "history",
    "_metadata",
    "lr",
    "random_state",
    "best_metrics",
    "state_step",
    // Solvers by name, and what they keep of each parameter.
    "adam",
    "adamw",
    "sgd",
    "exp_avg",
    "exp_avg_sq",
    "max_exp_avg_sq",
    "momentum_buffer",
];
/// Parts of names: `optimizer_state_dict`, `lr_scheduler`.
const PARTS: [&str; 2] = ["optim", "sched"];

/// Whether what stands under this key is no network.
pub(super) fn is_beside_weights(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    NAMES.contains(&&*key) || PARTS.iter().any(|part| key.contains(part))
}

/// PyTorch counts batches beside the statistics of a norm; where all of a file was made floats, that number, too.
pub(super) fn is_counter(name: &str) -> bool {
    name.rsplit('.').next() == Some("num_batches_tracked")
}
