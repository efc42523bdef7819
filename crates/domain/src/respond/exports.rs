//! The record of an incident for others, in the languages in which the field exchanges incidents: STIX and VERIS.
//!
//! Says what is on record and nothing besides: what is unknown stays unknown. An export goes as far as it is told (TLP), and
//! nothing in it is marked above that; the incident itself is marked too, so that nobody passes on what is restricted unasked.

use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::Value;

use super::affected::Affected;
use super::incidents::{Class, Phase, Visibility};
use super::observables::Observable;
use super::stamps::Stamp;
use super::techniques::Named;
use super::tlp::Tlp;
use super::{stix, veris};
use crate::words::choices::choices;
use crate::words::{IncidentId, Refusal, Result, Timestamp};

choices! {
    /// A language for incidents.
    Language: "the language of an export" at "/format" {
        Stix = "stix",
        Veris = "veris",
    }
}

/// What is on record of an incident, as far as whoever asks sees it.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Where this installation is: who says so.
    pub public_url: &'a str,
    pub id: IncidentId,
    pub title: &'a str,
    pub because: Option<&'a str>,
    pub impact: Option<&'a str>,
    pub class: Class,
    pub phase: Phase,
    pub severity: Option<&'a str>,
    pub visibility: Visibility,
    pub near_miss: bool,
    pub drill: bool,
    pub reported_at: Timestamp,
    /// Since when it is in its phase.
    pub since: Timestamp,
    pub stamps: &'a [Stamp],
    pub observables: &'a [Observable],
    pub affected: &'a [Affected],
    pub techniques: &'a [Named],
}

impl<'a> Record<'a> {
    /// How what is told of the incident itself is marked: a restricted one stays with those who are named.
    pub const fn marking(&self) -> Tlp {
        match self.visibility {
            Visibility::Restricted => Tlp::Red,
            Visibility::Open => Tlp::Amber,
        }
    }

    /// The observables that stand and are marked at most so.
    pub(super) fn seen(&self, most: Tlp) -> impl Iterator<Item = &'a Observable> + use<'a> {
        self.observables.iter().filter(move |one| one.struck.is_none() && one.seen.tlp <= most)
    }

    /// The techniques that were named and hold, each once.
    pub(super) fn named(&self) -> Vec<&'a Named> {
        let mut all: Vec<&Named> = self.techniques.iter().filter(|one| one.withdrawn.is_none()).collect();
        all.sort_by(|a, b| (&a.technique, a.at).cmp(&(&b.technique, b.at)));
        all.dedup_by(|a, b| a.technique == b.technique);
        all
    }

    /// When something of it was last written.
    pub(super) fn modified(&self) -> Timestamp {
        let times = [self.reported_at, self.since].into_iter();
        let times = times.chain(self.stamps.iter().map(|one| one.entered_at));
        let times = times.chain(self.observables.iter().map(|one| one.struck.as_ref().map_or(one.added_at, |s| s.at)));
        let times = times.chain(self.affected.iter().flat_map(|one| one.counts.iter().map(|count| count.entered_at)));
        let times = times.chain(self.techniques.iter().map(|one| one.withdrawn.as_ref().map_or(one.at, |w| w.at)));
        times.max().unwrap_or(self.reported_at)
    }
}

/// The record in a language, as far as `most`.
///
/// # Errors
/// It is a drill; or nothing of it may be told so far.
pub fn write(language: Language, record: &Record<'_>, most: Tlp) -> Result<Value> {
    if record.drill {
        return Err(Refusal::conflict("it is a drill: what is only practised is not told to others as if it were so"));
    }
    let whole = record.marking() <= most;
    let nothing = || {
        let own = record.marking();
        let message = format!(
            "the record is marked {own}: to take it along, knowing who may read it then, say that it may go up to {}",
            own.word()
        );
        Refusal::conflict(message).at("?tlp")
    };
    match language {
        Language::Stix if !whole && record.seen(most).next().is_none() => Err(nothing()),
        Language::Stix => Ok(stix::bundle(record, most)),
        Language::Veris if !whole => Err(nothing()),
        Language::Veris => Ok(veris::incident(record, most)),
    }
}

