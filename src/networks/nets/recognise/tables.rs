//! Files whose names are another tool's own: each release's name table, and the input that it was trained with.

use burn::tensor::Device;

use super::{PreprocessingSource, RecogniseError, Recognised, by_paths, told};
use crate::networks::nets::catalogue::{self, NetOptions};
use crate::networks::nets::iresnet::Depth;
use crate::networks::nets::sface::SFace;
use crate::networks::weights::fit::Habit;
use crate::networks::weights::names::{is_secondary, prefixes, under};
use crate::networks::weights::remap::iresnet::{BODY_MARKER, MARKER, Trainer, from_body, from_insightface};
use crate::networks::weights::remap::iresnet_graph::from_graph;
use crate::networks::weights::remap::{inception_resnet_v1, openface};
use crate::networks::weights::{TensorFile, WeightFile, collect};
use crate::types::{ChannelOrder, PixelScaling, Preprocessing};

/// A tensor that only files of one layout have, and what makes a network of such a file.
type NameTable = (&'static str, fn(TensorFile, &str) -> Result<Recognised, RecogniseError>);

const TABLES: [NameTable; 6] = [
    ("pre_fc1_weight", sface),
    ("incept3a.branches.0.3.weight", nn4_small2),
    ("InceptionResnetV1/Conv2d_1a_3x3/weights", facenet_graph),
    ("Conv2d_1a_3x3/kernel", facenet_keras),
    (MARKER, insightface),
    (BODY_MARKER, body),
];

/// None where the file is in no release's layout.
pub(super) fn find(file: &WeightFile) -> Result<Option<Recognised>, RecogniseError> {
    if let Some((graph, constants)) = &file.graph
        && let Some(of_graph) = from_graph(graph, &file.tensors, constants)?
    {
        let mut found = iresnet(of_graph.tensors)?;
        if !of_graph.all_projected {
            // AdaFace's, with blue first, or another's: nothing in the graph tells.
            found.preprocessing_from = PreprocessingSource::Catalogue;
        }
        if let Some([mean, divisor]) = of_graph.scaling {
            found.card.input.scaling = PixelScaling::Fixed { mean, divisor };
        }
        return Ok(Some(found));
    }
    for (marker, bring) in TABLES {
        let Some(prefix) = place(&file.tensors, marker)? else { continue };
        let part = under(file.tensors.clone(), &prefix)?;
        part.check_finite()?;
        return Ok(Some(told(bring(part, &prefix)?, &file.tensors, &prefix)));
    }
    Ok(None)
}

/// Where in the file the layout is; averages and teachers only where nothing else is.
fn place(file: &TensorFile, marker: &str) -> Result<Option<String>, RecogniseError> {
    let mut places = prefixes(file, marker);
    if places.iter().any(|place| !is_secondary(place)) {
        places.retain(|place| !is_secondary(place));
    }
    if places.len() > 1 {
        return Err(RecogniseError::Several(places));
    }
    Ok(places.pop())
}

fn sface(file: TensorFile, _: &str) -> Result<Recognised, RecogniseError> {
    let net = SFace::from_onnx(file, &Device::flex())?;
    Ok(Recognised {
        card: catalogue::card("sface", &NetOptions::default())?,
        tensors: collect(&net)?,
        preprocessing_from: PreprocessingSource::Release,
        notes: Vec::new(),
    })
}

fn nn4_small2(file: TensorFile, _: &str) -> Result<Recognised, RecogniseError> {
    let ours = openface::from_pytorch(file)?;
    Ok(by_paths::of_variant(&ours, catalogue::find("nn4.small2")?, Habit::Torch)?.0)
}

fn facenet_graph(file: TensorFile, _: &str) -> Result<Recognised, RecogniseError> {
    facenet(inception_resnet_v1::from_graph(file)?)
}

/// Per-image standardisation: the Keras port has its checkpoint's.
fn facenet_keras(file: TensorFile, _: &str) -> Result<Recognised, RecogniseError> {
    let mut found = facenet(inception_resnet_v1::from_keras(file)?)?;
    found.card.input.scaling = PixelScaling::PerImage;
    Ok(found)
}

fn facenet(tensors: TensorFile) -> Result<Recognised, RecogniseError> {
    let batch_norm = Some(tensors.get("conv2d_1a.bn.beta").is_some());
    let embedding_size = tensors.get("last_bn.beta").map(|beta| beta.data.len());
    let options = NetOptions { embedding_size, batch_norm, ..Default::default() };
    let card = catalogue::card("inception-resnet-v1", &options)?;
    by_paths::checked(&card, &tensors)?;
    Ok(Recognised { card, tensors, preprocessing_from: PreprocessingSource::Release, notes: Vec::new() })
}

fn insightface(file: TensorFile, prefix: &str) -> Result<Recognised, RecogniseError> {
    let trainer = trainer_of(prefix);
    Ok(trained_by(trainer, iresnet(from_insightface(file, trainer)?)?))
}

/// MagFace calls the network `features` within its training's own.
fn trainer_of(prefix: &str) -> Trainer {
    if prefix.split('.').any(|word| word == "features") { Trainer::MagFace } else { Trainer::InsightFace }
}

fn body(file: TensorFile, _: &str) -> Result<Recognised, RecogniseError> {
    let (ours, trainer) = from_body(file, &Depth::ALL.map(Depth::blocks))?;
    Ok(trained_by(trainer, iresnet(ours)?))
}

fn trained_by(trainer: Trainer, mut found: Recognised) -> Recognised {
    found.card.input = pictures_of(trainer, found.card.input);
    found
}

/// AdaFace and MagFace take blue first, and MagFace values from 0 to 1.
fn pictures_of(trainer: Trainer, usual: Preprocessing) -> Preprocessing {
    match trainer {
        Trainer::InsightFace | Trainer::CurricularFace => usual,
        Trainer::AdaFace => Preprocessing { channels: ChannelOrder::Bgr, ..usual },
        Trainer::MagFace => Preprocessing { channels: ChannelOrder::Bgr, scaling: PixelScaling::Unit, ..usual },
    }
}

/// The one of that many blocks; where none has so many, the nearest says what is amiss.
fn iresnet(ours: TensorFile) -> Result<Recognised, RecogniseError> {
    let has = ours.names().filter(|name| name.ends_with(".conv2.conv.weight")).count();
    let off = |depth: &Depth| depth.blocks().iter().sum::<usize>().abs_diff(has);
    let nearest = Depth::ALL.into_iter().min_by_key(off).unwrap_or(Depth::Fifty);
    Ok(by_paths::of_variant(&ours, catalogue::find(nearest.name())?, Habit::Torch)?.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::nets::iresnet::PREPROCESSING;

    #[test]
    fn each_trainer_has_its_own_pictures() {
        assert_eq!(trainer_of("features.module."), Trainer::MagFace);
        assert_eq!(trainer_of("state_dict.module."), Trainer::InsightFace);
        let of = |trainer| pictures_of(trainer, PREPROCESSING);
        assert_eq!(of(Trainer::InsightFace), PREPROCESSING);
        assert_eq!(of(Trainer::CurricularFace).scaling, PixelScaling::Fixed { mean: 127.5, divisor: 127.5 });
        assert_eq!(
            (of(Trainer::AdaFace).channels, of(Trainer::AdaFace).scaling),
            (ChannelOrder::Bgr, PREPROCESSING.scaling)
        );
        assert_eq!(
            (of(Trainer::MagFace).channels, of(Trainer::MagFace).scaling),
            (ChannelOrder::Bgr, PixelScaling::Unit)
        );
    }
}
