//! Published FaceNet weights to the network that they belong to.
//!
//! One architecture, four layouts: davidsandberg/facenet's frozen graph (batch norm already folded), the Keras port of
//! its checkpoints, facenet-pytorch's state dict, and our own. The file says how long its embeddings are and whether it
//! still has batch norm.

use burn::tensor::Device;

use crate::nets::NetConfig;
use crate::nets::inception_resnet_v1::{self, InceptionResnetV1};
use crate::weights::remap::inception_resnet_v1 as remap;
use crate::weights::{Format, TensorFile, WeightsError, fill};

/// The network as the file has it; [`InceptionResnetV1::folded`] makes it faster for inference.
pub fn load_facenet(bytes: &[u8], device: &Device) -> Result<InceptionResnetV1, WeightsError> {
    let unknown = || WeightsError::Malformed { format: "a FaceNet model", reason: "its format is unknown".into() };
    let format = Format::of(bytes).ok_or_else(unknown)?;
    let file = format.read(bytes)?;
    let file = match format {
        Format::FrozenGraph => remap::from_graph(file)?,
        Format::KerasHdf5 => remap::from_keras(file)?,
        Format::PyTorch => remap::from_pytorch(file)?,
        Format::SafeTensors | Format::Onnx => file,
    };
    fill(inception_resnet_v1::init(&config(&file)?, device), &file, str::to_owned)
}

fn config(file: &TensorFile) -> Result<NetConfig, WeightsError> {
    let last = "last_bn.beta";
    let beta = file.get(last).ok_or_else(|| WeightsError::NotFound { name: last.to_owned() })?;
    Ok(NetConfig {
        input: [160, 160],
        embedding_size: beta.data.len(),
        dropout: 0.6,
        batch_norm: file.get("conv2d_1a.bn.beta").is_some(),
        width: 1.0,
    })
}
