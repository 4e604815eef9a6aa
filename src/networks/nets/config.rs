//! What can be chosen when a network is built.

use super::blocks::MapShape;

/// A network's choices, all resolved; `catalogue` fills them from its table and the user's wishes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetConfig {
    /// Rows and columns of the input. Networks with fully connected layers on a map are built for one size.
    pub input: [usize; 2],
    pub embedding_size: usize,
    /// Probability that dropout zeroes a value, where the network has dropout.
    pub dropout: f64,
    pub batch_norm: bool,
    /// Factor on every number of filters, 1 for the published network.
    pub width: f64,
}

impl NetConfig {
    /// Three channels of the input's size.
    pub fn input_shape(&self) -> MapShape {
        MapShape::new(3, self.input[0], self.input[1])
    }
}
