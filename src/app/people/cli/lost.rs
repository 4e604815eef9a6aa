//! `likeness people --lost` and `--put-back`: faces whose picture is gone from its place, and where they belong.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::app::engine::cli::console::{printable, printable_text};
use crate::app::engine::cli::output::{self, with_path};
use crate::app::engine::home::Home;
use crate::library::{Decision, FaceDetail, FaceState, Library, LibraryReader, SetAside};
use crate::types::{FaceId, Revision};

#[derive(Debug, clap::Args)]
pub(crate) struct LostArgs {
    /// List the lost faces: named or set aside, and not found in the picture that took the place of theirs; with each,
    /// the faces of that picture
    #[arg(long, conflicts_with_all = ["name", "merge", "forget", "put_back"])]
    lost: bool,
    /// Put a lost face back: what was said of it is said of the face ONTO from now on
    #[arg(long, num_args = 2, value_names = ["LOST", "ONTO"], conflicts_with = "forget", group = "decision")]
    put_back: Option<Vec<i64>>,
}

impl LostArgs {
    /// False: it is not about lost faces.
    pub fn run(&self, home: &Home, seen: Revision, json: bool) -> Result<bool> {
        if let Some([lost, onto]) = self.put_back.as_deref() {
            put_back(&mut Library::open(&home.library())?, (FaceId(*lost), FaceId(*onto)), seen, json)?;
            return Ok(true);
        }
        if self.lost {
            let library = Library::open(&home.library())?;
            list(&library, json)?;
        }
        Ok(self.lost)
    }
}

fn list(library: &LibraryReader, json: bool) -> Result<()> {
    let mut listed = Vec::new();
    for lost in library.lost_faces()? {
        let Some(face) = library.face(lost.face_id)? else { continue };
        let there = lost.replaced_by.map_or_else(|| Ok(Vec::new()), |photo| library.faces_of_photo(photo))?;
        match json {
            true => listed.push(as_json(&face, &there)),
            false => output::line(as_lines(&face, &there))?,
        }
    }
    if json {
        output::json(&listed)?;
    }
    Ok(())
}

/// The lost face, and the faces of the picture that is in its place.
fn as_json(lost: &FaceDetail, there: &[FaceDetail]) -> Value {
    let mut object = face_json(lost);
    object["there"] = there.iter().map(face_json).collect();
    object
}

fn as_lines(lost: &FaceDetail, there: &[FaceDetail]) -> String {
    let line = |face: &FaceDetail| {
        format!("{:>6}  {}  {}", face.face_id.0, words(face.state, face.name.as_deref()), printable(&face.path))
    };
    let mut lines = line(lost);
    there.iter().for_each(|face| lines += &format!("\n    there {}", line(face).trim_start()));
    lines
}

fn put_back(library: &mut Library, (lost, onto): (FaceId, FaceId), seen: Revision, json: bool) -> Result<()> {
    let Some(face) = library.lost_faces()?.into_iter().find(|face| face.face_id == lost) else {
        bail!("face {} is not lost: `likeness people --lost` lists those that are", lost.0);
    };
    if lost == onto {
        bail!("a lost face is put back onto another one");
    }
    library.face(onto)?.with_context(|| format!("face {} is not in the library", onto.0))?;
    library.decide(&Decision::PutBack { of: face.state.person(), lost, onto }, seen)?;
    super::back_up(library);
    let after = library.face(onto)?.with_context(|| format!("face {} is not in the library", onto.0))?;
    match json {
        true => {
            let mut object = face_json(&after);
            object["lost"] = json!(lost.0);
            output::json(&object)
        }
        false => {
            let (path, now) = (printable(&after.path), words(after.state, after.name.as_deref()));
            output::line(format!("Put back: face {} of {path} is {now} now", onto.0))
        }
    }
}

fn face_json(face: &FaceDetail) -> Value {
    let place = face.detection.face_box;
    with_path(
        &face.path,
        json!({
            "face": face.face_id.0,
            "box": [place.x, place.y, place.width, place.height],
            "person": face.state.person(),
            "name": face.name,
            "named": face.state.is_decided(),
            "set_aside": match face.state {
                FaceState::SetAside(SetAside::Stranger) => Some("stranger"),
                FaceState::SetAside(SetAside::NotAFace) => Some("not_a_face"),
                _ => None,
            },
        }),
    )
}

