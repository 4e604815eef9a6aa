//! Update rules written out over flat tensors. The paper trains with AdaGrad from a rate of 0.05; its initial
//! accumulator and epsilon are not stated, so TensorFlow's 0.1 (which davidsandberg/facenet uses) is the default here.
//!
//! State belongs to a parameter's path, so it can be saved, and it survives freezing and unfreezing of blocks.
//!
//! * AdaGrad: Duchi et al. 2011. Adam: Kingma & Ba 2015, algorithm 1. AdaDelta: Zeiler 2012, algorithm 1.
//! * RMSprop: Tieleman & Hinton 2012, lecture 6.5, with momentum on the scaled step.
//! * Momentum: Polyak 1964; Nesterov in the form of Sutskever et al. 2013.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData, TensorReadError};
use serde::{Deserialize, Serialize};

use super::gradients::GradientMap;
use crate::networks::weights::keep_path;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Rule {
    /// s ← s + g²; w ← w − η g / √(s + ε)
    AdaGrad { initial_accumulator: f64, epsilon: f64 },
    /// m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; w ← w − η m̂ / (√v̂ + ε), hats correcting the bias towards zero
    Adam { beta1: f64, beta2: f64, epsilon: f64 },
    /// s ← ρs + (1−ρ)g²; m ← μm + η g / √(s + ε); w ← w − m
    RmsProp { decay: f64, momentum: f64, epsilon: f64, initial_accumulator: f64 },
    /// s ← ρs + (1−ρ)g²; δ = g √(u + ε) / √(s + ε); u ← ρu + (1−ρ)δ²; w ← w − η δ
    AdaDelta { decay: f64, epsilon: f64 },
    /// m ← μm + g; w ← w − η m, or w ← w − η (g + μm) with Nesterov's look ahead
    Momentum { momentum: f64, nesterov: bool },
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "factor", rename_all = "snake_case")]
pub(crate) enum WeightDecay {
    None,
    /// Added to the gradient, as a penalty of factor/2 · ‖w‖² in the loss.
    L2(f64),
    /// w ← w − η · factor · w beside the rule's own step (Loshchilov & Hutter 2019).
    Decoupled(f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct OptimiserConfig {
    pub rule: Rule,
    /// For weights of two or more axes; biases and batch-norm parameters never decay.
    pub weight_decay: WeightDecay,
    /// Gradients whose length over all parameters is above this are scaled down to it.
    pub clip_norm: Option<f32>,
}

impl Default for OptimiserConfig {
    fn default() -> Self {
        Self { rule: Rule::ADAGRAD, weight_decay: WeightDecay::None, clip_norm: None }
    }
}

impl Rule {
    pub(crate) const ADAGRAD: Self = Self::AdaGrad { initial_accumulator: 0.1, epsilon: 1e-10 };
    pub(crate) const ADAM: Self = Self::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    /// davidsandberg's constants, with TensorFlow's accumulator that starts at one.
    pub(crate) const RMSPROP: Self =
        Self::RmsProp { decay: 0.9, momentum: 0.9, epsilon: 1.0, initial_accumulator: 1.0 };
    pub(crate) const ADADELTA: Self = Self::AdaDelta { decay: 0.9, epsilon: 1e-6 };
    pub(crate) const NESTEROV: Self = Self::Momentum { momentum: 0.9, nesterov: true };
    pub(crate) const MOMENTUM: Self = Self::Momentum { momentum: 0.9, nesterov: false };

    /// As the command line calls them.
    pub(crate) const NAMED: [(&str, Self); 6] = [
        ("adagrad", Self::ADAGRAD),
        ("adam", Self::ADAM),
        ("rmsprop", Self::RMSPROP),
        ("adadelta", Self::ADADELTA),
        ("nesterov", Self::NESTEROV),
        ("momentum", Self::MOMENTUM),
    ];

    /// The same rule with another ε; momentum has none.
    pub fn with_epsilon(self, epsilon: f64) -> Self {
        match self {
            Self::AdaGrad { initial_accumulator, .. } => Self::AdaGrad { initial_accumulator, epsilon },
            Self::Adam { beta1, beta2, .. } => Self::Adam { beta1, beta2, epsilon },
            Self::RmsProp { decay, momentum, initial_accumulator, .. } => {
                Self::RmsProp { decay, momentum, epsilon, initial_accumulator }
            }
            Self::AdaDelta { decay, .. } => Self::AdaDelta { decay, epsilon },
            Self::Momentum { .. } => self,
        }
    }

    pub(crate) fn has_epsilon(self) -> bool {
        !matches!(self, Self::Momentum { .. })
    }

    /// What each running value of a parameter starts from.
    fn initial_slots(&self) -> Vec<f64> {
        match *self {
            Self::AdaGrad { initial_accumulator, .. } => vec![initial_accumulator],
            Self::RmsProp { initial_accumulator, .. } => vec![initial_accumulator, 0.0],
            Self::Adam { .. } | Self::AdaDelta { .. } => vec![0.0, 0.0],
            Self::Momentum { .. } => vec![0.0],
        }
    }

    /// What to subtract from the weight; `slots` move on. `number` counts steps from one.
    fn step(&self, gradient: Tensor<1>, slots: &mut [Tensor<1>], rate: f64, number: u64) -> Tensor<1> {
        match *self {
            Self::AdaGrad { epsilon, .. } => {
                slots[0] = slots[0].clone() + gradient.clone().square();
                gradient.mul_scalar(rate) / slots[0].clone().add_scalar(epsilon).sqrt()
            }
            Self::Adam { beta1, beta2, epsilon } => {
                slots[0] = running(&slots[0], gradient.clone(), beta1);
                slots[1] = running(&slots[1], gradient.square(), beta2);
                let mean = slots[0].clone().div_scalar(1.0 - beta1.powf(number as f64));
                let square = slots[1].clone().div_scalar(1.0 - beta2.powf(number as f64));
                mean.mul_scalar(rate) / square.sqrt().add_scalar(epsilon)
            }
            Self::RmsProp { decay, momentum, epsilon, .. } => {
                slots[0] = running(&slots[0], gradient.clone().square(), decay);
                let scaled = gradient.mul_scalar(rate) / slots[0].clone().add_scalar(epsilon).sqrt();
                slots[1] = slots[1].clone().mul_scalar(momentum) + scaled;
                slots[1].clone()
            }
            Self::AdaDelta { decay, epsilon } => {
                slots[0] = running(&slots[0], gradient.clone().square(), decay);
                let delta = gradient * slots[1].clone().add_scalar(epsilon).sqrt()
                    / slots[0].clone().add_scalar(epsilon).sqrt();
                slots[1] = running(&slots[1], delta.clone().square(), decay);
                delta.mul_scalar(rate)
            }
            Self::Momentum { momentum, nesterov } => {
                slots[0] = slots[0].clone().mul_scalar(momentum) + gradient.clone();
                let direction =
                    if nesterov { gradient + slots[0].clone().mul_scalar(momentum) } else { slots[0].clone() };
                direction.mul_scalar(rate)
            }
        }
    }
}

fn running(average: &Tensor<1>, value: Tensor<1>, keep: f64) -> Tensor<1> {
    average.clone().mul_scalar(keep) + value.mul_scalar(1.0 - keep)
}

/// The rule and what it remembers of each parameter.
#[derive(Debug)]
pub(crate) struct Optimiser {
    config: OptimiserConfig,
    steps_taken: u64,
    slots: BTreeMap<String, Vec<Tensor<1>>>,
}

/// What a checkpoint keeps; slot `i` of a parameter is named `path/i`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct OptimiserState {
    pub steps_taken: u64,
    pub slots: BTreeMap<String, Vec<f32>>,
}

impl Optimiser {
    pub fn new(config: OptimiserConfig) -> Self {
        Self { config, steps_taken: 0, slots: BTreeMap::new() }
    }

