//! What to judge, with which models; and the evaluations there are.

use std::path::PathBuf;

use eframe::egui::{self, Ui, Vec2};

use crate::app::engine::facts::Loadable;
use crate::app::evaluate::state::Message;
use crate::app::evaluate::state::{EVALUATE, EvaluationOptions, EvaluationPath, EvaluationSetup, Mirror, Subject};
use crate::app::evaluate::view::Context;
use crate::app::evaluate::view::percent;
use crate::app::ui::action::Action;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale::grouped;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::view::View;
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::progress as job_bar;
use crate::eval::Metric;
use crate::eval::run::{RunRow, Score};
use crate::types::FaceCrop;

const LABEL: f32 = 150.0;
const ROW: f32 = 40.0;
const FARS: [f64; 4] = [1e-1, 1e-2, 1e-3, 1e-4];

pub(crate) fn start_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    egui::ScrollArea::vertical().id_salt("evaluate").auto_shrink(false).show(ui, |ui| {
        ui.label(theme::secondary(ui, ctx.text.s("evaluate_what")));
        ui.add_space(space::M);
        setup_ui(ui, ctx);
        ui.add_space(space::XL);
        past_ui(ui, ctx);
    });
}

fn setup_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let setup = &ctx.state.setup;
    let selected = Subject::ALL.iter().position(|subject| *subject == setup.subject).unwrap_or(0);
    let labels = Subject::ALL.map(|subject| ctx.text.s(subject.label_key()));
    if let Some(pressed) = buttons::segments_ui(ui, selected, &labels) {
        ctx.send(Message::SetSubject(Subject::ALL[pressed]));
    }
    ui.label(theme::secondary(ui, ctx.text.s(setup.subject.what_key())));
    ui.add_space(space::S);
    for path in setup.subject.paths() {
        path_ui(ui, ctx, setup, *path);
    }
    if setup.subject.needs_models() {
        labelled_ui(ui, ctx.text.s("models_to_judge"), |ui| models_ui(ui, ctx, setup));
    }
    ui.collapsing(ctx.text.s("advanced"), |ui| {
        if setup.subject.has_pairs() {
            path_ui(ui, ctx, setup, EvaluationPath::Threshold);
        }
        if let Some(options) = options_ui(ui, ctx, setup) {
            ctx.send(Message::SetOptions(options));
        }
    });
    ui.add_space(space::S);
    start_button_ui(ui, ctx, setup);
}

fn labelled_ui(ui: &mut Ui, label: &str, content: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.allocate_ui(Vec2::new(LABEL, size::CONTROL), |ui| {
            ui.set_min_width(LABEL);
            ui.label(theme::secondary(ui, label));
        });
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::new(space::S, space::XS);
            content(ui);
        });
    });
}

fn path_ui(ui: &mut Ui, ctx: &mut Context<'_>, setup: &EvaluationSetup, path: EvaluationPath) {
    let files: Vec<&PathBuf> = match path {
        EvaluationPath::Pairs => setup.pairs.iter().collect(),
        EvaluationPath::Images => setup.images.iter().collect(),
        EvaluationPath::Embeddings => setup.embeddings.iter().collect(),
        EvaluationPath::Threshold => setup.threshold_from.iter().collect(),
    };
    let label = ctx.text.s(path.label_key());
    labelled_ui(ui, label, |ui| {
        let icon = if path.is_folder() { Icon::FolderOpen } else { Icon::FileInput };
        if buttons::icon_and_text_ui(ui, Rank::Plain, icon, ctx.text.s("choose")).on_hover_text(label).clicked() {
            ctx.send(Message::Ask(path));
        }
        let hint = match path {
            EvaluationPath::Images if setup.subject == Subject::Embeddings => Some("images_optional"),
            EvaluationPath::Threshold => Some("threshold_optional"),
            _ => None,
        };
        if let Some(key) = hint.filter(|_| files.is_empty()) {
            ui.label(theme::secondary(ui, ctx.text.s(key)));
        }
        for file in files {
            let words = file.to_string_lossy();
            ui.add(egui::Label::new(theme::strong(short(file))).truncate()).on_hover_text(words);
        }
        if path == EvaluationPath::Threshold
            && setup.threshold_from.is_some()
            && buttons::icon_button_ui(ui, Icon::X, ctx.text.s("without")).clicked()
        {
            ctx.send(Message::SetPath(path, Vec::new()));
        }
    });
}

