//! Changes: the list with what holds them, one change, and every press on it.

use actions::change::changes::{self as acts, Deed, Sheet};
use actions::change::{document_proposals as carried, gates, preflights};
use axum::extract::Path;
use axum::response::Response;
use domain::change::changes::{Change, Path as Way, REVIEW_WITHIN, State, Wait};
use domain::change::freezes::Freeze;
use domain::change::gates::{Exempting, Reason, Rule};
use domain::change::proposals::{Kind, Target, Window};
use domain::change::risks::Band;
use domain::change::rollback_plans::{Data, RollbackPlan, Way as Back};
use domain::prepare::checks::Conditions;
use domain::prepare::people::Access;
use domain::words::{ChangeId, Name, Refusal, RefusalKind, Span, Timestamp};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use store::change::changes::{self as rows, ChangeRow, Filter};
use store::{Halt, Store};

use super::document_proposals::{self, Shown};
use super::rollbacks::run_view;
use super::told;
use crate::handlers::detect::silences::zone_of;
use crate::handlers::engage::pages::capital;
use crate::handlers::fields::{Fields, escape};
use crate::handlers::filters::{chips, href, option};
use crate::handlers::frame::{Asked, Look, done, refused, sentence};
use crate::handlers::learn::score_sheets::drilled;
use crate::pages::change::changes::{
    ChangeLine, ChangePage, ChangesPage, FreezeLine, MayView, PlanView, ReadinessView, ReasonView, ReviewLine,
    RiskView, StepView, TallyView, TargetView,
};
use crate::pages::detect::alert::Happened;
use crate::pages::filters::{self, Choice, Tab};
use crate::pages::{Badge, Link, PersonTag, Section, Tone};
use crate::pin_runs;
use crate::problem::Problem;

const ROWS: usize = 60;
/// So many lines of its history.
const HISTORY: u32 = 100;

/// `GET /changes?tab=open|all&q=&state=&path=&kind=&service=&before=ID`.
pub async fn get_changes(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Changes, |look, shell| {
            let query = &look.asked.query;
            let all = query.text("tab") == "all";
            let word = if all { "all" } else { "open" };
            let wanted = Filter {
                state: query.some("state").map(str::to_owned),
                path: query.parse("path").ok(),
                kind: query.parse("kind").ok(),
                service: query.parse("service").ok(),
                environment: query.parse("environment").ok(),
                words: query.some("q").map(str::to_owned),
                open: !all,
            };
            let before: Option<ChangeId> = query.parse("before").ok();
            let most = u32::try_from(ROWS + 1).unwrap_or(u32::MAX);
            let mut found = rows::list(look.tx, &wanted, look.asked.sight(), before, most)?;
            let more = found.len() > ROWS;
            found.truncate(ROWS);
            let tab = |title, word: &str, current| Tab {
                title,
                href: href("/changes", query, &["before"], &[("tab", word)]),
                count: None,
                current,
            };
            let earlier = |row: &ChangeRow| href("/changes", query, &[], &[("before", &row.change.id.to_string())]);
            let (tabs, filter) = (vec![tab("Open", "open", !all), tab("All", "all", all)], filter(look, query, word));
            let next = found.last().filter(|_| more).map(earlier);
            let (node, now) = (look.app.node(), look.now());
            let tally = acts::tally(look.tx, look.asked.sight(), now)?;
            let holding = gates::holding(look.tx, node, now)?;
            let reviews = rows::unreviewed(look.tx, look.asked.sight(), 20)?;
            let incident = |one: &domain::change::freezes::OpenIncident| {
                let level = one.severity.as_deref().unwrap_or("no severity");
                Link::new(format!("{level}: {}", one.called), format!("/incidents/{}", one.id))
            };
            Ok(ChangesPage {
                may_write: look.asked.access >= Access::Responder,
                tabs,
                filter,
                rows: found.iter().map(|row| line(look, row)).collect(),
                next,
                tally: TallyView {
                    emergencies: tally.emergencies.emergencies,
                    of: tally.emergencies.of,
                    exempted: tally.exempted,
                    unreviewed: tally.emergencies.unreviewed,
                    overdue: tally.emergencies.overdue,
                },
                reviews: reviews.iter().map(|row| review(look, row)).collect(),
                freezes: holding.freezes.iter().map(|(name, freeze)| freeze_line(look, name, freeze)).collect(),
                incidents: holding.incidents.iter().map(incident).collect(),
                shell,
            })
        })
        .await
}

