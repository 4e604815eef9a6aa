//! The program killed at random moments while it names people, backs up and scans: no name that it acknowledged is
//! lost, and the library is sound.
//!
//! `LIKENESS_KILLS` says how many times (a few by default). With `LIKENESS_KILLED_HOME` (a home folder whose models are
//! installed) and `LIKENESS_KILLED_PHOTOS` (a folder of photos) it is killed while it scans and regroups them, too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const PEOPLE: usize = 40;

/// What a person may be called now.
#[derive(Debug, Default)]
struct Names {
    /// The last name that the program acknowledged.
    sure: Option<String>,
    /// Names given since by a program that was killed: kept or not.
    perhaps: Vec<String>,
}

struct World {
    home: PathBuf,
    photos: Option<PathBuf>,
    named: BTreeMap<i64, Names>,
    ids: Vec<i64>,
    rng: ChaCha8Rng,
}

impl World {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
        command.arg("--home").arg(&self.home).args(args).stdin(Stdio::null());
        command
    }

    fn run(&self, args: &[&str]) -> String {
        let output = self.command(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Starts a command and kills it after a random while. Whether it ended by itself, and well.
    fn kill(&mut self, args: &[&str], longest: Duration) -> bool {
        let mut child = self.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let until = Instant::now() + longest.mul_f64(self.rng.random_range(0.0..1.0));
        while Instant::now() < until {
            if let Some(status) = child.try_wait().unwrap() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        end(&mut child)
    }

    fn name_somebody(&mut self, number: usize, longest: Duration) {
        let person = self.ids[self.rng.random_range(0..self.ids.len())];
        let name = format!("Name {number}");
        let kept = self.kill(&["people", "--name", &person.to_string(), &name], longest);
        let names = self.named.entry(person).or_default();
        match kept {
            true => *names = Names { sure: Some(name), perhaps: Vec::new() },
            false => names.perhaps.push(name),
        }
    }

    fn check(&self) {
        self.run(&["library", "check"]);
        let people: serde_json::Value = serde_json::from_str(&self.run(&["people", "--json"])).unwrap();
        for (person, names) in &self.named {
            let found = people.as_array().unwrap().iter().find(|found| found["id"] == *person);
            let name = found.and_then(|found| found["name"].as_str());
            let is_known = match name {
                Some(name) => names.perhaps.iter().chain(&names.sure).any(|known| known == name),
                None => names.sure.is_none(),
            };
            assert!(is_known, "person {person} is called {name:?}, not {names:?}");
        }
    }
}

fn end(child: &mut Child) -> bool {
    let _ = child.kill();
    child.wait().unwrap().success()
}

fn folder_from(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

fn world(folder: &Path) -> World {
    let home = folder_from("LIKENESS_KILLED_HOME").unwrap_or_else(|| folder.to_owned());
    let photos = folder_from("LIKENESS_KILLED_PHOTOS");
    let mut world = World { home, photos, named: BTreeMap::new(), ids: Vec::new(), rng: ChaCha8Rng::seed_from_u64(7) };
    match world.photos.clone() {
        Some(photos) => _ = world.run(&["scan", photos.to_str().unwrap(), "--offline", "--json"]),
        None => _ = world.run(&["synth", "--library", "300"]),
    }
    world
}

#[test]
fn no_name_is_lost_however_the_program_ends() {
    let kills: usize = std::env::var("LIKENESS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(24);
    let folder = tempfile::tempdir().unwrap();
    let mut world = world(folder.path());
    let people: serde_json::Value = serde_json::from_str(&world.run(&["people", "--json"])).unwrap();
    world.ids = people.as_array().unwrap().iter().take(PEOPLE).map(|person| person["id"].as_i64().unwrap()).collect();
    assert!(!world.ids.is_empty());
    // How long a naming takes here, so that kills fall before, into and behind it.
    let begun = Instant::now();
    let first = world.ids[0];
    world.run(&["people", "--name", &first.to_string(), "First"]);
    world.named.insert(first, Names { sure: Some("First".to_owned()), perhaps: Vec::new() });
    let longest = begun.elapsed().mul_f64(1.5);
    for number in 0..kills {
        match number % 3 {
            0 | 1 => world.name_somebody(number, longest),
            _ => match world.photos.clone() {
                Some(photos) => _ = world.kill(&["scan", photos.to_str().unwrap(), "--offline"], longest * 6),
                None => _ = world.kill(&["library", "backup"], longest),
            },
        }
        if number % 8 == 7 {
            world.check();
        }
    }
    world.check();
}
