//! Albums on disk: JPEG files and `truth.json` beside them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rand::seq::index::sample;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::finish::jpeg;
use super::{Identity, Truth, render_crop, render_photo};
use crate::types::{Cancel, files};

/// What to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AlbumPlan {
    pub people: u32,
    pub photos: u32,
    pub seed: u64,
    pub layout: Layout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One folder of photos with one to six people each.
    Photos,
    /// A folder a person with aligned crops of this many pixels a side; the photos are dealt out evenly.
    FolderAPerson { crop_size: u32 },
}

/// `truth.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct AlbumTruth {
    pub seed: u64,
    /// Of whom the album was drawn; with few photos not all of them are in it.
    pub people: u32,
    pub photos: Vec<PhotoTruth>,
}

impl AlbumTruth {
    /// How many people are in the pictures: few pictures do not have them all.
    pub(crate) fn people_drawn(&self) -> usize {
        let faces = self.photos.iter().flat_map(|photo| &photo.faces);
        faces.map(|face| face.person).collect::<BTreeSet<_>>().len()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct PhotoTruth {
    /// Relative to `truth.json`, with `/`.
    pub file: String,
    pub width: u32,
    pub height: u32,
    /// From left to right.
    pub faces: Vec<Truth>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum SynthError {
    #[error("an album needs at least one person and one photo")]
    NothingToDraw,
    #[error("the folder holds {name}, which is of no album; nothing was written: {}", path.display())]
    FolderInUse { name: String, path: PathBuf },
    #[error("the album is incomplete, {written} photos were kept: {source}: {}", path.display())]
    Write { written: u32, source: io::Error, path: PathBuf },
    #[error("cancelled, {written} photos were kept without truth.json")]
    Cancelled { written: u32 },
}

/// How many photos are drawn between two words of progress.
const BATCH: u32 = 16;

/// Draws an album into `folder`, which must be new, empty, or an album, whole or begun; that is replaced. `progress` is
/// told photos done and all photos.
///
/// # Errors
/// See [`SynthError`]; `truth.json` is written last, so an album with it is complete.
pub(crate) fn write_album(
    folder: &Path,
    plan: &AlbumPlan,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u32, u32),
) -> Result<AlbumTruth, SynthError> {
    if plan.people == 0 || plan.photos == 0 {
        return Err(SynthError::NothingToDraw);
    }
    let failed = |source| SynthError::Write { written: 0, source, path: folder.to_owned() };
    let of_before = what_is_there(folder).map_err(failed)?;
    if let Some(name) = of_before.foreign {
        return Err(SynthError::FolderInUse { name, path: folder.to_owned() });
    }
    let begun = begin(folder, &of_before.pictures).map_err(failed)?;
    let people: Vec<Identity> = (0..plan.people).map(|index| Identity::new(plan.seed, index)).collect();
    let mut photos = Vec::new();
    for start in (0..plan.photos).step_by(BATCH as usize) {
        let end = plan.photos.min(start + BATCH);
        let draw = |number| match cancel.is_cancelled() {
            true => Ok(None),
            false => write_photo(&begun, plan, &people, number).map(Some),
        };
        let written: Result<Vec<Option<PhotoTruth>>, (io::Error, PathBuf)> =
            (start..end).into_par_iter().map(draw).collect();
        let written = written.map_err(|(source, path)| SynthError::Write { written: start, source, path })?;
        photos.extend(written.into_iter().flatten());
        if photos.len() < end as usize {
            return Err(SynthError::Cancelled { written: photos.len() as u32 });
        }
        progress(end, plan.photos);
    }
    drop(begun);
    let truth = AlbumTruth { seed: plan.seed, people: plan.people, photos };
    let path = folder.join(TRUTH_FILE);
    let text = serde_json::to_vec_pretty(&truth).map_err(io::Error::from);
    let written = text.and_then(|text| fs::write(&path, text));
    let written = written.and_then(|()| fs::remove_file(folder.join(BEGUN_FILE)));
    written.map_err(|source| SynthError::Write { written: plan.photos, source, path })?;
    Ok(truth)
}

const TRUTH_FILE: &str = "truth.json";
/// Is there as long as an album is drawn, with the names of what is its own, a line each: of one that was interrupted
/// nothing else is replaced.
const BEGUN_FILE: &str = "truth.begun";

/// What lies in a folder before an album is drawn there.
#[derive(Default)]
struct Before {
    /// Of an album, by their names as it has them.
    pictures: Vec<String>,
    /// The first that is not.
    foreign: Option<String>,
}

/// What is hidden is neither looked at nor written over.
fn what_is_there(folder: &Path) -> io::Result<Before> {
    let mut before = Before::default();
    let album = AlbumThere::of(folder);
    let mut found = Vec::new();
    for (name, path) in entries(folder)? {
        if path.is_dir() && album.has_person(&name) {
            found.extend(entries(&path)?.into_iter().map(|(picture, _)| format!("{name}/{picture}")));
        } else if !album.told_by.contains(&name.as_str()) {
            found.push(name);
        }
    }
    for name in found {
        match album.pictures.contains(&name) {
            true => before.pictures.push(name),
            false => before.foreign = before.foreign.or(Some(name)),
        }
    }
    Ok(before)
}

/// What tells which files of a folder are an album's; nothing where there is none.
#[derive(Default)]
struct AlbumThere {
    told_by: &'static [&'static str],
    pictures: BTreeSet<String>,
}

impl AlbumThere {
    fn of(folder: &Path) -> Self {
        if let Ok(begun) = files::read_to_string(&folder.join(BEGUN_FILE)) {
            // It may have had its truth written, whole or not.
            let told_by = &[TRUTH_FILE, BEGUN_FILE];
            return Self { told_by, pictures: begun.lines().map(str::to_owned).collect() };
        }
        // Also a file that only is called so, by somebody else, tells nothing.
        let truth = fs::read(folder.join(TRUTH_FILE)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let whole = |truth: AlbumTruth| {
            let pictures = truth.photos.into_iter().map(|photo| photo.file).collect();
            Self { told_by: &[TRUTH_FILE], pictures }
        };
        truth.map_or_else(Self::default, whole)
    }

    fn has_person(&self, name: &str) -> bool {
        self.pictures.iter().any(|picture| is_in(picture, name))
    }
}

/// An album that is drawn.
struct BegunAlbum<'a> {
    folder: &'a Path,
    names: Mutex<File>,
}

impl BegunAlbum<'_> {
    /// Writes a picture, unless somebody else's of that name has come there meanwhile.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(self.folder))?;
        let mut picture = File::create_new(&path)?;
        writeln!(self.names.lock().unwrap_or_else(PoisonError::into_inner), "{name}")?;
        picture.write_all(bytes)
    }
}

