//! What the views show, as plain rows: filled by the jobs, read by the views.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::types::{FaceBox, FaceId, ModelId, PersonId, PhotoId, SquaredDistance};

/// The library in numbers, and what it works with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overview {
    pub photos: u64,
    pub faces: u64,
    pub skipped: u64,
    pub folders: Vec<PathBuf>,
    /// The device that computes, for example "Radeon 780M".
    pub device: String,
    /// The model that embeds, for example "SFace"; none while none is installed.
    pub model: Option<String>,
    /// Two faces nearer than this are called the same person.
    pub threshold: f32,
    /// The squared distance and the linkage that faces were last grouped with.
    pub grouping: (f32, Linkage),
    pub can_undo: bool,
    pub can_redo: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct People {
    /// Named people, most faces first.
    pub named: Vec<PersonRow>,
    /// Groups without a name, most faces first.
    pub groups: Vec<GroupRow>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PersonRow {
    pub person: PersonId,
    pub name: String,
    /// The face that shows this person best.
    pub cover: FaceId,
    pub confirmed: u64,
    pub suggested: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct GroupRow {
    pub person: PersonId,
    pub faces: u64,
    /// The first faces to show, nearest to the group's centre first.
    pub strip: Vec<FaceId>,
    /// The named person who is nearest, if near.
    pub resembles: Option<Resemblance>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Resemblance {
    pub person: PersonId,
    pub name: String,
    pub distance: SquaredDistance,
}

/// One person with all faces, nearest to the confirmed ones first.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonPage {
    pub person: PersonId,
    /// None for an unnamed group.
    pub name: Option<String>,
    pub cover: FaceId,
    pub confirmed: Vec<PersonFace>,
    pub suggested: Vec<PersonFace>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PersonFace {
    pub face: FaceId,
    pub photo: PhotoId,
    /// To the person's centre.
    pub distance: SquaredDistance,
}

/// Which photos the library shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum PhotoFilter {
    #[default]
    All,
    Person(PersonId),
    UnnamedFaces,
    NoFaces,
    /// Files that could not be read, each with its reason.
    Skipped,
}

/// The photos that pass a filter, by month, newest first; or the skipped files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    pub months: Vec<Month>,
    pub skipped: Vec<SkippedFile>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Month {
    pub year: i32,
    /// 1 to 12, or 0 where the photos do not say when they were taken.
    pub month: u8,
    pub photos: Vec<PhotoTile>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PhotoTile {
    pub photo: PhotoId,
    /// Of the upright photo, in pixels.
    pub size: (u32, u32),
    /// In pixels of the upright photo.
    pub faces: Vec<FaceBox>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SkippedFile {
    pub path: PathBuf,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PhotoDetail {
    pub photo: PhotoId,
    pub path: PathBuf,
    /// Of the upright photo, in pixels.
    pub size: (u32, u32),
    /// ISO 8601, as the camera wrote it.
    pub captured_at: Option<String>,
    pub camera: Option<String>,
    pub faces: Vec<PhotoFace>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct PhotoFace {
    pub face: FaceId,
    pub face_box: FaceBox,
    /// The person or unnamed group the face belongs to.
    pub person: Option<PersonId>,
    pub name: Option<String>,
    pub confirmed: bool,
}

/// A picture that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageKey {
    /// For the grid: the long side is 320 pixels.
    Thumbnail(PhotoId),
    /// For the photo page: the long side is 2048 pixels.
    Large(PhotoId),
    /// The face with some room about it, square, 160 pixels.
    Face(FaceId),
    /// An image of an opened evaluation, as the network saw it.
    Seen { run: u32, image: u32 },
    /// The whole image of an opened evaluation.
    Judged { run: u32, image: u32 },
}

/// Pixels as red, green, blue, alpha, row by row.
#[derive(Clone, PartialEq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub rgba: Vec<u8>,
    /// Of the one face that a crop shows, in shares of width and height.
    pub landmarks: Option<[[f32; 2]; 5]>,
}

impl Picture {
    pub fn from_rgb(pixels: &image::RgbImage) -> Self {
        let rgba = pixels.pixels().flat_map(|p| [p[0], p[1], p[2], 255]).collect();
        Self { width: pixels.width(), height: pixels.height(), rgba, landmarks: None }
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({}×{})", self.width, self.height)
    }
}

/// How the distance between two groups is measured while they are merged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Linkage {
    #[default]
    Average,
    Complete,
    Single,
    Ward,
}

impl Linkage {
    pub const ALL: [Self; 4] = [Self::Average, Self::Complete, Self::Single, Self::Ward];

    pub fn label_key(self) -> &'static str {
        match self {
            Self::Average => "linkage_average",
            Self::Complete => "linkage_complete",
            Self::Single => "linkage_single",
            Self::Ward => "linkage_ward",
        }
    }
}

impl ModelRow {
    pub fn embeds(&self) -> bool {
        self.task == ModelTask::Embed
    }
}

/// What a grouping would change.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupingPreview {
    pub squared_distance: f32,
    pub linkage: Linkage,
    pub groups_before: u64,
    pub groups_after: u64,
    pub faces_moved: u64,
    /// Among the user's confirmed faces; none where too few are confirmed to say.
    pub wrong_merges_per_1000: Option<f32>,
    /// The largest changes first.
    pub changes: Vec<GroupChange>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct GroupChange {
    pub kind: GroupChangeKind,
    /// A few faces of each part.
    pub parts: Vec<Vec<FaceId>>,
    /// The name of a part that has one.
    pub name: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupChangeKind {
    /// The parts become one group.
    Joins,
    /// One group falls into the parts.
    Splits,
}

/// A face to compare.
#[derive(Debug, Clone, PartialEq)]
pub enum CompareSource {
    /// The largest face of this file.
    File(PathBuf),
    Face(FaceId),
}

#[derive(Debug, Clone)]
pub struct CompareResult {
    /// As they were asked for.
    pub sources: Vec<CompareSource>,
    /// One for each source.
    pub slots: Vec<Result<CompareFace, String>>,
    /// Between slots; none where one of the two failed.
    pub distances: Vec<Vec<Option<SquaredDistance>>>,
}

#[derive(Debug, Clone)]
pub struct CompareFace {
    /// The crop as the network saw it.
    pub crop: Picture,
    pub title: String,
    /// How many faces the file has; the largest is compared.
    pub faces_in_file: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ModelRow {
    pub model: ModelId,
    pub name: String,
    pub task: ModelTask,
    pub bytes: u64,
    pub licence: String,
    /// Where it comes from, in a few words.
    pub source: String,
    /// Accuracy on LFW in percent, as its publisher reports it.
    pub lfw_percent: Option<f32>,
    /// "112 × 112, 128-D".
    pub input: String,
    pub installed: bool,
    pub in_use: bool,
    /// Belongs to the pack that a fresh library needs.
    pub default: bool,
}

/// A network of the catalogue.
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkRow {
    pub name: String,
    /// "220 × 220": rows and columns.
    pub input: String,
    /// Length of its embeddings.
    pub numbers: u64,
    pub params: u64,
    /// What its source prints; empty where it prints nothing.
    pub printed_params: String,
    pub multiply_adds: u64,
    pub printed_multiply_adds: String,
    /// Of one picture.
    pub activation_bytes: u64,
    pub source: String,
    pub layers: Vec<LayerLine>,
}

/// A line of a network's table: a module, or a layer inside one.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerLine {
    pub name: String,
    pub inside: bool,
    pub size: String,
    pub kernel: String,
    pub params: u64,
    pub multiply_adds: u64,
    pub activation_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelTask {
    Detect,
    Embed,
}

impl ModelTask {
    pub fn label_key(self) -> &'static str {
        match self {
            Self::Detect => "task_detect",
            Self::Embed => "task_embed",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct DeviceRow {
    pub name: String,
    pub kind: DeviceKind,
    /// The self-test's words; none while it has not run.
    pub verdict: Option<String>,
    pub usable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    Cpu,
    Gpu,
    /// A GPU imitated by the processor.
    Software,
}

impl DeviceKind {
    pub fn label_key(self) -> &'static str {
        match self {
            Self::Cpu => "device_cpu",
            Self::Gpu => "device_gpu",
            Self::Software => "device_software",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// Where a running job stands.
#[derive(Debug, Clone, PartialEq)]
pub struct JobReport {
    pub job: JobId,
    pub kind: JobKind,
    pub stage: JobStage,
    pub done: u64,
    /// None while it is not known yet.
    pub total: Option<u64>,
    pub per_sec: Option<f64>,
    pub left_secs: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobKind {
    Scan,
    Group,
    Install,
    Evaluate,
    /// Why an evaluation's score is low.
    Check,
    Train,
    Demonstrate,
    Reembed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStage {
    FindFiles,
    FindFaces,
    Group,
    /// Counted in bytes.
    Download,
    Verify,
    PreparePictures,
    DrawPeople,
    Train,
    Embed,
    Judge,
}

impl JobStage {
    pub fn label_key(self) -> &'static str {
        match self {
            Self::FindFiles => "stage_find_files",
            Self::FindFaces => "stage_find_faces",
            Self::Group => "stage_group",
            Self::Download => "stage_download",
            Self::Verify => "stage_verify",
            Self::PreparePictures => "stage_prepare_pictures",
            Self::DrawPeople => "stage_draw_people",
            Self::Train => "stage_train",
            Self::Embed => "stage_embed",
            Self::Judge => "stage_judge",
        }
    }
}
