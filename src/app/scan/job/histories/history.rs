//! One history: the world, and the model of what must hold in it, step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::model::{Expected, Model, Step, Words};
use super::pictures::{Picture, SHOTS};
use super::world::{Drive, FOLDERS, VisibleLibrary, World};
use crate::app::scan::job::ScanSummary;
use crate::library::{Decision, MissingPolicy};
use crate::types::{Revision, StepId, Touched};

pub(crate) struct History {
    pub world: World,
    pub model: Model,
    /// What its user looks at: from the last scan on, all changes are their own.
    pub looked: Revision,
    /// A backup, and what held when it was made.
    backup: Option<(PathBuf, Model)>,
}

impl History {
    /// Six photos on two drives, scanned.
    pub fn new(registers: bool, first_scene: u8) -> Self {
        let mut world = World::new(registers);
        for number in 0..6 {
            let place = (number as usize % FOLDERS, number / 2);
            world.write(place, Picture::shot((first_scene % SHOTS + number) % SHOTS), 0);
        }
        let looked = world.revision();
        Self { world, model: Model::default(), looked, backup: None }
    }

    pub fn view(&self) -> VisibleLibrary {
        self.world.view()
    }

    pub fn check(&self) -> Result<(), String> {
        self.model.check(&self.view())
    }

    pub fn scan(&mut self, policy: MissingPolicy) -> Result<(), String> {
        let before = self.view();
        let summary = self.world.scan(policy).map_err(|error| format!("{error:#}"))?;
        let (after, expected, carried) = self.follow_scan(&before, policy)?;
        check_summary(&summary, &expected, (&before, &after), carried)
    }

    /// The program dies in a scan; the next one makes good.
    pub fn killed_scan(&mut self, calls: u8) -> Result<(), String> {
        let before = self.view();
        self.world.killed_scan(calls).map_err(|error| format!("{error:#}"))?;
        self.world.check_integrity();
        self.world.scan(MissingPolicy::Accept).map_err(|error| format!("after a kill: {error:#}"))?;
        self.follow_scan(&before, MissingPolicy::Accept)?;
        Ok(())
    }

    fn follow_scan(
        &mut self,
        before: &VisibleLibrary,
        policy: MissingPolicy,
    ) -> Result<(VisibleLibrary, Expected, usize), String> {
        let mut expected = Expected::default();
        for folder in 0..FOLDERS {
            if self.world.drives[folder] != Drive::Unplugged {
                let is_here = |place: &&(usize, u8)| place.0 == folder && self.world.drives[folder] == Drive::There;
                let broken: BTreeSet<PathBuf> =
                    self.world.broken.keys().filter(is_here).map(|place| self.world.path(*place)).collect();
                let mut met: BTreeMap<PathBuf, Picture> = self.world.readable(folder);
                // What cannot be read stays what it was, also if it was gone.
                let unreadable = self.world.unreadable.keys().filter(is_here).map(|place| self.world.path(*place));
                met.extend(unreadable.filter_map(|path| Some((path.clone(), self.model.last_at(&path)?))));
                self.model.scan(&self.world.folders[folder], &met, &broken, policy, &mut expected);
            }
        }
        let after = self.view();
        self.looked = self.world.revision();
        self.model.check_names(&after)?;
        let carried = self.model.carry_over(before, &after, &expected)?;
        self.model.check(&after)?;
        Ok((after, expected, carried))
    }

    pub fn regroup(&mut self) -> Result<(), String> {
        self.world.regroup().map_err(|error| format!("{error:#}"))?;
        self.looked = self.world.revision();
        Ok(())
    }

    pub fn change_model(&mut self) -> Result<(), String> {
        // A library of before has the vectors of the model that it used.
        self.backup = None;
        self.world.change_model().map_err(|error| format!("{error:#}"))?;
        self.looked = self.world.revision();
        Ok(())
    }

    pub fn restart(&mut self) {
        self.world.restart();
        self.looked = self.world.revision();
    }

