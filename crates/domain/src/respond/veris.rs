//! The record of an incident as an incident of VERIS (the Vocabulary for Event Recording and Incident Sharing), version 1.4.
//!
//! VERIS asks who did what to what with which result. What nobody recorded is "Unknown", which VERIS has a word for everywhere;
//! no action is guessed from a technique, no victim from a name. Techniques stand beside it in its section `plus`.

use std::ops::RangeInclusive;

use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use super::affected::{Amount, Subject};
use super::exports::{Record, host, ours, uuid_text, uuid5};
use super::incidents::Phase;
use super::observables::Verdict;
use super::stamps::{Milestone, Precision, Source, Stamp, Standing, Took, standing};
use super::tlp::Tlp;

/// The version of the schema that is written.
pub const SCHEMA: &str = "1.4.0";

/// The years that VERIS knows.
const YEARS: RangeInclusive<i16> = 1950..=2050;

/// The currencies that VERIS knows: those of ISO 4217, as they were in 2014, and some that no state issues.
const CURRENCIES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYR BZD \
    CAD CDF CHF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GGP GHS GIP GMD GNF GTQ GYD HKD \
    HNL HRK HTG HUF IDR ILS IMP INR IQD IRR ISK JEP JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LTL LVL \
    LYD MAD MDL MGA MKD MMK MNT MOP MRO MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON \
    RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLL SOS SPL SRD STD SVC SYP SZL THB TJS TMT TND TOP TRY TTD TVD TWD TZS UAH UGX USD \
    UYU UZS VEF VND VUV WST XAF XCD XDR XOF XPF YER ZAR ZMK ZWD XBT BCH XMR ZEC";

/// The incident; indicators that are marked at most `most` come with it.
pub fn incident(record: &Record<'_>, most: Tlp) -> Value {
    let held = standing(record.stamps);
    let attribute = attribute(record);
    let mut whole = json!({
        "schema_version": SCHEMA,
        "incident_id": uuid_text(uuid5(ours(record), &format!("incident/{}", record.id))),
        "source_id": host(record),
        "security_incident": security_incident(record, attribute.is_some()),
        "summary": summary(record),
        // Who validates wants a word beside an unknown actor.
        "actor": { "unknown": { "notes": "Not recorded" } },
        "action": { "unknown": { "notes": "Not recorded" } },
        "asset": asset(record),
        "discovery_method": discovery(&held),
        "timeline": timeline(record, &held),
        "victim": { "country": ["Unknown"], "employee_count": "Unknown", "industry": "000", "government": ["Unknown"] },
        "plus": plus(record, most),
    });
    if let Some(attribute) = attribute {
        whole["attribute"] = attribute;
    }
    if let Some(impact) = impact(record) {
        whole["impact"] = impact;
    }
    let indicators: Vec<Value> = record
        .seen(most)
        .filter(|one| matches!(one.seen.verdict, Verdict::Malicious | Verdict::Suspicious))
        .map(|one| json!({ "indicator": one.value, "comment": format!("{}, {}, {}", one.kind, one.seen.verdict, one.seen.tlp) }))
        .collect();
    if !indicators.is_empty() {
        whole["ioc"] = json!(indicators);
    }
    whole
}

/// Confirmed is what is known to have harmed something: VERIS wants to know what.
fn security_incident(record: &Record<'_>, harmed: bool) -> &'static str {
    match record.phase {
        Phase::Cancelled => "False positive",
        _ if record.near_miss => "Near miss",
        _ if harmed => "Confirmed",
        _ => "Suspected",
    }
}

fn summary(record: &Record<'_>) -> String {
    let all = [Some(record.title), record.because, record.impact];
    let sentences = all.into_iter().flatten().map(|said| said.trim().trim_end_matches('.'));
    sentences.map(|said| format!("{said}.")).collect::<Vec<_>>().join(" ")
}

/// A number, where it is known exactly: VERIS has no word for about.
const fn exactly(amount: Amount) -> Option<u64> {
    match amount {
        Amount::Exact(number) => Some(number),
        _ => None,
    }
}

fn asset(record: &Record<'_>) -> Value {
    let hosts = record.affected.iter().filter(|one| one.what.subject == Subject::Hosts);
    let counts: Vec<u64> = hosts.filter_map(|one| exactly(one.now()?.amount)).collect();
    let mut asset = json!({ "variety": "Unknown" });
    if let [amount] = counts[..] {
        asset["amount"] = json!(amount);
    }
    json!({ "assets": [asset], "cloud": ["Unknown"] })
}

/// The kinds of data that VERIS has a word for, of those that are offered here.
fn variety(data: Option<&str>) -> &'static str {
    match data {
        Some("credentials") => "Credentials",
        Some("payment data") => "Payment",
        Some("health data") => "Medical",
        Some("contact data" | "identity documents" | "location data" | "employment data") => "Personal",
        Some("source code") => "Source code",
        Some("business secrets") => "Secrets",
        _ => "Unknown",
    }
}

