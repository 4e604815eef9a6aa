//! Forgetting a person for good: what would go, what can't be taken back, and doing it.
//!
//! The library and its backups forget by themselves (`library::care`). Training runs list their pictures by name; there
//! the name gives way to a number, so that a run can still be gone on with. A network that has learned from the faces
//! can't unlearn them, so these runs and models are told.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::app::engine::home::Home;
use crate::app::engine::thumbnail_files::ThumbnailCache;
use crate::app::engine::unfinished_file::unfinished;
use crate::app::jobs::regroup;
use crate::library::care::{self, Forgotten, PersonToForget};
use crate::library::{Library, LibraryReader};
use crate::networks::models::Store;
use crate::train::checkpoint::RunFolder;
use crate::types::file_lock::FileLock;
use crate::types::{FaceBox, PersonId, hex};

/// What would be forgotten, and what Likeness can't take back.
#[derive(Debug, Clone, PartialEq)]
pub struct Forgetting {
    pub person: PersonToForget,
    /// Backups that are looked through.
    pub backups: usize,
    /// Training runs whose networks have learned from these faces.
    pub runs: Vec<PathBuf>,
    /// Models that came of such runs.
    pub models: Vec<String>,
    /// Files that names were written into, and could not be taken back from any more.
    pub written: usize,
    /// Copies of a library beside this one or among its backups, under names that its user gave them: none is looked
    /// through.
    pub copies: Vec<PathBuf>,
}

/// Looks, and changes nothing.
pub(crate) fn preview(home: &Home, library: &LibraryReader, person: PersonId) -> Result<Forgetting> {
    let person = library.person_to_forget(person)?;
    let mut runs = Vec::new();
    for run in run_folders(home)? {
        if RunFolder::data(&run).is_ok_and(|data| data.lines().any(|line| is_of(line, &person))) {
            runs.push(run);
        }
    }
    let backups = care::count_backups(&home.library())?;
    let written = library.ways_back_with(&person)?;
    let copies = care::copies_by_hand(&home.library())?;
    Ok(Forgetting { models: models_of(home, &runs)?, backups, runs, written, copies, person })
}

/// Forgets for good. Without `may_find_again`, later scans leave these faces out.
///
/// # Errors
/// When the library can only be read, the person is not any more as they were `shown`, later scans could not leave a face
/// out, or a training run that knows the person is at work; nothing is changed then. When something cannot be written.
pub(crate) fn forget(
    home: &Home,
    library: &mut Library,
    shown: &PersonToForget,
    may_find_again: bool,
) -> Result<Forgotten> {
    let known = library.still_to_forget(shown, may_find_again)?;
    // Before anything of them goes: one that is at work would write what it has read.
    let runs = runs_with(home, &known)?;
    // The person goes last: killed in between, they are still there to be forgotten again.
    remove_last_pictures(home, library, &known)?;
    remove_grouping(home)?;
    for run in &runs {
        if run.has_learned {
            RunFolder::forget_vectors(&run.folder)?;
        }
        if let Some(renamed) = &run.renamed {
            replace(&run.folder.join("data.jsonl"), renamed)?;
        }
    }
    let forgotten = library.forget_person(shown, may_find_again)?;
    // Once more: another program may have grouped in between.
    remove_grouping(home)?;
    Ok(forgotten)
}

/// A training run that knows something of a person; nobody works on it as long as this lives.
struct RunWithPerson {
    folder: PathBuf,
    /// Its networks have seen the person's faces.
    has_learned: bool,
    /// Its list of pictures without the person's name, where that is in it.
    renamed: Option<String>,
    _held: Arc<FileLock>,
}

/// # Errors
/// [`RunFolderError::InUse`](crate::train::checkpoint::RunFolderError::InUse) where somebody works on one of them.
fn runs_with(home: &Home, person: &PersonToForget) -> Result<Vec<RunWithPerson>> {
    let mut runs = Vec::new();
    for folder in run_folders(home)? {
        let Ok(data) = RunFolder::data(&folder) else { continue };
        if let (false, None) = what_is_in(&data, person) {
            continue;
        }
        let held = RunFolder::hold(&folder)?;
        // It may have been begun anew until it was held.
        let (has_learned, renamed) = what_is_in(&RunFolder::data(&folder)?, person);
        runs.push(RunWithPerson { folder, has_learned, renamed, _held: held });
    }
    Ok(runs)
}

/// Whether a run's list of pictures has the person's faces, and the list without their name where that is in it.
fn what_is_in(data: &str, person: &PersonToForget) -> (bool, Option<String>) {
    let labels = labels_of(data, person);
    let renamed: String = data.lines().map(|line| without_name(line, person, &labels) + "\n").collect();
    (data.lines().any(|line| is_of(line, person)), Some(renamed).filter(|renamed| renamed != data))
}

