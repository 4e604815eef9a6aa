//! Paths as text that can be turned back: a file's name need not be text.
//!
//! A byte that is no text stands as one character of U+EF80 to U+EFFF, its value above U+EF00. Where a name holds such a
//! character itself, its bytes stand so, too. Any other name stands as it is. On Windows, where a name may hold half of a
//! pair of UTF-16, its bytes are those of WTF-8.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A path in JSON: as text that can be turned back, and where it is none also as the operating system's own bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PathText {
    pub path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_bytes: Option<String>,
}

impl PathText {
    pub fn of(path: &Path) -> Self {
        let path_bytes = path.to_str().is_none().then(|| BASE64.encode(to_bytes(path)));
        Self { path: to_text(path.as_os_str()), path_bytes }
    }

    pub fn to_path(&self) -> PathBuf {
        let bytes = self.path_bytes.as_ref().and_then(|bytes| BASE64.decode(bytes).ok());
        bytes.map_or_else(|| from_text(&self.path), from_bytes)
    }
}

const FIRST: u32 = 0xef00;

fn stands_for_a_byte(c: char) -> bool {
    matches!(c, '\u{ef80}'..='\u{efff}')
}

/// See the module's page.
pub(crate) fn to_text(name: &OsStr) -> String {
    if let Some(text) = name.to_str().filter(|text| !text.contains(stands_for_a_byte)) {
        return text.to_owned();
    }
    escaped(name.as_encoded_bytes())
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let escape = |byte: &u8| char::from_u32(FIRST + u32::from(*byte)).unwrap_or(char::REPLACEMENT_CHARACTER);
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match stands_for_a_byte(c) {
                true => text.extend(c.encode_utf8(&mut [0; 4]).as_bytes().iter().map(escape)),
                false => text.push(c),
            }
        }
        text.extend(chunk.invalid().iter().map(escape));
    }
    text
}

/// The operating system's own bytes of a path that was written by [`to_text`], in Base64; none where the text says all.
pub(crate) fn bytes_of(text: &str) -> Option<String> {
    text.contains(stands_for_a_byte).then(|| BASE64.encode(to_bytes(&from_text(text))))
}

/// What a text file holds, which may name files whose names are no text: each line end and sign stays what it is.
pub(crate) fn text_of_file(bytes: &[u8]) -> String {
    let wide = |to_u16: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).skip(1).map(|pair| to_u16([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => escaped(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)),
    }
}

/// The path that [`to_text`] wrote.
pub(crate) fn from_text(text: &str) -> PathBuf {
    if !text.contains(stands_for_a_byte) {
        return PathBuf::from(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        match stands_for_a_byte(c) {
            true => bytes.push((u32::from(c) - FIRST) as u8),
            false => bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    #[cfg(unix)]
    return from_bytes(bytes);
    #[cfg(windows)]
    return wtf8::to_path(&bytes);
}

/// The operating system's own bytes: on Unix the name itself; on Windows UTF-16, little-endian, which may hold unpaired
/// surrogates.
pub(crate) fn to_bytes(path: &Path) -> Vec<u8> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        path.as_os_str().as_bytes().to_vec()
    }
    #[cfg(windows)]
    {
        use std::os::windows::ffi::OsStrExt;
        path.as_os_str().encode_wide().flat_map(u16::to_le_bytes).collect()
    }
}

pub(crate) fn from_bytes(bytes: Vec<u8>) -> PathBuf {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStringExt;
        std::ffi::OsString::from_vec(bytes).into()
    }
    #[cfg(windows)]
    {
        use std::os::windows::ffi::OsStringExt;
        let wide: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        std::ffi::OsString::from_wide(&wide).into()
    }
}

#[cfg(windows)]
mod wtf8 {
    use std::ffi::OsString;
    use std::os::windows::ffi::OsStringExt;
    use std::path::PathBuf;

    /// Half a pair is three bytes: 0xED, then two with six bits each.
    pub(super) fn to_path(bytes: &[u8]) -> PathBuf {
        let (mut wide, mut rest) = (Vec::new(), bytes);
        while let Some(chunk) = rest.utf8_chunks().next() {
            wide.extend(chunk.valid().encode_utf16());
            rest = &rest[chunk.valid().len()..];
            if let [0xed, a, b, ..] = rest {
                wide.push(0xd000 | u16::from(a & 0x3f) << 6 | u16::from(b & 0x3f));
            }
            rest = rest.get(3..).unwrap_or_default();
        }
        OsString::from_wide(&wide).into()
    }
}

/// For `#[serde(with = "path_text")]`: a path as one string.
pub(crate) fn serialize<S: Serializer>(path: &Path, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&to_text(path.as_os_str()))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<PathBuf, D::Error> {
    Ok(from_text(&String::deserialize(from)?))
}

/// The same where there may be none.
pub(crate) mod perhaps {
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{from_text, to_text};

    pub(crate) fn serialize<S: Serializer>(path: &Option<PathBuf>, to: S) -> Result<S::Ok, S::Error> {
        path.as_ref().map(|path| to_text(path.as_os_str())).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PathBuf>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(|text| from_text(&text)))
    }
}

/// The same of several.
pub(crate) mod several {
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::{from_text, to_text};

    pub(crate) fn serialize<S: Serializer>(paths: &[PathBuf], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(paths.iter().map(|path| to_text(path.as_os_str())))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<PathBuf>, D::Error> {
        let texts = Vec::<String>::deserialize(from)?;
        Ok(texts.iter().map(|text| from_text(text)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stands_as_it_is() {
        for text in ["a.jpg", "名/ä \u{1f600}.png", "back\\slash", "\u{f8ff}", ""] {
            assert_eq!(PathText::of(Path::new(text)), PathText { path: text.to_owned(), path_bytes: None });
            assert_eq!(from_text(text), Path::new(text));
        }
    }

    #[cfg(unix)]
    #[test]
    fn any_name_comes_back_as_text_and_as_json() {
        use std::os::unix::ffi::OsStrExt;

        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Line {
            #[serde(with = "super")]
            at: PathBuf,
            #[serde(with = "super::perhaps")]
            beside: Option<PathBuf>,
        }
        let names: [&[u8]; 5] =
            [b"G\xfcnther/1.jpg", b"\x80\xff", "\u{ef80}\u{efff}".as_bytes(), b"\xee\xbe\x80\xfe", b"\xed\xa0\x80"];
        for name in names {
            let path = Path::new(OsStr::from_bytes(name));
            let text = PathText::of(path);
            assert_eq!((from_text(&text.path), text.to_path()), (path.to_owned(), path.to_owned()), "{name:?}");
            let line = Line { at: path.to_owned(), beside: Some(path.to_owned()) };
            let json = serde_json::to_string(&line).unwrap();
            assert_eq!(serde_json::from_str::<Line>(&json).unwrap(), line, "{json}");
        }
        assert_eq!(PathText::of(Path::new(OsStr::from_bytes(b"G\xfc"))).path, "G\u{effc}");
    }
}
