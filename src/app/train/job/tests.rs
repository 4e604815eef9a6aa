use super::*;
use crate::app::engine::networks::EngineOptions;
use crate::app::train::job::people::DataPart;
use crate::app::train::job::runs::{unfinished_run, unfinished_runs};
use crate::networks::nets::catalogue::card;
use crate::networks::weights::load;
use crate::train::augment::AugmentConfig;
use crate::train::config::{HoldOut, ValidationConfig};
use crate::train::events::{Ending, TrainEvent};
use crate::train::sampler::{Fill, SamplerConfig};
use crate::types::hex;
use image::{Rgb, RgbImage};
use std::fs;
use std::sync::Arc;

mod going_on;
mod taught;

const PEOPLE: usize = 8;
const PICTURES: usize = 4;

/// Folders of crops, one person a colour, with a broken file among them.
fn album(root: &Path) {
    for person in 0..PEOPLE {
        let folder = root.join(format!("Person_{person}"));
        fs::create_dir_all(&folder).unwrap();
        for picture in 0..PICTURES {
            let colour = [(person * 30) as u8, (200 - person * 20) as u8, (picture * 10) as u8];
            let path = folder.join(format!("Person_{person}_{:04}.jpg", picture + 1));
            RgbImage::from_fn(20, 20, |x, y| if (x + y) % 5 == 0 { Rgb([90; 3]) } else { Rgb(colour) })
                .save(path)
                .unwrap();
        }
    }
    fs::write(root.join("Person_3/Person_3_0009.jpg"), b"no picture").unwrap();
    fs::write(root.join("Person_3/notes.txt"), b"no picture either").unwrap();
}

fn request(data: &Path, steps: u64) -> TrainRequest {
    let list = data.join("pairs.txt");
    fs::write(&list, "2\t1\nPerson_6\t1\t2\nPerson_6\t1\tPerson_7\t1\nPerson_7\t1\t3\nPerson_6\t2\tPerson_7\t4\n")
        .unwrap();
    let config = TrainConfig {
        steps,
        sampler: SamplerConfig { people_per_batch: 3, pictures_per_person: 3, random_negatives: 1, fill: Fill::No },
        augmentation: AugmentConfig::NONE,
        validation: ValidationConfig {
            every_steps: 2,
            held_out_share: 0.35,
            hold_out: HoldOut::People,
            far_target: 0.1,
            pictures_at_most: 50,
        },
        checkpoint_every_steps: 2,
        ..TrainConfig::default()
    };
    TrainRequest {
        data: DataFrom::Folder { path: data.to_owned() },
        start: StartFrom::Scratch { net: "likeness-small".into(), options: NetOptions::default() },
        scaling: None,
        faces: FaceFinding::Cropped,
        detector: None,
        pairs: Some(PairsRequest { list, images: data.to_owned() }),
        against: None,
        old: None,
        teacher: None,
        config,
    }
}

fn cpu() -> ComputeDevice {
    let verdicts = crate::networks::device::VerdictCache::open(PathBuf::new());
    crate::networks::device::choose(&crate::networks::device::DeviceChoice::Cpu, &verdicts).unwrap().0
}

#[test]
fn another_detector_has_its_own_crop_and_leaves_the_usual_one_known() {
    let folder = tempfile::tempdir().unwrap();
    let models = Store::open(folder.path().join("models")).unwrap();
    let (usual, wide) = (CropRule::SquareBox { enlarge: 1.2 }, CropRule::GreaterMargin { margin: 32.0 });
    let yunet = EngineOptions::default().detector_id();
    let mut card = card("likeness-small", &NetOptions::default()).unwrap();
    // As a run with MTCNN leaves it.
    card.input.crop = wide;
    card.crop_with = [(ModelId("mtcnn".into()), wide), (yunet, usual)].into();
    let path = folder.path().join("trained.safetensors");
    let net = crate::networks::nets::catalogue::build("likeness-small", &NetOptions::default(), &cpu().burn).unwrap();
    crate::networks::weights::save(&net, &card, &path).unwrap();
    for (detector, crop) in [(None, usual), (Some("mtcnn"), wide)] {
        let request = TrainRequest {
            start: StartFrom::File { path: path.clone() },
            detector: detector.map(|id| ModelId(id.into())),
            ..request(folder.path(), 1)
        };
        assert_eq!(StartingNetwork::read(&request.start, &request, &models).unwrap().card.input.crop, crop);
    }
}

