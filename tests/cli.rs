//! The command line as a script sees it: output, messages, exit codes. No network, no window, no GPU.

#[path = "cli/folders.rs"]
mod folders;
#[cfg(unix)]
#[path = "cli/terminals.rs"]
mod terminals;

use std::path::Path;
use std::process::{Command, Output};

use likeness::app::engine::home::Home;
use likeness::app::engine::library_thread::LibraryHandle;
use likeness::app::engine::networks::EngineOptions;
use likeness::app::engine::shared::Shared;
use likeness::app::jobs::options;

fn likeness(home: &Path, arguments: &[&str]) -> Output {
    command(home, arguments).output().expect("the binary runs")
}

fn command(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
    // A machine's Vulkan adapters would be tested first, which is not what is tested here.
    let no_driver = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].map(|name| (name, "/nowhere"));
    command.envs(no_driver).arg("--home").arg(home).args(arguments);
    command
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn models_are_listed_for_people_and_for_scripts() {
    let home = tempfile::tempdir().unwrap();
    let plain = likeness(home.path(), &["models", "list"]);
    assert!(plain.status.success());
    assert!(stdout(&plain).contains("sface-2021dec") && stdout(&plain).contains("Apache-2.0"));
    assert_eq!(stderr(&plain), "");
    let json = likeness(home.path(), &["models", "list", "--json"]);
    let models: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let sface = models.as_array().unwrap().iter().find(|model| model["id"] == "sface-2021dec").unwrap();
    assert_eq!(sface["installed"], false);
    assert_eq!(sface["dimensions"], 128);
    assert_eq!(sface["input"]["crop"]["kind"], "five_points");
}

#[test]
fn models_that_cannot_be_installed_end_with_an_error() {
    let home = tempfile::tempdir().unwrap();
    let offline = likeness(home.path(), &["models", "install", "default", "--offline"]);
    assert_eq!(offline.status.code(), Some(1));
    assert!(stderr(&offline).contains("fetching is forbidden"), "{}", stderr(&offline));
    let unknown = likeness(home.path(), &["models", "install", "arcface"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(stderr(&unknown).contains("known are default"), "{}", stderr(&unknown));
    let rubbish = home.path().join("rubbish.onnx");
    std::fs::write(&rubbish, b"rubbish").unwrap();
    let import = likeness(home.path(), &["models", "import", rubbish.to_str().unwrap()]);
    assert_eq!(import.status.code(), Some(1));
    assert!(stderr(&import).contains("this is a text, no weight file"), "{}", stderr(&import));
    let page = home.path().join("page.pt");
    std::fs::write(&page, b"<!DOCTYPE html><html></html>").unwrap();
    let several = likeness(home.path(), &["models", "import", rubbish.to_str().unwrap(), page.to_str().unwrap()]);
    assert_eq!(several.status.code(), Some(1));
    assert!(
        stderr(&several).contains("this is a text") && stderr(&several).contains("web page"),
        "{}",
        stderr(&several)
    );
    assert_eq!(stdout(&several), "0 of 2 files imported\n");
    let for_scripts = ["models", "import", rubbish.to_str().unwrap(), page.to_str().unwrap(), "--json"];
    let lines = stdout(&likeness(home.path(), &for_scripts));
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["path"], lines.len()), (&rubbish.to_str().unwrap().into(), 3));
    assert!(lines[1]["error"].as_str().unwrap().contains("web page"), "{lines:?}");
    assert_eq!(lines[2], serde_json::json!({ "files": 2, "imported": 0, "failed": 2 }));
    let verify = likeness(home.path(), &["models", "verify", "yunet-2023mar"]);
    assert_eq!(verify.status.code(), Some(1));
    assert_eq!(stdout(&verify), "yunet-2023mar: not installed\n");
    assert!(likeness(home.path(), &["models", "verify"]).status.success(), "nothing installed is nothing damaged");
}

