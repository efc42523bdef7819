//! The record of an incident as a bundle of STIX 2.1 (OASIS): the incident, what was seen, what it points to, what was done.
//!
//! Ids are of version 5, so that the same record written twice is the same bundle, and what was written anew replaces what was
//! there. The incident of STIX 2.1 has a name and a description and no more: when what happened and how many are affected
//! stands in a note beside it. Each object is marked with TLP 2.0 by itself.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::exports::{Record, host, ours, uuid_text, uuid5};
use super::observables::{Kind, Observable, Verdict};
use super::stamps::{Milestone, standing};
use super::techniques;
use super::tlp::Tlp;
use crate::words::Timestamp;

/// The namespace of the ids of observables (STIX 2.1, section 2.9).
const OBSERVABLES: [u8; 16] =
    [0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7];
/// How TLP 2.0 is written in STIX 2.1, as OASIS published it with the ids of the five markings.
const TLP: &str = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d";
/// An installation does not change: who says something has one version.
const SINCE_EVER: &str = "2020-01-01T00:00:00.000Z";

const fn marking(tlp: Tlp) -> &'static str {
    match tlp {
        Tlp::Clear => "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
        Tlp::Green => "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
        Tlp::Amber => "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
        Tlp::AmberStrict => "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
        Tlp::Red => "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
    }
}

fn marking_definition(tlp: Tlp) -> Value {
    json!({
        "type": "marking-definition", "spec_version": "2.1", "id": marking(tlp), "created": "2022-10-01T00:00:00.000Z",
        "name": tlp.to_string(),
        "extensions": { TLP: { "extension_type": "property-extension", "tlp_2_0": tlp.word().to_ascii_lowercase() } },
    })
}

/// Times have milliseconds.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// What is written down.
struct Bundle<'a> {
    record: &'a Record<'a>,
    objects: Vec<Value>,
    markings: BTreeSet<Tlp>,
    author: String,
}

impl Bundle<'_> {
    fn id(&self, kind: &str, name: &str) -> String {
        format!("{kind}--{}", uuid_text(uuid5(ours(self.record), &format!("{kind}/{name}"))))
    }

    /// Adds an object of ours, with what all of them have; answers with its id.
    fn say(&mut self, kind: &str, name: &str, tlp: Tlp, times: (Timestamp, Timestamp), more: &Value) -> String {
        let id = self.id(kind, name);
        let mut object = json!({
            "type": kind, "spec_version": "2.1", "id": id, "created_by_ref": self.author,
            "created": time(times.0), "modified": time(times.1.max(times.0)), "object_marking_refs": [marking(tlp)],
        });
        if let (Some(object), Some(more)) = (object.as_object_mut(), more.as_object()) {
            object.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        self.markings.insert(tlp);
        self.objects.push(object);
        id
    }

    fn relate(&mut self, from: &str, how: &str, to: &str, tlp: Tlp, at: Timestamp) {
        let more = json!({ "relationship_type": how, "source_ref": from, "target_ref": to });
        self.say("relationship", &format!("{from} {how} {to}"), tlp, (at, at), &more);
    }
}

/// The bundle: everything of the record that is marked at most `most`.
pub fn bundle(record: &Record<'_>, most: Tlp) -> Value {
    let author = format!("identity--{}", uuid_text(uuid5(ours(record), "identity")));
    let mut all = Bundle { record, objects: Vec::new(), markings: BTreeSet::new(), author: author.clone() };
    all.objects.push(json!({
        "type": "identity", "spec_version": "2.1", "id": author, "created": SINCE_EVER, "modified": SINCE_EVER,
        "name": host(record), "identity_class": "system",
    }));
    let incident = (record.marking() <= most).then(|| incident(&mut all));
    for one in record.seen(most) {
        observable(&mut all, one, incident.as_deref());
    }
    let Bundle { mut objects, markings, .. } = all;
    objects.splice(0..0, markings.into_iter().map(marking_definition));
    let name = format!("bundle/{}/{}/{}", record.id, time(record.modified()), most.word());
    json!({ "type": "bundle", "id": format!("bundle--{}", uuid_text(uuid5(ours(record), &name))), "objects": objects })
}

