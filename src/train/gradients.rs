//! Gradients by parameter path, flat, so that they can be accumulated over chunks, clipped and handed to the
//! optimiser without regard to each parameter's rank.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorReadError};

use crate::networks::weights::keep_path;

/// The flattened gradient of every tracked parameter, by its path in the module.
#[derive(Debug, Default)]
pub(crate) struct GradientMap(BTreeMap<String, Tensor<1>>);

impl GradientMap {
    /// Takes the gradients of `module`'s parameters out of a backward pass. Frozen parameters have none.
    pub fn of<M: Module>(module: &M, gradients: Gradients) -> Self {
        let mut collector = Collector { path: Vec::new(), gradients, found: BTreeMap::new() };
        module.visit(&mut collector);
        Self(collector.found)
    }

    pub fn add(&mut self, other: Self) {
        for (path, gradient) in other.0 {
            let sum = match self.0.remove(&path) {
                Some(known) => known + gradient,
                None => gradient,
            };
            self.0.insert(path, sum);
        }
    }

    pub fn get(&self, path: &str) -> Option<&Tensor<1>> {
        self.0.get(path)
    }

    #[cfg(test)]
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The Euclidean length of all gradients together. Not finite when any of them is not.
    pub fn norm(&self) -> Result<f32, TensorReadError> {
        let squares: Vec<Tensor<1>> = self.0.values().map(|gradient| gradient.clone().square().sum()).collect();
        if squares.is_empty() {
            return Ok(0.0);
        }
        Tensor::cat(squares, 0).sum().sqrt().try_into_scalar::<f32>()
    }

    /// Scales everything down when `norm` is above `limit`.
    pub fn clip(self, norm: f32, limit: f32) -> Self {
        if norm <= limit {
            return self;
        }
        Self(self.0.into_iter().map(|(path, gradient)| (path, gradient.mul_scalar(limit / norm))).collect())
    }

    #[cfg(test)]
    pub fn from_parts(parts: impl IntoIterator<Item = (String, Tensor<1>)>) -> Self {
        Self(parts.into_iter().collect())
    }
}

struct Collector {
    path: Vec<String>,
    gradients: Gradients,
    found: BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for Collector {
    keep_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = param.val().grad_remove(&mut self.gradients) {
            let count = gradient.shape().num_elements();
            self.found.insert(self.path.join("."), gradient.reshape([count]));
        }
    }
}
