//! `likeness scan`: a folder of photos into the library, headless.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use serde_json::json;

use super::job::command::{FolderScan, scan_folder};
use super::job::{ScanChoices, ScanSummary};
use crate::app::engine::cli::console::{Console, cancel_on_ctrl_c, counted, printable, printable_text};
use crate::app::engine::cli::{Global, output, squared_distance};
use crate::app::engine::home::Home;
use crate::app::engine::networks::EngineOptions;
use crate::app::engine::progress::{JobEvent, Skipped};
use crate::app::jobs::regroup::GroupSummary;
use crate::cluster::Linkage;
use crate::library::MissingPolicy;
use crate::types::SquaredDistance;

/// Find the faces of a folder's photos and group them into people.
#[derive(Debug, clap::Args)]
pub struct ScanArgs {
    /// The folder, with everything below it.
    folder: PathBuf,
    /// The embedding network, from now on of this library; faces that it has not embedded yet are embedded again.
    #[arg(long, value_name = "ID")]
    model: Option<String>,
    /// The detector, yunet or mtcnn, from now on of this library; photos in which another one looked for faces are
    /// searched again.
    #[arg(long, value_name = "ID")]
    detector: Option<String>,
    /// Look for faces from 20 pixels up in large photos, from now on in this library, or not any more (=no). It takes
    /// several times as long; photos that were not looked through like this are searched again.
    #[arg(long, value_name = "yes|no", num_args = 0..=1, require_equals = true, default_missing_value = "yes",
        value_parser = clap::builder::BoolishValueParser::new())]
    small_faces: Option<bool>,
    /// Do not install missing models.
    #[arg(long)]
    offline: bool,
    /// Squared distance up to which groups of faces are joined.
    #[arg(long, value_name = "D", value_parser = squared_distance)]
    threshold: Option<f32>,
    /// How the distance between two groups is measured.
    #[arg(long, value_enum)]
    linkage: Option<Linkage>,
    /// Mark photos as missing even where more than half of the folder is gone.
    #[arg(long)]
    accept_missing: bool,
    /// Try files of the folder again that were left out: those that could not be read or decoded, and those that the
    /// program ended with.
    #[arg(long)]
    retry_left_out: bool,
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
        small_faces: args.small_faces,
        offline: args.offline,
        ..EngineOptions::default()
    };
    let choices = ScanChoices {
        linkage: args.linkage,
        threshold: args.threshold.map(SquaredDistance),
        missing: if args.accept_missing { MissingPolicy::Accept } else { MissingPolicy::Ask },
        touched: None,
        of_library: false,
        again: args.retry_left_out,
    };
    let done = scan_folder(home, &args.folder, given, &choices, &cancel, &mut show);
    console.close();
    let done = done.map_err(|broken| {
        if broken.done.new_photos > 0 {
            let photos = counted(broken.done.new_photos, "new photo is", "new photos are");
            output::note(format!("likeness: {photos} in the library; the next scan goes on from there"));
        }
        broken.error
    })?;
    match (args.json, &done.device) {
        (true, _) => print_json(&done)?,
        (false, None) => print_nothing(&done.summary)?,
        (false, Some(device)) => {
            words(&done.summary, done.groups.as_ref(), device).iter().try_for_each(output::line)?;
        }
    }
    Ok(exit_code(&done.summary))
}

