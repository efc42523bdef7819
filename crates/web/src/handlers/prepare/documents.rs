//! Documents: what is in force, what a change would do, what was changed; and the change itself.

use actions::change::document_edits::{self, Editor};
use actions::learn::score_sheets::rehearsal_of;
use actions::prepare::documents::{self as acts, Order, Outcome, Plan, Preview};
use axum::extract::Path;
use axum::response::Response;
use domain::prepare::access_rules::may_edit_some;
use domain::prepare::catalog::Catalog;
use domain::prepare::checks::{Conditions, check_in_force};
use domain::prepare::documents::{Document, Kind, Reference, Spec};
use domain::prepare::ownership::Via;
use domain::prepare::people::Access;
use domain::prepare::problems::Problem as Wrong;
use domain::prepare::{diff, references, schemas, writing};
use domain::words::Refusal;
use serde_json::Value;
use store::prepare::documents as rows;
use store::{Halt, Tx};

use super::{ownership, source};
use crate::enter::Visitor;
use crate::handlers::change::document_proposals::held;
use crate::handlers::change::proposals::open_incidents;
use crate::handlers::detect::alert::actor;
use crate::handlers::engage::pages::capital;
use crate::handlers::fields::{Fields, local_path};
use crate::handlers::frame::{Asked, Look, done, refused};
use crate::handlers::learn::score_sheets::drilled;
use crate::pages::change::document_proposals::HeldView;
use crate::pages::prepare::documents::{
    Compared, DocumentGroup, DocumentPage, DocumentRow, DocumentsPage, EditPage, HistoryPage, KindTab, PlanPage,
    PlanProblem, PlannedChange, Revision, SpecField, Yaml,
};
use crate::pages::prepare::ownership::FieldRow;
use crate::pages::prepare::what_if::WhatIfView;
use crate::pages::{Link, Section};
use crate::pin_runs;
use crate::problem::Problem;
use crate::what_if;

/// What problems call the text of the editor.
const FILE: &str = "line";
const REVISIONS: i64 = 100;

/// `GET /documents?kind=KIND`.
pub async fn get_documents(asked: Asked) -> Result<Response, Problem> {
    let kind: Option<Kind> = asked.query.some("kind").map(str::parse).transpose().map_err(Problem::from)?;
    asked
        .page(Section::Documents, move |look, shell| {
            let catalog = look.rules.catalog.clone();
            let mut tabs = vec![KindTab {
                title: "All".into(),
                href: "/documents".into(),
                count: catalog.references().len() as u64,
                current: kind.is_none(),
            }];
            tabs.extend(Kind::ALL.into_iter().map(|one| KindTab {
                title: capital(&one.word().replace('-', " ")),
                href: format!("/documents?kind={one}"),
                count: catalog.names(one).len() as u64,
                current: kind == Some(one),
            }));
            let shown = kind.map_or_else(|| Kind::ALL.to_vec(), |kind| vec![kind]);
            let mut groups = Vec::new();
            for kind in shown {
                let heads = rows::heads(look.tx, kind)?;
                let rows = heads.iter().map(|head| row(look, head)).collect::<Result<Vec<_>, Halt>>()?;
                if !rows.is_empty() {
                    groups.push(DocumentGroup { title: capital(&kind.word().replace('-', " ")), rows });
                }
            }
            Ok(DocumentsPage {
                source: if kind.is_none() { source::line(look)? } else { None },
                kinds: tabs,
                kind: kind.map(|kind| kind.to_string()),
                about: kind.map(|kind| about(kind).to_owned()),
                groups,
                shell,
            })
        })
        .await
}

fn row(look: &mut Look<'_, '_>, head: &rows::Head) -> Result<DocumentRow, Halt> {
    let reference = head.document.reference();
    let last = rows::history(look.tx, &reference, None, 1)?.pop();
    let at = last.as_ref().map_or(look.now(), |one| one.changeset.at);
    let by = last.as_ref().and_then(|one| actor(look, &one.changeset.author));
    let from = match last.as_ref().map(|one| one.changeset.via.as_str()) {
        Some("defaults") | None => "came with Allclear",
        Some("page") => "by the first run",
        Some(_) => "from the command line",
    };
    Ok(DocumentRow {
        href: format!("/documents/{reference}"),
        kind: reference.kind.to_string(),
        name: reference.name.to_string(),
        title: title(&head.document.spec).unwrap_or_else(|| reference.name.to_string()),
        revision: format!("revision {}", head.number),
        changed: look.when(at),
        by,
        from,
    })
}