#[test]
fn a_folder_is_trained_on_stopped_and_resumed() {
    let temporary = tempfile::tempdir().unwrap();
    let data = temporary.path().join("people");
    album(&data);
    let out = temporary.path().join("run");
    let models = Store::open(temporary.path().join("models")).unwrap();
    fs::copy(data.join("Person_1/Person_1_0001.jpg"), data.join("Person_2/Person_2_0009.jpg")).unwrap();
    let control = Control::default();
    let (mut left_out, mut notes) = (Vec::new(), String::new());
    let stopped = start_training(request(&data, 6), &out, &models, &cpu(), &control, &mut |event| match event {
        RunEvent::LeftOut(found) => left_out.push(found.path.clone()),
        RunEvent::Note(note) => notes += &note,
        RunEvent::Train(TrainEvent::Step(report)) if report.step == 3 => control.cancel.cancel(),
        _ => {}
    });
    let stopped = stopped.unwrap();
    assert_eq!((stopped.stopped, stopped.steps), (StopReason::Cancelled, 3));
    assert_eq!(unfinished_run(&out).map(|run| (run.step, run.steps)), Some((3, 6)));
    assert!(notes.contains("1 picture is there under two names, the first as Person_1 and as Person_2"), "{notes}");
    assert_eq!(left_out, [data.join("Person_3/Person_3_0009.jpg")]);
    assert_eq!((stopped.people, stopped.held_out_people), (4, 2), "two of eight are in the list of pairs");
    let before = stopped.before.clone();
    let done = resume(&out, &models, &cpu(), &Control::default(), &mut |_| {}).unwrap();
    assert!(done.left_out == 1 && done.before.is_some());
    assert_eq!(done.before.unwrap().pairs.map(|pairs| pairs.auc), before.unwrap().pairs.map(|pairs| pairs.auc));
    assert_eq!(done.comparison, None, "there is no old network");
    assert_eq!((done.stopped, done.steps), (StopReason::StepsDone, 6));
    let pairs = done.after.unwrap().pairs.unwrap();
    assert_eq!((pairs.pairs, pairs.skipped), (4, 0));
    let (_, card) = load(done.model.as_ref().unwrap()).unwrap();
    assert_eq!((card.architecture.as_str(), card.input.crop), ("likeness-small", CropRule::AsStored));
    let again = start_training(request(&data, 6), &out, &models, &cpu(), &Control::default(), &mut |_| {});
    assert!(again.unwrap_err().to_string().contains("--resume"));
}

#[test]
fn a_trained_network_can_be_the_start_and_the_old_one() {
    let temporary = tempfile::tempdir().unwrap();
    let data = temporary.path().join("people");
    album(&data);
    let models = Store::open(temporary.path().join("models")).unwrap();
    let run = |request: TrainRequest, name: &str| {
        start_training(request, &temporary.path().join(name), &models, &cpu(), &Control::default(), &mut |_| {})
    };
    let first = run(request(&data, 2), "first").unwrap();
    let start = StartFrom::File { path: first.model.clone().unwrap() };
    let mut harmonic = TrainRequest { start: start.clone(), old: Some(start), ..request(&data, 2) };
    let combinations = crate::train::mining::harmonic::Combinations::all_that_learn();
    harmonic.config.mining = MiningSource::Harmonic { combinations };
    let second = run(harmonic.clone(), "second").unwrap();
    let comparison = second.comparison.unwrap();
    let pairs = comparison.pairs.unwrap();
    assert_eq!((comparison.people, pairs.pairs), (None, 4), "two people held out are too few, four pairs are not");
    let written = fs::read_to_string(second.run.join("comparison.json")).unwrap();
    assert!(written.contains("verdict") && written.contains("model.safetensors"), "{written}");
    let val = |report: Option<ValidationReport>| report.unwrap().people.unwrap().auc;
    assert_eq!(val(second.before), val(first.after), "the start is where the first run ended");
    let error = run(TrainRequest { old: None, ..harmonic }, "third").unwrap_err().to_string();
    assert!(error.contains("--old"), "{error}");
}

