//! [`YuNetDetector`] searches a photo once with its long side at 640 pixels. When that search shows small faces, or hints
//! of them, or no face at all, it searches again at up to 1,600 pixels and takes the small faces from there; large ones
//! come from the first search, where the network is surest of them. Detections of both are merged by non-maximum
//! suppression ([`boxes`]).
//!
//! What is doubtful then is searched in all positions ([`turned`]), since YuNet takes a face on its head for an upright
//! one. Where most faces of a photo turn out to stand on their head, or to lie on one side, the whole photo is searched
//! as they stand.

mod decode;
mod search;
#[cfg(test)]
mod tests;
mod turned;

use ::image::RgbImage;
use burn::tensor::Device;

use super::{DetectError, boxes};
use crate::faces::detect::yunet::search::{FaceSearch, YuNetOnDevice};
use crate::faces::detect::yunet::turned::{DOUBT, Demand, MOST, Turned, lying, turned_faces};
use crate::faces::image;
use crate::networks::nets::yunet;
use crate::networks::weights::{WeightsError, read_onnx};
use crate::types::{Detection, QuarterTurn};

/// The detector: YuNet's network and how its output is read.
pub(crate) struct YuNetDetector {
    network: YuNetOnDevice,
    config: DetectorConfig,
}

/// Which detections count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct DetectorConfig {
    /// Least score of a face. In group photos counted by hand every face that shows its eyes scored above 0.7, down to
    /// 20 pixels; what scored 0.5 to 0.7 were hands, background and blurred heads.
    pub min_score: f32,
    /// Two boxes that share more than this part of their union are one face.
    pub max_overlap: f32,
    /// Two boxes are one face, too, when more than this part of the smaller lies in the other.
    pub max_covered: f32,
    /// Of more faces only the surest are kept.
    pub max_faces: usize,
    /// Long side of the photo at the first search, in pixels.
    pub first_long_side: u32,
    /// Long side at most at the second search.
    pub second_long_side: u32,
}

/// The longest side at which photos are searched, unless told otherwise.
pub(crate) const SECOND_LONG_SIDE: u32 = 1600;

impl Default for DetectorConfig {
    fn default() -> Self {
        Self {
            min_score: 0.7,
            max_overlap: 0.3,
            max_covered: 0.6,
            max_faces: 1000,
            first_long_side: 640,
            second_long_side: SECOND_LONG_SIDE,
        }
    }
}

/// A face with a longer side than this in the first search needs no second one.
const SMALL_FACE_SIDE: f32 = 48.0;

/// Score at the first search that hints at a face worth a second one.
const HINT_SCORE: f32 = 0.3;

/// A second search must be larger than the first by this factor to be worth it.
const LEAST_ENLARGEMENT: f32 = 1.25;

impl YuNetDetector {
    /// Reads the released ONNX file.
    pub(crate) fn from_onnx(bytes: &[u8], device: &Device, config: DetectorConfig) -> Result<Self, WeightsError> {
        let net = yunet::YuNet::from_onnx(read_onnx(bytes)?, device)?;
        Ok(Self { network: YuNetOnDevice { net, device: device.clone() }, config })
    }

    /// The faces of a photo, largest first, in the photo's pixels. Boxes and landmarks may lie partly outside it.
    pub(crate) fn detect(&self, photo: &RgbImage) -> Result<Vec<Detection>, DetectError> {
        Searcher { search: &self.network, config: self.config }.detect(photo)
    }

    /// The faces of a part of a photo at its own scale, surest first. The part's own position is not asked for.
    pub(crate) fn detect_in_part(&self, part: &RgbImage) -> Result<Vec<Detection>, DetectError> {
        Searcher { search: &self.network, config: self.config }.detect_in_part(part)
    }
}

/// A network, and what counts of what it finds.
struct Searcher<'a> {
    search: &'a dyn FaceSearch,
    config: DetectorConfig,
}

/// What was found in a photo, each face once.
struct Found {
    faces: Vec<Detection>,
    /// Too unsure for a face.
    hints: Vec<Detection>,
}

