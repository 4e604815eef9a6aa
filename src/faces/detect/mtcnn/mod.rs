//! [`Mtcnn`]: P-Net proposes, R-Net refines, O-Net decides (Zhang et al. 2016, section 2.1, figure 1), with the steps and
//! roundings of facenet-pytorch 2.6.0 (`models/utils/detect_face.py`), whose figures it is held against.
//!
//! * P-Net sees the photo at scales that fall by a factor; each cell above the threshold proposes a box, and of
//!   overlapping ones the surest stay, first within a scale, then over all. A photo is worked through in strips, so that
//!   memory does not grow with it.
//! * R-Net and O-Net see crops of 24 and 48 pixels. After each the surest stay and move as the network says.
//! * What leaves the photo is left out of the crop, which is stretched to the square.
//!
//! The box has the reference's numbers (left, top, right, bottom), taken for edges, as the reference takes them when it
//! cuts faces out. Landmarks come in the order of [`Landmarks`]: what MTCNN calls the left eye is
//! on the left of the picture, so the person's right one. They are shares of O-Net's crop, so no half pixel is added.
//!
//! Departures: a photo with a side above [`MtcnnConfig::long_side`] is made smaller first; a picture of noise may propose
//! a face everywhere, of which only the surest go on; a proposal outside the photo is dropped.

mod area;
mod pyramid;
mod refine;
mod suppress;

use ::image::RgbImage;
use burn::tensor::{Device, Tensor, TensorData};
use rayon::prelude::*;

use super::DetectError;
use crate::faces::detect::mtcnn::area::{Window, resized};
use crate::faces::detect::mtcnn::pyramid::{Strip, cell_edges, scaled_side, scales, strips};
use crate::faces::detect::mtcnn::refine::{Candidate, Extent};
use crate::faces::detect::mtcnn::suppress::{Share, survivors};
use crate::faces::image::thumbnail;
use crate::networks::device::DeviceKind;
use crate::networks::nets::KernelSet;
use crate::networks::nets::mtcnn::{BOX_NUMBERS, LANDMARK_NUMBERS, MtcnnNet, O_SIDE, R_SIDE};
use crate::networks::weights::{WeightsError, read_pytorch};
use crate::types::{Detection, FaceBox, Landmarks};

/// The cascade on its device.
pub(crate) struct Mtcnn {
    /// P-Net, R-Net, O-Net.
    nets: [MtcnnNet; 3],
    device: Device,
    config: MtcnnConfig,
    /// The CPU is used best by several small passes at once, a GPU by one at a time.
    side_by_side: bool,
}

/// Which faces are looked for; facenet-pytorch's options and defaults.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct MtcnnConfig {
    /// Side of the smallest face, in pixels of the photo.
    pub min_face_side: f64,
    /// Least probability after P-Net, R-Net and O-Net.
    pub thresholds: [f32; 3],
    /// From one scale to the next.
    pub factor: f64,
    /// A photo with a longer side is made smaller before anything else.
    pub long_side: u32,
}

impl Default for MtcnnConfig {
    fn default() -> Self {
        Self { min_face_side: 20.0, thresholds: [0.6, 0.7, 0.7], factor: 0.709, long_side: 3200 }
    }
}

/// Proposals of one scale, and of all scales, that go on at most. Group photos of 1,920 pixels give a tenth.
const MAX_PROPOSALS: usize = 10_000;

/// Pixels of the scaled picture that P-Net sees in one pass, about: few enough for the caches, and 30 MB of maps.
const STRIP_PIXELS: usize = 1 << 16;

/// Crops that R-Net and O-Net see in one pass.
const CROPS_A_PASS: usize = 64;

/// Shares at which the less sure of two candidates goes: within a scale, over all scales and after R-Net, at the end.
const SAME_IN_SCALE: f32 = 0.5;
const SAME_OVER_SCALES: f32 = 0.7;
const SAME_AT_END: f32 = 0.7;

/// A candidate and what the network that saw it last says of its edges.
#[derive(Debug, Clone, Copy)]
struct Proposal {
    candidate: Candidate,
    offsets: [f32; 4],
}

impl Mtcnn {
    /// Reads facenet-pytorch's three files: P-Net, R-Net, O-Net.
    pub(crate) fn from_pytorch(
        files: [&[u8]; 3],
        device: &Device,
        kind: DeviceKind,
        config: MtcnnConfig,
    ) -> Result<Self, WeightsError> {
        let [p, r, o] = files;
        let nets = [
            MtcnnNet::p_net(device).with_pytorch(read_pytorch(p)?)?,
            MtcnnNet::r_net(device).with_pytorch(read_pytorch(r)?)?,
            MtcnnNet::o_net(device).with_pytorch(read_pytorch(o)?)?,
        ];
        Ok(Self::new(nets, device, kind, config))
    }

