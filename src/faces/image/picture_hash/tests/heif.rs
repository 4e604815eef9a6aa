//! HEIC files by hand: a grid of two tiles with an alpha plane, moved and written about.

use super::*;
use crate::types::iso_box::a_box;

const META_BRANDS: &[u8] = b"heic\0\0\0\0mif1heic";

/// An item: number, type, data, properties (numbers from 1).
#[derive(Clone)]
struct Item {
    number: u16,
    kind: &'static [u8],
    data: Vec<u8>,
    properties: Vec<u8>,
}

#[derive(Clone)]
struct Container {
    primary: u16,
    items: Vec<Item>,
    properties: Vec<Vec<u8>>,
    /// Type, from, to.
    references: Vec<(&'static [u8], u16, Vec<u16>)>,
    gap: usize,
    /// Items whose data lies inside of the meta box.
    inside: Vec<u16>,
}

fn container() -> Container {
    let item = |number, kind, data: &[u8], properties: &[u8]| Item {
        number,
        kind,
        data: data.to_vec(),
        properties: properties.to_vec(),
    };
    Container {
        primary: 1,
        items: vec![
            item(1, b"grid", &[0, 0, 0, 1, 0, 64, 0, 32], &[1, 4, 5, 7]),
            item(2, b"hvc1", b"the left tile", &[2, 0x83]),
            item(3, b"hvc1", b"the right tile", &[2, 0x83]),
            item(4, b"hvc1", b"alpha", &[1, 6, 3]),
            item(5, b"hvc1", b"thumbnail", &[2, 3]),
        ],
        properties: vec![
            full_box(b"ispe", 0, &[0, 0, 0, 64, 0, 0, 0, 32]),
            full_box(b"ispe", 0, &[0, 0, 0, 32, 0, 0, 0, 32]),
            a_box(b"hvcC", b"parameters"),
            a_box(b"irot", &[0]),
            a_box(b"colr", b"profile"),
            full_box(b"auxC", 0, b"urn:mpeg:hevc:2015:auxid:1\0"),
            a_box(b"udes", b"a description"),
        ],
        references: vec![(b"dimg", 1, vec![2, 3]), (b"auxl", 4, vec![1]), (b"thmb", 5, vec![1])],
        gap: 0,
        inside: vec![1],
    }
}

impl Container {
    fn file(&self) -> Vec<u8> {
        // The places are known once the length of what precedes them is.
        let before = self.parts(0).0.len();
        let (mut file, data) = self.parts(before + 8 + self.gap);
        file.extend(a_box(b"mdat", &[vec![0; self.gap], data].concat()));
        file
    }

    /// What precedes the data, and the data.
    fn parts(&self, data_at: usize) -> (Vec<u8>, Vec<u8>) {
        let (mut iloc, mut data, mut idat) = (vec![0x44, 0, 0, self.items.len() as u8], Vec::new(), Vec::new());
        for item in &self.items {
            let inside = self.inside.contains(&item.number);
            let at = if inside { idat.len() } else { data_at + data.len() };
            iloc.extend(item.number.to_be_bytes());
            iloc.extend([0, inside.into(), 0, 0, 0, 1]);
            iloc.extend((at as u32).to_be_bytes());
            iloc.extend((item.data.len() as u32).to_be_bytes());
            if inside {
                idat.extend(&item.data)
            } else {
                data.extend(&item.data)
            };
        }
        let meta = [
            full_box(b"hdlr", 0, b"\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0\0"),
            full_box(b"pitm", 0, &self.primary.to_be_bytes()),
            self.iinf(),
            full_box(b"iref", 0, &self.iref()),
            a_box(b"iprp", &[a_box(b"ipco", &self.properties.concat()), self.ipma()].concat()),
            full_box(b"iloc", 1, &iloc),
            a_box(b"idat", &idat),
        ];
        ([a_box(b"ftyp", META_BRANDS), full_box(b"meta", 0, &meta.concat())].concat(), data)
    }

    fn iinf(&self) -> Vec<u8> {
        let entry =
            |item: &Item| full_box(b"infe", 2, &[&item.number.to_be_bytes(), &[0, 0], item.kind, b"\0"].concat());
        let count = (self.items.len() as u16).to_be_bytes().to_vec();
        full_box(b"iinf", 0, &[count, self.items.iter().flat_map(entry).collect()].concat())
    }

    fn iref(&self) -> Vec<u8> {
        let reference = |(kind, from, to): &(&'static [u8], u16, Vec<u16>)| {
            let numbers = [*from, to.len() as u16].into_iter().chain(to.iter().copied());
            a_box(kind, &numbers.flat_map(u16::to_be_bytes).collect::<Vec<_>>())
        };
        self.references.iter().flat_map(reference).collect()
    }

