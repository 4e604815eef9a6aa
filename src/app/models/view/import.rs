//! What a model file leaves open, asked before it is imported.

use eframe::egui::{self, Id, Ui};

use crate::app::models::state::Message;
use crate::app::models::state::importing::{Form, file_name};
use crate::app::models::view::Context;
use crate::app::ui::locale::Locale;
use crate::app::ui::preprocessing_words;
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::dialog::dialog_ui;
use crate::app::ui::widgets::picker::picker_wide_ui;
use crate::app::ui::widgets::section::hint_ui;
use crate::types::{ChannelOrder, CropRule, PixelScaling, Preprocessing};

const WIDTH: f32 = 520.0;
const LABEL: f32 = 110.0;

const CROPS: [CropRule; 6] = [
    CropRule::FivePoints,
    CropRule::SquareBox { enlarge: 1.2 },
    CropRule::BoxMargin { margin: 32.0 },
    CropRule::OutputMargin { margin: 32.0 },
    CropRule::GreaterMargin { margin: 32.0 },
    CropRule::AsStored,
];
const SCALINGS: [PixelScaling; 4] = [
    PixelScaling::Fixed { mean: 127.5, divisor: 128.0 },
    PixelScaling::PerImage,
    PixelScaling::Unit,
    PixelScaling::Raw,
];

/// Shown while a file's import waits for an answer.
pub(crate) fn import_ui(egui_ctx: &egui::Context, ctx: &mut Context<'_>) {
    let Some(asking) = ctx.state.imports.asking() else { return };
    let mut form = asking.clone();
    // Each file has a dialog of its own size.
    let id = Id::unique(("import", &form.request.path));
    let modal = dialog_ui(egui_ctx, id, |ui| {
        ui.set_width(WIDTH);
        let name = file_name(&form.request.path);
        ui.label(theme::heading(ctx.text.f("import_title", &[("name", &name)])));
        hint_ui(ui, why(ctx.text, &form));
        ui.add_space(space::M);
        network_ui(ui, ctx.text, &mut form);
        if let Some(usual) = form.usual() {
            input_ui(ui, ctx.text, &mut form, usual);
        }
        ui.collapsing(ctx.text.s("details"), |ui| hint_ui(ui, &form.question.why));
        ui.add_space(space::M);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let ready = form.chosen.is_some();
            if buttons::enabled_button_ui(ui, ready, Rank::Primary, ctx.text.s("import")).clicked() {
                ctx.send(Message::ConfirmImport);
            }
            if buttons::button_ui(ui, Rank::Plain, ctx.text.s("cancel")).clicked() {
                ctx.send(Message::SkipImport);
            }
        });
    });
    if modal.should_close() {
        ctx.send(Message::SkipImport);
    } else if form != *asking {
        ctx.send(Message::AnswerImport(Box::new(form)));
    }
}

fn why(text: &Locale, form: &Form) -> String {
    match &form.question.networks[..] {
        [(network, _)] => text.f("import_which_input", &[("network", network)]),
        _ => text.s("import_which_network").to_owned(),
    }
}

/// Another network has another usual input, so answers about the input begin anew.
fn network_ui(ui: &mut Ui, text: &Locale, form: &mut Form) {
    let names: Vec<String> = form.question.networks.iter().map(|(name, _)| (*name).to_owned()).collect();
    if names.len() > 1
        && let Some(pressed) = choice_ui(ui, text.s("import_network"), form.chosen, &names)
    {
        form.chosen = Some(pressed);
        (form.request.crop, form.request.scaling, form.request.channels) = (None, None, None);
    }
}

fn input_ui(ui: &mut Ui, text: &Locale, form: &mut Form, usual: Preprocessing) {
    let request = &mut form.request;
    one_of_ui(ui, text.s("import_crop"), &CROPS, usual.crop, &mut request.crop, |rule| {
        preprocessing_words::crop(text, rule)
    });
    let words = |scaling| preprocessing_words::scaling(text, scaling);
    one_of_ui(ui, text.s("import_scaling"), &SCALINGS, usual.scaling, &mut request.scaling, words);
    let orders = [ChannelOrder::Rgb, ChannelOrder::Bgr];
    let words = |order| preprocessing_words::channels(order).to_owned();
    one_of_ui(ui, text.s("import_channels"), &orders, usual.channels, &mut request.channels, words);
}

/// One of the choices, to which the usual one belongs whatever it is.
fn one_of_ui<T: Copy + PartialEq>(
    ui: &mut Ui,
    label: &str,
    choices: &[T],
    usual: T,
    chosen: &mut Option<T>,
    words: impl Fn(T) -> String,
) {
    let mut all = choices.to_vec();
    if !all.contains(&usual) {
        all.insert(0, usual);
    }
    let shown = chosen.unwrap_or(usual);
    let labels: Vec<String> = all.iter().map(|choice| words(*choice)).collect();
    if let Some(pressed) = choice_ui(ui, label, all.iter().position(|choice| *choice == shown), &labels) {
        *chosen = Some(all[pressed]);
    }
}

fn choice_ui(ui: &mut Ui, label: &str, chosen: Option<usize>, labels: &[String]) -> Option<usize> {
    ui.horizontal(|ui| {
        ui.allocate_ui(egui::Vec2::new(LABEL, theme::size::CONTROL), |ui| {
            ui.set_min_width(LABEL);
            ui.label(theme::secondary(ui, label));
        });
        picker_wide_ui(ui, label, label, WIDTH - LABEL - space::S, chosen, labels)
    })
    .inner
}
