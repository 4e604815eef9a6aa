//! Pickles written by hand, opcode by opcode; the fixtures' ones were written by Python.

use super::super::{Format, WeightFile};
use super::written::{
    VALUES, archive, archive_of, archive_of_torch, beside, called_often, checkpoint, dict, doubling, floats, legacy,
    object, pickle, state, text, view, whole_model,
};
use super::*;

fn names(bytes: &[u8]) -> String {
    read_pytorch(bytes).unwrap().names().collect::<Vec<_>>().join(" ")
}

fn data(bytes: &[u8], name: &str) -> Vec<f32> {
    read_pytorch(bytes).unwrap().get(name).unwrap().data.clone()
}

#[test]
fn reads_both_formats() {
    let object = state("fc.weight", "FloatStorage", 0, &[2, 2], &[2, 1]);
    for bytes in [archive(&object, &floats(&VALUES)), legacy(&object, &[("0", 4, floats(&VALUES))])] {
        let file = read_pytorch(&bytes).unwrap();
        let tensor = file.get("fc.weight").unwrap();
        assert_eq!((&tensor.shape[..], &tensor.data[..]), (&[2, 2][..], &VALUES[..]));
    }
}

/// Written by torch (`make_torch.py`): views that share a storage, a turned one, halves, a step counter.
#[test]
fn reads_what_torch_wrote() {
    let zipped = include_bytes!("../../../../tests/fixtures/weights/torch_small.zip.pt").as_slice();
    let legacy = include_bytes!("../../../../tests/fixtures/weights/torch_small.legacy.pt").as_slice();
    for bytes in [zipped, legacy] {
        let file = read_pytorch(bytes).unwrap();
        let names = "0.bias 0.weight 1.bias 1.running_mean 1.running_var 1.weight 2.bias 2.weight half shared turned";
        assert_eq!(file.names().collect::<Vec<_>>().join(" "), names);
        let tensor = |name| file.get(name).map(|tensor| (tensor.shape.clone(), tensor.data.clone())).unwrap();
        assert_eq!(tensor("2.weight"), (vec![3, 2], vec![0.0, 0.25, 0.5, 0.75, 1.0, 1.25]));
        assert_eq!(tensor("turned"), (vec![3, 2], vec![0.0, 3.0, 1.0, 4.0, 2.0, 5.0]));
        assert_eq!(tensor("shared"), (vec![3], vec![3.0, 4.0, 5.0]));
        assert_eq!(tensor("half"), (vec![2], vec![0.5, -3.0]));
    }
}

/// PyTorch calls the archive's folder after the file. With 21 characters its first entry in the directory is as long as
/// what PyTorch puts between the directory and the archive's end.
#[test]
fn reads_archives_whatever_the_files_name() {
    let object = state("t", "FloatStorage", 0, &[4], &[1]);
    for length in 1..=64 {
        let stem = "n".repeat(length);
        let values = floats(&VALUES);
        let entries: [(&str, &[u8]); 4] =
            [("data.pkl", &object), ("byteorder", b"little"), ("data/0", &values), ("version", b"3\n")];
        let bytes = archive_of_torch(&stem, &entries);
        assert_eq!(WeightFile::read(&bytes).unwrap().format, Format::PyTorch, "{length} characters");
        assert_eq!(data(&bytes, "t"), VALUES, "{length} characters");
    }
}

#[test]
fn reads_views_and_other_types() {
    let transposed = state("t", "FloatStorage", 0, &[2, 2], &[1, 2]);
    assert_eq!(data(&archive(&transposed, &floats(&VALUES)), "t"), [1.0, 3.0, 2.0, 4.0]);
    let part = state("t", "FloatStorage", 1, &[2], &[2]);
    assert_eq!(data(&archive(&part, &floats(&VALUES)), "t"), [2.0, 4.0]);
    let expanded = state("t", "FloatStorage", 3, &[3], &[0]);
    assert_eq!(data(&archive(&expanded, &floats(&VALUES)), "t"), [4.0; 3]);
    let halves: Vec<u8> = VALUES.iter().flat_map(|v| half::f16::from_f32(*v).to_le_bytes()).collect();
    let brains: Vec<u8> = VALUES.iter().flat_map(|v| half::bf16::from_f32(*v).to_le_bytes()).collect();
    let doubles: Vec<u8> = VALUES.iter().flat_map(|v| f64::from(*v).to_le_bytes()).collect();
    for (class, width, bytes) in
        [("HalfStorage", 2, halves), ("BFloat16Storage", 2, brains), ("DoubleStorage", 8, doubles)]
    {
        let object = state("t", class, 0, &[4], &[1]);
        assert_eq!(data(&archive(&object, &bytes), "t"), VALUES, "{class}");
        assert_eq!(data(&legacy(&object, &[("0", width, bytes)]), "t"), VALUES, "{class}, legacy");
    }
}

