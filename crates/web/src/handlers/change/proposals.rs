//! The form in which a change is proposed and written anew: what was typed is read into a proposal, or shown again with why not.

use actions::change::changes::{self as acts, Deed, Wanted};
use axum::extract::Path;
use axum::response::Response;
use domain::change::proposals::{Kind, Proposal, Step, Target};
use domain::change::rollback_plans::{Abort, Data, RollbackPlan, ScriptStep, Watch, Way};
use domain::words::{ChangeId, Name, Refusal, Span, Timestamp};
use jiff::tz::TimeZone;
use store::Halt;
use store::respond::incidents;

use super::changes::local;
use crate::handlers::detect::silences::zone_of;
use crate::handlers::engage::pages::capital;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::pages::change::proposals::{AbortRow, ChangeForm, ChangeFormPage, StepRow, TargetRow};
use crate::pages::{Link, Section};
use crate::problem::Problem;

/// So many empty rows stand below those that are filled in.
const SPARE: usize = 1;
const MORE: usize = 5;

/// Which change is written.
#[derive(Clone, Copy, Debug)]
enum Which {
    New,
    /// By its id, at the revision that was read.
    Anew(ChangeId, u32),
}

fn rows<T: Default + PartialEq>(filled: Vec<T>, spare: usize) -> Vec<T> {
    let empty = T::default();
    let mut rows: Vec<T> = filled.into_iter().filter(|row| *row != empty).collect();
    rows.extend((0..spare).map(|_| T::default()));
    rows
}

/// What was typed.
fn filled(fields: &Fields, spare: usize) -> ChangeForm {
    let all = |name: &str| -> Vec<String> { fields.all(name).map(|text| text.trim().to_owned()).collect() };
    let at = |list: &[String], place: usize| list.get(place).cloned().unwrap_or_default();
    let text = |name: &str| fields.raw(name).replace("\r\n", "\n").trim().to_owned();
    let (services, places) = (all("target.service"), all("target.environment"));
    let (from, to) = (all("target.from"), all("target.to"));
    let steps = |text: &str, minutes: &str, adapter: &str| -> Vec<StepRow> {
        let (texts, minutes, adapters) = (all(text), all(minutes), all(adapter));
        let row =
            |place| StepRow { text: at(&texts, place), minutes: at(&minutes, place), adapter: at(&adapters, place) };
        (0..texts.len()).map(row).collect()
    };
    let (whens, lasting) = (all("abort.when"), all("abort.minutes"));
    ChangeForm {
        kind: text("kind"),
        title: text("title"),
        why: text("why"),
        targets: rows(
            (0..services.len())
                .map(|place| TargetRow {
                    service: at(&services, place),
                    environment: at(&places, place),
                    from: at(&from, place),
                    to: at(&to, place),
                })
                .collect(),
            spare,
        ),
        steps: rows(steps("step.text", "step.minutes", "step.adapter"), spare),
        verification: text("verification"),
        emergency: fields.some("emergency").is_some(),
        incident: text("incident"),
        way: text("way"),
        adapter: text("adapter"),
        action: text("action"),
        script: rows(steps("back.text", "back.minutes", "back.adapter"), spare),
        environment: text("environment"),
        flag: text("flag"),
        changeset: text("changeset"),
        runbook: text("runbook"),
        why_not_back: text("why_not_back"),
        fix: text("fix"),
        reason: text("reason"),
        forward_fix: text("forward_fix"),
        owner: text("owner"),
        estimate: text("estimate"),
        aborts: rows(
            (0..whens.len()).map(|place| AbortRow { when: at(&whens, place), minutes: at(&lasting, place) }).collect(),
            spare,
        ),
        data: text("data"),
        no_return: text("no_return"),
        back_verification: text("back_verification"),
        rehearsed: text("rehearsed"),
        safe_until: text("safe_until"),
        watch: text("watch"),
    }
}

