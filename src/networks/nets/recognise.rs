//! From a weight file to the network it belongs to, whatever tool wrote it.
//!
//! A file of ours says what it is. Others are told by their tensors' names: SFace's ONNX file, OpenFace's nn4.small2,
//! and Inception-ResNet-v1 in the layouts of davidsandberg/facenet's frozen graph (batch norm already folded), of the
//! Keras port of its checkpoints and of facenet-pytorch's state dict. Whatever the source, the result is the same: a
//! [`ModelCard`] and tensors under our parameters' paths, which is what our own format holds.
//!
//! `tests/parity/facenet_reference.py` runs the published FaceNet files in an independent runtime, to compare with.

mod by_paths;

use burn::tensor::Device;

use super::Net;
use super::catalogue::{self, CatalogueError, NetOptions};
use super::sface::SFace;
use crate::networks::weights::{Format, ModelCard, TensorFile, WeightsError, collect, fill, read_card, remap};
use crate::types::PixelScaling;

/// What a weight file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognised {
    pub(crate) card: ModelCard,
    /// By the paths of the network's parameters.
    pub tensors: TensorFile,
    pub(crate) preprocessing_from: PreprocessingSource,
}

/// Who says how pictures are cut and scaled for the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PreprocessingSource {
    File,
    /// It is what the release that this file is in the form of was trained with.
    Release,
    /// Nobody does: it is the catalogue's, and may be wrong.
    Catalogue,
}

