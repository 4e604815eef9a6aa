//! nn4.small2 in the layout of OpenFace's `openface/openfacenet.py`.
//!
//! There a branch is a row of modules numbered through: convolution, batch norm, ReLU, and in the pooling branch the
//! pooling first. Ours counts convolution units.

use super::super::{NamedTensor, TensorFile, WeightsError};

/// Branches of a module by number of units; the pooling branch, third where there is a 5×5, else second.
const MODULES: [(&str, &[usize], usize); 7] = [
    ("incept3a", &[2, 2, 1, 1], 2),
    ("incept3b", &[2, 2, 1, 1], 2),
    ("incept3c", &[2, 2], 2),
    ("incept4a", &[2, 2, 1, 1], 2),
    ("incept4e", &[2, 2], 2),
    ("incept5a", &[2, 1, 1], 1),
    ("incept5b", &[2, 1, 1], 1),
];

/// From the state dict.
pub(crate) fn from_pytorch(mut file: TensorFile) -> Result<TensorFile, WeightsError> {
    // All are taken out before one is put back, for their numbers and ours overlap.
    let mut renamed = Vec::new();
    for [conv, norm, ours] in units() {
        for (of_norm, theirs, part) in PARTS {
            let owner = if of_norm { &norm } else { &conv };
            let taken = file.take(&format!("{owner}.{theirs}"));
            renamed.extend(taken.map(|tensor| NamedTensor { name: format!("{ours}.{part}"), ..tensor }));
        }
    }
    renamed.into_iter().try_for_each(|tensor| file.insert(tensor))?;
    Ok(file)
}

/// Their convolution, their batch norm, our unit.
fn units() -> Vec<[String; 3]> {
    let mut units: Vec<_> = (1..=3).map(|n| [format!("conv{n}"), format!("bn{n}"), format!("conv{n}")]).collect();
    for (module, branches, pooled) in MODULES {
        for (branch, count) in branches.iter().enumerate() {
            let path = format!("{module}.branches.{branch}");
            units.extend((0..*count).map(|index| {
                let first = if branch == pooled { 1 } else { 3 * index };
                [format!("{path}.{first}"), format!("{path}.{}", first + 1), format!("{path}.{index}")]
            }));
        }
    }
    units
}

/// Of the convolution or of its batch norm, their name, ours.
const PARTS: [(bool, &str, &str); 6] = [
    (false, "weight", "conv.weight"),
    (false, "bias", "conv.bias"),
    (true, "weight", "bn.gamma"),
    (true, "bias", "bn.beta"),
    (true, "running_mean", "bn.running_mean"),
    (true, "running_var", "bn.running_var"),
];
