use std::collections::{BTreeSet, HashSet};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::answers::{AnsweredName, AnsweredNames, NameDecision};
use super::{
    FaceProposal, NameConflict, NamesReview, NamesToReview, NamesakeQuestion, OpenWhy, OwnName, PersonFound, ProposedBy,
};
use crate::metadata::deduce::UndecidedWhy;
use crate::metadata::faces::{FaceOwner, FaceToName, PhotoToName};
use crate::metadata::found::{NameFound, NameKind, NameRegion, NameSource, PhotoPath, RegionArea, StatedFrame};
use crate::metadata::name_key::NameKey;
use crate::metadata::places::UnplacedWhy;
use crate::metadata::region_box::{ExifTurn, RegionBox};
use crate::metadata::test_album::SAME_PERSON;
use crate::types::{Cancel, Embedding, FaceId, PersonId, PhotoId};

const SIZE: (u32, u32) = (4000, 3000);

fn at(place: usize) -> RegionBox {
    RegionBox { x: 0.05 + 0.2 * place as f32, y: 0.4, width: 0.08, height: 0.1 }
}

fn photo<'a>(number: i64, faces: &[FaceOwner<'a>]) -> PhotoToName<'a> {
    let face = |(place, &of): (usize, &FaceOwner<'a>)| FaceToName {
        id: FaceId(number * 10 + place as i64),
        at: at(place),
        of,
        denied: &[],
        embedding: None,
    };
    let faces = faces.iter().enumerate().map(face).collect();
    PhotoToName {
        id: PhotoId(number),
        path: format!("/p/{number}.jpg").into(),
        size: SIZE,
        turn: ExifTurn::NONE,
        faces,
        forgotten: Vec::new(),
    }
}

fn name(photo: i64, name: &str, place: Option<usize>, source: NameSource) -> NameFound {
    let region = |place| NameRegion {
        region: RegionArea::Fractions { at: at(place), of: Some(SIZE) },
        frame: StatedFrame::Stored,
    };
    NameFound {
        photo: PhotoPath::Whole(format!("/p/{photo}.jpg").into()),
        name: Some(name.to_owned()),
        region: place.map(region),
        source,
        writer: None,
        kind: NameKind::Confirmed,
    }
}

fn review(found: &[NameFound], photos: &[PhotoToName], people: &[(PersonId, String)]) -> NamesReview {
    after(found, photos, people, &AnsweredNames::default())
}

fn after(
    found: &[NameFound],
    photos: &[PhotoToName],
    people: &[(PersonId, String)],
    answered: &AnsweredNames,
) -> NamesReview {
    let read = HashSet::from([NameSource::Mwg, NameSource::Picasa]);
    let cancel = Cancel::default();
    let same_person = SAME_PERSON;
    NamesReview::of(&NamesToReview { found, read: &read, photos, people, answered, same_person, cancel: &cancel })
}

fn person<'a>(review: &'a NamesReview, name: &str) -> &'a PersonFound {
    let key = NameKey::of(name).unwrap();
    review.people.iter().find(|person| person.key == key).unwrap()
}

use FaceOwner::Nobody;
use NameSource::{GoogleTakeout, Mwg, Picasa};

#[test]
fn spellings_and_sources_of_one_person_are_one() {
    let photos = [photo(1, &[Nobody, Nobody]), photo(2, &[Nobody])];
    let found = [
        name(1, "Anna Müller", Some(0), Mwg),
        name(1, "MÜLLER, ANNA", Some(0), Picasa),
        name(2, "Anna Müller", Some(0), Mwg),
        name(1, "Bert", Some(1), Mwg),
        name(9, "Anna Müller", Some(0), Mwg),
    ];
    let people = [(PersonId(7), "anna müller".to_owned())];
    let review = review(&found, &photos, &people);
    assert_eq!((review.counts(), review.elsewhere), ((3, 2), 1));
    let anna = person(&review, "Anna Müller");
    assert_eq!((anna.name.as_str(), anna.people.clone(), anna.names), ("Anna Müller", vec![PersonId(7)], 2));
    assert_eq!(anna.spellings, [("Anna Müller".to_owned(), 2), ("MÜLLER, ANNA".to_owned(), 1)]);
    assert_eq!((anna.by_source[&Mwg], anna.by_source[&Picasa]), (2, 1));
    assert_eq!(anna.faces.iter().map(|face| face.face).collect::<Vec<_>>(), [FaceId(10), FaceId(20)]);
    assert_eq!(anna.faces[0].sources, [Mwg, Picasa]);
    assert!(matches!(anna.faces[0].by, ProposedBy::Region { fit } if fit > 0.9));
    assert_eq!(anna.examples.len(), 2);
    assert!(review.conflicts.is_empty());
}