#[test]
fn devices_list_the_cpu_first() {
    let home = tempfile::tempdir().unwrap();
    let json = likeness(home.path(), &["devices", "--json"]);
    assert!(json.status.success(), "{}", stderr(&json));
    let devices: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(devices[0]["kind"], "cpu");
    assert!(stdout(&likeness(home.path(), &["devices"])).starts_with("CPU"));
}

/// As digiKam leaves them beside a photo.
const SIDECAR: &str = r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><Iptc4xmpExt:PersonInImage><rdf:Bag>
 <rdf:li>Ada Lovelace</rdf:li></rdf:Bag></Iptc4xmpExt:PersonInImage></rdf:Description></rdf:RDF></x:xmpmeta>"#;

#[test]
fn names_in_metadata_are_read_for_people_and_for_scripts() {
    let (home, photos) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    image::RgbImage::new(8, 8).save(photos.path().join("a.jpg")).unwrap();
    std::fs::write(photos.path().join("a.jpg.xmp"), SIDECAR).unwrap();
    let folder = photos.path().to_str().unwrap();
    let plain = likeness(home.path(), &["metadata", "read", folder]);
    assert_eq!((plain.status.code(), stderr(&plain).as_str()), (Some(0), ""));
    assert!(stdout(&plain).contains("person in image Ada Lovelace"), "{}", stdout(&plain));
    assert!(stdout(&plain).ends_with("0 regions of 1 name in 1 of 1 photo\n"), "{}", stdout(&plain));
    let json = likeness(home.path(), &["metadata", "read", folder, "--json"]);
    let lines: Vec<serde_json::Value> = stdout(&json).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["packets"][0]["person_in_image"][0], "Ada Lovelace");
    assert_eq!((&lines[1]["photos"], &lines[1]["names"]), (&1.into(), &1.into()));
}

#[test]
fn metadata_is_written_of_a_library_that_is_there() {
    let (home, photos) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = photos.path().to_str().unwrap();
    for command in ["diff", "write", "names"] {
        let none = likeness(home.path(), &["metadata", command, folder]);
        assert_eq!(none.status.code(), Some(1), "{command}");
        assert!(stderr(&none).contains("there is no library yet"), "{}", stderr(&none));
    }
    LibraryHandle::open(&Home::open(Some(home.path())).unwrap().library()).unwrap();
    const NO_NAMES: &str = "no photo of the library there has names to write\n";
    for (command, nothing) in [("diff", "Nothing would change"), ("write", "Nothing was changed")] {
        let told = likeness(home.path(), &["metadata", command, folder]);
        assert_eq!((told.status.code(), stdout(&told)), (Some(0), format!("{nothing}: {NO_NAMES}")));
        let nowhere = likeness(home.path(), &["metadata", command, "/no/such/folder"]);
        assert_eq!(nowhere.status.code(), Some(1), "{command}");
        assert!(stderr(&nowhere).contains("cannot open the folder /no/such/folder"), "{}", stderr(&nowhere));
    }
    // Nothing could be taken back, so what was asked for was not done.
    let undone = likeness(home.path(), &["metadata", "undo"]);
    assert_eq!(
        (undone.status.code(), stdout(&undone).as_str()),
        (Some(1), "Nothing was written that could be taken back\n")
    );
    let usage = likeness(home.path(), &["metadata", "write", folder, "--lists", "postcards"]);
    assert_eq!(usage.status.code(), Some(2));
}

#[test]
fn a_word_that_is_neither_folder_nor_subcommand_is_told() {
    let home = tempfile::tempdir().unwrap();
    let nowhere = likeness(home.path(), &["no-such-folder"]);
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(stderr(&nowhere).contains("there is no folder no-such-folder"), "{}", stderr(&nowhere));
    let both = likeness(home.path(), &["no-such-folder", "devices"]);
    assert_eq!(both.status.code(), Some(2));
    assert!(stderr(&both).contains("not both"), "{}", stderr(&both));
}

