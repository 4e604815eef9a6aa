//! DeepFace (Taigman et al. 2014, figure 2), 152×152: the network that FaceNet compares itself with.
//!
//! Three locally connected layers hold most of the parameters. The face descriptor is F7, 4,096 values; the classifier
//! F8 on 4,030 people (16,510,910 of the "more than 120 million" parameters) belongs to training and is not part of
//! this. The paper takes F7 after its ReLU; here the embedding is signed, like every other network's. The 3D frontal
//! alignment in front of the network is not here either. First weights as in section 3: a normal of σ = 0.01, biases
//! 0.5.
//!
//! L4's weights are one buffer of 251 MB; an adapter whose storage buffers are smaller (128 MiB in Mesa's llvmpipe) holds
//! the network at a reduced width only.

use burn::tensor::Device;

use super::NetConfig;
use super::blocks::{BatchNormStyle, Bias, Builder, Init, Layers, Pool, Style, Width, conv};

/// Filters, kernel, stride.
const C1: (usize, usize) = (32, 11);
const C3: (usize, usize) = (16, 9);
const LOCAL: [(&str, usize, usize, usize); 3] = [("L4", 16, 9, 1), ("L5", 16, 7, 2), ("L6", 16, 5, 1)];

pub(crate) fn init(config: &NetConfig, device: &Device) -> Layers {
    let style = Style {
        bias: Bias::Always,
        init: Init::Normal { std: 0.01 },
        bias_value: 0.5,
        width: Width { factor: config.width, multiple: 2 },
        ..Style::of(config, BatchNormStyle::TORCH)
    };
    let mut b = Builder::new(config.input_shape(), style, device);
    b.conv("C1", conv(C1.1, C1.0).valid()).pool("M2", Pool::max(3, 2, 0).ceil()).conv("C3", conv(C3.1, C3.0).valid());
    for (name, filters, kernel, stride) in LOCAL {
        b.locally_connected(name, filters, kernel, stride);
    }
    b.dropout(config.dropout).linear("F7", config.embedding_size);
    b.finish()
}
