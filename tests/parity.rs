//! Our networks against ONNX Runtime and PyTorch: the fixtures and the scripts that make them are in `tests/fixtures`.
//!
//! The bound is on the largest absolute difference of any output. Both sides compute in f32, in different order, so
//! the last digits differ; 1e-4 is far below what moves a box by a pixel or a distance by a percent of a threshold.

use std::env;
use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::nn::conv::Conv2dConfig;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PRelu, PReluConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor, TensorData};
use image::{Rgb, RgbImage};
use likeness::faces::embed::{Batching, Embedder};
use likeness::faces::image::scale_pixels;
use likeness::networks::device::{AdapterKind, adapters, open};
use likeness::networks::models::Manifest;
use likeness::networks::nets::EmbeddingNet;
use likeness::networks::nets::blocks::conv_norm::{ConvNorm, fold_norm_after, fold_norm_before};
use likeness::networks::nets::blocks::learning::AfterNorm;
use likeness::networks::nets::mtcnn::MtcnnNet;
use likeness::networks::nets::recognise::recognise;
use likeness::networks::nets::sface::{self, SFace};
use likeness::networks::nets::yunet::{STRIDES, YuNet};
use likeness::networks::weights::{TensorFile, fill, read_onnx, read_pytorch, read_safetensors};
use likeness::types::{ChannelOrder, ModelId, PixelScaling};

const CPU_TOLERANCE: f32 = 1e-4;
/// GPUs add up in yet another order, some with multiplication and addition rounded as one.
const GPU_TOLERANCE: f32 = 1e-3;

/// Where the released networks are checked, and how closely.
fn devices() -> Vec<(String, Device, f32)> {
    let mut devices = vec![("CPU".to_owned(), Device::flex(), CPU_TOLERANCE)];
    match adapters().into_iter().find(|adapter| adapter.kind != AdapterKind::Other) {
        Some(adapter) => {
            let device = open(&adapter).expect("a listed adapter can be opened");
            devices.push((device.name, device.burn, GPU_TOLERANCE));
        }
        None => println!("skipped on a GPU: no adapter, or built without the feature gpu"),
    }
    devices
}

/// The network of `make_parity.py small`.
#[derive(Module, Debug)]
struct Small {
    stem: Unit,
    depthwise: Unit,
    pointwise: Unit,
    maps_norm: Option<BatchNorm>,
    linear: Linear,
    embedding_norm: Option<BatchNorm>,
}

#[derive(Module, Debug)]
struct Unit {
    layer: ConvNorm,
    slope: PRelu,
}

impl Unit {
    fn new(conv: Conv2dConfig, device: &Device) -> Self {
        let slope = PReluConfig::new().with_num_parameters(conv.channels[1]).init(device);
        Self { layer: ConvNorm::new(conv, 1e-3, device), slope }
    }

    fn forward(&self, input: Tensor<4>) -> Tensor<4> {
        self.slope.forward(self.layer.forward(input, AfterNorm::Nothing))
    }

    fn folded(self) -> Self {
        Self { layer: self.layer.folded(), ..self }
    }
}

impl Small {
    fn new(device: &Device) -> Self {
        let padded = |channels| Conv2dConfig::new(channels, [3, 3]).with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1));
        let norm = |size| Some(BatchNormConfig::new(size).with_epsilon(1e-3).init(device));
        Self {
            stem: Unit::new(padded([3, 4]).with_stride([2, 2]), device),
            depthwise: Unit::new(padded([4, 4]).with_groups(4), device),
            pointwise: Unit::new(Conv2dConfig::new([4, 6], [1, 1]), device),
            maps_norm: norm(6),
            linear: LinearConfig::new(6 * 4 * 5, 5).init(device),
            embedding_norm: norm(5),
        }
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let maps = self.pointwise.forward(self.depthwise.forward(self.stem.forward(images)));
        let maps = self.maps_norm.iter().fold(maps, |maps, norm| norm.forward(maps));
        let embedding = self.linear.forward(maps.flatten(1, 3));
        self.embedding_norm.iter().fold(embedding, |embedding, norm| norm.forward(embedding))
    }

    fn folded(self) -> Self {
        let linear = fold_norm_before(self.linear, &self.maps_norm.expect("not folded yet"));
        let linear = fold_norm_after(linear, &self.embedding_norm.expect("not folded yet"));
        let [stem, depthwise, pointwise] = [self.stem, self.depthwise, self.pointwise].map(Unit::folded);
        Self { stem, depthwise, pointwise, maps_norm: None, linear, embedding_norm: None }
    }
}

