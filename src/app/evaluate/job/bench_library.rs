//! What a large library costs: each thing its user waits for that needs no window, on made faces, beside something plain
//! in the same run, because only such ratios can be carried from one machine to another.
//!
//! The library lies in a folder of its own, which goes afterwards. Its photos are rows until the rescan, for which files
//! without contents are made. The rescan is the program's own, in a process of its own, as its user has it.

mod plain;
mod rescan;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, ensure};
use serde::Serialize;

use super::bench::Machine;
use super::bench_pairs::peak_memory;
use crate::app::engine::home::Home;
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::memory::hold;
use crate::app::engine::networks::EngineOptions;
use crate::app::engine::progress::JobEvent;
use crate::app::engine::shared::Shared;
use crate::app::jobs::facts;
use crate::app::jobs::made_library::{self, MadeLibraryPlan};
use crate::app::jobs::regroup::{GroupSummary, Grouping, regroup};
use crate::app::jobs::walk::find_photos;
use crate::library::{
    AgainstMerge, Decision, Gone, Library, LibraryError, ListPage, MissingPolicy, PeopleFilter, PeopleKind,
    PhotoFilter, ScanOutcome, SetAside,
};
use crate::networks::models::Store;
use crate::types::{Advised, Cancel, PersonId, Revision, StepId, Touched, counted};
use plain::{DIMENSIONS, all_pairs_words, plain_products, quantile, quickest, scaled_words, timed, write_page};
use rescan::{lend_models, make_file, scan};

/// What something costs, and what it stands beside.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cost {
    pub what: &'static str,
    pub secs: f64,
    /// Of what was done many times: 99 of 100 were quicker; `secs` is the median then.
    pub p99_secs: Option<f64>,
    pub against: String,
    pub against_secs: f64,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct LibraryReport {
    pub(crate) machine: Machine,
    pub seed: u64,
    pub faces: usize,
    pub photos: usize,
    pub groups: usize,
    pub costs: Vec<Cost>,
    /// What was not measured, and why.
    pub left_out: Vec<String>,
    /// The most memory this process ever held; only Linux tells.
    pub peak_memory_bytes: Option<u64>,
}

/// What is told meanwhile.
pub(crate) enum LibraryBenchEvent {
    Made { done: usize, of: usize },
    Job(JobEvent),
}

/// How many faces are new in "new faces".
const NEW_FACES: usize = 100;
/// People who are named, and about whom something is decided.
const NAMED: usize = 50;

/// Measures a made library of so many faces. `home` is where the networks are that a rescan loads.
pub(crate) fn bench_library(
    faces: usize,
    seed: u64,
    home: &Home,
    cancel: &Cancel,
    events: &mut dyn FnMut(LibraryBenchEvent),
) -> Result<LibraryReport> {
    // A grouping holds the vectors twice, and their neighbours.
    hold(&counted(faces, "face", "faces"), faces as u64 * 4 * (DIMENSIONS * size_of::<f32>()) as u64)?;
    let folder = tempfile::tempdir().context("cannot make a folder for the made library")?;
    let mut bench = LibraryBench::begin(&folder.path().canonicalize()?, faces, seed, cancel, events)?;
    bench.grouping()?;
    bench.decisions()?;
    bench.reading()?;
    bench.rescan(home)?;
    bench.missing()?;
    bench.report()
}

struct LibraryBench<'a> {
    shared: Shared,
    plan: MadeLibraryPlan,
    /// Where the photos are said to lie.
    folder: PathBuf,
    groups: usize,
    photos: usize,
    costs: Vec<Cost>,
    left_out: Vec<String>,
    cancel: &'a Cancel,
    events: &'a mut dyn FnMut(LibraryBenchEvent),
}

