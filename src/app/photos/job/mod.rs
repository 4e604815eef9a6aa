//! The timeline, one photo, photos by name, and their pictures.

pub mod pictures;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::app::engine::picture::ImageKey;
use crate::app::engine::report::{Failed, Report};
use crate::app::engine::shared::{FeatureJob, Shared, Tasks, is_damage, lock};
use crate::app::jobs::not_looked_at;
use crate::faces::image::pictures_of_raws;
use crate::library::{
    self, FaceDetail, LibraryReader, ListPage, ListedPhoto, PhotoDetail, PhotoFilter, PhotoState, ScannedFolder,
};
use crate::types::{FaceBox, PhotoId, Revision, error_chain};

/// What is asked of the jobs.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// The photos that pass the filter, newest month first.
    LoadTimeline(PhotoFilter),
    /// The same while a scan goes on, unless that would take much of the time.
    LoadGrowingTimeline(PhotoFilter),
    LoadPhoto(PhotoId),
    LoadImage(ImageKey),
    /// Photos whose file name holds this text.
    FindPhotos(String),
}

#[derive(Debug, Clone)]
pub enum Event {
    Timeline(PhotoFilter, Timeline),
    Photo(PhotoPage),
    /// For the text that was searched: each photo with its file's name.
    Found(String, Vec<(PhotoId, String)>),
}

/// The photos that pass a filter, by month, newest first; or the skipped files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Timeline {
    pub months: Vec<Month>,
    pub skipped: Vec<LeftOutFile>,
}

/// A file in which no faces are looked for, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOutFile {
    /// Of a picture that cannot be read, and can be tried again; what there is of it can be looked at. None for a video,
    /// and for a picture of a kind that is not read.
    pub photo: Option<PhotoId>,
    pub path: PathBuf,
    pub reason: String,
    /// When somebody looked into it last, in seconds since 1970; none where nobody does, and where that is not known.
    pub tried_at: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Month {
    pub year: i32,
    /// 1 to 12, or 0 where the photos do not say when they were taken.
    pub month: u8,
    pub photos: Vec<PhotoTile>,
}

/// A photo of the library as the grid keeps it: with its faces, and without what is read from the disk when it is
/// opened, since the photos of all years are held at once.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoTile {
    pub photo: PhotoId,
    /// Of the upright photo, in pixels.
    pub size: (u32, u32),
    /// In pixels of the upright photo.
    pub faces: Vec<FaceBox>,
    /// The folder it is in, where that is not there now: shown from its thumbnail.
    pub offline: Option<Arc<Path>>,
}

/// One photo with its faces.
#[derive(Debug, Clone, PartialEq)]
pub struct PhotoPage {
    /// The library when this was read: what a decision made here has seen.
    pub seen: Revision,
    pub photo: PhotoDetail,
    /// Where else the same picture is found.
    pub copies: Vec<PathBuf>,
    /// The largest first.
    pub faces: Vec<FaceDetail>,
}

/// Answers a request on one of the quick threads.
#[derive(Debug, Default)]
pub struct Job {
    timeline: Arc<Mutex<TimelinePace>>,
}

/// When the timeline was read last, and how long that took: of half a million photos it is seconds.
#[derive(Debug, Default)]
struct TimelinePace(Option<(Instant, Duration)>);

impl TimelinePace {
    /// While a scan goes on, reading takes at most this share of the time.
    const SHARE: u32 = 20;

    fn is_due(&self, now: Instant) -> bool {
        self.0.is_none_or(|(at, took)| now.saturating_duration_since(at) >= Self::SHARE * took)
    }

    fn note(&mut self, begun: Instant, now: Instant) {
        self.0 = Some((now, now.saturating_duration_since(begun)));
    }
}

impl FeatureJob for Job {
    type Request = Request;
    type Event = Event;

