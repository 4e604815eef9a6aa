//! What a view sees while it draws. It reads, and changes nothing but by sending messages and actions.

use super::action::Action;
use super::locale::Locale;
use super::thumbnails::Thumbnails;
use crate::app::engine::facts::Facts;

/// `S` is the state of the feature that draws, `M` are its messages.
pub(crate) struct ViewContext<'a, S, M> {
    pub state: &'a S,
    pub facts: &'a Facts,
    pub text: &'a Locale,
    pub images: &'a mut Thumbnails,
    messages: &'a mut Vec<M>,
    actions: &'a mut Vec<Action>,
}

impl<'a, S, M> ViewContext<'a, S, M> {
    pub fn new(
        state: &'a S,
        facts: &'a Facts,
        text: &'a Locale,
        images: &'a mut Thumbnails,
        messages: &'a mut Vec<M>,
        actions: &'a mut Vec<Action>,
    ) -> Self {
        Self { state, facts, text, images, messages, actions }
    }

    /// Asks the feature for something, after this frame.
    pub fn send(&mut self, message: M) {
        self.messages.push(message);
    }

    /// Asks another feature or the window for something, after this frame.
    pub fn act(&mut self, action: Action) {
        self.actions.push(action);
    }
}