    pub fn restore(config: OptimiserConfig, state: OptimiserState, device: &Device) -> Self {
        let mut slots: BTreeMap<String, Vec<Tensor<1>>> = BTreeMap::new();
        let count = config.rule.initial_slots().len();
        // "a/0", "a/1", … are adjacent and in order: fewer than ten slots.
        for (name, values) in state.slots {
            let path = name.rsplit_once('/').map_or(name.as_str(), |(path, _)| path);
            let length = values.len();
            let tensor = Tensor::from_data(TensorData::new(values, [length]), device);
            slots.entry(path.to_owned()).or_default().push(tensor);
        }
        // A rule that was changed between two runs starts its running values anew.
        slots.retain(|_, kept| kept.len() == count);
        Self { config, steps_taken: state.steps_taken, slots }
    }

    pub fn state(&self) -> Result<OptimiserState, TensorReadError> {
        let mut slots = BTreeMap::new();
        for (path, tensors) in &self.slots {
            for (number, tensor) in tensors.iter().enumerate() {
                slots.insert(format!("{path}/{number}"), tensor.clone().try_into_vec_as::<f32>()?);
            }
        }
        Ok(OptimiserState { steps_taken: self.steps_taken, slots })
    }

    /// One step on every parameter that has a gradient.
    pub fn step<M: Module>(&mut self, module: M, gradients: GradientMap, rate: f64) -> M {
        self.steps_taken += 1;
        module.map(&mut ParameterUpdate { path: Vec::new(), optimiser: self, gradients, rate })
    }

    fn updated(&mut self, path: &str, weight: Tensor<1>, gradient: Tensor<1>, decays: bool, rate: f64) -> Tensor<1> {
        let rule = self.config.rule;
        let slots = self.slots.entry(path.to_owned()).or_insert_with(|| {
            rule.initial_slots().into_iter().map(|value| weight.zeros_like().add_scalar(value)).collect()
        });
        let (gradient, kept) = match self.config.weight_decay {
            WeightDecay::L2(factor) if decays => (gradient + weight.clone().mul_scalar(factor), weight),
            WeightDecay::Decoupled(factor) if decays => (gradient, weight.mul_scalar(1.0 - rate * factor)),
            _ => (gradient, weight),
        };
        kept - rule.step(gradient, slots, rate, self.steps_taken)
    }
}

struct ParameterUpdate<'a> {
    path: Vec<String>,
    optimiser: &'a mut Optimiser,
    gradients: GradientMap,
    rate: f64,
}

