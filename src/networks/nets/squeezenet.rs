//! SqueezeNet v1.0 (Iandola et al. 2016, table 1), 224×224, its last convolution giving the embedding.
//!
//! Fire module (s, e): 1×1 to s channels, then 1×1 and 3×3 to e channels each, concatenated. No batch norm in the paper
//! (an option here; davidsandberg/facenet's face version has it). The input is padded by two, so that the maps are the
//! table's 111, 55, 27, 13. First weights: Glorot's, as in the authors' release.

use burn::tensor::Device;

use super::NetConfig;
use super::blocks::{BatchNormStyle, Builder, Init, Layers, Pool, Style, conv};

enum Row {
    /// Squeeze to, expand to (twice).
    Fire(usize, usize),
    /// 3×3, stride 2, incomplete windows count.
    Pool,
}

const TABLE_1: [(&str, Row); 11] = [
    ("maxpool1", Row::Pool),
    ("fire2", Row::Fire(16, 64)),
    ("fire3", Row::Fire(16, 64)),
    ("fire4", Row::Fire(32, 128)),
    ("maxpool4", Row::Pool),
    ("fire5", Row::Fire(32, 128)),
    ("fire6", Row::Fire(48, 192)),
    ("fire7", Row::Fire(48, 192)),
    ("fire8", Row::Fire(64, 256)),
    ("maxpool8", Row::Pool),
    ("fire9", Row::Fire(64, 256)),
];

pub(crate) fn init(config: &NetConfig, device: &Device) -> Layers {
    let style = Style { init: Init::Xavier, ..Style::of(config, BatchNormStyle::SLIM) };
    let mut b = Builder::new(config.input_shape(), style, device);
    b.conv("conv1", conv(7, 96).stride(2).padding(2));
    for (name, row) in TABLE_1 {
        match row {
            Row::Pool => b.pool(name, Pool::max(3, 2, 0)),
            Row::Fire(squeeze, expand) => fire(&mut b, name, squeeze, expand),
        };
    }
    b.dropout(config.dropout).conv("conv10", conv(1, 0).exact(config.embedding_size).plain().linear());
    b.pool("avgpool10", Pool::global());
    b.finish()
}

fn fire<'a>(b: &'a mut Builder, name: &str, squeeze: usize, expand: usize) -> &'a mut Builder {
    b.conv(&format!("{name} squeeze"), conv(1, squeeze));
    let one = b.branch(|b| _ = b.conv("expand 1×1", conv(1, expand)));
    let three = b.branch(|b| _ = b.conv("expand 3×3", conv(3, expand)));
    b.concat(&format!("{name} expand"), vec![one, three], false)
}
