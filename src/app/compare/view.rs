//! Compare: two faces with their squared distance on its scale and the verdict in words; more as a matrix.

use eframe::egui::{self, CornerRadius, Rect, Role, Sense, TextureHandle, Ui, Vec2, WidgetInfo};

use crate::app::compare::state::{CompareResult, CompareSource, ComparedFace, MOST_COMPARED, Message, State};
use crate::app::engine::facts::{DistanceSample, SampleOf};
use crate::app::engine::picture::ImageKey;
use crate::app::ui::feature::FeatureView;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale::grouped;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::thumbnails::{Drawable, texture_of};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::distance_scale::{DistanceScale, distance_scale_ui};
use crate::app::ui::widgets::matrix::{MatrixFace, matrix_ui};
use crate::app::ui::widgets::name_field::{NameField, NameFieldOptions, person_field_ui};
use crate::app::ui::widgets::verification::{Verdicts, verification_ui};
use crate::app::ui::widgets::{picture, status};
use crate::types::SquaredDistance;

pub(crate) type Context<'a> =
    crate::app::ui::context::ViewContext<'a, crate::app::compare::state::State, crate::app::compare::state::Message>;

const CROP: f32 = 224.0;

#[derive(Default)]
pub(crate) struct Views {
    /// Textures of the crops, for the sources they belong to.
    crops: Vec<Option<TextureHandle>>,
    crops_of: Vec<CompareSource>,
    picking: NameField,
    /// Faces a row of the verification; none shows the table of all distances.
    columns: Option<usize>,
}

/// Faces a row that can be chosen.
const COLUMNS: [usize; 3] = [2, 3, 4];

impl FeatureView<State> for Views {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        self.update_crops(ui.ctx(), ctx);
        self.bar_ui(ui, ctx);
        if ctx.state.left_out > 0 {
            let most = grouped(MOST_COMPARED as u64);
            let words = ctx.text.nf("compare_left_out", ctx.state.left_out as u64, &[("most", &most)]);
            ui.add(egui::Label::new(theme::secondary(ui, words)).wrap());
        }
        ui.add_space(space::L);
        match (ctx.state.sources.len(), &ctx.state.result) {
            (0, _) => {
                let (title, what) = (ctx.text.s("compare_empty"), ctx.text.s("compare_what"));
                if status::empty_ui(ui, Icon::Scale, title, what, Some(ctx.text.s("choose_files"))) {
                    ctx.send(Message::ChooseFiles);
                }
            }
            (1 | 2, result) => {
                let scrolled = egui::ScrollArea::vertical().auto_shrink(false);
                scrolled.show(ui, |ui| self.pair_ui(ui, ctx, result.as_ref()));
            }
            (_, Some(result)) => self.matrix_ui(ui, ctx, result),
            (_, None) => status::skeleton_ui(ui, Vec2::splat(72.0), ctx.text.s("loading")),
        }
    }
}

impl Views {
    fn update_crops(&mut self, egui_ctx: &egui::Context, ctx: &Context<'_>) {
        let Some(result) = &ctx.state.result else { return };
        if self.crops_of == result.sources && self.crops.len() == result.slots.len() {
            return;
        }
        let crop = |slot: &Result<ComparedFace, String>| {
            slot.as_ref().ok().and_then(|face| texture_of(egui_ctx, &face.title, &face.crop))
        };
        self.crops = result.slots.iter().map(crop).collect();
        self.crops_of = result.sources.clone();
    }

