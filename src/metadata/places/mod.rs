//! Regions of other programs to the faces that were found.
//!
//! Nobody can be trusted on which picture a region counts in: as it is stored, as it is shown, or turned in some other
//! way. So every reading is tried on every photo, the faces decide for each program over the whole library, and a photo
//! departs from its program's reading only where its own faces say so plainly ([`reading`]). Within a photo a region
//! and a face belong together by overlap and centre ([`fit`]), one to one, so that the sum is largest ([`assign`]).
//!
//! A region whose picture had another shape than the photo has was left behind by a crop: it is placed nowhere. A named
//! region without a found face becomes a proposal to make one by hand, if its reading is sure.

mod assign;
mod fit;
mod reading;
mod regions;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::faces::PhotoToName;
use super::found::{NameFound, NameKind, NameRegion, NameSource};
use super::photo_index::{PathMeaning, PhotoIndex};
use super::region_box::{ExifTurn, RegionBox};
pub(crate) use assign::assign;
pub(crate) use fit::fit;
use reading::Votes;

/// What became of each name that was found. Numbers are places in the lists passed.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct NamesInPhotos {
    pub placed: Vec<PlacedRegion>,
    pub by_hand: Vec<RegionByHand>,
    /// Names that have no region, with their photos.
    pub without_region: Vec<(usize, usize)>,
    pub unplaced: Vec<UnplacedName>,
    pub readings: Vec<WriterReading>,
}

/// A region that is a face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PlacedRegion {
    pub found: usize,
    pub photo: usize,
    /// Its place among the photo's faces.
    pub face: usize,
    /// 0 to 1.
    pub fit: f32,
}

/// A region where no face was found, in the upright picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RegionByHand {
    pub found: usize,
    pub photo: usize,
    pub at: RegionBox,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnplacedName {
    pub found: usize,
    pub photo: Option<usize>,
    pub why: UnplacedWhy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum UnplacedWhy {
    PhotoNotInLibrary,
    /// Several photos could be meant.
    PhotoUnclear,
    /// The photo was cropped after the region was drawn.
    PictureCropped,
    /// No face decides how the program counts.
    ReadingUnclear,
    /// Nothing of the region lies in the picture, or it is too small for a face.
    NoRegion,
    /// Another region of the same program is the same face.
    FaceTaken {
        face: usize,
    },
    /// The program only guessed, and no face was found there.
    GuessWithoutFace,
    /// Beyond what a photo may hold.
    TooMany,
}

/// How a program counts in this library.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct WriterReading {
    pub source: NameSource,
    pub writer: Option<String>,
    /// Faces that its regions fit, in photos that need turning: counted as stored, counted upright.
    pub stored: f32,
    pub upright: f32,
}

/// One program's regions in one photo.
pub(crate) struct PhotoRegions<'a> {
    photo: &'a PhotoToName<'a>,
    at: usize,
    regions: Vec<(usize, NameRegion)>,
}

/// More regions of one program in one photo are passed over.
const MAX_REGIONS: usize = 400;
/// A face's smallest side, as a share of the picture's.
const MIN_SIDE: f32 = 0.003;

type Writer<'a> = (NameSource, Option<&'a str>);

pub(crate) fn place(found: &[NameFound], photos: &[PhotoToName]) -> NamesInPhotos {
    let mut names = NamesInPhotos::default();
    let by_writer = sorted(found, photos, &mut names);
    for ((source, writer), groups) in by_writer {
        let mut votes = Votes::default();
        groups.iter().for_each(|group| votes.count(group));
        for group in &groups {
            let (turn, is_sure) = votes.turn_of(group);
            place_photo(group, turn, is_sure, found, &mut names);
        }
        let (stored, upright) = votes.stored_and_upright();
        names.readings.push(WriterReading { source, writer: writer.map(str::to_owned), stored, upright });
    }
    names.placed.sort_by_key(|placed| placed.found);
    names.by_hand.sort_by_key(|region| region.found);
    names.unplaced.sort_by_key(|unplaced| unplaced.found);
    names
}

