//! Against PyTorch, on files in the trainers' exact layouts with few channels (`tests/parity/iresnet_reference.py
//! --small`); the networks at their full size are in `tests/parity.rs`.

use burn::module::Module;
use burn::tensor::{Distribution, TensorData};

use super::*;
use crate::networks::nets::EmbeddingNet;
use crate::networks::nets::catalogue::{self, NetOptions};
use crate::networks::nets::recognise::recognise_as;
use crate::networks::nets::testing::DrawnNorms;
use crate::networks::weights::fit::{Habit, ParameterFit};
use crate::networks::weights::remap::iresnet::{Trainer, from_body, from_insightface};
use crate::networks::weights::remap::iresnet_graph::from_graph;
use crate::networks::weights::{GraphNode, NamedTensor, TensorFile, WeightFile, fill, read_safetensors};

macro_rules! fixture {
    ($name:literal) => {
        include_bytes!(concat!("../../../../tests/fixtures/iresnet/", $name)).as_slice()
    };
}

fn small(device: &Device) -> crate::networks::nets::Net {
    let options =
        NetOptions { embedding_size: Some(8), input: Some([32, 32]), width: Some(1.0 / 32.0), ..NetOptions::default() };
    catalogue::build("iresnet-18", &options, device).unwrap()
}

/// What the file's network makes of the images, as stored and folded, against what PyTorch's did.
fn check(case: &str, ours: &TensorFile, expected: &[u8]) {
    let device = Device::flex();
    let net = small(&device);
    let fit = ParameterFit::find(ours, "", &net.parameters(), Habit::Torch);
    let tensors = fit.tensors(ours, |_| false).unwrap_or_else(|error| panic!("{case}: {error}"));
    let net = fill(net, &tensors, str::to_owned).unwrap();
    let expected = read_safetensors(expected).unwrap();
    let images = expected.get("images").unwrap();
    let images = Tensor::<4>::from_data(TensorData::new(images.data.clone(), images.shape.clone()), &device);
    for (form, net) in [("as stored", net.clone()), ("folded", net.folded())] {
        let output: Vec<f32> = EmbeddingNet::forward(&net, images.clone()).try_into_vec_as().unwrap();
        let largest = output.iter().zip(&expected.get("output").unwrap().data).map(|(a, b)| (a - b).abs());
        let largest = largest.fold(0.0, f32::max);
        assert!(largest < 1e-4, "{case}, {form}: {largest}");
    }
}

fn tensors(bytes: &[u8]) -> TensorFile {
    WeightFile::read(bytes).unwrap().tensors
}

#[test]
fn insightface_and_magface_compute_what_pytorch_does() {
    let file = from_insightface(tensors(fixture!("insightface.pt")), Trainer::InsightFace).unwrap();
    check("insightface", &file, fixture!("insightface.expected.safetensors"));
    let file = from_insightface(tensors(fixture!("magface.pt")), Trainer::MagFace).unwrap();
    check("magface", &file, fixture!("magface.expected.safetensors"));
}

#[test]
fn adaface_and_curricularface_compute_what_pytorch_does() {
    let depths = Depth::ALL.map(Depth::blocks);
    let (file, trainer) = from_body(tensors(fixture!("adaface.pt")), &depths).unwrap();
    assert_eq!(trainer, Trainer::AdaFace);
    check("adaface", &file, fixture!("adaface.expected.safetensors"));
    let (file, trainer) = from_body(tensors(fixture!("curricularface.pt")), &depths).unwrap();
    assert_eq!(trainer, Trainer::CurricularFace);
    check("curricularface", &file, fixture!("curricularface.expected.safetensors"));
}

/// Initialisers there are called by numbers, and norms are folded away.
#[test]
fn onnx_exports_compute_what_pytorch_does() {
    for (name, bytes, expected, projected) in [
        ("insightface", fixture!("insightface.onnx"), fixture!("insightface.expected.safetensors"), true),
        ("adaface", fixture!("adaface.onnx"), fixture!("adaface.expected.safetensors"), false),
    ] {
        let file = WeightFile::read(bytes).unwrap();
        let (graph, constants) = file.graph.as_ref().unwrap();
        let found = from_graph(graph, &file.tensors, constants).unwrap().unwrap();
        assert_eq!((found.all_projected, found.scaling), (projected, None));
        check(name, &found.tensors, expected);
    }
}

/// As MXNet's exports do: the pixels' scaling is part of the graph, and goes into the preprocessing.
#[test]
fn a_scaling_in_the_graph_becomes_the_preprocessings() {
    let file = WeightFile::read(fixture!("insightface.onnx")).unwrap();
    let (mut graph, mut constants) = file.graph.unwrap();
    let input = graph.inputs[0].clone();
    graph.nodes[0].inputs[0] = "scaled".to_owned();
    for (op, from, constant, value, to) in
        [("Mul", "less", "factor", 1.0 / 128.0, "scaled"), ("Sub", input.as_str(), "mean", 127.5, "less")]
    {
        constants.insert(NamedTensor::new(constant, vec![1], vec![value]).unwrap()).unwrap();
        let inputs = vec![from.to_owned(), constant.to_owned()];
        graph
            .nodes
            .insert(0, GraphNode { op: op.to_owned(), inputs, outputs: vec![to.to_owned()], ..Default::default() });
    }
    let found = from_graph(&graph, &file.tensors, &constants).unwrap().unwrap();
    assert_eq!(found.scaling, Some([127.5, 128.0]));
    check("scaled", &found.tensors, fixture!("insightface.expected.safetensors"));
}

/// The small file is no iresnet-18, and the message says of each tensor why.
#[test]
fn a_file_of_another_width_is_named_tensor_by_tensor() {
    let error = recognise_as(fixture!("insightface.pt"), "iresnet-18").unwrap_err().to_string();
    assert!(error.contains("of another shape") && error.contains("conv1.conv.weight is 4×3×3×3"), "{error}");
}

#[test]
fn folding_changes_nothing() {
    let device = Device::flex();
    device.seed(9);
    let net = small(&device).map(&mut DrawnNorms);
    let images = Tensor::<4>::random([2, 3, 32, 32], Distribution::Normal(0.0, 1.0), &device);
    let (before, after) = (net.forward_unit(images.clone()), net.folded().forward_unit(images));
    let difference = (before - after).abs().max().into_scalar::<f32>();
    assert!(difference < 1e-4, "{difference}");
}
