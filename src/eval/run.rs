//! An evaluation as everybody sees it: its images and pairs, from the list to the failure wall.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::types::Detection;

/// An image of a run; its pairs tell images by their places.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// As the list spells it.
    pub listed: String,
    /// None where the run does not say in which folder its images are.
    #[serde(rename = "photo")]
    pub path: Option<PathBuf>,
    /// None where no detector looked.
    pub face: Option<Detection>,
}

impl Image {
    /// "Maria_Silva/Maria_Silva_0003.jpg" is Maria Silva's third photo.
    pub fn words(&self) -> String {
        let name = self.listed.rsplit('/').next().unwrap_or(&self.listed);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        stem.replace('_', " ")
    }

    /// The folder's name, with spaces.
    pub fn person(&self) -> String {
        self.listed.rsplit('/').nth(1).unwrap_or(&self.listed).replace('_', " ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_called_by_its_file() {
        let image = |listed: &str| Image { listed: listed.into(), path: None, face: None }.words();
        assert_eq!(image("Ann_Lee/Ann_Lee_0003.jpg"), "Ann Lee 0003");
        assert_eq!(image("face"), "face");
    }
}
