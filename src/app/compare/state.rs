//! TODO

use crate::app::compare::state::{CompareResult, CompareSource};

use crate::app::engine::picture::Picture;
use std::path::PathBuf;
use crate::types::{FaceId, SquaredDistance};

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

#[derive(Debug, Default)]
pub struct Compared {
    pub sources: Vec<CompareSource>,
    /// Of the sources as they are; none while they are computed.
    pub result: Option<CompareResult>,
}
