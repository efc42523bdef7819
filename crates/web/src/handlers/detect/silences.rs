//! Silences: the list, a new one with what it would mute, and an early end.

use actions::detect::{silences, views};
use axum::extract::Path;
use axum::response::Response;
use domain::detect::silences::{Phase, Silence};
use domain::prepare::people::Access;
use domain::words::{AlertId, Id as _, Matcher, Refusal, SilenceId, Span, Timestamp};
use store::Halt;
use store::detect::silences as rows;

use super::alert::fellow;
use crate::handlers::fields::{Fields, escape};
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::pages::detect::silences::{NewSilencePage, Preview, SilenceRow, SilencesPage};
use crate::pages::filters::Tab;
use crate::pages::{Badge, Section, Tone};
use crate::problem::Problem;

const ROWS: u32 = 200;
const PREVIEWED: usize = 20;

/// `GET /silences?tab=active|coming|ended`.
pub async fn get_silences(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Silences, |look, shell| {
            let current = rows::current(look.tx)?;
            let tab = match look.asked.query.text("tab") {
                "coming" => Phase::Pending,
                "ended" => Phase::Expired,
                _ => Phase::Active,
            };
            let count = |phase: Phase| current.iter().filter(|one| one.phase(look.now()) == phase).count() as u64;
            let (active, coming) = (count(Phase::Active), count(Phase::Pending));
            let mut shown: Vec<Silence> = match tab {
                Phase::Expired => rows::list(look.tx, Span::hours(24 * 90).before(look.now()), ROWS)?,
                _ => current,
            };
            shown.retain(|one| one.phase(look.now()) == tab);
            let one = |title, word: &str, phase, count| Tab {
                title,
                href: format!("/silences?tab={word}"),
                count,
                current: phase == tab,
            };
            Ok(SilencesPage {
                tabs: vec![
                    one("Active", "active", Phase::Active, Some(active)),
                    one("Coming", "coming", Phase::Pending, Some(coming)),
                    one("Ended", "ended", Phase::Expired, None),
                ],
                rows: shown.iter().map(|silence| row(look, silence)).collect(),
                shell,
            })
        })
        .await
}

fn row(look: &Look<'_, '_>, silence: &Silence) -> SilenceRow {
    let phase = silence.phase(look.now());
    let matchers: Vec<String> = silence.matchers.iter().map(ToString::to_string).collect();
    SilenceRow {
        id: silence.id.to_string(),
        state: match phase {
            Phase::Pending => Badge::new(Tone::Info, "Coming"),
            Phase::Active => Badge::new(Tone::Warning, "Active"),
            Phase::Expired => Badge::new(Tone::Quiet, "Ended"),
        },
        from: look.when(silence.starts_at),
        to: look.when(silence.ends_at),
        reason: silence.comment.clone(),
        by: look.tag_of(&silence.created_by),
        mutes: look.app.node().board().silenced_by(silence.id).len() as u64,
        mutes_href: format!("/alerts?tab=silenced&q={}", escape(&matchers.join(" "))),
        may_end: phase != Phase::Expired && look.asked.access >= Access::Responder,
        matchers,
    }
}

/// What the form holds.
#[derive(Clone, Debug, Default)]
struct Form {
    matchers: String,
    span: String,
    to: String,
    reason: String,
    error: Option<String>,
    preview: Option<Vec<Matcher>>,
}

/// `GET /silences/new?alert=ID`.
pub async fn get_new(asked: Asked) -> Result<Response, Problem> {
    let alert: Option<AlertId> = asked.query.parse("alert").ok();
    let matchers = asked.query.text("q").to_owned();
    let form = Form { matchers, span: "1h".into(), ..Form::default() };
    page(asked, form, alert).await
}

