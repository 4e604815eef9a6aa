//! Training and the demonstration: set up, watched, and what its user decides about the outcome.

use likeness::app::train::job::TrainSummary;
use likeness::train::events::StopReason;

use super::*;

/// Tells the window what the jobs would.
fn tell(wire: &Wire, harness: &mut Harness<'static, App>, news: Vec<TrainEvent>) {
    for news in news {
        wire.push(Report::Own(Answer::Train(news)));
    }
    harness.run_steps(20);
}

#[test]
fn training_is_set_up_counted_and_started() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    harness.get_by_label("Choose whose faces to learn from");
    harness.get_by_label("Start training").click();
    harness.run_steps(3);
    assert!(wire.actions().is_empty(), "nothing starts before data are chosen");
    send(&mut harness, Message::Train(train::choose_folder()));
    harness.get_by_label("412");
    harness.get_by_label("38 people have one picture and take no part");
    harness.get_by_label("4 left out").click();
    harness.run_steps(10);
    harness.get_by_label("3 files that are no pictures");
    harness.get_by_label("Start training").click();
    harness.run_steps(3);
    let [Request::Train(TrainRequest::Start { request, name })] = &wire.actions()[..] else {
        panic!("{:?}", wire.actions())
    };
    let DataFrom::Folder { path } = &request.data else { panic!("{:?}", request.data) };
    assert_eq!((DataSource::Folder(path.clone()), name.as_str()), (train::folder(), "sface-2021dec-Faces"));
    assert_eq!(request.config, likeness::train::presets::Preset::Finetune.config());
    harness.get_by_label("Getting the device ready");
}

#[test]
fn a_network_learns_from_a_teacher_without_names() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    send(&mut harness, Message::Train(train::choose_folder()));
    harness.get_by_label("From a teacher").click();
    harness.run_steps(10);
    harness.get_by_label("A folder of pictures. Sub-folders can be people, but need not be");
    harness.get_all_by_label_contains("Teacher, whose vectors are learned").next().unwrap();
    assert!(harness.query_by_label_contains("people have one picture").is_none());
    harness.get_by_label("Start training").click();
    harness.run_steps(3);
    let [Request::Train(TrainRequest::Start { request, .. })] = &wire.actions()[..] else {
        panic!("{:?}", wire.actions())
    };
    let installed = |id: &str| StartFrom::Installed { id: ModelId(id.into()) };
    assert_eq!(request.teacher, Some(installed("sface-2021dec")), "the one in use");
    assert!(matches!(request.start, StartFrom::Scratch { .. }));
    assert_eq!(request.config, likeness::train::presets::Preset::Teacher.config());
}

#[test]
fn a_preset_says_where_its_values_come_from() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    let mut line = |preset: &str, starts: &str| {
        harness.get_by_label(preset).click();
        harness.run_steps(10);
        if harness.query_by_label_contains(starts).is_none() {
            harness.get_by_label("Where its values come from").click();
            harness.run_steps(20);
        }
        assert!(harness.query_by_label_contains(starts).is_some(), "{preset}: {starts}");
    };
    line("Paper", "Batches of 1,800 pictures, 40 people with 40 each: section 3.2");
    line("davidsandberg", "Each update learns from 30 triplets, 90 pictures");
    line("Harmonic upgrade", "The last layer is drawn anew and learns alone for 1,000 steps");
    line("Quick fine-tune", "The values follow no publication");
    assert!(wire.actions().is_empty());
}

#[test]
fn an_interrupted_run_is_gone_on_with_or_thrown_away() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    harness.get_by_label("Go on with sface-choir");
    harness.get_by_label("Discard").click();
    harness.run_steps(3);
    assert!(wire.actions().is_empty(), "asked first");
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    harness.get_by_label("Go on").click();
    harness.run_steps(3);
    assert!(matches!(&wire.actions()[..], [Request::Train(TrainRequest::GoOn(path))] if path.ends_with("sface-choir")));
}

#[test]
fn a_run_is_watched_paused_and_stopped() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    tell(&wire, &mut harness, train::training());
    harness.get_by_label("38 people have only one picture");
    harness.get_all_by_label_contains("Hard: squared distance 0.45 to the positive").next().unwrap();
    assert_eq!(harness.unnamed_widgets(), Vec::<String>::new());
    let times = "Time of a step: Waiting for pictures 1.4%, Embedding 25.4%, Choosing triplets, loss 3.9%, \
                 Learning, forwards and backwards 61.4%";
    harness.get_by_label_contains(times);
    harness.get_by_label("0.172 s");
    tell(&wire, &mut harness, vec![train::judging(120, 720)]);
    harness.get_all_by_label_contains("Judging 120 of 720").next().unwrap();
    tell(&wire, &mut harness, vec![train::judging(720, 720)]);
    harness.get_by_label("Pause").click();
    harness.run_steps(3);
    harness.get_by_label("Stop and keep").click();
    harness.run_steps(3);
    let asked = [TrainRequest::Pause(true), TrainRequest::Stop { discard: false }].map(Request::Train);
    assert_eq!(wire.actions(), asked);
    // The view can be left and come back to.
    send(&mut harness, Message::Act(Action::Show(View::PEOPLE)));
    send(&mut harness, Message::Act(Action::Show(View::TRAIN)));
    harness.get_all_by_label_contains("judging and saving").next().unwrap();
}

