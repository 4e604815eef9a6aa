//! Mini-batches of P people with K pictures each (Schroff et al. 2015, section 3.2: about 40 faces a person in about
//! 1,800 exemplars, "additionally, randomly sampled negative faces are added"; how many is not stated).
//!
//! A batch is a pure function of the seed and its number, so the sampler's whole position is that number.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};

use rand::RngExt;
use rand::seq::{SliceRandom, index};
use serde::{Deserialize, Serialize};

use super::data::{Dataset, Person};
use super::rng::{Purpose, shuffle, stream};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SamplerConfig {
    /// P; fewer when the data has fewer.
    pub people_per_batch: usize,
    /// K; a person with fewer pictures gives all.
    pub pictures_per_person: usize,
    /// Pictures of people outside the P, one a draw.
    pub random_negatives: usize,
    #[serde(default)]
    pub fill: Fill,
}

/// What a batch does where people have fewer than K pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fill {
    /// It is smaller.
    #[default]
    No,
    /// It takes further people who can be anchors, until it has P × K pictures.
    Anchors,
    /// It takes further people until it has P × K pictures, and from the first on also people with one picture:
    /// davidsandberg's `sample_people`.
    Anybody,
}

impl Default for SamplerConfig {
    /// davidsandberg's 45 × 40, without random negatives.
    fn default() -> Self {
        Self { people_per_batch: 45, pictures_per_person: 40, random_negatives: 0, fill: Fill::No }
    }
}

/// A picture of the data set and whose face it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Exemplar {
    pub picture: usize,
    pub person: u32,
}

/// Where the sampler is: the number of the next batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SamplerPosition(pub u64);

#[derive(Debug)]
pub(crate) struct Sampler<'a> {
    data: &'a Dataset,
    config: SamplerConfig,
    seed: u64,
    /// People with two pictures or more, who can be anchors.
    anchors: Vec<u32>,
    /// Where batches go over all pictures, whoever they show.
    of_all: Option<AllPictures>,
}

/// Batches of so many pictures.
#[derive(Debug)]
struct AllPictures {
    count: usize,
    pictures: Vec<Exemplar>,
    /// The order of one pass, as it was last asked for: to shuffle half a million pictures for each batch would take
    /// longer than to learn from it.
    shuffled: RefCell<(u64, Vec<Exemplar>)>,
}

impl<'a> Sampler<'a> {
    pub fn new(data: &'a Dataset, config: SamplerConfig, seed: u64) -> Self {
        let anchors = (0..data.people.len() as u32).filter(|&id| data.people[id as usize].pictures.len() > 1).collect();
        Self { data, config, seed, anchors, of_all: None }
    }

