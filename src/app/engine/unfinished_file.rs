//! A file that takes another one's place when it is whole. Killed meanwhile, a program leaves what it wrote beside it, under
//! a name that tells what it is; who writes the same file next removes that.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

const ENDING: &str = ".unfinished";

/// A new file beside `to`, named after it. It goes when it is dropped, and is persisted as `to` where it is whole.
pub(crate) fn unfinished(to: &Path) -> io::Result<NamedTempFile> {
    let name = to.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(".");
    remove_remains(folder, &prefix);
    let file = tempfile::Builder::new().prefix(&prefix).suffix(ENDING).tempfile_in(folder)?;
    // Held as long as it is written. Where the file system knows no locks, nothing is ever taken for remains.
    let _ = file.as_file().try_lock();
    Ok(file)
}

/// What nobody writes any more. It hinders nothing, so neither does what hinders this.
fn remove_remains(folder: &Path, prefix: &OsString) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        let is_such = bytes.starts_with(prefix.as_encoded_bytes()) && bytes.ends_with(ENDING.as_bytes());
        if is_such && File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_program_left_is_named_after_its_file_and_goes_with_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("people.jsonl");
        let names = || {
            let names = std::fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name());
            let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
            names.sort();
            names
        };
        // As a killed program leaves it: it is there, and nobody holds it.
        drop(unfinished(&to).unwrap().keep().unwrap());
        let [left] = &names()[..] else { panic!("{:?}", names()) };
        assert!(left.starts_with(".people.jsonl.") && left.ends_with(".unfinished"), "{left}");
        std::fs::write(folder.path().join(".people.jsonl.notes"), "mine").unwrap();
        let one = unfinished(&to).unwrap();
        assert!(!names().contains(left));
        let other = unfinished(&to).unwrap();
        assert_eq!(names().len(), 3, "what another program is writing stays: {:?}", names());
        one.persist(&to).unwrap();
        drop(other);
        assert_eq!(names(), [".people.jsonl.notes", "people.jsonl"]);
    }
}
