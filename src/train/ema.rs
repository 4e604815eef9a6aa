//! An exponential moving average of what is trained and of the running statistics of batch norm, used for evaluation and
//! saved beside them.
//!
//! As davidsandberg/facenet has it (`facenet.train` averages `tf.trainable_variables()`, and `inception_resnet_v1.py` puts
//! its norms' moving mean and variance among them: "Moving averages ends up in the trainable variables collection"). So
//! averaged weights meet statistics of the same age. The decay follows TensorFlow's `ExponentialMovingAverage` with a
//! step count, min(decay, (1 + n) / (10 + n)), so that early averages are not dominated by the initial weights.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData, TensorReadError};

use crate::networks::weights::keep_path;

#[derive(Debug)]
pub(crate) struct Ema {
    decay: f64,
    updates: u64,
    averages: BTreeMap<String, Tensor<1>>,
}

/// What a checkpoint keeps.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct EmaState {
    pub updates: u64,
    pub averages: BTreeMap<String, Vec<f32>>,
}

impl Ema {
    /// Starts from the weights and statistics as they are.
    pub fn new<M: Module>(module: &M, decay: f64) -> Self {
        let mut ema = Self { decay, updates: 0, averages: BTreeMap::new() };
        ema.visit(module, |_, weight| weight);
        ema
    }

    pub fn restore(state: EmaState, decay: f64, device: &Device) -> Self {
        let tensor = |values: Vec<f32>| {
            let length = values.len();
            Tensor::from_data(TensorData::new(values, [length]), device)
        };
        let averages = state.averages.into_iter().map(|(path, values)| (path, tensor(values))).collect();
        Self { decay, updates: state.updates, averages }
    }

    pub fn state(&self) -> Result<EmaState, TensorReadError> {
        let mut averages = BTreeMap::new();
        for (path, tensor) in &self.averages {
            averages.insert(path.clone(), tensor.clone().try_into_vec_as::<f32>()?);
        }
        Ok(EmaState { updates: self.updates, averages })
    }

    pub fn update<M: Module>(&mut self, module: &M) {
        self.updates += 1;
        let count = self.updates as f64;
        let decay = self.decay.min((1.0 + count) / (10.0 + count));
        self.visit(module, |average, weight| match average {
            // In this form what does not move, such as a frozen norm's statistics, stays what it is to the last bit.
            Some(average) => average.clone() + (weight - average).mul_scalar(1.0 - decay),
            None => weight,
        });
    }

    /// A copy of `module` for inference, with the averages in place of the weights.
    pub fn averaged<M: Module>(&self, module: &M) -> M {
        module.valid().map(&mut Replace { path: Vec::new(), averages: &self.averages })
    }

    fn visit<M: Module>(&mut self, module: &M, blend: impl Fn(Option<Tensor<1>>, Tensor<1>) -> Tensor<1>) {
        // Settles the running statistics, which a visit may otherwise report one update late.
        let _ = module.valid();
        module.visit(&mut Blend { path: Vec::new(), averages: &mut self.averages, blend });
    }
}

struct Blend<'a, F> {
    path: Vec<String>,
    averages: &'a mut BTreeMap<String, Tensor<1>>,
    blend: F,
}

impl<F: Fn(Option<Tensor<1>>, Tensor<1>) -> Tensor<1>> ModuleVisitor for Blend<'_, F> {
    keep_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let weight = param.val();
        let statistic = self.path.last().is_some_and(|name| name == "running_mean" || name == "running_var");
        if !weight.is_require_grad() && !statistic {
            return;
        }
        let path = self.path.join(".");
        let count = weight.shape().num_elements();
        let average = self.averages.remove(&path);
        self.averages.insert(path, (self.blend)(average, weight.inner().reshape([count])));
    }
}

struct Replace<'a> {
    path: Vec<String>,
    averages: &'a BTreeMap<String, Tensor<1>>,
}

impl ModuleMapper for Replace<'_> {
    keep_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.averages.get(&self.path.join(".")) {
            Some(average) => param.map(|weight| average.clone().reshape::<D, _>(weight.shape())),
            None => param,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::nets::EmbeddingNet;
    use crate::train::frozen::{BatchNormStatistics, TrainablePart, freeze};
    use crate::train::testing::{TinyNet, noise};
    use burn::nn::{Linear, LinearConfig};

    fn linear(value: f32) -> Linear {
        let device = Device::flex().autodiff();
        let mut linear = LinearConfig::new(2, 1).with_bias(false).init(&device);
        linear.weight = Param::from_data(TensorData::new(vec![value, -value], [2, 1]), &device);
        linear
    }

    fn first(linear: &Linear) -> f32 {
        linear.weight.val().try_into_vec_as::<f32>().unwrap()[0]
    }

    #[test]
    fn averages_with_a_decay_that_warms_up() {
        let mut ema = Ema::new(&linear(1.0), 0.9);
        let mut wanted = 1.0_f32;
        for count in 1..40 {
            ema.update(&linear(count as f32));
            let decay = (0.9_f32).min((1.0 + count as f32) / (10.0 + count as f32));
            wanted = decay * wanted + (1.0 - decay) * count as f32;
        }
        let averaged = ema.averaged(&linear(7.0));
        assert!((first(&averaged) - wanted).abs() < 1e-4, "{} {wanted}", first(&averaged));
        assert!(!averaged.weight.val().is_autodiff());
    }

    /// The statistics of a norm after each of a few passes, averaged by hand.
    #[test]
    fn statistics_are_averaged_like_the_weights() {
        let device = Device::flex().autodiff();
        let net = freeze(TinyNet::new(4, &device), &TrainablePart::All, BatchNormStatistics::Learn).unwrap();
        let statistics = |net: &TinyNet| {
            let norm = &net.valid().norm;
            let values = [&norm.running_mean, &norm.running_var].map(|s| s.value().try_into_vec_as::<f32>().unwrap());
            values.concat()
        };
        let mut ema = Ema::new(&net, 0.3);
        let mut wanted = statistics(&net);
        for count in 1..5 {
            net.forward(noise(count, [6, 3, 12, 12]));
            ema.update(&net);
            let decay = (0.3_f32).min((1.0 + count as f32) / (10.0 + count as f32));
            wanted
                .iter_mut()
                .zip(statistics(&net))
                .for_each(|(sum, value)| *sum = decay * *sum + (1.0 - decay) * value);
        }
        let found = statistics(&ema.averaged(&net));
        assert!(found.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?} {wanted:?}");
        assert!(found.iter().zip(statistics(&net)).any(|(a, b)| (a - b).abs() > 1e-4), "the averages are others");
    }

    #[test]
    fn a_restored_average_goes_on() {
        let mut ema = Ema::new(&linear(1.0), 0.9);
        ema.update(&linear(2.0));
        let mut restored = Ema::restore(ema.state().unwrap(), 0.9, &Device::flex());
        ema.update(&linear(3.0));
        restored.update(&linear(3.0));
        assert_eq!(ema.state().unwrap(), restored.state().unwrap());
    }
}