/// Nothing is downloaded for a folder in which there is nothing to scan.
#[test]
fn a_scan_looks_at_the_folder_first() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("photos");
    let path = folder.to_str().unwrap();
    let missing = likeness(home.path(), &["scan", path, "--offline"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(stderr(&missing).contains("cannot open the folder"), "{}", stderr(&missing));
    std::fs::create_dir(&folder).unwrap();
    let empty = likeness(home.path(), &["scan", path, "--offline"]);
    assert!(empty.status.success(), "{}", stderr(&empty));
    assert!(stdout(&empty).contains("0 photos"), "{}", stdout(&empty));
    let json = likeness(home.path(), &["scan", path, "--offline", "--json"]);
    let summary: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(summary["photos"], 0);
    assert_eq!(summary["device"], serde_json::Value::Null);
}

/// A drive that is not plugged in: nothing is scanned, which a script has to notice, and nothing is lost.
#[test]
fn a_known_folder_that_is_not_there_is_marked_offline() {
    let (home, _) = made_library();
    let before = people(home.path());
    let folder = || likeness::library::Library::open(&home.path().join("library.sqlite")).unwrap().folders().unwrap();
    let path = folder()[0].path.clone();
    assert!(!path.exists() && !folder()[0].is_offline);
    // From beside it, and over a link.
    let beside = path.parent().unwrap();
    let mut asked = vec![path.clone(), beside.join(".").join(path.file_name().unwrap())];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(beside, home.path().join("link")).unwrap();
        asked.push(home.path().join("link").join(path.file_name().unwrap()));
    }
    for asked in &asked {
        let scan = likeness(home.path(), &["scan", asked.to_str().unwrap(), "--offline"]);
        assert_eq!(scan.status.code(), Some(1));
        assert!(stderr(&scan).contains("is not there; it is marked as offline"), "{}", stderr(&scan));
        assert!(stdout(&scan).starts_with("offline "), "{}", stdout(&scan));
        assert!(folder()[0].is_offline);
    }
    let summary = json(home.path(), &["scan", path.to_str().unwrap(), "--offline", "--json"]);
    assert_eq!(summary["offline_folders"], serde_json::json!([path]));
    assert_eq!(people(home.path()), before);
    let unknown = likeness(home.path(), &["scan", "/no/such/folder", "--offline"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(stderr(&unknown).contains("cannot open the folder"), "{}", stderr(&unknown));
}

#[test]
fn devices_are_listed_without_a_display_and_without_complaints() {
    let home = tempfile::tempdir().unwrap();
    let none: [(&str, &str); 0] = [];
    // Also where one is named and not there, or where only X11 is.
    for set in [&none[..], &[("DISPLAY", ""), ("WAYLAND_DISPLAY", "")], &[("DISPLAY", ":987"), ("XDG_RUNTIME_DIR", "")]]
    {
        let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
        for display in ["DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"] {
            command.env_remove(display);
        }
        command.envs(set.iter().copied());
        let listed = command.arg("--home").arg(home.path()).arg("devices").output().expect("the binary runs");
        assert!(listed.status.success());
        assert!(!stderr(&listed).contains("XDG_RUNTIME_DIR"), "with {set:?}: {}", stderr(&listed));
    }
}

/// Which model a scan would use is told without loading it where there is nothing to scan.
#[test]
fn what_was_chosen_in_the_window_holds_on_the_command_line() {
    let (home, photos) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = photos.path().to_str().unwrap();
    let used = |named: &[&str]| {
        let told = json(home.path(), &[&["scan", folder, "--json"][..], named].concat());
        ["model", "detector"].map(|network| told[network].as_str().unwrap().to_owned())
    };
    assert_eq!(used(&[]), ["sface-2021dec", "yunet-2023mar"]);
    assert_eq!(used(&["--model", "facenet-keras-128"]), ["facenet-keras-128", "yunet-2023mar"]);
    assert_eq!(used(&[]), ["sface-2021dec", "yunet-2023mar"], "naming a model once is not choosing it");
    {
        let at = Home::open(Some(home.path())).unwrap();
        let library = LibraryHandle::open(&at.library()).unwrap();
        let window = Shared::new(at, library, EngineOptions::default());
        options::change(&window, |options| options.model = Some("facenet-casia-512".to_owned())).unwrap();
    }
    assert_eq!(used(&[]), ["facenet-casia-512", "yunet-2023mar"]);
    assert_eq!(used(&["--model", "sface-2021dec", "--detector", "mtcnn"]), ["sface-2021dec", "mtcnn"]);
    assert_eq!(used(&[]), ["facenet-casia-512", "yunet-2023mar"]);
}

/// A library of made faces, one person of whom has a name: an export of it with that added, imported.
fn made_library() -> (tempfile::TempDir, i64) {
    let home = tempfile::tempdir().unwrap();
    let made = likeness(home.path(), &["synth", "--library", "300", "--seed", "7"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("people.jsonl");
    likeness(home.path(), &["library", "export", file.to_str().unwrap()]);
    let exported = std::fs::read_to_string(&file).unwrap();
    let mut lines: Vec<serde_json::Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.insert(1, serde_json::json!({ "kind": "person", "id": 1, "name": "Xanthippe Quartz" }));
    for face in lines.iter_mut().filter(|line| line["kind"] == "face").take(5) {
        face["person"] = 1.into();
        face["belongs"] = "confirmed".into();
    }
    let last = lines.len() - 1;
    lines[last]["lines"] = last.into();
    let text: Vec<String> = lines.iter().map(ToString::to_string).collect();
    std::fs::write(&file, text.join("\n")).unwrap();
    let report = json(home.path(), &["library", "import", file.to_str().unwrap(), "--json"]);
    assert_eq!(report["decisions"], 5);
    let person = people(home.path()).iter().find(|person| person["name"] == "Xanthippe Quartz").unwrap()["id"].as_i64();
    (home, person.unwrap())
}

fn people(home: &Path) -> Vec<serde_json::Value> {
    who_is_there(json(home, &["people", "--json"]))
}

/// Whatever has happened to the library meanwhile.
fn who_is_there(listed: serde_json::Value) -> Vec<serde_json::Value> {
    let mut listed = listed.as_array().unwrap().clone();
    for person in &mut listed {
        person.as_object_mut().unwrap().remove("revision");
    }
    listed
}

fn json(home: &Path, arguments: &[&str]) -> serde_json::Value {
    let output = likeness(home, arguments);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{arguments:?}: {}", stderr(&output)))
}

#[test]
fn a_damaged_library_is_told_and_restored() {
    let (home, person) = made_library();
    assert_eq!(json(home.path(), &["library", "check", "--json"])["sound"], true);
    let backup = json(home.path(), &["library", "backup", "--json"])["path"].as_str().unwrap().to_owned();
    assert!(Path::new(&backup).is_file());
    let before = people(home.path());
    std::fs::write(home.path().join("library.sqlite"), vec![0xA5; 50_000]).unwrap();
    let checked = likeness(home.path(), &["library", "check"]);
    assert_eq!(checked.status.code(), Some(1));
    assert!(stdout(&checked).contains("not sound"), "{}", stdout(&checked));
    assert_eq!(likeness(home.path(), &["people"]).status.code(), Some(1));
    let restored = json(home.path(), &["library", "restore", "--json"]);
    assert_eq!(restored["people"], 1);
    let kept = restored["kept"].as_str().unwrap();
    assert_eq!(std::fs::read(kept).unwrap(), vec![0xA5; 50_000]);
    assert_eq!(people(home.path()), before);
    assert!(before.iter().any(|listed| listed["id"] == person && listed["name"] == "Xanthippe Quartz"));
    let listed = json(home.path(), &["library", "backup", "--list", "--json"]);
    let is_listed = |path: &str| listed.as_array().unwrap().iter().any(|listed| listed["path"] == path);
    assert!(is_listed(&backup) && Path::new(kept).is_file(), "{listed}");
}

#[test]
fn people_travel_to_another_computer() {
    let (home, _) = made_library();
    let file = home.path().join("people.jsonl");
    let exported = json(home.path(), &["library", "export", file.to_str().unwrap(), "--json"]);
    assert_eq!((&exported["people"], &exported["faces"]), (&1.into(), &300.into()));
    let other = tempfile::tempdir().unwrap();
    let dry = json(other.path(), &["library", "import", file.to_str().unwrap(), "--dry-run", "--json"]);
    let report = json(other.path(), &["library", "import", file.to_str().unwrap(), "--json"]);
    assert_eq!(dry, report);
    assert_eq!(report["faces"]["made"], 300);
    let again = json(other.path(), &["library", "import", file.to_str().unwrap(), "--json"]);
    assert_eq!((&again["decisions"], &again["faces"]["made"]), (&0.into(), &0.into()));
    assert!(people(other.path()).iter().any(|person| person["name"] == "Xanthippe Quartz"));
    std::fs::write(&file, "{\"kind\":\"header\"").unwrap();
    let broken = likeness(other.path(), &["library", "import", file.to_str().unwrap()]);
    assert!(stderr(&broken).contains("line 1 "), "{}", stderr(&broken));
}

#[test]
fn a_person_is_forgotten_only_where_it_is_meant() {
    let (home, person) = made_library();
    likeness(home.path(), &["library", "backup"]);
    let asked = likeness(home.path(), &["people", "--forget", &person.to_string()]);
    assert_eq!(asked.status.code(), Some(1));
    assert!(stderr(&asked).contains("There is no way back") && stderr(&asked).contains("--yes"), "{}", stderr(&asked));
    assert!(people(home.path()).iter().any(|listed| listed["id"] == person));
    let forgotten = json(home.path(), &["people", "--forget", &person.to_string(), "--not-again", "--yes", "--json"]);
    assert_eq!((&forgotten["faces"], &forgotten["vectors"]), (&5.into(), &5.into()));
    assert_eq!((&forgotten["backups_cleaned"], &forgotten["complete"]), (&2.into(), &true.into()));
    assert!(people(home.path()).iter().all(|listed| listed["id"] != person));
    let name = b"Xanthippe";
    let mut folders = vec![home.path().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.path().is_dir() {
                true => folders.push(entry.path()),
                false => {
                    let bytes = std::fs::read(entry.path()).unwrap();
                    assert!(!bytes.windows(name.len()).any(|part| part == name), "{}", entry.path().display());
                }
            }
        }
    }
}

/// Kills at moments spread over backup and restore; a library that is whole, and one of two known ones, is left.
#[test]
fn a_kill_during_backup_or_restore_loses_nothing() {
    let (home, _) = made_library();
    let whole = people(home.path());
    let backup = json(home.path(), &["library", "backup", "--json"])["path"].as_str().unwrap().to_owned();
    // Out of the reach of later backups, which are kept up to twice the library's size.
    let outside = tempfile::tempdir().unwrap();
    let copy = outside.path().join("copy.sqlite");
    std::fs::copy(&backup, &copy).unwrap();
    let copy = copy.to_str().unwrap();
    for (round, delay_ms) in [0, 3, 6, 10, 15, 22, 30, 45].into_iter().enumerate() {
        let arguments = if round % 2 == 0 { vec!["library", "restore", copy] } else { vec!["library", "backup"] };
        let mut running = Command::new(env!("CARGO_BIN_EXE_likeness"))
            .arg("--home")
            .arg(home.path())
            .args(arguments)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay_ms));
        running.kill().unwrap();
        running.wait().unwrap();
        assert_eq!(json(home.path(), &["library", "check", "--json"])["sound"], true, "after {delay_ms} ms");
        assert_eq!(people(home.path()), whole, "after {delay_ms} ms");
    }
    let listed = json(home.path(), &["library", "backup", "--list", "--json"]);
    let all = listed.as_array().unwrap();
    assert!(!all.is_empty() && all.iter().all(|backup| backup["sound"] == true), "{listed}");
    // Whatever the kills left goes at the next opening.
    assert!(likeness(home.path(), &["library", "export", "-"]).status.success());
    for folder in [home.path().to_owned(), home.path().join("backups")] {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert!(!name.contains(".partial") && !name.contains(".restoring"), "{name}");
        }
    }
}