/// The last two parts of a path.
fn short(path: &std::path::Path) -> String {
    let parts: Vec<_> = path.components().rev().take(2).map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join("/")
}

fn models_ui(ui: &mut Ui, ctx: &mut Context<'_>, setup: &EvaluationSetup) {
    let Some(models) = ctx.facts.models.ready() else {
        ui.spinner();
        return;
    };
    let mut installed = models.iter().filter(|model| model.installed && model.embeds()).peekable();
    if installed.peek().is_none() {
        ui.label(theme::secondary(ui, ctx.text.s("no_model_installed")));
        if buttons::button_ui(ui, Rank::Plain, ctx.text.s("view_models")).clicked() {
            ctx.act(Action::Show(View::MODELS));
        }
    }
    for model in installed {
        if buttons::chip_ui(ui, setup.models.contains(&model.model), &model.name).clicked() {
            ctx.send(Message::ToggleModel(model.model.clone()));
        }
    }
}

/// The options, when one was changed.
fn options_ui(ui: &mut Ui, ctx: &Context<'_>, setup: &EvaluationSetup) -> Option<EvaluationOptions> {
    let mut options = setup.options.clone();
    if setup.subject == Subject::PairList || setup.subject == Subject::Folder {
        let crops = [
            (FaceCrop::Largest, "crop_largest"),
            (FaceCrop::Central, "crop_central"),
            (FaceCrop::CENTRE, "crop_centre"),
            (FaceCrop::AsStored, "crop_as_stored"),
        ];
        choice_ui(ui, ctx, "crop_label", &crops, &mut options.crop);
    }
    if setup.subject.has_pairs() {
        if setup.subject.needs_models() {
            let mirrors = [
                (None, "mirror_none"),
                (Some(Mirror::Average), "mirror_average"),
                (Some(Mirror::Concatenate), "mirror_concatenate"),
            ];
            choice_ui(ui, ctx, "mirror_label", &mirrors, &mut options.mirror);
        }
        let metrics = [(Metric::SquaredL2, "metric_squared"), (Metric::Angle, "metric_angle")];
        choice_ui(ui, ctx, "metric_label", &metrics, &mut options.metric);
        labelled_ui(ui, "", |ui| _ = ui.checkbox(&mut options.subtract_mean, ctx.text.s("subtract_mean")));
    }
    labelled_ui(ui, ctx.text.s("far_label"), |ui| {
        for far in FARS {
            let label = ctx.text.f("one_wrong_in", &[("count", &grouped((1.0 / far).round() as u64))]);
            if buttons::chip_ui(ui, options.far_target == far, &label).clicked() {
                options.far_target = far;
            }
        }
    });
    (options != setup.options).then_some(options)
}

fn choice_ui<T: Copy + PartialEq>(
    ui: &mut Ui,
    ctx: &Context<'_>,
    label_key: &str,
    choices: &[(T, &str)],
    value: &mut T,
) {
    labelled_ui(ui, ctx.text.s(label_key), |ui| {
        for (choice, key) in choices {
            if buttons::chip_ui(ui, value == choice, ctx.text.s(key)).clicked() {
                *value = *choice;
            }
        }
    });
}

fn start_button_ui(ui: &mut Ui, ctx: &mut Context<'_>, setup: &EvaluationSetup) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        if let Some(job) = ctx.facts.jobs.values().find(|job| job.kind == EVALUATE) {
            ui.spinner();
            ui.label(theme::strong(ctx.text.s(job.progress.stage.label_key())));
            ui.label(theme::secondary(ui, job_bar::parts(job, ctx.text).join("  ")));
            if buttons::button_ui(ui, Rank::Plain, ctx.text.s("cancel")).clicked() {
                ctx.act(Action::CancelJob(job.job));
            }
            return;
        }
        let missing = setup.missing();
        let label = ctx.text.s("start_evaluation");
        if buttons::enabled_button_ui(ui, missing.is_none(), Rank::Primary, label).clicked() {
            ctx.send(Message::Start);
        }
        if let Some(key) = missing {
            ui.label(theme::secondary(ui, ctx.text.s(key)));
        }
    });
}

