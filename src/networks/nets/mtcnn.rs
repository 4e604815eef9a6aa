//! MTCNN's three networks (Zhang et al. 2016, "Joint Face Detection and Alignment Using Multitask Cascaded
//! Convolutional Networks", IEEE Signal Processing Letters 23(10), figure 2), in the form of the released weights as
//! facenet-pytorch 2.6.0 carries them (`pnet.pt`, `rnet.pt`, `onet.pt`).
//!
//! P-Net slides over a whole picture, R-Net and O-Net look at crops of 24 and 48 pixels. Convolutions have no padding,
//! a PReLU follows each, and pooling windows that only begin on the map count (Caffe's rule). The releases descend from
//! Matlab, which stores pictures column by column: the maps are turned to columns, rows, channels before the first fully
//! connected layer. [`crate::faces::detect`] makes a cascade of the three.

use burn::module::Module;
use burn::nn::conv::Conv2d;
use burn::nn::{Linear, PRelu, PReluConfig};
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor};

use super::blocks::{
    Activation, Bias, Block, Builder, ConvUnit, Init, MapShape, Pool, Style, Trace, Width, conv, forward_stages,
    trace_stages,
};
use crate::networks::weights::{TensorFile, WeightsError, fill};

/// Side of the square that one cell of P-Net sees.
pub const P_SIDE: usize = 12;
/// P-Net's cells are so many pixels apart.
pub const P_STRIDE: usize = 2;
/// Side of R-Net's crops.
pub const R_SIDE: usize = 24;
/// Side of O-Net's crops.
pub const O_SIDE: usize = 48;

/// Numbers of P-Net and R-Net: probability of a face, then how far left, top, right and bottom edge are off, in sides of
/// the box.
pub const BOX_NUMBERS: usize = 1 + 4;
/// Numbers of O-Net: those of [`BOX_NUMBERS`], then five landmarks in sides of the box, first all x, then all y.
pub const LANDMARK_NUMBERS: usize = BOX_NUMBERS + 10;

/// Proposes faces everywhere in a picture.
#[derive(Module, Debug)]
pub struct PNet {
    conv1: ConvUnit,
    pool1: Pool,
    conv2: ConvUnit,
    conv3: ConvUnit,
    conv4_1: Conv2d,
    conv4_2: Conv2d,
}

/// Refines proposals.
#[derive(Module, Debug)]
pub struct RNet {
    conv1: ConvUnit,
    pool1: Pool,
    conv2: ConvUnit,
    pool2: Pool,
    conv3: ConvUnit,
    dense4: Dense,
    dense5_1: Linear,
    dense5_2: Linear,
}

/// Decides, and finds the landmarks.
#[derive(Module, Debug)]
pub struct ONet {
    conv1: ConvUnit,
    pool1: Pool,
    conv2: ConvUnit,
    pool2: Pool,
    conv3: ConvUnit,
    pool3: Pool,
    conv4: ConvUnit,
    dense5: Dense,
    dense6_1: Linear,
    dense6_2: Linear,
    dense6_3: Linear,
}

impl PNet {
    /// With random weights.
    pub fn new(device: &Device) -> Self {
        let mut b = builder(P_SIDE, device);
        Self {
            conv1: b.unit(conv(3, 10).valid()),
            pool1: pool(&mut b, Pool::max(2, 2, 0).ceil()),
            conv2: b.unit(conv(3, 16).valid()),
            conv3: b.unit(conv(3, 32).valid()),
            conv4_1: b.conv_here(conv(1, 2), true),
            conv4_2: b.conv_here(conv(1, 4), true),
        }
    }

    /// With the weights of `pnet.pt`.
    pub fn from_pytorch(weights: &TensorFile, device: &Device) -> Result<Self, WeightsError> {
        fill(Self::new(device), weights, pytorch_name)
    }

    /// # Shapes
    /// - pictures: `[batch, 3, height, width]`, scaled as [`crate::faces::detect`] does; sides of at least [`P_SIDE`]
    /// - output: `[batch, BOX_NUMBERS, rows, columns]`, a cell every [`P_STRIDE`] pixels; see [`cells_along`]
    pub fn forward(&self, pictures: Tensor<4>) -> Tensor<4> {
        let maps = forward_stages(&self.trunk(), pictures);
        let probability = face_probability(self.conv4_1.forward(maps.clone()));
        Tensor::cat(vec![probability, self.conv4_2.forward(maps)], 1)
    }