#[test]
fn a_command_that_only_reads_makes_no_home() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("none");
    let reading: [&[&str]; 8] = [
        &["people"],
        &["people", "--json"],
        &["people", "--name", "1", "Ada"],
        &["library", "check"],
        &["library", "backup"],
        &["library", "backup", "--list"],
        &["library", "restore"],
        &["library", "export", "-"],
    ];
    for arguments in reading {
        let told = likeness(&home, arguments);
        assert_eq!(told.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&told).contains("there is no library"), "{arguments:?}: {}", stderr(&told));
        assert!(!home.exists(), "{arguments:?}");
    }
    assert!(likeness(&home, &["nets"]).status.success());
    assert!(!home.exists());
}

/// The library's beginning is whole, so that it opens; what is torn is found by a question.
#[test]
fn torn_pages_are_told_with_what_to_do_and_a_restore_mends_them() {
    let (home, _) = made_library();
    likeness(home.path(), &["library", "backup"]);
    let before = people(home.path());
    let file = home.path().join("library.sqlite");
    let mut bytes = std::fs::read(&file).unwrap();
    let half = bytes.len() / 8192 * 4096;
    bytes[half..].fill(0xA5);
    std::fs::write(&file, bytes).unwrap();
    let told = likeness(home.path(), &["people"]);
    assert_eq!(told.status.code(), Some(1));
    assert!(
        stderr(&told).contains("damaged") && stderr(&told).contains("likeness library restore"),
        "{}",
        stderr(&told)
    );
    assert!(likeness(home.path(), &["library", "restore"]).status.success());
    assert_eq!(people(home.path()), before);
}

