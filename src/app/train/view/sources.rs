//! Where a preset's values come from, line by line with the values themselves.

use eframe::egui::{CollapsingHeader, Ui};

use crate::app::ui::locale::{Locale, grouped};
use crate::app::ui::widgets::section::hint_ui;
use crate::train::TrainConfig;
use crate::train::config::MiningSource;
use crate::train::optimiser::Rule;
use crate::train::presets::Preset;
use crate::train::schedule::LearningRate;

pub(crate) fn sources_ui(ui: &mut Ui, text: &Locale, preset: Preset) {
    CollapsingHeader::new(text.s("train_sources")).id_salt("sources").show(ui, |ui| {
        lines(text, preset).into_iter().for_each(|line| hint_ui(ui, line));
    });
}

fn lines(text: &Locale, preset: Preset) -> Vec<String> {
    let values = values(&preset.config());
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    keys(preset).iter().map(|key| text.f(key, &values)).collect()
}

fn keys(preset: Preset) -> &'static [&'static str] {
    match preset {
        Preset::Paper => &[
            "train_paper_batch",
            "train_paper_random",
            "train_paper_fill",
            "train_paper_pairs",
            "train_paper_negatives",
            "train_paper_loss",
            "train_paper_rate",
            "train_paper_optimiser",
            "train_paper_none",
            "train_paper_all",
            "train_paper_length",
            "train_paper_network",
            "train_paper_norm",
            "train_paper_judging",
        ],
        Preset::Davidsandberg => &[
            "train_davidsandberg_batch",
            "train_davidsandberg_triplets",
            "train_davidsandberg_update",
            "train_davidsandberg_rate",
            "train_davidsandberg_optimiser",
            "train_davidsandberg_average",
            "train_davidsandberg_length",
            "train_davidsandberg_network",
            "train_davidsandberg_departs",
        ],
        Preset::Finetune => &[
            "train_finetune_part",
            "train_finetune_steps",
            "train_finetune_mirror",
            "train_finetune_kept",
            "train_finetune_measured",
        ],
        Preset::Scratch => &["train_scratch_batch", "train_scratch_own"],
        Preset::Harmonic => &[
            "train_harmonic_mix",
            "train_harmonic_order",
            "train_harmonic_rate",
            "train_harmonic_own",
            "train_harmonic_kept",
        ],
        Preset::Teacher => &[
            "train_teacher_loss",
            "train_teacher_batch",
            "train_teacher_rate",
            "train_teacher_sees",
            "train_teacher_own",
        ],
    }
}

/// What the lines name, as the preset has it.
fn values(config: &TrainConfig) -> Vec<(&'static str, String)> {
    let sampler = config.sampler;
    let mut values = vec![
        ("people", sampler.people_per_batch.to_string()),
        ("pictures", sampler.pictures_per_person.to_string()),
        ("random", sampler.random_negatives.to_string()),
        ("all", grouped((sampler.people_per_batch * sampler.pictures_per_person + sampler.random_negatives) as u64)),
        ("margin", config.loss.margin.to_string()),
        ("steps", grouped(config.steps)),
        ("epoch", grouped(config.steps_per_epoch)),
        ("chunk", config.chunks.gradient.to_string()),
        ("held", (100.0 * config.validation.held_out_share).round().to_string()),
        ("judge", grouped(config.validation.every_steps)),
    ];
    match &config.learning_rate {
        LearningRate::Schedule(schedule) => values.push(("schedule", schedule.to_string())),
        rate => values.extend(rate.main_rate().map(|rate| ("rate", rate.to_string()))),
    }
    if let LearningRate::Lowered { rate, factor, last_share } = config.learning_rate {
        values.push(("lowered", format!("{:.3}", rate * factor)));
        values.push(("last", (100.0 * last_share).round().to_string()));
    }
    if let Rule::AdaGrad { initial_accumulator, epsilon } = config.optimiser.rule {
        values.push(("accumulator", initial_accumulator.to_string()));
        values.push(("epsilon", format!("{epsilon:e}")));
    }
    values.extend(config.ema_decay.map(|decay| ("average", decay.to_string())));
    values.extend(config.last_layer_first.map(|first| ("first", grouped(first.steps))));
    if let Some(teacher) = config.teacher {
        values.push(("weight", teacher.triplet_weight.to_string()));
        values.push(("batch", teacher.pictures_per_batch.to_string()));
    }
    if let MiningSource::Selected(selection) = config.mining {
        values.push(("triplets", selection.triplets_per_step.to_string()));
        values.push(("batch", selection.pictures_per_step().to_string()));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::ui::locale::Language;

    #[test]
    fn every_value_is_filled_in_in_every_language() {
        for language in Language::ALL {
            let text = &Locale::new(language);
            for preset in Preset::ALL {
                let lines = lines(text, preset);
                assert!(!lines.is_empty() && lines.iter().all(|line| !line.contains('{')), "{lines:?}");
            }
            assert!(lines(text, Preset::Paper).concat().contains("1,800"));
            assert!(lines(text, Preset::Davidsandberg).concat().contains("0: 0.1, 300: 0.01, 400: 0.001"));
        }
    }
}
