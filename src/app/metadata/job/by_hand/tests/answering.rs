//! What a user does in a row (take, undo, redo, scan, name anew elsewhere, take back elsewhere), against what must hold.

use super::*;
use crate::app::metadata::job::name_at;
use crate::library::Destination;
use crate::metadata::review::{NamesReview, OwnName};
use crate::types::PersonId;

const SECOND: Corners = [0.6, 0.2, 0.75, 0.45];

impl Album {
    fn take_all(&mut self) {
        let offered = self.offered();
        self.answer(&offered, &offered.to_take(&[]).unwrap(), false);
    }

    fn undo(&mut self) {
        self.decide(Decision::Undo(StepId::LATEST));
    }

    fn redo(&mut self) {
        self.decide(Decision::Redo(StepId::LATEST));
    }

    /// Every name that is offered in any way: to be taken, as a contradiction, as taken back.
    fn asked(&mut self) -> (usize, usize, usize) {
        let NamesReview { people, conflicts, withdrawn, .. } = self.offered().review;
        (people.iter().map(|person| person.faces.len() + person.by_hand.len()).sum(), conflicts.len(), withdrawn.len())
    }

    fn settle(&mut self, follow: bool) {
        let offered = self.offered();
        let names = offered.review.withdrawn.iter().map(NameOfPhoto::of_withdrawn).collect();
        self.answer(&offered, &settling(names, follow), false);
    }
}

fn of(name: &str) -> NameOfPhoto {
    NameOfPhoto { photo: PhotoId(1), name: NameKey::of(name).unwrap(), at: None }
}

#[test]
fn names_that_came_off_are_offered_again_once_that_is_undone() {
    let mut album = Album::new();
    album.picasa(&[("Bert", FOUND)]);
    album.take_all();
    album.picasa(&[]);
    assert_eq!(album.asked(), (0, 0, 1));
    for follow in [true, false] {
        album.settle(follow);
        let names = album.names();
        assert_eq!(names, [some("Bert").filter(|_| !follow)]);
        for _ in 0..2 {
            assert_eq!(album.asked(), (0, 0, 0));
            album.undo();
            assert_eq!((album.names(), album.asked()), (vec![some("Bert")], (0, 0, 1)));
            album.scan(&[FOUND]);
            album.redo();
            assert_eq!(album.names(), names);
        }
        album.undo();
    }
    // Taking the name itself back ends it all; Picasa does not give it any more.
    album.undo();
    assert_eq!((album.names(), album.asked()), (vec![None], (0, 0, 0)));
    album.picasa(&[("Bert", FOUND)]);
    assert_eq!(album.asked(), (1, 0, 0));
}

#[test]
fn a_face_that_is_named_anew_elsewhere_is_asked_once_and_answered_for_good() {
    let mut album = Album::new();
    album.picasa(&[("Bert", FOUND)]);
    album.take_all();
    album.picasa(&[("Cleo", FOUND)]);
    let face = album.faces()[0].face_id;
    let follows = NameChoices {
        corrected: vec![(face, of("Cleo"))],
        looked_at: true,
        settled: vec![of("Bert")],
        ..NameChoices::default()
    };
    let stays = NameChoices { refused: vec![of("Cleo")], settled: vec![of("Bert")], ..NameChoices::default() };
    for (chosen, name) in [(follows, "Cleo"), (stays, "Bert")] {
        let offered = album.offered();
        let [NameConflict::TwoNames(DisputedFace { ours: Some(OwnName { taken: Some(taken), .. }), .. })] =
            &offered.review.conflicts[..]
        else {
            panic!("{:?}", offered.review)
        };
        assert_eq!(*taken, (of("Bert").name, None));
        album.answer(&offered, &chosen, false);
        assert_eq!((album.names(), album.asked()), (vec![some(name)], (0, 0, 0)));
        album.undo();
        assert_eq!((album.names(), album.asked()), (vec![some("Bert")], (0, 1, 0)));
        album.redo();
        assert_eq!((album.names(), album.asked()), (vec![some(name)], (0, 0, 0)));
        if name == "Cleo" {
            album.undo();
        }
    }
    album.picasa(&[]);
    assert_eq!(album.asked(), (0, 0, 0), "Bert is the user's own by now");
}

