//! What a shell sees of commands that run a network: one of a few steps, learned from drawn faces.

use std::process::Stdio;

use super::*;

/// A store with the network `model`, and the folder of crops, a folder a person.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        let crops = place.path("crops");
        place.done(&["synth", &crops, "--people", "12", "--photos", "48", "--folders", "--size", "48"]);
        let learned = place.path("learned");
        place.done(&place.training(&crops, &learned).iter().map(String::as_str).collect::<Vec<_>>());
        place.done(&["models", "import", &format!("{learned}/model.safetensors")]);
        place
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    fn home(&self) -> std::path::PathBuf {
        self.0.path().join("home")
    }

    fn done(&self, arguments: &[&str]) {
        let told = likeness(&self.home(), arguments);
        assert!(told.status.success(), "{arguments:?}: {}", stderr(&told));
    }

    fn training(&self, crops: &str, run: &str) -> Vec<String> {
        let line = "--net likeness-small --faces cropped --steps 2 --held-out 0.4 --device cpu --out";
        let words = ["train", crops].into_iter().chain(line.split(' ')).chain([run]);
        words.map(str::to_owned).collect()
    }

    /// Of every kind that prints; `run` makes a folder of its own for each that trains.
    fn commands(&self, run: &str) -> Vec<Vec<String>> {
        let crops = self.path("crops");
        let judged = ["--offline", "--device", "cpu", "--model", "model", "--crop", "as-stored", "--images", &crops];
        let embedded = ["embed", "--offline", "--device", "cpu", "--model", "model", "--detector", "none"];
        let first = self.path("crops/person-0001/0001.jpg");
        let words = |parts: &[&[&str]]| parts.concat().into_iter().map(str::to_owned).collect::<Vec<_>>();
        vec![
            words(&[&embedded, &[&first]]),
            words(&[&embedded, &["--json", &first]]),
            words(&[&["eval", "folder"], &judged]),
            words(&[&["eval", "folder", "--json"], &judged]),
            words(&[&["eval", "clusters"], &judged]),
            words(&[&["eval", "clusters", "--json"], &judged]),
            words(&[&["synth", &self.path(&format!("drawn-{run}")), "--people", "2", "--photos", "2"]]),
            self.training(&crops, &self.path(run)),
            [self.training(&crops, &self.path(&format!("{run}-json"))), vec!["--json".to_owned()]].concat(),
        ]
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_a_closed_pipe_end_what_runs_a_network_as_they_end_the_others() {
    let place = Place::new();
    let ended = |arguments: &[String], out: Stdio| {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut running = command(&place.home(), &arguments).stdout(out).stderr(Stdio::piped()).spawn().unwrap();
        drop(running.stdout.take());
        let ended = running.wait_with_output().unwrap();
        (ended.status.code(), stderr(&ended))
    };
    for arguments in place.commands("closed") {
        let (code, told) = ended(&arguments, Stdio::piped());
        assert_eq!(code, Some(0), "{arguments:?}: {told}");
        assert!(!told.contains("likeness:"), "{arguments:?}: {told}");
    }
    for arguments in place.commands("full") {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (code, told) = ended(&arguments, full.into());
        assert_eq!(code, Some(1), "{arguments:?}: {told}");
        assert!(told.contains("likeness: cannot write to standard output: no space left"), "{arguments:?}: {told}");
        assert_eq!(told.matches("likeness:").count(), 1, "{arguments:?}: {told}");
    }
}
