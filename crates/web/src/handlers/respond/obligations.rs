//! Obligations on pages: of one incident, with the forms; a panel of the room; and all clocks that run.

use std::collections::BTreeMap;

use actions::respond::incidents::seen;
use actions::respond::obligations::{self as acts, Deed, NewAnchor, NewSubmission};
use actions::respond::owed::{self, ClockStanding, Held, Owed, Regime, Running};
use actions::respond::reminders::accountable;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use domain::engage::schedules::entered;
use domain::prepare::people::Access;
use domain::respond::obligation_packs::{Idle, ObligationPack};
use domain::respond::obligations::{Anchor, Deadline, Decision, NOTICE, Ruling, Standing};
use domain::respond::stamps::standing;
use domain::words::{EventKind, IncidentId, Name, Refusal, RefusalKind, Timestamp};
use jiff::tz::TimeZone;
use serde_json::Value;
use store::Halt;
use store::respond::incidents::IncidentRow;

use super::incidents::restricted;
use super::room::read_id;
use crate::handlers::detect::alert::actor;
use crate::handlers::detect::silences::zone_of;
use crate::handlers::fields::{Fields, escape};
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::pages::respond::obligations::{
    AnchorView, ClockView, DeadlineView, DecisionView, ObligationsPage, ObligationsPanel, OtherView, PanelClock,
    RecordView, RegimeView, RunningPage, RunningView, SubmissionView, Typed,
};
use crate::pages::{Badge, Link, Section, Severity, Tone};
use crate::problem::Problem;

/// More clocks than an organisation keeps at once.
const RUNNING_MOST: u32 = 200;

/// `GET /obligations`.
pub async fn get_running(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Incidents, |look, shell| {
            let (node, sight, now) = (look.app.node(), look.asked.sight(), look.now());
            let found = owed::running(look.tx, node, sight, now, RUNNING_MOST)?;
            let rules = look.rules.clone();
            let view = |one: &Running| {
                let room = format!("/incidents/{}", one.incident.id);
                let spec = rules.catalog.obligation_packs.get(&one.pack);
                RunningView {
                    link: Link::new(&one.clock.duty.title, format!("{room}/obligations#{}", one.pack)),
                    incident: Link::new(one.incident.name(), room),
                    severity: Severity::of(one.incident.state.severity.as_deref().unwrap_or("")),
                    restricted: restricted(&one.incident),
                    pack: one.pack_title.clone(),
                    to: one.clock.duty.to.clone(),
                    state: badge(&one.clock),
                    deadline: spec.and_then(|spec| deadline(look, spec, &one.clock)),
                }
            };
            Ok(RunningPage {
                rows: found.iter().map(view).collect(),
                notice: NOTICE,
                viewer_zone: look.zone_name.clone(),
                shell,
            })
        })
        .await
}

/// `GET /incidents/ID/obligations`.
pub async fn get_obligations(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    page(asked, read_id(&id)?, Typed::default()).await
}

async fn page(asked: Asked, id: IncidentId, typed: Typed) -> Result<Response, Problem> {
    let status = if typed.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    asked
        .page_with(Section::Incidents, status, move |look, shell| {
            let row = seen(look.tx, id, look.asked.sight())?;
            let owed = owed::of_incident(look.tx, look.app.node(), &row, look.now())?;
            let stamps = store::respond::stamps::of_incident(look.tx, id)?;
            let other = |inactive: bool| {
                let wanted = move |idle: &Option<Idle>| matches!(idle, Some(Idle::Inactive(_))) == inactive;
                let all = owed.others.iter().filter(move |(_, _, idle)| wanted(idle));
                all.map(|(name, spec, idle)| other_view(name, spec, idle.as_ref())).collect()
            };
            Ok(ObligationsPage {
                incident: Link::new(row.name(), format!("/incidents/{id}")),
                restricted: restricted(&row),
                notice: NOTICE,
                may_write: look.asked.access >= Access::Responder,
                regimes: owed.regimes.iter().map(|one| regime(look, &row, one)).collect(),
                others: other(false),
                inactive: other(true),
                times: standing(&stamps)
                    .values()
                    .map(|stamp| (stamp.milestone.to_string(), look.view.as_known(stamp.when.at, stamp.when.precision)))
                    .collect(),
                viewer_zone: look.zone_name.clone(),
                typed: typed.clone(),
                shell,
            })
        })
        .await
}

