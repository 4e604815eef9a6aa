//! Weights of Keras models: HDF5 files of Keras 2 (`model.save("….h5")`, `save_weights`), and Keras 3's `.keras`
//! archives and `.weights.h5` files.
//!
//! Tensors are named `layer/weight` (`Bottleneck/kernel`), without Keras' repetition of the layer and its `:0`. Keras 3
//! numbers a layer's tensors and calls layers by their class; in an archive the configuration says what they are
//! ([`naming`]). A Lambda layer holds marshalled Python, which is not even decoded; the number called `scale` among its
//! arguments, if there is one, becomes the tensor `layer/scale`, so that a name table can insist on it.
//!
//! An HDF5 file is a graph: a group reached twice is refused, which rules out cycles. Depth, number of objects and
//! number of values are bounded before anything is read: datasets may be compressed or never written, but together
//! they hold no more values than the file has bytes.

mod naming;

use std::collections::BTreeSet;

use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Datatype, Hdf5File, OpenOptions};
use serde_json::Value;

use super::archive::Archive;
use super::auxiliary::is_beside_weights;
use super::element::{Element, swap_bytes};
use super::format::Foreign;
use super::{NamedTensor, TensorFile, WeightsError};

const FORMAT: &str = "a Keras HDF5 file";
const ARCHIVE_FORMAT: &str = "a Keras archive";

/// The archive's two entries that matter.
pub(super) const ARCHIVED_WEIGHTS: &str = "model.weights.h5";
const CONFIGURATION: &str = "config.json";

/// Keras nests a model within a model, a layer within it, its name again.
const DEPTH_AT_MOST: usize = 12;
const OBJECTS_AT_MOST: usize = 100_000;
const CHUNK_BYTES_AT_MOST: usize = 64 << 20;

/// Every dataset of floats below `model_weights`, or below the root of a file of weights alone.
pub(crate) fn read_keras(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    let options = OpenOptions::default()
        .with_max_chunk_bytes(CHUNK_BYTES_AT_MOST)
        .with_max_read_bytes(bytes.len().saturating_mul(4));
    let hdf5 = Hdf5File::from_bytes_with_options(bytes, options).map_err(damaged)?;
    let root = hdf5.root_group().map_err(damaged)?;
    let (names, _) = root.member_names().map_err(damaged)?;
    let mut walk =
        Walk { file: TensorFile::default(), seen: BTreeSet::new(), objects: 0, values_left: bytes.len() as u64 };
    if names.iter().any(|name| name == "model_weights") {
        walk.group(&root.group("model_weights").map_err(damaged)?, &mut Vec::new())?;
        lambda_scales(&root, &mut walk.file)?;
    } else {
        walk.group(&root, &mut Vec::new())?;
    }
    if walk.file.is_empty() && !walk.file.has_unread_weights() {
        return Err(WeightsError::Foreign(Foreign::Other("an HDF5 file without numbers of a network")));
    }
    Ok(walk.file)
}

/// A `.keras` archive: its weights under the names that its configuration gives the layers.
pub(crate) fn read_keras_archive(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    let mut archive = Archive::open(bytes, ARCHIVE_FORMAT)?;
    let of_archive = |reason: &str| WeightsError::Malformed { format: ARCHIVE_FORMAT, reason: reason.to_owned() };
    let weights = archive.find(ARCHIVED_WEIGHTS).ok_or_else(|| of_archive("it has no weights"))?.to_owned();
    let file = read_keras(&archive.entry(&weights)?)?;
    let Some(configuration) = archive.find(CONFIGURATION).map(str::to_owned) else { return Ok(file) };
    let configuration = serde_json::from_slice(&archive.entry(&configuration)?);
    let configuration: Value = configuration.map_err(|_| of_archive("its configuration cannot be read"))?;
    naming::by_layers(file, &configuration)
}

struct Walk {
    file: TensorFile,
    /// Addresses of groups.
    seen: BTreeSet<u64>,
    objects: usize,
    values_left: u64,
}

