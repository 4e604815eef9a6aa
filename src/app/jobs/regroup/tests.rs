//! Many faces are grouped as few are; only what has changed is written; nothing of somebody forgotten is kept.

use std::collections::BTreeSet;
use std::path::Path;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::app::engine::home::Home;
use crate::app::jobs::forget::forget;
use crate::cluster::graph::fingerprint;
use crate::library::fixture::{self, face, file, model};
use crate::library::{AgainstMerge, Destination, FaceRecord, FileFacts, FileHashes, PhotoRecord};

const DIMENSIONS: usize = 32;
/// Tests group by neighbours above so many faces, or never.
const FEW: ExactUpTo = ExactUpTo { average: 20, single: 20 };
const NEVER: ExactUpTo = ExactUpTo { average: usize::MAX, single: usize::MAX };
const GROUPING: Grouping = Grouping { linkage: Linkage::Average, threshold: SquaredDistance(1.0) };

/// Faces of thirty people, of some many and of others few, as they come.
fn faces(count: usize, seed: u64) -> Vec<Embedding> {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let vector =
        |random: &mut ChaCha8Rng| -> Vec<f32> { (0..DIMENSIONS).map(|_| random.random_range(-1.0..1.0)).collect() };
    let people: Vec<Vec<f32>> = (0..30).map(|_| vector(&mut random)).collect();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut face = || {
        let person: f32 = random.random_range(0.0..1.0);
        let person = &people[(person * person * 30.0) as usize];
        let noise = vector(&mut random);
        Embedding::normalise(person.iter().zip(noise).map(|(value, noise)| value + 0.6 * noise).collect()).unwrap()
    };
    (0..count).map(|_| face()).collect()
}

/// Of one face; there are more pictures than a byte tells apart.
fn photo(path: &Path, number: usize, embedding: Embedding) -> PhotoRecord {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&(number as u64 + 1).to_le_bytes());
    let hashes = Some(FileHashes { file: hash, picture: hash });
    let face = FaceRecord { embedding: Some(embedding), ..face(10.0, 0.0) };
    PhotoRecord { file: FileFacts { hashes, ..file(path, 0) }, ..fixture::photo(path, 0, vec![face]) }
}

struct MadeLibrary {
    folder: tempfile::TempDir,
    home: Home,
    library: LibraryHandle,
    photos: usize,
}

impl MadeLibrary {
    fn of(faces: &[Embedding]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(&folder.path().join("home"))).unwrap();
        let library = LibraryHandle::open(&home.library()).unwrap();
        let mut made = Self { folder, home, library, photos: 0 };
        made.add(faces);
        made
    }

    fn add(&mut self, faces: &[Embedding]) {
        let photos = self.folder.path().join("photos");
        let numbers = self.photos..;
        let records = faces
            .iter()
            .zip(numbers)
            .map(|(face, number)| photo(&photos.join(format!("{number}.jpg")), number, face.clone()));
        let records: Vec<PhotoRecord> = records.collect();
        self.photos += faces.len();
        let record = move |library: &mut crate::library::Library| {
            let scan = library.begin_scan(&photos)?;
            library.record_photos(scan, &records)
        };
        self.library.call(record).unwrap();
    }

    /// How many groups were applied.
    fn regroup_above(&self, few: ExactUpTo) -> usize {
        self.regroup_as(&GROUPING, few)
    }

    fn regroup_as(&self, grouping: &Grouping, few: ExactUpTo) -> usize {
        regroup_above(few, &self.library, &model(), grouping, &Cancel::default(), &mut |_| {}).unwrap().1
    }

    /// For a look at other thresholds.
    fn prepared(&self, grouping: &Grouping, few: ExactUpTo) -> PreparedGrouping {
        let (library, cancel) = (&self.library, Cancel::default());
        PreparedGrouping::prepare_above(few, library, &model(), grouping, &cancel, &mut |_| {}).unwrap()
    }

    fn decide(&self, decision: Decision) {
        self.library.call(move |library| library.decide(&decision, Revision::NOW)).unwrap();
    }

    /// Each person's name and faces, and the faces that are only suggested.
    fn people(&self) -> BTreeSet<(Option<String>, Vec<(FaceId, bool)>)> {
        let names = self.library.ask(|library| library.everyone()).unwrap();
        let input = self.library.ask(|library| library.faces_to_group(&model())).unwrap();
        let of = |person: PersonId| {
            let faces = input.faces.iter().filter(|face| face.state.person() == Some(person));
            faces.map(|face| (face.face_id, face.state.is_decided())).collect::<Vec<_>>()
        };
        names.into_iter().map(|person| (person.name, of(person.id))).filter(|(_, faces)| !faces.is_empty()).collect()
    }

    /// The groups, the largest first.
    fn groups(&self) -> Vec<(PersonId, Vec<FaceId>)> {
        let everyone = self.library.ask(|library| library.everyone()).unwrap();
        let mut groups: Vec<_> = everyone
            .into_iter()
            .map(|person| (person.id, person.faces.iter().map(|face| face.face_id).collect::<Vec<_>>()))
            .collect();
        groups.iter_mut().for_each(|(_, faces)| faces.sort());
        groups.sort_by_key(|(_, faces)| (std::cmp::Reverse(faces.len()), faces[0]));
        groups
    }

    fn kept(&self) -> Vec<Vec<u8>> {
        let mut files: Vec<_> = match std::fs::read_dir(self.home.cache().join("grouping")) {
            Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
            Err(_) => Vec::new(),
        };
        files.sort();
        files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
    }
}

