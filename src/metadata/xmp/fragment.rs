//! New pieces of a packet's text, in the prefixes that hold where they are put.

use roxmltree::Node;

use super::namespace::{
    DC, DIGIKAM, IPTC, LIGHTROOM, LIKENESS, MP, MP_INFO, MP_REGION, MWG, MWG_AREA, MWG_SIZE, Namespace, RDF,
};
use super::rdf;
use super::written::{NameList, WrittenName};
use crate::metadata::region_box::RegionBox;

/// A packet without any property.
pub(crate) const EMPTY_PACKET: &str = concat!(
    "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n",
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"Likeness\">\n",
    " <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n",
    " </rdf:RDF>\n",
    "</x:xmpmeta>\n",
    "<?xpacket end=\"w\"?>",
);

/// The prefixes at a place, and those that a new piece there has to declare itself.
pub(crate) struct Scope {
    bound: Vec<(String, String)>,
    declared: Vec<(String, String)>,
}

impl Scope {
    pub fn at(node: Node<'_, '_>) -> Self {
        let bound = node.namespaces().filter_map(|n| Some((n.name()?.to_owned(), n.uri().to_owned())));
        Self { bound: bound.collect(), declared: Vec::new() }
    }

    /// The prefix that stands for a namespace; declared where none does.
    pub fn prefix(&mut self, namespace: Namespace) -> String {
        let known = self.bound.iter().chain(&self.declared).find(|(_, uri)| uri == namespace.uri);
        if let Some((prefix, _)) = known {
            return prefix.clone();
        }
        let is_free = |prefix: &str| self.bound.iter().chain(&self.declared).all(|(known, _)| known != prefix);
        let numbered = (1..).map(|number| format!("{}{number}", namespace.prefix));
        let prefix = std::iter::once(namespace.prefix.to_owned()).chain(numbered).find(|prefix| is_free(prefix));
        let prefix = prefix.unwrap_or_default();
        self.declared.push((prefix.clone(), namespace.uri.to_owned()));
        prefix
    }

    /// What has to be declared, as attributes, for the pieces so far.
    pub fn declarations(&mut self) -> String {
        let declared = std::mem::take(&mut self.declared);
        let text = declared.iter().map(|(prefix, uri)| format!(" xmlns:{prefix}=\"{uri}\"")).collect();
        self.bound.extend(declared);
        text
    }

    /// All prefixes in force, as attributes.
    pub fn all(&self) -> String {
        let attribute = |(prefix, uri): &(String, String)| format!(" xmlns:{prefix}=\"{}\"", escaped(uri));
        self.bound.iter().filter(|(prefix, _)| prefix != "xml").map(attribute).collect()
    }
}

/// An item of a list of names; declares what it needs itself.
pub(crate) fn item(name: &WrittenName, scope: &mut Scope) -> String {
    let rdf = scope.prefix(RDF);
    let area = name.area.unwrap_or(RegionBox { x: 0.0, y: 0.0, width: 1.0, height: 1.0 });
    match name.list {
        NameList::MwgRegions => {
            let (mwg, in_area) = (scope.prefix(MWG), mwg_area(area, &scope.prefix(MWG_AREA)));
            let text = escaped(&name.text);
            format!(
                "<{rdf}:li {rdf}:parseType=\"Resource\"{}><{mwg}:Name>{text}</{mwg}:Name><{mwg}:Type>Face</{mwg}:Type>\
                 <{mwg}:Area {in_area}/></{rdf}:li>",
                scope.declarations()
            )
        }
        NameList::MicrosoftRegions => {
            let region = scope.prefix(MP_REGION);
            let text = escaped(&name.text);
            let place = area.sides().map(number).join(", ");
            format!(
                "<{rdf}:li {rdf}:parseType=\"Resource\"{}><{region}:Rectangle>{place}</{region}:Rectangle>\
                 <{region}:PersonDisplayName>{text}</{region}:PersonDisplayName></{rdf}:li>",
                scope.declarations()
            )
        }
        _ => format!("<{rdf}:li{}>{}</{rdf}:li>", scope.declarations(), escaped(&name.text)),
    }
}

