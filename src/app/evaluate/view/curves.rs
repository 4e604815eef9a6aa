//! ROC, DET and the histogram of distances, all marked at the threshold; moving a mark moves all of them.

use std::sync::Arc;

use eframe::egui::{self, Ui};

use crate::app::evaluate::state::Message;
use crate::app::evaluate::state::figures::{det, distances, marks, roc};
use crate::app::evaluate::view::Context;
use crate::app::evaluate::view::percent;
use crate::app::ui::action::Action;
use crate::app::ui::icons::Icon;
use crate::app::ui::locale::Language;
use crate::app::ui::plot::{Ink, Plot, exact};
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons;
use crate::eval::Run;
use crate::figures::Saving;
use crate::figures::plot::Figure;

const HEIGHT: f32 = 320.0;
const HISTOGRAM_HEIGHT: f32 = 260.0;
/// Below this width, plots stand under each other.
const TWO_COLUMNS: f32 = 720.0;

/// The figures of the shown runs, made once for them and not in every frame.
#[derive(Default)]
pub(crate) struct Curves {
    made: Option<Made>,
}

struct Made {
    runs: Vec<Arc<Run>>,
    focused: usize,
    language: Language,
    roc: Figure,
    det: Figure,
    distances: Figure,
}

impl Curves {
    pub fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        let evaluate = ctx.state;
        let (Some(run), Some(point)) = (evaluate.focus().cloned(), evaluate.point()) else { return };
        let made = self.made(ctx);
        let [at_far, at_distance] = marks(point, ctx.text);
        made.roc.marks = vec![at_far.clone()];
        made.det.marks = vec![at_far];
        made.distances.marks = vec![at_distance];
        let mut moved = None;
        egui::ScrollArea::vertical().id_salt("curves").auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = space::M;
            let mut by_far = |ui: &mut Ui, stem: &str, figure: &Figure, y: fn(f64) -> String| {
                let plot = Plot { height: HEIGHT, exact: [rate, y], movable: true, ..Plot::new(figure) };
                let far = plot_ui(ui, ctx, stem, figure, plot);
                moved = far.map(|far| run.roc.threshold_at(far)).or(moved);
            };
            if ui.available_width() >= TWO_COLUMNS {
                ui.columns(2, |columns| {
                    by_far(&mut columns[0], "roc", &made.roc, percent);
                    by_far(&mut columns[1], "det", &made.det, percent);
                });
            } else {
                by_far(ui, "roc", &made.roc, percent);
                by_far(ui, "det", &made.det, percent);
            }
            let inks = [Ink::Same, Ink::Different];
            let plot = Plot::new(&made.distances);
            let plot = Plot { height: HISTOGRAM_HEIGHT, exact: [exact, percent], inks: &inks, movable: true, ..plot };
            moved = plot_ui(ui, ctx, "distances", &made.distances, plot).or(moved);
        });
        if let Some(threshold) = moved {
            ctx.send(Message::SetThreshold(threshold));
        }
    }

    fn made(&mut self, ctx: &Context<'_>) -> &mut Made {
        let (evaluate, language) = (ctx.state, ctx.text.language());
        let same = |made: &Made| {
            made.focused == evaluate.focused
                && made.language == language
                && made.runs.len() == evaluate.opened.len()
                && made.runs.iter().zip(&evaluate.opened).all(|(a, b)| Arc::ptr_eq(a, b))
        };
        let kept = self.made.take().filter(same);
        self.made.insert(kept.unwrap_or_else(|| Made {
            runs: evaluate.opened.clone(),
            focused: evaluate.focused,
            language,
            roc: roc(&evaluate.opened, ctx.text),
            det: det(&evaluate.opened, ctx.text),
            distances: distances(&evaluate.opened[evaluate.focused], ctx.text),
        }))
    }
}

/// A plot under its title, with a button to save it. Returns where its mark was put.
fn plot_ui(ui: &mut Ui, ctx: &mut Context<'_>, stem: &str, figure: &Figure, plot: Plot<'_>) -> Option<f64> {
    ui.vertical(|ui| {
        ui.horizontal(|ui| {
            ui.set_height(size::CONTROL);
            ui.label(theme::lead(&figure.title));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let label = ctx.text.f("save_figure", &[("name", &figure.title)]);
                if buttons::icon_button_ui(ui, Icon::Download, &label).clicked() {
                    ctx.act(Action::Save(Box::new(Saving::figure(stem, figure))));
                }
            });
        });
        plot.ui(ui)
    })
    .inner
}

/// A small rate needs more digits than a percentage has.
fn rate(share: f64) -> String {
    if share >= 1e-3 { percent(share) } else { exact(share) }
}