#[test]
fn two_names_for_one_face_are_asked_and_not_proposed() {
    let photos = [photo(1, &[Nobody])];
    let found = [name(1, "Anna", Some(0), Mwg), name(1, "Bert", Some(0), Picasa)];
    let review = review(&found, &photos, &[]);
    let [NameConflict::TwoNames(disputed)] = &review.conflicts[..] else { panic!("{review:?}") };
    assert_eq!((disputed.face, disputed.names.len(), &disputed.ours), (Some(FaceId(10)), 2, &None));
    for name in ["Anna", "Bert"] {
        assert!(person(&review, name).faces.is_empty());
        assert_eq!(person(&review, name).open[0].why, OpenWhy::Contradicted);
    }
    // A guess contradicts nobody.
    let mut found = found;
    found[1].kind = NameKind::Suggested;
    let review = super::tests::review(&found, &photos, &[]);
    assert!(review.conflicts.is_empty());
    assert_eq!(person(&review, "Anna").faces.len(), 1);
}

#[test]
fn regions_without_a_face_are_by_hand_once() {
    let photos = [photo(1, &[Nobody])];
    let found = [name(1, "Anna", Some(2), Mwg), name(1, "anna", Some(2), Picasa), name(1, "Cleo", Some(3), Mwg)];
    let by_hand = review(&found, &photos, &[]);
    assert_eq!(person(&by_hand, "Anna").by_hand.len(), 1);
    assert_eq!(person(&by_hand, "Anna").by_hand[0].sources, [Mwg, Picasa]);
    let found = [name(1, "Anna", Some(2), Mwg), name(1, "Bert", Some(2), Picasa)];
    let review = review(&found, &photos, &[]);
    assert!(matches!(&review.conflicts[..], [NameConflict::TwoNames(disputed)] if disputed.face.is_none()));
    assert!(review.people.iter().all(|person| person.by_hand.is_empty()));
}

#[test]
fn a_face_of_another_person_stays_theirs() {
    let bert = FaceOwner::Person { id: PersonId(3), name: "Bert" };
    let photos = [photo(1, &[bert, Nobody])];
    let found = [name(1, "Anna", Some(0), Mwg), name(1, "BERT", Some(0), Picasa)];
    let review = review(&found, &photos, &[(PersonId(3), "Bert".to_owned())]);
    let [NameConflict::TwoNames(disputed)] = &review.conflicts[..] else { panic!("{review:?}") };
    let ours = OwnName { person: PersonId(3), name: "Bert".to_owned(), taken: None };
    assert_eq!((&disputed.ours, &disputed.names[0].key), (&Some(ours), &NameKey::of("Anna").unwrap()));
    assert_eq!(disputed.names.len(), 1, "one face is one question");
    assert_eq!((person(&review, "Anna").faces.len(), person(&review, "Bert").settled), (0, 1));
}

