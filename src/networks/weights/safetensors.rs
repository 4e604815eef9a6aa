//! SafeTensors: read from other tools, and our own format for networks trained here.
//!
//! Our files are plain SafeTensors; what is ours is one entry `likeness` in the header's metadata, the [`ModelCard`] as
//! JSON, so that a network can be rebuilt from its file alone and any other tool can still read the tensors.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::path::Path;

use burn::module::Module;
use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, SafeTensors, View};
use serde::{Deserialize, Serialize};

use super::element::Element;
use super::{NamedTensor, TensorFile, WeightsError, collect};
use crate::types::{CropRule, ModelId, Preprocessing, files};

const FORMAT: &str = "a SafeTensors file";
const CARD_KEY: &str = "likeness";

/// What a network needs to be rebuilt and used, stored in the file of its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// As the catalogue of networks names it.
    pub architecture: String,
    /// Length of the embeddings.
    pub dimensions: usize,
    /// Size, crop and pixel scaling of the pictures it was trained on.
    pub input: Preprocessing,
    /// Crop rules for the boxes of certain detectors, where another than the input's suits them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub crop_with: BTreeMap<ModelId, CropRule>,
    /// Whether its convolutions have batch norms; the catalogue's own choice where not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch_norm: Option<bool>,
    /// Of its training; the catalogue's own where not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
    /// Factor on the numbers of filters; the catalogue's own where not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<f64>,
    /// The training run that made it, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// After how many of its steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_step: Option<u64>,
}

/// Writes a network and its card; the file appears whole or not at all.
pub(crate) fn save<M: Module>(module: &M, card: &ModelCard, path: &Path) -> Result<(), WeightsError> {
    let card = serde_json::to_string(card).map_err(malformed)?;
    write_safetensors(&collect(module)?, HashMap::from([(CARD_KEY.to_owned(), card)]), path)
}

/// Reads a file written by [`save`].
pub(crate) fn load(path: &Path) -> Result<(TensorFile, ModelCard), WeightsError> {
    let bytes = files::read(path).map_err(|source| WeightsError::Read { path: path.to_owned(), source })?;
    let card = read_card(&bytes)?.ok_or_else(|| malformed("it says nothing about the network it belongs to"))?;
    Ok((read_safetensors(&bytes)?, card))
}

/// What a SafeTensors file says about its network; none where another tool wrote it.
pub(crate) fn read_card(bytes: &[u8]) -> Result<Option<ModelCard>, WeightsError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(in_words)?;
    let card = header.metadata().as_ref().and_then(|entries| entries.get(CARD_KEY));
    card.map(|card| serde_json::from_str(card).map_err(malformed)).transpose()
}

/// Whether the file says that PyTorch wrote it.
pub(crate) fn is_of_torch(bytes: &[u8]) -> bool {
    let header = SafeTensors::read_metadata(bytes).ok();
    let entries = header.and_then(|(_, header)| header.metadata().clone());
    entries.is_some_and(|entries| entries.get("format").is_some_and(|format| format == "pt"))
}

/// Every tensor of floating-point type, as f32. Integers are left out (see the module's page).
pub fn read_safetensors(bytes: &[u8]) -> Result<TensorFile, WeightsError> {
    let mut file = TensorFile::default();
    for (name, view) in SafeTensors::deserialize(bytes).map_err(in_words)?.iter() {
        let element = element(view.dtype());
        match element.floats(view.data()) {
            Some(data) => file.insert(NamedTensor::new(name, view.shape().to_vec(), data)?)?,
            None => file.leave_out(name.to_owned(), element, view.shape().len()),
        }
    }
    Ok(file)
}

/// Writes tensors and free metadata; the file appears whole or not at all.
pub(crate) fn write_safetensors(
    tensors: &TensorFile,
    metadata: HashMap<String, String>,
    path: &Path,
) -> Result<(), WeightsError> {
    let failed = |action| move |source| WeightsError::Write { action, path: path.to_owned(), source };
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = Path::new(&partial);
    let views = tensors.iter().map(|tensor| (tensor.name.as_str(), LittleEndian(tensor)));
    safetensors::serialize_to_file(views, (!metadata.is_empty()).then_some(metadata), partial)
        .map_err(of_the_system)
        .map_err(failed("writing the weights"))?;
    // The data must be on the disk before the name is, or a power cut leaves an empty file under a good name.
    let flushed = File::options()
        .write(true)
        .open(partial)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(partial, path));
    flushed.inspect_err(|_| drop(fs::remove_file(partial))).map_err(failed("putting the weights in place"))
}

