//! Runs that go on after something around them has changed, or after somebody else has taken them up.

use super::*;
use crate::app::train::job::runs::discard_run;
use crate::app::train::job::source::FolderSource;
use crate::train::data::PictureSource;

/// A folder of people, and a run on it that was stopped after three of six steps.
struct Left {
    place: tempfile::TempDir,
    models: Store,
}

impl Left {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let models = Store::open(place.path().join("models")).unwrap();
        let left = Self { place, models };
        album(&left.people());
        let control = Control::default();
        let request = request(&left.people(), 6);
        let stopped = start_training(request, &left.run(), &left.models, &cpu(), &control, &mut |event| {
            if matches!(&event, RunEvent::Train(TrainEvent::Step(report)) if report.step == 3) {
                // Who does the run has it alone.
                assert_eq!(unfinished_runs(left.place.path()).unwrap(), []);
                let refused = discard_run(&left.run()).unwrap_err().to_string();
                assert!(refused.contains("works on this run"), "{refused}");
                let refused = left.go_on().0.unwrap_err().to_string();
                assert!(refused.contains("works on this run"), "{refused}");
                control.cancel.cancel();
            }
        });
        assert_eq!(stopped.unwrap().steps, 3);
        assert_eq!(unfinished_runs(left.place.path()).unwrap().len(), 1);
        left
    }

    fn people(&self) -> PathBuf {
        self.place.path().join("people")
    }

    fn run(&self) -> PathBuf {
        self.place.path().join("run")
    }

    fn go_on(&self) -> (Result<TrainSummary>, String) {
        self.go_on_on(&cpu())
    }

    fn go_on_on(&self, device: &ComputeDevice) -> (Result<TrainSummary>, String) {
        let mut notes = String::new();
        let done = resume(&self.run(), &self.models, device, &Control::default(), &mut |event| match event {
            RunEvent::Note(note) => notes += &(note + "\n"),
            RunEvent::LeftOut(Skipped { path, reason }) => notes += &format!("{}: {reason}\n", path.display()),
            _ => {}
        });
        (done, notes)
    }

    /// What a refusal must leave as it is.
    fn kept(&self) -> [Option<Vec<u8>>; 2] {
        ["end.json", "metrics.jsonl"].map(|name| fs::read(self.run().join(name)).ok())
    }
}

#[test]
fn what_has_happened_to_the_pictures_is_told_and_changed_ones_take_no_part() {
    let left = Left::new();
    let people = left.people();
    let picture = |person: u32, number: u32| people.join(format!("Person_{person}/Person_{person}_{number:04}.jpg"));
    // Written anew as it was: another time, the same picture.
    let [same, changed, gone, pipe] = [picture(0, 1), picture(0, 2), picture(1, 3), picture(2, 3)];
    fs::write(&same, fs::read(&same).unwrap()).unwrap();
    fs::write(&changed, fs::read(picture(5, 4)).unwrap()).unwrap();
    [&gone, &pipe].iter().for_each(|path| fs::remove_file(path).unwrap());
    if cfg!(unix) {
        // Whoever opened it would wait for ever.
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    }
    fs::copy(picture(1, 1), picture(1, 8)).unwrap();
    let prepared = PreparedPeople::from_lines(&RunFolder::data(&left.run()).unwrap()).unwrap();
    // Another picture, of the same size and time: told when it is looked at, as those held out are.
    let is_other = |path: &PathBuf| ![&same, &changed, &gone, &pipe].contains(&path);
    let held_out = prepared.entries.iter().filter(|entry| entry.part == DataPart::HeldOut);
    let forged = held_out.map(|entry| &entry.path).find(|path| is_other(path)).unwrap();
    let (bytes, modified) = (fs::read(forged).unwrap(), forged.metadata().unwrap().modified().unwrap());
    RgbImage::new(4, 4).save(forged).unwrap();
    let mut other = fs::read(forged).unwrap();
    assert!(other.len() < bytes.len());
    other.resize(bytes.len(), 0);
    fs::write(forged, other).unwrap();
    fs::File::options().write(true).open(forged).unwrap().set_modified(modified).unwrap();
    let (done, notes) = left.go_on();
    assert_eq!(done.unwrap().steps, 6);
    let told = |path: &Path, why: PictureLost| {
        let line = format!("{}: {why}", path.display());
        assert_eq!(notes.lines().filter(|told| *told == line).count(), 1, "{line}: {notes}");
    };
    told(&changed, PictureLost::HasChanged);
    told(&gone, PictureLost::Gone);
    told(&pipe, PictureLost::Gone);
    told(forged, PictureLost::HasChanged);
    assert!(notes.contains("goes on without: 1 picture"), "{notes}");
    let input = card("likeness-small", &NetOptions::default()).unwrap().input;
    let source = FolderSource::new(&prepared, Preprocessing { crop: CropRule::AsStored, ..input });
    let crop = |path: &Path| {
        let number = prepared.entries.iter().position(|entry| entry.path == path).unwrap();
        source.crop(number).map(drop)
    };
    assert_eq!(crop(&same), Ok(()));
    let refused = [&changed, forged].map(|path| crop(path).unwrap_err());
    assert_eq!(refused, [(); 2].map(|()| PictureLost::HasChanged.to_string()));
    assert!(crop(&gone).is_err() && crop(&pipe).is_err());
}

