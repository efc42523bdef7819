//! An outgoing webhook: which events of the journal are posted to a URL of others, how a repeat is told, and when a
//! failed attempt is made again.
//!
//! Follows Standard Webhooks 1.0 (standard-webhooks/standard-webhooks on GitHub) wherever that says something. It knows
//! no secret and sends nothing.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::engage::contacts::check_url;
use crate::engage::deliveries::{self, Outcome, Settled};
use crate::words::{EventKind, Name, Refusal, Span, Timestamp, text};

/// The spec of an `outgoing-webhook` document. Its secret is not part of it: that is made by the server, shown once, and
/// rotated apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutgoingWebhook {
    /// What people call it: `Ticket system`.
    pub title: String,
    /// Where events are posted to. `https://`; `http://` only to a host in the own network that the settings of the
    /// server allow by its name or address.
    pub url: String,
    /// Which events: kinds (`page.started`), or all kinds of one noun (`incident.*`). All, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// Only what is about one of these services. Everything, if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Name>,
    /// While it is `false` nothing is sent, and what happens meanwhile is not sent later.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub enabled: bool,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks in this form")]
const fn is_yes(enabled: &bool) -> bool {
    *enabled
}

impl OutgoingWebhook {
    /// Whether it wants events of the kind with this word.
    pub fn wants(&self, kind: &str) -> bool {
        let noun = kind.split('.').next().unwrap_or_default();
        self.events.is_empty()
            || self.events.iter().any(|wanted| match wanted.strip_suffix(".*") {
                Some(all_of) => all_of == noun,
                None => wanted == kind,
            })
    }

    /// What is wrong in it on its own; each refusal with a pointer into the spec.
    pub fn check(&self) -> Vec<Refusal> {
        let mut found: Vec<Refusal> =
            check_url(&self.url).err().map(|refusal| refusal.at("/url")).into_iter().collect();
        let nouns: BTreeSet<String> =
            EventKind::ALL.iter().filter_map(|kind| Some(format!("{}.*", kind.word().split_once('.')?.0))).collect();
        let words = || EventKind::ALL.iter().map(|kind| kind.word()).chain(nouns.iter().map(String::as_str));
        let mut seen = BTreeSet::new();
        for (place, wanted) in self.events.iter().enumerate() {
            let at = format!("/events/{place}");
            if !words().any(|word| word == wanted) {
                let near = if nouns.contains(&format!("{wanted}.*")) {
                    format!(" (did you mean \"{wanted}.*\"?)")
                } else {
                    text::did_you_mean(wanted, words())
                };
                let shown = text::shorten(wanted, 60);
                found.push(Refusal::invalid(format!("there is no kind of event {shown:?}{near}")).at(at));
            } else if !seen.insert(wanted) {
                found.push(Refusal::invalid(format!("{wanted:?} stands here twice")).at(at));
            }
        }
        found
    }
}

/// So many deliveries of one webhook wait at most. The journal waits for the rest, so that a receiver that is down for a
/// day does not fill the outbox.
pub const WAITING_MOST: u32 = 500;

/// So many attempts of one webhook are made at once.
pub const AT_ONCE: u32 = 4;

/// Until a secret that was replaced ends, both sign.
pub const OVERLAP: Span = Span::hours(24);
/// The longest overlap that can be asked for.
pub const OVERLAP_MOST: Span = Span::hours(30 * 24);
/// More secrets than this do not sign at once: each is a part of one header.
pub const KEYS_MOST: usize = 4;

/// What the event of a test is called. It stands in no journal.
pub const TEST: &str = "outgoing-webhook.test";

const CHANNEL: &str = "outgoing-webhook/";

/// The channel of the outbox that holds the deliveries of this webhook: its own, so that it holds up nothing but itself.
pub fn channel(webhook: &Name) -> String {
    format!("{CHANNEL}{webhook}")
}

/// The webhook whose deliveries are in this channel, if they are of one.
pub fn of_channel(channel: &str) -> Option<Name> {
    channel.strip_prefix(CHANNEL)?.parse().ok()
}