/// A kill during the comparison leaves an ended run whose comparison is still to be made.
#[test]
fn a_run_killed_while_it_compares_waits_for_its_comparison() {
    let temporary = tempfile::tempdir().unwrap();
    let data = temporary.path().join("people");
    album(&data);
    let models = Store::open(temporary.path().join("models")).unwrap();
    let (first, out) = (temporary.path().join("first"), temporary.path().join("run"));
    let options = NetOptions { width: Some(0.5), ..NetOptions::default() };
    let narrow = StartFrom::Scratch { net: "likeness-small".into(), options };
    let request = TrainRequest { start: narrow, ..request(&data, 2) };
    let first = start_training(request.clone(), &first, &models, &cpu(), &Control::default(), &mut |_| {}).unwrap();
    assert!(unfinished_run(&first.run).is_none(), "there is nothing to compare it with");
    let start = StartFrom::File { path: first.model.clone().unwrap() };
    let request = TrainRequest { start, ..request };
    let mut compared = Vec::new();
    let whole = start_training(request, &out, &models, &cpu(), &Control::default(), &mut |event| {
        if let RunEvent::Comparing { done, total } = event {
            assert_eq!(unfinished_run(&out).map(|run| run.step), Some(2), "killed now, it is gone on with");
            compared.push((done, total));
        }
    });
    let whole = whole.unwrap();
    let total = compared[0].1;
    assert!(compared.contains(&(0, total)) && compared.contains(&(total / 2, total)) && compared.is_sorted());
    assert_eq!(compared.last(), Some(&(total, total)), "both networks have seen every picture");
    assert!(whole.comparison.is_some() && unfinished_run(&out).is_none());
    RunFolder::set_uncompared(&out, true).unwrap();
    // Stopped while it compares it waits for its comparison as well.
    let (control, mut notes) = (Control::default(), String::new());
    let stopped = resume(&out, &models, &cpu(), &control, &mut |event| match event {
        RunEvent::Comparing { .. } => control.cancel.cancel(),
        RunEvent::Note(note) => notes += &note,
        _ => {}
    });
    assert_eq!(stopped.unwrap().comparison, None);
    assert!(unfinished_run(&out).is_some() && notes.contains("comparison"), "{notes}");
    // As versions before this one called it.
    fs::rename(out.join("comparison.json"), out.join("gate.json")).unwrap();
    let again = resume(&out, &models, &cpu(), &Control::default(), &mut |_| {}).unwrap();
    assert!(serde_json::to_value(&again).unwrap()["comparison"]["verdict"].is_string());
    assert_eq!((again.comparison, again.steps), (whole.comparison, 2));
    assert!(unfinished_run(&out).is_none() && out.join("comparison.json").exists());
    assert!(!out.join("gate.json").exists(), "a run has one comparison");
    let (tensors, card) = load(&again.model.unwrap()).unwrap();
    assert_eq!((card.width, tensors.get("conv4.bias").unwrap().data.len()), (Some(0.5), 48), "of half the width");
}

