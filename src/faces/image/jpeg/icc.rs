//! The profile in a JPEG's APP2 segments, which hold 64 kB each (ICC.1:2022, annex B.4).

/// The pieces in order of their numbers; true where some are missing.
pub(crate) fn profile(bytes: &[u8]) -> (Option<Vec<u8>>, bool) {
    let mut pieces: Vec<(u8, u8, &[u8])> = super::application_segments(bytes, 2)
        .filter_map(|segment| match segment.strip_prefix(b"ICC_PROFILE\0")? {
            [number, count, piece @ ..] => Some((*number, *count, piece)),
            _ => None,
        })
        .collect();
    pieces.sort_by_key(|(number, ..)| *number);
    let numbered = pieces
        .iter()
        .zip(1..=255_u8)
        .all(|((number, count, _), expected)| *number == expected && usize::from(*count) == pieces.len());
    match pieces.is_empty() {
        true => (None, false),
        false if numbered => (Some(pieces.iter().flat_map(|(.., piece)| *piece).copied().collect()), false),
        false => (None, true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg(pieces: &[(u8, u8, &[u8])]) -> Vec<u8> {
        let segment = |&(number, count, piece): &(u8, u8, &[u8])| {
            let content = [b"ICC_PROFILE\0", &[number, count][..], piece].concat();
            [&[0xff, 0xe2][..], &(content.len() as u16 + 2).to_be_bytes(), &content].concat()
        };
        let segments = pieces.iter().flat_map(segment).collect();
        [vec![0xff, 0xd8, 0xff, 0xe2, 0, 6, b'M', b'P', b'F', 0], segments, vec![0xff, 0xd9]].concat()
    }

    #[test]
    fn pieces_are_joined_by_their_numbers() {
        assert_eq!(profile(&jpeg(&[])), (None, false));
        assert_eq!(profile(&jpeg(&[(1, 1, b"whole")])), (Some(b"whole".to_vec()), false));
        assert_eq!(profile(&jpeg(&[(2, 2, b"cond"), (1, 2, b"se")])), (Some(b"second".to_vec()), false));
        assert_eq!(profile(&jpeg(&[(2, 2, b"cond")])), (None, true), "the first is missing");
        assert_eq!(profile(&jpeg(&[(1, 2, b"se"), (1, 2, b"se")])), (None, true));
    }
}
