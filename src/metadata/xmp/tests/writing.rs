//! A file is changed at once or not at all, and comes back as it was.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::super::error::{MetadataError, Refusal};
use super::super::matching::OthersNames;
use super::super::plan::{MetadataPlan, plan};
use super::super::request::FaceToWrite;
use super::super::write::{FileUndo, Modified, Undone};
use super::samples::{DIGIKAM, WritePlace, anna, area, jpeg, names, nothing, packet, packet_segment, put};

fn planned(photo: &Path, place: WritePlace) -> MetadataPlan {
    let (faces, ours, others) = ([anna()], nothing(), OthersNames::default());
    plan(photo, place, &names(&faces, &ours, &others)).unwrap()
}

#[test]
fn a_preview_says_what_comes_and_what_stays() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    put(&photo, &jpeg(&[packet_segment(&packet(DIGIKAM))]));
    let old = fs::read(&photo).unwrap();
    let shown = planned(&photo, WritePlace::Embedded).changes;
    let shown: Vec<String> = shown.iter().map(ToString::to_string).collect();
    for line in [
        "= face region (MWG): Berta at 65.0 %, 35.0 %, 20.0 × 30.0 % (another program's)",
        "= face region (MWG): (no name) at 5.0 %, 5.0 %, 10.0 × 10.0 % (another program's)",
        "+ face region (MWG): Anna & Co <x> at 20.0 %, 30.0 %, 10.0 × 20.0 %",
        "= keyword: Strand (another program's)",
        "+ keyword: Anna & Co <x>",
        "+ hierarchical keyword: People|Anna & Co <x>",
    ] {
        assert!(shown.iter().any(|shown| shown == line), "{line} is not in {shown:?}");
    }
    assert_eq!(fs::read(&photo).unwrap(), old);
}

#[test]
fn the_time_and_the_mode_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let modified = || fs::metadata(&photo).unwrap().modified().unwrap();
    put(&photo, &jpeg(&[]));
    #[cfg(unix)]
    fs::set_permissions(&photo, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
    File::options().write(true).open(&photo).unwrap().set_modified(time).unwrap();
    let first = planned(&photo, WritePlace::Embedded);
    let undo = first.undo().unwrap();
    first.write(Modified::Kept).unwrap();
    assert_eq!(modified(), time);
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&photo).unwrap().permissions()) & 0o777, 0o640);
    undo.apply().unwrap();
    planned(&photo, WritePlace::Embedded).write(Modified::Now).unwrap();
    assert!(modified() > time);
    // The undo of the second write gives back the time, too, even after a stay on the disk.
    undo.apply().unwrap();
    assert_eq!(modified(), time);
    assert_eq!(fs::read(&photo).unwrap(), jpeg(&[]));
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["a.jpg"]);
}

#[cfg(target_os = "linux")]
#[test]
fn extended_attributes_are_kept_there_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    put(&photo, &jpeg(&[]));
    let noted = [("user.xdg.tags", b"summer".as_slice()), ("user.empty", b"")];
    if noted.iter().any(|(name, value)| xattr::set(&photo, name, value).is_err()) {
        println!("skipped: this disk keeps no extended attributes");
        return;
    }
    let kept = || noted.map(|(name, _)| xattr::get(&photo, name).unwrap());
    let before = kept();
    let first = planned(&photo, WritePlace::Embedded);
    let undo = first.undo().unwrap();
    first.write(Modified::Kept).unwrap();
    assert_eq!(kept(), before);
    assert_eq!(undo.apply().unwrap(), Undone::Restored);
    assert_eq!((kept(), fs::read(&photo).unwrap()), (before, jpeg(&[])));
}

