use std::path::Path;

use super::{TakeoutFolder, TakeoutJson, is_sidecar_name, names};

fn json(title: &str, person: &str) -> TakeoutJson {
    TakeoutJson { title: Some(title.to_owned()), people: vec![person.to_owned()] }
}

/// Each JSON names one person, called like its own file.
fn folder(jsons: &[&str]) -> TakeoutFolder {
    let mut folder = TakeoutFolder::default();
    for name in jsons {
        folder.add(name, TakeoutJson { title: None, people: vec![(*name).to_owned()] });
    }
    folder
}

fn json_of(folder: &TakeoutFolder, photo: &str) -> Option<String> {
    folder.of_photo(photo).map(|json| json.people[0].clone())
}

/// Photo and its JSON, as others met them.
const PAIRS: &[(&str, &str)] = &[
    ("IMG_1.jpg", "IMG_1.jpg.json"),
    ("IMG_20250112_100426.jpg", "IMG_20250112_100426.jpg.supplemental-metadata.json"),
    ("Screenshot_2017-07-05-10-05-26.png", "Screenshot_2017-07-05-10-05-26.png.supplementa.json"),
    ("Screenshot_20241227_105539_Edge.jpg", "Screenshot_20241227_105539_Edge.jpg.supplement.json"),
    ("D7157814-D2D5-4A62-AFCE-9CF465CB7D66.jpeg", "D7157814-D2D5-4A62-AFCE-9CF465CB7D66.jpeg.supp.json"),
    ("Screenshot_20220207_102421_com.snapchat.android.jpg", "Screenshot_20220207_102421_com.snapchat.androi.json"),
    ("Urlaub in Knaufspesch in der Schneifel (38).JPG", "Urlaub in Knaufspesch in der Schneifel (38).JP.json"),
    ("PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGINA.jpg", "PXL_20230809_203449253.LONG_EXPOSURE-02.ORIGIN.json"),
    ("05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jpg", "05yqt21kruxwwlhhgrwrdyb6chhwszi9bqmzu16w0 2.jp.json"),
    ("IMG_4081(1).jpg", "IMG_4081.JPG(1).json"),
    ("IMG_1234(2).jpg", "IMG_1234.jpg.supplemental-metadata(2).json"),
    ("IMG_99(3).jpg", "IMG_99(3).jpg.json"),
    ("photo(1).jpg", "photo.jpg.json(1)"),
    ("😀😃😄😁😆😅😂🤣🥲☺️😊😇🙂🙃😉😌😍🥰😘😗😙😚😋😛.jpg", "😀😃😄😁😆😅😂🤣🥲☺️😊😇🙂🙃😉😌😍🥰😘😗😙😚😋.json"),
];

#[test]
fn every_known_cut_is_undone() {
    let all: Vec<&str> = PAIRS.iter().map(|(_, json)| *json).collect();
    let folder = folder(&all);
    for (photo, json) in PAIRS {
        assert_eq!(json_of(&folder, photo).as_deref(), Some(*json), "{photo}");
    }
    assert_eq!(json_of(&folder, "IMG_2.jpg"), None);
    assert_eq!(json_of(&folder, "IMG_4081.jpg"), None, "a number's JSON is not the plain photo's");
}

#[test]
fn edited_copies_have_the_originals() {
    let folder = folder(&["IMG_1.jpg.json", "IMG_1.jpg(1).json", "IMG_2.jpg.supplemental-metadata.json"]);
    assert_eq!(json_of(&folder, "IMG_1-edited.jpg").as_deref(), Some("IMG_1.jpg.json"));
    assert_eq!(json_of(&folder, "IMG_1-bearbeitet(1).jpg").as_deref(), Some("IMG_1.jpg(1).json"));
    assert_eq!(json_of(&folder, "IMG_2-ha editado.jpg").as_deref(), Some("IMG_2.jpg.supplemental-metadata.json"));
    assert_eq!(json_of(&folder, "IMG_2-modifie\u{301}.jpg").as_deref(), Some("IMG_2.jpg.supplemental-metadata.json"));
    assert_eq!(json_of(&folder, "IMG_1-holiday.jpg"), None);
    let long = "PXL_20230809_203449253.LONG_EXPOSURE-02.jpg";
    let folder = super::tests::folder(&["PXL_20230809_203449253.LONG_EXPOSURE-02.jpg.su.json"]);
    assert!(json_of(&folder, long).is_some());
    assert!(json_of(&folder, "PXL_20230809_203449253.LONG_EXPOSURE-02-edit.jpg").is_some());
}

#[test]
fn what_two_files_could_mean_is_nobodys() {
    let mut folder = TakeoutFolder::default();
    folder.add("a.jpg.json", json("a.jpg", "Anna"));
    folder.add("a.jpg.supplemental-metadata.json", json("a.jpg", "Bert"));
    assert_eq!(json_of(&folder, "a.jpg"), None);
    let mut folder = TakeoutFolder::default();
    folder.add("x.json", json("Long name & more.jpg", "Anna"));
    assert_eq!(json_of(&folder, "long name & more.JPG").as_deref(), Some("Anna"), "by its title");
}

#[test]
fn people_are_read_and_nothing_else_is_needed() {
    let text = r#"{"title": "a&#39;b.jpg", "people": [{"name": "Anna &amp; Co"}, {}, {"name": " "},
        {"name": "Anna &amp; Co"}],
        "geoData": {"latitude": 1.0}, "photoTakenTime": {"timestamp": "1"}}"#;
    let read = TakeoutJson::read(text.as_bytes()).unwrap();
    assert_eq!(read, json("a'b.jpg", "Anna & Co"));
    assert_eq!(names(Path::new("/a.jpg"), &read).len(), 1);
    assert_eq!(TakeoutJson::read(br#"{"title": "Album"}"#).unwrap().people, Vec::<String>::new());
    assert!(TakeoutJson::read(b"[1, 2]").is_err());
    assert!(TakeoutJson::read(&[b"{\"people\":".as_slice(), &b"[".repeat(100_000)].concat()).is_err());
}

#[test]
fn a_json_is_told_by_its_name() {
    assert!(is_sidecar_name("a.jpg.json") && is_sidecar_name("a.jpg.json(1)"));
    assert!(!is_sidecar_name("a.jpg") && !is_sidecar_name(".json"));
}