/// The same library twice: the one is grouped from all pairs, the other from neighbours.
fn twins(faces: &[Embedding]) -> (MadeLibrary, MadeLibrary) {
    let (exact, by_neighbours) = (MadeLibrary::of(faces), MadeLibrary::of(faces));
    exact.regroup_above(NEVER);
    by_neighbours.regroup_above(FEW);
    assert_eq!(exact.people(), by_neighbours.people());
    (exact, by_neighbours)
}

#[test]
fn many_faces_are_grouped_as_few_and_nothing_new_is_nothing_to_apply() {
    let (exact, made) = twins(&faces(400, 1));
    assert!(made.people().len() > 10 && exact.kept().is_empty());
    let (people, kept) = (made.people(), made.kept());
    assert_eq!(kept.len(), 3);
    assert_eq!(made.regroup_above(FEW), 0);
    assert_eq!((made.people(), made.kept()), (people, kept));
}

#[test]
fn new_faces_join_their_people_and_the_other_groups_are_left_alone() {
    let (mut exact, mut made) = twins(&faces(400, 2));
    let new = faces(5, 20);
    exact.add(&new);
    made.add(&new);
    let applied = made.regroup_above(FEW);
    assert!((1..=5).contains(&applied), "{applied}");
    exact.regroup_above(NEVER);
    assert_eq!(exact.people(), made.people());
    assert_eq!(made.regroup_above(FEW), 0);
}

#[test]
fn what_is_decided_in_between_holds() {
    let (mut exact, mut made) = twins(&faces(400, 3));
    for made in [&exact, &made] {
        let groups = made.groups();
        let [ada, ben, cleo, dan, eve] = [0, 1, 2, 3, 4].map(|at| groups[at].clone());
        made.decide(Decision::Name { person: ada.0, name: "Ada".to_owned() });
        let faces = ben.1[..2].to_vec();
        made.decide(Decision::Move { of: Some(ben.0), faces, to: Destination::NewPerson { name: "Ben".to_owned() } });
        made.decide(Decision::Merge { from: dan.0, into: cleo.0, against: AgainstMerge::default() });
        made.decide(Decision::TakeOut { person: eve.0, faces: eve.1[..1].to_vec() });
        made.decide(Decision::Different(ada.0, eve.0));
    }
    exact.regroup_above(NEVER);
    made.regroup_above(FEW);
    assert_eq!(exact.people(), made.people());
    // Then one suggestion is confirmed and another refused, and more faces come.
    for made in [&exact, &made] {
        let input = made.library.ask(|library| library.faces_to_group(&model())).unwrap();
        let suggested = input.faces.iter().filter(|face| !face.state.is_decided()).filter_map(|face| {
            let person = face.state.person().filter(|person| input.known.contains(person))?;
            Some((person, face.face_id))
        });
        let suggested: Vec<_> = suggested.collect();
        assert!(suggested.len() > 2);
        made.decide(Decision::Confirm { person: suggested[0].0, faces: vec![suggested[0].1] });
        made.decide(Decision::Reject { person: suggested[1].0, faces: vec![suggested[1].1] });
    }
    let new = faces(5, 30);
    exact.add(&new);
    made.add(&new);
    exact.regroup_above(NEVER);
    made.regroup_above(FEW);
    assert_eq!(exact.people(), made.people());
    made.regroup_above(FEW);
    assert_eq!((made.regroup_above(FEW), exact.people()), (0, made.people()));
}