/// What people call it, if that is more than its name.
fn title(spec: &Spec) -> Option<String> {
    let said = spec.to_json();
    let text = |name: &str| said[name].as_str().map(str::to_owned);
    text("title").or_else(|| text("full_name")).or_else(|| text("description"))
}

fn about(kind: Kind) -> &'static str {
    match kind {
        Kind::Person => "Who there is: how to reach them, in which order, and what they may do here.",
        Kind::Team => "Who belongs together, and who keeps whose documents.",
        Kind::Schedule => "Who is on call when.",
        Kind::EscalationPolicy => "Whom to tell first, whom next, and after how long.",
        Kind::Service => "What may break, who owns it, and what it stands on.",
        Kind::Route => "Which alerts go to whom, grouped how. The first that matches takes an alert.",
        Kind::Integration => "Where signals come from, and how their words become ours.",
        Kind::SeverityMatrix => "How bad is how bad, in words that everybody shares.",
        Kind::Role => "Who does what while something burns.",
        Kind::NotificationTemplate => "What messages say.",
        Kind::UpdateTemplate => "How updates on an incident begin.",
        Kind::Checklist => "What is easily forgotten in an incident, by class and by what goes on.",
        Kind::Runbook => "What to do when a service breaks or an alert fires.",
        Kind::ObligationPack => "What must be told to whom by when, by law or contract. Not legal advice.",
        Kind::OutgoingWebhook => "Which programs elsewhere are told of which events.",
        Kind::StatusPage => "What the public is told of: the components of your status page.",
        Kind::Freeze => "Stretches of time in which nothing is changed, and what goes on nevertheless.",
        Kind::Review => "Which documents are changed by an approved proposal only.",
        Kind::Chat => {
            "Slack or Matrix: where incidents are announced, which get a room of their own, and who is invited."
        }
        Kind::RollbackAdapter => "Which program takes a change back, and what it is told.",
        Kind::Environment => "One set of flags that programs ask, such as production, and what they share.",
        Kind::Flag => "Which of several values a program gets, in each environment, and when it should be gone.",
        Kind::PostmortemPolicy => "Which incidents must be learned from, and until when.",
        Kind::Tracker => "Where action items have an issue: a repository on GitHub, a project in Jira.",
        Kind::FactorTaxonomy => "What contributes to incidents, in two levels, so that it can be counted.",
    }
}

fn read_reference(kind: &str, name: &str) -> Result<Reference, Refusal> {
    let gone =
        || Refusal::not_found(format!("document {}", domain::words::text::shorten(&format!("{kind}/{name}"), 120)));
    Ok(Reference::new(kind.parse().map_err(|_| gone())?, name.parse().map_err(|_| gone())?))
}

/// `GET /documents/KIND/NAME`.
pub async fn get_document(asked: Asked, Path((kind, name)): Path<(String, String)>) -> Result<Response, Problem> {
    let reference = read_reference(&kind, &name)?;
    asked
        .page(Section::Documents, move |look, shell| {
            let gone = || Refusal::not_found(format!("document {reference}"));
            let head = rows::head(look.tx, &reference)?.ok_or_else(gone)?;
            let last = rows::history(look.tx, &reference, None, 1)?.pop();
            let catalog = look.rules.catalog.clone();
            let (works, may_post) = (look.app.works(), look.app.may_post());
            let findings = check_in_force(&catalog, Conditions { now: look.now(), works: &works, may_post: &may_post });
            let problems = findings.problems.iter().chain(&findings.warnings);
            let mine = problems.filter(|one| one.document.as_ref() == Some(&reference));
            let link = |one: &Reference| Link::new(one.to_string(), format!("/documents/{one}"));
            let mut refers: Vec<Reference> = references::mentions(&head.document.spec)
                .into_iter()
                .map(|mention| Reference::new(mention.kind, mention.name))
                .collect();
            refers.sort();
            refers.dedup();
            Ok(DocumentPage {
                kind: reference.kind.to_string(),
                name: reference.name.to_string(),
                yaml: Yaml(writing::to_yaml([&look.asked.reader().document(&head.document)])),
                back: last.as_ref().map_or(0, |last| last.number - 1),
                revision: format!("revision {}", head.number),
                changed: look.when(last.as_ref().map_or(look.now(), |one| one.changeset.at)),
                by: last.as_ref().and_then(|one| actor(look, &one.changeset.author)),
                reason: last.and_then(|one| one.changeset.reason),
                problems: mine.map(ToString::to_string).collect(),
                shown_at: shown_at(&reference),
                refers_to: refers.iter().map(link).collect(),
                used_by: users(&catalog, &reference).iter().map(link).collect(),
                by_hand: by_hand(look, &reference)?,
                drilled: rehearsal_of(look.tx, &reference, look.now())?.map(|one| drilled(look, one)),
                may_edit: may_edit_some(&look.asked.person, look.asked.access, &catalog, &reference),
                shell,
            })
        })
        .await
}

