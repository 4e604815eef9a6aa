//! Rows of numbers in a file, to be read when they are asked for: in memory is only where each lies, so that what a
//! frozen part makes of very many pictures fits.
//!
//! It only saves time. Where the disk has no room to spare or does not answer, what is not kept is found again, and why
//! is told once.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use super::free_space::free_bytes;
use super::vectors::{VectorKey, parse, record};

/// Left free, and given back where the disk is full all the same: checkpoints have to fit on it too.
const LEFT_FREE_BYTES: u64 = 1 << 30;
/// Of a record before its values.
const NUMBER_BYTES: u64 = 8;

#[derive(Debug)]
pub(crate) struct KeptRows {
    /// None where nothing is kept any more, nor read.
    file: Option<File>,
    /// Where each row's record begins.
    places: BTreeMap<usize, u64>,
    end: u64,
    /// Up to where there is room on the disk, as it was when the file was opened.
    most: u64,
    values: usize,
    is_full: bool,
    /// That there is no room was told.
    is_told: bool,
    /// What went wrong and has not been told.
    problem: Option<io::Error>,
}

impl KeptRows {
    /// Rows of so many numbers: those of the file, where it was written under the same key, or none. Without a path they
    /// lie in a nameless file as long as they are used.
    pub fn open(path: Option<(&Path, VectorKey)>, values: usize) -> Self {
        let opened = match path {
            Some((path, key)) => Self::opened(path, &key.head(values), values),
            None => tempfile::tempfile().map(|file| (file, BTreeMap::new(), 0)),
        };
        match opened {
            Ok((file, places, end)) => {
                let most = end.saturating_add(room_on_disk_of(&file));
                Self { file: Some(file), places, end, most, is_full: false, ..Self::empty(values) }
            }
            Err(error) => Self { problem: Some(error), ..Self::empty(values) },
        }
    }

    /// Of no rows, and none are kept.
    pub fn empty(values: usize) -> Self {
        let (file, places) = (None, BTreeMap::new());
        Self { file, places, end: 0, most: 0, values, is_full: true, is_told: false, problem: None }
    }

    /// So many further rows will come: whether there is room for them is known before hours are spent.
    pub fn expect(&mut self, rows: usize) {
        let wanted = (rows as u64).saturating_mul(record_bytes(self.values) as u64);
        if !self.is_full && wanted > self.most.saturating_sub(self.end) {
            self.tell_no_room(Some(wanted));
        }
    }

    pub fn keeps_more(&self) -> bool {
        !self.is_full
    }

    /// Why nothing more is kept, once.
    pub fn take_problem(&mut self) -> Option<io::Error> {
        self.problem.take()
    }

    pub fn knows(&self, number: usize) -> bool {
        self.places.contains_key(&number)
    }

    pub fn get(&mut self, number: usize) -> Option<Arc<[f32]>> {
        let place = *self.places.get(&number)?;
        match self.read(place) {
            Ok(row) => Some(row),
            Err(error) => {
                *self = Self { problem: Some(error), ..Self::empty(self.values) };
                None
            }
        }
    }

    pub fn keep(&mut self, rows: impl IntoIterator<Item = (usize, Arc<[f32]>)>) {
        for (number, row) in rows {
            if self.is_full || self.knows(number) {
                continue;
            }
            let record = record(number, &row);
            if self.end + record.len() as u64 > self.most {
                self.is_full = true;
                self.tell_no_room(None);
                return;
            }
            match self.write(&record) {
                Ok(()) => {
                    self.places.insert(number, self.end);
                    self.end += record.len() as u64;
                }
                Err(error) => self.give_back(error),
            }
        }
    }

    fn opened(path: &Path, head: &[u8], values: usize) -> io::Result<(File, BTreeMap<usize, u64>, u64)> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let (mut places, mut end) = (BTreeMap::new(), head.len() as u64);
        let mut reader = BufReader::with_capacity(1 << 20, &file);
        let mut found = vec![0; head.len()];
        if reader.read_exact(&mut found).is_err() || found != head {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(head)?;
            return Ok((file, places, end));
        }
        // What follows the first record that is not whole was cut short by a kill.
        let mut record = vec![0; record_bytes(values)];
        while reader.read_exact(&mut record).is_ok()
            && let Some((number, _)) = parse(&record)
        {
            places.insert(number, end);
            end += record.len() as u64;
        }
        file.set_len(end)?;
        Ok((file, places, end))
    }

    /// Its checksum was looked at when the file was opened.
    fn read(&mut self, place: u64) -> io::Result<Arc<[f32]>> {
        let mut bytes = vec![0; 4 * self.values];
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(place + NUMBER_BYTES))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes.as_chunks::<4>().0.iter().map(|&value| f32::from_le_bytes(value)).collect())
    }

    fn write(&mut self, record: &[u8]) -> io::Result<()> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(record)
    }

    fn tell_no_room(&mut self, wanted: Option<u64>) {
        let gigabytes = |bytes: u64| format!("{:.1} GB", bytes as f64 / 1e9);
        let room = gigabytes(self.most.saturating_sub(self.end));
        let wanted = wanted.map_or_else(String::new, |bytes| format!("; all of it takes {}", gigabytes(bytes)));
        if !std::mem::replace(&mut self.is_told, true) {
            let why = format!("the disk has {room} to spare for it{wanted}");
            self.problem = Some(io::Error::new(io::ErrorKind::StorageFull, why));
        }
    }

    /// Keeps no more, and forgets the newest rows so that others can write.
    fn give_back(&mut self, error: io::Error) {
        (self.is_full, self.problem) = (true, Some(error));
        let record = record_bytes(self.values) as u64;
        let records = (self.places.len() as u64).min(LEFT_FREE_BYTES.div_ceil(record));
        self.end -= records * record;
        self.places.retain(|_, place| *place + record <= self.end);
        // As much as the disk takes back; what is read is before that.
        let _ = self.file.as_ref().map(|file| file.set_len(self.end));
    }
}

