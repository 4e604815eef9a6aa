//! The command line as a script sees it: output, messages, exit codes. Nothing is fetched; no window, no GPU.

#[path = "cli/folders.rs"]
mod folders;
#[path = "cli/library.rs"]
mod library;
#[path = "cli/networks.rs"]
mod networks;
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
