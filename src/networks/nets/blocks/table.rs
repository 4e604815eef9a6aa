//! Words for tables of constant rows.

use super::{Conv, PoolKind, conv, rectangular};

/// One operation of a branch, as the Inception papers' figures draw it.
#[derive(Debug, Clone, Copy)]
pub enum Op {
    Conv(Conv),
    Pool {
        kind: PoolKind,
        kernel: usize,
        stride: usize,
        padding: usize,
    },
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
        Self::Pool { kind: PoolKind::Max, kernel: 3, stride: 2, padding: 0 }
    }

    /// Average pool 3×3 that keeps the size.
    pub const fn average() -> Self {
        Self::Pool { kind: PoolKind::Average, kernel: 3, stride: 1, padding: 1 }
    }
}

/// One line of an Inception network's table.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    pub name: &'static str,
    /// One branch: a plain layer; several: a module.
    pub branches: &'static [&'static [Op]],
}

impl Stage {
    pub const fn new(name: &'static str, branches: &'static [&'static [Op]]) -> Self {
        Self { name, branches }
    }
}
