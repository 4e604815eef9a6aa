//! Pooling: maximum, average, the paper's L2 norm, and the average over the whole map.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::module::{avg_pool2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};

use super::{Block, MapShape, Trace};
use crate::networks::kernels::inference::{self as kernels, PoolingKernel};

/// What a window becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PoolKind {
    Max,
    /// Padding does not count.
    Average,
    /// √(Σ x²): FaceNet's L2 pooling (table 2), Torch's `SpatialLPPooling(2)`. Burn has no such pooling: the average of
    /// the squares, times the window, under the root.
    L2,
    /// The average of the whole map, whatever its size.
    GlobalAverage,
}

/// Keeps the gradient of √ finite where a whole window is zero, as it often is behind a ReLU.
const L2_EPSILON: f64 = 1e-12;

#[derive(Module, Debug)]
pub struct Pool {
    #[module(skip)]
    pub(crate) kind: PoolKind,
    pub kernel: usize,
    pub stride: usize,
    pub(crate) padding: usize,
    /// Windows that only begin on the map count too, as Caffe has it; the default is to leave them out.
    pub ceil: bool,
}

impl Pool {
    pub(crate) const fn new(kind: PoolKind, kernel: usize, stride: usize, padding: usize) -> Self {
        Self { kind, kernel, stride, padding, ceil: false }
    }

    pub const fn max(kernel: usize, stride: usize, padding: usize) -> Self {
        Self::new(PoolKind::Max, kernel, stride, padding)
    }

    pub const fn average(kernel: usize, stride: usize, padding: usize) -> Self {
        Self::new(PoolKind::Average, kernel, stride, padding)
    }

    pub const fn l2(kernel: usize, stride: usize, padding: usize) -> Self {
        Self::new(PoolKind::L2, kernel, stride, padding)
    }

    pub const fn global() -> Self {
        Self::new(PoolKind::GlobalAverage, 0, 1, 0)
    }

    pub const fn ceil(mut self) -> Self {
        self.ceil = true;
        self
    }

    fn averages(&self) -> AvgPoolOptions<2> {
        AvgPoolOptions::new([self.kernel; 2])
            .with_stride([self.stride; 2])
            .with_padding([self.padding; 2])
            .with_ceil_mode(self.ceil)
    }

    fn on_cpu(&self, maps: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = maps.dims();
        let (pooling, kernel) = match self.kind {
            PoolKind::Max => (PoolingKernel::Maximum, [self.kernel; 2]),
            PoolKind::Average => (PoolingKernel::Average, [self.kernel; 2]),
            PoolKind::L2 => (PoolingKernel::Length { epsilon: L2_EPSILON as f32 }, [self.kernel; 2]),
            PoolKind::GlobalAverage => (PoolingKernel::Average, [height, width]),
        };
        kernels::pool(maps, pooling, kernel, self.stride, self.padding)
    }

    fn output_side(&self, side: usize) -> usize {
        let span = side + 2 * self.padding - self.kernel;
        if !self.ceil {
            return span / self.stride + 1;
        }
        let count = span.div_ceil(self.stride) + 1;
        // The last window must begin on the map or its padding before it.
        if (count - 1) * self.stride >= side + self.padding { count - 1 } else { count }
    }
}

impl Block for Pool {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        if kernels::runs_here(&maps) && !self.ceil {
            return self.on_cpu(maps);
        }
        match self.kind {
            PoolKind::Max => max_pool2d(
                maps,
                MaxPoolOptions::new([self.kernel; 2])
                    .with_stride([self.stride; 2])
                    .with_padding([self.padding; 2])
                    .with_ceil_mode(self.ceil),
            ),
            PoolKind::Average => avg_pool2d(maps, self.averages().with_count_include_pad(false)),
            PoolKind::L2 => {
                let window = (self.kernel * self.kernel) as f64;
                let mean = avg_pool2d(maps.square(), self.averages().with_count_include_pad(true));
                mean.mul_scalar(window).add_scalar(L2_EPSILON).sqrt()
            }
            PoolKind::GlobalAverage => maps.mean_dim(3).mean_dim(2),
        }
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let name = match self.kind {
            PoolKind::GlobalAverage => {
                return trace.layer("average pool".to_owned(), MapShape::vector(input.channels), 0, 0);
            }
            PoolKind::Max => "max pool",
            PoolKind::Average => "average pool",
            PoolKind::L2 => "L2 pool",
        };
        let output = MapShape::new(input.channels, self.output_side(input.height), self.output_side(input.width));
        let stride = if self.stride == 1 { String::new() } else { format!("/{}", self.stride) };
        trace.layer(format!("{name} {0}×{0}{stride}", self.kernel), output, 0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn check(pool: Pool, side: usize, expect: &[f32]) {
        let device = Device::flex();
        let values: Vec<f32> = (0..side * side).map(|v| v as f32).collect();
        let maps = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([1, 1, side, side]);
        let output = pool.forward(maps);
        let traced = pool.trace(MapShape::new(1, side, side), &mut Trace::default());
        assert_eq!(output.dims(), [1, 1, traced.height, traced.width]);
        let output = output.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(output.len(), expect.len());
        for (a, b) in output.iter().zip(expect) {
            assert!((a - b).abs() < 1e-4, "{output:?} is not {expect:?}");
        }
    }

    #[test]
    fn pools_by_hand() {
        check(Pool::max(3, 2, 1), 3, &[4.0, 5.0, 7.0, 8.0]);
        check(Pool::max(2, 2, 0).ceil(), 3, &[4.0, 5.0, 7.0, 8.0]);
        check(Pool::average(3, 2, 1), 3, &[2.0, 3.0, 5.0, 6.0]);
        check(Pool::l2(2, 1, 0), 2, &[14f32.sqrt()]);
        check(Pool::l2(3, 2, 1), 2, &[14f32.sqrt()]);
        check(Pool::global(), 3, &[4.0]);
    }

    #[test]
    fn l2_pool_has_a_finite_gradient_at_zero() {
        let device = Device::flex().autodiff();
        let maps = Tensor::<4>::zeros([1, 1, 3, 3], &device).require_grad();
        let gradients = Pool::l2(3, 1, 1).forward(maps.clone()).sum().backward();
        let gradient = maps.grad(&gradients).expect("the maps require a gradient");
        assert!(gradient.into_data().try_to_vec::<f32>().unwrap().iter().all(|g| *g == 0.0));
    }
}
