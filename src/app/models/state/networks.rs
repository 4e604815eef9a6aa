//! The catalogue of networks as rows to be shown. Sizes are computed by the job; nothing here knows a network.

/// A network of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkRow {
    pub name: String,
    /// "220 × 220": rows and columns.
    pub input: String,
    /// Length of its embeddings.
    pub numbers: u64,
    pub params: u64,
    /// What its source prints; empty where it prints nothing.
    pub printed_params: String,
    pub multiply_adds: u64,
    pub printed_multiply_adds: String,
    /// Of one picture.
    pub activation_bytes: u64,
    pub source: String,
    pub layers: Vec<LayerLine>,
}

/// A line of a network's table: a module, or a layer inside one.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerLine {
    pub name: String,
    pub inside: bool,
    pub size: String,
    pub kernel: String,
    pub params: u64,
    pub multiply_adds: u64,
    pub activation_bytes: u64,
}
