//! PyTorch files for tests, opcode by opcode.

use std::io::{Cursor, Write};

use super::super::TensorFile;
use super::LEGACY_MAGIC;

/// A pickle of protocol 2 of the given parts.
pub(crate) fn pickle(parts: &[&[u8]]) -> Vec<u8> {
    [&[b"\x80\x02".as_slice()], parts, &[b".".as_slice()]].concat().concat()
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [&[b'X'][..], &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

fn sizes(sizes: &[u8]) -> Vec<u8> {
    [&b"("[..], &sizes.iter().flat_map(|size| [b'K', *size]).collect::<Vec<_>>(), b"t"].concat()
}

/// A view of storage `key`, which has so many elements of that class.
pub(crate) fn view(class: &str, key: &str, length: u8, offset: u8, shape: &[u8], strides: &[u8]) -> Vec<u8> {
    let class = format!("ctorch\n{class}\n");
    let id = [&b"("[..], &text("storage"), class.as_bytes(), &text(key), &text("cpu"), b"K", &[length], b"tQ"].concat();
    let hooks = b"\x89ccollections\nOrderedDict\n)RtR";
    let head = b"ctorch._utils\n_rebuild_tensor_v2\n(";
    [&head[..], &id, &[b'K', offset], &sizes(shape), &sizes(strides), hooks].concat()
}

/// `{name: tensor}` of a storage "0" with four elements.
pub(crate) fn state(name: &str, class: &str, offset: u8, shape: &[u8], strides: &[u8]) -> Vec<u8> {
    pickle(&[b"}(", &text(name), &view(class, "0", 4, offset, shape, strides), b"u"])
}

/// `{key: value, …}`, each value in its opcodes.
pub(crate) fn dict(items: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let items: Vec<u8> = items.iter().flat_map(|(key, value)| [text(key), value.clone()].concat()).collect();
    [&b"}("[..], &items, b"u"].concat()
}

pub(crate) fn archive(pickle: &[u8], storage: &[u8]) -> Vec<u8> {
    archive_of(&[("net/data.pkl", pickle), ("net/data/0", storage)], zip::CompressionMethod::Stored)
}

pub(crate) fn archive_of(entries: &[(&str, &[u8])], method: zip::CompressionMethod) -> Vec<u8> {
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, data) in entries {
        writer.start_file(*name, options).unwrap();
        writer.write_all(data).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The same as PyTorch's own writer lays it out: each entry's data begins at a multiple of 64 bytes, for which an extra
/// field is as long as it takes, and the records of large archives follow the directory, however small the archive is.
pub(crate) fn archive_of_torch(stem: &str, entries: &[(&str, &[u8])]) -> Vec<u8> {
    const ALIGNED: usize = 64;
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let name = format!("{stem}/{name}");
        let mut checksum = flate2::Crc::new();
        checksum.update(data);
        let length = (data.len() as u32).to_le_bytes();
        // A name in UTF-8, stored, no time.
        let flags = [0, 8, 0, 0, 0, 0, 0, 0];
        let about = [&flags[..], &checksum.sum().to_le_bytes(), &length, &length, &short(name.len())].concat();
        let offset = bytes.len();
        let padding = (ALIGNED - (offset + 34 + name.len()) % ALIGNED) % ALIGNED;
        let extra = [&b"FB"[..], &short(padding), &vec![b'Z'; padding]].concat();
        bytes.extend([&b"PK\x03\x04\0\0"[..], &about, &short(extra.len()), name.as_bytes(), &extra, data].concat());
        directory.extend([&b"PK\x01\x02\0\0\0\0"[..], &about, &[0; 12], &word(offset), name.as_bytes()].concat());
    }
    let (at, size, count) = (bytes.len(), directory.len(), entries.len());
    bytes.extend(directory);
    bytes.extend([&b"PK\x06\x06"[..], &long(44), &[45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]].concat());
    bytes.extend([long(count), long(count), long(size), long(at)].concat());
    bytes.extend([&b"PK\x06\x07\0\0\0\0"[..], &long(at + size), &word(1)].concat());
    bytes.extend([&b"PK\x05\x06\0\0\0\0"[..], &short(count), &short(count), &word(size), &word(at), &[0; 2]].concat());
    bytes
}

fn short(value: usize) -> [u8; 2] {
    (value as u16).to_le_bytes()
}

fn word(value: usize) -> [u8; 4] {
    (value as u32).to_le_bytes()
}

fn long(value: usize) -> [u8; 8] {
    (value as u64).to_le_bytes()
}

/// The storages' bytes by key.
pub(crate) fn legacy(object: &[u8], storages: &[(&str, usize, Vec<u8>)]) -> Vec<u8> {
    let listed: Vec<u8> = storages.iter().flat_map(|(key, ..)| [text(key), b"a".to_vec()].concat()).collect();
    let keys = pickle(&[b"]", &listed]);
    let magic = pickle(&[&LEGACY_MAGIC]);
    let version = pickle(&[b"M\xe9\x03"]);
    let mut bytes = [&magic[..], &version, &pickle(&[b"}"]), object, &keys].concat();
    for (_, width, data) in storages {
        bytes.extend(((data.len() / width) as u64).to_le_bytes());
        bytes.extend(data);
    }
    bytes
}

pub(crate) fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

pub(crate) const VALUES: [f32; 4] = [1.0, 2.0, 3.0, 4.0];

/// An object of a class of its own, with a state.
pub(crate) fn object(class: &str, state: &[u8]) -> Vec<u8> {
    [format!("c{class}\n").as_bytes(), b")\x81", state, b"b"].concat()
}

/// What training scripts keep beside the weights: arguments, a date, a NumPy scalar, an optimiser, a schedule.
pub(crate) fn beside() -> Vec<(&'static str, Vec<u8>)> {
    let weight = view("FloatStorage", "0", 4, 0, &[4], &[1]);
    let date = [&b"cdatetime\ndatetime\n(U\x0a\x07\xea\x0b\x1e\x11\x00\x00\x00\x00\x00tR"[..]].concat();
    let scalar =
        b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(U\x02f8K\x00K\x01tRU\x08\0\0\0\0\0\0\xf0?tR".to_vec();
    let moments = dict(&[("exp_avg", weight.clone())]);
    let optimiser = dict(&[("state", [&b"}(K\x00"[..], &moments, b"u"].concat()), ("param_groups", b"]".to_vec())]);
    vec![
        ("epoch", b"K\x07".to_vec()),
        ("best", b"G\x3f\xf0\0\0\0\0\0\0".to_vec()),
        ("args", object("argparse\nNamespace", &dict(&[("lr", b"G\x3f\xf0\0\0\0\0\0\0".to_vec())]))),
        ("hyper_parameters", object("omegaconf.dictconfig\nDictConfig", &dict(&[("seed", weight)]))),
        ("when", date),
        ("accuracy", scalar),
        ("adam", moments),
        ("optimizer", optimiser.clone()),
        ("optimizer_states", [&b"]"[..], &optimiser, b"a"].concat()),
        ("lr_schedulers", object("torch.optim.lr_scheduler\nStepLR", &dict(&[("gamma", b"N".to_vec())]))),
        ("rng", b"\x8a\x0a\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a".to_vec()),
        ("pathlib", b"cpathlib\nPosixPath\n(X\x01\0\0\0/tR".to_vec()),
    ]
}

/// A checkpoint with a state dict under `state_dict` and all of [`beside`].
pub(crate) fn checkpoint() -> Vec<u8> {
    let weights = dict(&[("module.fc.weight", view("FloatStorage", "0", 4, 0, &[2, 2], &[2, 1]))]);
    let mut items = beside();
    items.insert(3, ("state_dict", weights));
    archive(&pickle(&[&dict(&items)]), &floats(&VALUES))
}

/// `torch.save(model)`: objects with parameters, buffers and modules.
pub(crate) fn whole_model() -> Vec<u8> {
    let parameter = |tensor: Vec<u8>| [&b"ctorch._utils\n_rebuild_parameter\n("[..], &tensor, b"\x88}tR"].concat();
    let module =
        |class: &str, parameters: &[(&str, Vec<u8>)], buffers: &[(&str, Vec<u8>)], modules: &[(&str, Vec<u8>)]| {
            let parts = [
                ("training", b"\x89".to_vec()),
                ("_parameters", dict(parameters)),
                ("_buffers", dict(buffers)),
                ("_backward_hooks", dict(&[])),
                ("_modules", dict(modules)),
            ];
            object(class, &dict(&parts))
        };
    let weight = parameter(view("FloatStorage", "0", 4, 0, &[2, 2], &[2, 1]));
    let mean = view("FloatStorage", "0", 4, 2, &[2], &[1]);
    let fc = module("torch.nn.modules.linear\nLinear", &[("weight", weight)], &[], &[]);
    let norm = module("torch.nn.modules.batchnorm\nBatchNorm1d", &[], &[("running_mean", mean)], &[]);
    let net = module("my.own\nNet", &[], &[], &[("fc", fc), ("norm", norm)]);
    archive(&pickle(&[&net]), &floats(&VALUES))
}

/// A list that holds the one before it twice, and so on.
pub(crate) fn doubling(times: u8) -> Vec<u8> {
    let mut bytes = b"]q\x00".to_vec();
    for level in 0..times {
        bytes.extend([b']', b'q', level + 1, b'h', level, b'a', b'h', level, b'a']);
    }
    bytes
}

/// A tuple of so many values, remembered, and given to a class again and again.
pub(crate) fn called_often(values: usize, times: usize) -> Vec<u8> {
    let mut bytes = [&b"("[..], &vec![b'N'; values], b"tq\x00"].concat();
    bytes.extend(b"ctorch._utils\n_rebuild_tensor_v2\nq\x01");
    (0..times).for_each(|_| bytes.extend(b"h\x01h\x00R0"));
    bytes
}

/// A checkpoint of these tensors as PyTorch would save it: halves, each with a storage of its own, the state dict under
/// `key` (or bare where that is empty), and whatever else stands beside it.
pub(crate) fn saved(file: &TensorFile, key: &str, others: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let integer = |value: usize| [&b"J"[..], &(value as u32).to_le_bytes()].concat();
    let integers =
        |values: &[usize]| [&b"("[..], &values.iter().flat_map(|v| integer(*v)).collect::<Vec<_>>(), b"t"].concat();
    let mut storages = Vec::new();
    let mut state = Vec::new();
    for (index, tensor) in file.iter().enumerate() {
        let number = index.to_string();
        let strides: Vec<usize> =
            (0..tensor.shape.len()).map(|axis| tensor.shape[axis + 1..].iter().product()).collect();
        let id = [&b"("[..], &text("storage"), b"ctorch\nHalfStorage\n", &text(&number), &text("cuda:0")].concat();
        let id = [id, integer(tensor.data.len()), b"tQ".to_vec()].concat();
        let view = [&b"ctorch._utils\n_rebuild_tensor_v2\n("[..], &id, b"K\0", &integers(&tensor.shape)].concat();
        let view = [view, integers(&strides), b"\x89ccollections\nOrderedDict\n)RtR".to_vec()].concat();
        state.push((tensor.name.clone(), view));
        let halves: Vec<u8> = tensor.data.iter().flat_map(|v| half::f16::from_f32(*v).to_le_bytes()).collect();
        storages.push((format!("net/data/{number}"), halves));
    }
    let state: Vec<(&str, Vec<u8>)> = state.iter().map(|(name, view)| (name.as_str(), view.clone())).collect();
    let mut object = dict(&state);
    if !key.is_empty() {
        let mut items = others.to_vec();
        items.insert(items.len() / 2, (key, object));
        object = dict(&items);
    }
    let object = pickle(&[&object]);
    let mut entries: Vec<(&str, &[u8])> = vec![("net/data.pkl", &object), ("net/byteorder", b"little")];
    entries.extend(storages.iter().map(|(name, data)| (name.as_str(), &data[..])));
    archive_of(&entries, zip::CompressionMethod::Stored)
}
