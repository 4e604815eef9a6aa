//! Synthetic people: photo albums with ground truth that need no download and nobody's likeness.
//!
//! [`Identity`] is who somebody is: proportions, colours, hair, beard, glasses, marks. Everything else changes from
//! picture to picture: pose (2.5-D: features on a rounded head), expression, clothes, things in the way, light, white
//! balance, blur, noise, JPEG quality, background, company. Tests and demonstrations run on them; how well a network
//! does on drawings says nothing about photographs.
//!
//! The same seed gives the same bytes on the same kind of machine (sines may differ in the last place between
//! platforms).

mod album;
mod canvas;
mod face;
mod finish;
mod hair;
mod head;
mod identity;
mod scene;
mod variation;
mod wear;

pub(crate) use album::{AlbumPlan, AlbumTruth, Layout, PhotoTruth, write_album};
pub use identity::Identity;
pub(crate) use scene::Truth;
pub use scene::{render_crop, render_photo};
