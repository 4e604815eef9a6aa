//! How likely each group is each name.
//!
//! For a group g and a name n, every photo with g is evidence. Let A be the probability that somebody else there is n,
//! RECALL how often a person in a photo is named, ABSENT how often a name stands in the photos of others although none
//! of their faces is its (the face was not found, or the name is wrong). Where the photo has the name, "g is n" is
//! supported by ln (RECALL (1 − A) + TWICE A) / (RECALL A + ABSENT (1 − A)); where it has not, by
//! ln (1 − RECALL) / (1 − ABSENT). The first is about +2 where nobody else explains the name and −4 where somebody does.
//! RECALL is estimated as the model is fitted; it starts low, or a library where every second name is missing would be
//! given up at once. Photos come in series, so each counts less than a whole one. To it comes how much nearer than
//! `same_person` the group is to the name's other faces.
//!
//! Groups are updated one after the other, those with the most photos first, each with what is known of the others
//! (mean-field coordinate ascent: unlike updates of all at once it does not swing), first with softened evidence, so
//! that nothing is decided before the whole library has spoken (Ueda and Nakano 1998, deterministic annealing).

use std::collections::HashMap;

use super::nodes::{KnownName, NamedPhoto, Node, Nodes};
use crate::types::{Cancel, SquaredDistance};

pub(super) struct NameModel {
    /// By pair: that the node is the name.
    pub probability: Vec<f64>,
    /// By name: the logarithm of the odds that its faces are not another's, see [`told_apart`].
    pub told_apart: Vec<f64>,
    people: FacesOfNames,
    same_person: f64,
}

/// How much of its evidence a round believes.
const ROUNDS: [f64; 12] = [0.25, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0, 1.0, 1.0, 1.0];
/// From here on the model tells how the library was named.
const SETTLED: f64 = 0.7;
/// What a photo counts: those of one afternoon are not independent.
const PER_PHOTO: f64 = 0.7;
const RECALL: f64 = 0.5;
const RECALL_RANGE: [f64; 2] = [0.3, 0.95];
const ABSENT: f64 = 0.08;
/// That somebody is in a photo twice.
const TWICE: f64 = 0.01;
/// The logarithm of how much less likely a group is any one name than nobody named, before evidence.
const PRIOR: f64 = -1.5;
/// For a name that the grouping leans to.
const LEANING: f64 = 3.0;
/// What a difference of the whole threshold in distance speaks for, and the most it may for a group.
const PER_DISTANCE: f64 = 16.0;
const NEAREST: f64 = 4.0;
const FARTHEST: f64 = -6.0;

impl NameModel {
    /// None: cancelled.
    pub(super) fn fit(nodes: &Nodes, same_person: SquaredDistance, cancel: &Cancel) -> Option<Self> {
        let same_person = f64::from(same_person.0);
        let mut model =
            Self { probability: start(nodes), told_apart: Vec::new(), people: FacesOfNames::default(), same_person };
        let mut order: Vec<usize> =
            (0..nodes.nodes.len()).filter(|&node| !nodes.nodes[node].pairs.is_empty()).collect();
        order.sort_by_key(|&node| (std::cmp::Reverse(nodes.nodes[node].photos.len()), node));
        let mut recall = RECALL;
        for believed in ROUNDS {
            model.people = FacesOfNames::of(nodes, &model.probability);
            for &node in order.iter().filter(|&&node| !matches!(nodes.nodes[node].knows, KnownName::Is(_))) {
                if cancel.is_cancelled() {
                    return None;
                }
                model.update(nodes, node, believed, recall);
            }
            // Before that, what is likely is not yet what is right.
            if believed >= SETTLED {
                recall = estimate(nodes, &model.probability);
            }
        }
        model.told_apart = told_apart(nodes, &model.probability, recall);
        model.people = FacesOfNames::of(nodes, &model.probability);
        Some(model)
    }

