//! The vocabulary every part shares, and what readers of files have in common: numbers out of bytes ([`reader`]), boxes
//! ([`iso_box`]). No part of the house is below this one; nothing here touches device or window, nor the disk, but for the
//! lock of a file that one process at a time holds, and for opening files.

mod advice;
mod cancel;
mod counted;
mod embedding;
mod error_chain;
mod extension;
mod face;
pub(crate) mod file_lock;
pub(crate) mod files;
mod hex;
mod ids;
pub(crate) mod iso_box;
#[cfg(test)]
pub(crate) mod mutation;
pub(crate) mod path_text;
mod preprocessing;
mod quarter_turn;
pub(crate) mod reader;
mod revision;
mod similarity;
mod system_name;
mod system_words;
mod touched;
mod unseen;
mod version;

pub(crate) use advice::{Advised, advise_for, home_of_advice};
pub use cancel::Cancel;
pub(crate) use counted::{counted, grouped, percent, size_words};
pub(crate) use embedding::EmbeddingError;
pub use embedding::{Embedding, SquaredDistance};
pub(crate) use error_chain::error_chain;
pub(crate) use extension::has_extension;
pub use face::{Detection, FaceBox, Landmarks};
pub(crate) use hex::hex;
pub use ids::{FaceId, ModelId, PersonId, PhotoId};
pub(crate) use path_text::PathText;
pub(crate) use preprocessing::FaceCrop;
pub use preprocessing::{ChannelOrder, CropRule, PixelScaling, Preprocessing};
pub(crate) use quarter_turn::QuarterTurn;
pub use revision::{Revision, StepId};
pub(crate) use similarity::Similarity;
pub(crate) use system_name::is_system_name;
pub(crate) use system_words::{plain, plain_within};
pub use touched::Touched;
pub(crate) use unseen::{acts_on_text, is_visible, shows_nothing};
pub(crate) use version::PROGRAM;
pub use version::VERSION;
