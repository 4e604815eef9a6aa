//! MTCNN's three networks (Zhang et al. 2016, "Joint Face Detection and Alignment Using Multitask Cascaded
//! Convolutional Networks", IEEE Signal Processing Letters 23(10), figure 2), in the form of the released weights as
//! facenet-pytorch 2.6.0 carries them (`pnet.pt`, `rnet.pt`, `onet.pt`).
//!
//! P-Net slides over a whole picture, R-Net and O-Net look at crops of 24 and 48 pixels. Convolutions have no padding,
//! a PReLU follows each, and pooling windows that only begin on the map count (Caffe's rule). The releases descend from
//! Matlab, which stores pictures column by column: the maps are turned to columns, rows, channels before the first fully
//! connected layer. [`crate::faces::detect`] makes a cascade of the three.

use burn::module::Module;
use burn::tensor::activation::sigmoid;
use burn::tensor::{Device, Tensor};

use super::blocks::{Activation, Bias, Block, Builder, Init, Layers, MapShape, Pool, Style, Width, conv};
use crate::networks::weights::{TensorFile, WeightsError, fill};

/// Side of the square that one cell of P-Net sees.
pub(crate) const P_SIDE: usize = 12;
/// P-Net's cells are so many pixels apart.
pub(crate) const P_STRIDE: usize = 2;
/// Side of R-Net's crops.
pub(crate) const R_SIDE: usize = 24;
/// Side of O-Net's crops.
pub(crate) const O_SIDE: usize = 48;

/// Numbers of P-Net and R-Net: probability of a face, then how far left, top, right and bottom edge are off, in sides of
/// the box.
pub(crate) const BOX_NUMBERS: usize = 1 + 4;
/// Numbers of O-Net: those of [`BOX_NUMBERS`], then five landmarks in sides of the box, first all x, then all y.
pub(crate) const LANDMARK_NUMBERS: usize = BOX_NUMBERS + 10;

/// One of the three: a trunk, and heads side by side on what it gives, the scores of "no face" and "face" first.
#[derive(Module, Debug)]
pub struct MtcnnNet {
    layers: Layers,
}

impl MtcnnNet {
    /// Proposes faces everywhere in a picture; with random weights.
    pub fn p_net(device: &Device) -> Self {
        let mut b = builder(P_SIDE, device);
        b.conv("conv1", conv(3, 10).valid()).pool("pool1", Pool::max(2, 2, 0).ceil());
        b.conv("conv2", conv(3, 16).valid()).conv("conv3", conv(3, 32).valid());
        let heads = [("conv4_1", 2), ("conv4_2", 4)];
        let heads = heads.map(|(name, channels)| b.branch(|b| _ = b.conv(name, conv(1, channels).linear())));
        b.concat("heads", heads.into(), false);
        Self { layers: b.finish() }
    }

    /// Refines proposals; with random weights.
    pub fn r_net(device: &Device) -> Self {
        let mut b = builder(R_SIDE, device);
        b.conv("conv1", conv(3, 28).valid()).pool("pool1", Pool::max(3, 2, 0).ceil());
        b.conv("conv2", conv(3, 48).valid()).pool("pool2", Pool::max(3, 2, 0).ceil());
        b.conv("conv3", conv(2, 64).valid()).turned_linear("dense4", 128);
        Self::with_linear_heads(b, &[("dense5_1", 2), ("dense5_2", 4)])
    }

    /// Decides, and finds the landmarks; with random weights.
    pub fn o_net(device: &Device) -> Self {
        let mut b = builder(O_SIDE, device);
        b.conv("conv1", conv(3, 32).valid()).pool("pool1", Pool::max(3, 2, 0).ceil());
        b.conv("conv2", conv(3, 64).valid()).pool("pool2", Pool::max(3, 2, 0).ceil());
        b.conv("conv3", conv(3, 64).valid()).pool("pool3", Pool::max(2, 2, 0).ceil());
        b.conv("conv4", conv(2, 128).valid()).turned_linear("dense5", 256);
        Self::with_linear_heads(b, &[("dense6_1", 2), ("dense6_2", 4), ("dense6_3", 10)])
    }