    /// Batches of so many pictures that go over all of them, each once before any comes again, whoever they show.
    pub fn over_pictures(data: &'a Dataset, pictures_per_batch: usize, seed: u64) -> Self {
        let of_person =
            |(of, person): (&'a Person, u32)| of.pictures.iter().map(move |&picture| Exemplar { picture, person });
        let pictures: Vec<Exemplar> = data.people.iter().zip(0..).flat_map(of_person).collect();
        let count = pictures_per_batch.clamp(1, pictures.len().max(1));
        let of_all = Some(AllPictures { count, pictures, shuffled: RefCell::default() });
        Self { of_all, ..Self::new(data, SamplerConfig::default(), seed) }
    }

    /// How many batches show every anchor person once; people left over at the end of one pass (fewer than P) are
    /// others in the next, because each pass shuffles anew.
    fn batches_per_pass(&self) -> u64 {
        (self.anchors.len() / self.config.people_per_batch.max(1)).max(1) as u64
    }

    /// Person by person; random negatives last.
    pub fn batch(&self, position: SamplerPosition) -> Vec<Exemplar> {
        if let Some(all) = &self.of_all {
            return all.batch(self.seed, position);
        }
        let mut batch = match self.config.fill {
            Fill::No => self.p_by_k(position),
            Fill::Anchors => self.filled(position, self.anchors.clone()),
            Fill::Anybody => self.filled(position, (0..self.data.people.len() as u32).collect()),
        };
        self.add_random_negatives(position, &mut batch);
        batch
    }

    /// The people are drawn anew for each batch: how many of them it takes is not known before.
    fn filled(&self, position: SamplerPosition, mut order: Vec<u32>) -> Vec<Exemplar> {
        let SamplerConfig { people_per_batch, pictures_per_person, .. } = self.config;
        let wanted = people_per_batch * pictures_per_person;
        shuffle(&mut stream(self.seed, Purpose::PeopleOrder, position.0, 0), &mut order);
        let mut batch = Vec::with_capacity(wanted.min(self.data.pictures()));
        for person in order {
            if batch.len() == wanted {
                break;
            }
            let mut pictures = self.data.people[person as usize].pictures.clone();
            shuffle(&mut stream(self.seed, Purpose::Pictures, position.0, u64::from(person)), &mut pictures);
            let count = pictures_per_person.min(wanted - batch.len());
            batch.extend(pictures.into_iter().take(count).map(|picture| Exemplar { picture, person }));
        }
        batch
    }

    fn p_by_k(&self, position: SamplerPosition) -> Vec<Exemplar> {
        let mut batch = Vec::new();
        for person in self.people(position) {
            let mut rng = stream(self.seed, Purpose::Pictures, position.0, u64::from(person));
            let pictures = &self.data.people[person as usize].pictures;
            let count = pictures.len().min(self.config.pictures_per_person);
            let chosen = index::sample(&mut rng, pictures.len(), count);
            batch.extend(chosen.iter().map(|i| Exemplar { picture: pictures[i], person }));
        }
        batch
    }

    fn people(&self, position: SamplerPosition) -> Vec<u32> {
        let (pass, within) = (position.0 / self.batches_per_pass(), position.0 % self.batches_per_pass());
        let mut order = self.anchors.clone();
        order.shuffle(&mut stream(self.seed, Purpose::PeopleOrder, pass, 0));
        let start = within as usize * self.config.people_per_batch;
        order.into_iter().skip(start).take(self.config.people_per_batch).collect()
    }

    fn add_random_negatives(&self, position: SamplerPosition, batch: &mut Vec<Exemplar>) {
        if self.config.random_negatives == 0 {
            return;
        }
        let people: BTreeSet<u32> = batch.iter().map(|exemplar| exemplar.person).collect();
        let outside: Vec<u32> = (0..self.data.people.len() as u32)
            .filter(|id| !people.contains(id) && !self.data.people[*id as usize].pictures.is_empty())
            .collect();
        if outside.is_empty() {
            return;
        }
        let mut rng = stream(self.seed, Purpose::RandomNegatives, position.0, 0);
        let mut taken: HashSet<usize> = batch.iter().map(|exemplar| exemplar.picture).collect();
        let pictures_of = |person: &u32| self.data.people[*person as usize].pictures.iter();
        let there: HashSet<usize> = outside.iter().flat_map(pictures_of).copied().collect();
        let mut left = there.difference(&taken).count();
        for _ in 0..self.config.random_negatives {
            if left == 0 {
                break;
            }
            let person = outside[rng.random_range(0..outside.len())];
            let pictures = &self.data.people[person as usize].pictures;
            let picture = pictures[rng.random_range(0..pictures.len())];
            if taken.insert(picture) {
                batch.push(Exemplar { picture, person });
                left -= 1;
            }
        }
    }
}

impl AllPictures {
    /// The order is another in each pass; a batch may begin in one pass and end in the next.
    fn batch(&self, seed: u64, position: SamplerPosition) -> Vec<Exemplar> {
        let (mut batch, mut next) = (Vec::with_capacity(self.count), position.0 * self.count as u64);
        let all = self.pictures.len();
        while batch.len() < self.count && all > 0 {
            let (pass, within) = (next / all as u64, (next % all as u64) as usize);
            let end = all.min(within + self.count - batch.len());
            self.in_pass(seed, pass, |order| batch.extend_from_slice(&order[within..end]));
            next += (end - within) as u64;
        }
        batch
    }