fn filter(look: &Look<'_, '_>, query: &Fields, tab: &str) -> filters::Filter {
    let (state, path, kind, service) =
        (query.text("state"), query.text("path"), query.text("kind"), query.text("service"));
    let states = State::WORDS.map(|word| option(state, word, &capital(&word.replace('-', " "))));
    let paths = Way::ALL.iter().map(|one| option(path, one.word(), &capital(one.word())));
    let kinds = Kind::ALL.iter().map(|one| option(kind, one.word(), &capital(one.word())));
    let services = look.rules.catalog.services.iter();
    let services = services.map(|(name, spec)| option(service, name.as_str(), &spec.title));
    let choices = vec![
        Choice { name: "state", title: "State", any: "All states", options: states.into() },
        Choice { name: "path", title: "Path", any: "All paths", options: paths.collect() },
        Choice { name: "kind", title: "Kind", any: "All kinds", options: kinds.collect() },
        Choice { name: "service", title: "Service", any: "All services", options: services.collect() },
    ];
    filters::Filter {
        tab: tab.to_owned(),
        text: query.text("q").to_owned(),
        error: None,
        chips: chips("/changes", query, &choices),
        choices,
        clear_href: format!("/changes?tab={tab}"),
    }
}

fn service_title(look: &Look<'_, '_>, name: &Name) -> String {
    look.rules.catalog.services.get(name).map_or_else(|| name.to_string(), |found| found.title.clone())
}

/// A change in a list.
pub fn line(look: &Look<'_, '_>, row: &ChangeRow) -> ChangeLine {
    let change = &row.change;
    let target = |target: &Target| {
        let title = service_title(look, &target.service);
        target.environment.as_ref().map_or_else(|| title.clone(), |environment| format!("{title} ({environment})"))
    };
    let (when_word, when) = match &change.state {
        State::Scheduled { window } => ("begins", window.from),
        _ => match (row.ended_at, row.began_at) {
            (Some(ended), _) => ("ended", ended),
            (None, Some(began)) => ("began", began),
            (None, None) => ("proposed", row.proposed_at),
        },
    };
    ChangeLine {
        link: Link::new(&change.proposal.title, format!("/changes/{}", change.id)),
        state: badge(&change.state),
        kind: change.proposal.kind.word().to_owned(),
        emergency: change.path == Way::Emergency,
        source: row.source.as_ref().map(|(source, _)| source.to_string()),
        targets: change.proposal.targets.iter().map(target).collect(),
        authors: change.authors.iter().map(|name| look.tag(name)).collect(),
        when: look.when(when),
        when_word,
        next: next(look, change),
    }
}

/// A state, as a badge.
pub fn badge(state: &State) -> Badge {
    let tone = match state {
        State::Proposed | State::Approved { .. } | State::Scheduled { .. } => Tone::Info,
        State::Running { .. } | State::RollingBack { .. } | State::RolledBack { .. } => Tone::Warning,
        State::Finished { .. } => Tone::Good,
        State::Failed { .. } | State::Stuck { .. } => Tone::Critical,
        State::Cancelled { .. } => Tone::Quiet,
    };
    Badge::new(tone, capital(&state.word().replace('-', " ")))
}

/// What a change waits for, in words.
fn next(look: &Look<'_, '_>, change: &Change) -> Option<String> {
    let authors: Vec<String> = change.authors.iter().map(|name| look.full_name(name)).collect();
    let authors = if authors.is_empty() { "its authors".to_owned() } else { authors.join(", ") };
    Some(match change.waits_for(look.now()) {
        Wait::Authors { lacks: 1 } => format!("{authors} should complete it: one thing is missing"),
        Wait::Authors { lacks } => format!("{authors} should complete it: {lacks} things are missing"),
        Wait::Approval => format!("waits for an approval by somebody other than {authors}"),
        Wait::Beginning => "waits for somebody to begin it".to_owned(),
        Wait::Window(window) => format!("waits for its time, {}", look.view.brief(window.from)),
        Wait::End => "goes on: somebody says what came of it".to_owned(),
        Wait::Help => "is half taken back: somebody must look".to_owned(),
        Wait::Review => format!("waits for a review by somebody other than {authors}"),
        Wait::Nothing => return None,
    })
}

