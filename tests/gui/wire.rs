//! A backend for window tests: it keeps what is asked, and answers from a made-up world.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use likeness::app::care::state as care_view;
use likeness::app::compare::job::compare::ComparedFace;
use likeness::app::compare::state::{self as compare_faces, CompareResult, CompareSource};
use likeness::app::engine::facts::{Overview, TouchedFacts};
use likeness::app::engine::report::{Report, Ticket};
use likeness::app::evaluate::state::Request as EvaluateRequest;
use likeness::app::jobs::import::{ImportRequest, OpenQuestion};
use likeness::app::metadata::state as metadata_view;
use likeness::app::metadata::state::write::WriteEvent;
use likeness::app::models::state as models_view;
use likeness::app::people::state::{self as people_view, GroupChange, GroupChangeKind, GroupingPreview, PersonPage};
use likeness::app::photos::state::{self as photos_view, PhotoPage};
use likeness::app::scan::state as scan_view;
use likeness::app::settings::state as settings_view;
use likeness::app::shell::backend::{Answer, Backend, Event, Loaded, Request};
use likeness::app::train::state::{Event as TrainEvent, Request as TrainRequest};
use likeness::cluster::WrongShare;
use likeness::library::{Decision, PhotoDetail};
use likeness::types::{ChannelOrder, CropRule, PhotoId, PixelScaling, Preprocessing, Revision, SquaredDistance};

use super::demo::{SEEN, World, faces, networks};
use super::judged;
use super::painted::{draw, portrait};

/// What a test sees of the backend.
#[derive(Clone)]
pub struct Wire {
    pub sent: Rc<RefCell<Vec<Request>>>,
    pub events: Rc<RefCell<VecDeque<Event>>>,
    /// While true, every request is handed back.
    pub full: Rc<RefCell<bool>>,
    pub world: Rc<RefCell<World>>,
}

impl Wire {
    pub fn new(world: World) -> Self {
        Self { sent: Rc::default(), events: Rc::default(), full: Rc::default(), world: Rc::new(RefCell::new(world)) }
    }

    pub fn push(&self, event: Event) {
        self.events.borrow_mut().push_back(event);
    }

    /// Requests other than loads.
    pub fn actions(&self) -> Vec<Request> {
        self.sent.borrow().iter().filter(|request| !is_load(request)).cloned().collect()
    }

    /// The last request that changes something, and its ticket.
    pub fn last_change(&self) -> Option<(Ticket, Request)> {
        self.sent.borrow().iter().rev().find_map(|request| Some((ticket(request)?, request.clone())))
    }

    /// How many requests so far change something.
    pub fn changes(&self) -> usize {
        self.sent.borrow().iter().filter(|request| ticket(request).is_some()).count()
    }

    /// The last change, which is a decision.
    pub fn last_decision(&self) -> (Ticket, Decision) {
        match self.last_change() {
            Some((ticket, Request::People(people_view::Request::Decide(_, decision, _)))) => (ticket, decision),
            other => panic!("no decision: {other:?}"),
        }
    }

    /// The revision that its user had seen when the last decision was made.
    pub fn last_seen(&self) -> Revision {
        match self.last_change() {
            Some((_, Request::People(people_view::Request::Decide(_, _, seen)))) => seen,
            other => panic!("no decision: {other:?}"),
        }
    }

    /// The last change, which is an import.
    pub fn last_import(&self) -> (Ticket, ImportRequest) {
        match self.last_change() {
            Some((ticket, Request::Models(models_view::Request::Import(_, request)))) => (ticket, *request),
            other => panic!("no import: {other:?}"),
        }
    }
}

/// Whether it only brings something to be shown, or is sent without anybody doing anything: names are looked for when it is
/// first told what was found, folders are watched from the start.
fn is_load(request: &Request) -> bool {
    match request {
        Request::Metadata(metadata_view::Request::Find | metadata_view::Request::FindChanged)
        | Request::Scan(scan_view::Request::FindInterrupted | scan_view::Request::Watch)
        | Request::Train(TrainRequest::Summarise(_)) => true,
        Request::Scan(scan_view::Request::CheckQuestions(matters)) => matters.is_empty(),
        _ => {
            // Each feature calls what it loads so.
            let words = format!("{request:?}");
            let of_feature = words.split_once('(').map_or("", |(_, rest)| rest);
            words.starts_with("Load") || of_feature.starts_with("Load")
        }
    }
}

