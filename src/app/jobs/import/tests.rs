use super::*;
use crate::networks::nets::Net;
use crate::networks::nets::catalogue::{self, NetOptions};
use crate::networks::weights::{collect, write_safetensors, written};
use std::collections::HashMap;

struct Fixture {
    folder: tempfile::TempDir,
    store: Store,
}

fn fixture() -> Fixture {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path().join("models")).unwrap();
    Fixture { folder, store }
}

impl Fixture {
    fn request(&self, name: &str) -> ImportRequest {
        ImportRequest { path: self.folder.path().join(name), ..ImportRequest::default() }
    }

    fn import(&self, request: &ImportRequest) -> Result<ModelImport> {
        import(&self.store, request, &mut |_| {})
    }

    fn reopened(&self) -> Store {
        Store::open(self.folder.path().join("models")).unwrap()
    }
}

fn small() -> Net {
    let device = device::cpu().burn;
    catalogue::build("likeness-small", &NetOptions::default(), &device).unwrap().drawn(5, &device)
}

#[test]
fn a_network_trained_here_is_imported_listed_and_removed() {
    let f = fixture();
    let card = ModelCard {
        run: Some("runs/7".to_owned()),
        crop_with: BTreeMap::from([(ModelId("mtcnn".into()), CropRule::BoxMargin { margin: 32.0 })]),
        ..catalogue::card("likeness-small", &NetOptions::default()).unwrap()
    };
    let request = f.request("Mine (best).safetensors");
    save(&small(), &card, &request.path).unwrap();
    let report = f.import(&request).unwrap();
    assert_eq!(report.id.0, "mine--best");
    let tried = report.tried.unwrap();
    assert_eq!((tried.network.as_str(), tried.dimensions, tried.parameters), ("likeness-small", 64, 135_632));

    let store = f.reopened();
    assert!(store.installed(&report.id) && store.own().has(&report.id));
    let entry = store.entry(&report.id).unwrap();
    assert_eq!((entry.input, entry.probe.clone()), (card.input, tried.probe));
    assert_eq!(entry.crop_with, card.crop_with);
    let stored = recognise(&store.read(&report.id).unwrap()).unwrap();
    assert_eq!((stored.card, stored.preprocessing_from), (card, PreprocessingSource::File));
    assert!(store.remove(&report.id).unwrap());
    assert!(f.reopened().entry(&report.id).is_err());
}

#[test]
fn an_id_is_given_once() {
    let f = fixture();
    let mut request = f.request("net.safetensors");
    save(&small(), &catalogue::card("likeness-small", &NetOptions::default()).unwrap(), &request.path).unwrap();
    let id = f.import(&request).unwrap().id;
    let store = f.reopened();
    assert_eq!(import(&store, &request, &mut |_| {}).unwrap().id, id, "the same file is the same model");
    request.id = Some(id.0);
    let again = import(&store, &request, &mut |_| {}).unwrap_err().to_string();
    assert!(again.contains("already"), "{again}");
    request.id = Some("sface-2021dec".to_owned());
    assert!(import(&store, &request, &mut |_| {}).unwrap_err().to_string().contains("already"));
    request.id = Some("../escape".to_owned());
    assert!(import(&store, &request, &mut |_| {}).is_err());
    assert!(!f.folder.path().join("escape").exists());
}

#[test]
fn what_a_file_leaves_open_is_asked_for() {
    let f = fixture();
    let asked = |request: &ImportRequest| what_is_open(&f.store, request).unwrap();
    let card = catalogue::card("likeness-small", &NetOptions::default()).unwrap();
    let ours = f.request("ours.safetensors");
    save(&small(), &card, &ours.path).unwrap();
    assert_eq!(asked(&ours), None, "its card says everything");

    let bare = f.request("bare.safetensors");
    let write = |path: &Path, net: &Net| {
        write_safetensors(&collect(net).unwrap(), HashMap::new(), path).unwrap();
    };
    write(&bare.path, &small());
    let question = asked(&bare).unwrap();
    assert_eq!(question.networks, [("likeness-small", card.input)]);
    let said = ImportRequest { crop: Some(card.input.crop), scaling: Some(card.input.scaling), ..bare };
    assert_eq!(asked(&said), None);

    let doubtful = f.request("doubtful.safetensors");
    let nn3 = catalogue::build("nn3", &NetOptions::default(), &device::cpu().burn).unwrap();
    write(&doubtful.path, &nn3);
    let names = |question: OpenQuestion| question.networks.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names(asked(&doubtful).unwrap()), ["nn2", "nn3"]);

    let unknown = f.request("unknown.safetensors");
    let mut tensors = crate::networks::weights::TensorFile::default();
    tensors.insert(crate::networks::weights::NamedTensor::new("w", vec![1], vec![1.0]).unwrap()).unwrap();
    write_safetensors(&tensors, HashMap::new(), &unknown.path).unwrap();
    assert_eq!(names(asked(&unknown).unwrap()).len(), VARIANTS.len());
    assert!(what_is_open(&f.store, &f.request("missing.pt")).is_err());
}