fn review(look: &Look<'_, '_>, row: &ChangeRow) -> ReviewLine {
    let due = REVIEW_WITHIN.after(row.began_at.unwrap_or(row.proposed_at));
    ReviewLine {
        link: Link::new(&row.change.proposal.title, format!("/changes/{}", row.change.id)),
        due: look.when(due),
        late: due < look.now(),
    }
}

fn freeze_line(look: &Look<'_, '_>, name: &Name, freeze: &Freeze) -> FreezeLine {
    let services: Vec<String> = freeze.services.iter().map(|name| service_title(look, name)).collect();
    let mut about = match services.as_slice() {
        [] => "everything".to_owned(),
        some => format!("{}, with all that they need", some.join(", ")),
    };
    let environments: Vec<&str> = freeze.environments.iter().map(Name::as_str).collect();
    if !environments.is_empty() {
        about = format!("{about}, in {}", environments.join(", "));
    }
    let except: Vec<&str> = freeze.except.iter().map(|kind| kind.word()).collect();
    if !except.is_empty() {
        about = format!("{about}; not {}", except.join(", "));
    }
    FreezeLine {
        link: Link::new(&freeze.title, format!("/documents/freeze/{name}")),
        holds: freeze.from <= look.now(),
        hard: freeze.hard,
        why: freeze.why.clone(),
        from: look.view.moment(freeze.from),
        to: look.view.moment(freeze.to),
        about,
    }
}

