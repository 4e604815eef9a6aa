//! The judgements of a run: held-out people, an LFW-format list, and people who may be on both sides.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::Module;

use super::{TrainError, TrainingRun};
use crate::eval::EvalError;
use crate::networks::nets::EmbeddingNet;
use crate::train::config::HoldOut;
use crate::train::data::Dataset;
use crate::train::events::{Alarm, EmbeddingWhy, TrainEvent};
use crate::train::loader::load_plain;
use crate::train::mining::squared_distance;
use crate::train::rows::normalise_rows;
use crate::train::sampler::Exemplar;
use crate::train::teacher::mean_distance;
use crate::train::times::Lap;
use crate::train::validate::{
    CompatibilityReport, PairsReport, PeopleReport, TeacherReport, ValidationReport, check_numbers, judge_against,
    judge_pairs, judge_people_until,
};

/// Pictures in memory at once while judging or mining.
pub(super) const READ_AT_ONCE: usize = if cfg!(test) { 30 } else { 120 };
/// Pictures of a person, and people of each side, looked at for someone on both.
const PICTURES_A_PERSON: usize = 3;
const PEOPLE_COMPARED: usize = 1000;

/// Whether some two pictures show one person and some two others do not.
fn has_both_kinds_of_pairs(people: &[u32]) -> bool {
    let different = people.iter().collect::<BTreeSet<_>>().len();
    different > 1 && different < people.len()
}

/// Unit vectors of the pictures that could be read.
pub(super) struct Embedded {
    pub exemplars: Vec<Exemplar>,
    pub vectors: Vec<f32>,
}

