//! What every view may read: the library in numbers, its people, the models; and after a change only what it touched.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use anyhow::Result;

use crate::app::engine::facts::{
    GroupRow, ModelRow, NamedPerson, Overview, People, Resemblance, TouchedFacts, TouchedRow,
};
use crate::app::engine::install::DEFAULT_PACK;
use crate::app::engine::resemblance::Resemblances;
use crate::app::engine::shared::Shared;
use crate::app::jobs::by_itself;
use crate::app::jobs::regroup::Grouping;
use crate::library::{self, LibraryReader, ListPage, PeopleFilter, PeopleKind, PersonCard};
use crate::networks::device::DeviceChoice;
use crate::networks::models::{Client, ModelEntry, Source, Store};
use crate::types::{ModelId, PersonId, SquaredDistance, Touched};

/// Faces shown of an unnamed group.
const STRIP: usize = 6;

pub fn overview(shared: &Shared) -> Result<Overview> {
    let (counts, folders, set_aside, can_undo, can_redo, by_itself) = shared.library.ask(|library| {
        let (can_undo, can_redo) = (library.can_undo()?, library.can_redo()?);
        let set_aside = library.count_set_aside()? as u64;
        let by_itself = by_itself::of_library(library)?;
        Ok::<_, library::LibraryError>((
            library.counts()?,
            library.folders()?,
            set_aside,
            can_undo,
            can_redo,
            by_itself,
        ))
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
        device: shared.device().or_else(|| device_asked_for(&options.device_choice())),
        small_faces: options.finds_small_faces(),
        by_itself,
        model: model.map(|entry| entry.title.clone()),
        threshold: options.thresholds(&store)?.same_person.0,
        grouping: (grouping.threshold.0, grouping.linkage),
        set_aside,
        can_undo,
        can_redo,
    })
}

/// Before the networks are loaded, only the choice is known.
fn device_asked_for(choice: &DeviceChoice) -> Option<String> {
    match choice {
        DeviceChoice::Auto => None,
        DeviceChoice::Cpu => Some("CPU".to_owned()),
        other => Some(other.to_string()),
    }
}

pub fn people(shared: &Shared) -> Result<People> {
    let model = shared.options().model_id();
    let store = Store::open(shared.home.models())?;
    let threshold = shared.options().thresholds(&store)?.same_person;
    let mut kept = shared.resemblances();
    let (input, _) = shared.library.faces_to_group(&model)?;
    let near = kept.insert(Resemblances::of(&input, model, threshold)).nearest().clone();
    shared.library.ask(|library| {
        let list = |kind, min_faces| library.people(PeopleFilter { kind, min_faces }, ListPage::ALL);
        let named: Vec<NamedPerson> = list(PeopleKind::Named, 0)?.into_iter().filter_map(named_row).collect();
        let hidden = list(PeopleKind::Hidden, 0)?.into_iter().filter_map(named_row).collect();
        let names: HashMap<PersonId, &str> = named.iter().map(|row| (row.person, row.name.as_str())).collect();
        let mut groups = Vec::new();
        for card in list(PeopleKind::Nameless, 1)? {
            let resembles = near.get(&card.id).and_then(|&(person, distance)| {
                let name = (*names.get(&person)?).to_owned();
                Some(Resemblance { person, name, distance })
            });
            groups.extend(group_row(library, &card, resembles)?);
        }
        let (seen, steps) = (library.revision()?, library.next_steps()?);
        Ok::<_, library::LibraryError>(People { seen, steps, named, hidden, groups })
    })
}

/// What the window shows of the people a change touched, and what its buttons need. A change that touched everything
/// names nobody: [`overview`] and [`people`] are loaded again then.
///
/// # Errors
/// When the library cannot be read, or its thread has ended.
pub fn touched(shared: &Shared, touched: &Touched) -> Result<TouchedFacts> {
    let ids = &touched.people;
    let mut facts = shared.library.ask(|library| {
        let mut rows: HashMap<PersonId, TouchedRow> = HashMap::new();
        for card in library.people_by_id(ids)? {
            let person = card.id;
            let row = match (&card.name, card.is_hidden) {
                (Some(_), false) => named_row(card).map(TouchedRow::Named),
                (Some(_), true) => named_row(card).map(TouchedRow::Hidden),
                (None, false) => group_row(library, &card, None)?.map(TouchedRow::Group),
                (None, true) => None,
            };
            rows.extend(row.map(|row| (person, row)));
        }
        Ok::<_, library::LibraryError>(TouchedFacts {
            seen: library.revision()?,
            people: ids.iter().map(|person| (*person, rows.remove(person))).collect(),
            resembling: HashMap::new(),
            faces: library.count_faces()? as u64,
            set_aside: library.count_set_aside()? as u64,
            can_undo: library.can_undo()?,
            can_redo: library.can_redo()?,
        })
    })?;
    facts.resembling = resembling(shared, touched)?;
    Ok(facts)
}

