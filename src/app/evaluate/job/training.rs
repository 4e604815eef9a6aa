//! Studies that train: a finished training run repeated with fewer pictures of each person (paper, table 6) or with
//! another size of embedding (table 5), everything else as it was. The people held out are the same at every level.

use std::path::Path;

use anyhow::{Result, bail, ensure};

use crate::app::engine::home::Home;
use crate::app::evaluate::job::sensitivity::{SensitivityConfig, SensitivityOutcome, write_study};
use crate::app::jobs::input_file::InputFile;
use crate::app::jobs::repeat::{Repeat, RepeatOn, Repeated, RunChange};
use crate::eval::ValAtFar;
use crate::eval::sensitivity::{Study, StudyRow};

/// Repeats the training run in the folder `run` once a level: at most so many pictures of each person, or so many
/// dimensions.
pub(crate) fn eval_training(
    home: &Home,
    (run, repeat): (&Path, Repeat),
    levels: &[usize],
    config: &SensitivityConfig,
    on: &RepeatOn<'_>,
    note: &mut dyn FnMut(String),
) -> Result<SensitivityOutcome> {
    ensure!(!levels.is_empty(), "say which levels to train, as in --levels 5,10,20");
    let (mut rows, mut name) = (Vec::new(), String::new());
    for &level in levels {
        note(format!("Training with {level}: {}", config.study.label()));
        let repeated = repeat(run, change(config.study, level)?, on, note)?;
        rows.push(row(config.study, level, &repeated));
        name = repeated.start;
    }
    let inputs = [InputFile::of(&run.join("config.json"))?];
    write_study(home, config, &inputs, name, rows, note)
}

fn change(study: Study, level: usize) -> Result<RunChange> {
    match study {
        Study::TrainingImages => Ok(RunChange::PicturesEach(level)),
        Study::Dimensions => Ok(RunChange::Dimensions(level)),
        _ => bail!("{} is not studied by training", study.label()),
    }
}

fn row(study: Study, level: usize, repeated: &Repeated) -> StudyRow {
    let people = &repeated.people;
    let level = if study == Study::TrainingImages { repeated.pictures as f64 } else { level as f64 };
    StudyRow {
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
        skipped: repeated.skipped,
        paper: study.paper(level),
    }
}