/// What the room shows of what its incident may owe.
pub(super) fn panel(look: &mut Look<'_, '_>, row: &IncidentRow) -> Result<ObligationsPanel, Halt> {
    let Owed { regimes, .. } = owed::of_incident(look.tx, look.app.node(), row, look.now())?;
    let mut panel =
        ObligationsPanel { href: format!("/incidents/{}/obligations", row.id), ..ObligationsPanel::default() };
    let mut started = Vec::new();
    for one in &regimes {
        let Some(spec) = &one.spec else { continue };
        match one.held {
            Held::RuledOut(_) => continue,
            Held::Asked => panel.questions.push((spec.title.clone(), spec.asks.clone())),
            Held::Considered(_) if one.anchors.iter().all(|(_, record)| record.is_none()) => {
                let titles: Vec<&str> = one.anchors.iter().map(|(start, _)| start.title.as_str()).collect();
                panel.waits.push((spec.title.clone(), titles.join("; ")));
            }
            Held::Considered(_) => {}
        }
        let clocks = one.clocks.iter().filter(|clock| !matches!(clock.standing, Standing::Waits(_)));
        started.extend(clocks.map(|clock| (spec, clock)));
    }
    // What is still to be told comes first, the soonest end before others.
    started.sort_by_key(|(_, clock)| (!is_open(clock), clock.deadline.at()));
    let view = |(spec, clock): (&ObligationPack, &ClockStanding)| PanelClock {
        title: clock.duty.title.clone(),
        pack: spec.title.clone(),
        state: badge(clock),
        deadline: deadline(look, spec, clock).filter(|_| is_open(clock)),
    };
    panel.clocks = started.into_iter().map(view).collect();
    Ok(panel)
}

fn is_open(clock: &ClockStanding) -> bool {
    matches!(clock.standing, Standing::Running(_) | Standing::Overdue { .. })
}

fn other_view(name: &Name, spec: &ObligationPack, idle: Option<&Idle>) -> OtherView {
    let why = match idle {
        Some(Idle::Inactive(why)) => why.clone(),
        Some(Idle::NotOurs) => match &spec.because {
            Some(because) => format!("it does not apply to us: {because}"),
            None => "it does not apply to us".into(),
        },
        Some(Idle::Undecided) => "nobody has said whether it applies to us".into(),
        None => "it is about other incidents".into(),
    };
    OtherView { name: name.to_string(), title: spec.title.clone(), why }
}

fn badge(clock: &ClockStanding) -> Badge {
    match &clock.standing {
        Standing::NotDue => Badge::new(Tone::Quiet, "not due"),
        Standing::Waits(_) => Badge::new(Tone::Quiet, "waits"),
        Standing::Running(Deadline::Prompt { .. }) => Badge::new(Tone::Warning, "without delay"),
        Standing::Running(_) => Badge::new(Tone::Warning, "runs"),
        Standing::Overdue { .. } => Badge::new(Tone::Critical, "overdue"),
        Standing::Met { .. } => Badge::new(Tone::Good, "told"),
        Standing::Late { .. } => Badge::new(Tone::Warning, "told late"),
    }
}

/// `Mon 30 Nov 2026, 12:00 CET`, by the viewer's clock.
fn full(look: &Look<'_, '_>, at: Timestamp) -> String {
    at.to_zoned(look.view.zone.clone()).strftime("%a %-d %b %Y, %H:%M %Z").to_string()
}

fn deadline(look: &Look<'_, '_>, spec: &ObligationPack, clock: &ClockStanding) -> Option<DeadlineView> {
    let at = clock.deadline.at()?;
    let (here, there) = (at.to_zoned(look.view.zone.clone()), at.to_zoned(spec.days().zone));
    let theirs = (here.datetime() != there.datetime() && there.time_zone() != &TimeZone::UTC).then(|| {
        let city = spec.calendar.time_zone.rsplit('/').next().unwrap_or_default().replace('_', " ");
        let form = if here.date() == there.date() { "%H:%M" } else { "%a %-d %b, %H:%M" };
        format!("{} in {city}", there.strftime(form))
    });
    Some(DeadlineView { at: full(look, at), relative: look.when(at), theirs })
}

fn decision(look: &Look<'_, '_>, one: &Decision) -> DecisionView {
    DecisionView {
        said: match one.ruling {
            Ruling::Considered => "Considered".into(),
            Ruling::RuledOut => "Ruled out".into(),
            Ruling::NotDue => "Not due".into(),
            Ruling::Due => "Due after all".into(),
            Ruling::Postponed { until } => format!("Postponed until {}", full(look, until)),
        },
        why: one.why.clone(),
        by: actor(look, &one.by),
        when: look.when(one.at),
    }
}