    fn bar_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        ui.horizontal(|ui| {
            let files = ctx.text.s("choose_files");
            if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::FileInput, files).clicked() {
                ctx.send(Message::ChooseFiles);
            }
            let pick = buttons::icon_and_text_ui(ui, Rank::Plain, Icon::UserRound, ctx.text.s("pick_from_library"));
            let menu = egui::Popup::menu(&pick).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside);
            let shown = menu.show(|ui| {
                ui.set_min_width(260.0);
                if self.picker_ui(ui, ctx) {
                    ui.close();
                }
            });
            if shown.is_none() {
                self.picking = NameField::default();
            }
            if !ctx.state.sources.is_empty() && buttons::button_ui(ui, Rank::Quiet, ctx.text.s("clear")).clicked() {
                ctx.send(Message::Clear);
            }
        });
    }

    /// The best face of a person whose name is entered. True when one was taken.
    fn picker_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) -> bool {
        let id = egui::Id::unique("pick to compare");
        let options = NameFieldOptions {
            label: ctx.text.s("name_label"),
            hint: ctx.text.s("somebody_hint"),
            width: 240.0,
            focus: self.picking.text.is_empty() && !ui.memory(|memory| memory.has_focus(id)),
        };
        let picked = person_field_ui(ui, ctx, id, &mut self.picking, options, None);
        let Some(row) = picked else { return false };
        // Of somebody without a face there is nothing to compare.
        let faces: Vec<CompareSource> = row.cover.into_iter().map(CompareSource::Face).collect();
        ctx.send(Message::Add(faces));
        true
    }

    fn pair_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, result: Option<&CompareResult>) {
        ui.vertical_centered(|ui| {
            ui.set_max_width(size::READING_WIDTH);
            let gap = space::XXL;
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = gap;
                ui.add_space(((ui.available_width() - 2.0 * CROP - gap) / 2.0).max(0.0));
                for slot in 0..2 {
                    self.slot_ui(ui, ctx, slot, result);
                }
            });
            ui.add_space(space::L);
            let distance = result.and_then(|result| *result.distances.first()?.get(1)?);
            match distance {
                Some(distance) => verdict_ui(ui, ctx, distance),
                None if ctx.state.sources.len() == 2 && result.is_none() => {
                    ui.spinner();
                }
                None if ctx.state.sources.len() < 2 => {
                    ui.label(theme::secondary(ui, ctx.text.s("compare_one_more")));
                }
                None => {}
            }
        });
    }

    fn slot_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, slot: usize, result: Option<&CompareResult>) {
        ui.vertical(|ui| {
            ui.set_width(CROP);
            let Some(source) = ctx.state.sources.get(slot) else {
                empty_slot_ui(ui, ctx);
                return;
            };
            let face = result.and_then(|result| result.slots.get(slot));
            let title = title_of(ctx, source, face);
            let (rect, response) = ui.allocate_exact_size(Vec2::splat(CROP), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &title));
            let drawable = match (self.crops.get(slot).and_then(Option::as_ref), face, source) {
                (Some(crop), Some(_), _) => Drawable::of(Some(crop)),
                (_, None, CompareSource::Face(face)) => ctx.images.get(ImageKey::Face(*face)),
                (_, Some(Err(_)), _) => Drawable::Failed,
                _ => Drawable::Loading,
            };
            picture::paint(ui, rect, drawable, picture::Fit::Cover, CornerRadius::same(theme::radius::PANEL));
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = space::S;
                ui.allocate_ui(Vec2::new(CROP - size::CONTROL - space::S, size::CONTROL), |ui| {
                    ui.set_min_width(CROP - size::CONTROL - space::S);
                    ui.add(egui::Label::new(theme::strong(&title)).truncate()).on_hover_text(&title);
                });
                if buttons::icon_button_ui(ui, Icon::X, ctx.text.s("remove_from_comparison")).clicked() {
                    ctx.send(Message::Remove(slot));
                }
            });
            note_ui(ui, ctx, face);
        });
    }

    /// All distances as a table, or rows of faces with the distances between neighbours.
    fn arrangement_ui(&mut self, ui: &mut Ui, ctx: &Context<'_>) {
        let rows = COLUMNS.map(|columns| ctx.text.f("arrange_rows", &[("count", &columns.to_string())]));
        let labels = [ctx.text.s("arrange_table"), &rows[0], &rows[1], &rows[2]];
        let chosen = self.columns.and_then(|chosen| COLUMNS.iter().position(|columns| *columns == chosen));
        if let Some(pressed) = buttons::segments_ui(ui, chosen.map_or(0, |place| place + 1), &labels) {
            self.columns = pressed.checked_sub(1).map(|place| COLUMNS[place]);
        }
    }

    fn matrix_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, result: &CompareResult) {
        self.arrangement_ui(ui, ctx);
        let titles: Vec<String> =
            result.sources.iter().zip(&result.slots).map(|(source, slot)| title_of(ctx, source, Some(slot))).collect();
        let faces: Vec<MatrixFace<'_>> = titles
            .iter()
            .enumerate()
            .map(|(i, title)| MatrixFace { crop: self.crops.get(i).and_then(Option::as_ref), title })
            .collect();
        let threshold = ctx.facts.threshold();
        let text = ctx.text;
        let words = |row: usize, column: usize, distance: SquaredDistance| {
            let key = if distance.0 <= threshold { "pair_same" } else { "pair_different" };
            let distance = format!("{:.3}", distance.0);
            text.f(key, &[("a", &titles[row]), ("b", &titles[column]), ("distance", &distance)])
        };
        let limit = format!("{threshold:.2}");
        let Some(columns) = self.columns else {
            ui.label(theme::secondary(ui, ctx.text.f("matrix_what", &[("threshold", &limit)])));
            ui.add_space(space::S);
            matrix_ui(ui, &faces, &result.distances, threshold, &words);
            return;
        };
        ui.label(theme::secondary(ui, ctx.text.f("rows_what", &[("threshold", &limit)])));
        ui.add_space(space::S);
        let verdicts = Verdicts { threshold, same: text.s("rows_same"), different: text.s("rows_different") };
        verification_ui(ui, &faces, &result.distances, columns, verdicts, &words);
    }
}

