//! Evaluations: embeddings and labels in, one run folder out, with configuration, hashes, figures and what was skipped.

mod clusters;
mod compat;
mod degrade;
mod folder;
mod images;
mod inputs;
mod pairs;
mod present;
mod run_folder;
mod sensitivity;
#[cfg(test)]
mod tests;
mod video;

pub use clusters::{ClustersOutcome, eval_clusters};
pub use compat::{CompatOutcome, eval_compat};
pub use folder::{FolderOutcome, eval_folder};
pub use images::{FaceCrop, View, embed_images, labelled_images};
pub use inputs::{Faces, InputFile, read_embeddings};
pub use pairs::{Arithmetic, ListFormat, Mirror, PairsConfig, PairsOutcome, eval_pairs, listed_images};
pub use sensitivity::{SensitivityConfig, SensitivityOutcome, eval_sensitivity};
pub use video::{VideoConfig, VideoOutcome, eval_video};
