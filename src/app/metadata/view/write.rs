//! Names for other programs: the section of Settings, and the page: what is written ([`form`]), then what would change
//! file by file ([`files`]), then the buttons, always in sight.

mod files;
mod form;

use std::sync::Arc;

use eframe::egui::{self, Align, Galley, Label, Layout, Panel, TextStyle, TextWrapMode, Ui, WidgetText};

use self::files::{PageRow, rows};
use crate::app::metadata::state::SkippedFile;
use crate::app::metadata::state::write::{LeftName, WRITE_NAMES_PAGE, WriteMessage, WriteOutcome, WritingState};
use crate::app::metadata::state::{Message, State};
use crate::app::metadata::view::Context;
use crate::app::ui::action::Action;
use crate::app::ui::locale::Locale;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::rows::{RowTops, rows_ui};
use crate::app::ui::widgets::section::hint_ui;
use crate::app::ui::widgets::status;

/// The buttons at the foot, and the space around them and the words above them.
const FOOT: f32 = size::CONTROL + space::XXL;

pub(super) fn send(ctx: &mut Context<'_>, message: WriteMessage) {
    ctx.send(Message::Writing(message));
}

/// The section of Settings.
pub(super) fn settings_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    hint_ui(ui, ctx.text.s("settings_write_what"));
    ui.add_space(space::S);
    let state: &State = ctx.state;
    let Some(kept) = state.writing.kept() else {
        ui.label(theme::secondary(ui, ctx.text.s("loading")));
        return;
    };
    if let Some(pending) = kept.pending {
        let words = match pending {
            0 => ctx.text.s("write_pending_none").to_owned(),
            count => ctx.text.n("write_pending", count as u64),
        };
        ui.add(Label::new(words).wrap());
        ui.add_space(space::S);
    }
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        if buttons::button_ui(ui, Rank::Plain, ctx.text.s("write_open")).clicked() {
            ctx.act(Action::Open(WRITE_NAMES_PAGE));
        }
        take_back_ui(ui, ctx, &state.writing);
    });
    ui.add_space(space::S);
    let mut is_on = kept.settings.is_on;
    if ui.checkbox(&mut is_on, ctx.text.s("write_tell")).changed() {
        send(ctx, WriteMessage::TurnOn(is_on));
    }
}

/// Where there is a way back. That of an earlier writing never stands where the one just taken stood.
fn take_back_ui(ui: &mut Ui, ctx: &mut Context<'_>, writing: &WritingState) {
    let files = writing.kept().map_or(0, |kept| kept.way_back);
    if files > 0 && writing.has_taken_back() {
        let is_shown = writing.is_earlier_shown();
        if buttons::button_ui(ui, Rank::Plain, ctx.text.s("take_back_earlier")).clicked() {
            send(ctx, WriteMessage::ShowEarlier(!is_shown));
        }
        if !is_shown {
            return;
        }
    }
    let label = ctx.text.n("take_back_writing", files as u64);
    if files > 0 && buttons::enabled_button_ui(ui, writing.job().is_none(), Rank::Plain, &label).clicked() {
        send(ctx, WriteMessage::TakeBack);
    }
}

/// The page; it keeps how high its form was.
#[derive(Default)]
pub(super) struct WritePage {
    form_height: f32,
}

impl WritePage {
    pub fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        let state: &State = ctx.state;
        if state.writing.kept().is_none() {
            return status::skeleton_ui(ui, egui::Vec2::splat(size::FACE_TILE), ctx.text.s("loading"));
        }
        // As many lines as the words need.
        let words = theme::strong(foot_words(&state.writing, ctx.text));
        let wrapped = Some(TextWrapMode::Wrap);
        let words = WidgetText::from(words).into_galley(ui, wrapped, ui.available_width(), TextStyle::Body);
        Panel::bottom("write names")
            .exact_size(FOOT + words.size().y)
            .resizable(false)
            .show_separator_line(false)
            .frame(egui::Frame::new())
            .show(ui, |ui| foot_ui(ui, ctx, words));
        let rows = rows(&state.writing);
        let width = ui.available_width() - ui.spacing().scroll.allocated_width();
        let heights = rows.iter().map(|row| row.height(ui, ctx.text, width).unwrap_or(self.form_height));
        let tops = RowTops::new(heights);
        rows_ui(ui, "write names", &tops, None, |ui, row| match &rows[row] {
            PageRow::Form => self.form_ui(ui, ctx),
            row => files::row_ui(ui, ctx, row),
        });
    }

    /// As high as it needs to be, from the next frame on.
    fn form_ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        let height = ui.scope(|ui| form::form_ui(ui, ctx)).response.rect.height();
        if height != self.form_height {
            self.form_height = height;
            ui.ctx().request_repaint();
        }
    }
}

