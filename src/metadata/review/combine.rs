//! All sources of a photo together: which face is whom, where they agree.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::fate::{FaceFate, fate};
use super::known::shared_names;
use super::{NamesToReview, OpenWhy};
use crate::metadata::deduce::{self, NamesToPlace};
use crate::metadata::faces::{FaceOwner, PhotoToName};
use crate::metadata::found::{NameFound, NameKind};
use crate::metadata::name_key::NameKey;
use crate::metadata::places::{self, NamesInPhotos, UnplacedName, UnplacedWhy, WriterReading};
use crate::metadata::region_box::RegionBox;

/// Numbers are places in the lists passed.
pub(super) struct Combined {
    /// Every name that is given for a photo and not answered, with who gives it.
    pub given: BTreeMap<(usize, NameKey), Vec<usize>>,
    /// Names by face; more than one contradict each other.
    pub faces: BTreeMap<(usize, usize), Vec<FaceName>>,
    pub by_hand: Vec<HandRegion>,
    pub deduced: Vec<deduce::DeducedName>,
    pub open: BTreeMap<(usize, NameKey), OpenWhy>,
    /// Names that nothing is offered for, since the user gave the person a face of the photo.
    pub owned: Vec<(usize, NameKey)>,
    /// Every place of a name, answered or not.
    pub stands_at: Vec<(usize, NameKey, RegionBox)>,
    pub elsewhere: usize,
    pub readings: Vec<WriterReading>,
}

/// A name of a face, with who says it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FaceName {
    pub key: NameKey,
    pub found: Vec<usize>,
    pub fit: f32,
    pub kind: NameKind,
}

/// A region without a face.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HandRegion {
    pub photo: usize,
    pub at: RegionBox,
    /// More than one contradict each other.
    pub names: Vec<(NameKey, Vec<usize>)>,
}

pub(super) fn combine(input: &NamesToReview) -> Combined {
    let names = places::place(input.found, input.photos);
    let mut combined = Combined {
        given: given(input, &names),
        faces: faces(input, &names),
        by_hand: Vec::new(),
        deduced: Vec::new(),
        open: BTreeMap::new(),
        owned: Vec::new(),
        stands_at: stands_at(input, &names),
        elsewhere: names.unplaced.iter().filter(|unplaced| unplaced.photo.is_none()).count(),
        readings: names.readings.clone(),
    };
    combined.by_hand = by_hand(input, &names, &mut combined);
    combined.work_out(input, &names);
    combined
}

/// The key of a name that was found, unless it has been answered for this photo, or for this place in it.
fn key(input: &NamesToReview, found: usize, photo: usize, at: Option<RegionBox>) -> Option<NameKey> {
    any_key(input, found).filter(|key| !input.answered.has(&input.photos[photo], key, at))
}

/// Also where it has been answered.
fn any_key(input: &NamesToReview, found: usize) -> Option<NameKey> {
    let name = input.found[found].name.as_deref().filter(|_| input.found[found].names_somebody())?;
    NameKey::of(name)
}

/// Where a name without a place of its own would be.
fn taken_place(input: &NamesToReview, unplaced: &UnplacedName) -> Option<RegionBox> {
    match unplaced.why {
        UnplacedWhy::FaceTaken { face } => Some(input.photos[unplaced.photo?].faces[face].at),
        _ => None,
    }
}

/// Every name that was found in a photo of the library, by that photo, and where it is there.
fn found_at(input: &NamesToReview, names: &NamesInPhotos) -> impl Iterator<Item = (usize, usize, Option<RegionBox>)> {
    let of_face = |photo: usize, face: usize| input.photos[photo].faces[face].at;
    let placed =
        names.placed.iter().map(move |placed| (placed.found, placed.photo, Some(of_face(placed.photo, placed.face))));
    let by_hand = names.by_hand.iter().map(|region| (region.found, region.photo, Some(region.at)));
    let unplaced = names
        .unplaced
        .iter()
        .filter_map(|unplaced| Some((unplaced.found, unplaced.photo?, taken_place(input, unplaced))));
    let without_region = names.without_region.iter().map(|&(found, photo)| (found, photo, None));
    placed.chain(by_hand).chain(unplaced).chain(without_region)
}

