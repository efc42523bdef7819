//! A change in our own words, as a script posts it: one object, or a list of them.
//!
//! ```json
//! { "key": "deploy 4711", "stage": "finished", "title": "Shop 4.2", "targets": [{ "service": "shop", "to": "4.2" }] }
//! ```
//!
//! What is not known is refused: whoever writes these words wrote them for us.

use std::collections::BTreeMap;

use serde_json::Value;

use super::parts::{Part, is_link, line};
use super::{Names, Report, SAID_MOST, Told, VERSION_MOST, key, proposal, with_unmapped};
use crate::change::observations::{KEY_MOST, Observation, Stage};
use crate::change::proposals::{Kind, Target};
use crate::detect::integrations::Reports;
use crate::prepare::services::Service;
use crate::words::{Name, Result, Timestamp, text};

const FIELDS: [&str; 9] = ["key", "stage", "at", "kind", "title", "why", "targets", "said", "link"];
const TARGET_FIELDS: [&str; 4] = ["service", "environment", "from", "to"];
/// In one call are no more.
const CHANGES_MOST: usize = 100;

/// Reads one change or a list. A service that is not known is kept in words.
pub fn read(body: &Value, names: Names<'_>, now: Timestamp) -> Result<Told> {
    all(body, names, false, now)
}

/// Reads one change or a list that somebody of ours reports: they know the names of services, so one that is not known is refused.
pub fn read_ours(body: &Value, services: &BTreeMap<Name, Service>, now: Timestamp) -> Result<Told> {
    all(body, Names { settings: &Reports::default(), services }, true, now)
}

fn all(body: &Value, names: Names<'_>, strict: bool, now: Timestamp) -> Result<Told> {
    let whole = Part::whole(body);
    if !body.is_array() {
        return Ok(Told::one(one(whole, names, strict, now)?));
    }
    let all = whole.items();
    if all.is_empty() || all.len() > CHANGES_MOST {
        return Err(whole.wrong(format!("a list has 1 to {CHANGES_MOST} changes")));
    }
    all.into_iter().try_fold(Told::default(), |told, part| Ok(told.and(Told::one(one(part, names, strict, now)?))))
}

fn one(part: Part<'_>, names: Names<'_>, strict: bool, now: Timestamp) -> Result<Report> {
    let part = known(part, &FIELDS)?;
    let own_key = part.need("key")?;
    if own_key.len() > KEY_MOST {
        return Err(part.at("key").wrong(format!("a key has {KEY_MOST} bytes at most")));
    }
    let choice = |name: &str| part.need(name);
    let stage: Stage =
        choice("stage")?.parse().map_err(|refusal: crate::words::Refusal| refusal.at(part.at("stage").place))?;
    let kind = match part.word("kind") {
        None => Kind::Deploy,
        Some(word) => word.parse().map_err(|refusal: crate::words::Refusal| refusal.at(part.at("kind").place))?,
    };
    let title = part.need("title")?;
    let link = part.word("link");
    if link.as_deref().is_some_and(|link| !is_link(link)) {
        return Err(part.at("link").wrong("must be an http(s) URL"));
    }
    let at = part.time("at", now)?;
    let (mut targets, mut unmapped) = (Vec::<Target>::new(), Vec::new());
    let list = part.at("targets");
    if !list.value.is_null() && !list.value.is_array() {
        return Err(list.wrong("must be a list"));
    }
    for target in list.items() {
        let target = known(target, &TARGET_FIELDS)?;
        let (service, environment) = (target.need("service")?, target.word("environment"));
        let at_environment = environment.as_deref().map(|environment| format!("{service}:{environment}"));
        let words: Vec<&str> = at_environment.as_deref().into_iter().chain([service.as_str()]).collect();
        let version = |name: &str| target.word(name).map(|version| line(&version, VERSION_MOST));
        let Some(service) = names.service(&words, &service) else {
            if strict {
                let near = text::did_you_mean(&service, names.services.keys().map(Name::as_str));
                return Err(target.at("service").wrong(format!("there is no service {service:?}{near}")));
            }
            unmapped.push(text::shorten(&service, 200));
            continue;
        };
        let environment = names.environment(environment.as_deref());
        if targets.iter().any(|known| known.service == service && known.environment == environment) {
            return Err(target.wrong("this service is named twice for this environment"));
        }
        targets.push(Target { service, environment, from: version("from"), to: version("to") });
    }
    let why = with_unmapped(&part.word("why").unwrap_or_default(), &unmapped);
    let observation = Observation {
        key: key(&[&own_key]),
        stage,
        at: at.unwrap_or(now),
        proposal: proposal(kind, &title, &why, targets),
        said: line(&part.word("said").unwrap_or_default(), SAID_MOST),
        link,
    };
    Ok(Report { observation, on_arrival: at.is_none(), unmapped })
}

