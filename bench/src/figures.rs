//! Figures of one measurement: named numbers, a line for people, a line of JSON for the report.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What one measurement found, in the order it was found.
pub struct Figures(Map<String, Value>);

impl Figures {
    /// `system` is who was measured, `cell` what.
    pub fn new(system: &str, cell: &str) -> Self {
        Self(Map::from_iter([("system".to_owned(), json!(system)), ("cell".to_owned(), json!(cell))]))
    }

    pub fn put(&mut self, name: &str, value: f64) {
        let rounded = if value.abs() >= 1000.0 { value.round() } else { (value * 1e4).round() / 1e4 };
        self.0.insert(name.to_owned(), json!(rounded));
    }

    /// Percentiles of waits given in nanoseconds, in milliseconds.
    pub fn put_waits(&mut self, prefix: &str, waits: &mut [u64]) {
        waits.sort_unstable();
        for (name, part) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)] {
            if let Some(wait) = percentile(waits, part) {
                self.put(&format!("{prefix}{name}"), *wait as f64 / 1e6);
            }
        }
    }

    pub fn put_errors(&mut self, name: &str, errors: &BTreeMap<String, u64>) {
        self.put(name, errors.values().sum::<u64>() as f64);
        if !errors.is_empty() {
            self.0.insert(format!("{name}_were"), json!(errors));
        }
    }

    pub fn print(&self) {
        println!("{}", Value::Object(self.0.clone()));
    }
}

/// The value at this part (0 to 1) of a sorted list, by nearest rank.
pub fn percentile<T>(sorted: &[T], part: f64) -> Option<&T> {
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).collect();
        for (part, expected) in [(0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)] {
            assert_eq!(percentile(&hundred, part), Some(&expected));
        }
        assert_eq!(percentile(&[7], 0.5), Some(&7));
        assert_eq!(percentile::<u64>(&[], 0.5), None);
    }
}
