//! Evaluations: embeddings and labels in, one run folder out, with configuration, hashes, figures and what was skipped.

mod check;
mod clusters;
mod compat;
mod count;
mod counted;
mod degrade;
mod distances;
mod errata_file;
mod folder;
mod images;
mod inputs;
mod library_faces;
mod overlay;
mod pairs;
mod present;
mod reopen;
mod rows;
mod run_folder;
mod seen;
mod sensitivity;
#[cfg(test)]
mod tests;
mod training;
mod variants;
mod video;
mod worst;

pub use check::{Alternative, CheckConfig, CheckOutcome, CheckRow, Fact, Finding, Suspect, Way, eval_check};
pub use clusters::{ClustersOutcome, eval_clusters};
pub use compat::{CompatOutcome, eval_compat};
pub use count::PairCounter;
pub use counted::{CountedRun, open_counted};
pub use errata_file::{ErrataFile, mislabelled};
pub use folder::{FolderOutcome, eval_folder};
pub use images::{FaceCrop, View, embed_images, labelled_images};
pub use inputs::{Faces, InputFile, Photos, read_embeddings};
pub use library_faces::library_faces;
pub use overlay::{OverlayOutcome, eval_overlay};
pub use pairs::{
    Arithmetic, ListFormat, Mirror, PairsConfig, PairsOutcome, WithoutErrata, eval_images, eval_pairs, listed_images,
};
pub use reopen::{open_run, pair_runs, run_folders, run_record};
pub use rows::{CurveRows, Elsewhere, FailureRow, PairHistogram, PairsRun, Threshold};
pub use seen::{SeenFace, seen_face};
pub use sensitivity::{SensitivityConfig, SensitivityOutcome, eval_sensitivity};
pub use training::eval_training;
pub use variants::{eval_dimensions, eval_networks, listed_faces};
pub use video::{VideoConfig, VideoOutcome, eval_video, listed_frames};
pub use worst::{WorstImage, WorstPair, WorstPairs};