impl<N: Module + EmbeddingNet> TrainingRun<'_, N> {
    pub(super) fn judge(&mut self) -> Result<(), TrainError> {
        let mut lap = Lap::start();
        let net = self.inference_net();
        let judged = self.judgement(&net);
        self.times.judging_secs += lap.secs();
        let report = match judged {
            // A ruined network is not the best, whatever the others are like.
            Err(TrainError::Judge(EvalError::NotANumber { .. })) => {
                self.warn_of_ruin(self.step);
                return Ok(());
            }
            judged => judged?,
        };
        if report.is_empty() {
            return Ok(());
        }
        if self.step == 0 {
            self.first_judged = Some(report.clone());
        }
        // The line goes first: a run killed between the two drops it with the steps since the checkpoint before.
        if let Some(folder) = &mut self.folder {
            folder.validation(&report)?;
        }
        self.judged = Some(report.clone());
        if self.best.as_ref().is_none_or(|(best, _)| report.beats(best)) {
            self.best = Some((report.clone(), net));
            self.saved_at = None;
            self.save()?;
        }
        (self.emit)(TrainEvent::Validated(report));
        Ok(())
    }

    fn judgement(&mut self, net: &N) -> Result<ValidationReport, TrainError> {
        let (people, to_teacher) = self.judge_held_out(net)?;
        let pairs = self.judge_pair_list(net)?;
        Ok(ValidationReport { step: self.step, people, pairs, to_teacher })
    }

    fn judge_held_out(&mut self, net: &N) -> Result<(Option<PeopleReport>, Option<TeacherReport>), TrainError> {
        if self.to_judge.is_empty() {
            return Ok((None, None));
        }
        let embedded = self.embed_to_judge(net, &self.to_judge.clone())?;
        if embedded.exemplars.is_empty() {
            return Ok((None, None));
        }
        let (vectors, dimensions) = (&embedded.vectors, net.embedding_size());
        let wanted = self.teacher_vectors(&embedded.exemplars)?;
        let to_teacher = wanted.map(|wanted| TeacherReport {
            pictures: embedded.exemplars.len(),
            squared_distance: mean_distance(vectors, &wanted, dimensions),
        });
        let people: Vec<u32> = embedded.exemplars.iter().map(|exemplar| exemplar.person).collect();
        if !has_both_kinds_of_pairs(&people) {
            return Ok((None, to_teacher));
        }
        let (far_target, cancel) = (self.config.validation.far_target, &self.control.cancel);
        let report = judge_people_until(vectors, dimensions, &people, far_target, cancel)?;
        let against_old = self.judge_against_old(net, &embedded, &people)?;
        Ok((Some(PeopleReport { against_old, ..report }), to_teacher))
    }

    /// In harmonic training, how well held-out people are recognised with one picture by each network.
    fn judge_against_old(
        &self,
        net: &N,
        embedded: &Embedded,
        people: &[u32],
    ) -> Result<Option<CompatibilityReport>, TrainError> {
        let Some(old) = self.old_vectors(&embedded.exemplars)? else { return Ok(None) };
        let (dimensions, far_target) = (net.embedding_size(), self.config.validation.far_target);
        let cancel = &self.control.cancel;
        Ok(Some(judge_against(&embedded.vectors, &old, dimensions, people, far_target, cancel)?))
    }

    fn judge_pair_list(&mut self, net: &N) -> Result<Option<PairsReport>, TrainError> {
        let Some(set) = &self.data.pairs else { return Ok(None) };
        let there = set.pictures.iter().copied().flatten();
        let exemplars: Vec<Exemplar> = there.map(|picture| Exemplar { picture, person: 0 }).collect();
        let embedded = self.embed_to_judge(net, &exemplars)?;
        let row_of: BTreeMap<usize, usize> =
            embedded.exemplars.iter().enumerate().map(|(row, exemplar)| (exemplar.picture, row)).collect();
        let far_target = self.config.validation.far_target;
        let row_of = |picture| row_of.get(&picture).copied();
        Ok(Some(judge_pairs(set, &embedded.vectors, net.embedding_size(), row_of, far_target)?))
    }

    /// The vectors of a ruined network are none.
    fn embed_to_judge(&mut self, net: &N, exemplars: &[Exemplar]) -> Result<Embedded, TrainError> {
        let embedded = self.embed_pictures(net, exemplars, EmbeddingWhy::Judging)?;
        check_numbers(&embedded.vectors)?;
        Ok(embedded)
    }

    /// Looks at a few pictures at a time, and between them whether it shall go on.
    pub(super) fn embed_pictures(
        &mut self,
        net: &N,
        exemplars: &[Exemplar],
        why: EmbeddingWhy,
    ) -> Result<Embedded, TrainError> {
        let mut embedded = Embedded { exemplars: Vec::new(), vectors: Vec::new() };
        let total = exemplars.len();
        for (number, exemplars) in exemplars.chunks(READ_AT_ONCE).enumerate() {
            self.tell_embedding(why, number * READ_AT_ONCE, total)?;
            let loaded = load_plain(self.data.source.as_ref(), exemplars);
            self.note_skipped(&loaded.skipped);
            embedded.vectors.extend(self.unit_vectors(net, &loaded)?);
            embedded.exemplars.extend(loaded.exemplars);
        }
        self.tell_embedding(why, total, total)?;
        Ok(embedded)
    }

    /// Warns of the closest training and held-out person when their mean embeddings are nearer to each other than two
    /// pictures of one person usually are. Only a network that can tell people apart is asked, and only where whole people
    /// are held out.
    pub(super) fn warn_about_same_identity(&mut self) -> Result<(), TrainError> {
        let Some(report) = self.judged.as_ref().and_then(|judged| judged.people.as_ref()) else { return Ok(()) };
        if self.config.validation.hold_out == HoldOut::Pictures {
            return Ok(());
        }
        if report.val < 0.5 || self.warned_of_same_identity {
            return Ok(());
        }
        let limit = report.median_same / 2.0;
        let mut lap = Lap::start();
        let net = self.inference_net();
        let held_out = self.centres(&net, &self.data.held_out)?;
        let training = self.centres(&net, &self.data.training)?;
        self.times.judging_secs += lap.secs();
        let pairs = held_out.iter().flat_map(|held| training.iter().map(move |trained| (held, trained)));
        let distances = pairs.map(|(held, trained)| (squared_distance(&held.1, &trained.1), held.0, trained.0));
        let closest = distances.min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((squared_distance, held, trained)) = closest
            && f64::from(squared_distance) < limit
        {
            self.warned_of_same_identity = true;
            let name = |data: &Dataset, person: u32| data.people[person as usize].name.clone();
            (self.emit)(TrainEvent::Alarm(Alarm::SameIdentity {
                training: name(&self.data.training, trained),
                held_out: name(&self.data.held_out, held),
                squared_distance,
            }));
        }
        Ok(())
    }

    /// The mean direction of a few pictures of each person.
    fn centres(&mut self, net: &N, people: &Dataset) -> Result<Vec<(u32, Vec<f32>)>, TrainError> {
        let of_person = |(id, person): (usize, &crate::train::data::Person)| {
            let pictures = person.pictures.iter().take(PICTURES_A_PERSON);
            pictures.map(|&picture| Exemplar { picture, person: id as u32 }).collect::<Vec<_>>()
        };
        let exemplars: Vec<Exemplar> =
            people.people.iter().enumerate().take(PEOPLE_COMPARED).flat_map(of_person).collect();
        let embedded = self.embed_pictures(net, &exemplars, EmbeddingWhy::Judging)?;
        let dimensions = net.embedding_size();
        let mut sums: BTreeMap<u32, Vec<f32>> = BTreeMap::new();
        for (exemplar, vector) in embedded.exemplars.iter().zip(embedded.vectors.chunks(dimensions)) {
            let sum = sums.entry(exemplar.person).or_insert_with(|| vec![0.0; dimensions]);
            sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
        }
        sums.values_mut().for_each(|sum| normalise_rows(sum, dimensions));
        Ok(sums.into_iter().collect())
    }
}
