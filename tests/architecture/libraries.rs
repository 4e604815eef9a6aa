//! Rules of what the code may reach: which library, the disk, the world outside.

use crate::house::{House, Source, starts};
use crate::rules::matches;

/// A library and the places that may know it; `*` stands for any one name.
pub const LIBRARIES: &[(&str, &[&str])] = &[
    ("egui", WINDOW),
    ("eframe", WINDOW),
    ("clap", &["app/*/cli", "main.rs"]),
    // digiKam keeps names in a database of its own.
    ("rusqlite", &["library", "metadata/digikam"]),
    ("burn", &["faces/detect", "faces/embed", "networks", "train"]),
    ("ureq", &["networks/models"]),
    ("notify", &["app/scan/job/watch"]),
    ("wgpu", &["networks/device", "networks/kernels"]),
    ("rfd", &["app/shell"]),
];
const WINDOW: &[&str] = &["app/ui", "app/shell", "app/*/view"];

/// What touches the disk, as it is written.
const DISK_CALLS: &[&str] = &[
    "fs::",
    "File::",
    "OpenOptions::",
    "WalkDir::",
    "walkdir::",
    "tempfile::",
    "TempDir::",
    "image::open(",
    "ImageReader::open(",
    "Path::exists(",
];
const DISK_QUESTIONS: &[&str] = &[
    ".is_file()",
    ".is_dir()",
    ".exists()",
    ".try_exists()",
    ".metadata()",
    ".symlink_metadata()",
    ".canonicalize()",
    ".read_dir()",
    ".read_link()",
];

/// What speaks to other machines or programs, and the places that may.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("TcpStream", &[]),
    ("UdpSocket", &[]),
    ("TcpListener", &[]),
    // Fetching a package by its own client; the test of an adapter, and the program that is measured, in processes of
    // their own.
    ("Command::new(", &["networks/models/fetch", "networks/device/trial", "app/evaluate/job/bench_library/rescan"]),
];

/// Places that may touch the disk.
const DISK: &[&str] = &[
    "app/*/cli",
    "app/*/job",
    "app/engine/home",
    "app/engine/scan_lock",
    "app/engine/thumbnail_files",
    "app/engine/unfinished_file",
    "app/jobs/forget",
    "app/jobs/import",
    "app/jobs/regroup/files",
    "app/jobs/walk",
    // One question when a typed path is entered.
    "app/shell/typed_path",
    // Caches of neighbours, and the one place that writes and reads them.
    "cluster/graph/file_parts",
    "faces/image/decode",
    "faces/image/kind",
    "faces/image/picture_hash",
    "figures/saving",
    "library/care",
    "library/gone",
    // A cache of vectors, and the one place that writes and reads it.
    "library/kept_vectors",
    "library/open",
    "main.rs",
    "metadata/digikam",
    "metadata/xmp",
    "networks/device/trial",
    "networks/device/verdict",
    "networks/models",
    "networks/weights",
    "synth/album",
    "train/checkpoint",
    "types/file_lock",
    // Opens what somebody named, if it is a file.
    "types/files",
];

pub fn a_library_stays_in_its_rooms(house: &House) -> Vec<String> {
    let mut faults = Vec::new();
    for source in &house.sources {
        for (library, places) in LIBRARIES {
            if !places.iter().any(|place| matches(&source.path, place)) && knows(source, library) {
                faults.push(format!("{} knows {library}", source.path));
            }
        }
    }
    faults
}

/// An enum of the domain may derive `ValueEnum`, so that the command line needs no twin of it.
fn knows(source: &Source, library: &str) -> bool {
    match library {
        "clap" => starts(&source.code, "clap::").any(|(at, _)| !source.code[at..].starts_with("clap::ValueEnum")),
        _ => source.names_crate(library),
    }
}

pub fn only_named_places_touch_the_disk(house: &House) -> Vec<String> {
    let may = |source: &Source| DISK.iter().any(|place| matches(&source.path, place));
    let never = |source: &Source| ["app/*/state", "app/*/view"].iter().any(|place| matches(&source.path, place));
    let touching = house.sources.iter().filter(|source| !may(source) || never(source));
    touching.filter_map(|source| Some(format!("{} touches the disk: {}", source.path, disk_call(source)?))).collect()
}

fn disk_call(source: &Source) -> Option<&'static str> {
    let called = DISK_CALLS.iter().find(|call| starts(&source.code, call).next().is_some());
    called.or_else(|| DISK_QUESTIONS.iter().find(|call| source.code.contains(**call))).copied()
}

pub fn nothing_speaks_to_the_outside(house: &House) -> Vec<String> {
    let mut faults = Vec::new();
    for source in &house.sources {
        for (call, places) in OUTSIDE {
            let may = places.iter().any(|place| matches(&source.path, place));
            if !may && speaks(source, call) {
                faults.push(format!("{} uses {call}", source.path));
            }
        }
    }
    faults
}

fn speaks(source: &Source, call: &str) -> bool {
    starts(&source.code, call).next().is_some()
}

/// What is allowed and used by nobody.
pub fn unused_places(house: &House) -> Vec<String> {
    let mut unused = Vec::new();
    for (library, places) in LIBRARIES {
        let unknown = places.iter().filter(|place| !any(house, place, &|source| knows(source, library)));
        unused.extend(unknown.map(|place| format!("nothing in {place} knows {library}")));
    }
    for (call, places) in OUTSIDE {
        let unknown = places.iter().filter(|place| !any(house, place, &|source| speaks(source, call)));
        unused.extend(unknown.map(|place| format!("nothing in {place} uses {call}")));
    }
    let idle = DISK.iter().filter(|place| !any(house, place, &|source| disk_call(source).is_some()));
    unused.extend(idle.map(|place| format!("nothing in {place} touches the disk")));
    unused
}

fn any(house: &House, place: &str, uses: &dyn Fn(&Source) -> bool) -> bool {
    house.sources.iter().any(|source| matches(&source.path, place) && uses(source))
}
