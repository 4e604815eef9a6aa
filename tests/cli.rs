//! The command line as a script sees it: output, messages, exit codes. No network, no window, no GPU.

use std::path::Path;
use std::process::{Command, Output};

fn likeness(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
    // A machine's Vulkan adapters would be tested first, which is not what is tested here.
    let no_driver = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].map(|name| (name, "/nowhere"));
    command.envs(no_driver).arg("--home").arg(home).args(arguments).output().expect("the binary runs")
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
    assert!(stderr(&import).contains("no weight file that can be read"), "{}", stderr(&import));
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

#[test]
fn devices_are_listed_without_a_display_and_without_complaints() {
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_likeness"));
    for display in ["DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"] {
        command.env_remove(display);
    }
    let listed = command.arg("--home").arg(home.path()).arg("devices").output().expect("the binary runs");
    assert!(listed.status.success());
    assert!(!stderr(&listed).contains("XDG_RUNTIME_DIR"), "{}", stderr(&listed));
}
