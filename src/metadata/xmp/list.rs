//! A list of names as a packet has it: its items, and the elements around them that a change has to touch.

use roxmltree::Node;

use super::error::Refusal;
use super::fragment;
use super::matching::ListItem;
use super::model::{BoxUnit, XmpRegion};
use super::namespace::{MP_INFO, MWG, MWG_SIZE, RDF};
use super::orientation::{ListFrame, list_frame, to_stored};
use super::rdf::{self, RdfValue};
use super::regions;
use super::written::NameList;

/// The list in the packet's tree.
pub(crate) struct FoundList<'a, 'input> {
    /// The property's elements: one, but in careless files.
    pub properties: Vec<Node<'a, 'input>>,
    /// The first Bag, Seq or Alt, to which items are added.
    pub container: Option<Node<'a, 'input>>,
    pub items: Vec<Node<'a, 'input>>,
    /// For which size of picture its regions were made.
    pub applied_to: Option<(u32, u32)>,
    /// Whether the property says more than its items, or says it in a form that we do not know.
    pub has_more: bool,
}

impl<'a, 'input> FoundList<'a, 'input> {
    pub fn of(list: NameList, root: Node<'a, 'input>) -> Self {
        let (namespace, name) = fragment::place(list);
        let mut found =
            Self { properties: Vec::new(), container: None, items: Vec::new(), applied_to: None, has_more: false };
        for value in rdf::properties(root, namespace, name) {
            found.add(list, value);
        }
        found
    }

    fn add(&mut self, list: NameList, value: RdfValue<'a, 'input>) {
        let Some(property) = value.element() else {
            self.has_more = true;
            return;
        };
        self.properties.push(property);
        let inner = match list {
            NameList::MwgRegions => {
                self.applied_to = self.applied_to.or_else(|| regions::applied_to(value, MWG, MWG_SIZE));
                value.field(MWG, "RegionList")
            }
            NameList::MicrosoftRegions => value.field(MP_INFO, "Regions"),
            _ => Some(value),
        };
        let container = inner.and_then(RdfValue::element).and_then(rdf::container);
        self.has_more |= match list {
            NameList::MwgRegions => has_other_fields(property, &["RegionList", "AppliedToDimensions"]),
            NameList::MicrosoftRegions => has_other_fields(property, &["Regions"]),
            // A text where a list should be.
            _ => container.is_none() && value.text().is_some(),
        };
        if let Some(container) = container {
            self.items.extend(container.children().filter(rdf::is_item));
            self.container = self.container.or(Some(container));
        }
    }

    /// The frame in which its boxes are.
    pub fn frame(&self, list: NameList, size: (u32, u32), orientation: u8) -> ListFrame {
        match list {
            NameList::MwgRegions => list_frame(self.applied_to, size, orientation),
            _ => ListFrame::Stored,
        }
    }

    /// Its items, all boxes in the frame of the stored picture.
    pub fn list_items(&self, list: NameList, frame: ListFrame, orientation: u8) -> Vec<ListItem> {
        let region = |found: XmpRegion| {
            let area = found.area.filter(|_| found.unit == BoxUnit::Fractions);
            let area = if frame == ListFrame::Upright { area.map(|area| to_stored(area, orientation)) } else { area };
            ListItem { text: found.name, area, is_person: found.kind.is_person() }
        };
        let items = self.items.iter().map(|item| RdfValue::Element(*item));
        match list {
            NameList::MwgRegions => items.map(|item| region(regions::mwg_region(item, None))).collect(),
            NameList::MicrosoftRegions => items.map(|item| region(regions::microsoft_region(item))).collect(),
            _ => items.map(|item| ListItem { text: item.text(), area: None, is_person: true }).collect(),
        }
    }

    /// The first region without a name.
    pub fn nameless(&self, list: NameList) -> Option<Node<'a, 'input>> {
        let items = self.list_items(list, ListFrame::Stored, 1);
        let is_nameless = |item: &ListItem| list.has_places() && item.text.is_none();
        self.items.iter().zip(items).find_map(|(node, item)| is_nameless(&item).then_some(*node))
    }

    /// Where items can be added.
    pub fn place_for_items(&self) -> Result<Node<'a, 'input>, Refusal> {
        self.container.ok_or(Refusal::UnknownForm)
    }
}

/// Whether a structure has fields beside those named, or is written in a way that hides whether.
fn has_other_fields(property: Node<'_, '_>, known: &[&str]) -> bool {
    let body = rdf::body(property);
    let is_strange = |node: &Node<'_, '_>| node.is_element() && !known.contains(&node.tag_name().name());
    let has_strange_attributes = |node: Node<'_, '_>| node.attributes().any(|attribute| rdf::is_property(&attribute));
    has_strange_attributes(property)
        || body.is_some_and(|body| body.children().any(|child| is_strange(&child)) || has_strange_attributes(body))
        || body.is_some_and(|body| body != property && !body.has_tag_name((RDF.uri, "Description")))
}
