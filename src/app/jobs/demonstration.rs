//! The demonstration: synthetic people in memory, a small network that learns them from scratch by triplet loss, and
//! people it has never seen, told apart and grouped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use image::RgbImage;
use rayon::prelude::*;
use serde::Serialize;

use crate::app::engine::picture::Picture;
use crate::app::jobs::run_event::{FaceGroup, GroupedFaces, RunEvent, with_memory};
use crate::cluster::{Constraints, Linkage, Scores, agglomerate, score};
use crate::networks::device::ComputeDevice;
use crate::networks::nets::catalogue::{NetOptions, card};
use crate::synth::{Identity, render_crop};
use crate::train::augment::AugmentConfig;
use crate::train::config::{TrainConfig, ValidationConfig};
use crate::train::data::{Dataset, Person, PictureSource};
use crate::train::events::{Control, StopReason, TrainEvent};
use crate::train::loss::LossConfig;
use crate::train::mining::{MiningRule, Negatives, Positives};
use crate::train::optimiser::{OptimiserConfig, Rule};
use crate::train::run::{Setup, TrainingData, train};
use crate::train::sampler::SamplerConfig;
use crate::train::schedule::LearningRate;
use crate::train::start;
use crate::train::step::{ChunkSizes, embed};
use crate::train::validate::judge_people;
use crate::types::{Cancel, Embedding, SquaredDistance};

/// How much of everything; another seed draws other people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DemoOptions {
    pub seed: u64,
    pub steps: u64,
    pub people: usize,
    pub held_out_people: usize,
    pub pictures_per_person: usize,
}

impl Default for DemoOptions {
    /// About two minutes on two CPU cores.
    fn default() -> Self {
        Self { seed: 1, steps: 900, people: 320, held_out_people: 60, pictures_per_person: 12 }
    }
}

/// One judgement of held-out people.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CurvePoint {
    pub step: u64,
    pub seconds: f64,
    /// Mean training loss since the point before; none at the start.
    pub loss: Option<f64>,
    pub val: f64,
    pub auc: f64,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DemoReport {
    pub seed: u64,
    pub seconds: f64,
    pub device: String,
    pub network: String,
    pub parameters: usize,
    pub steps: u64,
    pub people: usize,
    pub held_out_people: usize,
    pub pictures_per_person: usize,
    pub curve: Vec<CurvePoint>,
    /// On held-out people, at the measured `far`, which is at most `far_target`.
    pub val: f64,
    pub far: f64,
    pub far_target: f64,
    pub auc: f64,
    /// Held-out people grouped without labels, at a threshold taken from training people.
    pub groups: Groups,
    pub stopped: StopReason,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Groups {
    pub threshold: f64,
    #[serde(flatten)]
    pub scores: Scores,
}

const NETWORK: &str = crate::networks::nets::likeness_small::NAME;
const FAR_TARGET: f64 = 1e-2;
const JUDGED_EVERY: u64 = 50;
/// People shown while the network learns; groups shown at the end, and pictures of each.
const PORTRAITS: usize = 32;
const GROUPS_SHOWN: usize = 80;
const FACES_SHOWN: usize = 6;

/// The network that learns.
pub fn network() -> &'static str {
    NETWORK
}

pub(crate) fn demo(
    options: DemoOptions,
    device: &ComputeDevice,
    control: &Control,
    events: &mut dyn FnMut(RunEvent),
) -> Result<DemoReport> {
    let started = Instant::now();
    let card = card(NETWORK, &NetOptions::default())?;
    let album = Arc::new(Album::drawn(options, card.input.width, &control.cancel)?);
    events(RunEvent::Drawn {
        pictures: album.pictures.len(),
        secs: started.elapsed().as_secs_f64(),
        people: album.portraits(options),
    });
    let (training, held_out) = album.people(options);
    let data = TrainingData::new(album.clone(), training, held_out);
    let config = config(options);
    let net = start::small_from_scratch(options.seed, &device.burn)?;
    let setup =
        Setup { config: &config, data: &data, card: card.clone(), folder: None, resume: None, decode_threads: 1 };
    let mut curve = CurveRecorder::new(started);
    let trained = train(net, setup, control, &mut |event| {
        let event = with_memory(event);
        curve.note(&event);
        events(RunEvent::Train(event));
    })?;
    let judged = trained.outcome.judged.as_ref().and_then(|judged| judged.people.as_ref());
    let judged = judged.context("the demonstration was stopped before anything was measured")?;
    let embed_people = |people: &Dataset| {
        let pictures: Vec<usize> = people.people.iter().flat_map(|person| person.pictures.clone()).collect();
        let images: Vec<RgbImage> = pictures.iter().map(|&picture| album.pictures[picture].clone()).collect();
        embed(&trained.net, &images, &card.input, config.chunks.inference)
    };
    let threshold = training_threshold(&embed_people(&data.training)?, card.dimensions, &data.training)?;
    let (groups, clusters) = group(&embed_people(&data.held_out)?, card.dimensions, &data.held_out, threshold)?;
    events(RunEvent::Grouped(album.shown(&data.held_out, &clusters)));
    Ok(DemoReport {
        seed: options.seed,
        seconds: started.elapsed().as_secs_f64(),
        device: device.name.clone(),
        network: card.architecture,
        parameters: trained.outcome.parameters,
        steps: trained.outcome.steps,
        people: options.people,
        held_out_people: options.held_out_people,
        pictures_per_person: options.pictures_per_person,
        curve: curve.points,
        val: judged.val,
        far: judged.far,
        far_target: judged.far_target,
        auc: judged.auc,
        groups,
        stopped: trained.outcome.reason,
    })
}

