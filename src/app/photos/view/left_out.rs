//! Files in which no faces are looked for, each with its reason and the way to have it tried again: of a damaged picture
//! what there is of it, and below them videos and pictures of kinds that are not read.

use eframe::egui::{self, Align, CornerRadius, Layout, Role, Sense, Ui, Vec2, WidgetInfo};

use crate::app::engine::picture::ImageKey;
use crate::app::photos::state::LeftOutFile;
use crate::app::photos::view::Context;
use crate::app::ui::action::Action;
use crate::app::ui::icons::Icon;
use crate::app::ui::locale::day_and_time;
use crate::app::ui::page::Page;
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::rows::{RowTops, rows_ui};
use crate::app::ui::widgets::{picture, status};
use crate::types::PhotoId;

const SIDE: f32 = 48.0;

pub(super) fn left_out_ui(ui: &mut Ui, ctx: &mut Context<'_>, files: &[LeftOutFile]) {
    if files.is_empty() {
        let (title, why) = (ctx.text.s("skipped_none"), ctx.text.s("skipped_none_why"));
        status::empty_ui(ui, Icon::CircleCheck, title, why, None);
        return;
    }
    again_ui(ui, ctx, files);
    let tops = RowTops::new(std::iter::repeat_n(SIDE + space::S, files.len()));
    rows_ui(ui, "skipped", &tops, None, |ui, row| {
        ui.horizontal(|ui| {
            let file = &files[row];
            match file.photo {
                Some(photo) => picture_ui(ui, ctx, photo, file),
                None => _ = ui.allocate_exact_size(Vec2::splat(SIDE), Sense::hover()),
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if file.photo.is_some() && buttons::button_ui(ui, Rank::Quiet, ctx.text.s("try_again")).clicked() {
                    ctx.act(Action::TryAgain(vec![file.path.clone()]));
                }
                ui.with_layout(Layout::top_down(Align::Min), |ui| words_ui(ui, ctx, file));
            });
        });
    });
}

/// The way back for all of them: a decoder may have been mended, a drive was worn out, or the program was ended for
/// another reason each time that it looked at one.
fn again_ui(ui: &mut Ui, ctx: &mut Context<'_>, files: &[LeftOutFile]) {
    let again = || files.iter().filter(|file| file.photo.is_some());
    let are_several = again().nth(1).is_some();
    if are_several && buttons::button_ui(ui, Rank::Plain, ctx.text.s("try_all_again")).clicked() {
        ctx.act(Action::TryAgain(again().map(|file| file.path.clone()).collect()));
    }
}

/// Opens the page with as much of the picture as there is.
fn picture_ui(ui: &mut Ui, ctx: &mut Context<'_>, photo: PhotoId, file: &LeftOutFile) {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(SIDE), Sense::click());
    let name = file.path.file_name().unwrap_or(file.path.as_os_str()).to_string_lossy();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &*name));
    if ui.is_rect_visible(rect) {
        let rounding = CornerRadius::same(theme::radius::TILE);
        picture::paint(ui, rect, ctx.images.get(ImageKey::Thumbnail(photo)), picture::Fit::Contain, rounding);
        buttons::focus_ring(ui, rect, &response, rounding, theme::palette(ui.visuals()));
    }
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    if response.clicked() {
        ctx.act(Action::Open(Page::Photo(photo)));
    }
}

fn words_ui(ui: &mut Ui, ctx: &Context<'_>, file: &LeftOutFile) {
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.add(egui::Label::new(ctx.text.reason(&file.reason)).truncate());
    let path = file.path.to_string_lossy();
    // First, so that a long path does not push it out of sight: what its user asked to be tried again tells that it was.
    let tried = file.tried_at.map(|at| ctx.text.f("skipped_tried", &[("at", &day_and_time(at))]));
    let words = tried.into_iter().chain([path.to_string()]).collect::<Vec<_>>().join(ctx.text.s("list_separator"));
    let label = egui::Label::new(theme::secondary(ui, words).size(theme::type_size::SMALL)).truncate();
    ui.add(label).on_hover_text(path);
}
