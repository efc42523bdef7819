//! Chats: the page that shows how each stands, and a word to try one out.

use actions::respond::chats as acts;
use axum::extract::Path;
use axum::response::Response;
use domain::prepare::people::Access;
use domain::words::{Name, Refusal, text};

use crate::api::respond::chats as api;
use crate::handlers::fields::Fields;
use crate::handlers::frame::{Asked, Look, done};
use crate::pages::respond::chats::{ChatRoomView, ChatView, ChatsPage};
use crate::pages::{Badge, Link, Section, Tone};
use crate::problem::Problem;

/// `GET /chats`.
pub async fn get_chats(asked: Asked) -> Result<Response, Problem> {
    asked
        .page(Section::Chats, |look, shell| {
            let catalog = look.rules.catalog.clone();
            let mut chats = Vec::with_capacity(catalog.chats.len());
            for name in catalog.chats.keys() {
                let (app, asked) = (look.app, look.asked);
                let one = api::view(look.tx, app, &catalog, name, asked.sight())?;
                chats.push(view(look, one));
            }
            let may_edit = look.asked.access == Access::Administrator;
            Ok(ChatsPage { chats, may_test: may_edit, may_edit, shell })
        })
        .await
}

fn view(look: &Look<'_, '_>, one: api::Chat) -> ChatView {
    let (state, hint) = match one.state.as_str() {
        "works" => (Badge::new(Tone::Good, "Works"), None),
        "off" => (Badge::new(Tone::Quiet, "Switched off"), None),
        "fails" => (Badge::new(Tone::Critical, "Fails"), None),
        "no-token" => {
            let lines = match one.request_url {
                Some(_) => format!("{0}.token=… and {0}.signing-secret=…", one.name),
                None => format!("{}.token=…", one.name),
            };
            let hint = format!(
                "The server was told no token: write {lines} into the file of --chat-secrets, and start it again."
            );
            (Badge::new(Tone::Warning, "No token"), Some(hint))
        }
        _ => (Badge::new(Tone::Quiet, "Nothing said yet"), None),
    };
    let failed = one.error.zip(one.error_at).map(|(why, at)| format!("{}: {why}", look.view.brief(at)));
    let rooms = one.rooms.into_iter().map(|room| ChatRoomView {
        incident: Link::new(room.title, format!("/incidents/{}", room.incident)),
        url: room.url,
        opened: room.opened_at.map(|at| look.when(at)),
        failed: room.failed,
    });
    ChatView {
        document_href: format!("/documents/chat/{}", one.name),
        name: one.name,
        title: one.title,
        provider: if one.provider == "slack" { "Slack" } else { "Matrix" },
        state,
        trouble: hint.or(failed),
        heard: one.heard_at.map(|at| look.when(at)),
        spoke: one.spoke_at.map(|at| look.when(at)),
        waiting: one.waiting,
        request_url: one.request_url,
        rooms: rooms.collect(),
    }
}

/// `POST /chats/NAME/test`.
pub async fn post_test(asked: Asked, Path(name): Path<String>) -> Result<Response, Problem> {
    let outcome = match name.parse::<Name>() {
        Ok(name) => {
            let act = move |store: &store::Store, node: &actions::Node, moment: &mut actions::Moment<'_>| {
                store.write(|tx| {
                    let catalog = node.rules(tx)?.catalog.clone();
                    acts::test(tx, &mut moment.again(), &catalog, &name)
                })
            };
            asked.app.act(asked.actor(), act).await
        }
        Err(_) => Err(Refusal::not_found(format!("chat {}", text::shorten(&name, 63))).into()),
    };
    let said = outcome.map(|_| done("Queued: look for it in the chat"));
    asked.back_with(&Fields::default(), "/chats", said)
}

/// The rooms of an incident in chats, as links.
pub fn links(look: &mut Look<'_, '_>, incident: domain::words::IncidentId) -> Result<Vec<Link>, store::Halt> {
    let catalog = look.rules.catalog.clone();
    let rooms = store::respond::chats::of_incident(look.tx, incident)?.into_iter();
    let link = |room: store::respond::chats::Room| {
        let chat = catalog.chats.get(&room.chat)?;
        Some(Link::new(&chat.title, chat.provider.link(&room.room?)))
    };
    Ok(rooms.filter_map(link).collect())
}
