//! What a run learns from, where it starts, and how it learns, before it starts.

use eframe::egui::{self, Panel, ScrollArea, TextEdit, Ui};

use crate::app::engine::facts::Loadable;
use crate::app::jobs::demonstration::DemoOptions;
use crate::app::train::state::form::{self, Missing, StartKind, TrainForm};
use crate::app::train::state::{
    Choices, DataSource, DataSummary, Discarding, FaceFinding, LeftOutWhy, ModelChoice, NetworkChoice, StartFrom, words,
};
use crate::app::train::state::{Message, TrainPath};
use crate::app::train::view::Context;
use crate::app::train::view::running::banner_ui;
use crate::app::train::view::{advanced, sources};
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale::grouped;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::buttons::{self, Rank};
use crate::app::ui::widgets::picker::picker_ui;
use crate::app::ui::widgets::section::{hint_ui, section_ui};
use crate::train::TrainConfig;
use crate::train::presets::Preset;

/// The form is this wide; beside it stands what else can be done.
const FORM: f32 = 760.0;

pub(crate) fn setup_ui(ui: &mut Ui, ctx: &mut Context<'_>, choices: &Choices) {
    let mut form = ctx.state.form.clone();
    // Always in sight, however long the form is.
    Panel::bottom("start training")
        .exact_size(size::TITLE_LINE)
        .resizable(false)
        .show_separator_line(false)
        .frame(egui::Frame::new())
        .show(ui, |ui| go_ui(ui, ctx));
    ScrollArea::vertical().id_salt("set-up").auto_shrink(false).show(ui, |ui| {
        let beside = ui.available_width() >= FORM + space::XXL + 240.0;
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(if beside { FORM } else { ui.available_width() - space::S });
                if !beside {
                    unfinished_ui(ui, ctx, choices);
                }
                section_ui(ui, ctx.text.s("train_data"), |ui| data_ui(ui, ctx, &mut form));
                section_ui(ui, ctx.text.s("train_start_at"), |ui| start_ui(ui, ctx, choices, &mut form));
                section_ui(ui, ctx.text.s("train_how"), |ui| preset_ui(ui, ctx, choices, &mut form));
                section_ui(ui, ctx.text.s("train_pairs"), |ui| pairs_ui(ui, ctx, &mut form));
                section_ui(ui, ctx.text.s("train_run_folder"), |ui| run_ui(ui, ctx, choices, &mut form));
                failed_ui(ui, ctx);
                if !beside {
                    demonstration_ui(ui, ctx);
                }
            });
            if beside {
                ui.add_space(space::XXL);
                ui.vertical(|ui| {
                    ui.set_width(ui.available_width().min(size::SIDE_PANEL));
                    unfinished_ui(ui, ctx, choices);
                    demonstration_ui(ui, ctx);
                });
            }
        });
    });
    if form != ctx.state.form {
        ctx.send(Message::Edit(Box::new(form)));
    }
}

fn choose_ui(ui: &mut Ui, ctx: &mut Context<'_>, icon: Icon, key: &str, file: TrainPath) {
    if buttons::icon_and_text_ui(ui, Rank::Plain, icon, ctx.text.s(key)).clicked() {
        ctx.send(Message::AskPath(file));
    }
}

/// A path, shortened in front where it is too long: its end tells most.
fn path_ui(ui: &mut Ui, path: &std::path::Path) {
    let whole = path.to_string_lossy();
    let count = whole.chars().count();
    const MOST: usize = 56;
    let shown = match count > MOST {
        true => format!("…{}", whole.chars().skip(count - MOST).collect::<String>()),
        false => whole.to_string(),
    };
    ui.add(egui::Label::new(shown).truncate()).on_hover_text(whole);
}

