//! What a decision costs in a large library; run with
//! `cargo bench --no-default-features --bench review`; ` -- 20000` behind it for another number of faces.
//!
//! A made library of 100,000 faces (`likeness synth --library`) in a folder of its own, which goes afterwards. Its
//! people are grouped by the known truth, the 200 largest get a name and wait with a tenth of their faces as
//! suggestions. Then, 200 times, a named person in turn, the largest first: a group is named, a person's suggestions
//! are confirmed, one is rejected, a group is merged into the person, and each is undone.
//!
//! "Touched" is the decision, reading what it touched, and reading again the faces of the person whose page is open.
//! "Everything" is the decision and reading what a window without that knowledge reads: overview, people and timeline.
//! It takes seconds, so only some rounds do it.

use std::time::Instant;

use anyhow::{Context, Result};
use likeness::app::engine::home::Home;
use likeness::app::engine::library_thread::LibraryHandle;
use likeness::app::engine::networks::EngineOptions;
use likeness::app::engine::shared::Shared;
use likeness::app::jobs::facts;
use likeness::app::jobs::made_library::{MadeLibraryPlan, fill};
use likeness::library::{AgainstMerge, Decision, GroupedBy, Library, LibraryError, ListPage, PhotoFilter};
use likeness::types::{Cancel, FaceId, PersonId, Revision, StepId};

const FACES: usize = 100_000;
const NAMED: usize = 200;
/// Of how many faces of a named person one is only suggested.
const SUGGESTED_OF: usize = 10;
/// In every so many rounds everything is read after each decision, too.
const EVERYTHING_EVERY: usize = 20;
const STEPS: [&str; 5] = ["name", "confirm", "reject", "merge", "undo"];

fn main() -> Result<()> {
    // `cargo bench` adds options of its own.
    let asked = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let faces = asked.map_or(Ok(FACES), |text| text.parse()).context("the number of faces is not a number")?;
    let folder = tempfile::tempdir()?;
    let home = Home::open(Some(folder.path()))?;
    let options = EngineOptions::default();

    let begun = Instant::now();
    let mut library = Library::open(&home.library())?;
    let plan = MadeLibraryPlan { faces, seed: 1, model: options.model_id(), detector: options.detector_id() };
    let made = fill(&mut library, &home.root().join("made"), &plan, &Cancel::default(), &mut |_, _| {})?;
    let filled = begun.elapsed();
    let people = prepare(&mut library, &made.people)?;
    drop(library);
    println!(
        "{} faces of {} people in {} photos, made in {:.1} s; the largest person has {}, the {NAMED}th {}\n",
        made.faces(),
        made.people.len(),
        made.photos,
        filled.as_secs_f64(),
        made.people[0].len(),
        made.people.get(NAMED - 1).map_or(0, Vec::len)
    );
    let library = LibraryHandle::open(&home.library())?;
    let shared = Shared::new(home, library, options);
    let measured = measure(&shared, &people)?;
    print_table(&measured);
    Ok(())
}

/// Named people, the largest first, and as many groups behind them.
struct People {
    named: Vec<PersonId>,
    groups: Vec<PersonId>,
}

fn prepare(library: &mut Library, truth: &[Vec<FaceId>]) -> Result<People> {
    let without_suggestions = truth.iter().enumerate().map(|(place, faces)| match place < NAMED {
        true => faces[faces.len() / SUGGESTED_OF..].to_vec(),
        false => faces.clone(),
    });
    library.apply_grouping(&without_suggestions.collect::<Vec<_>>(), GroupedBy::Scan, Revision::NOW)?;
    let person_of = |library: &Library, faces: &[FaceId]| -> Result<PersonId> {
        let face = *faces.last().context("a person has faces")?;
        library.face(face)?.and_then(|face| face.state.person()).context("the face was grouped")
    };
    let mut people = People { named: Vec::new(), groups: Vec::new() };
    for (place, faces) in truth.iter().take(2 * NAMED).enumerate() {
        let person = person_of(library, faces)?;
        if place < NAMED {
            library.decide(&Decision::Name { person, name: format!("Person {place}") }, Revision::NOW)?;
            people.named.push(person);
        } else {
            people.groups.push(person);
        }
    }
    library.apply_grouping(truth, GroupedBy::Scan, Revision::NOW)?;
    Ok(people)
}

