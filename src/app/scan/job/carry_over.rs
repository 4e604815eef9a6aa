//! Names from a picture to its edit: where a path leads to another picture since this scan, the faces that were decided
//! about are looked for in the new one. What is not found is kept as lost.

use anyhow::Result;

use super::ScanTools;
use crate::app::engine::thumbnail_files::ThumbnailCache;
use crate::faces::edits::{Edit, FaceMatch, FoundFace, KnownFace, Sizes, Thumbnail, match_faces, register};
use crate::library::{Carried, FaceInPicture, ReplacedPhoto, ScanId};
use crate::types::{Detection, SquaredDistance};

/// Carries over what can be, for every picture that lost a path to another one. Returns how many faces that were.
pub(super) fn carry_over(scan: ScanId, tools: &ScanTools<'_>) -> Result<usize> {
    let model = tools.engine.model_id().clone();
    let replaced = tools.library.call(move |library| library.replaced_photos(scan, &model))?;
    let mut faces = 0;
    for photo in replaced {
        let carried = match photo.old.faces.iter().any(|face| face.is_decided) {
            true => carried(&photo, edit_between(&photo, tools).as_ref(), tools.same_person),
            false => Vec::new(),
        };
        faces += carried.len();
        let (old, new) = (photo.old.photo_id, photo.new.photo_id);
        tools.library.call(move |library| library.carry_over(old, new, &carried))?;
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

fn edit_between(photo: &ReplacedPhoto, tools: &ScanTools<'_>) -> Option<Edit> {
    tools.edits.edit(&photo.old.sha256?, &photo.new.sha256?)
}

/// The decided faces of the old picture that are in the new one.
fn carried(photo: &ReplacedPhoto, edit: Option<&Edit>, same: SquaredDistance) -> Vec<Carried> {
    let decided: Vec<&FaceInPicture> = photo.old.faces.iter().filter(|face| face.is_decided).collect();
    let known: Vec<KnownFace> = decided.iter().map(|face| known_face(face)).collect();
    let found: Vec<FoundFace> = photo.new.faces.iter().map(found_face).collect();
    let sizes = Sizes { old: photo.old.size, new: photo.new.size };
    let matches = match_faces(&known, &found, &sizes, edit, same);
    matches
        .into_iter()
        .map(|found| match found {
            FaceMatch::Found { old, new } => {
                Carried::Onto { old: decided[old].face_id, new: photo.new.faces[new].face_id }
            }
            FaceMatch::Registered { old, face_box, landmarks } => Carried::Place {
                old: decided[old].face_id,
                detection: Detection {
                    face_box,
                    score: 0.0,
                    landmarks: landmarks.unwrap_or(decided[old].detection.landmarks),
                },
            },
        })
        .collect()
}

fn known_face(face: &FaceInPicture) -> KnownFace {
    KnownFace {
        face_box: face.detection.face_box,
        landmarks: Some(face.detection.landmarks),
        embedding: face.embedding.clone(),
    }
}

fn found_face(face: &FaceInPicture) -> FoundFace {
    FoundFace { face_box: face.detection.face_box, embedding: face.embedding.clone() }
}
