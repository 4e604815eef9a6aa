//! Who is grouped after a scan, and while the first one runs.

use super::*;

#[test]
fn photos_are_grouped_by_who_is_on_them() {
    let world = World::new();
    (0..6).for_each(|i| world.photo(&format!("red{i}.png"), [250, i, 0]));
    (0..3).for_each(|i| world.photo(&format!("blue{i}.png"), [0, i, 250]));
    world.scan();
    let grouping = Grouping { threshold: SquaredDistance(0.5), linkage: Linkage::Average };
    let summary = regroup(&world.library, &world.faces.model, &grouping, &Cancel::default(), &mut |_| {}).unwrap();
    assert_eq!((summary.people, summary.named), (2, 0));
    let filter = PeopleFilter { kind: PeopleKind::Nameless, min_faces: 1 };
    let cards = world.library.call(move |library| library.people(filter, ListPage::ALL)).unwrap();
    assert_eq!(cards.iter().map(|card| card.faces).collect::<Vec<_>>(), [6, 3]);
    let prepared =
        PreparedGrouping::prepare(&world.library, &world.faces.model, &grouping, &Cancel::default(), &mut |_| {})
            .unwrap();
    assert_eq!(prepared.groups(SquaredDistance(4.0)).len(), 1);
    assert_eq!(prepared.groups_now().len(), 2);
    assert_eq!(prepared.wrong_matches(SquaredDistance(4.0)), None);
}

/// Its user names somebody as soon as they are in a group; what is found later is theirs, too.
#[test]
fn while_a_first_scan_runs_people_appear_and_can_be_named() {
    let world = World::new();
    for i in 0..30 {
        world.photo(&format!("{i}.png"), if i % 3 == 0 { [0, i, 250] } else { [250, i, 0] });
    }
    let grouping = Grouping { threshold: SquaredDistance(0.5), linkage: Linkage::Average };
    let (mut grouped, mut named) = (0, None);
    let mut events = |event: JobEvent| {
        if matches!(event, JobEvent::Grouped) {
            grouped += 1;
            let everyone = world.library.call(|library| library.everyone()).unwrap();
            let largest = everyone.into_iter().max_by_key(|person| person.faces.len()).unwrap();
            if named.is_none() {
                let person = largest.id;
                world.library.call(move |library| library.name_person(person, "Ada")).unwrap();
                named = Some((person, largest.faces.len()));
            }
        }
    };
    let summary = world.scan_with(|tools| {
        let tools = ScanTools { meanwhile: Some(GroupMeanwhile { grouping: &grouping, faces: 8 }), ..*tools };
        scan_folders(std::slice::from_ref(&world.photos), &tools, &Cancel::default(), &mut events).unwrap()
    });
    assert_eq!(summary.new_faces, 30);
    let (ada, first) = named.expect("groups before the scan has ended");
    assert!(first < 20, "{first}");
    regroup(&world.library, &world.faces.model, &grouping, &Cancel::default(), &mut |_| {}).unwrap();
    let card = world.library.call(move |library| library.person(ada)).unwrap().unwrap();
    assert_eq!((card.name.as_deref(), card.faces + card.suggested), (Some("Ada"), 20));
}

/// No backup can be made before it; who groups in the end says so.
#[test]
fn a_grouping_that_fails_meanwhile_ends_no_first_scan() {
    let world = World::new();
    (0..30).for_each(|i| world.photo(&format!("{i}.png"), [250, i, 0]));
    let to = crate::library::Destination::NewPerson { name: "Ada".to_owned() };
    let named = Decision::Move { of: None, faces: Vec::new(), to };
    world.library.call(move |library| library.decide(&named, Revision::NOW)).unwrap();
    fs::write(world.library.path().with_file_name("backups"), b"in the way").unwrap();
    let grouping = Grouping { threshold: SquaredDistance(0.5), linkage: Linkage::Average };
    let mut grouped = 0;
    let mut events = |event: JobEvent| grouped += usize::from(matches!(event, JobEvent::Grouped));
    let summary = world.scan_with(|tools| {
        let tools = ScanTools { meanwhile: Some(GroupMeanwhile { grouping: &grouping, faces: 4 }), ..*tools };
        scan_folders(std::slice::from_ref(&world.photos), &tools, &Cancel::default(), &mut events).unwrap()
    });
    assert_eq!((summary.new_faces, summary.cancelled, grouped), (30, false, 0));
    regroup(&world.library, &world.faces.model, &grouping, &Cancel::default(), &mut |_| {}).unwrap_err();
}

