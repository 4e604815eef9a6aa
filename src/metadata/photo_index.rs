//! Which photo of the library a path of another program means.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use super::found::PhotoPath;
use super::name_key::folded;

/// The library's photos by their files' names. Names are compared without case and in one normal form: Windows keeps
/// no case, and macOS hands out decomposed letters.
#[derive(Debug, Default)]
pub(crate) struct PhotoIndex {
    /// Two files of one folder may differ in case alone.
    exact: HashMap<PathBuf, usize>,
    by_name: HashMap<String, Vec<usize>>,
    parts: Vec<Vec<String>>,
}

/// What a path was found to mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PathMeaning {
    /// The place among the photos passed.
    Photo(usize),
    NotInLibrary,
    /// Several photos fit equally well.
    Ambiguous,
}

impl PhotoIndex {
    pub(crate) fn new<'a>(paths: impl Iterator<Item = &'a Path>) -> Self {
        let mut index = Self::default();
        for (place, path) in paths.enumerate() {
            index.exact.insert(path.to_owned(), place);
            let parts = parts_of(path);
            if let Some(name) = parts.last() {
                index.by_name.entry(name.clone()).or_default().push(place);
            }
            index.parts.push(parts);
        }
        index
    }

    pub(crate) fn find(&self, path: &PhotoPath) -> PathMeaning {
        match path {
            PhotoPath::Whole(path) => self.exact.get(path).map_or_else(
                || {
                    let wanted = parts_of(path);
                    self.best(&wanted, |parts| (parts == wanted).then_some(0))
                },
                |&place| PathMeaning::Photo(place),
            ),
            PhotoPath::OnVolume { root, inside } => self.on_volume(&parts_of(root), &parts_of(inside)),
        }
    }

    /// All of the path inside the root has to agree, and of a root's own photos one folder more; the photo that agrees
    /// with most of the root's folders is the one.
    fn on_volume(&self, root: &[String], inside: &[String]) -> PathMeaning {
        self.best(inside, |parts| {
            let above = parts.strip_suffix(inside)?;
            let agreeing = above.iter().rev().zip(root.iter().rev()).take_while(|(a, b)| a == b).count();
            (agreeing > 0 || inside.len() > 1).then_some(agreeing)
        })
    }

    fn best(&self, wanted: &[String], agreement: impl Fn(&[String]) -> Option<usize>) -> PathMeaning {
        let named = wanted.last().and_then(|name| self.by_name.get(name)).map_or(&[][..], Vec::as_slice);
        let mut fitting: Vec<_> =
            named.iter().filter_map(|&place| agreement(&self.parts[place]).map(|by| (by, place))).collect();
        fitting.sort_by(|a, b| b.cmp(a));
        match fitting[..] {
            [] => PathMeaning::NotInLibrary,
            [(_, place)] => PathMeaning::Photo(place),
            [(most, place), (next, _), ..] if most > next => PathMeaning::Photo(place),
            _ => PathMeaning::Ambiguous,
        }
    }
}

fn parts_of(path: &Path) -> Vec<String> {
    let normal = path.components().filter_map(|component| match component {
        Component::Normal(part) => Some(folded(&part.to_string_lossy())),
        Component::Prefix(prefix) => Some(folded(&prefix.as_os_str().to_string_lossy())),
        _ => None,
    });
    normal.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> PhotoIndex {
        let paths = ["/p/2010/a.JPG", "/p/2011/a.jpg", "/p/2010/Zu\u{308}rich.jpg", "/q/2010/a.jpg", "/p/b.jpg"];
        PhotoIndex::new(paths.iter().map(Path::new))
    }

    fn on_volume(root: &str, inside: &str) -> PathMeaning {
        index().find(&PhotoPath::OnVolume { root: root.into(), inside: inside.into() })
    }

    #[test]
    fn a_whole_path_is_one_photo() {
        let whole = |path: &str| index().find(&PhotoPath::Whole(path.into()));
        assert_eq!(whole("/p/2011/A.jpg"), PathMeaning::Photo(1));
        assert_eq!(whole("/p/2010/Zürich.jpg"), PathMeaning::Photo(2));
        assert_eq!(whole("/p/2012/a.jpg"), PathMeaning::NotInLibrary);
    }

    #[test]
    fn a_path_on_an_unknown_volume_is_found_by_its_end() {
        assert_eq!(on_volume("/media/x", "/2011/a.jpg"), PathMeaning::Photo(1));
        assert_eq!(on_volume("/media/x", "/2010/a.jpg"), PathMeaning::Ambiguous);
        assert_eq!(on_volume("/media/q", "/2010/a.jpg"), PathMeaning::Photo(3));
        assert_eq!(on_volume("/media/x", "/b.jpg"), PathMeaning::NotInLibrary);
        assert_eq!(on_volume("/media/p", "/b.jpg"), PathMeaning::Photo(4));
    }
}
