//! The folders that are scanned: what is in them, whether they are there, and how they are moved or removed.

use std::path::Path;

use eframe::egui::{self, Id, Modal, Ui};

use super::Context;
use crate::app::engine::facts::{Loadable, WatchHindrance};
use crate::app::settings::state::Message;
use crate::app::ui::action::Action;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale::day_and_time;
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::section::hint_ui;
use crate::app::ui::widgets::words::hindrance_words;
use crate::library::{FacesOfFolder, ScanOutcome, ScannedFolder};

pub(super) fn folders_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    match &ctx.state.folders {
        Loadable::Loading | Loadable::Failed(_) => {
            ui.label(theme::secondary(ui, ctx.text.s("loading")));
        }
        Loadable::Ready(folders) => {
            for folder in folders {
                folder_ui(ui, ctx, folder);
                ui.add_space(space::M);
            }
        }
    }
    if buttons::button_ui(ui, Rank::Plain, ctx.text.s("choose_folder")).clicked() {
        ctx.act(Action::ChooseFolder);
    }
    ui.add_space(space::S);
    small_faces_ui(ui, ctx);
    ui.add_space(space::S);
    by_itself_ui(ui, ctx);
}

/// Once it is known what holds now.
fn by_itself_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let Some(by_itself) = ctx.facts.overview.ready().map(|overview| overview.by_itself) else { return };
    let (mut watches, mut goes_on) = (by_itself.watches_folders, by_itself.goes_on);
    if ui.checkbox(&mut watches, ctx.text.s("watch_folders")).changed() {
        ctx.send(Message::WatchFolders(watches));
    }
    hint_ui(ui, ctx.text.s("watch_folders_what"));
    if ui.checkbox(&mut goes_on, ctx.text.s("scans_go_on")).changed() {
        ctx.send(Message::GoOn(goes_on));
    }
    hint_ui(ui, ctx.text.s("scans_go_on_what"));
}

/// Once it is known what holds now.
fn small_faces_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let Some(mut small_faces) = ctx.facts.overview.ready().map(|overview| overview.small_faces) else { return };
    if ui.checkbox(&mut small_faces, ctx.text.s("small_faces")).changed() {
        ctx.send(Message::FindSmallFaces(small_faces));
    }
    hint_ui(ui, ctx.text.s("small_faces_what"));
}

fn folder_ui(ui: &mut Ui, ctx: &mut Context<'_>, folder: &ScannedFolder) {
    let path = folder.path.to_string_lossy();
    ui.add(egui::Label::new(theme::strong(&*path)).truncate()).on_hover_text(&*path);
    ui.horizontal(|ui| {
        if folder.is_offline {
            ui.label(icons::text(Icon::Unplug).color(theme::palette(ui.visuals()).unsure));
        }
        ui.label(theme::secondary(ui, state_words(ctx, folder)));
    });
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        // What a button does is said of its folder, for who cannot see which row it is in.
        let mut pressed = |key| {
            let response = buttons::button_ui(ui, Rank::Plain, ctx.text.s(key));
            let spoken = ctx.text.f("of_folder", &[("what", ctx.text.s(key)), ("folder", &path)]);
            ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(spoken.as_str()));
            response.clicked()
        };
        let (rescan, to, remove) = (pressed("rescan_folder"), pressed("moved_to"), pressed("remove_folder"));
        if rescan {
            ctx.act(Action::Scan(vec![folder.path.clone()]));
        }
        if to {
            ctx.send(Message::ChooseNewPlace(folder.path.clone()));
        }
        if remove {
            ctx.send(Message::AskRemove(folder.path.clone()));
        }
    });
}

/// "8,310 files, looked through on 2026-11-29"; or that the drive is not there.
fn state_words(ctx: &Context<'_>, folder: &ScannedFolder) -> String {
    let mut parts = vec![ctx.text.n("files", folder.files as u64)];
    if folder.is_offline {
        parts.push(ctx.text.s("folder_offline").to_owned());
    }
    parts.push(match (folder.outcome, folder.finished_at_secs) {
        (Some(ScanOutcome::Complete), Some(at)) => ctx.text.f("folder_scanned", &[("at", &day_and_time(at))]),
        _ => ctx.text.s("folder_scan_stopped").to_owned(),
    });
    let watched = ctx.facts.watching.folders.iter().find(|(watched, _)| *watched == folder.path);
    // That it is not there is said already.
    let hindrance =
        watched.and_then(|(_, hindrance)| hindrance.as_ref()).filter(|why| **why != WatchHindrance::Offline);
    parts.extend(hindrance.map(|why| ctx.text.f("folder_not_watched", &[("why", &hindrance_words(why, ctx.text))])));
    parts.join(ctx.text.s("list_separator"))
}

/// Shown while the state asks what becomes of a folder's faces.
pub(crate) fn removal_ui(egui_ctx: &egui::Context, ctx: &mut Context<'_>) {
    let Some(folder) = &ctx.state.removing else { return };
    let palette = theme::palette(&egui_ctx.global_style().visuals);
    let frame = egui::Frame::window(&egui_ctx.global_style());
    let modal = Modal::new(Id::unique("remove folder")).frame(frame).backdrop_color(palette.backdrop);
    let modal = modal.show(egui_ctx, |ui| {
        ui.set_width(480.0);
        ui.label(theme::heading(ctx.text.s("remove_folder_title")));
        ui.label(theme::strong(folder.to_string_lossy()));
        ui.add(egui::Label::new(theme::secondary(ui, ctx.text.s("remove_folder_what"))).wrap());
        ui.add_space(space::L);
        choice_ui(ui, ctx, folder, FacesOfFolder::Keep);
        ui.add_space(space::M);
        choice_ui(ui, ctx, folder, FacesOfFolder::Forget);
        ui.add_space(space::L);
        if buttons::button_ui(ui, Rank::Plain, ctx.text.s("cancel")).clicked() {
            ctx.send(Message::CloseRemove);
        }
    });
    if modal.should_close() {
        ctx.send(Message::CloseRemove);
    }
}

fn choice_ui(ui: &mut Ui, ctx: &mut Context<'_>, folder: &Path, faces: FacesOfFolder) {
    let (label, what, rank) = match faces {
        FacesOfFolder::Keep => ("keep_faces", "keep_faces_what", Rank::Primary),
        FacesOfFolder::Forget => ("forget_faces", "forget_faces_what", Rank::Plain),
    };
    if buttons::button_ui(ui, rank, ctx.text.s(label)).clicked() {
        ctx.send(Message::Remove(folder.to_owned(), faces));
    }
    ui.add(egui::Label::new(theme::secondary(ui, ctx.text.s(what))).wrap());
}
