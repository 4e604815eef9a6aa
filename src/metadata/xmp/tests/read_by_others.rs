//! What ExifTool and Exiv2 (Adobe's toolkit, as digiKam uses it) read of what we wrote, and we of what they wrote. They
//! come with Debian as `libimage-exiftool-perl` and `exiv2`; without them these tests say that they were skipped.
//!
//! digiKam by hand (7.9.0, Debian 12, 1 December 2026): 16 JPEG files with embedded names, eight of them one photo of three
//! people in the eight orientations, in a new collection. Its database then had all 34 regions with their names, those of
//! the eight within a pixel of each other in the upright picture; of `Zoë "Z" O|Hare, Jr./Sr.` it makes `… Jr.\Sr.`. Read
//! from that database the other way, 34 names of three people were offered and taken, each on its face.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;

use super::super::matching::OthersNames;
use super::super::model::{PeoplePacket, RegionFormat};
use super::super::orientation::to_upright;
use super::super::plan::{MetadataPlan, plan};
use super::super::read::read;
use super::super::request::{FaceToWrite, NamesToWrite};
use super::super::write::Modified;
use super::super::written::WrittenNames;
use super::samples::{DIGIKAM, WritePlace, area, is_close, jpeg, names, nothing, packet, packet_segment, put, segment};
use crate::metadata::region_box::RegionBox;

const UPRIGHT: RegionBox = RegionBox { x: 0.1, y: 0.2, width: 0.3, height: 0.15 };

/// The program's output; none, and a word about it, where it is not installed.
fn run(program: &str, arguments: &[&str], files: &[&Path]) -> Option<Vec<u8>> {
    match Command::new(program).args(arguments).args(files).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success() || !output.stdout.is_empty(), "{program} {arguments:?}: {said}");
            Some(output.stdout)
        }
        Err(_) => {
            // Past the test harness, which shows only what failed tests print.
            let skipped = format!("SKIPPED: {program} is not installed, so nothing was compared with it\n");
            std::io::stderr().write_all(skipped.as_bytes()).unwrap();
            None
        }
    }
}

fn exiftool_json(files: &[&Path]) -> Option<Vec<Value>> {
    let json = run("exiftool", &["-struct", "-json", "-n", "-XMP:all"], files)?;
    Some(serde_json::from_slice(&json).unwrap())
}

/// Adobe's toolkit refuses a whole packet for literal XML in it (its error 203).
fn without_literal() -> String {
    let literal = "   <odd:thing rdf:parseType=\"Literal\"><b>bold</b> text</odd:thing>\n";
    assert!(DIGIKAM.contains(literal));
    packet(&DIGIKAM.replace(literal, ""))
}

fn faces() -> [FaceToWrite; 2] {
    [("Anna Ärmel & Co", UPRIGHT), ("Bo", area(0.6, 0.55, 0.2, 0.25))]
        .map(|(name, area)| FaceToWrite { name: name.to_owned(), area })
}

fn write(photo: &Path, place: WritePlace, orientation: u8, ours: &WrittenNames, faces: &[FaceToWrite]) -> MetadataPlan {
    let others = OthersNames::default();
    let names = NamesToWrite { orientation, ..names(faces, ours, &others) };
    let plan = plan(photo, place, &names).unwrap();
    plan.write(Modified::Kept).unwrap();
    plan
}

/// EXIF that says nothing but an orientation.
fn exif(orientation: u8) -> Vec<u8> {
    segment(
        0xe1,
        &[b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[orientation, 0, 0, 0, 0, 0, 0]]
            .concat(),
    )
}

fn number(value: &Value) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_else(|| panic!("{value} is no number"))
}