#[test]
fn a_run_is_thrown_away_only_at_the_second_word() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    tell(&wire, &mut harness, train::training());
    harness.get_by_label("Stop and discard…").click();
    harness.run_steps(4);
    assert!(wire.actions().is_empty());
    harness.get_by_label("Discard").click();
    harness.run_steps(3);
    assert_eq!(wire.actions(), [Request::Train(TrainRequest::Stop { discard: true })]);
}

#[test]
fn the_new_network_is_used_at_the_user_s_word() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    tell(&wire, &mut harness, train::trained());
    harness.get_by_label("The new network is better");
    assert!(wire.actions().is_empty());
    harness.get_by_label("Use the new network").click();
    harness.run_steps(3);
    assert_eq!(wire.actions(), [Request::Train(TrainRequest::Use(Box::new(train::summary())))]);
    tell(&wire, &mut harness, vec![TrainEvent::InUse { model: "sface-2021dec-Faces".into(), faces: 12_044 }]);
    harness.get_by_label("12,044 faces of the library wait to be embedded by it; names stay");
    harness.get_by_label("Embed the library again").click();
    harness.run_steps(3);
    assert_eq!(wire.actions().last(), Some(&Request::Train(TrainRequest::Reembed)));
}

/// Where no judgement beat the first one.
#[test]
fn a_network_that_gained_nothing_is_not_offered() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    tell(&wire, &mut harness, train::trained_for_nothing());
    harness.get_by_label("Nothing was gained: of all networks that were judged, the one it began with did best");
    assert!(harness.query_by_label("Use the new network").is_none());
}

/// It replaces none: what it is measured against is its teacher.
#[test]
fn a_taught_network_is_not_told_as_one_that_was_fine_tuned() {
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    tell(&wire, &mut harness, train::trained_to(TrainSummary { against_teacher: true, ..train::summary() }));
    harness.get_by_label("The taught network is better than its teacher");
    assert!(harness.query_by_label("Keep the old one").is_none());
    harness.get_by_label("Use the taught network");
    harness.get_by_label("Leave the library as it is").click();
    harness.run_steps(3);
    harness.get_by_label_contains("The library goes on with the network it has");
}

#[test]
fn a_network_that_is_not_advised_says_why() {
    let (summary, alone) = (train::summary(), TrainSummary { comparison: None, ..train::summary() });
    let few = |pictures| {
        let mut after = summary.after.clone().unwrap();
        after.people.as_mut().unwrap().pictures = pictures;
        TrainSummary { after: Some(after), ..alone.clone() }
    };
    let nobody = TrainSummary { after: None, ..alone.clone() };
    let ruined = TrainSummary { stopped: StopReason::NotANumber, ..alone.clone() };
    let without_names = TrainSummary { held_out_people: summary.held_out_pictures, ..nobody.clone() };
    let mut worse = summary.before.clone();
    worse.as_mut().unwrap().people.as_mut().unwrap().auc = 0.9;
    let fell = TrainSummary { before: summary.after.clone(), after: worse, ..alone.clone() };
    for (summary, why) in [
        (few(12), "12 pictures of people held out are too few"),
        (nobody, "nobody was held out"),
        (without_names, "no two of the pictures held out"),
        (ruined, "no number any more"),
        (fell, "less well than before the run"),
        (alone, "measured on those who chose it"),
    ] {
        let (wire, mut harness) = open(album_world(), View::TRAIN);
        tell(&wire, &mut harness, train::trained_to(summary));
        assert!(harness.query_all_by_label_contains(why).next().is_some(), "{why}");
        harness.get_by_label("Use the new network");
    }
    let (wire, mut harness) = open(album_world(), View::TRAIN);
    tell(&wire, &mut harness, train::trained_to(TrainSummary { learned: false, ..summary }));
    harness.get_by_label_contains("Nothing was learned");
    assert!(harness.query_by_label("Use the new network").is_none());
}

#[test]
fn the_demonstration_ends_with_groups_in_plain_words() {
    let (wire, mut harness) = open(fresh_world(), View::LIBRARY);
    harness.get_by_label("Try the demonstration").click();
    harness.run_steps(4);
    assert_eq!(wire.actions(), [Request::Train(TrainRequest::Demonstrate(Default::default()))]);
    assert_eq!(harness.state().state().view, View::TRAIN);
    tell(&wire, &mut harness, train::demonstrated());
    harness.get_by_label("94.3%");
    harness.get_by_label("2 people in one group, 24 faces");
    assert_eq!(harness.get_all_by_label("One person, 12 faces").count(), 11);
}
