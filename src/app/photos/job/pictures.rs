//! Pixels for the window: thumbnails, large photos, portraits.

use anyhow::{Context, Result, bail};

use crate::app::engine::picture::{ImageKey, Picture};
use crate::app::engine::portrait::{THUMBNAIL_LONG_SIDE, thumbnail_jpeg};
use crate::app::engine::shared::Shared;
use crate::app::jobs::working_copy::working_copy;
use crate::faces::image::{DecodeLimits, DecodeScale, decode, decode_what_there_is, thumbnail};
use crate::library::PhotoDetail;
use crate::types::{FaceId, PhotoId};

const LARGE_LONG_SIDE: u32 = 2048;

pub(crate) fn load(shared: &Shared, key: ImageKey) -> Result<Picture> {
    match key {
        ImageKey::Face(face) => portrait(shared, face),
        ImageKey::Thumbnail(photo) => small(shared, photo),
        ImageKey::Large(photo) => large(shared, photo),
        ImageKey::Seen { .. } | ImageKey::Judged { .. } => bail!("this picture belongs to an evaluation"),
    }
}

fn portrait(shared: &Shared, face: FaceId) -> Result<Picture> {
    let jpeg = shared.library.ask(|library| library.crop_jpeg(face))?.context("this face is gone")?;
    picture_of_jpeg(&jpeg)
}

/// From the cache, else made again and kept.
fn small(shared: &Shared, photo: PhotoId) -> Result<Picture> {
    let photo = detail(shared, photo)?;
    let kept = photo.sha256.and_then(|hash| shared.thumbnails.get(&hash));
    // A torn one is made again.
    if let Some(picture) = kept.and_then(|jpeg| picture_of_jpeg(&jpeg).ok()) {
        return Ok(picture);
    }
    let copy = match working_copy(&photo.path) {
        Ok(copy) => copy,
        Err(error) => return part(&photo, THUMBNAIL_LONG_SIDE).ok_or(error),
    };
    let jpeg = thumbnail_jpeg(&copy.pixels)?;
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
        // Its drive may not be there: the thumbnail still is. Of a file that was damaged since there may be a part.
        Err(error) => match detail.sha256.and_then(|hash| shared.thumbnails.get(&hash)) {
            Some(jpeg) => return picture_of_jpeg(&jpeg),
            None => return part(&detail, LARGE_LONG_SIDE).ok_or(error.into()),
        },
    };
    let too_long = photo.pixels.width().max(photo.pixels.height()) > LARGE_LONG_SIDE;
    Ok(Picture::from_rgb(&if too_long { thumbnail(&photo.pixels, LARGE_LONG_SIDE) } else { photo.pixels }))
}

/// What there is of a picture that cannot be read whole.
fn part(photo: &PhotoDetail, long_side: u32) -> Option<Picture> {
    let part = decode_what_there_is(&photo.path, &DecodeLimits::default()).ok()?;
    Some(Picture::from_rgb(&part.thumbnail(long_side)))
}

fn detail(shared: &Shared, photo: PhotoId) -> Result<PhotoDetail> {
    shared.library.ask(|library| library.photo(photo))?.context("this photo is gone from the library")
}

fn picture_of_jpeg(jpeg: &[u8]) -> Result<Picture> {
    Ok(Picture::from_rgb(&image::load_from_memory_with_format(jpeg, image::ImageFormat::Jpeg)?.into_rgb8()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::engine::home::Home;
    use crate::app::engine::library_thread::LibraryHandle;
    use crate::app::engine::networks::EngineOptions;
    use crate::library::{Library, PhotoRecord, fixture};

    #[test]
    fn a_torn_thumbnail_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let path = folder.path().join("a.png");
        image::RgbImage::from_pixel(40, 30, image::Rgb([200, 100, 50])).save(&path).unwrap();
        let options = EngineOptions::default();
        let hash = fixture::hashes(7).file;
        let record = PhotoRecord { model: options.model_id(), ..fixture::photo(&path, 7, Vec::new()) };
        let mut library = Library::open(&home.library()).unwrap();
        let scan = library.begin_scan(folder.path()).unwrap();
        let photo = library.record_photos(scan, &[record]).unwrap()[0].photo_id;
        drop(library);
        let library = LibraryHandle::open(&home.library()).unwrap();
        let shared = Shared::new(home, library, options);
        for torn in [&b""[..], b"\xFF\xD8\xFF\xE0", b"overwritten"] {
            shared.thumbnails.put(&hash, torn).unwrap();
            load(&shared, ImageKey::Thumbnail(photo)).unwrap();
            assert!(picture_of_jpeg(&shared.thumbnails.get(&hash).unwrap()).is_ok());
        }
    }
}
