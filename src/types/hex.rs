//! Hashes as text.

/// Bytes as a file's hash is written: two digits each, small letters.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
