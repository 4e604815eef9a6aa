//! The library's file in Settings: its backups and what can be done with them; the questions before a restore and before
//! a person is forgotten; what an import and a forgetting did.

mod repair;

use eframe::egui::{self, Id, Ui};

use crate::app::care::state::{Message, State, removed_words};
use crate::app::engine::facts::Loadable;
use crate::app::engine::home::Home;
use crate::app::ui::feature::{FeatureView, RepairPage};
use crate::app::ui::locale::{Locale, size_words};
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::dialog::dialog_ui;
use crate::app::ui::widgets::section::section_ui;
use crate::library::care::{Backup, BackupReason, BackupState, CheckReport, NotPlaced, WaitsFor};

pub(crate) type Context<'a> = crate::app::ui::context::ViewContext<'a, State, Message>;

/// Nothing is kept between frames.
#[derive(Default)]
pub(crate) struct Views;

impl FeatureView<State> for Views {
    fn ui(&mut self, ui: &mut Ui, ctx: &mut Context<'_>) {
        care_ui(ui, ctx);
    }

    fn dialogs_ui(&mut self, window: &egui::Context, ctx: &mut Context<'_>) {
        questions_ui(window, ctx);
    }

    fn repair_page(home: &Home, problem: &str, window: &egui::Context) -> Option<Box<dyn RepairPage>> {
        Some(Box::new(repair::RepairView::new(home.clone(), problem.to_owned(), window)))
    }
}

/// Backups listed at once; there are seldom more.
const LISTED: usize = 12;

/// The section of Settings.
fn care_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    section_ui(ui, ctx.text.s("settings_library"), |ui| section(ui, ctx));
}

fn section(ui: &mut Ui, ctx: &mut Context<'_>) {
    ui.add(egui::Label::new(theme::secondary(ui, ctx.text.s("settings_library_what"))).wrap());
    ui.add_space(space::S);
    match &ctx.state.backups {
        Loadable::Loading | Loadable::Failed(_) => {
            ui.label(theme::secondary(ui, ctx.text.s("loading")));
        }
        Loadable::Ready(backups) if backups.is_empty() => {
            ui.label(theme::secondary(ui, ctx.text.s("no_backups")));
        }
        Loadable::Ready(backups) => {
            for backup in backups.iter().take(LISTED) {
                backup_ui(ui, ctx, backup);
            }
        }
    }
    ui.add_space(space::S);
    buttons_ui(ui, ctx);
    if let Some(report) = &ctx.state.checked {
        ui.add_space(space::S);
        checked_ui(ui, ctx, report);
    }
}

fn buttons_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = space::S;
        let asked = [
            ("back_up_now", Message::BackUp),
            ("check_library", Message::Check),
            ("export_people", Message::ChooseExport),
            ("import_people", Message::ChooseImport),
        ];
        for (key, message) in asked {
            if buttons::button_ui(ui, Rank::Plain, ctx.text.s(key)).clicked() {
                ctx.send(message);
            }
        }
        if ctx.state.checking {
            ui.spinner();
        }
    });
}

/// "2026-11-29 10:30 · daily · 24 MB · 12 people", and Restore….
fn backup_ui(ui: &mut Ui, ctx: &mut Context<'_>, backup: &Backup) {
    ui.horizontal(|ui| {
        ui.set_height(size::CONTROL - space::XS);
        let words = backup_words(ctx.text, backup);
        if backup.is_sound() {
            let response = buttons::button_ui(ui, Rank::Plain, ctx.text.s("restore_backup"));
            // Which one is said with the button, for who cannot see its row.
            let spoken = format!("{} {words}", ctx.text.s("restore_backup"));
            ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(spoken.as_str()));
            if response.clicked() {
                ctx.send(Message::AskRestore(backup.clone()));
            }
        }
        let path = backup.path.to_string_lossy();
        ui.add(egui::Label::new(theme::secondary(ui, words)).truncate()).on_hover_text(&*path);
    });
}

/// When, why, how large, and of how many people.
fn backup_words(text: &Locale, backup: &Backup) -> String {
    let at = jiff::Timestamp::from_second(backup.at_secs).map(|at| at.to_zoned(jiff::tz::TimeZone::system()));
    let state = match &backup.state {
        BackupState::Sound { people, .. } => text.n("backup_people", *people as u64),
        BackupState::Damaged(_) => text.s("backup_damaged").to_owned(),
        BackupState::Newer => text.s("backup_newer").to_owned(),
    };
    let at = at.map_or_else(|_| String::new(), |at| at.strftime("%Y-%m-%d %H:%M").to_string());
    [at, text.s(reason_key(backup.reason)).to_owned(), size_words(backup.bytes), state].join(" · ")
}

