//! Layers in a row, rows side by side, and shortcuts around them.

use burn::module::{Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor, Param};
use burn::nn::{BatchNorm, Dropout, Linear, LocalResponseNorm};
use burn::tensor::{Device, Tensor, activation};

use super::inference::{ConvLink, Link};
use super::learning::AfterNorm;
use super::{
    Block, ConvUnit, LocallyConnected, MapShape, Maxout, Pool, Shuffle, Trace, TurnedLinear, inference,
    transparent_module,
};
use crate::networks::nets::Sequential;

transparent_module! {
    /// Everything that a table's row can be.
    pub enum Layer {
        Conv(ConvUnit),
        Pool(Pool),
        ResponseNorm(LocalResponseNorm),
        BatchNorm(BatchNorm),
        Dropout(Dropout),
        Linear(Linear),
        TurnedLinear(TurnedLinear),
        Maxout(Maxout),
        LocallyConnected(LocallyConnected),
        Shuffle(Shuffle),
        Branches(Branches),
        Residual(Residual),
    }
}

/// Named layers, one after the other: a branch, or a whole network from the pixels to the embedding.
///
/// A parameter's path holds the layers' names, not their numbers, so that weight files and `--train-part` speak the
/// table's language and a layer without parameters, such as dropout, moves nothing.
#[derive(Debug, Clone)]
pub struct Layers {
    pub layers: Vec<Layer>,
    /// As the source's table names them; as many as layers.
    pub names: Vec<String>,
    /// Numbers that come out for one image.
    pub outputs: usize,
}

/// Whether a parameter in it has two axes or more.
fn has_weights(layer: &Layer) -> bool {
    struct Search(bool);
    impl ModuleVisitor for Search {
        fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
            self.0 |= D >= 2;
        }
    }
    let mut search = Search(false);
    layer.visit(&mut search);
    search.0
}

/// What Burn's derive would call the type.
const CONTAINER: &str = "Struct:Layers";

impl Layers {
    fn changed(self, change: impl FnMut(Layer) -> Layer) -> Self {
        Self { layers: self.layers.into_iter().map(change).collect(), ..self }
    }

    /// The same function for inference, batch norms folded into the convolutions before them.
    pub fn folded(self) -> Self {
        self.changed(|layer| match layer {
            Layer::Conv(unit) => Layer::Conv(unit.folded()),
            Layer::Branches(Branches { branches, relu }) => {
                Layer::Branches(Branches { branches: branches.into_iter().map(Self::folded).collect(), relu })
            }
            Layer::Residual(residual) => Layer::Residual(Residual { body: residual.body.folded(), ..residual }),
            other => other,
        })
    }
}

impl Module for Layers {
    fn collect_devices(&self, devices: Devices) -> Devices {
        self.layers.collect_devices(devices)
    }

    fn fork(self, device: &Device) -> Self {
        self.changed(|layer| layer.fork(device))
    }

    fn to_device(self, device: &Device) -> Self {
        self.changed(|layer| layer.to_device(device))
    }

    fn train(self) -> Self {
        self.changed(Module::train)
    }

    fn valid(&self) -> Self {
        self.clone().changed(|layer| layer.valid())
    }

    fn materialize(self) -> Self {
        self.changed(Module::materialize)
    }

    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        for (name, layer) in self.names.iter().zip(&self.layers) {
            visitor.enter_module(name, CONTAINER);
            layer.visit(visitor);
            visitor.exit_module(name, CONTAINER);
        }
    }

    fn map<M: ModuleMapper>(mut self, mapper: &mut M) -> Self {
        let mapped = self.names.iter().zip(self.layers).map(|(name, layer)| {
            mapper.enter_module(name, CONTAINER);
            let layer = layer.map(mapper);
            mapper.exit_module(name, CONTAINER);
            layer
        });
        self.layers = mapped.collect();
        self
    }
}

impl ModuleDisplayDefault for Layers {
    fn content(&self, content: Content) -> Option<Content> {
        let named = self.names.iter().zip(&self.layers);
        named.fold(content, |content, (name, layer)| content.add(name, layer)).optional()
    }
}

impl ModuleDisplay for Layers {}

impl Sequential for Layers {
    fn stages(&self) -> Vec<(String, &dyn Block)> {
        self.names.iter().cloned().zip(self.layers.iter().map(Layer::block)).collect()
    }

    fn head(&self) -> usize {
        let last = self.layers.iter().rposition(has_weights).unwrap_or(0);
        match last.checked_sub(1) {
            Some(before) if matches!(self.layers[before], Layer::Dropout(_)) => before,
            _ => last,
        }
    }

    fn outputs(&self) -> usize {
        self.outputs
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
        let outputs = self.branches.iter().map(|branch| Block::forward(branch, maps.clone())).collect();
        let maps = inference::concatenate(outputs);
        if self.relu { activation::relu(maps) } else { maps }
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

/// x + scale · body(x), with a ReLU after it or without.
#[derive(Module, Debug)]
pub struct Residual {
    pub body: Layers,
    pub scale: f64,
    pub relu: bool,
}

impl Residual {
    /// The body as a chain whose last convolution adds the shortcut, where it has no activation of its own.
    fn links(&self) -> Option<Vec<Link<'_>>> {
        let mut links = self.body.layers.iter().map(Block::link).collect::<Option<Vec<_>>>()?;
        match links.last_mut() {
            Some(Link::Conv(ConvLink { after: after @ AfterNorm::Nothing, .. })) if self.scale == 1.0 => {
                *after = if self.relu { AfterNorm::Relu } else { AfterNorm::Nothing };
                Some(links)
            }
            _ => None,
        }
    }
}

impl Block for Residual {
    fn forward(&self, maps: Tensor<4>) -> Tensor<4> {
        if let Some(links) = self.links() {
            return inference::run_chain(&links, maps.clone(), Some(maps));
        }
        let update = self.body.forward(maps.clone());
        inference::add(update, self.scale, maps, self.relu)
    }

    fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
        let output = self.body.trace(input, trace);
        assert_eq!(output, input, "a shortcut joins maps of one size");
        output
    }
}
