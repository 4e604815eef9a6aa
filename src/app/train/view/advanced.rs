//! Every setting of a run, grouped, with units and hints. Numbers keep within what makes sense.

use eframe::egui::{self, Ui};

use crate::app::train::state::form::{StartKind, TrainForm};
use crate::app::train::state::{Message, TrainPath};
use crate::app::train::view::Context;
use crate::app::train::view::fields::Fields;
use crate::app::ui::icons::Icon;
use crate::app::ui::locale::Locale;
use crate::app::ui::theme::{self, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::train::TrainConfig;
use crate::train::config::{HoldOut, LastLayerFirst, MiningSource};
use crate::train::frozen::{BatchNormStatistics, TrainablePart};
use crate::train::loss::{LossShape, Reduction};
use crate::train::mining::harmonic::Combinations;
use crate::train::mining::offline::{OfflineConfig, SelectionConfig};
use crate::train::mining::{Negatives, Positives};
use crate::train::optimiser::{Rule, WeightDecay};
use crate::train::presets::Preset;
use crate::train::sampler::Fill;
use crate::train::schedule::LearningRate;
use crate::train::teacher::TeacherSees;

pub(crate) fn advanced_ui(ui: &mut Ui, ctx: &mut Context<'_>, form: &mut TrainForm) {
    let text = ctx.text;
    if form.departs() && buttons::button_ui(ui, Rank::Quiet, text.s("train_reset")).clicked() {
        form.take_preset(form.preset);
    }
    length_ui(ui, text, &mut form.config);
    rate_ui(ui, ctx, form);
    optimiser_ui(ui, text, form);
    teacher_ui(ui, text, &mut form.config);
    if form.config.needs_names() {
        loss_ui(ui, text, &mut form.config);
        triplets_ui(ui, text, form);
    }
    batches_ui(ui, text, &mut form.config);
    if form.start == StartKind::Scratch {
        network_ui(ui, text, form);
    }
    learns_ui(ui, text, &mut form.config);
    pictures_ui(ui, text, &mut form.config);
    judging_ui(ui, text, &mut form.config);
}

fn length_ui(ui: &mut Ui, text: &Locale, config: &mut TrainConfig) {
    let mut fields = Fields::group(ui, text, "train_group_length");
    let mut steps = config.steps;
    fields.number("setting_steps", &mut steps, 1..=10_000_000, 5.0, "");
    if steps != config.steps {
        config.set_steps(steps);
    }
    fields.number("setting_epoch", &mut config.steps_per_epoch, 1..=1_000_000, 5.0, "");
    fields.number("setting_save", &mut config.checkpoint_every_steps, 1..=1_000_000, 2.0, "");
    fields.number("setting_seed", &mut config.seed, 0..=u64::from(u32::MAX), 0.2, "");
}

/// Kinds of learning rates, as the picker tells them apart.
#[derive(Clone, PartialEq)]
enum RateKind {
    Constant,
    Lowered,
    Decay,
    Cosine,
    Schedule,
}

fn rate_ui(ui: &mut Ui, ctx: &mut Context<'_>, form: &mut TrainForm) {
    let mut fields = Fields::group(ui, ctx.text, "train_group_rate");
    let (was, rate) = match &form.config.learning_rate {
        LearningRate::Constant { rate } => (RateKind::Constant, *rate),
        LearningRate::Lowered { rate, .. } => (RateKind::Lowered, *rate),
        LearningRate::Exponential { rate, .. } => (RateKind::Decay, *rate),
        LearningRate::Cosine { rate, .. } => (RateKind::Cosine, *rate),
        LearningRate::Schedule(_) => (RateKind::Schedule, form.config.learning_rate.main_rate().unwrap_or(0.05)),
    };
    let kinds = [
        (RateKind::Constant, "train_rate_constant"),
        (RateKind::Lowered, "train_rate_lowered"),
        (RateKind::Decay, "train_rate_decay"),
        (RateKind::Cosine, "train_rate_cosine"),
        (RateKind::Schedule, "train_rate_schedule"),
    ];
    let mut kind = was.clone();
    fields.choice("setting_rate_kind", &mut kind, &kinds);
    match kind {
        same if same == was => {}
        RateKind::Constant => form.config.learning_rate = LearningRate::Constant { rate },
        RateKind::Lowered => {
            form.config.learning_rate = LearningRate::Lowered { rate, factor: 0.1, last_share: 0.2 };
        }
        RateKind::Decay => {
            form.config.learning_rate = LearningRate::Exponential { rate, factor: 0.98, every_epochs: 1 };
        }
        RateKind::Cosine => form.config.learning_rate = LearningRate::Cosine { rate, warm_up_share: 0.05 },
        RateKind::Schedule => ctx.send(Message::AskPath(TrainPath::Schedule)),
    }
    match &mut form.config.learning_rate {
        LearningRate::Constant { rate } => fields.power("setting_rate", rate, 1e-7..=10.0),
        LearningRate::Lowered { rate, factor, last_share } => {
            fields.power("setting_rate", rate, 1e-7..=10.0);
            fields.number("setting_lowered", factor, 0.001..=1.0, 0.002, "×");
            fields.number("setting_lowered_share", last_share, 0.0..=1.0, 0.002, "");
        }
        LearningRate::Exponential { rate, factor, every_epochs } => {
            fields.power("setting_rate", rate, 1e-7..=10.0);
            fields.number("setting_decay", factor, 0.01..=1.0, 0.002, "×");
            fields.number("setting_decay_epochs", every_epochs, 1..=1_000_000, 0.2, "");
        }
        LearningRate::Cosine { rate, warm_up_share } => {
            fields.power("setting_highest_rate", rate, 1e-7..=10.0);
            fields.number("setting_warm_up", warm_up_share, 0.0..=0.9, 0.001, "");
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
    let LearningRate::Schedule(schedule) = &form.config.learning_rate else { return };
    ui.horizontal(|ui| {
        let name = form.schedule.as_ref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy());
        ui.label(name.unwrap_or_else(|| schedule.to_string().into()));
        if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::FileInput, ctx.text.s("train_choose_schedule_button"))
            .clicked()
        {
            ctx.send(Message::AskPath(TrainPath::Schedule));
        }
    });
}

fn optimiser_ui(ui: &mut Ui, text: &Locale, form: &mut TrainForm) {
    let mut fields = Fields::group(ui, text, "train_group_optimiser");
    let rules = [
        (Rule::ADAGRAD, "train_rule_adagrad"),
        (form.preset.rule(Rule::ADAM), "train_rule_adam"),
        (Rule::RMSPROP, "train_rule_rmsprop"),
        (Rule::ADADELTA, "train_rule_adadelta"),
        (Rule::NESTEROV, "train_rule_nesterov"),
        (Rule::MOMENTUM, "train_rule_momentum"),
    ];
    let optimiser = &mut form.config.optimiser;
    fields.choice("setting_rule", &mut optimiser.rule, &rules);
    let (mut factor, mut decoupled) = match optimiser.weight_decay {
        WeightDecay::None => (None, false),
        WeightDecay::L2(factor) => (Some(factor), false),
        WeightDecay::Decoupled(factor) => (Some(factor), true),
    };
    fields.optional("setting_weight_decay", &mut factor, 1e-4, 0.0..=0.1, 1e-5, "");
    if factor.is_some() {
        fields.switch("setting_decoupled", &mut decoupled);
    }
    optimiser.weight_decay = match factor {
        None => WeightDecay::None,
        Some(factor) if decoupled => WeightDecay::Decoupled(factor),
        Some(factor) => WeightDecay::L2(factor),
    };
    fields.optional("setting_clip", &mut optimiser.clip_norm, 5.0, 0.001..=1000.0, 0.05, "");
}

/// Nothing without a teacher.
fn teacher_ui(ui: &mut Ui, text: &Locale, config: &mut TrainConfig) {
    let Some(teacher) = &mut config.teacher else { return };
    let mut fields = Fields::group(ui, text, "train_group_teacher");
    fields.number("setting_triplet_weight", &mut teacher.triplet_weight, 0.0..=100.0, 0.01, "");
    if !teacher.looks_for_triplets() {
        fields.number("setting_teacher_batch", &mut teacher.pictures_per_batch, 2..=10_000, 0.5, "");
    }
    let sees = [(TeacherSees::Original, "train_sees_original"), (TeacherSees::Same, "train_sees_same")];
    fields.choice("setting_teacher_sees", &mut teacher.sees, &sees);
    if teacher.sees == TeacherSees::Same && !teacher.looks_for_triplets() {
        fields.number("setting_mixed", &mut teacher.mixed_share, 0.0..=1.0, 0.005, "");
    }
}

fn loss_ui(ui: &mut Ui, text: &Locale, config: &mut TrainConfig) {
    let mut fields = Fields::group(ui, text, "train_group_loss");
    let shapes = [(LossShape::Hinge, "train_shape_hinge"), (LossShape::Softplus, "train_shape_softplus")];
    fields.choice("setting_shape", &mut config.loss.shape, &shapes);
    fields.number("setting_margin", &mut config.loss.margin, 0.01..=2.0, 0.005, "");
    let reductions = [(Reduction::Mean, "train_reduction_mean"), (Reduction::Sum, "train_reduction_sum")];
    fields.choice("setting_reduction", &mut config.loss.reduction, &reductions);
}

fn triplets_ui(ui: &mut Ui, text: &Locale, form: &mut TrainForm) {
    let mut fields = Fields::group(ui, text, "train_group_triplets");
    let positives = [
        (Positives::AllPairs, "train_positives_all"),
        (Positives::EachPairOnce, "train_positives_once"),
        (Positives::Hardest, "train_positives_hardest"),
    ];
    fields.choice("setting_positives", &mut form.config.rule.positives, &positives);
    let negatives = [
        (Negatives::SemiHardClosest, "train_negatives_closest"),
        (Negatives::SemiHardRandom, "train_negatives_random"),
        (Negatives::Hardest, "train_negatives_hardest"),
        (Negatives::AnyViolating, "train_negatives_violating"),
    ];
    fields.choice("setting_negatives", &mut form.config.rule.negatives, &negatives);
    let mut sources = vec![
        (MiningSource::Online, "train_source_online"),
        (MiningSource::Offline(OfflineConfig::default()), "train_source_offline"),
        (MiningSource::Selected(SelectionConfig::default()), "train_source_selected"),
    ];
    if form.preset == Preset::Harmonic {
        let combinations = Combinations::all_that_learn();
        sources.push((MiningSource::Harmonic { combinations }, "train_source_harmonic"));
    }
    let was = form.config.mining.clone();
    fields.kind("setting_source", &mut form.config.mining, &sources);
    match &mut form.config.mining {
        MiningSource::Online => {}
        MiningSource::Offline(offline) => {
            fields.number("setting_offline_every", &mut offline.every_steps, 1..=1_000_000, 2.0, "");
            fields.number("setting_offline_subset", &mut offline.subset_pictures, 10..=1_000_000, 20.0, "");
            fields.number("setting_offline_triplets", &mut offline.triplets_per_step, 1..=100_000, 2.0, "");
        }
        MiningSource::Selected(selection) => {
            fields.number("setting_selected_triplets", &mut selection.triplets_per_step, 1..=100_000, 0.5, "");
            let chosen = *selection;
            if form.config.mining != was {
                form.config.select(chosen);
            }
        }
        MiningSource::Harmonic { combinations } => {
            fields.text("setting_combinations", combinations, |typed| Combinations::parse(typed).ok());
        }
    }
}

fn batches_ui(ui: &mut Ui, text: &Locale, config: &mut TrainConfig) {
    let mut fields = Fields::group(ui, text, "train_group_batches");
    let needs_names = config.needs_names();
    let sampler = &mut config.sampler;
    if needs_names {
        fields.number("setting_people", &mut sampler.people_per_batch, 2..=10_000, 0.2, "");
        fields.number("setting_pictures", &mut sampler.pictures_per_person, 2..=1000, 0.2, "");
        let fills =
            [(Fill::No, "train_fill_no"), (Fill::Anchors, "train_fill_anchors"), (Fill::Anybody, "train_fill_anybody")];
        fields.choice("setting_fill", &mut sampler.fill, &fills);
        fields.number("setting_random", &mut sampler.random_negatives, 0..=10_000, 0.5, "");
    }
    fields.number("setting_inference", &mut config.chunks.inference, 1..=4096, 1.0, "");
    fields.number("setting_gradient", &mut config.chunks.gradient, 1..=4096, 1.0, "");
}

/// Departures of a network drawn at random from its own figures.
fn network_ui(ui: &mut Ui, text: &Locale, form: &mut TrainForm) {
    let mut fields = Fields::group(ui, text, "train_group_network");
    let has_dropout = form.has_dropout();
    let options = &mut form.net_options;
    fields.optional("setting_dimensions", &mut options.embedding_size, 128, 2..=8192, 1.0, "-D");
    if has_dropout {
        fields.optional("setting_dropout", &mut options.dropout, 0.4, 0.0..=0.95, 0.005, "");
    }
    fields.optional("setting_width", &mut options.width, 1.0, 0.1..=4.0, 0.01, "×");
}

fn learns_ui(ui: &mut Ui, text: &Locale, config: &mut TrainConfig) {
    let mut fields = Fields::group(ui, text, "train_group_learns");
    let parts = [
        (TrainablePart::All, "train_part_all"),
        (TrainablePart::LastLayer, "train_part_last"),
        (TrainablePart::From(String::new()), "train_part_from"),
    ];
    fields.kind("setting_part", &mut config.trainable, &parts);
    if let TrainablePart::From(block) = &mut config.trainable {
        fields.text("setting_block", block, |typed| Some(typed.to_owned()));
    }
    let mut steps = config.last_layer_first.map(|first| first.steps);
    fields.optional("setting_first", &mut steps, config.steps / 2, 1..=10_000_000, 2.0, "");
    config.last_layer_first =
        steps.map(|steps| LastLayerFirst { steps, ..config.last_layer_first.unwrap_or_default() });
    if let Some(first) = &mut config.last_layer_first {
        fields.switch("setting_redraw", &mut first.redraw);
        fields.switch("setting_first_mirrors", &mut first.mirrors_at_most);
    }
    let statistics = [(BatchNormStatistics::Learn, "train_norm_learn"), (BatchNormStatistics::Keep, "train_norm_keep")];
    fields.choice("setting_norm", &mut config.batch_norm, &statistics);
    fields.optional("setting_average", &mut config.ema_decay, 0.999, 0.5..=0.999_99, 0.000_5, "");
    ui.add_space(space::XS);
}

fn pictures_ui(ui: &mut Ui, text: &Locale, config: &mut TrainConfig) {
    let mut fields = Fields::group(ui, text, "train_group_pictures");
    let change = &mut config.augmentation;
    fields.switch("setting_flip", &mut change.flip);
    fields.optional("setting_crop", &mut change.crop_share, 0.9, 0.3..=1.0, 0.005, "");
    fields.optional("setting_rotation", &mut change.rotation_deg, 5.0, 0.0..=45.0, 0.1, "°");
    fields.optional("setting_brightness", &mut change.brightness, 20.0, 0.0..=128.0, 0.5, "");
    fields.optional("setting_contrast", &mut change.contrast, 0.2, 0.0..=0.9, 0.005, "");
    fields.optional("setting_blur", &mut change.blur_sigma_px, 1.5, 0.2..=10.0, 0.05, " px");
    fields.optional("setting_occlusion", &mut change.occlusion_share, 0.4, 0.05..=0.9, 0.005, "");
    fields.optional("setting_jpeg", &mut change.jpeg_quality, 30, 5..=95, 0.2, "");
}

fn judging_ui(ui: &mut Ui, text: &Locale, config: &mut TrainConfig) {
    let mut fields = Fields::group(ui, text, "train_group_judging");
    let validation = &mut config.validation;
    let kinds = [(HoldOut::People, "train_hold_out_people"), (HoldOut::Pictures, "train_hold_out_pictures")];
    fields.choice("setting_hold_out", &mut validation.hold_out, &kinds);
    fields.number("setting_held_out", &mut validation.held_out_share, 0.0..=0.9, 0.005, "");
    fields.number("setting_judge", &mut validation.every_steps, 0..=1_000_000, 2.0, "");
    fields.power("setting_far", &mut validation.far_target, 1e-6..=0.5);
    fields.number("setting_judged", &mut validation.pictures_at_most, 10..=100_000, 5.0, "");
}
