//! The program killed at random moments of everything that writes to the library: the library is sound, no name that it
//! acknowledged is lost, and what it was doing is done as a whole or not at all. And of training ([`training`]).
//!
//! `LIKENESS_KILLS` says how many times (some twenty by default); what had ended before it was killed does not count. With
//! `LIKENESS_KILLED_HOME` (a home folder whose models are installed) and `LIKENESS_KILLED_PHOTOS` (a folder of photos) it
//! is killed in scans of these, too.
//!
//! Each change is first done on a copy of the home that nobody kills: what is left of the killed one has to be as before,
//! or as there. What has no command of its own is done by this test's own program, started a second time.

#[path = "killed/training.rs"]
mod training;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use likeness::app::engine::networks::EngineOptions;
use likeness::library::care::{self, BackupReason};
use likeness::library::{
    Decision, FaceRecord, FileFacts, FileHashes, GroupedBy, Library, MissingPolicy, PhotoRecord, ScanOutcome,
};
use likeness::types::{Detection, Embedding, FaceBox, FaceId, Landmarks, PersonId, Revision};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What is killed, in this order.
const WORK: [Work; 15] = [
    Work::Name,
    Work::Confirm,
    Work::Reject,
    Work::Name,
    Work::Merge,
    Work::Undo,
    Work::Regroup,
    Work::Scan,
    Work::Backup,
    Work::Export,
    Work::Import,
    Work::Name,
    Work::Forget,
    Work::Migrate,
    Work::Restore,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    Name,
    Confirm,
    Reject,
    Merge,
    Undo,
    Regroup,
    Scan,
    Backup,
    Export,
    Import,
    Forget,
    Migrate,
    Restore,
}

/// How a kill ended.
#[derive(Debug, Default)]
struct Counts {
    kills: usize,
    /// It had ended by itself before.
    too_late: usize,
    not_done: usize,
    done: usize,
    /// Batches of a scan.
    in_part: usize,
}

struct World {
    /// Of the test, with all that follows.
    folder: tempfile::TempDir,
    rng: ChaCha8Rng,
}

