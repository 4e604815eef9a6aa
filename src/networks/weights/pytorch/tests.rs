//! Pickles written by hand, opcode by opcode; the fixtures' ones were written by Python.

use super::*;

/// A pickle of protocol 2 of the given parts.
fn pickle(parts: &[&[u8]]) -> Vec<u8> {
    [&[b"\x80\x02".as_slice()], parts, &[b".".as_slice()]].concat().concat()
}

fn text(text: &str) -> Vec<u8> {
    [&[b'X'][..], &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

/// `{name: tensor}` of a float storage "0" with four elements.
fn state(name: &str, class: &str, offset: u8, shape: &[u8], strides: &[u8]) -> Vec<u8> {
    let sizes = |sizes: &[u8]| [&b"("[..], &sizes.iter().flat_map(|s| [b'K', *s]).collect::<Vec<_>>(), b"t"].concat();
    let class = format!("ctorch\n{class}\n");
    let id = [&b"("[..], &text("storage"), class.as_bytes(), &text("0"), &text("cpu"), b"K\x04tQ"].concat();
    let tensor = [&b"ctorch._utils\n_rebuild_tensor_v2\n("[..], &id, &[b'K', offset], &sizes(shape), &sizes(strides)];
    let hooks = b"\x89ccollections\nOrderedDict\n)RtR";
    pickle(&[b"}(", &text(name), &tensor.concat(), hooks, b"u"])
}

fn archive(pickle: &[u8], storage: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, data) in [("net/data.pkl", pickle), ("net/data/0", storage)] {
        writer.start_file(name, options).unwrap();
        writer.write_all(data).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn legacy(object: &[u8], storage: &[f32]) -> Vec<u8> {
    let keys = pickle(&[b"]", &text("0"), b"a"]);
    let empty = pickle(&[b"}"]);
    let version = pickle(&[b"M\xe9\x03"]);
    let mut bytes = [&LEGACY_MAGIC[..], &version, &empty, object, &keys].concat();
    bytes.extend((storage.len() as u64).to_le_bytes());
    bytes.extend(floats(storage));
    bytes
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

const VALUES: [f32; 4] = [1.0, 2.0, 3.0, 4.0];

#[test]
fn reads_both_formats() {
    let object = state("fc.weight", "FloatStorage", 0, &[2, 2], &[2, 1]);
    for bytes in [archive(&object, &floats(&VALUES)), legacy(&object, &VALUES)] {
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

#[test]
fn reads_views_and_other_types() {
    let transposed = state("t", "FloatStorage", 0, &[2, 2], &[1, 2]);
    let file = read_pytorch(&archive(&transposed, &floats(&VALUES))).unwrap();
    assert_eq!(file.get("t").unwrap().data, [1.0, 3.0, 2.0, 4.0]);
    let part = state("t", "FloatStorage", 1, &[2], &[2]);
    let file = read_pytorch(&archive(&part, &floats(&VALUES))).unwrap();
    assert_eq!(file.get("t").unwrap().data, [2.0, 4.0]);
    let halves: Vec<u8> = VALUES.iter().flat_map(|v| half::f16::from_f32(*v).to_le_bytes()).collect();
    let file = read_pytorch(&archive(&state("t", "HalfStorage", 0, &[4], &[1]), &halves)).unwrap();
    assert_eq!(file.get("t").unwrap().data, VALUES);
}

#[test]
fn unwraps_a_checkpoint() {
    let inner = state("t", "FloatStorage", 0, &[4], &[1]);
    let inner = &inner[2..inner.len() - 1];
    let object = pickle(&[b"}(", &text("epoch"), b"K\x07", &text("state_dict"), inner, b"u"]);
    let file = read_pytorch(&archive(&object, &floats(&VALUES))).unwrap();
    assert_eq!(file.names().collect::<Vec<_>>(), ["t"]);
}

#[test]
fn a_parallel_wrapper_leaves_no_trace() {
    let file = read_pytorch(&archive(&state("module.fc.weight", "FloatStorage", 0, &[4], &[1]), &floats(&VALUES)));
    assert_eq!(file.unwrap().names().collect::<Vec<_>>(), ["fc.weight"]);
}

fn refusal(object: &[u8]) -> String {
    read_pytorch(&archive(object, &floats(&VALUES))).unwrap_err().to_string()
}

#[test]
fn refuses_code_by_name() {
    let system = pickle(&[b"cos\nsystem\n(", &text("true"), b"tR"]);
    assert!(refusal(&system).contains("os.system"));
    let protocol_4 = pickle(&[b"\x8c\x08builtins\x8c\x04eval\x93"]);
    assert!(refusal(&protocol_4).contains("builtins.eval"));
    let torch = pickle(&[b"ctorch\nload\n"]);
    assert!(refusal(&torch).contains("torch.load"));
    // INST, OBJ, NEWOBJ, EXT1: other ways to call.
    for op in [b'i', b'o', 0x81, 0x82] {
        assert!(refusal(&pickle(&[&[op]])).contains("operation"));
    }
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
    ] {
        assert!(read_pytorch(&archive(&object, &floats(&VALUES))).is_err(), "{case}");
    }
}

#[test]
fn refuses_bottomless_containers() {
    let deep = pickle(&[b")", &vec![0x85; 1_000_000]]);
    assert!(refusal(&deep).contains("deep"));
    let into_itself = pickle(&[b"]q\x00h\x00a"]);
    assert!(refusal(&into_itself).contains("into another"));
    // A list put into a list, then filled: the way around a bound on nesting.
    let afterwards = pickle(&[b"]]q\x00a0h\x00K\x01a"]);
    assert!(read_pytorch(&archive(&afterwards, &[])).is_err());
}

/// Torch never compresses, so neither a bomb of zeros nor a compressed pickle is opened.
#[test]
fn refuses_compressed_entries() {
    use std::io::Write;
    let object = state("t", "FloatStorage", 0, &[4], &[1]);
    for compressed in ["net/data.pkl", "net/data/0"] {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, data) in [("net/data.pkl", object.clone()), ("net/data/0", vec![0; 16 << 20])] {
            let method = match name == compressed {
                true => zip::CompressionMethod::Deflated,
                false => zip::CompressionMethod::Stored,
            };
            let options = zip::write::SimpleFileOptions::default().compression_method(method);
            writer.start_file(name, options).unwrap();
            writer.write_all(&data).unwrap();
        }
        let bytes = writer.finish().unwrap().into_inner();
        let error = read_pytorch(&bytes).unwrap_err().to_string();
        assert!(error.contains("is compressed"), "{error}");
    }
}

/// Two entries of the directory for the same bytes.
#[test]
fn refuses_storages_on_top_of_each_other() {
    let tensor = |name: &str, key: &str| {
        let part = state(name, "FloatStorage", 0, &[4], &[1]);
        let part = part[4..part.len() - 2].to_vec();
        // The storage's key is the only text "0".
        let zero = text("0");
        let at = part.windows(zero.len()).position(|window| window == zero).unwrap();
        [&part[..at], &text(key), &part[at + zero.len()..]].concat()
    };
    let object = pickle(&[b"}(", &tensor("a", "0"), &tensor("b", "1"), b"u"]);
    let whole = archive(&object, &vec![0; 4096]);
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
    let error = read_pytorch(&bytes).unwrap_err().to_string();
    assert!(error.contains("on top of each other") || error.contains("announces"), "{error}");
}

#[test]
fn refuses_cut_files() {
    let object = state("t", "FloatStorage", 0, &[4], &[1]);
    let whole = legacy(&object, &VALUES);
    for end in 0..whole.len() {
        assert!(read_pytorch(&whole[..end]).is_err(), "cut after {end} bytes");
    }
    let whole = archive(&object, &floats(&VALUES));
    for end in 0..whole.len() {
        assert!(read_pytorch(&whole[..end]).is_err(), "archive cut after {end} bytes");
    }
}
