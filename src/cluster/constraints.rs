//! What is known before any distance is looked at.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use super::ClusterError;
use crate::types::{PersonId, PhotoId, SquaredDistance};

/// Facts about faces, each list either empty or one entry a face.
///
/// Confirmed faces of one person are one cluster from the start, even if they are of one photo (a mirror, a collage).
/// Everything else keeps clusters apart: nobody is twice in a photo, two known people are two, and `apart`. Only copies,
/// faces of one photo that are all but equal, may meet: a mirror or a collage shows somebody twice.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Constraints {
    pub photos: Vec<PhotoId>,
    pub confirmed: Vec<Option<PersonId>>,
    /// Up to this distance two faces of one photo are copies of one. None: nobody is twice in a photo.
    pub copies: Option<SquaredDistance>,
    /// Pairs of faces that are of different people.
    pub apart: Vec<(usize, usize)>,
    /// The person or group that each face was of, confirmed or not: whom the next two lists speak of.
    pub groups: Vec<Option<PersonId>>,
    /// Two people or groups no face of which is of the other.
    pub different: Vec<(PersonId, PersonId)>,
    /// A face, and a person or group that it is not of.
    pub rejected: Vec<(usize, PersonId)>,
}

/// The same, as the algorithms use it: numbers from 0, and lists by number.
pub(super) struct NumberedConstraints {
    /// For each known person their faces.
    pub people: Vec<Vec<usize>>,
    /// The known person of a face.
    pub person_of: Vec<Option<usize>>,
    /// For each photo with more than one face its faces.
    pub photos: Vec<Vec<usize>>,
    /// The photo of a face, if it has other faces too.
    pub photo_of: Vec<Option<usize>>,
    /// For each face the first of the faces in its photo that are copies of one, itself where there are no others.
    pub copy_of: Vec<usize>,
    /// For each face the faces it is told apart from.
    pub apart: Vec<Vec<usize>>,
    pub told: ApartGroups,
}

/// What keeps whole groups apart, without a list of pairs of their faces.
#[derive(Default)]
pub(super) struct ApartGroups {
    /// For each group that something is said of its faces.
    pub groups: Vec<Vec<usize>>,
    /// The group of a face, if something is said of it.
    pub group_of: HashMap<usize, usize>,
    /// For each group the groups that it is different from.
    pub different: Vec<Vec<usize>>,
    /// For a face the groups that it is not of.
    pub rejected: HashMap<usize, Vec<usize>>,
    /// For each group the faces that are not of it.
    pub rejecting: Vec<Vec<usize>>,
}

impl ApartGroups {
    fn new(constraints: &Constraints) -> Self {
        let mut told = Self::default();
        let mut numbers: HashMap<PersonId, usize> = HashMap::new();
        let spoken_of = constraints.different.iter().flat_map(|&(a, b)| [a, b]);
        for person in spoken_of.chain(constraints.rejected.iter().map(|&(_, person)| person)) {
            let next = numbers.len();
            numbers.entry(person).or_insert(next);
        }
        told.groups = vec![Vec::new(); numbers.len()];
        told.different = vec![Vec::new(); numbers.len()];
        told.rejecting = vec![Vec::new(); numbers.len()];
        for (face, person) in constraints.groups.iter().enumerate() {
            if let Some(&number) = person.as_ref().and_then(|person| numbers.get(person)) {
                told.groups[number].push(face);
                told.group_of.insert(face, number);
            }
        }
        for (a, b) in &constraints.different {
            let (a, b) = (numbers[a], numbers[b]);
            if a != b {
                told.different[a].push(b);
                told.different[b].push(a);
            }
        }
        for (face, person) in &constraints.rejected {
            told.rejected.entry(*face).or_default().push(numbers[person]);
            told.rejecting[numbers[person]].push(*face);
        }
        told
    }

