//! The scanned folders, watched while the window is open: what is new, changed or gone in them is told once it lies still,
//! and a drive that goes or comes back as soon as it is noticed. Nothing is scanned here.
//!
//! One thread, which ends with the window and which nobody waits for. The system tells of changes (crate `notify`), not of
//! drives: each folder is looked for every few seconds.

mod gathered;
mod surroundings;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use crossbeam_channel::{Receiver, Sender, bounded};
use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind, RemoveKind};
use notify::{ErrorKind, EventKind, RecommendedWatcher, RecursiveMode, Watcher};

pub(super) use self::gathered::Patience;
use self::gathered::{FileMark, Gathered};
use self::surroundings::{is_on_battery, is_on_network};
use super::presence::{Presence, presence, real_path};
use super::touched::{outermost, worth_a_scan};
use crate::app::engine::facts::{WatchHindrance, Watching};
use crate::app::engine::shared::Shared;
use crate::app::jobs::by_itself;
use crate::app::jobs::walk::may_be_photo;
use crate::library::LibraryError;
use crate::metadata::beside::may_name_people;
use crate::metadata::xmp::Sidecars;
use crate::types::plain;

/// What a watch tells.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum WatchNews {
    Watching(Watching),
    /// Something is new, changed or gone at these paths, or in these folders.
    Touched(Vec<PathBuf>),
    /// Files beside photos may say somebody else is in them.
    NamesTouched,
    /// A folder's drive is not there any more.
    DriveGone,
    /// So much time as lies between two looks at the drives, where somebody wants to know.
    TimePassed,
}

/// How a watch goes about it, or what a test puts in its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    pub patience: Patience,
    /// How often drives and battery are looked at.
    pub every: Duration,
    pub is_on_battery: fn() -> bool,
    pub has_networks: fn(&Shared) -> bool,
}

const PACE: Pace = Pace {
    patience: Patience {
        quiet: Duration::from_secs(1),
        written: Duration::from_secs(30),
        longest: Duration::from_secs(20),
    },
    every: Duration::from_secs(5),
    is_on_battery,
    has_networks: |shared| shared.options().installed(&shared.home).unwrap_or_default(),
};
/// So often it is looked whether what was touched lies still by now.
const LOOKS_IN_QUIET: u32 = 4;

/// So many signals wait for the watch; of more it is only known that there were some.
const SIGNALS: usize = 4096;

/// The window's hold on the watch.
pub(super) struct FolderWatch(SignalQueue);

/// Where signals are left. Nobody waits for room: the system's own thread answers to the watch.
#[derive(Clone)]
struct SignalQueue {
    send: Sender<Signal>,
    is_overfull: Arc<AtomicBool>,
    tells_time: Arc<AtomicBool>,
}

impl SignalQueue {
    fn leave(&self, signal: Signal) {
        if self.send.try_send(signal).is_err() {
            self.is_overfull.store(true, Ordering::Release);
        }
    }
}

enum Signal {
    /// Folders or what their user wants may be others now.
    CheckAgain,
    Happened(notify::Result<notify::Event>),
}

impl FolderWatch {
    pub fn start(shared: &Arc<Shared>, tell: impl FnMut(WatchNews) + Send + 'static) -> Result<Self> {
        Self::start_at(PACE, shared, tell)
    }

    pub(super) fn start_at(
        pace: Pace,
        shared: &Arc<Shared>,
        tell: impl FnMut(WatchNews) + Send + 'static,
    ) -> Result<Self> {
        let (send, signals) = bounded(SIGNALS);
        let queue = SignalQueue { send, is_overfull: Arc::default(), tells_time: Arc::default() };
        let watch = WatchThread {
            shared: Arc::downgrade(shared),
            own: shared.home.own_folders().to_vec(),
            pace,
            tell: Box::new(tell),
            signals,
            queue: queue.clone(),
            system: None,
            folders: BTreeMap::new(),
            gathered: Gathered::new(pace.patience),
            told: Watching::default(),
            is_on_battery: false,
            has_networks: false,
            is_behind: false,
            next_check: Instant::now(),
        };
        thread::Builder::new()
            .name("likeness-folders".into())
            .spawn(move || watch.run())
            .context("cannot start the thread that watches folders")?;
        Ok(Self(queue))
    }

