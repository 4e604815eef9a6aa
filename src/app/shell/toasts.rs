//! Notices in the lower right corner.

use eframe::egui::{self, Align2, Area, Id, Order, Ui};

use crate::app::shell::message::Message;
use crate::app::shell::notices::{Notice, NoticeKind};
use crate::app::shell::state::Context;
use crate::app::ui::feature::Offer;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};

/// Draws the notices above whatever lies in the corner; `lift` is the height of the job bar.
pub fn toasts_ui(egui_ctx: &egui::Context, ctx: &mut Context<'_>, lift: f32) {
    if ctx.state.notices.shown().is_empty() {
        return;
    }
    Area::new(Id::unique("notices"))
        .order(Order::Foreground)
        .anchor(Align2::RIGHT_BOTTOM, [-space::L, -space::L - lift])
        .accessible_name(ctx.text.s("notices"))
        .show(egui_ctx, |ui| {
            ui.set_max_width(420.0);
            for notice in ctx.state.notices.shown() {
                notice_ui(ui, ctx, notice);
            }
        });
}

fn notice_ui(ui: &mut Ui, ctx: &mut Context<'_>, notice: &Notice) {
    let palette = theme::palette(ui.visuals());
    let frame = theme::card(ui).inner_margin(egui::Margin::symmetric(space::L as i8, space::S as i8));
    frame.shadow(ui.visuals().popup_shadow).show(ui, |ui| {
        ui.set_width(388.0);
        ui.horizontal(|ui| {
            let (icon, colour) = match notice.kind {
                NoticeKind::Said => (Icon::Check, palette.same),
                NoticeKind::Failed => (Icon::TriangleAlert, palette.different),
                NoticeKind::Asked => (Icon::CircleQuestionMark, palette.unsure),
            };
            ui.label(icons::text(icon).color(colour));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = space::XS;
                if buttons::icon_button_ui(ui, Icon::X, ctx.text.s("dismiss")).clicked() {
                    ctx.send(Message::Dismiss(notice.id));
                }
                if let [action] = &notice.actions[..] {
                    action_ui(ui, ctx, notice, action);
                }
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.set_max_width(ui.available_width() - size::ICON);
                    ui.add(egui::Label::new(&notice.text).wrap());
                });
            });
        });
        // A question has its answers below it, where there is room for both.
        if notice.actions.len() > 1 {
            ui.horizontal(|ui| {
                for action in &notice.actions {
                    action_ui(ui, ctx, notice, action);
                }
            });
        }
        if !notice.details.is_empty() {
            ui.push_id(notice.id.0, |ui| {
                ui.collapsing(ctx.text.s("details"), |ui| {
                    ui.add(egui::Label::new(theme::secondary(ui, &notice.details)).wrap().selectable(true));
                });
            });
        }
    });
}

fn action_ui(ui: &mut Ui, ctx: &mut Context<'_>, notice: &Notice, offer: &Offer) {
    if buttons::button_ui(ui, Rank::Quiet, ctx.text.s(offer.label_key)).clicked() {
        offer.action.clone().into_iter().for_each(|action| ctx.act(action));
        ctx.send(Message::Dismiss(notice.id));
    }
}