    fn handle(&self, tasks: &mut Tasks<'_, Event>, request: Request) {
        let pace = self.timeline.clone();
        tasks.in_background(move |shared, sink| {
            let answered = match request {
                Request::LoadGrowingTimeline(_) if !lock(&pace).is_due(Instant::now()) => return,
                Request::LoadImage(key) => {
                    let picture = pictures::load(shared, key);
                    picture
                        .as_ref()
                        .err()
                        .filter(|error| is_damage(error))
                        .inspect(|error| sink.fail(Failed::Load, error));
                    return sink.report(Report::Image(key, picture.map_err(|error| error_chain(&error))));
                }
                Request::LoadTimeline(filter) | Request::LoadGrowingTimeline(filter) => {
                    let begun = Instant::now();
                    let read = timeline(shared, filter).map(|timeline| Event::Timeline(filter, timeline));
                    lock(&pace).note(begun, Instant::now());
                    read
                }
                Request::LoadPhoto(photo) => photo_page(shared, photo).map(Event::Photo),
                Request::FindPhotos(text) => find_photos(shared, text),
            };
            sink.loaded(answered, |event| event);
        });
    }
}

/// Photos found by their file's name, at most a menu's worth.
fn find_photos(shared: &Shared, text: String) -> Result<Event> {
    const MOST: usize = 5;
    let found = shared.library.ask(|library| library.search_photos(&text, MOST))?;
    let name = |path: PathBuf| path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(Event::Found(text, found.into_iter().map(|(photo, path)| (photo, name(path))).collect()))
}

fn timeline(shared: &Shared, filter: PhotoFilter) -> Result<Timeline> {
    let (tiles, boxes, folders, others, tried) = shared.library.ask(|library| {
        let folders = library.folders()?;
        let (others, tried) = match filter {
            PhotoFilter::Failed => (other_files(library, &folders)?, library.left_out_tried()?),
            _ => Default::default(),
        };
        let photos = library.photos(filter, ListPage::ALL)?;
        Ok::<_, library::LibraryError>((photos, library.face_boxes(filter)?, folders, others, tried))
    })?;
    let away: Vec<Arc<Path>> =
        folders.into_iter().filter(|folder| folder.is_offline).map(|folder| folder.path.into()).collect();
    let mut timeline = by_month(tiles, boxes, &away);
    timeline.skipped.extend(others);
    timeline.skipped.iter_mut().for_each(|file| file.tried_at = tried.get(&file.path).copied());
    Ok(timeline)
}

/// Files of known photos that could not be read again, and those that are not looked at.
fn other_files(library: &LibraryReader, folders: &[ScannedFolder]) -> library::Result<Vec<LeftOutFile>> {
    let unread = library.unread_files()?.into_iter();
    let unread = unread.map(|(photo, path, reason)| LeftOutFile { photo: Some(photo), path, reason, tried_at: None });
    let is_here = |path: &Path| folders.iter().any(|folder| path.starts_with(&folder.path));
    let others = not_looked_at::kept(library)?.into_iter().filter(|(path, _)| is_here(path));
    Ok(unread.chain(others.map(|(path, reason)| LeftOutFile { photo: None, path, reason, tried_at: None })).collect())
}

/// `away` are the folders that are not there.
fn by_month(tiles: Vec<ListedPhoto>, boxes: Vec<(PhotoId, FaceBox)>, away: &[Arc<Path>]) -> Timeline {
    let mut boxes_of: HashMap<PhotoId, Vec<FaceBox>> = HashMap::new();
    for (photo, face_box) in boxes {
        boxes_of.entry(photo).or_default().push(face_box);
    }
    let mut timeline = Timeline::default();
    // A raw file is shown by the picture that the camera wrote of the same shot.
    let paths: Vec<PathBuf> = tiles.iter().map(|tile| tile.path.clone()).collect();
    let shown_by = pictures_of_raws(&paths);
    let is_read: Vec<bool> = tiles.iter().map(|tile| tile.state == PhotoState::Done).collect();
    for (tile, picture) in tiles.into_iter().zip(shown_by) {
        if tile.state == PhotoState::Done && picture.is_some_and(|picture| is_read[picture]) {
            continue;
        }
        if let PhotoState::Failed { reason } = tile.state {
            timeline.skipped.push(LeftOutFile { photo: Some(tile.id), path: tile.path, reason, tried_at: None });
            continue;
        }
        let (year, month) = year_and_month(&tile.time);
        let faces = boxes_of.remove(&tile.id).unwrap_or_default();
        let offline = away.iter().find(|folder| tile.path.starts_with(folder)).cloned();
        let photo = PhotoTile { photo: tile.id, size: (tile.width, tile.height), faces, offline };
        match timeline.months.last_mut().filter(|last| (last.year, last.month) == (year, month)) {
            Some(last) => last.photos.push(photo),
            None => timeline.months.push(Month { year, month, photos: vec![photo] }),
        }
    }
    timeline
}

