//! Networks that learn a teacher's vectors of made pictures, without a name.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::Device;

use super::made::{PEOPLE, PICTURES, config, data, fresh, setup, trained};
use super::{Setup, TrainError, TrainingData, train};
use crate::networks::nets::EmbeddingNet;
use crate::train::TrainConfig;
use crate::train::augment::AugmentConfig;
use crate::train::config::ValidationConfig;
use crate::train::data::{Dataset, Person};
use crate::train::events::{Control, TrainEvent};
use crate::train::loader::load_plain;
use crate::train::presets::Preset;
use crate::train::rows::normalise_rows;
use crate::train::sampler::Exemplar;
use crate::train::step::embed;
use crate::train::teacher::{LiveTeacher, Projection, TeacherConfig, TeacherSees};
use crate::train::testing::{TINY_PREPROCESSING, TinyNet};
use crate::train::validate::ValidationReport;

/// The preset for a tenth of its steps.
fn preset() -> TrainConfig {
    let preset = Preset::Teacher.config();
    let steps = preset.steps / 10;
    let validation = ValidationConfig { every_steps: steps / 2, ..config(1, 60).validation };
    TrainConfig { steps, augmentation: AugmentConfig::NONE, validation, ..preset }
}

/// A teacher of 12 numbers, its AUC on people held out, and its vectors; nobody to learn from has a name.
fn lesson(dimensions: usize) -> (TrainingData, f64) {
    let mut data = data();
    let (teacher, report) = trained(fresh(1), &config(1, 60), &data);
    let all: Vec<Exemplar> = (0..PEOPLE * PICTURES).map(|picture| Exemplar { picture, person: 0 }).collect();
    let images = load_plain(data.source.as_ref(), &all).images;
    let mut vectors = embed(&teacher, &images, &TINY_PREPROCESSING, 100).unwrap();
    normalise_rows(&mut vectors, 12);
    let vectors: BTreeMap<usize, Vec<f32>> = vectors.chunks(12).map(<[f32]>::to_vec).enumerate().collect();
    let learned: Vec<usize> = data.training.people.iter().flat_map(|person| person.pictures.clone()).collect();
    let projection = Projection::of(&vectors, &learned.iter().copied().collect(), 12, dimensions);
    data.teacher_vectors = Some(projection.project_all(vectors));
    data.live_teacher = Some(LiveTeacher {
        source: data.source.clone(),
        embed: Box::new(move |crops| {
            let mut rows = embed(&teacher, crops, &TINY_PREPROCESSING, 100)?;
            normalise_rows(&mut rows, 12);
            Ok(rows.chunks(12).flat_map(|row| projection.project(row)).collect())
        }),
    });
    let nameless = |picture: &usize| Person { name: picture.to_string(), pictures: vec![*picture] };
    data.training = Dataset { people: learned.iter().map(nameless).collect() };
    (data, report.auc)
}

/// Squared distance to the teacher and AUC on people held out.
fn figures(report: &ValidationReport) -> (f64, f64) {
    (report.to_teacher.unwrap().squared_distance, report.people.as_ref().unwrap().auc)
}

#[test]
fn a_network_comes_near_its_teacher_and_tells_people_apart_nearly_as_well() {
    let (data, of_teacher) = lesson(12);
    assert!(of_teacher > 0.8, "{of_teacher}");
    let config = preset();
    let mut judged = Vec::new();
    let net = fresh(2);
    let trained = train(net, setup(&config, &data), &Control::default(), &mut |event| {
        if let TrainEvent::Validated(report) = event {
            judged.push(figures(&report));
        }
    });
    let (before, after) = (judged[0], figures(&trained.unwrap().outcome.judged.unwrap()));
    // As near as 240 noisy pictures take it to what the teacher makes of others.
    assert!(after.0 < 0.65 * before.0, "{judged:?}");
    assert!(before.1 < of_teacher - 0.1 && after.1 > of_teacher - 0.05, "{judged:?}, the teacher {of_teacher}");
}

/// Of five numbers, which are the teacher's along its five principal directions.
#[test]
fn a_smaller_network_learns_a_projection() {
    let (data, of_teacher) = lesson(5);
    let config = preset();
    let net = TinyNet::new(7, &Device::flex().autodiff());
    let mut card = super::tests::card();
    card.dimensions = net.embedding_size();
    let mut first = None;
    let setup = Setup { card, ..setup(&config, &data) };
    let trained = train(net.train(), setup, &Control::default(), &mut |event| match event {
        TrainEvent::Validated(report) if report.step == 0 => first = Some(figures(&report)),
        _ => {}
    });
    let (before, after) = (first.unwrap(), figures(&trained.unwrap().outcome.judged.unwrap()));
    assert!(after.0 < 0.6 * before.0 && after.1 > before.1 + 0.1, "{before:?} {after:?}, the teacher {of_teacher}");
}

/// On mixtures, too, of which the teacher tells what they look like to it.
#[test]
fn a_teacher_that_sees_the_same_is_learned_from() {
    let (data, of_teacher) = lesson(12);
    let mut teacher = TeacherConfig { sees: TeacherSees::Same, ..TeacherConfig::default() };
    for (mixed_share, augmentation) in [(0.0, AugmentConfig::NONE), (0.5, AugmentConfig::NONE)] {
        teacher.mixed_share = mixed_share;
        let config = TrainConfig { teacher: Some(teacher), augmentation, ..preset() };
        let mut first = None;
        let trained = train(fresh(2), setup(&config, &data), &Control::default(), &mut |event| match event {
            TrainEvent::Validated(report) if report.step == 0 => first = Some(figures(&report)),
            _ => {}
        });
        let (before, after) = (first.unwrap(), figures(&trained.unwrap().outcome.judged.unwrap()));
        assert!(after.0 < 0.65 * before.0 && after.1 > of_teacher - 0.06, "{before:?} {after:?} {of_teacher}");
    }
    let missing = TrainingData { live_teacher: None, ..data };
    let config = TrainConfig { teacher: Some(teacher), ..preset() };
    let error = train(fresh(2), setup(&config, &missing), &Control::default(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, TrainError::NoLiveTeacher), "{error}");
}
