//! What happens to files and drives while nothing scans them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{Drive, NAMES, Place, UNREADABLE, World, with_end};
use crate::app::scan::job::histories::pictures::Picture;

impl World {
    /// Writes a picture, later than everything before.
    pub fn write(&mut self, place: Place, picture: Picture, comment: u8) {
        let path = self.real_path(place);
        self.mend(place);
        fs::write(&path, picture.bytes(comment).as_slice()).unwrap();
        self.files.insert(place, picture);
        self.touch(place);
    }

    /// Writes a picture in a file's place that keeps the file's size and time. The inode's clock may be slow.
    #[cfg(unix)]
    pub(crate) fn write_quietly(&mut self, place: Place, picture: Picture) {
        use std::os::unix::fs::MetadataExt;
        let path = self.real_path(place);
        let inode = |path: &Path| fs::metadata(path).map(|file| (file.ctime(), file.ctime_nsec())).unwrap();
        let (time, before) = (fs::metadata(&path).unwrap().modified().unwrap(), inode(&path));
        while inode(&path) == before {
            fs::write(&path, picture.bytes(0).as_slice()).unwrap();
            fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        }
        self.files.insert(place, picture);
    }

    pub(crate) fn touch(&mut self, place: Place) {
        self.clock += 1;
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + self.clock);
        fs::File::options().write(true).open(self.real_path(place)).unwrap().set_modified(time).unwrap();
    }

    pub(crate) fn delete(&mut self, place: Place) {
        fs::remove_file(self.real_path(place)).unwrap();
        self.files.remove(&place);
    }

    pub(crate) fn rename(&mut self, from: Place, to: Place) {
        self.mend(to);
        fs::rename(self.real_path(from), self.real_path(to)).unwrap();
        let picture = self.files.remove(&from).unwrap();
        self.files.insert(to, picture);
    }

    pub(crate) fn swap(&mut self, a: Place, b: Place) {
        let aside = self.home.join("aside");
        fs::rename(self.real_path(a), &aside).unwrap();
        fs::rename(self.real_path(b), self.real_path(a)).unwrap();
        fs::rename(&aside, self.real_path(b)).unwrap();
        let (in_a, in_b) = (self.files[&a], self.files[&b]);
        self.files.extend([(a, in_b), (b, in_a)]);
    }

    /// The file cannot be read for a while: a folder is in its place.
    pub(crate) fn break_file(&mut self, place: Place) {
        let path = self.real_path(place);
        fs::rename(&path, self.home.join(format!("broken-{}-{}", place.0, place.1))).unwrap();
        fs::create_dir(&path).unwrap();
        let picture = self.files.remove(&place).unwrap();
        self.broken.insert(place, picture);
    }

    /// The file is there, later than it was, and its drive errs.
    pub(crate) fn spoil(&mut self, place: Place) {
        self.touch(place);
        fs::write(with_end(&self.real_path(place), UNREADABLE), "").unwrap();
        let picture = self.files.remove(&place).unwrap();
        self.unreadable.insert(place, picture);
    }

    /// Files that could not be read can be again.
    pub(crate) fn heal(&mut self) {
        for (place, picture) in std::mem::take(&mut self.unreadable) {
            fs::remove_file(with_end(&self.real_path(place), UNREADABLE)).unwrap();
            self.files.insert(place, picture);
        }
    }

    /// Takes away what is in the way of a file, and brings nothing back.
    fn mend(&mut self, place: Place) {
        if self.unreadable.remove(&place).is_some() {
            fs::remove_file(with_end(&self.real_path(place), UNREADABLE)).unwrap();
        }
        if self.broken.remove(&place).is_some() {
            fs::remove_dir(self.real_path(place)).unwrap();
        }
    }

    pub(crate) fn mend_file(&mut self, place: Place) {
        let picture = self.broken[&place];
        self.mend(place);
        fs::rename(self.home.join(format!("broken-{}-{}", place.0, place.1)), self.real_path(place)).unwrap();
        self.files.insert(place, picture);
    }

    pub(crate) fn set_drive(&mut self, folder: usize, drive: Drive) {
        let (mount, away) = (self.folders[folder].clone(), self.away(folder));
        match self.drives[folder] {
            Drive::There => {}
            Drive::Unplugged => fs::rename(&away, &mount).unwrap(),
            Drive::Empty => {
                fs::remove_dir(&mount).unwrap();
                fs::rename(&away, &mount).unwrap();
            }
        }
        if drive != Drive::There {
            fs::rename(&mount, &away).unwrap();
        }
        if drive == Drive::Empty {
            fs::create_dir(&mount).unwrap();
        }
        self.drives[folder] = drive;
    }

    /// Both drives are mounted in each other's place.
    pub(crate) fn exchange_drives(&mut self) {
        let aside = self.home.join("aside");
        let [one, two] = &self.folders;
        fs::rename(one, &aside).unwrap();
        fs::rename(two, one).unwrap();
        fs::rename(&aside, two).unwrap();
        let other = |files: &BTreeMap<Place, Picture>| {
            files.iter().map(|((folder, name), picture)| ((1 - folder, *name), *picture)).collect()
        };
        (self.files, self.broken) = (other(&self.files), other(&self.broken));
        for name in 0..NAMES {
            let [one, two] = [0, 1].map(|folder| self.home.join(format!("broken-{folder}-{name}")));
            let _ = fs::rename(&one, &aside);
            let _ = fs::rename(&two, &one);
            let _ = fs::rename(&aside, &two);
        }
    }
}