/// `2024-05-…` as (2024, 5); (0, 0) for a time that is none.
fn year_and_month(time: &str) -> (i32, u8) {
    let mut parts = time.split('-');
    let year = parts.next().and_then(|part| part.parse().ok());
    let month = parts.next().and_then(|part| part.parse().ok()).filter(|month| (1..=12).contains(month));
    year.zip(month).unwrap_or((0, 0))
}

fn photo_page(shared: &Shared, photo: PhotoId) -> Result<PhotoPage> {
    let (detail, faces, paths, seen) = shared.library.ask(|library| {
        let (detail, faces) = (library.photo(photo)?, library.faces_of_photo(photo)?);
        Ok::<_, library::LibraryError>((detail, faces, library.paths_of(photo)?, library.revision()?))
    })?;
    let photo = detail.context("this photo is gone from the library")?;
    let copies = paths.into_iter().filter(|path| *path != photo.path).collect();
    Ok(PhotoPage { seen, photo, copies, faces })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeline_that_takes_long_is_read_seldom_while_a_scan_goes_on() {
        let (mut pace, begun) = (TimelinePace::default(), Instant::now());
        assert!(pace.is_due(begun));
        let read = begun + Duration::from_secs(4);
        pace.note(begun, read);
        assert!(!pace.is_due(read + Duration::from_secs(79)) && pace.is_due(read + Duration::from_secs(80)));
        pace.note(read, read + Duration::from_millis(10));
        assert!(pace.is_due(read + Duration::from_secs(5)));
    }

    #[test]
    fn a_month_is_read_from_the_time() {
        assert_eq!(year_and_month("2024-05-17T10:00:00"), (2024, 5));
        assert_eq!(year_and_month("2024-13-01"), (0, 0));
        assert_eq!(year_and_month(""), (0, 0));
    }

    #[test]
    fn a_raw_file_and_its_picture_are_one_tile() {
        let tile = |id: i64, path: &str, state: PhotoState| ListedPhoto {
            id: PhotoId(id),
            path: path.into(),
            width: 40,
            height: 30,
            time: "2024-05-17T10:00:00".into(),
            faces: 0,
            state,
        };
        let failed = PhotoState::Failed { reason: "cut".into() };
        let tiles = vec![
            tile(1, "/a/IMG_1.CR2", PhotoState::Done),
            tile(2, "/a/img_1.jpg", PhotoState::Done),
            tile(3, "/a/IMG_2.CR2", PhotoState::Done),
            tile(4, "/a/IMG_2.JPG", failed),
        ];
        let timeline = by_month(tiles, Vec::new(), &[]);
        let shown: Vec<i64> = timeline.months[0].photos.iter().map(|photo| photo.photo.0).collect();
        assert_eq!((shown, timeline.skipped.len()), (vec![2, 3], 1), "a picture that cannot be read shows nothing");
    }

    #[test]
    fn photos_of_a_drive_that_is_not_there_stay_and_say_so() {
        let tile = |id: i64, path: &str| ListedPhoto {
            id: PhotoId(id),
            path: path.into(),
            width: 40,
            height: 30,
            time: "2024-05-17T10:00:00".into(),
            faces: 0,
            state: PhotoState::Done,
        };
        let away: Arc<Path> = Path::new("/media/card").into();
        let tiles = vec![tile(1, "/media/card/a.jpg"), tile(2, "/media/card 2/b.jpg")];
        let timeline = by_month(tiles, Vec::new(), std::slice::from_ref(&away));
        let offline: Vec<_> = timeline.months[0].photos.iter().map(|photo| photo.offline.clone()).collect();
        assert_eq!(offline, [Some(away), None]);
    }
}