    fn with_linear_heads(mut b: Builder, heads: &[(&str, usize)]) -> Self {
        let heads = heads.iter().map(|&(name, outputs)| b.branch(|b| _ = b.linear(name, outputs))).collect();
        b.concat("heads", heads, false);
        Self { layers: b.finish() }
    }

    /// With the weights of its file: `pnet.pt`, `rnet.pt` or `onet.pt`.
    pub fn with_pytorch(self, mut weights: TensorFile) -> Result<Self, WeightsError> {
        transpose(&mut weights)?;
        fill(self, &weights, pytorch_name)
    }

    /// # Shapes
    /// - pictures: `[batch, 3, height, width]`, scaled as [`crate::faces::detect`] does; for P-Net sides of at least
    ///   [`P_SIDE`], for the others exactly [`R_SIDE`] or [`O_SIDE`]
    /// - output: P-Net `[batch, BOX_NUMBERS, rows, columns]`, a cell every [`P_STRIDE`] pixels, see [`cells_along`];
    ///   R-Net `[batch, BOX_NUMBERS, 1, 1]`; O-Net `[batch, LANDMARK_NUMBERS, 1, 1]`
    pub fn forward(&self, pictures: Tensor<4>) -> Tensor<4> {
        let numbers = self.layers.forward(pictures);
        let others = numbers.dims()[1] - 2;
        // Softmax of "no face" and "face", of which only the second is asked.
        let probability = sigmoid(numbers.clone().narrow(1, 1, 1) - numbers.clone().narrow(1, 0, 1));
        Tensor::cat(vec![probability, numbers.narrow(1, 2, others)], 1)
    }
}