/// `GET /changes/ID`.
pub async fn get_change(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = read_id(&id)?;
    let shown = document_proposals::shown(&asked, id).await?;
    asked
        .page(Section::Changes, move |look, shell| {
            let (node, now, sight) = (look.app.node(), look.now(), look.asked.sight());
            let sheet = acts::sheet(look.tx, node, id, sight, now)?;
            let who = gates::who(look.tx, node, &look.asked.person, look.asked.access)?;
            let entries = store::journal::of_subject(look.tx, &id.to_string(), sight, None, HISTORY)?;
            let history = entries.iter().filter_map(|entry| {
                let (tone, text) = told::told(look, entry.kind()?, &entry.data)?;
                // `person:ana`, and whoever acts by a token or from a chat.
                let by_person = ["person:", "token:", "chat:"].iter().any(|kind| entry.actor.starts_with(kind));
                let who = entry.actor.rsplit(':').next().filter(|_| by_person).map(|name| look.tag_of(name));
                Some(Happened { when: look.when(entry.at), tone, text, who, why: entry.why.clone() })
            });
            let history = history.collect();
            let incident = match sheet.row.change.incident {
                Some(id) => store::respond::incidents::get(look.tx, id, sight)?
                    .map(|row| Link::new(row.name(), format!("/incidents/{id}"))),
                None => None,
            };
            let change = &sheet.row.change;
            let proposal = &change.proposal;
            let who_asks = Some((&look.asked.person, look.asked.access));
            let approving = acts::approving(look.tx, node, &sheet.row, who_asks, now)?;
            let (may, not_you) = may(look, &sheet, approving, shown.as_ref());
            let documents = match &shown {
                Some(shown) => Some(shown.view(look)),
                None => document_proposals::done_view(look, &sheet)?,
            };
            let later = |row: &ChangeRow| Link::new(&row.change.proposal.title, format!("/changes/{}", row.change.id));
            let because = match &change.state {
                State::Failed { why, .. } | State::Stuck { why, .. } | State::Cancelled { why, .. } => {
                    Some(why.clone()).filter(|why| !why.is_empty())
                }
                _ => None,
            };
            let window = match change.state {
                State::Scheduled { window } => Some(window),
                _ => None,
            };
            let wall = |at: Timestamp| at.to_zoned(look.view.zone.clone()).strftime("%Y-%m-%dT%H:%M").to_string();
            let from = Span::hours(1).after(now);
            let takes = Span::millis(proposal.estimate().as_millis().max(Span::minutes(30).as_millis()));
            Ok(ChangePage {
                id: id.to_string(),
                title: proposal.title.clone(),
                state: badge(&change.state),
                kind: proposal.kind.word().to_owned(),
                emergency: change.path == Way::Emergency,
                source: sheet
                    .row
                    .source
                    .as_ref()
                    .filter(|_| change.path == Way::Observed)
                    .map(|(source, _)| source.to_string()),
                documents,
                revision: change.revision,
                why: proposal.why.clone(),
                because,
                next: next(look, change),
                incident,
                link: sheet.row.link.clone(),
                authors: change.authors.iter().map(|name| look.tag(name)).collect(),
                proposed: look.when(sheet.row.proposed_at),
                window: window.map(|window| (look.view.moment(window.from), look.view.moment(window.to))),
                targets: proposal.targets.iter().map(|one| target(look, one)).collect(),
                steps: steps(change),
                estimate: if proposal.steps.is_empty() { String::new() } else { proposal.estimate().to_string() },
                verification: proposal.verification.clone(),
                plan: proposal
                    .rollback
                    .as_ref()
                    .map(|one| PlanView { drilled: sheet.rehearsed.map(|one| drilled(look, one)), ..plan(look, one) }),
                missing: if change.state.is_ahead() { missing(change) } else { Vec::new() },
                approvals: change.approvals.iter().map(|one| (look.tag(&one.by), look.when(one.at))).collect(),
                needed: sheet.needed,
                not_you,
                risk: risk(&sheet),
                allowed: sheet.decision.allows(),
                reasons: if change.state.is_ahead() || matches!(change.state, State::Running { .. }) {
                    sheet.decision.reasons.iter().map(|one| reason(look, change, one, &who)).collect()
                } else {
                    Vec::new()
                },
                readiness: ReadinessView {
                    could: sheet.readiness.could(),
                    has_plan: sheet.readiness.plan.is_some(),
                    missing: sheet.readiness.missing.iter().map(|one| (one.blocks, one.what.clone())).collect(),
                    asked: sheet.readiness.asked_at.map(|at| look.when(at)),
                },
                stages: sheet
                    .stages
                    .iter()
                    .map(|(at, stage, said)| (look.when(*at), stage.word().replace('-', " "), said.clone()))
                    .collect(),
                rollbacks: sheet.rollbacks.iter().rev().map(|row| run_view(look, row, &sheet.row)).collect(),
                later: sheet.later.iter().map(later).collect(),
                history,
                may,
                may_write: look.asked.access >= Access::Responder,
                zone: look.zone_name.clone(),
                from: wall(window.map_or(from, |window| window.from)),
                to: wall(window.map_or(takes.after(from), |window| window.to)),
                shell,
            })
        })
        .await
}

pub(super) fn read_id(text: &str) -> Result<ChangeId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("such change"))
}

/// Which buttons the viewer has, and why they do not approve it where they might want to.
fn may(
    look: &Look<'_, '_>,
    sheet: &Sheet,
    approving: acts::Approving,
    shown: Option<&Shown>,
) -> (MayView, Option<String>) {
    let (change, person) = (&sheet.row.change, &look.asked.person);
    let acts = look.asked.access >= Access::Responder;
    let wrote = change.authors.contains(person);
    let (proposed, ahead) = (change.state == State::Proposed, change.state.is_ahead());
    let complete = change.proposal.problems().is_empty();
    let has = change.approvals.iter().any(|one| one.by == *person);
    let approves = approving.may;
    let not_you = match () {
        () if !proposed || !acts => None,
        () if wrote => Some("You wrote it, or a part of it: somebody else approves it.".to_owned()),
        () if !approves && approving.carries => Some("People approve it who may change these documents.".to_owned()),
        () if !approves => {
            Some("Managers approve it, and members of a team that owns some of what it touches.".to_owned())
        }
        () if has => Some("You approved it. It needs one more person.".to_owned()),
        () => None,
    };
    let running = matches!(change.state, State::Running { .. });
    let may = MayView {
        edit: acts && ahead,
        approve: acts && proposed && complete && !wrote && !has && approves,
        schedule: acts && matches!(change.state, State::Approved { .. } | State::Scheduled { .. }),
        begin: acts && change.may_begin() && sheet.decision.allows() && !approving.carries,
        apply: acts
            && change.may_begin()
            && sheet.decision.allows()
            && shown.is_some_and(|one| one.carried.conflicts.is_empty()),
        update: acts
            && ahead
            && shown.is_some_and(|one| one.carried.conflicts.is_empty() && !one.carried.moved.is_empty()),
        finish: acts && running,
        fail: acts && (running || matches!(change.state, State::Finished { .. })),
        cancel: acts && ahead,
        review: acts && change.owes_review() && !wrote,
        roll_back: acts
            && sheet.readiness.plan.is_some()
            && (running || matches!(change.state, State::Finished { .. } | State::Failed { .. } | State::Stuck { .. })),
        preflight: acts && change.proposal.rollback.iter().any(|plan| !plan.way.adapters().is_empty()),
    };
    (may, not_you)
}