impl ModuleMapper for ParameterUpdate<'_> {
    keep_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.join(".");
        let Some(gradient) = self.gradients.get(&path).cloned() else { return param };
        param.map(|weight| {
            let shape = weight.shape();
            let tracked = weight.is_require_grad();
            let flat = weight.inner().reshape([shape.num_elements()]);
            let updated = self.optimiser.updated(&path, flat, gradient, D >= 2, self.rate);
            Tensor::from_inner(updated.reshape::<D, _>(shape)).set_require_grad(tracked)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Module, Debug)]
    struct Affine {
        weight: Param<Tensor<2>>,
        bias: Param<Tensor<1>>,
    }

    #[derive(Deserialize)]
    struct Fixture {
        weight: Vec<f32>,
        bias: Vec<f32>,
        weight_gradients: Vec<Vec<f32>>,
        bias_gradients: Vec<Vec<f32>>,
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        config: OptimiserConfig,
        rate: f64,
        weights: Vec<Vec<f64>>,
        biases: Vec<Vec<f64>>,
    }

    fn fixture() -> Fixture {
        serde_json::from_str(include_str!("../../tests/fixtures/train/optimisers.json")).unwrap()
    }

    fn affine(fixture: &Fixture) -> Affine {
        let device = Device::flex().autodiff();
        Affine {
            weight: Param::from_data(TensorData::new(fixture.weight.clone(), [3, 4]), &device),
            bias: Param::from_data(TensorData::new(fixture.bias.clone(), [3]), &device),
        }
    }

    fn gradients(fixture: &Fixture, step: usize) -> GradientMap {
        let flat =
            |values: &Vec<f32>| Tensor::from_data(TensorData::new(values.clone(), [values.len()]), &Device::flex());
        GradientMap::from_parts([
            ("weight".to_owned(), flat(&fixture.weight_gradients[step])),
            ("bias".to_owned(), flat(&fixture.bias_gradients[step])),
        ])
    }

    fn assert_close(got: Vec<f32>, wanted: &[f64], what: &str) {
        for (got, wanted) in got.iter().zip(wanted) {
            assert!((f64::from(*got) - wanted).abs() <= 1e-5 * wanted.abs().max(1e-2), "{what}: {got} {wanted}");
        }
        assert_eq!(got.len(), wanted.len());
    }

    #[test]
    fn every_rule_steps_as_optax_does() {
        let fixture = fixture();
        assert_eq!(fixture.cases.len(), 9);
        for case in &fixture.cases {
            let mut module = affine(&fixture);
            let mut optimiser = Optimiser::new(case.config);
            for step in 0..fixture.weight_gradients.len() {
                module = optimiser.step(module, gradients(&fixture, step), case.rate);
                let what = format!("{} step {step}", case.name);
                assert_close(module.weight.val().try_into_vec_as().unwrap(), &case.weights[step], &what);
                assert_close(module.bias.val().try_into_vec_as().unwrap(), &case.biases[step], &what);
            }
        }
    }

    #[test]
    fn a_restored_optimiser_goes_on_as_if_it_had_not_stopped() {
        let fixture = fixture();
        for case in &fixture.cases {
            let mut optimiser = Optimiser::new(case.config);
            let module = optimiser.step(affine(&fixture), gradients(&fixture, 0), case.rate);
            let mut restored = Optimiser::restore(case.config, optimiser.state().unwrap(), &Device::flex());
            let one = optimiser.step(module.clone(), gradients(&fixture, 1), case.rate);
            let other = restored.step(module, gradients(&fixture, 1), case.rate);
            let weights = |module: &Affine| module.weight.val().try_into_vec_as::<f32>().unwrap();
            assert_eq!(weights(&one), weights(&other), "{}", case.name);
        }
    }

    #[test]
    fn a_parameter_without_gradient_stays_and_remains_trainable() {
        let fixture = fixture();
        let mut optimiser = Optimiser::new(OptimiserConfig::default());
        let bias = gradients(&fixture, 0).get("bias").unwrap().clone();
        let module = optimiser.step(affine(&fixture), GradientMap::from_parts([("bias".to_owned(), bias)]), 0.1);
        assert_eq!(module.weight.val().try_into_vec_as::<f32>().unwrap(), fixture.weight);
        assert!(module.weight.is_require_grad() && module.bias.is_require_grad());
    }

    #[test]
    fn clipping_shortens_to_the_limit_only() {
        let fixture = fixture();
        let norm = gradients(&fixture, 0).norm().unwrap();
        let wanted = fixture.weight_gradients[0].iter().chain(&fixture.bias_gradients[0]).map(|g| g * g).sum::<f32>();
        assert!((norm - wanted.sqrt()).abs() < 1e-5);
        assert!((gradients(&fixture, 0).clip(norm, 0.5).norm().unwrap() - 0.5).abs() < 1e-5);
        assert_eq!(gradients(&fixture, 0).clip(norm, 1e3).norm().unwrap(), norm);
    }
}