fn regime(look: &Look<'_, '_>, row: &IncidentRow, one: &Regime) -> RegimeView {
    let (state, decided) = match &one.held {
        Held::Asked => (Badge::new(Tone::Warning, "question open"), None),
        Held::Considered(decision) => (Badge::new(Tone::Info, "considered"), decision.as_ref()),
        Held::RuledOut(decision) => (Badge::new(Tone::Quiet, "ruled out"), Some(decision)),
    };
    let spec = one.spec.as_ref();
    let text = |of: fn(&ObligationPack) -> &String| spec.map(of).cloned().unwrap_or_default();
    let people = spec.map(|spec| accountable(&look.rules.catalog, spec, row)).unwrap_or_default();
    let anchors = one.anchors.iter().map(|(start, record)| AnchorView {
        name: start.name.to_string(),
        title: start.title.clone(),
        means: start.means.clone(),
        record: record.as_ref().map(|record| RecordView {
            id: record.id.to_string(),
            at: full(look, record.at),
            basis: record.basis.clone(),
            evidence: record.evidence.clone(),
            by: actor(look, &record.by),
            entered: look.when(record.entered_at),
        }),
    });
    RegimeView {
        name: one.pack.to_string(),
        title: spec.map_or_else(|| one.pack.to_string(), |spec| spec.title.clone()),
        state,
        is_open: !matches!(one.held, Held::RuledOut(_)) && spec.is_some(),
        is_asked: one.held == Held::Asked,
        jurisdiction: text(|spec| &spec.jurisdiction),
        source: text(|spec| &spec.source),
        url: spec.and_then(|spec| spec.url.clone()),
        checked: spec.and_then(|spec| spec.checked.clone()),
        asks: text(|spec| &spec.asks),
        decision: decided.map(|one| decision(look, one)),
        accountable: people.iter().map(|person| look.tag(person)).collect(),
        anchors: anchors.collect(),
        clocks: spec.map_or_else(Vec::new, |spec| one.clocks.iter().map(|one| clock(look, spec, one)).collect()),
        gone: spec.is_none(),
    }
}

fn clock(look: &Look<'_, '_>, spec: &ObligationPack, one: &ClockStanding) -> ClockView {
    let duty = &one.duty;
    let submissions = one.submissions.iter().map(|told| SubmissionView {
        id: told.id.to_string(),
        at: full(look, told.at),
        receipt: told.receipt.clone(),
        text: told.text.clone(),
        by: actor(look, &told.by),
        amends: told.amends.is_some(),
        why_late: told.why_late.clone(),
    });
    let ruling = one.decision.as_ref().map(|one| one.ruling);
    ClockView {
        name: duty.name.to_string(),
        title: duty.title.clone(),
        to: duty.to.clone(),
        state: badge(one),
        rule: rule(spec, one),
        deadline: deadline(look, spec, one),
        only_if: duty.only_if.clone(),
        contents: duty.contents.clone(),
        trap: duty.trap.clone(),
        submissions: submissions.collect(),
        decision: one.decision.as_ref().map(|one| decision(look, one)),
        is_open: is_open(one),
        is_started: !matches!(one.deadline, Deadline::Waits(_)),
        can_be_revoked: matches!(ruling, Some(Ruling::NotDue | Ruling::Postponed { .. })),
        is_not_due: ruling == Some(Ruling::NotDue),
        amends: one.submissions.last().map(|told| told.id.to_string()),
    }
}

/// `4 hours from “Classified as major”, at most 24 hours from “Aware of the incident”`.
fn rule(spec: &ObligationPack, one: &ClockStanding) -> String {
    let duty = &one.duty;
    let from = start(spec, &duty.from);
    let Some(within) = duty.within else { return format!("without undue delay from {from}") };
    let most = duty.at_most.as_ref().and_then(|most| Some((most.within?, start(spec, &most.from))));
    let most = most.map_or_else(String::new, |(within, from)| format!(", at most {within} from {from}"));
    format!("{within} from {from}{most}")
}

/// What starts a clock, in the words of its pack.
fn start(spec: &ObligationPack, from: &Anchor) -> String {
    let moment = |name: &Name| spec.anchor(name).map_or_else(|| name.to_string(), |one| format!("“{}”", one.title));
    let clock = |name: &Name| spec.clock(name).map_or_else(|| name.to_string(), |one| format!("“{}”", one.title));
    let all = |several: &[Anchor]| several.iter().map(|one| start(spec, one)).collect::<Vec<_>>();
    match from {
        Anchor::Recorded(name) => moment(name),
        Anchor::Submitted(name) => format!("the submission of {}", clock(name)),
        Anchor::LastSubmitted(name) => format!("the latest submission of {}", clock(name)),
        Anchor::YearOf(name) => format!("the end of the year of {}", moment(name)),
        Anchor::Earliest(several) => format!("the first of {}", all(several).join(" and ")),
        Anchor::Latest(several) => format!("the last of {}", all(several).join(" and ")),
    }
}

