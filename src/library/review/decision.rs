//! What a person can decide about faces and people, as data: the window sends it, the library does it as one step of
//! the history, if it still means what its user saw.

use rusqlite::Transaction;

use super::commands;
use super::journal::{self, Decisions, Direction};
use super::merges;
use super::rows::Stamp;
use super::stale::StaleCheck;
use super::steps::NextSteps;
use super::{Belongs, Destination, FaceByHand, ReviewAction, SetAside};
use crate::library::{AgainstMerge, Library, NameAnswer, Result};
use crate::types::{FaceId, PersonId, Revision, StepId, Touched};

#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Gives a person or an unnamed group its name.
    Name {
        person: PersonId,
        name: String,
    },
    /// Who this is, is open again. The faces stay together.
    TakeBackName(PersonId),
    Confirm {
        person: PersonId,
        faces: Vec<FaceId>,
    },
    /// The first were looked at one by one; the others are said to be this person without that.
    ConfirmSome {
        person: PersonId,
        shown: Vec<FaceId>,
        others: Vec<FaceId>,
    },
    /// Every suggestion of this person is them. Those that were shown are confirmed, the others named with them.
    ConfirmAll {
        person: PersonId,
        shown: Vec<FaceId>,
    },
    /// It is open again whether these faces are this person's.
    TakeBackYes {
        person: PersonId,
        faces: Vec<FaceId>,
    },
    /// These faces are not this person; they are not suggested again.
    Reject {
        person: PersonId,
        faces: Vec<FaceId>,
    },
    /// This face may be this person after all: it is theirs again as it was.
    TakeBackReject {
        person: PersonId,
        face: FaceId,
    },
    Move {
        /// Whose they are to their user: nobody's where there is none.
        of: Option<PersonId>,
        faces: Vec<FaceId>,
        to: Destination,
    },
    /// Back among the faces without a person.
    TakeOut {
        person: PersonId,
        faces: Vec<FaceId>,
    },
    Merge {
        from: PersonId,
        into: PersonId,
        /// What was said against it, as its user knows and wants it all the same: more than that refuses it.
        against: AgainstMerge,
    },
    /// They were two people, and are again; what was said since stays.
    Part {
        /// The merge that is taken back.
        step: StepId,
        into: Option<PersonId>,
    },
    /// Two people who are not the same one, however alike.
    Different(PersonId, PersonId),
    /// They may be the same one after all.
    MayBeSame(PersonId, PersonId),
    /// Keeps the person or group out of sight.
    Hide(PersonId),
    Show(PersonId),
    /// These faces are of people whom nobody needs to name, or no faces.
    SetAside {
        of: Option<PersonId>,
        faces: Vec<FaceId>,
        why: SetAside,
    },
    /// Every face of this group is. Its user names the group: they do not see all its faces.
    SetAsideAll {
        person: PersonId,
        why: SetAside,
    },
    /// The face on the person's card.
    Cover {
        person: PersonId,
        face: FaceId,
    },
    /// The face that shows the person best is on their card again.
    AutomaticCover(PersonId),
    /// Back from what was set aside, to whom they were of.
    Restore {
        of: Option<PersonId>,
        faces: Vec<FaceId>,
    },
    /// A lost face is this face of today.
    PutBack {
        of: Option<PersonId>,
        lost: FaceId,
        onto: FaceId,
    },
    /// Answers names that other programs gave or took back.
    AnswerNames(NameAnswers),
    /// Nobody needs these lost faces any more.
    LetGo {
        of: Option<PersonId>,
        faces: Vec<FaceId>,
    },
    /// They are to be put back after all.
    TakeBackLetGo {
        of: Option<PersonId>,
        faces: Vec<FaceId>,
    },
    /// Takes the latest step back; it is the one that its user knows.
    Undo(StepId),
    Redo(StepId),
}

