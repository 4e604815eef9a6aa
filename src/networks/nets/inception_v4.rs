//! Inception v4 (Szegedy et al. 2016, figures 3 to 9), 299×299, with an embedding in place of the classes.
//!
//! It has no residual connections: those are Inception-ResNet's. First weights: a truncated normal of σ = 0.1.

use burn::tensor::Device;

use super::NetConfig;
use super::blocks::{Builder, Layers, Op, Pool, StageRow};
use super::inception_v3::slim_style;

/// Figure 3.
const STEM: [StageRow; 6] = [
    ("conv 1a", &[&[Op::down(3, 32)]]),
    ("conv 2a", &[&[Op::valid(3, 32)]]),
    ("conv 2b", &[&[Op::conv(3, 64)]]),
    ("mixed 3a", &[&[Op::max_down()], &[Op::down(3, 96)]]),
    (
        "mixed 4a",
        &[
            &[Op::conv(1, 64), Op::valid(3, 96)],
            &[Op::conv(1, 64), Op::rect(1, 7, 64), Op::rect(7, 1, 64), Op::valid(3, 96)],
        ],
    ),
    ("mixed 5a", &[&[Op::down(3, 192)], &[Op::max_down()]]),
];

/// Figure 4, 35×35.
const A: &[&[Op]] = &[
    &[Op::conv(1, 96)],
    &[Op::conv(1, 64), Op::conv(3, 96)],
    &[Op::conv(1, 64), Op::conv(3, 96), Op::conv(3, 96)],
    &[Op::average(), Op::conv(1, 96)],
];

/// Figure 7 with k, l, m, n = 192, 224, 256, 384.
const REDUCTION_A: &[&[Op]] =
    &[&[Op::down(3, 384)], &[Op::conv(1, 192), Op::conv(3, 224), Op::down(3, 256)], &[Op::max_down()]];

/// Figure 5, 17×17.
const B: &[&[Op]] = &[
    &[Op::conv(1, 384)],
    &[Op::conv(1, 192), Op::rect(1, 7, 224), Op::rect(7, 1, 256)],
    &[Op::conv(1, 192), Op::rect(7, 1, 192), Op::rect(1, 7, 224), Op::rect(7, 1, 224), Op::rect(1, 7, 256)],
    &[Op::average(), Op::conv(1, 128)],
];

/// Figure 8.
const REDUCTION_B: &[&[Op]] = &[
    &[Op::conv(1, 192), Op::down(3, 192)],
    &[Op::conv(1, 256), Op::rect(1, 7, 256), Op::rect(7, 1, 320), Op::down(3, 320)],
    &[Op::max_down()],
];

/// Figure 6, 8×8.
const C: &[&[Op]] = &[
    &[Op::conv(1, 256)],
    &[Op::conv(1, 384), Op::Split(&[&[Op::rect(1, 3, 256)], &[Op::rect(3, 1, 256)]])],
    &[
        Op::conv(1, 384),
        Op::rect(3, 1, 448),
        Op::rect(1, 3, 512),
        Op::Split(&[&[Op::rect(1, 3, 256)], &[Op::rect(3, 1, 256)]]),
    ],
    &[Op::average(), Op::conv(1, 256)],
];

/// Figure 9.
pub(crate) fn init(config: &NetConfig, device: &Device) -> Layers {
    let mut b = Builder::new(config.input_shape(), slim_style(config), device);
    b.stages(&STEM);
    repeat(&mut b, "inception-A", A, 4);
    b.mixed("reduction-A", REDUCTION_A);
    repeat(&mut b, "inception-B", B, 7);
    b.mixed("reduction-B", REDUCTION_B);
    repeat(&mut b, "inception-C", C, 3);
    b.pool("avg pool", Pool::global()).dropout(config.dropout).linear("linear", config.embedding_size);
    b.finish()
}

fn repeat(b: &mut Builder, name: &str, branches: &[&[Op]], times: usize) {
    for index in 1..=times {
        b.mixed(&format!("{name} {index}"), branches);
    }
}
