//! What the model is about: groups of faces, names, and where both meet.

use std::collections::HashMap;

use super::NamesToPlace;
use crate::metadata::faces::FaceOwner;
use crate::metadata::name_key::NameKey;
use crate::types::PersonId;

/// Groups, names and photos, all by number.
pub(super) struct Nodes {
    pub names: Vec<NameKey>,
    pub nodes: Vec<Node>,
    /// Only those with names to place.
    pub photos: Vec<NamedPhoto>,
    /// Every node and name that meet in a photo, by node.
    pub pairs: Vec<NodeAtName>,
    pub dimensions: usize,
}

/// Faces that are held for one person: a group, or a face in none.
pub(super) struct Node {
    /// Of its faces' vectors, and how many have one.
    pub mean: Vec<f32>,
    pub vectors: usize,
    pub knows: KnownName,
    /// Photos with names in which it is: their number here, and its place among the nodes there.
    pub photos: Vec<(usize, usize)>,
    /// Its pairs.
    pub pairs: std::ops::Range<usize>,
}

/// Whose a node is, before anything is worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KnownName {
    Nothing,
    /// By the user or by a region; none of a person whom no photo names.
    Is(Option<usize>),
    /// The grouping put it with a person or a named region.
    Leans(usize),
}

/// A photo with names.
pub(super) struct NamedPhoto {
    pub photo: usize,
    pub names: Vec<usize>,
    /// Each node once, with its faces there.
    pub nodes: Vec<(usize, Vec<usize>)>,
    /// Pairs, node by node.
    pub pairs: Vec<usize>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct NodeAtName {
    pub node: usize,
    pub name: usize,
    /// Photos in which they meet.
    pub together: usize,
}

/// What makes faces one node.
#[derive(PartialEq, Eq, Hash)]
enum NodeOf {
    Face(usize, usize),
    Group(PersonId),
    Confirmed(PersonId),
    Named(usize),
}

impl NamedPhoto {
    pub(super) fn pair(&self, node: usize, name: usize) -> usize {
        self.pairs[node * self.names.len() + name]
    }
}

impl Nodes {
    pub(super) fn of(input: &NamesToPlace) -> Self {
        let mut builder = NodesBuilder { input, numbers: HashMap::new(), of: HashMap::new(), nodes: Vec::new() };
        let names_of = builder.names();
        let leaning = builder.leaning();
        let mut photos = Vec::new();
        for (photo, faces) in input.photos.iter().enumerate() {
            let names = names_of.get(&photo);
            let nodes = builder.photo(photo, faces, &leaning, names.is_some());
            if let Some(names) = names {
                photos.push(NamedPhoto { photo, names: names.clone(), nodes, pairs: Vec::new() });
            }
        }
        let mut names = vec![None; builder.numbers.len()];
        builder.numbers.iter().for_each(|(name, &number)| names[number] = Some(name.clone()));
        let vectors = input.photos.iter().flat_map(|photo| &photo.faces).filter_map(|face| face.embedding);
        let dimensions = vectors.map(|vector| vector.dimensions()).next().unwrap_or(0);
        let names = names.into_iter().flatten().collect();
        let mut nodes = Self { names, nodes: builder.nodes, photos, pairs: Vec::new(), dimensions };
        nodes.meet();
        nodes
    }

    /// Finds the pairs and the photos of each node.
    fn meet(&mut self) {
        for (number, photo) in self.photos.iter().enumerate() {
            for (place, (node, _)) in photo.nodes.iter().enumerate() {
                self.nodes[*node].photos.push((number, place));
            }
        }
        for (number, node) in self.nodes.iter_mut().enumerate() {
            let start = self.pairs.len();
            let mut together: HashMap<usize, usize> = HashMap::new();
            for (photo, _) in &node.photos {
                self.photos[*photo].names.iter().for_each(|&name| *together.entry(name).or_default() += 1);
            }
            let mut names: Vec<_> = together.into_iter().collect();
            names.sort_unstable();
            self.pairs.extend(names.iter().map(|&(name, together)| NodeAtName { node: number, name, together }));
            node.pairs = start..self.pairs.len();
            for &(photo, place) in &node.photos {
                let photo = &mut self.photos[photo];
                photo.pairs.resize(photo.nodes.len() * photo.names.len(), 0);
                for (at, name) in photo.names.iter().enumerate() {
                    if let Ok(found) = names.binary_search_by_key(name, |(name, _)| *name) {
                        photo.pairs[place * photo.names.len() + at] = start + found;
                    }
                }
            }
        }
    }
}

struct NodesBuilder<'a> {
    input: &'a NamesToPlace<'a>,
    numbers: HashMap<NameKey, usize>,
    of: HashMap<NodeOf, usize>,
    nodes: Vec<Node>,
}

