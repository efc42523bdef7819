//! Outgoing webhooks: made, their secret shown once, tried out; their log, and a delivery with its attempts.

use actions::inform::outgoing_webhooks as acts;
use actions::prepare::documents::Order;
use axum::extract::Path;
use axum::response::Response;
use domain::inform::outgoing_webhooks::{OVERLAP, OutgoingWebhook};
use domain::prepare::documents::Document;
use domain::prepare::ownership::Via;
use domain::prepare::people::Access;
use domain::words::{DeliveryId, EventKind, Name, Refusal, Span, text};
use store::inform::outgoing_webhooks as rows;
use store::{Halt, Tx};

use crate::api::inform::outgoing_webhooks::{self as api, EventDelivery};
use crate::app::App;
use crate::handlers::engage::pages::capital;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done, sentence};
use crate::handlers::prepare::documents::apply_in;
use crate::pages::inform::outgoing_webhooks::{
    AttemptRow, LogLine, NewOutgoingWebhookPage, OutgoingWebhookDeliveryPage, OutgoingWebhookPage, OutgoingWebhookRow,
    OutgoingWebhooksPage,
};
use crate::pages::{Badge, Link, Section, Tone, Viewpoint};
use crate::problem::Problem;

const LINES: u32 = 50;

fn gone(what: &str) -> Problem {
    Refusal::not_found(format!("outgoing webhook {}", text::shorten(what, 63))).into()
}

fn read(name: &str) -> Result<Name, Problem> {
    name.parse().map_err(|_| gone(name))
}

/// Whether whoever looks may change them.
fn may_edit(look: &Look<'_, '_>) -> bool {
    look.asked.access == Access::Administrator
}

/// `GET /outgoing-webhooks`.
pub async fn get_outgoing_webhooks(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::OutgoingWebhooks, |look, shell| {
            let catalog = look.rules.catalog.clone();
            let mut rows = Vec::with_capacity(catalog.outgoing_webhooks.len());
            for name in catalog.outgoing_webhooks.keys() {
                let one = view(look, name)?;
                rows.push(OutgoingWebhookRow {
                    href: format!("/outgoing-webhooks/{name}"),
                    events: if one.events.is_empty() { "All events".into() } else { one.events.join(", ") },
                    state: state(&one, &look.view),
                    waiting: (one.waiting > 0).then(|| format!("{} wait", one.waiting)),
                    title: one.title,
                    url: one.url,
                });
            }
            Ok(OutgoingWebhooksPage { rows, may_edit: may_edit(look), shell })
        })
        .await
}

fn view(look: &mut Look<'_, '_>, name: &Name) -> Result<api::OutgoingWebhook, Halt> {
    let (catalog, now) = (look.rules.catalog.clone(), look.now());
    let (asked, reader) = (look.asked, look.asked.reader());
    api::view(look.tx, &catalog, name, asked.sight(), &reader, now)
}

/// How it stands, in a pill: off, gone, or as its last delivery went.
fn state(one: &api::OutgoingWebhook, view: &Viewpoint) -> Badge {
    match (one.state.as_str(), one.gone_at, &one.last) {
        ("gone", Some(at), _) => Badge::new(Tone::Critical, format!("Gone since {}", view.brief(at))),
        ("off", ..) => Badge::new(Tone::Quiet, "Switched off"),
        (_, _, Some(last)) => match (last.state.as_str(), last.settled_at) {
            ("sent", Some(at)) => Badge::new(Tone::Good, format!("Sent {}", view.relative(at))),
            _ => line_state(last, view),
        },
        (_, _, None) => Badge::new(Tone::Quiet, "Nothing sent yet"),
    }
}

