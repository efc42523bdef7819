//! The dead-man's watch: from what a server proves about itself, beat by beat, to when people must be told.
//!
//! Pure: somebody else asks the server and sends what is said here. It believes one thing only: a signed, fresh proof
//! that a synthetic alert went in at the front and was paged. That a server answers proves nothing.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::deliveries::{LinkKind, Message, MessageLink, Urgency};
use crate::words::{Span, Timestamp, text};

/// The header that carries the signature of a proof.
pub const PROOF_HEADER: &str = "allclear-proof";

/// What the server says about itself at `GET /api/v1/proof`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Which installation this is.
    pub instance: String,
    /// When the server said so, by its own clock.
    pub at: Timestamp,
    /// The newest synthetic alert; none if there was not one yet.
    #[serde(default)]
    pub synthetic: Option<Synthetic>,
}

/// A synthetic alert: posted like any other, routed to nobody, and paged or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Synthetic {
    pub sequence: u64,
    pub alert_at: Timestamp,
    /// Absent while it is on its way.
    #[serde(default)]
    pub paged_at: Option<Timestamp>,
}

/// The value of [`PROOF_HEADER`] for the bytes of a proof: `v1=<hex>`.
pub fn sign(secret: &[u8], body: &[u8]) -> String {
    use std::fmt::Write as _;
    mac(secret, body).iter().fold("v1=".to_owned(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Is one of the signatures in the header (while a secret is being changed there may be two) ours for these bytes?
pub fn verify(secret: &[u8], body: &[u8], header: &str) -> bool {
    let expected = sign(secret, body);
    header.split([',', ' ']).any(|one| bool::from(one.as_bytes().ct_eq(expected.as_bytes())))
}

fn mac(secret: &[u8], body: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(b"allclear proof\0");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// What one beat saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// Signed by our secret.
    Proof(Proof),
    /// No answer: the reason of the network.
    NoAnswer(String),
    /// An answer that proves nothing: another status, another signature, another form.
    NoProof(String),
}

/// Reads an answer of the server.
pub fn observe(secret: &[u8], status: u16, signature: &str, body: &[u8]) -> Observation {
    let no_proof = |why: String| Observation::NoProof(why);
    if status != 200 {
        return no_proof(match status {
            404 => "answers 404: there is no proof at this URL, or the server has no watch secret set".into(),
            401 | 403 => format!("answers {status}: something in between wants a sign-in"),
            300..=399 => format!("answers {status}: redirects are not followed; give the final URL"),
            _ => format!("answers {status}"),
        });
    }
    if signature.is_empty() {
        return no_proof(format!("answers without a signature ({PROOF_HEADER}); is this Allclear?"));
    }
    if !verify(secret, body, signature) {
        return no_proof("answers with a signature that is not of our secret".into());
    }
    match serde_json::from_slice(body) {
        Ok(proof) => Observation::Proof(proof),
        Err(why) => no_proof(format!("answers with a proof that cannot be read ({why}): is it of another version?")),
    }
}

/// How long the watch waits before it pages, and before it repeats itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// So many beats in a row without proof.
    pub beats: u32,
    /// A proof is good for this long: the synthetic alert was paged, and the server said so, no longer ago.
    pub age: Span,
    /// While the trouble lasts, it is said again this often.
    pub repeat: Span,
}

impl Default for Patience {
    fn default() -> Self {
        Self { beats: 3, age: Span::seconds(90), repeat: Span::minutes(15) }
    }
}

/// What the watch remembers from beat to beat. Serialisable, so that a watch run by cron keeps it in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The last time a synthetic alert was paged, by the server's clock, and the server that said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proved: Option<Proved>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proved {
    pub instance: String,
    pub paged_at: Timestamp,
}

/// No proof, beat after beat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The first beat without proof.
    pub since: Timestamp,
    pub beats: u32,
    /// How many times people were told; zero while the watch still waits.
    pub told: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
    /// Good beats in a row since: one may be luck.
    #[serde(default)]
    pub good: u32,
}