/// Of a request that changes something.
fn ticket(request: &Request) -> Option<Ticket> {
    use models_view::Request as Models;
    use people_view::Request as People;
    match request {
        Request::People(
            People::Decide(ticket, ..) | People::Split(ticket, ..) | People::ApplyGrouping { ticket, .. },
        )
        | Request::Models(
            Models::Import(ticket, _) | Models::Verify(ticket, _) | Models::Remove(ticket, _) | Models::Use(ticket, _),
        )
        | Request::Settings(
            settings_view::Request::UseDevice(ticket, _)
            | settings_view::Request::FindSmallFaces(ticket, _)
            | settings_view::Request::DoByItself(ticket, _)
            | settings_view::Request::RemoveFolder(ticket, ..)
            | settings_view::Request::MoveFolder { ticket, .. }
            | settings_view::Request::AcceptMissing { ticket, .. },
        )
        | Request::Care(
            care_view::Request::BackUp(ticket)
            | care_view::Request::Restore(ticket, _)
            | care_view::Request::Export(ticket, _)
            | care_view::Request::Import(ticket, _)
            | care_view::Request::Forget { ticket, .. },
        ) => Some(*ticket),
        _ => None,
    }
}

impl Backend for Wire {
    fn send(&mut self, request: Request) -> Result<(), Request> {
        if *self.full.borrow() {
            return Err(request);
        }
        self.sent.borrow_mut().push(request.clone());
        let answer = answer(request, &self.world.borrow());
        self.events.borrow_mut().extend(answer);
        Ok(())
    }

    fn poll(&mut self) -> Option<Event> {
        self.events.borrow_mut().pop_front()
    }
}

/// What the jobs would tell; actions are answered by the tests.
fn answer(request: Request, world: &World) -> Option<Event> {
    let answer = match request {
        Request::LoadOverview => Answer::Facts(Loaded::Overview(world.overview.clone())),
        Request::LoadPeople => Answer::Facts(Loaded::People(world.people.clone())),
        Request::LoadTouched(_) => {
            let Overview { faces, set_aside, can_undo, can_redo, .. } = world.overview;
            Answer::Facts(Loaded::Touched(TouchedFacts {
                seen: world.people.seen,
                people: Vec::new(),
                resembling: HashMap::new(),
                faces,
                set_aside,
                can_undo,
                can_redo,
            }))
        }
        Request::LoadModels => Answer::Facts(Loaded::Models(world.models.clone())),
        Request::Photos(request) => return photos_answer(request, world),
        Request::People(request) => Answer::People(people_answer(request, world)?),
        Request::Compare(compare_faces::Request::Compare(sources)) => {
            Answer::Compare(compare_faces::Event::Compared(compare(sources, &world.distances)))
        }
        Request::Evaluate(EvaluateRequest::LoadImage(key)) => return Some(Report::Image(key, Ok(draw(key)))),
        Request::Evaluate(request) => Answer::Evaluate(judged::answer(request, world.people.named.is_empty())?),
        Request::Train(TrainRequest::LoadChoices) => Answer::Train(TrainEvent::Choices(super::train::choices())),
        Request::Train(TrainRequest::Summarise(data)) => {
            Answer::Train(TrainEvent::Summarised(data, Ok(super::train::data_summary())))
        }
        Request::Models(models_view::Request::LoadNetworks) => Answer::Models(models_view::Event::Networks(networks())),
        Request::Models(models_view::Request::Inspect(path)) => {
            let question = path.ends_with("doubtful.pt").then(open_question);
            Answer::Models(models_view::Event::Inspected(path, Ok(question)))
        }
        Request::Settings(settings_view::Request::LoadDevices) => {
            Answer::Settings(settings_view::Event::Devices(world.devices.clone()))
        }
        Request::Settings(settings_view::Request::LoadFolders) => {
            Answer::Settings(settings_view::Event::Folders(world.folders.clone()))
        }
        Request::Care(care_view::Request::LoadBackups) => {
            Answer::Care(care_view::Event::Backups(world.backups.clone()))
        }
        Request::Metadata(metadata_view::Request::LoadWriting) => {
            Answer::Metadata(metadata_view::Event::Writing(WriteEvent::Kept(world.writing.clone())))
        }
        Request::Scan(_)
        | Request::Metadata(_)
        | Request::Train(_)
        | Request::Models(_)
        | Request::Settings(_)
        | Request::Care(_)
        | Request::Save(..)
        | Request::Cancel(_)
        | Request::Pause(..)
        | Request::Compare(compare_faces::Request::Stop) => return None,
    };
    Some(Report::Own(answer))
}