/// The old network's vectors are found with progress; a run that was stopped there finds only what is missing.
#[test]
fn the_frozen_part_is_gone_on_with_where_it_was_stopped() {
    let temporary = tempfile::tempdir().unwrap();
    let data = temporary.path().join("people");
    album(&data);
    let models = Store::open(temporary.path().join("models")).unwrap();
    let first = temporary.path().join("first");
    let run = start_training(request(&data, 2), &first, &models, &cpu(), &Control::default(), &mut |_| {}).unwrap();
    let start = StartFrom::File { path: run.model.unwrap() };
    let mut harmonic = TrainRequest { start: start.clone(), old: Some(start), ..request(&data, 2) };
    let combinations = crate::train::mining::harmonic::Combinations::all_that_learn();
    harmonic.config.mining = MiningSource::Harmonic { combinations };
    let out = temporary.path().join("harmonic");
    let control = Control::default();
    let (mut reading, mut told) = (false, Vec::new());
    let stopped = start_training(harmonic, &out, &models, &cpu(), &control, &mut |event| {
        if let RunEvent::Preparing { done, total } = event {
            // The pictures are prepared first, to the end; then the old network begins at none.
            reading |= done == 0;
            if reading && done > 0 {
                control.cancel.cancel();
            }
            told.push((done, total));
        }
    });
    let stopped = stopped.unwrap();
    assert_eq!((stopped.stopped, stopped.steps, stopped.model), (StopReason::Cancelled, 0, None));
    assert!(reading, "{told:?}");
    let vectors = fs::read(out.join("old_vectors.bin")).unwrap();
    assert!(!vectors.is_empty());
    let mut looked_again = false;
    let done = resume(&out, &models, &cpu(), &Control::default(), &mut |event| {
        looked_again |= matches!(event, RunEvent::Preparing { .. });
    });
    let done = done.unwrap();
    assert_eq!((done.stopped, done.steps, looked_again), (StopReason::StepsDone, 2, false));
    assert_eq!(fs::read(out.join("old_vectors.bin")).unwrap(), vectors);
    let people = done.after.unwrap().people.unwrap();
    assert!(people.against_old.is_some());
}

#[test]
fn a_run_can_be_stopped_and_kept_or_discarded() {
    let temporary = tempfile::tempdir().unwrap();
    let data = temporary.path().join("people");
    album(&data);
    let models = Store::open(temporary.path().join("models")).unwrap();
    for ending in [Ending::Keep, Ending::Discard] {
        let out = temporary.path().join("run");
        let control = Control::default().with_snapshots_every(2);
        let (mut snapshots, mut paused) = (0, 0);
        let summary = start_training(request(&data, 40), &out, &models, &cpu(), &control, &mut |event| match event {
            RunEvent::Train(TrainEvent::Step(report)) if report.step == 2 => control.set_paused(true),
            RunEvent::Train(TrainEvent::Step(report)) if report.step == 3 => control.stop(ending),
            RunEvent::Train(TrainEvent::Paused { step: 2 }) => {
                paused += 1;
                control.set_paused(false);
            }
            RunEvent::Train(TrainEvent::Snapshot(snapshot)) => {
                snapshots += 1;
                assert!(
                    snapshot.step == 2
                        && snapshot.distances.same.iter().sum::<u32>() > 0
                        && !snapshot.triplets.is_empty()
                );
            }
            _ => {}
        });
        let summary = summary.unwrap();
        assert_eq!((summary.steps, snapshots, paused), (3, 1, 1));
        let kept = ending == Ending::Keep;
        assert_eq!(summary.stopped, if kept { StopReason::Kept } else { StopReason::Discarded });
        assert_eq!(summary.model.is_some(), kept);
        assert_eq!(out.exists(), kept);
        if kept {
            let end: serde_json::Value = serde_json::from_slice(&fs::read(out.join("end.json")).unwrap()).unwrap();
            assert_eq!((&end["step"], &end["model_step"]), (&3.into(), &summary.after.unwrap().step.into()));
            assert_eq!(unfinished_runs(temporary.path()).unwrap(), [], "it ended as its user wanted");
            RunFolder::discard(&out).unwrap();
        }
    }
}

#[test]
fn the_list_of_pictures_comes_back_from_its_lines() {
    let entry = |name: &str, part| people::DataEntry {
        person: name.to_owned(),
        path: PathBuf::from(format!("{name}/1.jpg")),
        sha256: "00".to_owned(),
        part,
        full_size: (20, 30),
        face: None,
        further_pages: 0,
        stamp: None,
    };
    let entries = Arc::new(vec![entry("Ada", DataPart::Training), entry("李", DataPart::HeldOut)]);
    let prepared = PreparedPeople { entries, left_out: 0 };
    assert_eq!(PreparedPeople::from_lines(&prepared.to_lines().unwrap()).unwrap(), prepared);
}

