//! The page of names that other programs gave, full: a library in a folder, whose photos have names beside them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use eframe::egui::Vec2;
use egui_kittest::kittest::Queryable;
use likeness::app::engine::home::Home;
use likeness::app::engine::networks::EngineOptions;
use likeness::app::engine::report::Report;
use likeness::app::metadata::job::command::{NamesAsked, names};
use likeness::app::metadata::job::{MoreSources, NameChoices, OfferedNames};
use likeness::app::metadata::state::{Event, Message as Metadata, NAMES_PAGE};
use likeness::app::shell::backend::Answer;
use likeness::app::shell::message::Message;
use likeness::app::ui::action::Action;
use likeness::app::ui::view::View;
use likeness::library::{
    Decision, Destination, FaceRecord, FileFacts, FileHashes, Library, MissingPolicy, PhotoRecord, ScanOutcome,
};
use likeness::metadata::name_key::NameKey;
use likeness::types::{Cancel, Detection, Embedding, FaceBox, Landmarks, Revision};

use super::demo::album_world;

const PHOTOS: u8 = 12;
const FACES: u8 = 3;
const WIDTH: f32 = 640.0;
const HEIGHT: f32 = 480.0;

const ADA: &str = "Ada Lovelace";
const LONG: &str = "Anna-Maria Freifrau von und zu Wolkenstein-Trostburg";
const CHINESE: &str = "毛利小五郎";
const GONE: &str = "Zoë";

/// The page, with the faces of these people in sight.
pub fn opened(unfolded: &[&str]) -> Vec<Message> {
    let unfold = |name: &&str| Message::Metadata(Metadata::Unfold(NameKey::of(name).expect("it has letters")));
    let mut messages = vec![Message::Act(Action::Open(NAMES_PAGE))];
    messages.extend(unfolded.iter().map(unfold));
    messages
}

/// People with many faces and few, one with a long name, faces to be cut out, and what is in question.
pub fn offered() -> Answer {
    static FOUND: OnceLock<Arc<OfferedNames>> = OnceLock::new();
    Answer::Metadata(Event::Offered(FOUND.get_or_init(|| Arc::new(found(true))).clone()))
}

/// What is in question alone: a face with two names, one whose name is another one here, a name that stands in its photo no
/// more, names without a face.
pub fn in_question() -> Answer {
    static FOUND: OnceLock<Arc<OfferedNames>> = OnceLock::new();
    Answer::Metadata(Event::Offered(FOUND.get_or_init(|| Arc::new(found(false))).clone()))
}

pub const UNFOLDED: [&str; 2] = [LONG, CHINESE];

fn found(people: bool) -> OfferedNames {
    let folder = tempfile::tempdir().unwrap();
    let root = std::fs::canonicalize(folder.path()).unwrap();
    let (home, photos) = (Home::open(Some(&root.join("home"))).unwrap(), root.join("photos"));
    std::fs::create_dir(&photos).unwrap();
    let paths: Vec<PathBuf> = (0..PHOTOS).map(|number| photos.join(format!("IMG_{number:04}.jpg"))).collect();
    paths.iter().for_each(|path| image::RgbImage::new(WIDTH as u32, HEIGHT as u32).save(path).unwrap());
    record(&home, &photos, &paths);
    say(&paths[0], &[(GONE, 2)], &[]);
    ask(&home, &photos, |offered| offered.to_take(&[GONE.to_owned()]));
    say(&paths[0], if people { &[(ADA, 0)] } else { &[] }, &[]);
    if people {
        paths[1..8].iter().for_each(|path| say(path, &[(LONG, 0), (CHINESE, 1), (ADA, FACES)], &[]));
    }
    say(&paths[8], &[("Bo", 2), ("Berta", 2)], &[]);
    say(&paths[9], &[("Mother", 0)], &[]);
    say(&paths[10], &[], &["Dora", "Emil"]);
    let offered = ask(&home, &photos, |_| Ok(NameChoices::default()));
    folder.close().unwrap();
    offered
}

/// Photos of three faces side by side, one of which is known as Grandma.
fn record(home: &Home, folder: &Path, paths: &[PathBuf]) {
    let mut library = Library::open(&home.library()).unwrap();
    let scan = library.begin_scan(folder).unwrap();
    let records: Vec<PhotoRecord> = paths.iter().zip(1..).map(|(path, number)| photo(path, number)).collect();
    let recorded = library.record_photos(scan, &records).unwrap();
    library.finish_scan(scan, ScanOutcome::Complete, MissingPolicy::Ask).unwrap();
    let shown = library.faces_of_photo(recorded[9].photo_id).unwrap();
    let first = shown.iter().min_by(|a, b| a.detection.face_box.x.total_cmp(&b.detection.face_box.x)).unwrap();
    let to = Destination::NewPerson { name: "Grandma".to_owned() };
    library.decide(&Decision::Move { of: None, faces: vec![first.face_id], to }, Revision::NOW).unwrap();
}