/// Tests say themselves how much room there is: the disk that they run on may have next to none.
fn room_on_disk_of(file: &File) -> u64 {
    if cfg!(test) { u64::MAX } else { room_of(free_bytes(file)) }
}

/// How much may be kept where so much is free; as much as comes where the system does not tell.
fn room_of(free: Option<u64>) -> u64 {
    free.map_or(u64::MAX, |free| free.saturating_sub(LEFT_FREE_BYTES))
}

fn record_bytes(values: usize) -> usize {
    NUMBER_BYTES as usize + 4 * values + 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::testing::TINY_PREPROCESSING;
    use burn::tensor::Device;

    fn row(number: usize) -> Arc<[f32]> {
        Arc::from([number as f32, 0.5])
    }

    #[test]
    fn rows_come_back_also_from_a_file_that_a_kill_cut_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("features.bin");
        let key = |pictures| VectorKey::of([7; 32], &Device::flex(), &TINY_PREPROCESSING, pictures, true);
        let open = |pictures| KeptRows::open(Some((&path, key(pictures))), 2);
        let mut rows = open("a");
        rows.keep((0..5).map(|number| (number, row(number))));
        assert_eq!(rows.get(3), Some(row(3)));
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 3]).unwrap();
        let mut again = open("a");
        assert_eq!([0, 3, 4, 9].map(|number| again.knows(number)), [true, true, false, false]);
        again.keep([(9, row(9)), (4, row(4))]);
        assert_eq!([0, 4, 9].map(|number| again.get(number)), [0, 4, 9].map(|number| Some(row(number))));
        assert!(!open("b").knows(0) && !open("a").knows(0), "of other pictures, and begun anew");
    }

    /// Room for two of four rows; they stay, and a run hears of it before the first is found.
    #[test]
    fn no_more_is_kept_than_the_disk_has_room_for() {
        let mut rows = KeptRows::open(None, 2);
        rows.most = rows.end + 2 * record_bytes(2) as u64;
        rows.expect(2);
        assert!(rows.take_problem().is_none());
        rows.expect(4);
        assert!(rows.take_problem().unwrap().to_string().contains("all of it takes"));
        rows.keep((0..4).map(|number| (number, row(number))));
        assert!(!rows.keeps_more() && rows.take_problem().is_none(), "told once");
        assert_eq!([0, 1, 2].map(|number| rows.get(number)), [Some(row(0)), Some(row(1)), None]);
        rows.expect(usize::MAX);
        assert!(rows.take_problem().is_none());
    }

    #[test]
    fn what_is_free_is_asked_and_some_of_it_is_left() {
        let tells = free_bytes(&tempfile::tempfile().unwrap()).is_some();
        assert_eq!(tells, cfg!(unix));
        let free = [None, Some(0), Some(LEFT_FREE_BYTES), Some(LEFT_FREE_BYTES + 7)];
        assert_eq!(free.map(room_of), [u64::MAX, 0, 0, 7]);
    }

    /// A file that is only read takes nothing, as a full disk.
    #[test]
    fn where_nothing_can_be_written_it_is_told_once_and_room_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("features.bin");
        let key = VectorKey::of([7; 32], &Device::flex(), &TINY_PREPROCESSING, "a", true);
        let mut rows = KeptRows::open(Some((&path, key)), 2);
        rows.keep([(1, row(1))]);
        rows.file = Some(File::open(&path).unwrap());
        rows.keep([(2, row(2)), (3, row(3))]);
        assert!(!rows.keeps_more() && rows.take_problem().is_some() && rows.take_problem().is_none());
        assert_eq!([1, 2, 3].map(|number| rows.get(number)), [const { None }; 3]);
        let nowhere = folder.path().join("no folder/features.bin");
        let mut never = KeptRows::open(Some((&nowhere, key)), 2);
        never.keep([(1, row(1))]);
        assert!(never.get(1).is_none() && never.take_problem().is_some());
    }
}