#[test]
fn one_name_for_two_faces_of_a_photo_is_asked_and_not_taken_with_the_others() {
    let mut album = Album::new();
    album.scan(&[FOUND, SECOND]);
    album.picasa(&[("Anna", FOUND), ("Anna", SECOND)]);
    album.take_all();
    assert_eq!((album.names(), album.asked()), (vec![None, None], (0, 1, 0)));
    let offered = album.offered();
    let [NameConflict::TwoPeople(shared)] = &offered.review.conflicts[..] else { panic!("{:?}", offered.review) };
    let right = &shared.sides[1][0];
    let anna = PlacedName { of: of("Anna"), place: NamePlace::Face(right.face), at: right.at, kind: right.kind };
    let chosen = NameChoices { taken: vec![anna], refused: vec![of("Anna")], ..NameChoices::default() };
    album.answer(&offered, &chosen, false);
    let named: Vec<FaceId> = album.faces().iter().filter(|face| face.name.is_some()).map(|face| face.face_id).collect();
    assert_eq!((named, album.asked()), (vec![right.face], (0, 0, 0)));
    album.picasa(&[]);
    assert_eq!(album.asked(), (0, 0, 1), "it was taken, and not refused");
}

#[test]
fn a_refusal_is_a_step_that_can_be_undone() {
    let mut album = Album::new();
    album.picasa(&[("Anna", UNSEEN), ("Bert", FOUND)]);
    let offered = album.offered();
    album.answer(&offered, &offered.to_refuse(&["anna".to_owned()]).unwrap(), false);
    assert_eq!(album.asked(), (1, 0, 0));
    album.undo();
    assert_eq!(album.asked(), (2, 0, 0));
    album.redo();
    let again = offer_again(&mut album.library).unwrap();
    assert!(again.step.is_some());
    assert_eq!(album.asked(), (2, 0, 0));
    album.undo();
    assert_eq!(album.asked(), (1, 0, 0), "it is refused again");
}

/// It came off as Picasa wished, so that it is not suggested; what Picasa says later is asked, and not passed over.
#[test]
fn a_name_that_came_off_and_is_given_again_elsewhere_is_asked() {
    let mut album = Album::new();
    album.picasa(&[("Bert", FOUND)]);
    album.take_all();
    album.picasa(&[]);
    album.settle(true);
    album.picasa(&[("Bert", FOUND)]);
    album.take_all();
    assert_eq!((album.names(), album.asked()), (vec![None], (0, 1, 0)));
    let (offered, face) = (album.offered(), album.faces()[0].face_id);
    let chosen = NameChoices { corrected: vec![(face, of("Bert"))], looked_at: true, ..NameChoices::default() };
    album.answer(&offered, &chosen, false);
    assert_eq!((album.names(), album.asked()), (vec![some("Bert")], (0, 0, 0)));
}