/// Regions by program and photo. What has no photo, no region, or one that cannot be placed is noted.
fn sorted<'a>(
    found: &'a [NameFound],
    photos: &'a [PhotoToName<'a>],
    names: &mut NamesInPhotos,
) -> Vec<(Writer<'a>, Vec<PhotoRegions<'a>>)> {
    let index = PhotoIndex::new(photos.iter().map(|photo| photo.path.as_path()));
    let mut by_writer: HashMap<Writer, HashMap<usize, PhotoRegions>> = HashMap::new();
    for (number, name) in found.iter().enumerate() {
        let mut note = |photo, why| names.unplaced.extend(unplaced(found, number, photo, why));
        let at = match index.find(&name.photo) {
            PathMeaning::Photo(at) => at,
            PathMeaning::NotInLibrary => {
                note(None, UnplacedWhy::PhotoNotInLibrary);
                continue;
            }
            PathMeaning::Ambiguous => {
                note(None, UnplacedWhy::PhotoUnclear);
                continue;
            }
        };
        let Some(region) = name.region else {
            names.without_region.extend(name.names_somebody().then_some((number, at)));
            continue;
        };
        let photo = &photos[at];
        if regions::is_stale(&region, photo.size) {
            note(Some(at), UnplacedWhy::PictureCropped);
            continue;
        }
        let of_writer = by_writer.entry((name.source, name.writer.as_deref())).or_default();
        let group = of_writer.entry(at).or_insert_with(|| PhotoRegions { photo, at, regions: Vec::new() });
        if group.regions.len() < MAX_REGIONS {
            group.regions.push((number, region));
        } else {
            note(Some(at), UnplacedWhy::TooMany);
        }
    }
    // In one order, so that the same files give the same proposals.
    let ordered = |groups: HashMap<usize, PhotoRegions<'a>>| {
        let mut groups: Vec<_> = groups.into_values().collect();
        groups.sort_by_key(|group| group.at);
        groups
    };
    let mut all: Vec<_> = by_writer.into_iter().map(|(writer, groups)| (writer, ordered(groups))).collect();
    all.sort_by_key(|(writer, _)| *writer);
    all
}

fn place_photo(group: &PhotoRegions, turn: ExifTurn, is_sure: bool, found: &[NameFound], names: &mut NamesInPhotos) {
    let boxes = group.upright(turn);
    let fits = group.fits(&boxes);
    let faces = assign(&fits);
    for (row, &(number, _)) in group.regions.iter().enumerate() {
        if let Some(face) = faces[row] {
            names.placed.push(PlacedRegion { found: number, photo: group.at, face, fit: fits[row][face] as f32 });
            continue;
        }
        let nearest = (0..fits[row].len()).filter(|&face| fits[row][face] > 0.0);
        let nearest = nearest.max_by(|&a, &b| fits[row][a].total_cmp(&fits[row][b]));
        let why = match (boxes[row], nearest) {
            (_, Some(face)) => UnplacedWhy::FaceTaken { face },
            (None, None) => UnplacedWhy::NoRegion,
            (Some(at), None) if at.width < MIN_SIDE || at.height < MIN_SIDE => UnplacedWhy::NoRegion,
            (Some(_), None) if !is_sure => UnplacedWhy::ReadingUnclear,
            (Some(_), None) if found[number].kind != NameKind::Confirmed => UnplacedWhy::GuessWithoutFace,
            (Some(at), None) => {
                names.by_hand.push(RegionByHand { found: number, photo: group.at, at });
                continue;
            }
        };
        names.unplaced.extend(unplaced(found, number, Some(group.at), why));
    }
}

/// A nameless region that leads nowhere is no news.
fn unplaced(found: &[NameFound], number: usize, photo: Option<usize>, why: UnplacedWhy) -> Option<UnplacedName> {
    found[number].names_somebody().then_some(UnplacedName { found: number, photo, why })
}
