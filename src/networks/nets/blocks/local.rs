//! Locally connected layers: a convolution whose filters differ from place to place (Taigman et al. 2014).
//!
//! Burn has no such layer. The windows are laid out as columns and each place multiplies with its own matrix, one
//! batched product for all places.

use burn::module::{Module, Param};
use burn::tensor::module::unfold4d;
use burn::tensor::ops::UnfoldOptions;
use burn::tensor::{Device, Tensor, activation};

use super::init::{Init, constant};
use super::{Block, MapShape, Trace};

/// Unshared filters without padding, each place with its own bias, followed by a ReLU.
#[derive(Module, Debug)]
pub struct LocallyConnected {
    /// `[places, channels · kernel², filters]`
    pub weight: Param<Tensor<3>>,
    /// `[places · filters]`
    pub bias: Param<Tensor<1>>,
    pub kernel: usize,
    pub stride: usize,
}

impl LocallyConnected {
    /// Layer for maps of exactly the size `input`.
    pub fn new(
        input: MapShape,
        filters: usize,
        [kernel, stride]: [usize; 2],
        init: Init,
        bias: f64,
        device: &Device,
    ) -> Self {
        let places = ((input.height - kernel) / stride + 1) * ((input.width - kernel) / stride + 1);
        let window = input.channels * kernel * kernel;
        Self {
            weight: init.param([places, window, filters], window, filters * kernel * kernel, device),
            bias: constant(bias, places * filters, device),
            kernel,
            stride,
        }
    }
}

impl Block for LocallyConnected {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        let [batch, _, height, width] = maps.dims();
        let options = UnfoldOptions::new([self.stride; 2], [0; 2], [1; 2]);
        let windows = unfold4d(maps, [self.kernel; 2], options);
        let [places, _, filters] = self.weight.dims();
        // [batch, window, places] -> [places, batch, window] × [places, window, filters]
        let output = windows.permute([2, 0, 1]).matmul(self.weight.val());
        let output = output + self.bias.val().reshape([places, 1, filters]);
        let rows = (height - self.kernel) / self.stride + 1;
        let columns = (width - self.kernel) / self.stride + 1;
        activation::relu(output.permute([1, 2, 0]).reshape([batch, filters, rows, columns]))
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let weights = self.weight.lazy_shape();
        let side = |side: usize| (side - self.kernel) / self.stride + 1;
        let output = MapShape::new(weights[2], side(input.height), side(input.width));
        assert_eq!(output.height * output.width, weights[0], "a locally connected layer was built for another map");
        let multiply_adds = weights.num_elements();
        let stride = if self.stride == 1 { String::new() } else { format!("/{}", self.stride) };
        let kernel = format!("locally connected {0}×{0}{stride}", self.kernel);
        trace.layer(kernel, output, multiply_adds + self.bias.lazy_shape().num_elements(), multiply_adds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With the same filter at every place the layer is a convolution.
    #[test]
    fn shared_filters_make_a_convolution() {
        let device = Device::flex();
        device.seed(3);
        let init = Init::Normal { std: 1.0 };
        let mut layer = LocallyConnected::new(MapShape::new(2, 7, 5), 3, [3, 2], init, 0.5, &device);
        let filter = init.param([3, 2, 3, 3], 1, 1, &device).val();
        let column = filter.clone().reshape([1, 3, 18]).swap_dims(1, 2);
        layer.weight = Param::from_tensor(column.repeat_dim(0, 6));
        let maps = Tensor::<4>::random([2, 2, 7, 5], burn::tensor::Distribution::Default, &device);
        let options = burn::tensor::ops::ConvOptions::new([2, 2], [0, 0], [1, 1], 1);
        let expect = activation::relu(burn::tensor::module::conv2d(maps.clone(), filter, None, options) + 0.5);
        let output = layer.forward(maps);
        assert_eq!(output.dims(), [2, 3, 3, 2]);
        let difference = (output - expect).abs().max().into_scalar::<f32>();
        assert!(difference < 1e-5, "{difference}");
    }
}
