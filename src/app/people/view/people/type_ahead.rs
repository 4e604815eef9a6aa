//! Who types on after Enter means the next field, whenever that gets the keyboard: no letter is lost meanwhile, and none
//! comes to the field after it. A slow window gets many keys in one frame.

use eframe::egui::{Event, Id, Key, Ui};

/// Keys that were pressed before the next field had the keyboard.
#[derive(Debug, Default)]
pub(super) struct TypeAhead {
    held: Vec<Event>,
}

impl TypeAhead {
    /// Before the fields are drawn: leaves them the keys up to the first Enter, and keeps what follows for the field that
    /// waits for the keyboard then. Where there is a question first, what was typed over it is for nobody, and so it is
    /// where its user has gone elsewhere.
    pub fn sort(&mut self, ui: &Ui, waits: Option<Id>, is_asking: bool, is_field: impl Fn(Id) -> bool) {
        let focused = ui.memory(|memory| memory.focused());
        let is_elsewhere = focused.is_some() && waits.is_some() && focused != waits;
        if is_asking || is_elsewhere {
            self.held.clear();
            return;
        }
        let is_on_its_way = waits.is_some() && focused.is_none();
        ui.input_mut(|input| {
            if !is_on_its_way {
                input.events.splice(0..0, self.held.drain(..));
            }
            let from = match input.events.iter().position(is_enter) {
                _ if is_on_its_way => 0,
                Some(at) if focused.is_some_and(&is_field) => at + 1,
                _ => return,
            };
            let (held, others): (Vec<Event>, Vec<Event>) = input.events.drain(from..).partition(is_typing);
            self.held.extend(held);
            input.events.extend(others);
        });
        if !self.held.is_empty() {
            ui.ctx().request_repaint();
        }
    }
}

fn is_enter(event: &Event) -> bool {
    matches!(event, Event::Key { key: Key::Enter, pressed: true, .. })
}

/// What changes a text. Tab and Esc move the keyboard, and have done so.
fn is_typing(event: &Event) -> bool {
    match event {
        Event::Text(_) | Event::Paste(_) | Event::Ime(_) => true,
        Event::Key { key, .. } => !matches!(key, Key::Tab | Key::Escape),
        _ => false,
    }
}