fn by_hand(look: &mut Look<'_, '_>, reference: &Reference) -> Result<Vec<FieldRow>, Halt> {
    let found = actions::prepare::ownership::set_by_hand_in(look.tx, reference, &look.asked.reader())?;
    Ok(found.iter().map(|one| ownership::field(look, one)).collect())
}

/// The page that shows what a document means.
fn shown_at(reference: &Reference) -> Option<Link> {
    let name = &reference.name;
    let (title, path) = match reference.kind {
        Kind::Person => ("Person", "people"),
        Kind::Schedule => ("Schedule", "schedules"),
        Kind::EscalationPolicy => ("Policy", "escalation-policies"),
        Kind::Service => ("Service", "services"),
        Kind::Integration => ("Integration", "integrations"),
        Kind::Environment => ("Environment", "environments"),
        Kind::Flag => ("Flag", "flags"),
        _ => return None,
    };
    Some(Link::new(format!("{title} page"), format!("/{path}/{name}")))
}

/// The documents that name this one.
pub fn users(catalog: &Catalog, reference: &Reference) -> Vec<Reference> {
    let names = |document: &Document| {
        references::mentions(&document.spec).iter().any(|one| one.kind == reference.kind && one.name == reference.name)
    };
    catalog.documents().iter().filter(|document| names(document)).map(Document::reference).collect()
}

/// `GET /documents/KIND/NAME/edit`.
pub async fn get_edit(asked: Asked, Path((kind, name)): Path<(String, String)>) -> Result<Response, Problem> {
    let reference = read_reference(&kind, &name)?;
    asked
        .page(Section::Documents, move |look, shell| {
            let head = rows::head(look.tx, &reference)?;
            let head = head.ok_or_else(|| Refusal::not_found(format!("document {reference}")))?;
            let yaml = writing::to_yaml([&look.asked.reader().document(&head.document)]);
            let back = Link::new(reference.name.as_str(), format!("/documents/{reference}"));
            Ok(editor(shell, format!("Edit {reference}"), back, yaml, reference.kind))
        })
        .await
}

/// `GET /documents/new?kind=KIND`.
pub async fn get_new(asked: Asked) -> Result<Response, Problem> {
    let kind: Kind = asked.query.some("kind").unwrap_or("schedule").parse().map_err(Problem::from)?;
    asked
        .page(Section::Documents, move |look, shell| {
            let zone = &look.zone_name;
            let yaml = example(kind, look.asked.person.as_str(), zone);
            let back = Link::new(kind.word(), format!("/documents?kind={kind}"));
            Ok(editor(shell, format!("New {kind}"), back, yaml, kind))
        })
        .await
}

/// `POST /documents/edit` with `yaml`: the editor again.
pub async fn post_edit(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let yaml = fields.raw("yaml").replace("\r\n", "\n");
    let back = local_path(fields.text("back"), "/documents");
    let kind = acts::read_files([(FILE, yaml.as_str())]).proposals.first().map(|one| one.document.kind());
    asked
        .page(Section::Documents, move |_, shell| {
            let kind = kind.unwrap_or(Kind::Schedule);
            Ok(editor(shell, "Edit on".into(), Link::new("Back", &back), yaml.clone(), kind))
        })
        .await
}