/// The groups that may resemble somebody else since. Nobody knows before people have been listed.
fn resembling(shared: &Shared, touched: &Touched) -> Result<HashMap<PersonId, Option<Resemblance>>> {
    let mut kept = shared.resemblances();
    let model = shared.options().model_id();
    let Some(kept) = kept.as_mut().filter(|kept| kept.is_by(&model)) else { return Ok(HashMap::new()) };
    let vectors = shared.library.vectors(&model);
    let (faces, different) = shared.library.ask(|library| {
        let of = |person: &PersonId| Ok((*person, library.faces_to_group_of(*person, &model, vectors.as_ref())?));
        let faces = touched.people.iter().map(of).collect::<library::Result<Vec<_>>>()?;
        Ok::<_, library::LibraryError>((faces, library.told_apart_pairs()?))
    })?;
    let changed = kept.update(&faces, &different);
    let near: HashMap<PersonId, _> =
        changed.into_iter().map(|group| (group, kept.nearest().get(&group).copied())).collect();
    let resembling = shared.library.ask(|library| {
        let mut names: HashMap<PersonId, Option<String>> = HashMap::new();
        for (person, _) in near.values().flatten() {
            if let Entry::Vacant(name) = names.entry(*person) {
                name.insert(library.person(*person)?.filter(|card| !card.is_hidden).and_then(|card| card.name));
            }
        }
        let resemblance = |(person, distance): (PersonId, SquaredDistance)| {
            Some(Resemblance { person, name: names[&person].clone()?, distance })
        };
        let near = near.into_iter().map(|(group, near)| (group, near.and_then(resemblance)));
        Ok::<_, library::LibraryError>(near.collect())
    })?;
    Ok(resembling)
}

/// None of a group.
fn named_row(card: PersonCard) -> Option<NamedPerson> {
    Some(NamedPerson {
        person: card.id,
        name: card.name?,
        cover: card.cover,
        faces: card.faces as u64,
        suggested: card.suggested as u64,
    })
}

