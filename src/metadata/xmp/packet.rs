//! A packet's bytes to what it says about people.

use roxmltree::Node;

use super::encoding::PacketText;
use super::error::PacketError;
use super::model::{PacketPlace, PeoplePacket};
use super::namespace::{DC, DIGIKAM, IPTC, LIGHTROOM, LIKENESS, META, Namespace, XMP, XMP_NOTE};
use super::rdf::{self, RdfValue};
use super::regions;
use super::written::{NameList, WrittenMark, WrittenName, WrittenNames};

impl PeoplePacket {
    pub fn parse(bytes: &[u8], place: PacketPlace) -> Result<Self, PacketError> {
        let packet = PacketText::decode(bytes)?;
        let document = rdf::parse(&packet.text)?;
        let root = rdf::root(&document)?;
        let marks = texts(root, LIKENESS, "Written");
        Ok(Self {
            place,
            regions: regions::regions(root),
            person_in_image: texts(root, IPTC, "PersonInImage"),
            subject: texts(root, DC, "subject"),
            hierarchical: texts(root, LIGHTROOM, "hierarchicalSubject"),
            tags: texts(root, DIGIKAM, "TagsList"),
            program: text(root, XMP, "CreatorTool").or_else(|| toolkit(root)),
            marks: marks.iter().filter_map(|mark| WrittenMark::from_text(mark)).collect(),
        })
    }

    /// What `library` wrote here by the marks, where its own record is lost; of any library where none is given.
    pub fn written(&self, library: Option<&str>) -> WrittenNames {
        let is_marked = |name: &WrittenName| {
            let mut own = self
                .marks
                .iter()
                .filter(|mark| library.is_none_or(|library| WrittenMark::is_library(&mark.library, library)));
            own.any(|mark| mark.is_for(name.list, &name.text, name.area))
        };
        let listed = NameList::ALL.into_iter().flat_map(|list| self.names_of(list));
        WrittenNames(listed.filter(is_marked).collect())
    }

    /// What stands here besides what `library` wrote: its own names are no other program's.
    pub fn without_written(mut self, library: &str) -> Self {
        let own = self.written(Some(library));
        let is_own = |list, text: &str, area| own.of_list(list).any(|name| name.text == text && name.area == area);
        self.regions.retain(|region| {
            let named = region.format.list().zip(region.name.as_deref());
            !named.is_some_and(|(list, name)| is_own(list, name, region.area))
        });
        self.person_in_image.retain(|text| !is_own(NameList::PersonInImage, text, None));
        self.hierarchical.retain(|text| !is_own(NameList::HierarchicalSubject, text, None));
        self.tags.retain(|text| !is_own(NameList::TagsList, text, None));
        self.subject.retain(|text| !is_own(NameList::Subject, text, None));
        self
    }

    fn names_of(&self, list: NameList) -> Vec<WrittenName> {
        let texts = match list {
            NameList::MwgRegions | NameList::MicrosoftRegions => return self.named_regions(list),
            NameList::PersonInImage => &self.person_in_image,
            NameList::HierarchicalSubject => &self.hierarchical,
            NameList::TagsList => &self.tags,
            NameList::Subject => &self.subject,
        };
        texts.iter().map(|text| WrittenName { list, text: text.clone(), area: None }).collect()
    }

    fn named_regions(&self, list: NameList) -> Vec<WrittenName> {
        let regions = self.regions.iter().filter(|region| region.format.list() == Some(list));
        regions
            .filter_map(|region| Some(WrittenName { list, text: region.name.clone()?, area: Some(region.area?) }))
            .collect()
    }
}

/// By which name the packet calls the part that is too long for it.
pub(crate) fn extended_name(bytes: &[u8]) -> Result<Option<String>, PacketError> {
    let packet = PacketText::decode(bytes)?;
    let document = rdf::parse(&packet.text)?;
    Ok(text(rdf::root(&document)?, XMP_NOTE, "HasExtendedXMP"))
}

fn texts(root: Node<'_, '_>, namespace: Namespace, name: &str) -> Vec<String> {
    rdf::properties(root, namespace, name).into_iter().flat_map(RdfValue::texts).collect()
}

fn text(root: Node<'_, '_>, namespace: Namespace, name: &str) -> Option<String> {
    rdf::properties(root, namespace, name).into_iter().find_map(RdfValue::text)
}

fn toolkit(root: Node<'_, '_>) -> Option<String> {
    root.parent_element()?.attribute((META.uri, "xmptk")).map(str::to_owned)
}