/// What follows from a beat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Say {
    /// One line for the log, at every beat: the watch proves that it works itself.
    Beat(String),
    /// Page people: the `number`th time in this trouble.
    Page { number: u32, since: Timestamp, why: String },
    /// The proofs are back after people were told.
    AllClear { since: Timestamp, told: u32 },
}

/// After a page, so many good beats in a row make an all-clear.
const GOOD_BEATS: u32 = 2;

/// One beat.
pub fn step(mut state: State, observation: Observation, patience: &Patience, now: Timestamp) -> (State, Vec<Say>) {
    let fault = match observation {
        Observation::NoAnswer(why) => Some(format!("no answer: {}", text::shorten(&why, 200))),
        Observation::NoProof(why) => Some(text::shorten(&why, 200)),
        Observation::Proof(proof) => {
            let fault = judge(&mut state.proved, &proof, patience, now);
            if fault.is_none() {
                return good(state, &proof);
            }
            fault
        }
    };
    let Some(fault) = fault else { return (state, Vec::new()) };
    let trouble = state.trouble.get_or_insert(Trouble { since: now, beats: 0, told: 0, told_at: None, good: 0 });
    trouble.beats = trouble.beats.saturating_add(1);
    trouble.good = 0;
    let why = format!("{fault} (since {})", clock(trouble.since));
    let beats = format!("beat {} without proof", trouble.beats);
    let due = match trouble.told_at {
        None => trouble.beats >= patience.beats,
        Some(told_at) => now >= patience.repeat.after(told_at),
    };
    let mut says = vec![Say::Beat(format!("{beats}: {why}"))];
    if due {
        trouble.told += 1;
        trouble.told_at = Some(now);
        says.push(Say::Page { number: trouble.told, since: trouble.since, why });
    }
    (state, says)
}

fn good(mut state: State, proof: &Proof) -> (State, Vec<Say>) {
    let synthetic = proof.synthetic.map_or_else(String::new, |synthetic| match synthetic.paged_at {
        Some(paged_at) => format!(
            ", synthetic alert {} paged after {}",
            synthetic.sequence,
            Span::between(synthetic.alert_at, paged_at)
        ),
        None => format!(", synthetic alert {} on its way", synthetic.sequence),
    });
    let instance = text::shorten(&proof.instance, 60);
    let mut says = vec![Say::Beat(format!("proved by {instance} at {}{synthetic}", clock(proof.at)))];
    match &mut state.trouble {
        None => {}
        // Nobody was told: it is forgotten as it came.
        Some(trouble) if trouble.told == 0 => state.trouble = None,
        Some(trouble) => {
            trouble.good += 1;
            if trouble.good >= GOOD_BEATS {
                says.push(Say::AllClear { since: trouble.since, told: trouble.told });
                state.trouble = None;
            }
        }
    }
    (state, says)
}

/// Why a signed proof proves nothing, if so. Remembers the newest page that it proved.
fn judge(proved: &mut Option<Proved>, proof: &Proof, patience: &Patience, now: Timestamp) -> Option<String> {
    if let Some(paged_at) = proof.synthetic.and_then(|synthetic| synthetic.paged_at) {
        // A server that was set up anew proves for itself alone.
        let newer = proved.as_ref().is_none_or(|old| old.instance != proof.instance || old.paged_at < paged_at);
        if newer {
            *proved = Some(Proved { instance: proof.instance.clone(), paged_at });
        }
    }
    let old = Span::between(proof.at, now);
    if old > patience.age {
        return Some(format!(
            "answers, but with a proof of {} ({old} old): a cache in between, or a clock is wrong",
            clock(proof.at)
        ));
    }
    let ahead = Span::between(now, proof.at);
    if ahead > patience.age {
        return Some(format!("answers, but its clock or ours is wrong: its proof is of {}", clock(proof.at)));
    }
    // The server's times against the server's clock: only the proof itself is measured by ours.
    let paged_at = proved.as_ref().filter(|proved| proved.instance == proof.instance).map(|proved| proved.paged_at);
    if paged_at.is_some_and(|paged_at| Span::between(paged_at, proof.at) <= patience.age) {
        return None;
    }
    Some(match (proof.synthetic, paged_at) {
        (None, _) => "answers, but no synthetic alert was ever posted".into(),
        (Some(Synthetic { alert_at, paged_at: None, .. }), _) => {
            format!("answers, but the synthetic alert of {} has not been paged", clock(alert_at))
        }
        (Some(Synthetic { alert_at, paged_at: Some(_), .. }), _) => {
            format!("answers, but posts no new synthetic alerts: the last is of {}", clock(alert_at))
        }
    })
}

