//! MobileNet v1 (Howard et al. 2017, table 1), 224×224, with an embedding in place of the 1,000 classes.
//!
//! Depthwise and pointwise convolutions, each with batch norm and ReLU. Width factor α is [`NetConfig::width`],
//! resolution factor ρ is [`NetConfig::input`]. First weights: a truncated normal of σ = 0.09, as in TF-slim's
//! implementation by the authors.

use burn::tensor::Device;

use super::NetConfig;
use super::blocks::{Activation, BatchNormStyle, Bias, Builder, Init, Layers, Pool, Style, Width, conv, depthwise};

/// Filters of the pointwise convolution and stride of the depthwise one.
const TABLE_1: [(usize, usize); 13] = [
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (512, 1),
    (1024, 2),
    (1024, 1),
];

pub fn init(config: &NetConfig, device: &Device) -> Layers {
    let style = Style {
        batch_norm: config.batch_norm.then_some(BatchNormStyle { epsilon: 1e-3, momentum: 0.0003 }),
        bias: Bias::WithoutBatchNorm,
        activation: Activation::Relu,
        init: Init::TruncatedNormal { std: 0.09 },
        bias_value: 0.0,
        width: Width { factor: config.width, multiple: 8 },
    };
    let mut b = Builder::new(config.input_shape(), style, device);
    b.conv("conv", conv(3, 32).stride(2));
    for (index, (filters, stride)) in TABLE_1.into_iter().enumerate() {
        b.conv(&format!("conv dw {}", index + 1), depthwise(3).stride(stride));
        b.conv(&format!("conv pw {}", index + 1), conv(1, filters));
    }
    b.pool("avg pool", Pool::global()).dropout(config.dropout).linear("fc", config.embedding_size);
    b.finish()
}
