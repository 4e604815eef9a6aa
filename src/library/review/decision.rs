//! What a person can decide about faces and people, as data: the window sends it, the library does it as one step of
//! the history, if it still means what its user saw.

use super::commands;
use super::journal::{self, Decisions, Direction};
use super::seen::Seen;
use super::{Destination, ReviewAction, SetAside};
use crate::library::{Belongs, Library, Result};
use crate::types::{FaceId, PersonId, Revision, Touched};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Gives a person or an unnamed group its name.
    Name {
        person: PersonId,
        name: String,
    },
    Confirm {
        person: PersonId,
        faces: Vec<FaceId>,
    },
    /// Confirms every suggestion of this person.
    ConfirmAll(PersonId),
    /// These faces are not this person; they are not suggested again.
    Reject {
        person: PersonId,
        faces: Vec<FaceId>,
    },
    /// This face may be this person after all.
    TakeBackReject {
        person: PersonId,
        face: FaceId,
    },
    Move {
        faces: Vec<FaceId>,
        to: Destination,
    },
    /// Back among the faces without a person.
    TakeOut(Vec<FaceId>),
    Merge {
        from: PersonId,
        into: PersonId,
    },
    /// Two people who are not the same one, however alike.
    Different(PersonId, PersonId),
    /// They may be the same one after all.
    MayBeSame(PersonId, PersonId),
    /// Keeps the person or group out of sight.
    Hide(PersonId),
    Show(PersonId),
    /// The faces of this group are of people whom nobody needs to name.
    Strangers(PersonId),
    /// These detections show no face of a person.
    NotAPerson(PersonId),
    /// These faces are strangers, or no faces.
    SetAside {
        faces: Vec<FaceId>,
        why: SetAside,
    },
    /// The face on the person's card.
    Cover {
        person: PersonId,
        face: FaceId,
    },
    /// Back from what was set aside.
    Restore(Vec<FaceId>),
    /// A lost face is this face of today.
    PutBack {
        lost: FaceId,
        onto: FaceId,
    },
    /// Nobody needs these lost faces any more.
    LetGo(Vec<FaceId>),
    Undo,
    Redo,
}

impl Library {
    /// Does what was decided, as one step of the history, and returns what it touched: nothing where everything was
    /// already so. Of undo and redo that is what the reverted step's restored rows are about.
    ///
    /// `seen` is the revision that its user looked at. What this library itself decided since does not count as
    /// unseen; faces that others have added to a person since are not decided about.
    ///
    /// # Errors
    /// [`LibraryError::Stale`](crate::library::LibraryError::Stale) when a face or a person named has changed since, a
    /// name is empty, or a person is merged with themself. Nothing is changed then.
    pub fn decide(&mut self, decision: &Decision, seen: Revision) -> Result<Touched> {
        let own = std::mem::take(&mut self.own);
        let outcome = self.write(|t| {
            let seen = Seen { revision: seen, own: &own };
            match decision {
                Decision::Undo => revert(t, Direction::Undo),
                Decision::Redo => revert(t, Direction::Redo),
                _ => {
                    let mut d = Decisions::begin(t);
                    let action = act(&mut d, decision, &seen)?;
                    let made = d.made();
                    Ok((d.keep(action)?, made))
                }
            }
        });
        self.own = own;
        let (touched, made) = outcome?;
        self.own.extend(made);
        Ok(touched)
    }
}

fn revert(t: &rusqlite::Transaction, direction: Direction) -> Result<(Touched, Option<i64>)> {
    let reverted = journal::step(t, direction)?;
    Ok(reverted.map_or((Touched::default(), None), |(reverted, revision)| (reverted.touched, Some(revision))))
}

