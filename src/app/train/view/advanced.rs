//! Every setting of a run, grouped, with units and hints. Numbers keep within what makes sense.

use eframe::egui::{self, TextEdit, Ui};

use crate::app::train::state::form::{StartKind, TrainForm};
use crate::app::train::state::message::{Message, TrainPath};
use crate::app::train::view::Context;
use crate::app::train::view::fields::{
    choice_ui, group_ui, line_ui, number, number_ui, optional_ui, power_ui, switch_ui,
};
use crate::app::ui::icons::Icon;
use crate::app::ui::locale::Locale;
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::train::TrainConfig;
use crate::train::config::{LastLayerFirst, MiningSource};
use crate::train::frozen::{BatchNormStatistics, TrainablePart};
use crate::train::loss::{LossShape, Reduction};
use crate::train::mining::harmonic::Combinations;
use crate::train::mining::offline::OfflineConfig;
use crate::train::mining::{Negatives, Positives};
use crate::train::optimiser::{Rule, WeightDecay};
use crate::train::presets::Preset;
use crate::train::schedule::LearningRate;

pub fn advanced_ui(ui: &mut Ui, ctx: &mut Context<'_>, form: &mut TrainForm) {
    let text = ctx.text;
    if form.departs() && buttons::button_ui(ui, Rank::Quiet, text.s("train_reset")).clicked() {
        form.take_preset(form.preset);
    }
    length_ui(ui, text, &mut form.config);
    rate_ui(ui, ctx, form);
    optimiser_ui(ui, text, &mut form.config);
    loss_ui(ui, text, &mut form.config);
    triplets_ui(ui, text, form);
    batches_ui(ui, text, &mut form.config);
    if form.start == StartKind::Scratch {
        network_ui(ui, text, form);
    }
    learns_ui(ui, text, &mut form.config);
    pictures_ui(ui, text, &mut form.config);
    judging_ui(ui, text, &mut form.config);
}

fn length_ui(ui: &mut Ui, text: &Locale, config: &mut TrainConfig) {
    group_ui(ui, text.s("train_group_length"));
    number_ui(
        ui,
        text,
        ("train_knob_steps", "train_knob_steps_hint"),
        &mut config.steps,
        number(1..=10_000_000, 5.0, ""),
    );
    let epoch = &mut config.steps_per_epoch;
    number_ui(ui, text, ("train_knob_epoch", "train_knob_epoch_hint"), epoch, number(1..=1_000_000, 5.0, ""));
    let save = &mut config.checkpoint_every_steps;
    number_ui(ui, text, ("train_knob_save", "train_knob_save_hint"), save, number(1..=1_000_000, 2.0, ""));
    number_ui(
        ui,
        text,
        ("train_knob_seed", "train_knob_seed_hint"),
        &mut config.seed,
        number(0..=u64::from(u32::MAX), 0.2, ""),
    );
}

/// Kinds of learning rates, as the picker tells them apart.
#[derive(Clone, PartialEq)]
enum RateKind {
    Constant,
    Decay,
    Schedule,
}

