use super::*;

fn read(start: &[u8]) -> Option<&'static str> {
    match kind_of(start) {
        FileKind::Read(format) => Some(format.name()),
        _ => None,
    }
}

#[test]
fn pictures_that_are_read() {
    for (start, name) in [
        (&b"\xff\xd8\xff\xe0"[..], "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "WebP"),
        (b"II*\0\x08\0\0\0", "TIFF"),
        (b"MM\0*\0\0\0\x08", "TIFF"),
        (b"II\x2b\0\x08\0\0\0\x10\0\0\0\0\0\0\0", "TIFF"),
        (b"MM\0\x2b\0\x08\0\0\0\0\0\0\0\0\0\x10", "TIFF"),
        (b"BM\0\0", "BMP"),
        (b"GIF89a", "GIF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"\xff\x0a\xfa", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"P5\n9 9\n255\n", "PNM"),
        (b"P7\nWIDTH 9\n", "PNM"),
        (b"FUJIFILMCCD-RAW 0201", "RAF"),
        (b"IIRO\x08\0\0\0", "ORF"),
        (b"IIU\0\x18\0\0\0", "RW2"),
        (b"II*\0\x10\0\0\0CR\x02\0", "CR2"),
        (b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "CR3"),
    ] {
        assert_eq!(read(start), Some(name), "{start:?}");
    }
}

#[test]
fn videos_are_told_from_pictures() {
    let packets = |first: usize, length: usize| {
        let mut stream = vec![0; first + 3 * length];
        (0..3).for_each(|at| stream[first + at * length] = 0x47);
        stream
    };
    for (start, name) in [
        (&b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41"[..], "MP4"),
        (b"\0\0\0\x14ftyp3gp4\0\0\x02\x003gp4", "MP4"),
        (b"\0\0\0\x14ftypqt  \0\0\x02\0qt  ", "MOV"),
        (b"\0\0\x10\0moov\0\0\0\x6cmvhd", "MOV"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "MOV"),
        (b"RIFF\0\0\0\0AVI LIST", "AVI"),
        (b"\x1a\x45\xdf\xa3\x01\0", "Matroska or WebM"),
        (&packets(0, 188), "MTS"),
        (&packets(4, 192), "MTS"),
        (b"\0\0\x01\xba\x44", "MPEG"),
    ] {
        assert_eq!(kind_of(start), FileKind::NotRead(OtherKind::Video(name)), "{start:?}");
    }
}

#[test]
fn known_kinds_that_are_not_read_are_named() {
    let mut targa = [0; 18];
    (targa[2], targa[12], targa[14], targa[16]) = (2, 9, 9, 24);
    let svg = "<?xml version=\"1.0\"?>\n<!-- a drawing -->\n<svg width=\"9\"></svg>";
    for (start, name) in [
        (&b"8BPS\0\x01\0\0"[..], "PSD"),
        (svg.as_bytes(), "SVG"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\0\0\x01\0\x01\0", "ICO"),
        (&targa, "TGA"),
        (b"FOVb\0\0\x02\0", "Sigma raw (X3F)"),
    ] {
        assert_eq!(kind_of(start), FileKind::NotRead(OtherKind::Picture(name)), "{start:?}");
    }
}

#[test]
fn rubbish_behind_the_start_of_a_jpeg_hides_nothing() {
    assert_eq!(kind_of(b"\xff\xd8\x01rubbish\xff\xe0\0\x10JFIF"), FileKind::Read(PictureFormat::Jpeg));
    assert_eq!(kind_of(b"\xff\xd8 two letters of something else, \xff\xff and no more"), FileKind::NotAPicture);
}

#[test]
fn what_is_no_picture_is_nothing_else() {
    let zeros = [0; 64];
    for start in [&b""[..], b"Dear diary", b"P5", b"P9\n", b"<html><body>", b"PK\x03\x04", b"RIFF\0\0\0\0WAVE", &zeros]
    {
        assert_eq!(kind_of(start), FileKind::NotAPicture, "{start:?}");
    }
}

#[test]
fn a_file_is_told_by_its_beginning() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("photo.jpg");
    std::fs::write(&path, b"\0\0\0\x14ftypqt  \0\0\x02\0qt  ").unwrap();
    assert_eq!(kind_of_file(&path).unwrap(), FileKind::NotRead(OtherKind::Video("MOV")));
    assert_eq!(kind_of_file(folder.path()).unwrap(), FileKind::NotAPicture);
    assert!(kind_of_file(&folder.path().join("missing")).is_err());
}
