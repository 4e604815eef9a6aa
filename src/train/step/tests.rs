use std::cell::Cell;

use super::*;
use crate::networks::weights::collect;
use crate::train::frozen::{BatchNormStatistics, TrainablePart, freeze};
use crate::train::mining::{Negatives, Positives};
use crate::train::testing::{TINY_PREPROCESSING, TinyNet, pictures};

const PEOPLE: [u32; 14] = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4];

fn settings(chunks: ChunkSizes) -> StepSettings<'static> {
    let loss = LossConfig { margin: 0.5, ..LossConfig::default() };
    StepSettings {
        preprocessing: &TINY_PREPROCESSING,
        loss,
        chunks,
        draw: Draw { seed: 1, step: 2 },
        interrupted: &|| None,
    }
}

fn net(statistics: BatchNormStatistics) -> TinyNet {
    freeze(TinyNet::new(4, &Device::flex().autodiff()), &TrainablePart::All, statistics).unwrap()
}

fn step(net: &TinyNet, chunks: ChunkSizes) -> Learned {
    let images = pictures(3, PEOPLE.len());
    let rule = MiningRule { positives: Positives::AllPairs, negatives: Negatives::AnyViolating };
    let combinations = Combinations::only_new();
    let choice = Choice::Mine { rule, combinations: &combinations };
    let batch = Batch { inputs: Inputs::Images(&images), people: &PEOPLE, old_vectors: None, choice, lesson: None };
    learn(&mut net.clone(), &batch, settings(chunks)).unwrap()
}

/// Loss and gradients with everything in one graph, the obvious way; so many pictures go through the net at once.
fn whole(net: &TinyNet, triplets: &[Triplet], chunk: usize) -> (f32, GradientMap) {
    let device = Device::flex().autodiff();
    let images = pictures(3, PEOPLE.len());
    let inputs = Inputs::Images(&images);
    let chunks = balanced(&all(images.len()), &PEOPLE, chunk);
    let raw = chunks.iter().map(|rows| inputs.forward(net, rows, &TINY_PREPROCESSING, &device));
    let mut place = vec![0; images.len()];
    chunks.concat().into_iter().enumerate().for_each(|(at, row)| place[row] = at as i32);
    let in_order = Tensor::cat(raw.collect(), 0).select(0, Tensor::from_data(place.as_slice(), &device));
    let unit = normalise(in_order);
    let config = settings(ChunkSizes::default()).loss;
    let loss = triplet_terms(unit, triplets, &config).mean();
    let gradients = GradientMap::of(net, loss.backward());
    (loss.into_scalar::<f32>(), gradients)
}

fn assert_same(one: &GradientMap, other: &GradientMap) {
    assert!(one.paths().eq(other.paths()));
    let flat = |map: &GradientMap, path: &str| map.get(path).unwrap().clone().try_into_vec_as::<f32>().unwrap();
    let scale = other.norm().unwrap();
    assert!(scale > 1e-3, "nothing to compare");
    for path in one.paths() {
        for (a, b) in flat(one, path).into_iter().zip(flat(other, path)) {
            assert!((a - b).abs() < 1e-5 * scale, "{path}: {a} {b}");
        }
    }
}

#[test]
fn chunked_gradients_equal_those_of_one_graph() {
    let net = net(BatchNormStatistics::Keep);
    for chunks in [(100, 100), (5, 3), (5, 13)].map(|(inference, gradient)| ChunkSizes { inference, gradient }) {
        let learned = step(&net, chunks);
        let (loss, gradients) = whole(&net, &learned.mined.triplets, PEOPLE.len());
        assert!((learned.loss - loss).abs() < 1e-5 * loss);
        assert_same(&learned.gradients, &gradients);
    }
}