/// Both formats' regions as ExifTool sees them, in the stored picture.
fn exiftool_regions(said: &Value) -> Vec<(String, RegionBox)> {
    let list = |info: &str, list: &str| said[info][list].as_array().cloned().unwrap_or_default();
    let mwg = list("RegionInfo", "RegionList").into_iter().map(|region| {
        let side = |name: &str| number(&region["Area"][name]) as f32;
        let found = RegionBox::around([side("X"), side("Y")], side("W"), side("H"));
        (region["Name"].as_str().unwrap().to_owned(), found)
    });
    let microsoft = list("RegionInfoMP", "Regions").into_iter().map(|region| {
        let sides: Vec<f32> = region["Rectangle"].as_str().unwrap().split(", ").map(|n| n.parse().unwrap()).collect();
        (region["PersonDisplayName"].as_str().unwrap().to_owned(), area(sides[0], sides[1], sides[2], sides[3]))
    });
    mwg.chain(microsoft).collect()
}

fn assert_exiftool_agrees(said: &Value, orientation: u8) {
    let found = exiftool_regions(said);
    assert_eq!(found.len(), 4, "{said}");
    for (index, (name, stored)) in found.into_iter().enumerate() {
        let face = &faces()[index % 2];
        assert_eq!(name, face.name);
        assert!(is_close(to_upright(stored, orientation), face.area), "{orientation}: {name} {stored:?}");
    }
    let both = serde_json::json!(["Anna Ärmel & Co", "Bo"]);
    assert_eq!(said["PersonInImage"], both);
    assert_eq!(said["Subject"], both);
    assert_eq!(said["HierarchicalSubject"], serde_json::json!(["People|Anna Ärmel & Co", "People|Bo"]));
    assert_eq!(said["TagsList"], serde_json::json!(["People/Anna Ärmel & Co", "People/Bo"]));
    let size = &said["RegionInfo"]["AppliedToDimensions"];
    assert_eq!((number(&size["W"]), number(&size["H"]), size["Unit"].as_str()), (400.0, 300.0, Some("pixel")));
}

#[test]
fn exiftool_reads_eight_orientations() {
    let folder = tempfile::tempdir().unwrap();
    let photos: Vec<PathBuf> = (1..=8_u8).map(|turn| folder.path().join(format!("{turn}.jpg"))).collect();
    let paths: Vec<&Path> = photos.iter().map(PathBuf::as_path).collect();
    for (photo, turn) in photos.iter().zip(1..) {
        put(photo, &jpeg(&[exif(turn), segment(0xe2, b"ICC_PROFILE\0\x01\x01abc")]));
    }
    // All that is no XMP, as ExifTool writes it.
    let without = |photo: &Path| run("exiftool", &["-XMP:all=", "-o", "-"], &[photo]);
    let Some(before) = without(paths[5]) else { return };
    for (photo, turn) in photos.iter().zip(1..) {
        write(photo, WritePlace::Embedded, turn, &nothing(), &faces());
    }
    for (said, turn) in exiftool_json(&paths).unwrap().iter().zip(1..) {
        assert_exiftool_agrees(said, turn);
    }
    assert_eq!(without(paths[5]).unwrap(), before, "something beside the XMP has changed");
}

#[test]
fn exiftool_reads_sidecars_of_six_formats() {
    let folder = tempfile::tempdir().unwrap();
    let sidecars: Vec<PathBuf> = ["a.jpg", "a.png", "b.heic", "c.avif", "d.nef", "e.webp"]
        .iter()
        .map(|name| {
            let photo = folder.path().join(name);
            put(&photo, b"");
            write(&photo, WritePlace::Sidecar, 6, &nothing(), &faces()).path
        })
        .collect();
    let paths: Vec<&Path> = sidecars.iter().map(PathBuf::as_path).collect();
    let Some(said) = exiftool_json(&paths) else { return };
    assert_eq!(said.len(), 6);
    said.iter().for_each(|said| assert_exiftool_agrees(said, 6));
}

/// Lines of key and value.
fn exiv2_lines(file: &Path) -> Option<Vec<(String, String)>> {
    let text = String::from_utf8(run("exiv2", &["-PXkv"], &[file])?).unwrap();
    let split = |line: &str| line.split_once(' ').map(|(key, value)| (key.to_owned(), value.trim().to_owned()));
    Some(text.lines().filter_map(split).collect())
}