impl<'a> LibraryBench<'a> {
    fn begin(
        root: &Path,
        faces: usize,
        seed: u64,
        cancel: &'a Cancel,
        events: &'a mut dyn FnMut(LibraryBenchEvent),
    ) -> Result<Self> {
        let (home, options) = (Home::open(Some(root))?, EngineOptions::default());
        let plan = MadeLibraryPlan { faces, seed, model: options.model_id(), detector: options.detector_id() };
        let folder = home.root().join("made");
        let mut library = Library::open(&home.library())?;
        let made = made_library::fill(&mut library, &folder, &plan, cancel, &mut |done, of| {
            events(LibraryBenchEvent::Made { done, of });
        })?;
        ensure!(!cancel.is_cancelled(), "cancelled");
        drop(library);
        let library = LibraryHandle::open(&home.library())?;
        let shared = Shared::new(home, library, options);
        let (costs, left_out) = Default::default();
        Ok(Self { shared, plan, folder, groups: 0, photos: made.photos, costs, left_out, cancel, events })
    }

    fn report(self) -> Result<LibraryReport> {
        Ok(LibraryReport {
            machine: Machine::with_networks_on("CPU"),
            seed: self.plan.seed,
            faces: self.plan.faces,
            photos: self.photos,
            groups: self.groups,
            costs: self.costs,
            left_out: self.left_out,
            peak_memory_bytes: peak_memory(),
        })
    }

    fn add(&mut self, what: &'static str, secs: f64, against: impl Into<String>, against_secs: f64) {
        self.costs.push(Cost { what, secs, p99_secs: None, against: against.into(), against_secs });
    }

    /// Tells what comes next, unless nobody waits for it any more.
    fn step(&mut self, what: &str) -> Result<()> {
        ensure!(!self.cancel.is_cancelled(), "cancelled");
        (self.events)(LibraryBenchEvent::Job(JobEvent::Note(what.to_owned())));
        Ok(())
    }

    fn regroup(&mut self) -> Result<(GroupSummary, f64)> {
        let store = Store::open(self.shared.home.models())?;
        let options = self.shared.options();
        let grouping = Grouping::remembered(&self.shared.library, &store, &options)?;
        let events = &mut *self.events;
        let mut tell = |event| events(LibraryBenchEvent::Job(event));
        timed(|| regroup(&self.shared.library, &options.model_id(), &grouping, self.cancel, &mut tell))
    }

    fn grouping(&mut self) -> Result<()> {
        self.step("Grouping for the first time")?;
        let (summary, first) = self.regroup()?;
        self.groups = summary.people;
        self.step("Multiplying all pairs one by one")?;
        let (secs, share) = plain_products(self.plan.faces, self.plan.faces, self.plan.seed);
        self.add("first grouping", first, all_pairs_words(share), secs);
        self.step("Grouping when nothing is new")?;
        let (_, again) = self.regroup()?;
        let read = quickest(|| self.read_file())?;
        self.add("grouping, nothing new", again, "reading the library's file", read);
        self.name_people()?;
        self.step("Grouping when faces are new")?;
        let (folder, plan) = (self.folder.clone(), self.plan.clone());
        self.shared.library.call(move |library| made_library::add(library, &folder, &plan, NEW_FACES))?;
        self.photos += NEW_FACES;
        let (_, some) = self.regroup()?;
        let (secs, share) = plain_products(NEW_FACES, self.plan.faces, self.plan.seed);
        self.add("grouping, 100 new faces", some, format!("their products with all{}", scaled_words(share)), secs);
        Ok(())
    }

    /// The largest groups become people, to whom new faces are suggested.
    fn name_people(&mut self) -> Result<()> {
        self.step("Naming people")?;
        let mut times = Vec::new();
        for (place, group) in self.largest(PeopleKind::Nameless)?.into_iter().take(NAMED).enumerate() {
            let name = format!("Person {place}");
            times.extend(self.decide(Decision::Name { person: group, name })?.map(|(_, secs)| secs));
        }
        self.add_decisions("database work of naming a group", times)
    }

