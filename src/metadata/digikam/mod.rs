//! Names in digiKam's own database, `digikam4.db`; many people's stand nowhere else.
//!
//! * `Tags` with the property `person` (`TagProperties`) are people. The property's value is the full name.
//! * `ImageTagProperties` `tagRegion` is a face that was named, `autodetectedFace` one that was found: under the tag of
//!   unknown people without a name, under a person's tag as a guess. `autodetectedPerson` is a guess as well, with the
//!   person's tag in its value. `ignoredFace`: somebody wants no name there.
//! * `ImageTags` alone: the person is in the photo, nobody said where.
//!
//! A region is `<rect x y width height/>` in pixels of the picture **as shown**, after EXIF's orientation: digiKam
//! turns what it reads from XMP before it stores it (`ItemScanner::commitFaces` calls
//! `TagRegion::adjustToOrientation`) and stores what it draws on the turned picture. Older versions did not turn what
//! they read (KDE's bugs 372340 and 395243). So the region is stated as upright, and [`places`](super::places) may find
//! otherwise. `ImageInformation` has the stored size.
//!
//! The database is never opened where it lies ([`copy`]), its rows are not believed ([`tables`]).

mod copy;
mod names;
pub(crate) mod roots;
mod tables;
#[cfg(test)]
pub(super) mod tests;

use std::path::{Path, PathBuf};

use crate::types::plain;

pub(crate) use names::DigikamNames;

/// Why digiKam's database was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DigikamError {
    #[error(
        "digiKam's database cannot be copied: {}: {}",
        plain(source),
        path.display()
    )]
    CannotCopy { path: PathBuf, source: std::io::Error },
    #[error("digiKam is writing to {path}: try again when it has finished")]
    Busy { path: PathBuf },
    #[error("{path} is no database of digiKam: it has no table {table}")]
    NotDigikam { path: PathBuf, table: &'static str },
    #[error("digiKam's database {path} is damaged: {reason}; digiKam's own maintenance may mend it")]
    Damaged { path: PathBuf, reason: String },
}

/// Reads the database at `path`. `copies` is a folder of ours for a passing copy, which is gone afterwards;
/// `mounted` says where a volume with an UUID is ([`roots::mount_point`]).
pub(crate) fn read(
    path: &Path,
    copies: &Path,
    mounted: &dyn Fn(&str) -> Option<PathBuf>,
) -> Result<DigikamNames, DigikamError> {
    let copy = copy::DatabaseCopy::of(path, copies)?;
    let tables = tables::DigikamTables::read(copy.database()).map_err(|fault| fault.at(path))?;
    Ok(names::collect(&tables, mounted))
}
