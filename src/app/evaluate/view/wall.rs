//! The failure wall: every pair that the threshold gets wrong, the worst first, as the network saw it.

use std::sync::Arc;

use eframe::egui::{self, Color32, CornerRadius, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo, pos2};

use crate::app::engine::picture::ImageKey;
use crate::app::evaluate::state::Message;
use crate::app::evaluate::state::WallFilter;
use crate::app::evaluate::view::Context;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::rows::{RowTops, rows_ui};
use crate::app::ui::widgets::{buttons, picture, status};
use crate::eval::Run;
use crate::eval::failures::{FailedPair, Mistake, failures};
use crate::eval::run::OtherJudgement;

const CROP: f32 = 112.0;
const GAP: f32 = 4.0;
const CARD: f32 = 2.0 * CROP + GAP;
const LINE: f32 = 18.0;
/// A landmark's dot.
const DOT: f32 = 1.75;

#[derive(Default)]
pub struct Wall {
    sorted: Option<Sorted>,
    hide_landmarks: bool,
}

/// The wrong pairs of one run at one threshold.
struct Sorted {
    run: Arc<Run>,
    threshold: f64,
    filter: WallFilter,
    /// All of them, and those that pass the filter.
    count: usize,
    shown: Vec<FailedPair>,
}

/// The pair before and after one of the wall.
pub(crate) struct Neighbours {
    pub before: Option<usize>,
    pub after: Option<usize>,
}

impl Wall {
    pub fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, run: &Run) {
        if run.pairs.is_empty() {
            let (title, what) = (ctx.text.s("wall_counted"), ctx.text.s("wall_counted_what"));
            status::empty_ui(ui, Icon::Grid3x3, title, what, None);
            return;
        }
        self.bar_ui(ui, ctx, run);
        ui.add_space(space::S);
        let landmarks = !self.hide_landmarks;
        let shown = &self.sorted(ctx).shown;
        if shown.is_empty() {
            status::empty_ui(ui, Icon::CircleCheck, ctx.text.s("wall_empty"), ctx.text.s("wall_empty_what"), None);
            return;
        }
        let others = Others::of(ctx);
        let columns = (((ui.available_width() + space::L) / (CARD + space::L)).floor() as usize).max(1);
        let height = CROP + space::XS + LINE * (4 + others.0.len()) as f32 + space::L;
        let tops = RowTops::new(std::iter::repeat_n(height, shown.len().div_ceil(columns)));
        rows_ui(ui, "wall", &tops, None, |ui, row| {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = space::L;
                for failure in shown.iter().skip(row * columns).take(columns) {
                    let card = PairCard { run, failure, others: &others, landmarks };
                    if card.ui(ui, ctx).clicked() {
                        ctx.send(Message::ShowPair(Some(failure.pair)));
                    }
                }
            });
        });
    }

    /// How many pairs the threshold gets wrong.
    pub fn count(&mut self, ctx: &Context<'_>, run: &Run) -> usize {
        if run.is_counted() {
            let point = ctx.state.point();
            let wrong = |far: f64, val: f64| far * run.roc.different as f64 + (1.0 - val) * run.roc.same as f64;
            return point.map_or(0, |point| wrong(point.far, point.val).round() as usize);
        }
        self.sorted(ctx).count
    }

    pub(crate) fn neighbours(&self, pair: usize) -> Neighbours {
        let shown = self.sorted.as_ref().map_or(&[][..], |sorted| &sorted.shown);
        let Some(place) = shown.iter().position(|failure| failure.pair == pair) else {
            return Neighbours { before: None, after: None };
        };
        let at = |place: usize| shown.get(place).map(|failure| failure.pair);
        Neighbours { before: place.checked_sub(1).and_then(at), after: at(place + 1) }
    }

    fn bar_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, run: &Run) {
        let filter = ctx.state.filter;
        ui.horizontal(|ui| {
            let selected = WallFilter::ALL.iter().position(|choice| *choice == filter).unwrap_or(0);
            let labels = WallFilter::ALL.map(|choice| ctx.text.s(choice.label_key()));
            if let Some(pressed) = buttons::segments_ui(ui, selected, &labels) {
                ctx.send(Message::SetFilter(WallFilter::ALL[pressed]));
            }
            ui.add_space(space::M);
            if buttons::chip_ui(ui, !self.hide_landmarks, ctx.text.s("landmarks")).clicked() {
                self.hide_landmarks = !self.hide_landmarks;
            }
            let order = if run.is_counted() { "wall_order_counted" } else { "wall_order" };
            let words = ctx.text.s(order);
            ui.add(egui::Label::new(theme::secondary(ui, words)).truncate()).on_hover_text(words);
        });
    }

    fn sorted(&mut self, ctx: &Context<'_>) -> &Sorted {
        let evaluate = ctx.state;
        // The caller shows the run in focus, so there is one.
        let run = &evaluate.opened[evaluate.focused];
        let same = |sorted: &Sorted| {
            Arc::ptr_eq(&sorted.run, run) && sorted.threshold == evaluate.threshold && sorted.filter == evaluate.filter
        };
        let kept = self.sorted.take().filter(same);
        self.sorted.insert(kept.unwrap_or_else(|| Sorted::new(run, evaluate.threshold, evaluate.filter)))
    }
}

