//! Lists and folders as people have them, as far as no model is needed.

use super::*;

/// Embeddings of images, each person's beside each other and far from the other's.
fn embeddings(place: &Path, images: &[(&str, [f64; 2])]) -> String {
    let line = |(path, [x, y]): &(&str, [f64; 2])| serde_json::json!({ "path": path, "embedding": [x, y] }).to_string();
    let file = place.join("vectors.jsonl");
    // As Windows' editors begin a file.
    std::fs::write(&file, format!("\u{feff}{}", images.iter().map(line).collect::<Vec<_>>().join("\r\n"))).unwrap();
    file.to_str().unwrap().to_owned()
}

const FOUR: [(&str, [f64; 2]); 4] = [
    ("lfw/Ann/Ann_0001.JPG", [1.0, 0.0]),
    ("lfw/ANN/ANN_0002.png", [0.99, 0.1]),
    ("lfw/Bo/Bo_0001.webp", [0.0, 1.0]),
    ("lfw/Bo/Bo_0002.JPEG", [0.1, 0.99]),
];

#[test]
fn a_list_finds_its_pictures_whatever_extension_and_case() {
    let place = tempfile::tempdir().unwrap();
    let list = place.path().join("pairs.txt");
    std::fs::write(&list, "2\t1\nAnn\t1\t2\nAnn\t1\tBo\t1\nBo\t1\t2\nAnn\t2\tBo\t2\n").unwrap();
    let (list, vectors) = (list.to_str().unwrap(), embeddings(place.path(), &FOUR));
    for what in ["lfw", "pairs"] {
        let figures = json(place.path(), &["eval", what, "--pairs", list, "--embeddings", &vectors, "--json"]);
        assert_eq!((&figures["pairs"], &figures["skipped"]), (&4.into(), &0.into()), "{what}");
    }
}

#[test]
fn a_fold_that_lacks_a_kind_of_pair_is_named_and_the_others_are_judged() {
    let place = tempfile::tempdir().unwrap();
    let vectors = embeddings(place.path(), &FOUR);
    let list = place.path().join("pairs.txt");
    let whole = "Ann\t1\t2\nAnn\t1\tBo\t1\n";
    let judge = |text: &str| {
        std::fs::write(&list, text).unwrap();
        likeness(place.path(), &["eval", "pairs", "--pairs", list.to_str().unwrap(), "--embeddings", &vectors])
    };
    let judged = judge(&format!("3\t1\n{whole}Bo\t1\t2\nAnn\t1\tBo\t9\n{whole}"));
    assert!(judged.status.success(), "{}", stderr(&judged));
    let told = stderr(&judged);
    assert!(told.contains("fold 2 has no pair of different people left") && told.contains("2 of 3 folds"), "{told}");
    assert!(stdout(&judged).contains("4 pairs, 1 skipped"), "{}", stdout(&judged));
    let refused = judge(&format!("2\t1\n{whole}Bo\t1\t2\nAnn\t1\tBo\t9\n"));
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("fold 2 has no pair of different people left"), "{}", stderr(&refused));
    // Other lists call their folds as they like.
    let of_fold =
        |fold: u32| format!("Ann/Ann_0001.jpg,Ann/Ann_0002.jpg,1,{fold}\nAnn/Ann_0001.jpg,Bo/Bo_0001.jpg,0,{fold}\n");
    let named = judge(&format!("{}{}Bo/Bo_0001.jpg,Bo/Bo_0002.jpg,1,4000000\n", of_fold(0), of_fold(7)));
    let told = stderr(&named);
    assert!(told.contains("fold 4000000 has no pair of different") && told.contains("2 of 3 folds"), "{told}");
    let line = judge("2\t1\nAnn\t1\t2\nAnn\tone\tBo\t1\n");
    assert!(stderr(&line).contains("line 3"), "{}", stderr(&line));
}

