//! Network in network (Lin et al. 2013): convolutions followed by two 1×1 convolutions ("mlpconv"), the last maps
//! averaged over all places.
//!
//! The paper gives the structure; the widths are those of the authors' releases for CIFAR-10 (966,986 parameters with
//! ten classes) and ImageNet (7,595,176 with a thousand). Here the last maps are the embedding, so they have no ReLU.
//! First weights: a normal of σ = 0.05, as in the release for CIFAR-10.

use burn::tensor::Device;

use super::NetConfig;
use super::blocks::{BatchNormStyle, Builder, Conv, Init, Layers, Pool, Style, conv};

/// First convolution of a block and the filters of its two 1×1; the last block's last 1×1 is the embedding.
type Mlpconv = (Conv, usize, Option<usize>);

const CIFAR: [Mlpconv; 3] = [(conv(5, 192), 160, Some(96)), (conv(5, 192), 192, Some(192)), (conv(3, 192), 192, None)];

const IMAGENET: [Mlpconv; 4] = [
    (conv(11, 96).valid().stride(4), 96, Some(96)),
    (conv(5, 256), 256, Some(256)),
    (conv(3, 384), 384, Some(384)),
    (conv(3, 1024), 1024, None),
];

/// Which of the two releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    Cifar,
    ImageNet,
}

pub(crate) fn init(release: Release, config: &NetConfig, device: &Device) -> Layers {
    let (blocks, dropout_after): (&[Mlpconv], &[usize]) = match release {
        Release::Cifar => (&CIFAR, &[0, 1]),
        Release::ImageNet => (&IMAGENET, &[2]),
    };
    let style = Style { init: Init::Normal { std: 0.05 }, ..Style::of(config, BatchNormStyle::TORCH) };
    let mut b = Builder::new(config.input_shape(), style, device);
    for (index, (first, second, third)) in blocks.iter().enumerate() {
        let name = |layer: &str| format!("mlpconv{} {layer}", index + 1);
        b.conv(&name("conv"), *first).conv(&name("mlp 1"), conv(1, *second));
        let Some(third) = third else { continue };
        b.conv(&name("mlp 2"), conv(1, *third)).pool(&format!("pool{}", index + 1), Pool::max(3, 2, 0).ceil());
        if dropout_after.contains(&index) {
            b.dropout(config.dropout);
        }
    }
    b.conv("embedding maps", conv(1, 0).exact(config.embedding_size).plain().linear());
    b.pool("global average", Pool::global());
    b.finish()
}