#[test]
fn one_name_in_groups_unlike_each_other_is_told() {
    let vector = |x: f32, y: f32| Embedding::normalise(vec![x, y, 0.1]).unwrap();
    let (one, other) = (vector(1.0, 0.0), vector(-0.6, 0.8));
    let group = |number: i64, of: i64| photo(number, &[FaceOwner::Group(PersonId(of))]);
    let mut photos = [group(1, 1), group(2, 1), group(3, 2), group(4, 2)];
    let found: Vec<_> = (1..=4).map(|number| name(number, "Anna", Some(0), Mwg)).collect();
    for (photo, vector) in photos.iter_mut().zip([&one, &one, &one, &one]) {
        photo.faces[0].embedding = Some(vector);
    }
    assert!(review(&found, &photos, &[]).conflicts.is_empty(), "groups of one person");
    photos[2].faces[0].embedding = Some(&other);
    photos[3].faces[0].embedding = Some(&other);
    let review = review(&found, &photos, &[]);
    let [NameConflict::TwoPeople(shared)] = &review.conflicts[..] else { panic!("{review:?}") };
    let faces = |side: &Vec<FaceProposal>| side.iter().map(|face| face.face.0).collect::<Vec<_>>();
    assert_eq!(shared.sides.iter().map(faces).collect::<Vec<_>>(), [[10, 20], [30, 40]]);
    assert_eq!(shared.in_one_photo(), None);
    let anna = person(&review, "Anna");
    assert!(anna.faces.is_empty() && anna.examples.is_empty(), "they are asked, and not taken with the others");
    // A face each is enough where there are few; among many it is a wrong face.
    let pair = super::tests::review(&found[1..3], &photos[1..3], &[]);
    assert!(matches!(&pair.conflicts[..], [NameConflict::TwoPeople(_)]));
    let mut many: Vec<_> = (1..=8).map(|number| group(number, 1)).collect();
    many.iter_mut().for_each(|photo| photo.faces[0].embedding = Some(&one));
    many.push(group(9, 2));
    many[8].faces[0].embedding = Some(&other);
    let found: Vec<_> = (1..=9).map(|number| name(number, "Anna", Some(0), Mwg)).collect();
    assert!(super::tests::review(&found, &many, &[]).conflicts.is_empty());
}

#[test]
fn one_name_on_two_faces_of_a_photo_is_asked_unless_one_of_them_is_surer() {
    let photos = [photo(1, &[Nobody, Nobody]), photo(2, &[Nobody])];
    for second in [Mwg, Picasa] {
        let mut found =
            vec![name(1, "Anna", Some(0), Mwg), name(1, "anna", Some(1), second), name(2, "Anna", Some(0), Mwg)];
        let asked = review(&found, &photos, &[]);
        let [NameConflict::TwoPeople(shared)] = &asked.conflicts[..] else { panic!("{asked:?}") };
        assert_eq!((shared.sides.len(), shared.in_one_photo()), (2, Some(PhotoId(1))));
        let anna = person(&asked, "Anna");
        assert_eq!(anna.faces.iter().map(|face| face.face).collect::<Vec<_>>(), [FaceId(20)]);
        assert_eq!(anna.open[0].why, OpenWhy::Contradicted);
        found[1].kind = NameKind::Suggested;
        let guessed = review(&found, &photos, &[]);
        assert!(guessed.conflicts.is_empty(), "a guess contradicts nobody");
        assert_eq!(person(&guessed, "Anna").faces.len(), 2);
    }
    let anna = FaceOwner::Person { id: PersonId(3), name: "Anna" };
    let found = [name(1, "Anna", Some(0), Mwg), name(1, "Anna", Some(1), Picasa)];
    let known = review(&found, &[photo(1, &[Nobody, anna])], &[(PersonId(3), "Anna".to_owned())]);
    assert!(known.conflicts.is_empty() && person(&known, "Anna").faces.is_empty(), "the user knows who is Anna");
}

#[test]
fn a_face_that_its_user_said_is_not_somebody_is_asked_and_not_proposed() {
    let denied = ["anna".to_owned()];
    let mut photos = [photo(1, &[Nobody, Nobody])];
    photos[0].faces[0].denied = &denied;
    let found = [name(1, "Anna", Some(0), Mwg)];
    let asked = review(&found, &photos, &[(PersonId(3), "Anna".to_owned())]);
    let [NameConflict::TwoNames(disputed)] = &asked.conflicts[..] else { panic!("{asked:?}") };
    assert!(disputed.denied && disputed.ours.is_none() && disputed.names.len() == 1);
    assert!(person(&asked, "Anna").faces.is_empty());
    let elsewhere = [name(1, "Anna", Some(0), Mwg), name(1, "Anna", Some(1), Picasa)];
    let other_face = review(&elsewhere, &photos, &[]);
    assert_eq!(person(&other_face, "Anna").faces[0].face, FaceId(11), "whom the user did not deny is surer");
    assert!(other_face.conflicts.is_empty());
}

