//! ShuffleNet v1 (Zhang et al. 2017, table 1), 224×224, with an embedding in place of the 1,000 classes.
//!
//! A unit: grouped 1×1, channel shuffle, depthwise 3×3 without activation, grouped 1×1, added to the shortcut; with
//! stride 2 the shortcut is a 3×3 average pool and is concatenated. Bottlenecks are a quarter of the output; the very
//! first 1×1 of stage 2 is not grouped. The source says nothing about first weights: ours are He's.

use burn::tensor::Device;

use super::NetConfig;
use super::blocks::{BatchNormStyle, Builder, Layer, Layers, Pool, Shuffle, Style, Width, conv, depthwise};

/// Units of stages 2, 3, 4.
const REPEATS: [usize; 3] = [4, 8, 4];

/// Groups of the 1×1 convolutions, and the output channels of stage 2 that keep the cost level; each later stage
/// doubles them.
const TABLE_1: [(usize, usize); 5] = [(1, 144), (2, 200), (3, 240), (4, 272), (8, 384)];

/// Builds the network with 1, 2, 3, 4 or 8 groups.
///
/// # Panics
/// With any other number of groups: table 1 has no such column.
pub(crate) fn init(groups: usize, config: &NetConfig, device: &Device) -> Layers {
    let (_, first) = TABLE_1.into_iter().find(|(g, _)| *g == groups).expect("a column of table 1");
    // Bottlenecks, a quarter of the outputs, must divide into groups.
    let width = Width { factor: config.width, multiple: 4 * groups };
    let style = Style { width, ..Style::of(config, BatchNormStyle::TORCH) };
    let mut b = Builder::new(config.input_shape(), style, device);
    let stem = if config.width == 1.0 { 24 } else { b.style.width.scale(24) };
    b.conv("conv1", conv(3, 0).exact(stem).stride(2)).pool("max pool", Pool::max(3, 2, 1));
    for (stage, repeats) in REPEATS.into_iter().enumerate() {
        let outputs = b.style.width.scale(first << stage);
        for unit in 0..repeats {
            let first_groups = if stage == 0 && unit == 0 { 1 } else { groups };
            let name = format!("stage {}.{}", stage + 2, unit + 1);
            self::unit(&mut b, &name, outputs, [first_groups, groups], unit == 0);
        }
    }
    b.pool("global pool", Pool::global()).dropout(config.dropout).linear("fc", config.embedding_size);
    b.finish()
}

fn unit(b: &mut Builder, name: &str, outputs: usize, [first_groups, groups]: [usize; 2], down: bool) {
    let bottleneck = outputs / 4;
    let (stride, own) = if down { (2, outputs - b.shape.channels) } else { (1, outputs) };
    let body = b.branch(|b| {
        b.conv("GConv 1×1", conv(1, 0).exact(bottleneck).groups(first_groups));
        b.add("shuffle", Layer::Shuffle(Shuffle { groups }));
        b.conv("DWConv 3×3", depthwise(3).stride(stride).linear());
        b.conv("GConv 1×1 out", conv(1, 0).exact(own).groups(groups).linear());
    });
    if down {
        let shortcut = b.branch(|b| _ = b.pool("average pool", Pool::average(3, 2, 1)));
        b.concat(name, vec![shortcut, body], true);
    } else {
        b.residual(name, body, 1.0, true);
    }
}
