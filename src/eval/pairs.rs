//! Pair lists: LFW's `pairs.txt` (View 2), `pairsDevTrain.txt` and `pairsDevTest.txt` (View 1), and plain CSV.
//!
//! LFW (Huang et al. 2007, section 3): a header with the number of folds and the pairs of each kind in a fold, then
//! for each fold that many lines `name i j` (same person) and that many lines `name1 i name2 j` (different people).
//! View 1's header holds the number of pairs alone: one fold.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::types::counted;

/// Two images, from the list that names them to the failure wall.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Pair {
    /// The images' places: in a list or run among its images, where vectors are judged among those.
    pub a: usize,
    pub b: usize,
    /// What the labels say, right or wrong.
    pub same: bool,
    /// As its list calls it; lists that do not name their folds count them from 1.
    #[serde(default)]
    pub fold: usize,
    /// Not a number until it is measured; no judgement takes such a pair.
    pub distance: f64,
}

impl Pair {
    /// A pair whose distance is not known yet.
    pub(crate) fn unmeasured(a: usize, b: usize, same: bool, fold: usize) -> Self {
        Self { a, b, same, fold, distance: f64::NAN }
    }

    /// A pair of which only the distance matters.
    #[cfg(test)]
    pub(crate) fn at(distance: f64, same: bool, fold: usize) -> Self {
        Self { a: 0, b: 0, same, fold, distance }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct PairList {
    /// Path of every image below the folder of images, with `/`; each once, in the order of first mention.
    pub images: Vec<String>,
    pub pairs: Vec<Pair>,
    /// Each once, in order.
    pub folds: Vec<usize>,
}

/// Images by their paths while a list is read.
#[derive(Debug, Default)]
pub(crate) struct ImagePlaces {
    pub images: Vec<String>,
    place_of: HashMap<String, usize>,
}

impl ImagePlaces {
    /// The place of an image, a new one for an image not met before.
    pub fn of(&mut self, path: String) -> usize {
        *self.place_of.entry(path).or_insert_with_key(|path| {
            self.images.push(path.clone());
            self.images.len() - 1
        })
    }
}

/// What is wrong with a pair list; lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PairsError {
    #[error("the pair list is empty; its first line must hold the number of folds and of pairs, as in \"10 300\"")]
    Empty,
    #[error("line {line}: \"{text}\" is no header; it must hold the number of folds and of pairs, as in \"10 300\"")]
    Header { line: usize, text: String },
    #[error("line {line}: expected a pair of {expected}, found \"{text}\"")]
    Pair { line: usize, expected: &'static str, text: String },
    #[error("line {line}: \"{text}\" is not the number of an image")]
    ImageNumber { line: usize, text: String },
    #[error("line {line}: a pair of different people names {name} twice")]
    SameName { line: usize, name: String },
    #[error("the header announces {expected} pairs, but the list ends after {found} (line {line})")]
    TooFew { line: usize, expected: usize, found: usize },
    #[error("line {line}: the header announces {expected} pairs, but more follow")]
    TooMany { line: usize, expected: usize },
    #[error(
        "the list has {pairs} pairs in {folds} folds, and each fold is judged by the pairs of all others: so many pairs can \
         be judged in {}; join some",
        counted(*at_most, "fold", "folds")
    )]
    TooManyFolds { folds: usize, pairs: usize, at_most: usize },
    #[error("line {line}: expected \"first path, second path, 1 or 0\" and optionally a fold, found \"{text}\"")]
    Csv { line: usize, text: String },
}

/// How often a pair may be looked at: once for each fold. A list of so many takes half a minute.
const LOOKS_AT_MOST: usize = 1 << 28;

/// Of a list that does not say how its folds are called.
pub(super) const FIRST_FOLD: usize = 1;

const SAME: &str = "one person (name, number, number)";
const DIFFERENT: &str = "two people (name, number, name, number)";

