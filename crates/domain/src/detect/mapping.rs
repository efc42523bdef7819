//! How other words become ours: any JSON by the mapping of its integration, and Alertmanager's webhook.
//!
//! Exact tokens decide what is resolved: nothing is guessed from parts of words.

use jiff::Timestamp;
use serde_json::Value;

use super::integrations::Mapping;
use super::signals::{ALERTS_MOST, Told};
use crate::words::{Labels, Refusal, Result, text};

/// Reads a body by a mapping. `now` is the end of what is resolved and says no end itself.
pub fn map(mapping: &Mapping, body: &Value, now: Timestamp) -> Result<Vec<Told>> {
    let Some(each) = &mapping.each else { return Ok(vec![map_one(mapping, body, "", now)?]) };
    let Some(list) = body.pointer(each).and_then(Value::as_array) else {
        return Err(Refusal::invalid("the mapping expects an array of alerts here").at(each));
    };
    if list.len() > ALERTS_MOST {
        return Err(Refusal::invalid(format!("{} alerts in one call; the most is {ALERTS_MOST}", list.len())).at(each));
    }
    list.iter().enumerate().map(|(n, item)| map_one(mapping, item, &format!("{each}/{n}"), now)).collect()
}

fn map_one(mapping: &Mapping, body: &Value, place: &str, now: Timestamp) -> Result<Told> {
    let find = |source: &Option<String>| source.as_ref().and_then(|source| look(body, source));
    let summary = look(body, &mapping.summary).filter(|summary| !summary.trim().is_empty()).ok_or_else(|| {
        Refusal::invalid("the mapping expects the summary here").at(format!("{place}{}", mapping.summary))
    })?;
    let mut labels: Vec<(String, String)> = Vec::new();
    for (name, source) in &mapping.labels {
        if let Some(value) = look(body, source) {
            labels.push((name.clone(), value));
        }
    }
    if !mapping.labels.contains_key("alertname") {
        labels.push(("alertname".into(), text::shorten(&summary, 200)));
    }
    if let Some(severity) = find(&mapping.severity).filter(|_| !mapping.labels.contains_key("severity")) {
        labels.push(("severity".into(), severity));
    }
    let mut annotations = vec![("summary".to_owned(), summary)];
    if let Some(description) = find(&mapping.description) {
        annotations.push(("description".into(), description));
    }
    let starts_at = match find(&mapping.starts_at) {
        None => None,
        Some(told) => Some(time(&told).ok_or_else(|| {
            let at = format!("{place}{}", mapping.starts_at.as_deref().unwrap_or(""));
            Refusal::invalid(format!("{:?} is not a time", text::shorten(&told, 40))).at(at)
        })?),
    };
    let resolved = find(&mapping.status).is_some_and(|status| mapping.resolved.contains(&status));
    Ok(Told {
        labels: Labels::from_pairs(labels),
        annotations: Labels::from_pairs(annotations),
        starts_at: starts_at.map(|at| at.min(now)),
        ends_at: resolved.then_some(now),
        link: find(&mapping.link),
        key: find(&mapping.key),
    })
}

/// What a pointer points to, as text; or the text in single quotes itself. Objects and arrays are no text.
fn look(body: &Value, source: &str) -> Option<String> {
    if let Some(literal) = source.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return Some(literal.to_owned());
    }
    match body.pointer(source)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// RFC 3339, or seconds or milliseconds since 1970.
fn time(told: &str) -> Option<Timestamp> {
    if let Ok(at) = told.parse() {
        return Some(at);
    }
    let number: i64 = told.parse().ok()?;
    if number.abs() < 100_000_000_000 { Timestamp::from_second(number) } else { Timestamp::from_millisecond(number) }
        .ok()
}

