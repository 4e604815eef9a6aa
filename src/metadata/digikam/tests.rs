//! Databases as digiKam makes them, and what is read out of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{DigikamError, DigikamNames, read};
use crate::metadata::found::{NameFound, NameKind, PhotoPath, RegionArea, StatedFrame};

/// The tables as digiKam 8 makes them, without the columns and triggers that nothing here asks about.
const TABLES: &str = "
    CREATE TABLE AlbumRoots (id INTEGER PRIMARY KEY, label TEXT, status INTEGER NOT NULL, type INTEGER NOT NULL,
        identifier TEXT, specificPath TEXT, caseSensitivity INTEGER, UNIQUE(identifier, specificPath));
    CREATE TABLE Albums (id INTEGER PRIMARY KEY, albumRoot INTEGER NOT NULL, relativePath TEXT NOT NULL, date DATE,
        UNIQUE(albumRoot, relativePath));
    CREATE TABLE Images (id INTEGER PRIMARY KEY, album INTEGER, name TEXT NOT NULL, status INTEGER NOT NULL,
        category INTEGER NOT NULL, UNIQUE (album, name));
    CREATE TABLE ImageInformation (imageid INTEGER PRIMARY KEY, rating INTEGER, orientation INTEGER, width INTEGER,
        height INTEGER);
    CREATE TABLE Tags (id INTEGER PRIMARY KEY, pid INTEGER, name TEXT NOT NULL, UNIQUE (name, pid));
    CREATE TABLE ImageTags (imageid INTEGER NOT NULL, tagid INTEGER NOT NULL, UNIQUE (imageid, tagid));
    CREATE TABLE TagProperties (tagid INTEGER, property TEXT, value TEXT);
    CREATE TABLE ImageTagProperties (imageid INTEGER, tagid INTEGER, property TEXT, value TEXT);
    CREATE INDEX imagetagproperties_index ON ImageTagProperties (imageid, tagid);";

const ROWS: &str = "
    INSERT INTO AlbumRoots VALUES (1, 'a', 0, 1, 'volumeid:?uuid=11-22', '/photos', 0),
        (2, 'b', 0, 3, 'networkshareid:?mountpath=/mnt/nas', '/', 0), (3, 'c', 0, 1, 'volumeid:?uuid=77', '/gone', 0);
    INSERT INTO Albums VALUES (1, 1, '/', NULL), (2, 1, '/2010/summer', NULL), (3, 2, '/x', NULL), (4, 3, '/y', NULL);
    INSERT INTO Images VALUES (1, 1, 'root.jpg', 1, 1), (2, 2, 'IMG.jpg', 1, 1), (3, 3, 'n.jpg', 1, 1),
        (4, 4, 'far.jpg', 1, 1), (5, 2, 'bin.jpg', 3, 1), (6, 2, '../out.jpg', 1, 1), (7, 2, 'no size.jpg', 1, 1);
    INSERT INTO ImageInformation VALUES (1, 0, 1, 400, 300), (2, 0, 6, 400, 300), (3, 0, 1, 400, 300),
        (4, 0, 1, 400, 300), (5, 0, 1, 400, 300), (6, 0, 1, 400, 300);
    INSERT INTO Tags VALUES (1, 0, 'People'), (2, 1, 'Anna'), (3, 1, 'Bert'), (4, 1, 'Unknown'), (5, 1, 'Unconfirmed'),
        (6, 1, 'Ignored'), (7, 0, 'Beach');
    INSERT INTO TagProperties VALUES (2, 'person', 'Anna Müller'), (3, 'person', NULL), (4, 'person', NULL),
        (4, 'unknownPerson', NULL), (5, 'unconfirmedPerson', NULL), (5, 'person', NULL), (6, 'ignoredPerson', NULL);
    INSERT INTO ImageTagProperties VALUES
        (1, 2, 'tagRegion', '<rect x=\"10\" y=\"20\" width=\"30\" height=\"40\"/>'),
        (1, 2, 'faceToTrain', '<rect x=\"10\" y=\"20\" width=\"30\" height=\"40\"/>'),
        (2, 3, 'tagRegion', '<rect x=\"1\" y=\"2\" width=\"3\" height=\"4\"/>'),
        (2, 4, 'autodetectedFace', '<rect x=\"5\" y=\"6\" width=\"7\" height=\"8\"/>'),
        (2, 5, 'autodetectedPerson', '2,autodetectedFace,<rect x=\"9\" y=\"9\" width=\"9\" height=\"9\"/>'),
        (3, 6, 'ignoredFace', '<rect x=\"1\" y=\"1\" width=\"1\" height=\"1\"/>'),
        (4, 2, 'tagRegion', '<rect x=\"1\" y=\"1\" width=\"1\" height=\"1\"/>'),
        (5, 2, 'tagRegion', '<rect x=\"1\" y=\"1\" width=\"1\" height=\"1\"/>'),
        (6, 2, 'tagRegion', '<rect x=\"1\" y=\"1\" width=\"1\" height=\"1\"/>'),
        (7, 2, 'tagRegion', '<rect x=\"1\" y=\"1\" width=\"1\" height=\"1\"/>'),
        (3, 2, 'tagRegion', 'no rectangle');
    INSERT INTO ImageTags VALUES (1, 2), (2, 3), (3, 3), (3, 7), (3, 6);";

