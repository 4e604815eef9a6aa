//! Random histories of a library against a plain model of what must hold: a name never moves, never vanishes, and every
//! decision is kept until its user takes it back.
//!
//! Each history is a seed's: files are written, edited, exchanged and lost, drives come and go, the user decides, the
//! program dies. After each step everything that the library shows is compared with the model. A history that fails is
//! shrunk to the steps that matter. `LIKENESS_HISTORIES=10000` runs that many, with thumbnails that are really
//! registered; `LIKENESS_HISTORIES_FROM=N` begins at another seed, `LIKENESS_HISTORIES_TELL=N` tells one shrunk, step by step.

mod decisions;
mod fakes;
mod history;
mod model;
mod operations;
mod pictures;
mod words;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use crate::library::MissingPolicy;
use history::History;
use operations::Operation;
use pictures::Picture;

/// In every test run.
const FEW: u64 = 200;
const LONGEST: usize = 30;
/// So many failing histories are shrunk and told.
const SHRUNK: usize = 8;

/// A history: the scenes of its first photos, and what happens.
#[derive(Debug, Clone)]
struct Plot {
    first_scene: u8,
    steps: Vec<Operation>,
}

impl Plot {
    fn random(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let length = rng.random_range(6..=LONGEST);
        let mut kills = 0;
        let steps = std::iter::repeat_with(|| Operation::random(&mut rng)).filter(|step| {
            // A file that the program died with twice, alone, is left out: another test's matter.
            kills += usize::from(matches!(step, Operation::Kill { .. }));
            kills <= 1 || !matches!(step, Operation::Kill { .. })
        });
        let steps = steps.take(length).collect();
        Self { first_scene: rng.random(), steps }
    }

    /// What does not hold, and after which step.
    fn fault(&self, registers: bool) -> Option<(usize, String)> {
        let played = catch_unwind(AssertUnwindSafe(|| {
            let mut history = History::new(registers, self.first_scene);
            history.scan(MissingPolicy::Ask).map_err(|fault| (0, fault))?;
            for (index, step) in self.steps.iter().enumerate() {
                step.run(&mut history).map_err(|fault| (index, fault))?;
            }
            history.world.check_integrity();
            Ok(())
        }));
        match played {
            Ok(outcome) => outcome.err(),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic");
                Some((self.steps.len(), text.to_owned()))
            }
        }
    }

    fn told(self, seed: u64, registers: bool) -> String {
        let shrunk = self.shrunk(registers);
        let (_, fault) = shrunk.fault(registers).unwrap_or_default();
        let steps: Vec<_> = shrunk.steps.iter().map(|step| format!("    {step:?}")).collect();
        format!("seed {seed}, first scene {}: {fault}\n{}", shrunk.first_scene, steps.join("\n"))
    }

    /// Without the steps that the fault does not need: half of them at once, then fewer, at last one by one.
    fn shrunk(mut self, registers: bool) -> Self {
        if let Some((last, _)) = self.fault(registers) {
            self.steps.truncate(last + 1);
        }
        let mut chunk = self.steps.len().div_ceil(2).max(1);
        loop {
            let mut start = 0;
            let mut has_shrunk = false;
            while start < self.steps.len() {
                let mut shorter = self.clone();
                shorter.steps.drain(start..(start + chunk).min(self.steps.len()));
                match shorter.fault(registers) {
                    Some(_) => (self, has_shrunk) = (shorter, true),
                    None => start += chunk,
                }
            }
            match chunk {
                1 if !has_shrunk => return self,
                _ => chunk = (chunk / 2).max(1),
            }
        }
    }
}

#[test]
fn histories() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let (many, from) = (number("LIKENESS_HISTORIES"), number("LIKENESS_HISTORIES_FROM").unwrap_or(0));
    let registers = many.is_some();
    let seeds = from..from + many.unwrap_or(FEW);
    let plots = seeds.into_par_iter().map(|seed| (seed, Plot::random(seed)));
    let failed: Vec<_> = plots.filter(|(_, plot)| plot.fault(registers).is_some()).collect();
    let told: Vec<String> =
        failed.par_iter().take(SHRUNK).map(|(seed, plot)| plot.clone().told(*seed, registers)).collect();
    if let Some(seed) = number("LIKENESS_HISTORIES_TELL") {
        tell(Plot::random(seed).shrunk(registers), registers);
    }
    assert!(failed.is_empty(), "{} histories fail:\n{}", failed.len(), told.join("\n"));
}