/// What was told of a run's pictures: how many there are, how many people and pictures are learned from, and what was
/// left out.
#[derive(Debug, Default, PartialEq)]
struct Told {
    prepared: Vec<(usize, usize)>,
    people: Vec<String>,
    left_out: Vec<PathBuf>,
}

impl Told {
    fn hear(&mut self, event: &RunEvent) {
        match event {
            RunEvent::Prepared { pictures, left_out } => self.prepared.push((*pictures, *left_out)),
            RunEvent::Note(note) if note.contains("to learn from") => self.people.push(note.clone()),
            RunEvent::LeftOut(Skipped { path, .. }) => self.left_out.push(path.clone()),
            _ => {}
        }
    }
}

/// Also where an old network looks at its pictures again, and then at one fewer.
#[test]
fn a_run_that_goes_on_counts_its_pictures_as_when_it_began() {
    let left = Left::new();
    let start = Some(StartFrom::File { path: left.run().join("model.safetensors") });
    let mut harmonic = TrainRequest { old: start, ..request(&left.people(), 6) };
    let combinations = crate::train::mining::harmonic::Combinations::all_that_learn();
    harmonic.config.mining = MiningSource::Harmonic { combinations };
    let out = left.place.path().join("harmonic");
    let until = |step: u64, work: &dyn Fn(&Control, &mut dyn FnMut(RunEvent)) -> Result<TrainSummary>| {
        let (control, mut told) = (Control::default(), Told::default());
        let summary = work(&control, &mut |event| {
            told.hear(&event);
            if matches!(&event, RunEvent::Train(TrainEvent::Step(report)) if report.step == step) {
                control.cancel.cancel();
            }
        });
        (summary.unwrap(), told)
    };
    let (_, first) =
        until(1, &|control, events| start_training(harmonic.clone(), &out, &left.models, &cpu(), control, events));
    assert_eq!((first.prepared.len(), first.people.len(), first.left_out.len()), (1, 1, 1), "{first:?}");
    let go_on = |step| {
        fs::remove_file(out.join("old_vectors.bin")).unwrap();
        until(step, &|control, events| resume(&out, &left.models, &cpu(), control, events))
    };
    let (_, again) = go_on(3);
    assert_eq!((&again.prepared, &again.people, again.left_out.len()), (&first.prepared, &first.people, 0));
    let prepared = PreparedPeople::from_lines(&RunFolder::data(&out).unwrap()).unwrap();
    let gone = &prepared.entries.iter().find(|entry| entry.part == DataPart::Training).unwrap().path;
    fs::remove_file(gone).unwrap();
    let (summary, then) = go_on(u64::MAX);
    assert_eq!((&then.prepared, then.left_out), (&first.prepared, vec![gone.clone()]), "told once");
    assert!(then.people != first.people && then.people[0].contains(&format!("{} pictures", summary.pictures)));
}