/// What happened to an obligation, as a line of the timeline.
pub(super) fn told(look: &Look<'_, '_>, kind: EventKind, data: &Value) -> (Tone, String) {
    let text = |name: &str| data[name].as_str().unwrap_or("").to_owned();
    let time = |name: &str| text(name).parse::<Timestamp>().map_or_else(|_| String::new(), |at| full(look, at));
    let (regime, title) = (text("regime"), text("title"));
    match kind {
        EventKind::ObligationConsidered => (Tone::Warning, format!("It may fall under “{regime}”")),
        EventKind::ObligationRuledOut => (Tone::Quiet, format!("It does not fall under “{regime}”")),
        EventKind::ObligationAnchored => (Tone::Warning, format!("{title}: {} ({regime})", time("at"))),
        EventKind::ObligationSubmitted => {
            let receipt = data["receipt"].as_str().map_or_else(String::new, |one| format!(", receipt {one}"));
            (Tone::Good, format!("Told: {title} ({regime}){receipt}"))
        }
        EventKind::ObligationNotDue => (Tone::Quiet, format!("Not due: {title} ({regime})")),
        EventKind::ObligationDue => (Tone::Warning, format!("Due after all: {title} ({regime})")),
        EventKind::ObligationPostponed => {
            (Tone::Info, format!("Postponed until {}: {title} ({regime})", time("until")))
        }
        _ => {
            let people = data["people"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let people: Vec<String> = people.map(|name| look.tag_of(name).name).collect();
            let whom = if people.is_empty() {
                "Nobody could be reminded".into()
            } else {
                format!("Reminded {}", people.join(", "))
            };
            let share = data["share"].as_u64().unwrap_or(0);
            let left = if share < 100 { format!("{share} % of the time is over") } else { "the time is over".into() };
            (Tone::Critical, format!("{whom}: {left} for “{title}” ({regime}), due {}", time("due_at")))
        }
    }
}

/// `POST /incidents/ID/obligations` with `act`, `pack`, and what that needs.
pub async fn post_obligations(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    let zone = zone_of(&asked).await?;
    let outcome = match read(&fields, &zone) {
        Ok((deed, said)) => {
            let run = move |store: &store::Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
                store.write(|tx| acts::act(tx, node, &mut moment.again(), id, &deed))
            };
            asked.app.act(asked.actor(), run).await.map(|_| said)
        }
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(said) => {
            let pack = escape(fields.text("pack"));
            Ok(asked.lead(&format!("/incidents/{id}/obligations#{pack}"), Some(done(said))))
        }
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            // What was typed is not lost.
            let names = ["at", "basis", "evidence", "receipt", "text", "why", "why_late", "until"];
            let typed = names.map(|name| (name.to_owned(), fields.raw(name).to_owned()));
            let typed =
                Typed { form: form(&fields), fields: BTreeMap::from(typed), error: Some(sentence(&refusal.message)) };
            page(asked, id, typed).await
        }
        Err(failed) => Err(failed.into()),
    }
}

/// Which form of the page it was: `submit:gdpr:authority`.
fn form(fields: &Fields) -> String {
    let part = fields.some("clock").or(fields.some("anchor")).unwrap_or("");
    format!("{}:{}:{part}", fields.text("act"), fields.text("pack"))
}

fn read(fields: &Fields, zone: &TimeZone) -> Result<(Deed, &'static str), Refusal> {
    let pack: Name = fields.parse("pack")?;
    let words = |name: &str| fields.raw(name).to_owned();
    let some = |name: &str| fields.some(name).map(str::to_owned);
    let clock = || fields.parse::<Name>("clock");
    let time = |name: &str| entered(fields.text(name), zone);
    Ok(match fields.text("act") {
        "consider" => (Deed::Consider { pack, why: words("why") }, "It is considered"),
        "rule-out" => (Deed::RuleOut { pack, why: words("why") }, "It is ruled out, and the reason is on record"),
        "anchor" => {
            let new = NewAnchor {
                pack,
                anchor: fields.parse("anchor")?,
                at: time("at")?,
                basis: words("basis"),
                evidence: some("evidence"),
                supersedes: fields.some("supersedes").map(str::parse).transpose()?,
            };
            (Deed::Anchor(new), "It is on record, and the clocks go by it")
        }
        "submit" => {
            let new = NewSubmission {
                pack,
                clock: clock()?,
                at: fields.some("at").map(|_| time("at")).transpose()?,
                receipt: some("receipt"),
                text: words("text"),
                amends: fields.some("amends").map(str::parse).transpose()?,
                why_late: some("why_late"),
            };
            (Deed::Submit(new), "It is on record that this was told")
        }
        "not-due" => {
            (Deed::NotDue { pack, clock: clock()?, why: words("why") }, "Not due, and the reason is on record")
        }
        "due" => (Deed::Due { pack, clock: clock()?, why: words("why") }, "It is due after all"),
        "postpone" => {
            (Deed::Postpone { pack, clock: clock()?, until: time("until")?, why: words("why") }, "It is postponed")
        }
        _ => return Err(Refusal::invalid("there is no such button")),
    })
}
