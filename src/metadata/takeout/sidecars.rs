//! Which JSON of a folder belongs to which photo.
//!
//! What others found out about the names (ente/ente#4956, TheLastGimbus/GooglePhotosTakeoutHelper#8, #59, #448, #449,
//! simulot/immich-go#35):
//! * `IMG.jpg` has `IMG.jpg.json`, since autumn 2024 `IMG.jpg.supplemental-metadata.json`.
//! * Before `.json`, a name has at most 46 UTF-16 units: first the supplement is cut, then the photo's own name.
//! * `IMG(1).jpg` has `IMG.jpg(1).json` or `IMG.jpg.supplemental-metadata(1).json`; the number is never cut.
//! * `IMG-edited.jpg`, in the account's language, has none: it is `IMG.jpg`'s.
//!
//! Where two JSON files could be a photo's, none is: a wrong name is worse than a missing one.

use std::collections::HashMap;

use super::TakeoutJson;
use crate::metadata::name_key::folded;

/// UTF-16 units before `.json`.
const MAX_STEM: usize = 46;
const SUPPLEMENT: &str = "supplemental-metadata";
/// What edited copies are called in the languages of Google Photos, in small letters.
const EDITED: &[&str] = &[
    "-edited",
    "-bearbeitet",
    "-modifié",
    "-editado",
    "-ha editado",
    "-modificato",
    "-bewerkt",
    "-edytowane",
    "-redigerad",
    "-redigert",
    "-redigeret",
    "-muokattu",
    "-upraveno",
    "-upravené",
    "-düzenlendi",
    "-изменено",
    "-editat",
    "-szerkesztve",
    "-編集済み",
    "-已修改",
    "-已編輯",
    "-수정됨",
];

/// The JSON files of one folder, by what their names may mean.
#[derive(Debug, Default)]
pub(crate) struct TakeoutFolder {
    jsons: Vec<TakeoutJson>,
    /// A photo's name, perhaps cut, and its number.
    by_name: HashMap<(String, u32), Vec<usize>>,
    by_title: HashMap<(String, u32), Vec<usize>>,
}

/// Whether a file may be a photo's JSON.
pub(crate) fn is_sidecar_name(name: &str) -> bool {
    stem_and_number(name).is_some()
}

impl TakeoutFolder {
    pub(crate) fn add(&mut self, file_name: &str, json: TakeoutJson) {
        let Some((stem, number)) = stem_and_number(file_name) else { return };
        let place = self.jsons.len();
        let mut index = |name: &str| self.by_name.entry((name.to_owned(), number)).or_default().push(place);
        index(&stem);
        if let Some(without) = without_supplement(&stem) {
            index(without);
        }
        if let Some(title) = &json.title {
            self.by_title.entry((folded(title), number)).or_default().push(place);
        }
        self.jsons.push(json);
    }

    /// The JSON of a photo of this folder.
    pub(crate) fn of_photo(&self, file_name: &str) -> Option<&TakeoutJson> {
        let name = folded(file_name);
        self.of_name(&name).or_else(|| originals(&name).iter().find_map(|original| self.of_name(original)))
    }

    fn of_name(&self, name: &str) -> Option<&TakeoutJson> {
        // A whole name goes before a cut one, and a name before a title, which several files of a folder may share.
        let by = |index: &HashMap<(String, u32), Vec<usize>>, name: String, number| match index.get(&(name, number)) {
            Some(places) => self.only(places),
            None => None,
        };
        let readings = readings(name);
        let mut whole = readings.iter().filter_map(|(name, number)| by(&self.by_name, name.clone(), *number));
        let mut shortened = readings.iter().filter_map(|(name, number)| by(&self.by_name, cut(name), *number));
        let mut title = readings.iter().filter_map(|(name, number)| by(&self.by_title, name.clone(), *number));
        whole.next().or_else(|| shortened.next()).or_else(|| title.next())
    }

    /// Several JSON files that name the same people are as good as one.
    fn only(&self, places: &[usize]) -> Option<&TakeoutJson> {
        let first = &self.jsons[*places.first()?];
        places.iter().all(|&place| self.jsons[place].people == first.people).then_some(first)
    }
}

/// What a JSON's name has before `.json`, without a number at its end, and the number. Some old archives have the
/// number after `.json`.
fn stem_and_number(file_name: &str) -> Option<(String, u32)> {
    let name = folded(file_name);
    if let Some(stem) = name.strip_suffix(".json") {
        let (stem, number) = without_number(stem);
        return (!stem.is_empty()).then(|| (stem.to_owned(), number));
    }
    let (rest, number) = without_number(&name);
    let stem = rest.strip_suffix(".json")?;
    (number > 0 && !stem.is_empty()).then(|| (stem.to_owned(), number))
}

/// The stem without `.supplemental-metadata`, however much of it is left; at least the dot.
fn without_supplement(stem: &str) -> Option<&str> {
    let (rest, supplement) = stem.rsplit_once('.')?;
    (SUPPLEMENT.starts_with(supplement) && !rest.is_empty()).then_some(rest)
}

/// How a photo's name may stand in its JSON's: with its number moved to the end, or as it is.
fn readings(name: &str) -> Vec<(String, u32)> {
    let (stem, extension) = extension_of(name);
    let mut readings = Vec::new();
    if let (plain, number @ 1..) = without_number(stem) {
        readings.push((format!("{plain}{extension}"), number));
    }
    readings.push((name.to_owned(), 0));
    readings
}

/// The names that a photo may be an edited copy of.
fn originals(name: &str) -> Vec<String> {
    let (stem, extension) = extension_of(name);
    let (plain, number) = without_number(stem);
    let number = if number > 0 { format!("({number})") } else { String::new() };
    let mut originals = Vec::new();
    for word in EDITED.iter().map(|word| folded(word)) {
        if let Some(original) = plain.strip_suffix(&word) {
            originals.push(format!("{original}{number}{extension}"));
        }
        // A long name is cut within the word.
        if name.encode_utf16().count() >= MAX_STEM {
            let cuts = (3..word.chars().count()).rev().map(|length| word.chars().take(length).collect::<String>());
            originals.extend(
                cuts.filter_map(|part| plain.strip_suffix(&part))
                    .map(|original| format!("{original}{number}{extension}")),
            );
        }
    }
    originals
}

fn extension_of(name: &str) -> (&str, &str) {
    name.rfind('.').map_or((name, ""), |dot| name.split_at(dot))
}

/// "a(12)" is "a" and 12; without a number it is 0.
fn without_number(text: &str) -> (&str, u32) {
    let numbered = || {
        let (rest, number) = text.strip_suffix(')')?.rsplit_once('(')?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        number.parse().ok().filter(|&number: &u32| is_number && number > 0).map(|number| (rest, number))
    };
    numbered().unwrap_or((text, 0))
}

/// The first [`MAX_STEM`] UTF-16 units, never half a character.
fn cut(name: &str) -> String {
    let mut units = 0;
    let fits = |c: &char| {
        units += c.len_utf16();
        units <= MAX_STEM
    };
    name.chars().take_while(fits).collect()
}