/// A property with a list of names that the packet has not yet. What it needs is left to be declared around it.
pub(crate) fn property(list: NameList, names: &[WrittenName], size: (u32, u32), scope: &mut Scope) -> String {
    let rdf = scope.prefix(RDF);
    let items = |scope: &mut Scope| -> String {
        // All that items need is asked for first, so that it is declared once and not by each of them.
        for namespace in item_namespaces(list) {
            scope.prefix(*namespace);
        }
        let mut inner = Scope { bound: [scope.bound.clone(), scope.declared.clone()].concat(), declared: Vec::new() };
        names.iter().map(|name| format!("\n      {}", item(name, &mut inner))).collect()
    };
    match list {
        NameList::MwgRegions => {
            let (mwg, dim) = (scope.prefix(MWG), scope.prefix(MWG_SIZE));
            let (width, height) = size;
            format!(
                "<{mwg}:Regions {rdf}:parseType=\"Resource\">\
                 \n    <{mwg}:AppliedToDimensions {dim}:w=\"{width}\" {dim}:h=\"{height}\" {dim}:unit=\"pixel\"/>\
                 \n    <{mwg}:RegionList>\n     <{rdf}:Bag>{}\n     </{rdf}:Bag>\n    </{mwg}:RegionList>\
                 \n   </{mwg}:Regions>",
                items(scope)
            )
        }
        NameList::MicrosoftRegions => {
            let (mp, info) = (scope.prefix(MP), scope.prefix(MP_INFO));
            format!(
                "<{mp}:RegionInfo {rdf}:parseType=\"Resource\">\n    <{info}:Regions>\n     <{rdf}:Bag>{}\
                 \n     </{rdf}:Bag>\n    </{info}:Regions>\n   </{mp}:RegionInfo>",
                items(scope)
            )
        }
        _ => {
            let (namespace, name) = place(list);
            let prefix = scope.prefix(namespace);
            // digiKam's own list is in order.
            let kind = if list == NameList::TagsList { "Seq" } else { "Bag" };
            format!("<{prefix}:{name}>\n    <{rdf}:{kind}>{}\n    </{rdf}:{kind}>\n   </{prefix}:{name}>", items(scope))
        }
    }
}

/// Marks of what we wrote, whole.
pub(crate) fn marks(texts: &[String], scope: &mut Scope) -> String {
    let (rdf, own) = (scope.prefix(RDF), scope.prefix(LIKENESS));
    let items: String = texts.iter().map(|text| format!("\n     {}", mark(text, scope))).collect();
    format!("<{own}:Written>\n    <{rdf}:Bag>{items}\n    </{rdf}:Bag>\n   </{own}:Written>")
}

/// One of them.
pub(crate) fn mark(text: &str, scope: &mut Scope) -> String {
    let rdf = scope.prefix(RDF);
    format!("<{rdf}:li>{}</{rdf}:li>", escaped(text))
}

/// A description that holds properties; `about` has to be that of the packet's others.
pub(crate) fn description(about: &str, declarations: &str, rdf: &str, properties: &[String]) -> String {
    let inner: String = properties.iter().map(|property| format!("\n   {property}")).collect();
    format!("<{rdf}:Description {rdf}:about=\"{}\"{declarations}>{inner}\n  </{rdf}:Description>", escaped(about))
}

/// A property of another packet, as it stands there, in a description of its own.
pub(crate) fn copied(property: Node<'_, '_>) -> String {
    let mut scope = Scope::at(property);
    let rdf = scope.prefix(RDF);
    let text = &property.document().input_text()[property.range()];
    description("", &scope.all(), &rdf, &[text.to_owned()])
}

/// Where a list stands in a packet.
pub(crate) fn place(list: NameList) -> (Namespace, &'static str) {
    match list {
        NameList::MwgRegions => (MWG, "Regions"),
        NameList::MicrosoftRegions => (MP, "RegionInfo"),
        NameList::PersonInImage => (IPTC, "PersonInImage"),
        NameList::HierarchicalSubject => (LIGHTROOM, "hierarchicalSubject"),
        NameList::TagsList => (DIGIKAM, "TagsList"),
        NameList::Subject => (DC, "subject"),
    }
}

/// The packet's subject; all descriptions have to name the same.
pub(crate) fn about(root: Node<'_, '_>) -> String {
    let mut subjects = rdf::descriptions(root).filter_map(|node| {
        let subject = node.attribute((RDF.uri, "about")).or_else(|| node.attribute("about"));
        subject.map(str::to_owned)
    });
    subjects.find(|subject| !subject.is_empty()).unwrap_or_default()
}

fn item_namespaces(list: NameList) -> &'static [Namespace] {
    match list {
        NameList::MwgRegions => &[MWG, MWG_AREA],
        NameList::MicrosoftRegions => &[MP_REGION],
        _ => &[],
    }
}

fn mwg_area(area: RegionBox, prefix: &str) -> String {
    let [x, y] = area.centre();
    let numbers = [("x", x), ("y", y), ("w", area.width), ("h", area.height)];
    let attribute = |(name, value): (&str, f32)| format!("{prefix}:{name}=\"{}\" ", number(value));
    format!("{}{prefix}:unit=\"normalized\"", numbers.map(attribute).concat())
}

/// Six digits are a hundredth of a pixel in any photo.
fn number(value: f32) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text for an element or an attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