/// An undone grouping, another threshold: the library says what is to be applied, not the file.
#[test]
fn groups_that_the_library_lost_are_made_again() {
    let made = MadeLibrary::of(&faces(300, 4));
    made.regroup_above(FEW);
    let people = made.people();
    let everybody: Vec<FaceId> = people.iter().flat_map(|(_, faces)| faces.iter().map(|face| face.0)).collect();
    made.library.call(move |l| l.apply_grouping(&[everybody], GroupedBy::User(&[]), Revision::NOW)).unwrap();
    assert_eq!(made.people().len(), 1);
    assert!(made.regroup_above(FEW) > 0);
    assert_eq!(made.people(), people);
}

#[test]
fn torn_files_are_made_again_and_fewer_faces_need_none() {
    let made = MadeLibrary::of(&faces(300, 6));
    made.regroup_above(FEW);
    let (people, kept) = (made.people(), made.kept());
    let folder = made.home.cache().join("grouping");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    }
    assert_eq!(made.regroup_above(FEW), 0);
    assert_eq!((made.people(), made.kept()), (people.clone(), kept));
    made.regroup_above(NEVER);
    assert!(made.kept().is_empty());
    assert_eq!(made.people(), people);
}

#[test]
fn cancelled_it_changes_nothing() {
    let made = MadeLibrary::of(&faces(300, 7));
    let cancel = Cancel::default();
    cancel.cancel();
    assert!(regroup_above(FEW, &made.library, &model(), &GROUPING, &cancel, &mut |_| {}).is_err());
    assert!(made.people().is_empty() && made.kept().is_empty());
}

/// What writes a copy waits here, as it would on a slow disk.
#[test]
fn decisions_are_answered_while_the_backup_before_a_grouping_is_written() {
    let made = MadeLibrary::of(&faces(20, 8));
    made.decide(Decision::Move { of: None, faces: Vec::new(), to: Destination::NewPerson { name: "Ada".to_owned() } });
    let lock = made.home.library().with_file_name("library.sqlite.lock");
    let lock = std::fs::File::options().write(true).create(true).truncate(false).open(lock).unwrap();
    lock.lock().unwrap();
    let answered = std::thread::scope(|scope| {
        let grouping = scope.spawn(|| made.regroup_above(NEVER));
        std::thread::sleep(std::time::Duration::from_millis(500));
        let (answer, answered) = crossbeam_channel::bounded(1);
        let library = made.library.clone();
        scope.spawn(move || answer.send(library.call(|library| library.set_setting("theme", "dark"))).unwrap());
        let answered = answered.recv_timeout(std::time::Duration::from_secs(5));
        let is_waiting = !grouping.is_finished();
        lock.unlock().unwrap();
        (is_waiting, answered.is_ok())
    });
    assert_eq!(answered, (true, true), "the grouping waits, and nobody else does");
}

#[test]
fn nothing_of_who_is_forgotten_or_gone_is_kept() {
    let all = faces(300, 8);
    let made = MadeLibrary::of(&all);
    made.regroup_above(FEW);
    let (person, theirs) = made.groups()[2].clone();
    let input = made.library.ask(|library| library.faces_to_group(&model())).unwrap();
    let traces = input.faces.iter().filter(|face| theirs.contains(&face.face_id)).map(|face| {
        let vector = face.embedding.as_slice();
        [fingerprint(vector).to_le_bytes().to_vec(), vector.iter().flat_map(|value| value.to_le_bytes()).collect()]
    });
    let traces: Vec<[Vec<u8>; 2]> = traces.collect();
    let holds = |bytes: &Vec<u8>, trace: &Vec<u8>| bytes.windows(trace.len()).any(|window| window == trace);
    assert!(traces.iter().all(|[hash, _]| made.kept().iter().any(|bytes| holds(bytes, hash))));
    assert!(traces.iter().all(|[_, vector]| made.kept().iter().any(|bytes| holds(bytes, vector))));
    made.decide(Decision::Name { person, name: "Ada".to_owned() });
    let home = made.home.clone();
    let forgotten = move |library: &mut crate::library::Library| {
        let shown = library.person_to_forget(person)?;
        forget(&home, library, &shown, false)
    };
    made.library.call(forgotten).unwrap();
    assert!(!made.home.cache().join("grouping").exists());
    made.regroup_above(FEW);
    let kept = made.kept();
    assert_eq!(kept.len(), 3);
    assert!(traces.iter().flatten().all(|trace| !kept.iter().any(|bytes| holds(bytes, trace))));
}