    /// Folders were added or removed, or their user wants it otherwise.
    pub fn check_again(&self) {
        self.0.leave(Signal::CheckAgain);
    }

    /// Tells of time that passes, or does so no more: what only the disk knows is then looked at again.
    pub fn tell_time(&self, wanted: bool) {
        self.0.tells_time.store(wanted, Ordering::Release);
    }
}

struct WatchThread {
    shared: Weak<Shared>,
    /// The program's own folders.
    own: Vec<PathBuf>,
    pace: Pace,
    tell: Box<dyn FnMut(WatchNews) + Send>,
    signals: Receiver<Signal>,
    queue: SignalQueue,
    system: Option<RecommendedWatcher>,
    folders: BTreeMap<PathBuf, WatchedFolder>,
    gathered: Gathered,
    told: Watching,
    is_on_battery: bool,
    /// Whether there is anything to scan with.
    has_networks: bool,
    /// The library could not be asked for its folders.
    is_behind: bool,
    next_check: Instant,
}

#[derive(Debug)]
struct WatchedFolder {
    /// None where it is not there.
    drive: Option<Drive>,
    /// It was removed or renamed: what is at its path now is not watched.
    was_taken_away: bool,
    hindrance: Option<WatchHindrance>,
}

/// By what a folder is told from another one at its path, as of a drive that was plugged in there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Drive(u64, u64);

impl WatchThread {
    fn run(mut self) {
        loop {
            let pause = match self.may_pass_on() {
                true => self.pace.patience.quiet / LOOKS_IN_QUIET,
                false => self.next_check.saturating_duration_since(Instant::now()),
            };
            let first = self.signals.recv_timeout(pause).ok();
            let Some(shared) = self.shared.upgrade() else { return };
            let signals: Vec<Signal> = first.into_iter().chain(self.signals.try_iter()).collect();
            for signal in signals {
                match signal {
                    Signal::CheckAgain => self.follow(&shared),
                    Signal::Happened(Ok(event)) => self.note(&event),
                    Signal::Happened(Err(error)) => self.note_failure(&error),
                }
            }
            if self.queue.is_overfull.swap(false, Ordering::AcqRel) {
                self.follow(&shared);
                self.note_all();
            }
            if self.next_check <= Instant::now() {
                self.next_check = Instant::now() + self.pace.every;
                self.is_on_battery = (self.pace.is_on_battery)();
                self.has_networks = (self.pace.has_networks)(&shared);
                if self.is_behind {
                    self.follow(&shared);
                }
                self.check_drives(&shared);
                if self.queue.tells_time.load(Ordering::Acquire) {
                    (self.tell)(WatchNews::TimePassed);
                }
            }
            self.pass_on(&shared);
            self.tell_state();
            // Who is told first does not ask for it again at once.
            shared.unasked.wait_on_battery(self.is_on_battery);
        }
    }

    /// Watches the folders that the library has now. A library that cannot be read says so to whoever reads it; here it is
    /// asked again later.
    fn follow(&mut self, shared: &Shared) {
        self.is_behind = self.try_follow(shared).is_err();
    }

    fn try_follow(&mut self, shared: &Shared) -> Result<()> {
        let wanted: BTreeMap<PathBuf, bool> = shared.library.ask(|library| {
            let is_wanted = by_itself::of_library(library)?.watches_folders;
            let places = if is_wanted { library.folder_places()? } else { Vec::new() };
            Ok::<_, LibraryError>(places.into_iter().collect())
        })?;
        let gone: Vec<PathBuf> = self.folders.keys().filter(|folder| !wanted.contains_key(*folder)).cloned().collect();
        let new: Vec<_> = wanted.into_iter().filter(|(folder, _)| !self.folders.contains_key(folder)).collect();
        for folder in &gone {
            self.folders.remove(folder);
            self.stop(folder);
        }
        for (folder, was_offline) in &new {
            // What has come or gone since it was looked for last is noticed as if it had happened now.
            let drive = if *was_offline { None } else { drive_of(folder).or(Some(Drive(0, 0))) };
            self.folders.insert(folder.clone(), WatchedFolder { drive, was_taken_away: false, hindrance: None });
        }
        // One that lies in another one was watched with it.
        let others: Vec<PathBuf> = gone.iter().filter_map(|folder| self.outermost(folder)).collect();
        let begun: Vec<PathBuf> = new.iter().filter_map(|(folder, _)| self.outermost(folder)).collect();
        others.iter().chain(&begun).for_each(|folder| self.begin(folder));
        self.check_drives(shared);
        Ok(())
    }

