//! The namespaces in which programs keep people, each with the prefix that its inventor uses. Files may bind any other
//! prefix to them: what counts is the address. (ExifTool 13, `XMP.pm`, `MWG.pm`, `Microsoft.pm`, `XMP2.pl`.)

/// A namespace and its usual prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Namespace {
    pub uri: &'static str,
    pub prefix: &'static str,
}

const fn namespace(prefix: &'static str, uri: &'static str) -> Namespace {
    Namespace { uri, prefix }
}

pub(crate) const RDF: Namespace = namespace("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#");
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
pub(crate) const META: Namespace = namespace("x", "adobe:ns:meta/");
pub(crate) const XMP: Namespace = namespace("xmp", "http://ns.adobe.com/xap/1.0/");
pub(crate) const XMP_NOTE: Namespace = namespace("xmpNote", "http://ns.adobe.com/xmp/note/");

pub(crate) const MWG: Namespace = namespace("mwg-rs", "http://www.metadataworkinggroup.com/schemas/regions/");
pub(crate) const MWG_AREA: Namespace = namespace("stArea", "http://ns.adobe.com/xmp/sType/Area#");
pub(crate) const MWG_SIZE: Namespace = namespace("stDim", "http://ns.adobe.com/xap/1.0/sType/Dimensions#");
/// What Apple says beside a face: its angles, its confidence.
pub(crate) const APPLE: Namespace = namespace("apple-fi", "http://ns.apple.com/faceinfo/1.0/");

pub(crate) const MP: Namespace = namespace("MP", "http://ns.microsoft.com/photo/1.2/");
pub(crate) const MP_INFO: Namespace = namespace("MPRI", "http://ns.microsoft.com/photo/1.2/t/RegionInfo#");
pub(crate) const MP_REGION: Namespace = namespace("MPReg", "http://ns.microsoft.com/photo/1.2/t/Region#");

pub(crate) const IPTC: Namespace = namespace("Iptc4xmpExt", "http://iptc.org/std/Iptc4xmpExt/2008-02-29/");

pub(crate) const ACDSEE: Namespace = namespace("acdsee-rs", "http://ns.acdsee.com/regions/");
pub(crate) const ACDSEE_AREA: Namespace = namespace("acdsee-stArea", "http://ns.acdsee.com/sType/Area#");
pub(crate) const ACDSEE_SIZE: Namespace = namespace("acdsee-stDim", "http://ns.acdsee.com/sType/Dimensions#");

pub(crate) const DC: Namespace = namespace("dc", "http://purl.org/dc/elements/1.1/");
pub(crate) const LIGHTROOM: Namespace = namespace("lr", "http://ns.adobe.com/lightroom/1.0/");
pub(crate) const DIGIKAM: Namespace = namespace("digiKam", "http://www.digikam.org/ns/1.0/");

/// Our own, for the marks of what we wrote.
pub(crate) const LIKENESS: Namespace = namespace("likeness", "urn:likeness:xmp:1.0/");