    fn decisions(&mut self) -> Result<()> {
        self.step("Deciding")?;
        let (people, groups) = (self.largest(PeopleKind::Named)?, self.largest(PeopleKind::Nameless)?);
        let (mut times, mut read) = (Vec::new(), Vec::new());
        for (&person, &group) in people.iter().zip(&groups).take(NAMED) {
            ensure!(!self.cancel.is_cancelled(), "cancelled");
            let faces = self.shared.library.ask(|library| library.best_faces(person, 2))?;
            let (first, last) = (faces.first().copied(), faces.last().copied());
            let decisions = [
                first.map(|face| Decision::Confirm { person, faces: vec![face] }),
                last.map(|face| Decision::Reject { person, faces: vec![face] }),
                first.map(|face| Decision::SetAside { of: Some(person), faces: vec![face], why: SetAside::Stranger }),
                Some(Decision::ConfirmAll { person, shown: Vec::new() }),
                Some(Decision::Different(person, group)),
                Some(Decision::Hide(group)),
                Some(Decision::Merge { from: group, into: person, against: AgainstMerge::default() }),
            ];
            // Each is taken back, so that the next one is about the same people.
            for decision in decisions.into_iter().flatten() {
                let Some((touched, secs)) = self.decide(decision)? else { continue };
                times.push(secs);
                read.push(timed(|| facts::touched(&self.shared, &touched))?.1);
                times.extend(self.decide(Decision::Undo(StepId::LATEST))?.map(|(_, secs)| secs));
            }
        }
        self.add_decisions("database work of another decision or of Undo", times)?;
        let median = quantile(&mut read, 0.5);
        let p99_secs = Some(quantile(&mut read, 0.99));
        let everything = timed(|| facts::people(&self.shared))?.1;
        let against = "reading everything".to_owned();
        let what = "reading what a decision touched";
        self.costs.push(Cost { what, secs: median, p99_secs, against, against_secs: everything });
        Ok(())
    }

    /// None where everything was already so.
    fn decide(&self, decision: Decision) -> Result<Option<(Touched, f64)>> {
        let (touched, secs) = self.shared.library.call(move |library| {
            let begun = Instant::now();
            let touched = library.decide(&decision, Revision::NOW)?;
            Ok::<_, LibraryError>((touched, begun.elapsed().as_secs_f64()))
        })?;
        Ok(touched.step.is_some().then_some((touched, secs)))
    }

    fn add_decisions(&mut self, what: &'static str, mut times: Vec<f64>) -> Result<()> {
        ensure!(!times.is_empty(), "nothing was decided: the library has too few faces");
        let written = quickest(|| write_page(self.shared.home.root()))?;
        self.costs.push(Cost {
            what,
            secs: quantile(&mut times, 0.5),
            p99_secs: Some(quantile(&mut times, 0.99)),
            against: "writing 4 KiB through to the disk".to_owned(),
            against_secs: written,
        });
        Ok(())
    }

    /// What the window reads of all photos and of all people.
    fn reading(&mut self) -> Result<()> {
        self.step("Reading the timeline")?;
        let timeline = quickest(|| self.read_timeline())?;
        let file = quickest(|| self.read_file())?;
        self.add("timeline", timeline, "reading the library's file", file);
        Ok(())
    }

    fn rescan(&mut self, with: &Home) -> Result<()> {
        self.step("Making files for the photos")?;
        let files = self.photo_files()?;
        for (path, size, time) in &files {
            ensure!(!self.cancel.is_cancelled(), "cancelled");
            make_file(path, *size, *time)?;
        }
        if !lend_models(with, &self.shared.home, &self.shared.options())? {
            self.left_out
                .push(format!("rescan: its networks are not installed: {} does it", Advised("models install default")));
            return Ok(());
        }
        self.step("Scanning what has been scanned")?;
        // The first one notes whose weights made the vectors.
        scan(&self.shared.home, &self.folder, files.len(), self.cancel)?;
        let scanned = scan(&self.shared.home, &self.folder, files.len(), self.cancel)?;
        let (_, walked) = timed(|| {
            let found = find_photos(&self.folder, &[], self.cancel, |_| {})?.photos;
            found.iter().try_for_each(|path| fs::metadata(path).map(drop)).context("a made file is gone")
        })?;
        self.add("rescan, nothing new", scanned, "walking the folder and asking each file's size", walked);
        Ok(())
    }

