//! `likeness people --lost` and `--put-back`: faces whose picture is gone from its place, and where they belong.

use anyhow::Result;
use serde_json::{Value, json};

use crate::app::engine::cli::console::{printable, printable_text};
use crate::app::engine::cli::listed_number;
use crate::app::engine::cli::output::{self, with_path};
use crate::app::engine::home::Home;
use crate::app::people::job::by_id::{LostListing, lost_faces, put_back};
use crate::library::{FaceDetail, FaceState, SetAside};
use crate::types::{FaceId, Revision};

#[derive(Debug, clap::Args)]
pub(crate) struct LostArgs {
    /// List the lost faces: named or set aside, and not found in the picture that took the place of theirs, or not looked
    /// for there yet; with each, the faces of that picture
    #[arg(long, conflicts_with_all = ["name", "merge", "forget", "put_back"])]
    lost: bool,
    /// Put a lost face back: what was said of it is said of the face ONTO from now on
    #[arg(long, num_args = 2, value_names = ["LOST", "ONTO"], conflicts_with = "forget", group = "decision",
          value_parser = listed_number)]
    put_back: Option<Vec<i64>>,
}

impl LostArgs {
    /// False: it is not about lost faces.
    pub fn run(&self, home: &Home, seen: Revision, json: bool) -> Result<bool> {
        if let Some(&[lost, onto]) = self.put_back.as_deref() {
            let face = put_back(home, (FaceId(lost), FaceId(onto)), seen, &mut |text| output::note(text))?;
            print_put_back(FaceId(lost), &face, json)?;
            return Ok(true);
        }
        if self.lost {
            print_lost(&lost_faces(home)?, json)?;
        }
        Ok(self.lost)
    }
}

fn print_lost(listed: &[LostListing], json: bool) -> Result<()> {
    if json {
        return output::json(&listed.iter().map(as_json).collect::<Vec<_>>());
    }
    listed.iter().try_for_each(|face| output::line(as_lines(face)))
}

/// The lost face, and the faces of the picture that is in its place.
fn as_json(listed: &LostListing) -> Value {
    let mut object = face_json(&listed.lost);
    object["sought"] = json!(listed.is_sought);
    object["there"] = listed.there.iter().map(face_json).collect();
    object
}

fn as_lines(listed: &LostListing) -> String {
    let line = |face: &FaceDetail| {
        format!("{:>6}  {}  {}", face.face_id.0, words(face.state, face.name.as_deref()), printable(&face.path))
    };
    let mut lines = line(&listed.lost);
    if listed.is_sought {
        lines += "\n    a scan that runs or the next one looks for it there";
    }
    listed.there.iter().for_each(|face| lines += &format!("\n    there {}", line(face).trim_start()));
    lines
}

fn print_put_back(lost: FaceId, onto: &FaceDetail, json: bool) -> Result<()> {
    if json {
        let mut object = face_json(onto);
        object["lost"] = json!(lost.0);
        return output::json(&object);
    }
    let (path, now) = (printable(&onto.path), words(onto.state, onto.name.as_deref()));
    output::line(format!("Put back: face {} of {path} is {now} now", onto.face_id.0))
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
    use super::*;
    use crate::library::Belongs;
    use crate::types::{Detection, FaceBox, Landmarks, PersonId, PhotoId};

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
        let there = vec![face(20, "a.jpg", FaceState::Unassigned, None)];
        let listed = LostListing { lost, is_sought: false, there };
        assert_eq!(as_lines(&listed), "    19  Ada  a.jpg\n    there 20  -  a.jpg");
        let json = as_json(&listed);
        assert_eq!((&json["face"], &json["name"], &json["person"]), (&json!(19), &json!("Ada"), &json!(7)));
        assert_eq!((&json["named"], &json["set_aside"]), (&json!(true), &json!(null)));
        assert_eq!(json["box"], json!([1.5, 2.0, 3.0, 4.0]));
        assert_eq!((&json["there"][0]["face"], &json["there"][0]["name"]), (&json!(20), &json!(null)));
        let lost = face(21, "b.jpg", FaceState::SetAside(SetAside::Stranger), None);
        let stranger = LostListing { lost, is_sought: true, there: Vec::new() };
        assert!(as_lines(&stranger).starts_with("    21  a stranger  b.jpg\n    a scan that runs"));
        let json = as_json(&stranger);
        assert_eq!((&json["set_aside"], &json["sought"]), (&json!("stranger"), &json!(true)));
    }
}
