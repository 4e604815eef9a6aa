//! Pictures of a run from their files, cut as the network wants them.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use image::RgbImage;

use crate::app::train::job::people::{DataEntry, PreparedPeople};
use crate::app::train::job::picture_lost::PictureLost;
use crate::faces::align;
use crate::faces::image::{DecodeLimits, DecodeScale, PhotoFile};
use crate::train::data::PictureSource;
use crate::types::{Detection, Preprocessing};

pub(crate) struct FolderSource {
    pictures: Arc<Vec<DataEntry>>,
    preprocessing: Preprocessing,
}

/// A face is decoded at least this many times as large as its crop.
const CROP_ENLARGED: f32 = 1.5;

impl FolderSource {
    pub fn new(prepared: &PreparedPeople, preprocessing: Preprocessing) -> Self {
        Self { pictures: prepared.entries.clone(), preprocessing }
    }

    fn decode_at(&self, face: &Detection) -> f32 {
        let side = face.face_box.width.max(face.face_box.height).max(1.0);
        CROP_ENLARGED * self.preprocessing.width.max(self.preprocessing.height) as f32 / side
    }
}

impl PictureSource for FolderSource {
    fn crop(&self, picture: usize) -> Result<RgbImage, String> {
        let entry = self.pictures.get(picture).ok_or_else(|| PictureLost::NotListed.to_string())?;
        let limits = DecodeLimits::default();
        let file = PhotoFile::read(&entry.path, &limits).map_err(|error| error.to_string())?;
        // Other pixels go neither with the face that was found, nor with what networks made of the picture.
        if !entry.is_of(&file.bytes) {
            return Err(PictureLost::HasChanged.to_string());
        }
        let Some(face) = &entry.face else {
            let photo = file.decode(DecodeScale::Full, &limits).map_err(|error| error.to_string())?;
            return Ok(align::crop_without_face(&photo.pixels, &self.preprocessing));
        };
        let (width, height) = entry.full_size;
        let scale = match self.decode_at(face) {
            large if large >= 1.0 => DecodeScale::Full,
            small => DecodeScale::LongSideAtLeast((small * width.max(height) as f32).ceil() as u32),
        };
        let photo = file.decode(scale, &limits).map_err(|error| error.to_string())?;
        Ok(align::crop(&photo.pixels, &face.scaled(photo.scale()), &self.preprocessing))
    }
}

/// Keeps crops in memory, unchanged, until they fill their budget; the pictures beyond it are decoded each time.
/// A device that learns faster than the pool decodes then waits in the first pass only. Of a set that is more than twice
/// the budget nothing is kept: few pictures would come again before the run has ended, and memory would grow for nothing.
pub(crate) struct KeptCrops<S> {
    source: S,
    kept: RwLock<Kept>,
}

struct Kept {
    crops: HashMap<usize, RgbImage>,
    free_bytes: usize,
}

/// 28,000 crops of 112 × 112 pixels.
const CROPS_BYTES: usize = 1 << 30;

impl KeptCrops<FolderSource> {
    /// Within [`CROPS_BYTES`].
    pub fn of(source: FolderSource) -> Self {
        let Preprocessing { width, height, .. } = source.preprocessing;
        let all = source.pictures.len() * 3 * width as usize * height as usize;
        Self::new(source, all, CROPS_BYTES)
    }
}

impl<S: PictureSource> KeptCrops<S> {
    /// `all` is how many bytes the crops of all pictures have, `budget` how many may be kept.
    fn new(source: S, all: usize, budget: usize) -> Self {
        let free_bytes = if all / 2 <= budget { budget } else { 0 };
        Self { source, kept: RwLock::new(Kept { crops: HashMap::new(), free_bytes }) }
    }
}

impl<S: PictureSource> PictureSource for KeptCrops<S> {
    fn crop(&self, picture: usize) -> Result<RgbImage, String> {
        // A thread that panicked while it held the lock left whole crops behind.
        if let Some(crop) = self.kept.read().unwrap_or_else(PoisonError::into_inner).crops.get(&picture) {
            return Ok(crop.clone());
        }
        let crop = self.source.crop(picture)?;
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let bytes = crop.as_raw().len();
        if kept.free_bytes >= bytes && kept.crops.insert(picture, crop.clone()).is_none() {
            kept.free_bytes -= bytes;
        }
        Ok(crop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Counting(AtomicUsize);

    impl PictureSource for Counting {
        fn crop(&self, picture: usize) -> Result<RgbImage, String> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if picture == 9 {
                Err("the file is truncated".to_owned())
            } else {
                Ok(RgbImage::new(4, picture as u32 + 1))
            }
        }
    }

    #[test]
    fn a_kept_crop_is_read_once_and_one_beyond_the_budget_each_time() {
        let kept = KeptCrops::new(Counting(AtomicUsize::new(0)), 4 * 3 * 6, 4 * 3 * 3);
        for _ in 0..3 {
            assert_eq!(kept.crop(0).unwrap().height(), 1);
            assert_eq!(kept.crop(1).unwrap().height(), 2);
            assert_eq!(kept.crop(2).unwrap().height(), 3);
            assert!(kept.crop(9).is_err());
        }
        assert_eq!(kept.source.0.load(Ordering::Relaxed), 1 + 1 + 3 + 3);
    }

    #[test]
    fn of_a_set_much_larger_than_the_budget_nothing_is_kept() {
        let kept = KeptCrops::new(Counting(AtomicUsize::new(0)), 4 * 3 * 8, 4 * 3 * 3);
        for _ in 0..3 {
            assert_eq!(kept.crop(0).unwrap().height(), 1);
        }
        assert_eq!((kept.source.0.load(Ordering::Relaxed), kept.kept.read().unwrap().crops.len()), (3, 0));
    }
}
