//! A library for tests, in a folder that goes with it, and records of photos for any other. No photo is decoded: faces
//! stand side by side, and their vectors are directions in a plane.

use std::path::{Path, PathBuf};

use super::*;
use crate::types::{Detection, Embedding, FaceBox, FaceId, Landmarks, ModelId, PersonId, Revision};

pub(super) struct LibraryFixture {
    pub folder: tempfile::TempDir,
    pub library: Library,
    pub scan: ScanId,
}

impl LibraryFixture {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut library = Library::open(&folder.path().join("library.sqlite")).unwrap();
        let scan = library.begin_scan(folder.path()).unwrap();
        Self { folder, library, scan }
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The library's file.
    pub fn file(&self) -> PathBuf {
        self.at("library.sqlite")
    }

    /// Records a photo of the picture `hash` with so many faces.
    pub fn add(&mut self, name: &str, hash: u8, faces: usize) -> Vec<FaceId> {
        let faces = (0..faces).map(|place| face(100.0 * place as f32, 10.0 * place as f32)).collect();
        self.record(photo(&self.at(name), hash, faces))
    }

    /// Records a photo, a picture of its own by its name's first letter; each face has the direction given in degrees.
    pub fn add_turned(&mut self, name: &str, degrees: &[f32]) -> Vec<FaceId> {
        let faces = degrees.iter().enumerate().map(|(place, &turned)| face(100.0 * place as f32, turned)).collect();
        self.record(photo(&self.at(name), name.as_bytes()[0], faces))
    }

    fn record(&mut self, photo: PhotoRecord) -> Vec<FaceId> {
        let recorded = self.library.record_photos(self.scan, &[photo]).unwrap();
        let mut faces = self.library.faces_of_photo(recorded[0].photo_id).unwrap();
        faces.sort_by_key(|face| face.face_id);
        faces.iter().map(|face| face.face_id).collect()
    }

    pub fn group(&mut self, groups: &[&[FaceId]]) -> GroupingOutcome {
        let groups: Vec<Vec<FaceId>> = groups.iter().map(|group| group.to_vec()).collect();
        self.library.apply_grouping(&groups, GroupedBy::Scan, Revision::NOW).unwrap()
    }

    pub fn state(&self, face: FaceId) -> FaceState {
        self.library.face(face).unwrap().unwrap().state
    }

    pub fn hidden_people(&self) -> usize {
        let hidden = PeopleFilter { kind: PeopleKind::Hidden, min_faces: 0 };
        self.library.people(hidden, ListPage::ALL).unwrap().len()
    }

    pub fn person_of(&self, face: FaceId) -> PersonId {
        self.state(face).person().unwrap()
    }
}

impl Library {
    /// Asks the disk, and marks what is gone.
    pub(crate) fn accept_missing_now(&mut self, folder: &Path, shown: u64) -> Result<usize> {
        let gone = Gone::in_folder(folder, |question| question(self))?;
        self.accept_missing(folder, shown, &gone)
    }
}

impl LibraryReader {
    /// Every rejection of every face, also those that are listed once for a face and its original.
    pub(crate) fn all_rejections(&self) -> Result<Vec<(FaceId, PersonId)>> {
        self.read(|c| {
            let mut query = c.prepare_cached("SELECT face_id, person_id FROM rejected")?;
            let all = query.query_map([], |row| Ok((FaceId(row.get(0)?), PersonId(row.get(1)?))))?;
            Ok(all.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// Reads the whole file and checks its structure.
    pub(crate) fn check_integrity(&self) -> Result<()> {
        match self.read(care::quick_check)? {
            None => Ok(()),
            Some(reason) => Err(LibraryError::Damaged { path: self.path().to_owned(), reason }),
        }
    }
}

pub(crate) fn model() -> ModelId {
    ModelId("toy".into())
}

/// A face of 60 × 80 pixels.
pub(crate) fn face(x: f32, degrees: f32) -> FaceRecord {
    let point = |dx: f32, dy: f32| [x + dx, 10.0 + dy];
    let landmarks = [point(15.0, 30.0), point(45.0, 30.0), point(30.0, 45.0), point(20.0, 60.0), point(40.0, 60.0)];
    FaceRecord {
        detection: Detection {
            face_box: FaceBox { x, y: 10.0, width: 60.0, height: 80.0 },
            score: 0.9,
            landmarks: Landmarks(landmarks),
        },
        embedding: Some(direction(degrees)),
        crop_jpeg: vec![1, 2, 3],
    }
}

pub(super) fn direction(degrees: f32) -> Embedding {
    let radians = degrees.to_radians();
    Embedding::normalise(vec![radians.cos(), radians.sin()]).unwrap()
}

pub(crate) fn file(path: &Path, hash: u8) -> FileFacts {
    FileFacts {
        path: path.to_owned(),
        size: 1000,
        mtime_ns: 1_700_000_000_000_000_000,
        ctime_ns: None,
        hashes: Some(hashes(hash)),
    }
}

/// The picture is not the whole file.
pub(crate) fn hashes(hash: u8) -> FileHashes {
    FileHashes { file: [hash; 32], picture: [hash ^ 0x80; 32] }
}

/// Of 640 × 480 pixels.
pub(crate) fn photo(path: &Path, hash: u8, faces: Vec<FaceRecord>) -> PhotoRecord {
    PhotoRecord {
        file: file(path, hash),
        width: 640,
        height: 480,
        format: "jpeg".into(),
        captured_at: None,
        camera: None,
        gps: None,
        detector: ModelId("boxes".into()),
        model: model(),
        faces,
    }
}