/// A mapping's own faults: pointers that cannot be, `resolved` without `status`.
pub fn check(mapping: &Mapping) -> Vec<Refusal> {
    let mut faults = Vec::new();
    let optional = [
        ("each", &mapping.each),
        ("key", &mapping.key),
        ("status", &mapping.status),
        ("severity", &mapping.severity),
        ("description", &mapping.description),
        ("starts_at", &mapping.starts_at),
        ("link", &mapping.link),
    ];
    let named = optional.into_iter().filter_map(|(field, source)| Some((field.to_owned(), source.as_ref()?)));
    let labels = mapping.labels.iter().map(|(name, source)| (format!("labels/{name}"), source));
    for (field, source) in named.chain(labels).chain([("summary".to_owned(), &mapping.summary)]) {
        let literal = source.len() >= 2 && source.starts_with('\'') && source.ends_with('\'');
        if !(literal && field != "each" || source.starts_with('/') || source.is_empty() && field == "each") {
            let why =
                format!("{source:?} is neither a JSON pointer (/event/title) nor a text in single quotes ('disk')");
            faults.push(Refusal::invalid(why).at(format!("/{field}")));
        }
    }
    if mapping.status.is_some() == mapping.resolved.is_empty() {
        faults.push(
            Refusal::invalid("status and resolved go together: where the state stands, and which tokens mean resolved")
                .at("/resolved"),
        );
    }
    faults
}

/// Reads Alertmanager's webhook, version 4. Unknown fields are ignored; Grafana sends the same and more.
pub fn alertmanager_webhook(body: &Value, now: Timestamp) -> Result<Vec<Told>> {
    let version = body.get("version").and_then(Value::as_str);
    if version.is_some_and(|version| version != "4" && version != "1") {
        return Err(Refusal::invalid("this version of the webhook is not known; version 4 is").at("/version"));
    }
    let Some(alerts) = body.get("alerts") else {
        return Err(Refusal::invalid("missing: Alertmanager's webhook has a list of alerts").at("/alerts"));
    };
    let Some(alerts) = alerts.as_array() else { return Err(Refusal::invalid("must be an array").at("/alerts")) };
    if alerts.len() > ALERTS_MOST {
        return Err(
            Refusal::invalid(format!("{} alerts in one call; the most is {ALERTS_MOST}", alerts.len())).at("/alerts")
        );
    }
    alerts.iter().enumerate().map(|(n, alert)| alertmanager_alert(alert, n, now)).collect()
}

