//! Which sidecar holds, and what a new one begins with.

use super::super::matching::OthersNames;
use super::super::model::PacketPlace;
use super::super::plan::plan;
use super::super::read::read;
use super::super::request::{FaceToWrite, NamesToWrite};
use super::super::sidecar::Sidecars;
use super::super::write::{FileChange, Modified};
use super::super::written::NameList;
use super::samples::{DIGIKAM, WritePlace, anna, area, jpeg, names, nothing, packet, packet_segment, put};

#[test]
fn the_sidecar_that_names_its_photo_holds() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| {
        put(&folder.path().join(name), b"x");
        folder.path().join(name)
    };
    let photo = file("a.jpg");
    assert_eq!(Sidecars::of(&photo), Sidecars::default());
    assert_eq!(Sidecars::of(&photo).to_write(&photo), folder.path().join("a.jpg.xmp"));
    let short = file("a.xmp");
    assert_eq!(Sidecars::of(&photo).to_write(&photo), short);
    let full = file("a.jpg.xmp");
    let both = Sidecars::of(&photo);
    assert_eq!((both.valid.as_ref(), both.hidden.as_ref()), (Some(&full), Some(&short)));
    // Beside a raw file the short name is the raw file's alone.
    let raw = file("a.NEF");
    assert_eq!(Sidecars::of(&photo), Sidecars { valid: Some(full), hidden: None, is_shared: false });
    assert_eq!(Sidecars::of(&raw).valid, Some(short));
    // Two pictures of one name: who wrote it is unknown, so ours goes elsewhere.
    let heic = file("b.heic");
    file("b.jpg");
    file("b.XMP");
    assert!(Sidecars::of(&heic).is_shared);
    assert_eq!(Sidecars::of(&heic).to_write(&heic), folder.path().join("b.heic.xmp"));
}

/// Also where the library calls a face so: it would else be taken out and put in again.
#[test]
fn a_name_that_is_to_go_is_not_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.png");
    put(&photo, b"not looked into");
    let carl = FaceToWrite { name: "Carl".to_owned(), area: area(0.6, 0.1, 0.2, 0.2) };
    let (faces, stay) = ([anna(), carl], OthersNames::default());
    let first = plan(&photo, WritePlace::Sidecar, &names(&faces, &nothing(), &stay)).unwrap();
    first.write(Modified::Now).unwrap();
    let remove = OthersNames { remove: vec!["ANNA & co <x> ".to_owned()], ..OthersNames::default() };
    let without_ours = nothing();
    for ours in [&first.written, &without_ours] {
        let planned = plan(&photo, WritePlace::Sidecar, &names(&faces, ours, &remove)).unwrap();
        planned.write(Modified::Now).unwrap();
        let text = std::fs::read_to_string(&planned.path).unwrap();
        assert!(!text.contains("Anna") && text.contains("Carl"), "{text}");
        std::fs::remove_file(&first.path).unwrap();
        first.write(Modified::Now).unwrap();
    }
}

#[test]
fn six_formats_get_sidecars_and_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.jpg", "a.png", "b.heic", "c.avif", "d.nef", "e.webp"] {
        let photo = folder.path().join(name);
        put(&photo, b"not looked into");
        let (faces, ours, others) = ([anna()], nothing(), OthersNames::default());
        let first = plan(&photo, WritePlace::Sidecar, &names(&faces, &ours, &others)).unwrap();
        first.write(Modified::Now).unwrap();
        assert_eq!(first.path.file_name().unwrap().to_str().unwrap(), format!("{name}.xmp"));
        let found = read(&photo).unwrap();
        assert_eq!(found.packets[0].place, PacketPlace::Sidecar(first.path.clone()));
        assert_eq!(found.packets[0].person_in_image, ["Anna & Co <x>"]);
        assert_eq!(std::fs::read(&photo).unwrap(), b"not looked into");
        // The last name takes the sidecar along, which held nothing else.
        let last = plan(&photo, WritePlace::Sidecar, &names(&[], &first.written, &others)).unwrap();
        assert!(matches!(last.file, FileChange::Remove { .. }), "{last:?}");
        let undo = last.undo().unwrap();
        last.write(Modified::Now).unwrap();
        assert!(!first.path.exists());
        undo.apply().unwrap();
        assert!(first.path.exists());
    }
}

