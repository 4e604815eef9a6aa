//! What a run leaves on the disk, and how it is found again.
//!
//! ```text
//! RUN/config.json       every setting, network, start, seed, device
//! RUN/data.jsonl        one line a picture: person, path, SHA-256, training or held out
//! RUN/metrics.jsonl     one line a step and a validation, and one when the run has ended
//! RUN/events.out.*      the same for TensorBoard
//! RUN/checkpoints/step-0000001500/{weights,optimiser,average}.safetensors, state.json
//! RUN/model.safetensors the network that was judged best, averaged weights where an average is kept
//! RUN/end.json          how the run ended, which step's network that is, and how it was judged
//! RUN/comparison.json   that network against the old one; RUN/uncompared is there until it is made
//! RUN/old_vectors.bin   in harmonic training: the old network's vectors; RUN/teacher_vectors.bin likewise
//! RUN/run.lock          held by the process that works on the run
//! RUN/features.bin      while the last layer alone learns: what the part before it makes of pictures
//! ```
//!
//! A checkpoint is written into a folder of another name, flushed, and renamed: whatever moment the plug is pulled, a
//! folder called `step-…` is whole. The last three and the best are kept.

mod error;
mod folder;
mod free_space;
mod kept_rows;
mod metrics;
mod state;
pub mod tensorboard;
mod vectors;

pub(crate) use error::RunFolderError;
pub(crate) use folder::RunFolder;
pub(crate) use kept_rows::KeptRows;
pub(crate) use state::{Checkpoint, CheckpointState};
pub(crate) use vectors::{VectorFile, VectorKey};