/// The `webhook-id` of an event for this webhook: the same on each attempt and in each replay, another for each webhook,
/// and without a full stop, which separates the parts of what is signed.
pub fn message_id(webhook: &Name, event: &str) -> String {
    let digest = Sha256::new().chain_update(webhook.as_str()).chain_update([0]).chain_update(event).finalize();
    digest.iter().take(16).fold("msg_".to_owned(), |mut id, byte| {
        // Writing to a text cannot fail.
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// What a signing secret is derived from: the name, and chance that is kept with it.
pub fn key(webhook: &Name, seed: &[u8]) -> String {
    seed.iter().fold(format!("{webhook}/"), |mut key, byte| {
        let _ = write!(key, "{byte:02x}");
        key
    })
}

/// Waits after the first, second, third ... attempt, in seconds: the schedule of Standard Webhooks. Ten attempts in a
/// little more than three days (75 h 35 min), then it is given up.
const WAITS: [i64; 9] = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];

/// A receiver may ask for more time than the schedule gives, up to this.
const MOST_PATIENCE: Span = Span::hours(24);

/// What follows from the outcome of attempt number `attempt` (the first is 1). `chance` spreads the waits by up to a fifth
/// either way.
pub fn settle(outcome: Outcome, attempt: u32, now: Timestamp, chance: u64) -> Settled {
    deliveries::settle_by(outcome, &WAITS, MOST_PATIENCE, attempt, now, chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook(events: &[&str]) -> OutgoingWebhook {
        OutgoingWebhook {
            title: "Tickets".into(),
            url: "https://tickets.example.org/in".into(),
            events: events.iter().map(ToString::to_string).collect(),
            services: vec![],
            enabled: true,
        }
    }

    #[test]
    fn kinds_and_nouns_are_wanted_and_nothing_else() {
        for (events, kind, wanted) in [
            (&[][..], "page.started", true),
            (&["page.started"], "page.started", true),
            (&["page.started"], "page.ended", false),
            (&["incident.*"], "incident.declared", true),
            (&["incident.*"], "incidents.declared", false),
            (&["integration.*"], "integration-token.rotated", false),
            (&["page.ended", "incident.*"], "page.ended", true),
        ] {
            assert_eq!(hook(events).wants(kind), wanted, "{events:?} {kind}");
        }
    }

    #[test]
    fn an_unknown_kind_is_refused_with_what_was_probably_meant() {
        let said = |hook: OutgoingWebhook| hook.check().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert_eq!(said(hook(&["page.started", "incident.*", "stamp.*"])), "");
        insta::assert_snapshot!(
            said(hook(&["page.startet", "incident", "incidents.*", "*", "page.ended", "page.ended", "zebra.seen"])),
            @r#"
            /events/0: there is no kind of event "page.startet" (did you mean "page.started"?)
            /events/1: there is no kind of event "incident" (did you mean "incident.*"?)
            /events/2: there is no kind of event "incidents.*" (did you mean "incident.*"?)
            /events/3: there is no kind of event "*"
            /events/5: "page.ended" stands here twice
            /events/6: there is no kind of event "zebra.seen"
            "#
        );
        let url = OutgoingWebhook { url: "ftp://x".into(), ..hook(&[]) };
        assert!(said(url).starts_with("/url: "));
    }

    #[test]
    fn a_message_id_is_of_one_event_and_one_webhook_and_has_no_full_stop() {
        let (a, b): (Name, Name) = ("a.b".parse().unwrap(), "b".parse().unwrap());
        let ids = [message_id(&a, "evt_1"), message_id(&b, "evt_1"), message_id(&a, "evt_2")];
        assert_eq!(ids[0], message_id(&a, "evt_1"));
        assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2]);
        assert!(ids.iter().all(|id| id.len() == 36 && !id.contains('.')), "{ids:?}");
        assert_eq!(of_channel(&channel(&a)), Some(a));
        assert_eq!(of_channel("webhook"), None);
    }

    #[test]
    fn attempts_follow_the_schedule_of_the_standard_and_end() {
        let now: Timestamp = "2026-11-02T03:00:00Z".parse().unwrap();
        let later = |at| Outcome::Later { at, why: "503".into() };
        // The least of the spread is four fifths.
        let waits: Vec<String> = (1..=10)
            .map(|attempt| match settle(later(None), attempt, now, 0) {
                Settled::Again { at, .. } => Span::millis(Span::between(now, at).as_millis() * 5 / 4).to_string(),
                Settled::GivenUp { why } => why,
                Settled::Sent { .. } => panic!("it was not sent"),
            })
            .collect();
        assert_eq!(waits.join(" "), "5s 5m 30m 2h 5h 10h 14h 20h 1d given up after 10 attempts: 503");
        let Settled::Again { at, .. } = settle(later(Some(Span::hours(3).after(now))), 1, now, 0) else { panic!() };
        assert_eq!(at, Span::hours(3).after(now), "Retry-After is honoured");
        let Settled::Again { at, .. } = settle(later(Some(Span::hours(99).after(now))), 1, now, 0) else { panic!() };
        assert_eq!(at, Span::hours(24).after(now), "within reason");
        assert!(matches!(settle(Outcome::Gone { why: "410".into() }, 1, now, 0), Settled::GivenUp { .. }));
    }
}