/// What another program calls the face by now, and that it took the name back, are one question.
#[test]
fn a_face_that_is_named_anew_elsewhere_is_one_question() {
    let anna = FaceOwner::Person { id: PersonId(3), name: "Anna" };
    let photos = [photo(1, &[anna])];
    let answered: AnsweredNames = [answer(1, "Anna", NameDecision::Taken)].into_iter().collect();
    let people = [(PersonId(3), "Anna".to_owned())];
    let review = after(&[name(1, "Bert", Some(0), Mwg)], &photos, &people, &answered);
    let [NameConflict::TwoNames(disputed)] = &review.conflicts[..] else { panic!("{review:?}") };
    assert_eq!(disputed.ours.as_ref().and_then(|ours| ours.taken.clone()), Some((NameKey::of("Anna").unwrap(), None)));
    assert!(review.withdrawn.is_empty());
    // Gone there, and nothing in its place.
    let review = after(&[], &photos, &people, &answered);
    assert_eq!((review.conflicts.len(), review.withdrawn.len()), (0, 1));
}

#[test]
fn names_without_a_region_are_worked_out_or_left_open() {
    let groups = [FaceOwner::Group(PersonId(1)), FaceOwner::Group(PersonId(2))];
    let photos: Vec<_> = (1..=10).map(|number| photo(number, &groups[..if number <= 5 { 2 } else { 1 }])).collect();
    let mut found: Vec<_> = (1..=10).map(|number| name(number, "Anna", None, GoogleTakeout)).collect();
    found.push(name(1, "Zoe", None, GoogleTakeout));
    let review = review(&found, &photos, &[]);
    let anna = person(&review, "Anna");
    assert_eq!(anna.faces.len(), 10);
    assert!(anna.faces.iter().all(|face| matches!(face.by, ProposedBy::Deduced { confidence } if confidence >= 0.95)));
    assert!(anna.faces.iter().all(|face| face.face.0 % 10 == 0));
    assert_eq!(person(&review, "Zoe").open[0].why, OpenWhy::Undecided(UndecidedWhy::Unsure));
}

#[test]
fn a_crop_is_told_and_its_name_still_counts() {
    let photos = [photo(1, &[])];
    let mut found = [name(1, "Anna", Some(0), Mwg)];
    found[0].region.as_mut().unwrap().region = RegionArea::Fractions { at: at(0), of: Some((3000, 3000)) };
    let review = review(&found, &photos, &[]);
    assert_eq!(person(&review, "Anna").open[0].why, OpenWhy::Unplaced(UnplacedWhy::PictureCropped));
    assert_eq!(review.counts(), (1, 1));
}

fn answer(photo: i64, name: &str, decision: NameDecision) -> AnsweredName {
    let name = NameKey::of(name).unwrap();
    let (stood_at, sources) = (BTreeSet::new(), BTreeSet::from([Mwg]));
    AnsweredName { photo: PhotoId(photo), name, at: None, stood_at, sources, decision }
}

#[test]
fn the_next_scan_offers_the_difference() {
    // Taken, refused, taken and withdrawn; a fourth name was taken and is on no face any more.
    let of = |id, name| FaceOwner::Person { id: PersonId(id), name };
    let photos = [photo(1, &[of(1, "Anna")]), photo(2, &[Nobody]), photo(3, &[of(3, "Cleo"), Nobody])];
    let answered: AnsweredNames = [
        answer(1, "Anna", NameDecision::Taken),
        answer(2, "Bert", NameDecision::Refused),
        answer(3, "Cleo", NameDecision::Taken),
        answer(2, "Emil", NameDecision::Taken),
    ]
    .into_iter()
    .collect();
    // The same as before, by another source too; only the third photo's name has changed.
    let found = [name(1, "ANNA", Some(0), Picasa), name(2, "Bert", Some(0), Mwg), name(3, "Dora", Some(1), Mwg)];
    let review = after(&found, &photos, &[], &answered);
    assert_eq!(review.people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>(), ["Dora"]);
    let [withdrawn] = &review.withdrawn[..] else { panic!("{:?}", review.withdrawn) };
    assert_eq!(withdrawn.answer, answer(3, "Cleo", NameDecision::Taken));
    assert_eq!((withdrawn.face, withdrawn.person), (FaceId(30), PersonId(3)));
    assert_eq!(withdrawn.instead, [NameKey::of("Dora").unwrap()]);
    // A source that could not be read has withdrawn nothing.
    let nothing = NamesToReview {
        found: &[],
        read: &HashSet::new(),
        photos: &photos,
        people: &[],
        answered: &answered,
        same_person: SAME_PERSON,
        cancel: &Cancel::default(),
    };
    assert!(NamesReview::of(&nothing).withdrawn.is_empty());
}