/// The system's own words, where it is the system that failed.
fn of_the_system(error: SafeTensorError) -> std::io::Error {
    match error {
        SafeTensorError::IoError(error) => error,
        error => std::io::Error::other(error),
    }
}

/// A tensor as SafeTensors wants it; its bytes are made one tensor at a time.
struct LittleEndian<'a>(&'a NamedTensor);

impl View for LittleEndian<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.0.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.0.data.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn data_len(&self) -> usize {
        4 * self.0.data.len()
    }
}

fn element(dtype: Dtype) -> Element {
    match dtype {
        Dtype::F32 => Element::F32,
        Dtype::F64 => Element::F64,
        Dtype::F16 => Element::F16,
        Dtype::BF16 => Element::BF16,
        Dtype::BOOL => Element::Bool,
        Dtype::U8 | Dtype::I8 => Element::I8,
        Dtype::U16 | Dtype::I16 => Element::I16,
        Dtype::U32 | Dtype::I32 => Element::I32,
        Dtype::U64 | Dtype::I64 => Element::I64,
        Dtype::C64 => Element::Complex(8),
        Dtype::F4 | Dtype::F6_E2M3 | Dtype::F6_E3M2 => Element::Narrow,
        Dtype::F8_E5M2 | Dtype::F8_E4M3 | Dtype::F8_E8M0 | Dtype::F8_E4M3FNUZ | Dtype::F8_E5M2FNUZ => Element::F8,
        _ => Element::Unknown,
    }
}

/// The crate's errors, which are written for programmers.
fn in_words(error: SafeTensorError) -> WeightsError {
    malformed(match error {
        SafeTensorError::InvalidHeader(_) => "its header is no text".to_owned(),
        SafeTensorError::InvalidHeaderDeserialization(error) | SafeTensorError::JsonError(error) => {
            format!("its header cannot be read: {error}")
        }
        SafeTensorError::HeaderTooLarge | SafeTensorError::HeaderTooSmall | SafeTensorError::InvalidHeaderLength => {
            "its header is cut off, or announces a length that the file has not".to_owned()
        }
        SafeTensorError::TensorNotFound(name) | SafeTensorError::InvalidOffset(name) => {
            format!("tensor {name} does not lie where the header says")
        }
        SafeTensorError::MetadataIncompleteBuffer => {
            "its tensors do not fill it: it is cut off, or something was added to it".to_owned()
        }
        _ => "a tensor's shape and type do not account for its bytes".to_owned(),
    })
}

fn malformed(reason: impl ToString) -> WeightsError {
    WeightsError::Malformed { format: FORMAT, reason: reason.to_string() }
}

#[cfg(test)]
mod tests {
    use burn::nn::LinearConfig;
    use burn::tensor::Device;
    use half::f16;
    use safetensors::tensor::TensorView;

    use super::*;
    use crate::networks::weights::fill;
    use crate::types::{ChannelOrder, CropRule, PixelScaling};

    fn card() -> ModelCard {
        let input = Preprocessing {
            width: 96,
            height: 96,
            crop: CropRule::SquareBox { enlarge: 1.2 },
            scaling: PixelScaling::PerImage,
            channels: ChannelOrder::Rgb,
        };
        ModelCard {
            architecture: "nn4.small2".into(),
            dimensions: 128,
            input,
            crop_with: BTreeMap::from([(ModelId("mtcnn".into()), CropRule::BoxMargin { margin: 32.0 })]),
            batch_norm: Some(true),
            dropout: None,
            width: Some(0.5),
            run: Some("2026-11-01".into()),
            run_step: Some(350),
        }
    }

    #[test]
    fn a_saved_network_comes_back_with_its_card() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("network.safetensors");
        let linear = LinearConfig::new(3, 2).init(&Device::flex());
        save(&linear, &card(), &path).unwrap();