/// A grouping that read the faces before somebody was forgotten keeps nothing.
#[test]
fn a_grouping_under_way_brings_back_nobody_who_is_forgotten() {
    let made = MadeLibrary::of(&faces(300, 9));
    let mut forget_once = Some(|| files::remove_all(&made.home.cache()).unwrap());
    let mut events = |event: JobEvent| {
        assert!(matches!(event, JobEvent::Progress(_)), "{event:?}");
        forget_once.take().into_iter().for_each(|forget| forget());
    };
    regroup_above(FEW, &made.library, &model(), &GROUPING, &Cancel::default(), &mut events).unwrap();
    assert!(made.kept().is_empty() && !made.people().is_empty());
}

fn groups_at(prepared: &PreparedGrouping, threshold: f32) -> BTreeSet<Vec<FaceId>> {
    let mut groups = prepared.groups(SquaredDistance(threshold));
    groups.iter_mut().for_each(|group| group.sort());
    groups.into_iter().collect()
}

/// Whatever was looked at before, and grouped in between.
#[test]
fn every_threshold_within_reach_shows_the_groups_of_all_pairs() {
    for linkage in [Linkage::Average, Linkage::Single] {
        let grouping = Grouping { linkage, ..GROUPING };
        let (mut exact, mut made) = (MadeLibrary::of(&faces(400, 11)), MadeLibrary::of(&faces(400, 11)));
        for step in 0..3 {
            if step == 1 {
                exact.regroup_as(&grouping, NEVER);
                made.regroup_as(&grouping, FEW);
            }
            if step == 2 {
                let new = faces(5, 12);
                exact.add(&new);
                made.add(&new);
            }
            let (all, near) = (exact.prepared(&grouping, NEVER), made.prepared(&grouping, FEW));
            let reach = near.reach().unwrap().0;
            assert!(all.reach().is_none() && reach >= 1.1 * GROUPING.threshold.0, "{reach}");
            for percent in [30, 60, 90, 100, 105, 110] {
                let threshold = GROUPING.threshold.0 * percent as f32 / 100.0;
                assert_eq!(groups_at(&all, threshold), groups_at(&near, threshold), "{linkage:?}, {step}, {percent} %");
            }
        }
        exact.regroup_as(&grouping, NEVER);
        made.regroup_as(&grouping, FEW);
        assert_eq!(exact.people(), made.people(), "{linkage:?}");
        assert_eq!(made.regroup_as(&grouping, FEW), 0, "{linkage:?}: nothing new");
    }
}

#[test]
fn what_was_applied_after_a_look_is_what_the_next_scan_finds() {
    let made = MadeLibrary::of(&faces(400, 13));
    made.regroup_above(FEW);
    let prepared = made.prepared(&GROUPING, FEW);
    let eager = Grouping { threshold: prepared.reach().unwrap(), ..GROUPING };
    let groups = prepared.groups(eager.threshold);
    assert_ne!(groups.len(), prepared.groups(GROUPING.threshold).len());
    made.library.call(move |l| l.apply_grouping(&groups, GroupedBy::User(&[]), Revision::NOW)).unwrap();
    let people = made.people();
    assert_eq!(made.regroup_as(&eager, FEW), 0);
    assert_eq!(made.people(), people);
    // From there the slider goes further.
    assert!(made.prepared(&eager, FEW).reach().unwrap().0 >= 1.1 * eager.threshold.0);
}

/// Two people in one group: it parts between them, also where only a sample of its faces makes the tree.
#[test]
fn a_large_group_parts_as_a_sample_of_it_does() {
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let mut face = |person: usize| {
        let mut values: Vec<f32> = (0..DIMENSIONS).map(|_| random.random_range(-0.1..0.1)).collect();
        values[person] += 1.0;
        Embedding::normalise(values).unwrap()
    };
    let faces: Vec<Embedding> = (0..500).map(|place| face(usize::from(place % 5 == 0))).collect();
    let fifth: Vec<usize> = (0..500).step_by(5).collect();
    for exactly in [500, 90] {
        let mut smaller = smaller_half(&faces, exactly).unwrap();
        smaller.sort_unstable();
        assert_eq!(smaller, fifth);
    }
}

