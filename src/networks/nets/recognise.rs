//! From a weight file to the network it belongs to, whatever tool wrote it.
//!
//! A file of ours says what it is. Others are told by their tensors: where names are not ours, a name table brings them
//! there (SFace's ONNX file, OpenFace's nn4.small2, Inception-ResNet-v1 in the layouts of davidsandberg/facenet's frozen
//! graph and of the Keras port of its checkpoints, IResNet in those of its trainers and in ONNX exports); then names and
//! shapes are held against every network of the catalogue, under whatever prefix the file has. Whatever the source, the
//! result is the same: a [`ModelCard`] and tensors under our parameters' paths, which is what our own format holds.
//!
//! `tests/parity/facenet_reference.py` runs the published FaceNet files in an independent runtime, to compare with.

mod by_paths;
mod tables;

use burn::tensor::Device;

use super::Net;
use super::catalogue::{self, CatalogueError};
use crate::networks::weights::fit::Habit;
use crate::networks::weights::names::{beside, common_prefix, unwrapped};
use crate::networks::weights::{
    Format, Mismatch, ModelCard, TensorFile, WeightFile, WeightsError, fill, is_of_torch, read_card,
};

/// What a weight file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognised {
    pub(crate) card: ModelCard,
    /// By the paths of the network's parameters.
    pub tensors: TensorFile,
    pub(crate) preprocessing_from: PreprocessingSource,
    /// What was taken off names, and what was left out: for the user to know.
    pub(crate) notes: Vec<String>,
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
    #[error("the tensors of this {format} file, {count} ({examples}), are those of no network that is known")]
    UnknownNetwork { format: Format, count: usize, examples: String },
    #[error("the tensors of this file are nearly those of {network}, and do not fit it: {mismatch}")]
    Nearly { network: &'static str, mismatch: Mismatch },
    #[error(
        "this file has {has} of the {of} tensors of {network}, and no other. Missing are {missing}: is it one of several files?"
    )]
    Part { network: &'static str, has: usize, of: usize, missing: String },
    #[error("the tensors of this file are called as those of {network}, and do not fit it: {mismatch}")]
    Misfit { network: &'static str, mismatch: Mismatch },
    #[error("the tensors of this file fit {}: it must be said which it is", .0.join(" and "))]
    Ambiguous(Vec<&'static str>),
    #[error("the file holds several networks, under {}: save the one that is wanted alone", .0.join(" and "))]
    Several(Vec<String>),
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
    let (file, habit) = match read(bytes)? {
        Read::Ours(found) => return Ok(found),
        Read::Other(file, habit) => (file, habit),
    };
    recognised(&file, habit)
}

fn recognised(file: &WeightFile, habit: Habit) -> Result<Recognised, RecogniseError> {
    bare_or_unwrapped(file, |file| match tables::find(file)? {
        Some(found) => Ok(found),
        None => by_names(file, habit),
    })
}

/// Reads a file for the network of that name: one of the published layouts if that network has one, else tensors under
/// our parameters' paths.
pub(crate) fn recognise_as(bytes: &[u8], name: &str) -> Result<Recognised, RecogniseError> {
    let variant = catalogue::find(name)?;
    match recognise(bytes) {
        Ok(found) if found.card.architecture == variant.name => return Ok(found),
        // Its layout is known, and the tensors are told by their names there.
        Err(RecogniseError::Misfit { network, mismatch }) if network == variant.name => {
            return Err(RecogniseError::Misfit { network, mismatch });
        }
        Ok(_)
        | Err(
            RecogniseError::UnknownNetwork { .. }
            | RecogniseError::Nearly { .. }
            | RecogniseError::Part { .. }
            | RecogniseError::Misfit { .. }
            | RecogniseError::Ambiguous(_),
        ) => {}
        Err(other) => return Err(other),
    }
    let Read::Other(file, habit) = read(bytes)? else {
        return Err(WeightsError::Malformed {
            format: "of that network",
            reason: "its own card names another".to_owned(),
        }
        .into());
    };
    bare_or_unwrapped(&file, |file| {
        let (found, prefix) = by_paths::of_variant(&file.tensors, variant, habit)?;
        Ok(told(found, &file.tensors, &prefix))
    })
}

/// What is found in the file as it is; else in what is left of its names without wrappers' words between them.
fn bare_or_unwrapped(
    file: &WeightFile,
    find: impl Fn(&WeightFile) -> Result<Recognised, RecogniseError>,
) -> Result<Recognised, RecogniseError> {
    let error = match find(file) {
        Ok(found) => return Ok(found),
        Err(error) => error,
    };
    let Some((tensors, words)) = unwrapped(&file.tensors) else { return Err(error) };
    match find(&WeightFile { format: file.format, tensors, graph: None }) {
        Ok(mut found) => {
            found.notes.insert(0, format!("Taken out of the names of the tensors: {}", words.join(", ")));
            Ok(found)
        }
        Err(_) => Err(error),
    }
}

enum Read {
    Ours(Recognised),
    Other(WeightFile, Habit),
}

fn read(bytes: &[u8]) -> Result<Read, RecogniseError> {
    let file = WeightFile::read(bytes)?;
    let card = if file.format == Format::SafeTensors { read_card(bytes)? } else { None };
    if let Some(card) = card {
        file.tensors.check_finite()?;
        let (tensors, preprocessing_from) = (file.tensors, PreprocessingSource::File);
        return Ok(Read::Ours(Recognised { card, tensors, preprocessing_from, notes: Vec::new() }));
    }
    let habit = match file.format {
        Format::PyTorch | Format::Onnx => Habit::Torch,
        Format::SafeTensors if is_of_torch(bytes) => Habit::Torch,
        Format::SafeTensors => Habit::Ours,
        Format::FrozenGraph | Format::SavedModel | Format::KerasHdf5 | Format::KerasArchive => Habit::TensorFlow,
    };
    Ok(Read::Other(file, habit))
}

/// The one variant, at the one place, whose parameters the file has.
fn by_names(file: &WeightFile, habit: Habit) -> Result<Recognised, RecogniseError> {
    let found = by_paths::preferred(by_paths::find(&file.tensors, habit));
    let Some(first) = found.first() else { return Err(unrecognised(file, habit)) };
    let mut names: Vec<&'static str> = found.iter().map(|found| found.variant.name).collect();
    names.dedup();
    if names.len() > 1 {
        return Err(RecogniseError::Ambiguous(names));
    }
    if found.len() > 1 {
        return Err(RecogniseError::Several(found.iter().map(|found| found.prefix.clone()).collect()));
    }
    let recognised = by_paths::recognised(&file.tensors, first, habit)?;
    Ok(told(recognised, &file.tensors, &first.prefix))
}

/// With what was done to the file's names, and what stands beside the network.
fn told(mut found: Recognised, file: &TensorFile, prefix: &str) -> Recognised {
    if !prefix.is_empty() {
        found.notes.insert(0, format!("Taken off the names of the tensors: {prefix}"));
    }
    let beside = beside(file, prefix);
    if !beside.is_empty() {
        let parts: Vec<String> = beside.iter().map(|(part, count)| format!("{part} ({count})")).collect();
        found.notes.push(format!("Left out, for it is no part of the network: {}", parts.join(", ")));
    }
    found
}

/// Spoilt and unread values are told before anything else.
fn unrecognised(file: &WeightFile, habit: Habit) -> RecogniseError {
    if let Err(error) = file.tensors.check_finite() {
        return error.into();
    }
    if let Some(error) = file.tensors.first_unread_weight() {
        return error.into();
    }
    match by_paths::nearest(&file.tensors, habit) {
        Some((network, mismatch)) => RecogniseError::Nearly { network, mismatch },
        None => by_paths::part(&file.tensors, habit).unwrap_or_else(|| unknown(&file.tensors, file.format)),
    }
}

fn unknown(file: &TensorFile, format: Format) -> RecogniseError {
    const SHOWN: usize = 3;
    let prefix = common_prefix(file);
    let mut examples =
        file.names().take(SHOWN).map(|name| &name[prefix.len().min(name.len())..]).collect::<Vec<_>>().join(", ");
    if file.len() > SHOWN {
        examples.push_str(", …");
    }
    if !prefix.is_empty() {
        examples.push_str(&format!("; all begin with {prefix}"));
    }
    let is_numbered = |name: &str| name.starts_with("layers/") && name.contains("/vars/");
    if format == Format::KerasHdf5 && file.names().any(is_numbered) {
        examples.push_str(
            "; Keras 3's weights alone call layers by numbers: save the whole model as .keras, and import that",
        );
    }
    RecogniseError::UnknownNetwork { format, count: file.len(), examples }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::nets::catalogue::NetOptions;
    use crate::networks::weights::{NamedTensor, collect};

    fn by_names(tensors: TensorFile, format: Format) -> Result<Recognised, RecogniseError> {
        let file = WeightFile { format, tensors, graph: None };
        match tables::find(&file)? {
            Some(found) => Ok(found),
            None => super::by_names(&file, Habit::Torch),
        }
    }

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