/// What was harmed: data, if data is counted as affected. Whether it was disclosed is nothing that a count says.
fn attribute(record: &Record<'_>) -> Option<Value> {
    let some = |amount: Amount| amount.numbers() != (Some(0), None) && amount != Amount::Unknown;
    let of_data = record.affected.iter().filter(|one| {
        let is_data = matches!(one.what.subject, Subject::Records | Subject::DataSubjects) || one.what.data.is_some();
        is_data && one.now().is_some_and(|count| some(count.amount))
    });
    let mut data: Vec<Value> = Vec::new();
    for one in of_data {
        let mut line = json!({ "variety": variety(one.what.data.as_deref()) });
        let records = one.what.subject == Subject::Records;
        if let Some(amount) = one.now().and_then(|count| exactly(count.amount)).filter(|_| records) {
            line["amount"] = json!(amount);
        }
        if !data.contains(&line) {
            data.push(line);
        }
    }
    if data.is_empty() {
        return None;
    }
    // The same records may be of several kinds: together they are at least as many as of the kind with most.
    let total = data.iter().filter_map(|line| line["amount"].as_u64()).max();
    let mut confidentiality = json!({ "data": data, "data_disclosure": "Unknown" });
    if let Some(total) = total {
        confidentiality["data_total"] = json!(total);
    }
    Some(json!({ "confidentiality": confidentiality }))
}

fn discovery(held: &Standing<'_>) -> Value {
    match held.get(&Milestone::Detected).map(|stamp| stamp.source) {
        // A machine of ours that watched.
        Some(Source::Monitor) => json!({ "internal": { "variety": ["Unknown"] } }),
        _ => json!({ "unknown": true }),
    }
}

fn timeline(record: &Record<'_>, held: &Standing<'_>) -> Value {
    let first = [Milestone::CompromiseStarted, Milestone::ImpactStarted, Milestone::Detected];
    let known = |stamp: &&Stamp| YEARS.contains(&stamp.when.at.to_zoned(TimeZone::UTC).year());
    let first = first.iter().find_map(|milestone| held.get(milestone).copied().filter(known));
    let mut whole = json!({ "incident": day(record, first) });
    let spans = [
        ("discovery", Milestone::CompromiseStarted, Milestone::Detected),
        ("containment", Milestone::Detected, Milestone::Contained),
    ];
    for (name, from, to) in spans {
        if let (Some(from), Some(to)) = (held.get(&from), held.get(&to))
            && let Some(span) = span(Took::between(&from.when, &to.when))
        {
            whole[name] = span;
        }
    }
    whole
}

/// When it was, as far as it is known. A year there must be: without any stamp that in which it was reported.
fn day(record: &Record<'_>, stamp: Option<&Stamp>) -> Value {
    let (at, precision) = stamp.map_or((record.reported_at, Precision::Year), |one| (one.when.at, one.when.precision));
    let at = at.to_zoned(TimeZone::UTC);
    let mut parts = Map::new();
    parts.insert("year".into(), json!(at.year()));
    if precision <= Precision::Month {
        parts.insert("month".into(), json!(at.month()));
    }
    if precision <= Precision::Day {
        parts.insert("day".into(), json!(at.day()));
    }
    if precision <= Precision::Minute {
        // VERIS has the clock of twelve hours, and seconds always.
        parts.insert("time".into(), json!(at.strftime("%I:%M:%S %p").to_string()));
    }
    Value::Object(parts)
}

/// How long something took: the unit in which people would say it, and the number where it is known that well.
fn span(took: Took) -> Option<Value> {
    if took.is_before() {
        return None;
    }
    let units = [
        (31_536_000, "Years"),
        (2_592_000, "Months"),
        (604_800, "Weeks"),
        (86_400, "Days"),
        (3600, "Hours"),
        (60, "Minutes"),
    ];
    let middle = took.middle();
    let (length, unit) = units.into_iter().find(|(length, _)| middle >= *length).unwrap_or((1, "Seconds"));
    if took.most - took.least > length {
        return Some(json!({ "unit": unit }));
    }
    Some(json!({ "unit": unit, "value": (middle + length / 2) / length }))
}

/// What it cost, in one currency.
fn impact(record: &Record<'_>) -> Option<Value> {
    let money: Vec<_> = record.affected.iter().filter(|one| one.what.subject == Subject::Money).collect();
    let [one] = money[..] else { return None };
    let currency = one.what.unit.as_deref().filter(|unit| CURRENCIES.split_whitespace().any(|known| known == *unit))?;
    let mut impact = json!({ "overall_rating": "Unknown", "iso_currency_code": currency });
    match one.now()?.amount {
        Amount::Exact(number) => impact["overall_amount"] = json!(number),
        Amount::AtLeast(number) => impact["overall_min_amount"] = json!(number),
        Amount::Between(low, high) => {
            impact["overall_min_amount"] = json!(low);
            impact["overall_max_amount"] = json!(high);
        }
        Amount::About(_) | Amount::Unknown => return None,
    }
    Some(impact)
}