/// The incident, its note, and what was done.
fn incident(all: &mut Bundle<'_>) -> String {
    let record = all.record;
    let (tlp, times) = (record.marking(), (record.reported_at, record.modified()));
    let sentences: Vec<&str> = [record.because, record.impact].into_iter().flatten().collect();
    let labels: Vec<String> =
        [Some(record.class.word().to_owned()), record.severity.map(str::to_lowercase)].into_iter().flatten().collect();
    let mut more = json!({
        "name": record.title, "labels": labels,
        "external_references": [{
            "source_name": host(record), "external_id": record.id,
            "url": format!("{}/incidents/{}", record.public_url.trim_end_matches('/'), record.id),
        }],
    });
    if !sentences.is_empty() {
        more["description"] = json!(sentences.join("\n\n"));
    }
    let incident = all.say("incident", &record.id.to_string(), tlp, times, &more);
    if let Some(content) = facts(record) {
        let note = json!({ "abstract": "When what happened, and how many are affected", "content": content, "object_refs": [incident] });
        all.say("note", &record.id.to_string(), tlp, times, &note);
    }
    for one in record.named() {
        // A tactic is no pattern of attack: it stands in the note.
        if one.technique.as_str().starts_with("TA") {
            continue;
        }
        let id = one.technique.as_str();
        let url = format!("https://attack.mitre.org/techniques/{}", id.replace('.', "/"));
        let more = json!({
            "name": techniques::name(&one.technique).unwrap_or_else(|| id.to_owned()),
            "external_references": [{ "source_name": "mitre-attack", "external_id": id, "url": url }],
        });
        let pattern = all.say("attack-pattern", id, tlp, (one.at, one.at), &more);
        all.relate(&incident, "related-to", &pattern, tlp, one.at);
    }
    incident
}

/// What STIX 2.1 has no property for, in lines.
fn facts(record: &Record<'_>) -> Option<String> {
    let mut lines = String::new();
    let held = standing(record.stamps);
    for milestone in Milestone::ALL {
        if let Some(stamp) = held.get(&milestone) {
            let (at, precision) = (stamp.when.at, stamp.when.precision.word());
            _ = writeln!(lines, "{milestone}: {at:.0} (to the {precision}, by {})", stamp.source.word());
        }
    }
    for one in record.affected {
        if let Some(count) = one.now() {
            _ = writeln!(lines, "affected: {}: {}", one.what, count.amount);
        }
    }
    for one in record.named().iter().filter(|one| one.technique.as_str().starts_with("TA")) {
        _ = writeln!(lines, "tactic: {} {}", one.technique, techniques::name(&one.technique).unwrap_or_default());
    }
    Some(lines.trim_end().to_owned()).filter(|lines| !lines.is_empty())
}

/// A text in a pattern.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// How STIX writes a value: the object's type, its properties, those of them that its id is made of, and the pattern that
/// finds it. Nothing, if it has no word for it.
fn shape(one: &Observable) -> Option<(&'static str, Value, String)> {
    let value = one.value.as_str();
    let simple = |kind: &'static str| (kind, json!({ "value": value }), format!("[{kind}:value = {}]", quoted(value)));
    let hash = |name: &str| {
        let path = if name.contains('-') { format!("'{name}'") } else { name.to_owned() };
        ("file", json!({ "hashes": { name: value } }), format!("[file:hashes.{path} = {}]", quoted(value)))
    };
    Some(match one.kind {
        Kind::Ipv4 => simple("ipv4-addr"),
        Kind::Ipv6 => simple("ipv6-addr"),
        Kind::Domain => simple("domain-name"),
        Kind::Url => simple("url"),
        Kind::Email => simple("email-addr"),
        Kind::Md5 => hash("MD5"),
        Kind::Sha1 => hash("SHA-1"),
        Kind::Sha256 => hash("SHA-256"),
        Kind::Filename => ("file", json!({ "name": value }), format!("[file:name = {}]", quoted(value))),
        Kind::Account => {
            let found = format!("[user-account:account_login = {}]", quoted(value));
            ("user-account", json!({ "account_login": value }), found)
        }
        Kind::Process | Kind::UserAgent | Kind::Other => return None,
    })
}

