//! What all tabs share: the figures of every shown run, and the threshold in plain words.

use eframe::egui::{self, Slider, Ui, WidgetInfo};

use crate::app::evaluate::state::Message;
use crate::app::evaluate::state::Tab;
use crate::app::evaluate::state::figures::{name_of, summary_table};
use crate::app::evaluate::state::words;
use crate::app::evaluate::view::Context;
use crate::app::evaluate::view::{Views, check, folds, pair, percent};
use crate::app::ui::action::Action;
use crate::app::ui::icons::Icon;
use crate::app::ui::locale::grouped;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::table::{TableLayout, TableRow, table_ui};
use crate::eval::{Figures, Metric, Run};
use crate::figures::Saving;

const SLIDER: f32 = 300.0;

impl Views {
    pub(crate) fn results_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        bar_ui(ui, ctx);
        summary_ui(ui, ctx);
        ui.add_space(space::S);
        let Some(run) = ctx.state.focus().cloned() else { return };
        threshold_ui(ui, ctx, &run);
        ui.add_space(space::S);
        self.tabs_ui(ui, ctx, &run);
        ui.add_space(space::S);
        match ctx.state.tab {
            Tab::Curves => self.curves.ui(ui, ctx),
            Tab::Wall => self.wall.ui(ui, ctx, &run),
            Tab::Folds => folds::folds_ui(ui, ctx, &run),
            Tab::Check => check::check_ui(ui, ctx, &run),
        }
        if let Some(index) = ctx.state.pair {
            pair::pair_ui(ui.ctx(), ctx, &run, index, self.wall.neighbours(index));
        }
    }

    fn tabs_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, run: &Run) {
        let selected = Tab::ALL.iter().position(|tab| *tab == ctx.state.tab).unwrap_or(0);
        let wrong = self.wall.count(ctx, run);
        let labels = Tab::ALL.map(|tab| match tab {
            Tab::Wall => format!("{}  {}", ctx.text.s(tab.label_key()), grouped(wrong as u64)),
            _ => ctx.text.s(tab.label_key()).to_owned(),
        });
        if let Some(pressed) = buttons::segments_ui(ui, selected, &labels.each_ref().map(String::as_str)) {
            ctx.send(Message::ShowTab(Tab::ALL[pressed]));
        }
    }
}

fn bar_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    ui.horizontal(|ui| {
        let all = ctx.text.s("all_evaluations");
        if buttons::icon_and_text_ui(ui, Rank::Quiet, Icon::ArrowLeft, all).clicked() {
            ctx.send(Message::Leave);
        }
        let Some(run) = ctx.state.focus().cloned() else { return };
        let parts = [run.row.on.as_str(), run.row.when.as_str()].map(str::trim);
        let title = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ·  ");
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let report = run.row.run.join("report.html");
            if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::FileDown, ctx.text.s("save_report")).clicked() {
                ctx.act(Action::Save(Box::new(Saving::copy("report", report.clone()))));
            }
            if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::ExternalLink, ctx.text.s("open_report")).clicked() {
                ctx.act(Action::OpenFile(report));
            }
            if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Table, ctx.text.s("save_table")).clicked() {
                let table = summary_table(&ctx.state.opened);
                ctx.act(Action::Save(Box::new(Saving::table("figures", table))));
            }
            // The title takes what the buttons leave.
            ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                ui.add(egui::Label::new(theme::secondary(ui, &title)).truncate()).on_hover_text(&title);
            });
        });
    });
}

/// One line a run; a press brings it into focus.
fn summary_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let evaluate = ctx.state;
    let text = ctx.text;
    let far = evaluate.focus().map_or(1e-3, |run| run.figures.far_target());
    let val = text.f("head_val", &[("count", &grouped((1.0 / far).round() as u64))]);
    let head = [
        text.s("head_model"),
        text.s("head_accuracy"),
        text.s("head_se"),
        text.s("head_sd"),
        &val,
        text.s("head_se"),
        text.s("head_auc"),
        text.s("head_eer"),
        text.s("head_pairs"),
        text.s("head_skipped"),
    ];
    let rows: Vec<TableRow> = evaluate
        .opened
        .iter()
        .enumerate()
        .map(|(index, run)| TableRow {
            cells: cells(name_of(&evaluate.opened, run), run),
            colour: Some(theme::line_colour(ui.visuals(), index)),
            selected: index == evaluate.focused && evaluate.opened.len() > 1,
            strong: false,
        })
        .collect();
    let layout = TableLayout { salt: "summary", head: &head, words: 1, clickable: evaluate.opened.len() > 1 };
    if let Some(pressed) = table_ui(ui, layout, &rows) {
        ctx.send(Message::Focus(pressed));
    }
    if let Some(run) = ctx.state.focus() {
        notes_ui(ui, ctx, run);
    }
}

