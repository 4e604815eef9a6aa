//! What can happen: to the files, to the program, and what its user decides. Each step says its choices as numbers that
//! are taken modulo what there is to choose from, so that it means something whatever other steps are left out.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::history::History;
use super::pictures::{Change, Picture, SHOTS};
use super::world::{Drive, FOLDERS, NAMES, Place};
use crate::library::MissingPolicy;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Scan {
        accept: bool,
    },
    New {
        to: u8,
        scene: u8,
    },
    Edit {
        file: u8,
        change: u8,
        to_copy: bool,
    },
    EditBeside {
        file: u8,
        to: u8,
        change: u8,
    },
    EditCopies {
        file: u8,
        to: u8,
        change: u8,
    },
    Replace {
        file: u8,
        scene: u8,
    },
    ReplaceQuietly {
        file: u8,
        scene: u8,
    },
    Revert {
        file: u8,
    },
    RenameInChain {
        folder: u8,
    },
    Rename {
        file: u8,
        to: u8,
    },
    Swap {
        file: u8,
        with: u8,
    },
    Copy {
        file: u8,
        to: u8,
    },
    Delete {
        file: u8,
    },
    Unplug {
        folder: u8,
    },
    EmptyMount {
        folder: u8,
    },
    Plug,
    PlugElsewhere {
        folder: u8,
    },
    ExchangeDrives,
    Touch {
        file: u8,
    },
    Comment {
        file: u8,
        text: u8,
    },
    Break {
        file: u8,
    },
    Mend,
    /// Of a file that the library knows.
    Spoil {
        file: u8,
    },
    /// A file that was gone is back, and cannot be read.
    ReturnUnreadable {
        file: u8,
    },
    Heal,
    RemoveFolder {
        folder: u8,
    },
    /// The folder inside this one is scanned by itself as well, or not any more.
    AddInner {
        folder: u8,
    },
    RemoveInner {
        folder: u8,
    },
    Rubbish {
        file: u8,
        number: u8,
    },
    Name {
        face: u8,
    },
    Confirm {
        face: u8,
    },
    Reject {
        face: u8,
    },
    /// What was decided about a page that another program has changed.
    Stale {
        face: u8,
        what: u8,
    },
    Move {
        face: u8,
        to: u8,
    },
    TakeOut {
        face: u8,
    },
    Strangers {
        face: u8,
    },
    NotAPerson {
        face: u8,
    },
    Restore {
        face: u8,
    },
    Hide {
        face: u8,
    },
    Show {
        person: u8,
    },
    TakeBackName {
        person: u8,
    },
    TakeBackYes {
        face: u8,
    },
    Merge {
        from: u8,
        into: u8,
    },
    TellApart {
        one: u8,
        other: u8,
    },
    MayBeSame {
        pair: u8,
    },
    /// A group of different people.
    Split {
        face: u8,
    },
    Cover {
        face: u8,
    },
    AutomaticCover {
        face: u8,
    },
    PutBack {
        lost: u8,
        onto: u8,
    },
    LetGo {
        lost: u8,
    },
    TakeBackLetGo {
        face: u8,
    },
    TakeBackReject {
        rejection: u8,
    },
    Forget {
        face: u8,
        may_find_again: bool,
    },
    Undo,
    Redo,
    UndoAndRedo,
    Regroup,
    OtherDetector,
    OtherModel,
    Kill {
        calls: u8,
    },
    Restart,
    /// Makes one where there is none yet.
    RestoreBackup,
}

