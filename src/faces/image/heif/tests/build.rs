//! Files put together by hand around coded pictures, which `heif-enc --quality 80` made of flat quarters.

use ::image::RgbImage;

use super::super::Heif;
use crate::types::iso_box::a_box;

/// 96 × 64 pixels: red, green / blue, white.
pub(crate) const HEIC: &[u8] = include_bytes!("quarters.heic");
pub(crate) const AVIF: &[u8] = include_bytes!("quarters.avif");
/// The same, the left half transparent.
pub(crate) const CLEAR_HEIC: &[u8] = include_bytes!("half-clear.heic");
pub(crate) const CLEAR_AVIF: &[u8] = include_bytes!("half-clear.avif");

/// The quarters' colours: top left, top right, bottom left, bottom right.
pub(crate) fn letters(pixels: &RgbImage) -> String {
    let (width, height) = pixels.dimensions();
    let places = [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| (width * x / 4, height * y / 4));
    let letter = |(x, y)| match pixels.get_pixel(x, y).0.map(|value: u8| value > 128) {
        [true, false, false] => 'r',
        [false, true, false] => 'g',
        [false, false, true] => 'b',
        [true, true, true] => 'w',
        _ => '?',
    };
    places.into_iter().map(letter).collect()
}

/// Items and their properties; numbers count from 1.
#[derive(Default, Clone)]
pub(crate) struct HeifBuilder {
    pub primary: u16,
    items: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)>,
    properties: Vec<Vec<u8>>,
    references: Vec<u8>,
}

impl HeifBuilder {
    pub fn property(&mut self, kind: &[u8], content: &[u8]) -> u8 {
        self.properties.push(a_box(kind, content));
        self.properties.len() as u8
    }

    pub fn size(&mut self, width: u32, height: u32) -> u8 {
        self.property(b"ispe", &[&[0; 4][..], &width.to_be_bytes(), &height.to_be_bytes()].concat())
    }

    pub fn item(&mut self, kind: &[u8], data: &[u8], properties: &[u8]) -> u16 {
        self.items.push((kind.to_vec(), data.to_vec(), properties.to_vec()));
        self.primary = self.items.len() as u16;
        self.primary
    }

    /// The primary picture of a file, with further properties; it becomes the primary picture here, too.
    pub fn coded(&mut self, file: &[u8], properties: &[u8]) -> u16 {
        let container = Heif::read(file).unwrap();
        let item = container.primary;
        let own = container
            .properties_of(item)
            .filter(|(kind, _)| [b"ispe", b"hvcC", b"av1C"].iter().any(|known| known == kind));
        let own: Vec<u8> = own.map(|(kind, content)| self.property(kind, content)).collect();
        let data = container.data(item).unwrap().concat();
        self.item(container.kind(item).unwrap(), &data, &[&own[..], properties].concat())
    }

    /// Type, data and properties.
    pub fn items_mut(&mut self, item: u16) -> &mut (Vec<u8>, Vec<u8>, Vec<u8>) {
        &mut self.items[usize::from(item) - 1]
    }

    /// A grid of these tiles, whole as large as said.
    pub fn grid(&mut self, columns: u8, tiles: &[u16], (width, height): (u32, u32), properties: &[u8]) -> u16 {
        let rows = tiles.len() as u8 / columns;
        let data = [&[0, 1, rows - 1, columns - 1][..], &width.to_be_bytes(), &height.to_be_bytes()].concat();
        let grid = self.item(b"grid", &data, properties);
        self.refer(b"dimg", grid, tiles);
        grid
    }

    pub fn refer(&mut self, kind: &[u8], from: u16, to: &[u16]) {
        let numbers = [from, to.len() as u16].into_iter().chain(to.iter().copied());
        self.references.extend(a_box(kind, &numbers.flat_map(u16::to_be_bytes).collect::<Vec<_>>()));
    }

    /// An EXIF block that states an orientation.
    pub fn exif(&mut self, orientation: u8) {
        let primary = self.primary;
        let block = [b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", &[orientation, 0, 0, 0][..], &[0; 4]].concat();
        let exif = self.item(b"Exif", &[&[0; 4][..], &block].concat(), &[]);
        self.refer(b"cdsc", exif, &[primary]);
        self.primary = primary;
    }

    pub fn bytes(&self) -> Vec<u8> {
        let before = self.head(0).len();
        let data: Vec<u8> = self.items.iter().flat_map(|(_, data, _)| data).copied().collect();
        [self.head(before + 8), a_box(b"mdat", &data)].concat()
    }

    fn head(&self, data_at: usize) -> Vec<u8> {
        let count = (self.items.len() as u16).to_be_bytes();
        let (mut iinf, mut iloc, mut at) = (count.to_vec(), [&[0x44, 0][..], &count].concat(), data_at as u32);
        let mut ipma = u32::from(self.items.len() as u16).to_be_bytes().to_vec();
        for (number, (kind, data, properties)) in (1_u16..).zip(&self.items) {
            let number = number.to_be_bytes();
            iinf.extend(full_box(b"infe", 2, &[&number, &[0, 0], &kind[..], b"\0"].concat()));
            iloc.extend([&number[..], &[0, 0, 0, 1], &at.to_be_bytes(), &(data.len() as u32).to_be_bytes()].concat());
            at += data.len() as u32;
            ipma.extend([&number[..], &[properties.len() as u8], properties].concat());
        }
        let meta = [
            full_box(b"hdlr", 0, b"\0\0\0\0pict\0\0\0\0\0\0\0\0\0\0\0\0\0"),
            full_box(b"pitm", 0, &self.primary.to_be_bytes()),
            full_box(b"iinf", 0, &iinf),
            full_box(b"iref", 0, &self.references),
            a_box(b"iprp", &[a_box(b"ipco", &self.properties.concat()), full_box(b"ipma", 0, &ipma)].concat()),
            full_box(b"iloc", 0, &iloc),
        ];
        [a_box(b"ftyp", b"heic\0\0\0\0mif1heic"), full_box(b"meta", 0, &meta.concat())].concat()
    }
}

fn full_box(kind: &[u8], version: u8, content: &[u8]) -> Vec<u8> {
    a_box(kind, &[&[version, 0, 0, 0], content].concat())
}
