//! Lists out of a photo's own packet into its new sidecar.

use super::error::PacketError;
use super::fragment;
use super::list::FoundList;
use super::rdf;
use super::splice::Splices;
use super::written::NameList;

/// The lists' properties in a packet as they stand, each in a description of its own that can be put into another.
pub(crate) fn copies(text: &str, lists: &[NameList]) -> Result<Vec<String>, PacketError> {
    let document = rdf::parse(text)?;
    let root = rdf::root(&document)?;
    let found = lists.iter().flat_map(|list| FoundList::of(*list, root).properties);
    Ok(found.map(fragment::copied).collect())
}

/// Puts descriptions into a packet.
pub(crate) fn with_descriptions(text: &str, descriptions: &[String]) -> Result<String, PacketError> {
    let document = rdf::parse(text)?;
    let root = rdf::root(&document)?;
    let mut splices = Splices::new(text);
    descriptions.iter().for_each(|description| splices.append(root, description));
    Ok(splices.apply())
}

/// Whether a packet has any of the lists.
pub(crate) fn has_any(text: &str, lists: &[NameList]) -> Result<bool, PacketError> {
    let document = rdf::parse(text)?;
    let root = rdf::root(&document)?;
    let has = |list: NameList| {
        let (namespace, name) = fragment::place(list);
        !rdf::properties(root, namespace, name).is_empty()
    };
    Ok(lists.iter().any(|list| has(*list)))
}
