//! `likeness people`: who was found, and giving them names.

mod forget;
mod lost;

use std::process::ExitCode;

use anyhow::Result;
use serde_json::{Value, json};

use crate::app::engine::cli::console::printable_text;
use crate::app::engine::cli::output::{self, with_path};
use crate::app::engine::cli::{WrongUsage, listed_number, there_is_a_library};
use crate::app::engine::home::Home;
use crate::app::people::job::by_id::{decide, everyone, printed_before};
use crate::library::{AgainstMerge, Belongs, Decision, ListedFace, PersonListing};
use crate::types::{PersonId, Revision};

/// List the people found, the largest first, name one, or put a lost face back
#[derive(Debug, clap::Args)]
pub struct PeopleArgs {
    /// One JSON array: id, name, revision and faces (path, box as x, y, width, height, named, confirmed one by one,
    /// suggested) of each person; those in photos that are missing by themselves
    #[arg(long)]
    json: bool,
    /// Name a person, and so the faces grouped as theirs
    #[arg(long, num_args = 2, value_names = ["ID", "NAME"], allow_hyphen_values = true, group = "decision")]
    name: Option<Vec<String>>,
    /// Say that two people or groups are one, who keeps the second's ID; also where one photo shows both, as a mirror does
    #[arg(long, num_args = 2, value_names = ["ID", "ID"], group = "decision", conflicts_with_all = ["forget", "lost"],
          value_parser = listed_number)]
    merge: Option<Vec<i64>>,
    /// The revision that --json printed: refuse the name, the merge, the place of a lost face or the forgetting where whom
    /// or what it is about has changed since
    #[arg(long, value_name = "REVISION", requires = "decision", value_parser = listed_number)]
    seen: Option<i64>,
    #[command(flatten)]
    forget: forget::ForgetArgs,
    #[command(flatten)]
    lost: lost::LostArgs,
}

