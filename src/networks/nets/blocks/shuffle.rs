//! ShuffleNet's channel shuffle.

use burn::module::Module;
use burn::tensor::Tensor;

use super::{Block, MapShape, Trace};

/// Channels as a table of `groups` rows, read column by column (Zhang et al. 2017, section 3.1).
#[derive(Module, Debug)]
pub struct Shuffle {
    pub groups: usize,
}

impl Block for Shuffle {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        let [batch, channels, height, width] = maps.dims();
        let table = maps.reshape([batch, self.groups, channels / self.groups, height * width]);
        table.swap_dims(1, 2).reshape([batch, channels, height, width])
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        trace.layer("channel shuffle".to_owned(), input, 0, 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn shuffles_three_groups_of_two() {
        let maps = Tensor::<1>::from_floats([0., 1., 2., 3., 4., 5.], &Device::flex()).reshape([1, 6, 1, 1]);
        let output = Shuffle { groups: 3 }.forward(maps).into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(output, [0., 2., 4., 1., 3., 5.]);
    }
}
