//! Files that went into a run, each with its hash; and lists of pairs, which an evaluation and a training run both read.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::eval::PairList;
use crate::types::path_text::{text_of_file, to_text};
use crate::types::{files, hex};

/// A file that went into a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct InputFile {
    pub path: String,
    pub sha256: String,
}

impl InputFile {
    pub(crate) fn of(file: &Path) -> Result<Self> {
        Ok(read(file)?.1)
    }
}

/// How a list of pairs is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListFormat {
    Lfw,
    Csv,
}

impl ListFormat {
    /// By a file's ending.
    pub(crate) fn of(list: &Path) -> Self {
        let is_csv = list.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        if is_csv { Self::Csv } else { Self::Lfw }
    }
}

/// A list of pairs and its hash.
pub(crate) fn read_pairs(file: &Path, format: ListFormat) -> Result<(PairList, InputFile)> {
    let (text, input) = read_text(file)?;
    let list = match format {
        ListFormat::Lfw => PairList::parse_lfw(&text),
        // Whatever the file is called.
        ListFormat::Csv if PairList::begins_as_lfw(&text) => PairList::parse_lfw(&text),
        ListFormat::Csv => PairList::parse_csv(&text),
    };
    Ok((list.with_context(|| format!("cannot use {}", file.display()))?, input))
}

/// Whether there is what no text has; UTF-16 begins with its mark.
fn looks_binary(bytes: &[u8]) -> bool {
    let is_wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    !is_wide && bytes.contains(&0)
}

/// A text file and its hash. It may name files whose names are no text.
pub(crate) fn read_text(file: &Path) -> Result<(String, InputFile)> {
    let (bytes, input) = read(file)?;
    ensure!(!looks_binary(&bytes), "this is not a text file: {}", file.display());
    Ok((text_of_file(&bytes), input))
}

/// A file's bytes and its hash.
pub(crate) fn read(file: &Path) -> Result<(Vec<u8>, InputFile)> {
    let bytes = files::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let sha256 = hex(&Sha256::digest(&bytes));
    Ok((bytes, InputFile { path: to_text(file.as_os_str()), sha256 }))
}