impl PairList {
    /// LFW's own format; blank lines and line ends of any system are accepted.
    ///
    /// # Errors
    /// At the first line that breaks the format, with its number.
    pub(crate) fn parse_lfw(text: &str) -> Result<Self, PairsError> {
        let mut lines = content_lines(text);
        let (line, header) = lines.next().ok_or(PairsError::Empty)?;
        let (folds, each) = parse_header(line, header)?;
        let expected = folds * each * 2;
        check_looks(folds, expected)?;
        let mut pairs = Vec::with_capacity(expected.min(1 << 20));
        let mut places = ImagePlaces::default();
        let mut last_line = line;
        for (line, text) in lines {
            if pairs.len() == expected {
                return Err(PairsError::TooMany { line, expected });
            }
            let in_fold = pairs.len() % (2 * each);
            let [a, b] = parse_pair(line, text, in_fold < each)?.map(|path| places.of(path));
            pairs.push(Pair::unmeasured(a, b, in_fold < each, FIRST_FOLD + pairs.len() / (2 * each)));
            last_line = line;
        }
        if pairs.len() < expected {
            return Err(PairsError::TooFew { line: last_line, expected, found: pairs.len() });
        }
        Ok(Self { images: places.images, pairs, folds: (FIRST_FOLD..FIRST_FOLD + folds).collect() })
    }

    /// `first path, second path, 1 or 0[, fold]`, separated by tabs, commas, semicolons or blanks, as a table's programs
    /// write it; a fold is any whole number, and 1 when left out. A first line whose third field is a word of [`LABELS`] is
    /// a header.
    ///
    /// # Errors
    /// At the first line that breaks the format, with its number.
    pub(crate) fn parse_csv(text: &str) -> Result<Self, PairsError> {
        let (mut pairs, mut places) = (Vec::new(), ImagePlaces::default());
        for (index, (line, text)) in content_lines(text).enumerate() {
            let fields = table_fields(text);
            let wrong = || PairsError::Csv { line, text: text.to_owned() };
            let [a, b, same, rest @ ..] = fields.as_slice() else { return Err(wrong()) };
            let same = match &*same.to_ascii_lowercase() {
                "1" | "1.0" | "true" => true,
                "0" | "0.0" | "false" => false,
                word if index == 0 && LABELS.contains(&word) => continue,
                _ => return Err(wrong()),
            };
            let fold = match rest {
                [] => FIRST_FOLD,
                [fold] => fold.parse().map_err(|_| wrong())?,
                _ => return Err(wrong()),
            };
            let [a, b] = [a, b].map(|path| places.of(path.clone()));
            pairs.push(Pair::unmeasured(a, b, same, fold));
        }
        let folds: BTreeSet<usize> = pairs.iter().map(|pair| pair.fold).collect();
        match folds.is_empty() {
            true => Err(PairsError::Empty),
            false => check_looks(folds.len(), pairs.len()).map(|()| Self {
                images: places.images,
                pairs,
                folds: folds.into_iter().collect(),
            }),
        }
    }

    /// Whether a list begins as LFW's do: a line of one or two numbers alone.
    pub(crate) fn begins_as_lfw(text: &str) -> bool {
        content_lines(text).next().is_some_and(|(line, header)| parse_header(line, header).is_ok())
    }

    /// Only the pairs that `kept` wants, and their images.
    #[must_use]
    pub(crate) fn filtered(&self, mut kept: impl FnMut(&Pair) -> bool) -> Self {
        let mut places = ImagePlaces::default();
        let mut moved = |place: usize| places.of(self.images[place].clone());
        let pairs = self.pairs.iter().filter(|pair| kept(pair));
        let pairs = pairs.map(|pair| Pair { a: moved(pair.a), b: moved(pair.b), ..*pair }).collect();
        Self { images: places.images, pairs, folds: self.folds.clone() }
    }
}

fn check_looks(folds: usize, pairs: usize) -> Result<(), PairsError> {
    match folds > 1 && folds.saturating_mul(pairs) > LOOKS_AT_MOST {
        true => Err(PairsError::TooManyFolds { folds, pairs, at_most: (LOOKS_AT_MOST / pairs).max(1) }),
        false => Ok(()),
    }
}

/// LFW's path of an image: `Name/Name_0001.jpg`.
fn lfw_path(name: &str, number: u32) -> String {
    format!("{name}/{name}_{number:04}.jpg")
}

fn content_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Old programs of one system end lines with a return alone.
    let end = if text.contains('\n') { '\n' } else { '\r' };
    text.split(end).enumerate().map(|(index, line)| (index + 1, line.trim())).filter(|(_, line)| !line.is_empty())
}

fn fields(text: &str) -> Vec<&str> {
    if text.contains('\t') { text.split('\t').map(str::trim).collect() } else { text.split_whitespace().collect() }
}

/// Above the column that says whether two pictures show one person.
const LABELS: [&str; 7] = ["same", "issame", "is_same", "label", "match", "target", "same_person"];

