//! The second search of what YuNet is not sure of: is it a face that stands on its head, or lies on its side?
//!
//! YuNet finds such faces, but puts their landmarks where an upright face has them, eyes where the mouth is; nothing in
//! their geometry tells. What tells is the score: turned upright, a face scores higher than in any other of its four
//! positions. So the surroundings of each face below [`DOUBT`], and of each hint, are searched in all four, small and
//! together. `benches/README.md` has how often that is right and what it costs.

use ::image::RgbImage;

use super::search::FaceSearch;
use crate::faces::detect::DetectError;
use crate::faces::image::{Region, cut, turned};
use crate::types::{Detection, QuarterTurn};

/// Score from which a face surely stands upright. Of LFW's faces none reached it on its head or side but 1 in 1,000.
pub(super) const DOUBT: f32 = 0.9;

/// What a face that does not stand upright has to show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    /// Its least score: it had three tries more.
    score: f32,
    /// By how much it scores higher than upright.
    lead: f32,
}

impl Demand {
    /// In a photo of which nothing says that it stands.
    pub const ALONE: Self = Self { score: TURNED_SCORE, lead: 0.02 };
    /// Beside faces that surely stand upright: then heads half out of the picture, and hands, are more than people who lie.
    pub const AMONG_UPRIGHT: Self = Self { score: 0.85, lead: 0.1 };
}

const TURNED_SCORE: f32 = 0.8;

/// Side of the surroundings of a face as they are searched, and how many faces' sides that is.
const SIDE: u32 = 96;
const FACE_SIDES: f32 = 2.0;

/// So many faces are searched at once, in four positions each.
const BATCH: usize = 8;

/// Of more faces in doubt the surest are searched: a crowd must not cost more than the photo did.
pub(super) const MOST: usize = 24;

/// Long side of a photo without faces when it is searched lying on either side.
const LYING_LONG_SIDE: u32 = 320;

const POSITIONS: [QuarterTurn; 4] = [QuarterTurn::None, QuarterTurn::Half, QuarterTurn::Right, QuarterTurn::Left];

/// A face that does not stand upright.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Turned {
    /// Its place among those asked about.
    pub index: usize,
    /// What makes it upright.
    pub turn: QuarterTurn,
    /// The face as it is found then, in the photo as it is.
    pub face: Detection,
}

/// Which of these detections are faces that do not stand upright, in their order.
pub(super) fn turned_faces(
    search: &dyn FaceSearch,
    photo: &RgbImage,
    doubted: &[Detection],
    demand: Demand,
) -> Result<Vec<Turned>, DetectError> {
    let mut found = vec![];
    for (number, batch) in doubted.chunks(BATCH).enumerate() {
        let surroundings: Vec<_> = batch.iter().map(|face| Surroundings::of(photo, face)).collect();
        let pictures: Vec<_> = surroundings.iter().flat_map(Surroundings::in_all_positions).collect();
        let faces = search.search_all(&pictures, TURNED_SCORE / 2.0)?;
        for (place, (surroundings, faces)) in surroundings.iter().zip(faces.chunks(POSITIONS.len())).enumerate() {
            let turned = surroundings.turned(faces, demand);
            found.extend(turned.map(|(turn, face)| Turned { index: number * BATCH + place, turn, face }));
        }
    }
    Ok(found)
}

/// The turn after which a photo without faces shows one, if it lies on its side. Faces on their head leave hints.
pub(super) fn lying(search: &dyn FaceSearch, photo: &RgbImage) -> Result<Option<QuarterTurn>, DetectError> {
    let long_side = photo.width().max(photo.height()).min(LYING_LONG_SIDE);
    let mut best = (TURNED_SCORE, None);
    for turn in [QuarterTurn::Right, QuarterTurn::Left] {
        let faces = search.search(&turned(photo, turn), long_side, TURNED_SCORE)?;
        let score = faces.iter().map(|face| face.score).fold(0.0, f32::max);
        if score > best.0 {
            best = (score, Some(turn));
        }
    }
    Ok(best.1)
}

/// A square about a detection.
struct Surroundings {
    pixels: RgbImage,
    region: Region,
}

impl Surroundings {
    fn of(photo: &RgbImage, doubted: &Detection) -> Self {
        let [x, y] = doubted.face_box.centre();
        let side = (doubted.face_box.width.max(doubted.face_box.height) * FACE_SIDES).round().max(1.0);
        let (left, top) = ((x - side / 2.0).round() as i64, (y - side / 2.0).round() as i64);
        let region = Region { left, top, right: left + side as i64, bottom: top + side as i64 };
        Self { pixels: cut(photo, region, SIDE, SIDE), region }
    }

    fn in_all_positions(&self) -> [RgbImage; 4] {
        POSITIONS.map(|turn| turned(&self.pixels, turn).into_owned())
    }

    /// The turn that the face in the middle asks for, and the face in the photo; none where it stands, or nothing is sure.
    fn turned(&self, faces: &[Vec<Detection>], demand: Demand) -> Option<(QuarterTurn, Detection)> {
        let best = |faces: &Vec<Detection>| {
            let middle = faces.iter().filter(|face| is_in_the_middle(face));
            middle.max_by(|a, b| a.score.total_cmp(&b.score)).copied()
        };
        let upright = best(faces.first()?).map_or(0.0, |face| face.score);
        let others = POSITIONS.iter().zip(faces).skip(1);
        let others = others.filter_map(|(&turn, faces)| Some((turn, best(faces)?)));
        let (turn, face) = others.max_by(|(_, a), (_, b)| a.score.total_cmp(&b.score))?;
        let is_sure = face.score >= demand.score && face.score >= upright + demand.lead;
        is_sure.then(|| (turn, self.in_photo(&turn.inverse().face(&face, [SIDE as f32; 2]))))
    }

    fn in_photo(&self, face: &Detection) -> Detection {
        let face = face.scaled(self.region.width() as f32 / SIDE as f32);
        face.moved([self.region.left as f32, self.region.top as f32])
    }
}

/// About where, and as large as, the face that was asked about.
fn is_in_the_middle(face: &Detection) -> bool {
    let expected = SIDE as f32 / FACE_SIDES;
    let [x, y] = face.face_box.centre().map(|at| at - SIDE as f32 / 2.0);
    let side = face.face_box.width.max(face.face_box.height);
    x.hypot(y) < 0.4 * expected && (0.45 * expected..1.8 * expected).contains(&side)
}
