//! Pictures of a run's pairs: the crop as the network saw it, and the whole photo.

use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, Result, bail};

use crate::app::engine::picture::{ImageKey, Picture};
use crate::app::engine::shared::{Shared, lock};
use crate::app::evaluate::job::seen::seen_face;
use crate::app::evaluate::job::window::OpenRuns;
use crate::app::evaluate::job::window::convert::Opened;
use crate::faces::image::{DecodeLimits, DecodeScale, decode, thumbnail};
use crate::networks::models::Store;
use crate::types::{Detection, ModelId};

const LONG_SIDE: u32 = 1024;

pub fn load(shared: &Shared, open: &Mutex<OpenRuns>, key: ImageKey) -> Result<Picture> {
    let (run, image, whole) = match key {
        ImageKey::Seen { run, image } => (run, image, false),
        ImageKey::Judged { run, image } => (run, image, true),
        other => bail!("no picture of an evaluation: {other:?}"),
    };
    let opened = lock(open).get(run).context("this evaluation is closed")?;
    let listed = opened.shown.images.get(image as usize).context("the evaluation has no such image")?;
    let photo = listed.path.as_deref().context("the evaluation was made without a folder of images")?;
    if whole { photo_of(photo) } else { crop(shared, &opened, listed.face.as_ref(), photo) }
}

fn photo_of(photo: &Path) -> Result<Picture> {
    let found = decode(photo, DecodeScale::LongSideAtLeast(LONG_SIDE), &DecodeLimits::default())?;
    let too_long = found.pixels.width().max(found.pixels.height()) > LONG_SIDE;
    Ok(Picture::from_rgb(&if too_long { thumbnail(&found.pixels, LONG_SIDE) } else { found.pixels }))
}

/// A model that is not in the store has no recipe: then the whole image stands for its crop.
fn crop(shared: &Shared, opened: &Opened, face: Option<&Detection>, photo: &Path) -> Result<Picture> {
    let known = Store::open(shared.home.models())?.entry(&ModelId(opened.model.clone())).is_ok();
    if !known {
        return photo_of(photo);
    }
    let seen = seen_face(&shared.home, &opened.model, opened.crop, opened.crop_rule, photo, face)?;
    let (width, height) = (seen.crop.width() as f32, seen.crop.height() as f32);
    let landmarks = seen.landmarks.map(|landmarks| landmarks.0.map(|[x, y]| [x / width, y / height]));
    Ok(Picture { landmarks, ..Picture::from_rgb(&seen.crop) })
}