/// By the first separator that gives a pair's fields.
fn table_fields(text: &str) -> Vec<String> {
    let by = |separator: char| quoted_fields(text, separator);
    let is_pair = |fields: &Vec<String>| fields.len() > 2;
    let found = ['\t', ',', ';'].into_iter().map(by).find(is_pair);
    let mut fields = found.unwrap_or_else(|| text.split_whitespace().map(str::to_owned).collect());
    // A separator ends some programs' lines.
    fields.pop_if(|last| last.is_empty());
    fields
}

/// A field in quotes holds what it holds, and two quotes in it stand for one.
fn quoted_fields(text: &str, separator: char) -> Vec<String> {
    let (mut fields, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.next_if_eq(&'"').is_some() => field.push('"'),
            '"' if is_quoted || field.trim().is_empty() => is_quoted = !is_quoted,
            letter if letter == separator && !is_quoted => fields.push(std::mem::take(&mut field)),
            letter => field.push(letter),
        }
    }
    fields.push(field);
    fields.iter().map(|field| field.trim().to_owned()).collect()
}

fn parse_header(line: usize, text: &str) -> Result<(usize, usize), PairsError> {
    let numbers: Option<Vec<usize>> = fields(text).into_iter().map(|field| field.parse().ok()).collect();
    match numbers.as_deref() {
        Some(&[each]) if is_countable(1, each) => Ok((1, each)),
        Some(&[folds, each]) if is_countable(folds, each) => Ok((folds, each)),
        _ => Err(PairsError::Header { line, text: text.to_owned() }),
    }
}

fn is_countable(folds: usize, each: usize) -> bool {
    folds.checked_mul(each).is_some_and(|pairs| (1..1 << 40).contains(&pairs))
}

