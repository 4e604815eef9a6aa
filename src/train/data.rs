//! What is trained on: people, each with pictures. Where the pixels come from is the caller's business, so a folder,
//! the library's named faces and synthetic people in memory are all the same to the trainer.

use image::RgbImage;
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::rng::{Purpose, stream};

/// A person and the numbers of their pictures in the [`PictureSource`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    pub pictures: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Dataset {
    pub people: Vec<Person>,
}

/// Gives a picture's crop, of the network's input size, decoded anew each time so that memory stays flat.
pub(crate) trait PictureSource: Send + Sync {
    /// The crop, or in plain words why there is none.
    fn crop(&self, picture: usize) -> Result<RgbImage, String>;
}

impl Dataset {
    pub fn pictures(&self) -> usize {
        self.people.iter().map(|person| person.pictures.len()).sum()
    }

    /// People who cannot be anchors: no second picture to be the positive.
    pub fn people_with_one_picture(&self) -> usize {
        self.people.iter().filter(|person| person.pictures.len() == 1).count()
    }

    /// Splits by identity, never by picture: `(training, held out)`. At least two people with two pictures are held
    /// out when `share` is above zero and the data allow it.
    pub fn split(self, share: f32, seed: u64) -> (Self, Self) {
        self.split_those(share, seed, |person| person.pictures.len() > 1)
    }

    /// The same where nobody has to be told apart: people with one picture are held out as well.
    pub fn split_anybody(self, share: f32, seed: u64) -> (Self, Self) {
        self.split_those(share, seed, |_| true)
    }

    fn split_those(self, share: f32, seed: u64, may_be_held: fn(&Person) -> bool) -> (Self, Self) {
        let mut order: Vec<usize> = (0..self.people.len()).filter(|&id| may_be_held(&self.people[id])).collect();
        order.shuffle(&mut stream(seed, Purpose::HeldOutPeople, 0, 0));
        let wanted = (order.len() as f32 * share).round() as usize;
        let count = if share > 0.0 && order.len() >= 4 { wanted.clamp(2, order.len() - 2) } else { 0 };
        let held: std::collections::BTreeSet<usize> = order.into_iter().take(count).collect();
        let (held_out, training): (Vec<_>, Vec<_>) =
            self.people.into_iter().enumerate().partition(|(id, _)| held.contains(id));
        let people = |list: Vec<(usize, Person)>| Self { people: list.into_iter().map(|(_, person)| person).collect() };
        (people(training), people(held_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_parts_people_not_pictures() {
        let people = (0..20).map(|id| Person { name: format!("{id}"), pictures: vec![2 * id, 2 * id + 1] });
        let data = Dataset { people: people.collect() };
        let (training, held_out) = data.clone().split(0.25, 5);
        assert_eq!((training.people.len(), held_out.people.len()), (15, 5));
        assert!(held_out.people.iter().all(|person| !training.people.contains(person)));
        assert_eq!(data.clone().split(0.25, 5), (training, held_out));
        assert_eq!(data.clone().split(0.0, 5), (data, Dataset::default()));
        let single = (0..10).map(|id| Person { name: format!("{id}"), pictures: vec![id] });
        let single = Dataset { people: single.collect() };
        assert_eq!(single.clone().split(0.3, 5).1, Dataset::default());
        assert_eq!(single.split_anybody(0.3, 5).1.people.len(), 3);
    }
}