/// Milliseconds of each step, in the order of `STEPS`.
#[derive(Default)]
struct Measured {
    touched: [Vec<f64>; STEPS.len()],
    everything: [Vec<f64>; STEPS.len()],
}

fn measure(shared: &Shared, people: &People) -> Result<Measured> {
    let mut measured = Measured::default();
    for (round, (&person, &group)) in people.named.iter().zip(&people.groups).enumerate() {
        let suggested = first_suggestion(shared, person)?;
        let decisions = [
            Some(Decision::Name { person: group, name: format!("Group {round}") }),
            Some(Decision::ConfirmAll { person, shown: Vec::new() }),
            suggested.map(|face| Decision::Reject { person, faces: vec![face] }),
            Some(Decision::Merge { from: group, into: person, against: AgainstMerge::default() }),
        ];
        for (step, decision) in decisions.into_iter().enumerate() {
            let Some(decision) = decision else { continue };
            measured.touched[step].push(timed(|| read_touched(shared, person, &decision))?);
            measured.touched[STEPS.len() - 1]
                .push(timed(|| read_touched(shared, person, &Decision::Undo(StepId::LATEST)))?);
            if round % EVERYTHING_EVERY == 0 {
                measured.everything[step].push(timed(|| read_everything(shared, &decision))?);
                measured.everything[STEPS.len() - 1]
                    .push(timed(|| read_everything(shared, &Decision::Undo(StepId::LATEST)))?);
            }
        }
    }
    Ok(measured)
}

fn first_suggestion(shared: &Shared, person: PersonId) -> Result<Option<FaceId>> {
    let model = shared.options().model_id();
    let faces = shared.library.call(move |library| library.faces_of_person(person, &model))?;
    Ok(faces.iter().find(|face| face.belongs == likeness::library::Belongs::Suggested).map(|face| face.face_id))
}

fn read_touched(shared: &Shared, open: PersonId, decision: &Decision) -> Result<()> {
    let decision = decision.clone();
    let touched = shared.library.call(move |library| library.decide(&decision, Revision::NOW))?;
    anyhow::ensure!(!touched.people.is_empty(), "a decision changed nothing");
    facts::touched(shared, &touched)?;
    let model = shared.options().model_id();
    shared.library.call(move |library| library.faces_of_person(open, &model)).map(drop)
}

fn read_everything(shared: &Shared, decision: &Decision) -> Result<()> {
    let decision = decision.clone();
    shared.library.call(move |library| library.decide(&decision, Revision::NOW))?;
    facts::overview(shared)?;
    facts::people(shared)?;
    shared.library.call(|library| {
        library.photos(PhotoFilter::All, ListPage::ALL)?;
        library.face_boxes(PhotoFilter::All)?;
        Ok::<_, LibraryError>(())
    })
}

/// Milliseconds.
fn timed(work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let begun = Instant::now();
    work()?;
    Ok(begun.elapsed().as_secs_f64() * 1e3)
}

fn print_table(measured: &Measured) {
    println!("| decision | touched: median | 99 % below | everything: median | 99 % below | ratio of medians |");
    println!("|---|--:|--:|--:|--:|--:|");
    for (step, name) in STEPS.iter().enumerate() {
        let [touched, everything] = [&measured.touched[step], &measured.everything[step]];
        let (few, all) = (quantile(touched, 0.5), quantile(everything, 0.5));
        println!(
            "| {name} | {few:.2} ms | {:.1} ms | {all:.0} ms | {:.0} ms | {:.0} |",
            quantile(touched, 0.99),
            quantile(everything, 0.99),
            all / few
        );
    }
}

/// The smallest value that is not below `share` of all; not a number of nothing.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}