    fn update(&mut self, nodes: &Nodes, number: usize, believed: f64, recall: f64) {
        let node = &nodes.nodes[number];
        let mut scores: Vec<f64> = Vec::with_capacity(node.pairs.len());
        for pair in node.pairs.clone() {
            let without = (node.photos.len() - nodes.pairs[pair].together) as f64;
            scores.push(PER_PHOTO * without * ((1.0 - recall) / (1.0 - ABSENT)).ln());
        }
        for &(photo, place) in &node.photos {
            let photo = &nodes.photos[photo];
            for name in 0..photo.names.len() {
                let other = self.somebody_else(photo, place, name);
                let support = recall * (1.0 - other) + TWICE * other;
                let against = recall * other + ABSENT * (1.0 - other);
                scores[photo.pair(place, name) - node.pairs.start] += PER_PHOTO * (support / against).ln();
            }
        }
        for (score, pair) in scores.iter_mut().zip(node.pairs.clone()) {
            let name = nodes.pairs[pair].name;
            let leaning = if node.knows == KnownName::Leans(name) { LEANING } else { 0.0 };
            let own = self.probability[pair] * node.vectors as f64;
            let near =
                self.people.distance(name, &node.mean, Some(own)).map_or(0.0, |distance| self.nearness(distance));
            *score = believed * (*score + near.clamp(FARTHEST, NEAREST)) + PRIOR + leaning;
        }
        // Of nobody named: 0.
        let most = scores.iter().copied().fold(0.0, f64::max);
        let all: f64 = (-most).exp() + scores.iter().map(|score| (score - most).exp()).sum::<f64>();
        for (score, pair) in scores.iter().zip(node.pairs.clone()) {
            self.probability[pair] = (score - most).exp() / all;
        }
    }

    /// That one of the photo's other nodes is the name.
    fn somebody_else(&self, photo: &NamedPhoto, place: usize, name: usize) -> f64 {
        let others = (0..photo.nodes.len()).filter(|&other| other != place);
        1.0 - others.map(|other| 1.0 - self.probability[photo.pair(other, name)]).product::<f64>()
    }

    /// What a face's own vector says of a name, beside its group.
    pub(super) fn face_nearness(&self, name: usize, vector: &[f32], probability: f64) -> Option<f64> {
        self.people.distance(name, vector, Some(probability)).map(|distance| self.nearness(distance))
    }

    fn nearness(&self, distance: f64) -> f64 {
        PER_DISTANCE * (self.same_person - distance) / self.same_person.max(1e-6)
    }
}

/// Every name of a group as likely as the others, all of them less likely than not; what is known is known.
fn start(nodes: &Nodes) -> Vec<f64> {
    let mut probability = vec![0.0; nodes.pairs.len()];
    for node in &nodes.nodes {
        for pair in node.pairs.clone() {
            probability[pair] = match node.knows {
                KnownName::Is(name) => f64::from(u8::from(name == Some(nodes.pairs[pair].name))),
                KnownName::Leans(name) if name == nodes.pairs[pair].name => 0.5,
                KnownName::Leans(_) | KnownName::Nothing => 0.1 / node.pairs.len() as f64,
            };
        }
    }
    probability
}

/// RECALL: of the photos of a name's groups, those that have the name.
fn estimate(nodes: &Nodes, probability: &[f64]) -> f64 {
    let (mut named, mut seen) = (RECALL, 1.0);
    for (pair, &probability) in nodes.pairs.iter().zip(probability) {
        named += probability * pair.together as f64;
        seen += probability * nodes.nodes[pair.node].photos.len() as f64;
    }
    (named / seen).clamp(RECALL_RANGE[0], RECALL_RANGE[1])
}

