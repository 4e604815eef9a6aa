//! Runs from files to run folders, on embeddings made here.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::app::engine::home::Home;
use crate::app::evaluate::job::clusters::eval_clusters;
use crate::app::evaluate::job::compat::eval_compat;
use crate::app::evaluate::job::count::PairCounter;
use crate::app::evaluate::job::evaluation::EmbeddingsFile;
use crate::app::evaluate::job::folder::eval_folder;
use crate::app::evaluate::job::inputs::{FaceInputs, Photos, read_embeddings};
use crate::app::evaluate::job::overlay::eval_overlay;
use crate::app::evaluate::job::pairs::{Lists, eval_pairs};
use crate::app::evaluate::job::pairs_config::PairsConfig;
use crate::app::evaluate::job::sensitivity::{SensitivityConfig, read_list};
use crate::app::evaluate::job::variants::eval_dimensions;
use crate::app::evaluate::job::video::{VideoConfig, eval_video};
use crate::app::evaluate::job::{present, runs};
use crate::app::jobs::input_file::{ListFormat, read_pairs};
use crate::cluster::Linkage;
use crate::eval::embedded::EmbeddedImages;
use crate::eval::errata::{Errata, TrueLabel};
use crate::eval::failures::failures;
use crate::eval::figures::{Arithmetic, PairFigures, SetFigures};
use crate::eval::roc::one_in;
use crate::eval::run::Score;
use crate::eval::{Figures, Pair, Run};
use crate::types::{Cancel, FaceCrop};

const PEOPLE: usize = 12;
const PHOTOS: usize = 4;

struct Place {
    folder: TempDir,
    home: Home,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(&folder.path().join("home"))).unwrap();
        Self { folder, home }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Each person near an axis of its own; `turn` moves the photos of a person apart.
    fn embeddings(&self, name: &str, model: &str, turn: f32) -> PathBuf {
        let mut text = String::new();
        for person in 0..PEOPLE {
            for photo in 0..PHOTOS {
                let path = format!("in/P{person}/P{person}_{:04}.jpg", photo + 1);
                if person == 0 && photo == 3 {
                    text += &format!("{}\n", serde_json::json!({ "path": path, "error": "no face" }));
                    continue;
                }
                let mut vector = vec![0.0_f32; PEOPLE + 1];
                (vector[person], vector[PEOPLE]) = ((photo as f32 * turn).cos(), (photo as f32 * turn).sin());
                let line = serde_json::json!({
                    "path": path, "model": model, "embedding": vector, "box": [1, 2, 30, 40], "score": 0.9,
                    "landmarks": [[5, 6], [7, 8], [9, 10], [11, 12], [13, 14]],
                });
                text += &format!("{line}\n");
            }
        }
        self.write(name, &text)
    }

    /// Two folds of six people: each person's photos 1 and 4, and neighbours' photos 1 and 2.
    fn lfw_pairs(&self) -> PathBuf {
        let mut text = String::from("2\t6\n");
        for fold in 0..2 {
            (0..6).for_each(|i| text += &format!("P{}\t1\t4\n", fold * 6 + i));
            (0..6).for_each(|i| text += &format!("P{}\t1\tP{}\t2\n", fold * 6 + i, fold * 6 + (i + 1) % 6));
        }
        self.write("pairs.txt", &text)
    }
}

fn config(list: PathBuf) -> PairsConfig {
    let errata = list.with_file_name("marks.tsv");
    let home = Home::named(list.parent()).unwrap();
    PairsConfig { errata, crop: None, ..PairsConfig::of(list, ListFormat::Lfw, &home) }
}

fn of_pairs(run: &Run) -> &PairFigures {
    let Figures::Pairs(figures) = &run.figures else { panic!("every pair was counted") };
    figures
}

fn of_every_pair(run: &Run) -> &SetFigures {
    let Figures::EveryPair(figures) = &run.figures else { panic!("a list was judged") };
    figures
}

fn holds(run: &Path, names: &[&str]) {
    for name in names {
        let length = fs::metadata(run.join(name)).unwrap_or_else(|_| panic!("{name} is missing")).len();
        assert!(length > 0, "{name} is empty");
    }
}

fn judge(home: &Home, faces: FaceInputs, config: &PairsConfig, note: &mut dyn FnMut(String)) -> anyhow::Result<Run> {
    eval_pairs(home, faces, None, (config, Lists::read(config)?), note)
}

