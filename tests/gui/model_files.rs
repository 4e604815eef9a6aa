//! Models: offered, installed, imported, and the layers of their networks.

use super::*;

#[test]
fn a_fresh_library_offers_the_models_and_installs_them() {
    let (wire, mut harness) = open(fresh_world(), View::LIBRARY);
    harness.get_by_label("Find the people in your photos");
    harness.get_by_label("Install (39 MB)").click();
    harness.run();
    let pack = ["yunet-2023mar", "sface-2021dec"].map(|id| ModelId(id.into())).to_vec();
    assert_eq!(wire.actions(), [Request::Models(models::Request::Install(pack))]);
}

#[test]
fn only_what_is_being_installed_shows_its_progress() {
    let (wire, mut harness) = open(fresh_world(), View::MODELS);
    let before = harness.get_all_by_label("Install").count();
    let installing = models::Event::Installing(JobId(7), vec![ModelId("sface-2021dec".into())]);
    wire.push(Report::Own(Answer::Models(installing)));
    let scan = scan_report();
    let progress = Progress { stage: Stage::INSTALLING, ..scan.progress };
    wire.push(Report::Job(JobReport { kind: JobKind::INSTALL, progress, ..scan }));
    harness.run_steps(3);
    assert_eq!(harness.get_all_by_label("Install").count(), before - 1);
    wire.push(Report::JobEnded(JobId(7), JobEnd::Cancelled));
    harness.run_steps(3);
    assert_eq!(harness.get_all_by_label("Install").count(), before);
}

#[test]
fn a_network_shows_its_layers_and_leads_back() {
    let (_, mut harness) = open(album_world(), View::MODELS);
    harness.get_by_label("nn1").click_accesskit();
    harness.run();
    harness.get_by_label("110 × 110 × 64");
    harness.get_by_label("Its source prints 140M parameters");
    harness.get_by_label("All networks").click();
    harness.run();
    harness.get_by_label("140,025,664");
}

#[test]
fn what_a_model_file_leaves_open_is_asked() {
    let (wire, mut harness) = open(album_world(), View::MODELS);
    let files = ["doubtful.pt", "plain.safetensors"].map(PathBuf::from);
    harness.state_mut().send(Message::Models(models::Message::Import(files.to_vec())));
    harness.run();
    harness.get_by_label("How is doubtful.pt to be used?");
    harness.get_by_label("Import").click();
    harness.run();
    assert!(wire.last_change().is_none(), "nothing is written before the network is chosen");
    harness.get_by_role_and_label(Role::ComboBox, "Network").click();
    harness.run();
    harness.get_by_label("nn3").click();
    harness.run();
    harness.get_by_role_and_label(Role::ComboBox, "Crop").click();
    harness.run();
    harness.get_by_label("Turned and scaled by five landmarks").click();
    harness.run();
    harness.get_by_label("Import").click();
    harness.run_steps(3);
    let answered = ImportRequest {
        path: files[0].clone(),
        net: Some("nn3".into()),
        crop: Some(CropRule::FivePoints),
        scaling: Some(PixelScaling::Unit),
        channels: Some(ChannelOrder::Rgb),
        ..ImportRequest::default()
    };
    let (ticket, request) = wire.last_import();
    assert_eq!(request, answered);
    harness.get_by_label("Importing doubtful.pt…");

    wire.push(Report::Changed(ticket, Touched::models()));
    harness.run_steps(5);
    let plain = ImportRequest { path: files[1].clone(), ..ImportRequest::default() };
    assert_eq!(wire.last_import().1, plain);
}

/// As the platform hands it over.
#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("the window reads no files".into())
    }
}

#[test]
fn a_file_dropped_on_the_models_is_imported() {
    let (wire, mut harness) = open(album_world(), View::MODELS);
    harness.input_mut().dropped_files.push(Arc::new(Dropped("net.pt".into())));
    harness.run_steps(4);
    let request = ImportRequest { path: "net.pt".into(), ..ImportRequest::default() };
    assert_eq!(wire.last_import().1, request);
}

#[test]
fn a_file_that_is_not_to_be_imported_is_left_out() {
    let (wire, mut harness) = open(album_world(), View::MODELS);
    harness.state_mut().send(Message::Models(models::Message::Import(vec!["doubtful.pt".into()])));
    harness.run();
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.query_by_label("How is doubtful.pt to be used?").is_none());
    assert!(wire.last_change().is_none());
}
