//! Pages over the API: running escalations, with every delivery and every attempt.

use actions::Halt;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use axum::{Extension, Json};
use domain::engage::escalations::State as Standing;
use domain::prepare::addresses::Reader;
use domain::words::{Name, PageId, Refusal, Timestamp};
use serde::{Deserialize, Serialize};
use store::Tx;
use store::engage::pages::PageRow;
use store::outbox;
use utoipa::{IntoParams, ToSchema};

use crate::api::body::{Body, Search, created};
use crate::api::listing::{self, Listing};
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// A running escalation for a group of alerts, or for an incident that nobody commands; a reminder; or a test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Page)]
pub struct Page {
    pub id: String,
    pub title: String,
    /// Why it was started.
    pub because: String,
    /// `calling`, `acknowledged` or `ended`.
    pub state: String,
    /// `high` or `low`.
    pub urgency: String,
    /// What it is about: `alert`, `command`, `reminder` or `test`.
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The incident that nobody commands, or to which something is owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation_policy: Option<String>,
    pub started_at: Timestamp,
    /// The step of the policy, and the round through it, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u16>,
    /// When it goes on: to the next step, or the acknowledgement runs out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// `resolved`, `silenced` or `unanswered`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
}

/// A page with every message of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PageDetail {
    #[serde(flatten)]
    pub page: Page,
    pub deliveries: Vec<Delivery>,
}

/// One message to one contact.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    pub id: String,
    /// `page`, `test`, `hook` or `mail`.
    pub kind: String,
    /// `queued`, `claimed`, `sent`, `failed` or `cancelled`.
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What the person's ladder calls it.
    pub contact: String,
    pub channel: String,
    /// Where it goes: of a URL only the host, since the rest is as good as a password; a mail address is masked for all
    /// but the person and managers.
    pub address: String,
    /// 0: it told of the end.
    pub step: u32,
    pub round: u32,
    pub created_at: Timestamp,
    pub due_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// When the person opened it or acted on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Timestamp>,
    /// The receipt, or why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    pub attempts: Vec<Attempt>,
}

/// One attempt that came to an end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Attempt {
    pub number: u32,
    pub node: String,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    /// `sent`, `later` or `never`.
    pub outcome: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// Which pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `open` (calling or acknowledged) or `all`, which is what is listed without this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// How many at once: 50, or 1 to 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Whom to send a test page: yourself, if nobody is named. To others, administrators only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestPage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub person: Option<Name>,
}

pub(crate) fn wire(row: &PageRow) -> Page {
    let mut page = Page {
        id: row.id.to_string(),
        title: row.title.clone(),
        because: row.because.clone(),
        state: row.state.word().to_owned(),
        urgency: row.urgency.to_string(),
        kind: row.about.word().to_owned(),
        group: row.about.group().map(|group| group.to_string()),
        incident: row.about.incident().map(|incident| incident.to_string()),
        service: row.service.as_ref().map(ToString::to_string),
        escalation_policy: row.policy.as_ref().map(ToString::to_string),
        started_at: row.started_at,
        step: None,
        round: None,
        due_at: row.state.due_at(),
        acknowledged_by: None,
        acknowledged_at: None,
        ended_at: None,
        ended: None,
    };
    match &row.state {
        Standing::Calling { step, round, .. } => (page.step, page.round) = (Some(*step), Some(*round)),
        Standing::Acknowledged { by, at, step, round, .. } => {
            (page.step, page.round) = (Some(*step), Some(*round));
            (page.acknowledged_by, page.acknowledged_at) = (Some(by.to_string()), Some(*at));
        }
        Standing::Ended { at, why } => (page.ended_at, page.ended) = (Some(*at), Some(why.word().to_owned())),
    }
    page
}

/// A page with its deliveries.
pub(crate) fn detail(tx: &mut Tx<'_>, row: &PageRow, reader: &Reader) -> Result<PageDetail, Halt> {
    let all = outbox::for_page(tx, row.id)?.into_iter();
    let deliveries = all.map(|(one, attempts)| delivery(one, attempts, reader));
    Ok(PageDetail { page: wire(row), deliveries: deliveries.collect() })
}

fn delivery(one: outbox::Delivery, attempts: Vec<outbox::Attempt>, reader: &Reader) -> Delivery {
    let address = shown(&one, reader);
    // Mail servers repeat the address when they refuse it.
    let said = |detail: Option<String>| detail.map(|detail| detail.replace(&one.address, &address));
    let attempts = attempts.into_iter().map(|attempt| Attempt {
        number: attempt.number,
        node: attempt.node,
        started_at: attempt.started_at,
        ended_at: attempt.ended_at,
        outcome: attempt.ending.to_string(),
        detail: said(attempt.detail),
    });
    let attempts = attempts.collect();
    Delivery {
        id: one.id.to_string(),
        kind: one.kind.to_string(),
        state: one.state.to_string(),
        person: one.person.map(|person| person.to_string()),
        contact: one.contact,
        address: address.clone(),
        channel: one.channel,
        step: one.step,
        round: one.round,
        created_at: one.created_at,
        due_at: one.due_at,
        settled_at: one.settled_at,
        seen_at: one.seen_at,
        detail: said(one.detail.clone()),
        attempts,
    }
}

