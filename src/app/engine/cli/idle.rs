//! Options that have no effect beside others, found by walking through what clap knows of a command.

use clap::error::ErrorKind;
use clap::{Arg, Command};

/// Beside `mode` only the arguments `effective` have an effect: every other one is refused with it, and these are not.
pub(crate) fn refuses_all_but(command: &Command, mode: &[&str], effective: &[&str]) {
    let name = command.get_name();
    let chosen = mode.iter().filter_map(|word| word.strip_prefix("--"));
    let chosen: Vec<String> = chosen.map(|word| word.replace('-', "_")).collect();
    for arg in command.get_arguments().filter(|arg| !chosen.iter().any(|chosen| arg.get_id() == chosen.as_str())) {
        let words = [&[name.to_owned()], &mode.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()[..]].concat();
        let kind = told(command, arg, words);
        let is_refused = matches!(kind, Some(ErrorKind::ArgumentConflict | ErrorKind::MissingRequiredArgument));
        match effective.contains(&arg.get_id().as_str()) {
            true => assert_eq!(kind, None, "{name} {mode:?} refuses {}", arg.get_id()),
            false => assert!(is_refused, "{name} {mode:?} takes {}, which has no effect: {kind:?}", arg.get_id()),
        }
    }
}

/// What becomes of the argument with the first value of those that it might take.
fn told(command: &Command, arg: &Arg, before: Vec<String>) -> Option<ErrorKind> {
    let named = arg.get_possible_values().first().map(|value| value.get_name().to_owned());
    let candidates = named.into_iter().chain(["1", "0.5", "16", "raw", "five-points", "a"].map(str::to_owned));
    let values = arg.get_num_args().map_or(1, |count| count.min_values().max(1));
    for value in candidates {
        let mut words = before.clone();
        words.extend(arg.get_long().map(|long| format!("--{long}")));
        if arg.get_action().takes_values() {
            words.extend(std::iter::repeat_n(value, values));
        }
        match command.clone().try_get_matches_from(words).map_err(|error| error.kind()) {
            Err(ErrorKind::ValueValidation | ErrorKind::InvalidValue) => {}
            told => return told.err(),
        }
    }
    panic!("no value was found that {} takes", arg.get_id())
}
