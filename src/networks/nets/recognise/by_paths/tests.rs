use super::*;
use crate::networks::nets::recognise::{by_names, unknown};
use crate::networks::weights::{NamedTensor, WeightFile, collect};

fn tensors(name: &str, options: &NetOptions) -> TensorFile {
    collect(&catalogue::build(name, options, &Device::flex()).unwrap()).unwrap()
}

fn find(tensors: TensorFile, habit: Habit) -> Result<Recognised, RecogniseError> {
    by_names(&WeightFile { format: Format::PyTorch, tensors, graph: None }, habit)
}

/// Under other names, each given by what it does to a name.
fn renamed(file: &TensorFile, rename: impl Fn(&str) -> String) -> TensorFile {
    file.clone().renamed(|name| Some(rename(name))).unwrap()
}

fn joined(files: &[TensorFile]) -> TensorFile {
    let mut all = TensorFile::default();
    for tensor in files.iter().flat_map(TensorFile::iter) {
        all.insert(tensor.clone()).unwrap();
    }
    all
}

/// As PyTorch would hold it: norms' and slopes' parts called weight and bias, matrices outputs × inputs.
fn torch(ours: &TensorFile) -> TensorFile {
    let mut theirs =
        renamed(ours, |name| name.replace(".gamma", ".weight").replace(".beta", ".bias").replace(".alpha", ".weight"));
    let matrices: Vec<String> =
        theirs.iter().filter(|tensor| tensor.shape.len() == 2).map(|tensor| tensor.name.clone()).collect();
    matrices.iter().for_each(|name| theirs.transpose(name).unwrap());
    theirs
}

#[test]
fn a_network_is_told_by_its_parameters() {
    let options = NetOptions { embedding_size: Some(32), ..Default::default() };
    let found = find(tensors("mobilefacenet", &options), Habit::Ours).unwrap();
    assert_eq!((found.card.architecture.as_str(), found.card.dimensions), ("mobilefacenet", 32));
    assert_eq!(found.preprocessing_from, PreprocessingSource::Catalogue);
    assert!(matches!(find(TensorFile::default(), Habit::Torch), Err(RecogniseError::UnknownNetwork { .. })));
}

/// NN3 is NN2 with a smaller input.
#[test]
fn two_networks_with_the_same_parameters_must_be_told_apart_by_the_user() {
    let file = tensors("nn3", &NetOptions::default());
    let error = find(file.clone(), Habit::Ours).unwrap_err();
    assert!(matches!(&error, RecogniseError::Ambiguous(names) if names[..] == ["nn2", "nn3"]), "{error}");
    let (found, _) = of_variant(&file, catalogue::find("nn3").unwrap(), Habit::Ours).unwrap();
    assert_eq!(found.card.input.width, 160);
}

/// A linear layer, norms and slopes.
#[test]
fn a_state_dict_is_turned_round_whatever_file_it_is_in() {
    for name in ["likeness-small", "mobilefacenet"] {
        let ours = tensors(name, &NetOptions::default());
        for habit in [Habit::Torch, Habit::Ours] {
            assert_eq!(find(torch(&ours), habit).unwrap().tensors, ours, "{name}");
            assert_eq!(find(ours.clone(), habit).unwrap().tensors, ours, "{name}");
        }
    }
}

#[test]
fn what_wrappers_put_before_names_is_taken_off_and_told() {
    let ours = tensors("likeness-small", &NetOptions::default());
    for prefix in [
        "module.",
        "model.",
        "backbone.",
        "net.",
        "_orig_mod.",
        "module.backbone.",
        "module.module.",
        "model.backbone._orig_mod.",
        "student.",
        "state_dict.module.",
        "net_state_dict.",
        "model_state.net.encoder.",
        "ema.module.",
        "anything else/",
    ] {
        let found = find(renamed(&torch(&ours), |name| format!("{prefix}{name}")), Habit::Torch).unwrap();
        assert_eq!(found.tensors, ours, "{prefix}");
        assert!(found.notes[0].ends_with(&format!(": {prefix}")), "{:?}", found.notes);
    }
    assert!(find(torch(&ours), Habit::Torch).unwrap().notes.is_empty());
}

/// As compilers and what spreads a network leave them: between the words.
#[test]
fn what_wrappers_put_into_names_is_taken_out_and_told() {
    let ours = tensors("likeness-small", &NetOptions::default());
    for word in ["_orig_mod", "module", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"] {
        let wrapped = renamed(&torch(&ours), |name| format!("model.{}", name.replace('.', &format!(".{word}."))));
        let file = WeightFile { format: Format::PyTorch, tensors: wrapped, graph: None };
        let found = crate::networks::nets::recognise::recognised(&file, Habit::Torch).unwrap();
        assert_eq!(found.tensors, ours, "{word}");
        assert_eq!(found.notes[0], format!("Taken out of the names of the tensors: {word}"));
    }
}

