//! Pictures of a run from their files, cut as the network wants them.

use image::RgbImage;

use super::people::{Entry, Prepared};
use crate::align;
use crate::image::{DecodeLimits, DecodeScale, decode};
use crate::train::data::PictureSource;
use crate::types::{Detection, InputRecipe};

pub struct FolderSource {
    pictures: Vec<Entry>,
    recipe: InputRecipe,
}

/// A face is decoded at least this many times as large as its crop.
const CROP_ENLARGED: f32 = 1.5;

impl FolderSource {
    pub fn new(prepared: &Prepared, recipe: InputRecipe) -> Self {
        Self { pictures: prepared.entries.clone(), recipe }
    }

    fn decode_at(&self, face: &Detection) -> f32 {
        let side = face.face_box.width.max(face.face_box.height).max(1.0);
        CROP_ENLARGED * self.recipe.width.max(self.recipe.height) as f32 / side
    }
}

impl PictureSource for FolderSource {
    fn crop(&self, picture: usize) -> Result<RgbImage, String> {
        let entry = self.pictures.get(picture).ok_or("the picture was left out")?;
        let (path, limits) = (&entry.path, DecodeLimits::default());
        let Some(face) = &entry.face else {
            let photo = decode(path, DecodeScale::Full, &limits).map_err(|error| error.to_string())?;
            return Ok(align::crop_without_face(&photo.pixels, &self.recipe));
        };
        let scale = self.decode_at(face);
        let photo = if scale >= 1.0 {
            decode(path, DecodeScale::Full, &limits)
        } else {
            let (width, height) = entry.full_size;
            let long_side = (scale * width.max(height) as f32).ceil() as u32;
            decode(path, DecodeScale::LongSideAtLeast(long_side), &limits)
        };
        let photo = photo.map_err(|error| error.to_string())?;
        let photo_from_full = photo.scale();
        let face = Detection {
            face_box: face.face_box.scaled(photo_from_full),
            landmarks: face.landmarks.scaled(photo_from_full),
            ..*face
        };
        Ok(align::crop(&photo.pixels, &face, &self.recipe))
    }
}
