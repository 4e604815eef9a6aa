//! Writes a library's people and decisions into a file that is worth no more than they are.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::app::engine::unfinished_file::unfinished;
use crate::library::LibraryReader;
use crate::library::care::{self, ExportCounts};
use crate::types::files;

/// What of a file is read to see whether it is an export.
const HEAD: u64 = 256;

/// Writes an export beside its place and renames it, so that a failed one leaves what was there. Of one that was killed the
/// next export to the same file removes what is left ([`unfinished`]). A device and what a shell hands over are written
/// into.
///
/// # Errors
/// Also where something else than an export is there, or the place is the library's own.
pub(crate) fn export(library: &LibraryReader, to: &Path) -> Result<ExportCounts> {
    let cannot = || format!("cannot write {}", to.display());
    // Not the link is replaced, but what it leads to.
    let place = std::fs::canonicalize(to).unwrap_or_else(|_| to.to_owned());
    let there = std::fs::symlink_metadata(&place).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        let mut file = files::open_stream(to).map_err(care::in_words).with_context(cannot)?;
        return export_into(library, &mut file).with_context(cannot);
    }
    check_place(library.path(), &place).with_context(cannot)?;
    let mut file = unfinished(&place).map_err(care::in_words).with_context(cannot)?;
    let counts = export_into(library, file.as_file_mut()).with_context(cannot)?;
    file.as_file().sync_all().map_err(care::in_words).with_context(cannot)?;
    if let Some(there) = there {
        let written = file.as_file().metadata().map_err(care::in_words).with_context(cannot)?;
        check_takes_place(&counts, written.len(), (there.len(), &place)).with_context(cannot)?;
        file.as_file().set_permissions(there.permissions()).map_err(care::in_words).with_context(cannot)?;
    }
    file.persist(&place).map_err(|error| care::in_words(error.error)).with_context(cannot)?;
    Ok(counts)
}

/// Nothing of the library is written over, nor anybody's photo: only an earlier export, or a file that is empty.
fn check_place(library: &Path, place: &Path) -> Result<()> {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (folder, home) = (real(folder), library.parent().and_then(real));
    let is_home = home.is_some() && folder == home;
    let is_librarys = || {
        let names = [place.file_name(), library.file_name()].map(|name| name.unwrap_or_default().as_encoded_bytes());
        is_home && names[0].starts_with(names[1])
    };
    if is_librarys() || (folder.is_some() && folder == real(&care::backups_folder(library))) {
        bail!("the library keeps its own files there; choose another place");
    }
    let Ok(file) = File::open(place) else { return Ok(()) };
    let mut head = Vec::new();
    file.take(HEAD).read_to_end(&mut head).map_err(care::in_words)?;
    // Of the home an empty file is a lock.
    if !care::begins_like_an_export(&head) && (is_home || !head.is_empty()) {
        bail!("a file that is no export of a library is there; choose another place, or remove it");
    }
    Ok(())
}

/// An earlier export that is longer is worth more than that of a library in which nothing is, and one with names more than
/// one without any.
fn check_takes_place(counts: &ExportCounts, bytes: u64, (bytes_there, place): (u64, &Path)) -> Result<()> {
    let has_names = || File::open(place).is_ok_and(|there| care::names_somebody(BufReader::new(there)));
    ensure!(
        counts.people > 0 || !has_names(),
        "nobody has a name in the library yet, and an export with names is there; choose another place, or remove it"
    );
    let is_empty = [counts.people, counts.photos, counts.faces] == [0; 3];
    ensure!(
        !is_empty || bytes_there <= bytes,
        "the library holds nothing yet, and a longer export is there; choose another place, or remove it"
    );
    Ok(())
}