/// A shard, or a file cut down.
#[test]
fn a_file_with_a_part_of_one_networks_tensors_says_so() {
    let ours = torch(&tensors("likeness-small", &NetOptions::default()));
    for prefix in ["", "module.", "state_dict.model."] {
        let mut alone = TensorFile::default();
        alone.insert(ours.get("conv1.bias").unwrap().clone()).unwrap();
        let error = find(renamed(&alone, |name| format!("{prefix}{name}")), Habit::Torch).unwrap_err();
        let said = error.to_string();
        assert!(said.starts_with("this file has 1 of the 10 tensors of likeness-small"), "{said}");
        assert!(said.contains("conv1.weight, "), "{said}");
    }
}

#[test]
fn what_stands_beside_the_network_is_left_out_and_told() {
    let ours = tensors("likeness-small", &NetOptions::default());
    let head = |name: &str| {
        let mut head = TensorFile::default();
        head.insert(NamedTensor::new(name, vec![2, 64], vec![0.5; 128]).unwrap()).unwrap();
        head
    };
    let backbone = renamed(&torch(&ours), |name| format!("state_dict.model.{name}"));
    let found = find(joined(&[backbone, head("state_dict.head.kernel")]), Habit::Torch).unwrap();
    assert_eq!(found.tensors, ours);
    assert_eq!(found.notes[1], "Left out, for it is no part of the network: state_dict.head (1)");
    let found = find(joined(&[torch(&ours), head("logits.weight")]), Habit::Torch).unwrap();
    assert_eq!(found.notes, ["Left out: 1 tensor of the training's classifier"]);
    let stranger = find(joined(&[torch(&ours), head("stranger.weight")]), Habit::Torch).unwrap_err().to_string();
    assert!(stranger.contains("likeness-small") && stranger.contains("1 not wanted (stranger.weight)"), "{stranger}");
}

/// The trained network itself before its average or teacher; two equals are the user's choice.
#[test]
fn of_several_networks_the_trained_one_is_taken() {
    let (first, second) =
        (tensors("likeness-small", &NetOptions::default()), tensors("likeness-small", &NetOptions::default()));
    let both = |a: &str, b: &str| {
        let (first, second) =
            (renamed(&first, |name| format!("{a}{name}")), renamed(&second, |name| format!("{b}{name}")));
        find(joined(&[first, second]), Habit::Ours)
    };
    for (trained, other) in
        [("model.", "ema."), ("student.", "teacher."), ("online.", "target.module."), ("z.", "model_ema.")]
    {
        assert_eq!(both(trained, other).unwrap().tensors, first, "{trained} {other}");
    }
    let error = both("left.", "right.").unwrap_err().to_string();
    assert!(error.contains("left. and right.") && error.contains("save the one"), "{error}");
}

#[test]
fn a_spoilt_value_is_told_by_its_tensor() {
    let mut ours = tensors("likeness-small", &NetOptions::default());
    let mut bias = ours.take("conv2.bias").unwrap();
    bias.data[3] = f32::NAN;
    ours.insert(bias).unwrap();
    let error = find(renamed(&ours, |name| format!("module.{name}")), Habit::Ours).unwrap_err().to_string();
    assert!(error.contains("module.conv2.bias holds NaN as value 4 of"), "{error}");
    let mut alone = TensorFile::default();
    alone.insert(NamedTensor::new("w", vec![2], vec![1.0, f32::INFINITY]).unwrap()).unwrap();
    let error = find(alone, Habit::Ours).unwrap_err().to_string();
    assert!(error.contains("w holds infinity"), "{error}");
}

#[test]
fn what_a_network_lacks_is_told_where_nobody_names_it() {
    for name in ["likeness-small", "mobilefacenet"] {
        let ours = tensors(name, &NetOptions::default());
        let missing = ours.names().nth(ours.len() / 2).unwrap().to_owned();
        for prefix in ["", "module.backbone."] {
            let mut lacking = ours.clone();
            lacking.take(&missing).unwrap();
            let file = renamed(&lacking, |name| format!("{prefix}{name}"));
            let error = find(file, Habit::Ours).unwrap_err();
            assert!(matches!(&error, RecogniseError::Nearly { network, .. } if *network == name), "{error}");
            assert!(error.to_string().contains(&format!("1 missing ({missing})")), "{error}");
        }
    }
    let mut stranger = TensorFile::default();
    stranger.insert(NamedTensor::new("encoder.weight", vec![2, 2], vec![0.5; 4]).unwrap()).unwrap();
    assert!(matches!(find(stranger, Habit::Torch), Err(RecogniseError::UnknownNetwork { .. })));
}

#[test]
fn what_a_named_network_lacks_is_told_without_the_prefix() {
    let mut ours = tensors("likeness-small", &NetOptions::default());
    ours.take("linear.bias").unwrap();
    let file = renamed(&ours, |name| format!("backbone.{name}"));
    let error = of_variant(&file, catalogue::find("likeness-small").unwrap(), Habit::Torch).unwrap_err();
    assert!(error.to_string().contains("1 missing (linear.bias)"), "{error}");
    let error = unknown(&file, Format::PyTorch).to_string();
    assert!(error.contains("all begin with backbone."), "{error}");
}
