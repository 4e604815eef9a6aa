//! Damaged files of other programs: no panic, little memory, little time. A test run changes a few hundred files of
//! each kind; `LIKENESS_MUTATIONS=10000 cargo test --release fuzz -- --nocapture` changes that many.

use std::path::Path;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::picasa::{PicasaContacts, PicasaIni};
use super::takeout::{TakeoutFolder, TakeoutJson};
use super::{digikam, picasa, takeout};
use crate::types::mutation::{self, Work};

const MOST_KIB: u64 = 512 << 10;

const INI: &[u8] = b"\xEF\xBB\xBF[encoding]\r\nutf8=1\r\n[Contacts2]\r\n\
    1a2b3c4d5e6f7081=Anna M\xC3\xBCller;a@example.org;\r\n[IMG 1.jpg]\r\nrotate=rotate(1)\r\n\
    faces=rect64(3f845bcb59418507),1a2b3c4d5e6f7081;rect64(200040008000),ffffffffffffffff\r\n\
    [.album:7a]\r\nname=Summer\r\ntoken=7a\r\n\
    [IMG_2.jpg]\r\nstar=yes\r\nfaces=rect64(400080008000),1a2b3c4d5e6f7081;\r\n";
const XML: &[u8] = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<contacts>\n\
    <contact id=\"1a2b3c4d5e6f7081\" name=\"Anna &amp; Co\" display=\"A\" \
    modified_time=\"2011-12-12T15:09:12+01:00\" local_contact=\"1\">\n\
    <subject user=\"x\" id=\"1\"/>\n </contact>\n</contacts>";
const JSON: &[u8] = br#"{"title": "IMG_1(1).jpg", "description": "", "imageViews": "2",
    "creationTime": {"timestamp": "1695554428", "formatted": "24 Sept 2023, 11:20:28 UTC"},
    "geoData": {"latitude": 0.0, "longitude": -1.5e3}, "people": [{"name": "Susan"},
    {"name": "J\u00fcrgen &#39;J&#39;"}], "url": "https://photos.google.com/photo/x",
    "googlePhotosOrigin": {"mobileUpload": {}}}"#;
const NAMES: &[&str] =
    &["IMG_1(1).jpg", "IMG_1.jpg.supplemental-meta(1).json", "IMG-edited.jpg", "a.jpg.json", "😀😃(2).json(3)"];

/// Of names in these formats.
const LOUD: &[u8] = &[0, 0xFF, 0x7F, 0x80, b'[', b'=', b'"', b';', b'<', b'{'];

fn changed(whole: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    mutation::changed(whole, LOUD, random)
}

fn fuzz(what: &str, rounds: usize, read: impl FnMut(&mut ChaCha8Rng)) {
    mutation::mutations(what, rounds, MOST_KIB, Work::OfThisThread, read);
}

#[test]
fn fuzz_picasa() {
    fuzz("picasa", 500, |random| {
        let mut contacts = PicasaContacts::default();
        let _ = contacts.add_xml(&changed(XML, random));
        let ini = PicasaIni::read(&changed(INI, random));
        contacts.add_folder(&ini);
        let found = picasa::names(&ini, Path::new("/p"), &contacts);
        assert!(found.iter().all(|found| found.region.is_some()));
    });
}

#[test]
fn fuzz_takeout() {
    fuzz("takeout", 500, |random| {
        let mut folder = TakeoutFolder::default();
        let json = TakeoutJson::read(&changed(JSON, random)).unwrap_or_default();
        for name in NAMES {
            let name = String::from_utf8_lossy(&changed(name.as_bytes(), random)).into_owned();
            folder.add(&name, json.clone());
        }
        for name in NAMES {
            let name = String::from_utf8_lossy(&changed(name.as_bytes(), random)).into_owned();
            let _ = folder.of_photo(&name).map(|json| takeout::names(Path::new(&name), json));
        }
    });
}

#[test]
fn fuzz_digikam() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("digikam4.db");
    drop(digikam::tests::make(&path));
    let whole = std::fs::read(&path).unwrap();
    let copies = tempfile::tempdir().unwrap();
    let mut read = 0;
    fuzz("digikam4.db", 200, |random| {
        let bytes = if random.random_bool(0.5) { changed(&whole, random) } else { changed_cells(&whole, random) };
        std::fs::write(&path, bytes).unwrap();
        read += usize::from(digikam::read(&path, copies.path(), &|_| None).is_ok());
    });
    println!("{read} of them could be read");
    assert!(read > 0, "no changed file was read at all: nothing behind the header is tested");
}

/// A few bytes in place, anywhere: the pages stay pages.
fn changed_cells(whole: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..random.random_range(1..=20) {
        let at = random.random_range(0..bytes.len());
        bytes[at] = random.random();
    }
    bytes
}
