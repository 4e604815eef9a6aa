//! The catalogue of networks as rows for the window. Computed on sizes alone; no weights are drawn.

use crate::app::models::state::networks::{LayerLine, NetworkRow};
use crate::networks::nets::blocks::{LayerRow, MapShape};
use crate::networks::nets::catalogue::{VARIANTS, Variant};

pub fn rows() -> Vec<NetworkRow> {
    VARIANTS.iter().map(row).collect()
}

fn row(variant: &Variant) -> NetworkRow {
    let table = variant.table();
    NetworkRow {
        name: variant.name.to_owned(),
        input: format!("{} × {}", variant.input[0], variant.input[1]),
        numbers: variant.embedding_size as u64,
        params: table.params(),
        printed_params: variant.printed.params.to_owned(),
        multiply_adds: table.multiply_adds(),
        printed_multiply_adds: variant.printed.multiply_adds.to_owned(),
        activation_bytes: table.activation_bytes(),
        source: variant.source.to_owned(),
        layers: table.lines().map(|(depth, name, row)| line(depth, name, row)).collect(),
    }
}

fn line(depth: usize, name: &str, row: &LayerRow) -> LayerLine {
    let MapShape { channels, height, width } = row.output;
    LayerLine {
        name: name.to_owned(),
        inside: depth > 0,
        size: format!("{height} × {width} × {channels}"),
        kernel: row.kernel.clone(),
        params: row.params,
        multiply_adds: row.multiply_adds,
        activation_bytes: row.activation_bytes,
    }
}