#[test]
fn a_run_counts_what_it_skipped_and_tells_it() {
    let place = Place::new();
    let faces = read_embeddings(&place.embeddings("e.jsonl", "toy", 0.2), None).unwrap();
    let mut notes = Vec::new();
    let run = judge(&place.home, faces, &config(place.lfw_pairs()), &mut |note| notes.push(note)).unwrap();
    let outcome = of_pairs(&run);
    assert_eq!((outcome.pairs, outcome.skipped), (23, 1));
    assert_eq!(outcome.skipped_images, ["P0/P0_0004.jpg"]);
    assert_eq!((outcome.accuracy_mean, outcome.auc, outcome.model.as_str()), (1.0, 1.0, "toy"));
    let bytes = outcome.bytes.as_ref().unwrap();
    // These vectors lie along single axes, where one byte clips numbers beyond ½: the run has to show that.
    assert!(bytes.decisions_changed == 0 && bytes.largest_distance_error > 1.0, "{bytes:?}");
    assert!(!outcome.far_resolved, "twelve pairs cannot show a FAR of 1 in 1,000");
    assert!(notes.contains(&"Skipped 1 pair, because 1 image has no embedding".to_owned()), "{notes:?}");
    holds(
        &outcome.run,
        &[
            "config.json",
            "result.json",
            "folds.csv",
            "pairs.csv",
            "pairs.json",
            "failures.json",
            "roc.svg",
            "roc.csv",
            "report.html",
        ],
    );
    let config: serde_json::Value =
        serde_json::from_slice(&fs::read(outcome.run.join("config.json")).unwrap()).unwrap();
    assert_eq!(config["inputs"].as_array().unwrap().len(), 2);
    assert_eq!(config["inputs"][0]["sha256"].as_str().unwrap().len(), 64);
}

#[test]
fn doubted_labels_are_told_apart() {
    let place = Place::new();
    let faces = read_embeddings(&place.embeddings("e.jsonl", "toy", 0.6), None).unwrap();
    let errata = place.write("errata.txt", "pair\tP1/P1_0001.jpg\tP1/P1_0004.jpg\tunsure\tblurred\n");
    let config = PairsConfig { errata, ..config(place.lfw_pairs()) };
    let run = judge(&place.home, faces, &config, &mut |_| {}).unwrap();
    assert_eq!(of_pairs(&run).without_errata.as_ref().unwrap().doubted_pairs, 1);
}

#[test]
fn a_run_read_back_is_the_same_run() {
    let place = Place::new();
    let faces = read_embeddings(&place.embeddings("e.jsonl", "toy", 0.6), None).unwrap();
    let run = judge(&place.home, faces, &config(place.lfw_pairs()), &mut |_| {}).unwrap();
    assert_eq!(runs::list(&place.home).unwrap(), std::slice::from_ref(&run.row));
    assert_eq!(runs::open(&run.row.run, &Errata::default()).unwrap(), run);
    assert!(run.images.iter().all(|image| image.face.is_some()));
}

#[test]
fn a_window_can_ask_at_any_threshold() {
    let place = Place::new();
    let judged = |name: &str, turn: f32| {
        let faces = read_embeddings(&place.embeddings(&format!("{name}.jsonl"), name, turn), None).unwrap();
        judge(&place.home, faces, &config(place.lfw_pairs()), &mut |_| {}).unwrap()
    };
    let (mut run, other) = (judged("toy", 0.2), judged("better", 0.1));
    let histogram = run.histogram(80);
    assert_eq!(histogram.same.iter().sum::<u64>(), 11);
    assert_eq!(histogram.different.iter().sum::<u64>(), 12);
    let nothing_accepted = run.roc.at(0.0);
    assert_eq!((nothing_accepted.far, one_in(1.0 - nothing_accepted.val)), (0.0, Some(1)));
    let mut marks = Errata::default();
    marks.mark("P1/P1_0001.jpg", "P1/P1_0004.jpg", TrueLabel::Different, "brothers");
    run.doubt(&marks).unwrap();
    let wrong = failures(&run.pairs, |_| 0.0);
    assert_eq!((wrong.len(), run.failures().len()), (11, 0));
    let marked = wrong.iter().find(|failure| run.doubts.contains_key(&failure.pair)).unwrap();
    let doubt = &run.doubts[&marked.pair];
    assert_eq!((run.names(&run.pairs[marked.pair])[0], doubt.why.as_str()), ("P1/P1_0001.jpg", "brothers"));
    let elsewhere = run.judged_by(marked.pair, &other, None).unwrap();
    assert!(elsewhere.right && elsewhere.model == "better" && elsewhere.distance < run.pairs[marked.pair].distance);
    assert_eq!(of_pairs(&run).without_errata.as_ref().unwrap().doubted_pairs, 1);
}