fn rate_ui(ui: &mut Ui, ctx: &mut Context<'_>, form: &mut TrainForm) {
    let text = ctx.text;
    group_ui(ui, text.s("train_group_rate"));
    let (was, rate) = match &form.config.learning_rate {
        LearningRate::Constant { rate } => (RateKind::Constant, *rate),
        LearningRate::Exponential { rate, .. } => (RateKind::Decay, *rate),
        LearningRate::Schedule(_) => (RateKind::Schedule, form.config.learning_rate.at(0).unwrap_or(0.05)),
    };
    let kinds = [
        (RateKind::Constant, "train_rate_constant"),
        (RateKind::Decay, "train_rate_decay"),
        (RateKind::Schedule, "train_rate_schedule"),
    ];
    let mut kind = was.clone();
    choice_ui(ui, text, ("train_knob_rate_kind", "train_knob_rate_kind_hint"), &mut kind, &kinds);
    if kind != was {
        match kind {
            RateKind::Constant => form.config.learning_rate = LearningRate::Constant { rate },
            RateKind::Decay => {
                form.config.learning_rate = LearningRate::Exponential { rate, factor: 0.98, every_epochs: 1 };
            }
            RateKind::Schedule => ctx.send(Message::Choose(TrainPath::Schedule)),
        }
    }
    let words = ("train_knob_rate", "train_knob_rate_hint");
    match &mut form.config.learning_rate {
        LearningRate::Constant { rate } => power_ui(ui, text, words, rate, 1e-7..=10.0),
        LearningRate::Exponential { rate, factor, every_epochs } => {
            power_ui(ui, text, words, rate, 1e-7..=10.0);
            let words = ("train_knob_decay", "train_knob_decay_hint");
            number_ui(ui, text, words, factor, number(0.01..=1.0, 0.002, "×"));
            let words = ("train_knob_decay_epochs", "train_knob_decay_epochs_hint");
            number_ui(ui, text, words, every_epochs, number(1..=1_000_000, 0.2, ""));
        }
        LearningRate::Schedule(_) => {}
    }
    schedule_ui(ui, ctx, form);
}

fn schedule_ui(ui: &mut Ui, ctx: &mut Context<'_>, form: &TrainForm) {
    if let Some(problem) = &form.schedule_problem {
        let colour = theme::palette(ui.visuals()).different;
        let words = ctx.text.f("train_schedule_problem", &[("problem", problem)]);
        ui.add(egui::Label::new(egui::RichText::new(words).color(colour)).wrap());
    }
    if !matches!(form.config.learning_rate, LearningRate::Schedule(_)) {
        return;
    }
    ui.horizontal(|ui| {
        let name = form.schedule.as_ref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy());
        ui.label(name.unwrap_or_default());
        if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::FileInput, ctx.text.s("train_choose_schedule_button"))
            .clicked()
        {
            ctx.send(Message::Choose(TrainPath::Schedule));
        }
    });
}

fn optimiser_ui(ui: &mut Ui, text: &Locale, config: &mut TrainConfig) {
    group_ui(ui, text.s("train_group_optimiser"));
    let rules = [
        (Rule::ADAGRAD, "train_rule_adagrad"),
        (Rule::ADAM, "train_rule_adam"),
        (Rule::RMSPROP, "train_rule_rmsprop"),
        (Rule::ADADELTA, "train_rule_adadelta"),
        (Rule::NESTEROV, "train_rule_nesterov"),
        (Rule::Momentum { momentum: 0.9, nesterov: false }, "train_rule_momentum"),
    ];
    let optimiser = &mut config.optimiser;
    choice_ui(ui, text, ("train_knob_rule", "train_knob_rule_hint"), &mut optimiser.rule, &rules);
    let mut decay = match optimiser.weight_decay {
        WeightDecay::None => None,
        WeightDecay::L2(factor) | WeightDecay::Decoupled(factor) => Some(factor),
    };
    let before = decay;
    let words = ("train_knob_weight_decay", "train_knob_weight_decay_hint");
    optional_ui(ui, text, words, &mut decay, 1e-4, number(0.0..=0.1, 1e-5, ""));
    if decay != before {
        optimiser.weight_decay = match (decay, optimiser.weight_decay) {
            (None, _) => WeightDecay::None,
            (Some(factor), WeightDecay::Decoupled(_)) => WeightDecay::Decoupled(factor),
            (Some(factor), _) => WeightDecay::L2(factor),
        };
    }
    if let WeightDecay::L2(factor) | WeightDecay::Decoupled(factor) = optimiser.weight_decay {
        let mut decoupled = matches!(optimiser.weight_decay, WeightDecay::Decoupled(_));
        switch_ui(ui, text, ("train_knob_decoupled", "train_knob_decoupled_hint"), &mut decoupled);
        optimiser.weight_decay = if decoupled { WeightDecay::Decoupled(factor) } else { WeightDecay::L2(factor) };
    }
    let words = ("train_knob_clip", "train_knob_clip_hint");
    optional_ui(ui, text, words, &mut optimiser.clip_norm, 5.0, number(0.001..=1000.0, 0.05, ""));
}