fn config(options: DemoOptions) -> TrainConfig {
    TrainConfig {
        seed: options.seed,
        steps: options.steps,
        // An epoch is a hundredth of the run here, so that the rate falls towards its end.
        steps_per_epoch: (options.steps / 100).max(1),
        learning_rate: LearningRate::Exponential { rate: 2e-3, factor: 0.5, every_epochs: 25 },
        optimiser: OptimiserConfig { rule: Rule::ADAM, clip_norm: Some(5.0), ..OptimiserConfig::default() },
        loss: LossConfig { margin: 0.15, ..LossConfig::default() },
        rule: MiningRule { positives: Positives::AllPairs, negatives: Negatives::AnyViolating },
        sampler: SamplerConfig { people_per_batch: 40, pictures_per_person: 6, ..SamplerConfig::default() },
        // The generator varies pose, light and noise itself; a window of a drawn crop only costs detail.
        augmentation: AugmentConfig { flip: true, ..AugmentConfig::NONE },
        // The whole batch at once: one pass forward and one back.
        chunks: ChunkSizes { inference: 240, gradient: 240 },
        ema_decay: Some(0.98),
        validation: ValidationConfig {
            every_steps: JUDGED_EVERY,
            far_target: FAR_TARGET,
            pictures_at_most: usize::MAX,
            ..ValidationConfig::default()
        },
        ..TrainConfig::default()
    }
}

/// Pictures of synthetic people, one person after the other, in memory.
struct Album {
    pictures: Vec<RgbImage>,
}

impl Album {
    /// # Errors
    /// When it is cancelled: drawing takes a good part of the demonstration.
    fn drawn(options: DemoOptions, side: u32, cancel: &Cancel) -> Result<Self> {
        let people = options.people + options.held_out_people;
        let wanted = (0..people as u32).into_par_iter().filter(|_| !cancel.is_cancelled());
        let pictures: Vec<RgbImage> = wanted
            .flat_map_iter(|person| {
                let identity = Identity::new(options.seed, person);
                (0..options.pictures_per_person as u64).map(move |picture| {
                    // Pictures of two people share no pose, light or background.
                    let variation = (options.seed << 40) ^ (u64::from(person) << 16) ^ picture;
                    render_crop(&identity, variation, side)
                })
            })
            .collect();
        ensure!(!cancel.is_cancelled(), "the demonstration was stopped while its people were drawn");
        Ok(Self { pictures })
    }

    fn portraits(&self, options: DemoOptions) -> Vec<Picture> {
        let first = self.pictures.iter().step_by(options.pictures_per_person.max(1));
        first.take(PORTRAITS).map(Picture::from_rgb).collect()
    }

    /// The largest groups with some of their pictures, taken evenly over the people in each.
    fn shown(&self, people: &Dataset, clusters: &[usize]) -> GroupedFaces {
        let pictures: Vec<usize> = people.people.iter().flat_map(|person| person.pictures.clone()).collect();
        let labels = labels(people);
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (row, cluster) in clusters.iter().enumerate() {
            members.entry(*cluster).or_default().push(row);
        }
        let mut groups: Vec<Vec<usize>> = members.into_values().collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
        let mut faces = Vec::new();
        let shown = groups.into_iter().take(GROUPS_SHOWN).map(|rows| {
            let take = rows.len().min(FACES_SHOWN);
            let first = faces.len();
            // Rows stand person by person, so even steps meet everybody with enough pictures.
            faces.extend((0..take).map(|n| Picture::from_rgb(&self.pictures[pictures[rows[n * rows.len() / take]]])));
            let people: BTreeSet<u32> = rows.iter().map(|&row| labels[row]).collect();
            FaceGroup { faces: (first..first + take).collect(), people: people.len(), size: rows.len() }
        });
        let groups = shown.collect();
        GroupedFaces { faces, groups }
    }

