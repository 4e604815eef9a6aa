//! The form in which people and decisions travel: JSON Lines.
//!
//! The first line is the header, the last one says how many lines there were, so that a file cut short is known. Every
//! line between says its `kind`. Numbers of people, photos and faces hold within the file only; photos are known by the
//! hash of their picture, and where that could never be made, by path and size.
//!
//! Version 2 added `was_of`, `refused_name` and photos without a hash, version 3 `taken_name`, version 4 the places
//! of names that were answered. A reader takes every version up to its own.

use std::collections::HashSet;
use std::io::BufRead;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::library::error::{LibraryError, Result};
use crate::library::names::{ExportedAnswer, ExportedName, PlaceOfName};
use crate::library::reason::Reason;
use crate::library::review::{Belongs, SetAside, cleaned};
use crate::types::{FaceBox, Landmarks, PathText, hex};

pub(super) const FORMAT: &str = "likeness-library";
pub(super) const VERSION: u32 = 4;
/// How the names of settings begin that are not of one computer: those of the grouping.
pub(super) const EXPORTED_SETTINGS: &str = "grouping.";
const LONGEST_SETTING: usize = 200;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum TransferLine {
    Header(Header),
    Person(PersonLine),
    Photo(PhotoLine),
    Face(FaceLine),
    /// This face is not this person.
    Rejected {
        face: i64,
        person: i64,
    },
    /// Whose a face was, and how, when it was set aside or said not to be theirs.
    WasOf {
        face: i64,
        person: i64,
        belongs: Belongs,
    },
    /// A name that another program gave to a photo, and that was refused.
    RefusedName {
        photo: i64,
        name: String,
        /// Where it stands, if it stands at several places of the photo.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<PlaceOfName>,
    },
    /// One that was taken, and in which fields and files it stood.
    TakenName {
        photo: i64,
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<PlaceOfName>,
        sources: Vec<String>,
    },
    /// Two people who are not one.
    Different {
        people: [i64; 2],
    },
    Folder(PathText),
    Setting {
        key: String,
        value: String,
    },
    /// A face of a forgotten person, that no scan may find again.
    Forgotten {
        picture: Hash,
        #[serde(rename = "box", with = "four")]
        face_box: FaceBox,
    },
    End {
        lines: usize,
    },
}

/// Whether a file that begins so is an export.
pub(crate) fn begins_like_an_export(head: &[u8]) -> bool {
    head.windows(FORMAT.len()).any(|part| part == FORMAT.as_bytes())
}

/// Whether an export tells of somebody with a name: people come before all else. What cannot be read may.
pub(crate) fn names_somebody(from: impl BufRead) -> bool {
    for line in from.lines().skip(1) {
        match line.map(|line| serde_json::from_str(&line)) {
            Ok(Ok(TransferLine::Person(PersonLine { name: None, .. }))) => {}
            Ok(Ok(TransferLine::Person(_))) | Ok(Err(_)) | Err(_) => return true,
            Ok(Ok(_)) => return false,
        }
    }
    false
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    pub format: String,
    pub version: u32,
    /// The version of Likeness that wrote it.
    pub program: String,
    /// ISO 8601, UTC.
    pub at: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PersonLine {
    pub id: i64,
    /// None: a group.
    pub name: Option<String>,
    #[serde(default)]
    pub hidden: bool,
    /// The face on the person's card, where one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cover: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PhotoLine {
    pub id: i64,
    pub picture: Option<Hash>,
    /// Of a file that shows it.
    pub sha256: Option<Hash>,
    /// Where it is; where it was last, if it is nowhere now.
    pub paths: Vec<PathText>,
    pub size: u64,
    pub width: u32,
    pub height: u32,
    /// ISO 8601: when it was taken, else the file's time.
    pub time: String,
    /// The photo that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<i64>,
    /// Whether its faces were looked for in that photo.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub carried: bool,
}

impl PhotoLine {
    pub fn has_hash(&self) -> bool {
        self.picture.is_some() || self.sha256.is_some()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct FaceLine {
    pub id: i64,
    pub photo: i64,
    /// The photo's, for who reads faces alone.
    pub picture: Option<Hash>,
    #[serde(rename = "box", with = "four")]
    pub face_box: FaceBox,
    pub landmarks: Landmarks,
    pub score: f32,
    pub person: Option<i64>,
    pub belongs: Option<Belongs>,
    pub set_aside: Option<SetAside>,
    /// The same face in photos that took this one's place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carried_to: Vec<i64>,
}

/// SHA-256 as 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct Hash(pub [u8; 32]);

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hex(&hash.0)
    }
}

impl TryFrom<String> for Hash {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digit = |at: usize| text.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
        let bytes: Option<Vec<u8>> = (0..32).map(|at| digit(2 * at)).collect();
        match bytes.and_then(|bytes| bytes.try_into().ok()) {
            Some(bytes) if text.len() == 64 => Ok(Self(bytes)),
            _ => Err(format!("a hash has 64 hexadecimal digits, not \"{text}\"")),
        }
    }
}

