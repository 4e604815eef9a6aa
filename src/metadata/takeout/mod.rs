//! Google Takeout: a JSON file beside each photo names the people in it, without their places.
//!
//! Which JSON belongs to which photo has to be worked out from their names ([`sidecars`]): Google cuts them, moves the
//! number of a second file, and gives edited copies none.

mod sidecars;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde::{Deserialize, Serialize};

pub(crate) use sidecars::{TakeoutFolder, is_sidecar_name};

use super::found::{NameFound, NameKind, NameSource, PhotoPath};
use super::name_key::cleaned;

/// What a JSON says of its photo.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct TakeoutJson {
    /// The photo's name before Google cut it.
    pub title: Option<String>,
    pub people: Vec<String>,
}

/// Why a JSON was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeoutError {
    #[error("this is no JSON of Google Takeout: {0}. Its names are left out")]
    NotJson(#[from] serde_json::Error),
    #[error("this JSON has more than {MAX_BYTES} bytes, too many for one of Google Takeout. Its names are left out")]
    TooLong,
}

const MAX_BYTES: usize = 1 << 20;

#[derive(Deserialize)]
struct Json {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    people: Option<Vec<JsonPerson>>,
}

#[derive(Deserialize)]
struct JsonPerson {
    #[serde(default)]
    name: Option<String>,
}

impl TakeoutJson {
    /// Reads a JSON; an album's own (`metadata.json`) has no people.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, TakeoutError> {
        if bytes.len() > MAX_BYTES {
            return Err(TakeoutError::TooLong);
        }
        let json: Json = serde_json::from_slice(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes))?;
        let names = json.people.into_iter().flatten().filter_map(|person| person.name);
        let mut people: Vec<String> = names.filter_map(|name| cleaned(&unescaped(&name))).collect();
        let mut seen = std::collections::HashSet::new();
        people.retain(|name| seen.insert(name.clone()));
        Ok(Self { title: json.title.map(|title| unescaped(&title)), people })
    }
}

/// The names of a photo.
pub(crate) fn names(photo: &Path, json: &TakeoutJson) -> Vec<NameFound> {
    let found = |name: &String| NameFound {
        photo: PhotoPath::Whole(photo.to_owned()),
        name: Some(name.clone()),
        region: None,
        source: NameSource::GoogleTakeout,
        writer: None,
        kind: NameKind::Confirmed,
    };
    json.people.iter().map(found).collect()
}

/// Google writes some characters as HTML does.
fn unescaped(text: &str) -> String {
    let plain = text.replace("&#39;", "'").replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">");
    plain.replace("&amp;", "&")
}
