//! A summary of what could be trained on, before anything is started: counts, and what would be left out and why.
//!
//! Pictures are not decoded here: one that turns out broken, or without a face, is left out when the run prepares its
//! pictures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::app::engine::library_thread::LibraryHandle;
use crate::app::jobs::walk::people::{WhyNobody, people_of};
use crate::faces::image::begins_like_photo;
use crate::library::Belongs;
use crate::types::Cancel;
use crate::types::path_text::from_text;

/// Where the faces come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataSource {
    /// One sub-folder a person.
    Folder(PathBuf),
    /// The faces of the library's named people: all that their user gave them, or those confirmed one by one.
    Library { one_by_one: bool },
}

impl DataSource {
    pub(crate) fn is_library(&self) -> bool {
        matches!(self, Self::Library { .. })
    }
}

/// Why a file or a face takes no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOutWhy {
    /// Its name is not that of a picture.
    NoPicture,
    /// Its name says picture, its first bytes do not.
    Unreadable,
    /// A picture that lies beside the people's folders; where nobody has to be told apart it takes part.
    OutsideFolders,
    /// A picture in a folder within a person's folder.
    NestedFolder,
    /// Hidden, or of a system or of Likeness itself.
    Hidden,
    /// A link to a folder that is there anyway.
    Again,
    /// A folder without a picture.
    EmptyFolder,
    /// A face that is only suggested.
    Suggested,
    /// A face that was named with its group, where only those confirmed one by one are wanted.
    NamedWithGroup,
    /// A face of a person without a name.
    Nameless,
}

/// Counts, before training starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataSummary {
    pub people: u64,
    pub pictures: u64,
    /// Of the pictures, those whose faces were named with their group and not confirmed one by one.
    pub named: u64,
    /// People with one picture: negatives at most.
    pub with_one_picture: u64,
    pub left_out: BTreeMap<LeftOutWhy, u64>,
    /// Some of what is left out, at most [`EXAMPLES`].
    pub examples: Vec<(PathBuf, LeftOutWhy)>,
}

/// Files named in a summary.
const EXAMPLES: usize = 100;

impl DataSummary {
    /// People who can be anchors.
    pub(crate) fn with_pairs(&self) -> u64 {
        self.people - self.with_one_picture
    }

    /// Pictures that lie beside the people's folders.
    pub(crate) fn beside_folders(&self) -> u64 {
        self.left_out.get(&LeftOutWhy::OutsideFolders).copied().unwrap_or(0)
    }

    fn add_person(&mut self, pictures: u64) {
        self.people += 1;
        self.pictures += pictures;
        self.with_one_picture += u64::from(pictures == 1);
    }

    fn leave_out(&mut self, path: &Path, why: LeftOutWhy) {
        *self.left_out.entry(why).or_default() += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push((path.to_owned(), why));
        }
    }
}

/// A folder with one sub-folder a person.
pub(crate) fn summarise_folder(folder: &Path) -> Result<DataSummary> {
    let mut summary = DataSummary::default();
    let found = people_of(folder, &[], &Cancel::default())?;
    for (person, pictures) in &found.people {
        let (sound, other): (Vec<_>, Vec<_>) =
            pictures.iter().map(|picture| folder.join(picture)).partition(|path| begins_like_photo(path));
        other.iter().for_each(|path| summary.leave_out(path, LeftOutWhy::Unreadable));
        match sound.len() as u64 {
            0 => summary.leave_out(&folder.join(from_text(person)), LeftOutWhy::EmptyFolder),
            sound => summary.add_person(sound),
        }
    }
    for picture in found.beside.iter().map(|picture| folder.join(picture)) {
        let is_photo = begins_like_photo(&picture);
        summary.leave_out(&picture, if is_photo { LeftOutWhy::OutsideFolders } else { LeftOutWhy::Unreadable });
    }
    for (why, paths) in &found.left_out {
        paths.iter().for_each(|path| summary.leave_out(&folder.join(path), (*why).into()));
    }
    Ok(summary)
}

impl From<WhyNobody> for LeftOutWhy {
    fn from(why: WhyNobody) -> Self {
        match why {
            WhyNobody::Hidden | WhyNobody::Own => Self::Hidden,
            WhyNobody::NoPicture => Self::NoPicture,
            WhyNobody::Deeper => Self::NestedFolder,
            WhyNobody::Empty => Self::EmptyFolder,
            WhyNobody::Again => Self::Again,
            WhyNobody::NoFile | WhyNobody::Unreadable => Self::Unreadable,
        }
    }
}

/// The faces of named people: all that their user gave them, or only those confirmed one by one.
pub(crate) fn summarise_library(library: &LibraryHandle, one_by_one: bool) -> Result<DataSummary> {
    let everyone = library.ask(|library| library.everyone());
    let mut summary = DataSummary::default();
    for person in everyone.context("the library could not be read")? {
        let mut faces = 0;
        for face in &person.faces {
            match (&person.name, face.belongs) {
                (Some(_), Belongs::Confirmed) => faces += 1,
                (Some(_), Belongs::Named) if one_by_one => {
                    *summary.left_out.entry(LeftOutWhy::NamedWithGroup).or_default() += 1;
                }
                (Some(_), Belongs::Named) => {
                    faces += 1;
                    summary.named += 1;
                }
                (Some(_), _) => *summary.left_out.entry(LeftOutWhy::Suggested).or_default() += 1,
                (None, _) => *summary.left_out.entry(LeftOutWhy::Nameless).or_default() += 1,
            }
        }
        if faces > 0 {
            summary.add_person(faces);
        }
    }
    Ok(summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_people_and_says_what_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        };
        let mut png = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(2, 2).write_to(&mut png, image::ImageFormat::Png).unwrap();
        let png = png.into_inner();
        for name in ["ann/1.png", "ann/2.png", "bo/1.png", "bo/deeper/1.png", "somebody.png"] {
            write(name, &png);
        }
        write("ann/notes.txt", b"x");
        write("bo/empty.jpg", b"no picture");
        write("list.csv", b"x");
        std::fs::create_dir(folder.path().join("nobody")).unwrap();
        let summary = summarise_folder(folder.path()).unwrap();
        assert_eq!((summary.people, summary.pictures, summary.with_one_picture, summary.with_pairs()), (2, 3, 1, 1));
        let wanted = [
            (LeftOutWhy::NoPicture, 2),
            (LeftOutWhy::Unreadable, 1),
            (LeftOutWhy::OutsideFolders, 1),
            (LeftOutWhy::NestedFolder, 1),
            (LeftOutWhy::EmptyFolder, 1),
        ];
        assert_eq!(summary.left_out, BTreeMap::from(wanted));
        assert_eq!((summary.examples.len(), summary.beside_folders()), (6, 1));
        assert!(summarise_folder(&folder.path().join("absent")).is_err());
    }
}
