//! One learning step on a mini-batch that need not fit the device's memory.
//!
//! 1. Embed the whole batch in chunks, without keeping anything for a backward pass.
//! 2. Choose triplets among the embeddings, and compute the loss and its gradient with respect to each embedding.
//! 3. Go through the pictures again in chunks, now with gradients: for a chunk with embeddings e and gradients g from
//!    2, the scalar Σ e·g has the same derivatives by the weights as the loss, so the chunks' gradients add up to those
//!    of the whole batch. A picture is passed twice, however many triplets it is part of.
//!
//! A batch that fits one gradient chunk is passed once: 3 goes back through the graph of 1.
//!
//! Where only the last layer learns, a batch is given by its features instead of its pictures ([`Inputs::Features`]):
//! what comes before that layer is the same in both passes and has no gradients, so it is passed once, elsewhere.
//!
//! Dropout draws the same noise in both passes. Batch norm in training mode takes its statistics from the chunk, in
//! both passes alike, and its running statistics move once a chunk; so with it, and only with it, the result depends on
//! the chunks, which `step/chunks.rs` therefore makes alike.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData, TensorReadError};
use image::RgbImage;
use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::error::TrainError;
use super::events::StopReason;
use super::frozen::behaves_otherwise_in_training;
use super::gradients::GradientMap;
use super::loss::{LossConfig, Triplet, normalise, triplet_terms};
use super::mining::harmonic::Combinations;
use super::mining::online::{Draw, mine_combinations};
use super::mining::{BothSpaces, Mined, MiningRule};
use super::rng::{Purpose, stream};
use super::rows::normalise_rows;
use super::teacher::{Lesson, distance_and_gradient};
use super::times::{Lap, PartTimes};
use crate::networks::device::is_cpu;
use crate::networks::nets::EmbeddingNet;
use crate::types::Preprocessing;

mod chunks;
mod inputs;

use chunks::balanced;
pub(super) use chunks::in_order;
use inputs::to_tensor;
pub(crate) use inputs::{Features, Inputs};

/// How many pictures the device handles at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChunkSizes {
    pub inference: usize,
    pub gradient: usize,
}

impl Default for ChunkSizes {
    fn default() -> Self {
        Self { inference: 128, gradient: 60 }
    }
}

/// Gathering three rows a triplet is what costs memory in the loss; so many are gathered at once.
const TRIPLETS_AT_ONCE: usize = 16_384;

/// Everything of a step but the network.
pub(crate) struct Batch<'a> {
    pub inputs: Inputs<'a>,
    pub people: &'a [u32],
    /// The frozen network's vectors of the same pictures, row after row, for harmonic triplets.
    pub old_vectors: Option<&'a [f32]>,
    pub choice: Choice<'a>,
    /// What another network made of the same pictures; none learns from triplets alone.
    pub lesson: Option<Lesson<'a>>,
}

pub(crate) enum Choice<'a> {
    Mine { rule: MiningRule, combinations: &'a Combinations },
    Given(&'a [Triplet]),
}

#[derive(Clone, Copy)]
pub(crate) struct StepSettings<'a> {
    pub preprocessing: &'a Preprocessing,
    pub loss: LossConfig,
    pub chunks: ChunkSizes,
    pub draw: Draw,
    /// Asked between two chunks: why the step shall be left, if it shall.
    pub interrupted: &'a dyn Fn() -> Option<StopReason>,
}

impl StepSettings<'_> {
    fn go_on(&self) -> Result<(), TrainError> {
        (self.interrupted)().map_or(Ok(()), |reason| Err(TrainError::Interrupted(reason)))
    }
}

/// What was learned from a batch; the weights have not moved yet.
#[derive(Debug)]
pub(crate) struct Learned {
    pub loss: f32,
    pub mined: Mined,
    pub gradients: GradientMap,
    /// Unit vectors of the batch, row after row.
    pub vectors: Vec<f32>,
    pub dimensions: usize,
    /// Mean squared distance to the teacher's vectors, where there is a teacher.
    pub to_teacher: Option<f32>,
    /// Of embedding, mining and learning. What a graphics card has been told to do and nobody has waited for is not in
    /// it.
    pub times: PartTimes,
}

/// Mines `batch` and finds the gradients of `net`, which must be in training mode on an autodiff device. Its running
/// statistics move with it; where it fails or is left in the middle, the network has those from before.
pub(crate) fn learn<N: Module + EmbeddingNet>(
    net: &mut N,
    batch: &Batch<'_>,
    settings: StepSettings<'_>,
) -> Result<Learned, TrainError> {
    let before = net.valid();
    learned(net, batch, settings).inspect_err(|_| *net = before.train())
}