/// What VERIS has no place for.
fn plus(record: &Record<'_>, most: Tlp) -> Value {
    let techniques: Vec<&str> = record.named().iter().map(|one| one.technique.as_str()).collect();
    let affected: Vec<String> =
        record.affected.iter().filter_map(|one| Some(format!("{}: {}", one.what, one.now()?.amount))).collect();
    json!({
        "master_id": uuid_text(uuid5(ours(record), &format!("incident/{}", record.id))),
        "created": record.reported_at, "modified": record.modified(),
        "allclear": {
            "incident": record.id, "class": record.class.word(), "tlp": record.marking().max(most_of(record, most)).to_string(),
            "attack_techniques": techniques, "affected": affected,
        },
    })
}

/// The highest marking of what comes along.
fn most_of(record: &Record<'_>, most: Tlp) -> Tlp {
    record.seen(most).map(|one| one.seen.tlp).max().unwrap_or(Tlp::Clear)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::respond::affected::Affected;
    use crate::respond::exports::tests::{Kept, kept, record};
    use crate::respond::stamps::When;

    #[test]
    fn what_is_on_record_is_said_and_what_is_not_is_unknown() {
        let kept = kept();
        let whole = incident(&record(&kept), Tlp::Amber);
        for (pointer, value) in [
            ("/schema_version", json!("1.4.0")),
            ("/security_incident", json!("Confirmed")),
            ("/summary", json!("Mail was read. a rule forwards mail. Invoices were changed.")),
            ("/actor", json!({ "unknown": { "notes": "Not recorded" } })),
            ("/action", json!({ "unknown": { "notes": "Not recorded" } })),
            ("/asset", json!({ "assets": [{ "variety": "Unknown", "amount": 3 }], "cloud": ["Unknown"] })),
            ("/discovery_method", json!({ "internal": { "variety": ["Unknown"] } })),
            ("/timeline/incident", json!({ "year": 2026, "month": 9, "day": 12 })),
            ("/timeline/discovery", json!({ "unit": "Weeks", "value": 1 })),
            ("/timeline/containment", json!({ "unit": "Hours", "value": 2 })),
            (
                "/attribute/confidentiality",
                json!({ "data": [{ "variety": "Payment", "amount": 1204 }, { "variety": "Personal" }], "data_disclosure": "Unknown", "data_total": 1204 }),
            ),
            (
                "/impact",
                json!({ "overall_rating": "Unknown", "iso_currency_code": "EUR", "overall_min_amount": 1000, "overall_max_amount": 5000 }),
            ),
            ("/plus/allclear/attack_techniques", json!(["T1566.001", "TA0001"])),
            ("/plus/allclear/tlp", json!("TLP:AMBER")),
            ("/victim/government", json!(["Unknown"])),
        ] {
            assert_eq!(whole.pointer(pointer), Some(&value), "{pointer}");
        }
        assert_eq!(whole["ioc"].as_array().unwrap().len(), 2, "what is RED stays here");
        assert_eq!(incident(&record(&kept), Tlp::Red)["plus"]["allclear"]["tlp"], "TLP:RED");
    }

    #[test]
    fn nothing_is_confirmed_that_nothing_was_harmed_by() {
        let kept = kept();
        let nothing: [Affected; 0] = [];
        let bare = Record { affected: &nothing, stamps: &[], observables: &[], techniques: &[], ..record(&kept) };
        let whole = incident(&bare, Tlp::Amber);
        assert_eq!((&whole["security_incident"], whole.get("attribute")), (&json!("Suspected"), None));
        assert_eq!((whole.get("ioc"), whole.get("impact")), (None, None));
        assert_eq!(whole["timeline"], json!({ "incident": { "year": 2026 } }));
        assert_eq!(whole["discovery_method"], json!({ "unknown": true }));
        assert_eq!(incident(&Record { near_miss: true, ..bare }, Tlp::Amber)["security_incident"], "Near miss");
        let cancelled = Record { phase: Phase::Cancelled, ..bare };
        assert_eq!(incident(&cancelled, Tlp::Amber)["security_incident"], "False positive");
    }
    #[test]
    fn only_what_veris_has_a_word_for_is_said_to_it() {
        let mut kept = kept();
        let day = |kept: &Kept| incident(&record(kept), Tlp::Amber)["timeline"]["incident"].clone();
        for (said, time) in [("2026-09-12 00:05", "12:05:00 AM"), ("2026-09-12 13:10:59", "01:10:59 PM")] {
            kept.stamps[0].when = When::read(said, &TimeZone::UTC).unwrap();
            assert_eq!(day(&kept)["time"], time);
        }
        // It knows no year before 1950: the next that is known stands for it.
        kept.stamps[0].when = When::read("1949", &TimeZone::UTC).unwrap();
        assert_eq!((&day(&kept)["year"], &day(&kept)["day"]), (&json!(2026), &json!(21)));
        for (unit, known) in [("CHF", true), ("BYN", false), ("chf", false), ("XBT", true), ("AED AFN", false)] {
            kept.affected[3].what.unit = Some(unit.into());
            let whole = incident(&record(&kept), Tlp::Amber);
            assert_eq!(whole.get("impact").is_some(), known, "{unit}");
            assert!(whole["plus"]["allclear"]["affected"].to_string().contains(unit), "it stands there in any case");
        }
    }
}