/// Programs that believe a sidecar no longer see what the photo says in the same lists.
#[test]
fn a_new_sidecar_begins_with_what_it_hides() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    put(&photo, &jpeg(&[packet_segment(&packet(DIGIKAM))]));
    let (faces, ours, others) = ([anna()], nothing(), OthersNames::default());
    let first = plan(&photo, WritePlace::Sidecar, &names(&faces, &ours, &others)).unwrap();
    first.write(Modified::Now).unwrap();
    let found = &read(&photo).unwrap().packets[0];
    assert_eq!(found.subject, ["Strand", "Berta", "Anna & Co <x>"]);
    assert_eq!(found.tags, ["People/Berta", "People/Anna & Co <x>"]);
    let named: Vec<_> = found.regions.iter().filter_map(|region| region.name.as_deref()).collect();
    assert_eq!(named, ["Berta", "Anna & Co <x>", "Anna & Co <x>"]);
    // None for a photo without names.
    let photo = folder.path().join("b.jpg");
    put(&photo, &jpeg(&[packet_segment(&packet(DIGIKAM))]));
    assert_eq!(plan(&photo, WritePlace::Sidecar, &names(&[], &ours, &others)).unwrap().file, FileChange::Nothing);
}

/// Also where the list in which the photo itself says so is none that is written.
#[test]
fn a_face_that_the_photo_names_is_left_to_it_in_its_sidecar() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    put(&photo, &jpeg(&[packet_segment(&packet(DIGIKAM))]));
    let carl = FaceToWrite { name: "Carl".into(), area: area(0.64, 0.33, 0.22, 0.32) };
    let (faces, ours, others) = ([carl, anna()], nothing(), OthersNames::default());
    for lists in [&NameList::ALL[..], &[NameList::PersonInImage]] {
        let request = NamesToWrite { lists, ..names(&faces, &ours, &others) };
        let first = plan(&photo, WritePlace::Sidecar, &request).unwrap();
        first.write(Modified::Now).unwrap();
        let found = &read(&photo).unwrap().packets[0];
        assert_eq!(found.person_in_image, ["Anna & Co <x>"]);
        assert!(found.regions.iter().all(|region| region.name.as_deref() != Some("Carl")));
        // Nor at the next writing.
        let again = plan(&photo, WritePlace::Sidecar, &NamesToWrite { ours: &first.written, ..request }).unwrap();
        assert_eq!(again.file, FileChange::Nothing);
        std::fs::remove_file(&first.path).unwrap();
    }
}

#[test]
fn an_old_sidecar_keeps_its_encoding() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.heic");
    put(&photo, b"");
    let sidecar = folder.path().join("a.heic.xmp");
    let old: Vec<u8> =
        [0xff, 0xfe].into_iter().chain(packet(DIGIKAM).encode_utf16().flat_map(u16::to_le_bytes)).collect();
    put(&sidecar, &old);
    let (faces, ours, others) = ([anna()], nothing(), OthersNames::default());
    let first = plan(&photo, WritePlace::Sidecar, &names(&faces, &ours, &others)).unwrap();
    first.write(Modified::Now).unwrap();
    let new = std::fs::read(&sidecar).unwrap();
    assert_eq!((&new[..2], new.len() % 2, new.contains(&0)), ([0xff, 0xfe].as_slice(), 0, true));
    assert_eq!(read(&photo).unwrap().packets[0].subject, ["Strand", "Berta", "Anna & Co <x>"]);
    plan(&photo, WritePlace::Sidecar, &names(&[], &first.written, &others)).unwrap().write(Modified::Now).unwrap();
    assert_eq!(std::fs::read(&sidecar).unwrap(), old);
}

/// Names that we once put into the photo are ours in its new sidecar, too, and can be taken back there.
#[test]
fn what_is_ours_in_the_photo_is_ours_in_its_sidecar() {
    let folder = tempfile::tempdir().unwrap();
    let photo = folder.path().join("a.jpg");
    put(&photo, &jpeg(&[packet_segment(&packet(DIGIKAM))]));
    let (faces, ours, others) = ([anna()], nothing(), OthersNames::default());
    let request = names(&faces, &ours, &others);
    let embedded = plan(&photo, WritePlace::Embedded, &request).unwrap();
    embedded.write(Modified::Now).unwrap();
    let beside = plan(&photo, WritePlace::Sidecar, &request).unwrap();
    assert_eq!(beside.written.0.len(), embedded.written.0.len());
    beside.write(Modified::Now).unwrap();
    plan(&photo, WritePlace::Sidecar, &names(&[], &beside.written, &others)).unwrap().write(Modified::Now).unwrap();
    let found = &read(&photo).unwrap().packets[0];
    assert_eq!(found.subject, ["Strand", "Berta"]);
    assert!(found.marks.is_empty());
}
