//! A run that is watched: where it stands, what can be done with it, its curves.

use eframe::egui::{self, CornerRadius, Sense, Ui, Vec2, vec2};

use crate::app::engine::progress::Skipped;
use crate::app::jobs::demonstration::DemoOptions;
use crate::app::train::state::Message;
use crate::app::train::state::live::{LiveRun, RunEnd, RunKind, RunStage};
use crate::app::train::state::{Discarding, words};
use crate::app::train::view::Context;
use crate::app::train::view::album::Textures;
use crate::app::train::view::figures::{self, Drawn};
use crate::app::train::view::{inspector, times};
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale::{self, grouped};
use crate::app::ui::plot::{self, Plot};
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::progress;

const PLOT: f32 = 196.0;
/// Narrower views stack the plots in two columns.
const THREE_COLUMNS: f32 = 940.0;

/// Name, network and device; the buttons; progress; alarms.
pub(crate) fn header_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &LiveRun) {
    ui.horizontal(|ui| {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            let title = match run.begun.kind {
                RunKind::Demonstration => ctx.text.s("demo_title"),
                RunKind::Training => &run.begun.name,
            };
            ui.label(theme::lead(title));
            let network = [run.begun.network.as_str(), run.begun.device.as_str()];
            let about: Vec<&str> = network.into_iter().filter(|part| !part.is_empty()).collect();
            ui.label(theme::secondary(ui, about.join("  ·  ")));
        });
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if run.is_running() { running_buttons_ui(ui, ctx, run) } else { ended_buttons_ui(ui, ctx, run) }
        });
    });
    ui.add_space(space::S);
    if run.is_running() {
        progress_ui(ui, ctx, run);
    }
    end_ui(ui, ctx, run);
    for alarm in &run.alarms {
        let (what, advice) = words::alarm(ctx.text, alarm);
        banner_ui(ui, Icon::TriangleAlert, theme::palette(ui.visuals()).unsure, &what, &advice);
    }
    left_out_ui(ui, ctx, run);
    ui.add_space(space::S);
}

/// From the right: what cannot be undone stands last.
fn running_buttons_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &LiveRun) {
    let can_stop = !matches!(run.stage, RunStage::Ending | RunStage::Comparing { .. });
    if run.begun.kind == RunKind::Training {
        let discard = ctx.text.s("train_stop_discard");
        if buttons::enabled_button_ui(ui, can_stop, Rank::Quiet, discard).clicked() {
            ctx.send(Message::AskDiscard(Discarding::Running));
        }
    }
    let learned = run.last.is_some();
    let stop = match run.begun.kind {
        RunKind::Training => "train_stop_keep",
        RunKind::Demonstration => "demo_stop",
    };
    let response = buttons::enabled_button_ui(ui, can_stop && learned, Rank::Plain, ctx.text.s(stop));
    if response.clicked() {
        ctx.send(Message::StopAndKeep);
    }
    if !learned {
        response.on_hover_text(ctx.text.s("train_stop_too_early"));
    }
    let paused = matches!(run.stage, RunStage::Paused | RunStage::Pausing);
    let label = ctx.text.s(if paused { "train_continue" } else { "train_pause" });
    if buttons::enabled_button_ui(ui, can_stop && learned, Rank::Plain, label).clicked() {
        ctx.send(Message::Pause(!paused));
    }
}

fn ended_buttons_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &LiveRun) {
    if buttons::button_ui(ui, Rank::Plain, ctx.text.s("train_leave")).clicked() {
        ctx.send(Message::Leave);
    }
    if run.begun.kind == RunKind::Demonstration
        && buttons::icon_and_text_ui(ui, Rank::Plain, Icon::RotateCcw, ctx.text.s("demo_again")).clicked()
    {
        ctx.send(Message::Demonstrate(DemoOptions::default()));
    }
}

