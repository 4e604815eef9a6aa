//! The weights of a Keras model in HDF5 (`model.save("….h5")`, `save_weights`).
//!
//! Tensors are named `layer/weight` (`Bottleneck/kernel`), without Keras' repetition of the layer and its `:0`. A
//! Lambda layer holds marshalled Python, which is not even decoded; the number called `scale` among its arguments, if
//! there is one, becomes the tensor `layer/scale`, so that a name table can insist on it.
//!
//! An HDF5 file is a graph: a group reached twice is refused, which rules out cycles. Depth, number of objects and
//! number of values are bounded before anything is read: datasets may be compressed or never written, but together
//! they hold no more values than the file has bytes.

use std::collections::BTreeSet;

use hdf5_reader::group::Group;
use hdf5_reader::{Datatype, Hdf5File, OpenOptions};
use serde_json::Value;

use super::{NamedTensor, TensorFile, WeightsError};

const FORMAT: &str = "a Keras HDF5 file";

/// Keras nests a model within a model, a layer within it, its name again.
const DEPTH_AT_MOST: usize = 12;
const OBJECTS_AT_MOST: usize = 100_000;
const CHUNK_BYTES_AT_MOST: usize = 64 << 20;

/// Every dataset of 32-bit floats below `model_weights`, or below the root of a file of weights alone.
pub(crate) fn read_keras(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    let options = OpenOptions::default()
        .with_max_chunk_bytes(CHUNK_BYTES_AT_MOST)
        .with_max_read_bytes(bytes.len().saturating_mul(4));
    let hdf5 = Hdf5File::from_bytes_with_options(bytes, options).map_err(malformed)?;
    let root = hdf5.root_group().map_err(malformed)?;
    let (names, _) = root.member_names().map_err(malformed)?;
    let mut walk =
        Walk { file: TensorFile::default(), seen: BTreeSet::new(), objects: 0, values_left: bytes.len() as u64 };
    if names.iter().any(|name| name == "model_weights") {
        walk.group(&root.group("model_weights").map_err(malformed)?, &mut Vec::new())?;
        lambda_scales(&root, &mut walk.file)?;
    } else {
        walk.group(&root, &mut Vec::new())?;
    }
    if walk.file.is_empty() {
        return Err(malformed("it holds no weights"));
    }
    Ok(walk.file)
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
        let (groups, datasets) = group.members().map_err(malformed)?;
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
        for group in &groups {
            path.push(group.name().to_owned());
            self.group(group, path)?;
            path.pop();
        }
        Ok(())
    }

    fn dataset(&mut self, name: String, dataset: &hdf5_reader::Dataset) -> Result<(), WeightsError> {
        if !matches!(dataset.dtype(), Datatype::FloatingPoint { size: 4, .. }) {
            return Err(WeightsError::UnknownType { name, found: format!("{:?}", dataset.dtype()) });
        }
        let values = dataset.num_elements().map_err(malformed)?;
        self.values_left = self
            .values_left
            .checked_sub(values)
            .ok_or_else(|| malformed(format!("tensor {name} announces more values than the file has bytes")))?;
        let shape = dataset.shape().iter().map(|&side| side as usize).collect();
        let data = dataset.read_array::<f32>().map_err(malformed)?;
        self.file.insert(NamedTensor::new(name, shape, data.into_iter().collect())?)
    }
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
    let config = root.attribute("model_config").map_err(malformed)?.read_string().map_err(malformed)?;
    let config: Value = serde_json::from_str(&config).map_err(malformed)?;
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
    fn refuses_a_cycle() {
        assert!(read_keras(fixture!("cycle")).unwrap_err().to_string().contains("cycle"));
    }

    #[test]
    fn refuses_what_only_paper_holds() {
        let error = read_keras(fixture!("announced")).unwrap_err().to_string();
        assert!(error.contains("more values than the file has bytes"), "{error}");
        assert!(matches!(read_keras(fixture!("other_type")), Err(WeightsError::UnknownType { .. })));
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
            assert!(error.starts_with("the file is not"), "{case}: {error}");
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