impl World {
    fn new() -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap(), rng: ChaCha8Rng::seed_from_u64(7) };
        for (home, faces) in [(world.home(), "300"), (world.at("other"), "120")] {
            run(&home, &["synth", "--library", faces, "--seed", &faces[..1]]);
            group(&home);
        }
        let mut other = open(&world.at("other"));
        for (number, person) in people(&other).into_iter().take(4).enumerate() {
            let name = format!("Brought {number}");
            other.decide(&Decision::Name { person: person.0, name }, Revision::NOW).unwrap();
        }
        run(&world.at("other"), &["library", "export", world.at("brought.jsonl").to_str().unwrap()]);
        let backup = open(&world.home()).back_up(BackupReason::Asked).unwrap();
        std::fs::copy(backup, world.at("begun.sqlite")).unwrap();
        world
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn home(&self) -> PathBuf {
        self.at("home")
    }

    /// The command that does the work in a home; the same each time for one number.
    fn command(&self, work: Work, number: usize, home: &Path) -> Command {
        let outside = |name: &str| self.at(name).to_str().unwrap().to_owned();
        let library = open(&self.home());
        let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
        let people = people(&library);
        let anybody = people[rng.random_range(0..people.len())].0.0.to_string();
        let named: Vec<PersonId> =
            people.iter().filter(|(_, name)| name.is_some()).map(|(person, _)| *person).collect();
        let somebody = named.get(rng.random_range(0..named.len().max(1))).map_or(anybody.clone(), |p| p.0.to_string());
        drop(library);
        let arguments = match work {
            Work::Name => vec!["people".into(), "--name".into(), anybody, format!("Person{number:06}")],
            Work::Backup => vec!["library".into(), "backup".into()],
            Work::Export => vec!["library".into(), "export".into(), outside("exported.jsonl")],
            Work::Import => vec!["library".into(), "import".into(), outside("brought.jsonl")],
            Work::Forget => vec!["people".into(), "--forget".into(), somebody, "--yes".into()],
            Work::Migrate => vec!["people".into(), "--json".into()],
            Work::Restore => vec!["library".into(), "restore".into(), outside("begun.sqlite")],
            Work::Confirm | Work::Reject | Work::Merge | Work::Undo | Work::Regroup | Work::Scan => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.args(["--exact", "done_by_a_second_program"]).env("LIKENESS_KILLED_WORK", format!("{work:?}"));
                command.env("LIKENESS_KILLED_NUMBER", number.to_string()).env("LIKENESS_KILLED_LIBRARY", home);
                return command;
            }
        };
        let mut command = likeness(home);
        command.args(arguments);
        command
    }

    /// Kills it at a random moment of as long as it takes. Whether it ended by itself, and well.
    fn kill(&mut self, mut command: Command, takes: Duration) -> bool {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let until = Instant::now() + takes.mul_f64(self.rng.random_range(0.0..1.1));
        while Instant::now() < until {
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.success(), "{command:?}");
                return true;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = child.kill();
        child.wait().unwrap().success()
    }

    /// Whether it was killed before its end.
    fn one(&mut self, work: Work, number: usize, counts: &mut Counts) -> bool {
        let _ = std::fs::remove_file(self.at("exported.jsonl"));
        let home = if work == Work::Migrate { self.old_home() } else { self.home() };
        let unkilled = self.at("unkilled");
        let _ = std::fs::remove_dir_all(&unkilled);
        copy(&home, &unkilled);
        let before = if work == Work::Migrate { told(&copy(&home, &self.at("asked"))) } else { told(&home) };
        let begun = Instant::now();
        let reference = self.command(work, number, &unkilled).output().unwrap();
        assert!(reference.status.success(), "{work:?} {number}: {}", String::from_utf8_lossy(&reference.stderr));
        let (takes, after) = (begun.elapsed(), told(&unkilled));
        let _ = std::fs::remove_file(self.at("exported.jsonl"));
        let command = self.command(work, number, &home);
        let has_ended = self.kill(command, takes);

        let at = format!("{work:?}, number {number}, ended by itself: {has_ended}");
        let report = care::check(&home.join("library.sqlite"));
        assert!(report.is_sound(), "{at}: {report:?}");
        let is_migrated = report.older_format.is_none();
        let now = told(&home);
        counts.kills += usize::from(!has_ended);
        counts.too_late += usize::from(has_ended);
        match work {
            _ if has_ended => assert!(now == after, "{at}: {}", difference(&after, &now)),
            Work::Scan => {
                assert!(before.is_subset(&now) && now.is_subset(&after), "{at}: {}", difference(&before, &now));
                counts.in_part += usize::from(now != before && now != after);
                counts.not_done += usize::from(now == before);
                counts.done += usize::from(now == after);
            }
            Work::Migrate => {
                assert!(now == before, "{at}: {}", difference(&before, &now));
                counts.done += usize::from(is_migrated);
                counts.not_done += usize::from(!is_migrated);
            }
            _ => {
                assert!(now == before || now == after, "{at}: {}", difference(&before, &now));
                counts.done += usize::from(now == after && before != after);
                counts.not_done += usize::from(now == before);
            }
        }
        self.look_further(work, &home, &before, &now, &at);
        !has_ended
    }

    /// At what else each leaves behind.
    fn look_further(&self, work: Work, home: &Path, before: &BTreeSet<String>, now: &BTreeSet<String>, at: &str) {
        let backups = care::backups(&home.join("library.sqlite")).unwrap();
        assert!(backups.iter().all(care::Backup::is_sound), "{at}: {backups:?}");
        if work == Work::Migrate {
            assert!(backups.iter().any(|backup| backup.reason == BackupReason::Migration), "{at}");
        }
        if let Ok(exported) = std::fs::read_to_string(self.at("exported.jsonl")) {
            let whole: BTreeSet<String> = now.iter().filter(|line| line.starts_with('{')).cloned().collect();
            assert_eq!(lines(&exported), whole, "{at}");
        }
        let gone = names(before).difference(&names(now)).cloned().collect::<Vec<_>>();
        if let (Work::Forget, [name]) = (work, &gone[..]) {
            // A kill may leave it in the log and in backups; forgotten again, or at the next scan, it is nowhere.
            let mut library = open(home);
            library.back_up_if_due().unwrap();
            drop(library);
            for file in walkdir::WalkDir::new(home).into_iter().flatten().filter(|file| file.file_type().is_file()) {
                let bytes = std::fs::read(file.path()).unwrap();
                let is_found = bytes.windows(name.len()).any(|part| part == name.as_bytes());
                assert!(!is_found, "{at}: {name} is in {:?}", file.path());
            }
        }
    }

    /// A home with the library of version 0.1.
    fn old_home(&self) -> PathBuf {
        let home = self.at("old");
        let _ = std::fs::remove_dir_all(&home);
        let _ = std::fs::remove_dir_all(self.at("asked"));
        std::fs::create_dir(&home).unwrap();
        let packed = include_bytes!("fixtures/library-0.1/library.sqlite.gz");
        let mut whole = Vec::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut whole).unwrap();
        std::fs::write(home.join("library.sqlite"), whole).unwrap();
        home
    }
}

