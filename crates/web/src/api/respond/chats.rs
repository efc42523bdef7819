//! Chats over the API: how each stands, the rooms of incidents in it, and a word to try it out.

use actions::respond::chats as acts;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use domain::prepare::catalog::Catalog;
use domain::respond::chats::{Provider, channel};
use domain::respond::sight::Sight;
use domain::words::{Name, Timestamp};
use serde::{Deserialize, Serialize};
use store::respond::chats as rows;
use store::{Halt, Tx, outbox};
use utoipa::ToSchema;

use crate::api::detect::alerts::name as read_name;
use crate::api::listing::Listing;
use crate::app::App;
use crate::enter::Visitor;
use crate::problem::Problem;

/// A chat, with how it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Chat {
    pub name: String,
    pub title: String,
    /// `slack`, `matrix`.
    pub provider: String,
    /// `works`; `quiet`: nothing was said or heard yet; `fails`; `off`: its document says so; `no-token`: the server was told
    /// none.
    pub state: String,
    /// When it was last listened to, within a minute; only in Matrix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_at: Option<Timestamp>,
    /// When something was last said in it, within a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spoke_at: Option<Timestamp>,
    /// What failed last, if nothing worked since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_at: Option<Timestamp>,
    /// How much waits to be said.
    pub waiting: u64,
    /// Where Slack brings commands and shortcuts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_url: Option<String>,
    /// The newest rooms.
    pub rooms: Vec<ChatRoom>,
}

/// The room of an incident in a chat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChatRoom {
    pub incident: String,
    /// What the incident is called.
    pub title: String,
    /// Where a browser opens it, once it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Timestamp>,
    /// Why it is not to be had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// So many rooms are shown.
const ROOMS: u32 = 20;

/// A chat as whoever looks may see it.
pub(crate) fn view(tx: &mut Tx<'_>, app: &App, catalog: &Catalog, name: &Name, sight: Sight<'_>) -> Result<Chat, Halt> {
    let (chat, settings) = (acts::find(catalog, name)?, app.settings());
    let standing = rows::standing(tx, name)?;
    let (error_at, error) = standing.error.unzip();
    let secrets = &settings.chat_secrets;
    let is_slack = matches!(chat.provider, Provider::Slack { .. });
    let told = secrets.tokens.contains(name) && (!is_slack || secrets.signing.contains_key(name));
    let state = match (chat.enabled, told, &error, standing.heard_at.or(standing.spoke_at)) {
        (false, ..) => "off",
        (_, false, ..) => "no-token",
        (_, _, Some(_), _) => "fails",
        (_, _, None, Some(_)) => "works",
        (_, _, None, None) => "quiet",
    };
    let room = |(room, title): (rows::Room, String)| ChatRoom {
        incident: room.incident.to_string(),
        title,
        url: room.room.as_deref().map(|id| chat.provider.link(id)),
        opened_at: room.opened_at,
        failed: room.failed,
    };
    Ok(Chat {
        name: name.to_string(),
        title: chat.title.clone(),
        provider: chat.provider.word().to_owned(),
        state: state.to_owned(),
        heard_at: standing.heard_at,
        spoke_at: standing.spoke_at,
        error,
        error_at,
        waiting: outbox::waiting(tx, &channel(name))?,
        request_url: is_slack.then(|| format!("{}/chats/{name}/slack", settings.public_url)),
        rooms: rows::rooms(tx, name, sight, ROOMS)?.into_iter().map(room).collect(),
    })
}

/// Chats, with how each stands.
#[utoipa::path(get, path = "/api/v1/chats", tag = "chats", responses((status = 200, body = Listing<Chat>)))]
pub async fn list(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Json<Listing<Chat>>, Problem> {
    let again = app.clone();
    let found = app.read(move |tx| {
        let catalog = again.node().rules(tx)?.catalog.clone();
        catalog.chats.keys().map(|name| view(tx, &again, &catalog, name, visitor.sight())).collect()
    });
    Ok(Json(Listing::whole(found.await?)))
}

/// Says where incidents are announced that the chat works.
#[utoipa::path(post, path = "/api/v1/chats/{name}/test", tag = "chats",
    params(("name" = String, Path)), responses((status = 202, body = Chat)))]
pub async fn test(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(text): Path<String>,
) -> Result<(StatusCode, Json<Chat>), Problem> {
    let name = read_name(&text, "chat")?;
    let (again, sight_of) = (app.clone(), visitor.clone());
    let done = app.act(visitor.actor(), move |store, node, moment| {
        store.write(|tx| {
            let catalog = node.rules(tx)?.catalog.clone();
            acts::test(tx, &mut moment.again(), &catalog, &name)?;
            view(tx, &again, &catalog, &name, sight_of.sight())
        })
    });
    Ok((StatusCode::ACCEPTED, Json(done.await?)))
}
