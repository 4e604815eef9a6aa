//! The window: views read `State` and send `Command`.
