//! What programs write, in all forms that RDF allows, and what no program should.

use super::super::error::PacketError;
use super::super::model::{BoxFrame, BoxUnit, PacketPlace, PeoplePacket, RegionFormat, RegionKind};
use super::super::orientation::{ListFrame, list_frame, to_stored, to_upright};
use super::samples::{DIGIKAM, area, is_close, packet};

fn parse(bytes: &[u8]) -> Result<PeoplePacket, PacketError> {
    PeoplePacket::parse(bytes, PacketPlace::Embedded)
}

fn read(descriptions: &str) -> PeoplePacket {
    parse(packet(descriptions).as_bytes()).unwrap()
}

#[test]
fn digikam_s_regions_and_keywords() {
    let found = read(DIGIKAM);
    let [berta, nameless] = &found.regions[..] else { panic!("{:?}", found.regions) };
    assert_eq!(berta.name.as_deref(), Some("Berta"));
    assert_eq!((berta.format, &berta.kind, berta.frame), (RegionFormat::Mwg, &RegionKind::Face, BoxFrame::Stored));
    assert!(is_close(berta.area.unwrap(), area(0.65, 0.35, 0.2, 0.3)));
    assert_eq!(berta.applied_to, Some((400, 300)));
    assert_eq!(nameless.name, None);
    assert_eq!(found.subject, ["Strand", "Berta"]);
    assert_eq!(found.hierarchical, ["People|Berta"]);
    assert_eq!(found.tags, ["People/Berta"]);
    assert_eq!(found.program.as_deref(), Some("XMP Core 4.4.0-Exiv2"));
}

/// One region, said in five ways.
#[test]
fn every_form_of_rdf_says_the_same() {
    let spaces = r#"xmlns:r="http://www.metadataworkinggroup.com/schemas/regions/"
        xmlns:a="http://ns.adobe.com/xmp/sType/Area#" xmlns:d="http://ns.adobe.com/xap/1.0/sType/Dimensions#""#;
    let size_as_attributes = r#"<r:AppliedToDimensions d:w="40" d:h="30" d:unit="pixel"/>"#;
    let size_as_elements = "<r:AppliedToDimensions rdf:parseType=\"Resource\"><d:w>40</d:w><d:h>30</d:h>\
        </r:AppliedToDimensions>";
    let area_as_attributes = r#"<r:Area a:x=".5" a:y="0.5" a:w="0.2" a:h="0.4" a:unit="normalized"/>"#;
    let area_inside =
        r#"<r:Area><rdf:Description a:x="0.5" a:y="0.5"><a:w>0.2</a:w><a:h> 0.4 </a:h></rdf:Description></r:Area>"#;
    let items = [
        format!(
            "<rdf:li rdf:parseType='Resource'><r:Name>Anna</r:Name><r:Type>Face</r:Type>{area_as_attributes}</rdf:li>"
        ),
        format!("<rdf:li><rdf:Description r:Name='Anna' r:Type='Face'>{area_inside}</rdf:Description></rdf:li>"),
        format!("<rdf:li r:Name='Anna' r:Type='Face'>{area_as_attributes}</rdf:li>"),
        format!(
            "<rdf:li rdf:parseType='Resource'><r:Name><![CDATA[Anna]]></r:Name><r:Type>Face</r:Type>{area_inside}\
             </rdf:li>"
        ),
        format!(
            "<rdf:li rdf:parseType='Resource'><r:Name rdf:parseType='Resource'><rdf:value>Anna</rdf:value>\
             <r:by>me</r:by></r:Name><r:Type>Face</r:Type>{area_as_attributes}</rdf:li>"
        ),
    ];
    for item in &items {
        for (size, kind) in [(size_as_attributes, "Bag"), (size_as_elements, "Seq")] {
            let list = format!("<r:RegionList><rdf:{kind}>{item}</rdf:{kind}></r:RegionList>");
            let forms = [
                format!(
                    "<rdf:Description rdf:about='' {spaces}><r:Regions rdf:parseType='Resource'>{size}{list}\
                     </r:Regions>\
                     </rdf:Description>"
                ),
                format!(
                    "<rdf:Description {spaces}><r:Regions><rdf:Description>{size}{list}</rdf:Description>\
                     </r:Regions></rdf:Description>"
                ),
                // Without the announcement that RDF asks for.
                format!("<rdf:Description {spaces}><r:Regions>{size}{list}</r:Regions></rdf:Description>"),
            ];
            for form in forms {
                let found = read(&form).regions;
                assert_eq!(found.len(), 1, "{form}");
                assert_eq!(found[0].name.as_deref(), Some("Anna"), "{form}");
                assert_eq!(found[0].kind, RegionKind::Face, "{form}");
                assert!(is_close(found[0].area.unwrap(), area(0.4, 0.3, 0.2, 0.4)), "{form}");
                assert_eq!(found[0].applied_to, Some((40, 30)), "{form}");
            }
        }
    }
}