    fn trunk(&self) -> Vec<(String, &dyn Block)> {
        named([("conv1", &self.conv1), ("pool1", &self.pool1), ("conv2", &self.conv2), ("conv3", &self.conv3)])
    }
}

/// P-Net's cells along a side of that many pixels.
pub fn cells_along(pixels: usize) -> usize {
    // The first convolution takes two pixels, the pooling halves and rounds up, two more convolutions take two each.
    (pixels - 2).div_ceil(2) - 4
}

impl RNet {
    /// With random weights.
    pub fn new(device: &Device) -> Self {
        let mut b = builder(R_SIDE, device);
        Self {
            conv1: b.unit(conv(3, 28).valid()),
            pool1: pool(&mut b, Pool::max(3, 2, 0).ceil()),
            conv2: b.unit(conv(3, 48).valid()),
            pool2: pool(&mut b, Pool::max(3, 2, 0).ceil()),
            conv3: b.unit(conv(2, 64).valid()),
            dense4: Dense::new(&mut b, 128, device),
            dense5_1: b.linear_here(2, true),
            dense5_2: b.linear_here(4, true),
        }
    }

    /// With the weights of `rnet.pt`.
    pub fn from_pytorch(mut weights: TensorFile, device: &Device) -> Result<Self, WeightsError> {
        transpose(&mut weights, &["dense4", "dense5_1", "dense5_2"])?;
        fill(Self::new(device), &weights, pytorch_name)
    }

    /// # Shapes
    /// - crops: `[batch, 3, R_SIDE, R_SIDE]`
    /// - output: `[batch, BOX_NUMBERS]`
    pub fn forward(&self, crops: Tensor<4>) -> Tensor<2> {
        let values = forward_stages(&self.trunk(), crops);
        heads(&self.dense5_1, &[&self.dense5_2], values)
    }

    fn trunk(&self) -> Vec<(String, &dyn Block)> {
        named([
            ("conv1", &self.conv1),
            ("pool1", &self.pool1),
            ("conv2", &self.conv2),
            ("pool2", &self.pool2),
            ("conv3", &self.conv3),
            ("dense4", &self.dense4),
        ])
    }
}

impl ONet {
    /// With random weights.
    pub fn new(device: &Device) -> Self {
        let mut b = builder(O_SIDE, device);
        Self {
            conv1: b.unit(conv(3, 32).valid()),
            pool1: pool(&mut b, Pool::max(3, 2, 0).ceil()),
            conv2: b.unit(conv(3, 64).valid()),
            pool2: pool(&mut b, Pool::max(3, 2, 0).ceil()),
            conv3: b.unit(conv(3, 64).valid()),
            pool3: pool(&mut b, Pool::max(2, 2, 0).ceil()),
            conv4: b.unit(conv(2, 128).valid()),
            dense5: Dense::new(&mut b, 256, device),
            dense6_1: b.linear_here(2, true),
            dense6_2: b.linear_here(4, true),
            dense6_3: b.linear_here(10, true),
        }
    }

    /// With the weights of `onet.pt`.
    pub fn from_pytorch(mut weights: TensorFile, device: &Device) -> Result<Self, WeightsError> {
        transpose(&mut weights, &["dense5", "dense6_1", "dense6_2", "dense6_3"])?;
        fill(Self::new(device), &weights, pytorch_name)
    }

    /// # Shapes
    /// - crops: `[batch, 3, O_SIDE, O_SIDE]`
    /// - output: `[batch, LANDMARK_NUMBERS]`
    pub fn forward(&self, crops: Tensor<4>) -> Tensor<2> {
        let values = forward_stages(&self.trunk(), crops);
        heads(&self.dense6_1, &[&self.dense6_2, &self.dense6_3], values)
    }

    fn trunk(&self) -> Vec<(String, &dyn Block)> {
        named([
            ("conv1", &self.conv1),
            ("pool1", &self.pool1),
            ("conv2", &self.conv2),
            ("pool2", &self.pool2),
            ("conv3", &self.conv3),
            ("pool3", &self.pool3),
            ("conv4", &self.conv4),
            ("dense5", &self.dense5),
        ])
    }
}