/// What people get. `url` is the server that is watched, as it may be shown: without a password.
pub fn message(say: &Say, url: &str, now: Timestamp) -> Option<Message> {
    let (since, subject, text, urgency, event, key, why) = match say {
        Say::Beat(_) => return None,
        Say::Page { number, since, why } => (
            *since,
            format!("Allclear does not prove that it pages: {url}"),
            format!(
                "{why}\n\nwatched: {url}\nwithout proof for: {}\ntold before: {}\n\n\
                 Until this is repaired, alerts may reach nobody. Look at the server, its network and its mail server, \
                 and keep an eye on your monitoring by hand.\n\n\
                 This comes from the watch (allclear watch), not from Allclear itself.",
                whole_seconds(Span::between(*since, now)),
                match number {
                    1 => "no".to_owned(),
                    2 => "once".to_owned(),
                    more => format!("{} times", more - 1),
                },
            ),
            Urgency::High,
            "watch.silent",
            format!("watch-{}-{number}", since.as_microsecond()),
            why.as_str(),
        ),
        Say::AllClear { since, told } => (
            *since,
            format!("All clear: Allclear proves again that it pages: {url}"),
            format!(
                "Synthetic alerts get through again.\n\nwatched: {url}\nwithout proof for: {}\ntold before: {}\n\n\
                 Look at what came in meanwhile: alerts of that time may not have been paged.",
                whole_seconds(Span::between(*since, now)),
                if *told == 1 { "once".to_owned() } else { format!("{told} times") },
            ),
            Urgency::Low,
            "watch.all-clear",
            format!("watch-{}-clear", since.as_microsecond()),
            "",
        ),
    };
    Some(Message {
        key,
        subject,
        text,
        html: None,
        urgency,
        links: vec![MessageLink { label: "Open Allclear".into(), url: url.into(), kind: LinkKind::Open }],
        thread: format!("watch-{}", since.as_microsecond()),
        event: event.into(),
        data: json!({ "at": now, "watched": url, "since": since, "why": why }),
        repeat_of: None,
        unsubscribe: None,
        calendar: None,
    })
}

fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S UTC").to_string()
}

