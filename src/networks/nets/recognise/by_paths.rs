//! Files that name their tensors by the paths of our parameters, written by another tool or without a card.

use std::collections::BTreeSet;

use burn::tensor::Device;

use super::{PreprocessingSource, RecogniseError, Recognised};
use crate::networks::nets::catalogue::{self, NetOptions, VARIANTS, Variant};
use crate::networks::weights::{Format, NamedTensor, TensorFile, WeightsError};

/// PyTorch's habits undone: batch norm's scale and shift called weight and bias, PReLU's slopes weight, linear layers
/// stored as outputs × inputs.
pub(crate) fn in_our_terms(file: TensorFile, format: Format) -> Result<TensorFile, WeightsError> {
    if format != Format::PyTorch {
        return Ok(file);
    }
    let mut ours = TensorFile::default();
    let mut matrices = Vec::new();
    for tensor in file.iter() {
        let (layer, part) = tensor.name.rsplit_once('.').unwrap_or(("", &tensor.name));
        let is_norm = file.get(&format!("{layer}.running_mean")).is_some();
        let part = match part {
            "weight" if is_norm => "gamma",
            "bias" if is_norm => "beta",
            "weight" if layer.ends_with("prelu") || layer.ends_with("slope") => "alpha",
            part => part,
        };
        let name = if layer.is_empty() { part.to_owned() } else { format!("{layer}.{part}") };
        if part == "weight" && tensor.shape.len() == 2 {
            matrices.push(name.clone());
        }
        ours.insert(NamedTensor { name, ..tensor.clone() })?;
    }
    matrices.iter().try_for_each(|name| ours.transpose(name))?;
    Ok(ours)
}

/// The one variant whose parameters these are.
pub fn find(file: TensorFile, format: Format) -> Result<Recognised, RecogniseError> {
    let fitting: Vec<(&Variant, NetOptions)> = VARIANTS.iter().filter_map(|v| Some((v, options(&file, v)?))).collect();
    match &fitting[..] {
        [] => {
            let examples = file.names().take(3).collect::<Vec<_>>().join(", ");
            Err(RecogniseError::UnknownNetwork { format, count: file.len(), examples })
        }
        [(variant, options)] => recognised(file, variant, options),
        several => Err(RecogniseError::Ambiguous(several.iter().map(|(variant, _)| variant.name).collect())),
    }
}

/// As that variant, whether it fits or not: filling the network names what does not.
pub(crate) fn of_variant(file: TensorFile, variant: &Variant) -> Result<Recognised, RecogniseError> {
    let options = options(&file, variant).unwrap_or_default();
    recognised(file, variant, &options)
}

fn recognised(tensors: TensorFile, variant: &Variant, options: &NetOptions) -> Result<Recognised, RecogniseError> {
    let card = catalogue::card(variant.name, options)?;
    Ok(Recognised { card, tensors, preprocessing_from: PreprocessingSource::Catalogue })
}

/// Embedding size and batch norm with which the variant has exactly these parameters, of these shapes.
fn options(file: &TensorFile, variant: &Variant) -> Option<NetOptions> {
    let names: BTreeSet<&str> = file.names().collect();
    [true, false].into_iter().find_map(|batch_norm| {
        let mut options = NetOptions { batch_norm: Some(batch_norm), ..Default::default() };
        let parameters = catalogue::build(variant.name, &options, &Device::flex()).ok()?.parameters();
        if parameters.iter().map(|(path, _)| path.as_str()).collect::<BTreeSet<_>>() != names {
            return None;
        }
        // The last parameter is the embedding's bias or norm.
        let (last, _) = parameters.last()?;
        options.embedding_size = file.get(last)?.shape.last().copied();
        let parameters = catalogue::build(variant.name, &options, &Device::flex()).ok()?.parameters();
        let fits = |(path, shape): &(String, Vec<usize>)| file.get(path).is_some_and(|tensor| tensor.shape == *shape);
        parameters.iter().all(fits).then_some(options)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::weights::collect;

    fn tensors(name: &str, options: &NetOptions) -> TensorFile {
        collect(&catalogue::build(name, options, &Device::flex()).unwrap()).unwrap()
    }

    #[test]
    fn a_network_is_told_by_its_parameters() {
        let options = NetOptions { embedding_size: Some(32), ..Default::default() };
        let found = find(tensors("mobilefacenet", &options), Format::SafeTensors).unwrap();
        assert_eq!((found.card.architecture.as_str(), found.card.dimensions), ("mobilefacenet", 32));
        assert_eq!(found.preprocessing_from, PreprocessingSource::Catalogue);
        let other = TensorFile::default();
        assert!(matches!(find(other, Format::Onnx), Err(RecogniseError::UnknownNetwork { .. })));
    }

    /// NN3 is NN2 with a smaller input.
    #[test]
    fn two_networks_with_the_same_parameters_must_be_told_apart_by_the_user() {
        let file = tensors("nn3", &NetOptions::default());
        let error = find(file.clone(), Format::SafeTensors).unwrap_err();
        assert!(matches!(&error, RecogniseError::Ambiguous(names) if names[..] == ["nn2", "nn3"]), "{error}");
        let found = of_variant(file, catalogue::find("nn3").unwrap()).unwrap();
        assert_eq!(found.card.input.width, 160);
    }

    #[test]
    fn a_state_dict_in_our_names_is_turned_round() {
        let ours = tensors("likeness-small", &NetOptions::default());
        let mut theirs = ours.clone();
        theirs.transpose("linear.weight").unwrap();
        assert_eq!(in_our_terms(theirs, Format::PyTorch).unwrap(), ours);
        let norms = tensors("mobilefacenet", &NetOptions::default());
        let mut theirs = TensorFile::default();
        for tensor in norms.iter() {
            let name = tensor.name.replace(".gamma", ".weight").replace(".beta", ".bias").replace(".alpha", ".weight");
            theirs.insert(NamedTensor { name, ..tensor.clone() }).unwrap();
        }
        assert_eq!(in_our_terms(theirs, Format::PyTorch).unwrap(), norms);
    }
}
