//! NN1: FaceNet's Zeiler&Fergus network with 1×1 convolutions (Schroff et al. 2015, table 1), 220×220.
//!
//! 140 million parameters, 1.6 billion multiply-adds, most of the parameters in two maxout layers of two pieces. The
//! table's `concat` row only flattens. The paper prints neither the constants of its response normalisation (ours are
//! Torch's, see [`Builder::response_norm`]) nor the first weights ("similar to" Szegedy et al.): ours are He's. Batch
//! norm after each convolution is an option that the paper does not have; biases stay then.
//!
//! The first maxout's weights are one buffer of 411 MB. An adapter whose storage buffers are smaller (128 MiB in Mesa's
//! llvmpipe) holds this network at a reduced width only.

use burn::tensor::Device;

use super::NetConfig;
use super::blocks::{BatchNormStyle, Bias, Builder, Layers, Pool, Style, conv};

enum Row {
    /// Kernel, stride, filters.
    Conv(usize, usize, usize),
    /// 3×3, stride 2.
    Pool,
    Norm,
    /// Units; two pieces each.
    Maxout(usize),
}

const TABLE_1: [(&str, Row); 19] = [
    ("conv1", Row::Conv(7, 2, 64)),
    ("pool1", Row::Pool),
    ("rnorm1", Row::Norm),
    ("conv2a", Row::Conv(1, 1, 64)),
    ("conv2", Row::Conv(3, 1, 192)),
    ("rnorm2", Row::Norm),
    ("pool2", Row::Pool),
    ("conv3a", Row::Conv(1, 1, 192)),
    ("conv3", Row::Conv(3, 1, 384)),
    ("pool3", Row::Pool),
    ("conv4a", Row::Conv(1, 1, 384)),
    ("conv4", Row::Conv(3, 1, 256)),
    ("conv5a", Row::Conv(1, 1, 256)),
    ("conv5", Row::Conv(3, 1, 256)),
    ("conv6a", Row::Conv(1, 1, 256)),
    ("conv6", Row::Conv(3, 1, 256)),
    ("pool4", Row::Pool),
    ("fc1", Row::Maxout(32 * 128)),
    ("fc2", Row::Maxout(32 * 128)),
];

/// Builds NN1; dropout, which the paper does not mention, sits before the embedding.
pub(crate) fn init(config: &NetConfig, device: &Device) -> Layers {
    let mut b = Builder::new(config.input_shape(), style(config), device);
    for (name, row) in TABLE_1 {
        match row {
            Row::Conv(kernel, stride, filters) => b.conv(name, conv(kernel, filters).stride(stride)),
            Row::Pool => b.pool(name, Pool::max(3, 2, 1)),
            Row::Norm => b.response_norm(name),
            Row::Maxout(units) => {
                let units = b.style.width.scale(units);
                b.maxout(name, units, 2)
            }
        };
    }
    b.dropout(config.dropout).linear("fc7128", config.embedding_size);
    b.finish()
}

/// What NN1 to NNS2 share.
pub(super) fn style(config: &NetConfig) -> Style {
    Style { bias: Bias::Always, ..Style::of(config, BatchNormStyle::TORCH) }
}
