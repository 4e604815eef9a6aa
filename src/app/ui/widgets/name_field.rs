//! A field for a person's name that completes the names that exist.
//!
//! Up and Down move through the completions, Enter takes the marked one or what was typed, Esc gives the keyboard back.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{self, Id, Key, Rect, Response, TextEdit, Ui, Vec2};

use crate::app::engine::facts::NamedPerson;
use crate::app::ui::context::ViewContext;
use crate::app::ui::theme::{self, size, space};
use crate::app::ui::widgets::picture;
use crate::app::ui::widgets::suggestions::{arrows, list_ui, row_ui};
use crate::types::PersonId;

/// What has been typed so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct NameField {
    pub text: String,
    marked: Option<usize>,
    /// Where the completions were last drawn: a click there must find them still open.
    list: Option<Rect>,
    /// Why it leads to nobody.
    problem: Option<NameProblem>,
}

/// Why what was typed is nobody who can be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NameProblem {
    Nobody,
    /// More than one has this name, or begins so.
    Several,
}

/// What was entered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Entered {
    /// A name, whether somebody has it or not.
    Typed(String),
    /// Somebody who is there, taken from the completions.
    Person(NamedPerson),
}

/// How a field presents itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NameFieldOptions<'a> {
    /// For screen readers.
    pub label: &'a str,
    pub hint: &'a str,
    pub width: f32,
    /// Take the keyboard now.
    pub focus: bool,
}

impl NameField {
    /// A field that begins with a name.
    pub fn with(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

const COMPLETIONS: usize = 5;

/// The field in which a name was entered, and the name.
#[derive(Debug, Clone, Default)]
struct EnteredIn {
    field: Option<Id>,
    name: String,
    /// What was asked about the name was given up: the field is to hold it again.
    given_back: bool,
}

fn entered_id() -> Id {
    Id::unique("the name that was entered last")
}

/// The name is not taken: the field in which it was entered, if it is the last one, holds it again and has the keyboard.
pub(crate) fn give_back(ctx: &egui::Context, name: &str) {
    ctx.data_mut(|data| {
        if let Some(mut entered) = data.get_temp::<EnteredIn>(entered_id())
            && entered.name == name
        {
            entered.given_back = true;
            data.insert_temp(entered_id(), entered);
        }
    });
}

/// Whether this field gets its name back when it is drawn next.
pub(crate) fn is_given_back(ctx: &egui::Context, field: Id) -> bool {
    let entered = ctx.data(|data| data.get_temp::<EnteredIn>(entered_id()));
    entered.is_some_and(|entered| entered.given_back && entered.field == Some(field))
}

fn take_back(ctx: &egui::Context, field: Id) -> Option<String> {
    if !is_given_back(ctx, field) {
        return None;
    }
    ctx.data_mut(|data| data.remove_temp::<EnteredIn>(entered_id())).map(|entered| entered.name)
}

/// Returns what was entered, once it is, and the field's response.
pub(crate) fn name_field_ui<S, M>(
    ui: &mut Ui,
    ctx: &mut ViewContext<'_, S, M>,
    id: Id,
    field: &mut NameField,
    options: NameFieldOptions<'_>,
) -> (Option<Entered>, Response) {
    let had_focus = ui.memory(|memory| memory.has_focus(id));
    let given_back = take_back(ui.ctx(), id);
    let focus = options.focus || given_back.is_some();
    if let Some(name) = given_back {
        *field = NameField::with(name);
    }
    let matches = completions(ctx.facts.people.ready().map_or(&[][..], |people| &people.named), &field.text);
    if had_focus {
        move_mark(ui, field, matches.len());
    }
    let edit = TextEdit::singleline(&mut field.text)
        .id(id)
        .hint_text(theme::secondary(ui, options.hint))
        .desired_width(options.width)
        .margin(egui::Margin::symmetric(space::S as i8, 6))
        .char_limit(120);
    let response = ui.add(edit);
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_label(options.label));
    if focus {
        response.request_focus();
    }
    if response.changed() {
        field.marked = None;
    }
    let mut entered = None;
    if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
        entered = Some(match field.marked.and_then(|i| matches.get(i)) {
            Some(person) => Entered::Person(person.clone()),
            None => Entered::Typed(field.text.trim().to_owned()),
        });
    }
    let pointer = ui.ctx().pointer_latest_pos();
    let over_list = field.list.zip(pointer).is_some_and(|(list, pointer)| list.contains(pointer));
    let open = !matches.is_empty() && !field.text.is_empty() && (response.has_focus() || over_list);
    field.list = None;
    if open && entered.is_none() {
        entered = completions_ui(ui, ctx, field, &response, &matches);
    }
    let entered = entered.filter(|entered| *entered != Entered::Typed(String::new()));
    if let Some(entered) = &entered {
        *field = NameField::default();
        remember(ui.ctx(), id, entered);
    }
    (entered, response)
}

