//! The made-up library of `demo` with synthetic people in place of its sketches, for the README's pictures.
//!
//! Models and adapters get made-up names too, so that no invented figure stands beside a real one's name.

use std::sync::Arc;

use image::RgbImage;
use image::imageops::{self, FilterType};
use likeness::app::engine::picture::{ImageKey, Picture};
use likeness::app::engine::report::Report;
use likeness::app::evaluate::state::Event as EvaluateEvent;
use likeness::app::jobs::run_event::RunEvent;
use likeness::app::shell::backend::{Answer, Backend, Event, Request};
use likeness::app::train::state::Event as TrainEvent;
use likeness::app::train::state::live::RunStart;
use likeness::synth::{Identity, render_photo};
use likeness::train::events::TrainEvent as LearningEvent;

use super::demo::{World, album_world};
use super::wire::Wire;

/// Any album would do.
const SEED: u64 = 1;
const DEVICE: &str = "Example GPU";
/// Names of any gender: who is drawn with one is the seed's choice.
const NAMES: [&str; 6] = ["Robin", "Kim", "晨", "Noa", "Sasha", "Alex"];
const MODELS: [&str; 3] = ["Network A", "Network B", "Network C"];

/// The album with names that suit everybody.
pub fn synthetic_world() -> World {
    let mut world = album_world();
    world.overview.device = Some(DEVICE.into());
    for (row, name) in world.people.named.iter_mut().zip(NAMES) {
        row.name = name.into();
    }
    for resembled in world.people.groups.iter_mut().filter_map(|group| group.resembles.as_mut()) {
        resembled.name = NAMES[1].into();
    }
    world.page.name = Some(NAMES[0].into());
    world
}

/// Answers as the wire does, but every face is drawn by the program.
pub struct Synthetic(pub Wire);

impl Backend for Synthetic {
    fn send(&mut self, request: Request) -> Result<(), Request> {
        self.0.send(request)
    }

    fn poll(&mut self) -> Option<Event> {
        let mut event = self.0.poll()?;
        match &mut event {
            // Ten faces are one person's; the suggested ones of that person have the same numbers plus 1,000.
            Report::Image(ImageKey::Face(face), Ok(picture)) => {
                let number = face.0 as u64;
                *picture = Picture::from_rgb(&portrait(number % 1000 / 10, number, 160));
            }
            Report::Own(Answer::Train(TrainEvent::Began(RunStart { device, name, network, .. }))) => {
                *device = DEVICE.into();
                *name = "my-network".into();
                *network = MODELS[0].into();
            }
            Report::Own(Answer::Train(TrainEvent::Run(event))) => {
                if let RunEvent::Train(LearningEvent::Snapshot(snapshot)) = &mut **event {
                    for face in &mut snapshot.faces {
                        face.thumbnail = portrait(face.picture as u64 / 3, face.picture as u64, 64);
                    }
                }
            }
            Report::Own(Answer::Evaluate(EvaluateEvent::Opened(_, runs))) => {
                for (run, model) in runs.iter_mut().zip(MODELS) {
                    Arc::make_mut(run).row.model = model.into();
                }
            }
            _ => {}
        }
        Some(event)
    }
}

/// A head with some room about it, as the window shows faces. The same numbers give the same picture.
fn portrait(person: u64, variation: u64, side: u32) -> RgbImage {
    let identity = Identity::new(SEED, person as u32);
    let (photo, truth, _) = render_photo(&[(0, &identity)], (300, 360), variation);
    let face = truth[0].face_box;
    let [x, y] = face.centre();
    let room = (1.5 * face.width.max(face.height)).min(photo.width() as f32);
    let corner = |centre: f32, length: u32| (centre - room / 2.0).clamp(0.0, length as f32 - room) as u32;
    let (left, top) = (corner(x, photo.width()), corner(y, photo.height()));
    let cut = imageops::crop_imm(&photo, left, top, room as u32, room as u32).to_image();
    imageops::resize(&cut, side, side, FilterType::Triangle)
}
