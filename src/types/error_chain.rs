//! Errors in one line.

use super::system_words::{plain, plain_within};

/// An error and its causes. Most of our errors name their cause in their own words; such a cause is not said again.
pub(crate) fn error_chain(error: &anyhow::Error) -> String {
    let mut line = plain_within(error.to_string());
    for cause in error.chain().skip(1) {
        let cause = match cause.downcast_ref() {
            Some(system) => plain(system),
            None => plain_within(cause.to_string()),
        };
        // Whoever repeats another's words may write them small.
        if !line.to_lowercase().contains(&cause.to_lowercase()) {
            line = format!("{line}: {cause}");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context, anyhow};

    #[derive(Debug, thiserror::Error)]
    #[error("the file cannot be read: {0}")]
    struct Unreadable(#[from] std::io::Error);

    #[test]
    fn nothing_is_said_twice() {
        let gone = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        let named = anyhow!(Unreadable::from(gone)).context("cannot show a.jpg");
        assert_eq!(error_chain(&named), "cannot show a.jpg: the file cannot be read: no such file");
        let plain = Err::<(), _>(anyhow!("disk full")).context("cannot write").unwrap_err();
        assert_eq!(error_chain(&plain), "cannot write: disk full");
        let away = std::io::Error::from_raw_os_error(20);
        let told = error_chain(&anyhow!(Unreadable::from(away)).context("cannot show a.jpg"));
        assert!(
            told.starts_with("cannot show a.jpg: the file cannot be read: ") && !told.contains("os error"),
            "{told}"
        );
        let gone = Err::<(), _>(std::io::Error::from_raw_os_error(2)).context("cannot show it").unwrap_err();
        assert!(!error_chain(&gone).contains("os error") && error_chain(&gone).starts_with("cannot show it: "));
        let wrapped = std::io::Error::other("I/O error: no room");
        assert_eq!(error_chain(&anyhow!(Unreadable::from(wrapped))), "the file cannot be read: I/O error: no room");
    }
}