/// Of a folder that is not there nothing could be scanned, which is a failure; nothing is lost by it.
fn exit_code(summary: &ScanSummary) -> ExitCode {
    for folder in &summary.offline_folders {
        output::note(format!(
            "likeness: the folder {} is not there; it is marked as offline, and its photos, faces and people stay in the \
             library",
            printable(folder)
        ));
    }
    if !summary.offline_folders.is_empty() {
        return ExitCode::FAILURE;
    }
    if summary.withheld_photos > 0 {
        output::note(format!(
            "likeness: {} gone, more than half of the folder: is its drive there? Nothing was marked as missing; \
             --accept-missing does so",
            counted(summary.withheld_photos, "photo is", "photos are")
        ));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// What a scan tells for which no network was loaded: of a folder that is not there, or of one without photos while no
/// model is installed to scan with.
fn print_nothing(summary: &ScanSummary) -> Result<()> {
    match summary.offline_folders.is_empty() {
        _ if summary.cancelled => output::line("Cancelled"),
        true => output::line("The folder holds no photos\n0 photos, 0 faces"),
        false => {
            summary.offline_folders.iter().try_for_each(|folder| output::line(format!("offline {}", printable(folder))))
        }
    }
}

fn print_json(done: &FolderScan) -> Result<()> {
    let mut object = serde_json::to_value(&done.summary).unwrap_or_default();
    object["people"] = json!(done.groups.as_ref().map(|groups| groups.people));
    object["device"] = json!(done.device);
    object["detector"] = json!(done.detector);
    object["model"] = json!(done.model);
    output::json(&object)
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
        let (photos, faces) = (summary.photos, summary.faces);
        lines.push(format!("{}, {}", counted(photos, "photo", "photos"), counted(faces, "face", "faces")));
    }
    if let Some(groups) = groups {
        let people = counted(groups.people, "person", "people");
        lines.push(format!("In the whole library: {people}, {} of them named", groups.named));
    }
    lines.push(format!(
        "{} new, {} unchanged, {} moved or copied, {} missing, {} skipped",
        summary.new_photos,
        summary.unchanged_photos,
        summary.moved_photos,
        summary.missing_photos,
        summary.skipped.len()
    ));
    if summary.imported_photos > 0 {
        let photos = counted(summary.imported_photos, "new photo was", "new photos were");
        lines.push(format!("{photos} known from an import"));
    }
    let (for_small, forgotten) = (summary.searched_for_small, summary.searched_after_forgetting);
    let whys = [
        (summary.searched_again.saturating_sub(for_small + forgotten), "by another detector"),
        (for_small, "for small faces too"),
        (forgotten, "since somebody in them was forgotten"),
    ];
    for (count, why) in whys {
        if count > 0 {
            lines.push(format!("{} searched again, {why}", counted(count, "known photo was", "known photos were")));
        }
    }
    if summary.carried_faces + summary.lost_faces > summary.unread_faces {
        lines.push(found_again_words(summary));
    }
    match summary.unread_faces {
        0 => {}
        1 => lines.push(format!("1 face with a name or set aside was in a photo that is damaged now; it {WAITS}")),
        faces => {
            lines.push(format!(
                "{faces} faces with a name or set aside were in photos that are damaged now; each {WAITS}"
            ));
        }
    }
    lines.extend(shortcomings(summary));
    if summary.missing_faces > 0 {
        let (faces, stay) = match summary.missing_faces {
            1 => ("1 face with a name or set aside is in a photo", "it stays with its person"),
            faces => (&*format!("{faces} faces with a name or set aside are in photos"), "they stay with their people"),
        };
        lines.push(format!("{faces} missing since; {stay}, and people --json lists where"));
    }
    if summary.returned_faces > 0 {
        lines.push(format!(
            "{} missing or lost",
            counted(summary.returned_faces, "face is back that was", "faces are back that were")
        ));
    }
    lines.extend(summary.offline_folders.iter().map(|folder| format!("offline {}", printable(folder))));
    if summary.new_photos + summary.searched_again > 0 {
        let (photos, faces) = (summary.photos_per_s, summary.faces_per_s);
        lines.push(format!("{photos:.1} photos/s, {faces:.1} faces/s on {device}"));
    }
    let skipped = summary.skipped.iter();
    let line = |skipped: &Skipped| format!("skipped {}: {}", printable(&skipped.path), printable_text(&skipped.reason));
    lines.extend(skipped.map(line));
    if summary.left_out > 0 {
        let files = counted(summary.left_out, "of them failed before and was", "of them failed before and were");
        lines.push(format!("{files} not tried again; --retry-left-out does so"));
    }
    let others = summary.not_looked_at.iter();
    lines.extend(others.map(|other| format!("not looked at {}: {}", printable(&other.path), other.reason)));
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
            summary.hidden,
            "hidden or system file or folder is left out",
            "hidden or system files and folders are left out",
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

/// A face whose photo is damaged.
const WAITS: &str = "waits among the lost ones until the file is whole again";

fn found_again_words(summary: &ScanSummary) -> String {
    let carried = counted(summary.carried_faces, "face", "faces");
    let lost = counted(summary.lost_faces - summary.unread_faces, "lost one waits", "lost ones wait");
    format!("{carried} carried over to edited photos, {lost} to be put back")
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;
    use crate::app::engine::progress::Skipped;

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
    fn a_video_is_counted_and_named() {
        let video = Skipped { path: "/p/a.mp4".into(), reason: "a video (MP4)".to_owned() };
        let told = said(&ScanSummary { not_looked_at: vec![video], ..ScanSummary::default() });
        assert!(told.contains("1 video or picture of a kind that is not read"), "{told}");
        assert!(told.ends_with("not looked at /p/a.mp4: a video (MP4)"), "{told}");
    }

    #[test]
    fn what_is_of_the_folder_and_what_of_the_library_is_told_apart_and_one_as_one() {
        let summary = ScanSummary { photos: 1, faces: 1, searched_again: 1, hidden: 2, ..ScanSummary::default() };
        let told = words(&summary, Some(&GroupSummary { people: 1, named: 0 }), "CPU").join("\n");
        assert!(told.starts_with("1 photo, 1 face\nIn the whole library: 1 person, 0 of them named\n"), "{told}");
        assert!(
            told.contains("1 known photo was searched again") && told.contains("2 hidden or system files"),
            "{told}"
        );
    }

    #[test]
    fn it_is_said_why_known_photos_were_searched_again() {
        let told = |searched_again, searched_for_small, searched_after_forgetting| {
            let counts =
                ScanSummary { searched_again, searched_for_small, searched_after_forgetting, ..Default::default() };
            said(&counts)
        };
        let small = told(2, 2, 0);
        assert!(small.contains("2 known photos were searched again, for small faces too"), "{small}");
        assert!(!small.contains("detector") && told(1, 0, 0).contains("1 known photo was searched again, by another"));
        let forgotten = told(3, 0, 3);
        assert!(forgotten.contains("3 known photos were searched again, since somebody in them was forgotten"));
        assert!(!forgotten.contains("detector"));
    }

    #[test]
    fn faces_that_are_back_are_counted() {
        let back = said(&ScanSummary { returned_faces: 2, ..ScanSummary::default() });
        assert!(back.contains("2 faces are back that were missing or lost"), "{back}");
        let one = said(&ScanSummary { returned_faces: 1, ..ScanSummary::default() });
        assert!(one.contains("1 face is back that was missing or lost"), "{one}");
        assert!(!said(&ScanSummary::default()).contains("back"));
    }

    #[test]
    fn faces_that_went_with_their_photos_are_counted() {
        let told = |missing_faces| said(&ScanSummary { missing_faces, ..ScanSummary::default() });
        assert!(
            told(1).contains("1 face with a name or set aside is in a photo missing since; it stays with its person")
        );
        assert!(told(2).contains("2 faces with a name or set aside are in photos missing since; they stay"));
        assert!(!told(0).contains("missing since"));
    }

    /// No edit has lost them.
    #[test]
    fn faces_of_a_damaged_photo_are_not_told_as_lost_to_an_edit() {
        let told = |lost_faces, unread_faces| said(&ScanSummary { lost_faces, unread_faces, ..ScanSummary::default() });
        let one = told(1, 1);
        assert!(one.contains("1 face with a name or set aside was in a photo that is damaged now"), "{one}");
        assert!(!one.contains("edited") && !told(1, 0).contains("damaged"), "{one}");
        let all = told(3, 2);
        assert!(all.contains("2 faces with a name") && all.contains("1 lost one waits to be put back"), "{all}");
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
