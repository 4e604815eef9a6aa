//! The layer table: sizes, parameters, multiply-adds and activation memory of every layer.
//!
//! Counting follows the FaceNet paper and its tables: a multiply-add is one weight times one input value; biases,
//! normalisation, pooling and activation functions are not counted. Parameters are what training changes: weights,
//! biases, batch norm's scale and shift, PReLU's slopes, but not running statistics.

use std::fmt;

use serde::Serialize;

use super::Block;

/// The size of one image's feature maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct MapShape {
    pub channels: usize,
    pub height: usize,
    pub width: usize,
}

impl MapShape {
    pub fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width }
    }

    /// A vector as a map of one pixel.
    pub fn vector(channels: usize) -> Self {
        Self::new(channels, 1, 1)
    }

    /// Numbers in the maps.
    pub fn values(self) -> usize {
        self.channels * self.height * self.width
    }
}

/// As the papers print it: rows × columns × channels.
impl fmt::Display for MapShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}×{}", self.height, self.width, self.channels)
    }
}

/// What a layer table calls a layer that joins every input with every output.
pub(super) const FULLY_CONNECTED: &str = "fully connected";

/// One line of a layer table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayerRow {
    pub name: String,
    /// Kind and kernel, such as `conv 3×3/2`; empty for a line that sums up a module.
    pub kernel: String,
    pub output: MapShape,
    pub params: u64,
    pub multiply_adds: u64,
    /// The layer's outputs for one image as 32-bit floats.
    pub activation_bytes: u64,
}

/// All layers of a network at one input size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LayerTable {
    pub input: MapShape,
    /// One line a module of the paper's table.
    pub modules: Vec<LayerRow>,
    /// One line a layer.
    pub layers: Vec<LayerRow>,
}

impl LayerTable {
    /// Describes `block` for one image of the given size.
    pub(crate) fn of(block: &dyn Block, input: MapShape) -> Self {
        let mut trace = Trace::default();
        block.trace(input, &mut trace);
        Self { input, modules: trace.modules, layers: trace.layers }
    }

    /// Modules, each followed by the layers inside it where it has any: how deep, the name there, the row.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str, &LayerRow)> {
        self.modules.iter().flat_map(|module| {
            let inside = format!("{} / ", module.name);
            let layers = self.layers.iter();
            let layers = layers.filter_map(move |row| Some((1, row.name.strip_prefix(&*inside)?, row)));
            std::iter::once((0, module.name.as_str(), module)).chain(layers)
        })
    }

    #[cfg(test)]
    pub fn output(&self) -> MapShape {
        self.modules.last().map_or(self.input, |row| row.output)
    }

    pub(crate) fn params(&self) -> u64 {
        self.layers.iter().map(|row| row.params).sum()
    }

    /// Without the fully connected layers: the trunk that a source counts apart from its classifier.
    pub(crate) fn trunk_params(&self) -> u64 {
        self.layers.iter().filter(|row| row.kernel != FULLY_CONNECTED).map(|row| row.params).sum()
    }

    pub(crate) fn multiply_adds(&self) -> u64 {
        self.layers.iter().map(|row| row.multiply_adds).sum()
    }

    /// All layers' outputs together: what a training step keeps of one image, batch norm and ReLU counted with their
    /// convolution.
    pub(crate) fn activation_bytes(&self) -> u64 {
        self.layers.iter().map(|row| row.activation_bytes).sum()
    }

    /// The line of one module.
    #[cfg(test)]
    pub fn module(&self, name: &str) -> Option<&LayerRow> {
        self.modules.iter().find(|row| row.name == name)
    }
}

/// Collects the rows while a network is walked.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    path: Vec<String>,
    modules: Vec<LayerRow>,
    layers: Vec<LayerRow>,
}

impl Trace {
    /// Traces `block` under a name; on the outermost level the name becomes a module's line.
    pub fn named(&mut self, name: &str, input: MapShape, block: &dyn Block) -> MapShape {
        let first = self.layers.len();
        self.path.push(name.to_owned());
        let output = block.trace(input, self);
        self.path.pop();
        if self.path.is_empty() {
            let rows = &self.layers[first..];
            self.modules.push(LayerRow {
                name: name.to_owned(),
                kernel: if let [row] = rows { row.kernel.clone() } else { String::new() },
                output,
                params: rows.iter().map(|row| row.params).sum(),
                multiply_adds: rows.iter().map(|row| row.multiply_adds).sum(),
                activation_bytes: rows.iter().map(|row| row.activation_bytes).sum(),
            });
        }
        output
    }

    /// Adds one layer's line and returns its output size.
    pub fn layer(&mut self, kernel: String, output: MapShape, params: usize, multiply_adds: usize) -> MapShape {
        self.layers.push(LayerRow {
            name: self.path.join(" / "),
            kernel,
            output,
            params: params as u64,
            multiply_adds: multiply_adds as u64,
            activation_bytes: 4 * output.values() as u64,
        });
        output
    }
}
