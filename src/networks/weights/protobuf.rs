//! Protocol buffers read in place: the fields of a message, one after the other, without a copy.
//!
//! Readers take what they know and pass over the rest, in whatever order it comes; nothing is allocated that a message
//! only announces.

/// One field's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wire<'a> {
    Number(u64),
    Eight([u8; 8]),
    Bytes(&'a [u8]),
    Four([u8; 4]),
}

/// The fields of a message; the last item is an error where the bytes are no message.
pub(super) struct WireFields<'a> {
    rest: &'a [u8],
}

/// The bytes are no protocol buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoMessage;

impl std::fmt::Display for NoMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it is cut off or damaged")
    }
}

pub(super) fn fields(message: &[u8]) -> WireFields<'_> {
    WireFields { rest: message }
}

impl<'a> Iterator for WireFields<'a> {
    type Item = Result<(u64, Wire<'a>), NoMessage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = field(&mut self.rest);
        if field.is_none() {
            self.rest = &[];
        }
        Some(field.ok_or(NoMessage))
    }
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Wire<'a>)> {
    let key = varint(rest)?;
    let value = match key & 7 {
        0 => Wire::Number(varint(rest)?),
        1 => Wire::Eight(*take(rest, 8)?.first_chunk()?),
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Wire::Bytes(take(rest, length)?)
        }
        5 => Wire::Four(*take(rest, 4)?.first_chunk()?),
        _ => return None,
    };
    (key >> 3 > 0).then_some((key >> 3, value))
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

/// Of at most ten bytes.
pub(super) fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..70).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

impl<'a> Wire<'a> {
    pub(super) fn bytes(self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(super) fn text(self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()?).ok()
    }

    pub(super) fn number(self) -> Option<u64> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    /// Whole numbers, of which a repeated field holds one or a packed row.
    pub(super) fn numbers(self, into: &mut Vec<i64>) -> Result<(), NoMessage> {
        match self {
            Self::Number(number) => into.push(number.cast_signed()),
            Self::Bytes(mut packed) => {
                while !packed.is_empty() {
                    into.push(varint(&mut packed).ok_or(NoMessage)?.cast_signed());
                }
            }
            _ => return Err(NoMessage),
        }
        Ok(())
    }

    /// 32-bit floats, one or a packed row.
    pub(super) fn floats(self, into: &mut Vec<f32>) -> Result<(), NoMessage> {
        match self {
            Self::Four(value) => into.push(f32::from_le_bytes(value)),
            Self::Bytes(packed) if packed.len().is_multiple_of(4) => {
                into.extend(packed.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value)));
            }
            _ => return Err(NoMessage),
        }
        Ok(())
    }

    /// 64-bit floats, one or a packed row.
    pub(super) fn doubles(self, into: &mut Vec<f32>) -> Result<(), NoMessage> {
        match self {
            Self::Eight(value) => into.push(f64::from_le_bytes(value) as f32),
            Self::Bytes(packed) if packed.len().is_multiple_of(8) => {
                into.extend(packed.as_chunks().0.iter().map(|value| f64::from_le_bytes(*value) as f32));
            }
            _ => return Err(NoMessage),
        }
        Ok(())
    }
}

/// Writes messages for tests.
#[cfg(test)]
pub(super) mod written {
    pub(crate) fn varint(mut value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    }

    pub(crate) fn number(tag: u64, value: i64) -> Vec<u8> {
        [varint(tag << 3), varint(value.cast_unsigned())].concat()
    }

    pub(crate) fn bytes(tag: u64, value: impl AsRef<[u8]>) -> Vec<u8> {
        let value = value.as_ref();
        [varint(tag << 3 | 2), varint(value.len() as u64), value.to_vec()].concat()
    }

    pub(crate) fn floats(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let message =
            [written::number(1, -1), written::bytes(2, b"abc"), written::bytes(3, written::varint(300))].concat();
        let read: Vec<_> = fields(&message).collect::<Result<_, _>>().unwrap();
        assert_eq!(read[0], (1, Wire::Number(u64::MAX)));
        assert_eq!(read[1].1.text(), Some("abc"));
        let mut numbers = Vec::new();
        read[2].1.numbers(&mut numbers).unwrap();
        assert_eq!(numbers, [300]);
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        for bytes in [&b"\x80"[..], b"\x0a\xff\xff\xff\xff\xff\x7f", b"\x0b", b"\x02a", b"PK\x03\x04"] {
            assert!(fields(bytes).any(|field| field.is_err()), "{bytes:02x?}");
        }
    }
}