#[test]
fn the_published_arithmetic_needs_only_a_switch() {
    let place = Place::new();
    let faces = read_embeddings(&place.embeddings("e.jsonl", "toy", 0.2), None).unwrap();
    let config = PairsConfig { arithmetic: Arithmetic::Sandberg, ..config(place.lfw_pairs()) };
    let run = judge(&place.home, faces, &config, &mut |_| {}).unwrap();
    let outcome = of_pairs(&run);
    let on_grid = |threshold: &f64| ((threshold * 100.0).round() / 100.0 - threshold).abs() < 1e-12;
    assert!(outcome.thresholds.iter().all(on_grid), "{:?}", outcome.thresholds);
    holds(&outcome.run, &["sandberg.json"]);
}

#[test]
fn a_list_without_any_embedding_is_an_error() {
    let place = Place::new();
    let faces = read_embeddings(&place.embeddings("e.jsonl", "toy", 0.2), None).unwrap();
    let list = place.write("other.txt", "2\t1\nQ\t1\t2\nQ\t1\tR\t1\nS\t1\t2\nS\t1\tT\t1\n");
    let error = judge(&place.home, faces, &config(list), &mut |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "none of the list's 4 pairs has both embeddings");
}

#[test]
fn a_list_with_one_fold_needs_another_for_its_threshold() {
    let place = Place::new();
    let faces = || read_embeddings(&place.embeddings("e.jsonl", "toy", 0.2), None).unwrap();
    let list = place.write("one.txt", "1\nP1\t1\t2\nP1\t1\tP2\t1\n");
    let error = judge(&place.home, faces(), &config(list.clone()), &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("one fold"), "{error}");
    let with = PairsConfig { threshold_from: Some(place.lfw_pairs()), ..config(list) };
    let run = judge(&place.home, faces(), &with, &mut |_| {}).unwrap();
    let outcome = of_pairs(&run);
    assert_eq!((outcome.pairs, outcome.accuracy_mean), (2, 1.0));
}

#[test]
fn a_folder_is_judged_by_its_names() {
    let place = Place::new();
    let faces = read_embeddings(&place.embeddings("e.jsonl", "toy", 0.2), None).unwrap();
    let run = eval_folder(&place.home, &faces, 0.01, &PairCounter::Cpu, &Cancel::default(), &mut |_| {}).unwrap();
    let outcome = of_every_pair(&run);
    let images = PEOPLE * PHOTOS - 1;
    assert_eq!((outcome.images, outcome.people, outcome.skipped), (images, PEOPLE, 1));
    assert_eq!(outcome.same_pairs + outcome.different_pairs, (images * (images - 1) / 2) as u64);
    assert_eq!((outcome.val.val, outcome.val_mean), (1.0, Some(1.0)));
    holds(&outcome.run, &["result.json", "vals.csv", "distances.svg", "worst.csv", "worst.json", "report.html"]);
    let report = fs::read_to_string(outcome.run.join("report.html")).unwrap();
    assert!(report.contains("Worst pairs") && report.contains("Different people"));
    let worst = runs::open(&outcome.run, &Errata::default()).unwrap().pairs;
    let (different, same): (Vec<&Pair>, Vec<&Pair>) = worst.iter().partition(|pair| !pair.same);
    assert!(different.is_sorted_by(|a, b| a.distance <= b.distance));
    assert!(same.is_sorted_by(|a, b| a.distance >= b.distance) && !same.is_empty());
    let clusters = eval_clusters(&place.home, &faces, Linkage::Average, Some(0.5), &Cancel::default(), &mut |_| {});
    let clusters = clusters.unwrap();
    for grouped in [&clusters.grouped, &clusters.in_bytes] {
        assert_eq!((grouped.best.b_cubed_f, grouped.best.clusters), (1.0, PEOPLE));
    }
    assert_ne!(clusters.grouped.best_threshold, clusters.in_bytes.best_threshold, "the bytes were grouped");
    holds(&clusters.run, &["sweep.csv", "clusters.svg"]);
}

#[test]
fn two_models_are_compared_on_the_pairs_that_both_have() {
    let place = Place::new();
    let old = read_embeddings(&place.embeddings("old.jsonl", "v1", 0.2), None).unwrap();
    let new = read_embeddings(&place.embeddings("new.jsonl", "v2", 0.1), None).unwrap();
    let list = read_pairs(&place.lfw_pairs(), ListFormat::Lfw).unwrap();
    let outcome = eval_compat(&place.home, &old, &new, list, 0.1, &mut |_| {}).unwrap();
    assert_eq!((outcome.pairs, outcome.skipped), (23, 1));
    assert_eq!((outcome.old.auc, outcome.new.auc, outcome.new_against_old.auc), (1.0, 1.0, 1.0));
    assert_eq!(outcome.new_against_old.model, "v2 against v1");
}