/// The address of a message, as this reader may see it.
fn shown(one: &outbox::Delivery, reader: &Reader) -> String {
    match &one.person {
        Some(person) if one.channel == "email" => reader.email(person, &one.address),
        _ => without_secrets(&one.channel, &one.address),
    }
}

/// Of a URL the host: its path is as good as a password.
fn without_secrets(channel: &str, address: &str) -> String {
    if channel == "email" {
        return address.to_owned();
    }
    let start = address.find("://").map_or(0, |at| at + 3);
    let end = address[start..].find(['/', '?', '#']).map_or(address.len(), |at| start + at);
    let host = address[start..end].rsplit('@').next().unwrap_or("");
    format!("{}{host}", &address[..start])
}

fn id(text: &str) -> Result<PageId, Refusal> {
    text.parse().map_err(|_| Refusal::not_found("page with this id"))
}

/// Pages, the newest first.
#[utoipa::path(get, path = "/api/v1/pages", tag = "pages", params(PageQuery),
    responses((status = 200, body = Listing<Page>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    uri: Uri,
    Search(query): Search<PageQuery>,
) -> Result<Response, Problem> {
    let open = match query.state.as_deref().unwrap_or("all") {
        "open" => true,
        "all" => false,
        _ => return Err(Refusal::invalid("the state is open or all").at("?state").into()),
    };
    let limit = listing::limit(query.limit)?;
    let before: Option<PageId> = listing::after(query.cursor.as_deref())?;
    let most = u32::try_from(limit + 1).unwrap_or(501);
    let mut rows = app.read(move |tx| Ok(store::engage::pages::list(tx, open, visitor.sight(), before, most)?)).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    Ok(Listing::part(rows.iter().map(wire).collect(), next).answer(&uri))
}

/// One page with every delivery and attempt.
#[utoipa::path(get, path = "/api/v1/pages/{id}", tag = "pages", params(("id" = String, Path)),
    responses((status = 200, body = PageDetail)))]
pub async fn one(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<PageDetail>, Problem> {
    let (id, reader) = (id(&text)?, visitor.reader());
    let found = app.read(move |tx| {
        let row = store::engage::pages::seen(tx, id, visitor.sight())?
            .ok_or_else(|| Refusal::not_found(format!("page {id}")))?;
        detail(tx, &row, &reader)
    });
    Ok(Json(found.await?))
}

/// Takes a page: nobody else is called, and the alerts of its group are yours.
#[utoipa::path(post, path = "/api/v1/pages/{id}/acknowledge", tag = "pages", params(("id" = String, Path)),
    responses((status = 200, body = Page)))]
pub async fn acknowledge(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Page>, Problem> {
    let id = id(&text)?;
    let by = somebody(&visitor)?.clone();
    let done = app.act(visitor.actor(), move |store, node, moment| {
        actions::engage::pages::acknowledge(store, node, moment, id, &by)
    });
    Ok(Json(wire(&done.await?)))
}

/// Asks for the next step at once.
#[utoipa::path(post, path = "/api/v1/pages/{id}/escalate", tag = "pages", params(("id" = String, Path)),
    responses((status = 200, body = Page)))]
pub async fn escalate(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<Json<Page>, Problem> {
    let id = id(&text)?;
    let done =
        app.act(visitor.actor(), move |store, node, moment| actions::engage::pages::escalate(store, node, moment, id));
    Ok(Json(wire(&done.await?)))
}

/// Sends a page to yourself by your ladder, so that you know what one looks like.
#[utoipa::path(post, path = "/api/v1/pages/test", tag = "pages", request_body = TestPage,
    responses((status = 201, body = Page)))]
pub async fn test(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    body: Body<TestPage>,
) -> Result<Response, Problem> {
    let own = somebody(&visitor)?.clone();
    let person = body.value.person.unwrap_or_else(|| own.clone());
    actions::allow::test_page(&own, visitor.access(), &person)?;
    let done = app.act(visitor.actor(), move |store, node, moment| {
        let mut made = None;
        actions::engage::pages::send_test_and(store, node, moment, &person, &mut |_, page| {
            made = Some(wire(page));
            Ok(())
        })?;
        made.ok_or_else(|| store::Error::other("a test was sent without a page").into())
    });
    let made = done.await?;
    Ok(created(&format!("/api/v1/pages/{}", made.id), &made))
}

/// The person behind a call.
pub(crate) fn somebody(visitor: &Visitor) -> Result<&Name, Refusal> {
    visitor.person().ok_or_else(|| Refusal::forbidden("only a person can do this"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_opens_it() {
        for (channel, address, shown) in [
            ("email", "ana@example.org", "ana@example.org"),
            ("ntfy", "https://ntfy.sh/secret-topic", "https://ntfy.sh"),
            ("webhook", "https://u:p@hooks.example.org:8443/T/B?x", "https://hooks.example.org:8443"),
            ("webhook", "https://h?token=1", "https://h"),
        ] {
            assert_eq!(without_secrets(channel, address), shown);
        }
    }
}
