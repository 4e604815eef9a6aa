//! What a run cannot have: networks and batches that the device does not hold, and batches for which there are too few
//! people or pictures.

use std::collections::BTreeSet;

use anyhow::{Context, Result};

use crate::networks::device::{ComputeDevice, DeviceKind, can_reserve, cpu};
use crate::networks::nets::buffers::LargestBuffers;
use crate::networks::nets::catalogue::build_as;
use crate::networks::weights::ModelCard;
use crate::train::TrainConfig;
use crate::train::data::Dataset;
use crate::train::sampler::Fill;
use crate::train::validate::pictures_to_judge;
use crate::types::counted;

/// That batches are smaller than they are asked for, where there are too few people or pictures.
pub(super) fn shrunk_batches(training: &Dataset, config: &TrainConfig) -> Option<String> {
    let sampler = config.sampler;
    if !config.needs_names() {
        let (wanted, there) = (config.teacher?.pictures_per_batch, training.pictures());
        return (there < wanted).then(|| {
            format!("batches hold {} instead of {wanted}: there are no more", counted(there, "picture", "pictures"))
        });
    }
    let anchors = || training.people.iter().filter(|person| person.pictures.len() > 1);
    let (wanted, there) = (sampler.people_per_batch, anchors().count());
    let each = anchors().filter(|person| person.pictures.len() < sampler.pictures_per_person).count();
    let mut words = Vec::new();
    if there < wanted {
        let people = counted(there, "person", "people");
        words.push(format!("{people} instead of {wanted}, since no more have two pictures"));
    }
    if each > 0 && sampler.fill == Fill::No {
        let wanted = sampler.pictures_per_person;
        let have = if each == 1 { "has" } else { "have" };
        let people = counted(there, "person", "people");
        words.push(format!("{each} of {people} {have} fewer than {wanted} pictures, and what there is is taken"));
    }
    (!words.is_empty()).then(|| format!("batches are smaller: {}", words.join("; ")))
}

/// That the pictures to judge on show nobody twice, or one person only, so that they say nothing of telling people
/// apart.
pub(super) fn idle_held_out(held_out: &Dataset, config: &TrainConfig) -> Option<String> {
    let most = config.validation.pictures_at_most;
    let judged = pictures_to_judge(held_out, most);
    let people = judged.iter().map(|exemplar| exemplar.person).collect::<BTreeSet<_>>().len();
    let says_nothing = config.needs_names() && !judged.is_empty() && (people < 2 || people == judged.len());
    says_nothing.then(|| {
        let (judged, all) = (counted(judged.len(), "picture", "pictures"), held_out.pictures());
        format!(
            "the {judged} to judge on, of {all} held out, show nobody twice or one person only, and say nothing of telling \
             people apart (see --judge-pictures)"
        )
    })
}

/// Refuses a network, or so many pictures of it at once, that the device cannot hold.
pub(super) fn can_run(card: &ModelCard, config: &TrainConfig, device: &ComputeDevice) -> Result<()> {
    let net = build_as(card, &cpu().burn)?;
    let buffers = LargestBuffers::of(&net, [card.input.height as usize, card.input.width as usize]);
    let most = device.largest_buffer;
    let sampler = config.sampler;
    let batch = sampler.people_per_batch.saturating_mul(sampler.pictures_per_person);
    let batch = batch.saturating_add(sampler.random_negatives);
    let learned =
        config.chunks.gradient.min(config.teacher.map_or(batch, |teacher| teacher.pictures_per_batch.max(batch)));
    let options = [("--gradient-chunk", learned.max(1)), ("--inference-chunk", config.chunks.inference.max(1))];
    let cannot = |option| format!("{} cannot be trained on {} (see {option})", card.architecture, device.name);
    options.into_iter().try_for_each(|(option, pictures)| buffers.fit(most, pictures).context(cannot(option)))?;
    if device.kind == DeviceKind::Cpu {
        let [(_, learned), (_, embedded)] = options;
        let cannot = cannot("--gradient-chunk, --inference-chunk, --image-size, --width and --embedding-size");
        buffers.fit_in_memory(learned, embedded, can_reserve).context(cannot)?;
    }
    Ok(())
}