fn parse_pair(line: usize, text: &str, same: bool) -> Result<[String; 2], PairsError> {
    let number = |field: &str| -> Result<u32, PairsError> {
        field.parse().map_err(|_| PairsError::ImageNumber { line, text: field.to_owned() })
    };
    match (fields(text).as_slice(), same) {
        (&[name, i, j], true) => Ok([lfw_path(name, number(i)?), lfw_path(name, number(j)?)]),
        (&[a, _, b, _], false) if a == b => Err(PairsError::SameName { line, name: a.to_owned() }),
        (&[a, i, b, j], false) => Ok([lfw_path(a, number(i)?), lfw_path(b, number(j)?)]),
        _ => {
            Err(PairsError::Pair { line, expected: if same { SAME } else { DIFFERENT }, text: text.replace('\t', " ") })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_FOLDS: &str =
        "2\t1\r\nAnn_Lee\t1\t4\r\nAnn_Lee\t1\tBo_Ek\t2\r\n\r\nCy_Ng\t3\t12\r\nDee_Oh\t1\tEd_Po\t1\r\n\r\n";

    #[test]
    fn reads_folds_with_windows_line_ends_and_blank_lines() {
        let list = PairList::parse_lfw(TWO_FOLDS).unwrap();
        assert_eq!((&list.folds[..], list.pairs.len()), (&[1, 2][..], 4));
        assert_eq!(list.images[list.pairs[2].b], "Cy_Ng/Cy_Ng_0012.jpg");
        assert_eq!(
            list.pairs.iter().map(|p| (p.same, p.fold)).collect::<Vec<_>>(),
            [(true, 1), (false, 1), (true, 2), (false, 2)]
        );
        assert_eq!(list.images.len(), 7);
    }

    #[test]
    fn reads_lines_that_end_with_a_return_alone() {
        let [old, new] = [TWO_FOLDS.replace("\r\n", "\r"), TWO_FOLDS.to_owned()].map(|text| {
            let list = PairList::parse_lfw(&text).unwrap();
            (list.images, list.pairs.len(), list.folds)
        });
        assert_eq!(old, new);
    }

    #[test]
    fn reads_view_1() {
        let list = PairList::parse_lfw("2\nA\t1\t2\nA\t1\t3\nA\t1\tB\t1\nA\t2\tB\t1\n").unwrap();
        assert_eq!((&list.folds[..], list.pairs.len(), list.pairs[3].same), (&[1][..], 4, false));
    }

    #[test]
    fn more_pairs_than_can_be_counted_are_no_list() {
        for header in ["9223372036854775808", "4294967296\t4294967296", "0", "3\t0"] {
            assert!(matches!(PairList::parse_lfw(header), Err(PairsError::Header { line: 1, .. })), "{header}");
        }
    }

    #[test]
    fn a_list_is_known_by_its_first_line() {
        assert!(PairList::begins_as_lfw(TWO_FOLDS) && PairList::begins_as_lfw("\n300\n"));
        assert!(!["a.jpg,b.jpg,1", "first,second,same", "1,2,0", ""].iter().any(|text| PairList::begins_as_lfw(text)));
    }

    #[test]
    fn says_which_line_is_wrong() {
        let check = |text: &str, expected: &str| {
            assert_eq!(PairList::parse_lfw(text).unwrap_err().to_string().split(',').next(), Some(expected), "{text}");
        };
        check("", "the pair list is empty; its first line must hold the number of folds and of pairs");
        check("\n\nten 300\n", "line 3: \"ten 300\" is no header; it must hold the number of folds and of pairs");
        check("1 1\nA 1 B 2\n", "line 2: expected a pair of one person (name");
        check("1 1\nA 1 x\n", "line 2: \"x\" is not the number of an image");
        check("1 1\nA 1 2\nA 1 A 2\n", "line 3: a pair of different people names A twice");
        check("1 1\n\nA 1 2\n", "the header announces 2 pairs");
        check("1 1\nA 1 2\nA 1 B 2\nA 1 2\n", "line 4: the header announces 2 pairs");
        check("0 300\n", "line 1: \"0 300\" is no header; it must hold the number of folds and of pairs");
    }

    /// Before the pairs are read, where the header says it.
    #[test]
    fn more_folds_than_can_be_judged_are_refused() {
        let told = |list: Result<PairList, PairsError>| list.unwrap_err().to_string();
        let lfw = told(PairList::parse_lfw("2000000\t1\nAnn\t1\t2\n"));
        assert!(lfw.contains("4000000 pairs in 2000000 folds") && lfw.contains("judged in 67 folds"), "{lfw}");
        let rows: String = (0..20_000).map(|fold| format!("a,b,{},{fold}\n", fold % 2)).collect();
        assert!(told(PairList::parse_csv(&rows)).contains("20000 pairs in 20000 folds"));
        // One fold is judged by another list, and as many folds as the largest set has people are no trouble.
        assert!(matches!(PairList::parse_lfw("4000000\n"), Err(PairsError::TooFew { expected: 8_000_000, .. })));
        assert!(matches!(PairList::parse_lfw("5749\t3\n"), Err(PairsError::TooFew { .. })));
    }

    #[test]
    fn names_with_spaces_need_tabs() {
        let list = PairList::parse_lfw("1\t1\nAnn Lee\t1\t2\nAnn Lee\t1\tBo Ek\t1\n").unwrap();
        assert_eq!(list.images[list.pairs[0].a], "Ann Lee/Ann Lee_0001.jpg");
    }

    #[test]
    fn reads_csv_with_and_without_folds() {
        let list = PairList::parse_csv("first,second,same,fold\na.jpg, b.jpg, 1, 0\nc.jpg,d.jpg,0,1\n").unwrap();
        assert_eq!((&list.folds[..], list.pairs[1].fold), (&[0, 1][..], 1));
        assert_eq!(list.images[list.pairs[0].b], "b.jpg");
        assert_eq!(PairList::parse_csv("a\tb\t0\n").unwrap().folds, [1]);
        // However far apart, as where a year or a person's number is the fold.
        assert_eq!(PairList::parse_csv("a,b,0,4000000000\nc,d,1,7\na,d,1,7\n").unwrap().folds, [7, 4_000_000_000]);
        for text in [
            "a b.jpg,c.jpg,0.0,",
            "a b.jpg;c.jpg;0",
            "\"a b.jpg\", c.jpg ,False",
            "x,y,label\r\na b.jpg\tc.jpg\tfalse\t1",
        ] {
            let list = PairList::parse_csv(text).unwrap();
            assert_eq!(
                (&list.images[..], list.pairs.len()),
                (&["a b.jpg".to_owned(), "c.jpg".to_owned()][..], 1),
                "{text}"
            );
        }
        assert_eq!(PairList::parse_csv("a/1.jpg b/2.jpg 1\n").unwrap().images, ["a/1.jpg", "b/2.jpg"]);
        assert_eq!(
            PairList::parse_csv("\"a, \"\"b\"\".jpg\",c 5\".jpg,1\n").unwrap().images,
            ["a, \"b\".jpg", "c 5\".jpg"]
        );
        assert!(matches!(PairList::parse_csv("a,b,2\n"), Err(PairsError::Csv { line: 1, .. })));
        assert_eq!(PairList::parse_csv("\n"), Err(PairsError::Empty));
    }
}