/// P-Net's cells along a side of that many pixels.
pub(crate) fn cells_along(pixels: usize) -> usize {
    // The first convolution takes two pixels, the pooling halves and rounds up, two more convolutions take two each.
    (pixels - 2).div_ceil(2) - 4
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

/// Of all three networks.
const FULLY_CONNECTED: [&str; 7] = ["dense4", "dense5_1", "dense5_2", "dense5", "dense6_1", "dense6_2", "dense6_3"];

fn transpose(weights: &mut TensorFile) -> Result<(), WeightsError> {
    // A missing matrix is told by `fill`, together with everything else that does not fit.
    let mut names = FULLY_CONNECTED.map(|layer| format!("{layer}.weight")).into_iter();
    names.try_for_each(|name| if weights.get(&name).is_some() { weights.transpose(&name) } else { Ok(()) })
}

/// facenet-pytorch's name for a parameter: `conv1.weight`, `prelu1.weight`, `dense4.bias`, …
fn pytorch_name(path: &str) -> String {
    match path.split('.').collect::<Vec<_>>()[..] {
        [.., layer, "conv" | "linear", parameter] => format!("{layer}.{parameter}"),
        [.., layer, "prelu", _] => format!("prelu{}.weight", layer.trim_start_matches(char::is_alphabetic)),
        [.., layer, parameter] => format!("{layer}.{parameter}"),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, Tolerance};

    use super::*;
    use crate::networks::kernels::inference::both_ways;
    use crate::networks::nets::blocks::LayerTable;
    use crate::networks::weights::{NamedTensor, collect};

    fn table(net: &MtcnnNet, side: usize) -> LayerTable {
        LayerTable::of(&net.layers, MapShape::new(3, side, side))
    }

    #[test]
    fn parameters_and_sizes_are_those_of_the_release() {
        let device = Device::flex();
        let (p, r, o) = (MtcnnNet::p_net(&device), MtcnnNet::r_net(&device), MtcnnNet::o_net(&device));
        let tables = [table(&p, P_SIDE), table(&r, R_SIDE), table(&o, O_SIDE)];
        assert_eq!(tables.clone().map(|table| table.params()), [6_632, 100_178, 389_040]);
        assert_eq!([p.num_params(), r.num_params(), o.num_params()], [6_632, 100_178, 389_040]);
        let output = |table: &LayerTable, name: &str| {
            table.layers.iter().find(|row| row.name == name).unwrap().output.to_string()
        };
        assert_eq!(output(&tables[0], "heads / conv4_2"), "1×1×4");
        assert_eq!([output(&tables[1], "pool1"), output(&tables[1], "conv3")], ["11×11×28", "3×3×64"]);
        assert_eq!([output(&tables[2], "pool1"), output(&tables[2], "pool3")], ["23×23×32", "4×4×64"]);
    }

    #[test]
    fn outputs_have_the_promised_sizes() {
        let device = Device::flex();
        for (height, width) in [(12, 12), (13, 12), (14, 31), (40, 27)] {
            let maps = MtcnnNet::p_net(&device).forward(Tensor::zeros([2, 3, height, width], &device));
            assert_eq!(maps.dims(), [2, BOX_NUMBERS, cells_along(height), cells_along(width)]);
        }
        let crops = |side| Tensor::zeros([3, 3, side, side], &device);
        assert_eq!(MtcnnNet::r_net(&device).forward(crops(R_SIDE)).dims(), [3, BOX_NUMBERS, 1, 1]);
        assert_eq!(MtcnnNet::o_net(&device).forward(crops(O_SIDE)).dims(), [3, LANDMARK_NUMBERS, 1, 1]);
    }

    #[test]
    fn our_kernels_change_nothing() {
        let device = Device::flex();
        device.seed(7);
        let nets = [MtcnnNet::p_net(&device), MtcnnNet::r_net(&device), MtcnnNet::o_net(&device)];
        for (net, side) in nets.iter().zip([30, R_SIDE, O_SIDE]) {
            let pictures = Tensor::random([3, 3, side, side], Distribution::Uniform(-1.0, 1.0), &device);
            let [burns, ours] = both_ways(|| net.forward(pictures.clone()).into_data());
            ours.assert_approx_eq::<f32>(&burns, Tolerance::absolute(1e-5));
        }
    }

    /// A network's own tensors under the release's names and in its layout.
    fn released(net: &MtcnnNet) -> TensorFile {
        let mut file = TensorFile::default();
        for tensor in collect(net).unwrap().iter() {
            file.insert(NamedTensor { name: pytorch_name(&tensor.name), ..tensor.clone() }).unwrap();
        }
        transpose(&mut file).unwrap();
        file
    }

    #[test]
    fn the_name_tables_are_complete() {
        let device = Device::flex();
        let (p, o) = (MtcnnNet::p_net(&device), MtcnnNet::o_net(&device));
        let file = released(&p);
        let names: Vec<&str> = file.names().collect();
        assert_eq!(names.len(), 13);
        assert!(names.contains(&"prelu3.weight") && names.contains(&"conv4_1.bias"), "{names:?}");
        assert_eq!(collect(&MtcnnNet::p_net(&device).with_pytorch(file).unwrap()).unwrap(), collect(&p).unwrap());
        let file = released(&o);
        assert_eq!(file.get("dense5.weight").unwrap().shape, [256, 1152]);
        assert!(file.get("prelu5.weight").is_some());
        assert_eq!(collect(&MtcnnNet::o_net(&device).with_pytorch(file).unwrap()).unwrap(), collect(&o).unwrap());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let device = Device::flex();
        let mut file = released(&MtcnnNet::r_net(&device));
        file.take("dense4.weight").unwrap();
        file.insert(NamedTensor::new("conv9.bias", vec![1], vec![0.0]).unwrap()).unwrap();
        file.flatten("conv2.weight").unwrap();
        let said = MtcnnNet::r_net(&device).with_pytorch(file).unwrap_err().to_string();
        for name in ["dense4.weight", "conv9.bias", "conv2.weight"] {
            assert!(said.contains(name), "{said}");
        }
    }
}
