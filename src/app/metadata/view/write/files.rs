//! What would change, as version control shows it: a line a file, opened for the names that come and go; below it the
//! files that are left out, and why. Only what is in sight is drawn.

use std::path::Path;
use std::sync::Arc;

use eframe::egui::{
    self, Color32, CornerRadius, FontId, Galley, Label, Rect, RichText, Role, Sense, TextStyle, TextWrapMode, Ui,
    WidgetInfo, WidgetText, pos2, vec2,
};

use super::{left, send, skipped};
use crate::app::metadata::state::write::{
    ChangeKind, DiffLine, FileFate, FilePreview, LeftName, NameList, SkippedFile, WriteMessage, WritingState,
};
use crate::app::metadata::view::{Context, skip_ui};
use crate::app::ui::icons::{self, Icon};
use crate::app::ui::locale::Locale;
use crate::app::ui::theme::{self, Palette, size, space};
use crate::app::ui::widgets::buttons;

const FILE: f32 = 34.0;
const LINE: f32 = 24.0;
/// A file's name, and its reason in two lines.
const SKIPPED: f32 = 68.0;
const HEADING: f32 = 40.0;
/// The chevron's column, and that of the word for what happens to the file.
const CHEVRON: f32 = size::ICON + space::S;
const FATE: f32 = 72.0;
const INDENT: f32 = CHEVRON + space::XS;

/// A row of the page.
pub(super) enum PageRow<'a> {
    /// The choices, as high as they are.
    Form,
    /// Nothing would change.
    Nothing,
    File(usize, &'a FilePreview),
    Line(&'a DiffLine),
    /// So many entries stay.
    Kept(usize),
    LeftHeading(usize),
    Left(&'a LeftName),
    SkippedHeading(usize),
    Skipped(&'a SkippedFile),
}

impl PageRow<'_> {
    /// In a page of this width. None where it is known only once it was drawn.
    pub fn height(&self, ui: &Ui, text: &Locale, width: f32) -> Option<f32> {
        match self {
            Self::Form => None,
            Self::File(..) => Some(FILE),
            Self::Line(line) => Some(LineParts::of_change(ui, text, line).height(ui, width - INDENT)),
            Self::Left(left) => Some(LineParts::of_left(ui, text, left).height(ui, width)),
            Self::Kept(_) => Some(LINE),
            Self::Nothing | Self::LeftHeading(_) | Self::SkippedHeading(_) => Some(HEADING),
            Self::Skipped(_) => Some(SKIPPED),
        }
    }
}

pub(super) fn rows(writing: &WritingState) -> Vec<PageRow<'_>> {
    let mut rows = vec![PageRow::Form];
    if let Some(preview) = writing.preview() {
        if preview.files.is_empty() && preview.left.is_empty() && preview.skipped.is_empty() {
            rows.push(PageRow::Nothing);
        }
        for (index, file) in preview.files.iter().enumerate() {
            rows.push(PageRow::File(index, file));
            if writing.is_open(index) {
                rows.extend(file.lines.iter().map(PageRow::Line));
                rows.extend((file.kept > 0).then_some(PageRow::Kept(file.kept)));
            }
        }
    }
    let left = left(writing);
    if !left.is_empty() {
        rows.push(PageRow::LeftHeading(left.len()));
        rows.extend(left.iter().map(PageRow::Left));
    }
    let skipped = skipped(writing);
    if !skipped.is_empty() {
        rows.push(PageRow::SkippedHeading(skipped.len()));
        rows.extend(skipped.iter().map(PageRow::Skipped));
    }
    rows
}

pub(super) fn row_ui(ui: &mut Ui, ctx: &mut Context<'_>, row: &PageRow<'_>) {
    match row {
        PageRow::Form => {}
        PageRow::Nothing => {
            ui.label(theme::secondary(ui, ctx.text.s("write_nothing_to_do")));
        }
        PageRow::File(index, file) => file_ui(ui, ctx, *index, file),
        PageRow::Line(line) => LineParts::of_change(ui, ctx.text, line).ui(ui, INDENT),
        PageRow::Kept(count) => indented_ui(ui, |ui| {
            ui.label(theme::secondary(ui, ctx.text.n("write_kept", *count as u64)));
        }),
        PageRow::LeftHeading(count) => heading_ui(ui, &ctx.text.n("write_left_to_others", *count as u64)),
        PageRow::Left(left) => {
            LineParts::of_left(ui, ctx.text, left).ui(ui, 0.0);
        }
        PageRow::SkippedHeading(count) => heading_ui(ui, &ctx.text.n("write_left_out", *count as u64)),
        PageRow::Skipped(skipped) => skipped_ui(ui, ctx.text, skipped),
    }
}

fn file_ui(ui: &mut Ui, ctx: &mut Context<'_>, index: usize, file: &FilePreview) {
    let is_open = ctx.state.writing.is_open(index);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), FILE), Sense::click());
    let (name, names) = (file_name(&file.file), names_words(file));
    let fate = ctx.text.s(fate_key(file.fate));
    let spoken = format!("{name} · {fate} · {names}");
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_open, &spoken));
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    if ui.is_rect_visible(rect) {
        let palette = theme::palette(ui.visuals());
        if response.hovered() {
            ui.painter().rect_filled(rect, CornerRadius::same(theme::radius::CONTROL), palette.hovered);
        }
        let hairline = egui::Stroke::new(size::HAIRLINE, palette.hairline);
        ui.painter().hline(rect.x_range(), rect.bottom() - size::HAIRLINE, hairline);
        buttons::focus_ring(ui, rect.shrink(2.0), &response, CornerRadius::same(4), palette);
        let chevron = icons::glyph(if is_open { Icon::ChevronDown } else { Icon::ChevronRight });
        let mut place = Columns { ui, rect };
        place.words(CHEVRON, &chevron.to_string(), icons::font(size::ICON), palette.secondary);
        place.words(FATE, fate, theme::body_font(), fate_colour(file.fate, palette));
        let half = place.rect.width() / 2.0;
        place.words(half, name, theme::strong_font(theme::type_size::BODY), palette.text);
        place.words(half, &names, theme::body_font(), palette.secondary);
    }
    if response.on_hover_text(file.file.to_string_lossy()).clicked() {
        send(ctx, WriteMessage::Toggle(index));
    }
}

