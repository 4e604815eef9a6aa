//! Inception v2, BN-Inception (Ioffe and Szegedy 2015, figure 5), 224×224, with an embedding in place of the classes.
//!
//! Inception v1 with batch norm and with two 3×3 in place of each 5×5. The figure prints 128 as the pooling projection
//! of 4c and 4d, which would make 608 channels, and 576 as their output; as TF-slim has it, 96 are projected and 576
//! come out. Its first layer is an ordinary convolution here. First weights: a truncated normal of σ = 0.1 (TF-slim
//! draws most of its networks so).

use burn::tensor::Device;

use super::NetConfig;
use super::blocks::{Builder, Layers, Pool, PoolKind, conv};
use super::inception_v3::slim_style;

/// #1×1, #3×3 reduce, #3×3, double 3×3 reduce, double 3×3, projection; no #1×1: stride 2, unprojected max pool.
struct Module(&'static str, usize, [usize; 2], [usize; 2], PoolKind, usize);

const FIGURE_5: [Module; 10] = [
    Module("inception (3a)", 64, [64, 64], [64, 96], PoolKind::Average, 32),
    Module("inception (3b)", 64, [64, 96], [64, 96], PoolKind::Average, 64),
    Module("inception (3c)", 0, [128, 160], [64, 96], PoolKind::Max, 0),
    Module("inception (4a)", 224, [64, 96], [96, 128], PoolKind::Average, 128),
    Module("inception (4b)", 192, [96, 128], [96, 128], PoolKind::Average, 128),
    Module("inception (4c)", 160, [128, 160], [128, 160], PoolKind::Average, 96),
    Module("inception (4d)", 96, [128, 192], [160, 192], PoolKind::Average, 96),
    Module("inception (4e)", 0, [128, 192], [192, 256], PoolKind::Max, 0),
    Module("inception (5a)", 352, [192, 320], [160, 224], PoolKind::Average, 128),
    Module("inception (5b)", 352, [192, 320], [192, 224], PoolKind::Max, 128),
];

pub(crate) fn init(config: &NetConfig, device: &Device) -> Layers {
    let mut b = Builder::new(config.input_shape(), slim_style(config), device);
    b.conv("conv 1", conv(7, 64).stride(2)).pool("max pool 1", Pool::max(3, 2, 1));
    b.conv("conv 2 reduce", conv(1, 64)).conv("conv 2", conv(3, 192)).pool("max pool 2", Pool::max(3, 2, 1));
    for module in &FIGURE_5 {
        inception(&mut b, module);
    }
    b.pool("avg pool", Pool::global()).dropout(config.dropout).linear("linear", config.embedding_size);
    b.finish()
}

fn inception(b: &mut Builder, &Module(name, one, three, double, pool, project): &Module) {
    let stride = if one == 0 { 2 } else { 1 };
    let mut branches = Vec::new();
    if one > 0 {
        branches.push(b.branch(|b| _ = b.conv("1×1", conv(1, one))));
    }
    let three =
        |b: &mut Builder| _ = b.conv("3×3 reduce", conv(1, three[0])).conv("3×3", conv(3, three[1]).stride(stride));
    branches.push(b.branch(three));
    branches.push(b.branch(|b| {
        b.conv("double 3×3 reduce", conv(1, double[0])).conv("double 3×3 a", conv(3, double[1]));
        b.conv("double 3×3 b", conv(3, double[1]).stride(stride));
    }));
    branches.push(b.branch(|b| {
        b.pool("pool", Pool::new(pool, 3, stride, 1));
        if project > 0 {
            b.conv("pool proj", conv(1, project));
        }
    }));
    b.concat(name, branches, false);
}
