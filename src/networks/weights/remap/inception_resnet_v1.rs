//! Inception-ResNet-v1's published layouts of other tools than PyTorch.
//!
//! * davidsandberg/facenet's TensorFlow graph, frozen, batch norm folded into kernels and offsets but for the last one:
//!   for the network without batch norm.
//! * The Keras port of the same checkpoints, batch norm intact. TF-slim's batch norm has no scale: it becomes one.
//!
//! Both name layers alike; the table below is theirs. facenet-pytorch's state dict needs none: our fields have its names. Residual scales are part of a file where it states them
//! and must be those of our network.

use super::super::{NamedTensor, TensorFile, WeightsError};

/// Scope and position in our network of the layers of one branch.
type Branch = (&'static str, &'static [&'static str]);

/// Layers before the first block.
const STEM: [(&str, &str); 6] = [
    ("Conv2d_1a_3x3", "conv2d_1a"),
    ("Conv2d_2a_3x3", "conv2d_2a"),
    ("Conv2d_2b_3x3", "conv2d_2b"),
    ("Conv2d_3b_1x1", "conv2d_3b"),
    ("Conv2d_4a_3x3", "conv2d_4a"),
    ("Conv2d_4b_3x3", "conv2d_4b"),
];

const BLOCK_35: [Branch; 3] = [
    ("branch0", &["Conv2d_1x1"]),
    ("branch1", &["Conv2d_0a_1x1", "Conv2d_0b_3x3"]),
    ("branch2", &["Conv2d_0a_1x1", "Conv2d_0b_3x3", "Conv2d_0c_3x3"]),
];
const BLOCK_17: [Branch; 2] =
    [("branch0", &["Conv2d_1x1"]), ("branch1", &["Conv2d_0a_1x1", "Conv2d_0b_1x7", "Conv2d_0c_7x1"])];
const BLOCK_8: [Branch; 2] =
    [("branch0", &["Conv2d_1x1"]), ("branch1", &["Conv2d_0a_1x1", "Conv2d_0b_1x3", "Conv2d_0c_3x1"])];
const MIXED_6A: [Branch; 2] =
    [("branch0", &["Conv2d_1a_3x3"]), ("branch1", &["Conv2d_0a_1x1", "Conv2d_0b_3x3", "Conv2d_1a_3x3"])];
const MIXED_7A: [Branch; 3] = [
    ("branch0", &["Conv2d_0a_1x1", "Conv2d_1a_3x3"]),
    ("branch1", &["Conv2d_0a_1x1", "Conv2d_1a_3x3"]),
    ("branch2", &["Conv2d_0a_1x1", "Conv2d_0b_3x3", "Conv2d_1a_3x3"]),
];

/// One residual block: TensorFlow's scope, Keras' prefix, our path, scale.
struct BlockSource {
    scope: String,
    prefix: String,
    path: String,
    scale: f32,
    branches: &'static [Branch],
}

fn blocks() -> Vec<BlockSource> {
    let mut blocks = Vec::new();
    let rows: [(&str, &str, &str, usize, f32, &[Branch]); 3] = [
        ("Repeat/block35", "Block35", "repeat_1", 5, 0.17, &BLOCK_35),
        ("Repeat_1/block17", "Block17", "repeat_2", 10, 0.10, &BLOCK_17),
        ("Repeat_2/block8", "Block8", "repeat_3", 5, 0.20, &BLOCK_8),
    ];
    for (scope, prefix, path, repeats, scale, branches) in rows {
        blocks.extend((1..=repeats).map(|number| BlockSource {
            scope: format!("{scope}_{number}"),
            prefix: format!("{prefix}_{number}"),
            path: format!("{path}.{}", number - 1),
            scale,
            branches,
        }));
    }
    let (scope, prefix, path) = ("Block8".into(), "Block8_6".into(), "block8".into());
    blocks.push(BlockSource { scope, prefix, path, scale: 1.0, branches: &BLOCK_8 });
    blocks
}

/// Convolution units: TensorFlow's scope, Keras' layer, our path.
fn units() -> Vec<[String; 3]> {
    let mut units: Vec<[String; 3]> =
        STEM.iter().map(|(theirs, ours)| [(*theirs).to_owned(), (*theirs).to_owned(), (*ours).to_owned()]).collect();
    let mut add = |scope: &str, prefix: &str, path: &str, branches: &[Branch], first_is_bare: bool| {
        for (branch, layers) in branches {
            let theirs = branch.replace("branch", "Branch_");
            for (index, layer) in layers.iter().enumerate() {
                let bare = first_is_bare && *branch == "branch0";
                let ours = if bare { format!("{path}.{branch}") } else { format!("{path}.{branch}.{index}") };
                units.push([format!("{scope}/{theirs}/{layer}"), format!("{prefix}_{theirs}_{layer}"), ours]);
            }
        }
    };
    for block in blocks() {
        add(&block.scope, &block.prefix, &block.path, block.branches, true);
    }
    add("Mixed_6a", "Mixed_6a", "mixed_6a", &MIXED_6A, true);
    add("Mixed_7a", "Mixed_7a", "mixed_7a", &MIXED_7A, false);
    units
}

/// From a frozen graph with folded batch norm.
pub(crate) fn from_graph(mut file: TensorFile) -> Result<TensorFile, WeightsError> {
    const NET: &str = "InceptionResnetV1";
    for [scope, _, ours] in units() {
        file.rename_kernel(&format!("{NET}/{scope}/weights"), &format!("{ours}.conv.weight"))?;
        file.rename(&format!("{NET}/{scope}/Conv2D_bn_offset"), &format!("{ours}.conv.bias"))?;
    }
    for BlockSource { scope, path, scale, .. } in blocks() {
        file.rename_kernel(&format!("{NET}/{scope}/Conv2d_1x1/weights"), &format!("{path}.conv2d.weight"))?;
        file.rename(&format!("{NET}/{scope}/Conv2d_1x1/biases"), &format!("{path}.conv2d.bias"))?;
        file.expect_scalar(&format!("{NET}/{scope}/mul/x"), scale)?;
    }
    file.rename(&format!("{NET}/Bottleneck/weights"), "last_linear.weight")?;
    for (theirs, ours) in
        [("Const", "gamma"), ("beta", "beta"), ("moving_mean", "running_mean"), ("moving_variance", "running_var")]
    {
        file.rename(&format!("{NET}/Bottleneck/BatchNorm/{theirs}"), &format!("last_bn.{ours}"))?;
    }
    // The graph goes on to the unit vector; ε of the norm.
    file.expect_scalar("embeddings/Maximum/y", 1e-10)?;
    Ok(file)
}

/// From the Keras port.
pub(crate) fn from_keras(mut file: TensorFile) -> Result<TensorFile, WeightsError> {
    for [_, layer, ours] in units() {
        file.rename_kernel(&format!("{layer}/kernel"), &format!("{ours}.conv.weight"))?;
        keras_batch_norm(&mut file, &format!("{layer}_BatchNorm"), &format!("{ours}.bn"))?;
    }
    for (index, BlockSource { prefix, path, scale, .. }) in blocks().into_iter().enumerate() {
        file.rename_kernel(&format!("{prefix}_Conv2d_1x1/kernel"), &format!("{path}.conv2d.weight"))?;
        file.rename(&format!("{prefix}_Conv2d_1x1/bias"), &format!("{path}.conv2d.bias"))?;
        // Keras numbers Lambda layers through and gives the first no number. A file of weights alone has none.
        let lambda = if index == 0 { "lambda/scale".to_owned() } else { format!("lambda_{index}/scale") };
        if file.get(&lambda).is_some() {
            file.expect_scalar(&lambda, scale)?;
        }
    }
    file.rename("Bottleneck/kernel", "last_linear.weight")?;
    keras_batch_norm(&mut file, "Bottleneck_BatchNorm", "last_bn")?;
    Ok(file)
}

fn keras_batch_norm(file: &mut TensorFile, layer: &str, ours: &str) -> Result<(), WeightsError> {
    let channels = file.get(&format!("{layer}/beta")).map(|beta| beta.data.len());
    if let Some(channels) = channels
        && file.get(&format!("{layer}/gamma")).is_none()
    {
        file.insert(NamedTensor::new(format!("{layer}/gamma"), vec![channels], vec![1.0; channels])?)?;
    }
    for (theirs, part) in
        [("gamma", "gamma"), ("beta", "beta"), ("moving_mean", "running_mean"), ("moving_variance", "running_var")]
    {
        file.rename(&format!("{layer}/{theirs}"), &format!("{ours}.{part}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 111 convolution units and 21 blocks, every name once: as many as facenet-pytorch's state dict has.
    #[test]
    fn the_table_is_complete() {
        let units = units();
        assert_eq!(units.len(), 111);
        assert_eq!(blocks().len(), 21);
        for column in 0..3 {
            let names: std::collections::BTreeSet<_> = units.iter().map(|unit| &unit[column]).collect();
            assert_eq!(names.len(), 111);
        }
    }

    #[test]
    fn turns_kernels_round() {
        let mut file = TensorFile::default();
        // Value = 1000 row + 100 column + 10 in + out.
        let value = |index: usize| {
            let (out, rest) = (index % 2, index / 2);
            let (input, place) = (rest % 3, rest / 3);
            (1000 * (place / 2) + 100 * (place % 2) + 10 * input + out) as f32
        };
        let name = "Conv2d_1a_3x3/kernel";
        file.insert(NamedTensor::new(name, vec![2, 2, 3, 2], (0..24).map(value).collect()).unwrap()).unwrap();
        let file = from_keras(file).unwrap();
        let kernel = file.get("conv2d_1a.conv.weight").unwrap();
        assert_eq!(kernel.shape, [2, 3, 2, 2]);
        assert_eq!(kernel.data[..6], [0.0, 100.0, 1000.0, 1100.0, 10.0, 110.0]);
        assert_eq!(kernel.data[12], 1.0);
    }

    #[test]
    fn insists_on_the_scales() {
        let mut file = TensorFile::default();
        file.insert(NamedTensor::new("lambda/scale", vec![], vec![0.2]).unwrap()).unwrap();
        assert!(from_keras(file).is_err());
    }
}