fn export_into(library: &LibraryReader, file: &mut File) -> Result<ExportCounts> {
    let mut out = BufWriter::new(file);
    let counts = library.export(&mut out)?;
    out.flush().map_err(care::in_words)?;
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::care::job::import;
    use crate::app::engine::home::Home;
    use crate::app::engine::scan_lock::ScanLock;
    use crate::library::care::{BackupReason, ImportMode};
    use crate::library::fixture::photo;
    use crate::library::{Destination, Library};

    fn name(library: &mut Library, name: &str) {
        library.move_faces(&[], &Destination::NewPerson { name: name.to_owned() }).unwrap();
    }

    #[test]
    fn an_export_takes_the_place_of_nothing_but_an_export() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(&folder.path().join("home"))).unwrap();
        let mut library = Library::open(&home.library()).unwrap();
        name(&mut library, "Ada");
        let backup = library.back_up(BackupReason::Asked).unwrap();
        drop(ScanLock::take(&home).unwrap());
        let (photo, empty) = (folder.path().join("a.jpg"), folder.path().join("empty"));
        std::fs::write(&photo, b"a photo").unwrap();
        std::fs::write(&empty, b"").unwrap();
        let link = |name: &str, to: &Path| {
            let link = folder.path().join(name);
            #[cfg(unix)]
            std::os::unix::fs::symlink(to, &link).unwrap();
            if cfg!(unix) { link } else { to.to_owned() }
        };
        let log = home.root().join("library.sqlite-wal-of-mine");
        let linked = link("link", &home.library());
        for place in [home.library(), backup, home.scan_lock(), photo, log, linked] {
            let before = std::fs::read(&place).ok();
            assert!(export(&library, &place).is_err(), "{}", place.display());
            assert_eq!(std::fs::read(&place).ok(), before, "{}", place.display());
        }
        assert!(care::check(&home.library()).is_sound());
        // An empty file, an earlier export, one in the home, and what a link leads to.
        let exported = home.root().join("people.jsonl");
        let linked = link("link to an export", &empty);
        for place in [empty.clone(), empty, exported, linked] {
            assert_eq!(export(&library, &place).unwrap().people, 1, "{}", place.display());
        }
    }

    /// One whose photos were scanned, and of whom nobody was named yet, has the longer export.
    #[test]
    fn names_give_way_to_no_export_without_any() {
        let folder = tempfile::tempdir().unwrap();
        let library = |name: &str| Library::open(&folder.path().join(name)).unwrap();
        let (mut named, mut scanned) = (library("named.sqlite"), library("scanned.sqlite"));
        name(&mut named, "Ada");
        let scan = scanned.begin_scan(folder.path()).unwrap();
        let photos: Vec<_> = (0..20).map(|n| photo(&folder.path().join(format!("{n}.jpg")), n, Vec::new())).collect();
        scanned.record_photos(scan, &photos).unwrap();
        let file = folder.path().join("people.jsonl");
        assert_eq!(export(&scanned, &file).unwrap().photos, 20);
        export(&scanned, &file).expect("no names are there");
        export(&named, &file).unwrap();
        let before = std::fs::read(&file).unwrap();
        assert!(export(&scanned, &file).unwrap_err().root_cause().to_string().contains("an export with names"));
        assert_eq!(std::fs::read(&file).unwrap(), before);
        export(&named, &file).unwrap();
    }

    /// Nobody waits for a reader that may never come, and what cannot be written into is named.
    #[cfg(unix)]
    #[test]
    fn an_export_into_what_is_no_file_says_what_stands_there() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.sqlite")).unwrap();
        let [pipe, socket] = ["pipe", "socket"].map(|name| folder.path().join(name));
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (place, what) in [(&pipe, "a named pipe"), (&socket, "a socket"), (&folder.path().to_owned(), "a folder")] {
            let told = export(&library, place).unwrap_err().root_cause().to_string();
            assert_eq!(told, format!("this is {what}, no file"));
        }
        export(&library, Path::new("/dev/null")).unwrap();
    }

    #[test]
    fn a_failed_export_leaves_the_file_that_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let library = Library::open(&folder.path().join("library.sqlite")).unwrap();
        let file = folder.path().join("people.jsonl");
        export(&library, &file).unwrap();
        let before = std::fs::read(&file).unwrap();
        assert!(export(&library, &folder.path().join("not there/people.jsonl")).is_err());
        assert_eq!(std::fs::read(&file).unwrap(), before);
        let mut other = Library::open(&folder.path().join("other.sqlite")).unwrap();
        name(&mut other, "Ada");
        let people = folder.path().join("ada.jsonl");
        export(&other, &people).unwrap();
        assert!(export(&library, &people).is_err(), "nobody takes the place of somebody");
        export(&other, &people).unwrap();
        import(&mut other, &file, ImportMode::Apply).unwrap();
        assert!(import(&mut other, &folder.path().join("none"), ImportMode::Apply).is_err());
    }
}
