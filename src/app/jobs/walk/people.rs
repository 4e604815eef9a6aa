//! A folder with one sub-folder a person, as training and evaluation take it. A picture that lies deeper is nobody's: its
//! folder may be a person's year as well as a folder of people, and to guess would join or part people.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::{Met, MetKind, walk};
use crate::faces::image::is_photo_name;
use crate::types::Cancel;
use crate::types::path_text::{from_text, to_text};

/// Why something in a folder of people takes no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WhyNobody {
    /// Hidden, or a system's own.
    Hidden,
    /// Of Likeness itself: a library's store, or a run.
    Own,
    /// Its name is not that of a picture.
    NoPicture,
    /// A picture within a folder within a person's folder.
    Deeper,
    /// A folder without a picture.
    Empty,
    /// A socket, a pipe, a device.
    NoFile,
    /// A link to a folder that takes part anyway.
    Again,
    /// A folder or link that cannot be read.
    Unreadable,
}

impl WhyNobody {
    fn words(self, count: usize) -> String {
        let [one, many] = match self {
            Self::Hidden => ["hidden or system file or folder", "hidden or system files and folders"],
            Self::Own => ["folder of Likeness itself", "folders of Likeness itself"],
            Self::NoPicture => ["file that is no picture", "files that are no pictures"],
            Self::Deeper => ["picture deeper than in a person's folder", "pictures deeper than in a person's folder"],
            Self::Empty => ["folder without a picture", "folders without a picture"],
            Self::NoFile => ["socket or pipe", "sockets and pipes"],
            Self::Again => ["link to a folder that is there anyway", "links to folders that are there anyway"],
            Self::Unreadable => ["folder or link that cannot be read", "folders and links that cannot be read"],
        };
        format!("{count} {}", if count == 1 { one } else { many })
    }
}

/// The people of a folder; all paths are relative to it, all in order.
#[derive(Debug, Default)]
pub(crate) struct PeopleFolder {
    /// Each person's name, as text that can be turned back, and pictures.
    pub people: BTreeMap<String, Vec<PathBuf>>,
    /// Pictures beside the people's folders.
    pub beside: Vec<PathBuf>,
    pub left_out: BTreeMap<WhyNobody, Vec<PathBuf>>,
}

/// Looks into a folder of people; the folders of `own` are nobody's.
pub(crate) fn people_of(folder: &Path, own: &[PathBuf], cancel: &Cancel) -> Result<PeopleFolder> {
    let root = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let mut found = PeopleFolder::default();
    walk(folder, own, cancel, &mut |met| {
        let below = met.path.strip_prefix(&root).unwrap_or(&met.path).to_owned();
        found.meet(below, &met);
    })?;
    let empty = found.people.iter().filter(|(_, pictures)| pictures.is_empty());
    let empty: Vec<String> = empty.map(|(name, _)| name.clone()).collect();
    for name in empty {
        found.people.remove(&name);
        found.leave_out(from_text(&name), WhyNobody::Empty);
    }
    found.people.values_mut().chain(found.left_out.values_mut()).for_each(|paths| paths.sort());
    found.beside.sort();
    Ok(found)
}

impl PeopleFolder {
    fn meet(&mut self, below: PathBuf, met: &Met) {
        let depth = below.components().count();
        let person = below.components().next().map_or_else(String::new, |first| to_text(first.as_os_str()));
        let why = match met.what {
            MetKind::File if !is_photo_name(&below) => WhyNobody::NoPicture,
            MetKind::File if depth == 1 => return self.beside.push(below),
            MetKind::File if depth == 2 => return self.people.entry(person).or_default().push(below),
            MetKind::File => WhyNobody::Deeper,
            MetKind::Folder => {
                if depth == 1 {
                    self.people.entry(person).or_default();
                }
                return;
            }
            MetKind::Hidden => WhyNobody::Hidden,
            MetKind::Own => WhyNobody::Own,
            MetKind::NoFile => WhyNobody::NoFile,
            MetKind::Again => WhyNobody::Again,
            MetKind::Unreadable(_) => WhyNobody::Unreadable,
        };
        self.leave_out(below, why);
    }

    fn leave_out(&mut self, path: PathBuf, why: WhyNobody) {
        self.left_out.entry(why).or_default().push(path);
    }

    /// What is left out, kind by kind in one sentence, each with its first example; none where nothing is.
    pub fn left_out_words(&self) -> Option<String> {
        let kind = |(why, paths): (&WhyNobody, &Vec<PathBuf>)| {
            let first = paths.first().map_or_else(String::new, |path| path.display().to_string());
            let such = if paths.len() == 1 { "" } else { "such as " };
            format!("{} ({such}{first})", why.words(paths.len()))
        };
        let kinds: Vec<String> = self.left_out.iter().map(kind).collect();
        (!kinds.is_empty()).then(|| format!("Left out: {}", kinds.join("; ")))
    }

    /// Refuses a folder without people. Where the pictures lie one folder deeper, that folder is named.
    pub fn has_people(&self, folder: &Path) -> Result<()> {
        if !self.people.is_empty() {
            return Ok(());
        }
        let deeper = self.left_out.get(&WhyNobody::Deeper).and_then(|paths| paths.first()?.components().next());
        match deeper {
            Some(first) => bail!(
                "no pictures in sub-folders, one a person, were found; they lie deeper: name a folder such as {}",
                folder.join(first).display()
            ),
            None => bail!("no pictures in sub-folders, one a person, were found: {}", folder.display()),
        }
    }
}
