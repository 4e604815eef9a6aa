//! Rows of the library and the model store, as the views want them.

use std::collections::HashMap;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::app::engine::install::DEFAULT_PACK;
use crate::app::engine::library_thread::LibraryHandle;
use crate::app::engine::networks::EngineOptions;
use crate::app::jobs::import::{ImportRequest, what_is_open};
use crate::app::jobs::regroup::{Grouping, nearest_people};
use crate::app::engine::report::Failed;
use crate::app::people::job::preview;
use crate::app::shell::backend::{Event, Request};
use crate::app::engine::facts::{GroupRow, ModelRow, ModelTask, Overview, People, PersonRow, Resemblance};
use crate::app::photos::state::{Month, PhotoDetail, PhotoFace, PhotoFilter, PhotoTile, SkippedFile, Timeline};
use crate::app::people::state::{PersonFace, PersonPage};
use crate::app::settings::state::{DeviceKind, DeviceRow};
use crate::app::engine::shared::{failure, lock};
use crate::app::shell::threads::Shared;
use crate::library::{self, Belongs, Page, PeopleFilter, PeopleKind, PhotoState};
use crate::networks::device::{self, DeviceChoice, VerdictCache};
use crate::networks::models::{Client, ModelEntry, Source, Store, Task};
use crate::types::{FaceBox, ModelId, PersonId, PhotoId, SquaredDistance};

/// Faces shown of an unnamed group.
const STRIP: usize = 6;
const MODEL_SETTING: &str = "model";
const DETECTOR_SETTING: &str = "detector";
const DEVICE_SETTING: &str = "device";

pub fn answer(shared: &Shared, request: Request) -> Event {
    let loaded = match request {
        Request::LoadOverview => overview(shared).map(Event::Overview),
        Request::LoadPeople => people(shared).map(Event::People),
        Request::LoadTimeline(filter) => timeline(shared, &filter).map(|timeline| Event::Timeline(filter, timeline)),
        Request::LoadPhoto(photo) => photo_detail(shared, photo).map(Event::Photo),
        Request::LoadPerson(person) => person_page(shared, person).map(Event::Person),
        Request::LoadModels => models(shared).map(Event::Models),
        Request::LoadNetworks => Ok(Event::Networks(crate::app::models::job::layers::rows())),
        Request::LookAtModel(path) => Ok(look_at_model(shared, path)),
        Request::LoadDevices => Ok(Event::Devices(devices(shared))),
        Request::FindPhotos(text) => find_photos(shared, text),
        other => unreachable!("{other:?} loads nothing"),
    };
    loaded.unwrap_or_else(|error| Event::Failed(None, failure(Failed::Load, &error)))
}

fn look_at_model(shared: &Shared, path: PathBuf) -> Event {
    let request = ImportRequest { path: path.clone(), ..ImportRequest::default() };
    let store = Store::open(shared.home.models()).map_err(Into::into);
    let outcome = store.and_then(|store| what_is_open(&store, &request));
    Event::ModelLookedAt(path, outcome.map_err(|error| failure(Failed::Import, &error)))
}

/// Photos found by their file's name, at most a menu's worth.
fn find_photos(shared: &Shared, text: String) -> Result<Event> {
    const MOST: usize = 5;
    let wanted = text.clone();
    let found = shared.library.call(move |library| library.search_photos(&wanted, MOST))?;
    let name = |path: PathBuf| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Event::PhotosFound(text, found.into_iter().map(|(photo, path)| (photo, name(path))).collect()))
}

/// What the user chose in an earlier session, where the command line says nothing else.
pub fn remembered_options(library: &LibraryHandle, mut options: EngineOptions) -> Result<EngineOptions> {
    let [model, detector, device] = library.call(|library| {
        let setting = |key| library.setting(key);
        Ok::<_, library::LibraryError>([setting(MODEL_SETTING)?, setting(DETECTOR_SETTING)?, setting(DEVICE_SETTING)?])
    })?;
    options.model = options.model.or(model);
    options.detector = options.detector.or(detector);
    if let Some(device) = device.filter(|_| options.device == Default::default()) {
        options.device = device.parse()?;
    }
    Ok(options)
}

/// Keeps the chosen models and device for the next session.
pub fn remember(library: &LibraryHandle, options: &EngineOptions) -> Result<()> {
    let chosen = [(MODEL_SETTING, options.model.clone()), (DETECTOR_SETTING, options.detector.clone())];
    let device = options.device.to_string();
    library.call(move |library| {
        for (key, id) in chosen.iter().filter_map(|(key, id)| Some((key, id.as_ref()?))) {
            library.set_setting(key, id)?;
        }
        library.set_setting(DEVICE_SETTING, &device)
    })
}