/// As after a kill between the note of the way back and the writing.
#[test]
fn what_was_never_written_needs_no_way_back() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    for place in [WritePlace::Embedded, WritePlace::Sidecar] {
        put(&photo, &jpeg(&[]));
        let first = planned(&photo, place);
        let undo = first.undo().unwrap();
        assert_eq!(undo.apply().unwrap(), Undone::WasSo, "{place:?}");
        first.write(Modified::Now).unwrap();
        let (gone, back) = (MetadataPlan { file: first.file.inverse(), ..first.clone() }, first.file.clone());
        let undo = gone.undo().unwrap();
        assert_eq!((undo.change.clone(), undo.apply().unwrap()), (back, Undone::WasSo), "{place:?}");
        gone.write(Modified::Now).unwrap();
        assert_eq!(undo.apply().unwrap(), Undone::Restored, "{place:?}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_read_only_is_left_so_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    put(&photo, &jpeg(&[]));
    fs::set_permissions(&photo, std::os::unix::fs::PermissionsExt::from_mode(0o444)).unwrap();
    let refused = planned(&photo, WritePlace::Embedded).check().unwrap_err();
    assert!(matches!(refused, MetadataError::Refused { why: Refusal::ReadOnly, .. }), "{refused}");
    assert!(refused.asks_for_a_sidecar() && planned(&photo, WritePlace::Sidecar).check().is_ok());
}

#[test]
fn undo_survives_being_stored() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    put(&photo, &jpeg(&[packet_segment(&packet(DIGIKAM))]));
    let first = planned(&photo, WritePlace::Embedded);
    let stored = serde_json::to_string(&first.undo().unwrap()).unwrap();
    first.write(Modified::Now).unwrap();
    // The segment twice, and not the picture.
    assert!(stored.len() < 20_000);
    serde_json::from_str::<FileUndo>(&stored).unwrap().apply().unwrap();
    assert_eq!(fs::read(&photo).unwrap(), jpeg(&[packet_segment(&packet(DIGIKAM))]));
}

#[test]
fn what_changed_meanwhile_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    put(&photo, &jpeg(&[]));
    let (embedded, sidecar) = (planned(&photo, WritePlace::Embedded), planned(&photo, WritePlace::Sidecar));
    put(&photo, &[jpeg(&[]), vec![1]].concat());
    assert!(matches!(embedded.write(Modified::Now), Err(MetadataError::Changed { .. })));
    assert_eq!(fs::read(&photo).unwrap(), [jpeg(&[]), vec![1]].concat());
    put(&sidecar.path, b"somebody's");
    assert!(matches!(sidecar.write(Modified::Now), Err(MetadataError::Changed { .. })));
    assert_eq!(fs::read(&sidecar.path).unwrap(), b"somebody's");
    // An undo is refused as well where somebody has written since.
    put(&photo, &jpeg(&[]));
    let first = planned(&photo, WritePlace::Embedded);
    let undo = first.undo().unwrap();
    first.write(Modified::Now).unwrap();
    put(&photo, b"another");
    assert!(matches!(undo.apply(), Err(MetadataError::Changed { .. })));
}

#[cfg(unix)]
#[test]
fn links_are_followed_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real.jpg"), folder.path().join("link.jpg"));
    put(&real, &jpeg(&[]));
    std::os::unix::fs::symlink(&real, &link).unwrap();
    planned(&link, WritePlace::Embedded).write(Modified::Now).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_ne!(fs::read(&real).unwrap(), jpeg(&[]));
    put(&real, &jpeg(&[]));
    fs::hard_link(&real, folder.path().join("second.jpg")).unwrap();
    let refused = planned(&real, WritePlace::Embedded).write(Modified::Now);
    assert!(matches!(refused, Err(MetadataError::Refused { why: Refusal::Linked, .. })));
}

#[test]
fn names_and_boxes_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    put(&photo, &jpeg(&[]));
    let (ours, others) = (nothing(), OthersNames::default());
    let why = |face: FaceToWrite, orientation| {
        let faces = [face];
        let names = super::super::request::NamesToWrite { orientation, ..names(&faces, &ours, &others) };
        match plan(&photo, WritePlace::Sidecar, &names) {
            Err(MetadataError::Refused { why, .. }) => Some(why),
            other => other.map(|_| None).unwrap(),
        }
    };
    assert_eq!(why(anna(), 9), Some(Refusal::BadPicture));
    assert_eq!(why(FaceToWrite { name: " ".into(), ..anna() }, 1), Some(Refusal::BadName));
    assert_eq!(why(FaceToWrite { name: "a\u{7}".into(), ..anna() }, 1), Some(Refusal::BadName));
    assert_eq!(why(FaceToWrite { area: area(0.5, 0.5, f32::NAN, 0.1), ..anna() }, 1), Some(Refusal::BadPicture));
    assert_eq!(why(FaceToWrite { area: area(1.5, 0.5, 0.2, 0.1), ..anna() }, 1), Some(Refusal::BadPicture));
    // Over the edge is cut.
    assert_eq!(why(FaceToWrite { area: area(-0.1, 0.5, 0.2, 0.9), ..anna() }, 1), None);
}