fn learned<N: Module + EmbeddingNet>(
    net: &N,
    batch: &Batch<'_>,
    settings: StepSettings<'_>,
) -> Result<Learned, TrainError> {
    let (rows, mut lap, mut times) = (batch.inputs.len(), Lap::start(), PartTimes::default());
    if rows < 2 {
        return without_company(net, batch.inputs, settings);
    }
    let noisy = behaves_otherwise_in_training(net);
    let device = Device::autodiff(device_of(net));
    let sizes = sizes(batch.inputs, noisy, &device, settings.chunks);
    let at_once = (rows <= sizes.chunk).then(|| {
        if noisy {
            seed_noise(&device, settings.draw, 0);
        }
        pass_shares(net, batch.inputs, &all(rows), sizes.share, settings.preprocessing)
    });
    let raw = match (&at_once, batch.inputs) {
        (Some(shares), _) => outputs(shares)?,
        (None, _) if noisy => embed_as_in_training(net, batch, settings)?,
        (None, inputs) => embed_inputs(net, inputs, settings)?,
    };
    match at_once {
        Some(_) => times.learning_secs += lap.secs(),
        None => times.embedding_secs += lap.secs(),
    }
    let dimensions = net.embedding_size();
    let taught = batch.lesson.map(|lesson| (lesson, distance_and_gradient(&raw, lesson.vectors, dimensions)));
    let leaf = Tensor::<2>::from_data(TensorData::new(raw, [rows, dimensions]), &device).require_grad();
    let vectors = normalise(leaf.clone()).try_into_vec_as::<f32>()?;
    let mined = choose(batch, &vectors, dimensions, settings);
    let (mut loss, mut by_embedding) = loss_and_gradient(&leaf, batch.old_vectors, &mined.triplets, settings.loss)?;
    let mut to_teacher = None;
    if let Some((lesson, (distance, gradient))) = taught {
        let weight = lesson.triplet_weight;
        loss = distance + weight * loss;
        by_embedding.iter_mut().zip(gradient).for_each(|(value, by_distance)| *value = by_distance + weight * *value);
        to_teacher = Some(distance);
    }
    times.mining_secs += lap.secs();
    settings.go_on()?;
    let gradients = match at_once {
        Some(shares) => back_through_shares(shares, &by_embedding),
        None => back_through(net, batch, &by_embedding, noisy, settings)?,
    };
    times.learning_secs += lap.secs();
    Ok(Learned { loss, mined, gradients, vectors, dimensions, to_teacher, times })
}

/// No picture, or a single one: there is nothing to learn, and nothing to take statistics from.
fn without_company<N: Module + EmbeddingNet>(
    net: &N,
    inputs: Inputs<'_>,
    settings: StepSettings<'_>,
) -> Result<Learned, TrainError> {
    let dimensions = net.embedding_size();
    let mut vectors = embed_inputs(net, inputs, settings)?;
    normalise_rows(&mut vectors, dimensions);
    Ok(Learned {
        loss: 0.0,
        mined: Mined::default(),
        gradients: GradientMap::default(),
        vectors,
        dimensions,
        to_teacher: None,
        times: PartTimes::default(),
    })
}

fn embed_inputs<N: Module + EmbeddingNet>(
    net: &N,
    inputs: Inputs<'_>,
    settings: StepSettings<'_>,
) -> Result<Vec<f32>, TrainError> {
    let chunk = settings.chunks.inference.max(1);
    let images = match inputs {
        // One matrix product, which takes no time.
        Inputs::Features(features) => return Ok(embed_features(&net.valid(), features, chunk)?),
        Inputs::Images(images) => images,
    };
    let mut raw = Vec::with_capacity(images.len() * net.embedding_size());
    for images in images.chunks(chunk) {
        settings.go_on()?;
        raw.extend(embed(&net.valid(), images, settings.preprocessing, chunk)?);
    }
    Ok(raw)
}

/// The network's output for each picture, row after row, before normalisation.
pub fn embed<N: Module + EmbeddingNet>(
    net: &N,
    images: &[RgbImage],
    preprocessing: &Preprocessing,
    chunk: usize,
) -> Result<Vec<f32>, TensorReadError> {
    let device = device_of(net).without_autodiff();
    let images: Vec<&RgbImage> = images.iter().collect();
    let mut raw = Vec::with_capacity(images.len() * net.embedding_size());
    for images in images.chunks(chunk.max(1)) {
        raw.extend(
            in_shares(images, preprocessing, &device, |images| net.forward(images).try_into_vec_as::<f32>())?.concat(),
        );
    }
    Ok(raw)
}

