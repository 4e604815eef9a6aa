//! What every view may read: the library in numbers, its people, the models.

use std::collections::HashMap;

use anyhow::Result;

use crate::app::engine::facts::{GroupRow, ModelRow, Overview, People, PersonRow, Resemblance};
use crate::app::engine::install::DEFAULT_PACK;
use crate::app::engine::shared::Shared;
use crate::app::jobs::regroup::{Grouping, nearest_people};
use crate::library::{self, Page, PeopleFilter, PeopleKind};
use crate::networks::device::DeviceChoice;
use crate::networks::models::{Client, ModelEntry, Source, Store};
use crate::types::{ModelId, PersonId};

/// Faces shown of an unnamed group.
const STRIP: usize = 6;

pub fn overview(shared: &Shared) -> Result<Overview> {
    let (counts, folders, history) = shared.library.call(|library| {
        Ok::<_, library::LibraryError>((library.counts()?, library.folders()?, library.history(usize::MAX >> 1)?))
    })?;
    let options = shared.options();
    let store = Store::open(shared.home.models())?;
    let grouping = Grouping::remembered(&shared.library, &store, &options)?;
    let model = store.entry(&options.model_id()).ok().filter(|entry| store.installed(&entry.id));
    Ok(Overview {
        photos: counts.photos as u64,
        faces: counts.faces as u64,
        skipped: counts.failed as u64,
        folders: folders.into_iter().map(|folder| folder.path).collect(),
        device: shared.device().unwrap_or_else(|| chosen_device(&options.device)),
        model: model.map(|entry| entry.title.clone()),
        threshold: options.thresholds(&store)?.same_person.0,
        grouping: (grouping.threshold.0, grouping.linkage),
        can_undo: history.iter().any(|entry| !entry.is_undone),
        can_redo: history.iter().any(|entry| entry.is_undone),
    })
}

/// Before the networks are loaded, only the choice is known; "auto" is left to the view to word.
fn chosen_device(choice: &DeviceChoice) -> String {
    match choice {
        DeviceChoice::Cpu => "CPU".to_owned(),
        other => other.to_string(),
    }
}

pub fn people(shared: &Shared) -> Result<People> {
    let model = shared.options().model_id();
    let store = Store::open(shared.home.models())?;
    let near = nearest_people(&shared.library, &model, shared.options().thresholds(&store)?.same_person)?;
    shared.library.call(move |library| {
        let list = |kind, min_faces| library.people(PeopleFilter { kind, min_faces }, Page::ALL);
        let named = list(PeopleKind::Named, 0)?.into_iter().filter_map(|card| {
            Some(PersonRow {
                person: card.id,
                name: card.name?,
                cover: card.cover?,
                confirmed: card.faces as u64,
                suggested: card.suggested as u64,
            })
        });
        let named: Vec<PersonRow> = named.collect();
        let names: HashMap<PersonId, &str> = named.iter().map(|row| (row.person, row.name.as_str())).collect();
        let mut groups = Vec::new();
        for card in list(PeopleKind::Nameless, 1)? {
            groups.push(GroupRow {
                person: card.id,
                faces: card.faces as u64,
                strip: library.best_faces(card.id, STRIP)?,
                resembles: near.get(&card.id).and_then(|&(person, distance)| {
                    let name = (*names.get(&person)?).to_owned();
                    Some(Resemblance { person, name, distance })
                }),
            });
        }
        Ok::<_, library::LibraryError>(People { named, groups })
    })
}

pub fn models(shared: &Shared) -> Result<Vec<ModelRow>> {
    let store = Store::open(shared.home.models())?;
    let pack = store.resolve(DEFAULT_PACK)?;
    let options = shared.options();
    let used = [options.model_id(), options.detector_id()];
    Ok(store.manifest().models.iter().map(|entry| model_row(&store, entry, &pack, &used)).collect())
}

fn model_row(store: &Store, entry: &ModelEntry, pack: &[ModelId], used: &[ModelId]) -> ModelRow {
    let size = format!("{} × {}", entry.input.width, entry.input.height);
    let installed = store.installed(&entry.id);
    ModelRow {
        model: entry.id.clone(),
        name: entry.title.clone(),
        task: entry.task,
        bytes: entry.bytes(),
        licence: entry.licence_weights.clone(),
        source: source_words(entry),
        lfw_percent: entry.lfw.as_ref().map(|figure| figure.accuracy_percent as f32),
        input: entry.dimensions.map_or(size.clone(), |dimensions| format!("{size}, {dimensions}-D")),
        installed,
        in_use: installed && used.contains(&entry.id),
        default: pack.contains(&entry.id),
    }
}

/// The first source's host, or the package.
fn source_words(entry: &ModelEntry) -> String {
    match entry.files.first().and_then(|file| file.sources.first()) {
        Some(Source::Url { url }) => url.split('/').nth(2).unwrap_or(url).to_owned(),
        Some(Source::Package { package, .. }) => match package.client {
            Client::Pip => format!("pip: {} {}", package.name, package.version),
            Client::Npm => format!("npm: {} {}", package.name, package.version),
        },
        // The user's own: the file it was kept in.
        None => entry.files.first().map(|file| file.name.clone()).unwrap_or_default(),
    }
}
