//! Packets, pictures and requests for tests.

use std::path::Path;

use super::super::container::SEGMENT_NAME;
use super::super::matching::OthersNames;
use super::super::request::{FaceToWrite, NamesToWrite};
use super::super::written::{NameList, WrittenNames};
use crate::metadata::region_box::RegionBox;

pub(super) use crate::library::WritePlace;

pub(super) const HEAD: &str = "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\" x:xmptk=\"XMP Core 4.4.0-Exiv2\">\n \
    <rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n";
pub(super) const FOOT: &str = " </rdf:RDF>\n</x:xmpmeta>";

/// As digiKam writes it: structures as attributes, an unnamed region last; beside it what nobody but its writer knows.
pub(super) const DIGIKAM: &str = r#"  <rdf:Description rdf:about=""
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
    xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#"
    xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#"
    xmlns:odd="urn:somebody:else:1"
   odd:flag="  two  spaces ">
   <!-- a comment -->
   <odd:thing rdf:parseType="Literal"><b>bold</b> text</odd:thing>
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Strand</rdf:li>
     <rdf:li>Berta</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <lr:hierarchicalSubject>
    <rdf:Bag>
     <rdf:li>People|Berta</rdf:li>
    </rdf:Bag>
   </lr:hierarchicalSubject>
   <digiKam:TagsList>
    <rdf:Seq>
     <rdf:li>People/Berta</rdf:li>
    </rdf:Seq>
   </digiKam:TagsList>
   <mwg-rs:Regions rdf:parseType="Resource">
    <mwg-rs:AppliedToDimensions
     stDim:w="400"
     stDim:h="300"
     stDim:unit="pixel"/>
    <mwg-rs:RegionList>
     <rdf:Bag>
      <rdf:li>
       <rdf:Description
        mwg-rs:Name="Berta"
        mwg-rs:Type="Face">
       <mwg-rs:Area
        stArea:x="0.75"
        stArea:y="0.5"
        stArea:w="0.2"
        stArea:h="0.3"
        stArea:unit="normalized"/>
       </rdf:Description>
      </rdf:li>
      <rdf:li rdf:parseType="Resource">
       <mwg-rs:Type>Face</mwg-rs:Type>
       <mwg-rs:Area stArea:x="0.1" stArea:y="0.1" stArea:w="0.1" stArea:h="0.1" stArea:unit="normalized"/>
      </rdf:li>
     </rdf:Bag>
    </mwg-rs:RegionList>
   </mwg-rs:Regions>
  </rdf:Description>
"#;

pub(super) fn packet(descriptions: &str) -> String {
    let begin = "<?xpacket begin=\"\u{feff}\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n";
    format!("{begin}{HEAD}{descriptions}{FOOT}\n<?xpacket end=\"w\"?>")
}

pub(super) fn area(x: f32, y: f32, width: f32, height: f32) -> RegionBox {
    RegionBox { x, y, width, height }
}

pub(super) fn is_close(a: RegionBox, b: RegionBox) -> bool {
    a.sides().iter().zip(b.sides()).all(|(a, b)| (a - b).abs() < 2e-6)
}

pub(super) fn anna() -> FaceToWrite {
    FaceToWrite { name: "Anna & Co <x>".to_owned(), area: area(0.2, 0.3, 0.1, 0.2) }
}

pub(super) fn nothing() -> WrittenNames {
    WrittenNames::default()
}

/// All lists, upright, 400 × 300.
pub(super) fn names<'a>(faces: &'a [FaceToWrite], ours: &'a WrittenNames, others: &'a OthersNames) -> NamesToWrite<'a> {
    NamesToWrite {
        faces,
        size: (400, 300),
        orientation: 1,
        lists: &NameList::ALL,
        ours,
        others,
        library: Some("library-1"),
    }
}

pub(super) fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xff, marker], length.as_slice(), content].concat()
}

/// The shortest file that looks like a JPEG to who does not decode it: JFIF, what is given, tables, a scan, its end.
pub(super) fn jpeg(segments: &[Vec<u8>]) -> Vec<u8> {
    let jfif = segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0");
    let table = segment(0xdb, &[7; 65]);
    let frame = segment(0xc0, &[8, 1, 44, 1, 144, 1, 1, 0x11, 0]);
    let scan = segment(0xda, &[1, 1, 0, 0, 63, 0]);
    let data = [1, 2, 0xff, 0, 3, 0xff, 0xd0, 4, 0xff, 0xd9];
    [vec![0xff, 0xd8], jfif, segments.concat(), table, frame, scan, data.to_vec()].concat()
}

pub(super) fn packet_segment(packet: &str) -> Vec<u8> {
    segment(0xe1, &[SEGMENT_NAME, packet.as_bytes()].concat())
}

pub(super) fn put(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).unwrap();
}

/// A part of an extended packet.
pub(super) fn extended(name: &[u8; 32], whole: usize, at: u32, part: &[u8]) -> Vec<u8> {
    let head = b"http://ns.adobe.com/xmp/extension/\0".as_slice();
    segment(0xe1, &[head, name, &(whole as u32).to_be_bytes(), &at.to_be_bytes(), part].concat())
}

/// What a first packet says of the one that continues it.
pub(super) fn note(name: &str) -> String {
    format!(
        "<rdf:Description rdf:about='' xmlns:xmpNote='http://ns.adobe.com/xmp/note/' \
         xmpNote:HasExtendedXMP='{name}'/>\n"
    )
}