impl Sorted {
    fn new(run: &Arc<Run>, threshold: f64, filter: WallFilter) -> Self {
        let mut shown = failures(&run.pairs, |_| threshold);
        let count = shown.len();
        shown.retain(|failure| match filter {
            WallFilter::All => true,
            WallFilter::FalseAccepts => failure.mistake == Mistake::FalseAccept,
            WallFilter::FalseRejects => failure.mistake == Mistake::FalseReject,
            WallFilter::Doubted => run.doubts.contains_key(&failure.pair),
        });
        Self { run: run.clone(), threshold, filter, count, shown }
    }
}

/// The other shown runs, each with its threshold at the same FAR.
pub(crate) struct Others(Vec<(Arc<Run>, f64)>);

impl Others {
    pub fn of(ctx: &Context<'_>) -> Self {
        let evaluate = ctx.state;
        let other = |(index, run): (usize, &Arc<Run>)| {
            let threshold = evaluate.threshold_of(index)?;
            (index != evaluate.focused).then(|| (run.clone(), threshold))
        };
        Self(evaluate.opened.iter().enumerate().filter_map(other).collect())
    }

    /// How each judged a pair of `run`, in the order of the runs; None where it did not judge this pair.
    pub fn judgements(&self, run: &Run, pair: usize) -> Vec<(String, Option<OtherJudgement>)> {
        let judgement = |(other, threshold): &(Arc<Run>, f64)| {
            (other.row.model.clone(), run.judged_by(pair, other, Some(*threshold)))
        };
        self.0.iter().map(judgement).collect()
    }
}

struct PairCard<'a> {
    run: &'a Run,
    failure: &'a FailedPair,
    others: &'a Others,
    landmarks: bool,
}

