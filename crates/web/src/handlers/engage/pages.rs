//! A page as it runs, for the alert it is about: its steps, and every message on its way.

use domain::engage::contacts;
use domain::engage::escalations::{EscalationPolicy, State, Target};
use domain::prepare::addresses::{Reader, masked_email};
use domain::words::{Name, PageId, Span, Timestamp};
use store::Halt;
use store::engage::pages::PageRow;
use store::outbox::{self, Attempt, Delivery, State as Sending};

use crate::handlers::frame::Look;
use crate::pages::engage::pages::{DeliveryView, PageView, Progress, StepView};
use crate::pages::{Badge, Link, PersonTag, Tone};

/// The page, with its steps as they went and will go.
pub fn page_view(look: &mut Look<'_, '_>, id: PageId) -> Result<Option<PageView>, Halt> {
    let Some(page) = store::engage::pages::get(look.tx, id)? else { return Ok(None) };
    let deliveries = outbox::for_page(look.tx, id)?;
    let rules = look.rules.clone();
    let policy = page.policy.as_ref().and_then(|name| rules.catalog.escalation_policies.get(name));
    let steps = policy.map_or_else(Vec::new, |policy| steps(look, &page, policy, &deliveries));
    let title = policy.map_or_else(|| "a policy that is gone".to_owned(), |policy| policy.title.clone());
    let href =
        page.policy.as_ref().map_or("/escalation-policies".into(), |name| format!("/escalation-policies/{name}"));
    Ok(Some(PageView {
        state: badge(&page.state),
        policy: Link::new(title, href),
        started: look.when(page.started_at),
        next: policy.and_then(|policy| next(look, &page.state, policy)),
        steps,
    }))
}

/// The state of a page, as a badge.
pub fn badge(state: &State) -> Badge {
    match state {
        State::Calling { .. } => Badge::new(Tone::Critical, "Calling"),
        State::Acknowledged { .. } => Badge::new(Tone::Good, "Acknowledged"),
        State::Ended { why, .. } => Badge::new(Tone::Quiet, format!("Ended: {}", why.word())),
    }
}

/// What comes next unless somebody answers.
pub fn next(look: &Look<'_, '_>, state: &State, policy: &EscalationPolicy) -> Option<(String, crate::pages::When)> {
    match state {
        State::Calling { step, round, due_at: Some(due), .. } => {
            let at = usize::from(*step);
            let what = match policy.steps.get(at) {
                Some(step) => format!("step {}: {}", at + 1, titles(look, &step.notify)),
                None if *round < policy.rounds() => {
                    let first = policy.steps.first().map_or_else(String::new, |step| titles(look, &step.notify));
                    format!("from the start again: {first}")
                }
                None => "the page ends unanswered".into(),
            };
            Some((what, look.when(*due)))
        }
        State::Acknowledged { until: Some(until), .. } => {
            Some(("the acknowledgement times out, and it calls again".into(), look.when(*until)))
        }
        _ => None,
    }
}

/// `Payments, primary; Ana Silva`.
pub fn titles(look: &Look<'_, '_>, targets: &[Target]) -> String {
    targets.iter().map(|target| title(look, target)).collect::<Vec<_>>().join("; ")
}

/// Whom a step names.
pub fn title(look: &Look<'_, '_>, target: &Target) -> String {
    match target {
        Target::Person(name) => look.full_name(name),
        Target::Schedule(name) => {
            look.rules.catalog.schedules.get(name).map_or_else(|| name.to_string(), |found| found.title.clone())
        }
        Target::Webhook(url) => format!("webhook {}", host(url)),
    }
}

/// A URL's host: its path is as good as a password.
pub fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

fn steps(
    look: &Look<'_, '_>,
    page: &PageRow,
    policy: &EscalationPolicy,
    deliveries: &[(Delivery, Vec<Attempt>)],
) -> Vec<StepView> {
    // Where it stands, or stood when it was answered.
    let (now_at, calling) = match &page.state {
        State::Calling { step, round, .. } => (Some((*round, *step)), true),
        State::Acknowledged { step, round, .. } => (Some((*round, *step)), false),
        State::Ended { .. } => (None, false),
    };
    let round = now_at.map_or(1, |(round, _)| round);
    let told = |number: usize, in_round: u16| {
        deliveries
            .iter()
            .filter(move |(one, _)| one.step as usize == number && (in_round == 0 || one.round == u32::from(in_round)))
    };
    let mut due = match &page.state {
        State::Calling { due_at, .. } => *due_at,
        _ => None,
    };
    let mut views = Vec::new();
    for (at, step) in policy.steps.iter().enumerate() {
        let number = at + 1;
        let began = told(number, 0).map(|(one, _)| one.created_at).max();
        let progress = match now_at {
            Some((_, standing)) if usize::from(standing) == number && calling => Progress::Now,
            Some((_, standing)) if usize::from(standing) >= number => Progress::Done,
            Some(_) => Progress::Later,
            None if began.is_some() => Progress::Done,
            None => Progress::Later,
        };
        let note = match progress {
            Progress::Now => format!("Waits {} for an answer", span(step.wait)),
            Progress::Done if began.is_none() => "Skipped at once: it reached nobody".into(),
            Progress::Done if round > 1 => format!("Round {round}"),
            Progress::Done => match &page.state {
                State::Acknowledged { by, step, .. } if usize::from(*step) == number => {
                    format!("{} has it", look.full_name(by))
                }
                _ => "Nobody answered".into(),
            },
            Progress::Later => match (calling, due) {
                (true, Some(begins)) => {
                    due = Some(step.wait.after(begins));
                    format!("{} unless somebody answers", capital(&look.view.relative(begins)))
                }
                (true, None) => "When somebody escalates: low urgency waits".into(),
                _ => "Was not needed".into(),
            },
        };
        views.push(StepView {
            number: number.to_string(),
            title: titles(look, &step.notify),
            progress,
            note,
            at: began.map(|at| look.when(at)),
            deliveries: told(number, 0).map(|(one, attempts)| delivery_view(look, one, attempts)).collect(),
        });
    }
    let ends: Vec<DeliveryView> = told(0, 0).map(|(one, attempts)| delivery_view(look, one, attempts)).collect();
    if !ends.is_empty() {
        views.push(StepView {
            number: "·".into(),
            title: "That it is over".into(),
            progress: Progress::Done,
            note: "Told to everybody who was called".into(),
            at: None,
            deliveries: ends,
        });
    }
    views
}