#[test]
fn big_endian_values_are_turned_round() {
    let object = state("t", "FloatStorage", 0, &[4], &[1]);
    let turned: Vec<u8> = VALUES.iter().flat_map(|v| v.to_be_bytes()).collect();
    let entries: [(&str, &[u8]); 3] = [("net/data.pkl", &object), ("net/byteorder", b"big"), ("net/data/0", &turned)];
    assert_eq!(data(&archive_of(&entries, zip::CompressionMethod::Stored), "t"), VALUES);
}

#[test]
fn what_stands_beside_the_weights_is_passed_over() {
    assert_eq!(names(&checkpoint()), "state_dict.module.fc.weight");
    // The older format keeps the optimiser's storages among the others.
    let moment = view("DoubleStorage", "1", 2, 0, &[2], &[1]);
    let weights = dict(&[("fc.weight", view("FloatStorage", "0", 4, 0, &[4], &[1]))]);
    let optimiser = dict(&[("state", dict(&[("exp_avg", moment)]))]);
    let object = pickle(&[&dict(&[("optimizer", optimiser), ("model", weights)])]);
    let storages = [("1", 8, vec![0; 16]), ("0", 4, floats(&VALUES))];
    assert_eq!(names(&legacy(&object, &storages)), "model.fc.weight");
    for (key, value) in beside() {
        let bytes = archive(&pickle(&[&dict(&[(key, value)])]), &floats(&VALUES));
        let error = read_pytorch(&bytes).expect_err(key).to_string();
        assert!(error.contains("no tensor in it") && error.contains("state_dict()"), "{key}: {error}");
    }
}

#[test]
fn whole_models_show_their_parameters() {
    assert_eq!(names(&whole_model()), "fc.weight norm.running_mean");
    assert_eq!(data(&whole_model(), "norm.running_mean"), [3.0, 4.0]);
}

/// TorchScript's own: objects whose tensors are attributes.
#[test]
fn torchscript_shows_its_parameters() {
    let weight = view("FloatStorage", "0", 4, 0, &[4], &[1]);
    let fc = object(
        "__torch__.torch.nn.modules.linear\nLinear",
        &dict(&[("training", b"\x89".to_vec()), ("weight", weight)]),
    );
    let net = object("__torch__.net\nNet", &dict(&[("fc", fc)]));
    let object = pickle(&[&net]);
    let values = floats(&VALUES);
    let entries: [(&str, &[u8]); 4] = [
        ("net/constants.pkl", b"\x80\x02)."),
        ("net/code/__torch__/net.py", b""),
        ("net/data.pkl", &object),
        ("net/data/0", &values),
    ];
    assert_eq!(names(&archive_of(&entries, zip::CompressionMethod::Stored)), "fc.weight");
}

#[test]
fn averages_lists_and_numbers_are_looked_into() {
    let weights = || dict(&[("t", view("FloatStorage", "0", 4, 0, &[4], &[1]))]);
    let average = object("timm.utils\nModelEma", &dict(&[("module", weights()), ("decay", b"N".to_vec())]));
    let list = [&b"]"[..], &weights(), b"a"].concat();
    let object = pickle(&[&dict(&[("ema", average), ("models", list), ("net_state_dict", weights())])]);
    assert_eq!(names(&archive(&object, &floats(&VALUES))), "ema.module.t models.0.t net_state_dict.t");
}

