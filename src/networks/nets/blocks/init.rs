//! First values of weights.

use burn::module::{Param, ParamId};
use burn::nn::Initializer;
use burn::tensor::{Device, Distribution, Shape, Tensor};

/// How a network's source draws its first weights. Biases start at zero unless a network says otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// Normal, σ = √(2 / inputs): He et al. 2015. Ours where a source gives no rule, fit for ReLU without batch norm.
    He,
    /// Uniform, ±√(6 / (inputs + outputs)): Glorot and Bengio 2010.
    Xavier,
    /// Normal with a fixed σ.
    Normal { std: f64 },
    /// Normal with a fixed σ, values beyond 2σ drawn again, as TensorFlow does it.
    TruncatedNormal { std: f64 },
}

/// Draws of a truncated normal before what is still beyond 2σ (one value in 10⁸) is set to the mean.
const DRAWS: usize = 6;

impl Init {
    /// A lazily drawn parameter; `inputs` and `outputs` are the fans of one output value.
    pub(crate) fn param<const D: usize>(
        self,
        shape: [usize; D],
        inputs: usize,
        outputs: usize,
        device: &Device,
    ) -> Param<Tensor<D>> {
        let initializer = match self {
            Self::He => Initializer::KaimingNormal { gain: std::f64::consts::SQRT_2, fan_out_only: false },
            Self::Xavier => Initializer::XavierUniform { gain: 1.0 },
            Self::Normal { std } => Initializer::Normal { mean: 0.0, std },
            Self::TruncatedNormal { std } => return truncated_normal(shape, std, device),
        };
        initializer.init_with(shape, Some(inputs), Some(outputs), device)
    }
}

/// A lazily created bias of one value.
pub(crate) fn constant(value: f64, length: usize, device: &Device) -> Param<Tensor<1>> {
    Initializer::Constant { value }.init([length], device)
}

fn truncated_normal<const D: usize>(shape: [usize; D], std: f64, device: &Device) -> Param<Tensor<D>> {
    let draw = move |device: &Device, require_grad: bool| {
        let normal = || Tensor::<D>::random(shape, Distribution::Normal(0.0, std), device);
        let beyond = |values: &Tensor<D>| values.clone().abs().greater_elem(2.0 * std);
        let mut values = normal();
        for _ in 1..DRAWS {
            let again = beyond(&values);
            values = values.mask_where(again, normal());
        }
        let still = beyond(&values);
        let values = values.mask_fill(still, 0.0);
        if require_grad { values.require_grad() } else { values }
    };
    Param::uninitialized(ParamId::new(), draw, device.clone(), true, Shape::from(shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncated_normal_stays_within_two_sigma() {
        let device = Device::flex();
        device.seed(7);
        let values = truncated_normal([100, 100], 0.1, &device).val().into_data().try_to_vec::<f32>().unwrap();
        assert!(values.iter().all(|v| v.abs() <= 0.2));
        let std = (values.iter().map(|v| v * v).sum::<f32>() / values.len() as f32).sqrt();
        // σ of a normal cut at two: 0.8796 of the full one.
        assert!((std - 0.088).abs() < 0.002, "{std}");
    }
}
