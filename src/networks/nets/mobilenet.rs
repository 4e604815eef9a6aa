//! MobileNet v1 (Howard et al. 2017, table 1), 224×224, with an embedding in place of the 1,000 classes.
//!
//! Depthwise and pointwise convolutions, each with batch norm and ReLU. Width factor α is [`NetConfig::width`],
//! resolution factor ρ is [`NetConfig::input`]. First weights: a truncated normal of σ = 0.09, as in TF-slim's
//! implementation by the authors.

use burn::tensor::Device;

use super::NetConfig;
use super::blocks::{BatchNormStyle, Builder, Init, Layers, Pool, Style, Width, conv, depthwise};

/// Of each row the filters of the pointwise convolution and the stride of the depthwise one; SFace has the same.
pub(super) const FILTERS: [usize; 13] = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024];
pub(super) const STRIDES: [usize; 13] = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1];

pub(crate) fn init(config: &NetConfig, device: &Device) -> Layers {
    let style = Style {
        init: Init::TruncatedNormal { std: 0.09 },
        width: Width { factor: config.width, multiple: 8 },
        ..Style::of(config, BatchNormStyle { epsilon: 1e-3, momentum: 0.0003 })
    };
    let mut b = Builder::new(config.input_shape(), style, device);
    b.conv("conv", conv(3, 32).stride(2));
    for (index, (filters, stride)) in FILTERS.into_iter().zip(STRIDES).enumerate() {
        b.conv(&format!("conv dw {}", index + 1), depthwise(3).stride(stride));
        b.conv(&format!("conv pw {}", index + 1), conv(1, filters));
    }
    b.pool("avg pool", Pool::global()).dropout(config.dropout).linear("fc", config.embedding_size);
    b.finish()
}