fn stands_at(input: &NamesToReview, names: &NamesInPhotos) -> Vec<(usize, NameKey, RegionBox)> {
    found_at(input, names).filter_map(|(found, photo, at)| Some((photo, any_key(input, found)?, at?))).collect()
}

fn given(input: &NamesToReview, names: &NamesInPhotos) -> BTreeMap<(usize, NameKey), Vec<usize>> {
    let mut given: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (found, photo, at) in found_at(input, names) {
        if let Some(key) = key(input, found, photo, at) {
            given.entry((photo, key)).or_default().push(found);
        }
    }
    given
}

/// A second region of one program on one face counts as well: it is where two names for one face come from.
fn faces(input: &NamesToReview, names: &NamesInPhotos) -> BTreeMap<(usize, usize), Vec<FaceName>> {
    let placed = names.placed.iter().map(|placed| (placed.found, placed.photo, placed.face, placed.fit));
    let second = names.unplaced.iter().filter_map(|unplaced| match unplaced.why {
        UnplacedWhy::FaceTaken { face } => Some((unplaced.found, unplaced.photo?, face, 0.0)),
        _ => None,
    });
    let mut faces: BTreeMap<(usize, usize), Vec<FaceName>> = BTreeMap::new();
    for (found, photo, face, fit) in placed.chain(second) {
        let at = input.photos[photo].faces[face].at;
        let Some(key) = key(input, found, photo, Some(at)) else { continue };
        let kind = input.found[found].kind;
        let of_face = faces.entry((photo, face)).or_default();
        match of_face.iter_mut().find(|name| name.key == key) {
            Some(name) => {
                name.found.push(found);
                name.fit = name.fit.max(fit);
                name.kind = if kind == NameKind::Confirmed { kind } else { name.kind };
            }
            None => of_face.push(FaceName { key, found: vec![found], fit, kind }),
        }
    }
    // What somebody confirmed outdoes what a program guessed.
    for of_face in faces.values_mut() {
        if of_face.iter().any(|name| name.kind == NameKind::Confirmed) {
            of_face.retain(|name| name.kind == NameKind::Confirmed);
        }
    }
    drop_beside_surer(input, &mut faces);
    faces
}

/// One name on two faces of a photo: on a face that the user gave to that person it is sure, where somebody confirmed it
/// surer than where programs guessed, and of guesses the better fit stays. What is equally sure contradicts. Of a name that
/// several people have the user gave a face to one of them.
fn drop_beside_surer(input: &NamesToReview, faces: &mut BTreeMap<(usize, usize), Vec<FaceName>>) {
    let shared = shared_names(input);
    let sureness = |photo: usize, face: usize, name: &FaceName| match (fate(input, photo, face, &name.key), name.kind) {
        (FaceFate::Settled, _) if shared.contains(&name.key) => 2.0,
        (FaceFate::Settled, _) => 3.0,
        (FaceFate::Denied, _) => -1.0,
        (_, NameKind::Confirmed) => 2.0,
        _ => name.fit,
    };
    let mut surest: HashMap<(usize, NameKey), f32> = HashMap::new();
    for ((photo, face), names) in faces.iter() {
        for name in names {
            let known = surest.entry((*photo, name.key.clone())).or_insert(f32::MIN);
            *known = known.max(sureness(*photo, *face, name));
        }
    }
    for ((photo, face), names) in faces.iter_mut() {
        names.retain(|name| sureness(*photo, *face, name) >= surest[&(*photo, name.key.clone())]);
    }
    faces.retain(|_, names| !names.is_empty());
}

