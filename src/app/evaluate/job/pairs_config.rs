//! What a list of pairs is judged by, as its run records it.

use std::path::PathBuf;

use serde::Serialize;

use crate::app::engine::home::Home;
use crate::app::jobs::input_file::ListFormat;
use crate::eval::figures::Arithmetic;
use crate::eval::lfw::LfwOptions;
use crate::types::{FaceCrop, path_text};

/// How an image's mirror image is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mirror {
    Average,
    Concatenate,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct PairsConfig {
    /// The kind of run, as its folder is called.
    pub kind: &'static str,
    #[serde(serialize_with = "path_text::serialize")]
    pub list: PathBuf,
    pub format: ListFormat,
    /// A list whose pairs choose the threshold instead of the other folds: View 1.
    #[serde(serialize_with = "path_text::perhaps::serialize")]
    pub threshold_from: Option<PathBuf>,
    /// The user's marks; the file need not exist.
    #[serde(serialize_with = "path_text::serialize")]
    pub errata: PathBuf,
    /// How faces were cut; None for ready embeddings.
    pub crop: Option<FaceCrop>,
    /// Folder of images, for pictures in the report.
    #[serde(serialize_with = "path_text::perhaps::serialize")]
    pub images: Option<PathBuf>,
    pub mirror: Option<Mirror>,
    pub arithmetic: Arithmetic,
    #[serde(flatten)]
    pub options: LfwOptions,
}

impl PairsConfig {
    /// A list judged as lists are usually judged.
    pub fn of(list: PathBuf, format: ListFormat, home: &Home) -> Self {
        Self {
            kind: match format {
                ListFormat::Lfw => "lfw",
                ListFormat::Csv => "pairs",
            },
            list,
            format,
            threshold_from: None,
            errata: home.label_errata(),
            crop: Some(FaceCrop::Central),
            images: None,
            mirror: None,
            arithmetic: Arithmetic::default(),
            options: LfwOptions::default(),
        }
    }
}
