//! One history: the world, and the model of what must hold in it, step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::model::{Expected, LookedThrough, Model, Step};
use super::pictures::{Picture, SHOTS};
use super::words::Words;
use super::world::{Drive, FOLDERS, Key, VisibleLibrary, World};
use crate::app::scan::job::ScanSummary;
use crate::library::{Decision, MissingPolicy};
use crate::types::{Revision, StepId, Touched};

pub(crate) struct History {
    pub world: World,
    pub model: Model,
    /// What its user looks at: from the last scan on, all changes are their own.
    pub looked: Revision,
    /// A backup, and what held when it was made.
    pub backup: Option<EarlierLibrary>,
}

/// A copy of the library, what held when it was made, and which folders inside others were scanned then.
#[derive(Clone)]
pub(crate) struct EarlierLibrary {
    file: PathBuf,
    model: Model,
    inner_listed: [bool; FOLDERS],
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

    pub fn check(&mut self) -> Result<(), String> {
        let view = self.view();
        let listed = self.world.all_listed();
        if view.folders != listed {
            return Err(format!("the folders {:?} are scanned, {listed:?} were chosen", view.folders));
        }
        self.model.check(&view)?;
        self.model.forget_gone(&view);
        Ok(())
    }

    pub fn scan(&mut self, policy: MissingPolicy) -> Result<(), String> {
        let (before, carried_before) = (self.view(), self.model.carried_faces());
        let summary = self.world.scan(policy).map_err(|error| format!("{error:#}"))?;
        let (after, expected, carried) = self.follow_scan(&before, policy)?;
        check_summary(&summary, &expected, (&before, &after), carried)?;
        check_returned(&summary, (&before, &after), &carried_before)
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
        let folders: Vec<_> =
            (0..FOLDERS).map(|folder| (self.world.folders[folder].clone(), self.world.inner(folder))).collect();
        let mut scans = Vec::new();
        for (folder, (outer, _)) in folders.iter().enumerate() {
            if self.world.drives[folder] != Drive::Unplugged {
                let looked = self.look_through(folder, outer);
                self.model.may_be_others(&self.unreadable(folder));
                scans.push((folder, self.model.meet(&looked, &mut expected), looked));
            }
        }
        for (folder, (_, inner)) in folders.iter().enumerate() {
            if self.world.drives[folder] == Drive::There && self.world.inner_added[folder] {
                let looked = self.look_through(folder, inner);
                scans.push((folder, self.model.meet(&looked, &mut expected), looked));
                self.world.inner_listed[folder] = true;
            }
        }
        for (folder, scan, looked) in scans {
            let inner = folders[folder].1.as_path();
            let is_there = self.world.drives[folder] == Drive::There;
            let has_inner = looked.folder != inner && self.world.inner_listed[folder];
            let looked = LookedThrough { inner: has_inner.then_some((inner, is_there)), ..looked };
            self.model.lose(&looked, scan, policy, &mut expected);
        }
        let after = self.view();
        self.looked = self.world.revision();
        self.model.check_names(&after)?;
        let carried = self.model.carry_over(before, &after, &expected)?;
        self.model.check(&after)?;
        self.model.forget_gone(&after);
        Ok((after, expected, carried))
    }

    /// The paths of a drive where a file is that cannot be read.
    fn unreadable(&self, drive: usize) -> Vec<PathBuf> {
        let is_here = |place: &&(usize, u8)| place.0 == drive && self.world.drives[drive] == Drive::There;
        self.world.unreadable.keys().filter(is_here).map(|place| self.world.path(*place)).collect()
    }

    /// What of a drive lies in a folder on it.
    fn look_through<'a>(&self, drive: usize, folder: &'a Path) -> LookedThrough<'a> {
        let world = &self.world;
        let is_here = |place: &&(usize, u8)| {
            place.0 == drive && world.drives[drive] == Drive::There && world.path(**place).starts_with(folder)
        };
        let broken: BTreeSet<PathBuf> = world.broken.keys().filter(is_here).map(|place| world.path(*place)).collect();
        let mut met: BTreeMap<PathBuf, Picture> = world.readable(drive);
        met.retain(|path, _| path.starts_with(folder));
        // What cannot be read stays what it was, also if it was gone.
        let unreadable = world.unreadable.keys().filter(is_here).map(|place| world.path(*place));
        met.extend(unreadable.filter_map(|path| Some((path.clone(), self.model.last_at(&path)?))));
        LookedThrough { folder, inner: None, met, broken }
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
        let Some(EarlierLibrary { file, model, inner_listed }) = self.backup.clone() else {
            if self.world.listed != [true; FOLDERS] {
                return;
            }
            let (file, model) = (self.world.back_up(), self.model.clone());
            self.backup = Some(EarlierLibrary { file, model, inner_listed: self.world.inner_listed });
            return;
        };
        self.world.restore(&file);
        (self.world.listed, self.world.inner_listed) = ([true; FOLDERS], inner_listed);
        self.world.inner_added = inner_listed;
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
            self.model.remove_folder(&self.world.folders[folder], &self.world.all_listed());
        }
    }

    /// The folder inside is scanned by itself from the next scan on.
    pub fn add_inner(&mut self, folder: usize) {
        self.world.inner_added[folder] |= self.world.drives[folder] == Drive::There;
    }

    /// What lies there stays with the folder around it, where that is scanned.
    pub fn remove_inner(&mut self, folder: usize) {
        if self.world.drives[folder] == Drive::There && self.world.inner_listed[folder] {
            self.backup = None;
            self.world.heal();
            self.world.remove_inner(folder);
            self.model.remove_folder(&self.world.inner(folder), &self.world.all_listed());
        }
    }

    /// Does what was decided about what its user looks at; `change` says what that means.
    pub fn say(&mut self, decision: Decision, change: impl FnOnce(&mut Words)) -> Result<Touched, String> {
        let refused = |error| format!("{decision:?} was refused: {error:#}");
        let touched = self.world.decide(decision.clone(), self.looked).map_err(refused)?;
        let before = self.model.words.clone();
        change(&mut self.model.words);
        if touched != Touched::default() {
            self.model.step(before, touched.step);
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
        let Some(step) = self.model.undone.pop() else { return Ok(()) };
        self.model.done.push(step.clone());
        self.model.revert(&Step { before: step.after, after: step.before, ..step }, &shown, &self.world.view())
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
    let (found, returned) = (summary.carried_faces, summary.returned_faces);
    if found + returned < carried {
        return Err(format!("{found} carried faces and {returned} that are back are told of {carried}"));
    }
    Ok(())
}

/// Decided faces that were away are told to be back when their photo is; but for those that were in another one all the
/// time, and with those that were found in another one now.
fn check_returned(
    summary: &ScanSummary,
    (before, after): (&VisibleLibrary, &VisibleLibrary),
    carried_before: &BTreeSet<Key>,
) -> Result<(), String> {
    let said = Words::shown(before);
    let were_away = before.faces.iter().filter(|face| face.is_missing && said.is_decided(face.key));
    let away: BTreeSet<Key> = were_away.map(|face| face.key).collect();
    let here = after.faces.iter().filter(|face| !face.is_missing).map(|face| face.key);
    let back = here.filter(|key| away.contains(key) && !carried_before.contains(key)).count();
    match (back..=away.len()).contains(&summary.returned_faces) {
        true => Ok(()),
        false => Err(format!("{} faces are told to be back, {back} of {} are", summary.returned_faces, away.len())),
    }
}