#[test]
fn exiv2_reads_what_we_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    put(&photo, &jpeg(&[exif(6), packet_segment(&without_literal())]));
    let sidecar = write(&photo, WritePlace::Sidecar, 1, &nothing(), &faces()).path;
    write(&photo, WritePlace::Embedded, 1, &nothing(), &faces());
    for file in [&photo, &sidecar] {
        let Some(lines) = exiv2_lines(file) else { return };
        let has = |key: &str, value: &str| lines.iter().any(|(k, v)| k == key && v == value);
        for (key, value) in [
            ("Xmp.mwg-rs.Regions/mwg-rs:RegionList[1]/mwg-rs:Name", "Berta"),
            ("Xmp.mwg-rs.Regions/mwg-rs:RegionList[2]/mwg-rs:Name", "Anna Ärmel & Co"),
            ("Xmp.mwg-rs.Regions/mwg-rs:RegionList[2]/mwg-rs:Area/stArea:x", "0.25"),
            ("Xmp.MP.RegionInfo/MPRI:Regions[1]/MPReg:Rectangle", "0.1, 0.2, 0.3, 0.15"),
            ("Xmp.dc.subject", "Strand, Berta, Anna Ärmel & Co, Bo"),
            ("Xmp.digiKam.TagsList", "People/Berta, People/Anna Ärmel & Co, People/Bo"),
            ("Xmp.iptcExt.PersonInImage", "Anna Ärmel & Co, Bo"),
        ] {
            assert!(has(key, value), "{key} is not {value} in {lines:?}");
        }
    }
}

/// Another program writes the whole packet anew; what is ours is still known, by the record and by the marks, and goes
/// without anything else going.
#[test]
fn ours_is_known_after_others_rewrote_the_packet() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    let people = |found: &PeoplePacket| (found.subject.clone(), found.tags.clone(), found.person_in_image.clone());
    let programs: [(&str, &[&str]); 2] = [
        ("exiv2", &["-M", "set Xmp.xmp.Rating 3"]),
        ("exiftool", &["-overwrite_original", "-XMP-xmp:Rating=3", "-XMP-dc:Title=x"]),
    ];
    for (program, arguments) in programs {
        put(&photo, &jpeg(&[exif(1), packet_segment(&without_literal())]));
        let before = read(&photo).unwrap().packets.remove(0);
        let first = write(&photo, WritePlace::Embedded, 1, &nothing(), &faces());
        let ours = std::fs::read(&photo).unwrap();
        if run(program, arguments, &[&photo]).is_none() {
            continue;
        }
        assert_ne!(std::fs::read(&photo).unwrap(), ours);
        let rewritten = read(&photo).unwrap().packets.remove(0);
        let marked = rewritten.written(Some("library-1"));
        assert_eq!(marked.0.len(), first.written.0.len(), "{program}: {marked:?}");
        let bytes = std::fs::read(&photo).unwrap();
        for record in [&first.written, &marked] {
            put(&photo, &bytes);
            write(&photo, WritePlace::Embedded, 1, record, &[]);
            let after = read(&photo).unwrap().packets.remove(0);
            assert_eq!(people(&after), people(&before), "{program}");
            let named = |found: &PeoplePacket| {
                found.regions.iter().filter_map(|region| region.name.clone()).collect::<Vec<_>>()
            };
            assert_eq!(named(&after), named(&before), "{program}");
            assert!(after.marks.is_empty(), "{program}");
        }
    }
}