fn photos_answer(request: photos_view::Request, world: &World) -> Option<Event> {
    use photos_view::{Event, Request};
    let event = match request {
        Request::LoadTimeline(filter) | Request::LoadGrowingTimeline(filter) => {
            Event::Timeline(filter, world.timeline.clone())
        }
        Request::LoadPhoto(id) => {
            let page = world.photo.clone();
            Event::Photo(PhotoPage { photo: PhotoDetail { id, ..page.photo }, ..page })
        }
        Request::LoadImage(key) => return Some(Report::Image(key, Ok(draw(key)))),
        Request::FindPhotos(text) => Event::Found(text, vec![(PhotoId(7), "IMG_0007.jpg".into())]),
    };
    Some(Report::Own(Answer::Photos(event)))
}

fn people_answer(request: people_view::Request, world: &World) -> Option<people_view::Event> {
    use people_view::{Event, Request};
    match request {
        Request::LoadPerson(person) if world.gone.contains(&person) => Some(Event::Gone(person)),
        Request::LoadPerson(person) => Some(Event::Person(PersonPage { person, ..world.page.clone() })),
        Request::LoadAside => Some(Event::Aside(world.aside.clone())),
        Request::LoadAgainst { from, into, named } => {
            Some(Event::Against { from, into, named, against: world.against })
        }
        Request::Preview { squared_distance, linkage } => Some(Event::Preview(GroupingPreview {
            seen: SEEN,
            squared_distance,
            linkage,
            groups_before: 42,
            groups_after: 37,
            faces_moved: 31,
            wrong_merges: Some(WrongShare { per_1000: 1.4, least: 0.4, most: 3.9, pairs: 5_210 }),
            reach: None,
            changes: vec![
                GroupChange { kind: GroupChangeKind::Joins, parts: vec![faces(30, 3), faces(60, 3)], name: None },
                GroupChange {
                    kind: GroupChangeKind::Joins,
                    parts: vec![faces(10, 3), faces(90, 2)],
                    name: Some("Maria Silva".into()),
                },
                GroupChange { kind: GroupChangeKind::Splits, parts: vec![faces(40, 2), faces(50, 1)], name: None },
            ],
        })),
        Request::StopPreview | Request::ApplyGrouping { .. } | Request::Split(..) | Request::Decide(..) => None,
    }
}

/// NN3 is NN2 with a smaller input.
fn open_question() -> OpenQuestion {
    let network = |name: &'static str, side| {
        let (crop, scaling) = (CropRule::SquareBox { enlarge: 1.2 }, PixelScaling::Unit);
        (name, Preprocessing { width: side, height: side, crop, scaling, channels: ChannelOrder::Rgb })
    };
    OpenQuestion { why: "the tensors fit two".into(), networks: vec![network("nn2", 224), network("nn3", 160)] }
}

fn compare(sources: Vec<CompareSource>, distances: &[f32]) -> CompareResult {
    let mut all = vec![vec![Some(SquaredDistance(0.0)); sources.len()]; sources.len()];
    let mut next = distances.iter().cycle();
    let pairs = (0..sources.len()).flat_map(|a| (a + 1..sources.len()).map(move |b| (a, b)));
    for (a, b) in pairs {
        let distance = next.next().copied().map(SquaredDistance);
        (all[a][b], all[b][a]) = (distance, distance);
    }
    let slots = sources.iter().enumerate().map(|(i, source)| {
        let title = match source {
            CompareSource::File(path) => path.file_name().unwrap().to_string_lossy().into_owned(),
            CompareSource::Face(face) => format!("Face {}", face.0),
        };
        Ok(ComparedFace { crop: portrait(i as u64 / 2, i as u64, 112), title, faces_in_file: 1 + i % 3 })
    });
    CompareResult { slots: slots.collect(), distances: all, sources }
}
