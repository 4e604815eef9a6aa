//! `likeness nets`: the catalogue of networks; `likeness nets NAME`: one network's layer table.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use crate::app::engine::cli::output;
use crate::networks::nets::blocks::{LayerRow, LayerTable};
use crate::networks::nets::catalogue::{self, VARIANTS, Variant};
use crate::types::grouped;

/// Lists the networks that can be built and trained, or the layers of one.
#[derive(Debug, Args)]
pub struct NetsArgs {
    /// The network whose layer table is printed.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Prints JSON: all networks, or the layers of one.
    #[arg(long)]
    json: bool,
    /// Prints the names and shapes of its parameters, as weight files have to call them.
    #[arg(long, requires = "name", conflicts_with = "json")]
    tensors: bool,
}

/// What `--json` says about a network.
#[derive(Serialize)]
struct NetworkSummary {
    name: &'static str,
    /// Rows, columns.
    input: [usize; 2],
    embedding_size: usize,
    params: u64,
    multiply_adds: u64,
    activation_bytes: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    printed_params: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    printed_multiply_adds: &'static str,
    source: &'static str,
}

impl NetworkSummary {
    fn of(variant: &Variant) -> Self {
        let table = variant.table();
        Self {
            name: variant.name,
            input: variant.input,
            embedding_size: variant.embedding_size,
            params: table.params(),
            multiply_adds: table.multiply_adds(),
            activation_bytes: table.activation_bytes(),
            printed_params: variant.printed.params,
            printed_multiply_adds: variant.printed.multiply_adds,
            source: variant.source,
        }
    }
}

/// Computes on sizes alone: needs no device and no library.
pub fn run(args: NetsArgs) -> Result<ExitCode> {
    match (&args.name, args.json) {
        (None, true) => {
            let summaries = VARIANTS.iter().map(NetworkSummary::of).collect::<Vec<_>>();
            output::pretty_json(&summaries)?;
        }
        (None, false) => output::line(catalogue_text().trim_end())?,
        (Some(name), json) => {
            let variant = catalogue::find(name)?;
            if args.tensors {
                output::line(tensors_text(variant).trim_end())?;
                return Ok(ExitCode::SUCCESS);
            }
            let table = variant.table();
            if json {
                output::pretty_json(&table)?;
            } else {
                output::line(table_text(variant, &table).trim_end())?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn catalogue_text() -> String {
    let header = ["Network", "Input", "Values", "Parameters", "printed", "Multiply-adds", "printed", "Activations"];
    let rows = VARIANTS.iter().map(NetworkSummary::of).map(|net| {
        [
            net.name.to_owned(),
            format!("{}×{}", net.input[0], net.input[1]),
            net.embedding_size.to_string(),
            grouped(net.params),
            or_dash(net.printed_params),
            grouped(net.multiply_adds),
            or_dash(net.printed_multiply_adds),
            mebibytes(net.activation_bytes),
        ]
    });
    let mut text = columns(header.map(str::to_owned), rows.collect());
    text.push_str("\nprinted: the source's own figure. Activations: all layers' outputs for one image\n");
    text
}

fn table_text(variant: &Variant, table: &LayerTable) -> String {
    let header = ["Layer", "Size out", "Kernel", "Parameters", "Multiply-adds", "Activations"];
    let lines = table.lines().map(|(depth, name, row)| line(row, format!("{}{name}", "  ".repeat(depth))));
    let mut rows: Vec<_> = lines.collect();
    rows.push([
        "total".to_owned(),
        String::new(),
        String::new(),
        grouped(table.params()),
        grouped(table.multiply_adds()),
        mebibytes(table.activation_bytes()),
    ]);
    let mut text = format!("{}, input {}, {}\n", variant.name, table.input, variant.source);
    for (what, printed) in [("parameters", variant.printed.params), ("multiply-adds", variant.printed.multiply_adds)] {
        if !printed.is_empty() {
            text.push_str(&format!("The source prints {printed} {what}\n"));
        }
    }
    if table.trunk_params() < table.params() {
        text.push_str(&format!("Without fully connected layers: {} parameters\n", grouped(table.trunk_params())));
    }
    text.push('\n');
    text + &columns(header.map(str::to_owned), rows)
}

fn tensors_text(variant: &Variant) -> String {
    // Shapes as PyTorch and NumPy print them.
    let sides = |shape: &[usize]| shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let lines = variant.parameters().into_iter().map(|(path, shape)| format!("{path}\t[{}]\n", sides(&shape)));
    lines.collect()
}

fn line(row: &LayerRow, name: String) -> [String; 6] {
    [
        name,
        row.output.to_string(),
        row.kernel.clone(),
        grouped(row.params),
        grouped(row.multiply_adds),
        mebibytes(row.activation_bytes),
    ]
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "–".to_owned() } else { text.to_owned() }
}

fn mebibytes(bytes: u64) -> String {
    format!("{:.2} MiB", bytes as f64 / (1 << 20) as f64)
}

/// Columns as wide as their widest cell; a column whose cells all begin with a digit is set to the right.
fn columns<const N: usize>(header: [String; N], rows: Vec<[String; N]>) -> String {
    let width = |column: usize| {
        let cells = rows.iter().chain([&header]).map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let numeric = |column: usize| rows.iter().all(|row| row[column].starts_with(|c: char| c.is_ascii_digit()));
    let layout: [(usize, bool); N] = std::array::from_fn(|column| (width(column), numeric(column)));
    let mut text = String::new();
    for row in [&header].into_iter().chain(&rows) {
        let cells = row.iter().zip(layout).map(|(cell, (width, numeric))| match numeric {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        });
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_table_1_of_the_paper() {
        let variant = catalogue::find("nn1").unwrap();
        let text = table_text(variant, &variant.table());
        let line = text.lines().find(|line| line.starts_with("conv2a")).unwrap();
        let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect::<Vec<_>>();
        assert_eq!(cells[..4], ["conv2a", "55×55×64", "conv 1×1", "4,160"]);
        assert!(text.contains("140,025,664"));
    }

    /// Published counts of trunks leave the classifier out, and so the embedding that stands in its place here.
    #[test]
    fn prints_the_trunk_beside_the_whole() {
        for (name, trunk) in
            [("inception-v3", "21,785,568"), ("inception-v4", "41,142,816"), ("inception-v1", "5,973,552")]
        {
            let variant = catalogue::find(name).unwrap();
            let text = table_text(variant, &variant.table());
            assert!(text.contains(&format!("Without fully connected layers: {trunk} parameters")), "{text}");
        }
    }

    #[test]
    fn lists_every_network() {
        let text = catalogue_text();
        assert!(VARIANTS.iter().all(|variant| text.lines().any(|line| line.starts_with(variant.name))));
    }
}
