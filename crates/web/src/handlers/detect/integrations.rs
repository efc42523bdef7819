//! Integrations: made, their token shown once, tested, and what they sent that could not be read.

use actions::prepare::access;
use actions::prepare::documents::Order;
use axum::extract::Path;
use axum::response::Response;
use domain::detect::integrations::{Integration, Mapping, Reports, Source};
use domain::prepare::documents::Document;
use domain::prepare::ownership::Via;
use domain::prepare::people::Access;
use domain::words::{Name, Refusal, Span};
use store::detect::{heartbeats, rejections};
use store::{Halt, Tx};

use crate::handlers::engage::pages::span;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, refused, sentence};
use crate::handlers::prepare::documents::apply_in;
use crate::pages::detect::integrations::{
    Figure, Heartbeat, IntegrationPage, IntegrationRow, IntegrationsPage, NewIntegrationPage, Rejection, Snippet,
    Unmapped,
};
use crate::pages::{Badge, Link, Section, Tone};
use crate::pin_runs;
use crate::problem::Problem;

/// The tokens before a rotation go on working for this long.
const GRACE: Span = Span::hours(24);
const REJECTIONS: usize = 20;
const UNMAPPED: u32 = 5;

/// `GET /integrations`.
pub async fn get_integrations(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Integrations, |look, shell| {
            let catalog = look.rules.catalog.clone();
            let counts = rejections::counts(look.tx)?;
            let mut rows = Vec::with_capacity(catalog.integrations.len());
            for (name, integration) in &catalog.integrations {
                let rejected = counts.iter().find(|(one, _)| one == name).map_or(0, |(_, count)| *count);
                let tokens = store::prepare::access::integration_tokens(look.tx, name)?;
                rows.push(IntegrationRow {
                    href: format!("/integrations/{name}"),
                    title: integration.title.clone(),
                    source: source(&integration.source),
                    state: state(look.tx, name, integration, &tokens, look.now(), &look.view)?,
                    traffic: match integration.source.reports() {
                        Some(_) => "brings changes".into(),
                        None => format!("{} open", open(look, name)),
                    },
                    problem: match rejected {
                        0 => None,
                        1 => Some("1 call was rejected".into()),
                        many => Some(format!("{many} calls were rejected")),
                    },
                });
            }
            Ok(IntegrationsPage { shell, rows })
        })
        .await
}

/// How many alerts of it are open: counted among its label where it has one of its own, else on the board.
fn open(look: &Look<'_, '_>, name: &Name) -> String {
    let board = look.app.node().board();
    // Counting stops where the number says no more.
    let few =
        board.newest_first(None).take(10_000).filter(|slot| board.at(*slot).integration == *name).take(1000).count();
    if few == 1000 {
        "1000 or more alerts".into()
    } else if few == 1 {
        "1 alert".into()
    } else {
        format!("{few} alerts")
    }
}

fn source(source: &Source) -> String {
    match source {
        Source::Alertmanager { .. } => "Prometheus and Alertmanager".into(),
        Source::Webhook { .. } => "Webhook, any JSON".into(),
        Source::Heartbeat { every, .. } => format!("Heartbeat, every {}", span(*every)),
        Source::Github(_) => "Deployments on GitHub".into(),
        Source::Gitlab(_) => "Deployments on GitLab".into(),
        Source::Cdevents(_) => "CDEvents".into(),
        Source::PagerdutyChanges(_) => "PagerDuty change events".into(),
        Source::Deploys(_) => "Deployments, as a script posts them".into(),
    }
}

fn state(
    tx: &mut Tx<'_>,
    name: &Name,
    integration: &Integration,
    tokens: &[store::prepare::access::IntegrationToken],
    now: domain::words::Timestamp,
    view: &crate::pages::Viewpoint,
) -> Result<Badge, Halt> {
    if matches!(integration.source, Source::Heartbeat { .. })
        && let Some(beat) = heartbeats::get(tx, name)?
    {
        return Ok(match (beat.missed_at, beat.last_at) {
            (Some(at), _) => Badge::new(Tone::Critical, format!("Missed since {}", view.brief(at))),
            (None, Some(at)) => Badge::new(Tone::Good, format!("Called {}", view.relative(at))),
            (None, None) => Badge::new(Tone::Quiet, "Never called"),
        });
    }
    let holds = tokens.iter().any(|token| token.expires_at.is_none_or(|at| at > now));
    Ok(match tokens.iter().filter_map(|token| token.used_at).max() {
        Some(at) => Badge::new(Tone::Good, format!("Heard {}", view.relative(at))),
        None if holds => Badge::new(Tone::Quiet, "Never heard of"),
        None => Badge::new(Tone::Warning, "Has no token yet"),
    })
}