fn line_state(one: &EventDelivery, view: &Viewpoint) -> Badge {
    match (one.state.as_str(), one.due_at) {
        ("sent", _) => Badge::new(Tone::Good, "Sent"),
        ("failed", _) => Badge::new(Tone::Critical, "Given up"),
        ("cancelled", _) => Badge::new(Tone::Quiet, "Not sent"),
        ("queued", Some(due)) if one.attempts > 0 => {
            let soon = Span::between(view.now, due) < Span::seconds(10);
            let next = if soon { "soon".to_owned() } else { view.relative(due) };
            Badge::new(Tone::Warning, format!("Next try {next}"))
        }
        ("queued", _) => Badge::new(Tone::Quiet, "Waits"),
        _ => Badge::new(Tone::Quiet, "Sending"),
    }
}

/// `GET /outgoing-webhooks/new`.
pub async fn get_new(asked: Asked) -> Result<Response, Problem> {
    new(asked, Fields::default(), None).await
}

async fn new(asked: Asked, fields: Fields, error: Option<String>) -> Result<Response, Problem> {
    asked
        .page(Section::OutgoingWebhooks, move |_, shell| {
            let mut kinds: Vec<(String, Vec<&'static str>)> = Vec::new();
            for kind in EventKind::ALL {
                let noun = kind.word().split('.').next().unwrap_or_default();
                match kinds.iter_mut().find(|(one, _)| one == noun) {
                    Some((_, words)) => words.push(kind.word()),
                    None => kinds.push((noun.to_owned(), vec![kind.word()])),
                }
            }
            let text = |name: &str| fields.text(name).to_owned();
            Ok(NewOutgoingWebhookPage {
                shell,
                title: text("title"),
                name: text("name"),
                url: text("url"),
                events: text("events"),
                kinds,
                error: error.clone(),
            })
        })
        .await
}

/// `POST /outgoing-webhooks` with `title`, `name`, `url`, `events`: its secret is shown on the answer, and never again.
pub async fn post_outgoing_webhooks(asked: Asked, fields: Fields) -> Result<Response, Problem> {
    let read = || -> Result<(Name, OutgoingWebhook), Refusal> {
        let events = fields.text("events").split([' ', ',']).filter(|word| !word.is_empty()).map(str::to_owned);
        let webhook = OutgoingWebhook {
            title: fields.text("title").to_owned(),
            url: fields.text("url").to_owned(),
            events: events.collect(),
            services: vec![],
            enabled: true,
        };
        Ok((fields.parse("name")?, webhook))
    };
    let outcome = match read() {
        Ok((name, webhook)) => make(&asked, name, webhook).await,
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok((name, key)) => {
            let secret = asked.app.event_secret(&key);
            one(asked, name, Some(secret)).await
        }
        Err(Halt::Refused(refusal)) => new(asked, fields, Some(sentence(&refusal.to_string()))).await,
        Err(failed) => Err(failed.into()),
    }
}

/// Makes the document and the first secret in one act. Answers with what the secret is derived from.
async fn make(asked: &Asked, name: Name, webhook: OutgoingWebhook) -> Result<(Name, String), Halt> {
    let (visitor, app) = (asked.visitor.clone(), asked.app.clone());
    let made = asked.app.act(asked.actor(), move |store, _, moment| {
        store.write(|tx| {
            let document = Document::new(name.clone(), webhook.clone());
            let reference = document.reference();
            let mut order = Order::put([document]).via(Via::Page);
            order.expected.insert(reference, 0);
            apply_in(tx, &mut moment.again(), &app, &visitor, &order)?.into_result()?;
            let catalog = store::prepare::documents::load_all(tx)?;
            let key = acts::rotate_secret(tx, &mut moment.again(), &catalog, &name, Span::ZERO)?;
            Ok((name.clone(), domain::inform::outgoing_webhooks::key(&name, &key.seed)))
        })
    });
    made.await
}

/// `GET /outgoing-webhooks/NAME?unsent=&before=`.
pub async fn get_outgoing_webhook(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    let name = read(&name)?;
    one(asked, name, None).await
}

async fn one(asked: Asked, name: Name, secret: Option<String>) -> Result<Response, Problem> {
    let unsent = asked.query.text("unsent") == "true";
    let before = asked.query.parse::<DeliveryId>("before").ok();
    asked
        .page(Section::OutgoingWebhooks, move |look, shell| {
            let webhook = view(look, &name)?;
            let may_edit = may_edit(look);
            let asked = look.asked;
            let mut lines = rows::log(look.tx, &name, asked.sight(), unsent, before, LINES + 1)?;
            let more = lines.len() > LINES as usize;
            lines.truncate(LINES as usize);
            let here = format!("/outgoing-webhooks/{name}");
            let older = lines.last().filter(|_| more).map(|last| {
                format!("{here}?before={}{}", last.delivery.id, if unsent { "&unsent=true" } else { "" })
            });
            let is_on = webhook.state == "on";
            let lines = lines.iter().map(|line| {
                let one = api::delivery(&name, line);
                // What is switched off gets tests only.
                let replays = may_edit && one.state != "claimed" && (is_on || one.event_id.is_none());
                LogLine {
                    href: format!("{here}/deliveries/{}", one.id),
                    state: line_state(&one, &look.view),
                    when: look.when(one.settled_at.unwrap_or(one.created_at)),
                    about: line.event.as_ref().and_then(|event| event.subjects.first().cloned()),
                    answer: one.detail.filter(|_| one.state != "sent"),
                    replay: replays.then(|| format!("{here}/deliveries/{}/replay", one.id)),
                    event: one.event,
                }
            });
            let lines = lines.collect();
            let off = match (webhook.state.as_str(), webhook.gone_at) {
                ("off", _) => Some("It is switched off in its document. Nothing is sent, and what happens meanwhile is not sent later.".to_owned()),
                ("gone", Some(at)) => Some(format!(
                    "Its receiver answered 410 Gone {}: it wants no more. Nothing is sent, and what happens meanwhile is not sent later.",
                    look.view.relative(at)
                )),
                _ => None,
            };
            let secret_note = match (webhook.secret_made_at, webhook.secret_before_until) {
                (None, _) => "No secret was shown yet. Make one, so that the receiver can verify what it gets.".to_owned(),
                (Some(at), None) => format!("Made {}.", look.view.relative(at)),
                (Some(at), Some(until)) => format!(
                    "Made {}. The one before signs, too, until {}.",
                    look.view.relative(at),
                    look.view.brief(until)
                ),
            };
            Ok(OutgoingWebhookPage {
                state: state(&webhook, &look.view),
                may_enable: may_edit && webhook.state == "gone",
                off,
                services: webhook
                    .services
                    .iter()
                    .map(|service| Link::new(service.clone(), format!("/services/{service}")))
                    .collect(),
                title: webhook.title,
                url: webhook.url,
                events: webhook.events,
                waiting: webhook.waiting,
                secret: secret.clone(),
                secret_note,
                lines,
                unsent,
                older,
                may_edit,
                document_href: format!("/documents/outgoing-webhook/{name}"),
                name: name.to_string(),
                shell,
            })
        })
        .await
}

/// `GET /outgoing-webhooks/NAME/deliveries/ID`.
pub async fn get_delivery(asked: Asked, Path((name, id)): Path<(String, String)>) -> Result<Response, Problem> {
    let name = read(&name)?;
    let id: DeliveryId = id.parse().map_err(|_| Refusal::not_found("delivery with this id"))?;
    asked
        .page(Section::OutgoingWebhooks, move |look, shell| {
            let catalog = look.rules.catalog.clone();
            let title = acts::find(&catalog, &name)?.title.clone();
            let asked = look.asked;
            let standing = rows::get(look.tx, &name)?;
            let is_on = acts::off(acts::find(&catalog, &name)?, standing.as_ref()).is_none();
            let one = api::whole_delivery(look.tx, &name, id, asked.sight())?;
            let here = format!("/outgoing-webhooks/{name}");
            let attempts = one.tried.iter().flatten().map(|attempt| {
                let tone = match attempt.outcome.as_str() {
                    "sent" => Tone::Good,
                    "later" => Tone::Warning,
                    _ => Tone::Critical,
                };
                AttemptRow {
                    number: attempt.number,
                    state: Badge::new(tone, capital(&attempt.outcome)),
                    at: look.when(attempt.ended_at),
                    took: took(Span::between(attempt.started_at, attempt.ended_at)),
                    answer: attempt.detail.clone().unwrap_or_default(),
                }
            });
            let replays = may_edit(look) && one.state != "claimed" && (is_on || one.event_id.is_none());
            let replay = replays.then(|| format!("{here}/deliveries/{id}/replay"));
            Ok(OutgoingWebhookDeliveryPage {
                attempts: attempts.collect(),
                state: line_state(&one, &look.view),
                created: look.when(one.created_at),
                next: one.due_at.map(|at| look.when(at)),
                answer: one.detail.clone().map(|said| capital(&said)),
                body: one.body.as_ref().map(|body| format!("{body:#}")).unwrap_or_default(),
                webhook: Link::new(title, here),
                event: one.event,
                id: one.id,
                webhook_id: one.webhook_id,
                replay,
                shell,
            })
        })
        .await
}

/// `212 ms`, `10 s`.
fn took(span: Span) -> String {
    match span.as_millis() {
        ms @ ..1000 => format!("{ms} ms"),
        ms => format!("{} s", ms / 1000),
    }
}

/// `POST /outgoing-webhooks/NAME/secrets`: the new secret is shown on the answer, and never again.
pub async fn post_secrets(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    let name = read(&name)?;
    match api::new_secret(&asked.app, &asked.visitor, name.clone(), OVERLAP).await {
        Ok(made) => one(asked, name, Some(made.secret)).await,
        Err(halt) => Err(halt.into()),
    }
}

/// Does something with a webhook, and leads back to it.
async fn act(
    asked: Asked,
    name: Name,
    said: &'static str,
    mut act: impl FnMut(&mut Tx<'_>, &App, &mut actions::Moment<'_>) -> Result<(), Halt> + Send + 'static,
) -> Result<Response, Problem> {
    let app = asked.app.clone();
    let outcome = asked
        .app
        .act(asked.actor(), move |store, _, moment| store.write(|tx| act(tx, &app, &mut moment.again())))
        .await;
    asked.back_with(&Fields::default(), &format!("/outgoing-webhooks/{name}"), outcome.map(|()| done(said)))
}

/// `POST /outgoing-webhooks/NAME/test`.
pub async fn post_test(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    let name = read(&name)?;
    let webhook = name.clone();
    act(asked, name, "A test event is on its way", move |tx, app, moment| {
        let catalog = app.node().rules(tx)?.catalog.clone();
        acts::test(tx, moment, &catalog, &webhook).map(drop)
    })
    .await
}

/// `POST /outgoing-webhooks/NAME/enable`.
pub async fn post_enable(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    let name = read(&name)?;
    let webhook = name.clone();
    act(asked, name, "It is switched on again", move |tx, app, moment| {
        let catalog = app.node().rules(tx)?.catalog.clone();
        acts::enable(tx, moment, &catalog, &webhook)
    })
    .await
}

/// `POST /outgoing-webhooks/NAME/deliveries/ID/replay`.
pub async fn post_replay(asked: Asked, Path((name, id)): Path<(String, String)>) -> Result<Response, Problem> {
    let name = read(&name)?;
    let id: DeliveryId = id.parse().map_err(|_| Refusal::not_found("delivery with this id"))?;
    let (webhook, visitor) = (name.clone(), asked.visitor.clone());
    act(asked, name, "It is sent again", move |tx, app, moment| {
        let catalog = app.node().rules(tx)?.catalog.clone();
        acts::replay(tx, moment, &catalog, &webhook, id, visitor.sight()).map(drop)
    })
    .await
}

/// `GET` of what is only posted: back to the webhook.
pub async fn get_back(asked: Asked, Path(name): Path<String>) -> Response {
    asked.lead(&format!("/outgoing-webhooks/{name}"), None)
}
