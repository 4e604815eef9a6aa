//! What becomes of each item of a list: ours and still wanted, ours and no longer, or another's.
//!
//! An item is ours only while it is what we wrote. A name that somebody has since moved, or renamed, is theirs.

use serde::{Deserialize, Serialize};

use super::written::{WrittenName, is_same_name};
use crate::metadata::region_box::RegionBox;

/// Programs that think in pixels write a box back a pixel off.
const UNMOVED: f32 = 0.003;

/// An item as a list has it, its box in the frame of the stored picture.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ListItem {
    pub text: Option<String>,
    pub area: Option<RegionBox>,
    pub is_person: bool,
}

/// What the user has said of names that others wrote. Unless they say so, those stay.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OthersNames {
    /// To be removed, whoever wrote them.
    pub remove: Vec<String>,
    /// Whether our name replaces another at the same face.
    pub replace_differing: bool,
    /// Whether regions of a picture that was cropped since are replaced by ours.
    pub replace_stale: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    KeepOurs,
    KeepOthers,
    RemoveOurs,
    RemoveOthers,
}

/// What is done with a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ListDecision {
    /// Of each item.
    pub fates: Vec<Fate>,
    pub add: Vec<WrittenName>,
    /// What will be ours in it.
    pub written: Vec<WrittenName>,
    /// Names that are not written since another stands at the same face, with that other name.
    pub differing: Vec<(WrittenName, String)>,
}

impl ListDecision {
    pub fn is_change(&self) -> bool {
        !self.add.is_empty() || self.fates.iter().any(|fate| matches!(fate, Fate::RemoveOurs | Fate::RemoveOthers))
    }
}

/// `removable` says of a text whether its user wants it gone whoever wrote it.
pub(crate) fn decide(
    items: &[ListItem],
    wanted: &[WrittenName],
    ours: &[&WrittenName],
    removable: impl Fn(&str) -> bool,
    replace_differing: bool,
) -> ListDecision {
    let mut records: Vec<&WrittenName> = ours.to_vec();
    let mut open: Vec<&WrittenName> = wanted.iter().collect();
    let mut decision = ListDecision { fates: vec![Fate::KeepOthers; items.len()], ..ListDecision::default() };
    let mut others = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some(record) = take(&mut records, |record| is_unchanged(item, record)) else {
            others.push(index);
            continue;
        };
        decision.fates[index] = match take(&mut open, |name| is_unchanged(item, name) && name.text == record.text) {
            Some(name) => {
                decision.written.push(WrittenName { area: item.area.and(name.area), ..name.clone() });
                Fate::KeepOurs
            }
            None => Fate::RemoveOurs,
        };
    }
    for index in others {
        let item = &items[index];
        let Some(text) = item.text.as_deref() else { continue };
        if removable(text) {
            decision.fates[index] = Fate::RemoveOthers;
            continue;
        }
        if take(&mut open, |name| is_same_name(text, &name.text) && is_here(item, name)).is_some() {
            continue;
        }
        let differs = |name: &WrittenName| item.is_person && item.area.is_some() && is_here(item, name);
        if replace_differing && open.iter().any(|name| differs(name)) {
            decision.fates[index] = Fate::RemoveOthers;
        } else if let Some(name) = take(&mut open, differs) {
            decision.differing.push((name.clone(), text.to_owned()));
        }
    }
    decision.add = open.into_iter().cloned().collect();
    decision.written.extend(decision.add.iter().cloned());
    decision
}

fn take<'a>(names: &mut Vec<&'a WrittenName>, is_it: impl Fn(&WrittenName) -> bool) -> Option<&'a WrittenName> {
    let index = names.iter().position(|name| is_it(name))?;
    Some(names.remove(index))
}

fn is_unchanged(item: &ListItem, name: &WrittenName) -> bool {
    let is_unmoved = match (item.area, name.area) {
        (Some(a), Some(b)) => a.sides().iter().zip(b.sides()).all(|(a, b)| (a - b).abs() <= UNMOVED),
        (a, b) => a.is_none() && b.is_none(),
    };
    is_unmoved && item.text.as_deref().is_some_and(|text| is_same_name(text, &name.text))
}

fn is_here(item: &ListItem, name: &WrittenName) -> bool {
    match (item.area, name.area) {
        (Some(a), Some(b)) => a.is_same_place(b),
        (a, b) => a.is_none() && b.is_none(),
    }
}
