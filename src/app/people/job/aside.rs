//! What was set aside, told apart and rejected, read in one go.

use anyhow::Result;

use crate::app::engine::shared::Shared;
use crate::app::people::state::{ApartRow, Aside};
use crate::library::{LibraryError, LibraryReader, ListPage, PeopleFilter, PeopleKind};
use crate::types::{FaceId, PersonId};

pub fn aside(shared: &Shared) -> Result<Aside> {
    shared.library.call(|library| {
        library.at_once(|library| {
            let hidden = PeopleFilter { kind: PeopleKind::Hidden, min_faces: 0 };
            let mut apart = Vec::new();
            for pair in library.told_apart()? {
                let covers = (cover(library, pair.people.0)?, cover(library, pair.people.1)?);
                apart.push(ApartRow { pair, covers });
            }
            Ok::<_, LibraryError>(Aside {
                seen: library.revision()?,
                lost: library.lost_faces()?,
                let_go: library.faces_let_go()?,
                hidden: library.people(hidden, ListPage::ALL)?,
                faces: library.faces_set_aside()?,
                apart,
                rejections: library.rejections()?,
            })
        })
    })
}

fn cover(library: &LibraryReader, person: PersonId) -> Result<Option<FaceId>, LibraryError> {
    Ok(library.person(person)?.and_then(|card| card.cover))
}