#[test]
fn shares_of_a_batch_add_up_to_the_whole() {
    let net = net(BatchNormStatistics::Keep);
    let learned = step(&net, ChunkSizes { inference: 100, gradient: 100 });
    let images = pictures(3, PEOPLE.len());
    let leaf = Tensor::from_data(
        TensorData::new(embed(&net.valid(), &images, &TINY_PREPROCESSING, 9).unwrap(), [PEOPLE.len(), 5]),
        &Device::flex().autodiff(),
    );
    let (_, by_embedding) =
        loss_and_gradient(&leaf.require_grad(), None, &learned.mined.triplets, settings(ChunkSizes::default()).loss)
            .unwrap();
    let shares = pass_shares(&net, Inputs::Images(&images), &all(PEOPLE.len()), 4, &TINY_PREPROCESSING);
    assert_eq!(shares.len(), 4);
    assert_same(&back_through_shares(shares, &by_embedding), &learned.gradients);
}

#[test]
fn batch_statistics_are_the_same_in_both_passes_and_move_once() {
    for gradient in [PEOPLE.len(), 7] {
        let net = net(BatchNormStatistics::Learn);
        let learned = step(&net, ChunkSizes { inference: 5, gradient });
        let mean = |net: &TinyNet| net.valid().norm.running_mean.value().try_into_vec_as::<f32>().unwrap();
        let after_step = mean(&net);
        let fresh = self::net(BatchNormStatistics::Learn);
        let (loss, gradients) = whole(&fresh, &learned.mined.triplets, gradient);
        assert!((learned.loss - loss).abs() < 1e-5 * loss);
        assert_same(&learned.gradients, &gradients);
        assert_eq!(after_step, mean(&fresh));
        assert!(after_step.iter().any(|&value| value != 0.0));
    }
}

#[test]
fn old_vectors_take_part_but_get_no_gradient() {
    let net = net(BatchNormStatistics::Keep);
    let images = pictures(3, PEOPLE.len());
    let mut old = embed(&TinyNet::new(9, &Device::flex()), &images, &TINY_PREPROCESSING, 4).unwrap();
    normalise_rows(&mut old, net.embedding_size());
    let combinations = Combinations::parse("211").unwrap();
    let rule = MiningRule { positives: Positives::AllPairs, negatives: Negatives::AnyViolating };
    let choice = Choice::Mine { rule, combinations: &combinations };
    let batch =
        Batch { inputs: Inputs::Images(&images), people: &PEOPLE, old_vectors: Some(&old), choice, lesson: None };
    let learned = learn(&mut net.clone(), &batch, settings(ChunkSizes::default())).unwrap();
    let rows = PEOPLE.len() as u32;
    assert!(!learned.mined.triplets.is_empty());
    assert!(learned.mined.triplets.iter().all(|t| t.anchor < rows && t.positive >= rows && t.negative >= rows));
    assert!(learned.gradients.norm().unwrap() > 1e-4);
}

#[test]
fn a_picture_without_company_moves_no_statistics_and_teaches_nothing() {
    let net = net(BatchNormStatistics::Learn);
    let mean = |net: &TinyNet| net.valid().norm.running_mean.value().try_into_vec_as::<f32>().unwrap();
    let before = mean(&net);
    for images in [pictures(3, 1), Vec::new()] {
        let combinations = Combinations::only_new();
        let choice = Choice::Mine { rule: MiningRule::default(), combinations: &combinations };
        let people = vec![0; images.len()];
        let batch = Batch { inputs: Inputs::Images(&images), people: &people, old_vectors: None, choice, lesson: None };
        let learned = learn(&mut net.clone(), &batch, settings(ChunkSizes::default())).unwrap();
        assert_eq!((learned.mined.triplets.len(), learned.gradients.norm().unwrap()), (0, 0.0));
        assert_eq!(learned.vectors.len(), images.len() * net.embedding_size());
    }
    assert_eq!(mean(&net), before);
}