#[test]
fn tensors_without_a_card_take_the_users_word() {
    let f = fixture();
    let mut request = f.request("plain.safetensors");
    write_safetensors(&collect(&small()).unwrap(), HashMap::new(), &request.path).unwrap();
    let mut notes = Vec::new();
    import(&f.store, &request, &mut |event| notes.push(format!("{event:?}"))).unwrap();
    assert!(notes[0].contains("Nothing says how pictures were prepared"), "{notes:?}");
    request.id = Some("mine".to_owned());
    request.crop = Some(CropRule::FivePoints);
    request.scaling = Some(PixelScaling::Unit);
    let report = import(&f.store, &request, &mut |event| panic!("{event:?}")).unwrap();
    let store = f.reopened();
    let entry = store.entry(&report.id).unwrap();
    assert_eq!((entry.input.crop, entry.input.scaling), (CropRule::FivePoints, PixelScaling::Unit));
}

#[test]
fn what_cannot_be_used_leaves_the_store_as_it_was() {
    let f = fixture();
    let unknown = f.request("unknown.safetensors");
    let mut tensors = collect(&small()).unwrap();
    let strange = f.request("strange.safetensors");
    let mut others = crate::networks::weights::TensorFile::default();
    let taken = tensors.take("linear.bias").unwrap();
    others.insert(crate::networks::weights::NamedTensor { name: "strange.bias".to_owned(), ..taken }).unwrap();
    write_safetensors(&others, HashMap::new(), &strange.path).unwrap();
    let words = format!("{:#}", f.import(&strange).unwrap_err());
    assert!(words.contains("--net NAME") && words.contains("no network that is known"), "{words}");
    write_safetensors(&tensors, HashMap::new(), &unknown.path).unwrap();
    let error = f.import(&unknown).unwrap_err();
    let words = format!("{error:#}");
    assert!(words.contains("nearly those of likeness-small") && words.contains("1 missing (linear.bias)"), "{words}");
    let as_named = ImportRequest { net: Some("likeness-small".to_owned()), ..unknown };
    let error = format!("{:#}", f.import(&as_named).unwrap_err());
    assert!(error.contains("1 missing (linear.bias)"), "{error}");

    let mut collapsed = crate::networks::weights::TensorFile::default();
    for tensor in collect(&small()).unwrap().iter() {
        let mut tensor = tensor.clone();
        if tensor.name == "conv4.weight" {
            tensor.data.fill(0.0);
        }
        collapsed.insert(tensor).unwrap();
    }
    let request = f.request("collapsed.safetensors");
    write_safetensors(&collapsed, HashMap::new(), &request.path).unwrap();
    let error = format!("{:#}", f.import(&request).unwrap_err());
    assert!(error.contains("same embedding for every face") || error.contains("no usable embedding"), "{error}");

    let rubbish = f.request("rubbish.bin");
    fs::write(&rubbish.path, b"rubbish").unwrap();
    let said = format!("{:#}", f.import(&rubbish).unwrap_err());
    assert!(said.contains("this is a text, no weight file") && said.contains("PyTorch"), "{said}");
    assert!(f.reopened().own().entries.is_empty());
}

