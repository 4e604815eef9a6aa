//! What was set aside, carried over, joined, told apart and rejected, read in one go.

use anyhow::Result;

use crate::app::engine::shared::Shared;
use crate::library::{
    CarriedFace, FaceSetAside, LibraryError, LibraryReader, ListPage, LostFace, MergedPerson, PeopleFilter, PeopleKind,
    PersonCard, Rejection, ToldApart,
};
use crate::types::{FaceId, PersonId, Revision};

/// Everything that has a way back, as it was at one revision.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Aside {
    pub seen: Revision,
    pub lost: Vec<LostFace>,
    /// Lost faces that nobody needs any more.
    pub let_go: Vec<LostFace>,
    /// Faces that were lost or whose picture was edited, and those that have their word now.
    pub carried: Vec<CarriedFace>,
    /// People with names who were said to be somebody else.
    pub merged: Vec<MergedPerson>,
    pub hidden: Vec<PersonCard>,
    pub faces: Vec<FaceSetAside>,
    pub apart: Vec<ApartRow>,
    /// In order of person.
    pub rejections: Vec<Rejection>,
}

/// Two people told apart, each with a face to show.
#[derive(Debug, Clone, PartialEq)]
pub struct ApartRow {
    pub pair: ToldApart,
    pub covers: (Option<FaceId>, Option<FaceId>),
}

pub fn aside(shared: &Shared) -> Result<Aside> {
    shared.library.ask(|library| {
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
            carried: library.carried_faces()?,
            merged: library.merged_people()?,
            hidden: library.people(hidden, ListPage::ALL)?,
            faces: library.faces_set_aside()?,
            apart,
            rejections: library.rejections()?,
        })
    })
}

fn cover(library: &LibraryReader, person: PersonId) -> Result<Option<FaceId>, LibraryError> {
    Ok(library.person(person)?.and_then(|card| card.cover))
}