/// A UUID of version 5 (RFC 9562): the same name in the same namespace has the same id, here and elsewhere.
pub(super) fn uuid5(namespace: [u8; 16], name: &str) -> [u8; 16] {
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[&namespace, name.as_bytes()].concat());
    let mut id = [0; 16];
    id.copy_from_slice(&hash.as_ref()[..16]);
    id[6] = id[6] & 0x0f | 0x50;
    id[8] = id[8] & 0x3f | 0x80;
    id
}

/// As it is written: `886313e1-3b8a-5372-9b90-0c9aee199e5d`.
pub(super) fn uuid_text(id: [u8; 16]) -> String {
    let hex: Vec<String> = id.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex[from..to].concat();
    format!("{}-{}-{}-{}-{}", part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 16))
}

/// The namespace of URLs (RFC 9562).
const URLS: [u8; 16] = [0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];

/// The namespace of what this installation says.
pub(super) fn ours(record: &Record<'_>) -> [u8; 16] {
    uuid5(URLS, record.public_url)
}

/// Who says so: the host of this installation.
pub(super) fn host(record: &Record<'_>) -> String {
    let host = url::Url::parse(record.public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| record.public_url.to_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::respond::affected::{Amount, Count, Subject, What};
    use crate::respond::observables::{Kind, Seen, Struck, Verdict};
    use crate::respond::stamps::{Milestone, Source, When};
    use crate::words::{Id as _, Mint};
    use jiff::tz::TimeZone;

    pub(in crate::respond) fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minute * 60).unwrap()
    }

    /// What a record is made of.
    pub(in crate::respond) struct Kept {
        pub(in crate::respond) stamps: Vec<Stamp>,
        pub(in crate::respond) observables: Vec<Observable>,
        pub(in crate::respond) affected: Vec<Affected>,
        pub(in crate::respond) techniques: Vec<Named>,
    }

    fn seen(kind: Kind, value: &str, verdict: Verdict, tlp: Tlp, times: Option<(i64, i64)>) -> Observable {
        let mut mint = Mint::seeded(value.len() as u64);
        Observable {
            id: mint.id(at(0)),
            kind,
            value: value.into(),
            seen: Seen {
                verdict,
                tlp,
                first: times.map(|(first, _)| at(first)),
                last: times.map(|(_, last)| at(last)),
                ..Seen::default()
            },
            added_by: "person:ana".into(),
            added_at: at(30),
            struck: None,
        }
    }

    pub(in crate::respond) fn kept() -> Kept {
        let mut mint = Mint::seeded(3);
        let mut stamp = |milestone, when: &str, source| Stamp {
            id: mint.id(at(0)),
            milestone,
            when: When::read(when, &TimeZone::UTC).unwrap(),
            source,
            by: "person:ana".into(),
            entered_at: at(5),
            evidence: None,
            note: None,
            supersedes: None,
        };
        let stamps = vec![
            stamp(Milestone::CompromiseStarted, "2026-09-12", Source::Human),
            stamp(Milestone::Detected, "2026-09-21 13:10", Source::Monitor),
            stamp(Milestone::Contained, "2026-09-21 14:40", Source::Human),
        ];
        let struck = Some(Struck { why: "ours".into(), by: "person:ana".into(), at: at(31) });
        let observables = vec![
            seen(Kind::Ipv4, "198.51.100.7", Verdict::Malicious, Tlp::Green, Some((1, 20))),
            seen(Kind::Url, "https://evil.example/it's\\here", Verdict::Suspicious, Tlp::Amber, None),
            seen(Kind::Sha256, &"ab".repeat(32), Verdict::Malicious, Tlp::Red, None),
            seen(Kind::Filename, "invoice.xlsm", Verdict::Unknown, Tlp::Green, None),
            seen(Kind::Account, "CORP\\svc", Verdict::Unknown, Tlp::Amber, None),
            seen(Kind::UserAgent, "curl/9 (odd)", Verdict::Benign, Tlp::Amber, None),
            Observable { struck, ..seen(Kind::Domain, "fine.example", Verdict::Unknown, Tlp::Clear, None) },
        ];
        let what = |subject, data: Option<&str>, unit: Option<&str>, amount| Affected {
            id: Mint::seeded(9).id(at(0)),
            what: What { subject, label: None, data: data.map(str::to_owned), unit: unit.map(str::to_owned) },
            counts: vec![Count {
                number: 1,
                amount,
                at: at(3),
                source: None,
                note: None,
                by: "person:ana".into(),
                entered_at: at(3),
            }],
        };
        let affected = vec![
            what(Subject::Records, Some("payment data"), None, Amount::Exact(1204)),
            what(Subject::DataSubjects, Some("contact data"), None, Amount::AtLeast(40)),
            what(Subject::Hosts, None, None, Amount::Exact(3)),
            what(Subject::Money, None, Some("EUR"), Amount::Between(1000, 5000)),
        ];
        let named = |id: &str, minute| Named {
            technique: id.parse().unwrap(),
            entry: None,
            note: None,
            by: "person:ana".into(),
            at: at(minute),
            withdrawn: None,
        };
        Kept {
            stamps,
            observables,
            affected,
            techniques: vec![named("T1566.001", 9), named("T1566.001", 10), named("TA0001", 11)],
        }
    }

    pub(in crate::respond) fn record(kept: &Kept) -> Record<'_> {
        Record {
            public_url: "https://allclear.example.org",
            id: IncidentId::from_bits(77),
            title: "Mail was read",
            because: Some("a rule forwards mail"),
            impact: Some("Invoices were changed."),
            class: Class::Security,
            phase: Phase::Active,
            severity: Some("SEV1"),
            visibility: Visibility::Open,
            near_miss: false,
            drill: false,
            reported_at: at(-60),
            since: at(-50),
            stamps: &kept.stamps,
            observables: &kept.observables,
            affected: &kept.affected,
            techniques: &kept.techniques,
        }
    }

    #[test]
    fn an_id_is_the_one_that_others_would_give() {
        // Of the DNS namespace, from RFC 9562, A.4.
        let dns = [0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];
        assert_eq!(uuid_text(uuid5(dns, "www.example.com")), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }

    #[test]
    fn nothing_goes_further_than_it_is_told_and_no_drill_at_all() {
        let kept = kept();
        let restricted = Record { visibility: Visibility::Restricted, ..record(&kept) };
        for (record, language, most, written) in [
            (record(&kept), Language::Veris, Tlp::Amber, true),
            (record(&kept), Language::Veris, Tlp::Green, false),
            (record(&kept), Language::Stix, Tlp::Green, true),
            (record(&kept), Language::Stix, Tlp::Clear, false),
            (restricted, Language::Veris, Tlp::AmberStrict, false),
            (restricted, Language::Stix, Tlp::AmberStrict, true),
            (restricted, Language::Veris, Tlp::Red, true),
            (Record { drill: true, ..record(&kept) }, Language::Stix, Tlp::Red, false),
        ] {
            let outcome = write(language, &record, most);
            assert_eq!(outcome.is_ok(), written, "{language} {most} {outcome:?}");
        }
        // Of what is restricted and goes no further than AMBER, only the observables are told, which are marked so.
        let told = write(Language::Stix, &restricted, Tlp::Amber).unwrap().to_string();
        assert!(told.contains("198.51.100.7") && !told.contains("Mail was read") && !told.contains("inc_"), "{told}");
        assert!(!told.contains("T1566") && !told.contains(&"ab".repeat(32)), "{told}");
    }
}