#[test]
fn an_answer_is_stored_as_it_was() {
    let answer = answer(1, "Anna Müller", NameDecision::Taken);
    let text = serde_json::to_string(&answer).unwrap();
    assert_eq!(text, r#"{"photo":1,"name":"anna müller","sources":["mwg"],"decision":"taken"}"#);
    assert_eq!(serde_json::from_str::<AnsweredName>(&text).unwrap(), answer);
}

/// Whether that one has taken the name back cannot be said.
#[test]
fn a_source_that_is_not_known_hinders_no_answer_and_takes_no_name_back() {
    let text = r#"{"photo":3,"name":"cleo","sources":["mwg","of_tomorrow"],"decision":"taken"}"#;
    let answer: AnsweredName = serde_json::from_str(text).unwrap();
    assert_eq!((answer.decision, answer.sources.len()), (NameDecision::Taken, 0));
    let photos = [photo(3, &[FaceOwner::Person { id: PersonId(3), name: "Cleo" }])];
    assert!(after(&[], &photos, &[], &[answer].into_iter().collect()).withdrawn.is_empty());
}

/// Any photos with any names: whatever becomes of one, it is offered, it is the user's already, or it says why not.
#[test]
fn every_name_is_offered_or_has_a_reason() {
    let owners = [
        Nobody,
        FaceOwner::Group(PersonId(1)),
        FaceOwner::Person { id: PersonId(2), name: "Anna" },
        FaceOwner::Person { id: PersonId(3), name: "Bert" },
        FaceOwner::SetAside,
    ];
    let denied = ["Cleo".to_owned()];
    for seed in 0..400 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut photos = Vec::new();
        for number in 1..=2 {
            let faces: Vec<FaceOwner> =
                (0..random.random_range(0..4)).map(|_| owners[random.random_range(0..owners.len())]).collect();
            let mut photo = photo(number, &faces);
            photo.turn = ExifTurn::new(random.random_range(1..=8));
            photo.forgotten.extend(random.random_bool(0.3).then(|| at(3)));
            photo.faces.iter_mut().filter(|_| random.random_bool(0.2)).for_each(|face| face.denied = &denied);
            photos.push(photo);
        }
        let found: Vec<NameFound> = (0..random.random_range(1..9))
            .map(|_| {
                let who = ["Anna", "Bert", "Cleo"][random.random_range(0..3)];
                let place = random.random_bool(0.8).then(|| random.random_range(0..5));
                let source = [Mwg, Picasa, GoogleTakeout][random.random_range(0..3)];
                let kind = if random.random_bool(0.7) { NameKind::Confirmed } else { NameKind::Suggested };
                NameFound { kind, ..name(random.random_range(1..=2), who, place, source) }
            })
            .collect();
        let people = [(PersonId(2), "Anna".to_owned()), (PersonId(3), "Bert".to_owned())];
        let review = review(&found, &photos, &people);
        for name in &found {
            let PhotoPath::Whole(path) = &name.photo else { unreachable!() };
            let photo = photos.iter().find(|photo| photo.path == *path).unwrap();
            let who = name.name.as_deref().unwrap();
            let person = person(&review, who);
            let is_offered = person.faces.iter().any(|face| face.photo == photo.id)
                || person.by_hand.iter().any(|region| region.photo == photo.id);
            let is_owned = |of: FaceOwner| matches!(of, FaceOwner::Person { name, .. } if name == who);
            let is_known = person.settled > 0 && photo.faces.iter().any(|face| is_owned(face.of));
            let has_a_reason = person.open.iter().any(|open| open.photo == photo.id);
            assert!(is_offered || is_known || has_a_reason, "seed {seed}: {name:?} of {person:?}");
        }
    }
}