/// Says what the library shows after each step.
fn tell(plot: Plot, registers: bool) {
    let mut history = History::new(registers, plot.first_scene);
    history.scan(MissingPolicy::Ask).unwrap();
    for step in plot.steps {
        let outcome = step.run(&mut history);
        let view = history.view();
        println!("{step:?}: {outcome:?}");
        view.paths.iter().for_each(|(picture, paths)| println!("    {picture:?} {paths:?}"));
        view.faces.iter().for_each(|f| println!("    {:?} {:?} {} {}", f.key, f.state, f.is_missing, f.has_vector));
        println!("  lost {:?}", view.lost);
    }
}

/// A history whose fault was found, and mended.
fn holds<const N: usize>(steps: [Operation; N]) {
    let plot = Plot { first_scene: 0, steps: steps.to_vec() };
    if let Some((index, fault)) = plot.fault(false) {
        panic!("{fault}\nafter {:?}", plot.steps.get(index));
    }
}

const SCAN: Operation = Operation::Scan { accept: true };

#[test]
fn faces_that_went_to_another_folder_are_not_told_as_lost() {
    holds([Operation::Name { face: 0 }, Operation::Name { face: 1 }, Operation::ExchangeDrives, SCAN]);
}

#[test]
fn a_face_is_told_as_lost_when_the_last_file_of_its_replaced_picture_goes() {
    use Operation::{Copy, Delete, Name, Replace};
    // A copy of the first photo; then another picture in the first one's place, then no copy.
    let steps = [Name { face: 0 }, Copy { file: 0, to: 3 }, SCAN, Replace { file: 0, scene: 13 }, SCAN];
    let [a, b, c, d, e] = steps;
    holds([a, b, c, d, e, Delete { file: 3 }, SCAN]);
}

/// Its face was found in the edit of one of its copies: what other copies come and go later loses nothing.
#[test]
fn a_face_that_is_in_an_edit_is_not_lost_with_a_later_copy() {
    use Operation::{Copy, Edit, Name, Replace};
    let edit = Edit { file: 3, change: 0, to_copy: false };
    let carried = [Name { face: 0 }, Copy { file: 0, to: 3 }, SCAN, edit, SCAN];
    let [a, b, c, d, e] = carried;
    let [one, other] = [0, 7].map(|file| Replace { file, scene: 13 });
    holds([a, b, c, d, e, Copy { file: 0, to: 7 }, SCAN, one, other, SCAN]);
}

/// The one of whom it was said may have gone into another one meanwhile, who gets a name now.
#[test]
fn a_rejection_that_was_handed_on_is_no_face_carried_over() {
    use Operation::{Copy, EditCopies, Hide, Name, Reject, TakeOut};
    let edit = EditCopies { file: 237, to: 179, change: 236 };
    let steps = vec![Reject { face: 179 }, edit, Copy { file: 209, to: 140 }, SCAN, Name { face: 58 }, SCAN];
    assert_eq!(Plot { first_scene: 187, steps }.fault(false), None);
    let edit = Operation::Edit { file: 160, change: 17, to_copy: false };
    let steps = vec![edit, TakeOut { face: 5 }, SCAN, Hide { face: 82 }, SCAN];
    assert_eq!(Plot { first_scene: 169, steps }.fault(false), None);
}

/// What of the first history is lost in the end, after each scan.
fn lost_after(steps: &[Operation]) -> Vec<usize> {
    let mut history = History::new(false, 0);
    history.scan(MissingPolicy::Ask).unwrap();
    let mut lost = Vec::new();
    for step in steps {
        step.run(&mut history).unwrap();
        if matches!(step, Operation::Scan { .. }) {
            lost.push(history.view().lost.len());
        }
    }
    lost
}

/// Somebody else's picture in the place of the only one; then an edit of that one comes, from elsewhere.
#[test]
fn a_lost_face_is_found_in_an_edit_that_comes_later() {
    use Operation::{Edit, Name, New, Replace};
    for change in 0..5 {
        let edit = Edit { file: 6, change, to_copy: false };
        let steps = [Name { face: 0 }, Replace { file: 0, scene: 13 }, SCAN, New { to: 7, scene: 0 }, edit, SCAN];
        assert_eq!(lost_after(&steps), [1, 0], "{:?}", pictures::Change::of(change));
    }
}