    /// With networks that live on `device`.
    fn new(nets: [MtcnnNet; 3], device: &Device, kind: DeviceKind, config: MtcnnConfig) -> Self {
        Self { nets, device: device.clone(), config, side_by_side: kind == DeviceKind::Cpu }
    }

    /// The faces of a photo, largest first, in the photo's pixels. Boxes and landmarks may lie partly outside it. A photo
    /// whose shorter side is below the smallest face has none.
    pub(crate) fn detect(&self, photo: &RgbImage) -> Result<Vec<Detection>, DetectError> {
        let long_side = photo.width().max(photo.height());
        if long_side <= self.config.long_side {
            return self.cascade(photo);
        }
        let small = thumbnail(photo, self.config.long_side);
        let factor = long_side as f32 / self.config.long_side as f32;
        let in_photo = |face: Detection| Detection {
            face_box: face.face_box.scaled(factor),
            landmarks: face.landmarks.scaled(factor),
            ..face
        };
        Ok(self.cascade(&small)?.into_iter().map(in_photo).collect())
    }

    fn cascade(&self, photo: &RgbImage) -> Result<Vec<Detection>, DetectError> {
        let proposed = self.propose(photo)?;
        let refined = self.refine(photo, proposed)?;
        let mut faces = self.decide(photo, refined)?;
        faces.sort_by(|a, b| b.face_box.area().total_cmp(&a.face_box.area()));
        Ok(faces)
    }

    /// First stage: square candidates from everywhere.
    fn propose(&self, photo: &RgbImage) -> Result<Vec<Candidate>, DetectError> {
        let (width, height) = (photo.width() as usize, photo.height() as usize);
        let mut tasks = vec![];
        for scale in scales(width.min(height), self.config.min_face_side, self.config.factor) {
            let size = (scaled_side(width, scale), scaled_side(height, scale));
            tasks.extend(strips(size.0, size.1, STRIP_PIXELS).into_iter().map(|strip| (scale, size, strip)));
        }
        let found = self.run(&tasks, |(scale, size, strip)| self.propose_in(photo, *scale, *size, strip))?;
        // Strips of one scale follow each other.
        let mut proposals: Vec<Proposal> = vec![];
        for group in tasks.iter().zip(found).collect::<Vec<_>>().chunk_by(|a, b| a.0.0 == b.0.0) {
            let of_scale = group.iter().flat_map(|(_, found)| found.iter().copied()).collect();
            proposals.extend(surest(of_scale, SAME_IN_SCALE));
        }
        let proposals = surest(proposals, SAME_OVER_SCALES);
        Ok(proposals.into_iter().map(|p| p.candidate.moved(p.offsets, Extent::Between).squared()).collect())
    }

    /// P-Net's proposals from one strip, row by row.
    fn propose_in(
        &self,
        photo: &RgbImage,
        scale: f64,
        (width, height): (usize, usize),
        strip: &Strip,
    ) -> Result<Vec<Proposal>, DetectError> {
        let rows = strip.pixel_rows.len();
        let mut planes = Vec::with_capacity(3 * width * rows);
        resized(photo, Window::whole(photo), (width, height), strip.pixel_rows.clone(), &mut planes);
        let output = self.nets[0].forward(self.tensor(planes, [1, 3, rows, width]));
        let [_, _, cell_rows, cell_columns] = output.dims();
        let values = numbers(output)?;
        let cells = cell_rows * cell_columns;
        let proposal = |cell: usize| {
            let (row, column) = (strip.first_cell_row + cell / cell_columns, cell % cell_columns);
            let candidate = Candidate { edges: cell_edges(column, row, scale), score: values[cell] };
            Proposal { candidate, offsets: std::array::from_fn(|edge| values[(1 + edge) * cells + cell]) }
        };
        Ok((0..cells).filter(|&cell| values[cell] >= self.config.thresholds[0]).map(proposal).collect())
    }

    /// Second stage.
    fn refine(&self, photo: &RgbImage, candidates: Vec<Candidate>) -> Result<Vec<Candidate>, DetectError> {
        let seen = self.see::<BOX_NUMBERS>(photo, &candidates, R_SIDE, &self.nets[1])?;
        let sure = seen.into_iter().filter(|(_, numbers)| numbers[0] > self.config.thresholds[1]);
        let sure = surest(sure.map(|(candidate, numbers)| proposal(candidate, &numbers)).collect(), SAME_OVER_SCALES);
        Ok(sure.into_iter().map(|p| p.candidate.moved(p.offsets, Extent::Inclusive).squared()).collect())
    }