/// Its user's word is heard between any two chunks, and what was begun then leaves no trace.
#[test]
fn a_step_that_is_left_in_the_middle_leaves_the_network_as_it_was() {
    let images = pictures(3, PEOPLE.len());
    let combinations = Combinations::only_new();
    let rule = MiningRule { positives: Positives::AllPairs, negatives: Negatives::AnyViolating };
    for statistics in [BatchNormStatistics::Keep, BatchNormStatistics::Learn] {
        let mut net = net(statistics);
        let before = collect(&net).unwrap();
        let choice = || Choice::Mine { rule, combinations: &combinations };
        let mut left = |at: usize| {
            let looks = Cell::new(0);
            let interrupted = || {
                looks.set(looks.get() + 1);
                (looks.get() > at).then_some(StopReason::Cancelled)
            };
            let chunks = ChunkSizes { inference: 3, gradient: 3 };
            let settings = StepSettings { interrupted: &interrupted, ..settings(chunks) };
            let inputs = Inputs::Images(&images);
            let batch = Batch { inputs, people: &PEOPLE, old_vectors: None, choice: choice(), lesson: None };
            let is_left = matches!(learn(&mut net, &batch, settings), Err(TrainError::Interrupted(_)));
            (is_left, collect(&net).unwrap())
        };
        let looks = (0..).find(|&at| match left(at) {
            (true, after) => {
                assert_eq!(after, before, "left at look {at}");
                false
            }
            (false, after) => {
                assert_eq!(after == before, statistics == BatchNormStatistics::Keep);
                true
            }
        });
        assert!(looks >= Some(9), "five chunks are passed twice: {looks:?}");
    }
}

/// Triplet loss and distance to the teacher in one graph, with automatic differentiation all the way, against the step.
#[test]
fn a_lesson_is_learned_beside_triplets_and_without() {
    use crate::train::teacher::Lesson;
    let net = net(BatchNormStatistics::Learn);
    let mut wanted =
        embed(&TinyNet::new(9, &Device::flex()), &pictures(3, PEOPLE.len()), &TINY_PREPROCESSING, 4).unwrap();
    normalise_rows(&mut wanted, net.embedding_size());
    let images = pictures(3, PEOPLE.len());
    let combinations = Combinations::only_new();
    let rule = MiningRule { positives: Positives::AllPairs, negatives: Negatives::AnyViolating };
    for (triplet_weight, gradient) in [(0.0, 100), (0.7, 100), (0.7, 7)] {
        let mines = triplet_weight > 0.0;
        let choice = if mines { Choice::Mine { rule, combinations: &combinations } } else { Choice::Given(&[]) };
        let lesson = Some(Lesson { vectors: &wanted, triplet_weight });
        let batch = Batch { inputs: Inputs::Images(&images), people: &PEOPLE, old_vectors: None, choice, lesson };
        let learned = learn(&mut net.clone(), &batch, settings(ChunkSizes { inference: 5, gradient })).unwrap();
        assert_eq!(learned.mined.triplets.is_empty(), !mines);
        let device = Device::flex().autodiff();
        let chunks = balanced(&all(images.len()), &PEOPLE, gradient);
        let raw = chunks.iter().map(|rows| batch.inputs.forward(&net, rows, &TINY_PREPROCESSING, &device));
        let unit = normalise(Tensor::cat(raw.collect(), 0));
        let order = chunks.concat();
        let by_row: Vec<f32> = order.iter().flat_map(|&row| wanted[row * 5..row * 5 + 5].to_vec()).collect();
        let targets = Tensor::<2>::from_data(TensorData::new(by_row, [order.len(), 5]), &device);
        let mut loss = (unit.clone() - targets).square().sum_dim(1).mean();
        assert!((loss.clone().into_scalar::<f32>() - learned.to_teacher.unwrap()).abs() < 1e-5);
        if mines {
            let place = |row: u32| order.iter().position(|&at| at == row as usize).unwrap() as u32;
            let moved = |t: &Triplet| Triplet {
                anchor: place(t.anchor),
                positive: place(t.positive),
                negative: place(t.negative),
            };
            let triplets: Vec<Triplet> = learned.mined.triplets.iter().map(moved).collect();
            let config = settings(ChunkSizes::default()).loss;
            loss = loss + triplet_terms(unit, &triplets, &config).mean().mul_scalar(triplet_weight);
        }
        let gradients = GradientMap::of(&net, loss.backward());
        assert!((loss.into_scalar::<f32>() - learned.loss).abs() < 1e-5);
        assert_same(&learned.gradients, &gradients);
    }
}
