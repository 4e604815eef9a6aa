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

/// Of someone some of whose pictures are held out.
const LEARNED_AT_LEAST: usize = 4;
/// Fewer people say nothing about others.
pub(crate) const FEWEST_COMPARED: usize = 5;

impl Dataset {
    pub fn pictures(&self) -> usize {
        self.people.iter().map(|person| person.pictures.len()).sum()
    }

    /// Of some none may be left to learn from.
    pub fn people_with_pictures(&self) -> usize {
        self.people.iter().filter(|person| !person.pictures.is_empty()).count()
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

    /// Splits each person's pictures: `(training, held out)`. Of those who keep [`LEARNED_AT_LEAST`] to learn from a share
    /// is held out, two at least.
    pub fn split_pictures(self, share: f32, seed: u64) -> (Self, Self) {
        let (mut training, mut held_out) = (Self::default(), Self::default());
        for (id, Person { name, mut pictures }) in self.people.into_iter().enumerate() {
            let most = pictures.len().saturating_sub(LEARNED_AT_LEAST);
            let wanted = (pictures.len() as f32 * share).round() as usize;
            if share > 0.0 && most >= 2 {
                pictures.shuffle(&mut stream(seed, Purpose::HeldOutPeople, 1, id as u64));
                let mut held = pictures.split_off(pictures.len() - wanted.clamp(2, most));
                held.sort_unstable();
                pictures.sort_unstable();
                held_out.people.push(Person { name: name.clone(), pictures: held });
            }
            training.people.push(Person { name, pictures });
        }
        (training, held_out)
    }

    /// Parts people held out into those who choose a network and those who say how good the chosen one is. Where they are
    /// too few for both, all choose.
    pub fn choosing_and_comparing(mut self, seed: u64) -> (Self, Self) {
        let comparing = (self.people.len() / 2).max(FEWEST_COMPARED);
        if self.people.len() < comparing + 2 {
            return (self, Self::default());
        }
        self.people.shuffle(&mut stream(seed, Purpose::HeldOutPeople, 2, 0));
        let people = self.people.split_off(self.people.len() - comparing);
        (self, Self { people })
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

    fn with(counts: &[usize]) -> Dataset {
        let person = |(id, &count): (usize, &usize)| Person {
            name: format!("{id}"),
            pictures: (100 * id..100 * id + count).collect(),
        };
        Dataset { people: counts.iter().enumerate().map(person).collect() }
    }

    #[test]
    fn pictures_are_held_out_of_those_who_have_enough() {
        let data = with(&[1, 5, 6, 9, 20]);
        let (training, held_out) = data.clone().split_pictures(0.2, 3);
        let counts = |data: &Dataset| data.people.iter().map(|person| person.pictures.len()).collect::<Vec<_>>();
        assert_eq!((counts(&training), counts(&held_out)), (vec![1, 5, 4, 7, 16], vec![2, 2, 4]));
        let all = [training.clone(), held_out.clone()].into_iter().flat_map(|part| part.people);
        let mut pictures: Vec<usize> = all.flat_map(|person| person.pictures).collect();
        pictures.sort_unstable();
        assert_eq!(pictures, data.people.iter().flat_map(|person| person.pictures.clone()).collect::<Vec<_>>());
        assert_eq!(data.clone().split_pictures(0.2, 3), (training, held_out));
        assert_eq!(data.clone().split_pictures(0.0, 3), (data, Dataset::default()));
    }

    #[test]
    fn who_chooses_does_not_compare_and_too_few_only_choose() {
        for (people, wanted) in [(6, (6, 0)), (7, (2, 5)), (11, (6, 5)), (40, (20, 20))] {
            let (choosing, comparing) = with(&vec![2; people]).choosing_and_comparing(9);
            assert_eq!((choosing.people.len(), comparing.people.len()), wanted);
            assert!(comparing.people.iter().all(|person| !choosing.people.contains(person)));
        }
    }
}