/// The network's output for features found before, row after row, before normalisation.
pub(crate) fn embed_features<N: Module + EmbeddingNet>(
    net: &N,
    features: &Features,
    chunk: usize,
) -> Result<Vec<f32>, TensorReadError> {
    let device = device_of(net).without_autodiff();
    let mut raw = Vec::with_capacity(features.len() * net.embedding_size());
    for rows in all(features.len()).chunks(chunk.max(1)) {
        raw.extend(net.embed_features(features.to_tensor(rows, &device)).try_into_vec_as::<f32>()?);
    }
    Ok(raw)
}

/// What `pass` makes of the images, in their order: on the CPU in shares that threads pass side by side.
pub(super) fn in_shares<T: Send>(
    images: &[&RgbImage],
    preprocessing: &Preprocessing,
    device: &Device,
    pass: impl Fn(Tensor<4>) -> Result<T, TensorReadError> + Sync,
) -> Result<Vec<T>, TensorReadError> {
    let pass = |images: &[&RgbImage]| pass(to_tensor(images, preprocessing, device));
    let share = share(device);
    if images.len() <= share {
        return Ok(vec![pass(images)?]);
    }
    images.par_chunks(share).map(pass).collect()
}

/// On the CPU a chunk is split into shares that threads pass side by side, each through a network with leaves of its
/// own: an operation of a small network keeps one core busy, not all. A share's size is fixed, so sums come out the same
/// whatever the number of cores.
const SHARE: usize = 30;

fn share(device: &Device) -> usize {
    if is_cpu(device) { SHARE } else { usize::MAX }
}

/// How many pictures learn at once, and how many of them a thread takes.
struct Division {
    chunk: usize,
    share: usize,
}

/// Features take part in the last layer alone, one matrix product, which the device splits better than we would.
fn sizes(inputs: Inputs<'_>, noisy: bool, device: &Device, chunks: ChunkSizes) -> Division {
    match inputs {
        _ if noisy => Division { chunk: chunks.gradient.max(1), share: usize::MAX },
        Inputs::Images(_) => Division { chunk: chunks.gradient.max(1), share: share(device) },
        Inputs::Features(_) => Division { chunk: chunks.inference.max(1), share: usize::MAX },
    }
}

fn all(rows: usize) -> Vec<usize> {
    (0..rows).collect()
}

/// A part of a batch that went through the network, and the way back.
struct ChunkPass<N> {
    net: N,
    raw: Tensor<2>,
}

fn pass_shares<N: Module + EmbeddingNet>(
    net: &N,
    inputs: Inputs<'_>,
    rows: &[usize],
    share: usize,
    preprocessing: &Preprocessing,
) -> Vec<ChunkPass<N>> {
    let device = device_of(net).autodiff();
    let pass = |net: N, rows: &[usize]| ChunkPass { raw: inputs.forward(&net, rows, preprocessing, &device), net };
    if rows.len() <= share {
        return vec![pass(net.clone(), rows)];
    }
    rows.par_chunks(share).map(|rows| pass(with_own_leaves(net), rows)).collect()
}

fn outputs<N>(shares: &[ChunkPass<N>]) -> Result<Vec<f32>, TensorReadError> {
    let parts = shares.iter().map(|share| share.raw.clone().inner().try_into_vec_as::<f32>());
    Ok(parts.collect::<Result<Vec<_>, _>>()?.concat())
}

/// The gradients of all shares added up in their order; `by_embedding` has a row for each picture.
fn back_through_shares<N: Module>(shares: Vec<ChunkPass<N>>, by_embedding: &[f32]) -> GradientMap {
    let mut start = 0;
    let work: Vec<(ChunkPass<N>, &[f32])> = shares
        .into_iter()
        .map(|share| {
            let rows = &by_embedding[start..start + share.raw.dims().iter().product::<usize>()];
            start += rows.len();
            (share, rows)
        })
        .collect();
    let back = |(share, by_row): (ChunkPass<N>, &[f32])| {
        if by_row.iter().all(|&value| value == 0.0) {
            return GradientMap::default();
        }
        let by_row = TensorData::new(by_row.to_vec(), share.raw.dims());
        let by_row = Tensor::<2>::from_data(by_row, &share.raw.device());
        GradientMap::of(&share.net, (share.raw * by_row).sum().backward())
    };
    // One share stays on this thread: a graphics device knows its work by the thread it comes from.
    let parts: Vec<GradientMap> =
        if work.len() == 1 { work.into_iter().map(back).collect() } else { work.into_par_iter().map(back).collect() };
    let mut gradients = GradientMap::default();
    parts.into_iter().for_each(|part| gradients.add(part));
    gradients
}

/// The same weights as leaves of another graph: threads that went back through one graph would wait for each other.
fn with_own_leaves<N: Module>(net: &N) -> N {
    struct Detach;
    impl ModuleMapper for Detach {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|weight| {
                let learns = weight.is_require_grad();
                Tensor::from_inner(weight.inner()).set_require_grad(learns)
            })
        }
    }
    net.clone().map(&mut Detach)
}