/// At once: neither is a device tried nor a folder of the run named.
#[cfg(unix)]
#[test]
fn training_on_a_pipe_is_refused_before_anything_else_is_said() {
    let place = tempfile::tempdir().unwrap();
    let [pipe, people] = ["pipe", "people"].map(|name| place.path().join(name));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    std::fs::create_dir(&people).unwrap();
    let [pipe, people] = [&pipe, &people].map(|path| path.to_str().unwrap());
    let pairs = ["train", people, "--net", "likeness-small", "--pairs", pipe, "--images", people];
    for arguments in [&["train", pipe, "--net", "likeness-small"][..], &pairs, &["train", people, "--start", pipe]] {
        let refused = likeness(place.path(), arguments);
        let told = stderr(&refused);
        assert!(refused.status.code() == Some(1) && told.contains("pipe"), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

/// Nothing is prepared or learned: the folder of people is looked into, and refused.
#[cfg(unix)]
#[test]
fn training_tells_what_it_leaves_out_and_a_refused_run_leaves_no_folder() {
    use std::os::unix::ffi::OsStrExt;

    let place = tempfile::tempdir().unwrap();
    let (data, run) = (place.path().join("people"), place.path().join("run"));
    let draw = |path: std::path::PathBuf, shade: u8| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let picture = image::RgbImage::from_fn(32, 32, |x, y| image::Rgb([shade, x as u8, y as u8]));
        picture.save_with_format(path, image::ImageFormat::Png).unwrap();
    };
    let guenther = data.join(std::ffi::OsStr::from_bytes(b"G\xfcnther"));
    (1..4).for_each(|shade| draw(guenther.join(format!("{shade}.png")), shade));
    draw(guenther.join("again.png"), 1);
    for other in [".git/1.png", "Ann/.hidden.png", "Ann/deeper/1.png", "__MACOSX/1.png"] {
        draw(data.join(other), 9);
    }
    let arguments =
        ["train", data.to_str().unwrap(), "--net", "likeness-small", "--faces", "cropped", "--device", "cpu"];
    let arguments = [&arguments[..], &["--out", run.to_str().unwrap()]].concat();
    for _ in 0..2 {
        let refused = likeness(place.path(), &arguments);
        let told = stderr(&refused);
        assert_eq!(refused.status.code(), Some(1), "{told}");
        assert!(told.contains("4 pictures prepared\n"), "{told}");
        assert_eq!(told.matches("Left out").count(), 1, "{told}");
        assert!(told.contains("3 hidden or system files and folders") && told.contains("1 picture deeper"), "{told}");
        assert!(told.contains("1 folder without a picture (Ann)"), "{told}");
        assert!(told.contains("1 picture is a copy of another one of the same person"), "{told}");
        assert!(!run.exists(), "the next try is not refused for it");
    }
}

#[test]
fn an_import_reads_what_a_windows_editor_saved_and_refuses_settings_that_are_none() {
    let (home, _) = made_library();
    let file = home.path().join("people.jsonl");
    likeness(home.path(), &["library", "export", file.to_str().unwrap()]);
    let exported = std::fs::read_to_string(&file).unwrap();
    let with = |line: &str| {
        let mut lines: Vec<&str> = exported.lines().collect();
        let end = lines.len() - 1;
        let last = format!("{{\"kind\":\"end\",\"lines\":{}}}", lines.len());
        lines[end] = line;
        format!("{}\n{last}\n", lines.join("\n"))
    };
    let import = |text: String| {
        std::fs::write(&file, text).unwrap();
        likeness(tempfile::tempdir().unwrap().path(), &["library", "import", file.to_str().unwrap()])
    };
    let saved = import(format!("\u{feff}{}", exported.replace('\n', "\r\n")));
    assert!(saved.status.success(), "{}", stderr(&saved));
    let setting = |key: &str, value: &str| {
        with(&serde_json::json!({ "kind": "setting", "key": key, "value": value }).to_string())
    };
    assert!(import(setting("grouping.linkage", "\"average\"")).status.success());
    for (key, value) in
        [("model", "\"x\""), ("grouping.linkage", "x"), ("grouping.threshold.m", "-1"), ("grouping.", "[]")]
    {
        let told = import(setting(key, value));
        assert_eq!(told.status.code(), Some(1), "{key} {value}");
        assert!(stderr(&told).contains("line "), "{}", stderr(&told));
    }
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_text_comes_back_from_json() {
    use std::os::unix::ffi::OsStrExt;

    let (home, photos) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let name = std::ffi::OsStr::from_bytes(b"G\xfcnther.jpg");
    image::RgbImage::new(8, 8).save_with_format(photos.path().join(name), image::ImageFormat::Jpeg).unwrap();
    std::fs::write(photos.path().join(std::ffi::OsStr::from_bytes(b"G\xfcnther.jpg.xmp")), SIDECAR).unwrap();
    let told = likeness(home.path(), &["metadata", "read", photos.path().to_str().unwrap(), "--json"]);
    let line: serde_json::Value = serde_json::from_str(stdout(&told).lines().next().unwrap()).unwrap();
    assert!(line["path"].as_str().unwrap().ends_with("G\u{effc}nther.jpg"), "{line}");
    let plain = stdout(&likeness(home.path(), &["metadata", "read", photos.path().to_str().unwrap()]));
    assert!(plain.contains("G\\xfcnther.jpg"), "{plain}");
}