/// The stage in words, and a line as long as the run is far.
fn progress_ui(ui: &mut Ui, ctx: &Context<'_>, run: &LiveRun) {
    let step = run.last.as_ref().map_or(run.resumed_at.unwrap_or(0), |last| last.step);
    let of = |done: u64, total: u64| ctx.text.f("progress_of", &[("done", &grouped(done)), ("total", &grouped(total))]);
    let pictures = |key: &str, done: usize, total: usize| {
        let words = format!("{} {}", ctx.text.s(key), of(done as u64, total as u64));
        (words, done as f32 / total.max(1) as f32)
    };
    let (words, share) = match run.stage {
        RunStage::Starting if run.begun.kind == RunKind::Demonstration && run.drawn.is_none() => {
            (ctx.text.s("stage_draw_people").to_owned(), 0.0)
        }
        RunStage::Preparing { done, total } => pictures("stage_prepare_pictures", done, total),
        RunStage::Comparing { done, total } => pictures("train_stage_comparing", done, total),
        _ if let Some((why, done, total)) = run.embedding => pictures(words::embedding_key(why), done, total),
        RunStage::Starting => (ctx.text.s("train_stage_starting").to_owned(), 0.0),
        stage => {
            let key = match stage {
                RunStage::Pausing => "train_stage_pausing",
                RunStage::Paused => "train_stage_paused",
                RunStage::Ending => "train_stage_ending",
                _ => "train_stage_training",
            };
            let words = ctx.text.f(key, &[("steps", &of(step, run.begun.steps))]);
            (words, step as f32 / run.begun.steps.max(1) as f32)
        }
    };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 4.0), Sense::hover());
    progress::bar(ui, rect, &response, &words, Some(share), CornerRadius::same(2));
    ui.label(theme::secondary(ui, words));
}

/// How a run ended that has nothing to show for it.
fn end_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &LiveRun) {
    let palette = theme::palette(ui.visuals());
    match &run.end {
        Some(RunEnd::Interrupted) => {
            let words = (ctx.text.s("train_end_interrupted"), ctx.text.s("train_end_interrupted_do"));
            banner_ui(ui, Icon::CirclePause, palette.secondary, words.0, words.1);
        }
        Some(RunEnd::Discarded) => {
            banner_ui(ui, Icon::Trash2, palette.secondary, ctx.text.s("train_end_discarded"), "");
        }
        Some(RunEnd::Stopped) => {
            banner_ui(ui, Icon::CirclePause, palette.secondary, ctx.text.s("demo_stopped"), "");
        }
        Some(RunEnd::Failed(failure)) => {
            let words = ctx.text.s(failure.what.words_key());
            banner_ui(ui, Icon::TriangleAlert, palette.different, words, &failure.details);
        }
        Some(RunEnd::Trained(_) | RunEnd::Demonstrated(_)) | None => {}
    }
}

pub(crate) fn banner_ui(ui: &mut Ui, icon: Icon, colour: egui::Color32, what: &str, advice: &str) {
    let palette = theme::palette(ui.visuals());
    let frame = egui::Frame::new().fill(palette.raised).corner_radius(theme::radius::CONTROL);
    frame.inner_margin(egui::Margin::symmetric(space::M as i8, space::S as i8)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal_top(|ui| {
            ui.label(icons::text(icon).color(colour));
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 2.0;
                ui.add(egui::Label::new(theme::strong(what)).wrap());
                if !advice.is_empty() {
                    ui.add(egui::Label::new(theme::secondary(ui, advice)).wrap());
                }
            });
        });
    });
}

fn left_out_ui(ui: &mut Ui, ctx: &Context<'_>, run: &LiveRun) {
    if run.left_out_count == 0 {
        return;
    }
    let title = theme::secondary(ui, ctx.text.n("train_left_out", run.left_out_count));
    egui::CollapsingHeader::new(title).id_salt("left out").show(ui, |ui| {
        for Skipped { path, reason } in &run.left_out {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let reason = ctx.text.reason(reason);
            let words = if name.is_empty() { reason } else { format!("{name}: {reason}") };
            let line = egui::Label::new(theme::secondary(ui, words)).truncate();
            ui.add(line).on_hover_text(path.to_string_lossy());
        }
    });
}

/// Figures in numbers, the curves, the distances, the triplets.
pub(crate) fn watch_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &LiveRun, textures: &mut Textures) {
    if run.last.is_none() {
        return;
    }
    facts_ui(ui, ctx, run);
    ui.add_space(space::M);
    plots_ui(ui, ctx, run);
    ui.add_space(space::M);
    times::times_ui(ui, ctx.text, run);
    if let Some(snapshot) = &run.snapshot {
        ui.add_space(space::M);
        inspector::inspector_ui(ui, ctx, snapshot, textures);
    }
}