/// The script's name for a parameter.
fn small_name(path: &str) -> String {
    let path = path.replace("layer.conv.", "").replace("layer.norm.", "norm_").replace("slope.alpha", "slope");
    path.replace("running_", "").replace('.', "_")
}

#[test]
fn a_small_network_computes_what_onnx_runtime_does() {
    let device = Device::flex();
    let mut weights = read_onnx(&fs::read(fixture("small_net.onnx")).unwrap()).unwrap();
    for name in ["stem_slope", "depthwise_slope", "pointwise_slope"] {
        weights.flatten(name).unwrap();
    }
    weights.transpose("linear_weight").unwrap();
    let net = fill(Small::new(&device), &weights, small_name).unwrap();

    let expected = outputs("small_net.safetensors");
    let images = tensor(&expected, "images", &device);
    let check = |case: &str, net: &Small| {
        let output = numbers(net.forward(images.clone()));
        assert_close(case, &output, &expected.get("output").unwrap().data, CPU_TOLERANCE);
    };
    check("as stored", &net);
    check("folded", &net.folded());
}

#[test]
fn sface_computes_what_onnx_runtime_does() {
    let Some(bytes) = released_model("face_recognition_sface_2021dec.onnx") else { return };
    let expected = outputs("released.safetensors");
    let crops = [0, 1].map(|variant| pattern(variant, 112, 112));
    for (place, device, tolerance) in devices() {
        let net = SFace::from_onnx(read_onnx(&bytes).unwrap(), &device).unwrap();
        for (form, net) in [("as stored", net.clone()), ("folded", net.folded())] {
            for batching in [Batching::SpreadOverCores, Batching::Together(NonZeroUsize::new(2).unwrap())] {
                let embedder = Embedder::new(Box::new(net.clone()), sface::PREPROCESSING, &device, batching).unwrap();
                for (variant, embedding) in embedder.embed(&crops).unwrap().iter().enumerate() {
                    let name = format!("sface_{variant}");
                    let case = format!("{name}, {place}, {form}, {batching:?}");
                    assert_close(&case, embedding.as_slice(), &expected.get(&name).unwrap().data, tolerance);
                }
            }
        }
    }
}

/// Crops are made by what the manifest says, and the network expects what its own preprocessing says.
#[test]
fn the_manifest_and_sface_agree_on_the_input() {
    let manifest = Manifest::built_in();
    let entry = manifest.entry(&ModelId("sface-2021dec".into())).unwrap();
    assert_eq!(entry.input, sface::PREPROCESSING);
    assert_eq!(entry.dimensions, Some(sface::EMBEDDING_SIZE));
}

#[test]
fn yunet_computes_what_onnx_runtime_does() {
    let Some(bytes) = released_model("face_detection_yunet_2023mar.onnx") else { return };
    let expected = outputs("released.safetensors");
    let (height, width) = (64, 96);
    let mut values = vec![0.0; 3 * height * width];
    let picture = pattern(0, height as u32, width as u32);
    scale_pixels(&picture, PixelScaling::Raw, ChannelOrder::Bgr, &mut values);
    for (place, device, tolerance) in devices() {
        let net = YuNet::from_onnx(read_onnx(&bytes).unwrap(), &device).unwrap();
        let images = Tensor::from_data(TensorData::new(values.clone(), [1, 3, height, width]), &device);
        for (level, stride) in net.forward(images).into_iter().zip(STRIDES) {
            for (head, first, count) in [("cls", 0, 1), ("obj", 1, 1), ("bbox", 2, 4), ("kps", 6, 10)] {
                let name = format!("yunet_{head}_{stride}");
                // ONNX Runtime's cells come one after the other, each with its channels.
                let cells = numbers(level.clone().narrow(1, first, count).permute([0, 2, 3, 1]));
                assert_close(&format!("{name}, {place}"), &cells, &expected.get(&name).unwrap().data, tolerance);
            }
        }
    }
}

