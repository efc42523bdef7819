//! Times as people type them: `2026-12-24T18:00`, `18:00`, `+3h`, `-10m`, `now`, or an exact instant.

use domain::words::{Refusal, Span, Timestamp};
use jiff::civil;
use jiff::tz::TimeZone;

/// The instant that is meant. A time on the wall is one in `zone`.
pub(crate) fn read(text: &str, zone: &TimeZone, now: Timestamp) -> Result<Timestamp, Refusal> {
    let text = text.trim();
    let wrong = || {
        let shown = domain::words::text::shorten(text, 40);
        let how = "write 2026-12-24T18:00, 2026-12-24T18:00+01:00, 18:00, +3h, -10m or now";
        Refusal::invalid(format!("{shown:?} is not a time: {how}"))
    };
    if text == "now" {
        return Ok(now);
    }
    if let Some(span) = text.strip_prefix('+') {
        return Ok(span.parse::<Span>()?.after(now));
    }
    if let Some(span) = text.strip_prefix('-') {
        return Ok(span.parse::<Span>()?.before(now));
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Ok(instant);
    }
    // The date first: a time alone is also found in a date with a time.
    let wall = if let Ok(wall) = text.replacen(' ', "T", 1).parse::<civil::DateTime>() {
        wall
    } else if let Ok(time) = text.parse::<civil::Time>() {
        now.to_zoned(zone.clone()).date().to_datetime(time)
    } else {
        return Err(wrong());
    };
    wall.to_zoned(zone.clone()).map(|zoned| zoned.timestamp()).map_err(|_| wrong())
}

/// The zone by its IANA name.
pub(crate) fn zone(name: &str) -> Result<TimeZone, Refusal> {
    TimeZone::get(name)
        .map_err(|_| Refusal::invalid(format!("there is no time zone {:?}", domain::words::text::shorten(name, 40))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_people_write_it() {
        let now: Timestamp = "2026-11-22T06:00:00Z".parse().unwrap();
        let berlin = zone("Europe/Berlin").unwrap();
        for (text, says) in [
            ("now", "2026-11-22T06:00:00Z"),
            ("+1h30m", "2026-11-22T07:30:00Z"),
            ("2026-12-24T18:00", "2026-12-24T17:00:00Z"),
            ("2026-12-24 18:00", "2026-12-24T17:00:00Z"),
            ("2026-12-24T18:00Z", "2026-12-24T18:00:00Z"),
            ("2026-12-24T18:00+05:00", "2026-12-24T13:00:00Z"),
            ("2026-12-24", "2026-12-23T23:00:00Z"),
            ("09:30", "2026-11-22T08:30:00Z"),
            // The hour that there is not: the clock jumps over it.
            ("2026-03-29T02:30", "2026-03-29T01:30:00Z"),
        ] {
            assert_eq!(read(text, &berlin, now).unwrap().to_string(), says, "{text}");
        }
        for wrong in ["", "tomorrow", "25:00", "+", "+x", "2026-13-01"] {
            assert!(read(wrong, &berlin, now).is_err(), "{wrong}");
        }
        assert!(zone("Europe/Berln").is_err());
    }
}
