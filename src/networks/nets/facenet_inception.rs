//! NN2, NN3, NN4, NNS1, NNS2: FaceNet's Inception networks (Schroff et al. 2015, table 2 and section 3.3).
//!
//! * NN2, 224×224: table 2 as printed. NN3: the same at 160×160.
//! * NN4, 96×96: "no 5×5 in the higher layers". Without the 5×5 branch of 4e, 5a and 5b both printed figures come out,
//!   6.6M parameters and 285M multiply-adds; from any other module on they do not.
//! * The network of table 6, 96×96: table 2 without any 5×5.
//! * NNS1 (165×165, 26M, 220M) and NNS2 (140 rows × 116 columns, 4.3M, 20M) were never published as tables. What is here
//!   is a reconstruction: table 2 at reduced width without 5×5, fewer modules, and one hidden fully connected layer on
//!   the last map, without which so many parameters at so few multiply-adds cannot be had.
//!
//! L2 pooling is √(Σ x²) over the window. Response normalisation and first weights are not printed: see
//! [`zeiler_fergus`](super::zeiler_fergus). Batch norm is an option; with it NN2 has OpenFace's 7,472,144 parameters.

use burn::tensor::Device;

use super::NetConfig;
use super::blocks::{Builder, Layers, Pool, conv};
use super::zeiler_fergus::style;

/// The pooling branch of a module: parallel to the convolutions, 3×3.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Pooling {
    /// Max, then a projection to so many channels.
    Max(usize),
    /// L2 norm, then a projection.
    L2(usize),
    /// Max with stride 2, not projected; the module's 3×3 and 5×5 have stride 2 too.
    Down,
}

/// One line of table 2: #1×1, #3×3 reduce, #3×3, #5×5 reduce, #5×5, pooling; 0 where there is no such branch.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Module(&'static str, usize, [usize; 2], [usize; 2], Pooling);

const TABLE_2: [Module; 10] = [
    Module("inception (3a)", 64, [96, 128], [16, 32], Pooling::Max(32)),
    Module("inception (3b)", 64, [96, 128], [32, 64], Pooling::L2(64)),
    Module("inception (3c)", 0, [128, 256], [32, 64], Pooling::Down),
    Module("inception (4a)", 256, [96, 192], [32, 64], Pooling::L2(128)),
    Module("inception (4b)", 224, [112, 224], [32, 64], Pooling::L2(128)),
    Module("inception (4c)", 192, [128, 256], [32, 64], Pooling::L2(128)),
    Module("inception (4d)", 160, [144, 288], [32, 64], Pooling::L2(128)),
    Module("inception (4e)", 0, [160, 256], [64, 128], Pooling::Down),
    Module("inception (5a)", 384, [192, 384], [48, 128], Pooling::L2(128)),
    Module("inception (5b)", 384, [192, 384], [48, 128], Pooling::Max(128)),
];

/// Which member of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Member {
    /// Also NN3, which only has a smaller input.
    Nn2,
    Nn4,
    /// The network of table 6: NN2 without any 5×5.
    Table6,
    /// Our reconstruction.
    Nns1,
    /// Our reconstruction.
    Nns2,
}

/// What a member takes from table 2.
struct Plan {
    modules: usize,
    /// Index of the first module without its 5×5 branch.
    first_without_five: usize,
    skip: &'static [&'static str],
    width: f64,
    /// Units of the hidden layer on the last map; `None`: average pooling.
    hidden: Option<usize>,
}

impl Member {
    fn plan(self) -> Plan {
        match self {
            Self::Nn2 => Plan { modules: 10, first_without_five: 10, skip: &[], width: 1.0, hidden: None },
            Self::Nn4 => Plan { modules: 10, first_without_five: 7, skip: &[], width: 1.0, hidden: None },
            Self::Table6 => Plan { modules: 10, first_without_five: 0, skip: &[], width: 1.0, hidden: None },
            Self::Nns1 => Plan { modules: 8, first_without_five: 0, skip: &[], width: 0.5, hidden: Some(1664) },
            Self::Nns2 => Plan {
                modules: 8,
                first_without_five: 0,
                skip: &["inception (4b)", "inception (4c)", "inception (4d)"],
                width: 3.0 / 16.0,
                hidden: Some(1280),
            },
        }
    }
}

/// Builds a member; dropout, which the paper does not mention, sits before the embedding.
pub(crate) fn init(member: Member, config: &NetConfig, device: &Device) -> Layers {
    let plan = member.plan();
    let mut b = Builder::new(config.input_shape(), style(config), device);
    b.style.width.factor *= plan.width;
    stem(&mut b);
    for (index, module) in TABLE_2[..plan.modules].iter().enumerate() {
        if !plan.skip.contains(&module.0) {
            inception(&mut b, module, index < plan.first_without_five);
        }
    }
    match plan.hidden {
        None => b.pool("avg pool", Pool::global()),
        Some(units) => {
            // The hidden layer is part of the reconstruction at full width; only the user's factor narrows it.
            let units = (units as f64 * config.width).round().max(1.0) as usize;
            b.conv_everywhere("hidden", units)
        }
    };
    b.dropout(config.dropout).linear("fully conn", config.embedding_size);
    b.finish()
}

/// The lines of table 2 above the modules. Its "inception (2)" is a 1×1 reduction and a 3×3 convolution.
fn stem(b: &mut Builder) {
    b.conv("conv1", conv(7, 64).stride(2));
    b.pool("max pool", Pool::max(3, 2, 1)).response_norm("norm 1");
    let second = b.branch(|b| _ = b.conv("3×3 reduce", conv(1, 64)).conv("3×3", conv(3, 192)));
    b.concat("inception (2)", vec![second], false);
    b.response_norm("norm 2").pool("max pool 2", Pool::max(3, 2, 1));
}

/// Concatenated in the table's order: 1×1, 3×3, 5×5, pooling.
fn inception(b: &mut Builder, &Module(name, one, three, five, pooling): &Module, with_five: bool) {
    let stride = if pooling == Pooling::Down { 2 } else { 1 };
    let reduced = |b: &Builder, kernel: usize, [reduce, filters]: [usize; 2]| {
        b.branch(|b| {
            b.conv(&format!("{kernel}×{kernel} reduce"), conv(1, reduce));
            b.conv(&format!("{kernel}×{kernel}"), conv(kernel, filters).stride(stride));
        })
    };
    let mut branches: Vec<Layers> = Vec::new();
    if one > 0 {
        branches.push(b.branch(|b| _ = b.conv("1×1", conv(1, one))));
    }
    branches.push(reduced(b, 3, three));
    if with_five {
        branches.push(reduced(b, 5, five));
    }
    branches.push(b.branch(|b| match pooling {
        Pooling::Max(filters) => _ = b.pool("max pool", Pool::max(3, 1, 1)).conv("pool proj", conv(1, filters)),
        Pooling::L2(filters) => _ = b.pool("L2 pool", Pool::l2(3, 1, 1)).conv("pool proj", conv(1, filters)),
        Pooling::Down => _ = b.pool("max pool", Pool::max(3, 2, 1)),
    }));
    b.concat(name, branches, false);
}