/// A field that takes only somebody who is there, other than `except`. What leads to nobody, or to several, stays in it,
/// and it is said below.
pub(crate) fn person_field_ui<S, M>(
    ui: &mut Ui,
    ctx: &mut ViewContext<'_, S, M>,
    id: Id,
    field: &mut NameField,
    options: NameFieldOptions<'_>,
    except: Option<PersonId>,
) -> Option<NamedPerson> {
    let (entered, response) = name_field_ui(ui, ctx, id, field, options);
    if response.changed() {
        field.problem = None;
    }
    let people = ctx.facts.people.ready().map_or(&[][..], |people| &people.named);
    let others: Vec<NamedPerson> = people.iter().filter(|row| Some(row.person) != except).cloned().collect();
    let (typed, found) = match entered {
        Some(Entered::Typed(typed)) => (typed.clone(), somebody(&others, &typed)),
        Some(Entered::Person(row)) if Some(row.person) == except => (row.name, Err(NameProblem::Nobody)),
        Some(Entered::Person(row)) => return Some(row),
        None => {
            problem_ui(ui, ctx, field);
            return None;
        }
    };
    let problem = match found {
        Ok(row) => return Some(row),
        Err(problem) => problem,
    };
    *field = NameField { problem: Some(problem), ..NameField::with(typed) };
    response.request_focus();
    problem_ui(ui, ctx, field);
    None
}

fn problem_ui<S, M>(ui: &mut Ui, ctx: &ViewContext<'_, S, M>, field: &NameField) {
    let words = match field.problem {
        None => return,
        Some(NameProblem::Nobody) => ctx.text.f("nobody_called_so", &[("name", field.text.trim())]),
        Some(NameProblem::Several) => ctx.text.s("several_called_so").to_owned(),
    };
    let colour = theme::palette(ui.visuals()).different;
    ui.add(egui::Label::new(egui::RichText::new(words).color(colour)).wrap());
}

/// Who has this name, or is the only one whose name it begins.
fn somebody(people: &[NamedPerson], typed: &str) -> Result<NamedPerson, NameProblem> {
    let wanted = typed.trim().to_lowercase();
    let named: Vec<&NamedPerson> = people.iter().filter(|row| row.name.to_lowercase() == wanted).collect();
    match (&named[..], &completions(people, typed)[..]) {
        ([only], _) => Ok((*only).clone()),
        ([], [only]) => Ok(only.clone()),
        ([], []) => Err(NameProblem::Nobody),
        _ => Err(NameProblem::Several),
    }
}

fn remember(ctx: &egui::Context, field: Id, entered: &Entered) {
    ctx.data_mut(|data| match entered {
        Entered::Typed(name) => {
            data.insert_temp(entered_id(), EnteredIn { field: Some(field), name: name.clone(), given_back: false });
        }
        Entered::Person(_) => data.remove::<EnteredIn>(entered_id()),
    });
}

/// People whose name begins with the text, then those with a later word that does.
pub(crate) fn completions(people: &[NamedPerson], typed: &str) -> Vec<NamedPerson> {
    let typed = typed.trim().to_lowercase();
    if typed.is_empty() {
        return Vec::new();
    }
    let begins = |row: &&NamedPerson| row.name.to_lowercase().starts_with(&typed);
    let later = |row: &&NamedPerson| {
        let name = row.name.to_lowercase();
        !name.starts_with(&typed) && name.split_whitespace().skip(1).any(|word| word.starts_with(&typed))
    };
    people.iter().filter(begins).chain(people.iter().filter(later)).take(COMPLETIONS).cloned().collect()
}

