//! What a shell sees: pipes that close, disks that are full, Ctrl-C, commands to paste, options that say nothing.

use std::io::Read;
use std::process::{Child, Stdio};

use super::*;

/// Commands of every kind that print, none of which needs a network.
const PRINTING: &[&[&str]] = &[
    &["--help"],
    &["--version"],
    &["models", "list"],
    &["models", "list", "--json"],
    &["nets"],
    &["nets", "nn2", "--json"],
    &["nets", "nn2", "--tensors"],
    &["devices"],
    &["people"],
    &["people", "--json"],
    &["people", "--lost", "--json"],
    &["library", "check"],
    &["library", "backup", "--list"],
    &["library", "export", "-"],
];

#[test]
fn a_closed_pipe_ends_every_command_quietly() {
    let (home, _) = made_library();
    for arguments in PRINTING {
        let mut running =
            command(home.path(), arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(running.stdout.take());
        let ended = running.wait_with_output().unwrap();
        assert_eq!((ended.status.code(), stderr(&ended).as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn nobody_at_standard_error_is_no_failure() {
    let (home, _) = made_library();
    for (arguments, code) in
        [(&["people", "--forget", "9999"][..], 1), (&["library", "check"], 0), (&["--nonsense"], 2)]
    {
        let mut running = command(home.path(), arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        drop(running.stderr.take());
        assert_eq!(running.wait().unwrap().code(), Some(code), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_by_every_command() {
    let (home, _) = made_library();
    for arguments in PRINTING {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let told = command(home.path(), arguments).stdout(full).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(told.status.code(), Some(1), "{arguments:?}: {}", stderr(&told));
        assert!(
            ["o space left", "disk is full"].iter().any(|why| stderr(&told).contains(why)),
            "{arguments:?}: {}",
            stderr(&told)
        );
        assert!(!stderr(&told).contains("panicked"), "{arguments:?}: {}", stderr(&told));
    }
    let told = likeness(home.path(), &["library", "export", "/dev/full"]);
    assert_eq!(told.status.code(), Some(1));
    let wanted = "likeness: cannot write /dev/full: the disk is full; make room, then try again\n";
    assert_eq!(stderr(&told), wanted);
}

/// Once it has said this, it is in the middle of its work.
fn interrupted_after(mut running: Child, said: &str) -> (Option<i32>, String) {
    let mut told = String::new();
    let mut err = running.stderr.take().unwrap();
    let mut byte = [0];
    while !told.contains(said) && err.read(&mut byte).unwrap() == 1 {
        told.push(char::from(byte[0]));
    }
    let kill = Command::new("kill").args(["-INT", &running.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let status = running.wait().unwrap();
    let _ = err.read_to_string(&mut told);
    // Before the program listens, the signal itself ends it: a shell says the same of that.
    let by_signal = (std::os::unix::process::ExitStatusExt::signal(&status) == Some(2)).then_some(130);
    (status.code().or(by_signal), told)
}

fn spawned(home: &Path, arguments: &[&str]) -> Child {
    command(home, arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// A folder of people as crops.
fn crops(place: &Path, people: &str, photos: &str) -> std::path::PathBuf {
    let folder = place.join("people");
    let arguments = ["synth", folder.to_str().unwrap(), "--folders", "--people", people, "--photos", photos];
    assert!(likeness(&place.join("home"), &arguments).status.success());
    folder
}

#[test]
fn ctrl_c_ends_training_with_130_and_the_command_to_go_on_goes_on() {
    let place = tempfile::tempdir().unwrap();
    // A name that a shell would take apart.
    let home = place.path().join("Ann's home; $HOME");
    let (data, run) = (crops(place.path(), "12", "120"), place.path().join("run \"1\""));
    let train = |steps: &str| {
        let [data, run] = [&data, &run].map(|path| path.to_str().unwrap().to_owned());
        let options =
            ["--net", "likeness-small", "--faces", "cropped", "--device", "cpu", "--held-out", "0.4", "--out"];
        let options = options.map(str::to_owned);
        let words: Vec<String> = ["train".to_owned(), data]
            .into_iter()
            .chain(options)
            .chain([run, "--steps".to_owned(), steps.to_owned()])
            .collect();
        words
    };
    let words = train("100000");
    let running = spawned(&home, &words.iter().map(String::as_str).collect::<Vec<_>>());
    let (code, told) = interrupted_after(running, "Step 0: saved");
    assert_eq!(code, Some(130), "{told}");
    let shown = likeness(&home, &["train", "--resume", run.to_str().unwrap(), "--steps", "2"]);
    assert_eq!(shown.status.code(), Some(2), "an option of a new run has no effect on it");
    // What a finished run prints can be pasted back.
    std::fs::remove_dir_all(&run).unwrap();
    // What has gained nothing is not advised.
    let words = train("4");
    let done = likeness(&home, &words.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(done.status.success(), "{}", stderr(&done));
    let told = stdout(&done);
    let line = told.lines().find_map(|line| line.strip_prefix("Install it with: ")).unwrap_or_else(|| panic!("{told}"));
    let installed = pasted(line);
    assert!(installed.status.success(), "{line}: {}", stderr(&installed));
    assert!(stdout(&likeness(&home, &["models", "list"])).contains("run--1"));
}

/// A command line as a shell takes it.
fn pasted(line: &str) -> Output {
    let script = format!("likeness() {{ \"$PROGRAM\" \"$@\"; }}\n{line}");
    let mut shell = Command::new("bash");
    shell.env("PROGRAM", env!("CARGO_BIN_EXE_likeness")).env("VK_DRIVER_FILES", "/nowhere");
    shell.args(["-c", &script]).stdin(Stdio::null()).output().unwrap()
}

#[test]
fn ctrl_c_ends_a_measurement_and_an_evaluation_with_130() {
    let place = tempfile::tempdir().unwrap();
    let lines = (0..7000).map(|row| {
        let [x, y] = [(f64::from(row) * 0.7).sin(), (f64::from(row) * 1.3).cos()];
        format!("{{\"path\":\"p{}/{row}.jpg\",\"embedding\":[{x},{y},0.5]}}\n", row % 900)
    });
    let file = place.path().join("vectors.jsonl");
    std::fs::write(&file, lines.collect::<String>()).unwrap();
    let evaluation = ["eval", "clusters", "--embeddings", file.to_str().unwrap()];
    let mut running = spawned(place.path(), &evaluation);
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert!(running.try_wait().unwrap().is_none(), "it is over before it can be interrupted");
    assert_eq!(interrupted_after(running, "").0, Some(130));
}

#[test]
fn an_advised_command_can_be_pasted_back() {
    let (made, _) = made_library();
    let place = tempfile::tempdir().unwrap();
    let home = place.path().join("my 'own' home");
    std::fs::rename(made.path(), &home).unwrap();
    std::fs::create_dir(made.path()).unwrap();
    likeness(&home, &["library", "backup"]);
    std::fs::write(home.join("library.sqlite"), vec![0xA5; 50_000]).unwrap();
    let told = stderr(&likeness(&home, &["library", "check"]));
    let advice = told.split('`').nth(1).unwrap_or_else(|| panic!("{told}"));
    assert!(pasted(advice).status.success(), "{advice}");
    assert_eq!(people(&home).iter().filter(|person| person["name"] == "Xanthippe Quartz").count(), 1);
}

#[test]
fn options_without_effect_and_numbers_of_which_nothing_follows_are_wrong_usage() {
    let home = tempfile::tempdir().unwrap();
    let wrong: &[&str] = &[
        "train --resume run --steps 9 --learning-rate 3",
        "train people --net nn4 --out run --faces cropped --detector mtcnn",
        "train people --out run",
        "train people --net nn4 --out run --learning-rate nan",
        "train people --net nn4 --out run --margin -1",
        "train people --net nn4 --out run --image-size 0",
        "train people --net nn4 --out run --held-out 1.5",
        "train people --net nn4 --out run --width 1e30",
        "train people --net nn4 --out run --image-size 1000000",
        "train people --net nn4 --out run --embedding-size 1000000000",
        "train people --net nn4 --out run --random-negatives 18446744073709551615",
        "train people --net nn4 --out run --people 18446744073709551615",
        "train people --net nn4 --out run --blur 1e30",
        "train people --net nn4 --out run --far 0",
        "train people --net nn4 --out run --decay-epochs 7",
        "scan photos --threshold nan",
        "scan photos --threshold 5",
        "compare a.jpg b.jpg --threshold -0.1",
        "compare a.jpg b.jpg --threshold 4.5",
        "compare a.jpg",
        "embed",
        "embed a.jpg --detector none --crop-rule square:1.2",
        "eval lfw --pairs p --embeddings e --model m",
        "eval lfw --pairs p --embeddings e --offline",
        "eval folder --embeddings e --device cpu",
        "eval folder --library --offline",
        "eval sensitivity dimensions --pairs p --embeddings e --images i",
        "metadata names photos --dry-run",
        "metadata names photos --take --dry-run --again",
        "eval lfw --pairs p --embeddings e --mirrored m",
        "eval lfw --pairs p --images i --centre-share 0.5",
        "eval folder --images i --far nan",
        "eval folder --images i --far 0",
        "eval folder --images i --far 1",
        "eval folder --library --crop largest",
        "eval clusters --images i --threshold 5",
        "eval clusters --embeddings e --images i",
        "eval video --pairs p --embeddings e --images i",
        "eval sensitivity dimensions --train-run r --levels 3 --pairs p",
        "eval folder --images i --crop as-stored --detector mtcnn",
        "eval sensitivity jpeg --pairs p --images i --levels 3",
        "bench --all-pairs 100 --photos 3",
        "bench --all-pairs 4000000000",
        "bench --decode photos --photos 3",
        "bench --decode photos --device cpu",
        "models list --device cpu",
        "people --device cpu",
        "people --name 1 Ada --merge 1 2",
        "metadata diff photos --keep-time",
        "library export - --json",
        "models import a b --id one",
        "demo --headless --steps 0",
        "synth out --people 0",
        "synth --library 5 --size 32",
    ];
    for line in wrong {
        let told = likeness(home.path(), &line.split(' ').collect::<Vec<_>>());
        assert_eq!(told.status.code(), Some(2), "{line}: {}", stderr(&told));
        assert!(!stderr(&told).is_empty());
    }
}

#[test]
fn a_number_below_zero_is_told_what_its_option_takes() {
    let home = tempfile::tempdir().unwrap();
    for line in [
        "scan photos --threshold -1",
        "eval folder --images i --far -0.5",
        "synth out --people -3",
        "synth out --seed -1",
        "demo --headless --seed 1.5",
        "bench --seed -1",
        "train people --net nn4 --out run --seed -1",
        "eval check --pairs p --images i --seed one",
        "people --merge 1 x",
        "people --forget -7",
        "people --put-back 1 x",
        "people --name 1 Ada --seen -1",
    ] {
        let told = stderr(&likeness(home.path(), &line.split(' ').collect::<Vec<_>>()));
        assert!(told.contains("is needed") && !told.contains("tip:"), "{line}: {told}");
        assert!(!told.contains("invalid digit"), "{line}: {told}");
    }
}

#[test]
fn help_lists_a_device_only_where_a_network_may_run() {
    let home = tempfile::tempdir().unwrap();
    let lists = |line: &str| {
        let words: Vec<&str> = line.split(' ').chain(["--help"]).collect();
        String::from_utf8_lossy(&likeness(home.path(), &words).stdout).contains("--device")
    };
    for line in ["models", "models import", "nets", "devices", "people", "library", "library backup", "synth"] {
        assert!(!lists(line), "{line}");
    }
    assert!(["scan", "embed", "eval lfw", "metadata names", "train"].iter().all(|line| lists(line)));
    let refused = likeness(home.path(), &["models", "import", "a.pt", "--device", "cpu"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("no network runs in it"), "{}", stderr(&refused));
}

#[cfg(unix)]
#[test]
fn a_pipe_in_a_files_place_is_named_and_not_waited_for() {
    let (home, _) = made_library();
    let place = tempfile::tempdir().unwrap();
    let pipe = place.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (pipe, photos) = (pipe.to_str().unwrap(), place.path().to_str().unwrap());
    let files: &[&[&str]] = &[
        &["models", "import", pipe],
        &["eval", "lfw", "--pairs", pipe, "--images", "i", "--offline"],
        &["eval", "folder", "--embeddings", pipe],
        &["eval", "compat", "--pairs", pipe, "--old", "o", "--new", "n"],
        &["embed", "--offline", "--files-from", pipe],
        &["train", photos, "--net", "likeness-small", "--schedule", pipe, "--out", "run", "--device", "cpu"],
        &["library", "import", pipe],
        &["metadata", "names", photos, "--contacts", pipe],
        &["metadata", "names", photos, "--digikam", pipe],
    ];
    let folders: &[&[&str]] = &[
        &["scan", pipe, "--offline"],
        &["metadata", "read", pipe],
        &["metadata", "names", pipe],
        &["metadata", "diff", pipe],
        &["eval", "folder", "--images", pipe, "--offline"],
        &["bench", "--decode", pipe],
    ];
    let pictures: &[&[&str]] = &[&["embed", "--offline", pipe], &["compare", "--offline", pipe, "/no/photo.jpg"]];
    for (commands, said) in [(files, "a named pipe"), (folders, "not a folder"), (pictures, "not a file")] {
        for words in commands {
            let told = likeness(home.path(), words);
            assert_eq!(told.status.code(), Some(1), "{words:?}");
            assert!(stderr(&told).contains(said), "{words:?}: {}", stderr(&told));
        }
    }
    let told = likeness(Path::new(pipe), &["people"]);
    assert!(!told.status.success() && stderr(&told).contains("the home of Likeness is a folder"), "{}", stderr(&told));
}

/// What is named as a source of names must be one: none of them is passed over as if it said nothing.
#[test]
fn a_named_source_that_cannot_be_used_is_a_failure() {
    let (home, _) = made_library();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("words");
    std::fs::write(&file, "words").unwrap();
    let (file, photos) = (file.to_str().unwrap(), place.path().to_str().unwrap());
    for named in ["--contacts", "--digikam"] {
        for (path, said) in [(photos, "a folder, no file"), ("/no/file", "no such file"), (file, "words")] {
            let told = likeness(home.path(), &["metadata", "names", photos, named, path]);
            assert_eq!(told.status.code(), Some(1), "{named} {path}: {}", stdout(&told));
            assert!(stderr(&told).contains(said), "{named} {path}: {}", stderr(&told));
        }
    }
    let gone = likeness(home.path(), &["metadata", "names", "/no/such/folder"]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(stderr(&gone).contains("cannot open the folder"), "{}", stderr(&gone));
}

/// Before a model is installed, let alone loaded.
#[test]
fn a_list_that_cannot_be_used_is_told_first() {
    let place = tempfile::tempdir().unwrap();
    let list = place.path().join("pairs.txt");
    std::fs::write(&list, "10\t300\nAda\t1\n").unwrap();
    let [list, images] = [&list, place.path()].map(|path| path.to_str().unwrap());
    for command in ["lfw", "check", "sensitivity jpeg"] {
        let words = format!("eval {command} --offline --pairs");
        let told = |list: &str, images: &str| {
            let words = words.split(' ').chain([list, "--images", images]).collect::<Vec<_>>();
            let told = likeness(&place.path().join("home"), &words);
            assert_eq!(told.status.code(), Some(1), "{}", stderr(&told));
            stderr(&told)
        };
        let said = told(list, images);
        assert!(said.contains("pairs.txt") && said.contains("line"), "{command}: {said}");
        std::fs::write(place.path().join("two.txt"), "2\t1\n".to_owned() + &"Ada\t1\t2\nAda\t1\tBo\t1\n".repeat(2))
            .unwrap();
        let said = told(place.path().join("two.txt").to_str().unwrap(), "/no/folder");
        assert!(said.contains("there is no folder of images at /no/folder"), "{command}: {said}");
    }
}

#[test]
fn what_no_computer_holds_is_refused_before_it_is_begun() {
    let home = tempfile::tempdir().unwrap();
    for line in ["bench --all-pairs 1000000000 --device cpu", "bench --cluster-faces 1000000000 --offline"] {
        let told = likeness(home.path(), &line.split(' ').collect::<Vec<_>>());
        assert_eq!(told.status.code(), Some(1), "{line}: {}", stderr(&told));
        assert!(stderr(&told).contains("MB of memory at least"), "{line}: {}", stderr(&told));
    }
}

#[test]
fn ctrl_c_ends_what_draws_pictures_at_the_picture_that_it_draws() {
    let home = tempfile::tempdir().unwrap();
    let album = home.path().join("album");
    for arguments in [&["demo", "--headless", "--device", "cpu"][..], &["synth", album.to_str().unwrap()]] {
        let running = spawned(home.path(), arguments);
        std::thread::sleep(std::time::Duration::from_millis(700));
        let (code, told) = interrupted_after(running, "");
        assert_eq!(code, Some(130), "{told}");
        assert!(!told.contains("pictures drawn"), "it was drawn before it could be interrupted: {told}");
    }
}

#[test]
fn names_that_begin_with_a_hyphen_work_and_what_would_speak_to_the_terminal_is_refused() {
    let (home, person) = made_library();
    let id = person.to_string();
    for name in ["-x", "--json", "-", "名字", "O'Neil \"Jr\"", "\u{1f600}"] {
        let told = likeness(home.path(), &["people", "--name", &id, name]);
        assert!(told.status.success(), "{name}: {}", stderr(&told));
        assert!(people(home.path()).iter().any(|listed| listed["id"] == person && listed["name"] == name), "{name}");
    }
    for name in ["a\u{1b}[31mb", "a\tb", "a\nb", "a\u{9b}2J", "a\u{202e}b", "", " ", &"x".repeat(5000)] {
        let told = likeness(home.path(), &["people", "--name", &id, name]);
        assert_eq!(told.status.code(), Some(1), "{name:?}");
        assert!(!told.stderr.contains(&0x1b) && !told.stdout.contains(&0x1b));
    }
    // Nor does the parser say it raw.
    let told = likeness(home.path(), &["people", "--\u{1b}[31mred"]);
    assert_eq!(told.status.code(), Some(2));
    assert!(!told.stderr.contains(&0x1b), "{}", stderr(&told));
}

/// Whatever a file's name does to a terminal, an error that tells of it is one line, and says which file.
#[cfg(unix)]
#[test]
fn a_file_name_that_breaks_the_line_is_told_on_one_line() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("a\nb\u{1b}[31m.pt");
    std::fs::write(&file, "no weights, no list").unwrap();
    let file = file.to_str().unwrap();
    let gone = format!("{file}/gone");
    let commands: &[(&[&str], usize)] = &[
        (&["models", "import", file], 1),
        (&["models", "import", file, &gone], 2),
        (&["metadata", "read", &gone], 1),
        (&["eval", "lfw", "--pairs", file, "--embeddings", file], 1),
        (&["eval", "folder", "--embeddings", file], 1),
        (&["train", &gone, "--net", "nn4", "--out", &gone, "--device", "cpu"], 1),
    ];
    for (arguments, lines) in commands {
        let told = likeness(home.path(), arguments);
        assert!(!told.status.success() && !told.stderr.contains(&0x1b), "{arguments:?}: {}", stderr(&told));
        let errors = stderr(&told).lines().filter(|line| line.starts_with("likeness: ")).count();
        assert_eq!(errors, *lines, "{arguments:?}: {}", stderr(&told));
        assert!(stderr(&told).contains("a\\nb<U+001B>[31m.pt"), "{arguments:?}: {}", stderr(&told));
    }
}

#[test]
fn a_script_names_only_whom_it_has_seen() {
    let (home, person) = made_library();
    let id = person.to_string();
    let revision = |listed: &serde_json::Value| listed["revision"].as_i64().unwrap().to_string();
    let seen = revision(&json(home.path(), &["people", "--json"])[0]);
    assert!(likeness(home.path(), &["people", "--name", &id, "Ada", "--seen", &seen]).status.success());
    let told = likeness(home.path(), &["people", "--name", &id, "Bo", "--seen", &seen]);
    assert_eq!(told.status.code(), Some(1));
    assert!(stderr(&told).contains("has changed since"), "{}", stderr(&told));
    assert!(people(home.path()).iter().any(|listed| listed["id"] == person && listed["name"] == "Ada"));
    let told = likeness(home.path(), &["people", "--forget", &id, "--yes", "--seen", &seen]);
    assert_eq!(told.status.code(), Some(1), "{}", stderr(&told));
    let told = likeness(home.path(), &["people", "--name", &id, "Bo", "--seen", "99999"]);
    assert!(stderr(&told).contains("was never at 99999"), "{}", stderr(&told));
    let told = likeness(home.path(), &["people", "--seen", &seen]);
    assert_eq!(told.status.code(), Some(2), "it says nothing of a list");
}

#[test]
fn what_only_reads_makes_no_home_also_of_models_devices_and_evaluations() {
    let place = tempfile::tempdir().unwrap();
    let home = place.path().join("none");
    let commands: [(&[&str], i32); 6] = [
        (&["models", "list"], 0),
        (&["models", "verify"], 0),
        (&["devices"], 0),
        (&["eval", "lfw", "--pairs", "/no/list", "--embeddings", "/no/file"], 1),
        (&["eval", "folder", "--embeddings", "/no/file"], 1),
        (&["metadata", "names", "/no/folder"], 1),
    ];
    for (arguments, code) in commands {
        let told = likeness(&home, arguments);
        assert_eq!(told.status.code(), Some(code), "{arguments:?}: {}", stderr(&told));
        assert!(!home.exists(), "{arguments:?}");
    }
}