/// What a proposal says, to be written anew.
fn of_proposal(proposal: &Proposal, zone: &TimeZone) -> ChangeForm {
    let wall = |at: Timestamp, form: &str| at.to_zoned(zone.clone()).strftime(form).to_string();
    let target = |one: &Target| TargetRow {
        service: one.service.to_string(),
        environment: one.environment.as_ref().map(ToString::to_string).unwrap_or_default(),
        from: one.from.clone().unwrap_or_default(),
        to: one.to.clone().unwrap_or_default(),
    };
    let step = |one: &Step| StepRow { text: one.text.clone(), minutes: minutes(one.estimate), ..StepRow::default() };
    let mut form = ChangeForm {
        kind: proposal.kind.word().to_owned(),
        title: proposal.title.clone(),
        why: proposal.why.clone(),
        targets: proposal.targets.iter().map(target).collect(),
        steps: proposal.steps.iter().map(step).collect(),
        verification: proposal.verification.join("\n"),
        ..ChangeForm::default()
    };
    if let Some(plan) = &proposal.rollback {
        plan.way.word().clone_into(&mut form.way);
        form.owner = plan.owner.to_string();
        form.estimate = minutes(plan.estimate);
        form.aborts = plan
            .abort_when
            .iter()
            .map(|one| AbortRow { when: one.when.clone(), minutes: minutes(one.lasting) })
            .collect();
        word_of(plan.data).clone_into(&mut form.data);
        form.no_return = plan.point_of_no_return.map(|step| step.to_string()).unwrap_or_default();
        form.back_verification = plan.verification.join("\n");
        form.rehearsed = plan.last_rehearsed.map(|at| wall(at, "%Y-%m-%d")).unwrap_or_default();
        form.safe_until = plan.safe_until.map(|at| wall(at, "%Y-%m-%dT%H:%M")).unwrap_or_default();
        form.watch = plan.watch.map(|one| format!("{} {} {}", one.settle, one.hold, one.patience)).unwrap_or_default();
        match &plan.way {
            Way::Automatic { adapter, action } => (form.adapter, form.action) = (adapter.to_string(), action.clone()),
            Way::Scripted { steps } => {
                let step = |one: &ScriptStep| StepRow {
                    text: one.text.clone(),
                    minutes: minutes(one.estimate),
                    adapter: one.adapter.as_ref().map(ToString::to_string).unwrap_or_default(),
                };
                form.script = steps.iter().map(step).collect();
            }
            Way::FlagOff { environment, flag } => {
                (form.environment, form.flag) = (environment.to_string(), flag.to_string());
            }
            Way::Documents { changeset } => form.changeset = changeset.to_string(),
            Way::Manual { runbook } => form.runbook = runbook.to_string(),
            Way::RollForward { why_not_back, fix } => {
                (form.why_not_back, form.fix) = (why_not_back.clone(), fix.clone());
            }
            Way::Irreversible { reason, forward_fix } => {
                (form.reason, form.forward_fix) = (reason.clone(), forward_fix.clone());
            }
        }
    }
    form.targets = rows(form.targets, SPARE);
    form.steps = rows(form.steps, SPARE);
    form.script = rows(form.script, SPARE);
    form.aborts = rows(form.aborts, SPARE);
    form
}

/// A span as the form has it: minutes as a number where they are whole.
fn minutes(span: Span) -> String {
    let whole = span.as_millis() % 60_000 == 0;
    if whole { (span.as_millis() / 60_000).to_string() } else { span.to_string() }
}

const fn word_of(data: Data) -> &'static str {
    match data {
        Data::Untouched => "untouched",
        Data::Reversible => "reversible",
        Data::ForwardOnly => "forward-only",
        Data::RestoreNeeded => "restore-needed",
    }
}

/// Minutes as a number, or a span in words; nothing is no time at all.
fn span(text: &str, place: &str) -> Result<Span, Refusal> {
    if text.is_empty() {
        return Ok(Span::ZERO);
    }
    let written = if text.bytes().all(|byte| byte.is_ascii_digit()) { format!("{text}m") } else { text.to_owned() };
    written.parse().map_err(|refusal: Refusal| refusal.at(place))
}

