//! Training killed at random moments of all that it does: while pictures are prepared, while the part that stays as it is
//! is passed, between and within steps, while it judges, saves and compares. Whoever goes on with it gets the network of a
//! run that nobody killed, to the last byte, and each step's loss and each judgement once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

const STEPS: u64 = 16;

/// Options besides those of all. `START` stands for a network that was trained before.
const RECIPES: [(&str, &str); 3] = [
    ("scratch", "--net likeness-small --average 0.9 --optimiser adam --against START --gradient-chunk 9"),
    ("frozen part", "--start START --preset finetune"),
    ("harmonic", "--start START --old START --preset harmonic --gradient-chunk 9"),
];

struct World {
    folder: tempfile::TempDir,
    rng: ChaCha8Rng,
    /// How often it was killed when that was on the disk.
    killed: BTreeMap<&'static str, usize>,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let world = Self { folder, rng: ChaCha8Rng::seed_from_u64(11), killed: BTreeMap::new() };
        let people = "synth people --people 16 --photos 112 --folders --size 48 --seed 2";
        assert!(world.likeness(world.folder.path(), people).status().unwrap().success());
        let start = "train people --net likeness-small --faces cropped --device cpu --steps 2 --out start";
        assert!(world.likeness(world.folder.path(), start).status().unwrap().success());
        world
    }

    fn likeness(&self, at: &Path, line: &str) -> Command {
        let start = self.folder.path().join("start/model.safetensors");
        let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
        command.arg("--home").arg(self.folder.path().join("home")).current_dir(at);
        for word in line.split_whitespace() {
            if word == "START" {
                command.arg(&start)
            } else {
                command.arg(word)
            };
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// In a folder of its own, so that the network's file names the same run.
    fn begin(&self, at: &Path, recipe: &str) -> Command {
        let of_all = format!(
            "--faces cropped --device cpu --seed 4 --steps {STEPS} --people 4 --pictures 4 \
             --held-out 0.4 --far 0.1 --judge-every 5 --save-every 3"
        );
        self.likeness(at, &format!("train ../people --out run {recipe} {of_all}"))
    }

    /// Begins the run, or goes on with it, and kills it after so long. Whether it ended by itself before.
    fn killed(&mut self, at: &Path, recipe: &str, after: Duration) -> bool {
        let begun = at.join("run/config.json").exists();
        let mut command = if begun { self.likeness(at, "train --resume run") } else { self.begin(at, recipe) };
        let mut child = command.spawn().unwrap();
        let has_ended = !outlives(&mut child, after, &command);
        if !has_ended {
            *self.killed.entry(on_the_disk(&at.join("run"))).or_default() += 1;
        }
        has_ended
    }
}

/// Kills it after so long, unless it ends before.
fn outlives(child: &mut Child, after: Duration, command: &Command) -> bool {
    let until = Instant::now() + after;
    while Instant::now() < until {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{command:?}");
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

fn on_the_disk(run: &Path) -> &'static str {
    let has = |name: &str| run.join(name).exists();
    let step = |step: u64| has(&format!("checkpoints/step-{step:010}"));
    match () {
        () if !has("config.json") => "no run yet",
        () if has("end.json") => "an end without its comparison",
        () if step(STEPS) => "the last step",
        () if !step(0) && (has("features.bin") || has("old_vectors.bin")) => "some of the part that stays",
        () if !step(0) => "a run without a checkpoint",
        () if !step(5) => "the first steps",
        () => "later steps",
    }
}

/// What must be as if nobody had killed the run.
#[derive(PartialEq)]
struct Handed {
    model: Vec<u8>,
    comparison: Vec<u8>,
    ended: [Value; 3],
    losses: Vec<(u64, String)>,
    /// The steps after which it was judged.
    judged: Vec<u64>,
}

impl Handed {
    fn on(run: &Path) -> Self {
        let read = |name: &str| std::fs::read(run.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let end: Value = serde_json::from_slice(&read("end.json")).unwrap();
        let metrics = String::from_utf8(read("metrics.jsonl")).unwrap();
        let lines = metrics.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let (steps, judged): (Vec<Value>, Vec<Value>) = lines.partition(|line| line["kind"] == "step");
        let step = |line: &Value| line["step"].as_u64().unwrap();
        assert!(!run.join("uncompared").exists() && !run.join("features.bin").exists());
        Self {
            model: read("model.safetensors"),
            comparison: read("comparison.json"),
            ended: ["reason", "step", "model_step"].map(|name| end[name].clone()),
            losses: steps.iter().map(|line| (step(line), line["loss"].to_string())).collect(),
            judged: judged.iter().map(step).collect(),
        }
    }

    fn check(&self, other: &Self, what: &str) {
        assert_eq!(self.losses, other.losses, "{what}");
        assert_eq!(self.judged, other.judged, "{what}");
        assert_eq!(self.ended, other.ended, "{what}");
        assert!(self.model == other.model, "{what}: another network");
        assert!(self.comparison == other.comparison, "{what}: another comparison");
    }
}

/// `LIKENESS_KILLS` of each recipe.
#[test]
fn training_killed_and_gone_on_with_gives_the_same_network() {
    let kills = std::env::var("LIKENESS_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(4);
    let mut world = World::new();
    for (name, recipe) in RECIPES {
        let place = |number: usize| -> PathBuf { world.folder.path().join(format!("{name} {number}")) };
        let places: Vec<PathBuf> = (0..=kills + 1).map(place).collect();
        places.iter().for_each(|place| std::fs::create_dir(place).unwrap());
        let begun = Instant::now();
        assert!(world.begin(&places[0], recipe).status().unwrap().success(), "{name}");
        let takes = begun.elapsed();
        let whole = Handed::on(&places[0].join("run"));
        assert_eq!(whole.losses.len() as u64, STEPS);
        let mut killed = 0;
        for place in &places[1..] {
            // Several kills to a run: it may be killed again in what it repeats.
            while killed < kills {
                let after = takes.mul_f64(world.rng.random_range(0.0..1.0));
                if world.killed(place, recipe, after) {
                    break;
                }
                killed += 1;
            }
            if killed == kills && !world.killed(place, recipe, Duration::from_secs(600)) {
                panic!("{name} does not end");
            }
            Handed::on(&place.join("run")).check(&whole, &format!("{name}, {killed} kills"));
            if killed == kills {
                break;
            }
        }
        assert_eq!(killed, kills, "{name}");
    }
    println!("killed with this on the disk: {:?}", world.killed);
}
