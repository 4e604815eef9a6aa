//! Inception-ResNet-v2 as davidsandberg/facenet has it (`src/models/inception_resnet_v2.py`, after Szegedy et al. 2016),
//! 160×160, with the same embedding head as [`inception_resnet_v1`](super::inception_resnet_v1).
//!
//! First weights: a truncated normal of σ = 0.1.

use burn::tensor::Device;

use super::NetConfig;
use super::blocks::{BatchNormStyle, Builder, Layer, Layers, Op, Pool, StageRow, conv};
use super::inception_v3::slim_style;

const STEM: [StageRow; 8] = [
    ("conv2d_1a", &[&[Op::down(3, 32)]]),
    ("conv2d_2a", &[&[Op::valid(3, 32)]]),
    ("conv2d_2b", &[&[Op::conv(3, 64)]]),
    ("maxpool_3a", &[&[Op::max_down()]]),
    ("conv2d_3b", &[&[Op::conv(1, 80)]]),
    ("conv2d_4a", &[&[Op::valid(3, 192)]]),
    ("maxpool_5a", &[&[Op::max_down()]]),
    (
        "mixed_5b",
        &[
            &[Op::conv(1, 96)],
            &[Op::conv(1, 48), Op::conv(5, 64)],
            &[Op::conv(1, 64), Op::conv(3, 96), Op::conv(3, 96)],
            &[Op::average(), Op::conv(1, 64)],
        ],
    ),
];

const BLOCK_35: &[&[Op]] =
    &[&[Op::conv(1, 32)], &[Op::conv(1, 32), Op::conv(3, 32)], &[Op::conv(1, 32), Op::conv(3, 48), Op::conv(3, 64)]];

const MIXED_6A: &[&[Op]] =
    &[&[Op::down(3, 384)], &[Op::conv(1, 256), Op::conv(3, 256), Op::down(3, 384)], &[Op::max_down()]];

const BLOCK_17: &[&[Op]] = &[&[Op::conv(1, 192)], &[Op::conv(1, 128), Op::rect(1, 7, 160), Op::rect(7, 1, 192)]];

const MIXED_7A: &[&[Op]] = &[
    &[Op::conv(1, 256), Op::down(3, 384)],
    &[Op::conv(1, 256), Op::down(3, 288)],
    &[Op::conv(1, 256), Op::conv(3, 288), Op::down(3, 320)],
    &[Op::max_down()],
];

const BLOCK_8: &[&[Op]] = &[&[Op::conv(1, 192)], &[Op::conv(1, 192), Op::rect(1, 3, 224), Op::rect(3, 1, 256)]];

pub(crate) fn init(config: &NetConfig, device: &Device) -> Layers {
    let mut b = Builder::new(config.input_shape(), slim_style(config), device);
    b.stages(&STEM);
    repeat(&mut b, "block35", BLOCK_35, 10, 0.17);
    b.mixed("mixed_6a", MIXED_6A);
    repeat(&mut b, "block17", BLOCK_17, 20, 0.10);
    b.mixed("mixed_7a", MIXED_7A);
    repeat(&mut b, "block8", BLOCK_8, 9, 0.20);
    let last = body(&b, BLOCK_8);
    b.residual("block8.10", last, 1.0, false).conv("conv2d_7b", conv(1, 1536));
    b.pool("avgpool", Pool::global()).dropout(config.dropout);
    let last_linear = b.linear_here(config.embedding_size, false);
    b.add("last_linear", Layer::Linear(last_linear)).batch_norm("last_bn", BatchNormStyle::SLIM);
    b.finish()
}

fn repeat(b: &mut Builder, name: &str, branches: &[&[Op]], times: usize, scale: f64) {
    for index in 1..=times {
        let body = body(b, branches);
        b.residual(&format!("{name}.{index}"), body, scale, true);
    }
}

/// Branches, then a linear 1×1 with bias back to the shortcut's channels.
fn body(b: &Builder, branches: &[&[Op]]) -> Layers {
    let channels = b.shape.channels;
    b.branch(|b| _ = b.mixed("branches", branches).conv("up", conv(1, 0).exact(channels).plain().linear()))
}
