//! A finished training run once more with one thing changed, everything else as it was. The people held out are the
//! same, so what comes out can be compared from change to change.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::app::jobs::repeat::{RepeatOn, Repeated, RunChange};
use crate::app::jobs::run_event::RunEvent;
use crate::app::train::job::people::people_folders;
use crate::app::train::job::{DataFrom, RunRecord, StartFrom, TrainRequest, start_training};
use crate::train::checkpoint::RunFolder;
use crate::train::config::HoldOut;
use crate::train::data::{Dataset, Person};
use crate::train::events::Control;
use crate::types::path_text::from_text;

pub fn repeat(run: &Path, change: RunChange, on: &RepeatOn<'_>, note: &mut dyn FnMut(String)) -> Result<Repeated> {
    let text = RunFolder::config(run)?;
    let RunRecord { request, .. } =
        serde_json::from_str(&text).with_context(|| format!("this is no training run: {}", run.display()))?;
    let start = request.start.to_string();
    let place = tempfile::tempdir().context("there is no room to train in")?;
    let request = TrainRequest { pairs: None, against: None, ..changed(request, change, place.path())? };
    let control = Control::with_cancel(on.cancel.clone());
    let mut on_event = |event: RunEvent| {
        if let RunEvent::Note(text) = event {
            note(text);
        }
    };
    let summary = start_training(request, &place.path().join("run"), on.store, on.device, &control, &mut on_event)?;
    ensure!(!on.cancel.is_cancelled(), "cancelled; nothing was kept");
    let people = summary.after.and_then(|report| report.people);
    let people = people.context("the run held nobody out, so nothing was measured")?;
    Ok(Repeated { start, pictures: summary.pictures, skipped: summary.skipped, people })
}

fn changed(mut request: TrainRequest, change: RunChange, place: &Path) -> Result<TrainRequest> {
    match (change, &mut request.start) {
        (RunChange::PicturesEach(level), _) => {
            let DataFrom::Folder { path } = &request.data else {
                bail!("only a run on a folder of people can be repeated with fewer pictures");
            };
            let people_are_held_out = request.config.validation.hold_out == HoldOut::People;
            ensure!(
                people_are_held_out,
                "only a run that held people out can be repeated with fewer pictures of the others"
            );
            let folder = place.join("pictures");
            fewer_pictures(path, &folder, level, request.config.validation.held_out_share, request.config.seed)?;
            request.data = DataFrom::Folder { path: folder };
        }
        (RunChange::Dimensions(level), StartFrom::Scratch { options, .. }) => options.embedding_size = Some(level),
        (RunChange::Dimensions(_), _) => bail!("only a network from scratch can be trained with other dimensions"),
    }
    Ok(request)
}

/// Links the first `level` pictures of each person into `to`, and all of those whom training holds out.
fn fewer_pictures(from: &Path, to: &Path, level: usize, held_out_share: f32, seed: u64) -> Result<()> {
    ensure!(level >= 2, "a person needs two pictures to learn from, not {level}");
    let people = people_folders(from)?;
    let numbered = |(name, pictures): &(String, Vec<PathBuf>)| Person {
        name: name.clone(),
        pictures: (0..pictures.len()).collect(),
    };
    let (_, held_out) = Dataset { people: people.iter().map(numbered).collect() }.split(held_out_share, seed);
    for (name, pictures) in &people {
        let kept = if held_out.people.iter().any(|held| held.name == *name) { pictures.len() } else { level };
        let folder = to.join(from_text(name));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::jobs::walk::sorted;

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
