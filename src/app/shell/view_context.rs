//! One file a view. A view is a small struct that owns only what it alone needs, and a `ui` that reads the state
//! through [`ViewCtx`] and changes nothing but by sending commands.


use crate::app::shell::message::Command;
use crate::app::shell::state::State;
use crate::app::ui::locale::Locale;
use crate::app::ui::thumbnails::Thumbnails;

/// What a view sees.
pub struct ViewCtx<'a> {
    pub state: &'a State,
    pub text: &'a Locale,
    pub images: &'a mut Thumbnails,
    commands: &'a mut Vec<Command>,
}

impl<'a> ViewCtx<'a> {
    pub fn new(state: &'a State, text: &'a Locale, images: &'a mut Thumbnails, commands: &'a mut Vec<Command>) -> Self {
        Self { state, text, images, commands }
    }

    /// Asks for something to be done, after this frame.
    pub fn send(&mut self, command: Command) {
        self.commands.push(command);
    }
}