impl Operation {
    /// Half of all steps are files', a third the user's; a scan follows soon.
    pub fn random(rng: &mut ChaCha8Rng) -> Self {
        let (a, b): (u8, u8) = (rng.random(), rng.random());
        let yes: bool = rng.random();
        match rng.random_range(0..123) {
            0..17 => Self::Scan { accept: yes },
            17 => Self::RestoreBackup,
            18..22 => Self::New { to: a, scene: b },
            22..27 => Self::Edit { file: a, change: b, to_copy: rng.random_range(0..4) == 0 },
            27..29 => Self::EditBeside { file: a, to: b, change: rng.random() },
            29..31 => Self::EditCopies { file: a, to: b, change: rng.random() },
            31..34 => Self::Replace { file: a, scene: b },
            34..36 => Self::ReplaceQuietly { file: a, scene: b },
            36..38 => Self::Revert { file: a },
            38..40 => Self::RenameInChain { folder: a },
            40..42 => Self::Rename { file: a, to: b },
            42..44 => Self::Swap { file: a, with: b },
            44..46 => Self::Copy { file: a, to: b },
            46..49 => Self::Delete { file: a },
            49 => Self::RestoreBackup,
            50 => Self::Unplug { folder: a },
            51 => Self::EmptyMount { folder: a },
            52..54 => Self::Plug,
            54 => Self::PlugElsewhere { folder: a },
            55 => Self::ExchangeDrives,
            56 => Self::Touch { file: a },
            57 => Self::Comment { file: a, text: b },
            58 => Self::Break { file: a },
            59 => Self::Mend,
            60 => Self::Rubbish { file: a, number: b },
            61..67 => Self::Name { face: a },
            67..71 => Self::Confirm { face: a },
            71..74 => Self::Reject { face: a },
            74 => Self::Stale { face: a, what: b },
            75..78 => Self::Move { face: a, to: b },
            78 => Self::TakeOut { face: a },
            79 => Self::Strangers { face: a },
            80 => Self::NotAPerson { face: a },
            81 => Self::Restore { face: a },
            82 => Self::Hide { face: a },
            83 => Self::Show { person: a },
            84..87 => Self::Merge { from: a, into: b },
            87 => Self::TellApart { one: a, other: b },
            88 => Self::MayBeSame { pair: a },
            89 => Self::PutBack { lost: a, onto: b },
            90 => Self::LetGo { lost: a },
            91 => Self::Undo,
            92 => Self::Redo,
            93 => Self::UndoAndRedo,
            94 => Self::Regroup,
            95 => Self::OtherDetector,
            96 => Self::OtherModel,
            97..99 => Self::Kill { calls: a % 48 },
            99 => Self::Restart,
            100..102 => Self::Spoil { file: a },
            102 => Self::Heal,
            103 => Self::ReturnUnreadable { file: a },
            104..106 => Self::RemoveFolder { folder: a },
            106..109 => Self::AddInner { folder: a },
            109 => Self::RemoveInner { folder: a },
            110..112 => Self::Forget { face: a, may_find_again: yes },
            112..115 => Self::TakeBackReject { rejection: a },
            115 => Self::TakeBackName { person: a },
            116 => Self::TakeBackYes { face: a },
            117..119 => Self::Split { face: a },
            119 => Self::TellApart { one: a, other: b },
            120 => Self::Cover { face: a },
            121 => Self::AutomaticCover { face: a },
            _ => Self::TakeBackLetGo { face: a },
        }
    }

    /// Does it, and compares what the library then says with what must hold.
    pub fn run(self, history: &mut History) -> Result<(), String> {
        match self {
            Self::Scan { accept } => {
                return history.scan(if accept { MissingPolicy::Accept } else { MissingPolicy::Ask });
            }
            Self::Kill { calls } => return history.killed_scan(calls),
            Self::Restart => history.restart(),
            Self::RestoreBackup => history.restore_backup(),
            Self::EditCopies { file, to, change } => edit_copies(history, [file, to, change])?,
            Self::Regroup => history.regroup()?,
            Self::OtherDetector => history.world.change_detector(),
            Self::OtherModel => history.change_model()?,
            Self::Undo => history.undo()?,
            Self::Redo => history.redo()?,
            Self::UndoAndRedo => history.undo_and_redo()?,
            _ => {
                self.change_files(history);
                self.decide(history)?;
            }
        }
        history.check()
    }