fn device_of<N: Module>(net: &N) -> Device {
    net.devices().into_iter().next().unwrap_or_default()
}

/// Batch statistics and dropout as the gradient pass will have them, on a copy whose running statistics are its own.
fn embed_as_in_training<N: Module + EmbeddingNet>(
    net: &N,
    batch: &Batch<'_>,
    settings: StepSettings<'_>,
) -> Result<Vec<f32>, TrainError> {
    let copy = net.valid().train();
    let device = device_of(net).autodiff();
    let (inputs, dimensions) = (batch.inputs, net.embedding_size());
    let mut raw = vec![0.0; inputs.len() * dimensions];
    for (number, rows) in balanced(&all(inputs.len()), batch.people, settings.chunks.gradient).iter().enumerate() {
        settings.go_on()?;
        seed_noise(&device, settings.draw, number);
        let of_chunk = inputs.forward(&copy, rows, settings.preprocessing, &device).inner().try_into_vec_as::<f32>()?;
        for (&row, found) in rows.iter().zip(of_chunk.chunks(dimensions)) {
            raw[row * dimensions..(row + 1) * dimensions].copy_from_slice(found);
        }
    }
    Ok(raw)
}

fn seed_noise(device: &Device, draw: Draw, chunk: usize) {
    device.seed(stream(draw.seed, Purpose::NetworkNoise, draw.step, chunk as u64).next_u64());
}

fn choose(batch: &Batch<'_>, vectors: &[f32], dimensions: usize, settings: StepSettings<'_>) -> Mined {
    let (rule, combinations) = match batch.choice {
        Choice::Given(triplets) => return Mined { triplets: triplets.to_vec(), pairs: triplets.len() },
        Choice::Mine { rule, combinations } => (rule, combinations),
    };
    let both = BothSpaces::of(vectors, dimensions, batch.people, batch.old_vectors);
    mine_combinations(both.points(), rule, settings.loss.margin, combinations, settings.draw)
}

/// The loss and its gradient by the raw embeddings, row after row.
fn loss_and_gradient(
    leaf: &Tensor<2>,
    old_vectors: Option<&[f32]>,
    triplets: &[Triplet],
    config: LossConfig,
) -> Result<(f32, Vec<f32>), TensorReadError> {
    let [rows, dimensions] = leaf.dims();
    let weight = config.weight(triplets.len());
    let mut loss = 0.0;
    let mut gradient = vec![0.0; rows * dimensions];
    for triplets in triplets.chunks(TRIPLETS_AT_ONCE) {
        let mut unit = normalise(leaf.clone());
        if let Some(old) = old_vectors {
            let old = Tensor::<2>::from_data(TensorData::new(old.to_vec(), [rows, dimensions]), &leaf.device());
            unit = Tensor::cat(vec![unit, old], 0);
        }
        let part = triplet_terms(unit, triplets, &config).sum().mul_scalar(weight);
        if let Some(found) = leaf.grad(&part.backward()) {
            gradient.iter_mut().zip(found.try_into_vec_as::<f32>()?).for_each(|(sum, value)| *sum += value);
        }
        loss += part.try_into_scalar::<f32>()?;
    }
    Ok((loss, gradient))
}

/// The gradients of all trained parameters, chunk by chunk.
fn back_through<N: Module + EmbeddingNet>(
    net: &N,
    batch: &Batch<'_>,
    by_embedding: &[f32],
    noisy: bool,
    settings: StepSettings<'_>,
) -> Result<GradientMap, TrainError> {
    let (inputs, dimensions) = (batch.inputs, net.embedding_size());
    let device = device_of(net).autodiff();
    let gradient_of = |row: usize| &by_embedding[row * dimensions..(row + 1) * dimensions];
    // A picture that is part of no active triplet adds nothing, unless it moves its chunk's statistics.
    let rows: Vec<usize> =
        (0..inputs.len()).filter(|&row| noisy || gradient_of(row).iter().any(|&value| value != 0.0)).collect();
    let sizes = sizes(inputs, noisy, &device, settings.chunks);
    let mut gradients = GradientMap::default();
    for (number, rows) in balanced(&rows, batch.people, sizes.chunk).iter().enumerate() {
        settings.go_on()?;
        if noisy {
            seed_noise(&device, settings.draw, number);
        }
        let by_row: Vec<f32> = rows.iter().flat_map(|&row| gradient_of(row)).copied().collect();
        gradients
            .add(back_through_shares(pass_shares(net, inputs, rows, sizes.share, settings.preprocessing), &by_row));
    }
    Ok(gradients)
}

#[cfg(test)]
mod tests;
