//! Names into packets: nothing else changes, nobody else's names go, and taking them back leaves no trace.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::error::{PacketError, Refusal};
use super::super::fragment::EMPTY_PACKET;
use super::super::matching::OthersNames;
use super::super::merge::{self, ChangeKind, MergeError, MergedPacket};
use super::super::model::{PacketPlace, PeoplePacket, RegionFormat};
use super::super::request::{FaceToWrite, NamesToWrite};
use super::super::written::{NameList, WrittenNames};
use super::samples::{DIGIKAM, area, is_close, names, nothing, packet};
use crate::metadata::region_box::RegionBox;

static STAY: OthersNames = OthersNames { remove: Vec::new(), replace_differing: false, replace_stale: false };

fn faces(names: &[(&str, RegionBox)]) -> Vec<FaceToWrite> {
    names.iter().map(|(name, area)| FaceToWrite { name: (*name).to_owned(), area: *area }).collect()
}

fn request<'a>(faces: &'a [FaceToWrite], ours: &'a WrittenNames, others: &'a OthersNames) -> NamesToWrite<'a> {
    NamesToWrite { library: Some("library 1"), ..names(faces, ours, others) }
}

fn merge(text: &str, names: &NamesToWrite<'_>) -> Result<MergedPacket, MergeError> {
    merge::merge(text, names, &[])
}

fn merged(text: &str, names: &[(&str, RegionBox)], ours: &WrittenNames, others: &OthersNames) -> MergedPacket {
    merge(text, &request(&faces(names), ours, others)).unwrap()
}

fn read(text: &str) -> PeoplePacket {
    PeoplePacket::parse(text.as_bytes(), PacketPlace::Embedded).unwrap()
}

fn anna() -> (&'static str, RegionBox) {
    ("Anna & Co <x>", area(0.2, 0.3, 0.1, 0.2))
}

#[test]
fn names_come_into_an_empty_packet_and_go_without_trace() {
    let first = merged(EMPTY_PACKET, &[anna(), ("Bo|b/y", area(0.6, 0.1, 0.2, 0.2))], &nothing(), &STAY);
    let found = read(&first.text);
    let names: Vec<_> = found.regions.iter().map(|region| region.name.as_deref().unwrap()).collect();
    assert_eq!(names, ["Anna & Co <x>", "Bo|b/y", "Anna & Co <x>", "Bo|b/y"]);
    assert!(found.regions.iter().step_by(2).all(|region| is_close(region.area.unwrap(), anna().1)));
    assert_eq!(found.regions[0].applied_to, Some((400, 300)));
    assert_eq!(found.person_in_image, ["Anna & Co <x>", "Bo|b/y"]);
    assert_eq!(found.subject, ["Anna & Co <x>", "Bo|b/y"]);
    assert_eq!(found.hierarchical, ["People|Anna & Co <x>", "People|Bo-b/y"]);
    assert_eq!(found.tags, ["People/Anna & Co <x>", "People/Bo|b\\y"]);
    assert_eq!(first.written.0.len(), 12);
    // What is there already is no change.
    let again = merged(&first.text, &[anna(), ("Bo|b/y", area(0.6, 0.1, 0.2, 0.2))], &first.written, &STAY);
    assert_eq!(again.text, first.text);
    assert_eq!(again.written, first.written);
    assert!(again.changes.iter().all(|change| change.kind == ChangeKind::Kept));
    // One goes, the other stays as it is.
    let one = merged(&first.text, &[anna()], &first.written, &STAY);
    assert_eq!(one.text, merged(EMPTY_PACKET, &[anna()], &nothing(), &STAY).text);
    assert_eq!(merged(&one.text, &[], &one.written, &STAY).text, EMPTY_PACKET);
}