impl PairCard<'_> {
    fn ui(&self, ui: &mut Ui, ctx: &mut Context<'_>) -> Response {
        let pair = &self.run.pairs[self.failure.pair];
        let lines = self.lines(ui, ctx);
        let height = CROP + space::XS + LINE * (4 + self.others.0.len()) as f32;
        let (rect, response) = ui.allocate_exact_size(Vec2::new(CARD, height), Sense::click());
        let spoken = lines.iter().map(|(_, words, _)| words.as_str()).collect::<Vec<_>>().join(", ");
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &spoken));
        if !ui.is_rect_visible(rect) {
            return response;
        }
        let palette = theme::palette(ui.visuals());
        if response.hovered() {
            let plate = rect.expand(space::XS);
            ui.painter().rect_filled(plate, CornerRadius::same(theme::radius::TILE), palette.raised);
        }
        buttons::focus_ring(ui, rect, &response, CornerRadius::same(theme::radius::TILE), palette);
        for (side, image) in [pair.a, pair.b].into_iter().enumerate() {
            let corner = rect.min + Vec2::new(side as f32 * (CROP + GAP), 0.0);
            let frame = Rect::from_min_size(corner, Vec2::splat(CROP));
            crop(ui, ctx, frame, ImageKey::Seen { run: self.run.number, image: image as u32 }, self.landmarks);
        }
        let mut y = rect.top() + CROP + space::XS;
        for (icon, words, colour) in lines {
            line(ui, pos2(rect.left(), y), icon, &words, colour);
            y += LINE;
        }
        response.on_hover_cursor(egui::CursorIcon::PointingHand)
    }

    /// Icon, words and colour of every line under the crops.
    fn lines(&self, ui: &Ui, ctx: &Context<'_>) -> Vec<(Option<Icon>, String, Color32)> {
        let (palette, text) = (theme::palette(ui.visuals()), ctx.text);
        let pair = &self.run.pairs[self.failure.pair];
        let (icon, key) = match self.failure.mistake {
            Mistake::FalseAccept => (Icon::EqualNot, "false_accept"),
            Mistake::FalseReject => (Icon::Equal, "false_reject"),
        };
        let distance = format!("{:.3}", pair.distance);
        let wrong_by = format!("{:.3}", self.failure.wrong_by(&self.run.pairs));
        let fold = pair.fold.to_string();
        let name = |image: usize| self.run.images[image].words();
        let facts = match self.run.is_counted() {
            true => text.f("wall_facts_counted", &[("distance", &distance), ("by", &wrong_by)]),
            false => text.f("wall_facts", &[("distance", &distance), ("by", &wrong_by), ("fold", &fold)]),
        };
        let mut lines = vec![
            (Some(icon), text.s(key).to_owned(), palette.different),
            (None, facts, palette.text),
            (None, names(&name(pair.a), &name(pair.b)), palette.secondary),
        ];
        for (model, other) in self.others.judgements(self.run, self.failure.pair) {
            lines.push(match other {
                Some(other) => other_line(ui, ctx, &other),
                None => (None, text.f("not_judged_by", &[("model", &model)]), palette.secondary),
            });
        }
        if let Some(doubt) = self.run.doubts.get(&self.failure.pair) {
            let words = if doubt.marked_here { text.s("marked_here") } else { &doubt.why };
            lines.push((Some(Icon::Flag), words.to_owned(), palette.unsure));
        }
        lines
    }
}

/// "Maria Silva 0003  ·  0007": two photos under one name need it once.
fn names(a: &str, b: &str) -> String {
    let second = match (a.rsplit_once(' '), b.rsplit_once(' ')) {
        (Some((of_a, _)), Some((of_b, number))) if of_a == of_b => number,
        _ => b,
    };
    format!("{a}  ·  {second}")
}

fn other_line(ui: &Ui, ctx: &Context<'_>, other: &OtherJudgement) -> (Option<Icon>, String, Color32) {
    let palette = theme::palette(ui.visuals());
    let (icon, key, colour) = match other.right {
        true => (Icon::Check, "right_by", palette.same),
        false => (Icon::X, "wrong_by", palette.different),
    };
    let distance = format!("{:.3}", other.distance);
    (Some(icon), ctx.text.f(key, &[("model", &other.model), ("distance", &distance)]), colour)
}

/// A crop with its landmarks.
pub fn crop(ui: &Ui, ctx: &mut Context<'_>, frame: Rect, key: ImageKey, landmarks: bool) {
    let drawable = ctx.images.get(key);
    let whole = picture::paint(ui, frame, drawable, picture::Fit::Contain, CornerRadius::same(theme::radius::CONTROL));
    if let Some(points) = ctx.images.landmarks(key).filter(|_| landmarks) {
        let palette = theme::palette(ui.visuals());
        for [x, y] in points {
            let at = whole.min + Vec2::new(x, y) * whole.size();
            ui.painter().circle(at, DOT, palette.accent, egui::Stroke::new(0.75, palette.on_scrim));
        }
    }
}

/// One line of small type, cut where the card ends.
fn line(ui: &Ui, at: egui::Pos2, icon: Option<Icon>, words: &str, colour: Color32) {
    let mut left = at.x;
    if let Some(icon) = icon {
        let font = egui::FontId::new(theme::type_size::SMALL, theme::icon_family());
        let galley = ui.painter().layout_no_wrap(icons::glyph(icon).to_string(), font, colour);
        ui.painter().galley(pos2(left, at.y + 1.0), galley, colour);
        left += theme::type_size::SMALL + space::XS;
    }
    let room = CARD - (left - at.x);
    let mut job = egui::text::LayoutJob::simple_singleline(words.to_owned(), theme::small_font(), colour);
    job.wrap = egui::text::TextWrapping::truncate_at_width(room);
    let galley = ui.painter().layout_job(job);
    ui.painter().galley(pos2(left, at.y), galley, colour);
}
