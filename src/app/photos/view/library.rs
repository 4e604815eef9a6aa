//! The library: photos by month, in a grid of which only the visible rows are laid out.

use eframe::egui::{self, CornerRadius, Rect, Response, Role, Sense, Slider, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use crate::app::engine::facts::Loadable;
use crate::app::engine::picture::ImageKey;
use crate::app::photos::state::Message;
use crate::app::photos::state::{PhotoTile, Timeline};
use crate::app::photos::view::Context;
use crate::app::photos::view::left_out::left_out_ui;
use crate::app::ui::action::Action;
use crate::app::ui::icons::Icon;
use crate::app::ui::page::Page;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::rows::{RowTops, rows_ui};
use crate::app::ui::widgets::{buttons, picture, status};
use crate::library::PhotoFilter;

const HEADING: f32 = 44.0;
const GAP: f32 = 6.0;
/// How much of a photo whose drive is not there is covered.
const FADED: f32 = 0.45;

/// The grid's rows, laid out once for a timeline and a number of columns.
#[derive(Default)]
pub(crate) struct LibraryView {
    laid_out_for: Option<(u64, usize, u32)>,
    rows: Vec<GridRow>,
    tops: RowTops,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GridRow {
    Heading { month: usize },
    Photos { month: usize, first: usize, count: usize },
}

impl LibraryView {
    pub fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        bar_ui(ui, ctx);
        ui.add_space(space::S);
        let state = ctx.state;
        match &state.timeline {
            Loadable::Loading => {
                status::skeleton_ui(ui, Vec2::splat(state.tile_size), ctx.text.s("loading"));
            }
            Loadable::Failed(failure) => {
                let again = ctx.text.s("try_again");
                if status::failed_ui(ui, ctx.text, failure, again) {
                    ctx.act(Action::FilterPhotos(state.filter));
                }
            }
            Loadable::Ready(timeline) if state.filter == PhotoFilter::Failed => left_out_ui(ui, ctx, &timeline.skipped),
            Loadable::Ready(timeline) if timeline.months.is_empty() => {
                empty_ui(ui, ctx);
            }
            Loadable::Ready(timeline) => self.grid_ui(ui, ctx, timeline),
        }
    }

    fn grid_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>, timeline: &Timeline) {
        let width = ui.available_width() - space::M;
        let wanted = ctx.state.tile_size;
        let columns = (((width + GAP) / (wanted + GAP)).floor() as usize).max(1);
        let side = ((width + GAP) / columns as f32 - GAP).floor();
        self.lay_out(timeline, ctx.state.timeline_revision, columns, side);
        let rows = &self.rows;
        let (offset, frame) = rows_ui(ui, "library", &self.tops, None, |ui, row| match rows[row] {
            GridRow::Heading { month } => heading_ui(ui, ctx, timeline, month),
            GridRow::Photos { month, first, count } => {
                ui.spacing_mut().item_spacing.x = GAP;
                ui.horizontal(|ui| {
                    for tile in &timeline.months[month].photos[first..first + count] {
                        if tile_ui(ui, ctx, tile, side).clicked() {
                            ctx.act(Action::Open(Page::Photo(tile.photo)));
                        }
                    }
                });
            }
        });
        self.sticky_heading_ui(ui, ctx, timeline, offset, frame);
    }

    fn lay_out(&mut self, timeline: &Timeline, revision: u64, columns: usize, side: f32) {
        let now = Some((revision, columns, side as u32));
        if self.laid_out_for == now {
            return;
        }
        self.laid_out_for = now;
        self.rows = grid_rows(timeline, columns);
        self.tops = RowTops::new(self.rows.iter().map(|row| match row {
            GridRow::Heading { .. } => HEADING,
            GridRow::Photos { .. } => side + GAP,
        }));
    }

    /// The month at the top of the grid stays to be read while its photos pass.
    fn sticky_heading_ui(&self, ui: &Ui, ctx: &Context<'_>, timeline: &Timeline, offset: f32, frame: Rect) {
        let row = self.tops.at(offset.max(0.0));
        let month = match self.rows.get(row) {
            Some(GridRow::Heading { month } | GridRow::Photos { month, .. }) => *month,
            None => return,
        };
        let palette = theme::palette(ui.visuals());
        let strip = Rect::from_min_size(frame.min, Vec2::new(frame.width(), HEADING - space::S));
        let painter = ui.painter_at(frame);
        painter.rect_filled(strip, CornerRadius::ZERO, palette.background);
        let words = month_words(ctx, timeline, month);
        let at = egui::pos2(strip.left(), strip.center().y);
        let font = theme::strong_font(theme::type_size::LEAD);
        let drawn = painter.text(at, egui::Align2::LEFT_CENTER, words, font, palette.text);
        let count = crate::app::ui::locale::grouped(timeline.months[month].photos.len() as u64);
        let at = egui::pos2(drawn.right() + space::S, strip.center().y);
        painter.text(at, egui::Align2::LEFT_CENTER, count, theme::small_font(), palette.secondary);
    }
}

