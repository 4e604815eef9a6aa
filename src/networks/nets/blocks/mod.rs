//! What networks are made of, each block beside the walk that describes it.
//!
//! Every block knows two things: [`Block::forward`] computes, [`Block::trace`] walks the same fields on sizes alone and
//! writes down rows of the layer table. Parameters are created lazily, so that a table of 140 million parameters is
//! printed without allocating one of them. Tests hold both against each other: the traced output size against the
//! real output, the traced parameters against the module's own.

use burn::tensor::Tensor;

use inference::Link;

pub mod conv_norm;
pub mod halving;
pub(crate) mod inference;
pub mod learning;

mod builder;
mod conv;
mod dense;
mod init;
mod layers;
mod local;
mod pool;
mod shuffle;
mod table;
mod trace;
mod transparent;

pub use crate::networks::nets::blocks::builder::{BatchNormStyle, Bias, Builder, Style, Width};
pub use crate::networks::nets::blocks::conv::Activation;
pub(crate) use crate::networks::nets::blocks::conv::describe;
pub use crate::networks::nets::blocks::conv::{Conv, ConvUnit, Filters, conv, depthwise, rectangular};
pub(crate) use crate::networks::nets::blocks::dense::{Maxout, TurnedLinear, response_norm};
pub use crate::networks::nets::blocks::init::Init;
pub use crate::networks::nets::blocks::layers::Layer;
pub(crate) use crate::networks::nets::blocks::layers::{Branches, Layers, Residual};
pub(crate) use crate::networks::nets::blocks::local::LocallyConnected;
pub use crate::networks::nets::blocks::pool::Pool;
pub(crate) use crate::networks::nets::blocks::pool::PoolKind;
pub use crate::networks::nets::blocks::shuffle::Shuffle;
pub(crate) use crate::networks::nets::blocks::table::{Op, StageRow};
pub use crate::networks::nets::blocks::trace::MapShape;
pub(crate) use crate::networks::nets::blocks::trace::{LayerRow, LayerTable, Trace};
pub(super) use crate::networks::nets::blocks::transparent::transparent_module;

/// A piece of a network on feature maps. Vectors are maps of one pixel.
pub(crate) trait Block {
    /// # Shapes
    /// - `maps`: `[batch, channels, height, width]`
    /// - output: `[batch, channels', height', width']`, the sizes that [`Block::trace`] says.
    fn forward(&self, maps: Tensor<4>) -> Tensor<4>;

    /// What it computes, where a chain can compute it with others.
    fn link(&self) -> Option<Link<'_>> {
        None
    }

    /// Walks the block on sizes alone: adds its rows to `trace` and returns the size of its output.
    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape;
}