/// Weights rounded to halves, under a name of PyTorch's for each part, matrices outputs × inputs.
fn as_torch_has_it(net: &Net) -> crate::networks::weights::TensorFile {
    let mut theirs = crate::networks::weights::TensorFile::default();
    for tensor in collect(net).unwrap().iter() {
        let mut tensor = tensor.clone();
        tensor.name = tensor.name.replace(".alpha", ".weight");
        tensor.data.iter_mut().for_each(|value| *value = half::f16::from_f32(*value).to_f32());
        theirs.insert(tensor).unwrap();
    }
    theirs.transpose("linear.weight").unwrap();
    theirs
}

/// What people have of one network, and what each import says: the embedding is that of the network itself.
#[test]
fn one_network_is_imported_from_whatever_its_trainer_saved() {
    let f = fixture();
    let theirs = as_torch_has_it(&small());
    let prefixed = |prefix: &str| theirs.clone().renamed(|name| Some(format!("{prefix}{name}"))).unwrap();
    let beside = written::beside();
    let half_file = {
        let path = f.folder.path().join("halves");
        write_halves(&theirs, &path);
        fs::read(path).unwrap()
    };
    let files = [
        ("bare.pt", written::saved(&theirs, "", &[]), None),
        ("module.pth", written::saved(&prefixed("module."), "", &[]), Some("module.")),
        (
            "lightning.ckpt",
            written::saved(&prefixed("model.backbone._orig_mod."), "state_dict", &beside),
            Some("state_dict."),
        ),
        ("net.pt", written::saved(&theirs, "net", &beside), Some("net.")),
        ("model_state.tar", written::saved(&theirs, "model_state_dict", &beside), Some("model_state_dict.")),
        ("ema.bin", written::saved(&theirs, "ema", &beside), Some("ema.")),
        ("halves.weights", half_file, None),
    ];
    let mut probe: Option<Vec<f32>> = None;
    for (name, bytes, prefix) in files {
        let request = f.request(name);
        fs::write(&request.path, bytes).unwrap();
        let mut notes = Vec::new();
        let report = import(&f.reopened(), &request, &mut |event| notes.push(format!("{event:?}")));
        let tried = report.unwrap_or_else(|error| panic!("{name}: {error:#}")).tried.unwrap();
        assert_eq!(probe.get_or_insert(tried.probe.clone()), &tried.probe, "{name}");
        let told = notes.iter().any(|note| note.contains("Taken off the names"));
        assert_eq!(told, prefix.is_some(), "{name}: {notes:?}");
        assert!(prefix.is_none_or(|prefix| notes.iter().any(|note| note.contains(prefix))), "{name}: {notes:?}");
    }
}

/// As `safetensors.torch.save_file(model.half().state_dict())` writes it.
fn write_halves(file: &crate::networks::weights::TensorFile, path: &Path) {
    let halves = |tensor: &crate::networks::weights::NamedTensor| -> Vec<u8> {
        tensor.data.iter().flat_map(|value| half::f16::from_f32(*value).to_le_bytes()).collect()
    };
    let stored: Vec<(String, Vec<usize>, Vec<u8>)> =
        file.iter().map(|tensor| (tensor.name.clone(), tensor.shape.clone(), halves(tensor))).collect();
    let views = stored.iter().map(|(name, shape, bytes)| {
        (name, safetensors::tensor::TensorView::new(safetensors::Dtype::F16, shape.clone(), bytes).unwrap())
    });
    let metadata = HashMap::from([("format".to_owned(), "pt".to_owned())]);
    fs::write(path, safetensors::serialize(views, Some(metadata)).unwrap()).unwrap();
}

#[test]
fn a_spoilt_tensor_is_named_before_anything_is_tried() {
    let f = fixture();
    let mut theirs = as_torch_has_it(&small());
    let mut bias = theirs.take("conv1.bias").unwrap();
    bias.data[1] = f32::NAN;
    let lone = bias.clone();
    theirs.insert(bias).unwrap();
    let mut alone = crate::networks::weights::TensorFile::default();
    alone.insert(lone).unwrap();
    for (name, file) in [("whole.pt", &theirs), ("alone.pt", &alone)] {
        let request = f.request(name);
        fs::write(&request.path, written::saved(file, "", &[])).unwrap();
        let said = format!("{:#}", f.import(&request).unwrap_err());
        assert!(said.contains("tensor conv1.bias holds NaN as value 2 of"), "{said}");
    }
}
