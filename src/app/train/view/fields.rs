//! One line a setting: its name, its control with the unit, what it does in a few words.

use std::ops::RangeInclusive;

use eframe::egui::emath::Numeric;
use eframe::egui::{self, DragValue, Response, Ui, WidgetInfo};

use crate::app::ui::locale::Locale;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::picker::picker_wide_ui;

const NAME: f32 = 190.0;
const CONTROL: f32 = 176.0;

/// Name and hint of a setting by their keys.
pub type Words = (&'static str, &'static str);

/// How a number is written and how far it may go.
pub struct Number<N> {
    pub range: RangeInclusive<N>,
    /// Change a point of dragging.
    pub speed: f64,
    pub suffix: &'static str,
}

pub fn number<N>(range: RangeInclusive<N>, speed: f64, suffix: &'static str) -> Number<N> {
    Number { range, speed, suffix }
}

/// A title over the settings that follow.
pub fn group_ui(ui: &mut Ui, title: &str) {
    ui.add_space(space::S);
    ui.label(theme::strong(title));
}

/// The line: name at the left, control, hint. The whole hint shows where the pointer rests.
pub fn line_ui(ui: &mut Ui, text: &Locale, words: Words, control: impl FnOnce(&mut Ui, &str)) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        let (name, hint) = (text.s(words.0), text.s(words.1));
        cell_ui(ui, NAME, |ui| {
            ui.add(egui::Label::new(name).truncate()).on_hover_text(hint);
        });
        cell_ui(ui, CONTROL, |ui| control(ui, name));
        let label = theme::secondary(ui, hint).size(theme::type_size::SMALL);
        ui.add(egui::Label::new(label).truncate()).on_hover_text(hint);
    });
}

fn cell_ui(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui)) {
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(egui::vec2(width, size::CONTROL), layout, |ui| {
        ui.set_width(width);
        content(ui);
    });
}

pub fn number_ui<N: Numeric>(ui: &mut Ui, text: &Locale, words: Words, value: &mut N, number: Number<N>) {
    line_ui(ui, text, words, |ui, name| {
        drag_ui(ui, name, value, number);
    });
}

/// A number over powers of ten: dragging multiplies.
pub fn power_ui(ui: &mut Ui, text: &Locale, words: Words, value: &mut f64, range: RangeInclusive<f64>) {
    line_ui(ui, text, words, |ui, name| {
        let speed = value.abs().max(*range.start()) * 0.02;
        drag_ui(ui, name, value, Number { range, speed, suffix: "" });
    });
}

/// A setting that is off, or on with a number.
pub fn optional_ui<N: Numeric>(
    ui: &mut Ui,
    text: &Locale,
    words: Words,
    value: &mut Option<N>,
    usual: N,
    number: Number<N>,
) {
    line_ui(ui, text, words, |ui, name| {
        let mut on = value.is_some();
        switch(ui, name, &mut on);
        match (on, value.as_mut()) {
            (true, Some(value)) => {
                drag_ui(ui, name, value, number);
            }
            (true, None) => *value = Some(usual),
            (false, _) => *value = None,
        }
    });
}

pub fn switch_ui(ui: &mut Ui, text: &Locale, words: Words, value: &mut bool) {
    line_ui(ui, text, words, |ui, name| switch(ui, name, value));
}

/// One of a few, each with its word.
pub fn choice_ui<T: Clone + PartialEq>(ui: &mut Ui, text: &Locale, words: Words, value: &mut T, all: &[(T, &str)]) {
    line_ui(ui, text, words, |ui, name| {
        let chosen = all.iter().position(|(choice, _)| choice == value);
        let labels: Vec<String> = all.iter().map(|(_, key)| text.s(key).to_owned()).collect();
        if let Some(pressed) = picker_wide_ui(ui, words.0, name, CONTROL - space::XL, chosen, &labels) {
            *value = all[pressed].0.clone();
        }
    });
}

fn switch(ui: &mut Ui, name: &str, on: &mut bool) {
    let response = ui.checkbox(on, "");
    let now = *on;
    response.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, true, now, name));
}

fn drag_ui<N: Numeric>(ui: &mut Ui, name: &str, value: &mut N, number: Number<N>) -> Response {
    let drag = DragValue::new(value)
        .range(number.range)
        .speed(number.speed)
        .suffix(number.suffix)
        .max_decimals(if N::INTEGRAL { 0 } else { 8 })
        .update_while_editing(false);
    let response = ui.add(drag);
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(name));
    response
}
