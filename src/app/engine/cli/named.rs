//! Values of the domain that the command line calls by a name.

use clap::builder::{PossibleValuesParser, TypedValueParser};

/// One of `values` by its name; help lists the names.
pub(crate) fn named<T: Copy + Send + Sync>(values: &'static [(&'static str, T)]) -> impl TypedValueParser<Value = T> {
    let value = move |name: String| values.iter().find(|(known, _)| *known == name).expect("one of the names").1;
    PossibleValuesParser::new(values.iter().map(|(name, _)| *name)).map(value)
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::*;

    const SIDES: [(&str, f32); 2] = [("left", -1.0), ("right", 1.0)];

    #[test]
    fn a_value_is_known_by_its_name_and_no_other() {
        let asked = |name| {
            let command = Command::new("x").arg(Arg::new("side").value_parser(named(&SIDES)));
            command.try_get_matches_from(["x", name]).map(|found| found.get_one::<f32>("side").copied())
        };
        assert_eq!(SIDES.map(|(name, _)| asked(name).unwrap()), SIDES.map(|(_, value)| Some(value)));
        let refused = asked("up").unwrap_err().to_string();
        assert!(refused.contains("left") && refused.contains("right"), "{refused}");
    }
}
