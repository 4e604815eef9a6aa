//! What takes most of a training step on the CPU, with gradients of its own: batch norm with what follows it, and
//! depthwise convolution.
//!
//! Burn 0.22.1's Flex composes a batch norm's passes from whole-map operations and finds a depthwise convolution's
//! gradients channel by channel, from copies; here each is a walk or two over the maps. The plain references are Burn's
//! own layers (tests; `benches/hot_paths.rs` holds the times against each other).

mod backend;
mod depthwise;
mod norm;

use burn::backend::Dispatch;
use burn::tensor::{DType, Device, Tensor};

use backend::LearningOps;

/// What [`batch_norm`] gives.
pub(crate) struct Normalised {
    pub maps: Tensor<4>,
    /// Of the batch, one a channel.
    pub mean: Tensor<1>,
    /// Of the batch itself, not corrected for its size; one a channel.
    pub variance: Tensor<1>,
}

/// Whether these kernels take the maps: 32-bit floats on the CPU.
pub(crate) fn runs_here(maps: &Tensor<4>) -> bool {
    maps.dtype() == DType::F32 && maps.device().inner() == Device::flex()
}

/// v = γ · (x − mean) / √(variance + ε) + β over batch, height and width; where v is not positive, slope · v.
///
/// A slope of 1 is the norm alone, of 0 a ReLU after it, learnt slopes a PReLU (He et al. 2015).
///
/// # Shapes
/// - maps: `[batch, channels, height, width]`
/// - gamma, beta, slope: `[channels]`
pub(crate) fn batch_norm(maps: Tensor<4>, [gamma, beta, slope]: [Tensor<1>; 3], epsilon: f64) -> Normalised {
    let [gamma, beta, slope] = [gamma, beta, slope].map(Tensor::into_dispatch);
    let (maps, mean, variance) = Dispatch::batch_norm_with_slope(maps.into_dispatch(), gamma, beta, slope, epsilon);
    Normalised {
        maps: Tensor::from_dispatch(maps),
        mean: Tensor::from_dispatch(mean),
        variance: Tensor::from_dispatch(variance),
    }
}

/// One square filter a channel; the same stride and padding on all sides.
///
/// # Shapes
/// - maps: `[batch, channels, height, width]`
/// - weight: `[channels, 1, kernel, kernel]`
pub(crate) fn depthwise(maps: Tensor<4>, weight: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let (maps, weight) = (maps.into_dispatch(), weight.into_dispatch());
    Tensor::from_dispatch(Dispatch::depthwise(maps, weight, stride, padding))
}

/// Sums run in so many lanes, which become vector registers.
const LANES: usize = 16;

/// Sums over pairs of values, `N` of them at once.
fn sum<const N: usize>(a: &[f32], b: &[f32], of: impl Fn(f32, f32) -> [f32; N]) -> [f64; N] {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [[0.0f32; LANES]; N];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            for (sums, value) in lanes.iter_mut().zip(of(a[lane], b[lane])) {
                sums[lane] += value;
            }
        }
    }
    let mut sums = lanes.map(|lanes| lanes.into_iter().map(f64::from).sum::<f64>());
    for (a, b) in a_rest.iter().zip(b_rest) {
        for (sum, value) in sums.iter_mut().zip(of(*a, *b)) {
            *sum += f64::from(value);
        }
    }
    sums
}
