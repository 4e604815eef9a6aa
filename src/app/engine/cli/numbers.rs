//! Numbers as a user writes them. Of one that is out of its range, or none at all, nothing sensible follows: it is refused
//! before anything begins. What counts or multiplies has an upper end, too, beyond which products would not fit.

use std::fmt::Display;
use std::str::FromStr;

use crate::types::{Advised, SquaredDistance};

/// More of anything nobody has, and the product of two still fits 64 bits.
const MOST: u64 = 1_000_000_000;

/// A weight, a margin: 0 or more.
pub(crate) fn not_negative<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    checked(text, |number| number >= 0.0, "a number of 0 or more is needed")
}

/// What divides, or is taken steps by: more than 0.
pub(crate) fn positive<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    checked(text, |number| number > 0.0, "a number above 0 is needed")
}

/// A share of something: 0 to 1.
pub(crate) fn share<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    between::<T, 0, 1>(text)
}

/// A share that leaves something: from 0 to below 1.
pub(crate) fn share_below_one<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    checked(text, |number| (0.0..1.0).contains(&number), "a number from 0 to below 1 is needed")
}

/// A share of which something is left: above 0, up to 1.
pub(crate) fn part<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    checked(text, |number| number > 0.0 && number <= 1.0, "a number above 0 and up to 1 is needed")
}

/// A rate of wrong matches to measure at: with none nothing is wrong, with all of them nothing is told apart.
pub(crate) fn rate<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    checked(text, |number| number > 0.0 && number < 1.0, "a rate above 0 and below 1 is needed, such as 0.001")
}

/// How far two unit vectors can be apart.
pub(crate) fn squared_distance(text: &str) -> Result<f32, String> {
    let most = f64::from(SquaredDistance::FARTHEST.0);
    let wanted = format!("a squared distance from 0 to {most} is needed");
    checked(text, |number| (0.0..=most).contains(&number), &wanted)
}

/// A number of a range whose ends are whole.
pub(crate) fn between<T: FromStr + Copy + Into<f64>, const LEAST: u32, const MOST: u32>(
    text: &str,
) -> Result<T, String> {
    let fits = |number| (f64::from(LEAST)..=f64::from(MOST)).contains(&number);
    checked(text, fits, &format!("a number from {LEAST} to {MOST} is needed"))
}

/// A factor: above 0.
pub(crate) fn factor_up_to<const MOST: u32>(text: &str) -> Result<f64, String> {
    let fits = |number| number > 0.0 && number <= f64::from(MOST);
    checked(text, fits, &format!("a number above 0 and up to {MOST} is needed"))
}

/// How many, where none makes no sense.
pub(crate) fn at_least_one<T: FromStr + Copy + TryInto<u64>>(text: &str) -> Result<T, String> {
    whole_between(text, 1, MOST)
}

/// How many, of what one alone says nothing.
pub(crate) fn at_least_two<T: FromStr + Copy + TryInto<u64>>(text: &str) -> Result<T, String> {
    whole_between(text, 2, MOST)
}

/// How many, or none.
pub(crate) fn any_number<T: FromStr + Copy + TryInto<u64>>(text: &str) -> Result<T, String> {
    whole_between(text, 0, MOST)
}

/// How many, from what makes sense to what does.
pub(crate) fn count_between<T: FromStr + Copy + TryInto<u64>, const LEAST: u64, const MOST: u64>(
    text: &str,
) -> Result<T, String> {
    whole_between(text, LEAST, MOST)
}

/// What chance begins with: any number that fits.
pub(crate) fn seed(text: &str) -> Result<u64, String> {
    whole_between(text, 0, u64::MAX)
}

/// The number of a person, a face or a revision.
pub(crate) fn listed_number(text: &str) -> Result<i64, String> {
    let wanted = || format!("a whole number is needed, as {} prints it", Advised("people --json"));
    text.parse().ok().filter(|number| *number >= 0).ok_or_else(wanted)
}

fn whole_between<T: FromStr + Copy + TryInto<u64>>(text: &str, least: u64, most: u64) -> Result<T, String> {
    let fits = |number: &T| (*number).try_into().is_ok_and(|number: u64| (least..=most).contains(&number));
    let wanted = || format!("a whole number from {least} to {most} is needed");
    text.parse().ok().filter(fits).ok_or_else(wanted)
}

fn checked<T: FromStr + Copy + Into<f64>>(
    text: &str,
    fits: impl Fn(f64) -> bool,
    wanted: &(impl Display + ?Sized),
) -> Result<T, String> {
    let number = text.parse().ok().filter(|number: &T| (*number).into().is_finite() && fits((*number).into()));
    number.ok_or_else(|| wanted.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_of_which_something_follows_is_taken() {
        for text in ["nan", "NaN", "inf", "-inf", "-0.5", "", "far", "1e400"] {
            assert!(not_negative::<f32>(text).is_err() && not_negative::<f64>(text).is_err(), "{text}");
            let parsers = [positive::<f64>, share::<f64>, share_below_one::<f64>, part::<f64>, rate::<f64>];
            assert!(parsers.iter().all(|parser| parser(text).is_err()), "{text}");
            assert!(squared_distance(text).is_err() && factor_up_to::<9>(text).is_err(), "{text}");
        }
        assert_eq!((not_negative::<f32>("1.25"), not_negative::<f64>("0")), (Ok(1.25), Ok(0.0)));
        assert!(positive::<f32>("0").is_err() && part::<f32>("0").is_err() && share::<f32>("1.1").is_err());
        assert_eq!((share::<f64>("0"), part::<f32>("1"), positive::<f64>("7")), (Ok(0.0), Ok(1.0), Ok(7.0)));
        assert_eq!((at_least_one::<usize>("1"), at_least_one::<u64>("0").is_err()), (Ok(1), true));
        assert!(at_least_one::<usize>("-1").is_err() && at_least_one::<usize>("1.5").is_err());
    }

    #[test]
    fn what_is_beyond_a_range_is_refused_with_the_range() {
        assert_eq!(
            (squared_distance("4"), rate::<f64>("0.5"), share_below_one::<f64>("0")),
            (Ok(4.0), Ok(0.5), Ok(0.0))
        );
        assert!(squared_distance("4.01").unwrap_err().contains("from 0 to 4"));
        assert!(["0", "1"].iter().all(|text| rate::<f64>(text).is_err()));
        assert!(share_below_one::<f32>("1").is_err() && between::<f32, 0, 180>("180.5").is_err());
        assert!(factor_up_to::<32>("1e30").unwrap_err().contains("up to 32"));
        assert_eq!((any_number::<usize>("0"), at_least_one::<u32>("1000000000")), (Ok(0), Ok(1_000_000_000)));
        let largest = u64::MAX.to_string();
        assert!(any_number::<u64>(&largest).is_err() && at_least_one::<usize>(&largest).is_err());
        assert!(count_between::<u8, 0, 100>("101").is_err());
        assert_eq!((seed(&largest), listed_number("17")), (Ok(u64::MAX), Ok(17)));
        for text in ["-1", "x", "1.5", "", "99999999999999999999"] {
            assert!(seed(text).unwrap_err().contains("from 0 to"), "{text}");
            assert!(listed_number(text).unwrap_err().starts_with("a whole number is needed"), "{text}");
        }
    }
}