    /// The folder around a path that lies in no other one: the system tells of all below it.
    fn outermost(&self, path: &Path) -> Option<PathBuf> {
        path.ancestors().filter(|at| self.folders.contains_key(*at)).last().map(Path::to_owned)
    }

    /// The folder from which a scan comes to a path.
    fn looking_into(&self, path: &Path) -> Option<PathBuf> {
        outermost(path, &self.own, |folder| self.folders.contains_key(folder)).map(Path::to_owned)
    }

    /// Asks the system to tell of an outermost folder, anew where it did before.
    fn begin(&mut self, folder: &Path) {
        self.stop(folder);
        let hindrance = match self.folders.get(folder) {
            None => return,
            Some(watched) if watched.drive.is_none() => Some(WatchHindrance::Offline),
            Some(_) if is_on_network(folder) => Some(WatchHindrance::NetworkDrive),
            Some(_) => self.ask_system(folder).err().map(|error| {
                // Of a tree that is watched in part nobody knows what is told.
                self.stop(folder);
                hindrance_of(&error)
            }),
        };
        for (inner, watched) in self.folders.iter_mut().filter(|(inner, _)| inner.starts_with(folder)) {
            watched.hindrance = match watched.drive {
                None => Some(WatchHindrance::Offline),
                Some(_) if is_on_network(inner) => Some(WatchHindrance::NetworkDrive),
                Some(_) => hindrance.clone(),
            };
        }
    }

    fn ask_system(&mut self, folder: &Path) -> notify::Result<()> {
        let system = match &mut self.system {
            Some(system) => system,
            None => {
                let queue = self.queue.clone();
                let hear = move |event: notify::Result<notify::Event>| {
                    if !event.as_ref().is_ok_and(|event| is_only_reading(&event.kind)) {
                        queue.leave(Signal::Happened(event));
                    }
                };
                self.system.insert(notify::recommended_watcher(hear)?)
            }
        };
        system.watch(folder, RecursiveMode::Recursive)
    }

    fn stop(&mut self, folder: &Path) {
        if let Some(system) = &mut self.system {
            // It may not have been watched.
            let _ = system.unwatch(folder);
        }
    }

    fn note(&mut self, event: &notify::Event) {
        if event.need_rescan() {
            return self.note_all();
        }
        for path in &event.paths {
            // That a folder itself goes or comes is noticed by a look at it, only not that another one has taken its place.
            if let Some(watched) = self.folders.get_mut(path) {
                watched.was_taken_away |= takes_away(&event.kind);
                continue;
            }
            // Picasa hides what it leaves in a folder; a hidden photo is none.
            let place = path.parent().filter(|_| may_name_people(path)).unwrap_or(path);
            let Some(root) = self.looking_into(place) else { continue };
            if may_matter(path, &event.kind) {
                let is_written = CLOSING_IS_TOLD && begins_writing(&event.kind);
                self.gathered.note(&root, path, is_written, Instant::now());
            }
        }
    }

    /// More has happened than could be told.
    fn note_all(&mut self) {
        let all: Vec<PathBuf> = self.folders.keys().filter_map(|folder| self.looking_into(folder)).collect();
        all.iter().for_each(|folder| self.gathered.note(folder, folder, false, Instant::now()));
    }

    /// What the system says later of folders that have come since.
    fn note_failure(&mut self, error: &notify::Error) {
        let hindrance = hindrance_of(error);
        let told: Vec<PathBuf> = error.paths.iter().filter_map(|path| self.outermost(path)).collect();
        for (folder, watched) in &mut self.folders {
            let is_meant = told.is_empty() || told.contains(folder);
            if is_meant && hindrance == WatchHindrance::LimitReached && watched.hindrance.is_none() {
                watched.hindrance = Some(hindrance.clone());
            }
        }
    }

