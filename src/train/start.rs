//! Networks to start a run from, by name: the only place where the trainer knows particular networks.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};

use crate::nets::EmbeddingNet;
use crate::nets::likeness_small::{self, LikenessSmall};
use crate::weights::ModelCard;

/// The small network with weights drawn from `seed`.
pub fn small_from_scratch(seed: u64, device: &Device) -> LikenessSmall {
    drawn_from(seed, device, LikenessSmall::init)
}

pub fn small_card() -> ModelCard {
    let dimensions = likeness_small::EMBEDDING_SIZE;
    ModelCard { architecture: likeness_small::NAME.into(), dimensions, input: likeness_small::RECIPE, run: None }
}

pub fn parameters<N: Module>(net: &N) -> usize {
    net.num_params()
}

/// Burn draws initial weights when they are first used; here they are drawn at once, right after seeding.
fn drawn_from<N: Module + EmbeddingNet>(seed: u64, device: &Device, init: impl FnOnce(&Device) -> N) -> N {
    struct Draw;
    impl ModuleVisitor for Draw {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            param.val();
        }
    }
    device.seed(seed);
    let net = init(device);
    net.visit(&mut Draw);
    net
}
