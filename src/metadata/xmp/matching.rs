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
    /// Names in whose places ours stand.
    pub replaced: Vec<String>,
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
    let mut open: Vec<&WrittenName> = wanted.iter().collect();
    let mut decision = ListDecision { fates: vec![Fate::KeepOthers; items.len()], ..ListDecision::default() };
    let mut others = Vec::new();
    for (index, (item, record)) in items.iter().zip(records(items, ours)).enumerate() {
        let Some(record) = record else {
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
    let (gone, stays): (Vec<_>, Vec<_>) =
        others.into_iter().partition(|index| items[*index].text.as_deref().is_some_and(&removable));
    gone.into_iter().for_each(|index| decision.fates[index] = Fate::RemoveOthers);
    let says_another = |index: &usize| take(&mut open, |name| agrees(&items[*index], name)).is_none();
    let others: Vec<usize> = stays.into_iter().filter(says_another).collect();
    for index in others.into_iter().filter(|_| replace_differing) {
        if open.iter().any(|name| contradicts(&items[index], name)) {
            decision.fates[index] = Fate::RemoveOthers;
            decision.replaced.extend(items[index].text.clone());
        }
    }
    decision.add = open.into_iter().cloned().collect();
    decision.written.extend(decision.add.iter().cloned());
    decision
}

/// Which faces are called otherwise by another program's regions, and how. At each region stands first whoever has its
/// name, then whoever is there.
pub(crate) fn named_otherwise(
    regions: &[ListItem],
    faces: &[WrittenName],
    ours: &[&WrittenName],
    removable: impl Fn(&str) -> bool,
) -> Vec<(usize, String)> {
    let mut open: Vec<usize> = (0..faces.len()).collect();
    let mut take = |is_it: &dyn Fn(&WrittenName) -> bool| {
        let place = open.iter().position(|face| is_it(&faces[*face]))?;
        Some(open.remove(place))
    };
    let others = regions.iter().zip(records(regions, ours)).filter(|(_, record)| record.is_none());
    let named = others.filter_map(|(region, _)| Some((region, region.text.as_deref()?)));
    let named: Vec<_> = named.filter(|(_, name)| !removable(name)).collect();
    let says_another = |(region, _): &&(&ListItem, &str)| take(&|face| agrees(region, face)).is_none();
    let others: Vec<_> = named.iter().filter(says_another).collect();
    let called =
        |(region, name): &(&ListItem, &str)| Some((take(&|face| contradicts(region, face))?, (*name).to_owned()));
    others.into_iter().filter_map(called).collect()
}

/// Of each item what we noted of it, where it still is what we wrote.
fn records<'a>(items: &[ListItem], ours: &[&'a WrittenName]) -> Vec<Option<&'a WrittenName>> {
    let mut records = ours.to_vec();
    items.iter().map(|item| take(&mut records, |record| is_unchanged(item, record))).collect()
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

/// Whether somebody says the same already.
fn agrees(item: &ListItem, name: &WrittenName) -> bool {
    item.text.as_deref().is_some_and(|text| is_same_name(text, &name.text)) && is_here(item, name)
}

/// Whether a region with a name stands where the face is to be.
fn contradicts(item: &ListItem, name: &WrittenName) -> bool {
    item.text.is_some() && item.is_person && item.area.is_some() && is_here(item, name)
}

fn is_here(item: &ListItem, name: &WrittenName) -> bool {
    match (item.area, name.area) {
        (Some(a), Some(b)) => a.is_same_place(b),
        (a, b) => a.is_none() && b.is_none(),
    }
}