fn whole_seconds(span: Span) -> Span {
    Span::seconds(span.as_millis() / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Span::seconds(seconds).after("2026-11-02T03:12:05Z".parse().unwrap())
    }

    fn proof(said: i64, alert: i64, paged: Option<i64>) -> Observation {
        Observation::Proof(Proof {
            instance: "blue".into(),
            at: at(said),
            synthetic: Some(Synthetic { sequence: 7, alert_at: at(alert), paged_at: paged.map(at) }),
        })
    }

    fn down() -> Observation {
        Observation::NoAnswer("connection refused".into())
    }

    /// Plays beats (second, observation); prints what was said besides the beats, and the beats if asked.
    fn play(beats: impl IntoIterator<Item = (i64, Observation)>, with_beats: bool) -> String {
        let mut state = State::default();
        let mut out = Vec::new();
        for (second, observation) in beats {
            // Through the file that a watch by cron keeps, each time.
            let kept: State = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
            let (next, says) = step(kept, observation, &Patience::default(), at(second));
            state = next;
            assert!(matches!(says.first(), Some(Say::Beat(_))), "each beat has its line in the log");
            for say in says {
                match say {
                    Say::Beat(line) if with_beats => out.push(format!("{second}: {line}")),
                    Say::Beat(_) => {}
                    Say::Page { number, why, .. } => out.push(format!("{second}: PAGE {number}: {why}")),
                    Say::AllClear { told, since } => {
                        out.push(format!("{second}: ALL CLEAR after {told} since {}", clock(since)));
                    }
                }
            }
        }
        out.join("\n")
    }

    #[test]
    fn while_it_proves_itself_nobody_is_told() {
        // A synthetic alert each minute, seen on its way half of the time, by a server whose clock is a minute ahead.
        let beats = (0..40).map(|beat| {
            let (now, alert) = (beat * 30, beat / 2 * 60);
            (now, proof(now + 60, alert + 60, (beat % 2 == 1 || beat == 0).then_some(alert + 61)))
        });
        assert_eq!(play(beats, false), "");
    }

    #[test]
    fn three_beats_without_an_answer_page_within_a_minute() {
        let beats = [(0, proof(0, -10, Some(-9))), (30, down()), (60, down()), (90, down()), (120, down())];
        insta::assert_snapshot!(play(beats, true), @r"
        0: proved by blue at 03:12:05 UTC, synthetic alert 7 paged after 0s
        30: beat 1 without proof: no answer: connection refused (since 03:12:35 UTC)
        60: beat 2 without proof: no answer: connection refused (since 03:12:35 UTC)
        90: beat 3 without proof: no answer: connection refused (since 03:12:35 UTC)
        90: PAGE 1: no answer: connection refused (since 03:12:35 UTC)
        120: beat 4 without proof: no answer: connection refused (since 03:12:35 UTC)
        ");
    }

    #[test]
    fn a_short_break_is_forgotten() {
        let beats = (0..60).map(|beat| {
            let now = beat * 30;
            (now, if beat % 3 == 0 { proof(now, now - 10, Some(now - 9)) } else { down() })
        });
        assert_eq!(play(beats, false), "");
    }

    #[test]
    fn it_repeats_every_fifteen_minutes_and_says_when_it_is_over() {
        let beats = (0..140).map(|beat| {
            let now = beat * 30;
            (now, if beat < 130 { down() } else { proof(now, now - 10, Some(now - 9)) })
        });
        insta::assert_snapshot!(play(beats, false), @r"
        60: PAGE 1: no answer: connection refused (since 03:12:05 UTC)
        960: PAGE 2: no answer: connection refused (since 03:12:05 UTC)
        1860: PAGE 3: no answer: connection refused (since 03:12:05 UTC)
        2760: PAGE 4: no answer: connection refused (since 03:12:05 UTC)
        3660: PAGE 5: no answer: connection refused (since 03:12:05 UTC)
        3930: ALL CLEAR after 5 since 03:12:05 UTC
        ");
    }

    #[test]
    fn one_good_beat_in_between_is_no_all_clear() {
        let beats = (0..12).map(|beat| {
            let now = beat * 30;
            (now, if beat == 6 || beat >= 10 { proof(now, now - 10, Some(now - 9)) } else { down() })
        });
        insta::assert_snapshot!(play(beats, false), @r"
        60: PAGE 1: no answer: connection refused (since 03:12:05 UTC)
        330: ALL CLEAR after 1 since 03:12:05 UTC
        ");
    }

    #[test]
    fn an_answer_alone_proves_nothing() {
        let never = Observation::Proof(Proof { instance: "blue".into(), at: at(0), synthetic: None });
        let other = |said: i64| {
            let Observation::Proof(proof) = proof(said, said - 60, None) else { unreachable!() };
            Observation::Proof(Proof { instance: "green".into(), ..proof })
        };
        for (what, beats) in [
            (
                "it posts, but does not page",
                (0..9).map(|n| (n * 30, proof(n * 30, n / 2 * 60, (n == 0).then_some(0)))).collect::<Vec<_>>(),
            ),
            ("it posts no more", (0..9).map(|n| (n * 30, proof(n * 30, 0, Some(1)))).collect()),
            ("it never posted", (0..9).map(|n| (n, never.clone())).collect()),
            ("a cache answers", (0..9).map(|n| (n * 30, proof(0, -10, Some(-9)))).collect()),
            (
                "its clock is far ahead",
                (0..9).map(|n| (n * 30, proof(n * 30 + 3600, n * 30 + 3590, Some(n * 30 + 3591)))).collect(),
            ),
            (
                "another server answers",
                (0..9).map(|n| (n * 30, if n == 0 { proof(0, -10, Some(-9)) } else { other(n * 30) })).collect(),
            ),
            ("it answers nonsense", (0..9).map(|n| (n * 30, Observation::NoProof("answers 502".into()))).collect()),
        ] {
            let said = play(beats, false);
            assert!(said.contains("PAGE 1") && !said.contains("PAGE 2"), "{what}: {said}");
            println!("{what}\n  {said}");
        }
        let dead_pager = (0..9).map(|n| (n * 30, proof(n * 30, n / 2 * 60, (n == 0).then_some(0))));
        insta::assert_snapshot!(play(dead_pager, false), @r"180: PAGE 1: answers, but the synthetic alert of 03:15:05 UTC has not been paged (since 03:14:05 UTC)");
    }

    #[test]
    fn only_our_signature_over_these_very_bytes_is_believed() {
        let body = serde_json::to_vec(&Proof { instance: "blue".into(), at: at(0), synthetic: None }).unwrap();
        let ours = sign(b"secret", &body);
        assert!(matches!(observe(b"secret", 200, &ours, &body), Observation::Proof(_)));
        assert!(matches!(observe(b"secret", 200, &format!("v1=00, {ours}"), &body), Observation::Proof(_)));
        let mut other = body.clone();
        other[14] ^= 1;
        for (status, signature, body, says) in [
            (200, ours.as_str(), other.as_slice(), "not of our secret"),
            (200, &sign(b"other", &body), &body, "not of our secret"),
            (200, &ours[..ours.len() - 1], &body, "not of our secret"),
            (200, "v1=", &body, "not of our secret"),
            (200, "", &body, "without a signature"),
            (200, &sign(b"secret", b"{}"), b"{}", "cannot be read"),
            (503, &ours, &body, "answers 503"),
            (404, &ours, &body, "no watch secret"),
            (302, &ours, &body, "redirects"),
        ] {
            let Observation::NoProof(why) = observe(b"secret", status, signature, body) else { panic!("{says}") };
            assert!(why.contains(says), "{why}");
        }
    }

    #[test]
    fn people_read_why_and_since_when() {
        let say =
            Say::Page { number: 2, since: at(0), why: "no answer: connection refused (since 03:12:05 UTC)".into() };
        let page = message(&say, "https://allclear.example.org/", at(930)).unwrap();
        insta::assert_snapshot!(format!("{}\n---\n{}", page.subject, page.text), @r"
        Allclear does not prove that it pages: https://allclear.example.org/
        ---
        no answer: connection refused (since 03:12:05 UTC)

        watched: https://allclear.example.org/
        without proof for: 15m30s
        told before: once

        Until this is repaired, alerts may reach nobody. Look at the server, its network and its mail server, and keep an eye on your monitoring by hand.

        This comes from the watch (allclear watch), not from Allclear itself.
        ");
        let again = message(&say, "https://allclear.example.org/", at(960)).unwrap();
        assert_eq!(page.key, again.key, "sent again, it is the same message");
        let clear =
            message(&Say::AllClear { since: at(0), told: 1 }, "https://allclear.example.org/", at(930)).unwrap();
        insta::assert_snapshot!(format!("{}\n---\n{}", clear.subject, clear.text), @r"
        All clear: Allclear proves again that it pages: https://allclear.example.org/
        ---
        Synthetic alerts get through again.

        watched: https://allclear.example.org/
        without proof for: 15m30s
        told before: once

        Look at what came in meanwhile: alerts of that time may not have been paged.
        ");
        assert_eq!((clear.thread, clear.urgency), (page.thread, Urgency::Low));
        assert_eq!(message(&Say::Beat(String::new()), "x", at(0)), None);
    }
}
