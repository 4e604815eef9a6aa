//! Names into a packet: each list decided for itself, the changes cut into the text, what is ours in it noted.

use roxmltree::Node;

use super::error::{PacketError, Refusal};
use super::fragment::{self, Scope};
use super::left::{LeftFace, left_to_others};
use super::list::FoundList;
use super::matching::{Fate, ListDecision, ListItem, OthersNames, decide};
use super::namespace::{LIKENESS, RDF};
use super::orientation::{ListFrame, to_upright};
use super::rdf::{self, RdfValue};
use super::request::{NamesToWrite, PEOPLE, PacketBeside};
use super::splice::Splices;
use super::written::{NameList, WrittenMark, WrittenName, WrittenNames, is_same_name};
use crate::metadata::region_box::RegionBox;

/// What happens to a text in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    Added,
    Removed,
    /// Another program's, removed since the user said so.
    RemovedOthers,
    Kept,
    KeptOthers,
    /// Not written, since another program gave the face another name. That name then stands alone in all lists.
    Withheld,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlannedChange {
    pub list: NameList,
    pub kind: ChangeKind,
    /// None for a region without a name.
    pub text: Option<String>,
    /// In the stored picture.
    pub area: Option<RegionBox>,
    /// The name for which one was withheld.
    pub instead: Option<String>,
}

impl PlannedChange {
    /// Whether the text stands in the list afterwards.
    fn stays(&self) -> bool {
        matches!(self.kind, ChangeKind::Added | ChangeKind::Kept | ChangeKind::KeptOthers)
    }

    /// The name alone, without what stands above it in the list.
    pub fn name(&self) -> Option<&str> {
        let text = self.text.as_deref()?;
        let below = |separator| text.strip_prefix(PEOPLE).and_then(|rest| rest.strip_prefix(separator));
        Some(match self.list {
            NameList::HierarchicalSubject => below('|').unwrap_or(text),
            NameList::TagsList => below('/').unwrap_or(text),
            _ => text,
        })
    }
}