fn name(text: &str, place: &str, missing: &str) -> Result<Name, Refusal> {
    if text.is_empty() {
        return Err(Refusal::invalid(missing).at(place));
    }
    text.parse().map_err(|refusal: Refusal| refusal.at(place))
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// What was typed, as a proposal; or the first thing that cannot be read.
fn read(form: &ChangeForm, zone: &TimeZone) -> Result<Proposal, Refusal> {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let target = |(place, row): (usize, &TargetRow)| {
        let at = |field: &str| format!("/targets/{place}/{field}");
        Ok(Target {
            service: name(&row.service, &at("service"), "say which service is changed")?,
            environment: some(&row.environment)
                .map(|text| text.parse().map_err(|refusal: Refusal| refusal.at(at("environment"))))
                .transpose()?,
            from: some(&row.from),
            to: some(&row.to),
        })
    };
    let step = |(place, row): (usize, &StepRow)| {
        Ok(Step { text: row.text.clone(), estimate: span(&row.minutes, &format!("/steps/{place}/estimate"))? })
    };
    let empty = TargetRow::default();
    let targets = form.targets.iter().filter(|row| **row != empty).enumerate().map(target);
    let steps = form.steps.iter().filter(|row| **row != StepRow::default()).enumerate().map(step);
    Ok(Proposal {
        kind: form.kind.parse::<Kind>()?,
        title: form.title.clone(),
        why: form.why.clone(),
        targets: targets.collect::<Result<_, Refusal>>()?,
        steps: steps.collect::<Result<_, Refusal>>()?,
        rollback: plan(form, zone)?,
        verification: lines(&form.verification),
    })
}

fn plan(form: &ChangeForm, zone: &TimeZone) -> Result<Option<RollbackPlan>, Refusal> {
    let way = match form.way.as_str() {
        "" => return Ok(None),
        "automatic" => Way::Automatic {
            adapter: name(&form.adapter, "/rollback/way/automatic/adapter", "say which program takes it back")?,
            action: form.action.clone(),
        },
        "scripted" => {
            let step = |(place, row): (usize, &StepRow)| {
                let at = |field: &str| format!("/rollback/way/scripted/steps/{place}/{field}");
                Ok(ScriptStep {
                    text: row.text.clone(),
                    estimate: span(&row.minutes, &at("estimate"))?,
                    adapter: Some(row.adapter.as_str())
                        .filter(|text| !text.is_empty())
                        .map(|text| text.parse().map_err(|refusal: Refusal| refusal.at(at("adapter"))))
                        .transpose()?,
                })
            };
            let steps = form.script.iter().filter(|row| **row != StepRow::default()).enumerate().map(step);
            Way::Scripted { steps: steps.collect::<Result<_, Refusal>>()? }
        }
        "flag-off" => Way::FlagOff {
            environment: name(&form.environment, "/rollback/way/flag-off/environment", "say in which environment")?,
            flag: name(&form.flag, "/rollback/way/flag-off/flag", "say which flag")?,
        },
        "documents" => Way::Documents {
            changeset: form.changeset.parse().map_err(|_| {
                Refusal::invalid("say which changeset, by its number").at("/rollback/way/documents/changeset")
            })?,
        },
        "manual" => Way::Manual {
            runbook: name(&form.runbook, "/rollback/way/manual/runbook", "say which runbook is followed")?,
        },
        "roll-forward" => Way::RollForward { why_not_back: form.why_not_back.clone(), fix: form.fix.clone() },
        "irreversible" => Way::Irreversible { reason: form.reason.clone(), forward_fix: form.forward_fix.clone() },
        _ => return Err(Refusal::invalid("nothing is taken back in this way").at("/rollback/way")),
    };
    let abort = |(place, row): (usize, &AbortRow)| {
        let lasting = span(&row.minutes, &format!("/rollback/abort_when/{place}/lasting"))?;
        Ok(Abort { when: row.when.clone(), lasting })
    };
    let aborts = form.aborts.iter().filter(|row| **row != AbortRow::default()).enumerate().map(abort);
    let data = [Data::Untouched, Data::Reversible, Data::ForwardOnly, Data::RestoreNeeded]
        .into_iter()
        .find(|data| word_of(*data) == form.data)
        .ok_or_else(|| Refusal::invalid("say what becomes of the data").at("/rollback/data"))?;
    let no_return = Some(form.no_return.as_str()).filter(|text| !text.is_empty()).map(|text| {
        text.parse().map_err(|_| {
            Refusal::invalid("say the number of the step, counted from 1").at("/rollback/point_of_no_return")
        })
    });
    let rehearsed = Some(form.rehearsed.as_str()).filter(|day| !day.is_empty()).map(|day| format!("{day}T00:00"));
    Ok(Some(RollbackPlan {
        way,
        owner: name(&form.owner, "/rollback/owner", "say who answers for taking it back")?,
        estimate: span(&form.estimate, "/rollback/estimate")?,
        abort_when: aborts.collect::<Result<_, Refusal>>()?,
        data,
        point_of_no_return: no_return.transpose()?,
        verification: lines(&form.back_verification),
        last_rehearsed: match rehearsed {
            Some(day) => local(&day, zone, "/rollback/last_rehearsed")?,
            None => None,
        },
        safe_until: local(&form.safe_until, zone, "/rollback/safe_until")?,
        watch: watch(&form.watch)?,
    }))
}

/// `2m 5m 15m`: the form does not show it, and hands it on.
fn watch(text: &str) -> Result<Option<Watch>, Refusal> {
    let spans: Vec<Span> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    match spans.as_slice() {
        [] => Ok(None),
        [settle, hold, patience] => Ok(Some(Watch { settle: *settle, hold: *hold, patience: *patience })),
        _ => Err(Refusal::invalid("three spans, such as 2m 5m 15m").at("/rollback/watch")),
    }
}

/// `GET /changes/new?incident=ID&service=NAME`.
pub async fn get_new(asked: Asked) -> Result<Response, Problem> {
    let service = TargetRow { service: asked.query.text("service").to_owned(), ..TargetRow::default() };
    let form = ChangeForm {
        kind: Kind::Deploy.word().to_owned(),
        targets: rows(vec![service], SPARE),
        steps: rows(Vec::new(), 2),
        script: rows(Vec::new(), 2),
        aborts: rows(Vec::new(), SPARE),
        incident: asked.query.text("incident").to_owned(),
        data: word_of(Data::Untouched).to_owned(),
        ..ChangeForm::default()
    };
    page(asked, Which::New, Some(form), None).await
}

/// `GET /changes/ID/edit`.
pub async fn get_edit(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    page(asked, Which::Anew(read_id(&id)?, 0), None, None).await
}

fn read_id(text: &str) -> Result<ChangeId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("such change"))
}