fn act(d: &mut Decisions, decision: &Decision, seen: &Seen) -> Result<ReviewAction> {
    match decision {
        Decision::Name { person, name } => {
            seen.people(d.t, &[*person])?;
            commands::name(d, *person, name, seen)?;
            Ok(ReviewAction::Name)
        }
        Decision::Confirm { person, faces } => {
            seen.faces_of(d.t, *person, faces)?;
            commands::confirm(d, faces)?;
            Ok(ReviewAction::Confirm)
        }
        Decision::ConfirmAll(person) => {
            seen.people(d.t, &[*person])?;
            let faces = seen.of_person(d.t, *person, Some(Belongs::Suggested))?;
            commands::confirm(d, &faces)?;
            Ok(ReviewAction::Confirm)
        }
        Decision::Reject { person, faces } => {
            seen.faces_of(d.t, *person, faces)?;
            commands::reject(d, faces)?;
            Ok(ReviewAction::Reject)
        }
        Decision::TakeBackReject { person, face } => {
            d.set_rejected(*face, *person, false)?;
            Ok(ReviewAction::TakeBackReject)
        }
        Decision::Move { faces, to } => {
            seen.faces(d.t, faces)?;
            if let Destination::Person(person) = to {
                seen.people(d.t, &[*person])?;
            }
            commands::move_faces(d, faces, to)?;
            Ok(ReviewAction::Move)
        }
        Decision::TakeOut(faces) => {
            seen.faces(d.t, faces)?;
            commands::take_out(d, faces)?;
            Ok(ReviewAction::TakeOut)
        }
        Decision::Merge { from, into } => {
            seen.people(d.t, &[*from, *into])?;
            commands::merge(d, *from, *into, seen)?;
            Ok(ReviewAction::Merge)
        }
        Decision::Different(a, b) => {
            seen.people(d.t, &[*a, *b])?;
            commands::tell_apart(d, *a, *b, true)?;
            Ok(ReviewAction::Different)
        }
        Decision::MayBeSame(a, b) => {
            commands::tell_apart(d, *a, *b, false)?;
            Ok(ReviewAction::MayBeSame)
        }
        Decision::Hide(person) | Decision::Show(person) => {
            seen.people(d.t, &[*person])?;
            let hide = matches!(decision, Decision::Hide(_));
            commands::hide(d, *person, hide, seen)?;
            Ok(if hide { ReviewAction::Hide } else { ReviewAction::Show })
        }
        Decision::Strangers(person) | Decision::NotAPerson(person) => {
            seen.people(d.t, &[*person])?;
            let faces = seen.of_person(d.t, *person, None)?;
            let strangers = matches!(decision, Decision::Strangers(_));
            set_aside(d, &faces, if strangers { SetAside::Stranger } else { SetAside::NotAFace })
        }
        Decision::SetAside { faces, why } => {
            seen.faces(d.t, faces)?;
            set_aside(d, faces, *why)
        }
        Decision::Cover { person, face } => {
            seen.faces_of(d.t, *person, &[*face])?;
            commands::set_cover(d, *person, *face)?;
            Ok(ReviewAction::Cover)
        }
        Decision::Restore(faces) => {
            commands::restore(d, faces)?;
            Ok(ReviewAction::Restore)
        }
        Decision::PutBack { lost, onto } => {
            seen.lost(d.t, &[*lost])?;
            seen.faces(d.t, &[*onto])?;
            commands::put_back(d, *lost, *onto)?;
            Ok(ReviewAction::PutBack)
        }
        Decision::LetGo(faces) => {
            seen.lost(d.t, faces)?;
            commands::let_go(d, faces)?;
            Ok(ReviewAction::LetGo)
        }
        Decision::Undo | Decision::Redo => unreachable!("reverted above"),
    }
}

fn set_aside(d: &mut Decisions, faces: &[FaceId], why: SetAside) -> Result<ReviewAction> {
    commands::set_aside(d, faces, why)?;
    Ok(match why {
        SetAside::Stranger => ReviewAction::Ignore,
        SetAside::NotAFace => ReviewAction::NotAFace,
    })
}