/// The three networks alone; the cascade around them is compared in `detect::mtcnn`.
#[test]
fn mtcnn_computes_what_pytorch_does() {
    let Some(files) = released_mtcnn() else { return };
    let expected = outputs("mtcnn/released.safetensors");
    let scaled = |side: [u32; 2], variants: u32| {
        let mut values = vec![0.0; (3 * variants * side[0] * side[1]) as usize];
        for (variant, part) in (0..variants).zip(values.chunks_exact_mut((3 * side[0] * side[1]) as usize)) {
            let scaling = PixelScaling::Fixed { mean: 127.5, divisor: 128.0 };
            scale_pixels(&pattern(variant, side[0], side[1]), scaling, ChannelOrder::Rgb, part);
        }
        TensorData::new(values, [variants, 3, side[0], side[1]].map(|side| side as usize))
    };
    for (place, device, tolerance) in devices() {
        let [p, r, o] = files.each_ref().map(|bytes| read_pytorch(bytes).unwrap());
        let p = MtcnnNet::p_net(&device).with_pytorch(p).unwrap();
        let r = MtcnnNet::r_net(&device).with_pytorch(r).unwrap();
        let o = MtcnnNet::o_net(&device).with_pytorch(o).unwrap();
        let pictures = |side, variants| Tensor::from_data(scaled(side, variants), &device);
        let outputs = [
            ("p", numbers(p.forward(pictures([31, 40], 1)))),
            ("r", numbers(r.forward(pictures([24, 24], 2)))),
            ("o", numbers(o.forward(pictures([48, 48], 2)))),
        ];
        for (name, found) in outputs {
            assert_close(&format!("{name}, {place}"), &found, &expected.get(name).unwrap().data, tolerance);
        }
    }
}

fn released_mtcnn() -> Option<[Vec<u8>; 3]> {
    Some([released_model("pnet.pt")?, released_model("rnet.pt")?, released_model("onet.pt")?])
}

/// The files of `parity/torch_reference.py` and `parity/iresnet_reference.py` in the folder that LIKENESS_PROOFS names: what PyTorch saved, read by us,
/// computes what PyTorch computed.
#[test]
fn networks_saved_by_pytorch_compute_the_same() {
    let Some(folder) = env::var_os("LIKENESS_PROOFS") else {
        println!(
            "skipped: LIKENESS_PROOFS names no folder that parity/torch_reference.py or iresnet_reference.py wrote"
        );
        return;
    };
    let mut saved: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    saved.retain(|path| path.extension().is_some_and(|extension| extension == "pt" || extension == "onnx"));
    saved.sort();
    assert!(!saved.is_empty(), "the folder holds nothing that PyTorch saved");
    for path in saved {
        let expected = fs::read(path.with_extension("expected.safetensors")).unwrap();
        let expected = read_safetensors(&expected).unwrap();
        let found = recognise(&fs::read(&path).unwrap()).unwrap();
        for (place, device, tolerance) in devices() {
            let net = found.net(&device).unwrap();
            let images = tensor(&expected, "images", &device);
            for (form, net) in [("as stored", net.clone()), ("folded", net.folded())] {
                let case = format!("{}, {place}, {form}", path.file_name().unwrap().display());
                let output = numbers(net.forward_unit(images.clone()));
                assert_close(&case, &output, &expected.get("output").unwrap().data, tolerance);
            }
        }
    }
}

fn assert_close(case: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{case}");
    let differences = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    let largest = differences.fold(
        0.0,
        |largest: f32, difference| {
            if difference.is_nan() { f32::INFINITY } else { largest.max(difference) }
        },
    );
    println!("{case}: largest absolute difference {largest:.1e}");
    assert!(largest <= tolerance, "{case}: {largest}");
}

/// `pattern` of the script.
fn pattern(variant: u32, height: u32, width: u32) -> RgbImage {
    let wave = |x: u32, y: u32, c: u32| {
        let phase = (x * (3 + c) + y * (7 - 2 * c) + x * y / (4 + variant) + 40 * variant * c) % 510;
        phase.abs_diff(255) as u8
    };
    RgbImage::from_fn(width, height, |x, y| Rgb([0, 1, 2].map(|c| wave(x, y, c))))
}

/// The bytes of a model in the folder that LIKENESS_MODELS names, if it names one.
fn released_model(name: &str) -> Option<Vec<u8>> {
    let Some(folder) = env::var_os("LIKENESS_MODELS") else {
        println!("skipped: LIKENESS_MODELS names no folder with {name}");
        return None;
    };
    let path = find(Path::new(&folder), name).unwrap_or_else(|| panic!("{name} is not below {folder:?}"));
    Some(fs::read(path).unwrap())
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.into_iter().find_map(|path| match path.is_dir() {
        true => find(&path, name),
        false => path.ends_with(name).then_some(path),
    })
}

fn outputs(name: &str) -> TensorFile {
    read_safetensors(&fs::read(fixture(name)).unwrap()).unwrap()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn tensor<const D: usize>(file: &TensorFile, name: &str, device: &Device) -> Tensor<D> {
    let tensor = file.get(name).unwrap();
    Tensor::from_data(TensorData::new(tensor.data.clone(), tensor.shape.clone()), device)
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_vec_as().unwrap()
}
