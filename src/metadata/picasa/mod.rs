//! Picasa's faces: `.picasa.ini` beside the photos, and `contacts.xml` among its own files.
//!
//! A section per photo holds `faces=rect64(HEX),ID;…`: left, top, right and bottom as 16-bit shares of the stored
//! picture, leading zeros dropped; turning a photo in Picasa (`rotate=`) leaves them alone. The IDs' names stand in
//! `[Contacts2]` of the same file, or in `contacts.xml`. ID `ffffffffffffffff` is a face without a name.
//! Sources: ExifTool's `picasa_faces.config`; F. Buchinger, ".picasa.ini decoded"; vosbergw/picasa3meta, `contacts.py`.

mod contacts;
mod ini;
#[cfg(test)]
mod tests;

use std::path::Path;

pub(crate) use contacts::PicasaContacts;
pub(crate) use ini::PicasaIni;

use super::found::{NameFound, NameKind, NameRegion, NameSource, PhotoPath, RegionArea, StatedFrame};
use super::name_key::cleaned;

/// What Picasa 3 and Picasa 2 called the file; both may lie in one folder.
pub(crate) const INI_NAMES: [&str; 2] = [".picasa.ini", "Picasa.ini"];

/// The faces of one folder. An ID whose name nobody knows is a face without a name.
///
/// A name in `contacts.xml` goes before one in the folder's file, which keeps what a person was called when it was
/// written, and that before one in another folder's.
pub(crate) fn names(ini: &PicasaIni, folder: &Path, contacts: &PicasaContacts) -> Vec<NameFound> {
    let mut found = Vec::new();
    for (file, faces) in ini.faces() {
        for face in faces {
            let name = face.contact.and_then(|id| contacts.name(id, ini)).and_then(cleaned);
            found.push(NameFound {
                photo: PhotoPath::Whole(folder.join(file)),
                kind: if name.is_some() { NameKind::Confirmed } else { NameKind::Unnamed },
                name,
                region: Some(NameRegion {
                    region: RegionArea::Fractions { at: face.at, of: None },
                    frame: StatedFrame::Stored,
                }),
                source: NameSource::Picasa,
                writer: None,
            });
        }
    }
    found
}