/// Nothing finds room any more, and the folder holds the network of the stop before.
#[test]
fn what_is_kept_of_a_run_that_failed_is_told_as_what_it_is() {
    let left = Left::new();
    let model = left.run().join("model.safetensors");
    let step = load(&model).unwrap().1.run_step.unwrap();
    let mut notes = String::new();
    let failed = resume(&left.run(), &left.models, &cpu(), &Control::default(), &mut |event| match event {
        RunEvent::Train(TrainEvent::Step(report)) if report.step == 4 => {
            fs::remove_dir_all(left.run().join("checkpoints")).unwrap();
            fs::write(left.run().join("checkpoints"), b"no folder").unwrap();
            fs::create_dir(left.run().join("model.safetensors.partial")).unwrap();
        }
        RunEvent::Note(note) => notes += &note,
        _ => {}
    });
    let told = error_chain(&failed.unwrap_err());
    assert!(told.contains("step 4 was not written"), "{told}");
    assert!(step <= 3 && notes.contains(&format!("the network after step {step} is kept")), "{notes}");
    assert!(!notes.contains("best"), "{notes}");
}

/// Before a detector is missed, and before anybody waits for a pipe.
#[cfg(unix)]
#[test]
fn what_is_no_folder_or_file_is_refused_first() {
    let place = tempfile::tempdir().unwrap();
    let models = Store::open(place.path().join("models")).unwrap();
    let (data, out, pipe) = (place.path().join("people"), place.path().join("run"), place.path().join("pipe"));
    album(&data);
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let usual = TrainRequest { faces: FaceFinding::Detect, ..request(&data, 2) };
    let pairs = |list: &Path, images: &Path| Some(PairsRequest { list: list.into(), images: images.into() });
    let file = || Some(StartFrom::File { path: pipe.clone() });
    for (request, why) in [
        (TrainRequest { data: DataFrom::Folder { path: pipe.clone() }, ..usual.clone() }, "not a folder"),
        (TrainRequest { pairs: pairs(&pipe, &data), ..usual.clone() }, "a named pipe"),
        (TrainRequest { pairs: pairs(&data.join("pairs.txt"), &pipe), ..usual.clone() }, "not a folder"),
        (TrainRequest { start: file().unwrap(), ..usual.clone() }, "a named pipe"),
        (TrainRequest { against: file(), ..usual.clone() }, "a named pipe"),
    ] {
        let refused = start_training(request, &out, &models, &cpu(), &Control::default(), &mut |_| {});
        let told = error_chain(&refused.unwrap_err());
        assert!(told.contains(why) && told.contains("pipe") && !out.exists(), "{told}");
    }
    let refused = start_training(usual, &out, &models, &cpu(), &Control::default(), &mut |_| {});
    assert!(error_chain(&refused.unwrap_err()).contains("yunet"), "the detector is the next to be missed");
}

#[test]
fn a_run_whose_pictures_are_elsewhere_is_refused_and_unharmed() {
    let left = Left::new();
    let away = left.place.path().join("away");
    let kept = left.kept();
    fs::rename(left.people(), &away).unwrap();
    let (refused, _) = left.go_on();
    let words = error_chain(&refused.unwrap_err());
    assert!(words.contains("pictures is not there") && words.contains("people"), "{words}");
    fs::create_dir(left.people()).unwrap();
    fs::copy(away.join("pairs.txt"), left.people().join("pairs.txt")).unwrap();
    let words = left.go_on().0.unwrap_err().to_string();
    assert!(words.contains("put them back"), "{words}");
    assert_eq!(left.kept(), kept);
    fs::remove_dir_all(left.people()).unwrap();
    fs::rename(&away, left.people()).unwrap();
    assert_eq!(left.go_on().0.unwrap().steps, 6);
}