fn title_of(ctx: &Context<'_>, source: &CompareSource, face: Option<&Result<ComparedFace, String>>) -> String {
    if let Some(Ok(face)) = face {
        return face.title.clone();
    }
    match source {
        CompareSource::File(path) => {
            path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy()).into_owned()
        }
        CompareSource::Face(_) => ctx.text.s("face").to_owned(),
    }
}

fn note_ui(ui: &mut Ui, ctx: &Context<'_>, face: Option<&Result<ComparedFace, String>>) {
    let palette = theme::palette(ui.visuals());
    match face {
        Some(Err(reason)) => {
            ui.add(egui::Label::new(egui::RichText::new(reason).color(palette.different)).wrap());
        }
        Some(Ok(face)) if face.faces_in_file > 1 => {
            ui.label(theme::secondary(ui, ctx.text.n("largest_of", face.faces_in_file as u64)));
        }
        _ => {}
    }
}

fn empty_slot_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let palette = theme::palette(ui.visuals());
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(CROP), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, ctx.text.s("choose_files")));
    let rounding = CornerRadius::same(theme::radius::PANEL);
    let fill = if response.hovered() { palette.hovered } else { palette.raised };
    ui.painter().rect_filled(rect, rounding, fill);
    let inner = Rect::from_center_size(rect.center(), Vec2::splat(CROP - space::XXL));
    let mut child = ui.new_child(egui::UiBuilder::new().max_rect(inner));
    child.vertical_centered(|ui| {
        ui.add_space(CROP / 2.0 - 48.0);
        ui.label(icons::large(Icon::Plus).color(palette.secondary));
        ui.label(theme::secondary(ui, ctx.text.s("drop_or_choose")));
    });
    if response.clicked() {
        ctx.send(Message::ChooseFiles);
    }
}

/// The verdict in plain words, then the number on its scale.
fn verdict_ui(ui: &mut Ui, ctx: &mut Context<'_>, distance: SquaredDistance) {
    let palette = theme::palette(ui.visuals());
    let threshold = ctx.facts.threshold();
    let same = distance.0 <= threshold;
    let close_call = (distance.0 - threshold).abs() < 0.08;
    let (icon, colour, key) = match (same, close_call) {
        (true, false) => (Icon::CircleCheck, palette.same, "verdict_same"),
        (true, true) => (Icon::CircleQuestionMark, palette.unsure, "verdict_same_unsure"),
        (false, true) => (Icon::CircleQuestionMark, palette.unsure, "verdict_different_unsure"),
        (false, false) => (Icon::CircleX, palette.different, "verdict_different"),
    };
    let words = ctx.text.s(key);
    ui.horizontal(|ui| {
        let width = ui.fonts_mut(|fonts| {
            let font = theme::strong_font(theme::type_size::HEADING);
            fonts.layout_no_wrap(words.to_owned(), font, palette.text).size().x
        });
        ui.add_space(((ui.available_width() - width - size::ICON - space::L) / 2.0).max(0.0));
        ui.label(icons::text(icon).size(theme::type_size::HEADING).color(colour));
        ui.label(theme::heading(words));
    });
    let (number, limit) = (format!("{:.3}", distance.0), format!("{threshold:.2}"));
    let values = [("distance", number.as_str()), ("threshold", limit.as_str())];
    ui.label(theme::secondary(ui, ctx.text.f("verdict_why", &values)));
    ui.add_space(space::M);
    let name = ctx.text.f("scale_name", &values);
    let sample = ctx.facts.sample.as_ref();
    let threshold_word = ctx.text.s("threshold_mark");
    distance_scale_ui(ui, DistanceScale { distance, threshold, threshold_word, name: &name, sample });
    if let Some(sample) = sample {
        ui.label(theme::secondary(ui, sample_words(ctx, sample)));
    }
}

/// Whose distances stand behind the scale.
fn sample_words(ctx: &Context<'_>, sample: &DistanceSample) -> String {
    match &sample.of {
        SampleOf::Run(list) => ctx.text.f("sample_of_run", &[("list", list)]),
        SampleOf::NamedFaces(count) => ctx.text.n("sample_of_faces", *count),
    }
}
