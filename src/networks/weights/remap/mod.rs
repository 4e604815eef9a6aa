//! One name table a network and source: from a file's tensor names and layouts to the parameters' paths of our network.
//!
//! A table renames and turns round what it knows and leaves the rest under its old name, so that [`fill`](super::fill())
//! names whatever is missing or left over.

pub mod inception_resnet_v1;
pub(crate) mod iresnet;
pub(crate) mod iresnet_graph;
pub mod openface;

use super::{NamedTensor, TensorFile, WeightsError};

impl TensorFile {
    /// Renames a tensor if the file has it.
    fn rename(&mut self, from: &str, to: &str) -> Result<(), WeightsError> {
        match self.take(from) {
            Ok(tensor) => self.insert(NamedTensor { name: to.to_owned(), ..tensor }),
            Err(_) => Ok(()),
        }
    }

    /// Renames a convolution's kernel and turns it from TensorFlow's rows, columns, in, out to out, in, rows, columns.
    fn rename_kernel(&mut self, from: &str, to: &str) -> Result<(), WeightsError> {
        let Ok(tensor) = self.take(from) else { return Ok(()) };
        let [rows, columns, inputs, outputs] = tensor.shape[..] else {
            return Err(WeightsError::WrongShape {
                name: from.to_owned(),
                found: tensor.shape,
                wanted: "rows, columns, in, out".into(),
            });
        };
        let places = rows * columns;
        let mut data = Vec::with_capacity(tensor.data.len());
        for output in 0..outputs {
            for input in 0..inputs {
                data.extend((0..places).map(|place| tensor.data[(place * inputs + input) * outputs + output]));
            }
        }
        self.insert(NamedTensor::new(to, vec![outputs, inputs, rows, columns], data)?)
    }

    /// Takes out a constant of the graph that is no parameter and insists on its value.
    fn expect_scalar(&mut self, name: &str, value: f32) -> Result<(), WeightsError> {
        const TOLERANCE: f32 = 1e-6;
        let tensor = self.take(name)?;
        match tensor.data[..] {
            [found] if (found - value).abs() <= TOLERANCE => Ok(()),
            _ => Err(WeightsError::WrongShape {
                name: name.to_owned(),
                found: tensor.shape,
                wanted: format!("the one value {value}"),
            }),
        }
    }
}