/// All that others wrote is there byte for byte: what is left after cutting our parts out is the old text.
#[test]
fn all_else_stays() {
    let old = packet(DIGIKAM);
    let new = merged(&old, &[anna()], &nothing(), &STAY);
    let mut rest = new.text.as_str();
    // The old text is a subsequence of lines.
    for line in old.lines() {
        let at = rest.find(line).unwrap_or_else(|| panic!("{line} is missing in {}", new.text));
        rest = &rest[at + line.len()..];
    }
    let found = read(&new.text);
    let names: Vec<_> = found.regions.iter().map(|region| region.name.as_deref()).collect();
    // Named ones before the nameless one; then Microsoft's.
    assert_eq!(names, [Some("Berta"), Some("Anna & Co <x>"), None, Some("Anna & Co <x>")]);
    assert_eq!(found.subject, ["Strand", "Berta", "Anna & Co <x>"]);
    assert_eq!(merged(&new.text, &[], &new.written, &STAY).text, old);
}

#[test]
fn names_of_others_stay_unless_their_user_says() {
    let old = packet(DIGIKAM);
    let berta = ("berta", area(0.64, 0.33, 0.22, 0.32));
    let new = merged(&old, &[berta], &nothing(), &STAY);
    // She is there already in all lists that digiKam keeps, in its spelling and with its box.
    let ours: Vec<_> = new.written.0.iter().map(|name| name.list).collect();
    assert_eq!(ours, [NameList::MicrosoftRegions, NameList::PersonInImage]);
    assert_eq!(merged(&new.text, &[], &new.written, &STAY).text, old);
    let other = ("Carl", area(0.64, 0.33, 0.22, 0.32));
    let replace = OthersNames { replace_differing: true, ..OthersNames::default() };
    let new = merged(&old, &[other], &nothing(), &replace);
    let names: Vec<_> = read(&new.text).regions.into_iter().filter_map(|region| region.name).collect();
    assert_eq!(names, ["Carl", "Carl"]);
    // Who is nowhere in the photo any more is in no list either.
    let found = read(&new.text);
    assert_eq!(
        (&found.subject[..], &found.person_in_image[..]),
        (&["Strand", "Carl"].map(str::to_owned)[..], &["Carl".to_owned()][..])
    );
    assert_eq!(
        (&found.hierarchical[..], &found.tags[..]),
        (&["People|Carl".to_owned()][..], &["People/Carl".to_owned()][..])
    );
    let elsewhere = ("Berta", area(0.1, 0.1, 0.1, 0.1));
    let found = read(&merged(&old, &[other, elsewhere], &nothing(), &replace).text);
    assert_eq!(found.subject, ["Strand", "Berta", "Carl"]);
    let remove = OthersNames { remove: vec!["BERTA".to_owned()], ..OthersNames::default() };
    let found = read(&merged(&old, &[], &nothing(), &remove).text);
    assert_eq!(found.regions.iter().filter(|region| region.name.is_some()).count(), 0);
    assert_eq!(found.subject, ["Strand"]);
    assert!(found.hierarchical.is_empty() && found.tags.is_empty());
}

/// Lists in which names were withheld, with the name that stands there.
fn withheld(merged: &MergedPacket) -> Vec<(NameList, Option<&str>, Option<&str>)> {
    let withheld = merged.changes.iter().filter(|change| change.kind == ChangeKind::Withheld);
    withheld.map(|change| (change.list, change.name(), change.instead.as_deref())).collect()
}