fn overview(shared: &Shared) -> Result<Overview> {
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
        device: lock(&shared.device).clone().unwrap_or_else(|| chosen_device(&options.device)),
        model: model.map(|entry| entry.title.clone()),
        threshold: options.thresholds(&store)?.same_person.0,
        grouping: (grouping.threshold.0, preview::window_linkage(grouping.linkage)),
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

fn people(shared: &Shared) -> Result<People> {
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

fn timeline(shared: &Shared, filter: &PhotoFilter) -> Result<Timeline> {
    let wanted = match filter {
        PhotoFilter::All => library::PhotoFilter::All,
        PhotoFilter::Person(person) => library::PhotoFilter::Person(*person),
        PhotoFilter::UnnamedFaces => library::PhotoFilter::UnnamedFaces,
        PhotoFilter::NoFaces => library::PhotoFilter::NoFaces,
        PhotoFilter::Skipped => library::PhotoFilter::Failed,
    };
    let (tiles, boxes) = shared.library.call(move |library| {
        Ok::<_, library::LibraryError>((library.photos(wanted, Page::ALL)?, library.face_boxes()?))
    })?;
    let mut boxes_of: HashMap<PhotoId, Vec<FaceBox>> = HashMap::new();
    for (photo, face_box) in boxes {
        boxes_of.entry(photo).or_default().push(face_box);
    }
    let mut timeline = Timeline::default();
    for tile in tiles {
        if let PhotoState::Failed { reason } = tile.state {
            timeline.skipped.push(SkippedFile { path: tile.path, reason });
            continue;
        }
        let (year, month) = year_and_month(&tile.time);
        let faces = boxes_of.remove(&tile.id).unwrap_or_default();
        let photo = PhotoTile { photo: tile.id, size: (tile.width, tile.height), faces };
        match timeline.months.last_mut().filter(|last| (last.year, last.month) == (year, month)) {
            Some(last) => last.photos.push(photo),
            None => timeline.months.push(Month { year, month, photos: vec![photo] }),
        }
    }
    Ok(timeline)
}

/// `2024-05-…` as (2024, 5); (0, 0) for a time that is none.
fn year_and_month(time: &str) -> (i32, u8) {
    let mut parts = time.split('-');
    let year = parts.next().and_then(|part| part.parse().ok());
    let month = parts.next().and_then(|part| part.parse().ok()).filter(|month| (1..=12).contains(month));
    year.zip(month).unwrap_or((0, 0))
}

fn photo_detail(shared: &Shared, photo: PhotoId) -> Result<PhotoDetail> {
    let (detail, faces) = shared
        .library
        .call(move |library| Ok::<_, library::LibraryError>((library.photo(photo)?, library.faces_of_photo(photo)?)))?;
    let detail = detail.context("this photo is gone from the library")?;
    let faces = faces.into_iter().map(|face| PhotoFace {
        face: face.face_id,
        face_box: face.detection.face_box,
        person: face.state.person(),
        confirmed: face.state.is_confirmed(),
        name: face.name,
    });
    Ok(PhotoDetail {
        photo,
        path: detail.path,
        size: (detail.width, detail.height),
        captured_at: detail.captured_at,
        camera: detail.camera,
        faces: faces.collect(),
    })
}

fn person_page(shared: &Shared, person: PersonId) -> Result<PersonPage> {
    let model = shared.options().model_id();
    let (card, faces) = shared.library.call(move |library| {
        Ok::<_, library::LibraryError>((library.person(person)?, library.faces_of_person(person, &model)?))
    })?;
    let card = card.context("this person is gone from the library")?;
    let (suggested, confirmed): (Vec<_>, Vec<_>) =
        faces.into_iter().partition(|face| face.belongs == Belongs::Suggested);
    let rows = |faces: Vec<library::FaceOfPerson>| faces.into_iter().map(person_face).collect();
    Ok(PersonPage {
        person,
        name: card.name,
        cover: card.cover.context("this person has no faces left")?,
        confirmed: rows(confirmed),
        suggested: rows(suggested),
    })
}

fn person_face(face: library::FaceOfPerson) -> PersonFace {
    // A face that this model has not embedded stands at the far end.
    let distance = face.distance.unwrap_or(SquaredDistance(4.0));
    PersonFace { face: face.face_id, photo: face.photo_id, distance }
}

fn models(shared: &Shared) -> Result<Vec<ModelRow>> {
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
        task: match entry.task {
            Task::Detect => ModelTask::Detect,
            Task::Embed => ModelTask::Embed,
        },
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

fn devices(shared: &Shared) -> Vec<DeviceRow> {
    let verdicts = VerdictCache::open(shared.home.device_verdicts());
    let rows = device::list(&verdicts).into_iter().map(|found| DeviceRow {
        usable: found.is_usable(),
        verdict: Some(found.verdict_words()),
        kind: match found.kind {
            device::DeviceKind::Cpu => DeviceKind::Cpu,
            device::DeviceKind::Hardware => DeviceKind::Gpu,
            device::DeviceKind::Software => DeviceKind::Software,
        },
        name: found.name,
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_read_from_the_time() {
        assert_eq!(year_and_month("2024-05-17T10:00:00"), (2024, 5));
        assert_eq!(year_and_month("2024-13-01"), (0, 0));
        assert_eq!(year_and_month(""), (0, 0));
    }
}
