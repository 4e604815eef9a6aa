//! Numbers as a user writes them. Of one that is out of its range, or none at all, nothing sensible follows: it is refused
//! before anything begins.

use std::str::FromStr;

/// A distance, a factor, an angle: 0 or more.
pub(crate) fn not_negative<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    checked(text, |number| number >= 0.0, "a number of 0 or more is needed")
}

/// What divides, or is taken steps by: more than 0.
pub(crate) fn positive<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    checked(text, |number| number > 0.0, "a number above 0 is needed")
}

/// A share of something, or a rate: 0 to 1.
pub(crate) fn share<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    checked(text, |number| (0.0..=1.0).contains(&number), "a number from 0 to 1 is needed")
}

/// A share of which something is left: above 0, up to 1.
pub(crate) fn part<T: FromStr + Copy + Into<f64>>(text: &str) -> Result<T, String> {
    checked(text, |number| number > 0.0 && number <= 1.0, "a number above 0 and up to 1 is needed")
}

/// How many, where none makes no sense.
pub(crate) fn at_least_one<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, String> {
    let number = text.parse().ok().filter(|number: &T| *number >= T::from(1));
    number.ok_or_else(|| "a whole number of 1 or more is needed".to_owned())
}

fn checked<T: FromStr + Copy + Into<f64>>(text: &str, fits: fn(f64) -> bool, wanted: &str) -> Result<T, String> {
    let number = text.parse().ok().filter(|number: &T| (*number).into().is_finite() && fits((*number).into()));
    number.ok_or_else(|| wanted.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_of_which_something_follows_is_taken() {
        for text in ["nan", "NaN", "inf", "-inf", "-0.5", "", "far", "1e400"] {
            assert!(not_negative::<f32>(text).is_err() && not_negative::<f64>(text).is_err(), "{text}");
            assert!([positive::<f64>, share::<f64>, part::<f64>].iter().all(|parser| parser(text).is_err()), "{text}");
        }
        assert_eq!((not_negative::<f32>("1.25"), not_negative::<f64>("0")), (Ok(1.25), Ok(0.0)));
        assert!(positive::<f32>("0").is_err() && part::<f32>("0").is_err() && share::<f32>("1.1").is_err());
        assert_eq!((share::<f64>("0"), part::<f32>("1"), positive::<f64>("7")), (Ok(0.0), Ok(1.0), Ok(7.0)));
        assert_eq!((at_least_one::<usize>("1"), at_least_one::<u64>("0").is_err()), (Ok(1), true));
        assert!(at_least_one::<usize>("-1").is_err() && at_least_one::<usize>("1.5").is_err());
    }
}