#[test]
fn a_name_that_would_speak_to_the_terminal_is_refused_by_its_line() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("people.jsonl");
    likeness(home.path(), &["synth", "--library", "300"]);
    likeness(home.path(), &["library", "export", file.to_str().unwrap()]);
    let exported = std::fs::read_to_string(&file).unwrap();
    let mut lines: Vec<&str> = exported.lines().collect();
    let person = r#"{"kind":"person","id":999,"name":"Ada\u001b[31m"}"#;
    lines.insert(1, person);
    let kind = "{\"kind\":\"\\u001b[2J\"}".to_owned();
    for (lines, line) in [(lines.join("\n"), "line 2 "), (kind, "line 1 ")] {
        std::fs::write(&file, lines).unwrap();
        let told = likeness(home.path(), &["library", "import", file.to_str().unwrap()]);
        assert_eq!(told.status.code(), Some(1));
        assert!(stderr(&told).contains(line), "{}", stderr(&told));
        assert!(!told.stderr.contains(&0x1B) && !told.stdout.contains(&0x1B));
    }
    assert!(people(home.path()).iter().all(|person| person["id"] != 999));
}

/// SQLite alone would go on from the last whole change, and say nothing of those behind it.
#[cfg(unix)]
#[test]
fn a_garbled_log_is_told_and_what_was_before_it_is_restored() {
    let (home, person) = made_library();
    let mut library = likeness::library::Library::open(&home.path().join("library.sqlite")).unwrap();
    for name in ["Before", "Behind"] {
        let decision =
            likeness::library::Decision::Name { person: likeness::types::PersonId(person), name: name.into() };
        library.decide(&decision, likeness::types::Revision::NOW).unwrap();
    }
    // As a kill leaves it.
    let killed = tempfile::tempdir().unwrap();
    for file in ["library.sqlite", "library.sqlite-wal"] {
        std::fs::copy(home.path().join(file), killed.path().join(file)).unwrap();
    }
    let log = killed.path().join("library.sqlite-wal");
    let mut bytes = std::fs::read(&log).unwrap();
    let last = bytes.len() - 1000;
    bytes[last] ^= 0xA5;
    std::fs::write(&log, bytes).unwrap();
    for arguments in [&["people"][..], &["library", "check"]] {
        let told = likeness(killed.path(), arguments);
        assert_eq!(told.status.code(), Some(1));
        let words = stdout(&told) + &stderr(&told);
        assert!(words.contains("garbled") && words.contains("likeness library restore"), "{words}");
    }
    assert!(likeness(killed.path(), &["library", "restore"]).status.success());
    let names: Vec<_> = people(killed.path()).into_iter().filter(|listed| listed["id"] == person).collect();
    assert_eq!(names[0]["name"], "Before");
}

