//! Notices in the lower right corner. What is shown there stays where it is while others come and go, and pages end above
//! it, so that no notice lies on a button.

use eframe::egui::{self, Align2, Area, Id, Order, Pos2, Ui, Vec2};

use crate::app::shell::message::Message;
use crate::app::shell::notices::{Notice, NoticeId, NoticeKind};
use crate::app::shell::state::Context;
use crate::app::ui::feature::Offer;
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};

/// Where the notices stand, from the corner upwards.
#[derive(Default)]
pub(crate) struct Toasts {
    places: Vec<Place>,
}

/// A notice, or the gap that it left.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    notice: NoticeId,
    height: f32,
    is_gap: bool,
    asks: bool,
}

const WIDTH: f32 = 420.0;
/// What a page's foot takes, with its buttons: it does not move from under the pointer either.
const FOOT: f32 = 2.0 * size::CONTROL + space::XXL;
/// A page keeps so much of the window's height, however many notices there are.
const LEAST_PAGE: f32 = 240.0;

impl Toasts {
    /// How much of the height above the lower edge, or above what stands there already, is the notices' own.
    pub fn room(&self, below: f32, height: f32) -> f32 {
        if self.places.is_empty() {
            return 0.0;
        }
        let room = self.stack() + space::L + size::JOB_BAR - below;
        room.clamp(0.0, (height - LEAST_PAGE).max(0.0))
    }

    /// Draws the notices in the corner. They stand above the job bar also while there is none, for
    /// it comes and goes as notices do.
    pub fn ui(&mut self, egui_ctx: &egui::Context, ctx: &mut Context<'_>) {
        let corner = egui_ctx.content_rect().right_bottom() - Vec2::new(space::L, space::L + size::JOB_BAR);
        let pointer = egui_ctx.pointer_latest_pos();
        let still = corner.y - self.stack() - FOOT;
        let pointed = pointer.is_some_and(|pointer| pointer.y > still);
        self.arrange(ctx.state.notices.shown(), pointed);
        let mut bottom = corner.y;
        for place in &mut self.places {
            if let Some(notice) = ctx.state.notices.shown().iter().find(|notice| notice.id == place.notice) {
                let area = Area::new(Id::unique(("notice", notice.id.0)))
                    .order(Order::Foreground)
                    .pivot(Align2::RIGHT_BOTTOM)
                    .fixed_pos(Pos2::new(corner.x, bottom))
                    .accessible_name(ctx.text.s("notices"));
                let shown = area.show(egui_ctx, |ui| {
                    ui.set_max_width(WIDTH);
                    notice_ui(ui, ctx, notice);
                });
                let height = shown.response.rect.height();
                if std::mem::replace(&mut place.height, height) != height {
                    egui_ctx.request_repaint();
                }
            }
            bottom -= place.height + space::S;
        }
    }

    fn stack(&self) -> f32 {
        self.places.iter().map(|place| place.height + space::S).sum()
    }

    /// A new notice comes on top of the others, and one that goes leaves a gap: nothing moves that is about to be
    /// pressed. Gaps close when the pointer is farther up, save those below a question, which never moves.
    fn arrange(&mut self, shown: &[Notice], pointed: bool) {
        for place in &mut self.places {
            place.is_gap = shown.iter().all(|notice| notice.id != place.notice);
        }
        let stays = |place: &Place| !place.is_gap && (pointed || place.asks);
        let kept = self.places.iter().rposition(stays).map_or(0, |last| last + 1);
        let mut index = 0;
        self.places.retain(|place| {
            index += 1;
            index <= kept || !place.is_gap
        });
        for notice in shown {
            if self.places.iter().all(|place| place.notice != notice.id) {
                let asks = notice.kind == NoticeKind::Asked;
                self.places.push(Place { notice: notice.id, height: 0.0, is_gap: false, asks });
            }
        }
    }
}

fn notice_ui(ui: &mut Ui, ctx: &mut Context<'_>, notice: &Notice) {
    let palette = theme::palette(ui.visuals());
    let frame = theme::card(ui).inner_margin(egui::Margin::symmetric(space::L as i8, space::S as i8));
    frame.shadow(ui.visuals().popup_shadow).show(ui, |ui| {
        ui.set_width(WIDTH - 32.0);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(id: u64, kind: NoticeKind) -> Notice {
        Notice { id: NoticeId(id), kind, ..Notice::default() }
    }

    fn ids(toasts: &Toasts) -> Vec<(u64, bool)> {
        toasts.places.iter().map(|place| (place.notice.0, place.is_gap)).collect()
    }

    #[test]
    fn a_question_keeps_its_place_while_others_come_and_go() {
        let (said, asked) = (notice(1, NoticeKind::Said), notice(2, NoticeKind::Asked));
        let mut toasts = Toasts::default();
        toasts.arrange(&[said, asked.clone()], false);
        toasts.arrange(std::slice::from_ref(&asked), false);
        assert_eq!(ids(&toasts), [(1, true), (2, false)]);
        toasts.arrange(&[asked, notice(3, NoticeKind::Failed)], false);
        assert_eq!(ids(&toasts), [(1, true), (2, false), (3, false)]);
        toasts.arrange(&[notice(3, NoticeKind::Failed)], true);
        assert_eq!(ids(&toasts), [(1, true), (2, true), (3, false)], "the pointer is there: nothing moves");
        toasts.arrange(&[notice(3, NoticeKind::Failed)], false);
        assert_eq!(ids(&toasts), [(3, false)]);
    }
}