fn collage_of(colours: &[[u8; 3]]) -> RgbImage {
    RgbImage::from_fn(32, 32, |x, y| {
        let cell = (x / 8 + 4 * (y / 10).min(2)) as usize;
        Rgb(*colours.get(cell).unwrap_or(&[0; 3]))
    })
}

#[test]
fn a_collage_of_one_face_is_one_person_and_one_of_people_is_several_until_their_user_says_so() {
    let mut world = World::new();
    world.faces.collage = true;
    let equal: Vec<[u8; 3]> = (0..12).map(|copy| [200, 5 * copy, 3 * (copy % 3)]).collect();
    collage_of(&equal).save(world.photos.join("one.png")).unwrap();
    collage_of(&[[0, 250, 0], [0, 0, 250], [0, 200, 200]]).save(world.photos.join("people.png")).unwrap();
    world.scan();
    let all_in_one = Grouping { threshold: SquaredDistance(0.59), linkage: Linkage::Single };
    let groups = |world: &World| {
        regroup(&world.library, &world.faces.model, &all_in_one, &Cancel::default(), &mut |_| {}).unwrap();
        let mut people = world.library.call(|library| library.everyone()).unwrap();
        people.sort_by_key(|person| (std::cmp::Reverse(person.faces.len()), person.id));
        people.iter().map(|person| (person.id, person.faces.len())).collect::<Vec<_>>()
    };
    let found = groups(&world);
    assert_eq!(found.iter().map(|group| group.1).collect::<Vec<_>>(), [12, 1, 1, 1]);
    // Somebody and their mirror image, for which the distances are no proof.
    let (from, into) = (found[2].0, found[1].0);
    let merge = Decision::Merge { from, into, against: AgainstMerge::default() };
    world.library.call(move |library| library.decide(&merge, Revision::NOW)).unwrap();
    assert_eq!(groups(&world).iter().map(|group| group.1).collect::<Vec<_>>(), [12, 2, 1]);
    assert!(groups(&world).iter().any(|group| *group == (into, 2)));
}

#[test]
fn a_split_group_stays_apart() {
    let world = World::new();
    (0..4).for_each(|i| world.photo(&format!("red{i}.png"), [250, i, 0]));
    (0..2).for_each(|i| world.photo(&format!("blue{i}.png"), [0, i, 250]));
    world.scan();
    let all_in_one = Grouping { threshold: SquaredDistance(4.0), linkage: Linkage::Average };
    let model = world.faces.model.clone();
    regroup(&world.library, &model, &all_in_one, &Cancel::default(), &mut |_| {}).unwrap();
    let person = person_in(&world, &world.paths()[0]);
    split_group(&world.library, &model, person, Revision::NOW).unwrap();
    let sizes = |world: &World| {
        let everyone = world.library.call(|library| library.everyone()).unwrap();
        let mut sizes: Vec<_> = everyone.iter().map(|person| person.faces.len()).collect();
        sizes.sort();
        sizes
    };
    assert_eq!(sizes(&world), [2, 4]);
    regroup(&world.library, &model, &all_in_one, &Cancel::default(), &mut |_| {}).unwrap();
    assert_eq!(sizes(&world), [2, 4], "the next grouping remembers that they are two people");
}
