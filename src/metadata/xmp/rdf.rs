//! RDF's ways to write one thing, seen as one: a property may be an attribute or an element, a structure may be an
//! inner `rdf:Description`, the attributes of its own element, or what `rdf:parseType="Resource"` announces, a list may
//! be a Bag, a Seq or an Alt, and any value may hide in `rdf:value` beside qualifiers (XMP specification part 1, annex
//! C).
//!
//! The tree is `roxmltree`'s: it knows where everything stands in the text, without which nothing could be changed and
//! all else left as it is, and it reads no document types, hence neither entities nor other files.

use roxmltree::{Document, Node, ParsingOptions};

use super::error::PacketError;
use super::namespace::{Namespace, RDF, XML};
use super::tags;

/// A property's value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RdfValue<'a, 'input> {
    /// An attribute's.
    Text(&'a str),
    /// The property's own element.
    Element(Node<'a, 'input>),
}

/// Parses the text of a packet, within bounds.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, PacketError> {
    tags::check(text)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: 1_500_000, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => PacketError::DocumentType,
        roxmltree::Error::NodesLimitReached => PacketError::TooComplex,
        other => PacketError::NotXml { line: other.pos().row, column: other.pos().col },
    })
}

/// The element `rdf:RDF`.
pub(crate) fn root<'a, 'input>(document: &'a Document<'input>) -> Result<Node<'a, 'input>, PacketError> {
    document.descendants().find(|node| node.has_tag_name((RDF.uri, "RDF"))).ok_or(PacketError::NoRdf)
}

/// The top level `rdf:Description`s, over which a packet's properties are spread.
pub(crate) fn descriptions<'a, 'input>(root: Node<'a, 'input>) -> impl Iterator<Item = Node<'a, 'input>> {
    root.children().filter(|node| node.has_tag_name((RDF.uri, "Description")))
}

/// Every value of a property of the packet: one, but in careless files.
pub(crate) fn properties<'a, 'input>(
    root: Node<'a, 'input>,
    namespace: Namespace,
    name: &str,
) -> Vec<RdfValue<'a, 'input>> {
    descriptions(root).flat_map(|description| own_fields(description, namespace, name)).collect()
}

/// Whether the attribute says something of the photo, not of the RDF.
pub(crate) fn is_property(attribute: &roxmltree::Attribute<'_, '_>) -> bool {
    attribute.namespace().is_some_and(|namespace| namespace != RDF.uri && namespace != XML)
}

impl<'a, 'input> RdfValue<'a, 'input> {
    /// A field of a structure.
    pub fn field(self, namespace: Namespace, name: &str) -> Option<Self> {
        let element = self.element()?;
        let bodies = [Some(element), body(element)];
        bodies.into_iter().flatten().find_map(|node| own_fields(node, namespace, name).next())
    }

    pub fn text_field(self, namespace: Namespace, name: &str) -> Option<String> {
        self.field(namespace, name)?.text()
    }

    pub fn number_field(self, namespace: Namespace, name: &str) -> Option<f64> {
        self.text_field(namespace, name)?.parse().ok()
    }

    /// Whether a structure has any field of a namespace.
    pub fn has_field_of(self, namespace: Namespace) -> bool {
        let is_of = |uri: Option<&str>| uri == Some(namespace.uri);
        let has = |node: Node<'_, '_>| {
            node.attributes().any(|attribute| is_of(attribute.namespace()))
                || node.children().any(|child| child.is_element() && is_of(child.tag_name().namespace()))
        };
        self.element().is_some_and(|element| has(element) || body(element).is_some_and(has))
    }

    /// The items of a list; a plain text counts as a list of one, as careless writers mean it.
    pub fn items(self) -> Vec<Self> {
        match self.element().and_then(container) {
            Some(list) => list.children().filter(is_item).map(Self::Element).collect(),
            None => self.text().map(|_| vec![self]).unwrap_or_default(),
        }
    }

    /// The texts of a list.
    pub fn texts(self) -> Vec<String> {
        self.items().into_iter().filter_map(Self::text).collect()
    }

    /// A text, trimmed; none where there is nothing else. Of a text in several languages the default one.
    pub fn text(self) -> Option<String> {
        let text = match self {
            Self::Text(text) => text.to_owned(),
            Self::Element(element) => text_of(element)?,
        };
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    pub fn element(self) -> Option<Node<'a, 'input>> {
        match self {
            Self::Text(_) => None,
            Self::Element(element) => Some(element),
        }
    }
}

/// The list inside of a property's element.
pub(crate) fn container<'a, 'input>(element: Node<'a, 'input>) -> Option<Node<'a, 'input>> {
    let is_list = |node: &Node<'_, '_>| ["Bag", "Seq", "Alt"].iter().any(|kind| node.has_tag_name((RDF.uri, *kind)));
    // Behind a qualifier the list stands in rdf:value.
    let inner = body(element).and_then(|body| own_elements(body, RDF, "value").next()).unwrap_or(element);
    inner.children().find(is_list)
}

pub(crate) fn is_item(node: &Node<'_, '_>) -> bool {
    node.has_tag_name((RDF.uri, "li"))
}

/// The element whose children are a structure's fields: the property's own, or the one inside of it.
pub(crate) fn body<'a, 'input>(element: Node<'a, 'input>) -> Option<Node<'a, 'input>> {
    if element.attribute((RDF.uri, "parseType")) == Some("Resource") {
        return Some(element);
    }
    let mut children = element.children().filter(Node::is_element);
    let first = children.next()?;
    // Several children are fields whose writer forgot to announce them.
    Some(if children.next().is_some() { element } else { first })
}

fn text_of(element: Node<'_, '_>) -> Option<String> {
    if let Some(body) = body(element) {
        let value = own_fields(body, RDF, "value").next();
        return match (value, container(element)) {
            (Some(RdfValue::Text(text)), _) => Some(text.to_owned()),
            (Some(RdfValue::Element(inner)), _) => plain_text(inner),
            (None, Some(list)) => plain_text(default_language(list)?),
            (None, None) => None,
        };
    }
    let resource = element.attribute((RDF.uri, "resource"));
    resource.map(str::to_owned).or_else(|| plain_text(element))
}

fn default_language<'a, 'input>(list: Node<'a, 'input>) -> Option<Node<'a, 'input>> {
    let mut items = list.children().filter(is_item);
    let default = items.clone().find(|item| item.attribute((XML, "lang")) == Some("x-default"));
    default.or_else(|| items.next())
}

fn plain_text(element: Node<'_, '_>) -> Option<String> {
    let has_children = element.children().any(|child| child.is_element());
    (!has_children).then(|| element.children().filter_map(|child| child.text().filter(|_| child.is_text())).collect())
}

fn own_fields<'a, 'input>(
    node: Node<'a, 'input>,
    namespace: Namespace,
    name: &str,
) -> impl Iterator<Item = RdfValue<'a, 'input>> {
    let attribute = node.attribute((namespace.uri, name)).map(RdfValue::Text);
    attribute.into_iter().chain(own_elements(node, namespace, name).map(RdfValue::Element))
}

fn own_elements<'a, 'input>(
    node: Node<'a, 'input>,
    namespace: Namespace,
    name: &str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    node.children().filter(move |child| child.has_tag_name((namespace.uri, name)))
}