/// A box as `[x, y, width, height]`, as `likeness people --json` has it.
mod four {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::types::FaceBox;

    /// No picture has as many pixels to a side.
    const FARTHEST: f32 = 1e7;

    pub(crate) fn serialize<S: Serializer>(b: &FaceBox, to: S) -> Result<S::Ok, S::Error> {
        [b.x, b.y, b.width, b.height].serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<FaceBox, D::Error> {
        let [x, y, width, height]: [f32; 4] = Deserialize::deserialize(from)?;
        let is_near = [x, y, width, height].iter().all(|value| value.abs() <= FARTHEST);
        match is_near && width > 0.0 && height > 0.0 {
            true => Ok(FaceBox { x, y, width, height }),
            false => Err(D::Error::custom("a box has a place, a width and a height in pixels")),
        }
    }
}

/// A whole export, in memory.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub people: Vec<PersonLine>,
    pub photos: Vec<PhotoLine>,
    pub faces: Vec<FaceLine>,
    pub rejected: Vec<(i64, i64)>,
    pub was_of: Vec<(i64, i64, Belongs)>,
    /// What was answered to names of other programs, each in a photo.
    pub names: Vec<(i64, ExportedName)>,
    pub different: Vec<[i64; 2]>,
    pub folders: Vec<PathBuf>,
    pub settings: Vec<(String, String)>,
    pub forgotten: Vec<(Hash, FaceBox)>,
}

/// Reads an export, and refuses one that is not whole or says something about what is not in it.
pub(super) fn read(from: impl BufRead) -> Result<Contents> {
    let mut contents = Contents::default();
    let mut known = Known::default();
    let mut end = None;
    let mut count = 0;
    for line in from.lines() {
        let number = count + 1;
        let bad = |reason: String| LibraryError::BadLine { line: number, reason };
        let text = line.map_err(|error| bad(unreadable(&error)))?;
        // As other programs begin a file of text.
        let text = if number == 1 { text.trim_start_matches('\u{feff}') } else { &text };
        if end.is_some() {
            return Err(bad("nothing follows the last line".to_owned()));
        }
        let line: TransferLine = serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
        known.check(number, &line).map_err(bad)?;
        match line {
            TransferLine::Header(_) => {}
            TransferLine::Person(person) => contents.people.push(person),
            TransferLine::Photo(photo) => contents.photos.push(photo),
            TransferLine::Face(face) => contents.faces.push(face),
            TransferLine::Rejected { face, person } => contents.rejected.push((face, person)),
            TransferLine::WasOf { face, person, belongs } => contents.was_of.push((face, person, belongs)),
            TransferLine::RefusedName { photo, name, at } => {
                contents.names.push((photo, ExportedName { name, at, answer: ExportedAnswer::Refused }));
            }
            TransferLine::TakenName { photo, name, at, sources } => {
                contents.names.push((photo, ExportedName { name, at, answer: ExportedAnswer::Taken { sources } }));
            }
            TransferLine::Different { people } => contents.different.push(people),
            TransferLine::Folder(path) => contents.folders.push(path.to_path()),
            TransferLine::Setting { key, value } => contents.settings.push((key, value)),
            TransferLine::Forgotten { picture, face_box } => contents.forgotten.push((picture, face_box)),
            TransferLine::End { lines } if lines == count => end = Some(()),
            TransferLine::End { lines } => {
                return Err(bad(format!("{lines} lines were written, and {count} are here")));
            }
        }
        count = number;
    }
    match end {
        Some(()) => Ok(contents),
        None => Err(LibraryError::BadLine { line: count + 1, reason: "the file ends too early".to_owned() }),
    }
}

