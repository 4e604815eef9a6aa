//! Which face of a new picture is which of the old one: place and embedding have to agree.

use super::{Edit, Orientation};
use crate::types::{Detection, Embedding, FaceBox, SquaredDistance};

/// Width and height of the upright pictures at full scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub old: (u32, u32),
    pub new: (u32, u32),
}

/// A face of the old picture, in its pixels.
#[derive(Debug, Clone)]
pub(crate) struct KnownFace {
    pub detection: Detection,
    /// Of the model that embedded the new faces; without it the face matches none.
    pub embedding: Option<Embedding>,
}

impl KnownFace {
    /// Whether an embedding is of the same person.
    pub fn agrees(&self, other: Option<&Embedding>, same: SquaredDistance) -> bool {
        self.distance(other).is_some_and(|distance| distance <= same)
    }

    fn distance(&self, other: Option<&Embedding>) -> Option<SquaredDistance> {
        let (known, other) = (self.embedding.as_ref()?, other?);
        (known.dimensions() == other.dimensions()).then(|| known.squared_distance(other))
    }
}

/// A face that the detector found in the new picture, in its pixels.
#[derive(Debug, Clone)]
pub(crate) struct FoundFace {
    pub face_box: FaceBox,
    pub embedding: Option<Embedding>,
    /// Its user said something about it.
    pub is_decided: bool,
}

/// What became of an old face. One that is not named was not found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum FaceMatch {
    /// The old face of this index is the new one of that index.
    Found { old: usize, new: usize },
    /// No found face is the old one, but the pictures agree: its place in the new one. It is there if an embedding cut
    /// from that place is its own ([`KnownFace::agrees`]).
    Registered { old: usize, place: Detection },
}

/// Least intersection over union of an old face's box, carried along, and its new one. A detector's boxes of one face
/// before and after an edit share 0.7 and more; at 0.4 one of them is shifted by 43 % of its side, or has 2.5 times the
/// other's area. Boxes of neighbours in a group reach 0.2.
const LEAST_OVERLAP: f32 = 0.4;
/// A found face with less has nothing to do with the place.
const TOUCHING_OVERLAP: f32 = 0.1;
/// Where registration knows no edit, how near a face and its edit are, as a share of the distance of the same person.
/// Edits of 60 portraits (half, cropped, mirrored, recompressed, turned by 5°, darkened) lie up to 0.45 apart with a limit
/// of 1.27; look-alikes and siblings in the same place of another picture lie between 0.5 and that limit.
const UNREGISTERED: f32 = 0.36;
/// Of a carried box's area, so that the face is in the new picture.
const LEAST_INSIDE: f32 = 0.75;
/// Between the relative sides of a turned picture and the new one, when nothing was cropped: rounding of a few pixels.
const ASPECT_TOLERANCE: f32 = 0.03;

/// Pairs old and new faces, each at most once, the surest pair first; then the places where an old face that was not
/// found may be, for the edit that registration knows.
///
/// A pair needs boxes that overlap and embeddings of one model whose distance is at most `same`. Without an `edit` the
/// turn is searched from the faces themselves, for a picture that was not cropped: that under which most faces match,
/// each much nearer than `same`, for the picture itself does not tell it from somebody who looks alike. Where several do
/// equally well, only pairs count on which they agree.
pub(crate) fn match_faces(
    old: &[KnownFace],
    new: &[FoundFace],
    sizes: &Sizes,
    edit: Option<&Edit>,
    same: SquaredDistance,
) -> Vec<FaceMatch> {
    let Some(edit) = edit else { return matches_of_best_turn(old, new, sizes, same) };
    let pairs = pairs(old, new, sizes, edit, same);
    let mut matches = found(&pairs);
    matches.extend(registered(old, new, sizes, edit, &pairs, same));
    matches
}

/// Indices of an old and a new face.
type FacePair = (usize, usize);

fn found(pairs: &[FacePair]) -> Vec<FaceMatch> {
    pairs.iter().map(|&(old, new)| FaceMatch::Found { old, new }).collect()
}

