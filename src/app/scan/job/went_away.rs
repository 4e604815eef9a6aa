//! Files that a scan has found in a folder and could not read: where their drive was pulled meanwhile, that is told of the
//! folder, and of none of them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::app::engine::progress::Skipped;
use crate::library::is_gone;

const WENT_AWAY: &str = "it went away while the folder was looked through";

/// In the order in which they were met.
#[derive(Debug, Default)]
pub(super) struct UnreadFiles {
    /// Those that are there, with why.
    pub files: Vec<Skipped>,
    pub gone: Vec<PathBuf>,
}

impl UnreadFiles {
    /// What went away of the scanned folder `root`, which is there: of a folder in it none of its files.
    pub fn gone_from(&self, root: &Path) -> Vec<Skipped> {
        let outermost = |path: &PathBuf| {
            let inside = path.ancestors().skip(1).take_while(|above| *above != root && above.starts_with(root));
            inside.filter(|above| is_gone(above)).last().unwrap_or(path).to_owned()
        };
        let gone: BTreeSet<PathBuf> = self.gone.iter().map(outermost).collect();
        gone.into_iter().map(|path| Skipped { path, reason: WENT_AWAY.to_owned() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_went_away_is_told_once() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        std::fs::create_dir(at("left")).unwrap();
        let gone = ["c/d/1.jpg", "c/d/2.jpg", "c/3.jpg", "left/4.jpg", "5.jpg"].map(at).to_vec();
        let told = UnreadFiles { files: Vec::new(), gone }.gone_from(root.path());
        let told: Vec<_> = told.into_iter().map(|skipped| skipped.path).collect();
        assert_eq!(told, [at("5.jpg"), at("c"), at("left/4.jpg")]);
    }
}
