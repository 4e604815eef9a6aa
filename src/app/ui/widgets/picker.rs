//! One of many, from a list that opens.

use eframe::egui::{ComboBox, Ui, WidgetInfo};

use crate::app::ui::theme;

/// `salt` tells the pickers of a view apart; `name` is for screen readers. Returns the index that was pressed.
pub(crate) fn picker_ui(
    ui: &mut Ui,
    salt: &str,
    name: &str,
    chosen: Option<usize>,
    labels: &[String],
) -> Option<usize> {
    picker_wide_ui(ui, salt, name, 460.0, chosen, labels)
}

/// Like [`picker_ui`], as wide as is said.
pub(crate) fn picker_wide_ui(
    ui: &mut Ui,
    salt: &str,
    name: &str,
    width: f32,
    chosen: Option<usize>,
    labels: &[String],
) -> Option<usize> {
    let shown = chosen.and_then(|chosen| labels.get(chosen)).map_or("–", String::as_str);
    let mut pressed = None;
    let response = ComboBox::from_id_salt(salt)
        .selected_text(shown)
        .width(width)
        .height(theme::size::SIDE_PANEL)
        .truncate()
        .show_ui(ui, |ui| {
            for (index, label) in labels.iter().enumerate() {
                if ui.selectable_label(Some(index) == chosen, label).clicked() {
                    pressed = Some(index);
                }
            }
        })
        .response;
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(eframe::egui::Role::ComboBox, true, name);
        info.current_text_value = Some(shown.to_owned());
        info
    });
    pressed
}