/// A face is made from a region on an empty wall, whichever faces are beside it.
#[test]
fn a_region_without_a_face_beside_two_good_ones_is_offered_as_a_face_by_hand() {
    let photos = [photo(1, &[Nobody, Nobody])];
    let found = [name(1, "Anna", Some(0), Mwg), name(1, "Bert", Some(1), Mwg), name(1, "Ghost", Some(4), Mwg)];
    let review = review(&found, &photos, &[]);
    let ghost = person(&review, "Ghost");
    assert_eq!((ghost.by_hand.len(), ghost.open.len()), (1, 0));
    let guess = [NameFound { kind: NameKind::Suggested, ..found[2].clone() }];
    let review = super::tests::review(&guess, &photos, &[]);
    assert_eq!(person(&review, "Ghost").open[0].why, OpenWhy::Unplaced(UnplacedWhy::GuessWithoutFace));
}

#[test]
fn what_is_left_out_says_why() {
    let mut photos = [photo(1, &[Nobody])];
    photos[0].forgotten = vec![at(4)];
    let guess = |name| NameFound { kind: NameKind::Suggested, ..name };
    let found = [name(1, "Anna", Some(0), Mwg), guess(name(1, "Bert", Some(0), Picasa)), name(1, "Cleo", Some(4), Mwg)];
    let found = super::tests::review(&found, &photos, &[]);
    assert_eq!(person(&found, "Bert").open[0].why, OpenWhy::Outdone);
    assert_eq!(person(&found, "Cleo").open[0].why, OpenWhy::Forgotten);
    // The user has named her already; nobody says where she is.
    let anna = [photo(1, &[FaceOwner::Person { id: PersonId(3), name: "Anna" }])];
    let found = review(&[name(1, "Anna", None, GoogleTakeout)], &anna, &[(PersonId(3), "Anna".to_owned())]);
    assert_eq!((person(&found, "Anna").settled, person(&found, "Anna").open.len()), (1, 0));
}

#[test]
fn which_of_two_people_of_one_name_is_asked_and_never_guessed() {
    let group = FaceOwner::Group(PersonId(8));
    let photos = [photo(1, &[group]), photo(2, &[group]), photo(3, &[Nobody]), photo(4, &[])];
    let people = [(PersonId(8), "Anna".to_owned()), (PersonId(5), "ANNA".to_owned())];
    let found: Vec<_> = (1..=4).map(|number| name(number, "Anna", Some(0), Mwg)).collect();
    let asked = review(&found, &photos, &people);
    let anna = person(&asked, "Anna");
    assert!(anna.faces.is_empty() && anna.by_hand.is_empty() && anna.examples.is_empty());
    assert!(anna.open.iter().all(|open| open.why == OpenWhy::Contradicted) && anna.open.len() == 4);
    let questions: Vec<&NamesakeQuestion> = asked
        .conflicts
        .iter()
        .map(|conflict| match conflict {
            NameConflict::Namesakes(question) => question,
            other => panic!("{other:?}"),
        })
        .collect();
    let told: Vec<_> =
        questions.iter().map(|asked| (asked.faces.len(), asked.by_hand.is_some(), asked.people[0])).collect();
    // Whom the grouping takes the faces for stands first.
    assert_eq!(told, [(2, false, PersonId(8)), (1, false, PersonId(5)), (0, true, PersonId(5))]);
    // A face that was given to one of them is theirs already, and one that was given to somebody else asks whose it is.
    let bert = FaceOwner::Person { id: PersonId(3), name: "Bert" };
    let owned = [photo(1, &[FaceOwner::Person { id: PersonId(5), name: "ANNA" }]), photo(2, &[bert])];
    let known = review(&found[..2], &owned, &people);
    assert_eq!(person(&known, "Anna").settled, 1);
    let [NameConflict::TwoNames(disputed)] = &known.conflicts[..] else { panic!("{known:?}") };
    assert_eq!(disputed.names[0].people, [PersonId(5), PersonId(8)]);
}

