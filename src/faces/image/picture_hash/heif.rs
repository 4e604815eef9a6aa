//! HEIC and AVIF (ISO/IEC 23008-12 on ISO/IEC 14496-12): the primary picture with the properties that shape it, its
//! tiles through `dimg`, and its alpha plane. EXIF, XMP, thumbnails, depth and gain maps are left out, but for EXIF's
//! orientation where nothing in the container turns the picture.
//!
//! Items enter by what they hold, not by their number or place: programs that write metadata move them.

use std::collections::BTreeMap;

use super::super::heif::Heif;
use super::PartHasher;

pub(super) fn follow(bytes: &[u8], seen: &mut PartHasher) -> Option<()> {
    let file = Heif::read(bytes)?;
    let mut walk = Walk { file: &file, seen, visited: BTreeMap::new(), left: 4 * bytes.len() + 65_536 };
    walk.item(file.primary, 0)?;
    for alpha in file.alpha_planes_of(file.primary) {
        walk.seen.number(b"alpha", 0);
        walk.item(alpha, 0)?;
    }
    if !file.states_orientation() {
        walk.seen.exif_turn(bytes);
    }
    Some(())
}

/// Properties that change what is seen; they work in the order in which they are linked.
const SEEN: [&[u8]; 13] = [
    b"ispe", b"hvcC", b"av1C", b"avcC", b"vvcC", b"lhvC", b"jpgC", b"irot", b"imir", b"clap", b"colr", b"pixi", b"pasp",
];
/// Grids of overlays of tiles end long before.
const DEEPEST: usize = 8;

/// Hashes items, each once.
struct Walk<'a, 'b> {
    file: &'b Heif<'a>,
    seen: &'b mut PartHasher,
    visited: BTreeMap<u64, u64>,
    /// Bytes that may still be hashed: items that share their data would cost more than the file is long.
    left: usize,
}

impl Walk<'_, '_> {
    fn item(&mut self, item: u64, depth: usize) -> Option<()> {
        let number = self.visited.len() as u64;
        if let Some(first) = self.visited.get(&item) {
            self.seen.number(b"again", *first);
            return Some(());
        }
        self.visited.insert(item, number);
        if depth > DEEPEST {
            return None;
        }
        self.seen.part(b"item", self.file.kind(item)?);
        for (kind, content) in self.file.properties_of(item).filter(|(kind, _)| SEEN.contains(kind)) {
            self.left = self.left.checked_sub(content.len())?;
            self.seen.part(kind, content);
        }
        let pieces = self.file.data(item)?;
        let tiles = self.file.made_of(item);
        if pieces.is_empty() && tiles.is_empty() {
            return None;
        }
        self.left = self.left.checked_sub(pieces.iter().map(|piece| piece.len()).sum())?;
        self.seen.joined(b"data", &pieces);
        self.seen.number(b"tiles", tiles.len() as u64);
        tiles.iter().try_for_each(|tile| self.item(*tile, depth + 1))
    }
}