fn data_ui(ui: &mut Ui, ctx: &mut Context<'_>, form: &mut TrainForm) {
    let from_library = form.data.as_ref().is_some_and(DataSource::is_library);
    let labels = [ctx.text.s("train_data_folder"), ctx.text.s("train_data_library")];
    match buttons::segments_ui(ui, usize::from(from_library), &labels) {
        Some(1) if !from_library => form.data = Some(DataSource::Library { one_by_one: false }),
        Some(1) => {}
        Some(_) if from_library => form.data = None,
        _ => {}
    }
    ui.add_space(space::XS);
    if !from_library {
        let needs_names = form.config.needs_names();
        hint_ui(ui, ctx.text.s(if needs_names { "train_data_folder_what" } else { "train_data_pictures_what" }));
        ui.horizontal(|ui| {
            choose_ui(ui, ctx, Icon::FolderOpen, "choose_folder", TrainPath::Data);
            match &form.data {
                Some(DataSource::Folder(path)) => path_ui(ui, path),
                _ => hint_ui(ui, ctx.text.s("train_data_drop")),
            }
        });
    } else {
        hint_ui(ui, ctx.text.s("train_data_library_what"));
        if let Some(DataSource::Library { one_by_one }) = &mut form.data {
            ui.checkbox(one_by_one, ctx.text.s("train_confirmed_only"));
        }
    }
    data_summary_ui(ui, ctx, form);
    if !from_library && form.data.is_some() {
        ui.horizontal(|ui| {
            let label = |faces| match faces {
                FaceFinding::Detect => ctx.text.s("train_faces_detect"),
                FaceFinding::Cropped => ctx.text.s("train_faces_cropped"),
            };
            let all = [FaceFinding::Detect, FaceFinding::Cropped];
            form.faces = buttons::choice_ui(ui, all, form.faces, label).unwrap_or(form.faces);
        });
    }
}

/// Counts, and what is left out with the reasons.
fn data_summary_ui(ui: &mut Ui, ctx: &Context<'_>, form: &TrainForm) {
    let Some((_, summary)) = ctx.state.data_summary.as_ref().filter(|(of, _)| Some(of) == form.data.as_ref()) else {
        return;
    };
    match summary {
        Loadable::Loading => {
            ui.horizontal(|ui| {
                ui.spinner();
                hint_ui(ui, ctx.text.s("train_counting"));
            });
        }
        Loadable::Failed(failure) => {
            ui.horizontal_top(|ui| {
                ui.label(icons::text(Icon::TriangleAlert).color(theme::palette(ui.visuals()).different));
                ui.vertical(|ui| {
                    ui.label(ctx.text.s(failure.what.words_key()));
                    hint_ui(ui, &failure.details);
                });
            });
        }
        Loadable::Ready(summary) => counts_ui(ui, ctx, summary, &form.config),
    }
}

/// Where nobody has to be told apart, pictures beside the people's folders take part too.
fn counts_ui(ui: &mut Ui, ctx: &Context<'_>, summary: &DataSummary, config: &TrainConfig) {
    let (text, needs_names) = (ctx.text, config.needs_names());
    let beside = if needs_names { 0 } else { summary.beside_folders() };
    let pictures = summary.pictures + beside;
    ui.add_space(space::XS);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = space::XL;
        for (count, key) in [(summary.people, "train_count_people"), (pictures, "train_count_pictures")] {
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                ui.label(theme::heading(grouped(count)));
                ui.label(theme::secondary(ui, text.s(key)).size(theme::type_size::SMALL));
            });
        }
    });
    if summary.named > 0 {
        hint_ui(ui, text.n("train_named", summary.named));
    }
    if summary.with_one_picture > 0 && needs_names {
        let key = if config.shows_people_with_one_picture() { "train_one_picture" } else { "train_one_picture_idle" };
        hint_ui(ui, text.n(key, summary.with_one_picture));
    }
    let takes_part = |why: LeftOutWhy| why == LeftOutWhy::OutsideFolders && !needs_names;
    let left_out = summary.left_out.values().sum::<u64>() - beside;
    if left_out == 0 {
        hint_ui(ui, text.s("train_nothing_left_out"));
        return;
    }
    let title = theme::secondary(ui, text.n("train_left_out", left_out));
    egui::CollapsingHeader::new(title).id_salt("left out of the data").show(ui, |ui| {
        for (why, count) in summary.left_out.iter().filter(|(why, _)| !takes_part(**why)) {
            ui.label(text.n(why_keys(*why).0, *count));
        }
        for (path, why) in summary.examples.iter().filter(|(_, why)| !takes_part(*why)) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let line = theme::secondary(ui, format!("{name}: {}", text.s(why_keys(*why).1)));
            ui.add(egui::Label::new(line).truncate()).on_hover_text(path.to_string_lossy());
        }
    });
}