#[test]
fn a_run_that_cannot_go_on_stays_as_it_ended() {
    let left = Left::new();
    let device = ComputeDevice { name: "another".to_owned(), ..cpu() };
    let (done, notes) = left.go_on_on(&device);
    assert!(done.is_ok() && notes.contains("another computes a little otherwise"), "{notes}");
    let (kept, list) = (left.kept(), left.people().join("pairs.txt"));
    assert!(kept[0].is_some());
    let pairs = fs::read_to_string(&list).unwrap();
    fs::write(&list, pairs.replace("Person_7\t1\t3", "Person_7\t1\t4")).unwrap();
    let (refused, _) = left.go_on();
    let words = refused.unwrap_err().to_string();
    assert!(words.contains("list of pairs is another"), "{words}");
    assert_eq!(left.kept(), kept);
    fs::write(&list, pairs).unwrap();
    assert_eq!(left.go_on().0.unwrap().steps, 6);
}

/// Killed before its first checkpoint, it starts from a file.
#[test]
fn a_start_that_has_changed_is_not_begun_from() {
    let left = Left::new();
    left.go_on().0.unwrap();
    let place = |name: &str| left.place.path().join(name);
    let start = place("start.safetensors");
    fs::copy(left.run().join("model.safetensors"), &start).unwrap();
    let mut request = request(&left.people(), 2);
    request.start = StartFrom::File { path: start.clone() };
    request.against = Some(StartFrom::File { path: left.run().join("model.safetensors") });
    let out = place("second");
    let second = start_training(request, &out, &left.models, &cpu(), &Control::default(), &mut |_| {});
    second.unwrap();
    fs::remove_dir_all(out.join("checkpoints")).unwrap();
    let (_, card) = load(&start).unwrap();
    let net = crate::networks::nets::catalogue::build("likeness-small", &NetOptions::default(), &cpu().burn).unwrap();
    crate::networks::weights::save(&net, &card, &start).unwrap();
    let again = resume(&out, &left.models, &cpu(), &Control::default(), &mut |_| {});
    let words = again.unwrap_err().to_string();
    assert!(words.contains("other weights than when the run began"), "{words}");
}

#[test]
fn paths_mean_the_same_from_everywhere() {
    let mut asked = request(tempfile::tempdir().unwrap().path(), 1);
    asked.data = DataFrom::Folder { path: "people".into() };
    asked.old = Some(StartFrom::File { path: "old.safetensors".into() });
    asked.pairs = Some(PairsRequest { list: "pairs.txt".into(), images: "lfw".into() });
    let asked = asked.with_absolute_paths().unwrap();
    let here = std::env::current_dir().unwrap();
    assert_eq!(asked.data, DataFrom::Folder { path: here.join("people") });
    assert_eq!(asked.old, Some(StartFrom::File { path: here.join("old.safetensors") }));
    assert_eq!(asked.pairs, Some(PairsRequest { list: here.join("pairs.txt"), images: here.join("lfw") }));
}

#[test]
fn a_list_that_cannot_be_judged_on_is_refused_before_anything_is_prepared() {
    let place = tempfile::tempdir().unwrap();
    let models = Store::open(place.path().join("models")).unwrap();
    let (data, out) = (place.path().join("people"), place.path().join("run"));
    album(&data);
    let request = request(&data, 2);
    fs::write(data.join("pairs.txt"), "1\nPerson_6\t1\t2\nPerson_6\t1\tPerson_7\t1\n").unwrap();
    let mut prepared = false;
    let refused = start_training(request, &out, &models, &cpu(), &Control::default(), &mut |event| {
        prepared |= matches!(event, RunEvent::Preparing { .. });
    });
    let words = refused.unwrap_err().to_string();
    assert!(words.contains("two folds") && !prepared && !out.exists(), "{words}");
    let mut request = self::request(&data, 2);
    request.pairs.as_mut().unwrap().images = place.path().join("nope");
    let refused = start_training(request, &out, &models, &cpu(), &Control::default(), &mut |_| {});
    let words = refused.unwrap_err().to_string();
    assert!(words.contains("not there") && words.contains("nope") && !out.exists(), "{words}");
}