#[test]
fn we_read_what_exiftool_writes_into_five_formats() {
    let folder = tempfile::tempdir().unwrap();
    let base = |text: &str| BASE64_STANDARD.decode(text).unwrap();
    let tiff = b"II*\0\x08\0\0\0\x07\0\0\x01\x03\0\x01\0\0\0\x01\0\0\0\x01\x01\x03\0\x01\0\0\0\x01\0\0\0\
        \x02\x01\x03\0\x01\0\0\0\x08\0\0\0\
        \x06\x01\x03\0\x01\0\0\0\x01\0\0\0\x11\x01\x04\0\x01\0\0\0\x62\0\0\0\
        \x16\x01\x03\0\x01\0\0\0\x01\0\0\0\x17\x01\x04\0\x01\0\0\0\x01\0\0\0\
        \0\0\0\0\x80";
    let files = [
        ("a.jpg", jpeg(&[])),
        (
            "a.png",
            base("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
        ),
        ("a.gif", base("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")),
        ("a.webp", base("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")),
        ("a.tif", tiff.to_vec()),
    ];
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
    files.iter().zip(&paths).for_each(|((_, bytes), path)| put(path, bytes));
    let arguments = [
        "-overwrite_original",
        "-struct",
        "-RegionInfo={AppliedToDimensions={W=400,H=300,Unit=pixel},RegionList=[{Area={X=0.25,Y=0.4,W=0.3,H=0.4,\
         Unit=normalized},\
         Name=Anna,Type=Face},{Area={X=0.5,Y=0.5,W=0.1,H=0.1,Unit=normalized},Type=Focus}]}",
        "-RegionInfoMP={Regions=[{PersonDisplayName=Bo,Rectangle=0.1|, 0.2|, 0.3|, 0.4}]}",
        "-XMP-iptcExt:PersonInImage=Cara",
        "-XMP-dc:Subject=Dora",
        "-XMP-lr:HierarchicalSubject=People|Dora",
        "-XMP-digiKam:TagsList=People/Dora",
    ];
    let files: Vec<&Path> = paths.iter().map(PathBuf::as_path).collect();
    if run("exiftool", &arguments, &files).is_none() {
        return;
    }
    for path in files {
        let found = read(path).unwrap();
        let [packet] = &found.packets[..] else { panic!("{}: {found:?}", path.display()) };
        let [anna, focus, bo] = &packet.regions[..] else { panic!("{}: {packet:?}", path.display()) };
        assert_eq!((anna.name.as_deref(), bo.name.as_deref()), (Some("Anna"), Some("Bo")));
        assert_eq!((anna.format, bo.format), (RegionFormat::Mwg, RegionFormat::Microsoft));
        assert!([anna, bo].iter().all(|region| is_close(region.area.unwrap(), area(0.1, 0.2, 0.3, 0.4))));
        assert!(!focus.kind.is_person());
        assert_eq!(packet.person_in_image, ["Cara"]);
        assert_eq!(packet.subject, ["Dora"]);
        assert_eq!(
            (&packet.hierarchical[..], &packet.tags[..]),
            (&["People|Dora".to_owned()][..], &["People/Dora".to_owned()][..])
        );
    }
}

#[test]
fn we_read_what_exiv2_writes() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    put(&photo, &jpeg(&[]));
    let region = "Xmp.mwg-rs.Regions/mwg-rs:RegionList[1]";
    let commands = [
        "set Xmp.mwg-rs.Regions XmpText type=Struct".to_owned(),
        "set Xmp.mwg-rs.Regions/mwg-rs:RegionList XmpText type=Bag".to_owned(),
        format!("set {region} XmpText type=Struct"),
        format!("set {region}/mwg-rs:Name XmpText Anna"),
        format!("set {region}/mwg-rs:Type XmpText Face"),
        format!("set {region}/mwg-rs:Area XmpText type=Struct"),
        format!("set {region}/mwg-rs:Area/stArea:x XmpText 0.25"),
        format!("set {region}/mwg-rs:Area/stArea:y XmpText 0.4"),
        format!("set {region}/mwg-rs:Area/stArea:w XmpText 0.3"),
        format!("set {region}/mwg-rs:Area/stArea:h XmpText 0.4"),
        "set Xmp.dc.subject XmpBag Dora".to_owned(),
    ];
    let arguments: Vec<&str> = commands.iter().flat_map(|command| ["-M", command.as_str()]).collect();
    if run("exiv2", &arguments, &[&photo]).is_none() {
        return;
    }
    let found = read(&photo).unwrap();
    let regions = &found.packets[0].regions;
    assert_eq!((regions.len(), regions[0].name.as_deref()), (1, Some("Anna")), "{found:?}");
    assert!(is_close(regions[0].area.unwrap(), area(0.1, 0.2, 0.3, 0.4)));
    assert_eq!(found.packets[0].subject, ["Dora"]);
}
