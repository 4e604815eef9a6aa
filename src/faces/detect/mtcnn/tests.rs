//! The cascade with made-up weights: what holds whatever the weights, and what facenet-pytorch finds with the same ones.
//! The released networks are compared in `tests/parity.rs`.

use ::image::Rgb;
use burn::module::Module;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::networks::weights::{NamedTensor, TensorFile, collect, fill};

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
    let nets =
        [seeded(MtcnnNet::p_net(&device), 1), seeded(MtcnnNet::r_net(&device), 2), seeded(MtcnnNet::o_net(&device), 3)];
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
        let of = |strip: &Strip| mtcnn.propose_in(&photo, 0.6, size, strip).unwrap();
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
    let single = Mtcnn::new(spread.nets.clone(), &Device::flex(), DeviceKind::Hardware, EAGER);
    let photo = pattern(90, 70);
    let found = spread.detect(&photo).unwrap();
    assert!(!found.is_empty() && found == single.detect(&photo).unwrap());
    assert!(found.windows(2).all(|pair| pair[0].face_box.area() >= pair[1].face_box.area()));
}

/// A photo above the limit gives the faces of its smaller copy, in its own pixels.
#[test]
fn every_pass_takes_the_kernels_of_who_asks() {
    let mtcnn = random(EAGER);
    for set in [KernelSet::Burn, KernelSet::Ours] {
        let taken = set.during(|| mtcnn.run(&[(); 9], |()| Ok(KernelSet::here()))).unwrap();
        assert_eq!(taken, [set; 9]);
    }
}

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

/// What facenet-pytorch found; see `tests/fixtures/mtcnn/make.py`.
#[derive(serde::Deserialize)]
struct Expected {
    thresholds: [f32; 3],
    faces: Vec<ExpectedFace>,
}

#[derive(serde::Deserialize)]
struct ExpectedFace {
    edges: [f32; 4],
    score: f32,
    points: [[f32; 2]; 5],
}

#[test]
fn the_cascade_finds_what_the_reference_does() {
    let expected: Expected =
        serde_json::from_str(include_str!("../../../../tests/fixtures/mtcnn/cascade.json")).unwrap();
    let device = Device::flex();
    let nets = [
        MtcnnNet::p_net(&device).with_pytorch(made_up(P_TENSORS)).unwrap(),
        MtcnnNet::r_net(&device).with_pytorch(made_up(R_TENSORS)).unwrap(),
        MtcnnNet::o_net(&device).with_pytorch(made_up(O_TENSORS)).unwrap(),
    ];
    let config = MtcnnConfig { thresholds: expected.thresholds, ..MtcnnConfig::default() };
    let mut found = Mtcnn::new(nets, &device, DeviceKind::Cpu, config).detect(&waves(90, 120)).unwrap();
    assert_eq!(found.len(), expected.faces.len());
    for face in expected.faces {
        let [left, top, right, bottom] = face.edges;
        let far = |found: &Detection| {
            let FaceBox { x, y, width, height } = found.face_box;
            let edges = [x - left, y - top, x + width - right, y + height - bottom];
            let points = found.landmarks.0.as_flattened().iter().zip(face.points.as_flattened());
            edges.into_iter().chain(points.map(|(a, b)| a - b)).map(f32::abs).fold(0.0, f32::max)
        };
        let (index, distance) =
            found.iter().map(far).enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).expect("as many as expected");
        assert!(distance < 0.01, "{distance} pixels from {:?}", face.edges);
        assert!((found.remove(index).score - face.score).abs() < 1e-4);
    }
}

/// Names and shapes in the order of the alphabet, as a state dict of the release has them.
type Tensors = &'static [(&'static str, &'static [usize])];

const P_TENSORS: Tensors = &[
    ("conv1.bias", &[10]),
    ("conv1.weight", &[10, 3, 3, 3]),
    ("conv2.bias", &[16]),
    ("conv2.weight", &[16, 10, 3, 3]),
    ("conv3.bias", &[32]),
    ("conv3.weight", &[32, 16, 3, 3]),
    ("conv4_1.bias", &[2]),
    ("conv4_1.weight", &[2, 32, 1, 1]),
    ("conv4_2.bias", &[4]),
    ("conv4_2.weight", &[4, 32, 1, 1]),
    ("prelu1.weight", &[10]),
    ("prelu2.weight", &[16]),
    ("prelu3.weight", &[32]),
];

const R_TENSORS: Tensors = &[
    ("conv1.bias", &[28]),
    ("conv1.weight", &[28, 3, 3, 3]),
    ("conv2.bias", &[48]),
    ("conv2.weight", &[48, 28, 3, 3]),
    ("conv3.bias", &[64]),
    ("conv3.weight", &[64, 48, 2, 2]),
    ("dense4.bias", &[128]),
    ("dense4.weight", &[128, 576]),
    ("dense5_1.bias", &[2]),
    ("dense5_1.weight", &[2, 128]),
    ("dense5_2.bias", &[4]),
    ("dense5_2.weight", &[4, 128]),
    ("prelu1.weight", &[28]),
    ("prelu2.weight", &[48]),
    ("prelu3.weight", &[64]),
    ("prelu4.weight", &[128]),
];

const O_TENSORS: Tensors = &[
    ("conv1.bias", &[32]),
    ("conv1.weight", &[32, 3, 3, 3]),
    ("conv2.bias", &[64]),
    ("conv2.weight", &[64, 32, 3, 3]),
    ("conv3.bias", &[64]),
    ("conv3.weight", &[64, 64, 3, 3]),
    ("conv4.bias", &[128]),
    ("conv4.weight", &[128, 64, 2, 2]),
    ("dense5.bias", &[256]),
    ("dense5.weight", &[256, 1152]),
    ("dense6_1.bias", &[2]),
    ("dense6_1.weight", &[2, 256]),
    ("dense6_2.bias", &[4]),
    ("dense6_2.weight", &[4, 256]),
    ("dense6_3.bias", &[10]),
    ("dense6_3.weight", &[10, 256]),
    ("prelu1.weight", &[32]),
    ("prelu2.weight", &[64]),
    ("prelu3.weight", &[64]),
    ("prelu4.weight", &[128]),
    ("prelu5.weight", &[256]),
];

/// `made_up` of the script.
fn made_up(tensors: Tensors) -> TensorFile {
    let mut file = TensorFile::default();
    for (place, (name, shape)) in (0_u32..).zip(tensors) {
        let count: usize = shape.iter().product();
        let scale = if shape.len() > 1 { (4.0 / ((count / shape[0]) as f64).sqrt()) as f32 } else { 0.5 };
        let value = |at: u32| {
            let mut h = at.wrapping_mul(2_654_435_761).wrapping_add(place * 40_503 + 17);
            h ^= h >> 15;
            h = h.wrapping_mul(2_246_822_519);
            h ^= h >> 13;
            (f64::from(h >> 8) / f64::from(1 << 24) - 0.5) as f32 * scale
        };
        let data = (0..count as u32).map(value).collect();
        file.insert(NamedTensor::new(*name, shape.to_vec(), data).unwrap()).unwrap();
    }
    file
}

/// `pattern(1, …)` of the script.
fn waves(height: u32, width: u32) -> RgbImage {
    let wave = |x: u32, y: u32, c: u32| {
        let phase = (x * (3 + c) + y * (7 - 2 * c) + x * y / 5 + 40 * c) % 510;
        phase.abs_diff(255) as u8
    };
    RgbImage::from_fn(width, height, |x, y| Rgb([0, 1, 2].map(|c| wave(x, y, c))))
}