/// Words side by side, each cut where its column ends.
struct Columns<'a> {
    ui: &'a Ui,
    /// What is left.
    rect: Rect,
}

impl Columns<'_> {
    fn words(&mut self, width: f32, words: &str, font: FontId, colour: Color32) {
        let mut job = egui::text::LayoutJob::simple_singleline(words.to_owned(), font, colour);
        job.wrap = egui::text::TextWrapping::truncate_at_width((width - space::S).max(0.0));
        let galley = self.ui.painter().layout_job(job);
        let at = pos2(self.rect.left() + space::XS, self.rect.center().y - galley.size().y / 2.0);
        self.ui.painter().galley(at, galley, colour);
        self.rect.min.x += width;
    }
}

fn file_name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// "+ Ada, Bo  − Cy".
fn names_words(file: &FilePreview) -> String {
    let of = |kinds: &[ChangeKind]| {
        let mut names: Vec<&str> = Vec::new();
        let lines = file.lines.iter().filter(|line| kinds.contains(&line.kind));
        for name in lines.filter_map(|line| line.name.as_deref()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        (!names.is_empty()).then(|| format!("{} {}", sign(kinds[0]), names.join(", ")))
    };
    let kinds: [&[ChangeKind]; 3] =
        [&[ChangeKind::Added], &[ChangeKind::Removed, ChangeKind::RemovedOthers], &[ChangeKind::Withheld]];
    kinds.into_iter().filter_map(of).collect::<Vec<_>>().join("  ")
}

fn sign(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "+",
        ChangeKind::Removed | ChangeKind::RemovedOthers => "−",
        ChangeKind::Kept | ChangeKind::KeptOthers => "=",
        ChangeKind::Withheld => "!",
    }
}

fn indented_ui(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.set_height(LINE);
        ui.add_space(INDENT);
        content(ui);
    });
}

/// What a line is about, and what is said of it, in as many lines as that needs.
struct LineParts {
    about: RichText,
    said: RichText,
    /// Where the pointer rests on what it is about.
    more: Option<String>,
}

impl LineParts {
    /// The sign stands for the colour, too.
    fn of_change(ui: &Ui, text: &Locale, line: &DiffLine) -> Self {
        let palette = theme::palette(ui.visuals());
        let colour = match line.kind {
            ChangeKind::Added => palette.same,
            ChangeKind::Removed | ChangeKind::RemovedOthers => palette.different,
            ChangeKind::Kept | ChangeKind::KeptOthers | ChangeKind::Withheld => palette.unsure,
        };
        let name = line.name.as_deref().unwrap_or_else(|| text.s("write_no_name"));
        let lists: Vec<&str> = line.lists.iter().map(|list| text.s(list_key(*list))).collect();
        let mut words = vec![lists.join(text.s("list_separator"))];
        words.extend((line.kind == ChangeKind::RemovedOthers).then(|| text.s("write_of_others").to_owned()));
        words.extend(line.instead.as_deref().map(|instead| text.f("write_withheld", &[("name", instead)])));
        let about = RichText::new(format!("{} {name}", sign(line.kind))).color(colour);
        Self { about, said: theme::secondary(ui, words.join(" · ")), more: None }
    }