fn unreadable(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::InvalidData => "it is no text".to_owned(),
        _ => Reason::of_system(error).to_string(),
    }
}

/// What the lines so far have told of, so that each line is about something known.
#[derive(Default)]
struct Known {
    people: HashSet<i64>,
    photos: HashSet<i64>,
    faces: HashSet<i64>,
}

impl Known {
    fn check(&mut self, number: usize, line: &TransferLine) -> Result<(), String> {
        if (number == 1) != matches!(line, TransferLine::Header(_)) {
            return Err("the first line, and no other, is the header".to_owned());
        }
        match line {
            TransferLine::Header(header) if header.format != FORMAT => {
                Err(format!("it is no {FORMAT} but {}", header.format))
            }
            TransferLine::Header(header) if header.version > VERSION => {
                Err(format!("it was written by a newer Likeness ({}): use that one", header.program))
            }
            TransferLine::Person(person) => {
                // What could not be typed as a name is not brought in as one.
                person.name.as_deref().map_or(Ok(String::new()), cleaned).map_err(|error| error.to_string())?;
                once(&mut self.people, person.id, "person")
            }
            TransferLine::Photo(photo) if !photo.has_hash() && photo.paths.is_empty() => {
                Err(format!("photo {} has neither a hash nor a path", photo.id))
            }
            TransferLine::Photo(photo) => once(&mut self.photos, photo.id, "photo"),
            TransferLine::Face(face) => {
                came_before(&self.photos, face.photo, "photo")?;
                face.person.map_or(Ok(()), |person| came_before(&self.people, person, "person"))?;
                if face.person.is_some() != face.belongs.is_some()
                    || (face.person.is_some() && face.set_aside.is_some())
                {
                    return Err(format!("it is not clear to whom face {} belongs", face.id));
                }
                once(&mut self.faces, face.id, "face")
            }
            TransferLine::RefusedName { photo, .. } => came_before(&self.photos, *photo, "photo"),
            TransferLine::TakenName { photo, sources, .. } => {
                came_before(&self.photos, *photo, "photo")?;
                match sources.iter().all(|source| is_name_of_source(source)) {
                    true => Ok(()),
                    false => Err("what it says of who gave the name is no word for that".to_owned()),
                }
            }
            TransferLine::Rejected { face, person } | TransferLine::WasOf { face, person, .. } => {
                came_before(&self.faces, *face, "face")?;
                came_before(&self.people, *person, "person")
            }
            TransferLine::Different { people: [a, b] } => {
                came_before(&self.people, *a, "person")?;
                came_before(&self.people, *b, "person")?;
                if a == b { Err(format!("person {a} is told apart from themself")) } else { Ok(()) }
            }
            TransferLine::Setting { key, value } => check_setting(key, value),
            _ => Ok(()),
        }
    }
}

/// Only what an export writes, and what can be read back as a number or a word of JSON.
fn check_setting(key: &str, value: &str) -> Result<(), String> {
    if !key.starts_with(EXPORTED_SETTINGS) || key.len() > LONGEST_SETTING {
        return Err("it is no setting that travels".to_owned());
    }
    match serde_json::from_str(value) {
        Ok(serde_json::Value::Number(number)) if number.as_f64().is_some_and(|number| number >= 0.0) => Ok(()),
        Ok(serde_json::Value::String(word)) if word.len() <= LONGEST_SETTING => Ok(()),
        _ => Err(format!("\"{value}\" is no value of a setting")),
    }
}

/// As an export writes them. A newer program may know more of them than this one.
fn is_name_of_source(word: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    !word.is_empty() && word.len() <= LONGEST_SETTING && word.chars().all(is_plain)
}

fn once(known: &mut HashSet<i64>, id: i64, what: &str) -> Result<(), String> {
    if known.insert(id) { Ok(()) } else { Err(format!("{what} {id} is there twice")) }
}

fn came_before(known: &HashSet<i64>, id: i64, what: &str) -> Result<(), String> {
    if known.contains(&id) { Ok(()) } else { Err(format!("{what} {id} is in no line before")) }
}
