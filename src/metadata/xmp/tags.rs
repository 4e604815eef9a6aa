//! The tags of XML text, found without building anything: before a parser is let loose on a packet its size, depth and
//! the parser's own work are bounded, and afterwards the ends of tags are found for cutting.

use super::error::PacketError;

/// Depth of any XMP known is below 30.
const MAX_DEPTH: usize = 64;
/// Elements, texts and attributes each have one of these characters; the parser reserves memory by their number.
const MAX_PARTS: usize = 500_000;
/// The parser compares each attribute of a tag with those before it, and copies the namespaces in force at each tag
/// that declares one. Camera Raw's settings are a thousand attributes in one tag.
const MAX_WORK: usize = 20_000_000;

/// An opening tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenTag {
    /// Behind its `>`.
    pub end: usize,
    pub is_empty_element: bool,
    attributes: usize,
    namespaces: usize,
}

/// Refuses what a parser would need too much time or memory for. The text need not be well-formed.
pub(crate) fn check(text: &str) -> Result<(), PacketError> {
    let bytes = text.as_bytes();
    let parts = |mark: u8| bytes.iter().filter(|byte| **byte == mark).count();
    if parts(b'<') > MAX_PARTS || parts(b'=') > MAX_PARTS || parts(b'&') > MAX_PARTS {
        return Err(PacketError::TooComplex);
    }
    let (mut at, mut work) = (0, 0_usize);
    // Namespaces in force at each open element.
    let mut open = vec![0_usize];
    while let Some(start) = find(bytes, at, b"<") {
        let rest = &bytes[start..];
        at = if rest.starts_with(b"<!--") {
            find(bytes, start + 4, b"-->").map_or(bytes.len(), |end| end + 3)
        } else if rest.starts_with(b"<![CDATA[") {
            find(bytes, start + 9, b"]]>").map_or(bytes.len(), |end| end + 3)
        } else if rest.starts_with(b"<!") {
            return Err(PacketError::DocumentType);
        } else if rest.starts_with(b"<?") {
            find(bytes, start + 2, b"?>").map_or(bytes.len(), |end| end + 2)
        } else if rest.starts_with(b"</") {
            open.truncate(open.len().saturating_sub(1).max(1));
            start + 2
        } else if let Some(tag) = open_tag(text, start) {
            let inherited = open.last().copied().unwrap_or(0);
            let in_force = inherited + tag.namespaces;
            let names = tag.attributes + 1;
            work = work.saturating_add(names.saturating_mul(tag.attributes + in_force));
            work = work.saturating_add(tag.namespaces.saturating_mul(in_force));
            if !tag.is_empty_element {
                open.push(in_force);
            }
            if open.len() > MAX_DEPTH || work > MAX_WORK {
                return Err(PacketError::TooComplex);
            }
            tag.end
        } else {
            bytes.len()
        };
    }
    Ok(())
}

/// The opening tag that begins at `start`.
pub(crate) fn open_tag(text: &str, start: usize) -> Option<OpenTag> {
    let bytes = text.as_bytes();
    let (mut quote, mut attributes, mut namespaces) = (None, 0, 0);
    for at in start + 1..bytes.len() {
        match (quote, bytes[at]) {
            (Some(open), byte) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, byte @ (b'"' | b'\'')) => quote = Some(byte),
            (None, b'=') => attributes += 1,
            (None, b'x') if bytes[at..].starts_with(b"xmlns") => namespaces += 1,
            (None, b'>') => {
                let is_empty_element = bytes[at - 1] == b'/';
                return Some(OpenTag { end: at + 1, is_empty_element, attributes, namespaces });
            }
            (None, _) => {}
        }
    }
    None
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let mut at = 0;
    // Jumps from first byte to first byte.
    while let Some(next) = rest[at..].iter().position(|byte| *byte == what[0]) {
        at += next;
        if rest[at..].starts_with(what) {
            return Some(from + at);
        }
        at += 1;
    }
    None
}
