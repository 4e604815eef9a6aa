//! TIFF files by hand: the same picture written in many ways.

use super::*;

const SHORT: u16 = 3;
const LONG: u16 = 4;

/// How a program lays a file out.
#[derive(Clone)]
struct Layout {
    big_endian: bool,
    is_big: bool,
    /// Bytes before the data.
    gap: usize,
    /// Type of the sizes.
    kind: u16,
    strips: Vec<Vec<u8>>,
    /// Further tags with their type and content.
    more: Vec<(u16, u16, Vec<u8>)>,
}

impl Layout {
    fn number(&self, value: u64, bytes: usize) -> Vec<u8> {
        if self.big_endian { value.to_be_bytes()[8 - bytes..].to_vec() } else { value.to_le_bytes()[..bytes].to_vec() }
    }

    fn numbers(&self, tag: u16, kind: u16, values: &[u64]) -> (u16, u16, Vec<u8>) {
        let bytes = type_bytes(kind);
        (tag, kind, values.iter().flat_map(|value| self.number(*value, bytes)).collect())
    }

    fn file(&self) -> Vec<u8> {
        let (header, offset_bytes, count_bytes) = if self.is_big { (16, 8, 8) } else { (8, 4, 2) };
        let mut body = vec![0; header + self.gap];
        let offsets: Vec<u64> = self.strips.iter().map(|strip| append(&mut body, strip)).collect();
        let lengths: Vec<u64> = self.strips.iter().map(|strip| strip.len() as u64).collect();
        let mut entries = vec![
            self.numbers(256, self.kind, &[8]),
            self.numbers(257, self.kind, &[6]),
            self.numbers(258, SHORT, &[8]),
            self.numbers(259, SHORT, &[1]),
            self.numbers(262, SHORT, &[1]),
            self.numbers(273, LONG, &offsets),
            self.numbers(277, SHORT, &[1]),
            self.numbers(278, self.kind, &[3]),
            self.numbers(279, self.kind, &lengths),
        ];
        entries.extend(self.more.clone());
        entries.sort_by_key(|(tag, ..)| *tag);
        let mut directory = self.number(entries.len() as u64, count_bytes);
        for (tag, kind, content) in &entries {
            directory.extend(self.number((*tag).into(), 2));
            directory.extend(self.number((*kind).into(), 2));
            directory.extend(self.number((content.len() / type_bytes(*kind)) as u64, offset_bytes));
            let mut field = content.clone();
            if field.len() > offset_bytes {
                field = self.number(append(&mut body, content), offset_bytes);
            }
            field.resize(offset_bytes, 0);
            directory.extend(field);
        }
        directory.extend(self.number(0, offset_bytes));
        let at = append(&mut body, &directory);
        let start = [
            if self.big_endian { b"MM".to_vec() } else { b"II".to_vec() },
            self.number(if self.is_big { 43 } else { 42 }, 2),
            if self.is_big { [self.number(8, 2), self.number(0, 2)].concat() } else { Vec::new() },
            self.number(at, offset_bytes),
        ]
        .concat();
        body[..header].copy_from_slice(&start);
        body
    }
}

fn append(body: &mut Vec<u8>, content: &[u8]) -> u64 {
    let at = body.len() as u64;
    body.extend(content);
    at
}

fn type_bytes(kind: u16) -> usize {
    match kind {
        SHORT => 2,
        LONG => 4,
        _ => 1,
    }
}

fn layout() -> Layout {
    let strips = vec![(0..24).collect(), (50..74).collect()];
    Layout { big_endian: false, is_big: false, gap: 0, kind: SHORT, strips, more: Vec::new() }
}

pub fn case() -> Case {
    let plain = layout();
    let with = |change: &dyn Fn(&mut Layout)| {
        let mut layout = plain.clone();
        change(&mut layout);
        layout.file()
    };
    let tag = |tag: u16, kind: u16, content: &[u8]| with(&|l| l.more.push((tag, kind, content.to_vec())));
    Case {
        name: "TIFF",
        base: plain.file(),
        same: vec![
            ("elsewhere", with(&|l| l.gap = 10)),
            ("wider numbers", with(&|l| l.kind = LONG)),
            ("BigTIFF", with(&|l| l.is_big = true)),
            ("a date", tag(306, 2, b"2020:01:02 03:04:05\0")),
            ("XMP", tag(700, 1, b"<x:xmpmeta/>")),
            ("IPTC", tag(33723, 7, b"\x1c\x02")),
            ("EXIF", tag(34665, LONG, &[8, 0, 0, 0])),
            ("upright", tag(274, SHORT, &[1, 0])),
            ("a resolution", tag(296, SHORT, &[2, 0])),
            ("a trailer", [plain.file(), b"trailer".to_vec()].concat()),
        ],
        other: vec![
            ("turned", tag(274, SHORT, &[6, 0])),
            ("a profile", tag(34675, 7, b"profile")),
            ("another profile", tag(34675, 7, b"another")),
            ("a palette", tag(320, SHORT, &[1; 6])),
            ("another palette", tag(320, SHORT, &[7; 6])),
            ("a predictor", tag(317, SHORT, &[2, 0])),
            ("other data", with(&|l| l.strips[1][3] ^= 1)),
            ("strips the other way round", with(&|l| l.strips.reverse())),
            ("the other order of bytes", with(&|l| l.big_endian = true)),
        ],
    }
}

#[test]
fn both_orders_of_bytes_are_followed() {
    for is_big in [false, true] {
        let file = Layout { big_endian: true, is_big, ..layout() }.file();
        assert!(follow(&file, HashedFormat::Tiff).is_some());
        let elsewhere = Layout { big_endian: true, is_big, gap: 3, kind: LONG, ..layout() }.file();
        assert_eq!(picture_hash(&file), picture_hash(&elsewhere));
    }
}

#[test]
fn the_encoder_s_file_is_followed() {
    let file = encode(ImageFormat::Tiff);
    assert!(follow(&file, HashedFormat::Tiff).is_some());
}

/// Ten thousand strips as long as the file would take hours.
#[test]
fn strips_upon_each_other_are_not_followed() {
    let mut layout = layout();
    layout.strips = vec![vec![1; 40]; 2];
    let file = layout.file();
    let lengths = find(&file, &[40, 0, 40, 0]);
    let mut overlapping = file.clone();
    overlapping[lengths] = file.len() as u8 - 60;
    overlapping[lengths + 2] = file.len() as u8 - 60;
    assert!(follow(&file, HashedFormat::Tiff).is_some());
    assert!(follow(&overlapping, HashedFormat::Tiff).is_none());
}

#[test]
fn endless_directories_are_not_followed() {
    let mut file = layout().file();
    // The number of entries: as many as it can say.
    let at = u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize;
    file[at..at + 2].copy_from_slice(&[0xff, 0xff]);
    assert!(follow(&file, HashedFormat::Tiff).is_none());
    let mut beyond = layout().file();
    beyond[4..8].copy_from_slice(&[0xff; 4]);
    assert!(follow(&beyond, HashedFormat::Tiff).is_none());
}