/// One message, and what became of it.
pub fn delivery_view(look: &Look<'_, '_>, one: &Delivery, attempts: &[Attempt]) -> DeliveryView {
    let state = match one.state {
        _ if one.seen_at.is_some() => Badge::new(Tone::Info, "Seen"),
        Sending::Queued if one.attempts > 0 => Badge::new(Tone::Warning, "Trying again"),
        Sending::Queued => Badge::new(Tone::Quiet, "Queued"),
        Sending::Claimed => Badge::new(Tone::Quiet, "Sending"),
        Sending::Sent => Badge::new(Tone::Good, "Sent"),
        Sending::Failed => Badge::new(Tone::Critical, "Failed"),
        Sending::Cancelled => Badge::new(Tone::Quiet, "Not needed"),
    };
    let at: Timestamp = match one.state {
        Sending::Queued => one.due_at,
        _ => one.seen_at.or(one.settled_at).or(one.claimed_at).unwrap_or(one.due_at),
    };
    let person = match &one.person {
        Some(name) => look.tag(name),
        None => PersonTag { href: "/escalation-policies".into(), ..PersonTag::new("", "Webhook") },
    };
    let address = shown(&look.asked.reader(), one.person.as_ref(), &one.channel, &one.address);
    // Mail servers repeat the address when they refuse it.
    let said = |detail: &str| detail.replace(&one.address, &address);
    let tried = |attempt: &Attempt| {
        let detail = said(attempt.detail.as_deref().unwrap_or(""));
        let word = capital(attempt.ending.word());
        (look.when(attempt.ended_at), if detail.is_empty() { word } else { format!("{word}: {detail}") })
    };
    DeliveryView {
        person,
        channel: channel(&one.channel),
        contact: format!("{} · {address}", one.contact),
        state,
        when: look.when(at),
        answer: one.detail.as_deref().filter(|_| !matches!(one.state, Sending::Sent | Sending::Cancelled)).map(said),
        attempts: if attempts.len() > 1 { attempts.iter().map(tried).collect() } else { Vec::new() },
    }
}

/// The icon of a channel.
pub fn channel(word: &str) -> &'static str {
    match word {
        contacts::EMAIL => "mail",
        "ntfy" => "push",
        _ => "webhook",
    }
}

/// An address as others may read it: the path of a webhook or a topic is as good as a password, and a mail address is
/// the person's own affair.
pub fn shown(reader: &Reader, person: Option<&Name>, channel: &str, address: &str) -> String {
    match channel {
        contacts::EMAIL => person.map_or_else(|| masked_email(address), |person| reader.email(person, address)),
        _ => host(address).to_owned(),
    }
}

/// `5 min`, `1 h 30 min`.
pub fn span(span: Span) -> String {
    let seconds = span.as_millis() / 1000;
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let said: Vec<String> =
        parts.iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number} {unit}")).collect();
    if said.is_empty() { "0 s".into() } else { said.join(" ") }
}

/// With a capital.
pub fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The people whom a target would reach now.
pub fn reached(look: &Look<'_, '_>, target: &Target) -> Vec<Name> {
    match target {
        Target::Person(name) => vec![name.clone()],
        Target::Schedule(name) => look.on_call(name).and_then(|answer| answer.person).into_iter().collect(),
        Target::Webhook(_) => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_do_not_give_secrets_away() {
        let ana: Name = "ana".parse().unwrap();
        let shown = |reader: &str, channel: &str, address: &str| {
            let reader = Reader::new(Some(&reader.parse().unwrap()), Some(domain::prepare::people::Access::Responder));
            super::shown(&reader, Some(&ana), channel, address)
        };
        assert_eq!(shown("ana", "ntfy", "https://ntfy.sh/secret-topic"), "ntfy.sh");
        assert_eq!(shown("ben", "webhook", "https://hooks.example.org/T0/secret?x=1"), "hooks.example.org");
        assert_eq!(shown("ana", "email", "ana@example.org"), "ana@example.org");
        assert_eq!(shown("ben", "email", "ana@example.org"), "a…@example.org");
    }

    #[test]
    fn spans_are_said_in_words() {
        for (text, said) in [("5m", "5 min"), ("90m", "1 h 30 min"), ("30s", "30 s"), ("0", "0 s"), ("7d", "7 d")] {
            assert_eq!(span(text.parse().unwrap()), said);
        }
    }
}
