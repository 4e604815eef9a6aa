//! From probabilities to proposals, photo by photo.

use super::model::NameModel;
use super::nodes::{KnownName, NamedPhoto, Nodes};
use super::{Deduced, DeducedName, MIN_CONFIDENCE, NamesToPlace, UndecidedName, UndecidedWhy};
use crate::metadata::places::assign;

/// No group is surer of a name than this, in logarithms of odds.
const SUREST: f64 = 8.0;
/// What a face's own vector may add or take. It takes more: a group may hold a wrong face, and the group's own
/// likeness to the person has been counted.
const OWN_LIKENESS: [f64; 2] = [-6.0, 1.0];

pub(super) fn choose(input: &NamesToPlace, nodes: &Nodes, model: &NameModel) -> Deduced {
    let mut deduced = Deduced::default();
    for photo in nodes.photos.iter().take_while(|_| !input.cancel.is_cancelled()) {
        let open = OpenPhoto::of(input, nodes, model, photo);
        open.propose(nodes, model, &mut deduced);
    }
    deduced
}

/// A photo's faces and names that nobody has brought together yet.
struct OpenPhoto {
    photo: usize,
    names: Vec<usize>,
    /// By place among the photo's faces.
    faces: Vec<usize>,
    /// The logarithm of the odds, name by face.
    scores: Vec<Vec<f64>>,
    /// Whether most of the face's photos have the name: so it could be meant, whoever it turns out to be.
    possible: Vec<Vec<bool>>,
}

impl OpenPhoto {
    fn of(input: &NamesToPlace, nodes: &Nodes, model: &NameModel, photo: &NamedPhoto) -> Self {
        let taken =
            |name: &usize| photo.nodes.iter().any(|(node, _)| nodes.nodes[*node].knows == KnownName::Is(Some(*name)));
        let names: Vec<usize> = (0..photo.names.len()).filter(|&at| !taken(&photo.names[at])).collect();
        let is_open = |node: usize| !matches!(nodes.nodes[node].knows, KnownName::Is(_));
        let open = photo.nodes.iter().enumerate().filter(|(_, (node, _))| is_open(*node));
        let faces: Vec<(usize, usize)> =
            open.flat_map(|(place, (_, faces))| faces.iter().map(move |&face| (place, face))).collect();
        let score = |name: usize, place: usize, face: usize| {
            let probability = model.probability[photo.pair(place, name)].clamp(1e-9, 1.0 - 1e-9);
            let odds = (probability / (1.0 - probability)).ln().clamp(-SUREST, SUREST);
            let vector = input.photos[photo.photo].faces[face].embedding;
            let own = vector.and_then(|v| model.face_nearness(photo.names[name], v.as_slice(), probability));
            odds + own.unwrap_or(0.0).clamp(OWN_LIKENESS[0], OWN_LIKENESS[1])
        };
        let scores = names.iter().map(|&name| faces.iter().map(|&(place, face)| score(name, place, face)).collect());
        let scores = scores.collect();
        let is_possible = |name: usize, place: usize| {
            let pair = nodes.pairs[photo.pair(place, name)];
            2 * pair.together > nodes.nodes[pair.node].photos.len()
        };
        let possible = names.iter().map(|&name| faces.iter().map(|&(place, _)| is_possible(name, place)).collect());
        let possible = possible.collect();
        let names = names.iter().map(|&at| photo.names[at]).collect();
        Self { photo: photo.photo, names, faces: faces.into_iter().map(|(_, face)| face).collect(), scores, possible }
    }

    fn propose(mut self, nodes: &Nodes, model: &NameModel, deduced: &mut Deduced) {
        let best = assign(&self.scores);
        let total = self.total(&best);
        let mut sure = vec![None; best.len()];
        for (row, column) in best.iter().enumerate() {
            let apart = model.told_apart[self.names[row]];
            let margin = column.map_or(f64::NEG_INFINITY, |column| self.margin(row, column, total).min(apart));
            let confidence = (1.0 / (1.0 + (-margin).exp())) as f32;
            sure[row] = column.filter(|_| confidence >= MIN_CONFIDENCE);
            if let Some(column) = sure[row] {
                let (face, name) = (self.faces[column], nodes.names[self.names[row]].clone());
                deduced.names.push(DeducedName { photo: self.photo, face, name, confidence });
            }
        }
        for row in (0..best.len()).filter(|&row| sure[row].is_none()) {
            let possible = |column: &usize| self.possible[row][*column] && !sure.contains(&Some(*column));
            let why = match (0..self.faces.len()).filter(possible).count() {
                _ if self.faces.is_empty() => UndecidedWhy::NoFace,
                2.. => UndecidedWhy::SeveralFaces,
                _ => UndecidedWhy::Unsure,
            };
            let name = nodes.names[self.names[row]].clone();
            deduced.undecided.push(UndecidedName { photo: self.photo, name, why });
        }
    }

    /// Against the best assignment without this pair, in logarithms of odds.
    fn margin(&mut self, row: usize, column: usize, total: f64) -> f64 {
        let score = std::mem::replace(&mut self.scores[row][column], f64::NEG_INFINITY);
        let without = self.total(&assign(&self.scores));
        self.scores[row][column] = score;
        total - without
    }

    fn total(&self, assigned: &[Option<usize>]) -> f64 {
        assigned.iter().enumerate().filter_map(|(row, column)| column.map(|column| self.scores[row][column])).sum()
    }
}
