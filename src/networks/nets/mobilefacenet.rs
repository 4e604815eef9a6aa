//! MobileFaceNet (Chen et al. 2018, table 1), 112×112: 0.99M parameters, 221M multiply-adds.
//!
//! Batch norm after every convolution, PReLU except after "linear" ones, a global depthwise convolution in place of
//! average pooling. The source says nothing about first weights: ours are He's.

use burn::tensor::Device;

use super::NetConfig;
use super::blocks::{Activation, BatchNormStyle, Builder, Layers, Style, conv, depthwise};

enum Row {
    /// Conv 3×3: filters, stride.
    Conv(usize, usize),
    /// Depthwise conv 3×3.
    Depthwise,
    /// Expansion t, channels c, repeats n, stride s of the first.
    Bottleneck(usize, usize, usize, usize),
    /// Conv 1×1: filters.
    Pointwise(usize),
    /// Linear depthwise convolution of the whole map.
    GlobalDepthwise,
}

const TABLE_1: [(&str, Row); 9] = [
    ("conv3×3", Row::Conv(64, 2)),
    ("depthwise conv3×3", Row::Depthwise),
    ("bottleneck 1", Row::Bottleneck(2, 64, 5, 2)),
    ("bottleneck 2", Row::Bottleneck(4, 128, 1, 2)),
    ("bottleneck 3", Row::Bottleneck(2, 128, 6, 1)),
    ("bottleneck 4", Row::Bottleneck(4, 128, 1, 2)),
    ("bottleneck 5", Row::Bottleneck(2, 128, 2, 1)),
    ("conv1×1", Row::Pointwise(512)),
    ("linear GDConv", Row::GlobalDepthwise),
];

pub(crate) fn init(config: &NetConfig, device: &Device) -> Layers {
    let style = Style { activation: Activation::PRelu, ..Style::of(config, BatchNormStyle::TORCH) };
    let mut b = Builder::new(config.input_shape(), style, device);
    for (name, row) in TABLE_1 {
        match row {
            Row::Conv(filters, stride) => b.conv(name, conv(3, filters).stride(stride)),
            Row::Depthwise => b.conv(name, depthwise(3)),
            Row::Bottleneck(t, c, n, s) => bottlenecks(&mut b, name, [t, c, n, s]),
            Row::Pointwise(filters) => b.conv(name, conv(1, filters)),
            Row::GlobalDepthwise => b.global_depthwise(name),
        };
    }
    b.dropout(config.dropout).conv("linear conv1×1", conv(1, 0).exact(config.embedding_size).linear());
    b.finish()
}

/// Pointwise to t times the channels, depthwise 3×3, linear pointwise to c; a shortcut where the size stays.
fn bottlenecks<'a>(b: &'a mut Builder, name: &str, [t, c, n, s]: [usize; 4]) -> &'a mut Builder {
    for index in 0..n {
        let stride = if index == 0 { s } else { 1 };
        let expanded = b.shape.channels * t;
        let body = b.branch(|b| {
            b.conv("expand", conv(1, 0).exact(expanded));
            b.conv("depthwise", depthwise(3).stride(stride));
            b.conv("project", conv(1, c).linear());
        });
        let name = format!("{name}.{}", index + 1);
        if stride == 1 && b.shape.channels == b.style.width.scale(c) {
            b.residual(&name, body, 1.0, false);
        } else {
            b.concat(&name, vec![body], false);
        }
    }
    b
}
