//! Folders as people have them.

use super::*;

#[test]
fn finds_photos_in_order_and_leaves_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b.jpg", "a.PNG", "notes.txt", ".hidden.jpg", "sub/名字.webp", "sub/line\nbreak.jpg"] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"x").unwrap();
    }
    let found = find_photos(folder.path(), &[], &Cancel::default(), |_| {}).unwrap();
    let root = fs::canonicalize(folder.path()).unwrap();
    let names: Vec<_> = found.photos.iter().map(|p| p.strip_prefix(&root).unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["a.PNG", "b.jpg", "sub/line\nbreak.jpg", "sub/名字.webp"]);
    assert!(found.skipped.is_empty());
}

#[test]
fn a_video_is_counted_and_what_only_has_its_name_is_not() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.mp4"), b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom").unwrap();
    fs::write(folder.path().join("b.mov"), b"notes").unwrap();
    fs::write(folder.path().join("c.psd"), b"8BPS\0\x01\0\0\0\0\0\0").unwrap();
    fs::write(folder.path().join("d.icns"), b"icns\0\0\0\x08").unwrap();
    fs::write(folder.path().join("e.VOB"), b"\0\0\x01\xba\x44").unwrap();
    let found = find_photos(folder.path(), &[], &Cancel::default(), |_| {}).unwrap();
    let names: Vec<_> = found.not_looked_at.iter().map(|other| other.path.file_name().unwrap()).collect();
    assert_eq!(names, ["a.mp4", "c.psd", "d.icns", "e.VOB"]);
    assert_eq!((found.photos.len(), found.skipped.len()), (0, 0));
}

#[test]
fn a_picture_under_another_kinds_name_is_a_photo() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.mov"), b"\xff\xd8\xff\xe0").unwrap();
    fs::write(folder.path().join("b.raw"), b"IIU\0\0\0\0\0").unwrap();
    let found = find_photos(folder.path(), &[], &Cancel::default(), |_| {}).unwrap();
    assert_eq!((found.photos.len(), found.not_looked_at.len()), (2, 0));
}

#[cfg(unix)]
#[test]
fn a_loop_of_links_ends_and_a_broken_link_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.jpg"), b"x").unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("loop")).unwrap();
    std::os::unix::fs::symlink("a.jpg", folder.path().join("same.jpg")).unwrap();
    std::os::unix::fs::symlink("gone.jpg", folder.path().join("broken.jpg")).unwrap();
    let found = find_photos(folder.path(), &[], &Cancel::default(), |_| {}).unwrap();
    assert_eq!(found.photos.len(), 1);
    let mut told: Vec<_> = found.skipped.iter().map(|s| s.path.file_name().unwrap().to_str().unwrap()).collect();
    told.sort();
    assert_eq!(told, ["broken.jpg", "loop"]);
}

#[test]
fn what_the_program_made_is_no_photo() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("library/cache");
    for path in ["a.jpg", "library/b.jpg", "library/cache/thumbnails/c.jpg"] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"x").unwrap();
    }
    let found = find_photos(folder.path(), &[own], &Cancel::default(), |_| {}).unwrap();
    let names: Vec<_> = found.photos.iter().map(|path| path.file_name().unwrap()).collect();
    assert_eq!(names, ["a.jpg", "b.jpg"]);
    assert!(found.skipped.is_empty());
}

#[test]
fn a_missing_folder_is_an_error() {
    assert!(find_photos(Path::new("/no/such/folder"), &[], &Cancel::default(), |_| {}).is_err());
}

/// One sub-folder a person, with everything that may lie around.
#[cfg(unix)]
#[test]
fn people_are_who_has_pictures_and_all_else_is_counted() {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    let (place, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let write = |path: PathBuf| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"x").unwrap();
    };
    let files = [
        "Ann/1.jpg",
        "Ann/2.JPG",
        "Ann/back\\slash.png",
        "Ann/._1.jpg",
        "Ann/Thumbs.db",
        "Ann/2019/3.jpg",
        "Ann/notes.txt",
        ".git/1.jpg",
        "__MACOSX/Ann/1.jpg",
        "@eaDir/1.jpg",
        "beside.jpg",
        "run/config.json",
        "run/data.jsonl",
        "run/1.png",
        "home/library.sqlite",
        "home/cache/1.jpg",
    ];
    files.iter().for_each(|file| write(place.path().join(file)));
    write(place.path().join(std::ffi::OsStr::from_bytes(b"G\xfcnther")).join("1.jpg"));
    fs::create_dir(place.path().join("Nobody")).unwrap();
    write(elsewhere.path().join("Lea/1.jpg"));
    symlink(elsewhere.path().join("Lea"), place.path().join("Lea")).unwrap();
    symlink(place.path(), place.path().join("loop")).unwrap();
    symlink("gone.jpg", place.path().join("Ann/dead.jpg")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(place.path().join("Ann/socket.jpg")).unwrap();

    let found = people::people_of(place.path(), &[], &Cancel::default()).unwrap();
    let names: Vec<&str> = found.people.keys().map(String::as_str).collect();
    assert_eq!(names, ["Ann", "G\u{effc}nther", "Lea"]);
    let of_ann: Vec<_> = found.people["Ann"].iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(of_ann, ["Ann/1.jpg", "Ann/2.JPG", "Ann/back\\slash.png"]);
    assert!(found.people.values().flatten().all(|path| place.path().join(path).is_file()));
    assert_eq!(found.beside, [Path::new("beside.jpg")]);
    let told = found.left_out_words().unwrap();
    let wanted = "Left out: 5 hidden or system files and folders (such as .git); 2 folders of Likeness itself (such as \
                  home/cache); 2 files that are no pictures (such as Ann/notes.txt); 1 picture deeper than in a person's \
                  folder (Ann/2019/3.jpg); 2 folders without a picture (such as Nobody); 1 socket or pipe \
                  (Ann/socket.jpg); 1 link to a folder that is there anyway (loop); 1 folder or link that cannot be read \
                  (Ann/dead.jpg)";
    assert_eq!(told, wanted);
}

#[test]
fn a_folder_around_the_people_is_named() {
    let place = tempfile::tempdir().unwrap();
    fs::create_dir_all(place.path().join("lfw/Ann")).unwrap();
    fs::write(place.path().join("lfw/Ann/1.jpg"), b"x").unwrap();
    let found = people::people_of(place.path(), &[], &Cancel::default()).unwrap();
    let told = found.has_people(place.path()).unwrap_err().to_string();
    assert!(told.ends_with(&place.path().join("lfw").display().to_string()), "{told}");
    assert!(people::people_of(&place.path().join("absent"), &[], &Cancel::default()).is_err());
}

#[test]
fn the_store_of_any_library_is_no_album_and_hidden_files_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    for path in
        ["a.jpg", "other/library.sqlite", "other/cache/1.jpg", "other/runs/x/2.png", ".Trash-1000/3.jpg", "cache/4.jpg"]
    {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, b"x").unwrap();
    }
    let found = find_photos(folder.path(), &[], &Cancel::default(), |_| {}).unwrap();
    let names: Vec<_> = found.photos.iter().map(|path| path.file_name().unwrap()).collect();
    assert_eq!((names, found.hidden), (vec!["a.jpg".as_ref(), "4.jpg".as_ref()], 1));
}