    fn in_pass(&self, seed: u64, pass: u64, take: impl FnOnce(&[Exemplar])) {
        let mut shuffled = self.shuffled.borrow_mut();
        if shuffled.1.is_empty() || shuffled.0 != pass {
            let mut order = std::mem::take(&mut shuffled.1);
            order.clone_from(&self.pictures);
            shuffle(&mut stream(seed, Purpose::Pictures, pass, u64::MAX), &mut order);
            *shuffled = (pass, order);
        }
        take(&shuffled.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// More than there are of anything are all of them, soon.
    #[test]
    fn what_is_asked_for_beyond_all_that_is_there_is_all_of_it() {
        let data = dataset(&[3, 3, 1, 1]);
        let config = |fill| SamplerConfig {
            people_per_batch: 1_000_000_000,
            pictures_per_person: 1_000_000_000,
            random_negatives: 1_000_000_000,
            fill,
        };
        for fill in [Fill::No, Fill::Anchors, Fill::Anybody] {
            let batch = Sampler::new(&data, config(fill), 1).batch(SamplerPosition(0));
            assert_eq!(batch.len(), 8, "{fill:?}");
        }
        let all = Sampler::over_pictures(&data, 1_000_000_000, 1).batch(SamplerPosition(0));
        assert_eq!(all.len(), 8);
    }

    fn dataset(pictures_of: &[usize]) -> Dataset {
        let mut next = 0;
        let people = pictures_of.iter().enumerate().map(|(id, &count)| {
            let pictures = (next..next + count).collect();
            next += count;
            Person { name: format!("person {id}"), pictures }
        });
        Dataset { people: people.collect() }
    }

    #[test]
    fn takes_p_people_with_k_pictures_and_fewer_where_there_are_fewer() {
        let data = dataset(&[5, 5, 2, 1, 5, 5]);
        let config = SamplerConfig { people_per_batch: 5, pictures_per_person: 4, ..SamplerConfig::default() };
        let batch = Sampler::new(&data, config, 1).batch(SamplerPosition(0));
        let mut counts = BTreeMap::new();
        for exemplar in &batch {
            *counts.entry(exemplar.person).or_insert(0) += 1;
            assert!(data.people[exemplar.person as usize].pictures.contains(&exemplar.picture));
        }
        assert_eq!(counts, BTreeMap::from([(0, 4), (1, 4), (2, 2), (4, 4), (5, 4)]));
        assert_eq!(batch.iter().map(|e| e.picture).collect::<BTreeSet<_>>().len(), batch.len(), "a picture twice");
    }

    #[test]
    fn one_pass_shows_everybody_once_and_the_next_in_another_order() {
        let data = dataset(&[3; 12]);
        let config = SamplerConfig { people_per_batch: 4, pictures_per_person: 3, ..SamplerConfig::default() };
        let sampler = Sampler::new(&data, config, 7);
        assert_eq!(sampler.batches_per_pass(), 3);
        let people = |n| sampler.batch(SamplerPosition(n)).into_iter().map(|e| e.person).collect::<BTreeSet<_>>();
        let pass: BTreeSet<u32> = (0..3).flat_map(people).collect();
        assert_eq!(pass.len(), 12);
        assert!((0..3).any(|n| people(n) != people(n + 3)));
    }

    #[test]
    fn random_negatives_come_from_outside_and_singletons_count() {
        let data = dataset(&[3, 3, 1, 1, 1]);
        let config = SamplerConfig {
            people_per_batch: 2,
            pictures_per_person: 3,
            random_negatives: 8,
            ..SamplerConfig::default()
        };
        let batch = Sampler::new(&data, config, 3).batch(SamplerPosition(5));
        assert!(batch.len() > 6 && batch[6..].iter().all(|exemplar| exemplar.person >= 2));
    }

    /// 1,800 pictures where people have 40 at most and many have one.
    #[test]
    fn a_filled_batch_has_all_its_pictures_whatever_people_have() {
        let counts: Vec<usize> = (0..400).map(|id| if id % 2 == 0 { 1 } else { 2 + (id * 7) % 60 }).collect();
        let data = dataset(&counts);
        for fill in [Fill::Anchors, Fill::Anybody] {
            let sampler = Sampler::new(&data, SamplerConfig { fill, ..SamplerConfig::default() }, 5);
            let batch = sampler.batch(SamplerPosition(2));
            let mut of: BTreeMap<u32, usize> = BTreeMap::new();
            batch.iter().for_each(|exemplar| *of.entry(exemplar.person).or_default() += 1);
            assert_eq!(batch.iter().map(|exemplar| exemplar.picture).collect::<BTreeSet<_>>().len(), 1800);
            let last = batch[1799].person;
            assert!(of.iter().all(|(&id, &count)| id == last || count == counts[id as usize].min(40)));
            assert_eq!(of.keys().any(|&id| counts[id as usize] == 1), fill == Fill::Anybody);
            assert_ne!(batch, sampler.batch(SamplerPosition(3)));
        }
        let few = dataset(&[3, 1, 2]);
        let all = SamplerConfig { fill: Fill::Anybody, ..SamplerConfig::default() };
        assert_eq!(Sampler::new(&few, all, 5).batch(SamplerPosition(0)).len(), 6);
    }

    /// Batches of 5 from 12 pictures: four in five end within a pass.
    #[test]
    fn batches_over_pictures_show_each_once_a_pass_whoever_it_is_of() {
        let data = dataset(&[1, 4, 1, 6]);
        let sampler = Sampler::over_pictures(&data, 5, 3);
        let shown: Vec<Exemplar> = (0..12).flat_map(|n| sampler.batch(SamplerPosition(n))).collect();
        let passes: Vec<Vec<usize>> = shown.chunks(12).map(|pass| pass.iter().map(|e| e.picture).collect()).collect();
        for pass in &passes {
            assert_eq!(pass.iter().copied().collect::<BTreeSet<_>>(), (0..12).collect());
        }
        assert!(passes[0] != passes[1] && passes[1] != passes[2]);
        // Whatever was asked for before.
        assert_eq!(sampler.batch(SamplerPosition(4)), shown[20..25]);
        assert_eq!(Sampler::over_pictures(&data, 5, 3).batch(SamplerPosition(11)), shown[55..]);
        assert!(shown.iter().all(|e| data.people[e.person as usize].pictures.contains(&e.picture)));
        assert_eq!(Sampler::over_pictures(&data, 99, 3).batch(SamplerPosition(1)).len(), 12, "no picture twice");
    }

    #[test]
    fn a_position_survives_serialisation() {
        let data = dataset(&[4; 9]);
        let sampler = Sampler::new(&data, SamplerConfig { people_per_batch: 3, ..SamplerConfig::default() }, 11);
        let saved = serde_json::to_string(&SamplerPosition(17)).unwrap();
        let restored: SamplerPosition = serde_json::from_str(&saved).unwrap();
        assert_eq!(sampler.batch(restored), sampler.batch(SamplerPosition(17)));
    }
}