/// An object that has none but these fields, each of them what it must be.
fn known<'b>(part: Part<'b>, fields: &[&str]) -> Result<Part<'b>> {
    let part = part.object()?;
    for (name, value) in part.value.as_object().into_iter().flatten() {
        let at = part.at(name);
        if !fields.contains(&name.as_str()) {
            let near = text::did_you_mean(name, fields.iter().copied());
            return Err(at.wrong(format!("is not known{near}")));
        }
        if name != "targets" && !matches!(value, Value::String(_) | Value::Number(_) | Value::Null) {
            return Err(at.wrong("must be a text"));
        }
    }
    Ok(part)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{lines, now, with_names};
    use super::*;

    #[test]
    fn a_change_is_read_and_what_is_not_known_is_refused() {
        let with = |name: &str, value: Value| {
            let mut body = json!({
                "key": "deploy 4711", "stage": "finished", "at": "2026-11-29T11:00:00Z", "title": "Shop 4.2",
                "targets": [{ "service": "shop", "environment": "live", "from": "4.1", "to": "4.2" }],
            });
            body[name] = value;
            body
        };
        let one = with("why", json!("faster"));
        let line = "deploy 4711 finished 2026-11-29T11:00:00Z | deploy Shop 4.2 | shop@live 4.2";
        with_names(json!({ "services": { "till": "cart" } }), |names| {
            for (body, expected) in [
                (one.clone(), line.to_owned()),
                (json!([one, one]), format!("{line}\n{line}")),
                (with("kind", json!("schema")), line.replace("| deploy", "| schema")),
                (with("targets", json!([{ "service": "till" }])), line.replace("shop@live 4.2", "cart@- -")),
                (with("targets", json!([{ "service": "bakery" }])), line.replace("shop@live 4.2", "nobody knows [\"bakery\"]")),
                (with("said", json!("a\nb")), format!("{line} (a b)")),
                (with("stage", json!("done")), "refused: /stage: the stage of a change is one of began, stage, finished, failed, rolled-back".into()),
                (with("kind", json!("deplyo")), "refused: /kind: the kind of a change is one of deploy, config, flag, schema, infrastructure, data, network, certificate, access, vendor, document (did you mean \"deploy\"?)".into()),
                (with("titel", json!("x")), "refused: /titel: is not known (did you mean \"title\"?)".into()),
                (with("title", json!({})), "refused: /title: must be a text".into()),
                (with("key", json!("")), "refused: /key: missing, or no text".into()),
                (with("link", json!("javascript:x")), "refused: /link: must be an http(s) URL".into()),
                (with("at", json!("soon")), "refused: /at: is not a time; write it like 2026-11-22T02:12:09Z".into()),
                (with("targets", json!("shop")), "refused: /targets: must be a list".into()),
                (with("targets", json!([{ "service": "shop", "version": "4" }])), "refused: /targets/0/version: is not known".into()),
                (with("targets", json!([{ "service": "shop" }, { "service": "shop" }])), "refused: /targets/1: this service is named twice for this environment".into()),
                (json!([one, {}]), "refused: /1/key: missing, or no text".into()),
                (json!([]), "refused: /: a list has 1 to 100 changes".into()),
                (json!("x"), "refused: /: must be an object".into()),
            ] {
                assert_eq!(lines(&read(&body, names, now())), expected, "{body}");
            }
            let ours = lines(&read_ours(&with("targets", json!([{ "service": "shpo" }])), names.services, now()));
            assert_eq!(ours, "refused: /targets/0/service: there is no service \"shpo\" (did you mean \"shop\"?)");
            assert!(read(&with("at", json!(null)), names, now()).unwrap().reports[0].on_arrival);
        });
    }
}