/// How much tells each name from the one that it is most easily mistaken for.
///
/// Two people who are seldom apart hold each other where chance put them first: each is sure because the other is. So
/// all faces of the one and all of the other are exchanged, and what the photos say of that is counted: those with both
/// faces or both names say nothing. Likewise the name is given to every group that has none.
fn told_apart(nodes: &Nodes, probability: &[f64], recall: f64) -> Vec<f64> {
    let (named, unnamed) = ((recall / ABSENT).ln(), ((1.0 - recall) / (1.0 - ABSENT)).ln());
    let together = |pair: usize| nodes.pairs[pair].together as f64;
    let (mut own, mut total) = (vec![0.0; nodes.names.len()], vec![0.0; nodes.names.len()]);
    let mut others: HashMap<(usize, usize), f64> = HashMap::new();
    let mut is_known = vec![false; nodes.names.len()];
    for node in &nodes.nodes {
        if let KnownName::Is(Some(name)) = node.knows {
            is_known[name] = true;
        }
        for pair in node.pairs.clone().filter(|&pair| probability[pair] > 0.1) {
            let (name, weight) = (nodes.pairs[pair].name, PER_PHOTO * probability[pair]);
            own[name] += weight * together(pair);
            total[name] += weight * (together(pair) * named + (node.photos.len() as f64 - together(pair)) * unnamed);
            for other in node.pairs.clone().filter(|&other| other != pair) {
                *others.entry((name, nodes.pairs[other].name)).or_default() += weight * together(other);
            }
        }
    }
    let mut apart = vec![f64::INFINITY; nodes.names.len()];
    // What the user or a region said is no chance, and nobody is exchanged for it.
    for (&(name, other), &shared) in others.iter().filter(|((_, other), _)| !is_known[*other]) {
        let back = others.get(&(other, name)).copied().unwrap_or(0.0);
        let margin = (named - unnamed) * (own[name] + own[other] - shared - back);
        apart[name] = apart[name].min(margin);
    }
    for node in nodes.nodes.iter().filter(|node| !matches!(node.knows, KnownName::Is(_))) {
        if node.pairs.clone().map(|pair| probability[pair]).sum::<f64>() < 0.5 {
            for pair in node.pairs.clone() {
                let without = node.photos.len() as f64 - together(pair);
                let instead = PER_PHOTO * (together(pair) * named + without * unnamed);
                let name = nodes.pairs[pair].name;
                apart[name] = apart[name].min(total[name] - instead);
            }
        }
    }
    apart.iter_mut().zip(is_known).filter(|(_, is_known)| *is_known).for_each(|(apart, _)| *apart = f64::INFINITY);
    apart
}

/// The names' faces: sums of vectors, each as much as it is likely the name's.
#[derive(Default)]
struct FacesOfNames {
    sums: Vec<f32>,
    weights: Vec<f64>,
    dimensions: usize,
}

impl FacesOfNames {
    fn of(nodes: &Nodes, probability: &[f64]) -> Self {
        let dimensions = nodes.dimensions;
        let mut people =
            Self { sums: vec![0.0; nodes.names.len() * dimensions], weights: vec![0.0; nodes.names.len()], dimensions };
        for node in &nodes.nodes {
            match node.knows {
                // Also where none of its photos has the name: it was taken before.
                KnownName::Is(Some(name)) => people.add(name, node, 1.0),
                KnownName::Is(None) => {}
                KnownName::Leans(_) | KnownName::Nothing => {
                    node.pairs.clone().for_each(|pair| people.add(nodes.pairs[pair].name, node, probability[pair]));
                }
            }
        }
        people
    }

    fn add(&mut self, name: usize, node: &Node, probability: f64) {
        let weight = probability * node.vectors as f64;
        if weight > 1e-6 && node.mean.len() == self.dimensions {
            self.weights[name] += weight;
            let sum = &mut self.sums[name * self.dimensions..(name + 1) * self.dimensions];
            sum.iter_mut().zip(&node.mean).for_each(|(sum, value)| *sum += weight as f32 * value);
        }
    }

    /// The mean squared distance of a vector to a name's faces, without what the vector itself put among them. None
    /// where no other face is left.
    fn distance(&self, name: usize, vector: &[f32], own: Option<f64>) -> Option<f64> {
        const LEAST: f64 = 0.5;
        let own = own.unwrap_or(0.0);
        let weight = self.weights.get(name)? - own;
        if weight < LEAST || vector.len() != self.dimensions || vector.is_empty() {
            return None;
        }
        let sum = &self.sums[name * self.dimensions..(name + 1) * self.dimensions];
        let (with, itself) = (dot(sum, vector), dot(vector, vector));
        Some(2.0 - 2.0 * (with - own * itself) / weight)
    }
}

/// In eight lanes, so that the compiler may use the processor's.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut lanes = [0.0_f32; 8];
    let (whole_a, rest_a) = a.as_chunks::<8>();
    let (whole_b, rest_b) = b.as_chunks::<8>();
    for (a, b) in whole_a.iter().zip(whole_b) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    f64::from(lanes.iter().sum::<f32>() + rest)
}
