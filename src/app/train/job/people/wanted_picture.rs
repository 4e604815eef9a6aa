//! One picture that shall take part: read, its face located, or known from the library and still the same.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use super::{DETECTION_LONG_SIDE, DataEntry, DataPart, PictureStamp, hash_of};
use crate::app::engine::networks::NoFace;
use crate::app::jobs::reembed::SHOWS_ANOTHER;
use crate::faces::detect::Detector;
use crate::faces::image::{DecodeLimits, DecodeScale, Photo, PhotoFile, picture_hash_of_file};
use crate::library::ConfirmedFace;
use crate::types::{Detection, hex};

/// A picture that shall take part.
pub(crate) struct WantedPicture {
    pub(super) person: String,
    pub path: PathBuf,
    pub(super) part: DataPart,
    /// What the library knows of it already.
    pub(super) known: Option<ConfirmedFace>,
}

impl WantedPicture {
    /// Reads the picture; one whose face is known must only be the same still.
    pub(super) fn entry(&self, detector: Option<&Detector>) -> Result<DataEntry> {
        let stamp = PictureStamp::of(&self.path)?;
        let (sha256, full_size, face, further_pages) = match &self.known {
            Some(known) => (self.hash_of_known(known, stamp)?, known.photo_size, Some(known.detection), 0),
            None => {
                let limits = DecodeLimits::default();
                let file = PhotoFile::read(&self.path, &limits)?;
                let photo = file.decode(DecodeScale::LongSideAtLeast(DETECTION_LONG_SIDE), &limits)?;
                let face = detector.map(|detector| most_prominent(detector, &photo)).transpose()?;
                (hash_of(&file.bytes), photo.full_size, face, u64::from(photo.meta.further_pages))
            }
        };
        let (person, path) = (self.person.clone(), self.path.clone());
        Ok(DataEntry { person, path, sha256, part: self.part, full_size, face, further_pages, stamp: Some(stamp) })
    }

    /// The hash of the file as it is. Where it was written to since the library looked at it, it must show the same
    /// picture: in another the face stands elsewhere, or somebody else's does.
    fn hash_of_known(&self, known: &ConfirmedFace, stamp: PictureStamp) -> Result<String> {
        let is_untouched = stamp == PictureStamp::known_of(known);
        if let Some(sha256) = known.sha256.as_ref().filter(|_| is_untouched) {
            return Ok(sha256.clone());
        }
        let (file, picture) = picture_hash_of_file(&self.path)?;
        let sha256 = hex(&file);
        let is_same = match known.picture {
            Some(known) => known == picture.0,
            None => is_untouched || known.sha256.as_ref() == Some(&sha256),
        };
        ensure!(is_same, SHOWS_ANOTHER);
        Ok(sha256)
    }
}

/// In pixels of the photo at full scale.
fn most_prominent(detector: &Detector, photo: &Photo) -> Result<Detection> {
    let centre = [photo.pixels.width() as f32 / 2.0, photo.pixels.height() as f32 / 2.0];
    let found = detector.detect(&photo.pixels)?;
    let best = found.into_iter().max_by(|a, b| prominence(a, centre).total_cmp(&prominence(b, centre)));
    let face = best.ok_or(NoFace)?;
    Ok(face.scaled(1.0 / photo.scale()))
}

/// davidsandberg's choice among several faces: large and central.
fn prominence(face: &Detection, centre: [f32; 2]) -> f32 {
    let [x, y] = face.face_box.centre();
    face.face_box.area() - 2.0 * ((x - centre[0]).powi(2) + (y - centre[1]).powi(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{FaceBox, Landmarks, PersonId, error_chain};
    use image::{Rgb, RgbImage};
    use std::fs;
    use std::path::Path;
    use std::time::UNIX_EPOCH;

    fn known(path: &Path) -> ConfirmedFace {
        let (file, picture) = picture_hash_of_file(path).unwrap();
        let modified = fs::metadata(path).unwrap().modified().unwrap().duration_since(UNIX_EPOCH).unwrap();
        let face_box = FaceBox { x: 1.0, y: 2.0, width: 6.0, height: 8.0 };
        ConfirmedFace {
            person_id: PersonId(1),
            name: Some("Ada".to_owned()),
            path: path.to_owned(),
            sha256: Some(hex(&file)),
            picture: Some(picture.0),
            file_bytes: fs::metadata(path).unwrap().len(),
            modified_ns: modified.as_nanos() as i64,
            photo_size: (20, 16),
            detection: Detection { face_box, score: 0.9, landmarks: Landmarks([[3.0, 4.0]; 5]) },
            one_by_one: true,
        }
    }

    #[test]
    fn a_face_of_the_library_is_learned_from_only_where_its_picture_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ada.jpg");
        let draw = |red: u8| RgbImage::from_pixel(20, 16, Rgb([red, 80, 90])).save(&path).unwrap();
        draw(10);
        let known = known(&path);
        let entry = |known: &ConfirmedFace| {
            let known = Some(known.clone());
            let wanted = WantedPicture { person: "Ada".into(), path: path.clone(), part: DataPart::Training, known };
            wanted.entry(None).map_err(|error| error_chain(&error))
        };
        assert_eq!(Some(entry(&known).unwrap().sha256), known.sha256);
        // A comment more: another file, the same picture.
        let mut bytes = fs::read(&path).unwrap();
        bytes.splice(2..2, [0xff, 0xfe, 0, 5, b'A', b'd', b'a']);
        fs::write(&path, &bytes).unwrap();
        let found = entry(&known).unwrap();
        assert!(found.is_of(&bytes) && Some(&found.sha256) != known.sha256.as_ref());
        assert_eq!(found.face, Some(known.detection));
        // As versions left it that knew no pictures: only the very same file is the same.
        let nameless = ConfirmedFace { picture: None, ..known.clone() };
        assert_eq!(entry(&nameless), Err(SHOWS_ANOTHER.to_owned()));
        draw(200);
        assert_eq!(entry(&known), Err(SHOWS_ANOTHER.to_owned()));
    }
}
