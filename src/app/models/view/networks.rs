//! The catalogue of networks within the Models view: a table of all, or the layers of one.

use eframe::egui::{self, RichText, Ui, Vec2};

use crate::app::models::state::{Message, NetworkRow};
use crate::app::models::view::Context;
use crate::app::ui::icons::Icon;
use crate::app::ui::locale::{self, Locale};
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::networks::nets::blocks::LayerRow;

/// A column's title and width; numbers stand on its right edge.
struct Column {
    title: &'static str,
    width: f32,
    number: bool,
}

const fn words(title: &'static str, width: f32) -> Column {
    Column { title, width, number: false }
}

const fn number(title: &'static str, width: f32) -> Column {
    Column { title, width, number: true }
}

const CATALOGUE: [Column; 9] = [
    words("network_name", 150.0),
    number("network_input", 76.0),
    number("network_numbers", 70.0),
    number("network_params", 96.0),
    words("network_printed", 150.0),
    number("network_multiply_adds", 112.0),
    words("network_printed", 84.0),
    number("network_activations", 90.0),
    words("network_source", 210.0),
];

const LAYERS: [Column; 6] = [
    words("layer_name", 240.0),
    number("layer_size", 120.0),
    words("layer_kernel", 190.0),
    number("network_params", 110.0),
    number("network_multiply_adds", 120.0),
    number("network_activations", 100.0),
];

const ROW: f32 = 22.0;

/// The table of all networks; a click on a name shows its layers.
pub(crate) fn networks_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    ui.label(theme::lead(ctx.text.s("networks")));
    ui.label(theme::secondary(ui, ctx.text.s("networks_what")));
    ui.add_space(space::S);
    // A narrow window has no room for all columns.
    egui::ScrollArea::horizontal().id_salt("networks").auto_shrink([false, true]).show(ui, |ui| {
        header_ui(ui, ctx.text, &CATALOGUE);
        for network in &ctx.state.networks {
            row_ui(ui, &CATALOGUE, |ui, column| match column {
                0 if buttons::link_ui(ui, network.variant.name).clicked() => {
                    ctx.send(Message::OpenNetwork(Some(network.variant.name.to_owned())));
                }
                0 => {}
                column => cell_ui(ui, catalogue_cell(network, column), true),
            });
        }
    });
}

/// The layers of one network, to be held against its source's table.
pub(crate) fn network_ui(ui: &mut Ui, ctx: &mut Context<'_>, network: &NetworkRow) {
    let variant = network.variant;
    ui.horizontal(|ui| {
        if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::ArrowLeft, ctx.text.s("networks_all")).clicked() {
            ctx.send(Message::OpenNetwork(None));
        }
        ui.label(theme::lead(variant.name));
        ui.label(theme::secondary(ui, format!("{}  ·  {}", input(network), variant.source)));
    });
    let printed = variant.printed;
    for (key, printed) in [("network_prints_params", printed.params), ("network_prints_adds", printed.multiply_adds)] {
        if !printed.is_empty() {
            ui.label(theme::secondary(ui, ctx.text.f(key, &[("figure", printed)])));
        }
    }
    ui.add_space(space::S);
    let lines: Vec<_> = network.table.lines().collect();
    // The header goes aside with its columns and stays above the lines.
    egui::ScrollArea::horizontal().id_salt("layers").auto_shrink(false).show(ui, |ui| {
        header_ui(ui, ctx.text, &LAYERS);
        let scroll = egui::ScrollArea::vertical().id_salt(variant.name).auto_shrink(false);
        scroll.show_rows(ui, ROW, lines.len() + 1, |ui, rows| {
            for row in rows {
                match lines.get(row) {
                    Some((depth, name, row)) => layer_ui(ui, *depth > 0, name, row),
                    None => total_ui(ui, ctx.text, network),
                }
            }
        });
    });
}

fn layer_ui(ui: &mut Ui, inside: bool, name: &str, row: &LayerRow) {
    row_ui(ui, &LAYERS, |ui, column| {
        let text = match column {
            0 if inside => format!("     {name}"),
            0 => name.to_owned(),
            1 => format!("{} × {} × {}", row.output.height, row.output.width, row.output.channels),
            2 => row.kernel.clone(),
            3 => locale::grouped(row.params),
            4 => locale::grouped(row.multiply_adds),
            _ => locale::size_words(row.activation_bytes),
        };
        cell_ui(ui, text, inside);
    });
}

fn total_ui(ui: &mut Ui, text: &Locale, network: &NetworkRow) {
    row_ui(ui, &LAYERS, |ui, column| {
        let cell = match column {
            0 => text.s("network_total").to_owned(),
            3 => locale::grouped(network.table.params()),
            4 => locale::grouped(network.table.multiply_adds()),
            5 => locale::size_words(network.table.activation_bytes()),
            _ => String::new(),
        };
        ui.label(theme::strong(cell));
    });
}

fn catalogue_cell(network: &NetworkRow, column: usize) -> String {
    let or_dash = |text: &str| if text.is_empty() { "–".to_owned() } else { text.to_owned() };
    let NetworkRow { variant, table } = network;
    match column {
        1 => input(network),
        2 => locale::grouped(variant.embedding_size as u64),
        3 => locale::grouped(table.params()),
        4 => or_dash(variant.printed.params),
        5 => locale::grouped(table.multiply_adds()),
        6 => or_dash(variant.printed.multiply_adds),
        7 => locale::size_words(table.activation_bytes()),
        _ => variant.source.to_owned(),
    }
}

/// Rows and columns.
fn input(network: &NetworkRow) -> String {
    format!("{} × {}", network.variant.input[0], network.variant.input[1])
}

fn header_ui(ui: &mut Ui, text: &Locale, columns: &[Column]) {
    row_ui(ui, columns, |ui, column| {
        ui.label(theme::secondary(ui, text.s(columns[column].title)));
    });
    ui.separator();
}

fn cell_ui(ui: &mut Ui, text: String, quiet: bool) {
    let text = if quiet { theme::secondary(ui, text) } else { RichText::new(text) };
    ui.add(egui::Label::new(text).truncate());
}

fn row_ui(ui: &mut Ui, columns: &[Column], mut cell: impl FnMut(&mut Ui, usize)) {
    ui.horizontal(|ui| {
        ui.set_height(ROW);
        ui.spacing_mut().item_spacing.x = space::M;
        for (index, column) in columns.iter().enumerate() {
            let layout = match column.number {
                true => egui::Layout::right_to_left(egui::Align::Center),
                false => egui::Layout::left_to_right(egui::Align::Center),
            };
            ui.allocate_ui_with_layout(Vec2::new(column.width, ROW), layout, |ui| {
                ui.set_min_width(column.width);
                cell(ui, index);
            });
        }
    });
}
