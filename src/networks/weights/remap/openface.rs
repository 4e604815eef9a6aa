//! nn4.small2 in the layout of OpenFace's `openface/openfacenet.py`.
//!
//! There a branch is a row of modules numbered through: convolution, batch norm, ReLU, and in the pooling branch the
//! pooling first. Ours counts convolution units.

use super::super::{TensorFile, WeightsError};

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
pub fn from_pytorch(mut file: TensorFile) -> Result<TensorFile, WeightsError> {
    for number in 1..=3 {
        unit(&mut file, &format!("conv{number}"), &format!("bn{number}"), &format!("conv{number}"))?;
    }
    for (module, branches, pooled) in MODULES {
        for (branch, units) in branches.iter().enumerate() {
            for index in 0..*units {
                let path = format!("{module}.branches.{branch}");
                let first = if branch == pooled { 1 } else { 3 * index };
                let (conv, norm) = (format!("{path}.{first}"), format!("{path}.{}", first + 1));
                unit(&mut file, &conv, &norm, &format!("{path}.unit{index}"))?;
            }
        }
    }
    // Two steps, for their numbers and ours overlap.
    for (module, branches, _) in MODULES {
        for (branch, units) in branches.iter().enumerate() {
            for index in 0..*units {
                for part in PARTS.map(|(_, _, ours)| ours) {
                    let path = format!("{module}.branches.{branch}");
                    file.rename(&format!("{path}.unit{index}.{part}"), &format!("{path}.{index}.{part}"))?;
                }
            }
        }
    }
    file.transpose("ln.weight")?;
    Ok(file)
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

fn unit(file: &mut TensorFile, conv: &str, norm: &str, ours: &str) -> Result<(), WeightsError> {
    for (of_norm, theirs, part) in PARTS {
        let owner = if of_norm { norm } else { conv };
        file.rename(&format!("{owner}.{theirs}"), &format!("{ours}.{part}"))?;
    }
    Ok(())
}