#[test]
fn of_two_people_of_one_name_only_the_one_that_was_said_gets_the_face() {
    let mut album = Album::new();
    album.scan(&[FOUND, UNSEEN]);
    let of_second = |album: &Album| album.library.faces_of_photo(PhotoId(2)).unwrap();
    for face in of_second(&album) {
        let to = Destination::NewPerson { name: "Anna".into() };
        album.decide(Decision::Move { of: face.state.person(), faces: vec![face.face_id], to });
    }
    let annas: Vec<PersonId> = of_second(&album).iter().filter_map(|face| face.state.person()).collect();
    assert!(annas.len() == 2 && annas[0] != annas[1]);
    album.picasa(&[("ANNA", FOUND)]);
    let offered = album.offered();
    assert!(offered.to_take(&[]).unwrap().taken.is_empty(), "nobody is named by chance");
    let [NameConflict::Namesakes(asked)] = &offered.review.conflicts[..] else { panic!("{:?}", offered.review) };
    assert_eq!((asked.people.len(), asked.faces.len()), (2, 1));
    let of = NameOfPhoto { photo: PhotoId(1), name: asked.key.clone(), at: None };
    let (place, at) = (NamePlace::Face(asked.faces[0].face), asked.faces[0].at);
    let taken = vec![PlacedName { of: of.clone(), place, at, kind: NameKind::Confirmed }];
    let unsaid = NameChoices { taken: taken.clone(), ..NameChoices::default() };
    album.answer(&offered, &unsaid, false);
    assert_eq!(album.names(), [None, None], "which of them was not said");
    let chosen = NameChoices { taken, whose: [(of, annas[1])].into(), ..NameChoices::default() };
    let offered = album.offered();
    album.answer(&offered, &chosen, false);
    let named = album.faces().into_iter().find(|face| face.name.is_some()).unwrap();
    assert_eq!(named.state.person(), Some(annas[1]));
    assert!(album.offered().review.conflicts.is_empty());
}

/// Two people whom another program calls by the same name, such as twins, in one photo.
#[test]
fn each_of_two_places_of_one_name_is_a_question_of_its_own() {
    let mut album = Album::new();
    album.scan(&[FOUND, SECOND]);
    let of_second = |album: &Album| album.library.faces_of_photo(PhotoId(2)).unwrap();
    for face in of_second(&album) {
        let to = Destination::NewPerson { name: "Anna".into() };
        album.decide(Decision::Move { of: face.state.person(), faces: vec![face.face_id], to });
    }
    let annas: Vec<PersonId> = of_second(&album).iter().filter_map(|face| face.state.person()).collect();
    album.picasa(&[("Anna", FOUND), ("Anna", SECOND)]);
    let mut named = Vec::new();
    for (left, anna) in [(2, annas[0]), (1, annas[1])] {
        let offered = album.offered();
        assert_eq!(album.asked(), (0, left, 0));
        let NameConflict::Namesakes(asked) = &offered.review.conflicts[0] else { panic!("{:?}", offered.review) };
        let face = &asked.faces[0];
        let of = name_at(&offered.review, PhotoId(1), &asked.key, face.at);
        let place = NamePlace::Face(face.face);
        let taken = vec![PlacedName { of: of.clone(), place, at: face.at, kind: NameKind::Confirmed }];
        named.push((face.face, anna));
        album.answer(&offered, &NameChoices { taken, whose: [(of, anna)].into(), ..NameChoices::default() }, false);
    }
    assert_eq!(album.asked(), (0, 0, 0));
    let owners = album.faces().into_iter().filter_map(|face| Some((face.face_id, face.state.person()?)));
    assert!(owners.filter(|owner| named.contains(owner)).count() == 2, "{named:?}");
    album.undo();
    assert_eq!(album.asked(), (0, 1, 0), "only the second is asked again");
    // What was answered there goes with the name.
    album.redo();
    album.picasa(&[]);
    assert_eq!(album.asked(), (0, 0, 2));
    album.settle(false);
    assert_eq!(album.asked(), (0, 0, 0));
}

/// As of a twin whom another program names the same, later.
#[test]
fn a_second_place_that_a_name_comes_to_after_its_answer_is_asked_about() {
    let mut album = Album::new();
    album.scan(&[FOUND, SECOND]);
    album.picasa(&[("Anna", FOUND)]);
    album.take_all();
    assert_eq!(album.asked(), (0, 0, 0));
    album.picasa(&[("Anna", FOUND), ("Anna", SECOND)]);
    assert_eq!(album.asked(), (1, 0, 0));
    let offered = album.offered();
    let anna = offered.to_refuse(&["Anna".to_owned()]).unwrap();
    album.answer(&offered, &anna, false);
    assert_eq!((album.names().into_iter().flatten().count(), album.asked()), (1, (0, 0, 0)));
    // The other place is still the one that was taken.
    album.picasa(&[]);
    assert_eq!(album.asked(), (0, 0, 1));
}