    /// All is as it was when the backup was made, but for the photos: these went on. Where there is none, it is made.
    pub fn restore_backup(&mut self) {
        // What cannot be read has to be known, also by the library of before.
        self.world.heal();
        let Some((backup, model)) = self.backup.clone() else {
            if self.world.listed != [true; FOLDERS] {
                return;
            }
            self.backup = Some((self.world.back_up(), self.model.clone()));
            return;
        };
        self.world.restore(&backup);
        self.model = model;
        self.looked = self.world.revision();
    }

    pub fn move_folder(&mut self, folder: usize) {
        if self.world.drives[folder] == Drive::There && self.world.listed[folder] {
            // A library of before would look where the folder was.
            self.backup = None;
            let from = self.world.move_folder(folder);
            self.model.move_folder(&from, &self.world.folders[folder]);
        }
    }

    /// The faces stay with their people, out of sight, until the next scan finds the folder again.
    pub fn remove_folder(&mut self, folder: usize) {
        if self.world.drives[folder] == Drive::There && self.world.listed[folder] {
            // In a library of before the drives that are there would not be known.
            self.backup = None;
            self.world.heal();
            self.world.remove_folder(folder);
            self.model.remove_folder(&self.world.folders[folder]);
        }
    }

    /// Does what was decided about what its user looks at; `change` says what that means.
    pub fn say(&mut self, decision: Decision, change: impl FnOnce(&mut Words)) -> Result<Touched, String> {
        let refused = |error| format!("{decision:?} was refused: {error:#}");
        let touched = self.world.decide(decision.clone(), self.looked).map_err(refused)?;
        let before = self.model.words.clone();
        change(&mut self.model.words);
        if touched != Touched::default() {
            self.model.step(before);
        }
        Ok(touched)
    }

    pub fn undo(&mut self) -> Result<(), String> {
        let shown = self.world.view();
        self.world.decide(Decision::Undo(StepId::LATEST), self.looked).map_err(|error| format!("{error:#}"))?;
        let Some(step) = self.model.done.pop() else { return Ok(()) };
        self.model.undone.push(step.clone());
        self.model.revert(&step, &shown, &self.world.view())
    }

    pub fn redo(&mut self) -> Result<(), String> {
        let shown = self.world.view();
        self.world.decide(Decision::Redo(StepId::LATEST), self.looked).map_err(|error| format!("{error:#}"))?;
        let Some(Step { before, after }) = self.model.undone.pop() else { return Ok(()) };
        self.model.done.push(Step { before: before.clone(), after: after.clone() });
        self.model.revert(&Step { before: after, after: before }, &shown, &self.world.view())
    }

    /// Undo, then redo: everything is as before.
    pub fn undo_and_redo(&mut self) -> Result<(), String> {
        let before = Words::shown(&self.view());
        if self.model.done.is_empty() {
            return Ok(());
        }
        for decision in [Decision::Undo(StepId::LATEST), Decision::Redo(StepId::LATEST)] {
            self.world.decide(decision, self.looked).map_err(|error| format!("{error:#}"))?;
        }
        let after = Words::shown(&self.view());
        match before.about_known() == after.about_known() {
            true => Ok(()),
            false => Err(format!("undo and redo made {after:?} of {before:?}")),
        }
    }
}

fn check_summary(
    summary: &ScanSummary,
    expected: &Expected,
    (before, after): (&VisibleLibrary, &VisibleLibrary),
    carried: usize,
) -> Result<(), String> {
    let lost = after.lost.difference(&before.lost).count();
    let told = (summary.missing_photos, summary.withheld_photos, summary.lost_faces);
    if told != (expected.missing, expected.withheld, lost) {
        return Err(format!(
            "{told:?} photos missing, withheld, and faces lost are told; they are {:?}",
            (expected.missing, expected.withheld, lost)
        ));
    }
    match summary.carried_faces >= carried {
        true => Ok(()),
        false => Err(format!("{} carried faces are told of {carried}", summary.carried_faces)),
    }
}
