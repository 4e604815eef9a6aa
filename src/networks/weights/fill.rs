//! From tensors by name to the parameters of a network, and back.
//!
//! A parameter's path is the chain of field names that leads to it (`rows.3.pointwise.conv.weight`), as Burn's derived
//! modules report it; running statistics of batch norm count as parameters here.

use std::collections::BTreeSet;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

use super::shape::sides;
use super::{Mismatch, NamedTensor, TensorFile, WeightsError, keep_path};

/// Fills every parameter of `module` with the tensor of `source` that `tensor_for` names for its path.
///
/// The tensors go to the device that the parameters live on and keep the parameters' gradient setting.
/// Every parameter must be found, with its exact shape, and every tensor must be used.
pub fn fill<M: Module>(module: M, source: &TensorFile, tensor_for: impl Fn(&str) -> String) -> Result<M, WeightsError> {
    let mut filler = Filler { source, tensor_for, path: vec![], used: BTreeSet::new(), mismatch: Mismatch::default() };
    let module = module.map(&mut filler);
    let Filler { used, mut mismatch, .. } = filler;
    mismatch.extra = source.names().filter(|name| !used.contains(*name)).map(str::to_owned).collect();
    if mismatch.is_empty() { Ok(module) } else { Err(WeightsError::Mismatch(mismatch)) }
}

/// Reads every parameter of `module` back, named by its path.
pub fn collect<M: Module>(module: &M) -> Result<TensorFile, WeightsError> {
    let mut collector = Collector { path: vec![], result: Ok(TensorFile::default()) };
    // `valid` also settles the running statistics, which a plain visit may report one update late.
    module.valid().visit(&mut collector);
    collector.result
}

struct Filler<'a, F> {
    source: &'a TensorFile,
    tensor_for: F,
    path: Vec<String>,
    used: BTreeSet<String>,
    mismatch: Mismatch,
}

impl<F: Fn(&str) -> String> Filler<'_, F> {
    fn tensor_of_shape(&mut self, shape: &[usize]) -> Option<&NamedTensor> {
        let path = self.path.join(".");
        let name = (self.tensor_for)(&path);
        let Some(tensor) = self.source.get(&name) else {
            self.mismatch.missing.push(if name == path { path } else { format!("{name} for {path}") });
            return None;
        };
        self.used.insert(name);
        if tensor.shape != shape {
            let (found, wanted) = (sides(&tensor.shape), sides(shape));
            self.mismatch.misshaped.push(format!("{} is {found}, {path} {wanted}", tensor.name));
            return None;
        }
        Some(tensor)
    }
}

impl<F: Fn(&str) -> String> ModuleMapper for Filler<'_, F> {
    keep_path!();

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = param.lazy_shape();
        let Some(tensor) = self.tensor_of_shape(shape.as_slice()) else { return param };
        let data = TensorData::new(tensor.data.clone(), tensor.shape.clone());
        let (id, device) = (param.id, param.lazy_device());
        param.transform_for_load(Tensor::from_data(data, &device), id)
    }
}

struct Collector {
    path: Vec<String>,
    result: Result<TensorFile, WeightsError>,
}

impl ModuleVisitor for Collector {
    keep_path!();

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Ok(file) = &mut self.result else { return };
        let name = self.path.join(".");
        let tensor = param.transform_for_save().val();
        let shape = tensor.shape().as_slice().to_vec();
        let read = tensor.try_into_vec_as::<f32>();
        let read = read.map_err(|error| WeightsError::Unreadable { name: name.clone(), reason: error.to_string() });
        if let Err(error) = read.and_then(|data| file.insert(NamedTensor::new(name, shape, data)?)) {
            self.result = Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::conv::{Conv2d, Conv2dConfig};
    use burn::nn::{BatchNorm, BatchNormConfig};
    use burn::tensor::Device;

    use super::*;

    #[derive(Module, Debug)]
    struct Small {
        convs: Vec<Conv2d>,
        norm: BatchNorm,
    }

    fn small() -> Small {
        let device = Device::flex();
        let convs = (0..2).map(|_| Conv2dConfig::new([2, 2], [1, 1]).init(&device)).collect();
        Small { convs, norm: BatchNormConfig::new(2).init(&device) }
    }

    const PATHS: [&str; 8] = [
        "convs.0.bias",
        "convs.0.weight",
        "convs.1.bias",
        "convs.1.weight",
        "norm.beta",
        "norm.gamma",
        "norm.running_mean",
        "norm.running_var",
    ];

    #[test]
    fn what_is_collected_fills_another_network() {
        let tensors = collect(&small()).unwrap();
        assert_eq!(tensors.names().collect::<Vec<_>>(), PATHS);
        let filled = fill(small(), &tensors, str::to_owned).unwrap();
        assert_eq!(collect(&filled).unwrap(), tensors);
        assert_ne!(collect(&small()).unwrap(), tensors, "two random networks should differ");
    }

    #[test]
    fn names_are_mapped_from_the_parameters_path() {
        let mut renamed = TensorFile::default();
        for tensor in collect(&small()).unwrap().iter() {
            let name = format!("other/{}", tensor.name);
            renamed.insert(NamedTensor { name, ..tensor.clone() }).unwrap();
        }
        assert!(fill(small(), &renamed, |path| format!("other/{path}")).is_ok());
        assert!(fill(small(), &renamed, str::to_owned).is_err());
    }

    #[test]
    fn every_mismatch_is_named() {
        let mut tensors = collect(&small()).unwrap();
        tensors.take("norm.gamma").unwrap();
        tensors.flatten("convs.0.weight").unwrap();
        tensors.insert(NamedTensor::new("spare", vec![1], vec![0.0]).unwrap()).unwrap();
        let Err(WeightsError::Mismatch(mismatch)) = fill(small(), &tensors, str::to_owned) else {
            panic!("should not fit")
        };
        assert_eq!(mismatch.missing, ["norm.gamma"]);
        assert_eq!(mismatch.extra, ["spare"]);
        assert_eq!(mismatch.misshaped, ["convs.0.weight is a row of 4, convs.0.weight 2×2×1×1"]);
        let said = mismatch.to_string();
        assert!(said.starts_with("1 missing (norm.gamma); 1 not wanted (spare); 1 of another shape"), "{said}");
    }

    #[test]
    fn a_network_for_training_keeps_its_gradients() {
        let device = Device::flex().autodiff();
        let conv = Conv2dConfig::new([1, 1], [1, 1]).init(&device);
        let tensors = collect(&conv).unwrap();
        let filled = fill(conv, &tensors, str::to_owned).unwrap();
        assert!(filled.weight.val().is_require_grad());
    }
}