/// One file never gives one face two names, whichever list the other one stands in.
#[test]
fn a_face_that_others_name_is_left_to_them_in_every_list() {
    let place = area(0.64, 0.33, 0.22, 0.32);
    let of_microsoft = merged(EMPTY_PACKET, &[("Berta", place)], &nothing(), &STAY);
    let lists = [NameList::MicrosoftRegions];
    let faces = faces(&[("Berta", place)]);
    let none = nothing();
    let request = NamesToWrite { lists: &lists, library: None, ..request(&faces, &none, &STAY) };
    let microsoft_alone = merge(EMPTY_PACKET, &request).unwrap().text;
    let iptc = packet(
        "<rdf:Description rdf:about='' xmlns:i='http://iptc.org/std/Iptc4xmpExt/2008-02-29/'><i:ImageRegion><rdf:Bag>\
         <rdf:li rdf:parseType='Resource'><i:Name>Berta</i:Name><i:RegionBoundary rdf:parseType='Resource'>\
         <i:rbShape>rectangle</i:rbShape><i:rbUnit>relative</i:rbUnit><i:rbX>0.65</i:rbX><i:rbY>0.35</i:rbY>\
         <i:rbW>0.2</i:rbW><i:rbH>0.3</i:rbH></i:RegionBoundary></rdf:li></rdf:Bag></i:ImageRegion></rdf:Description>",
    );
    for (what, old) in [("MWG", packet(DIGIKAM)), ("Microsoft", microsoft_alone), ("IPTC", iptc)] {
        let new = merged(&old, &[("Carl", place)], &nothing(), &STAY);
        assert_eq!(new.text, old, "{what}");
        assert_eq!(withheld(&new), NameList::ALL.map(|list| (list, Some("Carl"), Some("Berta"))), "{what}");
        // Whoever else is in the picture is written, also under the same name.
        let new = merged(&old, &[("Carl", place), ("Carl", area(0.2, 0.3, 0.1, 0.2))], &nothing(), &STAY);
        assert_eq!(read(&new.text).person_in_image, ["Carl"], "{what}");
        let named = read(&new.text).regions.into_iter().filter(|region| region.name.as_deref() == Some("Carl"));
        assert_eq!(named.map(|region| region.format).collect::<Vec<_>>(), [RegionFormat::Mwg, RegionFormat::Microsoft]);
        assert_eq!(withheld(&new).len(), 2, "{what}: only where it has a place");
    }
    // What we wrote before another program gave the face its name goes with it.
    let renamed = of_microsoft.text.replace("<mwg-rs:Name>Berta", "<mwg-rs:Name>Dora");
    let new = merged(&renamed, &[("Berta", place)], &of_microsoft.written, &STAY);
    let found = read(&new.text);
    let named: Vec<_> = found.regions.iter().filter_map(|region| region.name.as_deref()).collect();
    assert_eq!(named, ["Dora"]);
    assert!(found.subject.is_empty() && found.person_in_image.is_empty() && found.tags.is_empty(), "{found:?}");
    // Two faces so near that a box fits both: who has the name is meant.
    let near = area(0.66, 0.36, 0.2, 0.3);
    let new = merged(&packet(DIGIKAM), &[("Carl", near), ("Berta", place)], &nothing(), &STAY);
    assert_eq!(withheld(&new), []);
}

#[test]
fn what_was_moved_or_renamed_elsewhere_is_no_longer_ours() {
    let first = merged(EMPTY_PACKET, &[("Anna", area(0.2, 0.3, 0.1, 0.2))], &nothing(), &STAY);
    // A pixel off is rounding.
    let rounded = first.text.replace("stArea:x=\"0.25\"", "stArea:x=\"0.2512\"");
    assert_ne!(rounded, first.text);
    assert_eq!(merged(&rounded, &[], &first.written, &STAY).text, EMPTY_PACKET);
    let moved = first.text.replace("stArea:x=\"0.25\"", "stArea:x=\"0.27\"");
    let after = merged(&moved, &[], &first.written, &STAY);
    assert_eq!(read(&after.text).regions.len(), 1);
    let renamed = first.text.replace("<mwg-rs:Name>Anna", "<mwg-rs:Name>Annika");
    let after = merged(&renamed, &[], &first.written, &STAY);
    assert_eq!(read(&after.text).regions[0].name.as_deref(), Some("Annika"));
}

