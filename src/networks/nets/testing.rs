//! What tests of several networks need.

use burn::module::{ModuleMapper, Param};
use burn::tensor::{Distribution, Tensor};

/// Gives batch norms something to do, which fresh ones have not.
pub(crate) struct DrawnNorms;

impl ModuleMapper for DrawnNorms {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|values| if D == 1 { values.random_like(Distribution::Uniform(0.5, 1.5)) } else { values })
    }
}