fn target(look: &Look<'_, '_>, one: &Target) -> TargetView {
    let versions = match (&one.from, &one.to) {
        (Some(from), Some(to)) => Some(format!("{from} to {to}")),
        (Some(from), None) => Some(format!("from {from}")),
        (None, Some(to)) => Some(format!("to {to}")),
        (None, None) => None,
    };
    TargetView {
        service: Link::new(service_title(look, &one.service), format!("/services/{}", one.service)),
        environment: one.environment.as_ref().map(ToString::to_string),
        versions,
    }
}

fn steps(change: &Change) -> Vec<StepView> {
    let last = change.proposal.rollback.as_ref().and_then(|plan| plan.point_of_no_return);
    let step = |(place, step): (usize, &domain::change::proposals::Step)| StepView {
        text: step.text.clone(),
        estimate: step.estimate.to_string(),
        no_return: last.is_some_and(|last| usize::from(last) == place + 1),
    };
    change.proposal.steps.iter().enumerate().map(step).collect()
}

fn plan(look: &Look<'_, '_>, plan: &RollbackPlan) -> PlanView {
    let mut steps = Vec::new();
    let says = match &plan.way {
        Back::Automatic { adapter, action } => format!("Automatic: {adapter} does “{action}”"),
        Back::Scripted { steps: all } => {
            steps = all
                .iter()
                .map(|step| match &step.adapter {
                    Some(adapter) => format!("{} ({}, by {adapter})", step.text, step.estimate),
                    None => format!("{} ({}, by hand)", step.text, step.estimate),
                })
                .collect();
            "Scripted, in these steps".to_owned()
        }
        Back::FlagOff { environment, flag } => format!("Switch the flag {flag} off in {environment}"),
        Back::Documents { changeset: 0 } => "Give the documents back what they said before".to_owned(),
        Back::Documents { changeset } => format!("Give the documents back what they were before changeset {changeset}"),
        Back::Manual { runbook } => format!("By hand, by the runbook {runbook}"),
        Back::RollForward { why_not_back, fix } => format!("Not back but forward: {fix}. Why: {why_not_back}"),
        Back::Irreversible { reason, forward_fix } => {
            format!("There is no way back: {reason}. What is done instead: {forward_fix}")
        }
    };
    PlanView {
        says,
        steps,
        owner: tag(look, &plan.owner),
        estimate: plan.estimate.to_string(),
        abort_when: plan.abort_when.iter().map(|one| format!("{} for {}", one.when, one.lasting)).collect(),
        data: match plan.data {
            Data::Untouched => "No data is touched.",
            Data::Reversible => "The old program reads what the new one wrote.",
            Data::ForwardOnly => "What was written meanwhile is not read by the old program.",
            Data::RestoreNeeded => "A backup must be restored.",
        },
        no_return: plan.point_of_no_return,
        verification: plan.verification.clone(),
        rehearsed: plan.last_rehearsed.map(|at| look.when(at)),
        drilled: None,
        safe_until: plan.safe_until.map(|at| look.when(at)),
    }
}

