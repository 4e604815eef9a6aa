//! Embeddings made here, of the images that a list names.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use image::RgbImage;
use rayon::prelude::*;
use serde::Serialize;

use crate::app::engine::home::Home;
use crate::app::engine::networks::{Engine, FindFaces, NoFace};
use crate::app::engine::progress::{JobEvent, Meter, Stage};
use crate::app::evaluate::job::degrade::degrade;
use crate::app::evaluate::job::inputs::{FaceInputs, Photos, model_files};
use crate::app::jobs::walk::listed::ListedFiles;
use crate::app::jobs::walk::people::people_of;
use crate::app::jobs::working_copy::working_copy;
use crate::eval::embedded::EmbeddedImages;
use crate::eval::sensitivity::Study;
use crate::faces::image::Photo;
use crate::library::FaceRecord;
use crate::types::path_text::to_text;
use crate::types::{Cancel, Detection, Embedding, FaceCrop, error_chain};

/// Files decoded and embedded together.
const BATCH: usize = 16;

/// What is embedded of each image.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ImageVariant {
    Plain,
    Mirrored,
    Degraded { study: Study, level: f64 },
}

/// Embeds the images at `paths` below `folder` as they are.
pub(crate) fn embed_plain(
    home: &Home,
    engine: &Engine,
    images: (&Path, &[String]),
    crop: FaceCrop,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<FaceInputs> {
    let sets = embed_images(home, engine, images, crop, &[ImageVariant::Plain], cancel, events)?;
    sets.into_iter().next().context("no image was embedded")
}

/// Embeds the images at `paths` below `folder`, one set a view, with what was skipped and why.
pub(crate) fn embed_images(
    home: &Home,
    engine: &Engine,
    (folder, paths): (&Path, &[String]),
    crop: FaceCrop,
    views: &[ImageVariant],
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<Vec<FaceInputs>> {
    ensure!(folder.is_dir(), "there is no folder of images at {}", folder.display());
    let mut sets = vec![(Vec::new(), Vec::new()); views.len()];
    let (mut failed, mut found) = (Vec::new(), Vec::new());
    let mut listed = ListedFiles::in_folder(folder);
    let mut meter = Meter::start(Stage::EMBEDDING, Some(paths.len() as u64));
    for batch in paths.chunks(BATCH) {
        ensure!(!cancel.is_cancelled(), "cancelled; nothing was kept");
        let files: Vec<PathBuf> = batch.iter().map(|path| listed.path(path)).collect();
        let photos: Vec<Result<Photo>> = files.par_iter().map(|file| working_copy(file)).collect();
        for (path, embedded) in batch.iter().zip(embed_batch(engine, &files, &photos, crop, views)?) {
            match embedded {
                Err(error) => failed.push((path.clone(), error_chain(&error))),
                Ok((embeddings, face)) => {
                    found.push(face);
                    for ((paths, vectors), embedding) in sets.iter_mut().zip(embeddings) {
                        paths.push(path.clone());
                        vectors.push(embedding.as_slice().to_vec());
                    }
                }
            }
        }
        events(JobEvent::Progress(meter.advance(batch.len() as u64)));
    }
    let inputs = model_files(home, engine.models())?;
    let rule = matches!(crop, FaceCrop::Largest | FaceCrop::Central).then(|| engine.preprocessing().crop);
    let set = |(paths, vectors)| {
        let mut images = EmbeddedImages::new(paths, vectors)?;
        (images.model, images.failed) = (Some(engine.model_id().0.clone()), failed.clone());
        images.faces.clone_from(&found);
        let photos = Photos::Folder { folder: folder.to_owned(), crop: Some(crop), rule };
        Ok(FaceInputs { images, inputs: inputs.clone(), photos })
    };
    sets.into_iter().map(set).collect()
}

/// An embedding a view, and where the face is in the photo.
type PhotoEmbeddings = (Vec<Embedding>, Option<Detection>);

/// For each photo its embeddings, or why it has none.
fn embed_batch(
    engine: &Engine,
    files: &[PathBuf],
    photos: &[Result<Photo>],
    crop: FaceCrop,
    views: &[ImageVariant],
) -> Result<Vec<Result<PhotoEmbeddings>>> {
    let readable: Vec<(&Path, &Photo)> =
        files.iter().zip(photos).filter_map(|(file, photo)| Some((file.as_path(), photo.as_ref().ok()?))).collect();
    let mut crops = crops_of(engine, &readable, crop)?.into_iter();
    let mut embedded = Vec::with_capacity(photos.len());
    for photo in photos {
        embedded.push(match photo {
            Err(error) => Err(anyhow::Error::msg(error_chain(error))),
            Ok(_) => crops.next().unwrap_or_else(|| Err(anyhow!("the networks gave no answer"))),
        });
    }
    // All views of all crops in one call, so that the device sees full batches; what is known is not asked again.
    let asks = |cut: &CutFace, view: ImageVariant| cut.embedding.is_none() || view != ImageVariant::Plain;
    let mut pictures = Vec::new();
    for cut in embedded.iter().flatten() {
        for &view in views.iter().filter(|view| asks(cut, **view)) {
            pictures.push(seen(&cut.crop, view)?);
        }
    }
    let mut vectors = match crop {
        FaceCrop::Largest | FaceCrop::Central => engine.embed(&pictures)?,
        FaceCrop::AsStored | FaceCrop::Centre { .. } => engine.embed_whole(&pictures.iter().collect::<Vec<_>>())?,
    }
    .into_iter();
    let mut answer = |cut: CutFace| {
        let vectors: Vec<Option<Embedding>> = views
            .iter()
            .map(|&view| if asks(&cut, view) { vectors.next().flatten() } else { cut.embedding.clone() })
            .collect();
        let vectors = vectors.into_iter().collect::<Option<Vec<_>>>().context("the network gave no direction")?;
        Ok((vectors, cut.face))
    };
    Ok(embedded.into_iter().map(|cut| cut.and_then(&mut answer)).collect())
}

/// A face as the network sees it, and its embedding where finding it gave one.
struct CutFace {
    crop: RgbImage,
    embedding: Option<Embedding>,
    /// In pixels of the full photo.
    face: Option<Detection>,
}

fn crops_of(engine: &Engine, photos: &[(&Path, &Photo)], crop: FaceCrop) -> Result<Vec<Result<CutFace>>> {
    let whole = |square: fn(&RgbImage, f32) -> RgbImage, share: f32| {
        let cut = |(_, photo): &(&Path, &Photo)| {
            Ok(CutFace { crop: square(&photo.pixels, share), embedding: None, face: None })
        };
        photos.iter().map(cut).collect()
    };
    Ok(match crop {
        FaceCrop::AsStored => whole(|pixels, _| pixels.clone(), 1.0),
        FaceCrop::Centre { share } => whole(centre_square, share),
        FaceCrop::Largest | FaceCrop::Central => {
            let found = engine.find_faces(photos);
            photos
                .iter()
                .zip(found)
                .map(|((_, photo), faces)| {
                    let face = meant(faces?, photo, crop).ok_or(NoFace)?;
                    let in_photo = scaled(&face.detection, photo.scale());
                    let crop = engine.crop(&photo.pixels, &in_photo);
                    Ok(CutFace { crop, embedding: face.embedding, face: Some(face.detection) })
                })
                .collect()
        }
    })
}

/// Faces come largest first, in pixels of the full photo.
fn meant(faces: Vec<FaceRecord>, photo: &Photo, crop: FaceCrop) -> Option<FaceRecord> {
    let detections = faces.iter().map(|face| face.detection).collect();
    let meant = meant_detection(detections, photo.full_size, crop)?;
    faces.into_iter().find(|face| face.detection == meant)
}

/// The face that `crop` means among those of a picture, which come largest first.
pub(crate) fn meant_detection(faces: Vec<Detection>, size: (u32, u32), crop: FaceCrop) -> Option<Detection> {
    let middle = [size.0 as f32 / 2.0, size.1 as f32 / 2.0];
    let central = |face: &Detection| {
        let [x, y] = face.face_box.centre();
        face.face_box.area() - 2.0 * ((x - middle[0]).powi(2) + (y - middle[1]).powi(2))
    };
    match crop {
        FaceCrop::Central | FaceCrop::Centre { .. } | FaceCrop::AsStored => {
            faces.into_iter().max_by(|a, b| central(a).total_cmp(&central(b)))
        }
        FaceCrop::Largest => faces.into_iter().next(),
    }
}

fn seen(crop: &RgbImage, view: ImageVariant) -> Result<RgbImage> {
    Ok(match view {
        ImageVariant::Plain => crop.clone(),
        ImageVariant::Mirrored => image::imageops::flip_horizontal(crop),
        ImageVariant::Degraded { study, level } => degrade(crop, study, level)?,
    })
}

pub(crate) fn centre_square(pixels: &RgbImage, share: f32) -> RgbImage {
    let (width, height) = pixels.dimensions();
    let side = ((width.min(height) as f32 * share).round() as u32).clamp(1, width.min(height));
    image::imageops::crop_imm(pixels, (width - side) / 2, (height - side) / 2, side, side).to_image()
}

fn scaled(face: &Detection, factor: f32) -> Detection {
    Detection { face_box: face.face_box.scaled(factor), landmarks: face.landmarks.scaled(factor), score: face.score }
}

/// The images of `folder`'s sub-folders, as paths below it: one sub-folder a person.
///
/// What is left out is noted once.
pub(crate) fn labelled_images(
    folder: &Path,
    own: &[PathBuf],
    cancel: &Cancel,
    note: &mut dyn FnMut(String),
) -> Result<Vec<String>> {
    let found = people_of(folder, own, cancel)?;
    found.has_people(folder)?;
    found.left_out_words().into_iter().for_each(&mut *note);
    if let Some(first) = found.beside.first() {
        let (count, first) = (found.beside.len(), first.display());
        note(match count {
            1 => format!("Left out: 1 picture beside the people's folders ({first})"),
            _ => format!("Left out: {count} pictures beside the people's folders (such as {first})"),
        });
    }
    Ok(found.people.values().flatten().map(|picture| listed_name(picture)).collect())
}

/// A relative path as lists name it.
fn listed_name(path: &Path) -> String {
    path.iter().map(to_text).collect::<Vec<_>>().join("/")
}