/// Everybody's vectors, and hashes and distances of them, which the next grouping keeps again of who is left.
fn remove_grouping(home: &Home) -> Result<()> {
    regroup::remove_all(&home.cache()).context("cannot remove what the last grouping kept")
}

/// The thumbnails of pictures that are nowhere else any more. The user's photos stay, and so do theirs.
fn remove_last_pictures(home: &Home, library: &LibraryReader, known: &PersonToForget) -> Result<()> {
    let thumbnails = ThumbnailCache::new(home.cache());
    for face in &known.faces {
        let Some(photo) = library.face(face.face_id)?.map(|face| face.photo_id) else { continue };
        if library.photo(photo)?.is_some_and(|photo| photo.is_missing) {
            face.sha256.iter().try_for_each(|sha256| thumbnails.remove(sha256)).context("cannot remove a thumbnail")?;
        }
    }
    Ok(())
}

fn run_folders(home: &Home) -> Result<Vec<PathBuf>> {
    let folder = home.runs();
    match std::fs::read_dir(&folder) {
        Ok(entries) => {
            let mut runs: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
            runs.sort();
            Ok(runs)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", folder.display())),
    }
}

/// An adopted network has its run's name as title.
fn models_of(home: &Home, runs: &[PathBuf]) -> Result<Vec<String>> {
    let titles: Vec<String> =
        runs.iter().filter_map(|run| Some(run.file_name()?.to_string_lossy().into_owned())).collect();
    if titles.is_empty() || !home.models().is_dir() {
        return Ok(Vec::new());
    }
    let store = Store::open(home.models())?;
    let own = store.own().entries.iter().filter(|entry| titles.contains(&entry.title));
    Ok(own.map(|entry| entry.id.0.clone()).collect())
}

/// Whether a picture of a run is one of the person's faces.
fn is_of(line: &str, person: &PersonToForget) -> bool {
    let Ok(entry) = serde_json::from_str::<Value>(line) else { return false };
    let sha256 = entry["sha256"].as_str().unwrap_or_default();
    let found = entry.get("face").and_then(|face| serde_json::from_value::<FaceBox>(face["face_box"].clone()).ok());
    let is_named = has_name(&entry, person);
    person.faces.iter().any(|face| {
        let is_file = face.sha256.iter().any(|hash| hex(hash) == sha256);
        is_file && (is_named || found.is_none_or(|found| is_near(found, face.face_box)))
    })
}

/// As the list of pictures names people: by name, by name and number where two share one, or by number.
fn has_name(entry: &Value, person: &PersonToForget) -> bool {
    let label = entry["person"].as_str().unwrap_or_default();
    match &person.name {
        Some(name) => label == name || label == format!("{name} ({})", person.person.0),
        None => label == format!("Person {}", person.person.0),
    }
}

fn is_near(a: FaceBox, b: FaceBox) -> bool {
    let ([ax, ay], [bx, by]) = (a.centre(), b.centre());
    (ax - bx).abs() < a.width / 4.0 && (ay - by).abs() < a.height / 4.0
}

/// By what other names a run knows the person, who was renamed since: those that most of its pictures of the name agree
/// about. A picture that somebody else's name stands at was moved since.
fn labels_of(data: &str, person: &PersonToForget) -> HashSet<String> {
    let mut votes: HashMap<String, (usize, usize)> = HashMap::new();
    for line in data.lines() {
        let Ok(entry) = serde_json::from_str::<Value>(line) else { continue };
        let Some(label) = entry["person"].as_str().filter(|label| Some(*label) != person.name.as_deref()) else {
            continue;
        };
        let (theirs, all) = votes.entry(label.to_owned()).or_default();
        *theirs += usize::from(is_of(line, person));
        *all += 1;
    }
    votes.into_iter().filter(|(_, (theirs, all))| *theirs > 0 && 2 * theirs >= *all).map(|(label, _)| label).collect()
}

fn without_name(line: &str, person: &PersonToForget, labels: &HashSet<String>) -> String {
    let Ok(mut entry) = serde_json::from_str::<Value>(line) else { return line.to_owned() };
    // Of two who share a name, only the one with the number is meant.
    let is_meant = person.namesakes == 0 || entry["person"].as_str() != person.name.as_deref();
    let is_named = person.name.is_some() && is_meant && has_name(&entry, person);
    if is_named || entry["person"].as_str().is_some_and(|label| labels.contains(label)) {
        entry["person"] = format!("Person {}", person.person.0).into();
        return entry.to_string();
    }
    line.to_owned()
}

fn replace(path: &Path, text: &str) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut file = unfinished(path).with_context(cannot)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).with_context(cannot)?;
    file.persist(path).with_context(cannot)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::care::FaceToForget;
    use crate::library::fixture::{face, photo};
    use crate::library::{Decision, Destination, LibraryError};
    use crate::train::checkpoint::RunFolderError;
    use crate::types::{FaceId, Revision};

    fn ada() -> PersonToForget {
        let face = FaceToForget {
            face_id: FaceId(1),
            paths: vec!["a.jpg".into()],
            sha256: vec![[7; 32]],
            picture: None,
            face_box: FaceBox { x: 10.0, y: 10.0, width: 60.0, height: 80.0 },
            is_decided: true,
            is_set_aside: false,
        };
        let (person, name) = (PersonId(3), Some("Ada".to_owned()));
        PersonToForget {
            person,
            name,
            earlier_names: Vec::new(),
            merged: Vec::new(),
            made_at_secs: 0,
            faces: vec![face],
            vectors: 0,
            rejections: 0,
            steps: 0,
            namesakes: 0,
        }
    }

    fn line(person: &str, hash: u8, x: f32) -> String {
        serde_json::json!({
            "person": person, "path": "a.jpg", "sha256": hex(&[hash; 32]), "part": "training",
            "face": { "face_box": { "x": x, "y": 10.0, "width": 60.0, "height": 80.0 } },
        })
        .to_string()
    }

    #[test]
    fn a_run_that_learned_from_the_faces_is_known_by_them() {
        assert!(is_of(&line("Ada", 7, 10.0), &ada()));
        assert!(is_of(&line("Renamed since", 7, 12.0), &ada()));
        assert!(!is_of(&line("Ben", 7, 300.0), &ada()), "somebody else in the photo");
        assert!(!is_of(&line("Ada", 8, 10.0), &ada()), "another Ada");
    }

    #[test]
    fn the_name_gives_way_to_a_number_in_a_runs_list() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let library = Library::open(&home.library()).unwrap();
        let run = home.runs().join("one");
        std::fs::create_dir_all(&run).unwrap();
        let lines = [line("Ada", 7, 10.0), line("Adam", 7, 300.0)];
        std::fs::write(run.join("data.jsonl"), lines.join("\n") + "\n").unwrap();
        let renamed: Vec<String> = lines.iter().map(|line| without_name(line, &ada(), &HashSet::new())).collect();
        assert!(renamed[0].contains("Person 3") && !renamed[0].contains("Ada"));
        assert_eq!(renamed[1], lines[1]);
        let namesake = PersonToForget { namesakes: 1, ..ada() };
        assert_eq!(without_name(&lines[0], &namesake, &HashSet::new()), lines[0]);
        assert!(without_name(&line("Ada (3)", 7, 10.0), &namesake, &HashSet::new()).contains("Person 3"));
        assert!(preview(&home, &library, PersonId(3)).is_err(), "nobody has this number");
    }

    /// The name that she had when the run was made, too; and what networks made of her pictures.
    #[test]
    fn a_run_that_learned_from_the_faces_keeps_neither_an_earlier_name_nor_vectors() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(&folder.path().join("home"))).unwrap();
        let photos = folder.path().join("photos");
        let mut library = Library::open(&home.library()).unwrap();
        let scan = library.begin_scan(&photos).unwrap();
        let recorded = library.record_photos(scan, &[photo(&photos.join("a.jpg"), 7, vec![face(10.0, 0.0)])]).unwrap();
        let faces = library.faces_of_photo(recorded[0].photo_id).unwrap().iter().map(|face| face.face_id).collect();
        let to = Destination::NewPerson { name: "Ada".to_owned() };
        library.decide(&Decision::Move { of: None, faces, to }, Revision::NOW).unwrap();
        let run = |name: &str, lines: &[String]| {
            let run = home.runs().join(name);
            std::fs::create_dir_all(&run).unwrap();
            std::fs::write(run.join("data.jsonl"), lines.join("\n") + "\n").unwrap();
            ["old_vectors.bin", "teacher_vectors.bin", "features.bin"].map(|name| {
                std::fs::write(run.join(name), b"vectors").unwrap();
                run.join(name)
            })
        };
        // Of one of her pictures of then nothing is known any more; one of Ben's is hers since.
        let hers = [line("Adelaide", 7, 10.0), line("Adelaide", 8, 10.0), line("Ben", 9, 10.0)];
        let vectors = run("hers", &hers);
        let others = [line("Ben", 9, 10.0)];
        let kept = run("others", &others);
        let ada = library.everyone().unwrap()[0].id;
        let shown = library.person_to_forget(ada).unwrap();
        forget(&home, &mut library, &shown, true).unwrap();
        assert!(vectors.iter().all(|file| !file.exists()), "{vectors:?}");
        assert!(kept.iter().all(|file| file.exists()), "nothing of hers is in it");
        let data = RunFolder::data(&home.runs().join("hers")).unwrap();
        assert!(!data.contains("Adelaide") && data.contains("Ben"), "{data}");
        assert_eq!(RunFolder::data(&home.runs().join("others")).unwrap(), others.join("\n") + "\n");
    }

    /// It would write what it has read of them, and learn from it.
    #[test]
    fn nobody_is_forgotten_of_whom_a_training_run_at_work_knows() {
        let folder = tempfile::tempdir().unwrap();
        let (home, mut library, shown) = ada_with_a_picture_gone(folder.path());
        let run = |name: &str, person: &str, hash: u8| {
            let run = home.runs().join(name);
            std::fs::create_dir_all(&run).unwrap();
            std::fs::write(run.join("data.jsonl"), line(person, hash, 10.0) + "\n").unwrap();
            run
        };
        let (hers, others) = (run("hers", "Ada", 1), run("others", "Ben", 9));
        let _works = RunFolder::hold(&others).unwrap();
        let works = RunFolder::hold(&hers).unwrap();
        let refused = forget(&home, &mut library, &shown, true).unwrap_err();
        assert!(
            matches!(refused.downcast_ref(), Some(RunFolderError::InUse { path, .. }) if *path == hers),
            "{refused:#}"
        );
        assert_eq!(library.person_to_forget(shown.person).unwrap(), shown);
        assert!(ThumbnailCache::new(home.cache()).get(&[2; 32]).is_some(), "nothing of her has gone");
        drop(works);
        forget(&home, &mut library, &shown, true).unwrap();
        assert!(!RunFolder::data(&hers).unwrap().contains("Ada"));
    }

    #[test]
    fn a_picture_that_is_nowhere_else_goes_with_its_thumbnail() {
        let folder = tempfile::tempdir().unwrap();
        let (home, mut library, shown) = ada_with_a_picture_gone(folder.path());
        let thumbnails = ThumbnailCache::new(home.cache());
        forget(&home, &mut library, &shown, true).unwrap();
        assert!(thumbnails.get(&[1; 32]).is_some(), "the photo is there, and so is its thumbnail");
        assert!(thumbnails.get(&[2; 32]).is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_library_that_can_only_be_read_says_so_before_anything_of_somebody_goes() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (home, library, shown) = ada_with_a_picture_gone(folder.path());
        drop(library);
        let set_mode = |mode| {
            std::fs::set_permissions(folder.path().join("home"), std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set_mode(0o500);
        let mut library = Library::open(&home.library()).unwrap();
        let refused = forget(&home, &mut library, &shown, true).unwrap_err();
        assert!(matches!(refused.downcast_ref(), Some(LibraryError::ReadOnly { .. })), "{refused:#}");
        assert!(ThumbnailCache::new(home.cache()).get(&[2; 32]).is_some());
        assert_eq!(library.person_to_forget(shown.person).unwrap(), shown);
        set_mode(0o700);
    }

    /// Ada in two photos, one of which is missing; both have thumbnails.
    fn ada_with_a_picture_gone(folder: &Path) -> (Home, Library, PersonToForget) {
        let home = Home::open(Some(&folder.join("home"))).unwrap();
        let photos = folder.join("photos");
        let mut library = Library::open(&home.library()).unwrap();
        let thumbnails = ThumbnailCache::new(home.cache());
        let scan = library.begin_scan(&photos).unwrap();
        let mut faces = Vec::new();
        for (name, hash) in [("kept.jpg", 1), ("gone.jpg", 2)] {
            thumbnails.put(&[hash; 32], b"a picture").unwrap();
            let recorded =
                library.record_photos(scan, &[photo(&photos.join(name), hash, vec![face(10.0, 0.0)])]).unwrap();
            faces.extend(library.faces_of_photo(recorded[0].photo_id).unwrap().iter().map(|face| face.face_id));
        }
        let to = Destination::NewPerson { name: "Ada".to_owned() };
        library.decide(&Decision::Move { of: None, faces, to }, Revision::NOW).unwrap();
        std::fs::create_dir(&photos).unwrap();
        std::fs::write(photos.join("kept.jpg"), b"x").unwrap();
        library.accept_missing_now(&std::fs::canonicalize(&photos).unwrap(), u64::MAX).unwrap();
        let ada = library.everyone().unwrap()[0].id;
        let shown = library.person_to_forget(ada).unwrap();
        (home, library, shown)
    }
}
