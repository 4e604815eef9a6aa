//! A question over the whole window, which waits for its answer.

use eframe::egui::{Context, Frame, Id, Modal, ModalResponse, Ui};

use crate::app::ui::theme;

pub(crate) fn dialog_ui<T>(ctx: &Context, id: Id, content: impl FnOnce(&mut Ui) -> T) -> ModalResponse<T> {
    let style = ctx.global_style();
    let backdrop = theme::palette(&style.visuals).backdrop;
    Modal::new(id).frame(Frame::window(&style)).backdrop_color(backdrop).show(ctx, content)
}
