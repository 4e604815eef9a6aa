//! JPEG XL by hand: a codestream bare, in a container and in pieces; and raw files, which are nobody's to follow.

use super::*;

pub fn case() -> Case {
    let stream = [&[0xff, 0x0a][..], b"a codestream of some length"].concat();
    let a_box = |kind: &[u8], content: &[u8]| [&(content.len() as u32 + 8).to_be_bytes(), kind, content].concat();
    let start = [a_box(b"JXL ", b"\r\n\x87\n"), a_box(b"ftyp", b"jxl \0\0\0\0jxl ")].concat();
    let file = |boxes: &[Vec<u8>]| [&start[..], &boxes.concat()].concat();
    let piece = |number: u32, content: &[u8]| a_box(b"jxlp", &[&number.to_be_bytes()[..], content].concat());
    let (first, second) = stream.split_at(9);
    let whole = a_box(b"jxlc", &stream);
    Case {
        name: "JPEG XL",
        same: vec![
            ("in a container", file(&[whole.clone()])),
            ("EXIF", file(&[a_box(b"Exif", &[&[0; 4][..], &exif_block(6, "")].concat()), whole.clone()])),
            ("packed XMP", file(&[whole, a_box(b"brob", b"xml packed")])),
            ("in pieces", file(&[piece(0, first), piece(0x8000_0001, second)])),
        ],
        other: vec![("other data", flipped(&stream, 20)), ("a piece less", file(&[piece(0, first)]))],
        base: stream,
    }
}

#[test]
fn raw_files_are_hashed_whole() {
    let whole = |bytes: &[u8]| PictureHash(Sha256::new().chain_update([0]).chain_update(bytes).finalize().into());
    for raw in [crate::faces::image::raw::tests::nikon(), crate::faces::image::raw::tests::canon()] {
        assert_eq!(picture_hash(&raw), whole(&raw));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("raw");
        std::fs::write(&path, &raw).unwrap();
        assert_eq!(picture_hash_of_file(&path).unwrap().1, whole(&raw));
    }
}
