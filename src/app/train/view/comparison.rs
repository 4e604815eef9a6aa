//! Before and after: the new network against the old one, with error bars and a verdict in words. The old one is
//! replaced at the user's word only.

use eframe::egui::{self, Align2, Color32, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::app::train::state::live::{Adoption, LiveRun};
use crate::app::train::state::words;
use crate::app::train::state::{DistancesFrom, Message, NotAdvised, TrainSummary};
use crate::app::train::view::Context;
use crate::app::train::view::running::banner_ui;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale::{Locale, grouped};
use crate::app::ui::theme::{self, space, type_size};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::eval::roc;
use crate::train::comparison::{Compared, Comparison, ComparisonOutcome, Measured};
use crate::train::validate::ValidationReport;

const ROW: f32 = 54.0;
const NAME: f32 = 210.0;
const NUMBER: f32 = 118.0;
/// In a narrower one nothing could be told apart; the numbers say it.
const LEAST_CHART: f32 = 40.0;
const WIDEST: f32 = 1080.0;

pub(crate) fn comparison_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &LiveRun, summary: &TrainSummary) {
    let not_advised = summary.not_advised();
    match (&summary.comparison, gained_nothing_key(not_advised)) {
        (_, Some(key)) => heading_ui(ui, Icon::Equal, theme::palette(ui.visuals()).unsure, ctx.text.s(key)),
        (Some(comparison), None) => verdict_ui(ui, ctx.text, comparison, summary),
        (None, None) => without_old_ui(ui, ctx.text, summary),
    }
    let advice = not_advised.map_or_else(|| distances_words(ctx.text, summary), |why| why_not(ctx.text, why, summary));
    if let Some(advice) = advice {
        ui.add_space(space::XS);
        banner_ui(ui, Icon::CircleHelp, theme::palette(ui.visuals()).unsure, &advice, "");
    }
    ui.add_space(space::M);
    if summary.gained() {
        adoption_ui(ui, ctx, run, summary);
    }
    // A run that was stopped before its first step has none.
    if summary.model.is_some() {
        ui.add_space(space::S);
        ui.add(egui::Label::new(theme::secondary(ui, which_network(ctx.text, summary))).wrap());
    }
    ui.add_space(space::XL);
}

/// Which step's network is handed on, and what speaks for it.
fn which_network(text: &Locale, summary: &TrainSummary) -> String {
    let (step, steps) = (grouped(summary.model_step), grouped(summary.steps));
    let judged = summary.after.as_ref().map_or_else(String::new, |after| judged_as(text, after));
    let key = match summary.after {
        None => "comparison_shipped_unjudged",
        Some(_) if summary.chosen => "comparison_shipped",
        Some(_) => "comparison_shipped_last",
    };
    text.f(key, &[("step", &step), ("steps", &steps), ("val", &judged)])
}

/// What stands above all else where the network is the one that the run began with.
fn gained_nothing_key(not_advised: Option<NotAdvised>) -> Option<&'static str> {
    match not_advised? {
        NotAdvised::NothingLearned => Some("comparison_nothing_learned"),
        NotAdvised::NothingGained => Some("comparison_nothing_gained"),
        _ => None,
    }
}

/// What no heading says of it.
fn why_not(text: &Locale, why: NotAdvised, summary: &TrainSummary) -> Option<String> {
    match why {
        NotAdvised::NothingLearned | NotAdvised::NothingGained | NotAdvised::Worse => None,
        NotAdvised::Ruined => {
            let (steps, step) = (grouped(summary.steps), grouped(summary.model_step));
            Some(text.f("comparison_ruined", &[("steps", &steps), ("step", &step)]))
        }
        NotAdvised::Fell => Some(text.s("comparison_fell").to_owned()),
        NotAdvised::TooFewJudged { pictures: 0 } => Some(text.s("comparison_nobody_judged").to_owned()),
        NotAdvised::NobodyTwice => Some(text.s("comparison_nobody_twice").to_owned()),
        NotAdvised::FarFromTeacher => Some(text.s("comparison_far_from_teacher").to_owned()),
        NotAdvised::TooFewJudged { pictures } => Some(text.n("comparison_too_few", pictures as u64)),
    }
}