fn likeness(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
    command.arg("--home").arg(home).stdin(Stdio::null());
    command
}

fn run(home: &Path, args: &[&str]) {
    let output = likeness(home).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn open(home: &Path) -> Library {
    Library::open(&home.join("library.sqlite")).unwrap()
}

fn copy(from: &Path, to: &Path) -> PathBuf {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type().is_dir() {
            true => std::fs::create_dir_all(target).unwrap(),
            false => _ = std::fs::copy(entry.path(), target).unwrap(),
        }
    }
    to.to_owned()
}

/// People with faces or a name, in order.
fn people(library: &Library) -> Vec<(PersonId, Option<String>)> {
    library.everyone().unwrap().into_iter().map(|person| (person.id, person.name)).collect()
}

/// All people, photos, faces and decisions, and the steps of the history.
fn told(home: &Path) -> BTreeSet<String> {
    let library = open(home);
    let mut text = Vec::new();
    library.export(&mut text).unwrap();
    let mut told = lines(std::str::from_utf8(&text).unwrap());
    let steps = library.history(usize::MAX >> 1).unwrap();
    told.extend(steps.iter().rev().enumerate().map(|(at, step)| format!("{at} {:?} {}", step.action, step.is_undone)));
    told
}

/// The lines of an export that tell something.
fn lines(text: &str) -> BTreeSet<String> {
    let is_frame = |line: &&str| line.contains("\"kind\":\"header\"") || line.contains("\"kind\":\"end\"");
    text.lines().filter(|line| !is_frame(line)).map(str::to_owned).collect()
}

fn names(told: &BTreeSet<String>) -> BTreeSet<String> {
    let values = told.iter().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    values
        .filter(|value| value["kind"] == "person")
        .filter_map(|value| Some(value["name"].as_str()?.to_owned()))
        .collect()
}

fn difference(a: &BTreeSet<String>, b: &BTreeSet<String>) -> String {
    let only = |a: &BTreeSet<String>, b| a.difference(b).take(6).cloned().collect::<Vec<_>>().join("\n  ");
    format!("\nexpected alone:\n  {}\nfound alone:\n  {}", only(a, b), only(b, a))
}

/// Groups of five faces, whoever they are: something to name.
fn group(home: &Path) {
    let mut library = open(home);
    let input = library.faces_to_group(&EngineOptions::default().model_id()).unwrap();
    let faces: Vec<FaceId> = input.faces.iter().map(|face| face.face_id).collect();
    let groups: Vec<Vec<FaceId>> = faces.chunks(5).map(<[FaceId]>::to_vec).collect();
    library.apply_grouping(&groups, GroupedBy::Scan, input.revision).unwrap();
}

/// Not a test: what the test above kills.
#[test]
fn done_by_a_second_program() {
    let Some(work) = std::env::var_os("LIKENESS_KILLED_WORK") else { return };
    let number: usize = std::env::var("LIKENESS_KILLED_NUMBER").unwrap().parse().unwrap();
    let mut library = open(Path::new(&std::env::var_os("LIKENESS_KILLED_LIBRARY").unwrap()));
    let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
    let mut everyone = library.everyone().unwrap();
    everyone.retain(|person| !person.faces.is_empty());
    everyone.shuffle(&mut rng);
    let person = everyone[0].id;
    let faces: Vec<FaceId> = everyone[0].faces.iter().map(|face| face.face_id).take(2).collect();
    match work.to_str().unwrap() {
        "Confirm" => _ = library.decide(&Decision::Confirm { person, faces }, Revision::NOW).unwrap(),
        "Reject" => _ = library.decide(&Decision::Reject { person, faces }, Revision::NOW).unwrap(),
        "Merge" => {
            let into = everyone[1].id;
            let against = library.against_merge(person, into).unwrap();
            _ = library.decide(&Decision::Merge { from: person, into, against }, Revision::NOW).unwrap();
        }
        "Undo" => _ = library.decide(&Decision::Undo(likeness::types::StepId::LATEST), Revision::NOW).unwrap(),
        "Regroup" => regroup(&mut library, &mut rng),
        "Scan" => scan(&mut library, number),
        other => panic!("{other}"),
    }
}

