//! Networks that learn another one's vectors, of pictures without names.

use super::*;

/// Pictures beside each other, without a folder for anybody.
fn pictures(root: &Path, people: &Path) {
    fs::create_dir_all(root).unwrap();
    for (number, person) in (0..PEOPLE).flat_map(|person| [person; PICTURES]).enumerate() {
        let picture = number % PICTURES + 1;
        let from = people.join(format!("Person_{person}/Person_{person}_{picture:04}.jpg"));
        fs::copy(from, root.join(format!("{number:03}.jpg"))).unwrap();
    }
    fs::write(root.join("notes.txt"), b"no picture").unwrap();
}

fn taught(data: &Path, teacher: Option<StartFrom>, steps: u64) -> TrainRequest {
    let usual = request(data, steps);
    let config = TrainConfig {
        teacher: Some(crate::train::teacher::TeacherConfig { pictures_per_batch: 6, ..Default::default() }),
        augmentation: AugmentConfig { flip: true, ..AugmentConfig::NONE },
        ..usual.config
    };
    TrainRequest { pairs: None, teacher, config, ..usual }
}

#[test]
fn a_network_learns_from_a_teacher_on_pictures_without_names_and_goes_on() {
    let temporary = tempfile::tempdir().unwrap();
    let (people, data) = (temporary.path().join("people"), temporary.path().join("pictures"));
    album(&people);
    pictures(&data, &people);
    let models = Store::open(temporary.path().join("models")).unwrap();
    let options = NetOptions { embedding_size: Some(24), ..NetOptions::default() };
    let large = StartFrom::Scratch { net: "likeness-small".into(), options };
    let first = TrainRequest { start: large, pairs: None, ..request(&people, 2) };
    let place = |name: &str| temporary.path().join(name);
    let first = start_training(first, &place("first"), &models, &cpu(), &Control::default(), &mut |_| {}).unwrap();
    let model = first.model.unwrap();
    let teacher = Some(StartFrom::File { path: model.clone() });
    let whole = taught(&data, teacher.clone(), 6);
    let whole = start_training(whole, &place("whole"), &models, &cpu(), &Control::default(), &mut |_| {}).unwrap();
    assert_eq!((whole.people, whole.held_out_people), (21, 11), "32 pictures, a third of them held out");
    let control = Control::default();
    let stopped =
        start_training(taught(&data, teacher, 6), &place("run"), &models, &cpu(), &control, &mut |event| match event {
            RunEvent::Train(TrainEvent::Step(report)) if report.step == 3 => control.cancel.cancel(),
            _ => {}
        });
    assert_eq!(stopped.unwrap().stopped, StopReason::Cancelled);
    let record = fs::read_to_string(place("run").join("config.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    let (tensors, card) = load(&model).unwrap();
    assert_eq!(record["teacher"]["name"], model.display().to_string());
    let hash: String = hex(&StartWeights::Own(Arc::new(tensors)).sha256());
    assert_eq!(record["teacher"]["weights_sha256"], hash);
    // Another network in the teacher's place is not learned from in the middle of a run.
    let kept = fs::read(&model).unwrap();
    let net = crate::networks::nets::catalogue::build("likeness-small", &options, &cpu().burn).unwrap();
    crate::networks::weights::save(&net, &card, &model).unwrap();
    let go_on = || resume(&place("run"), &models, &cpu(), &Control::default(), &mut |_| {});
    let error = go_on().unwrap_err().to_string();
    assert!(error.contains("other weights"), "{error}");
    fs::write(&model, kept).unwrap();
    let done = go_on().unwrap();
    let distance = |summary: &TrainSummary| summary.after.as_ref().unwrap().to_teacher.unwrap().squared_distance;
    assert!(done.stopped == StopReason::StepsDone && (distance(&done) - distance(&whole)).abs() < 1e-9);
    let tensors = [&done, &whole].map(|summary| load(summary.model.as_ref().unwrap()).unwrap());
    assert_eq!((&tensors[0].0, tensors[0].1.dimensions), (&tensors[1].0, 24), "the teacher's length");
}

/// As `--preset teacher` does it with an installed network.
#[test]
fn a_network_taught_without_names_is_advised_with_its_teachers_distances() {
    use crate::app::jobs::import::{ImportRequest, import};
    use crate::train::presets::Preset;
    let temporary = tempfile::tempdir().unwrap();
    let (people, data) = (temporary.path().join("people"), temporary.path().join("pictures"));
    album(&people);
    pictures(&data, &people);
    // A store knows what was installed when it was opened.
    let store = || Store::open(temporary.path().join("models")).unwrap();
    let path = temporary.path().join("teacher.safetensors");
    let net = crate::networks::nets::catalogue::build("likeness-small", &NetOptions::default(), &cpu().burn).unwrap();
    crate::networks::weights::save(&net, &card("likeness-small", &NetOptions::default()).unwrap(), &path).unwrap();
    let (same_person, grouping) = (Some(1.75), Some(1.5));
    let installed = ImportRequest { path, same_person, grouping, ..ImportRequest::default() };
    let teacher = StartFrom::Installed { id: import(&store(), &installed, &mut |_| {}).unwrap().id };
    let usual = request(&data, 6);
    let validation = ValidationConfig { hold_out: HoldOut::People, ..usual.config.validation };
    let config = TrainConfig { steps: 6, validation, ..Preset::Teacher.config() };
    let asked = TrainRequest { pairs: None, teacher: Some(teacher), config, ..usual };
    let (out, models) = (temporary.path().join("taught"), store());
    let done = start_training(asked, &out, &models, &cpu(), &Control::default(), &mut |_| {}).unwrap();
    let reports = [&done.before, &done.after].map(|report| report.as_ref().unwrap().to_teacher);
    assert_eq!(done.not_advised(), None, "{reports:?}");
    assert_eq!(done.thresholds().unwrap().from, adopt::DistancesFrom::Teacher);
    let adopted = adopt::adopt(&done, &models).unwrap().0;
    let thresholds = store().named(&adopted).unwrap().thresholds.unwrap();
    assert_eq!((thresholds.same_person.0, thresholds.grouping.0), (1.75, 1.5));
}

#[test]
fn a_teacher_that_cannot_be_one_is_told_in_a_sentence_and_a_shorter_vector_is_learned() {
    let temporary = tempfile::tempdir().unwrap();
    let (people, data) = (temporary.path().join("people"), temporary.path().join("pictures"));
    album(&people);
    pictures(&data, &people);
    let models = Store::open(temporary.path().join("models")).unwrap();
    let run = |request: TrainRequest, name: &str, notes: &mut String| {
        let place = temporary.path().join(name);
        start_training(request, &place, &models, &cpu(), &Control::default(), &mut |event| {
            if let RunEvent::Note(note) = event {
                *notes += &note;
            }
        })
    };
    let failed = |teacher: Option<&str>| {
        let teacher = teacher.map(|id| StartFrom::Installed { id: ModelId(id.into()) });
        error_chain(&run(taught(&data, teacher, 2), "failed", &mut String::new()).unwrap_err())
    };
    assert!(failed(None).contains("--teacher"), "{}", failed(None));
    assert!(failed(Some("sface-2021dec")).contains("is not installed"), "{}", failed(Some("sface-2021dec")));
    assert!(failed(Some("yunet-2023mar")).contains("does not embed faces"), "{}", failed(Some("yunet-2023mar")));
    assert!(!temporary.path().join("failed").exists());
    let first = run(TrainRequest { pairs: None, ..request(&people, 2) }, "first", &mut String::new()).unwrap();
    let mut request = taught(&data, first.model.map(|path| StartFrom::File { path }), 4);
    let options = NetOptions { embedding_size: Some(10), ..NetOptions::default() };
    request.start = StartFrom::Scratch { net: "likeness-small".into(), options };
    let mut notes = String::new();
    let done = run(request, "shorter", &mut notes).unwrap();
    assert!(notes.contains("gives 64 numbers a face, the network 10"), "{notes}");
    assert_eq!(load(&done.model.unwrap()).unwrap().1.dimensions, 10);
    assert!(done.after.unwrap().to_teacher.unwrap().squared_distance < 4.0);
}

/// It is asked in every step, of the same mixtures whenever the run goes on.
#[test]
fn a_teacher_that_looks_on_teaches_the_same_after_a_stop() {
    use crate::train::teacher::{TeacherConfig, TeacherSees};
    let temporary = tempfile::tempdir().unwrap();
    let (people, data) = (temporary.path().join("people"), temporary.path().join("pictures"));
    album(&people);
    pictures(&data, &people);
    let models = Store::open(temporary.path().join("models")).unwrap();
    let place = |name: &str| temporary.path().join(name);
    let first = TrainRequest { pairs: None, ..request(&people, 2) };
    let first = start_training(first, &place("first"), &models, &cpu(), &Control::default(), &mut |_| {}).unwrap();
    let teacher = first.model.map(|path| StartFrom::File { path });
    let learned = |name: &str, stop_after: u64| {
        let mut request = taught(&data, teacher.clone(), 6);
        let looks_on = TeacherConfig { sees: TeacherSees::Same, mixed_share: 0.5, ..TeacherConfig::default() };
        request.config.teacher = Some(TeacherConfig { pictures_per_batch: 6, ..looks_on });
        let control = Control::default();
        start_training(request, &place(name), &models, &cpu(), &control, &mut |event| match event {
            RunEvent::Train(TrainEvent::Step(report)) if report.step == stop_after => control.cancel.cancel(),
            _ => {}
        })
        .unwrap()
    };
    let whole = learned("whole", u64::MAX);
    assert_eq!(learned("parts", 4).steps, 4);
    let parts = resume(&place("parts"), &models, &cpu(), &Control::default(), &mut |_| {}).unwrap();
    let [one, other] = [whole, parts].map(|summary| load(&summary.model.unwrap()).unwrap().0);
    assert_eq!(one, other);
}
