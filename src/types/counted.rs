//! Numbers as people read them, alike in every language.

/// How many of them, in words: "1 face", "3 faces".
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A whole number with its thousands apart: "8,310".
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share of one as a percentage.
pub(crate) fn percent(share: f64, decimals: usize) -> String {
    format!("{:.decimals$}%", 100.0 * share)
}

/// A size on disk in decimal units, with two significant digits below ten.
pub(crate) fn size_words(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if value < 9.95 { format!("{value:.1} {}", UNITS[unit]) } else { format!("{value:.0} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_sizes_read_well() {
        let numbers = [(0, "0"), (999, "999"), (1_000, "1,000"), (8310, "8,310"), (140_025_664, "140,025,664")];
        numbers.iter().for_each(|(number, text)| assert_eq!(grouped(*number), *text));
        assert_eq!((percent(0.9764, 1), percent(0.976_46, 2)), ("97.6%".to_owned(), "97.65%".to_owned()));
        assert_eq!(size_words(232_589), "233 kB");
        assert_eq!(size_words(38_696_353), "39 MB");
        assert_eq!(size_words(1_600_000_000), "1.6 GB");
    }
}