#[test]
fn quantised_and_sparse_tensors_are_named_only_where_they_are_wanted() {
    let quantised = b"ctorch._utils\n_rebuild_qtensor\n(NNNtR".to_vec();
    let weight = view("FloatStorage", "0", 4, 0, &[4], &[1]);
    let bytes = archive(&pickle(&[&dict(&[("a", weight), ("b", quantised)])]), &floats(&VALUES));
    let file = read_pytorch(&bytes).unwrap();
    assert_eq!(file.names().collect::<Vec<_>>(), ["a"]);
    let said = file.unread("b").unwrap().to_string();
    assert!(said.contains("tensor b holds quantised numbers"), "{said}");
    for (function, said) in
        [("_rebuild_sparse_tensor", "to_dense()"), ("_rebuild_meta_tensor_no_storage", "holds no values, only a shape")]
    {
        let other = format!("ctorch._utils\n{function}\n(NNNtR").into_bytes();
        let told =
            read_pytorch(&archive(&pickle(&[&dict(&[("b", other)])]), &[])).unwrap().unread("b").unwrap().to_string();
        assert!(told.contains(said), "{told}");
    }
    // A state dict of nothing else, as quantising programs leave it.
    let bytes = archive(&state("fc.weight", "CharStorage", 0, &[2, 2], &[2, 1]), &[1, 2, 3, 4]);
    let said = read_pytorch(&bytes).unwrap().first_unread_weight().unwrap().to_string();
    assert!(said.contains("fc.weight holds quantised numbers") && said.contains("before it was quantised"), "{said}");
}

/// As torch.ao.quantization.quantize_dynamic leaves a state dict: the layers' weights are packed in tuples.
#[test]
fn a_dynamically_quantised_layer_is_named() {
    let quantised = b"ctorch._utils\n_rebuild_qtensor\n(NNNNtR".to_vec();
    let bias = view("FloatStorage", "0", 4, 0, &[4], &[1]);
    let packed = [&quantised[..], &bias, b"\x86"].concat();
    let layers = [("conv.weight", bias), ("fc.scale", b"N".to_vec()), ("fc._packed_params._packed_params", packed)];
    let file = read_pytorch(&archive(&pickle(&[&dict(&layers)]), &floats(&VALUES))).unwrap();
    let said = file.first_unread_weight().unwrap().to_string();
    assert!(said.contains("fc._packed_params._packed_params.0 holds quantised numbers"), "{said}");
    assert!(said.contains("before it was quantised"), "{said}");
}

#[test]
fn a_frozen_program_is_named_and_what_to_do() {
    let object = pickle(&[&object("__torch__.net\nNet", &dict(&[("training", b"\x89".to_vec())]))]);
    let values = floats(&VALUES);
    let entries: [(&str, &[u8]); 4] = [
        ("net/data.pkl", &object),
        ("net/constants.pkl", b""),
        ("net/constants/0", &values),
        ("net/code/__torch__/net.py", b""),
    ];
    let said = read_pytorch(&archive_of(&entries, zip::CompressionMethod::Stored)).unwrap_err().to_string();
    assert!(said.contains("a frozen TorchScript program") && said.contains("before torch.jit.freeze"), "{said}");
    // Without constants there is just nothing in it.
    let empty = read_pytorch(&archive_of(&entries[..1], zip::CompressionMethod::Stored)).unwrap_err().to_string();
    assert!(empty.contains("no tensor in it"), "{empty}");
}

fn refusal(object: &[u8]) -> String {
    read_pytorch(&archive(object, &floats(&VALUES))).unwrap_err().to_string()
}

#[test]
fn refuses_code_by_name() {
    for (names, named) in [
        (&b"cos\nsystem\n(X\x04\0\0\0truetR"[..], "os.system"),
        (b"\x8c\x08builtins\x8c\x04eval\x93", "builtins.eval"),
        (b"c__builtin__\nexec\n", "__builtin__.exec"),
        (b"csubprocess\nPopen\n", "subprocess.Popen"),
        (b"ctorch\nload\n", "torch.load"),
        (b"ctorch.hub\nload\n", "torch.hub.load"),
        (b"(X\x04\0\0\0trueios\nsystem\n", "os.system"),
    ] {
        let said = refusal(&pickle(&[names]));
        assert!(said.contains(named) && said.contains("harm"), "{said}");
    }
    assert!(refusal(&pickle(&[b"\x00"])).contains("operation 0x00"));
}