fn reason_key(reason: BackupReason) -> &'static str {
    match reason {
        BackupReason::Migration => "backup_migration",
        BackupReason::Grouping => "backup_grouping",
        BackupReason::Daily => "backup_daily",
        BackupReason::Asked => "backup_asked",
        BackupReason::BeforeRestore => "backup_before_restore",
        BackupReason::BeforeImport => "backup_before_import",
        BackupReason::BeforeRemoval => "backup_before_removal",
        BackupReason::Rescued => "backup_rescued",
        BackupReason::FileAlone => "backup_file_alone",
    }
}

/// What its user has to know before they choose it.
fn what_it_may_lack(text: &Locale, reason: BackupReason) -> Option<&str> {
    match reason {
        BackupReason::FileAlone => Some(text.s("backup_file_alone_lacks")),
        BackupReason::Rescued => Some(text.s("backup_rescued_lacks")),
        _ => None,
    }
}

/// The problems are told as the check says them.
fn checked_ui(ui: &mut Ui, ctx: &Context<'_>, report: &CheckReport) {
    if report.is_sound() {
        let (photos, faces) = (ctx.text.n("photos", report.photos as u64), ctx.text.n("faces", report.faces as u64));
        ui.label(ctx.text.f("library_sound", &[("photos", &photos), ("faces", &faces)]));
        return;
    }
    ui.label(theme::strong(ctx.text.s("library_unsound")));
    for problem in &report.problems {
        ui.add(egui::Label::new(theme::secondary(ui, problem.to_string())).wrap());
    }
}

/// The questions and answers over the view.
fn questions_ui(egui_ctx: &egui::Context, ctx: &mut Context<'_>) {
    restore_ui(egui_ctx, ctx);
    imported_ui(egui_ctx, ctx);
    forget_ui(egui_ctx, ctx);
    forgotten_ui(egui_ctx, ctx);
}

fn question_ui(egui_ctx: &egui::Context, id: &'static str, content: impl FnOnce(&mut Ui)) -> bool {
    let dialog = dialog_ui(egui_ctx, Id::unique(id), |ui| {
        ui.set_width(480.0);
        content(ui);
    });
    dialog.should_close()
}

fn wrapped_ui(ui: &mut Ui, words: impl Into<String>) {
    ui.add(egui::Label::new(theme::secondary(ui, words.into())).wrap());
}

fn restore_ui(egui_ctx: &egui::Context, ctx: &mut Context<'_>) {
    let Some(backup) = &ctx.state.restoring else { return };
    let closed = question_ui(egui_ctx, "restore backup", |ui| {
        ui.label(theme::heading(ctx.text.s("restore_title")));
        ui.label(theme::strong(backup_words(ctx.text, backup)));
        if let Some(lacks) = what_it_may_lack(ctx.text, backup.reason) {
            wrapped_ui(ui, lacks);
        }
        wrapped_ui(ui, ctx.text.s("restore_what"));
        ui.add_space(space::L);
        ui.horizontal(|ui| {
            if buttons::button_ui(ui, Rank::Primary, ctx.text.s("restore_do")).clicked() {
                ctx.send(Message::Restore(backup.path.clone()));
            }
            if buttons::button_ui(ui, Rank::Plain, ctx.text.s("cancel")).clicked() {
                ctx.send(Message::CloseRestore);
            }
        });
    });
    if closed {
        ctx.send(Message::CloseRestore);
    }
}

fn imported_ui(egui_ctx: &egui::Context, ctx: &mut Context<'_>) {
    let Some(report) = &ctx.state.imported else { return };
    let closed = question_ui(egui_ctx, "imported", |ui| {
        let counted = |key, count: usize| ctx.text.n(key, count as u64);
        ui.label(theme::heading(ctx.text.s("imported_title")));
        let found = [
            ("decisions", counted("decisions", report.decisions)),
            ("new", counted("names_people", report.people_made)),
            ("faces", counted("faces", report.faces_found)),
            ("missing", counted("faces", report.not_placed.len())),
        ];
        let found: Vec<(&str, &str)> = found.iter().map(|(key, value)| (*key, value.as_str())).collect();
        wrapped_ui(ui, ctx.text.f("imported_what", &found));
        if !report.contradictions.is_empty() {
            wrapped_ui(ui, ctx.text.n("import_contradictions", report.contradictions.len() as u64));
        }
        if report.faces_forgotten > 0 {
            wrapped_ui(ui, ctx.text.n("import_forgotten", report.faces_forgotten as u64));
        }
        not_placed_ui(ui, ctx.text, &report.not_placed);
        if !report.folders_not_here.is_empty() {
            wrapped_ui(ui, ctx.text.s("import_folders"));
        }
        for folder in &report.folders_not_here {
            wrapped_ui(ui, folder.to_string_lossy());
        }
        ui.add_space(space::L);
        if buttons::button_ui(ui, Rank::Primary, ctx.text.s("close")).clicked() {
            ctx.send(Message::CloseImported);
        }
    });
    if closed {
        ctx.send(Message::CloseImported);
    }
}

