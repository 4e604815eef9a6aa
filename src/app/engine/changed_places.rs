//! Where files changed since somebody looked at all of them, so that the next look asks only there.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Files and folders, each with all that lies in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum ChangedPlaces {
    /// Nobody has looked yet.
    #[default]
    Anywhere,
    At(HashSet<PathBuf>),
}

impl ChangedPlaces {
    pub fn add(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        if let Self::At(known) = self {
            known.extend(paths);
        }
    }

    /// All of them; from now on nothing has changed.
    pub fn take(&mut self) -> Self {
        std::mem::replace(self, Self::At(HashSet::new()))
    }

    pub fn has(&self, path: &Path) -> bool {
        match self {
            Self::Anywhere => true,
            Self::At(known) => !known.is_empty() && path.ancestors().any(|at| known.contains(at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_added_since_the_last_look_and_what_lies_in_it_has_changed() {
        let mut places = ChangedPlaces::default();
        places.add(["/p/a.jpg".into()]);
        assert!(places.has(Path::new("/q/b.jpg")), "nobody has looked yet");
        assert_eq!(places.take(), ChangedPlaces::Anywhere);
        assert!(!places.has(Path::new("/p/a.jpg")));
        places.add(["/p/a.jpg".into(), "/q".into()]);
        let has = ["/p/a.jpg", "/p/b.jpg", "/q/r/c.jpg", "/qq.jpg"].map(|path| places.has(Path::new(path)));
        assert_eq!(has, [true, false, true, false]);
    }
}