/// A person, or a team under its title.
fn tag(look: &Look<'_, '_>, owner: &Name) -> PersonTag {
    let tag = look.tag(owner);
    match look.rules.catalog.teams.get(owner).filter(|_| !look.rules.catalog.people.contains_key(owner)) {
        Some(team) => {
            PersonTag { href: format!("/documents/team/{owner}"), ..PersonTag::new(owner.as_str(), &team.title) }
        }
        None => tag,
    }
}

/// What it lacks, with the place in the form where it is said.
fn missing(change: &Change) -> Vec<(Link, String)> {
    let of = |refusal: Refusal| {
        let at = refusal.at.unwrap_or_default();
        let mut parts = at.trim_start_matches('/').split('/');
        let first = parts.next().unwrap_or_default().to_owned();
        let number = parts.clone().find_map(|part| part.parse::<usize>().ok());
        let words: Vec<&str> = parts.filter(|part| part.parse::<usize>().is_err() && *part != "way").collect();
        let mut title = capital(&first);
        for word in words {
            title = format!("{title}, {}", word.replace(['_', '-'], " "));
        }
        if let Some(number) = number {
            title = format!("{title} {}", number + 1);
        }
        (Link::new(title, format!("/changes/{}/edit#{first}", change.id)), refusal.message)
    };
    change.proposal.problems().into_iter().map(of).collect()
}

fn risk(sheet: &Sheet) -> RiskView {
    let band = sheet.risk.band();
    RiskView {
        points: sheet.risk.total(),
        band: band.word(),
        tone: match band {
            Band::Low => Tone::Good,
            Band::Medium => Tone::Info,
            Band::High => Tone::Warning,
            Band::Critical => Tone::Critical,
        },
        terms: sheet.risk.terms.iter().map(|term| (format!("{:+}", term.points), term.why.clone())).collect(),
    }
}

/// Where people read what a rule is about.
pub(super) fn rule_link(rule: &Rule) -> Option<Link> {
    match rule {
        Rule::Freeze(name) => Some(Link::new("Its document", format!("/documents/freeze/{name}"))),
        Rule::Review(name) => Some(Link::new("Its document", format!("/documents/review/{name}"))),
        Rule::Incident(id) => Some(Link::new("The incident", format!("/incidents/{id}"))),
        Rule::Pin(id) => Some(Link::new("The pin, with its story", format!("/pins/{id}"))),
        Rule::Collision(id) => Some(Link::new("The other change", format!("/changes/{id}"))),
        _ => None,
    }
}

fn reason(look: &Look<'_, '_>, change: &Change, one: &Reason, who: &Exempting) -> ReasonView {
    let link = rule_link(&one.rule);
    let wrote = change.authors.contains(&who.name);
    ReasonView {
        rule: one.rule.word(),
        about: one.rule.about(),
        message: capital(&one.message),
        link,
        may_exempt: one.exempter.to_string(),
        exempted: one.exemption.as_ref().map(|one| (look.tag(&one.by), one.why.clone())),
        yours: one.exemption.is_none() && one.exempter.admits(who) && !wrote && look.asked.access >= Access::Responder,
    }
}

/// As the browser writes it, in the viewer's zone.
pub(super) fn local(text: &str, zone: &TimeZone, place: &str) -> Result<Option<Timestamp>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || Refusal::invalid("this is no time: write it like 2026-11-22T03:12").at(place);
    let at: DateTime = text.parse().map_err(|_| wrong())?;
    Ok(Some(at.to_zoned(zone.clone()).map_err(|_| wrong())?.timestamp()))
}

/// What is pressed.
enum Press {
    Deed(Deed),
    Exempt(Rule, String),
    Preflight,
    Update,
}