/// `GET /integrations/new?source=`.
pub async fn get_new(asked: Asked) -> Result<Response, Problem> {
    let source = match asked.query.text("source") {
        "webhook" => "webhook",
        "heartbeat" => "heartbeat",
        "github" => "github",
        "gitlab" => "gitlab",
        "cdevents" => "cdevents",
        "pagerduty-changes" => "pagerduty-changes",
        "deploys" => "deploys",
        _ => "alertmanager",
    };
    new(asked, source.into(), String::new(), String::new(), None).await
}

async fn new(
    asked: Asked,
    source: String,
    title: String,
    name: String,
    error: Option<String>,
) -> Result<Response, Problem> {
    asked
        .page(Section::Integrations, move |_, shell| {
            let (source, title, name) = (source.clone(), title.clone(), name.clone());
            Ok(NewIntegrationPage { shell, source, title, name, error: error.clone() })
        })
        .await
}

/// `POST /integrations` with `title`, `name`, `source`, and for heartbeats `every`, `grace`.
pub async fn post_integrations(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let title = fields.text("title").to_owned();
    let read = || -> Result<(Name, Integration), Refusal> {
        let name: Name = fields.parse("name")?;
        let source = match fields.text("source") {
            "webhook" => Source::Webhook { mapping: mapping() },
            "heartbeat" => {
                let grace = fields.some("grace").map_or(Ok(Span::ZERO), str::parse)?;
                Source::Heartbeat { every: fields.parse("every")?, grace }
            }
            "github" => Source::Github(Reports::default()),
            "gitlab" => Source::Gitlab(Reports::default()),
            "cdevents" => Source::Cdevents(Reports::default()),
            "pagerduty-changes" => Source::PagerdutyChanges(Reports::default()),
            "deploys" => Source::Deploys(Reports::default()),
            _ => Source::Alertmanager { resolve_timeout: Span::minutes(5) },
        };
        Ok((name, Integration { title: title.clone(), source, labels: std::collections::BTreeMap::new(), team: None }))
    };
    let (visitor, app) = (asked.visitor.clone(), asked.app.clone());
    let outcome = match read() {
        Ok((name, integration)) => {
            pin_runs::before_order(&app, &Order::put([Document::new(name.clone(), integration.clone())])).await?;
            let made = asked.app.act(asked.actor(), move |store, _, moment| {
                store.write(|tx| {
                    let document = Document::new(name.clone(), integration.clone());
                    let reference = document.reference();
                    let mut order = Order::put([document]).via(Via::Page);
                    order.expected.insert(reference, 0);
                    apply_in(tx, &mut moment.again(), &app, &visitor, &order)?.into_result()?;
                    let catalog = store::prepare::documents::load_all(tx)?;
                    let secret =
                        access::rotate_integration_token(tx, &mut moment.again(), &catalog, &name, Span::ZERO)?;
                    Ok((name.clone(), secret.reveal().to_owned()))
                })
            });
            made.await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok((name, token)) => one(asked, name, Some(token), None).await,
        Err(Halt::Refused(refusal)) => {
            let (source, name) = (fields.text("source").to_owned(), fields.text("name").to_owned());
            new(asked, source, title, name, Some(sentence(&refusal.to_string()))).await
        }
        Err(failed) => Err(failed.into()),
    }
}

/// A mapping to begin with; its document says how to change it.
fn mapping() -> Mapping {
    let at = |pointer: &str| Some(pointer.to_owned());
    Mapping {
        each: None,
        summary: "/summary".into(),
        key: at("/key"),
        status: at("/status"),
        resolved: vec!["resolved".into(), "ok".into()],
        severity: at("/severity"),
        description: at("/description"),
        starts_at: at("/starts_at"),
        link: at("/link"),
        labels: [("service", "/service"), ("host", "/host")].map(|(n, v)| (n.to_owned(), v.to_owned())).into(),
    }
}

/// `GET /integrations/NAME`.
pub async fn get_integration(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    let name = known(&asked, &name).await?;
    let tested = asked.query.parse::<domain::words::AlertId>("tested").ok();
    let tested = tested.map(|id| Link::new("the test alert", format!("/alerts/{id}")));
    one(asked, name, None, tested).await
}

async fn known(asked: &Asked, text: &str) -> Result<Name, Problem> {
    let gone = || Problem::from(Refusal::not_found(format!("integration {}", domain::words::text::shorten(text, 63))));
    let name: Name = text.parse().map_err(|_| gone())?;
    let rules = crate::inbound::rules_with(&asked.app, Some(&name)).await?;
    rules.catalog.integrations.contains_key(&name).then_some(name).ok_or_else(gone)
}

async fn one(asked: Asked, name: Name, token: Option<String>, tested: Option<Link>) -> Result<Response, Problem> {
    asked
        .page(Section::Integrations, move |look, shell| {
            let catalog = look.rules.catalog.clone();
            let gone = || Refusal::not_found(format!("integration {name}"));
            let integration = catalog.integrations.get(&name).ok_or_else(gone)?;
            let tokens = store::prepare::access::integration_tokens(look.tx, &name)?;
            let newest = tokens.first();
            let older = tokens.iter().skip(1).filter_map(|token| token.expires_at).filter(|at| *at > look.now()).max();
            let token_note = match (newest, older) {
                (None, _) => "No token yet: make one, and the source can speak.".to_owned(),
                (Some(token), None) => {
                    format!("The token ends in {}, made {}.", token.ending, look.view.relative(token.created_at))
                }
                (Some(token), Some(until)) => format!(
                    "The token ends in {}, made {}. The one before it works until {}.",
                    token.ending,
                    look.view.relative(token.created_at),
                    look.view.brief(until)
                ),
            };
            let rejected = rejections::list(look.tx, &name)?;
            let rejected_count =
                rejections::counts(look.tx)?.into_iter().find(|(one, _)| *one == name).map_or(0, |(_, count)| count);
            let heartbeat = match &integration.source {
                Source::Heartbeat { every, grace } => {
                    let beat = heartbeats::get(look.tx, &name)?;
                    let due = beat.and_then(|beat| beat.due_at.or(beat.missed_at));
                    due.map(|due| Heartbeat {
                        expects: format!("every {}, with {} of grace", span(*every), span(*grace)),
                        due: look.when(due),
                    })
                }
                _ => None,
            };
            let base = look.app.settings().public_url.clone();
            let url = address(&base, &name, &integration.source);
            let shown = token.as_deref().unwrap_or("TOKEN");
            let open = open(look, &name);
            let brings_changes = integration.source.reports().is_some();
            let unmapped = if brings_changes {
                store::change::changes::unmapped(look.tx, &name, look.asked.visitor.sight(), UNMAPPED)?
            } else {
                Vec::new()
            };
            let alerts_figure = (!brings_changes).then(|| Figure {
                number: open.split(' ').next().unwrap_or("0").to_owned(),
                what: "alerts are open".into(),
                href: Some(format!("/alerts?integration={name}")),
            });
            let rejected_figure = Figure {
                number: rejected_count.to_string(),
                what: "calls were rejected".into(),
                href: Some("#rejections".into()),
            };
            Ok(IntegrationPage {
                brings_changes,
                unmapped: unmapped.iter().map(|row| unmapped_line(look, row)).collect(),
                name: name.to_string(),
                title: integration.title.clone(),
                source: source(&integration.source),
                state: state(look.tx, &name, integration, &tokens, look.now(), &look.view)?,
                url,
                token: token.clone(),
                token_note,
                snippets: snippets(&base, &name, &integration.source, shown),
                heartbeat,
                tested: tested.clone(),
                heard: tokens.iter().filter_map(|token| token.used_at).max().map(|at| look.when(at)),
                figures: alerts_figure.into_iter().chain([rejected_figure]).collect(),
                rejections: rejected
                    .iter()
                    .take(REJECTIONS)
                    .map(|one| Rejection {
                        when: look.when(one.at),
                        status: one.status,
                        reason: match &one.place {
                            Some(place) => format!("{place}: {}", one.why),
                            None => one.why.clone(),
                        },
                        body: Some(domain::words::text::shorten(&one.excerpt, 300)).filter(|body| !body.is_empty()),
                    })
                    .collect(),
                may_edit: look.asked.access >= Access::Manager
                    && actions::allow::integration(&catalog, Some(&look.asked.person), Some(look.asked.access), &name)
                        .is_ok(),
                document_href: format!("/documents/integration/{name}"),
                shell,
            })
        })
        .await
}

/// A change that no service was found for, with what was said of it.
fn unmapped_line(look: &Look<'_, '_>, row: &store::change::changes::ChangeRow) -> Unmapped {
    let proposal = &row.change.proposal;
    Unmapped { when: look.when(row.proposed_at), title: proposal.title.clone(), why: proposal.why.clone() }
}

fn address(base: &str, name: &Name, source: &Source) -> String {
    match source {
        Source::Alertmanager { .. } => format!("{base}/in/{name}/alertmanager"),
        Source::Webhook { .. } => format!("{base}/in/{name}/webhook"),
        Source::Heartbeat { .. } => format!("{base}/in/{name}/heartbeat"),
        Source::Github(_) => format!("{base}/in/{name}/github"),
        Source::Gitlab(_) => format!("{base}/in/{name}/gitlab"),
        Source::Cdevents(_) => format!("{base}/in/{name}/cdevents"),
        Source::PagerdutyChanges(_) => format!("{base}/in/{name}/v2/change/enqueue"),
        Source::Deploys(_) => format!("{base}/in/{name}/deploys"),
    }
}

/// What to paste where.
fn snippets(base: &str, name: &Name, source: &Source, token: &str) -> Vec<Snippet> {
    let snippet = |title: &str, about: &str, text: String| Snippet { title: title.into(), about: about.into(), text };
    let (scheme, host) = base.split_once("://").unwrap_or(("http", base));
    match source {
        Source::Alertmanager { .. } => vec![
            snippet(
                "prometheus.yml",
                "Prometheus speaks to Allclear directly; no Alertmanager is needed.",
                format!(
                    "alerting:\n  alertmanagers:\n  - scheme: {scheme}\n    path_prefix: /in/{name}\n    api_version: v2\n    authorization:\n      credentials: {token}\n    static_configs:\n    - targets: [{host:?}]\n"
                ),
            ),
            snippet(
                "alertmanager.yml",
                "Or keep Alertmanager, and let it tell Allclear by webhook.",
                format!(
                    "receivers:\n- name: allclear\n  webhook_configs:\n  - url: {base}/in/{name}/alertmanager\n    send_resolved: true\n    http_config:\n      authorization:\n        credentials: {token}\nroute:\n  receiver: allclear\n  group_by: ['...']\n  group_wait: 0s\n"
                ),
            ),
            snippet(
                "By hand",
                "An alert from the command line, to see that it works.",
                format!(
                    "curl {base}/in/{name}/api/v2/alerts \\\n  -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\\n  -d '[{{\"labels\":{{\"alertname\":\"Trial\",\"severity\":\"critical\"}},\"annotations\":{{\"summary\":\"It works\"}}}}]'\n"
                ),
            ),
        ],
        Source::Webhook { .. } => vec![snippet(
            "By hand",
            "The document of this integration says where in the body what stands.",
            format!(
                "curl {base}/in/{name}/webhook \\\n  -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\\n  -d '{{\"summary\":\"Disk full on db1\",\"key\":\"db1/disk\",\"status\":\"firing\",\"severity\":\"critical\",\"service\":\"database\"}}'\n"
            ),
        )],
        Source::Heartbeat { .. } => vec![snippet(
            "At the end of the job",
            "As a line of its script, or as a job of cron.",
            format!("curl -fsS -X POST {base}/in/{name}/heartbeat -H 'Authorization: Bearer {token}'\n"),
        )],
        Source::Github(_) => vec![snippet(
            "Webhook of a repository or an organisation",
            "Settings, Webhooks, Add webhook. Choose the events Deployments, Deployment statuses, and what else changes something.",
            format!("Payload URL:  {base}/in/{name}/github\nContent type: application/json\nSecret:       {token}\n"),
        )],
        Source::Gitlab(_) => vec![snippet(
            "Webhook of a project or a group",
            "Settings, Webhooks. Choose Deployment events, and what else changes something.",
            format!("URL:          {base}/in/{name}/gitlab\nSecret token: {token}\n"),
        )],
        Source::Cdevents(_) => vec![snippet(
            "By hand",
            "A CDEvent as it is; CloudEvents 1.0 in each of its ways works as well.",
            format!(
                "curl {base}/in/{name}/cdevents \\\n  -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\\n  -d '{{\"context\":{{\"version\":\"0.4.1\",\"id\":\"1\",\"source\":\"/ci\",\"type\":\"dev.cdevents.service.deployed.0.2.0\",\"timestamp\":\"'$(date -u +%FT%TZ)'\"}},\"subject\":{{\"id\":\"shop\",\"content\":{{\"environment\":{{\"id\":\"live\"}},\"artifactId\":\"pkg:oci/shop@4.2\"}}}}}}'\n"
            ),
        )],
        Source::PagerdutyChanges(_) => vec![snippet(
            "By hand",
            "Whatever sends change events to PagerDuty: give it this address, and the token for its routing key.",
            format!(
                "curl {base}/in/{name}/v2/change/enqueue -H 'Content-Type: application/json' \\\n  -d '{{\"routing_key\":\"{token}\",\"payload\":{{\"summary\":\"Shop 4.2\",\"source\":\"shop\",\"timestamp\":\"'$(date -u +%FT%TZ)'\"}}}}'\n"
            ),
        )],
        Source::Deploys(_) => vec![snippet(
            "By hand",
            "Stages are began, stage, finished, failed and rolled-back. The key tells which belong together.",
            format!(
                "curl {base}/in/{name}/deploys \\\n  -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' \\\n  -d '{{\"key\":\"deploy 4711\",\"stage\":\"finished\",\"title\":\"Shop 4.2\",\"targets\":[{{\"service\":\"shop\",\"environment\":\"live\",\"to\":\"4.2\"}}]}}'\n"
            ),
        )],
    }
}

/// `POST /integrations/NAME/rotate`: the new token is shown on the answer, and never again.
pub async fn post_rotate(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    let name = known(&asked, &name).await?;
    let (visitor, integration) = (asked.visitor.clone(), name.clone());
    let outcome = asked
        .app
        .act(asked.actor(), move |store, node, moment| {
            store.write(|tx| {
                let rules = node.rules(tx)?;
                actions::allow::integration(&rules.catalog, visitor.person(), visitor.access(), &integration)?;
                access::rotate_integration_token(tx, &mut moment.again(), &rules.catalog, &integration, GRACE)
            })
        })
        .await;
    asked.app.doors().forget();
    match outcome {
        Ok(secret) => one(asked, name, Some(secret.reveal().to_owned()), None).await,
        Err(Halt::Refused(refusal)) => Ok(asked.lead(&format!("/integrations/{name}"), Some(refused(&refusal)))),
        Err(failed) => Err(failed.into()),
    }
}

/// `POST /integrations/NAME/test`: an alert as if the integration had sent it.
pub async fn post_test(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    let name = known(&asked, &name).await?;
    let sent = crate::api::detect::integrations::send_test(&asked.app, &asked.visitor, name.clone()).await?;
    let to = match &sent.alert {
        Some(alert) => format!("/integrations/{name}?tested={alert}"),
        None => format!("/integrations/{name}"),
    };
    Ok(asked.lead(&to, Some(done("The test alert came in"))))
}

/// `GET` of what is only posted: back to the integration.
pub async fn get_back(asked: Asked, Path(name): Path<String>) -> Response {
    asked.lead(&format!("/integrations/{name}"), None)
}