/// Regions of several sources at one place are one region, and so are those of one name, if one person has it.
fn by_hand(input: &NamesToReview, names: &NamesInPhotos, combined: &mut Combined) -> Vec<HandRegion> {
    let (on_face, shared): (HashSet<(usize, NameKey)>, _) = (combined.on_faces().collect(), shared_names(input));
    let is_elsewhere = |photo: usize, key: &NameKey| !shared.contains(key) && on_face.contains(&(photo, key.clone()));
    let mut regions: Vec<HandRegion> = Vec::new();
    let mut of_photo: HashMap<usize, Vec<usize>> = HashMap::new();
    for region in &names.by_hand {
        let key = key(input, region.found, region.photo, Some(region.at));
        let Some(key) = key.filter(|key| !is_elsewhere(region.photo, key)) else { continue };
        let aspect = input.photos[region.photo].aspect();
        let forgotten = &input.photos[region.photo].forgotten;
        if forgotten.iter().any(|&place| places::fit(region.at, place, aspect).is_some()) {
            combined.open.insert((region.photo, key), OpenWhy::Forgotten);
            continue;
        }
        let there = of_photo.entry(region.photo).or_default();
        let same = there.iter().copied().find(|&at| {
            regions[at].names.iter().any(|(known, _)| *known == key && !shared.contains(&key))
                || places::fit(regions[at].at, region.at, aspect).is_some()
        });
        match same.map(|at| &mut regions[at].names) {
            Some(known) => match known.iter_mut().find(|(known, _)| *known == key) {
                Some((_, found)) => found.push(region.found),
                None => known.push((key, vec![region.found])),
            },
            None => {
                there.push(regions.len());
                regions.push(HandRegion { photo: region.photo, at: region.at, names: vec![(key, vec![region.found])] });
            }
        }
    }
    for region in &mut regions {
        drop_outdone(input, region);
        // Forgotten at one place and not at another.
        region.names.iter().for_each(|(key, _)| _ = combined.open.remove(&(region.photo, key.clone())));
    }
    regions
}

/// As on faces, what somebody confirmed outdoes what a program guessed.
fn drop_outdone(input: &NamesToReview, region: &mut HandRegion) {
    let is_said = |found: &[usize]| found.iter().any(|&found| input.found[found].kind == NameKind::Confirmed);
    if region.names.iter().any(|(_, found)| is_said(found)) {
        region.names.retain(|(_, found)| is_said(found));
    }
}

impl Combined {
    /// Each name with its photo, once a face.
    fn on_faces(&self) -> impl Iterator<Item = (usize, NameKey)> {
        self.faces.iter().flat_map(|((photo, _), names)| names.iter().map(|name| (*photo, name.key.clone())))
    }

    fn on_regions(&self) -> impl Iterator<Item = (usize, NameKey)> {
        self.by_hand.iter().flat_map(|region| region.names.iter().map(|(key, _)| (region.photo, key.clone())))
    }

    /// A program's guess yields to what all photos together say.
    fn drop_guesses(&mut self) {
        for name in &self.deduced {
            for guess in self.faces.remove(&(name.photo, name.face)).into_iter().flatten() {
                self.open.insert((name.photo, guess.key), OpenWhy::Outdone);
            }
        }
    }

