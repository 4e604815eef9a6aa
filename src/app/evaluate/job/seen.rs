//! A face as a network saw it, for the failure wall, and the photo around it.

use std::path::Path;

use anyhow::{Context, Result};
use image::RgbImage;

use crate::app::engine::home::Home;
use crate::app::evaluate::job::images::centre_square;
use crate::eval::Run;
use crate::faces::align;
use crate::faces::image::{DecodeLimits, DecodeScale, decode, thumbnail};
use crate::networks::models::Store;
use crate::types::{CropRule, Detection, FaceCrop, Landmarks, ModelId, Preprocessing};

/// A network's input picture and where the landmarks are in it.
#[derive(Debug, Clone)]
pub(crate) struct SeenFace {
    pub crop: RgbImage,
    /// In pixels of the crop; None where no landmark guided it.
    pub landmarks: Option<Landmarks>,
}

/// How the model of `run` wanted its pictures, its faces cut as the run did; for the model's usual rule where that is not
/// known. An error for a model that is not known here, as of embeddings from elsewhere.
pub(crate) fn preprocessing_of(home: &Home, run: &Run) -> Result<Preprocessing> {
    preprocessing(home, &run.row.model, run.crop_rule)
}

fn preprocessing(home: &Home, model: &str, rule: Option<CropRule>) -> Result<Preprocessing> {
    let usual = Store::open(home.models())?.entry(&ModelId(model.to_owned()))?.input;
    Ok(Preprocessing { crop: rule.unwrap_or(usual.crop), ..usual })
}

/// Cuts the face of a photo as a network saw it. Where it is not known how a run found faces, the detection decides.
pub(crate) fn seen_face(
    preprocessing: &Preprocessing,
    crop: Option<FaceCrop>,
    photo: &Path,
    face: Option<&Detection>,
) -> Result<SeenFace> {
    let pixels = decode(photo, DecodeScale::Full, &DecodeLimits::default())
        .with_context(|| format!("cannot show {}", photo.display()))?
        .pixels;
    let stored = Preprocessing { crop: CropRule::AsStored, ..*preprocessing };
    Ok(match (crop, face) {
        (Some(FaceCrop::Centre { share }), _) => {
            let square = centre_square(&pixels, share);
            SeenFace { crop: align::crop_without_face(&square, &stored), landmarks: None }
        }
        (Some(FaceCrop::AsStored), _) | (_, None) => {
            SeenFace { crop: align::crop_without_face(&pixels, &stored), landmarks: None }
        }
        (_, Some(face)) => SeenFace {
            crop: align::crop(&pixels, face, preprocessing),
            landmarks: align::landmarks_in_crop(face, pixels.dimensions(), preprocessing),
        },
    })
}

/// A whole photo, upright, fitted into a square of `long_side`; a smaller one stays as it is.
pub(crate) fn whole_photo(photo: &Path, long_side: u32) -> Result<RgbImage> {
    let found = decode(photo, DecodeScale::LongSideAtLeast(long_side), &DecodeLimits::default())?;
    let too_long = found.pixels.width().max(found.pixels.height()) > long_side;
    Ok(if too_long { thumbnail(&found.pixels, long_side) } else { found.pixels })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_are_shown_as_the_run_cut_them() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let shown = |rule| preprocessing(&home, "facenet-casia-512", rule).unwrap().crop;
        assert_eq!(shown(None), CropRule::SquareBox { enlarge: 1.2 });
        let run = CropRule::GreaterMargin { margin: 32.0 };
        assert_eq!(shown(Some(run)), run);
    }
}
