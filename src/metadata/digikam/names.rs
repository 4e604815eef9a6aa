//! From digiKam's rows to names.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use super::roots::AlbumRoot;
use super::tables::{DigikamTables, FaceRow};
use crate::metadata::found::{NameFound, NameKind, NameRegion, NameSource, PhotoPath, RegionArea, StatedFrame};
use crate::metadata::name_key::cleaned;

/// What the database holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct DigikamNames {
    pub found: Vec<NameFound>,
    /// Faces that were written in no way known, or in a photo of unknown size or place.
    pub unread: usize,
}

/// Photos that digiKam shows; 3 is its bin, 4 are entries of photos that are gone (`DatabaseItem::Status`).
const SHOWN: [i64; 2] = [1, 2];
/// Faces of one photo beyond this many are passed over.
const MAX_FACES: usize = 1_000;

pub(super) fn collect(tables: &DigikamTables, mounted: &dyn Fn(&str) -> Option<PathBuf>) -> DigikamNames {
    let reader = RowReader { tables, tags: tags(tables), photos: photos(tables, mounted) };
    let mut names = DigikamNames::default();
    let mut per_photo: HashMap<i64, usize> = HashMap::new();
    let mut placed = HashSet::new();
    for row in &tables.faces {
        let Some(face) = reader.face(row) else { continue };
        let count = per_photo.entry(row.image).or_default();
        *count += 1;
        match face {
            Ok(found) if *count <= MAX_FACES => {
                placed.insert((row.image, row.tag));
                names.found.push(found);
            }
            _ => names.unread += 1,
        }
    }
    let without_place = tables.image_tags.iter().filter(|pair| placed.insert(**pair));
    names.found.extend(without_place.filter_map(|&(image, tag)| reader.without_region(image, tag)));
    names
}

/// What a tag is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tag {
    Person(String),
    /// digiKam's own tags for faces without a name.
    Nobody,
    Ignored,
}

fn tags(tables: &DigikamTables) -> HashMap<i64, Tag> {
    let mut tags: HashMap<i64, Tag> = HashMap::new();
    for (tag, property, value) in &tables.tag_properties {
        let own = || tables.tags.get(tag).cloned();
        let kind = match property.as_str() {
            "unknownPerson" | "unconfirmedPerson" => Some(Tag::Nobody),
            "ignoredPerson" => Some(Tag::Ignored),
            // digiKam's own tags have this property as well.
            "person" if tags.get(tag).is_none_or(|known| matches!(known, Tag::Person(_))) => {
                let name = value.clone().filter(|name| !name.trim().is_empty()).or_else(own);
                name.as_deref().and_then(cleaned).map(Tag::Person)
            }
            _ => None,
        };
        tags.extend(kind.map(|kind| (*tag, kind)));
    }
    tags
}

fn photos(tables: &DigikamTables, mounted: &dyn Fn(&str) -> Option<PathBuf>) -> HashMap<i64, PhotoPath> {
    let root_of = |row: &super::tables::AlbumRootRow| AlbumRoot::of(&row.identifier, &row.specific_path, mounted);
    let roots: HashMap<i64, AlbumRoot> = tables.roots.iter().map(|(id, row)| (*id, root_of(row))).collect();
    let with_faces = tables.faces.iter().map(|row| row.image).chain(tables.image_tags.iter().map(|(image, _)| *image));
    let images: HashSet<i64> = with_faces.collect();
    let path = |image: i64| {
        let row = tables.images.get(&image).filter(|row| SHOWN.contains(&row.status))?;
        let (root, album) = tables.albums.get(&row.album)?;
        let inside = Path::new(album.trim_matches('/')).join(&row.name);
        // A path of digiKam stays inside its collection.
        let is_plain = inside.components().all(|part| matches!(part, Component::Normal(_)));
        let path = match roots.get(root).filter(|_| is_plain && !row.name.is_empty())? {
            AlbumRoot::At(root) => PhotoPath::Whole(root.join(inside)),
            AlbumRoot::OnVolume(root) => PhotoPath::OnVolume { root: root.clone(), inside },
        };
        Some((image, path))
    };
    images.into_iter().filter_map(path).collect()
}

struct RowReader<'a> {
    tables: &'a DigikamTables,
    tags: HashMap<i64, Tag>,
    photos: HashMap<i64, PhotoPath>,
}

impl RowReader<'_> {
    /// None of a row that says nothing of a face, an error of a face that cannot be understood.
    fn face(&self, row: &FaceRow) -> Option<Result<NameFound, ()>> {
        let tag = self.tags.get(&row.tag)?;
        let (name, kind, region) = match (row.property.as_str(), tag) {
            ("tagRegion", Tag::Person(name)) => (Some(name.clone()), NameKind::Confirmed, row.value.as_str()),
            ("tagRegion" | "autodetectedFace", Tag::Nobody) => (None, NameKind::Unnamed, row.value.as_str()),
            ("autodetectedFace", Tag::Person(name)) => (Some(name.clone()), NameKind::Suggested, row.value.as_str()),
            ("ignoredFace", _) | ("tagRegion" | "autodetectedFace", Tag::Ignored) => {
                (None, NameKind::Ignored, row.value.as_str())
            }
            ("autodetectedPerson", _) => {
                // "tag,autodetectedFace,<rect …/>".
                let Some((tag, rest)) = row.value.split_once(',') else { return Some(Err(())) };
                let person = tag.trim().parse().ok().and_then(|tag: i64| self.tags.get(&tag));
                let Some(Tag::Person(name)) = person else { return Some(Err(())) };
                let region = rest.split_once(',').map_or(rest, |(_, region)| region);
                (Some(name.clone()), NameKind::Suggested, region)
            }
            _ => return None,
        };
        let photo = self.photos.get(&row.image);
        let sides = self.tables.sizes.get(&row.image).filter(|(width, height)| *width > 0 && *height > 0);
        let (Some(photo), Some(&sides), Some(at)) = (photo, sides, rectangle(region)) else { return Some(Err(())) };
        let region = NameRegion { region: RegionArea::Pixels { at, sides }, frame: StatedFrame::Upright };
        Some(Ok(named(photo, name, Some(region), kind)))
    }

    fn without_region(&self, image: i64, tag: i64) -> Option<NameFound> {
        let (Tag::Person(name), photo) = (self.tags.get(&tag)?, self.photos.get(&image)?) else { return None };
        Some(named(photo, Some(name.clone()), None, NameKind::Confirmed))
    }
}

fn named(photo: &PhotoPath, name: Option<String>, region: Option<NameRegion>, kind: NameKind) -> NameFound {
    NameFound { photo: photo.clone(), name, region, source: NameSource::DigikamDatabase, writer: None, kind }
}

fn rectangle(xml: &str) -> Option<[f32; 4]> {
    const MAX_BYTES: usize = 1 << 10;
    let document = roxmltree::Document::parse(xml.get(..xml.len().min(MAX_BYTES))?).ok()?;
    let rect = Some(document.root_element()).filter(|element| element.has_tag_name("rect"))?;
    let value = |name| rect.attribute(name).and_then(|text| text.trim().parse::<i32>().ok()).map(|value| value as f32);
    let at = [value("x")?, value("y")?, value("width")?, value("height")?];
    (at[2] > 0.0 && at[3] > 0.0).then_some(at)
}
