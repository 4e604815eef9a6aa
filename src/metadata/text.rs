//! Bytes of a text file whose author did not say how they are to be read.

/// UTF-8 or UTF-16 by its byte order mark, else UTF-8 where it is valid, else Windows-1252, the code page of most old
/// Western files. Every byte means something there, so nothing is ever refused.
pub(crate) fn decode(bytes: &[u8]) -> String {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8_or_western(rest),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => utf8_or_western(bytes),
    }
}

fn utf8_or_western(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        // One file may mix both: lines were added over years. So each line is judged alone.
        Err(_) => bytes.split_inclusive(|&byte| byte == b'\n').map(line).collect(),
    }
}

fn line(bytes: &[u8]) -> String {
    str::from_utf8(bytes).map_or_else(|_| bytes.iter().map(|&byte| western(byte)).collect(), str::to_owned)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Windows-1252; its five holes are the control characters of Latin-1 (WHATWG Encoding Standard).
fn western(byte: u8) -> char {
    const FROM_80: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => FROM_80[usize::from(byte) - 0x80],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn every_usual_encoding_is_read() {
        assert_eq!(decode("Jürgen".as_bytes()), "Jürgen");
        assert_eq!(decode(b"\xEF\xBB\xBFJ\xC3\xBCrgen"), "Jürgen");
        assert_eq!(decode(b"J\xFCrgen \x80"), "Jürgen €");
        assert_eq!(decode(b"\xFF\xFEJ\0\xFC\0"), "Jü");
        assert_eq!(decode(b"\xFE\xFF\0J\0\xFC"), "Jü");
        assert_eq!(decode(b"J\xFC\nJ\xC3\xBC\n"), "Jü\nJü\n");
    }
}