/// The vector that it had is no use to another model.
#[test]
fn a_lost_face_is_found_after_a_change_of_the_model() {
    use Operation::{Edit, Name, New, OtherModel, Replace};
    let edit = Edit { file: 6, change: 0, to_copy: false };
    let steps =
        [Name { face: 0 }, Replace { file: 0, scene: 13 }, SCAN, OtherModel, New { to: 7, scene: 0 }, edit, SCAN];
    assert_eq!(lost_after(&steps), [1, 0]);
}

/// Also where its edit was there before it was lost.
#[test]
fn a_lost_face_is_found_in_an_edit_that_was_there_before() {
    use Operation::{Copy, Edit, Name, Replace};
    for change in 0..5 {
        let edit = Edit { file: 6, change, to_copy: false };
        let steps = [Copy { file: 0, to: 7 }, edit, SCAN, Name { face: 0 }, Replace { file: 0, scene: 13 }, SCAN];
        assert_eq!(lost_after(&steps), [0, 0], "{:?}", pictures::Change::of(change));
    }
}

/// No detector found it in the edit, and its portrait there is that of the photo before.
#[test]
fn a_lost_face_that_was_placed_is_found_after_a_change_of_the_model() {
    use Operation::{Edit, Name, New, OtherModel, Replace};
    // The face at the edge of the last photo, too small for the detector at half the size.
    let small = Edit { file: 5, change: 0, to_copy: false };
    let steps = [Name { face: 8 }, small, SCAN, Replace { file: 5, scene: 13 }, SCAN, OtherModel];
    let mut history = History::new(false, 0);
    history.scan(MissingPolicy::Ask).unwrap();
    steps.into_iter().for_each(|step| step.run(&mut history).unwrap());
    let view = history.view();
    assert!(!view.lost.is_empty());
    let lost = view.faces.iter().filter(|face| view.lost.contains(&face.key));
    lost.for_each(|face| assert!(face.has_vector, "{face:?}"));
    for step in [New { to: 7, scene: 5 }, SCAN] {
        step.run(&mut history).unwrap();
    }
    assert!(history.view().lost.is_empty());
}

/// Faces that are told to be back, and those that are told to be carried over, after the last scan.
fn told_after(steps: &[Operation]) -> (usize, usize) {
    let mut history = History::new(false, 0);
    history.scan(MissingPolicy::Ask).unwrap();
    steps.iter().for_each(|step| step.run(&mut history).unwrap());
    let summary = history.world.scan(MissingPolicy::Accept).unwrap();
    (summary.returned_faces, summary.carried_faces)
}

#[test]
fn faces_that_are_back_are_told() {
    use Operation::{Delete, Edit, Name, New, Replace};
    let [name, back] = [Name { face: 0 }, New { to: 0, scene: 0 }];
    assert_eq!(told_after(&[name, Delete { file: 0 }, SCAN, back]), (1, 0), "its photo is back");
    assert_eq!(told_after(&[name, Delete { file: 0 }, SCAN, New { to: 7, scene: 0 }]), (1, 0), "at another path");
    let lost = [name, Replace { file: 0, scene: 13 }, SCAN];
    let edit = |file| Edit { file, change: 0, to_copy: false };
    let [a, b, c] = lost;
    assert_eq!(told_after(&[a, b, c, New { to: 7, scene: 0 }, edit(6)]), (1, 0), "it is found in an edit");
    assert_eq!(told_after(&[a, b, c, New { to: 7, scene: 0 }]), (1, 0), "it is there itself");
    assert_eq!(told_after(&[name, edit(0)]), (0, 1), "it was never away");
    assert_eq!(told_after(&[name]), (0, 0));
}

#[test]
fn a_lost_picture_that_is_back_is_not_lost() {
    use Operation::{Name, New, Replace};
    let steps = [Name { face: 0 }, Replace { file: 0, scene: 13 }, SCAN, New { to: 7, scene: 0 }, SCAN];
    assert_eq!(lost_after(&steps), [1, 0]);
}

