//! A packet is found in every container, by a file made here byte for byte.

use std::io::Write;

use super::super::container::SEGMENT_NAME;
use super::super::error::PacketError;
use super::super::model::PacketPlace;
use super::super::read::{FoundPeople, read};
use super::samples::{DIGIKAM, extended, jpeg, note, packet, packet_segment, put, segment};

fn found_in(name: &str, bytes: &[u8]) -> FoundPeople {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    put(&path, bytes);
    read(&path).unwrap()
}

fn assert_found(name: &str, bytes: &[u8]) {
    let found = found_in(name, bytes);
    assert!(found.unread.is_empty(), "{name}: {:?}", found.unread);
    let people: Vec<_> = found.packets.iter().map(|packet| packet.subject.join(" ")).collect();
    assert_eq!(people, ["Strand Berta"], "{name}");
}

fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32).to_be_bytes(), name.as_slice(), content, &[0; 4]].concat()
}

fn png(text: &[u8]) -> Vec<u8> {
    let chunks = [chunk(b"IHDR", &[0; 13]), chunk(b"iTXt", text), chunk(b"IEND", &[])].concat();
    [b"\x89PNG\r\n\x1a\n".as_slice(), &chunks].concat()
}

/// A TIFF with a directory in front of the one that has the packet.
fn tiff(is_little: bool, magic: [u8; 2], packet: &[u8]) -> Vec<u8> {
    let two = |n: u16| if is_little { n.to_le_bytes() } else { n.to_be_bytes() };
    let four = |n: u32| if is_little { n.to_le_bytes() } else { n.to_be_bytes() };
    let mut file = if is_little { b"II".to_vec() } else { b"MM".to_vec() };
    file.extend(magic);
    file.extend(four(8));
    file.extend([two(1).as_slice(), &two(256), &two(3), &four(1), &two(400), &[0, 0], &four(26)].concat());
    file.extend([two(1).as_slice(), &two(700), &two(1), &four(packet.len() as u32), &four(44), &four(0)].concat());
    file.extend(packet);
    file
}

fn file_box(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes(), kind.as_slice(), content].concat()
}

/// As libheif and phones do: a `meta` box with a table of items, the packet in `mdat` in two pieces, or in `idat`.
fn heic(packet: &[u8], is_inside: bool) -> Vec<u8> {
    let entry = [&[2, 0, 0, 1, 0, 7, 0, 0], b"mime".as_slice(), b"XMP\0application/rdf+xml\0\0"].concat();
    let picture = [&[2, 0, 0, 0, 0, 1, 0, 0], b"hvc1".as_slice(), b"\0"].concat();
    let names = [vec![0, 0, 0, 0, 0, 2], file_box(b"infe", &picture), file_box(b"infe", &entry)].concat();
    let first_box = file_box(b"ftyp", b"heic\0\0\0\0mif1heic");
    let middle = packet.len() / 2;
    let table = |base: u32| {
        let pieces = [(0, middle), (middle, packet.len() - middle)]
            .map(|(at, length)| [(base + at as u32).to_be_bytes(), (length as u32).to_be_bytes()].concat());
        let head = [1, 0, 0, 0, 0x44, 0, 0, 1, 0, 7, 0, u8::from(is_inside), 0, 0, 0, 2];
        [head.as_slice(), &pieces.concat()].concat()
    };
    let meta = |base: u32| {
        let inner = if is_inside { file_box(b"idat", packet) } else { Vec::new() };
        let boxes = [vec![0; 4], file_box(b"iinf", &names), file_box(b"iloc", &table(base)), inner].concat();
        file_box(b"meta", &boxes)
    };
    if is_inside {
        return [first_box, meta(0)].concat();
    }
    let base = first_box.len() + meta(0).len() + 8;
    [first_box, meta(base as u32), file_box(b"mdat", packet)].concat()
}

fn gif(packet: &[u8]) -> Vec<u8> {
    let head = [b"GIF89a".as_slice(), &[10, 0, 10, 0, 0x80, 0, 0], &[0; 6]].concat();
    let comment = [0x21, 0xfe, 3, b'a', b'b', b'c', 0];
    let picture = [&[0x2c, 0, 0, 0, 0, 10, 0, 10, 0, 0x80], [0; 6].as_slice(), &[2, 2, 0x4c, 1, 0]].concat();
    let trailer: Vec<u8> = std::iter::once(1).chain((0..=255).rev()).chain([0]).collect();
    let packet = [&[0x21, 0xff, 11], b"XMP DataXMP".as_slice(), packet, &trailer].concat();
    [head, comment.to_vec(), picture, packet, vec![0x3b]].concat()
}

