//! IResNet in the layouts of its trainers' PyTorch files: InsightFace's and MagFace's (`conv1`, `layer1.0.bn1`), AdaFace's
//! and CurricularFace's (`input_layer`, `body.0.res_layer`).
//!
//! The last two have no convolution on the first shortcut, and CurricularFace's no norm behind a block's first
//! convolution. A convolution of ones on its diagonal and norms that change nothing stand in for them: the function is
//! the same.

use super::super::{NamedTensor, TensorFile, WeightsError};

/// Who trained a file of this body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
// Their names.
#[allow(clippy::enum_variant_names)]
pub(crate) enum Trainer {
    InsightFace,
    MagFace,
    AdaFace,
    CurricularFace,
}

impl Trainer {
    /// Of the batch norms.
    fn epsilon(self) -> f32 {
        if self == Self::MagFace { 2e-5 } else { EPSILON }
    }
}

/// Of our network's norms.
pub(super) const EPSILON: f32 = 1e-5;

/// A name that only InsightFace's and MagFace's files have, and one of the other two's.
pub(crate) const MARKER: &str = "layer1.0.prelu.weight";
pub(crate) const BODY_MARKER: &str = "body.0.res_layer.1.weight";

/// Layers of a unit in theirs, ours in the same order.
const UNITS: [(&str, &str); 7] = [
    ("conv1", "conv1.conv"),
    ("bn2", "conv1.bn"),
    ("prelu", "conv1.prelu"),
    ("conv2", "conv2.conv"),
    ("bn3", "conv2.bn"),
    ("downsample.0", "downsample.conv"),
    ("downsample.1", "downsample.bn"),
];
const STEM: [(&str, &str); 3] = [("conv1", "conv1.conv"), ("bn1", "conv1.bn"), ("prelu", "conv1.prelu")];

/// From InsightFace's state dict, or MagFace's, whose norms have another ε.
pub(crate) fn from_insightface(file: TensorFile, trainer: Trainer) -> Result<TensorFile, WeightsError> {
    let renamed = |name: &str| {
        let parts: Vec<&str> = name.splitn(3, '.').collect();
        Some(match parts[..] {
            [layer, number, rest] if layer.starts_with("layer") => {
                format!("{layer}.{number}.{}", renamed_part(rest, &UNITS))
            }
            _ => renamed_part(name, &STEM),
        })
    };
    with_our_epsilon(file.renamed(renamed)?, trainer.epsilon())
}

fn renamed_part(name: &str, table: &[(&str, &str)]) -> String {
    let known = table.iter().find_map(|(theirs, ours)| {
        let rest = name.strip_prefix(theirs)?.strip_prefix('.')?;
        Some(format!("{ours}.{rest}"))
    });
    known.unwrap_or_else(|| name.to_owned())
}

/// What is added to a variance before its root is taken must be the same sum.
pub(super) fn with_our_epsilon(file: TensorFile, epsilon: f32) -> Result<TensorFile, WeightsError> {
    if epsilon == EPSILON {
        return Ok(file);
    }
    let mut shifted = TensorFile::default();
    for tensor in file.iter() {
        let mut tensor = tensor.clone();
        if tensor.name.rsplit('.').next() == Some("running_var") {
            tensor.data.iter_mut().for_each(|variance| *variance += epsilon - EPSILON);
        }
        shifted.insert(tensor)?;
    }
    Ok(shifted)
}

/// From AdaFace's state dict or CurricularFace's, and whose it is; blocks of each stage say which unit is which.
pub(crate) fn from_body(file: TensorFile, depths: &[[usize; 4]]) -> Result<(TensorFile, Trainer), WeightsError> {
    let has_norm = file.get("body.0.res_layer.2.running_mean").is_some();
    let trainer = if has_norm { Trainer::AdaFace } else { Trainer::CurricularFace };
    let units = (0..).take_while(|unit| file.get(&format!("body.{unit}.res_layer.1.weight")).is_some()).count();
    let Some(stages) = depths.iter().find(|stages| stages.iter().sum::<usize>() == units) else {
        return Ok((file, trainer));
    };
    let places: Vec<String> = (1..)
        .zip(stages)
        .flat_map(|(stage, count)| (0..*count).map(move |index| format!("layer{stage}.{index}")))
        .collect();
    let linear =
        (1..8).find(|index| file.get(&format!("output_layer.{index}.weight")).is_some_and(|t| t.shape.len() == 2));
    let mut ours = file.renamed(|name| Some(body_name(name, &places, linear.unwrap_or(3), has_norm)))?;
    let first_of_stage = places.iter().filter(|place| place.ends_with(".0"));
    for place in first_of_stage {
        plain_shortcut(&mut ours, place)?;
    }
    for place in places.iter().filter(|_| !has_norm) {
        neutral_norm(&mut ours, &format!("{place}.conv1"), None)?;
    }
    without_affine(&mut ours, "features")?;
    Ok((ours, trainer))
}