#[test]
fn other_prefixes_and_empty_elements_are_no_hindrance() {
    let odd = r#"<q:xmpmeta xmlns:q="adobe:ns:meta/"><RDF
      xmlns="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:mwg-rs="urn:not:regions">
      <Description xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" r:about="uuid:1"
       xmlns:z="http://purl.org/dc/elements/1.1/"
       mwg-rs:x="1"><z:subject><Bag/></z:subject></Description></RDF></q:xmpmeta>"#;
    let new = merged(odd, &[anna()], &nothing(), &STAY);
    let found = read(&new.text);
    assert_eq!(found.subject, ["Anna & Co <x>"]);
    assert_eq!(found.regions.len(), 2);
    assert_eq!(new.text.matches("about=\"uuid:1\"").count(), 2);
    let empty = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>\
        </x:xmpmeta>";
    assert_eq!(read(&merged(empty, &[anna()], &nothing(), &STAY).text).regions.len(), 2);
}

#[test]
fn eight_orientations_are_stored_as_the_format_asks() {
    let upright = area(0.1, 0.2, 0.3, 0.15);
    for orientation in 1..=8_u8 {
        let faces = faces(&[("Anna", upright)]);
        let ours = nothing();
        let request = NamesToWrite { orientation, ..request(&faces, &ours, &STAY) };
        let new = merge(EMPTY_PACKET, &request).unwrap();
        for region in read(&new.text).regions {
            let back = super::super::orientation::to_upright(region.area.unwrap(), orientation);
            assert!(is_close(back, upright), "{orientation}: {region:?}");
        }
    }
}

/// A list that was written for the upright picture, against the rule, stays one, or its readers would be misled.
#[test]
fn a_list_keeps_the_frame_that_it_has() {
    let upright_list =
        packet(DIGIKAM).replace("stDim:w=\"400\"", "stDim:w=\"300\"").replace("stDim:h=\"300\"", "stDim:h=\"400\"");
    let faces = faces(&[("Anna", area(0.1, 0.2, 0.1, 0.1))]);
    let ours = nothing();
    let request = NamesToWrite { orientation: 6, ..request(&faces, &ours, &STAY) };
    let new = merge(&upright_list, &request).unwrap();
    let found = read(&new.text);
    let anna = found.regions.iter().find(|region| region.name.as_deref() == Some("Anna")).unwrap();
    assert!(is_close(anna.area.unwrap(), area(0.1, 0.2, 0.1, 0.1)), "{anna:?}");
    let again = merge(&new.text, &NamesToWrite { ours: &new.written, ..request }).unwrap();
    assert_eq!(again.text, new.text);
}

#[test]
fn regions_of_a_cropped_picture_are_not_added_to() {
    let old = packet(DIGIKAM).replace("stDim:w=\"400\"", "stDim:w=\"900\"");
    let faces = faces(&[anna()]);
    let ours = nothing();
    assert_eq!(merge(&old, &request(&faces, &ours, &STAY)), Err(MergeError::Refused(Refusal::StaleRegions)));
    let replace = OthersNames { replace_stale: true, ..OthersNames::default() };
    let new = merge(&old, &request(&faces, &ours, &replace)).unwrap();
    let found = read(&new.text).regions;
    assert_eq!(found[0].applied_to, Some((400, 300)));
    assert_eq!(found.len(), 2);
    // Ours alone are written anew.
    let first = merged(EMPTY_PACKET, &[anna()], &nothing(), &STAY);
    let cropped = NamesToWrite { size: (100, 300), ours: &first.written, ..request(&faces, &ours, &STAY) };
    let found = read(&merge(&first.text, &cropped).unwrap().text).regions;
    assert_eq!((found.len(), found[0].applied_to), (2, Some((100, 300))));
}

#[test]
fn lists_are_switched_off() {
    let first = merged(EMPTY_PACKET, &[anna()], &nothing(), &STAY);
    let faces = faces(&[anna()]);
    let fewer =
        NamesToWrite { lists: &[NameList::MwgRegions], library: None, ..request(&faces, &first.written, &STAY) };
    let found = read(&merge(&first.text, &fewer).unwrap().text);
    assert_eq!(found.regions.len(), 1);
    assert!(found.subject.is_empty() && found.person_in_image.is_empty() && found.tags.is_empty());
}