impl NodesBuilder<'_> {
    /// The names of each photo that has one without a region.
    fn names(&mut self) -> HashMap<usize, Vec<usize>> {
        let mut of_photo: HashMap<usize, Vec<usize>> = HashMap::new();
        for (photo, name) in self.input.names.iter().filter(|(photo, _)| *photo < self.input.photos.len()) {
            let next = self.numbers.len();
            let number = *self.numbers.entry(name.clone()).or_insert(next);
            of_photo.entry(*photo).or_default().push(number);
        }
        // A name that a region gave to one of the photo's faces is said there, too.
        for ((photo, _), name) in self.input.placed {
            let number = name.as_ref().and_then(|name| self.numbers.get(name));
            if let (Some(names), Some(&number)) = (of_photo.get_mut(photo), number) {
                names.push(number);
            }
        }
        for names in of_photo.values_mut() {
            names.sort_unstable();
            names.dedup();
        }
        of_photo
    }

    /// Groups with a face that the user or a region has named.
    fn leaning(&self) -> HashMap<PersonId, usize> {
        let mut votes: HashMap<PersonId, HashMap<usize, usize>> = HashMap::new();
        for (photo, faces) in self.input.photos.iter().enumerate() {
            for (place, face) in faces.faces.iter().enumerate() {
                let by_user = if let FaceOwner::Person { name, .. } = face.of { NameKey::of(name) } else { None };
                let by_region = || self.input.placed.get(&(photo, place)).and_then(Option::as_ref);
                let name = by_user.as_ref().or_else(by_region);
                if let (Some(person), Some(&name)) = (face.of.person(), name.and_then(|name| self.numbers.get(name))) {
                    *votes.entry(person).or_default().entry(name).or_default() += 1;
                }
            }
        }
        let most = |names: HashMap<usize, usize>| names.into_iter().max_by_key(|&(name, count)| (count, name));
        votes.into_iter().filter_map(|(person, names)| most(names).map(|(name, _)| (person, name))).collect()
    }

    /// The nodes of a photo with their faces; every face adds its vector, whether its photo has names or not.
    fn photo(
        &mut self,
        photo: usize,
        faces: &crate::metadata::faces::PhotoToName,
        leaning: &HashMap<PersonId, usize>,
        is_named: bool,
    ) -> Vec<(usize, Vec<usize>)> {
        let mut nodes: Vec<(usize, Vec<usize>)> = Vec::new();
        for (place, face) in faces.faces.iter().enumerate() {
            let number = |name: &NameKey| self.numbers.get(name).copied();
            let placed = self.input.placed.get(&(photo, place)).map(|name| name.as_ref().and_then(number));
            let (key, knows) = match (placed, face.of) {
                (_, FaceOwner::SetAside) => continue,
                (_, FaceOwner::Person { id, name }) => {
                    let name = NameKey::of(name).and_then(|name| self.numbers.get(&name).copied());
                    (NodeOf::Confirmed(id), KnownName::Is(name))
                }
                (Some(Some(name)), _) => (NodeOf::Named(name), KnownName::Is(Some(name))),
                (Some(None), _) => (NodeOf::Face(photo, place), KnownName::Is(None)),
                (None, FaceOwner::Group(id)) => {
                    (NodeOf::Group(id), leaning.get(&id).map_or(KnownName::Nothing, |&name| KnownName::Leans(name)))
                }
                // A face alone in a photo without names says nothing.
                (None, FaceOwner::Nobody) if !is_named => continue,
                (None, FaceOwner::Nobody) => (NodeOf::Face(photo, place), KnownName::Nothing),
            };
            let node = *self.of.entry(key).or_insert_with(|| {
                self.nodes.push(Node { mean: Vec::new(), vectors: 0, knows, photos: Vec::new(), pairs: 0..0 });
                self.nodes.len() - 1
            });
            if let Some(vector) = face.embedding {
                self.nodes[node].add(vector.as_slice());
            }
            match nodes.iter_mut().find(|(known, _)| *known == node) {
                Some((_, places)) => places.push(place),
                None => nodes.push((node, vec![place])),
            }
        }
        nodes
    }
}

impl Node {
    fn add(&mut self, vector: &[f32]) {
        self.mean.resize(vector.len(), 0.0);
        self.vectors += 1;
        let share = 1.0 / self.vectors as f32;
        self.mean.iter_mut().zip(vector).for_each(|(mean, value)| *mean += (value - *mean) * share);
    }
}
