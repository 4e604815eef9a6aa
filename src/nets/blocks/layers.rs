//! Layers in a row, and rows side by side.

use burn::module::Module;
use burn::nn::{BatchNorm, Dropout, Linear, LocalResponseNorm};
use burn::tensor::Tensor;

use super::{Block, ConvUnit, LocallyConnected, MapShape, Maxout, Pool, Residual, Shuffle, Trace};
use crate::nets::EmbeddingNet;

/// Everything that a table's row can be.
#[derive(Module, Debug)]
pub enum Layer {
    Conv(ConvUnit),
    Pool(Pool),
    ResponseNorm(LocalResponseNorm),
    BatchNorm(BatchNorm),
    Dropout(Dropout),
    Linear(Linear),
    Maxout(Maxout),
    LocallyConnected(LocallyConnected),
    Shuffle(Shuffle),
    Branches(Branches),
    Residual(Residual),
}

impl Layer {
    fn block(&self) -> &dyn Block {
        match self {
            Self::Conv(block) => block,
            Self::Pool(block) => block,
            Self::ResponseNorm(block) => block,
            Self::BatchNorm(block) => block,
            Self::Dropout(block) => block,
            Self::Linear(block) => block,
            Self::Maxout(block) => block,
            Self::LocallyConnected(block) => block,
            Self::Shuffle(block) => block,
            Self::Branches(block) => block,
            Self::Residual(block) => block,
        }
    }
}

impl Block for Layer {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        self.block().forward(maps)
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        self.block().trace(input, trace)
    }
}

/// Named layers, one after the other.
#[derive(Module, Debug)]
pub struct Layers {
    pub layers: Vec<Layer>,
    /// As the source's table names them; as many as layers.
    #[module(skip)]
    pub names: Vec<String>,
}

impl Block for Layers {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        self.layers.iter().fold(maps, |maps, layer| layer.forward(maps))
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let named = self.names.iter().zip(&self.layers);
        named.fold(input, |shape, (name, layer)| trace.named(name, shape, layer))
    }
}

/// Rows of layers on the same input, their outputs concatenated by channel.
#[derive(Module, Debug)]
pub struct Branches {
    pub branches: Vec<Layers>,
    /// A ReLU after the concatenation.
    pub relu: bool,
}

impl Block for Branches {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        let outputs = self.branches.iter().map(|branch| branch.forward(maps.clone())).collect();
        let maps = Tensor::cat(outputs, 1);
        if self.relu { burn::tensor::activation::relu(maps) } else { maps }
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let outputs = self.branches.iter().map(|branch| branch.trace(input, trace)).collect::<Vec<_>>();
        let channels = outputs.iter().map(|output| output.channels).sum();
        outputs.first().map_or(input, |first| {
            assert!(outputs.iter().all(|o| (o.height, o.width) == (first.height, first.width)), "uneven branches");
            MapShape { channels, ..*first }
        })
    }
}

/// A network that is one row of layers from the pixels to the embedding.
#[derive(Module, Debug)]
pub struct TableNet {
    pub layers: Layers,
    pub embedding_size: usize,
}

impl EmbeddingNet for TableNet {
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        self.layers.forward(images).flatten(1, 3)
    }

    fn embedding_size(&self) -> usize {
        self.embedding_size
    }
}

impl Block for TableNet {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        self.layers.forward(maps)
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        self.layers.trace(input, trace)
    }
}