fn grid_rows(timeline: &Timeline, columns: usize) -> Vec<GridRow> {
    let mut rows = Vec::new();
    for (month, group) in timeline.months.iter().enumerate() {
        rows.push(GridRow::Heading { month });
        for first in (0..group.photos.len()).step_by(columns) {
            rows.push(GridRow::Photos { month, first, count: columns.min(group.photos.len() - first) });
        }
    }
    rows
}

fn month_words(ctx: &Context<'_>, timeline: &Timeline, month: usize) -> String {
    let group = &timeline.months[month];
    ctx.text.month(group.year, group.month)
}

/// Of a filter nothing passes; or all photos are gone, and their people wait for them.
fn empty_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let (title_key, why_key, button_key, action) = match ctx.state.filter {
        PhotoFilter::All => ("photos_gone", "photos_gone_why", "rescan", Action::Rescan),
        _ => ("library_empty", "library_empty_why", "show_all", Action::FilterPhotos(PhotoFilter::All)),
    };
    let (title, why) = (ctx.text.s(title_key), ctx.text.s(why_key));
    if status::empty_ui(ui, Icon::Images, title, why, Some(ctx.text.s(button_key))) {
        ctx.act(action);
    }
}

fn heading_ui(ui: &mut Ui, ctx: &Context<'_>, timeline: &Timeline, month: usize) {
    ui.horizontal_centered(|ui| {
        ui.label(theme::lead(month_words(ctx, timeline, month)));
        let count = crate::app::ui::locale::grouped(timeline.months[month].photos.len() as u64);
        ui.label(theme::secondary(ui, count).size(theme::type_size::SMALL));
    });
}

/// Filters on the left, size and rescan on the right.
fn bar_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    ui.horizontal(|ui| {
        let filters = [
            ("filter_all", PhotoFilter::All),
            ("filter_unnamed", PhotoFilter::UnnamedFaces),
            ("filter_no_faces", PhotoFilter::NoFaces),
            ("filter_skipped", PhotoFilter::Failed),
        ];
        for (key, filter) in filters {
            let selected = ctx.state.filter == filter;
            if buttons::chip_ui(ui, selected, ctx.text.s(key)).clicked() {
                ctx.act(Action::FilterPhotos(if selected { PhotoFilter::All } else { filter }));
            }
        }
        if let PhotoFilter::Person(person) = ctx.state.filter {
            let name = ctx.facts.name_of(person).unwrap_or(ctx.text.s("unnamed_group"));
            if buttons::chip_ui(ui, true, &format!("{name}  ×")).clicked() {
                ctx.act(Action::FilterPhotos(PhotoFilter::All));
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if buttons::icon_button_ui(ui, Icon::FolderOpen, ctx.text.s("choose_folder")).clicked() {
                ctx.act(Action::ChooseFolder);
            }
            if buttons::icon_button_ui(ui, Icon::RefreshCw, ctx.text.s("rescan")).clicked() {
                ctx.act(Action::Rescan);
            }
            let mut side = ctx.state.tile_size;
            ui.spacing_mut().interact_size.y = size::SLIDER;
            let slider = Slider::new(&mut side, 88.0..=288.0).show_value(false);
            let response = ui.add(slider).on_hover_text(ctx.text.s("tile_size"));
            let (value, label) = (f64::from(side), ctx.text.s("tile_size"));
            response.widget_info(|| WidgetInfo::slider(true, value, label));
            if response.changed() {
                ctx.send(Message::SetTileSize(side));
            }
        });
    });
}

