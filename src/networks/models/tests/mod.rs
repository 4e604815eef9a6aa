//! The store against a local server and a pretended package manager: no network is needed.

#[cfg(unix)]
mod packages;
mod server;

use std::fs;
use std::path::Path;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::{
    Clients, FetchError, FileCheck, Imported, InstallEvent, InstallOptions, Manifest, ModelFile, Source, Store,
    StoreError,
};
use crate::networks::models::tests::server::{Behaviour, serve};
use crate::types::{Cancel, ModelId, hex};

/// A store whose one model `m` is `body`, to be had from `sources`.
struct Fixture {
    folder: TempDir,
    store: Store,
    body: Vec<u8>,
}

fn id() -> ModelId {
    ModelId("m".into())
}

fn body() -> Vec<u8> {
    (0..300_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn url(url: &str) -> Source {
    Source::Url { url: url.into() }
}

fn file_of(body: &[u8], name: &str, sources: Vec<Source>) -> ModelFile {
    let sha256 = hex(&Sha256::digest(body));
    ModelFile { name: name.into(), bytes: body.len() as u64, sha256, sources }
}

fn fixture(sources: Vec<Source>) -> Fixture {
    let mut manifest = Manifest::built_in();
    manifest.models.truncate(1);
    manifest.packs.clear();
    manifest.models[0].id = id();
    manifest.models[0].files = vec![file_of(&body(), "m.onnx", sources)];
    let folder = TempDir::new().unwrap();
    let store = Store::with_manifest(folder.path().join("models"), manifest).unwrap();
    Fixture { folder, store, body: body() }
}

impl Fixture {
    fn install(&self) -> Result<Vec<InstallEvent>, StoreError> {
        self.install_with(&InstallOptions::default())
    }

    fn install_with(&self, options: &InstallOptions) -> Result<Vec<InstallEvent>, StoreError> {
        let mut events = Vec::new();
        self.store.install(&id(), options, &Cancel::default(), &mut |event| events.push(event))?;
        Ok(events)
    }

    fn assert_installed(&self) {
        assert!(self.store.installed(&id()));
        assert_eq!(self.store.read(&id()).unwrap(), self.body);
        assert_eq!(leftovers(&self.store.partials()), ["lock"]);
    }

    fn assert_empty(&self) {
        assert!(!self.store.installed(&id()));
        assert!(matches!(self.store.read(&id()), Err(StoreError::NotInstalled { .. })));
        assert_eq!(self.store.verify(&id()).unwrap(), FileCheck::Missing);
    }

    fn write(&self, name: &str, bytes: &[u8]) -> std::path::PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn leftovers(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn attempts(error: StoreError) -> Vec<FetchError> {
    match error {
        StoreError::NothingWorked { attempts, .. } => attempts.into_iter().map(|attempt| attempt.error).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn downloads_with_progress() {
    let server = serve(body(), Behaviour::Ranges);
    let f = fixture(vec![url(&server.url)]);
    let events = f.install().unwrap();
    f.assert_installed();
    let last = events.iter().rev().find_map(|event| match event {
        InstallEvent::Progress { done_bytes, total_bytes, .. } => Some((*done_bytes, *total_bytes)),
        _ => None,
    });
    assert_eq!(last, Some((300_000, 300_000)));
    assert_eq!(events.last(), Some(&InstallEvent::Installed { model: id() }));
    f.install().unwrap();
    assert_eq!(server.starts.lock().unwrap().len(), 1, "an installed model is not fetched again");
}

#[test]
fn an_interrupted_download_goes_on_where_it_broke_off() {
    let server = serve(body(), Behaviour::BreaksOnceAfter(100_000));
    let f = fixture(vec![url(&server.url)]);
    let errors = attempts(f.install().unwrap_err());
    assert!(matches!(errors[..], [FetchError::Interrupted { done: 100_000, total: 300_000, .. }]), "{errors:?}");
    f.assert_empty();
    f.install().unwrap();
    f.assert_installed();
    assert_eq!(*server.starts.lock().unwrap(), [0, 100_000]);
}

#[test]
fn another_source_goes_on_from_the_first_ones_bytes() {
    let breaks = serve(body(), Behaviour::BreaksOnceAfter(100_000));
    let whole = serve(body(), Behaviour::Ranges);
    let f = fixture(vec![url(&breaks.url), url(&whole.url)]);
    f.install().unwrap();
    f.assert_installed();
    assert_eq!(*whole.starts.lock().unwrap(), [100_000]);
}

#[test]
fn a_server_without_ranges_starts_again() {
    let breaks = serve(body(), Behaviour::BreaksOnceAfter(100_000));
    let whole = serve(body(), Behaviour::NoRanges);
    let f = fixture(vec![url(&breaks.url), url(&whole.url)]);
    f.install().unwrap();
    f.assert_installed();
}

#[test]
fn a_wrong_beginning_is_thrown_away() {
    let server = serve(body(), Behaviour::Ranges);
    let f = fixture(vec![url(&server.url)]);
    let partial = f.store.partial(&f.store.manifest().models[0].files[0]);
    fs::create_dir_all(partial.parent().unwrap()).unwrap();
    fs::write(partial, [7; 5000]).unwrap();
    f.install().unwrap();
    f.assert_installed();
    assert_eq!(*server.starts.lock().unwrap(), [5000, 0]);
}

#[test]
fn a_wrong_file_is_refused_and_the_next_source_tried() {
    let mut wrong = body();
    wrong[12] ^= 1;
    let wrong = serve(wrong, Behaviour::Ranges);
    let page = serve(b"<html>sign in".to_vec(), Behaviour::Ranges);
    let gone = serve(body(), Behaviour::Status(404));
    let f = fixture(vec![url(&wrong.url), url(&page.url), url(&gone.url), url("http://127.0.0.1:1/")]);
    let error = f.install().unwrap_err();
    assert_eq!(error.to_string().matches(&wrong.url).count(), 1, "{error}");
    let errors = attempts(error);
    assert!(
        matches!(
            errors[..],
            [
                FetchError::WrongHash { .. },
                FetchError::WrongSize { found: 13, expected: 300_000 },
                FetchError::Status(404),
                FetchError::NoNetwork(_)
            ]
        ),
        "{errors:?}"
    );
    f.assert_empty();
    assert_eq!(leftovers(&f.store.partials()), ["lock"]);
    let right = serve(body(), Behaviour::Ranges);
    let f = fixture(vec![url(&wrong.url), url(&gone.url), url(&right.url)]);
    let events = f.install().unwrap();
    assert_eq!(events.iter().filter(|event| matches!(event, InstallEvent::Failed { .. })).count(), 2);
    f.assert_installed();
}

#[test]
fn a_cancelled_download_leaves_the_store_as_it_was() {
    let server = serve(body(), Behaviour::Ranges);
    let f = fixture(vec![url(&server.url)]);
    let cancel = Cancel::default();
    let seen = cancel.clone();
    let outcome = f.store.install(&id(), &InstallOptions::default(), &cancel, &mut |event| {
        if matches!(event, InstallEvent::Progress { .. }) {
            seen.cancel();
        }
    });
    assert!(matches!(outcome, Err(StoreError::Cancelled)));
    f.assert_empty();
    f.install().unwrap();
    f.assert_installed();
}

#[test]
fn offline_takes_only_a_local_file() {
    let server = serve(body(), Behaviour::Ranges);
    let f = fixture(vec![url(&server.url)]);
    let offline = InstallOptions { offline: true, ..InstallOptions::default() };
    assert!(matches!(f.install_with(&offline), Err(StoreError::Offline { .. })));
    let local = f.write("downloaded by hand", &f.body);
    f.install_with(&InstallOptions { local_files: vec![local], ..offline }).unwrap();
    f.assert_installed();
    assert!(server.starts.lock().unwrap().is_empty());
}

#[test]
fn a_wrong_local_file_is_an_error() {
    let server = serve(body(), Behaviour::Ranges);
    let f = fixture(vec![url(&server.url)]);
    let local = f.write("wrong", b"wrong");
    let options = InstallOptions { local_files: vec![local], ..InstallOptions::default() };
    assert!(matches!(f.install_with(&options), Err(StoreError::WrongFile { .. })));
    f.assert_empty();
    assert!(server.starts.lock().unwrap().is_empty());
}

#[test]
fn imports_what_it_recognises() {
    let f = fixture(vec![]);
    let path = f.write("some name", &f.body);
    assert_eq!(f.store.import(&path).unwrap(), Imported { id: id(), file_name: "m.onnx".into(), complete: true });
    f.assert_installed();
    let stranger = f.write("stranger", b"stranger");
    assert!(matches!(f.store.import(&stranger), Err(StoreError::NotRecognised { .. })));
    assert!(f.store.remove(&id()).unwrap());
    assert!(!f.store.remove(&id()).unwrap());
    f.assert_empty();
}

#[test]
fn a_damaged_model_is_noticed_and_repaired() {
    let server = serve(body(), Behaviour::Ranges);
    let f = fixture(vec![url(&server.url)]);
    f.install().unwrap();
    let path = f.store.path(&id()).join("m.onnx");
    let mut bytes = fs::read(&path).unwrap();
    bytes[77] ^= 0x20;
    fs::write(&path, bytes).unwrap();
    assert!(matches!(f.store.read(&id()), Err(StoreError::Damaged { .. })));
    assert!(matches!(f.store.verify(&id()).unwrap(), FileCheck::Damaged { .. }));
    f.install().unwrap();
    f.assert_installed();
}

#[test]
fn two_installations_do_not_meet() {
    let f = fixture(vec![]);
    let path = f.write("file", &f.body);
    let lock = f.store.lock().unwrap();
    assert!(matches!(f.store.import(&path), Err(StoreError::Busy { .. })));
    drop(lock);
    f.store.import(&path).unwrap();
}

#[test]
fn unknown_names_are_told_with_the_known_ones() {
    let f = fixture(vec![]);
    let error = f.store.resolve("arcface").unwrap_err().to_string();
    assert!(error.contains("arcface") && error.contains("known are m"), "{error}");
    let real = Store::open(f.folder.path().join("real")).unwrap();
    assert_eq!(real.resolve("default").unwrap().len(), 2);
    assert_eq!(real.resolve("sface-2021dec").unwrap(), [ModelId("sface-2021dec".into())]);
}

#[test]
fn a_full_disk_has_its_own_error() {
    let full = || std::io::Error::from(std::io::ErrorKind::StorageFull);
    let path = Path::new("/models");
    assert!(matches!(FetchError::io("write", path)(full()), FetchError::DiskFull));
    let error = StoreError::io("write", path, 2_500_000)(full());
    assert!(matches!(error, StoreError::DiskFull { needed_mb: 3, .. }), "{error}");
}
