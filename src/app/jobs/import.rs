//! Taking any weight file into the model store: recognise, convert to our format, try out, install.
//!
//! A file that is a known model's by its SHA-256 goes where that model belongs. Any other becomes a model of the
//! user's own: SafeTensors with a card, beside an entry like the manifest's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use image::RgbImage;
use serde::Serialize;

use crate::app::engine::progress::JobEvent;
use crate::faces::align;
use crate::faces::embed::{Batching, Embedder};
use crate::networks::device;
use crate::networks::models::{LoadableNetwork, ModelEntry, Store, StoreError, Task, Thresholds};
use crate::networks::nets::blocks::MapShape;
use crate::networks::nets::catalogue::{self, VARIANTS};
use crate::networks::nets::recognise::{PreprocessingSource, RecogniseError, Recognised, recognise, recognise_as};
use crate::networks::weights::{ModelCard, save};
use crate::synth::{Identity, render_crop};
use crate::types::{
    Advised, ChannelOrder, CropRule, Embedding, ModelId, PixelScaling, Preprocessing, SquaredDistance, files,
};

/// What to import, and everything that a file may leave open.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImportRequest {
    pub path: PathBuf,
    pub id: Option<String>,
    pub title: Option<String>,
    /// The catalogue's network.
    pub net: Option<String>,
    pub crop: Option<CropRule>,
    pub scaling: Option<PixelScaling>,
    pub channels: Option<ChannelOrder>,
    /// Of the weights.
    pub licence: Option<String>,
    pub same_person: Option<f32>,
    pub grouping: Option<f32>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct ModelImport {
    pub id: ModelId,
    /// False while other files of the model are missing.
    pub complete: bool,
    /// None for a known model that is no embedding network, or not complete.
    pub(crate) tried: Option<ModelTrial>,
}

/// What a file does not say and its user must, see [`what_is_open`].
#[derive(Debug, Clone, PartialEq)]
pub struct OpenQuestion {
    pub why: String,
    /// The networks that the file may belong to, each with the input that the catalogue would take for it; several mean
    /// that it must be said which.
    pub networks: Vec<(&'static str, Preprocessing)>,
}

/// How the network did on the built-in faces.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct ModelTrial {
    pub network: String,
    pub dimensions: usize,
    pub input: Preprocessing,
    pub parameters: u64,
    /// ‖a − b‖² of two different drawn faces.
    pub distance: SquaredDistance,
    /// The first numbers of the first face's embedding.
    pub probe: Vec<f32>,
}

/// A file of weights is no larger than this; NN1, the largest network of the catalogue, has 560 MB.
const BYTES_AT_MOST: u64 = 4 << 30;

/// Distances that nobody measured for this network: "a threshold of 1.1 would classify every pair correctly" (Schroff
/// et al. 2015, figure 1); grouping as FaceNet's published weights want it.
const UNMEASURED: Thresholds = Thresholds { same_person: SquaredDistance(1.1), grouping: SquaredDistance(0.85) };

