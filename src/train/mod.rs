//! Triplet loss: sampling, mining, optimising, checkpoints, runs.
