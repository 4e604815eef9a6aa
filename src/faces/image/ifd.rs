//! Directories of TIFF 6.0 (section 2), BigTIFF and what is built like them: camera raw files and blocks of EXIF.
//!
//! Every place and length is checked against the file, and no directory is visited twice.

use crate::types::reader::{big, little, slice};

/// A file, or a block inside of one, whose offsets count from its beginning.
#[derive(Debug, Clone, Copy)]
pub(super) struct TiffFile<'a> {
    pub bytes: &'a [u8],
    big_endian: bool,
    /// What stands for 42, or 43, in those who have their own number.
    pub magic: u16,
}

/// The entries of a directory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Directory<'a> {
    file: TiffFile<'a>,
    at: u64,
    entries: &'a [u8],
}

/// Further ones in a chain belong to no file that makes sense.
const MOST_DIRECTORIES: usize = 1 << 16;
const BIG_TIFF: u16 = 43;

impl<'a> TiffFile<'a> {
    /// None where the bytes do not begin with an order of bytes.
    pub fn open(bytes: &'a [u8]) -> Option<Self> {
        let big_endian = match bytes.get(..2)? {
            b"II" => false,
            b"MM" => true,
            _ => return None,
        };
        let file = Self { bytes, big_endian, magic: 0 };
        Some(Self { magic: file.number_at(2, 2)? as u16, ..file })
    }

    /// A block whose order of bytes stands at `order_at`, though its places count from its beginning.
    pub fn within(bytes: &'a [u8], order_at: usize) -> Option<Self> {
        let order = Self::open(bytes.get(order_at..)?)?;
        Some(Self { bytes, magic: 0, ..order })
    }

    pub fn is_big(&self) -> bool {
        self.magic == BIG_TIFF
    }

    pub fn number_at(&self, at: u64, length: u64) -> Option<u64> {
        slice(self.bytes, at, length).map(|bytes| self.number(bytes))
    }

    pub fn first(&self) -> Option<Directory<'a>> {
        self.directory(if self.is_big() { self.number_at(8, 8) } else { self.number_at(4, 4) }?)
    }

    pub fn directory(&self, at: u64) -> Option<Directory<'a>> {
        let (count_bytes, entry_bytes, _) = self.widths();
        let count = self.number_at(at, count_bytes)?;
        let entries = slice(self.bytes, at.checked_add(count_bytes)?, count.checked_mul(entry_bytes)?)?;
        Some(Directory { file: *self, at, entries })
    }

    /// All directories, the first one first, each once.
    pub fn chain(&self) -> Vec<Directory<'a>> {
        let mut chain: Vec<Directory<'a>> = Vec::new();
        let mut visited = std::collections::BTreeSet::new();
        let mut next = self.first();
        while let Some(directory) = next.filter(|directory| visited.insert(directory.at)) {
            chain.push(directory);
            let further = directory.next().filter(|&at| at != 0 && chain.len() < MOST_DIRECTORIES);
            next = further.and_then(|at| self.directory(at));
        }
        chain
    }

    fn number(&self, bytes: &[u8]) -> u64 {
        if self.big_endian { big(bytes) } else { little(bytes) }
    }

    /// Bytes of a directory's count, of an entry, and of an offset.
    fn widths(&self) -> (u64, u64, u64) {
        if self.is_big() { (8, 20, 8) } else { (2, 12, 4) }
    }
}

impl<'a> Directory<'a> {
    /// The content of a tag.
    pub fn bytes(&self, tag: u16) -> Option<&'a [u8]> {
        self.find(tag).map(|(_, bytes)| bytes)
    }

    /// The first whole number of a tag.
    pub fn number(&self, tag: u16) -> Option<u64> {
        self.numbers(tag).next()
    }

    /// The whole numbers of a tag; none where it is missing or holds something else.
    pub fn numbers(&self, tag: u16) -> impl Iterator<Item = u64> + use<'a> {
        let file = self.file;
        let (kind, bytes) = self.find(tag).unwrap_or_default();
        let width = if is_whole_number(kind) { type_bytes(kind).unwrap_or(1) as usize } else { bytes.len() + 1 };
        bytes.chunks_exact(width).map(move |value| file.number(value))
    }

    /// The text of a tag, without what is not ASCII.
    pub fn text(&self, tag: u16) -> String {
        let bytes = self.bytes(tag).unwrap_or_default();
        let text = bytes.iter().take_while(|&&byte| byte != 0).filter(|byte| byte.is_ascii());
        text.map(|&byte| char::from(byte)).collect()
    }

    /// The directories that a tag points to.
    pub fn children(&self, tag: u16) -> impl Iterator<Item = Directory<'a>> + use<'a> {
        let file = self.file;
        self.numbers(tag).take(MOST_CHILDREN).filter_map(move |at| file.directory(at))
    }

    /// Where in the file the field of a tag lies, which holds a short content itself.
    pub fn field_at(&self, tag: u16) -> Option<usize> {
        let (count_bytes, entry_bytes, offset_bytes) = self.file.widths();
        let mut entries = self.entries.chunks_exact(entry_bytes as usize);
        let place = entries.position(|entry| self.file.number(&entry[..2]) == u64::from(tag))?;
        usize::try_from(self.at + count_bytes + place as u64 * entry_bytes + 4 + offset_bytes).ok()
    }

    fn find(&self, tag: u16) -> Option<(u64, &'a [u8])> {
        let (_, entry_bytes, offset_bytes) = self.file.widths();
        let mut entries = self.entries.chunks_exact(entry_bytes as usize);
        let entry = entries.find(|entry| self.file.number(&entry[..2]) == u64::from(tag))?;
        let kind = self.file.number(&entry[2..4]);
        let (count, field) = entry[4..].split_at(offset_bytes as usize);
        let length = self.file.number(count).checked_mul(type_bytes(kind)?)?;
        let inline = usize::try_from(length).ok().and_then(|length| field.get(..length));
        let bytes = inline.or_else(|| slice(self.file.bytes, self.file.number(field), length))?;
        Some((kind, bytes))
    }

    fn next(&self) -> Option<u64> {
        let (count_bytes, _, offset_bytes) = self.file.widths();
        self.file.number_at(self.at + count_bytes + self.entries.len() as u64, offset_bytes)
    }
}

/// Raw files have up to four.
const MOST_CHILDREN: usize = 32;

fn is_whole_number(kind: u64) -> bool {
    // Bytes, shorts, longs, undefined bytes, directories, and those of BigTIFF.
    matches!(kind, 1 | 3 | 4 | 7 | 13 | 16 | 18)
}

/// Of one value.
pub(super) fn type_bytes(kind: u64) -> Option<u64> {
    match kind {
        // Bytes, text, signed bytes, undefined.
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16..=18 => Some(8),
        _ => None,
    }
}
