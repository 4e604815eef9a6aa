//! The cascade with random networks: what holds whatever the weights. What the released ones find is in
//! `tests/parity.rs`.

use ::image::Rgb;
use burn::module::Module;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::weights::{NamedTensor, TensorFile, collect, fill};

/// Small seeded weights, so that probabilities stay near a half and boxes near where they were.
fn seeded<M: Module>(net: M, seed: u64) -> M {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut weights = TensorFile::default();
    for tensor in collect(&net).unwrap().iter() {
        let fan = tensor.data.len() / tensor.shape.iter().max().unwrap();
        let most = 1.0 / (fan as f32).sqrt().max(4.0);
        let data = tensor.data.iter().map(|_| rng.random_range(-most..most)).collect();
        weights.insert(NamedTensor { data, ..tensor.clone() }).unwrap();
    }
    fill(net, &weights, str::to_owned).unwrap()
}

fn random(config: MtcnnConfig) -> Mtcnn {
    let device = Device::flex();
    let nets = (seeded(PNet::new(&device), 1), seeded(RNet::new(&device), 2), seeded(ONet::new(&device), 3));
    Mtcnn::new(nets, &device, DeviceKind::Cpu, config)
}

/// Everything is a face.
const EAGER: MtcnnConfig =
    MtcnnConfig { min_face_side: 20.0, thresholds: [0.0, 0.0, 0.0], factor: 0.709, long_side: 3200 };

fn pattern(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| Rgb([x * 7 + y, y * 5 + x * x, x ^ y].map(|v| v as u8)))
}

#[test]
fn photos_without_room_for_a_face_have_none() {
    let mtcnn = random(EAGER);
    for (width, height) in [(0, 0), (1, 1), (19, 400), (400, 19)] {
        assert!(mtcnn.detect(&RgbImage::new(width, height)).unwrap().is_empty(), "{width}×{height}");
    }
    assert!(!mtcnn.detect(&pattern(20, 20)).unwrap().is_empty());
}

#[test]
fn certainty_beyond_reach_finds_nothing() {
    let mtcnn = random(MtcnnConfig { thresholds: [0.0, 0.0, 1.0], ..EAGER });
    assert!(mtcnn.detect(&pattern(60, 50)).unwrap().is_empty());
}

/// Strips must not show: P-Net on the whole picture gives the proposals of its strips.
#[test]
fn strips_propose_what_the_whole_does() {
    let mtcnn = random(EAGER);
    let photo = pattern(61, 47);
    let size = (37, 29);
    let proposals = |pixels| {
        let of = |strip: &Strip| mtcnn.look(&photo, 0.6, size, strip).unwrap();
        strips(size.0, size.1, pixels).iter().flat_map(of).collect::<Vec<_>>()
    };
    let (whole, cut) = (proposals(usize::MAX), proposals(1));
    assert_eq!(whole.len(), cut.len());
    assert!(!whole.is_empty());
    for (a, b) in whole.iter().zip(&cut) {
        assert_eq!(a.candidate.edges, b.candidate.edges);
        assert!((a.candidate.score - b.candidate.score).abs() < 1e-5);
        assert!(a.offsets.iter().zip(b.offsets).all(|(a, b)| (a - b).abs() < 1e-5));
    }
}

#[test]
fn one_pass_at_a_time_finds_the_same() {
    let spread = random(EAGER);
    let nets = (spread.p_net.clone(), spread.r_net.clone(), spread.o_net.clone());
    let single = Mtcnn::new(nets, &Device::flex(), DeviceKind::Hardware, EAGER);
    let photo = pattern(90, 70);
    let found = spread.detect(&photo).unwrap();
    assert!(!found.is_empty() && found == single.detect(&photo).unwrap());
    assert!(found.windows(2).all(|pair| pair[0].face_box.area() >= pair[1].face_box.area()));
}

/// A photo above the limit gives the faces of its smaller copy, in its own pixels.
#[test]
fn large_photos_are_made_smaller() {
    let limited = random(MtcnnConfig { long_side: 60, ..EAGER });
    let photo = pattern(120, 90);
    let small = limited.detect(&thumbnail(&photo, 60)).unwrap();
    let large = limited.detect(&photo).unwrap();
    assert!(!large.is_empty());
    let doubled: Vec<FaceBox> = small.iter().map(|face| face.face_box.scaled(2.0)).collect();
    assert_eq!(large.iter().map(|face| face.face_box).collect::<Vec<_>>(), doubled);
}

#[test]
fn of_too_many_proposals_the_surest_go_on() {
    let apart = |index: usize| Proposal {
        candidate: Candidate { edges: [0.0, 1.0, 8.0, 9.0].map(|e| e + 10.0 * index as f32), score: index as f32 },
        offsets: [0.0; 4],
    };
    let mut proposals: Vec<Proposal> = (0..MAX_PROPOSALS + 5).map(apart).collect();
    proposals[7].offsets = [1.0; 4];
    proposals[MAX_PROPOSALS].candidate.score = f32::NAN;
    let kept = surest(proposals, 0.5);
    assert_eq!(kept.len(), MAX_PROPOSALS);
    assert!(kept.iter().all(|proposal| proposal.candidate.score >= 4.0));
    assert_eq!(kept[0].candidate.score, (MAX_PROPOSALS + 4) as f32);
}