fn distances_words(text: &Locale, summary: &TrainSummary) -> Option<String> {
    let key = match summary.thresholds()?.from {
        DistancesFrom::Strangers => return None,
        DistancesFrom::Choosers => "comparison_distances_chose",
        DistancesFrom::Teacher => "comparison_distances_teacher",
    };
    Some(text.s(key).to_owned())
}

fn verdict_ui(ui: &mut Ui, text: &Locale, comparison: &Comparison, summary: &TrainSummary) {
    let nobody_twice = summary.holds_nobody_out_twice();
    let palette = theme::palette(ui.visuals());
    let (icon, colour, key) = match comparison.verdict {
        ComparisonOutcome::Better => (Icon::CircleCheck, palette.same, "comparison_better"),
        ComparisonOutcome::NoDifference => (Icon::Equal, palette.unsure, "comparison_no_difference"),
        ComparisonOutcome::Worse => (Icon::TriangleAlert, palette.different, "comparison_worse"),
        ComparisonOutcome::Chosen => (Icon::CircleHelp, palette.unsure, "comparison_chosen"),
        ComparisonOutcome::NotMeasured if nobody_twice => {
            (Icon::CircleHelp, palette.secondary, "comparison_not_measured_nobody_twice")
        }
        ComparisonOutcome::NotMeasured => (Icon::CircleHelp, palette.secondary, "comparison_not_measured"),
    };
    let (heading, what) = match comparison.verdict {
        _ if !summary.against_teacher => (key, "comparison_what"),
        ComparisonOutcome::Better => ("comparison_taught_better", "comparison_taught_what"),
        ComparisonOutcome::NoDifference => ("comparison_taught_no_difference", "comparison_taught_what"),
        ComparisonOutcome::Worse => ("comparison_taught_worse", "comparison_taught_what"),
        ComparisonOutcome::Chosen | ComparisonOutcome::NotMeasured => (key, "comparison_taught_what"),
    };
    heading_ui(ui, icon, colour, text.s(heading));
    let old = comparison.old.as_str();
    ui.add(egui::Label::new(theme::secondary(ui, text.f(what, &[("old", old)]))).wrap());
    ui.add_space(space::S);
    if comparison.people.is_some() || comparison.pairs.is_some() {
        heads_ui(ui, text);
    }
    if let Some(people) = &comparison.people {
        let count = text.n("names_people", people.people as u64);
        let pictures = text.n("pictures", people.pictures as u64);
        let on = text.f("comparison_on_people", &[("people", &count), ("pictures", &pictures)]);
        row_ui(ui, text, &text.f("comparison_val", &[("one_in", &one_in(people.far_target))]), &on, &people.val);
        row_ui(ui, text, text.s("comparison_accuracy"), &on, &people.accuracy);
    }
    if let Some(pairs) = &comparison.pairs {
        let on = text.n("comparison_on_pairs", pairs.pairs as u64);
        row_ui(ui, text, text.s("comparison_accuracy"), &on, &pairs.accuracy);
        row_ui(ui, text, &text.f("comparison_val", &[("one_in", &one_in(pairs.far_target))]), &on, &pairs.val);
        if pairs.skipped > 0 {
            ui.label(theme::secondary(ui, text.n("comparison_skipped", pairs.skipped as u64)));
        }
    }
}

fn heading_ui(ui: &mut Ui, icon: Icon, colour: Color32, words: &str) {
    ui.horizontal(|ui| {
        ui.label(icons::large(icon).color(colour));
        ui.label(theme::heading(words));
    });
}

/// One wrong match in so many.
fn one_in(rate: f64) -> String {
    roc::one_in(rate).map_or_else(String::new, grouped)
}

/// The edges of the columns: chart from, chart to, then the right edges of old, new, difference.
fn columns(rect: Rect) -> [f32; 5] {
    let right = rect.right();
    [rect.left() + NAME, right - 3.2 * NUMBER - space::XL, right - 2.2 * NUMBER, right - 1.3 * NUMBER, right]
}