    /// Every face that one of these is kept apart from. Each group is looked through once, however many of the faces it
    /// is told apart from.
    pub fn from(&self, faces: &[usize]) -> impl Iterator<Item = usize> {
        let theirs: BTreeSet<usize> = faces.iter().filter_map(|face| self.group_of.get(face)).copied().collect();
        let different = theirs.iter().flat_map(|&group| &self.different[group]);
        let rejected = faces.iter().filter_map(|face| self.rejected.get(face)).flatten();
        let others: BTreeSet<usize> = different.chain(rejected).copied().collect();
        let rejecting = theirs.into_iter().flat_map(|group| &self.rejecting[group]);
        others.into_iter().flat_map(|group| &self.groups[group]).chain(rejecting).copied()
    }
}

impl NumberedConstraints {
    /// `distance` is asked of faces of one photo.
    pub fn new(
        constraints: &Constraints,
        faces: usize,
        distance: impl Fn(usize, usize) -> f32,
    ) -> Result<Self, ClusterError> {
        let check = |what, given: usize| match given == 0 || given == faces {
            true => Ok(()),
            false => Err(ClusterError::Lengths { what, faces, given }),
        };
        check("photos", constraints.photos.len())?;
        check("confirmed people", constraints.confirmed.len())?;
        let photo_keys = constraints.photos.iter().copied().map(Some);
        let (photos, photo_of) = collect(photo_keys, faces, 2);
        let (people, person_of) = collect(constraints.confirmed.iter().copied(), faces, 1);
        let mut apart = vec![Vec::new(); faces];
        for &(a, b) in &constraints.apart {
            if a >= faces || b >= faces {
                return Err(ClusterError::Lengths { what: "told apart", faces, given: a.max(b) + 1 });
            }
            apart[a].push(b);
            apart[b].push(a);
        }
        let copy_of = match constraints.copies {
            Some(copies) => first_copies(&photos, faces, copies, distance),
            None => (0..faces).collect(),
        };
        check("groups", constraints.groups.len())?;
        if let Some(&(face, _)) = constraints.rejected.iter().find(|(face, _)| *face >= faces) {
            return Err(ClusterError::Lengths { what: "rejected", faces, given: face + 1 });
        }
        let told = ApartGroups::new(constraints);
        Ok(Self { people, person_of, photos, photo_of, copy_of, apart, told })
    }

    /// The other faces of its photo that `face` must not meet.
    pub fn photo_mates(&self, face: usize) -> impl Iterator<Item = usize> {
        let mates = self.photo_of[face].map_or(&[][..], |photo| &self.photos[photo]);
        mates.iter().copied().filter(move |&other| self.copy_of[other] != self.copy_of[face])
    }
}

/// For each face the first of those in its photo that copies lead to, one after another: what is as near to a copy is
/// one, too.
fn first_copies(
    photos: &[Vec<usize>],
    faces: usize,
    copies: SquaredDistance,
    distance: impl Fn(usize, usize) -> f32,
) -> Vec<usize> {
    let mut copy_of: Vec<usize> = (0..faces).collect();
    for faces in photos {
        for (place, &face) in faces.iter().enumerate() {
            for &other in &faces[..place] {
                let (first, second) = (copy_of[face].min(copy_of[other]), copy_of[face].max(copy_of[other]));
                if first != second && distance(face, other) <= copies.0 {
                    for &member in faces {
                        if copy_of[member] == second {
                            copy_of[member] = first;
                        }
                    }
                }
            }
        }
    }
    copy_of
}

/// Numbers the keys that have at least `least` faces, in order of first appearance.
fn collect<K: Eq + Hash>(
    keys: impl Iterator<Item = Option<K>>,
    faces: usize,
    least: usize,
) -> (Vec<Vec<usize>>, Vec<Option<usize>>) {
    let mut numbers: HashMap<K, usize> = HashMap::new();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (face, key) in keys.enumerate() {
        let Some(key) = key else { continue };
        let number = *numbers.entry(key).or_insert_with(|| {
            members.push(Vec::new());
            members.len() - 1
        });
        members[number].push(face);
    }
    members.retain(|faces| faces.len() >= least);
    let mut number_of = vec![None; faces];
    for (number, faces) in members.iter().enumerate() {
        for &face in faces {
            number_of[face] = Some(number);
        }
    }
    (members, number_of)
}
