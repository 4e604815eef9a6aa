//! `.picasa.ini`, line by line. A line that is none of its own is passed over: other programs write there, too.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use crate::metadata::region_box::RegionBox;
use crate::metadata::text;

/// What one file says of faces and names.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct PicasaIni {
    /// A photo's `faces=` by the name of its file. A section that comes again goes on with the first; the last line
    /// of it counts.
    faces: BTreeMap<String, Vec<PicasaFace>>,
    contacts: BTreeMap<u64, String>,
    /// Faces that were written in no way known.
    pub unread: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PicasaFace {
    pub at: RegionBox,
    /// None of a face that Picasa has found and nobody has named.
    pub contact: Option<u64>,
}

/// More faces than a crowd: what comes after them is passed over.
const MAX_FACES: usize = 1_000;

impl PicasaIni {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut ini = Self::default();
        let mut section = Section::Other;
        for line in text::decode(bytes).lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                section = Section::of(name);
            } else if let Some((key, value)) = line.split_once('=') {
                ini.take(&section, key.trim(), value.trim());
            }
        }
        ini
    }

    /// Files and their faces.
    pub(crate) fn faces(&self) -> impl Iterator<Item = (&str, &[PicasaFace])> {
        self.faces.iter().map(|(file, faces)| (file.as_str(), faces.as_slice()))
    }

    /// Names by ID.
    pub(crate) fn contacts(&self) -> &BTreeMap<u64, String> {
        &self.contacts
    }

    fn take(&mut self, section: &Section, key: &str, value: &str) {
        match section {
            Section::Contacts => {
                // "Anna Müller;;" or "Anna Müller;anna@example.org;".
                let name = value.split(';').next().unwrap_or_default().trim();
                if let (Some(id), false) = (contact_id(key), name.is_empty()) {
                    self.contacts.insert(id, name.to_owned());
                }
            }
            Section::Photo(file) if key.eq_ignore_ascii_case("faces") => {
                let (faces, unread) = faces(value);
                self.unread += unread;
                self.faces.insert(file.clone(), faces);
            }
            Section::Photo(_) | Section::Other => {}
        }
    }
}

enum Section {
    Contacts,
    Photo(String),
    Other,
}

impl Section {
    fn of(name: &str) -> Self {
        // A name leads to a file of the folder itself, never out of it.
        let is_plain = matches!(Path::new(name).components().collect::<Vec<_>>()[..], [Component::Normal(_)]);
        match name {
            // `[Contacts]`, of Picasa 3.8 and older, has numbers of an account in place of names.
            "Contacts2" => Self::Contacts,
            "Contacts" | "Picasa" | "encoding" => Self::Other,
            _ if name.starts_with(".album:") || !is_plain => Self::Other,
            _ => Self::Photo(name.to_owned()),
        }
    }
}

/// The faces of a line, and how many of its entries are none.
fn faces(line: &str) -> (Vec<PicasaFace>, usize) {
    let (mut faces, mut unread) = (Vec::new(), 0);
    for entry in line.split(';').map(str::trim).filter(|entry| !entry.is_empty()) {
        match face(entry) {
            Some(face) if faces.len() < MAX_FACES => {
                if !faces.contains(&face) {
                    faces.push(face);
                }
            }
            _ => unread += 1,
        }
    }
    (faces, unread)
}

fn face(entry: &str) -> Option<PicasaFace> {
    let (rectangle, id) = entry.split_once(',').unwrap_or((entry, ""));
    let digits = rectangle.trim().strip_prefix("rect64(")?.strip_suffix(')')?;
    let at = rect64(hexadecimal(digits)?)?;
    let id = id.trim();
    let contact = if id.is_empty() { None } else { Some(hexadecimal(id)?) };
    Some(PicasaFace { at, contact: contact.filter(|id| is_somebody(*id)) })
}

/// The four edges, 16 bits each.
fn rect64(value: u64) -> Option<RegionBox> {
    let share = |shift: u32| (value >> shift & 0xFFFF) as f32 / 65535.0;
    let (left, top, right, bottom) = (share(48), share(32), share(16), share(0));
    RegionBox { x: left, y: top, width: right - left, height: bottom - top }.within_picture()
}

/// An ID of a person, as it stands in the files.
pub(super) fn contact_id(digits: &str) -> Option<u64> {
    hexadecimal(digits).filter(|id| is_somebody(*id))
}

fn is_somebody(id: u64) -> bool {
    id != u64::MAX && id != 0
}

/// Up to 16 hexadecimal digits. `from_str_radix` alone would take a sign.
fn hexadecimal(digits: &str) -> Option<u64> {
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u64::from_str_radix(digits, 16).ok())?
}