fn is_in(file: &str, folder: &str) -> bool {
    file.split_once('/').is_some_and(|(parent, _)| parent == folder)
}

/// What is not hidden, in order of the names; none where there is no folder.
fn entries(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let named = |entry: fs::DirEntry| (entry.file_name().to_string_lossy().into_owned(), entry.path());
    let mut entries: Vec<_> = entries.map(|entry| entry.map(named)).collect::<io::Result<_>>()?;
    entries.retain(|(name, _)| !name.starts_with('.'));
    entries.sort();
    Ok(entries)
}

/// Takes away the album that was there, so that no picture of it is left among those of the new one.
fn begin<'a>(folder: &'a Path, pictures: &[String]) -> io::Result<BegunAlbum<'a>> {
    fs::create_dir_all(folder)?;
    let mut names = File::create(folder.join(BEGUN_FILE))?;
    // Until they are gone, they are the album's.
    pictures.iter().try_for_each(|name| writeln!(names, "{name}"))?;
    let truth = folder.join(TRUTH_FILE);
    if truth.exists() {
        fs::remove_file(truth)?;
    }
    let paths: Vec<PathBuf> = pictures.iter().map(|name| folder.join(name)).collect();
    paths.iter().try_for_each(fs::remove_file)?;
    for person in paths.iter().filter_map(|picture| picture.parent()).filter(|parent| *parent != folder) {
        // Gone already, or with something hidden in it.
        let _ = fs::remove_dir(person);
    }
    // What comes now under one of their names is not the album's.
    names.set_len(0)?;
    names.rewind()?;
    Ok(BegunAlbum { folder, names: Mutex::new(names) })
}