fn loss_ui(ui: &mut Ui, text: &Locale, config: &mut TrainConfig) {
    group_ui(ui, text.s("train_group_loss"));
    let shapes = [(LossShape::Hinge, "train_shape_hinge"), (LossShape::Softplus, "train_shape_softplus")];
    choice_ui(ui, text, ("train_knob_shape", "train_knob_shape_hint"), &mut config.loss.shape, &shapes);
    let words = ("train_knob_margin", "train_knob_margin_hint");
    number_ui(ui, text, words, &mut config.loss.margin, number(0.01..=2.0, 0.005, ""));
    let reductions = [(Reduction::Mean, "train_reduction_mean"), (Reduction::Sum, "train_reduction_sum")];
    let words = ("train_knob_reduction", "train_knob_reduction_hint");
    choice_ui(ui, text, words, &mut config.loss.reduction, &reductions);
}

/// Where triplets are looked for, as the picker tells them apart.
#[derive(Clone, PartialEq)]
enum SourceKind {
    Online,
    Offline,
    Harmonic,
}

fn triplets_ui(ui: &mut Ui, text: &Locale, form: &mut TrainForm) {
    group_ui(ui, text.s("train_group_triplets"));
    let rule = &mut form.config.rule;
    let positives = [
        (Positives::AllPairs, "train_positives_all"),
        (Positives::EachPairOnce, "train_positives_once"),
        (Positives::Hardest, "train_positives_hardest"),
    ];
    choice_ui(ui, text, ("train_knob_positives", "train_knob_positives_hint"), &mut rule.positives, &positives);
    let negatives = [
        (Negatives::SemiHardClosest, "train_negatives_closest"),
        (Negatives::SemiHardRandom, "train_negatives_random"),
        (Negatives::Hardest, "train_negatives_hardest"),
        (Negatives::AnyViolating, "train_negatives_violating"),
    ];
    choice_ui(ui, text, ("train_knob_negatives", "train_knob_negatives_hint"), &mut rule.negatives, &negatives);
    source_ui(ui, text, form);
}

fn source_ui(ui: &mut Ui, text: &Locale, form: &mut TrainForm) {
    let was = match &form.config.mining {
        MiningSource::Online => SourceKind::Online,
        MiningSource::Offline(_) => SourceKind::Offline,
        MiningSource::Harmonic { .. } => SourceKind::Harmonic,
    };
    let mut kind = was.clone();
    let mut kinds = vec![(SourceKind::Online, "train_source_online"), (SourceKind::Offline, "train_source_offline")];
    if form.preset == Preset::Harmonic {
        kinds.push((SourceKind::Harmonic, "train_source_harmonic"));
    }
    choice_ui(ui, text, ("train_knob_source", "train_knob_source_hint"), &mut kind, &kinds);
    if kind != was {
        form.config.mining = match kind {
            SourceKind::Online => MiningSource::Online,
            SourceKind::Offline => MiningSource::Offline(OfflineConfig::default()),
            SourceKind::Harmonic => MiningSource::Harmonic { combinations: Combinations::all_that_learn() },
        };
    }
    match &mut form.config.mining {
        MiningSource::Online => {}
        MiningSource::Offline(offline) => {
            let words = ("train_knob_offline_every", "train_knob_offline_every_hint");
            number_ui(ui, text, words, &mut offline.every_steps, number(1..=1_000_000, 2.0, ""));
            let words = ("train_knob_offline_subset", "train_knob_offline_subset_hint");
            number_ui(ui, text, words, &mut offline.subset_pictures, number(10..=1_000_000, 20.0, ""));
            let words = ("train_knob_offline_triplets", "train_knob_offline_triplets_hint");
            number_ui(ui, text, words, &mut offline.triplets_per_step, number(1..=100_000, 2.0, ""));
        }
        MiningSource::Harmonic { combinations } => {
            let words = ("train_knob_combinations", "train_knob_combinations_hint");
            line_ui(ui, text, words, |ui, name| combinations_ui(ui, name, combinations));
        }
    }
}