#[test]
fn other_programs_regions() {
    let found = read(
        r#"<rdf:Description rdf:about="" xmlns:MP="http://ns.microsoft.com/photo/1.2/"
        xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
        xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#"
        xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
        xmlns:acdsee-rs="http://ns.acdsee.com/regions/" xmlns:acdsee-stArea="http://ns.acdsee.com/sType/Area#"
        xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
        xmlns:apple-fi="http://ns.apple.com/faceinfo/1.0/"
        xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#">
        <MP:RegionInfo rdf:parseType="Resource"><MPRI:Regions><rdf:Bag>
          <rdf:li MPReg:Rectangle="0.1, 0.2, 0.3, 0.4" MPReg:PersonDisplayName="Mia"/>
          <rdf:li rdf:parseType="Resource"><MPReg:PersonDisplayName>Nowhere</MPReg:PersonDisplayName></rdf:li>
        </rdf:Bag></MPRI:Regions></MP:RegionInfo>
        <e:ImageRegion><rdf:Bag>
          <rdf:li rdf:parseType="Resource"><e:Name><rdf:Alt><rdf:li xml:lang="de">Ivo (de)</rdf:li>
            <rdf:li xml:lang="x-default">Ivo</rdf:li></rdf:Alt></e:Name>
            <e:rCtype><rdf:Bag><rdf:li rdf:parseType="Resource"><xmp:Identifier><rdf:Bag>
              <rdf:li>http://cv.iptc.org/newscodes/imageregiontype/human</rdf:li></rdf:Bag></xmp:Identifier>
              </rdf:li></rdf:Bag></e:rCtype>
            <e:RegionBoundary rdf:parseType="Resource"><e:rbShape>rectangle</e:rbShape><e:rbUnit>relative</e:rbUnit>
              <e:rbX>0.1</e:rbX><e:rbY>0.2</e:rbY><e:rbW>0.3</e:rbW><e:rbH>0.4</e:rbH></e:RegionBoundary></rdf:li>
          <rdf:li rdf:parseType="Resource"><e:RegionBoundary rdf:parseType="Resource"><e:rbShape>polygon</e:rbShape>
            <e:rbUnit>pixel</e:rbUnit>
            <e:rbVertices><rdf:Seq><rdf:li e:rbX="10" e:rbY="5"/><rdf:li e:rbX="30" e:rbY="10"/>
              <rdf:li e:rbX="20" e:rbY="25"/></rdf:Seq></e:rbVertices></e:RegionBoundary></rdf:li>
        </rdf:Bag></e:ImageRegion>
        <e:PersonInImage><rdf:Bag><rdf:li>Ivo</rdf:li><rdf:li> Ada </rdf:li></rdf:Bag></e:PersonInImage>
        <acdsee-rs:Regions rdf:parseType="Resource"><acdsee-rs:RegionList><rdf:Bag>
          <rdf:li acdsee-rs:Name="Cara" acdsee-rs:Type="Face">
            <acdsee-rs:ALGArea acdsee-stArea:x="0.9" acdsee-stArea:y="0.9" acdsee-stArea:w="0.1" acdsee-stArea:h="0.1"/>
            <acdsee-rs:DLYArea acdsee-stArea:x="0.25" acdsee-stArea:y="0.4" acdsee-stArea:w="0.3"
              acdsee-stArea:h="0.4"/></rdf:li>
          <rdf:li acdsee-rs:Name="Not me" acdsee-rs:NameAssignType="denied" acdsee-rs:Type="Face"/>
        </rdf:Bag></acdsee-rs:RegionList></acdsee-rs:Regions>
        <mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:RegionList><rdf:Seq>
          <rdf:li rdf:parseType="Resource"><mwg-rs:Type>Face</mwg-rs:Type>
            <mwg-rs:Area stArea:x="0.25" stArea:y="0.4" stArea:w="0.3" stArea:h="0.4"/>
            <mwg-rs:Extensions rdf:parseType="Resource"><apple-fi:AngleInfoYaw>0</apple-fi:AngleInfoYaw>
            </mwg-rs:Extensions></rdf:li>
          <rdf:li rdf:parseType="Resource"><mwg-rs:Type>Focus</mwg-rs:Type>
            <mwg-rs:Area stArea:x="0.5" stArea:y="0.5"/></rdf:li>
          <rdf:li rdf:parseType="Resource"><mwg-rs:Type>Pet</mwg-rs:Type><mwg-rs:Name>Rex</mwg-rs:Name></rdf:li>
        </rdf:Seq></mwg-rs:RegionList></mwg-rs:Regions></rdf:Description>"#,
    );
    let said: Vec<_> = found.regions.iter().map(|r| (r.format, r.name.as_deref(), r.kind.is_person())).collect();
    let expected = [
        (RegionFormat::Apple, None, true),
        (RegionFormat::Mwg, None, false),
        (RegionFormat::Mwg, Some("Rex"), false),
        (RegionFormat::Microsoft, Some("Mia"), true),
        (RegionFormat::Microsoft, Some("Nowhere"), true),
        (RegionFormat::Iptc, Some("Ivo"), true),
        (RegionFormat::Iptc, None, true),
        (RegionFormat::AcdSee, Some("Cara"), true),
        (RegionFormat::AcdSee, None, true),
    ];
    assert_eq!(said, expected);
    for index in [0, 3, 5, 7] {
        assert!(is_close(found.regions[index].area.unwrap(), area(0.1, 0.2, 0.3, 0.4)), "{index}");
    }
    assert_eq!(found.regions[4].area, None);
    assert_eq!((found.regions[6].unit, found.regions[6].area), (BoxUnit::Pixels, Some(area(10.0, 5.0, 20.0, 20.0))));
    assert_eq!(found.person_in_image, ["Ivo", "Ada"]);
}

