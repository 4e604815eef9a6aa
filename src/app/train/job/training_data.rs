//! What a run learns from and is judged on: the people, their crops, and what networks that stay as they are make of
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};

use super::prepared_run::{PreparedRun, tell_skipped};
use super::{StartFrom, TrainRequest, harmonic};
use crate::app::jobs::run_event::RunEvent;
use crate::app::train::job::source::{FolderSource, KeptCrops};
use crate::app::train::job::start::StartingNetwork;
use crate::networks::device::ComputeDevice;
use crate::train::checkpoint::{RunFolder, VectorFile, VectorKey};
use crate::train::events::Control;
use crate::train::run::{TrainError, TrainingData};
use crate::train::start::{Frozen, FrozenVectors, PictureViews, frozen_embedder, frozen_vectors};
use crate::train::teacher::{LiveTeacher, Projection, TeacherSees};
use crate::train::validate::pictures_to_judge;

pub(super) const NO_TEACHER: &str =
    "learning from a teacher needs --teacher, the network whose vectors are to be learned";

/// A network from random weights gives as many numbers as its teacher where nobody asked for another length, so that
/// the two can be compared.
pub(super) fn with_the_teachers_dimensions(
    mut request: TrainRequest,
    teacher: Option<&StartingNetwork>,
) -> TrainRequest {
    if let (Some(teacher), StartFrom::Scratch { options, .. }) = (teacher, &mut request.start) {
        options.embedding_size.get_or_insert(teacher.card.dimensions);
    }
    request
}

impl PreparedRun {
    /// The people to learn from and those held out, with the vectors of the old network and of the teacher.
    pub(super) fn data(
        &self,
        folder: &RunFolder,
        device: &ComputeDevice,
        control: &Control,
        told: &mut BTreeSet<usize>,
        events: &mut dyn FnMut(RunEvent),
    ) -> Result<TrainingData> {
        let request = &self.record.request;
        let (training, held_out) = self.prepared.datasets();
        let source = FolderSource::new(&self.prepared, self.record.network.input);
        let pairs = self.pairs.as_ref().zip(request.pairs.as_ref());
        let pairs = pairs.map(|(list, from)| self.prepared.pair_set(list, &from.images));
        let data = TrainingData::new(Arc::new(KeptCrops::of(source)), training, held_out);
        let mut data = TrainingData { pairs, ..data };
        let dimensions = self.record.network.dimensions;
        let place = Place { folder, device, control };
        if harmonic(request) {
            let old = self.old.as_ref();
            let old = old.context("harmonic training needs --old, the network to stay comparable with")?;
            let before = old.card.dimensions;
            ensure!(
                before == dimensions,
                "the old network gives {before} numbers a face, the new one {dimensions}: \
                 harmonic training needs as many"
            );
            let kept = folder.old_vectors();
            data.old_vectors =
                Some(self.frozen_vectors((old, PictureViews::AsItIs), &mut data, (&kept, place), told, events)?);
        }
        if request.config.teacher.is_some() {
            let teacher = self.teacher.as_ref().context(NO_TEACHER)?;
            self.learn_from(teacher, &mut data, place, told, events)?;
        }
        Ok(data)
    }

    /// Adds what a teacher makes of the pictures, and the teacher itself where it shall see what the network sees.
    fn learn_from(
        &self,
        teacher: &StartingNetwork,
        data: &mut TrainingData,
        place: Place<'_>,
        told: &mut BTreeSet<usize>,
        events: &mut dyn FnMut(RunEvent),
    ) -> Result<()> {
        let config = &self.record.request.config;
        let (given, dimensions) = (teacher.card.dimensions, self.record.network.dimensions);
        if given != dimensions {
            events(RunEvent::Note(format!(
                "the teacher gives {given} numbers a face, the network {dimensions}: it learns a projection of them"
            )));
        }
        let looks_on = config.teacher.is_some_and(|teacher| teacher.sees == TeacherSees::Same);
        // A teacher that sees mirror images gives each its own vector.
        let views = if config.augmentation.flip && !looks_on { PictureViews::Mirrored } else { PictureViews::AsItIs };
        let kept = place.folder.teacher_vectors();
        let vectors = self.frozen_vectors((teacher, views), data, (&kept, place), told, events)?;
        let learned: BTreeSet<usize> = data.training.people.iter().flat_map(|of| of.pictures.clone()).collect();
        let projection = Projection::of(&vectors, &learned, given, dimensions);
        data.teacher_vectors = Some(projection.project_all(vectors));
        if looks_on {
            let StartingNetwork { card, weights, .. } = teacher;
            let embed = frozen_embedder(Frozen { card, weights, device: &place.device.burn, views })?;
            let source = FolderSource::new(&self.prepared, card.input);
            data.live_teacher = Some(LiveTeacher {
                source: Arc::new(KeptCrops::of(source)),
                embed: Box::new(move |crops| {
                    Ok(embed(crops)?.chunks(given).flat_map(|row| projection.project(row)).collect())
                }),
            });
        }
        Ok(())
    }

    /// What a network that stays as it is makes of the pictures to learn from and to judge on; pictures of which it makes
    /// nothing take no part, and are told.
    fn frozen_vectors(
        &self,
        (network, views): (&StartingNetwork, PictureViews),
        data: &mut TrainingData,
        (kept, place): (&Path, Place<'_>),
        told: &mut BTreeSet<usize>,
        events: &mut dyn FnMut(RunEvent),
    ) -> Result<BTreeMap<usize, Vec<f32>>> {
        let judged = pictures_to_judge(&data.held_out, self.record.request.config.validation.pictures_at_most);
        let learned = data.training.people.iter().flat_map(|person| person.pictures.iter().copied());
        let pictures: Vec<usize> = learned.chain(judged.iter().map(|exemplar| exemplar.picture)).collect();
        let watch = &mut |done, total| {
            events(RunEvent::Preparing { done, total });
            place.control.interrupted().map_or(Ok(()), |reason| Err(TrainError::Interrupted(reason)))
        };
        let StartingNetwork { card, weights, .. } = network;
        let source = FolderSource::new(&self.prepared, card.input);
        let frozen = Frozen { card, weights, device: &place.device.burn, views };
        let list = RunFolder::data(place.folder.root())?;
        let mirrored = views == PictureViews::Mirrored;
        let key = VectorKey::of(weights.sha256(), &place.device.burn, &card.input, &list, mirrored);
        let kept = VectorFile::open(kept, key, card.dimensions)?;
        let FrozenVectors { by_picture: vectors, skipped } = frozen_vectors(frozen, &source, &pictures, kept, watch)?;
        skipped.into_iter().for_each(|skipped| tell_skipped(&self.prepared.entries, told, skipped, events));
        for person in data.training.people.iter_mut().chain(&mut data.held_out.people) {
            person.pictures.retain(|picture| vectors.contains_key(picture));
        }
        Ok(vectors)
    }
}

/// Where a run works, and who may stop it.
#[derive(Clone, Copy)]
struct Place<'a> {
    folder: &'a RunFolder,
    device: &'a ComputeDevice,
    control: &'a Control,
}
