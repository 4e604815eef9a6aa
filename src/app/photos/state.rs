//! What the library's photos look like to the window, and what a user does with them.

use crate::app::engine::facts::{Facts, Loadable, Newest};
use crate::app::engine::picture::ImageKey;
pub use crate::app::photos::job::{Event, LeftOutFile, Month, PhotoPage, PhotoTile, Request, Timeline};
use crate::app::ui::action::{Action, Outbox};
use crate::app::ui::feature::{Feature, Remembered};
use crate::app::ui::locale::Locale;
use crate::app::ui::page::Page;
use crate::app::ui::search::{Hit, HitKind};
use crate::app::ui::view::View;
use crate::library::PhotoFilter;
use crate::types::{PhotoId, Touched};

/// What a user can do here.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Opens the next photo of the timeline.
    Next,
    /// Opens the previous photo of the timeline.
    Previous,
    /// Side of a photo in the grid, in points.
    SetTileSize(f32),
}

#[derive(Debug)]
pub struct State {
    pub filter: PhotoFilter,
    pub(crate) timeline: Loadable<Timeline>,
    /// A decision may have changed which photos the filter lets through.
    timeline_is_old: bool,
    /// Grows with every new timeline, so that views know when to lay out anew.
    pub timeline_revision: u64,
    /// The photo whose page is open.
    pub open: Option<PhotoId>,
    pub(crate) photo: Loadable<PhotoPage>,
    photo_seen: Newest,
    /// The last answer to a search for photos: the text, and what was found.
    pub found: (String, Vec<(PhotoId, String)>),
    /// Side of a photo in the grid, in points.
    pub tile_size: f32,
}

impl Default for State {
    fn default() -> Self {
        Self {
            filter: PhotoFilter::All,
            timeline: Loadable::default(),
            timeline_is_old: false,
            timeline_revision: 0,
            open: None,
            photo: Loadable::default(),
            photo_seen: Newest::default(),
            found: Default::default(),
            tile_size: 160.0,
        }
    }
}

impl Feature for State {
    type Message = Message;
    type Request = Request;
    type Event = Event;

    const VIEW: Option<View> = Some(View::LIBRARY);

    fn update(&mut self, message: Message, out: &mut Outbox<'_, Request>) {
        match message {
            Message::Next => self.step(1, out),
            Message::Previous => self.step(-1, out),
            Message::SetTileSize(side) => self.tile_size = side,
        }
    }

    fn receive(&mut self, event: Event, _out: &mut Outbox<'_, Request>) {
        match event {
            Event::Timeline(filter, timeline) if filter == self.filter => {
                self.timeline = Loadable::Ready(timeline);
                self.timeline_revision += 1;
            }
            Event::Photo(page) if self.open == Some(page.photo.id) => {
                if !self.photo_seen.is_late(page.seen) {
                    self.photo = Loadable::Ready(page);
                }
            }
            Event::Found(typed, photos) => self.found = (typed, photos),
            // Answers to questions that are not asked any more.
            Event::Timeline(..) | Event::Photo(_) => {}
        }
    }

    fn opened(&self, out: &mut Outbox<'_, Request>) {
        out.ask(Request::LoadTimeline(self.filter));
    }

    fn touched(&mut self, touched: &Touched, _on_show: View, out: &mut Outbox<'_, Request>) {
        if touched.everything {
            self.photo_seen.forget();
            out.ask(Request::LoadTimeline(self.filter));
        } else if touched.which_photos {
            out.ask(Request::LoadTimeline(self.filter));
        } else if touched.names_people() {
            self.timeline_is_old |= self.filter != PhotoFilter::All;
        }
    }

    fn library_grew(&self, out: &mut Outbox<'_, Request>) {
        out.ask(Request::LoadGrowingTimeline(self.filter));
    }