fn cells(name: String, run: &Run) -> Vec<String> {
    let figures = &run.figures;
    let dash = || "–".to_owned();
    let plus_minus = |value: Option<f64>| value.map_or_else(dash, |value| format!("± {}", percent(value)));
    let (accuracy, val) = (figures.accuracy(), figures.val());
    vec![
        name,
        accuracy.map_or_else(dash, |accuracy| percent(accuracy.mean)),
        plus_minus(accuracy.and_then(|accuracy| accuracy.error())),
        accuracy.and_then(|accuracy| accuracy.deviation()).map_or_else(dash, percent),
        percent(val.mean),
        plus_minus(val.error()),
        format!("{:.5}", figures.auc()),
        figures.eer().map_or_else(dash, percent),
        grouped(run.row.pairs),
        grouped(run.row.skipped),
    ]
}

/// What should be known about the figures of the run in focus.
fn notes_ui(ui: &mut Ui, ctx: &Context<'_>, run: &Run) {
    let text = ctx.text;
    let (without, bytes) = match &run.figures {
        Figures::Pairs(figures) => (figures.without_errata.as_ref(), figures.bytes.as_ref()),
        Figures::EveryPair(_) => (None, None),
    };
    let mut notes = Vec::new();
    if let Some(without) = without {
        let accuracy = format!("{} ± {}", percent(without.accuracy_mean), percent(without.accuracy_se));
        let values = [("accuracy", accuracy.as_str()), ("val", &percent(without.val_mean))];
        notes.push(text.nf("note_without", without.doubted_pairs as u64, &values));
    }
    if let Some(bytes) = bytes {
        let (accuracy, val) = (percent(bytes.bytes_accuracy.mean), percent(bytes.bytes_val.mean));
        notes.push(text.f("note_bytes", &[("accuracy", &accuracy), ("val", &val)]));
    }
    if !run.figures.far_resolved() {
        let count = grouped((1.0 / run.figures.far_target()).round() as u64);
        notes.push(text.f("note_unresolved", &[("count", &count)]));
    }
    if !notes.is_empty() {
        ui.add(egui::Label::new(theme::secondary(ui, notes.join("  ·  "))).wrap());
    }
}

/// The threshold in words at the left, its slider at the right.
fn threshold_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &Run) {
    let Some(point) = ctx.state.point() else { return };
    ui.horizontal(|ui| {
        ui.vertical(|ui| {
            ui.set_width((ui.available_width() - SLIDER - space::XL).max(200.0));
            ui.spacing_mut().item_spacing.y = space::XS;
            ui.label(theme::heading(words::threshold(ctx.text, &run.roc, point.threshold)));
            let key = match run.metric {
                Metric::SquaredL2 => "threshold_squared",
                Metric::Angle => "threshold_angle",
            };
            let (distance, far, val) = (format!("{:.3}", point.threshold), percent(point.far), percent(point.val));
            let values = [("distance", distance.as_str()), ("far", far.as_str()), ("val", val.as_str())];
            ui.horizontal_wrapped(|ui| {
                ui.label(theme::secondary(ui, ctx.text.f(key, &values)));
                if ctx.state.threshold != run.threshold()
                    && buttons::link_ui(ui, ctx.text.s("protocols_threshold")).clicked()
                {
                    ctx.send(Message::SetThreshold(run.threshold()));
                }
            });
        });
        ui.vertical(|ui| slider_ui(ui, ctx, run));
    });
}

fn slider_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &Run) {
    let ends = (run.roc.points.first(), run.roc.points.last());
    let (Some(first), Some(last)) = ends else { return };
    let mut value = ctx.state.threshold;
    ui.spacing_mut().slider_width = SLIDER;
    let add_slider = |ui: &mut Ui| {
        ui.spacing_mut().interact_size.y = size::SLIDER;
        let slider = Slider::new(&mut value, first.threshold..=last.threshold.max(first.threshold + 1e-9));
        // Steps would move the threshold away from the protocol's before anyone touches it.
        ui.add(slider.show_value(false).smart_aim(false))
    };
    let response = ui.scope(add_slider).inner;
    let label = ctx.text.s("threshold");
    response.widget_info(|| WidgetInfo::slider(true, value, label));
    ui.horizontal(|ui| {
        ui.set_width(SLIDER);
        ui.label(theme::secondary(ui, ctx.text.s("strict")));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(theme::secondary(ui, ctx.text.s("lenient")));
        });
    });
    if response.changed() {
        ctx.send(Message::SetThreshold(value));
    }
}