/// Each figure in a column of fixed width, so that a changing digit moves nothing.
fn facts_ui(ui: &mut Ui, ctx: &Context<'_>, run: &LiveRun) {
    let text = ctx.text;
    let last = run.last.as_ref();
    let none = || "–".to_owned();
    let val = run.val.last().map_or_else(none, |[_, val]| format!("{val:.1}%"));
    let mut facts = vec![
        ("train_fact_val", val),
        ("train_fact_loss", last.map_or_else(none, |last| format!("{:.4}", last.loss))),
        match last.and_then(|last| last.to_teacher) {
            Some(distance) => ("train_fact_teacher", format!("{distance:.3}")),
            None => ("train_fact_active", last.map_or_else(none, |last| words::percent(last.active_share()))),
        },
        (
            "train_fact_pace",
            last.map_or_else(none, |last| text.f("progress_rate", &[("rate", &pace(last.pictures_per_s))])),
        ),
        ("train_fact_memory", last.and_then(|last| last.memory_bytes).map_or_else(none, locale::size_words)),
    ];
    match run.is_running() {
        true => facts.push(("train_fact_left", last.map_or_else(none, |last| text.duration(last.left_secs)))),
        false => facts.push(("train_fact_took", last.map_or_else(none, |last| text.duration(last.elapsed_secs)))),
    }
    let width = ui.available_width() / facts.len() as f32;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        for (key, value) in facts {
            ui.allocate_ui(Vec2::new(width, 44.0), |ui| {
                ui.set_width(width - space::M);
                ui.vertical(|ui| {
                    ui.spacing_mut().item_spacing.y = 0.0;
                    ui.label(theme::heading(value));
                    ui.add(
                        egui::Label::new(theme::secondary(ui, text.s(key)).size(theme::type_size::SMALL)).truncate(),
                    );
                });
            });
        }
    });
}

fn pace(pictures_per_s: f64) -> String {
    if pictures_per_s < 9.95 { format!("{pictures_per_s:.1}") } else { grouped(pictures_per_s.round() as u64) }
}

fn plots_ui(ui: &mut Ui, ctx: &Context<'_>, run: &LiveRun) {
    let text = ctx.text;
    let three = ui.available_width() >= THREE_COLUMNS;
    ui.spacing_mut().item_spacing.x = space::XL;
    ui.columns(if three { 3 } else { 2 }, |columns| {
        let val = figures::val(text, run);
        plot_ui(&mut columns[0], plain(&figures::loss(text, run)));
        if !run.to_teacher.points().is_empty() {
            plot_ui(&mut columns[1], plain(&figures::to_teacher(text, run)));
        }
        if !run.active.points().is_empty() {
            plot_ui(&mut columns[1], shares(&figures::active(text, run)));
        }
        plot_ui(&mut columns[0], Plot { names_hidden: run.pairs_val.is_empty(), ..shares(&val) });
        plot_ui(&mut columns[1], plain(&figures::rate(text, run)));
        if let Some(distances) = distances(ctx, run) {
            let tall = 2.0 * PLOT + size::CONTROL;
            let (column, height) = if three { (2, tall) } else { (0, PLOT) };
            let plot = Plot { height, exact: [distance, percent], names_hidden: false, ..shares(&distances) };
            plot_ui(&mut columns[column], plot);
        }
    });
}

/// Of the newest batch; before the first, of the newest judgement.
fn distances(ctx: &Context<'_>, run: &LiveRun) -> Option<Drawn> {
    if let Some(snapshot) = &run.snapshot {
        return Some(figures::distances(ctx.text, &snapshot.distances, run.first_distances.as_ref()));
    }
    let now = &run.judged.as_ref()?.people.as_ref()?.histograms;
    (!now.same.is_empty()).then(|| figures::distances(ctx.text, now, None))
}

fn plain(drawn: &Drawn) -> Plot<'_> {
    Plot { exact: [whole, plot::exact], ..shares(drawn) }
}

fn shares(drawn: &Drawn) -> Plot<'_> {
    let exact: [fn(f64) -> String; 2] = [whole, percent];
    Plot { height: PLOT, inks: &drawn.inks, exact, names_hidden: true, ..Plot::new(&drawn.figure) }
}

fn plot_ui(ui: &mut Ui, plot: Plot<'_>) {
    ui.label(theme::strong(&plot.figure.title));
    plot.ui(ui);
}

fn whole(value: f64) -> String {
    grouped(value.round().max(0.0) as u64)
}

/// Of what is drawn in hundredths.
fn percent(hundredths: f64) -> String {
    words::percent(hundredths / 100.0)
}

fn distance(value: f64) -> String {
    format!("{value:.2}")
}

#[cfg(test)]
mod tests {
    use crate::app::train::job::picture_lost::PictureLost;
    use crate::app::ui::locale::{Language, Locale};

    #[test]
    fn why_a_picture_takes_no_part_any_more_is_told_in_the_windows_language() {
        let chinese = Locale::new(Language::Chinese);
        for said in PictureLost::ALL.map(|lost| lost.to_string()) {
            let told = chinese.reason(&said);
            assert!(!told.chars().any(|c| c.is_ascii_alphabetic()), "{said}: {told}");
        }
    }
}
