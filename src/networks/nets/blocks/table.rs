//! Words for tables of constant rows.

use super::{Conv, Pool, conv, rectangular};

/// One operation of a branch, as the Inception papers' figures draw it.
#[derive(Debug, Clone)]
pub(crate) enum Op {
    Conv(Conv),
    Pool(Pool),
    /// Branches of a branch, concatenated.
    Split(&'static [&'static [Op]]),
}

impl Op {
    /// `kernel` × `kernel`, SAME padding.
    pub const fn conv(kernel: usize, filters: usize) -> Self {
        Self::Conv(conv(kernel, filters))
    }

    /// `height` × `width`, SAME padding.
    pub const fn rect(height: usize, width: usize, filters: usize) -> Self {
        Self::Conv(rectangular(height, width, filters))
    }

    /// `kernel` × `kernel` without padding (the papers' V).
    pub const fn valid(kernel: usize, filters: usize) -> Self {
        Self::Conv(conv(kernel, filters).valid())
    }

    /// `kernel` × `kernel`, stride 2, without padding.
    pub const fn down(kernel: usize, filters: usize) -> Self {
        Self::Conv(conv(kernel, filters).valid().stride(2))
    }

    /// Max pool 3×3, stride 2, without padding.
    pub const fn max_down() -> Self {
        Self::Pool(Pool::max(3, 2, 0))
    }

    /// Average pool 3×3 that keeps the size.
    pub const fn average() -> Self {
        Self::Pool(Pool::average(3, 1, 1))
    }
}

/// One line of an Inception network's table: its name and its branches; one is a plain layer, several are a module.
pub(crate) type StageRow = (&'static str, &'static [&'static [Op]]);
