//! `likeness scan`: a folder of photos into the library, headless.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use super::job::{self, ScanChoices, ScanContext, ScanSummary};
use crate::app::engine::cli::console::{Console, cancel_on_ctrl_c, counted, printable};
use crate::app::engine::cli::{Global, not_negative};
use crate::app::engine::home::Home;
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::{Engine, EngineOptions, FindFaces};
use crate::app::engine::progress::JobEvent;
use crate::app::engine::thumbnail_files::ThumbnailCache;
use crate::app::jobs::options::resolve;
use crate::app::jobs::regroup::GroupSummary;
use crate::cluster::Linkage;
use crate::library::MissingPolicy;
use crate::types::SquaredDistance;

/// Find the faces of a folder's photos and group them into people.
#[derive(Debug, clap::Args)]
pub struct ScanArgs {
    /// The folder, with everything below it.
    folder: PathBuf,
    /// The embedding network; faces that it has not embedded yet are embedded again.
    #[arg(long, value_name = "ID")]
    model: Option<String>,
    /// The detector: yunet or mtcnn; photos in which another one looked for faces are searched again.
    #[arg(long, value_name = "ID")]
    detector: Option<String>,
    /// Do not install missing models.
    #[arg(long)]
    offline: bool,
    /// Squared distance up to which groups of faces are joined.
    #[arg(long, value_name = "D", value_parser = not_negative::<f32>)]
    threshold: Option<f32>,
    /// How the distance between two groups is measured.
    #[arg(long, value_enum)]
    linkage: Option<Linkage>,
    /// Mark photos as missing even where more than half of the folder is gone.
    #[arg(long)]
    accept_missing: bool,
    /// Print the summary as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Files that cannot be read do not fail a scan; they are listed.
pub fn run(home: &Home, global: &Global, args: ScanArgs) -> Result<ExitCode> {
    let cancel = cancel_on_ctrl_c()?;
    let mut console = Console::new();
    // Skipped files are listed once, with the summary.
    let mut show = |event| match event {
        JobEvent::Skipped(_) => {}
        event => console.show(event),
    };
    let given = EngineOptions {
        device: global.device()?,
        model: args.model.clone(),
        detector: args.detector.clone(),
        offline: args.offline,
        ..EngineOptions::default()
    };
    let options = resolve(home, given)?;
    if let Some(summary) = job::summary_without_networks(&args.folder, &options, home, &cancel)? {
        print_nothing(&summary, &options, args.json);
        return Ok(exit_code(&summary));
    }
    let engine = Engine::load(home, &options, &cancel, &mut show)?;
    let library = LibraryHandle::open(&home.library())?;
    let thumbnails = ThumbnailCache::new(home.cache());
    let choices = ScanChoices {
        linkage: args.linkage,
        threshold: args.threshold.map(SquaredDistance),
        missing: if args.accept_missing { MissingPolicy::Accept } else { MissingPolicy::Ask },
    };
    let context = ScanContext { home, options: &options, engine: &engine, library: &library, thumbnails: &thumbnails };
    let folders = std::slice::from_ref(&args.folder);
    let (summary, groups) = job::run(folders, &choices, &context, &cancel, &mut show)?;
    console.close();
    match args.json {
        true => print_json(&summary, groups.as_ref(), &engine),
        false => print_text(&summary, groups.as_ref(), &engine),
    }
    Ok(exit_code(&summary))
}

/// Of a folder that is not there nothing could be scanned, which is a failure; nothing is lost by it.
fn exit_code(summary: &ScanSummary) -> ExitCode {
    for folder in &summary.offline_folders {
        eprintln!(
            "likeness: the folder {} is not there; it is marked as offline, and its photos, faces and people stay in the \
             library",
            printable(folder)
        );
    }
    if !summary.offline_folders.is_empty() {
        return ExitCode::FAILURE;
    }
    if summary.withheld_photos > 0 {
        eprintln!(
            "likeness: {} photos are gone, more than half of the folder: is its drive there? Nothing was marked as \
             missing; --accept-missing does so",
            summary.withheld_photos
        );
        return ExitCode::FAILURE;
    }
    if summary.cancelled { ExitCode::from(130) } else { ExitCode::SUCCESS }
}

/// What a scan tells for which no network was loaded: of a folder that is not there, or of one without photos while no
/// model is installed to scan with.
fn print_nothing(summary: &ScanSummary, options: &EngineOptions, json: bool) {
    match json {
        true => {
            let mut object = serde_json::to_value(summary).unwrap_or_default();
            object["people"] = json!(null);
            object["device"] = json!(null);
            object["detector"] = json!(options.detector_id());
            object["model"] = json!(options.model_id());
            println!("{object}");
        }
        false if summary.cancelled => println!("Cancelled"),
        false if summary.offline_folders.is_empty() => println!("The folder holds no photos\n0 photos, 0 faces"),
        false => summary.offline_folders.iter().for_each(|folder| println!("offline {}", printable(folder))),
    }
}

fn print_json(summary: &ScanSummary, groups: Option<&GroupSummary>, engine: &Engine) {
    let mut object = serde_json::to_value(summary).unwrap_or_default();
    object["people"] = json!(groups.map(|groups| groups.people));
    object["device"] = json!(engine.device().name);
    object["detector"] = json!(engine.detector_id());
    object["model"] = json!(engine.model_id());
    println!("{object}");
}

fn print_text(summary: &ScanSummary, groups: Option<&GroupSummary>, engine: &Engine) {
    words(summary, groups, &engine.device().name).iter().for_each(|line| println!("{line}"));
}

/// Line by line.
fn words(summary: &ScanSummary, groups: Option<&GroupSummary>, device: &str) -> Vec<String> {
    let mut lines = Vec::new();
    if summary.cancelled {
        lines.push("Cancelled; what was scanned is kept, and the next scan goes on from there".to_owned());
    }
    // Of a folder that was emptied more is said where it is refused.
    let is_empty = summary.photos == 0 && summary.offline_folders.is_empty() && summary.withheld_photos == 0;
    if is_empty && summary.skipped.is_empty() && !summary.cancelled {
        lines.push("The folder holds no photos".to_owned());
    }
    if summary.photos > 0 || summary.withheld_photos == 0 {
        lines.push(format!("{} photos, {} faces", summary.photos, summary.faces));
    }
    if let Some(groups) = groups {
        lines.push(format!("{} people, {} of them named", groups.people, groups.named));
    }
    lines.push(format!(
        "{} new, {} unchanged, {} moved, {} missing, {} skipped",
        summary.new_photos,
        summary.unchanged_photos,
        summary.moved_photos,
        summary.missing_photos,
        summary.skipped.len()
    ));
    if summary.carried_faces + summary.lost_faces > 0 {
        lines.push(found_again_words(summary));
    }
    lines.extend(shortcomings(summary));
    if summary.returned_faces > 0 {
        lines.push(format!(
            "{} back that were missing or lost",
            counted(summary.returned_faces, "face is", "faces are")
        ));
    }
    lines.extend(summary.offline_folders.iter().map(|folder| format!("offline {}", printable(folder))));
    if summary.new_photos > 0 {
        let (photos, faces) = (summary.photos_per_s, summary.faces_per_s);
        lines.push(format!("{photos:.1} photos/s, {faces:.1} faces/s on {device}"));
    }
    let skipped = summary.skipped.iter();
    lines.extend(skipped.map(|skipped| format!("skipped {}: {}", printable(&skipped.path), skipped.reason)));
    lines
}

/// What of the photos nobody looked at, or could not whole.
fn shortcomings(summary: &ScanSummary) -> Vec<String> {
    let told = [
        (
            summary.not_looked_at.len(),
            "video or picture of a kind that is not read",
            "videos and pictures of kinds that are not read",
        ),
        (
            summary.further_pages as usize,
            "further page of a file is not looked at",
            "further pages of files are not looked at",
        ),
        (summary.broken_profiles, "photo's colour profile cannot be read", "photos' colour profiles cannot be read"),
        (summary.damaged_photos, "photo lacks a part", "photos lack a part"),
    ];
    let told = told.iter().filter(|(count, ..)| *count > 0);
    told.map(|(count, one, many)| counted(*count, one, many)).collect()
}

fn found_again_words(summary: &ScanSummary) -> String {
    let carried = counted(summary.carried_faces, "face", "faces");
    let lost = counted(summary.lost_faces, "lost one waits", "lost ones wait");
    format!("{carried} carried over to edited photos, {lost} to be put back")
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;

    fn said(summary: &ScanSummary) -> String {
        words(summary, None, "CPU").join("\n")
    }

    /// Its photos are in the library, and nothing was marked as missing: it is not told as a folder without photos.
    #[test]
    fn of_a_folder_that_was_emptied_it_is_not_said_that_it_has_no_photos() {
        let emptied = said(&ScanSummary { withheld_photos: 3, ..ScanSummary::default() });
        assert!(!emptied.contains("no photos") && !emptied.contains("0 photos, 0 faces"), "{emptied}");
        let some_left = said(&ScanSummary { withheld_photos: 3, photos: 2, faces: 4, ..ScanSummary::default() });
        assert!(some_left.contains("2 photos, 4 faces"), "{some_left}");
        let never_had_any = said(&ScanSummary::default());
        assert!(never_had_any.starts_with("The folder holds no photos\n0 photos, 0 faces\n"), "{never_had_any}");
    }

    #[test]
    fn faces_that_are_back_are_counted() {
        let back = said(&ScanSummary { returned_faces: 2, ..ScanSummary::default() });
        assert!(back.contains("2 faces are back that were missing or lost"), "{back}");
        assert!(!said(&ScanSummary::default()).contains("back"));
    }

    #[test]
    fn one_face_is_told_as_one() {
        let told = |carried_faces, lost_faces| {
            found_again_words(&ScanSummary { carried_faces, lost_faces, ..ScanSummary::default() })
        };
        assert_eq!(told(1, 1), "1 face carried over to edited photos, 1 lost one waits to be put back");
        assert_eq!(told(0, 2), "0 faces carried over to edited photos, 2 lost ones wait to be put back");
    }

    #[test]
    fn a_threshold_that_is_no_distance_is_refused() {
        let scan = ScanArgs::augment_args(clap::Command::new("scan"));
        let parse = |threshold: &str| scan.clone().try_get_matches_from(["scan", "photos", threshold]);
        assert!(parse("--threshold=1.1").is_ok());
        for threshold in ["--threshold=nan", "--threshold=inf", "--threshold=-1"] {
            assert!(parse(threshold).is_err(), "{threshold}");
        }
    }
}