/// Why so many were left out, and why one was.
fn why_keys(why: LeftOutWhy) -> (&'static str, &'static str) {
    match why {
        LeftOutWhy::NoPicture => ("train_out_no_picture", "train_why_no_picture"),
        LeftOutWhy::Unreadable => ("train_out_unreadable", "train_why_unreadable"),
        LeftOutWhy::OutsideFolders => ("train_out_outside", "train_why_outside"),
        LeftOutWhy::NestedFolder => ("train_out_nested", "train_why_nested"),
        LeftOutWhy::Hidden => ("train_out_hidden", "train_why_hidden"),
        LeftOutWhy::Again => ("train_out_again", "train_why_again"),
        LeftOutWhy::EmptyFolder => ("train_out_empty", "train_why_empty"),
        LeftOutWhy::Suggested => ("train_out_suggested", "train_why_suggested"),
        LeftOutWhy::NamedWithGroup => ("train_out_named", "named_with_group"),
        LeftOutWhy::Nameless => ("train_out_nameless", "train_why_nameless"),
    }
}

fn start_ui(ui: &mut Ui, ctx: &mut Context<'_>, choices: &Choices, form: &mut TrainForm) {
    let label = |kind: StartKind| ctx.text.s(kind.label_key());
    form.start = buttons::choice_ui(ui, StartKind::ALL, form.start, label).unwrap_or(form.start);
    ui.add_space(space::XS);
    match form.start {
        StartKind::Installed => model_ui(ui, ctx, choices, form),
        StartKind::Scratch => network_ui(ui, ctx, choices, form),
        StartKind::File => {
            ui.horizontal(|ui| {
                choose_ui(ui, ctx, Icon::FileInput, "train_choose_file", TrainPath::Weights);
                match &form.weights {
                    Some(path) => path_ui(ui, path),
                    None => hint_ui(ui, ctx.text.s("train_file_what")),
                }
            });
        }
    }
}

fn model_ui(ui: &mut Ui, ctx: &mut Context<'_>, choices: &Choices, form: &mut TrainForm) {
    let models = &choices.models;
    if models.is_empty() {
        hint_ui(ui, ctx.text.s("train_no_model"));
        return;
    }
    let chosen = models.iter().position(|model| Some(&model.model) == form.model.as_ref());
    let word = |model: &ModelChoice| match model.in_use {
        true => format!("{}  ·  {}", model.label(), ctx.text.s("model_in_use")),
        false => model.label(),
    };
    let labels: Vec<String> = models.iter().map(word).collect();
    if let Some(pressed) = picker_ui(ui, "starting model", ctx.text.s("train_start_installed"), chosen, &labels) {
        form.model = Some(models[pressed].model.clone());
    }
}