fn press(fields: &Fields, zone: &TimeZone) -> Result<(Press, &'static str), Refusal> {
    let why = |name: &str| fields.text(name).to_owned();
    Ok(match fields.text("act") {
        "approve" => {
            let revision =
                fields.text("revision").parse().map_err(|_| Refusal::invalid("say which revision you read"))?;
            (Press::Deed(Deed::Approve { revision }), "Approved")
        }
        "schedule" => {
            let missing = || Refusal::invalid("say when it begins and when it ends");
            let from = local(fields.text("from"), zone, "/from")?.ok_or_else(missing)?;
            let to = local(fields.text("to"), zone, "/to")?.ok_or_else(missing)?;
            (Press::Deed(Deed::Schedule { window: Window { from, to } }), "Scheduled")
        }
        "begin" => (Press::Deed(Deed::Begin), "It goes on from now. Say when it is finished, or failed"),
        "finish" => (Press::Deed(Deed::Finish), "It is finished"),
        "fail" => (Press::Deed(Deed::Fail { why: why("why-fail") }), "It failed. Could it be taken back?"),
        "cancel" => (Press::Deed(Deed::Cancel { why: why("why-cancel") }), "It is not done"),
        "review" => (Press::Deed(Deed::Review), "You looked at it"),
        "exempt" => {
            (Press::Exempt(Rule::read(fields.text("rule"), fields.text("about"))?, why("why-exempt")), "It is exempted")
        }
        "preflight" => (Press::Preflight, "Its programs are being asked"),
        "update" => (Press::Update, "It is up to date: somebody approves the new revision"),
        _ => return Err(Refusal::invalid("there is no such button")),
    })
}

/// `POST /changes/ID/act`.
pub async fn post_act(asked: Asked, Path(text): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let (id, zone, access) = (read_id(&text)?, zone_of(&asked).await?, asked.access);
    let (outcome, said) = match press(&fields, &zone) {
        Ok((press, said)) => {
            let app = asked.app.clone();
            let act = move |store: &Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
                let (works, may_post) = (app.works(), app.may_post());
                let conditions = Conditions { now: moment.now, works: &works, may_post: &may_post };
                store.write(|tx| {
                    let moment = &mut moment.again();
                    match &press {
                        Press::Deed(deed) => acts::act(tx, node, moment, id, deed, access).map(|_| ()),
                        Press::Exempt(rule, why) => gates::exempt(tx, node, moment, id, rule, why, access).map(|_| ()),
                        Press::Preflight => preflights::ask(tx, node, moment, id),
                        Press::Update => carried::bring_up_to_date(tx, moment, id, conditions).map(|_| ()),
                    }
                })
            };
            (asked.app.act(asked.actor(), act).await, said)
        }
        Err(refusal) => (Err(refusal.into()), ""),
    };
    back_to(&asked, id, outcome, said)
}

/// `POST /changes/ID/apply`: puts its documents in force. It writes documents, so it is asked for that, as over the API.
pub async fn post_apply(asked: Asked, Path(text): Path<String>) -> Result<Response, Problem> {
    let (id, access, app) = (read_id(&text)?, asked.access, asked.app.clone());
    pin_runs::before_change(&app, id, Some(asked.person.clone())).await?;
    let applied = asked.app.act(asked.actor(), move |store, node, moment| {
        let (works, may_post) = (app.works(), app.may_post());
        let conditions = Conditions { now: moment.now, works: &works, may_post: &may_post };
        store.write(|tx| carried::apply(tx, node, &mut moment.again(), id, access, conditions).map(|_| ()))
    });
    let outcome = applied.await;
    // Access may have changed.
    asked.app.doors().forget();
    back_to(&asked, id, outcome, "Its documents are in force")
}

/// Back to the change, with what came of it.
fn back_to(asked: &Asked, id: ChangeId, outcome: Result<(), Halt>, said: &'static str) -> Result<Response, Problem> {
    let page = format!("/changes/{id}");
    match outcome {
        Ok(()) => Ok(asked.lead(&page, Some(done(said)))),
        // To somebody who may not see it there is nothing to lead back to.
        Err(Halt::Refused(refusal)) if refusal.kind != RefusalKind::NotFound => {
            Ok(asked.lead(&page, Some(refused(&Refusal { message: sentence(&refusal.message), ..refusal }))))
        }
        Err(failed) => Err(failed.into()),
    }
}

/// A button that was pressed stands at its own address; whoever loads that again is led back to the change.
pub async fn get_back(asked: Asked, Path(id): Path<String>) -> Response {
    asked.lead(&format!("/changes/{}", escape(&id)), None)
}