    /// Each photo's file, size and time.
    fn photo_files(&self) -> Result<Vec<(PathBuf, u64, SystemTime)>> {
        self.shared.library.ask(|library| {
            let mut files = Vec::new();
            for photo in library.photos(PhotoFilter::All, ListPage::ALL)? {
                let Some(known) = library.known(&photo.path)? else { continue };
                let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(known.mtime_ns.max(0) as u64);
                files.push((photo.path, known.size, time));
            }
            Ok::<_, LibraryError>(files)
        })
    }

    /// Half of the photos go missing: what the people's page reads is to cost what it did.
    fn missing(&mut self) -> Result<()> {
        self.step("Reading people, then again with half of the photos missing")?;
        let there = quickest(|| facts::people(&self.shared).map(drop))?;
        let mut files = self.photo_files()?;
        files.sort();
        for (path, ..) in files.iter().step_by(2) {
            fs::remove_file(path)?;
        }
        let folder = self.folder.clone();
        let scan = self.shared.library.call(move |library| library.begin_scan(&folder))?;
        let (policy, cancel, library) = (MissingPolicy::Accept, Cancel::default(), &self.shared.library);
        let gone = Gone::after(scan, None, policy, &cancel, |question| library.ask(question))?.unwrap_or_default();
        let end =
            self.shared.library.call(move |library| library.end_scan(scan, ScanOutcome::Complete, policy, &gone))?;
        ensure!(end.missing == files.len().div_ceil(2), "{} photos are missing", end.missing);
        let missing = quickest(|| facts::people(&self.shared).map(drop))?;
        self.add("people and groups' strips, half of the photos missing", missing, "the same, all photos there", there);
        Ok(())
    }

    fn largest(&self, kind: PeopleKind) -> Result<Vec<PersonId>> {
        let page = ListPage { offset: 0, limit: NAMED };
        let list = self.shared.library.ask(|library| library.people(PeopleFilter { kind, min_faces: 1 }, page))?;
        Ok(list.into_iter().map(|card| card.id).collect())
    }

    fn read_timeline(&self) -> Result<()> {
        self.shared.library.ask(|library| {
            library.photos(PhotoFilter::All, ListPage::ALL)?;
            library.face_boxes(PhotoFilter::All).map(drop)
        })
    }

    fn read_file(&self) -> Result<()> {
        let mut file = File::open(self.shared.home.library())?;
        std::io::copy(&mut file, &mut std::io::sink())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cost_of_a_made_library_is_told_beside_something_plain() {
        let home = tempfile::tempdir().unwrap();
        let home = Home::open(Some(home.path())).unwrap();
        let report = bench_library(300, 1, &home, &Cancel::default(), &mut |_| {}).unwrap();
        let told: Vec<&str> = report.costs.iter().map(|cost| cost.what).collect();
        assert_eq!(
            told,
            [
                "first grouping",
                "grouping, nothing new",
                "database work of naming a group",
                "grouping, 100 new faces",
                "database work of another decision or of Undo",
                "reading what a decision touched",
                "timeline",
                "people and groups' strips, half of the photos missing",
            ]
        );
        assert!(report.costs.iter().all(|cost| cost.secs > 0.0 && cost.against_secs > 0.0), "{:?}", report.costs);
        assert!(report.left_out.len() == 1 && report.left_out[0].starts_with("rescan"), "{:?}", report.left_out);
    }

    #[test]
    fn a_bench_that_is_cancelled_ends_with_an_error() {
        let home = tempfile::tempdir().unwrap();
        let home = Home::open(Some(home.path())).unwrap();
        let cancel = Cancel::default();
        let ended = bench_library(300, 1, &home, &cancel, &mut |event| {
            if matches!(event, LibraryBenchEvent::Job(_)) {
                cancel.cancel();
            }
        });
        assert!(ended.is_err() && !home.has_library());
    }
}