/// A packet's new text. It is the old one where nothing has to change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MergedPacket {
    pub text: String,
    pub changes: Vec<PlannedChange>,
    pub written: WrittenNames,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MergeError {
    #[error(transparent)]
    Packet(#[from] PacketError),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Merges names into the text of a packet; of a sidecar, `beside` is what stands in its photo.
pub(crate) fn merge(text: &str, names: &NamesToWrite<'_>, beside: &[PacketBeside]) -> Result<MergedPacket, MergeError> {
    let document = rdf::parse(text)?;
    let root = rdf::root(&document)?;
    let (splices, scope) = (Splices::new(text), Scope::at(root));
    let left = left_to_others(root, names, beside);
    let mut work = Work { splices, removed: Vec::new(), properties: Vec::new(), scope };
    let (mut changes, mut written, mut replaced) = (Vec::new(), Vec::new(), Vec::new());
    let (places, without): (Vec<NameList>, Vec<NameList>) = NameList::ALL.into_iter().partition(|l| l.has_places());
    for list in places {
        let decision = work.change_list(list, root, (names, &left, &[]), &mut changes)?;
        written.extend(decision.written);
        replaced.extend(decision.replaced);
    }
    // Who is still somewhere in the photo keeps the lists that tell no place.
    replaced.retain(|name| !stands_at_a_place(name, &changes));
    for list in without {
        let decision = work.change_list(list, root, (names, &left, &replaced), &mut changes)?;
        written.extend(decision.written);
    }
    let written = WrittenNames(written);
    work.change_marks(root, names, &written);
    work.finish(root);
    let text = work.splices.apply();
    // What was cut must still be whole.
    rdf::root(&rdf::parse(&text)?)?;
    Ok(MergedPacket { text, changes, written })
}

struct Work<'a, 'input, 't> {
    splices: Splices<'t>,
    removed: Vec<Node<'a, 'input>>,
    /// New ones, in the prefixes of `scope`.
    properties: Vec<String>,
    scope: Scope,
}

impl<'a, 'input> Work<'a, 'input, '_> {
    fn change_list(
        &mut self,
        list: NameList,
        root: Node<'a, 'input>,
        (names, left, gone): (&NamesToWrite<'_>, &[LeftFace], &[String]),
        changes: &mut Vec<PlannedChange>,
    ) -> Result<ListDecision, MergeError> {
        let found = FoundList::of(list, root);
        let frame = found.frame(list, names.size, names.orientation);
        let items = found.list_items(list, frame, names.orientation);
        let is_kept = names.lists.contains(&list);
        let wanted = if is_kept { wanted(list, names, left) } else { Vec::new() };
        let ours: Vec<&WrittenName> = names.ours.of_list(list).collect();
        let removable = names.removable(list, gone);
        let mut decision = decide(&items, &wanted, &ours, removable, names.others.replace_differing);
        if frame == ListFrame::Stale {
            decision = stale(decision, wanted, names.others)?;
        }
        note(list, &items, &decision, changes);
        if is_kept {
            note_withheld(list, names, left, changes);
        }
        if decision.is_change() {
            self.apply(list, &found, &decision, frame, names)?;
        }
        Ok(decision)
    }

    fn apply(
        &mut self,
        list: NameList,
        found: &FoundList<'a, 'input>,
        decision: &ListDecision,
        frame: ListFrame,
        names: &NamesToWrite<'_>,
    ) -> Result<(), Refusal> {
        let stays = |fate: &Fate| matches!(fate, Fate::KeepOurs | Fate::KeepOthers);
        if !decision.fates.iter().any(stays) && !found.has_more {
            self.removed.extend(&found.properties);
            if !decision.add.is_empty() {
                let property = fragment::property(list, &decision.add, names.size, &mut self.scope);
                self.properties.push(property);
            }
            return Ok(());
        }
        let gone = found.items.iter().zip(&decision.fates).filter(|(_, fate)| !stays(fate));
        gone.for_each(|(item, _)| self.splices.remove(*item));
        if decision.add.is_empty() {
            return Ok(());
        }
        let container = found.place_for_items()?;
        // Readers stop at the first region without a name (digiKam): named ones stand before.
        let nameless = found.nameless(list);
        for name in &decision.add {
            let turned = name.area.filter(|_| frame == ListFrame::Upright);
            let area = turned.map(|area| to_upright(area, names.orientation)).or(name.area);
            let item = fragment::item(&WrittenName { area, ..name.clone() }, &mut Scope::at(container));
            match nameless {
                Some(nameless) => self.splices.insert_before(nameless, &item),
                None => self.splices.append(container, &item),
            }
        }
        Ok(())
    }

    /// Marks of other libraries stay.
    fn change_marks(&mut self, root: Node<'a, 'input>, names: &NamesToWrite<'_>, written: &WrittenNames) {
        let values = rdf::properties(root, LIKENESS, "Written");
        let found: Vec<String> = values.iter().flat_map(|value| value.texts()).collect();
        let own = |text: &String| {
            let library = WrittenMark::from_text(text).map(|mark| mark.library);
            library.is_some_and(|library| names.library.is_some_and(|own| WrittenMark::is_library(&library, own)))
        };
        let mut marks: Vec<String> = found.iter().filter(|text| !own(text)).cloned().collect();
        if let Some(library) = names.library {
            marks.extend(written.0.iter().map(|name| WrittenMark::new(library, name).to_text()));
        }
        let items = values.iter().flat_map(|value| value.items());
        let gone = items.filter(|item| item.text().is_some_and(|text| !marks.contains(&text)));
        let missing: Vec<String> = marks.iter().filter(|mark| !found.contains(mark)).cloned().collect();
        let container = values.iter().find_map(|value| rdf::container(value.element()?));
        match container.filter(|_| !marks.is_empty()) {
            Some(container) => {
                gone.filter_map(RdfValue::element).for_each(|item| self.splices.remove(item));
                let mut scope = Scope::at(container);
                missing.iter().for_each(|mark| self.splices.append(container, &fragment::mark(mark, &mut scope)));
            }
            None => {
                self.removed.extend(values.iter().filter_map(|value| value.element()));
                if !marks.is_empty() {
                    self.properties.push(fragment::marks(&marks, &mut self.scope));
                }
            }
        }
    }

    /// Removes properties, with descriptions that hold nothing else, and adds the new ones in a description.
    fn finish(&mut self, root: Node<'a, 'input>) {
        let is_removed = |node: &Node<'_, '_>| self.removed.contains(node);
        for description in rdf::descriptions(root) {
            let mut properties = description.children().filter(Node::is_element).peekable();
            let is_used = properties.peek().is_none() || !properties.all(|node| is_removed(&node));
            let has_more = is_used || description.attributes().any(|attribute| rdf::is_property(&attribute));
            // A comment is somebody's too.
            let has_more = has_more || description.children().any(|node| node.is_comment());
            if has_more {
                let gone = description.children().filter(is_removed);
                gone.for_each(|property| self.splices.remove(property));
            } else {
                self.splices.remove(description);
            }
        }
        if !self.properties.is_empty() {
            let rdf = self.scope.prefix(RDF);
            let declarations = self.scope.declarations();
            let text = fragment::description(&fragment::about(root), &declarations, &rdf, &self.properties);
            self.splices.append(root, &text);
        }
    }
}

/// Of regions that fit the picture no longer ours are written anew; those of others forbid to add any.
fn stale(decision: ListDecision, wanted: Vec<WrittenName>, others: &OthersNames) -> Result<ListDecision, Refusal> {
    let is_ours = |fate: &Fate| matches!(fate, Fate::KeepOurs | Fate::RemoveOurs);
    if !decision.fates.iter().all(is_ours) && !others.replace_stale {
        return if decision.add.is_empty() { Ok(decision) } else { Err(Refusal::StaleRegions) };
    }
    let gone = |fate: &Fate| if is_ours(fate) { Fate::RemoveOurs } else { Fate::RemoveOthers };
    let fates = decision.fates.iter().map(gone).collect();
    Ok(ListDecision { fates, add: wanted.clone(), written: wanted, replaced: Vec::new() })
}

/// What a list is to hold, each text once where it has no place.
fn wanted(list: NameList, names: &NamesToWrite<'_>, left: &[LeftFace]) -> Vec<WrittenName> {
    let mut wanted: Vec<WrittenName> = Vec::new();
    for (face, name) in names.faces_in(list).enumerate() {
        let is_left = left.iter().any(|left| left.face == face);
        if !is_left && (name.area.is_some() || wanted.iter().all(|known| !is_same_name(&known.text, &name.text))) {
            wanted.push(name);
        }
    }
    wanted
}

fn note(list: NameList, items: &[ListItem], decision: &ListDecision, changes: &mut Vec<PlannedChange>) {
    let change = |kind, text: Option<String>, area| PlannedChange { list, kind, text, area, instead: None };
    for (item, fate) in items.iter().zip(&decision.fates) {
        let kind = match fate {
            Fate::KeepOurs => ChangeKind::Kept,
            Fate::KeepOthers => ChangeKind::KeptOthers,
            Fate::RemoveOurs => ChangeKind::Removed,
            Fate::RemoveOthers => ChangeKind::RemovedOthers,
        };
        changes.push(change(kind, item.text.clone(), item.area));
    }
    let added = decision.add.iter().map(|name| change(ChangeKind::Added, Some(name.text.clone()), name.area));
    changes.extend(added);
}

fn stands_at_a_place(name: &str, changes: &[PlannedChange]) -> bool {
    changes
        .iter()
        .filter(|change| change.stays())
        .any(|change| change.text.as_deref().is_some_and(|t| is_same_name(t, name)))
}

/// A name that stands in the list all the same, for another face or another program, is not withheld from it.
fn note_withheld(list: NameList, names: &NamesToWrite<'_>, left: &[LeftFace], changes: &mut Vec<PlannedChange>) {
    let names: Vec<WrittenName> = names.faces_in(list).collect();
    for LeftFace { face, instead } in left {
        let Some(WrittenName { text, area, .. }) = names.get(*face).cloned() else { continue };
        let stays = |change: &PlannedChange| {
            change.stays()
                && change.list == list
                && change.text.as_deref().is_some_and(|found| is_same_name(found, &text))
        };
        if list.has_places() || !changes.iter().any(stays) {
            let instead = Some(instead.clone());
            changes.push(PlannedChange { list, kind: ChangeKind::Withheld, text: Some(text), area, instead });
        }
    }
}
