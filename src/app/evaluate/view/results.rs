//! What all tabs share: the figures of every shown run, and the threshold in plain words.

use eframe::egui::{self, Slider, Ui, WidgetInfo};

use crate::app::evaluate::state::Tab;
use crate::app::evaluate::state::figures::{name_of, summary_table};
use crate::app::evaluate::state::message::EvaluateCommand;
use crate::app::evaluate::state::rows::{EvalRun, Spread};
use crate::app::evaluate::view::Context;
use crate::app::evaluate::view::{EvaluateView, check, folds, pair, percent};
use crate::app::ui::action::Action;
use crate::app::ui::icons::Icon;
use crate::app::ui::locale::grouped;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::table::{Layout, Row, table_ui};
use crate::eval::Metric;
use crate::figures::Saving;

const SLIDER: f32 = 300.0;

impl EvaluateView {
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

    fn tabs_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, run: &EvalRun) {
        let chosen = Tab::ALL.iter().position(|tab| *tab == ctx.state.tab).unwrap_or(0);
        let wrong = self.wall.count(ctx, run);
        let labels = Tab::ALL.map(|tab| match tab {
            Tab::Wall => format!("{}  {}", ctx.text.s(tab.label_key()), grouped(wrong as u64)),
            _ => ctx.text.s(tab.label_key()).to_owned(),
        });
        if let Some(pressed) = buttons::segments_ui(ui, chosen, &labels.each_ref().map(String::as_str)) {
            ctx.send(EvaluateCommand::ShowTab(Tab::ALL[pressed]));
        }
    }
}

fn bar_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    ui.horizontal(|ui| {
        let all = ctx.text.s("all_evaluations");
        if buttons::icon_and_text_ui(ui, Rank::Quiet, Icon::ArrowLeft, all).clicked() {
            ctx.send(EvaluateCommand::Leave);
        }
        let Some(run) = ctx.state.focus().cloned() else { return };
        let parts = [run.row.on.as_str(), run.row.when.as_str()].map(str::trim);
        let title = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ·  ");
        ui.label(theme::secondary(ui, title));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let report = run.row.run.join("report.html");
            if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::FileDown, ctx.text.s("save_report")).clicked() {
                ctx.act(Action::Save(Box::new(Saving::copy("report", report.clone()))));
            }
            if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::ExternalLink, ctx.text.s("open_report")).clicked() {
                ctx.send(EvaluateCommand::OpenReport(report));
            }
            if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Table, ctx.text.s("save_table")).clicked() {
                let table = summary_table(&ctx.state.opened);
                ctx.act(Action::Save(Box::new(Saving::table("figures", table))));
            }
        });
    });
}

/// One line a run; a press brings it into focus.
fn summary_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let evaluate = ctx.state;
    let text = ctx.text;
    let far = evaluate.focus().map_or(1e-3, |run| run.figures.far_target);
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
    let rows: Vec<Row> = evaluate
        .opened
        .iter()
        .enumerate()
        .map(|(index, run)| Row {
            cells: cells(name_of(&evaluate.opened, run), run),
            colour: Some(theme::line_colour(ui.visuals(), index)),
            selected: index == evaluate.focused && evaluate.opened.len() > 1,
            strong: false,
        })
        .collect();
    let layout = Layout { salt: "summary", head: &head, words: 1, clickable: evaluate.opened.len() > 1 };
    if let Some(pressed) = table_ui(ui, layout, &rows) {
        ctx.send(EvaluateCommand::Focus(pressed));
    }
    if let Some(run) = ctx.state.focus() {
        notes_ui(ui, ctx, run);
    }
}

fn cells(name: String, run: &EvalRun) -> Vec<String> {
    let figures = &run.figures;
    let dash = || "–".to_owned();
    let plus_minus = |value: Option<f64>| value.map_or_else(dash, |value| format!("± {}", percent(value)));
    let accuracy = figures.accuracy.unwrap_or_default();
    vec![
        name,
        figures.accuracy.map_or_else(dash, |spread| percent(spread.mean)),
        plus_minus(accuracy.standard_error),
        accuracy.population_sd.map_or_else(dash, percent),
        percent(figures.val.mean),
        plus_minus(figures.val.standard_error),
        format!("{:.5}", figures.auc),
        figures.eer.map_or_else(dash, percent),
        grouped(run.row.pairs),
        grouped(run.row.skipped),
    ]
}

/// What should be known about the figures of the run in focus.
fn notes_ui(ui: &mut Ui, ctx: &Context<'_>, run: &EvalRun) {
    let figures = &run.figures;
    let text = ctx.text;
    let spread = |spread: &Spread| match spread.standard_error {
        Some(se) => format!("{} ± {}", percent(spread.mean), percent(se)),
        None => percent(spread.mean),
    };
    let mut notes = Vec::new();
    if let Some(without) = &figures.without {
        let (accuracy, val) = (spread(&without.accuracy), percent(without.val));
        notes.push(text.nf("note_without", without.doubted_pairs, &[("accuracy", &accuracy), ("val", &val)]));
    }
    if let Some((accuracy, val)) = &figures.bytes {
        let (accuracy, val) = (percent(accuracy.mean), percent(val.mean));
        notes.push(text.f("note_bytes", &[("accuracy", &accuracy), ("val", &val)]));
    }
    if !figures.far_resolved {
        let count = grouped((1.0 / figures.far_target).round() as u64);
        notes.push(text.f("note_unresolved", &[("count", &count)]));
    }
    if !notes.is_empty() {
        ui.add(egui::Label::new(theme::secondary(ui, notes.join("  ·  "))).wrap());
    }
}

/// The threshold in words at the left, its slider at the right.
fn threshold_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &EvalRun) {
    let Some(point) = ctx.state.point() else { return };
    ui.horizontal(|ui| {
        ui.vertical(|ui| {
            ui.set_width((ui.available_width() - SLIDER - space::XL).max(200.0));
            ui.spacing_mut().item_spacing.y = space::XS;
            ui.label(theme::heading(point.words(ctx.text)));
            let key = match run.metric {
                Metric::SquaredL2 => "threshold_squared",
                Metric::Angle => "threshold_angle",
            };
            let (distance, far, val) = (format!("{:.3}", point.threshold), percent(point.far), percent(point.val));
            let values = [("distance", distance.as_str()), ("far", far.as_str()), ("val", val.as_str())];
            ui.horizontal(|ui| {
                ui.set_height(size::SLIDER);
                ui.label(theme::secondary(ui, ctx.text.f(key, &values)));
                if ctx.state.threshold != run.threshold
                    && buttons::link_ui(ui, ctx.text.s("protocols_threshold")).clicked()
                {
                    ctx.send(EvaluateCommand::SetThreshold(run.threshold));
                }
            });
        });
        ui.vertical(|ui| slider_ui(ui, ctx, run));
    });
}

fn slider_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &EvalRun) {
    let ends = (run.roc.points.first(), run.roc.points.last());
    let (Some(first), Some(last)) = ends else { return };
    let mut value = ctx.state.threshold;
    ui.spacing_mut().slider_width = SLIDER;
    let knob = |ui: &mut Ui| {
        ui.spacing_mut().interact_size.y = size::SLIDER;
        let slider = Slider::new(&mut value, first.threshold..=last.threshold.max(first.threshold + 1e-9));
        // Steps would move the threshold away from the protocol's before anyone touches it.
        ui.add(slider.show_value(false).smart_aim(false))
    };
    let response = ui.scope(knob).inner;
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
        ctx.send(EvaluateCommand::SetThreshold(value));
    }
}