#[test]
fn fewer_dimensions_are_judged_on_held_out_folds() {
    let place = Place::new();
    let faces = read_embeddings(&place.embeddings("e.jsonl", "toy", 0.2), None).unwrap();
    let config = SensitivityConfig {
        study: crate::eval::sensitivity::Study::Dimensions,
        list: place.lfw_pairs(),
        images: PathBuf::new(),
        crop: FaceCrop::Largest,
        far_target: 0.1,
        pairs_a_fold: None,
    };
    let (list, input) = read_list(&config).unwrap();
    let outcome = eval_dimensions(&place.home, &faces, &config, (&list, input), &mut |_| {}).unwrap();
    // Thirteen dimensions are fewer than any level: only the embedding as it is.
    assert_eq!(outcome.rows.iter().map(|row| row.level).collect::<Vec<_>>(), [13.0]);
    assert_eq!((outcome.rows[0].measured.val, outcome.rows[0].skipped), (1.0, 1));
    holds(&outcome.run, &["levels.csv", "levels.json", "study.svg", "report.html"]);
}

#[test]
fn several_runs_share_a_page() {
    let place = Place::new();
    let judged = |name: &str, turn: f32| {
        let faces = read_embeddings(&place.embeddings(&format!("{name}.jsonl"), name, turn), None).unwrap();
        judge(&place.home, faces, &config(place.lfw_pairs()), &mut |_| {}).unwrap()
    };
    let runs = [judged("v1", 0.2), judged("v1", 0.3), judged("v2", 0.1)];
    let outcome = eval_overlay(&place.home, &runs, &mut |_| {}).unwrap();
    assert_eq!((outcome.models.len(), outcome.wrong_by_all), (3, 0));
    let page = fs::read_to_string(outcome.run.join("report.html")).unwrap();
    assert!(page.contains("v1 (2)") && page.contains("0 pairs that every model gets wrong"));
}

#[test]
fn videos_are_folders_of_frames() {
    let place = Place::new();
    let faces = read_embeddings(&place.embeddings("e.jsonl", "toy", 0.2), None).unwrap();
    let mut list = String::new();
    for fold in 0..2 {
        for person in 0..3 {
            let (a, b) = (fold * 6 + person, fold * 6 + person + 3);
            list += &format!("P{a},P{a},1,{fold}\nP{a},P{b},0,{fold}\n");
        }
    }
    list += "P1,Gone,0,1\n";
    let file = place.write("videos.csv", &list);
    let (list, input) = read_pairs(&file, ListFormat::Csv).unwrap();
    let config = VideoConfig { list: file, frames: 100, far_target: 0.1, far_rule: crate::eval::FarRule::AtMost };
    let outcome = eval_video(&place.home, faces, (&list, input), &config, &mut |_| {}).unwrap();
    assert_eq!((outcome.pairs, outcome.skipped, outcome.accuracy_mean), (12, 1, 1.0));
    assert_eq!(outcome.videos_without_faces, ["Gone"]);
}

#[test]
fn the_list_of_a_numpy_array_is_found_beside_it() {
    let place = Place::new();
    let header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }\n";
    let mut array = [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header].concat();
    [1.0_f32, 0.0, 0.0, 1.0].iter().for_each(|number| array.extend(number.to_le_bytes()));
    let file = place.write("e.npy", "");
    fs::write(&file, array).unwrap();
    let alone = EmbeddingsFile::at(file.clone()).read().unwrap_err().to_string();
    assert!(alone.contains("--paths") && alone.contains("e.txt"), "{alone}");
    place.write("e.txt", "Ann/1.jpg\nBo/1.jpg\n");
    assert_eq!(EmbeddingsFile::at(file).read().unwrap().images.paths, ["Ann/1.jpg", "Bo/1.jpg"]);
}

