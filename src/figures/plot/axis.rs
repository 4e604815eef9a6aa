//! From values to places along an axis, and where its ticks are.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    Linear,
    /// Powers of ten; what lies below the range is drawn at its edge.
    Log,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Axis {
    pub label: String,
    pub scale: Scale,
    pub from: f64,
    pub to: f64,
    /// Ticks in their own words; computed where there are none.
    own_ticks: Vec<(f64, String)>,
}

/// A tick: a number, or a power of ten.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TickLabel {
    Number(String),
    Power(i32),
}

impl Axis {
    pub fn new(label: impl Into<String>, scale: Scale, from: f64, to: f64) -> Self {
        Self { label: label.into(), scale, from, to, own_ticks: Vec::new() }
    }

    /// An axis over all of `values`: on a linear one with a little room, on a logarithmic one to whole powers.
    pub fn around(label: impl Into<String>, scale: Scale, values: impl IntoIterator<Item = f64>) -> Self {
        let shown = |value: &f64| value.is_finite() && (scale == Scale::Linear || *value > 0.0);
        let extent = values.into_iter().filter(shown).fold(None, |extent: Option<(f64, f64)>, value| {
            Some(extent.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
        });
        let (low, high) = extent.unwrap_or((0.1, 1.0));
        let (from, to) = match scale {
            Scale::Log => {
                let (first, last) = (low.log10().floor(), high.log10().ceil());
                (10_f64.powf(first), 10_f64.powf(last.max(first + 1.0)))
            }
            Scale::Linear if low == high => (low - 0.5, high + 0.5),
            Scale::Linear => (low - 0.05 * (high - low), high + 0.05 * (high - low)),
        };
        Self::new(label, scale, from, to)
    }

    /// Ticks where something was measured, instead of at round numbers.
    #[must_use]
    pub fn with_ticks(self, ticks: Vec<(f64, String)>) -> Self {
        Self { own_ticks: ticks, ..self }
    }

    /// 0 at the start of the axis, 1 at its end; values outside are drawn at the edge.
    pub fn place(&self, value: f64) -> f64 {
        let place = match self.scale {
            Scale::Linear => (value - self.from) / (self.to - self.from),
            Scale::Log => {
                (value.max(f64::MIN_POSITIVE).log10() - self.from.log10()) / (self.to.log10() - self.from.log10())
            }
        };
        if place.is_finite() { place.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// The value at a place, 0 to 1: the inverse of [`Self::place`].
    pub fn value_at(&self, place: f64) -> f64 {
        match self.scale {
            Scale::Linear => self.from + (self.to - self.from) * place,
            Scale::Log => 10_f64.powf(self.from.log10() + (self.to.log10() - self.from.log10()) * place),
        }
    }

    pub fn ticks(&self) -> Vec<(f64, TickLabel)> {
        if !self.own_ticks.is_empty() {
            return self.own_ticks.iter().map(|(at, words)| (*at, TickLabel::Number(words.clone()))).collect();
        }
        match self.scale {
            Scale::Log => {
                let (first, last) = (self.from.log10().ceil() as i32, self.to.log10().floor() as i32);
                let step = ((last - first) / 9 + 1).max(1) as usize;
                (first..=last).step_by(step).map(|power| (10_f64.powi(power), TickLabel::Power(power))).collect()
            }
            Scale::Linear => {
                let step = nice_step((self.to - self.from) / 6.0);
                let decimals = (-step.log10().floor()).max(0.0) as usize;
                let first = (self.from / step - 1e-9).ceil() as i64;
                let last = (self.to / step + 1e-9).floor() as i64;
                let tick = |n: i64| (n as f64 * step, TickLabel::Number(number(n as f64 * step, decimals)));
                (first..=last).map(tick).collect()
            }
        }
    }
}

/// 1, 2 or 5 times a power of ten, not below `wanted`.
fn nice_step(wanted: f64) -> f64 {
    let power = 10_f64.powf(wanted.max(f64::MIN_POSITIVE).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|step| *step >= wanted * 0.999).unwrap_or(power)
}

fn number(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let whole = digits.split('.').next().unwrap_or_default();
    let grouped: String = whole
        .chars()
        .enumerate()
        .flat_map(|(i, c)| ((whole.len() - i) % 3 == 0 && i > 0).then_some(',').into_iter().chain([c]))
        .collect();
    let sign = if value < 0.0 { "−" } else { "" };
    format!("{sign}{grouped}{}", &digits[whole.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        let labels = |axis: Axis| -> Vec<String> {
            let label = |(_, label)| match label {
                TickLabel::Number(text) => text,
                TickLabel::Power(power) => format!("10^{power}"),
            };
            axis.ticks().into_iter().map(label).collect()
        };
        assert_eq!(labels(Axis::new("", Scale::Linear, 0.0, 1.0)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(Axis::new("", Scale::Linear, 0.0, 4.0)), ["0", "1", "2", "3", "4"]);
        assert_eq!(labels(Axis::new("", Scale::Linear, -2500.0, 10_000.0)).last().unwrap(), "10,000");
        assert_eq!(labels(Axis::new("", Scale::Log, 1e-3, 1.0)), ["10^-3", "10^-2", "10^-1", "10^0"]);
    }

    #[test]
    fn what_lies_outside_is_drawn_at_the_edge() {
        let axis = Axis::new("", Scale::Log, 1e-4, 1.0);
        assert_eq!((axis.place(0.0), axis.place(2.0)), (0.0, 1.0));
        assert!((axis.place(1e-2) - 0.5).abs() < 1e-12);
        assert!((axis.value_at(axis.place(3e-3)) - 3e-3).abs() < 1e-15);
    }

    #[test]
    fn an_axis_holds_all_its_values() {
        let log = Axis::around("", Scale::Log, [0.0, 0.02, 3.0, f64::NAN]);
        assert!((log.from - 0.01).abs() < 1e-12 && (log.to - 10.0).abs() < 1e-9);
        let linear = Axis::around("", Scale::Linear, [2.0, 4.0]);
        assert_eq!((linear.from, linear.to), (1.9, 4.1));
        let same = Axis::around("", Scale::Linear, [2.0]);
        assert!(same.from < 2.0 && same.to > 2.0);
    }
}