/// What was seen, when, and what it points to.
fn observable(all: &mut Bundle<'_>, one: &Observable, incident: Option<&str>) {
    let (tlp, name) = (one.seen.tlp, one.id.to_string());
    let times = (one.added_at, one.added_at);
    let Some((kind, properties, pattern)) = shape(one) else {
        // It has no object of its own that could be told without more.
        if let Some(incident) = incident {
            let content = format!("{}: {} ({})", one.kind, one.value, one.seen.verdict);
            all.say(
                "note",
                &name,
                tlp,
                times,
                &json!({ "abstract": "Seen", "content": content, "object_refs": [incident] }),
            );
        }
        return;
    };
    // The properties are those that the id is made of, in JSON as RFC 8785 has it: one name each, so that order is none.
    let seen = format!("{kind}--{}", uuid_text(uuid5(OBSERVABLES, &properties.to_string())));
    let mut object = json!({ "type": kind, "spec_version": "2.1", "id": seen, "object_marking_refs": [marking(tlp)] });
    if let (Some(object), Some(properties)) = (object.as_object_mut(), properties.as_object()) {
        object.extend(properties.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    all.markings.insert(tlp);
    all.objects.push(object);
    let observed = one.seen.first.or(one.seen.last).map(|first| {
        let more = json!({
            "first_observed": time(first), "last_observed": time(one.seen.last.unwrap_or(first)), "number_observed": 1,
            "object_refs": [seen],
        });
        all.say("observed-data", &name, tlp, times, &more)
    });
    let says = match one.seen.verdict {
        Verdict::Malicious => Some("malicious-activity"),
        Verdict::Suspicious => Some("anomalous-activity"),
        Verdict::Benign | Verdict::Unknown => None,
    };
    let indicator = says.map(|says| {
        let mut more = json!({
            "name": format!("{}: {}", one.kind, one.value), "indicator_types": [says], "pattern": pattern, "pattern_type": "stix",
            "valid_from": time(one.seen.first.unwrap_or(one.added_at)),
        });
        if let Some(note) = &one.seen.note {
            more["description"] = json!(note);
        }
        all.say("indicator", &name, tlp, times, &more)
    });
    if let (Some(indicator), Some(observed)) = (&indicator, &observed) {
        all.relate(indicator, "based-on", observed, tlp, one.added_at);
    }
    if let Some(incident) = incident {
        // What ties it to the incident is told as far as both are.
        let both = tlp.max(all.record.marking());
        all.relate(incident, "related-to", indicator.as_deref().unwrap_or(&seen), both, one.added_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::respond::exports::tests::{kept, record};

    fn of<'a>(bundle: &'a Value, kind: &str) -> Vec<&'a Value> {
        bundle["objects"].as_array().unwrap().iter().filter(|one| one["type"] == kind).collect()
    }

    #[test]
    fn the_same_record_is_the_same_bundle_and_every_reference_leads_somewhere() {
        let kept = kept();
        let record = record(&kept);
        let whole = bundle(&record, Tlp::Red);
        assert_eq!(whole, bundle(&record, Tlp::Red));
        let ids: Vec<&str> =
            whole["objects"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "no id is there twice");
        for one in whole["objects"].as_array().unwrap() {
            for (name, value) in one.as_object().unwrap() {
                let refs = value.as_array().map_or_else(|| vec![value], |all| all.iter().collect());
                for reference in refs.iter().filter(|_| name.ends_with("_ref") || name.ends_with("_refs")) {
                    assert!(ids.contains(&reference.as_str().unwrap()), "{name}: {reference}");
                }
            }
        }
        assert_eq!(of(&whole, "incident").len(), 1);
        assert_eq!(of(&whole, "attack-pattern").len(), 1, "a technique that was named twice is one; a tactic is none");
        assert_eq!(
            of(&whole, "attack-pattern")[0]["external_references"][0]["url"],
            "https://attack.mitre.org/techniques/T1566/001"
        );
        assert_eq!(of(&whole, "indicator").len(), 3);
        assert_eq!(of(&whole, "observed-data").len(), 1, "when the others were seen is not known");
        assert!(!whole.to_string().contains("fine.example"), "what was struck does not belong here");
        // The example of the specification for ids of observables has the same shape: the value alone.
        let address = of(&whole, "ipv4-addr")[0];
        assert_eq!(
            address["id"],
            format!("ipv4-addr--{}", uuid_text(uuid5(OBSERVABLES, r#"{"value":"198.51.100.7"}"#)))
        );
        let pattern = of(&whole, "indicator")
            .iter()
            .find(|one| one["pattern"].as_str().unwrap().starts_with("[url"))
            .unwrap()["pattern"]
            .clone();
        assert_eq!(pattern, r"[url:value = 'https://evil.example/it\'s\\here']");
        let notes = of(&whole, "note");
        assert!(
            notes[0]["content"]
                .as_str()
                .unwrap()
                .contains("compromise started: 2026-09-12T00:00:00Z (to the day, by human)")
        );
        assert!(notes.iter().any(|note| note["content"] == "user-agent: curl/9 (odd) (benign)"));
    }

    #[test]
    fn nothing_is_there_that_is_marked_further_than_was_asked() {
        let kept = kept();
        let record = record(&kept);
        let order = |id: &str| Tlp::ALL.into_iter().find(|tlp| marking(*tlp) == id).unwrap();
        for most in Tlp::ALL {
            let some = bundle(&record, most);
            for one in some["objects"].as_array().unwrap() {
                for mark in one["object_marking_refs"].as_array().into_iter().flatten() {
                    assert!(order(mark.as_str().unwrap()) <= most, "{most}: {one}");
                }
            }
            assert_eq!(of(&some, "incident").len(), usize::from(most >= Tlp::Amber), "{most}");
        }
        assert_eq!(of(&bundle(&record, Tlp::Amber), "marking-definition")[0]["name"], "TLP:GREEN");
    }
}
