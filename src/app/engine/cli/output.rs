//! The only way out: whatever a subcommand prints goes through here, and nothing raw reaches a terminal.
//!
//! A reader that has gone (`| head`) is no error: what follows is dropped, and the command ends as it would have. A disk
//! that is full is one, and ends the command. Nobody at standard error to listen is no error either.

use std::ffi::{OsStr, OsString};
use std::fmt::Display;
use std::io::{ErrorKind, Write, stderr, stdout};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;

use super::text::{printable_lines, printable_text, shell_word};
use crate::types::path_text::{bytes_of, to_text};
use crate::types::{self, acts_on_text, error_chain, home_of_advice};

const REFUSED: &str = "cannot write to standard output";

/// Standard output's reader has gone.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Commands that are advised from now on are for this home.
pub fn advise_for(home: &Path) {
    types::advise_for(&shell_word(&path_word(home)));
}

/// A command that can be pasted into a shell.
pub(crate) fn command(words: &[&OsStr]) -> String {
    let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    format!("likeness {}{}", words.join(" "), home_of_advice())
}

/// A path as a command takes it: one that begins as options do is said to lie where it lies.
pub(crate) fn path_word(path: &Path) -> OsString {
    match path.as_os_str().as_encoded_bytes() {
        [b'-', ..] => Path::new(".").join(path).into(),
        _ => path.into(),
    }
}

/// A line of the result, or several.
pub fn line(text: impl Display) -> Result<()> {
    write_whole(&format!("{}\n", told(&text)))
}

/// An object of the result on one line. Beside a path that is no text stand its bytes, under the same key and `_bytes`.
pub(crate) fn json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string(value)?;
    let text = completed(&text)?.map_or(Ok(text), |value| serde_json::to_string(&value))?;
    write_whole(&format!("{}\n", safe_json(text)))
}

/// The same on as many lines as it takes to be read by people.
pub(crate) fn pretty_json(value: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    let text = completed(&text)?.map_or(Ok(text), |value| serde_json::to_string_pretty(&value))?;
    write_whole(&format!("{}\n", safe_json(text)))
}

/// A path in JSON.
pub(crate) fn path_json(path: &Path) -> Value {
    to_text(path.as_os_str()).into()
}

/// What JSON says of a file, and where it is.
pub(crate) fn with_path(path: &Path, mut said: Value) -> Value {
    said["path"] = path_json(path);
    said
}

/// With the bytes of paths that are no text. None where there are none, as nearly always.
fn completed(json: &str) -> Result<Option<Value>> {
    if bytes_of(json).is_none() {
        return Ok(None);
    }
    let mut value = serde_json::from_str(json)?;
    complete(&mut value);
    Ok(Some(value))
}

fn complete(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(complete),
        Value::Object(fields) => {
            fields.values_mut().for_each(complete);
            let bytes: Vec<_> =
                fields.iter().filter_map(|(key, value)| Some((format!("{key}_bytes"), bytes_beside(value)?))).collect();
            fields.extend(bytes);
        }
        _ => {}
    }
}

/// Of several paths those that are text have none.
fn bytes_beside(value: &Value) -> Option<Value> {
    match value {
        Value::String(text) => bytes_of(text).map(Value::from),
        Value::Array(values) => {
            let bytes: Vec<Value> = values.iter().map(|value| bytes_beside(value).unwrap_or_default()).collect();
            (bytes.iter().any(Value::is_string) && values.iter().all(Value::is_string)).then_some(bytes.into())
        }
        _ => None,
    }
}

/// A line beside the result, for people: one, whatever stands in the paths and names that it tells of.
pub(crate) fn note(text: impl Display) {
    notes(printable_text(&text.to_string()));
}

/// Several lines beside the result.
pub fn notes(text: impl Display) {
    let _ = stderr().write_all(format!("{}\n", told(&text)).as_bytes());
}

/// An error with its causes, on one line like every note.
pub fn error(error: &anyhow::Error) {
    note(format!("likeness: {}", error_chain(error)));
}