fn write_photo(
    album: &BegunAlbum<'_>,
    plan: &AlbumPlan,
    people: &[Identity],
    number: u32,
) -> Result<PhotoTruth, (io::Error, PathBuf)> {
    // Streams below `people` are the identities'.
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    rng.set_stream((1 << 32) + u64::from(number));
    let (file, picture, faces, quality) = match plan.layout {
        Layout::Photos => {
            let size = [(1280, 960), (960, 1280), (1440, 960), (1600, 900)][rng.random_range(0..4)];
            let wanted = [1, 1, 1, 2, 2, 2, 3, 3, 4, 6][rng.random_range(0..10)];
            let picks = sample(&mut rng, people.len(), people.len().min(wanted));
            let group: Vec<(u32, &Identity)> = picks.iter().map(|index| (index as u32, &people[index])).collect();
            let (picture, faces, quality) = render_photo(&group, size, rng.random());
            (format!("photo-{:05}.jpg", number + 1), picture, faces, quality)
        }
        Layout::FolderAPerson { crop_size } => {
            let person = number % plan.people;
            let picture = render_crop(&people[person as usize], rng.random(), crop_size);
            let file = format!("person-{:04}/{:04}.jpg", person + 1, number / plan.people + 1);
            (file, picture, vec![Truth::of_crop(person, crop_size)], 95)
        }
    };
    album.write(&file, &jpeg(&picture, quality)).map_err(|error| (error, album.folder.join(&file)))?;
    Ok(PhotoTruth { file, width: picture.width(), height: picture.height(), faces })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn album(plan: &AlbumPlan) -> (tempfile::TempDir, AlbumTruth) {
        let folder = tempfile::tempdir().unwrap();
        let truth = write_album(folder.path(), plan, &Cancel::default(), &mut |_, _| ()).unwrap();
        (folder, truth)
    }

    fn plan(layout: Layout) -> AlbumPlan {
        AlbumPlan { people: 3, photos: 2, seed: 11, layout }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        for layout in [Layout::Photos, Layout::FolderAPerson { crop_size: 64 }] {
            let ((first, truth), (second, again)) = (album(&plan(layout)), album(&plan(layout)));
            assert_eq!(truth, again);
            for photo in &truth.photos {
                let read = |folder: &tempfile::TempDir| fs::read(folder.path().join(&photo.file)).unwrap();
                assert!(read(&first) == read(&second), "{}", photo.file);
            }
        }
    }

    #[test]
    fn another_seed_gives_other_pictures() {
        let crops = Layout::FolderAPerson { crop_size: 32 };
        let ((first, truth), (second, _)) = (album(&plan(crops)), album(&AlbumPlan { seed: 12, ..plan(crops) }));
        let read = |folder: &tempfile::TempDir| fs::read(folder.path().join(&truth.photos[0].file)).unwrap();
        assert_ne!(read(&first), read(&second));
    }

    #[test]
    fn truth_lies_inside_the_photo() {
        let (folder, truth) = album(&AlbumPlan { photos: 6, ..plan(Layout::Photos) });
        assert_eq!(truth.photos.len(), 6);
        for photo in &truth.photos {
            assert!(!photo.faces.is_empty() && photo.faces.len() <= 3);
            for face in &photo.faces {
                let [x, y] = face.face_box.centre();
                assert!(x > 0.0 && y > 0.0 && x < photo.width as f32 && y < photo.height as f32, "{photo:?}");
                let [eye, other_eye, nose, corner, _] = face.landmarks.0;
                assert!(eye[0] < other_eye[0] && eye[1] < corner[1] && nose[1] < corner[1] + 20.0, "{face:?}");
            }
            let people: std::collections::BTreeSet<u32> = photo.faces.iter().map(|face| face.person).collect();
            assert_eq!(people.len(), photo.faces.len(), "nobody is twice in a photo");
        }
        let read: AlbumTruth = serde_json::from_slice(&fs::read(folder.path().join(TRUTH_FILE)).unwrap()).unwrap();
        assert_eq!(read, truth);
    }

    #[test]
    fn other_folders_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("diary.txt"), "mine").unwrap();
        let draw = || write_album(folder.path(), &plan(Layout::Photos), &Cancel::default(), &mut |_, _| ());
        assert!(matches!(draw(), Err(SynthError::FolderInUse { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        // Not because they are called as an album's are.
        fs::rename(folder.path().join("diary.txt"), folder.path().join("photo-0001.jpg")).unwrap();
        assert!(matches!(draw(), Err(SynthError::FolderInUse { .. })));
        // Nor beside an album's.
        fs::remove_file(folder.path().join("photo-0001.jpg")).unwrap();
        draw().unwrap();
        fs::write(folder.path().join("IMG_1.jpg"), "mine").unwrap();
        assert!(matches!(draw(), Err(SynthError::FolderInUse { name, .. }) if name == "IMG_1.jpg"));
        assert!(folder.path().join(TRUTH_FILE).exists());
    }

    #[test]
    fn only_what_an_album_wrote_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let crops = AlbumPlan { people: 1, ..plan(Layout::FolderAPerson { crop_size: 16 }) };
        let draw = || write_album(folder.path(), &crops, &Cancel::default(), &mut |_, _| ());
        let refused = |file: &str| {
            let told = draw().map(drop);
            assert!(matches!(&told, Err(SynthError::FolderInUse { name, .. }) if name == file), "{file}: {told:?}");
        };
        draw().unwrap();
        // Called as an album's pictures are, and none.
        for (file, told) in [
            ("person-0001/20240101.jpg", "person-0001/20240101.jpg"),
            ("person-0002/0001.jpg", "person-0002"),
            ("photo-00009.jpg", "person-0002"),
        ] {
            fs::create_dir_all(place(file).parent().unwrap()).unwrap();
            fs::write(place(file), "mine").unwrap();
            refused(told);
            assert_eq!(fs::read(place(file)).unwrap(), b"mine");
            fs::remove_file(place(file)).unwrap();
        }
        fs::remove_dir(place("person-0002")).unwrap();
        draw().unwrap();
        // Somebody else's truth makes no album.
        for truth in ["{}", r#"{"person-0001": true}"#] {
            fs::write(place(TRUTH_FILE), truth).unwrap();
            refused("person-0001");
            assert_eq!(fs::read(place(TRUTH_FILE)).unwrap(), truth.as_bytes());
            assert_eq!(files(&place("person-0001")).len(), 2);
        }
    }

    /// As a camera or a phone calls them, beside an album that was interrupted and called alike.
    #[test]
    fn what_came_beside_an_interrupted_album_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name);
        let crops = AlbumPlan { photos: 2 * BATCH, people: 1, ..plan(Layout::FolderAPerson { crop_size: 16 }) };
        let draw = |progress: &mut dyn FnMut(u32)| {
            write_album(folder.path(), &crops, &Cancel::default(), &mut |done, _| progress(done))
        };
        for (drawn, own) in
            [("photo-00001.jpg", "photo-20240101.jpg"), ("person-0001/0001.jpg", "person-0001/20240101.jpg")]
        {
            for name in [drawn, own] {
                fs::create_dir_all(place(name).parent().unwrap()).unwrap();
                fs::write(place(name), name).unwrap();
            }
            fs::write(place(BEGUN_FILE), format!("{drawn}\n")).unwrap();
            let told = draw(&mut |_| ());
            assert!(matches!(&told, Err(SynthError::FolderInUse { name, .. }) if name == own), "{told:?}");
            assert_eq!(fs::read_to_string(place(own)).unwrap(), own);
            [drawn, own].into_iter().for_each(|name| fs::remove_file(place(name)).unwrap());
        }
        // One that comes while the album is drawn, under a name that it will need; it is not the album's afterwards.
        let own = format!("person-0001/{:04}.jpg", 2 * BATCH);
        let kept = || {
            let told = draw(&mut |done| {
                if done == BATCH {
                    fs::write(place(&own), "mine").unwrap();
                }
            });
            assert!(matches!(&told, Err(SynthError::Write { path, .. }) if *path == place(&own)), "{told:?}");
            assert!(matches!(draw(&mut |_| ()), Err(SynthError::FolderInUse { name, .. }) if name == own));
            assert_eq!(fs::read(place(&own)).unwrap(), b"mine");
        };
        kept();
        assert!(place("person-0001/0001.jpg").exists(), "nothing is taken away where it is refused");
        fs::remove_file(place(&own)).unwrap();
        assert_eq!(draw(&mut |_| ()).unwrap().photos.len(), crops.photos as usize);
        // One that comes in the place of a picture of the album before, while the next one is drawn.
        kept();
    }

    fn files(folder: &Path) -> BTreeSet<String> {
        entries(folder).unwrap().into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn an_album_that_was_interrupted_is_drawn_again_and_one_that_is_whole_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let cancel = Cancel::default();
        let crops = AlbumPlan { people: 3, photos: 40, ..plan(Layout::FolderAPerson { crop_size: 16 }) };
        let stopped = write_album(folder.path(), &crops, &cancel, &mut |_, _| cancel.cancel());
        assert!(matches!(stopped, Err(SynthError::Cancelled { .. })));
        assert!(files(folder.path()).contains("person-0001") && !files(folder.path()).contains(TRUTH_FILE));
        let draw = |plan: &AlbumPlan| write_album(folder.path(), plan, &Cancel::default(), &mut |_, _| ()).unwrap();
        assert_eq!(draw(&crops).photos.len(), 40);
        let people = ["person-0001", "person-0002", "person-0003"];
        assert_eq!(files(folder.path()), people.iter().chain([&TRUTH_FILE]).map(|name| name.to_string()).collect());
        draw(&AlbumPlan { people: 1, photos: 2, ..crops });
        assert_eq!(files(folder.path()), ["person-0001", TRUTH_FILE].map(str::to_owned).into());
        assert_eq!(files(&folder.path().join("person-0001")).len(), 2, "those of the album before are gone");
    }

    #[test]
    fn who_is_counted_is_who_was_drawn() {
        let crops = AlbumPlan { people: 50, photos: 5, ..plan(Layout::FolderAPerson { crop_size: 16 }) };
        assert_eq!(album(&crops).1.people_drawn(), 5);
        assert_eq!(album(&AlbumPlan { people: 3, ..crops }).1.people_drawn(), 3);
    }

    /// A photo takes a second, and nobody waits for sixteen.
    #[test]
    fn a_cancel_ends_an_album_at_the_photo_that_is_being_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let (cancel, asked) = (Cancel::default(), Cancel::default());
        let watch = {
            let (path, cancel, ended) = (folder.path().to_owned(), cancel.clone(), asked.clone());
            std::thread::spawn(move || {
                while !ended.is_cancelled() && fs::read_dir(&path).unwrap().count() < 2 {
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                cancel.cancel();
            })
        };
        let plan = AlbumPlan { photos: BATCH, ..plan(Layout::Photos) };
        let outcome = write_album(folder.path(), &plan, &cancel, &mut |_, _| ());
        asked.cancel();
        watch.join().unwrap();
        let Err(SynthError::Cancelled { written }) = outcome else { panic!("drawn to the end") };
        let drawn = files(folder.path()).into_iter().filter(|name| name.ends_with(".jpg")).count();
        assert_eq!(drawn, written as usize);
    }

    #[test]
    fn cancelled_albums_have_no_truth() {
        let folder = tempfile::tempdir().unwrap();
        let cancel = Cancel::default();
        cancel.cancel();
        let outcome = write_album(folder.path(), &plan(Layout::Photos), &cancel, &mut |_, _| ());
        assert!(matches!(outcome, Err(SynthError::Cancelled { written: 0 })));
        assert!(!folder.path().join(TRUTH_FILE).exists());
    }
}