/// Imports a file; the store is unchanged where that fails.
pub(crate) fn import(store: &Store, request: &ImportRequest, events: &mut dyn FnMut(JobEvent)) -> Result<ModelImport> {
    if request.may_be_known() {
        match store.import(&request.path) {
            Ok(known) => return check_known(store, known.id, known.complete),
            Err(StoreError::NotRecognised { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    let found = recognised(request)?.map_err(|error| not_imported(request, error))?;
    found.notes.iter().for_each(|note| events(JobEvent::Note(note.clone())));
    let card_input = preprocessing(found.card.input, request);
    if found.preprocessing_from == PreprocessingSource::Catalogue
        && (request.crop.is_none() || request.scaling.is_none())
    {
        events(JobEvent::Note(format!(
            "Nothing says how pictures were prepared for these weights: taken are the crop {} and the scaling {}",
            card_input.crop, card_input.scaling
        )));
    }
    let crop_with = if request.crop.is_some() { BTreeMap::new() } else { found.card.crop_with };
    let found = Recognised { card: ModelCard { input: card_input, crop_with, ..found.card }, ..found };
    let tried = try_out(&found).with_context(|| format!("cannot use {}", request.path.display()))?;
    if tried.distance.0 < HARDLY_APART {
        events(JobEvent::Note("These weights hardly tell two faces apart: were they trained?".to_owned()));
    }
    let id = ModelId(request.id.clone().unwrap_or_else(|| slug(&request.path)));
    let new = store.add(&id)?;
    let net = found.net(&device::cpu().burn)?;
    save(&net, &found.card, &new.file())?;
    let entry = new.finish(entry(&id, request, &found, &tried))?;
    Ok(ModelImport { id: entry.id, complete: true, tried: Some(tried) })
}

/// What must be asked before [`import`] can do without guessing; none where the file or the request says it all.
pub(crate) fn what_is_open(store: &Store, request: &ImportRequest) -> Result<Option<OpenQuestion>> {
    if request.may_be_known() {
        match store.find(&request.path) {
            Ok(_) => return Ok(None),
            Err(StoreError::NotRecognised { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    let (why, networks) = match recognised(request)? {
        Ok(found) if found.preprocessing_from != PreprocessingSource::Catalogue => return Ok(None),
        Ok(_) if request.crop.is_some() && request.scaling.is_some() => return Ok(None),
        Ok(found) => {
            let variant = catalogue::find(&found.card.architecture)?;
            ("nothing says how pictures were prepared for these weights".to_owned(), vec![variant])
        }
        Err(error @ RecogniseError::UnknownNetwork { .. }) => (error.to_string(), VARIANTS.iter().collect()),
        Err(error) => match &error {
            RecogniseError::Ambiguous(names) => {
                (error.to_string(), VARIANTS.iter().filter(|variant| names.contains(&variant.name)).collect())
            }
            _ => return Err(not_imported(request, error)),
        },
    };
    let networks = networks.into_iter().map(|variant| (variant.name, variant.preprocessing(variant.input))).collect();
    Ok(Some(OpenQuestion { why, networks }))
}

impl ImportRequest {
    /// Who says anything of the model wants one of their own, even of a known file, of which all is known.
    fn may_be_known(&self) -> bool {
        *self == Self { path: self.path.clone(), ..Self::default() }
    }
}

fn recognised(request: &ImportRequest) -> Result<Result<Recognised, RecogniseError>> {
    let path = &request.path;
    let cannot = || format!("cannot read {}", path.display());
    let length = files::open(path).and_then(|file| file.metadata()).with_context(cannot)?.len();
    ensure!(length <= BYTES_AT_MOST, "a file of {length} bytes holds no network of faces: {}", path.display());
    let bytes = fs::read(path).with_context(cannot)?;
    Ok(match &request.net {
        Some(net) => recognise_as(&bytes, net),
        None => recognise(&bytes),
    })
}

fn not_imported(request: &ImportRequest, error: RecogniseError) -> anyhow::Error {
    let path = request.path.display();
    match error {
        RecogniseError::UnknownNetwork { .. } | RecogniseError::Ambiguous(_) => anyhow::Error::new(error).context(format!(
            "{path} was not imported, the store is as it was. Where it belongs to a network of the catalogue ({}), its \
             tensors must be called as {} says; then {} takes it",
            Advised("nets"),
            Advised("nets NAME --tensors"),
            Advised("models import FILE --net NAME --crop RULE --scaling RULE")
        )),
        error => anyhow::Error::new(error).context(format!("{path} was not imported, the store is as it was")),
    }
}

fn preprocessing(input: Preprocessing, request: &ImportRequest) -> Preprocessing {
    Preprocessing {
        crop: request.crop.unwrap_or(input.crop),
        scaling: request.scaling.unwrap_or(input.scaling),
        channels: request.channels.unwrap_or(input.channels),
        ..input
    }
}

fn entry(id: &ModelId, request: &ImportRequest, found: &Recognised, tried: &ModelTrial) -> ModelEntry {
    let file = request.path.file_name().unwrap_or_default().to_string_lossy();
    let distances = match (request.same_person, request.grouping) {
        (None, None) => "; its distances are guesses until measured",
        _ => "",
    };
    let not_stated = || "Not stated".to_owned();
    ModelEntry {
        id: id.clone(),
        title: request.title.clone().unwrap_or_else(|| id.0.clone()),
        task: Task::Embed,
        architecture: LoadableNetwork::Catalogue,
        about: format!("{} with {} numbers, imported from {file}{distances}", tried.network, tried.dimensions),
        homepage: String::new(),
        licence_code: not_stated(),
        licence_weights: request.licence.clone().unwrap_or_else(not_stated),
        input: found.card.input,
        crop_with: found.card.crop_with.clone(),
        dimensions: Some(found.card.dimensions),
        lfw: None,
        thresholds: Some(Thresholds {
            same_person: request.same_person.map_or(UNMEASURED.same_person, SquaredDistance),
            grouping: request.grouping.map_or(UNMEASURED.grouping, SquaredDistance),
        }),
        probe: tried.probe.clone(),
        files: Vec::new(),
    }
}

/// A known model's weights must still give the embedding that they are known for; if not, this program is wrong.
fn check_known(store: &Store, id: ModelId, complete: bool) -> Result<ModelImport> {
    let entry = store.entry(&id)?;
    if !complete || entry.task != Task::Embed {
        return Ok(ModelImport { id, complete, tried: None });
    }
    let mut found = recognise(&store.read(&id)?).with_context(|| format!("cannot load {id}"))?;
    found.card.input = entry.input;
    let tried = try_out(&found)?;
    let off = tried.probe.iter().zip(&entry.probe).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    if off > PROBE_TOLERANCE {
        bail!("{id} was imported, but its embedding of the built-in face is off by {off}: please report this");
    }
    Ok(ModelImport { id, complete, tried: Some(tried) })
}

/// Numbers of an embedding that are kept to compare with.
const PROBE: usize = 8;
/// The drawn face may differ by a grey level between machines.
const PROBE_TOLERANCE: f32 = 0.02;
/// Up to this two embeddings are one: squared, what f32 loses when it adds up in another order. Two passes over one
/// face must stay below, two faces above. A network that nobody trained tells faces apart by little more.
const ROUNDING: f32 = 1e-11;
/// Below this a network that was trained would be a strange one.
const HARDLY_APART: f32 = 1e-3;

/// The network on two drawn faces: finite unit vectors, the same again, and not one for both.
pub(crate) fn try_out(found: &Recognised) -> Result<ModelTrial> {
    let device = device::cpu().burn;
    let net = found.net(&device)?;
    let input = found.card.input;
    let parameters = net.table(MapShape::new(3, input.height as usize, input.width as usize)).params();
    let embedder = Embedder::new(Box::new(net.folded()), input, &device, Batching::SpreadOverCores)?;
    let faces: Vec<RgbImage> = (0..2).map(|index| built_in_face(index, &input)).collect();
    let embeddings = embedder.embed(&faces).context("it gives no usable embedding of a built-in face")?;
    let again = embedder.embed(&faces[..1])?;
    let near = |a: &Embedding, b: &Embedding| a.squared_distance(b);
    let same = near(&again[0], &embeddings[0]).0 < ROUNDING;
    ensure!(same, "it does not give the same embedding of the same face twice");
    let distance = near(&embeddings[0], &embeddings[1]);
    ensure!(distance.0 > ROUNDING, "it gives the same embedding for every face: its weights are not usable");
    Ok(ModelTrial {
        network: found.card.architecture.clone(),
        dimensions: found.card.dimensions,
        input,
        parameters,
        distance,
        probe: embeddings[0].as_slice().iter().take(PROBE).copied().collect(),
    })
}

/// A drawn person, the same on every machine up to rounding.
fn built_in_face(index: u32, preprocessing: &Preprocessing) -> RgbImage {
    const SEED: u64 = 3;
    let face = render_crop(&Identity::new(SEED, index), u64::from(index), 224);
    align::crop_without_face(&face, &Preprocessing { crop: CropRule::AsStored, ..*preprocessing })
}

/// The file's name as an id: lower case, everything else a hyphen.
fn slug(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    let plain: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    let plain = plain.trim_matches(['-', '.']);
    if plain.is_empty() { "imported".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests;