/// A fully connected layer on maps turned to columns, rows, channels, and its PReLU.
#[derive(Module, Debug)]
struct Dense {
    linear: Linear,
    prelu: PRelu,
}

impl Dense {
    /// The builder moves on.
    fn new(b: &mut Builder, outputs: usize, device: &Device) -> Self {
        let prelu = PReluConfig::new().with_num_parameters(outputs).init(device);
        let dense = Self { linear: b.linear_here(outputs, true), prelu };
        b.shape = MapShape::vector(outputs);
        dense
    }
}

impl Block for Dense {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        self.prelu.forward(Block::forward(&self.linear, maps.permute([0, 3, 2, 1])))
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let inputs = self.linear.weight.lazy_shape();
        assert_eq!(inputs[0], input.values(), "a fully connected layer was built for another map");
        let (weights, outputs) = (inputs.num_elements(), inputs[1]);
        // Bias and slope: one each an output.
        trace.layer("fully connected".to_owned(), MapShape::vector(outputs), weights + 2 * outputs, weights)
    }
}

fn builder(side: usize, device: &Device) -> Builder {
    let style = Style {
        batch_norm: None,
        bias: Bias::Always,
        activation: Activation::PRelu,
        init: Init::He,
        bias_value: 0.0,
        width: Width { factor: 1.0, multiple: 1 },
    };
    Builder::new(MapShape::new(3, side, side), style, device)
}

fn pool(b: &mut Builder, pool: Pool) -> Pool {
    b.shape = pool.trace(b.shape, &mut Trace::default());
    pool
}

fn named<'a, const N: usize>(blocks: [(&str, &'a dyn Block); N]) -> Vec<(String, &'a dyn Block)> {
    blocks.into_iter().map(|(name, block)| (name.to_owned(), block)).collect()
}

/// Softmax of "no face" and "face" along dimension 1, of which only the second is asked.
fn face_probability<const D: usize>(scores: Tensor<D>) -> Tensor<D> {
    sigmoid(scores.clone().narrow(1, 1, 1) - scores.narrow(1, 0, 1))
}

fn heads(face: &Linear, others: &[&Linear], values: Tensor<4>) -> Tensor<2> {
    let values = values.flatten::<2>(1, 3);
    let mut outputs = vec![face_probability(face.forward(values.clone()))];
    outputs.extend(others.iter().map(|head| head.forward(values.clone())));
    Tensor::cat(outputs, 1)
}

fn transpose(weights: &mut TensorFile, layers: &[&str]) -> Result<(), WeightsError> {
    // A missing matrix is told by `fill`, together with everything else that does not fit.
    let names = layers.iter().map(|layer| format!("{layer}.weight"));
    names
        .filter(|name| weights.get(name).is_some())
        .collect::<Vec<_>>()
        .iter()
        .try_for_each(|name| weights.transpose(name))
}

/// facenet-pytorch's name for a parameter: `conv1.weight`, `prelu1.weight`, `dense4.bias`, …
fn pytorch_name(path: &str) -> String {
    match path.split('.').collect::<Vec<_>>()[..] {
        [layer, "conv" | "linear", parameter] => format!("{layer}.{parameter}"),
        [layer, "prelu", _] => format!("prelu{}.weight", layer.trim_start_matches(char::is_alphabetic)),
        _ => path.to_owned(),
    }
}

impl Block for PNet {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        PNet::forward(self, maps)
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let shape = trace_stages(&self.trunk(), input, trace);
        trace.named("conv4_1", shape, &self.conv4_1);
        let boxes = trace.named("conv4_2", shape, &self.conv4_2);
        MapShape { channels: BOX_NUMBERS, ..boxes }
    }
}

impl Block for RNet {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        as_maps(RNet::forward(self, maps))
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let shape = trace_stages(&self.trunk(), input, trace);
        trace.named("dense5_1", shape, &self.dense5_1);
        trace.named("dense5_2", shape, &self.dense5_2);
        MapShape::vector(BOX_NUMBERS)
    }
}