/// None of a group that has only suggestions.
fn group_row(
    library: &LibraryReader,
    card: &PersonCard,
    resembles: Option<Resemblance>,
) -> Result<Option<GroupRow>, library::LibraryError> {
    if card.faces == 0 {
        return Ok(None);
    }
    let strip = library.best_faces(card.id, STRIP)?;
    Ok(Some(GroupRow { person: card.id, faces: card.faces as u64, strip, resembles }))
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::app::engine::home::Home;
    use crate::app::engine::library_thread::LibraryHandle;
    use crate::app::engine::networks::EngineOptions;
    use crate::library::{AgainstMerge, Decision, GroupedBy, LibraryError, PhotoRecord, SetAside, fixture};
    use crate::types::{FaceId, Revision, StepId};

    /// A photo whose faces point in directions given in degrees, the first the clearest.
    fn photo(path: &Path, model: &ModelId, degrees: &[f32]) -> PhotoRecord {
        let face = |(place, degrees): (usize, &f32)| {
            let mut face = fixture::face(100.0 * place as f32, *degrees);
            face.detection.score -= place as f32 / 100.0;
            face
        };
        let faces = degrees.iter().enumerate().map(face).collect();
        PhotoRecord { width: 2000, model: model.clone(), ..fixture::photo(path, degrees.len() as u8, faces) }
    }

    fn decide(shared: &Shared, decision: Decision) -> TouchedFacts {
        let changed = shared.library.call(move |library| library.decide(&decision, Revision::NOW)).unwrap();
        assert!(!changed.everything);
        touched(shared, &changed).unwrap()
    }

    /// After each decision the rows put in place are those that a window would load afresh.
    #[test]
    fn what_was_touched_leads_to_what_everything_would() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(Some(folder.path())).unwrap();
        let options = EngineOptions::default();
        let (library, model) = (LibraryHandle::open(&home.library()).unwrap(), options.model_id());
        let root = folder.path().to_owned();
        // Ada and her like near 0°, somebody near 20°, two people far away, and one who is alone.
        let faces: Vec<FaceId> = library
            .call(move |library| {
                let scan = library.begin_scan(&root)?;
                let degrees = [0.0, 1.0, 2.0, 20.0, 21.0, 150.0, 151.0, 152.0, 270.0];
                let photos = [
                    photo(&root.join("a.jpg"), &model, &degrees[..4]),
                    photo(&root.join("b.jpg"), &model, &degrees[4..]),
                ];
                library.record_photos(scan, &photos)?;
                let faces: Vec<FaceId> =
                    library.faces_to_group(&model)?.faces.iter().map(|face| face.face_id).collect();
                let groups = [&faces[..2], &faces[3..5], &faces[5..8], &faces[8..]].map(<[FaceId]>::to_vec);
                library.apply_grouping(&groups, GroupedBy::Scan, Revision::NOW)?;
                Ok::<_, LibraryError>(faces)
            })
            .unwrap();
        let shared = Shared::new(home, library, options);
        let of = |face: usize| {
            let face = faces[face];
            shared.library.call(move |library| library.face(face)).unwrap().unwrap().state.person().unwrap()
        };
        let (ada, near, far, alone) = (of(0), of(3), of(5), of(8));
        shared.library.call(move |library| library.name_person(ada, "Ada")).unwrap();
        let groups = vec![faces[..3].to_vec()];
        shared.library.call(move |library| library.apply_grouping(&groups, GroupedBy::Scan, Revision::NOW)).unwrap();
        let (mut shown, mut numbers) = (people(&shared).unwrap(), overview(&shared).unwrap());
        assert_eq!(shown.groups.iter().find(|row| row.person == near).unwrap().resembles.as_ref().unwrap().name, "Ada");

        let decisions = [
            Decision::Name { person: ada, name: "Ada Lovelace".to_owned() },
            Decision::ConfirmAll { person: ada, shown: vec![faces[2]] },
            Decision::Undo(StepId::LATEST),
            Decision::Reject { person: ada, faces: vec![faces[2]] },
            Decision::Name { person: far, name: "Bo".to_owned() },
            Decision::TakeOut { person: far, faces: vec![faces[6]] },
            Decision::Merge { from: alone, into: far, against: AgainstMerge::default() },
            Decision::Undo(StepId::LATEST),
            Decision::Redo(StepId::LATEST),
            Decision::SetAsideAll { person: near, why: SetAside::NotAFace },
            Decision::Undo(StepId::LATEST),
            Decision::Hide(ada),
            Decision::Show(ada),
            Decision::TakeBackReject { person: ada, face: faces[2] },
            Decision::SetAside { of: Some(ada), faces: faces[..3].to_vec(), why: SetAside::Stranger },
            Decision::Restore { of: Some(ada), faces: faces[..3].to_vec() },
        ];
        for decision in decisions {
            let facts = decide(&shared, decision.clone());
            shown.put(&facts);
            numbers.put(&facts);
            let fresh = people(&shared).unwrap();
            assert_eq!(shown.named, fresh.named, "{decision:?}");
            assert_eq!(shown.hidden, fresh.hidden, "{decision:?}");
            assert_eq!(shown.groups, fresh.groups, "{decision:?}");
            assert_eq!(numbers, overview(&shared).unwrap(), "{decision:?}");
        }
        // So it is when a user has everybody grouped anew.
        let groups = vec![faces[3..6].to_vec(), faces[6..].to_vec()];
        let regroup =
            move |library: &mut library::Library| library.apply_grouping(&groups, GroupedBy::User(&[]), Revision::NOW);
        let regrouped = shared.library.call(regroup).unwrap().touched;
        assert!(!regrouped.everything && regrouped.step.is_some(), "{regrouped:?}");
        let facts = touched(&shared, &regrouped).unwrap();
        shown.put(&facts);
        let fresh = people(&shared).unwrap();
        assert_eq!((shown.named, shown.groups), (fresh.named, fresh.groups));
    }
}
