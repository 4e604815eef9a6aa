//! Files that somebody named, opened only where they are files: a named pipe would wait for somebody to write into it, and
//! a device may never end.

use std::fs::{self, File, FileType};
use std::io;
use std::path::Path;

/// Opens a file, which may be read more than once.
///
/// # Errors
/// What is there is no file, or it cannot be opened.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    match fs::metadata(path)?.file_type() {
        kind if kind.is_file() => File::open(path),
        kind => Err(no_file(kind)),
    }
}

/// Opens what is no file to write into it: a device that takes one byte after the other, or what a shell hands over.
///
/// # Errors
/// A named pipe keeps its writer waiting until somebody reads, which may be never; the rest cannot be written into.
pub(crate) fn open_stream(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?.file_type();
    match is_handed_over(path) || is_character_device(kind) {
        true => File::options().write(true).open(path),
        false => Err(no_file(kind)),
    }
}

/// Reads a file as a whole, and what a shell hands over as one (`<(…)`), which is open already.
///
/// # Errors
/// As of [`open`].
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    if is_handed_over(path) { fs::read(path) } else { bytes_of(open(path)?) }
}

/// Whether it can be read, of which nothing is read yet.
///
/// # Errors
/// As of [`open`].
pub(crate) fn can_be_read(path: &Path) -> io::Result<()> {
    if is_handed_over(path) { Ok(()) } else { open(path).map(drop) }
}

/// The same of a text.
///
/// # Errors
/// As of [`open`], and what is no text.
pub(crate) fn read_to_string(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "this is no text in UTF-8"))
}

fn bytes_of(mut file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut file, &mut bytes).map(|_| bytes)
}

fn is_handed_over(path: &Path) -> bool {
    const OPEN_ALREADY: [&str; 5] = ["/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/proc/self/fd"];
    cfg!(unix) && OPEN_ALREADY.iter().any(|place| path.starts_with(place))
}

fn is_character_device(kind: FileType) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::FileTypeExt::is_char_device(&kind);
    #[cfg(not(unix))]
    return !kind.is_dir() && !kind.is_file();
}

fn no_file(kind: FileType) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("this is {}, no file", word(kind)))
}

fn word(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a named pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_block_device() || kind.is_char_device() {
            return "a device";
        }
    }
    if kind.is_dir() { "a folder" } else { "something else" }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_named_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let [pipe, socket, file] = ["pipe", "socket", "file"].map(|name| folder.path().join(name));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        fs::write(&file, "words").unwrap();
        let told = |path: &Path| (open(path).unwrap_err().to_string(), read(path).unwrap_err().to_string());
        for (path, word) in [
            (&*pipe, "a named pipe"),
            (&socket, "a socket"),
            (Path::new("/dev/zero"), "a device"),
            (folder.path(), "a folder"),
        ] {
            let wanted = format!("this is {word}, no file");
            assert_eq!(told(path), (wanted.clone(), wanted));
        }
        assert_eq!((read(&file).unwrap(), read_to_string(&file).unwrap()), (b"words".to_vec(), "words".to_owned()));
        assert!(is_handed_over(Path::new("/dev/fd/63")) && !is_handed_over(&file));
        assert!(can_be_read(&file).is_ok() && can_be_read(&pipe).unwrap_err().to_string().contains("a named pipe"));
    }
}
