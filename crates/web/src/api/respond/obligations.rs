//! Obligations over the API: what an incident may owe to whom by when; recorded, told, decided. Not legal advice.

use actions::respond::obligations::{self as acts, NewAnchor, NewSubmission};
use actions::respond::owed::{self, ClockStanding, Held, Owed, Regime, Running};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::{Extension, Json};
use domain::respond::obligation_packs::Idle;
use domain::respond::obligations::{Deadline, Decision as Ruled, NOTICE, Ruling, Standing};
use domain::words::{AnchorId, Name, Refusal, SubmissionId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::entries::Made;
use super::incidents::id;
use crate::api::body::{Body, created};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// More clocks than an organisation keeps at once.
const RUNNING_MOST: u32 = 500;

/// What an incident may owe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Obligations {
    /// That this is no legal advice.
    pub notice: String,
    /// Packs that the incident may fall under, or was found not to.
    pub regimes: Vec<ObligationRegime>,
    /// Packs that are not thought of here, and why.
    pub others: Vec<OtherPack>,
}

/// How an incident stands under one pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ObligationRegime {
    pub pack: String,
    pub title: String,
    /// `asked`: its question is open; `considered`; `ruled-out`.
    pub state: String,
    /// The question that decides it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<ObligationDecision>,
    pub anchors: Vec<ObligationAnchor>,
    pub clocks: Vec<ObligationClock>,
}

/// A moment that starts clocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ObligationAnchor {
    pub anchor: String,
    pub title: String,
    /// The record that counts: `anc_…`. Absent: nothing is on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// `person:ana`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entered_at: Option<Timestamp>,
}

/// One clock, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ObligationClock {
    pub clock: String,
    pub title: String,
    pub to: String,
    /// `waits`, `running`, `overdue`, `met`, `late`, `not-due`.
    pub standing: String,
    /// What it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When it ends. Absent on a clock that started: without undue delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<ObligationDecision>,
    pub submissions: Vec<ObligationSubmission>,
}

/// What somebody decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ObligationDecision {
    pub id: String,
    /// `considered`, `ruled-out`, `not-due`, `due`, `postponed`.
    pub ruling: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    pub why: String,
    /// `person:ana`.
    pub by: String,
    pub at: Timestamp,
}

/// What was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ObligationSubmission {
    pub id: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// Exactly what was sent.
    pub text: String,
    pub by: String,
    pub entered_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amends: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_late: Option<String>,
}

/// A pack that is not thought of in an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OtherPack {
    pub pack: String,
    pub title: String,
    /// `inactive`, `not-ours`, `undecided`: nobody has said whether it applies; `does-not-fit`: other incidents.
    pub because: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// A clock that runs, in whatever incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunningObligation {
    pub incident: String,
    pub incident_title: String,
    /// The incident is only practised.
    #[serde(default)]
    pub drill: bool,
    pub pack: String,
    pub pack_title: String,
    #[serde(flatten)]
    pub clock: ObligationClock,
}

/// Clocks that run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunningObligations {
    /// That this is no legal advice.
    pub notice: String,
    /// The soonest end first; those without a number before all others.
    pub items: Vec<RunningObligation>,
}

/// What somebody says of an obligation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ObligationDeed {
    /// The incident may fall under the pack.
    Consider {
        #[schema(value_type = String)]
        pack: Name,
        why: String,
    },
    /// It does not: no personal data, not significant, not material.
    RuleOut {
        #[schema(value_type = String)]
        pack: Name,
        why: String,
    },
    /// A moment that starts clocks.
    Anchor {
        #[schema(value_type = String)]
        pack: Name,
        #[schema(value_type = String)]
        anchor: Name,
        at: Timestamp,
        /// Who decided it, on what facts.
        basis: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        evidence: Option<String>,
        /// The record that stands now, if there is one: `anc_…`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        supersedes: Option<String>,
    },
    /// Something was told.
    Submit {
        #[schema(value_type = String)]
        pack: Name,
        #[schema(value_type = String)]
        clock: Name,
        /// When it was told; now, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
        /// The number under which they took it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receipt: Option<String>,
        /// Exactly what was sent.
        text: String,
        /// What it corrects or completes: `sub_…`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        amends: Option<String>,
        /// If it comes after the deadline: why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why_late: Option<String>,
    },
    /// Nothing must be told under this clock.
    NotDue {
        #[schema(value_type = String)]
        pack: Name,
        #[schema(value_type = String)]
        clock: Name,
        why: String,
    },
    /// It must, after all.
    Due {
        #[schema(value_type = String)]
        pack: Name,
        #[schema(value_type = String)]
        clock: Name,
        why: String,
    },
    /// A law or an authority, named in the reason, moves the end.
    Postpone {
        #[schema(value_type = String)]
        pack: Name,
        #[schema(value_type = String)]
        clock: Name,
        until: Timestamp,
        why: String,
    },
}