#[test]
fn a_run_over_every_pair_reads_back_as_it_was() {
    let place = Place::new();
    let angle = |i: usize| (i / 4) as f32 * 0.9 + (i % 4) as f32 * 0.11;
    let vectors: Vec<Vec<f32>> = (0..12).map(|i| vec![angle(i).cos(), angle(i).sin()]).collect();
    let paths = (0..12).map(|i| format!("P{}/{i}.jpg", i / 4)).collect();
    let images = EmbeddedImages::new(paths, vectors).unwrap();
    let photos = Photos::Folder { folder: "here".into(), crop: None, rule: None };
    let faces = FaceInputs { images, inputs: Vec::new(), photos };
    let run = eval_folder(&place.home, &faces, 0.1, &PairCounter::Cpu, &Cancel::default(), &mut |_| {}).unwrap();
    let again = runs::open(&run.row.run, &Errata::default()).unwrap();
    // What was exact is counted in bins of 1/16384.
    assert!((again.roc.auc() - run.figures.auc()).abs() < 1e-9);
    assert_eq!((&again.row, &again.figures, &again.images), (&run.row, &run.figures, &run.images));
    assert!(again.every_pair == run.every_pair);
    let counted = again.every_pair.as_ref().unwrap();
    let outcome = of_every_pair(&run);
    assert_eq!((counted.same.total(), counted.different.total()), (outcome.same_pairs, outcome.different_pairs));
    // So few pairs are all among the worst; the farthest of one person is P0/0 and P0/3.
    assert_eq!(again.pairs.len(), 66);
    let farthest = again.pairs.iter().filter(|pair| pair.same).max_by(|a, b| a.distance.total_cmp(&b.distance));
    let farthest = farthest.unwrap();
    assert!((farthest.distance - (2.0 - 2.0 * 0.33_f64.cos())).abs() < 1e-6);
    let photo = |place: usize| again.images[place].path.clone().unwrap();
    assert!(photo(farthest.a).starts_with("here") && photo(farthest.a).parent() == photo(farthest.b).parent());
}

/// A run folder that version 0.1 wrote: `tests/fixtures/eval/run-0.1/make.py` says how. The folder stands elsewhere now.
fn written_by_0_1(name: &str) -> (Run, serde_json::Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/eval/run-0.1").join(name);
    let mut result = json(&folder, "result.json");
    result["run"] = folder.to_str().unwrap().into();
    (runs::open(&folder, &Errata::default()).unwrap(), result)
}

fn json(folder: &Path, file: &str) -> serde_json::Value {
    serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap()
}

#[test]
fn a_judged_run_of_version_0_1_opens_with_its_figures_pairs_and_failures() {
    let (run, mut result) = written_by_0_1("20261129-014254-eval-lfw");
    // Folds were counted from 0 then, whatever their list called them.
    result["folds_are_named"] = true.into();
    assert_eq!(run.folds.iter().map(|fold| fold.fold).collect::<Vec<_>>(), [1, 2]);
    let row = &run.row;
    assert_eq!((row.on.as_str(), row.when.as_str()), ("pairs.txt", "2026-11-29 01:42"));
    assert_eq!((row.model.as_str(), row.pairs, row.skipped, row.has_curves), ("toy", 15, 1, true));
    assert_eq!(serde_json::to_value(&run.figures).unwrap(), result);
    assert_eq!((run.pairs.len(), run.folds.len(), run.curves.len()), (15, 2, 2));
    let wrong = present::failure_table(&run, &run.failures());
    assert_eq!(serde_json::to_value(wrong).unwrap(), json(&row.run, "failures.json"));
    let first = &run.images[0];
    assert_eq!(first.path.as_deref(), Some(Path::new("photos/Janica_Kostelic/Janica_Kostelic_0001.jpg")));
    assert_eq!(first.face.unwrap().face_box.width, 30.0);
    let doubt = run.doubts.values().next().unwrap();
    assert!(doubt.why.contains("Anja Paerson") && !doubt.marked_here);
}

#[test]
fn a_counted_run_of_version_0_1_opens_with_its_figures_and_worst_pairs() {
    let (run, result) = written_by_0_1("20261129-014255-eval-folder");
    let figures = of_every_pair(&run);
    assert_eq!((run.row.pairs, run.row.score), (28, Some(Score::Val(figures.val.val))));
    assert_eq!(serde_json::to_value(&run.figures).unwrap(), result);
    // Many of these few distances share a bin, so the curve read back is a little off.
    assert!((run.roc.auc() - figures.auc).abs() < 0.03);
    let counted = run.every_pair.as_ref().unwrap();
    assert_eq!((counted.same.total(), counted.different.total(), run.pairs.len()), (7, 21, 28));
    let worst = run.pairs[0];
    assert!(!worst.same && run.pairs.iter().filter(|pair| !pair.same).all(|pair| pair.distance >= worst.distance));
}