fn heads_ui(ui: &mut Ui, text: &Locale) {
    let width = ui.available_width().min(WIDEST);
    let (rect, _) = ui.allocate_exact_size(vec2(width, 20.0), Sense::hover());
    let colour = theme::palette(ui.visuals()).secondary;
    let [_, _, old, new, difference] = columns(rect);
    for (x, key) in [(old, "comparison_old"), (new, "comparison_new"), (difference, "comparison_difference")] {
        ui.painter().text(pos2(x, rect.center().y), Align2::RIGHT_CENTER, text.s(key), theme::small_font(), colour);
    }
}

fn row_ui(ui: &mut Ui, text: &Locale, name: &str, on: &str, compared: &Compared) {
    let width = ui.available_width().min(WIDEST);
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW), Sense::hover());
    let difference = format!("{} ({})", signed(100.0 * compared.difference.value), range(text, compared));
    let figures = [share(&compared.old), share(&compared.new), difference];
    let values = [("name", name), ("old", &figures[0]), ("new", &figures[1]), ("difference", &figures[2])];
    let spoken = text.f("comparison_spoken", &values);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &spoken));
    let palette = theme::palette(ui.visuals());
    ui.painter().hline(rect.x_range(), rect.top(), theme::hairline(palette));
    let painter = ui.painter();
    let name_at = pos2(rect.left(), rect.center().y - 9.0);
    painter.text(name_at, Align2::LEFT_CENTER, name, theme::body_font(), palette.text);
    let on_at = pos2(rect.left(), rect.center().y + 10.0);
    painter.text(on_at, Align2::LEFT_CENTER, on, theme::small_font(), palette.secondary);
    let [from, to, old, new, right] = columns(rect);
    for (x, figure) in [(old, &figures[0]), (new, &figures[1])] {
        painter.text(pos2(x, rect.center().y), Align2::RIGHT_CENTER, figure, theme::body_font(), palette.text);
    }
    difference_ui(ui, text, rect, right, compared);
    chart_ui(ui, Rect::from_x_y_ranges(from..=to, rect.y_range()), compared);
    response.on_hover_text(spoken);
}

/// The difference, its interval beneath, and an icon that says its direction where it is sure.
fn difference_ui(ui: &Ui, text: &Locale, rect: Rect, right: f32, compared: &Compared) {
    let palette = theme::palette(ui.visuals());
    let (colour, icon) = match compared.verdict() {
        ComparisonOutcome::Better => (palette.same, Some(Icon::ArrowUp)),
        ComparisonOutcome::Worse => (palette.different, Some(Icon::ArrowDown)),
        ComparisonOutcome::NoDifference | ComparisonOutcome::Chosen | ComparisonOutcome::NotMeasured => {
            (palette.text, None)
        }
    };
    let painter = ui.painter();
    let value = signed(100.0 * compared.difference.value);
    let at = pos2(right, rect.center().y - 9.0);
    let drawn = painter.text(at, Align2::RIGHT_CENTER, value, theme::strong_font(type_size::BODY), colour);
    if let Some(icon) = icon {
        let at = drawn.left_center() - vec2(4.0, 0.0);
        painter.text(at, Align2::RIGHT_CENTER, icons::glyph(icon), icons::font(13.0), colour);
    }
    let range = range(text, compared);
    let at = pos2(right, rect.center().y + 10.0);
    painter.text(at, Align2::RIGHT_CENTER, range, theme::small_font(), palette.secondary);
}

/// Old above, new below, each a dot with its 95% whiskers on one scale.
fn chart_ui(ui: &Ui, area: Rect, compared: &Compared) {
    let palette = theme::palette(ui.visuals());
    let ends = compared.intervals();
    let low = ends.iter().map(|end| end[0]).fold(f64::INFINITY, f64::min).max(0.0);
    let high = ends.iter().map(|end| end[1]).fold(f64::NEG_INFINITY, f64::max).min(1.0);
    let pad = ((high - low) * 0.15).max(0.002);
    let (low, high) = ((low - pad).max(0.0), (high + pad).min(1.0));
    let inner = area.shrink2(vec2(40.0, 0.0));
    if inner.width() < LEAST_CHART {
        return;
    }
    let x =
        |value: f64| inner.left() + inner.width() * ((value.clamp(low, high) - low) / (high - low).max(1e-9)) as f32;
    let painter = ui.painter();
    let axis = theme::hairline(palette);
    painter.hline(inner.x_range(), area.center().y, axis);
    for (end, align, at) in
        [(low, Align2::RIGHT_CENTER, inner.left() - 6.0), (high, Align2::LEFT_CENTER, inner.right() + 6.0)]
    {
        let words = format!("{:.1}%", 100.0 * end);
        painter.text(pos2(at, area.center().y), align, words, theme::small_font(), palette.secondary);
    }
    let rows: [(&Measured, f32, Color32); 2] =
        [(&compared.old, -10.0, palette.secondary), (&compared.new, 10.0, palette.accent)];
    for ((of, lift, colour), [from, to]) in rows.into_iter().zip(ends) {
        let y = area.center().y + lift;
        let stroke = Stroke::new(1.75, colour);
        painter.hline(x(from)..=x(to), y, stroke);
        for end in [x(from), x(to)] {
            painter.vline(end, y - 4.0..=y + 4.0, stroke);
        }
        painter.circle_filled(pos2(x(of.value), y), 4.5, colour);
    }
}

