//! The vocabulary every part shares. No part of the house below this one; nothing here touches disk, device or window.

mod cancel;
mod causes;
mod embedding;
mod face;
mod ids;
mod recipe;
mod similarity;
mod touched;

pub use cancel::Cancel;
pub use causes::with_causes;
pub use embedding::{Embedding, EmbeddingError, SquaredDistance};
pub use face::{Detection, FaceBox, Landmarks};
pub use ids::{FaceId, ModelId, PersonId, PhotoId};
pub use recipe::{ChannelOrder, CropRule, InputRecipe, PixelScaling};
pub use similarity::Similarity;
pub use touched::Touched;