    fn on_show(&mut self, view: View, page: Page, out: &mut Outbox<'_, Request>) {
        if Self::VIEW == Some(view) && page == Page::None && std::mem::take(&mut self.timeline_is_old) {
            out.ask(Request::LoadTimeline(self.filter));
        }
    }

    fn page_opened(&mut self, page: Page, out: &mut Outbox<'_, Request>) {
        self.open = None;
        if let Page::Photo(photo) = page {
            self.show(photo, out);
        }
    }

    fn page_touched(&self, page: Page, out: &mut Outbox<'_, Request>) {
        if let Page::Photo(photo) = page {
            out.ask(Request::LoadPhoto(photo));
        }
    }

    fn act(&mut self, action: &Action, out: &mut Outbox<'_, Request>) {
        match action {
            Action::FilterPhotos(filter) => self.filter(*filter, out),
            Action::Search(typed) => out.ask(Request::FindPhotos(typed.clone())),
            _ => {}
        }
    }

    /// Photos by their file's name.
    fn hits(&self, typed: &str, _facts: &Facts, text: &Locale) -> Vec<Hit> {
        let (found_for, photos) = &self.found;
        let fits = !typed.is_empty() && found_for == typed.trim();
        let hit = |(photo, name): &(PhotoId, String)| Hit {
            kind: HitKind::Photo,
            words: name.clone(),
            action: Action::Open(Page::Photo(*photo)),
        };
        let unnamed = Action::FilterPhotos(PhotoFilter::UnnamedFaces);
        let command = Hit::command(text.s("filter_unnamed"), unnamed, typed);
        photos.iter().filter(|_| fits).map(hit).chain(command).collect()
    }

    fn image_request(key: ImageKey) -> Option<Request> {
        let of_library = matches!(key, ImageKey::Thumbnail(_) | ImageKey::Large(_) | ImageKey::Face(_));
        of_library.then_some(Request::LoadImage(key))
    }

    fn replaces(newer: &Request, older: &Request) -> bool {
        matches!((newer, older), (Request::FindPhotos(_), Request::FindPhotos(_)))
    }

    fn remember(&self, kept: &mut Remembered) {
        kept.insert("tile_size".to_owned(), self.tile_size.into());
    }

    fn recall(&mut self, kept: &Remembered) {
        if let Some(side) = kept.get("tile_size").and_then(|side| side.as_f64()) {
            self.tile_size = side as f32;
        }
    }
}

impl State {
    /// Opens the page of a photo.
    fn show(&mut self, photo: PhotoId, out: &mut Outbox<'_, Request>) {
        self.open = Some(photo);
        self.photo = Loadable::Loading;
        out.ask(Request::LoadPhoto(photo));
    }

    /// Shows only the photos that pass.
    fn filter(&mut self, filter: PhotoFilter, out: &mut Outbox<'_, Request>) {
        if self.filter != filter {
            self.filter = filter;
            self.timeline = Loadable::Loading;
            out.ask(Request::LoadTimeline(filter));
        }
    }

    fn step(&mut self, step: isize, out: &mut Outbox<'_, Request>) {
        if let Some(neighbour) = self.open.and_then(|photo| self.neighbour(photo, step)) {
            out.act(Action::TurnTo(Page::Photo(neighbour)));
        }
    }

    /// The photo beside the open one in the timeline, or in the list of those left out.
    pub(crate) fn neighbour(&self, photo: PhotoId, step: isize) -> Option<PhotoId> {
        let timeline = self.timeline.ready()?;
        let shown = timeline.months.iter().flat_map(|month| month.photos.iter().map(|tile| tile.photo));
        let mut photos = shown.chain(timeline.skipped.iter().filter_map(|file| file.photo));
        if step > 0 {
            photos.by_ref().find(|&other| other == photo)?;
            photos.next()
        } else {
            let mut before = None;
            for other in photos {
                if other == photo {
                    return before;
                }
                before = Some(other);
            }
            None
        }
    }
}