/// What the file held by itself comes back, and it is said what may be missing.
#[cfg(unix)]
#[test]
fn of_a_library_whose_log_is_garbage_the_file_alone_is_restored_with_a_word() {
    let (home, person) = made_library();
    let file = home.path().join("library.sqlite");
    let open = || likeness::library::Library::open(&file).unwrap();
    let name = |library: &mut likeness::library::Library, name: &str| {
        let decision =
            likeness::library::Decision::Name { person: likeness::types::PersonId(person), name: name.into() };
        library.decide(&decision, likeness::types::Revision::NOW).unwrap();
    };
    name(&mut open(), "In the backup");
    likeness(home.path(), &["library", "backup"]);
    name(&mut open(), "In the file");
    let mut library = open();
    name(&mut library, "In the log alone");
    // As a kill leaves it.
    let killed = tempfile::tempdir().unwrap();
    std::fs::create_dir(killed.path().join("backups")).unwrap();
    for entry in walkdir::WalkDir::new(home.path()).into_iter().flatten().filter(|entry| entry.file_type().is_file()) {
        let below = entry.path().strip_prefix(home.path()).unwrap();
        if below.parent() == Some(Path::new("")) || below.starts_with("backups") {
            std::fs::copy(entry.path(), killed.path().join(below)).unwrap();
        }
    }
    let garbage = vec![0xA5; 30_000];
    std::fs::write(killed.path().join("library.sqlite-wal"), &garbage).unwrap();
    // Restored at once, without opening it before: no less comes back.
    let restored = likeness(killed.path(), &["library", "restore"]);
    assert!(restored.status.success(), "{}", stderr(&restored));
    let words = stdout(&restored);
    assert!(words.contains("file-alone") && words.contains("what was decided last may be missing"), "{words}");
    let named = |id: i64| people(killed.path()).into_iter().find(|listed| listed["id"] == id).unwrap()["name"].clone();
    assert_eq!(named(person), "In the file");
    let listed = json(killed.path(), &["library", "backup", "--list", "--json"]);
    let kept = listed.as_array().unwrap().iter().find(|backup| backup["reason"] == "before-restore").unwrap();
    let log = format!("{}-wal", kept["path"].as_str().unwrap());
    assert_eq!(std::fs::read(log).unwrap(), garbage, "the damaged files are kept");
}

