//! Where a preset's values come from, line by line with the values themselves.

use eframe::egui::{CollapsingHeader, Ui};

use crate::app::ui::locale::{Locale, grouped};
use crate::app::ui::widgets::section::hint_ui;
use crate::train::TrainConfig;
use crate::train::config::MiningSource;
use crate::train::optimiser::Rule;
use crate::train::presets::Preset;
use crate::train::schedule::LearningRate;

/// Nothing for presets that follow nobody.
pub(crate) fn sources_ui(ui: &mut Ui, text: &Locale, preset: Preset) {
    let lines = lines(text, preset);
    if lines.is_empty() {
        return;
    }
    CollapsingHeader::new(text.s("train_sources")).id_salt("sources").show(ui, |ui| {
        lines.into_iter().for_each(|line| hint_ui(ui, line));
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
            "train_paper_length",
            "train_paper_network",
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
        Preset::Finetune | Preset::Scratch | Preset::Harmonic | Preset::Teacher => &[],
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
    ];
    if let LearningRate::Schedule(schedule) = &config.learning_rate {
        values.push(("schedule", schedule.to_string()));
    }
    if let Rule::AdaGrad { initial_accumulator, .. } = config.optimiser.rule {
        values.push(("accumulator", initial_accumulator.to_string()));
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
                assert!(lines.iter().all(|line| !line.contains('{')), "{lines:?}");
            }
            assert!(lines(text, Preset::Paper).concat().contains("1,800"));
            assert!(lines(text, Preset::Davidsandberg).concat().contains("0: 0.1, 300: 0.01, 400: 0.001"));
        }
    }
}