fn share(of: &Measured) -> String {
    format!("{:.2}% ± {:.2}", 100.0 * of.value, 100.0 * of.standard_error)
}

/// The 95% interval of the difference, in percentage points.
fn range(text: &Locale, compared: &Compared) -> String {
    let [low, high] = [compared.low, compared.high].map(|share| signed(100.0 * share));
    text.f("comparison_range", &[("low", &low), ("high", &high)])
}

/// With its sign, a real minus.
fn signed(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    match rounded {
        below if below < 0.0 => format!("−{:.2}", -below),
        above if above > 0.0 => format!("+{above:.2}"),
        _ => "0.00".to_owned(),
    }
}

/// A run from random weights has nothing to be measured against.
fn without_old_ui(ui: &mut Ui, text: &Locale, summary: &TrainSummary) {
    ui.label(theme::heading(text.s("comparison_no_old")));
    if let Some(people) = summary.after.as_ref().and_then(|after| after.people.as_ref()) {
        let (val, one_in, auc) = (words::percent(people.val), one_in(people.far_target), format!("{:.4}", people.auc));
        let values = [("val", val.as_str()), ("one_in", &one_in), ("auc", &auc)];
        ui.add(egui::Label::new(theme::secondary(ui, text.f("comparison_alone", &values))).wrap());
    }
}

/// The figure that the network was chosen by, as [`ValidationReport::beats`] takes it.
fn judged_as(text: &Locale, report: &ValidationReport) -> String {
    if let Some(teacher) = report.to_teacher {
        return text.f("comparison_to_teacher", &[("distance", &format!("{:.3}", teacher.squared_distance))]);
    }
    let of_pairs = || report.pairs.as_ref().map_or(0.0, |pairs| pairs.accuracy);
    words::percent(
        report.people.as_ref().map_or_else(of_pairs, |people| people.against_old.map_or(people.val, |with| with.val)),
    )
}

/// How the network and what is in use without it are called, and which of the two is proposed, if one is: a network that
/// is no better than the one it shall replace can be used, but it is not what the window proposes. One that was taught
/// replaces none, and where it is less good than its teacher its user knows what its speed is worth.
struct AdoptionOffer {
    use_key: &'static str,
    keep_key: &'static str,
    kept_key: &'static str,
    use_rank: Rank,
    keep_rank: Rank,
}

impl AdoptionOffer {
    fn of(summary: &TrainSummary) -> Self {
        let advised = summary.not_advised().is_none();
        let verdict = summary.comparison.as_ref().map(|comparison| comparison.verdict);
        if summary.against_teacher {
            let is_worse = verdict == Some(ComparisonOutcome::Worse);
            let use_rank = if advised && !is_worse { Rank::Primary } else { Rank::Plain };
            let (use_key, keep_key) = ("comparison_use_taught", "comparison_keep_library");
            return Self { use_key, keep_key, kept_key: "comparison_library_kept", use_rank, keep_rank: Rank::Plain };
        }
        let better = advised && verdict.is_none_or(|verdict| verdict == ComparisonOutcome::Better);
        let (use_rank, keep_rank) = if better { (Rank::Primary, Rank::Plain) } else { (Rank::Plain, Rank::Primary) };
        let (use_key, keep_key) = ("comparison_use", "comparison_keep");
        Self { use_key, keep_key, kept_key: "comparison_old_kept", use_rank, keep_rank }
    }
}