#[test]
fn a_folder_in_the_place_of_the_scans_lock_is_moved_aside_by_a_restore() {
    let (home, person) = made_library();
    likeness(home.path(), &["library", "backup"]);
    let lock = home.path().join("scan.lock");
    let _ = std::fs::remove_file(&lock);
    std::fs::create_dir(&lock).unwrap();
    let restored = json(home.path(), &["library", "restore", "--json"]);
    assert!(Path::new(restored["moved_aside"][0].as_str().unwrap()).is_dir());
    assert!(lock.is_file());
    assert!(people(home.path()).iter().any(|listed| listed["id"] == person));
}

#[cfg(unix)]
#[test]
fn a_folder_in_the_librarys_place_is_named_and_a_restore_moves_it_aside() {
    let (home, person) = made_library();
    likeness(home.path(), &["library", "backup"]);
    let file = home.path().join("library.sqlite");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    std::fs::write(file.join("letter.txt"), b"not the library's").unwrap();
    for arguments in [&["people"][..], &["library", "check"]] {
        let told = likeness(home.path(), arguments);
        assert_eq!(told.status.code(), Some(1));
        let words = stdout(&told) + &stderr(&told);
        assert!(words.contains("a folder is in the way") && words.contains("move it elsewhere"), "{words}");
    }
    let restored = json(home.path(), &["library", "restore", "--json"]);
    let aside = Path::new(restored["moved_aside"][0].as_str().unwrap());
    assert_eq!(std::fs::read(aside.join("letter.txt")).unwrap(), b"not the library's");
    assert!(people(home.path()).iter().any(|listed| listed["id"] == person));
}

