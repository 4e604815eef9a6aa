//! Networks told by their parameters: files that name their tensors by our paths, or by PyTorch's habits on them, or that
//! a name table brought there.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use burn::tensor::Device;

use super::{PreprocessingSource, RecogniseError, Recognised};
use crate::networks::nets::blocks::MapShape;
use crate::networks::nets::catalogue::{self, Architecture, NetOptions, VARIANTS, Variant};
use crate::networks::weights::fit::{Habit, ParameterFit, WantedParameter};
use crate::networks::weights::names::{common_prefix, is_head, is_secondary, prefixes};
use crate::networks::weights::{Format, Mismatch, ModelCard, TensorFile, WeightsError, some_of};
use crate::types::counted;

/// A variant that a file has, and where.
pub(super) struct Match {
    pub variant: &'static Variant,
    pub prefix: String,
    options: NetOptions,
}

/// Every variant whose parameters are all there, under whatever prefix, with nothing beside them but a classifier.
pub(super) fn find(file: &TensorFile, habit: Habit) -> Vec<Match> {
    let mut found: Vec<Match> = Vec::new();
    for (variant, options, parameters) in outlines() {
        for prefix in places(file, parameters) {
            let known = |found: &Match| found.variant.name == variant.name && found.prefix == prefix;
            if found.iter().any(known) {
                continue;
            }
            let Some(options) = sized(file, &prefix, variant, *options, parameters) else { continue };
            let Some(parameters) = self::parameters(variant, &options) else { continue };
            if ParameterFit::find(file, &prefix, &parameters, habit).is_whole(is_head) {
                found.push(Match { variant, prefix, options });
            }
        }
    }
    found
}

