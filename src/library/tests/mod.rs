//! The library as its callers use it. Each test has a folder of its own; no photo is decoded.

mod answering;
mod aside;
mod asking;
mod by_hand;
mod changed_since;
mod folders;
mod grouping;
mod lost_faces;
mod opening;
mod places;
mod put_back_files;
mod released;
mod replacing;
mod reviewing;
mod scanning;
mod stale;
mod taking_back;
mod touched;
mod written;

pub(in crate::library) use released::of_version_0_1;
use std::path::{Path, PathBuf};

use super::fixture::{LibraryFixture, direction, face, file, hashes, model, photo};
use super::*;
use crate::types::{Embedding, FaceId, ModelId, PersonId, PhotoId, Revision, StepId};

fn answers(taken: Vec<TakenName>) -> Decision {
    Decision::AnswerNames(NameAnswers { taken, ..NameAnswers::default() })
}

impl LibraryFixture {
    /// Every row of every table that holds decisions.
    fn decisions(&self) -> String {
        let mut text = String::new();
        for table in ["face", "person", "rejected", "different", "was_of", "name_answer", "carried"] {
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
