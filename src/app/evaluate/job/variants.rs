//! Studies that vary the network instead of the pictures: fewer dimensions of a trained embedding, and the installed
//! networks by what they cost.

use anyhow::{Result, ensure};

use crate::app::engine::home::Home;
use crate::app::engine::networks::{Engine, EngineOptions};
use crate::app::engine::progress::JobEvent;
use crate::app::evaluate::job::images::embed_plain;
use crate::app::evaluate::job::inputs::FaceInputs;
use crate::app::evaluate::job::pairs::resolve;
use crate::app::evaluate::job::sensitivity::{
    SensitivityConfig, SensitivityOutcome, read_list, row, scored_row, write_study,
};
use crate::app::jobs::input_file::InputFile;
use crate::eval::pca::Pca;
use crate::eval::sensitivity::{Study, StudyRow};
use crate::eval::{Metric, Pair, PairList};
use crate::networks::models::{Manifest, Store, Task};
use crate::networks::nets::blocks::MapShape;
use crate::networks::nets::catalogue::build_as;
use crate::networks::nets::recognise::recognise;
use crate::types::{Advised, Cancel, ModelId};

/// VAL of a trained embedding cut to its first principal axes. The axes come from the images of one half of the folds
/// and are judged on the pairs of the other, both ways round.
pub(crate) fn eval_dimensions(
    home: &Home,
    faces: &FaceInputs,
    config: &SensitivityConfig,
    (list, input): (&PairList, InputFile),
    note: &mut dyn FnMut(String),
) -> Result<SensitivityOutcome> {
    faces.notes(note);
    ensure!(list.folds.len() > 1, "fewer dimensions are judged on held-out folds, but the list has one fold");
    let resolved = resolve(&faces.images, list);
    let vectors = &resolved.vectors;
    let is_odd = |pair: &Pair| list.folds.binary_search(&pair.fold).is_ok_and(|place| place % 2 == 1);
    let half = |odd: bool| resolved.pairs.iter().filter(move |pair| is_odd(pair) == odd);
    let axes = [false, true].map(|odd| {
        let mut rows: Vec<usize> = half(odd).flat_map(|pair| [pair.a, pair.b]).collect();
        rows.sort_unstable();
        rows.dedup();
        Pca::fit(vectors, &rows)
    });
    let full = vectors.dimensions();
    let mut levels: Vec<usize> = config.study.levels().iter().map(|&level| level as usize).collect();
    levels.retain(|&level| level < full);
    let mut rows = Vec::new();
    for level in levels {
        let mut scored = Vec::new();
        for (pca, judged) in axes.iter().zip([true, false]) {
            let projected = pca.project(vectors, level)?;
            scored.extend(projected.measured(half(judged), Metric::SquaredL2));
        }
        rows.push(scored_row(config.study, level as f64, &scored, resolved.skipped, config.far_target)?);
    }
    rows.push(row(config.study, full as f64, &faces.images, list, config.far_target)?);
    let inputs = [&faces.inputs[..], &[input]].concat();
    write_study(home, config, &inputs, faces.model(), rows, note)
}

/// VAL of each installed embedding network beside its multiply-adds (paper, figure 4).
pub(crate) fn eval_networks(
    home: &Home,
    options: &EngineOptions,
    config: &SensitivityConfig,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<SensitivityOutcome> {
    let (list, input) = read_list(config)?;
    let store = Store::open(home.models())?;
    let installed: Vec<ModelId> = models_of(store.manifest())
        .filter(|id| store.installed(id))
        .filter(|id| options.model.as_ref().is_none_or(|model| *model == id.0))
        .collect();
    ensure!(!installed.is_empty(), "no embedding network is installed: see {}", Advised("models list"));
    let (mut rows, mut inputs) = (Vec::<StudyRow>::new(), vec![input]);
    for id in installed {
        let options = EngineOptions { model: Some(id.0.clone()), ..options.clone() };
        let engine = Engine::load(home, &options, cancel, events)?;
        let faces = embed_plain(home, &engine, (&config.images, &list.images), config.crop, cancel, events)?;
        let cost = multiply_adds(&store, &id)? as f64;
        let measured = row(Study::MultiplyAdds, cost, &faces.images, &list, config.far_target)?;
        rows.push(StudyRow { name: Some(id.0), ..measured });
        inputs.extend(faces.inputs);
    }
    rows.sort_by(|a, b| a.level.total_cmp(&b.level));
    inputs.dedup();
    let mut note = |text: String| events(JobEvent::Note(text));
    write_study(home, config, &inputs, "Installed networks".to_owned(), rows, &mut note)
}

fn models_of(manifest: &Manifest) -> impl Iterator<Item = ModelId> {
    manifest.models.iter().filter(|entry| entry.task == Task::Embed).map(|entry| entry.id.clone())
}

/// Of one picture.
fn multiply_adds(store: &Store, id: &ModelId) -> Result<u64> {
    let card = recognise(&store.read(id)?)?.card;
    let net = build_as(&card, &crate::networks::device::cpu().burn)?;
    Ok(net.table(MapShape::new(3, card.input.height as usize, card.input.width as usize)).multiply_adds())
}
