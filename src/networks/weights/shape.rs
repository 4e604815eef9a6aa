//! Shapes of tensors: how many values they have, and how they are said.

/// The number of values of a shape; none when it does not fit the address space.
pub(super) fn element_count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |count, &side| count.checked_mul(side))
}

/// A shape as it is read aloud: 64×3×3×3.
pub(crate) fn sides(shape: &[usize]) -> String {
    match shape {
        [] => "one value".to_owned(),
        [side] => format!("a row of {side}"),
        shape => shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×"),
    }
}