/// A file of each kind with a packet.
pub(super) fn files_with(packet: &str) -> Vec<(&'static str, Vec<u8>)> {
    let bytes = packet.as_bytes();
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).unwrap();
    let packed = [b"XML:com.adobe.xmp\0\x01\0\0\0".to_vec(), packed.finish().unwrap()].concat();
    let odd_chunk = [b"EXIF\x03\0\0\0abc\0".as_slice(), b"XMP ", &(bytes.len() as u32).to_le_bytes(), bytes].concat();
    let jxl =
        [file_box(b"JXL ", b"\r\n\x87\n"), file_box(b"ftyp", b"jxl \0\0\0\0jxl "), file_box(b"xml ", bytes)].concat();
    let adobe = b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
    let uuid = file_box(b"uuid", &[adobe.as_slice(), bytes].concat());
    vec![
        ("a.jpg", jpeg(&[segment(0xe1, b"Exif\0\0MM"), packet_segment(packet), segment(0xe2, b"ICC_PROFILE\0")])),
        ("a.png", png(&[b"XML:com.adobe.xmp\0\0\0en\0key\0", bytes].concat())),
        ("b.png", png(&packed)),
        ("a.webp", [b"RIFF\0\0\0\0WEBP".as_slice(), &odd_chunk].concat()),
        ("a.gif", gif(bytes)),
        ("a.tif", tiff(true, [42, 0], bytes)),
        ("b.tif", tiff(false, [0, 42], bytes)),
        ("a.orf", tiff(true, *b"RO", bytes)),
        ("b.orf", tiff(false, *b"OR", bytes)),
        ("a.rw2", tiff(true, [b'U', 0], bytes)),
        ("a.heic", heic(bytes, false)),
        ("a.avif", heic(bytes, true)),
        ("a.jxl", jxl),
        ("a.cr3", [file_box(b"ftyp", b"crx \0\0\0\x01crx isom"), uuid].concat()),
    ]
}

#[test]
fn every_container_gives_its_packet() {
    files_with(&packet(DIGIKAM)).iter().for_each(|(name, bytes)| assert_found(name, bytes));
}

#[test]
fn a_jpeg_s_extended_packet_is_put_together() {
    let name = b"0123456789ABCDEF0123456789ABCDEF";
    let main = packet(&note("0123456789ABCDEF0123456789ABCDEF"));
    let long = packet(DIGIKAM);
    let (a, b) = long.as_bytes().split_at(700);
    let whole = long.len();
    let parts = [extended(name, whole, 700, b), extended(name, whole, 0, a)];
    // Another's part, that the packet does not ask for.
    let stray = extended(b"ffffffffffffffffffffffffffffffff", whole, 0, long.as_bytes());
    let file = |parts: &[Vec<u8>]| jpeg(&[vec![packet_segment(&main)], parts.to_vec()].concat());
    let found = found_in("a.jpg", &file(&[parts[0].clone(), stray, parts[1].clone()]));
    assert_eq!(found.packets.len(), 2);
    assert_eq!((&found.packets[1].place, found.packets[1].regions.len()), (&PacketPlace::Extended, 2));
    let found = found_in("a.jpg", &file(&parts[..1]));
    assert_eq!(found.unread, [(PacketPlace::Embedded, PacketError::ExtendedInPieces)]);
}

#[test]
fn a_sidecar_s_word_comes_first_and_damage_hides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    put(&photo, &jpeg(&[packet_segment(&packet(DIGIKAM))]));
    let sidecar = folder.path().join("a.jpg.xmp");
    put(&sidecar, packet("").as_bytes());
    let found = read(&photo).unwrap();
    let places: Vec<_> = found.packets.iter().map(|packet| packet.place.clone()).collect();
    assert_eq!(places, [PacketPlace::Sidecar(sidecar.clone()), PacketPlace::Embedded]);
    put(&sidecar, b"<x:xmpmeta");
    let found = read(&photo).unwrap();
    assert_eq!((found.packets.len(), found.unread.len()), (1, 1));
    assert!(read(folder.path()).is_err());
}

#[test]
fn files_without_packets_have_none() {
    for (name, bytes) in [
        ("a.jpg", jpeg(&[])),
        ("a.png", png(b"Comment\0\0\0\0\0text")),
        ("a.gif", b"GIF89a\x0a\0\x0a\0\0\0\0\x3b".to_vec()),
        ("a.txt", b"no picture".to_vec()),
        ("empty", Vec::new()),
    ] {
        let found = found_in(name, &bytes);
        assert!(found.packets.is_empty() && found.unread.is_empty(), "{name}: {found:?}");
    }
    // What a preview inside of another segment says is not the photo's.
    let inner = jpeg(&[packet_segment(&packet(DIGIKAM))]);
    assert!(found_in("a.jpg", &jpeg(&[segment(0xe2, &inner)])).packets.is_empty());
    assert!(!inner.is_empty() && SEGMENT_NAME.ends_with(b"\0"));
}
