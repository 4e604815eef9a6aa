//! Runs from files to run folders, on embeddings made here.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;
use crate::app::engine::home::Home;
use crate::cluster::Linkage;
use crate::eval::lfw::Options;
use crate::types::Cancel;

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
    PairsConfig {
        kind: "lfw",
        list,
        format: ListFormat::Lfw,
        threshold_from: None,
        errata,
        crop: None,
        images: None,
        mirror: None,
        arithmetic: Arithmetic::Exact,
        options: Options::default(),
    }
}

fn holds(run: &Path, names: &[&str]) {
    for name in names {
        let length = fs::metadata(run.join(name)).unwrap_or_else(|_| panic!("{name} is missing")).len();
        assert!(length > 0, "{name} is empty");
    }
}

#[test]
fn a_run_counts_what_it_skipped_and_tells_it() {
    let place = Place::new();
    let faces = read_embeddings(&place.embeddings("e.jsonl", "toy", 0.2), None).unwrap();
    let mut notes = Vec::new();
    let outcome =
        eval_pairs(&place.home, faces, None, &config(place.lfw_pairs()), &mut |note| notes.push(note)).unwrap().outcome;
    assert_eq!((outcome.pairs, outcome.skipped), (23, 1));
    assert_eq!(outcome.skipped_images, ["P0/P0_0004.jpg"]);
    assert_eq!((outcome.accuracy_mean, outcome.auc, outcome.model.as_str()), (1.0, 1.0, "toy"));
    let bytes = outcome.bytes.unwrap();
    // These vectors lie along single axes, where one byte clips numbers beyond ½: the run has to show that.
    assert!(bytes.decisions_changed == 0 && bytes.largest_distance_error > 1.0, "{bytes:?}");
    assert!(!outcome.far_resolved, "twelve pairs cannot show a FAR of 1 in 1,000");
    assert!(notes.contains(&"Skipped 1 pairs, because 1 images have no embedding".to_owned()), "{notes:?}");
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
    let run = eval_pairs(&place.home, faces, None, &config, &mut |_| {}).unwrap();
    assert_eq!(run.outcome.without_errata.unwrap().doubted_pairs, 1);
}

#[test]
fn a_run_read_back_is_the_same_run() {
    let place = Place::new();
    let faces = read_embeddings(&place.embeddings("e.jsonl", "toy", 0.6), None).unwrap();
    let run = eval_pairs(&place.home, faces, None, &config(place.lfw_pairs()), &mut |_| {}).unwrap();
    assert_eq!(pair_runs(&place.home).unwrap(), [run.folder()]);
    let again = open_run(run.folder()).unwrap();
    assert_eq!((&again.images, &again.judged), (&run.images, &run.judged));
    assert!(run.images.iter().all(|image| image.face.is_some()));
}

#[test]
fn a_window_can_ask_at_any_threshold() {
    let place = Place::new();
    let judged = |name: &str, turn: f32| {
        let faces = read_embeddings(&place.embeddings(&format!("{name}.jsonl"), name, turn), None).unwrap();
        eval_pairs(&place.home, faces, None, &config(place.lfw_pairs()), &mut |_| {}).unwrap()
    };
    let (run, other) = (judged("toy", 0.2), judged("better", 0.1));
    let histogram = run.histogram(20);
    assert_eq!(histogram.same.iter().sum::<u64>(), 11);
    assert_eq!(histogram.different.iter().sum::<u64>(), 12);
    let nothing_accepted = run.at(0.0);
    assert_eq!((nothing_accepted.false_rejects, nothing_accepted.misses_one_in()), (11, Some(1)));
    let mut errata = crate::eval::errata::Errata::default();
    errata.mark("P1/P1_0001.jpg", "P1/P1_0004.jpg", crate::eval::errata::TrueLabel::Different, "brothers");
    let rows = run.failures(Threshold::Fixed(0.0), &errata, &[&other]);
    assert_eq!((rows.len(), run.failures(Threshold::OfFold, &errata, &[]).len()), (11, 0));
    let marked = rows.iter().find(|row| row.doubt.is_some()).unwrap();
    assert_eq!((marked.images[0].person().as_str(), marked.doubt.as_deref()), ("P1", Some("brothers")));
    let elsewhere = marked.elsewhere[0].as_ref().unwrap();
    assert!(elsewhere.right && elsewhere.model == "better" && elsewhere.distance < marked.failure.distance);
    assert_eq!(run.at_trusted(0.0, &errata).same, 10);
    assert_eq!(run.without(&errata).unwrap().unwrap().doubted_pairs, 1);
}