fn alertmanager_alert(alert: &Value, n: usize, now: Timestamp) -> Result<Told> {
    let at = |part: &str| format!("/alerts/{n}{part}");
    let status = alert.get("status").and_then(Value::as_str);
    let resolved = match status {
        Some("firing") => false,
        Some("resolved") => true,
        _ => return Err(Refusal::invalid("must be \"firing\" or \"resolved\"").at(at("/status"))),
    };
    let pairs = |part: &str, needed: bool| match alert.get(part) {
        None | Some(Value::Null) if !needed => Ok(Labels::default()),
        Some(Value::Object(pairs)) => pairs
            .iter()
            .map(|(name, value)| match value {
                Value::String(value) => Ok((name.clone(), value.clone())),
                _ => Err(Refusal::invalid("must be a text").at(at(&format!("/{part}/{name}")))),
            })
            .collect::<Result<Vec<_>>>()
            .map(Labels::from_pairs),
        _ => Err(Refusal::invalid("must be an object of texts").at(at(&format!("/{part}")))),
    };
    let told_time =
        |part: &str| match alert.get(part) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(told)) if told.is_empty() || told.starts_with("0001-01-01T00:00:00") => Ok(None),
            Some(Value::String(told)) => match told.parse::<Timestamp>() {
                Ok(at) => Ok(Some(at)),
                Err(_) => Err(Refusal::invalid(format!("{:?} is not a time", text::shorten(told, 40)))
                    .at(at(&format!("/{part}")))),
            },
            Some(_) => Err(Refusal::invalid("must be a text").at(at(&format!("/{part}")))),
        };
    let (starts_at, ends_at) = (told_time("startsAt")?, told_time("endsAt")?);
    let ends_at = if resolved { Some(ends_at.unwrap_or(now).min(now)) } else { None };
    Ok(Told {
        labels: pairs("labels", true)?,
        annotations: pairs("annotations", false)?,
        starts_at: starts_at.map(|starts_at| ends_at.map_or(starts_at, |ends_at| starts_at.min(ends_at))),
        ends_at,
        link: alert.get("generatorURL").and_then(Value::as_str).filter(|url| !url.is_empty()).map(str::to_owned),
        key: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn now() -> Timestamp {
        "2026-11-22T02:05:00Z".parse().unwrap()
    }

    fn mapping() -> Mapping {
        Mapping {
            summary: "/title".into(),
            key: Some("/id".into()),
            status: Some("/state".into()),
            resolved: vec!["ok".into(), "up".into()],
            severity: Some("/level".into()),
            labels: [("host".to_owned(), "/host/name".to_owned()), ("team".to_owned(), "'core'".to_owned())].into(),
            ..Mapping::default()
        }
    }

    #[test]
    fn only_the_exact_token_resolves() {
        for (state, resolved) in
            [("up", true), ("ok", true), ("upstream_down", false), ("OK", false), ("backup_failed", false)]
        {
            let body = json!({"title": "t", "id": 7, "state": state});
            assert_eq!(map(&mapping(), &body, now()).unwrap()[0].ends_at.is_some(), resolved, "{state}");
        }
    }

    #[test]
    fn a_mapping_takes_texts_numbers_and_literals() {
        let body = json!({"title": "Disk full", "id": 7, "level": "page", "host": {"name": "db1"}});
        let told = map(&mapping(), &body, now()).unwrap().remove(0);
        assert_eq!(told.labels.to_string(), r#"{alertname="Disk full", host="db1", severity="page", team="core"}"#);
        assert_eq!((told.key.as_deref(), told.ends_at), (Some("7"), None));
        let refusal = map(&mapping(), &json!({"id": 7}), now()).unwrap_err();
        assert_eq!(refusal.to_string(), "/title: the mapping expects the summary here");
        let each = Mapping { each: Some("/events".into()), ..mapping() };
        let told = map(&each, &json!({"events": [{"title": "a"}, {"title": "b"}]}), now()).unwrap();
        assert_eq!(told.len(), 2);
        assert_eq!(
            map(&each, &json!({"events": [{"title": "a"}, {}]}), now()).unwrap_err().at.unwrap(),
            "/events/1/title"
        );
    }

    #[test]
    fn faults_of_a_mapping_are_named() {
        let faulty = Mapping { summary: "title".into(), resolved: Vec::new(), ..mapping() };
        let faults: Vec<String> = check(&faulty).iter().map(ToString::to_string).collect();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(check(&mapping()).is_empty());
    }

    #[test]
    fn alertmanagers_webhook_reads_and_its_zero_time_is_no_end() {
        let body = json!({"version": "4", "groupKey": "{}", "alerts": [
            {"status": "firing", "labels": {"alertname": "A"}, "startsAt": "2026-11-22T02:00:00Z", "endsAt": "0001-01-01T00:00:00Z"},
            {"status": "resolved", "labels": {"alertname": "B"}, "annotations": {"x": "y"}, "endsAt": "2026-11-22T02:04:00Z"},
        ]});
        let told = alertmanager_webhook(&body, now()).unwrap();
        assert!(told[0].ends_at.is_none() && told[1].ends_at.is_some());
        for (body, place) in [
            (json!({}), "/alerts"),
            (json!({"alerts": [{"labels": {}}]}), "/alerts/0/status"),
            (json!({"alerts": [{"status": "firing", "labels": {"a": 1}}]}), "/alerts/0/labels/a"),
            (json!({"alerts": [{"status": "firing"}]}), "/alerts/0/labels"),
            (json!({"version": "9", "alerts": []}), "/version"),
        ] {
            assert_eq!(alertmanager_webhook(&body, now()).unwrap_err().at.unwrap(), place);
        }
    }
}
