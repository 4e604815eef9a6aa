//! One type for every network of the catalogue, so that training, embedding and files need not know which it is.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};

use super::EmbeddingNet;
use super::blocks::{LayerTable, Layers, MapShape, Trace, transparent_module};
use super::inception_resnet_v1::InceptionResnetV1;
use super::iresnet::IResNet;
use super::likeness_small::LikenessSmall;
use super::openface::Nn4Small2;
use super::sface::SFace;
use crate::networks::weights::keep_path;

transparent_module! {
    /// A network of the catalogue. Parameters' paths are those of the network inside.
    pub enum Net {
        Table(Layers),
        InceptionResnetV1(InceptionResnetV1),
        IResNet(IResNet),
        Nn4Small2(Nn4Small2),
        SFace(SFace),
        LikenessSmall(LikenessSmall),
    }
}

impl Net {
    fn embedding_net(&self) -> &dyn EmbeddingNet {
        match self {
            Self::Table(net) => net,
            Self::InceptionResnetV1(net) => net,
            Self::IResNet(net) => net,
            Self::Nn4Small2(net) => net,
            Self::SFace(net) => net,
            Self::LikenessSmall(net) => net,
        }
    }

    /// The same function for inference, batch norms folded into the layers before them.
    pub fn folded(self) -> Self {
        match self {
            Self::Table(net) => Self::Table(net.folded()),
            Self::InceptionResnetV1(net) => Self::InceptionResnetV1(net.folded()),
            Self::IResNet(net) => Self::IResNet(net.folded()),
            Self::Nn4Small2(net) => Self::Nn4Small2(net.folded()),
            Self::SFace(net) => Self::SFace(net.folded()),
            Self::LikenessSmall(net) => Self::LikenessSmall(net),
        }
    }

    /// Draws the first weights now, from `seed`. Burn would draw them when they are first used.
    pub fn drawn(self, seed: u64, device: &Device) -> Self {
        struct DrawEach;
        impl ModuleVisitor for DrawEach {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                param.val();
            }
        }
        device.seed(seed);
        self.visit(&mut DrawEach);
        self
    }

    /// Paths and shapes of all parameters and running statistics, in the order of the pixels' way. Draws no weights.
    pub fn parameters(&self) -> Vec<(String, Vec<usize>)> {
        let mut list = List::default();
        self.visit(&mut list);
        list.found
    }

    /// What the network consists of, for images of this size.
    pub(crate) fn table(&self, input: MapShape) -> LayerTable {
        LayerTable::of(self, input)
    }
}

#[derive(Default)]
struct List {
    path: Vec<String>,
    found: Vec<(String, Vec<usize>)>,
}

impl ModuleVisitor for List {
    keep_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.push((self.path.join("."), param.lazy_shape().as_slice().to_vec()));
    }
}

impl EmbeddingNet for Net {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.embedding_net().forward(images)
    }

    fn embedding_size(&self) -> usize {
        self.embedding_net().embedding_size()
    }

    fn features(&self, images: Tensor<4>) -> Tensor<4> {
        self.embedding_net().features(images)
    }

    fn embed_features(&self, features: Tensor<4>) -> Tensor<2> {
        self.embedding_net().embed_features(features)
    }

    fn with_folded_trunk(self) -> Self {
        match self {
            Self::SFace(net) => Self::SFace(net.with_folded_trunk()),
            net => net.folded(),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::module::ModuleMapper;
    use burn::tensor::{Distribution, Tolerance};

    use super::*;
    use crate::networks::nets::catalogue::{NetOptions, build};

    /// Running statistics and shifts as far from doing nothing as after training.
    struct Trained;

    impl ModuleMapper for Trained {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if D > 1 {
                return param;
            }
            param.map(|values| values.random_like(Distribution::Uniform(0.5, 1.5)))
        }
    }

    #[test]
    fn features_and_what_follows_them_are_the_network() {
        let device = Device::flex();
        let small = NetOptions { width: Some(0.125), input: Some([96, 96]), ..NetOptions::default() };
        for name in [
            "sface",
            "mobilefacenet",
            "likeness-small",
            "nn4.small2",
            "inception-resnet-v1",
            "iresnet-18",
            "squeezenet",
        ] {
            let options = if name == "nn4.small2" { NetOptions::default() } else { small };
            let net = build(name, &options, &device).unwrap().drawn(3, &device).map(&mut Trained);
            let images = Tensor::random([2, 3, 96, 96], Distribution::Uniform(-1.0, 1.0), &device);
            let features = net.features(images.clone());
            let expected = EmbeddingNet::forward(&net, images.clone()).into_data();
            net.embed_features(features.clone()).into_data().assert_eq(&expected, true);
            let folded = net.clone().with_folded_trunk().features(images).into_data();
            let largest = features.clone().abs().max().into_scalar::<f32>();
            folded.assert_approx_eq::<f32>(&features.into_data(), Tolerance::absolute(1e-5 * largest.max(1.0)));
        }
    }
}
