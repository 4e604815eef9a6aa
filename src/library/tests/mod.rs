//! The library as its callers use it. Each test has a folder of its own; no photo is decoded.

mod asking;
mod grouping;
mod opening;
mod released;
mod replacing;
mod reviewing;
mod scanning;
mod stale;
mod touched;

pub(in crate::library) use released::of_version_0_1;
use std::path::{Path, PathBuf};

use super::*;
use crate::types::{Detection, Embedding, FaceBox, FaceId, Landmarks, ModelId, PersonId, PhotoId, Revision};

/// A library in a folder that goes with it.
struct Shelf {
    folder: tempfile::TempDir,
    library: Library,
    scan: ScanId,
}

impl Shelf {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut library = Library::open(&folder.path().join("library.sqlite")).unwrap();
        let scan = library.begin_scan(folder.path()).unwrap();
        Self { folder, library, scan }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Records a photo whose faces stand side by side, 100 pixels apart, each with the direction given in degrees.
    fn add(&mut self, name: &str, degrees: &[f32]) -> Vec<FaceId> {
        let faces = degrees.iter().enumerate().map(|(i, &d)| face(100.0 * i as f32, d)).collect();
        let record = photo(&self.path(name), name.as_bytes()[0], faces);
        let recorded = self.library.record_photos(self.scan, &[record]).unwrap();
        let mut faces = self.library.faces_of_photo(recorded[0].photo_id).unwrap();
        faces.sort_by_key(|f| f.face_id);
        faces.iter().map(|f| f.face_id).collect()
    }

    fn group(&mut self, groups: &[&[FaceId]]) -> GroupingOutcome {
        let groups: Vec<Vec<FaceId>> = groups.iter().map(|g| g.to_vec()).collect();
        self.library.apply_grouping(&groups, GroupedBy::Scan, Revision::NOW).unwrap()
    }

    fn state(&self, face: FaceId) -> FaceState {
        self.library.face(face).unwrap().unwrap().state
    }

    fn person_of(&self, face: FaceId) -> PersonId {
        self.state(face).person().unwrap()
    }

    /// Every row of every table that holds decisions.
    fn dump(&self) -> String {
        let mut text = String::new();
        for table in ["face", "person", "rejected", "different"] {
            let columns = match table {
                "face" => "id, person_id, belongs, set_aside",
                "person" => "id, name, hidden, cover_face, created_at",
                _ => "*",
            };
            let mut query =
                self.library.connection.prepare(&format!("SELECT {columns} FROM {table} ORDER BY 1, 2")).unwrap();
            let width = query.column_count();
            let mut rows = query.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let values: Vec<String> =
                    (0..width).map(|i| format!("{:?}", row.get::<_, rusqlite::types::Value>(i).unwrap())).collect();
                text += &format!("{table} {}\n", values.join(" "));
            }
        }
        text
    }
}

fn model() -> ModelId {
    ModelId("toy".into())
}

fn face(x: f32, degrees: f32) -> FaceRecord {
    let point = |dx: f32, dy: f32| [x + dx, 10.0 + dy];
    FaceRecord {
        detection: Detection {
            face_box: FaceBox { x, y: 10.0, width: 60.0, height: 80.0 },
            score: 0.9,
            landmarks: Landmarks([
                point(15.0, 30.0),
                point(45.0, 30.0),
                point(30.0, 45.0),
                point(20.0, 60.0),
                point(40.0, 60.0),
            ]),
        },
        embedding: Some(direction(degrees)),
        crop_jpeg: vec![1, 2, 3],
    }
}

fn direction(degrees: f32) -> Embedding {
    let radians = degrees.to_radians();
    Embedding::normalise(vec![radians.cos(), radians.sin()]).unwrap()
}

fn file(path: &Path, hash: u8) -> FileFacts {
    FileFacts {
        path: path.to_owned(),
        size: 1000,
        mtime_ns: 1_700_000_000_000_000_000,
        ctime_ns: None,
        hashes: Some(hashes(hash)),
    }
}

fn hashes(hash: u8) -> FileHashes {
    FileHashes { file: [hash; 32], picture: [hash; 32] }
}

fn photo(path: &Path, hash: u8, faces: Vec<FaceRecord>) -> PhotoRecord {
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
