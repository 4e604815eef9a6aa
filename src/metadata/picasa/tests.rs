use std::path::{Path, PathBuf};

use super::{PicasaContacts, PicasaIni, names};
use crate::metadata::found::{NameFound, NameKind, PhotoPath, RegionArea};

const INI: &[u8] = b"[encoding]\r\nutf8=1\r\n[Picasa]\r\nname=Summer\r\n[Contacts2]\r\n\
    1a2b3c=Anna M\xC3\xBCller;anna@example.org;\r\nffffffffffffffff=Nobody;;\r\n\
    [IMG 1.jpg]\r\nrotate=rotate(1)\r\n\
    faces=rect64(3f845bcb59418507),1a2b3c;rect64(2000400080008000),ffffffffffffffff\r\n\
    backuphash=1\r\n[IMG_2.jpg]\r\nfaces=rect64(400080008000),00000000001a2b3c;rect64(zz),1a2b3c;\r\n";

fn read(ini: &[u8], contacts: &PicasaContacts) -> Vec<NameFound> {
    names(&PicasaIni::read(ini), Path::new("/photos"), contacts)
}

fn edges(found: &NameFound) -> [f32; 4] {
    let Some(RegionArea::Fractions { at, of: None }) = found.region.map(|region| region.region) else { panic!() };
    [at.x, at.y, at.x + at.width, at.y + at.height].map(|edge| (edge * 65535.0).round())
}

#[test]
fn faces_and_names_of_a_folder() {
    let found = read(INI, &PicasaContacts::default());
    assert_eq!(found.len(), 3);
    assert_eq!(found[0].photo, PhotoPath::Whole(PathBuf::from("/photos/IMG 1.jpg")));
    assert_eq!(found[0].name.as_deref(), Some("Anna Müller"));
    assert_eq!(edges(&found[0]), [0x3f84, 0x5bcb, 0x5941, 0x8507].map(|edge| edge as f32));
    assert_eq!((found[1].name.as_deref(), found[1].kind), (None, NameKind::Unnamed));
    // Leading zeros are dropped from the rectangle and may stand before the ID.
    assert_eq!(edges(&found[2]), [0, 0x4000, 0x8000, 0x8000].map(|edge| edge as f32));
    assert_eq!(found[2].name.as_deref(), Some("Anna Müller"));
    assert_eq!(PicasaIni::read(INI).unread, 1);
}

#[test]
fn a_western_file_with_a_mark_and_one_without_are_read() {
    let western = b"[Contacts2]\n1=J\xFCrgen;;\n[a.jpg]\nfaces=rect64(2000400080008000),1\n";
    assert_eq!(read(western, &PicasaContacts::default())[0].name.as_deref(), Some("Jürgen"));
    let marked: Vec<u8> = [b"\xEF\xBB\xBF".as_slice(), INI].concat();
    assert_eq!(read(&marked, &PicasaContacts::default()), read(INI, &PicasaContacts::default()));
}

#[test]
fn a_section_that_comes_twice_goes_on() {
    let twice = b"[a.jpg]\nfaces=rect64(2000400080008000),1\n[b.jpg]\nstar=yes\n[a.jpg]\nstar=yes\n\
        [Contacts2]\n1=Anna;;\n[Contacts2]\n2=Bert;;\n[b.jpg]\nfaces=rect64(2000400080008000),2\n";
    let found = read(twice, &PicasaContacts::default());
    let named: Vec<_> = found.iter().map(|found| found.name.as_deref()).collect();
    assert_eq!(named, [Some("Anna"), Some("Bert")]);
}

#[test]
fn contacts_xml_goes_before_the_folder_and_the_folder_before_others() {
    let mut contacts = PicasaContacts::default();
    contacts.add_folder(&PicasaIni::read(b"[Contacts2]\n1=Other folder;;\n2=Other folder;;\n3=Elsewhere;;\n"));
    let xml = "<?xml version=\"1.0\"?><contacts><contact id=\"1\" name=\"From XML\" display=\"X\"/>\
        <contact id=\"4\" name=\"\" display=\"Shown\"/></contacts>";
    contacts.add_xml(xml.as_bytes()).unwrap();
    let ini = b"[Contacts2]\n1=Own folder;;\n2=Own folder;;\n[a.jpg]\nfaces=rect64(2000400080008000),1;\
        rect64(2000400080008001),2;rect64(2000400080008002),3;rect64(2000400080008003),4;rect64(2000400080008004),5\n";
    let found = read(ini, &contacts);
    let named: Vec<_> = found.iter().map(|found| found.name.as_deref()).collect();
    assert_eq!(named, [Some("From XML"), Some("Own folder"), Some("Elsewhere"), Some("Shown"), None]);
    assert_eq!(found[4].kind, NameKind::Unnamed, "an ID that nobody knows");
    assert!(contacts.add_xml(b"<contacts><contact").is_err());
    assert!(contacts.add_xml(b"<album/>").is_err());
    let crowded =
        format!("<contacts><contact {}/></contacts>", (0..100_000).map(|n| format!("a{n}='' ")).collect::<String>());
    assert!(contacts.add_xml(crowded.as_bytes()).is_err(), "a tag that takes the parser minutes");
}

#[test]
fn a_section_never_leads_out_of_its_folder() {
    for name in ["../a.jpg", "/etc/a.jpg", "b/a.jpg", ".."] {
        let ini = format!("[{name}]\nfaces=rect64(2000400080008000),1\n");
        assert!(read(ini.as_bytes(), &PicasaContacts::default()).is_empty(), "{name}");
    }
}

#[test]
fn what_is_no_rectangle_is_counted_and_passed_over() {
    for entry in ["rect64()", "rect64(+2000400080008000)", "rect64(80008000200020001)", "rect64(8000800020002000)", "x"]
    {
        let ini = format!("[a.jpg]\nfaces={entry},1\n");
        let ini = PicasaIni::read(ini.as_bytes());
        assert_eq!((ini.faces().map(|(_, faces)| faces.len()).sum::<usize>(), ini.unread), (0, 1), "{entry}");
    }
}
