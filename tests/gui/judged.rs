//! Made-up evaluations: three models on one list of pairs.

use std::path::PathBuf;
use std::sync::Arc;

use likeness::app::engine::facts::{DistanceSample, SampleOf};
use likeness::app::evaluate::state::{Event as EvaluateEvent, Request as EvaluateRequest};
use likeness::eval::figures::{PairFigures, WithoutErrata};
use likeness::eval::lfw::{Judgement, LfwOptions, judge_scored};
use likeness::eval::quantised::QuantisationCost;
use likeness::eval::run::{Doubt, RunRow, Score};
use likeness::eval::{FarRule, Image, Pair, Run};

const PEOPLE: [&str; 8] =
    ["Ann_Lee", "Bo_Ek", "Carla_Dos_Santos", "Dao_Nguyen", "Eve_Moreau", "Finn_Olsen", "Gita_Rao", "Hugo_Blanc"];
const MODELS: [(&str, f64); 3] = [("sface-2021dec", 1.0), ("facenet-casia-512", 0.8), ("facenet-keras-128", 0.62)];

/// What the jobs would answer.
pub fn answer(request: EvaluateRequest, fresh: bool) -> Option<EvaluateEvent> {
    Some(match request {
        EvaluateRequest::LoadRuns if fresh => EvaluateEvent::Runs(Vec::new()),
        EvaluateRequest::LoadRuns => EvaluateEvent::Runs(rows()),
        EvaluateRequest::LoadSample => EvaluateEvent::Sample((!fresh).then(sample)),
        EvaluateRequest::OpenRuns(runs) => {
            let opened = runs.iter().filter_map(|run| MODELS.iter().position(|(model, _)| run.ends_with(model)));
            let opened = opened.map(|model| Arc::new(run(model as u32, 6000))).collect();
            EvaluateEvent::Opened(runs, opened)
        }
        _ => return None,
    })
}

pub fn folders() -> Vec<PathBuf> {
    MODELS.iter().map(|(model, _)| PathBuf::from("/runs").join(model)).collect()
}

/// The pair of one person that is farthest apart.
pub fn worst_pair() -> usize {
    let run = run(0, 6000);
    let same = run.pairs.iter().enumerate().filter(|(_, pair)| pair.same);
    same.max_by(|a, b| a.1.distance.total_cmp(&b.1.distance)).map_or(0, |(index, _)| index)
}

fn rows() -> Vec<RunRow> {
    let mut rows: Vec<RunRow> = (0..3).map(|model| run(model, 600).row).collect();
    rows.push(RunRow {
        run: "/runs/sensitivity".into(),
        kind: "sensitivity".into(),
        when: "2024-04-30 09:02".into(),
        score: None,
        pairs: 0,
        skipped: 0,
        has_curves: false,
        ..rows[0].clone()
    });
    rows
}

/// The better the model, the farther apart the two kinds of pairs.
pub fn run(model: u32, pairs: usize) -> Run {
    let (name, quality) = MODELS[model as usize];
    let images: Vec<Image> = (0..pairs.min(4000))
        .map(|i| {
            let person = PEOPLE[i % PEOPLE.len()];
            let listed = format!("{person}/{person}_{:04}.jpg", i / PEOPLE.len() + 1);
            Image { path: Some(PathBuf::from("/lfw").join(&listed)), listed, face: None }
        })
        .collect();
    let pair = |i: usize| {
        let same = i.is_multiple_of(2);
        let noise = (0..6).map(|k| share(i as u64 * 31 + k)).sum::<f64>() / 3.0 - 1.0;
        let own = (0..6).map(|k| share(i as u64 * 57 + k + 1000 * u64::from(model))).sum::<f64>() / 3.0 - 1.0;
        let middle = if same { 1.35 - 0.7 * quality } else { 1.4 + 0.25 * quality };
        let spread = if same { 1.7 } else { 1.0 };
        Pair {
            a: i * 7 % images.len(),
            b: i * 11 % images.len() + usize::from(i == 0),
            same,
            fold: 1 + i * 5 / pairs,
            distance: (middle + spread * (0.6 * noise + 0.4 * own)).max(0.02),
        }
    };
    let doubt = |i| (i, Doubt { why: "an image of Anja Paerson".into(), marked_here: false });
    let doubts = (0..pairs).step_by(97).map(doubt).collect();
    let judged_pairs: Vec<Pair> = (0..pairs).map(pair).collect();
    let judged = judge_scored(&judged_pairs, 1e-2, FarRule::Interpolated).unwrap();
    let row = RunRow {
        run: PathBuf::from("/runs").join(name),
        kind: "lfw".into(),
        model: name.into(),
        on: "pairs.txt".into(),
        when: "2024-05-01 10:15".into(),
        score: Some(Score::Accuracy(judged.accuracy.mean)),
        pairs: pairs as u64,
        skipped: u64::from(model),
        has_curves: true,
    };
    let figures = figures(&judged);
    Run { number: model, doubts, ..Run::judged(row, figures, judged, &LfwOptions::default(), images, None) }
}

fn figures(judged: &Judgement) -> PairFigures {
    let Judgement { accuracy, val, far, .. } = *judged;
    PairFigures {
        accuracy_mean: accuracy.mean,
        accuracy_se: accuracy.standard_error,
        accuracy_sd: accuracy.population_sd,
        thresholds: judged.thresholds(),
        val_mean: val.mean,
        val_se: val.standard_error,
        val_sd: val.population_sd,
        far_mean: far.mean,
        far_target: 1e-2,
        far_resolved: true,
        auc: judged.auc,
        eer: Some(judged.eer),
        skipped_images: vec!["Ivo_Papp/Ivo_Papp_0001.jpg".into()],
        without_errata: Some(WithoutErrata {
            doubted_pairs: 9,
            accuracy_mean: accuracy.mean,
            accuracy_se: accuracy.standard_error,
            val_mean: val.mean,
            val_se: val.standard_error,
        }),
        bytes: Some(QuantisationCost {
            float_accuracy: accuracy,
            bytes_accuracy: accuracy,
            float_val: val,
            bytes_val: val,
            largest_distance_error: 0.0,
            decisions_changed: 0,
        }),
        ..PairFigures::default()
    }
}

fn sample() -> DistanceSample {
    let bell = |middle: f32, width: f32| -> Vec<f32> {
        (0..100).map(|bin| (-((bin as f32 * 0.04 - middle) / width).powi(2)).exp() * 0.06).collect()
    };
    DistanceSample { same: bell(0.7, 0.28), different: bell(1.75, 0.2), of: SampleOf::Run("pairs.txt".into()) }
}

/// A number from 0 to 1 that looks random.
fn share(seed: u64) -> f64 {
    let mut x = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((x ^ (x >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}