/// The surest first, each face once.
fn pairs(old: &[KnownFace], new: &[FoundFace], sizes: &Sizes, edit: &Edit, same: SquaredDistance) -> Vec<FacePair> {
    let mut candidates = Vec::new();
    for (old_index, known) in old.iter().enumerate() {
        let place = edit.map_box(known.detection.face_box, sizes);
        for (new_index, face) in new.iter().enumerate() {
            if let Some(doubt) = doubt(known, face, place, sizes.new, same) {
                candidates.push((doubt, (old_index, new_index)));
            }
        }
    }
    candidates.sort_by(|(a, a_pair), (b, b_pair)| a.total_cmp(b).then(a_pair.cmp(b_pair)));
    let mut pairs: Vec<FacePair> = Vec::new();
    for (_, (old, new)) in candidates {
        if !pairs.iter().any(|pair| pair.0 == old || pair.1 == new) {
            pairs.push((old, new));
        }
    }
    pairs
}

/// From 0 for the same box and embedding to 2; None where place or embedding disagree.
fn doubt(
    known: &KnownFace,
    face: &FoundFace,
    place: FaceBox,
    new_size: (u32, u32),
    same: SquaredDistance,
) -> Option<f32> {
    let overlap = visible(place, new_size).overlap(visible(face.face_box, new_size));
    let distance = known.distance(face.embedding.as_ref())?;
    let agrees = overlap >= LEAST_OVERLAP && distance <= same;
    agrees.then(|| (1.0 - overlap) + distance.0 / same.0.max(f32::MIN_POSITIVE))
}

fn registered<'a>(
    old: &'a [KnownFace],
    new: &'a [FoundFace],
    sizes: &'a Sizes,
    edit: &'a Edit,
    pairs: &'a [FacePair],
    same: SquaredDistance,
) -> impl Iterator<Item = FaceMatch> + 'a {
    let is_lost = |index: &usize| old[*index].embedding.is_some() && !pairs.iter().any(|(old, _)| old == index);
    (0..old.len()).filter(is_lost).filter_map(move |index| {
        let place = edit.map(&old[index].detection, sizes);
        let area = place.face_box.area();
        let inside = area > 0.0 && visible(place.face_box, sizes.new).area() >= LEAST_INSIDE * area;
        // What a detector took for something else there does not hinder; who is there for themselves does, and so does
        // a second box of the same face, which would be one face twice.
        let taken = new.iter().enumerate().any(|(other, face)| {
            let overlap = place.face_box.overlap(face.face_box);
            match pairs.iter().any(|(_, new)| *new == other) {
                true => overlap >= LEAST_OVERLAP,
                false => {
                    let stays = face.is_decided || old[index].agrees(face.embedding.as_ref(), same);
                    stays && overlap >= TOUCHING_OVERLAP
                }
            }
        });
        (inside && !taken).then_some(FaceMatch::Registered { old: index, place })
    })
}

fn matches_of_best_turn(old: &[KnownFace], new: &[FoundFace], sizes: &Sizes, same: SquaredDistance) -> Vec<FaceMatch> {
    let same = SquaredDistance(UNREGISTERED * same.0);
    let turns = Orientation::ALL.into_iter().filter(|turn| keeps_aspect(*turn, sizes));
    let mut answers: Vec<_> = turns.map(|turn| pairs(old, new, sizes, &Edit::turn(turn), same)).collect();
    let most = answers.iter().map(Vec::len).max().unwrap_or(0);
    answers.retain(|pairs| pairs.len() == most);
    let Some(first) = answers.first() else { return Vec::new() };
    let agreed: Vec<_> =
        first.iter().filter(|pair| answers.iter().all(|pairs| pairs.contains(pair))).copied().collect();
    found(&agreed)
}

fn keeps_aspect(turn: Orientation, sizes: &Sizes) -> bool {
    let aspect = |(width, height): (u32, u32)| width as f32 / height as f32;
    let ratio = aspect(turn.turned_size(sizes.old)) / aspect(sizes.new);
    (ratio - 1.0).abs() <= ASPECT_TOLERANCE || (1.0 / ratio - 1.0).abs() <= ASPECT_TOLERANCE
}

/// The part of a box inside of the picture.
fn visible(face: FaceBox, (width, height): (u32, u32)) -> FaceBox {
    let (x, y) = (face.x.max(0.0), face.y.max(0.0));
    let right = (face.x + face.width).min(width as f32);
    let bottom = (face.y + face.height).min(height as f32);
    FaceBox { x, y, width: (right - x).max(0.0), height: (bottom - y).max(0.0) }
}

#[cfg(test)]
mod tests;
