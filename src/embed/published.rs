//! Published weights to the network that they belong to, whatever tool wrote them.
//!
//! Inception-ResNet-v1 comes in four layouts: davidsandberg/facenet's frozen graph (batch norm already folded), the
//! Keras port of its checkpoints, facenet-pytorch's state dict, and our own. OpenFace's nn4.small2 is a state dict.
//! The file itself says which network it is, how long its embeddings are and whether it still has batch norm.
//!
//! Held against an independent runtime (`tests/parity/facenet_reference.py`) on ten faces: the largest difference of
//! the unit embeddings is 1.3e-7 for the frozen graph of 512 numbers and 2.3e-7 for the Keras model of 128.

use burn::tensor::Device;

use crate::nets::catalogue::Net;
use crate::nets::{NetConfig, inception_resnet_v1, openface};
use crate::weights::{Format, TensorFile, WeightsError, fill, remap};

/// The network as the file has it; [`Net::folded`] makes it faster for inference.
pub fn load_published(bytes: &[u8], device: &Device) -> Result<Net, WeightsError> {
    let unknown = || WeightsError::Malformed { format: "a published model", reason: "its format is unknown".into() };
    let format = Format::of(bytes).ok_or_else(unknown)?;
    let file = format.read(bytes)?;
    if file.names().any(|name| name.starts_with("incept3a.")) {
        nn4_small2(file, format, device)
    } else {
        facenet(file, format, device)
    }
}

fn facenet(file: TensorFile, format: Format, device: &Device) -> Result<Net, WeightsError> {
    let file = match format {
        Format::FrozenGraph => remap::inception_resnet_v1::from_graph(file)?,
        Format::KerasHdf5 => remap::inception_resnet_v1::from_keras(file)?,
        Format::PyTorch => remap::inception_resnet_v1::from_pytorch(file)?,
        Format::SafeTensors | Format::Onnx => file,
    };
    let config = NetConfig {
        input: [160, 160],
        embedding_size: length(&file, "last_bn.beta")?,
        dropout: 0.6,
        batch_norm: file.get("conv2d_1a.bn.beta").is_some(),
        width: 1.0,
    };
    fill(inception_resnet_v1::init(&config, device), &file, str::to_owned).map(Net::InceptionResnetV1)
}

fn nn4_small2(file: TensorFile, format: Format, device: &Device) -> Result<Net, WeightsError> {
    let file = if format == Format::PyTorch { remap::openface::from_pytorch(file)? } else { file };
    let config = NetConfig {
        input: [96, 96],
        embedding_size: length(&file, "ln.bias")?,
        dropout: 0.0,
        batch_norm: true,
        width: 1.0,
    };
    fill(openface::init(&config, device), &file, str::to_owned).map(Net::Nn4Small2)
}

fn length(file: &TensorFile, name: &str) -> Result<usize, WeightsError> {
    let tensor = file.get(name).ok_or_else(|| WeightsError::NotFound { name: name.to_owned() })?;
    Ok(tensor.data.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::{NamedTensor, collect};

    /// State dicts name batch norm's scale and shift as they name a layer's weight and bias.
    fn norm_names(name: &str) -> String {
        name.replace(".gamma", ".weight").replace(".beta", ".bias")
    }

    fn renamed(file: &TensorFile, rename: impl Fn(&str) -> String) -> TensorFile {
        let mut renamed_file = TensorFile::default();
        for tensor in file.iter() {
            renamed_file.insert(NamedTensor { name: rename(&tensor.name), ..tensor.clone() }).unwrap();
        }
        renamed_file
    }

    /// facenet-pytorch's names, from ours; the counts are those of its state dict.
    #[test]
    fn fills_from_facenet_pytorchs_layout() {
        let device = Device::flex();
        let config = NetConfig { input: [160, 160], embedding_size: 512, dropout: 0.0, batch_norm: true, width: 1.0 };
        let ours = collect(&inception_resnet_v1::init(&config, &device)).unwrap();
        let mut theirs = renamed(&ours, norm_names);
        theirs.transpose("last_linear.weight").unwrap();
        // 714 entries, of which 112 count steps.
        assert_eq!(theirs.len(), 714 - 112);
        for (name, shape) in [
            ("repeat_1.4.branch2.2.conv.weight", vec![32, 32, 3, 3]),
            ("repeat_2.9.branch1.1.conv.weight", vec![128, 128, 1, 7]),
            ("mixed_6a.branch0.bn.running_var", vec![384]),
            ("mixed_7a.branch0.0.conv.weight", vec![256, 896, 1, 1]),
            ("block8.conv2d.bias", vec![1792]),
            ("last_linear.weight", vec![512, 1792]),
            ("last_bn.weight", vec![512]),
        ] {
            assert_eq!(theirs.get(name).unwrap().shape, shape, "{name}");
        }
        theirs.insert(NamedTensor::new("logits.bias", vec![2], vec![0.0; 2]).unwrap()).unwrap();
        let Ok(Net::InceptionResnetV1(net)) = facenet(theirs, Format::PyTorch, &device) else { panic!("should fit") };
        assert_eq!(collect(&net).unwrap(), ours);
    }

    /// OpenFace's numbers within a branch: convolution 0, norm 1, ReLU 2, convolution 3, norm 4; behind a pooling 1, 2.
    #[test]
    fn fills_from_openfaces_layout() {
        let device = Device::flex();
        let config = NetConfig { input: [96, 96], embedding_size: 128, dropout: 0.0, batch_norm: true, width: 1.0 };
        let ours = collect(&openface::init(&config, &device)).unwrap();
        let mut theirs = renamed(&ours, |name| {
            let parts: Vec<&str> = name.split('.').collect();
            match parts[..] {
                [module, "branches", branch, unit, layer, part] => {
                    let pooled = if module.starts_with("incept5") { "1" } else { "2" };
                    let first = if branch == pooled { 1 } else { 3 * unit.parse::<usize>().unwrap() };
                    let number = if layer == "conv" { first } else { first + 1 };
                    norm_names(&format!("{module}.branches.{branch}.{number}.{part}"))
                }
                [conv, "conv", part] => format!("{conv}.{part}"),
                [conv, "bn", part] => norm_names(&format!("{}.{part}", conv.replace("conv", "bn"))),
                _ => name.to_owned(),
            }
        });
        theirs.transpose("ln.weight").unwrap();
        assert_eq!(theirs.get("incept3a.branches.0.3.weight").unwrap().shape, [128, 96, 3, 3]);
        assert_eq!(theirs.get("incept5a.branches.2.0.weight").unwrap().shape, [256, 1024, 1, 1]);
        assert_eq!(theirs.get("bn3.running_mean").unwrap().shape, [192]);
        let Ok(Net::Nn4Small2(net)) = nn4_small2(theirs, Format::PyTorch, &device) else { panic!("should fit") };
        assert_eq!(collect(&net).unwrap(), ours);
    }
}