fn words(state: FaceState, name: Option<&str>) -> String {
    match (state, name) {
        (FaceState::SetAside(SetAside::Stranger), _) => "a stranger".to_owned(),
        (FaceState::SetAside(SetAside::NotAFace), _) => "not a face".to_owned(),
        (_, Some(name)) => printable_text(name),
        (FaceState::Of { person, .. }, None) => format!("of group {}", person.0),
        (FaceState::Unassigned, None) => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::library::{Belongs, FaceRecord, FileFacts, FileHashes, PhotoRecord, ScanId};
    use crate::types::{Detection, FaceBox, Landmarks, ModelId, PersonId, PhotoId};

    fn face(id: i64, path: &str, state: FaceState, name: Option<&str>) -> FaceDetail {
        let face_box = FaceBox { x: 1.5, y: 2.0, width: 3.0, height: 4.0 };
        FaceDetail {
            face_id: FaceId(id),
            photo_id: PhotoId(1),
            path: path.into(),
            detection: Detection { face_box, score: 0.9, landmarks: Landmarks([[0.0; 2]; 5]) },
            state,
            was_of: None,
            name: name.map(str::to_owned),
        }
    }

    #[test]
    fn a_lost_face_as_json_and_as_lines() {
        let ada = FaceState::Of { person: PersonId(7), belongs: Belongs::Confirmed };
        let lost = face(19, "a.jpg", ada, Some("Ada"));
        let there = [face(20, "a.jpg", FaceState::Unassigned, None)];
        assert_eq!(as_lines(&lost, &there), "    19  Ada  a.jpg\n    there 20  -  a.jpg");
        let json = as_json(&lost, &there);
        assert_eq!((&json["face"], &json["name"], &json["person"]), (&json!(19), &json!("Ada"), &json!(7)));
        assert_eq!((&json["named"], &json["set_aside"]), (&json!(true), &json!(null)));
        assert_eq!(json["box"], json!([1.5, 2.0, 3.0, 4.0]));
        assert_eq!((&json["there"][0]["face"], &json["there"][0]["name"]), (&json!(20), &json!(null)));
        let stranger = face(21, "b.jpg", FaceState::SetAside(SetAside::Stranger), None);
        assert_eq!(as_lines(&stranger, &[]), "    21  a stranger  b.jpg");
        assert_eq!(as_json(&stranger, &[])["set_aside"], json!("stranger"));
    }
    /// A picture of one face at a path; which face that is.
    fn record(library: &mut Library, scan: ScanId, path: &Path, hash: u8) -> FaceId {
        let face = FaceRecord {
            detection: face(0, "", FaceState::Unassigned, None).detection,
            embedding: None,
            crop_jpeg: Vec::new(),
        };
        let hashes = Some(FileHashes { file: [hash; 32], picture: [hash; 32] });
        let photo = PhotoRecord {
            file: FileFacts { path: path.into(), size: 9, mtime_ns: 9, ctime_ns: None, hashes },
            width: 64,
            height: 48,
            format: "jpeg".into(),
            captured_at: None,
            camera: None,
            gps: None,
            detector: ModelId("boxes".into()),
            model: ModelId("toy".into()),
            faces: vec![face],
        };
        let photo = library.record_photos(scan, &[photo]).unwrap()[0].photo_id;
        library.faces_of_photo(photo).unwrap()[0].face_id
    }

    #[test]
    fn a_lost_face_is_put_back_and_no_other_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut library = Library::open(&folder.path().join("library.sqlite")).unwrap();
        let scan = library.begin_scan(folder.path()).unwrap();
        let lost = record(&mut library, scan, &folder.path().join("a.jpg"), 1);
        let ada = crate::library::Destination::NewPerson { name: "Ada".into() };
        let ada = library.move_faces(&[lost], &ada).unwrap();
        let onto = record(&mut library, scan, &folder.path().join("a.jpg"), 2);
        let pair = library.replaced_photos().unwrap()[0];
        assert!(put_back(&mut library, (lost, onto), Revision::NOW, false).is_err(), "nobody has looked for it yet");
        library.carry_over(pair, &[]).unwrap();
        for (lost, onto) in [(onto, lost), (lost, lost), (lost, FaceId(99)), (FaceId(99), onto)] {
            assert!(put_back(&mut library, (lost, onto), Revision::NOW, false).is_err());
        }
        assert_eq!(library.lost_faces().unwrap().len(), 1, "nothing was done");
        put_back(&mut library, (lost, onto), Revision::NOW, true).unwrap();
        assert_eq!(library.face(onto).unwrap().unwrap().state.person(), Some(ada));
        assert!(library.lost_faces().unwrap().is_empty());
        library.undo().unwrap();
        assert_eq!(library.lost_faces().unwrap()[0].face_id, lost, "there is a way back");
    }
}