#[test]
fn a_place_that_was_answered_leaves_the_other_places_of_the_name_open() {
    // Two programs say the opposite of each other of the same two faces.
    let photos = [photo(1, &[Nobody, Nobody])];
    let found = [
        name(1, "Anna", Some(0), Mwg),
        name(1, "Bert", Some(1), Mwg),
        name(1, "Bert", Some(0), Picasa),
        name(1, "Anna", Some(1), Picasa),
    ];
    let both = review(&found, &photos, &[]);
    assert_eq!(both.conflicts.len(), 2);
    let (anna, bert) = (NameKey::of("Anna").unwrap(), NameKey::of("Bert").unwrap());
    let spot = both.spot(PhotoId(1), &anna, at(0));
    let answers = [(&anna, NameDecision::Taken), (&bert, NameDecision::Refused)]
        .map(|(name, decision)| AnsweredName { at: spot, ..answer(1, name.as_str(), decision) });
    let left = after(&found, &photos, &[], &answers.iter().cloned().collect());
    let [NameConflict::TwoNames(disputed)] = &left.conflicts[..] else { panic!("{left:?}") };
    assert_eq!((disputed.face, disputed.names.len()), (Some(FaceId(11)), 2));
    // A name of one place is answered for the photo, and a name without a place may be any that was answered.
    assert_eq!(review(&found[..1], &photos, &[]).spot(PhotoId(1), &anna, at(0)), None);
    let keyword = [name(1, "Anna", None, GoogleTakeout)];
    assert_eq!(after(&keyword, &photos, &[], &answers.into_iter().collect()).counts(), (0, 0));
}

#[test]
fn a_place_that_a_name_comes_to_after_its_answer_is_a_question_of_its_own() {
    let photos = [photo(1, &[Nobody, Nobody])];
    let found = [name(1, "Anna", Some(0), Mwg), name(1, "Anna", Some(1), Mwg)];
    let anna = NameKey::of("Anna").unwrap();
    let stood_at = |review: NamesReview| review.stands_at[&(PhotoId(1), anna.clone())].clone();
    let first = AnsweredName {
        stood_at: stood_at(review(&found[..1], &photos, &[])),
        ..answer(1, "Anna", NameDecision::Refused)
    };
    let answered = |answers: &[AnsweredName]| after(&found, &photos, &[], &answers.iter().cloned().collect());
    let twin = answered(std::slice::from_ref(&first));
    assert_eq!(person(&twin, "Anna").faces.iter().map(|face| face.face).collect::<Vec<_>>(), [FaceId(11)]);
    // What is said of it does not take the place of what was said before.
    let at = twin.spot(PhotoId(1), &anna, at(1));
    assert!(at.is_some());
    let second = AnsweredName { at, stood_at: BTreeSet::new(), ..first.clone() };
    assert_eq!(answered(&[first, second]).counts(), (0, 0));
    // Where it stood when an earlier version noted its answer nobody knows.
    assert_eq!(answered(&[answer(1, "Anna", NameDecision::Refused)]).counts(), (0, 0));
}

/// Beside the face that somebody confirmed, a program has guessed another one.
#[test]
fn what_was_not_asked_beside_a_surer_place_is_answered_with_it() {
    let photos = [photo(1, &[Nobody, Nobody])];
    let guess = NameFound { kind: NameKind::Suggested, ..name(1, "Anna", Some(1), Picasa) };
    let found = [name(1, "Anna", Some(0), Mwg), guess];
    let asked = review(&found, &photos, &[]);
    assert_eq!(person(&asked, "Anna").faces.len(), 1);
    let stood_at = asked.stands_at[&(PhotoId(1), NameKey::of("Anna").unwrap())].clone();
    let taken = AnsweredName { stood_at, ..answer(1, "Anna", NameDecision::Taken) };
    assert_eq!(after(&found, &photos, &[], &[taken].into_iter().collect()).counts(), (0, 0));
}

#[test]
fn regions_of_one_name_are_several_where_several_people_have_it() {
    let (photos, found) = ([photo(1, &[])], [name(1, "Anna", Some(0), Mwg), name(1, "Anna", Some(2), Mwg)]);
    let annas = [5, 8].map(|id| (PersonId(id), "Anna".to_owned()));
    let of_one = review(&found, &photos, &annas[..1]);
    assert_eq!((person(&of_one, "Anna").by_hand.len(), of_one.conflicts.len()), (1, 0));
    assert_eq!(review(&found, &photos, &annas).conflicts.len(), 2);
    // One of them is the user's already: who the other is stays open.
    let owned = [photo(1, &[FaceOwner::Person { id: PersonId(5), name: "Anna" }])];
    let left = review(&found, &owned, &annas);
    let [NameConflict::Namesakes(asked)] = &left.conflicts[..] else { panic!("{left:?}") };
    assert!(asked.by_hand.is_some() && person(&left, "Anna").settled == 1);
}