/// The form with what was typed; of a change that is written anew without, with what it says.
async fn page(
    asked: Asked,
    which: Which,
    form: Option<ChangeForm>,
    error: Option<String>,
) -> Result<Response, Problem> {
    asked
        .page(Section::Changes, move |look, shell| {
            let catalog = look.rules.clone();
            let catalog = &catalog.catalog;
            let row = match which {
                Which::New => None,
                Which::Anew(id, _) => Some(acts::find(look.tx, id, look.asked.sight())?.change),
            };
            let form = match (&form, &row) {
                (Some(form), _) => form.clone(),
                (None, Some(change)) => of_proposal(&change.proposal, &look.view.zone),
                (None, None) => ChangeForm::default(),
            };
            let revision = match (which, &row) {
                (Which::Anew(_, read), _) if read > 0 => read,
                (_, Some(change)) => change.revision,
                _ => 0,
            };
            let incidents = open_incidents(look)?;
            let kinds = Kind::ALL.iter().map(|kind| (kind.word(), kind_says(*kind)));
            let services = catalog.services.iter().map(|(name, spec)| (name.to_string(), spec.title.clone()));
            let runbooks = catalog.runbooks.iter().map(|(name, spec)| (name.to_string(), spec.title.clone()));
            let people = catalog.people.iter().filter(|(_, person)| !person.inactive);
            let people = people.map(|(name, person)| (name.to_string(), person.full_name.clone()));
            let teams = catalog.teams.iter().map(|(name, team)| (name.to_string(), format!("{} (team)", team.title)));
            Ok(ChangeFormPage {
                action: match which {
                    Which::New => "/changes".to_owned(),
                    Which::Anew(id, _) => format!("/changes/{id}/edit"),
                },
                change: row.as_ref().map(|change| Link::new(&change.proposal.title, format!("/changes/{}", change.id))),
                revision,
                voids: row
                    .iter()
                    .flat_map(|change| change.approvals.iter().map(|one| look.full_name(&one.by)))
                    .collect(),
                form,
                error: error.clone(),
                kinds: kinds.collect(),
                services: services.collect(),
                runbooks: runbooks.collect(),
                owners: people.chain(teams).collect(),
                incidents,
                zone: look.zone_name.clone(),
                shell,
            })
        })
        .await
}

