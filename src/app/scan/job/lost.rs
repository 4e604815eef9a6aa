//! Lost faces looked for again, in what has come, come back or been looked through anew since: a better copy, another
//! edit, the original of a lost edit. So are the faces of photos that went, in what came since they were seen last: an edit
//! under another name. The rules are those of [`super::carry_over`], place and vector; only nothing but the pictures
//! themselves says that they have to do with each other, so one must be made from the other.

use std::collections::HashSet;

use anyhow::Result;

use super::carry_over::PhotoComparison;
use super::{FINDING_LOST_FACES, ScanSummary, ScanTools, lost_faces};
use crate::app::engine::progress::{JobEvent, Meter, Skipped};
use crate::library::{FacesThere, LibraryError, LostPicture, Replaced};
use crate::types::{Cancel, PhotoId, SquaredDistance};

/// Only pictures with a face that is nearer to a lost one than this share of the distance of the same person are
/// compared: a face and its edit lie up to 0.36 of it apart (`UNREGISTERED` in `faces::edits`), most photos of one person
/// farther.
const NEAR: f32 = 0.5;
/// Pictures compared with one lost picture in one scan: so many of the nearest faces …
const NEAREST: usize = 8;
/// … and so many that were taken in the same second, where the face may be too small for the detector.
const OF_ONE_SECOND: usize = 8;
/// Pictures whose vectors are read at once.
const PAGE: usize = 2000;

/// Carries over what is found again, and tells it in the summary. What a cancel leaves is the next scan's, of what is lost.
pub(super) fn find_again(
    tools: &ScanTools<'_>,
    summary: &mut ScanSummary,
    cancel: &Cancel,
    events: &mut dyn FnMut(JobEvent),
) -> Result<()> {
    let model = tools.engine.model_id().clone();
    let pictures = tools.library.call(move |library| {
        let (mut pictures, last) = (library.lost_pictures(&model)?, library.last_photo()?);
        pictures.extend(library.pictures_gone(&model)?.into_iter().filter(|gone| gone.sought_up_to < last));
        Ok::<_, LibraryError>(pictures)
    })?;
    if pictures.is_empty() {
        return Ok(());
    }
    let before = lost_faces(tools.library)?;
    let (mut searches, up_to) = searches(pictures, tools, cancel)?;
    let mut meter = Meter::start(FINDING_LOST_FACES, Some(searches.len() as u64));
    for search in &mut searches {
        if cancel.is_cancelled() {
            break;
        }
        let mut tell = |skipped: Skipped| {
            events(JobEvent::Skipped(skipped.clone()));
            summary.skipped.push(skipped);
        };
        summary.carried_faces += search.run(up_to, tools, cancel, &mut tell)?;
        events(JobEvent::Progress(meter.advance(1)));
    }
    let after = lost_faces(tools.library)?;
    let found: HashSet<_> = before.difference(&after).copied().collect();
    summary.newly_lost.retain(|face| !found.contains(face));
    // Of a photo that went, what its edit does not show.
    summary.newly_lost.extend(after.difference(&before));
    summary.lost_faces = summary.newly_lost.len();
    Ok(())
}

/// A picture that is lost or gone, and the nearest of the pictures that it was not compared with yet.
struct Search {
    lost: LostPicture,
    near: Vec<(SquaredDistance, PhotoId)>,
}

/// The searches of all these pictures, and the last picture that they take in.
fn searches(pictures: Vec<LostPicture>, tools: &ScanTools<'_>, cancel: &Cancel) -> Result<(Vec<Search>, PhotoId)> {
    let mut searches: Vec<Search> = pictures.into_iter().map(|lost| Search { lost, near: Vec::new() }).collect();
    let mut up_to = searches.iter().map(|search| search.lost.sought_up_to).min().unwrap_or(PhotoId(0));
    let limit = SquaredDistance(NEAR * tools.same_person.0);
    while !cancel.is_cancelled() {
        let model = tools.engine.model_id().clone();
        let Some(page) = tools.library.call(move |library| library.faces_there(&model, up_to, PAGE))? else { break };
        searches.iter_mut().for_each(|search| search.add(&page, limit));
        up_to = page.up_to;
    }
    Ok((searches, up_to))
}

impl Search {
    /// Keeps the nearest pictures.
    fn add(&mut self, page: &FacesThere, limit: SquaredDistance) {
        for (photo, vector) in page.faces.iter().filter(|(photo, _)| *photo > self.lost.sought_up_to) {
            let same = self.lost.vectors.iter().filter(|lost| lost.dimensions() == vector.dimensions());
            let distance = same.map(|lost| lost.squared_distance(vector)).min_by(|a, b| a.0.total_cmp(&b.0));
            if let Some(distance) = distance.filter(|distance| *distance <= limit) {
                self.near.push((distance, *photo));
            }
        }
        self.near.sort_by(|a, b| a.0.0.total_cmp(&b.0.0).then(a.1.cmp(&b.1)));
        let mut seen = HashSet::new();
        self.near.retain(|(_, photo)| seen.insert(*photo));
        self.near.truncate(NEAREST);
    }

    /// Compares, and notes that it is done where nothing hindered it. Returns how many faces were carried over.
    fn run(
        &self,
        up_to: PhotoId,
        tools: &ScanTools<'_>,
        cancel: &Cancel,
        tell: &mut dyn FnMut(Skipped),
    ) -> Result<usize> {
        let LostPicture { photo: old, sought_up_to, .. } = self.lost;
        let mut pictures: Vec<PhotoId> = self.near.iter().map(|(_, photo)| *photo).collect();
        pictures.extend(tools.library.call(move |library| library.taken_with(old, sought_up_to, OF_ONE_SECOND))?);
        let (mut seen, mut faces, mut is_hindered) = (HashSet::new(), 0, false);
        let mut tell = |skipped| {
            is_hindered = true;
            tell(skipped);
        };
        for new in pictures.into_iter().filter(|photo| seen.insert(*photo)) {
            if cancel.is_cancelled() {
                return Ok(faces);
            }
            let comparison = PhotoComparison::open(old, new, tools)?.of_not_carried();
            faces +=
                comparison.told(carry_found(&comparison, Replaced { old, new, lives_on: false }, tools), &mut tell)?;
        }
        if is_hindered {
            return Ok(faces);
        }
        let model = tools.engine.model_id().clone();
        tools.library.call(move |library| library.note_sought(old, &model, up_to.max(sought_up_to)))?;
        Ok(faces)
    }
}

/// Where nothing is found nothing is noted: the picture stays lost.
fn carry_found(comparison: &PhotoComparison, pair: Replaced, tools: &ScanTools<'_>) -> Result<usize> {
    let carried = comparison.carried(comparison.edit_either_way(tools), true, tools)?;
    if carried.is_empty() {
        return Ok(0);
    }
    tools.library.call(move |library| library.carry_over(pair, &carried))
}