impl Walk {
    fn group(&mut self, group: &Group, path: &mut Vec<String>) -> Result<(), WeightsError> {
        if !self.seen.insert(group.address()) {
            return Err(malformed(format!("group {} is reached twice, the file has a cycle", path.join("/"))));
        }
        if path.len() > DEPTH_AT_MOST {
            return Err(malformed(format!("groups are nested more than {DEPTH_AT_MOST} deep")));
        }
        let (groups, datasets) = group.members().map_err(damaged)?;
        self.objects += groups.len() + datasets.len();
        if self.objects > OBJECTS_AT_MOST {
            return Err(malformed(format!("it holds more than {OBJECTS_AT_MOST} objects")));
        }
        for dataset in &datasets {
            path.push(dataset.name().to_owned());
            let name = tensor_name(path);
            path.pop();
            self.dataset(name, dataset)?;
        }
        for group in groups.iter().filter(|group| !is_beside_weights(group.name())) {
            path.push(group.name().to_owned());
            self.group(group, path)?;
            path.pop();
        }
        Ok(())
    }

    fn dataset(&mut self, name: String, dataset: &Dataset) -> Result<(), WeightsError> {
        let (element, is_big_endian) = element(dataset);
        if !element.is_float() {
            self.file.leave_out(name, element, dataset.shape().len());
            return Ok(());
        }
        let values = dataset.num_elements().map_err(damaged)?;
        self.values_left = self
            .values_left
            .checked_sub(values)
            .ok_or_else(|| malformed(format!("tensor {name} announces more values than the file has bytes")))?;
        let shape = dataset.shape().iter().map(|&side| side as usize).collect();
        let mut bytes = dataset.read_raw_bytes().map_err(damaged)?;
        if is_big_endian {
            swap_bytes(&mut bytes, element.bytes());
        }
        self.file.insert(NamedTensor::new(name, shape, element.floats(&bytes).unwrap_or_default())?)
    }
}

/// The type of a dataset's values, and whether they are big-endian.
fn element(dataset: &Dataset) -> (Element, bool) {
    let says_brain = || {
        let said = dataset.attribute("dtype").ok().and_then(|attribute| attribute.read_string().ok());
        said.is_some_and(|said| said.trim_end_matches('\0') == "bfloat16")
    };
    match dataset.dtype() {
        Datatype::FloatingPoint { size, byte_order } => {
            let element = match size {
                8 => Element::F64,
                4 => Element::F32,
                2 if exponent_bits(dataset) == Some(8) || says_brain() => Element::BF16,
                2 => Element::F16,
                1 => Element::F8,
                _ => Element::Unknown,
            };
            (element, *byte_order == hdf5_reader::ByteOrder::BigEndian)
        }
        // Keras 3 writes brain floats as bytes without a meaning, and says beside them what they are.
        Datatype::Opaque { size: 2, .. } if says_brain() => (Element::BF16, false),
        Datatype::FixedPoint { size: 8, .. } => (Element::I64, false),
        Datatype::FixedPoint { size: 4, .. } => (Element::I32, false),
        Datatype::FixedPoint { size: 2, .. } => (Element::I16, false),
        Datatype::FixedPoint { .. } | Datatype::Bitfield { .. } => (Element::I8, false),
        Datatype::Enum { .. } => (Element::Bool, false),
        Datatype::String { .. } | Datatype::VarLen { .. } | Datatype::Reference { .. } => (Element::Text, false),
        Datatype::Compound { .. } => (Element::Complex(8), false),
        Datatype::Array { .. } | Datatype::Opaque { .. } => (Element::Unknown, false),
    }
}

/// Of a floating-point type's message: class and bits in four bytes, size in four, offset and precision in two each, then
/// where the exponent lies and how many bits it has.
fn exponent_bits(dataset: &Dataset) -> Option<u8> {
    dataset.raw_datatype().ok()?.get(13).copied()
}

/// `layer/layer/kernel:0` to `layer/kernel`.
fn tensor_name(path: &[String]) -> String {
    let mut parts: Vec<&str> = path.iter().map(String::as_str).collect();
    parts.dedup();
    let name = parts.join("/");
    name.strip_suffix(":0").map(str::to_owned).unwrap_or(name)
}

/// The argument `scale` of Lambda layers in the model's configuration.
fn lambda_scales(root: &Group, file: &mut TensorFile) -> Result<(), WeightsError> {
    let Ok(config) = root.attribute("model_config") else { return Ok(()) };
    let config = config.read_string().map_err(damaged)?;
    let config: Value = serde_json::from_str(&config).map_err(|_| malformed("its configuration cannot be read"))?;
    let layers = config["config"]["layers"].as_array().ok_or_else(|| malformed("its configuration lists no layers"))?;
    for layer in layers.iter().filter(|layer| layer["class_name"] == "Lambda") {
        let name = layer["config"]["name"].as_str().or(layer["name"].as_str());
        let scale = layer["config"]["arguments"]["scale"].as_f64();
        if let (Some(name), Some(scale)) = (name, scale) {
            file.insert(NamedTensor::new(format!("{name}/scale"), vec![], vec![scale as f32])?)?;
        }
    }
    Ok(())
}