    /// Third stage: boxes as O-Net has them, no longer square, with landmarks.
    fn decide(&self, photo: &RgbImage, candidates: Vec<Candidate>) -> Result<Vec<Detection>, DetectError> {
        let seen = self.see::<LANDMARK_NUMBERS>(photo, &candidates, O_SIDE, &self.nets[2])?;
        let sure = seen.into_iter().filter(|(_, numbers)| numbers[0] > self.config.thresholds[2]);
        let (moved, faces): (Vec<Candidate>, Vec<Detection>) = sure
            .map(|(candidate, numbers)| {
                let Proposal { candidate, offsets } = proposal(candidate, &numbers);
                let moved = candidate.moved(offsets, Extent::Inclusive);
                (moved, detection(candidate, moved, &numbers[BOX_NUMBERS..]))
            })
            .unzip();
        Ok(survivors(&moved, SAME_AT_END, Share::Smaller).into_iter().map(|index| faces[index]).collect())
    }

    /// What a network that wants squares of `side` pixels says of each candidate; those outside the photo are dropped.
    fn see<const N: usize>(
        &self,
        photo: &RgbImage,
        candidates: &[Candidate],
        side: usize,
        net: &MtcnnNet,
    ) -> Result<Vec<(Candidate, [f32; N])>, DetectError> {
        let (width, height) = (photo.width() as usize, photo.height() as usize);
        let windows: Vec<(Candidate, Window)> =
            candidates.iter().filter_map(|&candidate| Some((candidate, candidate.window(width, height)?))).collect();
        let passes: Vec<&[(Candidate, Window)]> = windows.chunks(CROPS_A_PASS).collect();
        let seen = self.run(&passes, |pass| {
            let mut planes = Vec::with_capacity(pass.len() * 3 * side * side);
            pass.iter().for_each(|(_, window)| resized(photo, *window, (side, side), 0..side, &mut planes));
            let values = numbers(net.forward(self.tensor(planes, [pass.len(), 3, side, side])))?;
            Ok(values.as_chunks::<N>().0.to_vec())
        })?;
        let numbers = seen.into_iter().flatten();
        let finite = |(candidate, numbers): &(Candidate, [f32; N])| {
            candidate.is_finite() && numbers.iter().all(|number| number.is_finite())
        };
        Ok(windows.into_iter().map(|(candidate, _)| candidate).zip(numbers).filter(finite).collect())
    }

    /// Runs `pass` for each task, side by side on the CPU; answers in the order of the tasks.
    fn run<T: Sync, A: Send>(
        &self,
        tasks: &[T],
        pass: impl Fn(&T) -> Result<A, DetectError> + Sync + Send,
    ) -> Result<Vec<A>, DetectError> {
        let kernels = KernelSet::here();
        match self.side_by_side {
            true => tasks.par_iter().map(|task| kernels.during(|| pass(task))).collect(),
            false => tasks.iter().map(pass).collect(),
        }
    }

    fn tensor(&self, values: Vec<f32>, shape: [usize; 4]) -> Tensor<4> {
        Tensor::from_data(TensorData::new(values, shape), &self.device)
    }
}

fn numbers(tensor: Tensor<4>) -> Result<Vec<f32>, DetectError> {
    tensor.try_into_vec_as::<f32>().map_err(|error| DetectError::Device { reason: error.to_string() })
}

/// Probability and offsets come first in every network's numbers.
fn proposal(candidate: Candidate, numbers: &[f32]) -> Proposal {
    let candidate = Candidate { score: numbers[0], ..candidate };
    Proposal { candidate, offsets: std::array::from_fn(|edge| numbers[1 + edge]) }
}

/// The surest of proposals that share at most `limit` of their union.
fn surest(mut proposals: Vec<Proposal>, limit: f32) -> Vec<Proposal> {
    proposals.retain(|proposal| proposal.candidate.is_finite());
    if proposals.len() > MAX_PROPOSALS {
        proposals.sort_by(|a, b| b.candidate.score.total_cmp(&a.candidate.score));
        proposals.truncate(MAX_PROPOSALS);
    }
    let candidates: Vec<Candidate> = proposals.iter().map(|proposal| proposal.candidate).collect();
    survivors(&candidates, limit, Share::Union).into_iter().map(|index| proposals[index]).collect()
}

/// The face of a box that O-Net saw and moved; `points` are its five x, then its five y.
fn detection(seen: Candidate, moved: Candidate, points: &[f32]) -> Detection {
    let [left, top, right, bottom] = moved.edges;
    Detection {
        face_box: FaceBox { x: left, y: top, width: right - left, height: bottom - top },
        score: moved.score,
        landmarks: Landmarks(std::array::from_fn(|at| seen.point(points[at], points[5 + at]))),
    }
}

#[cfg(test)]
mod tests;
