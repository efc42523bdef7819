//! Subscribing: the public form, the links in mails, and the list for administrators.
//!
//! The same answer to everybody: whether an address is known is between us and the address. A link does nothing until
//! its button is pressed.

use std::collections::BTreeSet;

use actions::inform::subscribers as acts;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use domain::inform::published::Published;
use domain::inform::subscribers::{Claim, Deed, Way, read};
use domain::words::{Actor, Name, SubscriberId};
use store::Halt;
use store::inform::subscribers as rows;

use super::published::frame;
use super::status_pages::public;
use crate::address::Source;
use crate::app::App;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, done, html_page, sentence};
use crate::pages::Section;
use crate::pages::inform::subscribers::{Press, SubscribeForm, SubscribePage, SubscriberLine, SubscribersPage};
use crate::problem::Problem;

fn form(all: &Published, fields: &Fields) -> SubscribeForm {
    let chosen: BTreeSet<&str> = fields.all("component").collect();
    let components = all.page.components();
    SubscribeForm {
        email: fields.text("email").chars().take(254).collect(),
        webhook: fields.text("webhook").chars().take(2048).collect(),
        components: components
            .map(|one| (one.name.to_string(), one.title.clone(), chosen.contains(one.name.as_str())))
            .collect(),
        error: None,
    }
}

fn answer(status: StatusCode, page: &SubscribePage) -> Result<Response, Problem> {
    let failed = |error| Halt::from(store::Error::other(format!("a page does not render: {error}")));
    Ok(html_page(status, page.render().map_err(failed)?))
}

fn empty(all: &Published, version: &str, title: &str) -> SubscribePage {
    SubscribePage { frame: frame(all, version, false), title: title.into(), said: None, form: None, press: None }
}

/// `GET /status/subscribe`.
pub async fn get_subscribe(State(app): State<App>) -> Result<Response, Problem> {
    let (all, version) = public(&app).await?;
    let page = SubscribePage { form: Some(form(&all, &Fields::default())), ..empty(&all, &version, TITLE) };
    answer(StatusCode::OK, &page)
}

const TITLE: &str = "Be told when something happens";