async fn page(asked: Asked, form: Form, alert: Option<AlertId>) -> Result<Response, Problem> {
    asked
        .page(Section::Silences, move |look, shell| {
            let mut form = form.clone();
            if let Some(id) = alert
                && let Some(view) = views::one(look.tx, &look.app.node().board(), id)?
            {
                let matchers = view.labels.iter().map(|(name, value)| {
                    Matcher::new(name, domain::words::labels::Compare::Equal, value).map(|matcher| matcher.to_string())
                });
                form.matchers = matchers.collect::<Result<Vec<_>, _>>()?.join("\n");
            }
            let preview = form.preview.as_ref().map(|matchers| preview(look, matchers)).transpose()?;
            Ok(NewSilencePage {
                matchers: form.matchers,
                span: form.span,
                to: form.to,
                reason: form.reason,
                viewer_zone: look.zone_name.clone(),
                error: form.error,
                preview,
                shell,
            })
        })
        .await
}

fn preview(look: &mut Look<'_, '_>, matchers: &[Matcher]) -> Result<Preview, Halt> {
    let board = look.app.node().board();
    let mut slots = board.matching(matchers);
    let (muted, open) = (slots.len(), board.len());
    slots.sort_by_key(|slot| std::cmp::Reverse((board.severity(*slot), board.at(*slot).id)));
    slots.truncate(PREVIEWED);
    let alerts = views::open(look.tx, &board, &slots)?.iter().map(fellow).collect();
    let said = match (muted, open) {
        (0, _) => "Nothing that is open now.".into(),
        (all, open) if all == open && open > 1 => format!("Every open alert: all {all} of them!"),
        (some, open) => format!("{some} of {open} open alerts."),
    };
    Ok(Preview { said, alerts })
}

/// `POST /silences` with `matchers`, `for` or `to`, `reason`; `act=preview` shows what it would mute.
pub async fn post_silences(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let mut form = Form {
        matchers: fields.raw("matchers").to_owned(),
        span: fields.text("for").to_owned(),
        to: fields.text("to").to_owned(),
        reason: fields.text("reason").to_owned(),
        ..Form::default()
    };
    let zone = zone_of(&asked).await?;
    let read = read(&form, &zone, asked.now);
    let outcome = match (read, fields.text("act")) {
        (Ok((matchers, _)), "preview") => {
            form.preview = Some(matchers);
            return page(asked, form, None).await;
        }
        (Ok((matchers, ends_at)), _) => {
            let silence = Silence {
                id: SilenceId::from_bits(0),
                matchers,
                starts_at: asked.now,
                ends_at,
                created_by: asked.person.to_string(),
                comment: form.reason.clone(),
                updated_at: asked.now,
            };
            let act = move |store: &store::Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
                silences::put(store, node, moment, None, &silence)
            };
            asked.app.act(asked.actor(), act).await
        }
        (Err(refusal), _) => Err(refusal.into()),
    };
    match outcome {
        Ok(_) => Ok(asked.lead("/silences", Some(done("It is silent from now on")))),
        Err(Halt::Refused(refusal)) => {
            form.error = Some(sentence(&refusal.message));
            page(asked, form, None).await
        }
        Err(failed) => Err(failed.into()),
    }
}

fn read(form: &Form, zone: &jiff::tz::TimeZone, now: Timestamp) -> Result<(Vec<Matcher>, Timestamp), Refusal> {
    let lines: Vec<&str> = form.matchers.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let matchers = Matcher::parse_list(&lines.join(","))?;
    let ends_at = match form.to.as_str() {
        "" => form.span.parse::<Span>()?.after(now),
        local => domain::engage::schedules::entered(local, zone)?,
    };
    Ok((matchers, ends_at))
}

/// The zone in which the visitor reads and types times.
pub async fn zone_of(asked: &Asked) -> Result<jiff::tz::TimeZone, Problem> {
    let rules = crate::inbound::rules(&asked.app).await?;
    let own = rules.catalog.people.get(&asked.person);
    let zone = own.and_then(|own| domain::engage::schedules::zone(&own.time_zone).ok());
    Ok(zone.unwrap_or(jiff::tz::TimeZone::UTC))
}

/// `POST /silences/ID/end`.
pub async fn post_end(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let outcome = match id.parse::<SilenceId>() {
        Ok(id) => {
            asked.app.act(asked.actor(), move |store, node, moment| silences::expire(store, node, moment, id)).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    asked.back_with(&fields, "/silences", outcome.map(|()| done("The silence has ended")))
}