fn network_ui(ui: &mut Ui, ctx: &mut Context<'_>, choices: &Choices, form: &mut TrainForm) {
    let chosen = choices.networks.iter().position(|network| Some(network.variant.name) == form.net.as_deref());
    let word = |NetworkChoice { variant, parameters }: &NetworkChoice| {
        let count = words::parameters(*parameters);
        let size = format!("{} × {}", variant.input[1], variant.input[0]);
        let dimensions = variant.embedding_size.to_string();
        let values = [("name", variant.name), ("parameters", &count), ("size", &size), ("dimensions", &dimensions)];
        ctx.text.f("train_network", &values)
    };
    let labels: Vec<String> = choices.networks.iter().map(word).collect();
    if let Some(pressed) = picker_ui(ui, "network", ctx.text.s("train_network_label"), chosen, &labels) {
        form.net = Some(choices.networks[pressed].variant.name.to_owned());
    }
    if let Some(network) = chosen.map(|chosen| &choices.networks[chosen]) {
        hint_ui(ui, network.variant.source);
    }
}

fn preset_ui(ui: &mut Ui, ctx: &mut Context<'_>, choices: &Choices, form: &mut TrainForm) {
    let keys = |preset| match preset {
        Preset::Finetune => ("train_preset_finetune", "train_preset_finetune_what"),
        Preset::Scratch => ("train_preset_scratch", "train_preset_scratch_what"),
        Preset::Paper => ("train_preset_paper", "train_preset_paper_what"),
        Preset::Davidsandberg => ("train_preset_davidsandberg", "train_preset_davidsandberg_what"),
        Preset::Harmonic => ("train_preset_harmonic", "train_preset_harmonic_what"),
        Preset::Teacher => ("train_preset_teacher", "train_preset_teacher_what"),
    };
    if let Some(preset) = buttons::choice_ui(ui, Preset::ALL, form.preset, |preset| ctx.text.s(keys(preset).0)) {
        form.take_preset(preset);
    }
    ui.add_space(space::XS);
    hint_ui(ui, ctx.text.s(keys(form.preset).1));
    sources::sources_ui(ui, ctx.text, form.preset);
    if form.is_harmonic() {
        let about = ("train_old", TrainPath::OldWeights);
        frozen_network_ui(ui, ctx, choices, about, &mut form.old);
    }
    if form.config.teacher.is_some() {
        let about = ("train_teacher", TrainPath::TeacherWeights);
        frozen_network_ui(ui, ctx, choices, about, &mut form.teacher);
    }
    let title = match form.departs() {
        true => ctx.text.s("train_advanced_changed"),
        false => ctx.text.s("advanced"),
    };
    egui::CollapsingHeader::new(title).id_salt("advanced").show(ui, |ui| {
        advanced::advanced_ui(ui, ctx, form);
    });
}

/// A network that stays as it is: an installed one or a file, under its title.
fn frozen_network_ui(
    ui: &mut Ui,
    ctx: &mut Context<'_>,
    choices: &Choices,
    (title_key, file): (&str, TrainPath),
    network: &mut Option<StartFrom>,
) {
    ui.add_space(space::XS);
    let title = ctx.text.s(title_key);
    ui.label(theme::strong(title));
    ui.horizontal(|ui| {
        let models = &choices.models;
        let is_it = |model: &ModelChoice| *network == Some(StartFrom::Installed { id: model.model.clone() });
        let chosen = models.iter().position(is_it);
        let labels: Vec<String> = models.iter().map(ModelChoice::label).collect();
        if let Some(pressed) = picker_ui(ui, title_key, title, chosen, &labels) {
            *network = Some(StartFrom::Installed { id: models[pressed].model.clone() });
        }
        choose_ui(ui, ctx, Icon::FileInput, "train_choose_file", file);
        if let Some(StartFrom::File { path }) = network {
            path_ui(ui, path);
        }
    });
}