#[test]
fn refuses_what_does_not_add_up() {
    for (case, object) in [
        ("beyond the storage", state("t", "FloatStorage", 1, &[4], &[1])),
        ("two GiB out of four values", state("t", "FloatStorage", 0, &[255, 255, 255, 128], &[0, 0, 0, 0])),
        ("strides of another rank", state("t", "FloatStorage", 0, &[4], &[1, 1])),
        ("another type's storage", state("t", "DoubleStorage", 0, &[2], &[1])),
        ("no tensor", pickle(&[b"}(", &text("t"), b"K\x01u"])),
        ("no dictionary", pickle(&[b"]"])),
        ("stack underflow", pickle(&[b"R"])),
        ("below a mark", pickle(&[b"K\x01K\x02(\x86"])),
        ("unknown memo", pickle(&[b"h\x05"])),
        ("key without value", pickle(&[b"}(K\x01u"])),
        ("into the empty tuple", pickle(&[b")K\x01a"])),
    ] {
        assert!(read_pytorch(&archive(&object, &floats(&VALUES))).is_err(), "{case}");
    }
}

/// Cycles, sharing and depth end; nothing is entered twice.
#[test]
fn bottomless_containers_end() {
    for piece in [
        [b")".to_vec(), vec![0x85; 1_000_000]].concat(),
        b"]q\x00h\x00a".to_vec(),
        b"]]q\x00a0h\x00K\x01a".to_vec(),
        doubling(60),
        called_often(10_000, 10_000),
    ] {
        assert!(read_pytorch(&archive(&pickle(&[&piece]), &[])).is_err());
    }
}

/// Somebody's packing of the folder shrinks it; a bomb of zeros grows a thousandfold.
#[test]
fn compressed_entries_are_read_unless_they_grow_too_much() {
    let object = state("t", "FloatStorage", 0, &[4], &[1]);
    let deflated = zip::CompressionMethod::Deflated;
    let values = floats(&VALUES);
    assert_eq!(data(&archive_of(&[("net/data.pkl", &object), ("net/data/0", &values)], deflated), "t"), VALUES);
    let zeros = vec![0; 64 << 20];
    let error = read_pytorch(&archive_of(&[("net/data.pkl", &object), ("net/data/0", &zeros)], deflated)).unwrap_err();
    assert!(error.to_string().contains("unpacks to more than"), "{error}");
}

/// Two entries of the directory for the same bytes.
#[test]
fn storages_on_top_of_each_other_give_no_more_than_the_file_has() {
    let object = pickle(&[&dict(&[
        ("a", view("FloatStorage", "0", 4, 0, &[4], &[1])),
        ("b", view("FloatStorage", "1", 4, 0, &[4], &[1])),
    ])]);
    let whole = archive(&object, &floats(&VALUES));
    let end = whole.len() - 22;
    let start = u32::from_le_bytes(whole[end + 16..end + 20].try_into().unwrap()) as usize;
    let directory = &whole[start..end];
    let name = b"net/data/0";
    let at = directory.windows(name.len()).position(|window| window == name).unwrap();
    let mut again = directory[at - 46..].to_vec();
    again[46 + name.len() - 1] = b'1';
    let mut tail = whole[end..].to_vec();
    for count in [8, 10] {
        tail[count..count + 2].copy_from_slice(&3_u16.to_le_bytes());
    }
    tail[12..16].copy_from_slice(&((directory.len() + again.len()) as u32).to_le_bytes());
    let bytes = [&whole[..end], &again, &tail].concat();
    let values: usize = read_pytorch(&bytes).map_or(0, |file| file.iter().map(|tensor| tensor.data.len()).sum());
    assert!(values <= bytes.len());
}

#[test]
fn refuses_cut_files() {
    let object = state("t", "FloatStorage", 0, &[4], &[1]);
    let whole = legacy(&object, &[("0", 4, floats(&VALUES))]);
    for end in 0..whole.len() {
        assert!(read_pytorch(&whole[..end]).is_err(), "cut after {end} bytes");
    }
    let whole = archive(&object, &floats(&VALUES));
    for end in 0..whole.len() {
        assert!(read_pytorch(&whole[..end]).is_err(), "archive cut after {end} bytes");
    }
}

/// Twice the file, twice the work at most: measured on what a careless reader would copy.
#[test]
fn the_cost_is_linear_in_the_size() {
    let seconds = |times: usize| {
        let bytes = archive(&pickle(&[&called_often(times, times)]), &[]);
        let start = std::time::Instant::now();
        assert!(read_pytorch(&bytes).is_err());
        start.elapsed().as_secs_f64()
    };
    // Four hundred thousand calls of a tuple of as many values: 160 thousand million copies, were there any.
    assert!(seconds(400_000) < 20.0);
}
