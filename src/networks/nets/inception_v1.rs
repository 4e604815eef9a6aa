//! Inception v1, GoogLeNet (Szegedy et al. 2014, table 1), 224×224, with an embedding in place of the 1,000 classes.
//!
//! The two auxiliary classifiers, which only training uses, are left out. No batch norm in the paper; an option here.
//! First weights: Glorot's, as in the Caffe release.

use burn::tensor::Device;

use super::NetConfig;
use super::blocks::{BatchNormStyle, Builder, Init, Layers, Pool, Style, conv};

/// #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pool proj; `None`: max pool 3×3/2.
const TABLE_1: [(&str, Option<[usize; 6]>); 11] = [
    ("inception (3a)", Some([64, 96, 128, 16, 32, 32])),
    ("inception (3b)", Some([128, 128, 192, 32, 96, 64])),
    ("max pool 3", None),
    ("inception (4a)", Some([192, 96, 208, 16, 48, 64])),
    ("inception (4b)", Some([160, 112, 224, 24, 64, 64])),
    ("inception (4c)", Some([128, 128, 256, 24, 64, 64])),
    ("inception (4d)", Some([112, 144, 288, 32, 64, 64])),
    ("inception (4e)", Some([256, 160, 320, 32, 128, 128])),
    ("max pool 4", None),
    ("inception (5a)", Some([256, 160, 320, 32, 128, 128])),
    ("inception (5b)", Some([384, 192, 384, 48, 128, 128])),
];

pub(crate) fn init(config: &NetConfig, device: &Device) -> Layers {
    let style = Style { init: Init::Xavier, ..Style::of(config, BatchNormStyle::SLIM) };
    let mut b = Builder::new(config.input_shape(), style, device);
    b.conv("conv 1", conv(7, 64).stride(2)).pool("max pool 1", Pool::max(3, 2, 1)).response_norm("norm 1");
    b.conv("conv 2 reduce", conv(1, 64)).conv("conv 2", conv(3, 192)).response_norm("norm 2");
    b.pool("max pool 2", Pool::max(3, 2, 1));
    for (name, row) in TABLE_1 {
        match row {
            None => b.pool(name, Pool::max(3, 2, 1)),
            Some(filters) => inception(&mut b, name, filters),
        };
    }
    b.pool("avg pool", Pool::global()).dropout(config.dropout).linear("linear", config.embedding_size);
    b.finish()
}

fn inception<'a>(b: &'a mut Builder, name: &str, filters: [usize; 6]) -> &'a mut Builder {
    let [one, reduce3, three, reduce5, five, project] = filters;
    let branches = vec![
        b.branch(|b| _ = b.conv("1×1", conv(1, one))),
        b.branch(|b| _ = b.conv("3×3 reduce", conv(1, reduce3)).conv("3×3", conv(3, three))),
        b.branch(|b| _ = b.conv("5×5 reduce", conv(1, reduce5)).conv("5×5", conv(5, five))),
        b.branch(|b| _ = b.pool("max pool", Pool::max(3, 1, 1)).conv("pool proj", conv(1, project))),
    ];
    b.concat(name, branches, false)
}
