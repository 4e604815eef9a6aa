//! Pictures of a run's pairs: the crop as the network saw it, and the whole photo.

use std::sync::Mutex;

use anyhow::{Context, Result, bail};

use crate::app::engine::picture::{ImageKey, Picture};
use crate::app::engine::shared::{Shared, lock};
use crate::app::evaluate::job::seen::{SeenFace, preprocessing_of, seen_face, whole_photo};
use crate::app::evaluate::job::window::OpenRuns;

const LONG_SIDE: u32 = 1024;

pub(crate) fn load(shared: &Shared, open: &Mutex<OpenRuns>, key: ImageKey) -> Result<Picture> {
    let (run, image, whole) = match key {
        ImageKey::Seen { run, image } => (run, image, false),
        ImageKey::Judged { run, image } => (run, image, true),
        _ => bail!("this is no picture of an evaluation"),
    };
    let run = lock(open).get(run).context("this evaluation is closed")?;
    let image = run.images.get(image as usize).context("the evaluation has no such image")?;
    let photo = image.path.as_deref().context("the evaluation was made without a folder of images")?;
    // Of a model that is not known here, the whole image stands for its crop.
    match preprocessing_of(&shared.home, &run) {
        Ok(preprocessing) if !whole => crop(&seen_face(&preprocessing, run.crop, photo, image.face.as_ref())?),
        _ => Ok(Picture::from_rgb(&whole_photo(photo, LONG_SIDE)?)),
    }
}

fn crop(seen: &SeenFace) -> Result<Picture> {
    let (width, height) = (seen.crop.width() as f32, seen.crop.height() as f32);
    let landmarks = seen.landmarks.map(|landmarks| landmarks.0.map(|[x, y]| [x / width, y / height]));
    Ok(Picture { landmarks, ..Picture::from_rgb(&seen.crop) })
}