#[test]
fn every_encoding_reads_alike() {
    let text = packet(DIGIKAM).replace("Berta", "Bërta 𝄞");
    let expected = parse(text.as_bytes()).unwrap();
    assert_eq!(expected.regions[0].name.as_deref(), Some("Bërta 𝄞"));
    let sixteen = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let thirty_two = |bytes: fn(u32) -> [u8; 4]| text.chars().map(u32::from).flat_map(bytes).collect::<Vec<u8>>();
    let forms = [
        sixteen(u16::to_le_bytes),
        sixteen(u16::to_be_bytes),
        [vec![0xff, 0xfe], sixteen(u16::to_le_bytes)].concat(),
        [vec![0xfe, 0xff], sixteen(u16::to_be_bytes)].concat(),
        thirty_two(u32::to_le_bytes),
        thirty_two(u32::to_be_bytes),
        [b"\xef\xbb\xbf".to_vec(), text.clone().into_bytes()].concat(),
        [text.clone().into_bytes(), vec![0; 7]].concat(),
    ];
    for (index, form) in forms.iter().enumerate() {
        assert_eq!(parse(form).as_ref(), Ok(&expected), "form {index}");
    }
}

#[test]
fn harmful_packets_are_refused() {
    let laughs = format!("<!DOCTYPE r [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;\">]>{}", packet(DIGIKAM));
    assert_eq!(parse(laughs.as_bytes()), Err(PacketError::DocumentType));
    let file = format!("<!DOCTYPE r SYSTEM \"file:///etc/passwd\">{}", packet("&r;"));
    assert_eq!(parse(file.as_bytes()), Err(PacketError::DocumentType));
    let entity = packet(
        "<rdf:Description xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:title>&other;</dc:title></rdf:Description>",
    );
    assert!(matches!(parse(entity.as_bytes()), Err(PacketError::NotXml { .. })));
    let deep = packet(&format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000)));
    assert_eq!(parse(deep.as_bytes()), Err(PacketError::TooComplex));
    let attributes: String = (0..200_000).map(|i| format!(" a{i}=''")).collect();
    assert_eq!(parse(packet(&format!("<a{attributes}/>")).as_bytes()), Err(PacketError::TooComplex));
    let spaces: String = (0..30_000).map(|i| format!("<a xmlns:n{i}='urn:{i}'/>")).collect();
    let inherited: String = (0..900).map(|i| format!(" xmlns:m{i}='urn:{i}'")).collect();
    assert_eq!(parse(packet(&format!("<a{inherited}>{spaces}</a>")).as_bytes()), Err(PacketError::TooComplex));
    assert!(matches!(parse(&vec![b' '; 17 << 20]), Err(PacketError::TooLong { .. })));
    assert_eq!(parse(b"<x>\xff</x>"), Err(PacketError::NotText));
    assert_eq!(parse(b"<x/>"), Err(PacketError::NoRdf));
    assert!(parse(b"").is_err());
}

