//! What a person's page shows, and how faces are selected.

use super::*;
use crate::types::{PhotoId, Revision};

fn page() -> PersonPage {
    let face = |id| FaceOfPerson {
        face_id: FaceId(id),
        photo_id: PhotoId(id),
        belongs: if id < 2 { Belongs::Named } else { Belongs::Confirmed },
        distance: Some(SquaredDistance(0.1)),
    };
    PersonPage {
        seen: Revision(1),
        person: PersonId(1),
        name: Some("Maria".into()),
        cover: Some(FaceId(0)),
        is_cover_chosen: false,
        is_hidden: false,
        held: (0..4).map(face).collect(),
        suggested: (4..6).map(face).collect(),
        missing: Vec::new(),
        rejected: Vec::new(),
        apart: Vec::new(),
    }
}

#[test]
fn clicks_select_one_more_or_a_range() {
    let page = page();
    let mut view = PersonView::default();
    let ids = |view: &PersonView| view.selected.iter().map(|face| face.0).collect::<Vec<_>>();
    view.select(&page, FaceId(1), Modifiers::NONE);
    assert_eq!(ids(&view), [1]);
    view.select(&page, FaceId(4), Modifiers::SHIFT);
    assert_eq!(ids(&view), [1, 2, 3, 4]);
    view.select(&page, FaceId(2), Modifiers::COMMAND);
    assert_eq!(ids(&view), [1, 3, 4]);
    view.select(&page, FaceId(5), Modifiers::NONE);
    assert_eq!(ids(&view), [5]);
    view.select(&page, FaceId(5), Modifiers::NONE);
    assert!(view.selected.is_empty(), "a second click takes the selection back");
}

#[test]
fn only_faces_that_were_on_the_screen_are_confirmed_together() {
    let page = page();
    let mut view = PersonView::default();
    assert!(view.named_and_shown(&page).is_empty());
    view.shown.extend([FaceId(1), FaceId(2)]);
    assert_eq!(view.named_and_shown(&page), [FaceId(1)], "0 was not seen, 2 is confirmed already");
}

#[test]
fn sections_without_faces_have_no_heading() {
    let mut page = page();
    page.held.clear();
    let rows = rows_of(&page, 5);
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[1], Row::Heading(Section::Suggested));
}

#[test]
fn faces_of_missing_photos_have_a_section_that_says_why() {
    let mut page = page();
    page.held.clear();
    page.suggested.clear();
    assert_eq!(rows_of(&page, 5), [Row::Header]);
    page.missing = (0..7).map(|id| (FaceId(id), PhotoId(id))).collect();
    let rows = rows_of(&page, 5);
    assert_eq!(rows[1..3], [Row::Heading(Section::Missing), Row::WhyMissing]);
    assert_eq!(rows[3..], [Row::Missing { first: 0, count: 5 }, Row::Missing { first: 5, count: 2 }]);
}