/// Faces that are in no photo here, by the paths of their pictures.
fn not_placed_ui(ui: &mut Ui, text: &Locale, not_placed: &[NotPlaced]) {
    let count = |waits_for| not_placed.iter().filter(|face| face.waits_for == waits_for).count() as u64;
    let counts = [("import_waits", count(WaitsFor::Picture)), ("import_compared", count(WaitsFor::Comparison))];
    for (key, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
        wrapped_ui(ui, text.n(key, count));
    }
    let mut paths: Vec<&std::path::Path> = not_placed.iter().map(|face| face.path.as_path()).collect();
    paths.dedup();
    egui::ScrollArea::vertical().max_height(160.0).show_rows(ui, size::CONTROL - space::XS, paths.len(), |ui, rows| {
        for path in &paths[rows] {
            ui.add(egui::Label::new(theme::secondary(ui, path.to_string_lossy())).truncate());
        }
    });
}

/// One clear question; nothing brings a forgotten person back.
fn forget_ui(egui_ctx: &egui::Context, ctx: &mut Context<'_>) {
    let Some(forgetting) = &ctx.state.forgetting else { return };
    let person = &forgetting.person;
    let closed = question_ui(egui_ctx, "forget person", |ui| {
        let name = person.name.clone().unwrap_or_else(|| ctx.text.s("this_group").to_owned());
        ui.label(theme::heading(ctx.text.f("forget_title", &[("name", &name)])));
        let faces = ctx.text.n("faces", person.faces.len() as u64);
        let backups = ctx.text.n("backups", forgetting.backups as u64);
        wrapped_ui(ui, ctx.text.f("forget_what", &[("faces", &faces), ("backups", &backups)]));
        let set_aside = person.faces.iter().filter(|face| face.is_set_aside).count();
        if set_aside > 0 {
            wrapped_ui(ui, ctx.text.n("forget_set_aside", set_aside as u64));
        }
        ui.add_space(space::S);
        wrapped_ui(ui, ctx.text.s("forget_left"));
        if forgetting.written > 0 {
            wrapped_ui(ui, ctx.text.n("forget_written", forgetting.written as u64));
        }
        if !forgetting.copies.is_empty() {
            wrapped_ui(ui, ctx.text.s("forget_copies"));
        }
        for copy in &forgetting.copies {
            wrapped_ui(ui, copy.to_string_lossy());
        }
        if !(forgetting.runs.is_empty() && forgetting.models.is_empty()) {
            wrapped_ui(ui, ctx.text.s("forget_learned"));
        }
        for run in &forgetting.runs {
            wrapped_ui(ui, run.to_string_lossy());
        }
        for model in &forgetting.models {
            wrapped_ui(ui, model.as_str());
        }
        ui.add_space(space::S);
        let mut may = ctx.state.may_find_again;
        if ui.checkbox(&mut may, ctx.text.s("forget_may_find")).changed() {
            ctx.send(Message::MayFindAgain(may));
        }
        ui.add_space(space::L);
        ui.horizontal(|ui| {
            if buttons::button_ui(ui, Rank::Primary, ctx.text.s("forget_do")).clicked() {
                ctx.send(Message::Forget);
            }
            if buttons::button_ui(ui, Rank::Plain, ctx.text.s("cancel")).clicked() {
                ctx.send(Message::CloseForget);
            }
        });
    });
    if closed {
        ctx.send(Message::CloseForget);
    }
}

/// What its user would not know: that traces are left for now, and which backups went as a whole.
fn forgotten_ui(egui_ctx: &egui::Context, ctx: &mut Context<'_>) {
    let Some(forgotten) = &ctx.state.forgotten else { return };
    let closed = question_ui(egui_ctx, "forgotten", |ui| {
        let title = if forgotten.is_complete { "forgotten_title" } else { "forgotten_not_yet_title" };
        ui.label(theme::heading(ctx.text.s(title)));
        if !forgotten.is_complete {
            wrapped_ui(ui, ctx.text.s("forgotten_not_yet"));
        }
        if !forgotten.backups_deleted.is_empty() {
            wrapped_ui(ui, ctx.text.s("forgotten_backups"));
        }
        for backup in &forgotten.backups_deleted {
            wrapped_ui(ui, backup.to_string_lossy());
        }
        if !forgotten.backups_removed.is_empty() {
            wrapped_ui(ui, removed_words(&forgotten.backups_removed, ctx.text));
        }
        ui.add_space(space::L);
        if buttons::button_ui(ui, Rank::Primary, ctx.text.s("close")).clicked() {
            ctx.send(Message::CloseForgotten);
        }
    });
    if closed {
        ctx.send(Message::CloseForgotten);
    }
}
