//! The networks that a run begins with: the one it starts from, the one it is compared with, the one it must stay
//! comparable with, the one whose vectors it learns. A file is read once, however many of these it is.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use serde::{Deserialize, Serialize};

use crate::app::engine::networks::{EngineOptions, model_of_task};
use crate::app::train::job::people::FaceFinding;
use crate::app::train::job::{StartFrom, TrainRequest, harmonic};
use crate::networks::models::{ModelEntry, Store, Task, Thresholds};
use crate::networks::nets::catalogue::card;
use crate::networks::nets::recognise::recognise;
use crate::networks::weights::{ModelCard, load, read_card};
use crate::train::start::StartWeights;
use crate::types::{CropRule, ModelId, Preprocessing, files, hex};

/// A network in memory; clones share its weights.
#[derive(Clone)]
pub(crate) struct StartingNetwork {
    pub name: String,
    /// Its crop is the rule for the request's detector.
    pub card: ModelCard,
    pub weights: StartWeights,
    /// Where it is installed.
    pub thresholds: Option<Thresholds>,
}

impl StartingNetwork {
    pub fn read(from: &StartFrom, request: &TrainRequest, models: &Store) -> Result<Self> {
        let (mut card, weights, thresholds) = match from {
            StartFrom::Scratch { net, options } => {
                (card(net, options)?, StartWeights::Scratch { seed: request.config.seed }, None)
            }
            StartFrom::File { path } => {
                let (tensors, card) = load(path)?;
                (card, StartWeights::Own(Arc::new(tensors)), None)
            }
            StartFrom::Installed { id } => {
                let entry = models.entry(id)?;
                ensure!(entry.task == Task::Embed, "{id} does not embed faces");
                let found = recognise(&models.read(id)?).with_context(|| format!("cannot load {id}"))?;
                let card = ModelCard { input: entry.input, crop_with: crop_rules(entry), ..found.card };
                (card, StartWeights::Own(Arc::new(found.tensors)), entry.thresholds)
            }
        };
        card.input.crop = crop_for(&card.crop_with, card.input.crop, request, models)?;
        Ok(Self { name: from.to_string(), card, weights, thresholds })
    }

    /// As it sees the pictures of a run.
    fn on_pictures(self, faces: FaceFinding) -> Self {
        let input = preprocessing(&self.card, faces);
        Self { card: ModelCard { input, ..self.card }, ..self }
    }
}

/// A network that a run was begun with, so that a run that goes on knows it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FrozenRecord {
    name: String,
    weights_sha256: String,
}

impl FrozenRecord {
    pub fn of(network: &StartingNetwork) -> Self {
        let weights_sha256 = hex(&network.weights.sha256());
        Self { name: network.name.clone(), weights_sha256 }
    }

    /// What came of it so far must be what would come of it now.
    pub fn check(&self, now: Option<&StartingNetwork>) -> Result<()> {
        let same = now.is_some_and(|now| Self::of(now).weights_sha256 == self.weights_sha256);
        ensure!(same, "{} has other weights than when the run began: put those back, or begin a new run", self.name);
        Ok(())
    }
}

/// Reads the networks of one request, each file once.
pub struct Networks<'a> {
    request: &'a TrainRequest,
    models: &'a Store,
    read: Vec<(StartFrom, StartingNetwork)>,
}

impl<'a> Networks<'a> {
    pub(crate) fn new(request: &'a TrainRequest, models: &'a Store) -> Self {
        Self { request, models, read: Vec::new() }
    }

    /// What the run starts from.
    pub(crate) fn start(&mut self) -> Result<StartingNetwork> {
        self.network(&self.request.start)
    }

    /// What harmonic training keeps comparable with.
    pub(crate) fn old(&mut self) -> Result<Option<StartingNetwork>> {
        let old = self.request.old.as_ref().filter(|_| harmonic(self.request));
        old.map(|old| self.as_it_sees(old)).transpose()
    }

    /// The network whose vectors are learned.
    pub(crate) fn teacher(&mut self) -> Result<Option<StartingNetwork>> {
        let teacher = self.request.teacher.as_ref().filter(|_| self.request.config.teacher.is_some());
        teacher.map(|teacher| self.as_it_sees(teacher)).transpose().context("the teacher cannot be used")
    }

    /// What the result is measured against: what the request names, else the weights it starts from, else the network
    /// it shall stay comparable with, else its teacher.
    pub(crate) fn against(&mut self) -> Result<Option<StartingNetwork>> {
        let request = self.request;
        let start = Some(&request.start).filter(|start| !matches!(start, StartFrom::Scratch { .. }));
        let against = request.against.as_ref().or(start).or(request.old.as_ref()).or(request.teacher.as_ref());
        against.map(|against| self.as_it_sees(against)).transpose()
    }

    fn as_it_sees(&mut self, from: &StartFrom) -> Result<StartingNetwork> {
        Ok(self.network(from)?.on_pictures(self.request.faces))
    }

    fn network(&mut self, from: &StartFrom) -> Result<StartingNetwork> {
        if let Some((_, network)) = self.read.iter().find(|(read, _)| read == from) {
            return Ok(network.clone());
        }
        let network = StartingNetwork::read(from, self.request, self.models)?;
        self.read.push((from.clone(), network.clone()));
        Ok(network)
    }
}

/// The crop of a network for the request's detector, from what describes it: its weights are left alone.
pub(crate) fn crop_of(from: &StartFrom, request: &TrainRequest, models: &Store) -> Result<CropRule> {
    let (crop, rules) = match from {
        StartFrom::Scratch { net, options } => {
            let card = card(net, options)?;
            (card.input.crop, card.crop_with)
        }
        StartFrom::File { path } => {
            let bytes = files::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            let card = read_card(&bytes)?.ok_or_else(|| anyhow!("{} names no network", path.display()))?;
            (card.input.crop, card.crop_with)
        }
        StartFrom::Installed { id } => {
            let entry = models.entry(id)?;
            (entry.input.crop, crop_rules(entry))
        }
    };
    crop_for(&rules, crop, request, models)
}

pub(crate) fn preprocessing(card: &ModelCard, faces: FaceFinding) -> Preprocessing {
    match faces {
        FaceFinding::Detect => card.input,
        FaceFinding::Cropped => Preprocessing { crop: CropRule::AsStored, ..card.input },
    }
}

pub(crate) fn detector_id(request: &TrainRequest, models: &Store) -> Result<ModelId> {
    let named = request.detector.clone();
    model_of_task(models, &named.unwrap_or_else(|| EngineOptions::default().detector_id()), Task::Detect)
}

/// The new network's own rule will be the one it was trained with, so where a model has a rule a detector, the usual
/// one must be kept too.
fn crop_rules(entry: &ModelEntry) -> BTreeMap<ModelId, CropRule> {
    let mut rules = entry.crop_with.clone();
    if !rules.is_empty() {
        rules.entry(EngineOptions::default().detector_id()).or_insert(entry.input.crop);
    }
    rules
}

fn crop_for(
    rules: &BTreeMap<ModelId, CropRule>,
    own: CropRule,
    request: &TrainRequest,
    models: &Store,
) -> Result<CropRule> {
    Ok(rules.get(&detector_id(request, models)?).copied().unwrap_or(own))
}