/// One step, whatever the number of names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NameAnswers {
    pub taken: Vec<TakenName>,
    /// Faces that are not these people, as another program says.
    pub taken_off: Vec<(PersonId, Vec<FaceId>)>,
    /// What is remembered of it, so that nothing is asked twice.
    pub(crate) noted: Vec<NameAnswer>,
}

/// One person's faces, as other programs name them.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenName {
    pub to: Destination,
    /// Named together, not looked at one by one: what its user said of a face stays.
    pub faces: Vec<FaceId>,
    /// Faces that no detector finds.
    pub by_hand: Vec<FaceByHand>,
    /// Faces that are theirs whatever their user said before.
    pub corrected: Vec<CorrectedFace>,
}

/// A face that is somebody else's than its user has said so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CorrectedFace {
    pub face: FaceId,
    /// Whose it is so far, as its user saw it; none where nothing was said of it.
    pub of: Option<PersonId>,
    /// How it belongs from now on.
    pub belongs: Belongs,
}

impl TakenName {
    pub(crate) fn none(to: Destination) -> Self {
        Self { to, faces: Vec::new(), by_hand: Vec::new(), corrected: Vec::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.faces.is_empty() && self.by_hand.is_empty() && self.corrected.is_empty()
    }
}

impl Library {
    /// Does what was decided, as one step of the history, and returns what it touched: nothing where everything was
    /// already so. Of undo and redo that is what the reverted step's restored rows are about.
    ///
    /// `seen` is the revision that its user looked at. What this library itself decided since does not count as
    /// unseen; faces that others have added to a person since are not decided about.
    ///
    /// # Errors
    /// [`LibraryError::Stale`](crate::library::LibraryError::Stale) when a face or a person named has changed since, or
    /// something is said against a merge that its user does not know; else when a name is empty, or a person is merged
    /// with themself. Nothing is changed then.
    pub fn decide(&mut self, decision: &Decision, seen: Revision) -> Result<Touched> {
        let (own, own_steps) = (std::mem::take(&mut self.own), std::mem::take(&mut self.own_steps));
        let outcome = self.write_through(|t| {
            let before = NextSteps::read(t)?;
            let revert = |direction, step| {
                own_steps.check(before, direction, step)?;
                revert(t, direction)
            };
            let done = match decision {
                Decision::Undo(step) => revert(Direction::Undo, *step)?,
                Decision::Redo(step) => revert(Direction::Redo, *step)?,
                _ => decide(t, decision, &StaleCheck { revision: seen, own: &own })?,
            };
            Ok((done, before, NextSteps::read(t)?))
        });
        (self.own, self.own_steps) = (own, own_steps);
        let ((mut touched, stamp), before, after) = outcome?;
        if let Some(stamp) = stamp {
            self.own.note(stamp);
        }
        self.own_steps.note(before, after);
        touched.step = Some(after.undo).filter(|step| *step > before.undo);
        touched.reverted = match decision {
            Decision::Undo(_) => Some(before.undo).filter(|step| *step > after.undo),
            Decision::Redo(_) => Some(before.redo).filter(|step| *step == after.undo),
            _ => None,
        };
        Ok(touched)
    }
}

fn decide(t: &Transaction, decision: &Decision, seen: &StaleCheck) -> Result<(Touched, Option<Stamp>)> {
    let Some(action) = action(decision) else { return Ok(Default::default()) };
    check(t, decision, seen)?;
    let mut d = match decision {
        Decision::Part { step, .. } => merges::part(t, *step)?,
        _ => Decisions::begin(t),
    };
    carry_out(&mut d, decision, seen)?;
    commands::group_by_itself(&mut d)?;
    let stamp = d.take_stamp();
    Ok((d.keep(action)?, stamp))
}

fn revert(t: &Transaction, direction: Direction) -> Result<(Touched, Option<Stamp>)> {
    let reverted = journal::step(t, direction)?;
    Ok(reverted.map_or((Touched::default(), None), |(reverted, stamp)| (reverted.touched, Some(stamp))))
}

/// Refuses what does not mean any more what its user saw.
fn check(t: &Transaction, decision: &Decision, seen: &StaleCheck) -> Result<()> {
    match decision {
        Decision::Name { person, .. }
        | Decision::TakeBackName(person)
        | Decision::AutomaticCover(person)
        | Decision::ConfirmAll { person, .. }
        | Decision::Hide(person)
        | Decision::Show(person)
        | Decision::SetAsideAll { person, .. } => seen.people(t, &[*person]),
        Decision::Merge { from, into, against } => seen.merge(t, (*from, *into), *against),
        Decision::Part { step, into } => {
            seen.people(t, into.as_slice())?;
            merges::check(t, *step)
        }
        Decision::Different(a, b) | Decision::MayBeSame(a, b) => seen.people(t, &[*a, *b]),
        Decision::Confirm { person, faces } => seen.still_of(t, Some(*person), faces),
        Decision::ConfirmSome { person, shown, others } => {
            seen.still_of(t, Some(*person), shown)?;
            seen.faces_of(t, Some(*person), others)
        }
        Decision::TakeBackYes { person, faces }
        | Decision::Reject { person, faces }
        | Decision::TakeOut { person, faces } => seen.faces_of(t, Some(*person), faces),
        Decision::Cover { person, face } => seen.faces_of(t, Some(*person), &[*face]),
        Decision::SetAside { of, faces, .. } => seen.faces_of(t, *of, faces),
        Decision::Move { of, faces, to } => {
            seen.faces_of(t, *of, faces)?;
            if let Destination::Person(person) = to { seen.people(t, &[*person]) } else { Ok(()) }
        }
        Decision::AnswerNames(NameAnswers { taken, taken_off, .. }) => {
            taken.iter().try_for_each(|taken| {
                seen.faces(t, &taken.faces)?;
                taken.corrected.iter().try_for_each(|corrected| match corrected.of {
                    Some(_) => seen.faces_of(t, corrected.of, &[corrected.face]),
                    None => seen.faces(t, &[corrected.face]),
                })?;
                seen.photos(t, taken.by_hand.iter().map(|face| face.photo))?;
                if let Destination::Person(person) = taken.to { seen.people(t, &[person]) } else { Ok(()) }
            })?;
            taken_off.iter().try_for_each(|(person, faces)| seen.faces_of(t, Some(*person), faces))
        }
        Decision::Restore { of, faces } => seen.set_aside(t, *of, faces),
        Decision::TakeBackReject { person, face } => seen.rejection(t, *person, *face),
        Decision::LetGo { of, faces } => seen.lost(t, *of, faces),
        Decision::TakeBackLetGo { of, faces } => seen.let_go(t, *of, faces),
        Decision::PutBack { of, lost, onto } => seen.put_back(t, *of, *lost, *onto),
        // Their steps are compared before.
        Decision::Undo(_) | Decision::Redo(_) => Ok(()),
    }
}

fn carry_out(d: &mut Decisions, decision: &Decision, seen: &StaleCheck) -> Result<()> {
    match decision {
        Decision::Name { person, name } => commands::name(d, *person, name, seen),
        Decision::TakeBackName(person) => commands::take_back_name(d, *person),
        Decision::Confirm { faces, .. } => commands::confirm(d, faces),
        Decision::TakeBackYes { faces, .. } => commands::take_back_yes(d, faces),
        Decision::ConfirmSome { shown, others, .. } => {
            commands::confirm(d, shown)?;
            commands::hold(d, others)
        }
        Decision::ConfirmAll { person, shown } => commands::confirm_all(d, *person, shown, seen),
        Decision::Reject { faces, .. } => commands::reject(d, faces),
        Decision::TakeBackReject { person, face } => commands::take_back_reject(d, *person, *face),
        Decision::Move { faces, to, .. } => commands::move_faces(d, faces, to).map(drop),
        Decision::AnswerNames(NameAnswers { taken, taken_off, noted }) => {
            taken.iter().try_for_each(|taken| commands::take_name(d, taken))?;
            taken_off.iter().try_for_each(|(_, faces)| commands::reject(d, faces))?;
            noted.iter().try_for_each(|answer| d.set_answer(answer))
        }
        Decision::TakeOut { faces, .. } => commands::take_out(d, faces).map(drop),
        Decision::Merge { from, into, .. } => commands::merge(d, *from, *into, seen),
        Decision::Different(a, b) => commands::tell_apart(d, *a, *b, true),
        Decision::MayBeSame(a, b) => commands::tell_apart(d, *a, *b, false),
        Decision::Hide(person) => commands::hide(d, *person, true, seen),
        Decision::Show(person) => commands::hide(d, *person, false, seen),
        Decision::SetAside { faces, why, .. } => commands::set_aside(d, faces, *why),
        Decision::SetAsideAll { person, why } => {
            let faces = seen.of_person(d.t, *person, None)?;
            commands::set_aside(d, &faces, *why)
        }
        Decision::Cover { person, face } => commands::set_cover(d, *person, Some(*face)),
        Decision::AutomaticCover(person) => commands::set_cover(d, *person, None),
        Decision::Restore { faces, .. } => commands::restore(d, faces),
        Decision::PutBack { lost, onto, .. } => commands::put_back(d, *lost, *onto),
        Decision::LetGo { faces, .. } => commands::let_go(d, faces, true),
        Decision::TakeBackLetGo { faces, .. } => commands::let_go(d, faces, false),
        // Its steps are done before; a face that left may have been on their card.
        Decision::Part { into, .. } => commands::tidy(d, into.as_slice(), None),
        // Their steps are done before.
        Decision::Undo(_) | Decision::Redo(_) => Ok(()),
    }
}

/// As the history names it; none of a step back or forth, which is no step itself.
fn action(decision: &Decision) -> Option<ReviewAction> {
    Some(match decision {
        Decision::Name { .. } => ReviewAction::Name,
        Decision::TakeBackName(_) => ReviewAction::TakeBackName,
        Decision::Confirm { .. } | Decision::ConfirmSome { .. } | Decision::ConfirmAll { .. } => ReviewAction::Confirm,
        Decision::TakeBackYes { .. } => ReviewAction::TakeBackYes,
        Decision::Reject { .. } => ReviewAction::Reject,
        Decision::TakeBackReject { .. } => ReviewAction::TakeBackReject,
        Decision::Move { .. } => ReviewAction::Move,
        Decision::AnswerNames(answers) => match (&answers.taken[..], &answers.taken_off[..]) {
            ([], []) => ReviewAction::AnswerNames,
            ([], _) => ReviewAction::Reject,
            _ => ReviewAction::TakeNames,
        },
        Decision::TakeOut { .. } => ReviewAction::TakeOut,
        Decision::Merge { .. } => ReviewAction::Merge,
        Decision::Part { .. } => ReviewAction::Part,
        Decision::Different(..) => ReviewAction::Different,
        Decision::MayBeSame(..) => ReviewAction::MayBeSame,
        Decision::Hide(_) => ReviewAction::Hide,
        Decision::Show(_) => ReviewAction::Show,
        Decision::SetAside { why, .. } | Decision::SetAsideAll { why, .. } => match why {
            SetAside::Stranger => ReviewAction::Ignore,
            SetAside::NotAFace => ReviewAction::NotAFace,
        },
        Decision::Cover { .. } | Decision::AutomaticCover(_) => ReviewAction::Cover,
        Decision::Restore { .. } => ReviewAction::Restore,
        Decision::PutBack { .. } => ReviewAction::PutBack,
        Decision::LetGo { .. } => ReviewAction::LetGo,
        Decision::TakeBackLetGo { .. } => ReviewAction::TakeBackLetGo,
        Decision::Undo(_) | Decision::Redo(_) => return None,
    })
}