fn body_name(name: &str, places: &[String], linear: usize, has_norm: bool) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    // Behind the first norm: convolution, norm where there is one, PReLU, convolution, norm.
    let with_norm = ["bn1", "conv1.conv", "conv1.bn", "conv1.prelu", "conv2.conv", "conv2.bn"];
    let without = ["bn1", "conv1.conv", "conv1.prelu", "conv2.conv", "conv2.bn"];
    let layers: &[&str] = if has_norm { &with_norm } else { &without };
    let number = |text: &str| text.parse::<usize>().ok();
    let ours = match parts[..] {
        ["input_layer", index, part] => {
            number(index).and_then(|index| STEM.get(index)).map(|(_, ours)| format!("{ours}.{part}"))
        }
        ["output_layer", index, part] => match number(index) {
            Some(0) => Some(format!("bn2.{part}")),
            Some(index) if index == linear => Some(format!("fc.{part}")),
            Some(index) if index == linear + 1 => Some(format!("features.{part}")),
            _ => None,
        },
        ["body", unit, layer, index, part] => {
            let place = number(unit).and_then(|unit| places.get(unit));
            let layer = match (layer, number(index)) {
                ("shortcut_layer", Some(0)) => Some("downsample.conv"),
                ("shortcut_layer", Some(1)) => Some("downsample.bn"),
                ("res_layer", Some(index)) => layers.get(index).copied(),
                _ => None,
            };
            place.zip(layer).map(|(place, layer)| format!("{place}.{layer}.{part}"))
        }
        _ => None,
    };
    ours.unwrap_or_else(|| name.to_owned())
}

/// Ones on the diagonal, and a norm that changes nothing, where a block's shortcut only takes every second pixel.
pub(super) fn plain_shortcut(file: &mut TensorFile, place: &str) -> Result<(), WeightsError> {
    let kernel = format!("{place}.downsample.conv.weight");
    let channels = file.get(&format!("{place}.bn1.running_mean")).map_or(0, |mean| mean.data.len());
    if file.get(&kernel).is_some() || channels == 0 {
        return Ok(());
    }
    let mut ones = vec![0.0; channels * channels];
    ones.iter_mut().step_by(channels + 1).for_each(|one| *one = 1.0);
    file.insert(NamedTensor::new(kernel, vec![channels, channels, 1, 1], ones)?)?;
    neutral_norm(file, &format!("{place}.downsample"), None)
}

/// A norm behind a unit's convolution that only adds `shift`, if anything, where the unit has none.
pub(super) fn neutral_norm(file: &mut TensorFile, unit: &str, shift: Option<Vec<f32>>) -> Result<(), WeightsError> {
    let Some(kernel) = file.get(&format!("{unit}.conv.weight")) else { return Ok(()) };
    let channels = kernel.shape.first().copied().unwrap_or(0);
    let shift = shift.unwrap_or_else(|| vec![0.0; channels]);
    norm(file, &format!("{unit}.bn"), shift)
}

/// γ = 1, µ = 0, σ² + ε = 1.
pub(super) fn norm(file: &mut TensorFile, path: &str, shift: Vec<f32>) -> Result<(), WeightsError> {
    let channels = shift.len();
    let constant = |value: f32| vec![value; channels];
    let parts = [
        ("gamma", constant(1.0)),
        ("beta", shift),
        ("running_mean", constant(0.0)),
        ("running_var", constant(1.0 - EPSILON)),
    ];
    for (part, values) in parts {
        file.insert(NamedTensor::new(format!("{path}.{part}"), vec![channels], values)?)?;
    }
    Ok(())
}

/// A norm that was made without scale and shift has one and zero.
pub(super) fn without_affine(file: &mut TensorFile, path: &str) -> Result<(), WeightsError> {
    let Some(channels) = file.get(&format!("{path}.running_mean")).map(|mean| mean.data.len()) else { return Ok(()) };
    for (part, other, value) in [("gamma", "weight", 1.0), ("beta", "bias", 0.0)] {
        let has = [part, other].iter().any(|part| file.get(&format!("{path}.{part}")).is_some());
        if !has {
            file.insert(NamedTensor::new(format!("{path}.{part}"), vec![channels], vec![value; channels])?)?;
        }
    }
    Ok(())
}