pub(in crate::metadata) fn make(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(TABLES).unwrap();
    connection.execute_batch(ROWS).unwrap();
    connection
}

fn mounted(uuid: &str) -> Option<PathBuf> {
    (uuid == "11-22").then(|| PathBuf::from("/media/disk"))
}

fn read_from(path: &Path) -> Result<DigikamNames, DigikamError> {
    let copies = tempfile::tempdir().unwrap();
    let names = read(path, copies.path(), &mounted);
    assert_eq!(copies.path().read_dir().unwrap().count(), 0, "the copy is left behind");
    names
}

/// By photo and name.
fn of<'a>(names: &'a DigikamNames, file: &str, name: Option<&str>) -> Vec<&'a NameFound> {
    let is_of = |found: &&NameFound| {
        let path = match &found.photo {
            PhotoPath::Whole(path) => path,
            PhotoPath::OnVolume { inside, .. } => inside,
        };
        path.ends_with(file) && found.name.as_deref() == name
    };
    names.found.iter().filter(is_of).collect()
}

#[test]
fn every_kind_of_face_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("digikam4.db");
    drop(make(&path));
    let names = read_from(&path).unwrap();
    let [anna] = of(&names, "root.jpg", Some("Anna Müller"))[..] else { panic!("faceToTrain counted, too") };
    assert_eq!(anna.photo, PhotoPath::Whole("/media/disk/photos/root.jpg".into()));
    assert_eq!((anna.kind, anna.region.unwrap().frame), (NameKind::Confirmed, StatedFrame::Upright));
    let at = RegionArea::Pixels { at: [10.0, 20.0, 30.0, 40.0], sides: (400, 300) };
    assert_eq!(anna.region.unwrap().region, at);
    let [bert] = of(&names, "IMG.jpg", Some("Bert"))[..] else { panic!() };
    assert_eq!(bert.photo, PhotoPath::Whole("/media/disk/photos/2010/summer/IMG.jpg".into()));
    assert_eq!(of(&names, "IMG.jpg", None)[0].kind, NameKind::Unnamed);
    assert_eq!(of(&names, "IMG.jpg", Some("Anna Müller"))[0].kind, NameKind::Suggested);
    assert_eq!(of(&names, "n.jpg", None)[0].kind, NameKind::Ignored);
    let [in_photo] = of(&names, "n.jpg", Some("Bert"))[..] else { panic!() };
    assert_eq!((in_photo.region, in_photo.kind), (None, NameKind::Confirmed));
    let [far] = of(&names, "far.jpg", Some("Anna Müller"))[..] else { panic!() };
    assert_eq!(far.photo, PhotoPath::OnVolume { root: "gone".into(), inside: "y/far.jpg".into() });
    // In the bin, outside its collection, of unknown size, no rectangle.
    assert_eq!((names.found.len(), names.unread), (7, 4));
}

#[test]
fn a_running_digikam_is_neither_disturbed_nor_overtaken() {
    for mode in ["WAL", "DELETE"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("digikam4.db");
        drop(make(&path));
        let writer = Connection::open(&path).unwrap();
        writer.query_row(&format!("PRAGMA journal_mode = {mode}"), [], |_| Ok(())).unwrap();
        writer.execute_batch("UPDATE TagProperties SET value = 'Anna Neu' WHERE tagid = 2").unwrap();
        writer.execute_batch("BEGIN IMMEDIATE; UPDATE TagProperties SET value = 'Unsaved' WHERE tagid = 2").unwrap();
        let before = contents(folder.path());
        let names = read_from(&path).unwrap();
        assert_eq!(of(&names, "root.jpg", Some("Anna Neu")).len(), 1, "{mode}");
        assert_eq!(contents(folder.path()), before, "{mode}: something was written beside digiKam's database");
        writer.execute_batch("COMMIT").unwrap();
        assert_eq!(of(&read_from(&path).unwrap(), "root.jpg", Some("Unsaved")).len(), 1, "{mode}");
    }
}

fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

#[test]
fn what_is_no_database_of_digikam_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    assert!(matches!(read_from(&path), Err(DigikamError::CannotCopy { .. })));
    assert!(matches!(read_from(folder.path()), Err(DigikamError::CannotCopy { .. })));
    std::fs::write(&path, "no database at all, whatever its name says ".repeat(100)).unwrap();
    assert!(matches!(read_from(&path), Err(DigikamError::Damaged { .. })));
    std::fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
    assert!(matches!(read_from(&path), Err(DigikamError::NotDigikam { table: "AlbumRoots", .. })));
}

#[test]
fn a_view_in_place_of_a_table_is_never_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("digikam4.db");
    let endless = "DROP TABLE Tags; CREATE VIEW Tags AS WITH RECURSIVE n(id) AS \
        (SELECT 1 UNION ALL SELECT id + 1 FROM n) SELECT id, 0 AS pid, 'x' AS name FROM n";
    make(&path).execute_batch(endless).unwrap();
    assert!(matches!(read_from(&path), Err(DigikamError::NotDigikam { table: "Tags", .. })));
}