fn pairs_ui(ui: &mut Ui, ctx: &mut Context<'_>, form: &mut TrainForm) {
    hint_ui(ui, ctx.text.s("train_pairs_what"));
    ui.horizontal(|ui| {
        choose_ui(ui, ctx, Icon::FileInput, "train_choose_pairs_button", TrainPath::Pairs);
        if let Some(path) = form.pairs.clone() {
            path_ui(ui, &path);
            if buttons::icon_button_ui(ui, Icon::X, ctx.text.s("remove")).clicked() {
                form.pairs = None;
            }
        }
    });
    if form.pairs.is_some() {
        ui.horizontal(|ui| {
            choose_ui(ui, ctx, Icon::FolderOpen, "train_choose_pair_pictures_button", TrainPath::PairPictures);
            if let Some(path) = &form.pair_pictures {
                path_ui(ui, path);
            }
        });
    }
}

fn run_ui(ui: &mut Ui, ctx: &mut Context<'_>, choices: &Choices, form: &mut TrainForm) {
    let suggested = TrainForm { name: String::new(), ..form.clone() }.run_name(choices);
    let edit = TextEdit::singleline(&mut form.name)
        .hint_text(theme::secondary(ui, suggested))
        .desired_width(320.0)
        .margin(egui::Margin::symmetric(space::S as i8, 6));
    let response = ui.add(edit);
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(ctx.text.s("train_run_name")));
    hint_ui(ui, ctx.text.f("train_run_where", &[("folder", &choices.runs.to_string_lossy())]));
}

/// The one button, and beside it why it cannot be pressed.
fn go_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    let missing = form::missing(ctx.state);
    ui.horizontal_centered(|ui| {
        let label = ctx.text.s("train_start");
        if buttons::enabled_button_ui(ui, missing.is_none(), Rank::Primary, label).clicked() {
            ctx.send(Message::Start);
        }
        if ctx.state.waiting {
            ui.spinner();
            hint_ui(ui, ctx.text.s("train_waiting"));
        } else if let Some(missing) = missing {
            let icon = if missing == Missing::Counting { Icon::Clock } else { Icon::Info };
            ui.label(icons::text(icon).color(theme::palette(ui.visuals()).secondary));
            hint_ui(ui, ctx.text.s(missing.words_key()));
        }
    });
}

/// Why the last run did not begin.
fn failed_ui(ui: &mut Ui, ctx: &Context<'_>) {
    if let Some(failure) = &ctx.state.failed_to_begin {
        let colour = theme::palette(ui.visuals()).different;
        banner_ui(ui, Icon::TriangleAlert, colour, ctx.text.s(failure.what.words_key()), &failure.details);
        ui.add_space(space::S);
    }
}

/// Runs to go on with.
fn unfinished_ui(ui: &mut Ui, ctx: &mut Context<'_>, choices: &Choices) {
    for run in &choices.unfinished {
        ui.label(theme::strong(ctx.text.f("train_go_on_with", &[("name", &run.name)])));
        let (step, steps) = (grouped(run.step), grouped(run.steps));
        let values = [("step", step.as_str()), ("steps", &steps), ("network", &run.network)];
        hint_ui(ui, ctx.text.f("train_unfinished", &values));
        ui.horizontal(|ui| {
            if buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Play, ctx.text.s("train_go_on")).clicked() {
                ctx.send(Message::GoOn(run.path.clone()));
            }
            if buttons::button_ui(ui, Rank::Quiet, ctx.text.s("train_discard")).clicked() {
                let what = Discarding::Unfinished(run.path.clone());
                ctx.send(Message::AskDiscard(what));
            }
        });
        ui.add_space(space::L);
    }
}

fn demonstration_ui(ui: &mut Ui, ctx: &mut Context<'_>) {
    ui.label(theme::strong(ctx.text.s("demo_title")));
    hint_ui(ui, ctx.text.s("demo_what"));
    let idle = !ctx.state.waiting;
    let demo =
        ui.add_enabled_ui(idle, |ui| buttons::icon_and_text_ui(ui, Rank::Plain, Icon::Play, ctx.text.s("demo_try")));
    if demo.inner.clicked() {
        ctx.send(Message::Demonstrate(DemoOptions::default()));
    }
    ui.add_space(space::XL);
}