/// `POST /status/subscribe` with `email` or `webhook`, and `component` any number of times.
pub async fn post_subscribe(
    State(app): State<App>,
    Source(address): Source,
    fields: Fields,
) -> Result<Response, Problem> {
    let (all, version) = public(&app).await?;
    let wanted = match (fields.some("email"), fields.some("webhook")) {
        (Some(email), None) => Some((Way::Email, email.to_owned())),
        (None, Some(url)) => Some((Way::Webhook, url.to_owned())),
        _ => None,
    };
    let again = |status: StatusCode, error: String| {
        let form = SubscribeForm { error: Some(error), ..form(&all, &fields) };
        answer(status, &SubscribePage { form: Some(form), ..empty(&all, &version, TITLE) })
    };
    let Some((way, to)) = wanted else {
        return again(StatusCode::BAD_REQUEST, "Write an e-mail address, or the URL of a webhook; not both.".into());
    };
    let (attempts, now) = (app.sign_ups(), app.now());
    if let Err(wait) = attempts.note_from(address, now).and_then(|()| attempts.note(&to, now)) {
        let mut response = again(StatusCode::TOO_MANY_REQUESTS, format!("Too often: wait {wait} seconds."))?;
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
        return Ok(response);
    }
    let components: Result<BTreeSet<Name>, _> = fields.all("component").map(str::parse).collect();
    let outcome = match components {
        Ok(components) => {
            let act = move |store: &store::Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
                store.write(|tx| acts::subscribe(tx, node, &mut moment.again(), way, &to, components.clone()))
            };
            app.act(Actor::System, act).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    match outcome {
        Ok(()) => {
            let said = match way {
                Way::Email => {
                    "Look into your mail: if this address can be told, a message is on its way to it. Open it and confirm. Nothing else is sent before that."
                }
                Way::Webhook => {
                    "If this URL can be told, it gets a call with a confirm_url now. POST to that. Nothing else is sent before that."
                }
            };
            answer(StatusCode::OK, &SubscribePage { said: Some(said.into()), ..empty(&all, &version, "Nearly done") })
        }
        Err(Halt::Refused(refusal)) => again(StatusCode::BAD_REQUEST, sentence(&refusal.message)),
        Err(failed) => Err(failed.into()),
    }
}

/// `GET /status/subscriptions/TOKEN`: shows a button.
pub async fn get_link(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Problem> {
    let Claim { subscriber, deed } = read(&app.node().identity.link_key, &token)?;
    let (all, version) = public(&app).await?;
    let now = app.now();
    let found = app.read(move |tx| acts::find(tx, subscriber, now)).await;
    let page = match (found, deed) {
        (Err(Halt::Refused(refusal)), _) => {
            let said = Some(sentence(&refusal.message));
            return answer(StatusCode::GONE, &SubscribePage { said, ..empty(&all, &version, "Nothing to do") });
        }
        (Err(failed), _) => return Err(failed.into()),
        (Ok(one), Deed::Confirm) if one.confirmed_at.is_some() => {
            SubscribePage { said: Some("You are subscribed.".into()), ..empty(&all, &version, "Done") }
        }
        (Ok(_), Deed::Confirm) => SubscribePage {
            press: Some(Press {
                action: format!("/status/subscriptions/{token}"),
                text: format!("You are told when something happens at {}.", all.page.title),
                label: "Yes, tell me",
            }),
            ..empty(&all, &version, "Is it you?")
        },
        (Ok(_), Deed::Unsubscribe) => SubscribePage {
            press: Some(Press {
                action: format!("/status/subscriptions/{token}"),
                text: format!("You are no longer told of {}, and the address is forgotten.", all.page.title),
                label: "Unsubscribe",
            }),
            ..empty(&all, &version, "Unsubscribe")
        },
    };
    answer(StatusCode::OK, &page)
}

/// `POST /status/subscriptions/TOKEN`: does what the link is for; from a page, or by one click in a mail program.
pub async fn post_link(State(app): State<App>, Path(token): Path<String>) -> Result<Response, Problem> {
    let Claim { subscriber, deed } = read(&app.node().identity.link_key, &token)?;
    let (all, version) = public(&app).await?;
    let outcome = app
        .act(Actor::System, move |store, _, moment| {
            store.write(|tx| match deed {
                Deed::Confirm => acts::confirm(tx, &mut moment.again(), subscriber).map(|_| ()),
                // Said twice, it stays so.
                Deed::Unsubscribe => acts::remove(tx, &mut moment.again(), subscriber).map(|_| ()),
            })
        })
        .await;
    let (status, title, said) = match (outcome, deed) {
        (Ok(()), Deed::Confirm) => (StatusCode::OK, "Done", "You are subscribed.".to_owned()),
        (Ok(()), Deed::Unsubscribe) => {
            (StatusCode::OK, "Done", "You are no longer told, and forgotten here.".to_owned())
        }
        (Err(Halt::Refused(refusal)), _) => (StatusCode::GONE, "Nothing to do", sentence(&refusal.message)),
        (Err(failed), _) => return Err(failed.into()),
    };
    answer(status, &SubscribePage { said: Some(said), ..empty(&all, &version, title) })
}

const ROWS: u32 = 100;

/// `GET /subscribers?after=ID`.
pub async fn get_subscribers(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Notices, |look, shell| {
            let after: Option<SubscriberId> = look.asked.query.parse("after").ok();
            let mut found = rows::list(look.tx, after, ROWS + 1)?;
            let more = found.len() > ROWS as usize;
            found.truncate(ROWS as usize);
            let rules = look.rules.clone();
            let page = actions::inform::status_pages::page(&rules.catalog).map(|(_, page)| page);
            let title = |name: &Name| {
                page.and_then(|page| page.component(name)).map_or_else(|| name.to_string(), |one| one.title.clone())
            };
            Ok(SubscribersPage {
                next: found.last().filter(|_| more).map(|one| format!("/subscribers?after={}", one.id)),
                rows: found
                    .iter()
                    .map(|one| SubscriberLine {
                        id: one.id.to_string(),
                        way: one.way.word(),
                        address: one.address.clone(),
                        components: one.components.iter().map(title).collect::<Vec<_>>().join(", "),
                        asked: look.when(one.asked_at),
                        confirmed: one.confirmed_at.map(|at| look.when(at)),
                    })
                    .collect(),
                shell,
            })
        })
        .await
}

/// `POST /subscribers/ID/remove`.
pub async fn post_remove(asked: Asked, Path(id): Path<String>) -> Result<Response, Problem> {
    let outcome = match id.parse::<SubscriberId>() {
        Ok(id) => {
            let act = move |store: &store::Store, _: &actions::Node, moment: &mut actions::Moment<'_>| {
                store.write(|tx| acts::remove(tx, &mut moment.again(), id))
            };
            asked.app.act(asked.actor(), act).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    let said = outcome.map(|_| done("Forgotten, with everything that was sent to them"));
    asked.back_with(&Fields::default(), "/subscribers", said)
}