/// Why a file was not recognised, or did not fill its network.
#[derive(Debug, thiserror::Error)]
pub enum RecogniseError {
    #[error("this is no weight file that can be read: PyTorch, SafeTensors, ONNX, frozen TensorFlow graph, Keras HDF5")]
    UnknownFormat,
    #[error("the {count} tensors of this {format} file ({examples}, …) are those of no network that is known")]
    UnknownNetwork { format: Format, count: usize, examples: String },
    #[error("the tensors of this file fit {}: it must be said which it is", .0.join(" and "))]
    Ambiguous(Vec<&'static str>),
    #[error(transparent)]
    Weights(#[from] WeightsError),
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

impl Recognised {
    /// The network with its weights; every tensor must fit and be used.
    pub fn net(&self, device: &Device) -> Result<Net, RecogniseError> {
        Ok(fill(catalogue::build_as(&self.card, device)?, &self.tensors, str::to_owned)?)
    }
}

/// Reads a file and tells the network by its tensors.
pub fn recognise(bytes: &[u8]) -> Result<Recognised, RecogniseError> {
    let format = Format::of(bytes).ok_or(RecogniseError::UnknownFormat)?;
    let card = if format == Format::SafeTensors { read_card(bytes)? } else { None };
    let tensors = format.read(bytes)?;
    match card {
        Some(card) => Ok(Recognised { card, tensors, preprocessing_from: PreprocessingSource::File }),
        None => by_names(tensors, format),
    }
}

/// Reads a file for the network of that name: one of the published layouts if that network has one, else tensors under
/// our parameters' paths.
pub(crate) fn recognise_as(bytes: &[u8], name: &str) -> Result<Recognised, RecogniseError> {
    let variant = catalogue::find(name)?;
    match recognise(bytes) {
        Ok(found) if found.card.architecture == variant.name => return Ok(found),
        Ok(_) | Err(RecogniseError::UnknownNetwork { .. } | RecogniseError::Ambiguous(_)) => {}
        Err(other) => return Err(other),
    }
    let format = Format::of(bytes).ok_or(RecogniseError::UnknownFormat)?;
    by_paths::of_variant(by_paths::in_our_terms(format.read(bytes)?, format)?, variant)
}

fn by_names(file: TensorFile, format: Format) -> Result<Recognised, RecogniseError> {
    let has = |beginning: &str| file.names().any(|name| name.starts_with(beginning));
    if has("pre_fc1_weight") {
        sface(file)
    } else if has("incept3a.") {
        nn4_small2(file, format)
    } else if ["InceptionResnetV1/", "Conv2d_1a_3x3/", "conv2d_1a."].into_iter().any(has) {
        facenet(file, format)
    } else {
        by_paths::find(by_paths::in_our_terms(file, format)?, format)
    }
}

fn sface(file: TensorFile) -> Result<Recognised, RecogniseError> {
    let net = SFace::from_onnx(file, &Device::flex())?;
    Ok(Recognised {
        card: catalogue::card("sface", &NetOptions::default())?,
        tensors: collect(&net)?,
        preprocessing_from: PreprocessingSource::Release,
    })
}

/// Per-image standardisation for the Keras port, which has its checkpoint's; a fixed one for the others.
fn facenet(file: TensorFile, format: Format) -> Result<Recognised, RecogniseError> {
    let tensors = match format {
        Format::FrozenGraph => remap::inception_resnet_v1::from_graph(file)?,
        Format::KerasHdf5 => remap::inception_resnet_v1::from_keras(file)?,
        Format::PyTorch => remap::inception_resnet_v1::from_pytorch(file)?,
        Format::SafeTensors | Format::Onnx => file,
    };
    let batch_norm = Some(tensors.get("conv2d_1a.bn.beta").is_some());
    let embedding_size = Some(length(&tensors, "last_bn.beta")?);
    let options = NetOptions { embedding_size, batch_norm, ..Default::default() };
    let mut card = catalogue::card("inception-resnet-v1", &options)?;
    if format == Format::KerasHdf5 {
        card.input.scaling = PixelScaling::PerImage;
    }
    Ok(Recognised { card, tensors, preprocessing_from: PreprocessingSource::Release })
}

fn nn4_small2(file: TensorFile, format: Format) -> Result<Recognised, RecogniseError> {
    let tensors = if format == Format::PyTorch { remap::openface::from_pytorch(file)? } else { file };
    let embedding_size = Some(length(&tensors, "ln.bias")?);
    let card = catalogue::card("nn4.small2", &NetOptions { embedding_size, ..Default::default() })?;
    Ok(Recognised { card, tensors, preprocessing_from: PreprocessingSource::Release })
}

fn length(file: &TensorFile, name: &str) -> Result<usize, WeightsError> {
    let tensor = file.get(name).ok_or_else(|| WeightsError::NotFound { name: name.to_owned() })?;
    Ok(tensor.data.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::weights::NamedTensor;

    /// State dicts name batch norm's scale and shift as they name a layer's weight and bias.
    fn norm_names(name: &str) -> String {
        name.replace(".gamma", ".weight").replace(".beta", ".bias")
    }

    fn renamed(file: &TensorFile, rename: impl Fn(&str) -> String) -> TensorFile {
        let mut renamed_file = TensorFile::default();
        for tensor in file.iter() {
            renamed_file.insert(NamedTensor { name: rename(&tensor.name), ..tensor.clone() }).unwrap();
        }
        renamed_file
    }

    /// facenet-pytorch's names, from ours; the counts are those of its state dict.
    #[test]
    fn fills_from_facenet_pytorchs_layout() {
        let device = Device::flex();
        let net = catalogue::build("inception-resnet-v1", &NetOptions::default(), &device).unwrap();
        let ours = collect(&net).unwrap();
        let mut theirs = renamed(&ours, norm_names);
        theirs.transpose("last_linear.weight").unwrap();
        // 714 entries, of which 112 count steps.
        assert_eq!(theirs.len(), 714 - 112);
        for (name, shape) in [
            ("repeat_1.4.branch2.2.conv.weight", vec![32, 32, 3, 3]),
            ("repeat_2.9.branch1.1.conv.weight", vec![128, 128, 1, 7]),
            ("mixed_6a.branch0.bn.running_var", vec![384]),
            ("mixed_7a.branch0.0.conv.weight", vec![256, 896, 1, 1]),
            ("block8.conv2d.bias", vec![1792]),
            ("last_linear.weight", vec![512, 1792]),
            ("last_bn.weight", vec![512]),
        ] {
            assert_eq!(theirs.get(name).unwrap().shape, shape, "{name}");
        }
        theirs.insert(NamedTensor::new("logits.bias", vec![2], vec![0.0; 2]).unwrap()).unwrap();
        let found = by_names(theirs, Format::PyTorch).unwrap();
        assert_eq!((found.card.architecture.as_str(), found.card.dimensions), ("inception-resnet-v1", 512));
        assert_eq!(collect(&found.net(&device).unwrap()).unwrap(), ours);
    }

    /// OpenFace's numbers within a branch: convolution 0, norm 1, ReLU 2, convolution 3, norm 4; behind a pooling 1, 2.
    #[test]
    fn fills_from_openfaces_layout() {
        let device = Device::flex();
        let net = catalogue::build("nn4.small2", &NetOptions::default(), &device).unwrap();
        let ours = collect(&net).unwrap();
        let mut theirs = renamed(&ours, |name| {
            let parts: Vec<&str> = name.split('.').collect();
            match parts[..] {
                [module, "branches", branch, unit, layer, part] => {
                    let pooled = if module.starts_with("incept5") { "1" } else { "2" };
                    let first = if branch == pooled { 1 } else { 3 * unit.parse::<usize>().unwrap() };
                    let number = if layer == "conv" { first } else { first + 1 };
                    norm_names(&format!("{module}.branches.{branch}.{number}.{part}"))
                }
                [conv, "conv", part] => format!("{conv}.{part}"),
                [conv, "bn", part] => norm_names(&format!("{}.{part}", conv.replace("conv", "bn"))),
                _ => name.to_owned(),
            }
        });
        theirs.transpose("ln.weight").unwrap();
        assert_eq!(theirs.get("incept3a.branches.0.3.weight").unwrap().shape, [128, 96, 3, 3]);
        assert_eq!(theirs.get("incept5a.branches.2.0.weight").unwrap().shape, [256, 1024, 1, 1]);
        assert_eq!(theirs.get("bn3.running_mean").unwrap().shape, [192]);
        let found = by_names(theirs, Format::PyTorch).unwrap();
        assert_eq!((found.card.architecture.as_str(), found.card.dimensions), ("nn4.small2", 128));
        assert_eq!(collect(&found.net(&device).unwrap()).unwrap(), ours);
    }
}