fn face_box(place: u8) -> FaceBox {
    FaceBox { x: 20.0 + 150.0 * f32::from(place), y: 100.0, width: 90.0, height: 120.0 }
}

fn photo(path: &Path, number: u8) -> PhotoRecord {
    let face = |place: u8| FaceRecord {
        detection: Detection { face_box: face_box(place), score: 0.9, landmarks: Landmarks([[60.0, 150.0]; 5]) },
        embedding: Embedding::normalise((0..FACES).map(|at| f32::from(u8::from(at == place))).collect()).ok(),
        crop_jpeg: vec![number],
    };
    let options = EngineOptions::default();
    PhotoRecord {
        file: FileFacts {
            path: path.to_owned(),
            size: 1000,
            mtime_ns: 1,
            ctime_ns: None,
            hashes: Some(FileHashes { file: [number; 32], picture: [number; 32] }),
        },
        width: WIDTH as u32,
        height: HEIGHT as u32,
        format: "jpeg".to_owned(),
        captured_at: None,
        camera: None,
        gps: None,
        detector: options.detector_id(),
        model: options.model_id(),
        faces: (0..FACES).map(face).collect(),
    }
}

/// Writes beside a photo who is where, and who is somewhere in it. Where no face is known, at the last place, one is to be
/// cut out.
fn say(photo: &Path, regions: &[(&str, u8)], somewhere: &[&str]) {
    let region = |(name, place): &(&str, u8)| {
        let b = face_box(*place);
        let [x, y] = [(b.x + b.width / 2.0) / WIDTH, (b.y + b.height / 2.0) / HEIGHT];
        let [w, h] = [b.width / WIDTH, b.height / HEIGHT];
        format!(
            r#"<rdf:li><rdf:Description mwg-rs:Name="{name}" mwg-rs:Type="Face"><mwg-rs:Area stArea:x="{x}" stArea:y="{y}"
            stArea:w="{w}" stArea:h="{h}" stArea:unit="normalized"/></rdf:Description></rdf:li>"#
        )
    };
    let (regions, people): (String, String) = (
        regions.iter().map(region).collect(),
        somewhere.iter().map(|name| format!("<rdf:li>{name}</rdf:li>")).collect(),
    );
    let xmp = format!(
        r#"<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
        <rdf:Description rdf:about="" xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
            xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#" xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"
            xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
        <mwg-rs:Regions rdf:parseType="Resource">
            <mwg-rs:AppliedToDimensions stDim:w="{WIDTH}" stDim:h="{HEIGHT}" stDim:unit="pixel"/>
            <mwg-rs:RegionList><rdf:Bag>{regions}</rdf:Bag></mwg-rs:RegionList>
        </mwg-rs:Regions>
        <Iptc4xmpExt:PersonInImage><rdf:Bag>{people}</rdf:Bag></Iptc4xmpExt:PersonInImage>
        </rdf:Description></rdf:RDF></x:xmpmeta>"#
    );
    std::fs::write(format!("{}.xmp", photo.display()), xmp).unwrap();
}

/// So the layout is checked of what it is to be checked of.
#[test]
fn the_pages_hold_what_can_stand_there() {
    for (answer, words) in [
        (offered(), &[ADA, LONG, CHINESE, "Contradictions"][..]),
        (in_question(), &["Contradictions", "Berta", "Mother", GONE, "Dora"]),
    ] {
        let (wire, mut harness) = super::open(album_world(), View::SETTINGS);
        harness.set_size(Vec2::new(1920.0, 1080.0));
        wire.push(Report::Own(answer));
        harness.run_steps(4);
        opened(&[]).into_iter().for_each(|message| super::send(&mut harness, message));
        harness.run_steps(4);
        for words in words {
            assert!(harness.query_all_by_label_contains(words).next().is_some(), "{words}");
        }
    }
}

fn ask(home: &Home, folder: &Path, choose: impl FnOnce(&OfferedNames) -> anyhow::Result<NameChoices>) -> OfferedNames {
    let more = MoreSources::default();
    let asked = NamesAsked { folder, more: &more, again: false, dry_run: false };
    let done = names(home, EngineOptions::default(), &asked, choose, &Cancel::default(), &mut |_| {});
    done.unwrap().expect("nobody cancelled").offered
}
