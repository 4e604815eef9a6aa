//! Into JPEG files: the segment with the packet changes, and not one byte beside it.

use std::path::Path;

use super::super::error::{MetadataError, Refusal};
use super::super::matching::OthersNames;
use super::super::plan::{MetadataPlan, plan};
use super::super::read::read;
use super::super::write::{FileChange, Modified};
use super::super::written::WrittenNames;
use super::samples::{
    DIGIKAM, WritePlace, anna, area, extended, jpeg, names, note, nothing, packet, packet_segment, put, segment,
};

fn planned(photo: &Path, ours: &WrittenNames) -> Result<MetadataPlan, MetadataError> {
    let (faces, others) = ([anna()], OthersNames::default());
    plan(photo, WritePlace::Embedded, &names(&faces, ours, &others))
}

fn refusal(bytes: &[u8]) -> Refusal {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    put(&photo, bytes);
    let Err(MetadataError::Refused { why, .. }) = planned(&photo, &nothing()) else { panic!("not refused") };
    assert_eq!(std::fs::read(&photo).unwrap(), bytes);
    why
}

/// A walk of its own: marker and bytes of each segment, then all from the scan on.
fn parts(jpeg: &[u8]) -> Vec<&[u8]> {
    assert_eq!(jpeg[..2], [0xff, 0xd8]);
    let (mut parts, mut rest) = (vec![&jpeg[..2]], &jpeg[2..]);
    while rest[0] == 0xff && rest[1] != 0xda {
        let (part, after) = rest.split_at(2 + usize::from(rest[2]) * 256 + usize::from(rest[3]));
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

fn without_packet(jpeg: &[u8]) -> Vec<&[u8]> {
    let is_packet =
        |part: &&[u8]| part.get(4..).is_some_and(|content| content.starts_with(b"http://ns.adobe.com/xap/1.0/\0"));
    parts(jpeg).into_iter().filter(|part| !is_packet(part)).collect()
}

#[test]
fn only_the_packet_s_segment_changes() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    let exif = segment(0xe1, b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0");
    let colours = segment(0xe2, b"ICC_PROFILE\0\x01\x01abc");
    let files = [
        jpeg(&[]),
        jpeg(&[exif.clone(), colours.clone()]),
        jpeg(&[exif.clone(), packet_segment(&packet(DIGIKAM)), colours.clone()]),
        jpeg(&[colours, packet_segment(&packet(DIGIKAM).replace("end=\"w\"", "end='r'")), exif]),
    ];
    for (index, old) in files.iter().enumerate() {
        put(&photo, old);
        let first = planned(&photo, &nothing()).unwrap();
        let undo = first.undo().unwrap();
        first.write(Modified::Kept).unwrap();
        let new = std::fs::read(&photo).unwrap();
        assert_eq!(without_packet(old), without_packet(&new), "file {index}");
        assert_eq!(parts(&new).len(), without_packet(&new).len() + 1, "file {index}");
        let found = read(&photo).unwrap();
        assert!(found.unread.is_empty());
        let anna = found.packets[0].regions.iter().filter(|region| region.name.as_deref() == Some("Anna & Co <x>"));
        assert_eq!(anna.count(), 2, "file {index}");
        assert_eq!(planned(&photo, &first.written).unwrap().file, FileChange::Nothing, "file {index}");
        undo.apply().unwrap();
        assert_eq!(&std::fs::read(&photo).unwrap(), old, "file {index}");
    }
}

#[test]
fn what_we_began_goes_whole() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    let old = jpeg(&[]);
    put(&photo, &old);
    let first = planned(&photo, &nothing()).unwrap();
    first.write(Modified::Now).unwrap();
    let others = OthersNames::default();
    plan(&photo, WritePlace::Embedded, &names(&[], &first.written, &others)).unwrap().write(Modified::Now).unwrap();
    assert_eq!(std::fs::read(&photo).unwrap(), old);
}

/// The second name fits into the room that the first left: not a byte of the file moves.
#[test]
fn room_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    put(&photo, &jpeg(&[]));
    let others = OthersNames::default();
    let lists = [super::super::written::NameList::MwgRegions];
    let (one, two) =
        ([anna()], [anna(), super::super::request::FaceToWrite { name: "Bo".into(), area: area(0.6, 0.1, 0.2, 0.2) }]);
    let ours = nothing();
    let few =
        |faces| super::super::request::NamesToWrite { lists: &lists, library: None, ..names(faces, &ours, &others) };
    plan(&photo, WritePlace::Embedded, &few(&one)).unwrap().write(Modified::Now).unwrap();
    let before = std::fs::read(&photo).unwrap();
    plan(&photo, WritePlace::Embedded, &few(&two)).unwrap().write(Modified::Now).unwrap();
    assert_eq!(std::fs::read(&photo).unwrap().len(), before.len());
}

#[test]
fn what_follows_the_picture_never_moves() {
    let film = |segments: &[Vec<u8>]| [jpeg(segments), b"....ftypmp42".to_vec()].concat();
    assert_eq!(refusal(&film(&[])), Refusal::WouldMove);
    assert_eq!(refusal(&film(&[packet_segment(&packet(DIGIKAM))])), Refusal::WouldMove);
    assert_eq!(refusal(&jpeg(&[segment(0xe2, b"MPF\0II*\0")])), Refusal::WouldMove);
    // With room in the packet the same file takes the names.
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    let roomy = packet(DIGIKAM).replace("<?xpacket end", &format!("{}<?xpacket end", " ".repeat(4000)));
    let old = film(&[packet_segment(&roomy)]);
    put(&photo, &old);
    planned(&photo, &nothing()).unwrap().write(Modified::Now).unwrap();
    let new = std::fs::read(&photo).unwrap();
    assert_eq!(new.len(), old.len());
    assert_eq!(without_packet(&new), without_packet(&old));
    assert_eq!(read(&photo).unwrap().packets[0].subject, ["Strand", "Berta", "Anna & Co <x>"]);
}

#[test]
fn what_cannot_be_written_safely_is_refused() {
    assert_eq!(refusal(b"\x89PNG\r\n\x1a\n"), Refusal::NotJpeg);
    let twice = [packet_segment(&packet(DIGIKAM)), packet_segment(&packet(""))];
    assert_eq!(refusal(&jpeg(&twice)), Refusal::SeveralPackets);
    let name = b"0123456789ABCDEF0123456789ABCDEF";
    let (first, long) = (packet_segment(&packet(&note(std::str::from_utf8(name).unwrap()))), packet(DIGIKAM));
    let whole = extended(name, long.len(), 0, long.as_bytes());
    assert_eq!(refusal(&jpeg(&[first.clone(), whole])), Refusal::InExtended);
    let torn = extended(name, long.len() + 1, 0, long.as_bytes());
    assert_eq!(refusal(&jpeg(&[first, torn])), Refusal::InExtended);
    let whole = jpeg(&[]);
    assert_eq!(refusal(&whole[..whole.len() - 2]), Refusal::DamagedJpeg);
    assert_eq!(refusal(&whole[..25]), Refusal::DamagedJpeg);
    let long = packet(&format!("<rdf:Description xmlns:o='urn:o'><o:x>{}</o:x></rdf:Description>", "x".repeat(64_500)));
    assert_eq!(refusal(&jpeg(&[packet_segment(&long)])), Refusal::TooLong);
}