    fn change_files(self, history: &mut History) {
        let world = &mut history.world;
        let places: Vec<Place> = world.files.keys().copied().collect();
        let file = |number: u8| places.get(number as usize % places.len().max(1)).copied();
        let folder = |number: u8| number as usize % FOLDERS;
        match self {
            Self::New { to, scene } => world.write(anywhere(to), Picture::shot(scene), 0),
            // The original is renamed, and its edit saved under its name.
            Self::EditBeside { file: number, to, change } => {
                let Some(place) = file(number) else { return };
                let (to, edited) = (anywhere(to), world.files[&place].edited(Change::of(change)));
                if to != place {
                    world.rename(place, to);
                    world.write(place, edited, 0);
                }
            }
            Self::Edit { file: number, change, to_copy } => {
                let Some(place) = file(number) else { return };
                let edited = world.files[&place].edited(Change::of(change));
                let to = if to_copy { (place.0, (place.1 + 1) % NAMES) } else { place };
                world.write(to, edited, 0);
            }
            Self::Replace { file: number, scene } => {
                let Some(place) = file(number) else { return };
                world.write(place, instead_of(world.files[&place], scene), 0);
            }
            #[cfg(unix)]
            Self::ReplaceQuietly { file: number, scene } => {
                let Some(place) = file(number) else { return };
                world.write_quietly(place, instead_of(world.files[&place], scene));
            }
            Self::Revert { file: number } => {
                let Some(place) = file(number) else { return };
                let scene = world.files[&place].scene;
                world.write(place, Picture::shot(scene), 0);
            }
            Self::RenameInChain { folder: number } => {
                let folder = folder(number);
                for name in (1..NAMES).rev() {
                    let (from, to) = ((folder, name - 1), (folder, name));
                    if world.files.contains_key(&from) {
                        world.rename(from, to);
                    }
                }
            }
            Self::Rename { file: number, to } => {
                let (Some(from), to) = (file(number), anywhere(to)) else { return };
                if from != to {
                    world.rename(from, to);
                }
            }
            Self::Swap { file: number, with } => {
                let (Some(a), Some(b)) = (file(number), file(with)) else { return };
                if a != b {
                    world.swap(a, b);
                }
            }
            Self::Copy { file: number, to } => {
                let Some(from) = file(number) else { return };
                world.write(anywhere(to), world.files[&from], 0);
            }
            Self::Delete { file: number } => _ = file(number).map(|place| world.delete(place)),
            Self::Unplug { folder: number } if world.listed[folder(number)] => {
                world.set_drive(folder(number), Drive::Unplugged);
            }
            Self::EmptyMount { folder: number } => world.set_drive(folder(number), Drive::Empty),
            Self::Plug => (0..FOLDERS).for_each(|folder| world.set_drive(folder, Drive::There)),
            Self::PlugElsewhere { folder: number } => history.move_folder(folder(number)),
            Self::ExchangeDrives if world.drives == [Drive::There; FOLDERS] => {
                world.heal();
                world.exchange_drives();
            }
            Self::Spoil { file: number } => {
                let Some(place) = file(number) else { return };
                if history.model.knows(&world.path(place)) {
                    world.spoil(place);
                }
            }
            Self::ReturnUnreadable { file: number } => {
                let gone: Vec<(Place, Picture)> = world
                    .free_places()
                    .filter_map(|place| Some((place, history.model.last_at(&world.path(place))?)))
                    .collect();
                let Some(&(place, picture)) = gone.get(number as usize % gone.len().max(1)) else { return };
                world.write(place, picture, 0);
                world.spoil(place);
            }
            Self::Heal => world.heal(),
            Self::RemoveFolder { folder: number } => history.remove_folder(folder(number)),
            Self::AddInner { folder: number } => history.add_inner(folder(number)),
            Self::RemoveInner { folder: number } => history.remove_inner(folder(number)),
            Self::Touch { file: number } => _ = file(number).map(|place| world.touch(place)),
            Self::Comment { file: number, text } => {
                let Some(place) = file(number) else { return };
                world.write(place, world.files[&place], 1 + text % 2);
            }
            Self::Break { file: number } => _ = file(number).map(|place| world.break_file(place)),
            Self::Mend => {
                let broken: Vec<Place> = world.broken.keys().copied().collect();
                broken.into_iter().for_each(|place| world.mend_file(place));
            }
            Self::Rubbish { file: number, number: which } => {
                let Some(place) = file(number) else { return };
                world.write(place, Picture::rubbish(which), 0);
            }
            _ => {}
        }
    }
}

fn anywhere(number: u8) -> Place {
    (number as usize / NAMES as usize % FOLDERS, number % NAMES)
}

/// Mostly a shot of the same framing: the scenes beside it.
fn instead_of(picture: Picture, scene: u8) -> Picture {
    Picture::shot(if scene.is_multiple_of(2) { picture.scene ^ 1 } else { scene / 2 % SHOTS })
}

/// A copy is scanned; then both are edited, each in its own way.
fn edit_copies(history: &mut History, [file, to, change]: [u8; 3]) -> Result<(), String> {
    let places: Vec<Place> = history.world.files.keys().copied().collect();
    let Some(&from) = places.get(file as usize % places.len().max(1)) else { return Ok(()) };
    let to = anywhere(to);
    let picture = history.world.files[&from];
    if to != from {
        history.world.write(to, picture, 0);
        history.scan(MissingPolicy::Ask)?;
        history.world.write(from, picture.edited(Change::of(change)), 0);
        history.world.write(to, picture.edited(Change::of(change.wrapping_add(1))), 0);
    }
    Ok(())
}