#[test]
fn marks_say_what_is_ours_when_the_library_is_lost() {
    let old = packet(DIGIKAM);
    let new = merged(&old, &[anna()], &nothing(), &STAY);
    let found = read(&new.text);
    let marked = found.written(Some("library 1"));
    let said = |names: &WrittenNames| names.0.iter().map(|name| (name.list, name.text.clone())).collect::<Vec<_>>();
    assert_eq!(said(&marked), said(&new.written));
    assert!(is_close(marked.0[0].area.unwrap(), new.written.0[0].area.unwrap()));
    assert_eq!(found.written(Some("another")), nothing());
    assert!(found.marks.iter().all(|mark| !mark.to_text().contains("Anna")));
    assert_eq!(merged(&new.text, &[], &found.written(None), &STAY).text, old);
    // Another library's marks stay.
    let faces = faces(&[]);
    let ours = nothing();
    let foreign = NamesToWrite { library: Some("library 2"), ..request(&faces, &ours, &STAY) };
    assert_eq!(merge(&new.text, &foreign).unwrap().text, new.text);
}

#[test]
fn strange_forms_are_refused_and_not_guessed() {
    let old = packet("<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/' dc:subject='Strand'/>");
    let faces = faces(&[anna()]);
    let ours = nothing();
    assert_eq!(merge(&old, &request(&faces, &ours, &STAY)), Err(MergeError::Refused(Refusal::UnknownForm)));
    let torn = old.replace("</rdf:RDF>", "");
    assert!(matches!(
        merge(&torn, &request(&faces, &ours, &STAY)),
        Err(MergeError::Packet(PacketError::NotXml { .. }))
    ));
}

/// Names come and go in any order, in lists that others began; at each step the packet says what it should, and at the
/// end it is the old one, byte for byte.
#[test]
fn any_order_of_names_leaves_no_trace() {
    let face = |n: u8| {
        let n = f32::from(n);
        FaceToWrite { name: format!("Name {n} & <>\"'"), area: area(0.1 * n, 0.02, 0.09, 0.11 + 0.01 * n) }
    };
    let everyone: Vec<FaceToWrite> = (0..8).map(face).collect();
    for (seed, old) in [packet(DIGIKAM), EMPTY_PACKET.to_owned(), packet("")].iter().enumerate() {
        let mut rng = ChaCha8Rng::seed_from_u64(seed as u64);
        let (mut text, mut ours) = (old.clone(), nothing());
        for step in 0..40 {
            let faces: Vec<_> = everyone.iter().filter(|_| rng.random_bool(0.4)).cloned().collect();
            let lists: Vec<NameList> = NameList::ALL.into_iter().filter(|_| rng.random_bool(0.8)).collect();
            let orientation = rng.random_range(1..=8);
            let request = NamesToWrite { lists: &lists, orientation, ..request(&faces, &ours, &STAY) };
            let new = merge(&text, &request).unwrap();
            let found = read(&new.text);
            let has = |list| lists.contains(&list);
            let named =
                found.regions.iter().filter(|region| region.format == RegionFormat::Mwg && region.name.is_some());
            let of_others = usize::from(seed == 0);
            let expected = if has(NameList::MwgRegions) { faces.len() } else { 0 };
            assert_eq!(named.count(), expected + of_others, "seed {seed}, step {step}");
            let keywords = if has(NameList::Subject) { faces.len() } else { 0 };
            assert_eq!(found.subject.len(), keywords + 2 * of_others, "seed {seed}, step {step}");
            assert_eq!(found.written(Some("library 1")).0.len(), new.written.0.len(), "seed {seed}, step {step}");
            (text, ours) = (new.text, new.written);
        }
        assert_eq!(&merged(&text, &[], &ours, &STAY).text, old, "seed {seed}");
    }
}