/// Camera Raw writes a thousand settings into one tag.
#[test]
fn many_attributes_are_read() {
    let attributes: String = (0..1500).map(|i| format!(" crs:a{i}=\"{i}\"")).collect();
    let text = format!("<rdf:Description rdf:about=\"\" xmlns:crs=\"urn:crs\"{attributes}/>\n{DIGIKAM}");
    assert_eq!(read(&text).regions.len(), 2);
}

#[test]
fn boxes_turn_and_return() {
    let upright = area(0.1, 0.2, 0.3, 0.15);
    for orientation in 1..=8 {
        assert!(is_close(to_upright(to_stored(upright, orientation), orientation), upright), "{orientation}");
    }
    // By hand: the camera lay on its side, and what is at the top left when upright is stored at the bottom left.
    assert!(is_close(to_stored(area(0.0, 0.0, 0.2, 0.1), 6), area(0.0, 0.8, 0.1, 0.2)));
    assert!(is_close(to_stored(area(0.0, 0.0, 0.2, 0.1), 8), area(0.9, 0.0, 0.1, 0.2)));
    assert!(is_close(to_stored(area(0.0, 0.0, 0.2, 0.1), 3), area(0.8, 0.9, 0.2, 0.1)));
}

#[test]
fn a_list_s_size_tells_its_frame() {
    let frame = |size, orientation| list_frame(size, (4000, 3000), orientation);
    assert_eq!(frame(None, 6), ListFrame::Stored);
    assert_eq!(frame(Some((4000, 3000)), 6), ListFrame::Stored);
    // Made smaller since.
    assert_eq!(frame(Some((1024, 768)), 1), ListFrame::Stored);
    assert_eq!(frame(Some((3000, 4000)), 6), ListFrame::Upright);
    assert_eq!(frame(Some((3000, 4000)), 1), ListFrame::Stale);
    assert_eq!(frame(Some((4000, 2250)), 1), ListFrame::Stale);
    assert_eq!(list_frame(Some((3000, 3000)), (3000, 3000), 6), ListFrame::Stored);
}