/// Text such as "222, 212"; what cannot be read is not taken over.
fn combinations_ui(ui: &mut Ui, name: &str, combinations: &mut Combinations) {
    let id = ui.scope_id().with("combinations");
    let kept: Option<String> = ui.data(|data| data.get_temp(id));
    let mut typed = kept.unwrap_or_else(|| combinations.to_string());
    let parsed = Combinations::parse(&typed);
    let colour = if parsed.is_ok() { None } else { Some(theme::palette(ui.visuals()).different) };
    let response = ui.add(TextEdit::singleline(&mut typed).desired_width(140.0).text_color_opt(colour));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(name));
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, typed.clone()));
    } else {
        ui.data_mut(|data| data.remove::<String>(id));
    }
    if let (true, Ok(parsed)) = (response.changed(), Combinations::parse(&typed)) {
        *combinations = parsed;
    }
}

fn batches_ui(ui: &mut Ui, text: &Locale, config: &mut TrainConfig) {
    group_ui(ui, text.s("train_group_batches"));
    let sampler = &mut config.sampler;
    let words = ("train_knob_people", "train_knob_people_hint");
    number_ui(ui, text, words, &mut sampler.people_per_batch, number(2..=10_000, 0.2, ""));
    let words = ("train_knob_pictures", "train_knob_pictures_hint");
    number_ui(ui, text, words, &mut sampler.pictures_per_person, number(2..=1000, 0.2, ""));
    let words = ("train_knob_random", "train_knob_random_hint");
    number_ui(ui, text, words, &mut sampler.random_negatives, number(0..=10_000, 0.5, ""));
    let words = ("train_knob_inference", "train_knob_inference_hint");
    number_ui(ui, text, words, &mut config.chunks.inference, number(1..=4096, 1.0, ""));
    let words = ("train_knob_gradient", "train_knob_gradient_hint");
    number_ui(ui, text, words, &mut config.chunks.gradient, number(1..=4096, 1.0, ""));
}

/// Departures of a network drawn at random from its own figures.
fn network_ui(ui: &mut Ui, text: &Locale, form: &mut TrainForm) {
    group_ui(ui, text.s("train_group_network"));
    let options = &mut form.net_options;
    let words = ("train_knob_dimensions", "train_knob_dimensions_hint");
    optional_ui(ui, text, words, &mut options.embedding_size, 128, number(2..=8192, 1.0, "-D"));
    let words = ("train_knob_dropout", "train_knob_dropout_hint");
    optional_ui(ui, text, words, &mut options.dropout, 0.4, number(0.0..=0.95, 0.005, ""));
    let words = ("train_knob_width", "train_knob_width_hint");
    optional_ui(ui, text, words, &mut options.width, 1.0, number(0.1..=4.0, 0.01, "×"));
}

/// What learns, as the picker tells it apart.
#[derive(Clone, PartialEq)]
enum PartKind {
    All,
    Last,
    From,
}

