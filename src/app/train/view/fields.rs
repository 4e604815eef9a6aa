//! One line a setting: its name, its control with the unit, what it does in a few words.

use std::mem::discriminant;
use std::ops::RangeInclusive;

use eframe::egui::emath::Numeric;
use eframe::egui::{self, DragValue, TextEdit, Ui, WidgetInfo};

use crate::app::ui::locale::Locale;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::picker::picker_wide_ui;

const NAME: f32 = 190.0;
const CONTROL: f32 = 176.0;
const TEXT: f32 = 140.0;

/// Settings that belong together. A setting's key names its text, and with `_hint` behind it what it does.
pub(crate) struct Fields<'a> {
    pub ui: &'a mut Ui,
    text: &'a Locale,
}

impl<'a> Fields<'a> {
    /// Under a title.
    pub fn group(ui: &'a mut Ui, text: &'a Locale, title_key: &str) -> Self {
        ui.add_space(space::S);
        ui.label(theme::strong(text.s(title_key)));
        Self { ui, text }
    }

    /// The line: name at the left, control, hint. The whole hint shows where the pointer rests.
    fn line(&mut self, key: &str, control: impl FnOnce(&mut Ui, &str)) {
        let hint_key = format!("{key}_hint");
        let (name, hint) = (self.text.s(key), self.text.s(&hint_key));
        self.ui.horizontal(|ui| {
            ui.set_min_height(size::CONTROL);
            cell_ui(ui, NAME, |ui| {
                ui.add(egui::Label::new(name).truncate()).on_hover_text(hint);
            });
            cell_ui(ui, CONTROL, |ui| control(ui, name));
            let label = theme::secondary(ui, hint).size(theme::type_size::SMALL);
            ui.add(egui::Label::new(label).truncate()).on_hover_text(hint);
        });
    }

    /// `speed` is the change a point of dragging.
    pub fn number<N: Numeric>(&mut self, key: &str, value: &mut N, range: RangeInclusive<N>, speed: f64, unit: &str) {
        self.line(key, |ui, name| drag_ui(ui, name, value, range, speed, unit));
    }

    /// A number over powers of ten: dragging multiplies.
    pub fn power(&mut self, key: &str, value: &mut f64, range: RangeInclusive<f64>) {
        let speed = value.abs().max(*range.start()) * 0.02;
        self.number(key, value, range, speed, "");
    }

    /// A setting that is off, or on with a number, at first the usual one.
    pub fn optional<N: Numeric>(
        &mut self,
        key: &str,
        value: &mut Option<N>,
        usual: N,
        range: RangeInclusive<N>,
        speed: f64,
        unit: &str,
    ) {
        self.line(key, |ui, name| {
            let mut on = value.is_some();
            switch_ui(ui, name, &mut on);
            match (on, value.as_mut()) {
                (true, Some(value)) => drag_ui(ui, name, value, range, speed, unit),
                (true, None) => *value = Some(usual),
                (false, _) => *value = None,
            }
        });
    }

    pub fn switch(&mut self, key: &str, value: &mut bool) {
        self.line(key, |ui, name| switch_ui(ui, name, value));
    }

    /// One of a few, each with its word.
    pub fn choice<T: Clone + PartialEq>(&mut self, key: &str, value: &mut T, all: &[(T, &str)]) {
        let current = all.iter().position(|(choice, _)| choice == value);
        if let Some(pressed) = self.pressed(key, current, all) {
            *value = pressed;
        }
    }

    /// One of a few kinds, each with its word. Another kind begins with its usual settings; the present one keeps its
    /// own.
    pub fn kind<T: Clone>(&mut self, key: &str, value: &mut T, all: &[(T, &str)]) {
        let current = all.iter().position(|(kind, _)| discriminant(kind) == discriminant(value));
        if let Some(pressed) = self.pressed(key, current, all).filter(|kind| discriminant(kind) != discriminant(value))
        {
            *value = pressed;
        }
    }

    /// Text that is taken over where `read` understands it.
    pub fn text<T: ToString>(&mut self, key: &str, value: &mut T, read: impl Fn(&str) -> Option<T>) {
        self.line(key, |ui, name| {
            let id = ui.scope_id().with(key);
            let kept: Option<String> = ui.data(|data| data.get_temp(id));
            let mut typed = kept.unwrap_or_else(|| value.to_string());
            let colour = if read(&typed).is_some() { None } else { Some(theme::palette(ui.visuals()).different) };
            let response = ui.add(TextEdit::singleline(&mut typed).desired_width(TEXT).text_color_opt(colour));
            ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(name));
            if response.has_focus() {
                ui.data_mut(|data| data.insert_temp(id, typed.clone()));
            } else {
                ui.data_mut(|data| data.remove::<String>(id));
            }
            if let (true, Some(read)) = (response.changed(), read(&typed)) {
                *value = read;
            }
        });
    }

    fn pressed<T: Clone>(&mut self, key: &str, current: Option<usize>, all: &[(T, &str)]) -> Option<T> {
        let labels: Vec<String> = all.iter().map(|(_, key)| self.text.s(key).to_owned()).collect();
        let mut pressed = None;
        self.line(key, |ui, name| pressed = picker_wide_ui(ui, key, name, CONTROL - space::XL, current, &labels));
        pressed.map(|pressed| all[pressed].0.clone())
    }
}

fn cell_ui(ui: &mut Ui, width: f32, content: impl FnOnce(&mut Ui)) {
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(egui::vec2(width, size::CONTROL), layout, |ui| {
        ui.set_width(width);
        content(ui);
    });
}

fn switch_ui(ui: &mut Ui, name: &str, on: &mut bool) {
    let response = ui.checkbox(on, "");
    let now = *on;
    response.widget_info(|| WidgetInfo::selected(egui::Role::CheckBox, true, now, name));
}

fn drag_ui<N: Numeric>(ui: &mut Ui, name: &str, value: &mut N, range: RangeInclusive<N>, speed: f64, unit: &str) {
    let drag = DragValue::new(value)
        .range(range)
        .speed(speed)
        .suffix(unit)
        .max_decimals(if N::INTEGRAL { 0 } else { 8 })
        .update_while_editing(false);
    let response = ui.add(drag);
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(name));
}
