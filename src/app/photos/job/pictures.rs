//! Pixels for the window: thumbnails, large photos, portraits.

use anyhow::{Context, Result, bail};

use crate::app::engine::picture::{ImageKey, Picture};
use crate::app::engine::portrait::thumbnail_jpeg;
use crate::app::engine::shared::Shared;
use crate::app::jobs::working_copy::working_copy;
use crate::faces::image::{DecodeLimits, DecodeScale, decode, thumbnail};
use crate::library::PhotoDetail;
use crate::types::{FaceId, PhotoId};

const LARGE_LONG_SIDE: u32 = 2048;

pub fn load(shared: &Shared, key: ImageKey) -> Result<Picture> {
    match key {
        ImageKey::Face(face) => portrait(shared, face),
        ImageKey::Thumbnail(photo) => small(shared, photo),
        ImageKey::Large(photo) => large(shared, photo),
        ImageKey::Seen { .. } | ImageKey::Judged { .. } => bail!("this picture belongs to an evaluation"),
    }
}

fn portrait(shared: &Shared, face: FaceId) -> Result<Picture> {
    let jpeg = shared.library.call(move |library| library.crop_jpeg(face))?.context("this face is gone")?;
    picture_of_jpeg(&jpeg)
}

/// From the cache, else made again and kept.
fn small(shared: &Shared, photo: PhotoId) -> Result<Picture> {
    let photo = detail(shared, photo)?;
    if let Some(jpeg) = photo.sha256.and_then(|hash| shared.thumbnails.get(&hash)) {
        return picture_of_jpeg(&jpeg);
    }
    let jpeg = thumbnail_jpeg(&working_copy(&photo.path)?.pixels)?;
    if let Some(hash) = photo.sha256 {
        // The next look makes it again where the disk is full.
        let _ = shared.thumbnails.put(&hash, &jpeg);
    }
    picture_of_jpeg(&jpeg)
}

fn large(shared: &Shared, photo: PhotoId) -> Result<Picture> {
    let detail = detail(shared, photo)?;
    let decoded = decode(&detail.path, DecodeScale::LongSideAtLeast(LARGE_LONG_SIDE), &DecodeLimits::default());
    let photo = match decoded {
        Ok(photo) => photo,
        // Its drive may not be there: the thumbnail still is.
        Err(error) => match detail.sha256.and_then(|hash| shared.thumbnails.get(&hash)) {
            Some(jpeg) => return picture_of_jpeg(&jpeg),
            None => return Err(error.into()),
        },
    };
    let too_long = photo.pixels.width().max(photo.pixels.height()) > LARGE_LONG_SIDE;
    Ok(Picture::from_rgb(&if too_long { thumbnail(&photo.pixels, LARGE_LONG_SIDE) } else { photo.pixels }))
}

fn detail(shared: &Shared, photo: PhotoId) -> Result<PhotoDetail> {
    shared.library.call(move |library| library.photo(photo))?.context("this photo is gone from the library")
}

fn picture_of_jpeg(jpeg: &[u8]) -> Result<Picture> {
    Ok(Picture::from_rgb(&image::load_from_memory_with_format(jpeg, image::ImageFormat::Jpeg)?.into_rgb8()))
}
