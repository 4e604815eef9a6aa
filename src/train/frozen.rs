//! Which part of a network learns: everything, from a named block on, or the last layer; and whether batch norm keeps
//! its statistics.
//!
//! Blocks are named by their path in the module, in the order in which the network declares them, which is the order
//! of the forward pass in every network of the catalogue.

use std::collections::BTreeSet;

use burn::module::{Flag, Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Shape, Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::rng::{Purpose, stream};
use crate::networks::weights::keep_path;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "kind", content = "block", rename_all = "snake_case")]
pub enum TrainablePart {
    #[default]
    All,
    /// The last weight matrix or convolution and what follows it.
    LastLayer,
    /// The named block and what follows it.
    From(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum BatchNormStatistics {
    /// Batch statistics where the network learns; frozen blocks keep theirs.
    #[default]
    Learn,
    /// The stored statistics everywhere.
    Keep,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FreezeError {
    #[error("the network has no block named {name}; it has {blocks}")]
    NoSuchBlock { name: String, blocks: String },
    #[error("the network has no weights to train")]
    NoWeights,
}

/// Marks what learns. Frozen parameters get no gradients, and their batch-norm and dropout layers behave as in
/// inference.
pub fn freeze<M: Module>(module: M, part: &TrainablePart, statistics: BatchNormStatistics) -> Result<M, FreezeError> {
    let first = first_trained(&ModuleLayout::of(&module).parameters, part)?;
    Ok(module.map(&mut Freeze { container: Vec::new(), first, seen: 0, statistics }))
}

/// Draws the last weight matrix or convolution anew, evenly within ±√(3 / inputs) (He et al. 2015, for a layer without
/// activation behind it). Its bias and the norms behind it begin anew too: what they knew was of the weights before.
pub(crate) fn redraw_last_layer<M: Module>(module: M, seed: u64) -> Result<M, FreezeError> {
    let place = first_trained(&ModuleLayout::of(&module).parameters, &TrainablePart::LastLayer)?;
    Ok(module.map(&mut Redraw { path: Vec::new(), place, seen: 0, rng: stream(seed, Purpose::LastLayer, 0, 0) }))
}

/// The paths of what comes before the last weight matrix or convolution.
pub(super) fn paths_before_last_layer<M: Module>(module: &M) -> Result<BTreeSet<String>, FreezeError> {
    let parameters = ModuleLayout::of(module).parameters;
    let first = first_trained(&parameters, &TrainablePart::LastLayer)?;
    Ok(parameters.into_iter().take(first).map(|parameter| parameter.path).collect())
}

/// Whether any layer behaves otherwise in training than in inference (batch statistics, dropout).
pub fn behaves_otherwise_in_training<M: Module>(module: &M) -> bool {
    ModuleLayout::of(module).active_flags > 0
}

struct Parameter {
    path: String,
    rank: usize,
}

#[derive(Default)]
struct ModuleLayout {
    path: Vec<String>,
    parameters: Vec<Parameter>,
    active_flags: usize,
}

impl ModuleLayout {
    fn of<M: Module>(module: &M) -> Self {
        let mut layout = Self::default();
        module.visit(&mut layout);
        layout
    }
}

impl ModuleVisitor for ModuleLayout {
    keep_path!();

    fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
        self.parameters.push(Parameter { path: self.path.join("."), rank: D });
    }

    fn visit_flag(&mut self, flag: &Param<Flag>) {
        self.active_flags += usize::from(flag.is_enabled());
    }
}

fn first_trained(parameters: &[Parameter], part: &TrainablePart) -> Result<usize, FreezeError> {
    match part {
        TrainablePart::All => Ok(0),
        TrainablePart::LastLayer => {
            parameters.iter().rposition(|parameter| parameter.rank >= 2).ok_or(FreezeError::NoWeights)
        }
        TrainablePart::From(name) => {
            let inside = |path: &str| format!(".{path}.").contains(&format!(".{name}."));
            parameters
                .iter()
                .position(|parameter| inside(&parameter.path))
                .ok_or_else(|| FreezeError::NoSuchBlock { name: name.clone(), blocks: block_names(parameters) })
        }
    }
}

/// The outermost blocks that tell parameters apart.
fn block_names(parameters: &[Parameter]) -> String {
    let depth =
        if parameters.iter().any(|p| p.path.split('.').next() != parameters[0].path.split('.').next()) { 1 } else { 2 };
    let mut names: Vec<String> =
        parameters.iter().map(|p| p.path.split('.').take(depth).collect::<Vec<_>>().join(".")).collect();
    names.dedup();
    names.join(", ")
}

struct Redraw {
    path: Vec<String>,
    place: usize,
    seen: usize,
    rng: ChaCha8Rng,
}

impl ModuleMapper for Redraw {
    keep_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.seen += 1;
        if self.seen <= self.place {
            return param;
        }
        let begins_as = match self.path.last().map(String::as_str) {
            Some("bias" | "beta" | "running_mean") => Some(0.0),
            Some("gamma" | "running_var") => Some(1.0),
            _ => None,
        };
        if self.seen > self.place + 1 && begins_as.is_none() {
            return param;
        }
        param.map(|weight| {
            let shape = weight.shape();
            let values: Vec<f32> = match begins_as {
                Some(value) => vec![value; shape.num_elements()],
                None => self.drawn(&shape),
            };
            Tensor::from_data(TensorData::new(values, shape), &weight.device())
                .set_require_grad(weight.is_require_grad())
        })
    }
}

impl Redraw {
    /// A matrix has its inputs on the first axis, a convolution all axes but the first.
    fn drawn(&mut self, shape: &Shape) -> Vec<f32> {
        let inputs = if shape.num_dims() == 2 { shape[0] } else { shape.num_elements() / shape[0] };
        let limit = (3.0 / inputs.max(1) as f32).sqrt();
        (0..shape.num_elements()).map(|_| self.rng.random_range(-limit..=limit)).collect()
    }
}

struct Freeze {
    /// The type that holds the field being visited.
    container: Vec<String>,
    first: usize,
    seen: usize,
    statistics: BatchNormStatistics,
}

impl ModuleMapper for Freeze {
    fn enter_module(&mut self, _name: &str, container: &str) {
        self.container.push(container.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.container.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let learns = self.seen >= self.first;
        self.seen += 1;
        param.set_require_grad(learns)
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        let is_batch_norm = self.container.last().is_some_and(|container| container.ends_with("BatchNorm"));
        // A norm's scale and shift come before its flag, and dropout acts on what comes before it: either is frozen where
        // it ends right before the first trained weight.
        let learns = self.seen > self.first && (!is_batch_norm || self.statistics == BatchNormStatistics::Learn);
        let enabled = flag.is_enabled() && learns;
        flag.with_value(enabled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::nets::EmbeddingNet;
    use crate::networks::nets::catalogue::{NetOptions, VARIANTS, build, card};
    use crate::train::gradients::GradientMap;
    use crate::train::testing::{NormedNet, TinyNet, noise};
    use burn::nn::BatchNorm;
    use burn::tensor::Device;

    fn gradients(net: &TinyNet) -> GradientMap {
        let images = noise(3, [6, 3, 12, 12]);
        let loss = net.forward(images).square().mean();
        GradientMap::of(net, loss.backward())
    }

    fn flat(gradients: &GradientMap, path: &str) -> Vec<f32> {
        gradients.get(path).unwrap().clone().try_into_vec_as().unwrap()
    }

    /// Burn's issue 5162: gradients were NaN when only some parameters were tracked.
    #[test]
    fn gradients_above_a_frozen_base_equal_the_full_ones() {
        let net = TinyNet::new(1, &Device::flex().autodiff());
        let keep = BatchNormStatistics::Keep;
        let full = gradients(&freeze(net.clone(), &TrainablePart::All, keep).unwrap());
        for (part, first) in [(TrainablePart::LastLayer, "linear"), (TrainablePart::From("conv2".to_owned()), "conv2")]
        {
            let frozen = gradients(&freeze(net.clone(), &part, keep).unwrap());
            let trained: Vec<String> = frozen.paths().map(str::to_owned).collect();
            assert!(trained.iter().any(|path| path.starts_with(first)), "{trained:?}");
            assert!(!trained.iter().any(|path| path.starts_with("conv1")), "{trained:?}");
            for path in &trained {
                assert_eq!(flat(&frozen, path), flat(&full, path), "{path}");
                assert!(flat(&frozen, path).iter().all(|value| value.is_finite()));
            }
        }
    }

    #[test]
    fn only_the_last_layer_is_drawn_anew() {
        let net = TinyNet::new(1, &Device::flex().autodiff());
        let weights = |net: &TinyNet| {
            let conv: Vec<f32> = net.conv2.weight.val().try_into_vec_as().unwrap();
            [conv, net.linear.weight.val().try_into_vec_as().unwrap()]
        };
        let [conv, linear] = weights(&net);
        let [conv_after, linear_after] = weights(&redraw_last_layer(net.clone(), 3).unwrap());
        assert!(conv == conv_after && linear != linear_after);
        let limit = (3.0_f32 / 32.0).sqrt();
        assert!(linear_after.iter().all(|value| value.abs() <= limit));
        assert_eq!(weights(&redraw_last_layer(net, 3).unwrap())[1], linear_after);
    }

    #[test]
    fn the_norm_behind_a_layer_that_is_drawn_anew_begins_anew_and_others_stay() {
        let device = Device::flex().autodiff();
        let net = NormedNet::new(1, &device);
        net.forward(noise(3, [6, 3, 12, 12]));
        let mean = |norm: &BatchNorm| norm.running_mean.value_sync().try_into_vec_as::<f32>().unwrap();
        let (inner, last) = (mean(&net.norm2), mean(&net.norm3));
        assert!(last.iter().any(|&value| value != 0.0));
        let redrawn = redraw_last_layer(net.valid(), 3).unwrap();
        assert_eq!((mean(&redrawn.norm2), mean(&redrawn.norm3)), (inner, vec![0.0; 12]));
        let variance = redrawn.norm3.running_var.value().try_into_vec_as::<f32>().unwrap();
        assert_eq!(variance, [1.0; 12]);
    }

    #[test]
    fn batch_norm_keeps_its_statistics_when_told_or_frozen() {
        let device = Device::flex().autodiff();
        let moved = |part: TrainablePart, statistics| {
            let net = freeze(TinyNet::new(1, &device), &part, statistics).unwrap();
            gradients(&net);
            let mean = net.valid().norm.running_mean.value().try_into_vec_as::<f32>().unwrap();
            mean.iter().any(|&value| value != 0.0)
        };
        assert!(moved(TrainablePart::All, BatchNormStatistics::Learn));
        assert!(!moved(TrainablePart::All, BatchNormStatistics::Keep));
        assert!(!moved(TrainablePart::LastLayer, BatchNormStatistics::Learn));
        // The norm right before the first trained weight too.
        assert!(!moved(TrainablePart::From("conv2".to_owned()), BatchNormStatistics::Learn));
    }

    /// Every network of the catalogue that has dropout has it right before its last layer.
    #[test]
    fn dropout_before_the_only_layer_that_learns_is_off() {
        let device = Device::flex().autodiff();
        let options = NetOptions { dropout: Some(0.5), width: Some(0.25), ..NetOptions::default() };
        let mut noisy = Vec::new();
        for variant in VARIANTS {
            let Ok(net) = build(variant.name, &options, &device) else { continue };
            let behaves = |part: TrainablePart| {
                let net = freeze(net.clone().train(), &part, BatchNormStatistics::Keep).unwrap();
                behaves_otherwise_in_training(&net)
            };
            assert!(!behaves(TrainablePart::LastLayer), "{}", variant.name);
            let has_dropout = behaves(TrainablePart::All);
            assert_eq!(card(variant.name, &options).is_ok(), has_dropout, "{} says so", variant.name);
            if has_dropout {
                noisy.push(variant.name);
            }
        }
        assert!(noisy.contains(&"sface") && noisy.len() > 3, "{noisy:?}");
    }

    #[test]
    fn names_the_blocks_when_one_is_not_there() {
        let net = TinyNet::new(1, &Device::flex().autodiff());
        let error = freeze(net, &TrainablePart::From("conv9".to_owned()), BatchNormStatistics::Keep).unwrap_err();
        let blocks = "conv1, norm, conv2, linear".to_owned();
        assert_eq!(error, FreezeError::NoSuchBlock { name: "conv9".to_owned(), blocks });
    }
}
