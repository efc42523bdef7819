//! The alerts that are sent: as Prometheus would write them, 8 labels and 2 annotations, about 510 bytes each.
//!
//! Written from prepared pieces, so that making them costs the machine little of what is to be measured.

use std::time::{SystemTime, UNIX_EPOCH};

/// Alert names, services, and what an alert of each is made of repeat after so many.
const KINDS: u64 = 300;

/// Seconds from one second's sending to the end that an alert announces, as Prometheus does: 4 times its interval.
const ENDS_AFTER: u64 = 240;

/// Makes alerts. The number of an alert decides its labels: the same number is the same alert.
#[derive(Clone)]
pub struct Alerts {
    kinds: Vec<Kind>,
    second: u64,
    ends: String,
}

/// The texts between what differs from alert to alert.
#[derive(Clone)]
struct Kind {
    before_instance: String,
    before_number: String,
    before_ends: String,
}

impl Alerts {
    /// `run` is a label of each, so that two runs never share an alert.
    pub fn new(run: &str) -> Self {
        let started = rfc3339(now());
        let kinds = (0..KINDS).map(|kind| Kind::new(kind, run, &started)).collect();
        Self { kinds, second: 0, ends: String::new() }
    }

    /// True once a second: from now on alerts announce a later end.
    pub fn tick(&mut self) -> bool {
        let second = now().0;
        let passed = second != self.second;
        if passed {
            self.second = second;
            self.ends = rfc3339((second + ENDS_AFTER, 0));
        }
        passed
    }

    /// Appends one alert. `more` are further labels, each with a comma before it.
    pub fn write(&self, out: &mut Vec<u8>, number: u64, more: &str) {
        let kind = &self.kinds[(number % KINDS) as usize];
        out.extend_from_slice(kind.before_instance.as_bytes());
        for shift in [16, 8, 0] {
            out.push(b'.');
            push_number(out, number >> shift & 255);
        }
        out.extend_from_slice(kind.before_number.as_bytes());
        push_number(out, number);
        out.push(b'"');
        out.extend_from_slice(more.as_bytes());
        out.extend_from_slice(kind.before_ends.as_bytes());
        out.extend_from_slice(self.ends.as_bytes());
        out.extend_from_slice(b"\"}");
    }
}

impl Kind {
    fn new(kind: u64, run: &str, started: &str) -> Self {
        let (name, service, region) = (kind % 50, kind % 20, kind % 3);
        let severity = ["critical", "warning", "info"][region as usize];
        Self {
            before_instance: format!(
                r#"{{"labels":{{"alertname":"ErrorBudgetBurn{name}","service":"orders-{service}","severity":"{severity}","region":"north-{region}","job":"orders-api","run":"{run}","instance":"10"#
            ),
            before_number: r#":8443","seq":""#.into(),
            before_ends: format!(
                r#"}},"annotations":{{"summary":"orders-{service} answers too many requests with errors","description":"More than 2 percent of the last five minutes' requests failed; the runbook says where to look first."}},"generatorURL":"http://prometheus.test/graph?g0.expr=errors%3E0.02","startsAt":"{started}","endsAt":""#
            ),
        }
    }
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Seconds and milliseconds since 1970.
fn now() -> (u64, u32) {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (since.as_secs(), since.subsec_millis())
}

/// As JSON writes times. Days are counted from the first of March, so that a leap day is the last of its year.
fn rfc3339((seconds, millis): (u64, u32)) -> String {
    let days = seconds / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_they_are() {
        for (seconds, written) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_827_696, "2000-02-29T12:34:56.000Z"),
            (1_735_689_599, "2024-12-31T23:59:59.000Z"),
            (1_795_312_800, "2026-11-22T02:00:00.000Z"),
        ] {
            assert_eq!(rfc3339((seconds, 0)), written);
        }
    }

    #[test]
    fn an_alert_is_json_of_the_size_that_is_promised() {
        let mut alerts = Alerts::new("r1");
        assert!(alerts.tick());
        for number in [0, 7, 299, 300, 123_456, 1_000_000] {
            let mut out = Vec::new();
            alerts.write(&mut out, number, r#","page_id":"x""#);
            let read: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(read["labels"].as_object().unwrap().len(), 9);
            assert_eq!(read["labels"]["seq"], number.to_string());
            assert!((500..560).contains(&out.len()), "{} bytes", out.len());
        }
    }
}
