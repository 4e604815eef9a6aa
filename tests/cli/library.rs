//! The library's file: damaged, restored, carried to another computer; and forgetting a person.

use super::*;

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