    /// The file, then the name and the one that stands for it.
    fn of_left(ui: &Ui, text: &Locale, left: &LeftName) -> Self {
        let withheld = text.f("write_withheld", &[("name", &left.instead)]);
        Self {
            about: RichText::new(file_name(&left.file)),
            said: theme::secondary(ui, format!("{} · {withheld}", left.name)),
            more: Some(left.file.to_string_lossy().into_owned()),
        }
    }

    fn galleys(self, ui: &Ui, width: f32) -> [Arc<Galley>; 2] {
        let galley =
            |text: RichText, mode, width| WidgetText::from(text).into_galley(ui, Some(mode), width, TextStyle::Body);
        let about = galley(self.about, TextWrapMode::Truncate, width / 2.0);
        let rest = width - about.size().x - ui.spacing().item_spacing.x;
        [about, galley(self.said, TextWrapMode::Wrap, rest)]
    }

    fn height(self, ui: &Ui, width: f32) -> f32 {
        let [about, said] = self.galleys(ui, width);
        LINE + (said.size().y - about.size().y).max(0.0)
    }

    fn ui(self, ui: &mut Ui, indent: f32) {
        ui.horizontal_top(|ui| {
            ui.add_space(indent);
            let more = self.more.clone();
            let [about, said] = self.galleys(ui, ui.available_width());
            let about = ui.add(Label::new(about));
            more.into_iter().for_each(|more| _ = about.clone().on_hover_text(more));
            ui.add(Label::new(said));
        });
    }
}

fn heading_ui(ui: &mut Ui, words: &str) {
    ui.add_space(space::M);
    ui.label(theme::strong(words));
}

fn skipped_ui(ui: &mut Ui, text: &Locale, skipped: &SkippedFile) {
    let path = skipped.path.to_string_lossy();
    ui.spacing_mut().item_spacing.y = space::XS;
    ui.add(Label::new(file_name(&skipped.path)).truncate()).on_hover_text(&*path);
    skip_ui(ui, text, &skipped.why, Label::wrap);
}

fn fate_key(fate: FileFate) -> &'static str {
    match fate {
        FileFate::Made => "write_file_new",
        FileFate::Changed => "write_file_changed",
        FileFate::Removed => "write_file_removed",
    }
}

fn fate_colour(fate: FileFate, palette: &Palette) -> Color32 {
    match fate {
        FileFate::Made => palette.same,
        FileFate::Changed => palette.unsure,
        FileFate::Removed => palette.different,
    }
}

fn list_key(list: NameList) -> &'static str {
    match list {
        NameList::MwgRegions => "list_mwg",
        NameList::MicrosoftRegions => "list_microsoft",
        NameList::PersonInImage => "list_person",
        NameList::HierarchicalSubject => "list_hierarchical",
        NameList::TagsList => "list_tags",
        NameList::Subject => "list_subject",
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;

    use super::*;
    use crate::app::ui::locale::Language;

    /// Beside the navigation of the smallest window a line has so much room.
    const NARROW: f32 = 480.0;

    #[test]
    fn a_name_in_all_lists_is_told_whole_however_narrow_the_window_is() {
        let line = DiffLine {
            kind: ChangeKind::RemovedOthers,
            name: Some("Maria Silva".into()),
            lists: NameList::ALL.to_vec(),
            instead: None,
        };
        let text = Locale::new(Language::English);
        let draw = move |ui: &mut Ui| {
            let [_, said] = LineParts::of_change(ui, &text, &line).galleys(ui, NARROW);
            assert!(!said.elided && said.text().contains(text.s("write_of_others")));
            assert!(said.rows.len() > 1 && said.size().x <= NARROW);
            let height = |line| PageRow::Line(line).height(ui, &text, NARROW + INDENT).unwrap();
            assert!(height(&line) >= said.size().y, "the next line stands below");
            let one = DiffLine { lists: vec![NameList::Subject], kind: ChangeKind::Added, ..line.clone() };
            assert_eq!(height(&one), LINE);
        };
        Harness::builder().allow_missing_glyphs().build_ui(draw).run();
    }
}