#[test]
fn the_published_arithmetic_needs_only_a_switch() {
    let place = Place::new();
    let faces = read_embeddings(&place.embeddings("e.jsonl", "toy", 0.2), None).unwrap();
    let config = PairsConfig { arithmetic: Arithmetic::Sandberg, ..config(place.lfw_pairs()) };
    let outcome = eval_pairs(&place.home, faces, None, &config, &mut |_| {}).unwrap().outcome;
    let on_grid = |threshold: &f64| ((threshold * 100.0).round() / 100.0 - threshold).abs() < 1e-12;
    assert!(outcome.thresholds.iter().all(on_grid), "{:?}", outcome.thresholds);
    holds(&outcome.run, &["sandberg.json"]);
}

#[test]
fn a_list_without_any_embedding_is_an_error() {
    let place = Place::new();
    let faces = read_embeddings(&place.embeddings("e.jsonl", "toy", 0.2), None).unwrap();
    let list = place.write("other.txt", "2\t1\nQ\t1\t2\nQ\t1\tR\t1\nS\t1\t2\nS\t1\tT\t1\n");
    let error = eval_pairs(&place.home, faces, None, &config(list), &mut |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "none of the list's 4 pairs has both embeddings");
}

#[test]
fn a_list_with_one_fold_needs_another_for_its_threshold() {
    let place = Place::new();
    let faces = || read_embeddings(&place.embeddings("e.jsonl", "toy", 0.2), None).unwrap();
    let list = place.write("one.txt", "1\nP1\t1\t2\nP1\t1\tP2\t1\n");
    let error = eval_pairs(&place.home, faces(), None, &config(list.clone()), &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("one fold"), "{error}");
    let with = PairsConfig { threshold_from: Some(place.lfw_pairs()), ..config(list) };
    let outcome = eval_pairs(&place.home, faces(), None, &with, &mut |_| {}).unwrap().outcome;
    assert_eq!((outcome.pairs, outcome.accuracy_mean), (2, 1.0));
}

#[test]
fn a_folder_is_judged_by_its_names() {
    let place = Place::new();
    let faces = read_embeddings(&place.embeddings("e.jsonl", "toy", 0.2), None).unwrap();
    let outcome = eval_folder(&place.home, &faces, 0.01, &PairCounter::Cpu, &Cancel::default(), &mut |_| {}).unwrap();
    let images = PEOPLE * PHOTOS - 1;
    assert_eq!((outcome.images, outcome.people, outcome.skipped), (images, PEOPLE, 1));
    assert_eq!(outcome.same_pairs + outcome.different_pairs, (images * (images - 1) / 2) as u64);
    assert_eq!((outcome.val.val, outcome.val_mean), (1.0, Some(1.0)));
    holds(&outcome.run, &["result.json", "vals.csv", "distances.svg", "worst.csv", "worst.json", "report.html"]);
    let report = fs::read_to_string(outcome.run.join("report.html")).unwrap();
    assert!(report.contains("Worst pairs") && report.contains("Different people"));
    let worst = open_counted(&outcome.run).unwrap().worst.pairs;
    let (different, same): (Vec<&crate::eval::Pair>, Vec<&crate::eval::Pair>) = worst.iter().partition(|pair| !pair.same);
    assert!(different.is_sorted_by(|a, b| a.distance <= b.distance));
    assert!(same.is_sorted_by(|a, b| a.distance >= b.distance) && !same.is_empty());
    let clusters = eval_clusters(&place.home, &faces, Linkage::Average, Some(0.5), &Cancel::default(), &mut |_| {});
    let clusters = clusters.unwrap();
    assert_eq!((clusters.best.b_cubed_f, clusters.best.clusters), (1.0, PEOPLE));
    holds(&clusters.run, &["sweep.csv", "clusters.svg"]);
}

#[test]
fn two_models_are_compared_on_the_pairs_that_both_have() {
    let place = Place::new();
    let old = read_embeddings(&place.embeddings("old.jsonl", "v1", 0.2), None).unwrap();
    let new = read_embeddings(&place.embeddings("new.jsonl", "v2", 0.1), None).unwrap();
    let outcome = eval_compat(&place.home, &old, &new, &place.lfw_pairs(), 0.1, &mut |_| {}).unwrap();
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
    let outcome = eval_dimensions(&place.home, &faces, &config, &mut |_| {}).unwrap();
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
        eval_pairs(&place.home, faces, None, &config(place.lfw_pairs()), &mut |_| {}).unwrap()
    };
    let runs = [judged("v1", 0.2), judged("v1", 0.3), judged("v2", 0.1)];
    let outcome = eval_overlay(&place.home, &runs, &Default::default(), &mut |_| {}).unwrap();
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
    let config = VideoConfig {
        list: place.write("videos.csv", &list),
        frames: 100,
        far_target: 0.1,
        far_rule: crate::eval::FarRule::AtMost,
    };
    let outcome = eval_video(&place.home, faces, &config, &mut |_| {}).unwrap();
    assert_eq!((outcome.pairs, outcome.skipped, outcome.accuracy_mean), (12, 1, 1.0));
    assert_eq!(outcome.videos_without_faces, ["Gone"]);
}