    fn ipma(&self) -> Vec<u8> {
        let mut content = (self.items.len() as u32).to_be_bytes().to_vec();
        for item in &self.items {
            content.extend(item.number.to_be_bytes());
            content.push(item.properties.len() as u8);
            content.extend(&item.properties);
        }
        full_box(b"ipma", 0, &content)
    }
}

fn full_box(kind: &[u8], version: u8, content: &[u8]) -> Vec<u8> {
    a_box(kind, &[&[version, 0, 0, 0], content].concat())
}

pub fn case() -> Case {
    let with = |change: &dyn Fn(&mut Container)| {
        let mut container = container();
        change(&mut container);
        container.file()
    };
    let base = container().file();
    let written = |kind: &'static [u8], data: &[u8]| {
        let item = Item { number: 9, kind, data: data.to_vec(), properties: vec![] };
        with(&|c| {
            c.items.insert(0, item.clone());
            c.references.push((b"cdsc", 9, vec![1]));
        })
    };
    Case {
        name: "HEIC",
        same: vec![
            ("EXIF", written(b"Exif", &[&[0; 4][..], &exif_block(6, "the container turns the picture")].concat())),
            ("XMP", written(b"mime", b"<x:xmpmeta/>")),
            ("elsewhere", with(&|c| c.gap = 13)),
            ("all inside", with(&|c| c.inside = vec![1, 2, 3, 4, 5])),
            ("another thumbnail", with(&|c| c.items[4].data[0] ^= 1)),
            ("another description", with(&|c| c.properties[6][9] ^= 1)),
            (
                "other numbers",
                with(&|c| {
                    c.items[1].number = 70;
                    c.references[0].2[0] = 70;
                }),
            ),
            ("a film", [base.clone(), a_box(b"mpvd", b"a film")].concat()),
            ("a trailer", [&base[..], b"trailer"].concat()),
        ],
        other: vec![
            ("turned", with(&|c| c.properties[3][8] = 1)),
            ("mirrored", with(&|c| c.properties[6] = a_box(b"imir", &[0]))),
            ("cut", with(&|c| c.properties[6] = a_box(b"clap", &[1; 32]))),
            ("another profile", with(&|c| c.properties[4][9] ^= 1)),
            ("other parameters", with(&|c| c.properties[2][9] ^= 1)),
            ("another size", with(&|c| c.properties[0][19] ^= 1)),
            ("another tile", with(&|c| c.items[2].data[3] ^= 1)),
            ("tiles exchanged", with(&|c| c.references[0].2.reverse())),
            ("another grid", with(&|c| c.items[0].data[3] = 0)),
            ("other alpha", with(&|c| c.items[3].data[0] ^= 1)),
            ("no alpha", with(&|c| c.references[1].0 = b"xxxx")),
            ("another primary picture", with(&|c| c.primary = 2)),
        ],
        base,
    }
}

#[test]
fn a_grid_of_itself_ends() {
    let mut container = container();
    container.references[0].2 = vec![1, 1, 1];
    assert!(follow(&container.file(), HashedFormat::Heif).is_some());
    container.references = vec![(b"dimg", 1, vec![2]), (b"dimg", 2, vec![3]), (b"dimg", 3, vec![1])];
    assert!(follow(&container.file(), HashedFormat::Heif).is_some());
}

#[test]
fn a_deep_tower_is_not_followed() {
    let mut container = container();
    let tile = container.items[1].clone();
    container.items = (1..30).map(|number| Item { number, ..tile.clone() }).collect();
    container.references = (1..29).map(|number| (&b"dimg"[..], number, vec![number + 1])).collect();
    assert!(follow(&container.file(), HashedFormat::Heif).is_none());
}

#[test]
fn a_picture_without_data_is_not_followed() {
    let mut container = container();
    container.references.clear();
    container.items[0].kind = b"hvc1";
    assert!(follow(&container.file(), HashedFormat::Heif).is_some());
    container.primary = 77;
    assert!(follow(&container.file(), HashedFormat::Heif).is_none());
}

/// Many tiles that are all one and the same large picture.
#[test]
fn items_upon_each_other_are_not_followed() {
    let mut container = container();
    container.items.truncate(1);
    container.inside = vec![];
    container.items[0].data = vec![1; 300_000];
    let empty = Item { data: vec![], ..container.items[0].clone() };
    container.items.extend((2..60).map(|number| Item { number, ..empty.clone() }));
    container.references = vec![(b"dimg", 1, (2..60).collect())];
    let file = container.file();
    // Their extents have no length: all that follows.
    assert!(follow(&file, HashedFormat::Heif).is_some());
    let mut shared = file.clone();
    let iloc = find(&file, b"iloc") + 4 + 8;
    for item in 1..59 {
        // Number, method, reference, extents, then the offset.
        let at = iloc + item * 16 + 8;
        shared[at..at + 4].copy_from_slice(&100_u32.to_be_bytes());
    }
    assert!(follow(&shared, HashedFormat::Heif).is_none());
}

/// Where the container does not say how the picture is turned, EXIF does.
#[test]
fn exif_turns_what_the_container_does_not() {
    let hash = |container: &Container, orientation: u16| {
        let mut container = container.clone();
        let data = [&[0; 4][..], &exif_block(orientation, "a camera")].concat();
        container.items.insert(0, Item { number: 9, kind: b"Exif", data, properties: vec![] });
        container.references.push((b"cdsc", 9, vec![1]));
        picture_hash(&container.file())
    };
    let turned = container();
    let mut unturned = container();
    unturned.items[0].properties = vec![1, 5];
    let different: std::collections::BTreeSet<_> = (1..=8).map(|orientation| hash(&unturned, orientation)).collect();
    assert_eq!(different.len(), 8);
    assert_eq!(hash(&unturned, 1), picture_hash(&unturned.file()), "upright is what a picture without EXIF is");
    assert_eq!(hash(&unturned, 9), hash(&unturned, 1), "9 is no orientation");
    for orientation in 1..=8 {
        assert_eq!(hash(&turned, orientation), picture_hash(&turned.file()));
    }
}

/// Hashes are kept in libraries: this one was made before EXIF had a say.
#[test]
fn hashes_that_are_kept_stay_as_they_are() {
    let mut unturned = container();
    unturned.items[0].properties = vec![1, 5];
    let hex = |file: &Container| picture_hash(&file.file()).0.iter().map(|b| format!("{b:02x}")).collect::<String>();
    assert_eq!(hex(&unturned), "d29f1383449b1a6de8275592c9ab5e59ff3881fdf4e6ad23a24feb7a1e7230a2");
    assert_eq!(hex(&container()), "bd93464cf6a0caae3eb9fe8847cd413e63027c04fa99e96141b4935f33e15853");
}