    /// Notices folders that have gone, come back, or are others now.
    fn check_drives(&mut self, shared: &Shared) {
        let mut changed = Vec::new();
        for (folder, watched) in &mut self.folders {
            let (before, now) = (watched.drive, drive_of(folder));
            let is_another = std::mem::take(&mut watched.was_taken_away) && now.is_some();
            if before != now || is_another {
                watched.drive = now;
                changed.push(folder.clone());
            }
        }
        for folder in &changed {
            let (Some(outermost), Some(root)) = (self.outermost(folder), self.looking_into(folder)) else { continue };
            self.begin(&outermost);
            match self.folders[folder].drive {
                // A folder that is there has photos to be looked for.
                Some(_) => self.gathered.note(&root, folder, false, Instant::now()),
                None => self.drive_gone(shared, folder),
            }
        }
    }

    fn drive_gone(&mut self, shared: &Shared, folder: &Path) {
        if matches!(presence(folder, &shared.library), Ok(Presence::Offline)) {
            shared.library_changed();
            (self.tell)(WatchNews::DriveGone);
        }
    }

    fn may_pass_on(&self) -> bool {
        !self.gathered.is_empty() && !self.is_on_battery && self.has_networks
    }

    /// Tells what lies still by now and is worth a scan, and whether names are worth a look.
    fn pass_on(&mut self, shared: &Shared) {
        if !self.may_pass_on() {
            return;
        }
        let due = self.gathered.take_due(Instant::now(), &mark);
        let (beside, due): (Vec<PathBuf>, Vec<PathBuf>) =
            due.into_iter().partition(|path| may_name_people(path) && !path.is_dir());
        if !beside.is_empty() {
            shared.names_changed().add(beside.iter().filter_map(|path| Sidecars::owner(&real_place(path))));
            (self.tell)(WatchNews::NamesTouched);
        }
        match worth_a_scan(&shared.library, due.clone(), &self.own) {
            Ok(touched) if touched.is_empty() => {}
            Ok(touched) => (self.tell)(WatchNews::Touched(touched)),
            // Whoever reads the library next says why it cannot be read.
            Err(_) => due.iter().for_each(|path| self.gathered.note(path, path, false, Instant::now())),
        }
    }

    fn tell_state(&mut self) {
        let folders = self.folders.iter().map(|(folder, watched)| (folder.clone(), watched.hindrance.clone()));
        let now = Watching { folders: folders.collect(), on_battery: self.is_on_battery };
        if now != self.told {
            self.told = now.clone();
            (self.tell)(WatchNews::Watching(now));
        }
    }
}

/// Linux tells when a file that was written into is closed.
const CLOSING_IS_TOLD: bool = cfg!(target_os = "linux");

fn is_only_reading(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Access(kind) if *kind != AccessKind::Close(AccessMode::Write))
}

/// Its file is open until somebody closes it.
fn begins_writing(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Create(CreateKind::File) | EventKind::Modify(ModifyKind::Data(_)))
}

fn takes_away(kind: &EventKind) -> bool {
    matches!(kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)))
}

/// The path as the library has it. A link is no other file's sidecar than its own name says.
fn real_place(file: &Path) -> PathBuf {
    let folder = file.parent().and_then(|folder| real_path(folder).ok());
    folder.zip(file.file_name()).map_or_else(|| file.to_owned(), |(folder, name)| folder.join(name))
}

/// Whether what happened can be of a photo, of what says who is in it, or of a folder with photos.
fn may_matter(path: &Path, kind: &EventKind) -> bool {
    match kind {
        _ if may_be_photo(path) || may_name_people(path) => true,
        EventKind::Remove(RemoveKind::File) | EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)) => false,
        _ => path.is_dir() || !path.exists(),
    }
}

fn hindrance_of(error: &notify::Error) -> WatchHindrance {
    match &error.kind {
        ErrorKind::MaxFilesWatch => WatchHindrance::LimitReached,
        ErrorKind::PathNotFound => WatchHindrance::Offline,
        ErrorKind::Io(error) => WatchHindrance::Refused(plain(error)),
        _ => WatchHindrance::Refused(error.to_string()),
    }
}

fn mark(path: &Path) -> FileMark {
    let metadata = fs::metadata(path).ok()?;
    // A folder's own time says nothing of how far its files are.
    metadata.is_file().then(|| (metadata.len(), metadata.modified().ok()))
}

#[cfg(unix)]
fn drive_of(folder: &Path) -> Option<Drive> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(folder).ok().filter(fs::Metadata::is_dir)?;
    Some(Drive(metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn drive_of(folder: &Path) -> Option<Drive> {
    folder.is_dir().then_some(Drive(0, 0))
}
