//! Every fold with its threshold, and what was skipped.

use eframe::egui::{self, Ui};

use crate::app::evaluate::state::figures::fold_numbers;
use crate::app::evaluate::state::fold_cells;
use crate::app::evaluate::view::Context;
use crate::app::evaluate::view::percent;
use crate::app::ui::action::Action;
use crate::app::ui::icons::Icon;
use crate::app::ui::locale::grouped;
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::table::{TableLayout, TableRow, table_ui};
use crate::eval::{Figures, Run};
use crate::figures::Saving;

pub(crate) fn folds_ui(ui: &mut Ui, ctx: &mut Context<'_>, run: &Run) {
    egui::ScrollArea::vertical().id_salt("folds").auto_shrink(false).show(ui, |ui| {
        if run.folds.is_empty() {
            ui.label(theme::secondary(ui, ctx.text.s("no_folds")));
        } else {
            table(ui, ctx, run);
        }
        ui.add_space(space::L);
        skipped_ui(ui, ctx, run);
    });
}

fn table(ui: &mut Ui, ctx: &mut Context<'_>, run: &Run) {
    let text = ctx.text;
    let head = [
        text.s("head_fold"),
        text.s("head_pairs"),
        text.s("threshold"),
        text.s("head_accuracy"),
        text.s("head_val_threshold"),
        text.s("head_val_alone"),
        text.s("head_far"),
    ];
    let rows: Vec<TableRow> = run
        .folds
        .iter()
        .map(|fold| {
            let mut cells = vec![fold.fold.to_string(), grouped(fold.pairs as u64)];
            cells.extend(fold_cells(fold));
            TableRow::new(cells)
        })
        .chain([mean(ctx, run)])
        .collect();
    table_ui(ui, TableLayout { salt: "fold table", head: &head, words: 0, clickable: false }, &rows);
    ui.add_space(space::S);
    ui.label(theme::secondary(ui, text.s("folds_what")));
    if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Table, text.s("save_table")).clicked() {
        ctx.act(Action::Save(Box::new(Saving::table("folds", fold_numbers(run)))));
    }
}

fn mean(ctx: &Context<'_>, run: &Run) -> TableRow {
    let figures = &run.figures;
    let count = run.folds.len() as f64;
    let over = |value: fn(&crate::eval::lfw::FoldResult) -> f64| run.folds.iter().map(value).sum::<f64>() / count;
    let cells = vec![
        ctx.text.s("mean").to_owned(),
        grouped(run.row.pairs),
        format!("{:.4}", over(|fold| fold.threshold)),
        figures.accuracy().map_or_else(String::new, |accuracy| percent(accuracy.mean)),
        format!("{:.4}", over(|fold| fold.val_threshold)),
        percent(figures.val().mean),
        percent(figures.far()),
    ];
    TableRow { strong: true, ..TableRow::new(cells) }
}

fn skipped_ui(ui: &mut Ui, ctx: &Context<'_>, run: &Run) {
    let images = match &run.figures {
        Figures::Pairs(figures) => figures.skipped_images.as_slice(),
        Figures::EveryPair(_) => &[],
    };
    if run.row.skipped == 0 && images.is_empty() {
        ui.label(theme::secondary(ui, ctx.text.s("nothing_skipped")));
        return;
    }
    ui.label(theme::strong(ctx.text.n("pairs_skipped", run.row.skipped)));
    if images.is_empty() {
        return;
    }
    let title = ctx.text.n("images_without_embedding", images.len() as u64);
    ui.collapsing(title, |ui| {
        let height = ui.text_style_height(&egui::TextStyle::Body);
        egui::ScrollArea::vertical().id_salt("skipped").max_height(240.0).show_rows(
            ui,
            height,
            images.len(),
            |ui, rows| {
                for image in &images[rows] {
                    ui.label(theme::secondary(ui, image));
                }
            },
        );
    });
}