/// What there is to say, and what can be done. None of the buttons takes the keyboard by itself.
fn foot_ui(ui: &mut Ui, ctx: &mut Context<'_>, words: Arc<Galley>) {
    let state: &State = ctx.state;
    let writing = &state.writing;
    ui.add_space(space::S);
    ui.add(Label::new(words));
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        if writing.job().is_some() {
            ui.spinner();
        }
        preview_ui(ui, ctx, writing);
        let files = writing.preview().map_or(0, |preview| preview.files.len());
        let label = ctx.text.n("write_files", files as u64);
        if files > 0 && buttons::enabled_button_ui(ui, writing.can_write(), Rank::Primary, &label).clicked() {
            send(ctx, WriteMessage::Write);
        }
        // At the other end: not where Write was pressed.
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if writing.preview().is_none() {
                take_back_ui(ui, ctx, writing);
            }
        });
    });
}

fn preview_ui(ui: &mut Ui, ctx: &mut Context<'_>, writing: &WritingState) {
    let is_fresh = writing.preview().is_some() && !writing.is_stale();
    let (key, rank) = match is_fresh || writing.outcome().is_some() {
        true => ("write_preview_again", Rank::Plain),
        false => ("write_preview", Rank::Primary),
    };
    if buttons::enabled_button_ui(ui, writing.job().is_none(), rank, ctx.text.s(key)).clicked() {
        send(ctx, WriteMessage::Preview);
    }
}

fn foot_words(writing: &WritingState, text: &Locale) -> String {
    let mut words = Vec::new();
    let (mut left_out, mut left) = (0, 0);
    match (writing.job(), writing.preview(), writing.outcome()) {
        (Some(_), _, _) => words.push(text.s("write_busy").to_owned()),
        (None, Some(_), _) if writing.is_stale() => words.push(text.s("write_stale").to_owned()),
        (None, Some(preview), _) => {
            words.push(text.n("write_would_change", preview.files.len() as u64));
            words.push(text.n("write_unchanged", preview.unchanged as u64));
            left_out = preview.skipped.len();
            left = preview.left.len();
        }
        (None, None, Some(outcome)) => {
            words.push(outcome.words(text));
            left_out = outcome.skipped().len();
            left = outcome.left().len();
            words.extend(outcome.is_cancelled().then(|| text.s("write_cancelled").to_owned()));
        }
        (None, None, None) => words.push(text.s("write_nothing_yet").to_owned()),
    }
    if left_out > 0 {
        words.push(text.n("write_left_out", left_out as u64));
    }
    if left > 0 {
        words.push(text.n("write_left_to_others", left as u64));
    }
    if writing.job().is_none() && writing.names_changed() && !writing.is_stale() {
        words.push(text.s("write_names_changed").to_owned());
    }
    words.join(" · ")
}

/// The files that a job left out, or that writing would.
fn skipped(writing: &WritingState) -> &[SkippedFile] {
    let shown = writing.preview().map(|preview| preview.skipped.as_slice());
    shown.or_else(|| writing.outcome().map(WriteOutcome::skipped)).unwrap_or_default()
}

/// The names that stay as other programs wrote them.
fn left(writing: &WritingState) -> &[LeftName] {
    let shown = writing.preview().map(|preview| preview.left.as_slice());
    shown.or_else(|| writing.outcome().map(WriteOutcome::left)).unwrap_or_default()
}