/// Every variant with batch norms and without, and its parameters: made once.
fn outlines() -> &'static [(&'static Variant, NetOptions, Vec<WantedParameter>)] {
    static OUTLINES: OnceLock<Vec<(&'static Variant, NetOptions, Vec<WantedParameter>)>> = OnceLock::new();
    OUTLINES.get_or_init(|| {
        let both = VARIANTS.iter().flat_map(|variant| [true, false].map(|batch_norm| (variant, batch_norm)));
        both.filter_map(|(variant, batch_norm)| {
            let options = NetOptions { batch_norm: Some(batch_norm), ..Default::default() };
            Some((variant, options, parameters(variant, &options)?))
        })
        .collect()
    })
}

/// Of several places of one variant those that are no averages or teachers, where there are such.
pub(super) fn preferred(mut found: Vec<Match>) -> Vec<Match> {
    if found.iter().any(|found| !is_secondary(&found.prefix)) {
        found.retain(|found| !is_secondary(&found.prefix));
    }
    found
}

fn parameters(variant: &Variant, options: &NetOptions) -> Option<Vec<WantedParameter>> {
    Some(catalogue::build(variant.name, options, &Device::flex()).ok()?.parameters())
}

/// Where both the first and the last parameter are.
fn places(file: &TensorFile, parameters: &[WantedParameter]) -> Vec<String> {
    let ends = [parameters.first(), parameters.last()];
    let [Some(first), Some(last)] = ends.map(|end| end.map(|end| places_of(file, end))) else { return Vec::new() };
    first.into_iter().filter(|prefix| last.contains(prefix)).collect()
}

fn places_of(file: &TensorFile, (path, _): &WantedParameter) -> Vec<String> {
    crate::networks::weights::fit::aliases(path).flat_map(|alias| prefixes(file, &alias)).collect()
}

/// With the embedding that the last parameter has, which is the embedding's bias or norm, and for a network with one
/// linear layer on its last map the input whose map that layer takes.
fn sized(
    file: &TensorFile,
    prefix: &str,
    variant: &Variant,
    options: NetOptions,
    parameters: &[WantedParameter],
) -> Option<NetOptions> {
    let shape_of = |path: &str| {
        let mut names = crate::networks::weights::fit::aliases(path).map(|alias| format!("{prefix}{alias}"));
        names.find_map(|name| file.get(&name)).map(|tensor| tensor.shape.clone())
    };
    let embedding_size = shape_of(&parameters.last()?.0)?.iter().copied().max();
    let mut options = NetOptions { embedding_size, ..options };
    if let Architecture::IResNet(_) = variant.architecture {
        let values = shape_of("fc.weight")?.iter().product::<usize>() / embedding_size?.max(1);
        options.input = input_of(variant, values);
    }
    Some(options)
}

/// The square input after which so many values are left, if it is none of the variant's own.
fn input_of(variant: &Variant, values: usize) -> Option<[usize; 2]> {
    const SIDES: [usize; 5] = [112, 224, 128, 96, 160];
    let own = |side: usize| {
        let shape = MapShape::new(512, side.div_ceil(16), side.div_ceil(16));
        shape.values() == values
    };
    SIDES.into_iter().find(|side| own(*side)).filter(|side| *side != variant.input[0]).map(|side| [side; 2])
}

/// The file as that match says.
pub(super) fn recognised(file: &TensorFile, found: &Match, habit: Habit) -> Result<Recognised, RecogniseError> {
    let parameters = parameters(found.variant, &found.options).unwrap_or_default();
    let fit = ParameterFit::find(file, &found.prefix, &parameters, habit);
    let heads = fit.left().iter().filter(|name| is_head(name)).count();
    let tensors = fit.tensors(file, is_head).map_err(|error| misfit(found.variant, error))?;
    let mut notes = Vec::new();
    if heads > 0 {
        notes.push(format!("Left out: {} of the training's classifier", counted(heads, "tensor", "tensors")));
    }
    let card = catalogue::card(found.variant.name, &found.options)?;
    Ok(Recognised { card, tensors, preprocessing_from: source(found.variant), notes })
}

/// With the network's name, where that is not known to the error.
fn misfit(variant: &Variant, error: WeightsError) -> RecogniseError {
    match error {
        WeightsError::Mismatch(mismatch) => RecogniseError::Misfit { network: variant.name, mismatch },
        other => other.into(),
    }
}

/// The network of a card, where the tensors are its parameters.
pub(super) fn checked(card: &ModelCard, tensors: &TensorFile) -> Result<(), RecogniseError> {
    let parameters = catalogue::build_as(card, &Device::flex())?.parameters();
    let mismatch = ParameterFit::find(tensors, "", &parameters, Habit::Ours).mismatch(|_| false);
    match mismatch == Mismatch::default() {
        true => Ok(()),
        false => Err(misfit(catalogue::find(&card.architecture)?, WeightsError::Mismatch(mismatch))),
    }
}

/// Of a network whose files all come from one release, that release's input is known.
fn source(variant: &Variant) -> PreprocessingSource {
    match variant.architecture {
        Architecture::InceptionResnetV1 | Architecture::Nn4Small2 | Architecture::SFace | Architecture::IResNet(_) => {
            PreprocessingSource::Release
        }
        _ => PreprocessingSource::Catalogue,
    }
}

/// The variant that a file has nearly whole, and what keeps it from fitting; none where too much does.
pub(super) fn nearest(file: &TensorFile, habit: Habit) -> Option<(&'static str, Mismatch)> {
    let shared = common_prefix(file);
    let mut best: Option<(usize, &'static str, Mismatch)> = None;
    for (variant, options, parameters) in outlines().iter().filter(|_| file.len() <= TENSORS_AT_MOST) {
        let ends = [parameters.first(), parameters.last()].into_iter().flatten();
        let places: BTreeSet<String> = ends.flat_map(|end| places_of(file, end)).chain([shared.to_owned()]).collect();
        for prefix in places {
            let options = sized(file, &prefix, variant, *options, parameters).unwrap_or(*options);
            let Some(parameters) = self::parameters(variant, &options) else { continue };
            let mismatch = ParameterFit::find(file, &prefix, &parameters, habit).mismatch(is_head);
            let off = mismatch.count();
            let is_near = off * NEAR <= parameters.len();
            if is_near && best.as_ref().is_none_or(|(least, ..)| off < *least) {
                best = Some((off, variant.name, mismatch));
            }
        }
    }
    best.map(|(_, name, mismatch)| (name, mismatch))
}

/// The one variant of which a file has some parameters and nothing else, as where a network was saved in several files.
pub(super) fn part(file: &TensorFile, habit: Habit) -> Option<RecogniseError> {
    let shared = common_prefix(file);
    let ends = shared.match_indices(['.', '/']).map(|(at, _)| at + 1).take(WRAPPERS_AT_MOST);
    let prefixes: Vec<&str> = std::iter::once(0).chain(ends).map(|end| &shared[..end]).collect();
    let mut best: Option<(usize, Vec<(&'static str, usize, Mismatch)>)> = None;
    for (variant, _, parameters) in outlines().iter().filter(|_| file.len() <= TENSORS_AT_MOST) {
        for prefix in &prefixes {
            let fit = ParameterFit::find(file, prefix, parameters, habit);
            let (has, mismatch) = (fit.count(), fit.mismatch(is_head));
            if has == 0 || has + mismatch.missing.len() < parameters.len() || !mismatch.extra.is_empty() {
                continue;
            }
            let of = (variant.name, parameters.len(), mismatch);
            match &mut best {
                Some((most, found)) if has == *most => found.push(of),
                Some((most, _)) if has < *most => {}
                _ => best = Some((has, vec![of])),
            }
        }
    }
    let (has, mut found) = best?;
    found.dedup_by_key(|(network, ..)| *network);
    let [(network, of, mismatch)] = &found[..] else { return None };
    Some(RecogniseError::Part { network, has, of: *of, missing: some_of(&mismatch.missing) })
}

/// What stands before a network's own names: each beginning that all names share is held against every network.
const WRAPPERS_AT_MOST: usize = 8;

/// Each is held against every network.
const TENSORS_AT_MOST: usize = 1 << 12;

/// One of so many parameters may be amiss in a file that is told as one network's.
const NEAR: usize = 5;

/// As that variant, whether it fits or not: where most of its parameters are. What does not fit is named.
pub(super) fn of_variant(
    file: &TensorFile,
    variant: &'static Variant,
    habit: Habit,
) -> Result<(Recognised, String), RecogniseError> {
    let mut best: Option<(usize, Match)> = None;
    for batch_norm in [variant.batch_norm, !variant.batch_norm] {
        let options = NetOptions { batch_norm: Some(batch_norm), ..Default::default() };
        let Some(parameters) = parameters(variant, &options) else { continue };
        let places = parameters.first().map_or(Vec::new(), |first| places_of(file, first));
        for prefix in places.into_iter().chain([String::new()]) {
            let options = sized(file, &prefix, variant, options, &parameters).unwrap_or(options);
            let Some(parameters) = self::parameters(variant, &options) else { continue };
            let count = ParameterFit::find(file, &prefix, &parameters, habit).count();
            if best.as_ref().is_none_or(|(most, _)| count > *most) {
                best = Some((count, Match { variant, prefix, options }));
            }
        }
    }
    let Some((_, found)) = best else { return Err(super::unknown(file, Format::PyTorch)) };
    Ok((recognised(file, &found, habit)?, found.prefix))
}

#[cfg(test)]
mod tests;
