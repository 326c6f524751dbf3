//! What was measured, by contender and metric, a value for each repetition; and what is said about it.
//!
//! Contenders take turns within a repetition, so a ratio is formed inside each repetition and its median taken: what
//! slows the machine down slows both sides of a pair.

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, Serializer, ser::SerializeMap};

/// Something that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Metric {
    /// Its name in reports.
    pub(super) name: &'static str,
    /// Its unit in reports.
    pub(super) unit: &'static str,
}

/// The values of some metrics.
#[derive(Debug, Default)]
pub(super) struct Figures(BTreeMap<(String, Metric), Vec<f64>>);

/// One value for each repetition.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Values(Vec<f64>);

impl Figures {
    /// Adds the value of the next repetition.
    pub(super) fn put(&mut self, contender: &str, metric: Metric, value: f64) {
        self.0.entry((contender.to_owned(), metric)).or_default().push(value);
    }

    /// What was put so far; nothing when nothing was.
    pub(super) fn of(&self, contender: &str, metric: Metric) -> Values {
        Values(self.0.get(&(contender.to_owned(), metric)).cloned().unwrap_or_default())
    }

    /// The ratio of two contenders in each repetition.
    pub(super) fn ratio(&self, contender: &str, to: &str, metric: Metric) -> Values {
        self.of(contender, metric).over(&self.of(to, metric))
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for ((contender, metric), values) in &self.0 {
            map.serialize_entry(&format!("{contender}, {}, {}", metric.name, metric.unit), values)?;
        }
        map.end()
    }
}

impl Values {
    /// Each value divided by the one of the same repetition.
    pub(super) fn over(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(value, base)| value / base).collect())
    }

    /// Each value less the one of the same repetition.
    pub(super) fn less(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(value, base)| value - base).collect())
    }

    /// The middle one, or the mean of the two in the middle; `NaN` of none.
    pub(super) fn median(&self) -> f64 {
        let sorted = self.sorted();
        let middle = sorted.len() / 2;
        match (sorted.get(middle.wrapping_sub(1)), sorted.get(middle)) {
            (Some(low), Some(high)) if sorted.len().is_multiple_of(2) => f64::midpoint(*low, *high),
            (_, Some(middle)) => *middle,
            _ => f64::NAN,
        }
    }

    /// The least and the greatest.
    pub(super) fn spread(&self) -> (f64, f64) {
        let sorted = self.sorted();
        let end = |value: Option<&f64>| value.copied().unwrap_or(f64::NAN);
        (end(sorted.first()), end(sorted.last()))
    }

    /// How many repetitions.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    fn sorted(&self) -> Vec<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        sorted
    }
}

impl FromIterator<f64> for Values {
    fn from_iter<T: IntoIterator<Item = f64>>(values: T) -> Self {
        Self(values.into_iter().collect())
    }
}

/// What a figure is meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Bound {
    /// No more.
    AtMost(f64),
    /// No less.
    AtLeast(f64),
}

impl Bound {
    /// Whether a value keeps it.
    pub(super) fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(bound) => value <= bound,
            Self::AtLeast(bound) => value >= bound,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(bound) => write!(f, "<= {}", short(*bound)),
            Self::AtLeast(bound) => write!(f, ">= {}", short(*bound)),
        }
    }
}

/// A number with three significant digits, or all digits before the point.
pub(super) fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// A count as a number to calculate with; exact up to 2^53.
pub(super) fn number(count: u64) -> f64 {
    let half = |count: u64| f64::from(u32::try_from(count & u64::from(u32::MAX)).unwrap_or(0));
    half(count >> 32).mul_add(4_294_967_296.0, half(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: Metric = Metric { name: "cost", unit: "s" };

    #[test]
    fn a_ratio_is_formed_inside_each_repetition() {
        let mut figures = Figures::default();
        // A slow second repetition: the medians alone would say 3 to 1.
        for (ours, theirs) in [(2.0, 1.0), (8.0, 4.0), (3.0, 1.5)] {
            figures.put("ours", COST, ours);
            figures.put("theirs", COST, theirs);
        }
        let ratio = figures.ratio("ours", "theirs", COST);
        assert_eq!((ratio.median(), ratio.spread()), (2.0, (2.0, 2.0)));
        assert!(figures.ratio("ours", "nobody", COST).median().is_nan());
    }

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        let median = |values: &[f64]| values.iter().copied().collect::<Values>().median();
        assert_eq!(short(median(&[4.0, 1.0, 3.0, 2.0])), "2.50");
        assert_eq!(short(median(&[9.0])), "9.00");
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_bound_holds_for_equal_and_never_for_nothing() {
        assert!(Bound::AtMost(1.1).is_met(1.1) && Bound::AtLeast(3.0).is_met(3.0));
        assert!(!Bound::AtMost(1.1).is_met(1.2) && !Bound::AtLeast(3.0).is_met(2.9));
        assert!(!Bound::AtMost(1.1).is_met(f64::NAN) && !Bound::AtLeast(1.1).is_met(f64::NAN));
    }

    #[test]
    fn counts_become_exact_numbers() {
        for count in [0, 1, u64::from(u32::MAX), 1 << 32, (1 << 40) + 7, 1 << 53] {
            assert_eq!(format!("{:.0}", number(count)), count.to_string());
        }
    }
}