impl ObligationDeed {
    fn read(self) -> Result<acts::Deed, Refusal> {
        Ok(match self {
            Self::Consider { pack, why } => acts::Deed::Consider { pack, why },
            Self::RuleOut { pack, why } => acts::Deed::RuleOut { pack, why },
            Self::Anchor { pack, anchor, at, basis, evidence, supersedes } => {
                let supersedes: Option<Result<AnchorId, Refusal>> = supersedes.map(|text| text.parse());
                let supersedes = supersedes.transpose().map_err(|refusal| refusal.at("/supersedes"))?;
                acts::Deed::Anchor(NewAnchor { pack, anchor, at, basis, evidence, supersedes })
            }
            Self::Submit { pack, clock, at, receipt, text, amends, why_late } => {
                let amends: Option<Result<SubmissionId, Refusal>> = amends.map(|text| text.parse());
                let amends = amends.transpose().map_err(|refusal| refusal.at("/amends"))?;
                acts::Deed::Submit(NewSubmission { pack, clock, at, receipt, text, amends, why_late })
            }
            Self::NotDue { pack, clock, why } => acts::Deed::NotDue { pack, clock, why },
            Self::Due { pack, clock, why } => acts::Deed::Due { pack, clock, why },
            Self::Postpone { pack, clock, until, why } => acts::Deed::Postpone { pack, clock, until, why },
        })
    }
}

fn decision(one: &Ruled) -> ObligationDecision {
    ObligationDecision {
        id: one.id.to_string(),
        ruling: one.ruling.word().to_owned(),
        until: match one.ruling {
            Ruling::Postponed { until } => Some(until),
            _ => None,
        },
        why: one.why.clone(),
        by: one.by.clone(),
        at: one.at,
    }
}

/// How a clock stands, in a word.
pub(crate) const fn standing_word(standing: &Standing) -> &'static str {
    match standing {
        Standing::NotDue => "not-due",
        Standing::Waits(_) => "waits",
        Standing::Running(_) => "running",
        Standing::Overdue { .. } => "overdue",
        Standing::Met { .. } => "met",
        Standing::Late { .. } => "late",
    }
}

fn clock(one: &ClockStanding) -> ObligationClock {
    let since = match &one.deadline {
        Deadline::Waits(_) => None,
        Deadline::Prompt { since } | Deadline::Due { since, .. } => Some(*since),
    };
    let waits_for = match &one.standing {
        Standing::Waits(anchor) => Some(anchor.to_string()),
        _ => None,
    };
    let submissions = one.submissions.iter().map(|told| ObligationSubmission {
        id: told.id.to_string(),
        at: told.at,
        receipt: told.receipt.clone(),
        text: told.text.clone(),
        by: told.by.clone(),
        entered_at: told.entered_at,
        amends: told.amends.map(|id| id.to_string()),
        why_late: told.why_late.clone(),
    });
    ObligationClock {
        clock: one.duty.name.to_string(),
        title: one.duty.title.clone(),
        to: one.duty.to.clone(),
        standing: standing_word(&one.standing).to_owned(),
        waits_for,
        since,
        due_at: one.deadline.at(),
        decision: one.decision.as_ref().map(decision),
        submissions: submissions.collect(),
    }
}

