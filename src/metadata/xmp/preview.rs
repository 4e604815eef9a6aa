//! A plan as a person reads it: what becomes of the file, and a line for each text that comes, goes or stays.

use std::fmt;

use super::merge::{ChangeKind, PlannedChange};
use super::write::FileChange;
use super::written::NameList;

impl fmt::Display for FileChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("stays as it is"),
            Self::Create { bytes } => write!(f, "new, {} bytes", bytes.len()),
            Self::Remove { .. } => f.write_str("removed, nothing is left in it"),
            Self::Replace { old, new, .. } => write!(f, "{} bytes of XMP instead of {}", new.len(), old.len()),
        }
    }
}

impl fmt::Display for PlannedChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.kind {
            ChangeKind::Added => '+',
            ChangeKind::Removed | ChangeKind::RemovedOthers => '-',
            ChangeKind::Kept | ChangeKind::KeptOthers => '=',
            ChangeKind::Withheld => '!',
        };
        write!(f, "{sign} {}: {}", list_name(self.list), self.text.as_deref().unwrap_or("(no name)"))?;
        if let Some(area) = self.area {
            let [left, top, width, height] = area.sides().map(|n| n * 100.0);
            write!(f, " at {left:.1} %, {top:.1} %, {width:.1} × {height:.1} %")?;
        }
        match (self.kind, &self.instead) {
            (ChangeKind::KeptOthers | ChangeKind::RemovedOthers, _) => write!(f, " (another program's)"),
            (ChangeKind::Withheld, Some(instead)) => write!(f, " (not written: this face is named {instead} there)"),
            _ => Ok(()),
        }
    }
}

fn list_name(list: NameList) -> &'static str {
    match list {
        NameList::MwgRegions => "face region (MWG)",
        NameList::MicrosoftRegions => "face region (Microsoft)",
        NameList::PersonInImage => "person in image",
        NameList::HierarchicalSubject => "hierarchical keyword",
        NameList::TagsList => "digiKam tag",
        NameList::Subject => "keyword",
    }
}