fn regroup(library: &mut Library, rng: &mut ChaCha8Rng) {
    let input = library.faces_to_group(&EngineOptions::default().model_id()).unwrap();
    let mut faces: Vec<FaceId> = input.faces.iter().map(|face| face.face_id).collect();
    faces.shuffle(rng);
    let groups: Vec<Vec<FaceId>> = faces.chunks(4).map(<[FaceId]>::to_vec).collect();
    library.before_grouping(&groups).unwrap();
    library.apply_grouping(&groups, GroupedBy::User(&[]), input.revision).unwrap();
}

fn scan(library: &mut Library, number: usize) {
    let folder = Path::new("/photos that are not there").join(number.to_string());
    let scan = library.begin_scan(&folder).unwrap();
    for batch in 0..6 {
        let photos: Vec<PhotoRecord> = (0..5).map(|photo| made_photo(&folder, number, batch * 5 + photo)).collect();
        library.record_photos(scan, &photos).unwrap();
    }
    library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
}

fn made_photo(folder: &Path, number: usize, photo: u8) -> PhotoRecord {
    let mut hash = [photo; 32];
    hash[..8].copy_from_slice(&(number as u64).to_le_bytes());
    let options = EngineOptions::default();
    let face = |place: u8| FaceRecord {
        detection: Detection {
            face_box: FaceBox { x: 100.0 * f32::from(place), y: 10.0, width: 60.0, height: 80.0 },
            score: 0.9,
            landmarks: Landmarks([[20.0, 30.0]; 5]),
        },
        embedding: Embedding::normalise((0..128).map(|at| f32::from((at ^ photo ^ place) % 7) - 2.9).collect()).ok(),
        crop_jpeg: vec![photo; 3000],
    };
    PhotoRecord {
        file: FileFacts {
            path: folder.join(format!("{photo}.jpg")),
            size: 1000,
            mtime_ns: 1,
            ctime_ns: None,
            hashes: Some(FileHashes { file: hash, picture: hash }),
        },
        width: 640,
        height: 480,
        format: "jpeg".into(),
        captured_at: Some("2026-01-01T00:00:00".into()),
        camera: None,
        gps: None,
        detector: options.detector_id(),
        model: options.model_id(),
        faces: (0..3).map(face).collect(),
    }
}

#[test]
fn no_name_is_lost_however_the_program_ends() {
    let kills = std::env::var("LIKENESS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(20);
    let mut world = World::new();
    let mut counts: BTreeMap<Work, Counts> = BTreeMap::new();
    let mut killed = 0;
    for number in 0.. {
        if killed >= kills && number % WORK.len() == 0 {
            break;
        }
        let work = WORK[number % WORK.len()];
        killed += usize::from(world.one(work, number, counts.entry(work).or_default()));
    }
    println!("{killed} kills");
    for (work, counts) in &counts {
        println!("{work:?}: {counts:?}");
    }
}

/// A scan commits many times, and what it finds is not known before: the names stay.
#[test]
fn no_name_is_lost_in_a_killed_scan_of_photos() {
    let from = |variable: &str| std::env::var_os(variable).map(PathBuf::from);
    let (Some(home), Some(photos)) = (from("LIKENESS_KILLED_HOME"), from("LIKENESS_KILLED_PHOTOS")) else { return };
    let kills: usize = std::env::var("LIKENESS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(24);
    let arguments = ["scan", photos.to_str().unwrap(), "--offline"];
    let begun = Instant::now();
    run(&home, &arguments);
    let takes = begun.elapsed();
    let mut world = World { folder: tempfile::tempdir().unwrap(), rng: ChaCha8Rng::seed_from_u64(9) };
    for number in 0..kills {
        let all = people(&open(&home));
        let person = all[number % all.len()].0.0.to_string();
        run(&home, &["people", "--name", &person, &format!("Person{number:06}")]);
        let before = names(&told(&home));
        let mut command = likeness(&home);
        command.args(arguments);
        world.kill(command, takes);
        assert!(care::check(&home.join("library.sqlite")).is_sound());
        assert!(before.is_subset(&names(&told(&home))), "kill {number}");
    }
}