fn move_mark(ui: &Ui, field: &mut NameField, count: usize) {
    field.marked = match (field.marked, if count > 0 { arrows(ui) } else { 0 }) {
        _ if count == 0 => None,
        (marked, 1) => Some(marked.map_or(0, |i| (i + 1) % count)),
        (marked, -1) => marked.and_then(|i| i.checked_sub(1)),
        (marked, _) => marked,
    };
}

fn completions_ui<S, M>(
    ui: &Ui,
    ctx: &mut ViewContext<'_, S, M>,
    field: &mut NameField,
    response: &Response,
    matches: &[NamedPerson],
) -> Option<Entered> {
    let mut pressed = None;
    let name = ctx.text.s("completions");
    field.list = Some(list_ui(ui, response, name, 200.0, |ui| {
        for (i, person) in matches.iter().enumerate() {
            if completion_ui(ui, ctx, person, field.marked == Some(i)).clicked() {
                pressed = Some(Entered::Person(person.clone()));
            }
        }
    }));
    pressed
}

fn completion_ui<S, M>(ui: &mut Ui, ctx: &mut ViewContext<'_, S, M>, person: &NamedPerson, marked: bool) -> Response {
    let count = ctx.text.n("faces", person.faces);
    let label = ctx.text.f("person_card", &[("name", &person.name), ("count", &count)]);
    let (rect, response) = row_ui(ui, 32.0, marked, &label);
    let portrait = Rect::from_center_size(
        rect.left_center() + Vec2::new(space::XS + 12.0, 0.0),
        Vec2::splat(size::ICON + space::S),
    );
    picture::paint_portrait(ui, ctx, portrait, person.cover);
    let palette = theme::palette(ui.visuals());
    let count = ui.painter().layout_no_wrap(count, theme::small_font(), palette.secondary);
    let at = egui::Align2::RIGHT_CENTER.anchor_size(rect.right_center() - Vec2::new(space::S, 0.0), count.size());
    let left = portrait.right() + space::S;
    let mut name = LayoutJob::simple_singleline(person.name.clone(), theme::body_font(), palette.text);
    name.wrap = TextWrapping::truncate_at_width(at.left() - space::S - left);
    let name = ui.painter().layout_job(name);
    ui.painter().galley(egui::pos2(left, rect.center().y - name.size().y / 2.0), name, palette.text);
    ui.painter().galley(at.min, count, palette.secondary);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(names: &[&str]) -> Vec<NamedPerson> {
        let row = |(i, name): (usize, &&str)| NamedPerson {
            person: PersonId(i as i64),
            name: (*name).to_owned(),
            cover: None,
            faces: 1,
            suggested: 0,
        };
        names.iter().enumerate().map(row).collect()
    }

    #[test]
    fn only_who_is_meant_beyond_doubt_is_taken() {
        let people = people(&["Anna", "Anna Maria", "Mario", "Jonas", "Eva", "Eva"]);
        let taken = |typed| somebody(&people, typed).map(|row| row.name);
        assert_eq!(taken("anna"), Ok("Anna".into()), "the whole name is meant");
        assert_eq!(taken("jo"), Ok("Jonas".into()));
        assert_eq!(taken("mari"), Err(NameProblem::Several));
        assert_eq!(taken("eva"), Err(NameProblem::Several));
        assert_eq!(taken("otto"), Err(NameProblem::Nobody));
    }

    #[test]
    fn beginnings_come_before_later_words_in_any_script() {
        let people = people(&["Anna Maria", "Maria Curie", "Émile", "张伟", "Mario"]);
        let names = |typed| completions(&people, typed).into_iter().map(|row| row.name).collect::<Vec<_>>();
        assert_eq!(names("mar"), ["Maria Curie", "Mario", "Anna Maria"]);
        assert_eq!(names("é"), ["Émile"]);
        assert_eq!(names("张"), ["张伟"]);
        assert_eq!(names("  "), Vec::<String>::new());
    }
}