const fn kind_says(kind: Kind) -> &'static str {
    match kind {
        Kind::Deploy => "Deploy: another version of a program",
        Kind::Config => "Configuration",
        Kind::Flag => "Flag",
        Kind::Schema => "Schema of a database",
        Kind::Infrastructure => "Infrastructure",
        Kind::Data => "Data: moved or rewritten",
        Kind::Network => "Network",
        Kind::Certificate => "Certificate",
        Kind::Access => "Access: who may do what",
        Kind::Vendor => "Vendor: something outside that we stand on",
        Kind::Document => "Documents of Allclear",
    }
}

/// The place in the form at which something is wrong, and what.
fn says(refusal: &Refusal) -> String {
    let place = refusal.at.as_deref().unwrap_or_default().trim_start_matches('/');
    let words: Vec<String> = place
        .split('/')
        .filter(|part| !part.is_empty() && *part != "way")
        .map(|part| match part.parse::<usize>() {
            Ok(number) => (number + 1).to_string(),
            Err(_) => part.replace(['_', '-'], " "),
        })
        .collect();
    if words.is_empty() || words == ["title"] {
        return sentence(&refusal.message);
    }
    format!("{}: {}", capital(&words.join(", ")), sentence(&refusal.message))
}

async fn save(asked: Asked, which: Which, fields: Fields) -> Result<Response, Problem> {
    if fields.text("how") == "more" {
        let form = filled(&fields, MORE);
        return page(asked, which, Some(form), None).await;
    }
    let (zone, access) = (zone_of(&asked).await?, asked.access);
    let form = filled(&fields, SPARE);
    let outcome = match read(&form, &zone) {
        Ok(proposal) => {
            let incident = Some(form.incident.as_str()).filter(|text| !text.is_empty()).map(str::parse).transpose();
            let emergency = form.emergency;
            let act = move |store: &store::Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
                store.write(|tx| match which {
                    Which::New => {
                        let incident =
                            incident.clone().map_err(|_| Refusal::invalid("this is no incident").at("/incident"))?;
                        let wanted = Wanted { proposal: proposal.clone(), emergency, incident };
                        acts::propose(tx, node, &mut moment.again(), &wanted)
                    }
                    Which::Anew(id, revision) => {
                        let deed = Deed::Edit { revision, proposal: Box::new(proposal.clone()) };
                        acts::act(tx, node, &mut moment.again(), id, &deed, access)
                    }
                })
            };
            asked.app.act(asked.actor(), act).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(row) => {
            let lacks = row.change.proposal.problems().len();
            let said = match (which, lacks) {
                (Which::New, 0) => "Proposed. Somebody else approves it".to_owned(),
                (Which::Anew(..), 0) => "Written anew. What was approved is void".to_owned(),
                (_, lacks) => format!("Kept. Before it is approved, {lacks} more to say"),
            };
            Ok(asked.lead(&format!("/changes/{}", row.change.id), Some(done(said))))
        }
        Err(Halt::Refused(refusal)) if refusal.kind != domain::words::RefusalKind::NotFound => {
            let error = Some(says(&refusal));
            page(asked, which, Some(form), error).await
        }
        Err(failed) => Err(failed.into()),
    }
}

