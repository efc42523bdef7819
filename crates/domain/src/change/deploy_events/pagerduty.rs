//! Change events as they are sent to PagerDuty (`/v2/change/enqueue`): one line of what was done, with no key and no state.
//!
//! The same words with the same time are the same change. Without a time it is that of the arrival, and the same words within five
//! minutes are taken for a repeat.

use serde_json::Value;

use super::parts::{Part, is_link};
use super::{Draft, Names, Told};
use crate::change::observations::Stage;
use crate::change::proposals::Kind;
use crate::words::{Result, Span, Timestamp};

const REPEATED_WITHIN: Span = Span::minutes(5);

/// Reads one event. Its `routing_key` was looked at before.
pub fn read(body: &Value, names: Names<'_>, now: Timestamp) -> Result<Told> {
    let body = Part::whole(body).object()?;
    let payload = body.at("payload").object()?;
    let (summary, source) = (payload.need("summary")?, payload.word("source").unwrap_or_default());
    let details = payload.at("custom_details");
    let at = payload.time("timestamp", now)?;
    let when = at.map_or_else(|| (now.as_millisecond() / REPEATED_WITHIN.as_millis()).to_string(), |at| at.to_string());
    let service = details.word("service");
    let environment = details.word("environment");
    let words: Vec<&str> = service.as_deref().into_iter().chain([source.as_str()]).collect();
    let links = body.at("links");
    let link = links.items().iter().find_map(|link| Some(link.value.get("href")?.as_str()?.to_owned()));
    let details_text = if details.value.is_null() { String::new() } else { details.value.to_string() };
    let draft = Draft {
        key: &["event", &source, &when, &summary, &details_text],
        stage: Stage::Finished,
        at: at.unwrap_or(now),
        kind: Kind::Deploy,
        title: summary.clone(),
        why: if source.is_empty() { String::new() } else { format!("by {source}") },
        words: &words,
        own: service.as_deref().unwrap_or(&source),
        environment: environment.as_deref(),
        to: details.word("version"),
        said: String::new(),
        link: link.filter(|link| is_link(link)),
    };
    let mut report = draft.report(names);
    report.on_arrival = at.is_none();
    Ok(Told::one(report))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{lines, now, with_names};
    use super::*;

    #[test]
    fn an_event_is_one_line_of_what_was_done() {
        let event = |payload: Value| json!({ "routing_key": "x", "payload": payload, "links": [{ "href": "https://ci.example/7", "text": "it" }] });
        with_names(json!({ "services": { "acme-build-pipeline": "shop" } }), |names| {
            let read_it = |payload: Value, at| read(&event(payload), names, at);
            let whole = json!({
                "summary": "Build Success\n- Increase timeout", "source": "acme-build-pipeline", "timestamp": "2026-11-29T08:42:58.315+0000",
                "custom_details": { "build_state": "passed", "environment": "live", "version": "4.2" },
            });
            let told = read_it(whole.clone(), now()).unwrap();
            let (at_once, shown) = (&told.reports[0], lines(&Ok(told.clone())));
            assert!(
                shown.ends_with(
                    " finished 2026-11-29T08:42:58.315Z | deploy Build Success - Increase timeout | shop@live 4.2"
                ),
                "{shown}"
            );
            assert_eq!(
                (at_once.on_arrival, at_once.observation.link.as_deref()),
                (false, Some("https://ci.example/7"))
            );
            assert_eq!(
                read_it(whole, Span::hours(3).after(now())).unwrap(),
                told,
                "the same words are the same change"
            );
            let key = |payload: &Value, at| read_it(payload.clone(), at).unwrap().reports[0].observation.key.clone();
            let bare = json!({ "summary": "Switched" });
            assert_eq!(key(&bare, now()), key(&bare, Span::minutes(4).after(now())));
            assert_ne!(key(&bare, now()), key(&bare, Span::minutes(5).after(now())));
            assert_ne!(key(&bare, now()), key(&json!({ "summary": "Switched", "custom_details": { "a": 1 } }), now()));
            let told = read_it(bare, now()).unwrap();
            assert_eq!((told.reports[0].on_arrival, &told.reports[0].unmapped), (true, &vec![]));
            assert_eq!(lines(&read_it(json!({}), now())), "refused: /payload/summary: missing, or no text");
            assert_eq!(
                lines(&read_it(json!({ "summary": "x", "timestamp": "soon" }), now())),
                "refused: /payload/timestamp: is not a time; write it like 2026-11-22T02:12:09Z"
            );
        });
    }
}