pub fn run(home: &Home, args: PeopleArgs) -> Result<ExitCode> {
    there_is_a_library(home)?;
    let seen = args.seen.map_or(Ok(Revision::NOW), |seen| printed_before(home, seen))?;
    if args.forget.run(home, seen, args.json)? || args.lost.run(home, seen, args.json)? {
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(decision) = args.decision()? {
        decide(home, &decision, seen, &mut |text| output::note(text))?;
    }
    let (people, now) = everyone(home)?;
    if args.json {
        output::json(&people.iter().map(|person| as_json(person, now)).collect::<Vec<_>>())?;
    } else {
        people.iter().try_for_each(|person| output::line(as_line(person)))?;
    }
    Ok(ExitCode::SUCCESS)
}

impl PeopleArgs {
    fn decision(&self) -> Result<Option<Decision>> {
        if let Some([id, name]) = self.name.as_deref() {
            let id: i64 = id.parse().map_err(|_| WrongUsage("a person's ID is a number: --name ID NAME"))?;
            return Ok(Some(Decision::Name { person: PersonId(id), name: name.clone() }));
        }
        let merge = |&[from, into]: &[i64; 2]| Decision::Merge {
            from: PersonId(from),
            into: PersonId(into),
            against: AgainstMerge::default(),
        };
        Ok(self.merge.as_deref().and_then(|ids| ids.try_into().ok()).map(merge))
    }
}

/// A face is listed once for each file that shows it, or where its photo was last.
fn as_json(person: &PersonListing, now: Revision) -> Value {
    let (faces, missing) = (faces_json(&person.faces), faces_json(&person.missing));
    json!({ "id": person.id, "name": person.name, "revision": now.0, "faces": faces, "missing": missing })
}

fn faces_json(faces: &[ListedFace]) -> Vec<Value> {
    let shown =
        faces.iter().flat_map(|face| std::iter::once(&face.path).chain(&face.copies).map(move |path| (face, path)));
    let faces = shown.map(|(face, path)| {
        with_path(
            path,
            json!({
                "face": face.face_id.0,
                "box": [face.face_box.x, face.face_box.y, face.face_box.width, face.face_box.height],
                "named": face.belongs.is_decided(),
                "confirmed": face.belongs == Belongs::Confirmed,
                "suggested": face.belongs == Belongs::Suggested,
            }),
        )
    });
    faces.collect()
}

fn as_line(person: &PersonListing) -> String {
    let suggested = person.faces.iter().filter(|face| face.belongs == Belongs::Suggested).count();
    let faces = person.faces.len() - suggested;
    let name = person.name.as_deref().map_or_else(|| "-".to_owned(), printable_text);
    let waiting = if suggested > 0 { format!(", {suggested} suggested") } else { String::new() };
    let missing = match person.missing.len() {
        0 => String::new(),
        1 => ", 1 in a photo that is missing".to_owned(),
        missing => format!(", {missing} in photos that are missing"),
    };
    format!("{:>6}  {name}  {faces} {}{missing}{waiting}", person.id.0, if faces == 1 { "face" } else { "faces" })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::{Args, FromArgMatches};

    use super::*;
    use crate::app::engine::cli::idle;
    use crate::library::{Destination, Library};
    use crate::types::{FaceBox, FaceId};

    #[test]
    fn one_thing_at_a_time_is_asked_of_people() {
        let people = PeopleArgs::augment_args(clap::Command::new("people"));
        idle::refuses_all_but(&people, &["--name", "1", "Ada"], &["seen", "json"]);
        idle::refuses_all_but(&people, &["--merge", "1", "2"], &["seen", "json"]);
        idle::refuses_all_but(&people, &["--forget", "1"], &["not_again", "yes", "seen", "json"]);
        idle::refuses_all_but(&people, &["--lost"], &["json"]);
        idle::refuses_all_but(&people, &["--put-back", "1", "2"], &["seen", "json"]);
    }

    #[test]
    fn of_two_people_of_one_name_the_number_says_who_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let mut library = Library::open(&home.library()).unwrap();
        let mut made = || library.move_faces(&[], &Destination::NewPerson { name: "Ada".into() }).unwrap().0;
        let (one, other) = (made(), made());
        let people = |arguments: &[String]| {
            let command = PeopleArgs::augment_args(clap::Command::new("people"));
            let matches = command.get_matches_from([&["people".to_owned()], arguments].concat());
            run(&home, PeopleArgs::from_arg_matches(&matches).unwrap()).unwrap();
            Library::open(&home.library()).unwrap().named_people().unwrap()
        };
        let named = people(&["--name".into(), other.to_string(), "Bo".into()]);
        assert_eq!(named, [(PersonId(one), "Ada".to_owned()), (PersonId(other), "Bo".to_owned())]);
        let named = people(&["--name".into(), other.to_string(), "Ada".into()]);
        assert_eq!(named.len(), 2, "a name that is there makes nobody one");
        let joined = people(&["--merge".into(), one.to_string(), other.to_string()]);
        assert_eq!(joined, [(PersonId(other), "Ada".to_owned())]);
        assert_eq!(people(&["--forget".into(), other.to_string(), "--yes".into()]), []);
    }

    #[test]
    fn a_person_as_json_and_as_a_line() {
        let face = |belongs| ListedFace {
            face_id: FaceId(1),
            path: PathBuf::from("a.jpg"),
            copies: if belongs == Belongs::Confirmed { vec![PathBuf::from("copy.jpg")] } else { Vec::new() },
            face_box: FaceBox { x: 1.5, y: 2.0, width: 3.0, height: 4.0 },
            belongs,
        };
        let faces = vec![face(Belongs::Confirmed), face(Belongs::Suggested)];
        let missing = vec![ListedFace { path: PathBuf::from("gone.jpg"), ..face(Belongs::Named) }];
        let person = PersonListing { id: PersonId(7), name: Some("Ada".into()), faces, missing };
        assert_eq!(as_line(&person), "     7  Ada  1 face, 1 in a photo that is missing, 1 suggested");
        let json = as_json(&person, Revision(3));
        assert_eq!(json["revision"], json!(3));
        assert_eq!((&json["id"], &json["name"]), (&json!(7), &json!("Ada")));
        assert_eq!(json["faces"][0]["box"], json!([1.5, 2.0, 3.0, 4.0]));
        assert_eq!(json["faces"][0]["confirmed"], json!(true));
        assert_eq!(
            (json["missing"][0]["path"].clone(), json["missing"][0]["named"].clone()),
            (json!("gone.jpg"), json!(true))
        );
        let rows = json["faces"].as_array().unwrap();
        assert_eq!(
            rows.iter().map(|row| row["path"].as_str().unwrap()).collect::<Vec<_>>(),
            ["a.jpg", "copy.jpg", "a.jpg"]
        );
        assert_eq!(rows.iter().map(|row| row["confirmed"].clone()).collect::<Vec<_>>(), [true, true, false]);
    }
}