/// The crate's errors speak of its own types; what a user can do is the same for all.
fn damaged(error: impl ToString) -> WeightsError {
    let reason = error.to_string();
    let plain = reason.split(['{', '(']).next().unwrap_or_default().trim_end().trim_end_matches(':').to_owned();
    malformed(format!("it is damaged, or of a kind of HDF5 that is not read: {plain}"))
}

fn malformed(reason: impl ToString) -> WeightsError {
    WeightsError::Malformed { format: FORMAT, reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    macro_rules! fixture {
        ($name:literal) => {
            include_bytes!(concat!("../../../tests/fixtures/weights/keras_", $name, ".h5"))
        };
    }

    #[test]
    fn reads_a_model() {
        let file = read_keras(fixture!("small")).unwrap();
        assert_eq!(file.names().collect::<Vec<_>>(), ["conv/bias", "conv/kernel", "scale_it/scale"]);
        let kernel = file.get("conv/kernel").unwrap();
        assert_eq!(kernel.shape, [1, 2, 3, 2]);
        assert_eq!(kernel.data, (0..12).map(|v| v as f32).collect::<Vec<_>>());
        assert_eq!(file.get("scale_it/scale").unwrap().data, [0.17]);
    }

    #[test]
    fn reads_weights_alone() {
        let file = read_keras(fixture!("weights_alone")).unwrap();
        assert_eq!(file.get("dense/kernel").unwrap().data, [1.0; 4]);
    }

    #[test]
    fn reads_every_precision() {
        let file = read_keras(fixture!("precisions")).unwrap();
        let names =
            ["brain/kernel", "double/kernel", "half/kernel", "opaque/vars/0", "single/kernel", "turned_half/kernel"];
        assert_eq!(file.names().collect::<Vec<_>>(), names);
        for tensor in file.iter() {
            assert_eq!(tensor.data, [0.5, -3.0], "{}", tensor.name);
        }
    }

    #[test]
    fn reads_an_archive_of_keras_3() {
        let file = read_keras_archive(include_bytes!("../../../tests/fixtures/weights/keras_archived.keras")).unwrap();
        let names = [
            "second/bias",
            "second/kernel",
            "stem/kernel",
            "stem_BatchNorm/beta",
            "stem_BatchNorm/moving_mean",
            "stem_BatchNorm/moving_variance",
        ];
        assert_eq!(file.names().collect::<Vec<_>>(), names);
        assert_eq!(file.get("stem_BatchNorm/moving_variance").unwrap().data, [2.0; 2]);
        assert_eq!(file.get("second/kernel").unwrap().shape, [1, 1, 2, 1]);
    }

    #[test]
    fn refuses_a_cycle() {
        assert!(read_keras(fixture!("cycle")).unwrap_err().to_string().contains("cycle"));
    }

    #[test]
    fn refuses_what_only_paper_holds() {
        let error = read_keras(fixture!("announced")).unwrap_err().to_string();
        assert!(error.contains("more values than the file has bytes"), "{error}");
        assert!(read_keras(fixture!("other_type")).unwrap_err().to_string().contains("no weight file"));
    }

    #[test]
    fn refuses_what_leads_nowhere() {
        for (case, bytes) in [
            ("soft links in a circle", &fixture!("soft_cycle")[..]),
            ("groups forty deep", fixture!("deep")),
            ("64 MiB of compressed zeros", fixture!("bomb")),
            ("another file", fixture!("elsewhere")),
        ] {
            let error = read_keras(bytes).expect_err(case).to_string();
            assert!(error.contains("HDF5 file"), "{case}: {error}");
        }
    }

    #[test]
    fn refuses_other_files() {
        assert!(read_keras(b"").is_err());
        assert!(read_keras(b"\x89HDF\r\n\x1a\n and then nothing of the kind").is_err());
        let whole = fixture!("small");
        for end in (0..whole.len() - 1).step_by(97) {
            // A cut may fall behind everything that is read; it must never do more than fail.
            _ = read_keras(&whole[..end]);
        }
    }
}