fn regime(one: &Regime) -> ObligationRegime {
    let (state, decided) = match &one.held {
        Held::Asked => ("asked", None),
        Held::Considered(decision) => ("considered", decision.as_ref()),
        Held::RuledOut(decision) => ("ruled-out", Some(decision)),
    };
    let anchors = one.anchors.iter().map(|(start, record)| ObligationAnchor {
        anchor: start.name.to_string(),
        title: start.title.clone(),
        record: record.as_ref().map(|one| one.id.to_string()),
        at: record.as_ref().map(|one| one.at),
        basis: record.as_ref().map(|one| one.basis.clone()),
        evidence: record.as_ref().and_then(|one| one.evidence.clone()),
        by: record.as_ref().map(|one| one.by.clone()),
        entered_at: record.as_ref().map(|one| one.entered_at),
    });
    ObligationRegime {
        pack: one.pack.to_string(),
        title: one.spec.as_ref().map_or_else(|| one.pack.to_string(), |spec| spec.title.clone()),
        state: state.to_owned(),
        asks: one.spec.as_ref().map(|spec| spec.asks.clone()),
        decision: decided.map(decision),
        anchors: anchors.collect(),
        clocks: one.clocks.iter().map(clock).collect(),
    }
}

fn wire(owed: &Owed) -> Obligations {
    let others = owed.others.iter().map(|(pack, spec, idle)| {
        let (because, why) = match idle {
            Some(Idle::Inactive(why)) => ("inactive", Some(why.clone())),
            Some(Idle::NotOurs) => ("not-ours", spec.because.clone()),
            Some(Idle::Undecided) => ("undecided", None),
            None => ("does-not-fit", None),
        };
        OtherPack { pack: pack.to_string(), title: spec.title.clone(), because: because.to_owned(), why }
    });
    Obligations {
        notice: NOTICE.to_owned(),
        regimes: owed.regimes.iter().map(regime).collect(),
        others: others.collect(),
    }
}

/// Clocks that run in all incidents that you may see. Not legal advice.
#[utoipa::path(get, path = "/api/v1/obligations", tag = "incidents",
    responses((status = 200, body = RunningObligations)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Json<RunningObligations>, Problem> {
    let (now, node) = (app.now(), app.clone());
    let found = app.read(move |tx| owed::running(tx, node.node(), visitor.sight(), now, RUNNING_MOST));
    let one = |one: &Running| RunningObligation {
        incident: one.incident.id.to_string(),
        incident_title: one.incident.name().into_owned(),
        drill: one.incident.drill,
        pack: one.pack.to_string(),
        pack_title: one.pack_title.clone(),
        clock: clock(&one.clock),
    };
    Ok(Json(RunningObligations { notice: NOTICE.to_owned(), items: found.await?.iter().map(one).collect() }))
}

/// What an incident may owe to whom by when, and how each clock stands. Not legal advice.
#[utoipa::path(get, path = "/api/v1/incidents/{id}/obligations", tag = "incidents", params(("id" = String, Path)),
    responses((status = 200, body = Obligations)))]
pub async fn of_incident(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Obligations>, Problem> {
    let id = id(&text)?;
    let (now, node) = (app.now(), app.clone());
    let found = app.read(move |tx| {
        let row = actions::respond::incidents::seen(tx, id, visitor.sight())?;
        owed::of_incident(tx, node.node(), &row, now)
    });
    Ok(Json(wire(&found.await?)))
}

/// Considers a pack or rules it out, records what starts a clock, what was told, or what is not due.
#[utoipa::path(post, path = "/api/v1/incidents/{id}/obligations", tag = "incidents", params(("id" = String, Path)),
    request_body = ObligationDeed, responses((status = 201, body = Made)))]
pub async fn act(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
    body: Body<ObligationDeed>,
) -> Result<Response, Problem> {
    let id = id(&text)?;
    let deed = body.value.read()?;
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| Ok(Made { id: acts::act(tx, node, &mut moment.again(), id, &deed)? }))
    });
    let made = done.await?;
    Ok(created(&format!("/api/v1/incidents/{id}/obligations"), &made))
}
