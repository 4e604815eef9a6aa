//! Names from a picture to its edit: where a path leads to another picture since this scan, the faces that were decided
//! about are looked for in the new one. What is not found is kept as lost.

use anyhow::Result;

use super::ScanTools;
use crate::app::engine::progress::Skipped;
use crate::app::engine::shared::is_damage;
use crate::app::engine::thumbnail_files::ThumbnailCache;
use crate::app::jobs::reembed;
use crate::faces::edits::{Edit, FaceMatch, FoundFace, KnownFace, Sizes, Thumbnail, match_faces, register};
use crate::library::{Carried, FaceInPicture, LibraryError, PictureFaces, Replaced};
use crate::types::{Cancel, Detection, Embedding, PhotoId, error_chain};

/// Carries over what can be, from each picture that lost a path to each one that took it. Returns how many faces that
/// were. What a cancel leaves is the next scan's, and so is a pair that cannot be compared now, which is told.
pub(super) fn carry_over(tools: &ScanTools<'_>, cancel: &Cancel, tell: &mut dyn FnMut(Skipped)) -> Result<usize> {
    let mut faces = 0;
    for pair in tools.library.call(|library| library.replaced_photos())? {
        if cancel.is_cancelled() {
            break;
        }
        let comparison = PhotoComparison::open(pair.old, pair.new, tools)?;
        faces +=
            comparison.told(comparison.carry(pair, comparison.edit_either_way(tools), pair.lives_on, tools), tell)?;
    }
    Ok(faces)
}

/// How one picture was made from another, or what a test puts in its place.
pub(in crate::app::scan) trait FindEdit {
    /// Both by the hash of a file that showed them.
    fn edit(&self, old: &[u8; 32], new: &[u8; 32]) -> Option<Edit>;
}

/// Where their thumbnails agree.
impl FindEdit for ThumbnailCache {
    fn edit(&self, old: &[u8; 32], new: &[u8; 32]) -> Option<Edit> {
        let thumbnail = |sha256| {
            let pixels = image::load_from_memory(&self.get(sha256)?).ok()?.to_rgb8();
            Some(Thumbnail::new(&pixels))
        };
        register(&thumbnail(old)?, &thumbnail(new)?).map(|(edit, _)| edit)
    }
}

/// The decided faces of a picture, and the picture in its place.
pub(super) struct PhotoComparison {
    old: PictureFaces,
    new: PictureFaces,
}

impl PhotoComparison {
    pub(super) fn open(old: PhotoId, new: PhotoId, tools: &ScanTools<'_>) -> Result<Self> {
        let model = tools.engine.model_id().clone();
        tools.library.call(move |library| {
            let (mut old, new) = (library.picture_faces(old, &model)?, library.picture_faces(new, &model)?);
            old.faces.retain(|face| face.is_decided);
            Ok::<_, LibraryError>(Self { old, new })
        })
    }

    /// Without the faces that were carried over before: what was said of those since holds for other pictures, too.
    pub(super) fn of_not_carried(mut self) -> Self {
        self.old.faces.retain(|face| !face.was_carried);
        self
    }

    /// Carries over what is in the new picture; see [`Self::carried`]. Returns how many faces that were.
    pub(super) fn carry(
        &self,
        pair: Replaced,
        edit: Option<Edit>,
        must_be_edit: bool,
        tools: &ScanTools<'_>,
    ) -> Result<usize> {
        let carried = self.carried(edit, must_be_edit, tools)?;
        tools.library.call(move |library| library.carry_over(pair, &carried))
    }

    /// Tells why the two could not be compared: that is no reason to compare no others. A damaged library is.
    pub(super) fn told(&self, carried: Result<usize>, tell: &mut dyn FnMut(Skipped)) -> Result<usize> {
        match carried {
            Err(error) if !is_damage(&error) => {
                let reason = format!("names could not be carried over to it: {}", error_chain(&error));
                tell(Skipped { path: self.new.path.clone(), reason });
                Ok(0)
            }
            carried => carried,
        }
    }

    /// The decided faces that are in the new picture. Where nothing would be lost otherwise, and where nothing but the
    /// pictures says that they have to do with each other, only what is surely made from the other takes its names.
    pub(super) fn carried(
        &self,
        edit: Option<Edit>,
        must_be_edit: bool,
        tools: &ScanTools<'_>,
    ) -> Result<Vec<Carried>> {
        if self.old.faces.is_empty() || (must_be_edit && edit.is_none()) {
            return Ok(Vec::new());
        }
        let known: Vec<KnownFace> = self.old.faces.iter().map(known_face).collect();
        let found: Vec<FoundFace> = self.new.faces.iter().map(found_face).collect();
        let (mut carried, mut places) = (Vec::new(), Vec::new());
        for matched in match_faces(&known, &found, &self.sizes(), edit.as_ref(), tools.same_person) {
            match matched {
                FaceMatch::Found { old, new } => {
                    carried.push(Carried::Onto { old: self.old.faces[old].face_id, new: self.new.faces[new].face_id })
                }
                FaceMatch::Registered { old, place } => places.push((old, place)),
            }
        }
        if let Some(edit) = edit.filter(|_| !places.is_empty()) {
            let there = self.embed_at(places.iter().map(|(_, place)| place), &edit, tools)?;
            for ((old, place), embedding) in places.into_iter().zip(there) {
                if known[old].agrees(embedding.as_ref(), tools.same_person) {
                    let detection = Detection { score: 0.0, ..place };
                    carried.push(Carried::Place { old: self.old.faces[old].face_id, detection });
                }
            }
        }
        Ok(carried)
    }

    /// What made the new picture of the old one.
    fn edit(&self, tools: &ScanTools<'_>) -> Option<Edit> {
        tools.edits.edit(&self.old.sha256?, &self.new.sha256?)
    }

    /// The same, or the way back where the old one was made of the new one: a crop, and its original, which may have come
    /// back in its place.
    pub(super) fn edit_either_way(&self, tools: &ScanTools<'_>) -> Option<Edit> {
        let back = || tools.edits.edit(&self.new.sha256?, &self.old.sha256?);
        self.edit(tools).or_else(|| back().map(|edit| edit.inverse()))
    }

    fn sizes(&self) -> Sizes {
        Sizes { old: self.old.size, new: self.new.size }
    }

    /// Who is at places of the new picture, each cut as it stood in the old one, so that a turn makes no other vector.
    /// Nobody where the picture is missing.
    ///
    /// # Errors
    /// The file cannot be read now: nobody knows who is there, and the two wait to be compared.
    fn embed_at<'a>(
        &self,
        places: impl Iterator<Item = &'a Detection>,
        edit: &Edit,
        tools: &ScanTools<'_>,
    ) -> Result<Vec<Option<Embedding>>> {
        if self.new.is_missing {
            return Ok(Vec::new());
        }
        let photo = reembed::open(&self.new.path, self.new.picture.as_ref())?;
        let back = edit.orientation.inverse();
        let sizes = Sizes { old: self.new.size, new: back.turned_size(self.new.size) };
        let upright: Vec<Detection> = places.map(|place| Edit::turn(back).map(place, &sizes)).collect();
        tools.engine.embed_faces(&back.turned(photo.pixels), &upright)
    }
}

fn known_face(face: &FaceInPicture) -> KnownFace {
    KnownFace { detection: face.detection, embedding: face.embedding.clone() }
}

fn found_face(face: &FaceInPicture) -> FoundFace {
    let (face_box, embedding) = (face.detection.face_box, face.embedding.clone());
    FoundFace { face_box, embedding, is_decided: face.is_decided }
}
