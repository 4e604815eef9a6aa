use std::path::Path;

use super::{PeopleKeywords, PhotoKeywords};

fn list(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn keywords(flat: &[&str], hierarchical: &[&str], tags_list: &[&str]) -> PhotoKeywords {
    PhotoKeywords { flat: list(flat), hierarchical: list(hierarchical), tags_list: list(tags_list) }
}

fn names(people: &PeopleKeywords, photo: &PhotoKeywords) -> Vec<String> {
    people.names(Path::new("/a.jpg"), photo).into_iter().filter_map(|found| found.name).collect()
}

#[test]
fn people_stand_under_their_root_in_any_language() {
    let photo = keywords(
        &["Anna", "Zürich", "People|Emil"],
        &["People|Anna", "Places|Zürich", "人物|太郎"],
        &["Personen/Bert", "people/Unknown", "PEOPLE"],
    );
    let mut people = PeopleKeywords::new(&[]);
    people.learn(&photo);
    assert_eq!(names(&people, &photo), ["Bert", "Anna", "太郎", "Emil"]);
}

#[test]
fn a_path_with_others_below_is_a_folder_everywhere() {
    let first = keywords(&[], &[], &["People/Family", "People/Family/Anna"]);
    let second = keywords(&[], &["People|Family"], &[]);
    let mut people = PeopleKeywords::new(&[]);
    people.learn(&first);
    people.learn(&second);
    assert_eq!(names(&people, &first), ["Anna"]);
    assert!(names(&people, &second).is_empty());
}

#[test]
fn a_flat_keyword_is_a_person_only_if_known_as_one() {
    let photo = keywords(&["anna müller", "Strand"], &[], &[]);
    let mut people = PeopleKeywords::new(&[]);
    assert!(names(&people, &photo).is_empty());
    people.know("Müller, Anna");
    assert_eq!(names(&people, &photo), ["anna müller"]);
}

#[test]
fn the_user_may_call_the_root_otherwise() {
    let photo = keywords(&[], &["Familie|Anna"], &[]);
    assert!(names(&PeopleKeywords::new(&[]), &photo).is_empty());
    assert_eq!(names(&PeopleKeywords::new(&list(&["Familie"])), &photo), ["Anna"]);
}