fn learns_ui(ui: &mut Ui, text: &Locale, config: &mut TrainConfig) {
    group_ui(ui, text.s("train_group_learns"));
    let was = match &config.trainable {
        TrainablePart::All => PartKind::All,
        TrainablePart::LastLayer => PartKind::Last,
        TrainablePart::From(_) => PartKind::From,
    };
    let mut kind = was.clone();
    let kinds =
        [(PartKind::All, "train_part_all"), (PartKind::Last, "train_part_last"), (PartKind::From, "train_part_from")];
    choice_ui(ui, text, ("train_knob_part", "train_knob_part_hint"), &mut kind, &kinds);
    if kind != was {
        config.trainable = match kind {
            PartKind::All => TrainablePart::All,
            PartKind::Last => TrainablePart::LastLayer,
            PartKind::From => TrainablePart::From(String::new()),
        };
    }
    if let TrainablePart::From(block) = &mut config.trainable {
        line_ui(ui, text, ("train_knob_block", "train_knob_block_hint"), |ui, name| {
            let response = ui.add(TextEdit::singleline(block).desired_width(140.0));
            ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(name));
        });
    }
    let mut first = config.last_layer_first.map(|first| first.steps);
    let words = ("train_knob_first", "train_knob_first_hint");
    optional_ui(ui, text, words, &mut first, config.steps / 2, number(1..=10_000_000, 2.0, ""));
    let mut redraw = config.last_layer_first.is_some_and(|first| first.redraw);
    if first.is_some() {
        switch_ui(ui, text, ("train_knob_redraw", "train_knob_redraw_hint"), &mut redraw);
    }
    config.last_layer_first = first.map(|steps| LastLayerFirst { steps, redraw });
    let statistics = [(BatchNormStatistics::Learn, "train_norm_learn"), (BatchNormStatistics::Keep, "train_norm_keep")];
    choice_ui(ui, text, ("train_knob_norm", "train_knob_norm_hint"), &mut config.batch_norm, &statistics);
    let words = ("train_knob_average", "train_knob_average_hint");
    optional_ui(ui, text, words, &mut config.ema_decay, 0.999, number(0.5..=0.999_99, 0.000_5, ""));
    ui.add_space(space::XS);
}

fn pictures_ui(ui: &mut Ui, text: &Locale, config: &mut TrainConfig) {
    group_ui(ui, text.s("train_group_pictures"));
    let change = &mut config.augmentation;
    switch_ui(ui, text, ("train_knob_flip", "train_knob_flip_hint"), &mut change.flip);
    let words = ("train_knob_crop", "train_knob_crop_hint");
    optional_ui(ui, text, words, &mut change.crop_share, 0.9, number(0.3..=1.0, 0.005, ""));
    let words = ("train_knob_rotation", "train_knob_rotation_hint");
    optional_ui(ui, text, words, &mut change.rotation_deg, 5.0, number(0.0..=45.0, 0.1, "°"));
    let words = ("train_knob_brightness", "train_knob_brightness_hint");
    optional_ui(ui, text, words, &mut change.brightness, 20.0, number(0.0..=128.0, 0.5, ""));
    let words = ("train_knob_contrast", "train_knob_contrast_hint");
    optional_ui(ui, text, words, &mut change.contrast, 0.2, number(0.0..=0.9, 0.005, ""));
    let words = ("train_knob_blur", "train_knob_blur_hint");
    optional_ui(ui, text, words, &mut change.blur_sigma_px, 1.5, number(0.2..=10.0, 0.05, " px"));
    let words = ("train_knob_occlusion", "train_knob_occlusion_hint");
    optional_ui(ui, text, words, &mut change.occlusion_share, 0.4, number(0.05..=0.9, 0.005, ""));
    let words = ("train_knob_jpeg", "train_knob_jpeg_hint");
    optional_ui(ui, text, words, &mut change.jpeg_quality, 30, number(5..=95, 0.2, ""));
}

fn judging_ui(ui: &mut Ui, text: &Locale, config: &mut TrainConfig) {
    group_ui(ui, text.s("train_group_judging"));
    let validation = &mut config.validation;
    let words = ("train_knob_held_out", "train_knob_held_out_hint");
    number_ui(ui, text, words, &mut validation.held_out_share, number(0.0..=0.9, 0.005, ""));
    let words = ("train_knob_judge", "train_knob_judge_hint");
    number_ui(ui, text, words, &mut validation.every_steps, number(0..=1_000_000, 2.0, ""));
    power_ui(ui, text, ("train_knob_far", "train_knob_far_hint"), &mut validation.far_target, 1e-6..=0.5);
    let words = ("train_knob_judged", "train_knob_judged_hint");
    number_ui(ui, text, words, &mut validation.pictures_at_most, number(10..=100_000, 5.0, ""));
}