        let (tensors, found) = load(&path).unwrap();
        assert_eq!(found, card());
        assert_eq!(tensors, collect(&linear).unwrap());
        assert!(fill(LinearConfig::new(3, 2).init(&Device::flex()), &tensors, str::to_owned).is_ok());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside the file");
    }

    #[test]
    fn a_failed_write_keeps_the_earlier_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("taken");
        fs::create_dir(&path).unwrap();
        let linear = LinearConfig::new(3, 2).init(&Device::flex());
        assert!(matches!(save(&linear, &card(), &path), Err(WeightsError::Write { .. })));
        assert!(path.is_dir());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    /// As its writer hands it over where a disk is full.
    #[test]
    fn that_a_file_finds_no_room_is_told_once() {
        let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
        let source = of_the_system(SafeTensorError::IoError(full()));
        let error = WeightsError::Write { action: "writing the weights", path: "network".into(), source };
        let told = crate::types::error_chain(&anyhow::Error::from(error)).to_lowercase();
        assert_eq!(told.matches(&full().to_string().to_lowercase()).count(), 1, "{told}");
        assert!(!told.contains("i/o error"), "{told}");
    }

    #[test]
    fn a_file_without_a_card_is_refused_with_a_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plain.safetensors");
        let tensors = collect(&LinearConfig::new(3, 2).init(&Device::flex())).unwrap();
        write_safetensors(&tensors, HashMap::new(), &path).unwrap();
        assert!(load(&path).unwrap_err().to_string().contains("says nothing about the network"));
        let bytes = fs::read(&path).unwrap();
        assert_eq!(read_safetensors(&bytes).unwrap(), tensors);
        assert!(read_safetensors(&bytes[..bytes.len() - 1]).is_err());
    }

    /// A header cut short, one longer than the file, one of 2⁶³ bytes, tensors beyond the file, of 2 GiB, or on top of
    /// each other.
    #[test]
    fn refuses_headers_that_lie() {
        let file = |length: u64, header: &str, data: usize| {
            [&length.to_le_bytes()[..], header.as_bytes(), &vec![0; data]].concat()
        };
        let honest = |header: &str, data| file(header.len() as u64, header, data);
        let tensor = |shape: &str, from: u64, to: u64| {
            format!("{{\"dtype\":\"F32\",\"shape\":{shape},\"data_offsets\":[{from},{to}]}}")
        };
        let one = |shape: &str, to| format!("{{\"t\":{}}}", tensor(shape, 0, to));
        assert!(read_safetensors(&honest(&one("[1]", 4), 4)).is_ok());
        let twice = format!("{{\"a\":{},\"b\":{}}}", tensor("[1]", 0, 4), tensor("[1]", 0, 4));
        let deep = format!("{{\"t\":{}", "[".repeat(1_000_000));
        for (case, bytes) in [
            ("header cut short", honest(&one("[1]", 4), 4)[..20].to_vec()),
            ("header longer than the file", file(1_000, &one("[1]", 4), 4)),
            ("header of 2⁶³ bytes", file(i64::MAX as u64, &one("[1]", 4), 4)),
            ("2 GiB on paper", honest(&one("[536870912]", 2 << 30), 4)),
            ("sides that overflow", honest(&one("[4294967296,4294967296]", 4), 4)),
            ("more bytes than the shape has", honest(&one("[1]", 8), 8)),
            ("two tensors on one place", honest(&twice, 4)),
            ("bottomless header", honest(&deep, 0)),
        ] {
            assert!(matches!(read_safetensors(&bytes), Err(WeightsError::Malformed { .. })), "{case}");
            assert!(read_card(&bytes).is_err(), "{case}");
        }
    }

    #[test]
    fn half_precision_is_widened() {
        let values = [f16::from_f32(0.5), f16::from_f32(-3.0)];
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let view = TensorView::new(Dtype::F16, vec![2], &bytes).unwrap();
        let counter = [7_u8; 8];
        let counter = TensorView::new(Dtype::I64, vec![1], &counter).unwrap();
        let file = safetensors::serialize([("half", view), ("steps", counter)], None).unwrap();
        let file = read_safetensors(&file).unwrap();
        assert_eq!(file.names().collect::<Vec<_>>(), ["half"]);
        assert_eq!(file.get("half").unwrap().data, [0.5, -3.0]);
    }
}