fn adoption_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &LiveRun, summary: &TrainSummary) {
    let palette = theme::palette(ui.visuals());
    match &run.adoption {
        Adoption::Undecided | Adoption::OldKept => {
            let AdoptionOffer { use_key, keep_key, kept_key, use_rank, keep_rank } = AdoptionOffer::of(summary);
            if run.adoption == Adoption::OldKept {
                let folder = summary.run.to_string_lossy();
                banner_ui(ui, Icon::Check, palette.secondary, ctx.text.s(kept_key), &folder);
                ui.add_space(space::XS);
            }
            ui.horizontal(|ui| {
                let usable = summary.model.is_some();
                if buttons::enabled_button_ui(ui, usable, use_rank, ctx.text.s(use_key)).clicked() {
                    ctx.send(Message::UseNetwork);
                }
                if run.adoption == Adoption::Undecided
                    && buttons::button_ui(ui, keep_rank, ctx.text.s(keep_key)).clicked()
                {
                    ctx.send(Message::KeepOld);
                }
            });
        }
        Adoption::Underway => {
            ui.horizontal(|ui| {
                ui.spinner();
                ui.label(theme::secondary(ui, ctx.text.s("comparison_underway")));
            });
        }
        Adoption::InUse { model, faces } => {
            let what = ctx.text.f("comparison_in_use", &[("model", model)]);
            let advice = match faces {
                0 => ctx.text.s("comparison_nothing_to_embed").to_owned(),
                faces => ctx.text.n("comparison_to_embed", *faces),
            };
            banner_ui(ui, Icon::CircleCheck, palette.same, &what, &advice);
            if *faces > 0 {
                ui.add_space(space::XS);
                if buttons::button_ui(ui, Rank::Primary, ctx.text.s("comparison_embed")).clicked() {
                    ctx.send(Message::Reembed);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::train::job::adopt::tests::summary;
    use crate::app::ui::locale::Language;
    use crate::train::validate::TeacherReport;

    #[test]
    fn a_taught_network_is_offered_as_what_it_is() {
        let compared = |verdict| Some(Comparison { verdict, ..Comparison::new("old".to_owned(), None, None) });
        let ranks = |verdict, against_teacher| {
            let summary = TrainSummary { comparison: compared(verdict), against_teacher, ..summary(40) };
            let offer = AdoptionOffer::of(&summary);
            (offer.use_rank, offer.keep_rank, offer.keep_key == "comparison_keep")
        };
        let (primary, plain) = (Rank::Primary, Rank::Plain);
        assert_eq!(ranks(ComparisonOutcome::Better, false), (primary, plain, true));
        assert_eq!(ranks(ComparisonOutcome::NoDifference, false), (plain, primary, true));
        // As good as its teacher is as good as it can be; what its speed is worth its user knows.
        assert_eq!(ranks(ComparisonOutcome::NoDifference, true), (primary, plain, false));
        assert_eq!(ranks(ComparisonOutcome::Worse, true), (plain, plain, false));
    }

    #[test]
    fn the_network_is_told_by_the_figure_that_chose_it() {
        let text = Locale::new(Language::English);
        let told = |summary: &TrainSummary| which_network(&text, summary);
        assert!(told(&summary(40)).contains("of all that were judged it did best (50.0%)"), "{}", told(&summary(40)));
        let to_teacher = Some(TeacherReport { pictures: 40, squared_distance: 0.3214 });
        let nameless = ValidationReport { step: 9, to_teacher, ..ValidationReport::default() };
        let taught = TrainSummary { after: Some(nameless), ..summary(40) };
        assert!(told(&taught).contains("(squared distance to its teacher 0.321)"), "{}", told(&taught));
        let alone = TrainSummary { after: None, ..taught };
        assert!(told(&alone).contains("has not been judged"), "{}", told(&alone));
    }

    #[test]
    fn differences_carry_their_sign() {
        assert_eq!([1.234, -0.5, 0.001, -0.004].map(signed), ["+1.23", "−0.50", "0.00", "0.00"]);
        assert_eq!([1e-3, 0.01].map(one_in), ["1,000", "100"]);
    }
}