impl Block for ONet {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        as_maps(ONet::forward(self, maps))
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let shape = trace_stages(&self.trunk(), input, trace);
        for (name, head) in [("dense6_1", &self.dense6_1), ("dense6_2", &self.dense6_2), ("dense6_3", &self.dense6_3)] {
            trace.named(name, shape, head);
        }
        MapShape::vector(LANDMARK_NUMBERS)
    }
}

fn as_maps(vectors: Tensor<2>) -> Tensor<4> {
    let [batch, values] = vectors.dims();
    vectors.reshape([batch, values, 1, 1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::nets::blocks::LayerTable;
    use crate::networks::weights::{NamedTensor, collect};

    fn table(block: &dyn Block, side: usize) -> LayerTable {
        LayerTable::of(block, MapShape::new(3, side, side))
    }

    #[test]
    fn parameters_and_sizes_are_those_of_the_release() {
        let device = Device::flex();
        let (p, r, o) = (PNet::new(&device), RNet::new(&device), ONet::new(&device));
        let tables = [table(&p, P_SIDE), table(&r, R_SIDE), table(&o, O_SIDE)];
        assert_eq!(tables.clone().map(|table| table.params()), [6_632, 100_178, 389_040]);
        assert_eq!([p.num_params(), r.num_params(), o.num_params()], [6_632, 100_178, 389_040]);
        let output = |table: &LayerTable, name: &str| table.module(name).unwrap().output.to_string();
        assert_eq!(output(&tables[0], "conv4_2"), "1×1×4");
        assert_eq!([output(&tables[1], "pool1"), output(&tables[1], "conv3")], ["11×11×28", "3×3×64"]);
        assert_eq!([output(&tables[2], "pool1"), output(&tables[2], "pool3")], ["23×23×32", "4×4×64"]);
    }

    #[test]
    fn outputs_have_the_promised_sizes() {
        let device = Device::flex();
        for (height, width) in [(12, 12), (13, 12), (14, 31), (40, 27)] {
            let maps = PNet::new(&device).forward(Tensor::zeros([2, 3, height, width], &device));
            assert_eq!(maps.dims(), [2, BOX_NUMBERS, cells_along(height), cells_along(width)]);
        }
        let crops = |side| Tensor::zeros([3, 3, side, side], &device);
        assert_eq!(RNet::new(&device).forward(crops(R_SIDE)).dims(), [3, BOX_NUMBERS]);
        assert_eq!(ONet::new(&device).forward(crops(O_SIDE)).dims(), [3, LANDMARK_NUMBERS]);
    }

    /// A network's own tensors under the release's names and in its layout.
    fn released(net: &impl Module, dense: &[&str]) -> TensorFile {
        let mut file = TensorFile::default();
        for tensor in collect(net).unwrap().iter() {
            file.insert(NamedTensor { name: pytorch_name(&tensor.name), ..tensor.clone() }).unwrap();
        }
        transpose(&mut file, dense).unwrap();
        file
    }

    #[test]
    fn the_name_tables_are_complete() {
        let device = Device::flex();
        let (p, o) = (PNet::new(&device), ONet::new(&device));
        let file = released(&p, &[]);
        let names: Vec<&str> = file.names().collect();
        assert_eq!(names.len(), 13);
        assert!(names.contains(&"prelu3.weight") && names.contains(&"conv4_1.bias"), "{names:?}");
        assert_eq!(collect(&PNet::from_pytorch(&file, &device).unwrap()).unwrap(), collect(&p).unwrap());
        let file = released(&o, &["dense5", "dense6_1", "dense6_2", "dense6_3"]);
        assert_eq!(file.get("dense5.weight").unwrap().shape, [256, 1152]);
        assert!(file.get("prelu5.weight").is_some());
        assert_eq!(collect(&ONet::from_pytorch(file, &device).unwrap()).unwrap(), collect(&o).unwrap());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let device = Device::flex();
        let mut file = released(&RNet::new(&device), &["dense4", "dense5_1", "dense5_2"]);
        file.take("dense4.weight").unwrap();
        file.insert(NamedTensor::new("conv9.bias", vec![1], vec![0.0]).unwrap()).unwrap();
        file.flatten("conv2.weight").unwrap();
        let said = RNet::from_pytorch(file, &device).unwrap_err().to_string();
        for name in ["dense4.weight", "conv9.bias", "conv2.weight"] {
            assert!(said.contains(name), "{said}");
        }
    }
}
