//! The vocabulary every part shares. No part of the house below this one; nothing here touches disk, device or window.

mod cancel;
mod embedding;
mod error_chain;
mod face;
mod hex;
mod ids;
mod preprocessing;
mod revision;
mod similarity;
mod touched;
mod version;

pub use cancel::Cancel;
pub(crate) use embedding::EmbeddingError;
pub use embedding::{Embedding, SquaredDistance};
pub use error_chain::error_chain;
pub use face::{Detection, FaceBox, Landmarks};
pub(crate) use hex::hex;
pub use ids::{FaceId, ModelId, PersonId, PhotoId};
pub(crate) use preprocessing::FaceCrop;
pub use preprocessing::{ChannelOrder, CropRule, PixelScaling, Preprocessing};
pub use revision::{Revision, StepId};
pub(crate) use similarity::Similarity;
pub use touched::Touched;
pub(crate) use version::PROGRAM;
pub use version::VERSION;