/// From then on vectors come from the file, until one is written that it does not know.
#[test]
fn vectors_come_from_the_file_of_the_last_grouping_until_others_are_there() {
    let mut made = MadeLibrary::of(&faces(100, 14));
    let stored = |made: &MadeLibrary| made.library.ask(|library| library.faces_to_group(&model())).unwrap();
    assert!(made.library.vectors(&model()).is_none());
    made.regroup_above(FEW);
    let file = made.library.vectors(&model()).unwrap();
    assert!(file.faces().eq(stored(&made).faces.iter().map(|face| face.face_id)));
    let lie = |made: &MadeLibrary| {
        // A file of the same name that says something else shows whether it is asked.
        let mut input = stored(made);
        input.faces.iter_mut().for_each(|face| face.embedding = faces(1, 99)[0].clone());
        let file = made.home.cache().join("grouping");
        let file = std::fs::read_dir(file).unwrap().map(|entry| entry.unwrap().path());
        let path = file.into_iter().find(|path| path.to_string_lossy().contains("vectors-")).unwrap();
        // Later than the one before, as far as the disk's clock goes.
        std::thread::sleep(std::time::Duration::from_millis(50));
        let lies = input.faces.iter().map(|face| (face.face_id, &face.embedding));
        crate::library::KeptVectors::write(&path, input.vectors.unwrap(), lies).unwrap();
        input
    };
    let lied = lie(&made);
    let read = |made: &MadeLibrary| made.library.faces_to_group(&model()).unwrap().0;
    assert_eq!(read(&made), lied);
    made.add(&faces(1, 15));
    assert_eq!(read(&made).faces[..100], lied.faces, "what was there has not changed");
    assert_eq!(read(&made).faces[100..], stored(&made).faces[100..], "what is new is seen");
    // Another vector than before: nobody asks the file any more.
    let (face, other) = (stored(&made).faces[3].face_id, faces(1, 98)[0].clone());
    made.library.call(move |library| library.add_embeddings(&model(), &[(face, other)])).unwrap();
    assert_eq!(read(&made), stored(&made));
    // A face that was aside when the file was written has its vector from the library.
    let face = stored(&made).faces[7].face_id;
    let of = stored(&made).faces[7].state.person();
    made.decide(Decision::SetAside { of, faces: vec![face], why: crate::library::SetAside::Stranger });
    made.regroup_above(FEW);
    made.decide(Decision::Restore { of, faces: vec![face] });
    assert_eq!(read(&made), stored(&made));
}

/// The files of a million faces are not written anew for one of them.
#[test]
fn what_is_kept_of_a_few_new_faces_is_written_behind_the_rest() {
    let mut made = MadeLibrary::of(&faces(400, 16));
    made.regroup_above(FEW);
    let (before, folder) = (made.kept(), made.home.cache().join("grouping"));
    let [_, neighbours, vectors] = &before[..] else { panic!("{}", before.len()) };
    // Who takes no part for a while stays where they are.
    let (of, aside) = (Some(made.groups()[0].0), made.groups()[0].1[..1].to_vec());
    made.decide(Decision::SetAside { of, faces: aside.clone(), why: crate::library::SetAside::Stranger });
    made.regroup_above(FEW);
    assert_eq!(made.kept()[2], *vectors);
    made.decide(Decision::Restore { of, faces: aside });
    made.regroup_above(FEW);
    assert_eq!(made.kept()[2], *vectors);
    std::fs::write(folder.join(file_name(&folder, "neighbours")), neighbours).unwrap();
    made.add(&faces(3, 17));
    made.regroup_above(FEW);
    let after = made.kept();
    assert!(after[1].starts_with(neighbours), "behind");
    assert!(after[2].len() == vectors.len() + 3 * (8 + 4 * DIMENSIONS) && after[2][64..].starts_with(&vectors[64..]));
    let (read, file) = made.library.faces_to_group(&model()).unwrap();
    assert!(file.is_some_and(|file| file.faces().len() == 403) && read.faces.len() == 403);
    assert_eq!(read, made.library.ask(|library| library.faces_to_group(&model())).unwrap());
}

fn file_name(folder: &Path, kind: &str) -> std::ffi::OsString {
    let mut names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.find(|name| name.to_string_lossy().starts_with(kind)).unwrap()
}