fn tile_ui(ui: &mut Ui, ctx: &mut Context<'_>, tile: &PhotoTile, side: f32) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(side), Sense::click());
    let name = ctx.text.n("photo_with_faces", tile.faces.len() as u64);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let palette = theme::palette(ui.visuals());
    let rounding = CornerRadius::same(theme::radius::CONTROL);
    let drawable = ctx.images.get(ImageKey::Thumbnail(tile.photo));
    let whole = picture::paint(ui, rect, drawable, picture::Fit::CoverAround(focus(tile)), rounding);
    if let Some(folder) = &tile.offline {
        ui.painter().rect_filled(rect, rounding, palette.background.gamma_multiply(FADED));
        let folder = folder.to_string_lossy();
        response.clone().on_hover_text(ctx.text.f("said_offline", &[("folder", &folder)]));
    }
    if response.hovered() {
        outlines_ui(ui, rect, whole, tile);
    }
    if response.has_focus() {
        let ring = Stroke::new(size::RING + 1.0, palette.accent);
        ui.painter().rect_stroke(rect, rounding, ring, StrokeKind::Inside);
    }
    response
}

/// The middle of all faces: a square cut from a photo shows them rather than its centre.
fn focus(tile: &PhotoTile) -> [f32; 2] {
    let mut around = Rect::NOTHING;
    for face in &tile.faces {
        around.extend_with(egui::pos2(face.x, face.y));
        around.extend_with(egui::pos2(face.x + face.width, face.y + face.height));
    }
    if !around.is_positive() {
        return [0.5, 0.5];
    }
    let centre = around.center().to_vec2() / Vec2::new(tile.size.0.max(1) as f32, tile.size.1.max(1) as f32);
    [centre.x, centre.y]
}

/// Where the faces are, while the pointer is over the photo.
fn outlines_ui(ui: &Ui, frame: Rect, whole: Rect, tile: &PhotoTile) {
    let palette = theme::palette(ui.visuals());
    let scale = whole.size() / Vec2::new(tile.size.0.max(1) as f32, tile.size.1.max(1) as f32);
    let painter = ui.painter_at(frame);
    for face in &tile.faces {
        let min = whole.min + Vec2::new(face.x, face.y) * scale;
        let face = Rect::from_min_size(min, Vec2::new(face.width, face.height) * scale);
        painter.rect_stroke(face, CornerRadius::same(3), Stroke::new(1.5, palette.on_scrim), StrokeKind::Outside);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::photos::state::Month;
    use crate::types::PhotoId;

    #[test]
    fn a_month_begins_a_new_row() {
        let tile = |id| PhotoTile { photo: PhotoId(id), size: (4, 3), faces: Vec::new(), offline: None };
        let month = |n: i64| Month { year: 2024, month: 1, photos: (0..n).map(tile).collect() };
        let timeline = Timeline { months: vec![month(5), month(1)], skipped: Vec::new() };
        assert_eq!(
            grid_rows(&timeline, 3),
            [
                GridRow::Heading { month: 0 },
                GridRow::Photos { month: 0, first: 0, count: 3 },
                GridRow::Photos { month: 0, first: 3, count: 2 },
                GridRow::Heading { month: 1 },
                GridRow::Photos { month: 1, first: 0, count: 1 },
            ]
        );
    }
}