impl Searcher<'_> {
    fn detect(&self, photo: &RgbImage) -> Result<Vec<Detection>, DetectError> {
        if photo.width() == 0 || photo.height() == 0 {
            return Ok(vec![]);
        }
        let Found { mut faces, hints } = self.search_twice(photo)?;
        let mut turn = self.turn_doubted(photo, &mut faces, hints)?;
        if faces.is_empty() {
            turn = lying(self.search, photo)?;
        }
        if let Some(turn) = turn {
            let turned = image::turned(photo, turn);
            let size = [turned.width() as f32, turned.height() as f32];
            let again = self.search_twice(&turned)?.faces;
            faces.extend(again.iter().map(|face| turn.inverse().face(face, size)));
            faces = self.each_once(faces);
        }
        faces.sort_by(|a, b| b.face_box.area().total_cmp(&a.face_box.area()));
        Ok(faces)
    }

    fn detect_in_part(&self, part: &RgbImage) -> Result<Vec<Detection>, DetectError> {
        let found = self.search.search(part, part.width().max(part.height()), self.config.min_score)?;
        let mut faces = self.each_once(found);
        self.turn_doubted(part, &mut faces, vec![])?;
        Ok(faces)
    }

    /// Both searches of a photo as it stands.
    fn search_twice(&self, photo: &RgbImage) -> Result<Found, DetectError> {
        let config = self.config;
        let long_side = photo.width().max(photo.height());
        let first_side = long_side.min(config.first_long_side);
        let second_side = long_side.min(config.second_long_side);
        let hint_score = config.min_score.min(HINT_SCORE);
        let mut found = self.search.search(photo, first_side, hint_score)?;
        let small_side = SMALL_FACE_SIDE * long_side as f32 / first_side as f32;
        let is_small = |face: &Detection| face.face_box.width.max(face.face_box.height) < small_side;
        let wants_second_search =
            found.iter().any(is_small) || !found.iter().any(|face| face.score >= config.min_score);
        if wants_second_search && second_side as f32 >= LEAST_ENLARGEMENT * first_side as f32 {
            // What the second search finds goes before what was a hint in the first.
            let again = self.search.search(photo, second_side, hint_score)?;
            found.extend(again.into_iter().filter(is_small));
        }
        let (faces, hints): (Vec<_>, Vec<_>) =
            self.each_once(found).into_iter().partition(|face| face.score >= config.min_score);
        Ok(Found { faces, hints })
    }

    /// Puts faces that do not stand upright in place of what was found there. Returns how the whole photo seems to stand.
    fn turn_doubted(
        &self,
        photo: &RgbImage,
        faces: &mut Vec<Detection>,
        hints: Vec<Detection>,
    ) -> Result<Option<QuarterTurn>, DetectError> {
        let (mut doubted, mut sure): (Vec<_>, Vec<_>) = faces.iter().copied().partition(|face| face.score < DOUBT);
        // The surest come first, and hints are less sure than faces.
        doubted.sort_by(|a, b| b.score.total_cmp(&a.score));
        doubted.extend(hints);
        let demand = if sure.is_empty() { Demand::ALONE } else { Demand::AMONG_UPRIGHT };
        let searched = &doubted[..doubted.len().min(MOST)];
        let turned = turned_faces(self.search, photo, searched, demand)?;
        if turned.is_empty() {
            return Ok(None);
        }
        let is_face = |face: &Detection| face.score >= self.config.min_score;
        let as_found = searched.iter().filter(|face| is_face(face)).count();
        let undecided = as_found - turned.iter().filter(|turned| is_face(&searched[turned.index])).count();
        let turn = common_turn(&turned, sure.len(), undecided);
        turned.iter().for_each(|turned| doubted[turned.index] = turned.face);
        sure.extend(doubted.into_iter().filter(is_face));
        *faces = self.each_once(sure);
        Ok(turn)
    }

    fn each_once(&self, found: Vec<Detection>) -> Vec<Detection> {
        let DetectorConfig { max_overlap, max_covered, max_faces, .. } = self.config;
        boxes::suppress(found, max_overlap, max_covered, max_faces)
    }
}

/// The turn that most ask for, where they are more than surely stand, and no fewer than are undecided.
fn common_turn(turned: &[Turned], standing: usize, undecided: usize) -> Option<QuarterTurn> {
    let asking = |turn: &QuarterTurn| turned.iter().filter(|turned| turned.turn == *turn).count();
    let most = QuarterTurn::TURNS.into_iter().max_by_key(asking)?;
    (asking(&most) > standing && asking(&most) >= undecided).then_some(most)
}