/// `POST /changes`.
pub async fn post_changes(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    save(asked, Which::New, fields).await
}

/// `POST /changes/ID/edit`.
pub async fn post_edit(asked: Asked, Path(id): Path<String>, fields: Fields) -> Result<Response, Problem> {
    let revision = fields.text("revision").parse().unwrap_or(0);
    let id = read_id(&id)?;
    save(asked, Which::Anew(id, revision), fields).await
}

/// Open incidents that a change may be part of, as the viewer sees them: id, and what a form calls it.
pub fn open_incidents(look: &mut Look<'_, '_>) -> Result<Vec<(String, String)>, Halt> {
    let open = incidents::Filter { open: true, ..incidents::Filter::default() };
    let one = |row: &incidents::IncidentRow| {
        let level = row.state.severity.as_deref().unwrap_or("no severity");
        (row.id.to_string(), format!("{level}: {}", row.name()))
    };
    Ok(incidents::list(look.tx, &open, look.asked.sight(), None, 50)?.iter().map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_proposal_says_is_read_back_from_its_form() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let ways = [
            r#"{"automatic": {"adapter": "argo", "action": "rollback shop"}}"#,
            r#"{"scripted": {"steps": [{"text": "stop", "estimate": "90s", "adapter": "argo"}, {"text": "start", "estimate": "2m"}]}}"#,
            r#"{"flag-off": {"environment": "live", "flag": "new-cart"}}"#,
            r#"{"documents": {"changeset": 12}}"#,
            r#"{"manual": {"runbook": "undo"}}"#,
            r#"{"roll-forward": {"why_not_back": "a hole", "fix": "patch"}}"#,
            r#"{"irreversible": {"reason": "sent", "forward_fix": "write again"}}"#,
        ];
        for way in ways {
            let proposal: Proposal = serde_json::from_str(&format!(
                r#"{{"kind": "schema", "title": "Drop a column", "why": "It is old\nand wide",
                    "targets": [{{"service": "shop", "environment": "live", "to": "4.2"}}, {{"service": "cart"}}],
                    "steps": [{{"text": "drop", "estimate": "5m"}}], "verification": ["it answers", "it is fast"],
                    "rollback": {{"way": {way}, "owner": "ben", "estimate": "1h", "abort_when": [{{"when": "errors", "lasting": "3m"}}],
                    "data": "forward-only", "point_of_no_return": 1, "verification": ["alert clears"],
                    "last_rehearsed": "2026-09-20T22:00:00Z", "safe_until": "2026-12-01T11:00:00Z"}}}}"#
            ))
            .unwrap();
            assert_eq!(read(&of_proposal(&proposal, &zone), &zone).unwrap(), proposal, "{way}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_place() {
        type Spoil = fn(&mut ChangeForm);
        let form = ChangeForm { kind: "deploy".into(), title: "x".into(), ..ChangeForm::default() };
        assert_eq!(read(&form, &TimeZone::UTC).unwrap().rollback, None);
        let table: [(Spoil, &str); 5] = [
            (|form| form.kind = "x".into(), "Kind: "),
            (|form| form.way = "manual".into(), "Rollback, manual, runbook: Say which runbook is followed."),
            (|form| form.way = "sideways".into(), "Rollback: Nothing is taken back in this way."),
            (
                |form| form.steps = vec![StepRow { text: "a".into(), minutes: "long".into(), ..StepRow::default() }],
                "Steps, 1, estimate: ",
            ),
            (
                |form| form.targets = vec![TargetRow { to: "2".into(), ..TargetRow::default() }],
                "Targets, 1, service: Say which service is changed.",
            ),
        ];
        for (spoil, begins) in table {
            let mut form = form.clone();
            spoil(&mut form);
            let said = says(&read(&form, &TimeZone::UTC).unwrap_err());
            assert!(said.starts_with(begins), "{said}");
        }
    }
}