    /// Names that no region brought to a face, from the photos of all. A name whose region was left behind by a crop
    /// still says who is there.
    fn work_out(&mut self, input: &NamesToReview, names: &NamesInPhotos) {
        let mut faces_of: HashMap<(usize, &NameKey), usize> = HashMap::new();
        for ((photo, _), names) in &self.faces {
            names.iter().for_each(|name| *faces_of.entry((*photo, &name.key)).or_default() += 1);
        }
        let is_once = |photo: usize, name: &FaceName| faces_of[&(photo, &name.key)] == 1;
        let name_of = |(at, names): (&(usize, usize), &Vec<FaceName>)| {
            Some((*at, agreed(names)?.filter(|_| is_once(at.0, &names[0]))))
        };
        let placed = self.faces.iter().filter_map(name_of).collect();
        let owned: HashSet<(usize, NameKey)> =
            input.photos.iter().enumerate().flat_map(|(at, photo)| owners(photo).map(move |key| (at, key))).collect();
        let mut settled: HashSet<(usize, NameKey)> = self.on_faces().chain(self.on_regions()).collect();
        settled.extend(self.open.keys().chain(&owned).cloned());
        let is_confirmed = |found: &NameFound| found.kind == NameKind::Confirmed;
        let why = unplaced_why(input, names);
        let given: Vec<(usize, NameKey)> = self
            .given
            .iter()
            .filter(|(given, found)| {
                !settled.contains(*given) && found.iter().any(|&found| is_confirmed(&input.found[found]))
            })
            .map(|(given, _)| given.clone())
            .collect();
        let (open, lost): (Vec<_>, Vec<_>) = given.into_iter().partition(|given| {
            matches!(why.get(given), None | Some(UnplacedWhy::PictureCropped | UnplacedWhy::ReadingUnclear))
        });
        let to_place = NamesToPlace {
            photos: input.photos,
            names: &open,
            placed: &placed,
            same_person: input.same_person,
            cancel: input.cancel,
        };
        let deduced = deduce::deduce(&to_place);
        for name in deduced.undecided {
            let given = (name.photo, name.name);
            let unplaced = why.get(&given).map(|why| OpenWhy::Unplaced(*why));
            self.open.insert(given, unplaced.unwrap_or(OpenWhy::Undecided(name.why)));
        }
        self.open.extend(lost.into_iter().filter_map(|given| why.get(&given).map(|w| (given, OpenWhy::Unplaced(*w)))));
        self.deduced = deduced.names;
        let place = |name: &deduce::DeducedName| input.photos[name.photo].faces[name.face].at;
        self.stands_at.extend(self.deduced.iter().map(|name| (name.photo, name.name.clone(), place(name))));
        self.drop_guesses();
        self.note_the_rest(&why, &owned);
    }

    /// Names that are neither offered nor open: they are the user's own already, or were dropped beside something surer.
    fn note_the_rest(&mut self, why: &HashMap<(usize, NameKey), UnplacedWhy>, owned: &HashSet<(usize, NameKey)>) {
        let mut told: HashSet<(usize, NameKey)> = self.on_faces().chain(self.on_regions()).collect();
        told.extend(self.open.keys().cloned());
        told.extend(self.deduced.iter().map(|name| (name.photo, name.name.clone())));
        for given in self.given.keys().filter(|given| !told.contains(*given)) {
            if owned.contains(given) {
                self.owned.push(given.clone());
                continue;
            }
            let why = match why.get(given) {
                None | Some(UnplacedWhy::FaceTaken { .. }) => OpenWhy::Outdone,
                Some(why) => OpenWhy::Unplaced(*why),
            };
            self.open.insert(given.clone(), why);
        }
    }
}

/// The name of a face that somebody named; none of them where they contradict each other. A guess leaves it open.
fn agreed(names: &[FaceName]) -> Option<Option<NameKey>> {
    match names {
        [name] if name.kind == NameKind::Confirmed => Some(Some(name.key.clone())),
        [_] | [] => None,
        _ => Some(None),
    }
}

/// The people to whom the user gave faces of the photo.
fn owners(photo: &PhotoToName) -> impl Iterator<Item = NameKey> {
    let names: BTreeSet<NameKey> = photo
        .faces
        .iter()
        .filter_map(|face| if let FaceOwner::Person { name, .. } = face.of { NameKey::of(name) } else { None })
        .collect();
    names.into_iter()
}

fn unplaced_why(input: &NamesToReview, names: &NamesInPhotos) -> HashMap<(usize, NameKey), UnplacedWhy> {
    let why = names.unplaced.iter().filter_map(|unplaced| {
        let photo = unplaced.photo?;
        Some(((photo, key(input, unplaced.found, photo, taken_place(input, unplaced))?), unplaced.why))
    });
    why.collect()
}