    fn people(&self, options: DemoOptions) -> (Dataset, Dataset) {
        let person = |id: usize| Person {
            name: format!("Person {}", id + 1),
            pictures: (id * options.pictures_per_person..(id + 1) * options.pictures_per_person).collect(),
        };
        let everyone = options.people + options.held_out_people;
        let training = (0..options.people).map(person).collect();
        (Dataset { people: training }, Dataset { people: (options.people..everyone).map(person).collect() })
    }
}

impl PictureSource for Album {
    fn crop(&self, picture: usize) -> Result<RgbImage, String> {
        self.pictures.get(picture).cloned().ok_or_else(|| "there is no such picture".to_owned())
    }
}

struct CurveRecorder {
    started: Instant,
    points: Vec<CurvePoint>,
    losses: Vec<f32>,
}

impl CurveRecorder {
    fn new(started: Instant) -> Self {
        Self { started, points: Vec::new(), losses: Vec::new() }
    }

    fn note(&mut self, event: &TrainEvent) {
        match event {
            TrainEvent::Step(report) => self.losses.push(report.loss),
            TrainEvent::Validated(report) => {
                let Some(people) = &report.people else { return };
                let count = self.losses.len();
                let sum: f64 = self.losses.drain(..).map(f64::from).sum();
                let loss = (count > 0).then(|| sum / count as f64);
                let seconds = self.started.elapsed().as_secs_f64();
                self.points.push(CurvePoint { step: report.step, seconds, loss, val: people.val, auc: people.auc });
            }
            _ => {}
        }
    }
}

/// The threshold that best tells training people apart: held-out ones have no say in it.
fn training_threshold(raw: &[f32], dimensions: usize, people: &Dataset) -> Result<f64> {
    let vectors: Vec<f32> = embeddings(raw, dimensions)?.iter().flat_map(|e| e.as_slice().to_vec()).collect();
    Ok(judge_people(&vectors, dimensions, &labels(people), FAR_TARGET)?.val_threshold)
}

fn group(raw: &[f32], dimensions: usize, people: &Dataset, threshold: f64) -> Result<(Groups, Vec<usize>)> {
    let faces = embeddings(raw, dimensions)?;
    let at = SquaredDistance(threshold as f32);
    let clusters = agglomerate(&faces, &Constraints::default(), Linkage::Average, at)?;
    let labels: Vec<usize> = labels(people).into_iter().map(|label| label as usize).collect();
    Ok((Groups { threshold, scores: score(&clusters, &labels) }, clusters))
}

fn embeddings(raw: &[f32], dimensions: usize) -> Result<Vec<Embedding>> {
    raw.chunks(dimensions)
        .map(|row| Embedding::normalise(row.to_vec()).context("an embedding of the trained network is unusable"))
        .collect()
}

fn labels(people: &Dataset) -> Vec<u32> {
    let of_person = |(id, person): (usize, &Person)| vec![id as u32; person.pictures.len()];
    people.people.iter().enumerate().flat_map(of_person).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::networks::device::{DeviceChoice, VerdictCache, choose};

    #[test]
    fn nobody_is_drawn_once_it_is_cancelled() {
        let cancel = Cancel::default();
        cancel.cancel();
        let many = DemoOptions { people: 1_000_000, ..DemoOptions::default() };
        assert!(Album::drawn(many, 64, &cancel).is_err());
    }

    /// A small part of the demonstration: the whole takes minutes. It must already be far from chance.
    #[test]
    fn a_small_demonstration_learns_and_reports() {
        let verdicts = VerdictCache::open(std::path::PathBuf::new());
        let (device, _) = choose(&DeviceChoice::Cpu, &verdicts).unwrap();
        let options = DemoOptions { seed: 4, steps: 20, people: 24, held_out_people: 10, pictures_per_person: 5 };
        let (mut steps, mut grouped) = (0, 0);
        let report = demo(options, &device, &Control::default(), &mut |event| {
            steps += usize::from(matches!(event, RunEvent::Train(TrainEvent::Step(_))));
            if let RunEvent::Grouped(GroupedFaces { faces, groups }) = event {
                assert!(groups.iter().flat_map(|group| &group.faces).all(|&face| face < faces.len()));
                grouped = groups.iter().map(|group| group.size).sum();
            }
        });
        let report = report.unwrap();
        assert_eq!((steps, report.steps, report.stopped), (20, 20, StopReason::StepsDone));
        assert_eq!(grouped, 50, "every held-out picture is in one group");
        assert_eq!(report.curve.first().unwrap().step, 0);
        assert!(report.auc > 0.7, "{report:?}");
        assert_eq!(report.groups.scores.labels, 10);
        let json = serde_json::to_value(&report).unwrap();
        assert!(["seed", "seconds", "curve", "val", "far", "auc"].iter().all(|key| !json[key].is_null()));
    }
}
