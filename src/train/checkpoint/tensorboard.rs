//! Event files that TensorBoard and the tools around it open: TFRecord framing (length, masked CRC-32C of the length,
//! data, masked CRC-32C of the data) around `Event` messages, as `tensorflow/core/lib/io/record_writer.cc` and
//! `tensorflow/core/util/event.proto` define them. Only scalars are written.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct EventRecord {
    #[prost(double, tag = "1")]
    pub wall_time: f64,
    #[prost(int64, tag = "2")]
    pub step: i64,
    #[prost(string, optional, tag = "3")]
    pub file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    pub(crate) summary: Option<EventSummary>,
    #[prost(message, optional, tag = "7")]
    pub(crate) session_log: Option<SessionLog>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SessionLog {
    #[prost(int32, tag = "1")]
    pub status: i32,
}

/// From this event's step on, readers forget what earlier files say.
const SESSION_START: i32 = 1;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct EventSummary {
    #[prost(message, repeated, tag = "1")]
    pub value: Vec<SummaryValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct SummaryValue {
    #[prost(string, tag = "1")]
    pub tag: String,
    #[prost(float, optional, tag = "2")]
    pub simple_value: Option<f32>,
}

#[derive(Debug)]
pub(crate) struct EventWriter {
    file: File,
}

impl EventWriter {
    /// A new file in `folder`; a resumed run starts another, which TensorBoard shows as one with the earlier.
    pub fn create(folder: &Path, wall_time_secs: f64, first_step: u64) -> io::Result<Self> {
        // Milliseconds, so that a run resumed within the second does not write over its own file.
        let name = format!("events.out.tfevents.{wall_time_secs:014.3}.step-{first_step}");
        let mut writer = Self { file: File::create(folder.join(name))? };
        let version = EventRecord {
            wall_time: wall_time_secs,
            file_version: Some("brain.EventRecord:2".into()),
            ..EventRecord::default()
        };
        writer.write(&version)?;
        if first_step > 0 {
            let session_log = Some(SessionLog { status: SESSION_START });
            let step = first_step as i64 + 1;
            writer.write(&EventRecord { wall_time: wall_time_secs, step, session_log, ..EventRecord::default() })?;
        }
        Ok(writer)
    }

    pub fn scalars(&mut self, wall_time_secs: f64, step: u64, scalars: &[(&str, f64)]) -> io::Result<()> {
        let value =
            |&(tag, value): &(&str, f64)| SummaryValue { tag: tag.to_owned(), simple_value: Some(value as f32) };
        let summary = EventSummary { value: scalars.iter().map(value).collect() };
        let event = EventRecord {
            wall_time: wall_time_secs,
            step: step as i64,
            summary: Some(summary),
            ..EventRecord::default()
        };
        self.write(&event)
    }

    fn write(&mut self, event: &EventRecord) -> io::Result<()> {
        // One write a record: a reader that looks while we write sees whole records.
        self.file.write_all(&record(&event.encode_to_vec()))
    }
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(data.len() + 16);
    record.extend(length);
    record.extend(masked(crc32c(&length)).to_le_bytes());
    record.extend(data);
    record.extend(masked(crc32c(data)).to_le_bytes());
    record
}

/// TFRecord rotates and shifts checksums, so that data which holds checksums itself does not look like a record.
fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// CRC-32 with Castagnoli's polynomial, bit by bit: a few hundred bytes a step.
fn crc32c(data: &[u8]) -> u32 {
    let update = |crc: u32, &byte: &u8| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0x82f6_3b78 & 0_u32.wrapping_sub(crc & 1)))
    };
    !data.iter().fold(!0, update)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnolis() {
        // The check value of CRC-32C, and 32 zero bytes from RFC 3720, appendix B.4.
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
    }

    #[test]
    fn what_is_written_parses_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = EventWriter::create(folder.path(), 1.5e9, 2).unwrap();
        writer.scalars(1.5e9 + 1.0, 3, &[("train/loss", 0.25), ("validation/val", 0.9)]).unwrap();
        drop(writer);
        let path = std::fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
        let mut bytes = &std::fs::read(path).unwrap()[..];
        let mut events = Vec::new();
        while !bytes.is_empty() {
            let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            assert_eq!(u32::from_le_bytes(bytes[8..12].try_into().unwrap()), masked(crc32c(&bytes[..8])));
            let data = &bytes[12..12 + length];
            assert_eq!(u32::from_le_bytes(bytes[12 + length..16 + length].try_into().unwrap()), masked(crc32c(data)));
            events.push(EventRecord::decode(data).unwrap());
            bytes = &bytes[16 + length..];
        }
        assert_eq!(events[0].file_version.as_deref(), Some("brain.EventRecord:2"));
        assert_eq!((events[1].step, events[1].session_log.clone().map(|log| log.status)), (3, Some(SESSION_START)));
        let summary = events[2].summary.clone().unwrap();
        assert_eq!((events[2].step, events.len()), (3, 3));
        assert_eq!(summary.value[0], SummaryValue { tag: "train/loss".into(), simple_value: Some(0.25) });
        assert_eq!(summary.value[1].tag, "validation/val");
    }
}