/// Needs the right to mount; says so where there is none.
#[cfg(target_os = "linux")]
#[test]
fn a_library_on_a_disk_that_is_mounted_to_be_read_is_sound_and_shown() {
    let (home, _) = made_library();
    let before = people(home.path());
    let script = "mount -t tmpfs tmpfs \"$1\" && cp -a \"$2\"/. \"$1\" && mount -o remount,ro \"$1\" || exit 77\n\
        \"$3\" --home \"$1\" library check --json && \"$3\" --home \"$1\" people --json\n\
        \"$3\" --home \"$1\" library backup";
    let look = || {
        let disk = tempfile::tempdir().unwrap();
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script, "sh"]).args([disk.path(), home.path()]);
        command.arg(env!("CARGO_BIN_EXE_likeness")).output()
    };
    // Closed, and as a program that is killed leaves it: with its log.
    for is_killed in [false, true] {
        let open = is_killed.then(|| {
            let mut library = likeness::library::Library::open(&home.path().join("library.sqlite")).unwrap();
            library.set_setting("in the log", "alone").unwrap();
            library
        });
        let told = match look() {
            Ok(told) if told.status.code() != Some(77) && !stderr(&told).starts_with("unshare:") => told,
            told => {
                eprintln!("SKIPPED: this test may not mount a disk: {told:?}");
                return;
            }
        };
        drop(open);
        let lines: Vec<serde_json::Value> =
            stdout(&told).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0]["sound"], true, "killed: {is_killed}: {}", lines[0]);
        assert_eq!(who_is_there(lines[1].clone()), before, "killed: {is_killed}");
        assert!(!told.status.success(), "no backup can be written there");
        assert!(stderr(&told).contains("could not be written: its disk can only be read"), "{}", stderr(&told));
    }
}

/// The rights of a folder bind nobody who is root: there the program is run as somebody else.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_may_not_be_read_is_not_said_to_be_gone() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
    use std::os::unix::process::CommandExt;

    const NOBODY: u32 = 65534;
    let (home, _) = made_library();
    let library = || likeness::library::Library::open(&home.path().join("library.sqlite")).unwrap();
    let folder = library().folders().unwrap()[0].path.clone();
    std::fs::create_dir_all(&folder).unwrap();
    let rights = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let is_root = std::fs::metadata(home.path()).unwrap().uid() == 0;
    let program = tempfile::tempdir().unwrap();
    let mut command = match is_root {
        false => Command::new(env!("CARGO_BIN_EXE_likeness")),
        true => {
            let copy = program.path().join("likeness");
            std::fs::copy(env!("CARGO_BIN_EXE_likeness"), &copy).unwrap();
            rights(program.path(), 0o755);
            rights(&copy, 0o755);
            let all = walkdir::WalkDir::new(home.path()).into_iter().flatten();
            all.for_each(|entry| chown(entry.path(), Some(NOBODY), Some(NOBODY)).unwrap());
            chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
            let mut command = Command::new(copy);
            command.uid(NOBODY).gid(NOBODY);
            command
        }
    };
    rights(&folder, 0);
    let told = command.arg("--home").arg(home.path()).arg("scan").arg(&folder).arg("--offline").output().unwrap();
    rights(&folder, 0o700);
    assert_eq!(told.status.code(), Some(1));
    let words = stderr(&told);
    assert!(words.contains("cannot read the folder") && words.contains("ermission denied"), "{words}");
    assert!(!words.contains("is not there") && !words.contains("not in the library"), "{words}");
    assert!(!library().folders().unwrap()[0].is_offline);
    let _ = std::fs::remove_dir(&folder);
}