/// The face of a lost edit is that of its original, which has the name.
#[test]
fn a_lost_edit_is_found_in_its_original() {
    use Operation::{Edit, Name, New, Replace};
    for change in 0..5 {
        let edit = Edit { file: 0, change, to_copy: false };
        let lost = Replace { file: 0, scene: 13 };
        let steps = [Name { face: 0 }, edit, SCAN, lost, SCAN, New { to: 7, scene: 0 }, SCAN];
        assert_eq!(lost_after(&steps), [0, 1, 0], "{:?}", pictures::Change::of(change));
    }
}

/// Metadata written into another file of the picture meanwhile changes nothing.
#[test]
fn a_picture_that_was_replaced_at_one_path_is_lost_with_its_last_file() {
    use Operation::{Comment, Copy, Delete, Name, Replace};
    let [name, copy, replace] = [Name { face: 0 }, Copy { file: 0, to: 7 }, Replace { file: 0, scene: 13 }];
    let steps = [name, copy, SCAN, replace, Comment { file: 6, text: 0 }, SCAN, Delete { file: 6 }, SCAN];
    assert_eq!(lost_after(&steps), [0, 0, 1]);
}

/// Also where the picture that took the place was there before: it is a copy, and the other one was not renamed.
#[test]
fn a_picture_that_a_copy_of_an_older_one_replaced_is_lost_with_its_last_file() {
    use Operation::{Copy, Delete, Name};
    let [name, copy, over] = [Name { face: 0 }, Copy { file: 0, to: 3 }, Copy { file: 1, to: 0 }];
    assert_eq!(lost_after(&[name, copy, SCAN, over, SCAN, Delete { file: 3 }, SCAN]), [0, 0, 1]);
}

/// What has come since a file was met last does not count when it is asked whether most are gone.
#[test]
fn a_file_with_a_folder_in_its_place_was_not_met() {
    use Operation::{Break, Copy, Delete, ExchangeDrives, RenameInChain, Rubbish, Scan};
    let (scan, rubbish) = (Scan { accept: false }, Rubbish { file: 195, number: 155 });
    let [delete, rename, broken] = [Delete { file: 188 }, RenameInChain { folder: 250 }, Break { file: 222 }];
    let steps = vec![delete, rename, broken, rubbish, scan, Copy { file: 175, to: 18 }, ExchangeDrives, scan];
    assert_eq!(Plot { first_scene: 57, steps }.fault(false), None);
}

/// Redo does again what undo took back, and not more: what was carried over before the decision has a word of its own.
#[test]
fn a_redo_says_nothing_of_the_edits_of_a_picture() {
    use Operation::{Confirm, EditBeside, Name, UndoAndRedo};
    let edit = EditBeside { file: 227, to: 97, change: 54 };
    let steps = vec![Name { face: 180 }, edit, SCAN, Confirm { face: 40 }, UndoAndRedo];
    assert_eq!(Plot { first_scene: 151, steps }.fault(false), None);
}

/// The edit's face goes on with them before the one who was merged goes again.
#[test]
fn a_redo_of_a_merge_leaves_nobody_behind_for_the_faces_of_an_edit() {
    use Operation::{Edit, Merge, Name, Reject, UndoAndRedo};
    let edit = Edit { file: 174, change: 174, to_copy: true };
    let steps = vec![Reject { face: 200 }, Name { face: 226 }, Merge { from: 229, into: 122 }, edit, SCAN, UndoAndRedo];
    assert_eq!(Plot { first_scene: 193, steps }.fault(false), None);
}

/// It is there, and so are its faces; the library and its backups are as sound as before.
#[test]
fn a_photo_that_is_back_and_cannot_be_read_is_not_missing() {
    use Operation::{Delete, Heal, Name, ReturnUnreadable};
    for (face, file) in [(0, 0), (3, 3), (5, 5)] {
        let steps = [Name { face }, Delete { file }, SCAN, ReturnUnreadable { file: 0 }, SCAN, Heal, SCAN];
        holds(steps);
    }
}

#[test]
fn a_folder_that_was_removed_brings_its_names_back() {
    use Operation::{Name, RemoveFolder, Replace};
    holds([Name { face: 0 }, RemoveFolder { folder: 0 }, SCAN]);
    holds([Name { face: 0 }, RemoveFolder { folder: 0 }, Replace { file: 0, scene: 13 }, SCAN]);
}

#[test]
fn another_model_takes_no_vector_from_another_picture() {
    use Operation::{Name, OtherModel, Replace};
    holds([Name { face: 0 }, Replace { file: 0, scene: 0 }, OtherModel, SCAN]);
}