fn editor(shell: crate::pages::Shell, title: String, back: Link, yaml: String, kind: Kind) -> EditPage {
    EditPage { shell, title, back, yaml, fields: fields_of(kind), schema_command: format!("allclear schema {kind}") }
}

/// The fields of the kind, from its schema.
fn fields_of(kind: Kind) -> Vec<SpecField> {
    let schema = schemas::of(kind);
    let spec = &schema["properties"]["spec"];
    let required = |name: &str| spec["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let Some(Value::Object(properties)) = spec.get("properties") else { return Vec::new() };
    let field = |(name, about): (&String, &Value)| SpecField {
        name: name.clone(),
        about: about["description"].as_str().unwrap_or("").replace('`', ""),
        required: required(name),
    };
    properties.iter().map(field).collect()
}

/// A document of the kind to begin with.
fn example(kind: Kind, person: &str, zone: &str) -> String {
    let spec = match kind {
        Kind::Person => format!("  full_name: \n  email: \n  time_zone: {zone}\n  access: responder\n"),
        Kind::Team => format!("  title: \n  members: [{person}]\n"),
        Kind::Schedule => format!(
            "  title: \n  time_zone: {zone}\n  layers:\n  - name: weekly\n    people: [{person}]\n    starts: 2026-01-05T09:00\n    rotate: {{weeks: 1}}\n"
        ),
        Kind::EscalationPolicy => format!("  title: \n  steps:\n  - notify: [{{person: {person}}}]\n    wait: 5m\n"),
        Kind::Service => "  title: \n  team: \n  tier: 3\n  escalation_policy: \n".into(),
        Kind::Route => "  order: 100\n  match: ['service=\"payments\"']\n  escalation_policy: \n".into(),
        Kind::Integration => "  title: \n  source:\n    alertmanager: {}\n".into(),
        Kind::SeverityMatrix => "  title: \n  levels: []\n".into(),
        Kind::Role => "  title: \n".into(),
        Kind::NotificationTemplate => "  subject: \n  text: \n".into(),
        Kind::UpdateTemplate => "  title: \n  audience: internal\n  text: \n".into(),
        Kind::Checklist => {
            "  title: \n  classes: [system]\n  activities: [containment]\n  items:\n  - name: \n    says: \n".into()
        }
        Kind::Runbook => {
            "  title: \n  services: []\n  match: []\n  text: |\n    ## What it means\n\n    ## What to do\n".into()
        }
        Kind::ObligationPack => format!(
            "  title: \n  jurisdiction: \n  source: \n  applies: true\n  asks: \n  accountable: {{person: {person}}}\n  calendar: {{time_zone: {zone}}}\n  anchors:\n  - name: aware\n    title: \n    means: \n  clocks:\n  - name: notice\n    title: \n    to: \n    from: {{recorded: aware}}\n    within: {{hours: 72}}\n"
        ),
        Kind::OutgoingWebhook => "  title: \n  url: https://\n  events: [incident.*]\n".into(),
        Kind::StatusPage => {
            "  title: \n  groups:\n  - title: \n    components:\n    - {name: web, title: Website, services: []}\n"
                .into()
        }
        Kind::Freeze => {
            "  title: \n  why: \n  from: 2027-11-26T00:00:00Z\n  to: 2027-11-30T00:00:00Z\n  services: []\n".into()
        }
        Kind::Review => "  title: \n  why: \n  kinds: [flag]\n  services: []\n".into(),
        Kind::Environment => "  title: Production\n".into(),
        Kind::PostmortemPolicy => format!(
            "  title: \n  calendar: {{time_zone: {zone}}}\n  accept_within: {{business-days: 1}}\n  dates:\n  - draft: {{business-days: 3}}\n    publish: {{business-days: 10}}\n  rules:\n  - name: severe\n    because: \n    when: {{severities: [SEV1]}}\n    effect: required\n"
        ),
        Kind::Tracker => "  title: \n  system:\n    github: { repository: owner/name }\n".into(),
        Kind::FactorTaxonomy => {
            "  title: \n  groups:\n  - title: Design\n    kinds:\n    - { name: single-point, title: A single point of failure }\n"
                .into()
        }
        Kind::Flag => {
            "  title: \n  purpose: release\n  expires: 2027-06-30\n  owner: \n  services: []\n  variants: { 'on': true, 'off': false }\n  environments:\n    production: { state: ENABLED, defaultVariant: 'off' }\n"
                .into()
        }
        Kind::Chat => {
            "  title: Operations chat\n  provider: { matrix: { homeserver: https://matrix.example.org } }\n  announce: '#incidents:example.org'\n  rooms: {}\n"
                .into()
        }
        Kind::RollbackAdapter => {
            "  title: The rollback workflow\n  system:\n    github-actions:\n      repository: owner/name\n      workflow: rollback.yml\n      ref: main\n      inputs: { version: '{{ to }}' }\n"
                .into()
        }
    };
    format!("kind: {kind}\nname: \nspec:\n{spec}")
}

/// `POST /documents/plan` with `yaml` and `back`: what it would do.
pub async fn post_plan(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let yaml = fields.raw("yaml").replace("\r\n", "\n");
    let back = local_path(fields.text("back"), "/documents");
    let days = fields.text("days").parse().map_or(Ok(what_if::DAYS), |days| what_if::days(days, "days"))?;
    let title = "What it would do".into();
    plan_page(asked, Planned { title, back, yaml, reason: fields.text("reason").to_owned(), days, to: to(&fields) })
        .await
}

/// What is planned.
struct Planned {
    title: String,
    back: String,
    yaml: String,
    reason: String,
    days: u32,
    /// The revision that it goes back to.
    to: Option<i64>,
}

fn to(fields: &Fields) -> Option<i64> {
    fields.text("to").parse().ok()
}

async fn plan_page(asked: Asked, planned: Planned) -> Result<Response, Problem> {
    let Planned { title, back, yaml, reason, days, to } = planned;
    let (order, unread) = order_of(&yaml);
    let preview = preview(&asked, order.clone()).await?;
    let found = what_if::ask(&asked.app, &preview, days, what_if::PAGE_PATIENCE).await?;
    pin_runs::before_preview(&asked.app, &preview).await?;
    asked
        .page(Section::Documents, move |look, shell| {
            let plan = &preview.plan;
            let wrong = unread.clone();
            let mut may_not = None;
            let (works, may_post) = (look.app.works(), look.app.may_post());
            let conditions = Conditions { now: look.now(), works: &works, may_post: &may_post };
            if wrong.is_empty() && plan.problems.is_empty() {
                let asked = look.asked;
                match actions::allow::order(look.tx, Some(&asked.person), Some(asked.access), &order, conditions) {
                    Ok(()) => {}
                    Err(Halt::Refused(refusal)) => may_not = Some(capital(&refusal.message)),
                    Err(failed) => return Err(failed),
                }
            }
            let title = match plan.differences.as_slice() {
                [one] => format!("{} {}", capital(one.verb.word()), one.reference),
                _ => title.clone(),
            };
            let problems = wrong.iter().chain(&plan.problems).map(|one| problem(one, &yaml)).collect();
            let goes_back = to.is_some() && goes_back(look.tx, &order, to)?;
            let held = if goes_back { HeldView::default() } else { held(look, &preview)? };
            Ok(PlanPage {
                title,
                back: Link::new("Back", &back),
                changes: plan.differences.iter().map(PlannedChange::of).collect(),
                problems,
                warnings: plan.warnings.iter().map(|one| problem(one, &yaml)).collect(),
                yaml: yaml.clone(),
                revision: plan.base,
                reason: reason.clone(),
                what_if: found.as_ref().map(|found| WhatIfView::of(found, &look.view)),
                days,
                to: to.filter(|_| goes_back),
                may_not,
                held,
                may_propose: look.asked.access >= Access::Responder,
                incidents: open_incidents(look)?,
                shell,
            })
        })
        .await
}

/// Whether an order says what the one document said at that revision: taking back is held by nothing.
fn goes_back(tx: &mut Tx<'_>, order: &Order, to: Option<i64>) -> Result<bool, Halt> {
    let ([one], Some(to)) = (order.proposals.as_slice(), to) else { return Ok(false) };
    let then = rows::at(tx, &one.document.reference(), to)?.and_then(|(_, spec)| spec);
    Ok(then.as_ref() == Some(&one.document.spec))
}

/// What an order would do, as whoever asks may see it.
pub async fn preview(asked: &Asked, order: Order) -> Result<Preview, Problem> {
    let (app, now, reader) = (asked.app.clone(), asked.now, asked.reader());
    let preview = asked.app.read(move |tx| {
        let (works, may_post) = (app.works(), app.may_post());
        acts::preview_for(tx, &order, Conditions { now, works: &works, may_post: &may_post }, &reader)
    });
    Ok(preview.await?)
}

/// What a text orders, and what of it does not read.
pub fn order_of(yaml: &str) -> (Order, Vec<Wrong>) {
    let reading = acts::read_files([(FILE, yaml)]);
    let mut problems = reading.problems;
    if reading.proposals.is_empty() && problems.is_empty() {
        problems.push(plain("there is no document in this text".into()));
    }
    (Order { proposals: reading.proposals, via: Via::Page, ..Order::default() }, problems)
}

fn plain(message: String) -> Wrong {
    Wrong { place: String::new(), document: None, pointer: String::new(), message, suggestion: None }
}

/// A problem with the line that it is about.
pub fn problem(one: &Wrong, yaml: &str) -> PlanProblem {
    let number = one.place.strip_prefix("line:").and_then(|rest| rest.split(':').next()?.parse::<usize>().ok());
    PlanProblem {
        place: number.map_or_else(|| one.place.clone(), |number| format!("line {number}")),
        text: capital(&one.message),
        suggestion: one.suggestion.clone(),
        line: number.and_then(|number| yaml.lines().nth(number.checked_sub(1)?)).map(str::to_owned),
    }
}

/// `POST /documents/apply` with `yaml`, `reason`, `revision`.
pub async fn post_apply(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let yaml = fields.raw("yaml").replace("\r\n", "\n");
    let (mut order, wrong) = order_of(&yaml);
    let reason = fields.text("reason").to_owned();
    if !wrong.is_empty() {
        let (title, back) = ("What it would do".into(), "/documents".into());
        return plan_page(asked, Planned { title, back, yaml, reason, days: what_if::DAYS, to: None }).await;
    }
    let (again, back_to) = (order.clone(), to(&fields));
    if asked.app.read(move |tx| goes_back(tx, &again, back_to)).await? {
        order.via = Via::Rollback;
    }
    order.override_why = fields.some("override").map(str::to_owned);
    order.base = fields.text("revision").parse().ok();
    order.reason = Some(reason.clone());
    let first = order.proposals.first().map(|one| one.document.reference());
    let here = first.as_ref().map_or_else(|| "/documents".into(), |one| format!("/documents/{one}"));
    match apply(&asked, order).await {
        Ok(Outcome::Applied { changeset, .. }) => {
            let said = format!("Applied, as changeset {}", changeset.number);
            Ok(asked.lead(&here, Some(done(said))))
        }
        Ok(Outcome::Unchanged(_)) => Ok(asked.lead(&here, Some(done("It said so already: nothing was changed")))),
        Ok(Outcome::Refused(_)) => {
            let title = "What it would do".into();
            plan_page(asked, Planned { title, back: here, yaml, reason, days: what_if::DAYS, to: None }).await
        }
        Err(Halt::Refused(refusal)) => Ok(asked.lead(&here, Some(refused(&refusal)))),
        Err(failed) => Err(failed.into()),
    }
}

/// Applies an order, if this visitor may.
pub async fn apply(asked: &Asked, order: Order) -> Result<Outcome, Halt> {
    let (app, visitor) = (asked.app.clone(), asked.visitor.clone());
    pin_runs::before_order(&app, &order).await?;
    let outcome = asked
        .app
        .act(asked.actor(), move |store, _, moment| {
            store.write(|tx| apply_in(tx, &mut moment.again(), &app, &visitor, &order))
        })
        .await;
    // Access may have changed.
    asked.app.doors().forget();
    outcome
}

/// The same, within a transaction.
pub fn apply_in(
    tx: &mut Tx<'_>,
    moment: &mut actions::Moment<'_>,
    app: &crate::App,
    visitor: &Visitor,
    order: &Order,
) -> Result<Outcome, Halt> {
    let (works, may_post) = (app.works(), app.may_post());
    let conditions = Conditions { now: moment.now, works: &works, may_post: &may_post };
    let editor = Editor { person: visitor.person(), access: visitor.access(), conditions };
    document_edits::apply(tx, app.node(), moment, order, editor)
}

/// `GET /documents/KIND/NAME/history?from=N&to=M`.
pub async fn get_history(asked: Asked, Path((kind, name)): Path<(String, String)>) -> Result<Response, Problem> {
    let reference = read_reference(&kind, &name)?;
    asked
        .page(Section::Documents, move |look, shell| {
            let steps = acts::history(look.tx, &reference, None, REVISIONS, &look.asked.reader())?;
            let current = rows::head(look.tx, &reference)?.map(|head| head.number);
            let number = |name: &str| look.asked.query.text(name).parse::<i64>().ok();
            let compared = match (number("from"), number("to")) {
                (Some(from), Some(to)) => {
                    let reader = look.asked.reader();
                    let difference = acts::difference(look.tx, &reference, from, Some(to), look.now(), &reader)?;
                    let same = || diff::Difference {
                        reference: reference.clone(),
                        verb: diff::Verb::Change,
                        sentences: vec!["They say the same.".into()],
                        fields: vec![],
                    };
                    let change = PlannedChange::of(&difference.unwrap_or_else(same));
                    Some(Compared { from, to, change })
                }
                _ => None,
            };
            let revision = |step: &acts::Step| {
                let one = &step.revision;
                Revision {
                    number: one.number,
                    when: look.when(one.changeset.at),
                    by: actor(look, &one.changeset.author),
                    reason: one.changeset.reason.clone(),
                    what: what(step),
                    current: current == Some(one.number),
                    compare_href: format!("/documents/{reference}/history?from={}&to={}", one.number - 1, one.number),
                }
            };
            let catalog = &look.rules.catalog;
            Ok(HistoryPage {
                kind: reference.kind.to_string(),
                name: reference.name.to_string(),
                revisions: steps.iter().map(revision).collect(),
                compared,
                may_edit: may_edit_some(&look.asked.person, look.asked.access, catalog, &reference),
                shell,
            })
        })
        .await
}

pub(super) fn what(step: &acts::Step) -> String {
    match &step.difference {
        None => "Nothing changed".into(),
        Some(one) => match one.verb {
            diff::Verb::Create => "Created".into(),
            diff::Verb::Delete => "Deleted".into(),
            diff::Verb::Change if one.fields.len() == 1 => "1 field changed".into(),
            diff::Verb::Change => format!("{} fields changed", one.fields.len()),
        },
    }
}

/// `POST /documents/KIND/NAME/rollback` with `to` and perhaps `reason`: shows what it would do.
pub async fn post_rollback(
    asked: Asked,
    Path((kind, name)): Path<(String, String)>,
    fields: Fields,
) -> Result<Response, Problem> {
    let reference = read_reference(&kind, &name)?;
    let to: i64 = fields.text("to").parse().map_err(|_| Refusal::invalid("say which revision"))?;
    let back = format!("/documents/{reference}/history");
    let wanted = reference.clone();
    let order = asked.app.read(move |tx| acts::rollback(tx, &wanted, to)).await?;
    if order.proposals.is_empty() {
        // That revision deleted it; or there is nothing to do.
        return match apply(&asked, order).await {
            Ok(_) => Ok(asked.lead("/documents", Some(done(format!("{reference} is as it was at revision {to}"))))),
            Err(Halt::Refused(refusal)) => Ok(asked.lead(&back, Some(refused(&refusal)))),
            Err(failed) => Err(failed.into()),
        };
    }
    let reader = asked.reader();
    let documents: Vec<Document> = order.proposals.iter().map(|one| reader.document(&one.document)).collect();
    let yaml = writing::to_yaml(&documents);
    let why = Some(fields.text("reason")).filter(|reason| !reason.is_empty()).map(str::to_owned);
    let why = why.unwrap_or_else(|| format!("Back to revision {to}"));
    let title = format!("Roll back to revision {to}");
    plan_page(asked, Planned { title, back, yaml, reason: why, days: what_if::DAYS, to: Some(to) }).await
}

/// `GET` of what is only posted.
pub async fn get_back(asked: Asked) -> Response {
    asked.lead("/documents", None)
}

/// A plan's problems in one sentence, for forms that change one thing.
pub fn refusal_of(plan: &Plan) -> Refusal {
    plan.refusal().unwrap_or_else(|| Refusal::invalid("this was refused"))
}
