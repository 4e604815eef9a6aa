//! Studies that train: a finished training run repeated with fewer pictures of each person (paper, table 6) or with
//! another size of embedding (table 5), everything else as it was. The people held out are the same at every level.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::app::engine::home::Home;
use crate::app::evaluate::job::inputs::InputFile;
use crate::app::evaluate::job::sensitivity::{SensitivityConfig, SensitivityOutcome, write_study};
use crate::app::jobs::run_event::RunEvent;
use crate::app::jobs::walk::sorted;
use crate::app::train::job::{DataFrom, StartFrom, TrainRequest, TrainSummary, start_training};
use crate::eval::ValAtFar;
use crate::eval::sensitivity::{Study, StudyRow};
use crate::faces::image::is_photo_name;
use crate::networks::device::ComputeDevice;
use crate::networks::models::Store;
use crate::train::checkpoint::RunFolder;
use crate::train::data::{Dataset, Person};
use crate::train::events::Control;
use crate::types::Cancel;

/// The part of a training run's `config.json` that is repeated.
#[derive(Deserialize)]
struct Repeated {
    request: TrainRequest,
}

/// Repeats the training run in the folder `run` once a level: at most so many pictures of each person, or so many
/// dimensions.
pub fn eval_training(
    home: &Home,
    run: &Path,
    levels: &[usize],
    config: &SensitivityConfig,
    device: &ComputeDevice,
    cancel: &Cancel,
    note: &mut dyn FnMut(String),
) -> Result<SensitivityOutcome> {
    ensure!(!levels.is_empty(), "say which levels to train, as in --levels 5,10,20");
    let text = RunFolder::config(run)?;
    let Repeated { request } =
        serde_json::from_str(&text).with_context(|| format!("this is no training run: {}", run.display()))?;
    let store = Store::open(home.models())?;
    let place = tempfile::tempdir().context("there is no room to train in")?;
    let mut rows = Vec::new();
    for &level in levels {
        note(format!("Training with {level}: {}", config.study.label()));
        let folder = place.path().join(format!("pictures-{level}"));
        let request = TrainRequest { pairs: None, against: None, ..at_level(&request, config.study, level, &folder)? };
        let out = place.path().join(format!("run-{level}"));
        let control = Control::with_cancel(cancel.clone());
        let mut told = |event: RunEvent| {
            if let RunEvent::Note(text) = event {
                note(text);
            }
        };
        let summary = start_training(request, &out, &store, device, &control, &mut told)?;
        ensure!(!cancel.is_cancelled(), "cancelled; nothing was kept");
        rows.push(row(config.study, level, &summary)?);
    }
    let name = match &request.start {
        StartFrom::Scratch { net, .. } => net.clone(),
        StartFrom::File { path } => path.display().to_string(),
        StartFrom::Installed { id } => id.0.clone(),
    };
    let inputs = [InputFile::of(&run.join("config.json"))?];
    write_study(home, config, &inputs, name, rows, note)
}

fn at_level(request: &TrainRequest, study: Study, level: usize, folder: &Path) -> Result<TrainRequest> {
    let mut request = request.clone();
    match (study, &mut request.start) {
        (Study::TrainingImages, _) => {
            let DataFrom::Folder { path } = &request.data else {
                bail!("only a run on a folder of people can be repeated with fewer pictures");
            };
            let seed = request.config.seed;
            fewer_pictures(path, folder, level, request.config.validation.held_out_share, seed)?;
            request.data = DataFrom::Folder { path: folder.to_owned() };
        }
        (Study::Dimensions, StartFrom::Scratch { options, .. }) => options.embedding_size = Some(level),
        (Study::Dimensions, _) => bail!("only a network from scratch can be trained with other dimensions"),
        _ => bail!("{} is not studied by training", study.label()),
    }
    Ok(request)
}

/// Links the first `level` pictures of each person into `to`, and all of those whom training holds out.
fn fewer_pictures(from: &Path, to: &Path, level: usize, held_out_share: f32, seed: u64) -> Result<()> {
    ensure!(level >= 2, "a person needs two pictures to learn from, not {level}");
    let mut people: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for person in sorted(from)?.into_iter().filter(|path| path.is_dir()) {
        let pictures = sorted(&person)?.into_iter().filter(|path| path.is_file() && is_photo_name(path)).collect();
        let name = person.file_name().unwrap_or_default().to_string_lossy().into_owned();
        people.insert(name, pictures);
    }
    let numbered = |(name, pictures): (&String, &Vec<PathBuf>)| Person {
        name: name.clone(),
        pictures: (0..pictures.len()).collect(),
    };
    let (_, held_out) = Dataset { people: people.iter().map(numbered).collect() }.split(held_out_share, seed);
    for (name, pictures) in &people {
        let kept = if held_out.people.iter().any(|held| held.name == *name) { pictures.len() } else { level };
        let folder = to.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
        for picture in pictures.iter().take(kept) {
            let link = folder.join(picture.file_name().unwrap_or_default());
            // Another disk takes no hard links.
            if fs::hard_link(picture, &link).is_err() {
                fs::copy(picture, &link).with_context(|| format!("cannot copy {}", picture.display()))?;
            }
        }
    }
    Ok(())
}

fn row(study: Study, level: usize, summary: &TrainSummary) -> Result<StudyRow> {
    let after = summary.after.as_ref().and_then(|report| report.people.as_ref());
    let people = after.context("the run held nobody out, so nothing was measured")?;
    let level = if study == Study::TrainingImages { summary.pictures as f64 } else { level as f64 };
    Ok(StudyRow {
        level,
        name: None,
        measured: ValAtFar {
            target: people.far_target,
            threshold: people.val_threshold,
            val: people.val,
            far: people.far,
            resolved: people.far_target * people.different_pairs as f64 >= 1.0,
        },
        auc: people.auc,
        pairs: people.same_pairs + people.different_pairs,
        skipped: summary.skipped,
        paper: study.paper(level),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_out_people_keep_all_their_pictures() {
        let place = tempfile::tempdir().unwrap();
        let (from, to) = (place.path().join("from"), place.path().join("to"));
        for person in 0..10 {
            let folder = from.join(format!("P{person}"));
            fs::create_dir_all(&folder).unwrap();
            (0..6).for_each(|picture| fs::write(folder.join(format!("{picture}.png")), "x").unwrap());
        }
        fewer_pictures(&from, &to, 3, 0.2, 7).unwrap();
        let mut counts: Vec<usize> = sorted(&to).unwrap().iter().map(|person| sorted(person).unwrap().len()).collect();
        counts.sort_unstable();
        assert_eq!(counts, [3, 3, 3, 3, 3, 3, 3, 3, 6, 6]);
        assert!(fewer_pictures(&from, &to, 1, 0.2, 7).is_err());
    }
}