#[test]
fn weights_that_play_two_parts_are_read_once() {
    let folder = tempfile::tempdir().unwrap();
    let models = Store::open(folder.path().join("models")).unwrap();
    let path = folder.path().join("start.safetensors");
    let net = crate::networks::nets::catalogue::build("likeness-small", &NetOptions::default(), &cpu().burn).unwrap();
    let card = card("likeness-small", &NetOptions::default()).unwrap();
    crate::networks::weights::save(&net, &card, &path).unwrap();
    let request = TrainRequest { start: StartFrom::File { path: path.clone() }, ..request(folder.path(), 1) };
    let mut networks = Networks::new(&request, &models);
    let start = networks.start().unwrap();
    fs::remove_file(&path).unwrap();
    let against = networks.against().unwrap().unwrap();
    let (StartWeights::Own(start), StartWeights::Own(compared)) = (&start.weights, &against.weights) else {
        panic!("both have the weights of the file")
    };
    assert!(Arc::ptr_eq(start, compared));
    assert_eq!(against.card.input.crop, CropRule::AsStored);
}

/// Eleven held out: six choose, five compare and give the thresholds. The pictures of one and the other differ.
#[test]
fn people_who_choose_a_network_do_not_compare_it() {
    let temporary = tempfile::tempdir().unwrap();
    let data = temporary.path().join("people");
    for person in 0..22 {
        let folder = data.join(format!("Person_{person:02}"));
        fs::create_dir_all(&folder).unwrap();
        for picture in 0..6 {
            let colour = [(person * 11) as u8, (230 - person * 9) as u8, (picture * 20) as u8];
            let crop = RgbImage::from_fn(20, 20, |x, y| if (x + y) % 5 == 0 { Rgb([90; 3]) } else { Rgb(colour) });
            crop.save(folder.join(format!("{picture}.png"))).unwrap();
        }
    }
    let models = Store::open(temporary.path().join("models")).unwrap();
    let run = |start: StartFrom, every_steps, name: &str| {
        let mut request = TrainRequest { start, pairs: None, ..request(&data, 2) };
        request.config.validation = ValidationConfig { every_steps, held_out_share: 0.5, ..request.config.validation };
        let out = temporary.path().join(name);
        let summary = start_training(request, &out, &models, &cpu(), &Control::default(), &mut |_| {}).unwrap();
        let prepared = PreparedPeople::from_lines(&RunFolder::data(&out).unwrap()).unwrap();
        (summary, prepared.datasets().1.people.len(), prepared.compared().people.len())
    };
    let scratch = StartFrom::Scratch { net: "likeness-small".into(), options: NetOptions::default() };
    let (first, choosing, comparing) = run(scratch, 1, "first");
    assert_eq!((choosing, comparing, first.comparison.clone()), (11, 0, None), "there is nothing to compare with");
    let start = StartFrom::File { path: first.model.clone().unwrap() };
    let (second, choosing, comparing) = run(start.clone(), 1, "second");
    assert_eq!((choosing, comparing, second.held_out_people), (6, 5, 11));
    let people = second.comparison.clone().unwrap().people.unwrap();
    assert_eq!((people.people, people.chose), (5, false));
    let told = second.thresholds().unwrap();
    let (distances, from) = (people.thresholds.unwrap(), adopt::DistancesFrom::Strangers);
    assert_eq!((told.distances, told.from), (distances, from), "not of those who chose");
    let alone = first.thresholds().unwrap().from;
    assert_eq!(alone, adopt::DistancesFrom::Choosers, "who is compared with none has no others, and it is said");
    let start_again = TrainSummary { after: second.before.clone(), model_step: 0, ..second };
    assert!(!start_again.gained() && adopt::adopt(&start_again, &models).is_err(), "nothing but what it began with");
    let (third, choosing, comparing) = run(start, 0, "third");
    assert_eq!((choosing, comparing), (11, 0), "one judgement chooses nothing");
    let people = third.comparison.unwrap().people.unwrap();
    assert_eq!((people.people, people.chose), (11, false));
}
