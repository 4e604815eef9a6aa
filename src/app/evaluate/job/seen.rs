//! A face as a network saw it, for the failure wall.

use std::path::Path;

use anyhow::{Context, Result};
use image::RgbImage;

use crate::app::engine::home::Home;
use crate::app::evaluate::job::images::{FaceCrop, centre_square};
use crate::faces::align;
use crate::faces::image::{DecodeLimits, DecodeScale, decode};
use crate::networks::models::Store;
use crate::types::{CropRule, Detection, Landmarks, ModelId, Preprocessing};

/// A network's input picture and where the landmarks are in it.
#[derive(Debug, Clone)]
pub struct SeenFace {
    pub crop: RgbImage,
    /// In pixels of the crop; None where no landmark guided it.
    pub landmarks: Option<Landmarks>,
}

/// Cuts the face of a photo as `model` saw it. `crop` and `rule` are how the run found and cut faces; where the one is
/// not known, the detection decides, for the other stands the model's usual rule.
pub fn seen_face(
    home: &Home,
    model: &str,
    crop: Option<FaceCrop>,
    rule: Option<CropRule>,
    photo: &Path,
    face: Option<&Detection>,
) -> Result<SeenFace> {
    seen_by(&recipe_of(home, model, rule)?, crop, photo, face)
}

/// How a model wanted its pictures in a run that cut faces by `rule`.
pub(crate) fn recipe_of(home: &Home, model: &str, rule: Option<CropRule>) -> Result<Preprocessing> {
    let usual = Store::open(home.models())?.entry(&ModelId(model.to_owned()))?.input;
    Ok(Preprocessing { crop: rule.unwrap_or(usual.crop), ..usual })
}

/// As [`seen_face`], for a recipe known already.
pub(crate) fn seen_by(
    recipe: &Preprocessing,
    crop: Option<FaceCrop>,
    photo: &Path,
    face: Option<&Detection>,
) -> Result<SeenFace> {
    let pixels = decode(photo, DecodeScale::Full, &DecodeLimits::default())
        .with_context(|| format!("cannot show {}", photo.display()))?
        .pixels;
    let stored = Preprocessing { crop: CropRule::AsStored, ..*recipe };
    Ok(match (crop, face) {
        (Some(FaceCrop::Centre { share }), _) => {
            let square = centre_square(&pixels, share);
            SeenFace { crop: align::crop_without_face(&square, &stored), landmarks: None }
        }
        (Some(FaceCrop::AsStored), _) | (_, None) => {
            SeenFace { crop: align::crop_without_face(&pixels, &stored), landmarks: None }
        }
        (_, Some(face)) => SeenFace {
            crop: align::crop(&pixels, face, recipe),
            landmarks: align::landmarks_in_crop(face, pixels.dimensions(), recipe),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faces_are_shown_as_the_run_cut_them() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let shown = |rule| recipe_of(&home, "facenet-casia-512", rule).unwrap().crop;
        assert_eq!(shown(None), CropRule::SquareBox { enlarge: 1.2 });
        let run = CropRule::GreaterMargin { margin: 32.0 };
        assert_eq!(shown(Some(run)), run);
    }
}