fn past_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    ui.horizontal(|ui| {
        ui.set_min_height(size::CONTROL);
        ui.label(theme::lead(ctx.text.s("past_evaluations")));
        let ticked = ctx.state.ticked.clone();
        if ticked.len() > 1 {
            let label = ctx.text.n("show_together", ticked.len() as u64);
            if buttons::button_ui(ui, Rank::Primary, &label).clicked() {
                ctx.send(Message::Open(ticked));
            }
        } else if ctx.state.runs.ready().is_some_and(|runs| runs.len() > 1) {
            ui.label(theme::secondary(ui, ctx.text.s("tick_to_overlay")));
        }
    });
    match &ctx.state.runs {
        Loadable::Loading => _ = ui.spinner(),
        Loadable::Failed(failure) => _ = ui.label(ctx.text.s(failure.what.words_key())),
        Loadable::Ready(runs) if runs.is_empty() => {
            ui.label(theme::secondary(ui, ctx.text.s("no_past_evaluations")));
        }
        Loadable::Ready(runs) => {
            ui.spacing_mut().item_spacing.y = 0.0;
            let width = ui.available_width();
            let (origin, clip) = (ui.cursor().min, ui.clip_rect());
            // Rows outside the window are only reserved: there may be thousands.
            for (index, run) in runs.iter().enumerate() {
                let top = origin.y + index as f32 * ROW;
                if top > clip.bottom() || top + ROW < clip.top() {
                    ui.allocate_exact_size(Vec2::new(width, ROW), egui::Sense::hover());
                } else {
                    run_ui(ui, ctx, run);
                }
            }
        }
    }
}

fn run_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &RunRow) {
    let palette = theme::palette(ui.visuals());
    let line = egui::Rect::from_min_size(ui.cursor().min, Vec2::new(ui.available_width(), ROW));
    ui.painter().hline(line.x_range(), line.top(), theme::hairline(palette));
    ui.allocate_ui(line.size(), |ui| {
        ui.set_min_size(line.size());
        ui.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = space::M;
            let mut ticked = ctx.state.ticked.contains(&run.run);
            let words = ctx.text.f("tick_run", &[("model", &run.model), ("when", &run.when)]);
            let tick = ui.add_enabled(run.has_curves, egui::Checkbox::without_text(&mut ticked));
            tick.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, run.has_curves, ticked, &words));
            if tick.changed() {
                ctx.send(Message::Tick(run.run.clone()));
            }
            ui.label(theme::secondary(ui, &run.when));
            ui.label(theme::strong(&run.model));
            ui.add(egui::Label::new(theme::secondary(ui, facts(ctx, run))).truncate());
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if buttons::icon_button_ui(ui, Icon::ExternalLink, ctx.text.s("open_report")).clicked() {
                    let report = run.run.join("report.html");
                    ctx.act(Action::OpenFile(report));
                }
                if run.has_curves && buttons::button_ui(ui, Rank::Plain, ctx.text.s("show")).clicked() {
                    ctx.send(Message::Open(vec![run.run.clone()]));
                }
                match run.score {
                    Some(Score::Accuracy(accuracy)) => _ = ui.label(theme::strong(percent(accuracy))),
                    Some(Score::Val(val)) => {
                        ui.label(theme::strong(percent(val)));
                        ui.label(theme::secondary(ui, "VAL"));
                    }
                    None => {}
                }
                if run.skipped > 0 {
                    ui.label(icons::text(Icon::TriangleAlert).color(palette.unsure));
                    ui.label(theme::secondary(ui, ctx.text.n("pairs_skipped", run.skipped)));
                }
            });
        });
    });
}

fn facts(ctx: &Context<'_>, run: &RunRow) -> String {
    let mut facts = vec![run.kind.clone()];
    facts.extend((!run.on.is_empty()).then(|| run.on.clone()));
    facts.extend((run.pairs > 0).then(|| ctx.text.n("pairs", run.pairs)));
    facts.join("  ·  ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_long_path_is_told_by_its_end() {
        assert_eq!(super::short(std::path::Path::new("/data/sets/lfw/pairs.txt")), "lfw/pairs.txt");
        assert_eq!(super::short(std::path::Path::new("pairs.txt")), "pairs.txt");
    }
}
