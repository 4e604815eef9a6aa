//! Inception v3 (Szegedy et al. 2015), 299×299, with an embedding in place of the 1,000 classes.
//!
//! The listing that TF-slim and torchvision agree on; the paper's own table differs from it in places. The auxiliary
//! classifier, which only training uses, is left out. First weights: a truncated normal of σ = 0.1; batch norm as in
//! TF-slim, but with a scale (torchvision has it too): 21,785,568 parameters without classifier.

use burn::tensor::Device;

use super::NetConfig;
use super::blocks::{BatchNormStyle, Builder, Init, Layers, Op, Pool, StageRow, Style};

/// 35×35, with so many channels projected after pooling.
macro_rules! mixed_35 {
    ($name:literal, $project:literal) => {
        (
            $name,
            &[
                &[Op::conv(1, 64)],
                &[Op::conv(1, 48), Op::conv(5, 64)],
                &[Op::conv(1, 64), Op::conv(3, 96), Op::conv(3, 96)],
                &[Op::average(), Op::conv(1, $project)],
            ],
        )
    };
}

/// 17×17, with 7×1 convolutions of a width.
macro_rules! mixed_17 {
    ($name:literal, $width:literal) => {
        (
            $name,
            &[
                &[Op::conv(1, 192)],
                &[Op::conv(1, $width), Op::rect(1, 7, $width), Op::rect(7, 1, 192)],
                &[
                    Op::conv(1, $width),
                    Op::rect(7, 1, $width),
                    Op::rect(1, 7, $width),
                    Op::rect(7, 1, $width),
                    Op::rect(1, 7, 192),
                ],
                &[Op::average(), Op::conv(1, 192)],
            ],
        )
    };
}

/// 8×8, with the outputs of two branches split again.
macro_rules! mixed_8 {
    ($name:literal) => {
        (
            $name,
            &[
                &[Op::conv(1, 320)],
                &[Op::conv(1, 384), Op::Split(&[&[Op::rect(1, 3, 384)], &[Op::rect(3, 1, 384)]])],
                &[Op::conv(1, 448), Op::conv(3, 384), Op::Split(&[&[Op::rect(1, 3, 384)], &[Op::rect(3, 1, 384)]])],
                &[Op::average(), Op::conv(1, 192)],
            ],
        )
    };
}

const TABLE: [StageRow; 18] = [
    ("conv 1a", &[&[Op::down(3, 32)]]),
    ("conv 2a", &[&[Op::valid(3, 32)]]),
    ("conv 2b", &[&[Op::conv(3, 64)]]),
    ("max pool 3a", &[&[Op::max_down()]]),
    ("conv 3b", &[&[Op::conv(1, 80)]]),
    ("conv 4a", &[&[Op::valid(3, 192)]]),
    ("max pool 5a", &[&[Op::max_down()]]),
    mixed_35!("mixed 5b", 32),
    mixed_35!("mixed 5c", 64),
    mixed_35!("mixed 5d", 64),
    ("mixed 6a", &[&[Op::down(3, 384)], &[Op::conv(1, 64), Op::conv(3, 96), Op::down(3, 96)], &[Op::max_down()]]),
    mixed_17!("mixed 6b", 128),
    mixed_17!("mixed 6c", 160),
    mixed_17!("mixed 6d", 160),
    mixed_17!("mixed 6e", 192),
    (
        "mixed 7a",
        &[
            &[Op::conv(1, 192), Op::down(3, 320)],
            &[Op::conv(1, 192), Op::rect(1, 7, 192), Op::rect(7, 1, 192), Op::down(3, 192)],
            &[Op::max_down()],
        ],
    ),
    mixed_8!("mixed 7b"),
    mixed_8!("mixed 7c"),
];

pub(crate) fn init(config: &NetConfig, device: &Device) -> Layers {
    let mut b = Builder::new(config.input_shape(), slim_style(config), device);
    b.stages(&TABLE).pool("avg pool", Pool::global()).dropout(config.dropout).linear("linear", config.embedding_size);
    b.finish()
}

/// What TF-slim's Inception networks share; without batch norm the convolutions have biases.
pub(super) fn slim_style(config: &NetConfig) -> Style {
    let init = if config.batch_norm { Init::TruncatedNormal { std: 0.1 } } else { Init::He };
    Style { init, ..Style::of(config, BatchNormStyle::SLIM) }
}
