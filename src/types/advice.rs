//! Commands that a text advises, written as they can be pasted back: with the home that this program was given.

use std::fmt;
use std::sync::OnceLock;

/// What a command needs to find the same library, as it is written at its end.
static HOME: OnceLock<String> = OnceLock::new();

/// Commands that are advised from now on are for this home, written as a word of a shell.
pub(crate) fn advise_for(home: &str) {
    let _ = HOME.set(format!(" --home {home}"));
}

/// What stands behind a command; nothing where no home was given.
pub(crate) fn home_of_advice() -> &'static str {
    HOME.get().map_or("", String::as_str)
}

/// A command of this program, in back quotes.
pub(crate) struct Advised<'a>(pub &'a str);

impl fmt::Display for Advised<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`likeness {}{}`", self.0, home_of_advice())
    }
}