/// A question; the answer follows on the same line.
pub(crate) fn ask(text: impl Display) {
    let _ = stderr().write_all(told(&text).as_bytes());
    let _ = stderr().flush();
}

/// Whether nobody reads standard output any more, so that long work for it alone may end.
pub(crate) fn is_closed() -> bool {
    IS_CLOSED.load(Ordering::Relaxed)
}

fn told(text: &dyn Display) -> String {
    printable_lines(&text.to_string())
}

/// Standard output for what writes itself, such as a whole library.
pub(crate) struct ResultStream;

impl Write for ResultStream {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        heard(stdout().write(bytes)).map(|written| written.unwrap_or(bytes.len()))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        heard(stdout().flush()).map(|_| ())
    }
}

fn write_whole(text: &str) -> Result<()> {
    if is_closed() {
        return Ok(());
    }
    let mut out = stdout().lock();
    heard(out.write_all(text.as_bytes()).and_then(|()| out.flush())).map(|_| ()).context(REFUSED)
}

/// None where nobody listens any more.
fn heard<T>(written: std::io::Result<T>) -> std::io::Result<Option<T>> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {
            IS_CLOSED.store(true, Ordering::Relaxed);
            Ok(None)
        }
        written => written.map(Some),
    }
}

/// JSON leaves raw what a terminal obeys beyond ASCII. It can only stand within strings, where an escape says the same.
fn safe_json(text: String) -> String {
    // Its own line ends stand between strings, where nothing is escaped.
    let is_obeyed = |c: char| acts_on_text(c) && c != '\n';
    if !text.chars().any(is_obeyed) {
        return text;
    }
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        match is_obeyed(c) {
            true => safe.push_str(&format!("\\u{:04x}", u32::from(c))),
            false => safe.push(c),
        }
        safe
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn beside_a_path_that_is_no_text_stand_its_bytes() {
        let latin: &OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"G\xfc");
        let latin = Path::new(latin);
        let plain = serde_json::json!({ "path": path_json(Path::new("a")), "distance": 0.1 });
        assert_eq!(completed(&plain.to_string()).unwrap(), None);
        let said = serde_json::json!({
            "paths": [path_json(Path::new("a")), path_json(latin)],
            "rows": [with_path(latin, serde_json::json!({ "score": 0.1 }))],
        });
        let said = completed(&said.to_string()).unwrap().unwrap();
        assert_eq!(said["paths"], serde_json::json!(["a", "G\u{effc}"]));
        assert_eq!(said["paths_bytes"], serde_json::json!([null, "R/w="]));
        let row = serde_json::json!({ "path": "G\u{effc}", "path_bytes": "R/w=", "score": 0.1 });
        assert_eq!(said["rows"][0], row);
    }

    #[test]
    fn a_path_that_begins_as_an_option_does_is_no_option() {
        let words = ["-x/run", "--home", "x/-run", "/-run"].map(|path| path_word(Path::new(path)));
        let here = |path: &str| OsString::from(Path::new(".").join(path));
        assert_eq!(words, [here("-x/run"), here("--home"), "x/-run".into(), "/-run".into()]);
    }

    #[test]
    fn json_says_the_same_and_moves_no_terminal() {
        let value = serde_json::json!({ "name": "A\u{1b}[31m\u{9b}2J\u{202e}ä" });
        let text = safe_json(serde_json::to_string_pretty(&value).unwrap());
        assert!(text.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')), "{text:?}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
        assert!(text.contains('ä') && text.contains('\n'));
    }

    #[test]
    fn a_reader_that_has_gone_is_no_error_and_a_full_disk_is_one() {
        assert_eq!(heard(Ok(3)).unwrap(), Some(3));
        assert!(heard::<()>(Err(ErrorKind::StorageFull.into())).is_err());
        assert_eq!(heard::<()>(Err(ErrorKind::BrokenPipe.into())).unwrap(), None);
    }
}