#[test]
fn a_move_is_undone_when_the_group_that_it_left_has_gone() {
    use Operation::{Move, Redo, Undo};
    (0..8).for_each(|face| holds([Move { face, to: 0 }, SCAN, Undo, Redo, SCAN]));
}

#[test]
fn what_was_inherited_from_a_group_outlives_the_undo_of_a_later_step() {
    use Operation::{Move, Reject, Undo};
    let steps = vec![Reject { face: 75 }, Move { face: 56, to: 235 }, Reject { face: 80 }, Undo];
    assert_eq!(Plot { first_scene: 228, steps }.fault(false), None);
    let edit = Operation::Edit { file: 4, change: 57, to_copy: false };
    let steps = vec![edit, Reject { face: 148 }, SCAN, Move { face: 107, to: 201 }, SCAN];
    assert_eq!(Plot { first_scene: 9, steps }.fault(false), None);
    let steps = vec![Move { face: 186, to: 152 }, Reject { face: 229 }, Operation::Scan { accept: false }, Undo];
    assert_eq!(Plot { first_scene: 73, steps }.fault(false), None);
}

#[test]
fn a_picture_that_was_edited_and_is_back_can_be_lost_again() {
    use Operation::{Edit, Name, Replace, Revert};
    let edit = Edit { file: 0, change: 0, to_copy: false };
    holds([Name { face: 0 }, edit, SCAN, Revert { file: 0 }, SCAN, Replace { file: 0, scene: 13 }, SCAN]);
}

/// Said of the edit after the original, and the file is put back: nothing of it waits, and the older word is no more.
#[test]
fn the_last_word_on_a_face_holds_when_its_edit_is_reverted() {
    use Operation::{Edit, Move, Name, Redo, Reject, Revert, Undo};
    let first = |history: &History, picture: Picture| {
        let view = history.view();
        view.faces.iter().find(|face| face.key == (picture, 0)).map(|face| face.state)
    };
    let original = Picture::shot(0);
    for change in 0..5 {
        let edit = Edit { file: 0, change, to_copy: false };
        for say in [Move { face: 0, to: 0 }, Reject { face: 0 }] {
            let mut history = History::new(false, 0);
            history.scan(MissingPolicy::Ask).unwrap();
            for step in [Name { face: 0 }, edit, SCAN] {
                step.run(&mut history).unwrap();
            }
            let edited = original.edited(pictures::Change::of(change));
            let before = first(&history, edited);
            // What is decided is decided of the face that is in sight.
            let place = history.view().faces.iter().filter(|face| !face.is_missing).position(|f| f.key == (edited, 0));
            let face = place.unwrap() as u8;
            let say = if let Move { .. } = say { Move { face, to: 0 } } else { Reject { face } };
            say.run(&mut history).unwrap();
            let said = first(&history, edited).unwrap();
            assert_ne!(Some(said), before, "{edited:?}");
            for step in [Revert { file: 0 }, SCAN] {
                step.run(&mut history).unwrap();
            }
            let shown = first(&history, original).unwrap();
            assert_eq!(words::Word::of(shown), words::Word::of(said), "{edited:?}, {say:?}");
            assert!(history.view().lost.is_empty(), "{edited:?}, {say:?}");
            for step in [Undo, Redo, SCAN] {
                step.run(&mut history).unwrap();
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn another_picture_of_the_same_size_and_time_takes_no_name() {
    use Operation::{Name, ReplaceQuietly};
    holds([Name { face: 0 }, ReplaceQuietly { file: 0, scene: 0 }, SCAN]);
}

#[test]
fn an_edit_beside_its_renamed_original_takes_over_its_names() {
    use Operation::{EditBeside, Name};
    for change in 0..5 {
        // In the same folder, before and behind it, and in the other one.
        for to in [2, 3, 7] {
            holds([Name { face: 0 }, EditBeside { file: 0, to, change }, SCAN, SCAN]);
        }
    }
}

#[test]
fn two_edits_of_two_copies_take_over_the_names() {
    use Operation::{EditCopies, Name, Undo};
    for change in 0..5 {
        for to in [3, 7] {
            holds([Name { face: 0 }, EditCopies { file: 0, to, change }, SCAN, Undo, SCAN]);
        }
    }
}
